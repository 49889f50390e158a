"""Lines of losses, some too high for their picture: cut at its top; an arrow's head for what is above it."""

from __future__ import annotations

import numpy as np
from gradreel.core.arrays import FloatArray
from manim import Triangle

DOT = 0.075  # radius of a run's dot


def above_the_picture() -> FloatArray:
    """Points of what stands at the top for a run whose loss is higher: an arrow's head, as wide as a run's dot."""
    head = Triangle().stretch_to_fit_width(2.4 * DOT).stretch_to_fit_height(2 * DOT)
    points: FloatArray = head.points
    return points


def below(x: FloatArray, y: FloatArray, top: float) -> tuple[FloatArray, FloatArray]:
    """The line (x, y) from where it first comes below ``top``; what rises above it later is cut there."""
    first = int(np.argmax(y <= top))
    if first == 0:
        return x, np.minimum(y, top)
    share = (y[first - 1] - top) / (y[first - 1] - y[first])
    start = x[first - 1] + share * (x[first] - x[first - 1])
    return np.concatenate([[start], x[first:]]), np.concatenate([[top], np.minimum(y[first:], top)])
