"""The table in a CSV file: which column is the day, which the number, as exports from many places call them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from gradreel.core.daily_cells import is_day, shown
from gradreel.core.daily_numbers import is_number
from gradreel.core.daily_rows import SEPARATORS, Row, read_rows
from gradreel.core.errors import UserError

_DAY_NAMES = {
    *("date", "day", "day index", "datum", "tag", "fecha", "día", "dia", "data", "giorno", "jour", "дата", "tarih"),
    "timestamp",
    *("日期", "日付", "날짜"),
}
_VIEWS_NAMES = {
    *("views", "aufrufe", "vues", "visualizaciones", "visualizações", "visualizzazioni", "weergaven", "просмотры"),
    *("观看次数", "觀看次數", "視聴回数", "조회수"),
}
"""The column as YouTube Studio's exports name it, by the language of the account."""
_TOTAL_NAMES = {
    *("total", "totals", "grand total", "gesamt", "gesamtsumme", "总计", "總計", "合计", "合計", "totale", "totaal"),
    *("итого", "합계", "toplam", "sum", "summe", "suma", "somme"),
}

_NEEDED = "each row needs a day and a number, under a header such as Date,Views"
_EXPORT = "of YouTube Studio's exports take the tab Date, or Totals.csv"
_NAME_IT = (
    'call the one that is meant views, or name it: --column NAME, or column = "NAME" beside data in a lesson file'
)


@dataclass(frozen=True)
class DailyTable:
    """The rows of days, as text: each row's number in the file, its day, its number of views and all its cells."""

    numbers: list[int]
    days: list[str]
    counts: list[str]
    column: str  # header of the numbers; "" without a header
    separator: str
    rows: list[list[str]]

    def cells(self) -> Iterable[str]:
        """Every cell of the rows."""
        return (cell for cells in self.rows for cell in cells)


def read_table(file: Path, column: str | None) -> DailyTable:
    """The rows of days in a CSV file, without comments, header, empty rows and totals.

    Numbers are under ``column``, if it is given. UserError: no text, no rows, no header where one is needed, columns
    that cannot be told apart, cells too few or too many.
    """
    rows, separator = read_rows(file)
    if not rows:
        raise UserError(f"{file}: no rows in it; {_NEEDED}")
    number, first = rows[0]
    if any(is_day(cell) or is_number(cell) for cell in first):
        if len(first) != 2 or not is_day(first[0]) or column is not None:
            raise UserError(
                f"{file}, row {number}: {shown(', '.join(first))} is no header, and without one the columns are not "
                f"known; {_NEEDED}"
            )
        header, day_at, count_at = ["", ""], 0, 1
        body = _without_totals(rows, day_at)
    else:
        header = first
        day_at = _day_column(file, rows)
        body = _without_totals(rows[1:], day_at)
        if not body:
            raise UserError(f"{file}: no rows of days in it, only a header; {_NEEDED}")
        count_at = _count_column(file, number, header, body, day_at, column)
    _check_cells(file, header, body, max(day_at, count_at), separator)
    if separator == ",":
        _check_unquoted_commas(file, header, body, count_at)
    return DailyTable(
        numbers=[number for number, _ in body],
        days=[cells[day_at] for _, cells in body],
        counts=[cells[count_at] for _, cells in body],
        column=" ".join(header[count_at].replace(_SOFT_HYPHEN, "").split()),
        separator=separator,
        rows=[cells for _, cells in body],
    )


# -- rows that are no days, cells that are too many -------------------------------------------------------------------


