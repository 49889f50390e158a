"""Tests of morph-sigmoid and sum-of-sigmoids: everything on screen is computed or recorded."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from gradreel.core.experiment import Experiment
from gradreel.core.network.activations import sigmoid
from gradreel.core.network.theta import loss, predict, unpack
from gradreel.scenes.lecture.curves.morph_sigmoid import MorphSigmoid
from gradreel.scenes.lecture.curves.pictures.sigmoid_rows import FILLED
from gradreel.scenes.lecture.curves.pictures.sum_numbers import no_state_longer
from gradreel.scenes.lecture.curves.sigmoid_matching import match_by_slope, matched_sum, matched_theta
from gradreel.scenes.lecture.curves.sum_of_sigmoids import CUTS, SumOfSigmoids
from gradreel.scenes.mobjects.pace import Pace

SHORT = Experiment(epochs=40)  # far from the red curve
LONG = Experiment()  # ends close to it
MORPHS = {
    "all heights negative": {"c_range": [-3, -1], "piece": [-6, -2, -3]},
    "steep and narrow": {"w_range": [8, 10], "b_range": [-20, 20], "piece": [-20, -19.9, 10]},
    "gentle and wide": {"w_range": [0.1, 0.11], "b_range": [-0.1, 0.1], "c_range": [9, 10], "piece": [-20, 20, 0.1]},
}


def drawn(plot, curve):
    """A curve as it is drawn, read back from the screen: data (x, y) of its corners."""
    points = [*curve.get_start_anchors(), curve.get_end()]
    return np.array([plot.data(point) for point in points]).T


# -- morph-sigmoid -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("parameters", MORPHS.values(), ids=MORPHS)
def test_curve_numbers_and_sliders_agree_the_match_is_that_of_the_core_and_its_gap_is_measured(play, parameters):
    def agreement(scene, beat):
        board = scene.board
        shown = {letter: float(number.text.replace("\u2212", "-")) for letter, number in board.values.items()}
        slid = {letter: slider.value for letter, slider in board.sliders.items()}
        x, y = drawn(board.plot, board.curve)
        wrong = np.abs(y - board.now["c"] * sigmoid(board.now["b"] + board.now["w"] * x)).max()
        return dict(board.now), shown, slid, wrong / abs(board.now["c"]), scene._gap_text() if beat == "gap" else ""

    seen = play(MorphSigmoid, agreement, **parameters).seen
    for now, shown, slid, wrong, _ in seen.values():
        assert wrong < 1e-6
        assert shown == pytest.approx(now, abs=0.00501)
        assert slid == pytest.approx(now, abs=1e-6)
    piece = MorphSigmoid.validated(parameters).piece
    match, (now, *_, gap) = match_by_slope(*piece), seen["gap"]
    assert now == pytest.approx({"w": match.w, "b": match.b, "c": match.c})
    assert float(gap) == pytest.approx(abs(piece[2]) * sigmoid(-2.0), abs=0.005)


@pytest.fixture(scope="module")
def sweeps(play):
    """Of each sweep its letter, the value it ends at and x of the half-way line; of each beat all letters, and x."""
    gone, go = [], MorphSigmoid._go

    def line(board):
        return board.plot.data(board.halfway[0].get_center())[0]

    def going(scene, letter, value, seconds):
        go(scene, letter, value, seconds)
        gone.append((letter, scene.board.now[letter], line(scene.board)))

    def look(scene, beat):
        return dict(scene.board.now), line(scene.board), scene.board.halfway in scene.board.submobjects

    with patch.object(MorphSigmoid, "_go", going):
        ranges = {"w_range": [1, 4], "b_range": [-1, 3], "c_range": [1, 5]}
        return gone, play(MorphSigmoid, look, piece=[3, 4.5, -2], **ranges).seen


def test_each_sweep_covers_its_range_and_returns(sweeps):
    gone, seen = sweeps
    at = {beat: now for beat, (now, _, _) in seen.items()}
    assert at["letters"] == {"w": 2.0, "b": 1.0, "c": 5.0}
    assert at["change-w"] == {"w": 1.0, "b": 1.0, "c": 5.0}
    assert at["change-b"] == {"w": 2.0, "b": -1.0, "c": 5.0}
    assert at["change-c"] == {"w": 2.0, "b": 1.0, "c": -1.0}
    ends = [("w", 4.0), ("w", 1.0), ("b", 3.0), ("b", -1.0), ("c", 1.0), ("c", -1.0)]
    assert [step[:2] for step in gone] == ends


# -- sum-of-sigmoids ---------------------------------------------------------------------------------------------


def state(scene):
    """The blue curve, where each row ends, and the numbers of all rows."""
    rows = [(row.curve.get_end()[1] - row.zero_y) / scene.rows.scale_y for row in scene.rows.rows]
    numbers = [float(n.text.replace("\u2212", "-")) for row in scene.rows.rows for n in row.numbers.values()]
    return drawn(scene.fit.plot, scene.fit.model), rows, numbers


def cut(scene):
    """How many pieces, the shown gap, the bracket's length, the curve."""
    counted, fit = scene.counted, scene.fit
    ends = [fit.plot.data(scene.bracket[0].points[k])[1] for k in (0, -1)]
    return counted.count.text, counted.gap.text, abs(ends[0] - ends[1]), drawn(fit.plot, fit.model)


