"""What a clip depends on, as plain data; the digest of that is the clip's name.

In this order: what draws it (`toolchain`), the scene's code and the files that it names, the versions of the libraries
that it imports, its parameters, its traces, the time that its lines are spoken, or read, and the words on its picture,
and the settings. Which files a scene opens shows only when it is played: `file_tracker` notes them in the clip's
description.

Not seen, so that a change of it makes no clip again: variables of the environment; the time of day; system fonts of
Manim's `Text`; files that other libraries than Python's or other processes open, hidden ones, those that the scene
writes itself, and whether one is there that it only asks for (``Path("photo.png").exists()``). A parameter counts, and
so does ``asset("…")``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from string import Formatter
from typing import Any

from gradreel.core.errors import TraceError
from gradreel.core.run_data import without_large_tables
from gradreel.core.trace.format import META
from gradreel.render.clips import toolchain
from gradreel.render.clips.file_digest import content_digest, short_hash, shortened
from gradreel.render.clips.import_graph import code_files, imported_file, one_moment, source_of
from gradreel.render.clips.memo_cache import remember
from gradreel.render.clips.ownership import PACKAGE, is_ours, name_of
from gradreel.render.settings import RenderSettings
from gradreel.render.stages import SceneDescription, SceneRequest
from gradreel.scenes.assets import asset_file
from gradreel.scenes.catalog import SceneSource
from gradreel.scenes.trace_folder import TraceFolder
from gradreel.scenes.words.marks import cut
from gradreel.scenes.words.narration import NEUTRAL, Narration
from gradreel.scenes.words.subtitle_timing import reading_seconds

FORMAT_VERSION = 4  # of clips and of their descriptions


def clip_path(folder: Path, parts: Mapping[str, Any], settings: RenderSettings) -> Path:
    """Where a clip made of ``parts`` lies, under its digest; a folder of pictures for png."""
    return folder / f"{_digest(parts)}{settings.suffix}"


def common_parts() -> dict[str, Any]:
    """What all clips are made of."""
    return {"format": FORMAT_VERSION, **toolchain.toolchain_parts()}


def parts_of(
    request: SceneRequest, description: SceneDescription, traces: Mapping[str, str], words: Narration
) -> dict[str, Any]:
    """What the clip of ``request`` is made of, besides that. Raises NarrationError for a title that is missing."""
    # Raises where there is none: before anything is made
    words.title(description.name, request.settings.language, request.source.is_ours)
    whose = description.narrated_as or description.name
    return {
        "scene": description.name,
        "class": request.source.class_name,
        **_source_parts(request.source),
        "parameters": without_large_tables(description.parameters),
        "traces": traces,
        "narration": narration_part(request, whose, words) if description.is_lecture_scene else {},
        "settings": request.settings.of_frames(),
        **({"ground": request.ground} if request.ground and not description.is_lecture_scene else {}),
    }


def parts_now(parts: Mapping[str, Any], request: SceneRequest) -> dict[str, Any]:
    """``parts`` of a planned clip, with what is read from files as it is now: a file may be newer than the plan."""
    narrated = parts["narration"]
    if narrated:
        words = Narration.load(languages_of(request)).with_words(request.words)
        narrated = narration_part(request, narrated["words"], words)
    given = {name: value for name, value in request.parameters.items() if name in parts["traces"]}
    checksums = {name: _checksum_of_trace(value) for name, value in given.items() if isinstance(value, str)}
    traces = parts["traces"] | {
        name: shortened(checksum) for name, checksum in checksums.items() if checksum is not None
    }
    return {**parts, **common_parts(), **_source_parts(request.source), "traces": traces, "narration": narrated}


def listening_key(parts: Mapping[str, Any], request: SceneRequest) -> str:
    """Digest of all that decides what a scene's beats say, but for the lines of the narration that are filled by it."""
    narration = {name: part for name, part in parts["narration"].items() if name in ("words", "screen", "shared")}
    chosen = {"language": request.settings.language, "seed": request.settings.seed}
    return _digest({"what": "listening", **parts, "narration": narration, "settings": chosen})


def inspection_key(request: SceneRequest, common: Mapping[str, Any]) -> str:
    """Digest of all that a scene's description depends on; ``common``: the `common_parts`."""
    said = {**request.parameters, **request.changes}
    content = {
        **common,
        "class": request.source.class_name,
        **_source_parts(request.source),
        "parameters": request.parameters,
        "data": request.data,
        "curve": request.curve,
        "changes": request.changes,
        "experiments": {name: experiment.described() for name, experiment in request.experiments.items()},
        "traces": {name: _checksum_of_trace(value) for name, value in said.items() if isinstance(value, str)},
    }
    if request.words is not None:  # a scene has the words of its base, or of its own if there are any
        content["words"] = sorted({scene for scenes in request.words.scenes.values() for scene in scenes})
    return _digest(content)


# -- code, assets, libraries -------------------------------------------------------------------------------------------


def _source_parts(source: SceneSource) -> dict[str, Any]:
    """What is read from the scene's files and found installed."""
    with one_moment():
        parts = {
            "code": code_digests(source),
            "assets": {name_of(file, source): content_digest(file) for file in _assets(source)},
            "versions": toolchain.drawing_versions() | library_versions(source),
        }
    return {name: part for name, part in parts.items() if part}


