"""The rows of a CSV file: its text, what separates the cells, cells in quotes."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

from gradreel.core.csv_text import csv_text, named_separator
from gradreel.core.daily_cells import is_day, shown
from gradreel.core.errors import UserError

Row: TypeAlias = tuple[int, list[str]]
"""A row's number in the file, as an editor counts lines, and its cells."""

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
"""What keeps cells apart, and its name. Bars only where Excel's line sep=| says so."""

_COMMENT = re.compile(r"#(?![,;\t])")  # web analytics' lines on top; a column of row numbers may be called "#"


def read_rows(file: Path) -> tuple[list[Row], str]:
    """The rows that hold something, without comments at the top, and what separates their cells.

    UserError: no text, a web page or the like, quotes that are not closed.
    """
    lines = re.split(r"\r\n|\r|\n", csv_text(file, "daily views"))
    top = next((i for i, line in enumerate(lines) if line.strip() and not _COMMENT.match(line)), len(lines))
    separator = ","
    if top < len(lines):
        if lines[top].lstrip()[0] in "<{[":
            raise UserError(
                f"{file}, row {top + 1}: {shown(lines[top].strip())} is HTML, JSON or the like and no table; save it "
                "as CSV, cells separated by , ; or tab"
            )
        named = named_separator(lines[top])
        unquoted = re.sub(r'"[^"]*"', "", lines[top])
        separator = named or next((mark for mark in ";\t" if mark in unquoted), ",")
        top += bool(named)
    return list(_split(file, lines, top, separator)), separator


def _split(file: Path, lines: list[str], top: int, separator: str) -> Iterator[Row]:
    spaces = re.compile(rf'(?<=") +(?={re.escape(separator)}|$)')  # "2021-01-31" ,5 says the same without
    written = (spaces.sub("", line) + "\n" for line in lines[top:])
    # Strict: without, a quote that nobody closes takes all rows after it for its own, and nobody is told
    reader = csv.reader(written, delimiter=separator, skipinitialspace=True, strict=True)
    number = top + 1
    try:
        for cells in reader:
            if top + reader.line_num > number:
                _check_quoted_lines(file, number, cells, separator)
            stripped = [cell.strip() for cell in cells]
            if any(cell.strip(";,\t ") for cell in stripped):
                yield number, stripped
            number = top + reader.line_num + 1
    except csv.Error as error:
        if len(lines[number - 1]) > csv.field_size_limit():
            raise UserError(f"{file}, row {number}: {error}; cells of a table of days are short") from None
        raise UserError(
            f'{file}, row {_opening(lines, number, separator)}: a quote (") opens there and is not closed right before '
            "the next separator; close it, remove it, or write it twice where it is part of the text"
        ) from None


def _opening(lines: list[str], number: int, separator: str) -> int:
    """In which row the quote opens that the row ``number`` and those after it do not close."""
    remaining = (f"{line}\n" for line in lines[number - 1 :])
    try:
        cells = next(csv.reader(remaining, delimiter=separator, skipinitialspace=True))
    except csv.Error:  # so long that even a lax reader refuses it
        return number
    return number + sum(cell.count("\n") for cell in cells[:-1])


def _check_quoted_lines(file: Path, number: int, cells: list[str], separator: str) -> None:
    """UserError if a cell in quotes goes on over lines of which one looks like a row of days: its quote was not meant.

    ``number`` is the row's in which the first cell stands.
    """
    for cell in cells:
        for line in cell.split("\n")[1:]:
            if any(is_day(part.strip('" ')) for part in line.split(separator)):
                raise UserError(
                    f'{file}, row {number}: a quote (") opens there and closes only after {shown(line)}, which looks '
                    "like a row of its own; close it in its row or remove it"
                )
        number += cell.count("\n")
