import numpy as np
import pytest
from gradreel.core.curves.piecewise import PiecewiseLinearCurve
from gradreel.core.datasets import RED_CURVE, CurveDataset
from pydantic import ValidationError


def test_the_red_curve_is_seen_from_0_to_8() -> None:
    data = CurveDataset()
    assert data.knots == RED_CURVE
    assert data.range == (0.0, 8.0)
    assert data.offset == 4.0
    np.testing.assert_allclose(data.x(), np.linspace(0, 8, 81), rtol=1e-15)
    np.testing.assert_array_equal(data.labels(), data.curve()(data.x()))
    np.testing.assert_array_equal(data.labels()[[0, 30, 80]], [1, 4, 3])


def test_features_lie_around_0_when_centered() -> None:
    data = CurveDataset(examples=5, low=10, high=20)
    np.testing.assert_array_equal(data.features(), [[-5], [-2.5], [0], [2.5], [5]])
    plain = CurveDataset(examples=5, low=10, high=20, centered=False)
    assert plain.offset == 0
    np.testing.assert_array_equal(plain.features(), [[10], [12.5], [15], [17.5], [20]])


def test_a_curve_gives_its_knots() -> None:
    curve = PiecewiseLinearCurve([0, 2, 3], [1, 5, 5])
    assert CurveDataset(knots=curve).knots == ((0, 1), (2, 5), (3, 5))  # type: ignore[arg-type]
    assert CurveDataset(knots=curve.knots).curve() == curve
    assert CurveDataset(knots=np.stack([curve.x, curve.y], axis=1)).curve() == curve  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"knots": ((1, 1), (1, 2))}, "repeats"),
        ({"knots": ((2, 1), (1, 2))}, "lies left of"),
        ({"knots": ((1, 1),)}, "at least 2 knots"),
        ({"knots": ()}, "at least 2 knots"),
        ({"knots": ((1, float("nan")), (2, 2))}, "finite"),
        ({"knots": ((1, 1), (2, "two"))}, "valid number"),
        ({"examples": 1}, "greater than or equal to 2"),
        ({"low": 9}, "low must be less than high"),
        ({"low": float("inf")}, "finite"),
        ({"low": 1.0, "high": 1.0 + 1e-15}, "no room"),
        ({"knot": RED_CURVE}, "Extra inputs"),
        ({"kind": "views"}, "'curve'"),
    ],
)
def test_what_is_no_dataset_is_named(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        CurveDataset(**settings)  # type: ignore[arg-type]


def test_a_dataset_cannot_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        CurveDataset().examples = 3  # type: ignore[misc]
