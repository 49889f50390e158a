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

DAYS_IN = 74
"""How many days after the first validation day the default label day is: Sunday, 2020-03-15, for the made-up
channel. On that day the sigmoids of the lesson's small network are not all near 0 or 1.
"""
FARTHEST = 4.0
"""How far a step may move an r. Over this distance around 0 a sigmoid rises from about 1/8 to 7/8."""
SMALLEST = 325
"""How many learning rates are tried: float64 holds about as many powers of ten from 1 down."""


@dataclass(frozen=True, eq=False)
class Example:
    """A day's views, which the network predicts from those of the days before, in the series' written unit."""

    day: date  # the label day
    held_out: bool  # whether the day belongs to the validation or the test part
    x: FloatArray  # (D,)  views: x[0] of the day before, x[1] of two days before, ...
    label: float  # views of the day


def label_day(dataset: DailyViews, day: date | None = None) -> date:
    """Return ``day`` if it has a label and enough days before it.

    Raises ValueError otherwise; the message has the bounds.

    If ``day`` is None, return the day 74 days after the first validation day, or the last day if there are fewer.
    """
    first, last = dataset.daily.start + timedelta(days=dataset.window), dataset.daily.end
    if day is None:
        return min(dataset.first_validation_date + timedelta(days=DAYS_IN), last)
    if not first <= day <= last:
        raise ValueError(f"day: with {dataset.window} days before it, it lies from {first} to {last}, got {day}")
    return day


def example_of(dataset: DailyViews, day: date) -> Example:
    """Return the example with the label day ``day``. Raises ValueError as `label_day`."""
    at = (label_day(dataset, day) - dataset.daily.start).days
    views = dataset.daily.array() / view_unit(dataset).size
    return Example(
        day, day >= dataset.first_validation_date, views[at - dataset.window : at][::-1].copy(), float(views[at])
    )


def theta_in_view_units(run: Experiment, theta: FloatArray) -> FloatArray:
    """Return the theta (..., P), float64, of the same function for views in their written unit, thousands by default.

    The scaled views are (x - m) / s, and u is the unit. Then the first layer has W u / s and b - W (m / s), and the
    output has c s / u and (b s + m) / u. Raises ValueError for a run on anything but daily views.
    """
    if not isinstance(run.dataset, DailyViews):
        raise ValueError(f"only views are written in thousands, not a dataset of kind {run.dataset.kind}")
    mean, spread, unit = run.dataset.offset, run.dataset.scale, view_unit(run.dataset).size
    written = np.array(theta, dtype=np.float64)
    layers = unpack(run, written)  # views: changing them changes `written`
    first, bias = (layers.weights[0], layers.biases[0]) if run.hidden else (layers.c, layers.b[...])
    bias -= first.sum(axis=-1) * (mean / spread)
    first *= unit / spread
    layers.c[...] *= spread / unit
    layers.b[...] = (layers.b * spread + mean) / unit
    return written


@dataclass(frozen=True, eq=False)
class Forward:
    """The values of one example in a network with L hidden layers."""

    x: FloatArray  # (D,)
    r: tuple[FloatArray, ...]  # L of (H_l,)  b + W x
    a: tuple[FloatArray, ...]  # L of (H_l,)  sigma(r)
    y: float  # b + c . a
    label: float
    error: float  # the loss of this example, such as |y - label|


def forward(run: Experiment, theta: FloatArray, x: FloatArray, label: float) -> Forward:
    """Return the values of the example with features ``x`` (D,) and ``label`` in the network with theta (P,)."""
    x = np.asarray(x, dtype=np.float64)
    values = forward_pass(run, np.asarray(theta, dtype=np.float64), x[None])
    y = float(values.y[0])
    error = float(LOSSES[run.loss].value(y, label))
    return Forward(x, tuple(r[0] for r in values.r), tuple(a[0] for a in values.a), y, float(label), error)


@dataclass(frozen=True, eq=False)
class Backward:
    """The derivatives of `Forward.error` by the values of the same names."""

    y: float
    a: tuple[FloatArray, ...]  # L of (H_l,)
    r: tuple[FloatArray, ...]  # L of (H_l,)
    theta: FloatArray  # (P,)  the gradient

    def layers(self, run: Experiment) -> Layers:
        """Return the gradient by weights and biases, named as by `unpack`."""
        return unpack(run, self.theta)


def backward(run: Experiment, theta: FloatArray, values: Forward) -> Backward:
    """Return the derivatives of the error, computed backward through the network from ``values`` and theta (P,)."""
    layers = unpack(run, np.asarray(theta, dtype=np.float64))
    gradient = np.zeros(run.n_parameters)
    d_layers = unpack(run, gradient)  # views: writing into them fills the gradient
    d_y = float(LOSSES[run.loss].derivative(values.y, values.label))
    inputs = (values.x, *values.a)
    d_layers.c[...], d_layers.b[...] = d_y * inputs[-1], d_y
    a: list[FloatArray] = []
    r: list[FloatArray] = []
    d_inputs = d_y * layers.c  # dL/da_i = dL/dy c_i
    for layer in reversed(range(len(layers.weights))):
        a.insert(0, d_inputs)
        slope = ACTIVATIONS[run.activation].slope(values.r[layer], values.a[layer])
        r.insert(0, d_inputs * slope)  # dL/dr_i = dL/da_i sigma'(r_i)
        d_layers.weights[layer][...] = np.outer(r[0], inputs[layer])  # dL/dw_ij = dL/dr_i x_j
        d_layers.biases[layer][...] = r[0]  # dL/db_i = dL/dr_i
        d_inputs = layers.weights[layer].T @ r[0]  # dL/dx_j = sum over i of dL/dr_i w_ij
    return Backward(d_y, tuple(a), tuple(r), gradient)


def forward_after_step(
    run: Experiment, theta: FloatArray, values: Forward, derivatives: Backward, rate: float
) -> Forward:
    """Return the same example's values after one gradient step on its error alone, theta - rate g; ``theta`` stays
    as it is.
    """
    return forward(run, np.asarray(theta, dtype=np.float64) - rate * derivatives.theta, values.x, values.label)


def largest_falling_rate(run: Experiment, theta: FloatArray, values: Forward, derivatives: Backward) -> float | None:
    """Return the largest of 1, 0.1, 0.01, ... whose step lowers the error and moves each r by `FARTHEST` at most.

    A longer step leaves the region where the derivatives hold: it may lower the error by luck, with every sigmoid at
    its end. Returns None if no rate does, as for a gradient of 0. Rates whose step changes nothing in float64 are not
    tried.
    """
    theta = np.asarray(theta, dtype=np.float64)
    for k in range(SMALLEST):
        rate = float(f"1e-{k}")
        if (theta - rate * derivatives.theta == theta).all():
            return None
        stepped = forward_after_step(run, theta, values, derivatives, rate)
        is_near = all((np.abs(new - old) <= FARTHEST).all() for old, new in zip(values.r, stepped.r, strict=True))
        if is_near and stepped.error < values.error:
            return rate
    return None
