"""What each sigmoid adds: one small panel a row, the constant first, all to one scale, moved in place."""

from __future__ import annotations

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.mobjects.pieces import Badge
from gradreel.scenes.mobjects.plot import polyline, segment
from gradreel.scenes.mobjects.text import Number, TextMobject, formula, words
from gradreel.scenes.style import palette
from manim import VGroup, VMobject
from numpy.typing import NDArray

RINGS = 6  # rows that still have room for a ring round their number
Box = tuple[float, float, float, float]  # left, right, bottom, top


class SigmoidRow(VGroup):
    """A badge, a zero line, the term's curve and, at the right, its letter with a live number."""

    def __init__(self, k: int, zero: float, box: Box, radius: float, roomy: bool, ring: bool) -> None:
        super().__init__()
        left, right, bottom, top = box
        color = palette.grey if k == 0 else palette.blue
        middle = (bottom + top) / 2
        self.badge = Badge(str(k), color, radius) if ring else words(str(k), style.SMALLEST, color)
        self.badge.move_to([left + radius, middle, 0])
        self.line = (left + 2 * radius + 0.25, right - 1.5)
        self.zero_y = zero
        self.zero = segment((self.line[0], zero, 0), (self.line[1], zero, 0), palette.axis, 1.2)
        width = style.SMALL_CURVE if roomy else 3.6
        self.curve = polyline(np.array([[x, zero, 0.0] for x in self.line]), color, width)
        ink = palette.grey if k == 0 else palette.magenta
        size = style.CELL if roomy else style.SMALLEST
        self.number = Number(0.0, 2, size, ink).place(middle - 0.11, right)
        self.letter: TextMobject = formula(f"c_{k}" if k else "b", style.LETTER, ink)
        self.letter.place(middle - 0.11, left=self.line[1] + 0.25)
        self.frame = VGroup(self.badge, self.zero)  # what is there before there are numbers
        self.content = VGroup(self.curve, self.letter, self.number)
        self.add(self.frame, self.content)

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
        roomy = count <= 5
        ring = count <= RINGS
        gap, radius = (0.3, 0.27) if roomy else (0.14, 0.24 if ring else 0.13)
        self.scale_y = _fitting(spans[:, 1] - spans[:, 0], 2 * radius, top - bottom - gap * (count - 1), scale)
        self.rows: list[SigmoidRow] = []
        y = top
        for k, (low, high) in enumerate(spans):
            drawn = (high - low) * self.scale_y
            height = max(2 * radius, drawn)
            zero = y - height / 2 - drawn / 2 - low * self.scale_y
            self.rows.append(SigmoidRow(k, zero, (left, right, y - height, y), radius, roomy, ring))
            y -= height + gap
        self.add(*self.rows)

    def show_curves(self, b: float, terms: NDArray) -> None:
        """Draw the constant and the terms c_i sigmoid(...) at evenly spaced x, (N, H)."""
        self.rows[0].show_curve(np.full(2, b) * self.scale_y)
        for row, term in zip(self.rows[1:], terms.T, strict=True):
            row.show_curve(term * self.scale_y)

    def show_numbers(self, b: float, c: NDArray) -> None:
        """Show the constant and the heights c (H,)."""
        for row, value in zip(self.rows, (b, *c), strict=True):
            row.number.set_value(float(value))

    def curves(self) -> list[VMobject]:
        return [row.curve for row in self.rows]


def _fitting(heights: NDArray, least: float, room: float, most: float) -> float:
    """The largest scale, ``most`` at the utmost, at which rows of at least ``least`` fit into ``room``."""
    low, high = 0.0, most
    if np.maximum(least, heights * high).sum() <= room:
        return high
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if np.maximum(least, heights * middle).sum() <= room else (low, middle)
    return low
