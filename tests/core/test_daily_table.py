"""The table in a CSV file of days: which column is meant, which rows are days, and what a cut or open cell hides."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from gradreel.core.daily_series import DailySeries, read_daily_series
from gradreel.core.errors import UserError

Read = Callable[..., DailySeries]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Write a text to views.csv and read it as a series."""

    def write_and_read(text: str, **settings: object) -> DailySeries:
        file = tmp_path / "views.csv"
        file.write_text(text, encoding="utf-8", newline="")
        return read_daily_series(file, **settings)  # type: ignore[arg-type]

    return write_and_read


def rows(*cells: str, form: str = "%Y-%m-%d") -> str:
    """Rows of days from 2021-01-01 on, and what follows each day."""
    return "".join(f"{date(2021, 1, 1) + timedelta(days=i):{form}},{cell}\n" for i, cell in enumerate(cells))


# Columns


@pytest.mark.parametrize("name", ["Visits", "page_views", "Sessions", "USERS", "Sales", "Besucher", "n", "播放量"])
def test_the_only_column_with_digits_is_taken(read: Read, name: str) -> None:
    series = read(f"Date,Weekday,{name}\n" + rows("Fri,5", "Sat,6"))
    assert (series.values, series.column) == ((5, 6), name)


def test_views_are_meant_before_anything_else(read: Read) -> None:
    series = read("Date,Visitors,Views,Views (previous)\n" + rows("3,5,4"))
    assert (series.values, series.column) == ((5,), "Views")


def test_the_columns_name_is_without_hyphens_of_youtubes(read: Read) -> None:
    series = read("Datum,Wiedergabe\u00adzeit  (Stunden)\n" + rows("5"))
    assert series.column == "Wiedergabezeit (Stunden)"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Date,Visitors,Sales\n" + rows("3,5"), "'Visitors', 'Sales'"),
        ("Date,Views,views\n" + rows("3,5"), "'Views', 'views'"),
        ("Date,Year,Total sales\n" + rows('2021,"$920"', '2021,"$1,768"'), "'Year', 'Total sales'"),
        ("Date,Week,Revenue\n" + rows("53,€920", "53,€1768"), "'Week', 'Revenue'"),
        ("date,store,revenue\n" + rows("17,USD 920", "17,USD 1768"), "'store', 'revenue'"),
        ("Date,Cat,Dog\n" + rows(",7", "5,8", "6,8"), "'Cat', 'Dog'"),
        ("Date,a,b\n" + rows("null,3", "5,4"), "'a', 'b'"),
        ("Day,Orders,Gross sales,Net sales\n" + rows("920,4.5,4.1"), "'Orders', 'Gross sales', 'Net sales'"),
        ("Date,Orders,Sales\n" + rows("3,$920.00"), "'Orders', 'Sales'"),
        ("Date,Sessions,Amount\n" + rows("3,１２"), "'Sessions', 'Amount'"),
    ],
)
def test_several_columns_that_may_be_meant_are_named(read: Read, text: str, names: str) -> None:
    mend = 'call the one that is meant views, or name it: --column NAME, or column = "NAME" beside data in a lesson'
    with pytest.raises(UserError, match=f"row 1: {re.escape(names)} may all be meant; {mend}"):
        read(text)


def test_a_column_without_numbers_is_not_passed_over(read: Read) -> None:
    with pytest.raises(UserError, match="row 2: the number is empty"):
        read("Date,Views,Rank\n" + rows(",3", ",4"))
    with pytest.raises(UserError, match=r"row 2: '920,00 €' is not a number"):
        read("Day;Total sales\n2021-01-01;920,00 €\n")


def test_the_days_cannot_be_the_numbers(read: Read) -> None:
    with pytest.raises(UserError, match="no column 'Date' among 'Views'; name one of these"):
        read("Date,Views\n20210130,5\n", column="Date")


# A header that is none


