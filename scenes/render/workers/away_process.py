"""The process that draws a scene on a cluster's worker, in a folder and an environment of its own.

`main` runs in a Python of its own, and has `draw_here` done by a worker process as it would be at the owner's. What is
drawn with must be what the owner has: else frames would be others than those that are drawn there.
"""

from __future__ import annotations

import importlib
import os
import pickle
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gradreel.core.errors import UserError
from gradreel.scenes.render.clips.file_tracker import LISTS, OpenedFiles
from gradreel.scenes.render.clips.fingerprint import parts_now
from gradreel.scenes.render.clips.workspace import Folders, temporary_in, write_json
from gradreel.scenes.render.lessons.requests import ClipJob
from gradreel.scenes.render.workers.pool import Workers
from gradreel.scenes.render.workers.worker_process import WORKER_MODULE

HERE = "<this worker>"  # in a message: which one it is, this process does not know
OPENED = "opened.json"


def main() -> None:
    """Draw what comes on standard input; what comes of it goes to standard output, what the scene prints does not."""
    messages = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    function, job, path = pickle.load(sys.stdin.buffer)
    threading.Thread(target=_end_with_parent, daemon=True).start()

    def send(kind: str, value: Any) -> None:
        pickle.dump((kind, value), messages)
        messages.flush()

    with Workers(1, job.temporary) as workers:
        drawn = workers.submit(
            draw_here, function, job, path,
            progress=lambda *done: send("progress", done),
            told=lambda text: send("told", text),
            timeout=job.request.settings.timeout,
        )  # fmt: skip
        error = drawn.exception()
        if error is None:
            send("result", drawn.result())
        else:
            send("error", error)


def _end_with_parent() -> None:
    sys.stdin.buffer.read()  # until the worker closes it, or is no more
    os._exit(1)


def draw_here(function: str, job: ClipJob, path: Path | None) -> Any:
    """Do the work of a function of `worker`. Raises UserError when what it is done with is another than planned."""
    check_same(job)
    wanted = _Opened()
    try:
        return _done(function, job, path)
    except Exception as error:
        if missing := wanted.missing():
            raise FilesWantedError(missing, error) from error
        raise


def _done(function: str, job: ClipJob, path: Path | None) -> Any:
    """A clip's description says what its scene opened; of what else is made of a scene, that is written beside it."""
    call = getattr(importlib.import_module(WORKER_MODULE), function)
    if function == "render_clip":
        return call(job)
    source, media = job.request.source, Folders(job.request.settings.media_dir)
    opened = OpenedFiles((*media.made_by_us, job.folder, job.temporary), source)
    made = call(job.request) if path is None else call(job.request, path)
    write_json(job.folder / OPENED, {"files": opened.of(source, known={})}, temporary_in(job.temporary, OPENED))
    return made


class FilesWantedError(Exception):
    """A scene raised ``error``, and had tried to open files, or to look through folders, that are not here."""

    def __init__(self, paths: tuple[str, ...], error: Exception) -> None:
        super().__init__(paths, error)
        self.paths, self.error = paths, error


class _Opened:
    """What Python opens or lists from now on in this process."""

    def __init__(self) -> None:
        self._paths: dict[str, None] = {}
        sys.addaudithook(self._hear)

    def missing(self) -> tuple[str, ...]:
        """Paths at which there was nothing to open, and is nothing."""
        return tuple(path for path in list(self._paths) if not os.path.exists(path))

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in ("open", *LISTS) and isinstance(arguments[0], str | bytes | os.PathLike):
            self._paths[os.path.abspath(os.fsdecode(arguments[0]))] = None


def check_same(job: ClipJob) -> None:
    """Raises UserError, naming both, where a version, our code or a setting is another here than the plan's."""
    now = parts_now(job.parts, job.request)
    differences = _differences(job.parts, now)
    if differences:
        more = f" and {len(differences) - 5} more" if len(differences) > 5 else ""
        raise UserError(
            f"--scheduler: frames of {HERE} would be others than those drawn here: {'; '.join(differences[:5])}{more}."
            " Install the same there, with the same constraints.txt"
        )


_NAMES = {"drawing": "gradreel's renderer", "configuration": "manim.cfg in the home folder"}


def _differences(planned: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    """What differs: ``typst is 0.14.1 here and 0.13.0 there`` for versions, ``code of gradreel/core/x.py`` for code."""
    texts = []
    for part in sorted({*planned, *found}):
        here, there = planned.get(part), found.get(part)
        if here == there:
            continue
        if not (isinstance(here, dict) and isinstance(there, dict)):
            texts.append(f"{_NAMES.get(part, part)} is another")
            continue
        for name in sorted({*here, *there}):
            one, other = here.get(name), there.get(name)
            if one == other:
                continue
            if part == "versions":
                texts.append(f"{name} is {one or 'not installed'} here and {other or 'not installed'} there")
            else:
                texts.append(f"{part} of {name} is another")
    return texts
