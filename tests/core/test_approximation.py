"""Knots on functions are at even steps, and jumps and gaps are named."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from gradreel.core.arrays import FloatArray
from gradreel.core.curves.expression import expression
from gradreel.core.curves.piecewise import PiecewiseLinearCurve
from gradreel.core.errors import UserError
from hypothesis import given, settings
from hypothesis import strategies as st

Function = Callable[[FloatArray], FloatArray]


def test_the_error_falls_with_the_square_of_the_knots() -> None:
    curves = [PiecewiseLinearCurve.approximate(lambda x: np.sin(3 * x), -1, 2, k + 1) for k in (16, 32, 64)]
    errors = [curve.largest_error(lambda x: np.sin(3 * x)) for curve in curves]
    np.testing.assert_allclose(np.divide(errors[:-1], errors[1:]), 4, rtol=0.1)


def test_even_knots_stand_at_even_steps() -> None:
    curve = PiecewiseLinearCurve.approximate(np.cos, 0, 1, 5)
    np.testing.assert_array_equal(curve.x, [0, 0.25, 0.5, 0.75, 1])
    np.testing.assert_array_equal(curve.y, np.cos(curve.x))


def test_functions_of_single_numbers_and_formulas_are_accepted() -> None:
    by_number = PiecewiseLinearCurve.approximate(math.sin, 0, 3, 6)  # type: ignore[arg-type]
    by_text = PiecewiseLinearCurve.approximate(expression("sin(x)"), 0, 3, 6)
    np.testing.assert_allclose(by_number.x, by_text.x, rtol=0, atol=1e-9)
    assert PiecewiseLinearCurve.approximate(lambda x: 2.0, 0, 1, 3).height == 0


@pytest.mark.parametrize(
    ("f", "at"),
    [
        (np.sign, "jumps at x = 0,"),
        (np.floor, "jumps at x = 0,"),
        (lambda x: np.where(x > 0.123456, 1e-3, 0) + x, "jumps at x = 0.123456,"),
        (lambda x: np.where(x > 1.7, 1.0, 0) + np.sin(50 * x), "jumps at x = 1.7,"),
        (lambda x: 1 / x, "x = 0"),
        (lambda x: 1 / (x - 0.3), "x = 0.3"),
        (lambda x: 1 / (x - 0.3) ** 2, "x = 0.3"),
        (lambda x: np.log(np.abs(x - 0.7)), "x = 0.7"),
        (np.tan, "x = 1.570796"),
        (np.log, "nan at x = -1;"),
        (lambda x: np.where(x == 0.5, np.nan, x), "nan at x = 0.5;"),
        (lambda x: np.where(x > 1.9, np.inf, x), "inf at x = 1.9"),
        (lambda x: math.log(x), "no real value at x = -1"),
        (lambda x: math.floor(x) / (x + 1), "no value at x = -1"),
        (lambda x: x + 1j, "real numbers, got complex128 at x = -1"),
        (lambda x: np.array([1.0, 2.0]), "shape"),
    ],
)
def test_the_x_where_a_function_breaks_is_named(f: Function, at: str) -> None:
    with pytest.raises(UserError) as raised:
        PiecewiseLinearCurve.approximate(f, -1, 2, 8)
    assert at in str(raised.value)


@settings(max_examples=60)
@given(st.floats(-0.99, 1.99), st.sampled_from([1e-6, 0.01, 1.0, 1e6]))
def test_a_jump_anywhere_is_found(at: float, height: float) -> None:
    with pytest.raises(UserError, match="jumps") as raised:
        PiecewiseLinearCurve.approximate(lambda x: np.where(x < at, 0.0, height), -1, 2, 5)
    named = float(str(raised.value).split("x = ")[1].split(",")[0])
    assert named == pytest.approx(at, rel=1e-9, abs=1e-9)


@settings(max_examples=60)
@given(st.floats(-0.99, 1.99), st.sampled_from([-3, -2, -1, -0.5]))
def test_a_pole_anywhere_is_found(at: float, power: float) -> None:
    with pytest.raises(UserError, match="x = "):
        PiecewiseLinearCurve.approximate(lambda x: np.abs(x - at) ** power, -1, 2, 5)


@pytest.mark.parametrize(
    ("low", "high", "n_knots", "message"),
    [
        (1, 1, 5, "low < high"),
        (2, 1, 5, "low < high"),
        (0, np.inf, 5, "finite"),
        (0, np.nan, 5, "finite"),
        (0, 1, 1, "at least 2 knots"),
        (0, 1, 2.5, "whole number"),
        (1.0, np.nextafter(1.0, 2), 5, "no room"),
    ],
)
def test_an_invalid_range_or_number_of_knots_is_named(low: float, high: float, n_knots: int, message: str) -> None:
    with pytest.raises(UserError, match=message):
        PiecewiseLinearCurve.approximate(np.cos, low, high, n_knots)
