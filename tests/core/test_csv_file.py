"""Daily counts in CSV files: unambiguous files are read, ambiguous ones are refused with the option that decides."""

import re
import unicodedata
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from gradreel.core.daily.csv_file import FORMATS_TO_SUGGEST, CsvFormat, read_daily_csv
from gradreel.core.daily.series import DailySeries
from gradreel.core.errors import UserError

TODAY = date(2021, 2, 26)

Read = Callable[..., DailySeries]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Return a function that writes a text (or bytes) to views.csv and reads it as a series."""

    def write_and_read(content: str | bytes, **form: str) -> DailySeries:
        file = tmp_path / "views.csv"
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_daily_csv(file, CsvFormat(**form), today=TODAY)  # type: ignore[arg-type]

    return write_and_read


# YouTube Studio's exports

TOTALS = "Date,Views\r\n2021-01-30,812\r\n2021-01-31,1024\r\n2021-02-01,0\r\n"
TABLE = (
    "Date,Views,Watch time (hours),Subscribers,Impressions,Impressions click-through rate (%)\r\n"
    "Total,1836,71.5224,3,20915,3.92\r\n"
    "2021-01-30,812,31.2064,1,9120,4.1\r\n"
    "2021-01-31,1024,40.3160,2,11795,3.8\r\n"
    "2021-02-01,0,0,,0,\r\n"
)
PLAIN_ROWS = "2021-01-30,812,31.2\n2021-01-31,1024,40.3\n2021-02-01,0,0\n"
GERMAN = "Datum,Aufrufe,Wiedergabe\u00adzeit (Stunden)\r\nGesamt,1836,71.5\r\n" + PLAIN_ROWS
SIMPLIFIED = "日期,观看次数,观看时长（小时）\n总计,1836,71.5\n" + PLAIN_ROWS
TRADITIONAL = "日期,觀看次數,觀看時間 (小時)\n總計,1836,71.5\n" + PLAIN_ROWS
JAPANESE = "日付,視聴回数,総再生時間（時間）\n合計,1836,71.5\n" + PLAIN_ROWS
SPANISH = "Fecha,Visualizaciones,Tiempo de visualización (horas)\nTotal,1836,71.5\n" + PLAIN_ROWS


@pytest.mark.parametrize("text", [TOTALS, TABLE, GERMAN, SIMPLIFIED, TRADITIONAL, JAPANESE, SPANISH])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_youtube_studio_is_read_without_options_in_any_language(read: Read, text: str, encoding: str) -> None:
    assert read(text.encode(encoding)) == DailySeries(
        start=date(2021, 1, 30), values=(812, 1024, 0), name="views.csv", column=text.splitlines()[0].split(",")[1]
    )


def test_a_table_of_many_videos_is_refused_as_the_wrong_export(read: Read) -> None:
    with pytest.raises(UserError, match=r"row 3: 2021-01-30 occurs already in row 2; .*Totals\.csv"):
        read(
            "Date,Content,Video title,Video publish time,Duration,Views\n"
            '2021-01-30,QW6uINn7uGk,"One, two","Aug 3, 2020",3093,400\n'
            '2021-01-30,bHcJCp2Fyxs,Three,"Sep 10, 2020",2873,412\n'
        )


# Choosing the column


def test_days_are_in_the_date_or_first_column_and_numbers_in_the_only_other(read: Read) -> None:
    assert read("Tag,Besucher\n2021-01-30,5\n").column == "Besucher"
    assert read("Visits,Date\n5,2021-01-30\n").values == (5,)
    assert read("likes,Views,note,DATE\n1,5,a,2021-01-30\n2,6,,2021-01-31\n").values == (5, 6)
    assert read("#,Date,Views\n1,2021-01-30,5\n").values == (5,)


def test_a_column_can_be_named(read: Read) -> None:
    text = "Date,Views,Watch\u00ad_time  (hours)\n2021-01-30,3,2\n"
    series = read(text, column="watch time (hours)")
    assert (series.values, series.column) == ((2,), "Watch_time (hours)")
    with pytest.raises(UserError, match=r"row 1: no column of numbers is called 'likes'; there are 'Views', 'Watch"):
        read(text, column="likes")
    with pytest.raises(UserError, match="no column of numbers is called 'Date'; there are 'Views'"):
        read(text, column="Date")


@pytest.mark.parametrize("header", ["Date,Visitors,Sales", "Date,Views,views"])
def test_an_ambiguous_column_is_refused_with_the_option(read: Read, header: str) -> None:
    names = ", ".join(repr(name) for name in header.split(",")[1:])
    with pytest.raises(UserError, match=rf"row 1: {names} may all be meant; .*--column NAME \(column = "):
        read(f"{header}\n2021-01-30,3,5\n")


def test_a_column_is_found_however_its_accents_are_coded(read: Read) -> None:
    text = unicodedata.normalize("NFD", "Data,Visualizações,Horas\n2021-01-30,5,1\n")
    assert read(text).values == read(text, column="visualizações").values == (5,)


def test_a_line_above_the_header_is_refused(read: Read) -> None:
    with pytest.raises(UserError, match=r"row 1: 'My channel' is no header of a table; .*nothing above it"):
        read("My channel\n\nDate,Views\n2021-01-30,5\n")


# Formats of dates


def test_iso_dates_need_no_option(read: Read) -> None:
    for day in ("2021-01-30", "20210130", "2021-01-30T00:00:00Z", "2021-01-30 00:00:00.000"):
        assert read(f"Date,Views\n{day},5\n").start == date(2021, 1, 30), day


@pytest.mark.parametrize("form", FORMATS_TO_SUGGEST)
def test_other_dates_are_refused_with_the_fitting_format(read: Read, form: str) -> None:
    text = "Date,Views\n" + "".join(f'"{day:{form}}",5\n' for day in (date(2021, 1, 30), date(2021, 1, 31)))
    with pytest.raises(UserError, match=re.escape(f"--date_format {form!r} (date_format = ")):
        read(text)
    assert read(text, date_format=form).start == date(2021, 1, 30)


def test_dates_that_two_formats_fit_are_refused_with_both(read: Read) -> None:
    with pytest.raises(UserError, match=r"row 2: '01/02/2021' .*'%d/%m/%Y' or --date_format '%m/%d/%Y'"):
        read("Date,Views\n01/02/2021,5\n02/02/2021,6\n")


@pytest.mark.parametrize("day", ["yesterday", "", "2021-01", "2021", "44197", "2021-02-30", "2021-01-31T06:00:00"])
def test_a_cell_that_is_no_date_is_named(read: Read, day: str) -> None:
    with pytest.raises(UserError, match=rf"views.csv, row 3: {day!r} in the column 'Date' is no day written as"):
        read(f"Date,Views\n2021-01-30,5\n{day},5\n")


@pytest.mark.parametrize("form", ["", "%d", "%d%d", "%Y-%m", "%", "%Q", "a\0b", "%s", "("])
def test_a_date_format_without_year_month_or_day_is_refused(form: str) -> None:
    with pytest.raises(UserError, match="does not tell year, month and day"):
        CsvFormat(date_format=form)


# Formats of numbers


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        *[("1234", 1234), ("12.5", 12.5), ("12,5", 12.5), ("0.125", 0.125), ("1234.500", 1234.5), ("1 234", 1234)],
        *[("1,234,567.5", 1234567.5), ("1.234.567,5", 1234567.5), ("1.2E+03", 1200), ("1'234", 1234), (".5", 0.5)],
    ],
)
def test_an_unambiguous_number_needs_no_option(read: Read, cell: str, number: float) -> None:
    assert read(f'Date,Views\n2021-01-30,"{cell}"\n').values == (number,)


@pytest.mark.parametrize(
    ("cell", "point", "comma"), [("1,234", 1.234, 1234), ("1.234", 1234, 1.234), ("93.000", 93000, 93)]
)
def test_an_ambiguous_comma_is_refused_with_the_option(read: Read, cell: str, point: float, comma: float) -> None:
    text = f'Date,Views\n2021-01-30,12\n2021-01-31,"{cell}"\n'
    with pytest.raises(UserError, match=rf"row 3: '{cell}' may be .*--decimal \. or --decimal , \(decimal = "):
        read(text)
    assert read(text, decimal=",").values == (12, point)
    assert read(text, decimal=".").values == (12, comma)


def test_a_file_has_one_decimal_mark(read: Read) -> None:
    assert read('Date,Views\n2021-01-30,"1,234"\n2021-01-31,12.5\n').values == (1234, 12.5)
    with pytest.raises(UserError, match=r"row 3: '1\.5' is not a day's number with the decimal mark ,:"):
        read("Date;Views\n2021-01-30;1,5\n2021-01-31;1.5\n")


@pytest.mark.parametrize("cell", ["many", "", "-5", "1e999", "1e-300", "9" * 20, "1,23,456", "5%", "$5", "９", "nan"])
def test_a_cell_that_is_no_valid_number_is_named(read: Read, cell: str) -> None:
    with pytest.raises(UserError, match=r"views\.csv, row 2: .* is not a day's number: 0, or from"):
        read(f'Date,Views\n2021-01-30,"{cell}"\n')
    with pytest.raises(UserError, match="with the decimal mark ,"):
        read('Date,Views\n2021-01-30,"12.5"\n', decimal=",")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Date,Views\n2021-01-30,1,234\n", "row 2: 3 cells under 2 columns; .* quote cells"),
        ("Date,Views,Notes\n2021-01-30,920\n2021-01-31,1,768\n", "row 2: 2 cells under 3 columns"),
        ("Date,Views,\n2021-01-30,1,768\n2021-01-31,2,768\n", "row 2: a cell is in a column without a header"),
    ],
)
def test_a_number_cut_by_its_comma_is_refused(read: Read, text: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        read(text)


# Rows


def test_rows_may_come_in_any_order_and_are_counted_as_an_editor_counts(read: Read) -> None:
    series = read("# note\n\nDate,Views\n2021-01-31,6\n\n,\n2021-01-30,5\n")
    assert (series.start, series.values) == (date(2021, 1, 30), (5, 6))
    with pytest.raises(UserError, match="row 7: 'x' is not a day's number"):
        read("# note\n\nDate,Views\n2021-01-31,6\n\n,\n2021-01-30,x\n")


def test_missing_days_are_an_error_or_get_the_straight_line(read: Read) -> None:
    text = "Date,Views\n2021-01-28,1\n2021-01-31,7\n2021-02-02,0\n"
    with pytest.raises(UserError, match=r"2021-01-29 is missing; days missing in all: 3\. .*--fill_missing"):
        read(text)
    series = read(text, fill_missing="interpolate")
    assert series.values == pytest.approx((1, 3, 5, 7, 3.5, 0), rel=1e-15)
    assert series.filled == (date(2021, 1, 29), date(2021, 1, 30), date(2021, 2, 1))
    low = read("Date,Views\n1750-01-01,0\n2021-01-28,1e-100\n", fill_missing="interpolate")
    assert 0 < low.values[1] < 1e-104


def test_repeated_future_and_distant_days_are_named(read: Read) -> None:
    with pytest.raises(UserError, match="row 4: 2021-01-30 occurs already in row 2"):
        read("Date,Views\n2021-01-30,5\n2021-01-31,5\n2021-01-30,6\n")
    with pytest.raises(UserError, match="row 2: 2021-02-27 is after today, 2021-02-26"):
        read("Date,Views\n2021-02-27,5\n2021-02-26,5\n")
    with pytest.raises(UserError, match=r"row 2: 0202-01-30 is more than .* correct its year"):
        read("Date,Views\n0202-01-30,5\n2021-01-31,5\n", fill_missing="interpolate")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "no rows in it"),
        ("\n\n \n# note", "no rows in it"),
        ('"",""\n', "no rows in it"),
        ("Date,Views\n", "no rows of days in it"),
        ("Date,Views\nTotal,5\n", "no rows of days in it"),
        ("2021-01-30,5\n2021-01-31,6\n", "row 1: '2021-01-30' is no header; add one above"),
        ("<html><table>\n<p>\n", "row 1: '<html><table>' is no header of a table"),
        ('Date,Views\n2021-01-30,"5\n2021-01-31,6"\n', r'row 2: a quote \("\) is not closed in its row'),
        ('Date,Views\n2021-01-30,"5"x\n', "expected after"),
    ],
)
def test_a_file_that_is_no_table_of_days_is_refused(read: Read, content: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        read(content)


@pytest.mark.slow
def test_three_centuries_are_read(read: Read, tmp_path: Path) -> None:
    days = [date(1747, 5, 15) + timedelta(days=i) for i in range(100_000)]
    file = tmp_path / "long.csv"
    file.write_text("Date,Views\n" + "".join(f"{day},{i}\n" for i, day in enumerate(days)))
    np.testing.assert_array_equal(read_daily_csv(file).array(), np.arange(100_000))


def test_the_series_that_ships_is_read_with_its_missing_days_filled() -> None:
    file = Path(__file__).parents[2] / "assets" / "series" / "wikipedia-r.csv"
    with pytest.raises(UserError, match="days missing in all: 59"):
        read_daily_csv(file)
    series = read_daily_csv(file, CsvFormat(fill_missing="interpolate"))
    assert (series.start, series.end, len(series), len(series.filled)) == (
        *(date(2008, 1, 1), date(2015, 12, 31)),
        *(2922, 59),
    )
    counted = [
        views for day, views in zip(series.dates().tolist(), series.values, strict=True) if day not in series.filled
    ]
    assert all(views == round(views) >= 59 for views in counted), "whole views, of every day that was counted"
