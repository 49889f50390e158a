"""Which network for a day that nobody has seen? Choose by unseen loss, predict, feed back, tell the error to expect."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Self

import numpy as np
from gradreel.core.daily_views import loss_column
from gradreel.core.results import Result
from gradreel.core.verdicts import lecture_losses
from gradreel.scenes.counts import Count
from gradreel.scenes.lecture.chosen_network import Choice, DaysToCome
from gradreel.scenes.lecture.depth_picture import BOX as DEPTH_BOX
from gradreel.scenes.lecture.depth_picture import LECTURE_BEST, LECTURE_RUNS
from gradreel.scenes.lecture.experiments import Depth, DepthsScene, depths_field
from gradreel.scenes.mobjects.bars import UNSEEN
from gradreel.scenes.mobjects.channel_bars import Channel, ChannelBars
from gradreel.scenes.mobjects.day_plot import WindowBracket
from gradreel.scenes.mobjects.day_words import (
    day_words,
    in_languages,
    views_and_errors,
    weekday_words,
    weekdays_words,
)
from gradreel.scenes.mobjects.days_ahead import AheadPanel, DaysAhead
from gradreel.scenes.mobjects.depth_lines import depth_axis
from gradreel.scenes.mobjects.headings import next_heading
from gradreel.scenes.mobjects.lecture_formulas import linear_sum_source
from gradreel.scenes.mobjects.loss_plane import LossPlane
from gradreel.scenes.mobjects.text import formula
from gradreel.scenes.mobjects.weekday_means import WeekdayMeans
from gradreel.scenes.network_words import network_fields, network_words
from gradreel.scenes.style import FAINT, FULL, emphasis, palette
from manim import (
    DOWN,
    LEFT,
    UP,
    Animation,
    AnimationGroup,
    Create,
    FadeIn,
    FadeOut,
    GrowFromCenter,
    GrowFromEdge,
    LaggedStart,
    ReplacementTransform,
    TransformFromCopy,
    UpdateFromAlphaFunc,
    VGroup,
    linear,
    smooth,
    squish_rate_func,
    there_and_back,
)
from pydantic import Field, model_validator

FORMULA, FORMULA_LINE = 58, 1.55


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
        self._twist_beat()
        self._tomorrow_beat()
        if self.parameters.days > 1:
            self._day_after_beat()
        self._error_beat()
        self._bet_beat()
        self.hand_on(self.days.plot.x_axis)

    # -- what is on the screen -----------------------------------------------------------------------------------

    def _prepare(self) -> None:
        self.dataset = self.parameters.dataset
        self.choice = Choice(self.results(), self.dataset.synthetic)
        network = self.choice.best.network
        run = network.experiments[0]
        theta = np.asarray(self.trace(network.run_name(run)).parameters[-1])
        self.to_come = DaysToCome(run, theta, self.parameters.days)
        self.ahead = self.to_come.ahead
        self._draw()

    def _draw(self) -> None:
        dataset, language = self.dataset, self.context.language
        choice, to_come = self.choice, self.to_come
        losses = [each.mean for result in choice.outcome for each in (result.training, result.unseen)]
        self.written = loss_column(losses)
        self.counted = views_and_errors(self.ahead.prediction, [*to_come.usual, to_come.naive])
        self.plane = LossPlane(
            choice.outcome,
            [self._name(len(result.network.hidden)) for result in choice.outcome],
            self.written,
            (self.screen("seen"), self.screen("unseen")),
        )
        known = self.screen("data" if dataset.synthetic else "real")
        self.days = DaysAhead(dataset, self.ahead, to_come.usual, known, to_come.lows, language)
        shown = sorted({0, self.parameters.days - 1})
        ours = self.screen("ours", best=self._name(len(choice.best.network.hidden)))
        rivals = [
            (name, self.counted(error), error)
            for name, error in ((ours, to_come.usual[0]), (self.screen(f"last-{to_come.rival}"), to_come.naive))
        ]
        self.panel = AheadPanel(
            self.ahead,
            self.screen("prediction"),
            [self.counted(self.ahead.prediction[k]) for k in shown],
            [self.counted(to_come.usual[k]) for k in shown],
            self.screen("mean-error"),
            rivals,
            language,
        )

    def _name(self, layers: int) -> str:
        return self.screen("linear" if layers == 0 else "layer" if layers == 1 else "layers", count=layers)

    # -- beats: the choice ---------------------------------------------------------------------------------------

    def _question_beat(self) -> None:
        with self.beat("question", **self._spoken(self.choice.best_seen)):
            # The networks that the last scene left on an axis come as points, one by one: left is better on seen days,
            # down on unseen ones; both losses beside each. A line comes from the right and stops at the last point:
            # which would the room take?
            plane = self.plane
            self.title, arriving = next_heading(self.screen("heading"))
            self.note = self.data_caption("caption", seeds=Count(len(self.parameters.seeds)))
            self._axis_to_plane(arriving)
            points = [AnimationGroup(*map(FadeIn, point)) for point in zip(plane.dots, plane.names, strict=True)]
            self.play(LaggedStart(*points, lag_ratio=0.5), run_time=1.2)
            self.add(plane.names)
            if plane.leaders:
                self.play(*map(Create, plane.leaders), run_time=0.4)
            self.play(LaggedStart(*map(FadeIn, plane.numbers), lag_ratio=0.5), run_time=2.0)
            self.add(plane.leaders, plane.dots, plane.names, plane.numbers)
            self.wait(1.0)
            self.play(plane.sweep_left())

    def _axis_to_plane(self, arriving: Sequence[Animation]) -> None:
        """The axis of all depths becomes the plane's. Its names leave first: on their ways they would cross."""
        plane = self.plane
        axis, names = depth_axis([self._name(len(hidden)) for hidden in LECTURE_RUNS], DEPTH_BOX)
        self.add(axis, names)
        late = squish_rate_func(smooth, 0.4, 1.0)
        rest = [part for part in plane.plot if part is not plane.plot.x_axis and len(part.get_all_points())]
        shown = [FadeIn(part, rate_func=late) for part in (*rest, plane.labels, self.note)]
        if plane.breaks:
            shown.append(FadeIn(plane.breaks, rate_func=late))
        moved = ReplacementTransform(axis, plane.plot.x_axis)
        self.play(*arriving, FadeOut(names, run_time=0.35), moved, *shown)

    def _choice_beat(self) -> None:
        best, plane = self.choice.best, self.plane
        values = {"least": self.written(best.unseen.mean), "epochs": Count(self.parameters.epochs)}
        values |= self._spoken(best)
        with self.beat("choice-same" if best is self.choice.best_seen else "choice", **values):
            # That line steps back. Unseen days decide: another one comes from above, down to the lowest point
            k = self.choice.place(best)
            self.play(emphasis(plane.upright, FAINT), run_time=0.6)
            self.play(plane.sweep_down())
            self.chosen = plane.ring(k)
            self.play(Create(self.chosen), FadeIn(plane.value), *plane.choose(k), run_time=0.8)

    def _spoken(self, result: Result) -> dict[str, str]:
        return network_fields("best", result.network.hidden, "depth")

    # -- beats: what the choice means ----------------------------------------------------------------------------

    def _twist_beat(self) -> None:
        choice = self.choice
        line, other = choice.line, choice.other
        if line is None:
            return
        values = {
            "window": Count(self.dataset.window),
            "layers": Count(len(LECTURE_BEST)),
            "line": self.written(line.unseen.mean),
            "loss": self.written(other.unseen.mean),
            **network_fields("other", other.network.hidden, "depth"),
        }
        with self.beat(choice.twist, **values):
            if choice.best is not line:
                # The line that the film began with: it is not the one
                k = choice.place(line)
                named = (self.plane.dots[k], self.plane.names[k])
                self.play(*(emphasis(part, FULL) for part in named), run_time=0.5)
                self.rest = VGroup(self.plane.ring(k))
                self.play(Create(self.rest), run_time=0.6)
                return
            # The plane leaves; the name becomes the line's formula. Below it, on our days the line is the better one;
            # then on the lecture's own channel, where layers were
            self._leave_the_line()

    def _leave_the_line(self) -> None:
        name = self.plane.names[self.choice.place(self.choice.best)]
        gone = [part for part in self.mobjects if part not in (self.title, self.note, self.plane.names)]
        gone += [other for other in self.plane.names if other is not name]
        self.remove(self.plane.names)
        self.add(name)
        text = formula(linear_sum_source(self.dataset.window), FORMULA).place(FORMULA_LINE, center=0.0)
        self.play(*map(FadeOut, gone), run_time=0.6)
        self.play(ReplacementTransform(name, text), run_time=0.9)
        self.wait(1.0)
        bars = ChannelBars(*self._channels())
        for pair in bars.pairs:
            self.play(FadeIn(pair.title), FadeIn(pair.names), run_time=0.5)
            grown = [GrowFromEdge(bar, DOWN) for bar in pair.bars]
            self.play(*grown, *(FadeIn(value, shift=0.15 * UP) for value in pair.values), run_time=0.9)
            self.play(Create(pair.mark), run_time=0.4)
            self.wait(0.2)
        self.rest = VGroup(text, bars)

    def _channels(self) -> tuple[Channel, Channel]:
        """The unseen losses of the line and of a network with layers, of ours and of the lecture's own runs.

        Ours is as large as the lecture's best one, if that is among ours and no other is spoken of.
        """
        choice = self.choice
        pair = [choice.best, choice.other]
        if choice.twist != "twist-line-tie":
            pair[1] = next((each for each in choice.outcome if each.network.hidden == LECTURE_BEST), choice.other)
        own = [each.unseen.mean for each in pair]
        theirs = [lecture_losses(hidden)[UNSEEN] or 0.0 for hidden in ((), LECTURE_BEST)]
        title = self.screen("ours-made-up" if self.dataset.synthetic else "ours-real")
        names = [self._two_names([len(each.network.hidden) for each in pair]), self._two_names([0, len(LECTURE_BEST)])]
        return (
            Channel(title, names[0], *_two(own, self.written)),
            Channel(self.screen("lecture"), names[1], *_two(theirs, loss_column(theirs))),
        )

    def _two_names(self, layers: Sequence[int]) -> tuple[str, str]:
        first, second = (self._name(count) for count in layers)
        return first, second

    # -- beats: the forecast -------------------------------------------------------------------------------------

    def _tomorrow_beat(self) -> None:
        views = self.counted(self.ahead.prediction[0])
        with self.beat(self.to_come.tomorrow, views=views, **self._day(0), **self._last_day()):
            # The window, from end to end; closer, its last weeks; the first day that nobody knows comes out
            self._open_forecast()
            days = self.days
            self.play(Create(days.bracket), run_time=0.9)
            days.come_close(self)
            self._predict(0, FadeIn(days.real))
            self.play(FadeIn(self.panel.head), FadeIn(self.panel.lines[0], shift=0.1 * UP), run_time=0.5)
            if self.to_come.tomorrow_is_low:
                self._beat_lows()

    def _open_forecast(self) -> None:
        gone = [part for part in self.mobjects if part is not self.title]
        days, language = self.days, self.context.language
        name = network_words(self.choice.best.network.hidden, "depth", language)
        self.play(*(FadeOut(part) for part in gone), run_time=0.4)
        self.title, arriving = next_heading(self.screen("heading-forecast", best=name), self.title)
        note = self.data_caption("caption-forecast", last=day_words(self.dataset.daily.end, language, "year"))
        self.play(*arriving, FadeIn(days), FadeIn(note), run_time=0.7)
        dots = LaggedStart(*(FadeIn(dot) for dot in days.dots), lag_ratio=0.4)
        self.play(Create(days.red), dots, run_time=0.9, rate_func=linear)

    def _beat_lows(self) -> None:
        """The same weekdays of the weeks before are shaded; below, whether the network's own forecasts are low there.

        Both are means over unseen days. The day's weekday beats in them, and the prediction with it.
        """
        days, lows = self.days, self.to_come.lows
        self.bring_to_back(days.bands)
        self.names = days.band_names(weekdays_words(lows, self.context.language, "short"))
        self.means = WeekdayMeans(*self.to_come.by_weekday, lows, self.screen("weekdays"), self.context.language)
        self.play(*(FadeIn(band) for band in days.bands), FadeIn(self.names), run_time=0.5)
        self.play(FadeIn(self.means.ground), FadeIn(self.means.red), run_time=0.6)
        self.play(FadeIn(self.means.blue), run_time=0.6)
        beating = [*days.low_dots(lows), *self.means.points_of(int(self.ahead.weekdays[0])), days.predicted[0]]
        self.play(*(mark.animate(rate_func=there_and_back).scale(1.8) for mark in beating), run_time=0.9)

    def _predict(self, k: int, *also: Animation) -> None:
        self.play(Create(self.days.steps[k]), *also, run_time=0.5)
        self.play(FadeIn(self.days.predicted[k], scale=1.5), run_time=0.4)

    def _day_after_beat(self) -> None:
        ahead, days = self.ahead, self.parameters.days
        values = {"views": self.counted(ahead.prediction[0]), "next": self.counted(ahead.prediction[-1])}
        key = "day-after" if days == 2 else "days-after"
        with self.beat(key, days=Count(days), **values, **self._day(days - 1)):
            # The window moves on by a day. The prediction goes into it as if it had been the day's views; the next one
            # comes out
            for k in range(1, days):
                start, end = self.days.day(k - 1), self.days.day(k)

                def slide(bracket: WindowBracket, share: float, start: float = start, end: float = end) -> None:
                    bracket.put(start + share * (end - start))

                self.play(UpdateFromAlphaFunc(self.days.bracket, slide), run_time=1.0 if days == 2 else 0.6)
                if days == 2:
                    self.wait(1.9)  # while it is said that the day has no views yet
                self.play(self.days.predicted[k - 1].animate.set_fill(palette.blue, 1), run_time=0.5)
                if days == 2:
                    self.wait(1.2)
                self._predict(k)
            self.play(FadeIn(self.panel.lines[-1], shift=0.1 * UP), run_time=0.5)

    def _error_beat(self) -> None:
        days, to_come = self.parameters.days, self.to_come
        usual, spreads, panel = to_come.usual, self.days.spreads, self.panel
        values = {"one": self.counted(usual[0]), "more": self.counted(usual[-1]), "days": Count(days)}
        with self.beat("error" if days > 1 else "error-one", **values):
            # Whiskers: what the same network was off by on unseen days, on average; first that of the first day, with
            # its number, then the others
            gone = [self.days.bracket, *([self.means] if to_come.tomorrow_is_low else [])]
            self.play(*map(FadeOut, gone), run_time=0.5)
            self.wait(0.4)
            self.play(Create(spreads[0]), run_time=0.7)
            self.play(TransformFromCopy(spreads[0], panel.key[0]), FadeIn(panel.key[1]), run_time=0.8)
            self.play(FadeIn(panel.errors[0], shift=0.1 * UP), run_time=0.5)
            if days > 1:
                self.wait(1.0)
                self.play(LaggedStart(*map(Create, spreads[1:]), lag_ratio=0.4), run_time=0.7)
                self.play(FadeIn(panel.errors[-1], shift=0.1 * UP), run_time=0.5)

    def _bet_beat(self) -> None:
        to_come = self.to_come
        values = {"naive": self.counted(to_come.naive), "one": self.counted(to_come.usual[0])}
        with self.beat(f"{to_come.bet}-{to_come.rival}", **values):
            # Beside our error that of a forecast that needs no network, both as long as they are large; would the room
            # bet that tomorrow lies within ours?
            for row in self.panel.rivals:
                bar = GrowFromEdge(row[2], LEFT)
                self.play(*(FadeIn(text, shift=0.1 * UP) for text in row[:2]), bar, run_time=0.8)
            if to_come.bet == "bet":
                self.wait(1.2)
                self.play(GrowFromCenter(self.days.stake), run_time=0.8)

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


def _two(losses: Sequence[float], written: Callable[[float], str]) -> tuple[tuple[float, float], tuple[str, str]]:
    """Two losses, and how they are written."""
    first, second = losses
    return (first, second), (written(first), written(second))
