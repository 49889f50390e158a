"""Lines as they are heard, each a FLAC file under the digest of its text and of what speaks it; the missing are made.

A file is written under a temporary name and renamed when it is whole. What one run has spoken, the next finds; of two
that want the same voice to speak at once, one waits.
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
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock
from gradreel.core.errors import printable
from gradreel.scenes.voice.engines import Engine
from gradreel.scenes.voice.programs import ProgramError, Programs
from gradreel.scenes.voice.recordings import Recordings
from gradreel.scenes.voice.sound import Samples, SoundError, read_sound, trimmed, write_flac

FORMAT = 1  # of what is kept: another one, and all lines are spoken anew
UNFINISHED = ".unfinished-"


@dataclass(frozen=True)
class Line:
    """What is said in a beat, or from one of its marks to the next."""

    scene: str
    beat: str
    text: str  # as it is spoken


@dataclass(frozen=True)
class SpokenLine:
    """A line that has been spoken, or recorded."""

    file: Path
    seconds: float  # that it is heard
    trimmed: float  # seconds of silence in the file before it

    @classmethod
    def read(cls, file: Path) -> SpokenLine:
        """Raises SoundError."""
        speech = trimmed(read_sound(file), file)
        return cls(file, speech.seconds, speech.trimmed)

    @property
    def samples(self) -> Samples:
        """Read each time. Raises SoundError."""
        return trimmed(read_sound(self.file), self.file).samples


Voice = Engine | Recordings


def spoken_lines(
    voice: Voice, lines: Sequence[Line], folder: Path, jobs: int = 1, said: Callable[[int], None] = lambda count: None
) -> list[SpokenLine]:
    """Every line as it is heard; what ``folder`` does not have is spoken by up to ``jobs`` programs at once.

    ``said`` is called with the number of lines that have just been spoken. Raises UserError: for an engine that is not
    there or fails, a sound that is none, recordings that are missing. What has been spoken by then is kept.
    """
    if isinstance(voice, Recordings):
        return [SpokenLine.read(file) for file in voice.files([(line.scene, line.beat) for line in lines])]
    texts = [plain(line.text) for line in lines]
    found = _kept(voice, texts, folder)
    if missing := [text for text in dict.fromkeys(texts) if text not in found]:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / f"{_digest(voice)}.lock"):
            found |= _kept(voice, missing, folder)
            missing = [text for text in missing if text not in found]
            found |= _made(voice, missing, folder, jobs, said)
    return [found[text] for text in texts]


def missing_lines(voice: Voice, lines: Sequence[Line], folder: Path) -> list[Line]:
    """Those that would have to be spoken, or recorded. Speaks nothing, writes nothing."""
    if isinstance(voice, Recordings):
        return [line for line in lines if voice.file(line.scene, line.beat) is None]
    found = _kept(voice, [plain(line.text) for line in lines], folder)
    return [line for line in lines if plain(line.text) not in found]


def plain(text: str) -> str:
    """A text as engines are given it: in one line, without what cannot be printed."""
    return "".join(letter for letter in " ".join(text.split()) if letter.isprintable())


def line_file(voice: Engine, text: str, folder: Path) -> Path:
    """Where a line is kept, once it has been spoken."""
    return folder / f"{_digest(voice, plain(text))}.flac"


def _digest(voice: Engine, *text: str) -> str:
    """Lines do not depend on a lexicon, but on the text that came out of it: a new word in it changes only its own."""
    content = json.dumps([FORMAT, voice.made_of, *text], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:32]


def _kept(voice: Engine, texts: Iterable[str], folder: Path) -> dict[str, SpokenLine]:
    """Those of the texts that have been spoken; a file that is damaged does not count."""
    found = {}
    for text in dict.fromkeys(texts):
        with suppress(SoundError):
            found[text] = SpokenLine.read(line_file(voice, text, folder))
    return found


def _made(
    voice: Engine, texts: Sequence[str], folder: Path, jobs: int, said: Callable[[int], None]
) -> dict[str, SpokenLine]:
    ours = f"{UNFINISHED}{_digest(voice)[:8]}-"
    for left in folder.glob(f"{ours}*"):  # by runs that are dead: this one holds the lock
        shutil.rmtree(left, ignore_errors=True)
    size = max(min(voice.batch, -(-len(texts) // jobs)), 1)
    batches = [texts[start : start + size] for start in range(0, len(texts), size)]
    programs = Programs()
    found: dict[str, SpokenLine] = {}

    def speak(batch: Sequence[str]) -> dict[str, SpokenLine]:
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
) -> dict[str, SpokenLine]:
    """Lines spoken by one program, each then kept under its name."""
    begun = temporary / "spoken"
    begun.mkdir()
    first = f"{printable(texts[0][:60])!r}" + (f" and {len(texts) - 1} more" if len(texts) > 1 else "")
    try:
        files = voice.speak(texts, begun.absolute(), programs)
    except ProgramError as error:
        raise ProgramError(f"{first} could not be spoken: {error}") from None
    found = {}
    for text, file in zip(texts, files, strict=True):
        try:
            samples = read_sound(file)
            trimmed(samples, file)
        except SoundError as error:
            said = re.sub(re.escape(str(file)), "what was written", str(error))
            raise ProgramError(f"{printable(text[:60])!r} could not be spoken: {said}") from None
        whole, final = temporary / "whole.flac", line_file(voice, text, folder)
        write_flac(whole, samples)
        with whole.open("rb+") as stream:
            os.fsync(stream.fileno())  # after a power failure the file is whole, or not there
        os.replace(whole, final)
        found[text] = SpokenLine.read(final)
    return found
