"""Reads CSV files from users: first their lines, then numbered rows of cells."""

import csv
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
