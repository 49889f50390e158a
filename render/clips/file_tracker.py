"""Which files of the user's a scene opens while it is made and played: what reading its source does not tell.

A data file read by numpy, a picture, a database, a module with a computed name or loaded by its path; a file that was
to be opened and is not there; which files and folders a folder has that the scene's own code looks through. What is
opened by libraries that are not Python (a film by its decoder, a drawing by Cairo), or by another process, is not seen;
``asset("…")`` names such files.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from gradreel.render.clips.file_digest import (
    HERE,
    MADE_BY_PYTHON,
    MISSING,
    content_digest,
    content_now,
    file_of,
    listing_digest,
    read_source,
)
from gradreel.render.clips.ownership import (
    installed_prefixes,
    is_installed,
    is_ours,
    lies_in,
    name_beside,
)
from gradreel.scenes.catalog import SceneImportError, SceneSource

SYSTEM = tuple(map(Path, ("/proc", "/sys", "/dev", "/etc", "/usr", "/lib", "/System", "/Library")))
WRITING = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
OPENS, LISTS, RUNS = ("open", "sqlite3.connect"), ("os.listdir", "os.scandir"), "exec"  # events that Python tells of
HEARD = frozenset((*OPENS, *LISTS, RUNS))
CHANGED_MEANWHILE = "changed while the scene was made"  # no file's digest: the clip is out of date


class OpenedFiles:
    """Listens from when it is made, for as long as the process lives: Python's audit hooks cannot be taken away."""

    def __init__(self, of_ours: Iterable[Path], *scenes: SceneSource) -> None:
        """``of_ours``: folders of the renderer, whose files are none of these ``scenes``'."""
        self._of_ours = tuple(
            place for folder in of_ours for place in {Path(os.path.abspath(folder)), folder.resolve()}
        )
        self._folder = Path.cwd()  # a scene may go to another
        self._beside = [scene.file.parent for scene in scenes] + [self._folder]
        self._began = time.time_ns()
        self._content: dict[Path, str] = {}  # as it was when it was opened first
        self._written: set[Path] = set()
        self._perhaps_written: set[Path] = set()  # to be read, written or both: that is not told
        self._run: dict[Path, tuple[str, ...]] = {}  # code that was run: digests that it may count by, see `_note_run`
        self._here: dict[Path, str] = {}  # by the name that it was opened by, relative to where the command was run
        self._own = threading.local()  # busy: while a thread of the scene's opens files for us
        sys.addaudithook(self._hear)

    def of(self, source: SceneSource, known: Mapping[str, object]) -> dict[str, str]:
        """Returns the digest of each file that was opened, by its name beside the scene.

        ``known``: by name, the files that count already, which are left out; those of code with their digests. Where
        other code than that was run, since the module was saved between being looked at and being imported, the file
        is there with `CHANGED_MEANWHILE`, so that the clip is out of date.
        """
        self._own.busy = True  # what follows opens files, too
        content, run = dict(self._content), dict(self._run)
        for file in (*run, *_modules()):
            if name_beside(file, source) not in known:
                content.setdefault(file, run[file][0] if file in run else "")
        found = {}
        for file, digest in content.items():
            name = self.name_of(file, source)
            if file in self._written or not self._is_the_users(file, source):
                continue
            if file in self._perhaps_written and content_now(file) != digest:
                continue  # the scene writes to it
            found[name] = self._content_of(file, digest)
        for file, digests in run.items():
            counted = known.get(name_beside(file, source))
            if isinstance(counted, str) and counted not in digests:
                found[name_beside(file, source)] = CHANGED_MEANWHILE
        self._own.busy = False
        return found

    def name_of(self, file: Path, source: SceneSource) -> str:
        """What a file is called beside the scene, or from where the command is run, if it was opened so."""
        return self._here.get(file) or name_beside(file, source)

    def _content_of(self, file: Path, digest: str) -> str:
        """The digest to keep of a file that had ``digest`` when it was opened ("": a module that it did not open)."""
        changed = file.exists() if digest == MISSING else not digest and file.stat().st_mtime_ns > self._began
        return CHANGED_MEANWHILE if changed else digest or content_digest(file)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event not in HEARD or getattr(self._own, "busy", False):
            return
        self._own.busy = True
        try:
            path = _path_of(event, arguments[0])
            if path is None:
                return
            if event == RUNS:
                self._note_run(path)
            elif event in LISTS:
                self._note_listing(path)
            else:
                self._note(event, path, *arguments[1:])
        except (OSError, ValueError, SceneImportError):
            pass  # whoever opens it will hear of it
        finally:
            self._own.busy = False

    def _note_run(self, path: str) -> None:
        """Notes two digests of a file whose code is run, from its source or from Python's cache: of bytes and of code.

        Where the same file is run again with other code, it gets `CHANGED_MEANWHILE` instead.
        """
        file = Path(os.path.abspath(path))
        if is_installed(file, self._beside) or not file.is_file():
            return
        digests = (content_digest(file), read_source(file).digest)
        if self._run.setdefault(file, digests) != digests:
            self._run[file] = (CHANGED_MEANWHILE,)

    def _note_listing(self, path: str) -> None:
        folder = Path(os.path.abspath(path))
        if folder not in self._content and _is_by_the_user() and not is_installed(folder, self._beside):
            self._content[folder] = listing_digest(folder) if folder.is_dir() else MISSING
            self._note_name(folder, path)

    def _note_name(self, file: Path, path: str) -> None:
        if not os.path.isabs(path) and Path.cwd() == self._folder:
            self._here[file] = HERE + Path(os.path.relpath(file)).as_posix()

    def _note(self, event: str, path: str, mode: str | None = None, flags: int = 0) -> None:
        if event != "open":
            path, mode = _database(path), "r+"
        file = Path(os.path.abspath(path))
        if set(mode or "") & set("wax") or (mode is None and flags & WRITING):
            self._written.add(file)
            return
        if "+" in (mode or "") or (mode is None and flags & os.O_RDWR):
            self._perhaps_written.add(file)
        if self._is_new(file) and not is_installed(file, self._beside) and (file.is_file() or not file.exists()):
            self._content[file] = content_digest(file) if file.exists() else MISSING
            self._note_name(file, path)

    def _is_new(self, file: Path) -> bool:
        """Whether nothing is known of it. Which modules are imported Python is asked in the end."""
        if self._content.get(file, MISSING) != MISSING or file in self._written or file.suffix == ".pyc":
            return False
        return file.suffix != ".py" or _is_by_the_user()

    def _is_the_users(self, file: Path, source: SceneSource) -> bool:
        """Whether a file is there, or could be, and is neither Python's, the system's, hidden, nor made by us."""
        beside = (source.file.parent, self._folder)
        is_there = file.is_file() or file.is_dir()
        if is_installed(file, beside) or not (is_there or self._content.get(file) == MISSING):
            return False
        if lies_in(file, self._of_ours) or lies_in(file, SYSTEM, beside):
            return False
        inside = next((folder for folder in beside if file.is_relative_to(folder)), None)
        parts = file.relative_to(inside).parts if inside else file.parts
        return not any(part.startswith(".") or part == MADE_BY_PYTHON for part in parts)


