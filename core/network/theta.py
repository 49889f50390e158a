"""The layout of theta, the lecture's one long vector of parameters, and the network's formulas on it.

One hidden layer: W by rows, b, c, then the scalar b. Deeper networks: W, b, W', b', ... layer by layer, then c and b.
The linear model: w, then b. All functions take theta with any leading axes, so a whole path or a grid of thetas is one
call.
"""

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from gradreel.core.arrays import FloatArray
from gradreel.core.experiment import Experiment
from gradreel.core.network.activations import ACTIVATIONS
from gradreel.core.network.losses import LOSSES
from numpy.typing import NDArray

_CHUNK = 1 << 16  # activations of a layer that `loss_on` holds at once, so that they stay in the processor's cache


@dataclass(frozen=True)
class Layers:
    """The parts of theta, as views of it: L hidden layers of H_1 ... H_L units on D features.

    The linear model has L = 0.
    """

    weights: tuple[FloatArray, ...]  # L of (..., H_l, H_{l-1})  W, W', ...  (H_0 = D)
    biases: tuple[FloatArray, ...]  # L of (..., H_l)  b, b', ...
    c: FloatArray  # (..., H_L)  the linear model's w, (..., D); with K > 1 outputs a row for each, (..., K, H_L)
    b: FloatArray  # (...,); with K > 1 outputs (..., K)


def parameter_shapes(experiment: Experiment) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """Return the name and shape of each part of theta, in order.

    With one hidden layer: ("w", (H, D)), ("b", (H,)), ("c", (H,)), ("b", ()). A second layer adds ("w'", (H', H)),
    ("b'", (H',)) before c. The linear model has ("w", (D,)), ("b", ()). With K > 1 outputs, the last two are
    ("c", (K, H)) and ("b", (K,)).
    """
    widths = (experiment.dataset.n_features, *experiment.hidden)
    shapes: list[tuple[str, tuple[int, ...]]] = []
    for layer, (n_inputs, width) in enumerate(itertools.pairwise(widths)):
        shapes += [("w" + "'" * layer, (width, n_inputs)), ("b" + "'" * layer, (width,))]
    outputs = () if experiment.n_outputs == 1 else (experiment.n_outputs,)
    return (*shapes, ("c" if experiment.hidden else "w", (*outputs, widths[-1])), ("b", outputs))


def parameter_names(experiment: Experiment) -> list[str]:
    """Return a name for each entry of theta: "w_1_1" (unit 1, input 1), "b_1", "c_1", "b"; "w'_1_2" in the next layer.

    Examples
    --------
    >>> parameter_names(Experiment(hidden=(2,)))
    ['w_1_1', 'w_2_1', 'b_1', 'b_2', 'c_1', 'c_2', 'b']
    """
    return [
        "_".join([name, *(str(i + 1) for i in index)])
        for name, shape in parameter_shapes(experiment)
        for index in np.ndindex(shape)
    ]


def unpack(experiment: Experiment, theta: FloatArray) -> Layers:
    """Return theta (..., P) as layers. They are views: writing into them writes into ``theta``.

    Raises ValueError if P is not the experiment's number of parameters.
    """
    if theta.shape[-1] != experiment.n_parameters:
        raise ValueError(f"theta has {theta.shape[-1]} parameters, this network has {experiment.n_parameters}")
    *hidden, c, b = split_theta(theta, [shape for _, shape in parameter_shapes(experiment)])
    return Layers(weights=tuple(hidden[::2]), biases=tuple(hidden[1::2]), c=c, b=b)


def split_theta(theta: FloatArray, shapes: Sequence[tuple[int, ...]]) -> list[FloatArray]:
    """Return the parts of theta (..., P) with these shapes, one after the other, as views (..., *shape).

    Examples
    --------
    >>> split_theta(np.arange(5.0), [(2, 2), ()])
    [array([[0., 1.],
           [2., 3.]]), array(4.)]
    """
    parts: list[FloatArray] = []
    start = 0
    for shape in shapes:
        size = math.prod(shape)
        parts.append(np.asarray(theta)[..., start : start + size].reshape((*theta.shape[:-1], *shape)))
        start += size
    return parts


@dataclass(frozen=True, eq=False)
class ForwardPass:
    """All values that a network with L hidden layers computes for N examples, with any leading axes of theta."""

    r: tuple[FloatArray, ...]  # L of (..., N, H_l)  b + W x
    a: tuple[FloatArray, ...]  # L of (..., N, H_l)  sigma(r)
    y: FloatArray  # (..., N)  b + c . a; with K > 1 outputs (..., N, K)


def forward_pass(experiment: Experiment, theta: FloatArray, features: FloatArray) -> ForwardPass:
    """Return the values of every layer for theta (..., P) and features (N, D)."""
    layers = unpack(experiment, theta)
    values, r, a = features, [], []
    for weights, bias in zip(layers.weights, layers.biases, strict=True):
        r.append(_weights_times_values(values, weights) + bias[..., None, :])
        values = ACTIVATIONS[experiment.activation].value(r[-1])
        a.append(values)
    if experiment.n_outputs == 1:
        y = (values @ layers.c[..., :, None])[..., 0] + layers.b[..., None]
    else:
        y = _weights_times_values(values, layers.c) + layers.b[..., None, :]
    return ForwardPass(tuple(r), tuple(a), y)


