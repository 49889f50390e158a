"""forecast: predictions are those of the recorded network, and what is said of them is told by the numbers."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from gradreel.core.columns import checksum
from gradreel.core.daily_series import DailySeries
from gradreel.core.daily_views import DailyViews
from gradreel.core.errors import UserError
from gradreel.core.experiment import Experiment
from gradreel.core.forecast import next_days
from gradreel.core.results import depth_experiments
from gradreel.core.trace import Trace, column_kinds, read_meta, sealed_meta
from gradreel.core.training import train
from gradreel.scenes.base import SceneContext
from gradreel.scenes.layout import check_scene
from gradreel.scenes.lecture.forecast import Forecast
from gradreel.scenes.stills import visit_beats

WEEK = DailyViews(window=7)
LINEAR = {"dataset": WEEK, "depth": 0, "epochs": 1}
SMALL = {"dataset": WEEK, "depth": 2, "width": 6, "epochs": 3}


def run_of(parameters) -> Experiment:
    (run,) = Forecast.experiments(Forecast.validated(parameters)).values()
    return run


def own(views, window: int = 7) -> DailyViews:
    series = DailySeries(start=date(2022, 1, 3), values=tuple(map(float, views)), name="views.csv")
    return DailyViews(series=series, window=window)


@pytest.fixture(scope="module")
def media(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("media")
    for parameters in (LINEAR, SMALL):
        train(run_of(parameters), folder / "traces")
    return folder


@pytest.fixture
def knowing(tmp_path):
    """A media folder whose linear model ends with these weights: ``knowing(parameters, {7: 1.0})`` repeats the week."""

    def make(parameters, weights) -> Path:
        run = run_of(parameters)
        folder = train(run, tmp_path / "traces").path
        theta = np.zeros(run.n_parameters)
        for day, weight in weights.items():
            theta[day - 1] = weight
        states = np.load(folder / "parameters.npy")
        states[-1] = theta
        np.save(folder / "parameters.npy", states)
        sums = {name: checksum(folder / f"{name}.npy", kind) for name, kind in column_kinds(run).items()}
        (folder / "meta.json").write_text(sealed_meta(run, read_meta(folder)[0]["versions"], sums))
        return tmp_path

    return make


def play(media_dir, parameters, look=lambda scene, beat: None, lang="en") -> dict[str, dict[str, str]]:
    """The line of each beat in each language, by the beat's name, in order."""
    scenes = []

    def at_beat(scene, beat):
        scenes.append(scene)
        look(scene, beat)

    visit_beats(Forecast, at_beat, parameters, SceneContext(media_dir=media_dir, language=lang), (320, 180))
    return {beat.name: beat.lines for beat in scenes[-1].beats}


def test_the_run_is_one_of_the_comparison_of_depths():
    default = run_of({})
    assert default == depth_experiments()[2].experiments[0]
    assert run_of({"depth": 1, "seed": 3}) == depth_experiments()[0].experiments[3]


def test_both_lines_are_those_of_the_recorded_network(media):
    run = run_of(SMALL)
    expected = next_days(run, np.asarray(Trace.find(media / "traces", run).parameters[-1]))
    seen = {}

    def look(scene, beat):
        for name in ("red", "blue"):
            line = getattr(scene, name)
            points = [*line.get_start_anchors(), line.points[-1]]
            seen[name] = np.array([scene.plot.data(point) for point in points])
        seen["dots"] = np.array([scene.plot.data(dot.get_center()) for dot in scene.dots])

    lines = play(media, SMALL, look)
    np.testing.assert_allclose(seen["red"][:, 1], expected.truth, rtol=1e-9)
    np.testing.assert_allclose(seen["dots"][:, 1], expected.truth, rtol=1e-9)
    np.testing.assert_allclose(seen["blue"][:, 1], expected.prediction, rtol=1e-9)
    assert seen["blue"][0, 0] == float(expected.dates[0].astype(int))
    error = WEEK.format_views(float(expected.mean_absolute_error))
    assert error in lines["predict"]["en"] and error in lines["predict"]["zh"]
    assert "two hidden layers" in lines["predict"]["en"]


def test_blue_walks_along_the_predictions(media):
    run = run_of(SMALL)
    expected = next_days(run, np.asarray(Trace.find(media / "traces", run).parameters[-1]))

    def look(scene, beat):
        if beat == "predict":
            scene._show(10.5)
            end = scene.plot.data(scene.blue.points[-1])
            assert end[1] == pytest.approx((expected.prediction[10] + expected.prediction[11]) / 2)
            scene._show(len(expected.dates) - 1)

    play(media, SMALL, look)


