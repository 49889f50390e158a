import json
from datetime import date, timedelta

import numpy as np
import pytest
from gradreel.core.daily.series import DailySeries
from gradreel.core.daily.synthetic import synthetic_views
from gradreel.core.daily.views import DailyViews
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

PARTS = {"validation_from": date(2020, 1, 7), "test_from": date(2020, 1, 9)}
"""Three days for training, two for validation, two for the test."""


def series(*values: float) -> DailySeries:
    return DailySeries(start=date(2020, 1, 1), values=values, name="sales.csv")


def small(**settings: object) -> DailyViews:
    """Return ten days from 2020-01-01 with 1 to 10 views, squared."""
    return DailyViews(series=series(*(i * i for i in range(1, 11))), **({"window": 3} | settings))  # type: ignore[arg-type]


def test_the_lectures_data_is_the_default() -> None:
    data = DailyViews()
    assert (data.window, data.n_features, data.first_test_date) == (56, 56, date(2021, 1, 1))
    assert data.dates()[[0, -1]].tolist() == [date(2015, 2, 26), date(2019, 12, 31)]
    assert data.validation_dates()[[0, -1]].tolist() == [date(2020, 1, 1), date(2020, 12, 31)]
    assert data.test_dates()[[0, -1]].tolist() == [date(2021, 1, 1), date(2021, 12, 31)]
    assert (data.examples, data.n_validation, data.n_test) == (1770, 366, 365)
    assert data.title == "our made-up channel" and data.synthetic and data.unit == "views"


def test_feature_1_is_yesterday() -> None:
    data = small(**PARTS)
    views = data.in_views(data.features())
    np.testing.assert_allclose(views, [[9, 4, 1], [16, 9, 4], [25, 16, 9]], rtol=1e-12)
    np.testing.assert_allclose(data.in_views(data.labels()), [16, 25, 36], rtol=1e-12)
    assert data.dates().tolist() == [date(2020, 1, day) for day in (4, 5, 6)]


def test_windows_reach_back_into_the_parts_before() -> None:
    data = small(**PARTS)
    views = data.in_views(data.validation_features())
    np.testing.assert_allclose(views, [[36, 25, 16], [49, 36, 25]], rtol=1e-12)
    np.testing.assert_allclose(data.in_views(data.validation_labels()), [49, 64], rtol=1e-12)
    assert data.validation_dates().tolist() == [date(2020, 1, day) for day in (7, 8)]
    views = data.in_views(data.test_features())
    np.testing.assert_allclose(views, [[64, 49, 36], [81, 64, 49]], rtol=1e-12)
    np.testing.assert_allclose(data.in_views(data.test_labels()), [81, 100], rtol=1e-12)
    assert data.test_dates().tolist() == [date(2020, 1, day) for day in (9, 10)]


def test_scaling_is_of_the_days_before_the_first_for_validation() -> None:
    data = small(**PARTS)
    trained_on = np.arange(1, 7) ** 2  # the first window's days among them
    assert data.offset == pytest.approx(trained_on.mean(), rel=1e-15)
    assert data.scale == pytest.approx(trained_on.std(), rel=1e-15)
    np.testing.assert_allclose(data.scaled(np.array([data.offset, data.offset + data.scale])), [0, 1], atol=1e-15)


@pytest.mark.parametrize("changed", range(6, 10))
def test_a_day_of_another_part_changes_no_training_example(changed: int) -> None:
    data = small(**PARTS)
    values = list(data.daily.values)
    values[changed] += 1000
    other = DailyViews(series=series(*values), window=3, **PARTS)  # type: ignore[arg-type]
    assert (other.offset, other.scale) == (data.offset, data.scale)
    np.testing.assert_array_equal(other.features(), data.features())
    np.testing.assert_array_equal(other.labels(), data.labels())
    assert (other.validation_labels() != data.validation_labels()).sum() == (changed < 8)
    assert (other.test_labels() != data.test_labels()).sum() == (changed >= 8)


