"""``gradreel experiment`` on small data of one's own: real training in real worker processes."""

from __future__ import annotations

import csv
import errno
import io
import json
import math
import os
import re
import shutil
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest
from gradreel.core.analysis import compared_networks
from gradreel.core.analysis.compared_networks import depth_experiments, width_experiments
from gradreel.core.analysis.results import result_of
from gradreel.core.daily.csv_file import CsvFormat, read_daily_csv
from gradreel.core.daily.views import DailyViews
from gradreel.core.trace.trace import Trace
from gradreel.render import experiment_report

SMALL = ("--data", "views.csv", "--window", "3", "--seeds", "2", "--epochs", "2", "--progress_bar", "none")


def write_views(path, days=60, without=()):
    rows = [
        f"{date(2024, 1, 1) + timedelta(days=i)},{1000 + round(300 * math.sin(i)) + 40 * (i % 7)}"
        for i in range(days)
        if i not in without
    ]
    path.write_text("Date,Views\n" + "\n".join(rows) + "\n", encoding="utf-8")


@pytest.fixture
def here(tmp_path, monkeypatch):
    write_views(tmp_path / "views.csv")
    monkeypatch.chdir(tmp_path)
    return tmp_path


WIDTHS = ("experiment", "width", *SMALL, "--widths", "0,4")


@pytest.fixture(scope="module")
def first_time(tmp_path_factory):
    """Train the widths in a new folder; return the folder and the printed text."""
    folder = tmp_path_factory.mktemp("first")
    write_views(folder / "views.csv")
    command = [sys.executable, "-c", "from gradreel.cli import main; main()", *WIDTHS]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")
    return folder, result.stdout


@pytest.fixture
def trained(here, first_time):
    """A folder of one's own where the widths have been trained; we are in it."""
    shutil.copytree(first_time[0] / "media", here / "media")
    return here


def mine(here) -> DailyViews:
    return DailyViews(series=read_daily_csv(here / "views.csv"), window=3)


def test_widths_are_trained_once_and_the_table_shows_the_traces_losses(gradreel, trained, first_time):
    header, linear, wide, *_ = first_time[1].splitlines()
    assert header.split("  ")[0] == "network"
    assert "lecture" not in header, "its figures are not of this data"
    traces = trained / "media" / "traces"
    networks = width_experiments(mine(trained), (0, 4), range(2), epochs=2)
    results = [result_of(network, traces) for network in networks]
    losses = [(result.training, result.validation, result.test) for result in results]
    views = mine(trained).format_column(loss.mean for three in losses for loss in three)
    for line, network, result in zip((linear, wide), networks, results, strict=True):
        assert line.startswith(network.name)
        every = (result.training, result.validation, result.test, result.end.training, result.end.test)
        shown = [(views(loss.mean), "±", views(loss.deviation)) for loss in every]
        epoch = f"{sum(result.epochs) / 2:.0f}"
        assert line.split()[-16:] == [epoch, *(word for words in shown for word in words)]
        assert result.seconds > 0
    made = {path: path.stat().st_mtime_ns for path in traces.rglob("*")}
    assert gradreel(*WIDTHS).stdout == first_time[1], "also the seconds are known"
    assert {path: path.stat().st_mtime_ns for path in traces.rglob("*")} == made


def test_depths_as_json_and_csv(gradreel, here):
    result = gradreel("experiment", "depth", *SMALL, "--depths", "1,2", "--width", "4", "--json", "--csv", "runs.csv")
    content = json.loads(result.stdout)
    networks = depth_experiments(mine(here), (1, 2), 4, range(2), 2)
    assert [network["name"] for network in content["networks"]] == ["4 ReLU", "2 × 4 ReLU"]
    assert (content["data"]["name"], content["data"]["synthetic"]) == ("views.csv", False)
    rows = list(csv.DictReader(io.StringIO((here / "runs.csv").read_text())))
    assert [(row["network"], row["seed"]) for row in rows] == [
        (network.name, str(seed)) for network in networks for seed in (0, 1)
    ]
    for network, shown in zip(networks, content["networks"], strict=True):
        expected = result_of(network, here / "media" / "traces")
        for when, prefix, part in [
            *((None, "", part) for part in ("training", "validation", "test")),
            *(("end", "end_", part) for part in ("training", "test")),
        ]:
            losses = getattr(expected.end if when else expected.chosen, part)
            assert (shown[when] if when else shown)[part] == {
                "mean": losses.mean, "deviation": losses.deviation, "min": losses.least, "max": losses.largest
            }  # fmt: skip
            assert [(run[when] if when else run)[part] for run in shown["runs"]] == losses.by_seed.tolist()
            in_csv = [float(row[f"{prefix}{part}_loss"]) for row in rows if row["network"] == network.name]
            assert in_csv == losses.by_seed.tolist()
        assert [run["epoch"] for run in shown["runs"]] == list(expected.epochs)
        assert [float(row["epoch"]) for row in rows if row["network"] == network.name] == list(expected.epochs)
        assert shown["parameters"] == network.n_parameters
        for run, experiment in zip(shown["runs"], network.experiments, strict=True):
            assert Trace.open(run["trace"], checksums=True).experiment == experiment
    assert content["knows_the_rule"] is None, "nobody does, of views from a file"
    by_validation = min(content["networks"], key=lambda network: network["validation"]["mean"])
    assert content["best_by_validation"] == by_validation["name"]
    assert content["best_by_test"] == min(content["networks"], key=lambda network: network["test"]["mean"])["name"]


