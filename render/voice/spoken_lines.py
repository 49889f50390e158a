"""Speaks lines with a voice, and caches the sound.

An engine speaks utterances. An utterance is a whole line, or one stretch of a line from mark to mark. The cache has a
FLAC file for each utterance, named by the digest of its text and of the engine's ``made_of``. A JSON note beside it has
the places of its stretches, so that nobody decodes the sound to find them. Both are written under a temporary name and
renamed when they are complete. A lock lets only one command at a time speak with the same voice.
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

FORMAT = 3  # version of the cache; a new one makes all cached lines stale
NOTE, LONGEST_NOTE = ".json", 1 << 20
MOST_BYTES = 256 << 20  # size limit of a cached sound, enough for `LONGEST` seconds
UNFINISHED = ".unfinished-"


@dataclass(frozen=True)
class Line:
    """The spoken text of a beat."""

    scene: str
    beat: str
    stretches: tuple[str, ...]  # the spoken text from mark to mark; a single one for a line without marks

    @property
    def texts(self) -> list[str]:
        """Return the stretches that have words, as `plain` text for an engine."""
        return [text for text in map(plain, self.stretches) if has_words(text)]

    def utterances(self, voice: Engine) -> list[Utterance]:
        """Return `texts` as one utterance if ``voice`` speaks whole lines, else as an utterance for each text."""
        if voice.whole_lines:
            return [tuple(self.texts)] if self.texts else []
        return [(text,) for text in self.texts]

    def with_silent_stretches(self, spoken: Iterable[SpokenStretch]) -> tuple[SpokenStretch, ...]:
        """Return a spoken stretch for each stretch: ``spoken`` in order, and `NOT_HEARD` for those without words."""
        in_order = iter(spoken)
        return tuple(next(in_order) if has_words(text) else NOT_HEARD for text in self.stretches)


@dataclass(frozen=True)
class SpokenStretch:
    """The place of a spoken or recorded stretch in a sound file."""

    file: Path
    start: float  # seconds from the file's beginning
    seconds: float  # its length
    recorded: bool = False  # a person recorded it; no engine spoke it

    @classmethod
    def of(cls, file: Path, part: slice) -> SpokenStretch:
        """Return the stretch for ``part``, a slice of the samples of ``file`` at `RATE`."""
        return cls(file, part.start / RATE, (part.stop - part.start) / RATE)

    @property
    def samples(self) -> Samples:
        """Return the stretch's samples, (N,), faded in and out. Reads the file on each call. Raises SoundError."""
        if not self.seconds:
            return np.zeros(0, np.float32)
        start = round(self.start * RATE)
        return cut(read_sound(self.file), slice(start, start + round(self.seconds * RATE)))


NOT_HEARD = SpokenStretch(Path(), 0.0, 0.0)  # for a stretch without words, such as before a mark that begins a line
Voice = Engine | Recordings
Heard = tuple[SpokenStretch, ...]  # the stretches of an utterance


def spoken_lines(
    voice: Voice,
    lines: Sequence[Line],
    folder: Path,
    jobs: int = 1,
    on_spoken: Callable[[int], None] = lambda count: None,
) -> list[tuple[SpokenStretch, ...]]:
    """Return the spoken stretches of each line. Speaks those that the cache ``folder`` lacks.

    Up to ``jobs`` programs speak at the same time. ``on_spoken`` gets the number of newly spoken utterances after each
    batch. The stretches of a recording follow each other in its file, with its own pauses.

    Raises UserError if an engine is missing or fails, a sound is silent or broken, or a recording is missing or cannot
    be cut at its marks. Utterances spoken before the error stay in the cache.
    """
    if isinstance(voice, Recordings):
        return _stretches_from_recordings(voice, lines, folder, jobs, on_spoken)
    utterances_by_line = [line.utterances(voice) for line in lines]
    utterances = dict.fromkeys(utterance for of_line in utterances_by_line for utterance in of_line)
    spoken = _cached_stretches(voice, utterances, folder)
    if any(utterance not in spoken for utterance in utterances):
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / f"{_digest_of_spoken_texts(voice)}.lock"):
            spoken |= _cached_stretches(
                voice, [utterance for utterance in utterances if utterance not in spoken], folder
            )
            missing = [utterance for utterance in utterances if utterance not in spoken]
            spoken |= _speak_into_cache(voice, missing, folder, jobs, on_spoken)
    return [
        line.with_silent_stretches(stretch for utterance in of_line for stretch in spoken[utterance])
        for line, of_line in zip(lines, utterances_by_line, strict=True)
    ]


