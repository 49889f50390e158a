"""The scene any-curve: points on a smooth curve, joined by straight lines, come nearer to it the more there are."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Self

import numpy as np
from gradreel.core.curves.continuity import Function
from gradreel.core.curves.expression import expression
from gradreel.core.curves.piecewise import PiecewiseLinearCurve
from gradreel.core.datasets import RED_CURVE
from gradreel.core.errors import UserError
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene
from gradreel.scenes.lecture.curves.convergence import Convergence, converge, stretched
from gradreel.scenes.lecture.curves.pictures.card_sum import CardSum
from gradreel.scenes.lecture.curves.pictures.curve_axes import WIDE_RIGHT, curve_axes, exchanged, height_range
from gradreel.scenes.lecture.curves.pictures.curve_board import FORMULA_Y, CurveBoard, curve_through, melting
from gradreel.scenes.lecture.curves.pictures.gap_counter import GapCounter, two_digits
from gradreel.scenes.lecture.curves.pictures.joined_points import JoinedPoints
from gradreel.scenes.lecture.curves.pictures.running_sum import RunningSum
from gradreel.scenes.lecture.curves.pictures.small_curves import SmallCopies
from gradreel.scenes.mobjects.plot import Plot
from gradreel.scenes.mobjects.text import words
from gradreel.scenes.style import FAINT, FULL, emphasis, emphasize, palette
from gradreel.scenes.words.claims import Claim, claim, decreasing
from gradreel.scenes.words.numbers import number_text
from manim import (
    Animation,
    Create,
    FadeIn,
    FadeOut,
    LaggedStart,
    ManimColor,
    ReplacementTransform,
    Transform,
    UpdateFromAlphaFunc,
    VGroup,
    VMobject,
    smooth,
    squish_rate_func,
)
from numpy.typing import NDArray
from pydantic import Field, field_validator, model_validator

SAMPLES = 500
EARLY, LATE = squish_rate_func(smooth, 0.15, 0.5), squish_rate_func(smooth, 0.5, 0.85)  # points leave, others come
COUNTS_RIGHT, GAPS_LEFT, ROWS_TOP, ROW = 3.2, 3.7, 1.0, 0.55  # of the list of gaps; ROW: from line to line
OTHERS = (  # other continuous curves, both axes from 0 to 1
    "0.12 + 0.75*exp(-((x - 0.3)/0.12)**2) + 0.5*exp(-((x - 0.75)/0.09)**2)",
    "0.1 + 0.8*abs(sin(7.5*x))*(1 - x/2)",
)


class AnyCurve(LectureScene):
    """Points on a smooth curve, joined by straight lines: the more there are, the nearer."""

    class Parameters(LectureScene.Parameters):
        function: str = Field(
            "2 + 2*sin(x - 1)*exp(-x/6)",
            max_length=300,
            description="The smooth curve, as a formula of x without jumps: sin(3*x) + x/2",
        )
        low: float = Field(0.0, ge=-1e6, le=1e6, description="Where the x axis starts")
        high: float = Field(8.0, ge=-1e6, le=1e6, description="Where the x axis ends")
        points: tuple[int, ...] = Field(
            (4, 8, 16, 32),
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
            if any(after <= before for before, after in pairwise(self.points)):
                raise ValueError(f"points must increase, got {list(self.points)}")
            if not self.high - self.low >= 1e-3:
                raise ValueError(f"high must lie at least 0.001 right of low, got {self.low:g} to {self.high:g}")
            try:
                function = expression(self.function)
                converge(function, self.low, self.high, self.points[:1])
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
            errors = converge(expression(self.function), self.low, self.high, self.points).errors
            if errors.min() < 1e-6 * errors.max() or errors.max() <= 1e-6:
                raise ValueError("function: straight pieces draw it without a gap, so more points would show nothing")
            return self

    def claims(self) -> Iterator[Claim]:
        p = self.parameters
        found = converge(expression(p.function), p.low, p.high, p.points)
        factors = [found.factor(index) for index in range(1, len(found.counts))]
        quarter = all(3.0 <= factor <= 5.0 for factor in factors)
        yield claim("more", "twice as many points leave about a quarter of the gap", quarter, factors=factors)
        yield claim("more", "the largest gap shrinks each time", decreasing(found.errors), gaps=found.errors)

    def construct(self) -> None:
        self._measure()
        self._build()
        self._smooth_beat()
        self._points_beat()
        self._more_beat()
        self._any_beat()

    def _measure(self) -> None:
        """The numbers: how far blue is from red at each count of points."""
        given = self.parameters
        self.function = expression(given.function)
        self.found: Convergence = converge(self.function, given.low, given.high, given.points)

    def _build(self) -> None:
        given = self.parameters
        x = np.linspace(given.low, given.high, SAMPLES)
        ranges = (given.low, given.high), height_range(self.function(x))
        wide, self.narrow = curve_axes(*ranges, right=WIDE_RIGHT), curve_axes(*ranges)
        self.others = [self._other(formula, wide) for formula in OTHERS]
        gaps = [float(gap) for found in (self.found, *(found for _, found in self.others)) for gap in found.errors]
        counter = GapCounter(self.screen("points"), self.screen("largest-gap"), given.points[-1], gaps)
        self.joined = JoinedPoints(self.function, x, wide, counter)
        self.texts = [self.words_of.screen("build-curve", key, self.context.language) for key in ("red-curve", "gap")]
        self.terms = CurveBoard(self.found.curves[0], ranges[0], *self.texts, ranges[1])
        self.formula = CardSum(self.screen("red-curve"), FORMULA_Y)
        head = self._row(0, self.screen("points"), self.screen("largest-gap"), style.TICK, palette.dim)
        rows = zip(self.found.counts, map(two_digits, self.found.errors.tolist()), strict=True)
        self.gaps = VGroup(head, *(self._row(k, str(count), gap) for k, (count, gap) in enumerate(rows, start=1)))

    def _row(
        self, line: int, count: str, gap: str, size: float = style.LABEL, color: ManimColor | None = None
    ) -> VGroup:
        """A count of points and its largest gap, in this line of the list at the right."""
        y = ROWS_TOP - line * ROW
        return VGroup(
            words(count, size, color or palette.text).place(y, right=COUNTS_RIGHT),
            words(gap, size, color or palette.blue).place(y, left=GAPS_LEFT),
        )

    def _other(self, formula: str, plot: Plot) -> tuple[Function, Convergence]:
        """A curve over the whole of our axes, and its approximation by as many points as ours had in the end."""
        function = stretched(expression(formula), plot.x_range, plot.y_range)
        return function, converge(function, *plot.x_range, self.found.counts[-1:])

    # -- beats ---------------------------------------------------------------------------------------------------

    def _smooth_beat(self) -> None:
        joined = self.joined
        with self.beat("smooth", pause="long"):
            # The last curve that was built of straight pieces loses its functions and then its corners
            corners = curve_through(self.parameters.knots)
            board = CurveBoard(corners, corners.range_around(), *self.texts).another()
            whole = board.whole()
            self.add(*whole)
            leaving = [part for part in whole if part is not board.plot]
            self.play(
                *self.next_heading(self.screen("heading")), *map(FadeOut, leaving), FadeIn(board.red), run_time=0.8
            )
            axes, joined.red = exchanged(board.plot, joined.plot), board.red
            self.play(*axes, run_time=0.7)
            self.until("melt")
            self.play(melting(joined.red, board, joined.plot, self.function), run_time=1.8, rate_func=smooth)
            self.add(joined.plot, joined.red)

    def _points_beat(self) -> None:
        joined, first = self.joined, self.found.curves[0]
        with self.beat("points", pause="short"):
            # Points on it, joined, and the largest gap. These straight pieces are a sum: its terms at the right
            band = joined.band()
            self.play(FadeIn(band), FadeOut(joined.red), run_time=0.4)
            joined.red, joined.curve = band, first
            joined.knots, joined.blue = joined.dots(first), joined.lines(first)
            self.play(LaggedStart(*(FadeIn(dot, scale=1.6) for dot in joined.knots), lag_ratio=0.3), run_time=0.8)
            self.play(Create(joined.blue), run_time=0.9)
            self._measured(0)
            self.until("build")
            self._move_to(self.narrow)
            self._name_the_terms(first)

    def _more_beat(self) -> None:
        with self.beat("more", pause="short", factor=number_text(float(f"{self.found.factor():.2g}"))):
            # Twice the points again and again; each time the gap is measured, and written down at the right
            self.play(*map(FadeOut, (self.terms.level, self.terms.panels, self.lines)), run_time=0.3)
            self.play(FadeIn(self.gaps[:2]), run_time=0.5)
            self.until("double")
            for index in range(1, len(self.found.counts)):
                self._go_to(index, 0.8)
                self.play(FadeIn(self.gaps[index + 1]), run_time=0.4)
                self.wait(0.4)

    def _any_beat(self) -> None:
        with self.beat("any", pause="long", points=self.found.counts[-1], pieces=self.found.counts[-1] - 1):
            # The table makes way, other curves take red's place, and blue follows each with as many points, its largest
            # gap measured. A small copy of each stays at the right
            counter, mark = self.joined.counter, self.joined.mark
            copies = self.copies = SmallCopies(self.narrow, 1 + len(OTHERS))
            self.play(FadeOut(self.gaps), *self.next_heading(self.screen("heading-any")), run_time=0.6)
            self.play(*copies.take(0, self.joined.red), run_time=0.7)
            self.until("others")
            for index, (function, found) in enumerate(self.others, start=1):
                self.play(FadeOut(mark, counter.gap), run_time=0.2)
                self._take_shape(function, found.curves[0])
                counter.set_gap(float(found.errors[0]))
                measured = FadeIn(self.joined.measure(mark)), FadeIn(counter.gap)
                self.play(*measured, *copies.take(index, self.joined.red), run_time=0.7)
                self.add(counter)
            self.hand_on(self.formula.name, *self.formula.terms.values())

    # -- blue goes from one set of points to the next ------------------------------------------------------------

    def _go_to(self, index: int, seconds: float) -> None:
        """Blue takes another count of points, each new corner moves onto red; then the gap is measured.

        Points, and the sum's terms, change halfway.
        """
        joined = self.joined
        old, new = joined.curve, self.found.curves[index]
        x = np.unique([*joined.x, *old.x, *new.x])

        def bend(blue: VMobject, share: float) -> None:
            joined.plot.set_curve(blue, x, (1 - share) * old(x) + share * new(x))

        leaving = [joined.knots, joined.mark, joined.counter.count, joined.counter.gap]
        self.add(joined.blue, joined.knots)  # the points that leave are over blue until they are gone
        joined.knots, joined.curve = joined.dots(new), new
        changing = [FadeOut(part, run_time=seconds, rate_func=EARLY) for part in leaving]
        changing.append(FadeIn(joined.knots, run_time=seconds, rate_func=LATE))
        bending = UpdateFromAlphaFunc(joined.blue, bend, run_time=seconds, rate_func=smooth)
        self.play(bending, *changing, *self.formula.show(new.decompose()))
        self._measured(index)

    def _measured(self, index: int) -> None:
        """The bracket on the largest gap, and in print, with the count of points."""
        joined, counter = self.joined, self.joined.counter
        counter.set_count(self.found.counts[index])
        counter.set_gap(float(self.found.errors[index]))
        self.add(joined.blue, joined.knots)
        arriving = map(FadeIn, (counter.count, counter.gap) if index else (counter,))
        self.play(FadeIn(joined.measure(joined.mark)), *arriving, run_time=0.4)
        self.add(counter)

    def _take_shape(self, function: Function, curve: PiecewiseLinearCurve) -> None:
        """Red becomes ``function``, and blue ``curve``, through as many points; the sum's terms go along."""
        joined = self.joined
        old_function, old = joined.function, joined.curve
        x = np.unique([*joined.x, *old.x, *curve.x])

        def turn(_: VMobject, share: float) -> None:
            def between(at: NDArray) -> NDArray:
                return (1 - share) * old_function(at) + share * function(at)

            joined.plot.set_curve(joined.red, x, between(x))
            blue = PiecewiseLinearCurve(x, (1 - share) * old(x) + share * curve(x))
            joined.show(between, blue, at=(1 - share) * old.x + share * curve.x)

        moving = VGroup(joined.red, joined.blue, joined.knots)
        self.add(moving)
        turning = self.formula.show(curve.decompose(), seconds=1.0)
        self.play(UpdateFromAlphaFunc(moving, turn, run_time=1.0, rate_func=smooth), *turning)
        self.remove(moving)
        joined.function, joined.curve = function, curve
        self.add(joined.red, joined.blue, joined.knots)
        self.wait(0.3)

    def _move_to(self, plot: Plot, *meanwhile: Animation) -> None:
        """The axes become those of another plot of the same curve, and all that they show goes along."""
        joined = self.joined
        old, joined.plot = joined.plot, plot
        before = joined.red, joined.blue, joined.knots
        after = joined.band(), joined.lines(joined.curve), joined.dots(joined.curve)
        moving = [ReplacementTransform(*pair) for pair in zip(before, after, strict=True)]
        marks = [joined.mark] if joined.mark in self.mobjects else []
        moving += [Transform(mark, joined.measure(mark.copy())) for mark in marks]
        self.play(*exchanged(old, plot, along=True), *moving, *meanwhile, run_time=0.6)
        joined.red, joined.blue, joined.knots = after
        self.add(plot, joined.red, joined.blue, *marks, joined.knots)

    # -- the sum that blue is, and its gaps ----------------------------------------------------------------------

    def _name_the_terms(self, curve: PiecewiseLinearCurve) -> None:
        """The terms come one by one at the right, and each is added: the level where blue begins, then the pieces."""
        terms, panels, sum_, joined = self.terms, self.terms.panels, self.terms.sum, self.joined
        sum_.remove(sum_.tip, sum_.gap)
        self.lines = VGroup(*panels.guides[: len(curve.x)])  # at the corners, where the axis has no labels
        arriving = [
            Create(terms.level),
            *map(FadeIn, (panels[0], self.lines)),
            *self.formula.show(curve.decompose(), 0),
        ]
        self.play(emphasis(joined.blue, FAINT), *arriving, run_time=0.7)
        self.play(Create(sum_.blue), run_time=0.4)
        pieces = len(curve.x) - 1
        stages = [*range(1, min(pieces, self.formula.most)), pieces]  # where there are many, the last has all the rest
        self.add(sum_, joined.knots)
        for before, piece in pairwise([0, *stages]):
            new = [panels[k] for k in range(before + 1, piece + 1)]
            shapes = [Create(panel[1]) for panel in new]
            self.play(*shapes, *(FadeIn(part) for panel in new for part in (panel[0], *panel[2:])), run_time=0.4)

            def grow(sum_: RunningSum, share: float, start: int = before, end: int = piece) -> None:
                sum_.set_added(start + share * (end - start))

            self.play(UpdateFromAlphaFunc(sum_, grow), *self.formula.show(curve.decompose(), piece), run_time=0.5)
        self.remove(sum_)
        self.add(panels, emphasize(joined.blue, FULL), joined.mark, joined.knots)
