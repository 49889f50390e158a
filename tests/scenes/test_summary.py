"""summary: its curves are the recorded run's, and each choice stands under the step that it belongs to."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from gradreel.core.analysis.results import lecture_losses
from gradreel.core.curves.line_fit import line_of
from gradreel.core.errors import UserError
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import loss, predict
from gradreel.scenes.lecture.curves.linear_limits import LinearLimits
from gradreel.scenes.lecture.opening.pictures.run_numbers import RunNumbers
from gradreel.scenes.lecture.opening.summary import CHOSEN, LAST_LOOK, Summary
from gradreel.scenes.lecture.opening.title import Title
from gradreel.scenes.lecture.optimization.batches import Batches
from gradreel.scenes.lecture.runs import LECTURE_DEPTHS
from gradreel.scenes.mobjects.pace import stepwise
from gradreel.scenes.mobjects.three_steps import PLACE, ThreeSteps
from gradreel.scenes.testing.layout import check_scene
from gradreel.scenes.words.subtitle_timing import reading_seconds

RUN, OTHER = Experiment(epochs=200), Experiment(epochs=200, seed=5)
LINE = LinearLimits.Parameters().line_run()
RELU = Experiment(hidden=(2, 3), activation="relu", learning_rate=0.02, epochs=40)


def curves_across(scene) -> dict[str, np.ndarray]:
    """Colour -> the points of the curves across the picture."""
    parts = [part for part in scene.get_mobject_family_members() if getattr(part, "bleed", False)]
    return {part.get_stroke_color().to_hex(): part.points.copy() for part in parts}


def drawn(plot, curve) -> np.ndarray:
    """x and y (2, n) of a curve on a plot, in the data's units."""
    return np.array([plot.data(point) for point in [*curve.get_start_anchors(), curve.get_end()]]).T


@dataclass
class Film:
    """One playing of summary, and what was seen of it."""

    played: Any = None
    thread: list[np.ndarray] = field(default_factory=list)  # its blue curves
    loss_card: dict[str, Any] = field(default_factory=dict)
    curve: dict[str, Any] = field(default_factory=dict)  # the gradient, at the end of that beat
    ends: dict[str, np.ndarray] = field(default_factory=dict)  # the last picture's curves
    numbers: list[tuple] = field(default_factory=list)  # each time that they were shown
    begun: dict[int | None, float] = field(default_factory=dict)  # when a step, or none, was to be bright

    def look(self, scene, beat: str) -> None:
        shown, numbers = scene.get_mobject_family_members(), getattr(scene, "numbers", None)
        self.ends |= curves_across(scene)
        if beat == "thread":
            functions = scene.functions
            self.thread = [drawn(functions[k][0][0], blue) for k, blue in enumerate(functions.blue)]
        if beat == "steps":
            plot, *_, blue = scene.map.card(2)[PLACE]
            self.loss_card = {"curve": drawn(plot, blue), "loss": scene.loss[1].value}
            self.loss_card["shown"] = scene.loss in scene.mobjects
        if beat == "chosen":
            self.loss_card["left"] = scene.loss not in scene.mobjects
        if beat == "curve":
            self.curve = {"length": numbers.length.number in shown, "slopes": numbers.slopes in shown}
            self.curve["written"] = float(numbers.length.number.text)


@pytest.fixture(scope="module")
def film_of(play):
    """``film_of(run)``: a run's film, played once for all tests."""

    @cache
    def film(run: Experiment) -> Film:
        made, show, focus = Film(), RunNumbers.show, ThreeSteps.focus
        thread_beat, scenes = Summary._thread_beat, []

        def shown(self, row):
            show(self, row)
            texts = [[number.value for number in part.numbers] for part in (self.strip, self.slopes)]
            others = (self.length.number, self.readout.count, self.readout.loss)
            made.numbers.append((row, self.strip.columns.shown, *texts, *(number.value for number in others)))

        def focused(self, step):
            made.begun[step] = scenes[0].time
            return focus(self, step)

        def begun(scene):
            scenes.append(scene)
            thread_beat(scene)

        with (
            patch.object(RunNumbers, "show", shown),
            patch.object(ThreeSteps, "focus", focused),
            patch.object(Summary, "_thread_beat", begun),
        ):
            made.played = play(Summary, made.look, run=run)
        return made

    return film


@pytest.mark.parametrize("run", [RUN, OTHER, RELU], ids=["sigmoids", "another start", "two layers"])
def test_the_last_curve_is_what_the_run_ended_with(film_of, trace_of, run):
    curves, dataset = film_of(run).ends, run.dataset
    blue, red = curves["#4FADFF"], curves["#FF5C6A"]
    x = np.interp(blue[:, 0], [blue[0, 0], blue[-1, 0]], dataset.range)
    y = predict(run, trace_of(run).parameters[-1], dataset.features_at(x))
    label = dataset.curve()(np.interp(red[:, 0], [red[0, 0], red[-1, 0]], dataset.range))
    scale, offset = np.polyfit(label, red[:, 1], 1)  # scene units of a label: one axis for both
    np.testing.assert_allclose(blue[:, 1], scale * y + offset, atol=0.02)


