"""Numbers as spreadsheets and web analytics write them in the cells of one column: 1234.5, 1,234.5, 1.234,5."""

import re
from collections.abc import Iterable, Sequence

from gradreel.core.daily_cells import CellError, is_english_day, shown

FILL = '--fill-missing interpolate, or fill_missing = "interpolate" beside data in a lesson file'
"""What has straight lines fill missing days."""

LARGEST = 1e15
"""No day has more: whole numbers up to here are exact in float64."""

SMALLEST = 1e-100
"""No day has less, but 0: squares of the smallest differences of such numbers, as in deviations, are no zeros yet."""


def _number_form(point: str, thousands: str) -> re.Pattern[str]:
    """Numbers with this decimal point, and groups of three digits kept apart by this mark, a space or an apostrophe."""
    groups = rf"[1-9]\d{{0,2}}([{thousands} \u00a0\u2009\u202f'’])\d{{3}}(?:\1\d{{3}})*(?:{point}\d+)?"
    return re.compile(rf"{groups}|\d+(?:{point}\d*)?(?:[eE][+-]?\d{{1,3}})?|{point}\d+", re.ASCII)


_ENGLISH = _number_form(r"\.", ",")  # 1,234.5
_CONTINENTAL = _number_form(",", ".")  # 1.234,5
_GROUPING = re.compile(r"[ \u00a0\u2009\u202f'’]")  # what groups in both


def is_number(cell: str) -> bool:
    """Whether a cell is written as a number, of whatever sign."""
    return any(form.fullmatch(cell.lstrip("-−")) for form in (_ENGLISH, _CONTINENTAL))


def read_numbers(cells: Sequence[str], separator: str, table: Iterable[str]) -> list[float]:
    """The number of each cell, all read one way: 1,234.5 or 1.234,5. Raises CellError at the first that is none.

    ``separator`` is what keeps the file's cells apart, ``table`` all of them: where the column may be read both ways,
    they may tell how numbers are written there. CellError where they do not.
    """
    if all(cell.isascii() and cell.isdigit() for cell in cells) and max(map(len, cells)) < 16:
        return [float(cell) for cell in cells]  # the same, sooner
    for i, cell in enumerate(cells):
        if not is_number(cell):
            raise CellError(i, _no_number(cell))
        if cell[0] in "-−":
            raise CellError(i, f"{shown(cell)} is negative; a count is 0 or more")
    english = _is_english(cells, separator, table)
    values = [_number(cell, english) for cell in cells]
    for i, value in enumerate(values):
        if value > LARGEST:
            raise CellError(i, f"{shown(cells[i])} is too large; a day's number is at most {LARGEST:g}")
        if 0 < value < SMALLEST or (value == 0 and re.search("[1-9]", re.split("[eE]", cells[i])[0])):
            raise CellError(i, f"{shown(cells[i])} is too small; a day's number is 0 or at least {SMALLEST:g}")
    return values


def _number(cell: str, english: bool) -> float:
    plain = _GROUPING.sub("", cell)
    return float(plain.replace(",", "") if english else plain.replace(".", "").replace(",", "."))


# -- is the point the decimal mark, or the comma? ---------------------------------------------------------------------


def _is_english(cells: Sequence[str], separator: str, table: Iterable[str]) -> bool:
    """Whether a column's numbers are written 1,234.5, and not 1.234,5. Raises CellError where that is not sure.

    1.234 and 1,234 may be thousands or decimals. Wrong by a factor of 1000 is worse than refused, and one mistyped cell
    must not decide for all others.
    """
    only_english = [i for i, cell in enumerate(cells) if not _CONTINENTAL.fullmatch(cell)]
    only_continental = [i for i, cell in enumerate(cells) if not _ENGLISH.fullmatch(cell)]
    if only_english and only_continental:
        raise _written_differently(cells, only_english[0], only_continental[0])
    sure = {*only_english, *only_continental}
    either = [i for i, cell in enumerate(cells) if i not in sure and ("," in cell or "." in cell)]
    if not either:
        return not only_continental
    mark = "," if "," in cells[either[0]] else "."
    beyond_doubt = [i for i in sorted(sure) if _marks(cells[i]) > 1]  # 1,234,567 and 1,234.5
    if len(beyond_doubt) > 1 or any(mark in cells[i] for i in beyond_doubt):
        return not only_continental
    if beyond_doubt:
        raise _written_differently(cells, *sorted((either[0], beyond_doubt[0])))
    unlike = next((i for i in either if mark not in cells[i]), None)
    if unlike is not None:
        raise _written_differently(cells, either[0], unlike)
    decimals = [cells[i] for i in sorted(sure) if mark in cells[i]]
    if decimals:
        if _are_decimals(decimals, len(either)):
            return mark == "."
        raise _ambiguous(cells, either[0], decimals[0])
    ungrouped = next((cell for cell in cells if mark not in cell and _whole_digits(cell) > 3), None)
    if ungrouped is not None:
        raise _ambiguous(cells, either[0], ungrouped)
    if not _groups_thousands(cells, mark, separator, table):
        raise _ambiguous(cells, either[0])
    return mark == ","


