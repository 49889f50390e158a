"""Which weekdays are low in most weeks of a daily series."""

import numpy as np
from gradreel.core.arrays import FloatArray
from gradreel.core.daily_series import DayArray
from gradreel.core.forecast import WEEK, weekdays

MOST_LOWS = 3
LEAST_STEP = 0.05
"""Of a week's mean: what the low days must stay below the others."""
CAUGHT, HARDLY = 1 / 2, 0.15
"""Of what the truth falls by on low days: what predictions that catch them fall by, and those that hardly notice."""
LEAST_WEEKS = 3
STANDARD_ERRORS = 3.0
"""... and how many standard errors of two medians' difference that must be, at least: chance makes small steps."""


def weekly_lows(dates: DayArray, views: FloatArray) -> tuple[int, ...]:
    """The weekdays, 0 for Monday, that stand apart from the others below them; () where none do.

    Each day (T,) is taken as a share of the week's mean around it, so that a trend is no matter, and each weekday by
    the median of its shares, so that a holiday is none. The low ones are below the widest step between two weekdays'
    medians, in order of size, if that is 5 % of a week's mean or more, more than chance makes of such days, and three
    weekdays at most are below it.
    """
    if len(views) < (LEAST_WEEKS + 1) * WEEK:
        return ()
    means = np.convolve(views, np.ones(WEEK) / WEEK, mode="valid")  # (T - 6,) around day 3, 4, ...
    inside = slice(WEEK // 2, len(views) - WEEK // 2)
    counted = means > 0
    shares, days = views[inside][counted] / means[counted], weekdays(dates[inside])[counted]
    if len(np.unique(days)) < WEEK:
        return ()
    by_weekday = [shares[days == weekday] for weekday in range(WEEK)]
    medians = np.array([np.median(each) for each in by_weekday])
    variance = np.mean([np.pi / 2 * each.var() / len(each) for each in by_weekday])  # of a median of normal numbers
    least = max(LEAST_STEP, STANDARD_ERRORS * float(np.sqrt(2 * variance)))
    order = np.argsort(medians, kind="stable")
    steps = np.diff(medians[order])
    below = int(steps.argmax()) + 1
    if steps.max() < least or below > MOST_LOWS:
        return ()
    return tuple(sorted(int(weekday) for weekday in order[:below]))


def caught_share(dates: DayArray, truth: FloatArray, prediction: FloatArray, lows: tuple[int, ...]) -> float:
    """How far predictions (T,) fall on the low weekdays, as a share of what the truth (T,) does; 0 if it doesn't."""
    low = np.isin(weekdays(dates), lows)
    if low.all() or not low.any():
        return 0.0
    fall, predicted = (float(views[~low].mean() - views[low].mean()) for views in (truth, prediction))
    return predicted / fall if fall > 0 else 0.0


def catches_lows(dates: DayArray, truth: FloatArray, prediction: FloatArray, lows: tuple[int, ...]) -> bool:
    """Whether predictions (T,) fall on the low weekdays by half as much as the truth (T,) does, or more."""
    return caught_share(dates, truth, prediction, lows) >= CAUGHT


def lows_show(dates: DayArray, views: FloatArray, lows: tuple[int, ...]) -> bool:
    """Whether the low weekdays are low in these days (T,) too: below the others by 5 % of a day's views or more."""
    low = np.isin(weekdays(dates), lows)
    if low.all() or not low.any():
        return False
    return bool(views[~low].mean() - views[low].mean() >= LEAST_STEP * views.mean() > 0)
