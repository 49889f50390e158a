"""Records the files that a scene reads while it is played: its modules, our modules, and files that it opens.

Recorded are data files, pictures and databases; modules, however they are imported; files that were missing when the
scene opened them; and folders that the scene's own code lists. Not recorded are files that C libraries open (a film's
decoder, Cairo) and files that other processes open. A scene names such files by ``asset("…")``.
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
    current_digest,
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
    user_search_path,
)
from gradreel.scenes.catalog import SceneSource

SYSTEM = tuple(map(Path, ("/proc", "/sys", "/dev", "/etc", "/usr", "/lib", "/System", "/Library")))
STARTERS = tuple(
    PACKAGE_FOLDER / name
    for name in ("cli.py", "render/workers", "render/cluster", "render/preloaded.py", "render/deferred.py")
)
"""Our modules that only start processes. They do not affect frames, and differ between ways to start."""
LOADED_NS = time.time_ns()  # preloaded modules were loaded before this, in the server too
WRITING = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
OPENS, LISTS = ("open", "sqlite3.connect"), ("os.listdir", "os.scandir")  # names of Python's audit events
RUNS, IMPORTS = "exec", "import"
EVENTS = frozenset((*OPENS, *LISTS, RUNS, IMPORTS))


class OpenedFiles:
    """Records opened files from its creation until the process ends, since audit hooks cannot be removed."""

    def __init__(self, ignored_folders: Iterable[Path], *scenes: SceneSource) -> None:
        """Start recording for ``scenes``. Files in ``ignored_folders``, which the renderer uses, are not recorded."""
        spellings = ({os.path.abspath(folder), os.path.realpath(folder)} for folder in ignored_folders)
        self._ignored = tuple(Path(spelling) for folder in spellings for spelling in folder)
        self._folder = Path.cwd()  # kept, since a scene may change it
        self._beside = [scene.file.parent for scene in scenes] + [self._folder]
        self._began = time.time_ns()
        self._preloaded = frozenset(sys.modules)
        self._content: dict[Path, FileState] = {}  # states when first opened
        self._written: set[Path] = set()
        self._perhaps_written: set[Path] = set()  # opened for update: Python does not tell whether it is written
        self._run: dict[Path, FileState] = {}  # the user's modules, states when their code ran
        self._imported: dict[str, None] = {}  # names of modules that the user's code imported or tried to
        self._here: dict[Path, str] = {}  # names of files that were opened by a path relative to the current folder
        self._thread = threading.local()  # busy: this thread opens files for the renderer
        sys.addaudithook(self._on_event)

    def states(self, source: SceneSource) -> dict[str, str]:
        """Return the state of each file that was read for a scene, as text, by its name in descriptions.

        Our modules count by their bytes, the user's by their syntax tree unless the scene opened them as files.
        A module that was saved after it was loaded has the state `CHANGED_MEANWHILE`.
        """
        with self.not_listening():
            return {name: str(state) for name, state in self._file_states(source).items()}

    def _file_states(self, source: SceneSource) -> dict[str, FileState]:
        """Return the states of the files that the scene depends on, by name; also of files that it failed to find."""
        states: dict[str, FileState] = {}
        opened = {**self._run, **self._content}
        for file, state in opened.items():
            if self._is_user_file(file, source) and not self._is_written(file, state):
                has_appeared = state.digest == MISSING and file.exists()
                states[self.name_of(file, source)] = FileState(CHANGED_MEANWHILE) if has_appeared else state
        for file in self._failed_look_ups():
            states.setdefault(name_beside(file, source), FileState(MISSING))
        for module, file in _source_files_of_loaded_modules().items():
            if file not in opened and (is_ours(file) or self._is_user_file(file, source)):
                loaded = LOADED_NS if module in self._preloaded else self._began
                states[name_of(file, source)] = _state_since(file, loaded)
        return states

    def _is_written(self, file: Path, state: FileState) -> bool:
        """Return whether the scene writes to a file: it opened it to write, or its bytes changed after it was read."""
        return file in self._written or (file in self._perhaps_written and current_digest(file) != state.digest)

    @contextmanager
    def not_listening(self) -> Iterator[None]:
        """Leave out the files that this thread opens inside the block: the renderer opens them, not the scene."""
        before, self._thread.busy = getattr(self._thread, "busy", False), True
        try:
            yield
        finally:
            self._thread.busy = before

    def libraries(self) -> dict[str, str]:
        """Return versions by module of libraries imported since recording began; "" if the import failed.

        Left out: Python's own modules and libraries that the toolchain lists.
        """
        failed_imports = {name for name in self._imported if name not in sys.modules}
        names = {name.partition(".")[0] for name in (sys.modules.keys() - self._preloaded) | failed_imports}
        listed_elsewhere = {PACKAGE, *toolchain.DRAWN_WITH, *sys.stdlib_module_names}
        names = {name for name in names if name.replace("_", "-") not in listed_elsewhere and not name.startswith("_")}
        versions = {name: toolchain.module_version(name) for name in sorted(names)}
        return {name: version for name, version in versions.items() if version or name in failed_imports}

    def name_of(self, file: Path, source: SceneSource) -> str:
        """Return a file's name in descriptions: relative to the current folder if opened so, else to the scene."""
        return self._here.get(file) or name_beside(file, source)

    def _failed_look_ups(self) -> Iterator[Path]:
        """Yield paths where Python looked for a module and found none; a file created there would be imported."""
        search_path = user_search_path(self._beside)
        for name in self._imported.keys() - set(sys.builtin_module_names):
            parent, _, last = name.rpartition(".")
            loaded_from = getattr(sys.modules.get(name), "__file__", None)
            package = getattr(sys.modules.get(parent), "__path__", ())
            for folder in [Path(entry) for entry in package] if parent else search_path:
                places = folder / last / "__init__.py", folder / f"{last}.py"
                if is_installed(folder, self._beside) or loaded_from == str(places[0]):
                    break
                yield from (place for place in places if not place.exists())
                if loaded_from == str(places[1]):
                    break

    def _on_event(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Record the files of one of Python's audit events, unless this thread is in `not_listening`."""
        if event not in EVENTS or getattr(self._thread, "busy", False):
            return
        with self.not_listening(), suppress(OSError, ValueError, SyntaxError):  # the code that opens it gets the error
            if event == IMPORTS:
                if _is_called_by_user(through_imports=True):
                    self._imported[arguments[0]] = None
                return
            path = _path_of(event, arguments[0])
            if path is None:
                return
            if event == RUNS:
                self._record_run(path)
            elif event in LISTS:
                self._record_listing(path)
            else:
                self._record_opened(event, path, *arguments[1:])

    def _record_run(self, path: str) -> None:
        """Record the state of a file whose code runs; `CHANGED_MEANWHILE` if its code ran twice and differed."""
        file = Path(os.path.abspath(path))
        if is_installed(file, self._beside) or not file.is_file():
            return
        state = file_state(file, is_code=True)
        if self._run.setdefault(file, state).code != state.code:
            self._run[file] = FileState(CHANGED_MEANWHILE)

    def _record_listing(self, path: str) -> None:
        """Record a folder that the user's own code lists, with the digest of its names."""
        folder = Path(os.path.abspath(path))
        if folder not in self._content and _is_called_by_user() and not is_installed(folder, self._beside):
            self._content[folder] = FileState(listing_digest(folder) if folder.is_dir() else MISSING)
            self._record_relative_name(folder, path)

    def _record_relative_name(self, file: Path, path: str) -> None:
        """Note that a file was opened by a path relative to the folder of the command."""
        if not os.path.isabs(path) and Path.cwd() == self._folder:
            self._here[file] = HERE + Path(os.path.relpath(file)).as_posix()

    def _record_opened(self, event: str, path: str, mode: str | None = None, flags: int = 0) -> None:
        """Record a file or database that was opened: its state if it was read, otherwise that it was written."""
        if event != "open":
            path, mode = _database_path(path), "r+"
        file = Path(os.path.abspath(path))
        if set(mode or "") & set("wax") or (mode is None and flags & WRITING):
            self._written.add(file)
            return
        if "+" in (mode or "") or (mode is None and flags & os.O_RDWR):
            self._perhaps_written.add(file)
        if self._must_record(file) and not is_installed(file, self._beside) and (file.is_file() or not file.exists()):
            self._content[file] = file_state(file) if file.exists() else FileState(MISSING)
            self._record_relative_name(file, path)

    def _must_record(self, file: Path) -> bool:
        """Return whether an opened file still must be recorded. Imported modules are taken from `sys.modules` later."""
        recorded = self._content.get(file)
        if (recorded is not None and recorded.digest != MISSING) or file in self._written or file.suffix == ".pyc":
            return False
        return file.suffix != ".py" or _is_called_by_user()

    def _is_user_file(self, file: Path, source: SceneSource) -> bool:
        """Return whether a file is the user's: not installed, ignored, hidden or the system's.

        It must exist, or have been missing when the scene opened it.
        """
        beside = (source.file.parent, self._folder)
        is_there = file.is_file() or file.is_dir()
        is_missing = file in self._content and self._content[file].digest == MISSING
        if is_installed(file, beside) or not (is_there or is_missing):
            return False
        if lies_in(file, self._ignored) or lies_in(file, SYSTEM, beside):
            return False
        inside = next((folder for folder in beside if file.is_relative_to(folder)), None)
        parts = file.relative_to(inside).parts if inside else file.parts
        return not any(part.startswith(".") or part == MADE_BY_PYTHON for part in parts)


def _path_of(event: str, argument: Any) -> str | None:
    """Return the path in the first argument of an audit event; None for a file descriptor or code without a file."""
    if event == RUNS:
        argument = getattr(argument, "co_filename", "<a text>")
    elif event in LISTS and argument is None:
        argument = "."
    path = os.fsdecode(argument) if isinstance(argument, str | bytes | os.PathLike) else None
    return None if path is None or (event == RUNS and path.startswith("<")) else path


def _database_path(name: str) -> str:
    """Return the path of a database that sqlite3 opens by path or URI. Raises ValueError for one in memory."""
    path = name.removeprefix("file:").partition("?")[0]
    if not path or path.startswith(":"):
        raise ValueError(name)
    return path


def _is_called_by_user(through_imports: bool = False) -> bool:
    """Return whether the nearest caller outside libraries is the user's code, not ours, and not an import.

    ``through_imports``: for an import, return whether the user's code wrote the import statement.
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
    """Return the state of a module's file; `CHANGED_MEANWHILE` if it was saved or moved after ``loaded`` (ns)."""
    try:
        state = file_state(file, is_code=file.suffix == ".py" and not is_ours(file))
        status = file.stat()
        if max(status.st_mtime_ns, status.st_ctime_ns) <= loaded:
            return state
    except (OSError, SyntaxError, ValueError, RecursionError):  # the file was replaced or removed
        pass
    return FileState(CHANGED_MEANWHILE)


def _source_files_of_loaded_modules() -> dict[str, Path]:
    """Return the source files of loaded modules of Gradreel's and the user's, by module.

    For our extension module it is the C source, if it exists. `STARTERS` and the main script are left out.
    """
    our_prefixes, library_prefixes = ours_prefixes(), installed_prefixes()
    starters = tuple(map(str, STARTERS))
    files = {}
    for module, content in list(sys.modules.items()):
        name = getattr(content, "__file__", None)
        if module in ("__main__", "__mp_main__") or not isinstance(name, str):
            continue
        if name.startswith(our_prefixes):  # text is compared much faster than paths, and there are hundreds
            if not name.startswith(starters):
                files[module] = Path(name) if name.endswith(".py") else _c_source(Path(name))
        elif not name.startswith(library_prefixes) and not is_installed(file := Path(os.path.abspath(name))):
            files[module] = file
    return files


def _c_source(file: Path) -> Path:
    """Return the C source of an extension module, if it exists; else ``file``."""
    source = file.with_name(file.name.partition(".")[0] + ".c")
    return source if source.is_file() else file


# -- files attached to a scene's error: `--watch` renders again when one of them changes ------------------------------

FILES = "files_at_fault"  # an attribute of the error, which survives pickling


def attach_opened_files(error: BaseException, opened: OpenedFiles, source: SceneSource) -> None:
    """Attach to ``error`` the paths of files that were opened so far, and of missing files that it names."""
    with suppress(OSError):  # a file may be in the middle of a change
        names = [str(file_of(name, source)) for name in opened.states(source)]
        attach_files(error, (os.path.abspath(name) for name in (*names, *_words_of_missing_files(error))))


def _words_of_missing_files(error: BaseException | None) -> Iterator[str]:
    """Yield all words in the FileNotFoundErrors that led to ``error``; one is the missing file's name.

    numpy, for example, raises it without opening the file.
    """
    seen: set[int] = set()
    while error is not None and id(error) not in seen:  # an error raised again in a `with` may be its own context
        seen.add(id(error))
        if isinstance(error, FileNotFoundError):
            yield from (word.strip("'\".,:;") for word in str(error).split())
        error = error.__cause__ or error.__context__


def attach_files(error: BaseException, files: Iterable[str]) -> None:
    """Attach the paths ``files`` to ``error``, replacing those attached before."""
    vars(error)[FILES] = tuple(files)


def attached_files(error: BaseException) -> tuple[str, ...]:
    """Return the paths attached to ``error``; () if there are none."""
    files: tuple[str, ...] = getattr(error, FILES, ())
    return files
