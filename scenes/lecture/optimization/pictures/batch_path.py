"""A run's first updates as the way of a point: one step from each batch, seen in the plane nearest to the way."""

from __future__ import annotations

import numpy as np
from gradreel.core.analysis.planes import plane_of, view_around
from gradreel.core.trace.trace import Trace
from gradreel.scenes import style
from gradreel.scenes.lecture.optimization.pictures.descent_path import place_at_arrow
from gradreel.scenes.mobjects.arrows import arrow, set_arrow
from gradreel.scenes.mobjects.loss_map import PlaneMap
from gradreel.scenes.mobjects.pace import recorded_row
from gradreel.scenes.mobjects.plot import polyline, ring
from gradreel.scenes.mobjects.text import formula, words
from gradreel.scenes.style import mix, palette
from manim import Animation, Mobject, UpdateFromAlphaFunc, VGroup, smooth
from numpy.typing import NDArray

FIRST = 2  # updates that are seen from near
NEAR_MARGIN, MARGIN = 0.24, 0.16  # of the box, free on each side
UPHILL = (0.4, 1.1)  # lengths of gradients' arrows: of the shortest, if there is room, and of the longest at most
START, MARKER, NAME = 0.1, 0.13, (0.15, 0.35)  # radii; from the corner to the left end of the name, to its baseline


class BatchPath(VGroup):
    """Rows 0 to ``last`` of a trace that kept every update, in ``box`` (left, right, bottom, top).

    It is seen from near, with room for the first of them, until ``zoom_out`` has made room for all. ``show(row)`` draws
    the way up to a row. Parts: ``ground``, what it shows as its ``name`` in a corner, ``line``, ``start``, ``marker``.
    ``gradient(row)``: an arrow at a row's state.
    """

    def __init__(self, trace: Trace, last: int, box: tuple[float, float, float, float], name: str) -> None:
        super().__init__()
        self.box = box
        self.uv = plane_of(trace, last).coordinates(np.asarray(trace.parameters[: last + 1], dtype=np.float64))
        left, right, bottom, top = box
        self.ground = PlaneMap(np.zeros(2), np.ones(2), left=left, right=right, bottom=bottom, top=top).ground
        self.line = polyline(np.zeros((2, 3)), mix(palette.orange, 0.8), 4.0)
        self.start = ring((0, 0, 0), START, palette.orange)
        self.marker = ring((0, 0, 0), MARKER, palette.text, fill=palette.orange)
        self.name = words(name, style.SMALLEST, palette.dim).place(top - NAME[1], left=left + NAME[0])
        self.add(self.ground, self.name, self.line, self.start, self.marker)
        self.view = self._view_of(self.uv[: FIRST + 1], NEAR_MARGIN)
        self.show(0.0)

    def show(self, row: float) -> None:
        """The point between the states before and after ``row``, and the way to it."""
        self.row, reached = row, recorded_row(row)
        whole = np.arange(len(self.uv))
        here = np.array([np.interp(row, whole, self.uv[:, axis]) for axis in range(2)])
        path = np.vstack([self.uv[: reached + 1], here])
        points = self._at(path)
        self.line.set_points_as_corners(points)
        self.start.move_to(points[0])
        self.marker.move_to(points[-1])

    def zoom_out(self) -> Animation:
        """From now on there is room for all rows."""
        near, far = self.view, self._view_of(self.uv, MARGIN)

        def move(_: Mobject, share: float) -> None:
            self.view = near + share * (far - near)
            self.show(self.row)

        return UpdateFromAlphaFunc(self, move, rate_func=smooth)

    def _view_of(self, uv: NDArray, margin: float) -> NDArray:
        """(2, 2): the lower ends and the lengths of a view of these coordinates."""
        left, right, bottom, top = self.box
        low, high = np.array(view_around(uv, right - left, top - bottom, margin)).T
        return np.stack([low, high - low])

    def gradient(self, row: int) -> VGroup:
        """Uphill from the state ``row``: g against the step of plain descent that it leads to, and its letter.

        Arrows of the first updates are in proportion: as much longer as the steps are.
        """
        steps = np.diff(self._at(self.uv[: FIRST + 1]), axis=0)
        lengths = np.linalg.norm(steps, axis=1)
        least, most = UPHILL
        factor = min(max(1.0, least / max(lengths.min(), 1e-9)), most / max(lengths.max(), 1e-9))
        here, way = self._at(self.uv[row : row + 1])[0], -factor * steps[row]
        length = float(np.linalg.norm(way))
        letter = formula("bold(g)", style.LETTER, palette.orange)
        half = (letter.width / 2, letter.height / 2)
        direction = way[:2] / max(length, 1e-9)
        place = place_at_arrow(here, direction, length, half, self.box, self.name.get_center()[:2])
        letter.move_to([*place, 0.0])
        return VGroup(set_arrow(arrow(palette.orange), here, here + way), letter)

    def _at(self, uv: NDArray) -> NDArray:
        """(n, 3): where coordinates in the plane are on the screen."""
        left, right, bottom, top = self.box
        low, size = self.view
        places = np.array([left, bottom]) + (uv - low) / size * np.array([right - left, top - bottom])
        return np.column_stack([places, np.zeros(len(places))])

    def go(self, row: float) -> Animation:
        """The point goes to ``row``."""
        start = self.row

        def move(_: Mobject, share: float) -> None:
            self.show(start + share * (row - start))

        return UpdateFromAlphaFunc(self, move, rate_func=smooth)
