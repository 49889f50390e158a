"""Days as spreadsheets and web analytics write them in the cells of one column."""

import re
from collections.abc import Sequence
from datetime import date

WRITE_DAYS = "write days as 2021-01-31"
_FORMS = f"{WRITE_DAYS} (20210131, 31.1.2021, 31/1/2021, 31 Jan 2021, 31-Jan-2021 and Jan 31, 2021 are read, too)"

_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_MONTH = {name: i + 1 for i, month in enumerate(_MONTHS) for name in (month, month[:3])} | {"sept": 9}
_ENGLISH_MONTHS = {*_MONTHS} - {"april", "may", "august", "september", "november"}  # others have these, too

_MIDNIGHT = r"(?:[T ]00:00(?::00(?:\.0+)?)?(?:Z|[+-]\d\d:?\d\d)?)?"
_NAMED_MONTH = [
    re.compile(r"(?P<month>[A-Za-z]{3,9})\.? (?P<day>\d{1,2}),? (?P<year>\d{4})", re.ASCII),
    re.compile(r"(?P<day>\d{1,2}) (?P<month>[A-Za-z]{3,9})\.?,? (?P<year>\d{4})", re.ASCII),
    re.compile(r"(?P<day>\d{1,2})-(?P<month>[A-Za-z]{3,9})-(?P<year>\d{4})", re.ASCII),
]
_DAYS = [
    *(
        re.compile(form, re.ASCII)
        for form in (
            r"(?P<year>\d{4})(?P<mark>[-/.])(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})" + _MIDNIGHT,
            r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)",
            r"(?P<year>(?:19|20)\d\d)(?P<month>0[1-9]|1[0-2])(?P<day>0[1-9]|[12]\d|3[01])00",  # Wikimedia's hour 0
            r"(?P<year>\d{4})年(?P<month>\d{1,2})月(?P<day>\d{1,2})日",
            r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})",
        )
    ),
    *_NAMED_MONTH,
]
_EITHER_ORDER = re.compile(r"(\d{1,2})([-/])(\d{1,2})\2(\d{4})", re.ASCII)
"""Day and month, or month and day: only the whole column can tell."""

_NO_DAY = [
    (re.compile(form, re.ASCII), hint)
    for form, hint in (
        (
            r"\d{1,4}([-/.])\d{1,2}\1\d{1,4}[T ,]+\d{1,2}:\d\d.*",
            f"there must be one row for each day, without time of day and time zone; {WRITE_DAYS}",
        ),
        (r"\d{1,2}([-/. ])(?:\d{1,2}|[A-Za-z]{3,9})\1\d\d", f"write the year with four digits; {WRITE_DAYS}"),
        (r"\d{4}[-/.]\d{1,2}", f"there must be one row for each day, not for each month; {WRITE_DAYS}"),
        (r"\d{1,4}", f"days themselves are needed, not their numbers or years; {WRITE_DAYS}"),
        (r"\d{5}(?:[.,]\d+)?", "spreadsheets count days like that; format the column as dates such as 2021-01-31"),
        (r"\d{10}(?:\d{3})?", f"computers count seconds like that; {WRITE_DAYS}"),
    )
]
"""What is written in the place of days, and what would do."""


class CellError(Exception):
    """A cell that cannot be read: ``index`` into the column, and what was found and would do."""

    def __init__(self, index: int, message: str) -> None:
        super().__init__(message)
        self.index = index


def is_day(cell: str) -> bool:
    """Whether a cell is written as a day, be there such a day or not."""
    return any(form.fullmatch(cell) for form in (*_DAYS, _EITHER_ORDER))


def is_english_day(cell: str) -> bool:
    """Whether a cell is a day as only English has it: Jan 31, 2021 or 31 January 2021 (31 Jan 2021 may be German)."""
    found = next((match for form in _NAMED_MONTH if (match := form.fullmatch(cell))), None)
    if found is None:
        return False
    month = found["month"].lower()
    return month in _ENGLISH_MONTHS or (month in _MONTH and found.re is _NAMED_MONTH[0])


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
        raise CellError(index, _no_day(cell))
    try:
        return date(int(year), int(month) if month.isdigit() else _MONTH[month.lower()], int(day))
    except (KeyError, ValueError):
        raise CellError(index, f"there is no day {shown(cell)}; {WRITE_DAYS}") from None


def _no_day(cell: str) -> str:
    if not cell:
        return f"the day is empty; {WRITE_DAYS}, and remove rows of no day"
    words = "" if any(map(str.isdigit, cell)) else "; remove rows that are no days, such as totals"
    return f"{shown(cell)} is no day; " + next((hint for form, hint in _NO_DAY if form.fullmatch(cell)), _FORMS) + words


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
