"""Points for many squares or rectangles in one mobject."""

from __future__ import annotations

import numpy as np
from gradreel.core.arrays import FloatArray


def rectangles(middles: FloatArray, sizes: FloatArray) -> FloatArray:
    """Return a VMobject's points, (16 n, 3), for rectangles of ``sizes`` around ``middles``, both (n, 2)."""
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)]) * sizes[:, None] / 2  # (n, 5, 2)
    starts, ends = (middles[:, None] + part for part in (corners[:, :-1], corners[:, 1:]))
    shares = np.array([0.0, 1 / 3, 2 / 3, 1.0])[:, None]
    points = starts[:, :, None] + shares * (ends - starts)[:, :, None]  # (n, 4, 4, 2)
    return np.pad(points.reshape(-1, 2), ((0, 0), (0, 1)))


def squares(centers: FloatArray, side: float) -> FloatArray:
    """Return a VMobject's points, (16 n, 3), for squares of ``side`` around ``centers`` (n, 2)."""
    return rectangles(centers, np.full((len(centers), 2), side))
