"""Working again whenever a file changes that the work was done by.

Watched is what was read to find out what there is to do: a lesson, its words and data, the scenes' modules and assets,
the files that scenes opened when they were rendered, or had opened when they failed. What then has to be made, digests
decide, not the watching.
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
from gradreel.render.clips.file_tracker import SYSTEM, files_told
from gradreel.render.clips.ownership import is_installed, is_ours, lies_in
from gradreel.render.clips.workspace import Folders
from gradreel.render.workers.progress import counted, duration

LOOK_SECONDS = 0.3  # between two looks
CLOCK_NANOSECONDS = 20_000_000  # that the clock of a file system may be behind
QUIET_SECONDS = 0.2  # without a change, before work begins: an editor saves in several steps

_State: TypeAlias = tuple[int, ...] | list[str] | None  # inode, size and times of a file; names in a folder; not there


def watch(work: Callable[[], object], media_dir: Path, quiet: bool = False) -> int:
    """Call ``work`` now and after each change, until Ctrl-C, whatever it finds; the exit code.

    The user's mistakes are told, and waited out.
    """
    watcher = Watcher(media_dir)
    with suppress(KeyboardInterrupt):
        while True:
            began = time.monotonic()
            state = "ready" if _done(work, watcher) else "not ready"
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


def _as_short_as_possible(file: Path) -> str:
    """Return the path relative to the working folder where it lies in it."""
    folder = Path.cwd()
    return str(file.relative_to(folder)) if file.is_relative_to(folder) else str(file)


class Watcher:
    """Notes which files this process reads, and waits for one of them to be another than it was.

    It looks at them again and again, and compares: what is deleted and comes back, moved away with its folder or saved
    by way of another file is seen whatever the system tells of it, on a network's disk, too.
    """

    def __init__(self, media_dir: Path) -> None:
        self._media_dir = media_dir
        self._seen: dict[Path, _State] = {}  # what is watched, as it was when it was read
        self._before: dict[Path, _State] = {}  # what was watched before that, as it was last
        self._began, self._noting = 0, False
        sys.addaudithook(self._hear)

    @property
    def files(self) -> frozenset[Path]:
        """Those watched; some may not be there yet."""
        return frozenset(place for place, state in self._seen.items() if not isinstance(state, list))

    @contextmanager
    def noting(self) -> Iterator[None]:
        """What is read within is watched from then on."""
        self._before, self._seen = {place: _state(place, was) for place, was in self._seen.items()}, {}
        self._began, self._noting = time.time_ns() - CLOCK_NANOSECONDS, True
        try:
            yield
        finally:
            self._noting = False
            self._seen = {place: state for place, state in self._seen.items() if self._matters(place, state)}

    def keep(self, files: Iterable[Path]) -> None:
        """To be called while noting: go on watching what is watched already, and watch ``files`` and folders, too.

        The work could not be done, and may not have come to what it was done by before.
        """
        told = {file: _state(file, [] if file.is_dir() else None) for file in files}
        self._seen = {**self._before, **told, **self._seen}

    def wait(self) -> list[Path]:
        """Wait until a watched file changes and none has changed for a moment; return the files that did.

        A folder is among them where a file came, went or was renamed in it.
        """
        while not (changed := self._changed()):
            time.sleep(LOOK_SECONDS)
        before: dict[Path, _State] | None = None
        while before != (now := {place: _state(place, was) for place, was in self._seen.items()}):
            before = now
            time.sleep(QUIET_SECONDS)
        changed = self._changed() or changed
        files = [place for place in changed if not isinstance(self._seen[place], list)]
        return files or changed

    def _changed(self) -> list[Path]:
        return [place for place, state in self._seen.items() if self._has_changed(place, state)]

    def _has_changed(self, place: Path, seen: _State) -> bool:
        """Since it was read: by this process, or since the work began by one of its workers, before this one did."""
        now = _state(place, seen)
        return now != seen or (isinstance(now, tuple) and now[-1] > self._began and now != self._before.get(place))

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Of any open(): also of a file that is not there, which may come; and of which folders' files matter."""
        if (
            event not in ("open", LISTING)
            or not self._noting
            or not isinstance(arguments[0], str | bytes | os.PathLike)
        ):
            return
        place = Path(os.path.abspath(os.fsdecode(arguments[0])))
        if place not in self._seen and (event == LISTING or not set(arguments[1] or "") & set("wax+")):
            self._seen[place] = _state(place, [] if event == LISTING else None)

    def _matters(self, place: Path, state: _State) -> bool:
        """Whether it is the user's, or ours: our sources may be worked on, too."""
        if isinstance(state, list):
            return True
        made_by_us = Folders(Path(os.path.abspath(self._media_dir))).made_by_us  # now: this folder may have been moved
        if lies_in(place, made_by_us) or "__pycache__" in place.parts or place.suffix == ".pyc":
            return False
        beside = (Path.cwd(),)
        if lies_in(place, SYSTEM, beside) or place.is_dir():
            return False
        return is_ours(place) or not is_installed(place, beside)


def _state(place: Path, like: _State) -> _State:
    """What is at ``place`` now: of a folder whose files matter (``like`` is a list) the names in it."""
    try:
        if isinstance(like, list):
            return names_in(place)
        found = place.stat()
    except (OSError, ValueError):
        return [] if isinstance(like, list) else None
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
