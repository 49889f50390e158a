"""y = b + c_1 sigmoid(b_1 + w_1 x_1) + ... written out, and the same with a sum sign; the one folds into the other."""

from __future__ import annotations

import numpy as np
from gradreel.scenes.mobjects.lecture_formulas import (
    CONSTANT,
    sigmoid_term_source,
    sum_of_sigmoids_source,
)
from gradreel.scenes.mobjects.text import TextMobject, formula
from manim import (
    DOWN,
    UP,
    Animation,
    FadeIn,
    FadeOut,
    Transform,
    UpdateFromAlphaFunc,
    VGroup,
    VMobject,
    linear,
    smooth,
    squish_rate_func,
)

PREFIX = 4  # glyphs of "y = b +"
TERM = 18  # glyphs of "c_1 sigmoid(b_1 + w_1 x_1)"
DOTS = " + dots.c + "
WRITTEN_OUT = 3  # with more terms than this, those between the first and the last are dots
LARGEST = 46
STACK, FOLD = 1.2, 1.4  # seconds
LINE = 0.5  # scene units from one stacked term to the next


class SumFormula:
    """Two formulas on one baseline, from one left edge: ``written_out`` and ``folded`` (with a sum sign).

    ``prefix`` is "y = b +" of the first; ``terms`` are its terms in order, each with the sign before it (the first has
    none); the dots between the first and the last count as part of the last one's sign. ``ending``: the formula, of as
    many sigmoids or more, whose ``end`` stands behind the first term.
    """

    def __init__(self, count: int, baseline: float, left: float, right: float) -> None:
        self.count = count
        shown = range(1, count + 1) if count <= WRITTEN_OUT else (1, count)
        signs = ["", *(" + " for _ in shown)][: len(shown)]
        if count > WRITTEN_OUT:
            signs[-1] = DOTS
        terms = "".join(sign + sigmoid_term_source(str(i)) for sign, i in zip(signs, shown, strict=True))
        source = f"{CONSTANT} {terms}"
        self.place = {"baseline": baseline, "left": left}
        size = LARGEST * min(1.0, (right - left) / formula(source, LARGEST).width)
        self.written_out = formula(source, size).place(baseline, left=left)
        self.folded = formula(sum_of_sigmoids_source(count), size).place(baseline, left=left)
        self.ending = self.written_out
        self.prefix = VGroup(*self.written_out[:PREFIX])
        self.terms = self._split([len(sign.replace("dots.c", "…").replace(" ", "")) for sign in signs])

    def _split(self, signs: list[int]) -> list[VGroup]:
        terms, start = [], PREFIX
        for sign in signs:
            glyphs = self.written_out[start : start + sign + TERM]
            terms.append(VGroup(VGroup(*glyphs[:sign]), VGroup(*glyphs[sign:])))
            start += sign + TERM
        if start != len(self.written_out):
            raise ValueError(f"the formula has {len(self.written_out)} glyphs, its parts {start}")
        return terms

    @property
    def end(self) -> VGroup:
        """What the sum has after its first term; it may be nothing."""
        return VGroup(*self.ending[PREFIX + TERM :])

    def end_with(self, count: int) -> list[Animation]:
        """The animations that make the end that of a sum of ``count`` sigmoids, ours or more; the first term stays."""
        old = self.end
        self.ending = self.written_out
        if count > self.count:
            source = f"{sum_of_sigmoids_source(1)}{DOTS}{sigmoid_term_source(str(count))}"
            self.ending = formula(source, self.written_out.font_size).place(**self.place)
        soon, late = squish_rate_func(smooth, 0.0, 0.5), squish_rate_func(smooth, 0.5, 1.0)
        leaving = [FadeOut(old, rate_func=soon)] if len(old) else []
        return [*leaving, *([FadeIn(self.end, rate_func=late)] if len(self.end) else [])]

    def only_first(self) -> TextMobject:
        """``written_out``, in which terms after the first are not seen: they are to ``come``."""
        VGroup(*self.terms[1:]).set_opacity(0)
        return self.written_out

    def come(self, term: VGroup) -> Animation:
        """The animation that brings a term of ``written_out`` that was not seen."""
        return FadeIn(term.set_opacity(1), shift=0.1 * UP)

    @property
    def constant(self) -> VMobject:
        """The b before all terms, where it is written out."""
        return self.written_out.part("b")

    @property
    def sum_sign(self) -> VGroup:
        return VGroup(*self.folded[PREFIX:-TERM])

    def stack(self) -> list[Animation]:
        """The terms go up or down into lines of their own, and then under one another, each with the sign before it."""
        left, top = float(self.terms[0][1].get_left()[0]), (len(self.terms) - 1) * LINE / 2
        moves = [_round_the_corner(self.prefix, 0.0, top)]
        for k, term in enumerate(self.terms):
            moves.append(_round_the_corner(term, left - float(term[1].get_left()[0]), top - k * LINE))
        return moves

    def fold(self) -> list[Animation]:
        """The stacked terms become one, with the index i; the signs before them, the sum sign.

        Afterwards take ``terms`` off the screen and put ``folded`` in their place: it lies exactly where they are.
        """
        goal = VGroup(*self.folded[-TERM:])
        merge = []
        for k, (_, term) in enumerate(self.terms):
            merge.append(Transform(term, goal.copy().set_opacity(0 if k else 1), run_time=FOLD))
        down = self.prefix.animate(run_time=FOLD).shift((len(self.terms) - 1) * LINE / 2 * DOWN)
        signs = [FadeOut(sign, run_time=0.5) for sign, _ in self.terms if len(sign)]
        late = squish_rate_func(smooth, 0.5, 1.0)
        return [down, *merge, *signs, FadeIn(self.sum_sign, run_time=FOLD, rate_func=late)]

    def enlarge(self) -> Animation:
        """The folded formula grows to its full size from where it starts."""
        start = [self.folded.get_left()[0], self.folded.baseline, 0.0]
        return self.folded.animate.scale(LARGEST / self.folded.font_size, about_point=start)


def _round_the_corner(part: VMobject, right: float, up: float) -> Animation:
    """``part`` goes up by so much, and then to the right: it meets nothing that is on the way in its old line."""
    gone = np.zeros(2)

    def update(part: VMobject, share: float) -> None:
        there = np.array([right * smooth(max(2 * share - 1, 0.0)), up * smooth(min(2 * share, 1.0))])
        part.shift([*(there - gone), 0.0])
        gone[:] = there

    return UpdateFromAlphaFunc(part, update, run_time=STACK, rate_func=linear)
