"""Forecasts agree with a loop over days that passes one window at a time to the formula."""

from datetime import date, timedelta

import numpy as np
import pytest
from gradreel.core.analysis.forecast import forecast, horizon_errors, next_days, weekdays
from gradreel.core.arrays import FloatArray
from gradreel.core.daily.series import DailySeries
from gradreel.core.daily.views import DailyViews
from gradreel.core.errors import UserError
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import loss, predict
from gradreel.core.network.theta import test_loss as loss_on_test_examples

RANDOM = np.random.default_rng(0)
VIEWS = RANDOM.uniform(500, 3000, size=60).round()
DATA = DailyViews(
    series=DailySeries(start=date(2024, 2, 1), values=tuple(VIEWS), name="views.csv"),
    window=9,
    validation_from=date(2024, 3, 4),
    test_from=date(2024, 3, 11),
)
"""Day i of VIEWS is 2024-02-01 + i, a Thursday; 39 days before the test, 21 test days."""
NETWORKS = {
    "linear": Experiment(dataset=DATA, hidden=(), loss="mae"),
    "sigmoids": Experiment(dataset=DATA, hidden=(4,)),
    "deep ReLU": Experiment(dataset=DATA, hidden=(5, 3), activation="relu", loss="mae"),
}


def random_theta(experiment: Experiment, *seeds: int) -> FloatArray:
    return RANDOM.normal(scale=0.4, size=(*seeds, experiment.n_parameters))


def one_day(experiment: Experiment, theta: FloatArray, before: list[float]) -> float:
    """Return the prediction in views for the day after ``before``, whose last entry is yesterday: a slow reference."""
    data = experiment.dataset
    assert isinstance(data, DailyViews)
    feature = [(before[-j] - data.offset) / data.scale for j in range(1, data.window + 1)]
    return float(predict(experiment, theta, np.array([feature]))[0]) * data.scale + data.offset


def fed_back(experiment: Experiment, theta: FloatArray, n_known: int, days: int) -> list[float]:
    """Return the predictions for days ``n_known``, ``n_known`` + 1, ... from the days before: a slow reference."""
    views = list(VIEWS[:n_known])
    for _ in range(days):
        views.append(one_day(experiment, theta, views))
    return views[n_known:]


def persistent(day: int, n: int = 3) -> tuple[Experiment, FloatArray]:
    """Return a linear model on a window of n days that predicts the views of ``day`` days ago."""
    experiment = Experiment(dataset=DATA.model_copy(update={"window": n}), hidden=())
    theta = np.zeros(n + 1)
    theta[day - 1] = 1.0
    return experiment, theta


@pytest.fixture(params=NETWORKS)
def experiment(request: pytest.FixtureRequest) -> Experiment:
    return NETWORKS[request.param]


def test_each_day_is_predicted_from_the_true_days_before_it(experiment: Experiment) -> None:
    theta = random_theta(experiment)
    days = next_days(experiment, theta, date(2024, 2, 10), date(2024, 3, 31))
    assert days.dates[[0, -1]].tolist() == [date(2024, 2, 10), date(2024, 3, 31)]
    np.testing.assert_array_equal(days.truth, VIEWS[9:])
    slow = [one_day(experiment, theta, list(VIEWS[:i])) for i in range(9, 60)]
    np.testing.assert_allclose(days.prediction, slow, rtol=1e-11)
    assert days.dates[days.is_test][0] == np.datetime64("2024-03-11") and days.is_test.sum() == 21


def test_next_days_are_by_default_the_test_days(experiment: Experiment) -> None:
    theta = random_theta(experiment)
    days = next_days(experiment, theta)
    np.testing.assert_array_equal(days.dates, DATA.test_dates())
    assert days.is_test.all()
    if experiment.loss == "mae":
        in_views = DATA.absolute_error_in_views(float(loss_on_test_examples(experiment, theta)))
        assert float(days.mean_absolute_error) == pytest.approx(in_views, rel=1e-12)
        trained_on = next_days(experiment, theta, DATA.dates()[0].item(), DATA.dates()[-1].item())
        in_views = DATA.absolute_error_in_views(float(loss(experiment, theta)))
        assert float(trained_on.mean_absolute_error) == pytest.approx(in_views, rel=1e-12)


