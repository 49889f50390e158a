"""Sums of sigmoids fitted by least squares: exact if the curve is such a sum, and better with more sigmoids."""

from __future__ import annotations

import numpy as np
import pytest
from gradreel.core.curves.sigmoid_fit import fit_sigmoids
from gradreel.core.errors import UserError
from gradreel.core.network.activations import sigmoid

X = np.linspace(0, 8, 200)


def test_a_sum_of_sigmoids_is_fitted_exactly():
    y = 1 + 2 * sigmoid(3 * (X - 2)) - 1.5 * sigmoid(2 * (X - 6))
    np.testing.assert_allclose(fit_sigmoids(X, y, 2), y, atol=1e-6)


@pytest.mark.parametrize("count", [1, 3, 8])
def test_the_heights_of_the_fitted_sigmoids_are_optimal(count):
    y = 2 + 1.2 * np.sin(1.5 * X)
    fitted = fit_sigmoids(X, y, count)
    error = fitted - y
    assert np.isfinite(fitted).all()
    assert error.mean() == pytest.approx(0, abs=1e-4)  # the least squares' own condition, of the constant
    assert (error**2).mean() < y.var()


@pytest.mark.parametrize(("count", "reached"), [(5, 9.3e-5), (12, 1.3e-7)])
def test_the_fit_converges_to_a_known_error(count, reached):
    y = 2 + 1.2 * np.sin(1.5 * X)
    assert np.sqrt(np.mean((fit_sigmoids(X, y, count) - y) ** 2)) < reached


@pytest.mark.parametrize("count", [-1, 0, 67])
def test_too_few_or_too_many_sigmoids_are_refused(count):
    with pytest.raises(UserError, match=f"from 1 to 66 sigmoids can be fitted to 200 points, got {count}"):
        fit_sigmoids(X, X, count)


@pytest.mark.parametrize("y", [3 + 0 * X, 0.5 * X], ids=["constant", "line"])
def test_curves_without_a_turn_are_fitted(y):
    assert np.abs(fit_sigmoids(X, y, 2) - y).max() < 0.2


def test_more_sigmoids_fit_better():
    y = 2 + 1.2 * np.sin(1.5 * X)
    errors = [float(np.abs(fit_sigmoids(X, y, count) - y).max()) for count in (1, 3, 5, 8)]
    assert errors == sorted(errors, reverse=True) and errors[-1] < 0.02
