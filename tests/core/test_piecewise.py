"""The decomposition agrees with exact rational arithmetic, on curves of every scale, offset and steepness."""

from fractions import Fraction

import numpy as np
import pytest
from gradreel.core.arrays import FloatArray
from gradreel.core.curves.piecewise import PiecewiseLinearCurve
from gradreel.core.errors import UserError
from hypothesis import given, settings
from hypothesis import strategies as st

RED = PiecewiseLinearCurve([1, 3, 4.5, 7], [1, 4, 2, 3])


@st.composite
def curves(draw: st.DrawFn) -> PiecewiseLinearCurve:
    """Draw curves with 2 to 1000 knots, segments down to 1e-6 of the range, and offsets up to a million ranges."""
    seed = draw(st.integers(0, 2**32))
    n_segments = draw(st.integers(1, 30) | st.integers(1, 999))
    narrow = draw(st.sampled_from([0.0, 1.0, 6.0]))  # segments differ in width by up to ten to this power
    steep = draw(st.sampled_from([0.0, 3.0, 9.0]))
    x_unit, y_unit = (10.0 ** draw(st.integers(-9, 9)) for _ in range(2))
    x_offset, y_offset = (draw(st.sampled_from([0.0, -1.0, 1e3, -1e6])) for _ in range(2))
    random = np.random.default_rng(seed)
    widths = 10.0 ** -random.uniform(0, narrow, n_segments)
    x = np.concatenate([[0.0], np.cumsum(widths)])
    y = random.normal(size=n_segments + 1) * 10.0 ** -random.uniform(0, steep, n_segments + 1)
    y[random.random(n_segments + 1) < 0.2] = 0.0  # flat ones too
    x = (x / x[-1] + x_offset) * x_unit
    keep = np.concatenate([[True], np.diff(x) > 0])
    if keep.sum() < 2:
        return RED
    return PiecewiseLinearCurve(x[keep], (y[keep] + y_offset) * y_unit)


def places(curve: PiecewiseLinearCurve) -> FloatArray:
    """Return x on knots, between them, next to them and outside."""
    span = curve.x[-1] - curve.x[0]
    inside = (curve.x[:-1, None] + np.diff(curve.x)[:, None] * np.array([0.1, 0.5, 0.9])).ravel()
    beside = np.concatenate([np.nextafter(curve.x, np.inf), np.nextafter(curve.x, -np.inf)])
    outside = np.array([curve.x[0] - span, curve.x[0] - 1e9 * span, curve.x[-1] + span, curve.x[-1] + 1e9 * span])
    return np.concatenate([curve.x, inside, beside, outside])


def exact(curve: PiecewiseLinearCurve, x: float) -> Fraction:
    """Return the curve's value in rational arithmetic."""
    if x <= curve.x[0]:
        return Fraction(float(curve.y[0]))
    if x >= curve.x[-1]:
        return Fraction(float(curve.y[-1]))
    i = int(np.searchsorted(curve.x, x, side="right")) - 1
    x0, x1, y0, y1 = (Fraction(float(v)) for v in (curve.x[i], curve.x[i + 1], curve.y[i], curve.y[i + 1]))
    return y0 + (y1 - y0) * (Fraction(x) - x0) / (x1 - x0)


def allowance(curve: PiecewiseLinearCurve) -> float:
    """Return the allowed error: 1e-12 of the height, or the last digit of y if that is larger."""
    return 1e-12 * curve.height + 2 * float(np.spacing(np.abs(curve.y).max()))


@settings(max_examples=150)
@given(curves())
def test_the_sum_of_the_pieces_is_the_curve(curve: PiecewiseLinearCurve) -> None:
    x = places(curve)
    np.testing.assert_allclose(curve.decompose()(x), curve(x), rtol=0, atol=allowance(curve))


