"""Repeats work whenever a file changes that the work read: ``--watch``.

It watches the files that this process opens during the work, such as lesson, words, data and modules. It also watches
the files that scenes opened in workers. A change only starts the work again; digests decide which clips are stale.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeAlias

from gradreel.core.errors import UserError, abbreviated_list
from gradreel.render.clips.file_digest import LISTING, names_in
from gradreel.render.clips.file_tracker import SYSTEM, attached_files
from gradreel.render.clips.ownership import is_installed, is_ours, lies_in
from gradreel.render.clips.workspace import Folders
from gradreel.render.workers.progress import counted, duration

LOOK_SECONDS = 0.3  # between two checks of the files
CLOCK_NANOSECONDS = 20_000_000  # how far a file system's clock may be behind
QUIET_SECONDS = 0.2  # without a change before work begins, because an editor saves in several steps

_State: TypeAlias = tuple[int, ...] | list[str] | None  # a file's inode, size, times; a folder's names; None: missing


def watch(work: Callable[[], object], media_dir: Path, quiet: bool = False) -> int:
    """Call ``work`` now and after each change of a file that it read, until Ctrl-C; return exit code 0.

    If ``work`` raises UserError or OSError, prints the error and waits for the next change.
    """
    watcher = Watcher(media_dir)
    with suppress(KeyboardInterrupt):
        while True:
            began = time.monotonic()
            state = "ready" if _call_and_report_error(work, watcher) else "not ready"
            if not quiet:
                watched = counted(len(watcher.files), "file")
                print(f"{state} after {duration(time.monotonic() - began)}; watching {watched}, Ctrl-C ends it",
                      file=sys.stderr, flush=True)  # fmt: skip
            changed = watcher.wait()
            if not quiet:
                print(
                    f"changed: {abbreviated_list(sorted(map(_as_short_as_possible, changed)))}",
                    file=sys.stderr,
                    flush=True,
                )
    return 0


def _call_and_report_error(work: Callable[[], object], watcher: Watcher) -> bool:
    """Call ``work`` and return whether it succeeded. After an error, prints it and watches the files that it names."""
    with watcher.noting():
        try:
            work()
        except (UserError, OSError) as error:
            message = f"{error.filename}: {error.strerror}" if isinstance(error, OSError) else str(error)
            print(f"Error: {message}", file=sys.stderr)
            watcher.keep(map(Path, attached_files(error)))
            return False
    return True


def _as_short_as_possible(file: Path) -> str:
    """Return the path relative to the working folder if it lies there, else the whole path."""
    folder = Path.cwd()
    return str(file.relative_to(folder)) if file.is_relative_to(folder) else str(file)


class Watcher:
    """Records which files this process reads, and waits until one of them changes.

    It compares the state of each file again and again instead of asking the system for events. So it also sees a file
    that is deleted and written again, a moved folder, and changes on a network disk.
    """

    def __init__(self, media_dir: Path) -> None:
        self._media_dir = media_dir
        self._seen: dict[Path, _State] = {}  # the watched files and folders, as they were when they were read
        self._earlier: dict[Path, _State] = {}  # those of the previous block of `noting`, as they were at its end
        self._began, self._noting = 0, False
        sys.addaudithook(self._record_opened_file)

    @property
    def files(self) -> frozenset[Path]:
        """Return the watched files, without folders. Missing files that the work looked for are included."""
        return frozenset(path for path, state in self._seen.items() if not isinstance(state, list))

    @contextmanager
    def noting(self) -> Iterator[None]:
        """Watch the files that are opened inside the block, in place of those watched so far."""
        self._earlier, self._seen = {path: _state_of_path(path, seen) for path, seen in self._seen.items()}, {}
        self._began, self._noting = time.time_ns() - CLOCK_NANOSECONDS, True
        try:
            yield
        finally:
            self._noting = False
            self._seen = {path: state for path, state in self._seen.items() if self._is_worth_watching(path, state)}

    def keep(self, files: Iterable[Path]) -> None:
        """Inside `noting`: also watch ``files``, and go on watching the files of the previous block.

        Failed work may not have opened all files that it needs.
        """
        named = {file: _state_of_path(file, [] if file.is_dir() else None) for file in files}
        self._seen = {**self._earlier, **named, **self._seen}

    def wait(self) -> list[Path]:
        """Wait until a watched file changes and no change follows for `QUIET_SECONDS`; return the changed files.

        If only the names in watched folders changed, returns these folders.
        """
        while not (changed := self._changed_paths()):
            time.sleep(LOOK_SECONDS)
        previous: dict[Path, _State] | None = None
        while previous != (now := {path: _state_of_path(path, seen) for path, seen in self._seen.items()}):
            previous = now
            time.sleep(QUIET_SECONDS)
        changed = self._changed_paths() or changed
        files = [path for path in changed if not isinstance(self._seen[path], list)]
        return files or changed

    def _changed_paths(self) -> list[Path]:
        """Return the watched paths whose files have changed since they were seen."""
        return [path for path, state in self._seen.items() if self._has_changed(path, state)]

    def _has_changed(self, path: Path, seen: _State) -> bool:
        """Return whether a file changed after it was read.

        A worker may have read it before this process did. So a change since the work began counts, too.
        """
        now = _state_of_path(path, seen)
        return now != seen or (isinstance(now, tuple) and now[-1] > self._began and now != self._earlier.get(path))

    def _record_opened_file(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Record a file that this process opens for reading, existing or not, or a folder that it lists."""
        if (
            event not in ("open", LISTING)
            or not self._noting
            or not isinstance(arguments[0], str | bytes | os.PathLike)
        ):
            return
        path = Path(os.path.abspath(os.fsdecode(arguments[0])))
        if path not in self._seen and (event == LISTING or not set(arguments[1] or "") & set("wax+")):
            self._seen[path] = _state_of_path(path, [] if event == LISTING else None)

    def _is_worth_watching(self, path: Path, state: _State) -> bool:
        """Return whether a change of the file may matter: not a library's, not the system's, not made by Gradreel.

        Our own sources matter, because developers edit them. A listed folder always matters.
        """
        if isinstance(state, list):
            return True
        our_folders = Folders(Path(os.path.abspath(self._media_dir))).our_folders  # the folder may have been moved
        if lies_in(path, our_folders) or "__pycache__" in path.parts or path.suffix == ".pyc":
            return False
        project = (Path.cwd(),)
        if lies_in(path, SYSTEM, project) or path.is_dir():
            return False
        return is_ours(path) or not is_installed(path, project)


def _state_of_path(path: Path, earlier: _State) -> _State:
    """Return the current state: the names in a folder if ``earlier`` is a list, else a file's data, None if missing."""
    try:
        if isinstance(earlier, list):
            return names_in(path)
        status = path.stat()
    except (OSError, ValueError):
        return [] if isinstance(earlier, list) else None
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
