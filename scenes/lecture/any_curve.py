"""A smooth curve is nearly one of straight pieces: with enough of them, as nearly as one likes."""

from __future__ import annotations

from itertools import pairwise
from typing import Self

import numpy as np
from gradreel.core.continuity import Function
from gradreel.core.convergence import Convergence, converge, stretched, widest_gap
from gradreel.core.datasets import RED_CURVE
from gradreel.core.errors import UserError
from gradreel.core.expression import expression
from gradreel.core.piecewise import PiecewiseLinearCurve
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene
from gradreel.scenes.counts import Count
from gradreel.scenes.mobjects.badge_sum import BadgeSum
from gradreel.scenes.mobjects.convergence_plot import ConvergencePlot
from gradreel.scenes.mobjects.curve_axes import curve_axes, exchanged, height_range
from gradreel.scenes.mobjects.curve_board import FORMULA_Y, CurveBoard, curve_through, melting
from gradreel.scenes.mobjects.headings import next_heading
from gradreel.scenes.mobjects.measure import Bracket
from gradreel.scenes.mobjects.plot import dashed
from gradreel.scenes.mobjects.readout import loss_decimals
from gradreel.scenes.mobjects.small_copies import SmallCopies
from gradreel.scenes.mobjects.text import Number, words
from gradreel.scenes.mobjects.ticks import number_text
from gradreel.scenes.style import BAND, FAINT, FULL, emphasis, emphasize, mix, palette
from manim import (
    UP,
    Animation,
    Create,
    FadeIn,
    FadeOut,
    LaggedStart,
    UpdateFromAlphaFunc,
    VGroup,
    VMobject,
    smooth,
)
from numpy.typing import NDArray
from pydantic import Field, field_validator, model_validator

SAMPLES = 500
DOUBLING = (3.5, 4.6)  # the gap's factor at twice the points that is called a quarter
BETTER = 0.9  # well-placed points are better when they leave less than this share of the gap
OTHERS = (  # other continuous curves, both axes from 0 to 1
    "0.12 + 0.75*exp(-((x - 0.3)/0.12)**2) + 0.5*exp(-((x - 0.75)/0.09)**2)",
    "0.1 + 0.75*abs(sin(8*x))*(1 - x/3)",
)


