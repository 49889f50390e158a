"""What each sigmoid adds: a row each with its numbers, the constant first; then a stack of ever smaller steps."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from gradreel.core.curves.piecewise import Decomposition, PiecewiseLinearCurve
from gradreel.core.network.activations import sigmoid
from gradreel.scenes import style
from gradreel.scenes.lecture.curves.pictures.badge import Badge
from gradreel.scenes.lecture.curves.pictures.piece_panels import fitting_scale
from gradreel.scenes.lecture.curves.pictures.sigmoid_board import LETTERS, color_of
from gradreel.scenes.lecture.curves.sigmoid_matching import match_by_slope
from gradreel.scenes.mobjects.plot import Plot, polyline, segment
from gradreel.scenes.mobjects.text import Number, formula, words
from gradreel.scenes.style import Box, palette
from manim import Animation, FadeIn, ManimColor, UpdateFromAlphaFunc, VGroup, VMobject, smooth
from numpy.typing import NDArray

ROOMY, RINGS = 5, 6  # rows that still have room for bold curves; for a ring round their number
WITH_ALL = 3  # sigmoids that still have room for all their letters, not c alone
LINE = 0.34  # from one number's baseline to the next
OF_SOME, COLUMN, WIDE_COLUMN = 30, 1.5, 1.75  # size of three numbers in a row; right of the curve, for one or three
FILLED = 0.85  # of its share of the stack's height: the tallest step, at most
THINNEST, WIDTH_OF_SHARE = 2.2, 24.0  # a step's stroke, and the same by scene units of its share
DOT = 0.065


class SigmoidRow(VGroup):
    """Row ``k`` of ``count``: a badge, a zero line, the term's curve and, at the right, its letters with live numbers.

    Its curve lies on ``zero``, its badge has ``radius``. Parts: ``frame`` (badge, zero line), ``content`` (curve,
    letters, numbers), ``numbers`` by letter, ``number`` the first.
    """

    def __init__(self, k: int, count: int, zero: float, box: Box, radius: float) -> None:
        super().__init__()
        left, right, bottom, top = box
        color = palette.grey if k == 0 else palette.blue
        middle = (bottom + top) / 2
        with_all = count - 1 <= WITH_ALL
        letters = ("b",) if k == 0 else LETTERS if with_all else ("c",)
        self.badge = Badge(str(k), color, radius) if count <= RINGS else words(str(k), style.SMALLEST, color)
        self.badge.move_to([left + radius, middle, 0])
        self.line = (left + 2 * radius + 0.25, right - (WIDE_COLUMN if with_all else COLUMN))
        self.zero_y = zero
        self.zero = segment((self.line[0], zero, 0), (self.line[1], zero, 0), palette.axis, 1.2)
        self.curve = self._flat(color, style.SMALL_CURVE if count <= ROOMY else 3.6)
        self.numbers: dict[str, Number] = {}
        self.letters = VGroup()
        size = OF_SOME if len(letters) > 1 else style.CELL if count <= ROOMY else style.SMALLEST
        for j, letter in enumerate(letters):
            baseline = middle - 0.11 + (len(letters) - 1 - 2 * j) * LINE / 2
            ink = color_of(letter) if k else palette.grey
            self.numbers[letter] = Number(0.0, 2, size, ink).place(baseline, right)
            name = formula(f"{letter}_{k}" if k else letter, style.LETTER if len(letters) == 1 else style.LABEL, ink)
            self.letters.add(name.place(baseline, left=self.line[1] + 0.25))
        self.frame = VGroup(self.badge, self.zero)  # what is there before there are numbers
        self.content = VGroup(self.curve, self.letters, *self.numbers.values())
        self.add(self.frame, self.content)

    @property
    def number(self) -> Number:
        return next(iter(self.numbers.values()))

    def _flat(self, color: ManimColor, width: float) -> VMobject:
        return polyline(np.array([[x, self.zero_y, 0.0] for x in self.line]), color, width)

    def hide_numbers(self) -> None:
        """Letters and numbers are no part of the row until `bring_numbers`."""
        self.content.remove(self.letters, *self.numbers.values())

    def bring_numbers(self) -> None:
        self.content.add(self.letters, *self.numbers.values())

    def show_curve(self, heights: NDArray) -> None:
        """Draw the curve at ``heights`` (n,) scene units over zero, evenly along the row."""
        x = np.linspace(*self.line, len(heights))
        self.curve.set_points_as_corners(np.column_stack([x, self.zero_y + heights, np.zeros(len(x))]))


class SigmoidRows(VGroup):
    """Row 0 for the constant b, row i for c_i sigmoid(b_i + w_i x).

    ``extents`` (H + 1, 2): lowest and highest value that each will show; ``scale``: scene units per data unit that is
    never exceeded (that of the main plot).
    """

    def __init__(self, extents: NDArray, scale: float, box: Box) -> None:
        super().__init__()
        left, right, bottom, top = box
        spans = np.column_stack([np.minimum(extents[:, 0], 0.0), np.maximum(extents[:, 1], 0.0)])
        count = len(spans)
        gap, radius = (0.3, 0.27) if count <= ROOMY else (0.14, 0.24 if count <= RINGS else 0.13)
        least = np.full(count, 2 * radius)
        if count - 1 <= WITH_ALL:
            gap, least[1:] = 0.18, len(LETTERS) * LINE
        heights = spans[:, 1] - spans[:, 0]
        self.scale_y = fitting_scale(heights, least, top - bottom - gap * (count - 1), scale)
        self.rows: list[SigmoidRow] = []
        y = top
        for k, (low, high) in enumerate(spans):
            drawn = (high - low) * self.scale_y
            height = max(least[k], drawn)
            zero = y - height / 2 - drawn / 2 - low * self.scale_y
            box = (left, right, y - height, y)
            self.rows.append(SigmoidRow(k, count, zero, box, radius))
            y -= height + gap
        self.add(*self.rows)

    def show_curves(self, b: float, terms: NDArray) -> None:
        """Draw the constant and the terms c_i sigmoid(...) at evenly spaced x, (N, H)."""
        self.rows[0].show_curve(np.full(2, b) * self.scale_y)
        for row, term in zip(self.rows[1:], terms.T, strict=True):
            row.show_curve(term * self.scale_y)

    def show_numbers(self, b: float, units: Mapping[str, NDArray]) -> None:
        """Show the constant and the sigmoids' numbers by letter, (H,) each."""
        self.rows[0].number.set_value(float(b))
        for k, row in enumerate(self.rows[1:]):
            for letter, number in row.numbers.items():
                number.set_value(float(units[letter][k]))


