"""A scene's parameter that is a trace on disk, rather than an experiment that makes one. Imports no Manim."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from gradreel.core.errors import TraceError
from gradreel.core.trace.format import nearby_traces_hint
from gradreel.core.trace.trace import Trace, read_meta
from gradreel.scenes.file_names import name_of_path
from pydantic import GetCoreSchemaHandler
from pydantic_core import core_schema


class TraceFolder(str):
    """The folder of a trace, as written. Checked to be one when it is given.

    It is relative to where the command is run. In a lesson file a parameter called ``trace`` is relative to the file,
    if the folder is there.

    A field ``trace: TraceFolder | None = Field(None, ...)`` of a scene's ``Parameters`` makes ``self.trace("trace")``
    available. It is a text, so that a lesson file and ``--set`` can say it.
    """

    @property
    def path(self) -> Path:
        """Where it is now."""
        return Path(self).expanduser().absolute()

    @property
    def file_stem(self) -> str:
        """Its path from where the command is run, or else the whole of it, as a part of a file's name."""
        path, here = os.path.abspath(self.path), f"{os.getcwd()}{os.sep}"
        return name_of_path(path.removeprefix(here))

    def open(self) -> Trace:
        """The trace, every byte of it checked. Raises TraceError."""
        return Trace.open(self.path, checksums=True)

    @property
    def checksum(self) -> str:
        """What its ``meta.json`` is sealed with: another recording at this path has another. Raises TraceError."""
        return str(read_meta(self.path)[0]["checksum"])

    @classmethod
    def checked(cls, folder: object) -> TraceFolder:
        """``folder``, a text or a path, as one. Raises ValueError when there is no trace, or a damaged one."""
        if not isinstance(folder, str | Path) or not str(folder):
            raise ValueError("the folder of a trace was wanted, such as runs/mine")
        made = cls(folder)
        if not made.path.is_dir():
            there = "is a file" if made.path.exists() else "is not there"
            how = "gradreel.core.recording.recording.record(model, optimizer, path) makes one around a loop of your own"
            raise ValueError(
                f"the folder of a trace was wanted, and {made.path} {there}; {how}{nearby_traces_hint(made.path)}"
            )
        try:
            read_meta(made.path)
        except TraceError as error:
            raise ValueError(str(error)) from None
        return made

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls.checked, serialization=core_schema.to_string_ser_schema()
        )
