"""Frames as arrays, the parts of one, and one as a PNG file, with or without its background."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from io import BytesIO
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]  # (height, width, 4): red, green, blue, alpha, first row on top


class Box(NamedTuple):
    """A part of a picture, in pixels, up to ``right`` and ``bottom``."""

    left: int
    right: int
    top: int
    bottom: int

    @property
    def slices(self) -> tuple[slice, slice]:
        return slice(self.top, self.bottom), slice(self.left, self.right)


Boxes = Sequence[Box]


def whole(pixels: Pixels) -> Box:
    height, width = pixels.shape[:2]
    return Box(0, width, 0, height)


def png_bytes(pixels: Pixels, transparent: bool = False) -> bytes:
    """``pixels`` as a PNG file; with alpha when ``transparent``."""
    content = BytesIO()
    channels = pixels if transparent else np.ascontiguousarray(pixels[..., :3])
    Image.fromarray(channels).save(content, "PNG", compress_level=4)
    return content.getvalue()


TILE = 24  # pixels
BAND = 3  # rows of tiles that are handed on together, as high as what the encoder converts at once
GAP = 8  # columns of tiles that are handed on, too, where it saves a box
REMEMBERED = 64  # sets of tiles: in the next frame the same ones are often drawn on

NONE = 0
"""No tiles; sets are joined by ``|`` and intersected by ``&``."""


class Tiles:
    """The tiles of a picture of ``width`` x ``height`` pixels, and the boxes that sets of them make."""

    def __init__(self, width: int, height: int) -> None:
        self._size = width, height
        self._rows, self._columns = -(-height // TILE), -(-width // TILE)
        self._bands = -(-self._rows // BAND)
        self._pitch = 1 + self._columns + 1  # bits of a row: with one at each side that is never set, see `runs`
        self._below = [NONE]  # by a number of rows: the first bit of each
        for row in range(self._rows):
            self._below.append(self._below[-1] | 1 << row * self._pitch)

        self.exactly = lru_cache(REMEMBERED)(self._exactly)
        self.roughly = lru_cache(REMEMBERED)(self._roughly)
        self.all = self.span(0, width, 0, height)
        self.marked = NONE
        """A set for whoever draws to keep."""

    def span(self, left: float, right: float, top: float, bottom: float) -> int:
        """The tiles that a part of the plane touches, as far as they are in the picture; in pixels."""
        first, after = max(int(left // TILE), 0), min(int(right // TILE) + 1, self._columns)
        above, below = max(int(top // TILE), 0), min(int(bottom // TILE) + 1, self._rows)
        if first >= after or above >= below:
            return NONE
        row = ((1 << after - first) - 1) << 1 + first
        return row * self._below[below - above] << above * self._pitch

    def _exactly(self, tiles: int) -> list[Box]:
        """Boxes, none of which overlap, that have these tiles and no others."""
        return one_above_another(self._box(left, right, row, row + 1) for row, left, right in runs(self._array(tiles)))

    def _roughly(self, tiles: int) -> list[Box]:
        """Fewer boxes, none of which overlap either, that have these tiles and some around them."""
        bands = self._array(tiles).reshape(self._bands, BAND, self._pitch)
        merged: list[list[int]] = []
        for band, left, right in runs(np.logical_or.reduce(bands, axis=1)):
            if merged and merged[-1][0] == band and left - merged[-1][2] <= GAP:
                merged[-1][2] = right
            else:
                merged.append([band, left, right])
        return [self._box(left, right, band * BAND, (band + 1) * BAND) for band, left, right in merged]

    def _array(self, tiles: int) -> NDArray[np.bool_]:
        """(rows up to a whole band, columns and one at each side)"""
        size = self._bands * BAND * self._pitch
        bits = np.frombuffer(tiles.to_bytes(-(-size // 8), "little"), np.uint8)
        return np.unpackbits(bits, count=size, bitorder="little").view(bool).reshape(-1, self._pitch)

    def _box(self, left: int, right: int, top: int, bottom: int) -> Box:
        width, height = self._size
        return Box(left * TILE, min(right * TILE, width), top * TILE, min(bottom * TILE, height))


def one_above_another(boxes: Iterable[Box]) -> list[Box]:
    """Those as wide as the one above them as one with it; ``boxes`` come row by row."""
    joined: dict[tuple[int, int, int], Box] = {}  # by the sides and the lower end
    for left, right, top, bottom in boxes:
        above = joined.pop((left, right, top), None)
        joined[left, right, bottom] = Box(left, right, top if above is None else above.top, bottom)
    return list(joined.values())


def runs(marked: NDArray[np.bool_]) -> list[tuple[int, int, int]]:
    """The row, the first column and the one after the last of what is marked side by side; row by row.

    The first and the last column of ``marked`` are not counted.
    """
    edges = np.flatnonzero(marked[:, 1:] != marked[:, :-1])  # beginnings and ends in turn
    rows, columns = np.divmod(edges, marked.shape[1] - 1)
    return list(zip(rows[::2].tolist(), columns[::2].tolist(), columns[1::2].tolist(), strict=True))
