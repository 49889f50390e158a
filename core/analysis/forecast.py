"""What a network trained on daily views predicts: the next day, several days ahead, and the error to expect.

Several days ahead, each prediction is fed back as if it had been the day's views. Everything is in views. A prediction
below 0 is left as it is: the network does not know that views cannot be negative, and clipping would hide it. theta may
have any leading axes, several seeds for instance; so have the predictions.
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

_HELD = 1 << 20  # activations held at once: 8 MB of them

WEEK = 7


@dataclass(frozen=True, eq=False)
class NextDays:
    """T days, each predicted from the true views of the days before it."""

    dates: DayArray  # (T,)  without gaps
    is_test: NDArray[np.bool_]  # (T,)  whether the day belongs to the test part
    truth: FloatArray  # (T,)  views
    prediction: FloatArray  # (..., T)  views

    @property
    def error(self) -> FloatArray:
        """(..., T): prediction minus truth, in views."""
        return self.prediction - self.truth

    @property
    def mean_absolute_error(self) -> FloatArray:
        """(...,): in views."""
        return np.asarray(np.abs(self.error).mean(axis=-1))

    @property
    def weekdays(self) -> IntArray:
        """(T,): 0 for Monday to 6 for Sunday."""
        return weekdays(self.dates)


@dataclass(frozen=True, eq=False)
class Forecast:
    """The h days after ``last_known``: the first predicted from known days, the next with that prediction fed back."""

    last_known: date  # the views of later days were not used, whether they are known or not
    dates: DayArray  # (h,)
    prediction: FloatArray  # (..., h)  views
    truth: FloatArray  # (h,)  views; NaN for days after the end of the series

    @property
    def weekdays(self) -> IntArray:
        """(h,): 0 for Monday to 6 for Sunday."""
        return weekdays(self.dates)


def next_days(
    experiment: Experiment, theta: FloatArray, first: date | None = None, last: date | None = None
) -> NextDays:
    """Each day from ``first`` to ``last`` predicted from the true days before it, theta (..., P).

    By default from the first unseen day to the end of the series. UserError for days that are not label days, or for a
    dataset that is not of daily views.
    """
    data = _daily(experiment)
    begin, end = data.daily.start + timedelta(days=data.window), data.daily.end
    first, last = first or data.first_test_date, last or end
    for day in (first, last):
        if not begin <= day <= end:
            raise UserError(
                f"{data.title}: {day} cannot be predicted and compared; with a window of {data.window} days that goes "
                f"for {begin} to {end}" + (" (days ahead are for a forecast)" if day > end else "")
            )
    if first > last:
        raise UserError(f"no days to predict: the first, {first}, is after the last, {last}; let it be earlier")
    start, stop = (first - data.daily.start).days, (last - data.daily.start).days + 1
    views = data.daily.array()
    windows = sliding_window_view(views, data.window)[start - data.window : stop - data.window, ::-1]  # (T, D)
    dates = data.daily.dates()[start:stop]
    is_test = dates >= np.datetime64(data.first_test_date)
    return NextDays(dates, is_test, views[start:stop], _predicted(experiment, data, theta, windows))


def forecast(experiment: Experiment, theta: FloatArray, days: int, last_known: date | None = None) -> Forecast:
    """``days`` days ahead of ``last_known`` (by default the last day of the series: tomorrow), theta (..., P).

    The days may be known or not: no views after ``last_known`` are used, though the network may have been trained on
    them. Predictions that are fed back may run off; they are given as they come, to infinity if need be. UserError for
    a day without a whole window, for less than a day, or for a dataset that is not of daily views.
    """
    data = _daily(experiment)
    _at_least_a_day(days)
    begin, end = data.daily.start + timedelta(days=data.window - 1), data.daily.end
    last_known = last_known or end
    if not begin <= last_known <= end:
        raise UserError(
            f"{data.title}: no forecast from {last_known}; with a window of {data.window} days the last known day must "
            f"lie from {begin} to {end}"
        )
    if days > (date.max - last_known).days:
        raise UserError(f"{days} days after {last_known} go beyond the calendar's end, {date.max}")
    known = (last_known - data.daily.start).days + 1
    views = data.daily.array()
    window = views[known - data.window : known][::-1]
    prediction = _fed_back(experiment, data, theta, window[None], days)
    truth = np.full(days, np.nan)
    followed = views[known : known + days]
    truth[: len(followed)] = followed
    dates = np.datetime64(last_known, "D") + np.arange(1, days + 1)
    return Forecast(last_known, dates, prediction[..., 0, :], truth)


def horizon_errors(experiment: Experiment, theta: FloatArray, days: int) -> FloatArray:
    """Prediction minus truth in views, (..., K, h), 1 to h = ``days`` days ahead of each of K starts, theta (..., P).

    Start k is the first of its h days, all of which are unseen, so each horizon is measured on the same starts. Starts
    a day apart share most of their days: K is not a number of independent trials. UserError if the unseen part is
    shorter than that, or for a dataset that is not of daily views.
    """
    data = _daily(experiment)
    _at_least_a_day(days)
    if days > data.n_test:
        raise UserError(
            f"{data.title}: errors {days} days ahead need as many unseen days, and there are {data.n_test}: "
            f"{data.first_test_date} to {data.daily.end}; ask for {data.n_test} days or less, or set test_from earlier"
        )
    views = data.daily.array()
    starts = np.arange((data.first_test_date - data.daily.start).days, len(views) - days + 1)
    truth = views[starts[:, None] + np.arange(days)]  # (K, h)
    windows = views[starts[:, None] - 1 - np.arange(data.window)]  # (K, D)
    return np.asarray(_fed_back(experiment, data, theta, windows, days) - truth)


def weekdays(dates: DayArray) -> IntArray:
    """0 for Monday to 6 for Sunday, same shape as ``dates``."""
    return (dates.astype("datetime64[D]").astype(np.int64) + 3) % WEEK  # 1970-01-01 was a Thursday


def _daily(experiment: Experiment) -> DailyViews:
    if not isinstance(experiment.dataset, DailyViews):
        raise UserError(
            f'a forecast needs a network trained on daily views (dataset kind "daily views"); this one was trained on '
            f'the kind "{experiment.dataset.kind}", which has no days'
        )
    return experiment.dataset


def _at_least_a_day(days: int) -> None:
    if days < 1:
        raise UserError(f"a forecast is of at least 1 day, not of {days}")


def _fed_back(
    experiment: Experiment, data: DailyViews, theta: FloatArray, windows: FloatArray, days: int
) -> FloatArray:
    """Predictions (..., K, h) from windows (K, D), all in views: each is a day of the windows of those after it."""
    width = data.window
    views = np.empty((*theta.shape[:-1], len(windows), width + days))  # oldest first
    views[..., :width] = windows[:, ::-1]
    for day in range(width, width + days):
        views[..., day] = _predicted(experiment, data, theta, views[..., day - width : day][..., ::-1])
    return views[..., width:]


def _predicted(experiment: Experiment, data: DailyViews, theta: FloatArray, windows: FloatArray) -> FloatArray:
    """The next day's views, (..., K), for theta (..., P) and windows (K, D) or (..., K, D), all in views."""
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
