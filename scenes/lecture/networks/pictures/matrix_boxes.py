"""Vectors and matrices as boxes of numbers that stand under the letters of an equation: r = b + W x.

    equation = BoxEquation(vector_row_source(), {"r": (r, "blue"), "bias": (b, "green"), ...}, ...)

The letters are those of one formula, each put over its box, so the boxes can go and the formula close up again
(`formula_growth.grow`). Pure functions of numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.mobjects.network_sum import fitting_places
from gradreel.scenes.mobjects.text import Number, TextMobject, formula
from gradreel.scenes.style import mix, palette
from manim import Animation, RoundedRectangle, UpdateFromAlphaFunc, VGroup, smooth
from numpy.typing import ArrayLike, NDArray

FILL = 0.13  # share of its colour that a box is filled with
CORNER = 0.12
DIGIT = 0.56  # em, the advance of a digit
SIDE, BETWEEN = 0.62, 1.05  # em, within a box beside its columns, and between two columns
ROW, ABOVE = 2.1, 0.35  # em, the pitch of rows where there is room, and what a box is higher than its rows
SIGN_GAP = 1.1  # em, on both sides of = and +
HEAD_SIZE = 1.55  # of the letters, in sizes of the numbers
MOST_PLACES = 5
LATE, EARLY = 0.35, 0.75  # shares of a letter's way into its box at which the one direction begins, the other ends
HEAD_ABOVE = 0.2  # scene units from a box up to its letter's baseline


def places(values: NDArray) -> int:
    """Decimals for numbers in one box: two for usual ones, fewer for large ones, more where all are below 0.1."""
    largest = float(np.abs(values).max(initial=0.0))
    if 0 < largest < 0.1:
        return min(MOST_PLACES, 1 - math.floor(math.log10(largest)))
    return fitting_places(values.ravel())


class NumberBox(VGroup):
    """A box of numbers, (R, C), right-aligned in their columns. Parts: ``box``, ``numbers[i][j]``.

    ``pitch``: of the rows, in scene units. ``cut``: so many decimals less than usual; ``decimals``: just so many.
    Its top left corner is at the origin until it is moved.
    """

    def __init__(
        self,
        values: ArrayLike,
        role: str,
        size: float,
        pitch: float | None = None,
        cut: int = 0,
        decimals: int | None = None,
    ) -> None:
        super().__init__()
        self.values: NDArray = np.atleast_2d(np.asarray(values, dtype=float))
        rows, columns = self.values.shape
        color = getattr(palette, role)
        self.decimals = max(0, places(self.values) - cut) if decimals is None else decimals
        em = size * style.EM
        self.numbers = [[Number(value, self.decimals, size, color) for value in row] for row in self.values]
        digits = [max(len(row[j].text) for row in self.numbers) for j in range(columns)]
        other = 0.28 if self.decimals else DIGIT  # a point is half as wide as a digit
        widths = [(DIGIT * (n - 1) + other) * em for n in digits]
        ends = SIDE * em + np.cumsum(widths) + BETWEEN * em * np.arange(columns)
        self.pitch = pitch = pitch or ROW * em
        width, height = float(ends[-1]) + SIDE * em, rows * pitch + ABOVE * em
        self.box = RoundedRectangle(corner_radius=CORNER, width=width, height=height, color=color)
        self.box.set_stroke(width=style.BOX).set_fill(mix(color, FILL), 1).move_to((width / 2, -height / 2, 0))
        for i, row in enumerate(self.numbers):
            y = -ABOVE / 2 * em - (i + 0.5) * pitch - 0.36 * em
            for number, end in zip(row, ends, strict=True):
                number.place(y, float(end))
        self.add(self.box, *self.cells)

    @property
    def cells(self) -> list[Number]:
        """The numbers, row by row."""
        return [number for row in self.numbers for number in row]

    def place_of(self, i: int, j: int) -> NDArray:
        """The middle of cell (i, j), (3,)."""
        column = VGroup(*(row[j] for row in self.numbers))
        return np.array([column.get_x(), self.numbers[i][j].get_y(), 0.0])

    def shape_text(self) -> TextMobject:
        """rows × columns, beneath the box."""
        rows, columns = self.values.shape
        text = formula(f"{rows} times {columns}", style.TICK + 4, palette.dim)
        return text.place(self.box.get_bottom()[1] - 0.34, center=self.box.get_x())


class BoxEquation(VGroup):
    """An equation of boxes. ``text`` is the formula, its parts put over their boxes, signs between them.

    ``boxes``: part -> (values, role), in the order of the formula; parts without a box are signs and stand at the
    boxes' middle; ``order`` names all from left to right. A part "brackets" stands around the box ``inside``.
    ``decimals``: of some boxes, where these are not the usual ones. It is laid out from x = 0 to the right, the tallest
    box's top at y = 0; move it before anything is shown.
    """

    def __init__(
        self,
        source: str,
        order: Sequence[str],
        boxes: Mapping[str, tuple[ArrayLike, str]],
        size: float,
        room: float,
        inside: str | None = None,
        sign_gap: float = SIGN_GAP,
        decimals: Mapping[str, int] | None = None,
    ) -> None:
        super().__init__()
        self.text = formula(source, HEAD_SIZE * size)
        self._baseline = self.text.baseline  # before its parts are put elsewhere
        em, x = size * style.EM, 0.0
        rows = max(len(np.atleast_2d(values)) for values, _ in boxes.values())
        pitch = min(ROW * em, (room - ABOVE * em) / rows)
        given = decimals or {}
        self.boxes = {
            name: NumberBox(values, role, size, pitch, decimals=given.get(name))
            for name, (values, role) in boxes.items()
        }
        tallest = max(box.height for box in self.boxes.values())
        self.middle = -tallest / 2
        before = ""
        for name in order:
            if before:
                x += em * (sign_gap if name not in self.boxes or before not in self.boxes else 0.45)
            if name in self.boxes:
                x = self._put_box(name, x, name == inside)
            else:
                sign = self.text.part(name)
                sign.move_to((x + sign.width / 2, self.middle, 0))
                x += sign.width
            before = name
        self.add(*self.boxes.values(), self.text)

    def _put_box(self, name: str, x: float, bracketed: bool) -> float:
        """The box ``name`` from x on, its letter above it, and brackets around it; where it ends."""
        box = self.boxes[name]
        if bracketed:
            left, right = self.text.part("brackets")
            for bracket in (left, right):
                bracket.stretch_to_fit_height(box.height * 1.05)
            left.move_to((x + left.width / 2, self.middle, 0))
            x = left.get_right()[0] + 0.12
        box.shift([x, self.middle + box.height / 2, 0])
        head = self.text.part(name)
        head.shift([box.box.get_x() - head.get_x(), box.box.get_top()[1] + HEAD_ABOVE - self._baseline, 0])
        x += box.box.width
        if bracketed:
            right.move_to((x + 0.12 + right.width / 2, self.middle, 0))
            x = right.get_right()[0]
        return float(x)


def along_then_across(mobject: VGroup, end: NDArray, border: float, far: float) -> Animation:
    """To ``end``: sideways all the time, up or down from where its right edge has passed x = ``border``.

    It fades out before it touches x = ``border``, and in when it has passed x = ``far``, so that it is never cut.
    """
    start, half = mobject.get_center(), mobject.width / 2
    before, after = (max(1e-6, min(half, room)) for room in (border - start[0] - half, end[0] - half - far))

    def move(moving: VGroup, share: float) -> None:
        x = start[0] + share * (end[0] - start[0])
        passed = max(0.0, (x + half - border) / (end[0] + half - border))
        moving.move_to([x, start[1] + smooth(passed) * (end[1] - start[1]), 0.0])
        shown = max((border - x - half) / before, (x - half - far) / after)
        moving.set_opacity(float(np.clip(shown, 0.0, 1.0)))

    return UpdateFromAlphaFunc(mobject, move)


def up_then_across(start: NDArray, end: NDArray, share: float) -> NDArray:
    """A way of points (n, 3): first up or down, then sideways."""
    late, early = max(0.0, (share - LATE) / (1 - LATE)), min(1.0, share / EARLY)
    return start + np.array([late, early, 1.0]) * (end - start)


def up_then_straight(start: NDArray, end: NDArray, level: float) -> Callable[[NDArray, NDArray, float], NDArray]:
    """A way for what goes from ``start`` to ``end``, (3,): first up as far as y = ``level``, then straight."""
    up = np.array([0.0, max(0.0, level - start[1]), 0.0])
    turn = up[1] / (up[1] + float(np.linalg.norm(end - start - up)) + 1e-9)

    def way(points: NDArray, goal: NDArray, share: float) -> NDArray:
        if share < turn:
            return np.asarray(points + share / turn * up)
        return np.asarray(points + up + (share - turn) / (1 - turn) * (goal - points - up))

    return way


def across_then_up(start: NDArray, end: NDArray, share: float) -> NDArray:
    """A way of points (n, 3): first sideways, then up or down."""
    return up_then_across(start[:, [1, 0, 2]], end[:, [1, 0, 2]], share)[:, [1, 0, 2]]
