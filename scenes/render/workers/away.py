"""On a cluster's worker: a scene is drawn there from what was sent, and waits as files until it is fetched.

The worker shares no disk with us. It keeps the files that it is sent under digests of their content, so that ten scenes
that show one trace have it sent once. A scene is laid out from them in a folder of its own, every file under its path
at its owner's, and played in a process of its own that Manim's configuration is set in. What runs where and when is
dask's affair: each function here is a task, or is called on one worker.
"""

from __future__ import annotations

import os
import pickle
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any, ClassVar

from gradreel.core.errors import UserError
from gradreel.scenes.catalog import PACKAGE_FOLDER
from gradreel.scenes.render.clips import sources
from gradreel.scenes.render.clips.at_fault import files_told, tell_files
from gradreel.scenes.render.clips.workspace import Folders
from gradreel.scenes.render.lessons.requests import ClipJob, SceneRequest
from gradreel.scenes.render.workers import away_process
from gradreel.scenes.render.workers.away_process import HERE, FilesWantedError
from gradreel.scenes.render.workers.opened_there import Opened, opened_there
from gradreel.scenes.render.workers.worker_process import WorkerDiedError, last_words

CHUNK = 16 << 20  # bytes that are sent at once
TOLD_SECONDS = 0.5  # between two messages of how far a scene is
FORGOTTEN_SECONDS = 24 * 3600  # after which a file that nothing was drawn from is removed
STORE = "gradreel-files"  # in the worker's own folder, which dask removes when the worker ends


@dataclass(frozen=True)
class Parcel:
    """A scene to be drawn elsewhere. Its paths are those at its owner's."""

    topic: str  # of the owner's run: under it the worker tells how far it is
    task: str  # which of the run's this is
    function: str  # of `worker`: "render_clip" takes a job, others a request and what they write to
    job: ClipJob  # of one of our own scenes the file is relative to the package
    path: str | None  # the name of what another function than "render_clip" writes
    folder: str  # where the command is run
    search: tuple[str, ...]  # the owner's folders that Python searches for modules
    files: Mapping[str, str]  # all that the scene is made of and is not of ours: the content's digest by path
    folders: tuple[str, ...] = ()  # that it looks through, and those in them: there, if only empty


@dataclass(frozen=True)
class Lacking:
    """Files that a worker has not been sent yet."""

    worker: str
    digests: tuple[str, ...]


@dataclass(frozen=True)
class Wanted:
    """Files that a scene failed to open, which may be there at its owner's, and what it raised."""

    paths: tuple[str, ...]
    error: Exception


@dataclass(frozen=True)
class Drawn:
    """What was made of a parcel, and lies on the worker until it is fetched."""

    worker: str
    result: Any  # of the function
    folders: tuple[str, ...]
    files: Mapping[str, tuple[str, int]]  # digest and size by path in the folder of what was written
    opened: Mapping[str, Opened] = field(default_factory=dict)  # by the names in the description that was written


# -- called on one worker, between its tasks ---------------------------------------------------------------------------


def lacking(digests: Iterable[str], dask_worker: Any) -> tuple[str, ...]:
    """Those of the files that are not here. Those that are will not be forgotten soon."""
    store = _store(dask_worker)
    missing = []
    for digest in dict.fromkeys(digests):
        try:
            os.utime(store / digest)
        except FileNotFoundError:
            missing.append(digest)
    return tuple(missing)


def put(token: str, digest: str, number: int, chunk: bytes, last: bool, dask_worker: Any) -> str | None:
    """Take the next chunk of a file. Returns why it can't be taken, or None."""
    store = _store(dask_worker)
    unfinished = store / f"{token}.part"
    try:
        if number == 0:
            _forget(store)
        with unfinished.open("ab" if number else "wb") as file:
            file.write(chunk)
        if not last:
            return None
        if sources.content_digest(unfinished) != digest:
            unfinished.unlink()
            return "it was changed while it was sent; run the same command again"
        unfinished.replace(store / digest)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        return f"it cannot be kept there: {error.strerror or error}"
    return None


def take(digest: str, number: int, dask_worker: Any) -> bytes | None:
    """A chunk of a file; None when the file is not here."""
    try:
        with (_store(dask_worker) / digest).open("rb") as file:
            file.seek(number * CHUNK)
            return file.read(CHUNK)
    except FileNotFoundError:
        return None


