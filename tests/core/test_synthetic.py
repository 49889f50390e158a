import hashlib
from datetime import date, timedelta

import numpy as np
import pytest
from gradreel.core.daily import synthetic
from gradreel.core.daily.synthetic import (
    BURST,
    BURST_CHANCE,
    HUMP,
    LEVEL,
    LOW_WEEKDAYS,
    NEW_YEAR,
    NEW_YEAR_EVES,
    NOISE,
    TERM,
    WEEK,
    appetites,
    base_views,
    best_guesses,
    hump,
    synthetic_views,
    usual_appetite,
)

series = synthetic_views()
views = series.array()
days: list[date] = series.dates().tolist()
weekdays = np.array([day.weekday() for day in days])  # 0 is Monday


def usual(day: date) -> float:
    """Return the mean views four weeks before and after a day, with weekdays evened out and Lunar New Year left out."""
    near = np.array([abs((at - day).days) <= 28 for at in days])
    new_year = np.array([any(-2 <= (at - eve).days <= 7 for eve in NEW_YEAR_EVES) for at in days])
    return float(np.median((views / np.array(WEEK)[weekdays])[near & ~new_year]))


def test_the_series_covers_the_lectures_days_in_whole_views() -> None:
    assert (series.start, series.end) == (date(2015, 1, 1), date(2021, 12, 31))
    assert (views == np.round(views)).all() and (views > 0).all()
    assert series.name == "our made-up channel" and series.filled == ()


def test_the_series_is_made_once() -> None:
    assert synthetic_views() is series


def test_the_series_never_changes() -> None:
    digest = hashlib.sha256(views.astype("<i8").tobytes()).hexdigest()
    assert digest == "2d6a71217626793e4f5399a2de900f955cb6ab003bb0b4fd4408420f1b38a64c"
    assert series.values[:3] == (3894.0, 2043.0, 1544.0)


def test_friday_and_saturday_are_low_in_every_year() -> None:
    years = np.array([day.year for day in days])
    for year in range(2015, 2022):
        means = [views[(years == year) & (weekdays == weekday)].mean() for weekday in range(7)]
        assert max(means[4], means[5]) < 0.8 * min(means[i] for i in (0, 1, 2, 3, 6))


