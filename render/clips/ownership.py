"""Tells our files, the user's and those of installed libraries apart, and gives them names for descriptions."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from functools import cache, lru_cache
from pathlib import Path

from gradreel.core.package import PACKAGE_FOLDER
from gradreel.scenes.catalog import SceneSource

PACKAGE = "gradreel"
INSTALLED = ("site-packages", "dist-packages")
IMPORTED_FROM = Path(os.path.abspath(__file__)).parents[2]  # PACKAGE_FOLDER, or a link to it
OURS = tuple(
    folder / name
    for folder in sorted({PACKAGE_FOLDER, IMPORTED_FROM})
    for name in ("core", "scenes", "render", "assets", "cli.py", "__init__.py", "gradreel.egg-info")
)
"""Our files and folders. A clone of Gradreel may also hold files of the user."""
_OUR_PLACES = tuple(f"{place}{os.sep}" for place in OURS)


def is_installed(file: Path, beside: Iterable[Path] = ()) -> bool:
    """Return whether a file belongs to Python, an installed library or Gradreel, and not to the user.

    ``beside``: folders of the user, see `lies_in`.
    """
    installed = lies_in(file, _python_folders(), beside)
    return installed or is_ours(file) or any(name in file.parts for name in INSTALLED)


def lies_in(file: Path, places: Iterable[Path], beside: Iterable[Path] = ()) -> bool:
    """Return whether a file lies in one of ``places``, but not in a folder of ``beside`` inside that place.

    For example, a project in /usr/src is the user's, though /usr is the system's.
    """
    inside = [folder for folder in beside if file.is_relative_to(folder)]
    return any(
        file.is_relative_to(place) and not any(folder.is_relative_to(place) for folder in inside) for place in places
    )


@cache
def installed_prefixes() -> tuple[str, ...]:
    """Return path prefixes of Python's folders, with a slash; most installed libraries lie there."""
    return tuple(f"{folder}{os.sep}" for folder in _python_folders())


@cache
def ours_prefixes() -> tuple[str, ...]:
    """Return path prefixes of our files: folders with a slash, and single modules."""
    return tuple(str(place) if place.suffix == ".py" else f"{place}{os.sep}" for place in OURS)


@lru_cache(maxsize=4096)  # called for every file of every scene, so it compares text: paths take twenty times as long
def is_ours(file: Path) -> bool:
    """Return whether a file belongs to Gradreel."""
    return f"{file}{os.sep}".startswith(_OUR_PLACES)


def name_of(file: Path, source: SceneSource) -> str:
    """Return a file's name in descriptions: ``gradreel/scenes/base.py`` if ours, else its path from the scene."""
    return _our_name(file) if is_ours(file) else name_beside(file, source)


@lru_cache(maxsize=4096)
def _our_name(file: Path) -> str:
    folder = PACKAGE_FOLDER if file.is_relative_to(PACKAGE_FOLDER) else IMPORTED_FROM
    return f"{PACKAGE}/{file.relative_to(folder).as_posix()}"


def name_beside(file: Path, source: SceneSource) -> str:
    """Return a file's path relative to the scene's folder, so that a moved project keeps its names.

    If the user has a folder called ``gradreel``, its names begin with "./". On another drive the path is absolute.
    """
    try:
        name = Path(os.path.relpath(file, source.file.parent)).as_posix()
        return f"./{name}" if name.startswith(f"{PACKAGE}/") else name
    except ValueError:  # on another drive
        return file.as_posix()


def user_search_path(beside: Iterable[Path] = ()) -> list[Path]:
    """Return the absolute folders of ``sys.path`` that are the user's, such as those of PYTHONPATH.

    ``beside``: folders of the user, see `lies_in`.
    """
    folders = (Path(os.path.abspath(entry)) for entry in sys.path if entry)
    return [folder for folder in folders if not is_installed(folder, beside)]


@cache
def _python_folders() -> tuple[Path, ...]:
    prefixes = (sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix)
    return tuple({Path(prefix).resolve() for prefix in prefixes} | {Path(prefix) for prefix in prefixes})
