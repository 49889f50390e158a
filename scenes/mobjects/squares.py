"""Many squares, or rectangles, in one mobject."""

from __future__ import annotations

import numpy as np
from gradreel.core.arrays import FloatArray


def rectangles(middles: FloatArray, sizes: FloatArray) -> FloatArray:
    """The points of one VMobject that holds a rectangle of each of ``sizes`` at ``middles``, both (n, 2): (16 n, 3)."""
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)]) * sizes[:, None] / 2  # (n, 5, 2)
    starts, ends = (middles[:, None] + part for part in (corners[:, :-1], corners[:, 1:]))
    shares = np.array([0.0, 1 / 3, 2 / 3, 1.0])[:, None]
    points = starts[:, :, None] + shares * (ends - starts)[:, :, None]  # (n, 4, 4, 2)
    return np.pad(points.reshape(-1, 2), ((0, 0), (0, 1)))


def squares(centers: FloatArray, side: float) -> FloatArray:
    """The points of one VMobject that holds a square of ``side`` at each of ``centers`` (n, 2): (16 n, 3)."""
    return rectangles(centers, np.full((len(centers), 2), side))