@pytest.mark.parametrize("run", [RUN, RELU], ids=["sigmoids", "two layers"])
def test_the_numbers_above_it_are_those_of_recorded_states(film_of, trace_of, run):
    film, trace = film_of(run), trace_of(run)
    last, power = len(trace.kept) - 1, film.played.scene.numbers.slopes.power
    assert (film.numbers[0][0], film.numbers[-1][0]) == (0, last)
    for row, columns, theta, slopes, length, updates, value in film.numbers:
        np.testing.assert_allclose(theta, trace.parameters[row][columns])
        np.testing.assert_allclose(slopes, trace.gradient[min(row, last - 1)][columns] * 10.0**power)
        assert length == pytest.approx(float(np.linalg.norm(trace.gradient[min(row, last - 1)])))
        assert updates == trace.kept[row]
        assert value == pytest.approx(float(loss(run, trace.parameters[row])))


@pytest.mark.parametrize("run", [RUN, RELU], ids=["sigmoids", "two layers"])
def test_when_all_updates_are_over_the_gradient_is_a_length_that_does_not_read_zero(film_of, run):
    seen = film_of(run).curve
    assert seen["length"] and not seen["slopes"]
    assert seen["written"] > 0


def test_no_picture_is_empty_before_the_last_run_it_comes_out_of_the_cards(play, monkeypatch):
    ends, out = [], Summary._out_of_the_cards

    def seen(scene, motif, seconds):
        cards = [scene.map.card(1)[PLACE][1].copy(), scene.map.red.copy()]  # the first state, and what is learned
        moves = out(scene, motif, seconds)
        for move in moves[2:]:
            move.update_function(move.mobject, 0.0)
        for before, after in zip(cards, (motif.blue, motif.red), strict=True):
            ends.append(([before.get_start(), before.get_end()], [after.get_start(), after.get_end()]))
            assert after in scene.get_mobject_family_members()
            assert before.get_stroke_color() == after.get_stroke_color()
        return moves

    monkeypatch.setattr(Summary, "_out_of_the_cards", seen)
    play(Summary, until="curve", run=RUN)
    assert len(ends) == 2
    for before, after in ends:
        np.testing.assert_allclose(before, after, atol=1e-6)


def test_the_map_is_whole_when_the_sum_has_come_into_it(play, monkeypatch):
    become, seen = Summary._sum_becomes_a_step, {}

    def looked_at(scene):
        whole = [len(card.get_family()) for card in scene.map.cards]
        become(scene)
        seen["same"] = whole == [len(card.get_family()) for card in scene.map.cards]
        there = scene.get_mobject_family_members()
        seen["thread"] = [part for part in scene.functions.get_family() if part.has_points() and part in there]
        seen["one"] = scene.map in scene.mobjects

    monkeypatch.setattr(Summary, "_sum_becomes_a_step", looked_at)
    play(Summary, until="steps", run=RUN)
    assert seen == {"same": True, "thread": [], "one": True}


def test_the_last_picture_stays_when_all_is_said(film_of):
    scene = film_of(RUN).played.scene
    assert scene.time - scene.beats[-1].end == pytest.approx(LAST_LOOK, abs=0.2)


def test_an_early_state_stands_while_its_numbers_do():
    shown = [stepwise(row) for row in np.linspace(0, 3, 301)]
    assert np.all(np.diff(shown) >= 0) and (shown[0], shown[-1]) == (0, 3)
    for row in range(3):
        assert shown[100 * row : 100 * row + 70] == pytest.approx([row] * 70)


def test_it_lies_where_the_film_began(play, film_of):
    begin, end = {}, film_of(RUN).ends
    play(Title, lambda scene, beat: begin.update(curves_across(scene)), run=RUN)
    for color in ("#4FADFF", "#FF5C6A"):
        np.testing.assert_allclose(begin[color][[0, -1]], end[color][[0, -1]], atol=1e-6)


BREATH = 0.4  # that a beat lasts longer than its line


def test_each_step_is_bright_while_it_is_spoken_of(film_of):
    film = film_of(RUN)
    played, begun = film.played, film.begun
    said, beat = played.lines["steps"]["en"], next(b for b in played.scene.beats if b.name == "steps")
    for step, word in ((2, "A loss"), (3, "And the search"), (None, "arg min")):
        share = reading_seconds(said[: said.index(word)], "en") / reading_seconds(said, "en")
        spoken = beat.start + share * (beat.end - BREATH - beat.start)
        assert spoken - 0.8 <= begun[step] <= spoken + 0.3, word  # 0.7 seconds later it is bright


@pytest.mark.parametrize("run", [RUN, RELU], ids=["sigmoids", "two layers"])
def test_the_loss_card_ends_on_what_the_run_ended_with_and_its_loss(film_of, trace_of, run):
    seen, theta = film_of(run).loss_card, trace_of(run).parameters[-1]
    assert seen["shown"] and seen["left"]
    assert seen["loss"] == pytest.approx(float(loss(run, theta)), rel=1e-6)
    x, y = seen["curve"]
    np.testing.assert_allclose(y, predict(run, theta, run.dataset.features_at(x)), atol=1e-6)


