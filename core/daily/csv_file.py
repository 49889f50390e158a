"""Reads daily counts from a CSV file: its cells become days and numbers.

Nothing is guessed. A cell that can be read in two ways is an error, which names the option that decides.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise, takewhile
from pathlib import Path
from typing import TypeAlias, get_args

import numpy as np
from gradreel.core.choices import DecimalMark, Fill
from gradreel.core.csv_rows import csv_lines, csv_rows
from gradreel.core.daily.series import LARGEST, MOST_DAYS, SMALLEST, DailySeries
from gradreel.core.errors import UserError

MOST_COLUMNS = 500
VIEWS = {
    *("views", "aufrufe", "vues", "visualizaciones", "visualizações", "visualizzazioni", "weergaven", "просмотры"),
    *("观看次数", "觀看次數", "視聴回数", "조회수"),
}
"""YouTube Studio's names of the column of views, by the language of the account."""
TOTALS = {"total", "gesamt", "totale", "totaal", "toplam", "итого", "总计", "總計", "合計", "합계"}
"""YouTube Studio's names of the row with the sum; they stand in place of a day."""
FORMATS_TO_SUGGEST = (
    *("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%Y/%m/%d", "%d/%m/%y", "%m/%d/%y", "%d.%m.%y"),
    *("%d %b %Y", "%b %d, %Y", "%d-%b-%Y"),
)
"""Date formats that an error suggests if they fit all rows."""

Cells: TypeAlias = Sequence[tuple[int, str]]
"""The cells of one column, each with its row number in the file, as editors count lines."""


@dataclass(frozen=True)
class CsvFormat:
    """How to read a CSV file, as far as the file itself does not say; None means the default.

    Attributes
    ----------
    column
        Header of the column of numbers. By default YouTube Studio's column of views, or the only one beside the days.
    date_format
        Format of days as for strptime; by default ISO's, 2021-01-31.
    decimal
        The decimal mark in numbers. By default only numbers that can be read in one way are read.
    fill_missing
        How days without a row are filled, such as "interpolate". By default they are an error.

    Raises
    ------
    UserError
        If a value is not allowed.
    """

    column: str | None = None
    date_format: str | None = None
    decimal: DecimalMark | None = None
    fill_missing: Fill | None = None

    def __post_init__(self) -> None:
        """Raise UserError if a value is not allowed."""
        for name, value, choices in (
            ("decimal", self.decimal, get_args(DecimalMark)),
            ("fill_missing", self.fill_missing, get_args(Fill)),
        ):
            if value not in (None, *choices):
                needed = " or ".join(f'"{choice}"' for choice in choices)
                raise UserError(f"{name} is {needed}, found {value!r}")
        if self.date_format is not None and not _has_full_date(self.date_format):
            raise UserError(
                f"date_format {self.date_format!r} does not tell year, month and day; write one such as %d/%m/%Y"
            )


def read_daily_csv(path: Path | str, form: CsvFormat = CsvFormat(), today: date | None = None) -> DailySeries:
    """Return the series in a CSV file with a header and a row for each day, in any order.

    The days are in the column Date, or else in the first column.

    Parameters
    ----------
    path
        The file.
    form
        How to read it.
    today
        The day after which a day is an error; by default the current day.

    Returns
    -------
    DailySeries
        Days that were filled are listed in its ``filled``.

    Raises
    ------
    UserError
        If the file is no such table, a cell cannot be read in exactly one way, a day is missing (unless ``form`` says
        how to fill it), occurs twice or is in the future. The message names file and row and says what to do.
    """
    file = Path(path)
    (number, header), *body = _header_and_rows(file)
    names = [_normalized_header(name) for name in header]
    day_at = names.index("date") if "date" in names else 0
    count_at = _index_of_numbers(file, number, header, day_at, form.column)
    if any(_parse_day(name, form.date_format) for name in header):
        raise _error_in_row(
            file, number, f"{_quoted_cell(header[day_at])} is no header; add one above, such as Date,Views"
        )
    body = [(n, cells) for n, cells in body if _normalized_header(cells[day_at]) not in TOTALS]
    if not body:
        raise UserError(f"{file}: no rows of days in it; write a row for each day below the header")
    days = _parse_days(file, header[day_at], [(n, cells[day_at]) for n, cells in body], form.date_format)
    numbers = _parse_numbers(file, [(n, cells[count_at]) for n, cells in body], form.decimal)
    table = sorted(zip(days, (n for n, _ in body), numbers, strict=True))
    missing = _missing_days(
        file, [(day, n) for day, n, _ in table], today or date.today(), form.fill_missing is not None
    )
    start, end = table[0][0], table[-1][0]
    every_day = range(start.toordinal(), end.toordinal() + 1)
    values = np.interp(every_day, [day.toordinal() for day, _, _ in table], [value for _, _, value in table])
    return DailySeries(
        start=start,
        values=tuple(values.tolist()),
        name=file.name.encode("utf-8", "replace").decode(),  # a name that is no Unicode cannot be shown
        column=" ".join(header[count_at].replace(SOFT_HYPHEN, "").split()),
        filled=tuple(missing),
    )


