"""What the front door has its work done by: the plan, runs trained, clips drawn, failures told as one error."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, as_completed
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from gradreel.core.errors import UserError
from gradreel.scenes.render.clips import memo_cache
from gradreel.scenes.render.clips.at_fault import files_told, tell_files
from gradreel.scenes.render.clips.clip_files import described_clip, read_description
from gradreel.scenes.render.clips.clip_locks import ClipClaim
from gradreel.scenes.render.clips.disk_errors import clear_disk_errors, disk_error
from gradreel.scenes.render.clips.file_digest import changed_files
from gradreel.scenes.render.clips.import_graph import one_moment
from gradreel.scenes.render.clips.plan import Clip, Plan, earlier_clips, plan
from gradreel.scenes.render.clips.workspace import Folders, Workspace
from gradreel.scenes.render.cluster.executors import drawers_of, trainers_of
from gradreel.scenes.render.inspection import described
from gradreel.scenes.render.lessons.lesson import Lesson
from gradreel.scenes.render.lessons.requests import ClipJob, ClipResult, SceneError
from gradreel.scenes.render.lessons.settings import RenderSettings
from gradreel.scenes.render.validation import check_beats
from gradreel.scenes.render.videos.times import clip_seconds
from gradreel.scenes.render.workers.executors import Listeners
from gradreel.scenes.render.workers.pool import Workers
from gradreel.scenes.render.workers.progress import Reporter
from gradreel.scenes.render.workers.training import train_runs
from gradreel.scenes.render.workers.worker_process import WorkerDiedError

T = TypeVar("T")


@contextmanager
def at_work(settings: RenderSettings) -> Iterator[tuple[Workspace, Workers]]:
    """The media folder and the workers; the workers are gone before the folder's temporary files are."""
    with (
        clear_disk_errors(settings.media_dir),
        Workspace(settings.media_dir) as workspace,
        Workers(settings.jobs, workspace.run) as workers,
    ):
        yield workspace, workers


def planned(
    lesson: Lesson,
    settings: RenderSettings,
    folders: Folders,
    workspace: Workspace | None,
    workers: Workers,
    reporter: Reporter | None = None,
) -> Plan:
    """What is to be trained and rendered. Nothing is written, unless there is a ``workspace``.

    Raises UserError for what cannot be made as it was asked for.
    """
    check_beats(lesson, settings)
    with one_moment():
        requests, descriptions = described(lesson, settings, folders, workspace, workers, reporter)
        made = plan(requests, descriptions, folders)
    if workspace is not None:
        memo_cache.keep(workspace)
    return made


def trained(
    lesson: Lesson, settings: RenderSettings, workspace: Workspace, workers: Workers, reporter: Reporter
) -> Plan:
    """The plan once every run it needs has been recorded."""
    made = planned(lesson, settings, workspace, workspace, workers, reporter)
    if not made.runs:
        return made
    train_missing(lesson, made, workspace, workers, settings, reporter)
    return planned(lesson, settings, workspace, workspace, workers)


def train_missing(
    lesson: Lesson,
    made: Plan,
    workspace: Workspace,
    workers: Workers,
    settings: RenderSettings,
    reporter: Reporter,
) -> None:
    """Record the runs that the plan misses. All are tried first; then the failures of any are raised as one error."""
    if not made.runs:
        return
    names = _run_names(lesson, made)
    runs = [run.experiment for run in made.runs]
    with trainers_of(workers, settings.jobs, settings.scheduler, workspace) as (trainers, at_once):
        failures = train_runs(names, runs, workspace.traces, trainers, at_once, reporter)
    if failures:
        raise _as_one({f"train {names[digest]}": error for digest, error in failures.items()}, workspace.media_dir)


def _run_names(lesson: Lesson, made: Plan) -> dict[str, str]:
    """By digest: the lesson's name of a run, or those of the scenes that show it; each name once."""
    names: dict[str, str] = {}
    for run in made.runs:
        name = lesson.run_name(run.experiment) or ", ".join(run.shown_by)
        names[run.experiment.digest] = f"{name} ({run.experiment.digest[:6]})" if name in names.values() else name
    return names


def current_clips(
    lesson: Lesson, settings: RenderSettings, workspace: Workspace, workers: Workers, reporter: Reporter
) -> tuple[tuple[Clip, ...], list[ClipResult]]:
    """Every clip of the lesson, up to date, in film order. Raises at the end when scenes failed.

    Another run on the same media folder may take away a clip that was up to date, to make it anew: then it is planned
    again.
    """
    while True:
        made = trained(lesson, settings, workspace, workers, reporter)
        rendered = _rendered(made.out_of_date, settings, workspace, workers, reporter)
        results = [rendered.get(clip.scene) or _as_described(clip) for clip in made.clips]
        found = [result for result in results if result is not None]
        if len(found) == len(results):
            return made.clips, found


