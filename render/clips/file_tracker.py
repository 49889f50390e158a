"""Which files a scene reads while it is made and played: its modules, ours that draw it, and files that it opens.

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
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from gradreel.core.package import PACKAGE_FOLDER
from gradreel.render.clips import toolchain
from gradreel.render.clips.file_digest import (
    CHANGED_MEANWHILE,
    HERE,
    MADE_BY_PYTHON,
    MISSING,
    FileState,
    content_now,
    file_of,
    file_state,
    listing_digest,
)
from gradreel.render.clips.ownership import (
    PACKAGE,
    installed_prefixes,
    is_installed,
    is_ours,
    lies_in,
    name_beside,
    name_of,
    ours_prefixes,
)
from gradreel.scenes.catalog import SceneSource

SYSTEM = tuple(map(Path, ("/proc", "/sys", "/dev", "/etc", "/usr", "/lib", "/System", "/Library")))
STARTERS = tuple(
    PACKAGE_FOLDER / name
    for name in ("cli.py", "render/workers", "render/cluster", "render/preloaded.py", "render/deferred.py")
)
"""What starts a process or brings a scene to it: no part of the frames, and another for each way to start."""
LOADED_NS = time.time_ns()  # modules that were loaded before a scene are older, in the fork server too
WRITING = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
OPENS, LISTS = ("open", "sqlite3.connect"), ("os.listdir", "os.scandir")  # events that Python tells of
RUNS, IMPORTS = "exec", "import"
HEARD = frozenset((*OPENS, *LISTS, RUNS, IMPORTS))


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
        self._preloaded = frozenset(sys.modules)
        self._content: dict[Path, FileState] = {}  # as it was when it was opened first
        self._written: set[Path] = set()
        self._perhaps_written: set[Path] = set()  # to be read, written or both: that is not told
        self._run: dict[Path, FileState] = {}  # modules of the user's, as they were when their code was run
        self._imported: dict[str, None] = {}  # names of modules that the user's own code looked for
        self._here: dict[Path, str] = {}  # by the name that it was opened by, relative to where the command was run
        self._own = threading.local()  # busy: while a thread of the scene's opens files for us
        sys.addaudithook(self._hear)

    def of(self, source: SceneSource) -> dict[str, str]:
        """Return the state of each file that was read, by its name.

        Modules of ours count by their bytes, those of the user's by their syntax tree, unless the scene's own code
        opened them. A file that was saved between being loaded and now has `CHANGED_MEANWHILE`.
        """
        with self.not_listening():
            return {name: str(state) for name, state in self._states(source).items()}

    def _states(self, source: SceneSource) -> dict[str, FileState]:
        states: dict[str, FileState] = {}
        noted = {**self._run, **self._content}
        for file, state in noted.items():
            if file in self._written or not self._is_the_users(file, source):
                continue
            if file in self._perhaps_written and content_now(file) != state.digest:
                continue  # the scene writes to it
            is_new = state.digest == MISSING and file.exists()
            states[self.name_of(file, source)] = FileState(CHANGED_MEANWHILE) if is_new else state
        for file in self._failed_look_ups():
            states.setdefault(name_beside(file, source), FileState(MISSING))
        for module, file in _modules().items():
            if file not in noted and (is_ours(file) or self._is_the_users(file, source)):
                loaded = LOADED_NS if module in self._preloaded else self._began
                states[name_of(file, source)] = _state_since(file, loaded)
        return states

    @contextmanager
    def not_listening(self) -> Iterator[None]:
        """Ignore files that this thread opens within, for us and not for the scene."""
        before, self._own.busy = getattr(self._own, "busy", False), True
        try:
            yield
        finally:
            self._own.busy = before

    def libraries(self) -> dict[str, str]:
        """Return the versions of libraries that were imported since this began, by module; "": not installed."""
        failed = {name for name in self._imported if name not in sys.modules}
        names = {name.partition(".")[0] for name in (sys.modules.keys() - self._preloaded) | failed}
        known = {PACKAGE, *toolchain.DRAWN_WITH, *sys.stdlib_module_names}
        names = {name for name in names if name.replace("_", "-") not in known and not name.startswith("_")}
        versions = {name: toolchain.module_version(name) for name in sorted(names)}
        return {name: version for name, version in versions.items() if version or name in failed}

    def name_of(self, file: Path, source: SceneSource) -> str:
        """Return what a file is called beside the scene, or from where the command is run, if it was opened so."""
        return self._here.get(file) or name_beside(file, source)

    def _failed_look_ups(self) -> Iterator[Path]:
        """Yield where Python looked for modules before it found them: a file that comes there would be imported."""
        own_folders = [Path(os.path.abspath(entry)) for entry in sys.path if entry != ""]
        own_folders = [folder for folder in own_folders if not is_installed(folder, self._beside)]
        for name in self._imported.keys() - set(sys.builtin_module_names):
            parent, _, last = name.rpartition(".")
            found = getattr(sys.modules.get(name), "__file__", None)
            package = getattr(sys.modules.get(parent), "__path__", ())
            for folder in [Path(entry) for entry in package] if parent else own_folders:
                places = folder / last / "__init__.py", folder / f"{last}.py"
                if is_installed(folder, self._beside) or found == str(places[0]):
                    break
                yield from (place for place in places if not place.exists())
                if found == str(places[1]):
                    break

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event not in HEARD or getattr(self._own, "busy", False):
            return
        with self.not_listening(), suppress(OSError, ValueError, SyntaxError):  # whoever opens it will hear of it
            if event == IMPORTS:
                if _is_by_the_user(through_imports=True):
                    self._imported[arguments[0]] = None
                return
            path = _path_of(event, arguments[0])
            if path is None:
                return
            if event == RUNS:
                self._note_run(path)
            elif event in LISTS:
                self._note_listing(path)
            else:
                self._note(event, path, *arguments[1:])

    def _note_run(self, path: str) -> None:
        """Note the state of a file whose code is run. Code that was run twice, of different states, is stale."""
        file = Path(os.path.abspath(path))
        if is_installed(file, self._beside) or not file.is_file():
            return
        state = file_state(file, is_code=True)
        if self._run.setdefault(file, state).code != state.code:
            self._run[file] = FileState(CHANGED_MEANWHILE)

    def _note_listing(self, path: str) -> None:
        folder = Path(os.path.abspath(path))
        if folder not in self._content and _is_by_the_user() and not is_installed(folder, self._beside):
            self._content[folder] = FileState(listing_digest(folder) if folder.is_dir() else MISSING)
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
            self._content[file] = file_state(file) if file.exists() else FileState(MISSING)
            self._note_name(file, path)

    def _is_new(self, file: Path) -> bool:
        """Whether nothing is known of it. Which modules are imported Python is asked in the end."""
        noted = self._content.get(file)
        if (noted is not None and noted.digest != MISSING) or file in self._written or file.suffix == ".pyc":
            return False
        return file.suffix != ".py" or _is_by_the_user()

    def _is_the_users(self, file: Path, source: SceneSource) -> bool:
        """Whether a file is there, or could be, and is neither Python's, the system's, hidden, nor made by us."""
        beside = (source.file.parent, self._folder)
        is_there = file.is_file() or file.is_dir()
        is_missing = file in self._content and self._content[file].digest == MISSING
        if is_installed(file, beside) or not (is_there or is_missing):
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


def _is_by_the_user(through_imports: bool = False) -> bool:
    """Whether the user's own code opens, lists or imports something, rather than Python or we.

    Python opens a module's source also to show a line of it: then its comments count, as those of any file opened.
    ``through_imports``: look past Python's import system for whose statement it is.
    """
    frame = sys._getframe(1)
    while frame is not None:
        name = frame.f_code.co_filename
        if name.startswith("<frozen importlib") and not through_imports:
            return False
        file = Path(name)
        if file != Path(__file__) and not name.startswith("<"):
            if is_ours(file) or not is_installed(file):
                return not is_ours(file)
            if through_imports:
                return False
        frame = frame.f_back  # type: ignore[assignment]
    return False


def _state_since(file: Path, loaded: int) -> FileState:
    """Return the state of a module's file; `CHANGED_MEANWHILE` if it was saved or moved after ``loaded``, in ns."""
    try:
        state = file_state(file, is_code=file.suffix == ".py" and not is_ours(file))
        found = file.stat()
        if max(found.st_mtime_ns, found.st_ctime_ns) <= loaded:
            return state
    except (OSError, SyntaxError, ValueError, RecursionError):  # it is another file now
        pass
    return FileState(CHANGED_MEANWHILE)


