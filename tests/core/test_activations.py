import numpy as np
import pytest
import torch
from gradreel.core.activations import ACTIVATIONS, hard_sigmoid, relu, sigmoid


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


def test_activations_of_networks_pass_through_what_the_lecture_says() -> None:
    assert ACTIVATIONS["sigmoid"](0.0) == 0.5
    assert ACTIVATIONS["hard_sigmoid"](0.0) == 0.5
    np.testing.assert_array_equal(ACTIVATIONS["hard_sigmoid"](np.array([-0.5, 0.25, 0.5, 9.0])), [0, 0.75, 1, 1])
    np.testing.assert_array_equal(ACTIVATIONS["relu"](np.array([-2.0, 0.0, 3.0])), [0, 0, 3])
    assert ACTIVATIONS["relu"] is relu