def _marks(cell: str) -> int:
    return cell.count(",") + cell.count(".")


def _whole_digits(cell: str) -> int:
    """How many digits stand before the decimal mark of a cell without thousands' points or commas."""
    return len(re.split("[.,eE]", _GROUPING.sub("", cell))[0])


def _are_decimals(decimals: Sequence[str], n_either: int) -> bool:
    """Whether ``decimals``, which cannot be thousands, tell that ``n_either`` others such as 1.234 are decimals, too.

    Thousands that a spreadsheet took for decimals have lost their last zeros (12.500 is 12.5 there), one in ten: hence
    the majority. They have no 0 in front and no more than three digits there.
    """
    never_thousands = [cell for cell in decimals if cell[0] in "0.," or _whole_digits(cell) > 3]
    return len(never_thousands) > 1 or len(decimals) > n_either


def _groups_thousands(cells: Sequence[str], mark: str, separator: str, table: Iterable[str]) -> bool:
    """Whether ``mark``, always before three digits in the column, surely groups thousands, by how the file is written.

    Witnesses are the file's other numbers, what separates its cells, and days in English. The column itself
    tells by whole numbers below 1000 without mark: decimals of fixed length would have it everywhere.
    """
    english = mark == ","
    agreeing, opposing, english_days = _witnesses(table, english)
    if opposing or (english_days and not english):
        return False
    if agreeing > 1:
        return True
    of_separator = {",": True, ";": False}.get(separator)
    if of_separator not in (None, english):
        return False
    others = agreeing + (of_separator is not None) + english_days
    if others > 1:
        return True
    if any(cell.isdigit() for cell in cells):
        return others == 1
    padded = all(cell.endswith("0") for cell in cells)  # as 93.000 and 177.800 are
    return separator == "," and not padded


def _witnesses(table: Iterable[str], english: bool) -> tuple[int, int, bool]:
    """How many numbers of a table can only be written the ``english`` way (or not), how many only the other way.

    And whether it has days as only English writes them.
    """
    only_english = only_continental = 0
    english_days = False
    for cell in table:
        if "," in cell or "." in cell:
            reads_english, reads_continental = _ENGLISH.fullmatch(cell), _CONTINENTAL.fullmatch(cell)
            only_english += bool(reads_english and not reads_continental)
            only_continental += bool(reads_continental and not reads_english)
        english_days = english_days or is_english_day(cell)
    return *((only_english, only_continental) if english else (only_continental, only_english)), english_days


def _written_differently(cells: Sequence[str], one: int, other: int) -> CellError:
    earlier, later = sorted((one, other))
    return CellError(
        later,
        f"{shown(cells[later])} is written otherwise than {shown(cells[earlier])}: is the point or the comma the "
        "decimal one? Write all numbers plainly, such as 1234.5",
    )


def _ambiguous(cells: Sequence[str], index: int, beside: str | None = None) -> CellError:
    """Of a cell such as 1.234; ``beside``: another that makes it doubtful."""
    cell = cells[index]
    thousands, decimal = re.sub("[.,]", "", cell), cell.replace(",", ".")
    why = "nothing in the file tells for sure" if beside is None else f"{shown(beside)} in the same column leaves doubt"
    return CellError(
        index,
        f"{shown(cell)} may be {thousands} or {decimal}, and {why}; write all numbers of the column without thousands "
        f"separators and with another number of decimals than three: {thousands}, or {decimal}0",
    )


# -- what would do in the place of a cell that is no number -----------------------------------------------------------

_IN_FULL = re.compile(r"[\d.,]+\s*(?:k|m|b|mn|bn|mio|mrd|tsd|thousand|million|billion|万|萬|億|亿)\.?", re.IGNORECASE)


def _no_number(cell: str) -> str:
    if not cell:
        return "the number is empty; write 0 for none, or leave out the row of a day whose number is not known"
    found = f"{shown(cell)} is not a number"
    if not re.search(r"\d", cell):
        return (
            f"{found}; write 0 for none, or leave out the row of a day whose number is not known (straight lines fill "
            f"missing days: {FILL})"
        )
    if re.match("[<>≤≥~≈]", cell):
        return f"{found} but a bound; write the number itself, such as 920, or 0"
    if _IN_FULL.fullmatch(cell):
        return f"{found}; write it in full, such as 1200"
    signless = re.fullmatch(r"[^\d.,()-]*([\d.,]*\d)[^\d.,()]*", cell, re.ASCII)
    if signless and is_number(signless[1]):
        return f"{found}; write {signless[1]}, without signs and words"
    return f"{found}; write it in digits alone, such as 920"
