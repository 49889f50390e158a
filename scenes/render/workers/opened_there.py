"""Files that a scene opened on a cluster's worker, and what is here where it found them.

What was sent to the worker lies there in a folder, under the paths that it has here. What a scene opens by an absolute
path is on the worker's own disk, and may be another than here: then the clip is another, too.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gradreel.core.errors import UserError
from gradreel.scenes.catalog import SceneSource
from gradreel.scenes.render.clips.import_graph import name_beside
from gradreel.scenes.render.clips.sources import HERE, MISSING, content_now
from gradreel.scenes.render.clips.workspace import read_json, write_json


@dataclass(frozen=True)
class Opened:
    """Where a file is that a scene opened, or missed."""

    path: str  # of one that was sent, or would have been: the path that it has here
    own: bool  # it is the worker's own


class OwnFileError(UserError):
    """Where a scene looks for a file, the worker has another than we."""


def opened_there(written: Path, sent: Path, source: SceneSource, folder: Path) -> dict[str, Opened]:
    """What the scene opened, by the names that the description in ``written`` has for it.

    ``sent``: the folder of what was sent; ``folder``: where the command is run, in that.
    """
    found = {}
    for description in written.glob("*.json"):
        for name in (read_json(description) or {}).get("files", {}):
            inside = name.removeprefix(HERE)
            file = Path(os.path.abspath((source.file.parent if inside == name else folder) / inside))
            own = not file.is_relative_to(sent)
            found[name] = Opened(str(file if own else Path(file.anchor) / file.relative_to(sent)), own)
    return found


def name_as_here(written: Path, opened: Mapping[str, Opened], source: SceneSource) -> dict[str, str]:
    """Give what a scene opened there the names that it has here, in the description that was ``written``.

    The digests of the worker's own files by their paths.
    """
    own = {}
    for description in written.glob("*.json") if opened else ():
        content = read_json(description) or {}
        files = {}
        for name, digest in content.get("files", {}).items():
            there = opened[name]
            files[name if name.startswith(HERE) else name_beside(Path(there.path), source)] = digest
            if there.own:
                own[there.path] = digest
        write_json(description, {**content, "files": files}, description.with_suffix(".here"))
    return own


def check_own(own: Mapping[str, str], worker: str, scene: str) -> None:
    """Raises OwnFileError for the first file of a worker's own that is another than what is here at its path."""
    for path, there in own.items():
        here = content_now(Path(path))
        if here == there:
            continue
        fault = "another file than here"
        if MISSING in (here, there):
            fault = "not there" if there == MISSING else "there, and not here"
        raise OwnFileError(
            f"{scene} opens {path}, which on the worker {worker} is {fault}: by an absolute path a scene finds what the"
            ' worker has itself. Name it from where the command is run, or by asset("…"): then it is sent'
        )
