"""What a classifier says about points of the plane: at the points and on a grid around them, at recorded states.

A logit is the network's output for a class; the class with the largest logit is its answer. A network with one output z
(loss "bce") has the logits 0 and z for the classes 0 and 1, so its softmax is the sigmoid of z.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

import numpy as np
from gradreel.core.arrays import FloatArray, IntArray, evenly_spaced_indices
from gradreel.core.datasets import PointsDataset
from gradreel.core.errors import UserError
from gradreel.core.experiment import Experiment
from gradreel.core.network.losses import softmax
from gradreel.core.network.theta import forward_pass, predict, unpack
from numpy.typing import NDArray

if TYPE_CHECKING:
    from gradreel.core.trace.trace import Trace

GRID = 121
"""Places along each side of the grid at which a network is asked."""
MARGIN = 0.07
"""Room around the points, as a share of their extent."""
SHEET_LINES, SHEET_FINE = 17, 97
"""Lines of a sheet over the plane each way, and places along each line."""
MOST_CLASSES = 10
MOST_MEASURED = 400
"""Most points whose probabilities are compared between states."""
LARGEST_LOGIT = 1e6
"""Larger logits, and infinite ones, count as this."""


@dataclass(frozen=True)
class PlaneView:
    """The square part of the plane that is seen: from ``low`` (2,) to ``high`` (2,), one scale for both axes."""

    low: FloatArray
    high: FloatArray

    @classmethod
    def around(cls, points: FloatArray) -> PlaneView:
        """Return the square around points (N, 2), with `MARGIN` on each side.

        Examples
        --------
        >>> view = PlaneView.around(np.array([[0.0, 0.0], [2.0, 1.0]]))
        >>> view.low.round(2), view.high.round(2)
        (array([-0.14, -0.64]), array([2.14, 1.64]))
        """
        low, high = points.min(axis=0), points.max(axis=0)
        half = (0.5 + MARGIN) * (float((high - low).max()) or 1.0)
        middle = (low + high) / 2
        return cls(middle - half, middle + half)

    def grid(self, count: int = GRID) -> FloatArray:
        """Return ``count`` x ``count`` places, (count², 2), a row of x1 for each x2, from the lowest x2 up."""
        (left, bottom), (right, top) = self.low, self.high
        places = np.meshgrid(np.linspace(left, right, count), np.linspace(bottom, top, count))
        return np.stack(places, axis=-1).reshape(-1, 2)

    def sheet(self) -> FloatArray:
        """Return the places of a sheet of lines, (2 * 17 * 97, 2): upright lines first, then level ones."""
        fine, coarse = np.linspace(0, 1, SHEET_FINE), np.linspace(0, 1, SHEET_LINES)
        lines = [np.column_stack([np.full(SHEET_FINE, at), fine]) for at in coarse]
        lines += [line[:, ::-1] for line in lines]
        return np.asarray(self.low + np.concatenate(lines) * (self.high - self.low))


@dataclass(frozen=True, eq=False)
class PlaneLayers:
    """What L hidden layers make of N points and of a sheet of M places, and the linear layer at the end."""

    values: list[FloatArray]  # L of (N + M, H_l)
    weights: FloatArray  # (K', H_L), K' outputs: 1 for a single logit
    bias: FloatArray  # (K',)

    def line(self, first: int, second: int) -> tuple[FloatArray, float]:
        """Return c (H_L,) and b: the logit of class ``second`` exceeds that of ``first`` where c . a + b > 0."""
        if len(self.weights) == 1:
            sign = 1.0 if second > first else -1.0
            return sign * self.weights[0], sign * float(self.bias[0])
        return self.weights[second] - self.weights[first], float(self.bias[second] - self.bias[first])


class ClassPlane(Protocol):
    """A classifier's answers at S states: N points (N, 2) of K classes, and a grid of m x m places around them."""

    points: FloatArray  # (N, 2)
    labels: IntArray  # (N,)  0 to K - 1
    updates: IntArray  # (S,)  updates made at each state
    n_classes: int  # K

    @property
    def view(self) -> PlaneView:
        """Return the part of the plane that the grid covers."""
        ...

    def at_points(self, state: int) -> FloatArray:
        """Return the logits at the points, (N, K)."""
        ...

    def on_grid(self, state: int) -> FloatArray:
        """Return the logits on the grid, (m, m, K), a row for each x2."""
        ...

    def layers_at(self, state: int) -> PlaneLayers:
        """Return the values of the hidden layers at the points and on the view's sheet."""
        ...


