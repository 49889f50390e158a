"""A recorded run on the contour map of its loss: the plane its path lies nearest to, and the path so far."""

from __future__ import annotations

import numpy as np
from gradreel.core.loss_surface import loss_grid, plane_of
from gradreel.core.trace import Trace
from gradreel.scenes.mobjects.loss_surface import DescentPath, LossMap, quiet_offset, view_around
from gradreel.scenes.mobjects.pace import recorded_row, state_at
from manim import VGroup
from numpy.typing import NDArray

GRID = (180, 111)  # points along u and v at which the loss is computed
DRAWN_STATES = 4000  # corners of the path at most
APART = 0.012  # corners nearer than this on screen are one


class DescentMap(VGroup):
    """The plane of a trace's rows 0 to ``last`` with the path on it; ``show(row)`` moves to any moment up to ``last``.

    Parts: ``surface`` (LossMap), ``path`` (DescentPath). ``share`` is how much of the path's spread lies in ``plane``.
    """

    def __init__(self, trace: Trace, last: int, box: tuple[float, float, float, float]) -> None:
        super().__init__()
        left, right, bottom, top = box
        self.trace, self.last = trace, last
        self.plane = plane_of(trace, int(trace.kept[last]))
        self.share = self.plane.share
        self.rows = np.unique(np.linspace(0, last, min(last + 1, DRAWN_STATES)).round().astype(int))
        uv = self.plane.coordinates(trace.parameters[self.rows])
        u_range, v_range = view_around(uv, right - left, top - bottom)
        u, v = np.linspace(*u_range, GRID[0]), np.linspace(*v_range, GRID[1])
        grid = loss_grid(trace.experiment, self.plane, u, v)
        self.surface = LossMap(u, v, grid, left=left, right=right, bottom=bottom, top=top)
        self.points = self.surface.at(uv)  # (K, 3) where the states of ``rows`` are
        self._thin()
        self.path = DescentPath(self.points[0], *self._label_offsets(box))
        self.add(self.surface, self.path)
        self.show(0.0)

    def point(self, theta: NDArray) -> NDArray:
        """Where theta (…, P) is on the screen: its nearest point of the plane, (…, 3)."""
        return self.surface.at(self.plane.coordinates(theta))

    def downhill(self, row: int) -> NDArray:
        """The direction (2,) of -g in the plane, for the recorded gradient that left ``row`` (or the last there is)."""
        gradient = self.trace.gradient[min(row, len(self.trace.gradient) - 1)]
        return np.asarray(-self.plane.directions @ gradient)

    def show(self, row: float) -> None:
        """Move the point to ``row``, the path drawn up to it."""
        here = self.point(state_at(self.trace, row))
        before = self.points[self.rows < row - 1e-9]
        path = np.vstack([before, here]) if len(before) else np.array([here])
        reached = recorded_row(row)
        self.path.show(path, self.downhill(reached), int(self.trace.kept[reached]))

    def _thin(self) -> None:
        """Leave out states that are drawn on the spot of the one before."""
        kept = [0]
        for k in range(1, len(self.points)):
            if np.linalg.norm(self.points[k] - self.points[kept[-1]]) >= APART:
                kept.append(k)
        self.rows, self.points = self.rows[kept], self.points[kept]

    def _label_offsets(self, box: tuple[float, float, float, float]) -> tuple[NDArray, NDArray]:
        """Where the labels of the start and of the moving point stand, from their points."""
        some = np.unique(np.linspace(0, len(self.points) - 1, 120).round().astype(int))
        points = self.points[some]
        downhill = np.array([self.downhill(int(row)) for row in self.rows[some]])
        start = self._start_offset(points, downhill, box)
        wide = 0.24 + 0.075 * len(str(int(self.trace.kept[self.last])))
        moving = quiet_offset(points, downhill, box, (wide, 0.22), points[0] + np.array([*start, 0.0]))
        return start, moving

    def _start_offset(self, points: NDArray, downhill: NDArray, box: tuple[float, float, float, float]) -> NDArray:
        """The place beside the start that the whole path and the first arrows leave free."""
        here = np.repeat(points[:1], 4, axis=0)
        first = np.resize(downhill[:4], (4, 2))
        return quiet_offset(here, first, box, (0.26, 0.22), crossing=points)
