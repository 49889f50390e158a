"""A sum of sigmoids fitted to a curve by least squares, without training."""

from __future__ import annotations

from functools import partial
from itertools import pairwise

import numpy as np
from gradreel.core.arrays import FloatArray
from gradreel.core.errors import UserError
from gradreel.core.network.activations import ACTIVATIONS, sigmoid
from scipy.optimize import least_squares


def fit_sigmoids(x: FloatArray, y: FloatArray, count: int) -> FloatArray:
    """(n,): a constant and ``count`` sigmoids c sigmoid(b + w x), summed at x (n,), where they miss y (n,) least.

    Each sigmoid starts on one rise or fall of y, from the left; where there are more sigmoids than those, some share
    one. With fewer sigmoids than rises and falls, the last ones of these are left out. From there scipy's
    Levenberg-Marquardt: it ends in a minimum near the start, which need not be the deepest. UserError unless there is
    a sigmoid, and a point for each of the 3 ``count`` + 1 parameters.
    """
    most = (len(x) - 1) // 3
    if not 1 <= count <= most:
        raise UserError(f"from 1 to {most} sigmoids can be fitted to {len(x)} points, got {count}")
    start = _start(x, y, count)
    fitted = least_squares(lambda theta: _sum(theta, x) - y, start, partial(_jacobian, x=x), method="lm", x_scale="jac")
    return _sum(fitted.x, x)


def _start(x: FloatArray, y: FloatArray, count: int) -> FloatArray:
    """theta of sigmoids as wide as the rises and falls of y that they stand on, as high as suits y best."""
    turns = np.flatnonzero(np.diff(np.sign(np.diff(y)))) + 1
    ends = x[np.concatenate([[0], turns, [len(x) - 1]])]
    each, rest = divmod(count, len(ends) - 1)
    cuts = [each + 1] * rest + [each] * (len(ends) - 1 - rest)
    pieces = [np.linspace(low, high, n + 1) for (low, high), n in zip(pairwise(ends), cuts, strict=True) if n]
    low = np.concatenate([corners[:-1] for corners in pieces])
    high = np.concatenate([corners[1:] for corners in pieces])
    w = 4.0 / (high - low)
    b = -w * (low + high) / 2
    columns = np.column_stack([np.ones_like(x), sigmoid(b + w * x[:, None])])
    return np.concatenate([np.linalg.lstsq(columns, y, rcond=None)[0], b, w])


def _parts(theta: FloatArray) -> tuple[float, FloatArray, FloatArray, FloatArray]:
    """The constant, and c, b, w (H,) of the sigmoids."""
    count = len(theta) // 3
    return float(theta[0]), theta[1 : count + 1], theta[count + 1 : 2 * count + 1], theta[2 * count + 1 :]


def _sum(theta: FloatArray, x: FloatArray) -> FloatArray:
    constant, c, b, w = _parts(theta)
    return np.asarray(constant + sigmoid(b + w * x[:, None]) @ c)


def _jacobian(theta: FloatArray, x: FloatArray) -> FloatArray:
    """(n, 3 H + 1): of the sum at each x, by each entry of theta."""
    _, c, b, w = _parts(theta)
    s = sigmoid(b + w * x[:, None])  # (n, H)
    inner = c * ACTIVATIONS["sigmoid"].derivative(s)
    return np.column_stack([np.ones_like(x), s, inner, inner * x[:, None]])
