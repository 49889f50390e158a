"""The network of least unseen loss, what it predicts, and what the numbers allow to be said of both."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from gradreel.core.analysis.forecast import WEEK, HorizonErrors, forecast, horizon_errors, next_days, weekdays
from gradreel.core.analysis.results import Result, best_by_unseen
from gradreel.core.daily.series import DailySeries
from gradreel.core.daily.views import DailyViews
from gradreel.core.errors import UserError
from gradreel.core.experiment import Experiment
from numpy.typing import NDArray


class Choice:
    """The ``best`` of ``outcome`` by unseen loss, ``best_seen`` by training loss."""

    def __init__(self, outcome: Sequence[Result]) -> None:
        """``outcome``: from the shallowest to the deepest."""
        self.outcome = list(outcome)
        self.best = best_by_unseen(outcome)
        self.best_seen = min(outcome, key=lambda result: result.training.mean)

    def place(self, result: Result) -> int:
        """Its column, counted from 0."""
        return self.outcome.index(result)

    @property
    def other(self) -> Result:
        """The best one of those with layers."""
        return best_by_unseen([result for result in self.outcome if result.network.hidden])


class DaysToCome:
    """What the network of theta (P,) predicts of the ``days`` after the end of its series.

    ``ahead``: the predictions. ``errors``: for each of these days, those it made so many days ahead, from all unseen
    days that have as many after them, the days of ``starts`` for the first; ``usual`` (days,): their mean sizes.
    ``rival``: the better one of two forecasts that need no network, "day" or "week", and ``naive``, its mean
    error a day ahead. ``by_weekday``: the means (7,) of all days, of the unseen ones, and of what was predicted for
    these.
    """

    def __init__(self, run: Experiment, theta: NDArray, days: int) -> None:
        """Raises UserError for predictions that are not finite."""
        assert isinstance(run.dataset, DailyViews)
        self.series = run.dataset.daily
        self.ahead = forecast(run, theta, days)
        one_day, *longer = (horizon_errors(run, theta, k + 1) for k in range(days))
        self.starts = one_day.starts
        self.errors = [ahead.error[:, -1] for ahead in (one_day, *longer)]
        if not all(np.isfinite(views).all() for views in (self.ahead.prediction, *self.errors)):
            raise UserError("model-selection: the chosen network's predictions are not finite; train it for longer")
        self.usual = np.array([np.abs(errors).mean() for errors in self.errors])
        self.rival, self.naive = _best_rival(one_day)
        self.by_weekday = (means_by_weekday(self.series), *next_days(run, theta).by_weekday())


def _best_rival(one_day: HorizonErrors) -> tuple[str, float]:
    """Of repeating the day before and the week before, the one that is less off a day ahead, and by how much."""
    naive = {
        "day": float(one_day.naive_day_mean_absolute[0]),
        "week": float(one_day.naive_week_mean_absolute[0]),
    }
    rival = min((name for name in naive if np.isfinite(naive[name])), key=lambda name: naive[name])
    return rival, naive[rival]


def means_by_weekday(series: DailySeries) -> NDArray:
    """(7,): the mean of all days of each weekday, Monday first; NaN for one that has no day."""
    views, days = series.array(), weekdays(series.dates())
    return np.array([views[days == weekday].mean() if (days == weekday).any() else np.nan for weekday in range(WEEK)])
