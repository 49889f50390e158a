"""Decides where an export is written: one file, or a folder with a page in it."""

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
    """The form of an export's path: a single file, or a folder with a main file in it."""

    ending: str  # end of the file's or folder's name when there is no -o, such as "-page.html"
    inside: str = ""  # path of the main file inside the folder, {} stands for the stem; "" for a single file

    def final(self, folder: Path, stem: str, output: Path | None) -> Path:
        """Return the path of the main file.

        It is ``output``, or a name that begins with ``stem`` in ``folder``. Adds the suffix if ``output``
        has none. Raises UserError if ``output`` cannot be written, has another suffix, is a folder where a file is
        needed, or the reverse.
        """
        if output is not None:
            check_writable(output, "-o")
        place = output.absolute() if output else folder / f"{stem}{self.ending}"
        if self.inside:
            if place.exists() and not place.is_dir():
                raise UserError(f"-o {output} is a file, but the result is a folder; name another path")
            return place / self.inside.format(stem)
        suffix = Path(self.ending).suffix
        if place.is_dir():
            raise UserError(f"-o {output} is a folder; name the file to write")
        if not place.suffix:
            return place.with_name(place.name + suffix)
        if place.suffix.lower() != suffix:
            raise UserError(f"-o {output}: the result is a {suffix[1:]} file; end its name in {suffix}")
        return place


def check_place(
    place: Place,
    file_names: str | None,
    lesson: Lesson,
    settings: RenderSettings,
    output: Path | None,
    clips: Sequence[Clip],
) -> None:
    """Raise UserError if an export would replace a file that no export wrote, or that was changed afterwards.

    ``file_names`` is a regular expression for the names of the export's other files in the same folder.
    """
    export = ExportPlace.of(place, lesson, settings, clips, output)
    folder = export.final.parent
    beside = [file for file in folder.glob("*") if file_names and re.fullmatch(file_names, file.name)]
    export.results.check([export.final, *beside])


def export_film(
    options: Options,
    settings: RenderSettings,
    lesson: Lesson,
    place: Place,
    file_names: str | None,
    publish: Callable[[Job, list[tuple[Clip, ClipFile]]], Path],
) -> int:
    """Render the missing clips of a film, export it with ``publish``, print the path and return exit code 0.

    ``publish`` writes the export and returns its main file. ``file_names`` is as in `check_place`.
    """
    with reporter(options.progress, options.quiet, options.verbosity) as progress:
        check = partial(check_place, place, file_names, lesson, settings, options.output)
        final = publish_with(lesson, settings, progress, publish, check)
    show_made([final], options, options.preview)
    return 0


@dataclass(frozen=True)
class ExportPlace:
    """The path of a film's export, and its maker's entry in the register of results."""

    stem: str  # the file's name when there is no -o, without ending
    final: Path
    results: Results

    @classmethod
    def of(
        cls, place: Place, lesson: Lesson, settings: RenderSettings, clips: Sequence[Clip], output: Path | None
    ) -> ExportPlace:
        """Return the place for the lesson's film, or for its picked scenes. Raises UserError as `Place.final` does."""
        folders = Folders(settings.media_dir)
        stem = selection([clip.file_stem for clip in clips]) if lesson.picked else lesson.name + lesson.span
        beside = folders.video(lesson.group(clips[0].scene), settings.video_folder, stem, "").parent
        scenes = [clip.request for clip in clips] if lesson.picked else []
        final = place.final(beside, stem, output)
        return cls(stem, final, results_of(lesson, folders, settings.overwrite, *scenes))
