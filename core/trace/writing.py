"""Writes a trace under a temporary name beside the final one, and renames it when it is whole.

While a run is recorded, its folder has a journal: how many updates are certainly in the files, and the checksums of
those. After a kill, the next run of the same experiment resumes from there. The folder of somebody's own loop is called
``<path>.interrupted`` from the start, and can be opened at any time by its journal: see `core.trace.unfinished`.
"""

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

from filelock import FileLock, Timeout
from gradreel.core.errors import UserError, abbreviated_list
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
)
from gradreel.core.trace.unfinished import LAST, log_kinds
from gradreel.core.trace.write_behind import ColumnWriter, WriteBehind, Written
from pydantic import TypeAdapter

_REPLACED = ".replaced"
_NOTES = tuple(f"{name}{new}" for name in (META, JOURNAL) for new in ("", ".new"))
_JOURNAL_SECONDS = 0.5
UNFINISHED = ".new"
"""How the temporary names of small files beside traces end."""
_WRITING_SECONDS = 3600.0  # after which nobody is still writing one
_OF_A_RUN = re.compile(r"\.?[0-9a-f]{32}(\.|$)")  # how names of what belongs to a run of ours begin
_FORGOTTEN_SECONDS = 14 * 24 * 3600  # after which nobody resumes a run


@dataclass(frozen=True)
class Journal:
    """How far an unfinished trace is: so many updates are certainly in its files."""

    updates: int
    environment: dict[str, str]
    columns: dict[str, Written]


class DamagedJournalError(Exception):
    """The files of an unfinished trace are not what its journal says, so that it cannot be resumed."""


