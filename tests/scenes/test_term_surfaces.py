"""A network over two features: every height is the network's own forward pass; what is held is held."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from gradreel.core.daily.series import DailySeries
from gradreel.core.daily.units import view_unit
from gradreel.core.daily.views import DailyViews
from gradreel.core.experiment import Experiment
from gradreel.core.network.worked_example import example_of, forward, in_thousands, label_day
from gradreel.scenes.lecture.networks.term_surfaces import ground_of, heights_over, surface_of
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
    theta = in_thousands(run, np.random.default_rng(seed).normal(size=run.n_parameters))
    example = example_of(run.dataset, label_day(run.dataset))
    return theta, example, ground_of(run.dataset, example.x)


@pytest.mark.parametrize("activation", ["sigmoid", "relu", "hard_sigmoid"])
@pytest.mark.parametrize(("window", "units"), [(2, 1), (3, 3), (5, 4)])
def test_each_height_is_the_forward_pass_of_its_point(window, units, activation):
    run = network(window, units, activation)
    theta, example, ground = of(run)
    surface = surface_of(run, theta, example.x, ground, 7)
    assert surface.terms.shape == (units, 7, 7)
    assert (surface.axis[0], surface.axis[-1]) == ground
    for row, x_2 in enumerate(surface.axis):
        for column, x_1 in enumerate(surface.axis):
            there = forward(run, theta, np.array([x_1, x_2, *example.x[2:]]), 0.0)
            assert surface.height()[row, column] == pytest.approx(there.y, rel=1e-12, abs=1e-12)
    over = heights_over(run, theta, example.x, surface.axis, surface.axis[2:4])
    assert over == pytest.approx(surface.height()[2:4])


def test_terms_are_added_one_by_one():
    run = network()
    theta, example, ground = of(run)
    surface = surface_of(run, theta, example.x, ground, 5)
    assert (surface.height(0) == surface.constant).all()
    for k in range(3):
        assert surface.height(k + 1) - surface.height(k) == pytest.approx(surface.terms[k], abs=1e-12)
    sums = [surface.height(k) for k in range(4)]
    assert surface.extent() == pytest.approx((np.min(sums), np.max(sums)))


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


def test_one_feature_or_two_layers_have_no_surface():
    run = network(1)
    theta = np.zeros(run.n_parameters)
    with pytest.raises(ValueError, match="two features or more"):
        surface_of(run, theta, np.ones(1), (0.0, 1.0), 3)
    deep = run.model_copy(update={"hidden": (2, 2)})
    with pytest.raises(ValueError, match="one hidden layer"):
        surface_of(deep, theta, np.ones(3), (0.0, 1.0), 3)
