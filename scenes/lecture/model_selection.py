"""Which network for a day that nobody has seen? Choose by unseen loss, predict, feed back, tell the error to expect."""

from __future__ import annotations

from datetime import date
from typing import Self

import numpy as np
from gradreel.core.errors import UserError
from gradreel.core.forecast import forecast, horizon_errors
from gradreel.core.results import LECTURE, Result, best_by_unseen
from gradreel.core.weekly_lows import weekly_lows
from gradreel.scenes import style
from gradreel.scenes.counts import Count
from gradreel.scenes.lecture.experiments import Depth, DepthsScene, depths_field
from gradreel.scenes.mobjects.bars import SEEN, UNSEEN
from gradreel.scenes.mobjects.choice_bars import ChoiceBars
from gradreel.scenes.mobjects.day_plot import WindowBracket
from gradreel.scenes.mobjects.day_words import day_words, in_languages, weekday_words
from gradreel.scenes.mobjects.days_ahead import AheadPanel, DaysAhead
from gradreel.scenes.mobjects.headings import next_heading
from gradreel.scenes.mobjects.text import TextMobject, words
from gradreel.scenes.network_words import network_fields, network_words
from gradreel.scenes.style import PRESENT, emphasis, palette
from manim import (
    UP,
    Create,
    FadeIn,
    FadeOut,
    LaggedStart,
    TransformFromCopy,
    UpdateFromAlphaFunc,
    VGroup,
    linear,
    smooth,
)
from pydantic import Field, model_validator

NOTE_LINE = -2.95
LECTURE_CHOICE = (100,) * 3
LECTURE_FORECAST = {date(2021, 2, 25): "5.25k", date(2021, 2, 26): "3.96k"}
"""What the lecture's network said of the two days after its own series; the second from the first."""


