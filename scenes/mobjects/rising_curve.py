"""A line that is drawn from left to right, with gaps where nothing is known, solid or dashed."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from gradreel.core.arrays import FloatArray
from gradreel.scenes.mobjects.plot import Plot
from manim import CapStyleType, LineJointType, ManimColor, VMobject


class RisingCurve(VMobject):
    """A line through (x, y) that is drawn up to any x: ``show(x)``. NaNs are gaps; a lone point is a dot.

    ``dash``: the length of dashes and gaps, 0 for none.
    """

    def __init__(
        self, plot: Plot, x: FloatArray, y: FloatArray, color: ManimColor, width: float, dash: float = 0.0
    ) -> None:
        super().__init__(stroke_color=color, stroke_width=width, fill_opacity=0)
        self.joint_type = LineJointType.ROUND
        self.set_cap_style(CapStyleType.ROUND if not dash else CapStyleType.BUTT)
        self.data_x, self.data_y, self.plot, self.dash = x, y, plot, dash
        self.corners = plot.at(x, y)  # (n, 3), NaN in gaps
        self.show(float(x[-1]) if len(x) else 0.0)

    def show(self, x: float) -> RisingCurve:
        """Draw what lies left of ``x``, up to the point between two corners."""
        count = int(np.searchsorted(self.data_x, x, side="right"))
        corners = self.corners[:count]
        if 0 < count < len(self.data_x):
            share = (x - self.data_x[count - 1]) / (self.data_x[count] - self.data_x[count - 1])
            last = corners[-1] + share * (self.corners[count] - corners[-1])
            corners = np.vstack([corners, last])
        known = corners[np.isfinite(corners).all(axis=1)]
        self.tip = known[-1] if len(known) else None  # (3,): where it ends now
        self.points = dashes_along(corners, self.dash) if self.dash else joined(corners)
        return self

    def begin(self) -> FloatArray:
        """(3,): where the whole line begins; the middle of the plot for one without any point."""
        start: FloatArray = self._known()[0]
        return start

    def end(self) -> FloatArray:
        """(3,): where the whole line ends; the middle of the plot for one without any point."""
        end: FloatArray = self._known()[-1]
        return end

    def _known(self) -> FloatArray:
        known = self.corners[np.isfinite(self.corners).all(axis=1)]
        left, right, bottom, top = self.plot.box
        return known if len(known) else np.array([[(left + right) / 2, (bottom + top) / 2, 0.0]])


def _curves(starts: FloatArray, ends: FloatArray) -> FloatArray:
    """Straight Bezier curves as a VMobject has them, (4 n, 3)."""
    shares = np.array([0.0, 1 / 3, 2 / 3, 1.0])[None, :, None]
    return np.asarray(starts[:, None] + shares * (ends - starts)[:, None]).reshape(-1, 3)


def joined(corners: FloatArray) -> FloatArray:
    """A VMobject's points of the lines through ``corners`` (n, 3), where NaNs are gaps; a lone corner is a dot."""
    known = np.asarray(np.isfinite(corners).all(axis=1))
    pairs = known[:-1] & known[1:]
    alone = known & ~np.append(pairs, False) & ~np.append([False], pairs) if len(corners) else known
    dots = corners[alone]
    starts = np.concatenate([corners[:-1][pairs], dots])
    ends = np.concatenate([corners[1:][pairs], dots + np.array([1e-3, 0.0, 0.0])])
    return _curves(starts, ends)


def dashes_along(corners: FloatArray, dash: float) -> FloatArray:
    """Dashes along the line, counted from its start, so that they stand still while it grows."""
    starts, ends, walked = [], [], 0.0
    for a, b in pairwise(corners):
        length = float(np.linalg.norm(b - a))
        if not np.isfinite(length) or length == 0:
            continue
        borders = np.arange(np.floor(walked / dash), np.ceil((walked + length) / dash) + 1) * dash - walked
        number = np.arange(len(borders) - 1) + int(np.floor(walked / dash))
        borders = np.clip(borders, 0.0, length)
        for k in np.flatnonzero((number % 2 == 0) & (np.diff(borders) > 0)):
            starts.append(a + (b - a) * borders[k] / length)
            ends.append(a + (b - a) * borders[k + 1] / length)
        walked += length
    return _curves(np.array(starts), np.array(ends)) if starts else np.zeros((0, 3))
