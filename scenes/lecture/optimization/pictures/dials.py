"""Parameters as a row of dials: a needle stands upright at 0 and turns with its number."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from gradreel.core.arrays import FloatArray
from gradreel.scenes import style
from gradreel.scenes.mobjects.plot import polyline
from gradreel.scenes.style import mix
from manim import DEGREES, Arc, Dot, ManimColor, VGroup

RADIUS, SWEEP, NEEDLE = 0.31, 135.0, 5.0  # of a dial; degrees from 0 to the largest value; width of the needle
TRACK = 0.45  # share of its colour in a dial's arc


class Dials(VGroup):
    """Draws C dials at ``centers`` (C,), on the height ``y``; ``largest`` (C,) is the largest size of each number.

    Parts: ``needles``. `set_values` turns them in place.
    """

    def __init__(self, centers: Sequence[float], y: float, largest: FloatArray, colors: Sequence[ManimColor]) -> None:
        super().__init__()
        self.centers = np.array([[x, y, 0.0] for x in centers])
        self.largest = np.where(largest > 0, largest, 1.0)
        self.needles = VGroup()
        for center, color in zip(self.centers, colors, strict=True):
            track = Arc(RADIUS, (90 + SWEEP) * DEGREES, -2 * SWEEP * DEGREES, arc_center=center)
            needle = polyline(np.zeros((2, 3)), color, NEEDLE)
            self.needles.add(needle)
            self.add(track.set_stroke(mix(color, TRACK), style.RING), needle, Dot(center, 0.05, color=color))
        self.set_values(np.zeros(len(self.centers)))

    def angles(self, values: FloatArray) -> FloatArray:
        """Return where the needles point, (C,) degrees counterclockwise from the right."""
        return np.asarray(90.0 - SWEEP * np.clip(values / self.largest, -1.0, 1.0))

    def set_values(self, values: FloatArray) -> None:
        """Turn each needle to its number, (C,)."""
        angles = np.deg2rad(self.angles(np.asarray(values, dtype=float)))
        ends = self.centers + RADIUS * np.column_stack([np.cos(angles), np.sin(angles), np.zeros(len(angles))])
        for needle, center, end in zip(self.needles, self.centers, ends, strict=True):
            needle.set_points_as_corners([center, end])
