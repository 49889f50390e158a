"""From one day's error to the loss: the mean of all errors, for some values of theta and then for others."""

from __future__ import annotations

from collections.abc import Callable

from gradreel.core.daily.views import DailyViews
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene
from gradreel.scenes.lecture.optimization.pictures.day_error import DayError
from gradreel.scenes.lecture.optimization.pictures.error_strip import ErrorStrip
from gradreel.scenes.lecture.optimization.pictures.error_sum import ErrorSum
from gradreel.scenes.lecture.optimization.pictures.loss_board import HIGH, LOW, LossBoard
from gradreel.scenes.lecture.optimization.pictures.theta_card import ThetaCard
from gradreel.scenes.lecture.optimization.two_thetas import TwoThetas
from gradreel.scenes.mobjects.network_diagram import LayerDiagram
from gradreel.scenes.mobjects.text import TextMobject
from gradreel.scenes.style import PRESENT, emphasis
from gradreel.scenes.words.counts import Count
from gradreel.scenes.words.numbers import number_text
from manim import (
    UP,
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

BESIDE = 4.0  # from a card to the next one


class MeanErrorBeats(LectureScene):
    """The last two beats of loss, when one day's error stands on the ``board``: the mean, and another theta's.

    They need the ``thetas`` and how a loss is ``written``, the ``board`` with its ``strip``, what the day's error was
    shown with (``one``, ``day_mark``, the names of days in its place ``hidden_days``, ``network``, ``sum``), the
    formulas of e, and a card for each theta.
    """

    dataset: DailyViews
    thetas: TwoThetas
    written: Callable[[float], str]
    board: LossBoard
    strip: ErrorStrip
    one: DayError
    day_mark: VGroup
    hidden_days: list[TextMobject]
    network: LayerDiagram
    sum: ErrorSum
    distance: TextMobject
    or_: TextMobject
    square: TextMobject
    cards: list[ThetaCard]

    def _mean_beat(self) -> None:
        values = {"count": number_text(self.dataset.examples), "loss": self.written(self.thetas.losses[0])}
        values["also"] = self.thetas.also_written(0)
        with self.beat("mean", **values):
            # The error could be measured otherwise. The plot takes all the room, and each day shown has its error; then
            # it makes room for a strip of all days, in which these find their places. The strip is held and then
            # settles: its level is the loss of this theta
            one, board, strip = self.one, self.board, self.strip
            self.play(FadeIn(self.or_, self.square), run_time=0.5)
            gone = (one, self.day_mark, self.network, self.sum.features, *self.sum.between, self.sum.prediction)
            back = map(FadeIn, self.hidden_days)
            self.play(*(FadeOut(part) for part in (*gone, *self.sum.lines)), *back, run_time=0.4)
            self.play(board.stretching(HIGH, predicted=False), run_time=0.7)
            self.play(Create(board.blue), FadeIn(board.labels[1]), run_time=0.8, rate_func=linear)
            self.play(LaggedStart(*(Create(e) for e in board.errors), lag_ratio=0.15), run_time=1.0)
            self.wait(0.3)
            shown = self.thetas.shown
            bars = strip.bars(shown.dates, shown.error[0], 1.6)
            self.add(board.errors)
            self.play(board.stretching(LOW, predicted=True), emphasis(self.square, PRESENT), run_time=0.7)
            self.play(FadeIn(strip.plot, strip.name), run_time=0.3)
            leaving = board.errors.copy().set_stroke(opacity=0)  # a line upon the same line would make it brighter
            self.play(LaggedStart(*map(ReplacementTransform, leaving, bars), lag_ratio=0.03), run_time=1.1)
            # The errors of all the other days rise beside them
            self.add(strip.body)
            self.play(board.rising(self.thetas.everything.error[0]))
            self.wait(0.9)
            self.play(FadeOut(bars), run_time=0.3)
            self._settle(0, 1.2)

    def _settle(self, k: int, seconds: float) -> None:
        """The strip becomes level, and its height is the loss of card ``k``."""
        strip, thetas = self.strip, self.thetas
        self.play(self.board.settling(thetas.all_errors(thetas.rows[k]), seconds))
        mean = self.screen("mean", loss=self.written(thetas.losses[k]))
        label = strip.mean_label(mean, right=style.RIGHT_EDGE)
        # The loss appears at its place: from the mean it would cross the words there
        coming = [FadeIn(self.cards[k].loss, shift=0.15 * UP, run_time=0.6), FadeIn(label, run_time=0.3)]
        if k:  # the mean before keeps its name
            coming.append(self.mean_label.animate(run_time=0.3).shift(strip.past_label(self.mean_label, label)))
        self.play(Create(strip.level, run_time=0.3), *coming)
        self.mean_label = label

    def _other_beat(self) -> None:
        loss = self.written(self.thetas.losses[1])
        with self.beat("other-better", loss=loss, update=Count(self.thetas.update(1))):
            # Other values of theta beside the first ones: the line moves, all errors with it, and they settle at
            # another level when their loss is said; where they were stays to be seen. Then both losses are bright
            first, second = self.cards
            leaving = [FadeOut(part, run_time=0.3) for part in (self.distance, self.or_, self.square)]
            late = squish_rate_func(smooth, 0.5, 1.0)
            coming = FadeIn(second.values, run_time=0.8, rate_func=late)
            self.play(*leaving, first.animate(run_time=0.6).shift([-BESIDE, 0, 0]), coming)
            self._rise_again()
            self._walk(1.6)
            self._settle(1, 0.6)
            self.play(emphasis(first.loss, style.FULL), run_time=0.4)

    def _rise_again(self) -> None:
        """The strip is no longer level; where it and blue were, lines stay."""
        strip, thetas = self.strip, self.thetas
        level, blue = strip.ghost(), self.board.ghost(f"orange(theta^{thetas.update(0)})")
        self.add(blue[0])
        rising = self.board.settling(thetas.all_errors(thetas.rows[0]), 0.5, back=True)
        dimmed = [emphasis(part, PRESENT) for part in (self.cards[0], self.mean_label)]
        self.play(FadeOut(strip.level), FadeIn(level, blue[1]), *dimmed, rising, run_time=0.5)

    def _walk(self, seconds: float) -> None:
        """Blue and the errors pass through the recorded states from the first theta to the second."""
        moving = self.board.moving()

        def update(_: VMobject, share: float) -> None:
            self._show(self.thetas.row(share))

        self.add(moving)
        self.play(UpdateFromAlphaFunc(moving, update, run_time=seconds, rate_func=smooth))
        self._show(self.thetas.rows[1])

    def _show(self, row: float) -> None:
        """Blue and the errors as a row of the trace has them, which may lie between two."""
        self.board.show(self.thetas.predicted(row), self.thetas.all_errors(row))
