"""Better on what it has seen, worse on what it has not: one training whose losses part, then all depths."""

from __future__ import annotations

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.lecture.experiments.depth_picture import (
    BOX,
    LECTURE_BEST,
    LECTURE_DEPTHS,
    LECTURE_WORSE,
    lecture_known,
)
from gradreel.scenes.lecture.experiments.networks_scene import lecture_written
from gradreel.scenes.lecture.experiments.one_run import RUN_LEFT, RUN_RIGHT, OneRunBeats
from gradreel.scenes.mobjects.depth_lines import KINDS, DepthLines, most_of
from gradreel.scenes.mobjects.headings import next_heading
from gradreel.scenes.mobjects.plot import dashed, polyline, segment
from gradreel.scenes.mobjects.rising_curve import RisingCurve
from gradreel.scenes.mobjects.text import TextMobject, words
from gradreel.scenes.style import palette
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
    smooth,
)
from numpy.typing import NDArray

STOP_SECONDS, PEEK_AFTER = 7.9, 4.5  # that the least loss stands against the best network's; before its flaw is told
BRACKET, HOOK, PEEKED = 0.16, 0.08, 0.24  # right of the plot; of a bracket's ends; radius of the ring around the least
AGAINST, OVER_LINE, UNDER_LINE, ROW = 34, 0.13, 0.44, 0.45  # words at both losses: size; from their lines; of a row
COMPARABLE = 1.6  # times as high as the other: two pictures of losses that share a scale
BACK = 0.55  # of what is not spoken of among numbers that can still be read
TURN_SECONDS = 1.6


class Overfitting(OneRunBeats):
    """The two losses of one training part; then training loss and unseen loss against depth, ours and the lecture's."""

    def construct(self) -> None:
        self.prepare()
        self._sink_beat()
        self._part_beat()
        self._depths_beat()
        if self._with_lecture:
            self._lecture_beat()
        last = self.picture if self.lecture is None else self.lecture
        self.hand_on(last.axis, last.names)

    @property
    def _with_lecture(self) -> bool:
        """Whether the lecture's losses can take the place of ours: as many layers, and of comparable sizes."""
        depths = [len(result.network.hidden) for result in self.outcome]
        return depths == list(map(len, LECTURE_DEPTHS)) and self.comparable

    def _depths_beat(self) -> None:
        with self.beat("stop-below-first", **self._stop_values()):
            # Why not stop there? Its least loss against what the best network has, and that it was found by looking.
            # Then the run is squeezed into the place of its network, every loss at its height; the other depths come.
            # Of other days, these alone
            if not self.other_data:
                self._compare_least()
            text = self.screen("heading-depths", count=Count(len(self.parameters.seeds)))
            self.title, arriving = next_heading(text, self.title)
            gone = [*self.between, *self.gaps, *self.end_labels, self.grid, self.epochs, *self.counter]
            upright = segment((RUN_LEFT, BOX[2], 0), (RUN_LEFT, BOX[3], 0), palette.axis, style.AXIS)
            self.play(*map(FadeOut, gone), FadeIn(upright), *arriving, run_time=0.6)
            self._squeeze(self.outcome.index(self.compared[1]))
            for kind in KINDS:
                self.draw(kind, 1.8 if self.other_data else 0.55)
            self.play(*(FadeIn(label) for label in self.picture.labels.values()), run_time=0.4)
            self.between = []
            if not self.other_data:
                self._mark_jump(*map(self.outcome.index, self.compared))

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
        named = self.screen("level", network=self.network_label(best), count=len(self.parameters.seeds), loss=loss)
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
        return circle, self.beside_the_least(words(self.screen("peek"), style.LABEL))

    def _beside(self, heights: tuple[float, float], texts: tuple[TextMobject, TextMobject]) -> None:
        """Words for lines at these two heights: over the upper one, under the lower one.

        Both are under the lower one where the run's unseen loss lies close over the upper one.
        """
        lower, upper = sorted(zip(heights, texts, strict=True), key=lambda pair: pair[0])
        right = RUN_RIGHT - 0.1
        words_at = [label.get_all_points() for label in self.end_labels]
        ink = np.concatenate([self.run.every.corners, self.run.unseen.corners, *words_at])
        over = ink[ink[:, 0] > right - upper[1].width, 1] - upper[0]
        rows = [lower[0] - UNDER_LINE, lower[0] - UNDER_LINE - ROW]
        if np.any((over > 0) & (over < OVER_LINE + ROW)):
            upper[1].place(rows[0], right=right)
            lower[1].place(rows[1], right=right)
            return
        upper[1].place(upper[0] + OVER_LINE, right=right)
        lower[1].place(rows[0], right=right)

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
        self.play(FadeIn(band), *self.others_back(self.picture, (best, worse), BACK), run_time=0.6)
        marks = self.picture.marks((best, worse))
        self.play(*map(Create, marks), run_time=0.7)
        self.between += [band, *marks]

    def _lecture_beat(self) -> None:
        values = {}
        for name, hidden in (("before", LECTURE_BEST), ("after", LECTURE_WORSE)):
            values[f"seen_{name}"], values[name] = lecture_written(hidden)
        with self.beat("lecture-elsewhere", **values):
            # Ours turns into the lecture's own: there, the fourth layer parts them. Of two layers on unseen days it
            # says a word, no number
            self.remove(*self.landed)
            lecture = self.lecture = self.lecture_lines(None, self.picture.most)
            self.lecture_words = self.break_line(lecture)
            self.title, changing = next_heading(self.screen("heading-lecture"), self.title)
            self._turn_into(lecture, changing[0])
            first, last = (LECTURE_DEPTHS.index(hidden) for hidden in (LECTURE_BEST, LECTURE_WORSE))
            band = lecture.band(first, last)
            above = [part[kind] for part in (lecture.lines, lecture.dots, lecture.values) for kind in KINDS]
            self.add(band, *above)
            self.play(FadeIn(band), *self.others_back(lecture, (first, last), BACK), run_time=0.6)
            self.play(*map(Create, lecture.marks((first, last))), run_time=0.7)

    def _turn_into(self, lecture: DepthLines, leaving: Animation) -> None:
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
        coming = [*shown, *self.lecture_words.values(), self.note]
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

    def top(self, losses: dict[str, NDArray]) -> float | None:
        """Ours and the lecture's have one scale, if they are of comparable sizes: then heights can be compared."""
        own, lecture = most_of(losses), most_of(lecture_known())
        self.comparable = max(own, lecture) <= COMPARABLE * min(own, lecture)
        return max(own, lecture) if self.comparable else None
