"""Frames as arrays, the parts of a frame that changed, and PNG files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from io import BytesIO
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]  # (height, width, 4): red, green, blue, alpha; the first row is the top


class Box(NamedTuple):
    """A rectangle of a picture in pixels; ``right`` and ``bottom`` are exclusive."""

    left: int
    right: int
    top: int
    bottom: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """Return the index of this part in an array of pixels."""
        return slice(self.top, self.bottom), slice(self.left, self.right)


Boxes = Sequence[Box]


def whole(pixels: Pixels) -> Box:
    """Return the box of the whole picture."""
    height, width = pixels.shape[:2]
    return Box(0, width, 0, height)


def png_bytes(pixels: Pixels, transparent: bool = False) -> bytes:
    """Return ``pixels`` as a PNG file, with alpha only if ``transparent``."""
    content = BytesIO()
    channels = pixels if transparent else np.ascontiguousarray(pixels[..., :3])
    Image.fromarray(channels).save(content, "PNG", compress_level=4)
    return content.getvalue()


TILE = 24  # pixels, width and height of a tile
BAND = 3  # rows of tiles that go to the encoder together; as high as the encoder's own conversion units
GAP = 8  # columns of unchanged tiles that are included if that saves a box
REMEMBERED = 64  # cached sets of tiles: consecutive frames often change the same ones

NONE = 0
"""The empty set of tiles. Sets are integers with a bit for each tile: ``|`` is the union, ``&`` the intersection."""


class Tiles:
    """The grid of tiles over a picture of ``width`` x ``height`` pixels; turns sets of tiles into boxes."""

    def __init__(self, width: int, height: int) -> None:
        self._size = width, height
        self._rows, self._columns = -(-height // TILE), -(-width // TILE)
        self._bands = -(-self._rows // BAND)
        self._pitch = 1 + self._columns + 1  # bits of a row; the first and the last one are never set, see `runs`
        self._below = [NONE]  # for each number of rows: an integer with the first bit of each of these rows
        for row in range(self._rows):
            self._below.append(self._below[-1] | 1 << row * self._pitch)

        self.exactly = lru_cache(REMEMBERED)(self._exact_boxes)
        self.roughly = lru_cache(REMEMBERED)(self._rough_boxes)
        self.all = self.span(0, width, 0, height)
        self.marked = NONE
        """Tiles that the caller has marked. This class never reads or changes them."""

    def span(self, left: float, right: float, top: float, bottom: float) -> int:
        """Return the tiles inside the picture that a rectangle touches; its sides are in pixels."""
        first, after = max(int(left // TILE), 0), min(int(right // TILE) + 1, self._columns)
        above, below = max(int(top // TILE), 0), min(int(bottom // TILE) + 1, self._rows)
        if first >= after or above >= below:
            return NONE
        row = ((1 << after - first) - 1) << 1 + first
        return row * self._below[below - above] << above * self._pitch

    def _exact_boxes(self, tiles: int) -> list[Box]:
        """Return boxes that do not overlap and cover exactly these tiles."""
        return one_above_another(
            self._box_in_pixels(left, right, row, row + 1) for row, left, right in runs(self._as_booleans(tiles))
        )

    def _rough_boxes(self, tiles: int) -> list[Box]:
        """Return fewer boxes that do not overlap and cover these tiles, and some around them."""
        bands = self._as_booleans(tiles).reshape(self._bands, BAND, self._pitch)
        merged: list[list[int]] = []
        for band, left, right in runs(np.logical_or.reduce(bands, axis=1)):
            if merged and merged[-1][0] == band and left - merged[-1][2] <= GAP:
                merged[-1][2] = right
            else:
                merged.append([band, left, right])
        return [self._box_in_pixels(left, right, band * BAND, (band + 1) * BAND) for band, left, right in merged]

    def _as_booleans(self, tiles: int) -> NDArray[np.bool_]:
        """Return a set of tiles as booleans, (rows up to a whole band, columns and an empty one at each side)."""
        size = self._bands * BAND * self._pitch
        bits = np.frombuffer(tiles.to_bytes(-(-size // 8), "little"), np.uint8)
        return np.unpackbits(bits, count=size, bitorder="little").view(bool).reshape(-1, self._pitch)

    def _box_in_pixels(self, left: int, right: int, top: int, bottom: int) -> Box:
        """Return the box in pixels of a rectangle of tiles, cut at the picture's edges."""
        width, height = self._size
        return Box(left * TILE, min(right * TILE, width), top * TILE, min(bottom * TILE, height))


def one_above_another(boxes: Iterable[Box]) -> list[Box]:
    """Return the boxes with those merged that lie directly below each other and have the same sides.

    ``boxes`` come row by row.
    """
    joined: dict[tuple[int, int, int], Box] = {}  # by left side, right side and lower end
    for left, right, top, bottom in boxes:
        above = joined.pop((left, right, top), None)
        joined[left, right, bottom] = Box(left, right, top if above is None else above.top, bottom)
    return list(joined.values())


def runs(marked: NDArray[np.bool_]) -> list[tuple[int, int, int]]:
    """Return each run of true entries in a row, row by row: the row, the first column, and the one after the last.

    The first and the last column of ``marked`` must be false. Columns are counted from the second one.
    """
    edges = np.flatnonzero(marked[:, 1:] != marked[:, :-1])  # beginnings and ends in turn
    rows, columns = np.divmod(edges, marked.shape[1] - 1)
    return list(zip(rows[::2].tolist(), columns[::2].tolist(), columns[1::2].tolist(), strict=True))
