"""Scenes in a Jupyter notebook, as Manim's ``%%manim`` shows them: after ``%load_ext gradreel``

    %gradreel build-curve -q l            # what `gradreel render` takes

    %%gradreel MyScene -q l               # the cell is a file of its own: its imports stand in it, too
    from manim import *
    class MyScene(Scene): ...

What was rendered is shown below the cell. The cell is kept in media/notebook, so it is drawn once.
"""

from __future__ import annotations

import ast
import json
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Any

from gradreel.core.errors import UserError
from gradreel.render.choices import MEDIA_FOLDER

CELLS = MEDIA_FOLDER / "notebook"
EMBEDDED = 8 << 20  # bytes; what is larger stays a file beside the notebook


def load_ipython_extension(shell: Any) -> None:
    """Called by IPython: ``%gradreel`` and ``%%gradreel`` are there from then on."""
    shell.register_magic_function(show, "line_cell", "gradreel")


def show(line: str, cell: str | None = None) -> None:
    """Render what ``line`` names, of ``cell`` if there is one, and show it. Raises UsageError when that fails."""
    from IPython.core.error import UsageError
    from IPython.display import display

    try:
        words = ([] if cell is None else [str(kept(cell))]) + shlex.split(line)
    except (UserError, ValueError) as error:
        raise UsageError(f"%gradreel: {error}") from None
    if "--watch" in words:
        raise UsageError("%gradreel: --watch never ends; leave it out, and run the cell again after a change")
    if not words:
        raise UsageError("%gradreel: name a scene, such as %gradreel build-curve -q l")
    for file in rendered(words):
        display(picture_of(file))


def kept(cell: str) -> Path:
    """The file that has the text of ``cell``, called after its last class. Raises UserError for a cell without one."""
    try:
        classes = [node.name for node in ast.parse(cell).body if isinstance(node, ast.ClassDef)]
    except SyntaxError as error:
        raise UserError(f"line {error.lineno} of the cell: {error.msg}") from None
    if not classes:
        raise UserError("the cell has no class; define a scene in it: class MyScene(Scene)")
    file = CELLS / f"{classes[-1]}.py"
    if not file.is_file() or file.read_text(encoding="utf-8") != cell:
        CELLS.mkdir(parents=True, exist_ok=True)
        if not CELLS.resolve().is_relative_to(CELLS.parent.resolve()):
            raise UserError(f"{CELLS} leads out of {CELLS.parent} by a link, to {CELLS.resolve()}; remove the link")
        with NamedTemporaryFile("w", encoding="utf-8", dir=CELLS, delete=False) as part:
            part.write(cell)
        os.replace(part.name, file)  # in the place of a link, too
    return file


def rendered(words: list[str]) -> list[Path]:
    """What ``gradreel render`` made; what it tells on the way stands below the cell. Raises UsageError if it fails."""
    from IPython.core.error import UsageError

    command = [sys.executable, "-m", "gradreel.cli", "render", *words, "--json"]
    # A group of its own: it hears of an interruption of the kernel's once, from here
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", process_group=0
    )
    try:
        complaint = _passed_on(process.stderr)
        printed = process.communicate()[0]
    except KeyboardInterrupt:
        process.send_signal(signal.SIGINT)
        process.wait()
        raise
    if process.returncode:
        raise UsageError(complaint or f"gradreel ended with exit code {process.returncode}")
    try:
        found = json.loads(printed)
    except ValueError:  # --help
        found = None
    if not isinstance(found, list):  # --dry_run
        print(printed)
        return []
    return [Path(path) for path in found]


def _passed_on(stream: IO[str] | None) -> str:
    """Print what comes; but the error at its end, which is returned."""
    assert stream is not None
    complaint = ""
    for line in stream:
        if complaint or line.startswith("Error: "):
            complaint += line.removeprefix("Error: ")
        else:
            print(line, end="", file=sys.stderr)
    return complaint.strip()


def picture_of(file: Path) -> Any:
    """What IPython displays: the video or picture in the notebook itself, or, of much, where it is."""
    from IPython.display import FileLink, FileLinks, Image, Video

    if file.is_dir():
        return FileLinks(str(file))
    embed = file.stat().st_size <= EMBEDDED
    if file.suffix in (".png", ".gif"):
        return Image(filename=str(file)) if embed else FileLink(str(file))
    where = str(file) if embed else str(file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file)
    return Video(where, embed=embed, html_attributes='controls loop style="max-width: 100%"')