def _without_totals(rows: list[Row], day_at: int) -> list[Row]:
    """``rows`` without those that sum up others: their day is called a total, or is empty beside such a name.

    Not beside a name that rows of days have in the same place, which is then no total (a segment may be called so).
    """

    dated = [row for row in rows if day_at < len(row[1]) and row[1][day_at]]
    segments: set[int] = set()
    if len(dated) < len(rows):
        own = [cells for _, cells in dated if not _is_total(cells[day_at])]
        segments = {i for cells in own for i, cell in enumerate(cells) if _is_total(cell)}

    def is_day_of_its_own(cells: list[str]) -> bool:
        if day_at < len(cells) and cells[day_at]:
            return not _is_total(cells[day_at])
        return not any(_is_total(cell) for i, cell in enumerate(cells) if i not in segments)

    return [(number, cells) for number, cells in rows if is_day_of_its_own(cells)]


def _is_total(cell: str) -> bool:
    return _plain(cell).rstrip(": ") in _TOTAL_NAMES


def _check_cells(file: Path, header: list[str], body: list[Row], last: int, separator: str) -> None:
    """UserError for a row without the cell ``last``, or with more cells than the header and than other rows."""
    lengths = {len(cells) for _, cells in body}
    for number, cells in body:
        if len(cells) == 1 < last + 1 and not cells[0][0].isdigit():  # a note, or the comment on top of another table
            raise UserError(
                f"{file}, row {number}: {shown(cells[0])} is no day; remove that row, and those below it where they "
                "are another table"
            )
        if len(cells) <= last:
            raise UserError(
                f"{file}, row {number}: {len(cells)} of {len(header)} cells; each row needs a day and a number "
                f"(cells are separated by {SEPARATORS[separator]} here)"
            )
        if len(cells) > len(header) and (any(cells[len(header) :]) or len(lengths) > 1):
            raise UserError(
                f"{file}, row {number}: {len(cells)} cells under {len(header)} columns; a number with thousands "
                'separators stands in quotes ("1,234") or is written without (1234); of empty cells at the end, all '
                "rows need the same number"
            )


_DIGITS = re.compile(r"\d+(?:\.\d*)?", re.ASCII)
_THREE_DIGITS = re.compile(r"\d{3}(?:\.\d*)?", re.ASCII)
_LEADING_DIGITS = re.compile(r"\d{1,3}", re.ASCII)


def _check_unquoted_commas(file: Path, header: list[str], body: list[Row], count_at: int) -> None:
    """UserError where 1,768 may have become the two cells 1 and 768, because there is a column with room for one more.

    Room is in a column without name, in one that rows leave out, and in one that holds nothing but such second halves.
    """
    cut = {number: pair for number, cells in body if (pair := _cut(cells, count_at))}
    if not cut:
        return
    right = count_at + 1
    unnamed = [i for i, name in enumerate(header) if i > count_at and not name]
    has_unnamed = any(is_number(cells[i]) for _, cells in body for i in unnamed if i < len(cells))
    shortest = min(len(cells) for _, cells in body)
    longer = [number for number, cells in body if len(cells) > shortest]
    all_longer = bool(longer) and all(number in cut for number in longer)
    beside = [cells[right] if right < len(cells) else "" for _, cells in body]
    halves = [cell for cell in beside if is_number(cell)]
    has_room = shortest > len(header) or len(halves) < len(beside) or any(cell.startswith("0") for cell in halves)
    only_halves = bool(halves) and all(_THREE_DIGITS.fullmatch(cell) for cell in halves)
    if has_unnamed or all_longer or (only_halves and has_room):
        number = longer[0] if all_longer else next(iter(cut))
        one, other = cut[number]
        plainly = f"without comma ({one}{other})" if len(other) == 3 else f"with a point ({one}.{other})"
        raise UserError(
            f"{file}, row {number}: {one!r} and {other!r} may be one number, cut at its comma; put such numbers in "
            f'quotes ("{one},{other}") or write them {plainly}. If both are meant, give every column a name and every '
            "row all cells, and move columns that are often empty to the left of the numbers"
        )


