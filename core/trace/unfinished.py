"""Reads an unfinished recording: its process was killed, or still records.

Its folder has a journal, ``journal.json``, which is replaced as a whole several times a second. The journal says how
many rows of each file count. It also names a small file with the last state, if no column has that state yet. The files
may be longer than the journal says, and have no headers yet. Logged values are in three columns of events; the columns
of a complete trace are computed from them. No torch here.
"""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, Self

import numpy as np
import xxhash
from gradreel.core.arrays import IntArray
from gradreel.core.errors import TraceError
from gradreel.core.experiment import FORMAT_VERSION
from gradreel.core.files import open_regular, read_bounded
from gradreel.core.trace.columns import ColumnKind, data_checksum, read_column
from gradreel.core.trace.environment import Environment
from gradreel.core.trace.format import (
    FORMAT,
    JOURNAL,
    MOST_META,
    TraceFiles,
    column_kinds,
    event_rows_within,
    metric_kinds,
    seal_of,
    sealed_meta,
    setting_kinds,
)
from gradreel.core.trace.recorded_run import Count, RecordedRun
from gradreel.core.trace.write_behind import Written
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

LAST = re.compile(r"last-([0-9]{1,16})\.rows")
"""Names of files with a last state that is in no column yet."""
LOSS, EPOCH, BATCH = range(3)
"""Kinds of an event in the log: a loss, an epoch, or how many examples a batch had."""
KILLED = "killed"
"""The value of `RecordedRun.ended_by` for a run whose process could not end it."""
_ATTEMPTS = 20  # to open a recording that goes on; each fails only if its journal was replaced meanwhile
_LOG = ("log", "log_at", "log_value")
_PARTS = {"kept": (), "batch_loss": _LOG, "epoch": _LOG, "batch_start": _LOG}
"""Columns that are computed, and the columns that they are computed from."""


def log_kinds(logged: int) -> dict[str, ColumnKind]:
    """Return the columns of logged events: the kind of event, its update, its value; ``logged`` rows each."""
    return {name: ColumnKind((logged,), dtype) for name, dtype in zip(_LOG, ("<i4", "<i8", "<f8"), strict=True)}


def logged_columns(events: dict[str, NDArray[Any]], updates: int) -> tuple[dict[str, NDArray[Any]], int | None]:
    """Return the columns ``batch_loss``, ``epoch`` and ``batch_start`` of ``updates`` updates, computed from the log's
    events.

    Also return the first update whose loss was logged as NaN, or None. An update's loss is the mean of its events.
    """
    which, at, value = (np.asarray(events[name]) for name in _LOG)
    loss, epoch = np.full(updates, np.nan), np.full(updates, -1, np.int32)
    lengths = np.zeros(updates, np.int64)

    def events_of(kind: int) -> tuple[IntArray, NDArray[Any], IntArray]:
        """Return the updates and values of all events of a kind, sorted by update, and where each update begins."""
        chosen = np.flatnonzero((which == kind) & (at >= 0) & (at < updates))
        chosen = chosen[np.argsort(at[chosen], kind="stable")]
        return at[chosen], value[chosen], np.flatnonzero(np.diff(at[chosen], prepend=-1))

    at_loss, values, starts = events_of(LOSS)
    if len(starts):
        counts = np.diff(starts, append=len(values))
        with np.errstate(all="ignore"):
            means = np.add.reduceat(values, starts) / counts
        loss[at_loss[starts]] = np.where(counts == 1, values[starts], means)
    logged = at_loss[starts]
    nan = logged[np.isnan(loss[logged])]
    at_epoch, epochs, starts = events_of(EPOCH)
    if len(starts):
        epoch[at_epoch[starts]] = epochs[np.append(starts[1:], len(epochs)) - 1]
    at_batch, sizes, starts = events_of(BATCH)
    if len(starts):
        lengths[at_batch[starts]] = np.add.reduceat(sizes, starts)
    columns = {"batch_loss": loss, "epoch": epoch, "batch_start": np.concatenate([[0], np.cumsum(lengths)])}
    return columns, int(nan[0]) if len(nan) else None


class RowsWritten(BaseModel):
    """How many rows of a column count, and their checksum."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rows: Count
    checksum: str


class LastState(BaseModel):
    """A file with the last state, which is in no column yet.

    ``copies`` has the tensors outside theta whose last copies in ``tensor_bytes`` belong to this state.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: Annotated[str, Field(pattern=rf"^{LAST.pattern}$")]
    checksum: str
    copies: tuple[Count, ...] = ()


