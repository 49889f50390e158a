"""Runs on a cluster's workers: the tasks that draw a clip or train runs. Each returns JSON and bytes, see `answers`."""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
import tempfile
import traceback
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from gradreel.core.errors import UserError
from gradreel.core.experiment import Experiment
from gradreel.core.package import PACKAGE_FOLDER
from gradreel.core.trace.format import META, column_kinds
from gradreel.core.trace.training_times import time_file
from gradreel.render.clips.file_digest import HERE, FileState, digest_of_files
from gradreel.render.clips.file_tracker import attached_files
from gradreel.render.clips.fingerprint import refreshed_parts
from gradreel.render.clips.ownership import PACKAGE
from gradreel.render.clips.workspace import Folders, read_json
from gradreel.render.cluster.answers import DrawnClip, Failure, OpenedFile, TrainedRun
from gradreel.render.deferred import import_worker
from gradreel.render.stages import Clip
from gradreel.render.workers.pool import Listeners, Workers
from gradreel.render.workers.training import Outcome, train_group
from gradreel.render.workers.worker_process import LOOK_SECONDS, WorkerDiedError, report_place

T = TypeVar("T")
Answer = tuple[str, list[bytes]]


@dataclass(frozen=True)
class Order:
    """A clip for a worker to draw. Its paths are those of the owner's machine."""

    topic: str  # dask's topic for events of the owner's command
    task: str  # an identifier for this task's events
    clip: Clip  # the file of one of our own scenes is relative to the package
    name: str  # the clip's digest
    folder: str  # the command's working folder
    search: tuple[str, ...]  # the owner's folders of ``sys.path`` that hold modules of the scene
    files: Mapping[str, str]  # the digest of each sent file's content, by path
    our_code: str  # the owner's `our_code`


@dataclass(frozen=True)
class Place:
    """A temporary folder on the worker for one order: the owner's files lie in it under their full paths."""

    root: Path
    order: Order
    worker: str  # its name and address

    def at(self, path: str | Path) -> Path:
        """Return the path on this worker of the owner's absolute ``path``."""
        absolute = Path(path)
        return self.root / "files" / absolute.relative_to(absolute.anchor)

    def with_owners_paths(self, text: str) -> str:
        """Return a path or message with the owner's paths in place of this worker's."""
        return text.replace(str(self.root / "files"), "")

    def write_files(self, contents: Mapping[str, bytes]) -> None:
        """Write the order's files, whose ``contents`` are given by digest, and make the folders that a clip needs."""
        for path, digest in self.order.files.items():
            self.at(path).parent.mkdir(parents=True, exist_ok=True)
            self.at(path).write_bytes(contents[digest])
        media = Folders(self.at(self.order.clip.request.settings.media_dir))
        for folder in (self.at(self.order.folder), media.clips, media.locks, self.temporary):
            folder.mkdir(parents=True, exist_ok=True)

    @property
    def temporary(self) -> Path:
        """Return the folder for unfinished files."""
        return self.root / "temporary"

    def clip(self) -> Clip:
        """Return the order's clip with this worker's paths."""
        clip, request = self.order.clip, self.order.clip.request
        file, media = request.source.file, request.settings.media_dir
        source = replace(request.source, file=self.at(file) if file.is_absolute() else PACKAGE_FOLDER / file)
        traces = {name: request.parameters.get(name) for name in clip.parts.get("traces", {})}
        moved = {name: str(self.at(v)) for name, v in traces.items() if isinstance(v, str) and Path(v).is_absolute()}
        request = replace(
            request,
            source=source,
            settings=replace(request.settings, media_dir=self.at(media)),
            parameters={**request.parameters, **moved},
        )
        return replace(clip, request=request)


def draw(order: Order, contents: Mapping[str, bytes]) -> Answer:
    """Draw a clip. The answer is a `DrawnClip` with the video's bytes or the pictures in order, or a `Failure`."""
    from distributed import get_worker

    worker = get_worker()
    _allow_child_processes()

    def send_event(**fields: Any) -> None:
        worker.log_event(order.topic, {"task": order.task, **fields})

    where = f"the worker {worker.name} ({worker.address})"
    with tempfile.TemporaryDirectory(prefix=f"gradreel-{order.name}-", dir=worker.local_directory) as name:
        place = Place(Path(name).resolve(), order, where)
        try:
            place.write_files(contents)
            send_event()
            with Workers(1, place.temporary) as workers:
                listeners = Listeners(
                    progress=lambda done, total: send_event(done=done, total=total),
                    message=lambda text: send_event(text=text),
                )
                timeout = order.clip.request.settings.timeout
                task = workers.submit(draw_here, place, listeners=listeners, timeout=timeout)
                text, files = _wait_for_result(task, workers, worker)
                return text, [file.read_bytes() for file in files]
        except Exception as error:
            missing = (place.with_owners_paths(file) for file in attached_files(error) if not Path(file).exists())
            message = place.with_owners_paths(_message_of(error, where))
            return Failure.of(error, message, tuple(missing)).model_dump_json(), []


def _allow_child_processes() -> None:
    """Let this process start others. `multiprocessing` forbids it in daemons, and dask's workers are daemons."""
    multiprocessing.current_process()._config["daemon"] = False  # type: ignore[attr-defined]


def _message_of(error: Exception, where: str) -> str:
    """Return the message for the owner. Prints the traceback of an unexpected error into the worker's log."""
    if isinstance(error, UserError) and not isinstance(error, WorkerDiedError):
        return str(error)
    if not isinstance(error, UserError | OSError):
        traceback.print_exception(error)
        return f"on {where}: {type(error).__name__}: {error}; see the worker's log for the traceback"
    return f"on {where}: {error}"


