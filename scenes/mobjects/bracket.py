"""Brackets that mark a distance in a plot."""

from __future__ import annotations

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.mobjects.plot import segment
from gradreel.scenes.style import palette
from manim import ManimColor, VGroup
from numpy.typing import ArrayLike


class Bracket(VGroup):
    """An upright bracket that `span` moves in place. On a short distance, its level caps shrink."""

    def __init__(self, color: ManimColor | None = None, width: float = style.AXIS) -> None:
        super().__init__()
        ink = color if color is not None else palette.text
        self.add(*(segment((0, 0, 0), (1, 0, 0), ink, width) for _ in range(3)))

    def span(self, start: ArrayLike, end: ArrayLike) -> Bracket:
        """Move the bracket's ends to ``start`` and ``end``, each (3,); return self."""
        ends = [np.asarray(point, dtype=float) for point in (start, end)]
        half = np.array([min(0.1, 0.6 * float(np.linalg.norm(ends[1] - ends[0]))), 0.0, 0.0])
        for line, points in zip(self, (ends, *([at - half, at + half] for at in ends)), strict=True):
            line.set_points_as_corners(points)
        return self


def upright_bracket(start: ArrayLike, end: ArrayLike, color: ManimColor | None = None, cap: float = 0.1) -> VGroup:
    """Return a line from ``start`` to ``end``, each (3,), with a level line of half-width ``cap`` at each end."""
    ink = color if color is not None else palette.text
    half = np.array([cap, 0.0, 0.0])
    points = [np.asarray(point, dtype=float) for point in (start, end)]
    caps = [segment(point - half, point + half, ink, style.AXIS) for point in points]
    return VGroup(segment(points[0], points[1], ink, style.AXIS), *caps)
