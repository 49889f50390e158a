"""Clips rendered in parts: each part is a job like any other; the clip is their packets, one part after the other.

The workers look at the scene where one part ends and where the next begins. Where that is not the same scene, the
parts are thrown away and the clip is rendered in one piece; its description keeps why, so that it is not tried again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import pairwise
from typing import Any

from filelock import FileLock
from gradreel.core.errors import UserError
from gradreel.scenes.render.clips.claims import ClipClaim, KeptClaim
from gradreel.scenes.render.clips.clip_files import described_clip, keep_clip, read_description
from gradreel.scenes.render.clips.fingerprint import clip_path
from gradreel.scenes.render.clips.staleness import why_stale
from gradreel.scenes.render.clips.workspace import remove, temporary_in
from gradreel.scenes.render.lessons.requests import BeatSpan, ClipJob, ClipResult, SceneError
from gradreel.scenes.render.videos.division import Stretch
from gradreel.scenes.render.workers.drawers import Drawers, Listeners

NEW_BEATS = "its beats are others than before"


@dataclass(frozen=True)
class Division:
    """A clip to be rendered, and its parts: one or several."""

    job: ClipJob
    claim: ClipClaim
    listeners: Listeners
    stretches: tuple[Stretch, ...]


def render_all(drawers: Drawers, divisions: Mapping[str, Division]) -> dict[str, Future[ClipResult]]:
    """Have all clips rendered, by scene; the longest jobs begin first."""
    jobs: list[tuple[float, Callable[[], None]]] = []
    futures: dict[str, Future[ClipResult]] = {}

    def start_whole(scene: str, division: Division) -> None:
        futures[scene] = drawers.render(division.job, division.claim, division.listeners)

    for scene, division in divisions.items():
        if len(division.stretches) == 1:
            jobs.append((division.stretches[0].seconds, partial(start_whole, scene, division)))
        else:
            made = _InParts(drawers, division)
            futures[scene] = made.future
            jobs += [(part.seconds, partial(made.start, number)) for number, part in enumerate(division.stretches)]
    for _, start in sorted(jobs, key=lambda job: -job[0]):
        start()
    return futures


class _NotInPartsError(Exception):
    """The clip has to be rendered in one piece; its text is why. ``lasting``: until the scene's code changes."""

    def __init__(self, why: str, lasting: bool = False) -> None:
        super().__init__(why)
        self.lasting = lasting


@dataclass(eq=False)
class _InParts:
    """One clip; what is done when its last part is there is done in the thread that brought it."""

    drawers: Drawers
    division: Division
    future: Future[ClipResult] = field(default_factory=Future)

    def __post_init__(self) -> None:
        job, n = self.division.job, len(self.division.stretches)
        self.future.set_running_or_notify_cancel()
        self._claim = KeptClaim(self.division.claim)
        self._folder = temporary_in(job.temporary, "parts")
        self._parts: list[Future[ClipResult] | None] = [None] * n
        self._missing = n
        self._listeners = _Together(self.division.listeners, n)
        self._lock = threading.Lock()

    def start(self, number: int) -> None:
        job, stretch = self.division.job, self.division.stretches[number]
        settings = replace(job.request.settings, first_beat=stretch.first, last_beat=stretch.last)
        made_of = {**job.parts, "settings": settings.of_frames()}
        request = replace(job.request, settings=settings)
        part = replace(job, request=request, parts=made_of, folder=self._folder, is_part=True)
        future = self.drawers.render(part, self._claim, self._listeners.of(number))
        self._parts[number] = future
        future.add_done_callback(self._part_is_over)

    def _part_is_over(self, _: Future[ClipResult]) -> None:
        with self._lock:
            self._missing -= 1
            if self._missing:
                return
        try:
            self._end(self._joined())
        except _NotInPartsError as why:
            self._in_one_piece(why)
        except BaseException as error:
            self._end(error)

    def _end(self, outcome: ClipResult | BaseException) -> None:
        self._claim.give_back()
        remove(self._folder)
        if isinstance(outcome, BaseException):
            self.future.set_exception(outcome)
        else:
            self.future.set_result(outcome)

    def _in_one_piece(self, why: _NotInPartsError) -> None:
        remove(self._folder)
        self._listeners.told(f"rendered in one piece, not in parts by beat: {why}")
        job = replace(self.division.job, why_whole=str(why) if why.lasting else "")
        try:
            whole = self.drawers.render(job, self._claim, self._listeners.of_all())
        except RuntimeError:  # no more tasks are taken: the run is being stopped
            self._end(CancelledError())
            return
        whole.add_done_callback(lambda future: self._end(_outcome(future)))

    def _joined(self) -> ClipResult:
        """The clip in its place. Raises _NotInPartsError, and what was raised over a part that would be over it all."""
        outcomes = [_outcome(part) for part in self._parts if part is not None]
        for number, outcome in enumerate(outcomes):
            if isinstance(outcome, BaseException):
                raise self._not_in_parts(outcome, number) or outcome
        results = [outcome for outcome in outcomes if isinstance(outcome, ClipResult)]
        folder = self.division.job.folder
        made = next((result for result in results if result.path.parent == folder), None)  # by another run meanwhile
        if made is not None:
            return made
        for before, after in pairwise(results):
            _check_edge(before, after)
        return _join(results, self.division.job)

    def _not_in_parts(self, error: BaseException, number: int) -> _NotInPartsError | None:
        """For an error over a part that says nothing about the whole clip: the scene in one piece may do without it."""
        if isinstance(error, SceneError) and number > 0:
            beat = self.division.stretches[number].first
            return _NotInPartsError(f"from beat {beat} on it raises an error without the frames before", lasting=True)
        if type(error) is UserError:
            return _NotInPartsError(NEW_BEATS)
        return None


