"""What width-experiment and depth-experiment share: networks side by side, and bars that sink while they train."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from gradreel.core.analysis.results import LossByEpoch, Result, loss_by_epoch
from gradreel.scenes.lecture.experiments.networks_scene import NetworksScene
from gradreel.scenes.lecture.experiments.pictures.loss_bars import SEEN, SIDES, UNSEEN, LossBar, mark_of
from gradreel.scenes.lecture.experiments.pictures.network_board import NetworkBoard
from gradreel.scenes.style import DIM, FULL, emphasis
from gradreel.scenes.words.counts import Count
from manim import (
    UP,
    Animation,
    AnimationGroup,
    Create,
    FadeIn,
    FadeOut,
    LaggedStart,
    UpdateFromAlphaFunc,
    VGroup,
    VMobject,
    linear,
)

STATES = 61  # at which the losses of a run are known, at most
SLOW_START = 2.0  # epochs pass as this power of the time: the first ones, in which most happens, take longest
STOPPING = 3.0  # epochs in which it is seen that a network stops
SINKING, FARTHER = 4.8, 2.6  # seconds of training; of going on with it


class BarsScene(NetworksScene):
    """Networks side by side, a dot for each ReLU; then two bars each, which sink while the networks train.

    Filled: mean loss on the days learned from; outlined: on validation days. Each run stops where its loss on these is
    lowest.
    """

    def _prepare(self) -> None:
        floor = None if self.other_data or self.floor is None else self.floor.training
        names = [self.network_label(result.network.hidden) for result in self.outcome]
        self.board = NetworkBoard(self.outcome, names, self.written, floor)
        self.courses = [self._courses(result) for result in self.outcome]
        data = self.parameters.dataset
        texts = [
            self.screen("key-seen", days=Count(data.examples)),
            self.screen("key-validation", days=Count(data.n_validation)),
            *([] if floor is None else [self.screen("key-floor")]),
        ]
        self.keys, self.marks, self.validation_marks = self.board.keys(texts), VGroup(), VGroup()
        self.stopped = self.board.stopped(self.screen("stopped"))

    def _courses(self, result: Result) -> Courses:
        states = self.fewest_states(STATES)
        runs = zip(self.traces_of(result.network), result.rows, strict=True)
        return Courses([loss_by_epoch(trace, states, row) for trace, row in runs], result.epochs)

    # -- training ------------------------------------------------------------------------------------------------------

    def _arrive(self) -> list[Animation]:
        """Heading, axis and caption come."""
        self.note = self.data_caption("caption", runs=Count(len(self.parameters.seeds)))
        return [*self.next_heading(self.screen("heading")), FadeIn(self.board.axis), FadeIn(self.note)]

    def _train(self, *leaving: VMobject) -> None:
        """``leaving`` makes room; filled bars come, then, at "outlined", the others. At "train" all sink, and one after
        another stops.
        """
        board = self.board
        self.counter = self.epoch_counter()
        self._show(0.0)
        boxes = {side: [bar.box for bar in board.side(side)] for side in SIDES}
        self.play(*map(FadeOut, (board.blocks, *leaving)), run_time=0.4)
        self.play(*map(FadeIn, (*boxes[SEEN], self.keys[SEEN], *self.counter)), run_time=0.6)
        self.until("outlined")
        self.play(*map(FadeIn, (*boxes[UNSEEN], self.keys[UNSEEN])), run_time=1.4)
        self.until("train")
        self._pass(0.0, SINKING, SLOW_START, board.bars)
        for bar in (bar for pair in board.bars for bar in pair):
            bar.rise(bar.losses.mean)

    def _pass(self, start: float, seconds: float, power: float, pairs: Sequence[Sequence[LossBar]]) -> None:
        """Epochs pass from ``start`` to the last, counted if from 0; the boxes of ``pairs`` go along."""
        number, last = self.counter[1], float(self.parameters.epochs)

        def update(_: VMobject, share: float) -> None:
            epoch = start + (last - start) * share**power
            if start == 0:
                number.set_value(int(epoch + 1e-6))  # a float may lie just below a whole epoch
            self._show(epoch, go_on=start > 0)

        front = [*self.marks, *self.validation_marks] if start > 0 else [number, *self.stopped]
        moving = VGroup(*(bar.box for pair in pairs for bar in pair), *front)
        self.play(UpdateFromAlphaFunc(moving, update), run_time=seconds, rate_func=linear)

    def _show(self, epoch: float, go_on: bool = False) -> None:
        """Every network's bars after so many epochs; ``go_on``: those of the last one, which does not stop."""
        for k, pair in enumerate(self.board.bars):
            if not go_on:
                share = 1 + (epoch - max(self.courses[k].stops)) / STOPPING
                self.stopped[k].set_fill(opacity=float(np.clip(share, 0, 1)))
            if not go_on or pair is self.board.bars[-1]:
                for bar, views in zip(pair, self.courses[k].at(epoch, go_on), strict=True):
                    bar.rise(views)

    # -- numbers -------------------------------------------------------------------------------------------------------

    def _light(self, side: int) -> list[Animation]:
        """The bars of the other side, and what says what they are, step back; these come forward."""
        moves = [emphasis(self.keys[side], FULL), emphasis(self.keys[1 - side], DIM)]
        here = self.get_mobject_family_members()
        for bar in (bar for pair in self.board.bars for bar in pair):
            parts = [part for part in (bar.box, bar.value, bar.runs) if part in here]
            moves += [emphasis(part, FULL if bar.side == side else DIM) for part in parts]
        return moves

    def _numbers(self, bars: Sequence[LossBar], seconds: float) -> None:
        """The number of each bar comes, from left to right, and a dot for each of its runs."""
        coming = [AnimationGroup(FadeIn(bar.runs), FadeIn(bar.value, shift=0.1 * UP)) for bar in bars]
        self.play(LaggedStart(*coming, lag_ratio=0.7), run_time=seconds)

    def _draw_floor(self) -> None:
        """At "floor", across each filled bar, what the rule alone would miss by on just these days."""
        assert self.board.floor is not None, "the rule is known of made-up days alone"
        self.until("floor")
        self.marks = self.board.floor_marks(SEEN, self.board.floor)
        self.play(LaggedStart(*map(Create, self.marks), lag_ratio=0.7), FadeIn(self.keys[2]), run_time=3.2)

    def _draw_validation_floor(self) -> None:
        """Draw the rule's own loss on validation days as a line across each outlined bar."""
        if self.board.floor is None or self.floor is None:
            return
        self.validation_marks = self.board.floor_marks(UNSEEN, self.floor.validation)
        drawn = LaggedStart(*map(Create, self.validation_marks), lag_ratio=0.3)
        self.play(drawn, emphasis(self.keys[2], FULL), run_time=0.8)

    def _ring(self, result: Result) -> VMobject:
        """Around the number of a network's loss on validation days."""
        apart = self.board.columns.slot(0, UNSEEN) - self.board.columns.slot(0, SEEN)
        return mark_of(self.board.bars[self.outcome.index(result)][UNSEEN].value, apart)

    def _ring_best(self) -> None:
        self.best_ring = self._ring(self.best)
        self.play(Create(self.best_ring), run_time=0.7)


class Courses:
    """The losses of a network's ``runs`` over the epochs; each run stops at the epoch ``stops`` has for it."""

    def __init__(self, runs: Sequence[LossByEpoch], stops: Sequence[float]) -> None:
        self.runs, self.stops = runs, stops

    def at(self, epoch: float, go_on: bool = False) -> tuple[float, float]:
        """Their means after so many epochs, over learned and over validation days; ``go_on``: none has stopped yet
        that would have by then, but none is earlier than where it stopped.
        """
        means = []
        for kind in ("training", "validation"):
            at = [max(epoch, stop) if go_on else min(epoch, stop) for stop in self.stops]
            losses = [np.interp(then, run.epoch, getattr(run, kind)) for then, run in zip(at, self.runs, strict=True)]
            means.append(float(np.mean(losses)))
        return means[0], means[1]
