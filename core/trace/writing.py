"""Writes a trace under a temporary name beside its final one, and renames it when it is complete.

While a run is recorded, its folder has a journal: how many updates are safely in the files, and checksums of those.
After a kill, the next run of the same experiment resumes from there. The folder of a user's own loop is called
``<path>.interrupted`` from the start. Its journal makes it readable at any time: see `core.trace.unfinished`.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout
from gradreel.core.errors import TraceError, UserError, abbreviated_list
from gradreel.core.files import read_bounded
from gradreel.core.trace.columns import ColumnKind
from gradreel.core.trace.format import (
    BESIDE,
    COLUMNS,
    FORMAT,
    INTERRUPTED,
    JOURNAL,
    META,
    MOST_META,
    PARTIAL,
    is_sealed,
    metric_kinds,
    read_sealed_meta,
)
from gradreel.core.trace.recorded_run import MOST_COUNTED
from gradreel.core.trace.unfinished import LAST, log_kinds
from gradreel.core.trace.write_behind import ColumnWriter, WriteBehind, Written
from pydantic import TypeAdapter

if TYPE_CHECKING:
    from gradreel.core.trace.earlier_run import EarlierRun

_REPLACED = ".replaced"
_NOTES = tuple(f"{name}{new}" for name in (META, JOURNAL) for new in ("", ".new"))
_JOURNAL_SECONDS = 0.5
UNFINISHED = ".new"
"""Ending of the temporary names of small files beside traces."""
_WRITING_SECONDS = 3600.0  # an older temporary file is not being written any more
_OF_A_RUN = re.compile(r"\.?[0-9a-f]{32}(\.|$)")  # beginning of the names of files and folders of our runs
_FORGOTTEN_SECONDS = 14 * 24 * 3600  # an older unfinished run will not be resumed


@dataclass(frozen=True)
class Journal:
    """How far an unfinished trace is: ``updates`` updates are safely in its files."""

    updates: int
    environment: dict[str, str]
    columns: dict[str, Written]


class DamagedJournalError(Exception):
    """The files of an unfinished trace do not match its journal, so the run cannot be resumed."""


@contextmanager
def writer_lock(directory: Path, name: str, wait: bool = True) -> Iterator[None]:
    """Hold the lock for writing the trace ``name`` in ``directory``, which is made if needed.

    If another process holds the lock, wait, or raise UserError if ``wait`` is False. The operating system releases the
    lock of a process that died. Also raises UserError if the directory cannot be written to.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        lock = FileLock(_lock_file(directory, name))
        lock.acquire(timeout=-1 if wait else 0)
    except Timeout:
        raise UserError(f"{directory / name} is being written by another run; choose another path, or wait") from None
    except OSError as error:
        raise UserError(f"{directory} cannot be written to: {error.strerror or error}; choose another path") from None
    try:
        _remove_stale_files(directory)
        yield
    finally:
        lock.release()


