"""A trained network predicts days it has never seen: it knows the week, and it does not know the calendar."""

from __future__ import annotations

from datetime import date
from typing import Any, Self

import numpy as np
from gradreel.core.daily_views import DailyViews, loss_column
from gradreel.core.experiment import Experiment
from gradreel.core.results import EPOCHS, WIDTH, depth_experiments
from gradreel.core.surprises import Surprise
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene
from gradreel.scenes.counts import Count
from gradreel.scenes.lecture.answer_beat import AnswerBeat
from gradreel.scenes.lecture.days import by_years, data_caption, ends_a_year, trained_years
from gradreel.scenes.lecture.depth_picture import BOX as DEPTH_BOX
from gradreel.scenes.lecture.depth_picture import LECTURE_RUNS
from gradreel.scenes.lecture.experiments import Seed, days_that_differ
from gradreel.scenes.lecture.unseen_days import UnseenDays
from gradreel.scenes.mobjects.day_plot import WindowBracket
from gradreel.scenes.mobjects.day_words import day_words, in_languages, period_words, views_words, weekdays_words
from gradreel.scenes.mobjects.depth_lines import axis_line
from gradreel.scenes.mobjects.forecast_plot import ForecastPlot
from gradreel.scenes.mobjects.headings import next_heading
from gradreel.scenes.mobjects.text import words
from gradreel.scenes.network_words import network_fields
from gradreel.scenes.style import FAINT, FULL, emphasis
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
from pydantic import BaseModel, Field, field_validator, model_validator

BOX = (style.LEFT_EDGE + 0.42, 5.2, -1.95, 2.15)
BRACKET, BRACKET_WORDS = -2.64, -3.0  # the line of the days that a prediction is made from, and of its name
LONGEST_BEFORE = 120  # days before them that are shown: a longer window's bracket is open
READOUT = 30
LECTURE_DEPTH = 3  # layers of the network whose forecast the lecture shows


