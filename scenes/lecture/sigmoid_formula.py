"""A blue function has an awkward formula; the sigmoid, nearly the same curve, has a short one."""

from __future__ import annotations

import math
from typing import Self

import numpy as np
from gradreel.core.activations import hard_sigmoid, sigmoid
from gradreel.core.matching import match_by_slope
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene
from gradreel.scenes.mobjects.formula_growth import grow
from gradreel.scenes.mobjects.headings import next_heading
from gradreel.scenes.mobjects.lecture_formulas import one_sigmoid_source
from gradreel.scenes.mobjects.measure import upright_bracket
from gradreel.scenes.mobjects.plot import polyline
from gradreel.scenes.mobjects.sigmoid_board import FORMULA_BASELINE, LETTERS, SigmoidBoard
from gradreel.scenes.mobjects.text import Number, TextMobject, formula, words
from gradreel.scenes.mobjects.ticks import number_text
from gradreel.scenes.style import BAND, mix, palette
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
    linear,
    smooth,
)
from numpy.typing import NDArray
from pydantic import Field, model_validator

REACH = 6.0  # b + w x_1 at the right end of the axis, and its opposite at the left end
FRACTION_CENTER, FRACTION_BASELINE, CASES_MIDDLE = -1.5, 2.0, 1.86
ROWS = ((2.52, "x_1", "white"), (1.98, "e^(-(green(b) + yellow(w) thin x_1))", "dim"), (1.44, "blue(y)", "blue"))
ROWS_EQUALS = 4.35  # x of the signs in the column of live numbers


