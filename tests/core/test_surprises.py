"""Surprises are told from the numbers: the largest rise and dip that were missed by far, and late followers."""

from __future__ import annotations

import numpy as np
import pytest
from gradreel.core.forecast import NextDays
from gradreel.core.surprises import Surprise, follows_a_day_late, largest_miss, surprises

MONDAY = np.datetime64("2022-01-03", "D")


def days(truth: dict[int, float], prediction: dict[int, float], count: int = 28) -> NextDays:
    """10 views a day, predicted as 11, but for the given days."""
    real, said = np.full(count, 10.0), np.full(count, 11.0)
    for views, changed in ((real, truth), (said, prediction)):
        for day, value in changed.items():
            views[day] = value
    dates = MONDAY + np.arange(count)
    return NextDays(dates, np.ones(count, dtype=bool), real, said)


def test_a_rise_and_a_dip_come_in_the_order_of_days():
    found = surprises(days({15: 2.0, 8: 30.0, 9: 15.0}, {9: 21.0}))
    assert found == (Surprise(8, True, 19.0, True), Surprise(15, False, 9.0, False))


def test_the_largest_of_each_kind_is_taken():
    found = surprises(days({3: 30.0, 8: 40.0, 10: 1.0, 12: 0.0}, {}))
    assert [(each.day, each.is_rise) for each in found] == [(8, True), (12, False)]


def test_the_day_after_a_surprise_that_is_followed_late_is_its_echo():
    assert [each.day for each in surprises(days({8: 40.0}, {9: 38.0}))] == [8]
    assert [each.day for each in surprises(days({8: 40.0, 9: 0.0}, {9: 38.0}))] == [8]
    assert [each.day for each in surprises(days({8: 40.0, 10: 0.0}, {9: 38.0}))] == [8, 10]  # 9 itself is as ever
    assert [each.day for each in surprises(days({8: 40.0, 9: 0.0}, {}))] == [8, 9]  # nothing follows


def test_days_missed_by_what_is_usual_are_none():
    assert surprises(days({}, {})) == ()
    assert surprises(days({4: 9.0}, {})) == ()  # 2 views, 2.5 times the usual 1.04 are needed
    assert len(surprises(days({4: 8.0}, {}))) == 1


@pytest.mark.parametrize(("miss", "told"), [(0.4, 0), (0.6, 1)])
def test_a_miss_that_is_small_beside_the_views_is_none(miss, told):
    near = days({4: 10.0 - miss}, dict.fromkeys(range(28), 10.0))  # far more than the usual miss, of 10 views
    assert miss > 20 * near.mean_absolute_error
    assert len(surprises(near)) == told


def test_a_perfect_prediction_has_none():
    same = days({}, dict.fromkeys(range(28), 10.0))
    assert surprises(same) == ()
    assert largest_miss(same) == 0


def test_a_dip_on_a_day_that_is_low_every_week_is_none():
    low = days({4: 1.0}, {})  # a Friday
    assert [each.day for each in surprises(low)] == [4]
    assert surprises(low, (4, 5)) == ()
    assert [each.day for each in surprises(days({4: 30.0}, {}), (4, 5))] == [4]  # a rise is


def test_a_weekday_that_is_always_missed_surprises_nobody():
    fridays = dict.fromkeys((4, 11, 18, 25), 2.0)
    low = days(fridays, {})
    assert low.mean_absolute_error * 2.5 < 9.0  # each of them is missed by far
    assert surprises(low) == ()
    assert [each.day for each in surprises(days({**fridays, 11: 30.0}, {}))] == [11]


def test_a_strange_prediction_is_no_surprise_of_the_day():
    assert surprises(days({}, {8: 40.0})) == ()
    assert [each.day for each in surprises(days({20: 22.0}, {8: 40.0}))] == [20]  # which is missed by less


def test_the_end_of_a_growing_series_is_no_jump():
    growing = {day: 10.0 + day for day in range(84)}
    said = {**growing, 80: 45.0}  # far too low a prediction
    assert surprises(days(growing, said, count=84)) == ()


@pytest.mark.parametrize("growth", [1.01, 1.05, 1.1])
def test_no_day_of_steady_growth_is_a_jump_the_last_one_neither(growth):
    truth = 100 * growth ** np.arange(57.0)
    growing, said = (dict(enumerate(views.tolist())) for views in (truth, np.append(truth[0], truth[:-1])))
    said[56] = float(truth[50])  # predicted as if it did not go on
    told = days(growing, said, count=57)
    assert abs(told.error[56]) > 2.5 * told.mean_absolute_error
    assert surprises(told) == ()
    growing[56] *= 3
    assert [(each.day, each.is_rise) for each in surprises(days(growing, said, count=57))] == [(56, True)]


def test_the_largest_miss_may_lie_above_or_below():
    assert largest_miss(days({8: 30.0, 15: 2.0}, {})) == 8
    assert largest_miss(days({8: 20.0, 15: 0.5}, {})) == 15


@pytest.mark.parametrize(
    ("real", "said", "after", "follows"),
    [
        (2.0, 11.0, 6.5, True),  # by half of the 9 that were missed
        (2.0, 11.0, 6.6, False),
        (20.0, 11.0, 15.5, True),
        (20.0, 11.0, 15.4, False),
        (20.0, 11.0, 5.0, False),  # the other way
        (11.0, 11.0, 5.0, False),  # nothing was missed
    ],
)
def test_a_day_is_followed_when_the_next_prediction_is_off_by_half_of_the_miss(real, said, after, follows):
    assert follows_a_day_late(days({9: real}, {9: said, 10: after}), 9) is follows


def test_what_a_weekday_is_always_predicted_as_follows_nothing():
    fridays = dict.fromkeys((4, 11, 18, 25), 5.0)
    dip = days({10: 2.0}, fridays)  # a Thursday; all Fridays are predicted to be low
    assert not follows_a_day_late(dip, 10)
    assert follows_a_day_late(days({10: 2.0}, {11: 5.0}), 10)


def test_of_a_few_days_the_others_are_what_is_usual():
    assert follows_a_day_late(days({1: 2.0}, {2: 6.0}, count=4), 1)
    assert not follows_a_day_late(days({1: 2.0}, {2: 7.0}, count=4), 1)


def test_nothing_follows_the_last_day():
    assert not follows_a_day_late(days({27: 2.0}, {}), 27)
