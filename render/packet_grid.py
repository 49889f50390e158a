"""The lengths of clips that let sound packets stay as they are when a clip before them gets longer.

An AAC packet has 1024 samples. A track's packets lie on that grid from the film's beginning. A clip whose length is a
whole number of packets moves what follows by whole packets, and packets that are kept still fit.
"""

from __future__ import annotations

import math
from fractions import Fraction

from gradreel.render.voice.sound import RATE

AAC_SAMPLES = 1024  # in a packet
AAC_CONTAINERS = ("mp4", "mov")
TONE_SECONDS = Fraction(8, 15)  # after which a room tone repeats, where clips have no grid
LONGEST_PAD = Fraction(6, 10)  # seconds by which a clip may get longer


def clip_grid(fps: int, container: str) -> int:
    """Return the number of frames of the shortest clip that ends with a packet; 1 if clips are not to be padded.

    It is 8 frames at 15 a second, 32 at 60. It is 1 where clips would get longer by more than `LONGEST_PAD`, as at 24
    frames a second, and for Opus, whose packets are never joined.
    """
    if container not in AAC_CONTAINERS or RATE % fps:
        return 1
    frames = math.lcm(RATE // fps, AAC_SAMPLES) * fps // RATE
    return frames if Fraction(frames, fps) <= LONGEST_PAD else 1


def tone_period(fps: int, container: str) -> int:
    """Return the samples after which a room tone repeats: on the clips' grid, so that it moves with what follows."""
    frames = clip_grid(fps, container)
    return round(RATE * (Fraction(frames, fps) if frames > 1 else TONE_SECONDS))