@pytest.mark.parametrize("changed", range(6))
def test_a_day_trained_on_changes_the_scaling(changed: int) -> None:
    values = [i * i for i in range(1, 11)]
    values[changed] += 1000
    other = DailyViews(series=series(*values), window=3, **PARTS)  # type: ignore[arg-type]
    assert other.offset != small(**PARTS).offset


@given(
    values=st.lists(st.integers(min_value=0, max_value=10**6), min_size=4, max_size=40),
    window=st.integers(min_value=1, max_value=37),
    shares=st.tuples(st.floats(min_value=0, max_value=1), st.floats(min_value=0, max_value=1)),
)
def test_every_label_day_is_of_one_part(values: list[int], window: int, shares: tuple[float, float]) -> None:
    window = min(window, len(values) - 3)
    first = window + 1 + round(shares[0] * (len(values) - window - 3))
    second = first + 1 + round(shares[1] * (len(values) - first - 2))
    days = (date(2020, 1, 1) + timedelta(days=day) for day in (first, second))
    parts = dict(zip(("validation_from", "test_from"), days, strict=True))
    data = DailyViews(series=series(*values), window=window, **parts)  # type: ignore[arg-type]
    features = np.concatenate([data.features(), data.validation_features(), data.test_features()])
    labels = np.concatenate([data.labels(), data.validation_labels(), data.test_labels()])
    assert features.shape == (len(values) - window, window) and labels.shape == (len(values) - window,)
    lengths = [len(part) for part in (data.features(), data.validation_features(), data.test_features())]
    assert lengths == [data.examples, data.n_validation, data.n_test]
    assert min(lengths) >= 1
    scaled = data.scaled(np.array(values, dtype=np.float64))
    for i in range(len(labels)):  # the definition, day by day
        assert labels[i] == scaled[i + window]
        np.testing.assert_array_equal(features[i], [scaled[i + window - j] for j in range(1, window + 1)])
    dates = np.concatenate([data.dates(), data.validation_dates(), data.test_dates()]).tolist()
    assert dates == [date(2020, 1, 1) + timedelta(days=i) for i in range(window, len(values))]
    assert data.validation_dates()[0].item() == data.first_validation_date
    assert data.test_dates()[0].item() == data.first_test_date


@pytest.mark.parametrize(("labels", "validation", "test"), [(3, 1, 1), (5, 1, 1), (9, 2, 1), (10, 2, 2), (103, 20, 20)])
def test_by_default_a_fifth_is_for_the_test_and_a_quarter_of_the_rest_for_validation(
    labels: int, validation: int, test: int
) -> None:
    data = DailyViews(series=series(*range(3 + labels)), window=3)
    assert (data.examples, data.n_validation, data.n_test) == (labels - validation - test, validation, test)
    assert data.validation_from is None
    assert data.test_from is None and data.first_test_date == data.daily.end - timedelta(days=test - 1)


@pytest.mark.parametrize("value", [0.0, 0.1, 7.0])
def test_a_constant_series_scales_to_zeros(value: float) -> None:
    data = DailyViews(series=series(*[value] * 20), window=3)
    assert (data.offset, data.scale) == (value, 1.0)
    assert not data.features().any() and not data.test_labels().any()


def test_training_days_may_all_be_equal() -> None:
    data = DailyViews(series=series(*[5] * 9, 8), window=3)
    assert data.scale == 1.0
    np.testing.assert_array_equal(data.validation_labels(), [0.0])
    np.testing.assert_array_equal(data.test_labels(), [3.0])


