"""The losses, each with its derivative by the prediction. The loss of a batch is the mean over its examples."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from gradreel.core.arrays import FloatArray
from gradreel.core.network.activations import sigmoid
from numpy.typing import ArrayLike

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Loss:
    """A loss of one example with prediction y and label t, as functions for numpy arrays and for torch tensors.

    Attributes
    ----------
    output
        What the network's output is: "prediction", a number like the label; "logit", one for the classes 0 and 1;
        "logits", one for each of K classes. Only with "logits", y has an axis of K more than t.
    value
        Returns the loss of each example, with the shape of t, from arrays y and t.
    derivative
        Returns the derivative of each example's loss by y, with the shape of y, from arrays y and t.
    compute_into
        Takes tensors y (S, B, K), t (S, B, 1), losses (S, B, 1), d_y (S, B, K): S runs, B examples, K outputs. Writes
        each example's loss into ``losses``. Writes the derivative of the batch's mean loss by y into ``d_y``: each
        example's derivative over B.

    Examples
    --------
    >>> float(LOSSES["mse"].value(3.0, 1.0)), float(LOSSES["mse"].derivative(3.0, 1.0))
    (4.0, 4.0)
    """

    output: Literal["prediction", "logit", "logits"]
    value: Callable[[ArrayLike, ArrayLike], FloatArray]
    derivative: Callable[[ArrayLike, ArrayLike], FloatArray]
    compute_into: Callable[[Tensor, Tensor, Tensor, Tensor], object]

    @classmethod
    def of(
        cls,
        output: Literal["prediction", "logit", "logits"],
        value: Callable[[ArrayLike, ArrayLike], FloatArray],
        derivative: Callable[[ArrayLike, ArrayLike], FloatArray],
    ) -> Loss:
        """Return the loss of two functions of numpy arrays; training calls them, too. For the arguments see `Loss`.

        Examples
        --------
        >>> cubic = Loss.of("prediction", lambda y, t: abs(y - t) ** 3, lambda y, t: 3 * (y - t) * abs(y - t))
        >>> cubic.value(3.0, 1.0), cubic.derivative(3.0, 1.0)
        (8.0, 12.0)
        """

        def compute_into(y: Tensor, t: Tensor, losses: Tensor, d_y: Tensor) -> None:
            """Write the losses and the derivatives, run by run: its bits do not depend on the runs beside it."""
            for outputs, labels, loss, slope in zip(y.numpy(), t.numpy(), losses.numpy(), d_y.numpy(), strict=True):
                if output == "logits":
                    loss[:, 0], slope[...] = value(outputs, labels[:, 0]), derivative(outputs, labels[:, 0])
                else:
                    loss[...], slope[...] = value(outputs, labels), derivative(outputs, labels)
                slope /= len(labels)

        return cls(output, value, derivative, compute_into)


def _squared_error_into(y: Tensor, t: Tensor, losses: Tensor, d_y: Tensor) -> None:
    """Write (y - t)² into ``losses`` and 2 (y - t) / B into ``d_y``."""
    import torch  # imported in these functions only: code that reads traces needs `value`, and works without torch

    torch.sub(y, t, out=d_y)
    torch.square(d_y, out=losses)
    d_y.mul_(2 / y.shape[1])


def _absolute_error_into(y: Tensor, t: Tensor, losses: Tensor, d_y: Tensor) -> None:
    """Write |y - t| into ``losses`` and sign(y - t) / B into ``d_y``; the derivative is 0 at y = t."""
    import torch

    torch.sub(y, t, out=d_y)
    torch.abs(d_y, out=losses)
    d_y.sign_().mul_(1 / y.shape[1])


def _cross_entropy_into(y: Tensor, t: Tensor, losses: Tensor, d_y: Tensor) -> None:
    """Write the cross-entropy of logits y and labels 0 or 1 into ``losses``, its derivative over B into ``d_y``."""
    import torch

    for logit, label, loss, derivative in zip(y, t, losses, d_y, strict=True):
        # One run at a time: how torch rounds exp depends on where in a tensor a number stands
        sign = 1 - 2 * label
        torch.mul(sign, logit, out=derivative)
        torch.neg(torch.nn.functional.logsigmoid(-derivative), out=loss)
        derivative.sigmoid_().mul_(sign).mul_(1 / y.shape[1])


def _softmax_cross_entropy_into(y: Tensor, t: Tensor, losses: Tensor, d_y: Tensor) -> None:
    """Write the cross-entropy of K logits y and classes t into ``losses``, its derivative over B into ``d_y``."""
    import torch

    for logits, classes, loss, derivative in zip(y, t.long(), losses, d_y, strict=True):
        # One run at a time: its bits do not depend on the runs beside it. torch.exp and torch.log would use MKL, whose
        # last bit depends on the processor; softmax and log_softmax do not
        torch.neg(torch.log_softmax(logits, 1).gather(1, classes), out=loss)
        derivative.copy_(torch.softmax(logits, 1))
        derivative.scatter_add_(1, classes, torch.full_like(loss, -1.0))
        derivative.mul_(1 / y.shape[1])


def _softmax_cross_entropy(y: ArrayLike, t: ArrayLike) -> FloatArray:
    """Return ln(sum_k exp(y_k)) - y_t for logits y (..., K) and classes t (...); shape of t."""
    logits, classes = _below_largest(y), np.asarray(t, dtype=np.int64)
    own = np.take_along_axis(logits, np.broadcast_to(classes, logits.shape[:-1])[..., None], axis=-1)[..., 0]
    return np.asarray(np.log(np.exp(logits).sum(axis=-1)) - own)


def _softmax_cross_entropy_derivative(y: ArrayLike, t: ArrayLike) -> FloatArray:
    """Return softmax(y)_k - [k = t] for logits y (..., K) and classes t (...); shape of y."""
    own = np.arange(np.shape(y)[-1]) == np.asarray(t)[..., None]
    return np.asarray(softmax(y) - own)


def softmax(y: ArrayLike) -> FloatArray:
    """Return the probability of each of K classes, exp(y_k) / sum_j exp(y_j), for logits y (..., K); same shape.

    Examples
    --------
    >>> softmax([0.0, 0.0, np.log(2.0)])
    array([0.25, 0.25, 0.5 ])
    """
    weights = np.exp(_below_largest(y))
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True))


def _below_largest(y: ArrayLike) -> FloatArray:
    """Return y less its largest entry on the last axis, so that exp never overflows; same shape."""
    logits = np.asarray(y, dtype=np.float64)
    return np.asarray(logits - logits.max(axis=-1, keepdims=True))


def _sign_and_wrongness(y: ArrayLike, t: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Return the sign s (-1 for class 1, 1 for class 0) and s y, which is positive on the wrong side of 0."""
    sign = 1.0 - 2.0 * np.asarray(t, dtype=np.float64)
    return sign, sign * np.asarray(y, dtype=np.float64)


