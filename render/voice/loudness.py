"""How loud a voice is, and what brings it to the loudness of films: one gain, so that its lines keep their relation.

Measured by FFmpeg's filter ``ebur128``, after ITU-R BS.1770 and EBU R 128, as what comes out of both of two
loudspeakers: a track has the samples in both of its channels.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import chain

import numpy as np
from gradreel.render.voice.sound import RATE, Samples, filtered_frames

LOUDNESS = -16.0  # LUFS, integrated over the whole
HIGHEST_PEAK = -1.0  # dBTP, of a film; its tracks hold it
UNMEASURED = -70.0  # LUFS, the gate below which nothing counts


def gain_of(lines: Iterable[Samples]) -> float:
    """The dB that bring all lines together to `LOUDNESS`; 0 where nothing was measured."""
    found = loudness_of(lines)
    return 0.0 if found <= UNMEASURED else LOUDNESS - found


def loudness_of(lines: Iterable[Samples]) -> float:
    """The loudness of all lines together, spoken one after the other, in LUFS. One line at a time is in memory.

    `UNMEASURED` for silence, and for less than 0.4 s.
    """
    return _measured(lines, "lavfi.r128.I", UNMEASURED)


def true_peak_of(lines: Iterable[Samples]) -> float:
    """The highest that they come, between samples too, in dBTP; -inf for silence. Takes three times as long."""
    peak = _measured(lines, "lavfi.r128.true_peak", 0.0, ":peak=true")
    return 20 * math.log10(peak) if peak > 0 else -math.inf


def _measured(lines: Iterable[Samples], what: str, nothing: float, options: str = "") -> float:
    """What the filter says at the end; ``nothing`` where it says nothing."""
    found = nothing
    to_the_end = np.zeros(RATE // 10, np.float32)  # it is measured in whole tenths of a second
    measure = ("ebur128", f"metadata=1:dualmono=true:framelog=quiet{options}")
    for frame in filtered_frames(chain(lines, [to_the_end]), RATE, measure):
        found = float(frame.metadata.get(what, found))
    return found
