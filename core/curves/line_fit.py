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


def noisy_dataset(
    curve: PiecewiseLinearCurve, high: float, noise: float, seed: int, examples: int, low: float = 0.0
) -> CurveDataset:
    """Return ``examples`` points at even x from ``low`` to ``high``: the curve's y plus normal noise.

    The noise moves no point below 0, since points stand for views. The dataset's knots are the points themselves, so
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
    low
        x of the first point.
    """
    x = np.linspace(low, high, examples)
    noisy = curve(x) + noise * np.random.default_rng(seed).standard_normal(examples)
    y = np.maximum(noisy, np.minimum(curve(x), 0.0))
    return CurveDataset(knots=tuple(zip(x.tolist(), y.tolist(), strict=True)), examples=examples, low=low, high=high)


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
