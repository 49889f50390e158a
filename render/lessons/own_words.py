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

from gradreel.core.errors import UserError, abbreviated_list, printable
from gradreel.render.lessons.misspelt_marks import READ_AS_TEXT, misspelt_marks, texts_in_brackets
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
PROBES = (Count(3), "text", 2.5, Duration(3.0))  # one value of each type that fills a line
NUMBER = re.compile(r"\\-(\d+|\.\*|\\d\+)$")  # the number at the end of a pattern


@dataclass(frozen=True)
class WordRequest:
    """A call in a scene's source that asks for words."""

    table: str  # "beats" or "screen"
    pattern: str  # regular expression of the name: ``piece-{k}`` is "piece\\-.*"
    written: str  # the name as in the source; "" for a computed name
    fields: frozenset[str]  # fields that the call fills
    has_open_fields: bool  # the call also fills fields that the source does not name: ``**values``
    has_line: bool  # the line itself is in the source: ``say=``


def check_words(words: OwnWords, sources: Collection[SceneSource], scenes_of_ours: KnownScenes = find_scenes) -> None:
    """Raise UserError unless all ``words`` belong to our scenes or to ``sources``: one line for each problem.

    A problem is an unknown scene, beat or field, or a beat of a user's scene without a line.
    """
    ours = Narration.load()
    sources_by_name = {source.name: source for source in (*scenes_of_ours(), *sources)}
    sections = {*sources_by_name, *(scene for scenes in ours.scenes.values() for scene in scenes)}
    problems = []
    for language, scenes in words.scenes.items():
        for scene, tables in scenes.items():
            if scene not in sections:
                nearest = get_close_matches(scene, sorted(sections), n=1, cutoff=0.5)
                hint = (
                    f"did you mean {nearest[0]}?"
                    if nearest
                    else f"this lesson has {', '.join(sorted(sources_by_name))}"
                )
                problems.append(f"[{language}.{scene}]: there is no such scene; {hint}")
                continue
            requests = word_requests(sources_by_name[scene]) if scene in sources_by_name else []
            faults = list(_faults_of_scene_words(scene, tables, ours, requests))
            if scene in sources_by_name:
                faults += [
                    f"it has no line for beat {beat!r}"
                    for beat in _beats_without_line(sources_by_name[scene], tables, ours)
                ]
            awaited = (
                awaited_marks(sources_by_name[scene])
                if scene in sources_by_name and not _our_lines_of_scene(ours, scene, "beats")
                else None
            )
            faults += _wrong_marks(scene, language, words, ours, awaited)
            problems += [f"[{language}.{scene}]: {fault}" for fault in faults]
    for source in dict.fromkeys(sources):
        if not source.is_ours and not words.has(source.name) and not narrated_as(source, ours):
            problems += [f"there is no [en.{source.name}.beats]: beat {beat!r} has no line, and the scene says none"
                         for beat in _beats_without_line(source, {}, ours)]  # fmt: skip
    if problems:
        raise UserError("\n".join(f"{words.file}: {problem}" for problem in problems))


def left_in_other_languages(
    words: OwnWords, scenes: Collection[str], languages: Collection[str] = tuple(LANGUAGES)
) -> list[str]:
    """Return a message for each of ``scenes`` whose beats are changed in only some of ``languages``.

    The other languages keep our lines, so the subtitles of one video would disagree.
    """
    ours = Narration.load(languages)
    messages = []
    for scene in scenes:
        changed = {language: words.scenes.get(language, {}).get(scene, {}).get("beats", {}) for language in ours.scenes}
        for language, tables in ours.scenes.items():
            kept = tables.get(scene, {}).get("beats", {})
            changed_somewhere = dict.fromkeys(beat for lines in changed.values() for beat in lines)
            unchanged = [
                beat
                for beat in changed_somewhere
                if beat not in changed[language] and (beat in kept or general_name(beat) in kept)
            ]
            if unchanged:
                messages.append(
                    f"{words.file}: [{language}.{scene}.beats] has no {', '.join(unchanged)}, changed in another"
                    f" language: the subtitles in {language} keep our line"
                )
    return messages


def marks_placed(words: OwnWords, scenes: Collection[str], languages: Collection[str] = tuple(LANGUAGES)) -> str:
    """Return a message that names the lines of ``scenes`` without some mark of another language; "" for none."""
    lacking: dict[str, list[str]] = {}
    for scene in scenes:
        lines = {code: tables[scene].get("beats", {}) for code, tables in words.scenes.items() if scene in tables}
        for language, lines_by_beat in lines.items():
            for beat, line in lines_by_beat.items() if language in languages else ():
                marks = cut(line)[1]
                if any(set(cut(other.get(beat, ""))[1]) - set(marks) for other in lines.values()):
                    lacking.setdefault(language, []).append(f"{scene}/{beat}")
    places = "; ".join(f"in {language} of {abbreviated_list(beats)}" for language, beats in lacking.items())
    return f"{words.file}: marks that another language has are placed in proportion: {places}" if places else ""


