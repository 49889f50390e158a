"""What the scenes of a lesson say of themselves, parameters checked: asked of a worker process, or kept from before.

Their classes need Manim, so only a worker can ask them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from gradreel.scenes.render.clips import memo_cache
from gradreel.scenes.render.clips.file_digest import changed_files
from gradreel.scenes.render.clips.fingerprint import inspection_key
from gradreel.scenes.render.clips.import_graph import one_moment
from gradreel.scenes.render.clips.workspace import Folders, Workspace, read_json, write_json
from gradreel.scenes.render.lessons.daily import has_daily_views
from gradreel.scenes.render.lessons.lesson import Lesson
from gradreel.scenes.render.lessons.requests import SceneDescription, SceneRequest
from gradreel.scenes.render.lessons.settings import RenderSettings
from gradreel.scenes.render.workers.pool import Workers
from gradreel.scenes.render.workers.progress import Reporter
from pydantic import TypeAdapter, ValidationError


def described(
    lesson: Lesson,
    settings: RenderSettings,
    folders: Folders,
    workspace: Workspace | None,
    workers: Workers,
    reporter: Reporter | None,
) -> tuple[list[SceneRequest], list[SceneDescription]]:
    """What the scenes are asked for and what they are, the user's daily views in the place of all others.

    Descriptions are kept in ``workspace``, if there is one. Raises UserError for a parameter that is wrong.
    """
    memo_cache.recall(folders.private)
    requests = lesson.requests(settings)
    descriptions = _inspect(requests, folders, workspace, workers)
    if lesson.data is None:
        return requests, descriptions
    shown = [i for i, description in enumerate(descriptions) if has_daily_views(description.parameters)]
    for i in shown:
        requests[i] = replace(requests[i], parameters=lesson.data.over(descriptions[i].parameters))
    for i, description in zip(shown, _inspect([requests[i] for i in shown], folders, workspace, workers), strict=True):
        descriptions[i] = description
    if not shown and reporter is not None:
        reporter.say(f"--data {lesson.data.series.name}: none of the scenes shows daily views, so it changes nothing")
    return requests, descriptions


def _inspect(
    requests: Sequence[SceneRequest], folders: Folders, workspace: Workspace | None, workers: Workers
) -> list[SceneDescription]:
    """What the scenes say of themselves: kept from earlier, or asked of worker processes (and kept)."""
    with one_moment():
        files = [folders.inspections / f"{inspection_key(request)}.json" for request in requests]
        found = [kept_description(file, request) for file, request in zip(files, requests, strict=True)]
    unknown = [index for index, description in enumerate(found) if description is None]
    timeout = requests[0].settings.timeout if requests else None
    groups = _by_folder(unknown, requests)
    asked = [workers.submit("inspect", [requests[index] for index in group], timeout=timeout) for group in groups]
    for group, future in zip(groups, asked, strict=True):
        for index, description in zip(group, future.result(), strict=True):
            found[index] = description
            if workspace is not None:
                content = _DESCRIPTIONS.dump_python(description, mode="json")
                write_json(files[index], content, workspace.temporary(files[index].name))
    return [description for description in found if description is not None]


def _by_folder(unknown: Sequence[int], requests: Sequence[SceneRequest]) -> list[list[int]]:
    """Those that one process may import together: in two folders there may be modules of one name, such as ``helper``.

    Ours go with the first.
    """
    folders: dict[Path, list[int]] = {}
    for index in unknown:
        if not requests[index].source.is_ours:
            folders.setdefault(requests[index].source.file.parent, []).append(index)
    groups = list(folders.values()) or [[]]
    groups[0] += [index for index in unknown if requests[index].source.is_ours]
    return [sorted(group) for group in groups if group]


def kept_description(file: Path, request: SceneRequest) -> SceneDescription | None:
    """What is kept in ``file``; None if that is no description of the scene, or one of a file's earlier content."""
    try:
        description = _DESCRIPTIONS.validate_python(read_json(file))
    except ValidationError:
        return None
    of_the_scene = description.name == request.source.name
    return description if of_the_scene and not changed_files(description.files, request.source) else None


_DESCRIPTIONS = TypeAdapter(SceneDescription)
