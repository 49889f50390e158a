"""Shows the parameters as a row of coloured cells with names, and the gradient as a row of numbers below them."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from gradreel.core.arrays import FloatArray
from gradreel.scenes import style
from gradreel.scenes.mobjects.text import Number, TextMobject, fitted, formula, words
from gradreel.scenes.style import mix, palette
from manim import ManimColor, RoundedRectangle, VGroup

MOST_CELLS = 13  # with more parameters, each letter shows its first entries and "…"
CELL_HEIGHT, GAP, PADDING = 0.54, 0.1, 0.1
WIDEST_CELL = 1.08
DIGIT_WIDTH = 0.56  # em
STRIP_LEFT = -4.98  # left edge of the cells, right of the row's label
ELLIPSIS = None  # the entry of a column that stands for omitted parameters


def letter_of(name: str) -> str:
    """Return the kind of a parameter: "w", "b" (an entry of the vector), "c", or "constant" (the scalar b)."""
    return "constant" if name == "b" else name[0].lower()


ROLES = {"w": "yellow", "b": "green", "c": "magenta", "constant": "grey"}


def role_of(name: str) -> str:
    """Return a parameter's colour role: yellow w, green vector b, magenta c, grey scalar b; "dim" for other letters."""
    return ROLES.get(letter_of(name), "dim")


def typst_name(name: str) -> str:
    """Return a parameter's name in Typst's notation: ``w_1_2`` -> ``w_(1 2)``, ``w'_1_2`` -> ``w'_(1 2)``."""
    letter, *indices = name.split("_")
    primes = "'" * (len(letter) - len(letter.rstrip("'")))
    return f"{letter.rstrip(chr(39))}{primes}" + (f"_({' '.join(indices)})" if indices else "")