def _stretches_from_recordings(
    voice: Recordings, lines: Sequence[Line], folder: Path, jobs: int, on_spoken: Callable[[int], None]
) -> list[tuple[SpokenStretch, ...]]:
    """Return the stretches of each line from its recording; with ``voice.fill``, speaks lines without a recording."""
    unrecorded = missing_recordings(voice, lines) if voice.fill else []
    spoken = iter(spoken_lines(voice.fill, unrecorded, folder, jobs, on_spoken) if voice.fill else ())
    files = iter(voice.files([(line.scene, line.beat) for line in lines if line not in unrecorded]))
    return [
        next(spoken) if line in unrecorded else line.with_silent_stretches(recorded_stretches(next(files), line))
        for line in lines
    ]


def recorded_stretches(file: Path, line: Line) -> list[SpokenStretch]:
    """Return the stretches with words in a recording of ``line``.

    Raises SoundError if the file is no sound, UserError if it cannot be cut at the line's marks.
    """
    worded = [has_words(plain(text)) for text in line.stretches]
    parts = stretches_of(file, read_sound(file), worded)
    return [replace(SpokenStretch.of(file, part), recorded=True) for part in parts]


def missing_lines(voice: Voice, lines: Sequence[Line], folder: Path) -> list[Line]:
    """Return the lines that still have to be spoken, or recorded. Speaks nothing, writes nothing."""
    if isinstance(voice, Recordings):
        missing = missing_recordings(voice, lines)
        return missing_lines(voice.fill, missing, folder) if voice.fill else missing
    utterances_by_line = [line.utterances(voice) for line in lines]
    cached = _cached_stretches(voice, [utterance for of_line in utterances_by_line for utterance in of_line], folder)
    return [
        line
        for line, of_line in zip(lines, utterances_by_line, strict=True)
        if any(utterance not in cached for utterance in of_line)
    ]


def missing_recordings(voice: Recordings, lines: Sequence[Line]) -> list[Line]:
    """Return the lines without a recording."""
    return [line for line in lines if voice.file(line.scene, line.beat) is None]


def plain(text: str) -> str:
    """Return ``text`` for an engine: in one line, with single spaces, without unprintable characters."""
    return "".join(letter for letter in " ".join(text.split()) if letter.isprintable())


def has_words(text: str) -> bool:
    """Return whether ``text`` has a letter or digit."""
    return any(letter.isalnum() for letter in text)


def line_file(voice: Engine, utterance: Utterance, folder: Path) -> Path:
    """Return the path of an utterance's sound in the cache ``folder``; the file need not exist."""
    return folder / f"{_digest_of_spoken_texts(voice, *map(plain, utterance))}.flac"


def _digest_of_spoken_texts(voice: Engine, *texts: str) -> str:
    """Return the digest of a voice and the texts that it gets; the key of their sound.

    ``texts`` are already spelled by the lexicon. So a new entry in it makes only the lines with its word stale.
    """
    content = json.dumps([FORMAT, voice.made_of, *texts], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:32]


def _cached_stretches(voice: Engine, utterances: Iterable[Utterance], folder: Path) -> dict[Utterance, Heard]:
    """Return the stretches of each utterance that the cache has, without damaged files."""
    cached = {utterance: _read_note(line_file(voice, utterance, folder), len(utterance)) for utterance in utterances}
    return {utterance: stretches for utterance, stretches in cached.items() if stretches is not None}


def _read_note(file: Path, count: int) -> Heard | None:
    """Return the stretches that the note of a cached sound lists.

    Returns None if the sound or its note is missing or damaged, or lists another number of stretches than ``count``.
    """
    with suppress(OSError, ValueError, TypeError, KeyError, RecursionError):
        note = json.loads(read_bounded(file.with_suffix(NOTE), LONGEST_NOTE))
        stretches = tuple(SpokenStretch(file, float(start), float(seconds)) for start, seconds in note["stretches"])
        is_intact = xxhash.xxh3_128_hexdigest(read_bounded(file, MOST_BYTES)) == note["digest"]
        in_range = all(0 <= each.start <= LONGEST and 0 < each.seconds <= LONGEST for each in stretches)
        if is_intact and in_range and len(stretches) == count:
            return stretches
    return None