def test_csv_on_standard_output_is_printed_without_the_table(gradreel, trained):
    result = gradreel(*WIDTHS, "--csv", "-")
    assert len(list(csv.DictReader(io.StringIO(result.stdout)))) == 4
    assert result.stdout.count("\n") == 5
    both = gradreel(*WIDTHS, "--csv", "-", "--json")
    assert (both.exit_code, both.stdout) == (2, "")


def test_csv_replaces_only_its_own_file(gradreel, here):
    before = (here / "views.csv").read_bytes()
    alone = gradreel("experiment", "width", "--csv", "views.csv")  # instead of --data
    assert (alone.exit_code, "by --data" in alone.stderr) == (2, True)
    (here / "link.csv").symlink_to("views.csv")
    (here / "hard.csv").hardlink_to(here / "views.csv")
    for name in ("views.csv", here / "views.csv", "link.csv", "hard.csv"):
        result = gradreel(*WIDTHS, "--csv", name)
        assert (result.exit_code, result.stdout) == (2, "")
        assert f"--csv {name}: " in result.stderr and "does not say that Gradreel made it" in result.stderr
    assert (here / "views.csv").read_bytes() == before
    assert not (here / "media").exists()


def test_a_csv_replaces_an_earlier_one_whole(gradreel, trained):
    earlier = trained / "earlier.csv"
    expected = gradreel(*WIDTHS, "--csv", "-").stdout
    earlier.touch()
    earlier.chmod(0o640)
    (trained / "link.csv").symlink_to(earlier)
    before = {path.name for path in trained.iterdir()}
    assert gradreel(*WIDTHS, "--csv", "link.csv").exit_code == 0
    assert earlier.read_text() == expected
    assert (earlier.stat().st_mode & 0o777, (trained / "link.csv").is_symlink()) == (0o640, True)
    assert {path.name for path in trained.iterdir()} == before, "nothing unfinished is left"
    assert gradreel(*WIDTHS, "--csv", "earlier.csv").exit_code == 0
    other = gradreel("experiment", "width", "--widths", "0", "--data", "views.csv", "--csv", "earlier.csv", "--dry_run")
    assert other.exit_code == 0, "another run of the same comparison"
    depth = gradreel("experiment", "depth", "--data", "views.csv", "--csv", "earlier.csv", "--dry_run")
    assert (depth.exit_code, "experiment width made it" in depth.stderr) == (2, True)
    earlier.write_text(expected + "mine")
    assert "was changed since" in gradreel(*WIDTHS, "--csv", "earlier.csv").stderr
    assert earlier.read_text() == expected + "mine"
    assert gradreel(*WIDTHS, "--csv", "earlier.csv", "--overwrite").exit_code == 0
    assert earlier.read_text() == expected


def test_a_csv_file_that_cannot_be_written_is_reported_after_the_table(gradreel, trained, first_time, monkeypatch):
    full = gradreel(*WIDTHS, "--csv", "/dev/full")
    assert (full.exit_code, full.stdout) == (2, first_time[1])
    assert full.stderr == "Error: --csv /dev/full was not written: No space left on device; name another file\n"

    (trained / "earlier.csv").touch()
    assert gradreel(*WIDTHS, "--csv", "earlier.csv").exit_code == 0
    earlier, before = (trained / "earlier.csv").read_text(), {path.name for path in trained.iterdir()}
    replace = os.replace

    def refuse(source, target):
        if Path(target).name == "earlier.csv":
            raise OSError(errno.EACCES, "Permission denied")
        replace(source, target)

    monkeypatch.setattr("os.replace", refuse)
    kept = gradreel(*WIDTHS, "--csv", "earlier.csv")
    assert (kept.exit_code, kept.stdout) == (2, first_time[1])
    assert "cannot be written to (Permission denied); choose another folder with --csv" in kept.stderr
    assert (trained / "earlier.csv").read_text() == earlier
    assert {path.name for path in trained.iterdir()} == before


