"""Collects the inputs of a result that are known before it is made, as plain data. Their digest is the result's key.

Results are a scene's description, its spoken words, and its clip. The files that a scene reads are known only after it
was played: `file_tracker` records them, and `dependencies` stores them with the result.

Not tracked, so a change of these makes nothing stale: environment variables, the time of day, and system fonts of
Manim's `Text`. Nor are hidden files, files that the scene writes itself, and files opened by C libraries or by other
processes. A scene that only asks whether a file exists (``Path("photo.png").exists()``) does not depend on it.
Parameters and ``asset("…")`` are tracked.
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
from gradreel.render.clips.file_digest import short_hash, shorten_checksum
from gradreel.render.clips.ownership import PACKAGE
from gradreel.render.stages import SceneDescription, SceneRequest
from gradreel.scenes.catalog import SceneSource
from gradreel.scenes.trace_folder import TraceFolder
from gradreel.scenes.words.narration import Narration, NarrationError


def description_parts(request: SceneRequest) -> dict[str, Any]:
    """Return the inputs of a scene's description, without the files that are read for it."""
    parameters = {**request.parameters, **request.changes}
    parts = {
        "result": "description",
        **toolchain.toolchain_parts(),
        **_scene_parts(request.source),
        "parameters": without_large_tables(request.parameters),
        "data": without_large_tables(request.data),
        "curve": request.curve,
        "changes": without_large_tables(request.changes),
        "experiments": {name: experiment.described() for name, experiment in request.experiments.items()},
        "traces": {name: _checksum_of_trace(value) for name, value in parameters.items() if isinstance(value, str)},
    }
    parts["sections"] = _narration_sections(request)  # a scene without words of its own has those of its base class
    return parts


def words_parts(request: SceneRequest, narrated_as: str, traces: Mapping[str, str]) -> dict[str, Any]:
    """Return the inputs of a scene's words, without the lines and the files that are read while it is played.

    ``request`` must have checked parameters. ``traces``: by parameter, the digests of recorded runs.
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
    """Return the inputs of a clip, without the lines of its beats and the files that are read while it is played.

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


def refreshed_parts(parts: Mapping[str, Any], request: SceneRequest) -> dict[str, Any]:
    """Return the parts of a planned clip with the current toolchain and current digests of named traces."""
    values = {name: request.parameters.get(name) for name in parts["traces"]}
    checksums = {name: _checksum_of_trace(value) for name, value in values.items() if isinstance(value, str)}
    traces = {name: shorten_checksum(checksum) for name, checksum in checksums.items() if checksum is not None}
    return {**parts, **toolchain.toolchain_parts(), "traces": parts["traces"] | traces}


def with_speech(request: SceneRequest) -> dict[str, Any]:
    """Return ``{"speech": …}`` with the seconds of the request's spoken lines by beat; {} if nothing is spoken."""
    speech = {beat: list(seconds) for beat, seconds in request.speech.items()}
    return {"speech": speech} if speech else {}


def _narration_sections(request: SceneRequest) -> list[str]:
    """Return the names of the narration's sections in all languages; [] if its files are invalid.

    The plan reports invalid files.
    """
    try:
        words = Narration.load().with_words(request.words)
    except NarrationError:
        return []
    return sorted({section for scenes in words.scenes.values() for section in scenes})


def _scene_parts(source: SceneSource) -> dict[str, str]:
    """Return class and file of a scene. A user's file counts by its name alone, so that a project can be moved."""
    ours = f"{PACKAGE}/{source.file.relative_to(PACKAGE_FOLDER).as_posix()}" if source.is_ours else ""
    return {"class": source.class_name, "file": ours or source.file.name}


# -- traces ------------------------------------------------------------------------------------------------------------


def trace_digest(trace: Path) -> str:
    """Return the digest of a trace's metadata file, by which a clip identifies the trace. Raises OSError."""
    return short_hash((trace / META).read_bytes())


def named_trace_folders(request: SceneRequest) -> list[Path]:
    """Return the trace folders that parameters name. Clips track their checksums, not their single files."""
    texts = [value for value in {**request.parameters, **request.changes}.values() if isinstance(value, str)]
    return [TraceFolder(text).path for text in texts if _checksum_of_trace(text) is not None]


def _checksum_of_trace(text: str) -> str | None:
    """Return the checksum of the trace in the folder ``text``; None if ``text`` names no trace.

    Only the scene's class knows which parameters name folders, so every text is tried.
    """
    try:
        return TraceFolder(text).checksum
    except (TraceError, OSError, ValueError):
        return None


def languages_of(request: SceneRequest) -> tuple[str, ...]:
    """Return the languages that the clip's lines are needed in."""
    return (*request.settings.subtitle_languages, request.settings.language)
