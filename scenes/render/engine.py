"""The renderer's front door: lessons and scenes into videos, pictures and findings.

Each call inspects, plans, trains what is missing, renders what is out of date and puts the result under its final name
in one rename. A failed scene does not stop the others: their clips are kept, and the error comes at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from gradreel.core.errors import UserError
from gradreel.scenes.render.clips import memory
from gradreel.scenes.render.clips.claims import ClipClaim
from gradreel.scenes.render.clips.disk_errors import clear_disk_errors, disk_error
from gradreel.scenes.render.clips.plan import Clip, Plan, earlier_clips, plan
from gradreel.scenes.render.clips.workspace import Folders, Workspace, read_json
from gradreel.scenes.render.frames import jumps
from gradreel.scenes.render.inspection import described
from gradreel.scenes.render.lessons.lesson import Lesson
from gradreel.scenes.render.lessons.requests import (
    ClipJob,
    ClipResult,
    Finding,
    SceneDescription,
    SceneError,
)
from gradreel.scenes.render.lessons.settings import JOINABLE_FORMATS, RenderSettings
from gradreel.scenes.render.videos.division import Stretch, divide, why_whole
from gradreel.scenes.render.videos.parts import Division, render_all
from gradreel.scenes.render.videos.publishing import beat_range, publish_clip, publish_lesson
from gradreel.scenes.render.workers.drawers import Listeners, drawers_of
from gradreel.scenes.render.workers.pool import Workers
from gradreel.scenes.render.workers.progress import Reporter
from gradreel.scenes.render.workers.training import train_runs, trainers_of
from gradreel.scenes.render.workers.worker_process import WorkerDiedError

T = TypeVar("T")


@dataclass(frozen=True)
class Stills:
    """Pictures that were written: per scene its beats' files in order, and the sheet of them all."""

    pictures: Mapping[str, tuple[Path, ...]]
    sheet: Path


def inspect_lesson(
    lesson: Lesson, settings: RenderSettings, reporter: Reporter | None = None
) -> list[SceneDescription]:
    """What each scene of the lesson is, parameters checked. Writes nothing. Raises UserError."""
    with Workers(1) as workers:
        return described(lesson, settings, Folders(settings.media_dir), None, workers, reporter)[1]


def plan_lesson(lesson: Lesson, settings: RenderSettings, reporter: Reporter | None = None) -> Plan:
    """What `render_lesson` or `render_scenes` would train and render, and why. Writes nothing."""
    with Workers(1) as workers:
        return _plan(lesson, settings, Folders(settings.media_dir), None, workers, reporter)


def train_lesson(lesson: Lesson, settings: RenderSettings, reporter: Reporter | None = None) -> dict[str, Path]:
    """Train the runs of the lesson's scenes that are not recorded yet; every run's trace by its digest."""
    reporter = reporter or Reporter()
    with _at_work(settings) as (workspace, workers):
        made = _plan(lesson, settings, workspace, workspace, workers, reporter)
        _train(lesson, made, workspace, workers, settings, reporter)
        experiments = [experiment for clip in made.clips for experiment in clip.experiments.values()]
        return {experiment.digest: workspace.traces / experiment.digest for experiment in experiments}


def render_lesson(
    lesson: Lesson, settings: RenderSettings, reporter: Reporter | None = None, output: Path | None = None
) -> Path:
    """The whole lesson as one video, with subtitles, poster and manifest beside it; where it is.

    Raises UserError for what the user can mend, SceneError when scenes raised (the clips of the others are kept).
    """
    if settings.format not in JOINABLE_FORMATS:
        raise UserError(
            f"a lesson is one video ({', '.join(JOINABLE_FORMATS)});"
            f" for {settings.format} name the scenes, each gets its own"
        )
    if settings.first_beat or settings.last_beat:
        raise UserError(
            "-n picks beats of a scene: name the scene, such as gradreel render build-curve -n constant,sum"
        )
    reporter = reporter or Reporter()
    with _at_work(settings) as (workspace, workers):
        clips, results = _clips(lesson, settings, workspace, workers, reporter)
        return publish_lesson(lesson, settings, clips, results, workspace, output)