def brackets_as_text(words: OwnWords, sources: Collection[SceneSource], languages: Collection[str]) -> str:
    """Return a message that names lines of ``sources`` with a bracket that is no mark, where the picture waits for one.

    Returns "" if there is no such line.
    """
    ours = Narration.load(languages)
    shown: list[str] = []
    for source in dict.fromkeys(sources):
        awaited = awaited_marks(source)
        for language in languages:
            tables = words.scenes.get(language, {}).get(source.name, {})
            for beat, line in [item for table in ("beats", SPOKEN) for item in tables.get(table, {}).items()]:
                if _unplaced_marks(source.name, beat, line, words, ours, awaited):
                    shown += [f"{printable(text)} in {source.name}/{beat}" for text in texts_in_brackets(line)]
    return f"{words.file}: {READ_AS_TEXT}: {abbreviated_list(list(dict.fromkeys(shown)))}" if shown else ""


def unsure_lines(request: SceneRequest, narrated_as: str) -> list[str]:
    """Return the beats with lines of the user's that only playing the scene can find; [] for a range of beats.

    These are numbered beats, such as ``piece-9``, and names that a user's scene computes. ``narrated_as``: the scene
    whose words it uses.
    """
    words, settings, source = request.words, request.settings, request.source
    if words is None or settings.first_beat is not None or settings.last_beat is not None:
        return []
    lines = dict.fromkeys(
        beat
        for scenes in words.scenes.values()
        for table in ("beats", SPOKEN, NEUTRAL)
        for beat in scenes.get(narrated_as, {}).get(table, {})
    )
    written = {each.written for each in word_requests(source)} if lines and not source.is_ours else {*lines}
    return [beat for beat in lines if general_name(beat) != beat or beat not in written]


def never_said(request: SceneRequest, narrated_as: str, beats: Collection[str] | None) -> str:
    """Return a message that names `unsure_lines` of beats that the scene lacks, such as ``piece-9``; "" for none.

    ``beats``: the beats that the scene plays; None while they are unknown, because a run is not recorded yet.
    """
    lines = unsure_lines(request, narrated_as)
    if not lines or request.words is None:
        return ""
    if beats is None:
        return (
            f"{request.words.file}: whether {request.name} says {', '.join(lines)} is known once its runs are trained"
        )
    said = {*beats, *map(general_name, beats)}
    unsaid = [beat for beat in lines if beat not in said]
    if not unsaid:
        return ""
    general_names = {general_name(beat) for beat in unsaid}
    similar = [beat for beat in beats if general_name(beat) in general_names]
    similar = similar if general_names <= {*map(general_name, similar)} else list(beats)
    return (
        f"{request.words.file}: {request.name} never says {', '.join(unsaid)};"
        f" with these parameters it has {', '.join(similar)}"
    )


def awaited_marks(source: SceneSource) -> set[str] | None:
    """Return the marks of a scene's ``self.until("mark")`` calls; None if its source computes some of them."""
    definition = module_source(source.file).find_class(source.class_name)
    marks: set[str] = set()
    for scene_class in definition.ancestry if definition is not None else []:
        for call in ast.walk(scene_class.node):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "until":
                for mark in call.args[:1]:
                    if not isinstance(mark, ast.Constant):
                        return None
                    marks.add(str(mark.value))
    return marks


def word_requests(source: SceneSource) -> list[WordRequest]:
    """Return every ``self.beat(...)`` and ``self.screen(...)`` call of a scene, inherited ones included."""
    definition = module_source(source.file).find_class(source.class_name)
    classes = definition.ancestry if definition is not None else []
    return [request for scene_class in classes for request in _requests_in(scene_class)]


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


def _faults_of_scene_words(
    scene: str, tables: Mapping[str, Any], ours: Narration, requests: list[WordRequest]
) -> Iterator[str]:
    """Yield the faults of a scene's words in one language."""
    for table in (*TABLES, SPOKEN):
        own = tables.get(table, {})
        printed = "screen" if table == "screen" else "beats"
        templates = _our_lines_of_scene(ours, scene, printed)
        in_table = [request for request in requests if request.table == printed]
        for key, text in own.items():
            lines = [*templates.get(key, ()), *_lines_of_numbered(key, templates, in_table)]
            matching = [request for request in in_table if matches(request, key)]
            if lines or _is_requested(key, table, in_table, of_ours=bool(templates)):
                wrong = _wrong_field(text, lines, matching)
                named = [request for request in matching if request.written]
                if named and all(request.has_line for request in named):
                    yield f"beat {key!r} has its line in the scene's source (say=…); change it there"
                elif wrong:
                    yield f"{KINDS[table]} {key!r} {wrong}"
            else:
                valid = dict.fromkeys([*templates, *(request.written for request in in_table if request.written)])
                nearest = get_close_matches(key, _examples_of_names(valid), n=1, cutoff=0.6)
                hint = f"; did you mean {nearest[0]}?" if nearest else ""
                yield f"{scene} has no {KINDS[table]} {key!r}; it has {', '.join(valid) or 'none'}{hint}"