def small(scene):
    """The points on red, the heights of each small step and their scale, what the formula is."""
    small, plot = scene.small, scene.fit.plot
    share = (small.top - small.bottom) / len(small.steps)
    heights = [np.array([*step.get_start_anchors(), step.get_end()])[:, 1] for step in small.steps]
    scale = min(scene.rows.scale_y, FILLED * share / max(abs(scene.numbers.parts.height) / CUTS))
    return [plot.data(dot.get_center()) for dot in small.marks], heights, scale, scene.formula.ending.source


def between(scene):
    """Count, loss and end of the curve half-way between the second state and the third."""
    row = scene.row
    scene.show(2.5)
    _, y = drawn(scene.fit.plot, scene.fit.model)
    found = scene.readout.count.text, float(scene.readout.loss.text), y[-1], scene.numbers.x[-1:]
    scene.show(row)
    return found


def raced(scene):
    """Heights of both bars, the numbers over them, and the dashes of the sum set by hand, (2, n)."""
    race = scene.race
    outline, _, number = race.ours
    return (race.bar.height, outline.height), (race.number.text, number.text), drawn(scene.fit.plot, scene.ours)


@dataclass
class SumFilm:
    """Plays sum-of-sigmoids once and stores observations at the ends of beats."""

    scene: Any = None  # as it ended
    states: dict[str, Any] = field(default_factory=dict)
    cuts: dict[str, Any] = field(default_factory=dict)
    rows: dict[str, float | None] = field(default_factory=dict)
    small: Any = None
    between: Any = None
    raced: Any = None

    def look(self, scene, beat: str) -> None:
        self.rows[beat] = getattr(scene, "row", None)
        if beat in ("add-up", "start", "sigma"):
            self.states[beat] = state(scene)
        if beat in ("add-up", "smaller"):
            self.cuts[beat] = cut(scene)
        if beat == "smaller":
            self.small = small(scene)
        if beat == "learn":
            self.between = between(scene)
        if beat == "end-close-better":
            self.raced = raced(scene)


@pytest.fixture(scope="module")
def sum_films(play) -> dict[str, SumFilm]:
    """Return films of a run that ends far from the target and of one that ends close."""
    films = {"short": SumFilm(), "long": SumFilm()}
    for film, run in zip(films.values(), (SHORT, LONG), strict=True):
        film.scene = play(SumOfSigmoids, film.look, run=run).scene
    return films


def test_the_sum_and_every_row_are_the_recorded_state_or_that_set_by_hand(trace_of, sum_films):
    seen = sum_films["long"].states
    trace = trace_of(LONG)
    by_hand = matched_theta(LONG)
    offset = LONG.dataset.offset
    for beat, theta in (
        ("add-up", by_hand),
        ("start", np.array(trace.parameters[0])),
        ("sigma", np.array(trace.parameters[-1])),
    ):
        (x, y), ends, numbers = seen[beat]
        layers = unpack(LONG, theta)
        assert y == pytest.approx(predict(LONG, theta, (x - offset)[:, None]), abs=1e-6)
        w = layers.weights[0][:, 0]
        inside = layers.biases[0] - offset * w  # b_i of b_i + w_i x_1
        last = layers.c * sigmoid(inside + w * x[-1])
        assert ends == pytest.approx(np.array([layers.b, *last]), abs=1e-6)
        shown = np.array([layers.b, *np.column_stack([layers.c, inside, w]).ravel()])
        assert numbers == pytest.approx(shown, abs=0.00501)


