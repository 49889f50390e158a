"""Cuts lines of losses at the top of their plot, and draws an arrowhead for losses above it."""

from __future__ import annotations

import numpy as np
from gradreel.core.arrays import FloatArray
from manim import Triangle

DOT = 0.075  # radius of a run's dot


def above_the_picture() -> FloatArray:
    """Return the points of an arrowhead that marks, at the plot's top, a run with a higher loss."""
    head = Triangle().stretch_to_fit_width(2.4 * DOT).stretch_to_fit_height(2 * DOT)
    points: FloatArray = head.points
    return points


def below(x: FloatArray, y: FloatArray, top: float) -> tuple[FloatArray, FloatArray]:
    """Return the line (x, y) from the point where it first falls to ``top``; later values above are cut to ``top``."""
    first = int(np.argmax(y <= top))
    if first == 0:
        return x, np.minimum(y, top)
    share = (y[first - 1] - top) / (y[first - 1] - y[first])
    start = x[first - 1] + share * (x[first] - x[first - 1])
    return np.concatenate([[start], x[first:]]), np.concatenate([[top], np.minimum(y[first:], top)])