class SmallSteps(VGroup):
    """The sigmoids that match a curve's pieces, cut into ever smaller ones, as a stack; and where red is cut.

    In the place of all rows but the constant's: first their own curves, then after each `cut` those of the parts.

    Parts: ``steps``, from the first part to the last, to one scale; ``marks`` where red has been cut so far.
    """

    def __init__(
        self, parts: Decomposition, red: PiecewiseLinearCurve, plot: Plot, rows: SigmoidRows, x: NDArray
    ) -> None:
        super().__init__()
        self.parts, self.red, self.plot, self.x = parts, red, plot, x
        self.line, self.most = rows.rows[1].line, rows.scale_y
        self.top, self.bottom = float(rows.rows[1].get_top()[1]), float(rows.rows[-1].get_bottom()[1])
        self.steps = VGroup(*(row.curve.copy() for row in rows.rows[1:]))
        self.marks, self.seen = VGroup(), set[float]()
        self.add(self.steps, self.marks)

    def mark(self, cuts: int) -> list[Animation]:
        """The animations that bring the points where red is cut when each piece is in ``cuts`` parts."""
        ends = _cut(self.parts, cuts)[:, :2]
        new = [x for x in np.unique(ends.round(9)) if x not in self.seen]
        self.seen.update(new)
        made = [self.plot.dot(x, float(self.red(x)), palette.red, DOT) for x in new]
        self.marks.add(*made)
        return [FadeIn(dot) for dot in made]

    def cut(self, cuts: int) -> Animation:
        """The animation in which every step parts into smaller ones, until each piece has ``cuts``."""
        goals = self._shapes(cuts)
        each = len(goals) // len(self.steps)
        old = [step.points.copy() for step in self.steps for _ in range(each)]
        before, after = float(self.steps[0].get_stroke_width()), self._width(len(goals))
        self.steps.remove(*self.steps.submobjects)
        self.steps.add(*(polyline(points, palette.blue, before) for points in goals))
        ends = [step.points.copy() for step in self.steps]

        def update(steps: VMobject, share: float) -> None:
            for step, start, end in zip(steps, old, ends, strict=True):
                step.points = (1 - share) * start + share * end
            for k, step in enumerate(steps):  # two lines upon each other have harder edges than one: the others fade in
                step.set_stroke(opacity=1.0 if k % each == 0 else min(4 * share, 1.0))
            steps.set_stroke(width=(1 - share) * before + share * after)

        return UpdateFromAlphaFunc(self.steps, update, rate_func=smooth)

    def _shapes(self, cuts: int) -> list[NDArray]:
        """The steps (SAMPLES, 3) in the scene, one below the other."""
        pieces = _cut(self.parts, cuts)
        share = (self.top - self.bottom) / len(pieces)
        scale = min(self.most, FILLED * share / max(float(np.abs(pieces[:, 2]).max()), 1e-9))
        across, shapes = np.linspace(*self.line, len(self.x)), []
        for k, (start, end, height) in enumerate(pieces):
            match = match_by_slope(start, end, height)
            middle = self.top - (k + 0.5) * share
            y = middle + (match.c * sigmoid(match.b + match.w * self.x) - height / 2) * scale
            shapes.append(np.column_stack([across, y, np.zeros(len(y))]))
        return shapes

    def _width(self, count: int) -> float:
        share = (self.top - self.bottom) / count
        return float(np.clip(WIDTH_OF_SHARE * share, THINNEST, style.SMALL_CURVE))


def _cut(parts: Decomposition, cuts: int) -> NDArray:
    """(K * cuts, 3): start, end and height of the parts of all pieces, in order."""
    shares = np.arange(cuts + 1) / cuts
    corners = parts.start[:, None] + (parts.end - parts.start)[:, None] * shares  # (K, cuts + 1)
    heights = np.repeat(parts.height / cuts, cuts)
    return np.column_stack([corners[:, :-1].ravel(), corners[:, 1:].ravel(), heights])
