"""CSV files from somebody: a series or one message, in bounded time and memory."""

from __future__ import annotations

import os
import resource
import time
from datetime import date

import pytest
from gradreel.core.curves.piecewise import read_knots
from gradreel.core.daily.csv_file import FORMATS_TO_SUGGEST, CsvFormat, read_daily_csv
from gradreel.core.errors import UserError
from hypothesis import given, settings
from hypothesis import strategies as st

FUZZ = settings(max_examples=100)
TODAY = date(2021, 2, 26)
CELLS = st.sampled_from(
    [
        *("2021-01-30", "20210131", "01/02/2021", "Jan 30, 2021", "2021-02-30", "0001-01-01", "9999-12-31", "99999999"),
        *("Date", "Views", "Total", "5", "1,234", "1.234,5", "-1", "nan", "1e999", "1e-400", "９", "", " ", '"', "#"),
        *("sep=;", "\u2028", "\x0c", "\r", "\n"),
    ]
)
FORMS = st.builds(
    CsvFormat,
    column=st.sampled_from([None, "Views", "5"]),
    date_format=st.sampled_from([None, *FORMATS_TO_SUGGEST]),
    decimal=st.sampled_from([None, ".", ","]),
    fill_missing=st.sampled_from([None, "interpolate"]),
)


def series_or_message(file, form):
    try:
        series = read_daily_csv(file, form, today=TODAY)
    except UserError:
        return
    assert len(series) == (series.end - series.start).days + 1
    assert series.end <= TODAY


@FUZZ
@given(content=st.binary(max_size=200), form=FORMS)
def test_any_bytes_give_a_series_or_a_message(tmp_path, content, form):
    file = tmp_path / "any.csv"
    file.write_bytes(content)
    series_or_message(file, form)


@FUZZ
@given(
    top=st.sampled_from(["", "\ufeff", "# x\n", "sep=;\n", "Date,Views\n", "Date;Views\n"]),
    rows=st.lists(st.lists(CELLS | st.text(max_size=6), max_size=4), max_size=8),
    separator=st.sampled_from(",;\t"),
    quote=st.sampled_from(["", '"']),
    form=FORMS,
)
def test_any_table_gives_a_series_or_a_message(tmp_path, top, rows, separator, quote, form):
    file = tmp_path / "any.csv"
    text = top + "\n".join(separator.join(f"{quote}{cell}{quote}" for cell in row) for row in rows)
    file.write_bytes(text.encode("utf-8", "replace"))
    series_or_message(file, form)


@FUZZ
@given(
    counts=st.lists(st.just(0.0) | st.floats(min_value=1e-100, max_value=1e14), min_size=1, max_size=20),
    newest_first=st.booleans(),
)
def test_any_series_written_is_read_again(tmp_path, counts, newest_first):
    rows = [f"2021-01-{i + 1:02},{count!r}\n" for i, count in enumerate(counts)]
    file = tmp_path / "any.csv"
    file.write_text("Date,Views\n" + "".join(rows[::-1] if newest_first else rows))
    assert read_daily_csv(file, CsvFormat(decimal=".")).values == tuple(counts)


HUGE = {
    "commas": lambda file: file.write_text("," * (8 << 20)),
    "rows": lambda file: file.write_text("Date,Views\n" + "\n" * (8 << 19)),
    "cells": lambda file: file.write_text("Date" + ",a" * 499 + "\n" + ("," * 499 + "\n") * 16_000),
    "sparse": lambda file: (file.touch(), os.truncate(file, 60 << 30)),
    "one number": lambda file: file.write_text("Date,Views\n2021-01-30," + "5" * (8 << 19)),
}


@pytest.mark.parametrize("kind", HUGE)
def test_a_huge_file_is_refused_in_bounded_time_and_memory(tmp_path, kind):
    file = tmp_path / "huge.csv"
    HUGE[kind](file)
    for read in (read_daily_csv, read_knots):
        began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        with pytest.raises(UserError, match=r"huge\.csv"):
            read(file)
        assert time.monotonic() - began < 30
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 1 << 20, "KiB"


def test_endless_files_are_not_read(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    for file in (tmp_path / "pipe.csv", "/dev/zero", tmp_path):
        for read in (read_daily_csv, read_knots):
            with pytest.raises(UserError, match=r"regular file|is a folder"):
                read(file)


def test_invalid_names_and_missing_files_are_reported(tmp_path):
    for file, message in ((tmp_path / "none.csv", "no such file"), ("a" * 5000, "too long"), ("a\0b", "not the name")):
        with pytest.raises(UserError, match=message):
            read_daily_csv(file)


def test_a_command_refuses_a_file_that_is_no_table_and_changes_nothing(tripwires):
    os.mkfifo(tripwires.folder / "pipe.csv")
    (tripwires.folder / "long.csv").write_text("Date,Views\n" + "," * (8 << 20))
    (tripwires.folder / "picture.csv").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00")
    for name, message in (("pipe", "regular file"), ("long", "is longer than"), ("picture", "is not text")):
        for command in (("experiment", "width"), ("render",), ("cache",)):
            told = tripwires.refused(*command, "--data", f"{name}.csv")
            assert told.startswith(f"Error: {name}.csv") and message in told
