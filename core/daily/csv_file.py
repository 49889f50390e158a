"""Daily counts from a CSV file: its cells are read as days and numbers.

What could be meant in two ways is refused, with the option that settles it: nothing is guessed.
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
"""What YouTube Studio calls the column of views, by the language of the account."""
TOTALS = {"total", "gesamt", "totale", "totaal", "toplam", "итого", "总计", "總計", "合計", "합계"}
"""What it calls the row of their sum, in the place of a day."""
FORMATS_TO_SUGGEST = (
    *("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%Y/%m/%d", "%d/%m/%y", "%m/%d/%y", "%d.%m.%y"),
    *("%d %b %Y", "%b %d, %Y", "%d-%b-%Y"),
)
"""Those that an error names where they would do."""

Cells: TypeAlias = Sequence[tuple[int, str]]
"""The rows' numbers in the file, as an editor counts lines, and their cells of one column."""


@dataclass(frozen=True)
class CsvFormat:
    """What the file does not tell; None: the default. Raises UserError for a value that there is not."""

    column: str | None = None  # header of the numbers; else YouTube Studio's of views, or the only one beside the days
    date_format: str | None = None  # as of strptime; else ISO's, 2021-01-31
    decimal: DecimalMark | None = None  # the mark in numbers; else only what can be read in one way is read
    fill_missing: Fill | None = None  # straight lines over days without a row; else an error

    def __post_init__(self) -> None:
        for name, value, choices in (
            ("decimal", self.decimal, get_args(DecimalMark)),
            ("fill_missing", self.fill_missing, get_args(Fill)),
        ):
            if value not in (None, *choices):
                needed = " or ".join(f'"{choice}"' for choice in choices)
                raise UserError(f"{name} is {needed}, found {value!r}")
        if self.date_format is not None and not _tells_the_day(self.date_format):
            raise UserError(f"date_format {self.date_format!r} does not tell year, month and day, as %d/%m/%Y does")


def read_daily_csv(path: Path | str, form: CsvFormat = CsvFormat(), today: date | None = None) -> DailySeries:
    """The series in a CSV file that has a header, and below it a row for each day, in any order.

    The days stand in the column Date, or else in the first. Days without a row are an error, or get the straight line
    between their neighbours and are listed in ``filled``; days after ``today`` (by default today) are refused.
    UserError: file, row, what was found and what would do.
    """
    file = Path(path)
    (number, header), *body = _rows(file)
    names = [_plain(name) for name in header]
    day_at = names.index("date") if "date" in names else 0
    count_at = _count_column(file, number, header, day_at, form.column)
    if any(_day(name, form.date_format) for name in header):
        raise _at(file, number, f"{_shown(header[day_at])} is no header; put one above, such as Date,Views")
    body = [(n, cells) for n, cells in body if _plain(cells[day_at]) not in TOTALS]
    if not body:
        raise UserError(f"{file}: no rows of days in it; below the header stands a row for each day")
    days = _days(file, header[day_at], [(n, cells[day_at]) for n, cells in body], form.date_format)
    numbers = _numbers(file, [(n, cells[count_at]) for n, cells in body], form.decimal)
    table = sorted(zip(days, (n for n, _ in body), numbers, strict=True))
    missing = _missing(file, [(day, n) for day, n, _ in table], today or date.today(), form.fill_missing is not None)
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


def _rows(file: Path) -> list[tuple[int, list[str]]]:
    """Number and cells of the header and of each row below it that holds something. UserError: it is no table."""
    lines = csv_lines(file, "a table of days")
    top = next((i for i, line in enumerate(lines) if line.strip() and not re.match("#(?![,;\t])", line)), None)
    empty = UserError(f"{file}: no rows in it; a header such as Date,Views is needed, and a row for each day")
    if top is None:
        raise empty
    unquoted = re.sub(r'"[^"]*"', "", lines[top])
    separator = next((mark for mark in "\t;" if mark in unquoted), ",")
    if separator not in unquoted:
        needed = "one such as Date,Views is needed, separated by , ; or tab, and nothing above it"
        raise _at(file, top + 1, f"{_shown(lines[top].strip())} is no header of a table; {needed}")
    if unquoted.count(separator) >= MOST_COLUMNS or len(lines) > 2 * MOST_DAYS:
        raise UserError(f"{file} has more than {MOST_COLUMNS} columns or {2 * MOST_DAYS} rows, and is no table of days")
    for number, line in enumerate(lines[top:], top + 1):
        if line.count('"') % 2:
            raise _at(file, number, 'a quote (") is not closed in its row; close it, remove it, or write it twice')
    numbered = list(csv_rows(file, lines[top:], separator, above=top, strict=True))
    if not numbered:
        raise empty
    header = numbered[0][1]
    for number, cells in numbered:
        if len(cells) != len(header):
            fault = f"{len(cells)} cells under {len(header)} columns; give each row as many"
            raise _at(file, number, f'{fault}, and put in quotes what has the separator in it, such as "1,234"')
        if any(cell and not name for name, cell in zip(header, cells, strict=True)):
            raise _at(file, number, "a cell stands in a column without a header; give the column a name")
    return numbered


def _count_column(file: Path, number: int, header: list[str], day_at: int, column: str | None) -> int:
    others = [i for i in range(len(header)) if i != day_at]
    found = [i for i in others if _plain(header[i]) in ({_plain(column)} if column else VIEWS)]
    if not found and not column and len(others) == 1:
        found = others
    if len(found) == 1:
        return found[0]
    there = ", ".join(_shown(header[i]) for i in (found or others)[:12])
    if column:
        if found:
            raise _at(file, number, f"{len(found)} columns are called {column!r}; give the one a name of its own")
        raise _at(file, number, f"no column of numbers is called {column!r}; there are {there}")
    raise _at(file, number, f"{there} may all be meant; name the one: --column NAME{_in_lesson('column')}")


