"""The straight line y = b + w x: points to fit it to, the run that trains it, and the losses of many lines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from gradreel.core.arrays import FloatArray
from gradreel.core.curves.piecewise import PiecewiseLinearCurve
from gradreel.core.datasets import CurveDataset
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import unpack

UPDATES = 400
"""Updates of a run that trains the line."""


@dataclass(frozen=True)
class Line:
    """The line y = b + w x, where x is not centered."""

    w: float
    b: float

    def __call__(self, x: FloatArray) -> FloatArray:
        """Return y at ``x``, same shape."""
        return self.b + self.w * x


def noisy_dataset(curve: PiecewiseLinearCurve, high: float, noise: float, seed: int, examples: int) -> CurveDataset:
    """Return ``examples`` points at even x from 0 to ``high``: the curve's y plus normal noise.

    Points below 0 are moved to 0, since they stand for views. The dataset's knots are the points themselves, so
    training sees exactly these points.

    Parameters
    ----------
    curve
        The curve without noise.
    high
        x of the last point.
    noise
        Standard deviation of the noise, in the unit of y.
    seed
        Seed of the noise.
    examples
        Number of points.
    """
    x = np.linspace(0.0, high, examples)
    y = np.maximum(curve(x) + noise * np.random.default_rng(seed).standard_normal(examples), 0.0)
    return CurveDataset(knots=tuple(zip(x.tolist(), y.tolist(), strict=True)), examples=examples, low=0.0, high=high)


def line_run(dataset: CurveDataset, seed: int) -> Experiment:
    """Return the experiment that trains the line by plain gradient descent, all points in each batch.

    The loss falls for learning rates below 1 / (variance of x) in the direction of w, and below 1 in that of b. The
    rate 0.5 / (1 + variance of x), rounded to two digits, satisfies both.
    """
    rate = 0.5 / (1.0 + float(np.var(dataset.x())))
    return Experiment(dataset=dataset, hidden=(), learning_rate=float(f"{rate:.2g}"), epochs=UPDATES, seed=seed)


def line_of(experiment: Experiment, theta: FloatArray) -> Line:
    """Return the line that theta (P,) of the linear model draws.

    The run's feature is x less the offset; the line takes x.
    """
    layers = unpack(experiment, theta)
    w = float(layers.c[0])
    return Line(w, float(layers.b) - w * experiment.dataset.offset)


def least_squares(dataset: CurveDataset) -> FloatArray:
    """Return theta (2,) of the linear model, w and b, with the least mean squared error on ``dataset``."""
    x = dataset.features()[:, 0]
    design = np.column_stack([x, np.ones(len(x))])  # (N, 2)
    return np.asarray(np.linalg.lstsq(design, dataset.labels(), rcond=None)[0], dtype=np.float64)


def mean_squared_distance(values: FloatArray, y: FloatArray) -> float:
    """Return the mean of (value - y)² over points, (N,) each: the loss of any curve on them."""
    return float(np.mean((values - y) ** 2))


@dataclass(frozen=True, eq=False)
class LineGrid:
    """The loss of the line y = b + w x for each of m values of w and m values of b."""

    w: FloatArray  # (m,)
    b: FloatArray  # (m,)
    loss: FloatArray  # (m, m)  mean of (b + w x - y)², a row for each b

    @property
    def best(self) -> tuple[int, int]:
        """Return (row, column) of the least loss; of equal ones, the first."""
        row, column = np.unravel_index(int(self.loss.argmin()), self.loss.shape)
        return int(row), int(column)


def line_grid(
    x: FloatArray, y: FloatArray, w_range: tuple[float, float], b_range: tuple[float, float], m: int
) -> LineGrid:
    """Return the loss over points ``x``, ``y`` (N,) of every line with one of ``m`` even values of w and one of
    ``m`` of b.
    """
    w, b = np.linspace(*w_range, m), np.linspace(*b_range, m)
    error = b[:, None, None] + w[:, None] * x - y  # (m, m, N)
    return LineGrid(w, b, np.asarray((error**2).mean(axis=-1)))