class AnyCurve(LectureScene):
    """Points on a smooth curve, joined by straight lines: the more there are, and the better placed, the nearer."""

    class Parameters(LectureScene.Parameters):
        function: str = Field(
            "2 + 2*sin(x - 1)*exp(-x/6)",
            max_length=300,
            description="The smooth curve, as a formula of x without jumps: sin(3*x) + x/2",
        )
        low: float = Field(0.0, ge=-1e6, le=1e6, description="Where the x axis starts")
        high: float = Field(8.0, ge=-1e6, le=1e6, description="Where the x axis ends")
        points: tuple[int, ...] = Field(
            (2, 4, 8, 16, 32),
            min_length=3,
            max_length=6,
            description="How many points are joined, one after the other: 3 to 6 numbers, increasing, 2 to 128 each",
        )

        knots: tuple[tuple[float, float], ...] = Field(
            RED_CURVE,
            min_length=2,
            max_length=200,
            description="Turning points (x, y) of the curve over whose axes it begins, x increasing",
        )

        @field_validator("knots")
        @classmethod
        def _knots_make_a_curve(cls, knots: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
            return curve_through(knots).knots

        @model_validator(mode="after")
        def _can_be_seen(self) -> Self:
            if not all(2 <= count <= 128 for count in self.points):
                raise ValueError(f"points must lie within 2 to 128, got {list(self.points)}")
            if any(after <= before for before, after in zip(self.points, self.points[1:], strict=False)):
                raise ValueError(f"points must increase, got {list(self.points)}")
            if not self.high - self.low >= 1e-3:
                raise ValueError(f"high must lie at least 0.001 right of low, got {self.low:g} to {self.high:g}")
            try:
                function = expression(self.function)
                converge(function, self.low, self.high, self.points[:1], "even")
            except UserError as error:
                raise ValueError(f"function: {error}") from None
            span = float(np.ptp(function(np.linspace(self.low, self.high, SAMPLES))))
            if not 0.01 <= span <= 1e4:
                raise ValueError(
                    f"function: its highest and lowest value must lie 0.01 to 10 000 apart, not {span:.3g}"
                )
            return self

        @model_validator(mode="after")
        def _needs_points(self) -> Self:
            errors = converge(expression(self.function), self.low, self.high, self.points, "even").errors
            if errors.min() < 1e-6 * errors.max() or errors.max() <= 1e-6:
                raise ValueError("function: straight pieces draw it without a gap, so more points would show nothing")
            return self

    def construct(self) -> None:
        self._prepare()
        self._smooth_beat()
        self._points_beat()
        self._more_beat()
        self._placed_beat()
        self._any_beat()

    # -- the numbers ---------------------------------------------------------------------------------------------

    def _prepare(self) -> None:
        given = self.parameters
        self.function = expression(given.function)
        low, high = given.low, given.high
        self.even: Convergence = converge(self.function, low, high, given.points, "even")
        self.placed: Convergence = converge(self.function, low, high, given.points, "adaptive")
        self.middle = len(given.points) // 2  # the count at which points are placed well
        self.x = np.linspace(low, high, SAMPLES)
        self.y = self.function(self.x)
        self._build()

    def _is_better_placed(self) -> bool:
        return bool(self.placed.errors[self.middle] < BETTER * self.even.errors[self.middle])

    def _gap_text(self, gap: float) -> str:
        return number_text(gap, self.decimals)

    # -- what is on the screen -----------------------------------------------------------------------------------

    def _build(self) -> None:
        self.plot = curve_axes((self.parameters.low, self.parameters.high), height_range(self.y))
        errors = np.concatenate([self.even.errors, self.placed.errors])
        self.decimals = loss_decimals(errors)
        self.red = self.plot.curve(self.x, self.y, palette.red)
        self.formula = BadgeSum(self.screen("red-curve"), FORMULA_Y)
        texts = {key: self.screen(key) for key in ("points", "gap-axis", "even", "placed")}
        self.chart = ConvergencePlot(self.even, self.placed, texts)
        self.mark = Bracket(width=3.0)
        self.counter = self._counter()
        self.knots = VGroup()
        self.shown = 0  # which of the counts blue has now

    def _counter(self) -> VGroup:
        """``points 8   largest gap 0.212`` on the heading's line."""
        line = style.HEADING_BASELINE
        widest = float(max(self.even.errors.max(), self.placed.errors.max()))
        self.gap = Number(widest, self.decimals, 34).place(line, style.RIGHT_EDGE)
        gap_words = words(self.screen("largest-gap"), 32).place(line, right=self.gap.get_left()[0] - 0.2)
        self.count = Number(self.parameters.points[-1], 0, 34).place(line, gap_words.get_left()[0] - 0.7)
        self.count_left = self.count.get_left()[0]
        count_words = words(self.screen("points"), 32).place(line, right=self.count_left - 0.2)
        return VGroup(count_words, self.count, gap_words, self.gap)

    def _set_count(self, count: int) -> None:
        self.count.set_value(count).place_left(style.HEADING_BASELINE, self.count_left)

    def _title(self, key: str) -> list[Animation]:
        self.title, animations = next_heading(self.screen(key), getattr(self, "title", None))
        return animations

    def _dots(self, curve: PiecewiseLinearCurve) -> VGroup:
        radius = 0.1 if len(curve.x) <= 16 else 0.065
        return VGroup(*(self.plot.dot(x, y, palette.blue, radius) for x, y in curve.knots))

    def _blue_at(self, curve: PiecewiseLinearCurve) -> tuple[NDArray, NDArray]:
        """Blue's corners among the samples, so that one curve can turn into the next: (n,) each."""
        x = np.unique([*self.x, *curve.x])
        return x, curve(x)

    # -- beats ---------------------------------------------------------------------------------------------------

    def _smooth_beat(self) -> None:
        with self.beat("smooth"):
            # The last curve that was built of straight pieces loses its functions and then its corners
            corners = curve_through(self.parameters.knots)
            text = [self.words_of.screen("build-curve", key, self.context.language) for key in ("red-curve", "gap")]
            board = CurveBoard(corners, corners.range_around(), *text).another()
            whole = board.whole()
            self.add(*whole)
            leaving = [part for part in whole if part is not board.plot]
            self.play(*self._title("heading"), *map(FadeOut, leaving), FadeIn(board.red), run_time=0.8)
            axes, self.red = exchanged(board.plot, self.plot), board.red
            self.play(*axes, run_time=0.7)
            self.play(melting(self.red, board, self.plot, self.function), run_time=1.8, rate_func=smooth)
            self.add(self.plot, self.red)

    def _points_beat(self) -> None:
        first = self.even.curves[0]
        with self.beat("points", count=Count(len(first.x)), pieces=Count(len(self.even.curves[1].x) - 1)):
            # Points on it, joined: a few straight pieces, and above them what they are a sum of
            band = self.plot.curve(self.x, self.y, mix(palette.red, 0.48), BAND)
            self.play(FadeIn(band), FadeOut(self.red), run_time=0.5)
            self.red = band
            self.knots = self._dots(first)
            self.play(LaggedStart(*(FadeIn(dot, scale=1.6) for dot in self.knots), lag_ratio=0.3), run_time=0.7)
            self.blue = self.plot.curve(*self._blue_at(first), palette.blue, style.MAIN_CURVE)
            self.play(Create(self.blue), run_time=0.9)
            self._set_count(len(first.x))
            self.gap.set_value(float(self.even.errors[0]))
            self.play(FadeIn(self.counter), run_time=0.5)
            self._mark_gap(first)
            self._go_to(1, 1.3)
            self._name_the_terms(self.even.curves[1])

    def _name_the_terms(self, curve: PiecewiseLinearCurve) -> None:
        """The sum's terms come one by one, each with its part of blue: the level where it begins, then each stretch."""
        low, high = self.plot.x_range
        ends = [self.plot.at(x, curve.y[0]) for x in (low, high)]
        self.level = dashed(*ends, palette.grey, 2.5, dash=0.13)
        self.play(emphasis(self.blue, FAINT), Create(self.level), *self.formula.show(0), run_time=0.8)
        pieces = len(curve.x) - 1
        stages = [*range(1, min(pieces, self.formula.most)), pieces]  # where there are many, the last has all the rest
        lit = VGroup()
        for before, piece in pairwise([0, *stages]):
            stretch = slice(before, piece + 1)
            lit.add(self.plot.curve(curve.x[stretch], curve.y[stretch], palette.blue, style.MAIN_CURVE))
            self.add(lit[-1], self.knots)
            self.play(Create(lit[-1]), *self.formula.show(piece), run_time=1.8 / len(stages))
        self.remove(*lit)
        emphasize(self.blue, FULL)

    def _mark_gap(self, curve: PiecewiseLinearCurve, *meanwhile: Animation) -> None:
        """A bracket where blue is farthest from red."""
        x = widest_gap(self.function, curve)
        mark = self.mark.span(*(self.plot.at(x, float(f(x))) for f in (self.function, curve)))
        self.play(FadeIn(mark), *meanwhile, run_time=0.3)

    def _go_to(self, index: int, seconds: float, *meanwhile: Animation) -> None:
        """Blue takes the next count of even points: each new corner moves onto red.

        The gap's number leaves meanwhile: beside the new count it would be that of a curve on its way.
        """
        old, new = self.even.curves[self.shown], self.even.curves[index]
        x = np.unique([*self.x, *old.x, *new.x])
        dots = self._dots(new)
        leaving = (FadeOut(part, run_time=0.3) for part in (self.knots, self.mark, self.gap))
        self.play(*leaving, FadeIn(dots, run_time=0.5))
        self.knots, self.shown = dots, index

        def bend(_: VMobject, share: float) -> None:
            self.plot.set_curve(self.blue, x, (1 - share) * old(x) + share * new(x))

        self._set_count(len(new.x))
        animation = UpdateFromAlphaFunc(self.blue, bend, run_time=seconds, rate_func=smooth)
        self.add(self.blue, self.knots)
        self.play(animation, *meanwhile)
        self.gap.set_value(float(self.even.errors[index]))
        self._mark_gap(new, FadeIn(self.gap))
        self.add(self.counter)

    def _more_beat(self) -> None:
        factor = self.even.factor()
        quarter = DOUBLING[0] <= factor <= DOUBLING[1]
        with self.beat("more" if quarter else "more-other", factor=number_text(float(f"{factor:.2g}"))):
            # Twice the points again and again; at the right each gap becomes a dot with its number beside it
            chart = self.chart
            first = [*chart.dots[:2], *chart.notes(0), *chart.notes(1)]
            self.play(FadeOut(self.level, run_time=0.4), FadeIn(chart.axes), *map(FadeIn, first), run_time=0.7)
            for index in range(2, len(self.even.counts)):
                arriving = (FadeIn(note) for note in chart.notes(index))
                terms = self.formula.show(self.even.counts[index] - 1)
                self._go_to(index, 1.1, FadeIn(chart.dots[index], scale=1.6), *arriving, *terms)
            self.play(Create(chart.line), FadeIn(chart.even_label), run_time=0.8)

    def _placed_beat(self) -> None:
        index = self.middle
        before, after = (number_text(float(f"{c.errors[index]:.2g}")) for c in (self.even, self.placed))
        values = {"count": Count(self.even.counts[index]), "before": before, "after": after}
        with self.beat("placed" if self._is_better_placed() else "placed-same", **values):
            # Fewer points once more; they slide along red to better places, and the gap shrinks
            self._go_to(index, 0.8, *self.formula.show(self.even.counts[index] - 1))
            self.play(*self._title("heading-placed"))
            if self._is_better_placed():
                self._slide(self.even.curves[index].x, self.placed.curves[index].x, 2.2)
                for marks in self.chart.placed_marks:
                    self.play(LaggedStart(*(FadeIn(mark) for mark in marks), lag_ratio=0.2), run_time=0.5)
                if self.chart.shows(self.placed, index):
                    self.chart.placed_marks.append(self.chart.placed_note(self.placed, index))
                    self.play(FadeIn(self.chart.placed_marks[-1]), run_time=0.3)
            else:
                self.play(*(dot.animate(rate_func=lambda t: 4 * t * (1 - t)).scale(1.4) for dot in self.knots))

    def _slide(self, start: NDArray, end: NDArray, seconds: float) -> None:
        """The points move along the curve; the lines between them and the largest gap go along."""
        moving = VGroup(self.blue, self.knots, self.gap)

        def slide(_: VMobject, share: float) -> None:
            x = (1 - share) * start + share * end
            curve = PiecewiseLinearCurve(x, self.function(x))
            self.plot.set_curve(self.blue, *self._blue_at(curve))
            for dot, at in zip(self.knots, self.plot.at(curve.x, curve.y), strict=True):
                dot.move_to(at)
            self.gap.set_value(curve.largest_error(self.function))

        self.play(FadeOut(self.mark), run_time=0.2)
        self.play(UpdateFromAlphaFunc(moving, slide, run_time=seconds, rate_func=smooth))
        self._mark_gap(self.placed.curves[self.middle])
        self.gap.set_value(float(self.placed.errors[self.middle]))
        self.remove(moving)
        self.add(self.counter, self.blue, self.knots)

    def _any_beat(self) -> None:
        best = self.placed if self._is_better_placed() else self.even
        last = best.curves[-1]
        with self.beat("any", points=len(last.x), pieces=len(last.x) - 1):
            # As many points as there were, and their gap in the chart; then other curves take red's place, and blue
            # follows each as closely
            leaving = [*self.chart.dots, self.chart.axes, self.chart.line, self.chart.even_label]
            leaving += [note for index in range(len(self.even.counts)) for note in self.chart.notes(index)]
            leaving += self.chart.placed_marks if self._is_better_placed() else []
            self.shape = self.function, best.curves[self.middle]
            self.play(FadeOut(self.mark, run_time=0.2))
            self._take_shape(self.function, last, float(best.errors[-1]), *self.formula.show(len(last.x) - 1))
            leaving += self._note_last()
            self.copies = SmallCopies(self.plot, 1 + len(OTHERS), self.screen("largest-gap"))
            self.play(*map(FadeOut, leaving), *self._title("heading-any"), FadeIn(self.copies.heading), run_time=0.6)
            self._keep_copy(0)
            self.others = [self._other(formula) for formula in OTHERS]
            for index, (function, found) in enumerate(self.others, start=1):
                self._take_shape(function, found.curves[0], float(found.errors[0]))
                self._keep_copy(index)
            self.hand_on(self.formula.name, *self.formula.terms.values())

    def _other(self, formula: str) -> tuple[Function, Convergence]:
        """A curve over the whole of our axes, and its approximation by as many points as ours had in the end."""
        function = stretched(expression(formula), self.plot.x_range, self.plot.y_range)
        placement = "adaptive" if self._is_better_placed() else "even"
        return function, converge(function, *self.plot.x_range, self.even.counts[-1:], placement)

    def _note_last(self) -> list[VMobject]:
        """The gap that was reached, beside its dot in the chart, if it is not there yet: what has been brought."""
        if not self._is_better_placed() or not self.chart.shows(self.placed, -1):
            return []
        note = self.chart.placed_note(self.placed, -1)
        self.play(FadeIn(note, shift=0.1 * UP), run_time=0.4)
        self.wait(0.5)
        return [note]

    def _take_shape(self, function: Function, curve: PiecewiseLinearCurve, gap: float, *meanwhile: Animation) -> None:
        """Red becomes ``function``, and blue ``curve`` with its points; the gap between them goes along.

        Where the points become more, the gap's number leaves meanwhile, as it does in `_go_to`.
        """
        old_function, old = self.shape
        x = np.unique([*self.x, *old.x, *curve.x])

        def turn(_: VMobject, share: float) -> None:
            def between(at: NDArray) -> NDArray:
                return (1 - share) * old_function(at) + share * function(at)

            blue = PiecewiseLinearCurve(x, (1 - share) * old(x) + share * curve(x))
            self.plot.set_curve(self.red, x, between(x))
            self.plot.set_curve(self.blue, x, blue.y)
            self.gap.set_value(blue.largest_error(between))

        dots, self.shape = self._dots(curve), (function, curve)
        hidden = [self.gap] if len(curve.x) != len(old.x) else []
        self.play(*map(FadeOut, (self.knots, *hidden)), run_time=0.2)
        self._set_count(len(curve.x))
        moving = VGroup(self.red, self.blue, *([] if hidden else [self.gap]))
        self.play(UpdateFromAlphaFunc(moving, turn, run_time=1.0, rate_func=smooth), *meanwhile)
        self.remove(moving)
        self.add(*([] if hidden else [self.counter]), self.red, self.blue)
        self.knots = dots
        self.gap.set_value(gap)
        self.play(*map(FadeIn, (dots, *hidden)), run_time=0.3)
        self.add(self.counter)

    def _keep_copy(self, index: int) -> None:
        """A small copy of red stays at the right, with the gap."""
        self.play(*self.copies.take(index, self.red, self._gap_text(self.gap.value)), run_time=0.7)
