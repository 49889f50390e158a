"""Training runs have the same bits everywhere, and are complete or do not exist."""

import errno
import os
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from filelock import FileLock
from gradreel.core.datasets import CurveDataset, PointsDataset
from gradreel.core.errors import TraceError, TrainingError, UserError
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import loss, predict, unpack
from gradreel.core.network.training import train
from gradreel.core.trace.trace import Trace
from gradreel.core.trace.write_behind import ColumnWriter

SHORT = Experiment(epochs=20, seed=3)
MINIBATCH = Experiment(hidden=(20, 10), batch_size=10, epochs=20, seed=5)

TRAIN_ELSEWHERE = """
import torch
from gradreel.core.network.training import train
torch.set_num_threads(threads)
for run in runs:
    train(run, directory)
"""


def contents(path: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in path.iterdir()}


def visible(directory: Path) -> list[str]:
    """Return all files that a run left, without the empty files of locks."""
    return sorted(file.name for file in directory.iterdir() if not file.name.endswith(".lock"))


def test_training_finds_the_red_curve_with_one_sigmoid_per_segment(default_trace: Trace) -> None:
    experiment, theta = default_trace.experiment, default_trace.parameters[-1]
    losses = loss(experiment, default_trace.parameters[[0, 100, 1000, 2000, 6000]])
    assert (np.diff(losses) < 0).all()
    assert losses[-1] < 0.006
    layers = unpack(experiment, theta)
    w, b = layers.weights[0][:, 0], layers.biases[0]
    middle = experiment.dataset.offset - b / w
    order = np.argsort(middle)
    np.testing.assert_allclose(middle[order], [2, 3.75, 5.75], atol=0.6)  # the segments' ends
    np.testing.assert_allclose((layers.c * np.sign(w))[order], [3, -2, 1], atol=0.8)  # their heights
    error = predict(experiment, theta, experiment.dataset.features()) - experiment.dataset.labels()
    assert np.abs(error).max() < 0.35


def test_some_starts_end_in_a_poor_valley(tmp_path: Path) -> None:
    trace = train(Experiment(seed=93, keep={"at most": 1000}), tmp_path)  # type: ignore[arg-type]
    assert loss(trace.experiment, trace.parameters[-1]) > 0.05


def test_rows_are_before_and_after_each_update(default_trace: Trace) -> None:
    trace = default_trace
    assert trace.parameters.shape == (6001, 10)
    assert trace.gradient.shape == (6000, 10)
    np.testing.assert_array_equal(trace.kept, np.arange(6001))
    np.testing.assert_array_equal(trace.epoch, np.arange(6000))
    stepped = trace.parameters[:-1] - 0.1 * trace.gradient
    np.testing.assert_allclose(trace.parameters[1:], stepped, rtol=1e-15, atol=1e-16)
    np.testing.assert_allclose(trace.batch_loss, loss(trace.experiment, trace.parameters[:-1]), rtol=1e-12)


def test_each_epoch_is_a_new_random_split_and_recorded(tmp_path: Path) -> None:
    trace = train(MINIBATCH, tmp_path)
    assert trace.n_updates == 20 * 9
    assert trace.batch.shape == (20, 81)
    np.testing.assert_array_equal(np.sort(trace.batch, axis=1), np.tile(np.arange(81), (20, 1)))
    assert len(np.unique(trace.batch, axis=0)) == 20
    assert [len(trace.examples(k)) for k in (0, 7, 8, 9)] == [10, 10, 1, 10]
    np.testing.assert_array_equal(np.concatenate([trace.examples(k) for k in range(9, 18)]), trace.batch[1])
    features, labels = MINIBATCH.dataset.features(), MINIBATCH.dataset.labels()
    for update in (0, 8, 100, 179):
        seen = trace.examples(update)
        error = predict(MINIBATCH, trace.parameters[update], features[seen]) - labels[seen]
        assert trace.batch_loss[update] == pytest.approx(np.mean(error**2), rel=1e-12)
        assert trace.epoch[update] == update // 9


@pytest.mark.parametrize("keep", [{"every": 7}, {"every": 1000}, {"at most": 50_000}])
def test_keeping_less_does_not_change_the_run(keep: dict[str, int], tmp_path: Path) -> None:
    full = train(MINIBATCH, tmp_path)
    some = train(MINIBATCH.model_copy(update={"keep": Experiment(keep=keep).keep}), tmp_path)  # type: ignore[arg-type]
    assert len(some.kept) < len(full.kept)
    np.testing.assert_array_equal(some.parameters, full.parameters[some.kept])
    np.testing.assert_array_equal(some.gradient, full.gradient[some.kept[:-1]])
    np.testing.assert_array_equal(some.batch_loss, full.batch_loss)
    np.testing.assert_array_equal(some.batch, full.batch)


