"""The noise floor of the made-up channel: the error of a perfect prediction by its rule. Only made-up data have one.

It is computed over the same days as a loss, so the two can be compared. A network with a training loss below it has
memorized the noise of its training days.
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
    """Return the noise floor of each part of ``dataset``; None for views from a file, whose rule is unknown."""
    if not dataset.synthetic:
        return None
    errors = np.abs(synthetic_views().array() - best_guesses())[dataset.window :]
    training, validation, test = np.split(errors, np.cumsum([dataset.examples, dataset.n_validation]))
    return NoiseFloor(float(training.mean()), float(validation.mean()), float(test.mean()))
