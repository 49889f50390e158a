"""Writes pictures of scenes: the end of each beat with a contact sheet, or a scene's last frame."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from gradreel.core.errors import UserError
from gradreel.render.clips.beat_range import is_lecture_scene
from gradreel.render.clips.workspace import Folders
from gradreel.render.lessons.lesson import Lesson
from gradreel.render.pipeline import call_in_workers, running_job, trained
from gradreel.render.settings import RenderSettings
from gradreel.render.stages import Clip
from gradreel.render.videos.publishing import check_files
from gradreel.render.videos.results import Results, publish_results, results_of
from gradreel.render.workers.progress import Reporter

LONGEST_SELECTION = 120  # bytes of the scenes' names in a file's name


@dataclass(frozen=True)
class Stills:
    """The written files: the pictures of beats in order, by scene, and the contact sheet of all."""

    pictures: Mapping[str, tuple[Path, ...]]
    sheet: Path


def render_last_frames(
    lesson: Lesson, settings: RenderSettings, reporter: Reporter | None = None, output: Path | None = None
) -> list[Path]:
    """Draw the last frame of each scene and return the paths: ``images/<lesson>/<scene>.png``, or ``output``."""
    check_files(lesson, output)
    with running_job(lesson, settings, reporter, partial(check_last_frames, lesson, settings, output)) as job:
        clips = trained(job).clips
        temporary = {clip.scene: job.workspace.temporary(f"{clip.scene}.png") for clip in clips}
        call_in_workers(job, clips, "last_frame", temporary)
        paths = {clip.scene: _last_frame_path(lesson, settings, output, clip) for clip in clips}
        written = [
            (_record_of_results(lesson, settings, clip), {temporary[clip.scene]: paths[clip.scene]}) for clip in clips
        ]
        publish_results(job.workspace, written, job.reporter.say)
        return list(paths.values())


def render_stills(lesson: Lesson, settings: RenderSettings, reporter: Reporter | None = None) -> Stills:
    """Draw the end of each beat: ``images/<lesson>/<scene>/<beat>.png`` and ``images/<lesson>/contact-sheet.png``.

    For a part of the lesson, or named scenes, the sheet's name also has their names. Raises UserError if beats are
    chosen by -n and a scene is a plain Manim scene.
    """
    if settings.beat_range and (plain := [scene.name for scene in lesson.scenes if not is_lecture_scene(scene.source)]):
        raise UserError(
            f"-n chooses beats, but {plain[0]} is a plain Manim scene; leave out -n, or draw one of its sections:"
            " gradreel render -n NAME (a video), gradreel render -s -n NAME (its last frame)"
        )
    with running_job(lesson, settings, reporter, partial(check_stills, lesson, settings)) as job:
        clips = trained(job).clips
        temporary = {clip.scene: job.workspace.temporary(clip.scene) for clip in clips}
        beats = call_in_workers(job, clips, "render_stills", temporary)
        pictures: dict[str, tuple[Path, ...]] = {}
        labelled = []
        results = []
        for clip, names in zip(clips, beats, strict=True):
            folder, final = temporary[clip.scene], _stills_folder(lesson, settings, clip)
            pictures[clip.scene] = tuple(final / f"{name}.png" for name in names)
            labelled += [(f"{clip.scene} · {name}", folder / f"{name}.png") for name in names]
            written = {folder: final}
            if settings.beat_range:  # replace single pictures, so that those of other beats stay
                written = {folder / file.name: file for file in pictures[clip.scene]}
            results.append((_record_of_results(lesson, settings, clip), written))
        sheet, final_sheet = job.workspace.temporary("contact-sheet.png"), _sheet_path(lesson, settings, clips)
        job.workers.submit("contact_sheet", labelled, sheet).result()
        results.append((_sheet_results(lesson, settings, clips), {sheet: final_sheet}))
        publish_results(job.workspace, results, job.reporter.say, first_gone=lambda: [final_sheet])
        return Stills(pictures, final_sheet)


def check_last_frames(lesson: Lesson, settings: RenderSettings, output: Path | None, clips: Sequence[Clip]) -> None:
    """Raise UserError if the last frame of a scene would replace a file that Gradreel did not make for it."""
    for clip in clips:
        _record_of_results(lesson, settings, clip).check([_last_frame_path(lesson, settings, output, clip)])


def check_stills(lesson: Lesson, settings: RenderSettings, clips: Sequence[Clip]) -> None:
    """Raise UserError if a picture or the contact sheet would replace a file that Gradreel did not make for it.

    With a range of beats, checks only the sheet: the names of the beats are known only when the scene plays.
    """
    for clip in () if settings.beat_range else clips:
        _record_of_results(lesson, settings, clip).check([_stills_folder(lesson, settings, clip)], by_folder=True)
    _sheet_results(lesson, settings, clips).check([_sheet_path(lesson, settings, clips)])


def _record_of_results(lesson: Lesson, settings: RenderSettings, *clips: Clip) -> Results:
    """Return the record of who made which file, for files of ``clips``; for the whole lesson without clips."""
    scenes = (clip.request for clip in clips)
    return results_of(lesson, Folders(settings.media_dir), settings.overwrite, *scenes)


def _sheet_results(lesson: Lesson, settings: RenderSettings, clips: Sequence[Clip]) -> Results:
    """Return the record for the contact sheet: of the named scenes, or of the lesson if none are named."""
    return _record_of_results(lesson, settings, *(clips if lesson.picked else ()))


def _stills_folder(lesson: Lesson, settings: RenderSettings, clip: Clip) -> Path:
    return _folder_of_pictures(lesson, settings, clip) / clip.file_stem


def _last_frame_path(lesson: Lesson, settings: RenderSettings, output: Path | None, clip: Clip) -> Path:
    return output or _folder_of_pictures(lesson, settings, clip) / f"{_file_stem(clip, settings)}.png"


def _sheet_path(lesson: Lesson, settings: RenderSettings, clips: Sequence[Clip]) -> Path:
    suffix = f"--{selection([_file_stem(clip, settings) for clip in clips])}" if lesson.picked else lesson.span
    return _folder_of_pictures(lesson, settings, clips[0]) / f"contact-sheet{suffix}.png"


def _folder_of_pictures(lesson: Lesson, settings: RenderSettings, clip: Clip) -> Path:
    """Return the folder of the pictures of the clip's lesson."""
    return Folders(settings.media_dir).images(lesson.group(clip.scene), settings.variant)


def _file_stem(clip: Clip, settings: RenderSettings) -> str:
    """Return the stem of a scene's file, with the range of beats if there is one."""
    return clip.file_stem + settings.beat_range


def selection(stems: Sequence[str]) -> str:
    """Return the name for a file of several scenes: ``a+b+c``, or for many ``a+2 more 0a1b2c3d`` with a digest."""
    text = "+".join(stems)
    if len(text.encode()) > LONGEST_SELECTION:
        text = f"{stems[0]}+{len(stems) - 1} more {hashlib.sha256(text.encode()).hexdigest()[:8]}"
    return text