def test_a_weekdays_share_is_the_documented_one() -> None:
    weeks = views[: len(views) // 7 * 7].reshape(-1, 7)
    shares = np.median(weeks / weeks.mean(axis=1, keepdims=True), axis=0)  # of Thursday, Friday, ...
    expected = np.array([*WEEK[3:], *WEEK[:3]])
    np.testing.assert_allclose(shares, expected / expected.mean(), atol=0.12)


@pytest.mark.parametrize("eve", NEW_YEAR_EVES)
def test_new_years_eve_is_a_deep_dip_at_its_true_date(eve: date) -> None:
    at = (eve - series.start).days
    around = [base_views(i) for i in range(at - 20, at + 16)]
    assert around[20] == min(around) < 0.75 * sorted(around)[8], "lower than any Friday or Saturday near it"
    assert views[at] < 0.65 * usual(eve)


def test_views_recover_in_the_week_after_new_years_eve() -> None:
    shares = np.zeros((len(NEW_YEAR_EVES), 8))
    documented = np.zeros_like(shares)
    for row, eve in enumerate(NEW_YEAR_EVES):
        for after in range(8):
            day = eve + timedelta(days=after)
            shares[row, after] = views[(day - series.start).days] / usual(eve)
            documented[row, after] = min(NEW_YEAR[after], WEEK[day.weekday()])
    means = shares.mean(axis=0)
    assert means[:2].mean() < means[2:4].mean() < means[4:].mean()
    np.testing.assert_allclose(means, documented.mean(axis=0), atol=0.2)


def test_new_years_eves_are_new_moons_eves() -> None:
    # Mean new moon of 2000-01-06 18:14 UTC, mean month of 29.530588 days (Meeus); true moons differ by up to 14 hours
    for eve in NEW_YEAR_EVES:
        new_moons = ((eve + timedelta(days=1) - date(2000, 1, 6)).days - 0.76) / 29.530588
        assert abs(new_moons - round(new_moons)) * 29.530588 < 1.3


def test_views_grow_from_year_to_year() -> None:
    means = [views[[day.year == year for day in days]].mean() for year in range(2015, 2022)]
    assert means == sorted(means) and 1.4 < means[-1] / means[0] < 1.8


def test_summer_holidays_are_lower_than_the_term_around_them() -> None:
    shares = []
    for year in range(2015, 2022):
        summer = [date(year, 7, 6) <= day <= date(year, 8, 30) for day in days]  # 8 weeks
        spring = [date(year, 5, 18) <= day <= date(year, 6, 14) for day in days]  # 4 weeks before
        autumn = [date(year, 9, 21) <= day <= date(year, 10, 18) for day in days]  # 4 weeks after
        shares.append(views[summer].mean() / views[np.logical_or(spring, autumn)].mean())
    assert max(shares) < 0.95
    documented = next(factor for month, _, factor in TERM if month == 7)
    assert np.mean(shares) == pytest.approx(documented, abs=0.05)


def test_today_over_yesterday_lies_around_a_hump_and_at_the_weekend_around_its_mirror_image() -> None:
    """The rule shows in the views alone: in medians over slices of yesterday's appetite."""
    level = np.linspace(*LEVEL, len(views))
    ordinary_days = np.array([all(abs((day - eve).days) > 12 for eve in NEW_YEAR_EVES) for day in days])
    term = np.array([next(reversed([f for m, d, f in TERM if (m, d) <= (day.month, day.day)])) for day in days])
    u = views / (level * np.array(WEEK)[weekdays])
    flat = ordinary_days & (term == 1.0) & np.array([2 < day.month < 6 or 9 < day.month < 12 for day in days])
    today, before = flat[1:] & flat[:-1], u[:-1]
    for slice_low, slice_high, expected in ((0.75, 0.85, 1.05), (1.0, 1.1, 1.25), (1.3, 1.4, 0.82)):
        inside = today & (before > slice_low) & (before < slice_high)
        weekend = np.isin(weekdays[1:], LOW_WEEKDAYS)
        assert np.median(u[1:][inside & ~weekend]) == pytest.approx(expected, abs=0.06)
        assert np.median(u[1:][inside & weekend]) == pytest.approx(2 - expected, abs=0.06)


def test_a_line_through_yesterday_does_not_predict_today() -> None:
    """Appetites of neighbouring days are hardly correlated, so a line cannot express the rule."""
    u = appetites()
    assert abs(np.corrcoef(u[1:], u[:-1])[0, 1]) < 0.2


def test_the_hump_is_straight_between_its_corners_and_flat_outside() -> None:
    x, y = np.array(HUMP).T
    for u in np.linspace(0, 2.5, 101):
        assert hump(float(u)) == pytest.approx(np.interp(u, x, y), abs=1e-12)


def test_some_days_stand_out_far_more_than_noise_would() -> None:
    missed = (views / best_guesses())[1:] - 1
    bursts = missed > 5 * NOISE
    assert 0.5 * BURST_CHANCE < bursts.mean() < 1.5 * BURST_CHANCE
    assert missed[~bursts].std() == pytest.approx(NOISE, rel=0.1) and missed.min() > -5 * NOISE


def test_the_error_of_the_rule_agrees_with_many_draws_of_the_noise() -> None:
    """The floor computed another way: each day's true appetite, with the next day's noise drawn by numpy many times."""
    random = np.random.default_rng(0)
    u, ordinary_views = appetites(), np.array([base_views(i) for i in range(len(views))])
    m = np.array([usual_appetite(i, u[i - 1]) for i in range(1, len(u))])
    drawn = m * (1 + NOISE * random.standard_normal((400, len(m))))
    drawn += (random.random(drawn.shape) < BURST_CHANCE) * random.uniform(*BURST, drawn.shape)
    drawn *= ordinary_views[1:]
    guesses, label_days = best_guesses()[1:], series.dates()[1:]
    missed = np.abs(drawn - guesses)
    for first, last in (("2015-02-26", "2019-12-31"), ("2020-01-01", "2020-12-31"), ("2021-01-01", "2021-12-31")):
        part = (label_days >= np.datetime64(first)) & (label_days <= np.datetime64(last))
        by_draw = missed[:, part].mean(axis=1)
        real = np.abs(views[1:] - guesses)[part].mean()
        assert abs(real - by_draw.mean()) < 3 * by_draw.std(), "these days are a draw like the others"
    least = missed.mean()
    for share in (0.98, 0.995, 1.005, 1.02):
        assert np.abs(drawn - share * guesses).mean() > least, "no guess beside it is better"


def test_best_guesses_depend_on_the_day_before_only(monkeypatch) -> None:
    guesses = best_guesses()
    changed = list(series.values)
    changed[1000] *= 1.1
    other = series.model_copy(update={"values": tuple(changed)})
    monkeypatch.setattr(synthetic, "synthetic_views", lambda: other)
    differ = np.flatnonzero(best_guesses()[1:] != guesses[1:]) + 1
    assert differ.tolist() == [1001] and np.isnan(guesses[0])
