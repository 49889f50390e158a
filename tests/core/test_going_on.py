"""Killed runs resume from the last safely written state and end in the same trace."""

import json
import os
import resource
import signal
import time
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest
from gradreel.core.daily.views import DailyViews
from gradreel.core.errors import TrainingError
from gradreel.core.experiment import Experiment, StepSchedule
from gradreel.core.network.training import train, train_all
from gradreel.core.trace import writing

pytestmark = pytest.mark.slow  # runs killed in processes of their own

WINDOWS: dict[str, Any] = {"dataset": DailyViews(window=14), "activation": "relu", "batch_size": 32, "loss": "mae"}
RUNS = {
    "sgd, full batches": Experiment(epochs=3000, seed=1),
    "sgd, every fourth state": Experiment(**WINDOWS, hidden=(20,), epochs=60, keep={"every": 4}),
    "momentum": Experiment(
        **WINDOWS, hidden=(20, 10), momentum=0.9, learning_rate=0.01, epochs=60, schedule=StepSchedule(step=9)
    ),
    "adam, every update": Experiment(
        **WINDOWS, hidden=(64,), optimizer="adam", learning_rate=1e-3, epochs=60, schedule="cosine", dtype="float32"
    ),
    "adam, as much as fits": Experiment(
        **WINDOWS, hidden=(64,), optimizer="adam", learning_rate=1e-3, epochs=60, keep={"at most": 1_000_000}
    ),
}

TRAIN_AND_DIE = """
import os, signal, time
from gradreel.core.trace import writing
from gradreel.core.network.training import train_all

writing._JOURNAL_SECONDS = 0.01

def die(done, updates):
    if done > share * updates and list(directory.glob(".*/journal.json")):
        time.sleep(0.002 * (done % 7))
        os.kill(os.getpid(), signal.SIGKILL)

train_all(runs, directory, die)
"""


@pytest.fixture
def killed(begin_fork: Callable[..., BaseProcess]) -> Callable[..., None]:
    """Return ``killed(directory, share, *runs)``: it trains in another process and kills it after ``share`` of the
    updates.
    """

    def train_until_dead(directory: Path, share: float, *runs: Experiment) -> None:
        process = begin_fork(TRAIN_AND_DIE, runs=runs, directory=directory, share=share)
        process.join()
        assert process.exitcode == -signal.SIGKILL
        assert not any((directory / run.digest).exists() for run in runs)

    return train_until_dead


