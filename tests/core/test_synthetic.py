import hashlib
import math
from datetime import date, timedelta

import numpy as np
import pytest
from gradreel.core.daily.synthetic import (
    NEW_YEAR,
    NEW_YEAR_EVES,
    NOISE,
    TERM,
    WANDER,
    WEEK,
    synthetic_views,
)

series = synthetic_views()
views = series.array()
days: list[date] = series.dates().tolist()
weekdays = np.array([day.weekday() for day in days])  # 0 is Monday


def usual(day: date) -> float:
    """A usual day's views in the four weeks before and after, weekdays evened out, Lunar New Year left out."""
    near = np.array([abs((at - day).days) <= 28 for at in days])
    new_year = np.array([any(-2 <= (at - eve).days <= 7 for eve in NEW_YEAR_EVES) for at in days])
    return float(np.median((views / np.array(WEEK)[weekdays])[near & ~new_year]))


def test_the_series_covers_the_lectures_days_in_whole_views() -> None:
    assert (series.start, series.end) == (date(2017, 1, 1), date(2021, 2, 26))
    assert (views == np.round(views)).all() and (views > 0).all()
    assert series.name == "synthetic daily views" and series.filled == ()


def test_the_series_is_made_once() -> None:
    assert synthetic_views() is series


def test_the_series_never_changes() -> None:
    digest = hashlib.sha256(views.astype("<i8").tobytes()).hexdigest()
    assert digest == "572d1cd51209e76155b4151eef66d761f83a52d8633122efd80290f30a04dc80"
    assert series.values[:3] == (2691.0, 3118.0, 2856.0)


def test_friday_and_saturday_are_low_in_every_year() -> None:
    years = np.array([day.year for day in days])
    for year in range(2017, 2022):
        means = [views[(years == year) & (weekdays == weekday)].mean() for weekday in range(7)]
        assert max(means[4], means[5]) < 0.9 * min(means[i] for i in (0, 1, 2, 3, 6))


def test_a_weekdays_share_is_the_documented_one() -> None:
    weeks = views[: len(views) // 7 * 7].reshape(-1, 7)
    shares = np.median(weeks / weeks.mean(axis=1, keepdims=True), axis=0)  # of Sunday, Monday, ...
    expected = np.array([WEEK[6], *WEEK[:6]])
    np.testing.assert_allclose(shares, expected / expected.mean(), atol=0.02)


@pytest.mark.parametrize("eve", NEW_YEAR_EVES)
def test_new_years_eve_is_a_deep_dip_at_its_true_date(eve: date) -> None:
    at = (eve - series.start).days
    assert views[at] == views[at - 20 : at + 16].min()
    assert views[at] / usual(eve) == pytest.approx(NEW_YEAR[0], abs=0.08)


def test_views_recover_in_the_week_after_new_years_eve() -> None:
    shares = np.zeros((len(NEW_YEAR_EVES), 8))
    documented = np.zeros_like(shares)
    for row, eve in enumerate(NEW_YEAR_EVES):
        for after in range(8):
            day = eve + timedelta(days=after)
            shares[row, after] = views[(day - series.start).days] / usual(eve)
            documented[row, after] = min(NEW_YEAR[after], WEEK[day.weekday()])
    means = shares.mean(axis=0)
    assert means[0] < means[1] < means[2] < means[3] < means[4] < means[6]
    np.testing.assert_allclose(means, documented.mean(axis=0), atol=0.08)


def test_new_years_eves_are_new_moons_eves() -> None:
    # Mean new moon of 2000-01-06 18:14 UTC, mean month of 29.530588 days (Meeus); true ones differ by up to 14 hours
    for eve in NEW_YEAR_EVES:
        new_moons = ((eve + timedelta(days=1) - date(2000, 1, 6)).days - 0.76) / 29.530588
        assert abs(new_moons - round(new_moons)) * 29.530588 < 1.3


def test_views_grow_from_year_to_year() -> None:
    means = [views[[day.year == year for day in days]].mean() for year in (2017, 2018, 2019, 2020)]
    assert means == sorted(means) and 1.25 < means[3] / means[0] < 1.7


def test_summer_holidays_are_lower_than_the_term_around_them() -> None:
    shares = []
    for year in (2017, 2018, 2019, 2020):
        summer = [date(year, 7, 6) <= day <= date(year, 8, 30) for day in days]  # 8 weeks
        spring = [date(year, 5, 18) <= day <= date(year, 6, 14) for day in days]  # 4 weeks before
        autumn = [date(year, 9, 21) <= day <= date(year, 10, 18) for day in days]  # 4 weeks after
        shares.append(views[summer].mean() / views[np.logical_or(spring, autumn)].mean())
    assert max(shares) < 0.95
    documented = next(factor for month, _, factor in TERM if month == 7)
    assert np.mean(shares) == pytest.approx(documented, abs=0.05)


def test_days_hang_together() -> None:
    usual = np.median(views) * np.array(WEEK)[weekdays]
    residue = np.log(views / usual)
    residue -= np.convolve(np.pad(residue, 14, mode="edge"), np.ones(29) / 29, mode="valid")  # less the slow course
    assert 0.3 < np.corrcoef(residue[1:], residue[:-1])[0, 1] < 0.9


def test_some_days_stand_out_far_more_than_noise_would() -> None:
    week = views / np.array(WEEK)[weekdays]
    jumps = np.diff(np.log(week))
    spread = np.subtract(*np.percentile(jumps, [75, 25])) / 1.349  # of a normal distribution with these quartiles
    kurtosis = np.mean((jumps - jumps.mean()) ** 4) / jumps.var() ** 2
    assert (jumps > 4 * spread).sum() >= 5 and kurtosis > 5


def test_the_documented_deviations_hold() -> None:
    for (kept, added), documented in ((WANDER, 0.07), (NOISE, 0.066)):
        assert added / math.sqrt(1 - kept**2) == pytest.approx(documented, abs=0.0005)
