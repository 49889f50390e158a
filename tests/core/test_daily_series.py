import json
import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from gradreel.core.daily_series import DailySeries, read_daily_series
from gradreel.core.errors import UserError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

TODAY = date(2021, 2, 26)

Read = Callable[..., DailySeries]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Write a text (or bytes) to views.csv and read it as a series."""

    def write_and_read(content: str | bytes, **settings: object) -> DailySeries:
        file = tmp_path / "views.csv"
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_daily_series(file, **({"today": TODAY} | settings))  # type: ignore[arg-type]

    return write_and_read


# The model


def test_a_series_knows_its_days() -> None:
    series = DailySeries(start=date(2020, 2, 28), values=(3, 0, 5), name="views.csv")
    assert len(series) == 3
    assert series.end == date(2020, 3, 1)
    np.testing.assert_array_equal(series.array(), [3.0, 0.0, 5.0])
    days = np.array(["2020-02-28", "2020-02-29", "2020-03-01"], dtype="datetime64[D]")
    np.testing.assert_array_equal(series.dates(), days)
    assert series.dates().dtype == days.dtype


def test_a_series_is_the_same_after_json() -> None:
    series = DailySeries(start=date(2020, 1, 1), values=(3, 0.1, 5), name="v.csv", filled=(date(2020, 1, 2),))
    again = DailySeries.model_validate(json.loads(json.dumps(series.model_dump(mode="json"))))
    assert again == series and hash(again) == hash(series)
    assert series != series.model_copy(update={"values": (3.0, 0.2, 5.0)})


def test_equal_series_have_equal_json() -> None:
    negative, positive = (DailySeries(start=date(2020, 1, 1), values=(zero,), name="v") for zero in (-0.0, 0.0))
    assert negative.model_dump_json() == positive.model_dump_json()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"values": ()}, "at least 1 item"),
        ({"values": (1, -1)}, "greater than or equal to 0"),
        ({"values": (1, float("nan"))}, "finite"),
        ({"values": (1, float("inf"))}, "finite"),
        ({"values": (1e16,)}, "less than or equal to"),
        ({"values": (1e-106,)}, "0 or at least 1e-100"),
        ({"name": ""}, "at least 1 character"),
        ({"path": "/views.csv"}, "Extra inputs"),
        ({"start": date(9999, 12, 31)}, "calendar's end"),
        ({"filled": (date(2020, 1, 3),)}, "not a day of the series"),
        ({"filled": (date(2020, 1, 2), date(2020, 1, 1))}, "in order"),
    ],
)
def test_what_is_no_series_is_named(wrong: dict[str, object], message: str) -> None:
    right: dict[str, object] = {"start": date(2020, 1, 1), "values": (1, 2), "name": "views.csv"}
    assert len(DailySeries(**right)) == 2  # type: ignore[arg-type]
    with pytest.raises(ValidationError, match=message):
        DailySeries(**(right | wrong))  # type: ignore[arg-type]


# YouTube Studio's exports

TOTALS = "Date,Views\r\n2021-01-30,812\r\n2021-01-31,1024\r\n2021-02-01,0\r\n"
TABLE = (
    "Date,Views,Watch time (hours),Subscribers,Impressions,Impressions click-through rate (%)\r\n"
    "Total,1836,71.5224,3,20915,3.92\r\n"
    "2021-01-30,812,31.2064,1,9120,4.1\r\n"
    "2021-01-31,1024,40.3160,2,11795,3.8\r\n"
    "2021-02-01,0,0,,0,\r\n"
)
GERMAN = (
    "Datum,Aufrufe,Wiedergabe\u00adzeit (Stunden)\r\nGesamt,1836,71.5\r\n"
    "2021-01-30,812,31.2\r\n2021-01-31,1024,40.3\r\n2021-02-01,0,0\r\n"
)
GERMAN_EXCEL = (
    "sep=;\r\nDatum;Aufrufe;Wiedergabezeit (Stunden)\r\nGesamt;1.836;71,5\r\n"
    "30.01.2021;812;31,2\r\n31.01.2021;1.024;40,3\r\n01.02.2021;0;0\r\n"
)
PLAIN_ROWS = "2021-01-30,812,31.2\n2021-01-31,1024,40.3\n2021-02-01,0,0\n"
SIMPLIFIED = "日期,观看次数,观看时长（小时）\n总计,1836,71.5\n" + PLAIN_ROWS
TRADITIONAL = "日期,觀看次數,觀看時間 (小時)\n總計,1836,71.5\n" + PLAIN_ROWS
JAPANESE = "日付,視聴回数,総再生時間（時間）\n合計,1836,71.5\n" + PLAIN_ROWS
SPANISH = "Fecha,Visualizaciones,Tiempo de visualización (horas)\nTotal,1836,71.5\n" + PLAIN_ROWS
FRENCH_EXCEL = (
    "Date;Vues;Durée de visionnage (heures)\nTotal;1 836;71,5\n"
    "30/01/2021;812;31,2\n31/01/2021;1\u202f024;40,3\n01/02/2021;0;0\n"
)
ENGLISH_DAYS = 'Date,Views\n"Jan 30, 2021",812\n"Jan 31, 2021","1,024"\n"Feb 1, 2021",0\n'


@pytest.mark.parametrize(
    "text",
    [TOTALS, TABLE, GERMAN, GERMAN_EXCEL, SIMPLIFIED, TRADITIONAL, JAPANESE, FRENCH_EXCEL, SPANISH, ENGLISH_DAYS],
    ids=["totals", "table", "de", "de-excel", "zh-cn", "zh-tw", "ja", "fr-excel", "es", "english-days"],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_youtube_studio_is_read_in_many_languages(read: Read, text: str, encoding: str) -> None:
    header = next(line for line in text.splitlines() if not line.startswith("sep="))
    expected = DailySeries(
        start=date(2021, 1, 30), values=(812, 1024, 0), name="views.csv", column=re.split("[,;]", header)[1]
    )
    assert read(text.encode(encoding)) == expected


def test_a_table_of_many_videos_is_told_to_be_the_wrong_export(read: Read) -> None:
    with pytest.raises(UserError, match=r"row 3: 2021-01-30 is there already, in row 2.*Totals\.csv"):
        read(
            "Date,Content,Video title,Video publish time,Duration,Views\n"
            '2021-01-30,QW6uINn7uGk,"One, two","Aug 3, 2020",3093,400\n'
            '2021-01-30,bHcJCp2Fyxs,Three,"Sep 10, 2020",2873,412\n'
        )
    with pytest.raises(UserError, match=r"row 1: no column of days among 'Content'.*'Views'.*Totals\.csv"):
        read('Content,Video title,Video publish time,Views\nTotal,,,900\nQW6uINn7uGk,One,"Aug 3, 2020",400\n')


# Other places


def test_two_columns_with_the_day_first_need_no_header(read: Read) -> None:
    series = read("2021-01-30,5\n2021-01-31,6")
    assert (series.values, series.column) == ((5, 6), "")


@pytest.mark.parametrize("text", ["5,2021-01-30\n", "2021-01-30,5,6\n", "2021-01-30\n", "30,5\n", "2021 Q1,5\n5,6\n"])
def test_other_columns_need_a_header(read: Read, text: str) -> None:
    with pytest.raises(UserError, match="Date,Views"):
        read(text)


def test_columns_may_come_in_any_order_among_others(read: Read) -> None:
    assert read("likes,Views,note,Date\n1,5,a,2021-01-30\n2,6,,2021-01-31\n").values == (5, 6)


def test_google_analytics_is_read(read: Read) -> None:
    top = "# ----\n# Acme, report\n# Start date: 20210130\n# ----\n\n"
    assert read(top + "Date,Active users\n,11,Grand total\n20210130,5\n20210131,6\n").values == (5, 6)


def test_a_column_can_be_asked_for(read: Read) -> None:
    text = "Date,Views,Engaged views\n2021-01-30,3,2\n"
    series = read(text, column="engaged views")
    assert (series.values, series.column) == ((2,), "Engaged views")
    with pytest.raises(UserError, match="no column 'likes' among 'Views', 'Engaged views'"):
        read(text, column="likes")
    with pytest.raises(UserError, match="no header"):
        read("2021-01-30,3\n", column="likes")


def test_a_table_without_numbers_is_told(read: Read) -> None:
    with pytest.raises(UserError, match="row 1: no column of numbers among 'Date', 'Weekday'"):
        read("Date,Weekday\n2021-01-30,Sat\n")


def test_two_columns_of_days_are_told(read: Read) -> None:
    with pytest.raises(UserError, match="2 columns of days among 'Date', 'Day', 'Views'"):
        read("Date,Day,Views\n2021-01-30,2021-01-30,5\n")


def test_the_day_of_the_week_is_not_taken_for_the_day(read: Read) -> None:
    assert read("Day,Date,Visits\nSat,2021-01-30,5\nSun,2021-01-31,6\n").values == (5, 6)
    assert read("Date,Day,Visits\n2021-01-30,30,5\n", column="Visits").values == (5,)


def test_numbers_the_rows_may_come_first(read: Read) -> None:
    assert read("#,Date,Views\n1,2021-01-30,5\n2,2021-01-31,6\n").values == (5, 6)


# Days

DAYS = ["2021-01-30", "20210130", "2021/01/30", "2021/1/30", "2021-01-30T00:00:00Z", "2021-01-30 00:00:00.000"]
DAYS += ["2021-01-30T00:00:00+08:00", "Jan 30, 2021", "January 30, 2021", "30 Jan 2021", "30.1.2021", "2021年1月30日"]
DAYS += ["30/01/2021", "01/30/2021", "30-01-2021"]


@pytest.mark.parametrize("day", DAYS)
def test_days_are_understood(read: Read, day: str) -> None:
    assert read(f'Date,Views\n"{day}",5\n').start == date(2021, 1, 30)


def test_one_day_after_the_12th_tells_day_from_month(read: Read) -> None:
    rows = [f"{day:%d/%m/%Y},1" for day in (date(2021, 1, 11) + timedelta(days=i) for i in range(3))]
    assert read("Date,Views\n" + "\n".join(rows)).start == date(2021, 1, 11)
    rows = [f"{day:%m/%d/%Y},1" for day in (date(2021, 1, 11) + timedelta(days=i) for i in range(3))]
    assert read("Date,Views\n" + "\n".join(rows)).start == date(2021, 1, 11)


@pytest.mark.parametrize(
    ("days", "message"),
    [
        (["01/02/2021", "02/02/2021"], "row 2: '01/02/2021' may be day/month or month/day.*write days as 2021-01-31"),
        (["30/01/2021", "01/31/2021"], "row 3: '01/31/2021' has day and month the other way round than '30/01/2021'"),
        (["2021-01-30", "2021-02-30"], "row 3: there is no day '2021-02-30'"),
        (["2021-01-30", "2021-13-01"], "row 3: there is no day '2021-13-01'"),
        (["2021-01-30", "Foo 31, 2021"], "row 3: there is no day 'Foo 31, 2021'"),
        (["2021-01-30", "yesterday"], "row 3: 'yesterday' is no day; write days as 2021-01-31"),
        (["2021-01-30", ""], "row 3: the day is empty"),
        (["2021-01-30", "2021-01-31T06:00:00"], "row 3: '2021-01-31T06:00:00' is no day"),
        (["2021-01-30", "1/31/21"], "row 3: '1/31/21' is no day"),
        (["2021-01-30", "٢٠٢١-٠١-٣١"], "row 3: .* is no day"),
    ],
)
def test_days_that_cannot_be_read_are_named(read: Read, days: list[str], message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        read("Date,Views\n" + "".join(f'"{day}",5\n' for day in days))
    assert "views.csv" in str(caught.value)


def test_thousands_without_quotes_are_told(read: Read) -> None:
    with pytest.raises(UserError, match=r"row 2: 3 cells under 2 columns.*in quotes"):
        read("Date,Views\n2021-01-30,1,234\n")


# Rows


def test_newest_first_is_turned_round(read: Read) -> None:
    series = read("Date,Views\n2021-01-31,6\n2021-01-30,5\n")
    assert (series.start, series.values) == (date(2021, 1, 30), (5, 6))


@pytest.mark.parametrize(
    ("days", "message"),
    [
        ("02 04 03 05", r"row 4: 2021-01-03 stands next to 2021-01-04 of row 3; sort"),
        ("05 03 04 02", r"row 3: 2021-01-03 stands next to 2021-01-04 of row 4; sort"),
        ("02 03 03 04", r"row 4: 2021-01-03 is there already, in row 3"),
        ("04 03 03 02", r"row 4: 2021-01-03 is there already, in row 3"),
        ("02 03 04 02 05", r"row 5: 2021-01-02 is there already, in row 2"),
        ("02 03 06 07 10", r"2021-01-04 is missing between rows 3 \(2021-01-03\) and 4 \(2021-01-06\).*in all: 4\."),
        (
            "10 09 06",
            r"2021-01-07 is missing between rows 4 \(2021-01-06\) and 3 \(2021-01-09\).*--fill-missing interpolate, "
            r'or fill_missing = "interpolate" beside data in a lesson file',
        ),
    ],
)
def test_days_out_of_order_are_named(read: Read, days: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        read("Date,Views\n" + "".join(f"2021-01-{day},5\n" for day in days.split()))


def test_rows_are_counted_as_an_editor_counts_lines(read: Read) -> None:
    with pytest.raises(UserError, match="row 8: 'x' is not a number"):
        read('# note\n\nDate,Note,Views\n2021-01-29,"two\nlines",5\n\n,,\n2021-01-30,,x\n')


def test_a_day_to_come_is_told(read: Read) -> None:
    with pytest.raises(UserError, match="row 3: 2021-02-27 is after today, 2021-02-26"):
        read("Date,Views\n2021-02-26,5\n2021-02-27,5\n")
    assert len(read("Date,Views\n2021-02-26,5\n2021-02-27,5\n", today=date(2021, 2, 27))) == 2


def test_today_is_the_calendars_day_by_default(read: Read) -> None:
    tomorrow = date.today() + timedelta(days=2)  # wherever midnight falls while this runs
    with pytest.raises(UserError, match="after today"):
        read(f"Date,Views\n{tomorrow},5\n", today=None)
    assert len(read(f"Date,Views\n{date.today()},5\n", today=None)) == 1


def test_a_mistyped_year_is_told(read: Read) -> None:
    with pytest.raises(UserError, match=r"row 2: 0202-01-30 is more than .* correct the year"):
        read("Date,Views\n0202-01-30,5\n2021-01-31,5\n", fill_missing="interpolate")


def test_missing_days_get_the_straight_line_when_asked(read: Read) -> None:
    series = read("Date,Views\n2021-01-28,1\n2021-01-31,7\n2021-02-02,0\n", fill_missing="interpolate")
    assert series.values == pytest.approx((1, 3, 5, 7, 3.5, 0), rel=1e-15)
    assert series.filled == (date(2021, 1, 29), date(2021, 1, 30), date(2021, 2, 1))
    assert read("Date,Views\n2021-01-28,1\n", fill_missing="interpolate").filled == ()
    low = read("Date,Views\n1750-01-01,0\n2021-01-28,1e-100\n", fill_missing="interpolate")
    assert 0 < low.values[1] < 1e-104


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no rows in it"),
        (b"\n\n , \n", "no rows in it"),
        (b"# only a comment\n", "no rows in it"),
        (b"Date,Views\n", "no rows of days in it, only a header"),
        (b"Date,Views\nTotal,0\n", "no rows of days in it, only a header"),
        (b"Date,Views,Likes\n2021-01-30\n", "row 2: 1 of 3 cells"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "not text in UTF-8 or UTF-16"),
        (b"Date,Views\n2021-01-30,\x00", "not a text file"),
        ("Datum,Zugriffe für heute\n2021-01-30,5\n".encode("latin-1"), "not text in UTF-8 or UTF-16"),
        (b"\xff\xfeD\x00a", "not text in UTF-8 or UTF-16"),
        (b"Date,Views\n2021-01-30," + b"5" * 200_000, "row 2: field larger than field limit"),
    ],
)
def test_a_file_that_holds_no_series_is_told(read: Read, content: bytes, message: str) -> None:
    with pytest.raises(UserError, match=message):
        read(content)


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    for path, message in [
        (tmp_path, "is a directory"),
        (tmp_path / "none.csv", "there is no such file"),
        (Path("a" * 5000), "File name too long"),
        (Path("a\0b"), "not the name of a file"),
    ]:
        with pytest.raises(UserError, match=message):
            read_daily_series(path)


def test_a_series_bears_the_files_name_alone(tmp_path: Path) -> None:
    (tmp_path / "my views.csv").write_text("2021-01-30,5\n")
    assert read_daily_series(str(tmp_path / "my views.csv")).name == "my views.csv"


def test_zeros_are_a_series(read: Read) -> None:
    assert read("Date,Views\n2021-01-30,0\n2021-01-31,0\n").values == (0, 0)


def test_three_centuries_are_read(read: Read) -> None:
    days = [date(1747, 5, 15) + timedelta(days=i) for i in range(100_000)]
    series = read("Date,Views\n" + "".join(f"{day},{i}\n" for i, day in enumerate(days)), today=days[-1])
    assert len(series) == 100_000 and series.end == days[-1]
    np.testing.assert_array_equal(series.array(), np.arange(100_000))


# Whatever the file holds: a series, or a message

FUZZ = settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
CELLS = st.sampled_from(
    [
        *(*DAYS, "2021-01-31", "01/02/2021", "2021-02-30", "0000-01-01", "9999-12-31", "99999999"),
        *("Date", "Views", "Total", "Visits", "5", "1,234", "1.234,5", "-1", "nan", "1e999", "９", "'1'"),
        *("", " ", '"', "#", "sep=;", "\u2028", "\x0c"),
    ]
)
WRONG = st.sampled_from(["nothing"] * 12 + ["gap", "day", "count"])  # with a row of a table
TABLES = st.tuples(
    st.sampled_from(["", "\ufeff", "# x\n", "sep=;\n"]),
    st.sampled_from([",", ";", "\t"]),
    st.lists(st.lists(CELLS | st.text(max_size=6), max_size=4), max_size=8),
    st.booleans(),
)


def series_or_message(read: Read, content: str | bytes, **settings: object) -> None:
    try:
        series = read(content, **settings)
    except UserError:
        return
    assert len(series) == (series.end - series.start).days + 1 and series.end <= TODAY


@FUZZ
@given(content=st.binary(max_size=200))
def test_any_bytes_give_a_series_or_a_message(read: Read, content: bytes) -> None:
    series_or_message(read, content)


@FUZZ
@given(table=TABLES, fill=st.sampled_from([None, "interpolate"]), column=st.sampled_from([None, "Views", "5"]))
def test_any_table_gives_a_series_or_a_message(
    read: Read, table: tuple[str, str, list[list[str]], bool], fill: str | None, column: str | None
) -> None:
    top, separator, rows, quoted = table
    text = top + "\n".join(separator.join(f'"{cell}"' if quoted else cell for cell in row) for row in rows)
    series_or_message(read, text.encode("utf-8", "replace"), fill_missing=fill, column=column)


@FUZZ
@given(
    rows=st.lists(st.tuples(st.sampled_from([-1, 0, 2, 40, 200_000]), CELLS, CELLS, WRONG), max_size=12),
    form=st.sampled_from(["%Y-%m-%d", "%d/%m/%Y", "%b %d, %Y"]),
    fill=st.sampled_from([None, "interpolate"]),
)
def test_any_nearly_right_table_gives_a_series_or_a_message(
    read: Read, rows: list[tuple[int, str, str, str]], form: str, fill: str | None
) -> None:
    text, day = "Date,Views\n2020-12-01,3\n", date(2020, 12, 1)
    for gap, day_cell, count_cell, wrong in rows:
        day = max(min(day, date(9000, 1, 1)) + timedelta(days=gap if wrong == "gap" else 1), date(1000, 1, 1))
        text += f'"{day_cell if wrong == "day" else day.strftime(form)}","{count_cell if wrong == "count" else 5}"\n'
    series_or_message(read, text, fill_missing=fill)


@FUZZ
@given(
    start=st.dates(min_value=date(1990, 1, 1), max_value=date(2020, 1, 1)),
    counts=st.lists(st.just(0.0) | st.floats(min_value=1e-100, max_value=1e14), min_size=1, max_size=40),
    newest_first=st.booleans(),
)
def test_any_series_written_is_read_again(read: Read, start: date, counts: list[float], newest_first: bool) -> None:
    # 1.234 may be thousands; 1.2340 is not
    cells = [f"{count!r}0" if re.fullmatch(r"[1-9]\d{0,2}\.\d{3}", f"{count!r}") else f"{count!r}" for count in counts]
    rows = [f"{start + timedelta(days=i)},{cell}\n" for i, cell in enumerate(cells)]
    series = read("Date,Views\n" + "".join(rows[::-1] if newest_first else rows))
    assert (series.start, series.values) == (start, tuple(counts))
