"""The music of a film: where a lesson's file of music plays, how loud, and how it gives way to the voice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from functools import cache
from pathlib import Path

import numpy as np
from gradreel.core.errors import UserError
from gradreel.render.lessons.lesson import Music
from gradreel.render.stages import Finding, Shot
from gradreel.render.videos.sound_track import Excerpt, PlacedSound, Track
from gradreel.render.voice.loudness import GAIN_STEP, LOUDNESS, UNMEASURED, block_levels, gated_loudness
from gradreel.render.voice.sound import RATE
from gradreel.render.voice.spoken_lines import SpokenStretch

FADE = 1.0  # seconds in which the music comes and goes
DUCK = 6.0  # LU by which it is louder where nobody speaks
DUCK_SECONDS = 0.5  # in which it gives way to the voice, and in which it returns
LONGEST_GAP = 2.0  # seconds between two lines in which it does not return
CLEAR = 10.0  # LU; speech over louder music is hard to follow
SHORT_TERM = 30  # blocks of a tenth of a second: 3 s, as in EBU R 128

Interval = tuple[Fraction, Fraction]  # seconds of the film


def music_of(music: Music, shots: Sequence[Shot], fps: int, speech: Sequence[Interval]) -> list[PlacedSound]:
    """Return the music as sounds in the film, one for each stretch in which it plays; ``speech``: of one track.

    It is ``music.under`` LU softer than the voice while somebody speaks, and 6 LU louder in long gaps. It fades in and
    out. A short file begins anew. Raises SoundError, and UserError for a beat that a scene lacks.
    """
    loudness = gated_loudness(levels_of(music.file))
    if loudness <= UNMEASURED:
        return []
    gain = round((LOUDNESS - music.under - loudness) / GAIN_STEP) * GAIN_STEP
    spoken = _merged_intervals(speech, LONGEST_GAP)
    sounds = []
    for start, end in _merged_intervals(_intervals_with_music(music, shots, fps), 0):
        first, length = round(start * RATE), round(end * RATE) - round(start * RATE)
        curve = tuple(_level_curve(float(start), float(end), spoken))
        sounds.append(PlacedSound(Excerpt(music.file, length, curve), Fraction(first, RATE), gain, origin="music"))
    return sounds


def with_music(
    music: Music, tracks: Mapping[Track, Sequence[PlacedSound]], shots: Sequence[Shot], fps: int
) -> dict[Track, list[PlacedSound]]:
    """Return the tracks with the music in each; one track if there is none. The errors are those of `music_of`."""
    result = {}
    for track, sounds in (tracks or {Track(): []}).items():
        spoken = [sound for sound in sounds if isinstance(sound.sound, SpokenStretch)]
        speech = [(Fraction(sound.begins, RATE), Fraction(sound.ends, RATE)) for sound in spoken]
        result[track] = [*sounds, *music_of(music, shots, fps, speech)]
    return result


def music_findings(music: Music, scene: str) -> list[Finding]:
    """Return a finding if the music, at its loudest, would hide the speech of a film that begins with ``scene``."""
    levels = levels_of(music.file)
    powers = np.convolve(10 ** (np.asarray(levels) / 10), np.ones(SHORT_TERM) / SHORT_TERM, "valid")
    if len(powers) == 0 or gated_loudness(levels) <= UNMEASURED:
        return []
    loudest = int(np.argmax(powers))
    distance = music.under + gated_loudness(levels) - 10 * np.log10(powers[loudest])
    if distance >= CLEAR:
        return []
    message = (
        f"the music hides speech: at {loudest / 10:.0f} s of {music.file.name} it is {distance:.0f} LU under the voice;"
        f" needed: {CLEAR:.0f}; set under = {np.ceil(music.under + CLEAR - distance):.0f} in [music]"
    )
    return [Finding(scene, "", "music", message, str(music.file))]


@cache
def levels_of(file: Path) -> tuple[float, ...]:
    """Return the loudness of the file's blocks, see `block_levels`. Raises SoundError."""
    parts = PlacedSound(file, Fraction(0), origin="music").parts()
    return tuple(block_levels(part.mean(axis=0) for part in parts))


def _intervals_with_music(music: Music, shots: Sequence[Shot], fps: int) -> Iterable[Interval]:
    """Yield where the music plays. Scenes that are not in the film are left out. Raises UserError."""
    if music.plays == "throughout":
        yield Fraction(0), Fraction(shots[-1].end, fps)
        return
    for shot in shots:
        beats = {beat.name: beat for beat in shot.file.beats}
        if music.plays == "parts":
            names = list(beats)[:1] if shot.begins else []
        else:
            asked = [place.partition("/") for place in music.plays]
            names = [beat for scene, _, beat in asked if scene == shot.clip.scene]
        for name in names:
            if name and name not in beats:
                raise UserError(f"music.plays: {shot.clip.scene} has no beat {name!r}; use one of {', '.join(beats)}")
            start, end = (beats[name].start, beats[name].end) if name else (0, shot.file.frames)
            yield Fraction(shot.start + start, fps), Fraction(shot.start + end, fps)


def _merged_intervals(intervals: Iterable[Interval], gap: float) -> list[Interval]:
    """Return the intervals in order, joined where at most ``gap`` seconds lie between them."""
    merged: list[Interval] = []
    for start, end in sorted(intervals):
        if merged and start - merged[-1][1] <= gap:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged


def _level_curve(start: float, end: float, speech: Sequence[Interval]) -> Iterable[tuple[float, float]]:
    """Yield seconds since ``start`` and the factor of the music's level there; between them it is linear."""
    free = 10 ** (DUCK / 20)
    ducks = [
        (float(begins) - DUCK_SECONDS, float(begins), float(ends), float(ends) + DUCK_SECONDS)
        for begins, ends in speech
    ]
    points = {start, start + FADE, end - FADE, end}.union(*ducks)
    for second in sorted(point for point in points if start <= point <= end):
        ducked = max((np.interp(second, duck, (0, 1, 1, 0)) for duck in ducks), default=0.0)
        fade = min((second - start) / FADE, (end - second) / FADE, 1.0)
        yield second - start, float(fade * (free + (1 - free) * ducked))
