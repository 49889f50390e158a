"""The network of least unseen loss, what it predicts, and what the numbers allow to be said of both."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from gradreel.core.daily_series import DailySeries
from gradreel.core.daily_views import DailyViews
from gradreel.core.errors import UserError
from gradreel.core.experiment import Experiment
from gradreel.core.forecast import WEEK, HorizonErrors, forecast, horizon_errors, next_days, weekdays
from gradreel.core.results import Result, best_by_unseen
from gradreel.core.verdicts import SMALL_SHARE, change
from gradreel.core.weekly_lows import catches_lows, weekly_lows
from numpy.typing import NDArray


class Choice:
    """The ``best`` of ``outcome`` by unseen loss, ``best_seen`` by training loss, and the linear model, ``line``."""

    def __init__(self, outcome: Sequence[Result], synthetic: bool) -> None:
        """``outcome``: from the shallowest to the deepest; ``synthetic``: whether made-up days are learned from."""
        self.outcome, self.synthetic = list(outcome), synthetic
        self.best = best_by_unseen(outcome)
        self.best_seen = min(outcome, key=lambda result: result.training.mean)
        self.line = next((result for result in outcome if not result.network.hidden), None)

    def place(self, result: Result) -> int:
        """Its column, counted from 0."""
        return self.outcome.index(result)

    @property
    def other(self) -> Result:
        """The best one but the line."""
        return best_by_unseen([result for result in self.outcome if result is not self.line])

    @property
    def twist(self) -> str:
        """What is to be said of the choice: the line we began with, or a network that goes beyond it."""
        if self.best is not self.line:
            return self._beyond_the_line()
        if change(self.best.unseen, self.other.unseen) != "rises":
            return "twist-line-tie"
        return "twist-line" if self.synthetic else "twist-line-own"

    def _beyond_the_line(self) -> str:
        """What is to be said of a network with layers: the line, or even deeper ones, may be no worse."""
        if self.line is None or change(self.best.unseen, self.line.unseen) != "rises":
            return "twist-tie"
        return "twist-middle" if change(self.best.unseen, self.outcome[-1].unseen) == "rises" else "twist-layers"


class DaysToCome:
    """What the network of theta (P,) predicts of the ``days`` after the end of its series.

    ``ahead``: the predictions. ``errors``: for each of these days, those it made so many days ahead, from all unseen
    days that have as many after them, the days of ``starts`` for the first; ``usual`` (days,): their mean sizes.
    ``rival``: the better one of two forecasts that need no network, "day" or "week", and ``naive``, its mean
    error a day ahead. ``lows``: the weekdays that are low, and whether they were ``caught`` on unseen days;
    ``by_weekday``: the means (7,) of all days, of the unseen ones, and of what was predicted for these.
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
        self.lows = weekly_lows(self.series.dates(), self.series.array())
        unseen = next_days(run, theta)
        self.by_weekday = (means_by_weekday(self.series), *unseen.by_weekday())
        self.caught = catches_lows(unseen.dates, unseen.truth, unseen.prediction, self.lows)

    @property
    def tomorrow_is_low(self) -> bool:
        """Whether the first day to come is on a low weekday."""
        return self.ahead.weekdays[0] in self.lows

    @property
    def tomorrow(self) -> str:
        """What is said of tomorrow: whether a weekday that is low was predicted so, here and on unseen days."""
        falls = bool(self.ahead.prediction[0] < self.series.array()[-WEEK:].mean())
        if not self.tomorrow_is_low or falls != self.caught:
            return "tomorrow"
        if not falls:
            return "tomorrow-unaware"
        always = every_week_low(self.series, int(self.ahead.weekdays[0]), self.lows)
        return "tomorrow-low" if always else "tomorrow-low-mostly"

    @property
    def bet(self) -> str:
        """Whether the network's error a day ahead is less than the rival's."""
        if abs(self.usual[0] - self.naive) <= SMALL_SHARE * self.naive:
            return "bet-even"
        return "bet" if self.usual[0] < self.naive else "bet-lost"


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


def every_week_low(series: DailySeries, weekday: int, lows: tuple[int, ...]) -> bool:
    """Whether each day on ``weekday``, one of the low ones, is below all days up to three around it that are not."""
    views, days = series.array(), weekdays(series.dates())
    others = np.where(np.isin(days, lows), np.inf, views)  # (T,) infinite on low weekdays
    return all(views[k] < others[max(k - 3, 0) : k + 4].min() for k in np.flatnonzero(days == weekday))