class TraceWriter:
    """The columns, by name, of a trace that is being written, and the name that the trace will get."""

    def __init__(self, partial: Path, name: str, behind: WriteBehind, environment: dict[str, str]) -> None:
        self.name = name
        self.columns: Mapping[str, ColumnWriter] = behind.columns
        self._partial_folder, self._behind, self._environment = partial, behind, environment
        self._marked = time.monotonic()
        self._marking = False

    @property
    def folder(self) -> Path:
        """Return the folder of the trace until it is complete."""
        return self._partial_folder

    @property
    def mark_due(self) -> bool:
        """Return whether the journal should be written again: at most twice a second."""
        return time.monotonic() - self._marked >= _JOURNAL_SECONDS

    def mark(self, updates: int) -> None:
        """Write into the journal that everything up to the state after ``updates`` updates has been appended.

        The journal is replaced once these rows are in the files.
        """
        self._marked = time.monotonic()
        self._behind.mark(lambda columns: self._note(Journal(updates, self._environment, columns)))

    def add(self, column: str, kind: ColumnKind, written: Written | None = None) -> None:
        """Begin a column, or resume it after ``written`` rows. Raises DamagedJournalError if the file lacks them."""
        try:
            ColumnWriter(self._behind, self._partial_folder / f"{column}.npy", kind, written)
        except (ValueError, FileNotFoundError) as error:
            raise DamagedJournalError(str(error)) from None

    @property
    def marking(self) -> bool:
        """Return whether a journal is still being written. Raises an error of the writing thread."""
        if self._behind.error is not None:
            raise self._behind.error
        return self._marking

    def mark_recording(
        self,
        journal: Callable[[dict[str, Written]], str],
        updates: int,
        last: str,
        rows: Mapping[str, int],
        without_last_row: Iterable[str] = (),
    ) -> None:
        """Replace the journal of a recording by one of all that has been appended so far.

        Parameters
        ----------
        journal
            Makes the journal's text from what is written of each column.
        updates
            How many updates the journal covers.
        last
            The name of the file with the last state, which the journal names; "" if there is none.
        rows
            How many rows the files of some columns must have room for, by column.
        without_last_row
            Columns whose last row is about to be dropped. Then nothing may be appended until the journal is written.
        """

        def note(columns: dict[str, Written]) -> None:
            """Write the journal and remove files of states that it does not need."""
            for column, length in rows.items():
                self.columns[column].reserve(length)
            _write_atomically(
                self._partial_folder / JOURNAL,
                journal({**columns, **{c: self.columns[c].before_row() for c in without}}),
            )
            self._remove_states(updates, last)
            self._marking = False

        without = tuple(without_last_row)
        self._marking = True
        self._behind.mark(note)

    def wait(self) -> None:
        """Wait until all that has been appended is in the files.

        Raises an error of the writing thread, such as OSError.
        """
        self._behind.mark(lambda columns: None)
        self._behind.drain()

    def leave_out(self, column: str) -> None:
        """Close a column that is not part of the complete trace, once all of it is in its file.

        `remove_journal` deletes it.
        """
        self._behind.columns.pop(column).close()

    def forget_updates(self) -> None:
        """Remove the journal, since no update is complete any more."""
        (self._partial_folder / JOURNAL).unlink(missing_ok=True)

    def remove_journal(self) -> None:
        """Remove all files that only an unfinished trace has."""
        for name in (*_NOTES[1:], *(f"{column}.npy" for column in log_kinds(0))):
            (self._partial_folder / name).unlink(missing_ok=True)
        self._remove_states()

    def _remove_states(self, updates: int | None = None, last: str = "") -> None:
        """Remove the files of last states up to ``updates`` updates (None: all), except the file ``last``."""
        for file in self._partial_folder.glob("last-*"):
            match = LAST.fullmatch(file.name)
            if match and file.name != last and (updates is None or int(match[1]) <= updates):
                file.unlink(missing_ok=True)

    def _note(self, journal: Journal) -> None:
        """Write the journal of a training run."""
        _write_atomically(self._partial_folder / JOURNAL, json.dumps(asdict(journal)))


@contextmanager
def new_trace(
    directory: Path,
    name: str,
    kinds: Mapping[str, ColumnKind],
    seal: Callable[[dict[str, str]], str],
    environment: dict[str, str],
    journal: Journal | None = None,
    block: int | None = None,
) -> Iterator[TraceWriter]:
    """Yield a writer for the columns of a new trace. On leaving without an error the trace gets its final name.

    Only then is a trace replaced that had this name before. After an interruption the files stay, so that the next run
    can resume (`read_journal`). After any other error nothing is left.

    Parameters
    ----------
    directory, name
        Where the trace will be.
    kinds
        The kind of each column.
    seal
        Makes the text of meta.json from the checksums of the columns.
    environment
        The facts that the trace names.
    journal
        Resume from this journal; None to start anew.
    block
        Bytes that are written at once.

    Raises
    ------
    UserError
        Before anything is written, if something else than a trace has the name; also if the disk is full.
    DamagedJournalError
        If the files do not match the journal.
    """
    partial = _partial_folder(directory, name)
    for folder in (partial, _replaced_folder(directory / name), directory / name):
        refuse_other_data(folder, kinds)
    try:
        if journal is None:
            _make_folder(partial, kinds)
        with WriteBehind(block) as behind:
            trace = TraceWriter(partial, name, behind, environment)
            for column, kind in kinds.items():
                trace.add(column, kind, journal.columns[column] if journal else None)
            yield trace
        wrong_columns = [name for name, writer in behind.columns.items() if writer.rows != kinds[name].shape[0]]
        if wrong_columns:
            raise RuntimeError(f"columns of the wrong length: {wrong_columns}")
        _finish_files(trace, seal)
        _give_final_name(partial, directory / trace.name, kinds)
    except DamagedJournalError:
        raise  # the caller decides which runs start anew
    except OSError as error:
        _remove_trace(partial)
        raise UserError(
            f"{directory}: the trace could not be written: {error.strerror or error}; free some space, or choose"
            f" another path"
        ) from None
    except Exception:
        _remove_trace(partial)
        raise
    except BaseException:  # interrupted
        if read_journal(directory, name) is None:
            _remove_trace(partial)
        raise


