"""What was asked for and cannot be made, as far as that is seen before anything is done: a plan refuses it, too."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from gradreel.core.errors import UserError
from gradreel.scenes.catalog import LECTURE_FOLDER, beat_names, sure_beats
from gradreel.scenes.render.clips.import_graph import code_files
from gradreel.scenes.render.clips.ownership import is_ours
from gradreel.scenes.render.lessons.beats import no_such_beats
from gradreel.scenes.render.lessons.lesson import Lesson
from gradreel.scenes.render.lessons.requests import SceneRequest
from gradreel.scenes.render.lessons.settings import JOINABLE_FORMATS, RenderSettings
from gradreel.scenes.scene_source import module_source
from gradreel.scenes.words.narration import Narration

ANY = ".*"
END = "end"  # what the picture of a scene without beats is called


def check_video(settings: RenderSettings) -> None:
    """Raises UserError for what a whole lesson cannot be."""
    if settings.format not in JOINABLE_FORMATS:
        raise UserError(
            f"a lesson is one video ({', '.join(JOINABLE_FORMATS)});"
            f" for {settings.format} name the scenes, each gets its own"
        )
    if settings.first_beat or settings.last_beat:
        raise UserError(
            "-n picks beats of a scene: name the scene, such as gradreel render build-curve -n constant,sum"
        )


def check_files(lesson: Lesson, output: Path | None) -> None:
    """Raises UserError where scenes are to have a file each, and one file is named for them all."""
    if output is not None and len(lesson.scenes) != 1:
        raise UserError(f"-o {output} takes one file, and {len(lesson.scenes)} scenes were asked for")


def check_beats(lesson: Lesson, settings: RenderSettings) -> None:
    """Raises UserError where a scene cannot have the beats asked for, as far as its source tells.

    Where a name is made up as the scene is played, any may come, and `lessons.beats` looks then.
    """
    asked = [beat for beat in (settings.first_beat, settings.last_beat) if beat is not None]
    if not asked:
        return
    for request in lesson.requests(settings):
        possible = [*_possible(request), END]
        if not all(any(re.fullmatch(name, beat) for name in possible) for beat in asked):
            raise no_such_beats(request)
        names = beat_names(request.source)
        if set(asked) <= sure_beats(request.source) and asked != sorted(asked, key=names.index):
            raise no_such_beats(request)


def _possible(request: SceneRequest) -> list[str]:
    """The names that the scene's beats may have, as regular expressions."""
    source = request.source
    if source.is_ours:  # a beat of ours has a line, or piece-3 that of piece
        scenes = Narration.load(("en",)).with_words(request.words).scenes["en"]
        return [rf"{re.escape(name)}(-\d+)?" for name in scenes.get(source.name, {}).get("beats", {})]
    files = (file for file in code_files(source).values() if not is_ours(file) or file.is_relative_to(LECTURE_FOLDER))
    return [name for file in files for name in _named_in(module_source(file).tree)]


def _named_in(tree: ast.Module) -> Iterator[str]:
    """What is given to ``beat`` of whatever object: a scene may be handed to a function."""
    calls = {id(node.func): node for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr == "beat":
            call = calls.get(id(node))
            given = [] if call is None else [keyword.value for keyword in call.keywords if keyword.arg == "name"]
            given = given if call is None else call.args[:1] or given
            yield _pattern(given[0]) if given else ANY


def _pattern(name: ast.expr) -> str:
    if isinstance(name, ast.Constant):
        return re.escape(str(name.value))
    if isinstance(name, ast.JoinedStr):
        return "".join(map(_pattern, name.values))
    if isinstance(name, ast.IfExp):
        return f"(?:{_pattern(name.body)}|{_pattern(name.orelse)})"
    return ANY
