"""Finds the lines that a scene certainly says, by reading its source, and warns of missing or stale recordings.

Other beats, such as counted ones, are known only when the scene plays.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from gradreel.core.errors import UserError, abbreviated_list
from gradreel.render.lessons.lesson import Lesson
from gradreel.render.lessons.own_words import narrated_as
from gradreel.render.voice.choice import is_path
from gradreel.render.workers.progress import counted
from gradreel.scenes.catalog import SceneSource
from gradreel.scenes.scene_source import certain_beats, module_source
from gradreel.scenes.words.marks import cut
from gradreel.scenes.words.narration import NEUTRAL, Narration

if TYPE_CHECKING:
    from gradreel.render.voice.spoken_lines import Line  # which loads PyAV


def certain_lines(source: SceneSource, narration: Narration, language: str, on_screen: str) -> Iterator[Line]:
    """Yield the lines that a scene says in ``language`` for any data and parameters.

    A line whose text is known only when the scene plays, such as one with fields, has no stretches. ``on_screen`` is
    the language of the picture; a text without a language (``say="…"``) is in it.
    """
    from gradreel.render.voice.spoken_lines import Line

    class_node = module_source(source.file).find_class(source.class_name)
    if class_node is None:
        return
    words = narration.scenes[language].get(narrated_as(source, narration), {})
    for beat, say in certain_beats(class_node):
        if say is not None:
            text = _text_of(say, language, on_screen)
        else:
            text = words.get("beats", {}).get(beat)
            text = "" if text is not None and ("{" in text or beat in words.get(NEUTRAL, {})) else text
        if text is not None:
            stretches = narration.spoken(cut(text)[0], language) if text else ()
            yield Line(source.name, beat, stretches)


def _text_of(say: ast.expr, language: str, on_screen: str) -> str | None:
    """Return the text of ``say=…`` in a language; "" if the scene computes it, None if there is none."""
    if isinstance(say, ast.Constant):
        return str(say.value) if language == on_screen else None
    if isinstance(say, ast.Dict):
        keys = [key.value if isinstance(key, ast.Constant) else None for key in say.keys]
        texts = dict(zip(keys, say.values, strict=True))
        if language not in texts:
            return "" if None in texts else None
        value = texts[language]
        return str(value.value) if isinstance(value, ast.Constant) else ""
    return "" if language == on_screen else None


def recording_warnings(lesson: Lesson, voices: Mapping[str, str], languages: Iterable[str]) -> Iterator[str]:
    """Yield a sentence for each folder of recordings in ``voices`` that is missing, lacks lines or has stale ones."""
    for language in languages:
        if is_path(path := voices.get(language, "none")) and not path.endswith(".onnx"):
            try:
                yield from _folder_warnings(lesson, Path(path), language, next(iter(languages)))
            except UserError as error:
                yield str(error)


def _folder_warnings(lesson: Lesson, folder: Path, language: str, on_screen: str) -> Iterator[str]:
    """Yield the sentences about one folder of recordings."""
    if not folder.is_dir():
        yield f"{lesson.file}: voices.{language}: there is no folder {folder}"
        return
    from gradreel.render.voice.recordings import Recordings
    from gradreel.render.voice.script import lines_read_from_other_text
    from gradreel.render.voice.spoken_lines import missing_recordings

    voice, narration = Recordings(folder), Narration.load([language]).with_words(lesson.words)
    lines = [line for scene in lesson.scenes for line in certain_lines(scene.source, narration, language, on_screen)]
    if missing := [f"{line.scene}/{line.beat}" for line in missing_recordings(voice, lines)]:
        count = counted(len(missing), "line")
        yield f"{folder} has no recording of {count} that will be said: {abbreviated_list(missing)}"
    written = [line for line in lines if line.stretches]
    if stale := [f"{line.scene}/{line.beat}" for line in lines_read_from_other_text(voice, written)]:
        recordings = counted(len(stale), "recording")
        yield f"{recordings} in {folder} read from another text than now: {abbreviated_list(stale)}"
