"""On a cluster's worker: what its tasks do. Each returns a JSON text and bytes, see `answers`."""

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
from gradreel.render.cluster.answers import Drawn, Failure, Opened, Trained
from gradreel.render.deferred import import_worker
from gradreel.render.stages import Clip
from gradreel.render.workers.pool import Listeners, Workers
from gradreel.render.workers.training import Outcome, train_group
from gradreel.render.workers.worker_process import LOOK_SECONDS, WorkerDiedError, at

T = TypeVar("T")
Answer = tuple[str, list[bytes]]


@dataclass(frozen=True)
class Order:
    """A clip to be drawn elsewhere. Its paths are those at its owner's."""

    topic: str  # of the owner's command: under it the worker tells how far it is
    task: str  # which of the command's this is
    clip: Clip  # of one of our own scenes the file is relative to the package
    name: str  # the clip's digest
    folder: str  # where the command is run
    search: tuple[str, ...]  # the owner's folders that Python searches for modules
    files: Mapping[str, str]  # the digest of each file's content, by path
    our_code: str  # see `our_code`


@dataclass(frozen=True)
class Place:
    """A folder on the worker that an order is done in."""

    root: Path
    order: Order
    worker: str  # its name and address

    def at(self, path: str | Path) -> Path:
        """Where the owner's ``path``, an absolute one, is here."""
        pure = Path(path)
        return self.root / "files" / pure.relative_to(pure.anchor)

    def as_at_owners(self, text: str) -> str:
        """A path, or a message, with the owner's own paths."""
        return text.replace(str(self.root / "files"), "")

    def lay_out(self, contents: Mapping[str, bytes]) -> None:
        for path, digest in self.order.files.items():
            self.at(path).parent.mkdir(parents=True, exist_ok=True)
            self.at(path).write_bytes(contents[digest])
        media = Folders(self.at(self.order.clip.request.settings.media_dir))
        for folder in (self.at(self.order.folder), media.clips, media.locks, self.temporary):
            folder.mkdir(parents=True, exist_ok=True)

    @property
    def temporary(self) -> Path:
        return self.root / "temporary"

    def clip(self) -> Clip:
        """The order's, with the paths that it has here."""
        clip, request = self.order.clip, self.order.clip.request
        file, media = request.source.file, request.settings.media_dir
        source = replace(request.source, file=self.at(file) if file.is_absolute() else PACKAGE_FOLDER / file)
        given = {name: request.parameters.get(name) for name in clip.parts.get("traces", {})}
        moved = {name: str(self.at(v)) for name, v in given.items() if isinstance(v, str) and Path(v).is_absolute()}
        request = replace(
            request,
            source=source,
            settings=replace(request.settings, media_dir=self.at(media)),
            parameters={**request.parameters, **moved},
        )
        return replace(clip, request=request)


def draw(order: Order, contents: Mapping[str, bytes]) -> Answer:
    """Draw a clip; its answer is a `Drawn` and the clip's file, or its pictures in order."""
    from distributed import get_worker

    worker = get_worker()
    _may_have_processes()

    def tell(**message: Any) -> None:
        worker.log_event(order.topic, {"task": order.task, **message})

    where = f"the worker {worker.name} ({worker.address})"
    with tempfile.TemporaryDirectory(prefix=f"gradreel-{order.name}-", dir=worker.local_directory) as name:
        place = Place(Path(name).resolve(), order, where)
        try:
            place.lay_out(contents)
            tell()
            with Workers(1, place.temporary) as workers:
                listeners = Listeners(
                    progress=lambda done, total: tell(done=done, total=total), told=lambda text: tell(text=text)
                )
                timeout = order.clip.request.settings.timeout
                task = workers.submit(draw_here, place, listeners=listeners, timeout=timeout)
                text, files = _result(task, workers, worker)
                return text, [file.read_bytes() for file in files]
        except Exception as raised:
            missed = (place.as_at_owners(file) for file in attached_files(raised) if not Path(file).exists())
            said = place.as_at_owners(_said_of(raised, where))
            return Failure.of(raised, said, tuple(missed)).model_dump_json(), []


def _may_have_processes() -> None:
    """Which `multiprocessing` refuses to one that is ended with its parent, as dask's workers are."""
    multiprocessing.current_process()._config["daemon"] = False  # type: ignore[attr-defined]


def _said_of(error: Exception, where: str) -> str:
    """What its reader is told of it; of what is no user's mistake the worker's log has all."""
    if isinstance(error, UserError) and not isinstance(error, WorkerDiedError):
        return str(error)
    if not isinstance(error, UserError | OSError):
        traceback.print_exception(error)
        return f"on {where}: {type(error).__name__}: {error}; more is in its log"
    return f"on {where}: {error}"


