"""Computes one example by hand-sized numbers: forward through a network and backward for the derivatives.

A network computes on scaled views. ``theta_in_view_units`` returns the theta of the same function for views in
thousands, or in the series' own unit. So the numbers on the screen are exact.

    example = example_of(run.dataset, label_day(run.dataset))
    theta = theta_in_view_units(run, trace.parameters[-1])   # (P,)
    values = forward(run, theta, example.x, example.label)   # values.r[0], values.a[0] (H,); values.y
    gradient = backward(run, theta, values).theta            # (P,): the gradient of values.error
"""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from gradreel.core.arrays import FloatArray
from gradreel.core.daily.units import view_unit
from gradreel.core.daily.views import DailyViews
from gradreel.core.experiment import Experiment
from gradreel.core.network.activations import ACTIVATIONS
from gradreel.core.network.losses import LOSSES
from gradreel.core.network.theta import Layers, forward_pass, unpack

DAYS_IN = 82
"""Days after the first for validation: the day that is predicted where none is asked for, Monday, 2020-03-23."""
FARTHEST = 4.0
"""How far a step may move an r: as far as a sigmoid takes to rise from an eighth to seven."""
SMALLEST = 325
"""Powers of ten that float64 holds, from 1 down."""


@dataclass(frozen=True, eq=False)
class Example:
    """The views of a day, to be predicted from those of the days before it, in the series' unit."""

    day: date  # the label's
    held_out: bool  # whether the day belongs to the validation or the test part
    x: FloatArray  # (D,)  x[0] of the day before, x[1] of two days before, ...
    label: float


def label_day(dataset: DailyViews, day: date | None = None) -> date:
    """``day``, or by default 82 days after the first for validation, the last where there are fewer.

    ValueError, with the bounds, unless ``day`` has a label and enough days before it.
    """
    first, last = dataset.daily.start + timedelta(days=dataset.window), dataset.daily.end
    if day is None:
        return min(dataset.first_validation_date + timedelta(days=DAYS_IN), last)
    if not first <= day <= last:
        raise ValueError(f"day: with {dataset.window} days before it, it lies from {first} to {last}, got {day}")
    return day


def example_of(dataset: DailyViews, day: date) -> Example:
    """The example with the label day ``day``. ValueError as in `label_day`."""
    at = (label_day(dataset, day) - dataset.daily.start).days
    views = dataset.daily.array() / view_unit(dataset).size
    return Example(
        day, day >= dataset.first_validation_date, views[at - dataset.window : at][::-1].copy(), float(views[at])
    )


def theta_in_view_units(run: Experiment, theta: FloatArray) -> FloatArray:
    """theta (..., P) of the same function in the unit that its views are written in, thousands by default; float64.

    With scaled views (x - m) / s and the unit u: W u / s and b - W (m / s) in the first layer; c s / u and
    (b s + m) / u at the end. ValueError for a run on anything but daily views.
    """
    if not isinstance(run.dataset, DailyViews):
        raise ValueError(f"only views are written in thousands, not a dataset of kind {run.dataset.kind}")
    mean, spread, unit = run.dataset.offset, run.dataset.scale, view_unit(run.dataset).size
    written = np.array(theta, dtype=np.float64)
    layers = unpack(run, written)  # views: what is changed in them is changed in `written`
    first, bias = (layers.weights[0], layers.biases[0]) if run.hidden else (layers.c, layers.b[...])
    bias -= first.sum(axis=-1) * (mean / spread)
    first *= unit / spread
    layers.c[...] *= spread / unit
    layers.b[...] = (layers.b * spread + mean) / unit
    return written


@dataclass(frozen=True, eq=False)
class Forward:
    """One example's way through a network of L hidden layers."""

    x: FloatArray  # (D,)
    r: tuple[FloatArray, ...]  # L of (H_l,)  b + W x
    a: tuple[FloatArray, ...]  # L of (H_l,)  sigma(r)
    y: float  # b + c . a
    label: float
    error: float  # |y - label|, or its square, as the run measures loss


def forward(run: Experiment, theta: FloatArray, x: FloatArray, label: float) -> Forward:
    """The example (x (D,), label) through the network with theta (P,)."""
    x = np.asarray(x, dtype=np.float64)
    there = forward_pass(run, np.asarray(theta, dtype=np.float64), x[None])
    y = float(there.y[0])
    error = float(LOSSES[run.loss].value(y, label))
    return Forward(x, tuple(r[0] for r in there.r), tuple(a[0] for a in there.a), y, float(label), error)


@dataclass(frozen=True, eq=False)
class Backward:
    """The slopes of `Forward.error`, each by the number it stands for."""

    y: float
    a: tuple[FloatArray, ...]  # L of (H_l,)
    r: tuple[FloatArray, ...]  # L of (H_l,)
    theta: FloatArray  # (P,)  the gradient

    def layers(self, run: Experiment) -> Layers:
        """The gradient by weights and biases, as `unpack` names them."""
        return unpack(run, self.theta)


def backward(run: Experiment, theta: FloatArray, there: Forward) -> Backward:
    """From the error back through the network: each slope is made of those after it."""
    layers = unpack(run, np.asarray(theta, dtype=np.float64))
    slopes = np.zeros(run.n_parameters)
    out = unpack(run, slopes)  # views of it
    d_y = float(LOSSES[run.loss].derivative(there.y, there.label))
    inputs = (there.x, *there.a)
    out.c[...], out.b[...] = d_y * inputs[-1], d_y
    a: list[FloatArray] = []
    r: list[FloatArray] = []
    below = d_y * layers.c  # dL/da_i = dL/dy c_i
    for layer in reversed(range(len(layers.weights))):
        a.insert(0, below)
        r.insert(0, below * ACTIVATIONS[run.activation].derivative(there.a[layer]))  # dL/dr_i = dL/da_i sigma'(r_i)
        out.weights[layer][...] = np.outer(r[0], inputs[layer])  # dL/dw_ij = dL/dr_i x_j
        out.biases[layer][...] = r[0]  # dL/db_i = dL/dr_i
        below = layers.weights[layer].T @ r[0]  # dL/dx_j = sum over i of dL/dr_i w_ij
    return Backward(d_y, tuple(a), tuple(r), slopes)


def forward_after_step(run: Experiment, theta: FloatArray, there: Forward, slopes: Backward, rate: float) -> Forward:
    """The same example after one step of gradient descent on its error alone, theta - rate g."""
    return forward(run, np.asarray(theta, dtype=np.float64) - rate * slopes.theta, there.x, there.label)


def largest_falling_rate(run: Experiment, theta: FloatArray, there: Forward, slopes: Backward) -> float | None:
    """The largest of 1, 0.1, 0.01, ... whose step makes the error smaller and moves each r by `FARTHEST` at most.

    A longer step leaves behind where the slopes were taken: it may hit by luck, with every sigmoid at its end. None
    where none will do, as at a gradient of 0; the smallest tried still changes something that float64 can hold.
    """
    theta = np.asarray(theta, dtype=np.float64)
    for k in range(SMALLEST):
        rate = float(f"1e-{k}")
        if (theta - rate * slopes.theta == theta).all():
            return None
        after = forward_after_step(run, theta, there, slopes, rate)
        near = all((np.abs(new - old) <= FARTHEST).all() for old, new in zip(there.r, after.r, strict=True))
        if near and after.error < there.error:
            return rate
    return None
