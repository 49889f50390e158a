"""A blue function has an awkward formula; the sigmoid, nearly the same curve, has a short one."""

from __future__ import annotations

import math
from typing import Self

import numpy as np
from gradreel.core.curves.piecewise import PiecewiseLinearCurve
from gradreel.core.curves.sigmoid_matching import match_by_slope
from gradreel.core.datasets import RED_CURVE
from gradreel.core.network.activations import sigmoid
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene
from gradreel.scenes.lecture.curves.awkward_formula import AwkwardFormulaBeats
from gradreel.scenes.lecture.curves.pictures.matched_piece import close_ticks, close_view
from gradreel.scenes.mobjects.formula_growth import grow
from gradreel.scenes.mobjects.lecture_formulas import one_sigmoid_source
from gradreel.scenes.mobjects.plot import polyline, segment
from gradreel.scenes.mobjects.sigmoid_board import (
    FORMULA_BASELINE,
    FORMULA_CENTER,
    LETTERS,
    SigmoidBoard,
)
from gradreel.scenes.mobjects.text import Number, TextMobject, formula, words
from gradreel.scenes.style import BAND, FAINT, FULL, emphasis, palette
from manim import (
    DL,
    DOWN,
    DR,
    LEFT,
    RIGHT,
    UP,
    Animation,
    Brace,
    Create,
    FadeIn,
    FadeOut,
    ReplacementTransform,
    UpdateFromAlphaFunc,
    VGroup,
    VMobject,
    smooth,
)
from pydantic import Field, model_validator

FRACTION, FRACTION_BASELINE = 56, 2.0  # a brace has room under it
POWER = ("e", "minus", "brackets", "bias", "plus-in", "w", "x")  # parts of the power of e
VALUES_BASELINE, VALUES = 0.98, 38  # live numbers under the formula, clear of an axis with numbers above it
STEM = (0.08, 0.36)  # a number's stem: from its part of the formula, and to its baseline
BAR = 0.11  # from the power of e to the line under it
EDGE = 0.45  # length of each side of the angle that shows a hard edge
LABEL_AT = 0.7  # share of the height at which the soft curve has its name beside it