def test_the_made_up_channel_is_valid_without_computing_its_views(monkeypatch: pytest.MonkeyPatch) -> None:
    examples = DailyViews(window=1825, validation_from=date(2020, 1, 1)).examples
    monkeypatch.delattr("gradreel.core.daily.views.synthetic_views")
    assert DailyViews(window=1825).examples == examples == 1


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"window": 0}, "greater than or equal to 1"),
        ({"window": 3651}, "less than or equal to 3650"),
        (
            {"window": 9},
            r"window of 9 days needs at least 12 days .* sales\.csv has 10; a window of 7 or less would do",
        ),
        ({"series": series(1, 2)}, r"needs at least 6 days .* has 2; no window is short enough"),
        ({"test_from": date(2020, 1, 5)}, "test_from is 2020-01-05; .* from 2020-01-06 to 2020-01-10"),
        ({"test_from": date(2020, 1, 11)}, "test_from is 2020-01-11; .* from 2020-01-06 to 2020-01-10"),
        ({"validation_from": date(2020, 1, 4)}, "validation_from is 2020-01-04; .* from 2020-01-05 to 2020-01-09"),
        (
            {"validation_from": date(2020, 1, 9), "test_from": date(2020, 1, 8)},
            "validation_from is 2020-01-09; .* from 2020-01-05 to 2020-01-07 before test_from, 2020-01-08",
        ),
        (
            {"validation_from": date(2020, 1, 8), "test_from": date(2020, 1, 8)},
            "validation_from is 2020-01-08; .* from 2020-01-05 to 2020-01-07 before test_from, 2020-01-08",
        ),
        ({"test_from": date(1, 1, 1)}, "test_from is 0001-01-01"),
        ({"test_from": "soon"}, "valid date"),
        ({"series": "real"}, "synthetic"),
        ({"series": "synthetic", "window": 1826}, "validation_from is 2020-01-01; with a window of 1826 days"),
        ({"series": "synthetic", "test_from": date(2022, 1, 1)}, "test_from is 2022-01-01"),
        ({"kind": "curve"}, "'daily views'"),
        ({"days": 3}, "Extra inputs"),
    ],
)
def test_invalid_settings_of_a_dataset_are_named(wrong: dict[str, object], message: str) -> None:
    right: dict[str, object] = {"series": small().series, "window": 3}
    assert DailyViews(**right) == small()  # type: ignore[arg-type]
    with pytest.raises(ValidationError, match=message):
        DailyViews(**(right | wrong))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "outermost",
    [
        {"window": 7},
        {"test_from": date(2020, 1, 6)},
        {"test_from": date(2020, 1, 10)},
        {"validation_from": date(2020, 1, 5)},
        {"validation_from": date(2020, 1, 9)},
        {"validation_from": date(2020, 1, 5), "test_from": date(2020, 1, 6)},
    ],
)
def test_extreme_settings_are_accepted(outermost: dict[str, object]) -> None:
    data = small(**outermost)
    assert data.examples >= 1 and data.n_validation >= 1 and data.n_test >= 1
    assert data.features().shape == (data.examples, data.window)


def test_a_dataset_is_the_same_after_json() -> None:
    for data in (DailyViews(), small(), small(**PARTS)):
        again = DailyViews.model_validate(json.loads(json.dumps(data.model_dump(mode="json"))))
        assert again == data and hash(again) == hash(data)
        np.testing.assert_array_equal(again.features(), data.features())
    assert DailyViews().model_dump(mode="json")["series"] == "synthetic"


def test_datasets_with_different_settings_differ() -> None:
    different = [DailyViews(), DailyViews(window=7), small(), small(window=4), small(**PARTS)]
    different += [small(validation_from=date(2020, 1, 7)), small(test_from=date(2020, 1, 8))]
    assert len(set(different)) == len(different)


def test_a_changed_copy_has_its_own_scaling() -> None:
    data = small(validation_from=date(2020, 1, 8), test_from=date(2020, 1, 10))
    assert data.offset == 20
    assert data.model_copy(update={"validation_from": date(2020, 1, 9)}).offset == 25.5


def test_a_dataset_cannot_change() -> None:
    data = small()
    with pytest.raises(ValidationError, match="frozen"):
        data.window = 4
    validation = (data.validation_features, data.validation_labels)
    for array_of in (data.features, data.labels, *validation, data.test_features, data.test_labels):
        array_of()[:] = 0
        assert array_of().any()


