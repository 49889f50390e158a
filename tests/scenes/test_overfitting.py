"""Tests of overfitting: both lines are the recorded losses, and marks and words follow from them."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from gradreel.core.analysis.compared_networks import depth_experiments
from gradreel.core.analysis.results import loss_by_epoch
from gradreel.core.daily.series import DailySeries
from gradreel.core.daily.views import DailyViews
from gradreel.core.network.theta import predict
from gradreel.scenes.lecture.experiments import overfitting
from gradreel.scenes.lecture.experiments.overfitting import DOTS, DOTS_RUN, NEW_DOTS, VIEWS, Overfitting
from gradreel.scenes.style import RIGHT_EDGE
from gradreel.scenes.testing.layout import check_scene
from manim import DL, UR

BEATS = ["rule-found", "through-dots", "new-dots-early-better", "seen-falls", "validation-turns", "stop"]
SMALL = {"depths": (0, 1, 2), "width": 8, "seeds": (0, 1), "epochs": 3}


def tent() -> DailyViews:
    """Each day follows from the one before by a line with a bend, and noise: one layer does it, two learn the noise."""
    rng, today = np.random.default_rng(1), 0.37
    values = []
    for _ in range(100):
        values.append(today)
        today = float(np.clip(1 - abs(1 - 1.98 * today), 0.001, 0.999))
    views = tuple(np.round(1000 + 1000 * (np.array(values) + 0.05 * rng.normal(size=100)), 3).tolist())
    return DailyViews(series=DailySeries(start=date(2020, 1, 1), values=views, name="tent.csv"), window=7)


TENT = {"dataset": tent(), "depths": (0, 1, 2), "width": 64, "seeds": (0, 1), "epochs": 400}


class Film:
    """Plays the scene once on days like the lesson's and stores observations at the ends of beats."""

    def __init__(self, play, words_on) -> None:
        self.words, self.tips = {}, {}

        def look(scene, beat):
            self.words[beat] = words_on(scene)
            self.tips[beat] = {kind: scene.run.plot.data(tip.get_center()) for kind, tip in scene.run.tips.items()}
            if beat == "validation-turns":
                (left, bottom, _), (self.right, _, _) = (scene.words["validation"][1].get_corner(at) for at in (DL, UR))
                drawn = np.concatenate([line.get_all_points() for line in scene.run.lines.values()])
                self.free = bottom - drawn[drawn[:, 0] > left, 1].max()

        self.played = play(Overfitting, look, **TENT)
        self.scene = self.played.scene


@pytest.fixture
def film(of_the_lesson, play, words_on, monkeypatch) -> Film:
    monkeypatch.setattr(overfitting, "STATES", 50)  # far fewer than are kept
    return Film(play, words_on)


def test_the_lines_the_level_and_the_floors_are_the_recorded_ones(film, trace_of):
    scene, tips = film.scene, film.tips
    assert film.played.beats == BEATS
    losses = loss_by_epoch(trace_of(scene.largest.network.experiments[0]))  # of all kept states
    lowest = 1 + int(np.argmin(losses.validation[1:]))
    turn, least = losses.epoch[lowest], losses.validation[lowest]
    assert len(scene.losses.epoch) <= 51 < len(losses.epoch)
    # Each loss goes to its end; in the end the run is back where that of validation days is least
    assert tips["seen-falls"]["training"] == pytest.approx((400, losses.training[-1]), rel=0.01)
    assert tips["validation-turns"]["validation"] == pytest.approx((400, losses.validation[-1]), rel=0.01)
    assert tips["stop"]["validation"] == pytest.approx((turn, least), rel=0.01)
    assert tips["stop"]["training"][0] == pytest.approx(turn, rel=0.01)
    around, label = scene.kept
    plot = scene.run.plot
    assert plot.data(around.get_center()) == pytest.approx((turn, least), rel=0.01)
    assert label.source == f"epoch {turn:.0f}" and f"epoch {turn:.0f}," in film.played.lines["stop"]["en"]
    # What one who knows the rule would miss by, and what lies below it
    line, name, learned, upright, _, flat, other_line, other_name = scene.marks[:8]
    assert plot.data(line.get_center())[1] == pytest.approx(120, abs=1)
    assert plot.data(other_line.get_center())[1] == pytest.approx(150, abs=1)
    assert (name.source, other_name.source) == ("floor 120", "floor 150")
    assert plot.data(learned.get_top())[1] == pytest.approx(120, abs=1)
    assert plot.data(learned.get_bottom())[1] == pytest.approx(losses.training.min(), rel=0.05)
    # Where the validation loss gets no better: no state before was as low as the later ones are on average
    settled = scene.losses.epoch[scene.settled]
    assert plot.data(upright.get_center())[0] == pytest.approx(settled)
    assert plot.data(flat.get_center())[1] == pytest.approx(scene.losses.validation[scene.settled :].mean(), rel=0.01)
    assert (
        scene.losses.validation[1 : scene.settled].min(initial=np.inf) > scene.losses.validation[scene.lowest :].mean()
    )
    assert "overfitting" in film.words["stop"] and "overfitting" not in film.words["validation-turns"]
    # A line's word is off all that is drawn under it
    assert film.right <= RIGHT_EDGE + 1e-6 and film.free > 0.1


