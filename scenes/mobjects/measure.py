"""A bracket that measures a distance in a plot."""

from __future__ import annotations

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.mobjects.plot import segment
from gradreel.scenes.style import palette
from manim import ManimColor, VGroup
from numpy.typing import ArrayLike


def upright_bracket(start: ArrayLike, end: ArrayLike, color: ManimColor | None = None, cap: float = 0.1) -> VGroup:
    """An upright line from ``start`` to ``end`` (3,) with a short level line at each end."""
    ink = color if color is not None else palette.text
    half = np.array([cap, 0.0, 0.0])
    points = [np.asarray(point, dtype=float) for point in (start, end)]
    caps = [segment(point - half, point + half, ink, style.AXIS) for point in points]
    return VGroup(segment(*points, ink, style.AXIS), *caps)
