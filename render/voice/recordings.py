"""One's own voice: a folder with a sound file for each beat, ``<scene>/<beat>.wav``, or another kind of file.

Where a line has marks, ``<beat>.marks.txt`` beside the recording says when, in seconds, what is said after each of them
begins: a row a mark, in order. What follows the number is not read, so that labels which Audacity exports do. Without
that file the marks are where the longest pauses are.
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
    """Files are found by their names alone; whether they are sound is seen when they are read."""

    folder: Path
    fill: Engine | None = None  # speaks what there is no recording of; None: that is an error

    @property
    def restriction(self) -> str:
        """What is to be known of what speaks beside them, see `engines.Engine`."""
        return self.fill.restriction if self.fill else ""

    @property
    def made_of(self) -> Mapping[str, object]:
        """What speaks beside them, as JSON; of the recordings themselves each says what it is."""
        return {"fill": self.fill.made_of} if self.fill else {}

    def file(self, scene: str, beat: str) -> Path | None:
        """The recording of a beat; None if there is none. Raises UserError where there are two."""
        name = file_name(beat, "a beat called")
        beside = self.folder / file_name(scene, "a scene called")
        files = sorted(beside.iterdir()) if beside.is_dir() else []
        found = [file for file in files if file.stem == name and is_recording(file)]
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
                f"{self.folder} has no recording of {len(missing)} of {len(files)} beats: {abbreviated_list(missing)};"
                " --fill has them spoken by the default voice"
            )
        return [file for names in beats if (file := files[names]) is not None]


def is_recording(file: Path) -> bool:
    """By its name; recorders write the ending in capitals, too."""
    return file.suffix.lower() in SUFFIXES and file.is_file()


def stretches_of(file: Path, samples: Samples, worded: Sequence[bool]) -> list[slice]:
    """The samples of a recording from mark to mark, without its ends: stretches that follow each other.

    ``worded``: whether each stretch of its line has words; those that do are in the recording.

    By its file of times, or else by silence: the longest of the pauses inside of it, of those that are as long the
    first; what follows one begins `EDGE` before it is heard. Raises SoundError for a silent recording, UserError for
    one that has fewer pauses than there are marks, and for times that are none, or not inside of it.
    """
    whole, count = audible_part(samples, file), sum(worded)
    times = file.with_name(file.stem + MARKS)
    if count == 1:
        marks = []
    elif times.exists():
        marks = _times(times, worded, whole)
    else:
        found = sorted(pauses(samples, file), key=lambda pause: pause.start - pause.stop)[: count - 1]
        if len(found) < count - 1:
            raise UserError(
                f"{file} has {len(found)} pauses of {PAUSE:g} s or more, and its line {count - 1} marks: leave a pause"
                f" before the words of each, or write their times, in seconds, a row each, into {times.name} beside it"
            )
        marks = sorted(pause.stop - round(EDGE * RATE) for pause in found)
    bounds = [whole.start, *marks, whole.stop]
    return [slice(*ends) for ends in pairwise(bounds)]


def _times(file: Path, worded: Sequence[bool], whole: slice) -> list[int]:
    """The times of a file, a row a mark, as numbers of samples; without those at which no words begin, or the first."""
    count = len(worded) - 1
    rows = [row.split()[0] for row in read_text(file, "the times of marks").splitlines() if row.split()]
    wrong = next((row for row in rows if not re.fullmatch(r"[0-9]{1,4}(\.[0-9]*)?", row)), None)
    if wrong is not None or len(rows) != count:
        found = repr(wrong) if wrong is not None else f"{len(rows)} rows"
        raise UserError(f"{file}: {count} rows were wanted, each the seconds at which a mark is; found {found}")
    begun = worded.index(True)
    rows = [row for number, row in enumerate(rows, 1) if worded[number] and number > begun]
    marks = [round(float(row) * RATE) for row in rows]
    ends = [whole.start, *marks, whole.stop]
    if any(a >= b for a, b in pairwise(ends)):
        raise UserError(
            f"{file}: times are wanted that rise, between {whole.start / RATE:.2f} and {whole.stop / RATE:.2f} s, where"
            f" its recording is heard; found {', '.join(rows)}"
        )
    return marks
