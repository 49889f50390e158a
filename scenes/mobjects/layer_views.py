"""Points of the plane and a sheet under them on their way through a network's layers, each seen as a projection."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from gradreel.core.analysis.class_plane import SHEET_FINE
from gradreel.core.arrays import FloatArray
from gradreel.scenes import style
from gradreel.scenes.mobjects.plot import segment
from gradreel.scenes.style import palette
from manim import ManimColor, VGroup, VMobject

HALF_WIDTH, HALF_HEIGHT, MIDDLE = 4.6, 2.3, -0.25  # of the picture, scene units; its middle's y
THREAD = 1.4  # width of the sheet's lines
SHEET_SEEN = 1.2  # how far the sheet may reach beyond the points, in their extents


@dataclass(frozen=True)
class LayerViews:
    """Where the points and the sheet are seen after each layer, in scene units.

    ``dots`` (L + 1, N, 2) and ``sheet`` (L + 1, M, 2): first the plane itself, then each of L layers. The last view has
    the cut's normal to the right, so the cut is the upright line at ``cut``.
    """

    dots: FloatArray
    sheet: FloatArray
    cut: float


def layer_views(values: Sequence[FloatArray], count: int, c: FloatArray, b: float) -> LayerViews:
    """Project each layer's values into a plane.

    ``values``: first the plane, (N + M, 2), then each of L layers, (N + M, H_l); the first ``count`` rows are points,
    the others the sheet. c (H_L,) and b: the network answers with one class where c . a + b > 0, else with the other.

    A hidden layer is seen in the two directions in which its points spread most, turned so that it resembles the view
    before. The last one is seen in the plane of c and of the widest direction across it: the network says one class on
    one side of an upright line.
    """
    seen = [values[0] - values[0][:count].mean(axis=0)]
    for a in values[1:-1]:
        there = a - a[:count].mean(axis=0)
        flat = there @ _widest_directions(there[:count], 2)
        seen.append(flat @ _turn_nearest_to(flat[:count], seen[-1][:count]))
    size = float(np.linalg.norm(c)) or 1.0
    along = (values[-1] @ c) / size
    rest = values[-1] - np.outer(along, c / size)
    around = rest - rest[:count].mean(axis=0)
    across = (around @ _widest_directions(around[:count], 1))[:, 0]
    signs = [1.0 if part[:count] @ seen[-1][:count, k] >= 0 else -1.0 for k, part in enumerate((along, across))]
    cut = -signs[0] * b / size
    seen.append(np.column_stack([signs[0] * along - cut, signs[1] * across]))  # the cut is at 0
    views, cut = [], 0.0
    for k, flat in enumerate(seen):
        low, high = flat[:count].min(axis=0), flat[:count].max(axis=0)
        middle, half = (low + high) / 2, np.maximum((high - low) / 2, 1e-9)
        room = np.array([HALF_WIDTH, HALF_HEIGHT])
        scale = np.full(2, (room / half).min()) if k < len(seen) - 1 else room / half
        placed = (flat - middle) * scale
        placed = np.clip(placed, -SHEET_SEEN * room, SHEET_SEEN * room) + np.array([0.0, MIDDLE])
        views.append(placed)
        cut = float(np.clip(-middle[0] * scale[0], -SHEET_SEEN * HALF_WIDTH, SHEET_SEEN * HALF_WIDTH))
    everything = np.array(views)
    return LayerViews(everything[:, :count], everything[:, count:], cut)


def _widest_directions(there: FloatArray, directions: int) -> FloatArray:
    """Return the directions (D, k) in which centred points (N, D) spread most; of fewer dimensions, some are 0."""
    axes = np.linalg.svd(there, full_matrices=False)[2][:directions].T
    return np.pad(axes, ((0, 0), (0, directions - axes.shape[1])))


def _turn_nearest_to(flat: FloatArray, before: FloatArray) -> FloatArray:
    """Return the turn, or reflection, (2, 2) that brings points (N, 2) nearest to those of the view before."""
    left, _, right = np.linalg.svd(flat.T @ before)
    return np.asarray(left @ right)


class DrawnSheet(VGroup):
    """Draws a sheet of lines and groups of points; `draw` puts them at new places.

    ``groups``: for each, which points (N,) are of it, and a function that returns their marks at places (n, 3).
    Parts: ``threads``; ``marks``, one for each group.
    """

    def __init__(
        self, groups: Sequence[tuple[FloatArray, Callable[[FloatArray], VMobject]]], thread: ManimColor
    ) -> None:
        super().__init__()
        self.groups = groups
        self.threads = VMobject(stroke_color=thread, stroke_width=THREAD, fill_opacity=0)
        self.marks = [make(np.zeros((int(of.sum()), 3))) for of, make in groups]
        self.add(self.threads, *self.marks)

    def draw(self, dots: FloatArray, sheet: FloatArray) -> None:
        """Put the points at ``dots`` (N, 2) and the sheet's places at ``sheet`` (M, 2), in scene units."""
        dots, sheet = (np.column_stack([flat, np.zeros(len(flat))]) for flat in (dots, sheet))
        for shape, (of, make) in zip(self.marks, self.groups, strict=True):
            shape.match_points(make(dots[of]))
        self.threads.clear_points()
        for line in sheet.reshape(-1, SHEET_FINE, 3):
            self.threads.start_new_path(line[0])
            self.threads.add_points_as_corners(line[1:])


class MovingSheet(DrawnSheet):
    """A sheet on its way through layers; `show` puts it where it is after so many of them.

    ``cut``, an upright line, comes in the end; it is not among the submobjects.
    """

    def __init__(
        self,
        views: LayerViews,
        groups: Sequence[tuple[FloatArray, Callable[[FloatArray], VMobject]]],
        thread: ManimColor,
    ) -> None:
        super().__init__(groups, thread)
        self.views, self.n_layers = views, len(views.dots) - 1
        bottom, top = MIDDLE - SHEET_SEEN * HALF_HEIGHT, MIDDLE + SHEET_SEEN * HALF_HEIGHT
        self.cut = segment((views.cut, bottom, 0), (views.cut, top, 0), palette.text, style.MAIN_CURVE)
        self.show(0.0)

    def show(self, layers: float) -> None:
        """Sheet and points after ``layers`` layers; between two whole numbers, on the straight way between both."""
        before = min(int(layers), self.n_layers - 1)
        share = layers - before

        def between(views: FloatArray) -> FloatArray:
            return np.asarray(views[before] + share * (views[before + 1] - views[before]))

        self.draw(between(self.views.dots), between(self.views.sheet))
