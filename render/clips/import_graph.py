"""Which files the code of a scene is: its module, and all that it imports of ours and of the user's.

Read by ``ast``, nothing is imported; an import inside a function counts, too. Installed libraries are not looked into.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from gradreel import _MODULES as ROOT_NAMES
from gradreel.core.package import PACKAGE_FOLDER
from gradreel.render.clips.file_digest import SourceDigest, read_source
from gradreel.render.clips.ownership import PACKAGE, is_installed, is_ours, name_of
from gradreel.scenes import _MODULES as SCENE_NAMES
from gradreel.scenes.catalog import SceneSource

PUBLIC = {f"{PACKAGE}.{name}": module for name, module in ROOT_NAMES.items()} | {
    f"{PACKAGE}.scenes.{name}": module for name, module in SCENE_NAMES.items()
}
"""The module that defines each name that the packages import on first use."""


@dataclass
class _Moment:
    """A cache of what was read from the disk, for as long as that counts as unchanged."""

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
        inside = PUBLIC.get(module, module).partition(".")[2]
        return _found(inside, None, (PACKAGE_FOLDER,))
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
