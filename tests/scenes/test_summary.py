"""summary: its curves are the recorded run's, its days the channel's."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest
from gradreel.core.analysis.forecast import forecast, next_days
from gradreel.core.analysis.results import best_validation_row
from gradreel.core.curves.line_fit import line_of
from gradreel.core.daily.series import DailySeries
from gradreel.core.daily.synthetic import END
from gradreel.core.daily.views import DailyViews
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import loss, predict
from gradreel.scenes.lecture.curves.linear_limits import LinearLimits
from gradreel.scenes.lecture.opening.summary import Summary
from gradreel.scenes.mobjects.pace import stepwise
from gradreel.scenes.testing.layout import check_scene
from manim import DOWN, UP

RUN = Experiment(epochs=200)
LINE = LinearLimits.Parameters().line_run()
FEW = DailyViews(series=DailySeries(start=END, values=tuple(float(k % 7) for k in range(40)), name="m.csv"), window=3)
TWO_LAYERS = Experiment(hidden=(2, 3), activation="relu", learning_rate=0.02, epochs=40)
OTHERS = {
    "ours": {"run": RUN, "width": 4, "seeds": (0, 1), "epochs": 2},
    "two layers": {"run": TWO_LAYERS, "dataset": FEW, "depth": 0, "seeds": (0,), "epochs": 2},
}
BEATS = ["thread", "steps", "curve", "answer", "guess", "truth-partly-chance", "next"]


def drawn(plot, curve) -> np.ndarray:
    """x and y (2, n) of a curve on a plot, in the data's units."""
    return np.array([plot.data(point) for point in [*curve.get_start_anchors(), curve.get_end()]]).T


@pytest.fixture(scope="module")
def film_of(play):
    """``film_of(name)``: one of `OTHERS`, played once for all tests."""

    def look(scene, beat):
        seen = SimpleNamespace(findings=check_scene(scene, beat))
        if beat == "curve":
            motif, numbers = scene.motif, scene.numbers
            seen.curve, seen.loss = drawn(motif.axes, motif.blue), numbers.readout.loss.text
            seen.theta = [number.value for number in numbers.strip.numbers]
        there = scene.get_mobject_family_members()
        seen.truth = scene.lens.dot in there, scene.lens.labels["truth"] in there
        return seen

    @cache
    def film(name, lang):
        return play(Summary, look, lang=lang, **OTHERS[name])

    return lambda name, lang="en": film(name, lang)


@pytest.mark.parametrize(("name", "lang"), [("ours", "en"), ("two layers", "zh")])
def test_layout_holds(film_of, name, lang):
    film = film_of(name, lang)
    assert film.beats == BEATS
    assert [finding for seen in film.seen.values() for finding in seen.findings] == []


@pytest.mark.parametrize(("name", "lang"), [("ours", "en"), ("two layers", "zh")])
def test_the_first_curve_and_its_numbers_are_the_runs_last(film_of, trace_of, name, lang):
    seen, run = film_of(name, lang).seen["curve"], OTHERS[name]["run"]
    theta = trace_of(run).parameters[-1]
    x, y = seen.curve
    assert y == pytest.approx(predict(run, theta, run.dataset.features_at(x)), abs=1e-6)
    assert float(seen.loss) == pytest.approx(float(loss(run, theta)), rel=0.06)
    assert set(np.round(seen.theta, 6)) <= set(np.round(np.asarray(theta), 6))


def test_an_early_state_stays_while_its_numbers_do():
    shown = [stepwise(row) for row in np.linspace(0, 3, 301)]
    assert np.all(np.diff(shown) >= 0) and (shown[0], shown[-1]) == (0, 3)
    for row in range(3):
        assert shown[100 * row : 100 * row + 70] == pytest.approx([row] * 70)


@pytest.mark.parametrize(("name", "lang"), [("ours", "en"), ("two layers", "zh")])
def test_guess_miss_and_truth_are_those_of_the_trained_network(film_of, trace_of, name, lang):
    film = film_of(name, lang)
    scene, guess, lens = film.scene, film.scene.guess, film.scene.lens
    traces = [trace_of(run) for run in scene.parameters.network().experiments]
    theta = [np.asarray(trace.parameters[best_validation_row(trace)]) for trace in traces]
    run, data = traces[0].experiment, scene.parameters.dataset
    ahead = forecast(run, theta[0], 1, data.daily.end - timedelta(days=1))
    missed = np.mean([next_days(run, states).mean_absolute_error for states in theta])
    assert lens.plot.data(lens.ring.get_center())[1] == pytest.approx(ahead.prediction[0])
    assert lens.plot.data(lens.dot.get_center())[1] == pytest.approx(data.daily.array()[-1])
    band = [lens.plot.data(lens.band.get_critical_point(side))[1] for side in (DOWN, UP)]
    assert band == pytest.approx([ahead.prediction[0] - missed, ahead.prediction[0] + missed], rel=1e-5)
    assert guess.written(guess.miss) in film.lines["guess"]["en"]


@pytest.mark.parametrize("name", OTHERS)
def test_the_last_day_is_hidden_until_its_truth_is_asked_for(film_of, name):
    seen = film_of(name, "zh" if name == "two layers" else "en").seen
    assert [seen[beat].truth for beat in BEATS] == [(False, False)] * 5 + [(True, True)] * 2


def test_the_days_before_today_are_those_a_network_sees(film_of):
    film = film_of("two layers", "zh")
    assert len(film.scene.days.dots) == 3 and "最近 3 天" in film.lines["answer"]["zh"]
    assert "The last 56 days run" in film_of("ours").lines["answer"]["en"]


def test_the_thread_is_the_trained_line_the_pieces_and_the_runs_end(film_of, trace_of):
    functions = film_of("ours").scene.functions
    straight, pieces, learned = (drawn(functions[k][0][0], blue) for k, blue in enumerate(functions.blue))
    line = line_of(LINE, np.asarray(trace_of(LINE).parameters[-1]))
    np.testing.assert_allclose(straight[1], line(straight[0]), atol=1e-9)
    np.testing.assert_allclose(pieces[1], RUN.dataset.curve()(pieces[0]), atol=1e-9)
    theta = trace_of(RUN).parameters[-1]
    np.testing.assert_allclose(learned[1], predict(RUN, theta, RUN.dataset.features_at(learned[0])), atol=1e-9)


def test_the_line_is_that_of_the_curve_that_is_shown(play):
    """Even for very wide or narrow curves, gradient descent finds the least-squares line."""
    for knots in (((0, 5), (60, -9), (150, 7)), ((0.01, 4), (0.02, 2), (0.03, 5))):
        run = Experiment(dataset={"knots": knots}, epochs=1)
        functions = play(Summary, until="thread", run=run, width=4, seeds=(0,), epochs=1).scene.functions
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