class TrainedPlane:
    """A `ClassPlane` of an experiment's trace: the network is asked when its answers are needed.

    Raises UserError as `refuse_other_than_planes`.
    """

    def __init__(self, trace: Trace) -> None:
        self._run, self._trace = trace.experiment, trace
        refuse_other_than_planes(self._run)
        data = self._run.dataset
        self.points = data.features()
        self.labels: IntArray = data.labels().astype(np.int64)
        self.updates: IntArray = np.asarray(trace.kept)
        self.n_classes = max(2, self._run.n_outputs)
        self.view = PlaneView.around(self.points)
        self._places = self.view.grid()
        self.on_grid = lru_cache(maxsize=3)(self._on_grid)

    def at_points(self, state: int) -> FloatArray:
        """Return the logits at the points, (N, K)."""
        return self._logits(state, self.points)

    def layers_at(self, state: int) -> PlaneLayers:
        """Return the hidden layers' values. Raises UserError for a network without any."""
        refuse_no_hidden_layer(self._run)
        theta = np.asarray(self._trace.parameters[state], dtype=np.float64)
        with np.errstate(all="ignore"):
            values = forward_pass(self._run, theta, np.concatenate([self.points, self.view.sheet()])).a
        layers = unpack(self._run, theta)
        return PlaneLayers(list(values), np.atleast_2d(layers.c), np.atleast_1d(layers.b))

    def _on_grid(self, state: int) -> FloatArray:
        """Return the logits on the grid, (m, m, K)."""
        return self._logits(state, self._places).reshape(GRID, GRID, self.n_classes)

    def _logits(self, state: int, places: FloatArray) -> FloatArray:
        """Return the logits at places (n, 2), (n, K)."""
        return class_logits(self._run, np.asarray(self._trace.parameters[state], dtype=np.float64), places)


def class_logits(run: Experiment, theta: FloatArray, places: FloatArray) -> FloatArray:
    """Return the logits of each class at places (n, 2), (n, K), by the network with theta (P,)."""
    with np.errstate(all="ignore"):
        said = predict(run, theta, places)
    return np.stack([np.zeros_like(said), said], axis=-1) if run.n_outputs == 1 else said


def refuse_other_than_planes(run: Experiment) -> None:
    """Raise UserError unless ``run`` learns two to ten classes of points in the plane; the message says what fits."""
    data = run.dataset
    if not isinstance(data, PointsDataset):
        raise UserError(
            f'found a dataset of kind "{data.kind}"; needed: points in the plane with classes, such as '
            'dataset = { kind = "points" } with loss = "bce" or "ce"; loss-curve shows a run on any data'
        )
    if data.n_features != 2:
        raise UserError(
            f"the points have {data.n_features} features; needed: 2, x1 and x2; loss-curve and network show this run"
        )
    if not run.is_classifier:
        raise UserError(f'the loss is "{run.loss}", for numbers; needed: "bce" or "ce"; loss-curve shows this run')
    if max(2, run.n_outputs) > MOST_CLASSES:
        raise UserError(f"{run.n_outputs} classes; needed: at most {MOST_CLASSES}; loss-curve shows this run")


def refuse_no_hidden_layer(run: Experiment) -> None:
    """Raise UserError if the network of ``run`` has no hidden layer."""
    if not run.hidden:
        raise UserError("this network has no hidden layer that bends the plane; decision-regions shows it")


def finite_logits(logits: FloatArray) -> FloatArray:
    """Return ``logits`` cut to +-`LARGEST_LOGIT`, 0 for NaN; same shape."""
    return np.clip(np.nan_to_num(logits, posinf=LARGEST_LOGIT, neginf=-LARGEST_LOGIT), -LARGEST_LOGIT, LARGEST_LOGIT)


def lead(logits: FloatArray) -> FloatArray:
    """Return by how much each logit exceeds the largest of the others, (..., K): positive where its class wins.

    Examples
    --------
    >>> lead(np.array([3.0, 1.0, 2.0]))
    array([ 1., -2., -1.])
    """
    ordered = np.sort(logits, axis=-1)
    largest, second = ordered[..., -1:], ordered[..., -2:-1]
    return np.asarray(logits - np.where(logits == largest, second, largest))


def log_odds(logits: FloatArray) -> FloatArray:
    """Return ln(p / (1 - p)) of the probability p of each class, (..., K), for logits (..., K).

    Examples
    --------
    >>> log_odds(np.array([0.0, 2.0]))  # of two classes, it is the difference of the logits
    array([-2.,  2.])
    """
    rest = [_log_sum(np.delete(logits, k, axis=-1)) for k in range(logits.shape[-1])]
    return np.asarray(logits - np.stack(rest, axis=-1))


def _log_sum(logits: FloatArray) -> FloatArray:
    """Return ln(sum_k exp(y_k)) of logits (..., K), (...)."""
    largest = logits.max(axis=-1, keepdims=True)
    return np.asarray(np.log(np.exp(logits - largest).sum(axis=-1)) + largest[..., 0])


def right_answers(plane: ClassPlane, state: int) -> NDArray[np.bool_]:
    """Return for which points the class has the largest logit at a state, (N,)."""
    return np.asarray(plane.at_points(state).argmax(axis=-1) == plane.labels)


def accuracies(plane: ClassPlane) -> FloatArray:
    """Return the share of points with the right answer, at each state, (S,)."""
    return np.array([float(right_answers(plane, state).mean()) for state in range(len(plane.updates))])


def movement(plane: ClassPlane, states: IntArray) -> FloatArray:
    """Return the probabilities of the classes at some points, (len(states), n): how far the picture moves.

    The points are at most `MOST_MEASURED`, evenly spaced.
    """
    some = evenly_spaced_indices(len(plane.points), MOST_MEASURED)
    logits = np.stack([finite_logits(plane.at_points(int(state))[some]) for state in states])
    return softmax(logits).reshape(len(states), -1)
