"""Stores results with the files that were read while they were made, as in ccache's direct mode.

A result's key is the digest of the inputs that are known before it is made (`fingerprint`). Its file also lists the
files that were read, the libraries that were imported and the words that were shown. Several results may have one
key. The first whose files, libraries and words are all unchanged is used. So after switching a branch back, the old
result is found again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gradreel.core.errors import abbreviated_list
from gradreel.render.clips.file_digest import HERE, MISSING, FileState, file_of, is_unchanged, short_hash
from gradreel.render.clips.ownership import PACKAGE
from gradreel.render.clips.toolchain import module_version
from gradreel.render.clips.workspace import Workspace, read_json, remove_file, write_json
from gradreel.scenes.catalog import SceneSource
from gradreel.scenes.words.narration import Narration, ScreenWord
from pydantic import BaseModel, ConfigDict, ValidationError

CHANGED = " changed"  # ends each reason that names changed inputs
MOST_RESULTS = 8  # stored for each key, of descriptions and words
KEY_DIGITS = 12


class Dependencies(BaseModel):
    """The files, libraries and words that were read while a result was made.

    ``files``: a `FileState` as text, by the file's name. ``libraries``: version, by module. ``screen``: the words
    on the picture that the scene looked up.
    """

    model_config = ConfigDict(frozen=True)

    files: dict[str, str] = {}
    libraries: dict[str, str] = {}
    screen: tuple[ScreenWord, ...] = ()

    def changes(self, source: SceneSource, narration: Narration | None = None) -> list[str]:
        """Return what changed since then, such as "code of relu.py", "radius.txt", "version of numpy", "narration".

        Words are compared only if ``narration`` is given.
        """
        states = {name: FileState.parse(text) for name, text in self.files.items()}
        changed = [
            f"code of {name}" if _is_module(name, state) else name.removeprefix(HERE)
            for name, state in states.items()
            if not is_unchanged(file_of(name, source), state)
        ]
        versions = self.libraries.items()
        changed += [f"version of {module}" for module, version in versions if module_version(module) != version]
        if narration is not None:
            words = ((narration.screen_text(*place), text) for *place, text in self.screen)
            changed += ["narration"] if any(now != before for now, before in words) else []
        return changed

    def name_with(self, parts: Mapping[str, Any], lines: object = None) -> str:
        """Return the name of a result, 24 hexadecimal digits that begin with the key of ``parts``."""
        states = {name: str(FileState.parse(state).content) for name, state in self.files.items()}
        return key_of(parts) + _digest_of_plain_data([states, self.libraries, self.screen, lines])[:KEY_DIGITS]


def key_of(parts: Mapping[str, Any]) -> str:
    """Return the key of results with the inputs ``parts``: 12 hexadecimal digits."""
    return _digest_of_plain_data(parts)[:KEY_DIGITS]


def results_of(folder: Path, parts: Mapping[str, Any]) -> list[Path]:
    """Return the JSON files of the results with the key of ``parts``, the newest first."""
    files = folder.glob(f"{key_of(parts)}*.json")
    return sorted(files, key=lambda file: (-_modification_time(file), file.name))


def find_result(
    folder: Path, parts: Mapping[str, Any], source: SceneSource, narration: Narration | None = None
) -> tuple[Any, Dependencies] | None:
    """Return the newest stored result that is not stale, with its dependencies; None if all are stale or missing.

    ``narration``: for results that show words.
    """
    expected_parts = as_json(parts)
    for file in results_of(folder, parts):
        content = read_json(file) or {}
        try:
            dependencies = Dependencies.model_validate(content.get("dependencies"))
        except ValidationError:
            continue
        if content.get("parts") == expected_parts and not dependencies.changes(source, narration):
            return content.get("result"), dependencies
    return None


def store_result(
    workspace: Workspace, folder: Path, parts: Mapping[str, Any], dependencies: Dependencies, result: object
) -> None:
    """Write a result, plain data, to ``folder``; remove the oldest results of its key beyond `MOST_RESULTS`."""
    file = folder / f"{dependencies.name_with(parts)}.json"
    content = {"parts": parts, "dependencies": dependencies.model_dump(mode="json"), "result": result}
    write_json(file, content, workspace.temporary(file.name))
    for old in results_of(folder, parts)[MOST_RESULTS:]:
        remove_file(old)


def as_json(content: Mapping[str, Any]) -> Any:
    """Return plain data as it is after writing and reading JSON: tuples become lists."""
    return json.loads(_canonical_json(content))


def reason_text(changes: list[str]) -> str:
    """Return changes as a reason, such as "radius.txt changed"; "" if the list is empty."""
    return abbreviated_list(changes) + CHANGED if changes else ""


def _is_module(name: str, state: FileState) -> bool:
    """Return whether a dependency is a Python module, by its name and state."""
    return name.endswith(".py") and (name.startswith(f"{PACKAGE}/") or bool(state.code) or state.digest == MISSING)


def _digest_of_plain_data(content: object) -> str:
    """Return the digest of plain data."""
    return short_hash(_canonical_json(content).encode())


def _canonical_json(content: object) -> str:
    """Return plain data as JSON with sorted keys and without spaces: equal data give equal texts."""
    return json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _modification_time(file: Path) -> float:
    """Return the time of a file's last change, in seconds since 1970; 0 if it is missing."""
    try:
        return file.stat().st_mtime
    except OSError:
        return 0.0