@pytest.mark.parametrize(
    ("window", "epochs", "words"),
    [
        (
            1,
            1,
            (
                "2 days trained on, 1 for validation from 2024-01-04, 1 for the test",
                "; the day before is the",
                "1 epoch, ",
            ),
        ),
        (
            2,
            2,
            ("1 day trained on, 1 for validation from 2024-01-04, 1 for the test", "; 2 days before are", "2 epochs, "),
        ),
    ],
)
def test_one_day_and_one_epoch_are_not_several(here, window, epochs, words):
    write_views(here / "short.csv", days=5)
    series = read_daily_csv(here / "short.csv")
    dataset = DailyViews(series=series, window=window, test_from=date(2024, 1, 5))
    (network,) = width_experiments(dataset, (0,), range(1), epochs)
    told = " ".join(
        experiment_report._sentences_below_table(experiment_report.Comparison("width", dataset, {network: None}, here))
    )
    for part in words:
        assert part in told


def test_one_of_several_columns_is_chosen(gradreel, here):
    lines = (here / "views.csv").read_text().splitlines()
    two = ["Date,Views here,Views there", *(f"{line},{i}" for i, line in enumerate(lines[1:]))]
    (here / "two.csv").write_text("\n".join(two) + "\n")
    arguments = ("experiment", "width", "--data", "two.csv", *SMALL[2:], "--widths", "0", "--dry_run", "--json")
    undecided = gradreel(*arguments)
    assert (undecided.exit_code, undecided.stdout) == (2, "")
    chosen = json.loads(gradreel(*arguments, "--column", "Views there").stdout)
    other = json.loads(gradreel(*arguments, "--column", "Views here").stdout)
    dataset = DailyViews(series=read_daily_csv(here / "two.csv", CsvFormat(column="Views there")), window=3)
    (network,) = width_experiments(dataset, (0,), range(2), 2)
    assert [run["digest"] for run in chosen["train"]] == [run.digest for run in network.experiments]
    assert other["train"] != chosen["train"]
    shown = experiment_report.Comparison("width", dataset, {network: None}, here)
    assert "Data: two.csv, column Views there, 2024-01-01 to 2024-02-29; " in " ".join(
        experiment_report._sentences_below_table(shown)
    )
    assert experiment_report._comparison_as_json(shown)["data"]["column"] == "Views there"
    missing = gradreel(*arguments, "--column", "Views")
    assert (missing.exit_code, "no column of numbers is called 'Views'; there are" in missing.stderr) == (2, True)


def test_dry_run_trains_nothing(gradreel, here, first_time):
    dry = gradreel(*WIDTHS, "--dry_run")
    assert [line.partition(":")[0] for line in dry.stdout.splitlines()] == [
        "train   linear, seed 0", "train   linear, seed 1", "train   4 ReLU, seed 0", "train   4 ReLU, seed 1"
    ]  # fmt: skip
    assert not (here / "media").exists()
    shutil.copytree(first_time[0] / "media", here / "media")
    left = json.loads(gradreel(*WIDTHS[:-1], "0,4,5", "--dry_run", "--json").stdout)
    assert [run["run"] for run in left["train"]] == ["5 ReLU, seed 0", "5 ReLU, seed 1"]
    assert gradreel(*WIDTHS, "--dry_run").stdout == "nothing to train: every run is recorded\n"


def test_quiet_prints_nothing(gradreel, trained):
    result = gradreel(*WIDTHS, "--quiet")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")


def test_the_lectures_figures_are_shown_only_for_its_networks_on_synthetic_data(gradreel, here, monkeypatch):
    monkeypatch.setattr(compared_networks, "EPOCHS", 1)
    monkeypatch.setattr("gradreel.render.experiment_report.EPOCHS", 1)
    arguments = ("experiment", "width", "--seeds", "1", "--epochs", "1", "--progress_bar", "none")
    shown = gradreel(*arguments, "--widths", "0,10").stdout.splitlines()
    assert re.split("  +", shown[0])[-2:] == ["lecture: training", "lecture: test"]
    assert shown[1].split()[-2:] == ["0.32k", "0.46k"]
    assert shown[2].endswith("about as linear  about as linear")
    assert shown[3].split() == ["knows", "the", "rule", *("0.176k", "0.218k", "0.227k", "0.176k", "0.227k")]
    assert "made up by a generator of ours" in " ".join(shown)
    assert "lecture" not in gradreel(*arguments, "--widths", "0,11").stdout, "a network that it did not train"