def _outcome(future: Future[ClipResult]) -> ClipResult | BaseException:
    if future.cancelled():
        return CancelledError()
    return future.exception() or future.result()


def _check_edge(before: ClipResult, after: ClipResult) -> None:
    """Raises _NotInPartsError unless the one part ends with the scene that the other begins with."""
    ended, began = before.edges.get("ended", {}), after.edges.get("began", {})
    beat = began.get("the next beat")
    if beat is None or ended.get("the next beat") != beat:
        raise _NotInPartsError(NEW_BEATS)
    for what, digest in began.items():
        if ended.get(what) != digest:
            why = f"without the frames before it, beat {beat} begins with another state ({what})"
            raise _NotInPartsError(why, lasting=True)


def _join(results: Sequence[ClipResult], job: ClipJob) -> ClipResult:
    """The clip under its usual name, with its usual description."""
    from gradreel.scenes.render.videos.video import join_parts  # it loads PyAV: nothing to a lesson as it was

    made_of, files = _common(results, job)
    path = clip_path(job.folder, made_of, job.request.settings)
    with FileLock(job.locks / f"{path.stem}.lock", thread_local=False):
        done = described_clip(path)
        if done is not None and not why_stale(done, job.request):
            return ClipResult.from_json(done, path)
        path.with_suffix(".json").unlink(missing_ok=True)
        temporary = temporary_in(job.temporary, path.name)
        try:
            join_parts(results, temporary, job.request.settings)
        except BaseException:
            remove(temporary)
            raise
        seconds = sum(result.wall_seconds for result in results)
        frames = sum(result.frames for result in results)
        result = ClipResult(path, frames, results[0].fps, _beats(results), seconds)
        content = {"scene": job.request.source.name, "parts": made_of, "files": files}
        keep_clip(temporary, result, job.temporary, content)
        return result


def _common(results: Sequence[ClipResult], job: ClipJob) -> tuple[dict[str, Any], dict[str, str]]:
    """What all parts were made of, and the files that any of them opened. Raises _NotInPartsError for a newer one."""
    of_all = {"settings": job.request.settings.of_frames()}
    made_of: dict[str, Any] = {}
    files: dict[str, str] = {}
    for result in results:
        content = read_description(result.path.with_suffix(".json"))
        assert content is not None, "written before its result was told"
        now = {**content["parts"], **of_all}
        opened = content["files"]
        if now != (made_of or now) or any(files.get(name, digest) != digest for name, digest in opened.items()):
            raise _NotInPartsError("a file was changed while it was rendered")
        made_of, files = now, {**files, **opened}
    return made_of, files


def _beats(results: Sequence[ClipResult]) -> tuple[BeatSpan, ...]:
    """Those of all parts, counted from the start of the clip."""
    found: list[BeatSpan] = []
    before = 0
    for result in results:
        found += [replace(beat, start=beat.start + before, end=beat.end + before) for beat in result.beats]
        before += result.frames
    return tuple(found)


class _Together:
    """Whoever listens to a clip hears of its parts as of one task."""

    def __init__(self, listeners: Listeners, n: int) -> None:
        self._listeners = listeners
        self._begun = False
        self._done = [0] * n
        self._told: set[str] = set()
        self._lock = threading.Lock()

    def of(self, number: int) -> Listeners:
        return Listeners(self._begin, partial(self._progress, number), self.told)

    def of_all(self) -> Listeners:
        """For the clip in one piece, which begins anew."""
        self._done = [0]
        return self.of(0)

    def _begin(self) -> None:
        with self._lock:
            begun, self._begun = self._begun, True
        if not begun:
            self._listeners.begun()

    def _progress(self, number: int, done: int, total: int) -> None:
        with self._lock:
            self._done[number] = done
            self._listeners.progress(sum(self._done), 0)

    def told(self, text: str) -> None:
        """Once, whatever number of parts it is true of."""
        with self._lock:
            known = text in self._told
            self._told.add(text)
        if not known:
            self._listeners.told(text)
