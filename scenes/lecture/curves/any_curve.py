"""A smooth curve is nearly one of straight pieces: with enough of them, as nearly as one likes."""

from __future__ import annotations

from itertools import pairwise
from typing import Self

import numpy as np
from gradreel.core.curves.continuity import Function
from gradreel.core.curves.convergence import Convergence, converge, stretched
from gradreel.core.curves.expression import expression
from gradreel.core.datasets import RED_CURVE
from gradreel.core.errors import UserError
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene
from gradreel.scenes.lecture.curves.curve_points import CurvePointsBeats
from gradreel.scenes.lecture.curves.pictures.badge_sum import BadgeSum
from gradreel.scenes.lecture.curves.pictures.convergence_plot import ConvergencePlot
from gradreel.scenes.lecture.curves.pictures.curve_axes import WIDE_RIGHT, curve_axes, exchanged, height_range
from gradreel.scenes.lecture.curves.pictures.curve_board import FORMULA_Y, CurveBoard, curve_through, melting
from gradreel.scenes.lecture.curves.pictures.gap_counter import GapCounter, two_digits
from gradreel.scenes.lecture.curves.pictures.gap_strip import LEAST, PLOT_BOTTOM, GapStrip, enlarged
from gradreel.scenes.lecture.curves.pictures.small_copies import SmallCopies
from gradreel.scenes.mobjects.headings import next_heading
from gradreel.scenes.mobjects.measure import Bracket
from gradreel.scenes.style import BAND, mix, palette
from gradreel.scenes.words.counts import Count
from gradreel.scenes.words.numbers import number_text
from manim import (
    UP,
    Animation,
    Create,
    FadeIn,
    FadeOut,
    LaggedStart,
    VGroup,
    VMobject,
    smooth,
)
from pydantic import Field, field_validator, model_validator

SAMPLES = 500
BETTER = 0.9  # well-placed points are better when they leave less than this share of the gap
OTHERS = (  # other continuous curves, both axes from 0 to 1
    "0.12 + 0.75*exp(-((x - 0.3)/0.12)**2) + 0.5*exp(-((x - 0.75)/0.09)**2)",
    "0.1 + 0.75*abs(sin(8*x))*(1 - x/3)",
)