def test_arrays_are_contiguous_float64() -> None:
    data = small()
    validation = (data.validation_features(), data.validation_labels())
    for array in (data.features(), data.labels(), *validation, data.test_features(), data.test_labels()):
        assert array.dtype == np.float64 and array.flags.c_contiguous and array.flags.owndata


def test_three_centuries_of_days_make_windows() -> None:
    values = np.arange(100_000) % 1000
    long = DailySeries(start=date(1750, 1, 1), values=tuple(values.tolist()), name="long.csv")
    data = DailyViews(series=long)
    assert data.features().shape == (59_967, 56) and data.test_features().shape == (19_988, 56)
    assert data.validation_features().shape == (19_989, 56)
    np.testing.assert_allclose(data.in_views(data.test_features()[-1]), values[-2:-58:-1], atol=1e-9)


def test_an_absolute_error_is_converted_to_views() -> None:
    data = DailyViews()
    guess = np.zeros(data.n_test)
    loss = float(np.abs(guess - data.test_labels()).mean())
    views = synthetic_views().array()[-365:]
    assert data.absolute_error_in_views(loss) == pytest.approx(np.abs(views - data.offset).mean(), rel=1e-12)


@given(exponent=st.integers(-330, 40), values=st.lists(st.integers(1, 10**6), min_size=6, max_size=20))
def test_series_of_any_size_scale_alike(exponent: int, values: list[int]) -> None:
    data = DailyViews(series=series(*values), window=3)
    unit = 2.0**exponent if max(values) * 2.0**exponent <= 1e15 else 1.0
    other = DailyViews(series=series(*(value * unit for value in values)), window=3)
    if data.scale == 1.0:  # all days before the test days are equal
        return
    assert (other.offset, other.scale) == (data.offset * unit, data.scale * unit)
    np.testing.assert_array_equal(other.features(), data.features())
    np.testing.assert_array_equal(other.test_labels(), data.test_labels())


# -- days that were filled in


def gapped(missing: range, n_days: int = 100) -> DailySeries:
    """Return ``n_days`` days from 2021-01-01; the days ``missing``, counted from 0, were filled by a straight line."""
    days = np.arange(n_days)
    given_days = np.delete(days, list(missing))
    values = np.interp(days, given_days, 50.0 + given_days % 7)
    filled = tuple(date(2021, 1, 1) + timedelta(days=i) for i in missing)
    return DailySeries(start=date(2021, 1, 1), values=tuple(values.tolist()), name="gap.csv", filled=filled)


def test_no_training_day_is_filled_from_a_test_day() -> None:
    plain = DailyViews(series=gapped(range(0)), window=7)
    unseen = (plain.first_test_date - date(2021, 1, 1)).days
    in_the_gap = DailyViews(series=gapped(range(unseen - 3, unseen + 4)), window=7)
    assert in_the_gap.first_test_date == plain.first_test_date - timedelta(days=3)
    for beside in (range(unseen - 9, unseen - 1), range(unseen, unseen + 5)):
        assert DailyViews(series=gapped(beside), window=7).first_test_date == plain.first_test_date


def test_a_day_within_a_gap_cannot_be_the_first_test_day() -> None:
    series, first = gapped(range(40, 45)), date(2021, 1, 1)
    for day in range(41, 46):
        for name in ("validation_from", "test_from"):
            with pytest.raises(ValidationError, match=rf"{name} 2021-02-10 or 2021-02-16 would do"):
                DailyViews.model_validate({"series": series, "window": 7, name: first + timedelta(days=day)})
    for day in (40, 46):
        views = DailyViews(series=series, window=7, test_from=first + timedelta(days=day))
        assert views.first_test_date == first + timedelta(days=day)
        views = DailyViews(series=series, window=7, validation_from=first + timedelta(days=day))
        assert views.first_validation_date == first + timedelta(days=day)