@contextmanager
def new_recording(
    path: Path,
    kinds: Mapping[str, ColumnKind],
    seal: Callable[[dict[str, str]], str],
    environment: dict[str, str],
    earlier: EarlierRun | None = None,
) -> Iterator[TraceWriter]:
    """Yield a writer for the columns of a recording, whose lengths are not known yet. On leaving it gets its name.

    Until then it is in the folder `interrupted_path`. A trace at ``path`` is replaced at the end, and only then. A
    recording that has a journal always stays. One without is removed, unless the process is killed.

    With ``earlier``, the columns begin with those of that run, which are copied. An interrupted earlier run is replaced
    by the copy at once; a complete one stays until the end.

    Raises UserError like `new_trace`.
    """
    process = os.getpid()
    new_folder = _partial_folder(path.parent, path.name)
    is_replaced_at_once = earlier is not None and earlier.is_interrupted
    folder = earlier.path if earlier is not None and is_replaced_at_once else interrupted_path(path)
    for other in (new_folder, _replaced_folder(path), path, *([folder] if is_replaced_at_once else [])):
        refuse_other_data(other, kinds)
    written: dict[str, Written] = {}
    try:
        _make_folder(new_folder, kinds, grows=True, copied_bytes=earlier.n_bytes if earlier is not None else 0)
        if earlier is not None:
            written = earlier.copy_into(new_folder)
        if is_replaced_at_once:
            _give_final_name(new_folder, folder, kinds)
        else:
            _remove_trace(folder)
            new_folder.rename(folder)
        with WriteBehind() as behind:
            trace = TraceWriter(folder, path.name, behind, environment)
            for column, kind in kinds.items():
                trace.add(column, kind, written.get(column))
            yield trace
        if os.getpid() != process:
            return
        _finish_files(trace, seal)
        if trace.name != folder.name:
            _give_final_name(folder, path.with_name(trace.name), kinds)
    except BaseException as error:
        if os.getpid() != process:
            raise
        _remove_trace(new_folder)
        if not (folder / JOURNAL).exists() and not is_sealed(folder):
            _remove_trace(folder)
        if isinstance(error, OSError):
            raise UserError(
                f"{folder}: the trace could not be written: {error.strerror or error}; free some space, or choose"
                f" another path"
            ) from None
        raise


def interrupted_path(path: Path) -> Path:
    """Return the folder of a recording to ``path`` until it is complete: ``<path>.interrupted``, or
    ``<path>.interrupted-2``, ...

    A folder that an earlier recording left is not used again, unless it has no update.
    """
    numbered = (path.with_name(f"{path.name}{INTERRUPTED}-{number}") for number in count(2))
    places = chain([path.with_name(f"{path.name}{INTERRUPTED}")], numbered)
    return next(place for place in places if not os.path.lexists(place) or _is_only_begun(place))


def name_recorded_in(folder: Path) -> str:
    """Return the name of the trace whose recording has ``folder`` until it is complete; "" if it is no such folder."""
    match = re.fullmatch(rf"(.+){re.escape(INTERRUPTED)}(-[0-9]+)?", folder.name, re.DOTALL)
    return match[1] if match else ""


