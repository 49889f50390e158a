"""model-selection: the least loss on validation days is chosen; the forecast and its errors are that network's."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from gradreel.core.analysis.compared_networks import depth_experiments
from gradreel.core.analysis.forecast import forecast, horizon_errors, next_days, weekdays
from gradreel.core.analysis.results import Losses, PartLosses, Result
from gradreel.core.daily.series import DailySeries
from gradreel.core.daily.synthetic import LOW_WEEKDAYS
from gradreel.core.daily.views import DailyViews
from gradreel.core.errors import UserError
from gradreel.scenes.lecture.experiments.model_selection import ModelSelection, means_by_weekday
from gradreel.scenes.lecture.experiments.pictures.days_ahead import Clicks, DaysAhead
from gradreel.scenes.lecture.experiments.pictures.loss_plane import LossPlane
from gradreel.scenes.lecture.experiments.pictures.misses import DOT, swarm
from gradreel.scenes.lecture.experiments.pictures.weekday_means import WeekdayMeans
from gradreel.scenes.style import palette
from gradreel.scenes.testing.fixtures import trained_context
from gradreel.scenes.testing.layout import check_scene
from gradreel.scenes.words.day_words import views_and_errors
from manim import tempconfig

WEEK = DailyViews(window=7)
SMALL = {"dataset": WEEK, "depths": (0, 1), "width": 4, "seeds": (0, 1), "epochs": 2}


def networks(parameters):
    return ModelSelection.validated(parameters).networks()


@pytest.fixture
def knowing(trace_of, rewritten, tmp_path):
    """``knowing({7: 1.0}, parameters)``: a folder of traces, in which the linear model repeats the week in the end."""

    def make(weights: dict[int, float], parameters=SMALL):
        for network in networks(parameters):
            for trace in map(trace_of, network.experiments):
                states = np.array(trace.parameters)
                if not network.hidden:
                    states[1:] = 0.0
                    states[1:, [day - 1 for day in weights]] = list(weights.values())
                rewritten(trace, tmp_path, parameters=states)
        return tmp_path

    return make


@pytest.fixture
def foretold(play, knowing):
    """``foretold({7: 1.0}, **parameters)``: the scene, in which the linear model repeats the week; its lines."""

    def play_it(weights, look=lambda scene, beat: None, until=None, **parameters):
        chosen = parameters or SMALL
        played = play(ModelSelection, look, until=until, media_dir=knowing(weights, chosen), **chosen)
        return played.scene, played.lines

    return play_it


@dataclass
class Film:
    """One playing, and what was there when its beats ended."""

    played: Any = None
    began: list[float] = field(default_factory=list)  # when an animation with which a number of the error came began
    bracket: list[tuple[float, float]] = field(default_factory=list)  # its ends, before it comes close
    fed: tuple[list[str], str, float, float] | None = None  # its words, what goes into it, where that ends, and it
    marks: list[tuple[float, float]] = field(default_factory=list)  # ends of those of mean errors, "error" at its end

    @property
    def scene(self):
        return self.played.scene

    @property
    def lines(self):
        return self.played.lines

    def look(self, scene, beat: str) -> None:
        days = scene.days
        if beat == "day-after":
            end = days.plot.at(days.day(1) - 0.6, 0)[0]
            self.fed = [part.source for part in days.span], scene.fed.source, scene.fed.get_right()[0], end
        if beat.startswith("error"):
            self.marks = ends_of(days.spreads)


def ends_of(spreads) -> list[tuple[float, float]]:
    return [(spread.get_bottom()[1], spread.get_top()[1]) for spread in spreads]


@pytest.fixture(scope="module")
def filmed(play):
    """``filmed(until=None, **parameters)``: a `Film`."""

    def play_it(until=None, **parameters) -> Film:
        film, came, play_on, come_close = Film(), set(), ModelSelection.play, DaysAhead.come_close

        def watched(scene, *animations, **how):
            start = scene.time
            play_on(scene, *animations, **how)
            there = scene.get_mobject_family_members()
            new = {part for part in (*scene.panel.errors, scene.panel.mean) if part in there} - came
            came.update(new)
            film.began.extend([start] * len(new))

        def closer(days, scene):
            ends = days.bracket.get_left()[0], days.bracket.get_right()[0]
            film.bracket.append(tuple(days.plot.data((x, 0, 0))[0] for x in ends))
            come_close(days, scene)

        with patch.object(ModelSelection, "play", watched), patch.object(DaysAhead, "come_close", closer):
            film.played = play(ModelSelection, film.look, until=until, **parameters)
        return film

    return play_it


@pytest.fixture(scope="module")
def small(filmed) -> Film:
    """The small networks as they were trained, played once for all tests."""
    return filmed(**SMALL)


@pytest.fixture(scope="module")
def wide(filmed) -> Film:
    """With a window of 56 days, until the second day is predicted."""
    return filmed("day-after", **{**SMALL, "dataset": DailyViews(window=56), "seeds": (0,), "epochs": 1})


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


def test_names_do_not_cross_while_the_axis_of_depths_becomes_the_planes(media):
    parameters = SMALL | {"depths": (0, 1, 2, 3, 4)}
    quiet = {"dry_run": True, "pixel_width": 160, "pixel_height": 90, "frame_rate": 8, "progress_bar": "none"}
    named, touching = [], set()

    class Watched(ModelSelection):
        def update_to_time(self, t):
            super().update_to_time(t)
            named.append(sum(name in self.get_mobject_family_members() for name in self.plane.names))
            touching.update(str(breach) for breach in check_scene(self) if breach.rule == "touch")

    with tempconfig(quiet):
        context = trained_context(Watched, parameters, "en", "dark", media)
        scene = Watched(parameters=parameters, context=context)
        scene._prepare()
        scene._question_beat()
    assert named[0] == 0 and named[-1] == 5 and len(named) > 20
    assert touching == set()


def test_the_forecast_is_the_chosen_networks(trace_of, small):
    scene, lines = small.scene, small.lines
    run = scene.best.network.experiments[0]
    theta = np.asarray(trace_of(run).parameters[scene.best.rows[0]])
    expected = forecast(run, theta, 2)
    places = [scene.days.plot.data(point.get_center()) for point in scene.days.predicted]
    np.testing.assert_allclose([views for _, views in places], expected.prediction, rtol=1e-9)
    assert [day for day, _ in places] == list(expected.dates.astype(int))
    written = [scene.counted(views) for views in expected.prediction]
    assert [plain(text) for text in written] == pytest.approx(expected.prediction, abs=0.51)
    assert [line[1].source for line in scene.panel.lines] == written
    assert [text.source for text in scene.panel.errors] == [scene.counted(e) for e in scene.to_come.usual]
    assert all(text in lines["day-after"]["zh"] for text in written)


def test_the_errors_are_those_measured_over_unseen_days(trace_of, small):
    scene, lines = small.scene, small.lines
    run = scene.best.network.experiments[0]
    one, two = (horizon_errors(run, np.asarray(trace_of(run).parameters[scene.best.rows[0]]), days) for days in (1, 2))
    means = [float(np.abs(errors.error[:, day]).mean()) for day, errors in enumerate((one, two))]
    for k, spread in enumerate(scene.days.spreads):
        low, high = (scene.days.plot.data(end)[1] for end in (spread.get_bottom(), spread.get_top()))
        assert (high - low) / 2 == pytest.approx(means[k], rel=1e-6)
    naive = [float(e[0]) for e in (one.naive_day_mean_absolute, one.naive_week_mean_absolute)]
    rows = [row[1].source for row in scene.panel.rivals]
    assert rows == [scene.counted(e) for e in (means[0], min(naive))]
    lengths = [row[2].width for row in scene.panel.rivals]
    assert lengths[1] / lengths[0] == pytest.approx(min(naive) / means[0], rel=1e-6)
    assert scene.days.stake.height == pytest.approx(scene.days.spreads[0].height)
    assert f"ahead by {scene.counted(means[1])}." in lines["error-runs"]["en"]
    assert plain(scene.counted(means[1])) == pytest.approx(means[1], rel=0.01)


def test_the_mean_miss_is_over_all_unseen_days_however_many_are_predicted(opening):
    alone = {**SMALL, "seeds": (0,), "depths": (0, 1)}
    few, many = (opening(ModelSelection, lambda scene: scene, days=days, **alone) for days in (2, 5))
    for scene in (few, many):
        assert len(scene.to_come.errors[0]) == scene.dataset.n_unseen
        assert scene.to_come.usual[0] == pytest.approx(scene.best.unseen.mean, rel=1e-5)
    assert len(many.to_come.errors[4]) == many.dataset.n_unseen - 4


@pytest.mark.parametrize(
    ("views", "errors", "written"),
    [
        ((3744.2, 4437.0), (404.2, 575.4), ["3 744", "4 437", "404", "575"]),
        ((37_442.0,), (4042.0,), ["37.4k", "4.0k"]),
        ((37_442.0,), (12.3,), ["37.442k", "0.012k"]),
        ((-3.2,), (0.51,), ["\u22123.20", "0.51"]),
        ((4000.0,), (1e-10,), ["4 000", "0"]),
    ],
)
def test_a_prediction_and_its_error_have_one_unit_and_digits_for_both(views, errors, written):
    write = views_and_errors(views, errors)
    assert [write(number).replace("\u2009", " ") for number in (*views, *errors)] == written


def test_each_network_lies_at_its_two_losses_and_the_lines_stop_at_the_least(small):
    scene = small.scene
    plane, outcome = scene.plane, scene.outcome
    places = [plane.plot.data(dot.get_center()) for dot in plane.dots]
    losses = [(result.training.mean, result.validation.mean) for result in outcome]
    np.testing.assert_allclose(places, losses, rtol=1e-9)
    assert plane.plot.data(plane.upright.get_center())[0] == pytest.approx(min(seen for seen, _ in losses))
    assert plane.plot.data(plane.level.get_center())[1] == pytest.approx(min(unseen for _, unseen in losses))
    k = min((0, 1), key=lambda n: losses[n][1])
    np.testing.assert_allclose(scene.chosen.get_center(), plane.dots[k].get_center(), atol=1e-6)
    assert plane.value.source == scene.written(losses[k][1])


def test_losses_that_hardly_differ_look_alike():
    results = []
    for network, *pair in zip(depth_experiments(WEEK, (0, 1), 4, (0,), 1), (200.0, 100.0), (400.0, 401.0), strict=True):
        parts = PartLosses(*(Losses(np.array([loss])) for loss in (*pair, pair[1])))
        results.append(Result(network, (0,), (1,), (1.0,), parts, parts, None))
    plane = LossPlane(results, ["linear", "1 layer"], str, ("seen", "validation"), "seen | unseen")
    heights = [dot.get_center()[1] for dot in plane.dots]
    assert 0 < heights[1] - heights[0] < 0.1


def test_what_is_chosen_follows_the_loss_on_validation_days(foretold):
    scene, lines = foretold({1: 0.1, 7: 0.9}, until="tomorrow")
    assert scene.best.network.hidden == ()
    assert "the linear model" in next(line["en"] for name, line in lines.items() if name.startswith("choice"))
    scene, lines = foretold({1: -1.0}, until="tomorrow")
    assert scene.best.network.hidden == (4,)
    assert "一层" in next(line["zh"] for name, line in lines.items() if name.startswith("choice"))


SERIES = 4000.0 * np.tile([1, 1, 1, 1, 1, 0.6, 0.5], 30)
OWN = {"dataset": own(SERIES[:208]), "depths": (0, 1), "width": 1, "seeds": (0,), "epochs": 1}  # then, a Saturday


@pytest.mark.parametrize(("film", "words"), [("small", ["7 days"]), ("wide", ["56 days", "←"])])
def test_the_bracket_says_how_many_days_it_holds_and_takes_the_fed_back_prediction(request, film, words):
    film = request.getfixturevalue(film)
    span, fed, right, end = film.fed
    assert span == words
    assert fed == film.scene.counted(film.scene.ahead.prediction[0])
    assert right == pytest.approx(end)


def test_the_bracket_and_what_went_into_it_have_left_in_the_end(small):
    scene = small.scene
    assert not {scene.days.bracket, scene.days.span, scene.fed} & set(scene.get_mobject_family_members())


def test_what_clicks_would_do_begins_within_the_error_and_ends_above_it(of_the_lesson, foretold):
    scene, lines = foretold({1: 0.7, 7: 0.3})
    days, clicks = scene.days, next(part for part in scene.mobjects if isinstance(part, Clicks))
    assert "bet-week" in lines
    low, high = days.spreads[0].get_bottom()[1], days.spreads[0].get_top()[1]
    assert low < clicks.start[1] < high < clicks.goal[1] - clicks.mark.height / 2
    assert clicks.mark.get_center() == pytest.approx(clicks.goal)
    assert clicks.label.source == "if you all click"


@pytest.mark.usefixtures("of_the_lesson")
@pytest.mark.parametrize("worse", [{1: 0.9, 7: 0.1}, {1: 0.8, 7: 0.2}])
def test_the_bars_are_our_losses_and_the_lectures(foretold, worse):
    seen = []

    def look(scene, beat):
        if beat == "exam-better":
            assert scene.note.source.startswith("blue: ours"), "the caption is not true of the lecture's bars"
            ours, lecture = scene.bars.pairs
            seen.extend((ours, lecture))
            assert scene.plane.dots[1] not in scene.get_mobject_family_members(), "the plane has left"

    scene, _ = foretold(worse, look, until="exam-better")
    losses = [result.unseen.mean for result in (scene.outcome[0], scene.best)]
    for pair, expected in zip(seen, (losses, (460, 380)), strict=True):
        heights = [bar.height for bar in pair.bars]
        assert heights[1] / heights[0] == pytest.approx(expected[1] / expected[0], rel=1e-6)
        best = int(np.argmin(expected))
        assert np.hypot(*(pair.mark.get_center() - pair.values[best].get_center())[:2]) < 0.2
        inks = [np.array([bar.get_stroke_color().to_rgb(), bar.get_fill_color().to_rgb()]) for bar in pair.bars]
        dark = palette.background.to_rgb()
        assert all(np.abs(ink[1] - dark).max() < 0.2 for ink in inks), "unseen losses are hollow"
        assert np.abs(inks[best][0] - dark).sum() > np.abs(inks[1 - best][0] - dark).sum()
    assert [text.source for text in seen[0].values] == [scene.written(loss) for loss in losses]
    assert [text.source for text in seen[1].values] == ["460", "380"]
    assert [text.source for text in seen[1].names] == ["linear", "3 layers"]
    assert seen[1].bars[1].get_stroke_color() == palette.text
    line, legend = scene.floor_line
    foot, top = seen[0].bars[0].get_bottom()[1], seen[0].bars[0].get_top()[1]
    assert (line.get_center()[1] - foot) / (top - foot) == pytest.approx(160 / losses[0], rel=1e-3)
    assert legend[1].source == "who knows the rule: 160"


@pytest.mark.parametrize(("film", "window"), [("small", 7), ("wide", 56)])
def test_the_bracket_holds_the_whole_window_before_it_comes_close(request, film, window):
    film = request.getfixturevalue(film)
    first = float(film.scene.ahead.dates[0].astype(int))
    assert film.bracket == [(pytest.approx(first - window - 0.4), pytest.approx(first - 0.6))]


def test_the_low_days_of_the_weeks_before_are_shaded(of_the_lesson, foretold):
    def look(scene, beat):
        if beat == "day-after":
            dates, _ = scene.days.known
            shown = np.isin(weekdays(dates), scene.lows) & (dates >= np.datetime64(scene.days.near))
            assert shown.sum() >= 4
            for k in np.flatnonzero(shown):
                x = scene.days.dots[k].get_center()[0]
                assert any(band.get_left()[0] - 1e-6 <= x <= band.get_right()[0] + 1e-6 for band in scene.days.bands)

    foretold({7: 1.0}, look, until="day-after", **OWN)


def test_weekdays_shares_of_all_days_stand_beside_those_of_the_forecasts(of_the_lesson, foretold):
    seen = {}

    def look(scene, beat):
        seen[beat] = scene.means in scene.mobjects if hasattr(scene, "means") else None

    scene, _ = foretold({7: 0.9, 6: 0.1}, look, until="day-after", **OWN)
    whole, prediction = scene.to_come.by_weekday
    days = np.arange(208) % 7  # from a Monday on
    np.testing.assert_allclose(whole, [SERIES[:208][days == day].mean() for day in range(7)])
    drawn = scene.means
    titles = [half.title.source for half in (drawn.data, drawn.predicted)]
    assert titles == ["data: all 208 days", "its forecasts: unseen days"]
    scale = drawn.data.bars[0].height / (whole[0] / whole.mean())
    for half, means in ((drawn.data, whole), (drawn.predicted, prediction)):
        shares = means / means.mean()
        np.testing.assert_allclose([bar.height for bar in half.bars], scale * shares, atol=1e-6)
        assert [value.source for value in half.values] == [f"{share:.0f}\u202f%" for share in 100 * shares]
        assert len({round(float(bar.get_bottom()[1]), 6) for bar in half.bars}) == 1, "all from 0"
    assert drawn.predicted.bar(5) == [drawn.predicted.bars[5]]
    shown = [beat for beat, there in seen.items() if there]
    assert len(shown) == 1 and shown[0].startswith("tomorrow-low"), "they stay to the beat's end, and no longer"


def test_weekdays_of_other_sizes_are_compared_by_shares_and_days_that_were_not_counted_have_no_bar():
    data, prediction = np.full(7, 10.0), np.array([5000.0, np.nan, 5000.0, *[np.nan] * 4])
    means = WeekdayMeans(data, prediction, (4, 5), ("data", "forecasts"), "unit", "en")
    assert means.data.bars[0].height == pytest.approx(means.predicted.bars[0].height)
    assert {value.source for half in (means.data, means.predicted) for value in half.values} == {"100\u202f%"}
    assert len(means.predicted.bars) == len(means.predicted.values) == 2 and means.predicted.bar(1) == []


def test_every_miss_is_a_dot_as_far_off_as_it_was(small):
    days, errors = small.scene.days, small.scene.to_come.errors
    for k, dots in enumerate(days.misses):
        assert len(dots) == len(errors[k])
        views = np.array([days.plot.data(dot.get_center())[1] for dot in dots])
        np.testing.assert_allclose(views, days.ahead.prediction[k] - errors[k], rtol=1e-6)
        across = np.array([days.plot.data(dot.get_center())[0] for dot in dots])
        assert np.abs(across - days.day(k)).max() < 0.5


def test_gaps_are_the_unseen_days_misses_and_come_to_tomorrow_as_long_as_they_were(small, trace_of):
    days, run = small.scene.days, small.scene.best.network.experiments[0]
    tomorrow, gaps, at = days.day(0), days.gaps, days.plot.at
    measured = next_days(run, np.asarray(trace_of(run).parameters[small.scene.best.rows[0]]))
    both = np.stack([measured.prediction, measured.truth], axis=-1)
    by_day = dict(zip(measured.dates.astype(int).tolist(), both, strict=True))
    assert len(gaps.heads) == len(days.held) > 10
    ends = [[days.plot.data(dot.get_center()) for dot in dots] for dots in (gaps.put(at, 0.0).feet, gaps.heads)]
    for (day, prediction), (same, truth) in zip(*ends, strict=True):
        assert day == pytest.approx(same)
        assert (prediction, truth) == pytest.approx(by_day[round(day)], rel=1e-6)
    gaps.put(at, 1.0)
    for k, foot, head in zip(days.held, gaps.feet, gaps.heads, strict=True):
        assert days.plot.data(foot.get_center()) == pytest.approx((tomorrow, days.ahead.prediction[0]))
        assert head.get_center()[1] == pytest.approx(days.misses[0][k].get_center()[1])
    assert not set(gaps.get_family()) & set(small.scene.get_mobject_family_members())


def test_each_number_of_the_error_comes_by_itself(small):
    assert len(small.began) == 3 and np.diff(small.began).min() > 1.0  # seconds between two of them


def test_misses_lie_beside_each_other_in_a_plot_as_high_as_they_need():
    heights = np.random.default_rng(0).normal(size=60)
    points = np.stack([np.zeros(60), heights, np.zeros(60)], axis=1)
    wide, narrow = swarm(points, 9.0), swarm(points, 0.2)
    centers = np.array([dot.get_center() for dot in wide])
    apart = np.linalg.norm(centers[:, None] - centers, axis=-1)[np.triu_indices(60, 1)]
    assert apart.min() >= 2 * DOT - 1e-6
    assert np.abs(centers[:, 0]).max() > max(abs(dot.get_center()[0]) for dot in narrow) <= 0.2 + 1e-6
    np.testing.assert_allclose([dot.get_center()[1] for dot in narrow], heights)
    assert len(swarm(points[:0], 0.2)) == 0


def test_the_plot_is_as_high_as_the_misses_need(small):
    days = small.scene.days
    inside = [dot.get_center()[1] for dots in days.misses for dot in dots]
    bottom, top = days.plot.box[2:]
    assert bottom < min(inside) and max(inside) < top
    assert max(inside) - min(inside) > 0.6 * (top - bottom)


def test_the_mean_of_all_runs_is_told_beside_that_of_the_one_shown(small):
    scene = small.scene
    said = small.lines["error-runs"]["en"]
    mean, one = scene.counted(scene.best.unseen.mean), scene.counted(scene.to_come.usual[0])
    assert f"{one} views on average, and two days ahead" in said and f"All runs, a day ahead: {mean}." in said
    row = scene.panel.mean
    assert [text.source for text in row] == [
        "a day ahead, mean of 2 runs",
        scene.counted(scene.best.unseen.mean),
    ]
    assert row in scene.mobjects


def test_single_misses_have_left_when_it_is_asked_for_a_bet(small):
    shown = small.scene.get_mobject_family_members()
    assert not any(dot in shown for dots in small.scene.days.misses for dot in dots)
    assert all(mark in shown for spread in small.scene.days.spreads for mark in spread)
    assert small.scene.days.near == date(2021, 12, 30)


def test_a_saturday_is_said_to_be_low_beside_the_means_of_the_whole_series():
    whole = means_by_weekday(DailyViews().daily)
    lows = LOW_WEEKDAYS
    assert whole[list(lows)].max() < 0.85 * whole[[0, 1, 2, 3, 6]].min()
    assert np.isnan(means_by_weekday(own(SERIES[:5], 2).daily)[5:]).all()


@pytest.mark.parametrize(
    ("lang", "bounds"),
    [
        ("zh", {"days": 7, "seeds": tuple(range(10))}),
        ("en", {"days": 1, "depths": (0, 1, 2, 3, 4, 20), "seeds": (0,), "epochs": 6}),
    ],
    ids=str,
)
def test_the_ends_of_the_bounds_keep_the_rules_of_the_picture(play, lang, bounds):
    parameters = {**SMALL, "width": 2, "epochs": 1, **bounds}
    assert play(ModelSelection, check_scene, lang=lang, **parameters).findings == []


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"days": 8}, "days.*7"),
        ({"days": 0}, "days.*1"),
        ({"days": 7, "dataset": DailyViews(window=7, test_from=date(2021, 12, 27))}, "need as many unseen days.*5"),
        ({"depths": (1,)}, "depths.*2"),
        ({"depths": (2, 1)}, "must increase"),
        ({"seeds": (1, 1)}, "each seed is wanted once"),
    ],
)
def test_what_cannot_be_shown_is_named(parameters, message):
    with pytest.raises(UserError, match=f"(?s)model-selection.*{message}"):
        ModelSelection.validated(parameters)
