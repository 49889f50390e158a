"""What is heard of a film, cut where steps begin: a file a step and track, since a page's player has one track."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from gradreel.render.clips.workspace import Workspace
from gradreel.render.export.steps import Step
from gradreel.render.videos.sound_track import CODECS, Mix, PlacedSound, Stereo, Track, encoded
from gradreel.render.videos.video import sound_stream
from gradreel.render.voice.sound import RATE

CONTAINER = "mp4"
ANY = "any"  # what the track of no language is called


@dataclass(frozen=True)
class StepSound:
    """A sound file of a step, under its temporary name."""

    number: int  # of the step
    track: str  # a language, or `ANY`
    file: Path

    @property
    def name(self) -> str:
        return f"{self.number:03d}-{self.track}.m4a"


def write_sounds(
    steps: Sequence[Step], tracks: Mapping[Track, Sequence[PlacedSound]], workspace: Workspace
) -> list[StepSound]:
    """What is heard in each step, of each track; steps without a sound have no file.

    A sound that goes on over the end of a step goes on with the next one. Raises SoundError.
    """
    found = []
    for track, placed in tracks.items():
        for step, samples in _cut(steps, placed):
            if samples.any():
                made = StepSound(step.number, track.language or ANY, workspace.temporary(f"{step.number:03d}.m4a"))
                _write(made.file, samples, track)
                found.append(made)
    return found


def _cut(steps: Sequence[Step], placed: Sequence[PlacedSound]) -> Iterator[tuple[Step, Stereo]]:
    fps = steps[0].clip.fps
    ends = [round(Fraction((step.film_start + step.frames) * RATE, fps)) for step in steps]
    blocks = Mix(placed, ends[-1]).blocks()
    held, place = np.zeros((2, 0), np.float32), 0
    for step, end in zip(steps, ends, strict=True):
        parts = [held]
        while sum(part.shape[1] for part in parts) < end - place:
            parts.append(next(blocks))
        joined = np.concatenate(parts, axis=1)
        yield step, joined[:, : end - place]
        held, place = joined[:, end - place :], end


def _write(path: Path, samples: Stereo, track: Track) -> None:
    with av.open(str(path), "w", format=CONTAINER, options={"movflags": "+faststart"}) as output:
        stream = sound_stream(output, CONTAINER, track)
        mix = Mix([PlacedSound(samples, Fraction(0))], samples.shape[1])
        for packet in encoded(mix, stream, CODECS[CONTAINER]):
            output.mux(packet)
