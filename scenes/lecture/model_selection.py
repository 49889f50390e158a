"""Which network for a day that nobody has seen? Choose by unseen loss, predict, feed back, tell the error to expect."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from typing import Self

import numpy as np
from gradreel.core.errors import UserError
from gradreel.core.forecast import forecast, horizon_errors
from gradreel.core.results import LECTURE, Result, best_by_unseen
from gradreel.core.weekly_lows import weekly_lows
from gradreel.scenes import style
from gradreel.scenes.counts import Count
from gradreel.scenes.lecture.experiments import Depth, DepthsScene, depths_field
from gradreel.scenes.mobjects.bars import SEEN, UNSEEN, Columns, LossBar
from gradreel.scenes.mobjects.callout import Callout, free_place
from gradreel.scenes.mobjects.day_plot import REAL_LINE, DayPlot, WindowBracket, views_range
from gradreel.scenes.mobjects.day_words import day_words, in_languages, weekday_words, weekdays_words
from gradreel.scenes.mobjects.headings import next_heading
from gradreel.scenes.mobjects.plot import ring, segment
from gradreel.scenes.mobjects.text import TextMobject, words
from gradreel.scenes.network_words import network_fields, network_words
from gradreel.scenes.style import PRESENT, emphasis, mix, palette
from manim import (
    UP,
    Create,
    FadeIn,
    FadeOut,
    LaggedStart,
    RoundedRectangle,
    TransformFromCopy,
    UpdateFromAlphaFunc,
    VGroup,
    VMobject,
    linear,
    smooth,
)
from pydantic import Field, model_validator

NAME_LINE, NOTE_LINE = -2.0, -2.75
BOX = (style.LEFT_EDGE + 0.42, 2.1, -1.95, 2.15)
BRACKET = -2.64
PANEL_LEFT, PANEL_LINES, TABLE_TOP, TABLE_STEP, COLUMN = 2.75, (1.55, 0.85), -0.45, 0.55, 0.95
KNOWN_DAYS = 21  # before the first predicted one, that are shown
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
        self._draw_bars()
        self._draw_days()
        self._draw_panel()

    def _draw_bars(self) -> None:
        losses = [losses for result in self.outcome for losses in (result.training, result.unseen)]
        self.columns = Columns.holding(losses, len(self.outcome))
        written = self.dataset.format_column([each.mean for each in losses])
        self.least = written(self.best.unseen.mean)
        size = min(34.0, self.columns.value_size([written(each.mean) for each in losses]))
        self.bars = [
            tuple(
                LossBar(self.columns, k, side, losses, written(losses.mean), size)
                for side, losses in enumerate((result.training, result.unseen))
            )
            for k, result in enumerate(self.outcome)
        ]
        self.names = VGroup(
            *(
                words(self._name(result), 30 if len(self.outcome) <= 5 else 26).place(
                    NAME_LINE, center=self.columns.center(k)
                )
                for k, result in enumerate(self.outcome)
            )
        )

    def _name(self, result: Result) -> str:
        layers = len(result.network.hidden)
        return self.screen("linear" if layers == 0 else "layer" if layers == 1 else "layers", count=layers)

    def _draw_days(self) -> None:
        series, ahead = self.dataset.daily, self.ahead
        count = min(KNOWN_DAYS, len(series))
        self.known_dates, self.known = series.dates()[-count:], series.array()[-count:]
        low, high = ahead.prediction - self.usual, ahead.prediction + self.usual
        first, last = self.known_dates[0].astype(date), ahead.dates[-1].astype(date)
        y_range = views_range(self.known, low, high)
        self.plot = plot = DayPlot(self.dataset, first, last + timedelta(days=1), y_range, self.context.language, BOX)
        self.red = plot.line(self.known_dates, self.known, palette.red, REAL_LINE)
        self.dots = plot.dots(self.known_dates, self.known, palette.red, 0.065)
        places = plot.at(plot.days(ahead.dates), ahead.prediction)
        self.points = VGroup(*(ring(place, 0.1, palette.blue) for place in places))
        start = plot.at(plot.days(self.known_dates[-1]), self.known[-1])
        corners = [start, *places]
        self.steps = [segment(a, b, mix(palette.blue, 0.7), 3.2) for a, b in pairwise(corners)]
        self.spreads = VGroup(*(self._spread(k, float(low[k]), float(high[k])) for k in range(len(ahead.dates))))
        size = Callout.size_of([words(self.screen("real"), 28)])
        ink = plot.at(plot.days(self.known_dates), self.known)
        place = free_place(ink, ink[self.known.argmax()], size, plot.box, gap=size[0] / 2 + 0.1)
        self.real = words(self.screen("real"), 28, palette.red).move_to((*(place or ink[0][:2] + 0.4), 0.0))
        self.bracket = WindowBracket(plot, self.dataset.window, BRACKET)

    def _spread(self, k: int, low: float, high: float) -> VGroup:
        """An upright line over the usual error around a prediction, with caps."""
        x = self.plot.days(self.ahead.dates[k])
        foot, head = self.plot.at(x, low), self.plot.at(x, high)
        cap = np.array([0.09, 0.0, 0.0])
        ends = [(foot, head), (foot - cap, foot + cap), (head - cap, head + cap)]
        return VGroup(*(segment(a, b, palette.text, 2.4) for a, b in ends))

    def _draw_panel(self) -> None:
        """At the right: the days predicted with their numbers, and below them the errors to expect."""
        shown = sorted({0, self.parameters.days - 1})
        self.lines = [self._predicted_line(k, y) for k, y in zip(shown, PANEL_LINES, strict=False)]
        self.head = words(self.screen("prediction"), style.TICK, palette.blue)
        self.head.place(PANEL_LINES[0] + 0.65, right=style.RIGHT_EDGE)
        errors = self.errors
        rows = [
            (self._name(self.best), self.usual, palette.text),
            (self.screen("last-day"), errors.naive_day_mean_absolute, palette.dim),
            (self.screen("last-week"), errors.naive_week_mean_absolute, palette.dim),
        ]
        heads = [self.screen("day" if k == 0 else "days", count=k + 1) for k in shown]
        table = VGroup(self._row(self.screen("mean-error"), heads, TABLE_TOP, palette.dim))
        for name, values, color in rows:
            if np.isfinite(values).all():
                texts = [self._text(values[k]) for k in shown]
                table.add(self._row(name, texts, TABLE_TOP - TABLE_STEP * len(table), color))
        self.table = table

    def _predicted_line(self, k: int, y: float) -> VGroup:
        language, day = self.context.language, self.ahead.dates[k]
        weekday = weekdays_words((self.ahead.weekdays[k],), language, "short")
        name = words(f"{weekday} {day_words(day, language, 'short')}", 28).place(y, left=PANEL_LEFT)
        value = words(self._text(self.ahead.prediction[k]), 38, palette.blue).place(y, right=style.RIGHT_EDGE)
        return VGroup(name, value)

    def _row(self, name: str, texts: list[str], y: float, color: object) -> VGroup:
        row = VGroup(words(name, style.TICK, color).place(y, left=PANEL_LEFT))
        for k, text in enumerate(reversed(texts)):
            row.add(words(text, style.TICK, color).place(y, right=style.RIGHT_EDGE - k * COLUMN))
        return row

    # -- beats: the choice ---------------------------------------------------------------------------------------

    def _question_beat(self) -> None:
        with self.beat("question", **self._spoken(self.best_seen)):
            # The candidates and their loss on the days they were trained on: which one would the room take?
            self.title, arriving = next_heading(self.screen("heading"))
            note = self.data_caption("caption", seeds=len(self.parameters.seeds))
            self.axis, self.note = self.columns.axis(), note
            self.play(*arriving, FadeIn(self.axis), FadeIn(self.names), FadeIn(note), run_time=0.7)
            self._raise(SEEN)

    def _choice_beat(self) -> None:
        same = self.best is self.best_seen
        with self.beat("choice-same" if same else "choice", least=self.least, **self._spoken(self.best)):
            # The outlined bars of unseen days decide: a ring around the least, the others step back
            self._raise(UNSEEN)
            k = self.outcome.index(self.best)
            seen = [emphasis(pair[SEEN], PRESENT) for pair in self.bars]
            others = [emphasis(pair[UNSEEN], PRESENT) for n, pair in enumerate(self.bars) if n != k]
            names = [emphasis(name, PRESENT) for n, name in enumerate(self.names) if n != k]
            self.play(*seen, *others, *names, run_time=0.5)
            self.ring = self._frame(VGroup(self.bars[k][UNSEEN], self.names[k]), k)
            self.play(Create(self.ring), run_time=0.8)
            self.lecture = self._lecture_words()
            if len(self.lecture):
                self.play(FadeIn(self.lecture, shift=0.1 * UP), run_time=0.5)

    def _raise(self, side: int) -> None:
        bars = [pair[side] for pair in self.bars]
        key = "seen" if side == SEEN else "unseen"
        label = words(self.screen(key), style.TICK, palette.background if side == SEEN else palette.text)
        bar = self._labelled_bar(side)
        label.place(self.columns.bottom + 0.15, center=self.columns.slot(bar, side))
        boxes = VGroup(*(bar.box for bar in bars))

        def grow(_: VMobject, share: float) -> None:
            for each in bars:
                each.grow(max(share, 1e-3))

        grow(boxes, 0.0)
        self.add(boxes)
        self.play(UpdateFromAlphaFunc(boxes, grow), run_time=1.2, rate_func=smooth)
        self.play(*(FadeIn(VGroup(each.dots, each.value)) for each in bars), run_time=0.5)
        self.add(*bars)
        if label.width < self.columns.bar(bar, side)[1] - self.columns.bar(bar, side)[0]:
            self.play(FadeIn(label), run_time=0.3)
            self.side_labels = VGroup(*getattr(self, "side_labels", VGroup()), label)

    def _labelled_bar(self, side: int) -> int:
        """The column whose bar has the word for its side in it: the highest of the filled ones, for both sides."""
        return int(np.argmax([min(r.training.mean, r.unseen.mean) for r in self.outcome]))

    def _frame(self, held: VGroup, k: int) -> VMobject:
        left, right = self.columns.panel(k)
        low, high = held.get_bottom()[1] - 0.16, held.get_top()[1] + 0.16
        frame = RoundedRectangle(corner_radius=0.12, width=right - left + 0.2, height=high - low)
        return frame.set_stroke(palette.text, 2.4).move_to(((left + right) / 2, (low + high) / 2, 0))

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
        falls = ahead.prediction[0] < self.known[-7:].mean()
        key = "tomorrow" if not low else "tomorrow-low" if falls else "tomorrow-unaware"
        with self.beat(key, views=self._text(ahead.prediction[0]), **self._day(0), **self._last_day()):
            # The last days of the series; the bracket holds what goes in; the first day that nobody knows comes out
            gone = [*self.names, *(bar for pair in self.bars for bar in pair), self.axis, self.ring, self.note]
            gone += [*self.lecture, *getattr(self, "side_labels", [])]
            language = self.context.language
            name = network_words(self.best.network.hidden, "depth", language)
            self.title, arriving = next_heading(self.screen("heading-forecast", best=name), self.title)
            note = self.data_caption("caption-forecast", last=day_words(self.dataset.daily.end, language, "year"))
            self.play(*(FadeOut(part) for part in gone), run_time=0.5)
            self.play(*arriving, FadeIn(self.plot), FadeIn(note), run_time=0.7)
            dots = LaggedStart(*(FadeIn(dot) for dot in self.dots), lag_ratio=0.4)
            self.play(Create(self.red), dots, run_time=1.4, rate_func=linear)
            self.play(FadeIn(self.real), run_time=0.3)
            self.bracket.put(float(self.plot.days(ahead.dates[0])))
            self.play(Create(self.bracket), run_time=0.6)
            self._predict(0)
            self.play(FadeIn(self.head), FadeIn(self.lines[0], shift=0.1 * UP), run_time=0.5)

    def _predict(self, k: int) -> None:
        self.play(Create(self.steps[k]), run_time=0.5)
        self.play(FadeIn(self.points[k], scale=1.5), run_time=0.4)

    def _day_after_beat(self) -> None:
        ahead, days = self.ahead, self.parameters.days
        values = {"views": self._text(ahead.prediction[0]), "next": self._text(ahead.prediction[-1])}
        key = "day-after" if days == 2 else "days-after"
        with self.beat(key, days=Count(days), **values, **self._day(days - 1)):
            # The prediction goes into the window as if it had been the day's views; the next one comes out
            for k in range(1, days):
                start, end = (float(self.plot.days(day)) for day in ahead.dates[k - 1 : k + 1])

                def slide(bracket: WindowBracket, share: float, start: float = start, end: float = end) -> None:
                    bracket.put(start + share * (end - start))

                self.play(self.points[k - 1].animate.set_fill(palette.blue, 1), run_time=0.4)
                self.play(UpdateFromAlphaFunc(self.bracket, slide), run_time=1.0 if days == 2 else 0.6)
                self._predict(k)
            self.play(emphasis(self.lines[0], PRESENT), FadeIn(self.lines[-1], shift=0.1 * UP), run_time=0.5)

    def _error_beat(self) -> None:
        days, one = self.parameters.days, self._text(self.usual[0])
        values = {"one": one, "more": self._text(self.usual[-1]), "days": Count(days)}
        with self.beat("error" if days > 1 else "error-one", **values):
            # What the same network was off by on unseen days stands around each prediction, and in the table
            self.play(FadeOut(self.bracket), run_time=0.3)
            self.play(LaggedStart(*(Create(spread) for spread in self.spreads), lag_ratio=0.4), run_time=1.0)
            self.play(FadeIn(self.table[0]), TransformFromCopy(self.spreads, self.table[1]), run_time=0.9)

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
            self.play(*(FadeIn(row, shift=0.1 * UP) for row in self.table[2:]), run_time=0.6)
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