def _days(file: Path, header: str, cells: Cells, date_format: str | None) -> list[date]:
    days: list[date] = []
    for number, cell in cells:
        day = _day(cell, date_format)
        if day is None:
            would_do = [form for form in FORMATS_TO_SUGGEST if all(_day(other, form) for _, other in cells)]
            options = " or ".join(f"--date_format {form!r}" for form in would_do or ["%d.%m.%Y"])
            raise _at(
                file, number,
                f"{_shown(cell)} in the column {_shown(header)} is no day written as {date_format or '2021-01-31'}. "
                "Days stand one a row, in the column Date or else in the first; remove rows that are none, or say how "
                f"days are written{'' if would_do else ', such as'}: {options}{_in_lesson('date_format')}",
            )  # fmt: skip
        days.append(day)
    return days


def _day(cell: str, date_format: str | None) -> date | None:
    """None for what is no day, or has a time of day."""
    try:
        found = datetime.strptime(cell, date_format) if date_format else datetime.fromisoformat(cell)
    except (ValueError, re.error):  # the latter of a directive that stands twice
        return None
    return found.date() if found.time() == time() else None


def _tells_the_day(date_format: str) -> bool:
    day = date(2021, 12, 31)
    try:
        return _day(day.strftime(date_format), date_format) == day
    except ValueError:  # a null character, say
        return False


def _form(point: str, thousands: str) -> re.Pattern[str]:
    """Numbers with this decimal point, and groups of three digits kept apart by that mark, a space or an apostrophe."""
    groups = rf"[1-9]\d{{0,2}}([{thousands} \u00a0\u2009\u202f'’])\d{{3}}(?:\1\d{{3}})*(?:{point}\d+)?"
    return re.compile(rf"{groups}|\d+(?:{point}\d*)?(?:[eE][+-]?\d{{1,3}})?|{point}\d+", re.ASCII)


_FORMS = {".": _form(r"\.", ","), ",": _form(",", ".")}


def _numbers(file: Path, cells: Cells, decimal: str | None) -> list[float]:
    """The cells as numbers with one decimal mark. UserError: the first that is none, or may be either of two."""
    readings = {}  # by the mark: up to the first cell that is no number with it
    for mark in decimal or ".,":
        numbers = takewhile(_FORMS[mark].fullmatch, (cell for _, cell in cells))
        readings[mark] = [float(re.sub(rf"[^\deE+{mark}-]", "", cell).replace(",", ".")) for cell in numbers]
    complete = [values for values in readings.values() if len(values) == len(cells)]
    for (number, cell), *read in zip(cells, *complete, strict=True):
        if len(set(read)) == 2:
            both = " or ".join(f"{value:.10g}" for value in sorted(read))
            options = f"--decimal . or --decimal ,{_in_lesson('decimal')}"
            raise _at(file, number, f"{_shown(cell)} may be {both}; say which mark is the decimal one: {options}")
    mark, values = max(readings.items(), key=lambda reading: len(reading[1]))
    for (number, cell), value in zip(cells, [*values, -1.0], strict=False):
        vanished = value == 0 and re.search("[1-9]", re.split("[eE]", cell)[0])
        if not (value == 0 or SMALLEST <= value <= LARGEST) or vanished:
            other = value < 0 and any(form.fullmatch(cell) for form in _FORMS.values())
            marked = f" with the decimal mark {mark}" if other else ""
            needed = f"0, or from {SMALLEST:g} to {LARGEST:g}, in digits alone"
            raise _at(file, number, f"{_shown(cell)} is not a day's number{marked}: {needed}; remove rows without one")
    return values


def _missing(file: Path, days: list[tuple[date, int]], today: date, filled: bool) -> list[date]:
    """The days without a row, which must be ``filled``. UserError if not; for a day twice, to come, or far off."""
    for (day, number), (following, other) in pairwise(days):
        if day == following:
            needed = "give each day one row (of YouTube Studio's exports take the tab Date, or Totals.csv)"
            raise _at(file, max(number, other), f"{day} is there already, in row {min(number, other)}; {needed}")
    (first, at_first), (last, at_last) = days[0], days[-1]
    if last > today:
        raise _at(file, at_last, f"{last} is after today, {today}; remove it or correct its year")
    if (last - first).days >= MOST_DAYS:
        raise _at(file, at_first, f"{first} is more than {MOST_DAYS} days before {last}; correct its year")
    there = {day for day, _ in days}
    missing = [day for i in range((last - first).days) if (day := first + timedelta(days=i)) not in there]
    if missing and not filled:
        fill = f"--fill_missing interpolate{_in_lesson('fill_missing')}"
        found = f"{missing[0]} is missing; days missing in all: {len(missing)}"
        raise UserError(f"{file}: {found}. Add the rows, or let straight lines fill them: {fill}")
    return missing


def _at(file: Path, number: int, problem: str) -> UserError:
    return UserError(f"{file}, row {number}: {problem}")


def _in_lesson(key: str) -> str:
    return f' ({key} = "…" beside data in a lesson)'


SOFT_HYPHEN = "\u00ad"  # in long words of YouTube's


def _plain(name: str) -> str:
    """A header's name without what does not matter: soft hyphens, underscores, spaces, case, how accents are coded."""
    return " ".join(unicodedata.normalize("NFKC", name).replace(SOFT_HYPHEN, "").replace("_", " ").casefold().split())


def _shown(cell: str) -> str:
    return repr(cell if len(cell) <= 40 else cell[:39] + "…")