@pytest.mark.parametrize(
    ("top", "message"),
    [
        (
            "Category: All categories\n\nDay,cats: (Worldwide)\n",
            "row 1: .* no header, and row 3 looks like one; remove",
        ),
        ("#,a\nDate,Views\n", "row 1: '#', 'a' is no header, and row 2 looks like one; remove the lines above it"),
        ("date|views\n", r"row 1: 'date\|views' is one cell and no header.*separated by , ; or tab"),
        ("日期，观看次数\n", "row 1: '日期，观看次数' is one cell and no header.*separated by , ; or tab"),
        ('"Date,Views"\n', "row 1: 'Date,Views' is one cell and no header"),
        ("Report of January\nWhen,Views\n", "remove the lines above the header, if it stands further below"),
        ("Report, January\nWhen,Views\n", "remove the lines above the header, if it stands further below"),
        ("<html><table>\n", "row 1: '<html><table>' is HTML, JSON or the like and no table; save it as CSV"),
        ('[{"date":"2021-01-01"}]\n', "row 1: .* is HTML, JSON or the like"),
        ("Nth day,Active users\n", "row 1: 'Nth day', 'Active users': days themselves are needed; .* dimension Date"),
    ],
)
def test_what_would_mend_a_header_is_told(read: Read, top: str, message: str) -> None:
    body = "0000,5\n0001,6\n" if "Nth" in top else "x 2021,5\n"
    with pytest.raises(UserError, match=message):
        read(top + body)


def test_a_header_that_is_separated_otherwise_is_told(read: Read) -> None:
    with pytest.raises(UserError, match=r"row 2: 1 of 2 cells.*\(cells are separated by tabs here\)"):
        read("Date\tViews\n2021-01-01,5\n")


# Days


@pytest.mark.parametrize(
    ("day", "message"),
    [
        ("01/01/21", "write the year with four digits; write days as 2021-01-31"),
        ("01.01.21", "write the year with four digits"),
        ("01-Jan-21", "write the year with four digits"),
        ("Łącznie", "write days as .* are read, too\\); remove rows that are no days, such as totals"),
        ("2021010106", "computers count seconds like that; write days"),
        ('"Fri, Jan 01, 2021"', r"write days as 2021-01-31 \(20210131, 31\.1\.2021, .* are read, too\)"),
        ("44197", "spreadsheets count days like that; format the column as dates such as 2021-01-31"),
        ("1609459200", "computers count seconds like that; write days"),
        ("0001", "days themselves are needed, not their numbers or years"),
        ("2021-01", "there must be one row for each day, not for each month"),
        ("2021-01-01 23:00:00", "there must be one row for each day, without time of day and time zone"),
        ("2021-01-01T23:00:00+01:00", "there must be one row for each day, without time of day and time zone"),
    ],
)
def test_what_would_mend_a_day_is_told(read: Read, day: str, message: str) -> None:
    with pytest.raises(UserError, match=f"row 2: .* is no day; {message}"):
        read(f"Date,Views\n{day},5\n")


def test_the_forms_that_are_told_are_read(read: Read) -> None:
    with pytest.raises(UserError) as caught:
        read("Date,Views\nyesterday,5\n")
    forms = re.search(r"write days as (\S+) \((.*) are read, too\)", str(caught.value))
    assert forms is not None
    for form in [forms[1], *re.split(r", (?!2021)| and ", forms[2])]:
        assert read(f'Date,Views\n"{form}",5\n').start == date(2021, 1, 31), form


def test_wikimedias_hours_are_days_if_they_are_midnight(read: Read) -> None:
    series = read("project,timestamp,views\nen.wikipedia,2021010100,5\nen.wikipedia,2021010200,6\n")
    assert (series.start, series.values) == (date(2021, 1, 1), (5, 6))


def test_a_second_table_below_the_first_is_told(read: Read) -> None:
    with pytest.raises(UserError, match="row 4: '# ----' is no day; remove that row, and those below it"):
        read("# Users\nDate,Users\n2021-01-01,5\n# ----\nCountry,Users\nChile,3\n")


