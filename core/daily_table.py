"""The table in a CSV file: which column is the day, which the number, as exports from many places call them."""

import codecs
import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from gradreel.core.daily_cells import is_day, is_number, shown
from gradreel.core.errors import UserError

_DAY_NAMES = {
    *("date", "day", "day index", "datum", "tag", "fecha", "día", "dia", "data", "giorno", "jour", "дата", "tarih"),
    *("日期", "日付", "날짜"),
}
_VIEWS_NAMES = {
    *("views", "aufrufe", "vues", "visualizaciones", "visualizações", "visualizzazioni", "weergaven", "просмотры"),
    *("观看次数", "觀看次數", "視聴回数", "조회수"),
}
"""The column as YouTube Studio's exports name it, by the language of the account."""
_OTHER_NAMES = {
    *("visits", "visitors", "unique visitors", "pageviews", "page views", "sessions", "users", "active users"),
    *("total users", "sales", "orders", "units", "downloads", "plays", "clicks", "count", "value"),
    *("visites", "visiteurs", "besuche", "besucher", "seitenaufrufe", "visitas", "访问量", "浏览量", "瀏覽次數"),
}
_TOTAL_NAMES = {
    *("total", "totals", "grand total", "gesamt", "gesamtsumme", "总计", "總計", "合计", "合計", "totale", "totaal"),
    *("итого", "합계", "toplam"),
}

_NEEDED = "each row needs a day and a number, under a header such as Date,Views"

Row: TypeAlias = tuple[int, list[str]]
"""A row's number in the file, as an editor counts lines, and its cells."""


@dataclass(frozen=True)
class DailyTable:
    """The rows of days, as text: each row's number in the file, its day and its number of views."""

    numbers: list[int]
    days: list[str]
    counts: list[str]
    separated_by_commas: bool


def read_table(file: Path, column: str | None) -> DailyTable:
    """The rows of days in a CSV file, without comments, header, empty rows and totals.

    Numbers are under ``column``, if it is given. UserError: no text, no rows, no header where one is needed, columns
    that cannot be told apart, cells too few or too many.
    """
    rows, delimiter = _rows(file)
    rows, day_at, count_at = _columns(file, rows, column)
    return DailyTable(
        numbers=[number for number, _ in rows],
        days=[cells[day_at] for _, cells in rows],
        counts=[cells[count_at] for _, cells in rows],
        separated_by_commas=delimiter == ",",
    )


def _columns(file: Path, rows: list[Row], column: str | None) -> tuple[list[Row], int, int]:
    """The rows of days, without header and totals, and where in them the day and the number stand."""
    if not rows:
        raise UserError(f"{file}: no rows in it; {_NEEDED}")
    first_number, first = rows[0]
    if any(is_day(cell) or is_number(cell) for cell in first):
        if len(first) != 2 or not is_day(first[0]) or column is not None:
            raise UserError(
                f"{file}, row {first_number}: {shown(', '.join(first))} is no header, and without one the columns are "
                f"not known; {_NEEDED}"
            )
        header, day_at, count_at = ["date", "views"], 0, 1
        body = rows
    else:
        header = first
        body = [(number, cells) for number, cells in rows[1:] if not _is_total(cells)]
        if not body:
            raise UserError(f"{file}: no rows of days in it, only a header; {_NEEDED}")
        day_at = _day_column(file, first_number, header, body[0][1])
        count_at = _count_column(file, first_number, header, body[0][1], day_at, column)
    for number, cells in body:
        if len(cells) <= max(day_at, count_at):
            raise UserError(
                f"{file}, row {number}: {len(cells)} of {len(header)} cells; each row needs a day and a number"
            )
        if any(cells[len(header) :]):
            raise UserError(
                f"{file}, row {number}: {len(cells)} cells under {len(header)} columns; a number with thousands "
                'separators stands in quotes ("1,234") or is written without (1234)'
            )
    return body, day_at, count_at


def _is_total(cells: list[str]) -> bool:
    """Whether a row sums up the others: a total's name in it, and no day."""
    return any(_plain(cell) in _TOTAL_NAMES for cell in cells) and not any(is_day(cell) for cell in cells)