def _wrong_marks(
    scene: str, language: str, words: OwnWords, ours: Narration, awaited: set[str] | None
) -> Iterator[str]:
    """Yield the faults of the marks of a scene's words in one language.

    A line that replaces one of ours may have only the marks of ours. In a user's scene, a mark is wrong only if it
    resembles one of the ``awaited`` marks.
    """
    tables = words.scenes[language][scene]
    for table in ("beats", SPOKEN):
        for beat, text in tables.get(table, {}).items():
            marks = cut(text)[1]
            marks_of_ours = [cut(line)[1] for line in _lines_of_ours(ours, scene, beat)]
            marks_of_others = marks_of_ours + [cut(line)[1] for line in _own_lines(words, scene, beat)]
            allowed = dict.fromkeys(mark for line_marks in marks_of_ours for mark in line_marks)
            where = f"{KINDS[table]} {beat!r}"
            if len(set(marks)) < len(marks):
                yield f"{where}: a mark comes twice ({', '.join(marks)}); give each its own name"
                continue
            unplaced = _unplaced_marks(scene, beat, text, words, ours, awaited)
            for written, mark in misspelt_marks(text, unplaced):
                yield f"{where}: the picture waits for [{mark}], and {written} is read as text; did you mean [{mark}]?"
            for mark in marks:
                wanted = list(allowed) or sorted((awaited or set()) - set(marks))
                nearest = get_close_matches(mark, wanted, n=1, cutoff=0.6)
                if mark not in allowed and (allowed or (awaited is not None and mark not in awaited and nearest)):
                    hint = f"did you mean [{nearest[0]}]?" if nearest else "leave it out"
                    has = ", ".join(f"[{name}]" for name in wanted)
                    yield f"{where}: the picture waits for {has}, not for [{mark}]; {hint}"
            for other in marks_of_others:
                try:
                    merged_marks([other, marks])
                except MarkOrderError:
                    yield (
                        f"{where}: its marks come in the order {', '.join(marks)}, and in another line of this beat in"
                        f" the order {', '.join(other)}; write them in one order, or leave them out"
                    )
                    break


def _unplaced_marks(
    scene: str, beat: str, line: str, words: OwnWords, ours: Narration, awaited: Collection[str] | None
) -> list[str]:
    """Return the marks that ``line`` lacks of those in other lines of its beat or, without any of ours, ``awaited``."""
    ours_lines = _lines_of_ours(ours, scene, beat)
    wanted = {mark for other in (*ours_lines, *_own_lines(words, scene, beat)) for mark in cut(other)[1]}
    if not ours_lines:
        wanted |= set(awaited or ())
    return sorted(wanted - set(cut(line)[1]))


def _own_lines(words: OwnWords, scene: str, beat: str) -> Iterator[str]:
    """Yield the user's lines of a beat, printed and spoken, in all languages."""
    for scenes in words.scenes.values():
        for table in ("beats", SPOKEN):
            if (line := scenes.get(scene, {}).get(table, {}).get(beat)) is not None:
                yield line


def _lines_of_ours(ours: Narration, scene: str, beat: str) -> list[str]:
    """Return our lines of a beat in all languages, with neutral ones; ``piece-3`` falls back to ``piece``."""
    lines_of_beat = []
    for scenes in ours.scenes.values():
        for table in ("beats", NEUTRAL):
            lines = scenes.get(scene, {}).get(table, {})
            line = lines.get(beat, lines.get(general_name(beat)))
            lines_of_beat += [line] if line is not None else []
    return lines_of_beat


def _beats_without_line(source: SceneSource, tables: Mapping[str, Any], ours: Narration) -> list[str]:
    """Return the beats of a user's scene, as written, that have no line in one language; [] for our scenes."""
    if source.is_ours:
        return []
    played = beat_names(source)
    needed = [each for each in word_requests(source) if each.table == "beats" and each.written in played]
    lines = (*_our_lines_of_scene(ours, source.name, "beats"), *tables.get("beats", {}))
    missing = (each for each in needed if not each.has_line and not any(matches(each, key) for key in lines))
    return list(dict.fromkeys(each.written for each in missing))


