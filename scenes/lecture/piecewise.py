"""Any curve of straight pieces is a constant plus blue functions: flat, then a ramp, then flat again."""

from __future__ import annotations

import numpy as np
from gradreel.core.datasets import RED_CURVE
from gradreel.core.errors import UserError
from gradreel.core.piecewise import PiecewiseLinearCurve
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene
from gradreel.scenes.counts import Count
from gradreel.scenes.mobjects.headings import next_heading
from gradreel.scenes.mobjects.pieces import BADGE_RADIUS, Badge, PiecePanels
from gradreel.scenes.mobjects.plot import Plot, dashed
from gradreel.scenes.mobjects.running_sum import MANY, RunningSum
from gradreel.scenes.mobjects.text import formula, words
from gradreel.scenes.mobjects.ticks import DIGIT_WIDTH, nice_range, number_text, round_labels, ticks_at_knots
from gradreel.scenes.style import BAND, palette
from manim import (
    UP,
    Animation,
    Create,
    FadeIn,
    FadeOut,
    LaggedStart,
    ReplacementTransform,
    TransformFromCopy,
    ValueTracker,
    VGroup,
    linear,
    smooth,
)
from numpy.typing import NDArray
from pydantic import Field, field_validator, model_validator

ONE_BY_ONE = 6  # with more pieces than this, three are explained and the others follow quickly
EXPLAINED = 3
PLOT_RIGHT, PLOT_BOTTOM, PLOT_TOP = 1.0, -2.59, 1.3
PANELS = (2.66, 6.4, -2.75, 1.5)  # left, right, bottom, top
FORMULA_Y, BADGE_STEP = 2.12, 1.34