@contextmanager
def writer_lock(directory: Path, name: str, wait: bool = True) -> Iterator[None]:
    """Hold the right to write the trace ``name`` into ``directory``; wait for whoever holds it, or else UserError.

    The operating system takes the lock back from a process that died. A fork of the process does not release it.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        lock = FileLock(_lock_file(directory, name))
        lock.acquire(timeout=-1 if wait else 0)
    except Timeout:
        raise UserError(f"{directory / name} is being written by another run; choose another path, or wait") from None
    except OSError as error:
        raise UserError(f"{directory} cannot be written to: {error.strerror or error}") from None
    try:
        _clean(directory)
        yield
    finally:
        lock.release()


class TraceWriter:
    """The columns of a trace that is being written, by name, and the name that the trace will have."""

    def __init__(self, partial: Path, name: str, behind: WriteBehind, environment: dict[str, str]) -> None:
        self.name = name
        self.columns: Mapping[str, ColumnWriter] = behind.columns
        self._partial, self._behind, self._environment = partial, behind, environment
        self._marked = time.monotonic()
        self._marking = False

    @property
    def folder(self) -> Path:
        """Where the trace is until it is whole."""
        return self._partial

    @property
    def mark_due(self) -> bool:
        """Whether the journal is to be written again: twice a second at most."""
        return time.monotonic() - self._marked >= _JOURNAL_SECONDS

    def mark(self, updates: int) -> None:
        """Note that the state after ``updates`` updates, and all that led to it, has been appended."""
        self._marked = time.monotonic()
        self._behind.mark(lambda columns: self._note(Journal(updates, self._environment, columns)))

    def add(self, column: str, kind: ColumnKind, written: Written | None = None) -> None:
        """Begin a column, or resume it after what has been ``written``. DamagedJournalError if that is not there."""
        try:
            ColumnWriter(self._behind, self._partial / f"{column}.npy", kind, written)
        except (ValueError, FileNotFoundError) as error:
            raise DamagedJournalError(str(error)) from None

    @property
    def marking(self) -> bool:
        """Whether a journal is still being written. An error of the thread that writes is raised."""
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

        ``journal``: makes its text, of so many ``updates``. ``last``: the file with the last state, which it names; ""
        if there is none. In ``rows``: how long the files of some columns must be. ``without_last_row``: columns whose
        last row is about to be dropped; then nothing must be appended until the journal is there.
        """

        def note(columns: dict[str, Written]) -> None:
            for column, length in rows.items():
                self.columns[column].reserve(length)
            _write(self._partial / JOURNAL, journal({**columns, **{c: self.columns[c].before_row() for c in without}}))
            self._remove_states(updates, last)
            self._marking = False

        without = tuple(without_last_row)
        self._marking = True
        self._behind.mark(note)

    def wait(self) -> None:
        """Wait until all that has been appended is in the files. Raises what went wrong meanwhile, such as OSError."""
        self._behind.mark(lambda columns: None)
        self._behind.drain()

    def leave_out(self, column: str) -> None:
        """A column, all of which is in its file, is no part of the whole trace: its file is removed at the end."""
        self._behind.columns.pop(column).close()

    def forget_updates(self) -> None:
        """No update is whole any more: remove the journal."""
        (self._partial / JOURNAL).unlink(missing_ok=True)

    def remove_journal(self) -> None:
        """Remove what an unfinished trace has beside its columns."""
        for name in (*_NOTES[1:], *(f"{column}.npy" for column in log_kinds(0))):
            (self._partial / name).unlink(missing_ok=True)
        self._remove_states()

    def _remove_states(self, updates: int | None = None, last: str = "") -> None:
        """Remove the files of states up to so many updates, or of all, but for ``last``."""
        for file in self._partial.glob("last-*"):
            found = LAST.fullmatch(file.name)
            if found and file.name != last and (updates is None or int(found[1]) <= updates):
                file.unlink(missing_ok=True)

    def _note(self, journal: Journal) -> None:
        _write(self._partial / JOURNAL, json.dumps(asdict(journal)))


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
    """A writer of the columns of a new trace. On leaving without an error the trace gets its final name.

    A trace that had this name before is replaced then, and only then. An interruption leaves what the next run can
    resume from (its `read_journal`); any other error leaves nothing.

    ``seal``: makes the text of meta.json from the checksums of the columns. ``journal``: resume from it.
    ``block``: bytes that are written at once.

    UserError, before anything is written, if what has the name is no trace. DamagedJournalError if the files are not
    what the journal says.
    """
    partial = _partial(directory, name)
    for folder in (partial, _replaced(directory / name), directory / name):
        refuse_other_data(folder, kinds)
    try:
        if journal is None:
            _begin(partial, kinds)
        with WriteBehind(block) as behind:
            trace = TraceWriter(partial, name, behind, environment)
            for column, kind in kinds.items():
                trace.add(column, kind, journal.columns[column] if journal else None)
            yield trace
        wrong = [name for name, writer in behind.columns.items() if writer.rows != kinds[name].shape[0]]
        if wrong:
            raise RuntimeError(f"columns of the wrong length: {wrong}")
        _finish(trace, seal)
        _publish(partial, directory / trace.name, kinds)
    except DamagedJournalError:
        raise  # this one, or one beside it: whoever trains begins anew what has to be
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise UserError(f"{directory}: the trace could not be written: {error.strerror or error}") from None
    except Exception:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    except BaseException:  # interrupted
        if read_journal(directory, name) is None:
            shutil.rmtree(partial, ignore_errors=True)
        raise


@contextmanager
def new_recording(
    path: Path, kinds: Mapping[str, ColumnKind], seal: Callable[[dict[str, str]], str], environment: dict[str, str]
) -> Iterator[TraceWriter]:
    """A writer of the columns of a recording, of lengths that are not known yet. On leaving it gets its name.

    Until then it is in the folder `interrupted_path`. A trace that is at ``path`` is replaced at the end, and only
    then. Whatever happens, a recording that has a journal stays; one without is removed, unless the process is killed.
    A fork of the process that leaves it changes no file.

    Raises as `new_trace`, and UserError for a disk that is full.
    """
    process = os.getpid()
    begun = _partial(path.parent, path.name)
    for folder in (begun, _replaced(path), path):
        refuse_other_data(folder, kinds)
    folder = interrupted_path(path)
    try:
        _begin(begun, kinds, grows=True)
        shutil.rmtree(folder, ignore_errors=True)
        begun.rename(folder)
        with WriteBehind() as behind:
            trace = TraceWriter(folder, path.name, behind, environment)
            for column, kind in kinds.items():
                trace.add(column, kind)
            yield trace
        if os.getpid() != process:
            return
        _finish(trace, seal)
        if trace.name != folder.name:
            _publish(folder, path.with_name(trace.name), kinds)
    except BaseException as error:
        if os.getpid() != process:
            raise
        if not (folder / JOURNAL).exists() and not is_sealed(folder):
            for unused in (folder, begun):
                shutil.rmtree(unused, ignore_errors=True)
        if isinstance(error, OSError):
            raise UserError(f"{folder}: the trace could not be written: {error.strerror or error}") from None
        raise


