"""Runs ``gradreel init``: writes a new project with an example scene, lesson, words file and snapshot test."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from gradreel.core.errors import UserError
from gradreel.core.package import PACKAGE_FOLDER

TEMPLATES = PACKAGE_FOLDER / "assets" / "project"
NEXT = (
    ("gradreel frames", "a picture at the end of each beat, and all on one sheet"),
    ("gradreel render -q l", "the lesson as one video"),
    ("gradreel render my_scene.py Parabola --set parabola.a=0.8 -q l --watch", "drawn again as you save it"),
    ("python -m pytest --snapshot-update", "writes the pictures of its test; look at them"),
    ("python -m pytest", "from then on (pip install pytest)"),
)


def print_new_project(folder: Path) -> None:
    """Write the project into ``folder``; print the files and the commands to try next."""
    for file in write_project(folder):
        print(file)
    width = max(len(command) for command, _ in NEXT)
    print("\nNext:")
    if folder.absolute() != Path.cwd():
        print(f"  cd {shlex.quote(str(folder))}")
    for command, comment in NEXT:
        print(f"  {command:{width}}  # {comment}")


def write_project(folder: Path) -> list[Path]:
    """Copy the templates into ``folder``, made if it is missing, and return the new files.

    Raises UserError, and writes nothing, if one of the files exists already. If writing fails, removes the new files.
    """
    files = {template: folder / template.name for template in sorted(TEMPLATES.iterdir()) if template.is_file()}
    if os.path.lexists(folder) and not folder.is_dir():
        raise UserError(f"{folder} is a file; name another path for the new folder")
    existing = [file.name for file in files.values() if os.path.lexists(file)]
    if existing:
        raise UserError(f"{folder} has {', '.join(existing)} already, and no file is overwritten; name a new folder")
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    try:
        for template, file in files.items():
            with file.open("xb") as stream:
                written.append(file)
                stream.write(template.read_bytes())
    except BaseException:
        for file in written:
            file.unlink(missing_ok=True)
        raise
    return written
