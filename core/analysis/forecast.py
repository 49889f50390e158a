"""Predictions of a network trained on daily views: the next day, several days ahead, and the error to expect.

Several days ahead, each prediction is fed back as if it were the day's views. All numbers are in views. A prediction
below 0 stays as it is: the network does not know that views cannot be negative, and clipping would hide that. theta may
have any leading axes, such as several seeds; the predictions then have the same axes.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from gradreel.core.arrays import FloatArray, IntArray
from gradreel.core.daily.series import DayArray
from gradreel.core.daily.views import DailyViews
from gradreel.core.errors import UserError
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import predict
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

_HELD = 1 << 20  # activations held in memory at once (8 MB)

WEEK = 7


@dataclass(frozen=True, eq=False)
class NextDays:
    """T consecutive days, each predicted from the true views of the days before it."""

    dates: DayArray  # (T,)  without gaps
    is_test: NDArray[np.bool_]  # (T,)  whether the day belongs to the test part
    truth: FloatArray  # (T,)  views
    prediction: FloatArray  # (..., T)  views

    @property
    def error(self) -> FloatArray:
        """Return prediction minus truth in views, (..., T)."""
        return self.prediction - self.truth

    @property
    def mean_absolute_error(self) -> FloatArray:
        """Return the mean absolute error in views, (...,)."""
        return np.asarray(np.abs(self.error).mean(axis=-1))

    @property
    def weekdays(self) -> IntArray:
        """Return the weekdays, (T,): 0 for Monday to 6 for Sunday."""
        return weekdays(self.dates)


@dataclass(frozen=True, eq=False)
class Forecast:
    """The h days after ``last_known``.

    The first is predicted from known days; later ones also use earlier predictions.
    """

    last_known: date  # views of later days were not used, even if the series has them
    dates: DayArray  # (h,)
    prediction: FloatArray  # (..., h)  views
    truth: FloatArray  # (h,)  views; NaN for days after the end of the series

    @property
    def weekdays(self) -> IntArray:
        """Return the weekdays, (h,): 0 for Monday to 6 for Sunday."""
        return weekdays(self.dates)


def next_days(
    experiment: Experiment, theta: FloatArray, first: date | None = None, last: date | None = None
) -> NextDays:
    """Return each day from ``first`` to ``last``, predicted from the true days before it.

    Parameters
    ----------
    experiment
        A run on daily views.
    theta
        Its parameters, (..., P).
    first, last
        Label days; by default the first test day and the last day of the series.

    Raises
    ------
    UserError
        If a day is no label day, the days are out of order, or the dataset is not of daily views.
    """
    data = _daily_views_of(experiment)
    first_label, last_label = data.daily.start + timedelta(days=data.window), data.daily.end
    first, last = first or data.first_test_date, last or last_label
    for day in (first, last):
        if not first_label <= day <= last_label:
            raise UserError(
                f"{data.title}: {day} cannot be predicted and compared; with a window of {data.window} days, the days "
                f"from {first_label} to {last_label} can"
                + (" (days ahead are for a forecast)" if day > last_label else "")
            )
    if first > last:
        raise UserError(f"no days to predict: the first, {first}, is after the last, {last}; let it be earlier")
    start, stop = (first - data.daily.start).days, (last - data.daily.start).days + 1
    views = data.daily.array()
    windows = sliding_window_view(views, data.window)[start - data.window : stop - data.window, ::-1]  # (T, D)
    dates = data.daily.dates()[start:stop]
    is_test = dates >= np.datetime64(data.first_test_date)
    return NextDays(dates, is_test, views[start:stop], _predict_next_day(experiment, data, theta, windows))


def forecast(experiment: Experiment, theta: FloatArray, days: int, last_known: date | None = None) -> Forecast:
    """Return ``days`` predicted days after ``last_known``, which is by default the last day of the series.

    No views after ``last_known`` are used, although the network may have been trained on them. Predictions that are fed
    back may diverge; they are returned as they are, even if infinite.

    Parameters
    ----------
    experiment
        A run on daily views.
    theta
        Its parameters, (..., P).
    days
        How many days to predict, at least 1.
    last_known
        A day with a whole window up to and including it.

    Raises
    ------
    UserError
        For fewer than 1 day, a day without a whole window, days beyond the calendar's end, or other data.
    """
    data = _daily_views_of(experiment)
    _refuse_less_than_a_day(days)
    earliest, latest = data.daily.start + timedelta(days=data.window - 1), data.daily.end
    last_known = last_known or latest
    if not earliest <= last_known <= latest:
        raise UserError(
            f"{data.title}: no forecast from {last_known}; with a window of {data.window} days the last known day must "
            f"lie from {earliest} to {latest}"
        )
    if days > (date.max - last_known).days:
        raise UserError(f"{days} days after {last_known} go beyond the calendar's end, {date.max}; ask for fewer days")
    n_known = (last_known - data.daily.start).days + 1
    views = data.daily.array()
    window = views[n_known - data.window : n_known][::-1]
    prediction = _predict_with_feedback(experiment, data, theta, window[None], days)
    truth = np.full(days, np.nan)
    later_views = views[n_known : n_known + days]
    truth[: len(later_views)] = later_views
    dates = np.datetime64(last_known, "D") + np.arange(1, days + 1)
    return Forecast(last_known, dates, prediction[..., 0, :], truth)


def horizon_errors(experiment: Experiment, theta: FloatArray, days: int) -> FloatArray:
    """Return prediction minus truth in views, (..., K, h): for 1 to h = ``days`` days ahead of each of K starts.

    Start k is the first of its h days. All h days are test days, so each horizon is measured on the same starts. Starts
    one day apart share most of their days, so K is not a number of independent trials.

    Raises UserError if there are fewer than ``days`` test days, or the dataset is not of daily views.
    """
    data = _daily_views_of(experiment)
    _refuse_less_than_a_day(days)
    if days > data.n_test:
        raise UserError(
            f"{data.title}: errors {days} days ahead need as many test days, and there are {data.n_test}: "
            f"{data.first_test_date} to {data.daily.end}; ask for {data.n_test} days or less, or set test_from earlier"
        )
    views = data.daily.array()
    starts = np.arange((data.first_test_date - data.daily.start).days, len(views) - days + 1)
    truth = views[starts[:, None] + np.arange(days)]  # (K, h)
    windows = views[starts[:, None] - 1 - np.arange(data.window)]  # (K, D)
    return np.asarray(_predict_with_feedback(experiment, data, theta, windows, days) - truth)


def weekdays(dates: DayArray) -> IntArray:
    """Return 0 for Monday to 6 for Sunday, same shape as ``dates``.

    Examples
    --------
    >>> weekdays(np.array(["2024-01-01", "2024-01-07"], dtype="datetime64[D]"))
    array([0, 6])
    """
    return (dates.astype("datetime64[D]").astype(np.int64) + 3) % WEEK  # 1970-01-01 was a Thursday


def _daily_views_of(experiment: Experiment) -> DailyViews:
    """Return the experiment's dataset. Raises UserError if it is not of daily views."""
    if not isinstance(experiment.dataset, DailyViews):
        raise UserError(
            f'a forecast needs a network trained on daily views (dataset kind "daily views"); this one was trained on '
            f'the kind "{experiment.dataset.kind}", which has no days'
        )
    return experiment.dataset


