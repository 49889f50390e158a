"""Which beats ``-n FROM,TO`` may ask for: checked in a scene's source before any work, and once it is played."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from difflib import get_close_matches

from gradreel.core.errors import UserError
from gradreel.render.clips.own_files import scene_modules
from gradreel.render.stages import SceneRequest
from gradreel.scenes.catalog import SceneSource, beat_names
from gradreel.scenes.scene_source import ANY_NAME, module_source, name_pattern, names_given
from gradreel.scenes.words.narration import Narration

END = "end"  # what the picture of a scene without beats is called
FIRST_SECTION = "autocreated"  # Manim's name for the section in which every scene begins
MOST_NAMED = 12
"""Beats in a message, of those in a source: a run tells few of them."""


def check_source(request: SceneRequest) -> None:
    """Raises UserError for beats whose names are not in the scene's source.

    Where a name is made up as the scene is played, any may come, and `check_played` looks then.
    """
    asked = [beat for beat in (request.settings.first_beat, request.settings.last_beat) if beat is not None]
    if asked:
        possible = [*_patterns(request), END, FIRST_SECTION]
        if not all(any(re.fullmatch(name, beat) for name in possible) for beat in asked):
            raise no_such_beats(request)


def is_lecture_scene(source: SceneSource) -> bool:
    """Returns whether the scene's source derives from ``LectureScene``; its beats come from ``self.beat``."""
    scene_class = module_source(source.file).find_class(source.class_name)
    return scene_class is not None and scene_class.is_scene(only_lecture=True)


def check_played(shown: Sequence[str], request: SceneRequest, told: Sequence[str]) -> None:
    """Raises UserError, naming those ``told``, unless ``shown`` are the beats from the first to the last asked for."""
    first, last = request.settings.first_beat, request.settings.last_beat
    if first is None and last is None:
        return
    if shown and first in (None, shown[0]) and last in (None, shown[-1]):
        return
    raise no_such_beats(request, told)


def no_such_beats(request: SceneRequest, told: Sequence[str] | None = None) -> UserError:
    """What is wrong with the beats asked for: those ``told`` when the scene was played, or else those in its source.

    There, what is filled in as it is played is "…", and of many only the nearest is named.
    """
    first, last = request.settings.first_beat, request.settings.last_beat
    asked = ",".join(dict.fromkeys(filter(None, (first, last))))
    if told is None:
        written = (beat for beat in beat_names(request.source) if not beat.startswith("{"))  # the name of a variable
        known = [re.sub(r"\{.*\}", "…", beat) for beat in written]
        which = "has no such beats in that order; its beats"
    else:
        known, which = list(told), "tells no such beats in that order with these parameters and runs; it tells"
    if not known:
        return UserError(f"-n {asked}: {request.name} has no beats and no sections; begin one by self.next_section(…)")
    wrong = next((beat for beat in (first, last) if beat is not None and beat not in known), "")
    nearest = get_close_matches(wrong, known, n=1)
    guess = f"; did you mean {nearest[0]}?" if nearest else ""
    if wrong.isdigit():
        guess = '; -n takes names, not numbers of animations: begin a section by self.next_section("name")'
    many = told is None and len(known) > MOST_NAMED
    listed = f"`gradreel describe {request.source.spec}` shows them" if many else ", ".join(known)
    return UserError(f"-n {asked}: {request.name} {which}: {listed}{guess}")


def _patterns(request: SceneRequest) -> list[str]:
    """The names that the scene's beats may have, as regular expressions."""
    source = request.source
    if source.is_ours:  # a beat of ours has a line, or piece-3 that of piece
        scenes = Narration.load(("en",)).with_words(request.words).scenes["en"]
        return [rf"{re.escape(name)}(-\d+)?" for name in scenes.get(source.name, {}).get("beats", {})]
    return [name for file in scene_modules(source) for name in _patterns_in(module_source(file).tree)]


def _patterns_in(tree: ast.Module) -> Iterator[str]:
    """Yields patterns for the names passed to ``beat`` or ``next_section`` of any object.

    A scene may pass itself to a function, so calls on ``self`` are not enough.
    """
    calls = {id(node.func): node for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in ("beat", "next_section"):
            call = calls.get(id(node))
            names = [] if call is None else names_given(call)
            pattern = name_pattern(names[0]) if names else ANY_NAME
            yield pattern if node.attr == "beat" else rf"(?:{pattern})(-\d+)?"
