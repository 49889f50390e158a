"""A network of one hidden layer as a function of two features: a surface over the plane of both, term by term.

    ground = ground_of(run.dataset, example.x)            # (low, high) of x_1 and of x_2, in the views' unit
    surface = surface_of(run, theta, example.x, ground, 25)
    surface.height(2)     # (25, 25): b and the first two terms, c_i sigma(b_i + sum_j w_ij x_j)

``theta`` is `worked_example.in_thousands`: of the function that takes views in their own unit, and says them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from gradreel.core.arrays import FloatArray
from gradreel.core.daily.units import view_unit
from gradreel.core.daily.views import DailyViews
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import hidden_terms, predict, unpack

USUAL, WIDER = (0.005, 0.995), 0.35
"""Shares of all days that have fewer views than the usual lowest and highest; the ground reaches beyond them by WIDER
of the way between them, so that one sees where a unit has come to its end."""


@dataclass(frozen=True, eq=False)
class Surface:
    """What H units add to a constant over a square of x_1 and x_2, the other features held."""

    axis: FloatArray  # (N,)  x_1 of the columns, x_2 of the rows
    constant: float  # b
    terms: FloatArray  # (H, N, N)  c_i sigma(b_i + sum_j w_ij x_j) at [i, x_2, x_1]

    @property
    def n_terms(self) -> int:
        return len(self.terms)

    def height(self, count: int | None = None) -> FloatArray:
        """(N, N): the constant and the first ``count`` terms, by default all: the network's prediction."""
        return np.asarray(self.constant + self.terms[:count].sum(axis=0))

    def extent(self) -> tuple[float, float]:
        """The lowest and the highest of all partial sums."""
        sums = self.constant + np.cumsum(self.terms, axis=0)
        return min(self.constant, float(sums.min())), max(self.constant, float(sums.max()))


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


def surface_of(run: Experiment, theta: FloatArray, x: FloatArray, ground: tuple[float, float], count: int) -> Surface:
    """The network with theta (P,) over ``count`` x ``count`` points of the ground, x_3, ... as in the example x (D,).

    ValueError unless the network has one hidden layer and two features or more.
    """
    if len(run.hidden) != 1 or len(x) < 2:
        raise ValueError(f"a surface is that of one hidden layer and two features or more, not {run.hidden}, {len(x)}")
    axis = np.linspace(*ground, count)
    terms = hidden_terms(run, theta, _points(x, axis, axis)).T.reshape(-1, count, count)
    return Surface(axis, float(unpack(run, theta).b), terms)


def heights_over(
    run: Experiment, theta: FloatArray, x: FloatArray, axis_1: FloatArray, axis_2: FloatArray
) -> FloatArray:
    """(M, N): the prediction at [x_2, x_1]: x_1 of ``axis_1`` (N,), x_2 of ``axis_2`` (M,), x_3, ... of x (D,)."""
    return np.asarray(predict(run, theta, _points(x, axis_1, axis_2))).reshape(len(axis_2), len(axis_1))


def _points(x: FloatArray, axis_1: FloatArray, axis_2: FloatArray) -> FloatArray:
    """The mesh' points as features (M N, D), x_1 running first."""
    points = np.empty((len(axis_2), len(axis_1), len(x)))
    points[..., 0], points[..., 1], points[..., 2:] = axis_1, axis_2[:, None], x[2:]
    return points.reshape(-1, len(x))