def interrupted_path(path: Path) -> Path:
    """Where a recording to ``path`` is until it is whole: ``<path>.interrupted``, or ``<path>.interrupted-2``, ...

    What an earlier one has left there stays, unless there is no update in it.
    """
    numbered = (path.with_name(f"{path.name}{INTERRUPTED}-{number}") for number in count(2))
    places = chain([path.with_name(f"{path.name}{INTERRUPTED}")], numbered)
    return next(place for place in places if not os.path.lexists(place) or _is_only_begun(place))


def _is_only_begun(folder: Path) -> bool:
    """Whether the folder is that of a recording that was killed before the first update was certain."""
    try:
        begun = json.loads(read_bounded(folder / META, MOST_META)).keys() == {"format", "columns"}
        return begun and not (folder / JOURNAL).exists() and not _foreign(folder)
    except (OSError, ValueError, AttributeError):
        return False


def _begin(folder: Path, kinds: Mapping[str, ColumnKind], grows: bool = False) -> None:
    """Make an empty folder of a trace with these columns. UserError if the disk has no room for them."""
    shutil.rmtree(folder, ignore_errors=True)
    needed, free = sum(kind.n_bytes for kind in kinds.values()), shutil.disk_usage(folder.parent).free
    if needed > free:
        fewer = 'keep fewer states, such as keep = {"at most": 100000000}'
        raise UserError(
            f"the trace needs {needed / 1e9:.3g} GB{' to begin with' if grows else ''}, {folder.parent} has "
            f"{free / 1e9:.3g} GB free; {'make room, or choose a path on another disk' if grows else fewer}"
        )
    folder.mkdir()
    _write(folder / META, json.dumps({"format": FORMAT, "columns": [*kinds, *metric_kinds(0)]}))


def _finish(trace: TraceWriter, seal: Callable[[dict[str, str]], str]) -> None:
    """Once all columns are in their files: write their headers and meta.json, and remove the journal."""
    for writer in trace.columns.values():
        writer.finish()
    _write(trace.folder / META, seal({column: writer.checksum for column, writer in trace.columns.items()}))
    trace.remove_journal()


def read_journal(directory: Path, name: str) -> Journal | None:
    """The journal of an unfinished trace, from which a run is resumed; None if there is none, or it is damaged."""
    try:
        return _JOURNALS.validate_json(read_bounded(_partial(directory, name) / JOURNAL, MOST_META), strict=True)
    except (OSError, ValueError):  # pydantic's ValidationError is one
        return None


_JOURNALS = TypeAdapter(Journal)


def refuse_other_data(folder: Path, columns: Iterable[str] = ()) -> None:
    """UserError if what is at ``folder`` is more than a trace, whole or in the making: it must not be replaced.

    ``columns``: what a folder that is named by a run's digest may hold if its own notes are damaged.
    """
    if not folder.exists() and not folder.is_symlink():
        return
    if not folder.is_dir():
        raise UserError(f"{folder} is a file; a trace is a folder: choose another path")
    if foreign := _foreign(folder, columns):
        raise UserError(f"{folder} would be replaced by a trace, and {foreign}: choose another path, or move it away")


def is_other_data(folder: Path) -> bool:
    """Whether what is at ``folder`` is there and more than a trace."""
    try:
        refuse_other_data(folder)
    except UserError:
        return True
    return False