def render_scenes(
    lesson: Lesson, settings: RenderSettings, reporter: Reporter | None = None, output: Path | None = None
) -> list[Path]:
    """Each scene of ``lesson`` as a file of its own (a folder of pictures for png); where they are."""
    _check_single(lesson, output)
    reporter = reporter or Reporter()
    with _at_work(settings) as (workspace, workers):
        clips, results = _clips(lesson, settings, workspace, workers, reporter)
        return [
            publish_clip(lesson, settings, clip, result, workspace, output)
            for clip, result in zip(clips, results, strict=True)
        ]


def render_last_frames(
    lesson: Lesson, settings: RenderSettings, reporter: Reporter | None = None, output: Path | None = None
) -> list[Path]:
    """The last picture of each scene: ``images/<lesson>/<scene>.png``."""
    _check_single(lesson, output)
    reporter = reporter or Reporter()
    with _at_work(settings) as (workspace, workers):
        made = _trained(lesson, settings, workspace, workers, reporter)
        temporary = {clip.scene: workspace.temporary(f"{clip.scene}.png") for clip in made.clips}
        _each(made.clips, workspace, workers, reporter, "last_frame", temporary)
        paths = {
            scene: output or workspace.images(lesson.group(scene)) / f"{scene}{beat_range(settings)}.png"
            for scene in temporary
        }
        workspace.publish({temporary[scene]: path for scene, path in paths.items()})
        return list(paths.values())


def render_stills(lesson: Lesson, settings: RenderSettings, reporter: Reporter | None = None) -> Stills:
    """The end of each beat: ``images/<lesson>/<scene>/<beat>.png`` and ``images/<lesson>/contact-sheet.png``."""
    reporter = reporter or Reporter()
    with _at_work(settings) as (workspace, workers):
        made = _trained(lesson, settings, workspace, workers, reporter)
        folders = {clip.scene: workspace.temporary(clip.scene) for clip in made.clips}
        beats = _each(made.clips, workspace, workers, reporter, "render_stills", folders)
        pictures: dict[str, tuple[Path, ...]] = {}
        written: dict[Path, Path] = {}
        labelled = []
        for scene, names in zip(folders, beats, strict=True):
            final = workspace.images(lesson.group(scene)) / scene
            pictures[scene] = tuple(final / f"{name}.png" for name in names)
            if beat_range(settings):  # the pictures of the other beats stay
                written |= {folders[scene] / file.name: file for file in pictures[scene]}
            else:
                written[folders[scene]] = final
            labelled += [(f"{scene} · {name}", folders[scene] / f"{name}.png") for name in names]
        sheet = workspace.temporary("contact-sheet.png")
        workers.submit("contact_sheet", labelled, sheet).result()
        final_sheet = workspace.images(lesson.group(made.clips[0].scene)) / f"contact-sheet{lesson.span}.png"
        workspace.publish(written | {sheet: final_sheet})
        return Stills(pictures, final_sheet)


def check_lesson(lesson: Lesson, settings: RenderSettings, reporter: Reporter | None = None) -> list[Finding]:
    """The layout rules that scenes of the lesson break, beat by beat."""
    reporter = reporter or Reporter()
    with _at_work(settings) as (workspace, workers):
        made = _trained(lesson, settings, workspace, workers, reporter)
        found = _each(made.clips, workspace, workers, reporter, "check")
        return [finding for findings in found for finding in findings]


def find_jumps(lesson: Lesson, settings: RenderSettings, reporter: Reporter | None = None) -> list[Finding]:
    """Where scenes of the lesson jump: every frame is drawn, small, and compared with the one before."""
    width, height = jumps.SIZE
    small = replace(settings, width=width, height=height, fps=jumps.FPS, format="mp4", transparent=False)
    reporter = reporter or Reporter()
    with _at_work(small) as (workspace, workers):
        made = _trained(lesson, small, workspace, workers, reporter)
        found = _each(made.clips, workspace, workers, reporter, "find_jumps", unit="frames")
        return [finding for findings in found for finding in findings]


@contextmanager
def _at_work(settings: RenderSettings) -> Iterator[tuple[Workspace, Workers]]:
    """The media folder and the workers; the workers are gone before the folder's temporary files are."""
    with (
        clear_disk_errors(settings.media_dir),
        Workspace(settings.media_dir) as workspace,
        Workers(settings.jobs, workspace.run) as workers,
    ):
        yield workspace, workers


