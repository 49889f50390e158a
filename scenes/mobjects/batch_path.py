"""A run's first updates as the way of a point: one step from each batch, seen in the plane nearest to the way."""

from __future__ import annotations

import numpy as np
from gradreel.core.planes import plane_of
from gradreel.core.trace import Trace
from gradreel.scenes import style
from gradreel.scenes.mobjects.loss_surface import PlaneMap, view_around
from gradreel.scenes.mobjects.pace import recorded_row
from gradreel.scenes.mobjects.plot import polyline, ring
from gradreel.scenes.mobjects.text import formula
from gradreel.scenes.style import mix, palette
from manim import Animation, Mobject, UpdateFromAlphaFunc, VGroup, smooth
from numpy.typing import NDArray

FIRST = 3  # updates that there is room for at once; then the view grows with the way
MARGIN = 0.24  # of the box, free on each side
START, MARKER, CORNER = 0.1, 0.13, 0.3  # radii; from the corner to the middle of the name


class BatchPath(VGroup):
    """Rows 0 to ``last`` of a trace that kept every update, in ``box`` (left, right, bottom, top).

    ``show(row)`` draws the way up to a row, seen from as far away as it needs. Parts: ``ground``, its ``name`` in a
    corner that the way leaves free, ``line``, ``start``, ``marker``.
    """

    def __init__(self, trace: Trace, last: int, box: tuple[float, float, float, float]) -> None:
        super().__init__()
        self.box = box
        self.uv = plane_of(trace, last).coordinates(np.asarray(trace.parameters[: last + 1], dtype=np.float64))
        left, right, bottom, top = box
        self.ground = PlaneMap(np.zeros(2), np.ones(2), left=left, right=right, bottom=bottom, top=top).ground
        self.line = polyline(np.zeros((2, 3)), mix(palette.orange, 0.8), 4.0)
        self.start = ring((0, 0, 0), START, palette.orange)
        self.marker = ring((0, 0, 0), MARKER, palette.text, fill=palette.orange)
        self.name = formula("theta", style.LETTER, palette.orange).move_to((left + CORNER, top - CORNER, 0))
        self.add(self.ground, self.name, self.line, self.start, self.marker)
        self.show(0.0)

    def show(self, row: float) -> None:
        """The point between the states before and after ``row``, and the way to it."""
        self.row, reached = row, recorded_row(row)
        whole = np.arange(len(self.uv))
        here = np.array([np.interp(row, whole, self.uv[:, axis]) for axis in range(2)])
        path = np.vstack([self.uv[: reached + 1], here])
        seen = np.vstack([self.uv[: FIRST + 1], path])
        points = self._at(path, seen)
        self.line.set_points_as_corners(points)
        self.start.move_to(points[0])
        self.marker.move_to(points[-1])

    def _at(self, uv: NDArray, seen: NDArray) -> NDArray:
        """(n, 3): where coordinates in the plane are on the screen, when there is room for ``seen``."""
        left, right, bottom, top = self.box
        ranges = view_around(seen, right - left, top - bottom, MARGIN)
        low, size = np.array([axis[0] for axis in ranges]), np.array([axis[1] - axis[0] for axis in ranges])
        places = np.array([left, bottom]) + (uv - low) / size * np.array([right - left, top - bottom])
        return np.column_stack([places, np.zeros(len(places))])

    def go(self, row: float) -> Animation:
        """The point goes to ``row``."""
        start = self.row

        def move(_: Mobject, share: float) -> None:
            self.show(start + share * (row - start))

        return UpdateFromAlphaFunc(self, move, rate_func=smooth)