def _rendered(
    clips: Sequence[Clip], settings: RenderSettings, workspace: Workspace, workers: Workers, reporter: Reporter
) -> dict[str, ClipResult]:
    """What is made of each of ``clips``, by scene. Raises at the end when scenes failed."""
    if not clips:
        return {}
    waiting = {clip.scene: clip for clip in clips}
    for scene, clip in waiting.items():
        reporter.detail(f"{scene}: {clip.why}")
    with drawers_of(workers, settings, workspace) as drawers:
        futures = {}
        for scene in _longest_first(clips, earlier_clips(workspace.clips)):
            clip = waiting[scene]
            listeners = _listeners(reporter, scene, clip.expected_frames, "frames")
            futures[scene] = drawers.render(_job(clip, workspace), ClipClaim(clip, workspace.locks), listeners)
        made_now = _gather(list(waiting), futures.__getitem__, settings.media_dir, reporter)
    rendered = dict(zip(waiting, made_now, strict=True))
    for scene, result in rendered.items():  # a scene that is watched is to be watched by what it opened, too
        described = read_description(result.path.with_suffix(".json")) or {"files": {}}
        changed_files(described["files"], waiting[scene].request.source)
    memo_cache.keep(workspace)
    return rendered


def _as_described(clip: Clip) -> ClipResult | None:
    """A clip that was up to date when it was planned; None when it is not there any more as it was made."""
    assert clip.path is not None, "it was up to date"
    content = described_clip(clip.path)
    return None if content is None else ClipResult.from_json(content, clip.path)


def _longest_first(clips: Sequence[Clip], earlier: Sequence[Mapping[str, Any]]) -> list[str]:
    """Scenes in the order in which their clips begin, so that no worker is left with a long one at the end."""
    seconds = {clip.scene: clip_seconds(clip, earlier) or float(clip.expected_frames) for clip in clips}
    return sorted(seconds, key=lambda scene: -seconds[scene])


def of_each(
    clips: Sequence[Clip],
    workers: Workers,
    reporter: Reporter,
    function: str,
    paths: Mapping[str, Path] | None = None,
    unit: str = "beats",
) -> list[Any]:
    """Results of ``worker.<function>`` for each clip, in order; ``paths``, by scene, for one that writes something."""
    by_scene = {clip.scene: clip for clip in clips}
    settings = clips[0].request.settings

    def start(scene: str) -> Future[Any]:
        clip = by_scene[scene]
        listeners = _listeners(reporter, scene, clip.expected_frames if unit == "frames" else 0, unit)
        return workers.submit(
            function,
            clip.request,
            *([paths[scene]] if paths else []),
            begun=listeners.begun,
            progress=listeners.progress,
            told=listeners.told,
            timeout=settings.timeout,
        )

    return _gather(list(by_scene), start, settings.media_dir, reporter)


def _job(clip: Clip, workspace: Workspace) -> ClipJob:
    traces = {workspace.traces / experiment.digest: None for experiment in clip.experiments.values()}
    return ClipJob(clip.request, workspace.clips, clip.parts, workspace.run, workspace.locks, tuple(traces))


def _listeners(reporter: Reporter, task: str, expected: int, unit: str) -> Listeners:
    return Listeners(
        begun=partial(reporter.begin, task, expected, unit),
        progress=partial(reporter.advance, task),
        told=lambda text: reporter.say(f"{task}: {text}"),
    )


def _gather(tasks: Sequence[str], start: Callable[[str], Future[T]], media_dir: Path, reporter: Reporter) -> list[T]:
    """Results of all tasks in order. All are finished first; then the failures of any are raised as one error."""
    futures = {start(task): task for task in tasks}
    for future in as_completed(futures):
        reporter.end(futures[future])
    failures = {futures[future]: error for future in futures if (error := future.exception()) is not None}
    if failures:
        raise _as_one(failures, media_dir)
    return [future.result() for future in futures]


def _as_one(failures: Mapping[str, BaseException], media_dir: Path) -> BaseException:
    """The one failure; or, of several, one error with all their messages. What is no user's mistake comes first."""
    named = {task: _named(task, error, media_dir) for task, error in failures.items()}
    for task, error in named.items():
        if not isinstance(error, UserError):
            error.add_note(f"This was: {task}")
            return error
    errors = list(named.values())
    if len(errors) == 1:
        return errors[0]
    message = "\n\n".join(str(error) for error in errors)
    failed = any(getattr(error, "exit_code", 2) == 1 for error in errors)
    as_one = SceneError(message) if failed else UserError(message)
    tell_files(as_one, [file for error in errors for file in files_told(error)])
    return as_one


def _named(task: str, error: BaseException, media_dir: Path) -> BaseException:
    """``error`` with the name of its task, where it does not say it itself; a disk's error in words."""
    if isinstance(error, OSError):
        error = disk_error(error, media_dir) or error
        return type(error)(f"{task}: {error}") if isinstance(error, UserError) else error
    return type(error)(f"{task}: {error}") if isinstance(error, WorkerDiedError) else error
