"""Sums of sigmoids fitted by least squares: exact where the curve is such a sum, nearer with more of them."""

from __future__ import annotations

import numpy as np
import pytest
from gradreel.core.activations import sigmoid
from gradreel.core.sigmoid_fit import fit_sigmoids

X = np.linspace(0, 8, 200)


def test_a_sum_of_sigmoids_is_found_again():
    y = 1 + 2 * sigmoid(3 * (X - 2)) - 1.5 * sigmoid(2 * (X - 6))
    np.testing.assert_allclose(fit_sigmoids(X, y, 2), y, atol=1e-6)


@pytest.mark.parametrize("count", [1, 3, 8, 20])
def test_no_other_heights_of_its_sigmoids_come_nearer_than_the_constant_does(count):
    y = 2 + 1.2 * np.sin(1.5 * X)
    fitted = fit_sigmoids(X, y, count)
    error = fitted - y
    assert np.isfinite(fitted).all()
    assert error.mean() == pytest.approx(0, abs=1e-4)  # the least squares' own condition, of the constant
    assert (error**2).mean() < y.var()


def test_more_sigmoids_come_nearer():
    y = 2 + 1.2 * np.sin(1.5 * X)
    errors = [float(np.abs(fit_sigmoids(X, y, count) - y).max()) for count in (1, 3, 5, 8)]
    assert errors == sorted(errors, reverse=True) and errors[-1] < 0.02
