"""The plane of losses: each network at its two numbers, a line far off named in the corner, axes not from 0."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from gradreel.core.analysis.compared_networks import depth_experiments
from gradreel.core.analysis.results import Losses, PartLosses, Result
from gradreel.core.daily.views import DailyViews
from gradreel.scenes.lecture.experiments.pictures.loss_plane import LossPlane
from gradreel.scenes.style import RIGHT_EDGE
from manim import DL, UR

NAMES = ["linear", "1 layer", "2 layers", "3 layers", "4 layers"]
OURS = ((454.0, 604.0), (207.0, 474.0), (171.0, 444.0), (158.0, 436.0), (140.0, 444.0))
CLOSE = ((208.0, 400.0), (52.0, 520.0), (27.0, 471.0), (25.0, 438.0), (23.0, 429.0))  # the line is the best


def result(network, seen: float, validation: float) -> Result:
    parts = PartLosses(*(Losses(np.array([loss])) for loss in (seen, validation, validation)))
    return Result(network, (0,), (1,), (1.0,), parts, parts, None)


@cache
def plane_of(losses) -> LossPlane:
    networks = depth_experiments(DailyViews(), range(len(losses)), 4, (0,), 1)
    results = [result(network, *pair) for network, pair in zip(networks, losses, strict=True)]
    return LossPlane(results, NAMES[: len(losses)], "{:.0f}".format, ("seen", "validation"))


def test_a_line_that_is_worst_by_far_is_named_in_the_corner():
    plane = plane_of(OURS)
    assert plane.inside == [1, 2, 3, 4] and (plane.first, plane.lowest) == (4, 3)
    assert [name.source for name in plane.names] == NAMES[1:]
    (beyond,) = plane.beyond
    assert beyond[0].source == "linear" and RIGHT_EDGE - 0.3 < beyond.get_right()[0] <= RIGHT_EDGE + 1e-6
    places = [plane.plot.data(dot.get_center()) for dot in plane.dots]
    assert places == [pytest.approx(losses) for losses in OURS[1:]]
    assert plane.plot.data(plane.upright.get_center())[0] == pytest.approx(140)
    assert plane.plot.data(plane.level.get_center())[1] == pytest.approx(436)
    assert plane.ring(3).get_center() == pytest.approx(plane.dots[2].get_center()) and plane.value.source == "436"
    assert plane.name_of(3).source == "3 layers"
    dimmed = [animation.mobject for animation in plane.choose(3)]
    assert {*dimmed} == {
        part for n, pair in enumerate(zip(plane.dots, plane.names, strict=True)) if n != 2 for part in pair
    }
    near = plane_of(CLOSE)
    assert near.inside == [0, 1, 2, 3, 4] and near.lowest == 0 and not near.beyond


@pytest.mark.parametrize("losses", [OURS, CLOSE])
def test_no_name_lies_on_another_or_on_a_point(losses):
    plane = plane_of(losses)
    blocks = [(name.get_corner(DL), name.get_corner(UR)) for name in plane.names]
    for k, (low, high) in enumerate(blocks):
        for dot in plane.dots:
            inside = (dot.get_center() > low)[:2].all() and (dot.get_center() < high)[:2].all()
            assert not inside
        for other_low, other_high in blocks[k + 1 :]:
            assert not ((low < other_high)[:2].all() and (other_low < high)[:2].all())


@pytest.mark.parametrize(
    ("losses", "broken"),
    [
        (CLOSE, ["y"]),
        (((208.0, 400.0), (10.0, 20.0)), []),
        (((200.0, 400.0), (190.0, 420.0)), ["x", "y"]),
    ],
)
def test_an_axis_that_does_not_begin_at_0_is_broken(losses, broken):
    plane = plane_of(losses)
    left, _, bottom, _ = plane.plot.box
    lows = {"x": plane.plot.x_range[0], "y": plane.plot.y_range[0]}
    assert [axis for axis in "xy" if lows[axis] > 0] == broken
    assert len(plane.breaks) == len(broken)
    for axis, mark in zip(broken, plane.breaks, strict=True):
        x, y = mark.get_center()[:2]
        on = (y == pytest.approx(bottom) and x > left) if axis == "x" else (x == pytest.approx(left) and y > bottom)
        assert on


def test_losses_that_hardly_differ_look_alike():
    heights = [dot.get_center()[1] for dot in plane_of(((200.0, 400.0), (100.0, 401.0))).dots]
    assert 0 < heights[1] - heights[0] < 0.1
