"""Checks the lines that user scenes say in place, ``say={"en": …, "zh": …}``, in their source, without playing them."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gradreel.core.errors import UserError, abbreviated_list
from gradreel.render.lessons.misspelt_marks import misspelt_marks
from gradreel.render.lessons.own_words import awaited_marks
from gradreel.scenes.catalog import SceneSource
from gradreel.scenes.scene_source import branches, module_source, name_as_written
from gradreel.scenes.words.mark_places import MarkOrderError, merged_marks
from gradreel.scenes.words.marks import cut
from gradreel.scenes.words.narration import check_language, check_marks


@dataclass(frozen=True)
class SaidLine:
    """One ``say={…}`` or ``say="…"`` of a scene; a text without a language counts as English.

    ``beat`` is the beat's name as the source has it. ``texts`` maps languages to texts; fields of f-strings read "0".
    """

    beat: str
    texts: Mapping[Any, str]


def check_said(sources: Collection[SceneSource]) -> None:
    """Raise UserError for an unknown language, marks in different orders, or a misspelt mark."""
    problems = [
        problem
        for source in dict.fromkeys(sources)
        for line in said_in_place(source)
        if (problem := _fault_of_line(f"{source.name}: beat {line.beat!r}", line, awaited_marks(source) or set()))
    ]
    if problems:
        raise UserError("\n".join(problems))


def said_marks_placed(sources: Collection[SceneSource], languages: Collection[str]) -> str:
    """Return a message that names the lines without some mark of another language; "" for none."""
    lacking: dict[str, list[str]] = {}
    for source in dict.fromkeys(sources):
        for line in said_in_place(source):
            marks = {language: set(cut(text)[1]) for language, text in line.texts.items() if language in languages}
            all_names = set().union(*marks.values())
            for language, names in marks.items():
                if names < all_names:
                    lacking.setdefault(language, []).append(f"{source.name}/{line.beat}")
    places = "; ".join(f"in {language} of {abbreviated_list(beats)}" for language, beats in lacking.items())
    return f"say=…: marks that another language has are placed in proportion: {places}" if places else ""


def said_in_place(source: SceneSource) -> Iterator[SaidLine]:
    """Yield each ``say={…}`` and ``say="…"`` in the source of a user's scene. The lecture's scenes have none."""
    definition = None if source.is_ours else module_source(source.file).find_class(source.class_name)
    for scene_class in definition.ancestry if definition is not None else []:
        for call in ast.walk(scene_class.node):
            if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "beat"):
                continue
            arguments = {keyword.arg: keyword.value for keyword in call.keywords}
            name = call.args[0] if call.args else arguments.get("name")
            say = call.args[1] if len(call.args) > 1 else arguments.get("say")
            if say is None or name is None:
                continue
            for branch in branches(say):
                texts = _literal_texts(
                    branch if isinstance(branch, ast.Dict) else ast.Dict([ast.Constant("en")], [branch])
                )
                if texts is not None:
                    yield SaidLine(name_as_written(name), texts)


def _fault_of_line(where: str, line: SaidLine, awaited: set[str]) -> str:
    """Return what is wrong with a line, as a message that begins with ``where``; "" for nothing.

    ``awaited``: the marks that the scene waits for.
    """
    if not line.texts:
        return f'{where}: say={{}} has no text; write one, or texts by language: {{"en": "It rises."}}'
    try:
        for language, text in line.texts.items():
            check_language(language, f"{where}: say: ")
            check_marks(f"{where}: say, {language}", cut(text)[1])
        merged_marks(cut(text)[1] for text in line.texts.values())
    except MarkOrderError:
        orders = "; ".join(f"{language}: {', '.join(cut(text)[1])}" for language, text in line.texts.items())
        return f"{where}: its marks differ in order ({orders}); write them in the same order in each language"
    except UserError as error:
        return str(error)
    wanted = awaited.union(*(cut(text)[1] for text in line.texts.values()))
    for language, text in line.texts.items():
        for written, mark in misspelt_marks(text, sorted(wanted - set(cut(text)[1]))):
            return f"{where}: say, {language}: {written} is read as text; did you mean [{mark}]?"
    return ""


def _literal_texts(say: ast.Dict) -> dict[Any, str] | None:
    """Return the texts of ``{"en": "…", "zh": f"…"}``, or None if one is not a literal."""
    texts = {}
    for key, value in zip(say.keys, say.values, strict=True):
        if not isinstance(key, ast.Constant):
            return None
        if isinstance(value, ast.JoinedStr):
            parts = [part.value if isinstance(part, ast.Constant) else "0" for part in value.values]
            texts[key.value] = "".join(map(str, parts))
        elif isinstance(value, ast.Constant) and isinstance(value.value, str):
            texts[key.value] = value.value
        else:
            return None
    return texts
