"""Checks that a user's own words fit the scenes, from our lines and the scenes' sources; nothing is played.

Some faults show only when a scene plays, such as a number that cannot be written in the given form. `gradreel check`
finds these.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from string import Formatter
from typing import Any

from gradreel.core.errors import UserError, abbreviated_list
from gradreel.render.stages import SceneRequest
from gradreel.scenes.catalog import KnownScenes, SceneSource, beat_names, find_scenes, kebab_name
from gradreel.scenes.scene_source import (
    ANY_NAME,
    ANY_NUMBER,
    ClassSource,
    branches,
    loop_counters,
    module_source,
    name_as_written,
    name_pattern,
)
from gradreel.scenes.words.counts import Count, Duration
from gradreel.scenes.words.languages import LANGUAGES
from gradreel.scenes.words.mark_places import MarkOrderError, merged_marks
from gradreel.scenes.words.marks import cut
from gradreel.scenes.words.narration import NEUTRAL, SPOKEN, TABLES, Narration, OwnWords, general_name

KINDS = {"beats": "beat", "screen": "screen text", SPOKEN: "spoken beat", NEUTRAL: "neutral beat"}
METHODS = {"beat": ("beats", "name"), "screen": ("screen", "key")}  # of a scene: the words it asks for, and by what
BEAT_PARAMETERS = {"say", "pause"}  # keywords of `beat` that fill no field
PROBES = (Count(3), "text", 2.5, Duration(3.0))  # one value of each kind that may fill a line
NUMBER = re.compile(r"\\-(\d+|\.\*|\\d\+)$")  # at the end of one: that of ``-3``, of ``-{k}``, of a counted ``-{k}``


@dataclass(frozen=True)
class Asked:
    """A call in a scene's source that asks for words."""

    table: str  # "beats" or "screen"
    key: str  # as a regular expression: ``piece-{k}`` is "piece\\-.*"
    written: str  # as in the source; "" for a name that it does not tell
    fields: frozenset[str]  # what the words may be filled with
    more: bool  # and by others that it does not tell: ``**values``
    said: bool  # the scene says the line in place


