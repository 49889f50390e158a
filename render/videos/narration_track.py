"""What is spoken in a film: each stretch of a line at its frame, each language a track as loud as films are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from gradreel.render.clips.clip_files import DamagedClipsError
from gradreel.render.stages import Shot
from gradreel.render.videos.subtitles import Clause
from gradreel.scenes.words.languages import LANGUAGES
from gradreel.scenes.words.narration import Narration
from gradreel.scenes.words.spoken import spoken_form
from gradreel.scenes.words.subtitle_timing import spoken_cues

if TYPE_CHECKING:
    from gradreel.render.videos.sound_track import PlacedSound, Track
    from gradreel.render.voice.sound import Samples
    from gradreel.render.voice.spoken_lines import SpokenStretch


@dataclass(frozen=True)
class HeardStretch:
    """A stretch of a beat's line, from mark to mark, where it is in the film."""

    scene: str
    beat: str
    mark: str  # that it begins at; "": it begins with the beat
    text: str  # as it is printed
    stretch: SpokenStretch
    start: Fraction  # seconds of the film, at a frame

    @property
    def end(self) -> float:
        return float(self.start) + self.stretch.seconds


def spoken_beat(shot: Shot, place: int, fps: int) -> dict[str, list[HeardStretch]]:
    """What is heard in the shot's beat number ``place``, in order, by language; {} for a beat without voice.

    Raises DamagedClipsError for a clip whose description has other marks than the line, or not inside of it.
    """
    beat, lines = shot.beats[place]
    begins = {"": beat.start, **beat.marks}
    frames = [0, *begins.values(), shot.file.frames]
    if tuple(beat.marks) != lines.marks or frames != sorted(frames):
        raise DamagedClipsError([shot.file.path])
    return {
        language: [
            HeardStretch(shot.clip.scene, beat.name, mark, text, stretch, Fraction(shot.start + frame, fps))
            for (mark, frame), text, stretch in zip(
                begins.items(), lines.stretches.get(language, [""] * len(begins)), stretches, strict=True
            )
            if stretch.seconds  # what is before a mark that a line begins with has no words
        ]
        for language, stretches in shot.clip.speech.get(beat.name, {}).items()
    }


@dataclass(frozen=True)
class Spoken:
    """A language of a film: all that is heard of it, in order, and how."""

    stretches: Sequence[HeardStretch]
    gains: Mapping[bool, float]  # dB, of those that somebody recorded and of those that an engine spoke
    clauses: Mapping[HeardStretch, Sequence[Clause]]  # when each of their cues is said


def spoken_languages(shots: Sequence[Shot], fps: int, narration: Narration) -> dict[str, Spoken]:
    """The languages that are spoken in the film. Every stretch is read for it, one at a time. Raises SoundError.

    A language's recordings have one gain, what an engine speaks of it has another: each brings all of them together to
    `LOUDNESS` (as BS.1770 gates silence, it is that of the film). It is measured on what is heard in this very film, be
    it one short scene: that of a scene of the lecture by itself was within 1 dB of the whole lecture's.
    """
    found: dict[str, list[HeardStretch]] = {}
    for shot in shots:
        for place in range(len(shot.beats)):
            for language, stretches in spoken_beat(shot, place, fps).items():
                found.setdefault(language, []).extend(stretches)
    return {
        language: _measured(stretches, language, narration.lexicon(language)) for language, stretches in found.items()
    }


def _measured(stretches: Sequence[HeardStretch], language: str, lexicon: Mapping[str, str]) -> Spoken:
    from gradreel.render.voice.loudness import gain_of  # it loads PyAV
    from gradreel.render.voice.sound import RATE
    from gradreel.render.voice.sound import pauses as pauses_in

    clauses: dict[HeardStretch, list[Clause]] = {}

    def spoken_length(text: str) -> int:
        return sum(letter.isalnum() for letter in spoken_form(text, language, lexicon))

    def read(whose: Sequence[HeardStretch]) -> Iterator[Samples]:
        for one in whose:
            samples, start = one.stretch.samples, float(one.start)
            pauses = pauses_in(samples, one.stretch.file)
            silences = [(start + part.start / RATE, start + part.stop / RATE) for part in pauses]
            clauses[one] = spoken_cues(one.text, language, start, one.end, silences, spoken_length)
            yield samples

    by_voice = {kind: [one for one in stretches if one.stretch.recorded == kind] for kind in (True, False)}
    return Spoken(stretches, {kind: gain_of(read(whose)) for kind, whose in by_voice.items()}, clauses)


def tracks(spoken: Mapping[str, Spoken], language: str, added: Sequence[PlacedSound]) -> dict[Track, list[PlacedSound]]:
    """A track for each spoken language, the first of them on: ``language``, which the film is in, if it is among them.

    What scenes ``added`` is heard in each; where nothing is spoken, in the one that there is then.
    """
    from gradreel.render.videos.sound_track import Track  # it loads PyAV, as above

    if not spoken:
        return {Track(): list(added)} if added else {}
    own_first = sorted(spoken, key=lambda code: code != language)
    return {
        Track(code, LANGUAGES[code].own_name, default=code == own_first[0]): [*_placed(spoken[code]), *added]
        for code in own_first
    }


def _placed(spoken: Spoken) -> Iterator[PlacedSound]:
    from gradreel.render.videos.sound_track import PlacedSound  # it loads PyAV, as above

    for one in spoken.stretches:
        gain = spoken.gains[one.stretch.recorded]
        yield PlacedSound(one.stretch, one.start, gain, whose=f"{one.scene}, {one.beat}")
