"""``--data views.csv`` in every command that has a lesson, and data that a lesson names itself."""

from __future__ import annotations

import json
import math
from datetime import date, timedelta
from pathlib import Path

import pytest
from gradreel.core.trace.trace import Trace

SCENE = '''
from gradreel.core.daily.views import DailyViews
from gradreel.core.experiment import Experiment
from gradreel.scenes.base import LectureScene
from manim import Circle
from pydantic import Field


class Views(LectureScene):
    """A circle, and a run of daily views."""

    class Parameters(LectureScene.Parameters):
        run: Experiment = Field(Experiment(dataset=DailyViews(window=7), hidden=(), epochs=2), description="The run.")

    def construct(self):
        with self.beat("show", say="It is there."):
            self.add(Circle(self.trace("run").n_parameters / 8))
'''
LESSON = """
title = { en = "Mine" }

[experiments.mine]
hidden = []
epochs = 2
dataset = { kind = "daily views", data = "data/own.csv", window = 3, test_from = 2024-02-20, EXTRA }

[[scene]]
name = "my_views.py:Views"
parameters = { run = "mine" }
"""

SCENES = """
[[scene]]
name = "my_views.py:Views"
"""
OWN = ("my_views.py:Views", "--lesson", "scenes.toml")  # as its class has it


def write_views(path: Path, without=(), days=60) -> None:
    path.parent.mkdir(exist_ok=True)
    rows = [
        f"{date(2024, 1, 1) + timedelta(days=i)},{1000 + round(300 * math.sin(i))}"
        for i in range(days)
        if i not in without
    ]
    path.write_text("Date,Views\n" + "\n".join(rows) + "\n", encoding="utf-8")


