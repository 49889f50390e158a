"""A small network as a function of two features: heights of its pieces over the ground of both.

    ground = ground_of(run.dataset, example.x)            # (low, high) of x_1 and of x_2, in the views' unit
    axis = np.linspace(*ground, 25)
    pieces_over(run, theta, example.x, axis, axis)        # (H, 25, 25), at [unit, x_2, x_1]

``theta`` is `worked_example.theta_in_view_units`: of the function that takes views in their own unit, and says them.
"""

from __future__ import annotations

import numpy as np
from gradreel.core.arrays import FloatArray
from gradreel.core.daily.units import view_unit
from gradreel.core.daily.views import DailyViews
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import forward_pass, unpack

USUAL, WIDER = (0.005, 0.995), 0.35
"""Shares of all days that have fewer views than the usual lowest and highest; the ground reaches beyond them by WIDER
of the way between them, so that one sees where a unit has come to its end."""


def ground_of(dataset: DailyViews, x: FloatArray) -> tuple[float, float]:
    """From where to where x_1 and x_2 go, in the views' unit: beyond nearly all days' views, and the example's x (D,).

    Not below 0, which no day is. Wide enough to hold every day where nearly all are alike.
    """
    views = dataset.daily.array() / view_unit(dataset).size
    low, high = (float(end) for end in np.quantile(views, USUAL))
    if not low < high:
        low, high = float(views.min()), float(views.max())
    room = WIDER * (high - low)
    return max(0.0, min(low - room, float(x[:2].min()))), max(high + room, float(x[:2].max()))


def pieces_over(
    run: Experiment, theta: FloatArray, x: FloatArray, axis_1: FloatArray, axis_2: FloatArray
) -> FloatArray:
    """Return what each unit adds to the output, c_i a_i, as (H, M, N) at [unit, x_2, x_1].

    ``axis_1`` (N,) are values of x_1, ``axis_2`` (M,) of x_2. The other features are those of x (D,). The prediction
    is b plus the sum of the pieces.
    """
    points = np.empty((len(axis_2), len(axis_1), len(x)))  # x_1 runs first
    points[..., 0], points[..., 1], points[..., 2:] = axis_1, axis_2[:, None], x[2:]
    layers = unpack(run, np.asarray(theta, dtype=np.float64))
    values = forward_pass(run, np.asarray(theta, dtype=np.float64), points.reshape(-1, len(x)))
    pieces = np.asarray(layers.c * values.a[0])  # (M N, H)
    return pieces.T.reshape(len(layers.c), len(axis_2), len(axis_1))
