"""The fat and the deep network: what is drawn is what was recorded, and the outcome is told by the numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from unittest.mock import patch

import numpy as np
import pytest
from gradreel.core.analysis.equal_budget import bends, folding, zigzag
from gradreel.core.datasets import CurveDataset
from gradreel.core.errors import UserError
from gradreel.core.network.theta import loss, predict
from gradreel.scenes.lecture.deep.pictures.network_curves import TIP_LONG, Curves
from gradreel.scenes.lecture.deep.pictures.race import RaceLines
from gradreel.scenes.lecture.deep.why_deep import WhyDeep
from gradreel.scenes.mobjects.loss_lines import calmed
from gradreel.scenes.testing.layout import check_scene
from numpy.typing import NDArray

QUICK = {"epochs": 40, "budget": 60, "depth": 3, "seeds": (3, 2)}
EXTREMES = {
    "fewest": {"epochs": 20, "budget": 20, "depth": 6, "seeds": (1, 2)},
    "most": {"epochs": 20, "budget": 5000, "depth": 4, "seeds": tuple(range(10))},
    "a knot a bend": {"epochs": 20, "knots": [[k, k % 2] for k in range(60)], "budget": 60, "seeds": (0, 1)},
    "a formula": {"epochs": 20, "function": "sin(2*x)", "low": -3, "high": 3, "budget": 60, "seeds": (0, 1)},
}


def ends(trace_of, parameters=QUICK) -> np.ndarray:
    """Last losses by core, (2, S): fat, deep."""
    runs = WhyDeep.match(WhyDeep.validated(parameters))
    return np.array([[_end(trace_of, run) for run in side] for side in (runs.fat, runs.deep)])


def _end(trace_of, run) -> float:
    return float(loss(run, np.asarray(trace_of(run).parameters[-1])[None])[0])


def drawn(curves: Curves) -> np.ndarray:
    """(n, 2): x and y of the blue curve, read from the picture."""
    points = [*curves.blue.get_start_anchors(), curves.blue.get_end()]
    return np.array([curves.plot.data(point) for point in points])


@dataclass
class Film:
    """One playing of a short match: what is there when its beats end, and after each play of an animation."""

    alone: tuple = ()  # the one layer's curve, its counts, its dots: at the end of "enough"
    nodes: list[list] = field(default_factory=list)  # of both networks built by hand, at the end of two beats
    relus_beside: list[bool] = field(default_factory=list)  # whether they are there, and the one network is not
    folds: tuple = ()  # what `hand_built` says
    race: dict[int, list[tuple]] = field(default_factory=dict)  # row -> of each network: curve, loss, its parameters
    tips: NDArray | None = None  # where the two lines end
    read_out: list[tuple] = field(default_factory=list)  # of each row and network: number, calmed loss, height drawn
    counted: list[tuple] = field(default_factory=list)  # after each play: the counts of both, the bends drawn, the top
    layers: list[list[int]] = field(default_factory=list)  # after each play: the places of what is filled, red, blue
    scene: WhyDeep | None = None  # as it ended
    starts_left: bool = False

    def look(self, scene, beat: str) -> None:
        here = scene.get_mobject_family_members()
        if beat == "enough":
            dots = [scene.alone.plot.data(dot.get_center()) for dot in scene.bend_dots]
            self.alone = drawn(scene.alone), [number.text for number in scene.alone_counts.numbers], dots
        if beat in ("name", "fold"):
            nodes = [node for d in scene.small for c in d.columns for node in c.nodes.values()]
            self.nodes.append([node.width for node in nodes])
            self.relus_beside.append(all(n in here for n in nodes) and not set(scene.one.get_family()) & set(here))
        if beat == "fold":
            self.folds = hand_built(scene)
        if beat.startswith("race"):
            self.watch_race(scene)
        if beat.startswith("seeds"):
            self.starts_left = not set(scene.starts.get_family()) & set(here)

    def watch_race(self, scene) -> None:
        race, lines = scene.race, scene.race.lines
        self.tips = np.array([lines.plot.data(tip.get_center()) for tip in lines.tips])
        for row in (-1, 0):
            shown = zip(race.boards, race.readouts, scene.count_words, strict=True)
            self.race[row] = [(drawn(board), readout.numbers[0].text, count.source) for board, readout, count in shown]
            race.show(0.0)
        for row in range(scene.recorded.last + 1):
            race.show(float(row))
            for k, tip in enumerate(lines.tips):
                (number,), calm = race.readouts[k].numbers, float(scene.recorded.calm[k][row])
                height = lines.plot.data(tip.get_center())[1] if lines.curves[k].tip is not None else calm
                self.read_out.append((number.text, number.written(calm), height, calm))

    def watch(self, scene) -> None:
        if hasattr(scene, "race"):
            shown = scene.get_mobject_family_members()
            boards = [board for board in scene.race.boards if board.gap in shown]
            self.layers += [[shown.index(part) for part in (b.gap, b.red, b.blue)] for b in boards]
        elif hasattr(scene, "folds_counts"):
            counts = tuple(tuple(int(n.text) for n in counts.numbers) for counts in scene.folds_counts)
            self.counted.append((*counts, tuple(map(bends_in, scene.hand)), drawn(scene.hand[1])[:, 1].max()))


def hand_built(scene) -> tuple:
    """The counts of both networks built by hand, their curves, and how bright their ReLUs are."""
    counts = tuple([int(n.text) for n in counts.numbers] for counts in scene.folds_counts)
    lit = {node.emphasis for d in scene.small for c in d.columns[1:-1] for node in c.nodes.values()}
    return counts, [drawn(curves) for curves in scene.hand], lit


def bends_in(curves: Curves) -> int:
    x, y = drawn(curves).T
    slopes = np.diff(y)[np.diff(x) > 1e-9] / np.diff(x)[np.diff(x) > 1e-9]
    return int((np.abs(np.diff(slopes)) > 1e-3 * np.abs(slopes).max()).sum())


@pytest.fixture(scope="module")
def film(play) -> Film:
    """Of `QUICK`, played once for all tests."""
    film, play_it = Film(), WhyDeep.play

    def watched(scene, *args, **kwargs):
        play_it(scene, *args, **kwargs)
        film.watch(scene)

    with patch.object(WhyDeep, "play", watched):
        film.scene = play(WhyDeep, film.look, **QUICK).scene
    return film


def test_curves_and_losses_are_the_recorded_ones(film, trace_of):
    runs = WhyDeep.match(WhyDeep.validated(QUICK))
    for row in (0, -1):
        for k, run in enumerate((runs.fat[0], runs.deep[0])):
            curve, read_out, count = film.race[row][k]
            theta, (x, y) = np.asarray(trace_of(run).parameters[row]), curve.T
            assert y == pytest.approx(predict(run, theta[None], run.dataset.features_at(x))[0], abs=1e-6)
            (number,) = film.scene.race.readouts[k].numbers
            assert read_out == number.written(float(loss(run, theta[None])[0]))
            assert str(run.n_parameters) in count


def test_relu_by_relu_one_layer_becomes_the_curve(film):
    curve, counts, dots = film.alone
    dataset = CurveDataset()
    assert curve[:, 1] == pytest.approx(dataset.curve()(curve[:, 0]), abs=1e-6)
    assert counts == ["4", "4"]
    assert np.array(dots) == pytest.approx(np.array(dataset.knots))


@pytest.mark.parametrize("depth", [3, 4])
def test_folds_double_the_bends_of_as_many_relus(film, play, depth):
    if depth == QUICK["depth"]:
        (fat, deep), curves, lit = film.folds
    else:
        played = play(WhyDeep, lambda scene, beat: beat == "fold" and hand_built(scene), until="fold",
                      **QUICK | {"depth": depth})  # fmt: skip
        (fat, deep), curves, lit = played.seen["fold"]
    assert (fat, deep) == ([2 * depth, 2 * depth], [2 * depth, 2**depth])
    built = folding(depth)
    assert deep[1] == len(bends(built.network, built.theta))
    x, y = curves[1].T
    assert y == pytest.approx(zigzag(depth).curve()(x), abs=1e-6)
    x, y = curves[0].T
    there = x <= zigzag(depth).curve().x[2 * depth]
    assert y[there] == pytest.approx(zigzag(depth).curve()(x[there]), abs=1e-6)
    assert lit == {1.0}


def test_bends_are_counted_as_they_are_drawn_left_before_right(film):
    assert {fat[0] for fat, *_ in film.counted} == set(range(7))
    assert all(fat == (6, 6) for fat, deep, *_ in film.counted if deep[0]), (
        "the left one is done before the right one begins"
    )
    for fat, deep, seen, _ in film.counted:
        assert (fat[1], deep[1]) == seen


def test_a_layers_relus_and_their_bends_are_counted_together(film):
    assert list(dict.fromkeys(deep for _, deep, *_ in film.counted)) == [(0, 0), (1, 1), (2, 2), (4, 4), (6, 8)]


def test_it_is_folded_and_counted_and_then_stretched(film):
    for counted in (2, 4, 8):
        tops = [round(float(top), 6) for _, (_, bends_now), _, top in film.counted if bends_now == counted]
        assert tops[0] == 0.5 and 1.0 in tops and sorted(tops) == tops


def test_what_was_folded_down_stays_faint_above_the_line():
    x = np.linspace(0.0, 4.0, 401)
    curves = Curves((0.0, 4.0, 0.0, 1.0), (x, np.zeros(401)), (0.0, 1.0))
    pieces = curves.above(np.abs(np.sin(np.pi * x / 2)), 0.5)
    assert len(pieces) == 2
    assert all(piece.get_bottom()[1] == pytest.approx(0.5) for piece in pieces)


def test_each_relu_is_as_large_left_and_right(film):
    assert len(film.nodes) == 2 and all(film.relus_beside)
    for widths in film.nodes:
        assert widths == pytest.approx([widths[0]] * (2 * (6 + 2)))


def test_blue_that_leaves_the_plot_has_an_arrowhead_there():
    x = np.array([0.0, 1.0, 2.0])
    curves = Curves((0.0, 2.0, 0.0, 4.0), (x, np.zeros(3)), (0.0, 4.0)).draw(np.array([2.0, 2.0, -2.0]))
    assert drawn(curves)[-1] == pytest.approx((1.5 - TIP_LONG / 4, TIP_LONG)), "so the head does not stick out"
    assert 0 <= curves.tip.get_bottom()[1] < 0.05
    assert not len(curves.draw(np.array([2.0, 2.0, 1.0])).tip.points)


def test_the_lines_of_the_race_end_at_the_last_losses(film, trace_of):
    assert film.tips == pytest.approx(np.column_stack([[QUICK["epochs"]] * 2, ends(trace_of)[:, 0]]))


def test_the_loss_that_is_read_out_is_the_one_that_is_drawn(film):
    assert film.read_out
    for text, written, height, calm in film.read_out:
        assert text == written
        assert height == pytest.approx(calm, abs=1e-6)


def test_both_lines_have_their_names_at_their_tips_and_wait_below_each_other_while_above_the_picture():
    updates = np.arange(101)
    losses = [np.where(updates < 3, 9.0, 2.0 - updates / 100), np.where(updates < 2, 8.0, 1.5 - updates / 100)]
    lines = RaceLines(updates, losses, ("fat", "deep"), ("loss", "update"))
    assert lines.plot.y_range[0] == 0.0 and lines.plot.y_tick_labels[0].source == "0"
    for update in range(101):
        lines.show(update)
        fat, deep = lines.riders
        assert fat.baseline - deep.baseline > 0.3, update
        above = [len(tip.points) == len(lines.head) for tip in lines.tips]
        assert above == [curve.tip is None for curve in lines.curves]
        assert update > 0 or all(above)


def test_where_one_passes_is_marked_at_the_calmed_losses(of_the_lesson, play):
    """Of several short races, told as the lesson's: a ring where the two lines meet."""
    for seeds in ((0, 1), (3, 2), (5, 1)):
        scene = play(WhyDeep, **QUICK | {"seeds": seeds}, until="race").scene
        passing = scene.recorded.passing
        if not len(scene.passing):
            assert passing is None
            continue
        fat, deep = (calmed(run) for run in scene.recorded.losses)
        winner = np.sign(scene.recorded.losses[0][-1] - scene.recorded.losses[1][-1])
        assert (np.sign(fat - deep)[passing:] == winner).all() and np.sign(fat - deep)[passing - 1] != winner
        x, y = scene.race.lines.plot.data(scene.passing[0].get_center())
        assert x == pytest.approx(scene.recorded.first[0].kept[passing])
        assert y == pytest.approx((fat[passing] + deep[passing]) / 2)


