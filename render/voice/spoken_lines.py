"""Lines as they are heard; what an engine has not spoken yet is made.

An engine speaks utterances: whole lines, or each stretch of a line, from mark to mark, by itself. Of each there is a
FLAC file under the digest of its text and of what speaks it. A note beside it says where its stretches are, so that it
is not decoded again for that. Both are written under a temporary name and renamed when they are whole. What one run has
spoken, the next finds; of two that want the same voice to speak at once, one waits.
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
from itertools import pairwise
from pathlib import Path

import numpy as np
import xxhash
from filelock import FileLock
from gradreel.core.files import read_bounded
from gradreel.render.voice.engines import Engine, Utterance
from gradreel.render.voice.programs import ProgramError, Programs
from gradreel.render.voice.recordings import Recordings, stretches_of
from gradreel.render.voice.sound import LONGEST, RATE, Samples, SoundError, audible_part, cut, read_sound, write_flac

FORMAT = 3  # of what is kept: another one, and all lines are spoken anew
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

    def utterances(self, voice: Engine) -> list[Utterance]:
        """The same, as ``voice`` takes them."""
        if voice.whole_lines:
            return [tuple(self.texts)] if self.texts else []
        return [(text,) for text in self.texts]

    def whole(self, heard: Iterable[SpokenStretch]) -> tuple[SpokenStretch, ...]:
        """All stretches: what is ``heard`` of those that have words, and nothing of the others."""
        left = iter(heard)
        return tuple(next(left) if has_words(text) else NOT_HEARD for text in self.stretches)


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
Heard = tuple[SpokenStretch, ...]  # the stretches of an utterance


def spoken_lines(
    voice: Voice, lines: Sequence[Line], folder: Path, jobs: int = 1, said: Callable[[int], None] = lambda count: None
) -> list[tuple[SpokenStretch, ...]]:
    """Every line as it is heard; stretches that ``folder`` does not have are spoken by up to ``jobs`` programs at once.

    Those of a recording follow each other in its file, so that its own pauses are kept. ``said`` is called with the
    number of utterances that have just been spoken. Raises UserError: for an engine that is not there or fails, a sound
    that is none, recordings that are missing or can't be parted. What has been spoken by then is kept.
    """
    if isinstance(voice, Recordings):
        return _recorded(voice, lines, folder, jobs, said)
    wanted = [line.utterances(voice) for line in lines]
    utterances = dict.fromkeys(utterance for its in wanted for utterance in its)
    heard = _kept(voice, utterances, folder)
    if any(utterance not in heard for utterance in utterances):
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / f"{_digest(voice)}.lock"):
            heard |= _kept(voice, [utterance for utterance in utterances if utterance not in heard], folder)
            missing = [utterance for utterance in utterances if utterance not in heard]
            heard |= _made(voice, missing, folder, jobs, said)
    return [
        line.whole(part for utterance in its for part in heard[utterance])
        for line, its in zip(lines, wanted, strict=True)
    ]


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
    wanted = [line.utterances(voice) for line in lines]
    kept = _kept(voice, [utterance for its in wanted for utterance in its], folder)
    return [line for line, its in zip(lines, wanted, strict=True) if any(utterance not in kept for utterance in its)]


def missing_recordings(voice: Recordings, lines: Sequence[Line]) -> list[Line]:
    """Those that there is no recording of."""
    return [line for line in lines if voice.file(line.scene, line.beat) is None]


def plain(text: str) -> str:
    """A text as engines are given it: in one line, without what cannot be printed."""
    return "".join(letter for letter in " ".join(text.split()) if letter.isprintable())


def has_words(text: str) -> bool:
    return any(letter.isalnum() for letter in text)


def line_file(voice: Engine, utterance: Utterance, folder: Path) -> Path:
    """Where an utterance is kept, once it has been spoken."""
    return folder / f"{_digest(voice, *map(plain, utterance))}.flac"


def _digest(voice: Engine, *texts: str) -> str:
    """Lines do not depend on a lexicon, but on the text that came out of it: a new word in it changes only its own."""
    content = json.dumps([FORMAT, voice.made_of, *texts], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:32]


def _kept(voice: Engine, utterances: Iterable[Utterance], folder: Path) -> dict[Utterance, Heard]:
    """Those of the utterances that have been spoken; a file that is damaged does not count."""
    noted = {utterance: _noted(line_file(voice, utterance, folder), len(utterance)) for utterance in utterances}
    return {utterance: heard for utterance, heard in noted.items() if heard is not None}


def _noted(file: Path, count: int) -> Heard | None:
    """The ``count`` stretches that its note says are in a file, unless either is missing, or not as it was written."""
    with suppress(OSError, ValueError, TypeError, KeyError, RecursionError):
        note = json.loads(read_bounded(file.with_suffix(NOTE), LONGEST_NOTE))
        heard = tuple(SpokenStretch(file, float(start), float(seconds)) for start, seconds in note["stretches"])
        whole = xxhash.xxh3_128_hexdigest(read_bounded(file, MOST_BYTES)) == note["digest"]
        bounded = all(0 <= part.start <= LONGEST and 0 < part.seconds <= LONGEST for part in heard)
        if whole and bounded and len(heard) == count:
            return heard
    return None


def _keep(utterance: Utterance, samples: Samples, parts: Sequence[slice], file: Path, temporary: Path) -> Heard:
    """Write a file, then its note: with a power failure in between there is no note, and it does not count."""
    heard, whole = tuple(SpokenStretch.of(file, part) for part in parts), temporary / "whole.flac"
    write_flac(whole, samples)
    content = {
        "text": " ".join(utterance),
        "digest": xxhash.xxh3_128_hexdigest(whole.read_bytes()),
        "stretches": [(part.start, part.seconds) for part in heard],
    }
    note = temporary / "note.json"
    note.write_text(json.dumps(content), encoding="utf-8")
    for written, final in ((whole, file), (note, file.with_suffix(NOTE))):
        with written.open("rb+") as stream:
            os.fsync(stream.fileno())
        os.replace(written, final)
    return heard


def _made(
    voice: Engine, utterances: Sequence[Utterance], folder: Path, jobs: int, said: Callable[[int], None]
) -> dict[Utterance, Heard]:
    ours = f"{UNFINISHED}{_digest(voice)[:8]}-"
    for left in folder.glob(f"{ours}*"):  # by runs that are dead: this one holds the lock
        shutil.rmtree(left, ignore_errors=True)
    size = max(min(voice.batch, -(-len(utterances) // jobs)), 1)
    batches = [utterances[start : start + size] for start in range(0, len(utterances), size)]
    programs = Programs()
    heard: dict[Utterance, Heard] = {}

    def speak(batch: Sequence[Utterance]) -> dict[Utterance, Heard]:
        with tempfile.TemporaryDirectory(prefix=ours, dir=folder) as temporary:
            try:
                return _spoken(voice, batch, Path(temporary), folder, programs)
            except ProgramError:
                if len(batch) == 1:
                    raise
        return {utterance: one for text in batch for utterance, one in speak([text]).items()}  # all but that at fault

    with ThreadPoolExecutor(jobs) as pool:
        try:
            for future in as_completed([pool.submit(speak, batch) for batch in batches]):
                heard |= (spoken := future.result())
                said(len(spoken))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            programs.stop()
            raise
    return heard


def _spoken(
    voice: Engine, utterances: Sequence[Utterance], temporary: Path, folder: Path, programs: Programs
) -> dict[Utterance, Heard]:
    """Utterances spoken by one program, each then kept under its name."""
    begun = temporary / "spoken"
    begun.mkdir()
    first = f"{_named(utterances[0])}" + (f" and {len(utterances) - 1} more" if len(utterances) > 1 else "")
    try:
        spoken = voice.speak(utterances, begun.absolute(), programs)
    except ProgramError as error:
        raise ProgramError(f"{first} could not be spoken: {error}") from None
    kept = {}
    for utterance, sound in zip(utterances, spoken, strict=True):
        try:
            samples = read_sound(sound.file)
            whole = audible_part(samples, sound.file)
        except SoundError as error:
            said = re.sub(re.escape(str(sound.file)), "what was written", str(error))
            raise ProgramError(f"{_named(utterance)} could not be spoken: {said}") from None
        begins = [min(max(round(seconds * RATE), whole.start), whole.stop) for seconds in sound.begins[1:]]
        bounds = [whole.start, *begins, whole.stop]
        if len(bounds) != len(utterance) + 1 or any(a >= b for a, b in pairwise(bounds)):
            raise ProgramError(f"{_named(utterance)} could not be spoken: its stretches are not heard one by one")
        parts = [slice(*ends) for ends in pairwise(bounds)]
        kept[utterance] = _keep(utterance, samples, parts, line_file(voice, utterance, folder), temporary)
    return kept


def _named(utterance: Utterance) -> str:
    """The first words of an utterance, as errors name it."""
    return repr(" ".join(utterance)[:60])
