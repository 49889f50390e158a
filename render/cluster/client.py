"""Sends a scene's files to a cluster's workers, and receives clips and traces. See the package for the protocol."""

from __future__ import annotations

import os
import sys
import threading
import uuid
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from gradreel.core.errors import TraceError, UserError
from gradreel.core.experiment import Experiment
from gradreel.core.package import PACKAGE_FOLDER
from gradreel.core.trace.trace import Trace
from gradreel.core.trace.training_times import note_training
from gradreel.core.trace.writing import writer_lock
from gradreel.render.clips.claim import Claim
from gradreel.render.clips.clip_files import new_description, store_clip
from gradreel.render.clips.dependencies import Dependencies, key_of, reason_text
from gradreel.render.clips.file_digest import HERE, MISSING, FileState, file_state, short_hash
from gradreel.render.clips.fingerprint import languages_of, refreshed_parts
from gradreel.render.clips.own_files import own_files
from gradreel.render.clips.ownership import PACKAGE, is_installed, name_beside
from gradreel.render.clips.staleness import changes_since
from gradreel.render.clips.workspace import Workspace, publish
from gradreel.render.cluster import worker
from gradreel.render.cluster.answers import DrawnClip, Failure, OpenedFile, TaskEvent, TrainedRun, parse
from gradreel.render.cluster.connection import BadAnswerError, Connection
from gradreel.render.stages import Clip, ClipFile
from gradreel.render.workers.groups import Bundle
from gradreel.render.workers.pool import Listeners
from gradreel.render.workers.training import Outcome
from gradreel.scenes.catalog import SceneSource
from gradreel.scenes.words.narration import Narration
from pydantic import ValidationError

ERRORS_OF_BAD_ANSWERS = (BadAnswerError, TraceError, KeyError, TypeError, ValueError, AttributeError, OverflowError)
"""Errors that a malformed answer may cause while it is read."""


