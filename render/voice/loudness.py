"""How loud a voice is, and what brings it to the loudness of films: one gain, so that its lines keep their relation.

Measured by FFmpeg's filter ``ebur128``, after ITU-R BS.1770 and EBU R 128, as what comes out of both of two
loudspeakers: a track has the samples in both of its channels.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from itertools import chain

import numpy as np
from gradreel.render.voice.sound import RATE, Samples, filtered_frames
from numpy.typing import NDArray

LOUDNESS = -16.0  # LUFS, integrated over the whole
HIGHEST_PEAK = -1.0  # dBTP, of a film; its tracks hold it
RELATIVE_GATE = 10.0  # LU below the mean of all blocks; softer blocks do not count
GAIN_STEP = 0.5  # dB
UNMEASURED = -70.0  # LUFS, the gate below which nothing counts


def block_levels(parts: Iterable[Samples]) -> list[float]:
    """Return the loudness of each block of 0.4 s in LUFS; a block begins every 0.1 s.

    ``parts`` follow each other; one is in memory at a time. What is shorter than a block is one.
    """
    measure = ("ebur128", "metadata=1:dualmono=true:framelog=quiet")
    frames = filtered_frames(_padded(parts), RATE, measure)
    levels = [float(frame.metadata.get("lavfi.r128.M", UNMEASURED)) for frame in frames]
    # of digital silence the filter says nan
    return [level if level > UNMEASURED else UNMEASURED for level in levels[3:]]


def _padded(parts: Iterable[Samples]) -> Iterator[Samples]:
    """Yield the parts, and silence at the end: it is measured in whole tenths of a second, at least four."""
    length = 0
    for part in parts:
        length += len(part)
        yield part
    yield np.zeros(max(RATE // 10, 4 * RATE // 10 - length), np.float32)


def gated_loudness(levels: Iterable[float]) -> float:
    """Return the integrated loudness of blocks in LUFS, with the two gates of BS.1770; `UNMEASURED` for silence."""
    blocks = np.asarray([level for level in levels if level > UNMEASURED])
    if not blocks.size:
        return UNMEASURED
    loud = blocks[blocks > _mean(blocks) - RELATIVE_GATE]
    return _mean(loud)


def _mean(levels: NDArray[np.float64]) -> float:
    """Return the level of the mean power."""
    return float(10 * np.log10(np.mean(10 ** (levels / 10))))


def gain_of(levels: Iterable[float]) -> float:
    """Return the dB that bring blocks together to `LOUDNESS`, in steps of 0.5; 0 if nothing was measured.

    So a film whose lines hardly change keeps its gain, and its other lines their bytes.
    """
    loudness = gated_loudness(levels)
    return 0.0 if loudness <= UNMEASURED else round((LOUDNESS - loudness) / GAIN_STEP) * GAIN_STEP


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
