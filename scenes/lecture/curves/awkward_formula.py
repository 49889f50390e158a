"""The blue function's own formula: out of the red curve's pieces one is taken, and a row is written for each part."""

from __future__ import annotations

import numpy as np
from gradreel.core.curves.convergence import converge
from gradreel.core.curves.expression import expression
from gradreel.core.curves.piecewise import Decomposition
from gradreel.core.datasets import RED_CURVE
from gradreel.core.network.activations import hard_sigmoid
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene
from gradreel.scenes.lecture.curves.any_curve import OTHERS
from gradreel.scenes.lecture.curves.pictures.badge_sum import BadgeSum
from gradreel.scenes.lecture.curves.pictures.curve_board import FORMULA_Y
from gradreel.scenes.lecture.curves.pictures.pieces import Badge
from gradreel.scenes.lecture.curves.pictures.printed import in_formula
from gradreel.scenes.lecture.curves.pictures.small_curve import SmallCurve
from gradreel.scenes.mobjects.carried_curve import Sight, carry
from gradreel.scenes.mobjects.headings import next_heading
from gradreel.scenes.mobjects.lecture_formulas import Y
from gradreel.scenes.mobjects.plot import Plot
from gradreel.scenes.mobjects.sigmoid_board import FORMULA_CENTER
from gradreel.scenes.mobjects.text import TextMobject, formula, words
from gradreel.scenes.style import PRESENT, emphasis, mix, palette
from gradreel.scenes.words.counts import Count
from manim import (
    RIGHT,
    UP,
    Animation,
    Create,
    FadeIn,
    FadeOut,
    ReplacementTransform,
    UpdateFromAlphaFunc,
    VGroup,
    VMobject,
    linear,
)

CASES_MIDDLE = 1.86
SMALL = (-5.9, 5.9, -1.6, 0.6)  # where the pieces of the red curve stand in a row: left, right, bottom, top
SMALL_GAP, SMALL_NAME = 0.7, -2.3


