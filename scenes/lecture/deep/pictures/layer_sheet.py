"""A sheet with the points of two classes on its way through a network's layers, seen as a projection of each layer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from gradreel.core.datasets import PointsDataset
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import forward_pass, unpack
from gradreel.scenes import style
from gradreel.scenes.lecture.deep.pictures.class_planes import Plane
from gradreel.scenes.mobjects.class_regions import discs
from gradreel.scenes.mobjects.plot import segment
from gradreel.scenes.style import mix, palette
from manim import VGroup, VMobject
from numpy.typing import NDArray

LINES, FINE = 17, 97  # lines of the sheet each way, and points of each line
HALF_WIDTH, HALF_HEIGHT, MIDDLE = 4.6, 2.3, -0.25  # of the picture, scene units; its middle's y
DOT, THREAD, PAPER = 0.055, 1.4, 0.42  # radius of a point, width of the sheet's lines, share of blue in them
SHEET_SEEN = 1.2  # how far the sheet may reach beyond the points, in their extents


@dataclass(frozen=True)
class LayerViews:
    """Where the points and the sheet are seen after each layer, in scene units.

    ``dots`` (L + 1, N, 2) and ``sheet`` (L + 1, M, 2): first the plane itself, then each of L layers. The last view has
    the cut's normal to the right, so the cut is the upright line at ``cut``.
    """

    dots: NDArray
    sheet: NDArray
    cut: float


def layer_views(run: Experiment, theta: NDArray, dots: NDArray, sheet: NDArray) -> LayerViews:
    """Project each layer's values of points (N, 2) and sheet (M, 2) into a plane.

    A hidden layer is seen in the two directions in which its points spread most, turned so that it resembles the view
    before. The last one is seen in the plane of the output's weights and of the widest direction across them: the
    network says red on one side of an upright line.
    """
    theta, count = np.asarray(theta, dtype=float), len(dots)
    layers = unpack(run, theta)
    features = np.concatenate([dots, sheet])
    values = [features, *forward_pass(run, theta, features).a]
    seen = [features - features[:count].mean(axis=0)]
    for a in values[1:-1]:
        there = a - a[:count].mean(axis=0)
        flat = there @ _widest(there[:count], 2)
        seen.append(flat @ _turned(flat[:count], seen[-1][:count]))
    size = float(np.linalg.norm(layers.c)) or 1.0
    along = (values[-1] @ layers.c) / size
    rest = values[-1] - np.outer(along, layers.c / size)
    across = ((rest - rest[:count].mean(axis=0)) @ _widest(rest[:count] - rest[:count].mean(axis=0), 1))[:, 0]
    signs = [1.0 if part[:count] @ seen[-1][:count, k] >= 0 else -1.0 for k, part in enumerate((along, across))]
    cut = -signs[0] * float(layers.b) / size
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


def _widest(there: NDArray, directions: int) -> NDArray:
    """Return the directions (D, k) in which centred points (N, D) spread most; of fewer dimensions, some are 0."""
    axes = np.linalg.svd(there, full_matrices=False)[2][:directions].T
    return np.pad(axes, ((0, 0), (0, directions - axes.shape[1])))


def _turned(flat: NDArray, before: NDArray) -> NDArray:
    """Return the turn, or reflection, (2, 2) that brings points (N, 2) nearest to those of the view before."""
    left, _, right = np.linalg.svd(flat.T @ before)
    return np.asarray(left @ right)


class LayerSheet(VGroup):
    """Draws the sheet and the points of both classes; `show` puts them where they are after so many layers.

    Parts: ``threads``, ``other``, ``red``; ``cut``, an upright line, comes in the end.
    """

    def __init__(self, run: Experiment, theta: NDArray, plane: Plane) -> None:
        super().__init__()
        assert isinstance(plane.dataset, PointsDataset)
        points, labels = plane.dataset.features(), plane.dataset.labels()
        self.classes = [labels == label for label in (0.0, 1.0)]
        low, high = plane.ranges
        fine, coarse = np.linspace(0, 1, FINE), np.linspace(0, 1, LINES)
        ways = [np.column_stack([np.full(FINE, at), fine]) for at in coarse]
        ways += [way[:, ::-1] for way in ways]
        self.views = layer_views(run, theta, points, low + np.concatenate(ways) * (high - low))
        self.n_layers = len(self.views.dots) - 1
        self.threads = VMobject(stroke_color=mix(palette.blue, PAPER), stroke_width=THREAD, fill_opacity=0)
        self.other, self.red = (
            discs(np.zeros((int(of.sum()), 3)), DOT, color)
            for of, color in zip(self.classes, (palette.text, palette.red), strict=True)
        )
        bottom, top = MIDDLE - SHEET_SEEN * HALF_HEIGHT, MIDDLE + SHEET_SEEN * HALF_HEIGHT
        self.cut = segment((self.views.cut, bottom, 0), (self.views.cut, top, 0), palette.text, style.MAIN_CURVE)
        self.add(self.threads, self.other, self.red)
        self.show(0.0)

    def show(self, layers: float) -> None:
        """Sheet and points after ``layers`` layers; between two whole numbers, on the straight way between both."""
        before = min(int(layers), self.n_layers - 1)
        share = layers - before

        def between(views: NDArray) -> NDArray:
            flat = views[before] + share * (views[before + 1] - views[before])
            return np.column_stack([flat, np.zeros(len(flat))])

        dots = between(self.views.dots)
        for shape, of in zip((self.other, self.red), self.classes, strict=True):
            shape.points = discs(dots[of], DOT, palette.text).points
        self.threads.clear_points()
        for line in between(self.views.sheet).reshape(-1, FINE, 3):
            self.threads.start_new_path(line[0])
            self.threads.add_points_as_corners(line[1:])
