"""Loudness as BS.1770 has it, over all lines of a voice."""

from __future__ import annotations

import math

import numpy as np
import pytest
from gradreel.render.voice.loudness import (
    GAIN_STEP,
    LOUDNESS,
    UNMEASURED,
    block_levels,
    gain_of,
    gated_loudness,
    loudness_of,
    true_peak_of,
)
from hypothesis import given, settings
from hypothesis import strategies as st


def test_a_tone_at_a_thousand_hertz_is_as_loud_as_the_standard_says(tone):
    """BS.1770: a sine of full scale has −3.01 LUFS in one channel, so 0 in two."""
    line = tone(5, hertz=1000, level=0.1)
    assert loudness_of([line]) == pytest.approx(-20, abs=0.05)
    assert true_peak_of([line]) == pytest.approx(-20, abs=0.1)


def test_lines_are_measured_as_one_whole(tone):
    lines = [tone(3, level=level) for level in (0.1, 0.4, 0.2)]
    assert loudness_of(lines) == loudness_of([np.concatenate(lines)])


def test_a_peak_in_the_last_moment_counts(tone):
    last = np.concatenate([tone(1.03), [0.9, -0.9]])
    assert true_peak_of([last]) > -1


def test_silence_between_lines_makes_a_voice_no_quieter(tone):
    with_pauses = [tone(4), np.zeros(4 * 48_000)] * 3
    assert loudness_of(with_pauses) == pytest.approx(loudness_of([tone(12)]), abs=1)


def test_a_peak_between_two_samples_is_found():
    """At a quarter of the rate, an eighth of a turn off, no sample reaches the tone's peak."""
    samples = np.sin(2 * np.pi * (np.arange(48_000) / 4 + 1 / 8)) * np.hanning(48_000)
    assert 20 * math.log10(np.abs(samples).max()) < -3
    assert true_peak_of([samples]) == pytest.approx(0, abs=0.3)


@pytest.mark.parametrize("lines", [[], [np.zeros(48_000)]])
def test_silence_has_no_loudness(lines):
    assert (loudness_of(lines), true_peak_of(lines)) == (UNMEASURED, -math.inf)


def test_its_gain_brings_a_voice_to_the_loudness_of_films_in_half_decibels(tone):
    lines = [tone(3, level=level).astype(np.float32) for level in (0.01, 0.04, 0.02)]
    gain = gain_of([level for line in lines for level in block_levels([line])])
    assert loudness_of([line * 10 ** (gain / 20) for line in lines]) == pytest.approx(LOUDNESS, abs=0.35)
    assert gain % GAIN_STEP == 0


@settings(max_examples=20)
@given(levels=st.lists(st.floats(0.001, 0.9), min_size=1, max_size=5), pause=st.floats(0, 3))
def test_lines_measured_one_by_one_are_as_loud_as_the_standards_filter_says_of_all_together(levels, pause):
    noise = np.random.default_rng(0).uniform(-1, 1, 3 * 48_000)
    lines = [np.concatenate([noise * level, np.zeros(round(pause * 48_000))]).astype(np.float32) for level in levels]
    by_line = gated_loudness([block for line in lines for block in block_levels([line])])
    assert by_line == pytest.approx(loudness_of(lines), abs=0.5)


def test_short_lines_are_measured_and_silence_has_neither_level_nor_gain(tone):
    assert gated_loudness(block_levels([np.full(4800, 0.5, np.float32)])) > UNMEASURED
    silence = np.zeros(48_000, np.float32)
    assert min(block_levels([tone(1).astype(np.float32), silence])) == UNMEASURED
    assert gain_of(block_levels([silence])) == 0
