"""How loud a voice is, and the one gain that brings it to the loudness of films: its lines keep their relation.

Measured by FFmpeg's filter ``ebur128``, after ITU-R BS.1770 and EBU R 128.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from gradreel.scenes.voice.sound import RATE, Samples, filtered_frames

LOUDNESS = -16.0  # LUFS, integrated over the whole
HIGHEST_PEAK = -1.0  # dBTP
UNMEASURED = -70.0  # LUFS, the gate below which nothing counts


@dataclass(frozen=True)
class Loudness:
    """Of one voice."""

    integrated: float  # LUFS; `UNMEASURED` for silence, and for less than 0.4 s
    peak: float  # dBTP; -inf for silence


def loudness_of(lines: Iterable[Samples]) -> Loudness:
    """The loudness of all lines together, spoken one after the other. One line at a time is in memory."""
    integrated, peak = UNMEASURED, 0.0
    for frame in filtered_frames(lines, RATE, ("ebur128", "metadata=1:peak=true:framelog=quiet")):
        integrated = float(frame.metadata["lavfi.r128.I"])
        peak = float(frame.metadata["lavfi.r128.true_peak"])
    return Loudness(integrated, 20 * math.log10(peak) if peak > 0 else -math.inf)