def _cross_entropy(y: ArrayLike, t: ArrayLike) -> FloatArray:
    """Return ln(1 + exp(s y)) of each logit y, with s = 1 - 2 t; same shape."""
    return np.asarray(np.logaddexp(0.0, _sign_and_wrongness(y, t)[1]))


def _cross_entropy_derivative(y: ArrayLike, t: ArrayLike) -> FloatArray:
    """Return s sigmoid(s y), which equals sigmoid(y) - t; same shape."""
    sign, wrongness = _sign_and_wrongness(y, t)
    return sign * sigmoid(wrongness)


LOSSES: dict[str, Loss] = {
    "mse": Loss(
        "prediction",
        lambda y, t: np.square(np.subtract(y, t, dtype=np.float64)),
        lambda y, t: 2.0 * np.subtract(y, t, dtype=np.float64),
        _squared_error_into,
    ),
    "mae": Loss(
        "prediction",
        lambda y, t: np.abs(np.subtract(y, t, dtype=np.float64)),
        lambda y, t: np.sign(np.subtract(y, t, dtype=np.float64)),
        _absolute_error_into,
    ),
    "bce": Loss("logit", _cross_entropy, _cross_entropy_derivative, _cross_entropy_into),
    "ce": Loss("logits", _softmax_cross_entropy, _softmax_cross_entropy_derivative, _softmax_cross_entropy_into),
}
"""The losses by the names of `Experiment.loss`: mean squared and mean absolute error, binary cross-entropy (bce),
softmax cross-entropy (ce). To add a loss, add an entry here.

The squared error has no factor 1/2. Both cross-entropies are minus the logarithm of the probability of the example's
own class: Bishop, "Pattern Recognition and Machine Learning" (2006), equations 4.90 and 4.108.

bce is for labels 0 and 1. The prediction y is the logit, so class 1 has the probability sigmoid(y). The loss is
computed from s y, with s = -1 for class 1 and s = 1 for class 0. So it neither overflows nor cancels for large logits.

ce is for labels 0 to K - 1. The K outputs are logits, and class k has the probability exp(y_k) / sum_j exp(y_j). The
largest logit is subtracted first, so exp never overflows.
"""
