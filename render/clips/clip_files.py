"""Stores a finished clip with a JSON description beside it, and reads such descriptions.

A description is checked before it is used: the media folder may come from elsewhere, and files get damaged.
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
    """The inputs of a clip that other code reads. The rest counts only through its digest."""

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
    """Raised for clips whose bytes changed since they were made, or that cannot be joined."""

    def __init__(self, clips: Sequence[Path]) -> None:
        self.clips, self.names = tuple(clips), abbreviated_list([clip.name for clip in clips])
        super().__init__(f"{self.names} in {clips[0].parent}: damaged, and again once made anew; is the disk sound?")


def new_description(clip: Clip, dependencies: Dependencies) -> dict[str, Any]:
    """Return the part of a clip's description that names its inputs."""
    return {"scene": clip.scene, "parts": clip.parts, "dependencies": dependencies.model_dump(mode="json")}


def store_clip(finished: Path, result: ClipFile, job_temporary: Path, content: Mapping[str, Any]) -> None:
    """Move the file or folder ``finished`` to the path of ``result`` and write its description beside it.

    The description holds ``result`` and ``content``. It is written last, since a clip without one does not count.
    Raises UserError if something else lies at that path.
    """
    _flush_to_disk(finished)
    size_and_checksum = {"size": size_of(finished), "checksum": checksum_of(finished)}
    check_replaceable(result.path, finished.is_dir())
    publish(finished, result.path)
    json_file = result.path.with_suffix(".json")
    all_content = {"made": time.time(), **content, **result.as_json(), **size_and_checksum}
    write_json(json_file, all_content, temporary_in(job_temporary, json_file.name))


def read_description(file: Path) -> dict[str, Any] | None:
    """Return the description in a JSON file; None if the file is missing or is not a clip's description."""
    content = read_json(file)
    if content is None:
        return None
    try:
        check_beats(_Description.model_validate_json(json.dumps(content)).beats)
    except ValueError:  # includes pydantic's ValidationError
        return None
    return content


def intact_description(clip: Path) -> dict[str, Any] | None:
    """Return the description of the clip at this path.

    None if clip or description is missing, or if the clip's size differs from the described one.
    """
    content = read_description(clip.with_suffix(".json"))
    return content if content is not None and size_of(clip) == content["size"] else None


def check_intact(clips: Sequence[Path]) -> None:
    """Raise DamagedClipsError for clips whose bytes do not match the checksums of their descriptions."""
    damaged = []
    for clip in clips:
        content = intact_description(clip)
        if content is None or checksum_of(clip) != content["checksum"]:
            damaged.append(clip)
    if damaged:
        raise DamagedClipsError(damaged)


def size_of(clip: Path) -> int:
    """Return the size in bytes of a file, or of all files in a folder of pictures; -1 if it is neither."""
    try:
        status = clip.stat()
        if stat.S_ISDIR(status.st_mode):
            return sum(file.stat().st_size for file in clip.iterdir())
    except OSError:
        return -1
    return status.st_size if stat.S_ISREG(status.st_mode) else -1


def checksum_of(clip: Path) -> str:
    """Return the SHA-256 of a file's bytes, or of the names and checksums of a folder's files."""
    if not clip.is_dir():
        with clip.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    names_and_checksums = "".join(f"{file.name} {checksum_of(file)}\n" for file in sorted(clip.iterdir()))
    return hashlib.sha256(names_and_checksums.encode()).hexdigest()


def _flush_to_disk(path: Path) -> None:
    """Flush a file to the disk before it gets its name, so that a power failure leaves no partial clip.

    Does nothing for a folder of pictures.
    """
    if path.is_file():
        with path.open("rb+") as file:
            os.fsync(file.fileno())
