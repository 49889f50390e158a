"""Days and numbers as spreadsheets and web analytics write them in the cells of one column."""

import re
from collections.abc import Sequence
from datetime import date

LARGEST = 1e15
"""No day has more: whole numbers up to here are exact in float64."""

WRITE_DAYS = "write days as 2021-01-31"

_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_MONTH = {name: i + 1 for i, month in enumerate(_MONTHS) for name in (month, month[:3])} | {"sept": 9}

_MIDNIGHT = r"(?:[T ]00:00(?::00(?:\.0+)?)?(?:Z|[+-]\d\d:?\d\d)?)?"
_DAYS = [
    re.compile(form, re.ASCII)
    for form in (
        r"(?P<year>\d{4})(?P<mark>[-/.])(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})" + _MIDNIGHT,
        r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)",
        r"(?P<year>\d{4})年(?P<month>\d{1,2})月(?P<day>\d{1,2})日",
        r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})",
        r"(?P<month>[A-Za-z]{3,9})\.? (?P<day>\d{1,2}),? (?P<year>\d{4})",
        r"(?P<day>\d{1,2}) (?P<month>[A-Za-z]{3,9})\.?,? (?P<year>\d{4})",
    )
]
_EITHER_ORDER = re.compile(r"(\d{1,2})([-/])(\d{1,2})\2(\d{4})", re.ASCII)
"""Day and month, or month and day: only the whole column can tell."""


def _number_form(point: str, thousands: str) -> re.Pattern[str]:
    """Numbers with this decimal point, and groups of three digits kept apart by this mark, a space or an apostrophe."""
    groups = rf"[1-9]\d{{0,2}}([{thousands} \u00a0\u2009\u202f'’])\d{{3}}(?:\1\d{{3}})*(?:{point}\d+)?"
    return re.compile(rf"{groups}|\d+(?:{point}\d*)?(?:[eE][+-]?\d{{1,3}})?|{point}\d+", re.ASCII)


_ENGLISH = _number_form(r"\.", ",")  # 1,234.5
_CONTINENTAL = _number_form(",", ".")  # 1.234,5


class CellError(Exception):
    """A cell that cannot be read: ``index`` into the column, and what was found and would do."""

    def __init__(self, index: int, message: str) -> None:
        super().__init__(message)
        self.index = index


def is_day(cell: str) -> bool:
    """Whether a cell is written as a day, be there such a day or not."""
    return any(form.fullmatch(cell) for form in (*_DAYS, _EITHER_ORDER))


def is_number(cell: str) -> bool:
    """Whether a cell is written as a number, of whatever sign."""
    return any(form.fullmatch(cell.lstrip("-−")) for form in (_ENGLISH, _CONTINENTAL))


def shown(cell: str) -> str:
    """A cell as messages show it."""
    return repr(cell if len(cell) <= 40 else cell[:39] + "…")


def read_days(cells: Sequence[str]) -> list[date]:
    """The day of each cell. Raises CellError at the first cell that is none, or that may be either of two days."""
    day_first = _day_first(cells)
    return [_day(i, cell, day_first) for i, cell in enumerate(cells)]


def _day(index: int, cell: str, day_first: bool) -> date:
    found = next((match for form in _DAYS if (match := form.fullmatch(cell))), None)
    if found:
        year, month, day = found["year"], found["month"], found["day"]
    elif either := _EITHER_ORDER.fullmatch(cell):
        year, day, month = either[4], either[1 if day_first else 3], either[3 if day_first else 1]
    else:
        raise CellError(
            index, f"the day is empty; {WRITE_DAYS}" if not cell else f"{shown(cell)} is no day; {WRITE_DAYS}"
        )
    try:
        return date(int(year), int(month) if month.isdigit() else _MONTH[month.lower()], int(day))
    except (KeyError, ValueError):
        raise CellError(index, f"there is no day {shown(cell)}; {WRITE_DAYS}") from None


def _day_first(cells: Sequence[str]) -> bool:
    """Whether 01/02/2021 is in February: what the rest of the column tells."""
    either = [(i, match) for i, cell in enumerate(cells) if (match := _EITHER_ORDER.fullmatch(cell))]
    day_first = next((i for i, match in either if int(match[1]) > 12), None)
    month_first = next((i for i, match in either if int(match[3]) > 12), None)
    if day_first is not None and month_first is not None:
        later, earlier = max(day_first, month_first), min(day_first, month_first)
        raise CellError(
            later,
            f"{shown(cells[later])} has day and month the other way round than {shown(cells[earlier])}; {WRITE_DAYS}",
        )
    if either and day_first is None and month_first is None:
        index = either[0][0]
        raise CellError(
            index,
            f"{shown(cells[index])} may be day/month or month/day, and no other row tells (none has a day after the "
            f"12th); {WRITE_DAYS}",
        )
    return day_first is not None


def read_numbers(cells: Sequence[str], *, separated_by_commas: bool) -> list[float]:
    """The number of each cell, all read one way: 1,234.5 or 1.234,5. Raises CellError at the first that is none.

    Where the column may be read both ways, counts are taken to be whole: a mark before three digits groups thousands.
    In a file separated by commas 1.234 is a decimal, as everywhere where English numbers are written.
    """
    if all(cell.isascii() and cell.isdigit() for cell in cells) and max(map(len, cells)) < 16:
        return [float(cell) for cell in cells]  # the same, sooner
    for i, cell in enumerate(cells):
        if not is_number(cell):
            raise CellError(
                i, "the number is empty; write 0 for none" if not cell else f"{shown(cell)} is not a number"
            )
        if cell[0] in "-−":
            raise CellError(i, f"{shown(cell)} is negative; a count is 0 or more")
    english = _is_english(cells, separated_by_commas)
    values = [_number(cell, english) for cell in cells]
    for i, value in enumerate(values):
        if value > LARGEST:
            raise CellError(i, f"{shown(cells[i])} is too large; a day's number is at most {LARGEST:g}")
    return values


def _number(cell: str, english: bool) -> float:
    plain = re.sub(r"[ \u00a0\u2009\u202f'’]", "", cell)
    return float(plain.replace(",", "") if english else plain.replace(".", "").replace(",", "."))


def _is_english(cells: Sequence[str], separated_by_commas: bool) -> bool:
    """Whether a column's numbers are written 1,234.5, and not 1.234,5."""
    not_english = next((i for i, cell in enumerate(cells) if not _ENGLISH.fullmatch(cell)), None)
    not_continental = next((i for i, cell in enumerate(cells) if not _CONTINENTAL.fullmatch(cell)), None)
    if not_english is not None and not_continental is not None:
        raise _written_differently(cells, not_english, not_continental)
    if not_english is not None or not_continental is not None or separated_by_commas:
        return not_english is None
    points = next((i for i, cell in enumerate(cells) if "." in cell), None)
    commas = next((i for i, cell in enumerate(cells) if "," in cell), None)
    if points is not None and commas is not None:
        raise _written_differently(cells, points, commas)
    return points is None


def _written_differently(cells: Sequence[str], one: int, other: int) -> CellError:
    earlier, later = sorted((one, other))
    return CellError(
        later,
        f"{shown(cells[later])} is written otherwise than {shown(cells[earlier])}: is the point or the comma the "
        "decimal one? Write all numbers plainly, such as 1234.5",
    )