def test_several_seeds_at_once(experiment: Experiment) -> None:
    thetas = random_theta(experiment, 2, 3)
    days, ahead = next_days(experiment, thetas), forecast(experiment, thetas, 4)
    errors = horizon_errors(experiment, thetas, 4)
    assert days.prediction.shape == (2, 3, 21) and ahead.prediction.shape == (2, 3, 4)
    assert errors.shape == (2, 3, 18, 4)
    assert days.mean_absolute_error.shape == (2, 3)
    for seed in np.ndindex(2, 3):
        alone = thetas[seed]
        np.testing.assert_allclose(days.prediction[seed], next_days(experiment, alone).prediction, rtol=1e-11)
        np.testing.assert_allclose(ahead.prediction[seed], forecast(experiment, alone, 4).prediction, rtol=1e-11)
        errors_alone = horizon_errors(experiment, alone, 4)
        np.testing.assert_allclose(errors[seed], errors_alone, rtol=1e-9, atol=1e-9)


def test_many_start_days_are_predicted_a_few_at_a_time(experiment: Experiment, monkeypatch: pytest.MonkeyPatch) -> None:
    thetas = random_theta(experiment, 2)
    whole = next_days(experiment, thetas).prediction, horizon_errors(experiment, thetas, 3)
    monkeypatch.setattr("gradreel.core.analysis.forecast._HELD", 80)
    np.testing.assert_allclose(next_days(experiment, thetas).prediction, whole[0], rtol=1e-11)
    np.testing.assert_allclose(horizon_errors(experiment, thetas, 3), whole[1], rtol=1e-9, atol=1e-9)


def test_a_float32_theta_is_taken_as_it_is() -> None:
    experiment = NETWORKS["deep ReLU"]
    theta = random_theta(experiment).astype(np.float32)
    np.testing.assert_array_equal(
        forecast(experiment, theta, 5).prediction, forecast(experiment, theta.astype(np.float64), 5).prediction
    )


@pytest.mark.parametrize("n_known", [9, 30, 58, 60])
def test_predictions_are_fed_back_day_by_day(experiment: Experiment, n_known: int) -> None:
    theta = random_theta(experiment)
    ahead = forecast(experiment, theta, 12, last_known=date(2024, 2, 1) + timedelta(days=n_known - 1))
    np.testing.assert_allclose(ahead.prediction, fed_back(experiment, theta, n_known, 12), rtol=1e-9)
    assert ahead.dates.tolist() == [date(2024, 2, 1) + timedelta(days=n_known + i) for i in range(12)]
    n_later = len(VIEWS[n_known : n_known + 12])
    np.testing.assert_array_equal(ahead.truth[:n_later], VIEWS[n_known : n_known + 12])
    assert np.isnan(ahead.truth[n_later:]).all()


def test_tomorrow_is_the_day_after_the_series_and_has_its_weekday() -> None:
    experiment, theta = persistent(day=2)
    ahead = forecast(experiment, theta, 3)
    assert ahead.last_known == date(2024, 3, 31)
    assert ahead.dates.tolist() == [date(2024, 4, 1), date(2024, 4, 2), date(2024, 4, 3)]
    assert ahead.weekdays.tolist() == [0, 1, 2]
    np.testing.assert_allclose(ahead.prediction, [VIEWS[58], VIEWS[59], VIEWS[58]], rtol=1e-12)


def test_weekdays_are_those_of_the_calendar() -> None:
    days = np.datetime64("1960-02-25", "D") + np.arange(40_000)
    assert weekdays(days).tolist() == [day.weekday() for day in days.tolist()]