def _plan(
    lesson: Lesson,
    settings: RenderSettings,
    folders: Folders,
    workspace: Workspace | None,
    workers: Workers,
    reporter: Reporter | None = None,
) -> Plan:
    requests, descriptions = described(lesson, settings, folders, workspace, workers, reporter)
    made = plan(requests, descriptions, folders)
    if workspace is not None:
        memory.keep(workspace)
    return made


def _trained(
    lesson: Lesson, settings: RenderSettings, workspace: Workspace, workers: Workers, reporter: Reporter
) -> Plan:
    """The plan once every run it needs has been recorded."""
    made = _plan(lesson, settings, workspace, workspace, workers, reporter)
    if not made.runs:
        return made
    _train(lesson, made, workspace, workers, settings, reporter)
    return _plan(lesson, settings, workspace, workspace, workers)


def _train(
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


def _clips(
    lesson: Lesson, settings: RenderSettings, workspace: Workspace, workers: Workers, reporter: Reporter
) -> tuple[tuple[Clip, ...], list[ClipResult]]:
    """Every clip of the lesson, up to date, in film order. Raises at the end when scenes failed."""
    made = _trained(lesson, settings, workspace, workers, reporter)
    waiting = {clip.scene: clip for clip in made.out_of_date}
    for scene, clip in waiting.items():
        reporter.detail(f"{scene}: {clip.why}")

    rendered: dict[str, ClipResult] = {}
    if waiting:
        with drawers_of(workers, settings, workspace) as drawers:
            earlier = earlier_clips(workspace.clips)
            stretches = divide(made.out_of_date, earlier, drawers.at_once)
            divisions = {}
            for scene, clip in waiting.items():
                if len(stretches[scene]) > 1:
                    reporter.detail(f"{scene}: {_told_parts(stretches[scene])}")
                listeners = _listeners(reporter, scene, clip.expected_frames, "frames")
                claim = ClipClaim(clip, workspace.locks)
                job = replace(_job(clip, workspace), why_whole=why_whole(clip, earlier))
                divisions[scene] = Division(job, claim, listeners, stretches[scene])
            futures = render_all(drawers, divisions)
            made_now = _gather(list(waiting), futures.__getitem__, settings.media_dir, reporter)
        rendered = dict(zip(waiting, made_now, strict=True))
    results = []
    for clip in made.clips:
        if clip.scene in rendered:
            results.append(rendered[clip.scene])
        else:
            assert clip.path is not None
            content = read_json(clip.path.with_suffix(".json"))
            assert content is not None, "up to date, so it is described"
            results.append(ClipResult.from_json(content, clip.path.parent))
    return made.clips, results


def _told_parts(stretches: Sequence[Stretch]) -> str:
    begins = ", ".join(str(stretch.first) for stretch in stretches[1:])
    seconds = ", ".join(f"{stretch.seconds:.0f} s" for stretch in stretches)
    return f"in {len(stretches)} parts (about {seconds}), cut before {begins}"


def _each(
    clips: Sequence[Clip],
    workspace: Workspace,
    workers: Workers,
    reporter: Reporter,
    function: str,
    paths: Mapping[str, Path] | None = None,
    unit: str = "beats",
) -> list[Any]:
    """Results of ``worker.<function>`` for each clip, in order; ``paths``, by scene, for one that writes something."""
    by_scene = {clip.scene: clip for clip in clips}
    settings = clips[0].request.settings
    with drawers_of(workers, settings, workspace) as drawers:

        def start(scene: str) -> Future[Any]:
            clip = by_scene[scene]
            listeners = _listeners(reporter, scene, clip.expected_frames if unit == "frames" else 0, unit)
            return drawers.draw(function, _job(clip, workspace), paths[scene] if paths else None, listeners)

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
    return SceneError(message) if failed else UserError(message)


def _named(task: str, error: BaseException, media_dir: Path) -> BaseException:
    """``error`` with the name of its task, where it does not say it itself; a disk's error in words."""
    if isinstance(error, OSError):
        error = disk_error(error, media_dir) or error
        return type(error)(f"{task}: {error}") if isinstance(error, UserError) else error
    return type(error)(f"{task}: {error}") if isinstance(error, WorkerDiedError) else error


def _check_single(lesson: Lesson, output: Path | None) -> None:
    if output is not None and len(lesson.scenes) != 1:
        raise UserError(f"-o {output} takes one file, and {len(lesson.scenes)} scenes were asked for")