class ClusterDrawers(Connection):
    """Draws clips on a scheduler's workers."""

    def __init__(self, client: Any, address: str, jobs: int, workspace: Workspace) -> None:
        super().__init__(client, address, jobs)
        self._workspace = workspace
        self._topic = f"gradreel-{uuid.uuid4().hex}"
        self._listeners: dict[str, Listeners] = {}  # by task
        self._begun: set[str] = set()  # tasks
        self._events_lock = threading.Lock()
        self._files: dict[tuple[str, int, int], tuple[str, Any]] = {}  # sent files: (path, size, mtime): digest, future
        self._files_lock = threading.Lock()  # one thread at a time reads and sends files
        client.subscribe_topic(self._topic, self._receive_event)

    def render(self, clip: Clip, claim: Claim, listeners: Listeners) -> Future[ClipFile]:
        """Draw ``clip`` on a worker and store it in the workspace, unless another command does. Returns at once."""
        return self._threads.submit(self._draw_with_claim, clip, claim, listeners)

    def _draw_with_claim(self, clip: Clip, claim: Claim, listeners: Listeners) -> Any:
        with self.claimed(claim, listeners.message) as clip_file:
            return self._draw_on_worker(clip, listeners) if clip_file is None else clip_file

    def _draw_on_worker(self, clip: Clip, listeners: Listeners) -> ClipFile:
        """Draw a clip on a worker, check the answer and store the clip. Raises UserError."""
        with self._files_lock:
            clip = replace(clip, parts=refreshed_parts(clip.parts, clip.request))  # a file may be newer than the plan
            order, contents = self._new_order(clip)
        self._listeners[order.task] = listeners
        try:
            answer = self.result(worker.draw, order, contents)
        finally:
            with self._events_lock:  # no event arrives after this
                del self._listeners[order.task]
        try:
            drawn, pieces = parse(DrawnClip, answer)
            if isinstance(drawn, Failure):
                raise drawn.error(_hint_for_unsent(drawn.missing_files, order))
            drawn.check(pieces, clip.request.settings)
            return self._store(clip, order, drawn, pieces)
        except ERRORS_OF_BAD_ANSWERS as error:
            raise self.bad_answer(clip.scene, error) from None

    def _store(self, clip: Clip, order: worker.Order, drawn: DrawnClip, pieces: Sequence[bytes]) -> ClipFile:
        """Store a drawn clip with its description. Raises UserError if a file of the scene changed meanwhile."""
        settings = clip.request.settings
        opened = _names_here(drawn.opened, order, clip.request.source)
        if any(FileState.parse(opened.get(sound.file, "")).digest != sound.digest for sound in drawn.sounds):
            raise BadAnswerError("it has a sound that its scene did not open")
        dependencies = Dependencies(files=opened, libraries=drawn.libraries, screen=drawn.screen)
        path = self._workspace.clips / dependencies.name_with(clip.parts, [beat.lines for beat in drawn.beats])
        path = path.with_suffix(settings.suffix)
        fields = drawn.beats, drawn.wall_seconds, drawn.sounds, drawn.subcaptions, drawn.emptied
        file = ClipFile(path, drawn.frames, drawn.fps, *fields)
        content = new_description(clip, dependencies)
        words = Narration.load(languages_of(clip.request)).with_words(clip.request.words)
        if why := reason_text(changes_since(content | file.as_json(), clip.request, clip.narrated_as, words)):
            raise UserError(f"{clip.scene}: {why} while it was drawn; run the same command again")
        temporary = self._workspace.temporary(path.name)
        if settings.format == "png-sequence":
            temporary.mkdir()
            for number, piece in enumerate(pieces):
                (temporary / f"{number:05d}.png").write_bytes(piece)
        else:
            temporary.write_bytes(pieces[0])
            drawn.check_video(temporary, settings)
        with self._workspace.lock(path.stem):
            path.with_suffix(".json").unlink(missing_ok=True)  # an older clip's description
            store_clip(temporary, file, self._workspace.run, content)
        return file

    def _receive_event(self, event: tuple[float, object]) -> None:
        """Call the listeners of an event's task. Ignores malformed events and those of finished tasks."""
        with suppress(ValidationError), self._events_lock:
            task_event = TaskEvent.model_validate(event[1])
            if (listeners := self._listeners.get(task_event.task)) is None:
                return
            if task_event.task not in self._begun:
                self._begun.add(task_event.task)
                listeners.begun()
            if task_event.text:
                listeners.message(task_event.text)
            elif task_event.done:
                listeners.progress(task_event.done, task_event.total)

    def _new_order(self, clip: Clip) -> tuple[worker.Order, dict[str, Any]]:
        """Send the clip's files; return the order for a worker, and the futures of the contents by digest."""
        request, traces = clip.request, clip.parts["traces"]
        source = request.source
        own = [] if source.is_ours else list(own_files(source).values())
        configuration = [file for file in [Path.cwd() / "manim.cfg"] if file.is_file()]
        parameters = {
            name: str(Path(value).expanduser()) if name in traces and isinstance(value, str) else value
            for name, value in request.parameters.items()
        }
        our_traces = {self._workspace.traces / run.digest: None for run in clip.experiments.values()}
        folders = [*our_traces, *(Path(parameters[n]) for n in traces if isinstance(parameters.get(n), str))]
        columns = [file for folder in folders for file in sorted(folder.iterdir()) if file.is_file()]
        times = [file for folder in our_traces for file in folder.parent.glob(f"{folder.name}.*.json")]
        sent = {os.path.abspath(file): self._send_file(file) for file in (*own, *configuration, *columns, *times)}
        if source.is_ours:
            source = replace(source, file=source.file.relative_to(PACKAGE_FOLDER))
        order = worker.Order(
            topic=self._topic,
            task=uuid.uuid4().hex,
            clip=replace(clip, request=replace(request, source=source, parameters=parameters), speech={}),
            name=key_of(clip.parts),
            folder=os.getcwd(),
            search=_search_path(own),
            files={path: digest for path, (digest, _) in sent.items()},
            our_code=worker.our_code(),
        )
        return order, dict(sent.values())

    def _send_file(self, file: Path) -> tuple[str, Any]:
        """Send a file to the cluster and return its digest and its future. Sends it again only if it changed."""
        state = file.stat()
        key = (str(file), state.st_size, state.st_mtime_ns)
        if key not in self._files:
            content = file.read_bytes()
            digest = short_hash(content)  # as `content_digest`
            self._files[key] = digest, self._client.submit(bytes, content, key=f"gradreel-file-{digest}")
        return self._files[key]


