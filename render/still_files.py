"""Pictures of scenes: the end of each beat with a contact sheet, or a scene's last frame."""

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
from gradreel.render.pipeline import at_work, of_each, trained
from gradreel.render.settings import RenderSettings
from gradreel.render.stages import Clip
from gradreel.render.videos.publishing import check_files
from gradreel.render.videos.results import Results, publish_results, results_of
from gradreel.render.workers.progress import Reporter

LONGEST_SELECTION = 120  # bytes of a file's name


@dataclass(frozen=True)
class Stills:
    """Pictures that were written: per scene its beats' files in order, and the sheet of them all."""

    pictures: Mapping[str, tuple[Path, ...]]
    sheet: Path


def render_last_frames(
    lesson: Lesson, settings: RenderSettings, reporter: Reporter | None = None, output: Path | None = None
) -> list[Path]:
    """The last picture of each scene: ``images/<lesson>/<scene>.png``."""
    check_files(lesson, output)
    with at_work(lesson, settings, reporter, partial(check_last_frames, lesson, settings, output)) as job:
        clips = trained(job).clips
        temporary = {clip.scene: job.workspace.temporary(f"{clip.scene}.png") for clip in clips}
        of_each(job, clips, "last_frame", temporary)
        places = {clip.scene: _last_frame_place(lesson, settings, output, clip) for clip in clips}
        made = [(_results(lesson, settings, clip), {temporary[clip.scene]: places[clip.scene]}) for clip in clips]
        publish_results(job.workspace, made, job.reporter.say)
        return list(places.values())


def render_stills(lesson: Lesson, settings: RenderSettings, reporter: Reporter | None = None) -> Stills:
    """The end of each beat: ``images/<lesson>/<scene>/<beat>.png`` and ``images/<lesson>/contact-sheet.png``.

    The sheet of a stretch, or of scenes asked for by name, has their names after it.
    """
    if settings.beat_range and (plain := [scene.name for scene in lesson.scenes if not is_lecture_scene(scene.source)]):
        raise UserError(
            f"-n chooses beats, but {plain[0]} is a plain Manim scene; leave out -n, or draw one of its sections:"
            " gradreel render -n NAME (a video), gradreel render -s -n NAME (its last frame)"
        )
    with at_work(lesson, settings, reporter, partial(check_stills, lesson, settings)) as job:
        clips = trained(job).clips
        temporary = {clip.scene: job.workspace.temporary(clip.scene) for clip in clips}
        beats = of_each(job, clips, "render_stills", temporary)
        pictures: dict[str, tuple[Path, ...]] = {}
        labelled = []
        made = []
        for clip, names in zip(clips, beats, strict=True):
            folder, final = temporary[clip.scene], _stills_place(lesson, settings, clip)
            pictures[clip.scene] = tuple(final / f"{name}.png" for name in names)
            labelled += [(f"{clip.scene} · {name}", folder / f"{name}.png") for name in names]
            written = {folder: final}
            if settings.beat_range:  # the pictures of the other beats stay
                written = {folder / file.name: file for file in pictures[clip.scene]}
            made.append((_results(lesson, settings, clip), written))
        sheet, final_sheet = job.workspace.temporary("contact-sheet.png"), _sheet_place(lesson, settings, clips)
        job.workers.submit("contact_sheet", labelled, sheet).result()
        made.append((_sheet_results(lesson, settings, clips), {sheet: final_sheet}))
        publish_results(job.workspace, made, job.reporter.say, first_gone=lambda: [final_sheet])
        return Stills(pictures, final_sheet)


def check_last_frames(lesson: Lesson, settings: RenderSettings, output: Path | None, clips: Sequence[Clip]) -> None:
    """Raises UserError if the last picture of a scene would replace a file that it must not."""
    for clip in clips:
        _results(lesson, settings, clip).check([_last_frame_place(lesson, settings, output, clip)])


def check_stills(lesson: Lesson, settings: RenderSettings, clips: Sequence[Clip]) -> None:
    """Raises UserError if the picture of a beat, or the contact sheet, would replace a file that it must not.

    With a range of beats only the sheet is checked: which pictures there will be is not known before the scene plays.
    """
    for clip in () if settings.beat_range else clips:
        _results(lesson, settings, clip).check([_stills_place(lesson, settings, clip)], by_folder=True)
    _sheet_results(lesson, settings, clips).check([_sheet_place(lesson, settings, clips)])


def _results(lesson: Lesson, settings: RenderSettings, *clips: Clip) -> Results:
    scenes = (clip.request for clip in clips)
    return results_of(lesson, Folders(settings.media_dir), settings.overwrite, *scenes)


def _sheet_results(lesson: Lesson, settings: RenderSettings, clips: Sequence[Clip]) -> Results:
    return _results(lesson, settings, *(clips if lesson.picked else ()))


def _stills_place(lesson: Lesson, settings: RenderSettings, clip: Clip) -> Path:
    return _images(lesson, settings, clip) / clip.file_stem


def _last_frame_place(lesson: Lesson, settings: RenderSettings, output: Path | None, clip: Clip) -> Path:
    return output or _images(lesson, settings, clip) / f"{_stem(clip, settings)}.png"


def _sheet_place(lesson: Lesson, settings: RenderSettings, clips: Sequence[Clip]) -> Path:
    which = f"--{selection([_stem(clip, settings) for clip in clips])}" if lesson.picked else lesson.span
    return _images(lesson, settings, clips[0]) / f"contact-sheet{which}.png"


def _images(lesson: Lesson, settings: RenderSettings, clip: Clip) -> Path:
    return Folders(settings.media_dir).images(lesson.group(clip.scene), settings.variant)


def _stem(clip: Clip, settings: RenderSettings) -> str:
    """What a file of one scene, or of some of its beats, is called."""
    return clip.file_stem + settings.beat_range


def selection(stems: Sequence[str]) -> str:
    """What a file of several scenes is called: as theirs are; of many the first, their number and a digest."""
    text = "+".join(stems)
    if len(text.encode()) > LONGEST_SELECTION:
        text = f"{stems[0]}+{len(stems) - 1} more {hashlib.sha256(text.encode()).hexdigest()[:8]}"
    return text
