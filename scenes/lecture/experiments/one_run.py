"""One training seen from near: how its two losses go down together, and where they part."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from gradreel.core.analysis.results import Result, losses_with_the_least
from gradreel.core.trace.trace import Trace
from gradreel.scenes import style
from gradreel.scenes.lecture.experiments.depth_picture import BOX, DepthPicture
from gradreel.scenes.lecture.experiments.pictures.gap_measure import GapMeasure, growing_gap
from gradreel.scenes.mobjects.bars import AboveTheScale
from gradreel.scenes.mobjects.callout import touch
from gradreel.scenes.mobjects.headings import next_heading
from gradreel.scenes.mobjects.loss_lines import SLOW_START, RunLines, calmed
from gradreel.scenes.mobjects.loss_scale import OVER_TOP
from gradreel.scenes.mobjects.plot import dashed, ring, segment
from gradreel.scenes.mobjects.text import TextMobject, words
from gradreel.scenes.mobjects.ticks import round_labels
from gradreel.scenes.style import mix, palette
from gradreel.scenes.words.counts import Count
from gradreel.scenes.words.numbers import number_text
from manim import (
    UP,
    Animation,
    FadeIn,
    FadeOut,
    UpdateFromAlphaFunc,
    VGroup,
    VMobject,
    linear,
    smooth,
    squish_rate_func,
)
from numpy.typing import NDArray

STATES = 300  # at which the losses are drawn, at most, and where the unseen one is least
RUN_LEFT, RUN_RIGHT = BOX[0], 5.2  # of the plot of one run; below and above as the picture of all depths
SINK_SECONDS, PART_SECONDS = 7.0, 5.8
LABELLED, LABEL_SHARE = 0.42, 0.08  # of the first: when the lines get their words at the earliest; of their fading
FIRST_SPAN, LEAST_SPAN = 1.5, 6.0  # of the axis at first: times the epoch where the losses part; epochs at least
WIDER_SECONDS, LEAVING = 1.3, 0.25  # until it does; the share of that in which the lines' words go
INTO_THE_PLOT = 0.6  # right of the plot: there numbers come that move into it
LOWEST_SECONDS = 1.4  # of those in which the losses part: the lowest point is looked at first
DIP = 0.02  # share of the loss that its least is below the calmed line at least, to be called a dip
TERM = 48
HIGHEST = BOX[3] + 0.3  # of a word's baseline: above it the epochs are counted
BESIDE, AWAY, WORD, OFF_PEAKS = 0.3, 0.3, 0.22, 0.3  # a line's word: right of its tip, from the line; its height


class OneRunBeats(DepthPicture):
    """The first run of the network that overfits; what is left of it for the beats after goes with ``between``.

    Of other days than the lesson's nobody has looked whether one does: then it is the largest network's.
    """

    # -- what is on the screen -------------------------------------------------------------------------------------

    def prepare(self) -> None:
        super().prepare()
        trace = self._first_run(self.compared[1])
        self.losses = losses = losses_with_the_least(trace, STATES)
        lines = (losses.epoch, losses.training), (losses.epoch, losses.unseen)
        self.run = RunLines((RUN_LEFT, RUN_RIGHT, *BOX[2:]), self.picture.most, *lines)
        self.lowest = float(losses.epoch[np.argmin(losses.unseen)])
        self.turn = self.run.last / 2 if self.other_data else self.lowest
        self.grid, self.scale_labels = self.scale(RUN_LEFT, RUN_RIGHT)
        self.gaps: list[GapMeasure] = []
        self.axis = segment((RUN_LEFT, BOX[2], 0), (RUN_RIGHT, BOX[2], 0), palette.axis, style.AXIS)
        # Where the losses part, the axis first ends soon after that: all that falls, falls there
        soon = min(max(FIRST_SPAN * self.turn, LEAST_SPAN), self.run.last)
        self.first_last = self.run.last if self.other_data else soon
        self.run.span(self.first_last, self.run.last)
        self.epochs = self._ticks()

    def _ticks(self) -> VGroup:
        """Round epochs under the axis, as far as it reaches now."""
        ticks, plot = round_labels(0.0, self.run.plot.x_range[1]), self.run.plot
        return VGroup(*(
            words(text, style.TICK, palette.dim).place(BOX[2] - 0.4, center=float(plot.at(epoch, 0)[0]))
            for epoch, text in zip(ticks.values, ticks.labels, strict=True)
        ))  # fmt: skip

    def _first_run(self, result: Result) -> Trace:
        return self.trace(result.network.run_name(result.network.experiments[0]))

    @property
    def compared(self) -> tuple[Result, Result]:
        """The linear model, which is best on the lesson's unseen days, and one layer, which overfits there.

        Of other days: the smallest network and the largest.
        """
        return self.outcome[0], self.outcome[-1 if self.other_data else 1]

    # -- beats -----------------------------------------------------------------------------------------------------

    def _sink_beat(self) -> None:
        with self.beat("sink", **self.spoken("one", self.compared[1])):
            # The room sees one training from near: solid the days learned from, dashed days never seen
            self.title, arriving = next_heading(self.screen("heading"))
            self.note = self.data_note()
            self.counter = self.epoch_counter()
            fading = [self.note, self.grid, self.scale_labels, self.axis, self.epochs, *self.counter]
            self.run.show(0.0)
            share = (self.run.last_above / self.turn) ** (1 / SLOW_START)
            self.above = AboveTheScale(self.screen("above"), BOX[3] + OVER_TOP, (RUN_LEFT + RUN_RIGHT) / 2, share)
            fading += [
                self.run.unseen_tip,
                self.run.training_tip,
                *([self.above] if 0 < share < LABELLED else []),
            ]  # gone before words come
            self.play(*arriving, *map(FadeIn, fading), run_time=0.7)
            self.labels = self._labels()
            self._sink()

    def _sink(self) -> None:
        """Both losses up to the turn. On the way their words come, and go with them."""
        start = self._labelled_from()
        rate = squish_rate_func(smooth, start, start + LABEL_SHARE)
        fading = (FadeIn(label, rate_func=rate, run_time=SINK_SECONDS) for label in self.labels.values())
        self._walk(0.0, self.turn, SINK_SECONDS, SLOW_START, also=fading)

    def _labels(self) -> dict[str, TextMobject]:
        """The words of both lines: the thin line and the ring are of unseen days too, so the dashed one is smoothed."""
        texts = {"training": self.screen("seen"), "unseen": self.screen("unseen-smoothed")}
        return {kind: words(text, style.LABEL, palette.blue) for kind, text in texts.items()}

    def _labelled_from(self) -> float:
        """The share of that walk from which the lines have their words: as spoken of, and in the order they keep."""
        shares = np.linspace(LABELLED, 1 - LABEL_SHARE, 50)
        heights = np.array([[y for _, y, _ in self._reached(self.turn * s**SLOW_START).values()] for s in shares])
        over = heights[:, 0] > heights[:, 1]
        changes = np.flatnonzero(over[1:] != over[:-1]) + 1
        return float(shares[changes[-1]] if len(changes) else LABELLED)

    def _walk(self, first: float, last: float, seconds: float, power: float, also: Iterable[Animation] = ()) -> None:
        """The run goes on from one epoch to another; the labels go with the lines."""
        number, self.away = self.counter[1], self._off_the_peaks(last)

        def show(_: VMobject, share: float) -> None:
            epoch = first + (last - first) * share**power
            number.set_value(round(epoch))
            self.run.show(epoch)
            self._place_labels(epoch)
            if first == 0:
                self.above.show(share)

        moving = VGroup(self.run, number, *([self.above] if self.above in self.mobjects else []))
        walk = UpdateFromAlphaFunc(moving, show, run_time=seconds, rate_func=linear)
        self.play(*also, walk)  # in this order: what fades in is then put in its place

    def _reached(self, epoch: float) -> dict[str, NDArray]:
        """Where the solid line and the dashed one are at ``epoch``: each recorded unseen loss would make words jump."""
        lines = {"training": self.run.training, "unseen": self.run.unseen}
        return {
            kind: self.run.plot.at(epoch, float(np.interp(epoch, line.data_x, line.data_y)))
            for kind, line in lines.items()
        }

    def _place_labels(self, epoch: float) -> None:
        """Seen and unseen, right of where the lines are at ``epoch``: over the higher one, under the lower one.

        Where there is no room on the right, a word stays at the edge, off the thin line's peaks.
        """
        reached = self._reached(epoch)
        higher = max(reached, key=lambda kind: float(reached[kind][1]))
        for kind, label in self.labels.items():
            x, y, _ = reached[kind]
            away = self.away if kind == "unseen" else AWAY
            baseline = min(y + away, HIGHEST) if kind == higher else max(y - away - WORD, BOX[2] + 0.12)
            label.place(baseline, left=min(x + BESIDE, style.RIGHT_EDGE - label.width))

    def _off_the_peaks(self, last: float) -> float:
        """How far from the dashed line its word stays on a walk to the epoch ``last``: there it may be over the run."""
        reached, run = self._reached(last), self.run
        (x, y, _), left = reached["unseen"], style.RIGHT_EDGE - self.labels["unseen"].width
        if left >= x + BESIDE:
            return AWAY
        side = 1.0 if y >= reached["training"][1] else -1.0
        under = np.linspace(left - OFF_PEAKS, x, 300)
        lines = [np.interp(under, *curve.corners.T[:2]) for curve in (run.training, run.every, run.unseen)]
        return max(AWAY, float(np.max(side * (np.array(lines) - y))) + OFF_PEAKS)

    def _part_beat(self) -> None:
        losses = self.losses
        values = {
            "turn": number_text(round(self.lowest)),
            "least": self.written(float(losses.unseen.min())),
            "seen": self.written(float(losses.training[-1])),
            "unseen": self.written(float(losses.unseen[-1])),
            "epochs": Count(self.parameters.epochs),
        }
        with self.beat("part", **values):
            # Where the losses part, the unseen one is lowest of all kept states, by luck as it is noisy: here, with its
            # number, in a dip of the thin line; the lines keep their words meanwhile. The axis widens to all epochs,
            # and on it goes: seen falls, unseen never comes so low again; the dashed line has its word again. How far
            # both are apart, there and at the end. Of other days: on it goes, to the end
            marks = [] if self.other_data else self._turn_mark()
            staying = [label for label in self.labels.values() if marks and self._is_off(label, marks)]
            leaving = [label for label in self.labels.values() if label not in staying]
            leaving += [tick for tick in self.epochs if marks and self._near(tick, marks[1])]
            lit = [self.run.dip.animate.set_stroke(opacity=1)] if marks and self.lucky else []
            self.play(*map(FadeOut, leaving), *map(FadeIn, marks), *lit, run_time=0.5)
            seconds = PART_SECONDS
            if marks:
                self.wait(LOWEST_SECONDS)
            self.remove(self.above, *leaving)
            self.epochs.remove(*leaving)
            if marks:
                self._widen(marks, staying)
                seconds -= LOWEST_SECONDS + WIDER_SECONDS
            self.labels, seen = {"unseen": self._labels()["unseen"]}, self._labels()["training"]
            early = squish_rate_func(smooth, 0.0, LABEL_SHARE)
            coming = FadeIn(self.labels["unseen"], rate_func=early, run_time=seconds)
            self._walk(self.turn, self.run.last, seconds, 1.0, [coming])
            self.add(*marks)
            self.labels["training"] = seen
            self._place_labels(self.run.last)
            self.end_labels = [*self.labels.values()]
            self.play(FadeIn(seen), run_time=0.4)
            self.between = [*marks]  # one by one: as a group they would come to the front before they fade
            if marks:
                band = self.run.band(self.turn)
                self.add(band, self.run, *marks)
                self.term = self._term()
                self.gaps = self._gaps()
                self.play(FadeIn(band), *map(FadeIn, self.gaps[:1]), run_time=0.6)
                if self.gaps:
                    self.play(FadeIn(self.gaps[1]), run_time=0.6)
                self.play(FadeIn(self.term, shift=0.15 * UP), run_time=0.6)
                self.between += [band, self.term]

    def _widen(self, marks: list[VMobject], leaving: list[TextMobject]) -> None:
        """The axis widens until it holds all epochs: what was drawn moves together, and marks and numbers with it.

        The words that are ``leaving`` are gone when it has hardly begun.
        """
        run, plot, old, first = self.run, self.run.plot, self.epochs, self.first_last
        run.span(run.last, self.turn)
        place = float(plot.at(self.turn, 0)[0])
        label = marks[1].copy().set_x(place)
        coming = VGroup(*(tick for tick in self._ticks() if not self._near(tick, label)))
        ends = [float(plot.data(tick.get_center())[0]) for tick in coming]
        run.span(first, self.turn)
        starts = [float(plot.data(tick.get_center())[0]) for tick in old]

        def widen(_: VMobject, share: float) -> None:
            before = float(plot.at(self.turn, 0)[0])
            run.span(first * (run.last / first) ** share, self.turn)
            now = float(plot.at(self.turn, 0)[0])
            for mark in marks:
                mark.shift([now - before, 0, 0])
            for ticks, epochs, strength in ((old, starts, 1 - 3 * share), (coming, ends, 2 * share - 1)):
                for tick, epoch in zip(ticks, epochs, strict=True):
                    x = float(plot.at(epoch, 0)[0])
                    inside = 1 - (x - RUN_RIGHT) / INTO_THE_PLOT
                    tick.set_x(x).set_opacity(float(np.clip(min(strength, inside), 0.0, 1.0)))

        everything = VGroup(run, *marks, *old, *coming)
        soon = squish_rate_func(smooth, 0.0, LEAVING)
        gone = [FadeOut(label, run_time=WIDER_SECONDS, rate_func=soon) for label in leaving]
        self.play(UpdateFromAlphaFunc(everything, widen, run_time=WIDER_SECONDS, rate_func=smooth), *gone)
        self.remove(*everything.get_family())
        self.epochs = coming
        self.add(run, coming, *marks)

    def _turn_mark(self) -> list[VMobject]:
        """A dashed line up at the turn, its epoch under the axis, the least unseen loss there with its number, and
        whether it is but a dip.
        """
        bottom, top = self.run.plot.box[2:]
        least = float(self.losses.unseen.min())
        x, y, _ = place = self.run.plot.at(self.turn, least)
        number = words(self.written(least), style.LABEL, palette.blue).place(y - 0.5, left=x + 0.15)
        self.least = VGroup(ring(place, 0.14, palette.blue), number)
        text = f"{self.screen('epoch')} {number_text(round(self.turn))}"
        label = words(text, style.TICK, palette.dim).place(bottom - 0.4, center=x)
        return [dashed((x, bottom, 0), (x, top, 0), mix(palette.text, 0.75)), label, self.least, *self._lucky()]

    @staticmethod
    def _is_off(label: TextMobject, marks: list[VMobject]) -> bool:
        """Whether a line's word is off all that says where the losses part."""
        return not any(touch(label, mark, (BESIDE / 2, 0.1)) for mark in (*marks[0], *marks[2], *marks[3:]))

    @staticmethod
    def _near(one: TextMobject, other: TextMobject) -> bool:
        """Whether two words in one row are too near to each other to be read."""
        return bool(abs(one.get_x() - other.get_x()) < (one.width + other.width) / 2 + 0.15)

    def _lucky(self) -> list[TextMobject]:
        """That the least loss is a single dip of a noisy line, where it lies clearly below what is calmed."""
        k = int(np.argmin(self.losses.unseen))
        noisy = self.losses.unseen[k] < (1 - DIP) * calmed(self.losses.unseen)[k]
        made = [words(self.screen("lucky"), style.TICK, palette.dim)] if noisy else []
        self.lucky = [self.beside_the_least(text) for text in made]
        return self.lucky

    def beside_the_least(self, text: TextMobject) -> TextMobject:
        """Right of the least loss's number, or left of the line where there is no room."""
        mark, number = self.least
        left = float(number.get_right()[0]) + 0.25
        if left + text.width < RUN_RIGHT:
            return text.place(number.baseline, left=left)
        return text.place(number.baseline, right=float(mark.get_center()[0]) - 0.15)

    def _gaps(self) -> list[GapMeasure]:
        """How far the losses are apart at the turn and at the end."""
        epochs, unseen = (self.turn, self.run.last), (self.losses.unseen.min(), self.losses.unseen[-1])
        seen = np.interp(epochs, self.run.training.data_x, self.run.training.data_y)
        plot = self.run.plot
        ends = list(zip(plot.at(epochs, seen), plot.at(epochs, unseen), strict=True))
        texts = [self.screen("apart", views=self.written(each)) for each in unseen - seen]
        return growing_gap(ends, texts, self.least[1], self.term)

    def _term(self) -> TextMobject:
        """The word, in the middle of what lies between the lines."""
        left = float(self.run.plot.at(self.turn, 0)[0])
        tips = [float(tip.get_center()[1]) for tip in (self.run.training_tip, self.run.unseen_tip)]
        return words(self.screen("term"), TERM).place(sum(tips) / 2 - 0.1, center=(left + RUN_RIGHT) / 2)
