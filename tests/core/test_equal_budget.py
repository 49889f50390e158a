"""A fat and a deep network of equally many parameters."""

from __future__ import annotations

import numpy as np
import pytest
from gradreel.core.datasets import CurveDataset
from gradreel.core.equal_budget import fat_and_deep, lower, match
from gradreel.core.experiment import Experiment


@pytest.mark.parametrize("depth", [2, 3, 4, 6])
@pytest.mark.parametrize("budget", [20, 76, 210, 999, 5000])
def test_both_use_the_budget_and_are_equal_but_for_one(budget, depth):
    fat, deep = (Experiment(hidden=hidden, activation="relu") for hidden in fat_and_deep(budget, depth))
    assert len(fat.hidden) == 1
    assert len(deep.hidden) == depth and len(set(deep.hidden)) == 1
    assert abs(fat.n_parameters - deep.n_parameters) <= 1
    wider = Experiment(hidden=tuple(width + 1 for width in deep.hidden), activation="relu")
    assert deep.n_parameters <= budget < wider.n_parameters


def test_a_budget_that_is_too_small_is_refused():
    with pytest.raises(ValueError, match="6 layers need at least 14 parameters, the budget is 13"):
        fat_and_deep(13, 6)


def test_runs_differ_in_layers_and_seeds_alone():
    runs = match(CurveDataset(), 210, 3, (4, 7), 100, 0.02)
    assert [run.hidden for run in (*runs.fat, *runs.deep)] == [(69,), (69,), (9, 9, 9), (9, 9, 9)]
    assert [run.seed for run in runs.fat] == [run.seed for run in runs.deep] == [4, 7]
    alike = {run.model_copy(update={"hidden": (1,), "seed": 0}) for run in (*runs.fat, *runs.deep)}
    assert len(alike) == 1
    assert alike.pop().learning_rate == 0.02


def test_long_runs_keep_few_states():
    (run,) = match(CurveDataset(), 210, 3, (0,), 50_000, 0.01).fat
    assert 300 < run.n_kept < 500


def test_equal_losses_are_not_lower():
    assert lower(np.array([1.0, 2.0, 3.0]), np.array([2.0, 2.0, 1.0])) == 1