def check_words(words: OwnWords, sources: Collection[SceneSource], scenes_of_ours: KnownScenes = find_scenes) -> None:
    """Raise UserError unless all ``words`` belong to our scenes or to ``sources``: one line for each problem.

    A problem is an unknown scene, beat or field, or a beat of a user's scene without a line.
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
            awaited = awaited_marks(known[scene]) if scene in known and not _templates(ours, scene, "beats") else None
            found += _wrong_marks(scene, language, words, ours, awaited)
            problems += [f"[{language}.{scene}]: {text}" for text in found]
    for source in dict.fromkeys(sources):
        if not source.is_ours and not words.has(source.name) and not narrated_as(source, ours):
            problems += [f"there is no [en.{source.name}.beats]: beat {beat!r} has no line, and the scene says none"
                         for beat in _missing(source, {}, ours)]  # fmt: skip
    if problems:
        raise UserError("\n".join(f"{words.file}: {problem}" for problem in problems))


def left_in_other_languages(
    words: OwnWords, scenes: Collection[str], languages: Collection[str] = tuple(LANGUAGES)
) -> list[str]:
    """Return a sentence for each of ``scenes`` whose beats are changed in only some of ``languages``.

    There the subtitles of one video would disagree, because the other languages keep our lines.
    """
    ours = Narration.load(languages)
    told = []
    for scene in scenes:
        changed = {language: words.scenes.get(language, {}).get(scene, {}).get("beats", {}) for language in ours.scenes}
        for language, tables in ours.scenes.items():
            kept = tables.get(scene, {}).get("beats", {})
            others = dict.fromkeys(beat for other in changed.values() for beat in other)
            left = [
                beat
                for beat in others
                if beat not in changed[language] and (beat in kept or general_name(beat) in kept)
            ]
            if left:
                told.append(
                    f"{words.file}: [{language}.{scene}.beats] has no {', '.join(left)}, changed in another language:"
                    f" the subtitles in {language} keep our line"
                )
    return told


def marks_placed(words: OwnWords, scenes: Collection[str], languages: Collection[str] = tuple(LANGUAGES)) -> str:
    """Return a sentence that names the lines of ``scenes`` that lack marks of another language; "" for none."""
    placed: dict[str, list[str]] = {}
    for scene in scenes:
        lines = {code: tables[scene].get("beats", {}) for code, tables in words.scenes.items() if scene in tables}
        for language, its in lines.items():
            for beat, line in its.items() if language in languages else ():
                there = cut(line)[1]
                if any(set(cut(other.get(beat, ""))[1]) - set(there) for other in lines.values()):
                    placed.setdefault(language, []).append(f"{scene}/{beat}")
    told = "; ".join(f"in {language} of {abbreviated_list(beats)}" for language, beats in placed.items())
    return f"{words.file}: marks that another language has are placed in proportion: {told}" if told else ""


def never_said(request: SceneRequest, narrated_as: str, beats: Collection[str]) -> str:
    """Return a sentence that names lines of numbered beats that the scene has not; "" for none.

    ``beats`` are those of its clip: only playing the scene shows how many there are. Of a part of a scene, which
    ``request`` may ask for, nothing is said. ``narrated_as``: the scene whose words it has.
    """
    words, settings = request.words, request.settings
    if words is None or settings.first_beat is not None or settings.last_beat is not None:
        return ""
    lines = [
        beat
        for scenes in words.scenes.values()
        for table in ("beats", SPOKEN, NEUTRAL)
        for beat in scenes.get(narrated_as, {}).get(table, {})
    ]
    unsaid = dict.fromkeys(beat for beat in lines if general_name(beat) != beat and beat not in beats)
    if not unsaid:
        return ""
    alike = {general_name(beat) for beat in unsaid}
    has = [beat for beat in beats if general_name(beat) in alike] or beats
    return f"{words.file}: {request.name} never says {', '.join(unsaid)}; with these parameters it has {', '.join(has)}"


def awaited_marks(source: SceneSource) -> set[str] | None:
    """Return the marks of a scene's ``self.until("mark")`` calls; None if its source computes some of them."""
    found = module_source(source.file).find_class(source.class_name)
    marks: set[str] = set()
    for scene_class in found.ancestry if found is not None else []:
        for call in ast.walk(scene_class.node):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "until":
                for mark in call.args[:1]:
                    if not isinstance(mark, ast.Constant):
                        return None
                    marks.add(str(mark.value))
    return marks


def asked_for(source: SceneSource) -> list[Asked]:
    """Return every ``self.beat(...)`` and ``self.screen(...)`` call of a scene, inherited ones included."""
    found = module_source(source.file).find_class(source.class_name)
    classes = found.ancestry if found is not None else []
    return [asked for scene_class in classes for asked in _asked_in(scene_class)]


def fields_of(text: str) -> list[str]:
    """Return the names in braces: ``"{gap:.2f} or {run.seed}"`` gives gap and run.

    Raises ValueError for braces that do not close, and for a width of 1000 or more, which would fill the memory.
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
    """Yield what is wrong with a scene's words in one language."""
    for table in (*TABLES, SPOKEN):
        own = tables.get(table, {})
        printed = "screen" if table == "screen" else "beats"
        templates = _templates(ours, scene, printed)
        places = [place for place in asked if place.table == printed]
        for key, text in own.items():
            lines = [*templates.get(key, ()), *_lines_of_numbered(key, templates, places)]
            matching = [place for place in places if matches(place, key)]
            if lines or _is_asked_for(key, table, places, of_ours=bool(templates)):
                wrong = _wrong_field(text, lines, matching)
                told = [place for place in matching if place.written]
                if told and all(place.said for place in told):
                    yield f"beat {key!r} has its line in the scene's source (say=…), where it is to be changed"
                elif wrong:
                    yield f"{KINDS[table]} {key!r} {wrong}"
            else:
                known = dict.fromkeys([*templates, *(place.written for place in places if place.written)])
                nearest = get_close_matches(key, _examples(known), n=1, cutoff=0.6)
                hint = f"; did you mean {nearest[0]}?" if nearest else ""
                yield f"{scene} has no {KINDS[table]} {key!r}; it has {', '.join(known) or 'none'}{hint}"


