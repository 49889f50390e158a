"""A scene's parameter that names a trace on disk, instead of an experiment that makes one. Imports no Manim."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

from gradreel.core.errors import TraceError
from gradreel.core.files import read_bounded
from gradreel.core.trace.format import BESIDE, MOST_META, nearby_traces_hint
from gradreel.core.trace.trace import Trace, read_meta
from gradreel.scenes.file_names import name_of_path
from pydantic import GetCoreSchemaHandler
from pydantic_core import core_schema


class TraceFolder(str):
    """The folder of a trace, as the user wrote it. It is checked to hold a trace.

    A relative path starts at the current folder. In a lesson file, a parameter called ``trace`` starts at the file's
    folder if the trace is there.

    With a field ``trace: TraceFolder | None = Field(None, ...)`` in its ``Parameters``, a scene can call
    ``self.trace("trace")``. The value is a text, so that lesson files and ``--set`` can give it.
    """

    @property
    def path(self) -> Path:
        """Return the absolute path of the folder."""
        return Path(self).expanduser().absolute()

    @property
    def file_stem(self) -> str:
        """Return the path as a part of a file's name: relative to the current folder if it is inside, else absolute."""
        path, here = os.path.abspath(self.path), f"{os.getcwd()}{os.sep}"
        return name_of_path(path.removeprefix(here))

    def open(self) -> Trace:
        """Return the trace, with every byte checked. Raises TraceError."""
        return Trace.open(self.path, checksums=True)

    @property
    def checksum(self) -> str:
        """Return a checksum that differs for another recording at the same path, and for other results beside it.

        It is that of ``meta.json``, with the notes of what was computed from the trace afterwards. A recording that
        was killed has one too, from its journal. Raises TraceError.
        """
        of_run = str(read_meta(self.path)[0]["checksum"])
        notes = [self.path / name for name in sorted(BESIDE) if name.endswith(".json")]
        contents = [_content_or_error(note) for note in notes if note.is_file()]
        return hashlib.sha256(b"\0".join([of_run.encode(), *contents])).hexdigest() if contents else of_run

    @classmethod
    def checked(cls, folder: object) -> TraceFolder:
        """Return ``folder``, a text or a path, as a TraceFolder.

        Raises ValueError if it holds no trace, or a damaged one.
        """
        if not isinstance(folder, str | Path) or not str(folder):
            raise ValueError("needed: the folder of a trace, such as runs/mine")
        trace_folder = cls(folder)
        if not trace_folder.path.is_dir():
            fault = "is a file" if trace_folder.path.exists() else "does not exist"
            raise ValueError(
                f"{trace_folder.path} {fault}; name the folder of a trace, which gradreel.record(model, optimizer,"
                f" path) writes around your loop{nearby_traces_hint(trace_folder.path)}"
            )
        try:
            read_meta(trace_folder.path)
        except TraceError as error:
            raise ValueError(str(error)) from None
        return trace_folder

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls.checked, serialization=core_schema.to_string_ser_schema()
        )


def _content_or_error(note: Path) -> bytes:
    """Return the content of a note; its error if it cannot be read, which the scene that reads it will report."""
    try:
        return read_bounded(note, MOST_META)
    except OSError as error:
        return str(error.errno).encode()