def _modules() -> dict[str, Path]:
    """Return the source file of each loaded module of ours or the user's, by its name.

    Of an extension of ours it is the C source, if that is there. `STARTERS` are left out, and the script that a new
    Python runs once more beside its task.
    """
    ours, others = ours_prefixes(), installed_prefixes()
    files = {}
    for module, content in list(sys.modules.items()):
        name = getattr(content, "__file__", None)
        if module in ("__main__", "__mp_main__") or not isinstance(name, str):
            continue
        if name.startswith(ours) or not name.startswith(others):
            file = Path(os.path.abspath(name))
            c_source = file.with_name(file.name.partition(".")[0] + ".c")
            files[module] = c_source if file.suffix != ".py" and is_ours(file) and c_source.is_file() else file
    return {
        module: file
        for module, file in files.items()
        if (is_ours(file) and not any(file.is_relative_to(place) for place in STARTERS)) or not is_installed(file)
    }


# -- which of them may be at fault, and be mended: told with what a scene raises, for whoever watches ------------------

FILES = "files_at_fault"  # an attribute of the error: it goes along from process to process


def tell_opened(error: BaseException, opened: OpenedFiles, source: SceneSource) -> None:
    """Have ``error`` tell which files have been ``opened`` so far, and which it says are not there."""
    with suppress(OSError):  # one is being changed at this moment
        names = [str(file_of(name, source)) for name in opened.of(source)]
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
