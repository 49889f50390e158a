"""Places spoken lines in a film: each stretch of a line begins at its frame; each language is one track.

Every track is brought to the loudness that films have.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from gradreel.render.clips.clip_files import DamagedClipsError
from gradreel.render.clips.workspace import Workspace
from gradreel.render.stages import Shot
from gradreel.render.videos.subtitles import Clause
from gradreel.scenes.words.languages import LANGUAGES
from gradreel.scenes.words.narration import Narration
from gradreel.scenes.words.spoken import spoken_form
from gradreel.scenes.words.subtitle_timing import spoken_cues

if TYPE_CHECKING:
    from gradreel.render.videos.sound_track import PlacedSound, Track
    from gradreel.render.voice.spoken_lines import SpokenStretch


@dataclass(frozen=True)
class HeardStretch:
    """One stretch of a beat's line, from mark to mark, and its place in the film."""

    scene: str
    beat: str
    mark: str  # the mark it begins at; "": it begins with the beat
    text: str  # the printed text
    stretch: SpokenStretch
    start: Fraction  # seconds of the film, on a frame

    @property
    def end(self) -> float:
        """Return the end in seconds of the film."""
        return float(self.start) + self.stretch.seconds


def spoken_beat(shot: Shot, place: int, fps: int) -> dict[str, list[HeardStretch]]:
    """Return the spoken stretches of the shot's beat number ``place``, in order, by language; {} for a silent beat.

    Raises DamagedClipsError if the clip's description has other marks than the line, or marks outside the clip.
    """
    beat, lines = shot.beats[place]
    begins = {"": shot.clip.words_start(beat, place), **beat.marks}
    frames = [0, *begins.values(), shot.file.frames]
    if tuple(beat.marks) != lines.marks or frames != sorted(frames):
        raise DamagedClipsError([shot.file.path])
    return {
        language: [
            HeardStretch(shot.clip.scene, beat.name, mark, text, stretch, Fraction(shot.start + frame, fps))
            for (mark, frame), text, stretch in zip(
                begins.items(), lines.stretches.get(language, [""] * len(begins)), stretches, strict=True
            )
            if stretch.seconds  # a line that begins with a mark has no words before it
        ]
        for language, stretches in shot.clip.speech.get(beat.name, {}).items()
    }


@dataclass(frozen=True)
class Spoken:
    """All that is spoken in one language of a film, in order."""

    stretches: Sequence[HeardStretch]
    # dB: key True for stretches that somebody recorded, False for those that an engine spoke
    gains: Mapping[bool, float]
    clauses: Mapping[HeardStretch, Sequence[Clause]]  # the cues of each stretch, with the time at which each is spoken

    @property
    def is_recorded(self) -> bool:
        """Return whether somebody recorded any of its stretches."""
        return any(heard.stretch.recorded for heard in self.stretches)


def spoken_languages(shots: Sequence[Shot], fps: int, narration: Narration, workspace: Workspace) -> dict[str, Spoken]:
    """Return all spoken words of the film, by language. Each stretch is measured once. Raises SoundError.

    In each language, recordings have one gain and an engine's speech has another. Each gain brings all its stretches
    together to `LOUDNESS`; BS.1770 ignores silence between them. Loudness is measured on this film, even if it is one
    short scene: single scenes of the lecture were within 1 dB of the whole lecture.
    """
    by_language: dict[str, list[HeardStretch]] = {}
    for shot in shots:
        for beat_number in range(len(shot.beats)):
            for language, stretches in spoken_beat(shot, beat_number, fps).items():
                by_language.setdefault(language, []).extend(stretches)
    return {
        language: _measured_stretches(stretches, language, narration.lexicon(language), workspace)
        for language, stretches in by_language.items()
    }


def _measured_stretches(
    stretches: Sequence[HeardStretch], language: str, lexicon: Mapping[str, str], workspace: Workspace
) -> Spoken:
    """Return the stretches of one language with their gains and the times of their clauses."""
    from gradreel.render.videos.measured_lines import measured_lines  # it loads PyAV
    from gradreel.render.voice.loudness import gain_of
    from gradreel.render.voice.sound import RATE

    def spoken_length(text: str) -> int:
        return sum(letter.isalnum() for letter in spoken_form(text, language, lexicon))

    measures = measured_lines([heard.stretch for heard in stretches], workspace)
    clauses: dict[HeardStretch, list[Clause]] = {}
    levels: dict[bool, list[float]] = {True: [], False: []}
    for heard in stretches:
        start, measured = float(heard.start), measures[heard.stretch]
        silences = [(start + begin / RATE, start + end / RATE) for begin, end in measured.pauses]
        clauses[heard] = spoken_cues(heard.text, language, start, heard.end, silences, spoken_length)
        levels[heard.stretch.recorded] += measured.levels
    return Spoken(
        stretches, {is_recorded: gain_of(line_levels) for is_recorded, line_levels in levels.items()}, clauses
    )


def tracks(spoken: Mapping[str, Spoken], language: str, added: Sequence[PlacedSound]) -> dict[Track, list[PlacedSound]]:
    """Return a track for each spoken language. The film's own ``language`` is first and on by default, if it is spoken.

    The sounds that scenes ``added`` are in every track. If nothing is spoken, they have one track without language. A
    track has a room tone unless somebody recorded one of its lines: a recording has the tone of its own room.
    """
    from gradreel.render.videos.sound_track import Track  # it loads PyAV, as above

    if not spoken:
        return {Track(): list(added)} if added else {}
    own_first = sorted(spoken, key=lambda code: code != language)
    return {
        Track(code, LANGUAGES[code].own_name, default=code == own_first[0], room_tone=not spoken[code].is_recorded): [
            *_placed_stretches(spoken[code]),
            *added,
        ]
        for code in own_first
    }


def _placed_stretches(spoken: Spoken) -> Iterator[PlacedSound]:
    """Yield the stretches of one language as sounds in the film, with their gain."""
    from gradreel.render.videos.sound_track import PlacedSound  # it loads PyAV, as above

    for heard in spoken.stretches:
        gain = spoken.gains[heard.stretch.recorded]
        yield PlacedSound(heard.stretch, heard.start, gain, origin=f"{heard.scene}, {heard.beat}")
