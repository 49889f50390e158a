"""Steps as a page that plays them: ``assets/slides`` with the steps filled in; films in the file, or beside it.

What comes from a lesson is text wherever it is put. The page asks no network for anything.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from pathlib import Path

from gradreel.scenes.catalog import PACKAGE_FOLDER
from gradreel.scenes.render.clips.workspace import Workspace
from gradreel.scenes.render.export.step_sounds import StepSound
from gradreel.scenes.render.export.steps import Step, languages_of, write_videos
from gradreel.scenes.render.settings import RenderSettings
from gradreel.scenes.render.videos.video import frame_as_jpeg
from gradreel.scenes.themes import THEMES
from gradreel.scenes.words.languages import title_in

ASSETS = PACKAGE_FOLDER / "assets" / "slides"
STILL_WIDTH = 1280  # pixels, of a step's picture at most
KINDS = {".mp4": "video/mp4", ".jpg": "image/jpeg", ".m4a": "audio/mp4"}
FILES = r"[0-9]{3,}(-[a-z]+)?\.(mp4|jpg|m4a)"
"""What is beside the page in a folder is called so, by the step's number."""


@dataclass(frozen=True)
class Deck:
    """What is to be shown."""

    name: str
    title: Mapping[str, str]  # by language
    steps: Sequence[Step]
    sounds: Sequence[StepSound]
    settings: RenderSettings


def write_folder(deck: Deck, workspace: Workspace) -> tuple[Path, dict[str, Path]]:
    """The page, and by their names the files beside it: a film and a picture a step, and sounds. All have temporary
    names.
    """
    files = _files(deck, workspace)
    page = workspace.temporary("index.html")
    _write(page, deck, {name: name for name in files}, {})
    return page, files


def write_one_file(deck: Deck, workspace: Workspace) -> tuple[Path, dict[str, Path]]:
    """The page with all films and pictures in it, under a temporary name, and no files beside it.

    Films come last, each in an element that is no script, and are decoded as they are needed: the page is there before
    they have all been read.
    """
    files = _files(deck, workspace)
    page = workspace.temporary("slides.html")
    inside = {name: file for name, file in files.items() if file.suffix != ".jpg"}
    pictures = {name: f"data:{KINDS['.jpg']};base64,{_base64(file)}" for name, file in files.items()
                if file.suffix == ".jpg"}  # fmt: skip
    _write(page, deck, pictures, inside)
    for file in files.values():
        file.unlink()
    return page, {}


def _files(deck: Deck, workspace: Workspace) -> dict[str, Path]:
    """Films, pictures and sounds under temporary names, by their names."""
    films = {step.number: workspace.temporary(_name(step, ".mp4")) for step in deck.steps}
    write_videos(deck.steps, films)
    files = {_name(step, ".mp4"): films[step.number] for step in deck.steps}
    for step in deck.steps:
        files[_name(step, ".jpg")] = picture = workspace.temporary(_name(step, ".jpg"))
        picture.write_bytes(frame_as_jpeg(step.clip, step.end - 1, STILL_WIDTH))
    return files | {sound.name: sound.file for sound in deck.sounds}


def _name(step: Step, suffix: str) -> str:
    return f"{step.number:03d}{suffix}"


def _write(page: Path, deck: Deck, pictures: Mapping[str, str], inside: Mapping[str, Path]) -> None:
    """``pictures``: their addresses by name; ``inside``: the files that are put into the page."""
    settings, languages = deck.settings, _languages_told(deck)
    parts = {
        "language": settings.language,
        "languages": " ".join(languages),
        "deck": deck.name,
        "fps": str(settings.fps),
        "title": title_in(deck.title, settings.language),
        "theme": settings.theme,
        "width": str(settings.width),
        "height": str(settings.height),
    }
    parts = {name: escape(text) for name, text in parts.items()}
    parts["colours"] = " ".join(f"--{role}: {colour};" for role, colour in THEMES[settings.theme].items())
    parts["script"] = (ASSETS / "slides.js").read_text("utf-8").strip()
    parts["steps"] = "".join(_sections(deck, languages, pictures))
    template = re.split(r"\{\{(\w+)\}\}", (ASSETS / "slides.html").read_text("utf-8"))
    with page.open("w", encoding="utf-8") as file:
        for place, text in enumerate(template):
            if place % 2 == 0:
                file.write(text)
            elif text != "films":
                file.write(parts[text])
            else:
                file.writelines(_film(name, path) for name, path in inside.items())


def _film(name: str, path: Path) -> str:
    return f'<script type="{KINDS[path.suffix]};base64" id="{name}">{_base64(path)}</script>\n'


def _base64(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()


def _languages_told(deck: Deck) -> list[str]:
    """The languages that something is said in; one alone where all say the same, as where a scene says its lines."""
    told = [code for code in languages_of(deck.settings) if any(code in step.lines for step in deck.steps)]
    texts = {code: [(step.title.get(code), step.lines.get(code)) for step in deck.steps] for code in told}
    return told if len({str(text) for text in texts.values()}) > 1 else told[:1] or [deck.settings.language]


def _sections(deck: Deck, languages: Sequence[str], pictures: Mapping[str, str]) -> Iterator[str]:
    for _, steps in groupby(deck.steps, key=lambda step: step.scene):
        its = list(steps)
        yield f"<section><h2>{''.join(_said('span', its[0].title, languages))}</h2>\n"
        yield from (_article(deck, step, languages, pictures) for step in its)
        yield "</section>\n"


def _article(deck: Deck, step: Step, languages: Sequence[str], pictures: Mapping[str, str]) -> str:
    sounds = " ".join(f"{sound.track}={sound.name}" for sound in deck.sounds if sound.number == step.number)
    settings = deck.settings
    return (
        f'<article data-place="{escape(step.place)}" data-frames="{step.frames}" data-film="{_name(step, ".mp4")}"'
        f' data-sounds="{escape(sounds)}"><header><b>{step.number}</b>{"".join(_said("span", step.title, languages))}'
        f'</header><img src="{escape(pictures[_name(step, ".jpg")])}" alt="" width="{settings.width}"'
        f' height="{settings.height}" decoding="async">{"".join(_said("p", step.lines, languages))}</article>\n'
    )


def _said(element: str, texts: Mapping[str, str], languages: Sequence[str]) -> Iterator[str]:
    for language in languages:
        if language in texts:
            yield f'<{element} lang="{language}" dir="auto">{escape(texts[language])}</{element}>'
