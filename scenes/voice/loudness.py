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
from gradreel.scenes.voice.sound import RATE, Samples, filtered, filtered_frames

LOUDNESS = -16.0  # LUFS, integrated over the whole
HIGHEST_PEAK = -1.0  # dBTP
UNMEASURED = -70.0  # LUFS, the gate below which nothing counts
FINE_RATE = 4 * RATE  # at which peaks between samples are seen
MARGIN = 0.3  # dB by which limited peaks may rise again in a codec, or in between


@dataclass(frozen=True)
class Loudness:
    """Of one voice."""

    integrated: float  # LUFS; `UNMEASURED` for silence, and for less than 0.4 s
    peak: float  # dBTP; -inf for silence

    @property
    def gain(self) -> float:
        """The factor for all of its lines, see `levelled`; 1 where nothing was measured."""
        return 1.0 if self.integrated <= UNMEASURED else 10 ** ((LOUDNESS - self.integrated) / 20)


def loudness_of(lines: Iterable[Samples]) -> Loudness:
    """The loudness of all lines together, spoken one after the other. One line at a time is in memory."""
    integrated, peak = UNMEASURED, 0.0
    to_the_end = np.zeros(RATE // 10, np.float32)  # it is measured in whole tenths of a second
    measure = ("ebur128", "metadata=1:peak=true:dualmono=true:framelog=quiet")
    for frame in filtered_frames(chain(lines, [to_the_end]), RATE, measure):
        integrated = float(frame.metadata.get("lavfi.r128.I", integrated))
        peak = float(frame.metadata.get("lavfi.r128.true_peak", peak))
    return Loudness(integrated, 20 * math.log10(peak) if peak > 0 else -math.inf)


def levelled(line: Samples, gain: float) -> Samples:
    """A line with the gain of its voice, as long as before; where it would pass `HIGHEST_PEAK`, it is held below that.

    Only around such peaks, 5 ms before and 50 ms after, is anything else than the gain heard.
    """
    louder = line * np.float32(gain)
    ceiling = 10 ** ((HIGHEST_PEAK - MARGIN) / 20)
    finer = list(filtered([louder], RATE, ("aresample", f"{FINE_RATE}")))
    if all(np.abs(part).max(initial=0) < ceiling for part in finer):
        return louder
    limit = f"limit={ceiling}:attack=5:release=50:level=disabled:latency=1"
    return np.concatenate(list(filtered(finer, FINE_RATE, ("alimiter", limit), ("aresample", f"{RATE}"))))
