"""Writes steps as a page that plays them: ``assets/slides`` filled in, with films inside the file or beside it.

Text from a lesson is escaped wherever it is inserted. The page makes no network requests.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from gradreel.core.package import PACKAGE_FOLDER
from gradreel.render.clips.workspace import Workspace
from gradreel.render.export.step_sounds import StepSound
from gradreel.render.export.steps import Step, languages_with_words, write_videos
from gradreel.render.settings import RenderSettings
from gradreel.render.videos.video import frame_as_jpeg
from gradreel.scenes.themes import THEMES
from gradreel.scenes.words.languages import LANGUAGES, title_in
from gradreel.scenes.words.narration import Narration
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

ASSETS = PACKAGE_FOLDER / "assets" / "slides"
WORDS_OF = "slides"  # the section of the narration files with the deck's own words
STILL_WIDTH = 1280  # pixels, at most, of a step's picture
KINDS = {".mp4": "video/mp4", ".jpg": "image/jpeg", ".m4a": "audio/mp4"}
FILES = r"[0-9]{3,}(-[a-z]+)?\.(mp4|jpg|m4a)"
"""Regular expression of the names of the files beside the page; each begins with its step's number."""


@dataclass(frozen=True)
class Deck:
    """The content of a slide deck: steps in order, their sounds, and a title for each language."""

    name: str
    title: Mapping[str, str]  # by language
    steps: Sequence[Step]
    sounds: Sequence[StepSound]
    settings: RenderSettings


def write_folder(deck: Deck, workspace: Workspace) -> tuple[Path, dict[str, Path]]:
    """Return the page, and the files beside it by name: a film and a picture for each step, and sounds.

    All have temporary names.
    """
    files = _write_files(deck, workspace)
    page = workspace.temporary("index.html")
    _write_page(page, deck, {name: name for name in files}, {})
    return page, files


def write_one_file(deck: Deck, workspace: Workspace) -> tuple[Path, dict[str, Path]]:
    """Return one HTML file with all films, sounds and pictures inside, and an empty dict: nothing is beside it.

    Films come last, each in an element that is not a script, and are decoded when they are needed. So the page is
    usable before all of them are loaded.
    """
    files = _write_files(deck, workspace)
    page = workspace.temporary("slides.html")
    inside = {name: file for name, file in files.items() if file.suffix != ".jpg"}
    pictures = {name: f"data:{KINDS['.jpg']};base64,{_file_as_base64(file)}" for name, file in files.items()
                if file.suffix == ".jpg"}  # fmt: skip
    _write_page(page, deck, pictures, inside)
    for file in files.values():
        file.unlink()
    return page, {}


def _write_files(deck: Deck, workspace: Workspace) -> dict[str, Path]:
    """Write films, pictures and sounds under temporary names; return them by their final names."""
    films = {step.number: workspace.temporary(_file_name_of_step(step, ".mp4")) for step in deck.steps}
    write_videos(deck.steps, films)
    files = {_file_name_of_step(step, ".mp4"): films[step.number] for step in deck.steps}
    for step in deck.steps:
        files[_file_name_of_step(step, ".jpg")] = picture = workspace.temporary(_file_name_of_step(step, ".jpg"))
        picture.write_bytes(frame_as_jpeg(step.clip, step.stand - 1, STILL_WIDTH))
    return files | {sound.name: sound.file for sound in deck.sounds}


def _file_name_of_step(step: Step, suffix: str) -> str:
    """Return a step's file name, such as "003.mp4"."""
    return f"{step.number:03d}{suffix}"


def _write_page(page: Path, deck: Deck, pictures: Mapping[str, str], inside: Mapping[str, Path]) -> None:
    """Write the page. ``pictures`` has their addresses by name; ``inside`` the files that are embedded in the page."""
    settings, languages = deck.settings, languages_with_words(deck.settings, (step.lines for step in deck.steps))
    words = Narration.load(languages)
    template = Environment(loader=FileSystemLoader(ASSETS), autoescape=True, trim_blocks=True, lstrip_blocks=True,
                           undefined=StrictUndefined).get_template("slides.html")  # fmt: skip
    parts = template.stream(
        language=languages[0],
        title=title_in(deck.title, settings.language),
        theme=settings.theme,
        colours=THEMES[settings.theme],
        width=settings.width,
        height=settings.height,
        deck={
            "name": deck.name,
            "fps": settings.fps,
            "languages": {code: LANGUAGES[code].own_name for code in languages},
            "words": {code: words.scenes[code][WORDS_OF]["screen"] for code in languages},
        },
        scenes=[
            [_step_for_template(deck, step, pictures) for step in steps]
            for _, steps in groupby(deck.steps, lambda step: step.scene)
        ],
        script=Markup((ASSETS / "slides.js").read_text("utf-8")),
        films=(
            {"kind": KINDS[file.suffix], "name": name, "base64": _file_as_base64(file)} for name, file in inside.items()
        ),
    )
    with page.open("w", encoding="utf-8") as file:
        file.writelines(parts)  # streamed: only one film is in memory at a time


def _step_for_template(deck: Deck, step: Step, pictures: Mapping[str, str]) -> dict[str, Any]:
    """Return what the page's template needs of one step."""
    sounds = [f"{sound.track}={sound.name}" for sound in deck.sounds if sound.number == step.number]
    return {
        "place": step.place,
        "number": step.number,
        "frames": step.frames,
        "title": step.title,
        "lines": step.lines,
        "film": _file_name_of_step(step, ".mp4"),
        "picture": pictures[_file_name_of_step(step, ".jpg")],
        "sounds": " ".join(sounds),
    }


def _file_as_base64(path: Path) -> str:
    """Return a file's content as base64 text."""
    return base64.b64encode(path.read_bytes()).decode()