def _search_path(own: Sequence[Path]) -> tuple[str, ...]:
    """Return the folders of ``sys.path`` that hold files of ``own``, in order, without installed packages."""
    folders = dict.fromkeys(Path(entry).absolute() for entry in sys.path)
    return tuple(str(f) for f in folders if not is_installed(f) and any(file.is_relative_to(f) for file in own))


def _hint_for_unsent(missing_files: Iterable[str], order: worker.Order) -> str:
    """Return a hint for files that a worker did not find though they exist here; "" for none."""
    unsent = [path for path in missing_files if path not in order.files and os.path.lexists(path)]
    return f"\n{', '.join(unsent)} exists on this machine, but was not sent to the worker. {_NAME_IT}" if unsent else ""


_NAME_IT = 'Name the files that a scene opens by asset("…") in its code: only those are sent'


def _names_here(opened: Iterable[OpenedFile], order: worker.Order, source: SceneSource) -> dict[str, str]:
    """Return the states of the files that a scene opened, by their names in a clip's dependencies on this machine.

    Raises UserError if a file may differ here, BadAnswerError if a path cannot be one of ours.
    """
    states = {}
    for file in opened:
        if file.of_ours:
            if not file.path.startswith(f"{PACKAGE}/") or ".." in Path(file.path).parts:
                raise BadAnswerError(f"it names no file of ours: {file.path!r}")
            states[file.path] = file.digest
            continue
        sent = order.files.get(file.path, MISSING)
        if sent != file.digest or (sent == MISSING and os.path.lexists(file.path)):
            raise UserError(
                f"{source.name} opens {file.path}, which differs between its worker and this machine. {_NAME_IT}"
            )
        name = HERE + os.path.relpath(file.path) if file.by_name else name_beside(Path(file.path), source)
        states[name] = sent
        if sent != MISSING and not file.by_name and file.path.endswith(".py"):
            with suppress(OSError, SyntaxError, ValueError):  # a module's state is that of its code
                states[name] = str(file_state(Path(file.path), is_code=True))
    return states


class ClusterTrainers(Connection):
    """Trains groups of runs on a scheduler's workers."""

    at_hand = False  # workers come and go: each group goes to the next free one

    def __init__(self, client: Any, address: str, jobs: int, workspace: Workspace) -> None:
        super().__init__(client, address, jobs)
        self._workspace = workspace

    def train(self, bundle: Bundle, traces: Path, claim: Claim, listeners: Listeners) -> Future[list[Outcome]]:
        """Train a group of runs on a worker and store their traces. Returns at once."""
        return self._threads.submit(self._train, bundle, traces, claim, listeners)

    def _train(self, bundle: Bundle, traces: Path, claim: Claim, listeners: Listeners) -> list[Outcome]:
        with self.claimed(claim, listeners.message) as outcomes:
            if outcomes is not None:
                return list(outcomes)
            listeners.begun()
            with self.sent(worker.train, bundle.runs) as answers:
                numbered = enumerate(bundle.runs)
                return [self._store(run, self.result(_answer_at, answers, number), traces) for number, run in numbered]

    def _store(self, run: Experiment, answer: object, traces: Path) -> Outcome:
        """Check a run's answer, store its trace and return the outcome. Raises UserError for a wrong trace."""
        try:
            trained, pieces = parse(TrainedRun, answer)
            if isinstance(trained, Failure):
                return Outcome(run.digest, trained.error())
            folder = self._workspace.temporary(run.digest)
            folder.mkdir()
            for name, piece in zip(worker.trace_files(run), pieces, strict=True):
                (folder / name).write_bytes(piece)
            if Trace.open(folder, checksums=True).run != run:
                raise BadAnswerError("it belongs to another run")
        except ERRORS_OF_BAD_ANSWERS as error:
            raise self.bad_answer("a trace", error) from None
        with writer_lock(traces, run.digest):
            publish(folder, traces / run.digest)
            note_training(traces, run, trained.seconds, trained.updates)
        return Outcome(run.digest)


def _answer_at(answers: Sequence[Any], number: int) -> Any:
    """Return the answer of one run. Runs on a worker, so that the answers are transferred one by one."""
    return answers[number]
