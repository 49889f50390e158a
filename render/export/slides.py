"""Exports slides: clips that wait at the end of each beat, before its picture leaves.

They are written as one HTML file, a folder, a PDF or a presentation for manim-slides.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from gradreel.core.errors import UserError
from gradreel.core.package import PACKAGE_FOLDER
from gradreel.render.clips.clip_files import check_intact
from gradreel.render.clips.file_digest import digest_of_files
from gradreel.render.clips.workspace import Workspace
from gradreel.render.export import deck, manim_slides, pdf
from gradreel.render.export.deck import Deck
from gradreel.render.export.place import ExportPlace, Place, export_film
from gradreel.render.export.step_sounds import write_sounds
from gradreel.render.export.steps import Step, as_slides, steps_of
from gradreel.render.lessons.lesson import Lesson
from gradreel.render.lessons.options import Options
from gradreel.render.pipeline import Job
from gradreel.render.resolve import film_of
from gradreel.render.settings import RenderSettings, languages_of
from gradreel.render.stages import Clip, ClipFile
from gradreel.render.videos.narration_track import spoken_languages, tracks
from gradreel.render.videos.output_stamp import OutputStamp
from gradreel.render.videos.publishing import manifest_of, narration_of, placed_sounds, publish_all, shots_of
from gradreel.render.videos.sound_track import Track
from gradreel.scenes.words.narration import NARRATION_FOLDER


@dataclass(frozen=True)
class Kind:
    """A format that slides are written in."""

    # returns the main file, and the files beside it by name
    write: Callable[[Deck, Workspace], tuple[Path, dict[str, Path]]]
    place: Place
    file_names: str | None = None  # regular expression of the names of a folder's own files; None for a single file


KINDS = {
    "one-file": Kind(deck.write_one_file, Place("-slides.html")),
    "folder": Kind(deck.write_folder, Place("-slides", "index.html"), deck.FILES),
    "pdf": Kind(pdf.write_pages, Place("-slides.pdf")),
    "manim-slides": Kind(manim_slides.write_folder, Place("-manim-slides", "slides/{}.json"), manim_slides.FILES),
}


def export_slides(options: Options, folder: bool, pdf: bool, manim_slides: bool) -> int:
    """Write the slides of the lesson, or of the scenes named in ``options``, print their path and return exit code 0.

    Without one of the three flags, the slides are one HTML file. Raises UserError for two flags, or a place that cannot
    be written.
    """
    chosen = [name for name, is_set in (("folder", folder), ("pdf", pdf), ("manim-slides", manim_slides)) if is_set]
    if len(chosen) > 1:
        raise UserError(f"--{chosen[0]} and --{chosen[1]} are two kinds of slides; leave out one of them")
    kind = KINDS[chosen[0] if chosen else "one-file"]
    settings, lesson = film_of(options)
    kind.place.final(Path(), "", options.output)  # refuse a wrong -o before any work
    publish = partial(_write_slides_if_stale, kind=kind, output=options.output)
    return export_film(options, settings, lesson, kind.place, kind.file_names, publish)


def _write_slides_if_stale(job: Job, clips: Sequence[tuple[Clip, ClipFile]], kind: Kind, output: Path | None) -> Path:
    """Write the slides of a rendered film and return their path; do nothing if they are up to date."""
    lesson, settings, workspace = job.lesson, job.settings, job.workspace
    place = ExportPlace.of(kind.place, lesson, settings, [clip for clip, _ in clips], output)
    final = place.final
    narration = narration_of(lesson, settings)
    shots = shots_of(narration, settings, clips, {})
    steps = as_slides(steps_of(narration, settings, shots))
    film = manifest_of(lesson, settings, shots, final)
    content = {
        "kind": kind.place.ending,
        "film": film,
        "titles": [dict(step.title) for step in steps],
        "code": _code_digest(),
    }
    stamp = OutputStamp(workspace, final, content, [file.path for _, file in clips], kind.file_names)
    if stamp.is_current():
        return final
    check_intact([file.path for _, file in clips])
    spoken = spoken_languages(shots, settings.fps, narration, workspace)
    added_sounds = placed_sounds(shots, settings.fps)
    # sounds that scenes add are heard even without a voice
    sound_tracks = ({Track(): added_sounds} if added_sounds else {}) | tracks(spoken, settings.language, added_sounds)
    slide_deck = Deck(
        place.stem,
        _titles_of_deck(lesson, settings, steps),
        steps,
        write_sounds(steps, sound_tracks, workspace),
        settings,
    )
    temporary, beside = kind.write(slide_deck, workspace)
    publish_all({final.name: temporary, **beside}, workspace, stamp, place.results, job.reporter.say)
    return final


def _titles_of_deck(lesson: Lesson, settings: RenderSettings, steps: Sequence[Step]) -> dict[str, str]:
    """Return the title of the deck in each language: the lesson's, or the titles of the scenes that were picked."""
    if not lesson.picked:
        return dict(lesson.title)
    return {
        language: ", ".join(dict.fromkeys(step.title[language] for step in steps))
        for language in languages_of(settings)
    }


def _code_digest() -> str:
    """Return a digest of the source files, words and themes that decide how slides are written."""
    own = [*Path(__file__).parent.glob("*.py"), *deck.ASSETS.iterdir(), *NARRATION_FOLDER.glob("*.toml")]
    return digest_of_files([*sorted(own), PACKAGE_FOLDER / "scenes" / "themes.py"])
