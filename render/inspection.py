"""What scenes say of themselves, their parameters checked: kept from earlier, or asked of their classes.

The classes need Manim, so only a worker process can ask them, see `frames.describe`.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import Any

from gradreel.core.errors import UserError
from gradreel.render.clips.beat_range import is_lecture_scene
from gradreel.render.clips.dependencies import Dependencies, keep_result, kept_result
from gradreel.render.clips.file_digest import file_of, one_moment, watch_too
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
    """Return the descriptions of ``requests``; new ones are kept if ``folders`` are a `Workspace`.

    ``listen_with``: a scene that is visited, and whose runs are recorded, is played, too, what it says is kept, and
    this reporter is told. Raises UserError for a parameter that is wrong.
    """
    with one_moment():
        descriptions = [kept_description(folders.inspections, request) for request in requests]
    unknown = [request for request, description in zip(requests, descriptions, strict=True) if description is None]
    reporter = listen_with if isinstance(folders, Workspace) else None
    visits = [_visit(request, workers, reporter) for request in unknown]
    if visits:  # what comes next imports PyAV, best done while it waits for workers that import Manim
        import gradreel.render.videos.video  # noqa: F401
    with suppress(UserError):  # who plans asks again, and says so; meanwhile the workers look
        Narration.load(languages_of(requests[0]) if requests else ())
    visited = iter([future.result() for future in visits])
    for index, request in enumerate(requests):
        if descriptions[index] is None:
            description, dependencies, words = next(visited)
            if reporter is not None:
                reporter.end(request.name)
            watch_too(file_of(name, request.source) for name in dependencies.files)
            descriptions[index] = description
            if isinstance(folders, Workspace):
                keep_description(folders, request, description, dependencies)
                if words is not None:
                    keep_words(folders, *words)
    return [description for description in descriptions if description is not None]


def _visit(request: SceneRequest, workers: Workers, reporter: Reporter | None) -> Future[Any]:
    timeout = request.settings.timeout
    if reporter is None or not is_lecture_scene(request.source):
        return workers.submit("visit", request, False, timeout=timeout)
    listeners = listeners_of(reporter, request.name, 0, "beats")
    return workers.submit("visit", request, True, listeners=listeners, timeout=timeout)


def keep_description(
    workspace: Workspace, request: SceneRequest, description: SceneDescription, dependencies: Dependencies
) -> None:
    """Keep a scene's description for the next command."""
    content = _DESCRIPTIONS.dump_python(description, mode="json")
    keep_result(workspace, workspace.inspections, description_parts(request), dependencies, content)


def kept_description(folder: Path, request: SceneRequest) -> SceneDescription | None:
    """Return the description that is kept of the scene as it is now; None if there is none."""
    kept = kept_result(folder, description_parts(request), request.source)
    with suppress(ValidationError):
        if kept is not None and (description := _DESCRIPTIONS.validate_python(kept[0])).name == request.name:
            return description
    return None