class SigmoidFormula(LectureScene):
    """From three cases to one formula: c sigmoid(b + w x₁) runs from 0 to c, close to the hard sigmoid."""

    class Parameters(LectureScene.Parameters):
        w: float = Field(1.0, ge=0.1, le=10, description="How steep")
        b: float = Field(0.0, ge=-20, le=20, description="Where: half way up at x = -b / w")
        c: float = Field(3.0, ge=-10, le=10, description="How high, at least 0.1 up or down")

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
        x_range = (middle - REACH / self.w, middle + REACH / self.w)
        sliders = {letter: (value - 1.0, value + 1.0) for letter, value in at.items()}
        self.board = SigmoidBoard(at, sliders, x_range, (min(self.c, 0.0) * 1.15, max(self.c, 0.0)))
        self.plot = self.board.plot

    def _soft(self, x: float) -> float:
        return float(self.c * sigmoid(self.b + self.w * x))

    def _gap_text(self) -> str:
        return number_text(self.match.largest_gap, 2)

    # -- what is on the screen -----------------------------------------------------------------------------------

    def _title(self, key: str) -> list[Animation]:
        self.title, animations = next_heading(self.screen(key), getattr(self, "title", None))
        return animations

    def _stretches(self) -> list[VMobject]:
        """The three parts of the blue function: before the ramp, on it, after it."""
        x = [self.plot.x_range[0], self.start, self.end, self.plot.x_range[1]]
        y = self.c * hard_sigmoid(np.array(x), self.start, self.end)
        points = self.plot.at(x, y)
        return [polyline(points[k : k + 2], palette.blue, style.MAIN_CURVE) for k in range(3)]

    def _hard_curve(self, share: float, width: float) -> VMobject:
        x = np.array([self.plot.x_range[0], self.start, self.end, self.plot.x_range[1]])
        y = self.c * hard_sigmoid(x, self.start, self.end)
        return self.plot.curve(x, y, mix(palette.blue, share), width)

    def _cases(self) -> TextMobject:
        """The blue function's formula, a row for each part: "row-1" to "row-3"."""
        start, end = (_typst(value) for value in (self.start, self.end))
        shift = f"- {start}" if self.start > 0 else f"+ {_typst(-self.start)}" if self.start < 0 else ""
        inside = f"(x_1 {shift})" if shift else "x_1"
        rows = [("0", f"x_1 < {start}"), (f"{_typst(self.c * self.w / 4)} thin {inside}", f"{start} <= x_1 <= {end}")]
        rows.append((_typst(self.c), f"x_1 > {end}"))
        lines = ", ".join(f'part("row-{k}", {y}) & quad part("row-{k}", {x})' for k, (y, x) in enumerate(rows, 1))
        text = formula(f"blue(y) = cases({lines})", 42)
        return text.shift(CASES_MIDDLE * UP - text.get_center())

    def _live_rows(self) -> None:
        """x_1, the power of e and y with their numbers, one under the other."""
        self.live: dict[str, Number] = {}
        self.rows = VGroup()
        inks = {"white": palette.text, "dim": palette.text, "blue": palette.blue}
        for (baseline, source, ink), key in zip(ROWS, ("x", "e", "y"), strict=True):
            name = formula(f"{source} =", 40 if key != "e" else 38).place(baseline, right=ROWS_EQUALS)
            number = Number(0.0, 2, 38, inks[ink], face="math", group=True).place(baseline, style.RIGHT_EDGE)
            self.live[key] = number
            self.rows.add(name, number)

    def _ride(self, x: float) -> None:
        """The dot at x on the curve, and the numbers there."""
        self.at_x = x
        y = self._soft(x)
        self.dot.move_to(self.plot.at(x, y))
        for key, value in (("x", x), ("e", math.exp(-(self.b + self.w * x))), ("y", y)):
            self.live[key].set_value(value)

    # -- beats ---------------------------------------------------------------------------------------------------

    def _awkward_beat(self) -> None:
        with self.beat("awkward"):
            # A blue function, part by part, and for each part a row of its formula
            cases, parts = self._cases(), self._stretches()
            rows = [cases.part(f"row-{k}") for k in (1, 2, 3)]
            inside = {id(glyph) for row in rows for glyph in row}
            rest = VGroup(*(glyph for glyph in cases if id(glyph) not in inside))
            self.play(*self._title("heading"), FadeIn(self.plot), FadeIn(self.board.zero), FadeIn(rest))
            for part, row in zip(parts, rows, strict=True):
                self.play(Create(part, rate_func=linear), FadeIn(row, shift=0.1 * UP), run_time=0.9)
            self.cases = cases
            self.hard = self._hard_curve(1.0, style.MAIN_CURVE)
            self.remove(*parts, rest, *rows)
            self.add(self.hard, self.cases)
            self.hard_label = self._hard_label("blue-function")
            self.play(FadeIn(self.hard_label, shift=0.1 * UP), run_time=0.4)

    def _hard_label(self, key: str) -> TextMobject:
        name = words(self.screen(key), style.LABEL, mix(palette.blue, 0.8))
        return name.place(self.plot.at(0, self.c)[1] + (0.26 if self.c > 0 else -0.46), right=self.plot.box[1])

    def _soft_beat(self) -> None:
        with self.beat("soft"):
            # The corners stay behind as a broad band; a smooth curve runs along it, and one formula draws it
            band = self._hard_curve(0.45, BAND)
            self.play(ReplacementTransform(self.hard, band), FadeOut(self.cases), run_time=0.7)
            self.hard = band
            curve = self.board.curve
            self.play(Create(curve), run_time=1.8, rate_func=smooth)
            self.fraction = formula(one_sigmoid_source(fraction=True), 56)
            self.fraction.place(FRACTION_BASELINE, center=FRACTION_CENTER)
            self.play(FadeIn(self.fraction, shift=0.15 * UP), run_time=0.7)

    def _limits_beat(self) -> None:
        with self.beat("limits"):
            # A dot runs to the right end: the power of e goes to 0, y to c. Then to the left: it explodes, y goes to 0
            self._live_rows()
            self.dot = self.plot.dot(0, 0, palette.text, 0.13)
            self._ride(-self.b / self.w)
            level, letter = self.board.level, self.board.level_letter
            self.play(FadeIn(self.dot, scale=1.6), FadeIn(self.rows), Create(level), FadeIn(letter), run_time=0.7)
            self.level = VGroup(level, letter)
            self.ends = self._end_labels()
            self._ride_to(self.plot.x_range[1], 1.8)
            self.play(FadeIn(self.ends[0]), run_time=0.4)
            self._ride_to(self.plot.x_range[0], 2.6)
            self.play(FadeIn(self.ends[1]), run_time=0.4)

    def _ride_to(self, x: float, seconds: float) -> None:
        start, moving = self.at_x, VGroup(self.dot, self.rows)

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
        at_left = formula("x_1 -> -oo: quad blue(y) -> 0", 34).place(zero + rise, left=left)
        return VGroup(at_right, at_left)

    def _name_beat(self) -> None:
        with self.beat("name"):
            # A bright stroke follows the S; then the fraction makes way for one word, its letters move together
            self.play(*(FadeOut(part) for part in (self.dot, self.rows, self.ends, self.level)), run_time=0.4)
            stroke = self.board.curve.copy().set_stroke(palette.text)
            self.play(*self._title("heading-name"), Create(stroke, run_time=1.4, rate_func=smooth))
            self.play(FadeOut(stroke), run_time=0.4)
            source = one_sigmoid_source().replace('part("sigmoid"', 'part("word"')  # no fraction bent into it
            self.short = formula(source, style.FORMULA).place(FORMULA_BASELINE, center=0.0)
            self.play(*grow(self.fraction, self.short), run_time=1.8)

    def _hard_beat(self) -> None:
        with self.beat("hard", gap=self._gap_text()):
            # The blue function gets its usual name; a bracket at its corner measures the largest gap
            name = self._hard_label("hard-sigmoid")
            self.play(FadeOut(self.hard_label, shift=0.1 * UP), FadeIn(name, shift=0.1 * UP), run_time=0.6)
            self.hard_label = name
            self._measure_gap()

    def _measure_gap(self) -> None:
        drop = math.copysign(self.match.largest_gap, self.c)
        ends = self._corner(self.c), self._corner(self.c - drop)
        self.gap_label = words(f"{self.screen('gap')} {self._gap_text()}", style.LABEL)
        baseline = ends[1][1] + (-0.5 if self.c > 0 else 0.3)
        self.gap_label.place(baseline, left=ends[0][0] + 0.35)
        self.bracket = upright_bracket(*ends)
        self.play(Create(self.bracket), run_time=0.6)
        self.play(FadeIn(self.gap_label, shift=0.1 * UP), run_time=0.5)

    def _corner(self, y: float) -> NDArray:
        return self.plot.at(self.end, y)


def _typst(value: float) -> str:
    """A number in a formula, to three digits."""
    return number_text(float(f"{value:.3g}")).replace("\u2212", "-").replace("\u2009", " thin ")
