from __future__ import annotations

import pytest
from gradreel.core.errors import UserError
from gradreel.render.lessons.options import (
    files_in_settings,
    parse_beat_range,
    parse_overrides,
    parse_resolution,
    parse_value,
)
from gradreel.scenes.lecture.curves.build_curve import BuildCurve


@pytest.mark.parametrize("text", ["1280,720", "1280x720", " 1280 , 720 "])
def test_resolution(text):
    assert parse_resolution(text) == (1280, 720)


@pytest.mark.parametrize("text", ["1280", "1280,720,3", "wide,high", "", "1.5,2", "12_80,720", "１２８０,720"])
def test_an_invalid_resolution_is_answered_with_the_notation(text):
    with pytest.raises(UserError, match="-r 1280,720"):
        parse_resolution(text)


@pytest.mark.parametrize(
    ("text", "beats"),
    [
        ("constant,piece-2", ("constant", "piece-2")),
        ("constant", ("constant", "constant")),
        ("constant,", ("constant", None)),
        (",piece-2", (None, "piece-2")),
        ("a, b,a, b", ("a, b", "a, b")),
    ],
)
def test_beat_range(text, beats):
    assert parse_beat_range(text)[0] == beats


@pytest.mark.parametrize("text", ["", ",", " , ,"])
def test_an_invalid_beat_range_is_refused(text):
    with pytest.raises(UserError, match="one beat"):
        parse_beat_range(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("[[0,1],[2,3]]", [[0, 1], [2, 3]]),
        ("0.1", 0.1),
        ("true", True),
        ("null", None),
        ('"12"', "12"),
        ("sin(3*x) + x/2", "sin(3*x) + x/2"),
        ("", ""),
    ],
)
def test_value_is_json_or_else_text(text, value):
    assert parse_value(text) == value


@pytest.mark.parametrize("text", ["[[0,1],[2,3]", "{a: 1}", " [1 2]", "[" * 60 + "]" * 60])
def test_broken_json_is_no_text(text):
    with pytest.raises(UserError, match=r"is not valid JSON, at line 1, column|is nested deeper"):
        parse_value(text)


def test_value_from_files(tmp_path):
    (tmp_path / "knots.json").write_text("[[0, 1], [2, 3]]")
    (tmp_path / "formula.txt").write_text("sin(x)\n")
    (tmp_path / "curve.csv").write_text("x,y\n0,1\n2,3.5\n")
    assert parse_value(f"@{tmp_path}/knots.json") == [[0, 1], [2, 3]]
    assert parse_value(f"@{tmp_path}/formula.txt") == "sin(x)"
    assert parse_value(f"@{tmp_path}/curve.csv") == [[0.0, 1.0], [2.0, 3.5]]


@pytest.mark.parametrize("name", ["missing.json", "missing.csv", "missing"])
def test_missing_file_is_named(tmp_path, name):
    with pytest.raises(UserError, match=name):
        parse_value(f"@{tmp_path / name}")


def test_folder_instead_of_a_file(tmp_path):
    with pytest.raises(UserError, match="is a folder"):
        parse_value(f"@{tmp_path}")


def test_file_that_is_not_json_names_the_line(tmp_path):
    (tmp_path / "knots.json").write_text("[\n[0, 1],\n[2,\n")
    with pytest.raises(UserError, match=r"knots\.json is not valid JSON, at line 4"):
        parse_value(f"@{tmp_path}/knots.json")


def test_file_that_is_not_text(tmp_path):
    (tmp_path / "knots.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="UTF-8"):
        parse_value(f"@{tmp_path}/knots.json")


def test_overrides_by_scene_last_one_wins():
    assert parse_overrides(["build-curve.count=3", "build-curve.count=4", "title.text=a=b", "title.size=2"]) == {
        "build-curve": {"count": 4},
        "title": {"text": "a=b", "size": 2},
    }


def test_override_reaches_into_a_parameter():
    assert parse_overrides(["sum.run.seed=3", "sum.run.dataset.low=0", "sum.run.epochs=10"]) == {
        "sum": {"run": {"seed": 3, "dataset": {"low": 0}, "epochs": 10}}
    }


def test_the_file_that_a_parameter_is_read_from_is_the_last_one():
    assert files_in_settings(["sum.run.seed=@a.json", "sum.run=@b.json", "sum.run.epochs=3", "other.x=@c.csv"]) == {
        "sum": {"run": "b.json", "run.epochs": ""},
        "other": {"x": "c.csv"},
    }
    assert files_in_settings(["sum.runs=@a.json", "sum.run=@b.json", "sum.run=3"]) == {
        "sum": {"runs": "a.json", "run": ""},
    }


@pytest.mark.parametrize("scene", ["build-curve", "build_curve", "BuildCurve"])
def test_override_takes_every_spelling_of_a_scene(scene):
    assert parse_overrides([f"{scene}.count=3"]) == {"build-curve": {"count": 3}}


@pytest.mark.parametrize("text", ["count=3", "build-curve.count", "build-curve.=3", ".count=3", "=", ""])
def test_an_invalid_override_is_answered_with_the_notation(text):
    with pytest.raises(UserError, match=r"scene\.parameter=value") as raised:
        parse_overrides([text])
    example = parse_overrides([str(raised.value).rsplit("--set ", 1)[1]])
    BuildCurve.validated(example["build-curve"])  # what is told to be written can be written


@pytest.mark.parametrize("name", ["none.json", "none.csv", "none", "a\0b.json"])
def test_an_override_from_a_missing_file_names_the_file(name):
    with pytest.raises(UserError, match=r"^--set build-curve\.knots: .*(none|a\\x00b)"):
        parse_overrides([f"build-curve.knots=@{name}"])