def test_the_small_example_shows_recorded_curves_and_their_errors_on_new_dots(film, trace_of):
    scene, trace = film.scene, trace_of(DOTS_RUN)
    states, x = np.asarray(trace.parameters), DOTS.x()
    gaps = np.abs(predict(DOTS_RUN, states, DOTS.features()) - NEW_DOTS.labels()).mean(axis=1)
    assert scene.early == gaps.argmin()
    for side, row in zip(scene.pair, (scene.early, -1), strict=True):
        blue = np.array([side.axes.data(at) for at in side.blue.get_anchors()]).T
        drawn = np.interp(x, *blue)
        np.testing.assert_allclose(drawn, predict(DOTS_RUN, states[row], DOTS.features()).clip(*VIEWS), atol=0.03)
        lines = side.gaps(states[row])
        lengths = [abs(side.axes.data(line.get_start())[1] - side.axes.data(line.get_end())[1]) for line in lines]
        assert np.mean(lengths) == pytest.approx(gaps[row])
        told = f"misses new dots by {gaps[row]:.2f}"
        assert told in film.words["new-dots-early-better"]


def test_for_other_data_no_floor_is_shown(play, words_on):
    played = play(Overfitting, **SMALL)
    assert played.beats == BEATS and "floor" not in " ".join(words_on(played.scene))
    assert f"epoch {played.scene.turn:.0f}" in played.lines["stop"]["en"]


@pytest.mark.parametrize(
    ("parameters", "lang"),
    [
        ({"depths": (0, 1, 2, 3, 4, 20), "width": 100, "seeds": (0,), "epochs": 1}, "en"),
        ({"depths": (1, 2), "width": 1, "seeds": tuple(range(10)), "epochs": 1}, "zh"),
        ({"depths": (0, 3), "width": 1000, "seeds": (0,), "epochs": 1}, "en"),
    ],
)
def test_ends_of_the_bounds_keep_the_rules_of_the_picture(play, parameters, lang):
    assert not play(
        Overfitting, check_scene, lang=lang, dataset=tent().model_copy(update={"window": 3}), **parameters
    ).findings


@pytest.mark.parametrize(
    ("training", "unseen"),
    [((0, 0, 0), (0, 0, 0)), ((500, 20, 490), (10, 480, 30)), ((3, 2, 1), (900, 2, 800))],
)
def test_any_losses_keep_the_rules_of_the_picture(play, results_are, training, unseen):
    results_are(training, unseen)
    assert not play(Overfitting, check_scene, **SMALL).findings


def test_runs_are_those_of_the_experiment_command():
    wanted = {run.digest for network in depth_experiments(depths=(0, 1, 2, 3, 4)) for run in network.experiments}
    runs = {run.digest for run in Overfitting.experiments(Overfitting.validated({})).values()}
    assert runs == wanted | {DOTS_RUN.digest}