def _path_of(event: str, told: Any) -> str | None:
    """Where what Python tells of lies; None where that is no path: an open file's number, code that is in no file."""
    if event == RUNS:
        told = getattr(told, "co_filename", "<a text>")
    elif event in LISTS and told is None:
        told = "."
    path = os.fsdecode(told) if isinstance(told, str | bytes | os.PathLike) else None
    return None if path is None or (event == RUNS and path.startswith("<")) else path


def _database(name: str) -> str:
    """The path of what sqlite3 opens, which may be written as a URI. Raises ValueError for one in memory."""
    path = name.removeprefix("file:").partition("?")[0]
    if not path or path.startswith(":"):
        raise ValueError(name)
    return path


def _is_by_the_user() -> bool:
    """Whether the user's own code opens or lists something, rather than Python to import it or we to look at it.

    Python opens a module's source also to show a line of it: then its comments count, as those of any file opened.
    """
    frame = sys._getframe(1)
    while frame is not None:
        name = frame.f_code.co_filename
        if name.startswith("<frozen importlib"):
            return False
        file = Path(name)
        if file != Path(__file__) and not name.startswith("<") and (is_ours(file) or not is_installed(file)):
            return not is_ours(file)
        frame = frame.f_back  # type: ignore[assignment]
    return False


def _modules() -> list[Path]:
    """Source files of all modules that are loaded and are not installed."""
    names = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
    others = (name for name in names if isinstance(name, str) and not name.startswith(installed_prefixes()))
    files = (Path(os.path.abspath(name)) for name in others)  # of a thousand modules the few that may be the user's
    return [file for file in files if file.is_file() and not is_installed(file)]


# -- which of them may be at fault, and be mended: told with what a scene raises, for whoever watches ------------------

FILES = "files_at_fault"  # an attribute of the error: it goes along from process to process


def tell_opened(error: BaseException, opened: OpenedFiles, source: SceneSource) -> None:
    """Have ``error`` tell which files have been ``opened`` so far, and which it says are not there."""
    with suppress(OSError):  # one is being changed at this moment
        names = [str(file_of(name, source)) for name in opened.of(source, known={})]
        tell_files(error, (os.path.abspath(name) for name in (*names, *_not_found(error))))


def _not_found(error: BaseException | None) -> Iterator[str]:
    """Whatever may be a file's name in what led to ``error``: numpy looks whether a file is there, and opens none."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:  # what is raised anew in a `with` may have led to itself
        seen.add(id(error))
        if isinstance(error, FileNotFoundError):
            yield from (word.strip("'\".,:;") for word in str(error).split())
        error = error.__cause__ or error.__context__


def tell_files(error: BaseException, files: Iterable[str]) -> None:
    """Have ``error`` tell of these ``files``."""
    vars(error)[FILES] = tuple(files)


def files_told(error: BaseException) -> tuple[str, ...]:
    """The files that ``error`` tells of, by their paths."""
    files: tuple[str, ...] = getattr(error, FILES, ())
    return files
