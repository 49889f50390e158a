"""Arrows that can be moved in place."""

from __future__ import annotations

import numpy as np
from gradreel.core.arrays import FloatArray
from gradreel.scenes.mobjects.plot import polyline
from manim import ManimColor, VMobject


def arrow(color: ManimColor, width: float = 3.2) -> VMobject:
    """Return an arrow that is invisible until `set_arrow` gives it its ends."""
    return polyline(np.zeros((2, 3)), color, width)


def set_arrow(line: VMobject, start: FloatArray, end: FloatArray, both: bool = False, head: float = 0.16) -> VMobject:
    """Move the arrow ``line`` to lead from ``start`` to ``end``, each (3,); return it.

    A short arrow has a smaller head; one shorter than 0.02 is invisible. ``both``: a head at each end.
    """
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
