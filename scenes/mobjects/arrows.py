"""Arrows whose points are set in place."""

from __future__ import annotations

import numpy as np
from gradreel.core.arrays import FloatArray
from gradreel.scenes.mobjects.plot import polyline
from manim import ManimColor, VMobject


def arrow(color: ManimColor, width: float = 3.2) -> VMobject:
    """An arrow without a place yet; ``set_arrow`` gives it one."""
    return polyline(np.zeros((2, 3)), color, width)


def set_arrow(line: VMobject, start: FloatArray, end: FloatArray, both: bool = False, head: float = 0.16) -> VMobject:
    """Put an arrow from ``start`` to ``end`` (3,), in place; a short one has a small head, one of no length none."""
    way = end - start
    length = float(np.linalg.norm(way))
    line.clear_points()
    if length < 0.02:
        return line
    along = way / length * min(head, 0.45 * length)
    across = np.array([-along[1], along[0], 0.0]) * 0.62
    strokes = [[start, end], [end - along + across, end, end - along - across]]
    if both:
        strokes.append([start + along + across, start, start + along - across])
    for stroke in strokes:
        line.start_new_path(stroke[0])
        line.add_points_as_corners(stroke[1:])
    return line