@pytest.fixture
def here(tmp_path, monkeypatch):
    (tmp_path / "my_views.py").write_text(SCENE, encoding="utf-8")
    write_views(tmp_path / "views.csv")
    write_views(tmp_path / "data" / "own.csv", without=(5,))
    (tmp_path / "mine.toml").write_text(LESSON.replace("EXTRA", 'fill_missing = "interpolate"'), encoding="utf-8")
    (tmp_path / "scenes.toml").write_text(SCENES, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def dataset_of(trained) -> dict:
    (run,) = json.loads(trained.stdout)
    return Trace.open(run["path"], checksums=True).experiment.dataset


def test_a_scenes_run_is_trained_verified_shown_and_described_on_the_users_views(gradreel, here):
    data = ("--data", "views.csv", "--test_from", "2024-02-20")
    dry = gradreel("train", *OWN, *data, "--dry_run")
    assert (dry.exit_code, dry.stderr) == (0, "")
    trained = gradreel("train", *OWN, *data, "--json")
    dataset = dataset_of(trained)
    assert (dataset.title, dataset.window, dataset.first_test_date) == ("views.csv", 7, date(2024, 2, 20))
    assert dry.stdout.startswith("train   the run of ")

    (verified,) = json.loads(gradreel("verify", *OWN, *data, "--json").stdout)
    assert (verified["trace"], verified["ok"]) == (json.loads(trained.stdout)[0]["path"], True)
    missing = gradreel("verify", *OWN)
    assert missing.exit_code == 2, "the run on the synthetic views has not been trained"

    rendered = gradreel("render", *OWN, *data, "-r", "64,36", "--fps", "5")
    assert (rendered.exit_code, Path(rendered.stdout.strip()).is_file()) == (0, True)
    traces = [path for path in (here / "media" / "traces").iterdir() if path.is_dir()]
    assert len(traces) == 1, "all commands meant the same run"

    described = json.loads(gradreel("describe", *OWN, *data, "--json").stdout)
    assert described["experiments"]["run"]["experiment"]["dataset"]["series"]["name"] == "views.csv"


def test_a_lesson_finds_its_data_relative_to_its_file(gradreel, here, monkeypatch, tmp_path_factory):
    lesson = here / "mine.toml"
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    trained = gradreel("train", "--lesson", lesson, "--json")
    dataset = dataset_of(trained)
    assert (dataset.title, dataset.window, dataset.first_test_date) == ("own.csv", 3, date(2024, 2, 20))
    assert "own.csv: 1 missing day was filled by straight lines: 2024-01-06" in trained.stderr
    assert gradreel("train", "--lesson", lesson, "--quiet").stderr == ""

    other = gradreel("train", "--lesson", lesson, "--data", here / "views.csv", "--json")
    dataset = dataset_of(other)
    assert (dataset.title, dataset.window) == ("views.csv", 3)
    assert dataset.first_test_date == date(2024, 2, 19), "the lesson's day was about its own data: here the last fifth"
    assert "own.csv" not in other.stderr


def test_a_scenes_parameters_in_a_lesson_name_data_too(gradreel, here):
    inline = (
        '{ hidden = [], epochs = 2, dataset = { kind = "daily views", data = "views.csv", test_from = 2024-02-01 } }'
    )
    (here / "inline.toml").write_text(SCENES + f"[scene.parameters]\nrun = {inline}\n", encoding="utf-8")
    result = gradreel("describe", "my_views.py:Views", "--lesson", "inline.toml", "--json")
    dataset = json.loads(result.stdout)["experiments"]["run"]["experiment"]["dataset"]
    assert (dataset["series"]["name"], dataset["test_from"]) == ("views.csv", "2024-02-01")


def test_the_options_of_borders_are_the_datasets(gradreel, here):
    data = ("--data", "views.csv")
    new = gradreel("train", *OWN, *data, "--test_from", "2024-02-20", "--validation_from", "2024-02-10", "--json")
    dataset = dataset_of(new)
    assert (dataset.first_validation_date, dataset.first_test_date) == (date(2024, 2, 10), date(2024, 2, 20))


def test_data_without_effect_is_noted(gradreel, project):
    write_views(project / "views.csv")
    ring = ("my_scene.py:Ring", "--lesson", "shapes.toml")
    for command in ("train", "describe"):
        result = gradreel(command, *ring, "--data", "views.csv")
        assert result.exit_code == 0
        assert "--data views.csv: none of these scenes shows daily views" in result.stderr
    assert gradreel("train", *ring, "--data", "views.csv", "--quiet").stderr == ""


def test_a_curve_of_the_lesson_file_may_be_unused_in_a_scene(gradreel, project):
    (project / "curve.csv").write_text("x,y\n0,1\n2,3\n")
    lesson = project / "shapes.toml"
    ring = ("describe", "my_scene.py:Ring", "--lesson", "shapes.toml")
    assert "--curve" in gradreel(*ring, "--curve", "curve.csv").stderr
    lesson.write_text(f'curve = "@curve.csv"\n{lesson.read_text()}')
    result = gradreel(*ring)
    assert (result.exit_code, result.stderr) == (0, "")


def test_days_that_are_missing_are_refused_or_filled(gradreel, here):
    refused = gradreel("train", *OWN, "--data", "data/own.csv")
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "2024-01-06 is missing" in refused.stderr
    filled = gradreel("train", *OWN, "--data", "data/own.csv", "--fill-missing", "interpolate", "--dry_run")
    assert filled.exit_code == 0
    assert "own.csv: 1 missing day was filled by straight lines: 2024-01-06" in filled.stderr


def test_one_of_several_columns_is_chosen(gradreel, here):
    rows = [f"{date(2024, 1, 1) + timedelta(days=i)},{i},{2 * i}" for i in range(30)]
    (here / "two.csv").write_text("\n".join(["Date,Views here,Views there", *rows]) + "\n")
    undecided = gradreel("describe", *OWN, "--data", "two.csv", "--json")
    assert (undecided.exit_code, undecided.stdout) == (2, "")
    chosen = gradreel("describe", *OWN, "--data", "two.csv", "--column", "views there", "--json")
    series = json.loads(chosen.stdout)["experiments"]["run"]["experiment"]["dataset"]["series"]
    assert series["values"][:3] == [0, 2, 4]


def test_days_and_numbers_written_otherwise_are_read_with_the_options_or_a_lessons_keys(gradreel, here):
    rows = [f"{date(2024, 1, 1) + timedelta(days=i):%d.%m.%Y};1.{i:03}" for i in range(30)]
    (here / "german.csv").write_text("\n".join(["Datum;Aufrufe", *rows]) + "\n")
    refused = gradreel("train", *OWN, "--data", "german.csv", "--dry_run")
    assert (refused.exit_code, "--date_format '%d.%m.%Y' (date_format = " in refused.stderr) == (2, True)
    refused = gradreel("train", *OWN, "--data", "german.csv", "--date-format", "%d.%m.%Y", "--dry_run")
    assert (refused.exit_code, "--decimal . or --decimal , (decimal = " in refused.stderr) == (2, True)
    form = ("--date_format", "%d.%m.%Y", "--decimal", ",")
    described = gradreel("describe", *OWN, "--data", "german.csv", *form, "--json")
    series = json.loads(described.stdout)["experiments"]["run"]["experiment"]["dataset"]["series"]
    assert (series["start"], series["values"][:3]) == ("2024-01-01", [1000, 1001, 1002])

    keys = 'date_format = "%d.%m.%Y", decimal = ","'
    lesson = LESSON.replace("data/own.csv", "german.csv").replace("2024-02-20", "2024-01-20").replace("EXTRA", keys)
    (here / "german.toml").write_text(lesson)
    described = gradreel("describe", "my_views.py:Views", "--lesson", "german.toml", "--json")
    assert json.loads(described.stdout)["experiments"]["run"]["experiment"]["dataset"]["series"] == series


LECTURE = """
[experiments.mine]
dataset = { kind = "daily views" }
hidden = [3]
activation = "relu"
batch_size = 32
epochs = 5

[[scene]]
name = "loss-curve"
parameters = { run = "mine" }
"""


def test_a_scene_of_a_curve_by_itself_shows_the_users_views(gradreel, here):
    (here / "lecture.toml").write_text(LECTURE)
    write_views(here / "good.csv", days=150)
    arguments = ("--lesson", "lecture.toml", "--data", "good.csv")
    trained = gradreel("train", *arguments, "--json")
    (run,) = json.loads(trained.stdout)
    assert dataset_of(trained).title == "good.csv"
    assert run["experiment"]["hidden"] == [3] and run["experiment"]["batch_size"] == 32
    (verified,) = json.loads(gradreel("verify", *arguments, "--json").stdout)
    assert (verified["trace"], verified["ok"]) == (run["path"], True)
    planned = gradreel("render", *arguments, "-q", "l", "--dry_run")
    assert planned.exit_code == 0
    assert planned.stdout.startswith("render  loss-curve: not rendered yet")


@pytest.mark.parametrize("command", ["train", "render", "frames", "verify", "describe", "check"])
def test_a_file_with_a_mistake_is_refused_by_every_command(gradreel, here, command):
    (here / "bad.csv").write_text("Date,Views\n2024-01-01,5\n2024-01-02,many\n")
    result = gradreel(command, *OWN, "--data", "bad.csv")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("Error: bad.csv, row 3: ")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--data", "none.csv"], "none.csv"),
        (["--data", "short.csv"], "a window of 7 days needs at least 10 days"),
        (["--data", "views.csv", "--test_from", "2030-01-01"], "test_from is 2030-01-01"),
        (["--test_from", "2024-02-20"], "--data"),
        (["--validation_from", "2024-02-20"], "--data"),
        (["--fill_missing", "interpolate"], "--data"),
        (["--column", "Views"], "--column needs --data"),
        (["--decimal", "."], "--decimal needs --data"),
        (["--data", "views.csv", "--date-format", "%d"], "date_format '%d' does not tell"),
    ],
)
def test_mistake_in_the_users_data(gradreel, here, arguments, words):
    write_views(here / "short.csv", days=8)
    result = gradreel("train", *OWN, *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert words in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ('fill_missing = "guess"', "interpolate"),
        ("column = 3", "column"),
        ('column = "Sales"', "'Sales'"),
        ('decimal = "-"', "decimal"),
        ('date_format = "%H"', "date_format"),
        ('series = "synthetic"', "data (a file) and series"),
        ('wnidow = 3, fill_missing = "interpolate"', "wnidow"),
        ("days = 2", "unknown key days of a dataset of daily views"),
    ],
)
def test_mistake_in_a_lessons_data(gradreel, here, extra, words):
    (here / "mine.toml").write_text(LESSON.replace("EXTRA", extra), encoding="utf-8")
    result = gradreel("train", "--lesson", "mine.toml")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "mine.toml" in result.stderr
    assert words in result.stderr
