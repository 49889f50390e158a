"""What is sent to a cluster's workers and taken from them: a scene's files there, a clip or traces back.

The protocol is in this package's docstring.
"""

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
from gradreel.render.cluster.answers import Drawn, Failure, Opened, Told, Trained, parse
from gradreel.render.cluster.connection import BadAnswerError, Connection
from gradreel.render.stages import Clip, ClipFile
from gradreel.render.workers.groups import Bundle
from gradreel.render.workers.pool import Listeners
from gradreel.render.workers.training import Outcome
from gradreel.scenes.catalog import SceneSource
from gradreel.scenes.words.narration import Narration
from pydantic import ValidationError

WRONG = (BadAnswerError, TraceError, KeyError, TypeError, ValueError, AttributeError, OverflowError)
"""What an answer may raise that is not what a worker sends."""


class ClusterDrawers(Connection):
    """Has clips drawn by a scheduler's workers."""

    def __init__(self, client: Any, address: str, jobs: int, workspace: Workspace) -> None:
        super().__init__(client, address, jobs)
        self._workspace = workspace
        self._topic = f"gradreel-{uuid.uuid4().hex}"
        self._listening: dict[str, Listeners] = {}  # by task
        self._begun: set[str] = set()
        self._telling = threading.Lock()
        self._files: dict[tuple[str, int, int], tuple[str, Any]] = {}  # that have been sent: digest and future
        self._reading = threading.Lock()  # files are looked at, and sent, in one thread at a time
        client.subscribe_topic(self._topic, self._hear)

    def render(self, clip: Clip, claim: Claim, listeners: Listeners) -> Future[ClipFile]:
        """Have ``clip`` drawn, and described beside it, as `frames.worker.render_clip` does here."""
        return self._threads.submit(self._render, clip, claim, listeners)

    def _render(self, clip: Clip, claim: Claim, listeners: Listeners) -> Any:
        with self.claimed(claim, listeners.told) as made:
            return self._rendered(clip, listeners) if made is None else made

    def _rendered(self, clip: Clip, listeners: Listeners) -> ClipFile:
        with self._reading:
            clip = replace(clip, parts=refreshed_parts(clip.parts, clip.request))  # a file may be newer than the plan
            order, contents = self._order(clip)
        self._listening[order.task] = listeners
        try:
            answer = self.result(worker.draw, order, contents)
        finally:
            with self._telling:  # nothing is told after the end
                del self._listening[order.task]
        try:
            drawn, pieces = parse(Drawn, answer)
            if isinstance(drawn, Failure):
                raise drawn.error(_not_sent(drawn.missed, order))
            drawn.check(pieces, clip.request.settings)
            return self._kept(clip, order, drawn, pieces)
        except WRONG as error:
            raise self.bad_answer(clip.scene, error) from None

    def _kept(self, clip: Clip, order: worker.Order, drawn: Drawn, pieces: Sequence[bytes]) -> ClipFile:
        settings = clip.request.settings
        opened = _names_here(drawn.opened, order, clip.request.source)
        if any(FileState.parse(opened.get(sound.file, "")).digest != sound.digest for sound in drawn.sounds):
            raise BadAnswerError("it has a sound that its scene did not open")
        dependencies = Dependencies(files=opened, libraries=drawn.libraries, screen=drawn.screen)
        path = self._workspace.clips / dependencies.name_with(clip.parts, [beat.lines for beat in drawn.beats])
        path = path.with_suffix(settings.suffix)
        shown = drawn.beats, drawn.wall_seconds, drawn.sounds, drawn.subcaptions, drawn.emptied
        file = ClipFile(path, drawn.frames, drawn.fps, *shown)
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
            path.with_suffix(".json").unlink(missing_ok=True)  # of an older clip of this name
            store_clip(temporary, file, self._workspace.run, content)
        return file

    def _hear(self, event: tuple[float, object]) -> None:
        with suppress(ValidationError), self._telling:
            told = Told.model_validate(event[1])
            if (listeners := self._listening.get(told.task)) is None:
                return
            if told.task not in self._begun:
                self._begun.add(told.task)
                listeners.begun()
            if told.text:
                listeners.told(told.text)
            elif told.done:
                listeners.progress(told.done, told.total)

    def _order(self, clip: Clip) -> tuple[worker.Order, dict[str, Any]]:
        """What a worker is asked for, and the futures of the files' contents, by digest."""
        request, traces = clip.request, clip.parts["traces"]
        source = request.source
        own = [] if source.is_ours else list(own_files(source).values())
        configuration = [file for file in [Path.cwd() / "manim.cfg"] if file.is_file()]
        parameters = {
            name: str(Path(value).expanduser()) if name in traces and isinstance(value, str) else value
            for name, value in request.parameters.items()
        }
        recorded = {self._workspace.traces / run.digest: None for run in clip.experiments.values()}
        shown = [*recorded, *(Path(parameters[n]) for n in traces if isinstance(parameters.get(n), str))]
        columns = [file for folder in shown for file in sorted(folder.iterdir()) if file.is_file()]
        took = [file for folder in recorded for file in folder.parent.glob(f"{folder.name}.*.json")]
        sent = {os.path.abspath(file): self._file(file) for file in (*own, *configuration, *columns, *took)}
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

    def _file(self, file: Path) -> tuple[str, Any]:
        """The digest of a file, and what its content is on the cluster: it is sent once, while it stays as it is."""
        found = file.stat()
        key = (str(file), found.st_size, found.st_mtime_ns)
        if key not in self._files:
            content = file.read_bytes()
            digest = short_hash(content)  # as `content_digest`
            self._files[key] = digest, self._client.submit(bytes, content, key=f"gradreel-file-{digest}")
        return self._files[key]