class ModelSelection(DepthsScene):
    """The network with the least unseen loss is chosen; it predicts the days after the series' end."""

    class Parameters(DepthsScene.Parameters):
        depths: tuple[Depth, ...] = depths_field((0, 1, 2, 3, 4))
        days: int = Field(2, ge=1, le=7, description="How many days after the end of the series are predicted")

        @model_validator(mode="after")
        def _errors_can_be_measured(self) -> Self:
            unseen = self.dataset.n_unseen
            if self.days > unseen:
                raise ValueError(
                    f"days: errors {self.days} days ahead need as many unseen days, and there are {unseen}"
                )
            return self

    def construct(self) -> None:
        self._prepare()
        self._question_beat()
        self._choice_beat()
        self._tomorrow_beat()
        if self.parameters.days > 1:
            self._day_after_beat()
        self._error_beat()
        self._bet_beat()

    # -- what is on the screen -----------------------------------------------------------------------------------

    def _prepare(self) -> None:
        self.outcome, self.dataset = self.results(), self.parameters.dataset
        self.best = best_by_unseen(self.outcome)
        self.best_seen = min(self.outcome, key=lambda result: result.training.mean)
        self.run = self.best.network.experiments[0]
        theta = np.asarray(self.trace(self.best.network.run_name(self.run)).parameters[-1])
        self.ahead = forecast(self.run, theta, self.parameters.days)
        self.errors = horizon_errors(self.run, theta, self.parameters.days)
        if not (np.isfinite(self.ahead.prediction).all() and np.isfinite(self.errors.error).all()):
            raise UserError("model-selection: the chosen network's predictions are not finite; train it for longer")
        self.usual = self.errors.mean_absolute
        series = self.dataset.daily
        self.lows = weekly_lows(series.dates(), series.array())
        self._draw()

    def _draw(self) -> None:
        dataset, language = self.dataset, self.context.language
        losses = [each.mean for result in self.outcome for each in (result.training, result.unseen)]
        self.written = dataset.format_column(losses)
        self.bars = ChoiceBars(self.outcome, [self._name(result) for result in self.outcome], self.written)
        self.days = DaysAhead(dataset, self.ahead, self.usual, self.screen("real"), language)
        texts = {key: self.screen(key) for key in ("prediction", "mean-error", "last-day", "last-week")}
        texts["model"] = self._name(self.best)
        heads = [self.screen("day" if k == 1 else "days", count=k) for k in sorted({1, self.parameters.days})]
        self.panel = AheadPanel(self.ahead, self.errors, texts, heads, self._text, language)

    def _name(self, result: Result) -> str:
        layers = len(result.network.hidden)
        return self.screen("linear" if layers == 0 else "layer" if layers == 1 else "layers", count=layers)

    # -- beats: the choice ---------------------------------------------------------------------------------------

    def _question_beat(self) -> None:
        with self.beat("question", **self._spoken(self.best_seen)):
            # The candidates and their loss on the days they were trained on: which one would the room take?
            self.title, arriving = next_heading(self.screen("heading"))
            self.note = self.data_caption("caption", seeds=len(self.parameters.seeds))
            self.play(*arriving, FadeIn(self.bars.axis), FadeIn(self.bars.names), FadeIn(self.note), run_time=0.7)
            self.side_labels = VGroup()
            self._raise(SEEN)

    def _choice_beat(self) -> None:
        same = self.best is self.best_seen
        with self.beat(
            "choice-same" if same else "choice", least=self.written(self.best.unseen.mean), **self._spoken(self.best)
        ):
            # The outlined bars of unseen days decide: a ring around the least, the others step back
            self._raise(UNSEEN)
            k = self.outcome.index(self.best)
            self.play(*self.bars.choose(k), run_time=0.5)
            self.chosen = self.bars.frame(k)
            self.play(Create(self.chosen), run_time=0.8)
            self.lecture = self._lecture_words()
            if len(self.lecture):
                self.play(FadeIn(self.lecture, shift=0.1 * UP), run_time=0.5)

    def _raise(self, side: int) -> None:
        bars = self.bars.side(side)
        boxes = VGroup(*(bar.box for bar in bars))
        self.bars.grow(side, 0.0)
        self.add(boxes)
        rise = UpdateFromAlphaFunc(boxes, lambda _, share: self.bars.grow(side, share))
        self.play(rise, run_time=1.2, rate_func=smooth)
        self.play(*(FadeIn(VGroup(bar.dots, bar.value)) for bar in bars), run_time=0.5)
        self.add(*bars)
        label = self.bars.side_label(side, self.screen("seen" if side == SEEN else "unseen"))
        if label is not None:
            self.play(FadeIn(label), run_time=0.3)
            self.side_labels.add(label)

    def _lecture_words(self) -> VGroup:
        """What the lecture chose by the same rule from its own runs, if that network is among ours."""
        if LECTURE_CHOICE not in [result.network.hidden for result in self.outcome]:
            return VGroup()
        text = self.screen("lecture", count=len(LECTURE_CHOICE), loss=LECTURE[LECTURE_CHOICE][UNSEEN])
        return words(text, style.CAPTION, palette.dim).place(NOTE_LINE, left=style.LEFT_EDGE)

    def _spoken(self, result: Result) -> dict[str, str]:
        return network_fields("best", result.network.hidden, "depth")

    # -- beats: the forecast -------------------------------------------------------------------------------------

    def _tomorrow_beat(self) -> None:
        ahead, low = self.ahead, self.ahead.weekdays[0] in self.lows
        falls = ahead.prediction[0] < self.dataset.daily.array()[-7:].mean()
        key = "tomorrow" if not low else "tomorrow-low" if falls else "tomorrow-unaware"
        with self.beat(key, views=self._text(ahead.prediction[0]), **self._day(0), **self._last_day()):
            # The last days of the series; the bracket holds what goes in; the first day that nobody knows comes out
            gone = [self.bars, self.chosen, self.note, *self.lecture, *self.side_labels]
            language = self.context.language
            name = network_words(self.best.network.hidden, "depth", language)
            self.title, arriving = next_heading(self.screen("heading-forecast", best=name), self.title)
            note = self.data_caption("caption-forecast", last=day_words(self.dataset.daily.end, language, "year"))
            self.play(*(FadeOut(part) for part in gone), run_time=0.5)
            days = self.days
            self.play(*arriving, FadeIn(days.plot), FadeIn(note), run_time=0.7)
            dots = LaggedStart(*(FadeIn(dot) for dot in days.dots), lag_ratio=0.4)
            self.play(Create(days.red), dots, run_time=1.4, rate_func=linear)
            self.play(FadeIn(days.real), run_time=0.3)
            self.play(Create(days.bracket), run_time=0.6)
            self._predict(0)
            self.play(FadeIn(self.panel.head), FadeIn(self.panel.lines[0], shift=0.1 * UP), run_time=0.5)

    def _predict(self, k: int) -> None:
        self.play(Create(self.days.steps[k]), run_time=0.5)
        self.play(FadeIn(self.days.points[k], scale=1.5), run_time=0.4)

    def _day_after_beat(self) -> None:
        ahead, days = self.ahead, self.parameters.days
        values = {"views": self._text(ahead.prediction[0]), "next": self._text(ahead.prediction[-1])}
        key = "day-after" if days == 2 else "days-after"
        with self.beat(key, days=Count(days), **values, **self._day(days - 1)):
            # The prediction goes into the window as if it had been the day's views; the next one comes out
            for k in range(1, days):
                start, end = self.days.day(k - 1), self.days.day(k)

                def slide(bracket: WindowBracket, share: float, start: float = start, end: float = end) -> None:
                    bracket.put(start + share * (end - start))

                self.play(self.days.points[k - 1].animate.set_fill(palette.blue, 1), run_time=0.4)
                self.play(UpdateFromAlphaFunc(self.days.bracket, slide), run_time=1.0 if days == 2 else 0.6)
                self._predict(k)
            self.play(
                emphasis(self.panel.lines[0], PRESENT), FadeIn(self.panel.lines[-1], shift=0.1 * UP), run_time=0.5
            )

    def _error_beat(self) -> None:
        days, one = self.parameters.days, self._text(self.usual[0])
        values = {"one": one, "more": self._text(self.usual[-1]), "days": Count(days)}
        with self.beat("error" if days > 1 else "error-one", **values):
            # What the same network was off by on unseen days stands around each prediction, and in the table
            self.play(FadeOut(self.days.bracket), run_time=0.3)
            self.play(LaggedStart(*(Create(spread) for spread in self.days.spreads), lag_ratio=0.4), run_time=1.0)
            self.play(
                FadeIn(self.panel.table[0]), TransformFromCopy(self.days.spreads, self.panel.table[1]), run_time=0.9
            )

    def _bet_beat(self) -> None:
        naive = {
            "day": float(self.errors.naive_day_mean_absolute[0]),
            "week": float(self.errors.naive_week_mean_absolute[0]),
        }
        rival = min((name for name in naive if np.isfinite(naive[name])), key=lambda name: naive[name])
        wins = self.usual[0] < naive[rival]
        with self.beat(
            f"bet-{rival}" if wins else f"bet-lost-{rival}",
            naive=self._text(naive[rival]),
            one=self._text(self.usual[0]),
        ):
            # Two forecasts that need no network; the room is asked whether it trusts ours
            self.play(*(FadeIn(row, shift=0.1 * UP) for row in self.panel.table[2:]), run_time=0.6)
            if self.dataset.synthetic:
                self.play(FadeIn(self._lecture_forecast()), run_time=0.5)

    def _lecture_forecast(self) -> TextMobject:
        """What the lecture predicted of its own channel, as the lecture's."""
        language = self.context.language
        days = {f"day_{k}": day_words(day, language) for k, day in enumerate(LECTURE_FORECAST, start=1)}
        views = {f"views_{k}": text for k, text in enumerate(LECTURE_FORECAST.values(), start=1)}
        text = self.screen("lecture-forecast", **days, **views)
        return words(text, style.CAPTION, palette.dim).place(NOTE_LINE, left=style.LEFT_EDGE)

    # -- words ---------------------------------------------------------------------------------------------------

    def _day(self, k: int) -> dict[str, str]:
        """Fields of a line about day ``k`` of the forecast."""
        day = self.ahead.dates[k]
        return in_languages("day", lambda language: day_words(day, language)) | in_languages(
            "weekday", lambda language: weekday_words(day, language)
        )

    def _last_day(self) -> dict[str, str]:
        last = self.dataset.daily.end
        return in_languages("last", lambda language: day_words(last, language))

    def _text(self, views: float) -> str:
        return self.dataset.format_views(float(views))
