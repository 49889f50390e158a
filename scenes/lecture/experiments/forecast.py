"""The scene forecast: what a trained network predicts for days that it was not trained on, beside what they were."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Self

import numpy as np
from gradreel.core.analysis.compared_networks import depth_experiments
from gradreel.core.analysis.forecast import NextDays, next_days
from gradreel.core.analysis.results import best_validation_row
from gradreel.core.choices import EPOCHS, WIDTH
from gradreel.core.daily.synthetic import LOW_WEEKDAYS, NEW_YEAR, NEW_YEAR_EVES
from gradreel.core.daily.views import DailyViews
from gradreel.core.errors import UserError
from gradreel.core.experiment import Experiment
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene
from gradreel.scenes.lecture.daily_data import FORECAST_BOX, Seed, data_caption, days_that_differ, trained_years
from gradreel.scenes.lecture.experiments.pictures.depth_picture import BOX as DEPTH_BOX
from gradreel.scenes.lecture.experiments.pictures.forecast_plot import ForecastPlot
from gradreel.scenes.lecture.runs import LECTURE_DEPTHS
from gradreel.scenes.mobjects.day_plot import WindowBracket
from gradreel.scenes.mobjects.depth_lines import axis_line
from gradreel.scenes.mobjects.text import words
from gradreel.scenes.words.claims import Claim, claim
from gradreel.scenes.words.counts import Count
from gradreel.scenes.words.day_words import day_words, in_languages, period_words, views_words, weekdays_words
from gradreel.scenes.words.network_words import network_fields
from manim import (
    UP,
    Animation,
    Create,
    FadeIn,
    FadeOut,
    LaggedStart,
    ReplacementTransform,
    UpdateFromAlphaFunc,
    VGroup,
    VMobject,
    linear,
    smooth,
    squish_rate_func,
)
from numpy.typing import NDArray
from pydantic import Field, field_validator, model_validator

BRACKET, BRACKET_WORDS = -2.64, -3.0  # the line of the days that a prediction is made from, and of its name
LONGEST_BEFORE = 120  # days before them that are shown: a longer window's bracket is open
FIRST_DAYS_SLOWLY = 1.6  # power of the share of the way: the first days one by one, the others faster
MOST_DAYS = 63  # that are shown where no days are asked for
BEFORE = date(2020, 1, 23)  # of the lesson's validation days, missed by far: Lunar New Year's Eve is next
USUAL = date(2020, 2, 9), date(2020, 3, 3)  # weeks of the lesson's days without a holiday
CLOSE = date(2020, 1, 2), BEFORE  # the days up to that one, which are seen close by


class Forecast(LectureScene):
    """The days' views in red, a network's predictions in blue, over days that were not trained on."""

    class Parameters(LectureScene.Parameters):
        dataset: DailyViews = Field(DailyViews(), description="The daily views that the network learns")
        depth: int = Field(3, ge=0, le=20, description="Hidden layers of the network; 0 is the linear model")
        width: int = Field(WIDTH, ge=1, le=1000, description="ReLUs in each hidden layer")
        seed: Seed = Field(0, description="Of the network's random start and its random batches")
        epochs: int = Field(EPOCHS, ge=1, le=100_000, description="Passes over the days trained on")
        first: date | None = Field(
            None,
            description="The first day shown, not trained on; by default the first validation day, or, of many, four "
            "weeks before the one that is missed by the most",
        )
        last: date | None = Field(None, description="The last day shown, a week after the first or more")

        @field_validator("dataset")
        @classmethod
        def _days_differ(cls, dataset: DailyViews) -> DailyViews:
            return days_that_differ(dataset)

        @model_validator(mode="after")
        def _days_are_there(self) -> Self:
            low, high = self.dataset.first_validation_date, self.dataset.daily.end
            for name in ("first", "last"):
                day = getattr(self, name)
                if day is not None and not low <= day <= high:
                    raise ValueError(f"{name}: a day not trained on is wanted, from {low} to {high}, got {day}")
            first, last = self.first or low, self.last or high
            if (last - first).days < 1:
                raise ValueError(f"first and last: two days at least are wanted, got {first} to {last}")
            if self.first and self.last and (last - first).days > 400:
                raise ValueError(f"first and last: 400 days at most can be told apart, got {(last - first).days + 1}")
            return self

    @classmethod
    def experiments(cls, parameters: Any) -> dict[str, Experiment]:
        """The run that is shown is one of those that the comparison of depths has."""
        p = parameters
        (network,) = depth_experiments(p.dataset, (p.depth,), p.width, (p.seed,), p.epochs)
        return {"run": network.experiments[0]}

    def claims(self) -> Iterator[Claim]:
        self._read_the_days(BEFORE)
        parted, shown_from = self.dataset.first_validation_date, self.days.dates[0].astype(date)
        sides = {"first_shown": str(shown_from), "first_not_learned_from": str(parted)}
        yield claim("days", "days shown begin where those learned from end", shown_from == parted, **sides)
        days, usual = self.days, slice(self._place(USUAL[0]), self._place(USUAL[1]) + 1)
        low = np.isin(days.weekdays, LOW_WEEKDAYS)[usual]
        for whose, views in (("real", days.truth[usual]), ("predicted", days.prediction[usual])):
            apart = {"low_days": views[low].max(), "other_days": views[~low].min()}
            yield claim(
                "lows", f"{whose} views are lower on the low weekdays", apart["low_days"] < apart["other_days"], **apart
            )
        k, day = self._place(BEFORE), str(BEFORE)
        told = {"day": day, "real": days.truth[k], "predicted": days.prediction[k]}
        is_eve = BEFORE + timedelta(days=1) in NEW_YEAR_EVES
        yield claim("missed-most", "the day is two days before Lunar New Year", is_eve, day=day)
        worst = largest_miss(days) == k
        yield claim(
            "missed-most", "no day shown is missed by more", worst, **told, worst=str(days.dates[largest_miss(days)])
        )
        far = days.prediction[k] > 1.2 * days.truth[k]
        yield claim("missed-most", "far too many views are expected", far, **told)
        falls = NEW_YEAR[-2] < 1 and NEW_YEAR[-1] < NEW_YEAR[-2]
        yield claim("window", "views fall before Lunar New Year", falls and is_eve, shares=(NEW_YEAR[-2], NEW_YEAR[-1]))

    def construct(self) -> None:
        self._prepare()
        self._days_beat()
        self._prediction_beat()
        self._lows_beat()
        self._miss_beat()
        self._window_beat()
        self.hand_on(self.picture.plot.x_axis)

    def _read_the_days(self, around: date | None) -> None:
        trace, parameters, self.dataset = self.trace("run"), self.parameters, self.parameters.dataset
        theta = np.asarray(trace.parameters[best_validation_row(trace)])
        self.days = shown_days(trace.experiment, theta, parameters.first, parameters.last, around)

    def _prepare(self) -> None:
        self._read_the_days(None if self.other_data else BEFORE)
        days = self.days
        if not np.isfinite(days.prediction).all():
            raise UserError("forecast: the network's predictions are not finite; train it with a smaller learning rate")
        self.lows = () if self.other_data else LOW_WEEKDAYS
        self.told = (
            self._place(BEFORE) if self.holds("missed-most") else largest_miss(days)
        )  # the day that the end is about
        language, window = self.context.language, self.dataset.window
        texts = {"real": self.screen("data" if self.dataset.synthetic else "real"), "model": self.screen("model")}
        before = min(window + 1, LONGEST_BEFORE)
        self.picture = ForecastPlot(self.dataset, days, before, texts, self.lows, language, FORECAST_BOX)
        self.bracket = WindowBracket(self.picture.plot, window, BRACKET)
        self.bracket_name = words(self.screen("window", window=Count(window)), 26)
        period = period_words(*days.dates[[0, -1]], language)
        key = "caption-other" if self.other_data else "caption"
        self.note = data_caption(self, self.dataset, key, days=period, **trained_years(self.dataset))

    # -- beats ---------------------------------------------------------------------------------------------------------

    def _days_beat(self) -> None:
        picture = self.picture
        with self.beat("days", pause="short"):
            # The axis of the networks, as the last scene left it, becomes that of the days. Those learned from step
            # back; then a dot for each day that no network was trained on
            axis = axis_line(len(LECTURE_DEPTHS), DEPTH_BOX)
            self.add(axis)
            arriving = self.next_heading(self.screen("heading"))
            days = ReplacementTransform(axis, picture.plot.x_axis)
            others = [part for part in picture.plot if len(part.get_all_points()) and part is not picture.plot.x_axis]
            late = FadeIn(picture.ticks, rate_func=squish_rate_func(smooth, 0.4, 1.0))
            self.play(*arriving, days, late, *map(FadeIn, (*others, self.note)))
            self.add(picture)
            # Above: which were learned from, if they part just there
            parted = self.days.dates[0].astype(date) == self.dataset.first_validation_date
            self.sides = picture.sides([self.screen("seen"), self.screen("unseen")]) if parted else VGroup()
            self.play(Create(picture.before), *map(FadeIn, self.sides[:-1]), run_time=2.6, rate_func=linear)
            self.until("new")
            pop = LaggedStart(*(FadeIn(dot) for dot in picture.dots), lag_ratio=0.5)
            self.play(Create(picture.red), pop, *map(FadeIn, self.sides[-1:]), run_time=2.0, rate_func=linear)
            self.play(FadeIn(picture.real_label), run_time=0.4)

    def _prediction_beat(self) -> None:
        parameters, picture = self.parameters, self.picture
        fields = network_fields("model", (parameters.width,) * parameters.depth, "depth")
        with self.beat("prediction", window=Count(self.dataset.window), **fields):
            # A named bracket holds the days that a prediction is made from; it slides on, blue comes out at its end
            self._put(0)
            self.play(Create(self.bracket), FadeIn(self.bracket_name), run_time=2.2)
            self.until("walk")
            self._walk(3.4)
            self.play(FadeIn(picture.model_label), *map(FadeOut, (self.bracket, self.bracket_name)), run_time=0.4)

    def _lows_beat(self) -> None:
        picture = self.picture
        values = {} if self.other_data else in_languages("days", lambda lang: weekdays_words(self.lows, lang))
        with self.beat("lows", pause="long", **values):
            # Closer. Of the lesson's days, weeks without a holiday: the low days of each are shaded, red and blue dots
            # beat there, week after week, and stay side by side, the red ones ringed
            self.play(FadeOut(self.sides), run_time=0.3)
            ends = (0, len(self.days.dates) - 1) if self.other_data else tuple(map(self._place, USUAL))
            picture.zoom(self, *ends)
            if not self.other_data:
                self.names = picture.band_names(weekdays_words(self.lows, self.context.language, "short"))
                self.bring_to_back(picture.bands.set_fill(opacity=0))
                shaded = picture.bands.animate.set_fill(opacity=1)
                self.play(shaded, FadeIn(self.names, shift=0.1 * UP), run_time=0.8)
                self.until("found")
                weeks = [picture.beating(k) for k, band in enumerate(picture.bands) if band.width > 0]
                self.play(LaggedStart(*weeks, lag_ratio=0.6, run_time=3.8))

    def _miss_beat(self) -> None:
        values = self._numbers(self.told)
        with self.beat("missed-most", pause="short", **values, **self._day(self.told)):
            # The day that was missed by the most is ringed; of the lesson's, the days up to it fill the plot
            if not self.other_data:
                leaving = (self.names, self.picture.bands, self.picture.low_dots, self.picture.low_rings)
                self.play(*map(FadeOut, leaving), run_time=0.3)
            if self.holds("missed-most"):
                self.picture.zoom(self, *map(self._place, CLOSE))
            marks = self.picture.mark(self.told, values, self.screen("new-year") if self.holds("missed-most") else None)
            called = [FadeIn(marks.name)] if marks.name else []
            self.play(Create(marks.ring), *self._date(self.told), *called, run_time=0.6)
            self.until("gap")
            self.play(Create(marks.gap), FadeIn(marks.truth), FadeIn(marks.prediction), run_time=0.6)

    def _window_beat(self) -> None:
        with self.beat("window", window=Count(self.dataset.window)):
            # What the network saw before that day, from end to end or as far as the plot goes, and no calendar
            self.until("sees")
            if not self.holds("missed-most"):
                self.play(*map(FadeOut, self.picture.marks[self.told].words), run_time=0.4)
                self.picture.zoom_out(self)
            self._put(self.told)
            self.play(FadeIn(self.bracket, self.bracket_name), run_time=2.2)  # most of it lies out of sight

    # -- what moves ----------------------------------------------------------------------------------------------------

    def _walk(self, seconds: float) -> None:
        picture, last = self.picture, len(self.days.dates) - 1

        def update(_: VMobject, share: float) -> None:
            picture.show_blue(share * last)
            self._put(share * last)

        picture.show_blue(0.0)
        moving = VGroup(picture.blue, self.bracket, self.bracket_name)
        self.add(moving)
        self.play(
            UpdateFromAlphaFunc(moving, update, run_time=seconds, rate_func=lambda share: share**FIRST_DAYS_SLOWLY)
        )
        picture.show_blue(last)

    def _put(self, day: float) -> None:
        """The bracket, and its name under it, to the days before ``day`` of those shown."""
        self.bracket.put(self.picture.first_day + day)
        half = self.bracket_name.width / 2
        middle = np.clip(self.bracket.get_center()[0], style.LEFT_EDGE + half, style.RIGHT_EDGE - half)
        self.bracket_name.place(BRACKET_WORDS, center=float(middle))

    def _date(self, k: int) -> list[Animation]:
        """The day that is spoken of comes to the axis."""
        return self.picture.date(k, day_words(self.days.dates[k], self.context.language, "short"))

    # -- days and numbers ----------------------------------------------------------------------------------------------

    def _place(self, day: date) -> int:
        """Which of the days shown it is."""
        return (day - self.days.dates[0].astype(date)).days

    def _numbers(self, k: int) -> dict[str, str]:
        """The views of day ``k``, and what was predicted for it."""
        return {"truth": self._text(self.days.truth[k]), "prediction": self._text(self.days.prediction[k])}

    def _text(self, views: float) -> str:
        return views_words(self.dataset, float(views))

    def _day(self, k: int, name: str = "day") -> dict[str, str]:
        """Fields of a line about day ``k`` of those shown."""
        return in_languages(name, lambda language: day_words(self.days.dates[k], language))


def largest_miss(days: NextDays) -> int:
    """Which day was missed by the most, upwards or downwards."""
    return int(np.abs(days.error).argmax())


def shown_days(
    run: Experiment, theta: NDArray, first: date | None, last: date | None, around: date | None = None
) -> NextDays:
    """The days that were asked for; of many, those around ``around``, or the one that is missed by the most."""
    data = run.dataset
    assert isinstance(data, DailyViews)
    first_shown = first or data.first_validation_date
    every = next_days(run, theta, first_shown, last or max(first_shown, data.first_test_date - timedelta(days=1)))
    if len(every.dates) <= MOST_DAYS or (first and last):
        return every
    start, end = every.dates[0].astype(date), run.dataset.daily.end
    if first is None:
        around = around or every.dates[largest_miss(every)].astype(date)
        latest = every.dates[-1].astype(date) - timedelta(days=MOST_DAYS - 1)
        start = max(start, min(around - timedelta(days=28), latest))
    return next_days(run, theta, start, min(start + timedelta(days=MOST_DAYS - 1), end))