def _day_column(file: Path, number: int, header: list[str], cells: list[str]) -> int:
    named = [i for i, name in enumerate(header) if _plain(name) in _DAY_NAMES]
    if not named and cells and is_day(cells[0]):
        return 0
    if len(named) != 1:
        found = "no column of days" if not named else f"{len(named)} columns of days"
        raise UserError(
            f"{file}, row {number}: {found} among {_listed(header)}; call the one that is meant Date "
            "(of YouTube Studio's exports take the tab Date, or Totals.csv)"
        )
    return named[0]


def _count_column(file: Path, number: int, header: list[str], cells: list[str], day_at: int, column: str | None) -> int:
    """Where the numbers stand: under ``column``, or a kind of names that the header has, or the only numbers."""
    names = [_plain(name) for name in header]
    if column is not None:
        found = [i for i, name in enumerate(names) if name == _plain(column)]
        if len(found) != 1:
            often = "no column" if not found else f"{len(found)} columns"
            raise UserError(f"{file}, row {number}: {often} {column!r} among {_listed(header)}; name one of these")
        return found[0]
    others = [i for i in range(len(header)) if i != day_at]
    for known in (_VIEWS_NAMES, _OTHER_NAMES, None):
        found = [
            i for i in others if (names[i] in known if known is not None else i < len(cells) and is_number(cells[i]))
        ]
        if len(found) == 1:
            return found[0]
        if found:
            raise UserError(
                f"{file}, row {number}: {_listed([header[i] for i in found])} may all be meant; call the one that is "
                "meant views"
            )
    raise UserError(
        f"{file}, row {number}: no column of numbers among {_listed(header)}; call the one that is meant views"
    )


def _plain(name: str) -> str:
    """A header's name without what does not matter: case, spaces, underscores, YouTube's soft hyphens in long words."""
    return " ".join(name.replace("\u00ad", "").replace("_", " ").casefold().split())


def _listed(names: list[str]) -> str:
    return ", ".join(shown(name) for name in names[:12]) + (", …" if len(names) > 12 else "")


_COMMENT = re.compile(r"#(?![,;\t])")  # web analytics' lines on top; a column of row numbers may be called "#"


def _rows(file: Path) -> tuple[list[Row], str]:
    """The rows that hold something, without comments at the top, and what separates their cells."""
    lines = re.split(r"\r\n|\r|\n", _text(file))
    top = next((i for i, line in enumerate(lines) if line.strip() and not _COMMENT.match(line)), len(lines))
    delimiter = ","
    if top < len(lines):
        hint = re.fullmatch(r"sep=([,;\t|])", lines[top].strip('" '))  # Excel's own line on top
        unquoted = re.sub(r'"[^"]*"', "", lines[top])
        delimiter = hint[1] if hint else next((mark for mark in ";\t" if mark in unquoted), ",")
        top += bool(hint)
    return list(_split(file, lines, top, delimiter)), delimiter


def _split(file: Path, lines: list[str], top: int, delimiter: str) -> Iterator[Row]:
    reader = csv.reader(lines[top:], delimiter=delimiter, skipinitialspace=True)
    number = top + 1
    try:
        for cells in reader:
            stripped = [cell.strip() for cell in cells]
            if any(stripped):
                yield number, stripped
            number = top + reader.line_num + 1
    except csv.Error as error:
        raise UserError(f"{file}, row {number}: {error}; {_NEEDED}") from None


def _text(file: Path) -> str:
    """The file as text: UTF-8, or UTF-16 where its byte-order mark says so."""
    try:
        if file.is_dir():
            raise UserError(f"{file} is a directory; daily views are read from a CSV file")
        content = file.read_bytes()
    except FileNotFoundError:
        raise UserError(f"{file}: there is no such file; daily views are read from a CSV file") from None
    except OSError as error:
        raise UserError(f"{file}: {error.strerror}") from None
    except ValueError:  # a null character in the name
        raise UserError(f"{str(file)!r} is not the name of a file") from None
    is_utf_16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = content.decode("utf-16" if is_utf_16 else "utf-8-sig")
    except UnicodeDecodeError:
        raise UserError(f"{file} is not text in UTF-8 or UTF-16; save it as CSV in UTF-8") from None
    if "\0" in text:
        raise UserError(f"{file} is not a text file; save the table as CSV in UTF-8")
    return text
