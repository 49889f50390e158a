"""Which files the code of a scene is: its module, and all that it imports of ours and of the user's.

Read by ``ast``, nothing is imported; an import inside a function counts, too. Installed libraries are not looked into.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path

from gradreel.scenes.catalog import PACKAGE_FOLDER, SceneSource
from gradreel.scenes.render.clips.source_digest import SourceDigest, read_source

PACKAGE = "gradreel"
INSTALLED = ("site-packages", "dist-packages")
IMPORTED_FROM = Path(os.path.abspath(__file__)).parents[3]  # PACKAGE_FOLDER, or a link to it
OURS = tuple(
    folder / name
    for folder in sorted({PACKAGE_FOLDER, IMPORTED_FROM})
    for name in ("core", "scenes", "assets", "cli.py", "__init__.py", "gradreel.egg-info")
)
"""A clone of ours may hold files of the user's beside these."""


@dataclass
class _Moment:
    """What was seen of the disk, while it counts as unchanged."""

    files: dict[Path, SourceDigest] = field(default_factory=dict)
    found: dict[tuple[str, Path | None], Path | None] = field(default_factory=dict)  # by module and scene's folder
    listings: dict[Path, frozenset[str]] = field(default_factory=dict)
    imports: dict[tuple[Path, Path | None], tuple[Path, ...]] = field(default_factory=dict)  # see `_imported_by`
    made_of: dict[Path, dict[str, Path]] = field(default_factory=dict)  # by scene: its code's files by name


class _Now:
    moment: _Moment | None = None


@contextmanager
def one_moment() -> Iterator[None]:
    """Within it every file is looked at once, however many scenes are made of it."""
    before = _Now.moment
    _Now.moment = before or _Moment()
    try:
        yield
    finally:
        _Now.moment = before


def code_files(source: SceneSource) -> dict[str, Path]:
    """Every file of code that the scene is made of, by name."""
    moment = _current()
    if source.file not in moment.made_of:
        seen = dict.fromkeys([source.file])
        waiting = [source.file]
        while waiting:
            new = [file for file in _imported_by(waiting.pop(), source) if file not in seen]
            seen.update(dict.fromkeys(new))
            waiting += new
        moment.made_of[source.file] = {name_of(file, source): file for file in seen}
    return moment.made_of[source.file]


def is_installed(file: Path, beside: Iterable[Path] = ()) -> bool:
    """Whether a file belongs to Python, to an installed library or to us, rather than to the user.

    ``beside``: folders of the user's, see `lies_in`.
    """
    installed = lies_in(file, _python_folders(), beside)
    return installed or is_ours(file) or any(name in file.parts for name in INSTALLED)


def lies_in(file: Path, places: Iterable[Path], beside: Iterable[Path] = ()) -> bool:
    """Whether a file lies in one of ``places``, other than in a folder of ``beside`` that lies there as a whole.

    A project may lie in /usr/src, where all else is the system's.
    """
    inside = [folder for folder in beside if file.is_relative_to(folder)]
    return any(
        file.is_relative_to(place) and not any(folder.is_relative_to(place) for folder in inside) for place in places
    )


@lru_cache(maxsize=4096)  # asked for every file of every scene
def is_ours(file: Path) -> bool:
    """Whether a file belongs to Gradreel."""
    return any(file.is_relative_to(place) for place in OURS)


def source_of(file: Path) -> SourceDigest:
    """What is in a file of code."""
    moment = _current()
    if file not in moment.files:
        moment.files[file] = read_source(file)
    return moment.files[file]


def _imported_by(file: Path, source: SceneSource) -> tuple[Path, ...]:
    """The files of ours and of the user's that ``file`` imports, each once: the same for all scenes of ours."""
    imports, key = _current().imports, (file, None if source.is_ours else source.file.parent)
    if key not in imports:
        modules = source_of(file).imports
        if source.is_ours:
            modules = tuple(module for module in modules if module.startswith((".", PACKAGE)))
        found = (imported_file(module, file, source) for module in modules)
        imports[key] = tuple(dict.fromkeys(path for path in found if path is not None))
    return imports[key]


def imported_file(module: str, file: Path, source: SceneSource) -> Path | None:
    """The file of a module of ours or of the user's that ``file`` imports; None for installed libraries."""
    if module.startswith("."):
        name = module.lstrip(".")
        return _in_folder(file.parents[len(module) - len(name) - 1], name.split(".") if name else [])
    if module.partition(".")[0] == PACKAGE:
        return _found(module.partition(".")[2], None, (PACKAGE_FOLDER,))
    if source.is_ours or is_ours(file) or not module:
        return None
    folder = source.file.parent
    return _found(module, folder, (folder, Path.cwd(), *_own_search_path()))


def _found(module: str, key: Path | None, folders: Iterable[Path]) -> Path | None:
    found = _current().found
    if (module, key) not in found:
        candidates = (_in_folder(folder, module.split(".") if module else []) for folder in folders)
        found[module, key] = next((file for file in candidates if file is not None), None)
    return found[module, key]


def _in_folder(folder: Path, parts: list[str]) -> Path | None:
    """As Python looks it up: a package before a module of the same name."""
    if not parts:
        return folder / "__init__.py" if "__init__.py" in _listing(folder) else None
    for part in parts[:-1]:
        if part not in _listing(folder):
            return None
        folder /= part
    name = parts[-1]
    inside = _listing(folder)
    if name in inside and "__init__.py" in _listing(folder / name):
        return folder / name / "__init__.py"
    return folder / f"{name}.py" if f"{name}.py" in inside else None


def _listing(folder: Path) -> frozenset[str]:
    listings = _current().listings
    if folder not in listings:
        try:
            listings[folder] = frozenset(os.listdir(folder))
        except OSError:
            listings[folder] = frozenset()
    return listings[folder]


def _current() -> _Moment:
    return _Now.moment or _Moment()


def _own_search_path() -> list[Path]:
    """Folders that Python searches for modules and that are the user's (PYTHONPATH), not those of libraries."""
    folders = (Path(entry).absolute() for entry in sys.path if entry)
    return [folder for folder in folders if folder.is_dir() and not is_installed(folder)]


@cache
def _python_folders() -> tuple[Path, ...]:
    prefixes = (sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix)
    return tuple({Path(prefix).resolve() for prefix in prefixes} | {Path(prefix) for prefix in prefixes})


def name_of(file: Path, source: SceneSource) -> str:
    """Of ours ``gradreel/scenes/base.py``, of the user's relative to the scene's folder."""
    return _name_of_ours(file) if is_ours(file) else name_beside(file, source)


@lru_cache(maxsize=4096)
def _name_of_ours(file: Path) -> str:
    return f"{PACKAGE}/{file.relative_to(PACKAGE_FOLDER).as_posix()}"


def name_beside(file: Path, source: SceneSource) -> str:
    """The file's path from the scene's folder: the same wherever the project lies."""
    try:
        return Path(os.path.relpath(file, source.file.parent)).as_posix()
    except ValueError:  # on another drive
        return file.as_posix()
