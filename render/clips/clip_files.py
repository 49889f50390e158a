"""A finished clip gets its name and its description beside it; a clip that is there is known by that description.

What a description says is checked before it is used: the media folder may come from elsewhere, and files get damaged.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from gradreel.core.errors import UserError, abbreviated_list
from gradreel.render.clips.beat_lines import check_beats
from gradreel.render.clips.dependencies import Dependencies
from gradreel.render.clips.workspace import check_replaceable, publish, read_json, temporary_in, write_json
from gradreel.render.stages import BeatSpan, Clip, ClipFile, ClipSound, EmptyStretch, Subcaption
from pydantic import BaseModel, ConfigDict, Field

Count = Annotated[int, Field(ge=0, le=10**9)]
Side = Annotated[int, Field(ge=1, le=10**5)]


class _Settings(BaseModel):
    width: Side
    height: Side
    fps: Side
    language: str
    theme: str
    first_beat: str | None
    last_beat: str | None


class _Parts(BaseModel):
    """What the clip is made of, as far as anything else than its digest is looked at."""

    scene: str
    class_name: str = Field(alias="class")
    settings: _Settings
    traces: dict[str, str]


class _Description(BaseModel):
    model_config = ConfigDict(strict=True, allow_inf_nan=False)

    scene: str
    parts: _Parts
    dependencies: Dependencies
    made: float  # seconds since 1970
    frames: Count
    fps: Side
    beats: tuple[BeatSpan, ...]
    wall_seconds: Annotated[float, Field(ge=0)]
    sounds: tuple[ClipSound, ...]
    subcaptions: tuple[Subcaption, ...]
    emptied: tuple[EmptyStretch, ...]
    size: Annotated[int, Field(ge=0, le=2**63)]  # bytes
    checksum: str


class DamagedClipsError(UserError):
    """Clips that are not what they were when they were made, or cannot be joined."""

    def __init__(self, clips: Sequence[Path]) -> None:
        self.clips, self.names = tuple(clips), abbreviated_list([clip.name for clip in clips])
        super().__init__(f"{self.names} in {clips[0].parent}: damaged, and again once made anew; is the disk sound?")


def description_of(clip: Clip, dependencies: Dependencies) -> dict[str, Any]:
    """Return what a clip's description says of what it was made of."""
    return {"scene": clip.scene, "parts": clip.parts, "dependencies": dependencies.model_dump(mode="json")}


def keep_clip(made: Path, result: ClipFile, job_temporary: Path, content: Mapping[str, Any]) -> None:
    """Move the file (or folder) ``made`` to the path of ``result``, described by that and by ``content``.

    The description comes last: a clip without one does not count.
    """
    _onto_disk(made)
    written = {"size": size_of(made), "checksum": checksum_of(made)}
    check_replaceable(result.path, made.is_dir())
    publish(made, result.path)
    description = result.path.with_suffix(".json")
    described = {"made": time.time(), **content, **result.as_json(), **written}
    write_json(description, described, temporary_in(job_temporary, description.name))


def read_description(file: Path) -> dict[str, Any] | None:
    """The description of a clip in the JSON ``file`` beside it; None for what is none, which does not count."""
    content = read_json(file)
    if content is None:
        return None
    try:
        check_beats(_Description.model_validate_json(json.dumps(content)).beats)
    except ValueError:  # pydantic's, too
        return None
    return content


def described_clip(clip: Path) -> dict[str, Any] | None:
    """The description of the clip at this path; None unless both are there, and the clip as large as it was made."""
    content = read_description(clip.with_suffix(".json"))
    return content if content is not None and size_of(clip) == content["size"] else None


def check_whole(clips: Sequence[Path]) -> None:
    """Raises DamagedClipsError for clips that are not, to the byte, what their descriptions say. Reads them all."""
    damaged = []
    for clip in clips:
        content = described_clip(clip)
        if content is None or checksum_of(clip) != content["checksum"]:
            damaged.append(clip)
    if damaged:
        raise DamagedClipsError(damaged)


def size_of(clip: Path) -> int:
    """Bytes of a file, or of the files in a folder of pictures; -1 for what is neither."""
    try:
        found = clip.stat()
        if stat.S_ISDIR(found.st_mode):
            return sum(file.stat().st_size for file in clip.iterdir())
    except OSError:
        return -1
    return found.st_size if stat.S_ISREG(found.st_mode) else -1


def checksum_of(clip: Path) -> str:
    """Of every byte of a file, or of a folder's files with their names."""
    if not clip.is_dir():
        with clip.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    inside = "".join(f"{file.name} {checksum_of(file)}\n" for file in sorted(clip.iterdir()))
    return hashlib.sha256(inside.encode()).hexdigest()


def _onto_disk(path: Path) -> None:
    """Have a clip on the disk before it gets its name: after a power failure its file is whole, or not there.

    Not so the pictures of a folder.
    """
    if path.is_file():
        with path.open("rb+") as file:
            os.fsync(file.fileno())
