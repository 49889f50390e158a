"""The renderer's front door: lessons and scenes into videos, pictures and findings.

Each call inspects, plans, trains what is missing, renders what is out of date and puts the result under its final name
in one rename. A failed scene does not stop the others: their clips are kept, and the error comes at the end.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from gradreel.scenes.render.clips.clip_files import DamagedClipsError
from gradreel.scenes.render.clips.plan import Clip, Plan
from gradreel.scenes.render.clips.workspace import Folders, Workspace, remove_file
from gradreel.scenes.render.frames import jumps
from gradreel.scenes.render.inspection import described
from gradreel.scenes.render.lessons.lesson import Lesson
from gradreel.scenes.render.lessons.requests import ClipResult, Finding, SceneDescription
from gradreel.scenes.render.lessons.settings import RenderSettings
from gradreel.scenes.render.pipeline import at_work, current_clips, of_each, planned, train_missing, trained
from gradreel.scenes.render.validation import check_files, check_video
from gradreel.scenes.render.videos.publishing import beat_range, publish_clip, publish_lesson
from gradreel.scenes.render.workers.pool import Workers
from gradreel.scenes.render.workers.progress import Reporter

T = TypeVar("T")

LONGEST_SELECTION = 120  # bytes of a file's name


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
        return planned(lesson, settings, Folders(settings.media_dir), None, workers, reporter)


def train_lesson(lesson: Lesson, settings: RenderSettings, reporter: Reporter | None = None) -> dict[str, Path]:
    """Train the runs of the lesson's scenes that are not recorded yet; every run's trace by its digest."""
    reporter = reporter or Reporter()
    with at_work(settings) as (workspace, workers):
        made = planned(lesson, settings, workspace, workspace, workers, reporter)
        train_missing(lesson, made, workspace, workers, settings, reporter)
        experiments = [experiment for clip in made.clips for experiment in clip.experiments.values()]
        return {experiment.digest: workspace.traces / experiment.digest for experiment in experiments}


def render_lesson(
    lesson: Lesson, settings: RenderSettings, reporter: Reporter | None = None, output: Path | None = None
) -> Path:
    """The whole lesson as one video, with subtitles, poster and manifest beside it; where it is.

    Raises UserError for what the user can mend, SceneError when scenes raised (the clips of the others are kept).
    """
    check_video(settings)
    return _of_whole_clips(
        lesson,
        settings,
        reporter or Reporter(),
        lambda workspace, clips, results: publish_lesson(lesson, settings, clips, results, workspace, output),
    )


def render_scenes(
    lesson: Lesson, settings: RenderSettings, reporter: Reporter | None = None, output: Path | None = None
) -> list[Path]:
    """Each scene of ``lesson`` as a file of its own (a folder of pictures for png); where they are."""
    check_files(lesson, output)
    return _of_whole_clips(
        lesson,
        settings,
        reporter or Reporter(),
        lambda workspace, clips, results: [
            publish_clip(lesson, settings, clip, result, workspace, output)
            for clip, result in zip(clips, results, strict=True)
        ],
    )


def _of_whole_clips(
    lesson: Lesson,
    settings: RenderSettings,
    reporter: Reporter,
    publish: Callable[[Workspace, Sequence[Clip], Sequence[ClipResult]], T],
) -> T:
    """What ``publish`` makes of the lesson's clips. Those that it finds damaged are made again, once."""
    with at_work(settings) as (workspace, workers):
        clips, results = current_clips(lesson, settings, workspace, workers, reporter)
        try:
            return publish(workspace, clips, results)
        except DamagedClipsError as error:
            reporter.say(f"{error.names} in {workspace.clips}: damaged, made again")
            for clip in error.clips:
                remove_file(clip.with_suffix(".json"))
        clips, results = current_clips(lesson, settings, workspace, workers, reporter)
        return publish(workspace, clips, results)


