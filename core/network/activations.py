"""The lecture's activation functions, each with its derivative."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from gradreel.core.arrays import FloatArray
from numpy.typing import ArrayLike

if TYPE_CHECKING:
    from torch import Tensor


def sigmoid(x: ArrayLike) -> FloatArray:
    """Return 1 / (1 + exp(-x)), same shape as ``x``. It never overflows and is exact to rounding in both tails.

    Examples
    --------
    >>> sigmoid(np.array([-1000.0, 0.0, 1000.0]))
    array([0. , 0.5, 1. ])
    """
    values = np.asarray(x, dtype=np.float64)
    decay = np.exp(-np.abs(values))  # at most 1
    return np.where(values >= 0, 1.0, decay) / (1.0 + decay)


def relu(x: ArrayLike) -> FloatArray:
    """Return max(0, x), same shape as ``x``.

    Examples
    --------
    >>> relu(np.array([-2.0, 0.0, 3.0]))
    array([0., 0., 3.])
    """
    return np.maximum(np.asarray(x, dtype=np.float64), 0.0)


def hard_sigmoid(x: ArrayLike, start: float, end: float) -> FloatArray:
    """Return a ramp from 0 at ``start`` to 1 at ``end``, flat outside; same shape as ``x``.

    The lecture's "blue function" of height 1.

    Parameters
    ----------
    x
        Points, any shape.
    start, end
        The ramp's ends, in the unit of ``x``.

    Raises
    ------
    ValueError
        Unless ``start < end``.

    Examples
    --------
    >>> hard_sigmoid(np.array([0.0, 1.0, 2.0, 3.0]), 1, 3)
    array([0. , 0. , 0.5, 1. ])
    """
    if not start < end:
        raise ValueError(f"hard_sigmoid needs start < end, got {start} and {end}")
    with np.errstate(over="ignore"):  # an x far outside may overflow to inf, which is clipped like any other value
        return np.clip((np.asarray(x, dtype=np.float64) - start) / (end - start), 0.0, 1.0)


def network_hard_sigmoid(x: ArrayLike) -> FloatArray:
    """Return clip(x + 1/2, 0, 1), same shape as ``x``: the hard sigmoid that a network uses as activation.

    It has slope 1 through (0, 1/2), so c * f(b + w x) has slope c w on its ramp. Other libraries use a flatter ramp:
    torch.nn.Hardsigmoid is clip(x / 6 + 1/2, 0, 1).

    Examples
    --------
    >>> network_hard_sigmoid(np.array([-1.0, 0.0, 0.25, 1.0]))
    array([0.  , 0.5 , 0.75, 1.  ])
    """
    return np.clip(np.asarray(x, dtype=np.float64) + 0.5, 0.0, 1.0)


def gelu(x: ArrayLike) -> FloatArray:
    """Return x Phi(x), same shape as ``x``, Phi being the normal distribution function.

    The exact form, torch.nn.GELU's default. Source: Hendrycks and Gimpel, "Gaussian Error Linear Units" (2016).

    Examples
    --------
    >>> gelu(np.array([-1000.0, 0.0, 1000.0]))
    array([  -0.,    0., 1000.])
    """
    from scipy.special import ndtr  # imported here only: most runs do not need it

    values = np.asarray(x, dtype=np.float64)
    return np.asarray(values * ndtr(values))


def silu(x: ArrayLike) -> FloatArray:
    """Return x sigmoid(x), same shape as ``x``, as torch.nn.SiLU; also known as swish.

    Examples
    --------
    >>> silu(np.array([-1000.0, 0.0, 1000.0]))
    array([  -0.,    0., 1000.])
    """
    values = np.asarray(x, dtype=np.float64)
    return values * sigmoid(values)


def _gelu_slope(r: FloatArray) -> FloatArray:
    """Return gelu'(r) = Phi(r) + r phi(r), phi being the normal density."""
    from scipy.special import ndtr  # imported here only: most runs do not need it

    return np.asarray(ndtr(r) + r * np.exp(-r * r / 2) / np.sqrt(2 * np.pi))


def _silu_slope(r: FloatArray) -> FloatArray:
    """Return silu'(r) = s (1 + r (1 - s)) with s = sigmoid(r)."""
    s = sigmoid(r)
    return s * (1.0 + r * (1.0 - s))


