"""Tests that scenes on other data have neutral lines with the right numbers, and make no claims."""

from __future__ import annotations

import re
from datetime import date, timedelta

import numpy as np
import pytest
from gradreel.core.analysis.compared_networks import width_experiments
from gradreel.core.analysis.forecast import forecast, next_days
from gradreel.core.analysis.results import best_validation_row, loss_by_epoch
from gradreel.core.daily.series import DailySeries
from gradreel.core.daily.views import DailyViews
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import loss
from gradreel.scenes.base import LectureScene
from gradreel.scenes.lecture.experiments.width_experiment import WidthExperiment
from gradreel.scenes.lecture.runs import THREE_DAYS
from gradreel.scenes.testing.layout import check_scene
from gradreel.scenes.words.marks import marked
from gradreel.scenes.words.narration import NEUTRAL, Narration

WEEKS = 4000.0 * np.tile([1, 1, 1, 1, 1, 0.6, 0.5], 20) * (1 + 0.1 * np.sin(np.arange(140)))
OWN = DailyViews(series=DailySeries(start=date(2022, 1, 3), values=tuple(WEEKS.round()), name="mine.csv"), window=7)
FEW = {"dataset": OWN, "seeds": (0, 1), "epochs": 3}
NARRATION = Narration.load()


def numbers(line: str) -> list[str]:
    """All numbers in digits."""
    return re.findall(r"\d+(?:\.\d+)?", line)


def said(played, beat: str) -> list[str]:
    """The numbers of a beat's line, the same in both languages."""
    english, chinese = (numbers(line) for line in played.lines[beat].values())
    assert sorted(english) == sorted(chinese)
    return english


@pytest.fixture(scope="module")
def neutral(play):
    """Return ``neutral("scene", **parameters)``, which plays a scene on other data and returns it.

    It checks that the scene has neutral lines, breaks no layout rule, and says the same in both languages.
    """

    def play_it(name, **parameters):
        played = play(name, check_scene, **parameters)
        assert not played.findings and played.scene.other_data
        for language, scenes in NARRATION.scenes.items():
            words = scenes[name]
            for beat, lines in played.lines.items():
                beat_or_piece = re.sub(r"-[2-9]$", "", beat)
                line = words.get(NEUTRAL, {}).get(beat) or words["beats"].get(beat_or_piece)
                assert line is not None, f"{beat} is none of the lesson's"
                between = map(re.escape, re.split(r"\{.*?\}", marked(line)[0]))
                assert re.fullmatch(".*?".join(between), lines[language])
        return played

    return play_it


def test_other_data_is_recognised():
    """Other parameters, or other runs, than the lesson has; also of a scene that is derived from ours."""

    class Mine(WidthExperiment):
        """The same networks."""

        class Parameters(WidthExperiment.Parameters):
            note: str = "mine"

    class Narrow(WidthExperiment):
        class Parameters(WidthExperiment.Parameters):
            def networks(self):
                return width_experiments(self.dataset, (0, 4), self.seeds, self.epochs)

    class Required(LectureScene):
        class Parameters(LectureScene.Parameters):
            size: int

    assert not WidthExperiment().other_data and not Mine(parameters={"note": "other"}).other_data
    assert not WidthExperiment(parameters={"widths": [0, 10, 100, 1000]}).other_data
    assert WidthExperiment(parameters={"epochs": 3}).other_data and Mine(parameters={"epochs": 3}).other_data
    assert WidthExperiment(parameters={"dataset": OWN}).other_data
    assert Narrow().other_data
    assert not Required(parameters={"size": 3}).other_data  # nothing is known of it


def test_width_experiment(neutral):
    played = neutral("width-experiment", **FEW, widths=(0, 4))
    assert played.beats == ["networks", "train", "training-falls", "validation-falls-to-hundred"]
    scene, (small, large) = played.scene, played.scene.outcome
    means = [scene.written(result.training.mean) for result in (small, large)]
    assert said(played, "training-falls")[:2] == means
    assert said(played, "validation-falls-to-hundred")[0] == scene.written(scene.best.validation.mean)
    assert scene.title.source == scene.screen("heading")  # which decides nothing


def test_depth_experiment(neutral):
    played = neutral("depth-experiment", **FEW, depths=(0, 1, 2), width=4)
    assert played.beats[2:] == ["training-falls-deeper", "validation-falls-to-three", "lecture-agrees"]
    scene, losses = played.scene, played.scene.outcome
    assert said(played, "training-falls-deeper") == [scene.written(losses[k].training.mean) for k in (0, -1)]
    assert said(played, "validation-falls-to-three") == [scene.written(scene.best.validation.mean)]


def test_overfitting(neutral, trace_of):
    played = neutral("overfitting", **FEW | {"epochs": 12}, depths=(0, 1, 2), width=4)
    assert played.beats[3:] == ["seen-falls", "validation-turns", "stop"]
    scene, network = played.scene, played.scene.outcome[-1].network  # the largest
    losses = loss_by_epoch(trace_of(network.experiments[0]))
    least = 1 + int(np.argmin(losses.validation[1:]))
    settled = f"{scene.losses.epoch[scene.settled]:.0f}"
    assert said(played, "validation-turns") == [settled, scene.written(float(losses.validation[least]))]
    assert said(played, "stop") == [f"{losses.epoch[least]:.0f}"]


@pytest.mark.parametrize("days", [1, 4])
def test_model_selection(neutral, trace_of, days):
    played = neutral("model-selection", **FEW, depths=(0, 1), width=4, days=days)
    after = ["pretend", "week-low-again"] if days > 1 else []
    assert played.beats == ["choice", "tomorrow-low", *after]
    scene = played.scene
    run = scene.best.network.experiments[0]
    theta = np.asarray(trace_of(run).parameters[best_validation_row(trace_of(run))])
    ahead = forecast(run, theta, days, OWN.daily.end - timedelta(days=1))
    assert f"It says {scene.counted(ahead.prediction[0])} views." in played.lines["tomorrow-low"]["en"]


