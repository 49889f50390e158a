"""The scene overfitting: the two losses of one training part, then those of networks of all depths."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from gradreel.core.analysis.results import Result, losses_with_the_least
from gradreel.scenes import style
from gradreel.scenes.lecture.experiments.networks_scene import DepthsParameters, NetworksScene, lecture_written
from gradreel.scenes.lecture.experiments.pictures.depth_picture import (
    BOX,
    LECTURE_BEST,
    LECTURE_WORSE,
    LectureDepths,
    depth_scale,
    lecture_known,
    mean_losses,
    our_depths,
)
from gradreel.scenes.lecture.experiments.pictures.loss_scale import OVER_TOP, AboveTheScale
from gradreel.scenes.lecture.experiments.pictures.one_run import (
    LABEL_SHARE,
    LABELLED,
    SLOW_START,
    GapMeasure,
    RunLabels,
    RunLines,
    growing_gap,
)
from gradreel.scenes.lecture.runs import LECTURE_DEPTHS
from gradreel.scenes.mobjects.callout import touch
from gradreel.scenes.mobjects.depth_lines import KINDS, most_of
from gradreel.scenes.mobjects.loss_lines import calmed
from gradreel.scenes.mobjects.plot import dashed, polyline, ring, segment
from gradreel.scenes.mobjects.rising_curve import RisingCurve
from gradreel.scenes.mobjects.text import TextMobject, words
from gradreel.scenes.mobjects.ticks import round_labels
from gradreel.scenes.style import mix, palette
from gradreel.scenes.words.counts import Count
from gradreel.scenes.words.numbers import number_text
from manim import (
    UP,
    Animation,
    Circle,
    Create,
    FadeIn,
    FadeOut,
    ReplacementTransform,
    UpdateFromAlphaFunc,
    VGroup,
    VMobject,
    interpolate_color,
    linear,
    smooth,
    squish_rate_func,
)

STATES = 300  # at which the losses are drawn, at most, and where the unseen one is least
RUN_LEFT, RUN_RIGHT = BOX[0], 5.2  # of the plot of one run; below and above as the picture of all depths
SINK_SECONDS, PART_SECONDS = 7.0, 5.8
FIRST_SPAN, LEAST_SPAN = 1.5, 6.0  # of the axis at first: times the epoch where the losses part; epochs at least
WIDER_SECONDS, LEAVING = 1.3, 0.25  # until it holds all; the share of that in which the lines' words go
INTO_THE_PLOT = 0.6  # right of the plot: there numbers come that move into it
LOWEST_SECONDS = 1.4  # of those in which the losses part: the lowest point is looked at first
DIP = 0.02  # share of the loss that its least is below the calmed line at least, to be called a dip
TERM = 48
OFF_MARKS = (0.15, 0.1)  # of a line's word that stays, across and up
STOP_SECONDS, PEEK_AFTER = 7.9, 4.5  # that the least loss stands against the best network's; before its flaw is told
BRACKET, HOOK, PEEKED = 0.16, 0.08, 0.24  # right of the plot; of a bracket's ends; radius of the ring around the least
AGAINST, OVER_LINE, UNDER_LINE, ROW = 34, 0.13, 0.44, 0.45  # words at both losses: size; from their lines; of a row
COMPARABLE = 1.6  # times as high as the other: two pictures of losses that share a scale
BACK = 0.55  # of what is not spoken of among numbers that can still be read
TURN_SECONDS = 1.6


class Overfitting(NetworksScene):
    """The two losses of one training part; then training loss and unseen loss against depth, ours and the lecture's.

    The training is the first run of the network that overfits. Of other days than the lesson's nobody has looked
    whether one does: then it is the largest network's.
    """

    Parameters = DepthsParameters

    lecture: LectureDepths | None = None  # the lecture's losses, once they are drawn

    def construct(self) -> None:
        self._prepare()
        self._sink_beat()
        self._part_beat()
        self._depths_beat()
        if self.comparable and [len(result.network.hidden) for result in self.outcome] == [*map(len, LECTURE_DEPTHS)]:
            self._lecture_beat()
        last = self.picture if self.lecture is None else self.lecture
        self.hand_on(last.axis, last.names)

    def _prepare(self) -> None:
        # Ours and the lecture's have one scale, if they are of comparable sizes: then heights can be compared
        own, lecture = most_of(mean_losses(self.outcome)), most_of(lecture_known())
        self.comparable = max(own, lecture) <= COMPARABLE * min(own, lecture)
        self.picture = our_depths(self, max(own, lecture) if self.comparable else None)
        self.losses = losses_with_the_least(self.traces_of(self.compared[1].network)[0], STATES)
        self.run = RunLines((RUN_LEFT, RUN_RIGHT, *BOX[2:]), self.picture.most, self.losses)
        self.lowest = float(self.losses.epoch[np.argmin(self.losses.unseen)])
        self.turn = self.run.last / 2 if self.other_data else self.lowest
        self.grid, self.scale_labels = depth_scale(self.picture, RUN_LEFT, RUN_RIGHT, self.screen("loss"))
        self.gaps: list[GapMeasure] = []
        self.axis = segment((RUN_LEFT, BOX[2], 0), (RUN_RIGHT, BOX[2], 0), palette.axis, style.AXIS)
        # Where the losses part, the axis first ends soon after that: all that falls, falls there
        soon = min(max(FIRST_SPAN * self.turn, LEAST_SPAN), self.run.last)
        self.first_last = self.run.last if self.other_data else soon
        self.run.span(self.first_last, self.run.last)
        self.epochs = self._ticks()

    @property
    def compared(self) -> tuple[Result, Result]:
        """The linear model, which is best on the lesson's unseen days, and one layer, which overfits there.

        Of other days: the smallest network and the largest.
        """
        return self.outcome[0], self.outcome[-1 if self.other_data else 1]

    # -- beats ---------------------------------------------------------------------------------------------------------

    def _sink_beat(self) -> None:
        with self.beat("sink", **self.spoken("one", self.compared[1])):
            # The room sees one training from near: solid the days learned from, dashed days never seen. Both losses go
            # down to the turn; on the way their words come, and go with them
            arriving = self.next_heading(self.screen("heading"))
            self.note = self.data_note()
            self.counter = self.epoch_counter()
            self.run.show(0.0)
            share = (self.run.last_above / self.turn) ** (1 / SLOW_START)
            self.above = AboveTheScale(self.screen("above"), BOX[3] + OVER_TOP, (RUN_LEFT + RUN_RIGHT) / 2, share)
            above = [self.above] if 0 < share < LABELLED else []  # gone before words come
            fading = [self.note, self.grid, self.scale_labels, self.axis, self.epochs, *self.counter]
            fading += [self.run.unseen_tip, self.run.training_tip, *above]
            self.play(*arriving, *map(FadeIn, fading), run_time=0.7)
            self.labels = self._labels()
            start = self.labels.first_share(self.turn)
            rate = squish_rate_func(smooth, start, start + LABEL_SHARE)
            coming = (FadeIn(label, rate_func=rate, run_time=SINK_SECONDS) for label in self.labels.words.values())
            self._walk(0.0, self.turn, SINK_SECONDS, SLOW_START, also=coming)

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
            self.marks: list[VMobject] = []
            seconds = PART_SECONDS
            if self.other_data:
                self.play(*map(FadeOut, self.labels.words.values()), run_time=0.5)
                self.remove(self.above)
            else:
                self._look_at_the_lowest()
                seconds -= LOWEST_SECONDS + WIDER_SECONDS
            self.labels = self._labels()
            early = squish_rate_func(smooth, 0.0, LABEL_SHARE)
            coming = FadeIn(self.labels.words["unseen"], rate_func=early, run_time=seconds)
            self._walk(self.turn, self.run.last, seconds, 1.0, [coming])
            self.add(*self.marks)
            self.labels.place(self.run.last)
            self.play(FadeIn(self.labels.words["training"]), run_time=0.4)
            self.between = [*self.marks]  # one by one: as a group they would come to the front before they fade
            if not self.other_data:
                self._measure()

    def _depths_beat(self) -> None:
        with self.beat("stop-below-first", **self._stop_values()):
            # Why not stop there? Its least loss against what the best network has, and that it was found by looking.
            # Then the run is squeezed into the place of its network, every loss at its height; the other depths come.
            # Of other days, these alone
            if not self.other_data:
                self._compare_least()
            text = self.screen("heading-depths", count=Count(len(self.parameters.seeds)))
            arriving = self.next_heading(text)
            gone = [*self.between, *self.gaps, *self.labels.words.values(), self.grid, self.epochs, *self.counter]
            upright = segment((RUN_LEFT, BOX[2], 0), (RUN_LEFT, BOX[3], 0), palette.axis, style.AXIS)
            self.play(*map(FadeOut, gone), FadeIn(upright), *arriving, run_time=0.6)
            self._squeeze(self.outcome.index(self.compared[1]))
            for kind in KINDS:
                self.picture.draw(self, kind, 1.8 if self.other_data else 0.55)
            self.play(*(FadeIn(label) for label in self.picture.labels.values()), run_time=0.4)
            self.between = []
            if not self.other_data:
                self._mark_jump(*map(self.outcome.index, self.compared))

    def _lecture_beat(self) -> None:
        values = {}
        for name, hidden in (("before", LECTURE_BEST), ("after", LECTURE_WORSE)):
            values[f"seen_{name}"], values[name] = lecture_written(hidden)
        with self.beat("lecture-elsewhere", **values):
            # Ours turns into the lecture's own: there, the fourth layer parts them. Of two layers on unseen days it
            # says a word, no number
            self.remove(*self.landed)
            lecture = self.lecture = LectureDepths(self, self.picture.most)
            changing = self.next_heading(self.screen("heading-lecture"))
            self._turn_into(lecture, changing[0])
            first, last = (LECTURE_DEPTHS.index(hidden) for hidden in (LECTURE_BEST, LECTURE_WORSE))
            band = lecture.band(first, last)
            above = [part[kind] for part in (lecture.lines, lecture.dots, lecture.values) for kind in KINDS]
            self.add(band, *above)
            self.play(FadeIn(band), *lecture.others_back((first, last), BACK), run_time=0.6)
            self.play(*map(Create, lecture.marks((first, last))), run_time=0.7)

    # -- one training --------------------------------------------------------------------------------------------------

    def _ticks(self) -> VGroup:
        """Round epochs under the axis, as far as it reaches now."""
        ticks, plot = round_labels(0.0, self.run.plot.x_range[1]), self.run.plot
        return VGroup(*(
            words(text, style.TICK, palette.dim).place(BOX[2] - 0.4, center=float(plot.at(epoch, 0)[0]))
            for epoch, text in zip(ticks.values, ticks.labels, strict=True)
        ))  # fmt: skip

    def _labels(self) -> RunLabels:
        """The words of both lines: the thin line and the ring are of unseen days too, so the dashed one is smoothed."""
        return RunLabels(self.run, {"training": self.screen("seen"), "unseen": self.screen("unseen-smoothed")})

    def _walk(self, first: float, last: float, seconds: float, power: float, also: Iterable[Animation] = ()) -> None:
        """The run goes on from one epoch to another; the words go with the lines."""
        number = self.counter[1]
        self.labels.keep_off_the_peaks(last)

        def show(_: VMobject, share: float) -> None:
            epoch = first + (last - first) * share**power
            number.set_value(round(epoch))
            self.run.show(epoch)
            self.labels.place(epoch)
            if first == 0:
                self.above.show(share)

        moving = VGroup(self.run, number, *([self.above] if self.above in self.mobjects else []))
        walk = UpdateFromAlphaFunc(moving, show, run_time=seconds, rate_func=linear)
        self.play(*also, walk)  # in this order: what fades in is then put in its place

    def _look_at_the_lowest(self) -> None:
        """Where the losses part, marks come, and words in their way leave; then the axis widens to all epochs."""
        marks = self.marks = self._turn_mark()
        staying = [label for label in self.labels.words.values() if self._is_off(label, marks)]
        leaving = [label for label in self.labels.words.values() if label not in staying]
        leaving += [tick for tick in self.epochs if self._near(tick, marks[1])]
        lit = [self.run.dip.animate.set_stroke(opacity=1)] if self.lucky else []
        self.play(*map(FadeOut, leaving), *map(FadeIn, marks), *lit, run_time=0.5)
        self.wait(LOWEST_SECONDS)
        self.remove(self.above, *leaving)
        self.epochs.remove(*leaving)
        self._widen(marks, staying)

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

    def _lucky(self) -> list[TextMobject]:
        """That the least loss is a single dip of a noisy line, where it lies clearly below what is calmed."""
        k = int(np.argmin(self.losses.unseen))
        noisy = self.losses.unseen[k] < (1 - DIP) * calmed(self.losses.unseen)[k]
        made = [words(self.screen("lucky"), style.TICK, palette.dim)] if noisy else []
        self.lucky = [self._beside_the_least(text) for text in made]
        return self.lucky

    def _beside_the_least(self, text: TextMobject) -> TextMobject:
        """Right of the least loss's number, or left of the line where there is no room."""
        mark, number = self.least
        left = float(number.get_right()[0]) + 0.25
        if left + text.width < RUN_RIGHT:
            return text.place(number.baseline, left=left)
        return text.place(number.baseline, right=float(mark.get_center()[0]) - 0.15)

    @staticmethod
    def _is_off(label: TextMobject, marks: list[VMobject]) -> bool:
        """Whether a line's word is off all that says where the losses part."""
        return not any(touch(label, mark, OFF_MARKS) for mark in (*marks[0], *marks[2], *marks[3:]))

    @staticmethod
    def _near(one: TextMobject, other: TextMobject) -> bool:
        """Whether two words in one row are too near to each other to be read."""
        return bool(abs(one.get_x() - other.get_x()) < (one.width + other.width) / 2 + 0.15)

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

    def _measure(self) -> None:
        """What lies between the lines from the turn on, its name, and how far they are apart there and at the end."""
        band = self.run.band(self.turn)
        self.add(band, self.run, *self.marks)
        self.term = self._term()
        self.gaps = self._gaps()
        self.play(FadeIn(band), *map(FadeIn, self.gaps[:1]), run_time=0.6)
        if self.gaps:
            self.play(FadeIn(self.gaps[1]), run_time=0.6)
        self.play(FadeIn(self.term, shift=0.15 * UP), run_time=0.6)
        self.between += [band, self.term]

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

    # -- why not stop there? -------------------------------------------------------------------------------------------

    def _stop_values(self) -> dict[str, str]:
        """What is said of the run's least loss, of the networks that are compared, and of all of them."""
        worse, last = self.compared[1], self.outcome[-1]
        return {
            "least": self.written(float(self.losses.unseen.min())),
            "views": self.written(self.best.unseen.mean),
            "seen_before": self.written(self.best.training.mean),
            "seen_after": self.written(worse.training.mean),
            "after": self.written(worse.unseen.mean),
            "last": self.written(last.unseen.mean),
            **self.spoken("best", self.best),
            **self.spoken("largest", last),
        }

    def _compare_least(self) -> None:
        """The best network's loss as a line across the picture, the least loss against it; then how it was found."""
        best, mark = self.compared[0], self.least[0]
        low, level = float(mark.get_center()[1]), float(self.run.plot.at(0, best.unseen.mean)[1])
        line = segment((RUN_LEFT, level, 0), (RUN_RIGHT, level, 0), palette.dim, style.GUIDE)
        guide = dashed(mark.get_right(), (RUN_RIGHT, low, 0), palette.blue)
        loss = self.written(best.unseen.mean)
        named = self.screen(
            "level", network=self.network_label(best.network.hidden), count=len(self.parameters.seeds), loss=loss
        )
        least = self.screen("least", turn=number_text(round(self.turn)), loss=self.least[1].source)
        texts = words(named, AGAINST), words(least, AGAINST, palette.blue)
        self._beside((level, low), texts)
        self.level = VGroup(line, texts[0])
        bracket, peeked = self._bracket(level, low), self._peeked()
        gone = [self.term, *self.lucky]
        self.between = [part for part in self.between if part not in gone]
        self.play(*map(FadeOut, (*gone, *self.gaps)), Create(line), FadeIn(texts[0]), run_time=0.9)
        self.gaps = []
        self.play(Create(guide), FadeIn(texts[1]), run_time=0.8)
        self.play(Create(bracket), run_time=0.4)
        self.wait(PEEK_AFTER - 2.1)
        self.play(Create(peeked[0]), FadeIn(peeked[1]), run_time=0.7)
        self.wait(STOP_SECONDS - PEEK_AFTER - 0.7)
        self.between += [self.level, guide, texts[1], bracket, *peeked]

    @staticmethod
    def _bracket(*heights: float) -> VMobject:
        """Right of the plot, from one of these y to the other."""
        low, high = sorted(heights)
        right, hook = RUN_RIGHT + BRACKET, RUN_RIGHT + BRACKET - HOOK
        corners = [(hook, high, 0), (right, high, 0), (right, low, 0), (hook, low, 0)]
        return polyline(np.array(corners), palette.text, style.AXIS)

    def _peeked(self) -> tuple[VMobject, TextMobject]:
        """A ring around the least loss, and that it was chosen by looking: right of its number, or left of the line."""
        circle = Circle(radius=PEEKED, color=palette.text, stroke_width=2.0).move_to(self.least[0])
        return circle, self._beside_the_least(words(self.screen("peek"), style.LABEL))

    def _beside(self, heights: tuple[float, float], texts: tuple[TextMobject, TextMobject]) -> None:
        """Words for lines at these two heights: over the upper one, under the lower one.

        Both are under the lower one where the run's unseen loss lies close over the upper one.
        """
        lower, upper = sorted(zip(heights, texts, strict=True), key=lambda pair: pair[0])
        right = RUN_RIGHT - 0.1
        words_at = [label.get_all_points() for label in self.labels.words.values()]
        ink = np.concatenate([self.run.every.corners, self.run.unseen.corners, *words_at])
        over = ink[ink[:, 0] > right - upper[1].width, 1] - upper[0]
        rows = [lower[0] - UNDER_LINE, lower[0] - UNDER_LINE - ROW]
        if np.any((over > 0) & (over < OVER_LINE + ROW)):
            upper[1].place(rows[0], right=right)
            lower[1].place(rows[1], right=right)
            return
        upper[1].place(upper[0] + OVER_LINE, right=right)
        lower[1].place(rows[0], right=right)

    # -- all depths ----------------------------------------------------------------------------------------------------

    def _squeeze(self, k: int) -> None:
        """The run in the column of network ``k``, whose mean of all seeds is near its ends."""
        x, picture = float(self.picture.plot.at(k, 0)[0]), self.picture
        step = float(picture.plot.at(1, 0)[0] - picture.plot.at(0, 0)[0])

        def narrow(_: VMobject, share: float) -> None:
            left = RUN_LEFT + share * (x - 0.2 * step - RUN_LEFT)
            self.run.squeeze(left, RUN_RIGHT + share * (x - RUN_RIGHT))

        axis = ReplacementTransform(self.axis, picture.axis)
        moving = UpdateFromAlphaFunc(self.run, narrow, rate_func=smooth)
        self.play(moving, axis, FadeIn(picture.names), run_time=1.2)
        ends = zip((self.run.training_tip, self.run.unseen_tip), KINDS, strict=True)
        landing = [tip.animate.move_to(picture.point(kind, k)) for tip, kind in ends]
        lines = (self.run.training, self.run.every, self.run.unseen, self.run.dip)
        self.play(*map(FadeOut, lines), *landing, run_time=0.6)
        self.landed = (self.run.training_tip, self.run.unseen_tip)

    def _mark_jump(self, best: int, worse: int) -> None:
        """What opens between the two losses from the best network to the one that overfits, and rings at both.

        All other networks step back.
        """
        band = self.picture.band(best, worse)
        self.remove(*self.landed)
        self.add(band, self.picture)
        self.play(FadeIn(band), *self.picture.others_back((best, worse), BACK), run_time=0.6)
        marks = self.picture.marks((best, worse))
        self.play(*map(Create, marks), run_time=0.7)
        self.between += [band, *marks]

    def _turn_into(self, lecture: LectureDepths, leaving: Animation) -> None:
        """Each point of ours moves to the lecture's of the same network, the lines go along; the axis stays.

        What is said of ours goes before, with the heading that is ``leaving``; what is said of the lecture's comes
        after.
        """
        picture, note = self.picture, self.note
        self.note = self.data_caption("caption-lecture")
        alone = [dot for kind in KINDS for k, dot in enumerate(picture.dots[kind]) if k not in lecture.known(kind)]
        gone = [note, *self.between, *picture.values.values(), *picture.labels.values(), *alone]
        self.add(picture)
        self.play(*map(FadeOut, gone), leaving, run_time=0.4)
        pairs = [
            (picture.dots[kind][k], dot)
            for kind in KINDS
            for k, dot in zip(lecture.known(kind), lecture.dots[kind], strict=True)
        ]
        ours = (picture.axis, picture.names, *picture.lines.values())
        self.remove(picture)
        self.add(*ours, *(dot for dot, _ in pairs))
        lines = [self._turning(picture.lines[kind], lecture.lines[kind]) for kind in KINDS]
        moving = [ReplacementTransform(*pair, rate_func=smooth) for pair in pairs]
        self.play(*lines, *moving, run_time=TURN_SECONDS)
        self.remove(*ours)
        self.add(lecture.axis, lecture.names)
        for part in (lecture.lines, lecture.dots):
            self.add(*(part[kind] for kind in KINDS))
        shown = [part[kind] for part in (lecture.values, lecture.labels) for kind in KINDS]
        coming = [*shown, *lecture.words.values(), self.note]
        self.play(*map(FadeIn, coming), FadeIn(self.title, shift=0.15 * UP), run_time=0.6)
        self.wait(0.6)

    @staticmethod
    def _turning(line: RisingCurve, goal: RisingCurve) -> Animation:
        """``line`` takes the heights and the colour of ``goal``; where that is broken, it opens from the middle."""
        x, color = goal.data_x.copy(), line.get_stroke_color()
        for k in np.flatnonzero(np.isnan(goal.data_y)):
            x[k - 1 : k + 2] = x[k]
        start, end = line.plot.at(x, np.interp(x, line.data_x, line.data_y)), goal.corners
        line.data_x = goal.data_x

        def turn(_: VMobject, share: float) -> None:
            line.corners = start + share * (end - start)
            line.show(line.data_x[-1]).set_stroke(interpolate_color(color, goal.get_stroke_color(), share))

        return UpdateFromAlphaFunc(line, turn, rate_func=smooth)