def test_later_days_change_no_forecast(experiment: Experiment) -> None:
    theta, n_known = random_theta(experiment), 50
    other = VIEWS.copy()
    other[n_known:] = 1.0
    changed = DATA.model_copy(update={"series": DailySeries(start=date(2024, 2, 1), values=tuple(other), name="a.csv")})
    day = date(2024, 2, 1) + timedelta(days=n_known - 1)
    ahead = [
        forecast(experiment.model_copy(update={"dataset": data}), theta, 10, last_known=day) for data in (DATA, changed)
    ]
    np.testing.assert_array_equal(ahead[0].prediction, ahead[1].prediction)
    assert not np.array_equal(ahead[0].truth, ahead[1].truth)


@pytest.mark.parametrize("days", [1, 4, 21])
def test_horizon_errors_are_of_every_start_with_test_days_only(experiment: Experiment, days: int) -> None:
    theta = random_theta(experiment)
    errors = horizon_errors(experiment, theta, days)
    starts = range(39, 60 - days + 1)
    slow = np.array([fed_back(experiment, theta, start, days) - VIEWS[start : start + days] for start in starts])
    np.testing.assert_allclose(errors, slow, rtol=1e-9, atol=1e-9)


def test_predictions_below_zero_are_left_as_they_are() -> None:
    experiment, theta = persistent(day=1)
    theta = -theta  # the model mirrors views at their mean
    theta[-1] = -20.0
    ahead = forecast(experiment, theta, 1)
    assert ahead.prediction[0] == pytest.approx(2 * DATA.offset - VIEWS[-1] - 20 * DATA.scale, rel=1e-9)
    assert ahead.prediction[0] < 0


def test_infinite_predictions_give_no_warning() -> None:
    experiment, theta = persistent(day=1)
    ahead, errors = forecast(experiment, 1e200 * theta, 4), horizon_errors(experiment, 1e200 * theta, 4)
    assert not np.isfinite(ahead.prediction[-1]) and np.isfinite(ahead.prediction[0])
    assert not np.isfinite(errors[..., -1]).all()


def test_a_forecast_of_a_curve_is_refused() -> None:
    for ask in (next_days, lambda *run: forecast(*run, 1), lambda *run: horizon_errors(*run, 1)):
        with pytest.raises(UserError, match=r'trained on daily views .* kind "curve"'):
            ask(Experiment(), np.zeros(10))


@pytest.mark.parametrize(
    ("first", "last", "message"),
    [
        (date(2024, 2, 9), None, "views.csv: 2024-02-09 cannot.* 2024-02-10 to 2024-03-31 can$"),
        (None, date(2024, 4, 1), "2024-04-01 cannot.* 2024-02-10 to 2024-03-31 .*forecast"),
        (date(2024, 3, 20), date(2024, 3, 19), "2024-03-20, is after the last, 2024-03-19"),
        (None, date(2024, 3, 10), "the first, 2024-03-11, is after the last, 2024-03-10"),
    ],
)
def test_days_that_cannot_be_predicted_are_refused(first: date | None, last: date | None, message: str) -> None:
    with pytest.raises(UserError, match=message):
        next_days(NETWORKS["linear"], np.zeros(10), first, last)


@pytest.mark.parametrize(
    ("days", "last_known", "message"),
    [
        (0, None, "at least 1 day, not of 0"),
        (2, date(2024, 2, 8), "from 2024-02-08; with a window of 9 days .* 2024-02-09 to 2024-03-31"),
        (2, date(2024, 4, 1), "from 2024-04-01"),
        (3_000_000, None, "calendar's end, 9999-12-31"),
    ],
)
def test_a_forecast_that_cannot_be_made_is_refused(days: int, last_known: date | None, message: str) -> None:
    with pytest.raises(UserError, match=message):
        forecast(NETWORKS["linear"], np.zeros(10), days, last_known)


@pytest.mark.parametrize(("days", "message"), [(0, "at least 1 day"), (22, "there are 21: .*ask for 21 days or less")])
def test_a_horizon_longer_than_the_test_part_is_refused(days: int, message: str) -> None:
    with pytest.raises(UserError, match=message):
        horizon_errors(NETWORKS["linear"], np.zeros(10), days)
