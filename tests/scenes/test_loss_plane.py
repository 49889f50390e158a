"""The plane of losses: each network's two numbers at its point, lines to crowded ones, breaks in axes not from 0."""

from __future__ import annotations

import numpy as np
import pytest
from gradreel.core.daily_views import DailyViews
from gradreel.core.results import Losses, Result, depth_experiments
from gradreel.scenes.mobjects.loss_plane import CROWDED, LossPlane
from manim import DL, UR

NAMES = ["linear", "1 layer", "2 layers", "3 layers", "4 layers"]
OURS = ((208.0, 400.0), (52.0, 520.0), (27.0, 471.0), (25.0, 438.0), (23.0, 429.0))


def plane_of(losses) -> LossPlane:
    networks = depth_experiments(DailyViews(), range(len(losses)), 4, (0,), 1)
    results = [
        Result(network, (0,), Losses(np.array([seen])), Losses(np.array([unseen])), None)
        for network, (seen, unseen) in zip(networks, losses, strict=True)
    ]
    return LossPlane(results, NAMES[: len(losses)], "{:.0f}".format, ("seen", "unseen"))


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
