"""The sigmoid that matches one hard sigmoid, in closed form; those of a curve's pieces, also as theta of a network."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from gradreel.core.arrays import FloatArray
from gradreel.core.curves.piecewise import Decomposition
from gradreel.core.datasets import CurveDataset
from gradreel.core.experiment import Experiment
from gradreel.core.network.activations import sigmoid
from gradreel.core.network.theta import unpack
from numpy.typing import ArrayLike


@dataclass(frozen=True)
class SigmoidMatch:
    """c * sigmoid(b + w x) beside a piece that ramps from 0 at ``start`` to ``height`` at ``end``."""

    w: float
    b: float
    c: float
    largest_gap: float  # largest |c * sigmoid(b + w x) - piece(x)| over all x


def match_by_slope(start: float, end: float, height: float) -> SigmoidMatch:
    """The sigmoid of the same height, with its middle in the middle of the ramp and the same slope there.

    A sigmoid's slope in its middle is c w / 4, the ramp's is height / (end - start), hence w = 4 / (end - start). The
    difference falls all along the ramp and is odd about its middle, so it is largest at the two corners:
    |height| * sigmoid(-2), 12 % of the height for every piece. Raises ValueError unless ``start < end``.
    """
    if not start < end:
        raise ValueError(f"a piece needs start < end, got {start} and {end}")
    w = 4.0 / (end - start)
    b = -w * (start + end) / 2
    return SigmoidMatch(w, b, height, largest_gap=abs(height * float(sigmoid(b + w * start))))


def matched_sum(parts: Decomposition, x: ArrayLike, cuts: int = 1) -> FloatArray:
    """The constant and a sigmoid for each piece, after cutting every piece into ``cuts`` equal ones; shape of ``x``.

    Each sigmoid misses its piece by 12 % of its height, so twice as many cuts halve what the sum misses at a corner.
    """
    at = np.asarray(x, dtype=np.float64)
    total = np.full(at.shape, parts.constant)
    for start, end, height in zip(parts.start, parts.end, parts.height, strict=True):
        corners = np.linspace(start, end, cuts + 1)
        for low, high in pairwise(corners):
            match = match_by_slope(float(low), float(high), float(height) / cuts)
            total = total + match.c * sigmoid(match.b + match.w * at)
    return total


def matched_theta(experiment: Experiment) -> FloatArray:
    """theta (P,) set by hand: sigmoid i matches piece i of the curve, the constant is the curve's.

    ``experiment`` learns a curve, with one layer of as many sigmoids as that has pieces. Raises ValueError if not.
    """
    if not isinstance(experiment.dataset, CurveDataset):
        raise ValueError(f"a curve has pieces, {experiment.dataset.kind} have none")
    parts = experiment.dataset.curve().decompose()
    if experiment.hidden != (len(parts),):
        raise ValueError(f"{len(parts)} pieces need one layer of as many sigmoids, got {experiment.hidden}")
    theta = np.empty(experiment.n_parameters)
    layers = unpack(experiment, theta)
    for i, piece in enumerate(zip(parts.start, parts.end, parts.height, strict=True)):
        match = match_by_slope(*map(float, piece))
        layers.weights[0][i, 0] = match.w
        layers.biases[0][i] = match.b + match.w * experiment.dataset.offset  # features are x less the offset
        layers.c[i] = match.c
    theta[-1] = parts.constant
    return theta
