"""The made-up channel: daily views that follow a rule which a window of days reveals and a linear model cannot follow.

The lecturer's data are not public. This file alone makes this series, and the series is always called made up. The rule
and all constants were fixed before any network was trained on it. It is made so that there is something to find:

    views  = level · calendar · u, in whole views
    u      = m · (1 + 0.06 z); on one day in 100 a video goes viral, which adds 0.2 to 0.6
    m      = g(u of yesterday);  on Friday and Saturday  2 - g(u of yesterday)

u is the audience's appetite, 1 on a typical day. Up to a peak, more views yesterday mean more today. Past it they mean
fewer, since everybody has seen the video. At the weekend it is the other way round: after a quiet day people catch up,
after a full one they have had enough. g is the hump between the corners `HUMP`.

level is a slow trend. calendar is term · min(weekday, Lunar New Year): Friday and Saturday are the two low days,
holidays are lower, and New Year's Eve, on its true dates, is the lowest. z is noise, new for each day: a sum of 12
uniform numbers less 6 (mean 0, standard deviation 1, nearly normal).

The rule gives u of yesterday from yesterday's views, so it predicts today's views up to the noise. That prediction is
`best_guesses`. No network can be expected to do better on days that it was not trained on.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from functools import cache
from itertools import pairwise

import numpy as np
from gradreel.core.arrays import FloatArray
from gradreel.core.daily.series import DailySeries

NAME = "our made-up channel"
START = date(2015, 1, 1)
END = date(2021, 12, 31)
SEED = 20150101

HUMP = ((0.3, 0.75), (0.8, 1.05), (1.05, 1.30), (1.35, 0.80), (1.9, 0.95))
"""Corners (u of yesterday, g) of the rule, with straight lines between them, flat outside."""
LOW_WEEKDAYS = (4, 5)
"""Friday and Saturday (Monday is 0): the two low days, on which the rule is reversed."""
NOISE = 0.06
"""Standard deviation of the noise, as a share of m."""
BURST_CHANCE = 0.01
"""Probability that a video goes viral on a day."""
BURST = (0.2, 0.6)
"""Lowest and highest addition to u when a video goes viral; uniform in between."""

LEVEL = (3000.0, 5200.0)
"""Views of an ordinary school day at START and at END; the trend is the straight line between them."""

WEEK = (1.04, 1.06, 1.05, 1.02, 0.62, 0.66, 0.98)
"""Factors of Monday to Sunday."""

TERM = (
    *((1, 1, 1.0), (1, 10, 1.0), (1, 24, 0.86), (2, 14, 0.86), (2, 28, 1.0)),
    *((6, 15, 1.0), (7, 5, 0.82), (8, 31, 0.82), (9, 20, 1.0), (12, 31, 1.0)),
)
"""Corners (month, day, factor) of the year, with straight lines between: winter and summer holidays are lower."""

NEW_YEAR_EVES = (
    *(date(2015, 2, 18), date(2016, 2, 7), date(2017, 1, 27), date(2018, 2, 15)),
    *(date(2019, 2, 4), date(2020, 1, 24), date(2021, 2, 11)),
)
"""The dates of Lunar New Year's Eve, from the calendar."""

NEW_YEAR = {-2: 0.93, -1: 0.80, 0: 0.40, 1: 0.47, 2: 0.55, 3: 0.63, 4: 0.72, 5: 0.80, 6: 0.88, 7: 0.95}
"""Factors of the days around the Eve, by days after it: a deep dip, then a week of recovery. On holidays the weekday
matters little, so the lower of the two factors holds, not their product.
"""

NUMBERS = 14  # random numbers for each day: 12 for z, one for whether a video goes viral, one for how much