def hidden_terms(experiment: Experiment, theta: FloatArray, features: FloatArray) -> FloatArray:
    """Return c_i sigma(b_i + w_i x), (..., N, H): what each unit of the last hidden layer adds to the prediction.

    For the linear model, which has no hidden layer, return w_i x_i, (..., N, D).
    """
    last = (features, *forward_pass(experiment, theta, features).a)[-1]
    return unpack(experiment, theta).c[..., None, :] * last


def predict(experiment: Experiment, theta: FloatArray, features: FloatArray) -> FloatArray:
    """Return the prediction y = b + sum_i c_i sigma(b_i + w_i x), (..., N), for theta (..., P) and features (N, D).

    With K > 1 outputs, return the logits of all classes, (..., N, K).

    Examples
    --------
    >>> line = Experiment(hidden=())  # theta is w, b
    >>> predict(line, np.array([2.0, 1.0]), np.array([[0.0], [3.0]]))
    array([1., 7.])
    """
    return forward_pass(experiment, theta, features).y


def loss(experiment: Experiment, theta: FloatArray) -> FloatArray:
    """Return the loss over all training examples, (...,), for theta (..., P). "mse" is the mean of e², without a
    factor 1/2.
    """
    return loss_on(experiment, theta, experiment.dataset.features(), experiment.dataset.labels())


def validation_loss(experiment: Experiment, theta: FloatArray) -> FloatArray:
    """Return the loss over the validation examples, (...,), for theta (..., P); NaN for a dataset without any."""
    data = experiment.dataset
    return loss_on(experiment, theta, data.validation_features(), data.validation_labels())


def test_loss(experiment: Experiment, theta: FloatArray) -> FloatArray:
    """Return the loss over the test examples, (...,), for theta (..., P); NaN for a dataset without any."""
    return loss_on(experiment, theta, experiment.dataset.test_features(), experiment.dataset.test_labels())


def loss_on(experiment: Experiment, theta: FloatArray, features: FloatArray, labels: FloatArray) -> FloatArray:
    """Return the loss over any examples, (...,), for theta (..., P).

    Parameters
    ----------
    features, labels
        The examples, (N, D) and (N,). The loss is NaN if N is 0, and inf or NaN if a number overflows.
    """
    return _mean_over_examples(experiment, theta, features, labels, LOSSES[experiment.loss].value)


def accuracy_on(experiment: Experiment, theta: FloatArray, features: FloatArray, labels: FloatArray) -> FloatArray:
    """Return the share of examples whose class is the network's most probable one, (...,), for theta (..., P).

    Parameters
    ----------
    features, labels
        The examples, (N, D) and (N,). The accuracy is NaN if N is 0.

    Raises
    ------
    ValueError
        If the experiment's loss is not for classes.

    Examples
    --------
    >>> from gradreel.core.datasets import PointsDataset
    >>> points = PointsDataset(points=[[-1.0, 0.0], [1.0, 1.0], [2.0, 1.0]])
    >>> line = Experiment(dataset=points, hidden=(), loss="bce")  # theta is w, b: the logit is w x + b
    >>> accuracy_on(line, np.array([1.0, -1.5]), points.features(), points.labels())
    array(0.66666667)
    """
    output = LOSSES[experiment.loss].output
    if output == "prediction":
        raise ValueError(f"loss {experiment.loss} predicts numbers; an accuracy needs a loss for classes, bce or ce")

    def is_right(y: FloatArray, labels: FloatArray) -> NDArray[np.bool_]:
        return np.asarray((y.argmax(axis=-1) if output == "logits" else y > 0) == labels)

    return _mean_over_examples(experiment, theta, features, labels, is_right)


def _mean_over_examples(
    experiment: Experiment,
    theta: FloatArray,
    features: FloatArray,
    labels: FloatArray,
    score: Callable[[FloatArray, FloatArray], NDArray[Any]],
) -> FloatArray:
    """Return the mean of ``score(predictions, labels)`` over the examples, (...,), for theta (..., P); NaN without any.

    ``score`` returns a number for each example. Not all predictions are held at once.
    """
    rows = theta.reshape(-1, theta.shape[-1])
    if not len(labels):
        return np.full(theta.shape[:-1], np.nan)
    chunk = max(1, _CHUNK // (len(labels) * max(1, *experiment.hidden, experiment.dataset.n_features)))
    means = np.empty(len(rows))
    with np.errstate(over="ignore", invalid="ignore"):
        for start in range(0, len(rows), chunk):
            predicted = predict(experiment, rows[start : start + chunk], features)
            means[start : start + chunk] = score(predicted, labels).mean(axis=-1)
    return means.reshape(theta.shape[:-1])


def _weights_times_values(values: FloatArray, weights: FloatArray) -> FloatArray:
    """Return W x for each example: values (..., N, D) and weights (..., H, D) to (..., N, H)."""
    if weights.shape[-1] == 1:  # one feature, so there is no sum, and numpy's matmul is slow
        return values * weights[..., None, :, 0]
    return values @ np.swapaxes(weights, -1, -2)
