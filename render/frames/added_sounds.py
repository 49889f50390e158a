"""Collects the sounds that a scene adds. The clip itself is silent; its description says when each sound begins."""

from __future__ import annotations

import os
from pathlib import Path

from gradreel.core.errors import UserError
from gradreel.render.clips.file_digest import content_digest
from gradreel.render.settings import RenderSettings
from gradreel.render.stages import MOST_GAIN, MOST_OFFSET, ClipSound
from gradreel.render.voice.sound import SoundError, check_sound
from gradreel.render.workers.worker_process import tell_user


class AddedSounds:
    """The sounds that one clip adds, each checked when it is added."""

    def __init__(self, settings: RenderSettings) -> None:
        self._settings = settings
        self._sounds: list[ClipSound] = []
        self._digests: dict[str, str] = {}  # by absolute path
        self._left_out = False

    def add(self, call: str, file: Path, frame: int, offset: float, gain: float) -> None:
        """Add ``file`` from ``offset`` seconds after ``frame`` on, ``gain`` dB louder.

        Raises UserError, which begins with ``call``, for a sound that cannot be used. Its offset or gain is too large,
        it begins before the scene, its file is unreadable, or the file has changed since it was added before. The path
        is opened as it is, so that the tracker of opened files sees the same name.
        """
        if not (abs(offset) <= MOST_OFFSET and abs(gain) <= MOST_GAIN):
            raise UserError(
                f"{call}: time_offset={offset}, gain={gain}; needed: a time_offset from -{MOST_OFFSET:.0f} to"
                f" {MOST_OFFSET:.0f} seconds and a gain from -{MOST_GAIN} to {MOST_GAIN} dB"
            )
        begins = frame / self._settings.fps + offset
        if begins < 0 and self._settings.first_beat is not None:
            self.leave_out()
            return
        if begins < 0:
            raise UserError(f"{call} begins {-begins:.3f} s before its scene; increase time_offset")
        try:
            check_sound(file)
        except SoundError as error:
            raise UserError(f"{call}: {error}") from None
        digest, name = content_digest(file), os.path.abspath(file)
        if self._digests.setdefault(name, digest) != digest:
            raise UserError(f"{call}: {file} has changed since it was added before; give each sound a file of its own")
        self._sounds.append(ClipSound(name, digest, frame, offset, gain))

    def leave_out(self) -> None:
        """Report, once a clip, that sounds before the first requested beat are left out."""
        if not self._left_out:
            self._left_out = True
            tell_user("sounds (add_sound) that begin before the first beat asked for are left out")

    def all(self) -> tuple[ClipSound, ...]:
        """Return all added sounds, except those of files that are gone by now: these are reported.

        The sounds are mixed only after the whole scene is drawn, so a file that is gone by then is of no use.
        """
        gone = [name for name in self._digests if not Path(name).is_file()]
        for name in gone:
            tell_user(f"{name} is gone, so add_sound's sound is left out: keep the file until the film is written")
        return tuple(sound for sound in self._sounds if sound.file not in gone)
