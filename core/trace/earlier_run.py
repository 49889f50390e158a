"""EarlierRun: a recorded run that a new recording continues. Copies its files into the folder of that recording.

The earlier files stay unchanged until the copy is complete and can be opened. So a kill at any moment loses nothing.
No torch here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import xxhash
from gradreel.core.arrays import IntArray
from gradreel.core.errors import TraceError
from gradreel.core.trace.columns import ColumnKind
from gradreel.core.trace.format import INTERRUPTED, JOURNAL, TraceFiles, column_kinds, setting_kinds
from gradreel.core.trace.recorded_run import RecordedRun
from gradreel.core.trace.setting_log import SettingLog, are_valid_settings
from gradreel.core.trace.tensor_copies import are_complete_ordered_copies, tensor_bytes
from gradreel.core.trace.trace import open_files
from gradreel.core.trace.unfinished import BATCH, EPOCH, LOSS, LastState, journal_text, log_kinds
from gradreel.core.trace.write_behind import Written
from numpy.typing import NDArray

_WRITTEN_AT_ONCE = 1 << 23  # bytes

SettingKey = tuple[int, int, str]
"""Optimizer, parameter group and name of a setting."""


@dataclass(frozen=True, eq=False)
class EarlierRun:
    """A recorded run that can be continued: its files, its description, and its state after the last update."""

    files: TraceFiles
    run: RecordedRun

    @property
    def path(self) -> Path:
        """Return the folder of the trace."""
        return self.files.path

    @property
    def is_interrupted(self) -> bool:
        """Return whether the run did not end normally."""
        return self.run.ended_by is not None

    @cached_property
    def columns(self) -> dict[str, NDArray[Any]]:
        """Return all columns of the trace. Raises TraceError if one is missing or has another shape."""
        return {name: self.files.column(name) for name in column_kinds(self.run)}

    @cached_property
    def last_state(self) -> NDArray[Any]:
        """Return theta after the last update, (P,)."""
        return np.array(self.columns["parameters"][-1])

    @property
    def last_row(self) -> int:
        """Return the row of the last state among the kept states."""
        return self.run.n_kept - 1

    def tensors_at(self, row: int) -> list[NDArray[np.uint8]]:
        """Return the bytes of each tensor outside theta at a kept state."""
        return tensor_bytes(self.run, self.columns, row) if self.run.tensors else []

    def updates_of(self, optimizer: int) -> int:
        """Return how many updates an optimizer made."""
        return int(np.count_nonzero(self.columns["optimizer"] == optimizer))

    @cached_property
    def last_settings(self) -> dict[SettingKey, float]:
        """Return the value at the end of each setting that changed during the run."""
        log = SettingLog(self.run, *(self.columns[name] for name in setting_kinds(0)))
        keys = [(setting.optimizer, setting.group, setting.name) for setting in self.run.settings]
        return {key: float(log.values(*key)[-1]) for key in keys}

    @cached_property
    def last_batch(self) -> int:
        """Return the last update with logged examples; 0 if there is none."""
        with_examples = np.flatnonzero(np.diff(self.columns["batch_start"]))
        return int(with_examples[-1]) if len(with_examples) else 0

    @cached_property
    def last_metrics(self) -> frozenset[str]:
        """Return the names of the metrics that were logged after the last update."""
        if not self.run.metrics:
            return frozenset()
        which, at = self.columns["metric"], self.columns["metric_at"]
        return frozenset(self.run.metrics[i] for i in which[at == self.run.updates])

    @cached_property
    def n_earlier_copies(self) -> int:
        """Return how many copies of tensors were made for states before the last one."""
        return int(np.searchsorted(self.columns["tensor_row"], self.last_row)) if self.run.tensors else 0

    @property
    def n_bytes(self) -> int:
        """Return the bytes of all columns."""
        return sum(kind.n_bytes for kind in column_kinds(self.run).values())

    def refuse_damaged(self) -> None:
        """Raise TraceError unless all checksums are right, since a continued trace would get new ones."""
        for name in column_kinds(self.run):
            self.files.check(name)
        run, columns = self.run, self.columns
        if not are_valid_settings(run, columns["setting"], columns["setting_at"]):
            raise TraceError(f"{self.path}: its columns of settings are invalid; record it again")
        if run.tensors and not are_complete_ordered_copies(run, columns["tensor"], columns["tensor_row"]):
            raise TraceError(f"{self.path}: its copies of tensors are invalid; record it again")

    @property
    def last_copies(self) -> list[int]:
        """Return the tensors outside theta that were copied for the last state."""
        return self.columns["tensor"][self.n_earlier_copies :].tolist() if self.run.tensors else []

    def copy_into(self, folder: Path) -> dict[str, Written]:
        """Write the files of an unfinished recording of this run into ``folder``, with a journal.

        Returns for each column how many rows the continued recording keeps, and their checksum. These are the rows
        before the last state. The last state is in a file of its own, as in any unfinished recording.
        """
        run, kinds = self.run, column_kinds(self.run)
        row, copies, sizes = self.last_row, self.n_earlier_copies, [tensor.size for tensor in self.run.tensors]
        kept_rows = {"parameters": row, "gradient": row, "tensor": copies, "tensor_row": copies}
        if run.tensors:
            kept_rows["tensor_bytes"] = sum(sizes[i] for i in self.columns["tensor"][:copies])
        written, journaled = {}, {}
        for name in kinds.keys() - {"kept", "batch_loss", "epoch", "batch_start"}:
            kept = kept_rows.get(name, kinds[name].shape[0])
            whole = kept if name in ("parameters", "tensor", "tensor_row") else kinds[name].shape[0]
            parts = self.columns[name][:kept], self.columns[name][kept:whole]
            file, room = folder / f"{name}.npy", kinds[name].shape[0]
            written[name], journaled[name] = _write_column(file, kinds[name], parts, room)
        for name, values in _events_of(run, self.columns).items():
            written[name], journaled[name] = _write_column(folder / f"{name}.npy", log_kinds(0)[name], (values,), 0)
        last_file = f"last-{run.updates}.rows"
        state = self.last_state.view(np.uint8)
        (folder / last_file).write_bytes(state.data)
        last = LastState(file=last_file, checksum=xxhash.xxh3_128_hexdigest(state.data), copies=tuple(self.last_copies))
        journal = journal_text(run, self.files.meta["environment"], journaled, last)
        (folder / JOURNAL).write_text(journal, encoding="ascii")
        return written


def earlier_runs(path: Path) -> tuple[list[EarlierRun], list[TraceError]]:
    """Return the recorded runs at ``path`` and in its interrupted folders, the longest first; and errors of unreadable
    ones.
    """
    is_interrupted = re.compile(re.escape(path.name + INTERRUPTED) + "(-[0-9]+)?").fullmatch
    folders = sorted(entry for entry in path.parent.iterdir() if entry.name == path.name or is_interrupted(entry.name))
    runs, errors = [], []
    for folder in folders:
        if not folder.is_dir() or not any(folder.iterdir()):
            continue
        try:
            files = open_files(folder)
            if not isinstance(files.run, RecordedRun):
                raise TraceError(f"{folder} is no recording: Gradreel trained it; choose another path")
            runs.append(EarlierRun(files, files.run))
        except TraceError as error:
            errors.append(error)
    return sorted(runs, key=lambda earlier: -earlier.run.updates), errors


def _events_of(run: RecordedRun, columns: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Return the columns of the log from which the run's losses, epochs and starts of batches are computed."""
    losses, epochs = np.asarray(columns["batch_loss"]), np.asarray(columns["epoch"])
    sizes = np.diff(columns["batch_start"])
    is_logged = ~np.isnan(losses)
    if run.first_nan_loss is not None:
        is_logged[run.first_nan_loss] = True
    events: list[tuple[int, IntArray, NDArray[Any]]] = [
        (kind, np.flatnonzero(chosen), values[chosen])
        for kind, chosen, values in ((LOSS, is_logged, losses), (EPOCH, epochs >= 0, epochs), (BATCH, sizes > 0, sizes))
    ]
    at = np.concatenate([updates for _, updates, _ in events])
    order = np.argsort(at, kind="stable")
    kinds = np.concatenate([np.full(len(updates), kind) for kind, updates, _ in events])
    values = np.concatenate([values.astype(np.float64) for *_, values in events])
    return dict(zip(log_kinds(0), (kinds[order], at[order], values[order]), strict=True))


def _write_column(file: Path, kind: ColumnKind, parts: tuple[NDArray[Any], ...], room: int) -> tuple[Written, Written]:
    """Write a column without header, in a file with room for ``room`` rows at least.

    Return rows and checksum after the first of ``parts``, and after all.
    """
    digest, rows, written = xxhash.xxh3_128(), 0, []
    with file.open("xb") as stream:
        stream.seek(len(kind.header))
        for part in parts:
            for block in _blocks(part, kind):
                digest.update(block.data)
                stream.write(block.data)
            rows += len(part)
            written.append(Written(rows, digest.hexdigest()))
        stream.truncate(max(stream.tell(), len(kind.header) + room * kind.row_bytes))
    return written[0], written[-1]


def _blocks(rows: NDArray[Any], kind: ColumnKind) -> Iterator[NDArray[np.uint8]]:
    """Yield the bytes of some rows of a column, a few at a time."""
    at_once = max(1, _WRITTEN_AT_ONCE // max(1, kind.row_bytes))
    for start in range(0, len(rows), at_once):
        block = np.ascontiguousarray(rows[start : start + at_once], dtype=kind.dtype)
        if block.size:
            yield block.reshape(-1).view(np.uint8)