def drop(digests: Iterable[str], dask_worker: Any) -> None:
    """Remove files that have been fetched."""
    for digest in digests:
        (_store(dask_worker) / digest).unlink(missing_ok=True)


def end(topic: str) -> None:
    """End the scenes that are drawn for a run, and begin no more of them."""
    with _Here.lock:
        _Here.ended.add(topic)
        for process in _Here.at_work[topic]:
            process.kill()


class _Here:
    """Of this worker."""

    at_work: ClassVar[defaultdict[str, set[subprocess.Popen[bytes]]]] = defaultdict(set)  # by the topics of their runs
    ended: ClassVar[set[str]] = set()
    lock = threading.Lock()


def _store(worker: Any) -> Path:
    folder = Path(worker.local_directory) / STORE
    folder.mkdir(exist_ok=True)
    return folder


def _forget(store: Path) -> None:
    for file in store.iterdir():
        try:
            if time.time() - file.stat().st_mtime > FORGOTTEN_SECONDS:
                file.unlink()
        except FileNotFoundError:
            continue


# -- tasks -------------------------------------------------------------------------------------------------------------


def draw(parcel: Parcel) -> Drawn | Lacking | Wanted:
    """Draw a scene. Raises what its function raises; UserError when gradreel is another here than at its owner's."""
    from distributed import get_worker

    worker = get_worker()
    missing = lacking(parcel.files.values(), worker)
    if missing:
        return Lacking(worker.address, missing)
    with tempfile.TemporaryDirectory(prefix="gradreel-", dir=worker.local_directory) as name:
        try:
            place = _Place(Path(name).resolve())
            place.lay_out(parcel, _store(worker))
            result = _in_new_process(parcel, place, _Told(worker, parcel))
            opened = place.opened(parcel)
            return replace(_put_away(result, place.written, worker), opened=opened)
        except WorkerDiedError as error:
            raise type(error)(f"on the worker {worker.name} ({worker.address}): {error}") from None
        except UserError as error:
            raise place.as_at_owners(error, worker) from None
        except OSError as error:
            where = f"{worker.name} ({worker.address})"
            raise WorkerDiedError(f"on the worker {where}: {error.filename or 'its disk'}: {error.strerror}") from None
        except FilesWantedError as wanted:
            return Wanted(place.owners_paths(wanted.paths), place.as_at_owners(wanted.error, worker))


class _Place:
    """A folder that a scene is drawn in."""

    def __init__(self, folder: Path) -> None:
        self._files = folder / "files"  # the owner's, under their own paths
        self._locks = folder / "locks"
        self._temporary = folder / "temporary"
        self.written = folder / "written"
        for made in (self._files, self._locks, self._temporary, self.written):
            made.mkdir()

    def at(self, path: str | Path) -> Path:
        """Where the owner's ``path``, an absolute one, is here."""
        pure = Path(path)
        return self._files / pure.relative_to(pure.anchor)

    def lay_out(self, parcel: Parcel, store: Path) -> None:
        for path, digest in parcel.files.items():
            file = self.at(path)
            file.parent.mkdir(parents=True, exist_ok=True)
            _place_file(store / digest, file)
        private = Folders(parcel.job.request.settings.media_dir).private  # by which a media folder is known
        for folder in (parcel.folder, str(private), *parcel.folders):
            self.at(folder).mkdir(parents=True, exist_ok=True)

    def job(self, parcel: Parcel) -> ClipJob:
        """The parcel's, with the paths that it has here."""
        job = parcel.job
        return replace(
            job, request=self._request(job), folder=self.written, temporary=self._temporary, locks=self._locks
        )

    def _request(self, job: ClipJob) -> SceneRequest:
        request = job.request
        file = request.source.file
        source = replace(request.source, file=self.at(file) if file.is_absolute() else PACKAGE_FOLDER / file)
        settings = replace(request.settings, media_dir=self.at(request.settings.media_dir))
        parameters = {
            name: str(self.at(Path(value).expanduser())) if is_elsewhere(name, value, job) else value
            for name, value in request.parameters.items()
        }
        return replace(request, source=source, settings=settings, parameters=parameters)

    def environment(self, parcel: Parcel) -> dict[str, str]:
        """Of the process that draws: the variables that the scene reads as they are at its owner's."""
        given = {**os.environ, **parcel.job.parts.get("environment", {})}
        search = [*(str(self.at(folder)) for folder in parcel.search), *filter(None, [os.environ.get("PYTHONPATH")])]
        return {
            name: value
            for name, value in {**given, "PYTHONPATH": os.pathsep.join(search) or None}.items()
            if value is not None
        }

    def opened(self, parcel: Parcel) -> dict[str, Opened]:
        """Where what the scene opened is, by the names that its clip's description has for it."""
        return opened_there(self.written, self._files, self._request(parcel.job).source, self.at(parcel.folder))

    def owners_paths(self, paths: Iterable[str]) -> tuple[str, ...]:
        """Of paths here those that are at the owner's, too, as they are there."""
        return tuple(path.removeprefix(str(self._files)) for path in paths if Path(path).is_relative_to(self._files))

    def as_at_owners(self, error: Exception, worker: Any) -> Exception:
        """A user's mistake with the paths that its reader knows."""
        if not isinstance(error, UserError):
            return error
        message = str(error).replace(str(self._files), "")
        moved = type(error)(message.replace(HERE, f"the worker {worker.name} ({worker.address})"))
        tell_files(moved, (file.removeprefix(str(self._files)) for file in files_told(error)))
        return moved


