"""The losses far from 0, where a simple formula overflows or cancels; test_network compares them with torch
elsewhere.
"""

import math
from decimal import Decimal, localcontext

import numpy as np
import pytest
import torch
from gradreel.core.network.losses import LOSSES

FAR = [0.0, 1e-9, 0.3, 17.0, 40.0, 700.0, 1e5, 1e300]


def in_torch(name: str, y: list[float], t: list[float]) -> tuple[list[float], list[float]]:
    """Return the loss and derivative of each example by the tensors' formulas, each example in a batch of its own."""
    shape = (len(y), 1, 1)
    prediction, label = (torch.tensor(numbers, dtype=torch.float64).view(shape) for numbers in (y, t))
    loss, derivative = torch.empty_like(prediction), torch.empty_like(prediction)
    LOSSES[name].compute_into(prediction, label, loss, derivative)
    return loss.flatten().tolist(), derivative.flatten().tolist()


@pytest.mark.parametrize("label", [0.0, 1.0])
@pytest.mark.parametrize("logit", [sign * number for number in FAR for sign in (1, -1)])
def test_cross_entropy_is_exact_for_very_wrong_and_very_right_logits(logit: float, label: float) -> None:
    away = logit if label == 0.0 else -logit
    decay = math.exp(-abs(away))
    loss = max(away, 0.0) + math.log1p(decay)
    share = (1.0 if away >= 0 else decay) / (1.0 + decay)  # belongs to the other class
    derivative = share if label == 0.0 else -share
    (in_tensors,), (derivative_in_tensors,) = in_torch("bce", [logit], [label])
    assert [in_tensors, float(LOSSES["bce"].value(logit, label))] == pytest.approx([loss] * 2, rel=1e-14)
    assert [derivative_in_tensors, float(LOSSES["bce"].derivative(logit, label))] == pytest.approx(
        [derivative] * 2, rel=1e-14
    )


@pytest.mark.parametrize("name", [name for name in LOSSES if LOSSES[name].output != "logits"])
def test_losses_and_derivatives_of_tensors_and_arrays_are_equal(name: str) -> None:
    y = np.random.default_rng(1).normal(scale=3.0, size=50)
    t = np.random.default_rng(2).integers(0, 2, 50).astype(float)
    loss, derivative = in_torch(name, y.tolist(), t.tolist())
    assert LOSSES[name].value(y, t) == pytest.approx(loss, rel=1e-13)
    assert LOSSES[name].derivative(y, t) == pytest.approx(derivative, rel=1e-13)
    nudged = (LOSSES[name].value(y + 1e-6, t) - LOSSES[name].value(y - 1e-6, t)) / 2e-6
    assert LOSSES[name].derivative(y, t) == pytest.approx(nudged, rel=1e-5, abs=1e-7)


@pytest.mark.parametrize("scale", [1e-9, 1.0, 30.0, 700.0, 1e5, 1e300])
def test_cross_entropy_of_classes_is_exact_for_all_sizes_of_logits(scale: float) -> None:
    y = scale * np.random.default_rng(1).normal(size=(50, 4))
    t = np.random.default_rng(2).integers(0, 4, 50)
    expected, shares = [], []
    with localcontext(prec=60):
        for logits, own in zip(y.tolist(), t.tolist(), strict=True):
            weights = [(Decimal(logit) - Decimal(max(logits))).exp() for logit in logits]
            expected.append(float(sum(weights).ln() - (Decimal(logits[own]) - Decimal(max(logits)))))
            shares.append([float(weight / sum(weights)) - (k == own) for k, weight in enumerate(weights)])
    tensors = torch.from_numpy(y)[None], torch.from_numpy(t.astype(np.float64)).view(1, 50, 1)
    losses, derivative = torch.empty(1, 50, 1, dtype=torch.float64), torch.empty(1, 50, 4, dtype=torch.float64)
    LOSSES["ce"].compute_into(*tensors, losses, derivative)
    for values in (LOSSES["ce"].value(y, t), losses.numpy().ravel()):
        np.testing.assert_allclose(values, expected, rtol=1e-13, atol=1e-15)
    for slopes in (LOSSES["ce"].derivative(y, t), 50 * derivative.numpy()[0]):
        np.testing.assert_allclose(slopes, shares, rtol=1e-12, atol=1e-15)


def test_cross_entropy_of_two_classes_is_binary_cross_entropy() -> None:
    logit = np.random.default_rng(1).normal(scale=5, size=50)
    t = np.random.default_rng(2).integers(0, 2, 50)
    y = np.stack([np.zeros(50), logit], axis=1)
    np.testing.assert_allclose(LOSSES["ce"].value(y, t), LOSSES["bce"].value(logit, t), rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(LOSSES["ce"].derivative(y, t)[:, 1], LOSSES["bce"].derivative(logit, t), rtol=1e-12)