def test_forecast(neutral, trace_of):
    played = neutral("forecast", dataset=OWN, depth=1, width=4, epochs=3)
    assert played.beats == ["days", "prediction", "lows", "missed-most", "window"]
    (run,) = played.scene.experiments(played.scene.parameters).values()
    trace, data = trace_of(run), run.dataset
    theta = np.asarray(trace.parameters[best_validation_row(trace)])
    days = next_days(run, theta, data.first_validation_date, data.first_test_date - timedelta(days=1))
    worst = int(np.abs(days.error).argmax())
    day = days.dates[worst].astype(date)
    assert f"{day.day} {day:%B}" in played.lines["missed-most"]["en"]
    numbers = [played.scene._text(views) for views in (days.truth[worst], days.prediction[worst])]
    assert all(number in line for number in numbers for line in played.lines["missed-most"].values())


def test_more_features(neutral):
    played = neutral("more-features", dataset=OWN, days=3, sigmoids=2)
    assert played.beats == ["channel", "more-days"], "no rule, and no days singled out"


SHORT = Experiment(epochs=30, seed=5)
DAYS = THREE_DAYS.model_copy(update={"dataset": OWN.model_copy(update={"window": 2}), "hidden": (2,), "epochs": 2})
ALL = {  # of scenes that tell the same beats of whatever data: parameters
    "build-curve": {"knots": [[0, 1], [2, 3], [5, 0], [6, 2], [8, 1]]},
    "any-curve": {"function": "x**2", "points": [2, 4, 8]},
    "morph-sigmoid": {"piece": [1, 3, -2]},
    "linear-limits": {"knots": [[0, 0], [20, 20]], "noise": 1},
    "why-gradient": {"values": 5, "sigmoids": (1, 2)},
    "summary": {
        "run": Experiment(hidden=(2, 2), epochs=30, learning_rate=0.01),
        "width": 4,
        "seeds": (0,),
        "epochs": 2,
    },
    "matrix-form": {"run": DAYS},
    "network-diagram": {"run": DAYS},
    "batches": {"run": DAYS},
    "loss": {"run": DAYS, "first": 1, "days": 14},
    "backprop": {"run": DAYS},
}


@pytest.mark.parametrize("scene", ALL)
def test_neutral_lines_are_used_wherever_they_exist(neutral, scene):
    beats = set(neutral(scene, **ALL[scene]).beats)
    words = NARRATION.scenes["en"][scene]
    assert {*words[NEUTRAL]} <= beats
    assert {re.sub(r"-\d+$", "", beat) for beat in beats} <= {re.sub(r"-\d+$", "", beat) for beat in words["beats"]}


@pytest.mark.parametrize(
    "run",
    [
        SHORT,
        Experiment(epochs=8, loss="mae", hidden=(2,), activation="relu", optimizer="adam", learning_rate=0.05),
    ],
    ids=["sigmoids", "eight updates by adam"],
)
def test_gradient_descent(neutral, trace_of, run):
    played = neutral("gradient-descent", run=run)
    drop = min(10, run.n_updates)
    losses = [f"{played.scene.descent.loss_text(row)}" for row in (drop, run.n_updates)]
    assert [float(text) for text in losses] == pytest.approx(loss(run, trace_of(run).parameters[[drop, -1]]), rel=0.06)
    assert said(played, "drop-valley") == [str(drop), losses[0]]
    assert said(played, "arrival") == [str(run.n_updates), losses[1]]


@pytest.mark.parametrize("hidden", [3, 2], ids=["a sigmoid for each piece", "none by hand"])
def test_sum_of_sigmoids(neutral, hidden):
    run = SHORT.model_copy(update={"hidden": (hidden,)})
    played = neutral("sum-of-sigmoids", run=run)
    hand = (["add-up", "smaller"], ["race"], ["other-pieces"]) if hidden == 3 else ([], [], [])
    assert played.beats == ["by-hand", *hand[0], "start", "learn", *hand[1], "end-close-better", *hand[2], "sigma"]
    assert said(played, "end-close-better") == ["30", played.scene.readout.written(played.scene.numbers.loss_at(30))]


def test_why_deep(neutral):
    played = neutral("why-deep", epochs=30, folds=3, seeds=(0, 1, 2), fat=9, deep=(4, 4))
    race, starts = "race-both-right", "starts-deep-all"
    assert played.beats == ["name", "bends", "fold", "folds", "spirals", race, "sheet-cut", starts]
    fat, deep = (run.n_parameters for run in played.scene.recorded.runs)
    assert said(played, race) == [str(fat), str(deep), "30"]
    ends = played.scene.recorded.ends
    assert said(played, starts) == [str(int((ends[k] < ends[1 - k]).sum())) for k in (0, 1)]


def test_deeper_and_deeper(neutral):
    networks = [{"name": "A", "year": 2001, "layers": 30}, {"name": "B", "year": 2002, "layers": 3, "error": 5.0}]
    played = neutral("deeper-and-deeper", networks=networks, pictures=5000)
    assert played.beats == ["first", "last-taller-error", "pictures-million"]
    assert said(played, "first") == ["2001", "30"] and "three layers" in played.lines["last-taller-error"]["en"]


def test_any_run(neutral):
    curve = neutral("loss-curve", run=Experiment(epochs=60))
    assert said(curve, "end") == ["60", curve.scene.readout.loss.text]
    assert said(neutral("network", run=Experiment(hidden=(3,), epochs=30)), "walk") == ["30"]
