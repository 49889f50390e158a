"""Knots from CSV files as spreadsheets write them, and errors that name file and row."""

from pathlib import Path

import pytest
from gradreel.core.curves.piecewise import read_knots
from gradreel.core.errors import UserError

GOOD = {
    "plain": b"1,1\n3,4\n4.5,2\n",
    "header": b"x,y\n1,1\n3,4\n4.5,2\n",
    "byte order mark and Windows line ends": b"\xef\xbb\xbfx,y\r\n1,1\r\n3,4\r\n4.5,2\r\n",
    "semicolons and decimal commas": b"x;y\n1;1\n3;4\n4,5;2\n",
    "tabs": b"1\t1\n3\t4\n4.5\t2\n",
    "quotes, blanks and empty lines": b'\n"1" , 1\n\n 3,"4"\n4.5,2e0\n\n',
    "no newline at the end": b"1,1\n3,4\n4.5,2",
    "Excel's UTF-16": "x\ty\n1\t1\n3\t4\n4,5\t2\n".encode("utf-16"),
    "Excel's separator on top": b"sep=;\r\nx;y\r\n1;1\r\n3;4\r\n4,5;2\r\n",
}


@pytest.mark.parametrize("name", GOOD)
def test_knots_are_read(name: str, tmp_path: Path) -> None:
    file = tmp_path / "curve.csv"
    file.write_bytes(GOOD[name])
    assert read_knots(file).knots == ((1, 1), (3, 4), (4.5, 2))


BAD = [
    (b"", "no knots in it"),
    (b"x,y\n", "no knots in it"),
    (b"1,1\n2,two\n", "row 2: y is 'two', not a number"),
    (b"x,y\n\n1,1\n2,\n", "row 4: y is '', not a number"),
    (b"x,y\nfoo,bar\n1,1\n2,3\n", "row 2: x is 'foo'"),
    (b"1,abc\n2,3\n", "row 1: y is 'abc'"),
    (b"1,1\n2,3,4\n", "row 2: a knot is two numbers, x and y; found 3"),
    (b"1\n2\n", "row 1: a knot is two numbers"),
    (b"1,1\n3,4\n3,5\n", "row 3: x = 3.0 repeats x = 3.0 of row 2"),
    (b"x,y\n1,1\n3,4\n2,5\n", "row 4: x = 2.0 lies left of x = 3.0 of row 3"),
    (b"1,1\n2,nan\n", "row 2: y is nan"),
    (b"1,1\ninf,2\n", "row 2: x is inf"),
    (b"1,1\n", "at least 2 knots, got 1"),
    (b"1,1\n2,1_000\n", "row 2: y is '1_000'"),
    (b"1,1\n2,\xff", "not text in UTF-8 or UTF-16"),
    (b"x\ty\n1\t1,234\n2\t2,345\n", "row 2: y is '1,234', which may be 1234 or 1.234; write the one that is meant"),
    (b'1,1\n"2,3\n', "row"),
    (b"Y,X\n1,1\n2,3\n", "row 1: the columns are ['Y', 'X']; x comes first, then y: swap the columns"),
    (b'x,y\n0,"1,000"\n1,"2,500"\n', "row 2: y is '1,000', not a number; write 1000, without thousands separators"),
    (b"x;y\n0;1,5\n2.000;2\n", "row 3: of ['2.000', '2'] and the rows above some have a decimal point, others a comma"),
    (b"x;y\n0;-1 234 567.5\n", "write -1234567.5, without"),
]


@pytest.mark.parametrize(("content", "message"), BAD)
def test_an_invalid_knot_is_named(content: bytes, message: str, tmp_path: Path) -> None:
    file = tmp_path / "curve.csv"
    file.write_bytes(content)
    with pytest.raises(UserError) as raised:
        read_knots(file)
    assert message in str(raised.value)
    assert str(raised.value).startswith(str(file))


def test_a_missing_file_of_knots_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file"):
        read_knots(tmp_path / "curve.csv")


@pytest.mark.parametrize("name", ["x" * 5000, "a\0b"])
def test_an_invalid_file_name_is_named(name: str) -> None:
    with pytest.raises(UserError):
        read_knots(Path(name))


def test_a_directory_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is a folder"):
        read_knots(tmp_path)
