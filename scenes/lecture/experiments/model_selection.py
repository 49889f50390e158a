"""The scene model-selection: a network is chosen by validation days, tested on the unseen year, and predicts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import numpy as np
from gradreel.core.analysis.forecast import forecast, horizon_errors, weekdays
from gradreel.core.analysis.results import Result
from gradreel.core.arrays import FloatArray
from gradreel.core.daily.synthetic import LOW_WEEKDAYS
from gradreel.core.errors import UserError
from gradreel.scenes.lecture.experiments.bars_scene import BarsScene
from gradreel.scenes.lecture.experiments.networks_scene import DepthsParameters
from gradreel.scenes.lecture.experiments.pictures.days_ahead import DaysAhead
from gradreel.scenes.lecture.experiments.pictures.exam import DayParts, ExamBars
from gradreel.scenes.lecture.experiments.pictures.loss_bars import UNSEEN
from gradreel.scenes.lecture.experiments.pictures.network_board import NetworkBoard
from gradreel.scenes.lecture.experiments.pictures.one_run import epoch_axis
from gradreel.scenes.style import DIM, emphasis, palette
from gradreel.scenes.words.claims import Claim, claim
from gradreel.scenes.words.counts import Count
from gradreel.scenes.words.day_words import counted_views, day_words, in_languages, weekday_words, weekdays_words
from gradreel.scenes.words.network_words import network_words
from manim import (
    DOWN,
    UP,
    Create,
    FadeIn,
    FadeOut,
    GrowFromCenter,
    GrowFromEdge,
    LaggedStart,
    ReplacementTransform,
    UpdateFromAlphaFunc,
    VGroup,
    linear,
    smooth,
    squish_rate_func,
    there_and_back,
)
from numpy.typing import NDArray
from pydantic import Field

LATE = squish_rate_func(smooth, 0.5, 1.0)
ASKING = 1.0  # seconds that the question mark stands alone


class ModelSelection(BarsScene):
    """The network that does best on validation days is chosen; the exam is opened; it predicts the days to come."""

    class Parameters(DepthsParameters):
        days: int = Field(8, ge=1, le=8, description="How many days are predicted, from the series' last day on")

    def claims(self) -> Iterator[Claim]:
        self._read_the_forecast()
        best, ahead, known = self.best, self.ahead.prediction, self.dataset.daily.array()
        losses = {"validation": best.validation.mean, "exam": best.test.mean}
        lucky = best.test.mean > best.validation.mean
        yield claim("exam", "on the exam the chosen network misses by more", lucky, **losses)

        weekday = weekdays(self.dataset.daily.dates())
        views = {day: float(known[weekday == day].mean()) for day in range(7)}
        usual = [mean for day, mean in views.items() if day not in LOW_WEEKDAYS]
        few = max(views[day] for day in LOW_WEEKDAYS) < 0.9 * min(usual)
        name = "tomorrow-low"
        yield claim(name, "the low weekdays usually have few views", few, mean_by_weekday=[*views.values()])
        week = float(known[-7:].mean())
        low = int(self.ahead.weekdays[0]) in LOW_WEEKDAYS and ahead[0] < 0.9 * week
        yield claim(
            name, "tomorrow is such a day, and few views are predicted", low, predicted=ahead[0], last_week=week
        )

        low = np.isin(self.ahead.weekdays, LOW_WEEKDAYS)
        again = low[-1] and not low[-2] and ahead[-1] < 0.9 * ahead[~low].min()
        yield claim("week-low-again", "the last day is low again, after days that are not", again, predicted=ahead)
        missed = self._misses()
        widens = missed[-1] == missed.max() and missed[0] == missed.min()
        yield claim("week-low-again", "the last day is missed by most, the first by least", widens, missed=missed)

    def construct(self) -> None:
        self._prepare()
        self._choice_beat()
        if not self.other_data:
            self._exam_beat()
        self._tomorrow_beat()
        if self.parameters.days > 1:
            self._pretend_beat()
        if self.parameters.days > 2:
            self._on_beat()
        self.hand_on(self.days.plot.x_axis)

    def _chosen_theta(self) -> NDArray:
        return np.asarray(self.traces_of(self.best.network)[0].parameters[self.best.rows[0]])

    def _misses(self) -> FloatArray:
        """(h,): by how much the network misses unseen days on average, one day ahead, two, ...; in views."""
        run, days = self.best.network.experiments[0], min(self.parameters.days, self.parameters.dataset.n_test)
        missed = np.abs(horizon_errors(run, self._chosen_theta(), days)).mean(axis=0)
        return np.pad(missed, (0, self.parameters.days - days), mode="edge")

    def _read_the_forecast(self) -> None:
        """The last day of the series counts as not known: the lecture asks for it, and its end shows it."""
        self.dataset = self.parameters.dataset
        known = self.dataset.daily.end - timedelta(days=1)
        self.ahead = forecast(self.best.network.experiments[0], self._chosen_theta(), self.parameters.days, known)

    def _prepare(self) -> None:
        """Raises UserError for predictions that are not finite."""
        self._read_the_forecast()
        language = self.context.language
        self.lows = () if self.other_data else LOW_WEEKDAYS
        if not np.isfinite(self.ahead.prediction).all():
            raise UserError("model-selection: the chosen network's predictions are not finite; train it for longer")
        self.counted = counted_views(self.ahead.prediction)
        names = [self._name(result) for result in self.outcome]
        self.board = NetworkBoard(self.outcome, names, self.written)
        self.keys = self.board.keys([self.screen("seen"), self.screen("validation")])
        known = self.screen("data" if self.dataset.synthetic else "real")
        span = self.screen("window", days=Count(self.dataset.window))
        self.days = DaysAhead(self.dataset, self.ahead, known, span, self.lows, language)

    def _name(self, result: Result) -> str:
        return self.network_label(result.network.hidden)

    # -- beats: the choice ---------------------------------------------------------------------------------------------

    def _choice_beat(self) -> None:
        board = self.board
        with self.beat("choice", pause="short", **self.spoken("best", self.best)):
            # The last scene's axis becomes that of all depths, with the bars that are known of them. Those of seen days
            # step back; a ring at the lowest one of validation days, and all others step back, too
            axis = epoch_axis()
            self.add(axis)
            self.note = self.data_caption("caption", seeds=Count(len(self.parameters.seeds)))
            arriving = self.next_heading(self.screen("heading"))
            moved = ReplacementTransform(axis, board.axis)
            self.play(*arriving, moved, FadeIn(board.names, rate_func=LATE), FadeIn(self.note, rate_func=LATE))
            coming = [FadeIn(VGroup(*pair)) for pair in board.bars]
            self.play(LaggedStart(*coming, lag_ratio=0.3), *map(FadeIn, self.keys), run_time=1.4)
            self.add(*(part for pair in board.bars for bar in pair for part in bar))
            self.until("decide")
            self.play(*self._light(UNSEEN), run_time=2.0)
            self.until("take")
            best = self.outcome.index(self.best)
            others = [part for k, pair in enumerate(board.bars) if k != best for part in pair[UNSEEN]]
            self.ring = self._ring(self.best)
            self.play(Create(self.ring), *(emphasis(part, DIM) for part in others), run_time=1.4)

    def _exam_beat(self) -> None:
        best = self.best
        with self.beat("exam", pause="long", best=self.written(best.test.mean), **self.spoken("chosen", best)):
            # The chosen bar stays, of validation days. All days by their three parts: the last year is shut. It is
            # opened: what the same network misses that by, beside the bar that it was chosen by
            names = (self.screen("part-seen"), self.screen("part-validation"), self.screen("part-exam"))
            self.parts = DayParts(self.dataset, names)
            losses = [best.validation.mean, best.test.mean]
            self.bars = bars = ExamBars(names[1:], losses, self.written)
            chosen = self.board.bars[self.outcome.index(best)][UNSEEN]
            self.remove(chosen.box, chosen.value)
            leaving = [FadeOut(part, run_time=0.5) for part in self.mobjects if part is not self.title]
            self.add(chosen.box, chosen.value)
            self.play(*leaving, *self.next_heading(self.screen("heading-exam")))
            moved = chosen.box.animate.replace(bars.bars[0], stretch=True)
            value = ReplacementTransform(chosen.value, bars.values[0])
            self.play(moved, value, FadeIn(self.parts), run_time=1.0)
            self.remove(chosen.box)
            self.add(bars.bars[0])
            seeds = Count(len(self.parameters.seeds))
            self.note = self.data_caption("caption-exam", best=self._name(best), seeds=seeds)
            self.play(FadeIn(bars.names), Create(bars.axis), FadeIn(self.note), run_time=0.6)
            self.until("open")
            self.play(*self.parts.open(), run_time=0.8)
            self.until("miss")
            self.play(GrowFromEdge(bars.bars[1], DOWN), FadeIn(bars.values[1], rate_func=LATE), run_time=2.0)

    # -- beats: the forecast -------------------------------------------------------------------------------------------

    def _tomorrow_beat(self) -> None:
        days, views, language = self.days, self.counted(self.ahead.prediction[0]), self.context.language
        day = self.ahead.dates[0]
        fields = in_languages("weekday", lambda lang: weekday_words(day, lang))
        if not self.other_data:
            fields |= in_languages("lows", lambda lang: weekdays_words(self.lows, lang))
        with self.beat("tomorrow-low", pause="short", views=views, **fields):
            # The window, from end to end; closer, its last weeks; the first day that nobody knows comes out, and its
            # number with it. On the lesson's days the low weekdays are shaded
            self._open_forecast()
            days.come_close(self)
            self.play(FadeIn(days.mark, scale=1.6), FadeIn(days.real), run_time=0.6)
            self.wait(ASKING)
            self.until("views")
            self.play(Create(days.steps[0]), FadeOut(days.mark), run_time=0.6)
            self.number = days.number(views)
            self.play(FadeIn(days.predicted[0], scale=1.5), FadeIn(self.number, shift=0.1 * UP), run_time=0.6)
            if self.holds("tomorrow-low"):
                self.until("low")
                names = days.band_names(weekdays_words(self.lows, language, "short"))
                self.add(days.bands)
                self.bring_to_back(days.bands)
                self.play(LaggedStart(*map(FadeIn, days.bands), lag_ratio=0.5), FadeIn(names), run_time=2.4)

    def _pretend_beat(self) -> None:
        days = self.days
        with self.beat("pretend", pause="short"):
            # The window moves on by a day: that one has no views yet. The prediction goes into it as if it had been
            # the day's views; the next one comes out
            self._move_on(1, 1.0)
            hollow = days.predicted[0]
            self.play(hollow.animate(rate_func=there_and_back).scale(1.8), run_time=0.9)
            self.until("pretend")
            fed = days.fed(self.counted(self.ahead.prediction[0]))
            self.play(hollow.animate.set_fill(palette.blue, 1), FadeIn(fed, shift=0.15 * DOWN), run_time=1.0)
            self.until("feed")
            self._predict(1, 1.4)
            self.fed = [fed, self.number]

    def _on_beat(self) -> None:
        days, last = self.days, self.ahead.dates[-1]
        fields = in_languages("weekday", lambda lang: weekday_words(last, lang))
        with self.beat("week-low-again", **fields):
            # On and on: each prediction goes into the window, where more and more dots are blue. The last one is told
            self.play(*map(FadeOut, self.fed), run_time=0.3)
            for k in range(2, len(days.predicted)):
                self._move_on(k, 0.15)
                self.play(days.predicted[k - 1].animate.set_fill(palette.blue, 1), run_time=0.15)
                if k == len(days.predicted) - 1:
                    self.until("again")
                self._predict(k, 0.27)
            self.until("guess")
            spans = days.spans(self._misses())
            self.add(spans, *days.steps, *days.predicted)
            self.play(LaggedStart(*(GrowFromCenter(span) for span in spans), lag_ratio=0.4), run_time=2.8)
            self.wait(1.0)

    def _move_on(self, k: int, seconds: float) -> None:
        """The window moves on to the days before predicted day ``k``."""
        days, start, end = self.days, self.days.day(k - 1), self.days.day(k)
        held = VGroup(days.bracket, days.span)
        moving = UpdateFromAlphaFunc(held, lambda _, share: days.hold(start + share * (end - start)))
        self.play(moving, run_time=seconds)

    def _predict(self, k: int, seconds: float) -> None:
        """The next prediction comes out of the window."""
        self.play(Create(self.days.steps[k]), run_time=seconds / 2)
        self.play(FadeIn(self.days.predicted[k], scale=1.5), run_time=seconds / 2)

    def _open_forecast(self) -> None:
        gone = [part for part in self.mobjects if part is not self.title]
        days, language = self.days, self.context.language
        name = network_words(self.best.network.hidden, "depth", language)
        arriving = self.next_heading(self.screen("heading-forecast", best=name))
        self.note = self.data_caption("caption-forecast", last=day_words(self.ahead.last_known, language, "year"))
        self.play(*(FadeOut(part, run_time=0.4) for part in gone), *arriving)
        self.play(FadeIn(days), FadeIn(self.note), run_time=0.5)
        dots = LaggedStart(*(FadeIn(dot) for dot in days.dots), lag_ratio=0.4, rate_func=linear)
        held = (Create(days.bracket), FadeIn(days.span))
        self.play(Create(days.red, rate_func=linear), dots, *held, run_time=0.8)
