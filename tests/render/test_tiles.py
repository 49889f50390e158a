"""Boxes made of marked tiles cover them: exactly, or with some around them; none overlap."""

from __future__ import annotations

import numpy as np
import pytest
from gradreel.render.frames.pictures import NONE, TILE, Tiles
from hypothesis import given, settings
from hypothesis import strategies as st


def covered(boxes, width, height) -> np.ndarray:
    """(height, width): how many boxes each pixel is in."""
    count = np.zeros((height, width), int)
    for box in boxes:
        assert box.left % 2 == box.right % 2 == 0  # as the encoder needs them
        assert 0 <= box.left < box.right <= width and 0 <= box.top < box.bottom <= height
        count[box.slices] += 1
    return count


def some_tiles(picture, marked) -> int:
    found = 0
    for row, column in np.argwhere(marked):
        found |= picture.span(column * TILE, column * TILE, row * TILE, row * TILE)
    return found


@settings(max_examples=80)
@given(width=st.integers(1, 200), height=st.integers(2, 300), share=st.floats(0, 1), seed=st.integers(0, 2**32 - 1))
def test_boxes_have_the_tiles_of_a_set(width, height, share, seed):
    width *= 2
    picture = Tiles(width, height)
    marked = np.random.default_rng(seed).random((-(-height // TILE), -(-width // TILE))) < share
    tiles = some_tiles(picture, marked)
    pixels = np.repeat(np.repeat(marked, TILE, axis=0), TILE, axis=1)[:height, :width]
    np.testing.assert_array_equal(covered(picture.exactly(tiles), width, height), pixels)
    rough = covered(picture.roughly(tiles), width, height)
    assert rough.max(initial=0) <= 1 and (rough >= pixels).all()
    runs = (marked & ~np.pad(marked, ((0, 0), (1, 0)))[:, :-1]).sum()  # of tiles side by side
    assert len(picture.roughly(tiles)) <= max(1, runs)
    assert picture.exactly(NONE) == picture.roughly(NONE) == []
    assert picture.roughly(picture.all) == picture.roughly(some_tiles(picture, np.ones_like(marked)))


@pytest.mark.parametrize(
    ("stretch", "tiles"),
    [
        ((0, 1, 0, 1), 1),
        ((TILE - 0.5, TILE + 0.5, 0, 1), 2),
        ((-50, -1, 0, 10), 0),
        ((1e9, 2e9, -1e9, 1e9), 0),
        ((-1e9, 1e9, -1e9, 1e9), 5 * 4),
    ],
)
def test_a_span_covers_all_touched_tiles_inside_the_picture(stretch, tiles):
    picture = Tiles(5 * TILE - 1, 4 * TILE)
    assert picture.span(*stretch).bit_count() == tiles
