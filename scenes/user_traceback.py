"""Tracebacks that show the user's own lines and none of Gradreel's."""

from __future__ import annotations

import os
import sysconfig
import traceback
from pathlib import Path

from gradreel.core.package import PACKAGE_FOLDER

OUR_FOLDERS = tuple(PACKAGE_FOLDER / name for name in ("core", "scenes", "render"))
OUR_FILES = (PACKAGE_FOLDER / "cli.py",)
TEX = ("latex", "pdflatex", "xelatex", "lualatex", "dvisvgm")  # programs that Manim calls
INSTALLED = tuple({Path(sysconfig.get_path(kind)).resolve() for kind in ("stdlib", "platstdlib", "purelib", "platlib")})


def user_traceback(error: BaseException, file: Path) -> str:
    """Return ``error`` formatted as Python does, with only the lines of ``file`` and of other code by the user.

    Lines of Gradreel, of installed packages and of the standard library are left out, also for exceptions that led to
    this one. If no line is the user's, the last line is kept.
    """
    note_missing_tex(error)
    formatted = traceback.TracebackException.from_exception(error)
    seen: set[int] = set()
    chain: list[traceback.TracebackException | None] = [formatted]
    while chain:
        part = chain.pop()
        if part is None or id(part) in seen:
            continue
        seen.add(id(part))
        user_frames = [frame for frame in part.stack if _is_theirs(frame.filename, file)]
        part.stack = traceback.StackSummary.from_list(user_frames or part.stack[-1:])
        chain += [part.__cause__, part.__context__]
    return "".join(formatted.format()).rstrip()


def note_missing_tex(error: BaseException) -> None:
    """Add a note to ``error`` about alternatives without TeX, if it says that a TeX program is missing."""
    if not isinstance(error, FileNotFoundError) or error.filename not in TEX:
        return
    note = (
        f"MathTex, Tex, DecimalNumber and numbers of axes need {error.filename}, which is not installed; formula, words"
        ' and Number of gradreel.scenes.mobjects.text do without: formula("a / b") is a fraction'
    )
    if note not in getattr(error, "__notes__", ()):
        error.add_note(note)


def _is_theirs(filename: str, file: Path) -> bool:
    """Return whether a frame's file is the user's, where ``file`` is the scene's file.

    For a scene of the lecture, all files of the lecture count as the user's.
    """
    if filename.startswith("<"):  # <frozen importlib._bootstrap>
        return False
    path = Path(os.path.realpath(filename))
    if path == file:
        return True
    if any(path.is_relative_to(folder) and not file.is_relative_to(folder) for folder in INSTALLED):
        return False
    lecture = PACKAGE_FOLDER / "scenes" / "lecture"
    is_ours = path in OUR_FILES or any(path.is_relative_to(folder) for folder in OUR_FOLDERS)
    return not is_ours or (path.is_relative_to(lecture) and file.is_relative_to(lecture))
