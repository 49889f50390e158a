"""Finds out what scenes define: parameters, runs and beats, from the cache or from their classes.

The classes need Manim, so only a worker process can read them, see `frames.describe`.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import Any

from gradreel.core.errors import UserError
from gradreel.render.clips.beat_range import is_lecture_scene
from gradreel.render.clips.dependencies import Dependencies, find_result, store_result
from gradreel.render.clips.file_digest import announce_files, cached_file_states, file_of
from gradreel.render.clips.fingerprint import description_parts, languages_of
from gradreel.render.clips.workspace import Folders, Workspace
from gradreel.render.speech import keep_words
from gradreel.render.stages import SceneDescription, SceneRequest
from gradreel.render.workers.pool import Workers, listeners_of
from gradreel.render.workers.progress import Reporter
from gradreel.scenes.words.narration import Narration
from pydantic import TypeAdapter, ValidationError

_DESCRIPTIONS = TypeAdapter(SceneDescription)


def inspect(
    requests: Sequence[SceneRequest], folders: Folders, workers: Workers, listen_with: Reporter | None = None
) -> list[SceneDescription]:
    """Return the descriptions of ``requests``, from the cache or from workers; a `Workspace` caches new ones.

    With ``listen_with`` and a `Workspace`, a worker also plays a scene that is not cached, if its runs are recorded.
    The scene's words are then cached, and the reporter shows progress. Raises UserError for an invalid parameter.
    """
    with cached_file_states():
        descriptions = [cached_description(folders.inspections, request) for request in requests]
    uncached = [request for request, description in zip(requests, descriptions, strict=True) if description is None]
    reporter = listen_with if isinstance(folders, Workspace) else None
    visits = [_describe_in_worker(request, workers, reporter) for request in uncached]
    # While the workers import Manim, this process does work that later stages need anyway
    if visits:
        import gradreel.render.videos.video  # noqa: F401  (it loads PyAV)
    with suppress(UserError):  # the plan loads it again and reports the error
        Narration.load(languages_of(requests[0]) if requests else ())
    answers = iter([future.result() for future in visits])
    for index, request in enumerate(requests):
        if descriptions[index] is None:
            description, dependencies, words = next(answers)
            if reporter is not None:
                reporter.end(request.name)
            announce_files(file_of(name, request.source) for name in dependencies.files)
            descriptions[index] = description
            if isinstance(folders, Workspace):
                keep_description(folders, request, description, dependencies)
                if words is not None:
                    keep_words(folders, *words)
    return [description for description in descriptions if description is not None]


def _describe_in_worker(request: SceneRequest, workers: Workers, reporter: Reporter | None) -> Future[Any]:
    """Have a worker describe a scene; with a ``reporter``, it also plays a lecture scene to collect its words."""
    timeout = request.settings.timeout
    if reporter is None or not is_lecture_scene(request.source):
        return workers.submit("visit", request, False, timeout=timeout)
    listeners = listeners_of(reporter, request.name, 0, "beats")
    return workers.submit("visit", request, True, listeners=listeners, timeout=timeout)


def keep_description(
    workspace: Workspace, request: SceneRequest, description: SceneDescription, dependencies: Dependencies
) -> None:
    """Cache a scene's description for the next command."""
    content = _DESCRIPTIONS.dump_python(description, mode="json")
    store_result(workspace, workspace.inspections, description_parts(request), dependencies, content)


def cached_description(folder: Path, request: SceneRequest) -> SceneDescription | None:
    """Return the scene's cached description; None if there is none, it is stale, or it is damaged."""
    kept = find_result(folder, description_parts(request), request.source)
    with suppress(ValidationError):
        if kept is not None and (description := _DESCRIPTIONS.validate_python(kept[0])).name == request.name:
            return description
    return None
