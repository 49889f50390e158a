"""Fits a sum of sigmoids to a curve by least squares, without training."""

from __future__ import annotations

from functools import partial
from itertools import pairwise

import numpy as np
from gradreel.core.arrays import FloatArray
from gradreel.core.errors import UserError
from gradreel.core.network.activations import ACTIVATIONS, sigmoid
from scipy.optimize import least_squares


def fit_sigmoids(x: FloatArray, y: FloatArray, count: int) -> FloatArray:
    """Return the values at ``x`` (n,) of a constant plus ``count`` sigmoids c sigmoid(b + w x), fitted to ``y`` (n,).

    Each sigmoid starts on one rise or fall of y, from the left. If there are more sigmoids than rises and falls, some
    share one; if there are fewer, the last rises and falls get none. From there scipy's Levenberg-Marquardt minimizes
    the squared errors. It ends in a minimum near the start, which need not be the deepest.

    Raises
    ------
    UserError
        Unless ``count`` is at least 1 and there is a point for each of the 3 ``count`` + 1 parameters.
    """
    most = (len(x) - 1) // 3
    if not 1 <= count <= most:
        raise UserError(f"from 1 to {most} sigmoids can be fitted to {len(x)} points, got {count}")
    start = _start_theta(x, y, count)
    fitted = least_squares(
        lambda theta: _sum_of_sigmoids(theta, x) - y,
        start,
        partial(_derivatives_by_theta, x=x),
        method="lm",
        x_scale="jac",
    )
    return _sum_of_sigmoids(fitted.x, x)


def _start_theta(x: FloatArray, y: FloatArray, count: int) -> FloatArray:
    """Return the first theta, (3 count + 1,): sigmoids as wide as the rises and falls that they stand on, with the
    best heights.
    """
    turns = np.flatnonzero(np.diff(np.sign(np.diff(y)))) + 1
    ends = x[np.concatenate([[0], turns, [len(x) - 1]])]
    per_rise, extra = divmod(count, len(ends) - 1)
    counts = [per_rise + 1] * extra + [per_rise] * (len(ends) - 1 - extra)
    pieces = [np.linspace(low, high, n + 1) for (low, high), n in zip(pairwise(ends), counts, strict=True) if n]
    low = np.concatenate([corners[:-1] for corners in pieces])
    high = np.concatenate([corners[1:] for corners in pieces])
    w = 4.0 / (high - low)
    b = -w * (low + high) / 2
    columns = np.column_stack([np.ones_like(x), sigmoid(b + w * x[:, None])])
    return np.concatenate([np.linalg.lstsq(columns, y, rcond=None)[0], b, w])


def _constant_c_b_w(theta: FloatArray) -> tuple[float, FloatArray, FloatArray, FloatArray]:
    """Return the constant, and c, b, w of the sigmoids, (H,) each."""
    count = len(theta) // 3
    return float(theta[0]), theta[1 : count + 1], theta[count + 1 : 2 * count + 1], theta[2 * count + 1 :]


def _sum_of_sigmoids(theta: FloatArray, x: FloatArray) -> FloatArray:
    """Return the sum of the constant and the sigmoids of theta (3 H + 1,) at ``x`` (n,), (n,)."""
    constant, c, b, w = _constant_c_b_w(theta)
    return np.asarray(constant + sigmoid(b + w * x[:, None]) @ c)


def _derivatives_by_theta(theta: FloatArray, x: FloatArray) -> FloatArray:
    """Return the derivative of the sum at each x by each entry of theta, (n, 3 H + 1)."""
    _, c, b, w = _constant_c_b_w(theta)
    s = sigmoid(b + w * x[:, None])  # (n, H)
    inner = c * ACTIVATIONS["sigmoid"].derivative(s)
    return np.column_stack([np.ones_like(x), s, inner, inner * x[:, None]])
