"""Whether words of one's own fit the scenes: by the lines of ours and by what the sources ask for; nothing is played.

What only playing a scene shows, such as a number written in a way that it cannot be, is found by `gradreel check`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from string import Formatter
from typing import Any

from gradreel.core.errors import UserError
from gradreel.scenes.catalog import KnownScenes, SceneSource, beat_names, find_scenes, kebab_name
from gradreel.scenes.scene_source import (
    ANY_NAME,
    ClassSource,
    branches,
    module_source,
    name_as_written,
    name_pattern,
)
from gradreel.scenes.words.narration import SPOKEN, TABLES, Narration, OwnWords
from gradreel.scenes.words.renamed_beats import now_called

KINDS = {"beats": "beat", "screen": "screen text", SPOKEN: "spoken beat"}
METHODS = {"beat": ("beats", "name"), "screen": ("screen", "key")}  # of a scene: the words it asks for, and by what
NUMBER = re.compile(r"\\-(\d+|\.\*)$")  # at the end of one: that of ``-3`` or of ``-{k}``


@dataclass(frozen=True)
class Asked:
    """A place in a scene's source that asks for words."""

    table: str  # "beats" or "screen"
    key: str  # as a regular expression: ``piece-{k}`` is "piece\\-.*"
    written: str  # as in the source; "" for a name that it does not tell
    fields: frozenset[str]  # what the words may be filled with
    more: bool  # and by others that it does not tell: ``**values``
    said: bool  # the scene says the line in place


def check_words(words: OwnWords, sources: Collection[SceneSource], scenes_of_ours: KnownScenes = find_scenes) -> None:
    """Raises UserError unless ``words`` are words of our scenes or of ``sources``: a line for each that is not.

    A scene, beat or field that there is not; a beat of one's own scene that has no line.
    """
    ours = Narration.load()
    known = {source.name: source for source in (*scenes_of_ours(), *sources)}
    sections = {*known, *(scene for scenes in ours.scenes.values() for scene in scenes)}
    problems = []
    for language, scenes in words.scenes.items():
        for scene, tables in scenes.items():
            if scene not in sections:
                nearest = get_close_matches(scene, sorted(sections), n=1, cutoff=0.5)
                hint = f"did you mean {nearest[0]}?" if nearest else f"this lesson has {', '.join(sorted(known))}"
                problems.append(f"[{language}.{scene}]: there is no such scene; {hint}")
                continue
            asked = asked_for(known[scene]) if scene in known else []
            found = list(_problems(scene, tables, ours, asked))
            if scene in known:
                found += [f"it has no line for beat {beat!r}" for beat in _missing(known[scene], tables, ours)]
            problems += [f"[{language}.{scene}]: {text}" for text in found]
    for source in dict.fromkeys(sources):
        if not source.is_ours and not words.has(source.name) and not _is_narrated(source, ours):
            problems += [f"there is no [en.{source.name}.beats]: beat {beat!r} has no line, and the scene says none"
                         for beat in _missing(source, {}, ours)]  # fmt: skip
    if problems:
        raise UserError("\n".join(f"{words.file}: {problem}" for problem in problems))


def left_in_other_languages(words: OwnWords, scenes: Collection[str]) -> list[str]:
    """A sentence for each of the ``scenes`` whose beats are changed in one language, while another keeps our line.

    The subtitles in all languages are of one video: there the two would say different things.
    """
    ours = Narration.load()
    told = []
    for scene in scenes:
        changed = {language: words.scenes.get(language, {}).get(scene, {}).get("beats", {}) for language in ours.scenes}
        for language, tables in ours.scenes.items():
            kept = tables.get(scene, {}).get("beats", {})
            others = dict.fromkeys(beat for other in changed.values() for beat in other)
            left = [
                beat
                for beat in others
                if beat not in changed[language] and (beat in kept or re.sub(r"-\d+$", "", beat) in kept)
            ]
            if left:
                told.append(
                    f"{words.file}: [{language}.{scene}.beats] has no {', '.join(left)}, changed in another language:"
                    f" the subtitles in {language} keep our line"
                )
    return told


def asked_for(source: SceneSource) -> list[Asked]:
    """Every ``self.beat(...)`` and ``self.screen(...)`` of a scene, inherited ones included."""
    found = module_source(source.file).find_class(source.class_name)
    classes = found.ancestry if found is not None else []
    return [asked for scene_class in classes for asked in _asked_in(scene_class)]


def fields_of(text: str) -> list[str]:
    """Names in braces: ``"{gap:.2f} or {run.seed}"`` -> gap, run.

    Raises ValueError for braces that do not close, and for a width that would fill the memory.
    """
    fields = list(Formatter().parse(text))
    if any(re.search(r"\d{4}", form or "") for _, _, form, _ in fields):
        raise ValueError("a width or a number of decimals is below 1000")
    return [
        re.split(r"[.\[]", name)[0]
        for _, name, form, _ in fields
        if name is not None
        for name in (name, *(inner for _, inner, _, _ in Formatter().parse(form or "") if inner is not None))
    ]