def _store_sound_with_note(
    utterance: Utterance, samples: Samples, parts: Sequence[slice], file: Path, temporary: Path
) -> Heard:
    """Write a sound to ``file``, then its note, and return its stretches.

    A power failure in between leaves a sound without a note, which the cache ignores.
    """
    stretches, sound = tuple(SpokenStretch.of(file, part) for part in parts), temporary / "whole.flac"
    write_flac(sound, samples)
    content = {
        "text": " ".join(utterance),
        "digest": xxhash.xxh3_128_hexdigest(sound.read_bytes()),
        "stretches": [(each.start, each.seconds) for each in stretches],
    }
    note = temporary / "note.json"
    note.write_text(json.dumps(content), encoding="utf-8")
    for temporary_file, final in ((sound, file), (note, file.with_suffix(NOTE))):
        with temporary_file.open("rb+") as stream:
            os.fsync(stream.fileno())
        os.replace(temporary_file, final)
    return stretches


def _speak_into_cache(
    voice: Engine, utterances: Sequence[Utterance], folder: Path, jobs: int, on_spoken: Callable[[int], None]
) -> dict[Utterance, Heard]:
    """Speak utterances in batches, with up to ``jobs`` programs, and return the stretches of each.

    The caller holds the voice's lock. If a batch fails, its utterances are spoken one by one. So the others reach
    the cache before the error of the faulty one is raised.
    """
    prefix = f"{UNFINISHED}{_digest_of_spoken_texts(voice)[:8]}-"
    for abandoned in folder.glob(f"{prefix}*"):  # left by killed commands, since this one holds the lock
        shutil.rmtree(abandoned, ignore_errors=True)
    size = max(min(voice.batch, -(-len(utterances) // jobs)), 1)
    batches = [utterances[start : start + size] for start in range(0, len(utterances), size)]
    programs = Programs()
    spoken: dict[Utterance, Heard] = {}

    def speak(batch: Sequence[Utterance]) -> dict[Utterance, Heard]:
        with tempfile.TemporaryDirectory(prefix=prefix, dir=folder) as temporary:
            try:
                return _speak_batch(voice, batch, Path(temporary), folder, programs)
            except ProgramError:
                if len(batch) == 1:
                    raise
        return {utterance: stretches for text in batch for utterance, stretches in speak([text]).items()}

    with ThreadPoolExecutor(jobs) as pool:
        try:
            for future in as_completed([pool.submit(speak, batch) for batch in batches]):
                spoken |= (of_batch := future.result())
                on_spoken(len(of_batch))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            programs.stop()
            raise
    return spoken


def _speak_batch(
    voice: Engine, utterances: Sequence[Utterance], temporary: Path, folder: Path, programs: Programs
) -> dict[Utterance, Heard]:
    """Speak utterances with one program, store each in the cache and return its stretches. Raises ProgramError."""
    output = temporary / "spoken"
    output.mkdir()
    first = f"{_quoted_beginning(utterances[0])}" + (f" and {len(utterances) - 1} more" if len(utterances) > 1 else "")
    try:
        sounds = voice.speak(utterances, output.absolute(), programs)
    except ProgramError as error:
        raise ProgramError(f"{first} could not be spoken: {error}") from None
    spoken = {}
    for utterance, sound in zip(utterances, sounds, strict=True):
        try:
            samples = read_sound(sound.file)
            whole = audible_part(samples, sound.file)
        except SoundError as error:
            message = re.sub(re.escape(str(sound.file)), "the program's sound file", str(error))
            raise ProgramError(f"{_quoted_beginning(utterance)} could not be spoken: {message}") from None
        begins = [min(max(round(seconds * RATE), whole.start), whole.stop) for seconds in sound.begins[1:]]
        bounds = [whole.start, *begins, whole.stop]
        if len(bounds) != len(utterance) + 1 or any(a >= b for a, b in pairwise(bounds)):
            raise ProgramError(
                f"{_quoted_beginning(utterance)} could not be spoken: the engine found no sound for one of its "
                f"{len(utterance)} stretches; take out a mark, or write more words between two marks"
            )
        parts = [slice(*ends) for ends in pairwise(bounds)]
        spoken[utterance] = _store_sound_with_note(
            utterance, samples, parts, line_file(voice, utterance, folder), temporary
        )
    return spoken


def _quoted_beginning(utterance: Utterance) -> str:
    """Return the first 60 characters of an utterance, in quotes, for errors."""
    return repr(" ".join(utterance)[:60])
