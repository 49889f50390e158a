"""Finds the user's recordings, ``<scene>/<beat>.wav`` or another sound format, and cuts them at the marks.

If a line has marks, ``<beat>.marks.txt`` beside its recording has their times in seconds: a row for each mark, in
order. A row's first word is the time; the rest is ignored, so labels exported from Audacity work. Without this file the
marks are at the longest pauses.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from gradreel.core.errors import UserError, abbreviated_list
from gradreel.core.files import read_text
from gradreel.render.voice.engines import Engine
from gradreel.render.voice.sound import EDGE, PAUSE, RATE, Samples, audible_part, pauses
from gradreel.scenes.file_names import file_name

SUFFIXES = (".wav", ".flac", ".mp3", ".m4a", ".aac", ".ogg", ".opus", ".aiff", ".aif", ".caf", ".mka", ".webm", ".mp4")
MARKS = ".marks.txt"


@dataclass(frozen=True)
class Recordings:
    """A folder of recordings. Files are found by name; nothing here reads their sound."""

    folder: Path
    fill: Engine | None = None  # speaks the beats without a recording; None: a missing recording is an error

    @property
    def restriction(self) -> str:
        """Return the restriction of ``fill``, see `engines.Engine`; "" without it."""
        return self.fill.restriction if self.fill else ""

    @property
    def made_of(self) -> Mapping[str, object]:
        """Return what the sound of ``fill`` depends on, as JSON; the digests of the recordings are not in it."""
        return {"fill": self.fill.made_of} if self.fill else {}

    def file(self, scene: str, beat: str) -> Path | None:
        """Return the recording of a beat, or None. Raises UserError if the beat has two."""
        name = file_name(beat, "a beat called")
        scene_folder = self.folder / file_name(scene, "a scene called")
        files = sorted(scene_folder.iterdir()) if scene_folder.is_dir() else []
        recordings = [file for file in files if file.stem == name and is_recording(file)]
        if len(recordings) > 1:
            raise UserError(
                f"{recordings[0]} and {recordings[1].name} are recordings of the same beat; remove or rename one"
            )
        return recordings[0] if recordings else None

    def files(self, beats: Sequence[tuple[str, str]]) -> list[Path]:
        """Return the recording of each beat, named by (scene, beat).

        Raises UserError with the names of missing ones.
        """
        files = {names: self.file(*names) for names in beats}
        if missing := [f"{scene}/{beat}{SUFFIXES[0]}" for (scene, beat), file in files.items() if file is None]:
            raise UserError(
                f"{self.folder} has no recording of {len(missing)} of {len(files)} beats: {abbreviated_list(missing)};"
                " record them (gradreel narrate --record), or let the default voice speak them with --fill"
            )
        return [file for names in beats if (file := files[names]) is not None]


def is_recording(file: Path) -> bool:
    """Return whether ``file`` exists and has the suffix of a sound file, in small or capital letters."""
    return file.suffix.lower() in SUFFIXES and file.is_file()


def stretches_of(file: Path, samples: Samples, worded: Sequence[bool]) -> list[slice]:
    """Return the slices of ``samples``, (N,), for the stretches with words, without the silence at both ends.

    ``worded``: for each stretch of the line, whether it has words. The cuts are at the times in ``<beat>.marks.txt``.
    Without that file they are at the longest pauses, `EDGE` seconds before the sound returns.

    Raises SoundError for a silent recording. Raises UserError if there are too few pauses, or if the times are no
    numbers, do not rise or lie outside the recording.
    """
    whole, count = audible_part(samples, file), sum(worded)
    times_file = file.with_name(file.stem + MARKS)
    if count == 1:
        marks = []
    elif times_file.exists():
        marks = _read_times(times_file, worded, whole)
    else:
        longest = sorted(pauses(samples, file), key=lambda pause: pause.start - pause.stop)[: count - 1]
        if len(longest) < count - 1:
            raise UserError(
                f"{file} has {len(longest)} pauses of {PAUSE:g} s or more, but its line needs {count - 1}, one at each"
                " mark; record it again with a pause at each mark, or write the times of the marks in seconds, one a"
                f" row, into {times_file}"
            )
        marks = sorted(pause.stop - round(EDGE * RATE) for pause in longest)
    bounds = [whole.start, *marks, whole.stop]
    return [slice(*ends) for ends in pairwise(bounds)]


def _read_times(file: Path, worded: Sequence[bool], whole: slice) -> list[int]:
    """Return the samples at which to cut, from a file of times.

    Leaves out the marks before the first words, and those before a stretch without words.
    """
    count = len(worded) - 1
    rows = [row.split()[0] for row in read_text(file, "the times of marks").splitlines() if row.split()]
    no_number = next((row for row in rows if not re.fullmatch(r"[0-9]{1,4}(\.[0-9]*)?", row)), None)
    if no_number is not None or len(rows) != count:
        fault = f"{no_number!r} is no time" if no_number is not None else f"it has {len(rows)} rows"
        raise UserError(
            f"{file}: {fault}; write {count} rows, each with the time of a mark in seconds such as 1.25, or remove the"
            " file to cut the recording at its longest pauses"
        )
    first = worded.index(True)
    rows = [row for number, row in enumerate(rows, 1) if worded[number] and number > first]
    marks = [round(float(row) * RATE) for row in rows]
    ends = [whole.start, *marks, whole.stop]
    if any(a >= b for a, b in pairwise(ends)):
        raise UserError(
            f"{file}: the times {', '.join(rows)} do not rise, or lie outside the sound of the recording; write rising"
            f" times between {whole.start / RATE:.2f} and {whole.stop / RATE:.2f} s, or remove the file to cut the"
            " recording at its longest pauses"
        )
    return marks
