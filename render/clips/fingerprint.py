"""What is known of a result before it is made, as plain data: its digest is the key that the result is kept under.

Results are a scene's description, what it says, and its clip. Which files a scene reads shows only while it is made or
played: `file_tracker` notes them, and `dependencies` keeps them with the result.

Not seen, so that a change of it makes nothing again: variables of the environment; the time of day; system fonts of
Manim's `Text`; files that other libraries than Python's or other processes open, hidden ones, those that the scene
writes itself, and whether one is there that it only asks for (``Path("photo.png").exists()``). A parameter counts, and
so does ``asset("…")``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gradreel.core.errors import TraceError
from gradreel.core.package import PACKAGE_FOLDER
from gradreel.core.run_data import without_large_tables
from gradreel.core.trace.format import META
from gradreel.render.clips import toolchain
from gradreel.render.clips.file_digest import short_hash, shortened
from gradreel.render.clips.ownership import PACKAGE
from gradreel.render.stages import SceneDescription, SceneRequest
from gradreel.scenes.catalog import SceneSource
from gradreel.scenes.trace_folder import TraceFolder
from gradreel.scenes.words.narration import Narration, NarrationError


def description_parts(request: SceneRequest) -> dict[str, Any]:
    """Return what a scene's description depends on besides the files that are read for it."""
    said = {**request.parameters, **request.changes}
    parts = {
        "result": "description",
        **toolchain.toolchain_parts(),
        **_scene_parts(request.source),
        "parameters": without_large_tables(request.parameters),
        "data": without_large_tables(request.data),
        "curve": request.curve,
        "changes": without_large_tables(request.changes),
        "experiments": {name: experiment.described() for name, experiment in request.experiments.items()},
        "traces": {name: _checksum_of_trace(value) for name, value in said.items() if isinstance(value, str)},
    }
    parts["sections"] = _sections(request)  # a scene has the words of its base, or of its own if there are any
    return parts


def words_parts(request: SceneRequest, narrated_as: str, traces: Mapping[str, str]) -> dict[str, Any]:
    """Return what decides what a scene says, besides the files that are read while it is played, and its lines.

    ``request``: its parameters checked. ``traces``: by parameter, the digests of recorded runs.
    """
    return {
        "result": "words",
        **toolchain.toolchain_parts(),
        **_scene_parts(request.source),
        "parameters": without_large_tables(request.parameters),
        "traces": dict(traces),
        "narrated as": narrated_as,
        "settings": {"language": request.settings.language, "seed": request.settings.seed},
    }


def clip_parts(request: SceneRequest, description: SceneDescription, traces: Mapping[str, str]) -> dict[str, Any]:
    """Return what a clip depends on besides the files that are read while it is played, and the lines of its beats.

    ``traces``: by parameter, the digests of recorded runs.
    """
    is_plain = not description.is_lecture_scene
    return {
        **toolchain.toolchain_parts(),
        "scene": description.name,
        "narrated as": "" if is_plain else description.narrated_as or description.name,
        **_scene_parts(request.source),
        "parameters": without_large_tables(description.parameters),
        "traces": dict(traces),
        "settings": request.settings.of_frames(),
        **({"ground": request.ground} if request.ground and is_plain else {}),
        **with_speech(request),
    }


def parts_now(parts: Mapping[str, Any], request: SceneRequest) -> dict[str, Any]:
    """Return the parts of a planned clip with what is installed, configured and in given traces now."""
    given = {name: request.parameters.get(name) for name in parts["traces"]}
    checksums = {name: _checksum_of_trace(value) for name, value in given.items() if isinstance(value, str)}
    traces = {name: shortened(checksum) for name, checksum in checksums.items() if checksum is not None}
    return {**parts, **toolchain.toolchain_parts(), "traces": parts["traces"] | traces}


def with_speech(request: SceneRequest) -> dict[str, Any]:
    """Return the part of a clip's parts that has the times of its spoken lines; {} if nothing is spoken."""
    speech = {beat: list(seconds) for beat, seconds in request.speech.items()}
    return {"speech": speech} if speech else {}


def _sections(request: SceneRequest) -> list[str]:
    """Return the names of the narration's sections in any language; [] if its files are wrong: the plan says so."""
    try:
        words = Narration.load().with_words(request.words)
    except NarrationError:
        return []
    return sorted({section for scenes in words.scenes.values() for section in scenes})


def _scene_parts(source: SceneSource) -> dict[str, str]:
    """Return the class and its file; the file of a user by its name alone, so that a project may be moved."""
    ours = f"{PACKAGE}/{source.file.relative_to(PACKAGE_FOLDER).as_posix()}" if source.is_ours else ""
    return {"class": source.class_name, "file": ours or source.file.name}


# -- traces ------------------------------------------------------------------------------------------------------------


def trace_digest(trace: Path) -> str:
    """Return what a clip knows the recorded trace of an experiment by. Raises OSError."""
    return short_hash((trace / META).read_bytes())


def given_traces(request: SceneRequest) -> list[Path]:
    """Return the folders of traces that parameters name. They count by their checksums, not file by file."""
    texts = [value for value in {**request.parameters, **request.changes}.values() if isinstance(value, str)]
    return [TraceFolder(text).path for text in texts if _checksum_of_trace(text) is not None]


def _checksum_of_trace(text: str) -> str | None:
    """The checksum of the trace whose folder ``text`` is; None for a text that is something else.

    Which parameters hold folders only the scene's class knows.
    """
    try:
        return TraceFolder(text).checksum
    except (TraceError, OSError, ValueError):
        return None


def languages_of(request: SceneRequest) -> tuple[str, ...]:
    """Return the languages that the clip's lines are needed in."""
    return (*request.settings.subtitle_languages, request.settings.language)
