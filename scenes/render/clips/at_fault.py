"""With what a scene raises goes which files it had opened, or missed: one of them may be at fault, and be mended.

Whoever watches waits for that.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress

from gradreel.scenes.catalog import SceneSource
from gradreel.scenes.render.clips.file_digest import file_of
from gradreel.scenes.render.clips.file_tracker import OpenedFiles

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
