"""Pictures of scenes: the end of each beat with a contact sheet, or a scene's last frame."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gradreel.core.errors import UserError
from gradreel.scenes.render.clips.beat_range import is_lecture_scene
from gradreel.scenes.render.lessons.lesson import Lesson
from gradreel.scenes.render.pipeline import at_work, of_each, trained
from gradreel.scenes.render.settings import RenderSettings
from gradreel.scenes.render.stages import Clip
from gradreel.scenes.render.videos.publishing import check_files
from gradreel.scenes.render.workers.progress import Reporter

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
    with at_work(lesson, settings, reporter) as job:
        clips, images = trained(job).clips, job.workspace.images
        temporary = {clip.scene: job.workspace.temporary(f"{clip.scene}.png") for clip in clips}
        of_each(job, clips, "last_frame", temporary)
        paths = {
            clip.scene: output or images(lesson.group(clip.scene)) / f"{_stem(clip, settings)}.png" for clip in clips
        }
        job.workspace.publish({temporary[scene]: path for scene, path in paths.items()})
        return list(paths.values())


def render_stills(lesson: Lesson, settings: RenderSettings, reporter: Reporter | None = None) -> Stills:
    """The end of each beat: ``images/<lesson>/<scene>/<beat>.png`` and ``images/<lesson>/contact-sheet.png``.

    The sheet of a stretch, or of scenes asked for by name, has their names after it.
    """
    if settings.beat_range and (plain := [scene.name for scene in lesson.scenes if not is_lecture_scene(scene.source)]):
        raise UserError(
            f"-n picks beats, and {plain[0]} is a plain Manim scene, with a picture of each play; for a section write"
            " gradreel render -n NAME, or -s -n NAME for its last picture"
        )
    with at_work(lesson, settings, reporter) as job:
        clips, images = trained(job).clips, job.workspace.images
        folders = {clip.scene: job.workspace.temporary(clip.scene) for clip in clips}
        beats = of_each(job, clips, "render_stills", folders)
        pictures: dict[str, tuple[Path, ...]] = {}
        written: dict[Path, Path] = {}
        labelled = []
        for clip, names in zip(clips, beats, strict=True):
            scene = clip.scene
            final = images(lesson.group(scene)) / clip.file_stem
            pictures[scene] = tuple(final / f"{name}.png" for name in names)
            if settings.beat_range:  # the pictures of the other beats stay
                written |= {folders[scene] / file.name: file for file in pictures[scene]}
            else:
                written[folders[scene]] = final
            labelled += [(f"{scene} · {name}", folders[scene] / f"{name}.png") for name in names]
        sheet = job.workspace.temporary("contact-sheet.png")
        job.workers.submit("contact_sheet", labelled, sheet).result()
        which = f"--{selection([_stem(clip, settings) for clip in clips])}" if lesson.picked else lesson.span
        final_sheet = images(lesson.group(clips[0].scene)) / f"contact-sheet{which}.png"
        job.workspace.publish(written | {sheet: final_sheet}, lambda: [final_sheet])
        return Stills(pictures, final_sheet)


def _stem(clip: Clip, settings: RenderSettings) -> str:
    """What a file of one scene, or of some of its beats, is called."""
    return clip.file_stem + settings.beat_range


def selection(stems: Sequence[str]) -> str:
    """What a file of several scenes is called: as theirs are; of many the first, their number and a digest."""
    text = "+".join(stems)
    if len(text.encode()) > LONGEST_SELECTION:
        text = f"{stems[0]}+{len(stems) - 1} more {hashlib.sha256(text.encode()).hexdigest()[:8]}"
    return text
