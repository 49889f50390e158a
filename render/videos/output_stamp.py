"""Tells whether a video and the files beside it are up to date, so that they are not written again."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from gradreel.core.package import PACKAGE_FOLDER
from gradreel.render.clips.file_digest import digest_of_files, short_hash
from gradreel.render.clips.workspace import Folders, Workspace, as_json, read_json
from gradreel.scenes.words.languages import LANGUAGES
from pydantic import BaseModel, ValidationError

PUBLISHED_BY = ("render/videos", "render/voice", "scenes/words")
SUBTITLE_SUFFIXES = ("srt", "vtt")

Stamp = tuple[int, int]  # a file's size in bytes, and the time of its last change in nanoseconds


class _StampFile(BaseModel):
    """The content of a stamp. Its names are only compared: no file is written to or removed from these paths."""

    made_of: str  # the digest of the video's inputs
    video: str  # absolute path
    files: dict[str, Stamp]  # the video and the files beside it, by name in its folder
    clips: list[str]  # names of the video's clips and spoken lines


class OutputStamp:
    """The stamp of an output in the media folder: the digest of its inputs, and the files that were written."""

    def __init__(
        self,
        folders: Folders,
        final: Path,
        content: Mapping[str, Any],
        clips: Sequence[Path],
        beside: str | None = None,
    ) -> None:
        """Compute the digest of the inputs of ``final``; reads and writes no stamp yet.

        ``content`` (plain data) and ``clips`` are the inputs; ``clips`` has the files of spoken lines too.
        ``beside``: a regular expression for the names of the files beside ``final``; by default its subtitles.
        """
        self.final = final.absolute()
        subtitles = rf"{re.escape(self.final.stem)}\.({'|'.join(LANGUAGES)})\.({'|'.join(SUBTITLE_SUFFIXES)})"
        self._beside = beside or subtitles
        self.file = folders.published / f"{short_hash(os.fsencode(self.final))}.json"
        stamps = {clip.name: _size_and_time(clip) for clip in clips}
        files = (file for folder in PUBLISHED_BY for file in (PACKAGE_FOLDER / folder).glob("*.py"))
        code = digest_of_files(sorted(files))
        self._clips = [clip.name for clip in clips]
        self._made_of = short_hash(as_json({"content": content, "clips": stamps, "code": code}))

    def add_parts(self, names: Iterable[str]) -> None:
        """Add names of other files in the media folder that the video needs, so that no prune removes them."""
        self._clips += sorted(names)

    def is_current(self) -> bool:
        """Return whether the inputs and all written files are unchanged since the stamp; False without a stamp."""
        stamp_file = _read_stamp_file(self.file)
        if stamp_file is None or stamp_file.made_of != self._made_of or self.final.name not in stamp_file.files:
            return False
        return all(_size_and_time(self.final.parent / name) == stamp for name, stamp in stamp_file.files.items())

    def write(self, written: Mapping[Path, Path], workspace: Workspace) -> Path:
        """Write the stamp for the files of ``written``, {temporary: final}, and return the stamp's temporary path."""
        files = {final.name: stamp for path, final in written.items() if (stamp := _size_and_time(path)) is not None}
        content = _StampFile(made_of=self._made_of, video=str(self.final), files=files, clips=self._clips)
        temporary = workspace.temporary(self.file.name)
        temporary.write_bytes(as_json(content.model_dump()))
        return temporary

    def left_over(self, written: Mapping[Path, Path]) -> list[Path]:
        """Return the files beside the output that an earlier command wrote and that are not in ``written``.

        Leaves out files that changed since, and names that do not match ``beside``.
        """
        stamp_file = _read_stamp_file(self.file)
        earlier = {
            self.final.with_name(name): stamp for name, stamp in (stamp_file.files if stamp_file else {}).items()
        }
        return [
            path
            for path, stamp in earlier.items()
            if re.fullmatch(self._beside, path.name) and path not in written.values() and _size_and_time(path) == stamp
        ]


def clips_of_videos(folders: Folders) -> Iterator[str]:
    """Yield the names of the clips and spoken lines of every video that still exists."""
    for file in folders.published.glob("*.json"):
        stamp_file = _read_stamp_file(file)
        if stamp_file is not None and _size_and_time(Path(stamp_file.video)) is not None:
            yield from stamp_file.clips


def _read_stamp_file(file: Path) -> _StampFile | None:
    """Return the content of a stamp's file; None if it is missing or damaged."""
    try:
        return _StampFile.model_validate(read_json(file))
    except ValidationError:
        return None


def _size_and_time(file: Path) -> Stamp | None:
    """Return a file's size and time of change; None if it does not exist."""
    try:
        status = file.stat()
    except (OSError, ValueError):  # ValueError: not a valid path
        return None
    return status.st_size, status.st_mtime_ns