@settings(max_examples=150)
@given(curves())
def test_the_sum_of_the_relus_is_the_curve(curve: PiecewiseLinearCurve) -> None:
    x = places(curve)
    relus = curve.decompose().relus()
    assert len(relus) == 2 * (len(curve.x) - 1)
    np.testing.assert_allclose(relus(x), curve(x), rtol=0, atol=allowance(curve))


@settings(max_examples=50)
@given(curves(), st.randoms(use_true_random=False))
def test_curve_and_parts_agree_with_exact_arithmetic(curve: PiecewiseLinearCurve, random: object) -> None:
    x = places(curve)[:60]
    truth = np.array([float(exact(curve, at)) for at in x.tolist()])
    np.testing.assert_allclose(curve(x), truth, rtol=0, atol=allowance(curve))
    np.testing.assert_allclose(curve.decompose()(x), truth, rtol=0, atol=allowance(curve))


@settings(max_examples=60)
@given(curves(), st.data())
def test_a_partial_sum_is_the_curve_up_to_its_knot_and_flat_beyond(
    curve: PiecewiseLinearCurve, data: st.DataObject
) -> None:
    parts = curve.decompose()
    k = data.draw(st.integers(0, len(parts)))
    x = places(curve)
    before = x[x <= curve.x[k]]
    beyond = x[x > curve.x[k]]
    np.testing.assert_allclose(parts.partial_sum(k, before), curve(before), rtol=0, atol=allowance(curve))
    np.testing.assert_allclose(parts.partial_sum(k, beyond), curve.y[k], rtol=0, atol=allowance(curve))


def test_a_steep_narrow_segment_among_a_thousand_knots_is_exact() -> None:
    random = np.random.default_rng(0)
    widths = np.where(np.arange(999) % 2, 1e-6, 1.0)
    x = np.concatenate([[0.0], np.cumsum(widths)]) / widths.sum()
    y = np.concatenate([[0.0], np.cumsum(random.choice([-1.0, 1.0], 999) * np.where(np.arange(999) % 2, 1e3, 1e-6))])
    curve = PiecewiseLinearCurve(x, y)
    at = places(curve)
    assert np.abs(np.diff(y) / np.diff(x)).max() > 1e9
    np.testing.assert_allclose(curve.decompose()(at), curve(at), rtol=0, atol=1e-12 * curve.height)
    np.testing.assert_allclose(curve.decompose().relus()(at), curve(at), rtol=0, atol=1e-12 * curve.height)


def test_knots_a_thousandth_apart_at_a_million_are_exact() -> None:
    x = 1e6 + np.arange(50) * 1e-3
    curve = PiecewiseLinearCurve(x, np.sin(np.arange(50.0)))
    at = places(curve)
    np.testing.assert_allclose(curve.decompose()(at), curve(at), rtol=0, atol=1e-15)
    np.testing.assert_allclose(curve.decompose().relus()(at), curve(at), rtol=0, atol=4e-15)


def test_a_large_offset_of_y_loses_no_digits() -> None:
    """y is around 5 million and varies by a thousandth: curve and sum are rounded alike, to the last bit."""
    curve = PiecewiseLinearCurve(np.arange(100.0), 5e6 + 1e-3 * np.sin(np.arange(100.0)))
    at = places(curve)
    np.testing.assert_array_equal(curve.decompose()(at), curve(at))


def test_the_curve_passes_through_its_knots_exactly() -> None:
    curve = PiecewiseLinearCurve([0.1, 0.3, 0.7], [1e16, 0.1, -3e-9])
    np.testing.assert_array_equal(curve(curve.x), curve.y)


def test_the_red_curve_in_pieces() -> None:
    parts = RED.decompose()
    assert parts.constant == 1.0
    np.testing.assert_array_equal(parts.start, [1, 3, 4.5])
    np.testing.assert_array_equal(parts.end, [3, 4.5, 7])
    np.testing.assert_array_equal(parts.height, [3, -2, 1])
    assert parts.piece(2, 3.75) == -1.0
    assert [float(parts.partial_sum(k, 7.0)) for k in range(4)] == [1, 4, 2, 3]


