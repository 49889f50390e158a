"""Weekly lows are told from the numbers: which weekdays are low, whether predictions fall with them."""

from __future__ import annotations

import numpy as np
import pytest
from gradreel.core.daily_views import DailyViews
from gradreel.core.weekly_lows import catches_lows, caught_share, lows_show, weekly_lows

MONDAY = np.datetime64("2022-01-03", "D")


def days(count: int) -> np.ndarray:
    return MONDAY + np.arange(count)


def week(factors, weeks: int) -> np.ndarray:
    return 1000.0 * np.tile(factors, weeks)


def test_the_synthetic_views_are_low_on_fridays_and_saturdays():
    series = DailyViews().daily
    assert weekly_lows(series.dates(), series.array()) == (4, 5)


@pytest.mark.parametrize("low", [(0,), (6,), (5, 6), (1, 3, 4)])
def test_weekdays_that_are_low_are_found_whatever_the_trend(low):
    factors = np.where(np.isin(np.arange(7), low), 0.7, 1.0)
    views = week(factors, 20) * np.linspace(1, 3, 140)
    assert weekly_lows(days(140), views) == low


def test_a_holiday_makes_no_weekday_low():
    views = week(np.ones(7), 20)
    views[60:63] = 50.0
    assert weekly_lows(days(140), views) == ()


def test_four_low_days_are_a_rule_and_no_exception():
    assert weekly_lows(days(140), week([1, 1, 1, 0.6, 0.6, 0.6, 0.6], 20)) == ()


@pytest.mark.parametrize("seed", range(8))
def test_chance_makes_no_weekday_low(seed):
    views = 1000.0 * np.random.default_rng(seed).random(140)
    assert weekly_lows(days(140), views) == ()


@pytest.mark.parametrize("views", [np.zeros(140), np.full(140, 5.0), np.arange(20.0)], ids=["zero", "equal", "short"])
def test_days_without_a_pattern_have_no_lows(views):
    assert weekly_lows(days(len(views)), views) == ()


def test_predictions_catch_the_lows_when_they_fall_by_half_as_much():
    truth = week([1, 1, 1, 1, 0.6, 0.6, 1], 8)
    half, less = week([1, 1, 1, 1, 0.8, 0.8, 1], 8), week([1, 1, 1, 1, 0.81, 0.81, 1], 8)
    assert catches_lows(days(56), truth, half, (4, 5))
    assert not catches_lows(days(56), truth, less, (4, 5))
    assert not catches_lows(days(56), truth, truth, ())
    assert not catches_lows(days(2) + 4, truth[:2], truth[:2], (4, 5))  # low days alone


def test_lows_may_not_show_in_other_days():
    low = week([1, 1, 1, 1, 0.6, 0.6, 1], 4)
    assert lows_show(days(28), low, (4, 5))
    assert not lows_show(days(28), week([1, 1, 1, 1, 0.96, 0.96, 1], 4), (4, 5))
    assert not lows_show(days(28), 2000 - low, (4, 5))
    assert not lows_show(days(28), low, ())
    assert not lows_show(days(2) + 4, low[:2], (4, 5))
    assert not lows_show(days(28), np.zeros(28), (4, 5))


def test_how_far_predictions_fall_with_the_lows():
    truth = week([1, 1, 1, 1, 0.6, 0.6, 1], 4)
    assert caught_share(days(28), truth, week([1, 1, 1, 1, 0.9, 0.9, 1], 4), (4, 5)) == pytest.approx(0.25)
    assert caught_share(days(28), truth, np.full(28, 5.0), (4, 5)) == 0.0
    assert caught_share(days(28), truth, truth, (0,)) == 0.0  # the truth is not low then
    assert caught_share(days(28), truth, truth, ()) == 0.0
