"""Tells whose a file is (ours, the user's, an installed library's) and what it is called in descriptions."""

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
"""A clone of ours may hold files of the user's beside these."""


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


@cache
def installed_prefixes() -> tuple[str, ...]:
    """Return how paths of files begin that belong to Python or to an installed library: of almost all of them."""
    return tuple(f"{folder}{os.sep}" for folder in _python_folders())


@cache
def ours_prefixes() -> tuple[str, ...]:
    """Return how paths of our files begin."""
    return tuple(str(place) if place.suffix == ".py" else f"{place}{os.sep}" for place in OURS)


@lru_cache(maxsize=4096)  # asked for every file of every scene
def is_ours(file: Path) -> bool:
    """Whether a file belongs to Gradreel."""
    return any(file.is_relative_to(place) for place in OURS)


def name_of(file: Path, source: SceneSource) -> str:
    """Return a file's name in descriptions: ``gradreel/scenes/base.py`` of ours, else the path beside the scene."""
    return _name_of_ours(file) if is_ours(file) else name_beside(file, source)


@lru_cache(maxsize=4096)
def _name_of_ours(file: Path) -> str:
    folder = PACKAGE_FOLDER if file.is_relative_to(PACKAGE_FOLDER) else IMPORTED_FROM
    return f"{PACKAGE}/{file.relative_to(folder).as_posix()}"


def name_beside(file: Path, source: SceneSource) -> str:
    """Return the file's path from the scene's folder: the same wherever the project lies.

    A folder of the user's that is called as our package begins with "./".
    """
    try:
        name = Path(os.path.relpath(file, source.file.parent)).as_posix()
        return f"./{name}" if name.startswith(f"{PACKAGE}/") else name
    except ValueError:  # on another drive
        return file.as_posix()


@cache
def _python_folders() -> tuple[Path, ...]:
    prefixes = (sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix)
    return tuple({Path(prefix).resolve() for prefix in prefixes} | {Path(prefix) for prefix in prefixes})
