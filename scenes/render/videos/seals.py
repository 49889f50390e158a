"""Whether a video, and what stands beside it, is there as it would be written now: then it is not written again."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from gradreel.scenes.catalog import PACKAGE_FOLDER
from gradreel.scenes.render.clips.source_digest import digest_of_sources
from gradreel.scenes.render.clips.workspace import Folders, Workspace, as_json, read_json, write_json

_NAMES = ("publishing", "video", "mp4_boxes", "subtitles")
PUBLISHING_FILES = (*(f"scenes/render/videos/{name}.py" for name in _NAMES), "scenes/cues.py")

Stamp = list[int]  # of a file: size in bytes, time of its last change in nanoseconds


class Seal:
    """Of the video ``final``: what it is made of, and the files that were written with it, kept in the media folder."""

    def __init__(self, workspace: Workspace, final: Path, content: Mapping[str, Any], clips: Sequence[Path]) -> None:
        """``content``, plain data, and ``clips`` decide what is written."""
        self._workspace = workspace
        self._file = _folder(workspace) / f"{_hash(os.fsencode(final.absolute()))}.json"
        stamps = {clip.name: _stamp(clip) for clip in clips}
        code = digest_of_sources(PACKAGE_FOLDER / name for name in PUBLISHING_FILES)
        self._clips = [clip.name for clip in clips]
        self._made_of = _hash(as_json({"content": content, "clips": stamps, "code": code}))

    def holds(self) -> bool:
        """Whether all files are there as they were written, and would be made of the same."""
        known = read_json(self._file)
        if known is None or known.get("made of") != self._made_of:
            return False
        files = known.get("files")
        return isinstance(files, dict) and all(_stamp(Path(name)) == stamp for name, stamp in files.items())

    def stamps(self, written: Mapping[Path, Path]) -> dict[str, Stamp | None]:
        """Of finished files, by the final names that they will have."""
        return {str(final.absolute()): _stamp(temporary) for temporary, final in written.items()}

    def left_over(self, stamps: Mapping[str, Stamp | None]) -> list[Path]:
        """Files that were written with the video before, are as they were then, and are not among those of now."""
        before = (read_json(self._file) or {}).get("files")
        if not isinstance(before, dict):
            return []
        gone = {Path(name): stamp for name, stamp in before.items() if name not in stamps and stamp is not None}
        return [file for file, stamp in gone.items() if _stamp(file) == stamp]

    def set(self, stamps: Mapping[str, Stamp | None]) -> None:
        """All has been written. Without this it is written again next time."""
        with suppress(OSError):
            content = {"made of": self._made_of, "files": stamps, "clips": self._clips}
            write_json(self._file, content, self._workspace.temporary(self._file.name))


def clips_of_videos(folders: Folders) -> Iterator[str]:
    """Names of the clips that videos were made of which are still there."""
    for file in _folder(folders).glob("*.json"):
        content = read_json(file) or {}
        if any(Path(name).exists() for name in content.get("files", {})):
            yield from content.get("clips", [])


def _folder(folders: Folders) -> Path:
    return folders.private / "published"


def _stamp(file: Path) -> Stamp | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return [found.st_size, found.st_mtime_ns]


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:24]
