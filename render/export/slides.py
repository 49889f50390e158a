"""``gradreel export slides``: clips that wait at the end of each beat, before its picture leaves.

Written as a page, a folder, pages on paper or for manim-slides.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from gradreel.core.errors import UserError
from gradreel.core.package import PACKAGE_FOLDER
from gradreel.render.clips.clip_files import check_whole
from gradreel.render.clips.file_digest import digest_of_contents
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
    """What slides are written as."""

    write: Callable[[Deck, Workspace], tuple[Path, dict[str, Path]]]  # the file, and those beside it by name
    place: Place
    called: str | None = None  # of a folder: what its own files are called, a regular expression


KINDS = {
    "one-file": Kind(deck.write_one_file, Place("-slides.html")),
    "folder": Kind(deck.write_folder, Place("-slides", "index.html"), deck.FILES),
    "pdf": Kind(pdf.write_pages, Place("-slides.pdf")),
    "manim-slides": Kind(manim_slides.write_folder, Place("-manim-slides", "slides/{}.json"), manim_slides.FILES),
}


def export_slides(options: Options, folder: bool, pdf: bool, manim_slides: bool) -> int:
    """Write the slides of the lesson, or of the scenes named, and print where they are."""
    asked = [name for name, given in (("folder", folder), ("pdf", pdf), ("manim-slides", manim_slides)) if given]
    if len(asked) > 1:
        raise UserError(f"--{asked[0]} and --{asked[1]} are two kinds of slides; give one of them")
    kind = KINDS[asked[0] if asked else "one-file"]
    settings, lesson = film_of(options)
    kind.place.final(Path(), "", options.output)  # before any work
    publish = partial(_publish, kind=kind, output=options.output)
    return export_film(options, settings, lesson, kind.place, kind.called, publish)


def _publish(job: Job, clips: Sequence[tuple[Clip, ClipFile]], kind: Kind, output: Path | None) -> Path:
    lesson, settings, workspace = job.lesson, job.settings, job.workspace
    place = ExportPlace.of(kind.place, lesson, settings, [clip for clip, _ in clips], output)
    final = place.final
    narration = narration_of(lesson, settings)
    shots = shots_of(narration, settings, clips, {})
    steps = as_slides(steps_of(narration, settings, shots))
    film = manifest_of(lesson, settings, shots, final)
    content = {"kind": kind.place.ending, "film": film, "titles": [dict(step.title) for step in steps], "code": _code()}
    stamp = OutputStamp(workspace, final, content, [file.path for _, file in clips], kind.called)
    if stamp.is_current():
        return final
    check_whole([file.path for _, file in clips])
    spoken = spoken_languages(shots, settings.fps, narration)
    added = placed_sounds(shots, settings.fps)
    heard = ({Track(): added} if added else {}) | tracks(spoken, settings.language, added)  # also without a voice
    made = Deck(place.stem, _title(lesson, settings, steps), steps, write_sounds(steps, heard, workspace), settings)
    temporary, beside = kind.write(made, workspace)
    publish_all({final.name: temporary, **beside}, workspace, stamp, place.results, job.reporter.say)
    return final


def _title(lesson: Lesson, settings: RenderSettings, steps: Sequence[Step]) -> dict[str, str]:
    """By language: the lesson's, or those of the scenes that were picked."""
    if not lesson.picked:
        return dict(lesson.title)
    return {
        language: ", ".join(dict.fromkeys(step.title[language] for step in steps))
        for language in languages_of(settings)
    }


def _code() -> str:
    """Digest of what writes slides, its own words among it."""
    own = [*Path(__file__).parent.glob("*.py"), *deck.ASSETS.iterdir(), *NARRATION_FOLDER.glob("*.toml")]
    return digest_of_contents([*sorted(own), PACKAGE_FOLDER / "scenes" / "themes.py"])