@dataclass(frozen=True)
class Activation:
    """An activation function a = sigma(r), for numpy arrays, for torch tensors, and as it is written and drawn.

    Its derivative is a function of a or, with ``of_input``, of r. GELU and SiLU fall and rise again: the same a has two
    slopes, and only r tells them apart.

    Attributes
    ----------
    name
        The name in text, such as "ReLU".
    typst
        The name in a Typst formula, and what precedes r in its parentheses: ("max", "0, ") gives max(0, r).
    icon
        Returns the y of a small picture of the curve, for x from -1/2 to 1/2; y lies in the same range.
    value
        Returns sigma(r) of an array r; same shape.
    derivative
        Returns sigma'(r) of an array a = sigma(r), or of r itself with ``of_input``; same shape. `slope` calls it.
    apply_in_place
        Replaces r by sigma(r) in a tensor (S, B, H): S runs, B examples, H units.
    backward_in_place
        Takes tensors d_a = dL/da and a, or r with ``of_input``, (S, B, H) each. Replaces d_a by dL/dr, which is
        dL/da sigma'(r).
    of_input
        Whether the derivative is computed from r.
    """

    name: str
    typst: tuple[str, str]
    icon: Callable[[FloatArray], FloatArray]
    value: Callable[[ArrayLike], FloatArray]
    derivative: Callable[[FloatArray], FloatArray]
    apply_in_place: Callable[[Tensor], object]
    backward_in_place: Callable[[Tensor, Tensor], object]
    of_input: bool = False

    @classmethod
    def of(
        cls,
        name: str,
        value: Callable[[FloatArray], FloatArray],
        derivative: Callable[[FloatArray], FloatArray],
        of_input: bool = False,
    ) -> Activation:
        """Return the activation of two functions of numpy arrays, which training and the picture call, too.

        ``name`` is its name in text and formulas. For the others see `Activation`.

        Examples
        --------
        >>> Activation.of("tanh", np.tanh, lambda a: 1 - a**2).value(np.array([0.0]))
        array([0.])
        """

        def of_array(x: ArrayLike) -> FloatArray:
            """Return sigma(x)."""
            return np.asarray(value(np.asarray(x, dtype=np.float64)))

        def apply_in_place(r: Tensor) -> None:
            """Replace r by sigma(r)."""
            for run in r.numpy():  # one run at a time: its bits do not depend on the runs beside it
                run[...] = value(run)

        def backward_in_place(d_a: Tensor, a: Tensor) -> None:
            """Replace dL/da by dL/dr."""
            for run, at in zip(d_a.numpy(), a.numpy(), strict=True):
                run *= derivative(at)

        def icon(x: FloatArray) -> FloatArray:
            """Return the curve from -3 to 3, scaled to a height of 0.72 around 0."""
            shown = np.asarray(value(np.linspace(-3.0, 3.0, 61)), dtype=np.float64)
            height = float(np.ptp(shown)) or 1.0
            middle = (float(shown.min()) + float(shown.max())) / 2
            return np.asarray(0.72 * (value(6.0 * x) - middle) / height)

        typst = (json.dumps(name, ensure_ascii=False), "")
        return cls(name, typst, icon, of_array, derivative, apply_in_place, backward_in_place, of_input)

    def slope(self, r: FloatArray, a: FloatArray) -> FloatArray:
        """Return sigma'(r) for arrays r and a = sigma(r); same shape."""
        return self.derivative(r if self.of_input else a)


def _sigmoid_in_place(r: Tensor) -> None:
    """Replace r (S, B, H) by sigmoid(r)."""
    for run in r:  # one run at a time: how torch rounds exp depends on where in a tensor a number stands
        run.sigmoid_()


def _relu_backward_in_place(d_a: Tensor, a: Tensor) -> None:
    """Replace dL/da by dL/dr: 0 where a is 0, unchanged elsewhere."""
    import torch  # imported here only: scenes need `value` and `derivative`, and work without torch

    torch.ops.aten.threshold_backward.grad_input(d_a, a, 0, grad_input=d_a)


def _of_each_run(operation: str, *tensors: Tensor) -> None:
    """Call an operation of torch on each run's part of tensors (S, B, H); it writes into the first.

    One run at a time, as `_sigmoid_in_place`.
    """
    import torch

    name, overload, argument = operation.split(".")
    call = getattr(getattr(torch.ops.aten, name), overload)
    for parts in zip(*tensors, strict=True):
        call(*parts, **{argument: parts[0]})


ACTIVATIONS: dict[str, Activation] = {
    "sigmoid": Activation(
        "sigmoid",
        ('"sigmoid"', ""),
        lambda x: 0.72 * (sigmoid(14 * x) - 0.5),
        sigmoid,
        lambda a: a * (1.0 - a),
        _sigmoid_in_place,
        lambda d_a, a: d_a.mul_(1.0 - a).mul_(a),
    ),
    "relu": Activation(
        "ReLU",
        ("max", "0, "),
        lambda x: 0.95 * relu(x + 0.1) - 0.28,
        relu,
        lambda a: np.asarray(a > 0, dtype=np.float64),  # 0 at the knot
        lambda r: r.relu_(),
        _relu_backward_in_place,
    ),
    "hard_sigmoid": Activation(
        "hard sigmoid",
        ('"hard sigmoid"', ""),
        lambda x: 0.72 * (network_hard_sigmoid(2.6 * x) - 0.5),
        network_hard_sigmoid,
        lambda a: np.asarray((a > 0) & (a < 1), dtype=np.float64),  # 0 at the knots, as torch.nn.Hardtanh
        lambda r: r.add_(0.5).clamp_(0.0, 1.0),
        lambda d_a, a: d_a.mul_((a > 0) & (a < 1)),
    ),
    "gelu": Activation(
        "GELU",
        ('"GELU"', ""),
        lambda x: 0.14 * gelu(6 * x + 1) - 0.24,
        gelu,
        _gelu_slope,
        lambda r: _of_each_run("gelu.out.out", r),
        lambda d_a, r: _of_each_run("gelu_backward.grad_input.grad_input", d_a, r),
        of_input=True,
    ),
    "silu": Activation(
        "SiLU",
        ('"SiLU"', ""),
        lambda x: 0.11 * silu(8 * x + 1) - 0.2,
        silu,
        _silu_slope,
        lambda r: _of_each_run("silu.out.out", r),
        lambda d_a, r: _of_each_run("silu_backward.grad_input.grad_input", d_a, r),
        of_input=True,
    ),
}
"""The activation functions by the names of `Experiment.activation`. To add one, add an entry here."""