def test_the_gap_shrinks_as_pieces_are_cut(sum_films):
    seen = sum_films["long"].cuts
    curve = LONG.dataset.curve()
    count, gap, measured, (x, y) = seen["add-up"]
    assert count == "3" and measured == pytest.approx(float(gap), abs=0.00501)
    assert np.abs(y - curve(x)).max() == pytest.approx(float(gap), abs=0.02)
    count, gap, _, (x, y) = seen["smaller"]
    assert count == "24" and float(gap) < measured / 4
    assert y == pytest.approx(matched_sum(curve.decompose(), x, 8), abs=1e-6)


def test_no_recorded_state_holds_the_numbers_up_and_the_walk_keeps_its_ends():
    pace = Pace(np.array([0.0, 1.0, 2.0, 10.0]), np.array([0.0, 0.6, 0.7, 1.0]))
    capped = no_state_longer(pace, 0.2)
    assert capped.shares[[0, -1]] == pytest.approx([0, 1])
    assert np.diff(capped.shares) == pytest.approx([0.2, 0.2, 0.6])
    assert no_state_longer(pace, 0.01).shares == pytest.approx([0, 0.1, 0.2, 1])


def test_between_two_states_loss_and_curve_belong_together_and_the_count_is_the_nearest(trace_of, sum_films):
    trace = trace_of(SHORT)
    count, shown, y, x = sum_films["short"].between
    feature = x - SHORT.dataset.offset
    assert count == "3"
    halfway = (trace.parameters[2] + trace.parameters[3]) / 2
    assert shown == pytest.approx(float(loss(SHORT, halfway[None])[0]), abs=0.0051)
    assert y == pytest.approx(float(predict(SHORT, halfway[None], feature[:, None])[0, 0]), abs=1e-6)


def test_under_each_sigmoid_set_by_hand_is_its_piece(sum_films):
    scene = sum_films["long"].scene
    for k, (row, piece) in enumerate(zip(scene.rows.rows[1:], scene.pale_pieces, strict=True), start=1):
        points = np.array([*piece.get_start_anchors(), piece.get_end()])
        across = (points[:, 0] - row.line[0]) / (row.line[1] - row.line[0])
        x = scene.numbers.x[0] + across * (scene.numbers.x[-1] - scene.numbers.x[0])
        heights = (points[:, 1] - row.zero_y) / scene.rows.scale_y
        assert heights == pytest.approx(scene.numbers.parts.piece(k, x), abs=1e-6)


@pytest.mark.parametrize(("name", "run"), [("long", LONG), ("short", SHORT)], ids=["better", "worse"])
def test_the_sum_set_by_hand_is_dashed_and_the_bars_are_as_high_as_both_losses(sum_films, name, run):
    (training, by_hand), written, (x, y) = sum_films[name].raced
    scene, theta = sum_films[name].scene, matched_theta(run)
    ours, reached = float(loss(run, theta[None])[0]), scene.numbers.loss_at(sum_films[name].rows["end-close-better"])
    assert written == (scene.readout.written(reached), scene.readout.written(ours))
    assert training / by_hand == pytest.approx(reached / ours, rel=0.05)
    assert y == pytest.approx(predict(run, theta, (x - run.dataset.offset)[:, None]), abs=0.01)


def test_the_walk_pauses_where_it_overtakes_the_hand_set_sum_and_ends_at_the_last_state(sum_films):
    long, rows = sum_films["long"], sum_films["short"].rows
    assert rows["start"] == 0.0 < rows["learn"] < rows["race"] < rows["end-close-better"] == 40.0
    by_hand = loss(LONG, matched_theta(LONG)[None])[0]
    losses = [long.scene.numbers.loss_at(long.rows[beat]) for beat in ("learn", "race", "end-close-better")]
    assert losses[0] > by_hand > losses[1] > by_hand / 2 > losses[2]


def test_a_curve_of_one_piece_far_away_has_its_sigmoid(play):
    run = Experiment(dataset={"knots": [[30, 2], [40, -1]]}, hidden=(1,), epochs=10)
    beats = play(SumOfSigmoids, run=run).beats
    assert beats[:2] == ["by-hand", "add-up"] and "sigma" not in beats