def _result(task: Future[T], workers: Workers, worker: Any) -> T:
    """Of a task that one of ``workers`` is at; it is ended when nobody wants it any more."""
    while not wait([task], LOOK_SECONDS).done:
        if _is_taken_back(worker):
            workers.stop()
    return task.result()


def _is_taken_back(worker: Any) -> bool:
    """Whether nobody wants the task that calls this any more: its owner took it back, or is gone."""
    task = worker.state.tasks.get(worker.get_current_task())
    return task is None or task.state == "cancelled"


def draw_here(place: Place) -> tuple[str, list[Path]]:
    """In a process of its own: the clip as its answer describes it, and its files.

    Raises UserError where it would be drawn with others than planned, and what `render_clip` raises.
    """
    os.chdir(place.at(place.order.folder))  # before Manim is imported, which reads manim.cfg
    sys.path[:0] = [str(place.at(folder)) for folder in place.order.search]
    clip = place.clip()
    check_same(clip, place.order.our_code, place.worker)
    drawing = import_worker()
    at("", "anew")  # what it takes to get so far is not the scene's
    file = drawing.render_clip(clip, place.temporary)
    read = (read_json(file.path.with_suffix(".json")) or {})["dependencies"]
    opened = [*_opened(read["files"], clip, place)]
    drawn = {**file.as_json(), "opened": opened, "libraries": read["libraries"], "screen": read["screen"]}
    files = sorted(file.path.iterdir()) if file.path.is_dir() else [file.path]
    return Drawn.model_validate_json(json.dumps(drawn)).model_dump_json(), files


def _opened(files: Mapping[str, str], clip: Clip, place: Place) -> Iterator[dict[str, Any]]:
    for name, state in files.items():
        digest = FileState.parse(state).digest
        if name.startswith(f"{PACKAGE}/"):
            yield Opened(path=name, by_name=False, digest=digest, of_ours=True).model_dump()
            continue
        inside = name.removeprefix(HERE)
        folder = clip.request.source.file.parent if inside == name else place.at(place.order.folder)
        path = place.as_at_owners(os.path.abspath(folder / inside))
        yield Opened(path=path, by_name=inside != name, digest=digest).model_dump()


def our_code() -> str:
    """Return the digest of all code of ours that may draw a frame."""
    folders = ("core", "scenes", "render")
    files = (file for name in folders for ending in ("*.py", "*.c") for file in (PACKAGE_FOLDER / name).rglob(ending))
    return digest_of_files(sorted(files))


def check_same(clip: Clip, code: str, worker: str) -> None:
    """Raises UserError, naming both, where a version, our code or a setting is another here than the plan's."""
    planned, found, texts = clip.parts, refreshed_parts(clip.parts, clip.request), []
    if code != our_code():
        texts.append("gradreel's code")
    for part in sorted({*planned, *found}):
        here, there = planned.get(part) or {}, found.get(part) or {}
        if here != there and not (isinstance(here, Mapping) and isinstance(there, Mapping)):
            texts.append({"configuration": "manim.cfg at home"}.get(part, part))
        elif here != there:
            for name in sorted(name for name in {*here, *there} if here.get(name) != there.get(name)):
                both = f"{name} is {here.get(name, 'not installed')} here and {there.get(name, 'not installed')} there"
                texts.append(both if part == "versions" else f"{part} of {name}")
    if texts:
        more = f" and {len(texts) - 5} more" if len(texts) > 5 else ""
        raise UserError(
            f"--scheduler: frames of {worker} would be others than those drawn here, for what differs: "
            f"{'; '.join(texts[:5])}{more}. Install the same there, with the same constraints.txt"
        )


def train(runs: Sequence[Experiment]) -> list[Answer]:
    """Train ``runs`` side by side; of each the answer is `Trained`, and the files of its trace."""
    from distributed import get_worker

    worker = get_worker()
    _may_have_processes()
    with tempfile.TemporaryDirectory(prefix="gradreel-", dir=worker.local_directory) as name, Workers(1) as workers:
        folder = Path(name)
        try:
            outcomes = _result(workers.submit(train_group, runs, folder), workers, worker)
            return [_trained(outcome, run, folder) for run, outcome in zip(runs, outcomes, strict=True)]
        except Exception as error:
            said = _said_of(error, f"the worker {worker.name} ({worker.address})")
            return [(Failure.of(error, said).model_dump_json(), []) for _ in runs]


def _trained(outcome: Outcome, run: Experiment, folder: Path) -> Answer:
    if outcome.error is not None:
        return Failure.of(outcome.error, str(outcome.error)).model_dump_json(), []
    took = Trained.model_validate_json(time_file(folder, run).read_bytes())
    return took.model_dump_json(), [(folder / run.digest / file).read_bytes() for file in trace_files(run)]


def trace_files(run: Experiment) -> list[str]:
    """Names of the files of a run's trace."""
    return [META, *(f"{name}.npy" for name in column_kinds(run))]