def render_last_frames(
    lesson: Lesson, settings: RenderSettings, reporter: Reporter | None = None, output: Path | None = None
) -> list[Path]:
    """The last picture of each scene: ``images/<lesson>/<scene>.png``."""
    check_files(lesson, output)
    reporter = reporter or Reporter()
    with at_work(settings) as (workspace, workers):
        made = trained(lesson, settings, workspace, workers, reporter)
        temporary = {clip.scene: workspace.temporary(f"{clip.scene}.png") for clip in made.clips}
        of_each(made.clips, workers, reporter, "last_frame", temporary)
        paths = {
            clip.scene: output or workspace.images(lesson.group(clip.scene)) / f"{_stem(clip, settings)}.png"
            for clip in made.clips
        }
        workspace.publish({temporary[scene]: path for scene, path in paths.items()})
        return list(paths.values())


def render_stills(lesson: Lesson, settings: RenderSettings, reporter: Reporter | None = None) -> Stills:
    """The end of each beat: ``images/<lesson>/<scene>/<beat>.png`` and ``images/<lesson>/contact-sheet.png``.

    The sheet of a stretch, or of scenes asked for by name, has their names after it.
    """
    reporter = reporter or Reporter()
    with at_work(settings) as (workspace, workers):
        made = trained(lesson, settings, workspace, workers, reporter)
        folders = {clip.scene: workspace.temporary(clip.scene) for clip in made.clips}
        beats = of_each(made.clips, workers, reporter, "render_stills", folders)
        pictures: dict[str, tuple[Path, ...]] = {}
        written: dict[Path, Path] = {}
        labelled = []
        for clip, names in zip(made.clips, beats, strict=True):
            scene = clip.scene
            final = workspace.images(lesson.group(scene)) / clip.file_stem
            pictures[scene] = tuple(final / f"{name}.png" for name in names)
            if beat_range(settings):  # the pictures of the other beats stay
                written |= {folders[scene] / file.name: file for file in pictures[scene]}
            else:
                written[folders[scene]] = final
            labelled += [(f"{scene} · {name}", folders[scene] / f"{name}.png") for name in names]
        sheet = workspace.temporary("contact-sheet.png")
        workers.submit("contact_sheet", labelled, sheet).result()
        selection = _picked([_stem(clip, settings) for clip in made.clips]) if lesson.picked else lesson.span
        final_sheet = workspace.images(lesson.group(made.clips[0].scene)) / f"contact-sheet{selection}.png"
        workspace.publish(written | {sheet: final_sheet}, lambda: [final_sheet])
        return Stills(pictures, final_sheet)


def _stem(clip: Clip, settings: RenderSettings) -> str:
    """What a file of one scene, or of some of its beats, is called."""
    return clip.file_stem + beat_range(settings)


def _picked(stems: Sequence[str]) -> str:
    """What a file of several scenes has after its name: theirs; of many the first, their number and a digest."""
    text = "+".join(stems)
    if len(text.encode()) > LONGEST_SELECTION:
        text = f"{stems[0]}+{len(stems) - 1} more {hashlib.sha256(text.encode()).hexdigest()[:8]}"
    return f"--{text}"


def check_lesson(lesson: Lesson, settings: RenderSettings, reporter: Reporter | None = None) -> list[Finding]:
    """The layout rules that scenes of the lesson break, beat by beat."""
    reporter = reporter or Reporter()
    with at_work(settings) as (workspace, workers):
        made = trained(lesson, settings, workspace, workers, reporter)
        found = of_each(made.clips, workers, reporter, "check")
        return [finding for findings in found for finding in findings]


def find_jumps(lesson: Lesson, settings: RenderSettings, reporter: Reporter | None = None) -> list[Finding]:
    """Where scenes of the lesson jump: every frame is drawn, small, and compared with the one before."""
    width, height = jumps.SIZE
    small = replace(settings, width=width, height=height, fps=jumps.FPS, format="mp4", transparent=False)
    reporter = reporter or Reporter()
    with at_work(small) as (workspace, workers):
        made = trained(lesson, small, workspace, workers, reporter)
        found = of_each(made.clips, workers, reporter, "find_jumps", unit="frames")
        return [finding for findings in found for finding in findings]
