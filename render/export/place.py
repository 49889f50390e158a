"""Where what is exported is to be written: one file, or a folder with a page in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from gradreel.core.errors import UserError
from gradreel.render.clips.workspace import Folders, check_writable
from gradreel.render.lessons.lesson import Lesson
from gradreel.render.lessons.options import Options
from gradreel.render.pipeline import Job, publish_with
from gradreel.render.report import show_made
from gradreel.render.settings import RenderSettings
from gradreel.render.stages import Clip, ClipFile
from gradreel.render.still_files import selection
from gradreel.render.videos.results import Results, results_of
from gradreel.render.workers.progress import reporter


@dataclass(frozen=True)
class Place:
    """``ending``: of the name that the file, or its folder, has without -o."""

    ending: str
    inside: str = ""  # where the file is in the folder, {}: what it is called; "": it is no folder

    def final(self, beside: Path, stem: str, output: Path | None) -> Path:
        """Returns where the file is to be: in the folder ``beside``, or ``output``.

        Raises UserError for a place where it cannot be written.
        """
        if output is not None:
            check_writable(output, "-o")
        place = output.absolute() if output else beside / f"{stem}{self.ending}"
        if self.inside:
            if place.exists() and not place.is_dir():
                raise UserError(f"-o {output}: a folder is to be written there, and that is a file")
            return place / self.inside.format(stem)
        suffix = Path(self.ending).suffix
        if place.is_dir():
            raise UserError(f"-o {output} is a folder; name the file to write")
        if not place.suffix:
            return place.with_name(place.name + suffix)
        if place.suffix.lower() != suffix:
            raise UserError(f"-o {output}: this file will be {suffix[1:]}, so its name must end in {suffix}")
        return place


def check_place(
    place: Place,
    called: str | None,
    lesson: Lesson,
    settings: RenderSettings,
    output: Path | None,
    clips: Sequence[Clip],
) -> None:
    """Raises UserError if an export would replace a file that it must not.

    ``called``: a regular expression for the names of the export's other files, in the same folder.
    """
    export = ExportPlace.of(place, lesson, settings, clips, output)
    folder = export.final.parent
    beside = [file for file in folder.glob("*") if called and re.fullmatch(called, file.name)]
    export.results.check([export.final, *beside])


def export_film(
    options: Options,
    settings: RenderSettings,
    lesson: Lesson,
    place: Place,
    called: str | None,
    publish: Callable[[Job, list[tuple[Clip, ClipFile]]], Path],
) -> int:
    """Render what is missing of a film, export it by ``publish``, which returns the exported file, and print its path.

    ``called``: see `check_place`.
    """
    with reporter(options.progress, options.quiet, options.verbosity) as told:
        check = partial(check_place, place, called, lesson, settings, options.output)
        final = publish_with(lesson, settings, told, publish, check)
    show_made([final], options, options.preview)
    return 0


@dataclass(frozen=True)
class ExportPlace:
    """The path that a film is exported to, and the register entry of whoever exports it."""

    stem: str  # what it is called without -o
    final: Path
    results: Results

    @classmethod
    def of(
        cls, place: Place, lesson: Lesson, settings: RenderSettings, clips: Sequence[Clip], output: Path | None
    ) -> ExportPlace:
        """Return the place of the lesson's film, or of its picked scenes. Raises UserError as `Place.final` does."""
        folders = Folders(settings.media_dir)
        stem = selection([clip.file_stem for clip in clips]) if lesson.picked else lesson.name + lesson.span
        beside = folders.video(lesson.group(clips[0].scene), settings.video_folder, stem, "").parent
        scenes = [clip.request for clip in clips] if lesson.picked else []
        final = place.final(beside, stem, output)
        return cls(stem, final, results_of(lesson, folders, settings.overwrite, *scenes))
