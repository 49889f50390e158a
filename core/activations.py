"""The lecture's activation functions, on numpy arrays."""

from collections.abc import Callable

import numpy as np
from gradreel.core.arrays import FloatArray
from numpy.typing import ArrayLike


def sigmoid(x: ArrayLike) -> FloatArray:
    """1 / (1 + exp(-x)), same shape as ``x``; exact to rounding in both tails, without overflow."""
    values = np.asarray(x, dtype=np.float64)
    decay = np.exp(-np.abs(values))  # never above 1
    return np.where(values >= 0, 1.0, decay) / (1.0 + decay)


def relu(x: ArrayLike) -> FloatArray:
    """max(0, x), same shape as ``x``."""
    return np.maximum(np.asarray(x, dtype=np.float64), 0.0)


def hard_sigmoid(x: ArrayLike, start: float, end: float) -> FloatArray:
    """Ramp from 0 at ``start`` to 1 at ``end``, flat outside; same shape as ``x``.

    The lecture's "blue function" of height 1. Raises ValueError unless ``start < end``.
    """
    if not start < end:
        raise ValueError(f"hard_sigmoid needs start < end, got {start} and {end}")
    with np.errstate(over="ignore"):  # an x far outside may overflow to inf, which is clipped like any other
        return np.clip((np.asarray(x, dtype=np.float64) - start) / (end - start), 0.0, 1.0)


def network_hard_sigmoid(x: ArrayLike) -> FloatArray:
    """clip(x + 1/2, 0, 1): slope 1 through (0, 1/2), so that c * f(b + w x) has slope c w on its ramp.

    Other libraries flatten theirs: torch.nn.Hardsigmoid is clip(x / 6 + 1/2, 0, 1).
    """
    return np.clip(np.asarray(x, dtype=np.float64) + 0.5, 0.0, 1.0)


ACTIVATIONS: dict[str, Callable[[ArrayLike], FloatArray]] = {
    "sigmoid": sigmoid,
    "relu": relu,
    "hard_sigmoid": network_hard_sigmoid,
}
