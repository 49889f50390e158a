"""The scene overfitting: the two losses of one training part, then those of networks of all depths."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from gradreel.core.analysis.results import Result, loss_by_epoch
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
    RunLabels,
    RunLines,
)
from gradreel.scenes.lecture.runs import LECTURE_DEPTHS
from gradreel.scenes.mobjects.callout import touch
from gradreel.scenes.mobjects.depth_lines import KINDS, most_of
from gradreel.scenes.mobjects.plot import dashed, ring, segment
from gradreel.scenes.mobjects.rising_curve import RisingCurve
from gradreel.scenes.mobjects.text import TextMobject, words
from gradreel.scenes.mobjects.ticks import round_labels
from gradreel.scenes.style import mix, palette
from gradreel.scenes.words.counts import Count
from gradreel.scenes.words.numbers import number_text
from manim import (
    UP,
    Animation,
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

STATES = 300  # at which the losses are drawn, at most, and where that of validation days is least
RUN_LEFT, RUN_RIGHT = BOX[0], 5.2  # of the plot of one run; below and above as the picture of all depths
SINK_SECONDS, PART_SECONDS = 7.0, 5.8
FIRST_SPAN, LEAST_SPAN = 1.5, 6.0  # of the axis at first: times the epoch where the losses part; epochs at least
WIDER_SECONDS, LEAVING = 1.3, 0.25  # until it holds all; the share of that in which the lines' words go
INTO_THE_PLOT = 0.6  # right of the plot: there numbers come that move into it
LOWEST_SECONDS = 1.4  # of those in which the losses part: the lowest point is looked at first
TERM = 48
OFF_MARKS = (0.15, 0.1)  # of a line's word that stays, across and up
UNDER_FLOOR = 0.35  # from the lower line of one who knows the rule to the name's baseline
COMPARABLE = 1.6  # times as high as the other: two pictures of losses that share a scale
BACK = 0.55  # of what is not spoken of among numbers that can still be read
TURN_SECONDS = 1.6


class Overfitting(NetworksScene):
    """The two losses of one training part; then training loss and unseen loss against depth, ours and the lecture's.

    The training is the first run of the largest network, to its end: further than to the epoch that is chosen.
    """

    Parameters = DepthsParameters

    lecture: LectureDepths | None = None  # the lecture's losses, once they are drawn

    def construct(self) -> None:
        self._prepare()
        self._sink_beat()
        self._part_beat()
        if not self.other_data:
            self._floor_beat()
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
        self.losses = loss_by_epoch(self.traces_of(self.compared[1].network)[0], STATES, self.compared[1].rows[0])
        self.run = RunLines((RUN_LEFT, RUN_RIGHT, *BOX[2:]), self.picture.most, self.losses)
        self.lowest = float(self.losses.epoch[1 + np.argmin(self.losses.validation[1:])])
        self.turn = self.run.last / 2 if self.other_data else self.lowest
        self.grid, self.scale_labels = depth_scale(self.picture, RUN_LEFT, RUN_RIGHT, self.screen("loss"))
        self.axis = segment((RUN_LEFT, BOX[2], 0), (RUN_RIGHT, BOX[2], 0), palette.axis, style.AXIS)
        # Where the losses part, the axis first ends soon after that: all that falls, falls there
        soon = min(max(FIRST_SPAN * self.turn, LEAST_SPAN), self.run.last)
        self.first_last = self.run.last if self.other_data else soon
        self.run.span(self.first_last, self.run.last)
        self.epochs = self._ticks()

    @property
    def compared(self) -> tuple[Result, Result]:
        """The smallest network and the largest, one of whose runs is looked at."""
        return self.outcome[0], self.outcome[-1]

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
            fading += [self.run.validation_tip, self.run.training_tip, *above]
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
            "least": self.written(float(losses.validation[1:].min())),
            "seen": self.written(float(losses.training[-1])),
            "validation": self.written(float(losses.validation[-1])),
            "epochs": Count(self.parameters.epochs),
        }
        with self.beat("part", **values):
            # Where the losses part, that of validation days is lowest of all epochs: here, with its number; the lines
            # keep their words meanwhile. The axis widens to all epochs, and on it goes: seen falls, the other never
            # comes so low again; the dashed line has its word again. Of other days: on it goes, to the end
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
            coming = FadeIn(self.labels.words["validation"], rate_func=early, run_time=seconds)
            self._walk(self.turn, self.run.last, seconds, 1.0, [coming])
            self.add(*self.marks)
            self.labels.place(self.run.last)
            self.play(FadeIn(self.labels.words["training"]), run_time=0.4)
            self.between = [*self.marks]  # one by one: as a group they would come to the front before they fade
            if not self.other_data:
                self._fill_between()

    def _floor_beat(self) -> None:
        floor = self.floor
        assert floor is not None, "the lesson's days are made up"
        values = {"seen": self.written(float(self.losses.training[-1])), "floor": self.written(floor.training)}
        with self.beat("floor-above", **values):
            # What one who knows the rule misses just these days by, a line for each of the two losses: the dashed one
            # stays far above its line, the solid one goes below its own
            lines = [self._floor_line(views) for views in (floor.training, floor.validation)]
            name = self._floor_words({"seen": values["floor"], "validation": self.written(floor.validation)})
            self.play(Create(lines[0]), FadeIn(name), run_time=0.9)
            self.wait(0.8)
            self.play(Create(lines[1]), run_time=0.9)
            self.between += [*lines, name]
            self.wait(0.8)
            self.play(FadeIn(self.term, shift=0.15 * UP), run_time=0.6)
            self.between.append(self.term)

    def _depths_beat(self) -> None:
        with self.beat("stop-falls-to-three", **self._stop_values()):
            # Why not stop there? The run is squeezed into the place of its network, every loss at its height; all
            # depths come, each run as it was in its best epoch on validation days
            text = self.screen("heading-depths", count=Count(len(self.parameters.seeds)))
            arriving = self.next_heading(text)
            gone = [*self.between, *self.labels.words.values(), self.grid, self.epochs, *self.counter]
            upright = segment((RUN_LEFT, BOX[2], 0), (RUN_LEFT, BOX[3], 0), palette.axis, style.AXIS)
            self.play(*map(FadeOut, gone), FadeIn(upright), *arriving, run_time=0.6)
            self._squeeze(self.outcome.index(self.compared[1]))
            for kind in KINDS:
                self.picture.draw(self, kind, 1.8 if self.other_data else 0.55)
            self.play(*(FadeIn(label) for label in self.picture.labels.values()), run_time=0.4)
            self.between = []
            if not self.other_data:
                self.between.append(self.picture.mark("validation", self.outcome.index(self.best)))
                self.play(Create(self.between[0]), run_time=0.7)

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
        return RunLabels(self.run, {"training": self.screen("seen"), "validation": self.screen("validation-smoothed")})

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
        self.play(*map(FadeOut, leaving), *map(FadeIn, marks), run_time=0.5)
        self.wait(LOWEST_SECONDS)
        self.remove(self.above, *leaving)
        self.epochs.remove(*leaving)
        self._widen(marks, staying)

    def _turn_mark(self) -> list[VMobject]:
        """A dashed line up at the turn, its epoch under the axis, and the least loss there with its number."""
        bottom, top = self.run.plot.box[2:]
        least = float(self.losses.validation[1:].min())
        x, y, _ = place = self.run.plot.at(self.turn, least)
        number = words(self.written(least), style.LABEL, palette.blue).place(y - 0.5, left=x + 0.15)
        self.least = VGroup(ring(place, 0.14, palette.blue), number)
        text = f"{self.screen('epoch')} {number_text(round(self.turn))}"
        label = words(text, style.TICK, palette.dim).place(bottom - 0.4, center=x)
        return [dashed((x, bottom, 0), (x, top, 0), mix(palette.text, 0.75)), label, self.least]

    @staticmethod
    def _is_off(label: TextMobject, marks: list[VMobject]) -> bool:
        """Whether a line's word is off all that says where the losses part."""
        return not any(touch(label, mark, OFF_MARKS) for mark in (*marks[0], *marks[2]))

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

    def _fill_between(self) -> None:
        """What lies between the lines from the turn on."""
        band = self.run.band(self.turn)
        self.add(band, self.run, *self.marks)
        self.term = self._term()
        self.play(FadeIn(band), run_time=0.6)
        self.between.append(band)

    def _term(self) -> TextMobject:
        """The word, in the middle of what lies between the lines."""
        left = float(self.run.plot.at(self.turn, 0)[0])
        tips = [float(tip.get_center()[1]) for tip in (self.run.training_tip, self.run.validation_tip)]
        return words(self.screen("term"), TERM).place(sum(tips) / 2 - 0.1, center=(left + RUN_RIGHT) / 2)

    def _floor_line(self, views: float) -> VMobject:
        """A dashed line across the plot at a loss."""
        y = float(self.run.plot.at(0, views)[1])
        return dashed((RUN_LEFT, y, 0), (RUN_RIGHT, y, 0), palette.text)

    def _floor_words(self, values: dict[str, str]) -> TextMobject:
        """What both `_floor_line` are: at the left, under the lower one."""
        assert self.floor is not None
        y = float(self.run.plot.at(0, min(self.floor.training, self.floor.validation))[1])
        return words(self.screen("floor", **values), style.TICK).place(y - UNDER_FLOOR, left=RUN_LEFT + 0.15)

    def _stop_values(self) -> dict[str, str]:
        """What is said of all networks, stopped at their best epochs."""
        return {
            "first": self.written(self.outcome[0].validation.mean),
            "least": self.written(self.best.validation.mean),
            "last": self.written(self.outcome[-1].validation.mean),
            **self.spoken("smallest", self.outcome[0]),
            **self.spoken("best", self.best),
            **self.spoken("largest", self.outcome[-1]),
        }

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
        ends = zip((self.run.training_tip, self.run.validation_tip), KINDS, strict=True)
        landing = [tip.animate.move_to(picture.point(kind, k)) for tip, kind in ends]
        lines = (self.run.training, self.run.every, self.run.validation)
        self.play(*map(FadeOut, lines), *landing, run_time=0.6)
        self.landed = (self.run.training_tip, self.run.validation_tip)

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
