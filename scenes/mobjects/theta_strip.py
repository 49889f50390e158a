"""The parameters as one row of coloured cells with their names, and a row of slopes in the same columns."""

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

MOST_CELLS = 13  # beyond these, each letter shows its first entries and "…"
CELL_HEIGHT, GAP, PADDING = 0.54, 0.1, 0.1
WIDEST_CELL = 1.08
DIGIT_WIDTH = 0.56  # of a digit, in em
STRIP_LEFT = -4.98  # of the cells, right of the row's label
ELLIPSIS = None  # the entry of a column that stands for those left out


def letter_of(name: str) -> str:
    """What kind of parameter ``name`` is: "w", "b" (an entry of the vector), "c", or "constant" (the scalar b)."""
    return "constant" if name == "b" else name[0].lower()


ROLES = {"w": "yellow", "b": "green", "c": "magenta", "constant": "grey"}


def role_of(name: str) -> str:
    """The colour role of a parameter: yellow w, green vector b, magenta c, grey scalar b; any other letter dim."""
    return ROLES.get(letter_of(name), "dim")


def typst_name(name: str) -> str:
    """The name as mathematics: ``w_1_2`` -> ``w_(1 2)``, ``w'_1_2`` -> ``w'_(1 2)``."""
    letter, *indices = name.split("_")
    primes = "'" * (len(letter) - len(letter.rstrip("'")))
    return f"{letter.rstrip(chr(39))}{primes}" + (f"_({' '.join(indices)})" if indices else "")


def chosen_entries(names: Sequence[str], most: int = MOST_CELLS) -> tuple[int | None, ...]:
    """Which parameters get a column, by index: all of them, or the first ones of each letter and ELLIPSIS."""
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
    """The most decimals (at most ``most``) with which each of ``values`` fits into ``width`` at font size ``size``.

    What is not finite has none.
    """
    sizes = np.abs(values)
    largest = float(np.max(sizes[np.isfinite(sizes)], initial=0.0))
    whole = len(str(int(largest))) + 1  # digits before the point and a sign
    for decimals in range(most, 0, -1):
        if (whole + decimals + 0.5) * DIGIT_WIDTH * size * style.EM <= width:
            return decimals
    return 0


def shared_power(values: FloatArray, digits: int = 4) -> int:
    """The power of ten by which ``values`` are multiplied where they are written; 0 while they read well as they are.

    Large ones, of more than ``digits`` digits before the point, are divided by thousands; if all are below 0.005 the
    largest gets one digit before the point.
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
    """What stands above a cell: a formula or, with ``plain``, words; ``role`` colours it and the cell."""

    role: str
    source: str
    plain: bool = False

    def text(self, color: ManimColor) -> TextMobject:
        return words(self.source, style.SMALLEST, color) if self.plain else formula(self.source, style.LETTER, color)


@dataclass(frozen=True)
class Columns:
    """Where the cells are: ``entries`` (index of a parameter or ELLIPSIS), their ``centers`` (x), their ``width``."""

    entries: tuple[int | None, ...]
    centers: tuple[float, ...]
    width: float
    size: float

    @classmethod
    def of(cls, names: Sequence[str], left: float, right: float) -> Columns:
        entries = chosen_entries(names)
        pitch = min((right - left + GAP) / len(entries), WIDEST_CELL + GAP)
        centers = tuple(left + (pitch - GAP) / 2 + pitch * k for k in range(len(entries)))
        return cls(entries, centers, pitch - GAP, style.CELL if pitch - GAP > 0.95 else style.SMALLEST)

    def x_of(self, index: int) -> float:
        """The middle of the column of parameter ``index``. Raises ValueError for one that has no column."""
        return self.centers[self.entries.index(index)]

    @property
    def digits(self) -> int:
        """How many digits before the point a cell has room for, beside a sign."""
        return int((self.width - 1.4 * PADDING) / (DIGIT_WIDTH * self.size * style.EM)) - 1

    @property
    def shown(self) -> list[int]:
        """The parameters that have a column."""
        return [entry for entry in self.entries if entry is not ELLIPSIS]


class _Row(VGroup):
    """Numbers under ``columns``, each times ten to the ``power``."""

    columns: Columns
    numbers: VGroup
    power: int

    def set_values(self, values: FloatArray) -> None:
        """Show theta, or the gradient, (P,)."""
        self.show(values[self.columns.shown])

    def show(self, values: FloatArray) -> None:
        """Show the values (C,) of the parameters that have a column."""
        for number, value in zip(self.numbers, values, strict=True):
            number.set_value(float(value) * 10.0**self.power)


class ThetaStrip(_Row):
    """Cells with the parameters' values, each in its letter's colour, names above. ``set_values`` shows others.

    ``values`` (R, C), of the C parameters that have a column: all that will be shown, for the number of decimals; the
    last is shown first. ``heads``: role and name of each of them. Parts: ``boxes``, ``names``, ``numbers`` (of
    ``columns.shown``, in order), ``dots``, ``label``. Too large ones are written as multiples of a power of ten, which
    the label says: theta = 10^3 × ….
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
        self.foot = y - 0.36 * columns.size * style.EM  # baseline of the numbers: capitals centred in the cell
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
        """Right-align each number in its cell, room for a sign kept: the widest of all is in the middle."""
        for number, index in zip(self.numbers, self.columns.shown, strict=True):
            number.place(self.foot, self.columns.x_of(index) + self.columns.width / 2 - 1.3 * PADDING)


class SlopeRow(_Row):
    """The gradient's entries under their cells, signed, in orange; no boxes.

    ``gradient`` (R, C) or (C,), of the C parameters that have a column. Those far too large or small are written as
    multiples of a power of ten, which the label says: g = 10^(-4) × …; with ``decimals``, if that is given.
    Parts: ``label``, ``numbers``, ``dots``.
    """

    def __init__(self, gradient: FloatArray, columns: Columns, y: float, decimals: int | None = None) -> None:
        super().__init__()
        self.columns = columns
        gradient = np.atleast_2d(gradient)
        self.power = shared_power(gradient, columns.digits)
        gradient = gradient * 10.0**self.power
        beside = 0.06 if decimals == 1 else 0.2  # long numbers begin left of their cell
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
    """What a row is, at its left: θ =, and the power of ten that its numbers, written 10^power as large, stand for."""
    size, factor = 40.0, f" 10^({-power}) times" if power else ""
    room = columns.centers[0] - columns.width / 2 - style.LEFT_EDGE - beside
    text = fitted(formula, f"{symbol} ={factor}", size, room)
    return text.place(y - 0.14, left=style.LEFT_EDGE)


def short_names(names: Sequence[str]) -> list[str]:
    """The names as mathematics; with a single feature the second index of w says nothing and is left out."""
    one_feature = not any(re.fullmatch(r"w_\d+_(?!1$)\d+", name) for name in names)
    return [typst_name(re.sub(r"^(w_\d+)_1$", r"\1", name) if one_feature else name) for name in names]
