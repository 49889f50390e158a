"""Scenes drawn by the workers of a `dask.distributed` scheduler: what is sent to them, and what comes back.

A worker says which files of a scene it lacks and is sent those; it draws, tells how far it is, and what it wrote comes
back in chunks, is checked against its digests and gets its final name here, as if it had been drawn here. Chunks go to
one worker and come from one by `Client.run`, past the tasks: a worker that draws can be asked for what it drew before.
"""

from __future__ import annotations

import os
import sys
import threading
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from gradreel.core.errors import UserError
from gradreel.scenes.catalog import PACKAGE_FOLDER, SceneSource
from gradreel.scenes.render.clips import sources
from gradreel.scenes.render.clips.fingerprint import clip_path, parts_now
from gradreel.scenes.render.clips.import_graph import is_installed
from gradreel.scenes.render.clips.sources import MISSING, file_of, listing_digest, names_in
from gradreel.scenes.render.clips.workspace import Workspace, publish, read_json, write_json
from gradreel.scenes.render.lessons.requests import ClipJob, ClipResult
from gradreel.scenes.render.workers import away
from gradreel.scenes.render.workers.away import Drawn, Lacking, Parcel, Wanted
from gradreel.scenes.render.workers.drawers import Listeners
from gradreel.scenes.render.workers.opened_there import check_own, name_as_here
from gradreel.scenes.render.workers.pool import Claim
from gradreel.scenes.render.workers.scheduler import STOPPED, Connection
from gradreel.scenes.render.workers.worker_process import WorkerDiedError

MOST_LOST = 3  # workers that may be lost with what they drew before it was fetched
END_SECONDS = 5.0  # that workers have to be told that a run is over


class _LostError(Exception):
    """A worker is gone, or no longer has what it had."""


