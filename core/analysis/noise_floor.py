"""The noise floor: what one who knows the rule of our made-up channel misses by. Only made-up data have one.

It is of the very days of each part, so that a loss can be compared with it: a network that is below it on the days that
it was trained on has learned their noise by heart.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from gradreel.core.daily.synthetic import best_guesses, synthetic_views
from gradreel.core.daily.views import DailyViews


@dataclass(frozen=True)
class NoiseFloor:
    """Mean absolute errors in views of `best_guesses`, each over the label days of one part."""

    training: float
    validation: float
    test: float


def noise_floor(dataset: DailyViews) -> NoiseFloor | None:
    """The floor of each part of ``dataset``; None of views from a file, whose rule nobody knows."""
    if not dataset.synthetic:
        return None
    missed = np.abs(synthetic_views().array() - best_guesses())[dataset.window :]
    training, validation, test = np.split(missed, np.cumsum([dataset.examples, dataset.n_validation]))
    return NoiseFloor(float(training.mean()), float(validation.mean()), float(test.mean()))