def _cut(cells: list[str], count_at: int) -> tuple[str, str] | None:
    """Two neighbours that may be one number, the cell of the numbers or one before it; None without such.

    Only where what follows may have moved to the right: a number, or nothing, or anything after three digits.
    """
    for left in range(min(count_at, len(cells) - 2) + 1):
        one, other = cells[left], cells[left + 1]
        if not (_LEADING_DIGITS.fullmatch(one) and _DIGITS.fullmatch(other)):
            continue
        following = cells[count_at + (2 if left == count_at else 1) :][:1]
        if left < count_at:
            has_moved = following != [] and is_number(following[0])
        else:
            has_moved = following in ([], [""]) or is_number(following[0]) or len(other) == 3
        if has_moved:
            return one, other
    return None


# -- which columns ----------------------------------------------------------------------------------------------------


def _day_column(file: Path, rows: list[Row]) -> int:
    """Where the days stand: under the one name of days that the header has, or else in the first column."""
    (number, header), body = rows[0], rows[1:]
    named = [i for i, name in enumerate(header) if _is_day_name(name)]
    if len(named) > 1:  # the other may be the day of the week
        named = [i for i in named if any(i < len(cells) and is_day(cells[i]) for _, cells in body)] or named
    if len(named) == 1:
        return named[0]
    where = f"{file}, row {number}"
    if named:
        raise UserError(
            f"{where}: {len(named)} columns of days among {_listed(header)}; leave the name Date to the one that is "
            f"meant ({_EXPORT})"
        )
    if any(_plain(name).startswith("nth ") for name in header):
        raise UserError(f"{where}: {_listed(header)}: days themselves are needed; export with the dimension Date")
    below = next((n for n, cells in body if any(map(_is_day_name, cells)) and not any(map(is_day, cells))), None)
    if below is not None:
        raise UserError(
            f"{where}: {_listed(header)} is no header, and row {below} looks like one; remove the lines above it"
        )
    if any(is_day(cells[0]) for _, cells in body):
        return 0
    if len(header) == 1:
        raise UserError(
            f"{where}: {_listed(header)} is one cell and no header; {_NEEDED}, separated by , ; or tab (remove the "
            "lines above the header, if it stands further below)"
        )
    raise UserError(
        f"{where}: no column of days among {_listed(header)}; call the one that is meant Date ({_EXPORT}), and remove "
        "the lines above the header, if it stands further below"
    )


def _count_column(file: Path, number: int, header: list[str], body: list[Row], day_at: int, column: str | None) -> int:
    """Where the numbers stand: under ``column``, or a name of views, or in the only other column that has digits.

    Digits in any row: a column of $920 is one of numbers, badly written, and the years beside it are not the views.
    """
    names = [_plain(name) for name in header]
    others = [i for i in range(len(header)) if i != day_at]
    if column is not None:
        found = [i for i in others if names[i] == _plain(column)]
        if len(found) != 1:
            often = "no column" if not found else f"{len(found)} columns"
            raise UserError(
                f"{file}, row {number}: {often} {column!r} among {_listed([header[i] for i in others])}; name one of "
                "these"
            )
        return found[0]
    with_digits = [i for i in others if any(i < len(cells) and re.search(r"\d", cells[i]) for _, cells in body)]
    found = [i for i in others if names[i] in _VIEWS_NAMES] or with_digits
    if len(found) == 1:
        return found[0]
    if found:
        raise UserError(f"{file}, row {number}: {_listed([header[i] for i in found])} may all be meant; {_NAME_IT}")
    raise UserError(f"{file}, row {number}: no column of numbers among {_listed(header)}; {_NAME_IT}")


_SOFT_HYPHEN = "\u00ad"  # in long words of YouTube's


def _plain(name: str) -> str:
    """A header's name without what does not matter: case, spaces, underscores, soft hyphens."""
    return " ".join(name.replace(_SOFT_HYPHEN, "").replace("_", " ").casefold().split())


def _is_day_name(name: str) -> bool:
    return _plain(name) in _DAY_NAMES


def _listed(names: list[str]) -> str:
    return ", ".join(shown(name) for name in names[:12]) + (", …" if len(names) > 12 else "")
