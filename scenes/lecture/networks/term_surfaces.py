"""A network of one hidden layer as a function of two features: a surface over the plane of both, term by term.

    ground = ground_of(run.dataset, example.x)            # (low, high) of x_1 and of x_2, in the views' unit
    surface = surface_of(run, theta, example.x, ground, 25)
    surface.height(2)     # (25, 25): b and the first two terms, c_i sigma(b_i + sum_j w_ij x_j)

``theta`` is `worked_example.in_thousands`: of the function that takes views in their own unit, and says them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from gradreel.core.arrays import FloatArray, IntArray
from gradreel.core.daily.units import view_unit
from gradreel.core.daily.views import DailyViews
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import hidden_terms, predict, unpack
from gradreel.core.network.worked_example import Example

USUAL, WIDER = (0.005, 0.995), 0.35
"""Shares of all days that have fewer views than the usual lowest and highest; the ground reaches beyond them by WIDER
of the way between them, so that one sees where a unit has come to its end."""
ROOM, LEAST = 0.12, 0.3
"""Around points that are looked at closely, as a share of what they cover; of all the ground, so much at least."""
NEAR = 0.06
"""How far a held feature of a near day may be from the held value, as a share of the ground's length."""


@dataclass(frozen=True, eq=False)
class Surface:
    """What H units add to a constant over a square of x_1 and x_2, the other features held."""

    axis: FloatArray  # (N,)  x_1 of the columns, x_2 of the rows
    held: FloatArray  # (D - 2,)  x_3, ...
    constant: float  # b
    terms: FloatArray  # (H, N, N)  c_i sigma(b_i + sum_j w_ij x_j) at [i, x_2, x_1]

    @property
    def n_terms(self) -> int:
        return len(self.terms)

    def height(self, count: int | None = None) -> FloatArray:
        """(N, N): the constant and the first ``count`` terms, by default all: the network's prediction."""
        return np.asarray(self.constant + self.terms[:count].sum(axis=0))

    def extent(self) -> tuple[float, float]:
        """The lowest and the highest of all partial sums."""
        sums = self.constant + np.cumsum(self.terms, axis=0)
        return min(self.constant, float(sums.min())), max(self.constant, float(sums.max()))


@dataclass(frozen=True)
class Swing:
    """What is done to one term for a try: its weights turned, its bias moved, its c made another."""

    turn: float = 0.0  # degrees, about the ground's middle
    move: float = 0.0  # of the ramp, up the slope, in lengths of the ground
    lift: float = 1.0  # c's factor


def ground_of(dataset: DailyViews, x: FloatArray) -> tuple[float, float]:
    """From where to where x_1 and x_2 go, in the views' unit: beyond nearly all days' views, and the example's x (D,).

    Not below 0, which no day is. Wide enough to hold every day where nearly all are alike.
    """
    views = dataset.daily.array() / view_unit(dataset).size
    low, high = (float(end) for end in np.quantile(views, USUAL))
    if not low < high:
        low, high = float(views.min()), float(views.max())
    room = WIDER * (high - low)
    return max(0.0, min(low - room, float(x[:2].min()))), max(high + room, float(x[:2].max()))


def surface_of(run: Experiment, theta: FloatArray, x: FloatArray, ground: tuple[float, float], count: int) -> Surface:
    """The network with theta (P,) over ``count`` x ``count`` points of the ground, x_3, ... as in the example x (D,).

    ValueError unless the network has one hidden layer and two features or more.
    """
    if len(run.hidden) != 1 or len(x) < 2:
        raise ValueError(f"a surface is that of one hidden layer and two features or more, not {run.hidden}, {len(x)}")
    terms = hidden_terms(run, theta, _points(x, ground, count)).T.reshape(-1, count, count)
    return Surface(np.linspace(*ground, count), np.asarray(x[2:]), float(unpack(run, theta).b), terms)


@dataclass(frozen=True, eq=False)
class Walk:
    """The surface after K updates of a training run, the first and the last among them."""

    updates: IntArray  # (K,)
    constant: FloatArray  # (K,)
    terms: FloatArray  # (K, H, N, N)
    days: FloatArray  # (K, M)  what the network says of M days

    def height(self, k: int) -> FloatArray:
        """(N, N): the prediction at state k."""
        return np.asarray(self.constant[k] + self.terms[k].sum(axis=0))

    def heights(self) -> FloatArray:
        return np.asarray(self.constant[:, None, None] + self.terms.sum(axis=1))  # (K, N, N)

    def at(self, which: IntArray) -> Walk:
        """Of these states alone."""
        return Walk(self.updates[which], self.constant[which], self.terms[which], self.days[which])


