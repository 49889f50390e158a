"""Colours freed of their alpha as Pillow frees them, in parts of a picture and all of it."""

from __future__ import annotations

import numpy as np
import pytest
from gradreel.render.frames.pictures import Box, whole
from gradreel.render.frames.pixel_loops import straighten
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image


def freed_by_pillow(pixels: np.ndarray) -> np.ndarray:
    height, width = pixels.shape[:2]
    multiplied = Image.frombuffer("RGBa", (width, height), pixels, "raw", "RGBa", 0, 1)
    return np.asarray(multiplied.convert("RGBA"))


def every_colour() -> np.ndarray:
    """(256, 256, 4): each value of a colour, in all three of a pixel, beside each alpha."""
    alpha, colour = np.mgrid[:256, :256].astype(np.uint8)
    return np.stack([colour, np.roll(colour, 85, 1), np.roll(colour, 170, 1), alpha], axis=-1)


def test_every_colour_of_every_alpha_is_pillows():
    pixels = every_colour()
    freed = np.empty_like(pixels)
    straighten(pixels, freed, whole(pixels))
    np.testing.assert_array_equal(freed, freed_by_pillow(pixels))


def test_colours_may_be_converted_in_place():
    pixels = every_colour()
    expected = freed_by_pillow(pixels)
    straighten(pixels, pixels, whole(pixels))
    np.testing.assert_array_equal(pixels, expected)


def test_half_a_red_over_nothing_is_red():
    pixels = np.array([[[64, 0, 0, 64], [10, 20, 30, 255], [0, 0, 0, 0]]], np.uint8)
    straighten(pixels, pixels, whole(pixels))
    assert pixels.tolist() == [[[255, 0, 0, 64], [10, 20, 30, 255], [0, 0, 0, 0]]]


@given(st.data())
def test_nothing_but_the_box_is_freed(data):
    width, height = data.draw(st.integers(1, 200)), data.draw(st.integers(1, 9))
    left, right = sorted(data.draw(st.tuples(*[st.integers(0, width)] * 2)))
    top, bottom = sorted(data.draw(st.tuples(*[st.integers(0, height)] * 2)))
    random = np.random.default_rng(data.draw(st.integers(0, 99)))
    pixels = random.integers(0, 256, (height, width, 4), dtype=np.uint8)
    pixels[random.random((height, width)) < 0.98, 3] = 255  # most of what is looked at together is straight
    freed = random.integers(0, 256, pixels.shape, dtype=np.uint8)
    box, expected = Box(left, right, top, bottom), freed.copy()
    expected[box.slices] = freed_by_pillow(pixels)[box.slices]
    straighten(pixels, freed, box)
    np.testing.assert_array_equal(freed, expected)


@pytest.mark.parametrize(
    ("shown", "freed", "box"),
    [
        ((8, 6, 4), (8, 6, 4), (0, 7, 0, 8)),
        ((8, 6, 4), (8, 6, 4), (0, 6, 0, 9)),
        ((8, 6, 4), (8, 6, 4), (-1, 6, 0, 8)),
        ((8, 6, 4), (8, 6, 4), (0, 6, -1, 8)),
        ((8, 6, 4), (6, 8, 4), (0, 6, 0, 6)),
        ((8, 6, 3), (8, 6, 3), (0, 6, 0, 8)),
        ((8, 24), (8, 24), (0, 6, 0, 8)),
    ],
)
def test_arrays_that_do_not_match_a_box_are_refused(shown, freed, box):
    into = np.zeros(freed, np.uint8)
    with pytest.raises(ValueError, match="do not fit together"):
        straighten(np.full(shown, 9, np.uint8), into, box)
    assert not into.any()


def test_an_array_that_cannot_be_written_is_refused():
    pixels = np.zeros((2, 2, 4), np.uint8)
    freed = np.zeros_like(pixels)
    freed.flags.writeable = False
    with pytest.raises((ValueError, BufferError)):
        straighten(pixels, freed, (0, 2, 0, 2))
