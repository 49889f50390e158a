"""Lines as they are heard; what an engine has not spoken yet is made.

An engine speaks each stretch of a line, from mark to mark, by itself: a FLAC file under the digest of its text and of
what speaks it, and beside it a note of what is heard of it, so that it is not decoded again to be counted. Both are
written under a temporary name and renamed when they are whole. What one run has spoken, the next finds; of two that
want the same voice to speak at once, one waits.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import xxhash
from filelock import FileLock
from gradreel.core.files import read_bounded
from gradreel.render.voice.engines import Engine
from gradreel.render.voice.programs import ProgramError, Programs
from gradreel.render.voice.recordings import Recordings, stretches_of
from gradreel.render.voice.sound import LONGEST, RATE, Samples, SoundError, cut, heard, read_sound, write_flac

FORMAT = 2  # of what is kept: another one, and all lines are spoken anew
NOTE, LONGEST_NOTE = ".json", 1 << 20
MOST_BYTES = 256 << 20  # of a file that we have written, of `LONGEST` seconds
UNFINISHED = ".unfinished-"


@dataclass(frozen=True)
class Line:
    """What is said in a beat."""

    scene: str
    beat: str
    stretches: tuple[str, ...]  # as they are spoken, from mark to mark; one where there is no mark

    @property
    def texts(self) -> list[str]:
        """The stretches that have words, as engines are given them."""
        return [text for text in map(plain, self.stretches) if has_words(text)]

    def whole(self, heard: Iterable[SpokenStretch]) -> tuple[SpokenStretch, ...]:
        """All stretches: what is ``heard`` of those that have words, and nothing of the others."""
        found = iter(heard)
        return tuple(next(found) if has_words(text) else NOT_HEARD for text in self.stretches)


@dataclass(frozen=True)
class SpokenStretch:
    """A stretch that has been spoken, or recorded."""

    file: Path
    start: float  # seconds of the file before it
    seconds: float  # that it is heard
    recorded: bool = False  # by somebody, not spoken by an engine

    @classmethod
    def of(cls, file: Path, part: slice) -> SpokenStretch:
        """Some of the samples of a file."""
        return cls(file, part.start / RATE, (part.stop - part.start) / RATE)

    @property
    def samples(self) -> Samples:
        """As many as ``seconds`` says, faded in and out; read each time. Raises SoundError."""
        if not self.seconds:
            return np.zeros(0, np.float32)
        start = round(self.start * RATE)
        return cut(read_sound(self.file), slice(start, start + round(self.seconds * RATE)))


NOT_HEARD = SpokenStretch(Path(), 0.0, 0.0)  # a stretch without words, as before a mark that a line begins with
Voice = Engine | Recordings


def spoken_lines(
    voice: Voice, lines: Sequence[Line], folder: Path, jobs: int = 1, said: Callable[[int], None] = lambda count: None
) -> list[tuple[SpokenStretch, ...]]:
    """Every line as it is heard; stretches that ``folder`` does not have are spoken by up to ``jobs`` programs at once.

    Those of a recording follow each other in its file, so that its own pauses are kept. ``said`` is called with the
    number of stretches that have just been spoken. Raises UserError: for an engine that is not there or fails, a sound
    that is none, recordings that are missing or can't be parted. What has been spoken by then is kept.
    """
    if isinstance(voice, Recordings):
        return _recorded(voice, lines, folder, jobs, said)
    texts = [text for line in lines for text in line.texts]
    found = _kept(voice, texts, folder)
    if missing := [text for text in dict.fromkeys(texts) if text not in found]:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / f"{_digest(voice)}.lock"):
            found |= _kept(voice, missing, folder)
            missing = [text for text in missing if text not in found]
            found |= _made(voice, missing, folder, jobs, said)
    return [line.whole(found[text] for text in line.texts) for line in lines]


def _recorded(
    voice: Recordings, lines: Sequence[Line], folder: Path, jobs: int, said: Callable[[int], None]
) -> list[tuple[SpokenStretch, ...]]:
    filled = missing_recordings(voice, lines) if voice.fill else []
    spoken = iter(spoken_lines(voice.fill, filled, folder, jobs, said) if voice.fill else ())
    files = iter(voice.files([(line.scene, line.beat) for line in lines if line not in filled]))
    return [next(spoken) if line in filled else line.whole(recorded_stretches(next(files), line)) for line in lines]


def recorded_stretches(file: Path, line: Line) -> list[SpokenStretch]:
    """A recording of ``line``, from mark to mark. Raises SoundError, and UserError where it can't be parted so."""
    worded = [has_words(plain(text)) for text in line.stretches]
    parts = stretches_of(file, read_sound(file), worded)
    return [replace(SpokenStretch.of(file, part), recorded=True) for part in parts]


def missing_lines(voice: Voice, lines: Sequence[Line], folder: Path) -> list[Line]:
    """Those that would have to be spoken, or recorded. Speaks nothing, writes nothing."""
    if isinstance(voice, Recordings):
        missing = missing_recordings(voice, lines)
        return missing_lines(voice.fill, missing, folder) if voice.fill else missing
    found = _kept(voice, [text for line in lines for text in line.texts], folder)
    return [line for line in lines if any(text not in found for text in line.texts)]


