"""Reads a recording that is unfinished: the process was killed, or still records.

Its folder has a journal, ``journal.json``, that is replaced as a whole several times a second. The journal says how
many rows of each file count, and names a small file with the last state, where that is in no column yet. The files may
be longer than the journal says, and have no headers yet. What the loop logged is in three columns of events; the
columns of a whole trace are computed from them. No torch here.
"""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, Self

import numpy as np
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
"""Names of the files with a last state that is in no column yet."""
LOSS, EPOCH, BATCH = range(3)
"""What an event of the log is: a loss, an epoch, or how many examples a batch had."""
KILLED = "killed"
"""What `RecordedRun.ended_by` says of a run that nobody could end in order."""
_LOG = ("log", "log_at", "log_value")
_PARTS = {"kept": (), "batch_loss": _LOG, "epoch": _LOG, "batch_start": _LOG}
"""Columns that are computed, and the columns that they are computed from."""


def log_kinds(logged: int) -> dict[str, ColumnKind]:
    """The columns of what was logged of updates: which of `LOSS`, `EPOCH`, `BATCH`; of which update; its value."""
    return {name: ColumnKind((logged,), dtype) for name, dtype in zip(_LOG, ("<i4", "<i8", "<f8"), strict=True)}


def logged_columns(events: dict[str, NDArray[Any]], updates: int) -> tuple[dict[str, NDArray[Any]], int | None]:
    """Computes the columns ``batch_loss``, ``epoch`` and ``batch_start`` of so many updates from the log's events.

    Returns them by name, and the first update whose loss was logged as NaN. An update's loss is the mean of its events.
    """
    which, at, value = (np.asarray(events[name]) for name in _LOG)
    loss, epoch = np.full(updates, np.nan), np.full(updates, -1, np.int32)
    lengths = np.zeros(updates, np.int64)

    def of(kind: int) -> tuple[IntArray, NDArray[Any], IntArray]:
        """The updates and values of all events of a kind, update by update, and where each update's begin."""
        chosen = np.flatnonzero((which == kind) & (at >= 0) & (at < updates))
        chosen = chosen[np.argsort(at[chosen], kind="stable")]
        return at[chosen], value[chosen], np.flatnonzero(np.diff(at[chosen], prepend=-1))

    at_loss, values, starts = of(LOSS)
    if len(starts):
        counts = np.diff(starts, append=len(values))
        with np.errstate(all="ignore"):
            means = np.add.reduceat(values, starts) / counts
        loss[at_loss[starts]] = np.where(counts == 1, values[starts], means)
    logged = at_loss[starts]
    nan = logged[np.isnan(loss[logged])]
    at_epoch, epochs, starts = of(EPOCH)
    if len(starts):
        epoch[at_epoch[starts]] = epochs[np.append(starts[1:], len(epochs)) - 1]
    at_batch, sizes, starts = of(BATCH)
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

    ``copies``: tensors beside theta whose last copies in ``tensor_bytes`` belong to it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: Annotated[str, Field(pattern=rf"^{LAST.pattern}$")]
    checksum: str
    copies: tuple[Count, ...] = ()


