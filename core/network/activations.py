"""The lecture's activation functions, each with its derivative."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from gradreel.core.arrays import FloatArray
from numpy.typing import ArrayLike

if TYPE_CHECKING:
    from torch import Tensor


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


@dataclass(frozen=True)
class Activation:
    """An activation function a = sigma(r): on numpy arrays, in place on the tensors of a training run, and written.

    Its derivative is a function of a.
    """

    name: str  # as it is said
    written: tuple[str, str]  # in Typst: its name, and what stands in its brackets before r
    small: Callable[[FloatArray], FloatArray]  # its curve in a square of 1 by 1 around (0, 0), as a small picture

    value: Callable[[ArrayLike], FloatArray]  # r to sigma(r)
    slope: Callable[[FloatArray], FloatArray]  # a to sigma'(r)
    apply: Callable[[Tensor], object]  # r of several runs, (S, B, H), becomes a
    derive: Callable[[Tensor, Tensor], object]  # dL/da, given a, becomes dL/dr = dL/da sigma'(r)


def _sigmoid_in_place(r: Tensor) -> None:
    for run in r:  # how exp is rounded depends on where in a tensor a number stands
        run.sigmoid_()


def _relu_derivative_in_place(slope: Tensor, a: Tensor) -> None:
    import torch  # here alone: who draws takes `value` and `slope`, and does without it

    torch.ops.aten.threshold_backward.grad_input(slope, a, 0, grad_input=slope)


ACTIVATIONS: dict[str, Activation] = {
    "sigmoid": Activation(
        "sigmoid",
        ('"sigmoid"', ""),
        lambda x: 0.72 * (sigmoid(14 * x) - 0.5),
        sigmoid,
        lambda a: a * (1.0 - a),
        _sigmoid_in_place,
        lambda slope, a: slope.mul_(1.0 - a).mul_(a),
    ),
    "relu": Activation(
        "ReLU",
        ("max", "0, "),
        lambda x: 0.95 * relu(x + 0.1) - 0.28,
        relu,
        lambda a: np.asarray(a > 0, dtype=np.float64),  # 0 on its corner
        lambda r: r.relu_(),
        _relu_derivative_in_place,
    ),
    "hard_sigmoid": Activation(
        "hard sigmoid",
        ('"hard sigmoid"', ""),
        lambda x: 0.72 * (network_hard_sigmoid(2.6 * x) - 0.5),
        network_hard_sigmoid,
        lambda a: np.asarray((a > 0) & (a < 1), dtype=np.float64),  # 0 on its corners, as torch.nn.Hardtanh
        lambda r: r.add_(0.5).clamp_(0.0, 1.0),
        lambda slope, a: slope.mul_((a > 0) & (a < 1)),
    ),
}
"""By the names of `Experiment.activation`: one whose slope is a function of a needs no more than its entry here."""
