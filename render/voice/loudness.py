"""Measures the loudness of a voice, and the gain that brings it to the loudness of films.

All lines get the same gain, so that quiet lines stay quieter. FFmpeg's filter ``ebur128`` measures, after ITU-R BS.1770
and EBU R 128, with the samples in both channels.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from itertools import chain

import numpy as np
from gradreel.render.voice.sound import RATE, Samples, filtered_frames
from numpy.typing import NDArray

LOUDNESS = -16.0  # LUFS, integrated over the whole film
HIGHEST_PEAK = -1.0  # dBTP, the limit for each track of a film
RELATIVE_GATE = 10.0  # LU below the mean of all blocks; softer blocks do not count
GAIN_STEP = 0.5  # dB
UNMEASURED = -70.0  # LUFS, the gate below which nothing counts


def block_levels(parts: Iterable[Samples]) -> list[float]:
    """Return the loudness of each block of 0.4 s in LUFS; a block begins every 0.1 s.

    ``parts`` follow each other; one is in memory at a time. Sound shorter than a block counts as one block.
    """
    measure = ("ebur128", "metadata=1:dualmono=true:framelog=quiet")
    frames = filtered_frames(_padded_with_silence(parts), RATE, measure)
    levels = [float(frame.metadata.get("lavfi.r128.M", UNMEASURED)) for frame in frames]
    # The filter gives nan for digital silence
    return [level if level > UNMEASURED else UNMEASURED for level in levels[3:]]


def _padded_with_silence(parts: Iterable[Samples]) -> Iterator[Samples]:
    """Yield the parts, then silence: the filter measures whole tenths of a second, at least four."""
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
    loud = blocks[blocks > _mean_level(blocks) - RELATIVE_GATE]
    return _mean_level(loud)


def _mean_level(levels: NDArray[np.float64]) -> float:
    """Return the level of the mean power."""
    return float(10 * np.log10(np.mean(10 ** (levels / 10))))


def gain_of(levels: Iterable[float]) -> float:
    """Return the gain in dB that brings the blocks to `LOUDNESS`, in steps of `GAIN_STEP`; 0 for silence.

    Steps keep the gain, and so the bytes of the other lines, when one line changes a little.
    """
    loudness = gated_loudness(levels)
    return 0.0 if loudness <= UNMEASURED else round((LOUDNESS - loudness) / GAIN_STEP) * GAIN_STEP


def loudness_of(lines: Iterable[Samples]) -> float:
    """Return the loudness in LUFS of all lines, spoken one after the other. One line at a time is in memory.

    Returns `UNMEASURED` for silence, and for less than 0.4 s.
    """
    return _last_measured_value(lines, "lavfi.r128.I", UNMEASURED)


def true_peak_of(lines: Iterable[Samples]) -> float:
    """Return the highest peak in dBTP, also between samples; -inf for silence. Takes three times as long."""
    peak = _last_measured_value(lines, "lavfi.r128.true_peak", 0.0, ":peak=true")
    return 20 * math.log10(peak) if peak > 0 else -math.inf


def _last_measured_value(lines: Iterable[Samples], key: str, default: float, options: str = "") -> float:
    """Return the last value that the filter gives for ``key``; ``default`` if it gives none."""
    value = default
    padding = np.zeros(RATE // 10, np.float32)  # the filter measures whole tenths of a second
    measure = ("ebur128", f"metadata=1:dualmono=true:framelog=quiet{options}")
    for frame in filtered_frames(chain(lines, [padding]), RATE, measure):
        value = float(frame.metadata.get(key, value))
    return value