@pytest.mark.parametrize("experiment", [SHORT, MINIBATCH], ids=["full batch", "minibatch"])
def test_a_run_is_equal_bit_for_bit_whatever_else_the_process_does(experiment: Experiment, tmp_path: Path) -> None:
    here = contents(train(experiment, tmp_path / "first").path)
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        torch.manual_seed(99)
        torch.rand(5)
        assert contents(train(experiment, tmp_path / "second").path) == here
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)


@pytest.mark.slow
def test_processes_at_the_same_time_make_the_same_trace_and_share_it(
    begin_fork: Callable[..., BaseProcess], tmp_path: Path
) -> None:
    own, shared = tmp_path / "own", tmp_path / "shared"
    processes = [
        begin_fork(TRAIN_ELSEWHERE, runs=[SHORT, MINIBATCH], directory=directory, threads=threads)
        for directory, threads in [(own, 1), (shared, 2), (shared, 3)]
    ]
    for process in processes:
        process.join(120)
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert visible(own) == visible(shared) == sorted([SHORT.digest, MINIBATCH.digest])
    for experiment in (SHORT, MINIBATCH):
        here = contents(train(experiment, tmp_path / "here").path)
        assert contents(own / experiment.digest) == here
        assert contents(shared / experiment.digest) == here


def test_an_intact_trace_is_opened_not_trained_again(tmp_path: Path) -> None:
    first = train(SHORT, tmp_path)
    written = (first.path / "meta.json").stat()
    calls: list[int] = []
    train(SHORT, tmp_path, lambda done, updates: calls.append(done))
    assert not calls
    assert (first.path / "meta.json").stat().st_ino == written.st_ino


def test_a_damaged_trace_is_trained_again(tmp_path: Path) -> None:
    trace = train(SHORT, tmp_path)
    whole = contents(trace.path)
    (trace.path / "gradient.npy").write_bytes(whole["gradient.npy"][:-3])
    (trace.path / "kept.npy").unlink()
    assert contents(train(SHORT, tmp_path).path) == whole
    assert visible(tmp_path) == [SHORT.digest]


def test_progress_goes_up_to_the_end(tmp_path: Path) -> None:
    calls: list[tuple[int, int]] = []
    train(Experiment(epochs=1234), tmp_path, lambda done, updates: calls.append((done, updates)))
    assert calls == sorted(calls)
    assert calls[-1] == (1234, 1234)
    assert 50 <= len(calls) <= 101


def test_a_run_that_diverges_names_update_and_learning_rate_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(TrainingError) as raised:
        train(Experiment(learning_rate=50), tmp_path)
    assert "after update 7" in str(raised.value)
    assert "learning rate 50 is too large" in str(raised.value)
    assert isinstance(raised.value, UserError)
    assert visible(tmp_path) == []


def test_no_trace_ends_in_nan(tmp_path: Path) -> None:
    """Either the loss or the parameters may be lost first, even in the very last update."""
    ends = []
    for epochs in range(60, 75):
        try:
            ends.append(train(Experiment(learning_rate=50, epochs=epochs), tmp_path).parameters[-1])
        except TrainingError:
            ends.append(None)
    assert ends[0] is not None
    assert ends[-1] is None
    assert all(np.isfinite(end).all() for end in ends if end is not None)


def test_labels_too_large_to_square_are_not_blamed_on_the_learning_rate(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="at the random start is already inf"):
        train(Experiment(dataset=CurveDataset(knots=((0, 1e200), (1, 2e200)))), tmp_path)
    far = PointsDataset(points=((1e300, -1e300, 1), (1e300, 1e300, 0)))
    with pytest.raises(TrainingError, match="the numbers of its examples are too large"):
        train(Experiment(dataset=far, hidden=(9, 9, 9), activation="relu", loss="bce", dtype="float32"), tmp_path)


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, RuntimeError])
def test_an_interrupted_run_leaves_no_files_and_keeps_the_old_trace(
    interruption: type[BaseException], tmp_path: Path
) -> None:
    damaged = tmp_path / SHORT.digest
    damaged.mkdir()
    (damaged / "meta.json").write_text("mine")

    def interrupt(done: int, updates: int) -> None:
        raise interruption

    with pytest.raises(interruption):
        train(SHORT, tmp_path, interrupt)
    assert visible(tmp_path) == [SHORT.digest]
    assert (damaged / "meta.json").read_text() == "mine"