def _wrong_marks(
    scene: str, language: str, words: OwnWords, ours: Narration, awaited: set[str] | None
) -> Iterator[str]:
    """Yield what is wrong with the marks of a scene's words in one language.

    A line that replaces one of ours may have the marks of ours alone. In a scene of one's own, a mark is wrong only if
    it resembles one of the ``awaited``.
    """
    tables = words.scenes[language][scene]
    for table in ("beats", SPOKEN):
        for beat, text in tables.get(table, {}).items():
            marks = cut(text)[1]
            marks_of_ours = [cut(line)[1] for line in _lines_of_ours(ours, scene, beat)]
            others = marks_of_ours + [cut(line)[1] for line in _own_lines(words, scene, beat)]
            known = dict.fromkeys(mark for other in marks_of_ours for mark in other)
            where = f"{KINDS[table]} {beat!r}"
            if len(set(marks)) < len(marks):
                yield f"{where}: a mark comes twice ({', '.join(marks)}); give each its own name"
                continue
            for mark in marks:
                wanted = list(known) or sorted((awaited or set()) - set(marks))
                nearest = get_close_matches(mark, wanted, n=1, cutoff=0.6)
                if mark not in known and (known or (awaited is not None and mark not in awaited and nearest)):
                    hint = f"did you mean [{nearest[0]}]?" if nearest else "leave it out"
                    has = ", ".join(f"[{name}]" for name in wanted)
                    yield f"{where}: the picture waits for {has}, not for [{mark}]; {hint}"
            for other in others:
                try:
                    merged_marks([other, marks])
                except MarkOrderError:
                    yield (
                        f"{where}: its marks come in the order {', '.join(marks)}, and in another line of this beat in"
                        f" the order {', '.join(other)}; write them in one order, or leave them out"
                    )
                    break


def _own_lines(words: OwnWords, scene: str, beat: str) -> Iterator[str]:
    """Yield one's own lines of a beat, printed and spoken, in all languages."""
    for scenes in words.scenes.values():
        for table in ("beats", SPOKEN):
            if (line := scenes.get(scene, {}).get(table, {}).get(beat)) is not None:
                yield line


def _lines_of_ours(ours: Narration, scene: str, beat: str) -> list[str]:
    """Return our lines of a beat in all languages, with the neutral ones; ``piece-3`` may have those of ``piece``."""
    found = []
    for scenes in ours.scenes.values():
        for table in ("beats", NEUTRAL):
            lines = scenes.get(scene, {}).get(table, {})
            line = lines.get(beat, lines.get(general_name(beat)))
            found += [line] if line is not None else []
    return found


def _missing(source: SceneSource, tables: Mapping[str, Any], ours: Narration) -> list[str]:
    """Return the beats of a user's scene, as written, that have no line in one language; [] for our scenes."""
    if source.is_ours:
        return []
    played = beat_names(source)
    needed = [place for place in asked_for(source) if place.table == "beats" and place.written in played]
    lines = (*_templates(ours, source.name, "beats"), *tables.get("beats", {}))
    missing = (place for place in needed if not place.said and not any(matches(place, key) for key in lines))
    return list(dict.fromkeys(place.written for place in missing))


def narrated_as(source: SceneSource, narration: Narration) -> str:
    """Return whose words the scene has: its own name, or that of the nearest scene that it is derived from.

    Returns "" where ``narration`` has none of them. The source is read, not loaded (`LectureScene.narrated_as` is this
    of a class).
    """
    found = module_source(source.file).find_class(source.class_name)
    names = [kebab_name(scene_class.node.name) for scene_class in found.ancestry] if found is not None else []
    return next((name for name in names if any(name in scenes for scenes in narration.scenes.values())), "")


def _is_asked_for(key: str, table: str, places: list[Asked], *, of_ours: bool) -> bool:
    """Return whether the source asks for ``key``, or may.

    A name that the source computes may be any name in a scene of one's own. All names of our scenes are in our files.
    Words on the picture may be asked for by what a scene of one's own uses.
    """
    if table == "screen" and not of_ours:
        return True
    return any(matches(place, key) for place in places if not (of_ours and ANY_NAME in place.key))