class RecordingJournal(BaseModel):
    """The content of ``journal.json`` of an unfinished recording.

    ``recorded`` describes the run up to the last update that is safely written. It does not know the lengths of
    columns.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: str
    version: int
    recorded: RecordedRun
    environment: Environment
    columns: dict[str, RowsWritten]
    last: LastState | None

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Return the journal in a folder.

        Raises FileNotFoundError if it does not exist, and ValueError or OSError if it is damaged.
        """
        text = read_bounded(folder / JOURNAL, MOST_META).decode("ascii")
        if '"recorded":' not in text:
            raise ValueError("it is not that of a recording")
        unsealed, _, rest = text.rpartition(',"checksum":')
        if rest != f'"{seal_of(unsealed + "}")}"}}':
            raise ValueError("its checksum is wrong")
        journal = cls.model_validate(json.loads(unsealed + "}"))
        if (journal.format, journal.version) != (FORMAT, FORMAT_VERSION):
            raise ValueError(f"format version {journal.version}, this program reads {FORMAT_VERSION}")
        journal.recorded.refuse_contradictions()
        return journal


def journal_text(
    run: RecordedRun, environment: dict[str, str], columns: Mapping[str, Written], last: LastState | None
) -> str:
    """Return the text of the journal of ``run``, sealed with a checksum.

    ``run`` has the updates that are safely written.
    """
    journal = {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "recorded": run.model_dump(mode="json"),
        "environment": environment,
        "columns": {name: asdict(written) for name, written in columns.items()},
        "last": None if last is None else last.model_dump(),
    }
    text = json.dumps(journal)
    return f'{text[:-1]},"checksum":"{seal_of(text)}"}}'


def with_computed_columns(
    run: RecordedRun, events: dict[str, NDArray[Any]]
) -> tuple[RecordedRun, dict[str, NDArray[Any]]]:
    """Return the run with the lengths of its columns, and the columns that are computed from events.

    ``events`` has the columns of the log, of the metrics and of the settings, which may go on after the run's last
    update. If the number of tensor copies is not known yet, it also has the columns that name copies.
    """
    columns, first_nan = logged_columns(events, run.updates)
    if run.tensors and "tensor" in events:
        which = events["tensor"]
        sizes = np.array([tensor.size for tensor in run.tensors], dtype=np.int64)
        if not ((which >= 0) & (which < len(sizes))).all():
            raise ValueError("tensor names none of the run's tensors")
        run = run.model_copy(update={"copies": len(which), "copied_bytes": int(sizes[which].sum())})
        columns |= {name: events[name] for name in ("tensor", "tensor_row")}
    row_counts = {
        "examples_logged": int(columns["batch_start"][-1]),
        "first_nan_loss": first_nan,
        **event_rows_within(run, events),
    }
    return run.model_copy(update=row_counts), columns | {"kept": run.kept_updates()}


@dataclass(frozen=True)
class UnfinishedFiles(TraceFiles):
    """The files of an unfinished recording, read as a trace of its complete updates."""

    journal: RecordingJournal
    computed: dict[str, NDArray[Any]]  # columns that no file holds
    last_state: NDArray[Any] | None  # (P,), held here since a process that still records removes its file

    def column(self, name: str) -> NDArray[Any]:
        """Return a column, as `TraceFiles.column`."""
        if name in self.computed:
            return self.computed[name]
        kind = column_kinds(self.recorded)[name]
        last_state = self.last_state if name == "parameters" else None
        try:
            column = read_column(self.path / f"{name}.npy", kind, grows=True, private=last_state is not None)
        except TraceError as error:
            raise self._fault(str(error)) from None
        if last_state is not None:
            column[-1] = last_state
            column.flags.writeable = False
        return column

    def check(self, name: str) -> None:
        """Raise TraceError unless a column has the checksum that the journal names, as `TraceFiles.check`."""
        for part in _PARTS.get(name, (name,)):
            written, kind = self.journal.columns[part], _raw_kinds(self.recorded)[part]
            start = len(kind.header)
            digest = data_checksum(self.path / f"{part}.npy", start, start + written.rows * kind.row_bytes)
            if digest.hexdigest() != written.checksum:
                raise self._fault(f"{part}.npy is damaged: its checksum is wrong")
        last, state = self.journal.last, self.last_state
        if name == "parameters" and last is not None and state is not None:
            is_sound = xxhash.xxh3_128_hexdigest(state.view(np.uint8).data) == last.checksum
            if not is_sound:
                raise self._fault(f"{last.file} is damaged: its checksum is wrong")

    @property
    def recorded(self) -> RecordedRun:
        """Return the run."""
        assert isinstance(self.run, RecordedRun)
        return self.run

    def _fault(self, fault: str) -> TraceError:
        """Return a TraceError that names the path and the fault."""
        return TraceError(f"{self.path}: {fault}; take it from a copy, or record it again")


