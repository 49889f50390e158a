"""A finished clip gets its name, and its description beside it."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gradreel.scenes.render.clips.workspace import publish, temporary_in, write_json
from gradreel.scenes.render.lessons.requests import ClipResult


def keep_clip(made: Path, result: ClipResult, job_temporary: Path, content: Mapping[str, Any]) -> None:
    """Move the file (or folder) ``made`` to the path of ``result``, described by that and by ``content``.

    The description comes last: a clip without one does not count.
    """
    _onto_disk(made)
    publish(made, result.path)
    description = result.path.with_suffix(".json")
    described = {"made": time.time(), **content, **result.as_json()}
    write_json(description, described, temporary_in(job_temporary, description.name))


def _onto_disk(path: Path) -> None:
    """Have a clip on the disk before it gets its name: after a power failure its file is whole, or not there.

    Not so the pictures of a folder.
    """
    if path.is_file():
        with path.open("rb+") as file:
            os.fsync(file.fileno())