def _is_only_begun(folder: Path) -> bool:
    """Return whether a recording was killed before its first update was safely written."""
    try:
        is_begun = json.loads(read_bounded(folder / META, MOST_META)).keys() == {"format", "columns"}
        return is_begun and not (folder / JOURNAL).exists() and not _reason_not_a_trace(folder)
    except (OSError, ValueError, AttributeError):
        return False


def _make_folder(folder: Path, kinds: Mapping[str, ColumnKind], grows: bool = False, copied_bytes: int = 0) -> None:
    """Make an empty folder for a trace with these columns. Raises UserError if the disk has no room for them.

    ``grows``: the columns will grow beyond the given lengths. ``copied_bytes``: what is copied into them first.
    """
    _remove_trace(folder)
    needed = sum(kind.n_bytes for kind in kinds.values()) + copied_bytes
    free = shutil.disk_usage(folder.parent).free
    if needed > free:
        fewer_states = 'keep fewer states, such as keep = {"at most": 100000000}'
        raise UserError(
            f"the trace needs {needed / 1e9:.3g} GB{' to begin with' if grows else ''}, {folder.parent} has "
            f"{free / 1e9:.3g} GB free; {'make room, or choose a path on another disk' if grows else fewer_states}"
        )
    folder.mkdir()
    _write_atomically(folder / META, json.dumps({"format": FORMAT, "columns": [*kinds, *metric_kinds(0)]}))


def _finish_files(trace: TraceWriter, seal: Callable[[dict[str, str]], str]) -> None:
    """Write the headers and meta.json of a trace whose columns are all written, and remove the journal."""
    for writer in trace.columns.values():
        writer.finish()
    _write_atomically(trace.folder / META, seal({column: writer.checksum for column, writer in trace.columns.items()}))
    trace.remove_journal()


def read_journal(directory: Path, name: str) -> Journal | None:
    """Return the journal of an unfinished trace, for resuming; None if it is missing or damaged."""
    try:
        return _JOURNALS.validate_json(read_bounded(_partial_folder(directory, name) / JOURNAL, MOST_META), strict=True)
    except (OSError, ValueError):  # pydantic's ValidationError is one
        return None


_JOURNALS = TypeAdapter(Journal)


def refuse_other_data(folder: Path, columns: Iterable[str] = ()) -> None:
    """Raise UserError if ``folder`` exists and is anything but a trace, complete or not, so that it is never replaced.

    ``columns`` may be in a folder that is named by a run's digest even if its own notes are damaged.
    """
    if not folder.exists() and not folder.is_symlink():
        return
    if not folder.is_dir():
        raise UserError(f"{folder} is a file; a trace is a folder: choose another path")
    if reason := _reason_not_a_trace(folder, columns):
        raise UserError(f"{folder} would be replaced by a trace, and {reason}: choose another path, or move it away")


def is_other_data(folder: Path) -> bool:
    """Return whether ``folder`` exists and is anything but a trace."""
    try:
        refuse_other_data(folder)
    except UserError:
        return True
    return False


def updates_in(folder: Path) -> int:
    """Return the updates of the complete trace in ``folder``; 0 if there is none.

    A damaged trace counts as longer than any: `MOST_COUNTED` + 1.
    """
    if not (folder / META).exists() or _is_only_begun(folder):
        return 0
    try:
        meta, _ = read_sealed_meta(folder)
        return int(meta["updates"])
    except TraceError:
        return MOST_COUNTED + 1


def _reason_not_a_trace(folder: Path, columns: Iterable[str] = ()) -> str:
    """Return why a folder is not just a trace, as words after "and"; "" if it is a trace or empty.

    A trace names its columns in ``meta.json`` or in its journal. Besides them it may have the files of `BESIDE`.
    """
    if folder.is_symlink():
        return "is a link"
    entries = list(folder.iterdir())
    if not all(entry.is_file() and not entry.is_symlink() for entry in entries):
        return "has folders or links in it"
    column_names = {name for note in _NOTES for name in _columns_named(folder / note)}
    column_names |= set(columns) if _OF_A_RUN.match(folder.name) else set()
    if entries and not column_names:
        return f"is no trace: it has no {META} of one"
    trace_files = {*_NOTES, *BESIDE, *(f"{name}.npy" for name in column_names)}
    other_files = sorted(
        entry.name for entry in entries if entry.name not in trace_files and not LAST.fullmatch(entry.name)
    )
    return f"has other files in it: {abbreviated_list(other_files)}" if other_files else ""


