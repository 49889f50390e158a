"""What scenes say of themselves, their parameters checked: kept from earlier, or asked of their classes.

The classes need Manim, so only a worker process can ask them, see `frames.describe`.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from gradreel.core.errors import UserError
from gradreel.render.clips.file_digest import changed_files
from gradreel.render.clips.fingerprint import common_parts, inspection_key, languages_of
from gradreel.render.clips.import_graph import one_moment
from gradreel.render.clips.workspace import Folders, Workspace, read_json, write_json
from gradreel.render.stages import SceneDescription, SceneRequest
from gradreel.render.workers.pool import Workers
from gradreel.scenes.words.narration import Narration
from pydantic import TypeAdapter, ValidationError

_DESCRIPTIONS = TypeAdapter(SceneDescription)


def inspect(requests: Sequence[SceneRequest], folders: Folders, workers: Workers) -> list[SceneDescription]:
    """The descriptions of ``requests``; new ones are kept where ``folders`` are a `Workspace`, else nothing is written.

    Raises UserError for a parameter that is wrong.
    """
    with one_moment():
        common = common_parts()
        files = [folders.inspections / f"{inspection_key(request, common)}.json" for request in requests]
        found = [kept_description(file, request) for file, request in zip(files, requests, strict=True)]
    unknown = [index for index, description in enumerate(found) if description is None]
    timeout = requests[0].settings.timeout if requests else None
    groups = _by_folder(unknown, requests)
    asked = [workers.submit("inspect", [requests[index] for index in group], timeout=timeout) for group in groups]
    if asked:  # what comes next imports PyAV, best done while it waits for workers that import Manim
        import gradreel.render.videos.video  # noqa: F401
    with suppress(UserError):  # who plans asks again, and says so; meanwhile the workers look
        Narration.load(languages_of(requests[0]) if requests else ())
    for group, future in zip(groups, asked, strict=True):
        for index, description in zip(group, future.result(), strict=True):
            found[index] = description
            if isinstance(folders, Workspace):
                content = _DESCRIPTIONS.dump_python(description, mode="json")
                write_json(files[index], content, folders.temporary(files[index].name))
    return [description for description in found if description is not None]


def kept_description(file: Path, request: SceneRequest) -> SceneDescription | None:
    """What is kept in ``file``; None if that is no description of the scene, or one of a file's earlier content."""
    try:
        description = _DESCRIPTIONS.validate_python(read_json(file))
    except ValidationError:
        return None
    of_the_scene = description.name == request.name
    return description if of_the_scene and not changed_files(description.files, request.source) else None


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