class Forecast(AnswerBeat):
    """The days' views in red, a network's predictions in blue, over days that were not trained on."""

    class Parameters(LectureScene.Parameters):
        dataset: DailyViews = Field(DailyViews(), description="The daily views that the network learns")
        depth: int = Field(3, ge=0, le=20, description="Hidden layers of the network; 0 is the linear model")
        width: int = Field(WIDTH, ge=1, le=1000, description="ReLUs in each hidden layer")
        seed: Seed = Field(0, description="Of the network's random start and its random batches")
        epochs: int = Field(EPOCHS, ge=1, le=100_000, description="Passes over the days trained on")
        first: date | None = Field(
            None,
            description="The first day shown; by default the first unseen one, or, of many unseen days, four weeks "
            "before the one that is missed by the most",
        )
        last: date | None = Field(None, description="The last day shown, a week after the first or more")

        @field_validator("dataset")
        @classmethod
        def _days_differ(cls, dataset: DailyViews) -> DailyViews:
            return days_that_differ(dataset)

        @model_validator(mode="after")
        def _days_are_there(self) -> Self:
            low, high = self.dataset.first_unseen, self.dataset.daily.end
            for name in ("first", "last"):
                day = getattr(self, name)
                if day is not None and not low <= day <= high:
                    raise ValueError(f"{name}: an unseen day is wanted, from {low} to {high}, got {day}")
            if (high - low).days < 1:
                raise ValueError(
                    f"dataset: two unseen days at least are wanted, and there is one, {low}; give more days, a smaller "
                    "window or an earlier unseen_from"
                )
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
        if len(self.picture.bands) or not self.lows:  # fewer days than a week may hold none of the low ones
            self._lows_beat()
        if not self.surprises:
            self._no_miss_beat()
        for order, surprise in enumerate(self.surprises):
            self._surprise_beat(surprise, order)
        if self.surprises:
            self._answer_beat()
        self._window_beat()
        self.hand_on(self.picture.plot.x_axis)

    # -- what is on the screen -----------------------------------------------------------------------------------

    def _prepare(self) -> None:
        trace, parameters, self.dataset = self.trace("run"), self.parameters, self.parameters.dataset
        theta = np.asarray(trace.parameters[-1])
        self.unseen = UnseenDays.of(trace.experiment, theta, parameters.first, parameters.last)
        self.days, self.lows, self.surprises = self.unseen.days, self.unseen.lows, self.unseen.surprises
        self.missed = loss_column([self.unseen.usual])
        self._draw()

    def _draw(self) -> None:
        days, language, window = self.days, self.context.language, self.dataset.window
        before = min(window + 1, LONGEST_BEFORE)
        texts = {"real": self.screen("data" if self.dataset.synthetic else "real"), "model": self.screen("model")}
        self.picture = ForecastPlot(self.dataset, days, before, texts, self.lows, language, BOX)
        self.bracket = WindowBracket(self.picture.plot, window, BRACKET)
        period = period_words(*days.dates[[0, -1]], language)
        self.trained = years = trained_years(self.dataset)
        self.note = data_caption(self, self.dataset, self._by_years("caption"), days=period, **years)

    def _by_years(self, key: str) -> str:
        return by_years(key, self.trained, ends_a_year(self.dataset))

    # -- beats ---------------------------------------------------------------------------------------------------

    def _real_beat(self) -> None:
        picture = self.picture
        key = "real-made-up" if self.dataset.synthetic else "real"
        with self.beat(self._by_years(key), **self.trained):
            # The axis of the networks, as the last scene left it, becomes that of the days. The days before step back;
            # then the views, a dot a day: days that no network was trained on
            axis = axis_line(len(LECTURE_RUNS), DEPTH_BOX)
            self.add(axis)
            self.title, arriving = next_heading(self.screen("heading"))
            days = ReplacementTransform(axis, picture.plot.x_axis)
            others = [part for part in picture.plot if len(part.get_all_points()) and part is not picture.plot.x_axis]
            late = FadeIn(picture.ticks, rate_func=squish_rate_func(smooth, 0.4, 1.0))
            self.play(*arriving, days, late, *map(FadeIn, (*others, self.note)))
            self.add(picture)
            self.play(Create(picture.before), run_time=0.8, rate_func=linear)
            pop = LaggedStart(*(FadeIn(dot) for dot in picture.dots), lag_ratio=0.5)
            self.play(Create(picture.red), pop, run_time=2.0, rate_func=linear)
            self.sides = self._sides()
            self.play(FadeIn(picture.real_label), FadeIn(self.sides), run_time=0.4)

    def _sides(self) -> VGroup:
        """Above the days before and above those shown: which were seen in training, if they part just there."""
        if self.days.dates[0].astype(date) != self.dataset.first_unseen:
            return VGroup()
        return self.picture.sides([self.screen("seen"), self.screen("unseen")])

    def _predict_beat(self) -> None:
        parameters, picture = self.parameters, self.picture
        values = {"window": Count(self.dataset.window), "error": self.missed(self.unseen.usual)}
        fields = network_fields("model", (parameters.width,) * parameters.depth, "depth")
        lecture = parameters.depth == LECTURE_DEPTH
        with self.beat("predict-lecture" if lecture else "predict", **values, **fields):
            # A bracket holds the days that a prediction is made from; it slides on, and blue comes out at its end
            text = self.screen("error-run" if lecture else "error", error=values["error"])
            readout = words(text, READOUT).place(style.HEADING_BASELINE, right=style.RIGHT_EDGE)
            self.bracket.put(picture.first_day)
            self.play(Create(self.bracket), run_time=0.7)
            self._walk(4.5)
            self.play(FadeIn(picture.model_label), FadeOut(self.bracket), run_time=0.4)
            self.play(FadeIn(readout, shift=0.15 * UP), run_time=0.5)

    def _walk(self, seconds: float) -> None:
        picture, last = self.picture, len(self.days.dates) - 1

        def update(_: VMobject, share: float) -> None:
            picture.show_blue(share * last)
            self.bracket.put(picture.first_day + share * last)

        picture.show_blue(0.0)
        moving = VGroup(picture.blue, self.bracket)
        self.add(moving)
        self.play(UpdateFromAlphaFunc(moving, update, run_time=seconds, rate_func=_starting_slowly))
        picture.show_blue(last)

    def _lows_beat(self) -> None:
        picture = self.picture
        if not self.lows:
            with self.beat("no-lows"):
                # Closer. No weekday stands out: how near does blue come?
                self.play(FadeOut(self.sides), run_time=0.3)
                picture.zoom(self, 0, len(self.days.dates) - 1)
            return
        values = in_languages("days", lambda language: weekdays_words(self.lows, language))
        with self.beat(self.unseen.lows_line, **values):
            # Closer, and the low days of each week are shaded: red and blue dots beat there, week after week, and stay
            # side by side, the red ones ringed
            self.play(FadeOut(self.sides), run_time=0.3)
            picture.zoom(self, 0, len(self.days.dates) - 1)
            self.bring_to_back(picture.bands)
            self.names = self._band_names()
            lag = min(0.6, 5.0 / len(picture.bands))
            weeks = [picture.beating(k) for k in range(len(picture.bands))]
            self.play(FadeIn(self.names, shift=0.1 * UP), LaggedStart(*weeks, lag_ratio=lag, run_time=3.2))

    def _surprise_beat(self, surprise: Surprise, order: int) -> None:
        days, k = self.days, surprise.day
        values = {"truth": self._text(days.truth[k]), "prediction": self._text(days.prediction[k])}
        if surprise.follows:
            values["next"] = self._text(days.prediction[k + 1])
        key = ("second-" if order else "") + ("rise" if surprise.is_rise else "dip")
        with self.beat(key + ("-late" if surprise.follows else ""), **values, **self._day(k)):
            # Closer still: the day is ringed and named at the axis, its numbers stand at the points; where blue
            # follows a day late, a ring. Of the day before, its ring and its name stay
            picture = self.picture
            if order:
                told = [part for marks in picture.marks.values() for part in marks.told]
                self.play(*map(FadeOut, told), run_time=0.3)
            else:
                self._come_close()
            late = self.screen("late", **values) if surprise.follows else None
            marks = picture.mark(k, values, late, self._day_name(surprise))
            self.play(Create(marks.ring), FadeIn(marks.truth), *self._date(k), run_time=0.6)
            self.play(Create(marks.gap), FadeIn(marks.prediction), run_time=0.7)
            if surprise.follows:
                # ... and an arrow from the jump in red to the same jump in blue
                self.play(emphasis(marks.gap, FAINT), *map(Create, marks.following), run_time=0.6)
                self.play(Create(marks.echo), FadeIn(marks.late), run_time=0.6)

    def _come_close(self) -> None:
        """The days around the surprises fill the plot; the low weekdays, which are told, leave."""
        picture = self.picture
        if hasattr(self, "names"):
            leaving = (self.names, picture.bands, picture.low_dots, picture.low_rings)
            self.play(*map(FadeOut, leaving), run_time=0.3)
        picture.zoom(self, *self.unseen.close)

    def _band_names(self) -> VGroup:
        return self.picture.band_names(weekdays_words(self.lows, self.context.language, "short"))

    def _no_miss_beat(self) -> None:
        values = {"miss": self.missed(self.unseen.miss), "error": self.missed(self.unseen.usual)}
        k = self.unseen.worst
        with self.beat("no-miss" if self.unseen.misses_little else "no-miss-large", **values, **self._day(k)):
            # The day that was missed by the most is ringed
            values = {"truth": self._text(self.days.truth[k]), "prediction": self._text(self.days.prediction[k])}
            marks = self.picture.mark(k, values, None)
            self.play(Create(marks.ring), *self._date(k), run_time=0.6)
            self.play(Create(marks.gap), FadeIn(marks.truth), FadeIn(marks.prediction), run_time=0.6)

    def _date(self, k: int) -> list[Animation]:
        """The day that is spoken of comes to the axis."""
        return self.picture.date(k, day_words(self.days.dates[k], self.context.language, "short"))

    def _window_beat(self) -> None:
        picture = self.picture
        with self.beat("window" if self.surprises else "window-plain", window=Count(self.dataset.window)):
            # Back from it all: what the network saw before that day, from end to end, and no calendar
            gone = [part for marks in picture.marks.values() for part in marks.words]
            gone += [part for marks in picture.marks.values() if marks.echo for part in (marks.echo, *marks.following)]
            others = [marks for k, marks in picture.marks.items() if k != self.unseen.worst]
            gone += [part for marks in others for part in (marks.ring, marks.gap)]
            gone += list(picture.bands)
            gone += [self.names] if hasattr(self, "names") else []
            if hasattr(self, "names") and not self.surprises:
                gone += [picture.low_dots, picture.low_rings]
            here = self.get_mobject_family_members()
            gap = picture.marks[self.unseen.worst].gap
            kept = emphasis(gap, FULL) if gap in here else FadeIn(style.emphasize(gap, FULL))
            gone = [part for part in gone if set(part.get_family()) & set(here)]
            self.play(*map(FadeOut, gone), kept, run_time=0.4)
            picture.zoom_out(self)
            self.bracket.put(picture.first_day + self.unseen.worst)
            name = words(self.screen("window", window=Count(self.dataset.window)), 26)
            middle = max(self.bracket.get_center()[0], style.LEFT_EDGE + name.width / 2)
            name.place(BRACKET_WORDS, center=middle)
            self.play(Create(self.bracket), run_time=1.0)
            self.play(FadeIn(name, shift=0.1 * UP), run_time=0.5)

    def _text(self, views: float) -> str:
        return views_words(self.dataset, float(views))


def _starting_slowly(share: float) -> float:
    """The first days one by one, the others faster."""
    return share**1.6


def run_of(parameters: BaseModel) -> Experiment:
    """The network of ``depth`` layers of ``width`` ReLUs from ``seed``, as the comparison of depths trains it."""
    p: Any = parameters
    (network,) = depth_experiments(p.dataset, (p.depth,), p.width, (p.seed,), p.epochs)
    return network.experiments[0]
