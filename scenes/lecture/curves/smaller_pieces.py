"""Of smaller pieces sigmoids miss the curve by less: the pieces of a sum are cut, and two of them are seen closely."""

from __future__ import annotations

import numpy as np
from gradreel.core.curves.piecewise import Decomposition, PiecewiseLinearCurve
from gradreel.core.curves.sigmoid_matching import matched_sum
from gradreel.scenes.base import LectureScene
from gradreel.scenes.lecture.curves.pictures.joint_lens import JointLens
from gradreel.scenes.lecture.curves.pictures.sigmoid_rows import SigmoidRows
from gradreel.scenes.lecture.curves.pictures.small_steps import SmallSteps
from gradreel.scenes.lecture.curves.pictures.sum_formula import SumFormula
from gradreel.scenes.mobjects.fit_plot import FitPlot
from gradreel.scenes.mobjects.text import Number, TextMobject
from gradreel.scenes.style import FAINT, FULL, emphasis
from manim import (
    Animation,
    Create,
    FadeIn,
    FadeOut,
    ReplacementTransform,
    TransformFromCopy,
    UpdateFromAlphaFunc,
    VGroup,
    VMobject,
    linear,
    smooth,
    squish_rate_func,
)
from numpy.typing import NDArray

CUTS = (2, 8)  # into how many each piece is cut


class SmallerPiecesBeats(LectureScene):
    """Parts of a beat: under the sum set by hand each piece is cut, and blue and its gap to red follow."""

    curve: PiecewiseLinearCurve
    parts: Decomposition  # of the curve
    x: NDArray  # where curves are drawn
    dense: NDArray  # where gaps are measured
    n_sigmoids: int
    fit: FitPlot
    rows: SigmoidRows
    formula: SumFormula
    bracket: VGroup  # on the gap of the uncut pieces
    counted: VGroup  # how many sigmoids, and the gap: the next two with their names
    count: Number
    gap: Number

    def _gap(self, cuts: int) -> float:
        raise NotImplementedError

    def _title(self, key: str) -> list[Animation]:
        raise NotImplementedError

    def _moving(self, curve: VMobject, before: NDArray, after: NDArray, seconds: float | None = None) -> Animation:
        raise NotImplementedError

    def _make_room_for_the_smaller(self) -> None:
        """Letters and numbers of the rows leave, their curves stay; red has points where its pieces end."""
        self.small = SmallSteps(self.parts, self.curve, self.fit.plot, self.rows, self.x)
        rows = self.rows.rows[1:]
        self.remove(*rows)
        leaving = [part for row in rows for part in (row.frame, row.letters, *row.numbers.values())]
        self.add(*leaving, self.small)
        self.ending = self.formula.written_out
        self.play(
            FadeOut(self.bracket),
            *self._title("heading-smaller"),
            *map(FadeOut, leaving),
            *self.small.mark(1),
            run_time=0.7,
        )

    def _cut(self, before: int, cuts: int) -> None:
        """Red is marked; steps, blue and the gap move, and halfway the formula's end and the count change."""
        sums = [matched_sum(self.parts, self.x, number) for number in (before, cuts)]
        self.play(
            *self.small.mark(cuts),
            self.small.cut(cuts),
            self._moving(self.fit.model, *sums, 1.0),
            *self._end_with(self.formula.of_more(cuts * self.n_sigmoids)),
            self._counting(before, cuts),
            run_time=1.0,
        )

    def _look_closely(self) -> None:
        """Two parts of one piece at their joint: the sum up to the first misses red, the next one makes up for it.

        In the plot, too, blue is so long the sum up to there; count and gap, which are those of all, step back.
        """
        self.lens = lens = JointLens(self.fit.plot, self.curve, self.parts, self.x)
        uncut, whole = self.fit.model_y, matched_sum(self.parts, self.x, CUTS[0])
        aside = [self.counted, *([self.formula.after_first(self.ending)] if lens.piece == 0 else [])]
        first, second = (self.small.badge(2 * lens.piece + k) for k in (0, 1))
        others = [step for k, step in enumerate(self.small.steps) if k not in (2 * lens.piece, 2 * lens.piece + 1)]
        self.play(
            FadeIn(lens.place),
            ReplacementTransform(lens.place.copy(), lens.frame),
            *map(FadeIn, (lens.red, lens.dot)),
            *(emphasis(part, FAINT) for part in (*others, self.small.steps[2 * lens.piece + 1], *aside)),
            *self._summing(whole, lens.partial[0]),
            run_time=0.7,
        )
        self.play(FadeIn(first), Create(lens.blue), FadeIn(lens.first), run_time=0.6)
        self.play(FadeIn(lens.gap), run_time=0.3)
        self.wait(0.5)
        self.play(FadeIn(second), emphasis(self.small.steps[2 * lens.piece + 1], FULL), run_time=0.3)
        joining = lens.join(0.9), *self._summing(*lens.partial)
        self.play(*joining, FadeIn(lens.second[0]), TransformFromCopy(second, lens.second[1]))
        self.wait(0.9)
        lens.add(lens.second)
        back = [emphasis(part, FULL) for part in (*others, *aside)]
        self.play(*map(FadeOut, (lens, first, second)), *back, *self._summing(lens.partial[1], whole), run_time=0.5)
        self.fit.model_y = uncut  # what blue goes back to

    def _summing(self, before: NDArray, after: NDArray) -> list[Animation]:
        """Blue, with its name, from one sum to another."""

        def update(_: VMobject, share: float) -> None:
            self.fit.show(before + share * (after - before))

        along = UpdateFromAlphaFunc(self.fit.model_label, lambda *_: None)
        return [UpdateFromAlphaFunc(self.fit.model, update), along]  # as no group, which would come before the points

    def _counting(self, before: int, cuts: int) -> Animation:
        """The gap on the way is blue's; the count changes when the formula's old end has gone."""
        counts = before * self.n_sigmoids, cuts * self.n_sigmoids
        start, end = (matched_sum(self.parts, self.dense, number) - self.curve(self.dense) for number in (before, cuts))

        def update(_: VMobject, share: float) -> None:
            self.count.set_value(counts[int(share >= 0.5)])
            moved = smooth(share)
            self.gap.set_value(float(np.abs((1 - moved) * start + moved * end).max()))

        return UpdateFromAlphaFunc(self.counted, update, rate_func=linear)

    def _end_with(self, text: TextMobject) -> list[Animation]:
        """What the formula has after its first term becomes that of ``text``."""
        old, self.ending = self.ending, text
        old, new = (self.formula.after_first(each) for each in (old, text))
        soon, late = squish_rate_func(smooth, 0.0, 0.5), squish_rate_func(smooth, 0.5, 1.0)
        leaving = [FadeOut(old, rate_func=soon)] if len(old) else []
        return [*leaving, *([FadeIn(new, rate_func=late)] if len(new) else [])]

    def _back_from_the_smaller(self) -> list[Animation]:
        """Blue is again the sum with a sigmoid for each piece, with its rows and its terms."""
        blue = self._moving(self.fit.model, matched_sum(self.parts, self.x, CUTS[-1]), self.fit.model_y)
        rows = [FadeIn(row) for row in self.rows.rows[1:]]
        return [blue, FadeOut(self.counted), FadeOut(self.small), *rows, *self._end_with(self.formula.written_out)]
