import copy
import json
import pickle

import numpy as np
import pytest
from gradreel.core.curves.piecewise import PiecewiseLinearCurve
from gradreel.core.datasets import RED_CURVE, CurveDataset, PointsDataset, TwoSpirals
from gradreel.core.point_generators import INNERMOST
from gradreel.core.point_table import MOST_NUMBERS, MOST_SPELLED
from gradreel.core.run_data import without_large_tables
from pydantic import ValidationError


def test_the_red_curve_ranges_from_0_to_8() -> None:
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


def test_knots_may_be_given_as_a_curve() -> None:
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
def test_invalid_settings_of_a_dataset_are_named(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        CurveDataset(**settings)  # type: ignore[arg-type]


def test_a_dataset_cannot_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        CurveDataset().examples = 3  # type: ignore[misc]


def test_each_point_has_features_and_a_label() -> None:
    data = PointsDataset(points=((1, 2, 0), (3, 4, 1), (5, 6, 1)))
    assert (data.examples, data.n_features, data.n_classes) == (3, 2, 2)
    np.testing.assert_array_equal(data.features(), [[1, 2], [3, 4], [5, 6]])
    np.testing.assert_array_equal(data.labels(), [0, 1, 1])
    assert data.test_features().shape == (0, 2) and data.test_labels().shape == (0,)
    assert PointsDataset(points=data.rows()) == data  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("labels", "classes"),
    [((0, 1), 2), ((0, 0), 1), ((0, 4), 5), ((0, 999), 1000), ((0, 1000), 0), ((1, 0.5), 0), ((-1, 1), 0)],
)
def test_whole_numbers_from_0_are_classes(labels: tuple[float, ...], classes: int) -> None:
    assert PointsDataset(points=[[1.0, label] for label in labels]).n_classes == classes


def test_spirals_are_half_a_turn_apart_and_wind_as_often_as_asked() -> None:
    data = PointsDataset(points=TwoSpirals(turns=2.25, points=200))
    x, y = data.features(), data.labels()
    assert (data.examples, data.n_features) == (400, 2)
    np.testing.assert_array_equal(x[y == 1], -x[y == 0])
    radius, angle = np.hypot(*x[y == 0].T), np.unwrap(np.arctan2(*x[y == 0].T[::-1]))
    assert (radius[0], radius[-1]) == pytest.approx((INNERMOST, 1.0))
    assert (angle[-1] - angle[0]) / (2 * np.pi) == pytest.approx(2.25)
    np.testing.assert_allclose(np.diff(radius), np.diff(radius)[0])


def test_noise_depends_on_the_seed_and_has_the_given_deviation() -> None:
    def deviations(**settings: float) -> np.ndarray:
        clean, noisy = (PointsDataset(points=TwoSpirals(points=2000, **more)) for more in ({}, settings))  # type: ignore[arg-type]
        return noisy.features() - clean.features()

    assert deviations(noise=0.2, seed=1).std() == pytest.approx(0.2, rel=0.03)
    np.testing.assert_array_equal(deviations(noise=0.2, seed=1), deviations(noise=0.2, seed=1))
    assert not np.allclose(deviations(noise=0.2, seed=1), deviations(noise=0.2, seed=2))


@pytest.mark.parametrize(
    ("points", "message"),
    [
        ((), "at least one point, each with a feature"),
        (((1,), (2,)), "at least one point, each with a feature"),
        (((1, 2), (1, 2, 3)), "point 2 has 3 numbers, those before it have 2"),
        (((1, float("nan")),), "finite"),
        (np.zeros((MOST_NUMBERS // 2 + 1, 2)), "are more than 5000000 numbers"),
        (((1, "a"),), "point 1, number 2: .a. is not a number"),
        (((1, None),), "finite"),
        (3, "rows of numbers"),
        (np.zeros(3), "two axes"),
        ({"shape": [1, 2], "float64": "AAAA"}, "16 needed"),
        ({"shape": [1, -2], "float64": "AAAA"}, "base64"),
        ({"shape": [1, 2], "float64": "no!"}, "not base64"),
        ({"turns": 0}, "greater than 0"),
        ({"noise": -1}, "greater than or equal to 0"),
        ({"arms": 3}, "Extra inputs"),
    ],
)
def test_invalid_points_are_named(points: object, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        PointsDataset(points=points)  # type: ignore[arg-type]


def test_json_has_a_large_table_as_bytes_and_repr_has_its_checksum() -> None:
    rows = np.random.default_rng(0).normal(size=(MOST_SPELLED, 2))
    data = PointsDataset(points=rows)  # type: ignore[arg-type]
    text = data.model_dump_json()
    assert len(text) < 2 * rows.nbytes and PointsDataset.model_validate_json(text) == data
    assert len(repr(data)) < 200
    named = without_large_tables({"run": json.loads(text)})
    assert named == {"run": data.described()} and len(json.dumps(named)) < 300
    with pytest.raises(ValidationError, match="sha256"):
        PointsDataset.model_validate_json(text.replace(data.points.sha256, "0" * 64))


def test_points_are_copied_so_that_they_cannot_change() -> None:
    rows = np.zeros((3, 2))
    data = PointsDataset(points=rows)  # type: ignore[arg-type]
    rows[:] = 7
    assert not data.features().any()
    with pytest.raises(ValueError, match="read-only"):
        data.rows()[0] = 1
    for again in (pickle.loads(pickle.dumps(data)), copy.deepcopy(data)):
        assert again == data and hash(again) == hash(data)
        assert not again.rows().flags.writeable


def test_tables_of_equal_numbers_are_equal_however_they_were_spelled() -> None:
    spelled = [((1, -0.0), (2, 3)), [[1.0, 0], [2, 3.0]], np.array([[1, 0], [2, 3]]), np.array([[1, 0], [2, 3]], "f4")]
    assert len({PointsDataset(points=points) for points in spelled}) == 1  # type: ignore[arg-type]
    assert PointsDataset(points=((1, 0), (2, 4))) not in {PointsDataset(points=spelled[0])}  # type: ignore[arg-type]
    assert PointsDataset(points=((1, 0, 2, 3),)) != PointsDataset(points=spelled[0])  # type: ignore[arg-type]


def test_points_may_be_any_array() -> None:
    import torch

    rows = [[1.0, 0.0], [2.0, 1.0]]
    assert PointsDataset(points=torch.tensor(rows)) == PointsDataset(points=rows)  # type: ignore[arg-type]
    with pytest.raises(ValidationError, match="cannot be read as an array"):
        PointsDataset(points=torch.tensor(rows, requires_grad=True))  # type: ignore[arg-type]