def open_unfinished(path: Path) -> UnfinishedFiles | None:
    """Return the files of an unfinished recording; None if ``path`` has no journal.

    A process that still records may replace the journal and remove a file that it named. Then the new journal is read.
    Raises TraceError if the recording is damaged.
    """
    for _ in range(_ATTEMPTS - 1):
        version = _journal_version(path)
        try:
            return _open_as_journaled(path)
        except TraceError:
            if _journal_version(path) == version:
                raise
    return _open_as_journaled(path)


def _journal_version(path: Path) -> tuple[int, int] | None:
    """Return what differs from one journal in ``path`` to the next; None if there is none."""
    try:
        status = (path / JOURNAL).stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns


def _open_as_journaled(path: Path) -> UnfinishedFiles | None:
    """Return the files of an unfinished recording as its journal names them. See `open_unfinished`."""
    try:
        journal = RecordingJournal.read(path)
    except FileNotFoundError:
        return None
    except ValidationError as error:
        problem = error.errors()[0]
        field_name = ".".join(map(str, problem["loc"]))
        raise TraceError(
            f"{path}: {JOURNAL} describes no recording: {field_name}: {problem['msg']}; record it again"
        ) from None
    except (OSError, ValueError) as error:
        raise TraceError(f"{path}: {JOURNAL} is damaged: {error}; take it from a copy, or record it again") from None
    run = journal.recorded.model_copy(update={"ended_by": KILLED})
    try:
        _refuse_missing_rows(journal, run)
        events = _read_events(path, journal, run)
        run, computed = with_computed_columns(run, events)
        run.refuse_contradictions()
        if run.examples_logged > journal.columns["batch"].rows:
            raise ValueError("batches have more examples than were written")
        kind = column_kinds(run)["parameters"]
        last_state = None if journal.last is None else _read_last_state(path / journal.last.file, kind)
    except KeyError as error:
        raise TraceError(f"{path}: {JOURNAL} names no column {error}; record it again") from None
    except (TraceError, ValueError) as error:
        raise TraceError(f"{path}: {error}; take it from a copy, or record it again") from None
    checksums = {name: getattr(journal.columns.get(name), "checksum", "") for name in column_kinds(run)}
    meta = json.loads(sealed_meta(run, journal.environment, checksums))
    return UnfinishedFiles(path, meta, run, journal, computed, last_state)


def _read_last_state(file: Path, kind: ColumnKind) -> NDArray[Any]:
    """Return the last state, (P,). Raises ValueError if its file cannot be read or has a wrong length."""
    try:
        with open_regular(file) as stream:
            if os.fstat(stream.fileno()).st_size != kind.row_bytes:
                raise ValueError(f"{file.name} has another length than a state")
            return np.fromfile(stream, kind.dtype)
    except OSError as error:
        raise ValueError(f"{file.name} cannot be read: {error.strerror}") from None


def _raw_kinds(run: RecordedRun) -> dict[str, ColumnKind]:
    """Return the kinds of all columns that a recording writes, the log's included."""
    return column_kinds(run) | log_kinds(0)


def _refuse_missing_rows(journal: RecordingJournal, run: RecordedRun) -> None:
    """Raise ValueError if a column has too few rows for the run's updates."""
    needed = {
        "parameters": run.n_kept - (journal.last is not None),
        "gradient": run.n_kept - 1,
        "optimizer": run.updates,
    }
    for name, rows in needed.items():
        if journal.columns[name].rows < rows:
            raise ValueError(f"{name} has {journal.columns[name].rows} rows, {rows} are needed")


def _read_events(path: Path, journal: RecordingJournal, run: RecordedRun) -> dict[str, NDArray[Any]]:
    """Return the columns of events as written, and the columns that name copies of tensors, the last state's
    included.
    """
    raw = _raw_kinds(run)
    read_column(path / "optimizer.npy", raw["optimizer"], grows=True)  # raises if there are fewer updates
    names = (*_LOG, *setting_kinds(0), *metric_kinds(0), "tensor", "tensor_row")
    columns: dict[str, NDArray[Any]] = {
        name: read_column(path / f"{name}.npy", raw[name].of_length(journal.columns[name].rows), grows=True)
        for name in names
        if name in raw and name in journal.columns
    }
    if run.tensors:
        kept = columns["tensor_row"] < run.n_kept
        last = journal.last.copies if journal.last is not None else ()
        for name, more in (("tensor", list(last)), ("tensor_row", [run.n_kept - 1] * len(last))):
            columns[name] = np.concatenate([columns[name][kept], np.array(more, columns[name].dtype)])
    return columns
