"""How theta, the lecture's one long vector of parameters, is laid out, and the network's formulas on it.

One hidden layer: W by rows, b, c, then the scalar b. Deeper: W, b, W', b', ... layer by layer, then c and b. The linear
model: w, then b. All functions take theta with any leading axes, so a whole path or a grid of thetas is one call.
"""

import itertools
import math
from dataclasses import dataclass

import numpy as np
from gradreel.core.arrays import FloatArray
from gradreel.core.experiment import Experiment
from gradreel.core.network.activations import ACTIVATIONS
from gradreel.core.network.losses import LOSSES

_CHUNK = 1 << 16  # activations of a layer that `loss` holds at once: they stay in a core's cache


@dataclass(frozen=True)
class Layers:
    """theta's parts, as views of it. L hidden layers of H_1 ... H_L units on D features; the linear model has L = 0."""

    weights: tuple[FloatArray, ...]  # L of (..., H_l, H_{l-1})  W, W', ...  (H_0 = D)
    biases: tuple[FloatArray, ...]  # L of (..., H_l)  b, b', ...
    c: FloatArray  # (..., H_L)  the linear model's w, (..., D)
    b: FloatArray  # (...,)


def parameter_shapes(experiment: Experiment) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """Name and shape of each part of theta: ("w", (H, D)), ("b", (H,)), ("w'", (H', H)), ..., ("c", (H,)), ("b", ()).

    The linear model's are ("w", (D,)), ("b", ()).
    """
    widths = (experiment.dataset.n_features, *experiment.hidden)
    shapes: list[tuple[str, tuple[int, ...]]] = []
    for layer, (before, width) in enumerate(itertools.pairwise(widths)):
        shapes += [("w" + "'" * layer, (width, before)), ("b" + "'" * layer, (width,))]
    return (*shapes, ("c" if experiment.hidden else "w", (widths[-1],)), ("b", ()))


def parameter_names(experiment: Experiment) -> list[str]:
    """A name for each entry of theta: "w_1_1" (sigmoid 1, feature 1), "b_1", "c_1", "b"; "w'_1_2" in the next layer."""
    return [
        "_".join([name, *(str(i + 1) for i in index)])
        for name, shape in parameter_shapes(experiment)
        for index in np.ndindex(shape)
    ]


def unpack(experiment: Experiment, theta: FloatArray) -> Layers:
    """theta (..., P) as layers: views, so what is written into them is written into theta."""
    if theta.shape[-1] != experiment.n_parameters:
        raise ValueError(f"theta has {theta.shape[-1]} parameters, this network has {experiment.n_parameters}")
    parts: list[FloatArray] = []
    start = 0
    for _, shape in parameter_shapes(experiment):
        size = math.prod(shape)
        parts.append(theta[..., start : start + size].reshape((*theta.shape[:-1], *shape)))
        start += size
    *hidden, c, b = parts
    return Layers(weights=tuple(hidden[::2]), biases=tuple(hidden[1::2]), c=c, b=b)


@dataclass(frozen=True, eq=False)
class ForwardPass:
    """What a network of L hidden layers computes of N examples, for any leading axes of theta."""

    r: tuple[FloatArray, ...]  # L of (..., N, H_l)  b + W x
    a: tuple[FloatArray, ...]  # L of (..., N, H_l)  sigma(r)
    y: FloatArray  # (..., N)  b + c . a


def forward_pass(experiment: Experiment, theta: FloatArray, features: FloatArray) -> ForwardPass:
    """Layer after layer, for theta (..., P) and features (N, D)."""
    layers = unpack(experiment, theta)
    values, r, a = features, [], []
    for weights, bias in zip(layers.weights, layers.biases, strict=True):
        r.append(_product(values, weights) + bias[..., None, :])
        values = ACTIVATIONS[experiment.activation].value(r[-1])
        a.append(values)
    y = (values @ layers.c[..., :, None])[..., 0] + layers.b[..., None]
    return ForwardPass(tuple(r), tuple(a), y)


def hidden_terms(experiment: Experiment, theta: FloatArray, features: FloatArray) -> FloatArray:
    """c_i sigma(b_i + w_i x), (..., N, H): what each unit of the last hidden layer adds to the prediction.

    Of the linear model, which has no hidden layer, w_i x_i.
    """
    last = (features, *forward_pass(experiment, theta, features).a)[-1]
    return unpack(experiment, theta).c[..., None, :] * last


def predict(experiment: Experiment, theta: FloatArray, features: FloatArray) -> FloatArray:
    """y = b + sum_i c_i sigma(b_i + w_i x), (..., N), for theta (..., P) and features (N, D)."""
    return forward_pass(experiment, theta, features).y


def loss(experiment: Experiment, theta: FloatArray) -> FloatArray:
    """The loss over all examples trained on, (...,), for theta (..., P): mse is the mean of e², with no factor 1/2."""
    return loss_on(experiment, theta, experiment.dataset.features(), experiment.dataset.labels())


def validation_loss(experiment: Experiment, theta: FloatArray) -> FloatArray:
    """The same over the examples for stopping and choosing; NaN for a dataset without any."""
    data = experiment.dataset
    return loss_on(experiment, theta, data.validation_features(), data.validation_labels())


def test_loss(experiment: Experiment, theta: FloatArray) -> FloatArray:
    """The same over the unseen examples, which are kept for the end; NaN for a dataset without any."""
    return loss_on(experiment, theta, experiment.dataset.test_features(), experiment.dataset.test_labels())


def loss_on(experiment: Experiment, theta: FloatArray, features: FloatArray, labels: FloatArray) -> FloatArray:
    """The loss over any examples, features (N, D) and labels (N,), for theta (..., P): (...,); NaN without examples."""
    rows = theta.reshape(-1, theta.shape[-1])
    if not len(labels):
        return np.full(theta.shape[:-1], np.nan)
    chunk = max(1, _CHUNK // (len(labels) * max(1, *experiment.hidden, experiment.dataset.n_features)))
    losses, of_each = np.empty(len(rows)), LOSSES[experiment.loss].value
    with np.errstate(over="ignore", invalid="ignore"):
        for start in range(0, len(rows), chunk):
            predicted = predict(experiment, rows[start : start + chunk], features)
            losses[start : start + chunk] = of_each(predicted, labels).mean(axis=-1)
    return losses.reshape(theta.shape[:-1])


def _product(values: FloatArray, weights: FloatArray) -> FloatArray:
    """W x for each example: values (..., N, D), weights (..., H, D) to (..., N, H)."""
    if weights.shape[-1] == 1:  # one feature: no sum, and numpy's matmul is slow at it
        return values * weights[..., None, :, 0]
    return values @ np.swapaxes(weights, -1, -2)
