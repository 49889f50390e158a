from typing import get_args

import numpy as np
import pytest
import torch
from gradreel.core.experiment import Experiment
from gradreel.core.network.activations import ACTIVATIONS, hard_sigmoid, relu, sigmoid
from gradreel.core.network.registration import is_registered
from scipy.optimize import brentq


def test_sigmoid_agrees_with_torch_from_tail_to_tail() -> None:
    x = np.concatenate([np.linspace(-700, 700, 4001), [0.0, -0.0, np.inf, -np.inf]])
    np.testing.assert_allclose(sigmoid(x), torch.sigmoid(torch.from_numpy(x)).numpy(), rtol=4e-15, atol=0)


def test_sigmoid_keeps_its_digits_where_it_is_tiny() -> None:
    assert sigmoid(-700.0) == pytest.approx(np.exp(-700.0), rel=1e-14)


def test_hard_sigmoid_ramps_between_start_and_end() -> None:
    x = np.array([-np.inf, 0.0, 1.0, 1.5, 3.0, 5.0, np.inf])
    np.testing.assert_array_equal(hard_sigmoid(x, 1.0, 3.0), [0, 0, 0, 0.25, 1, 1, 1])


@pytest.mark.parametrize(("start", "end"), [(1.0, 1.0), (2.0, 1.0), (np.nan, 1.0)])
def test_hard_sigmoid_needs_a_ramp(start: float, end: float) -> None:
    with pytest.raises(ValueError, match="start < end"):
        hard_sigmoid(0.0, start, end)


def test_activations_of_networks_pass_through_the_lectures_points() -> None:
    values = {name: activation.value for name, activation in ACTIVATIONS.items()}
    assert values["sigmoid"](0.0) == 0.5
    assert values["hard_sigmoid"](0.0) == 0.5
    np.testing.assert_array_equal(values["hard_sigmoid"](np.array([-0.5, 0.25, 0.5, 9.0])), [0, 0.75, 1, 1])
    np.testing.assert_array_equal(values["relu"](np.array([-2.0, 0.0, 3.0])), [0, 0, 3])
    assert values["relu"] is relu


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_value_derivative_and_in_place_forms_agree(name: str) -> None:
    activation, r = ACTIVATIONS[name], np.linspace(-3, 3, 62).reshape(2, 31, 1)  # no r is at a knot
    a = activation.value(r)
    derivative = activation.slope(r, a)
    np.testing.assert_allclose(derivative, (activation.value(r + 1e-6) - activation.value(r - 1e-6)) / 2e-6, atol=1e-9)
    trained, back = torch.from_numpy(r.copy()), torch.from_numpy(3 * r)
    activation.apply_in_place(trained)
    cancelled = 1e-15 if activation.of_input else 0.0  # 1 + erf(r) loses digits where r is negative
    np.testing.assert_allclose(trained.numpy(), a, rtol=1e-15, atol=cancelled)
    activation.backward_in_place(back, torch.from_numpy(r) if activation.of_input else trained)
    np.testing.assert_allclose(back.numpy(), 3 * r * derivative, rtol=1e-14, atol=9 * cancelled)


@pytest.mark.parametrize(("name", "module"), [("gelu", torch.nn.GELU()), ("silu", torch.nn.SiLU())])
def test_gelu_and_silu_are_torchs_bit_for_bit_and_numpys_agree(name: str, module: torch.nn.Module) -> None:
    activation = ACTIVATIONS[name]
    r = torch.linspace(-9, 9, 2 * 37 * 3, dtype=torch.float64).reshape(2, 37, 3)
    leaf = r.clone().requires_grad_()
    given = torch.linspace(-1, 2, r.numel(), dtype=torch.float64).reshape(r.shape)
    for run in range(2):  # as training computes them, one run at a time
        module(leaf[run]).backward(given[run])
    a, d_r = r.clone(), given.clone()
    activation.apply_in_place(a)
    activation.backward_in_place(d_r, r)
    assert all(torch.equal(a[run], module(r[run])) for run in range(2)) and torch.equal(d_r, leaf.grad)
    np.testing.assert_allclose(activation.value(r.numpy()), a.numpy(), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(
        activation.slope(r.numpy(), a.numpy()) * given.numpy(), d_r.numpy(), rtol=1e-9, atol=1e-13
    )


@pytest.mark.parametrize("name", ["gelu", "silu"])
def test_of_two_inputs_with_one_output_each_has_its_own_slope(name: str) -> None:
    activation = ACTIVATIONS[name]
    low, lowest = -2.0, {"gelu": -0.7518, "silu": -1.2785}[name]
    high = brentq(lambda r: float(activation.value(r) - activation.value(low)), lowest, 0.0)
    r = np.array([low, high])
    a = activation.value(r)
    assert a[0] == pytest.approx(a[1], rel=1e-9)
    slopes = activation.slope(r, a)
    assert slopes[0] < 0 < slopes[1]


def test_every_activation_that_an_experiment_may_have_is_in_the_table() -> None:
    ours = {name for name in ACTIVATIONS if not is_registered("activation", name)}  # an example registers one
    assert {*get_args(Experiment.model_fields["activation"].annotation)} == {*ours, "none"}