def test_what_is_filled_lies_between_the_two_curves():
    x = np.array([0.0, 1.0, 2.0])
    curves = Curves((0.0, 2.0, 0.0, 4.0), (x, np.array([1.0, 1.0, 1.0])), (0.0, 4.0)).show(np.array([1.0, 3.0, 1.0]))
    heights = curves.gap.get_start_anchors()[:, 1]
    assert (heights.min(), heights.max()) == pytest.approx((1.0, 3.0))
    curves.show(np.array([1.0, 1.0, 1.0]))
    assert curves.gap.height == pytest.approx(0.0)


def test_what_is_filled_lies_below_the_curves_from_its_first_frame_on(film):
    assert len(film.layers) > 4
    assert all(order == sorted(order) for order in film.layers)


def test_every_run_has_its_picture_and_the_better_one_a_frame(film, trace_of):
    runs, starts, losses = WhyDeep.match(WhyDeep.validated(QUICK)), film.scene.starts, ends(trace_of)
    for row, side in enumerate((runs.fat, runs.deep)):
        for k, run in enumerate(side):
            theta = np.asarray(trace_of(run).parameters[-1])
            x, y = drawn(starts.curves[row][k]).T
            assert y == pytest.approx(predict(run, theta[None], run.dataset.features_at(x))[0], abs=1e-6)
            assert float(starts.losses[row][k].source) == pytest.approx(losses[row, k], abs=1e-3)
    counts = [int((losses[row] < losses[1 - row]).sum()) for row in (0, 1)]
    assert [text.source for text in starts.wins] == [f"wins {count} of 2" for count in counts]
    for k, frame in enumerate(starts.frames):
        better = starts.curves[int(losses[1, k] < losses[0, k])][k]
        assert abs(frame.get_center()[1] - better.plot.get_center()[1]) < 0.5


