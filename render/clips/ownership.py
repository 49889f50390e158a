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
    """How paths of files begin that belong to Python, to an installed library or to us: of almost all of them."""
    return tuple(f"{folder}{os.sep}" for folder in (*_python_folders(), *OURS))


@lru_cache(maxsize=4096)  # asked for every file of every scene
def is_ours(file: Path) -> bool:
    """Whether a file belongs to Gradreel."""
    return any(file.is_relative_to(place) for place in OURS)


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


@cache
def _python_folders() -> tuple[Path, ...]:
    prefixes = (sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix)
    return tuple({Path(prefix).resolve() for prefix in prefixes} | {Path(prefix) for prefix in prefixes})
