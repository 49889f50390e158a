"""The default daily views: a synthetic series, made by this file alone, always called synthetic.

The lecturer's data is not public. This series has what a channel of recorded lectures plausibly shows: a slow trend,
days of the week, term time and holidays, Lunar New Year, days that hang together, and now and then a video that goes
round. Its magnitudes were chosen before any network was trained on it.
"""

from datetime import date, timedelta
from functools import cache
from itertools import pairwise

import numpy as np
from gradreel.core.daily.series import DailySeries

NAME = "synthetic daily views"
START = date(2017, 1, 1)
END = date(2021, 2, 26)
SEED = 20210226

LEVEL = (3000.0, 5200.0)
"""Views of an ordinary day of term at START and at END; the trend is the straight line between them."""

WEEK = (1.04, 1.06, 1.05, 1.02, 0.78, 0.80, 0.98)
"""Factor of Monday to Sunday."""
LOW_WEEKDAYS = (4, 5)
"""Friday and Saturday, the two low days, 0 for Monday."""

TERM = (
    *((1, 1, 1.0), (1, 10, 1.0), (1, 24, 0.86), (2, 14, 0.86), (2, 28, 1.0)),
    *((6, 15, 1.0), (7, 5, 0.82), (8, 31, 0.82), (9, 20, 1.0), (12, 31, 1.0)),
)
"""Corners (month, day, factor) of the year's course: winter and summer holidays are lower; straight lines between."""

NEW_YEAR_EVES = (date(2017, 1, 27), date(2018, 2, 15), date(2019, 2, 4), date(2020, 1, 24), date(2021, 2, 11))
"""Lunar New Year's Eve, from the calendar."""

NEW_YEAR = {-2: 0.93, -1: 0.80, 0: 0.40, 1: 0.47, 2: 0.55, 3: 0.63, 4: 0.72, 5: 0.80, 6: 0.88, 7: 0.95}
"""Factor of the days around the Eve, by days after it: a deep dip, then a week of recovery. On holidays the day of the
week matters little: the lower of the two factors holds, not their product, and the Eve is the deepest day."""

WANDER = (0.985, 0.012)
"""A slow wander w of the level, as a share of it: w = 0.985 w of yesterday + 0.012 z; standard deviation about 0.07."""

NOISE = (0.55, 0.055)
"""Noise e as a share, some of it shared with the next day: e = 0.55 e of yesterday + 0.055 z; standard deviation about
0.066."""

BURST_CHANCE = 0.02
BURST_FADES = 0.55
"""On one day in 50 a video goes round: it adds 0.09 / (u + 0.1) of the level, u uniform in [0, 1): from 0.08, half the
time more than 0.15, rarely up to 0.9. Each day after, 0.55 of it is left."""


@cache
def synthetic_views() -> DailySeries:
    """Daily views from START to END, whole numbers: level · term · min(week, new year) · (1 + e) + level · burst.

    ``level`` is trend · (1 + w). z is the sum of 12 uniform numbers less 6 (mean 0, standard deviation 1, nearly
    normal). Uniform numbers are PCG64's own 64-bit numbers, which numpy promises not to change; all else is float +, -,
    · and / in plain Python, one at a time, so that every platform and version makes the same views.
    """
    days = (END - START).days + 1
    wander = noise = burst = 0.0
    views = []
    for i, numbers in enumerate(np.random.PCG64(SEED).random_raw((days, 26)).tolist()):
        day = START + timedelta(days=i)
        wander = WANDER[0] * wander + WANDER[1] * _nearly_normal(numbers[:12])
        noise = NOISE[0] * noise + NOISE[1] * _nearly_normal(numbers[12:24])
        burst = BURST_FADES * burst
        if _uniform(numbers[24]) < BURST_CHANCE:
            burst += 0.09 / (_uniform(numbers[25]) + 0.1)
        level = (LEVEL[0] + (LEVEL[1] - LEVEL[0]) * (i / (days - 1))) * (1 + wander)
        usual = level * _term(day) * min(WEEK[day.weekday()], _new_year(day))
        views.append(float(round(usual * (1 + noise) + level * burst)))
    return DailySeries(start=START, values=tuple(views), name=NAME)


def _term(day: date) -> float:
    """Factor of the time of year: the straight line between the two corners around the day."""
    corners = [(date(day.year, month, number), factor) for month, number, factor in TERM]
    for (before, low), (after, high) in pairwise(corners):
        if day <= after:
            return low + (high - low) * ((day - before).days / (after - before).days)
    raise AssertionError("the corners span the year")


def _new_year(day: date) -> float:
    """Factor of the days around Lunar New Year's Eve; on all others the week's highest, which takes nothing away."""
    eve = min(NEW_YEAR_EVES, key=lambda eve: abs((day - eve).days))
    return NEW_YEAR.get((day - eve).days, max(WEEK))


def _uniform(number: int) -> float:
    """A 64-bit number as a float in [0, 1): its 53 high bits."""
    return (number >> 11) / 2**53


def _nearly_normal(numbers: list[int]) -> float:
    """12 numbers' sum less 6. Added as integers: Python's own sum of floats differs between versions."""
    return sum(number >> 11 for number in numbers) / 2**53 - 6