class AnyCurve(CurvePointsBeats):
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
            if any(after <= before for before, after in pairwise(self.points)):
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

    # -- what is on the screen -----------------------------------------------------------------------------------

    def _build(self) -> None:
        ranges = (self.parameters.low, self.parameters.high), height_range(self.y)
        self.plot, self.narrow = curve_axes(*ranges, right=WIDE_RIGHT), curve_axes(*ranges)
        self.low = curve_axes(*ranges, bottom=PLOT_BOTTOM)
        language = self.context.language
        self.texts = [self.words_of.screen("build-curve", key, language) for key in ("red-curve", "gap")]
        self.terms = CurveBoard(self.even.curves[1], ranges[0], *self.texts, ranges[1])
        self.red = self.plot.curve(self.x, self.y, palette.red)
        self.formula = BadgeSum(self.screen("red-curve"), FORMULA_Y)
        texts = {key: self.screen(key) for key in ("points", "gap-axis", "even", "placed")}
        self.chart = ConvergencePlot(self.even, self.placed, texts)
        self.mark = Bracket(width=3.0)
        self.others = [self._other(formula) for formula in OTHERS]
        found = (self.even, self.placed, *(convergence for _, convergence in self.others))
        gaps = np.concatenate([convergence.errors for convergence in found])
        most = self.parameters.points[-1]
        self.counter = GapCounter(self.screen("points"), self.screen("largest-gap"), most, gaps.tolist())
        self.gap, self.count = self.counter.gap, self.counter.count
        self.strip = self._gap_strip()
        self.knots = VGroup()
        self.shown = 0  # which of the counts blue has now

    def _gap_strip(self) -> GapStrip | None:
        """Of the gaps that come after the points were doubled for the first time; None where the plot shows them."""
        times = self._times(min(2, self.middle))
        return GapStrip(self.low, times, self._strip_name(times)) if times >= LEAST else None

    def _times(self, index: int) -> float:
        """How many times enlarged the gaps are seen from this count of even points on."""
        return enlarged(self.low, float(self.even.errors[index:].max()))

    def _title(self, key: str) -> list[Animation]:
        self.title, animations = next_heading(self.screen(key), getattr(self, "title", None))
        return animations

    # -- beats ---------------------------------------------------------------------------------------------------

    def _smooth_beat(self) -> None:
        with self.beat("smooth"):
            # The last curve that was built of straight pieces loses its functions and then its corners
            corners = curve_through(self.parameters.knots)
            board = CurveBoard(corners, corners.range_around(), *self.texts).another()
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
            # Points on it, joined; then a few more. These straight pieces are a sum: its terms at the right
            band = self.plot.curve(self.x, self.y, mix(palette.red, 0.48), BAND)
            self.play(FadeIn(band), FadeOut(self.red), run_time=0.4)
            self.red = band
            self.knots = self._dots(first)
            self.play(LaggedStart(*(FadeIn(dot, scale=1.6) for dot in self.knots), lag_ratio=0.3), run_time=0.5)
            self.blue = self.plot.curve(*self._blue_at(first), palette.blue, style.MAIN_CURVE)
            self.play(Create(self.blue), run_time=0.7)
            self._go_to(1, 0.9)
            self._move_to(self.narrow, self.even.curves[1])
            self._name_the_terms(self.even.curves[1])

    def _more_beat(self) -> None:
        factor = self.even.factor()
        with self.beat("more", factor=number_text(float(f"{factor:.2g}"))):
            # Twice the points again and again; each time the gap is measured, and then it becomes a dot at the right,
            # with its number and what it was divided by. Soon the plot shows no gap: below it, enlarged, there are
            # all; the smaller they are, the more they are enlarged
            chart = self.chart
            leaving = map(FadeOut, (self.terms.level, self.terms.panels, self.lines))
            self.play(*leaving, run_time=0.3)
            first = [*chart.dots[:2], *chart.notes(0), *chart.notes(1)]
            arriving = [FadeIn(chart.axes), *map(FadeIn, first)]
            if self.strip is None:
                self.play(*arriving, run_time=0.5)
            else:
                self._move_to(self.low, self.even.curves[1], *arriving)
            for index in range(2, len(self.even.counts)):
                self._go_to(index, 0.8, *self.formula.show(self.even.curves[index].decompose()))
                notes = [FadeIn(note) for note in chart.notes(index)]
                if self.strip is not None and not self._strip():
                    notes += [FadeIn(self.strip), FadeIn(self.strip.name)]
                self.play(FadeIn(chart.dots[index], scale=1.6), *notes, run_time=0.4)
                self._zoom_gaps(self._times(index))
                self.wait(0.3)
            self.play(Create(chart.line), FadeIn(chart.even_label), run_time=0.6)

    def _placed_beat(self) -> None:
        index = self.middle
        before, after = (two_digits(float(c.errors[index])) for c in (self.even, self.placed))
        values = {"count": Count(self.even.counts[index]), "before": before, "after": after}
        with self.beat("placed", **values):
            # Fewer points once more; they slide along red to better places, and the gap shrinks
            self._zoom_gaps(self._times(index))
            self._go_to(index, 0.8, *self.formula.show(self.even.curves[index].decompose()))
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
            self._take_shape(self.function, last, float(best.errors[-1]))
            leaving += self._note_last()
            times = enlarged(self.low, max(float(best.errors[-1]), *(found.errors[0] for _, found in self.others)))
            if times >= LEAST:
                self._zoom_gaps(times)
            else:
                leaving += [part for strip in self._strip() for part in (strip, strip.name)]
            self.copies = SmallCopies(self.plot, 1 + len(OTHERS), self.screen("largest-gap"))
            self.play(*map(FadeOut, leaving), *self._title("heading-any"), FadeIn(self.copies.heading), run_time=0.6)
            self._keep_copy(0)
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
        """The gap that was reached, as a dot in the chart and in print, if there is room: what has been brought."""
        if not self._is_better_placed() or not self.chart.shows(self.placed, -1):
            return []
        note, last = self.chart.placed_note(self.placed, -1), self.chart.placed_last
        self.play(FadeIn(last), FadeIn(note, shift=0.1 * UP), run_time=0.4)
        self.wait(0.5)
        return [note, last]

    def _keep_copy(self, index: int) -> None:
        """A small copy of red stays at the right, with the gap."""
        self.play(*self.copies.take(index, self.red, self.gap.text), run_time=0.7)
