"""A network over two features: heights of its pieces are those of the forward pass; what is held is held."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from gradreel.core.daily.series import DailySeries
from gradreel.core.daily.units import view_unit
from gradreel.core.daily.views import DailyViews
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import unpack
from gradreel.core.network.worked_example import example_of, forward, label_day, theta_in_view_units
from gradreel.scenes.lecture.networks.ground_heights import ground_of, pieces_over
from gradreel.scenes.lecture.runs import THREE_DAYS


def series(name: str, values: np.ndarray) -> DailySeries:
    return DailySeries(start=date(2024, 3, 1), values=tuple(map(float, values)), name=name)


VIRAL = series("viral.csv", np.where(np.arange(300) == 100, 1e7, 500.0 + np.arange(300) % 7))
FEW = series("few.csv", np.arange(200) * 7 % 5)
ALIKE = series("alike.csv", np.where(np.arange(300) == 299, 41.0, 40.0))


def network(
    window: int = 3, units: int = 3, activation: str = "sigmoid", series: str | DailySeries = "synthetic"
) -> Experiment:
    dataset = DailyViews(window=window, series=series)
    changes = {"dataset": dataset, "hidden": (units,), "activation": activation}
    return Experiment.model_validate({**THREE_DAYS.model_dump(), **changes})


def of(run: Experiment, seed: int = 0):
    """Random parameters, the example, and the ground of a run."""
    theta = theta_in_view_units(run, np.random.default_rng(seed).normal(size=run.n_parameters))
    example = example_of(run.dataset, label_day(run.dataset))
    return theta, example, ground_of(run.dataset, example.x)


@pytest.mark.parametrize("activation", ["sigmoid", "relu", "hard_sigmoid"])
@pytest.mark.parametrize(("window", "units"), [(2, 1), (3, 3), (5, 4)])
def test_pieces_are_what_each_unit_adds_in_the_forward_pass(window, units, activation):
    run = network(window, units, activation)
    theta, example, ground = of(run)
    axis_1, axis_2 = np.linspace(*ground, 7), np.linspace(*ground, 4)
    pieces = pieces_over(run, theta, example.x, axis_1, axis_2)
    assert pieces.shape == (units, 4, 7)
    layers = unpack(run, theta)
    for row, x_2 in enumerate(axis_2):
        for column, x_1 in enumerate(axis_1):
            there = forward(run, theta, np.array([x_1, x_2, *example.x[2:]]), 0.0)
            assert pieces[:, row, column] == pytest.approx(layers.c * there.a[0], rel=1e-12, abs=1e-12)
            assert layers.b + pieces[:, row, column].sum() == pytest.approx(there.y, rel=1e-12, abs=1e-12)


def test_the_ground_holds_nearly_all_days_and_the_one_that_is_shown():
    for shown in ("synthetic", VIRAL, FEW, ALIKE):
        run = network(series=shown)
        _, example, (low, high) = of(run)
        views = run.dataset.daily.array() / view_unit(run.dataset).size
        assert low < high
        assert ((views >= low) & (views <= high)).mean() > 0.98
        assert (low <= example.x[:2]).all() and (example.x[:2] <= high).all()
        assert low >= 0, "no day has fewer"
    assert of(network(series=VIRAL))[2][1] < 1, "one day does not make the ground"


def test_a_day_far_from_all_others_is_on_its_ground():
    run = network(series=VIRAL)
    example = example_of(run.dataset, run.dataset.daily.dates()[101].astype(object))
    assert example.x[0] == 1e7 / view_unit(run.dataset).size
    assert ground_of(run.dataset, example.x)[1] >= example.x[0]
