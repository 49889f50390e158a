"""build-curve: what stands on the screen is the exact decomposition, for any curve."""

from __future__ import annotations

import numpy as np
import pytest
from gradreel.core.errors import UserError
from gradreel.core.piecewise import PiecewiseLinearCurve
from gradreel.scenes.layout import check_scene
from gradreel.scenes.lecture.piecewise import BuildCurve
from gradreel.scenes.stills import beat_frames, visit_beats

TINY = (320, 180)
FORTY = [[float(i) + 0.3 * np.sin(i), float(3 * np.sin(i * 1.7) + 0.1 * i)] for i in range(40)]
CURVES = {
    "two knots": [[0, 1], [2, 3]],
    "seven knots": [[0, 1], [2, 3], [5, 0], [6, 2], [7, 2], [8, -3], [9, 5]],
    "forty knots": FORTY,
    "millions": [[2e6, 5e6], [2.5e6, 7.3e6], [2.7e6, 5.2e6], [4e6, 6e6]],
    "thousandths": [[0.0001, 0.0005], [0.0002, -0.0013], [0.00021, 0.0007], [0.0007, 0.0001]],
    "far from zero": [[0, 5000000], [3, 5000004], [4.5, 5000002], [7, 5000003]],
    "flat": [[0, 2], [1, 2], [3, 2]],
    "all below zero": [[-5, -2], [-1, -7], [0, -1]],
    "steep": [[0, 0], [1, 1], [1.000001, 1000], [2, 3]],
}


def at_each_beat(look, knots=None):
    """``look(scene, beat)`` at the end of each beat of build-curve; what it returned, by beat."""
    seen = {}
    parameters = {} if knots is None else {"knots": knots}
    visit_beats(BuildCurve, lambda scene, beat: seen.update({beat: look(scene, beat)}), parameters, size=TINY)
    return seen


def drawn_sum(scene):
    """The blue line as it is drawn, read back from the screen: data (x, y) of its corners."""
    points = [scene.plot.data(point) for point in scene.sum.blue.get_start_anchors()]
    points.append(scene.plot.data(scene.sum.blue.get_end()))
    return np.array(points).T


def test_after_each_piece_blue_lies_on_red_up_to_the_next_corner():
    def agreement(scene, beat):
        if not beat.startswith("piece-"):
            return None
        x, y = drawn_sum(scene)
        up_to = scene.curve.x[int(beat.removeprefix("piece-"))]
        return np.abs(y - scene.curve(x))[x <= up_to + 1e-9].max(), np.abs(y - scene.curve(x)).max()

    seen = at_each_beat(agreement)
    exact, largest = zip(*(seen[f"piece-{k}"] for k in (1, 2, 3)), strict=True)
    assert exact == pytest.approx((0, 0, 0), abs=1e-9)
    assert largest == pytest.approx((2, 1, 0), abs=1e-9)  # red is 4, 2, 3 at its corners, 1 before


@pytest.mark.parametrize("knots", CURVES.values(), ids=CURVES)
def test_the_finished_blue_line_is_the_red_curve_and_the_shown_gap_is_zero(knots):
    def finish(scene, beat):
        x, y = drawn_sum(scene) if beat == "general" else (np.zeros(1), np.zeros(1))
        return x, y, scene.sum.number.text if beat == "general" else ""

    x, y, shown = at_each_beat(finish, knots)["general"]
    curve = PiecewiseLinearCurve(*zip(*knots, strict=True))
    assert np.abs(y - curve(x)).max() <= 1e-9 * max(curve.height, np.abs(curve.y).max() * 1e-6)
    assert float(shown) == 0


def test_the_shown_gap_is_the_largest_error_of_the_partial_sum():
    x = np.linspace(0, 8, 801)

    def gap(scene, beat):
        if not beat.startswith("piece-"):
            return None
        k = int(beat.removeprefix("piece-"))
        return float(scene.sum.number.text), np.abs(scene.curve(x) - scene.parts.partial_sum(k, x)).max()

    for shown, computed in filter(None, at_each_beat(gap).values()):
        assert shown == pytest.approx(computed, abs=0.005)


def test_the_tip_rides_to_the_knot_where_the_sum_stops_being_red():
    def tip(scene, beat):
        return scene.plot.data(scene.sum.tip.get_center()) if beat.startswith("piece-") else None

    seen = at_each_beat(tip)
    assert [seen[f"piece-{k}"] for k in (1, 2, 3)] == [
        pytest.approx((3, 4)),
        pytest.approx((4.5, 2)),
        pytest.approx((7, 3)),
    ]


def test_another_knot_is_another_picture():
    ours = beat_frames(BuildCurve, {}, size=TINY)
    other = beat_frames(BuildCurve, {"knots": [[1, 1], [3, 4], [4.5, 2.2], [7, 3]]}, size=TINY)
    assert [still.beat for still in ours] == [still.beat for still in other]
    for mine, theirs in zip(ours, other, strict=True):
        assert (mine.pixels != theirs.pixels).any(), mine.beat


def test_few_pieces_come_one_by_one_and_many_in_quick_succession():
    assert "rest" not in at_each_beat(lambda *_: None, CURVES["seven knots"])
    beats = list(at_each_beat(lambda *_: None, FORTY))
    assert beats == ["curve", "constant", "shape", "piece-1", "piece-2", "piece-3", "rest", "all", "general"]


@pytest.mark.parametrize("knots", CURVES.values(), ids=CURVES)
def test_layout_holds_for_any_curve(knots):
    findings = at_each_beat(lambda scene, _: [str(finding) for finding in check_scene(scene)], knots)
    assert {beat: found for beat, found in findings.items() if found} == {}


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"knots": [[1, 1]]}, "at least 2"),
        ({"knots": [[1, 1], [0, 2]]}, "increase"),
        ({"knots": [[1, 1], [1, 2]]}, "increase"),
        ({"knots": [[1, 1], [2, float("nan")]]}, "nan"),
        ({"knots": "nonsense"}, "knots"),
        ({"low": 2.0}, "first knot"),
        ({"knobs": 3}, "has no parameter 'knobs'"),
    ],
)
def test_wrong_parameters_are_named_with_scene_and_field(parameters, said):
    with pytest.raises(UserError) as refusal:
        BuildCurve.validated(parameters)
    assert "build-curve" in str(refusal.value) and said in str(refusal.value)


def test_a_rounding_residue_is_not_spoken():
    generator = np.random.default_rng(0)
    x, y = np.cumsum(generator.uniform(0.1, 2, 24)), generator.normal(0, 3, 24)
    curve = PiecewiseLinearCurve(x, y)
    corners = np.unique([*curve.range_around(), *x])
    residue = np.abs(curve(corners) - curve.decompose().partial_sum(23, corners)).max()
    assert 0 < residue < 1e-12  # the case in question: not exactly zero
    seen = []
    visit_beats(BuildCurve, lambda scene, _: seen.append(scene), {"knots": list(zip(x, y, strict=True))}, size=TINY)
    line = next(beat.lines["en"] for beat in seen[-1].beats if beat.name == "all")
    assert line.endswith("The largest gap is 0.")
