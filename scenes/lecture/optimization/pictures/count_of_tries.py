"""How many tries a network takes: counted, as the row of a table, and printed on pages."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.mobjects.squares import rectangles
from gradreel.scenes.mobjects.text import fitted, formula, words
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
        self.middle = middle
        self.cells = _theta_cells(names, middle + 0.2)
        self.length = words(length_words(tries.parameters), style.LABEL, palette.dim)
        self.length.place(middle - 0.42, left=style.LEFT_EDGE)
        self.power = formula(power_source(tries), 50).place(middle - 0.05, left=POWER_LEFT)
        self.add(self.cells, self.length, self.power)

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
