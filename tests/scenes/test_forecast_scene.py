"""Tests of forecast: predictions are those of the recorded network, and numbers decide the words."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from unittest.mock import patch

import numpy as np
import pytest
from gradreel.core.analysis.compared_networks import depth_experiments
from gradreel.core.analysis.forecast import next_days
from gradreel.core.analysis.results import best_validation_row
from gradreel.core.daily.series import DailySeries
from gradreel.core.daily.views import DailyViews
from gradreel.core.experiment import Experiment
from gradreel.scenes.base import LectureScene
from gradreel.scenes.lecture.experiments.forecast import Forecast
from gradreel.scenes.testing.layout import check_scene

WEEK = DailyViews(window=7)
LINEAR = {"dataset": WEEK, "depth": 0, "epochs": 1, "first": date(2020, 1, 1)}
SMALL = {"dataset": WEEK, "depth": 2, "width": 6, "epochs": 3}


def run_of(parameters) -> Experiment:
    (run,) = Forecast.experiments(Forecast.validated(parameters)).values()
    return run


def own(views, window: int = 7) -> DailyViews:
    series = DailySeries(start=date(2022, 1, 3), values=tuple(map(float, views)), name="views.csv")
    return DailyViews(series=series, window=window)


@pytest.fixture(scope="module")
def known(trace_of, rewritten):
    """``known(media_dir, parameters, {7: 1.0})``: the folder, in which the linear model repeats the week in the end."""

    def make(media_dir, parameters, weights):
        trace = trace_of(run_of(parameters))
        states = np.array(trace.parameters)
        states[1:] = 0.0
        states[1:, [day - 1 for day in weights]] = list(weights.values())
        return rewritten(trace, media_dir, parameters=states)

    return make


@pytest.fixture
def foretold(play, known, tmp_path):
    """`play` of a linear model with these weights."""

    def play_it(weights, look=lambda scene, beat: None, **parameters):
        return play(Forecast, look, media_dir=known(tmp_path, parameters, weights), **parameters)

    return play_it


def bracket_of(scene) -> dict[str, float]:
    """The days between which the bracket stands, and the day that is spoken of."""
    ends = scene.bracket.get_left()[0], scene.bracket.get_right()[0]
    first, last = (scene.picture.plot.data((x, 0, 0))[0] for x in ends)
    return {"first": first, "last": last, "day": float(scene.days.dates[scene.told].astype(int))}


@dataclass
class Film:
    """Plays the scene once with a linear model that repeats a day; stores observations at the ends of beats."""

    lines: dict[str, dict[str, str]] = field(default_factory=dict)
    numbers: list[str] = field(default_factory=list)  # at the day that is spoken of
    marks: list[tuple] = field(default_factory=list)  # ends of its gap, place of its ring, once a beat
    bracket: dict[str, float] = field(default_factory=dict)
    bands: list[tuple] = field(default_factory=list)  # left, right, x of the dots in it, by colour
    scene: Forecast | None = None  # as it ended
    low: dict[str, int] = field(default_factory=dict)  # how many bands and their names are on the screen
    days: dict[str, list[date]] = field(default_factory=dict)  # the first and the last in the picture

    def look(self, scene, beat: str) -> None:
        picture, plot, here = scene.picture, scene.picture.plot, scene.get_mobject_family_members()
        self.days[beat] = [picture.first, picture.last]
        if hasattr(scene, "names"):
            self.low[beat] = sum(part in here for part in (*scene.names, *picture.bands))
        for k, marks in picture.marks.items():
            assert k == scene.told
            ends = [plot.data(marks.gap.points[n]) for n in (0, -1)]
            self.marks.append((ends, plot.data(marks.ring.get_center())))
        if beat == "missed-most":
            (marks,) = picture.marks.values()
            self.numbers = [marks.truth.source, marks.prediction.source]
        if beat == "window":
            self.bracket = bracket_of(scene)
        if beat == "lows":
            for k, band in enumerate(picture.bands):
                if band.width > 0:
                    dots = [[dot.get_center()[0] for dot in dots] for dots in picture.lows_in(k)]
                    self.bands.append((band.get_left()[0], band.get_right()[0], *dots))


@pytest.fixture(scope="module")
def repeating(play, known, tmp_path_factory):
    """``repeating("day")``, ``repeating("week")``: of a network that repeats it, each played once for all tests."""

    @cache
    def film_of(name: str) -> Film:
        film, place = Film(), known(tmp_path_factory.mktemp(name), LINEAR, {{"day": 1, "week": 7}[name]: 1.0})
        with patch.multiple(LectureScene, other_data=False, checked_claims=()):
            played = play(Forecast, film.look, media_dir=place, **LINEAR)
        film.scene, film.lines = played.scene, played.lines
        return film

    return film_of


def test_the_run_is_one_of_the_comparison_of_depths():
    default = run_of({})
    assert default == depth_experiments()[2].experiments[0]
    assert run_of({"depth": 1, "seed": 3}) == depth_experiments()[0].experiments[3]


def test_both_lines_are_those_of_the_recorded_network(play, trace_of):
    run = run_of(SMALL)
    trace, data = trace_of(run), WEEK
    theta = np.asarray(trace.parameters[best_validation_row(trace)])
    expected = next_days(run, theta, data.first_validation_date, data.first_validation_date + timedelta(days=62))
    seen = {}

    def look(scene, beat):
        picture = scene.picture
        for name in ("red", "blue"):
            line = getattr(picture, name)
            points = [*line.get_start_anchors(), line.points[-1]]
            seen[name] = np.array([picture.plot.data(point) for point in points])
        seen["dots"] = np.array([picture.plot.data(dot.get_center()) for dot in picture.dots])
        if beat == "prediction":  # blue walks along the predictions
            picture.show_blue(10.5)
            end = picture.plot.data(picture.blue.points[-1])
            assert end[1] == pytest.approx((expected.prediction[10] + expected.prediction[11]) / 2)
            picture.show_blue(len(expected.dates) - 1)

    lines = play(Forecast, look, **SMALL, first=data.first_validation_date).lines
    np.testing.assert_allclose(seen["red"][:, 1], expected.truth, rtol=1e-9)
    np.testing.assert_allclose(seen["dots"][:, 1], expected.truth, rtol=1e-9)
    np.testing.assert_allclose(seen["blue"][:, 1], expected.prediction, rtol=1e-9)
    assert seen["blue"][0, 0] == pytest.approx(float(expected.dates[0].astype(int)))
    assert "two layers" in lines["prediction"]["en"]


def test_the_bracket_holds_the_whole_window_before_the_day_that_is_spoken_of(repeating, foretold):
    def look(scene, beat):
        return bracket_of(scene) if beat == "window" else None

    longer = foretold({1: 1.0}, look, dataset=DailyViews(window=28), depth=0, epochs=1).seen["window"]
    for window, held in ((7, repeating("day").bracket), (28, longer)):
        assert held["first"] == pytest.approx(held["day"] - window - 0.4)
        assert held["last"] == pytest.approx(held["day"] - 0.6)


def test_low_days_are_chosen_outside_the_holiday_and_its_neighbours(repeating):
    film = repeating("week")
    assert list(film.lines) == ["days", "prediction", "lows", "missed-most", "window"]
    assert "23 January" in film.lines["missed-most"]["en"] and "1月23日" in film.lines["missed-most"]["zh"]
    assert film.numbers[0] == "3.04k", "of the series itself"
    assert film.days["lows"][0] >= film.days["missed-most"][1]
    assert film.low["lows"] > 3 and (film.low["missed-most"], film.low["window"]) == (0, 0)


def test_the_mark_is_at_the_recorded_numbers(repeating):
    film, days = repeating("day"), repeating("day").scene.days
    k = film.scene.told
    day = float(days.dates[k].astype(int))
    assert len(film.marks) == 2, "in each beat from then on"
    for ends, at in film.marks:
        assert at == ends[0] == (pytest.approx(day), pytest.approx(days.truth[k]))
        assert ends[1] == (pytest.approx(day), pytest.approx(days.prediction[k]))


def test_each_low_day_has_its_dots_in_its_band(repeating):
    assert repeating("week").bands
    for left, right, red, blue in repeating("week").bands:
        assert len(red) == len(blue) > 0
        assert all(left - 1e-6 <= x <= right + 1e-6 for x in (*red, *blue))


def test_of_many_unseen_days_those_around_the_largest_miss_are_shown(foretold):
    parameters = {"dataset": DailyViews(window=7, validation_from=date(2018, 6, 1)), "depth": 0, "epochs": 1}
    shown = {}

    def look(scene, beat):
        shown["days"], shown["worst"] = scene.days.dates, scene.told

    foretold({7: 1.0}, look, **parameters)
    assert len(shown["days"]) == 63
    assert 0 < shown["worst"] < 62


@pytest.mark.parametrize(("lang", "days"), [("zh", {"first": date(2021, 2, 10), "last": date(2021, 2, 11)})], ids=str)
def test_any_days_keep_the_rules_of_the_picture(play, lang, days):
    assert play(Forecast, check_scene, lang=lang, **SMALL, **days).findings == []


@pytest.mark.parametrize("scale", [1e-3, 3e6])
def test_views_of_any_size_keep_the_rules_of_the_picture(foretold, scale):
    parameters = {"dataset": own(scale * (1 + 0.3 * np.sin(np.arange(90)))), "depth": 0, "epochs": 1}
    assert foretold({7: 1.0}, check_scene, **parameters).findings == []