@pytest.mark.parametrize("note", ["Source: our own count", "* provisional", '"Made by hand, in May"'])
def test_a_note_below_the_table_is_told(read: Read, note: str) -> None:
    with pytest.raises(UserError, match=r"row 4: '.*' is no day; remove that row"):
        read(f"Date,Users\n2021-01-01,5\n\n{note}\n")


# Totals


@pytest.mark.parametrize(
    "total", ["Total,11", "total:,11", "Sum,11", "Sum:,11", "合计,11", ",11,Grand total", ",,Total"]
)
@pytest.mark.parametrize("header", ["Date,Views\n", ""])
def test_a_total_is_left_out(read: Read, header: str, total: str) -> None:
    series = read(header + rows("5", "6") + total + "\n")
    assert (series.values, series.end) == ((5, 6), date(2021, 1, 2))


def test_days_of_a_segment_that_is_called_total_are_days(read: Read) -> None:
    text = "Date,Segment,Views\n" + rows("Total,5", "Total,6")
    assert read(text).values == (5, 6)
    with pytest.raises(UserError, match=r"row 4: 'Fri 2021-01-03' is no day"):
        read(text + "Fri 2021-01-03,Total,7\n")
    with pytest.raises(UserError, match="row 2: '01/01/21' is no day"):
        read("Date,Segment,Views\n" + rows("Total,5", "Total,6", form="%m/%d/%y"))
    with pytest.raises(UserError, match="row 4: '2021-1O-03' is no day"):
        read(text + "2021-1O-03,Total,7\n2021-01-04,Total,8\n", fill_missing="interpolate")
    with pytest.raises(UserError, match=r"row 4: the day is empty; .* remove rows of no day"):
        read(text + ",Total,7\n")


@pytest.mark.parametrize("end", ["\n,\n,,,\n", ";;\n", ";\n\n", "\t\n"])
def test_rows_of_separators_alone_are_empty(read: Read, end: str) -> None:
    assert read("Date,Views\n" + rows("5", "6") + end).values == (5, 6)


# Numbers whose thousands' comma has cut them


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        ("Date,Views,Notes", ["920", "1,768", "190"]),
        ("Date,Views,Notes", ["920,", "1,768", "190,"]),
        ("Date,Views,Notes", ["920,launch", "1,768", "190,"]),
        ("Date,Views,", ["920", "1,768"]),
        ("Date,Views,", ["1,768", "2,345"]),
        ("Date,Views,", ["1,768.50", "2,345.25"]),
        ("Date,Views,", ["1,5", "2,5"]),  # decimal commas
        ("Date,Views,Notes", ["1,5", "2"]),
        ("Date,Views,Notes,", ["1,234,567", "2,345,678"]),
        ("Date,Views,Likes", ["1,768,", "2,345,"]),
        ("Date,Views,Notes", ["1,768", "2,045"]),
        ("Date,Views,Likes,Notes", ["1,5,12", "2,13"]),
        ("Date,Sales,Views,Notes", ["920,15", "1,768,12"]),
        ("Date,Views,Likes,Notes", ["920,15", "1,768,12"]),
    ],
)
def test_a_number_that_may_be_cut_in_two_is_refused(read: Read, header: str, cells: list[str]) -> None:
    number = next(i for i, cell in enumerate(cells) if re.match(r"\d,", cell)) + 2
    one, other = cells[number - 2].split(",")[:2]
    expected = f'row {number}: {one!r} and {other!r} may be one number, cut at its comma; .*quotes ("{one},{other}")'
    with pytest.raises(UserError, match=re.escape(expected).replace(r"\.\*", ".*")):
        read(f"{header}\n" + rows(*cells))


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        ("Date,Views", ["1,768", "920"]),
        ("Date,Views,Comments", ["920,", "1,768,"]),
        ("Date,Views", ["920", "5,"]),
        ("", ["920", "5,"]),
    ],
)
def test_more_cells_than_other_rows_and_the_header_are_refused(read: Read, header: str, cells: list[str]) -> None:
    longest = max(range(len(cells)), key=lambda i: cells[i].count(","))
    expected = f"row {longest + (2 if header else 1)}: .* cells under .* columns; .*in quotes"
    with pytest.raises(UserError, match=expected):
        read((f"{header}\n" if header else "") + rows(*cells))


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        ("Date,Views,", ["5", "6"]),
        ("Date,Views,", ["5,", "6,"]),
        ("Date,Views", ["5,", "6,"]),
        ("Date,Views,Likes", ["5,234", "6,120"]),
        ("Date,Views,Likes", ["5,12", "6,"]),
        ("Date,Views,Likes", ["5,12,", "6,345,"]),
        ("Date,Views,Notes", ["5,", "6,"]),
        ("Date,Views,Notes", ["5,launch", "6"]),
        ("Date,Views,Likes,Notes", ["5,120,launch", "6,110,"]),
        ("Date,Views,Likes,Notes", ["5,12", "6,11,launch", "7,10"]),
    ],
)
def test_columns_beside_the_numbers_may_hold_anything_that_is_whole(read: Read, header: str, cells: list[str]) -> None:
    assert read(f"{header}\n" + rows(*cells)).values == tuple(int(cell.split(",")[0]) for cell in cells)