def walk_of(
    run: Experiment,
    updates: IntArray,
    thetas: FloatArray,
    x: FloatArray,
    ground: tuple[float, float],
    count: int,
    days: FloatArray,
) -> Walk:
    """The surfaces of thetas (K, P), reached after ``updates`` (K,), and what they say of days (M, D)."""
    points = _points(x, ground, count)
    terms = np.swapaxes(hidden_terms(run, thetas, points), 1, 2).reshape(len(thetas), -1, count, count)
    return Walk(updates, np.asarray(unpack(run, thetas).b), terms, np.asarray(predict(run, thetas, days)))


def swung_theta(run: Experiment, theta: FloatArray, surface: Surface, i: int, swing: Swing) -> FloatArray:
    """A copy of theta (P,) in which the weights, the bias and the c of term i are others."""
    other = np.array(theta, dtype=np.float64)
    layers = unpack(run, other)  # views of it
    w, middle = layers.weights[0][i, :2], np.full(2, (surface.axis[0] + surface.axis[-1]) / 2)
    angle, old = np.deg2rad(swing.turn), w.copy()
    w[...] = np.cos(angle) * old[0] - np.sin(angle) * old[1], np.sin(angle) * old[0] + np.cos(angle) * old[1]
    reach = swing.move * (surface.axis[-1] - surface.axis[0])
    layers.biases[0][i] += (old - w) @ middle - float(np.hypot(*old)) * reach
    layers.c[i] *= swing.lift
    return other


def swung(run: Experiment, theta: FloatArray, surface: Surface, i: int, swing: Swing) -> FloatArray:
    """Term i (N, N) of the surface of theta (P,) if its weights, its bias and its c were others; theta stays."""
    other = swung_theta(run, theta, surface, i, swing)
    x, count = np.array([0.0, 0.0, *surface.held]), len(surface.axis)
    ground = float(surface.axis[0]), float(surface.axis[-1])
    return np.asarray(hidden_terms(run, other, _points(x, ground, count))[:, i].reshape(count, count))


def _points(x: FloatArray, ground: tuple[float, float], count: int) -> FloatArray:
    """The mesh' points as features (N N, D), x_1 running first."""
    axis = np.linspace(*ground, count)
    points = np.empty((count, count, len(x)))
    points[..., 0], points[..., 1], points[..., 2:] = axis, axis[:, None], x[2:]
    return points.reshape(-1, len(x))


def ground_around(x: FloatArray, ground: tuple[float, float]) -> tuple[float, float]:
    """The part of the ground that the points x (K, 2) lie on, with some room around them; one range for both axes."""
    (low, high), first, last = ground, float(x.min()), float(x.max())
    middle, half = (last + first) / 2, max((last - first) / 2 + ROOM * (last - first), LEAST * (high - low) / 2)
    return max(low, middle - half), min(high, middle + half)


def near_days(
    dataset: DailyViews, example: Example, ground: tuple[float, float], among: int, most: int | None = None
) -> tuple[FloatArray, FloatArray]:
    """Views (K, D) before each of at most ``among`` other days, and on it (K,): those nearest in what is held.

    They are days that the network has learned from: what comes after is for choosing, and for the exam.

    Both x_1 and x_2 lie on the ground, and each other feature within `NEAR` of the ground's length of the example's.
    Where more days than ``among`` are as near, they are spread over the series. ``most``: of all these, so many that
    lie apart on the ground, whatever their own views are.
    """
    window = dataset.window
    views = dataset.daily.array() / view_unit(dataset).size
    x, labels = np.lib.stride_tricks.sliding_window_view(views, window)[:-1, ::-1], views[window:]
    low, high = ground
    distance = np.abs(x[:, 2:] - example.x[2:]).max(axis=1, initial=0.0)
    fits = (distance <= NEAR * (high - low)) & ((x[:, :2] >= low) & (x[:, :2] <= high)).all(axis=1)
    fits[(dataset.first_validation - dataset.daily.start).days - window :] = False
    fits[(example.day - dataset.daily.start).days - window] = False
    found = np.flatnonzero(fits)
    if len(found) > among and window > 2:
        found = np.sort(found[np.argsort(distance[found], kind="stable")[:among]])
    elif len(found) > among:
        found = found[np.linspace(0, len(found) - 1, among).round().astype(int)]
    if most is not None and len(found) > most:
        found = found[_apart(x[found, :2], example.x[:2], most)]
    return x[found].copy(), labels[found].copy()


def _apart(points: FloatArray, start: FloatArray, count: int) -> IntArray:
    """Which ``count`` of the points (K, 2): one by one that farthest from those before it, and from ``start``."""
    nearest, chosen = np.hypot(*(points - start).T), []
    for _ in range(count):
        chosen.append(int(nearest.argmax()))
        nearest = np.minimum(nearest, np.hypot(*(points - points[chosen[-1]]).T))
        nearest[chosen] = -1.0
    return np.sort(chosen)