def _refuse_less_than_a_day(days: int) -> None:
    """Raise UserError if ``days`` is below 1."""
    if days < 1:
        raise UserError(f"a forecast is of at least 1 day, not of {days}")


def _predict_with_feedback(
    experiment: Experiment, data: DailyViews, theta: FloatArray, windows: FloatArray, days: int
) -> FloatArray:
    """Return predictions (..., K, h) that start from windows (K, D), all in views.

    Each prediction becomes a day of the windows that follow.
    """
    width = data.window
    views = np.empty((*theta.shape[:-1], len(windows), width + days))  # oldest first
    views[..., :width] = windows[:, ::-1]
    for day in range(width, width + days):
        views[..., day] = _predict_next_day(experiment, data, theta, views[..., day - width : day][..., ::-1])
    return views[..., width:]


def _predict_next_day(experiment: Experiment, data: DailyViews, theta: FloatArray, windows: FloatArray) -> FloatArray:
    """Return the next day's views, (..., K), for theta (..., P) and windows (K, D) or (..., K, D), all in views."""
    thetas = np.asarray(theta, dtype=np.float64)
    count = windows.shape[-2]
    predictions = np.empty((*thetas.shape[:-1], count))
    per_example = max(data.window, *experiment.hidden, 1) * max(1, thetas[..., 0].size)
    step = max(1, _HELD // per_example)
    with np.errstate(over="ignore", invalid="ignore"):
        for start in range(0, count, step):
            chunk = data.scaled(windows[..., start : start + step, :])
            predictions[..., start : start + step] = data.in_views(predict(experiment, thetas, chunk))
    return predictions
