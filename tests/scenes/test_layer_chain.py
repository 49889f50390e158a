"""Tests that a chain of fully connected layers is found in theta, for our runs and recorded ones."""

import numpy as np
import pytest
from gradreel.core.errors import UserError
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import unpack
from gradreel.core.trace.recorded_run import RecordedPart, RecordedRun
from gradreel.scenes.lecture.any_run.layer_chain import layer_chain


def recorded(*parts: tuple[str, tuple[int, ...]]) -> RecordedRun:
    made = tuple(RecordedPart(name=name, shape=shape, dtype="float32", trained=True) for name, shape in parts)
    return RecordedRun(model="mine.Model", parts=made, optimizers=(), dtype="float32", updates=3, state_dict={})


@pytest.mark.parametrize("hidden", [(), (3,), (4, 2, 3)])
def test_an_experiments_layers_are_those_of_theta(hidden):
    run = Experiment(hidden=hidden)
    chain = layer_chain(run)
    theta = np.arange(float(run.n_parameters))
    layers = unpack(run, theta)
    assert chain.widths == (1, *hidden, 1)
    assert chain.n_parameters == run.n_parameters
    for k, weights in enumerate((*layers.weights, layers.c[None])):
        np.testing.assert_array_equal(chain.weights(theta, k), weights)
    assert chain.n_weights == sum(weights.size for weights in (*layers.weights, layers.c))


def test_indices_name_the_weight_to_one_neuron_from_another():
    chain = layer_chain(Experiment(hidden=(4, 2, 3)))
    theta = np.arange(float(chain.n_parameters))
    to, start = np.array([0, 2]), np.array([1])
    np.testing.assert_array_equal(theta[chain.indices(2, to, start)], chain.weights(theta, 2)[np.ix_(to, start)])


def test_a_recorded_chain_is_read_by_its_shapes():
    chain = layer_chain(recorded(("0.weight", (16, 1)), ("0.bias", (16,)), ("2.weight", (1, 16)), ("2.bias", (1,))))
    assert (chain.widths, chain.starts, chain.n_parameters) == ((1, 16, 1), (0, 32), 49)
    without = layer_chain(recorded(("a", (5, 3)), ("b", (5, 5)), ("b.bias", (5,)), ("c", (2, 5))))
    assert (without.widths, without.starts) == ((3, 5, 5, 2), (0, 15, 45))


@pytest.mark.parametrize(
    ("parts", "named"),
    [
        ([("conv.weight", (8, 3, 3, 3))], "conv.weight"),
        ([("0.weight", (4, 2)), ("0.bias", (4,)), ("norm.weight", (4,))], "norm.weight"),
        ([("0.weight", (4, 2)), ("1.weight", (3, 5))], "1.weight.*here 4"),
        ([("scale", (3,))], "scale"),
        ([("0.weight", (4, 2)), ("0.bias", (5,))], "0.bias"),
        ([("0.weight", (0, 2))], "0.weight"),
    ],
)
def test_anything_else_is_refused_by_name(parts, named):
    with pytest.raises(UserError, match=f"mine.Model: {named}"):
        layer_chain(recorded(*parts))


def test_a_model_without_parameters_is_refused():
    with pytest.raises(UserError, match="no parameters"):
        layer_chain(recorded())
