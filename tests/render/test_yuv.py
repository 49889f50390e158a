"""Pictures that follow each other in the encoder's colours: those of the standard, and of a part as of the whole."""

from __future__ import annotations

import importlib
import sys

import numpy as np
import pytest
from gradreel.core.errors import UserError
from gradreel.render.frames.pictures import Box
from gradreel.render.frames.pixel_loops import take_up
from gradreel.render.frames.yuv import TILE_HEIGHT, TILE_WIDTH, ChangingFrame, Converter
from hypothesis import given, settings
from hypothesis import strategies as st

SIZES = st.tuples(st.integers(1, 230), st.integers(1, 120)).map(lambda size: (size[0] * 2, size[1] * 2))
RED, GREEN, BLUE = 0.2126, 0.7152, 0.0722  # ITU-R BT.709


def in_theory(pixels: np.ndarray) -> list[np.ndarray]:
    """Y, U and V of BT.709, not rounded; U and V of each four pixels' mean."""
    red, green, blue = np.moveaxis(pixels[..., :3] / 255, -1, 0)
    light = RED * red + GREEN * green + BLUE * blue
    whole = [16 + 219 * light]
    for color, share in ((blue, BLUE), (red, RED)):
        difference = 128 + 224 * (color - light) / (2 * (1 - share))
        height, width = difference.shape
        whole.append(difference.reshape(height // 2, 2, width // 2, 2).mean(axis=(1, 3)))
    return whole


def shown(frame: ChangingFrame) -> list[np.ndarray]:
    """Y, U and V."""
    height, width = frame.frame.height, frame.frame.width
    planes = frame.frame.to_ndarray().reshape(-1, width)  # one above another
    u, v = np.moveaxis(planes[height:].reshape(height // 2, width // 2, 2), -1, 0)
    return [planes[:height], u, v]


def show(followed: ChangingFrame, pixels: np.ndarray, boxes: list[Box] | None = None) -> None:
    followed.show(followed.converted(followed.follow(pixels, boxes)))


def showing(pixels: np.ndarray) -> ChangingFrame:
    height, width, _ = pixels.shape
    followed = ChangingFrame(width, height)
    show(followed, pixels)
    return followed


def of_chance(random: np.random.Generator, height: int, width: int) -> np.ndarray:
    return random.integers(0, 256, (height, width, 4), dtype=np.uint8)


def test_rows_with_gaps_in_memory_are_converted_like_others():
    pixels = of_chance(np.random.default_rng(0), 6, 10)
    apart = np.zeros((6, 16, 4), np.uint8)[:, :10]  # as FFmpeg gives a picture of this width
    apart[...] = pixels
    for found, expected in zip(shown(showing(apart)), shown(showing(pixels)), strict=True):
        np.testing.assert_array_equal(found, expected)


def even(number: int) -> int:
    return number // 2 * 2


def boxes_around(random, left, right, top, bottom, width, height) -> list[Box]:
    """One or two that have all of a part of the picture, and a third somewhere."""
    first, last = even(random.integers(0, left + 1)), min(even(right + random.integers(0, 9) + 1), width)
    upper, lower = even(random.integers(0, top + 1)), even(random.integers(bottom, height + 1) + 1)
    middle = even(random.integers(upper, lower + 1))
    boxes = [Box(first, last, upper, middle), Box(first, last, middle, lower), Box(0, 2, 0, height)]
    return [box for box in boxes if box.top < box.bottom]


@settings(max_examples=60)
@given(size=SIZES, seed=st.integers(0, 2**32 - 1))
def test_parts_that_changed_give_the_frame_that_the_whole_gives(size, seed):
    width, height = size
    random = np.random.default_rng(seed)
    pixels = of_chance(random, height, width)
    followed = showing(pixels)
    for _ in range(6):
        left, top = random.integers(0, width), random.integers(0, height)
        right, bottom = random.integers(left, width) + 1, random.integers(top, height) + 1
        pixels = pixels.copy()
        pixels[top:bottom, left:right] = of_chance(random, bottom - top, right - left)
        boxes = boxes_around(random, left, right, top, bottom, width, height)
        given = of_chance(random, height, width)  # of no meaning but in the boxes
        for box in boxes:
            given[box.slices] = pixels[box.slices]
        show(followed, given, boxes)
        for ours, full in zip(shown(followed), shown(showing(pixels)), strict=True):
            np.testing.assert_array_equal(ours, full)


@settings(max_examples=60)
@given(size=SIZES, seed=st.integers(0, 2**32 - 1))
def test_colours_are_those_of_the_standard_to_the_nearest_number(size, seed):
    width, height = size
    random = np.random.default_rng(seed)
    pixels = of_chance(random, height, width)
    pixels[random.random((height, width)) < 0.2] = random.choice([0, 255])
    for ours, theory in zip(shown(showing(pixels)), in_theory(pixels), strict=True):
        assert np.abs(ours - theory).max() < 0.51


def test_grey_pixels_stay_grey_in_the_frame():
    grey = np.repeat(np.arange(256, dtype=np.uint8), 4)[None, :, None].repeat(2, 0).repeat(4, 2)
    y, u, v = shown(showing(grey))
    assert (u == 128).all() and (v == 128).all()
    assert [y[0, 0], y[0, -1]] == [16, 235]


def test_light_is_that_of_the_other_converter_to_a_step():
    pixels = of_chance(np.random.default_rng(1), 120, 200)
    other = Converter("yuv420p")(pixels).to_ndarray()[:120]
    assert np.abs(shown(showing(pixels))[0].astype(int) - other).max() <= 1


def test_a_new_frame_is_black():
    followed = ChangingFrame(64, 36)
    y, u, v = shown(followed)
    assert (y == 16).all() and (u == 128).all() and (v == 128).all()
    assert followed.follow(np.zeros((36, 64, 4), np.uint8)) == []


def test_unchanged_pixels_are_recognised():
    pixels = np.full((36, 64, 4), 9, np.uint8)
    assert showing(pixels).follow(pixels.copy()) == []


@pytest.mark.parametrize("column", [0, TILE_WIDTH - 1, TILE_WIDTH, 3 * TILE_WIDTH - 1])
@pytest.mark.parametrize("row", [0, TILE_HEIGHT - 1, TILE_HEIGHT, 2 * TILE_HEIGHT + 5])
def test_a_changed_pixel_changes_its_tile(row, column):
    width, height = 3 * TILE_WIDTH, 2 * TILE_HEIGHT + 6
    followed = ChangingFrame(width, height)
    pixels = np.zeros((height, width, 4), np.uint8)
    pixels[row, column, 0] = 1
    left, top = column // TILE_WIDTH * TILE_WIDTH, row // TILE_HEIGHT * TILE_HEIGHT
    (tile,) = followed.follow(pixels)
    assert tile == Box(left, left + TILE_WIDTH, top, min(top + TILE_HEIGHT, height))


def of(width: int, height: int, **others: np.ndarray) -> list[np.ndarray]:
    """Arrays for a picture of one tile."""
    arrays = {
        "shown": np.ones((height, width, 4), np.uint8),
        "known": np.zeros((height, width, 4), np.uint8),
        "y": np.zeros((height, width), np.uint8),
        "uv": np.zeros((height // 2, width), np.uint8),
        "marked": np.zeros((1, 3), bool),
    }
    return list((arrays | others).values())


def as_arguments(arrays: list[np.ndarray]) -> tuple:
    shown, known, *planes, marked = arrays
    return shown, known, tuple(planes), marked


@pytest.mark.parametrize(
    ("arrays", "box"),
    [
        (of(8, 8), (0, 10, 0, 8)),
        (of(8, 8), (0, 8, -2, 8)),
        (of(8, 8), (0, 8, 0, 10)),
        (of(8, 8), (1, 8, 0, 8)),
        (of(7, 8), (0, 6, 0, 8)),
        (of(8, 7), (0, 8, 0, 6)),
        (of(8, 8, known=np.zeros((8, 6, 4), np.uint8)), (0, 8, 0, 8)),
        (of(8, 8, shown=np.zeros((8, 8, 3), np.uint8)), (0, 8, 0, 8)),
        (of(8, 8, shown=np.zeros((8, 8, 4))), (0, 8, 0, 8)),
        (of(8, 8, y=np.zeros((8, 8, 4), np.uint8)), (0, 8, 0, 8)),
        (of(8, 8, uv=np.zeros((4, 4), np.uint8)), (0, 8, 0, 8)),
        (of(8, 8, uv=np.zeros((3, 8), np.uint8)), (0, 8, 0, 8)),
        (of(8, 8, marked=np.zeros((1, 1), bool)), (0, 8, 0, 8)),
    ],
)
def test_arrays_of_different_sizes_are_refused_and_unchanged(arrays, box):
    before = [array.copy() for array in arrays]
    with pytest.raises(ValueError, match="do not fit together"):
        take_up(*as_arguments(arrays), box, (8, 8))
    for array, was in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(array, was)


def test_rows_with_gaps_are_refused():
    arrays = of(8, 8, known=np.zeros((8, 16, 4), np.uint8)[:, :8])
    with pytest.raises((ValueError, BufferError)):
        take_up(*as_arguments(arrays), (0, 8, 0, 8), (8, 8))


def test_a_missing_compiled_module_is_reported(monkeypatch):
    monkeypatch.setitem(sys.modules, take_up.__module__, None)
    monkeypatch.delitem(sys.modules, ChangingFrame.__module__)
    with pytest.raises(UserError, match=r"not compiled.* \./run"):
        importlib.import_module(ChangingFrame.__module__)
