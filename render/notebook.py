"""Renders scenes in a Jupyter notebook, like Manim's ``%%manim``. Load it by ``%load_ext gradreel``, then:

    %gradreel build-curve -q l            # arguments as for `gradreel render`

    %%gradreel MyScene -q l               # the cell is saved as a file, so it needs its own imports
    from manim import *
    class MyScene(Scene): ...

The result is shown below the cell. The file stays in media/notebook, so an unchanged cell is not drawn again.
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
LARGEST_EMBEDDED = 8 << 20  # bytes; the notebook links larger files


def load_ipython_extension(shell: Any) -> None:
    """Register ``%gradreel`` and ``%%gradreel``; IPython calls this for ``%load_ext gradreel``."""
    shell.register_magic_function(show, "line_cell", "gradreel")


def show(line: str, cell: str | None = None) -> None:
    """Render with the arguments in ``line``, a scene of ``cell`` if there is one, and display the results.

    Raises UsageError, IPython's own, for wrong arguments or if rendering fails.
    """
    from IPython.core.error import UsageError
    from IPython.display import display

    try:
        words = ([] if cell is None else [str(saved_cell(cell))]) + shlex.split(line)
    except (UserError, ValueError) as error:
        raise UsageError(f"%gradreel: {error}") from None
    if "--watch" in words:
        raise UsageError("%gradreel: --watch never ends; leave it out, and run the cell again after a change")
    if not words:
        raise UsageError("%gradreel: name a scene, such as %gradreel build-curve -q l")
    for file in rendered(words):
        display(displayed(file))


def saved_cell(cell: str) -> Path:
    """Save ``cell`` as a file named after its last class, and return its path; an equal file is not written again.

    Raises UserError for a syntax error, a cell without a class, and a folder that is a link out of the media folder.
    """
    try:
        classes = [node.name for node in ast.parse(cell).body if isinstance(node, ast.ClassDef)]
    except SyntaxError as error:
        raise UserError(f"line {error.lineno} of the cell: {error.msg}; correct the cell") from None
    if not classes:
        raise UserError("the cell has no class; define a scene in it: class MyScene(Scene)")
    file = CELLS / f"{classes[-1]}.py"
    if not file.is_file() or file.read_text(encoding="utf-8") != cell:
        try:
            CELLS.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"{CELLS} cannot be a folder: {error.strerror}; remove it, or work elsewhere") from None
        folder, media = os.path.realpath(CELLS), os.path.realpath(CELLS.parent)
        if not Path(folder).is_relative_to(media):
            raise UserError(f"{CELLS} leads out of {CELLS.parent} by a link, to {folder}; remove the link")
        with NamedTemporaryFile("w", encoding="utf-8", dir=CELLS, delete=False) as part:
            part.write(cell)
        os.replace(part.name, file)  # replaces a link itself, not the file that it points to
    return file


def rendered(words: list[str]) -> list[Path]:
    """Run ``gradreel render`` and return the paths of the results; its messages appear below the cell.

    With --dry_run or --help, prints the output and returns []. Raises UsageError if the command fails.
    """
    from IPython.core.error import UsageError

    command = [sys.executable, "-m", "gradreel.cli", "render", *words, "--json"]
    # In its own process group, so that an interruption of the kernel reaches it only once: by the handler below
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", process_group=0
    )
    try:
        error_message = _pass_on(process.stderr)
        printed = process.communicate()[0]
    except KeyboardInterrupt:
        process.send_signal(signal.SIGINT)
        process.wait()
        raise
    if process.returncode:
        raise UsageError(error_message or f"gradreel ended with exit code {process.returncode}")
    try:
        result = json.loads(printed)
    except ValueError:  # --help
        result = None
    if not isinstance(result, list):  # --dry_run
        print(printed)
        return []
    return [Path(path) for path in result]


def _pass_on(stream: IO[str] | None) -> str:
    """Print the lines of ``stream`` to standard error; return the message at its end that begins with "Error: "."""
    assert stream is not None
    error_message = ""
    for line in stream:
        if error_message or line.startswith("Error: "):
            error_message += line.removeprefix("Error: ")
        else:
            print(line, end="", file=sys.stderr)
    return error_message.strip()


def displayed(file: Path) -> Any:
    """Return what IPython displays for ``file``: the video or picture; a link for a folder or a large picture.

    A video larger than `LARGEST_EMBEDDED` is played from its file.
    """
    from IPython.display import FileLink, FileLinks, Image, Video

    if file.is_dir():
        return FileLinks(str(file))
    embed = file.stat().st_size <= LARGEST_EMBEDDED
    if file.suffix in (".png", ".gif"):
        return Image(filename=str(file)) if embed else FileLink(str(file))
    where = str(file) if embed else str(file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file)
    return Video(where, embed=embed, html_attributes='controls loop style="max-width: 100%"')
