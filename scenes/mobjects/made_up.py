"""What a mirrored sigmoid's c and the constant make up for: arrows as long as c."""

from __future__ import annotations

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.mobjects.plot import polyline
from gradreel.scenes.mobjects.sigmoid_rows import SigmoidRow
from gradreel.scenes.style import palette
from manim import VGroup, VMobject

HEAD, BESIDE = 0.17, 0.13  # an arrow's head; between it and the curve that it moves


class Moved(VGroup):
    """A copy of a row's curve and, left of it, the arrow of ``way`` scene units that it will go; parts: both."""

    def __init__(self, row: SigmoidRow, way: float) -> None:
        super().__init__()
        self.way = way
        self.copy_of_curve = row.curve.copy().set_stroke(width=style.GHOST_CURVE)
        x, start = float(row.line[0]) - BESIDE, float(row.curve.get_start()[1])
        self.arrow = _upright_arrow(x, start, start + way)
        self.add(self.copy_of_curve, self.arrow)


def _upright_arrow(x: float, start: float, end: float) -> VMobject:
    """From (x, start) up or down to (x, end); a head that a short arrow still has room for."""
    head = np.sign(end - start) * min(HEAD, 0.6 * abs(end - start))
    neck = end - head
    shaft = polyline(np.array([[x, start, 0.0], [x, neck, 0.0]]), palette.magenta, style.GHOST_CURVE)
    tip = VMobject(stroke_width=0).set_fill(palette.magenta, 1)
    half = 0.45 * abs(head)
    corners = [[x - half, neck, 0.0], [x, end, 0.0], [x + half, neck, 0.0], [x - half, neck, 0.0]]
    tip.set_points_as_corners(np.array(corners))
    return VGroup(shaft, tip)