def test_it_ends_with_what_was_compared(film):
    few, many = film.scene.error_bars
    assert few.height / many.height == pytest.approx(16.4 / 3.57, rel=0.01)
    texts = film.scene.bar_texts
    said = " | ".join(text.source for text in texts)
    assert said.replace("\\", "") == "8 layers | 152 layers | 16.4 % wrong | 3.57 % wrong*"
    for bar, *over in zip((few, many), texts[:2], texts[2:], strict=True):
        assert [text.get_center()[0] for text in over] == pytest.approx([bar.get_center()[0]] * 2, abs=0.1)
    assert "1 layer, fat" in [getattr(part, "source", None) for part in film.scene.unknown]
    assert film.starts_left
    assert "152 layers beat 8, but both are deep" in film.scene.beats[-1].lines["en"]


def test_the_match_is_on_the_folds_or_on_ones_own_curve():
    assert WhyDeep.validated({"depth": 3}).dataset() == zigzag(3)
    own = WhyDeep.validated({"knots": [[0, 0], [1, 2]]})
    assert own.dataset() == own.first_curve() == CurveDataset(knots=((0, 0), (1, 2)), examples=121)


@pytest.mark.parametrize(
    ("name", "lang", "theme"),
    [
        ("fewest", "zh", "light"),
        ("most", "en", "dark"),
        ("a knot a bend", "zh", "light"),
        ("a formula", "en", "dark"),
    ],
)
def test_layout_at_the_bounds(play, monkeypatch, name, lang, theme):
    with_towers, found = WhyDeep._deep_against_deeper, []

    def look_first(scene):
        found.extend(check_scene(scene, "starts"))
        with_towers(scene)

    monkeypatch.setattr(WhyDeep, "_deep_against_deeper", look_first)
    assert play(WhyDeep, check_scene, lang=lang, theme=theme, **EXTREMES[name]).findings == []
    assert found == []


@pytest.mark.parametrize(("given", "message"), [
    ({"seeds": [1, 1]}, "seeds: each is wanted once"),
    ({"seeds": [1]}, "why-deep.seeds: .*at least 2"),
    ({"function": "sin(x)"}, "a formula needs low and high"),
    ({"function": "sin(", "low": 0, "high": 1}, "sin"),
    ({"function": "x", "low": 1, "high": 0}, "low"),
    ({"knots": [[1, 0], [0, 1]]}, "x must increase"),
    ({"low": 0}, "belong to a curve of one's own"),
    ({"knots": [[0, 1], [2, 1]]}, "the curve has no bend"),
    ({"budget": 19}, "why-deep.budget: .*20"),
])  # fmt: skip
def test_bad_parameters_are_named(given, message):
    with pytest.raises(UserError, match=message):
        WhyDeep.validated(given)
