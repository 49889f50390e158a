"""A sheet with the points of two classes on its way through a network's layers, seen as a projection of each layer."""

from __future__ import annotations

from functools import partial

import numpy as np
from gradreel.core.datasets import PointsDataset
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import forward_pass, unpack
from gradreel.scenes.lecture.deep.pictures.class_planes import Plane
from gradreel.scenes.mobjects import layer_views as shared
from gradreel.scenes.mobjects.class_regions import discs
from gradreel.scenes.mobjects.layer_views import LayerViews, MovingSheet
from gradreel.scenes.style import mix, palette
from numpy.typing import NDArray

DOT, PAPER = 0.055, 0.42  # radius of a point, share of blue in the sheet's lines


def layer_views(run: Experiment, theta: NDArray, dots: NDArray, sheet: NDArray) -> LayerViews:
    """Return where points (N, 2) and sheet (M, 2) are seen after each layer: red is on one side of the last line."""
    theta = np.asarray(theta, dtype=float)
    features = np.concatenate([dots, sheet])
    layers = unpack(run, theta)
    return shared.layer_views([features, *forward_pass(run, theta, features).a], len(dots), layers.c, float(layers.b))


class LayerSheet(MovingSheet):
    """The sheet of blue lines with the points of both classes, ``other`` and ``red``."""

    def __init__(self, run: Experiment, theta: NDArray, plane: Plane) -> None:
        assert isinstance(plane.dataset, PointsDataset)
        points, labels = plane.dataset.features(), plane.dataset.labels()
        groups = [
            (labels == label, partial(discs, radius=DOT, color=color))
            for label, color in ((0.0, palette.text), (1.0, palette.red))
        ]
        super().__init__(layer_views(run, theta, points, plane.view.sheet()), groups, mix(palette.blue, PAPER))
        self.other, self.red = self.marks