def _header_and_rows(file: Path) -> list[tuple[int, list[str]]]:
    """Return the number and the cells of the header and of each row below it that holds something.

    Raises UserError if the file holds no table.
    """
    lines = csv_lines(file, "a table of days")
    top = next((i for i, line in enumerate(lines) if line.strip() and not re.match("#(?![,;\t])", line)), None)
    empty = UserError(f"{file}: no rows in it; a header such as Date,Views is needed, and a row for each day")
    if top is None:
        raise empty
    unquoted = re.sub(r'"[^"]*"', "", lines[top])
    separator = next((mark for mark in "\t;" if mark in unquoted), ",")
    if separator not in unquoted:
        needed = "one such as Date,Views is needed, separated by , ; or tab, and nothing above it"
        raise _error_in_row(file, top + 1, f"{_quoted_cell(lines[top].strip())} is no header of a table; {needed}")
    if unquoted.count(separator) >= MOST_COLUMNS or len(lines) > 2 * MOST_DAYS:
        raise UserError(f"{file} has more than {MOST_COLUMNS} columns or {2 * MOST_DAYS} rows, and is no table of days")
    for number, line in enumerate(lines[top:], top + 1):
        if line.count('"') % 2:
            raise _error_in_row(
                file, number, 'a quote (") is not closed in its row; close it, remove it, or write it twice'
            )
    numbered = list(csv_rows(file, lines[top:], separator, above=top, strict=True))
    if not numbered:
        raise empty
    header = numbered[0][1]
    for number, cells in numbered:
        if len(cells) != len(header):
            fault = f"{len(cells)} cells under {len(header)} columns; give each row as many"
            raise _error_in_row(file, number, f'{fault}, and quote cells that contain the separator, such as "1,234"')
        if any(cell and not name for name, cell in zip(header, cells, strict=True)):
            raise _error_in_row(file, number, "a cell is in a column without a header; give the column a name")
    return numbered


def _index_of_numbers(file: Path, number: int, header: list[str], day_at: int, column: str | None) -> int:
    """Return the index of the column of numbers. Raises UserError unless exactly one column can be meant."""
    others = [i for i in range(len(header)) if i != day_at]
    matching = [
        i for i in others if _normalized_header(header[i]) in ({_normalized_header(column)} if column else VIEWS)
    ]
    if not matching and not column and len(others) == 1:
        matching = others
    if len(matching) == 1:
        return matching[0]
    candidates = ", ".join(_quoted_cell(header[i]) for i in (matching or others)[:12])
    if column:
        if matching:
            raise _error_in_row(
                file, number, f"{len(matching)} columns are called {column!r}; give the one a name of its own"
            )
        raise _error_in_row(file, number, f"no column of numbers is called {column!r}; there are {candidates}")
    raise _error_in_row(
        file, number, f"{candidates} may all be meant; choose one: --column NAME{_lesson_hint('column')}"
    )


def _parse_days(file: Path, header: str, cells: Cells, date_format: str | None) -> list[date]:
    """Return the day in each cell.

    Raises UserError for the first cell that is no day; it suggests formats that fit all.
    """
    days: list[date] = []
    for number, cell in cells:
        day = _parse_day(cell, date_format)
        if day is None:
            fitting_formats = [
                form for form in FORMATS_TO_SUGGEST if all(_parse_day(other, form) for _, other in cells)
            ]
            options = " or ".join(f"--date_format {form!r}" for form in fitting_formats or ["%d.%m.%Y"])
            raise _error_in_row(
                file, number,
                f"{_quoted_cell(cell)} in the column {_quoted_cell(header)} is no day written as"
                f" {date_format or '2021-01-31'}. Each row needs a day, in the column Date or else in the first; remove"
                f" other rows, or say how days are written{'' if fitting_formats else ', such as'}:"
                f" {options}{_lesson_hint('date_format')}",
            )  # fmt: skip
        days.append(day)
    return days


def _parse_day(cell: str, date_format: str | None) -> date | None:
    """Return the day in a cell; None if it holds no day, or a time of day as well."""
    try:
        moment = datetime.strptime(cell, date_format) if date_format else datetime.fromisoformat(cell)
    except (ValueError, re.error):  # re.error: a directive occurs twice in the format
        return None
    return moment.date() if moment.time() == time() else None


def _has_full_date(date_format: str) -> bool:
    """Return whether a date written in this format can be read back: it has year, month and day."""
    day = date(2021, 12, 31)
    try:
        return _parse_day(day.strftime(date_format), date_format) == day
    except ValueError:  # a null character, say
        return False


