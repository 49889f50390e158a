"""A line that grows from left to right, solid or dashed, with gaps where values are missing."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from gradreel.core.arrays import FloatArray
from gradreel.scenes.mobjects.plot import Plot, straight_curves
from manim import CapStyleType, LineJointType, ManimColor, VMobject


class RisingCurve(VMobject):
    """A line through (x, y), each (n,), that `show` draws up to any x. NaN in ``y`` is a gap; a lone point is a dot.

    ``dash``: the length of dashes and gaps; 0: solid.
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
        """Draw the line up to ``x``, which may lie between two corners; return self."""
        count = int(np.searchsorted(self.data_x, x, side="right"))
        corners = self.corners[:count]
        if 0 < count < len(self.data_x):
            share = (x - self.data_x[count - 1]) / (self.data_x[count] - self.data_x[count - 1])
            last = corners[-1] + share * (self.corners[count] - corners[-1])
            corners = np.vstack([corners, last])
        finite = corners[np.isfinite(corners).all(axis=1)]
        self.tip = finite[-1] if len(finite) else None  # (3,): the present end
        self.points = dashes_along(corners, self.dash) if self.dash else joined(corners)
        return self

    def begin(self) -> FloatArray:
        """Return where the whole line begins, (3,); the middle of the plot if it has no point."""
        start: FloatArray = self._finite_corners()[0]
        return start

    def end(self) -> FloatArray:
        """Return where the whole line ends, (3,); the middle of the plot if it has no point."""
        end: FloatArray = self._finite_corners()[-1]
        return end

    def _finite_corners(self) -> FloatArray:
        """Return the corners outside gaps, (k, 3); without any, the middle of the plot."""
        finite = self.corners[np.isfinite(self.corners).all(axis=1)]
        left, right, bottom, top = self.plot.box
        return finite if len(finite) else np.array([[(left + right) / 2, (bottom + top) / 2, 0.0]])


def joined(corners: FloatArray) -> FloatArray:
    """Return a VMobject's points for the line through ``corners`` (n, 3); NaN is a gap, a lone corner a dot."""
    is_finite = np.asarray(np.isfinite(corners).all(axis=1))
    pairs = is_finite[:-1] & is_finite[1:]
    alone = is_finite & ~np.append(pairs, False) & ~np.append([False], pairs) if len(corners) else is_finite
    dots = corners[alone]
    starts = np.concatenate([corners[:-1][pairs], dots])
    ends = np.concatenate([corners[1:][pairs], dots + np.array([1e-3, 0.0, 0.0])])
    return straight_curves(starts, ends)


def dashes_along(corners: FloatArray, dash: float) -> FloatArray:
    """Return a VMobject's points for dashes along the line, measured from its start: growth does not move them."""
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
    return straight_curves(np.array(starts), np.array(ends)) if starts else np.zeros((0, 3))
