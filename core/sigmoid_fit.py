"""A curve by a given number of sigmoids, as close as they come: least squares, without training."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from gradreel.core.activations import sigmoid
from gradreel.core.arrays import FloatArray

STEPS = 300
EASIER, HARDER = 0.4, 4.0  # what the damping is multiplied by after a step that helped, and after one that did not
ENOUGH = 1e-9  # share of the sum of squares: a step that gains less is the last


def fit_sigmoids(x: FloatArray, y: FloatArray, count: int) -> FloatArray:
    """(n,): a constant and ``count`` sigmoids c sigmoid(b + w x), summed at x (n,), where they miss y (n,) least.

    Each sigmoid starts on one rise or fall of y, from the left; where there are more sigmoids than those, some share
    one. From there Levenberg-Marquardt: the sum of squares never rises, and it ends in a minimum near the start, which
    need not be the deepest. With fewer sigmoids than rises and falls, the last ones of these are left out.
    """
    theta, damping = _start(x, y, count), 1.0
    error = _sum(theta, x) - y
    for _ in range(STEPS):
        slopes = _slopes(theta, x)
        square, pull = slopes.T @ slopes, slopes.T @ error
        step = np.linalg.solve(square + damping * np.diag(np.diag(square) + 1e-9), pull)
        after = _sum(theta - step, x) - y
        gain = float(error @ error - after @ after)
        if gain <= 0:
            damping *= HARDER
            continue
        is_last = gain < ENOUGH * float(error @ error)
        theta, error, damping = theta - step, after, damping * EASIER
        if is_last:
            break
    return _sum(theta, x)


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


def _slopes(theta: FloatArray, x: FloatArray) -> FloatArray:
    """(n, 3 H + 1): of the sum at each x, by each entry of theta."""
    _, c, b, w = _parts(theta)
    s = sigmoid(b + w * x[:, None])  # (n, H)
    inner = c * s * (1 - s)
    return np.column_stack([np.ones_like(x), s, inner, inner * x[:, None]])
