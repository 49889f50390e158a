"""record() beside and in place of what others have put there: nothing of theirs is replaced or removed."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import xxhash
from gradreel.core.datasets import CurveDataset
from gradreel.core.errors import TraceError, UserError
from gradreel.core.experiment import Experiment
from gradreel.core.network.training import train
from gradreel.core.recording.recording import record
from gradreel.core.trace.environment import environment
from gradreel.core.trace.format import column_kinds
from gradreel.core.trace.trace import Trace
from gradreel.core.trace.verify import verify
from hypothesis import given, settings
from hypothesis import strategies as st


def recorded(path: Path, meanwhile: Callable[[], None] = lambda: None) -> None:
    model = torch.nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with record(model, optimizer, path) as recording:
        model(torch.ones(3, 2)).mean().backward()
        optimizer.step()
        recording.log(loss=0.5)
        meanwhile()


def content(folder: Path) -> dict[str, bytes | None]:
    """All that is below, the recorder's locks aside."""
    files = [path for path in folder.rglob("*") if path.suffix != ".lock"]
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None for path in files}


def features(folder: Path) -> None:
    np.save(folder / "features.npy", np.arange(3))


def with_meta(meta: object) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        features(folder)
        (folder / "meta.json").write_text(json.dumps(meta))

    return make


def beside_a_trace(more: Callable[[Path], object]) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        recorded(folder)
        more(folder)

    return make


def a_link(folder: Path) -> None:
    recorded(folder)
    (folder / "batch.npy").unlink()
    (folder / "batch.npy").symlink_to(folder.parent / "elsewhere.npy")


FOREIGN = {
    "features without meta": features,
    "features with a meta of their own": with_meta({"name": "my features"}),
    "a meta that is a list": with_meta([1, 2]),
    "a meta that names our format, and no columns": with_meta({"format": "gradreel trace"}),
    "a meta in our format that calls the features a column": with_meta(
        {"format": "gradreel trace", "columns": ["features"]}
    ),
    "a trace and features": beside_a_trace(features),
    "a trace and notes": beside_a_trace(lambda folder: (folder / "notes.txt").write_text("mine")),
    "a trace and a folder": beside_a_trace(lambda folder: (folder / "plots").mkdir()),
    "a folder called as a column": beside_a_trace(lambda folder: (folder / "more.npy").mkdir()),
    "a trace with a link": a_link,
}


@pytest.mark.parametrize("role", ["data", ".data.partial", ".data.replaced"])
@pytest.mark.parametrize("kind", FOREIGN)
def test_a_foreign_folder_is_refused_and_stays(kind: str, role: str, tmp_path: Path) -> None:
    (tmp_path / role).mkdir()
    FOREIGN[kind](tmp_path / role)
    before = content(tmp_path)
    with pytest.raises(UserError, match=r"would be replaced by a trace, and .*: choose another path, or move it away"):
        recorded(tmp_path / "data")
    assert content(tmp_path) == before


@settings(max_examples=60)
@given(
    meta=st.recursive(
        st.none() | st.integers() | st.text(max_size=9) | st.just("gradreel trace"),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["format", "columns", "updates", "environment", "x"]), inner, max_size=4)
        ),
    ),
    name=st.sampled_from(["features.npy", "parameters.npy.bak", "a/b.npy", "meta", "batch.NPY"]),
)
def test_whatever_a_meta_says_other_files_stay(
    meta: object, name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("hostile") / "data"
    (folder / name).parent.mkdir(parents=True)
    (folder / name).write_text("mine")
    (folder / "meta.json").write_text(json.dumps(meta))
    with pytest.raises(UserError):
        recorded(folder)
    assert (folder / name).read_text() == "mine"


def test_an_empty_folder_and_a_trace_are_replaced(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    for _ in range(2):
        recorded(tmp_path / "data")
    assert Trace.open(tmp_path / "data", checksums=True).n_updates == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == [".data.lock", "data"]


def test_files_that_appear_during_the_loop_stay_and_the_recording_is_kept_beside_them(tmp_path: Path) -> None:
    def meanwhile() -> None:
        (tmp_path / "data").mkdir()
        features(tmp_path / "data")

    with pytest.warns(UserWarning, match=r"data has other files in it now and is not replaced; .*it is in .*data\.new"):
        recorded(tmp_path / "data", meanwhile)
    assert np.load(tmp_path / "data" / "features.npy").tolist() == [0, 1, 2]
    assert Trace.open(tmp_path / "data.new", checksums=True).batch_loss.tolist() == [0.5]


def test_hidden_folders_of_others_are_never_removed_even_if_old(tmp_path: Path) -> None:
    for name in (".features.partial", ".features.replaced"):
        (tmp_path / name).mkdir()
        np.save(tmp_path / name / "train.npy", np.arange(3))
        os.utime(tmp_path / name, (0, 0))
    before = content(tmp_path)
    recorded(tmp_path / "data")
    after = content(tmp_path)
    assert {name: after.get(name) for name in before} == before


def test_a_recording_that_was_killed_before_its_first_journal_is_cleared_by_the_next(tmp_path: Path) -> None:
    if not (process := os.fork()):
        recorded(tmp_path / "data", lambda: os._exit(0))
    os.waitpid(process, 0)
    assert (tmp_path / "data.interrupted" / "meta.json").exists()
    recorded(tmp_path / "data")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".data.lock", "data"]


@pytest.mark.parametrize("where", ["metric", "metric_at"])
def test_metrics_that_record_never_writes_are_refused(where: str, tmp_path: Path) -> None:
    model = torch.nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with record(model, optimizer, tmp_path / "data") as recording:
        for _ in range(3):
            model(torch.ones(3, 2)).mean().backward()
            optimizer.step()
            recording.log(accuracy=0.5)
    for wrong in ([0, 1 << 20, 0], [-1, 0, 0], [2, 1, 0] if where == "metric_at" else [1, 1, 1]):
        file = tmp_path / "data" / f"{where}.npy"
        np.save(file, np.array(wrong, np.load(file).dtype))
        with pytest.raises(TraceError, match="its columns of metrics are invalid"):
            _ = Trace.open(tmp_path / "data").metrics
        assert any(problem.column == where for problem in verify(tmp_path / "data").problems)


def test_a_fifo_as_journal_hangs_nothing_and_a_link_as_column_is_not_written_through(tmp_path: Path) -> None:
    run = Experiment(dataset=CurveDataset(examples=5), hidden=(2,), batch_size=2, epochs=2)
    partial = tmp_path / f".{run.digest}.partial"
    partial.mkdir()
    os.mkfifo(partial / "journal.json")
    with pytest.raises(UserError, match="would be replaced by a trace"):
        train(run, tmp_path)
    (partial / "journal.json").unlink()
    (tmp_path / "thesis.txt").write_text("mine" * 100)
    column = {"rows": 0, "checksum": xxhash.xxh3_128().hexdigest()}
    columns = dict.fromkeys(column_kinds(run), column)
    (partial / "journal.json").write_text(json.dumps({"updates": 0, "environment": environment(), "columns": columns}))
    for name in columns:
        (partial / f"{name}.npy").symlink_to(tmp_path / "thesis.txt")
    with pytest.raises(UserError, match="has folders or links in it"):
        train(run, tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "mine" * 100