class RecordingJournal(BaseModel):
    """What ``journal.json`` of an unfinished recording says.

    ``recorded``: the run, as one of so many updates as are certain. Lengths of columns in it are not known yet.
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
        """The journal in a folder. FileNotFoundError if there is none, ValueError or OSError if it is damaged."""
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
    """The text of the journal of a run of so many updates as are certain, sealed with a checksum."""
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
    """The run with the lengths of its columns, as ``events`` tell, and the columns computed from the log's.

    ``events``: the columns of the log, of the metrics and of the settings, which may go on after the run's last update;
    and those that name copies of tensors, if their number is not known yet.
    """
    columns, first_nan = logged_columns(events, run.updates)
    if run.tensors and "tensor" in events:
        which = events["tensor"]
        sizes = np.array([tensor.size for tensor in run.tensors], dtype=np.int64)
        if not ((which >= 0) & (which < len(sizes))).all():
            raise ValueError("tensor names none of the run's tensors")
        run = run.model_copy(update={"copies": len(which), "copied_bytes": int(sizes[which].sum())})
        columns |= {name: events[name] for name in ("tensor", "tensor_row")}
    lengths = {
        "examples_logged": int(columns["batch_start"][-1]),
        "first_nan_loss": first_nan,
        **event_rows_within(run, events),
    }
    return run.model_copy(update=lengths), columns | {"kept": run.kept_updates()}


@dataclass(frozen=True)
class UnfinishedFiles(TraceFiles):
    """The files of an unfinished recording, read as those of a trace of its whole updates."""

    journal: RecordingJournal
    computed: dict[str, NDArray[Any]]  # the columns that are in no file

    def column(self, name: str) -> NDArray[Any]:
        """As `TraceFiles.column`."""
        if name in self.computed:
            return self.computed[name]
        kind = column_kinds(self.recorded)[name]
        last = self.journal.last if name == "parameters" else None
        try:
            column = read_column(self.path / f"{name}.npy", kind, grows=True, private=last is not None)
        except TraceError as error:
            raise self._fault(str(error)) from None
        if last is not None:
            column[-1] = self._state(last, kind)
            column.flags.writeable = False
        return column

    def check(self, name: str) -> None:
        """As `TraceFiles.check`."""
        for part in _PARTS.get(name, (name,)):
            written, kind = self.journal.columns[part], _raw_kinds(self.recorded)[part]
            start = len(kind.header)
            found = data_checksum(self.path / f"{part}.npy", start, start + written.rows * kind.row_bytes)
            if found.hexdigest() != written.checksum:
                raise self._fault(f"{part}.npy is damaged: its checksum is wrong")
        last = self.journal.last if name == "parameters" else None
        if last is not None and data_checksum(self.path / last.file, 0).hexdigest() != last.checksum:
            raise self._fault(f"{last.file} is damaged: its checksum is wrong")

    @property
    def recorded(self) -> RecordedRun:
        """The run."""
        assert isinstance(self.run, RecordedRun)
        return self.run

    def _state(self, last: LastState, kind: ColumnKind) -> NDArray[Any]:
        """The last state, (P,)."""
        try:
            with open_regular(self.path / last.file) as stream:
                if os.fstat(stream.fileno()).st_size != kind.row_bytes:
                    raise self._fault(f"{last.file} has another length than a state")
                return np.fromfile(stream, kind.dtype)
        except OSError as error:
            raise self._fault(f"{last.file} cannot be read: {error.strerror}") from None

    def _fault(self, found: str) -> TraceError:
        return TraceError(f"{self.path}: {found}; take it from a copy, or record it again")


def open_unfinished(path: Path) -> UnfinishedFiles | None:
    """The files of an unfinished recording; None if ``path`` is none. TraceError if it is damaged."""
    try:
        journal = RecordingJournal.read(path)
    except FileNotFoundError:
        return None
    except ValidationError as error:
        wrong = error.errors()[0]
        where = ".".join(map(str, wrong["loc"]))
        raise TraceError(f"{path}: {JOURNAL} describes no recording: {where}: {wrong['msg']}") from None
    except (OSError, ValueError) as error:
        raise TraceError(f"{path}: {JOURNAL} is damaged: {error}; take it from a copy, or record it again") from None
    run = journal.recorded.model_copy(update={"ended_by": KILLED})
    try:
        _refuse_rows(journal, run)
        events = _events(path, journal, run)
        run, computed = with_computed_columns(run, events)
        run.refuse_contradictions()
        if run.examples_logged > journal.columns["batch"].rows:
            raise ValueError("batches have more examples than were written")
    except KeyError as error:
        raise TraceError(f"{path}: {JOURNAL} names no column {error}; record it again") from None
    except (TraceError, ValueError) as error:
        raise TraceError(f"{path}: {error}; take it from a copy, or record it again") from None
    checksums = {name: getattr(journal.columns.get(name), "checksum", "") for name in column_kinds(run)}
    meta = json.loads(sealed_meta(run, journal.environment, checksums))
    return UnfinishedFiles(path, meta, run, journal, computed)


def _raw_kinds(run: RecordedRun) -> dict[str, ColumnKind]:
    return column_kinds(run) | log_kinds(0)


def _refuse_rows(journal: RecordingJournal, run: RecordedRun) -> None:
    """Raise ValueError if too few rows are written for so many updates."""
    needed = {
        "parameters": run.n_kept - (journal.last is not None),
        "gradient": run.n_kept - 1,
        "optimizer": run.updates,
    }
    for name, rows in needed.items():
        if journal.columns[name].rows < rows:
            raise ValueError(f"{name} has {journal.columns[name].rows} rows, {rows} are needed")


def _events(path: Path, journal: RecordingJournal, run: RecordedRun) -> dict[str, NDArray[Any]]:
    """The columns of events as they were written, and those of the copies of tensors, with those of the last state."""
    raw = _raw_kinds(run)
    read_column(path / "optimizer.npy", raw["optimizer"], grows=True)  # there really are so many updates
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
