"""The one reader of CSV files from users: lines, then numbered rows of cells."""

import csv
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from gradreel.core.errors import UserError
from gradreel.core.files import read_text


def csv_lines(file: Path, content: str) -> list[str]:
    """Return the lines of ``file``, without their ends. UserError as of `read_text`, where ``content`` was needed."""
    return re.split(r"\r\n|\r|\n", read_text(file, content))


def csv_rows(
    file: Path, lines: Sequence[str], separator: str, *, above: int = 0, strict: bool = False
) -> Iterator[tuple[int, list[str]]]:
    """Yield the number and the cells of each row that holds something; blanks around a cell are removed.

    Rows are numbered as an editor counts the lines of ``file``; ``above`` lines of it precede ``lines``. ``strict``:
    text behind a closing quote is an error. Raises UserError, which names the row.
    """
    reader = csv.reader(lines, delimiter=separator, skipinitialspace=True, strict=strict)
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if any(cells):
                yield above + reader.line_num, cells
    except csv.Error as error:
        raise UserError(f"{file}, row {above + reader.line_num}: {error}") from None
