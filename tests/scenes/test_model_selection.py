"""model-selection: the least loss on validation days is chosen; the exam and the forecast are that network's."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from gradreel.core.analysis.compared_networks import depth_experiments
from gradreel.core.analysis.forecast import forecast, horizon_errors, weekdays
from gradreel.core.daily.series import DailySeries
from gradreel.core.daily.views import DailyViews
from gradreel.scenes.lecture.experiments.model_selection import ModelSelection
from gradreel.scenes.lecture.experiments.pictures.days_ahead import DaysAhead
from gradreel.scenes.style import palette
from gradreel.scenes.testing.layout import check_scene
from gradreel.scenes.words.day_words import counted_views

WEEK = DailyViews(window=7)
SMALL = {"dataset": WEEK, "depths": (0, 1), "width": 4, "seeds": (0, 1), "epochs": 2}


@pytest.fixture
def knowing(trace_of, rewritten, tmp_path):
    """``knowing({7: 1.0}, parameters)``: a folder of traces, in which the linear model repeats the week in the end."""

    def make(weights: dict[int, float], parameters=SMALL):
        for network in ModelSelection.validated(parameters).networks():
            for trace in map(trace_of, network.experiments):
                states = np.array(trace.parameters)
                if not network.hidden:
                    states[1:] = 0.0
                    states[1:, [day - 1 for day in weights]] = list(weights.values())
                rewritten(trace, tmp_path, parameters=states)
        return tmp_path

    return make


def plain(text: str) -> float:
    """A number as it is written on the screen."""
    return float(text.replace("\u2009", ""))


def own(views, window: int = 7) -> DailyViews:
    series = DailySeries(start=date(2022, 1, 3), values=tuple(map(float, views)), name="views.csv")
    return DailyViews(series=series, window=window)


def test_the_runs_are_those_of_the_comparison_of_depths():
    expected = {run.digest for network in depth_experiments(depths=(0, 1, 2, 3, 4)) for run in network.experiments}
    runs = ModelSelection.experiments(ModelSelection.validated({}))
    assert {run.digest for run in runs.values()} == expected


@pytest.mark.parametrize(("weights", "chosen"), [({1: 0.1, 7: 0.9}, ()), ({1: -1.0}, (4,))])
def test_the_choice_follows_the_loss_on_validation_days(play, knowing, weights, chosen):
    played = play(ModelSelection, until="tomorrow-low", media_dir=knowing(weights), **SMALL)
    assert played.scene.best.network.hidden == chosen
    assert ("the linear model" in played.lines["choice"]["en"]) == (chosen == ())
    assert ("一层" in played.lines["choice"]["zh"]) == (chosen == (4,))


@pytest.mark.parametrize(
    ("views", "written"),
    [
        ((3744.2, 4437.0), ["3 744", "4 437"]),
        ((37_442.0,), ["37.4k"]),
        ((-3.2,), ["\u22123.20"]),
        ((4000.0, 12.0), ["4 000", "12"]),
    ],
)
def test_predictions_have_one_unit(views, written):
    write = counted_views(views)
    assert [write(number).replace("\u2009", " ") for number in views] == written


SERIES = 4000.0 * np.tile([1, 1, 1, 1, 1, 0.6, 0.5], 30)
OWN = {"dataset": own(SERIES[:208]), "depths": (0, 1), "width": 1, "seeds": (0,), "epochs": 1}  # then, a Saturday


def test_the_exam_and_the_week_are_the_chosen_networks(of_the_lesson, play, knowing, monkeypatch):
    seen, held = {}, []
    come_close = DaysAhead.come_close

    def closer(days, scene):
        held.append(tuple(days.plot.data(end)[0] for end in (days.bracket.get_left(), days.bracket.get_right())))
        come_close(days, scene)

    def look(scene, beat):
        there, days = scene.get_mobject_family_members(), scene.days
        if beat == "choice":
            values = [bar.value for pair in scene.board.bars for bar in pair]
            seen["losses"] = [value.source for value in values if value in there]
            chosen = scene.board.bars[scene.outcome.index(scene.best)][1]
            assert scene.ring.get_center() == pytest.approx(chosen.value.get_center())
        if beat == "exam":
            assert scene.board.bars[0][0].box not in there, "the bars of all depths have left"
            assert scene.parts.parts[2] in there and scene.parts.shut not in there, "the year is open"
        if beat == "pretend":
            at = days.plot.at(days.day(1) - 0.6, 0)[0]
            seen["span"], seen["fed"] = [part.source for part in days.span], scene.fed[0]
            assert scene.fed[0].get_right()[0] == pytest.approx(at)
        if beat.startswith(("pretend", "week")):
            seen[beat] = [bool(dot.get_fill_color() == palette.blue) for dot in days.predicted if dot in there]

    monkeypatch.setattr(DaysAhead, "come_close", closer)
    played = play(ModelSelection, look, media_dir=knowing({1: 0.1, 7: 0.9}, OWN), **OWN)
    scene, days = played.scene, played.scene.days
    # The choice: of each network what it loses on seen days and on validation days
    means = [loss.mean for result in scene.outcome for loss in (result.training, result.validation)]
    assert seen["losses"] == [scene.written(mean) for mean in means]
    # The exam: what it was chosen by and the unseen loss, each as high as it is large; the parts as long as they have
    # days
    bars, losses = scene.bars, [scene.best.validation.mean, scene.best.test.mean]
    heights = [bar.height for bar in bars.bars]
    assert heights[1] / heights[0] == pytest.approx(losses[1] / losses[0], rel=1e-6)
    assert [value.source for value in bars.values] == [scene.written(loss) for loss in losses]
    data = scene.dataset
    counts = [data.examples, data.n_validation, data.n_test]
    assert [part.width for part in scene.parts.parts] == pytest.approx(12.8 * np.array(counts) / sum(counts))
    # The forecast: the window whole, then closer; a day at a time, each prediction fed in before the next
    run = scene.best.network.experiments[0]
    theta = np.asarray(scene.traces_of(scene.best.network)[0].parameters[scene.best.rows[0]])
    expected = forecast(run, theta, 8, scene.dataset.daily.end - timedelta(days=1))
    assert len(days.predicted) == 8
    places = [days.plot.data(point.get_center()) for point in days.predicted]
    np.testing.assert_allclose([views for _, views in places], expected.prediction, rtol=1e-9)
    assert [day for day, _ in places] == list(expected.dates.astype(int))
    first = float(expected.dates[0].astype(int))
    assert held == [(pytest.approx(first - 7.4), pytest.approx(first - 0.6))]
    assert seen["span"] == ["7 days"] and seen["fed"].source == scene.counted(expected.prediction[0])
    assert plain(scene.counted(expected.prediction[0])) == pytest.approx(expected.prediction[0], abs=0.51)
    assert scene.number.source in played.lines["tomorrow-low"]["zh"]
    assert seen["pretend"] == [True, False] and seen["week-low-again"] == [True] * 7 + [False]
    assert not {*scene.fed} & {*scene.get_mobject_family_members()}
    # The last day of the series is asked for: its true views are nowhere. Each day's bar is as long as such days are
    # missed by
    assert days.known[0][-1] == np.datetime64(scene.dataset.daily.end - timedelta(days=1))
    missed = np.abs(horizon_errors(run, theta, 8)).mean(axis=0)
    tops = [days.plot.data(span.get_top())[1] for span in days.spans(scene._misses())]
    np.testing.assert_allclose(tops, expected.prediction + missed)
    # Low days are shaded
    dates, _ = days.known
    for day in [*dates[dates >= np.datetime64(days.near)], *expected.dates]:
        x = days.plot.at(days.plot.days(day), 0)[0]
        shaded = any(band.get_left()[0] - 1e-6 <= x <= band.get_right()[0] + 1e-6 for band in days.bands)
        assert shaded == (int(weekdays(np.array([day]))[0]) in scene.lows)


def test_a_wide_window_extends_beyond_the_plot(play):
    parameters = {**SMALL, "dataset": DailyViews(window=56), "seeds": (0,), "epochs": 1}
    scene = play(ModelSelection, until="tomorrow-low", **parameters).scene
    assert [part.source for part in scene.days.span] == ["56 days", "←"]


@pytest.mark.parametrize(
    ("lang", "bounds"),
    [
        ("zh", {"days": 8, "seeds": tuple(range(10))}),
        ("en", {"days": 1, "depths": (0, 1, 2, 3, 4, 20), "seeds": (0,), "epochs": 6}),
    ],
    ids=str,
)
def test_the_ends_of_the_bounds_keep_the_rules_of_the_picture(play, lang, bounds):
    parameters = {**SMALL, "width": 2, "epochs": 1, **bounds}
    assert play(ModelSelection, check_scene, lang=lang, **parameters).findings == []
