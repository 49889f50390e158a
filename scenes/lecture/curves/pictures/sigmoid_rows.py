"""What each sigmoid adds: one small panel a row with its numbers, the constant first, to one scale, moved in place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.lecture.curves.pictures.pieces import Badge
from gradreel.scenes.mobjects.plot import polyline, segment
from gradreel.scenes.mobjects.text import Number, formula, words
from gradreel.scenes.style import mix, palette
from manim import ManimColor, VGroup, VMobject
from numpy.typing import NDArray

RINGS = 6  # rows that still have room for a ring round their number
WITH_ALL = 3  # sigmoids that still have room for all their letters, not c alone
LETTERS = {"c": "magenta", "b": "green", "w": "yellow"}  # a sigmoid's, in the formula's order
LINE = 0.34  # from one number's baseline to the next
OF_SOME, COLUMN, WIDE_COLUMN = 30, 1.5, 1.75  # size of three numbers in a row; right of the curve, for one or three
Box = tuple[float, float, float, float]  # left, right, bottom, top


@dataclass(frozen=True)
class RowLooks:
    """How much room a row has: for bold curves, for a ring round its number; how wide its letters and numbers are."""

    roomy: bool
    ring: bool
    column: float


class SigmoidRow(VGroup):
    """A badge, a zero line, the term's curve and, at the right, its ``letters`` with live numbers.

    Parts: ``frame`` (badge, zero), ``content`` (curve, letters, numbers), ``numbers`` by letter, ``number`` the first.
    """

    def __init__(self, k: int, zero: float, box: Box, radius: float, letters: Sequence[str], looks: RowLooks) -> None:
        super().__init__()
        left, right, bottom, top = box
        color = palette.grey if k == 0 else palette.blue
        middle = (bottom + top) / 2
        self.badge = Badge(str(k), color, radius) if looks.ring else words(str(k), style.SMALLEST, color)
        self.badge.move_to([left + radius, middle, 0])
        self.line = (left + 2 * radius + 0.25, right - looks.column)
        self.zero_y = zero
        self.zero = segment((self.line[0], zero, 0), (self.line[1], zero, 0), palette.axis, 1.2)
        width = style.SMALL_CURVE if looks.roomy else 3.6
        self.curve = self._flat(color, width)
        self.ghost = self._flat(mix(color, 0.5), style.GUIDE)
        self.numbers: dict[str, Number] = {}
        self.letters = VGroup()
        size = OF_SOME if len(letters) > 1 else style.CELL if looks.roomy else style.SMALLEST
        for j, letter in enumerate(letters):
            baseline = middle - 0.11 + (len(letters) - 1 - 2 * j) * LINE / 2
            ink = getattr(palette, LETTERS[letter]) if k else palette.grey
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

    def leave_ghost(self) -> VMobject:
        """A thin copy of the curve as it is now stays under it."""
        self.ghost.set_points(self.curve.points.copy())
        self.add_to_back(self.ghost)
        return self.ghost

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
        letters = tuple(LETTERS) if count - 1 <= WITH_ALL else ("c",)
        column = WIDE_COLUMN if len(letters) > 1 else COLUMN
        looks = RowLooks(roomy=count <= 5, ring=count <= RINGS, column=column)
        gap, radius = (0.3, 0.27) if looks.roomy else (0.14, 0.24 if looks.ring else 0.13)
        least = np.full(count, 2 * radius)
        if len(letters) > 1:
            gap, least[1:] = 0.18, len(letters) * LINE
        heights = spans[:, 1] - spans[:, 0]
        self.scale_y = _fitting(heights, least, top - bottom - gap * (count - 1), scale)
        self.rows: list[SigmoidRow] = []
        y = top
        for k, (low, high) in enumerate(spans):
            drawn = (high - low) * self.scale_y
            height = max(least[k], drawn)
            zero = y - height / 2 - drawn / 2 - low * self.scale_y
            box = (left, right, y - height, y)
            self.rows.append(SigmoidRow(k, zero, box, radius, letters if k else ("b",), looks))
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

    def curves(self) -> list[VMobject]:
        return [row.curve for row in self.rows]


def _fitting(heights: NDArray, least: NDArray, room: float, most: float) -> float:
    """The largest scale, at most ``most``, at which rows, each at least ``least`` (K,) high, fit into ``room``."""
    low, high = 0.0, most
    if np.maximum(least, heights * high).sum() <= room:
        return high
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if np.maximum(least, heights * middle).sum() <= room else (low, middle)
    return low
