"""Which network for a day that nobody has seen? Choose by unseen loss, predict, feed back, tell the error to expect."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Self

import numpy as np
from gradreel.core.analysis.results import Result, lecture_losses
from gradreel.core.daily.synthetic import LOW_WEEKDAYS
from gradreel.core.daily.views import loss_column
from gradreel.scenes.lecture.experiments.chosen_network import Choice, DaysToCome
from gradreel.scenes.lecture.experiments.depth_picture import BOX as DEPTH_BOX
from gradreel.scenes.lecture.experiments.depth_picture import LECTURE_BEST
from gradreel.scenes.lecture.experiments.forecast_beats import ForecastBeats
from gradreel.scenes.lecture.experiments.networks_scene import Depth, depths_field
from gradreel.scenes.lecture.experiments.pictures.ahead_panel import AheadPanel
from gradreel.scenes.lecture.experiments.pictures.channel_bars import Channel, ChannelBars, ChannelPair
from gradreel.scenes.lecture.experiments.pictures.days_ahead import DaysAhead
from gradreel.scenes.lecture.experiments.pictures.loss_plane import LossPlane
from gradreel.scenes.mobjects.bars import UNSEEN
from gradreel.scenes.mobjects.depth_lines import depth_axis
from gradreel.scenes.mobjects.headings import next_heading
from gradreel.scenes.mobjects.lecture_formulas import linear_sum_source
from gradreel.scenes.mobjects.text import formula
from gradreel.scenes.words.counts import Count
from gradreel.scenes.words.day_words import views_and_errors
from gradreel.scenes.words.network_words import network_fields
from manim import (
    DOWN,
    UP,
    Animation,
    AnimationGroup,
    Create,
    FadeIn,
    FadeOut,
    GrowFromEdge,
    LaggedStart,
    ReplacementTransform,
    smooth,
    squish_rate_func,
)
from pydantic import Field, model_validator

FORMULA, FORMULA_LINE = 58, 1.55


class ModelSelection(ForecastBeats):
    """The network with the least unseen loss is chosen; it predicts the days after the series' end."""

    class Parameters(ForecastBeats.Parameters):
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
        if not self.other_data:
            self._twist_beat()
        self.forecast_beats()
        self.hand_on(self.days.plot.x_axis)

    # -- what is on the screen -----------------------------------------------------------------------------------

    def _prepare(self) -> None:
        self.dataset = self.parameters.dataset
        self.choice = Choice(self.results())
        self.lows = () if self.other_data else LOW_WEEKDAYS
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
            self.screen("numbers"),
        )
        known = self.screen("data" if dataset.synthetic else "real")
        span = self.screen("window", days=Count(dataset.window))
        missed = to_come.starts, to_come.errors
        self.days = DaysAhead(dataset, self.ahead, missed, known, span, self.lows, language)
        shown = sorted({0, self.parameters.days - 1})
        ours = self.screen("ours", best=self._name(len(choice.best.network.hidden)))
        rivals = [
            (name, self.counted(error), error)
            for name, error in ((ours, to_come.usual[0]), (self.screen(f"last-{to_come.rival}"), to_come.naive))
        ]
        self.panel = AheadPanel(
            self.ahead,
            (self.screen("prediction"), self.screen("mean-error")),
            [self.counted(self.ahead.prediction[k]) for k in shown],
            [self.counted(to_come.usual[k]) for k in shown],
            (self.screen("a-miss"), self.screen("mean-misses")),
            rivals,
            (self.screen("mean-runs", runs=Count(len(self.parameters.seeds))), self.counted(choice.best.unseen.mean)),
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
            self.play(LaggedStart(*map(FadeIn, (plane.head, *plane.numbers)), lag_ratio=0.5), run_time=2.0)
            self.add(plane.leaders, plane.dots, plane.names, plane.numbers)
            self.wait(1.0)
            self.play(plane.sweep_left())

    def _axis_to_plane(self, arriving: Sequence[Animation]) -> None:
        """The axis of all depths becomes the plane's. Its names leave first: on their ways they would cross."""
        plane = self.plane
        axis, names = depth_axis([self._name(len(result.network.hidden)) for result in self.choice.outcome], DEPTH_BOX)
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
        with self.beat("choice", **values):
            # That line steps back, and seen days with it. Unseen ones decide: each point goes across to their axis, and
            # another line comes from above, down to the lowest one
            k = self.choice.place(best)
            self.wait(0.4)
            self.play(*plane.forget_seen(), run_time=0.6)
            self.wait(1.2)
            self.play(*plane.drop(), run_time=1.2)
            self.play(plane.sweep_down())
            self.chosen = plane.ring(k)
            self.play(Create(self.chosen), FadeIn(plane.value), *plane.choose(k), run_time=0.8)

    def _spoken(self, result: Result) -> dict[str, str]:
        return network_fields("best", result.network.hidden, "depth")

    # -- beats: what the choice means ----------------------------------------------------------------------------

    def _twist_beat(self) -> None:
        other = self.choice.other
        values = {"window": Count(self.dataset.window), "layers": Count(len(LECTURE_BEST))}
        values |= {"loss": self.written(other.unseen.mean), **network_fields("other", other.network.hidden, "depth")}
        with self.beat("twist-line-tie", **values):
            # The plane leaves; the line's name goes to where its bar will be, and its formula comes. Below that, on our
            # days the line is the better one; then on the lecture's own channel, where layers were
            self._leave_the_line()

    def _leave_the_line(self) -> None:
        name = self.plane.names[self.choice.place(self.choice.best)]
        gone = [part for part in self.mobjects if part not in (self.title, self.note, self.plane.names)]
        gone += [other for other in self.plane.names if other is not name]
        self.remove(self.plane.names)
        self.add(name)
        text = formula(linear_sum_source(self.dataset.window), FORMULA).place(FORMULA_LINE, center=0.0)
        self.bars = ChannelBars(*self._channels())
        ours, lecture = self.bars.pairs
        early, late = squish_rate_func(smooth, 0.0, 0.5), squish_rate_func(smooth, 0.4, 1.0)
        leaving = [FadeOut(part, rate_func=early) for part in gone]
        self.play(*leaving, ReplacementTransform(name, ours.names[0]), FadeIn(text, rate_func=late), run_time=1.2)
        self.wait(0.6)
        self._grow(ours)
        self.wait(0.7)
        # What the caption says is true of ours alone: beside the lecture's bars it says so
        self.play(FadeOut(self.note), run_time=0.2)
        self.note = self.data_caption("caption-channels", seeds=Count(len(self.parameters.seeds)))
        self._grow(lecture, FadeIn(self.note))
        self.wait(0.2)

    def _grow(self, pair: ChannelPair, *also: Animation) -> None:
        coming = [name for name in pair.names if name not in self.mobjects]
        self.play(FadeIn(pair.title), *map(FadeIn, coming), *also, run_time=0.5)
        grown = [GrowFromEdge(bar, DOWN) for bar in pair.bars]
        self.play(*grown, *(FadeIn(value, shift=0.15 * UP) for value in pair.values), run_time=0.9)
        self.play(Create(pair.mark), run_time=0.4)

    def _channels(self) -> tuple[Channel, Channel]:
        """The unseen losses of the line and of the best network with layers, of ours and of the lecture's own runs."""
        pair = [self.choice.best, self.choice.other]
        own = [each.unseen.mean for each in pair]
        theirs = [lecture_losses(hidden)[UNSEEN] or 0.0 for hidden in ((), LECTURE_BEST)]
        names = [self._two_names([len(each.network.hidden) for each in pair]), self._two_names([0, len(LECTURE_BEST)])]
        return (
            Channel(self.screen("ours-made-up"), names[0], *_two(own, self.written)),
            Channel(self.screen("lecture"), names[1], *_two(theirs, loss_column(theirs))),
        )

    def _two_names(self, layers: Sequence[int]) -> tuple[str, str]:
        first, second = (self._name(count) for count in layers)
        return first, second


def _two(losses: Sequence[float], written: Callable[[float], str]) -> tuple[tuple[float, float], tuple[str, str]]:
    """Two losses, and how they are written."""
    first, second = losses
    return (first, second), (written(first), written(second))
