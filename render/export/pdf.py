"""Writes steps as pages of a PDF, each with its picture and its words, typeset by Typst."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from gradreel.core.package import PACKAGE_FOLDER
from gradreel.render.clips.workspace import Workspace
from gradreel.render.videos.video import frame_as_jpeg
from gradreel.scenes.words.languages import title_in

if TYPE_CHECKING:
    from gradreel.render.export.deck import Deck

TEMPLATE = PACKAGE_FOLDER / "assets" / "slides" / "slides.typ"
PICTURE_WIDTH = 1920  # pixels at most


def write_pages(deck: Deck, workspace: Workspace) -> tuple[Path, dict[str, Path]]:
    """Return the PDF under a temporary name, and an empty dict: it has no files beside it.

    Words are in the language of the pictures. Fonts come from wheels, not from the system.
    """
    import typst
    from noto_cjk_sans_otc import FONT_PATH

    language = deck.settings.language
    folder = workspace.temporary("pages")
    folder.mkdir()
    steps = []
    for step in deck.steps:
        picture = f"{step.number:03d}.jpg"
        (folder / picture).write_bytes(frame_as_jpeg(step.clip, step.stand - 1, PICTURE_WIDTH))
        title = title_in(step.title, language)
        steps.append({"title": title, "line": title_in(step.lines, language), "picture": picture})
    content = {"title": title_in(deck.title, language), "language": language, "steps": steps}
    (folder / "slides.json").write_text(json.dumps(content), "utf-8")
    shutil.copyfile(TEMPLATE, folder / TEMPLATE.name)
    document = workspace.temporary("slides.pdf")
    fonts = typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=True, font_paths=[str(Path(str(FONT_PATH)).parent)]
    )
    typst.compile(str(folder / TEMPLATE.name), output=str(document), root=str(folder), font_paths=fonts)
    shutil.rmtree(folder)
    return document, {}
