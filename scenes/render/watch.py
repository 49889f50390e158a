"""Working again whenever a file changes that the work was done by.

Watched is what was read to find out what there is to do: a lesson, its words and data, the scenes' modules and assets,
the files that scenes opened when they were rendered, or had opened when they failed. What then has to be made, digests
decide, not the watching.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from gradreel.core.errors import UserError
from gradreel.scenes.render.clips.at_fault import files_told
from gradreel.scenes.render.clips.file_digest import LISTING
from gradreel.scenes.render.clips.file_tracker import SYSTEM
from gradreel.scenes.render.clips.import_graph import is_installed, is_ours, lies_in
from gradreel.scenes.render.clips.workspace import Folders
from gradreel.scenes.render.workers.progress import counted, duration
from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver
from watchdog.observers.polling import PollingObserver

QUIET_SECONDS = 0.2  # without a change, before work begins: an editor saves in several steps
CHANGES = {"created", "modified", "moved", "deleted"}  # of what watchdog tells; that a file was opened is none


def watch(work: Callable[[], object], media_dir: Path, quiet: bool = False) -> int:
    """Call ``work`` now and after each change, until Ctrl-C, whatever it finds; the exit code.

    The user's mistakes are told, and waited out.
    """
    with suppress(KeyboardInterrupt), Watcher(media_dir) as watcher:
        while True:
            began = time.monotonic()
            state = "ready" if _done(work, watcher) else "not ready"
            if not quiet:
                watched = counted(len(watcher.files), "file")
                print(f"{state} after {duration(time.monotonic() - began)}; watching {watched}, Ctrl-C ends it",
                      file=sys.stderr, flush=True)  # fmt: skip
            watcher.wait()
    return 0


def _done(work: Callable[[], object], watcher: Watcher) -> bool:
    """Whether it could be done; what is wrong is told, and what may mend it watched."""
    with watcher.noting():
        try:
            work()
        except (UserError, OSError) as error:
            mistake = f"{error.filename}: {error.strerror}" if isinstance(error, OSError) else str(error)
            print(f"Error: {mistake}", file=sys.stderr)
            watcher.keep(map(Path, files_told(error)))
            return False
    return True


class Watcher(FileSystemEventHandler):
    """Notes which files this process reads, and waits for one of them to change; a context manager."""

    def __init__(self, media_dir: Path) -> None:
        self.files: frozenset[Path] = frozenset()  # those watched; some may not be there yet
        self._made_by_us = Folders(media_dir.absolute()).made_by_us
        self._read: set[Path] = set()
        self._listed: set[Path] = set()  # folders of which it matters which files they have
        self._listed_before: frozenset[Path] = frozenset()
        self._noting = False
        self._changed = threading.Event()
        self._began = 0
        self._folders: set[Path] = set()
        self._observer: BaseObserver = _observer()
        sys.addaudithook(self._hear)

    def __enter__(self) -> Watcher:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._observer.stop()
        self._observer.join()

    @contextmanager
    def noting(self) -> Iterator[None]:
        """What is read within is watched from its end on, and a change of it meanwhile is noticed."""
        self._read.clear()
        self._listed_before = frozenset(self._listed)
        self._listed.clear()
        self._changed.clear()
        self._began, self._noting = time.time_ns(), True
        try:
            yield
        finally:
            self._noting = False
            self._watch(frozenset(file for file in self._read if self._matters(file)))

    def keep(self, files: Iterable[Path]) -> None:
        """To be called while noting: go on watching what is watched already, and watch ``files`` and folders, too.

        The work could not be done, and may not have come to what it was done by before.
        """
        for file in files:
            (self._listed if file.is_dir() else self._read).add(file)
        self._read |= self.files
        self._listed |= self._listed_before

    def wait(self) -> None:
        """Until a watched file has changed, and for a moment none has."""
        while not self._changed.wait(3600):  # a wait without an end is deaf to Ctrl-C on some systems
            pass
        while self._changed.is_set():
            self._changed.clear()
            time.sleep(QUIET_SECONDS)

    def dispatch(self, event: FileSystemEvent) -> None:
        """From watchdog, in its own thread."""
        if event.event_type not in CHANGES or (event.is_directory and event.event_type == "modified"):
            return
        places = [Path(os.path.abspath(os.fsdecode(path))) for path in (event.src_path, event.dest_path) if path]
        if any(place in self.files or self._leads_to_missing(place) for place in places) or (
            event.event_type != "modified" and any(place.parent in self._listed for place in places)
        ):
            self._changed.set()

    def _leads_to_missing(self, place: Path) -> bool:
        return any(file.is_relative_to(place) for file in self.files if not file.exists())

    def _watch(self, files: frozenset[Path]) -> None:
        self.files = files
        for folder in ({_nearest_folder(file) for file in files} | self._listed) - self._folders:
            self._observer.schedule(self, str(folder), recursive=False)
            self._folders.add(folder)
        if any(_changed_after(place, self._began) for place in files | self._listed):  # before it was watched
            self._changed.set()

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Of any open(): also of a file that is not there, which may come; and of which folders' files matter."""
        if (
            event not in ("open", LISTING)
            or not self._noting
            or not isinstance(arguments[0], str | bytes | os.PathLike)
        ):
            return
        place = Path(os.path.abspath(os.fsdecode(arguments[0])))
        if event == LISTING:
            self._listed.add(place)
        elif not set(arguments[1] or "") & set("wax+"):
            self._read.add(place)

    def _matters(self, file: Path) -> bool:
        """Whether it is the user's, or ours: our sources may be worked on, too."""
        if lies_in(file, self._made_by_us) or "__pycache__" in file.parts or file.suffix == ".pyc":
            return False
        beside = (Path.cwd(),)
        if lies_in(file, SYSTEM, beside) or file.is_dir():
            return False
        return is_ours(file) or not is_installed(file, beside)


def _observer() -> BaseObserver:
    """The system's, or one that looks again and again where there are no more of the system's to be had."""
    observer = Observer()
    try:
        observer.start()
    except OSError:
        observer = PollingObserver()
        observer.start()
    return observer


def _nearest_folder(file: Path) -> Path:
    return next(folder for folder in file.parents if folder.is_dir())


def _changed_after(file: Path, moment: int) -> bool:
    try:
        return file.stat().st_mtime_ns > moment
    except OSError:
        return False