def contents(path: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in path.iterdir()}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the traces of the same runs, trained without interruption."""
    return tmp_path_factory.mktemp("undisturbed")


@pytest.mark.parametrize("name", RUNS)
def test_a_run_that_is_killed_repeatedly_resumes_to_the_same_trace(
    name: str, killed: Callable[..., None], undisturbed: Path, tmp_path: Path
) -> None:
    run = RUNS[name]
    for share in (0.2, 0.5, 0.8):
        killed(tmp_path, share, run)
        left = writing.read_journal(tmp_path, run.digest)
        assert left is not None
        assert run.n_updates / 50 < left.updates < run.n_updates
        assert left.updates % run.kept_every == 0
    begun: list[int] = []
    trace = train(run, tmp_path, lambda done, updates: begun.append(done))
    assert begun[0] > left.updates  # it did not start anew
    assert contents(trace.path) == contents(train(run, undisturbed).path)
    assert writing.read_journal(tmp_path, run.digest) is None


def test_runs_side_by_side_are_resumed_together(killed: Callable[..., None], undisturbed: Path, tmp_path: Path) -> None:
    runs = [RUNS["adam, every update"].model_copy(update={"seed": seed}) for seed in (7, 8, 9)]
    killed(tmp_path, 0.5, *runs)
    for path, run in zip(train_all(runs, tmp_path), runs, strict=True):
        assert contents(path) == contents(train(run, undisturbed).path)


def test_a_run_killed_among_others_is_resumed_alone(
    killed: Callable[..., None], undisturbed: Path, tmp_path: Path
) -> None:
    runs = [RUNS["momentum"].model_copy(update={"seed": seed}) for seed in (7, 8)]
    killed(tmp_path, 0.5, *runs)
    assert contents(train(runs[1], tmp_path).path) == contents(train(runs[1], undisturbed).path)


@pytest.mark.parametrize("damage", ["flip", "truncate", "remove", "journal", "environment", "updates"])
def test_a_damaged_unfinished_trace_is_not_resumed(
    damage: str, killed: Callable[..., None], undisturbed: Path, tmp_path: Path
) -> None:
    run = RUNS["momentum"]
    killed(tmp_path, 0.5, run)
    partial = tmp_path / f".{run.digest}.partial"
    file = partial / "gradient.npy"
    content = bytearray(file.read_bytes())
    if damage == "flip":
        content[500] ^= 1
        file.write_bytes(content)
    elif damage == "truncate":
        file.write_bytes(content[:300])
    elif damage == "remove":
        file.unlink()
    elif damage == "journal":
        (partial / "journal.json").write_text("{")
    else:
        journal = json.loads((partial / "journal.json").read_text())
        elsewhere = {"environment": {**journal["environment"], "torch": "0.1"}}
        journal |= elsewhere if damage == "environment" else {"updates": journal["updates"] - 100}
        (partial / "journal.json").write_text(json.dumps(journal))
    calls: list[int] = []
    trace = train(run, tmp_path, lambda done, updates: calls.append(done))
    assert calls[0] < 0.05 * run.n_updates
    assert contents(trace.path) == contents(train(run, undisturbed).path)


def test_a_kill_while_the_journal_is_written_leaves_nothing_in_the_trace(
    killed: Callable[..., None], undisturbed: Path, tmp_path: Path
) -> None:
    run = RUNS["momentum"]
    killed(tmp_path, 0.5, run)
    (tmp_path / f".{run.digest}.partial" / "journal.json.new").write_text("")
    calls: list[int] = []
    trace = train(run, tmp_path, lambda done, updates: calls.append(done))
    assert calls[0] > 0.1 * run.n_updates  # it did not start anew
    assert contents(trace.path) == contents(train(run, undisturbed).path)


def test_one_damaged_journal_does_not_restart_the_other_runs(
    killed: Callable[..., None], undisturbed: Path, tmp_path: Path, open_files: Callable[[], set[str]]
) -> None:
    runs = [RUNS["momentum"].model_copy(update={"seed": seed}) for seed in (7, 8, 9)]
    killed(tmp_path, 0.5, *runs)
    (tmp_path / f".{runs[1].digest}.partial" / "gradient.npy").unlink()
    calls: list[int] = []
    before = open_files()
    paths = train_all(runs, tmp_path, lambda done, updates: calls.append(done))
    assert calls[0] > 0.1 * runs[0].n_updates  # the first run resumed
    assert open_files() <= before  # what an earlier test has left may close meanwhile
    for path, run in zip(paths, runs, strict=True):
        assert contents(path) == contents(train(run, undisturbed).path)


def test_more_runs_than_the_limit_of_open_files_are_trained(tmp_path: Path) -> None:
    base = Experiment(epochs=2)
    seeds = [base.model_copy(update={"seed": seed}) for seed in range(60)]
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")) + 200, hard))
    try:
        train_all(seeds, tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert all((tmp_path / seed.digest).is_dir() for seed in seeds)


def test_ctrl_c_keeps_files_for_resuming(undisturbed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "_JOURNAL_SECONDS", 0.0)
    run = RUNS["momentum"]

    def interrupt(done: int, updates: int) -> None:
        if done > updates / 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(run, tmp_path, interrupt)
    left = writing.read_journal(tmp_path, run.digest)
    assert left is not None
    assert left.updates > 0.4 * run.n_updates
    assert not (tmp_path / run.digest).exists()
    assert contents(train(run, tmp_path).path) == contents(train(run, undisturbed).path)


def test_a_diverged_run_leaves_no_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "_JOURNAL_SECONDS", 0.0)
    run = Experiment(learning_rate=50, epochs=6000)
    with pytest.raises(TrainingError):
        train(run, tmp_path)
    assert writing.read_journal(tmp_path, run.digest) is None
    assert [file.name for file in tmp_path.iterdir() if not file.name.endswith(".lock")] == []


def test_a_kill_at_any_moment_is_survived(
    begin_fork: Callable[..., BaseProcess], undisturbed: Path, tmp_path: Path
) -> None:
    """The moment is a time, not a number of updates: columns or the journal may be being written, or the trace
    renamed.
    """
    run = RUNS["adam, every update"]
    for milliseconds in (3, 20, 60, 120, 200, 280, 360, 440, 520, 700):
        process = begin_fork(TRAIN_AND_DIE, runs=[run], directory=tmp_path, share=1)  # never exceeded
        time.sleep(milliseconds / 1000)
        process.kill()
        process.join()
        assert process.exitcode in (0, -signal.SIGKILL)
        if (tmp_path / run.digest).exists():
            break
    assert contents(train(run, tmp_path).path) == contents(train(run, undisturbed).path)
