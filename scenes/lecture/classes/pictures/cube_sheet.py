"""Draws the plane as a sheet inside the cube of three sigmoids, from any side, and the flat cut through the cube."""

from __future__ import annotations

from itertools import product

import contourpy
import numpy as np
from gradreel.core.analysis.class_plane import PlaneLayers, PlaneView
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import forward_pass, predict
from gradreel.scenes import style
from gradreel.scenes.mobjects.plot import straight_curves
from gradreel.scenes.mobjects.text import formula
from gradreel.scenes.style import mix, palette
from manim import VGroup, VMobject
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

EDGE = 3.55  # of the cube, scene units
MIDDLE = np.array([-3.35, -0.25])  # of the cube
AZIMUTH, ELEVATION = 32.0, 22.0  # degrees of the first view
NAME_AWAY = 0.35  # scene units from an edge to its name
CUT_GRID = 401  # places each way, among which the curve of the cut is looked for
CUT_PLACES = 400  # of that curve

CORNERS = np.array(list(product((0.0, 1.0), repeat=3)))
EDGES = [(i, j) for i in range(8) for j in range(i) if np.abs(CORNERS[i] - CORNERS[j]).sum() == 1]


def first_view() -> NDArray:
    """Return the directions right, up and to the viewer, (3, 3), in which the cube stands upright."""
    a, e = np.deg2rad([AZIMUTH, ELEVATION])
    right = np.array([np.cos(a), np.sin(a), 0.0])
    up = np.array([np.sin(e) * np.sin(a), -np.sin(e) * np.cos(a), np.cos(e)])
    return np.stack([right, up, np.cross(right, up)])


def view_along_cut(layers: PlaneLayers, count: int) -> NDArray:
    """Return the directions in which the cut is seen as an upright line, class 1 right of it, (3, 3).

    Up is the direction along the cut in which the ``count`` points spread most.
    """
    c, _ = layers.line(0, 1)
    normal = c / np.linalg.norm(c)
    dots = layers.values[0][:count]
    flat = dots - dots.mean(axis=0)
    flat -= np.outer(flat @ normal, normal)
    up = np.linalg.svd(flat, full_matrices=False)[2][0]
    up = up - (up @ normal) * normal
    up *= (1.0 if up @ first_view()[1] >= 0 else -1.0) / np.linalg.norm(up)
    return np.stack([normal, up, np.cross(normal, up)])


def turned(start: NDArray, end: NDArray, share: float) -> NDArray:
    """Return the view after this share of the turn from one view to another, (3, 3)."""
    turn = Rotation.from_matrix(end @ start.T).as_rotvec()
    return np.asarray(Rotation.from_rotvec(share * turn).as_matrix() @ start)


def seen(places: NDArray, view: NDArray) -> NDArray:
    """Return where places (n, 3) of the cube are in the picture, (n, 2), in scene units: a parallel projection."""
    return np.asarray(((places - 0.5) @ view.T)[:, :2] * EDGE + MIDDLE)


def _flat(points: NDArray) -> NDArray:
    return np.column_stack([points, np.zeros(len(points))])


class Cube(VGroup):
    """Draws the edges of a cube and names its three directions, the outputs of three sigmoids.

    Parts: ``edges``; ``names``, each beside an edge that goes in its direction.
    """

    def __init__(self) -> None:
        self.edges = VMobject(stroke_color=mix(palette.axis, 0.75), stroke_width=style.AXIS, fill_opacity=0)
        self.names = VGroup(*(formula(f"a_{k}", 36, palette.dim) for k in (1, 2, 3)))
        super().__init__(self.edges, self.names)

    def show(self, view: NDArray) -> Cube:
        """Draw the cube as it is seen in ``view``; return self."""
        corners = _flat(seen(CORNERS, view))
        starts, ends = (np.array([corners[edge[k]] for edge in EDGES]) for k in (0, 1))
        self.edges.points = straight_curves(starts, ends)
        for name, place in zip(self.names, _flat(_beside_edges(view)), strict=True):
            name.move_to(place)
        return self


def _beside_edges(view: NDArray) -> NDArray:
    """Return for each direction the place of its name, (3, 2): outside the middle of its outermost edge."""
    places = []
    for k in range(3):
        middles = seen(np.insert(np.array(list(product((0.0, 1.0), repeat=2))), k, 0.5, axis=1), view)
        outwards = middles - MIDDLE
        far = outwards[np.argmax(np.linalg.norm(outwards, axis=1).round(9))]
        places.append(MIDDLE + far * (1 + NAME_AWAY / np.linalg.norm(far)))
    return np.array(places)


class FlatCut(VMobject):
    """Draws the part of the plane c . a + b = 0 that lies in the cube."""

    def __init__(self, c: NDArray, b: float) -> None:
        super().__init__(stroke_color=palette.text, stroke_width=style.SECOND_CURVE)
        self.set_fill(palette.text, 0.16)
        crossings = []
        for i, j in EDGES:
            at_i, at_j = (float(c @ CORNERS[k] + b) for k in (i, j))
            if (at_i > 0) != (at_j > 0):
                crossings.append(CORNERS[i] + at_i / (at_i - at_j) * (CORNERS[j] - CORNERS[i]))
        self.corners = np.array(crossings).reshape(-1, 3)
        if len(self.corners):
            around = self.corners - self.corners.mean(axis=0)
            first = around[0] / (np.linalg.norm(around[0]) or 1.0)
            second = np.cross(c / np.linalg.norm(c), first)
            self.corners = self.corners[np.argsort(np.arctan2(around @ second, around @ first))]

    def show(self, view: NDArray) -> FlatCut:
        """Draw the cut as it is seen in ``view``; return self."""
        if len(self.corners):
            self.set_points_as_corners(_flat(seen(np.concatenate([self.corners, self.corners[:1]]), view)))
        return self


def cut_curves(run: Experiment, theta: NDArray, view: PlaneView) -> list[NDArray]:
    """Return the curves of the plane on which the score is 0, each (`CUT_PLACES`, 2), the longest first."""
    x, y = (np.linspace(view.low[k], view.high[k], CUT_GRID) for k in (0, 1))
    score = predict(run, theta, view.grid(CUT_GRID)).reshape(CUT_GRID, CUT_GRID)
    lines = contourpy.contour_generator(x, y, score).lines(0.0)
    return [_evenly(line) for line in sorted(lines, key=len, reverse=True)]


def _evenly(line: NDArray) -> NDArray:
    """Return `CUT_PLACES` places evenly along a line (n, 2)."""
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    at = np.linspace(0, along[-1], CUT_PLACES)
    return np.column_stack([np.interp(at, along, line[:, k]) for k in (0, 1)])


def in_cube(run: Experiment, theta: NDArray, places: NDArray) -> NDArray:
    """Return the three sigmoids at places (n, 2), (n, 3)."""
    return np.asarray(forward_pass(run, theta, places).a[0])
