"""How many tries a network takes: counted, as the row of a table, as a cube, and printed on pages."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.mobjects.counting import Counting
from gradreel.scenes.mobjects.plot import polyline
from gradreel.scenes.mobjects.squares import rectangles, squares
from gradreel.scenes.mobjects.text import TextMobject, fitted, formula, words
from gradreel.scenes.mobjects.theta_strip import role_of
from gradreel.scenes.style import mix, palette
from gradreel.scenes.words.numbers import number_text
from manim import Rectangle, RoundedRectangle, VGroup, VMobject

A_SECOND = 10**9
"""Tries in a second that a very fast computer is granted here: no network's loss is computed as fast as that."""
DIGITS_A_PAGE, LINES = 3000, 50  # of a closely printed page
WIDEST, GAP, SHAPE, MARGIN = 1.0, 0.14, 1.414, 0.1  # a page; between two; height to width; of its width
INK = 0.5  # of a line's pitch that its digits fill
REMARK_LEFT, POWER_LEFT = 3.1, -1.15
MOST_CELLS, CELL = 16, 0.25  # of a row's picture of theta
SIDE, DEPTH = 0.8, 0.35  # of the cube; how far its last sheet lies behind the first
DIMENSIONS = 3  # that can be drawn


@dataclass(frozen=True)
class Tries:
    """How many choices of theta there are with ``values`` values for each of ``parameters`` parameters. Exact."""

    values: int
    parameters: int

    @cached_property
    def count(self) -> int:
        """values ** parameters."""
        count: int = self.values**self.parameters
        return count

    @property
    def digits(self) -> int:
        """Decimal digits of ``count``."""
        return Decimal(self.count).adjusted() + 1

    @property
    def leading(self) -> tuple[str, int]:
        """``count`` as ("6.6", 20) for 6.6 · 10²⁰: rounded to two digits, and the power of ten."""
        digits, power = f"{Decimal(self.count):.1e}".split("e")
        return digits, int(power)

    @property
    def seconds(self) -> float:
        """What they take at A_SECOND of them a second; inf where that is no float any more."""
        try:
            return self.count / A_SECOND
        except OverflowError:
            return math.inf

    @property
    def pages(self) -> int:
        """Pages that the number itself fills when it is printed."""
        return -(-self.digits // DIGITS_A_PAGE)


class TriesRow(VGroup):
    """One network: theta's entries as cells in their colours, its length, and m to the power of that.

    ``names`` of the parameters; ``length_words(count)`` says how many. Parts: ``cells``, ``length``, ``power``.
    ``remark(...)`` writes what it comes to at the right.
    """

    def __init__(self, tries: Tries, names: Sequence[str], length_words: Callable[[int], str], middle: float) -> None:
        super().__init__()
        self.tries, self.middle = tries, middle
        self.length_words = length_words
        self.cells = _theta_cells(names, middle + 0.2)
        self.length = self.written_length(tries.parameters)
        self.power = self.written_power(tries.parameters)
        self.add(self.cells, self.length, self.power)

    def written_length(self, parameters: int) -> TextMobject:
        """How many parameters that are, in its place in the row."""
        text = words(self.length_words(parameters), style.LABEL, palette.dim)
        return text.place(self.middle - 0.42, left=style.LEFT_EDGE)

    def written_power(self, parameters: int) -> TextMobject:
        """The power of so many parameters, in its place in the row."""
        source = power_source(Tries(self.tries.values, parameters))
        return formula(source, 50).place(self.middle - 0.05, left=POWER_LEFT)

    def remark(self, result: str, note: str) -> VGroup:
        """``result`` large at the right, ``note`` small beneath it."""
        large = fitted(words, result, style.SUBTITLE, style.RIGHT_EDGE - REMARK_LEFT)
        large.place(self.middle, left=REMARK_LEFT)
        small = words(note, style.LABEL, palette.dim).place(self.middle - 0.52, left=REMARK_LEFT)
        return VGroup(large, small)


def power_source(tries: Tries) -> str:
    """20^16 = 6.6 · 10^20; exact while it is short; only m^P where even the power of ten says nothing."""
    power = f"{tries.values}^{tries.parameters}"
    if tries.digits <= 5:
        return f'{power} = "{number_text(tries.count)}"'
    digits, exponent = tries.leading
    return f"{power} approx {digits} dot 10^{exponent}" if exponent < 1000 else power


def _theta_cells(names: Sequence[str], y: float) -> VGroup:
    """A small square for each entry of theta; of a long one the first, dots, and the last."""
    shown = list(names) if len(names) <= MOST_CELLS else [*names[: MOST_CELLS - 3], None, *names[-2:]]
    cells = VGroup()
    for k, name in enumerate(shown):
        x = style.LEFT_EDGE + CELL / 2 + k * (CELL + 0.06)
        if name is None:
            cells.add(formula("dots.c", style.LETTER, palette.dim).move_to((x, y, 0)))
            continue
        color = getattr(palette, role_of(name))
        cell = RoundedRectangle(corner_radius=0.04, width=CELL, height=CELL, stroke_color=color, stroke_width=1.6)
        cells.add(cell.set_fill(mix(color, 0.3), 1).move_to((x, y, 0)))
    return cells


class Multiplying(VGroup):
    """The row of a network whose parameters come one by one: its cells, their number and power, the tries as a picture.

    After a row, a sheet and a cube there is none any more, and only "times m times m" goes on. `show` says how many
    parameters there are. Parts: ``cells`` (the row's own), ``length``, ``power``, ``cube``, ``further``; the last two
    leave.
    """

    def __init__(self, row: TriesRow) -> None:
        super().__init__()
        self.cells, values, count = row.cells, row.tries.values, row.tries.parameters
        self.power, self.length = (
            Counting(lambda n, write=write: write(int(n)), max(range(1, count + 1), key=lambda n: len(write(n))))
            for write in (row.written_power, row.written_length)
        )
        self.cube = Cube(values, REMARK_LEFT, row.middle - SIDE / 2)
        self.further = formula(f"times {values} times {values} dots.c", 34)
        self.further.place(row.middle - 0.1, left=REMARK_LEFT + SIDE + DEPTH + 0.25)
        self.add(self.cells, self.length, self.power, self.cube, self.further)
        self.show(1)

    def show(self, parameters: float) -> None:
        """So many of the parameters have come."""
        for k, cell in enumerate(self.cells):
            cell.set_opacity(float(k < int(parameters)))
        self.power.show(parameters)
        self.length.show(parameters)
        self.cube.show(min(parameters, DIMENSIONS))
        self.further.set_opacity(float(np.clip(parameters - DIMENSIONS, 0.0, 1.0)))


class Cube(VGroup):
    """m values of one parameter in a row, m such rows in a sheet, m sheets in a cube. `show` says how many of these."""

    def __init__(self, m: int, left: float, bottom: float) -> None:
        super().__init__()
        self.m, self.corner = m, np.array([left, bottom])
        self.front = VMobject(stroke_width=0).set_fill(mix(palette.text, style.DIM), 1)
        self.sheets = VGroup(*(polyline(np.zeros((3, 3)), mix(palette.text, 0.5), 1.0) for _ in range(m - 1)))
        self.add(self.sheets, self.front)

    def show(self, dimensions: float) -> None:
        """1: a row; 2: a sheet; 3: the cube; or between two of them."""
        m, pitch = self.m, SIDE / self.m
        rows = 1 + round(min(dimensions - 1, 1.0) * (m - 1))
        cells = np.array([(column + 0.5, row + 0.5) for row in range(rows) for column in range(m)])
        self.front.points = squares(self.corner + pitch * cells, 0.75 * pitch)
        behind = max(dimensions - 2, 0.0) * DEPTH / (m - 1)
        for k, sheet in enumerate(self.sheets):
            x, y = self.corner + (k + 1) * behind
            sheet.set_points_as_corners(np.array([(x, y + SIDE, 0), (x + SIDE, y + SIDE, 0), (x + SIDE, y, 0)]))
            sheet.set_stroke(opacity=float(behind > 0))


class PrintedPages(VGroup):
    """Pages side by side from ``left`` to at most ``right``, their tops at ``top``, for a number of ``digits`` digits.

    Each holds ``a_page`` of them, in lines; of the last one, only what is left. `show` says how many are printed.
    Parts: ``sheets``, ``text`` (all lines).
    """

    def __init__(self, digits: int, a_page: int, left: float, right: float, top: float) -> None:
        super().__init__()
        self.digits, self.a_line = digits, a_page / LINES
        count = math.ceil(digits / a_page)
        width = min(WIDEST, (right - left - (count - 1) * GAP) / count)
        self.sheets = VGroup()
        for k in range(count):
            sheet = Rectangle(width=width, height=SHAPE * width, color=palette.dim)
            sheet.set_stroke(width=1.6).set_fill(mix(palette.text, 0.05), 1)
            self.sheets.add(sheet.move_to([left + k * (width + GAP) + width / 2, top - SHAPE * width / 2, 0]))
        self.inner = (1 - 2 * MARGIN) * width
        self.pitch = (SHAPE - 2 * MARGIN) * width / LINES
        self.text = VMobject(stroke_width=0).set_fill(palette.text, 1)
        self.add(self.sheets, self.text)
        self.show(0)

    def show(self, printed: float) -> PrintedPages:
        """So many of the digits are on paper, from the first page's first line on."""
        lines = np.arange(math.ceil(printed / self.a_line - 1e-9))
        widths = self.inner * np.clip(printed / self.a_line - lines, 0.0, 1.0)
        corners = np.array([sheet.get_corner([-1, 1, 0])[:2] for sheet in self.sheets])
        margin = (self.sheets[0].width - self.inner) / 2
        start = corners[lines // LINES] + margin * np.array([1.0, -1.0])
        start[:, 1] -= self.pitch * (lines % LINES + 0.5)
        self.text.points = rectangles(
            start + np.column_stack([widths / 2, 0 * widths]), np.column_stack([widths, 0 * widths + INK * self.pitch])
        )
        return self