def narrated_as(source: SceneSource, narration: Narration) -> str:
    """Return the name of the scene whose words it uses: its own, or the nearest base class's that has words.

    Returns "" if ``narration`` has words for none of them. Reads the source without importing it;
    `LectureScene.narrated_as` does the same for an imported class.
    """
    definition = module_source(source.file).find_class(source.class_name)
    ancestry = definition.ancestry if definition is not None else []
    names = [kebab_name(scene_class.node.name) for scene_class in ancestry]
    return next((name for name in names if any(name in scenes for scenes in narration.scenes.values())), "")


def _is_requested(key: str, table: str, requests: list[WordRequest], *, of_ours: bool) -> bool:
    """Return whether the source asks for ``key``, or may ask for it.

    In a user's scene, a computed name may be any name, and a helper may ask for any screen text. Our scenes have all
    their names in our files.
    """
    if table == "screen" and not of_ours:
        return True
    return any(matches(request, key) for request in requests if not (of_ours and ANY_NAME in request.pattern))


def _examples_of_names(names: Iterable[str]) -> list[str]:
    """Return examples of names: ``piece-1`` for ``piece-{k}``."""
    return [re.sub(r"\{[^{}]*\}", "1", name) for name in names]


def matches(request: WordRequest, key: str) -> bool:
    """Return whether a call asks for ``key`` or falls back to it, as ``piece-{k}`` to ``piece``."""
    return any(re.fullmatch(pattern, key) for pattern in (request.pattern, NUMBER.sub("", request.pattern)))


def _lines_of_numbered(key: str, templates: Mapping[str, list[str]], requests: list[WordRequest]) -> list[str]:
    """Return our lines of ``piece`` for the key ``piece-3``, if the source asks for ``piece-{k}``; else []."""
    general = general_name(key)
    is_requested = any(
        re.fullmatch(request.pattern.removesuffix(end), f"{general}-")
        for request in requests
        for end in (ANY_NAME, ANY_NUMBER)
        if request.pattern.endswith(end)
    )
    return templates.get(general, []) if is_requested and general != key else []


def _wrong_field(text: str, lines: list[str], requests: list[WordRequest]) -> str:
    """Return the first fault of the fields of ``text``; "" for none.

    Allowed are the fields of our ``lines`` of the same beat, and those that the ``requests`` name. Without lines of
    ours, any field is allowed if a request has open fields or if there is no request.
    """
    try:
        wanted = fields_of(text)
    except ValueError as error:
        return f"cannot be filled in: {error}"
    for name, form, conversion in _fields_with_forms(text):
        if fault := _fault_of_form(name, form, conversion):
            return f"cannot be filled in: {fault}"
    if not lines and (not requests or any(request.has_open_fields for request in requests)):
        return ""
    allowed = dict.fromkeys(name for line in lines for name in fields_of(line))
    allowed |= dict.fromkeys(name for request in requests for name in sorted(request.fields))
    unknown = [name for name in wanted if name not in allowed]
    if not unknown:
        return ""
    return f"wants {{{unknown[0]}}}, and the scene gives {', '.join(allowed) or 'no fields'}"


def _fields_with_forms(text: str) -> Iterator[tuple[str, str, str]]:
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


def _our_lines_of_scene(ours: Narration, scene: str, table: str) -> dict[str, list[str]]:
    """Return our lines of a scene in all languages, neutral ones included, by beat or word."""
    lines_by_key: dict[str, list[str]] = {}
    for scenes in ours.scenes.values():
        for name in (table, NEUTRAL) if table == "beats" else (table,):
            for key, text in scenes.get(scene, {}).get(name, {}).items():
                lines_by_key.setdefault(key, []).append(text)
    return lines_by_key


def _requests_in(scene_class: ClassSource) -> Iterator[WordRequest]:
    """Yield the calls in the body of one class that ask for words."""
    counters = loop_counters(scene_class.node)
    for call in ast.walk(scene_class.node):
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in METHODS):
            continue
        if not (isinstance(call.func.value, ast.Name) and call.func.value.id == "self"):
            continue
        table, argument = METHODS[call.func.attr]
        named = call.args[:1] or [keyword.value for keyword in call.keywords if keyword.arg == argument]
        keywords = {keyword.arg for keyword in call.keywords}
        has_line = table == "beats" and ("say" in keywords or len(call.args) > 1)
        fields = frozenset(name for name in keywords - {argument, *BEAT_PARAMETERS} if name is not None)
        for written in named:
            for branch in branches(written):
                pattern = name_pattern(branch, counters)
                is_named = pattern.replace(ANY_NAME, "") != ""
                name = name_as_written(branch) if is_named else ""
                yield WordRequest(table, pattern, name, fields, None in keywords, has_line)
