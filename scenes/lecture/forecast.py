"""A trained network predicts days it has never seen: it knows the week, and it does not know the calendar."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Self

import numpy as np
from gradreel.core.daily_views import DailyViews
from gradreel.core.errors import UserError
from gradreel.core.experiment import Experiment
from gradreel.core.forecast import NextDays, next_days
from gradreel.core.results import EPOCHS, WIDTH, depth_experiments
from gradreel.core.synthetic_views import NEW_YEAR_EVES
from gradreel.core.weekly_lows import catches_lows, copied_a_day_late, weekly_lows
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene
from gradreel.scenes.counts import Count
from gradreel.scenes.lecture.days import by_years, data_caption, trained_years
from gradreel.scenes.lecture.experiments import Seed
from gradreel.scenes.mobjects.callout import Callout, free_place
from gradreel.scenes.mobjects.day_plot import REAL_LINE, DayPlot, WindowBracket, views_range
from gradreel.scenes.mobjects.day_words import day_words, in_languages, period_words, weekdays_words
from gradreel.scenes.mobjects.headings import next_heading
from gradreel.scenes.mobjects.plot import ring
from gradreel.scenes.mobjects.text import TextMobject, words
from gradreel.scenes.style import palette
from manim import (
    UP,
    Create,
    FadeIn,
    FadeOut,
    LaggedStart,
    UpdateFromAlphaFunc,
    VGroup,
    VMobject,
    linear,
    smooth,
)
from numpy.typing import NDArray
from pydantic import BaseModel, Field, model_validator

BOX = (style.LEFT_EDGE + 0.42, 5.2, -1.95, 2.15)
BRACKET, BRACKET_WORDS = -2.64, -3.0  # the line of the days that a prediction is made from, and of its name
MOST_DAYS = 63  # that are shown where no days are asked for
DEEP = 2.5  # times the usual error that a day must be missed by to be called a dip that was missed
READOUT = 30


class Forecast(LectureScene):
    """Real views in red, a network's predictions in blue, over days that were not trained on."""

    class Parameters(LectureScene.Parameters):
        dataset: DailyViews = Field(DailyViews(), description="The daily views that the network learns")
        depth: int = Field(3, ge=0, le=20, description="Hidden layers of the network; 0 is the linear model")
        width: int = Field(WIDTH, ge=1, le=1000, description="ReLUs in each hidden layer")
        seed: Seed = Field(0, description="Of the network's random start and its random batches")
        epochs: int = Field(EPOCHS, ge=1, le=100_000, description="Passes over the days trained on")
        first: date | None = Field(
            None,
            description="The first day shown; by default the first unseen one, or, of many unseen days, four weeks "
            "before the one that is most overestimated",
        )
        last: date | None = Field(None, description="The last day shown, a week after the first or more")

        @model_validator(mode="after")
        def _days_are_there(self) -> Self:
            low, high = self.dataset.first_unseen, self.dataset.daily.end
            for name in ("first", "last"):
                day = getattr(self, name)
                if day is not None and not low <= day <= high:
                    raise ValueError(f"{name}: an unseen day is wanted, from {low} to {high}, got {day}")
            first, last = self.first or low, self.last or high
            if (last - first).days < 1:
                raise ValueError(f"first and last: two days at least are wanted, got {first} to {last}")
            if self.first and self.last and (last - first).days > 400:
                raise ValueError(f"first and last: 400 days at most can be told apart, got {(last - first).days + 1}")
            return self

    @classmethod
    def experiments(cls, parameters: Any) -> dict[str, Experiment]:
        """The run that is shown is one of those that the comparison of depths has."""
        return {"run": run_of(parameters)}

    def construct(self) -> None:
        self._prepare()
        self._real_beat()
        self._predict_beat()
        if len(self.bands) or not self.lows:  # fewer days than a week may hold none of the low ones
            self._lows_beat()
        self._miss_beat()
        if self.is_deep:
            self._question_beat()
            self._answer_beat()
        self._window_beat()

    # -- what is on the screen -----------------------------------------------------------------------------------

    def _prepare(self) -> None:
        trace, self.dataset = self.trace("run"), self.parameters.dataset
        theta = np.asarray(trace.parameters[-1])
        self.days = self._shown(trace.experiment, theta)
        days = self.days
        if not np.isfinite(days.prediction).all():
            raise UserError("forecast: the network's predictions are not finite; train it with a smaller learning rate")
        self.worst = days.most_overestimated
        self.usual = float(days.mean_absolute_error)
        series = self.dataset.daily
        known = (days.dates[-1] - np.datetime64(series.start, "D")).astype(int) + 1
        self.lows = weekly_lows(series.dates()[:known], series.array()[:known])
        self.caught = catches_lows(days.dates, days.truth, days.prediction, self.lows)
        usual_low = days.weekdays[self.worst] in self.lows and not self.caught  # low as every week
        self.is_deep = bool(days.error[self.worst] >= DEEP * self.usual) and not usual_low
        self.is_late = self.is_deep and copied_a_day_late(days.truth, days.prediction, self.worst)
        self._draw()

    def _shown(self, run: Experiment, theta: NDArray) -> NextDays:
        """The days that were asked for; of many, those around the one that is most overestimated."""
        parameters, end = self.parameters, self.dataset.daily.end
        first, last = parameters.first, parameters.last
        every = next_days(run, theta, first, last)
        if len(every.dates) <= MOST_DAYS or (first and last):
            return every
        start = every.dates[0].astype(date)
        if first is None:
            worst = every.dates[every.most_overestimated].astype(date)
            latest = every.dates[-1].astype(date) - timedelta(days=MOST_DAYS - 1)
            start = max(start, min(worst - timedelta(days=28), latest))
        return next_days(run, theta, start, min(start + timedelta(days=MOST_DAYS - 1), end))

    def _draw(self) -> None:
        days, language = self.days, self.context.language
        first, last = days.dates[0].astype(date), days.dates[-1].astype(date)
        y_range = views_range(days.truth, days.prediction)
        self.plot = plot = DayPlot(self.dataset, first, last, y_range, language, BOX)
        self.red = plot.line(days.dates, days.truth, palette.red, REAL_LINE)
        self.dots = plot.dots(days.dates, days.truth, palette.red, 0.055 if len(days.dates) < 80 else 0.035)
        self.blue = plot.line(days.dates, days.prediction, palette.blue)
        ends = [
            (self.screen("real"), days.truth[-1], palette.red),
            (self.screen("model"), days.prediction[-1], palette.blue),
        ]
        self.real_label, self.model_label = plot.end_labels(ends)
        self.bands = plot.bands(days.dates, self.lows)
        self.window = WindowBracket(plot, self.dataset.window, BRACKET)
        period = period_words(*days.dates[[0, -1]], language)
        self.trained = years = trained_years(self.dataset)
        self.note = data_caption(self, self.dataset, by_years("caption", years), days=period, **years)

    def _low_names(self) -> TextMobject:
        """The names of the low weekdays, over the first whole band that has room for them."""
        text = words(weekdays_words(self.lows, self.context.language, "short"), style.TICK, palette.dim)
        _, right, _, top = self.plot.box
        first, half = self.plot.unit_label.get_right()[0] + 0.4, text.width / 2
        middles = [float(band.get_center()[0]) for band in self.bands]
        x = next((x for x in middles if first + half <= x <= right - half), (first + right) / 2)
        return text.place(top + 0.12, center=x)

    # -- beats ---------------------------------------------------------------------------------------------------

    def _real_beat(self) -> None:
        with self.beat(by_years("real", self.trained), **self.trained):
            # Real views, a dot a day: days that no network was trained on
            self.title, arriving = next_heading(self.screen("heading"))
            self.play(*arriving, FadeIn(self.plot), FadeIn(self.note), run_time=0.7)
            pop = LaggedStart(*(FadeIn(dot) for dot in self.dots), lag_ratio=0.5)
            self.play(Create(self.red), pop, run_time=2.4, rate_func=linear)
            self.play(FadeIn(self.real_label), run_time=0.4)

    def _predict_beat(self) -> None:
        parameters = self.parameters
        key = "predict" if parameters.depth else "predict-linear"
        values = {"layers": Count(parameters.depth), "window": self.dataset.window, "error": self._text(self.usual)}
        with self.beat(key, **values):
            # Blue walks through the days; a bracket holds the days that each prediction is made from
            name = self.screen("error") + " " + self._text(self.usual)
            readout = words(name, READOUT).place(style.HEADING_BASELINE, right=style.RIGHT_EDGE)
            self.window.put(self.plot.x_range[0] + 1.0)
            self.play(FadeIn(self.window), run_time=0.4)
            self._walk(4.5)
            self.play(FadeIn(self.model_label), FadeOut(self.window), run_time=0.4)
            self.play(FadeIn(readout, shift=0.15 * UP), run_time=0.5)

    def _walk(self, seconds: float) -> None:
        last = len(self.days.dates) - 1

        def update(_: VMobject, share: float) -> None:
            self._show(share * last)
            self.window.put(self.plot.x_range[0] + share * last)

        self._show(0.0)
        moving = VGroup(self.blue, self.window)
        self.add(moving)
        self.play(UpdateFromAlphaFunc(moving, update, run_time=seconds, rate_func=linear))
        self._show(last)

    def _show(self, day: float) -> None:
        """Blue up to day ``day`` of those shown: on the line between two predictions."""
        days, plot = self.days, self.plot
        x = plot.days(days.dates)
        until = x[0] + day
        seen = np.append(x[x < until], until)
        plot.set_curve(self.blue, seen, np.interp(seen, x, days.prediction))

    def _lows_beat(self) -> None:
        if not self.lows:
            with self.beat("no-lows"):
                # No weekday stands out: the predictions follow the level of the days before
                self.wait(0.1)
            return
        values = in_languages("days", lambda language: weekdays_words(self.lows, language))
        with self.beat("lows" if self.caught else "lows-missed", **values):
            # The low days of each week are shaded, one week after the other
            self.bring_to_back(self.bands)
            lag = min(0.4, 3.0 / len(self.bands))
            self.play(LaggedStart(*(FadeIn(band) for band in self.bands), lag_ratio=lag), run_time=1.8)
            self.play(FadeIn(self._low_names(), shift=0.1 * UP), run_time=0.4)

    def _miss_beat(self) -> None:
        days, k = self.days, self.worst
        values = {
            **self._day(k),
            "truth": self._text(days.truth[k]),
            "prediction": self._text(days.prediction[k]),
            "miss": self._text(days.error[k]),
        }
        with self.beat("miss" if self.is_deep else "no-miss", **values):
            # The day that was overestimated most is ringed; the upright line is what the prediction was too high by
            plot = self.plot
            self.gap = plot.errors(days.dates[[k]], days.truth[[k]], days.prediction[[k]], 3.2)
            at = plot.at(plot.days(days.dates[k]), days.truth[k])
            self.mark = ring(at, 0.2, palette.text).set_fill(opacity=0)
            self.play(Create(self.mark), run_time=0.6)
            self.play(Create(self.gap), run_time=0.6)

    def _question_beat(self) -> None:
        days, k = self.days, self.worst
        values = self._day(k)
        if self.is_late:
            values["next"] = self._text(days.prediction[k + 1])
        with self.beat("late" if self.is_late else "not-late", **values):
            # The dip turns up in the prediction of the day after; the room is asked for the reason
            if self.is_late:
                plot = self.plot
                at = plot.at(plot.days(days.dates[k + 1]), days.prediction[k + 1])
                self.echo = ring(at, 0.14, palette.blue).set_fill(opacity=0)
                self.play(Create(self.echo), run_time=0.7)
            self._annotate("?")

    def _answer_beat(self) -> None:
        day = self.days.dates[self.worst].astype(date)
        with self.beat("eve" if day in NEW_YEAR_EVES else "unknown", **self._day(self.worst)):
            # The day gets its name
            self._annotate(self._day_name(day), self.screen("copied") if self.is_late else None)

    def _day_name(self, day: date) -> str:
        if day in NEW_YEAR_EVES:
            return self.screen("eve")
        return day_words(day, self.context.language, "short")

    def _annotate(self, text: str, below: str | None = None) -> None:
        """Words beside the ring, where no line passes; those that were there leave."""
        lines = [words(text, 32)] + ([words(below, 26, palette.dim)] if below else [])
        days, plot = self.days, self.plot
        x = plot.days(days.dates)
        ink = np.concatenate([plot.at(x, days.truth), plot.at(x, days.prediction)])
        final = [words(self._day_name(days.dates[self.worst].astype(date)), 32)]
        final += [words(self.screen("copied"), 26)] if self.is_late else []
        room = Callout.size_of(final)
        place = free_place(ink, self.mark.get_center(), room, plot.box)
        callout = Callout(lines, place, self.mark, room)
        if hasattr(self, "callout"):
            self.play(FadeOut(self.callout), run_time=0.3)
        self.callout = callout
        self.play(FadeIn(callout), run_time=0.6)

    def _window_beat(self) -> None:
        with self.beat("window" if self.is_deep else "window-plain", window=self.dataset.window):
            # What the network saw before that day: its last days, and no calendar
            self.window.put(self.plot.x_range[0] + self.worst)
            text = self.screen("window", window=self.dataset.window)
            name = words(text, 26)
            middle = max(self.window.get_center()[0], style.LEFT_EDGE + name.width / 2)
            name.place(BRACKET_WORDS, center=middle)
            self.play(Create(self.window), run_time=1.2, rate_func=smooth)
            self.play(FadeIn(name, shift=0.1 * UP), run_time=0.5)

    def _day(self, k: int) -> dict[str, str]:
        """Fields of a line about day ``k`` of those shown."""
        return in_languages("day", lambda language: day_words(self.days.dates[k], language))

    def _text(self, views: float) -> str:
        return self.dataset.format_views(float(views))


def run_of(parameters: BaseModel) -> Experiment:
    """The network of ``depth`` layers of ``width`` ReLUs from ``seed``, as the comparison of depths trains it."""
    p: Any = parameters
    (network,) = depth_experiments(p.dataset, (p.depth,), p.width, (p.seed,), p.epochs)
    return network.experiments[0]
