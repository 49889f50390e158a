"""build-curve: what stands on the screen is the exact decomposition, for any curve."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from gradreel.core.curves.piecewise import PiecewiseLinearCurve
from gradreel.scenes.lecture.curves.build_curve import BuildCurve
from gradreel.scenes.lecture.curves.pictures.curve_board import CurveBoard
from gradreel.scenes.lecture.curves.pictures.height_probe import HeightProbe
from gradreel.scenes.stills import visit_beats
from gradreel.scenes.testing.layout import check_scene

TINY = (320, 180)


CURVES = {
    "two knots": [[0, 1], [2, 3]],
    "seven knots": [[0, 1], [2, 3], [5, 0], [6, 2], [7, 2], [8, -3], [9, 5]],
    "most knots": [[i, round(3 * np.sin(0.7 * i), 3)] for i in range(200)],
    "millions": [[2e6, 5e6], [2.5e6, 7.3e6], [2.7e6, 5.2e6], [4e6, 6e6]],
    "flat": [[0, 2], [1, 2], [3, 2]],
    "all below zero": [[-5, -2], [-1, -7], [0, -1]],
    "steep": [[0, 0], [1, 1], [1.000001, 1000], [2, 3]],
}


def drawn_sum(scene, running=None):
    """The blue line as it is drawn, read back from the screen: data (x, y) of its corners."""
    blue = (running or scene.sum).blue
    points = [scene.plot.data(point) for point in blue.get_start_anchors()]
    points.append(scene.plot.data(blue.get_end()))
    return np.array(points).T


def agreement(scene, k):
    """The largest gap after piece k, up to its end and everywhere."""
    x, y = drawn_sum(scene)
    apart = np.abs(y - scene.curve(x))
    return apart[x <= scene.curve.x[k] + 1e-9].max(), apart.max()


def gap(scene, k):
    """After piece k, as it is shown and as it is computed."""
    x = np.linspace(0, 8, 801)
    return float(scene.sum.number.text), np.abs(scene.curve(x) - scene.parts.partial_sum(k, x)).max()


def probed(scene):
    """(x, numbers, ends of the arrows, the tip) where the probe stands, and all along its way."""
    here = scene.probe.x
    read = [(x, *read_probe(scene.probe.show(x), scene)) for x in (here, *np.linspace(*scene.probe.reach(), 9))]
    scene.probe.show(here)
    return read


def read_probe(probe, scene):
    printed = [float(number.text.replace("\u2212", "-")) for number in (*probe.numbers, probe.total)]
    sides = [(arrow, side) for arrow in probe.arrows for side in (-1, 1)]
    ends = [scene.plot.data(arrow.get_critical_point((0, side, 0)))[1] for arrow, side in sides]
    return printed, ends, scene.plot.data(probe.tip.get_center())


@dataclass
class Film:
    """Plays the scene once on a curve and stores observations at the ends of beats."""

    beats: list[str] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)
    finished: Any = None  # the blue line's x and y, the shown gap
    other: Any = None  # the curve that is built at last, its blue line's x and y, the shown gap
    agreements: dict[int, Any] = field(default_factory=dict)  # by piece
    gaps: dict[int, Any] = field(default_factory=dict)
    tips: dict[int, Any] = field(default_factory=dict)
    probe: Any = None
    terms: dict[str, tuple[bool, int]] = field(
        default_factory=dict
    )  # whether more are asked for, and how many there are
    lines: dict[str, str] = field(default_factory=dict)

    def look(self, scene, beat: str) -> None:
        self.beats.append(beat)
        self.findings.extend(map(str, check_scene(scene, beat)))
        formula = scene.board.formula
        self.terms[beat] = formula.question in scene.mobjects, len(formula.terms)
        if beat.startswith("piece-"):
            k = int(beat.removeprefix("piece-"))
            self.agreements[k], self.gaps[k] = agreement(scene, k), gap(scene, k)
            self.tips[k] = scene.plot.data(scene.sum.tip.get_center())
        if beat == "heights":
            self.probe = probed(scene) if hasattr(scene, "probe") else None
            self.finished = *drawn_sum(scene), scene.sum.number.text
        if beat == "general":
            running = scene.other.sum
            self.other = scene.other.curve, drawn_sum(scene, running), running.number.text, running.leader.points.copy()


@cache
def film_of(name: str | None = None) -> Film:
    """The film of one of `CURVES`, or of the default, played once for all tests."""
    film = Film()
    scene = visit_beats(BuildCurve, film.look, {} if name is None else {"knots": CURVES[name]}, size=TINY)
    film.lines = {beat.name: beat.lines["en"] for beat in scene.beats}
    return film


def test_after_each_piece_blue_lies_on_red_up_to_the_next_corner():
    exact, largest = zip(*(film_of().agreements[k] for k in (1, 2, 3)), strict=True)
    assert exact == pytest.approx((0, 0, 0), abs=1e-9)
    assert largest == pytest.approx((2, 1, 0), abs=1e-9)  # red is 4, 2, 3 at its corners, 1 before


@pytest.mark.parametrize("name", CURVES)
def test_the_finished_blue_line_is_the_red_curve_and_the_shown_gap_is_zero(name):
    x, y, shown = film_of(name).finished
    curve = PiecewiseLinearCurve(*zip(*CURVES[name], strict=True))
    assert np.abs(y - curve(x)).max() <= 1e-9 * max(curve.height, np.abs(curve.y).max() * 1e-6)
    assert float(shown) == 0
    assert film_of(name).findings == []


def test_the_shown_gap_is_the_largest_error_of_the_partial_sum():
    assert list(film_of().gaps) == [1, 2, 3]
    for shown, computed in film_of().gaps.values():
        assert shown == pytest.approx(computed, abs=0.005)


def test_the_probe_adds_the_terms_heights():
    seen = film_of().probe
    curve = PiecewiseLinearCurve(*zip(*BuildCurve.validated({}).knots, strict=True))
    parts = curve.decompose()
    assert seen[0][0] == pytest.approx(6) and seen[0][1] == [1, 3, -2, 0.6, 2.6]
    for x, (*terms, total), ends, tip in seen:
        heights = [parts.constant, *(parts.piece(k, x) for k in (1, 2, 3))]
        assert terms == pytest.approx(heights, abs=0.00501) and total == pytest.approx(curve(x), abs=0.00501)
        assert tip == pytest.approx((x, curve(x)), abs=1e-6)
        levels = np.concatenate([[0], np.cumsum(heights)])
        wanted = np.sort(np.column_stack([levels[:-1], levels[1:]]), axis=1).ravel()
        assert ends == pytest.approx(wanted, abs=1e-6)


def test_arrows_of_one_direction_are_stacked_at_the_named_x():
    board = CurveBoard(PiecewiseLinearCurve([1, 3, 4.5, 7], [1, 4, 2, 3]), (0.0, 8.0), "red", "gap")
    board.formula.whole(board.parts)
    probe = HeightProbe(board, 6.0)
    places = [arrow.stem.get_x() for arrow in probe.arrows]
    up, up_too, down, up_again = places
    assert up == up_too and down == pytest.approx(probe.line.get_x(), abs=1e-6)
    widest = max(arrow.head.width for arrow in probe.arrows)
    assert min(down - up, up_again - down) > 2 * widest, "the audience can tell them apart"
    (name,) = probe.x_name
    assert name.source == "6" and name.get_fill_opacity() == 1
    assert name.get_x() == pytest.approx(probe.line.get_x(), abs=0.01)
    probe.show(4.5)  # where the axis has a label
    assert name.get_fill_opacity() == 0
    assert len(HeightProbe(board, 4.6).x_name) == 0, "it would touch the label of 4.5"


def test_terms_appear_after_their_piece_until_all_are_there():
    assert [film_of().terms[beat] for beat in ("constant", "piece-1", "piece-2", "piece-3")] == [
        (True, 1), (True, 2), (True, 3), (False, 4)
    ]  # fmt: skip


@pytest.mark.parametrize("name", [None, "two knots", "millions", "most knots"])
def test_another_curve_is_built_over_the_same_axes_and_no_piece_is_level(name):
    curve, (x, y), shown, leader = film_of(name).other
    knots = BuildCurve.validated({} if name is None else {"knots": CURVES[name]}).knots
    span = knots[-1][0] - knots[0][0]
    assert knots[0][0] - span / 6 <= curve.x.min() and curve.x.max() <= knots[-1][0] + span / 6
    assert np.abs(curve.decompose().height).min() > 0.1 * curve.height
    assert y == pytest.approx(curve(x), rel=1e-9) and float(shown) == 0
    assert len(leader) == 0, "there is no gap that it could lead to"


def test_the_tip_moves_to_the_knot_where_the_sum_leaves_red():
    assert film_of().tips == {1: pytest.approx((3, 4)), 2: pytest.approx((4.5, 2)), 3: pytest.approx((7, 3))}


def test_few_pieces_come_one_by_one_and_many_in_quick_succession():
    assert "rest" not in film_of("seven knots").beats and "heights" in film_of("seven knots").beats
    many = ["curve", "constant", "piece-1", "piece-2", "piece-3", "rest", "heights", "general"]
    assert film_of("most knots").beats == many


@pytest.mark.parametrize(("knots", "step"), [(61, 1), (101, 2), (200, 5)])
def test_with_too_many_tiles_every_nth_is_numbered(knots, step):
    curve = PiecewiseLinearCurve(np.arange(float(knots)), np.arange(knots) % 7.0)
    panels = CurveBoard(curve, (0.0, float(knots)), "red", "gap").panels
    named = {k: text for k, panel in enumerate(panels) for text in panel[2:]}
    assert [(k, text.source) for k, text in named.items()] == [(k, str(k)) for k in range(0, knots, step)]
    for text, after in pairwise(named.values()):  # below it, or in the next column
        assert after.get_top()[1] < text.get_bottom()[1] - 0.03 or after.get_left()[0] > text.get_right()[0]


def test_a_rounding_residue_is_not_spoken(play):
    generator = np.random.default_rng(0)
    x, y = np.cumsum(generator.uniform(0.1, 2, 24)), generator.normal(0, 3, 24)
    curve = PiecewiseLinearCurve(x, y)
    corners = np.unique([*curve.range_around(), *x])
    residue = np.abs(curve(corners) - curve.decompose().partial_sum(23, corners)).max()
    assert 0 < residue < 1e-12  # the case in question: not exactly zero
    line = play(BuildCurve, knots=list(zip(x, y, strict=True))).lines["heights"]["en"]
    assert line.endswith("the largest gap that is left is 0.")
