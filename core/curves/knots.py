"""Knots as they come in, from arrays or from a CSV file: checked, with errors that name the knot or the row."""

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
"""Knots reach from -LARGEST to LARGEST: differences of two must be numbers."""

_GROUP_MARK = r"[,'’ \u00a0\u202f]"
_GROUPED = rf"[-+]?\d{{1,3}}(?:{_GROUP_MARK}\d{{3}})+(?:\.\d+)?"
"""Numbers with thousands separators, which a knot can't have: a comma may be the decimal one."""
_EITHER = r"[-+]?[1-9]\d{0,2},\d{3}"
"""Between tabs, a comma may be either: with semicolons it is the decimal one."""


def checked_knots(x: ArrayLike, y: ArrayLike, names: Sequence[str] | None = None) -> tuple[FloatArray, FloatArray]:
    """``x`` and ``y`` as read-only float64 arrays (K + 1,): at least 2 knots, finite, x strictly increasing.

    ``names`` calls each knot in error messages; by default "knot 1" onwards. Raises UserError.
    """
    knots_x, knots_y = _numbers("x", x), _numbers("y", y)
    if len(knots_x) != len(knots_y):
        raise UserError(f"knots need as many x as y, got {len(knots_x)} and {len(knots_y)}")
    called = names or [f"knot {i + 1}" for i in range(len(knots_x))]
    for name, at, value in zip(called, knots_x.tolist(), knots_y.tolist(), strict=True):
        for axis, number in (("x", at), ("y", value)):
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
            f"{called[i + 1]}: x = {after!r} {fault} x = {before!r} of {called[i]}; x must increase from knot to knot"
        )
    return knots_x, knots_y


def knot_rows(file: Path) -> tuple[list[int], list[float], list[float]]:
    """Row numbers, x and y of a CSV file's knots. UserError names file and row."""
    lines = csv_lines(file, "a table of knots, x and y in each row,")
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
        at, value = _row(file, number, cells, delimiter)
        characters.update(*cells)
        if {".", ","} <= characters:
            fault = f"of {cells} and the rows above some have a decimal point, others a comma; write one mark alone"
            raise UserError(f"{file}, row {number}: {fault}")
        rows.append(number)
        x.append(at)
        y.append(value)
    if not rows:
        raise UserError(f"{file}: no knots in it; each row needs an x and a y, such as 1,2.5")
    return rows, x, y


def _refuse_swapped(file: Path, number: int, header: list[str]) -> None:
    if [name.casefold() for name in header] == ["y", "x"]:
        raise UserError(f"{file}, row {number}: the columns are {header}; x comes first, then y: swap the columns")


def _row(file: Path, number: int, cells: list[str], delimiter: str) -> tuple[float, float]:
    if len(cells) != 2:
        raise UserError(f"{file}, row {number}: a knot is two numbers, x and y; found {len(cells)} in {cells!r}")
    for axis, cell in zip("xy", cells, strict=True):
        if delimiter == "\t" and re.fullmatch(_EITHER, cell):
            raise UserError(
                f"{file}, row {number}: {axis} is {cell!r}, which may be {cell.replace(',', '')} or "
                f"{cell.replace(',', '.')}; write the one that is meant"
            )
        if not _is_number(cell, delimiter):
            hint = f"; write {plain}, without thousands separators" if (plain := _without_groups(cell)) else ""
            raise UserError(f"{file}, row {number}: {axis} is {cell!r}, not a number{hint}")
    return _number(cells[0], delimiter), _number(cells[1], delimiter)


def _number(cell: str, delimiter: str) -> float:
    if "_" in cell:  # Python's own spelling of 1_000
        raise ValueError(cell)
    return float(cell.replace(",", ".") if delimiter != "," else cell)


def _without_groups(cell: str) -> str | None:
    """1234.5 of a cell such as 1,234.5 or 1 234.5; None of any other."""
    return re.sub(_GROUP_MARK, "", cell) if re.fullmatch(_GROUPED, cell) else None


def _is_number(cell: str, delimiter: str) -> bool:
    try:
        _number(cell, delimiter)
    except ValueError:
        return False
    return True


def _numbers(axis: str, values: ArrayLike) -> FloatArray:
    try:
        array = np.array(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise UserError(f"{axis} of the knots must be numbers, got {values!r}") from None
    if array.ndim != 1:
        raise UserError(f"{axis} of the knots must be a plain list of numbers, got shape {array.shape}")
    array += 0.0  # -0.0 is 0.0
    array.flags.writeable = False
    return array
