"""How loud a voice is, and what brings it to the loudness of films: one gain, so that its lines keep their relation.

Measured by FFmpeg's filter ``ebur128``, after ITU-R BS.1770 and EBU R 128, as what comes out of both of two
loudspeakers: a track has the samples in both of its channels.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

import numpy as np
from gradreel.scenes.voice.sound import RATE, Samples, filtered_frames

LOUDNESS = -16.0  # LUFS, integrated over the whole
HIGHEST_PEAK = -1.0  # dBTP, of a film; its tracks hold it
UNMEASURED = -70.0  # LUFS, the gate below which nothing counts


@dataclass(frozen=True)
class Loudness:
    """Of one voice."""

    integrated: float  # LUFS; `UNMEASURED` for silence, and for less than 0.4 s
    peak: float  # dBTP; -inf for silence

    @property
    def gain(self) -> float:
        """dB that bring all of its lines together to `LOUDNESS`; 0 where nothing was measured."""
        return 0.0 if self.integrated <= UNMEASURED else LOUDNESS - self.integrated


def loudness_of(lines: Iterable[Samples]) -> Loudness:
    """The loudness of all lines together, spoken one after the other. One line at a time is in memory."""
    integrated, peak = UNMEASURED, 0.0
    to_the_end = np.zeros(RATE // 10, np.float32)  # it is measured in whole tenths of a second
    measure = ("ebur128", "metadata=1:peak=true:dualmono=true:framelog=quiet")
    for frame in filtered_frames(chain(lines, [to_the_end]), RATE, measure):
        integrated = float(frame.metadata.get("lavfi.r128.I", integrated))
        peak = float(frame.metadata.get("lavfi.r128.true_peak", peak))
    return Loudness(integrated, 20 * math.log10(peak) if peak > 0 else -math.inf)