def test_a_trace_that_a_dead_run_was_replacing_is_restored(tmp_path: Path) -> None:
    trace = train(SHORT, tmp_path)
    whole = contents(trace.path)
    trace.path.rename(tmp_path / f".{SHORT.digest}.replaced")
    train(MINIBATCH, tmp_path)
    assert contents(tmp_path / SHORT.digest) == whole


def test_an_interruption_between_two_renames_restores_the_old_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    damaged = tmp_path / SHORT.digest
    damaged.mkdir()
    (damaged / "meta.json").write_text("mine")
    rename = Path.rename

    def interrupted(path: Path, target: Path) -> Path:
        if path.suffix == ".partial":
            raise KeyboardInterrupt
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train(SHORT, tmp_path)
    assert (damaged / "meta.json").read_text() == "mine"


def test_the_default_device_of_torch_does_not_matter(tmp_path: Path) -> None:
    here = contents(train(MINIBATCH, tmp_path / "cpu").path)
    torch.set_default_device("meta")
    try:
        assert contents(train(MINIBATCH, tmp_path / "meta").path) == here
    finally:
        torch.set_default_device("cpu")
        torch.set_default_device(None)


def test_which_seed_diverged_is_named(tmp_path: Path) -> None:
    base = Experiment(learning_rate=50, epochs=6000)
    with pytest.raises(TrainingError, match=r"diverged \(seed 7\)"):
        train(base.model_copy(update={"seed": 7}), tmp_path)


def test_old_unfinished_runs_are_removed_and_recent_ones_kept(tmp_path: Path) -> None:
    old, new = tmp_path / f".{'0' * 32}.partial", tmp_path / f".{'1' * 32}.partial"
    for partial in (old, new):
        partial.mkdir()
    small = [tmp_path / f".{'0' * 32}.time.json.{name}.new" for name in ("000000000000", "111111111111")]
    for file in small:
        file.write_text("half")
    for left in (old, small[0]):
        os.utime(left, (0, 0))
    train(SHORT, tmp_path)
    assert [left.exists() for left in (old, small[0])] == [False, False]
    assert [left.exists() for left in (new, small[1])] == [True, True]


def test_hidden_files_of_others_are_kept(tmp_path: Path) -> None:
    files = [tmp_path / name for name in (".env.new", ".data.replaced", ".env.replaced", ".note.partial")]
    folders = [tmp_path / name for name in (".stuff.partial", ".old.replaced", ".empty.partial")]
    for folder in folders:
        folder.mkdir()
    files += [folder / "mine.txt" for folder in folders[:2]]
    (tmp_path / "data").write_text("mine, too")
    for file in files:
        file.write_text("mine")
    for path in (*files, *folders):
        os.utime(path, (0, 0))
    train(SHORT, tmp_path)
    assert all(file.read_text() == "mine" for file in files) and folders[2].is_dir()
    assert sorted(path.name for path in tmp_path.glob(".*.lock")) == [f".{SHORT.digest}.lock"]


def test_files_of_a_running_training_are_kept(tmp_path: Path) -> None:
    partial = tmp_path / f".{MINIBATCH.digest}.partial"
    partial.mkdir()
    os.utime(partial, (0, 0))
    with FileLock(tmp_path / f".{MINIBATCH.digest}.lock"):
        train(SHORT, tmp_path)
        assert partial.exists()
    train(SHORT.model_copy(update={"seed": 4}), tmp_path)
    assert not partial.exists()


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("mine")
    with pytest.raises(UserError, match="file cannot be written to"):
        train(SHORT, file)
    assert file.read_text() == "mine"


def test_a_trace_larger_than_the_disk_is_not_begun(tmp_path: Path) -> None:
    huge = Experiment(hidden=(5000, 5000), epochs=10_000_000)
    with pytest.raises(UserError, match=r"needs .* GB.*at most"):
        train(huge, tmp_path)
    assert visible(tmp_path) == []


def test_a_disk_that_fills_up_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(writer: ColumnWriter, part: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(ColumnWriter, "write", fail)
    with pytest.raises(UserError, match="No space left"):
        train(SHORT, tmp_path)
    assert visible(tmp_path) == []


def test_a_trace_is_readable_by_others(tmp_path: Path) -> None:
    """The folder and its files have normal permissions, so a media folder can be shared."""
    trace = train(SHORT, tmp_path)
    plain = tmp_path / "plain"
    plain.mkdir()
    assert trace.path.stat().st_mode == plain.stat().st_mode


def test_the_trace_of_another_experiment_is_refused(tmp_path: Path) -> None:
    trace = train(SHORT, tmp_path)
    trace.path.rename(tmp_path / MINIBATCH.digest)
    with pytest.raises(TraceError, match="another experiment"):
        Trace.find(tmp_path, MINIBATCH)
