"""A worked example: the network in thousand views, its forward pass, and derivatives against finite differences."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from gradreel.core.daily.series import DailySeries
from gradreel.core.daily.views import DailyViews
from gradreel.core.experiment import Experiment
from gradreel.core.network.activations import ACTIVATIONS
from gradreel.core.network.theta import predict, unpack
from gradreel.core.network.worked_example import (
    FARTHEST,
    backward,
    example_of,
    forward,
    forward_after_step,
    label_day,
    largest_falling_rate,
    theta_in_view_units,
)
from gradreel.scenes.lecture.runs import THREE_DAYS

DAYS = DailyViews(window=3)
NETWORKS = [
    THREE_DAYS,
    Experiment(dataset=DAYS, hidden=(), loss="mae"),
    Experiment(dataset=DAYS, hidden=(4, 2), activation="relu", loss="mse"),
    Experiment(dataset=DailyViews(window=5), hidden=(2,), activation="hard_sigmoid", loss="mae"),
]


def series(usual: float) -> DailyViews:
    values = usual * (1 + 0.3 * np.sin(np.arange(40)))
    return DailyViews(series=DailySeries(start=date(2024, 3, 1), values=tuple(values), name="mine.csv"), window=3)


def random_theta(run: Experiment, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=run.n_parameters)


@pytest.mark.parametrize("run", NETWORKS, ids=lambda run: f"{run.hidden}-{run.activation}")
def test_theta_in_view_units_is_the_same_function(run):
    theta = random_theta(run)
    day = label_day(run.dataset)
    example = example_of(run.dataset, day)
    values = forward(run, theta_in_view_units(run, theta), example.x, example.label)
    index = int((np.datetime64(day) - np.datetime64(run.dataset.first_validation_date)).astype(int))
    scaled = predict(run, theta, run.dataset.validation_features()[index : index + 1])[0]
    assert values.y * 1000 == pytest.approx(run.dataset.in_views(scaled), rel=1e-12)
    assert example.label * 1000 == pytest.approx(run.dataset.in_views(run.dataset.validation_labels()[index]))
    np.testing.assert_allclose(example.x * 1000, run.dataset.in_views(run.dataset.validation_features()[index]))


def test_theta_in_view_units_takes_a_whole_path_and_does_not_change_it():
    path = np.random.default_rng(1).normal(size=(7, 2, THREE_DAYS.n_parameters)).astype(np.float32)
    kept = path.copy()
    written = theta_in_view_units(THREE_DAYS, path)
    np.testing.assert_array_equal(path, kept)
    assert written.dtype == np.float64
    np.testing.assert_allclose(written[3, 1], theta_in_view_units(THREE_DAYS, path[3, 1]), rtol=1e-14)


def test_theta_in_view_units_refuses_other_data():
    with pytest.raises(ValueError, match="kind curve"):
        theta_in_view_units(Experiment(), random_theta(Experiment()))


def test_forward_agrees_with_explicit_sums():
    theta = random_theta(THREE_DAYS)
    layers = unpack(THREE_DAYS, theta)
    x = [4.1, 2.7, 3.3]
    r = [layers.biases[0][i] + sum(layers.weights[0][i, j] * x[j] for j in range(3)) for i in range(3)]
    a = [1 / (1 + np.exp(-value)) for value in r]
    values = forward(THREE_DAYS, theta, np.array(x), 4.0)
    assert values.r[0] == pytest.approx(r)
    assert values.a[0] == pytest.approx(a)
    assert values.y == pytest.approx(float(layers.b) + sum(layers.c[i] * a[i] for i in range(3)))
    assert values.error == pytest.approx(abs(values.y - 4.0))


@pytest.mark.parametrize("run", NETWORKS, ids=lambda run: f"{run.hidden}-{run.activation}")
@pytest.mark.parametrize("label", [-30.0, 30.0])
def test_every_derivative_agrees_with_finite_differences(run, label):
    theta = random_theta(run, 2)
    x = np.linspace(-0.4, 0.5, run.dataset.n_features)
    values = forward(run, theta, x, label)
    gradient = backward(run, theta, values).theta
    step = 1e-6
    for index, slope in enumerate(gradient):
        nudge = step * np.eye(len(theta))[index]
        up, down = (forward(run, theta + sign * nudge, x, label).error for sign in (1, -1))
        assert slope == pytest.approx((up - down) / (2 * step), rel=1e-5, abs=1e-6)


def test_an_activation_that_is_new_has_its_own_derivative(monkeypatch):
    tanh = replace(ACTIVATIONS["sigmoid"], value=np.tanh, derivative=lambda a: 1 - a**2)
    monkeypatch.setitem(ACTIVATIONS, "tanh", tanh)
    test_every_derivative_agrees_with_finite_differences(NETWORKS[2].model_copy(update={"activation": "tanh"}), 30.0)


def far(before, after) -> bool:
    """Return whether a step moves an r farther than `FARTHEST`."""
    return any((np.abs(new - old) > FARTHEST).any() for old, new in zip(before.r, after.r, strict=True))


@pytest.mark.parametrize("run", NETWORKS, ids=lambda run: f"{run.hidden}-{run.activation}")
@pytest.mark.parametrize("label", [-30.0, 0.4])
def test_the_largest_power_of_ten_that_lowers_the_error_is_the_rate(run, label):
    theta = random_theta(run, 2)
    values = forward(run, theta, np.linspace(-0.4, 0.5, run.dataset.n_features), label)
    derivatives = backward(run, theta, values)
    rate = largest_falling_rate(run, theta, values, derivatives)
    assert forward_after_step(run, theta, values, derivatives, rate).error < values.error
    moved = forward(run, theta - rate * derivatives.theta, values.x, label)
    assert forward_after_step(run, theta, values, derivatives, rate).y == moved.y
    if rate < 1:
        longer = forward_after_step(run, theta, values, derivatives, 10 * rate)
        assert longer.error >= values.error or far(values, longer)


@pytest.mark.parametrize("usual", [512.0, 512e3])
@pytest.mark.parametrize("loss", ["mae", "mse"])
def test_on_large_views_too_a_small_step_is_found_that_stays_near(usual, loss):
    """Derivatives by w are tens of thousands here: a step of 1e-9 may move every r so far that all sigmoids
    saturate.
    """
    settings = {"dataset": series(usual), "loss": loss, "batch_size": 0}
    run = Experiment.model_validate({**THREE_DAYS.model_dump(), **settings})
    example = example_of(run.dataset, label_day(run.dataset))
    for seed in range(20):
        theta = theta_in_view_units(run, random_theta(run, seed))
        values = forward(run, theta, example.x, example.label)
        derivatives = backward(run, theta, values)
        rate = largest_falling_rate(run, theta, values, derivatives)
        assert rate is not None
        after = forward_after_step(run, theta, values, derivatives, rate)
        assert after.error < values.error and not far(values, after)


def test_no_step_lowers_an_error_of_zero():
    theta = random_theta(THREE_DAYS)
    y = forward(THREE_DAYS, theta, np.array([0.1, 0.2, 0.3]), 0.0).y
    values = forward(THREE_DAYS, theta, np.array([0.1, 0.2, 0.3]), y)
    assert values.error == 0
    assert largest_falling_rate(THREE_DAYS, theta, values, backward(THREE_DAYS, theta, values)) is None


def test_derivatives_by_r_equal_those_by_the_biases():
    """A bias is added to r, so nudging it nudges r. And dL/da is dL/dr without the activation's derivative."""
    run = NETWORKS[2]
    theta = random_theta(run, 2)
    values = forward(run, theta, np.array([0.3, -0.2, 0.4]), 1.0)
    back = backward(run, theta, values)
    layers = back.layers(run)
    for r, a, bias, after in zip(back.r, back.a, layers.biases, values.a, strict=True):
        np.testing.assert_array_equal(r, bias)
        np.testing.assert_allclose(r, a * ACTIVATIONS[run.activation].derivative(after))
    assert back.y == layers.b


def test_the_day_of_the_lecture_is_held_out():
    day = label_day(DAYS)
    assert day == date(2020, 3, 15)
    example = example_of(DAYS, day)
    assert example.held_out
    assert example_of(DAYS, date(2020, 1, 1)).held_out
    assert not example_of(DAYS, date(2019, 12, 31)).held_out
    views = dict(zip(DAYS.daily.dates().tolist(), DAYS.daily.values, strict=True))
    days_before = (date(2020, 3, 14), date(2020, 3, 13), date(2020, 3, 12))
    assert example.x.tolist() == [views[before] / 1000 for before in days_before]
    assert example.label == views[day] / 1000


def test_a_day_without_enough_days_before_it_is_refused_with_the_bounds():
    assert example_of(DAYS, date(2015, 1, 4)).x.shape == (3,)
    for day in (date(2015, 1, 3), date(2022, 1, 1)):
        with pytest.raises(ValueError, match="from 2015-01-04 to 2021-12-31"):
            label_day(DAYS, day)


def test_a_short_series_shows_its_last_day():
    assert label_day(series(5000)) == date(2024, 4, 9)
