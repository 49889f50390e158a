"""Which parts of a picture are concerned, in squares of `TILE` pixels."""

from __future__ import annotations

import numpy as np
from gradreel.scenes.render.frames.pictures import Box
from numpy.typing import NDArray

TILE = 24  # pixels
BAND = 3  # rows of tiles that are handed on together, as high as what the encoder converts at once
GAP = 8  # columns of tiles that are handed on, too, where it saves a box

Span = tuple[slice, slice]
"""Rows and columns of tiles."""


class Tiles:
    """The tiles of a picture, each marked or not."""

    def __init__(self, width: int, height: int) -> None:
        self._size = width, height
        rows, columns = -(-height // TILE), -(-width // TILE)
        self._shape = rows, columns
        # With a column at each side that is never marked, so that every run has two ends
        self._bands = np.zeros((-(-rows // BAND), BAND, 1 + columns + 1), bool)
        self._rows = self._bands.reshape(-1, 1 + columns + 1)
        self.marked = self._rows[:rows, 1:-1]
        """(rows, columns)"""

    def span(self, left: float, right: float, top: float, bottom: float) -> Span:
        """The tiles that a part of the plane touches, as far as they are in the picture; in pixels."""
        rows, columns = self._shape
        return (
            slice(max(int(top // TILE), 0), min(max(int(bottom // TILE) + 1, 0), rows)),
            slice(max(int(left // TILE), 0), min(max(int(right // TILE) + 1, 0), columns)),
        )

    def clear(self) -> None:
        self._bands.fill(False)

    def exactly(self) -> list[Box]:
        """Boxes that have the marked tiles and no others."""
        return [self._box(left, right, row, row + 1) for row, left, right in runs(self._rows)]

    def roughly(self) -> list[Box]:
        """Fewer boxes, none of which overlap, that have the marked tiles and some around them."""
        merged: list[list[int]] = []
        for band, left, right in runs(np.logical_or.reduce(self._bands, axis=1)):
            if merged and merged[-1][0] == band and left - merged[-1][2] <= GAP:
                merged[-1][2] = right
            else:
                merged.append([band, left, right])
        return [self._box(left, right, band * BAND, (band + 1) * BAND) for band, left, right in merged]

    def _box(self, left: int, right: int, top: int, bottom: int) -> Box:
        width, height = self._size
        return Box(left * TILE, min(right * TILE, width), top * TILE, min(bottom * TILE, height))


def runs(marked: NDArray[np.bool_]) -> list[tuple[int, int, int]]:
    """The row, the first column and the one after the last of what is marked side by side; row by row.

    The first and the last column of ``marked`` are not counted.
    """
    edges = np.flatnonzero(marked[:, 1:] != marked[:, :-1])  # beginnings and ends in turn
    rows, columns = np.divmod(edges, marked.shape[1] - 1)
    return list(zip(rows[::2].tolist(), columns[::2].tolist(), columns[1::2].tolist(), strict=True))