def _wait_for_result(task: Future[T], workers: Workers, worker: Any) -> T:
    """Wait for ``task`` and return its result. Stops ``workers`` if the owner cancels this dask task or disappears."""
    while not wait([task], LOOK_SECONDS).done:
        if _is_cancelled(worker):
            workers.stop()
    return task.result()


def _is_cancelled(worker: Any) -> bool:
    """Return whether the owner cancelled the dask task that calls this, or has disappeared."""
    task = worker.state.tasks.get(worker.get_current_task())
    return task is None or task.state == "cancelled"


def draw_here(place: Place) -> tuple[str, list[Path]]:
    """Draw the clip in this process; return the JSON of its `DrawnClip`, and its files.

    Raises UserError if the worker's versions, code or settings differ from the plan's, and the errors of `render_clip`.
    """
    os.chdir(place.at(place.order.folder))  # before Manim is imported, which reads manim.cfg
    sys.path[:0] = [str(place.at(folder)) for folder in place.order.search]
    clip = place.clip()
    check_same(clip, place.order.our_code, place.worker)
    drawing = import_worker()
    report_place("", "anew")  # the scene's timeout does not count the imports
    file = drawing.render_clip(clip, place.temporary)
    dependencies = (read_json(file.path.with_suffix(".json")) or {})["dependencies"]
    opened = [*_opened_files_as_json(dependencies["files"], clip, place)]
    libraries, screen = dependencies["libraries"], dependencies["screen"]
    drawn = {**file.as_json(), "opened": opened, "libraries": libraries, "screen": screen}
    files = sorted(file.path.iterdir()) if file.path.is_dir() else [file.path]
    return DrawnClip.model_validate_json(json.dumps(drawn)).model_dump_json(), files


def _opened_files_as_json(files: Mapping[str, str], clip: Clip, place: Place) -> Iterator[dict[str, Any]]:
    """Yield the JSON of an `OpenedFile` for each of a clip's ``files``, which has their states by name."""
    for name, state in files.items():
        digest = FileState.parse(state).digest
        if name.startswith(f"{PACKAGE}/"):
            yield OpenedFile(path=name, by_name=False, digest=digest, of_ours=True).model_dump()
            continue
        inside = name.removeprefix(HERE)
        folder = clip.request.source.file.parent if inside == name else place.at(place.order.folder)
        path = place.with_owners_paths(os.path.abspath(folder / inside))
        yield OpenedFile(path=path, by_name=inside != name, digest=digest).model_dump()


def our_code() -> str:
    """Return the digest of all our code that can affect a frame: Python and C files of core, scenes and render."""
    folders = ("core", "scenes", "render")
    files = (file for name in folders for ending in ("*.py", "*.c") for file in (PACKAGE_FOLDER / name).rglob(ending))
    return digest_of_files(sorted(files))


def check_same(clip: Clip, code: str, worker: str) -> None:
    """Raise UserError if a version, our code or a setting on this worker differs from the owner's plan.

    The message names each difference with both values. ``code`` is the owner's `our_code`.
    """
    planned, actual, differences = clip.parts, refreshed_parts(clip.parts, clip.request), []
    if code != our_code():
        differences.append("gradreel's code")
    for part in sorted({*planned, *actual}):
        at_owner, at_worker = planned.get(part) or {}, actual.get(part) or {}
        if at_owner != at_worker and not (isinstance(at_owner, Mapping) and isinstance(at_worker, Mapping)):
            differences.append({"configuration": "manim.cfg at home"}.get(part, part))
        elif at_owner != at_worker:
            for name in sorted(key for key in {*at_owner, *at_worker} if at_owner.get(key) != at_worker.get(key)):
                both = " and ".join(
                    f"{values.get(name, 'not installed')} {where}"
                    for values, where in ((at_owner, "here"), (at_worker, "there"))
                )
                differences.append(f"{name} is {both}" if part == "versions" else f"{part} of {name}")
    if differences:
        more = f" and {len(differences) - 5} more" if len(differences) > 5 else ""
        raise UserError(
            f"--scheduler: {worker} would draw other frames than this machine, because these differ: "
            f"{'; '.join(differences[:5])}{more}. Install the same gradreel there, with the same constraints.txt"
        )


def train(runs: Sequence[Experiment]) -> list[Answer]:
    """Train ``runs`` side by side. Each answer is a `TrainedRun` with the trace's files, or a `Failure`."""
    from distributed import get_worker

    worker = get_worker()
    _allow_child_processes()
    with tempfile.TemporaryDirectory(prefix="gradreel-", dir=worker.local_directory) as name, Workers(1) as workers:
        folder = Path(name)
        try:
            outcomes = _wait_for_result(workers.submit(train_group, runs, folder), workers, worker)
            return [_answer_of_training(outcome, run, folder) for run, outcome in zip(runs, outcomes, strict=True)]
        except Exception as error:
            message = _message_of(error, f"the worker {worker.name} ({worker.address})")
            return [(Failure.of(error, message).model_dump_json(), []) for _ in runs]


def _answer_of_training(outcome: Outcome, run: Experiment, folder: Path) -> Answer:
    """Return a run's answer: its times and its trace's files in ``folder``, or its failure."""
    if outcome.error is not None:
        return Failure.of(outcome.error, str(outcome.error)).model_dump_json(), []
    times = TrainedRun.model_validate_json(time_file(folder, run).read_bytes())
    return times.model_dump_json(), [(folder / run.digest / file).read_bytes() for file in trace_files(run)]


def trace_files(run: Experiment) -> list[str]:
    """Return the names of a trace's files, in the order in which an answer has them."""
    return [META, *(f"{name}.npy" for name in column_kinds(run))]
