"""The losses: how far a prediction is from its label, each with its slope; the loss of a batch is their mean."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from gradreel.core.arrays import FloatArray
from gradreel.core.network.activations import sigmoid
from numpy.typing import ArrayLike

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Loss:
    """What a prediction y costs whose label is t: on numpy arrays, on the tensors of a training run, and written."""

    name: str  # as it is said
    written: Callable[[str, str], str]  # in Typst, of y and t as they are written
    value: Callable[[ArrayLike, ArrayLike], FloatArray]  # y and t to the loss of each example
    slope: Callable[[ArrayLike, ArrayLike], FloatArray]  # y and t to its derivative by y

    compute: Callable[[Tensor, Tensor, Tensor, Tensor], object]
    """Of y and t, (S, B, 1), into the third the loss of each example, into the fourth its derivative by y over B."""


def _square(y: Tensor, t: Tensor, loss: Tensor, slope: Tensor) -> None:
    import torch  # here alone, as below: who reads traces takes `value`, and does without it

    torch.sub(y, t, out=slope)  # e
    torch.square(slope, out=loss)
    slope.mul_(2 / y.shape[1])


def _distance(y: Tensor, t: Tensor, loss: Tensor, slope: Tensor) -> None:
    import torch

    torch.sub(y, t, out=slope)  # e
    torch.abs(slope, out=loss)
    slope.sign_().mul_(1 / y.shape[1])


def _away(y: ArrayLike, t: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """-1 for the class 1 and 1 for the class 0; and y turned by it: how far it is on the wrong side of 0."""
    sign = 1.0 - 2.0 * np.asarray(t, dtype=np.float64)
    return sign, sign * np.asarray(y, dtype=np.float64)


def _cross_entropy(y: Tensor, t: Tensor, loss: Tensor, slope: Tensor) -> None:
    import torch

    for run in zip(y, t, loss, slope, strict=True):  # how exp is rounded depends on where in a tensor a number stands
        logit, label, run_loss, run_slope = run
        sign = 1 - 2 * label
        torch.mul(sign, logit, out=run_slope)
        torch.neg(torch.nn.functional.logsigmoid(-run_slope), out=run_loss)
        run_slope.sigmoid_().mul_(sign).mul_(1 / y.shape[1])


LOSSES: dict[str, Loss] = {
    "mse": Loss(
        "mean squared error",
        lambda y, t: f"({y} - {t})^2",
        lambda y, t: np.square(np.subtract(y, t, dtype=np.float64)),
        lambda y, t: 2.0 * np.subtract(y, t, dtype=np.float64),
        _square,
    ),
    "mae": Loss(
        "mean absolute error",
        lambda y, t: f"abs({y} - {t})",
        lambda y, t: np.abs(np.subtract(y, t, dtype=np.float64)),
        lambda y, t: np.sign(np.subtract(y, t, dtype=np.float64)),
        _distance,
    ),
    "bce": Loss(
        "binary cross-entropy",
        lambda y, t: f"ln(1 + e^((1 - 2 {t}) {y}))",
        lambda y, t: np.logaddexp(0.0, _away(y, t)[1]),
        lambda y, t: _away(y, t)[0] * sigmoid(_away(y, t)[1]),
        _cross_entropy,
    ),
}
"""By the names of `Experiment.loss`: a new one needs no more than its entry here.

bce is for two classes, t = 0 or 1: y is the logit, the class 1 has the probability sigmoid(y), and an example costs
minus the logarithm of what its own class has. Written with the sign turned for the class 1, so that neither far on the
right side nor far on the wrong one anything overflows or cancels.
"""
