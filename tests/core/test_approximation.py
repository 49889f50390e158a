"""Knots placed on functions: adaptive ones never worse than even ones, jumps and gaps named."""

import math
import time
from collections.abc import Callable

import numpy as np
import pytest
from gradreel.core.arrays import FloatArray
from gradreel.core.curves.expression import expression
from gradreel.core.curves.piecewise import PiecewiseLinearCurve
from gradreel.core.errors import UserError
from gradreel.core.network.activations import sigmoid
from hypothesis import given, settings
from hypothesis import strategies as st

Function = Callable[[FloatArray], FloatArray]

CONTINUOUS: dict[str, Function] = {
    "sine": lambda x: np.sin(3 * x),
    "parabola, where even is best": lambda x: x * x,
    "corner": lambda x: np.abs(x - 0.3217),
    "two corners and a steep wall": lambda x: np.interp(x, [-1, 0.1, 0.1001, 0.5, 2], [0, 1, 7, 3, 3]),
    "narrow bump": lambda x: np.exp(-500 * (x - 0.4) ** 2),
    "square root": lambda x: np.sqrt(np.abs(x)),
    "steep sigmoid": lambda x: sigmoid(1e5 * (x - 0.1)),
    "constant": lambda x: 0 * x + 2,
    "line": lambda x: 3 * x - 1,
    "large offset": lambda x: 1e6 + np.cos(5 * x),
    "oscillation": lambda x: np.sin(60 * x) * x,
    "tiny": lambda x: 1e-12 * np.sin(2 * x),
}


def error(f: Function, curve: PiecewiseLinearCurve, low: float = -1.0, high: float = 2.0) -> float:
    """Largest distance on a sample that the implementation does not use."""
    x = np.concatenate([np.linspace(low, high, 50_021), curve.x])
    return float(np.abs(curve(x) - f(x)).max())


@pytest.mark.parametrize("n_knots", [2, 3, 4, 7, 20, 100])
@pytest.mark.parametrize("name", CONTINUOUS)
def test_adaptive_is_never_worse_than_even(name: str, n_knots: int) -> None:
    f = CONTINUOUS[name]
    even = PiecewiseLinearCurve.approximate(f, -1, 2, n_knots)
    adaptive = PiecewiseLinearCurve.approximate(f, -1, 2, n_knots, "adaptive")
    assert len(even.x) == len(adaptive.x) == n_knots
    assert (adaptive.x[0], adaptive.x[-1]) == (-1, 2)
    np.testing.assert_array_equal(adaptive.y, f(adaptive.x))
    assert error(f, adaptive) <= error(f, even)
    assert adaptive.largest_error(f) <= even.largest_error(f)


@settings(max_examples=25)
@given(st.lists(st.tuples(st.floats(-1, 2), st.floats(-3, 3)), min_size=1, max_size=6), st.integers(2, 30))
def test_adaptive_is_never_worse_on_random_corners(corners: list[tuple[float, float]], n_knots: int) -> None:
    def f(x: FloatArray) -> FloatArray:
        return np.sin(x) + sum(slope * np.abs(x - at) for at, slope in corners)

    even = PiecewiseLinearCurve.approximate(f, -1, 2, n_knots)
    adaptive = PiecewiseLinearCurve.approximate(f, -1, 2, n_knots, "adaptive")
    assert error(f, adaptive) <= error(f, even) + 1e-12


@pytest.mark.parametrize("n_knots", [3, 5, 8, 20])
def test_adaptive_is_far_better_at_a_corner(n_knots: int) -> None:
    f = CONTINUOUS["corner"]
    even = PiecewiseLinearCurve.approximate(f, -1, 2, n_knots)
    adaptive = PiecewiseLinearCurve.approximate(f, -1, 2, n_knots, "adaptive")
    assert error(f, adaptive) < 1e-4 * error(f, even)


@pytest.mark.parametrize(("name", "gain"), [("narrow bump", 0.2), ("square root", 0.3), ("steep sigmoid", 0.3)])
def test_adaptive_is_clearly_better_where_the_bends_are_few(name: str, gain: float) -> None:
    f = CONTINUOUS[name]
    even = PiecewiseLinearCurve.approximate(f, -1, 2, 12)
    adaptive = PiecewiseLinearCurve.approximate(f, -1, 2, 12, "adaptive")
    assert error(f, adaptive) < gain * error(f, even)


def test_the_error_falls_with_the_square_of_the_knots() -> None:
    f = CONTINUOUS["sine"]
    errors = [PiecewiseLinearCurve.approximate(f, -1, 2, k + 1, "adaptive").largest_error(f) for k in (16, 32, 64)]
    np.testing.assert_allclose(np.divide(errors[:-1], errors[1:]), 4, rtol=0.1)


def test_even_knots_stand_at_even_steps() -> None:
    curve = PiecewiseLinearCurve.approximate(np.cos, 0, 1, 5)
    np.testing.assert_array_equal(curve.x, [0, 0.25, 0.5, 0.75, 1])
    np.testing.assert_array_equal(curve.y, np.cos(curve.x))


def test_a_thousand_knots_in_a_moment() -> None:
    start = time.perf_counter()
    curve = PiecewiseLinearCurve.approximate(CONTINUOUS["oscillation"], -1, 2, 1000, "adaptive")
    assert len(curve.x) == 1000
    assert time.perf_counter() - start < 15


def test_functions_of_a_single_number_and_texts_will_do() -> None:
    by_number = PiecewiseLinearCurve.approximate(math.sin, 0, 3, 6, "adaptive")  # type: ignore[arg-type]
    by_text = PiecewiseLinearCurve.approximate(expression("sin(x)"), 0, 3, 6, "adaptive")
    np.testing.assert_allclose(by_number.x, by_text.x, rtol=0, atol=1e-9)
    assert PiecewiseLinearCurve.approximate(lambda x: 2.0, 0, 1, 3).height == 0


@pytest.mark.parametrize("placement", ["even", "adaptive"])
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
def test_the_x_where_a_function_breaks_is_named(f: Function, at: str, placement: str) -> None:
    with pytest.raises(UserError) as raised:
        PiecewiseLinearCurve.approximate(f, -1, 2, 8, placement)  # type: ignore[arg-type]
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
    ("low", "high", "n_knots", "placement", "message"),
    [
        (1, 1, 5, "even", "low < high"),
        (2, 1, 5, "even", "low < high"),
        (0, np.inf, 5, "even", "finite"),
        (0, np.nan, 5, "even", "finite"),
        (0, 1, 1, "even", "at least 2 knots"),
        (0, 1, 2.5, "even", "whole number"),
        (0, 1, 5, "random", '"even" or "adaptive"'),
        (1.0, np.nextafter(1.0, 2), 5, "even", "no room"),
    ],
)
def test_what_cannot_be_placed_is_named(low: float, high: float, n_knots: int, placement: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        PiecewiseLinearCurve.approximate(np.cos, low, high, n_knots, placement)  # type: ignore[arg-type]