def _number_pattern(point: str, thousands: str) -> re.Pattern[str]:
    """Return a pattern for numbers with this decimal point, plain or with groups of three digits.

    Groups are separated by the mark ``thousands``, a space or an apostrophe.
    """
    groups = rf"[1-9]\d{{0,2}}([{thousands} \u00a0\u2009\u202f'’])\d{{3}}(?:\1\d{{3}})*(?:{point}\d+)?"
    return re.compile(rf"{groups}|\d+(?:{point}\d*)?(?:[eE][+-]?\d{{1,3}})?|{point}\d+", re.ASCII)


_FORMS = {".": _number_pattern(r"\.", ","), ",": _number_pattern(",", ".")}


def _parse_numbers(file: Path, cells: Cells, decimal: str | None) -> list[float]:
    """Return the cells as numbers with one decimal mark.

    Raises UserError for the first cell that is no number, is out of range, or can be read in two ways.
    """
    readings = {}  # for each decimal mark, the numbers before the first cell that is no number with it
    for mark in decimal or ".,":
        numbers = takewhile(_FORMS[mark].fullmatch, (cell for _, cell in cells))
        readings[mark] = [float(re.sub(rf"[^\deE+{mark}-]", "", cell).replace(",", ".")) for cell in numbers]
    complete = [values for values in readings.values() if len(values) == len(cells)]
    for (number, cell), *read in zip(cells, *complete, strict=True):
        if len(set(read)) == 2:
            both = " or ".join(f"{value:.10g}" for value in sorted(read))
            options = f"--decimal . or --decimal ,{_lesson_hint('decimal')}"
            raise _error_in_row(
                file, number, f"{_quoted_cell(cell)} may be {both}; say which mark is the decimal one: {options}"
            )
    mark, values = max(readings.items(), key=lambda reading: len(reading[1]))
    for (number, cell), value in zip(cells, [*values, -1.0], strict=False):
        vanished = value == 0 and re.search("[1-9]", re.split("[eE]", cell)[0])
        if not (value == 0 or SMALLEST <= value <= LARGEST) or vanished:
            other = value < 0 and any(form.fullmatch(cell) for form in _FORMS.values())
            marked = f" with the decimal mark {mark}" if other else ""
            needed = f"0, or from {SMALLEST:g} to {LARGEST:g}, in digits alone"
            raise _error_in_row(
                file, number, f"{_quoted_cell(cell)} is not a day's number{marked}: {needed}; remove rows without one"
            )
    return values


def _missing_days(file: Path, days: list[tuple[date, int]], today: date, filled: bool) -> list[date]:
    """Return the days without a row between the first and the last day.

    ``days`` are (day, row number) in order. Raises UserError if days are missing and not ``filled``, if a day occurs
    twice, is after ``today``, or is too far from the others.
    """
    for (day, number), (following, other_row) in pairwise(days):
        if day == following:
            needed = "give each day one row (of YouTube Studio's exports take the tab Date, or Totals.csv)"
            raise _error_in_row(
                file, max(number, other_row), f"{day} occurs already in row {min(number, other_row)}; {needed}"
            )
    (first, first_row), (last, last_row) = days[0], days[-1]
    if last > today:
        raise _error_in_row(file, last_row, f"{last} is after today, {today}; remove it or correct its year")
    if (last - first).days >= MOST_DAYS:
        raise _error_in_row(file, first_row, f"{first} is more than {MOST_DAYS} days before {last}; correct its year")
    days_in_file = {day for day, _ in days}
    missing = [day for i in range((last - first).days) if (day := first + timedelta(days=i)) not in days_in_file]
    if missing and not filled:
        fill = f"--fill_missing interpolate{_lesson_hint('fill_missing')}"
        fault = f"{missing[0]} is missing; days missing in all: {len(missing)}"
        raise UserError(f"{file}: {fault}. Add the rows, or let straight lines fill them: {fill}")
    return missing


def _error_in_row(file: Path, number: int, problem: str) -> UserError:
    """Return a UserError that names the file and the row."""
    return UserError(f"{file}, row {number}: {problem}")


def _lesson_hint(key: str) -> str:
    """Return the words of an error that name the option's key in a lesson file."""
    return f' ({key} = "…" beside data in a lesson)'


SOFT_HYPHEN = "\u00ad"  # in long words of YouTube's


def _normalized_header(name: str) -> str:
    """Return a header's name without differences that do not matter: soft hyphens, underscores, spaces, case,
    Unicode form.
    """
    return " ".join(unicodedata.normalize("NFKC", name).replace(SOFT_HYPHEN, "").replace("_", " ").casefold().split())


def _quoted_cell(cell: str) -> str:
    """Return a quoted cell for a message, cut to 40 characters."""
    return repr(cell if len(cell) <= 40 else cell[:39] + "…")