def test_a_diverging_run_is_named_and_the_others_are_shown(gradreel, here, monkeypatch):
    """At this learning rate, plain gradient descent diverges for twelve layers, but not for one."""
    monkeypatch.setitem(compared_networks.SETTINGS, "optimizer", "sgd")
    monkeypatch.setitem(compared_networks.SETTINGS, "learning_rate", 1000.0)
    result = gradreel("experiment", "depth", *SMALL, "--depths", "1,12", "--width", "30")
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[1].startswith("30 ReLU")
    assert "±" in lines[1]
    assert lines[2].split()[-7:] == ["—"] * 7
    errors = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    assert [error.partition(": training")[0] for error in errors] == [
        "Error: 12 × 30 ReLU, seed 0", "Error: 12 × 30 ReLU, seed 1"
    ]  # fmt: skip
    assert all("diverged" in error for error in errors)


def test_every_trace_of_the_folder_can_be_verified(gradreel, trained):
    files = [str(file) for file in sorted(Path("media/traces").glob("[!.]*"))]
    assert any(file.endswith(".time.json") for file in files)
    result = gradreel("verify", *files)
    assert (result.exit_code, result.stdout.count("ok   ")) == (0, sum(Path(file).is_dir() for file in files))
    alone = gradreel("verify", *(file for file in files if file.endswith(".time.json")))
    assert (alone.exit_code, ".time.json is a file, but a trace is a folder" in alone.stderr) == (2, True)


def test_a_damaged_trace_is_trained_again(gradreel, trained):
    before = json.loads(gradreel(*WIDTHS, "--json").stdout)
    path = trained / "media" / "traces" / width_experiments(mine(trained), (0,), range(2), 2)[0].experiments[1].digest
    column = path / "parameters.npy"
    content = bytearray(column.read_bytes())
    content[-1] ^= 64
    column.write_bytes(content)
    again = gradreel(*WIDTHS, "--json")
    assert "linear, seed 1 is trained again" in again.stderr
    assert json.loads(again.stdout)["networks"][0]["test"] == before["networks"][0]["test"]


def test_filled_days_are_named(gradreel, here):
    write_views(here / "gaps.csv", without=(10, 11, 30))
    arguments = ("experiment", "width", "--data", "gaps.csv", *SMALL[2:], "--widths", "0", "--dry_run")
    refused = gradreel(*arguments)
    assert (refused.exit_code, refused.stdout) == (2, "")
    for word in ("gaps.csv", "2024-01-11", "--fill_missing interpolate"):
        assert word in refused.stderr
    for spelling in ("--fill-missing", "--fill_missing"):
        filled = gradreel(*arguments, spelling, "interpolate")
        assert filled.exit_code == 0
        assert "3 missing days were filled by straight lines: 2024-01-11 to 2024-01-12, 2024-01-31" in filled.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["tall"], "width"),
        (["width", "--depths", "1,2"], "gradreel experiment depth --depths 1,2"),
        (["depth", "--widths", "1,2"], "gradreel experiment width --widths 1,2"),
        (["width", "--widths", "few"], "whole numbers"),
        (["width", "--widths", "1,1"], "once"),
        (["width", "--widths", "-1"], "from 0 to"),
        (["depth", "--depths", "0"], "from 1 to 50"),
        (["width", "--seeds", "0"], "--seeds"),
        (["width", "--test_from", "soon"], "2021-01-31"),
        (["width", "--test_from", "1999-01-01"], "test_from is 1999-01-01"),
        (["width", "--validation_from", "1999-01-01"], "validation_from is 1999-01-01"),
        (["width", "--validation_from", "2021-03-01"], "validation_from is 2021-03-01"),
        (["width", "--data", "missing.csv"], "missing.csv"),
        (["width", "--data", "views.csv", "--window", "70"], "window of 70 days needs at least 73"),
        (["width", "--fill_missing", "interpolate"], "--data"),
        (["width", "--column", "Views"], "--column needs --data"),
        (["width", "--widths", "1_0"], "whole numbers"),
        (["depth", "--depths", "50", "--width", "100000"], "Error: network 50 × 100000 ReLU: hidden: "),
        (["width", "--csv", "."], "folder"),
        (["width", "--csv", "nofolder/x.csv"], "there is no folder nofolder; make it"),
        (["width", "--csv", "views.csv/x.csv"], "there is no folder views.csv"),
        (["width", "--csv", "loop.csv"], "--csv loop.csv is a link that leads to itself"),
    ],
)
def test_mistake_is_one_message_and_exit_code_2(gradreel, here, arguments, words):
    (here / "loop.csv").symlink_to("loop.csv")
    result = gradreel("experiment", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert words in result.stderr
    assert not (here / "media").exists()
