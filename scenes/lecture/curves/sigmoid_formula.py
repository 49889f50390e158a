"""The scene sigmoid-formula: one blue function's formula in three cases, and the sigmoid's, nearly the same curve."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Self

import numpy as np
from gradreel.core.curves.expression import expression
from gradreel.core.datasets import RED_CURVE
from gradreel.core.network.activations import hard_sigmoid, sigmoid
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene
from gradreel.scenes.lecture.curves.any_curve import OTHERS
from gradreel.scenes.lecture.curves.convergence import converge
from gradreel.scenes.lecture.curves.pictures.badge import Badge
from gradreel.scenes.lecture.curves.pictures.card_sum import CardSum
from gradreel.scenes.lecture.curves.pictures.curve_board import FORMULA_Y, curve_through
from gradreel.scenes.lecture.curves.pictures.formula_numbers import in_formula
from gradreel.scenes.lecture.curves.pictures.sigmoid_plot import (
    FORMULA_BASELINE,
    FORMULA_CENTER,
    SigmoidPlot,
    close_ticks,
    close_view,
    level_at,
)
from gradreel.scenes.lecture.curves.pictures.small_curves import SmallCurve
from gradreel.scenes.lecture.curves.sigmoid_matching import match_by_slope
from gradreel.scenes.mobjects.carried_curve import Sight, carry
from gradreel.scenes.mobjects.formula_growth import grow
from gradreel.scenes.mobjects.lecture_formulas import Y, one_sigmoid_source
from gradreel.scenes.mobjects.plot import dashed, polyline, segment
from gradreel.scenes.mobjects.text import Number, TextMobject, formula, words
from gradreel.scenes.style import BAND, DIM, FAINT, emphasis, mix, mix_text, palette
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
    linear,
    smooth,
)
from pydantic import Field, field_validator, model_validator

SMALL = (-5.9, 5.9, -1.6, 0.6)  # where the pieces of the red curve stand in a row: left, right, bottom, top
SMALL_GAP, SMALL_NAME = 0.7, -2.3
CASES, CASES_MIDDLE = 42, 1.86
FRACTION, FRACTION_BASELINE = 56, 2.0  # a brace has room under it
POWER = ("e", "minus", "brackets", "bias", "plus-in", "w", "x")  # parts of the power of e
VALUES_BASELINE, VALUES = 0.98, 38  # live numbers under the formula, clear of an axis with numbers above it
STEM = (0.08, 0.36)  # a number's stem: from its part of the formula, and to its baseline
BESIDE = 0.9  # from the formula to the x_1 right of it
WHOLE = 100.0  # from here on a power of e has no decimals
BAR = 0.11  # from the power of e to the line under it
EDGE = 0.45  # length of each side of the angle that shows a hard edge
_BRACKET = 'part("bias", green(b)) part("plus-in", +) part("w", yellow(w)) thin part("x", x_1)'
_CUT = f'part("c", magenta(c)) thin part("open", bracket.l){_BRACKET}part("cut", bracket.r_0^1)'
_POWER = f'part("e", e)^(part("minus", -)part("brackets", ({_BRACKET})))'
_FRACTION = f'part("sigmoid", frac(1, 1 + {_POWER}))'
ROOM = (-3.3, 0.95)  # lowest and highest place of a line that leaves the plot
SLOPE_LINES, SLOPES_SECONDS, BACK = (2.2, 1.55), 4.0, 0.9  # baselines; seconds; share of the way that they go back
RIDE, TANGENT = 3.6, 1.15  # b + w x at both ends of the way; half a tangent's length
LABEL_AT = 0.7  # share of the height at which the soft curve has its name beside it


class Slopes(VGroup):
    """The slopes of c sigmoid(b + w x) and of its hard sigmoid at one x: tangents, and the numbers over the plot.

    ``show(share)`` rides from x left of the ramp to right of it. Parts: ``tangents`` and ``numbers``, each of the cut
    line and of the round curve.
    """

    def __init__(self, plot: SigmoidPlot, w: float, b: float, c: float, texts: Mapping[str, str]) -> None:
        super().__init__()
        self.plot, self.w, self.b, self.c = plot, w, b, c
        inks = {"cut": palette.text, "round": palette.orange}
        self.ramp = c * w / 4  # its slope
        self.tangents = VGroup(*(polyline(np.zeros((2, 3)), ink, style.SECOND_CURVE) for ink in inks.values()))
        self.numbers = VGroup()
        self.add(self.tangents)
        for (key, ink), baseline in zip(inks.items(), SLOPE_LINES, strict=True):
            name = words(texts[key], style.HEADING, ink).place(baseline, left=style.LEFT_EDGE)
            number = Number(self.ramp, 2, style.HEADING, ink)
            self.numbers.add(number)
            self.add(name, number)
        column = max(float(part.get_right()[0]) for part in self[1::2]) + 0.4
        for number, baseline in zip(self.numbers, SLOPE_LINES, strict=True):
            number.place(baseline, right=column + number.width)
        self.show(0.0)

    def show(self, share: float) -> None:
        """Both tangents at a ``share`` of the way, and their slopes."""
        inside = RIDE * (2 * share - 1)
        x, soft = (inside - self.b) / self.w, float(sigmoid(inside))
        slopes = (self.ramp if abs(inside) < 2 else 0.0, self.c * self.w * soft * (1 - soft))
        heights = (self.c * float(hard_sigmoid(inside, -2, 2)), self.c * soft)  # the ramp is there
        for tangent, number, slope, y in zip(self.tangents, self.numbers, slopes, heights, strict=True):
            middle, ahead = self.plot.at(np.array([x, x + 1]), np.array([y, y + slope]))
            way = TANGENT * (ahead - middle) / np.linalg.norm(ahead - middle)
            tangent.set_points_as_corners(np.array([middle - way, middle + way]))
            number.set_value(slope)


class SigmoidFormula(LectureScene):
    """From three cases to one formula: c sigmoid(b + w x₁) runs from 0 to c, close to the hard sigmoid."""

    class Parameters(LectureScene.Parameters):
        w: float = Field(2.0, ge=0.1, le=10, description="How steep")
        b: float = Field(-4.0, ge=-20, le=20, description="Where: half way up at x = -b / w")
        c: float = Field(3.0, ge=-10, le=10, description="How high, at least 0.1 up or down")
        knots: tuple[tuple[float, float], ...] = Field(
            RED_CURVE,
            min_length=2,
            max_length=30,
            description="Turning points (x, y) of the red curve, x increasing, of which it may be a piece",
        )
        pieces: int = Field(31, ge=1, le=127, description="Blue functions in the sum that it begins with")

        @field_validator("knots")
        @classmethod
        def _knots_make_a_curve(cls, knots: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
            return curve_through(knots).knots

        @model_validator(mode="after")
        def _has_a_height(self) -> Self:
            if abs(self.c) < 0.1:
                raise ValueError(f"c must be at least 0.1, up or down, got {self.c:g}")
            return self

    def construct(self) -> None:
        self._prepare()
        self._cases_beat()
        self._line_beat()
        self._soft_beat()
        self._fraction_beat()
        self._limits_beat()
        self._name_beat()

    def _prepare(self) -> None:
        self.w, self.b, self.c = self.parameters.w, self.parameters.b, self.parameters.c
        middle = -self.b / self.w
        self.start, self.end = middle - 2 / self.w, middle + 2 / self.w  # of the hard sigmoid's ramp
        match = match_by_slope(self.start, self.end, self.c)
        self.plot = plot = SigmoidPlot(close_view(match), close_ticks(match, (self.start, self.end)))
        x = plot.sample(300)
        self.curve = plot.curve(x, self.c * sigmoid(self.b + self.w * x), palette.blue)
        self.red_parts = red = curve_through(self.parameters.knots).decompose()
        pieces = np.column_stack([red.start, red.end, red.height])
        ours = np.isclose(pieces, (self.start, self.end, self.c)).all(axis=1)
        self.number = int(np.argmax(ours)) + 1 if ours.any() else None  # which of the red curve's pieces ours is

    # -- beats ---------------------------------------------------------------------------------------------------

    def _cases_beat(self) -> None:
        number = self.number
        with self.beat("cases", pause="short"):
            # The sum of many blue functions, as the last scene left it. Out of those that make up the red curve, one is
            # taken; and for each part of it there is a row of its formula
            self.hard = self._hard_curve(1.0, style.MAIN_CURVE)
            self.hard_label = self._hard_label("blue-function")
            many = CardSum(self.words_of.screen("any-curve", "red-curve", self.context.language), FORMULA_Y)
            # As many pieces as the scene begins with, of the curve that any-curve ends with; its axes do not matter
            points = self.parameters.pieces + 1
            last = converge(expression(OTHERS[-1]), 0.0, 1.0, (points,)).curves[0].decompose()
            whole = many.whole(last)
            self.add(*whole)
            if number:
                self._take_out(number, many)
            else:
                self.play(*self.next_heading(self.screen("heading")), *map(FadeOut, whole))
                self.play(FadeIn(self.plot), Create(self.hard), run_time=1.4)
                self.play(FadeIn(self.hard_label, shift=0.1 * UP), run_time=0.4)
            self.until("cases")
            self._write_cases()

    def _line_beat(self) -> None:
        with self.beat("line"):
            # A line from edge to edge, over the blue function, which waits dimmed. It is cut off below 0 and above 1,
            # and so is its formula. Then it is stretched up to the height c, and lies on the blue function
            goal, line = self.hard, polyline(np.zeros((2, 3)), palette.blue, style.MAIN_CURVE)
            self.line_formula = written = formula(_CUT, FRACTION).place(FRACTION_BASELINE, center=FORMULA_CENTER)
            straight = VGroup(*(written.part(name) for name in ("bias", "plus-in", "w", "x")))
            unit = 1.0 if self.c > 1 else self.c  # a blue function below 1 has no room for a line up to 1
            left, right = self.plot.at(np.array(self.plot.x_range), unit)
            one = dashed(left, right, mix(palette.text, 0.7), dash=0.13)
            self.play(FadeOut(self.cases), emphasis(goal, FAINT), *self.next_heading(self.screen("heading-line")))
            self._draw_line(line, unit, 0.0)
            self.play(Create(line), FadeIn(straight, shift=0.1 * UP), run_time=1.2, rate_func=smooth)
            self.until("cut")
            self.play(Create(one), FadeIn(written.part("open"), written.part("cut")), run_time=0.5)
            cutting = UpdateFromAlphaFunc(line, lambda _, share: self._draw_line(line, unit, share))
            self.play(cutting, run_time=1.6, rate_func=smooth)
            self.until("stretch")
            self.level = VGroup(*level_at(self.plot, self.c))
            self.play(FadeOut(one), FadeIn(self.level, written.part("c")), run_time=0.5)
            self.add(written)
            stretching = UpdateFromAlphaFunc(
                line, lambda _, share: self._draw_line(line, unit + share * (self.c - unit), 1.0)
            )
            self.play(stretching, run_time=1.4, rate_func=smooth)
            self.hard = self._hard_curve(1.0, style.MAIN_CURVE)
            self.add(self.hard)
            self.remove(line, goal)

    def _draw_line(self, line: VMobject, height: float, cut: float) -> None:
        """Draw the ramp's line of ``height``, its parts outside of the ramp ``cut`` (0 to 1) of the way to flat."""
        x = np.unique([*self.plot.sample(400), self.start, self.end])
        share = (x - self.start) / (self.end - self.start)
        share += cut * (np.clip(share, 0.0, 1.0) - share)
        points = self.plot.at(x, height * share)
        line.set_points_as_corners(points[(points[:, 1] >= ROOM[0]) & (points[:, 1] <= ROOM[1])])

    def _soft_beat(self) -> None:
        with self.beat("soft"):
            # The corners stay behind as a broad band; a smooth curve runs along it. Then tangents ride along both:
            # where the line is cut, one lies flat, and the other still leans a little
            band = self._hard_curve(0.45, BAND)
            gone = [FadeOut(part, run_time=0.4) for part in (self.line_formula, self.level)]
            heading = self.next_heading(self.screen("heading-round"))
            self.play(*gone, *heading, ReplacementTransform(self.hard, band), run_time=0.7)
            self.hard = band
            self.play(Create(self.curve), run_time=1.6, rate_func=smooth)
            self.until("slope")
            slopes = Slopes(
                self.plot, self.w, self.b, self.c, {key: self.screen(f"slope-{key}") for key in ("cut", "round")}
            )
            self.play(FadeIn(slopes), run_time=0.5)
            riding = UpdateFromAlphaFunc(slopes, lambda _, share: slopes.show(share))
            self.play(riding, run_time=SLOPES_SECONDS, rate_func=smooth)
            self.until("why")
            back = UpdateFromAlphaFunc(slopes, lambda _, share: slopes.show(1 - BACK * share))
            self.play(back, run_time=1.5, rate_func=smooth)
            self.slopes = slopes

    def _fraction_beat(self) -> None:
        with self.beat("fraction"):
            self.play(FadeOut(self.slopes), *self.next_heading(self.screen("heading-soft")), run_time=0.5)
            # From the inside out: a line, in large letters, climbs up beside e, as its power. Under one, with one; then
            # c before it: that is y, and its curve
            self.built = self._step(_BRACKET)
            self.play(FadeIn(self.built, shift=0.1 * UP), run_time=0.7)
            self._build(_POWER)
            self.until("fraction")
            self._build(_FRACTION)
            self.until("height")
            self._build(one_sigmoid_source(fraction=True))
            self.fraction = self.built
            self.y_label = self._y_label()
            self.play(FadeIn(self.y_label), run_time=0.4)

    def _limits_beat(self) -> None:
        with self.beat("limits"):
            # A dot half way up, at an x_1 that is written; under the formula what the power of e and y are there. It
            # runs to the right end: the power of e goes to 0, y to c. Then to the left: it explodes, y to 0
            level, letter = level_at(self.plot, self.c)
            self.level = VGroup(level, letter)
            self.ends = at_right, at_left = self._end_labels()
            self._live_values()
            self.dot = self.plot.dot(0, 0, palette.text, 0.13)
            self._ride(-self.b / self.w)
            self.play(FadeIn(self.values), FadeIn(self.dot, scale=1.6), run_time=0.5)
            left, right = self.plot.x_range
            self._ride_to(right, 1.8)
            self.play(Create(level), FadeIn(letter), FadeIn(at_right), run_time=0.6)
            self.until("left")
            self._ride_to(left, 1.5)
            self.play(FadeIn(at_left), run_time=0.4)

    def _name_beat(self) -> None:
        with self.beat("name", pause="long"):
            # A bright stroke follows the S. A brace gives the fraction its name, then this makes way for what stands
            # under the brace. The blue function gets its usual name; its corners light up, where the sigmoid is round
            self.play(*map(FadeOut, (self.dot, self.values, self.ends, self.level)), run_time=0.4)
            stroke = self.curve.copy().set_stroke(palette.text)
            self.play(*self.next_heading(self.screen("heading-name")), Create(stroke, run_time=1.4, rate_func=smooth))
            self.play(FadeOut(stroke), run_time=0.4)
            self.until("short")
            self._shorten()
            self.until("hard")
            hard = self._hard_label("hard-sigmoid")
            self.play(
                FadeOut(self.hard_label[-1], shift=0.1 * UP),
                *([ReplacementTransform(self.hard_label[0], hard[0])] if self.number else []),
                FadeIn(hard[-1], shift=0.1 * UP),
                run_time=0.7,
            )
            self.hard_label = hard
            self.edges = self._edges()
            self.play(Create(self.edges, lag_ratio=0.5), run_time=1.0)
            self.hand_on(self.plot, self.hard, self.curve, self.short)

    # -- one piece of many, and its formula ----------------------------------------------------------------------

    def _hard_curve(self, share: float, width: float) -> VMobject:
        x = np.array([self.plot.x_range[0], self.start, self.end, self.plot.x_range[1]])
        y = self.c * hard_sigmoid(x, self.start, self.end)
        return self.plot.curve(x, y, mix(palette.blue, share), width)

    def _hard_label(self, key: str) -> VGroup:
        """The curve's name at its flat end, with the piece's badge before it if it has one."""
        name = words(self.screen(key), style.LABEL, mix_text(palette.blue, 0.8))
        name.place(self.plot.at(0, self.c)[1] + (0.34 if self.c > 0 else -0.56), right=self.plot.box[1])
        if self.number is None:
            return VGroup(name)
        badge = Badge(str(self.number), palette.blue, 0.24)
        return VGroup(badge.move_to([name.get_left()[0] - 0.42, name.get_center()[1] + 0.02, 0]), name)

    def _take_out(self, number: int, many: CardSum) -> None:
        """The sum shrinks to the red curve's, its cards go to their pieces; number ``number`` grows into the plot.

        Its badge becomes part of its name.
        """
        small = self._small_pieces()
        self.play(*self.next_heading(self.screen("heading")), *many.show(self.red_parts, seconds=0.6), run_time=0.6)
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
        self.play(*(emphasis(piece, DIM) for piece in others), run_time=0.5)
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
        """The constant and the blue pieces of the red curve side by side, to one scale, each with its ``badge``."""
        parts, (left, right, bottom, top) = self.red_parts, SMALL
        low, high = float(parts.start[0]) - 1.0, float(parts.end[-1]) + 1.0
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
        self.play(FadeIn(rest), emphasis(self.hard, DIM), run_time=0.4)
        self.hard = self._hard_curve(1.0, style.MAIN_CURVE)
        self.add(self.hard)
        for k, row in enumerate(rows):
            self.play(self._draw_over(dim, k), FadeIn(row, shift=0.1 * UP), run_time=0.9)
        self.remove(dim, rest, *rows)
        self.add(self.hard, self.cases)

    def _cases(self) -> TextMobject:
        """The blue function's formula, a row for each part: "value-k" where "when-k"; numbers have three digits."""
        start, end, c, slope, back = (
            in_formula(float(f"{value:.3g}"))
            for value in (self.start, self.end, self.c, self.c * self.w / 4, -self.start)
        )
        inside = f"(x_1 - {start})" if self.start > 0 else f"(x_1 + {back})" if self.start < 0 else "x_1"
        rows = [("0", f"x_1 < {start}"), (f"{slope} thin {inside}", f"{start} <= x_1 <= {end}"), (c, f"x_1 > {end}")]
        lines = ", ".join(f'part("value-{k}", {y}) & quad part("when-{k}", {x})' for k, (y, x) in enumerate(rows, 1))
        text = formula(f"{Y} cases({lines})", CASES)
        text.move_to([FORMULA_CENTER, CASES_MIDDLE, 0.0])
        return text.shift(max(0.0, style.LEFT_EDGE - text.get_left()[0]) * RIGHT)

    def _draw_over(self, dim: VMobject, k: int) -> Animation:
        """Part ``k`` of three becomes bright, and is no longer under it: a line upon a line has harder edges."""
        whole, bright = self._hard_curve(1.0, style.MAIN_CURVE), self.hard

        def draw(_: VMobject, share: float) -> None:
            bright.pointwise_become_partial(whole, 0, (k + share) / 3)
            dim.pointwise_become_partial(whole, (k + share) / 3, 1)

        return UpdateFromAlphaFunc(VGroup(dim, bright), draw, rate_func=linear)

    # -- the sigmoid and its formula -----------------------------------------------------------------------------

    def _step(self, source: str) -> TextMobject:
        return formula(source, FRACTION).place(FRACTION_BASELINE, center=FORMULA_CENTER)

    def _build(self, source: str) -> None:
        """What has been built of the formula grows into ``source``."""
        before, self.built = self.built, self._step(source)
        self.play(*grow(before, self.built), run_time=1.2)

    def _y_label(self) -> TextMobject:
        """The soft curve's letter, on the inner side of its upper half."""
        x = (math.log(LABEL_AT / (1 - LABEL_AT)) - self.b) / self.w
        point = self.plot.at(x, LABEL_AT * self.c)
        return formula("y", style.FORMULA * 0.8, palette.blue).place(point[1] - 0.1, left=point[0] + 0.4)

    def _part(self, *names: str) -> VGroup:
        """Glyphs of the formula, by the names of their parts."""
        return VGroup(*(glyph for name in names for glyph in self.fraction.part(name)))

    def _live_values(self) -> None:
        """The numbers of y, on a stem under it, of the power of e, under a line as long as that, and of x_1, beside.

        A line goes from the dot to its x_1.
        """
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
        name = formula("x_1 =", 44).place(FRACTION_BASELINE, left=self.fraction.get_right()[0] + BESIDE)
        widest = max((Number(x, 1, VALUES, face="math") for x in self.plot.x_range), key=lambda number: number.width)
        x = Number(0.0, 1, 44, face="math")
        self.live["x"] = x.place(FRACTION_BASELINE, right=name.get_right()[0] + 0.2 + widest.width * 44 / VALUES)
        self.drop = segment((0, 0, 0), (0, 1, 0), mix(palette.text, 0.6), style.GUIDE)
        self.values.add(name, x, self.drop)

    def _ride(self, x: float) -> None:
        """The dot at x on the curve, and the numbers there."""
        self.at_x = x
        y = float(self.c * sigmoid(self.b + self.w * x))
        self.dot.move_to(self.plot.at(x, y))
        self.drop.set_points_as_corners(self.plot.at(np.array([x, x]), np.array([0.0, y])))
        power = math.exp(-(self.b + self.w * x))
        self.live["e"].decimals = 2 if power < WHOLE else 0
        self.live["e"].set_value(power)
        self.live["x"].set_value(x)
        self.live["y"].set_value(y)

    def _ride_to(self, x: float, seconds: float) -> None:
        start, moving = self.at_x, VGroup(self.values, self.dot)

        def update(_: VMobject, share: float) -> None:
            self._ride(start + share * (x - start))

        self.play(UpdateFromAlphaFunc(moving, update, run_time=seconds, rate_func=smooth))
        self._ride(x)

    def _end_labels(self) -> VGroup:
        """Where y goes at both ends, on the curve's inner side: at the right, at the left."""
        left, right = self.plot.box[0], self.plot.box[1]
        far, zero = self.plot.at(0, self.c)[1], self.plot.at(0, 0)[1]
        drop, rise = (-0.62, 0.3) if self.c > 0 else (0.36, -0.62)
        at_right = formula("x_1 -> oo: quad blue(y) -> magenta(c)", 34).place(far + drop, right=right)
        at_left = formula("x_1 -> -oo: quad blue(y) -> 0", 34).place(zero + rise, left=left + 0.2)
        return VGroup(at_right, at_left)

    def _shorten(self) -> None:
        """The fraction, under a brace the name with what it is given; the name then comes into the fraction's place."""
        fraction = VGroup(*self.fraction.part("sigmoid"), *self._part(*POWER))
        source = one_sigmoid_source().replace('part("sigmoid"', 'part("word"')  # no fraction bent into it
        self.short = formula(source, style.FORMULA).place(FORMULA_BASELINE, center=FORMULA_CENTER)
        brace = Brace(fraction, DOWN, buff=0.12, color=palette.text)
        under = formula(source[source.index('part("word"') :], 44)
        under.place(brace.get_bottom()[1] - 0.45, center=brace.get_center()[0])
        self.play(FadeIn(brace, under, shift=0.1 * UP), run_time=0.6)
        self.wait(0.6)  # both are read
        origins = {name: (under, name) for name in under.parts}
        self.play(FadeOut(brace), run_time=0.3)
        self.play(*grow([self.fraction, under], self.short, origins), run_time=1.4)

    def _edges(self) -> VGroup:
        """Both corners of the blue function, each drawn over with a bright angle."""
        low, high = self.plot.at(self.start, 0.0), self.plot.at(self.end, self.c)
        along = EDGE * (high - low) / np.linalg.norm(high - low)
        angles = ((low + EDGE * LEFT, low, low + along), (high - along, high, high + EDGE * RIGHT))
        return VGroup(*(polyline(np.array(angle), palette.text, style.MAIN_CURVE) for angle in angles))