class BuildCurve(LectureScene):
    """A constant and one hard sigmoid for each segment add up to the red curve, piece by piece."""

    class Parameters(LectureScene.Parameters):
        knots: tuple[tuple[float, float], ...] = Field(
            RED_CURVE,
            min_length=2,
            max_length=200,
            description="Turning points (x, y) of the red curve, x increasing; or @file.csv with columns x, y",
        )
        low: float | None = Field(None, description="Where the x axis starts; by default a sixth before the first knot")
        high: float | None = Field(None, description="Where the x axis ends; by default a sixth after the last knot")

        @field_validator("knots")
        @classmethod
        def _knots_make_a_curve(cls, knots: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
            try:
                PiecewiseLinearCurve(*zip(*knots, strict=True))
            except UserError as error:
                raise ValueError(str(error)) from None
            return knots

        @model_validator(mode="after")
        def _axis_holds_the_knots(self) -> BuildCurve.Parameters:
            first, last = self.knots[0][0], self.knots[-1][0]
            if self.low is not None and self.low > first:
                raise ValueError(f"low must not lie right of the first knot, {first:g}")
            if self.high is not None and self.high < last:
                raise ValueError(f"high must not lie left of the last knot, {last:g}")
            return self

    def construct(self) -> None:
        self._prepare()
        self._curve_beat()
        self._constant_beat()
        self._shape_beat()
        explained = self.n_pieces if self.n_pieces <= ONE_BY_ONE else EXPLAINED
        for k in range(1, explained + 1):
            self._piece_beat(k)
        if explained < self.n_pieces:
            self._rest_beat(explained)
        self._all_beat()
        self._general_beat()

    # -- what is on the screen -----------------------------------------------------------------------------------

    def _prepare(self) -> None:
        x, y = (np.array(values) for values in zip(*self.parameters.knots, strict=True))
        self.curve = PiecewiseLinearCurve(x, y)
        self.parts = self.curve.decompose()
        self.n_pieces = len(self.parts)
        x_range = self.curve.range_around(self.parameters.low, self.parameters.high)
        self.plot = self._axes(x_range, x, y)
        self.sum = RunningSum(self.plot, self.curve, self.parts, self.unit, self.screen("gap"))
        self.red = self.plot.curve(self.sum.corners, self.sum.red, palette.red)
        radius = 0.1 if self.n_pieces <= MANY else 0.06
        self.knots = VGroup(*(self.plot.dot(a, b, palette.red, radius) for a, b in self.curve.knots))
        guides = [self.plot.guide(a, b) for a, b in self.curve.knots] if self.n_pieces <= MANY else []
        self.guides = VGroup(*guides)
        per_unit = (PLOT_TOP - PLOT_BOTTOM) / (self.plot.y_range[1] - self.plot.y_range[0])
        self.panels = PiecePanels(self.parts, x_range, self.unit, per_unit, PANELS)
        self._make_formula()

    def _axes(self, x_range: tuple[float, float], x: NDArray, y: NDArray) -> Plot:
        low, high = nice_range(y, margin=0.12)
        if y.min() >= 0 and y.min() < 0.5 * y.max():
            low, high = 0.0, y.max() + 0.12 * (y.max() - y.min())
        y_ticks = round_labels(low, high, 5)
        self.unit = y_ticks.unit
        widest = max((len(label) for label in y_ticks.labels), default=1) * DIGIT_WIDTH
        left = style.LEFT_EDGE + widest + 0.25
        return Plot(
            x_range,
            (low, high),
            left=left,
            right=PLOT_RIGHT,
            bottom=PLOT_BOTTOM,
            top=PLOT_TOP,
            x_ticks=ticks_at_knots(x, *x_range, PLOT_RIGHT - left),
            y_ticks=y_ticks,
        )

    def _make_formula(self) -> None:
        """red curve = (0) + (1) + … : the badges name the same terms as the panels do."""
        name = words(self.screen("red-curve"), 44, palette.red).place(FORMULA_Y - 0.14, left=style.LEFT_EDGE)
        equals = formula("=", 48).place(name.baseline, left=name.get_right()[0] + 0.35)
        self.lhs = VGroup(name, equals)
        self.terms: dict[int, VGroup] = {}  # number of a term -> its sign and badge
        x = equals.get_right()[0] + 0.35 + BADGE_RADIUS
        every = self.n_pieces <= ONE_BY_ONE
        for k in range(self.n_pieces + 1) if every else (0, 1, 2, 3, self.n_pieces):
            skips = k > EXPLAINED and not every
            badge = Badge(str(k), palette.grey if k == 0 else palette.blue)
            if k:
                step = BADGE_STEP * (1.9 if skips else 1)
                sign = formula("+ dots.c +" if skips else "+", 44).move_to([x + step / 2, FORMULA_Y, 0])
                x += step
            badge.move_to([x, FORMULA_Y, 0])
            self.terms[k] = VGroup(sign, badge) if k else VGroup(badge)

    # -- beats ---------------------------------------------------------------------------------------------------

    def _curve_beat(self) -> None:
        with self.beat("curve", corners=Count(len(self.curve.x))):
            # The room sees a red curve of straight pieces, and a dot at each turning point
            self.title, arriving = next_heading(self._heading())
            self.play(*arriving, FadeIn(self.plot, run_time=0.6))
            self.play(Create(self.red), run_time=1.8, rate_func=smooth)
            marks = [*self.knots, *self.guides]
            self.play(LaggedStart(*(FadeIn(mark) for mark in marks), lag_ratio=0.1), run_time=1.0)

    def _constant_beat(self) -> None:
        with self.beat("constant", value=self._number(self.parts.constant)):
            # Where red starts is the constant: a level line through the whole picture. Its blue sum is far from red
            start, end = self.plot.at(np.array(self.plot.x_range), self.parts.constant)
            level = dashed(start, end, palette.grey, 2.5, dash=0.13)
            crossing = self.plot.dot(self.plot.x_range[0], self.parts.constant, palette.grey, 0.12)
            self.play(FadeIn(crossing, scale=1.6), run_time=0.5)
            self.play(Create(level), FadeIn(self.lhs), run_time=1.2)
            self.play(
                TransformFromCopy(level, self.panels.panel(0)),
                FadeIn(self.terms[0], shift=0.15 * UP),
                run_time=0.9,
            )
            faint = style.mix(palette.red, 0.48)
            width = BAND if len(self.guides) else 9.0
            band = self.plot.curve(self.sum.corners, self.sum.red, faint, width)
            self.sum.tip.set_opacity(0)
            self.sum_label = None
            self.play(ReplacementTransform(self.red, band), FadeOut(crossing), run_time=0.6)
            self.red = band
            self.add(self.knots)
            self.play(Create(self.sum.blue), run_time=0.8)
            self.play(FadeIn(self.sum.gap), run_time=0.5)
            self.add(self.knots, self.sum)

    def _shape_beat(self) -> None:
        with self.beat("shape"):
            # One blue function by itself, drawn slowly: flat, a ramp, flat
            zero, shape, name = self.panels.panel(1)[:3]
            self.play(style.emphasis(self.panels.panel(0), style.PRESENT), FadeIn(zero), FadeIn(name), run_time=0.5)
            self.play(Create(shape), run_time=2.0, rate_func=linear)

    def _piece_beat(self, k: int) -> None:
        with self.beat(f"piece-{k}", piece=Count(k), start=Count(k), end=Count(k + 1)):
            # Red's stretch lights up and becomes the ramp of the piece; then the sum swings until it lies on red
            self._lift_piece(k)
            self._add_piece(k)

    def _lift_piece(self, k: int) -> None:
        """Red's k-th stretch is lifted off into the panel of piece k, and the formula gains its badge."""
        panel, before = self.panels.panel(k), self.panels.panel(k - 1)
        stretch = self.curve.x[k - 1 : k + 1]
        lit = self.plot.curve(stretch, self.curve(stretch), palette.red, style.MAIN_CURVE)
        leaving = [FadeOut(self.sum_label)] if self.sum_label else []
        self.play(Create(lit), style.emphasis(before, style.PRESENT), *leaving, run_time=0.7)
        zero, shape, *names = panel
        ramp = self.panels.ramp(k)
        arriving = names[1:] if k == 1 else [zero, *names]  # the first panel is there already, but for its height
        self.play(TransformFromCopy(lit, ramp), *(FadeIn(part) for part in arriving), run_time=1.0)
        self.play(FadeIn(shape), FadeOut(lit), FadeIn(self.terms[k], shift=0.15 * UP), run_time=0.5)
        self.remove(ramp)
        self.add(panel)

    def _add_piece(self, k: int) -> None:
        self._swing_to(k, seconds=1.6)
        self.sum_label = None if k == self.n_pieces else self.sum.label(sum_text(k), bool(self.guides))
        if self.sum_label:
            self.play(FadeIn(self.sum_label), run_time=0.4)

    def _swing_to(self, added: int, seconds: float, *meanwhile: Animation) -> None:
        """The blue sum takes in pieces up to ``added``, one after the other; its tip rides on it."""
        tracker = ValueTracker(self.sum.added)
        self.sum.tip.set_opacity(1)
        self.sum.add_updater(lambda mobject: mobject.set_added(tracker.get_value()))
        self.play(tracker.animate(rate_func=smooth).set_value(added), *meanwhile, run_time=seconds)
        self.sum.clear_updaters()
        self.sum.set_added(added)

    def _rest_beat(self, explained: int) -> None:
        with self.beat("rest", rest=Count(self.n_pieces - explained), pieces=Count(self.n_pieces)):
            # The others come in quick succession, each panel as its piece is added
            panels = [self.panels.panel(k) for k in range(explained + 1, self.n_pieces + 1)]
            leaving = [FadeOut(self.sum_label)] if self.sum_label else []
            self.play(*leaving, style.emphasis(self.panels.panel(explained), style.PRESENT), run_time=0.4)
            arriving = LaggedStart(*(FadeIn(panel) for panel in panels), lag_ratio=0.9, rate_func=smooth)
            self._swing_to(self.n_pieces, min(9.0, 2.5 + 0.2 * len(panels)), arriving)
            self.play(FadeIn(self.terms[self.n_pieces], shift=0.15 * UP), run_time=0.5)

    def _all_beat(self) -> None:
        with self.beat("all", pieces=Count(self.n_pieces), gap=self._gap()):
            # Every term lights up in turn; blue lies on red from end to end, red at full strength beneath it
            self.play(FadeOut(self.sum.tip), run_time=0.3)
            lights = [style.emphasis(panel, 1.0) for panel in self.panels]
            self.play(LaggedStart(*lights, lag_ratio=0.3), self.red.animate.set_stroke(palette.red), run_time=1.4)

    def _general_beat(self) -> None:
        with self.beat("general"):
            # The name for such curves, and the sentence that holds for all of them
            self.title, arriving = next_heading(self.screen("general"), self.title)
            self.play(*arriving)

    # -- words ---------------------------------------------------------------------------------------------------

    def _heading(self) -> str:
        return self.screen("heading-one" if self.n_pieces == 1 else "heading", pieces=Count(self.n_pieces))

    def _gap(self) -> str:
        """The largest gap as it is shown: to the axis' digits, which a residue of rounding does not reach."""
        shown = round(self.unit.of_difference(self.sum.largest_gap()[1]), self.unit.decimals)
        return number_text(shown * 10.0**self.unit.exponent)

    def _number(self, value: float) -> str:
        return number_text(float(f"{value:.4g}"))


def sum_text(k: int) -> str:
    """The sum's name: "0 + 1 + 2" while it is short, "0 + … + 5" after that."""
    return " + ".join(map(str, range(k + 1))) if k <= 3 else f"0 + … + {k}"