@cache
def synthetic_views() -> DailySeries:
    """Return the daily views from START to END, whole numbers, equal bit for bit on every platform.

    Random numbers are the 64-bit numbers of PCG64, which numpy promises not to change. Everything else is +, -, · and /
    on floats in plain Python, one at a time.
    """
    random = np.random.PCG64(SEED).random_raw((number_of_days(), NUMBERS)).tolist()
    u, views = 1.0, []
    for i, numbers in enumerate(random):
        u = next_appetite(i, u, numbers)
        views.append(float(round(base_views(i) * u)))
    return DailySeries(start=START, values=tuple(views), name=NAME)


def number_of_days() -> int:
    """Return T, the number of days from START to END."""
    return (END - START).days + 1


@cache
def base_views(i: int) -> float:
    """Return the views of day ``i``, counted from 0, for an appetite of 1: level · calendar."""
    day = START + timedelta(days=i)
    level = LEVEL[0] + (LEVEL[1] - LEVEL[0]) * (i / (number_of_days() - 1))
    return level * _term_factor(day) * min(WEEK[day.weekday()], _new_year_factor(day))


def usual_appetite(i: int, yesterday: float) -> float:
    """Return m of day ``i`` after an appetite of ``yesterday``: the appetite without noise."""
    weekend = (START + timedelta(days=i)).weekday() in LOW_WEEKDAYS
    return 2 - hump(yesterday) if weekend else hump(yesterday)


def next_appetite(i: int, yesterday: float, numbers: Sequence[int]) -> float:
    """Return u of day ``i`` after an appetite of ``yesterday``, given that day's 14 random 64-bit numbers."""
    u = usual_appetite(i, yesterday) * (1 + NOISE * _nearly_normal(numbers[:12]))
    if _to_unit_interval(numbers[12]) < BURST_CHANCE:
        u += BURST[0] + (BURST[1] - BURST[0]) * _to_unit_interval(numbers[13])
    return u


def hump(u: float) -> float:
    """Return g of the rule at ``u``: the height of the hump, flat outside its corners."""
    (low, first), (high, last) = HUMP[0], HUMP[-1]
    if u <= low or u >= high:
        return first if u <= low else last
    for (left, left_height), (right, right_height) in pairwise(HUMP):
        if u <= right:
            return left_height + (right_height - left_height) * ((u - left) / (right - left))
    raise AssertionError("the corners span the range from the first to the last")


def appetites() -> FloatArray:
    """Return u of each day, (T,), as its views reveal it: exact up to the rounding of views."""
    return np.array([views / base_views(i) for i, views in enumerate(synthetic_views().values)])


def best_guesses() -> FloatArray:
    """Return the best prediction of each day's views from the day before, by the rule, (T,); NaN for the first day.

    The prediction is level · calendar · m. Half of all days have more views and half have fewer, which minimizes the
    mean absolute error. Viral videos would move that median by less than a thousandth.
    """
    u = appetites().tolist()
    guesses = [base_views(i) * usual_appetite(i, u[i - 1]) for i in range(1, len(u))]
    return np.array([np.nan, *guesses])


def _term_factor(day: date) -> float:
    """Return the factor of the time of year: the straight line between the two corners around ``day``."""
    corners = [(date(day.year, month, number), factor) for month, number, factor in TERM]
    for (before, low), (after, high) in pairwise(corners):
        if day <= after:
            return low + (high - low) * ((day - before).days / (after - before).days)
    raise AssertionError("the corners span the year")


def _new_year_factor(day: date) -> float:
    """Return the factor of a day around Lunar New Year's Eve.

    For other days return the largest of WEEK, which changes nothing.
    """
    eve = min(NEW_YEAR_EVES, key=lambda eve: abs((day - eve).days))
    return NEW_YEAR.get((day - eve).days, max(WEEK))


def _to_unit_interval(number: int) -> float:
    """Return a 64-bit number as a float in [0, 1): its 53 high bits."""
    return (number >> 11) / 2**53


def _nearly_normal(numbers: Sequence[int]) -> float:
    """Return the sum of 12 uniform numbers less 6.

    It adds integers: Python's own sum of floats differs between versions.
    """
    return sum(number >> 11 for number in numbers) / 2**53 - 6
