"""Checks the beats named by ``-n FROM,TO``: in the scene's source before any work, and again after it was played."""

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

END = "end"  # name of the picture of a scene without beats
FIRST_SECTION = "autocreated"  # Manim's name for the section in which every scene begins
MOST_LISTED = 12  # more beats than these are not listed in a message


def fitting_range(
    ranges: Sequence[tuple[str | None, str | None]], requests: Sequence[SceneRequest]
) -> tuple[str | None, str | None]:
    """Return the first of ``ranges`` whose beats the sources of all scenes name, or else the first of all.

    A range is the first and the last beat. A wholly computed name does not count, since it could be any name.
    """
    patterns_by_scene = [
        [pattern for pattern in _patterns_of_beat_names(request) if pattern != ANY_NAME] for request in requests
    ]

    def is_named(beat: str | None) -> bool:
        return beat is None or all(
            any(re.fullmatch(pattern, beat) for pattern in patterns) for patterns in patterns_by_scene
        )

    return next((each for each in ranges if all(map(is_named, each))), ranges[0])


def check_beats_in_source(request: SceneRequest) -> None:
    """Raise UserError if a beat named by ``-n`` is not in the scene's source.

    If the source computes a name, any beat is accepted here; `check_beats_played` checks it later.
    """
    asked = [beat for beat in (request.settings.first_beat, request.settings.last_beat) if beat is not None]
    if asked:
        possible = [*_patterns_of_beat_names(request), END, FIRST_SECTION]
        if not all(any(re.fullmatch(name, beat) for name in possible) for beat in asked):
            raise missing_beats_error(request)


def is_lecture_scene(source: SceneSource) -> bool:
    """Returns whether the scene's source derives from ``LectureScene``; its beats come from ``self.beat``."""
    scene_class = module_source(source.file).find_class(source.class_name)
    return scene_class is not None and scene_class.is_scene(only_lecture=True)


def check_beats_played(shown: Sequence[str], request: SceneRequest, played: Sequence[str]) -> None:
    """Raise UserError unless ``shown`` begins and ends with the beats that ``-n`` named.

    ``played``: all beats of the scene, for the message.
    """
    first, last = request.settings.first_beat, request.settings.last_beat
    if first is None and last is None:
        return
    if shown and first in (None, shown[0]) and last in (None, shown[-1]):
        return
    raise missing_beats_error(request, played)


def missing_beats_error(request: SceneRequest, played: Sequence[str] | None = None) -> UserError:
    """Return the error for beats that ``-n`` named and the scene lacks, with the names it has.

    ``played``: the names after the scene was played. None: the names in its source, with "…" for computed parts;
    beyond `MOST_LISTED`, only the nearest name is given.
    """
    first, last = request.settings.first_beat, request.settings.last_beat
    asked = ",".join(dict.fromkeys(filter(None, (first, last))))
    if played is None:
        constant_names = (beat for beat in beat_names(request.source) if not beat.startswith("{"))
        names = [re.sub(r"\{.*\}", "…", beat) for beat in constant_names]
        which = "has no such beats in that order; its beats"
    else:
        names, which = list(played), "plays no such beats in that order with these parameters and runs; it plays"
    if not names:
        return UserError(f"-n {asked}: {request.name} has no beats and no sections; begin one by self.next_section(…)")
    unknown = next((beat for beat in (first, last) if beat is not None and beat not in names), "")
    nearest = get_close_matches(unknown, names, n=1)
    guess = f"; did you mean {nearest[0].replace('…', '1')}?" if nearest else ""
    if unknown.isdigit():
        guess = '; -n takes names, not numbers of animations: begin a section by self.next_section("name")'
    many = played is None and len(names) > MOST_LISTED
    quoted = [repr(name) if "," in name else name for name in names]
    listed = f"`gradreel describe {request.source.spec}` shows them" if many else ", ".join(quoted)
    return UserError(f"-n {asked}: {request.name} {which}: {listed}{guess}")


def _patterns_of_beat_names(request: SceneRequest) -> list[str]:
    """Return regular expressions for the names that the scene's beats may have."""
    source = request.source
    if source.is_ours:  # each beat has a line; piece-3 may use that of piece
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
