"""The plane of losses: each network's two numbers at its point, lines to crowded ones, breaks in axes not from 0."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from gradreel.core.analysis.compared_networks import depth_experiments
from gradreel.core.analysis.results import Losses, PartLosses, Result
from gradreel.core.daily.views import DailyViews
from gradreel.scenes.lecture.experiments.pictures import loss_plane
from gradreel.scenes.lecture.experiments.pictures.loss_plane import CROWDED, LossPlane
from gradreel.scenes.style import RIGHT_EDGE
from manim import DL, UR

NAMES = ["linear", "1 layer", "2 layers", "3 layers", "4 layers"]
OURS = ((208.0, 400.0), (52.0, 520.0), (27.0, 471.0), (25.0, 438.0), (23.0, 429.0))


def result(network, seen: float, validation: float) -> Result:
    parts = PartLosses(*(Losses(np.array([loss])) for loss in (seen, validation, validation)))
    return Result(network, (0,), (1,), (1.0,), parts, parts, None)


@cache
def plane_of(losses) -> LossPlane:
    networks = depth_experiments(DailyViews(), range(len(losses)), 4, (0,), 1)
    results = [result(network, *pair) for network, pair in zip(networks, losses, strict=True)]
    return LossPlane(results, NAMES[: len(losses)], "{:.0f}".format, ("seen", "validation"), "seen | unseen")


def test_each_networks_two_losses_stand_on_the_line_of_its_name():
    plane = plane_of(OURS)
    for name, numbers, losses in zip(plane.names, plane.numbers, OURS, strict=True):
        assert [part.strip() for part in numbers.source.split("|")] == [f"{loss:.0f}" for loss in losses]
        assert numbers.baseline == pytest.approx(name.baseline)
        assert 0 < numbers.get_left()[0] - name.get_right()[0] < 0.4


def test_only_points_close_to_each_other_have_lines_to_their_names():
    plane = plane_of(OURS)
    starts = [line.get_start() for line in plane.leaders]
    assert len(starts) == 2
    for start, k in zip(starts, (3, 4), strict=True):  # the upper one first
        reach = [float(np.linalg.norm(start - dot.get_center())) for dot in plane.dots]
        assert int(np.argmin(reach)) == k
        end = plane.leaders[k - 3].get_end()
        assert 0 < plane.names[k].get_left()[0] - end[0] < 0.2 and plane.names[k].get_center()[1] == pytest.approx(
            end[1], abs=0.1
        )
    between = np.linalg.norm(plane.dots[3].get_center() - plane.dots[4].get_center())
    assert between < CROWDED
    assert not plane_of(OURS[:3]).leaders


@pytest.mark.parametrize("count", [2, 3, 5])
def test_a_head_says_what_the_numbers_are_off_all_else(count):
    plane = plane_of(OURS[:count])
    over = [n for n in plane.numbers if abs(n.get_center()[0] - plane.head.get_center()[0]) < 1e-6]
    assert len(over) == 1 and 0 < plane.head.get_bottom()[1] - over[0].get_top()[1] < 0.3
    for part in (*plane.dots, *plane.names, *plane.numbers):
        gaps = np.abs(plane.head.get_center() - part.get_center())[:2]
        assert gaps[0] > (plane.head.width + part.width) / 2 or gaps[1] > (plane.head.height + part.height) / 2


def test_without_room_the_head_stands_at_the_right_edge(monkeypatch):
    monkeypatch.setattr(loss_plane, "_gap", lambda *_: 0.0)
    plane = plane_of.__wrapped__(OURS)  # not the one that has room
    assert plane.head.get_right()[0] == pytest.approx(RIGHT_EDGE) and plane.head.get_bottom()[1] > plane.plot.box[3]


def test_the_points_unseen_losses_alone_are_on_the_upright_axis():
    plane = plane_of(OURS)
    for mark, (_, unseen) in zip(plane.dropped, OURS, strict=True):
        assert mark.get_center()[0] == pytest.approx(plane.plot.box[0])
        assert plane.plot.data(mark.get_center())[1] == pytest.approx(unseen)
    dimmed = [animation.mobject for animation in plane.choose(0)]
    assert plane.dropped[0] not in dimmed and all(mark in dimmed for mark in plane.dropped[1:])


def test_no_name_lies_on_another_or_on_a_point():
    plane = plane_of(OURS)
    blocks = [
        (name.get_corner(DL), numbers.get_corner(UR)) for name, numbers in zip(plane.names, plane.numbers, strict=True)
    ]
    for k, (low, high) in enumerate(blocks):
        for dot in plane.dots:
            inside = (dot.get_center() > low)[:2].all() and (dot.get_center() < high)[:2].all()
            assert not inside
        for other_low, other_high in blocks[k + 1 :]:
            assert not ((low < other_high)[:2].all() and (other_low < high)[:2].all())


@pytest.mark.parametrize(
    ("losses", "broken"),
    [
        (OURS, ["y"]),
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


def test_choosing_one_dims_the_others_numbers():
    plane = plane_of(OURS)
    dimmed = [animation.mobject for animation in plane.choose(0)]
    assert plane.numbers[0] not in dimmed and plane.names[0] not in dimmed and plane.dots[0] not in dimmed
    assert all(part in dimmed for group in (plane.dots, plane.names, plane.numbers) for part in group[1:])
