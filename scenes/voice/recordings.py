"""One's own voice: a folder with a sound file for each beat, ``<scene>/<beat>.wav``, or another kind of file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gradreel.core.errors import UserError, listed
from gradreel.scenes.file_names import file_name

SUFFIXES = (".wav", ".flac", ".mp3", ".m4a", ".aac", ".ogg", ".opus", ".aiff", ".aif", ".caf", ".mka", ".webm", ".mp4")


@dataclass(frozen=True)
class Recordings:
    """Files are found by their names alone; whether they are sound is seen when they are read."""

    folder: Path

    def file(self, scene: str, beat: str) -> Path | None:
        """The recording of a beat; None if there is none. Raises UserError where there are two."""
        name = file_name(beat, "a beat called")
        beside = self.folder / file_name(scene, "a scene called")
        found = [file for suffix in SUFFIXES if (file := beside / f"{name}{suffix}").is_file()]
        if len(found) > 1:
            raise UserError(
                f"{found[0]} and {found[1].name} are recordings of one beat; remove, or rename, one of them"
            )
        return found[0] if found else None

    def files(self, beats: Sequence[tuple[str, str]]) -> list[Path]:
        """The recordings of beats, each a scene's and a beat's name. Raises UserError, which names those missing."""
        files = {names: self.file(*names) for names in beats}
        if missing := [f"{scene}/{beat}{SUFFIXES[0]}" for (scene, beat), file in files.items() if file is None]:
            raise UserError(
                f"{self.folder} has no recording of {len(missing)} of {len(files)} beats: {listed(missing)}"
            )
        return [file for names in beats if (file := files[names]) is not None]
