"""Cuts a film's sound where steps begin: one file for each step and track, since a page's player has one track."""

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
ANY = "any"  # the name of the track that has no language


@dataclass(frozen=True)
class StepSound:
    """The sound file of one step in one track, under its temporary name."""

    number: int  # number of the step
    track: str  # a language, or `ANY`
    file: Path

    @property
    def name(self) -> str:
        """Return the file's final name, such as "003-en.m4a"."""
        return f"{self.number:03d}-{self.track}.m4a"


def write_sounds(
    steps: Sequence[Step], tracks: Mapping[Track, Sequence[PlacedSound]], workspace: Workspace
) -> list[StepSound]:
    """Write the sound of each step in each of ``tracks`` and return the files. Silent steps have no file.

    A sound that lasts longer than its step goes on in the next step's file. Raises SoundError.
    """
    step_sounds = []
    for track, placed in tracks.items():
        for step, samples in _steps_with_samples(steps, placed):
            if samples.any():
                sound = StepSound(step.number, track.language or ANY, workspace.temporary(f"{step.number:03d}.m4a"))
                _write_audio_file(sound.file, samples, track)
                step_sounds.append(sound)
    return step_sounds


def _steps_with_samples(steps: Sequence[Step], placed: Sequence[PlacedSound]) -> Iterator[tuple[Step, Stereo]]:
    """Yield each step with its stereo samples (2, N). All steps together have the film's length without gaps."""
    fps = steps[0].clip.fps
    ends = [round(Fraction((step.film_start + step.frames) * RATE, fps)) for step in steps]
    blocks = Mix(placed, ends[-1]).blocks()
    pending, position = np.zeros((2, 0), np.float32), 0
    for step, end in zip(steps, ends, strict=True):
        parts = [pending]
        while sum(part.shape[1] for part in parts) < end - position:
            parts.append(next(blocks))
        joined = np.concatenate(parts, axis=1)
        yield step, joined[:, : end - position]
        pending, position = joined[:, end - position :], end


def _write_audio_file(path: Path, samples: Stereo, track: Track) -> None:
    """Encode stereo samples into an audio file at ``path``."""
    with av.open(str(path), "w", format=CONTAINER, options={"movflags": "+faststart"}) as output:
        stream = sound_stream(output, CONTAINER, track)
        mix = Mix([PlacedSound(samples, Fraction(0))], samples.shape[1])
        for packet in encoded(mix, CODECS[CONTAINER]):
            packet.stream = stream
            output.mux(packet)