def _place_file(kept: Path, file: Path) -> None:
    """A column of a trace may be large, and is only read. Another file a scene could write to: it gets a copy."""
    if file.suffix == ".npy":
        with suppress(OSError):  # of a file system without links
            os.link(kept, file)
            return
    shutil.copyfile(kept, file)


def is_elsewhere(parameter: str, value: Any, job: ClipJob) -> bool:
    """Whether a parameter is the folder of a trace that is not written relative to where the command is run."""
    is_folder = isinstance(value, str) and parameter in job.parts.get("traces", {})
    return is_folder and (Path(value).is_absolute() or value.startswith("~"))


class _Told:
    """Tells the owner how a scene goes, if somebody listens."""

    def __init__(self, worker: Any, parcel: Parcel) -> None:
        self._worker, self._parcel = worker, parcel
        self._last = 0.0
        self("progress", (0, 0))

    def __call__(self, kind: str, value: Any) -> None:
        """``kind`` is "progress", with frames done and their number, or "told", with words."""
        now = time.monotonic()
        if kind != "progress" or now - self._last > TOLD_SECONDS:
            self._last = now
            self._worker.log_event(self._parcel.topic, {"task": self._parcel.task, "kind": kind, "value": value})


def _put_away(result: Any, written: Path, worker: Any) -> Drawn:
    """Move what was written to the files that can be fetched."""
    store = _store(worker)
    folders, files = [], {}
    for path in sorted(written.rglob("*")):
        name = path.relative_to(written).as_posix()
        if path.is_dir():
            folders.append(name)
        else:
            digest = sources.content_digest(path)
            files[name] = (digest, path.stat().st_size)
            path.replace(store / digest)
    return Drawn(worker.address, result, tuple(folders), files)


def _in_new_process(parcel: Parcel, place: _Place, told: _Told) -> Any:
    """What the parcel's function gives in a Python of its own, which has a folder and an environment of its own, too.

    That one starts the worker process: multiprocessing starts none in a process that dask itself has started by it.
    """
    with _Here.lock:
        if parcel.topic in _Here.ended:
            raise WorkerDiedError("stopped before it began")
        process = subprocess.Popen(
            [sys.executable, "-P", "-c", f"from {away_process.__name__} import main; main()"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            cwd=place.at(parcel.folder), env=place.environment(parcel),
        )  # fmt: skip
        _Here.at_work[parcel.topic].add(process)
    assert process.stdin is not None and process.stdout is not None
    try:
        path = None if parcel.path is None else place.written / parcel.path
        pickle.dump((parcel.function, place.job(parcel), path), process.stdin)
        process.stdin.flush()
        return _listen(process.stdout, told)
    except (EOFError, BrokenPipeError, pickle.UnpicklingError):
        raise WorkerDiedError(last_words(process.wait())) from None
    finally:
        process.kill()
        process.stdin.close()
        process.stdout.close()
        process.wait()
        with _Here.lock:
            _Here.at_work[parcel.topic].discard(process)


def _listen(stream: IO[bytes], told: _Told) -> Any:
    while True:
        kind, value = pickle.load(stream)
        if kind == "result":
            return value
        if kind == "error":
            raise value
        told(kind, value)