def _examples(names: Iterable[str]) -> list[str]:
    """Return names that a user may have meant: ``piece-1`` for ``piece-{k}``."""
    return [re.sub(r"\{[^{}]*\}", "1", name) for name in names]


def matches(place: Asked, key: str) -> bool:
    """Return whether the call ``place`` asks for ``key`` or falls back to it, as ``piece-{k}`` to ``piece``."""
    return any(re.fullmatch(name, key) for name in (place.key, NUMBER.sub("", place.key)))


def _lines_of_numbered(key: str, templates: Mapping[str, list[str]], places: list[Asked]) -> list[str]:
    """Return our lines of ``piece`` for the key ``piece-3``, if the source asks for ``piece-{k}``; else []."""
    general = general_name(key)
    asked = any(
        re.fullmatch(place.key.removesuffix(end), f"{general}-")
        for place in places
        for end in (ANY_NAME, ANY_NUMBER)
        if place.key.endswith(end)
    )
    return templates.get(general, []) if asked and general != key else []


def _wrong_field(text: str, lines: list[str], places: list[Asked]) -> str:
    """Return what is wrong with the fields of ``text``; "" if nothing is.

    They may be those of our ``lines`` of the same beat, and those that the source names. If the source names not all of
    them, or not the beat, and there are no lines of ours, every field may be there.
    """
    try:
        wanted = fields_of(text)
    except ValueError as error:
        return f"cannot be filled in: {error}"
    for name, form, conversion in _forms(text):
        if fault := _fault_of_form(name, form, conversion):
            return f"cannot be filled in: {fault}"
    if not lines and (not places or any(place.more for place in places)):
        return ""
    given = dict.fromkeys(name for line in lines for name in fields_of(line))
    given |= dict.fromkeys(name for place in places for name in sorted(place.fields))
    unknown = [name for name in wanted if name not in given]
    if not unknown:
        return ""
    return f"wants {{{unknown[0]}}}, and the scene gives {', '.join(given) or 'no fields'}"


def _forms(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield name with attributes, form and conversion of each field of a text. Skips forms that have fields inside."""
    for _, name, form, conversion in Formatter().parse(text):
        if name is not None and "{" not in (form or ""):
            yield name, form or "", conversion or ""


def _fault_of_form(name: str, form: str, conversion: str) -> str:
    """Return the error that every value of a scene raises in this form; "" if one can be written."""
    inside = name[len(re.split(r"[.\[]", name)[0]) :]
    field = f"{{0{inside}{'!' if conversion else ''}{conversion}:{form}}}"
    for value in PROBES:
        try:
            field.format(value)
        except (ValueError, KeyError, IndexError, AttributeError, TypeError) as error:
            fault = f"{{{name}:{form}}}: {error}" if form else f"{{{name}}}: {error}"
        else:
            return ""
    return fault


def _templates(ours: Narration, scene: str, table: str) -> dict[str, list[str]]:
    """Return our lines of a scene in all languages, neutral ones included, by beat or word."""
    lines_by_key: dict[str, list[str]] = {}
    for scenes in ours.scenes.values():
        for name in (table, NEUTRAL) if table == "beats" else (table,):
            for key, text in scenes.get(scene, {}).get(name, {}).items():
                lines_by_key.setdefault(key, []).append(text)
    return lines_by_key


def _asked_in(scene_class: ClassSource) -> Iterator[Asked]:
    counters = loop_counters(scene_class.node)
    for call in ast.walk(scene_class.node):
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in METHODS):
            continue
        if not (isinstance(call.func.value, ast.Name) and call.func.value.id == "self"):
            continue
        table, argument = METHODS[call.func.attr]
        named = call.args[:1] or [keyword.value for keyword in call.keywords if keyword.arg == argument]
        given = {keyword.arg for keyword in call.keywords}
        said = table == "beats" and ("say" in given or len(call.args) > 1)
        fields = frozenset(name for name in given - {argument, *BEAT_PARAMETERS} if name is not None)
        for written in named:
            for branch in branches(written):
                pattern = name_pattern(branch, counters)
                is_known = pattern.replace(ANY_NAME, "") != ""
                yield Asked(table, pattern, name_as_written(branch) if is_known else "", fields, None in given, said)
