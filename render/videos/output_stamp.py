"""Whether a video, and what stands beside it, is there as it would be written now: then it is not written again."""

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

Stamp = tuple[int, int]  # of a file: size in bytes, time of its last change in nanoseconds


class _Written(BaseModel):
    """What is kept of a video. Its names are only compared with: none of them is a place to write or remove at."""

    made_of: str  # a digest
    video: str  # absolute path
    files: dict[str, Stamp]  # by name in the video's folder, itself among them
    clips: list[str]  # names of them, and of what is spoken


class OutputStamp:
    """Keeps in the media folder what the file ``final`` was made of, and which files were written with it."""

    def __init__(
        self,
        folders: Folders,
        final: Path,
        content: Mapping[str, Any],
        clips: Sequence[Path],
        beside: str | None = None,
    ) -> None:
        """``content``, plain data, and ``clips`` decide what is written; spoken lines are among them.

        ``beside``: a regular expression for the names of the files that belong to it; by default those of subtitles.
        """
        self.final = final.absolute()
        subtitles = rf"{re.escape(self.final.stem)}\.({'|'.join(LANGUAGES)})\.({'|'.join(SUBTITLE_SUFFIXES)})"
        self._beside = beside or subtitles
        self.file = folders.published / f"{short_hash(os.fsencode(self.final))}.json"
        stamps = {clip.name: _stamp(clip) for clip in clips}
        files = (file for folder in PUBLISHED_BY for file in (PACKAGE_FOLDER / folder).glob("*.py"))
        code = digest_of_files(sorted(files))
        self._clips = [clip.name for clip in clips]
        self._made_of = short_hash(as_json({"content": content, "clips": stamps, "code": code}))

    def add_parts(self, names: Iterable[str]) -> None:
        """Add the names of more files of the media folder that the video was made of, so that no prune removes them."""
        self._clips += sorted(names)

    def is_current(self) -> bool:
        """Whether all files are there as they were written, and would be made of the same."""
        known = _read(self.file)
        if known is None or known.made_of != self._made_of or self.final.name not in known.files:
            return False
        return all(_stamp(self.final.parent / name) == stamp for name, stamp in known.files.items())

    def write(self, written: Mapping[Path, Path], workspace: Workspace) -> Path:
        """Write the stamp for the files of ``written``, {temporary: final}; returns the stamp's own temporary path."""
        files = {final.name: stamp for path, final in written.items() if (stamp := _stamp(path)) is not None}
        kept = _Written(made_of=self._made_of, video=str(self.final), files=files, clips=self._clips)
        temporary = workspace.temporary(self.file.name)
        temporary.write_bytes(as_json(kept.model_dump()))
        return temporary

    def left_over(self, written: Mapping[Path, Path]) -> list[Path]:
        """Return the files beside it that were written before, have not changed since, and are not in ``written``."""
        known = _read(self.file)
        before = {self.final.with_name(name): stamp for name, stamp in (known.files if known else {}).items()}
        return [
            path
            for path, stamp in before.items()
            if re.fullmatch(self._beside, path.name) and path not in written.values() and _stamp(path) == stamp
        ]


def clips_of_videos(folders: Folders) -> Iterator[str]:
    """Names of the clips, and spoken lines, that videos were made of which are still there."""
    for file in folders.published.glob("*.json"):
        known = _read(file)
        if known is not None and _stamp(Path(known.video)) is not None:
            yield from known.clips


def _read(file: Path) -> _Written | None:
    try:
        return _Written.model_validate(read_json(file))
    except ValidationError:
        return None


def _stamp(file: Path) -> Stamp | None:
    try:
        found = file.stat()
    except (OSError, ValueError):  # no name of a file
        return None
    return found.st_size, found.st_mtime_ns