# Quotes


def with_notes(notes: dict[int, str]) -> str:
    return "Date,Views,Note\n" + rows(*(f"{1920 + i},{notes.get(i, '')}" for i in range(40)))


def test_a_quote_that_is_not_closed_is_told_with_its_row(read: Read) -> None:
    assert len(read(with_notes({20: '"launch"'}))) == 40
    for notes in ({20: '"launch'}, {20: '"launch', 25: 'the" end'}, {20: '"launch', 25: '"end"'}):
        with pytest.raises(UserError, match=r'row 22: a quote \("\) opens there and is not closed'):
            read(with_notes(notes), fill_missing="interpolate")
    with pytest.raises(UserError, match="row 41: a quote"):
        read(with_notes({39: '"'}))
    with pytest.raises(UserError, match="row 3: a quote"):
        read('Date,Views\n2021-01-01,5\n2021-01-02,"6\n2021-01-03,7\n')
    with pytest.raises(UserError, match="row 4: a quote"):
        read('Date,Views,Note,Title\n2021-01-01,5,a,b\n2021-01-02,6,"two\nlines","open\n2021-01-03,7,,\n')


def test_an_open_quote_is_told_however_long_the_rest_is(read: Read) -> None:
    with pytest.raises(UserError, match="row 2: a quote"):
        read("Date,Views,Note\n" + rows('5,"x', *["6,"] * 20_000))


def test_rows_within_a_quoted_cell_are_told(read: Read) -> None:
    with pytest.raises(UserError, match=r"""row 22: a quote \("\) opens there .* '2021-01-22,1941,', .* its row"""):
        read(with_notes({20: '"launch', 25: 'the end"'}), fill_missing="interpolate")
    with pytest.raises(UserError, match=r"row 3: a quote .* after '5,2021-01-02,b,c', which looks like a row"):
        read('Views,Date,Note,Title\n4,2021-01-01,"two\nlines","open\n5,2021-01-02,b,c"\n')


def test_text_of_several_lines_is_no_row(read: Read) -> None:
    series = read('Date,Note,Views\n2021-01-01,"Part one,\nof 2021, in ""quotes"",\n3",5\n2021-01-02,12" vinyl,6\n')
    assert series.values == (5, 6)


def test_spaces_after_a_quote_do_not_matter(read: Read) -> None:
    assert read('"Date" , "Views" \n"2021-01-01" ,"5" \n"2021-01-02","6"\n').values == (5, 6)