def test_each_choice_stands_under_its_step(play):
    scene = play(Summary, until="chosen", run=RUN).scene
    for (step, _), text in zip(CHOSEN, scene.chosen, strict=True):
        card = scene.map.card(step)
        assert text.get_center()[0] == pytest.approx(card.get_center()[0])
        assert card.get_bottom()[1] < text.get_bottom()[1] < text.get_top()[1] < -1.15
    assert scene.check.get_top()[1] < min(card.get_bottom()[1] for card in scene.map.cards)  # of no step


def test_the_beats(film_of):
    assert film_of(RUN).played.beats == ["thread", "steps", "chosen", "curve", "next"]


def test_the_thread_is_the_trained_line_the_pieces_and_what_the_run_ended_with(film_of, trace_of):
    seen = film_of(RUN).thread
    line = line_of(LINE, np.asarray(trace_of(LINE).parameters[-1]))
    np.testing.assert_allclose(seen[0][1], line(seen[0][0]), atol=1e-9)
    np.testing.assert_allclose(seen[1][1], RUN.dataset.curve()(seen[1][0]), atol=1e-9)
    theta = trace_of(RUN).parameters[-1]
    np.testing.assert_allclose(seen[2][1], predict(RUN, theta, RUN.dataset.features_at(seen[2][0])), atol=1e-9)


def test_the_line_is_that_of_the_curve_that_is_shown(play):
    """Of curves as wide as a user may have them, too: gradient descent has found the line of all."""
    for knots in (((0, 5), (4, 9), (8, 5)), ((0, 5), (60, -9), (150, 7)), ((0.01, 4), (0.02, 2), (0.03, 5))):
        run = Experiment(dataset={"knots": knots}, epochs=20)
        functions = play(Summary, until="thread", run=run).scene.functions
        x, y = drawn(functions[0][0][0], functions.blue[0])[:, [0, -1]]
        shown = np.linspace(*run.dataset.range, 81)
        line = np.poly1d(np.polyfit(shown, run.dataset.curve()(shown), 1))
        np.testing.assert_allclose(x, run.dataset.range, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(y, line(x), rtol=1e-6)


def test_for_the_lectures_curve_the_line_is_the_one_that_is_trained_anyway():
    for dataset in ({}, {"examples": 31}, {"centered": False}):
        parameters = Summary.validated({"run": {"dataset": dataset}})
        assert Summary.experiments(parameters)["line"] == LINE
    assert Summary.experiments(Summary.validated({"run": {"dataset": {"high": 9}}}))["line"] != LINE


def test_each_question_stands_under_a_picture_of_what_it_is_about(film_of):
    scene = film_of(RUN).played.scene
    batches, relus, losses, networks = scene.emblems.pictures
    for emblem, picture in zip(scene.emblems, scene.emblems.pictures, strict=True):
        assert emblem[-1].get_top()[1] < picture.get_bottom()[1] - 0.2
        assert emblem[-1].get_bottom()[1] > scene.motif.get_top()[1] + 0.2
        assert emblem[-1].get_center()[0] == pytest.approx(picture.get_center()[0], abs=0.25)
    squares = [len(cells.get_subpaths()) for row in batches for _, cells in row]
    assert squares == [size for _, size in Batches.Parameters().quiz for _ in range(3)]
    (_, soft), (zero, hinge) = relus
    assert soft.height == pytest.approx(hinge.height, rel=0.02)
    assert hinge.point_from_proportion(0.0)[1] == pytest.approx(zero.get_y())
    (fat,), deep = (network.widths[1:-1] for network in networks)
    assert fat == sum(deep) and len(deep) > 1
    views = {
        kind: [lecture_losses(layers)[k] for layers in LECTURE_DEPTHS] for k, kind in enumerate(("seen", "validation"))
    }
    for dots, kind in ((losses[3], "seen"), (losses[5], "validation")):
        known = [loss for loss in views[kind] if loss is not None]
        heights = np.array([dot.get_y() for dot in dots]) - losses[0].get_y()
        assert heights / heights[0] == pytest.approx(np.array(known) / known[0])


@pytest.mark.parametrize(("language", "theme"), [("en", "light"), ("zh", "dark")])
def test_another_run_stays_readable(play, language, theme):
    assert play(Summary, check_scene, lang=language, theme=theme, run=RELU).findings == []


def test_a_run_on_no_curve_is_an_error():
    with pytest.raises(UserError, match=r'summary draws the curve .* kind "curve"'):
        Summary.validated({"run": {"dataset": {"kind": "daily views"}}})


def test_a_run_of_a_line_is_an_error():
    with pytest.raises(UserError, match=r"run\.hidden: summary goes on from a line .* needs a hidden layer"):
        Summary.validated({"run": {"hidden": []}})