def _columns_named(note: Path) -> set[str]:
    """Return the columns that a trace's ``meta.json`` or journal names; none if the file is damaged or foreign.

    Only names that a trace's column can have count, whatever the file says.
    """
    try:
        content = json.loads(read_bounded(note, MOST_META))
        is_ours = content.get("format") == FORMAT or {"updates", "environment", "columns"} == set(content)
        return set(content["columns"]) & {*COLUMNS, *log_kinds(0)} if is_ours else set()
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return set()


def _write_atomically(file: Path, text: str) -> None:
    """Write a small file in one step: readers see either all of it or none."""
    new = file.with_name(f"{file.name}.new")
    new.write_text(text, encoding="ascii")
    new.replace(file)


def _give_final_name(partial: Path, final: Path, columns: Iterable[str]) -> None:
    """Give the finished trace its final name. Only then is an older trace with that name removed.

    The data are not forced to the disk, which would take longer than the training. They survive the death of this
    process; after a power failure the checksums show what is missing.
    """
    old = _replaced_folder(final)
    for folder in (old, final):  # checked again, since a run may take days
        refuse_other_data(folder, columns)
    _undo_replacement(old, final)
    try:
        if final.exists():
            final.rename(old)
        partial.rename(final)
    finally:
        _undo_replacement(old, final)


def _undo_replacement(old: Path, final: Path) -> None:
    """Undo an interrupted replacement: the old trace gets its name back, unless the new one has it already."""
    if not old.exists():
        return
    if not final.exists():
        old.rename(final)
    else:
        _remove_trace(old)


def _remove_trace(folder: Path) -> None:
    """Remove a trace's folder as far as possible.

    The files that name its columns go last. So if this process is killed meanwhile, the remains are still known as a
    trace.
    """
    if folder.is_symlink():
        return
    with suppress(OSError):
        for file in sorted(folder.iterdir(), key=lambda file: (file.name in _NOTES, file.name == META)):
            file.unlink()
    shutil.rmtree(folder, ignore_errors=True)  # folders too


def _remove_stale_files(directory: Path) -> None:
    """Remove what killed runs left long ago, and restore traces that a killed run was about to replace.

    A trace may be beside files of others with similar names, so only files that are certainly ours are removed.
    """
    for leftover in directory.glob(f".*{UNFINISHED}"):
        with suppress(OSError):
            if _OF_A_RUN.match(leftover.name) and time.time() - leftover.stat().st_mtime > _WRITING_SECONDS:
                leftover.unlink()
    for leftover in [*directory.glob(f".*{PARTIAL}"), *directory.glob(f".*{_REPLACED}")]:
        name = leftover.name.removeprefix(".").removesuffix(leftover.suffix)
        try:
            if (
                not leftover.is_dir()
                or _reason_not_a_trace(leftover)
                or not (_OF_A_RUN.match(leftover.name) or any(leftover.iterdir()))
            ):
                continue
            if leftover.suffix == PARTIAL and time.time() - leftover.stat().st_mtime < _FORGOTTEN_SECONDS:
                continue
            with FileLock(_lock_file(directory, name), timeout=0):
                if leftover.suffix == PARTIAL:
                    _remove_trace(leftover)
                else:
                    _undo_replacement(leftover, directory / name)
        except (Timeout, OSError):
            continue


def _partial_folder(directory: Path, name: str) -> Path:
    """Return the folder of a trace that is being trained."""
    return directory / f".{name}{PARTIAL}"


def _replaced_folder(final: Path) -> Path:
    """Return the folder of an old trace while the new one gets its name."""
    return final.with_name(f".{final.name}{_REPLACED}")


def _lock_file(directory: Path, name: str) -> Path:
    """Return the lock file of a trace."""
    return directory / f".{name}.lock"
