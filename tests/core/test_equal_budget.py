"""A wide and a deep network with equally many parameters."""

from __future__ import annotations

import numpy as np
import pytest
from gradreel.core.analysis.equal_budget import (
    count_lower,
    curve_bends,
    folded_values,
    folding_network,
    match_runs,
    network_bends,
    relu_per_bend_network,
    zigzag,
)
from gradreel.core.datasets import CurveDataset, PointsDataset
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import predict


def drawn(built, x):
    return predict(built.network, built.theta[None], built.network.dataset.features_at(x))[0]


@pytest.mark.parametrize("folds", [1, 2, 3, 4, 6])
def test_folds_of_folds_are_the_zigzag_and_double_the_bends(folds):
    built = folding_network(folds)
    x = np.linspace(0.0, built.network.dataset.range[1], 977)
    y = x / x[-1]
    for _ in range(folds):
        y = folded_values(y)
    assert drawn(built, x) == pytest.approx(y, abs=1e-12)
    assert drawn(built, x) == pytest.approx(zigzag(folds).curve()(x), abs=1e-12)
    assert network_bends(built.network, built.theta) == pytest.approx(np.arange(2**folds) * x[-1] / 2**folds, abs=1e-9)


@pytest.mark.parametrize("folds", [2, 4, 6])
def test_one_layer_with_as_many_relus_makes_one_bend_each(folds):
    fat, deep = relu_per_bend_network(zigzag(folds), 2 * folds), folding_network(folds)
    assert sum(fat.network.hidden) == sum(deep.network.hidden)
    assert fat.network.n_parameters == deep.network.n_parameters
    assert len(network_bends(fat.network, fat.theta)) == 2 * folds


@pytest.mark.parametrize("dataset", [
    CurveDataset(),
    CurveDataset(knots=((0, 0), (1, 2), (2, 4), (3, 1)), low=0, high=4),
    CurveDataset(knots=((0, 3), (5, 1)), low=1, high=4),
], ids=["red", "a knot that is no bend", "within a segment"])  # fmt: skip
def test_one_relu_per_bend_makes_any_curve(dataset):
    built = relu_per_bend_network(dataset)
    x = np.linspace(*dataset.range, 501)
    assert drawn(built, x) == pytest.approx(dataset.curve()(x), abs=1e-12)
    places, changes = curve_bends(dataset)
    assert built.network.hidden == (len(places),) == (len(changes),)
    inside = places[places > dataset.range[0]]
    assert network_bends(built.network, built.theta) == pytest.approx(inside)


def test_fewer_relus_draw_the_curve_up_to_the_next_bend():
    built = relu_per_bend_network(CurveDataset(), 2)
    x = np.array([0.5, 2.0, 4.4, 5.0])
    assert drawn(built, x) == pytest.approx([1.0, 2.5, 4 - 1.4 * 4 / 3, 4 - 2.0 * 4 / 3])


@pytest.mark.parametrize("count", [0, 5])
def test_more_relus_than_bends_are_refused(count):
    with pytest.raises(ValueError, match=f"4 bends, {count} ReLUs"):
        relu_per_bend_network(CurveDataset(), count)


@pytest.mark.parametrize("seed", [0, 1, 2, 3])
def test_bends_of_any_theta_are_where_a_dense_sample_shows_them(seed):
    network = Experiment(dataset=CurveDataset(), hidden=(7, 6, 5), activation="relu")
    theta = np.random.default_rng(seed).normal(size=network.n_parameters)
    x = np.linspace(*network.dataset.range, 200_001)
    y = predict(network, theta[None], network.dataset.features_at(x))[0]
    turns = np.flatnonzero(np.abs(np.diff(np.diff(y))) > 1e-9) + 1
    groups = np.split(turns, np.flatnonzero(np.diff(turns) > 1) + 1)
    bends = network_bends(network, theta)
    assert len(bends) == len(groups) > 4
    assert bends == pytest.approx([x[group].mean() for group in groups], abs=1e-4)


def test_bends_of_sigmoids_are_not_counted():
    network = Experiment(dataset=CurveDataset(), hidden=(2,), activation="sigmoid")
    with pytest.raises(ValueError, match="not for sigmoid on curve"):
        network_bends(network, np.zeros(network.n_parameters))


def test_half_a_fold_halves_the_upper_part():
    y = np.array([0.25, 0.5, 0.75, 1.0])
    assert folded_values(y, 0.5, 0.0) == pytest.approx([0.25, 0.5, 0.5, 0.5])
    assert folded_values(y, 0.0, 0.0) == pytest.approx(y)


def test_runs_of_a_match_differ_in_layers_and_seeds_alone():
    runs = match_runs(PointsDataset(), 12, (5, 4), (4, 7), 100, 0.02)
    assert [run.hidden for run in (*runs.fat, *runs.deep)] == [(12,), (12,), (5, 4), (5, 4)]
    assert [run.seed for run in runs.fat] == [run.seed for run in runs.deep] == [4, 7]
    alike = {run.model_copy(update={"hidden": (1,), "seed": 0}) for run in (*runs.fat, *runs.deep)}
    assert len(alike) == 1
    (run,) = alike
    assert (run.loss, run.optimizer, run.schedule, run.batch_size, run.learning_rate) == (
        "bce",
        "adam",
        "cosine",
        0,
        0.02,
    )


def test_long_runs_keep_few_states():
    (run,) = match_runs(PointsDataset(), 12, (5, 4), (0,), 50_000, 0.01).fat
    assert 300 < run.n_kept < 500


def test_equal_losses_are_not_lower():
    assert count_lower(np.array([1.0, 2.0, 3.0]), np.array([2.0, 2.0, 1.0])) == 1
