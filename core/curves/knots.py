"""Checks knots from arrays or from a CSV file. Errors name the knot or the row."""

import math
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from gradreel.core.arrays import FloatArray
from gradreel.core.csv_rows import csv_lines, csv_rows
from gradreel.core.errors import UserError
from numpy.typing import ArrayLike

LARGEST = 1e300
"""Knots lie between -LARGEST and LARGEST, so that the difference of two is a finite number."""

_GROUP_MARK = r"[,'’ \u00a0\u202f]"
_GROUPED = rf"[-+]?\d{{1,3}}(?:{_GROUP_MARK}\d{{3}})+(?:\.\d+)?"
"""Numbers with thousands separators. They are refused, since a comma may be the decimal mark."""
_EITHER = r"[-+]?[1-9]\d{0,2},\d{3}"
"""Between tabs, a comma may be the decimal mark or a thousands separator. With semicolons it is the decimal mark."""


def checked_knots(x: ArrayLike, y: ArrayLike, names: Sequence[str] | None = None) -> tuple[FloatArray, FloatArray]:
    """Return ``x`` and ``y`` as read-only float64 arrays (K + 1,).

    Parameters
    ----------
    x, y
        At least 2 knots, finite, with x strictly increasing.
    names
        A name for each knot in error messages; by default "knot 1", "knot 2", ...

    Raises
    ------
    UserError
        If the knots break one of these rules; the message names the knot.
    """
    knots_x, knots_y = _checked_array("x", x), _checked_array("y", y)
    if len(knots_x) != len(knots_y):
        raise UserError(f"knots need as many x as y, got {len(knots_x)} and {len(knots_y)}")
    knot_names = names or [f"knot {i + 1}" for i in range(len(knots_x))]
    for name, knot_x, knot_y in zip(knot_names, knots_x.tolist(), knots_y.tolist(), strict=True):
        for axis, number in (("x", knot_x), ("y", knot_y)):
            if not math.isfinite(number):
                raise UserError(f"{name}: {axis} is {number}; a knot needs finite numbers")
            if abs(number) > LARGEST:
                raise UserError(f"{name}: {axis} is {number:g}; a knot lies within ±{LARGEST:g}")
    if len(knots_x) < 2:
        raise UserError(f"a curve needs at least 2 knots, got {len(knots_x)}")
    for i in np.flatnonzero(~(np.diff(knots_x) > 0)).tolist():
        before, after = float(knots_x[i]), float(knots_x[i + 1])
        fault = "repeats" if before == after else "lies left of"
        raise UserError(
            f"{knot_names[i + 1]}: x = {after!r} {fault} x = {before!r} of {knot_names[i]}; "
            "x must increase from knot to knot"
        )
    return knots_x, knots_y


def knot_rows(file: Path) -> tuple[list[int], list[float], list[float]]:
    """Return the row numbers, x and y of the knots in a CSV file. Raises UserError, which names file and row."""
    lines = csv_lines(file, "a table of knots, x and y in each row")
    top = next((i for i, line in enumerate(lines) if line.strip()), 0)
    hint = re.fullmatch(r"sep=([,;\t|])", lines[top].strip('" '))  # Excel's line on top
    if hint:
        lines[top] = ""
    first_line = next((line for line in lines if line.strip()), "")
    delimiter = hint[1] if hint else next((mark for mark in (";", "\t") if mark in first_line), ",")
    rows: list[int] = []
    x: list[float] = []
    y: list[float] = []
    characters: set[str] = set()  # of all numbers, which have one decimal mark
    header_seen = False
    for number, cells in csv_rows(file, lines, delimiter):
        if not rows and not header_seen and not any(_is_number(cell, delimiter) for cell in cells):
            header_seen = True
            _refuse_swapped(file, number, cells)
            continue
        knot_x, knot_y = _parse_row(file, number, cells, delimiter)
        characters.update(*cells)
        if {".", ","} <= characters:
            fault = f"of {cells} and the rows above some have a decimal point, others a comma; write one mark alone"
            raise UserError(f"{file}, row {number}: {fault}")
        rows.append(number)
        x.append(knot_x)
        y.append(knot_y)
    if not rows:
        raise UserError(f"{file}: no knots in it; each row needs an x and a y, such as 1,2.5")
    return rows, x, y


def _refuse_swapped(file: Path, number: int, header: list[str]) -> None:
    """Raise UserError if the header says that y comes before x."""
    if [name.casefold() for name in header] == ["y", "x"]:
        raise UserError(f"{file}, row {number}: the columns are {header}; x comes first, then y: swap the columns")


def _parse_row(file: Path, number: int, cells: list[str], delimiter: str) -> tuple[float, float]:
    """Return x and y of a row. Raises UserError unless it has two numbers that can be read in one way only."""
    if len(cells) != 2:
        raise UserError(f"{file}, row {number}: a knot is two numbers, x and y; found {len(cells)} in {cells!r}")
    for axis, cell in zip("xy", cells, strict=True):
        if delimiter == "\t" and re.fullmatch(_EITHER, cell):
            raise UserError(
                f"{file}, row {number}: {axis} is {cell!r}, which may be {cell.replace(',', '')} or "
                f"{cell.replace(',', '.')}; write the one that is meant"
            )
        if not _is_number(cell, delimiter):
            hint = (
                f"; write {plain}, without thousands separators"
                if (plain := _without_thousands_separators(cell))
                else ""
            )
            raise UserError(f"{file}, row {number}: {axis} is {cell!r}, not a number{hint}")
    return _parse_number(cells[0], delimiter), _parse_number(cells[1], delimiter)


def _parse_number(cell: str, delimiter: str) -> float:
    """Return the number in a cell. Raises ValueError if there is no number.

    A comma is a decimal mark unless it separates cells.
    """
    if "_" in cell:  # Python's own spelling of 1_000
        raise ValueError(cell)
    return float(cell.replace(",", ".") if delimiter != "," else cell)


def _without_thousands_separators(cell: str) -> str | None:
    """Return "1234.5" for a cell such as "1,234.5" or "1 234.5"; None for any other."""
    return re.sub(_GROUP_MARK, "", cell) if re.fullmatch(_GROUPED, cell) else None


def _is_number(cell: str, delimiter: str) -> bool:
    """Return whether a cell holds a number."""
    try:
        _parse_number(cell, delimiter)
    except ValueError:
        return False
    return True


def _checked_array(axis: str, values: ArrayLike) -> FloatArray:
    """Return the values as a read-only float64 array, (K + 1,).

    Raises UserError if they are no plain list of numbers.
    """
    try:
        array = np.array(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise UserError(f"{axis} of the knots must be numbers, got {values!r}") from None
    if array.ndim != 1:
        raise UserError(f"{axis} of the knots must be a plain list of numbers, got shape {array.shape}")
    array += 0.0  # -0.0 is 0.0
    array.flags.writeable = False
    return array
