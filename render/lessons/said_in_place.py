"""Lines that scenes of one's own say in place, ``say={"en": …, "zh": …}``: checked in the source; nothing is played."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gradreel.core.errors import UserError, listed
from gradreel.scenes.catalog import SceneSource
from gradreel.scenes.scene_source import branches, module_source, name_as_written
from gradreel.scenes.words.mark_places import MarkOrderError, merged_marks
from gradreel.scenes.words.marks import cut
from gradreel.scenes.words.narration import check_language, check_marks


@dataclass(frozen=True)
class SaidLine:
    """One ``say={…}`` of a scene: the beat as it is written, and its texts by language, fields left out."""

    beat: str
    texts: Mapping[Any, str]


def check_said(sources: Collection[SceneSource]) -> None:
    """Raises UserError for lines that playing the scenes would refuse: an unknown language, marks in other orders."""
    problems = [
        problem
        for source in dict.fromkeys(sources)
        for line in said_in_place(source)
        if (problem := _problem(f"{source.name}: beat {line.beat!r}", line))
    ]
    if problems:
        raise UserError("\n".join(problems))


def said_marks_placed(sources: Collection[SceneSource], languages: Collection[str]) -> str:
    """Return a sentence that names the lines that lack marks of another language; "" for none."""
    placed: dict[str, list[str]] = {}
    for source in dict.fromkeys(sources):
        for line in said_in_place(source):
            marks = {language: set(cut(text)[1]) for language, text in line.texts.items() if language in languages}
            everything = set().union(*marks.values())
            for language, its in marks.items():
                if its < everything:
                    placed.setdefault(language, []).append(f"{source.name}/{line.beat}")
    told = "; ".join(f"in {language} of {listed(beats)}" for language, beats in placed.items())
    return f"say=…: marks that another language has are placed in proportion: {told}" if told else ""


def said_in_place(source: SceneSource) -> Iterator[SaidLine]:
    """Yield each ``say={…}`` of a scene of one's own that its source tells; those of ours have none."""
    found = module_source(source.file).find_class(source.class_name) if not source.is_ours else None
    for scene_class in found.ancestry if found is not None else []:
        for call in ast.walk(scene_class.node):
            if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "beat"):
                continue
            given = {keyword.arg: keyword.value for keyword in call.keywords}
            name = call.args[0] if call.args else given.get("name")
            say = call.args[1] if len(call.args) > 1 else given.get("say")
            if say is None or name is None:
                continue
            for branch in branches(say):
                if isinstance(branch, ast.Dict) and (texts := _texts(branch)) is not None:
                    yield SaidLine(name_as_written(name), texts)


def _problem(where: str, line: SaidLine) -> str:
    if not line.texts:
        return f'{where}: say={{}}: a text was needed, or texts by language: {{"en": "It rises."}}'
    try:
        for language, text in line.texts.items():
            check_language(language, f"{where}: say: ")
            check_marks(f"{where}: say, {language}", cut(text)[1])
        merged_marks(cut(text)[1] for text in line.texts.values())
    except MarkOrderError:
        orders = "; ".join(f"{language}: {', '.join(cut(text)[1])}" for language, text in line.texts.items())
        return f"{where}: its marks come in other orders ({orders}); write them in one order, or leave them out"
    except UserError as error:
        return str(error)
    return ""


def _texts(say: ast.Dict) -> dict[Any, str] | None:
    """Return the texts of ``{"en": "…", "zh": f"…"}``; None unless the source tells all of them."""
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
