"""The layout of theta and the network's formulas agree with explicit sums."""

import math

import numpy as np
import pytest
from gradreel.core.arrays import FloatArray
from gradreel.core.datasets import CurveDataset
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import hidden_terms, loss, parameter_names, parameter_shapes, predict, unpack


def random_theta(experiment: Experiment, *shape: int) -> FloatArray:
    return np.random.default_rng(0).normal(size=(*shape, experiment.n_parameters))


def test_one_hidden_layer_is_the_lectures_long_vector() -> None:
    names = parameter_names(Experiment())
    assert names == ["w_1_1", "w_2_1", "w_3_1", "b_1", "b_2", "b_3", "c_1", "c_2", "c_3", "b"]


def test_deeper_networks_go_layer_by_layer() -> None:
    experiment = Experiment(hidden=(2, 1, 2))
    first, second = ["w_1_1", "w_2_1", "b_1", "b_2"], ["w'_1_1", "w'_1_2", "b'_1"]
    third = ["w''_1_1", "w''_2_1", "b''_1", "b''_2"]
    assert parameter_names(experiment) == [*first, *second, *third, "c_1", "c_2", "b"]
    assert dict(parameter_shapes(experiment))["w''"] == (2, 1)


def test_theta_of_the_linear_model_is_slope_and_intercept() -> None:
    linear = Experiment(hidden=())
    assert parameter_names(linear) == ["w_1", "b"]
    np.testing.assert_allclose(predict(linear, np.array([2.0, 1.0]), np.array([[0.0], [3.0]])), [1, 7])


def test_layers_are_views_by_rows() -> None:
    experiment = Experiment(hidden=(2, 3))
    theta = np.arange(float(experiment.n_parameters))
    layers = unpack(experiment, theta)
    np.testing.assert_array_equal(layers.weights[0], [[0], [1]])
    np.testing.assert_array_equal(layers.biases[0], [2, 3])
    np.testing.assert_array_equal(layers.weights[1], [[4, 5], [6, 7], [8, 9]])
    np.testing.assert_array_equal(layers.biases[1], [10, 11, 12])
    np.testing.assert_array_equal(layers.c, [13, 14, 15])
    assert layers.b == 16
    layers.weights[1][2, 0] = -1
    assert theta[8] == -1


def test_a_prediction_is_the_lectures_sum() -> None:
    experiment = Experiment()
    theta = random_theta(experiment)
    w, b, c, b0 = theta[:3], theta[3:6], theta[6:9], theta[9]
    for x in (-3.0, 0.0, 2.5):
        by_hand = b0 + sum(c[i] / (1 + math.exp(-(b[i] + w[i] * x))) for i in range(3))
        assert predict(experiment, theta, np.array([[x]]))[0] == pytest.approx(by_hand, rel=1e-14)


def test_two_layers_written_out() -> None:
    experiment = Experiment(hidden=(2, 2), activation="relu")
    theta = random_theta(experiment)
    layers = unpack(experiment, theta)
    x = 1.7
    a = [max(0, layers.weights[0][i, 0] * x + layers.biases[0][i]) for i in range(2)]
    a = [max(0, sum(layers.weights[1][i, j] * a[j] for j in range(2)) + layers.biases[1][i]) for i in range(2)]
    by_hand = layers.b + sum(layers.c[i] * a[i] for i in range(2))
    assert predict(experiment, theta, np.array([[x]]))[0] == pytest.approx(by_hand, rel=1e-14)


@pytest.mark.parametrize("hidden", [(), (3,), (4, 2)])
@pytest.mark.parametrize("activation", ["sigmoid", "relu", "hard_sigmoid"])
def test_leading_axes_are_many_networks_at_once(hidden: tuple[int, ...], activation: str) -> None:
    experiment = Experiment(hidden=hidden, activation=activation, dataset=CurveDataset(examples=9))
    theta, features = random_theta(experiment, 2, 5), experiment.dataset.features()
    together = predict(experiment, theta, features)
    assert together.shape == (2, 5, 9)
    assert hidden_terms(experiment, theta, features).shape == (2, 5, 9, hidden[-1] if hidden else 1)
    losses = loss(experiment, theta)
    assert losses.shape == (2, 5)
    for index in np.ndindex(2, 5):
        np.testing.assert_allclose(together[index], predict(experiment, theta[index], features), rtol=1e-13)
        assert losses[index] == pytest.approx(float(loss(experiment, theta[index])), rel=1e-13)


def test_the_terms_and_b_add_up_to_the_prediction() -> None:
    experiment = Experiment(hidden=(4, 3))
    theta, features = random_theta(experiment, 6), experiment.dataset.features()
    total = hidden_terms(experiment, theta, features).sum(-1) + theta[:, -1:]
    np.testing.assert_allclose(total, predict(experiment, theta, features), rtol=1e-13, atol=1e-14)


def test_the_loss_is_a_mean_without_a_half() -> None:
    theta = random_theta(Experiment())
    error = predict(Experiment(), theta, Experiment().dataset.features()) - Experiment().dataset.labels()
    assert float(loss(Experiment(), theta)) == pytest.approx(sum(e * e for e in error) / 81, rel=1e-13)
    assert float(loss(Experiment(loss="mae"), theta)) == pytest.approx(sum(abs(e) for e in error) / 81, rel=1e-13)


def test_a_long_path_is_cut_into_pieces_that_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    experiment = Experiment()
    theta = random_theta(experiment, 1000)
    at_once = loss(experiment, theta)
    monkeypatch.setattr("gradreel.core.network.theta._CHUNK", 700)
    np.testing.assert_allclose(loss(experiment, theta), at_once, rtol=1e-13)


def test_theta_of_another_network_is_refused() -> None:
    with pytest.raises(ValueError, match="9 parameters, this network has 10"):
        predict(Experiment(), np.zeros(9), np.zeros((1, 1)))
