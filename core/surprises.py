"""Days that went quite otherwise than predicted: one far above, one far below, and whether predictions follow late."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from gradreel.core.arrays import FloatArray, IntArray
from gradreel.core.forecast import WEEK, NextDays

LEAST_MISS = 2.5
"""Times the mean absolute error that a day must be missed by to be called a surprise."""
LEAST_SHARE = 0.05
"""... and of a usual day's views: where all is predicted well, a miss by one view in 300 is no story."""
UNUSUAL = 1 / 2
"""Of what was missed: the day itself is off what is usual by so much. Else it is the prediction that was strange."""
AROUND = 4 * WEEK
"""Days before and after that tell what is usual: a trend makes no day unusual."""
LEAST_WEEKS = 3
"""Weeks on one side that tell how a weekday goes on there: of fewer, one strange day would make the trend."""
FOLLOWS = 1 / 2
"""Of what was missed: a prediction for the next day that is off its usual by so much follows a day late."""


@dataclass(frozen=True)
class Surprise:
    """Day ``day`` of those predicted was missed by ``miss`` views: above the prediction, a rise, or below it, a dip."""

    day: int
    is_rise: bool
    miss: float  # >= 0
    follows: bool  # the prediction for the next day does what had been missed


def surprises(days: NextDays, expected_lows: Sequence[int] = ()) -> tuple[Surprise, ...]:
    """The largest rise and the largest dip that were missed by far, in the order of days; () where none was.

    ``days`` with predictions (T,) of one network. The day itself must stand apart from the same weekday of the weeks
    around it. A dip on one of the weekdays ``expected_lows`` is none: what is low every week surprises nobody who has
    seen a week. Nor is the day after a surprise that is followed late: it is missed because of that one.
    """
    least = max(LEAST_MISS * float(days.mean_absolute_error), LEAST_SHARE * float(np.median(np.abs(days.truth))))
    apart = np.array([_unusual(days, day) for day in range(len(days.dates))])
    found = []
    for sign in (1.0, -1.0):
        missed = sign * (days.truth - days.prediction)
        counts = (missed > 0) & (missed >= least) & (sign * apart >= UNUSUAL * missed)
        if sign < 0:
            counts &= ~np.isin(days.weekdays, expected_lows)
        if counts.any():
            day = int(np.where(counts, missed, -np.inf).argmax())
            found.append(Surprise(day, sign > 0, float(missed[day]), follows_a_day_late(days, day)))
    found.sort(key=lambda surprise: surprise.day)
    if len(found) == 2 and found[0].follows and found[1].day == found[0].day + 1:
        found.pop()
    return tuple(found)


def _unusual(days: NextDays, day: int) -> float:
    """By how many views ``day`` is off what is usual: of all that might be called so, the nearest."""
    return min((float(days.truth[day]) - usual for usual in _usual_truths(days, day)), key=abs)


def _usual_truths(days: NextDays, day: int) -> list[float]:
    """What the same weekday has in the weeks around, ``day`` left out: their median; of all other days without them.

    And that of as many weeks on both sides, so that a trend makes no day unusual; where they lie on one side, as at the
    end, what they come to if they go on by the same share from week to week.
    """
    at = np.arange(len(days.dates))
    others = at != day
    alike = np.flatnonzero(others & (days.weekdays == days.weekdays[day]) & (np.abs(at - day) <= AROUND))
    chosen = alike if len(alike) else np.flatnonzero(others)
    usual = [float(np.median(days.truth[chosen])) if len(chosen) else float(days.truth[day])]
    before, after = alike[alike < day], alike[alike > day]
    if len(before) and len(after):
        both = min(len(before), len(after))
        usual.append(float(np.median(days.truth[[*before[-both:], *after[:both]]])))
    elif len(alike) >= LEAST_WEEKS and (days.truth[alike] > 0).all():
        usual.append(_continued(alike, days.truth[alike], day))
    return usual


def _continued(at: IntArray, truth: FloatArray, day: int) -> float:
    """What ``truth`` (n,) > 0 on the days ``at`` comes to on ``day``, if it goes on by its median growth a day."""
    logs = np.log(truth)
    first, second = np.triu_indices(len(at), 1)
    growth = float(np.median((logs[second] - logs[first]) / (at[second] - at[first])))
    return float(np.exp(np.median(logs + growth * (day - at))))


def largest_miss(days: NextDays) -> int:
    """Which day was missed by the most, upwards or downwards."""
    return int(np.abs(days.error).argmax())


def follows_a_day_late(days: NextDays, day: int) -> bool:
    """Whether the prediction for the day after ``day`` is off its usual by half of what was missed, or more, that way.

    Its usual is the median prediction for the same weekday, or for all days where there is no other such day.
    """
    after = day + 1
    if after >= len(days.dates):
        return False
    others = np.arange(len(days.dates)) != after
    alike = others & (days.weekdays == days.weekdays[after])
    usual = float(np.median(days.prediction[alike if alike.any() else others]))
    missed = days.truth[day] - days.prediction[day]
    return bool(missed != 0 and (days.prediction[after] - usual) / missed >= FOLLOWS)