class ClusterDrawers(Connection):
    """Has scenes drawn by a scheduler's workers."""

    def __init__(self, client: Any, address: str, jobs: int, workspace: Workspace) -> None:
        super().__init__(client, address, jobs)
        self._workspace = workspace
        self._jobs = jobs
        self._topic = f"gradreel-{uuid.uuid4().hex}"
        self._listening: dict[str, _Hears] = {}  # by task
        self._sending: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)  # by worker
        self._digests = _Digests()
        self._reading = threading.Lock()  # `sources` looks at files in one thread at a time
        client.subscribe_topic(self._topic, self._hear)

    @property
    def at_once(self) -> int:
        return int(min(self._jobs, sum(self._client.nthreads().values())))

    def stop(self) -> None:
        """Take back what has been sent; what is at work there is ended."""
        at_work = bool(self._sent)
        super().stop()
        if at_work:
            telling = threading.Thread(target=self._end_there, daemon=True)
            telling.start()
            telling.join(END_SECONDS)

    def _end_there(self) -> None:
        with suppress(Exception):  # a worker that is not heard of any more ends it when it is
            self._client.run(away.end, self._topic, on_error="ignore")

    def render(self, job: ClipJob, claim: Claim | None, listeners: Listeners) -> Future[ClipResult]:
        return self._threads.submit(self._render, job, claim, listeners)

    def draw(self, function: str, job: ClipJob, path: Path | None, listeners: Listeners) -> Future[Any]:
        return self._threads.submit(self._draw, function, job, path, listeners)

    def _render(self, job: ClipJob, claim: Claim | None, listeners: Listeners) -> Any:
        if claim is None:
            return self._rendered(job, listeners)
        with self.claimed(claim, listeners.told) as made:
            return self._rendered(job, listeners) if made is None else made

    def _rendered(self, job: ClipJob, listeners: Listeners) -> ClipResult:
        job = self._as_now(job)
        folder, result = self._drawn("render_clip", job, None, listeners)
        path = clip_path(job.folder, job.parts, job.request.settings)
        description = path.with_suffix(".json")
        content = read_json(folder / description.name)
        if content is None or not (folder / path.name).exists():
            raise UserError(
                f"--scheduler {self._address}: the clip {result.path.name} came back, where {path.name} was wanted:"
                " a file was changed while it was drawn; run the same command again"
            )
        with self._workspace.lock(path.stem):
            description.unlink(missing_ok=True)  # of an older clip of this name
            publish(folder / path.name, path)
            write_json(description, {**content, "parts": job.parts}, self._workspace.temporary(description.name))
        clip: ClipResult = replace(result, path=path)
        return clip

    def _draw(self, function: str, job: ClipJob, path: Path | None, listeners: Listeners) -> Any:
        folder, result = self._drawn(function, self._as_now(job), path.name if path else None, listeners)
        if path is not None:
            (folder / path.name).rename(path)
        return result

    def _as_now(self, job: ClipJob) -> ClipJob:
        """The job as its files are now: one may be newer than the plan."""
        with self._reading:
            return replace(job, parts=parts_now(job.parts, job.request))

    def _drawn(self, function: str, job: ClipJob, path: str | None, listeners: Listeners) -> tuple[Path, Any]:
        """What a worker drew, in a temporary folder of ours, and what the function gave there."""
        with self._reading:
            parcel = _parcel(function, job, path, self._topic, self._digests)
        lost, near = 0, None
        with self._heard(parcel.task, listeners):
            while True:
                made = self.result(away.draw, parcel, near=near)
                near = None
                try:
                    if isinstance(made, Lacking):
                        near = made.worker if self._send(made.worker, parcel) else None
                    elif isinstance(made, Wanted):
                        parcel = self._with_files(parcel, made)
                    else:
                        folder, drawn_without = self._fetched(made), parcel
                        own = name_as_here(folder, made.opened, job.request.source)
                        check_own(own, made.worker, job.request.source.name)
                        parcel = self._with_missed(parcel, folder, job.request.source)
                        if parcel is drawn_without:
                            return folder, made.result
                except _LostError:
                    lost += 1
                    if lost > MOST_LOST:
                        raise WorkerDiedError(
                            f"--scheduler {self._address}: {lost} workers were lost with this, one after the other"
                        ) from None

    def _with_files(self, parcel: Parcel, wanted: Wanted) -> Parcel:
        """The parcel with files that the scene opens, which its source does not tell. Raises its error without any."""
        more = self._with(parcel, map(Path, wanted.paths))
        if more is parcel:
            raise wanted.error
        return more

    def _with_missed(self, parcel: Parcel, folder: Path, source: SceneSource) -> Parcel:
        """The parcel with files that are here, and that a scene looked for there and did without; itself if none are.

        Such a scene catches the error, or looks through a folder that has less there; its picture is another than here.
        """
        missed = []
        for file in folder.glob("*.json"):
            for name, digest in (read_json(file) or {}).get("files", {}).items():
                place = Path(os.path.abspath(file_of(name, source)))
                if digest == MISSING or (place.is_dir() and digest != listing_digest(place)):
                    missed.append(place)
        return self._with(parcel, missed)

    def _with(self, parcel: Parcel, places: Iterable[Path]) -> Parcel:
        """The parcel with what is at these places here: files, those of folders, which folders are in them.

        Itself if it has all that: what is in the folders of a folder is sent when the scene looks through them, too.
        """
        files, folders = dict(parcel.files), dict.fromkeys(parcel.folders)
        for place in places:
            files.update({path: self._digests(Path(path)) for path in _files_at(place) if path not in files})
            folders.update(dict.fromkeys(_folders_at(place)))
        if (len(files), len(folders)) == (len(parcel.files), len(parcel.folders)):
            return parcel
        return replace(parcel, files=files, folders=tuple(folders))

    # -- what it is told -----------------------------------------------------------------------------------------------

    @contextmanager
    def _heard(self, task: str, listeners: Listeners) -> Iterator[None]:
        hears = _Hears(listeners)
        self._listening[task] = hears
        try:
            yield
        finally:
            hears.close()
            del self._listening[task]

    def _hear(self, event: tuple[float, Mapping[str, Any]]) -> None:
        message = event[1]
        hears = self._listening.get(message["task"])
        if hears is not None:
            hears(message["kind"], message["value"])

    # -- files there and back ------------------------------------------------------------------------------------------

    def _send(self, worker: str, parcel: Parcel) -> bool:
        """Send a worker what it lacks of a scene's files; whether it was still lacking anything."""
        with self._sending[worker]:
            missing = self._there(worker, away.lacking, tuple(parcel.files.values()))
            paths = {digest: path for path, digest in parcel.files.items()}
            for digest in missing:
                self._send_file(worker, Path(paths[digest]), digest)
            return bool(missing)

    def _send_file(self, worker: str, path: Path, digest: str) -> None:
        token = uuid.uuid4().hex
        left, number = path.stat().st_size, 0
        with path.open("rb") as file:
            while left > 0 or number == 0:
                chunk = file.read(away.CHUNK)
                left = left - len(chunk) if chunk else 0
                refused = self._there(worker, away.put, token, digest, number, chunk, left <= 0)
                if refused:
                    raise UserError(f"--scheduler {self._address}: {path} could not be sent to {worker}: {refused}")
                number += 1

    def _fetched(self, drawn: Drawn) -> Path:
        """What a worker wrote, brought here and checked; it is removed there."""
        folder = self._workspace.temporary("away")
        folder.mkdir()
        for name in drawn.folders:
            (folder / name).mkdir(parents=True, exist_ok=True)
        for name, (digest, size) in drawn.files.items():
            path = folder / name
            with path.open("wb") as file:
                for number in range(-(-size // away.CHUNK)):
                    chunk = self._there(drawn.worker, away.take, digest, number)
                    if chunk is None:
                        raise _LostError
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())  # before it gets its name: after a power failure it is whole, or not there
            if sources.content_digest(path) != digest:
                raise UserError(f"--scheduler {self._address}: {name} came back damaged from {drawn.worker}")
        with suppress(_LostError):
            self._there(drawn.worker, away.drop, [digest for digest, _ in drawn.files.values()])
        return folder

    def _there(self, worker: str, function: Callable[..., Any], *arguments: Any) -> Any:
        """What ``function`` gives on a worker, between its tasks. Raises _LostError when the worker is gone."""
        if self.closing:
            raise WorkerDiedError(STOPPED)
        try:
            return self._client.run(function, *arguments, workers=[worker])[worker]
        except (OSError, ValueError, KeyError):  # none of which our functions raise
            raise _LostError from None


class _Hears:
    """Hands on what a worker tells of a task: once that it begins, and nothing after its end."""

    def __init__(self, listeners: Listeners) -> None:
        self._listeners = listeners
        self._begun = self._over = False
        self._lock = threading.Lock()

    def __call__(self, kind: str, value: Any) -> None:
        with self._lock:
            if self._over:
                return
            if kind == "told":
                self._listeners.told(value)
                return
            if not self._begun:
                self._begun = True
                self._listeners.begun()
            done, total = value
            if done:
                self._listeners.progress(done, total)

    def close(self) -> None:
        with self._lock:
            self._over = True


class _Digests:
    """Of files that are sent, each read once in a run while it stays as it is."""

    def __init__(self) -> None:
        self._known: dict[tuple[Path, int, int], str] = {}

    def __call__(self, file: Path) -> str:
        found = file.stat()
        key = (file, found.st_size, found.st_mtime_ns)
        if key not in self._known:
            self._known[key] = sources.content_digest(file)
        return self._known[key]


def _parcel(function: str, job: ClipJob, path: str | None, topic: str, digest: _Digests) -> Parcel:
    source = job.request.source
    own = [] if source.is_ours else list(sources.own_files(source).values())
    configuration = Path.cwd() / "manim.cfg"
    files = [*own, *_trace_files(job), *([configuration] if configuration.is_file() else [])]
    if source.is_ours:
        source = replace(source, file=source.file.relative_to(PACKAGE_FOLDER))
        job = replace(job, request=replace(job.request, source=source))
    return Parcel(
        topic,
        uuid.uuid4().hex,
        function,
        job,
        path,
        str(Path.cwd()),
        tuple(str(folder) for folder in _search_path(own)),
        {os.path.abspath(file): digest(file) for file in files},
    )


def _files_at(place: Path) -> list[str]:
    """The file itself, or those of a folder that are not hidden; none where nothing is."""
    found = [file for file in place.iterdir() if not file.name.startswith(".")] if place.is_dir() else [place]
    return [str(file) for file in found if file.is_file()]


def _folders_at(place: Path) -> list[str]:
    """A folder, and those in it that count; none where nothing is."""
    inside = [place / name for name in names_in(place) if name.endswith("/")] if place.is_dir() else []
    return [str(folder) for folder in (place, *inside) if folder.is_dir()]


def _trace_files(job: ClipJob) -> list[Path]:
    """Of the traces that the scene shows, those that were given by their folders included, and what training took."""
    given = (job.request.parameters.get(name) for name in job.parts.get("traces", {}))
    folders = [*job.traces, *(Path(value).expanduser() for value in given if isinstance(value, str))]
    inside = [file for folder in folders for file in sorted(folder.iterdir()) if file.is_file()]
    return inside + [file for folder in job.traces for file in folder.parent.glob(f"{folder.name}.*.json")]


def _search_path(own: list[Path]) -> list[Path]:
    """The folders that Python searches for modules and that hold files of the scene's, in order."""
    folders = dict.fromkeys(Path(entry).absolute() for entry in sys.path)
    return [
        folder for folder in folders if not is_installed(folder) and any(file.is_relative_to(folder) for file in own)
    ]