class SigmoidFormula(AwkwardFormulaBeats):
    """From three cases to one formula: c sigmoid(b + w x₁) runs from 0 to c, close to the hard sigmoid."""

    class Parameters(LectureScene.Parameters):
        w: float = Field(2.0, ge=0.1, le=10, description="How steep")
        b: float = Field(-4.0, ge=-20, le=20, description="Where: half way up at x = -b / w")
        c: float = Field(3.0, ge=-10, le=10, description="How high, at least 0.1 up or down")
        pieces: int = Field(31, ge=1, le=127, description="Blue functions in the sum that it begins with")

        @model_validator(mode="after")
        def _has_a_height(self) -> Self:
            if abs(self.c) < 0.1:
                raise ValueError(f"c must be at least 0.1, up or down, got {self.c:g}")
            return self

    def construct(self) -> None:
        self._prepare()
        self._awkward_beat()
        self._soft_beat()
        self._limits_beat()
        self._name_beat()
        self._hard_beat()

    # -- the numbers ---------------------------------------------------------------------------------------------

    def _prepare(self) -> None:
        at = {letter: float(getattr(self.parameters, letter)) for letter in LETTERS}
        self.w, self.b, self.c = at["w"], at["b"], at["c"]
        middle = -self.b / self.w
        self.start, self.end = middle - 2 / self.w, middle + 2 / self.w
        self.match = match_by_slope(self.start, self.end, self.c)
        x_range, y_range = close_view(self.match)
        sliders = {letter: (value - 1.0, value + 1.0) for letter, value in at.items()}
        ticks = close_ticks(self.match, (self.start, self.end))
        self.board = SigmoidBoard(at, sliders, x_range, y_range, ticks)
        self.plot = self.board.plot
        self.red_parts = PiecewiseLinearCurve(*zip(*RED_CURVE, strict=True)).decompose()
        self.number = self._number_in_red()

    def _number_in_red(self) -> int | None:
        """Which blue piece of the red curve ours is, 1 the leftmost; None if it is none of them."""
        ours = (self.start, self.end, self.c)
        for k, piece in enumerate(zip(self.red_parts.start, self.red_parts.end, self.red_parts.height, strict=True)):
            if np.allclose(piece, ours):
                return k + 1
        return None

    def _soft(self, x: float) -> float:
        return float(self.c * sigmoid(self.b + self.w * x))

    # -- what is on the screen -----------------------------------------------------------------------------------

    def _part(self, *names: str) -> VGroup:
        """Glyphs of the formula, by the names of their parts."""
        return VGroup(*(glyph for name in names for glyph in self.fraction.part(name)))

    def _live_values(self) -> None:
        """The numbers of y, on a stem under it, and of the power of e, under a line as long as that."""
        self.live: dict[str, Number] = {}
        self.values = VGroup()
        gap, down = STEM
        for key, names, ink in (("y", ("y",), palette.blue), ("e", POWER, palette.text)):
            part = self._part(*names)
            x, top = part.get_center()[0], part.get_bottom()[1]
            number = Number(0.0, 2, VALUES, ink, face="math", group=True)
            number.place(VALUES_BASELINE, right=x + number.width / 2)  # more digits come at the left
            self.live[key] = number
            if key == "e":  # the number is that of all that stands over the line
                ends = ((part.get_corner(side)[0], top - BAR, 0) for side in (DL, DR))
                self.values.add(segment(*ends, ink, style.GUIDE))
                gap = BAR
            stem = segment((x, top - gap, 0), (x, number.baseline + down, 0), ink, style.GUIDE)
            self.values.add(stem, number)

    def _ride(self, x: float) -> None:
        """The dot at x on the curve, and the numbers there."""
        self.at_x = x
        y = self._soft(x)
        self.dot.move_to(self.plot.at(x, y))
        for key, value in (("e", math.exp(-(self.b + self.w * x))), ("y", y)):
            self.live[key].set_value(value)

    # -- beats ---------------------------------------------------------------------------------------------------

    def _soft_beat(self) -> None:
        with self.beat("soft"):
            # The corners stay behind as a broad band; a smooth curve runs along it, a y. The cases become one formula.
            # What is spoken of stays bright in it: the new b, then e, then its power
            band = self._hard_curve(0.45, BAND)
            self.play(*self._title("heading-soft"), ReplacementTransform(self.hard, band), run_time=0.7)
            self.hard = band
            curve = self.board.curve
            self.play(Create(curve), run_time=1.3, rate_func=smooth)
            self.y_label = self._beside_curve(formula("y", style.FORMULA * 0.8, palette.blue))
            source = one_sigmoid_source(fraction=True)
            self.fraction = formula(source, FRACTION).place(FRACTION_BASELINE, center=FORMULA_CENTER)
            self.play(*grow(self.cases, self.fraction, {"c": "value-3"}), FadeIn(self.y_label), run_time=1.8)
            self.wait(0.9)  # until the b in the bracket is spoken of: it is not the b that is added
            self._point_at("bias")
            self.wait(1.2)
            self.e = formula(f"e approx {math.e:.1f}", 44)
            self.e.place(FRACTION_BASELINE, left=self.fraction.get_right()[0] + 0.7)
            self._point_at("e", coming=FadeIn(self.e, shift=0.1 * UP))
            self.wait(0.9)
            self._point_at(*POWER)

    def _point_at(self, *names: str, coming: Animation | None = None) -> None:
        """All of the formula but these parts steps back."""
        bright = {id(glyph) for glyph in self._part(*names)}
        levels = [emphasis(glyph, FULL if id(glyph) in bright else FAINT) for glyph in self.fraction]
        self.play(*levels, *([] if coming is None else [coming]), run_time=0.5)

    def _limits_beat(self) -> None:
        with self.beat("limits"):
            # The numbers of y and of the whole power of e come under both. A dot runs to the right end: the power
            # of e goes to 0, y to c. Then to the left: it explodes, y goes to 0
            self._live_values()
            self.dot = self.plot.dot(0, 0, palette.text, 0.13)
            self._ride(-self.b / self.w)
            level, letter = self.board.level, self.board.level_letter
            known = [FadeIn(self.values), FadeOut(self.e), emphasis(self.fraction, FULL)]
            self.play(FadeIn(self.dot, scale=1.6), *known, Create(level), FadeIn(letter), run_time=0.7)
            self.wait(0.3)
            self.level = VGroup(level, letter)
            self.ends = self._end_labels()
            self._ride_to(self.plot.x_range[1], 1.8)
            self.play(FadeIn(self.ends[0]), run_time=0.4)
            self._ride_to(self.plot.x_range[0], 2.6)
            self.play(FadeIn(self.ends[1]), run_time=0.4)

    def _ride_to(self, x: float, seconds: float) -> None:
        start, moving = self.at_x, VGroup(self.dot, self.values)

        def update(_: VMobject, share: float) -> None:
            self._ride(start + share * (x - start))

        self.play(UpdateFromAlphaFunc(moving, update, run_time=seconds, rate_func=smooth))
        self._ride(x)

    def _end_labels(self) -> VGroup:
        """Where y goes at both ends, on the curve's inner side."""
        left, right = self.plot.box[0], self.plot.box[1]
        far, zero = self.plot.at(0, self.c)[1], self.plot.at(0, 0)[1]
        drop, rise = (-0.62, 0.3) if self.c > 0 else (0.36, -0.62)
        at_right = formula("x_1 -> oo: quad blue(y) -> magenta(c)", 34).place(far + drop, right=right)
        at_left = formula("x_1 -> -oo: quad blue(y) -> 0", 34).place(zero + rise, left=left + 0.2)
        return VGroup(at_right, at_left)

    def _name_beat(self) -> None:
        with self.beat("name"):
            # A bright stroke follows the S, and the curve gets its name. A brace gives the fraction the name too, and
            # then this makes way for what stands under the brace
            self.play(*map(FadeOut, (self.dot, self.values, self.ends, self.level)), run_time=0.7)
            stroke = self.board.curve.copy().set_stroke(palette.text)
            self.play(*self._title("heading-name"), Create(stroke, run_time=1.6, rate_func=smooth))
            name = self._beside_curve(words(self.screen("sigmoid"), style.LABEL, palette.blue))
            self.play(FadeOut(stroke, self.y_label), FadeIn(name, shift=0.1 * UP), run_time=0.5)
            self._shorten()

    def _shorten(self) -> None:
        """The fraction, under a brace the name with what it is given; the name then comes into the fraction's place."""
        fraction = self.fraction.part("sigmoid")
        for name in POWER:
            fraction.add(*self.fraction.part(name))
        source = one_sigmoid_source().replace('part("sigmoid"', 'part("word"')  # no fraction bent into it
        self.short = formula(source, style.FORMULA).place(FORMULA_BASELINE, center=FORMULA_CENTER)
        brace = Brace(fraction, DOWN, buff=0.12, color=palette.text)
        under = formula(source[source.index('part("word"') :], 44)
        under.place(brace.get_bottom()[1] - 0.45, center=brace.get_center()[0])
        self.wait(0.5)
        self.play(FadeIn(brace, under, shift=0.1 * UP), run_time=0.6)
        self.wait(0.7)
        origins = {name: (under, name) for name in under.parts}
        self.play(FadeOut(brace), run_time=0.3)
        self.play(*grow([self.fraction, under], self.short, origins), run_time=1.8)

    def _beside_curve(self, name: TextMobject) -> TextMobject:
        """A name of the soft curve, on the inner side of its upper half."""
        x = (math.log(LABEL_AT / (1 - LABEL_AT)) - self.b) / self.w
        point = self.plot.at(x, LABEL_AT * self.c)
        return name.place(point[1] - 0.1, left=point[0] + 0.4)

    def _hard_beat(self) -> None:
        with self.beat("hard"):
            # The blue function gets its usual name; its hard edges light up, along which the sigmoid is round
            name = self._hard_label("hard-sigmoid")
            self.wait(0.6)
            self.play(
                *self._title("heading-hard"),
                FadeOut(self.hard_label[-1], shift=0.1 * UP),
                *([ReplacementTransform(self.hard_label[0], name[0])] if self.number else []),
                FadeIn(name[-1], shift=0.1 * UP),
                run_time=0.9,
            )
            self.hard_label = name
            self.wait(1.8)
            self.edges = self._edges()
            self.play(Create(self.edges, lag_ratio=0.5), run_time=1.0)
            self.hand_on(self.plot, self.hard, self.board.curve, self.short)

    def _edges(self) -> VGroup:
        """Both corners of the blue function, each drawn over with a bright angle."""
        low, high = self.plot.at(self.start, 0.0), self.plot.at(self.end, self.c)
        along = EDGE * (high - low) / np.linalg.norm(high - low)
        angles = ((low + EDGE * LEFT, low, low + along), (high - along, high, high + EDGE * RIGHT))
        return VGroup(*(polyline(np.array(angle), palette.text, style.MAIN_CURVE) for angle in angles))