def _problems(scene: str, tables: Mapping[str, Any], ours: Narration, asked: list[Asked]) -> Iterator[str]:
    """What is wrong with a scene's words in one language."""
    for table in (*TABLES, SPOKEN):
        own = tables.get(table, {})
        printed = "beats" if table == SPOKEN else table
        templates = _templates(ours, scene, printed)
        places = [place for place in asked if place.table == printed]
        for key, text in own.items():
            lines = templates.get(key) or _lines_of_numbered(key, templates, places)
            matching = [place for place in places if _matches(place, key)]
            if lines or _is_asked_for(key, table, places, of_ours=bool(templates)):
                if any(place.more for place in matching):
                    lines = [line for some in templates.values() for line in some]
                wrong = _wrong_field(text, lines, matching)
                told = [place for place in matching if place.written]
                if told and all(place.said for place in told):
                    yield f"beat {key!r} has its line in the scene's source (say=…), where it is to be changed"
                elif wrong:
                    yield f"{KINDS[table]} {key!r} {wrong}"
            else:
                known = dict.fromkeys([*templates, *(place.written for place in places if place.written)])
                renamed = now_called(scene, key) if printed == "beats" else ""
                yield f"{scene} has no {KINDS[table]} {key!r}; it has {', '.join(known) or 'none'}{renamed}"


def _missing(source: SceneSource, tables: Mapping[str, Any], ours: Narration) -> list[str]:
    """The beats of a scene of one's own, as they are written, that have no line in one language."""
    if source.is_ours:
        return []
    played = beat_names(source)
    needed = [place for place in asked_for(source) if place.table == "beats" and place.written in played]
    lines = (*_templates(ours, source.name, "beats"), *tables.get("beats", {}))
    missing = (place for place in needed if not place.said and not any(_matches(place, key) for key in lines))
    return list(dict.fromkeys(place.written for place in missing))


def _is_narrated(source: SceneSource, ours: Narration) -> bool:
    """Whether the scene, or one that it is derived from, is in our narration."""
    found = module_source(source.file).find_class(source.class_name)
    names = [kebab_name(scene_class.node.name) for scene_class in found.ancestry] if found is not None else []
    return any(name in scenes for name in names for scenes in ours.scenes.values())


def _is_asked_for(key: str, table: str, places: list[Asked], *, of_ours: bool) -> bool:
    """Whether the source asks for ``key``, or may: where it does not tell, all of our scenes' words are in our files.

    Words on the picture may be asked for by what a scene of one's own uses.
    """
    if table == "screen" and not of_ours:
        return True
    return any(_matches(place, key) for place in places if place.written or not of_ours)


def _matches(place: Asked, key: str) -> bool:
    """Whether what is asked for is ``key``, or falls back to it: ``piece-{k}`` and ``piece-2`` are ``piece``, too."""
    return any(re.fullmatch(name, key) for name in (place.key, NUMBER.sub("", place.key)))


def _lines_of_numbered(key: str, templates: Mapping[str, list[str]], places: list[Asked]) -> list[str]:
    """Our lines of ``piece`` for ``piece-3``, where the source asks for ``piece-{k}``: else nobody would say it."""
    general = re.sub(r"-\d+$", "", key)
    asked = any(
        re.fullmatch(place.key.removesuffix(ANY_NAME), f"{general}-")
        for place in places
        if place.key.endswith(ANY_NAME)
    )
    return templates.get(general, []) if asked and general != key else []


def _wrong_field(text: str, lines: list[str], places: list[Asked]) -> str:
    """What is wrong with the fields of ``text``: they may be those of our lines, and those the scene gives.

    Of a scene of one's own that gives more than it tells, or does not tell where it asks, nothing is wrong.
    """
    try:
        wanted = fields_of(text)
    except ValueError as error:
        return f"cannot be filled in: {error}"
    if not lines and (not places or any(place.more for place in places)):
        return ""
    given = dict.fromkeys(name for line in lines for name in fields_of(line))
    given |= dict.fromkeys(name for place in places for name in sorted(place.fields))
    unknown = [name for name in wanted if name not in given]
    if not unknown:
        return ""
    return f"wants {{{unknown[0]}}}, and the scene gives {', '.join(given) or 'no fields'}"


def _templates(ours: Narration, scene: str, table: str) -> dict[str, list[str]]:
    """Our lines of a scene in all languages, by beat or word."""
    found: dict[str, list[str]] = {}
    for scenes in ours.scenes.values():
        for key, text in scenes.get(scene, {}).get(table, {}).items():
            found.setdefault(key, []).append(text)
    return found


def _asked_in(scene_class: ClassSource) -> Iterator[Asked]:
    for call in ast.walk(scene_class.node):
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in METHODS):
            continue
        if not (isinstance(call.func.value, ast.Name) and call.func.value.id == "self"):
            continue
        table, argument = METHODS[call.func.attr]
        named = call.args[:1] or [keyword.value for keyword in call.keywords if keyword.arg == argument]
        given = {keyword.arg for keyword in call.keywords}
        said = table == "beats" and ("say" in given or len(call.args) > 1)
        fields = frozenset(name for name in given - {argument, "say"} if name is not None)
        for written in named:
            for branch in branches(written):
                pattern = name_pattern(branch)
                is_known = pattern.replace(ANY_NAME, "") != ""
                yield Asked(table, pattern, name_as_written(branch) if is_known else "", fields, None in given, said)
