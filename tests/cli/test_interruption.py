"""Tests of interrupted trainings: messages, files that stay, and how the same command continues."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest
from gradreel.core.analysis.compared_networks import width_experiments
from gradreel.core.experiment import Experiment
from gradreel.core.trace.trace import Trace
from gradreel.core.trace.training_times import time_file

# Long enough to be met twice: what is kept is noted twice a second
LONG = Experiment(hidden=(2,), epochs=80_000, keep={"every": 10})
LESSON = """
title = { en = "Long" }
[experiments.long]
hidden = [2]
epochs = 80000
keep = { every = 10 }

[[scene]]
name = "my_scene.py:Ring"
parameters = { run = "long" }
"""
RENDERED = ("-r", "160,90", "--fps", "5")

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")]


def start(*arguments) -> subprocess.Popen:
    """The command as the leader of a process group, as a shell starts it. How far it is, a slow machine would tell."""
    return subprocess.Popen(
        [sys.executable, "-c", "from gradreel.cli import main; main()", *arguments, "--progress_bar", "none"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        # where tests run in the background interrupts are ignored, and that is handed down
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip


def updates_in(journal) -> int:
    """How many updates are kept, by the unfinished trace itself."""
    return json.loads(journal.read_text())["updates"] if journal.exists() else 0


def interrupted(process, journal, after: int) -> str:
    """Interrupt ``process`` when its journal has more than ``after`` updates; return its standard error."""
    while updates_in(journal) <= after:
        assert process.poll() is None, process.communicate()
        time.sleep(0.005)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all of them
    return process.communicate()[1]


def kept_of(errors: str) -> int:
    """Return the number of kept updates that the message names."""
    told = re.fullmatch(
        r"long: ([\d\xa0]+) of 80\xa0000 updates are kept; the same command goes on from there\n+Interrupted\.\n",
        errors,
    )
    assert told, errors
    return int(told[1].replace("\xa0", ""))


def test_kept_updates_are_reported_and_training_continues_from_them(project, gradreel):
    (project / "long.toml").write_text(LESSON)
    traces = project / "media" / "traces"
    journal = traces / f".{LONG.digest}.partial" / "journal.json"
    process = start("train", "--lesson", "long.toml")
    first = kept_of(interrupted(process, journal, 0))
    assert process.returncode == 130
    assert 0 < first < LONG.n_updates

    process = start("render", "--lesson", "long.toml", *RENDERED)  # which trains first, and goes on
    second = kept_of(interrupted(process, journal, first))
    assert first < second < LONG.n_updates
    trained = gradreel("train", "--lesson", "long.toml")
    assert trained.exit_code == 0, trained.stderr
    timed = json.loads(time_file(traces, LONG).read_text())["updates"]
    assert timed <= LONG.n_updates - second, "what was kept was not computed again"
    assert Trace.find(traces, LONG, checksums=True).n_updates == LONG.n_updates


def test_a_command_that_waits_for_anothers_training_says_so_and_takes_over_if_that_dies(project):
    (project / "long.toml").write_text(LESSON)
    traces = project / "media" / "traces"
    journal = traces / f".{LONG.digest}.partial" / "journal.json"
    first = start("train", "--lesson", "long.toml")
    while updates_in(journal) == 0:
        assert first.poll() is None, first.communicate()
        time.sleep(0.005)
    second = start("train", "--lesson", "long.toml")
    assert second.stderr.readline() == "train long: another gradreel is training it; waiting for the result\n"
    os.link(journal.with_name("parameters.npy"), project / "begun.npy")
    first.kill()
    first.communicate()
    output, errors = second.communicate()
    assert (second.returncode, errors) == (0, "")
    assert str(traces / LONG.digest) in output
    trace = Trace.find(traces, LONG, checksums=True)
    assert (project / "begun.npy").samefile(trace.path / "parameters.npy"), "gone on with, not begun anew"


def test_an_experiment_tells_of_every_run(tmp_path, monkeypatch, gradreel):
    monkeypatch.chdir(tmp_path)
    traces = tmp_path / "media" / "traces"
    networks = width_experiments(widths=(0, 3), seeds=range(2), epochs=400)
    command = ("experiment", "width", "--widths", "0,3", "--seeds", "2", "--epochs", "400", "-j", "1")
    process = start(*command)
    other = networks[1].experiments[1]
    errors = interrupted(process, traces / f".{other.digest}.partial" / "journal.json", 0)
    assert process.returncode == 130
    *told, last = filter(None, errors.splitlines())
    assert last == "Interrupted."
    began = [line.partition(":")[0] for line in told if "updates are kept" in line]
    assert began in (["3 ReLU, seed 0", "3 ReLU, seed 1"], ["3 ReLU, seed 1"]), "the longer ones come first"
    others = 4 - len(began)
    assert told[-1] == f"{others} other runs have nothing kept yet"
    result = gradreel(*command, "--json")
    assert result.exit_code == 0, result.stderr
    assert len(json.loads(result.stdout)["networks"]) == 2
    assert json.loads(time_file(traces, other).read_text())["updates"] < other.n_updates


def test_quiet_reports_only_the_interruption(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    process = start("experiment", "width", "--widths", "3", "--seeds", "1", "--epochs", "2000", "--quiet")
    (run,) = width_experiments(widths=(3,), seeds=[0], epochs=2000)[0].experiments
    journal = tmp_path / "media" / "traces" / f".{run.digest}.partial" / "journal.json"
    assert interrupted(process, journal, 0).strip() == "Interrupted."