def missing_recordings(voice: Recordings, lines: Sequence[Line]) -> list[Line]:
    """Those that there is no recording of."""
    return [line for line in lines if voice.file(line.scene, line.beat) is None]


def plain(text: str) -> str:
    """A text as engines are given it: in one line, without what cannot be printed."""
    return "".join(letter for letter in " ".join(text.split()) if letter.isprintable())


def has_words(text: str) -> bool:
    return any(letter.isalnum() for letter in text)


def line_file(voice: Engine, text: str, folder: Path) -> Path:
    """Where a stretch is kept, once it has been spoken."""
    return folder / f"{_digest(voice, plain(text))}.flac"


def _digest(voice: Engine, *text: str) -> str:
    """Lines do not depend on a lexicon, but on the text that came out of it: a new word in it changes only its own."""
    content = json.dumps([FORMAT, voice.made_of, *text], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:32]


def _kept(voice: Engine, texts: Iterable[str], folder: Path) -> dict[str, SpokenStretch]:
    """Those of the texts that have been spoken; a file that is damaged does not count."""
    files = {text: line_file(voice, text, folder) for text in texts}
    return {text: stretch for text, file in files.items() if (stretch := _noted(file)) is not None}


def _noted(file: Path) -> SpokenStretch | None:
    """What its note says is heard of a file, unless one of them is missing, or not as it was written."""
    with suppress(OSError, ValueError, TypeError, KeyError, RecursionError):
        note = json.loads(read_bounded(file.with_suffix(NOTE), LONGEST_NOTE))
        start, seconds = float(note["start"]), float(note["seconds"])
        whole = xxhash.xxh3_128_hexdigest(read_bounded(file, MOST_BYTES)) == note["digest"]
        if whole and 0 <= start <= LONGEST and 0 < seconds <= LONGEST:
            return SpokenStretch(file, start, seconds)
    return None


def _keep(text: str, samples: Samples, part: slice, file: Path, temporary: Path) -> SpokenStretch:
    """Write a file, then its note: with a power failure in between there is no note, and it does not count."""
    stretch, whole = SpokenStretch.of(file, part), temporary / "whole.flac"
    write_flac(whole, samples)
    content = {
        "text": text,
        "digest": xxhash.xxh3_128_hexdigest(whole.read_bytes()),
        "start": stretch.start,
        "seconds": stretch.seconds,
    }
    note = temporary / "note.json"
    note.write_text(json.dumps(content), encoding="utf-8")
    for made, final in ((whole, file), (note, file.with_suffix(NOTE))):
        with made.open("rb+") as stream:
            os.fsync(stream.fileno())
        os.replace(made, final)
    return stretch


def _made(
    voice: Engine, texts: Sequence[str], folder: Path, jobs: int, said: Callable[[int], None]
) -> dict[str, SpokenStretch]:
    ours = f"{UNFINISHED}{_digest(voice)[:8]}-"
    for left in folder.glob(f"{ours}*"):  # by runs that are dead: this one holds the lock
        shutil.rmtree(left, ignore_errors=True)
    size = max(min(voice.batch, -(-len(texts) // jobs)), 1)
    batches = [texts[start : start + size] for start in range(0, len(texts), size)]
    programs = Programs()
    found: dict[str, SpokenStretch] = {}

    def speak(batch: Sequence[str]) -> dict[str, SpokenStretch]:
        with tempfile.TemporaryDirectory(prefix=ours, dir=folder) as temporary:
            try:
                return _spoken(voice, batch, Path(temporary), folder, programs)
            except ProgramError:
                if len(batch) == 1:
                    raise
        return {text: line for text in batch for text, line in speak([text]).items()}  # all but the one at fault

    with ThreadPoolExecutor(jobs) as pool:
        try:
            for future in as_completed([pool.submit(speak, batch) for batch in batches]):
                found |= (spoken := future.result())
                said(len(spoken))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            programs.stop()
            raise
    return found


def _spoken(
    voice: Engine, texts: Sequence[str], temporary: Path, folder: Path, programs: Programs
) -> dict[str, SpokenStretch]:
    """Lines spoken by one program, each then kept under its name."""
    begun = temporary / "spoken"
    begun.mkdir()
    first = f"{texts[0][:60]!r}" + (f" and {len(texts) - 1} more" if len(texts) > 1 else "")
    try:
        files = voice.speak(texts, begun.absolute(), programs)
    except ProgramError as error:
        raise ProgramError(f"{first} could not be spoken: {error}") from None
    found = {}
    for text, file in zip(texts, files, strict=True):
        try:
            samples = read_sound(file)
            part = heard(samples, file)
        except SoundError as error:
            said = re.sub(re.escape(str(file)), "what was written", str(error))
            raise ProgramError(f"{text[:60]!r} could not be spoken: {said}") from None
        found[text] = _keep(text, samples, part, line_file(voice, text, folder), temporary)
    return found
