"""A fat and a deep network of equally many parameters, trained alike on one curve, from the same seeds. No torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from gradreel.core.arrays import FloatArray
from gradreel.core.datasets import CurveDataset
from gradreel.core.experiment import Experiment, KeepEvery

STATES = 400
"""Kept of each run, about."""


def fat_and_deep(budget: int, depth: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Hidden layers of two networks on one feature: a single layer of H, and ``depth`` layers of w units each.

    w is the largest with which the deep one has at most ``budget`` parameters: 2 w + (depth - 1)(w² + w) + w + 1. H is
    such that the fat one's 3 H + 1 come nearest to as many: the two differ by 1 at most. ValueError for a budget too
    small for w = 1.
    """
    least = _deep_parameters(1, depth)
    if least > budget:
        raise ValueError(f"{depth} layers need at least {least} parameters, the budget is {budget}")
    width = 1
    while _deep_parameters(width + 1, depth) <= budget:
        width += 1
    return (round((_deep_parameters(width, depth) - 1) / 3),), (width,) * depth


def _deep_parameters(width: int, depth: int) -> int:
    return 2 * width + (depth - 1) * (width**2 + width) + width + 1


@dataclass(frozen=True)
class Match:
    """The runs of both networks, seed by seed; they differ in their hidden layers alone."""

    fat: tuple[Experiment, ...]  # S
    deep: tuple[Experiment, ...]  # S


def match(
    dataset: CurveDataset, budget: int, depth: int, seeds: Sequence[int], epochs: int, learning_rate: float
) -> Match:
    """Both networks of ReLUs on ``dataset``, by Adam with all examples in each batch. ValueError as `fat_and_deep`."""
    fat, deep = (
        tuple(
            Experiment(
                dataset=dataset,
                hidden=hidden,
                activation="relu",
                optimizer="adam",
                learning_rate=learning_rate,
                epochs=epochs,
                seed=seed,
                keep=KeepEvery(every=max(1, epochs // STATES)),
            )
            for seed in seeds
        )
        for hidden in fat_and_deep(budget, depth)
    )
    return Match(fat, deep)


def lower(first: FloatArray, second: FloatArray) -> int:
    """How often the first loss of a pair is the lower one: losses (S,) and (S,) of the same seeds."""
    return int(np.sum(np.asarray(first) < np.asarray(second)))
