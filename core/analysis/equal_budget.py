"""A fat and a deep network of as many parameters: built by hand, and trained alike from the same seeds. No torch.

One layer of ReLUs makes one bend a ReLU (`one_bend_each`). In a stack each layer folds what the one before has folded
(`folding`): the bends double with each, with as many parameters. `bends` counts them exactly, for any theta.
The idea: Montúfar, Pascanu, Cho, Bengio 2014, https://arxiv.org/abs/1402.1869; the zigzag: Telgarsky 2015,
https://arxiv.org/abs/1509.08101.

The `match`, by training: two spirals in the plane, a class each, 200 points each, 2.25 turns, no noise. One layer of
146 ReLUs (585 parameters) against three layers of 16, 16 and 14 (573); cross-entropy, Adam, all points in each batch,
4 000 updates, the learning rate falling from 0.005 to 0 by a cosine, the seeds 0 to 4. The one whose loss on these
points is the lower at the end wins. All of this was fixed before these ten runs, and nothing was tuned afterwards;
of turns 2.25 and not 2.75, because arms that are further apart are seen at the back of a room. It was no blind choice:
on much the same spirals, tried by hand, the deep one had won five times of five at 2.25 turns and four at 2.75.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from gradreel.core.arrays import FloatArray
from gradreel.core.datasets import CurveDataset, PointsDataset
from gradreel.core.experiment import Experiment, KeepEvery
from gradreel.core.network.theta import unpack

FAT, DEEP = 146, (16, 16, 14)
"""ReLUs of the two networks of the match: in one layer, and layer by layer."""

UPDATES, RATE, SEEDS = 4000, 0.005, (0, 1, 2, 3, 4)
"""Of the match: how many updates, the learning rate that they begin with, and where the ten runs start."""

STATES = 400
"""Kept of each run, about."""
FOLD_WIDTH, FOLD_MARGIN = 2.0, 0.1
"""A zigzag goes from x = 0 to the first; left of it, it is flat for the second, so that its first bend can be seen."""
POINTS_A_PIECE = 16
SAME_SLOPE = 1e-6
"""Slopes that differ by less, as a share of the steepest, are one: rounding."""

SAME_PLACE = 1e-9
"""Bends that are closer, as a share of the range, are one."""


def zigzag(folds: int) -> CurveDataset:
    """The curve that ``folds`` folds make of a rising line: 2^folds bends and pieces, up and down between 0 and 1."""
    pieces = 2**folds
    knots = tuple((FOLD_WIDTH * k / pieces, float(k % 2)) for k in range(pieces + 1))
    return CurveDataset(knots=knots, low=-FOLD_MARGIN, high=FOLD_WIDTH, examples=POINTS_A_PIECE * pieces + 1)


@dataclass(frozen=True)
class Built:
    """A network with parameters found by thinking, not by training."""

    network: Experiment
    theta: FloatArray  # (P,)


def bend_places(dataset: CurveDataset) -> tuple[FloatArray, FloatArray]:
    """Where a curve bends within its range, (B,), and by how much its slope changes there, (B,).

    Left of the range it counts as flat: a curve that starts with a slope has its first bend there.
    """
    low, high = dataset.range
    curve = dataset.curve()
    inner = curve.x[(curve.x > low) & (curve.x < high)]
    x = np.array([low, *inner])
    slopes = np.diff(curve(np.array([*x, high]))) / np.diff(np.array([*x, high]))
    changes = np.diff(np.concatenate([[0.0], slopes]))
    real = np.abs(changes) > SAME_SLOPE * max(1e-300, float(np.abs(slopes).max()))
    return x[real], changes[real]


def one_bend_each(dataset: CurveDataset, relus: int | None = None) -> Built:
    """One layer of ``relus`` ReLUs, one for each of the curve's first bends, from the left; by default for all.

    It is the curve up to the next bend, and goes on straight from there. ValueError unless there are so many bends.
    """
    places, changes = bend_places(dataset)
    if not len(places):
        raise ValueError("the curve has no bend, so it needs no ReLU")
    count = len(places) if relus is None else relus
    if not 1 <= count <= len(places):
        raise ValueError(f"the curve has {len(places)} bends, {count} ReLUs were asked for")
    network = Experiment(dataset=dataset, hidden=(count,), activation="relu")
    first = float(dataset.curve()(dataset.range[0]))
    theta = np.concatenate([np.ones(count), dataset.offset - places[:count], changes[:count], [first]])
    return Built(network, theta)


def folding(folds: int) -> Built:
    """``folds`` layers of two ReLUs: each folds what comes in, from 0 to 1, at the half: u -> 2 u - 4 (u - 1/2)+.

    What comes out, from 0 to 1 again, is `zigzag`. As many ReLUs and parameters as one layer of 2 folds ReLUs.
    """
    dataset = zigzag(folds)
    network = Experiment(dataset=dataset, hidden=(2,) * folds, activation="relu")
    theta = np.zeros(network.n_parameters)
    layers = unpack(network, theta)
    layers.weights[0][:] = 1 / FOLD_WIDTH
    layers.biases[0][:] = dataset.offset / FOLD_WIDTH
    for weights in layers.weights[1:]:
        weights[:] = 2.0, -4.0
    for bias in layers.biases:
        bias[1] -= 0.5
    layers.c[:] = 2.0, -4.0
    return Built(network, theta)


def folded(y: FloatArray, fold: float = 1.0, stretch: float = 1.0) -> FloatArray:
    """What a layer of `folding` makes of ``y``, from 0 to 1; ``fold`` and ``stretch``: how far each step is done."""
    down = (1 - fold) * y + fold * np.minimum(y, 1 - y)
    return np.asarray((1 + stretch) * down)


def bends(network: Experiment, theta: FloatArray) -> FloatArray:
    """Where the curve of a network of ReLUs on one feature bends, within the range of its dataset: x, (B,), exactly.

    theta is (P,). Each layer's ReLUs turn where their input crosses 0; between all such places the curve is straight.
    Places where its slope stays the same are left out. ValueError unless the network has ReLUs and one feature.
    """
    dataset = network.dataset
    if not isinstance(dataset, CurveDataset) or network.activation != "relu":
        raise ValueError(f"bends are counted for ReLUs on a curve, not for {network.activation} on {dataset.kind}")
    layers = unpack(network, np.asarray(theta, dtype=np.float64))
    x = np.array(dataset.range)
    values = dataset.features_at(x)  # (K, units)
    for weights, bias in zip(layers.weights, layers.biases, strict=True):
        sums = values @ weights.T + bias
        more = _with_zeros(x, sums)
        values = np.maximum(0.0, np.stack([np.interp(more, x, unit) for unit in sums.T], axis=1))
        x = more
    y = values @ layers.c + layers.b
    slopes = np.diff(y) / np.diff(x)
    turns = np.abs(np.diff(slopes)) > SAME_SLOPE * np.abs(slopes).max()
    return np.asarray(x[1:-1][turns])


def _with_zeros(x: FloatArray, sums: FloatArray) -> FloatArray:
    """x (K,) and the places between where any of ``sums`` (K, units), straight from one x to the next, crosses 0."""
    before, after = sums[:-1], sums[1:]
    k, unit = np.nonzero(before * after < 0)
    share = before[k, unit] / (before[k, unit] - after[k, unit])
    more = np.unique(np.concatenate([x, x[k] + share * (x[k + 1] - x[k])]))
    least = SAME_PLACE * (x[-1] - x[0])
    apart = np.concatenate([[True], np.diff(more) > least]) & (x[-1] - more > least)
    return np.append(more[apart], x[-1])


@dataclass(frozen=True)
class Match:
    """The runs of both networks, seed by seed; they differ in their hidden layers alone."""

    fat: tuple[Experiment, ...]  # S
    deep: tuple[Experiment, ...]  # S


def match(
    dataset: PointsDataset,
    fat: int,
    deep: tuple[int, ...],
    seeds: Sequence[int],
    epochs: int,
    learning_rate: float,
) -> Match:
    """One layer of ``fat`` ReLUs and layers of ``deep`` on points of two classes, trained as said above.

    ValueError unless the points have classes.
    """
    fats, deeps = (
        tuple(
            Experiment(
                dataset=dataset,
                hidden=hidden,
                activation="relu",
                optimizer="adam",
                learning_rate=learning_rate,
                schedule="cosine",
                epochs=epochs,
                seed=seed,
                loss="bce",
                keep=KeepEvery(every=max(1, epochs // STATES)),
            )
            for seed in seeds
        )
        for hidden in ((fat,), deep)
    )
    return Match(fats, deeps)


def lower(first: FloatArray, second: FloatArray) -> int:
    """How often the first loss of a pair is the lower one: losses (S,) and (S,) of the same seeds."""
    return int(np.sum(np.asarray(first) < np.asarray(second)))
