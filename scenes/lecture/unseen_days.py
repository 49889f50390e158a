"""What a network makes of days it has never seen: which of them are shown, and what is to be said of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from gradreel.core.daily_views import DailyViews
from gradreel.core.errors import UserError
from gradreel.core.experiment import Experiment
from gradreel.core.forecast import NextDays, next_days
from gradreel.core.surprises import Surprise, largest_miss, surprises
from gradreel.core.synthetic_views import NEW_YEAR, NEW_YEAR_EVES
from gradreel.core.weekly_lows import CAUGHT, HARDLY, caught_share, lows_show, weekly_lows
from numpy.typing import NDArray

MOST_DAYS = 63  # that are shown where no days are asked for
AROUND, LEAST_CLOSE = (5, 6), 14  # days before and after the surprises that are shown close by; days in all, at least
SMALL_MISS = 0.2  # of a usual day's views: a miss of so many is nothing dramatic


@dataclass(frozen=True)
class UnseenDays:
    """T ``days`` with their predictions, and what is special: the weekdays that are low, and the ``surprises``.

    ``caught``: how much of the way down to the low days the predictions go, see `core.weekly_lows.caught_share`.
    """

    dataset: DailyViews
    days: NextDays
    lows: tuple[int, ...]
    caught: float
    surprises: Sequence[Surprise]

    @classmethod
    def of(cls, run: Experiment, theta: NDArray, first: date | None, last: date | None) -> UnseenDays:
        """What the network of theta (P,) says from day ``first`` to ``last``; of many, around the largest miss.

        None: the first or the last unseen day. Raises UserError for predictions that are not finite.
        """
        dataset = run.dataset
        assert isinstance(dataset, DailyViews)
        days = _shown(run, dataset.daily.end, theta, first, last)
        if not np.isfinite(days.prediction).all():
            raise UserError("forecast: the network's predictions are not finite; train it with a smaller learning rate")
        series = dataset.daily
        known = (days.dates[-1] - np.datetime64(series.start, "D")).astype(int) + 1
        lows = weekly_lows(series.dates()[:known], series.array()[:known])
        lows = lows if lows_show(days.dates, days.truth, lows) else ()
        caught = caught_share(days.dates, days.truth, days.prediction, lows)
        return cls(dataset, days, lows, caught, surprises(days, () if caught >= CAUGHT else lows))

    @property
    def usual(self) -> float:
        """The mean absolute error, in views."""
        return float(self.days.mean_absolute_error)

    @property
    def worst(self) -> int:
        """The day that the end is about: the dip, where there is one, since a calendar may tell of it."""
        if not self.surprises:
            return largest_miss(self.days)
        return min(self.surprises, key=lambda surprise: surprise.is_rise).day

    @property
    def close(self) -> tuple[int, int]:
        """The first and the last day to be seen close by: those around the surprises."""
        last = len(self.days.dates) - 1
        start = max(0, self.surprises[0].day - AROUND[0])
        end = min(last, max(self.surprises[-1].day + AROUND[1], start + LEAST_CLOSE))
        return max(0, min(start, end - LEAST_CLOSE)), end

    # -- what is to be said ----------------------------------------------------------------------------------------

    @property
    def lows_line(self) -> str:
        """Whether the low weekdays, where there are any, were predicted low."""
        return "lows" if self.caught >= CAUGHT else "lows-partly" if self.caught >= HARDLY else "lows-missed"

    @property
    def miss(self) -> float:
        """By how many views the worst day was missed."""
        return float(abs(self.days.error[self.worst]))

    @property
    def misses_little(self) -> bool:
        """Whether even the worst day is missed by little, against what a day usually has."""
        return self.miss <= SMALL_MISS * float(np.median(np.abs(self.days.truth)))

    @property
    def answer(self) -> str:
        """What can be said of the surprises: a calendar tells of the Eve's dip, in synthetic views we put it there.

        What else is special in synthetic views comes by chance, except for the other days of that holiday.
        """
        made_up = "-made-up" if self.dataset.synthetic else ""
        eves, others = self.answered
        if not others:
            return "eve" + made_up
        chance = all(self.is_chance(self.date_of(surprise)) for surprise in others)
        if eves:
            return "eve-chance" if chance else "eve-holidays" if made_up else "eve-unknown"
        return "chance" if chance else "unknown" if len(others) == 1 else "unknown-both"

    @property
    def answered(self) -> tuple[list[Surprise], list[Surprise]]:
        """In the order in which `answer` speaks of them: dips that a calendar tells of, then the other surprises."""
        eves = [one for one in self.surprises if not one.is_rise and self.date_of(one) in NEW_YEAR_EVES]
        return eves, [one for one in self.surprises if one not in eves]

    def date_of(self, surprise: Surprise) -> date:
        """Its day."""
        day: date = self.days.dates[surprise.day].astype(date)
        return day

    def is_chance(self, day: date) -> bool:
        """Whether what is special about the day was drawn by chance: it was no holiday, in views that were made up."""
        return self.dataset.synthetic and all((day - eve).days not in NEW_YEAR for eve in NEW_YEAR_EVES)


def _shown(run: Experiment, end: date, theta: NDArray, first: date | None, last: date | None) -> NextDays:
    """The days that were asked for; of many, those around the one that is missed by the most."""
    every = next_days(run, theta, first, last)
    if len(every.dates) <= MOST_DAYS or (first and last):
        return every
    start = every.dates[0].astype(date)
    if first is None:
        worst = every.dates[largest_miss(every)].astype(date)
        latest = every.dates[-1].astype(date) - timedelta(days=MOST_DAYS - 1)
        start = max(start, min(worst - timedelta(days=28), latest))
    return next_days(run, theta, start, min(start + timedelta(days=MOST_DAYS - 1), end))
