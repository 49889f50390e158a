"""Reads CSV files from users: first their lines, then numbered rows of cells."""

import csv
import math
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from gradreel.core.errors import UserError
from gradreel.core.files import read_text


def csv_lines(file: Path, content: str) -> list[str]:
    """Return the lines of ``file`` without their line ends.

    ``content`` says what the file should hold, for error messages. Raises UserError like `read_text`.
    """
    return re.split(r"\r\n|\r|\n", read_text(file, content))


def csv_rows(
    file: Path, lines: Sequence[str], separator: str, *, above: int = 0, strict: bool = False
) -> Iterator[tuple[int, list[str]]]:
    """Yield the row number and the cells of each row that holds something. Blanks around a cell are removed.

    Parameters
    ----------
    file
        The file's name, for error messages.
    lines
        The lines to parse.
    separator
        The character between cells.
    above
        How many lines of ``file`` precede ``lines``. Row numbers count all lines from 1, as editors do.
    strict
        Whether text after a closing quote is an error.

    Raises
    ------
    UserError
        For a row that is not valid CSV; the message names the row.

    Examples
    --------
    >>> list(csv_rows(Path("a.csv"), ["x, y", "", "1, 2"], ","))
    [(1, ['x', 'y']), (3, ['1', '2'])]
    """
    reader = csv.reader(lines, delimiter=separator, skipinitialspace=True, strict=strict)
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if any(cells):
                yield above + reader.line_num, cells
    except csv.Error as error:
        raise UserError(f"{file}, row {above + reader.line_num}: {error}") from None


def read_points(file: Path) -> list[list[float]]:
    """Return the rows of numbers in a CSV file, all of equal length.

    The separator is a tab, a semicolon or a comma. Lines that begin with # are skipped, and so is a first row in which
    no cell is a number. Raises UserError, which names the row, if a cell is not a finite number or a row has another
    length.
    """
    lines = ["" if line.startswith("#") else line for line in csv_lines(file, "a table of points")]
    first = next((line for line in lines if line.strip()), "")
    separator = next((mark for mark in "\t;" if mark in first), ",")
    rows: list[list[float]] = []
    header: list[str] | None = None
    for number, cells in csv_rows(file, lines, separator, strict=True):
        numbers = [_number_in(cell) for cell in cells]
        if header is None:
            header = cells
            if not any(map(math.isfinite, numbers)):
                continue
        if len(cells) != len(header):
            raise UserError(f"{file}, row {number}: {len(cells)} cells, the first row has {len(header)}; write as many")
        for cell, value in zip(cells, numbers, strict=True):
            if not math.isfinite(value):
                raise UserError(
                    f"{file}, row {number}: {cell[:40]!r} is not a finite number; write numbers as 1.5, and classes as "
                    "0, 1, 2, ..."
                )
        rows.append(numbers)
    if not rows:
        raise UserError(f"{file}: it has no rows of numbers; a row for each point is needed: features, then label")
    return rows


def _number_in(cell: str) -> float:
    """Return the number in a cell; NaN if it holds none."""
    try:
        return float(cell)
    except ValueError:
        return math.nan