def _foreign(folder: Path, columns: Iterable[str] = ()) -> str:
    """Why a folder is more than a trace, to be read after "and"; "" if it is a trace or empty.

    A trace says which columns it has, in ``meta.json`` or in its journal. Beside these it has the files of `BESIDE`.
    """
    if folder.is_symlink():
        return "is a link"
    entries = list(folder.iterdir())
    if not all(entry.is_file() and not entry.is_symlink() for entry in entries):
        return "has folders or links in it"
    named = {name for note in _NOTES for name in _columns_named(folder / note)}
    named |= set(columns) if _OF_A_RUN.match(folder.name) else set()
    if entries and not named:
        return f"is none: it has no {META} that says so"
    ours = {*_NOTES, *BESIDE, *(f"{name}.npy" for name in named)}
    others = sorted(entry.name for entry in entries if entry.name not in ours and not LAST.fullmatch(entry.name))
    return f"has in it what is not of one: {abbreviated_list(others)}" if others else ""


def _columns_named(note: Path) -> set[str]:
    """Which columns a trace's ``meta.json`` or journal says it has; none if it is damaged or somebody else's.

    Of those that there are: whatever it says, a file of another name is no column.
    """
    try:
        content = json.loads(read_bounded(note, MOST_META))
        ours = content.get("format") == FORMAT or {"updates", "environment", "columns"} == set(content)
        return set(content["columns"]) & {*COLUMNS, *log_kinds(0)} if ours else set()
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return set()


def _write(file: Path, text: str) -> None:
    """Write a note in one go: it is whole or not there."""
    new = file.with_name(f"{file.name}.new")
    new.write_text(text, encoding="ascii")
    new.replace(file)


def _publish(partial: Path, final: Path, columns: Iterable[str]) -> None:
    """Give the finished trace its name; a trace that had it before is removed only then.

    Not forced onto the disk first, which takes longer than the training: that survives the death of this process, and
    after a power failure the checksums tell.
    """
    old = _replaced(final)
    for folder in (old, final):  # again: a run may take days
        refuse_other_data(folder, columns)
    _restore(old, final)
    try:
        if final.exists():
            final.rename(old)
        partial.rename(final)
    finally:
        _restore(old, final)


def _restore(old: Path, final: Path) -> None:
    """Undo a replacement that was interrupted: the old trace gets its name back, unless the new one has it already."""
    if not old.exists():
        return
    if not final.exists():
        old.rename(final)
    else:
        shutil.rmtree(old, ignore_errors=True)


def _clean(directory: Path) -> None:
    """Remove what killed runs left long ago; restore traces that one was about to replace.

    A trace may lie anywhere, beside files of others with similar names: only what is certainly ours is removed.
    """
    for left in directory.glob(f".*{UNFINISHED}"):
        with suppress(OSError):
            if _OF_A_RUN.match(left.name) and time.time() - left.stat().st_mtime > _WRITING_SECONDS:
                left.unlink()
    for left in [*directory.glob(f".*{PARTIAL}"), *directory.glob(f".*{_REPLACED}")]:
        name = left.name.removeprefix(".").removesuffix(left.suffix)
        try:
            if not left.is_dir() or _foreign(left) or not (_OF_A_RUN.match(left.name) or any(left.iterdir())):
                continue
            if left.suffix == PARTIAL and time.time() - left.stat().st_mtime < _FORGOTTEN_SECONDS:
                continue
            with FileLock(_lock_file(directory, name), timeout=0):
                if left.suffix == PARTIAL:
                    shutil.rmtree(left, ignore_errors=True)
                else:
                    _restore(left, directory / name)
        except (Timeout, OSError):
            continue


def _partial(directory: Path, name: str) -> Path:
    return directory / f".{name}{PARTIAL}"


def _replaced(final: Path) -> Path:
    return final.with_name(f".{final.name}{_REPLACED}")


def _lock_file(directory: Path, name: str) -> Path:
    return directory / f".{name}.lock"
