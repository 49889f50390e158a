"""Numbers in a CSV file of days: 1,234.5 or 1.234,5, and refused where it may be either."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest
from gradreel.core.daily_series import DailySeries, read_daily_series
from gradreel.core.errors import UserError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

ReadNumbers = Callable[..., DailySeries]


@pytest.fixture
def read(tmp_path: Path) -> ReadNumbers:
    """Write cells in quotes as a column Views to views.csv, perhaps with another column before, and read it."""

    def write_and_read(
        separator: str, cells: Sequence[str], beside: Sequence[str] = (), day: str = "%Y-%m-%d"
    ) -> DailySeries:
        days = [(date(2021, 1, 1) + timedelta(days=i)).strftime(day) for i in range(len(cells))]
        table = [("Date", "Hours", "Views"), *zip(days, beside or [""] * len(cells), cells, strict=True)]
        file = tmp_path / "views.csv"
        file.write_text("".join(separator.join(f'"{cell}"' for cell in row) + "\n" for row in table))
        return read_daily_series(file)

    return write_and_read


@pytest.mark.parametrize(
    ("separator", "cells", "values"),
    [
        (",", ["1234", "5"], [1234, 5]),
        (",", ["1234.0", "5.25"], [1234, 5.25]),
        (",", ["12.5", "0.125"], [12.5, 0.125]),
        (",", ["1,234", "920"], [1234, 920]),  # as YouTube Studio and Google Analytics export thousands
        (",", ["1,234", "23,456"], [1234, 23456]),
        (",", ["1,234", "1,234,567"], [1234, 1234567]),
        (",", ["1,234", "1,234,567.5", "1234"], [1234, 1234567.5, 1234]),
        (",", ["1 234", "1\u00a0234\u00a0567"], [1234, 1234567]),
        (",", ["1'234", "12’345"], [1234, 12345]),
        (",", ["1.234,5", "6"], [1234.5, 6]),
        (",", ["12,5", "6"], [12.5, 6]),
        (",", ["1.2E+03", "0"], [1200, 0]),
        (",", ["3.125", "3.14", "2.7"], [3.125, 3.14, 2.7]),
        (",", ["0.125", "0.250", "93.000"], [0.125, 0.25, 93]),
        (";", ["1.234", "1.234.567"], [1234, 1234567]),
        (";", ["1.234,5", "12"], [1234.5, 12]),
        (";", ["1.234", "5,5"], [1234, 5.5]),
        (";", ["1.234", "920"], [1234, 920]),
        (";", ["1234.5", "12"], [1234.5, 12]),
        (";", ["0.123", "5"], [0.123, 5]),
        (";", ["1234,5", "5"], [1234.5, 5]),
        (";", ["93.000", "1234.000", "2345.500"], [93, 1234, 2345.5]),
        (";", ["1,234", "12.5", "13.5"], [1234, 12.5, 13.5]),
        ("\t", ["1.234", "5,5", "920"], [1234, 5.5, 920]),
        ("\t", ["93.0", "177.8"], [93, 177.8]),
    ],
)
def test_numbers_are_understood(read: ReadNumbers, separator: str, cells: list[str], values: list[float]) -> None:
    assert read(separator, cells).values == tuple(values)


@pytest.mark.parametrize(
    ("separator", "cells", "row", "readings"),
    [
        (",", ["920", "1.768", "190"], 3, r"'1\.768' may be 1768 or 1\.768"),
        (",", ["1.768", "2.345"], 2, r"'1\.768' may be 1768 or 1\.768"),
        ("\t", ["93.000", "177.800"], 2, r"'93\.000' may be 93000 or 93\.000"),
        (";", ["93.000", "177.800"], 2, r"'93\.000' may be 93000 or 93\.000"),
        (";", ["0.500", "177.800", "12.250"], 3, r"'177\.800' may be 177800 or 177\.800"),
        (";", ["93,000", "177,800"], 2, r"'93,000' may be 93000 or 93\.000"),
        (",", ["93,000", "177,800"], 2, r"'93,000' may be 93000 or 93\.000"),
        (";", ["1,234", "5"], 2, r"'1,234' may be 1234 or 1\.234"),
        ("\t", ["1,234", "5"], 2, r"'1,234' may be 1234 or 1\.234"),
        ("\t", ["1.234", "5,5"], 2, r"'1\.234' may be 1234 or 1\.234"),
        (",", ["1,234", "2,345", "12,5"], 2, r"'1,234' may be 1234 or 1\.234, and '12,5' in the same column"),
        (";", ["1.234", "2.345", "12.5"], 2, r"'1\.234' may be 1234 or 1\.234, and '12\.5' in the same column"),
        (";", ["1,234", "2,345", "12.5"], 2, r"'1,234' may be 1234 or 1\.234"),
        (",", ["1,234", "1768"], 2, r"'1,234' may be 1234 or 1\.234, and '1768' in the same column"),
        (";", ["1234.5", "1,234"], 3, r"'1,234' may be 1234 or 1\.234, and '1234\.5' in the same column"),
        (",", ["1 768", "1.234"], 3, r"'1\.234' may be 1234 or 1\.234, and '1 768' in the same column"),
    ],
)
def test_thousands_that_may_be_decimals_are_refused(
    read: ReadNumbers, separator: str, cells: list[str], row: int, readings: str
) -> None:
    with pytest.raises(UserError, match=f"row {row}: {readings}.*write all numbers of the column without thousands"):
        read(separator, cells)


def test_what_the_message_says_would_do_does(read: ReadNumbers) -> None:
    with pytest.raises(UserError, match=r"three: 1234, or 1\.2340"):
        read(";", ["1.234", "2.345", "12.5"])
    assert read(";", ["1234", "2345", "12.5"]).values == (1234, 2345, 12.5)
    assert read(";", ["1.2340", "2.3450", "12.5"]).values == (1.234, 2.345, 12.5)


@pytest.mark.parametrize(
    ("separator", "cells", "beside", "values"),
    [
        (";", ["1.768", "2.345"], ["31,2", "40,3"], [1768, 2345]),
        (",", ["1.768", "920"], ["31,2", "40,3"], [1768, 920]),
        ("\t", ["1,768", "2,345"], ["31.2", "40.3"], [1768, 2345]),
        (";", ["1,768", "2,345"], ["31.2", "40.3"], [1768, 2345]),
        (";", ["1,768", "920"], ["31.2", ""], None),  # a single one may be mistyped
        (";", ["1.768", "920"], ["31.2", ""], None),
        (",", ["1.768", "920"], ["31.2", "40.3"], None),  # a decimal, to go by it, and 920 speaks against that
        (",", ["1,768", "920"], ["31,2", ""], None),
        ("\t", ["1.768", "2.345"], ["31,2", "40.3"], None),
    ],
)
def test_other_columns_tell_which_mark_is_the_decimal_one(
    read: ReadNumbers, separator: str, cells: list[str], beside: list[str], values: list[float] | None
) -> None:
    if values is not None:
        assert read(separator, cells, beside).values == tuple(values)
    else:
        with pytest.raises(UserError, match=r"may be 1768 or 1\.768"):
            read(separator, cells, beside)


@pytest.mark.parametrize(
    ("day", "is_english"), [("%B %d, %Y", True), ("%b %d, %Y", True), ("%d %B %Y", True), ("%d %b %Y", False)]
)
def test_english_days_tell_that_the_comma_groups(read: ReadNumbers, day: str, is_english: bool) -> None:
    if is_english:  # Tableau's exports, separated by tabs
        assert read("\t", ["920", "1,768"], day=day).values == (920, 1768)
        with pytest.raises(UserError, match="may be 1768"):
            read(";", ["920", "1.768"], day=day)
    else:  # German has a Jan, too
        with pytest.raises(UserError, match="may be 1768"):
            read("\t", ["920", "1,768"], day=day)


def test_a_point_and_a_comma_that_may_both_group_are_told(read: ReadNumbers) -> None:
    with pytest.raises(UserError, match=r"row 3: '1,234' is written otherwise than '1\.234'"):
        read(";", ["1.234", "1,234"])
    with pytest.raises(UserError, match=r"row 3: '1\.234,5' is written otherwise than '1,234\.5'"):
        read(";", ["1,234.5", "1.234,5"])


def test_one_cell_alone_does_not_decide_against_all_others(read: ReadNumbers) -> None:
    with pytest.raises(UserError, match=r"row 5: '1\.234\.567' is written otherwise than '1,234'"):
        read(",", ["1,234", "2,345", "3,456", "1.234.567"])
    assert read(",", ["1,234", "2,345", "1,234,567"]).values == (1234, 2345, 1234567)
    assert read(";", ["1,234", "1.234.567", "2.345.678"]).values == (1.234, 1234567, 2345678)


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("-5", "row 3: '-5' is negative"),
        ("−5", "row 3: '−5' is negative"),
        ("", "row 3: the number is empty; write 0 for none, or leave out the row"),
        ("many", "row 3: 'many' is not a number; write 0 for none, or leave out the row"),
        ("nan", "row 3: 'nan' is not a number; write 0 for none"),
        ("inf", "row 3: 'inf' is not a number"),
        ("N/A", "row 3: 'N/A' is not a number; write 0 for none, or leave out the row .*fill_missing = .interp"),
        ("1_000", "row 3: '1_000' is not a number; write it in digits alone"),
        ("12,34", r"row 3: '12,34' is written otherwise than '5\.5'"),
        ("5%", "row 3: '5%' is not a number; write 5, without signs"),
        ("$920.00", r"row 3: '\$920\.00' is not a number; write 920\.00, without signs"),
        ("920,00 €", "row 3: '920,00 €' is not a number; write 920,00, without signs"),
        ("USD 1,920", "row 3: 'USD 1,920' is not a number; write 1,920, without signs and words"),
        ("+5", r"row 3: '\+5' is not a number; write 5, without signs"),
        ("(5)", r"row 3: '\(5\)' is not a number; write it in digits alone"),
        ("1.2K", r"row 3: '1\.2K' is not a number; write it in full, such as 1200"),
        ("1.2万", r"row 3: '1\.2万' is not a number; write it in full, such as 1200"),
        ("<1", "row 3: '<1' is not a number but a bound; write the number itself"),
        ("0:03:53", "row 3: '0:03:53' is not a number; write it in digits alone"),
        ("1,23,456", "row 3: '1,23,456' is not a number; write it in digits alone"),
        ("٥", "row 3: '٥' is not a number; write it in digits alone, such as 920"),
        ("1e300", "row 3: '1e300' is too large"),
        ("1e999", "row 3: '1e999' is too large"),
        ("9" * 400, "row 3: '9{39}…' is too large"),
        ("1.017e-167", r"row 3: '1\.017e-167' is too small; a day's number is 0 or at least 1e-100"),
        ("1e-999", "row 3: '1e-999' is too small"),
    ],
)
def test_numbers_that_cannot_be_read_are_named(read: ReadNumbers, cell: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        read(",", ["5.5", cell])


def test_zeros_of_any_form_are_zeros(read: ReadNumbers) -> None:
    assert read(",", ["0", "0.000", "0e9", "00"]).values == (0, 0, 0, 0)


# However numbers are written: read as they were meant, or refused


@given(
    counts=st.lists(st.integers(0, 20) | st.integers(0, 3000) | st.integers(0, 10**7), min_size=1, max_size=12),
    decimals=st.integers(0, 4),
    marks=st.sampled_from([(",", "."), (".", ","), (" ", "."), (" ", ","), ("", "."), ("", ",")]),
    separator=st.sampled_from([",", ";", "\t"]),
    has_hours=st.booleans(),
)
@settings(deadline=None, max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_numbers_are_read_as_they_were_meant_or_refused(
    read: ReadNumbers, counts: list[int], decimals: int, marks: tuple[str, str], separator: str, has_hours: bool
) -> None:
    thousands, point = marks
    values = [count / 10**decimals for count in counts]
    if separator == "," and point == "," and decimals == 3:
        return  # 12,345 between commas is 12345, as everywhere in English
    cells = [f"{value:,.{decimals}f}".replace(",", "T").replace(".", point).replace("T", thousands) for value in values]
    beside = [f"3{point}5"] * len(cells) if has_hours else []
    try:
        series = read(separator, cells, beside)
    except UserError:
        plain = [cell for cell in cells if "," not in cell and "." not in cell]
        assert len(plain) < len(cells), "plain numbers are not refused"
        return
    assert series.values == pytest.approx(values, rel=1e-12)
