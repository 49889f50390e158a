"""A recorded run on the map of the plane that its path lies nearest to, and the path so far."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from gradreel.core.analysis.planes import FARTHEST, plane_of, view_around
from gradreel.core.arrays import evenly_spaced_indices
from gradreel.core.trace.trace import Trace
from gradreel.scenes.lecture.optimization.pictures.descent_path import (
    ARROW,
    MARKER,
    DescentPath,
    LabelPath,
    label_path,
    offset_in_direction,
    place_costs,
)
from gradreel.scenes.mobjects.loss_map import LossMap, PlaneMap
from gradreel.scenes.mobjects.pace import recorded_row, state_at
from gradreel.scenes.style import Box
from manim import VGroup
from numpy.typing import NDArray
from scipy.interpolate import RegularGridInterpolator

DRAWN_STATES = 4000  # corners of the path at most
HELD_NUMBERS = 20_000_000  # of the states that are projected at once
GRID_POINTS = 90  # points along a side at which the known loss is drawn
APART = 0.012  # corners nearer than this on screen are one


class DescentMap(VGroup):
    """The plane nearest to a trace's rows 0 to ``last``, and the path on it; ``show(row)`` moves to any moment.

    For a run around anybody's own loop. The map shows the loss around the path if `Trace.compute_landscape` has
    kept it beside the trace; ``is_known`` says so. ``losses``, the loss at any rows, gives the path its width. Parts:
    ``surface`` (a contour map, or an even ground), ``path``. ``share``: how much of the path's spread lies in the
    plane.
    """

    def __init__(self, trace: Trace, last: int, box: Box, losses: Callable[[NDArray], NDArray]) -> None:
        super().__init__()
        left, right, bottom, top = box
        self.trace, self.last = trace, last
        self.plane = plane_of(trace, int(trace.kept[last]))
        self.share = self.plane.share
        self.rows = evenly_spaced_indices(last + 1, DRAWN_STATES)
        uv = np.concatenate([self.plane.coordinates(trace.parameters[rows]) for rows in self._blocks()])
        u_range, v_range = view_around(uv, right - left, top - bottom)
        place = {"left": left, "right": right, "bottom": bottom, "top": top}
        grid = self._losses_in_view(u_range, v_range)
        self.is_known = grid is not None
        self.surface = PlaneMap(u_range, v_range, **place) if grid is None else LossMap(*grid, **place)
        self.points = self.surface.at(uv)  # (K, 3) where the states of ``rows`` are
        self._thin()
        start_offset = self._start_offset(box)
        self.label_path = self._label_path(box, self.points[0] + start_offset)
        self.path = DescentPath(self.points[0], start_offset, box, losses(self.rows))
        self.add(self.surface, self.path)
        self.show(0.0)

    def _losses_in_view(self, u_range: NDArray, v_range: NDArray) -> tuple[NDArray, NDArray, NDArray] | None:
        """Return u, v and the loss on a grid in the view, from the landscape beside the trace.

        Returns None if there is none, it does not cover the view, or it is of more updates than are shown.
        """
        landscape = self.trace.kept_landscape() if self.last == len(self.trace.kept) - 1 else None
        if landscape is None:
            return None
        known = landscape.path
        views = (known.u, u_range), (known.v, v_range)
        if not all(_covers(ends, shown) for ends, shown in views) or not np.isfinite(known.loss).any():
            return None
        u, v = (np.linspace(*np.clip(shown, ends[0], ends[-1]), GRID_POINTS) for ends, shown in views)
        between = RegularGridInterpolator((known.v, known.u), known.loss)
        return u, v, between(np.stack(np.meshgrid(v, u, indexing="ij"), axis=-1))

    def _blocks(self) -> list[NDArray]:
        """``rows`` in parts that fit into memory."""
        at_once = max(1, HELD_NUMBERS // self.trace.n_parameters)
        return np.array_split(self.rows, -(-len(self.rows) // at_once))

    def point(self, theta: NDArray) -> NDArray:
        """Where theta (…, P) is on the screen: its nearest point of the plane, (…, 3)."""
        return self.surface.at(self.plane.coordinates(theta))

    def downhill(self, row: int) -> NDArray:
        """The direction (2,) of -g in the plane, for the recorded gradient that left ``row`` (or the last there is).

        0 for a gradient off to infinity, which points nowhere.
        """
        gradient = self.trace.gradient[min(row, len(self.trace.gradient) - 1)]
        lost = not float(np.abs(gradient).max()) <= FARTHEST
        return np.zeros(2) if lost else np.asarray(-self.plane.directions @ gradient)

    def show(self, row: float) -> None:
        """Move the point to ``row``, the path drawn up to it."""
        here = self.point(state_at(self.trace, row))
        before = self.points[self.rows < row - 1e-9]
        path = np.vstack([before, here]) if len(before) else np.array([here])
        reached = recorded_row(row)
        update = int(self.trace.kept[reached])
        arrow = self.path.arrow_inside(here, self.downhill(reached))
        self.path.show(path, arrow, update, self.label_path.offset(row))

    def _thin(self) -> None:
        """Leave out states that are drawn on the spot of the one before."""
        kept = [0]
        for k in range(1, len(self.points)):
            if np.linalg.norm(self.points[k] - self.points[kept[-1]]) >= APART:
                kept.append(k)
        self.rows, self.points = self.rows[kept], self.points[kept]

    def _arrows(self, rows: NDArray, points: NDArray) -> NDArray:
        """Points (K, 12, 2) along the arrow and its label, at each of ``rows``."""
        downhill = np.array([self.downhill(int(row)) for row in rows])
        norms = np.linalg.norm(downhill, axis=1, keepdims=True)
        along = np.divide(downhill, norms, out=np.zeros_like(downhill), where=norms > 0)
        return points[:, None, :2] + along[:, None] * np.linspace(MARKER, ARROW + 0.5, 12)[:, None]

    def _label_path(self, box: Box, taken: NDArray) -> LabelPath:
        """Where the moving point's label stands, from the first state to the last."""
        corners = np.arange(len(self.points))
        lengths = np.append(0.0, np.linalg.norm(np.diff(self.points, axis=0), axis=1).cumsum())
        evenly = corners / max(corners[-1], 1) + lengths / (lengths[-1] or 1.0)  # a long step counts, too
        some = np.interp(np.linspace(0, evenly[-1], 200), evenly, corners)
        half = (0.17 + 0.07 * len(str(int(self.trace.kept[self.last]))), 0.2)
        rows = np.interp(some, corners, self.rows)
        points = np.stack([np.interp(some, corners, self.points[:, axis]) for axis in range(3)], axis=-1)
        arrows = self._arrows(rows, points)
        return label_path(rows, place_costs(points, arrows, box, half, taken), half)

    def _start_offset(self, box: Box) -> NDArray:
        """Where the start's label stands: off the whole path and the first arrow."""
        half = (0.24, 0.2)
        reversed_path = self.points[::-1][-400:]  # its last point is the start: all of the path is past
        arrows = np.repeat(self._arrows(self.rows[:1], self.points[:1]), len(reversed_path), axis=0)
        costs = place_costs(reversed_path, arrows, box, half)[-1]
        return offset_in_direction(2 * np.pi * int(costs.argmin()) / costs.size, half)


def _covers(known: NDArray, shown: NDArray) -> bool:
    """Return whether the range of ``known`` contains that of ``shown``, but for rounding."""
    rounding = 1e-9 * float(known[-1] - known[0])
    return bool(known[0] - rounding <= shown[0] and shown[-1] <= known[-1] + rounding)
