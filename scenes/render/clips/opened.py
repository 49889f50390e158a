"""Which files of the user's a scene opens while it is made and played: what reading its source does not tell.

A data file read by numpy, a picture, a database, a module with a computed name; a file that was to be opened and is not
there; which files a folder has that the scene's own code looks through. What is opened by libraries that are not Python
(a film by its decoder, a drawing by Cairo) is not seen; ``asset("…")`` names such files.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Container, Iterable
from pathlib import Path
from typing import Any

from gradreel.scenes.catalog import SceneSource
from gradreel.scenes.render.clips.modules import is_installed, is_ours, lies_in, name_beside
from gradreel.scenes.render.clips.sources import HERE, MISSING, content_digest, content_now, listing_digest

SYSTEM = tuple(map(Path, ("/proc", "/sys", "/dev", "/etc", "/usr", "/lib", "/System", "/Library")))
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
OPENS, LISTS = ("open", "sqlite3.connect"), ("os.listdir", "os.scandir")  # events that Python tells of
CHANGED_MEANWHILE = "changed while the scene was made"  # no file's digest: the clip is out of date


class OpenedFiles:
    """Listens from when it is made, for as long as the process lives: Python's audit hooks cannot be taken away."""

    def __init__(self, of_ours: Iterable[Path], *scenes: SceneSource) -> None:
        """``of_ours``: folders whose files are the renderer's, not one's of these ``scenes``."""
        self._of_ours = tuple(place for folder in of_ours for place in {folder.absolute(), folder.resolve()})
        self._folder = Path.cwd()  # a scene may go to another
        self._beside = [scene.file.parent for scene in scenes] + [self._folder]
        self._began = time.time_ns()
        self._content: dict[Path, str] = {}  # as it was when it was opened first
        self._written: set[Path] = set()
        self._databases: set[Path] = set()  # read or written: that is not told
        self._here: dict[Path, str] = {}  # by the name that it was opened by, relative to where the command was run
        self._own = threading.local()  # busy: while a thread of the scene's opens files for us
        sys.addaudithook(self._hear)

    def of(self, source: SceneSource, known: Container[str]) -> dict[str, str]:
        """Digest of each file by its name beside the scene; ``known``: names of modules that count already."""
        self._own.busy = True  # what follows opens files, too
        content = dict(self._content)
        for file in _modules():
            if name_beside(file, source) not in known:
                content.setdefault(file, "")
        found = {}
        for file, digest in content.items():
            name = self._here.get(file) or name_beside(file, source)
            if file in self._written or not self._is_the_users(file, source):
                continue
            if file in self._databases and content_now(file) != digest:
                continue  # the scene writes to it
            found[name] = self._content_of(file, digest)
        self._own.busy = False
        return found

    def _content_of(self, file: Path, digest: str) -> str:
        """What a file's content counts as that was ``digest`` when it was opened ("": it was a module)."""
        changed = file.exists() if digest == MISSING else not digest and file.stat().st_mtime_ns > self._began
        return CHANGED_MEANWHILE if changed else digest or content_digest(file)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event not in OPENS + LISTS or getattr(self._own, "busy", False):
            return
        path = "." if event in LISTS and arguments[0] is None else arguments[0]
        if not isinstance(path, str | bytes | os.PathLike):
            return
        self._own.busy = True
        try:
            if event in LISTS:
                self._note_listing(os.fsdecode(path))
            else:
                self._note(event, (path, *arguments[1:]))
        except (OSError, ValueError):
            pass  # whoever opens it will hear of it
        finally:
            self._own.busy = False

    def _note_listing(self, path: str) -> None:
        folder = Path(os.path.abspath(path))
        if folder not in self._content and _is_by_the_user() and not is_installed(folder, self._beside):
            self._content[folder] = listing_digest(folder) if folder.is_dir() else MISSING
            self._note_name(folder, path)

    def _note_name(self, file: Path, path: str) -> None:
        if not os.path.isabs(path) and Path.cwd() == self._folder:
            self._here[file] = HERE + Path(os.path.relpath(file)).as_posix()

    def _note(self, event: str, arguments: tuple[Any, ...]) -> None:
        path, mode, flags = arguments if event == "open" else (_database(arguments[0]), "r", 0)
        file = Path(os.path.abspath(os.fsdecode(path)))
        if event != "open":
            self._databases.add(file)
        if set(mode or "") & set("wax+") or (mode is None and flags & WRITING):
            self._written.add(file)
        elif self._is_new(file) and not is_installed(file, self._beside) and (file.is_file() or not file.exists()):
            self._content[file] = content_digest(file) if file.exists() else MISSING
            self._note_name(file, os.fsdecode(path))

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
        return not any(part.startswith(".") for part in parts)


def _database(name: Any) -> str:
    """The path of what sqlite3 opens, which may be written as a URI. Raises ValueError for one in memory."""
    path = os.fsdecode(name).removeprefix("file:").partition("?")[0]
    if not path or path.startswith(":"):
        raise ValueError(name)
    return path


def _is_by_the_user() -> bool:
    """Whether the user's own code opens or lists something, rather than Python to import it or we to look at it."""
    frame = sys._getframe(1)
    while frame is not None:
        name = frame.f_code.co_filename
        if name.startswith("<frozen importlib") or name.endswith(("linecache.py", "tokenize.py")):
            return False
        file = Path(name)
        if file != Path(__file__) and not name.startswith("<") and (is_ours(file) or not is_installed(file)):
            return not is_ours(file)
        frame = frame.f_back  # type: ignore[assignment]
    return False


def _modules() -> list[Path]:
    """Source files of all modules that are loaded and are not installed."""
    names = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
    files = (Path(os.path.abspath(name)) for name in names if isinstance(name, str))
    return [file for file in files if file.is_file() and not is_installed(file)]
