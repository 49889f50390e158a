"""Writes ``--save_sections``: a video of each section or beat beside a scene's film, as Manim does."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from gradreel.core.errors import UserError
from gradreel.render.clips.workspace import Folders, as_json
from gradreel.render.export.steps import steps_of, write_videos
from gradreel.render.lessons.lesson import Lesson
from gradreel.render.pipeline import Job
from gradreel.render.settings import RenderSettings
from gradreel.render.stages import Clip, ClipFile
from gradreel.render.videos.publishing import clip_place, narration_of, shots_of
from gradreel.render.videos.results import publish_results, results_of

FOLDER = "sections"


def check_section_places(lesson: Lesson, settings: RenderSettings, output: Path | None, clips: Sequence[Clip]) -> None:
    """Raise UserError if the sections of a scene, or their index, might replace a file that they must not.

    Only a played scene tells the names of all sections, so this checks every file named like a section of its film.
    """
    folders = Folders(settings.media_dir)
    for clip in clips:
        film = clip_place(lesson, settings, clip, folders, output)
        folder = film.parent / FOLDER
        if os.path.lexists(folder) and not folder.is_dir():
            raise UserError(f"{folder} is no folder, and --save_sections writes one there; move it away, or use -o")
        section_file = re.compile(rf"{re.escape(film.stem)}_\d{{4,}}_.*\.mp4", re.DOTALL)
        existing = sorted(folder.iterdir()) if folder.is_dir() else []
        section_files = [file for file in existing if section_file.fullmatch(file.name)]
        results = results_of(lesson, folders, settings.overwrite, clip.request)
        results.check([_index_of(film), *section_files])


def publish_sections(job: Job, clip: Clip, file: ClipFile, film: Path) -> Path:
    """Write ``sections/<film>_0000_<name>.mp4`` beside ``film``, one for each section, and return their index.

    The videos are silent and copy the film's packets. The index ``sections/<film>.json`` lists name, file, size, frames
    and seconds of each. Raises DamagedClipsError for a damaged clip.
    """
    settings, workspace = job.settings, job.workspace
    narration = narration_of(job.lesson, settings)
    steps = steps_of(narration, settings, shots_of(narration, settings, [(clip, file)], {}))
    temporary = {step.number: workspace.temporary(f"{step.number}.mp4") for step in steps}
    write_videos(steps, temporary)
    folder, written, index = film.parent / FOLDER, {}, []
    for step in steps:
        name = f"{film.stem}_{step.number - 1:04}_{_in_a_file_name(step.beat)}.mp4"
        written[temporary[step.number]] = folder / name
        index.append(
            {
                "name": step.beat,
                "video": name,
                "width": settings.width,
                "height": settings.height,
                "avg_frame_rate": f"{settings.fps}/1",
                "duration": f"{step.frames / settings.fps:.6f}",
                "nb_frames": str(step.frames),
            }
        )
    list_of_videos = workspace.temporary("sections.json")
    list_of_videos.write_bytes(as_json(index))
    index_file = _index_of(film)
    results = results_of(job.lesson, workspace, settings.overwrite, clip.request)
    publish_results(workspace, [(results, written | {list_of_videos: index_file})], job.reporter.say)
    burned = "; their pictures have no subtitles, only the film has" if settings.burned else ""
    job.reporter.say(f"sections: {index_file}{burned}")
    return index_file


def _index_of(film: Path) -> Path:
    """Return the path of the index of a film's sections."""
    return film.parent / FOLDER / f"{film.stem}.json"


def _in_a_file_name(section: str) -> str:
    """Return a section's name for use in a file name, at most 60 characters.

    Each run of characters other than letters, digits, ``-`` and ``_`` becomes one ``_``.
    """
    return re.sub(r"[^\w-]+", "_", section)[:60]
