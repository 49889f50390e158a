"""The sounds that a scene adds, checked when it does: a clip has none, its description says where each is heard."""

from __future__ import annotations

import os
from pathlib import Path

from gradreel.core.errors import UserError
from gradreel.render.clips.file_digest import content_digest
from gradreel.render.settings import RenderSettings
from gradreel.render.stages import MOST_GAIN, MOST_OFFSET, ClipSound
from gradreel.render.voice.sound import SoundError, check_sound
from gradreel.render.workers.worker_process import tell


class AddedSounds:
    """Of one clip."""

    def __init__(self, settings: RenderSettings) -> None:
        self._settings = settings
        self._found: list[ClipSound] = []
        self._digests: dict[str, str] = {}  # by path
        self._left_out = False

    def add(self, call: str, file: Path, frame: int, offset: float, gain: float) -> None:
        """The sound ``file`` from ``offset`` seconds after ``frame`` on, ``gain`` dB louder.

        A relative path is opened as it is, by which whoever notes opened files calls it.
        Raises UserError, which begins with ``call``, for what cannot be heard.
        """
        if not (abs(offset) <= MOST_OFFSET and abs(gain) <= MOST_GAIN):
            raise UserError(
                f"{call}: time_offset={offset}, gain={gain}; at most {MOST_OFFSET:.0f} seconds and {MOST_GAIN} dB"
                " either way were wanted"
            )
        begins = frame / self._settings.fps + offset
        if begins < 0 and self._settings.first_beat is not None:
            self.leave_out()
            return
        if begins < 0:
            raise UserError(f"{call} begins {-begins:.3f} s before its scene does; give it a later time_offset")
        try:
            check_sound(file)
        except SoundError as error:
            raise UserError(f"{call}: {error}") from None
        digest, name = content_digest(file), os.path.abspath(file)
        if self._digests.setdefault(name, digest) != digest:
            raise UserError(f"{call}: {file} was another sound when it was added before; give each a file of its own")
        self._found.append(ClipSound(name, digest, frame, offset, gain))

    def leave_out(self) -> None:
        """One began before the first beat asked for, which is said once."""
        if not self._left_out:
            self._left_out = True
            tell("sounds (add_sound) that begin before the first beat asked for are left out")

    def all(self) -> tuple[ClipSound, ...]:
        """All but those whose files are gone by now, which is said: they are read when all is drawn."""
        gone = [name for name in self._digests if not Path(name).is_file()]
        for name in gone:
            tell(f"{name}, that add_sound was given, is gone and not heard: it is read once all is drawn, so keep it")
        return tuple(sound for sound in self._found if sound.file not in gone)