def code_digests(source: SceneSource) -> dict[str, str]:
    """Digest of each file of code that the scene is made of, by name: ours as ``gradreel/scenes/base.py``, the user's
    relative to the scene's folder. Comments and layout do not count.

    Raises SceneImportError for one that does not parse.
    """
    with one_moment():
        return {name: source_of(file).digest for name, file in code_files(source).items()}


def own_files(source: SceneSource) -> dict[str, Path]:
    """All files of the user's that the scene is made of, modules and assets, by their names relative to its folder."""
    with one_moment():
        return {name_of(file, source): file for file in (*_own_code(source), *_assets(source))}


def library_versions(source: SceneSource) -> dict[str, str]:
    """Versions of the installed libraries that the user's modules import, but for those that draw."""
    if source.is_ours:
        return {}
    with one_moment():
        names = {name.partition(".")[0] for file in _own_code(source) for name in source_of(file).imports}
        known = {"", PACKAGE, *toolchain.DRAWN_WITH, *sys.stdlib_module_names}
        libraries = sorted(name for name in names - known if imported_file(name, source.file, source) is None)
    versions = {library: toolchain.module_version(library) for library in libraries}
    return {library: version for library, version in versions.items() if version is not None}


def _own_code(source: SceneSource) -> list[Path]:
    return [file for file in code_files(source).values() if not is_ours(file)]


def _assets(source: SceneSource) -> list[Path]:
    """Files that the scene's own modules name by ``asset("…")``. Raises AssetError for one that is not there."""
    return [asset_file(file, name) for file in _own_code(source) for name in source_of(file).assets]


# -- traces ------------------------------------------------------------------------------------------------------------


def trace_digest(trace: Path) -> str:
    """What a clip knows the recorded trace of an experiment by. Raises OSError."""
    return short_hash((trace / META).read_bytes())


def _checksum_of_trace(text: str) -> str | None:
    """The checksum of the trace whose folder ``text`` is; None for a text that is something else.

    Which parameters hold folders only the scene's class knows.
    """
    try:
        return TraceFolder(text).checksum
    except (TraceError, OSError, ValueError):
        return None


# -- narration ---------------------------------------------------------------------------------------------------------


def narration_part(request: SceneRequest, whose: str, narration: Narration) -> dict[str, Any]:
    """How long lines are spoken, or read, and words on the screen: a corrected word of the same length changes nothing.

    ``whose``: the section with the scene's words. Words that its code takes from other sections count, too.
    """
    language = request.settings.language
    lines = {code: _lines(narration.scenes[code].get(whose, {})) for code in sorted(narration.languages)}
    parts: dict[str, Any] = {
        "words": whose,
        "marks": {beat: marks for beat, line in lines[language].items() if (marks := list(cut(line)[1]))},
        "screen": narration.scenes[language].get(whose, {}).get("screen", {}),
    }
    if request.speech:
        parts["speech"] = {beat: list(seconds) for beat, seconds in request.speech.items()}
    else:
        parts["seconds"] = {
            code: {beat: seconds_of(cut(line)[0], code) for beat, line in of_beats.items()}
            for code, of_beats in lines.items()
        }
        parts["fields"] = {code: _fields(of_beats) for code, of_beats in lines.items()}
    shared = _shared_words(request, narration)
    return parts | ({"shared": shared} if shared else {})


def _lines(words: Mapping[str, Any]) -> dict[str, str]:
    """All lines of a scene by beat, and its neutral ones."""
    neutral = words.get(NEUTRAL, {})
    return {**words.get("beats", {}), **{f"{beat}, {NEUTRAL}": line for beat, line in neutral.items()}}


def _shared_words(request: SceneRequest, narration: Narration) -> dict[str, Any]:
    """Words on the screen in the sections of others that the scene's code asks for."""
    words, sections = narration.scenes[request.settings.language], screen_words(request.source)
    return {name: words.get(name, {}).get("screen", {}) for name in (words if "" in sections else sections)}


def screen_words(source: SceneSource) -> list[str]:
    """The sections of the narration that the scene's code takes words on the screen from, besides its own, in order.

    Section "" stands for every one: its name is computed.
    """
    with one_moment():
        return sorted({section for file in code_files(source).values() for section in source_of(file).words})


def _fields(lines: Mapping[str, str]) -> dict[str, list[str]]:
    """What is filled into each line, and in which form: that decides how long it is."""
    found = {}
    for beat, line in lines.items():
        try:
            fields = [f"{name}:{form}" for _, name, form, _ in Formatter().parse(line) if name is not None]
        except ValueError:  # braces that do not close: whoever fills it says so
            fields = [line]
        if fields:
            found[beat] = fields
    return found


def seconds_of(stretches: Sequence[str], language: str) -> list[float]:
    """Seconds that each stretch of a line takes to read, in thousandths."""
    return [
        remember(f"seconds {language}", text, lambda text=text: round(reading_seconds(text, language), 3))  # type: ignore[misc]
        for text in stretches
    ]


def languages_of(request: SceneRequest) -> tuple[str, ...]:
    """Those that the clip's lines are needed in."""
    return (*request.settings.subtitle_languages, request.settings.language)


def _digest(content: Mapping[str, Any]) -> str:
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return short_hash(canonical.encode())