def test_a_network_that_repeats_the_day_copies_the_dip_a_day_late(knowing):
    lines = play(knowing(LINEAR, {1: 1.0}), LINEAR)
    assert list(lines)[3:] == ["miss", "late", "eve", "window"]
    assert "11 February" in lines["miss"]["en"] and "2月11日" in lines["miss"]["zh"]
    assert "1.70k" in lines["miss"]["en"]  # what it dropped to
    assert "1.70k" in lines["late"]["en"]  # and what was said of the day after


def test_a_network_that_repeats_the_week_catches_the_lows_and_copies_nothing_the_day_after(knowing):
    lines = play(knowing(LINEAR, {7: 1.0}), LINEAR)
    assert list(lines) == ["real", "predict-linear", "lows", "miss", "not-late", "eve", "window"]
    assert "Fridays and Saturdays" in lines["lows"]["en"]
    assert "星期五和星期六" in lines["lows"]["zh"]


def test_a_network_that_says_the_same_every_day_misses_the_lows(knowing):
    assert "lows-missed" in play(knowing(LINEAR, {}), LINEAR)


def test_a_dip_on_another_day_is_not_called_new_year(knowing):
    views = 4000.0 * np.tile([1, 1, 1, 1, 1, 0.6, 0.5], 30)
    views[199] = 100.0
    parameters = {"dataset": own(views), "depth": 0, "epochs": 1}
    lines = play(knowing(parameters, {7: 1.0}), parameters)
    assert list(lines) == ["real-year", "predict-linear", "lows", "miss", "not-late", "unknown", "window"]
    assert "21 July" in lines["miss"]["en"]
    assert not any("New Year" in line["en"] or "除夕" in line["zh"] for line in lines.values())


def test_days_without_a_pattern_have_no_lows_and_no_dip(knowing):
    parameters = {"dataset": own(1000 + 10 * np.sin(np.arange(100))), "depth": 0, "epochs": 1}
    lines = play(knowing(parameters, {1: 1.0}), parameters)
    assert list(lines) == ["real-year", "predict-linear", "no-lows", "no-miss", "window-plain"]


def test_of_many_unseen_days_those_around_the_dip_are_shown(knowing):
    parameters = {"dataset": DailyViews(window=7, unseen_from=date(2018, 6, 1)), "depth": 0, "epochs": 1}
    shown = {}

    def look(scene, beat):
        shown["days"], shown["worst"] = scene.days.dates, scene.worst

    play(knowing(parameters, {7: 1.0}), parameters, look)
    assert len(shown["days"]) == 63
    assert 0 < shown["worst"] < 62


@pytest.mark.parametrize(
    ("lang", "days"),
    [("zh", {"first": date(2021, 2, 10), "last": date(2021, 2, 11)}), ("en", {"last": date(2021, 1, 20)})],
    ids=str,
)
def test_any_days_keep_the_rules_of_the_picture(media, lang, days):
    findings = []
    play(media, {**SMALL, **days}, lambda scene, beat: findings.extend(check_scene(scene, beat)), lang)
    assert findings == []


@pytest.mark.parametrize("scale", [1e-3, 25.0, 1e5, 3e6])
def test_views_of_any_size_keep_the_rules_of_the_picture(knowing, scale):
    parameters = {"dataset": own(scale * (1 + 0.3 * np.sin(np.arange(90)))), "depth": 0, "epochs": 1}
    findings = []
    play(knowing(parameters, {7: 1.0}), parameters, lambda scene, beat: findings.extend(check_scene(scene, beat)))
    assert findings == []


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"first": date(2020, 12, 31)}, "first: an unseen day is wanted, from 2021-01-01 to 2021-02-26"),
        ({"last": date(2021, 2, 27)}, "last: an unseen day is wanted"),
        ({"first": date(2021, 2, 1), "last": date(2021, 2, 1)}, "two days at least are wanted"),
        ({"depth": 21}, "depth.*20"),
        ({"width": 1001}, "width.*1000"),
        ({"epochs": 0}, "epochs.*1"),
    ],
)
def test_what_cannot_be_shown_is_named(parameters, message):
    with pytest.raises(UserError, match=f"(?s)forecast.*{message}"):
        Forecast.validated(parameters)