def _search_path(own: Sequence[Path]) -> tuple[str, ...]:
    """The folders that Python searches for modules and that hold files of the scene's, in order."""
    folders = dict.fromkeys(Path(entry).absolute() for entry in sys.path)
    return tuple(str(f) for f in folders if not is_installed(f) and any(file.is_relative_to(f) for file in own))


def _not_sent(missed: Iterable[str], order: worker.Order) -> str:
    """What helps where a worker missed files that are here."""
    here = [path for path in missed if path not in order.files and os.path.lexists(path)]
    return f"\n{', '.join(here)}: it is here, and was not sent. {_NAME_IT}" if here else ""


_NAME_IT = 'Of files that a scene opens those are sent that its code names by asset("…")'


def _names_here(opened: Iterable[Opened], order: worker.Order, source: SceneSource) -> dict[str, str]:
    """Return the states of what a scene read, by the names that it has here.

    Raises UserError for what may be another here.
    """
    found = {}
    for file in opened:
        if file.of_ours:
            if not file.path.startswith(f"{PACKAGE}/") or ".." in Path(file.path).parts:
                raise BadAnswerError(f"it names no file of ours: {file.path!r}")
            found[file.path] = file.digest
            continue
        sent = order.files.get(file.path, MISSING)
        if sent != file.digest or (sent == MISSING and os.path.lexists(file.path)):
            raise UserError(
                f"{source.name} opens {file.path}, which differs between its worker and this machine. {_NAME_IT}"
            )
        name = HERE + os.path.relpath(file.path) if file.by_name else name_beside(Path(file.path), source)
        found[name] = sent
        if sent != MISSING and not file.by_name and file.path.endswith(".py"):
            with suppress(OSError, SyntaxError, ValueError):  # as a module if it is one
                found[name] = str(file_state(Path(file.path), is_code=True))
    return found


class ClusterTrainers(Connection):
    """Trains groups of runs on a scheduler's workers."""

    at_hand = False  # they come and go: each group is for the next that is free

    def __init__(self, client: Any, address: str, jobs: int, workspace: Workspace) -> None:
        super().__init__(client, address, jobs)
        self._workspace = workspace

    def train(self, bundle: Bundle, traces: Path, claim: Claim, listeners: Listeners) -> Future[list[Outcome]]:
        return self._threads.submit(self._train, bundle, traces, claim, listeners)

    def _train(self, bundle: Bundle, traces: Path, claim: Claim, listeners: Listeners) -> list[Outcome]:
        with self.claimed(claim, listeners.told) as made:
            if made is not None:
                return list(made)
            listeners.begun()
            with self.sent(worker.train, bundle.runs) as trained:
                numbered = enumerate(bundle.runs)
                return [self._taken(run, self.result(_one_of, trained, number), traces) for number, run in numbered]

    def _taken(self, run: Experiment, answer: object, traces: Path) -> Outcome:
        """What became of a run; its trace, if it is one of this run's, gets its final name."""
        try:
            trained, pieces = parse(Trained, answer)
            if isinstance(trained, Failure):
                return Outcome(run.digest, trained.error())
            folder = self._workspace.temporary(run.digest)
            folder.mkdir()
            for name, piece in zip(worker.trace_files(run), pieces, strict=True):
                (folder / name).write_bytes(piece)
            if Trace.open(folder, checksums=True).run != run:
                raise BadAnswerError("it is another run's")
        except WRONG as error:
            raise self.bad_answer("a trace", error) from None
        with writer_lock(traces, run.digest):
            publish(folder, traces / run.digest)
            note_training(traces, run, trained.seconds, trained.updates)
        return Outcome(run.digest)


def _one_of(trained: Sequence[Any], number: int) -> Any:
    """On a worker: the answer of one run, so that they come here one by one."""
    return trained[number]