class AwkwardFormulaBeats(LectureScene):
    """The first beat of a hard sigmoid that rises from ``start`` to ``end``, c high and with the slope c w / 4."""

    w: float
    c: float
    start: float
    end: float
    red_parts: Decomposition
    number: int | None  # of ours among them, 1 the leftmost
    plot: Plot

    def _title(self, key: str) -> list[Animation]:
        self.title, animations = next_heading(self.screen(key), getattr(self, "title", None))
        return animations

    def _hard_curve(self, share: float, width: float) -> VMobject:
        x = np.array([self.plot.x_range[0], self.start, self.end, self.plot.x_range[1]])
        y = self.c * hard_sigmoid(x, self.start, self.end)
        return self.plot.curve(x, y, mix(palette.blue, share), width)

    def _hard_label(self, key: str) -> VGroup:
        """The curve's name at its flat end, with the piece's badge before it if it has one."""
        name = words(self.screen(key), style.LABEL, mix(palette.blue, 0.8))
        name.place(self.plot.at(0, self.c)[1] + (0.34 if self.c > 0 else -0.56), right=self.plot.box[1])
        if self.number is None:
            return VGroup(name)
        badge = Badge(str(self.number), palette.blue, 0.24)
        return VGroup(badge.move_to([name.get_left()[0] - 0.42, name.get_center()[1] + 0.02, 0]), name)

    def _awkward_beat(self) -> None:
        number = self.number
        with self.beat("awkward-piece", piece=Count(number or 1)):
            # The sum of many blue functions, as the last scene left it. Out of those that make up the red curve, one is
            # taken; and for each part of it there is a row of its formula
            self.hard = self._hard_curve(1.0, style.MAIN_CURVE)
            self.hard_label = self._hard_label("blue-function")
            many = BadgeSum(self.words_of.screen("any-curve", "red-curve", self.context.language), FORMULA_Y)
            whole = many.whole(self._last_sum())
            self.add(*whole)
            if number:
                self._take_out(number, many)
            else:
                self.play(*self._title("heading"), *map(FadeOut, whole))
                self.play(FadeIn(self.plot), Create(self.hard), run_time=1.4)
                self.play(FadeIn(self.hard_label, shift=0.1 * UP), run_time=0.4)
            self._write_cases()

    def _last_sum(self) -> Decomposition:
        """As many pieces as the scene begins with, of the curve that any-curve ends with; its axes do not matter."""
        points = self.parameters.pieces + 1
        return converge(expression(OTHERS[-1]), 0.0, 1.0, (points,), "adaptive").curves[0].decompose()

    def _take_out(self, number: int, many: BadgeSum) -> None:
        """The sum shrinks to the red curve's, its cards go to their pieces; number ``number`` grows into the plot.

        Its badge becomes part of its name.
        """
        small = self._small_pieces()
        self.play(*self._title("heading"), *many.show(self.red_parts, seconds=0.6), run_time=0.6)
        terms = [many.terms[key] for key in sorted(many.terms)]
        signs = [part for term in terms for part in term[:-1]]
        going = []
        for term, piece in zip(terms, small, strict=True):
            border, label, picture = term[-1]
            named = VGroup(border, label)
            self.add(named, picture)  # the picture over the card, as it was
            going += [ReplacementTransform(named, piece.badge), ReplacementTransform(picture, piece.curve)]
        coming = [FadeIn(piece.zero) for piece in small]
        self.play(*coming, *going, *map(FadeOut, (many.name, *signs)), run_time=0.8)
        self.add(*small)
        ours = small[number]
        others = [piece for piece in small if piece is not ours]
        self.play(*(emphasis(piece, PRESENT) for piece in others), run_time=0.5)
        self.play(*map(FadeOut, (*others, ours.zero)), run_time=0.4)
        self.remove(ours.curve)
        self.play(
            carry(
                self.hard,
                lambda x: self.c * hard_sigmoid(x, self.start, self.end),
                Sight(ours.plot.x_range, ours.plot.at, style.SMALL_CURVE),
                Sight(self.plot.x_range, self.plot.at, style.MAIN_CURVE),
                (self.start, self.end),
            ),
            ReplacementTransform(ours.badge, self.hard_label[0]),
            FadeIn(self.plot),
            FadeIn(self.hard_label[1:]),
            run_time=1.2,
        )
        self.add(self.hard_label)

    def _small_pieces(self) -> list[SmallCurve]:
        """The constant and the blue pieces of the red curve side by side, to one scale."""
        parts, (left, right, bottom, top) = self.red_parts, SMALL
        low, high = RED_CURVE[0][0] - 1.0, RED_CURVE[-1][0] + 1.0
        x = np.unique([low, *parts.start, *parts.end, high])
        heights = [np.full(len(x), parts.constant), *(parts.piece(k + 1, x) for k in range(len(parts)))]
        y_range = (min(map(np.min, heights)), max(map(np.max, heights)))
        width = (right - left + SMALL_GAP) / len(heights) - SMALL_GAP
        curves = []
        for k, y in enumerate(heights):
            box = (left + k * (width + SMALL_GAP), left + k * (width + SMALL_GAP) + width, bottom, top)
            ink = palette.blue if k else palette.grey
            curve = SmallCurve(x, y, y_range, box, words(str(k), style.LABEL, ink), SMALL_NAME, ink)
            curve.badge = Badge(str(k), ink, 0.27).move_to(curve.name)
            curve.remove(curve.name)
            curves.append(curve.add(curve.badge))
        return curves

    def _write_cases(self) -> None:
        """Each part of the curve is drawn over, and its row comes to the formula."""
        self.cases, dim = self._cases(), self.hard
        rows = [VGroup(self.cases.part(f"value-{k}"), self.cases.part(f"when-{k}")) for k in (1, 2, 3)]
        inside = {id(glyph) for row in rows for half in row for glyph in half}
        rest = VGroup(*(glyph for glyph in self.cases if id(glyph) not in inside))
        self.play(FadeIn(rest), emphasis(self.hard, PRESENT), run_time=0.4)
        self.hard = self._hard_curve(1.0, style.MAIN_CURVE)
        self.add(self.hard)
        for k, row in enumerate(rows):
            self.play(self._draw_over(dim, k), FadeIn(row, shift=0.1 * UP), run_time=0.9)
        self.remove(dim, rest, *rows)
        self.add(self.hard, self.cases)

    def _cases(self) -> TextMobject:
        """The blue function's formula, a row for each part: "value-k" where "when-k"."""
        start, end = (three_digits(value) for value in (self.start, self.end))
        shift = f"- {start}" if self.start > 0 else f"+ {three_digits(-self.start)}" if self.start < 0 else ""
        inside = f"(x_1 {shift})" if shift else "x_1"
        rising = f"{three_digits(self.c * self.w / 4)} thin {inside}"
        rows = [("0", f"x_1 < {start}"), (rising, f"{start} <= x_1 <= {end}"), (three_digits(self.c), f"x_1 > {end}")]
        lines = ", ".join(f'part("value-{k}", {y}) & quad part("when-{k}", {x})' for k, (y, x) in enumerate(rows, 1))
        text = formula(f"{Y} cases({lines})", 42)
        text.move_to([FORMULA_CENTER, CASES_MIDDLE, 0.0])
        return text.shift(max(0.0, style.LEFT_EDGE - text.get_left()[0]) * RIGHT)

    def _draw_over(self, dim: VMobject, k: int) -> Animation:
        """Part ``k`` of three becomes bright, and is no longer under it: a line upon a line has harder edges."""
        whole, bright = self._hard_curve(1.0, style.MAIN_CURVE), self.hard

        def draw(_: VMobject, share: float) -> None:
            bright.pointwise_become_partial(whole, 0, (k + share) / 3)
            dim.pointwise_become_partial(whole, (k + share) / 3, 1)

        return UpdateFromAlphaFunc(VGroup(dim, bright), draw, rate_func=linear)


def three_digits(value: float) -> str:
    """A number in a formula, to three digits."""
    return in_formula(float(f"{value:.3g}"), None)
