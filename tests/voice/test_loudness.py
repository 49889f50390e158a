"""Loudness as BS.1770 has it, over all lines of a voice."""

from __future__ import annotations

import math

import numpy as np
import pytest
from gradreel.scenes.voice.loudness import HIGHEST_PEAK, LOUDNESS, UNMEASURED, levelled, loudness_of
from hypothesis import given, settings
from hypothesis import strategies as st


def test_a_tone_at_a_thousand_hertz_is_as_loud_as_the_standard_says(tone):
    """BS.1770: a sine of full scale has −3.01 LUFS in one channel, so 0 in two."""
    found = loudness_of([tone(5, hertz=1000, level=0.1)])
    assert (found.integrated, found.peak) == (pytest.approx(-20, abs=0.05), pytest.approx(-20, abs=0.1))


def test_lines_are_measured_as_one_whole(tone):
    lines = [tone(3, level=level) for level in (0.1, 0.4, 0.2)]
    assert loudness_of(lines) == loudness_of([np.concatenate(lines)])


def test_a_peak_in_the_last_moment_counts(tone):
    last = np.concatenate([tone(1.03), [0.9, -0.9]])
    assert loudness_of([last]).peak > -1


def test_silence_between_lines_makes_a_voice_no_quieter(tone):
    with_pauses = [tone(4), np.zeros(4 * 48_000)] * 3
    assert loudness_of(with_pauses).integrated == pytest.approx(loudness_of([tone(12)]).integrated, abs=1)


def test_a_peak_between_two_samples_is_found():
    """At a quarter of the rate, an eighth of a turn off, no sample reaches the tone's peak."""
    samples = np.sin(2 * np.pi * (np.arange(48_000) / 4 + 1 / 8)) * np.hanning(48_000)
    assert 20 * math.log10(np.abs(samples).max()) < -3
    assert loudness_of([samples]).peak == pytest.approx(0, abs=0.3)


@pytest.mark.parametrize("lines", [[], [np.zeros(48_000)]])
def test_silence_has_no_loudness(lines):
    assert (loudness_of(lines).integrated, loudness_of(lines).peak) == (UNMEASURED, -math.inf)


def test_a_voice_is_brought_to_the_loudness_of_films_and_its_lines_keep_their_relation(tone):
    lines = [tone(3, level=level).astype(np.float32) for level in (0.01, 0.04, 0.02)]
    gain = loudness_of(lines).gain
    louder = [levelled(line, gain) for line in lines]
    assert loudness_of(louder).integrated == pytest.approx(LOUDNESS, abs=0.1)
    for line, before in zip(louder, lines, strict=True):
        np.testing.assert_allclose(line, before * gain, rtol=1e-6)


def test_nothing_is_made_of_silence():
    silence = np.zeros(48_000, np.float32)
    np.testing.assert_array_equal(levelled(silence, loudness_of([silence]).gain), silence)


@given(seed=st.integers(0, 2**32 - 1), seconds=st.floats(0.01, 1), gain=st.floats(0.1, 20))
@settings(max_examples=20)
def test_no_peak_passes_the_ceiling_and_a_line_keeps_its_length(seed, seconds, gain):
    random = np.random.default_rng(seed)
    line = (random.normal(size=round(seconds * 48_000)) * random.uniform(0, 0.5)).astype(np.float32)
    line = np.convolve(line, np.hanning(9) / 4, "same").astype(np.float32)  # as speech: little at the highest tones
    held = levelled(line, gain)
    assert (held.shape, held.dtype) == (line.shape, np.float32)
    assert loudness_of([held]).peak < HIGHEST_PEAK


def test_what_is_far_from_a_peak_is_not_touched(tone):
    line = tone(2, level=0.1).astype(np.float32)
    line[48_000:48_100] *= 20
    held = levelled(line, 2)
    for untouched in (slice(1_000, 47_000), slice(60_000, 95_000)):
        np.testing.assert_allclose(held[untouched], 2 * line[untouched], atol=2e-3)
    assert np.abs(held).max() < 10 ** (HIGHEST_PEAK / 20)