def chosen_entries(names: Sequence[str], most: int = MOST_CELLS) -> tuple[int | None, ...]:
    """Return the parameters that get a column, by index: all, or the first ones of each letter and ELLIPSIS."""
    if len(names) <= most:
        return tuple(range(len(names)))
    groups: list[list[int]] = []
    for index, name in enumerate(names):
        if not groups or letter_of(names[groups[-1][-1]]) != letter_of(name):
            groups.append([])
        groups[-1].append(index)
    shown = max(1, (most - len(groups)) // max(1, sum(len(group) > 1 for group in groups)))
    chosen: list[int | None] = []
    for group in groups[: most // 2]:
        cut = shown - 1 if len(group) > shown else len(group)
        chosen += group[: max(cut, 1)]
        if cut < len(group):
            chosen.append(ELLIPSIS)
    return tuple(chosen)


def fitting_decimals(values: FloatArray, width: float, size: float, most: int) -> int:
    """Return the number of decimals, up to ``most``, with which all finite ``values`` fit ``width`` at a font size."""
    sizes = np.abs(values)
    largest = float(np.max(sizes[np.isfinite(sizes)], initial=0.0))
    whole = len(str(int(largest))) + 1  # digits before the point and a sign
    for decimals in range(most, 0, -1):
        if (whole + decimals + 0.5) * DIGIT_WIDTH * size * style.EM <= width:
            return decimals
    return 0


def shared_power(values: FloatArray, digits: int = 4) -> int:
    """Return the power of ten to multiply ``values`` by before they are written; 0 if they are readable as they are.

    Values with more than ``digits`` digits before the point are divided by a power of 1000. If all are below 0.005,
    the largest gets one digit before the point.
    """
    sizes = np.abs(np.asarray(values, dtype=float))
    largest = float(np.max(sizes[np.isfinite(sizes)], initial=0.0))
    if largest == 0:
        return 0
    order = math.floor(math.log10(largest))
    if largest < 0.005:
        return -order
    return 0 if order < digits else -3 * (order // 3)


@dataclass(frozen=True)
class Head:
    """The name above a cell: a formula or, with ``plain``, words. ``role``: colour of name and cell."""

    role: str
    source: str
    plain: bool = False

    def text(self, color: ManimColor) -> TextMobject:
        """Return the name as a mobject."""
        return words(self.source, style.SMALLEST, color) if self.plain else formula(self.source, style.LETTER, color)


@dataclass(frozen=True)
class Columns:
    """The columns of cells: ``entries`` (parameter's index or ELLIPSIS), ``centers`` (x), ``width``, font ``size``."""

    entries: tuple[int | None, ...]
    centers: tuple[float, ...]
    width: float
    size: float

    @classmethod
    def of(cls, names: Sequence[str], left: float, right: float) -> Columns:
        """Return columns for the parameters ``names`` from x = ``left`` to ``right``, at most `MOST_CELLS`."""
        entries = chosen_entries(names)
        pitch = min((right - left + GAP) / len(entries), WIDEST_CELL + GAP)
        centers = tuple(left + (pitch - GAP) / 2 + pitch * k for k in range(len(entries)))
        return cls(entries, centers, pitch - GAP, style.CELL if pitch - GAP > 0.95 else style.SMALLEST)

    def x_of(self, index: int) -> float:
        """Return the middle x of the column of parameter ``index``. Raises ValueError if it has no column."""
        return self.centers[self.entries.index(index)]

    @property
    def digits(self) -> int:
        """Return how many digits fit before the point, beside a sign."""
        return int((self.width - 1.4 * PADDING) / (DIGIT_WIDTH * self.size * style.EM)) - 1

    @property
    def shown(self) -> list[int]:
        """Return the indices of the parameters that have a column."""
        return [entry for entry in self.entries if entry is not ELLIPSIS]


class _Row(VGroup):
    """A row of numbers in ``columns``; each shows its value times ten to the ``power``."""

    columns: Columns
    numbers: VGroup
    power: int

    def set_values(self, values: FloatArray) -> None:
        """Show the entries of theta or of the gradient, (P,), that have a column."""
        self.show(values[self.columns.shown])

    def show(self, values: FloatArray) -> None:
        """Show the values (C,) of the parameters that have a column."""
        for number, value in zip(self.numbers, values, strict=True):
            number.set_value(float(value) * 10.0**self.power)


class ThetaStrip(_Row):
    """Cells with the values of the parameters, in their colours, names above; ``set_values`` changes the values.

    ``values`` (R, C): all values that will be shown of the C parameters with a column, for the number of decimals; the
    last row is shown first. ``heads``: the C names. Parts: ``boxes``, ``names``, ``numbers``, ``dots``, ``label``. Very
    large values are multiples of a power of ten in the label: theta = 10^3 × ….
    """

    def __init__(self, heads: Sequence[Head], values: FloatArray, columns: Columns, y: float) -> None:
        super().__init__()
        self.columns, self.y = columns, y
        values = np.atleast_2d(values)
        self.power = shared_power(np.maximum(np.abs(values), 1.0), columns.digits)
        values = values * 10.0**self.power
        decimals = fitting_decimals(values, columns.width - 1.4 * PADDING, columns.size, 2)
        self.label = row_label("orange(theta)", self.power, columns, y)
        self.boxes, self.names, self.numbers, self.dots = VGroup(), VGroup(), VGroup(), VGroup()
        self.foot = y - 0.36 * columns.size * style.EM  # baseline of the numbers, which are centred in their cells
        for entry, x in zip(columns.entries, columns.centers, strict=True):
            if entry is ELLIPSIS:
                self.dots.add(words("…", style.CELL, palette.dim).move_to((x, y, 0)))
                continue
            k = len(self.boxes)
            color = getattr(palette, heads[k].role)
            box = RoundedRectangle(corner_radius=0.08, width=columns.width, height=CELL_HEIGHT)
            self.boxes.add(box.set_stroke(color, style.BOX).set_fill(mix(color, 0.13), 1).move_to((x, y, 0)))
            self.names.add(heads[k].text(color).place(y + CELL_HEIGHT / 2 + 0.2, center=x))
            self.numbers.add(Number(values[-1, k], decimals, columns.size, color))
        self.place_numbers()
        self.add(self.label, self.boxes, self.names, self.numbers, self.dots)

    def place_numbers(self) -> None:
        """Right-align each number in its cell."""
        for number, index in zip(self.numbers, self.columns.shown, strict=True):
            number.place(self.foot, self.columns.x_of(index) + self.columns.width / 2 - 1.3 * PADDING)


class SlopeRow(_Row):
    """The gradient's entries below their cells, signed, in orange, without boxes.

    ``gradient`` (R, C) or (C,): all values that will be shown of the C parameters with a column; the last row is shown
    first. Very large or small values are multiples of a power of ten in the label: g = 10^(-4) × …. ``decimals``: by
    default as many as fit, up to 3. Parts: ``label``, ``numbers``, ``dots``.
    """

    def __init__(self, gradient: FloatArray, columns: Columns, y: float, decimals: int | None = None) -> None:
        super().__init__()
        self.columns = columns
        gradient = np.atleast_2d(gradient)
        self.power = shared_power(gradient, columns.digits)
        gradient = gradient * 10.0**self.power
        beside = 0.06 if decimals == 1 else 0.2  # long numbers reach beyond the left of their cell
        self.label = row_label("orange(bold(g))", self.power, columns, y, beside)
        if decimals is None:
            decimals = fitting_decimals(gradient, columns.width - 0.6 * PADDING, style.SMALLEST, 3)
        self.numbers, self.dots = VGroup(), VGroup()
        foot = y - 0.36 * style.SMALLEST * style.EM
        for entry, x in zip(columns.entries, columns.centers, strict=True):
            if entry is ELLIPSIS:
                self.dots.add(words("…", style.SMALLEST, palette.orange).move_to((x, y, 0)))
                continue
            number = Number(gradient[-1, len(self.numbers)], decimals, style.SMALLEST, palette.orange, signed=True)
            self.numbers.add(number.place(foot, x + columns.width / 2 - 1.3 * PADDING))
        self.add(self.label, self.numbers, self.dots)


def row_label(symbol: str, power: int, columns: Columns, y: float, beside: float = 0.06) -> TextMobject:
    """Return a row's label at its left, such as "θ =", or "θ = 10^3 ×" if its numbers were multiplied by 10^-3.

    ``power``: the exponent of that factor, -3. ``beside``: gap to the first cell.
    """
    size, factor = 40.0, f" 10^({-power}) times" if power else ""
    room = columns.centers[0] - columns.width / 2 - style.LEFT_EDGE - beside
    text = fitted(formula, f"{symbol} ={factor}", size, room)
    return text.place(y - 0.14, left=style.LEFT_EDGE)


def short_names(names: Sequence[str]) -> list[str]:
    """Return the names in Typst's notation; if the network has one feature, w has no second index."""
    one_feature = not any(re.fullmatch(r"w_\d+_(?!1$)\d+", name) for name in names)
    return [typst_name(re.sub(r"^(w_\d+)_1$", r"\1", name) if one_feature else name) for name in names]
