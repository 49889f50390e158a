"""Paths with no more corners than can be seen. Pure functions of numbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

UNSEEN = 0.0015  # scene units, a fifth of a pixel of 1080: a corner that is less than so far off needs no drawing


def thinned(points: NDArray, tolerance: float = UNSEEN) -> NDArray:
    """The corners (n, 3) of a path without those that nobody would miss: it stays within ``tolerance`` of them all.

    Contours come with a corner at every line of the grid, those of a band also along the map's edge; each costs time
    in every frame in which the map moves. (The method is Douglas and Peucker's.)
    """
    kept = np.zeros(len(points), dtype=bool)
    kept[[0, -1]] = True
    waiting = [(0, len(points) - 1)]
    while waiting:
        first, last = waiting.pop()
        if last - first < 2:
            continue
        away, way = points[first + 1 : last, :2] - points[first, :2], points[last, :2] - points[first, :2]
        length = float(np.hypot(*way))
        if length:
            along = np.clip(away @ way / length**2, 0.0, 1.0)
            away = away - along[:, None] * way
        off = np.hypot(away[:, 0], away[:, 1])
        if off.max() > tolerance:
            middle = first + 1 + int(off.argmax())
            kept[middle] = True
            waiting += [(first, middle), (middle, last)]
    return points[kept]