def test_a_flat_segment_is_a_piece_of_height_zero() -> None:
    parts = PiecewiseLinearCurve([0, 1, 2], [0.1, 0.1, 0.3]).decompose()
    assert len(parts) == 2
    assert parts.height[0] == 0.0
    np.testing.assert_array_equal(parts.piece(1, np.linspace(-1, 3, 9)), 0.0)


def test_partial_sums_of_the_red_curve() -> None:
    parts, x = RED.decompose(), np.linspace(-1, 9, 101)
    total = parts.constant + sum(parts.piece(i, x) for i in (1, 2, 3))
    np.testing.assert_allclose(total, parts(x), rtol=0, atol=1e-14)
    relus = parts.relus()
    ramps = relus.constant + sum(relus.piece(j, x) for j in range(1, 7))
    np.testing.assert_allclose(ramps, RED(x), rtol=0, atol=1e-13)


def test_values_at_infinity_and_nan() -> None:
    parts = RED.decompose()
    for function in (RED, parts, parts.relus()):
        np.testing.assert_array_equal(function([-np.inf, -1e300, 1e300, np.inf]), [1, 1, 3, 3])
        assert np.isnan(function(np.nan))
        assert function(2.0) == 2.5
        assert np.shape(function(np.zeros((2, 3)))) == (2, 3)


def test_curves_are_compared_by_their_knots() -> None:
    same = PiecewiseLinearCurve(RED.x, list(RED.y))
    assert same == RED
    assert hash(same) == hash(RED)
    assert same != PiecewiseLinearCurve([1, 3, 4.5, 7], [1, 4, 2, 4])
    assert RED.height == 3.0
    assert PiecewiseLinearCurve(*zip(*RED.knots, strict=True)) == RED
    with pytest.raises(ValueError, match="read-only"):
        RED.x[0] = 5.0


def test_the_knots_given_are_copied() -> None:
    x = np.array([0.0, 1.0])
    curve = PiecewiseLinearCurve(x, [0, 1])
    x[0] = 0.5
    assert curve.x[0] == 0.0


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        ([1, 2, 2], [0, 1, 2], r"knot 3: x = 2.0 repeats x = 2.0 of knot 2"),
        ([1, 3, 2], [0, 1, 2], r"knot 3: x = 2.0 lies left of x = 3.0 of knot 2"),
        ([1], [0], "at least 2 knots, got 1"),
        ([], [], "at least 2 knots, got 0"),
        ([1, 2], [0], "as many x as y, got 2 and 1"),
        ([1, np.nan], [0, 1], "knot 2: x is nan"),
        ([1, 2], [0, np.inf], "knot 2: y is inf"),
        ([1, 2e301], [0, 1], "within"),
        (["a", 2], [0, 1], "must be numbers"),
        ([[1, 2]], [0, 1], "plain list"),
    ],
)
def test_invalid_knots_are_named(x: list[float], y: list[float], message: str) -> None:
    with pytest.raises(UserError, match=message):
        PiecewiseLinearCurve(x, y)


@pytest.mark.parametrize("k", [-1, 4])
def test_a_piece_that_does_not_exist_is_refused(k: int) -> None:
    parts = RED.decompose()
    with pytest.raises(UserError, match="0 to 3"):
        parts.partial_sum(k, 0.0)
    with pytest.raises(UserError, match="1 to 3"):
        parts.piece(k, 0.0)
    with pytest.raises(UserError, match="1 to 6"):
        parts.relus().piece(7, 0.0)


def test_an_infinite_slope_is_refused() -> None:
    parts = PiecewiseLinearCurve([0, 1e-310, 1], [0, 1, 2]).decompose()
    assert parts(1e-310) == 1.0
    with pytest.raises(UserError, match="piece 1 rises by 1"):
        parts.relus()
