"""Tests of plots over days: dates in each language, their places, and the labels of the axes."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from gradreel.core.daily.series import DailySeries
from gradreel.core.daily.views import DailyViews
from gradreel.scenes.mobjects.callout import Callout, free_place
from gradreel.scenes.mobjects.day_plot import DayPlot, WindowBracket, views_range
from gradreel.scenes.mobjects.text import words
from gradreel.scenes.words.day_words import (
    day_words,
    in_languages,
    period_words,
    tick_days,
    unit_words,
    weekday_words,
    weekdays_words,
)

EVE = date(2021, 2, 11)
BOX = (-6.0, 5.0, -2.0, 2.0)


def series(views) -> DailyViews:
    return DailyViews(
        series=DailySeries(start=date(2022, 1, 3), values=tuple(map(float, views)), name="views.csv"), window=2
    )


def plot(dataset=None, first=date(2021, 1, 1), last=date(2021, 2, 26), y_range=(0.0, 8000.0), language="en") -> DayPlot:
    return DayPlot(dataset or DailyViews(), first, last, y_range, language, BOX)


def test_a_day_in_words():
    assert [day_words(EVE, "en", form) for form in ("long", "short", "year")] == [
        "11 February",
        "11 Feb",
        "11 February 2021",
    ]
    assert [day_words(np.datetime64(EVE), "zh", form) for form in ("long", "short", "year")] == [
        "2月11日",
        "2月11日",
        "2021年2月11日",
    ]
    assert (weekday_words(EVE, "en"), weekday_words(EVE, "zh")) == ("Thursday", "周四")
    assert in_languages("day", lambda language: day_words(EVE, language)) == {
        "day_en": "11 February",
        "day_zh": "2月11日",
    }


def test_several_weekdays_in_words():
    assert weekdays_words((4, 5), "en") == "Fridays and Saturdays"
    assert weekdays_words((0, 2, 6), "en") == "Mondays, Wednesdays and Sundays"
    assert weekdays_words((6,), "en") == "Sundays"
    assert weekdays_words((4, 5), "zh") == "周五和周六"
    assert (weekdays_words((4, 5), "en", "short"), weekdays_words((4, 5), "zh", "short")) == ("Fri, Sat", "周五、周六")


def test_a_period_names_its_year_once():
    assert period_words(date(2021, 1, 1), EVE, "en") == "1 January to 11 February 2021"
    assert period_words(date(2021, 1, 1), EVE, "zh") == "2021年1月1日至2月11日"
    assert period_words(date(2020, 12, 1), EVE, "en") == "1 December 2020 to 11 February 2021"
    assert period_words(date(2020, 12, 1), EVE, "zh") == "2020年12月1日至2021年2月11日"
    assert period_words(date(2021, 1, 1), EVE, "en", "short") == "1 Jan to 11 Feb 2021"
    assert period_words(date(2020, 12, 1), EVE, "en", "short") == "1 Dec 2020 to 11 Feb 2021"
    assert period_words(date(2020, 12, 1), EVE, "zh", "short") == "2020年12月1日至2021年2月11日"


def test_the_unit_is_that_of_a_usual_day():
    assert unit_words(DailyViews(), "en") == "thousand views"
    assert unit_words(series([30] * 10), "zh") == "观看次数"
    assert unit_words(series([3e6] * 10), "en") == "million views"


@pytest.mark.parametrize("count", [2, 8, 30, 57, 200, 400, 2000, 40_000])
@pytest.mark.parametrize("most", [2, 6, 9])
def test_an_axis_names_few_of_its_days(count, most):
    first = date(1950, 3, 5)
    last = first + timedelta(days=count - 1)
    named = tick_days(first, last, most)
    assert 1 <= len(named) <= most
    assert named == sorted(set(named))
    assert first <= named[0] and named[-1] <= last


def test_a_day_is_at_the_x_of_its_number():
    days = plot()
    assert days.data(days.at(days.days(date(2021, 1, 1)), 4000.0)) == (pytest.approx(18628), pytest.approx(4000))
    assert days.at(days.days(date(2021, 2, 26)), 0)[0] == pytest.approx(days.box[1])
    assert [label.source for label in days.y_tick_labels] == ["0", "2", "4", "6", "8"]  # thousands


@pytest.mark.parametrize(
    ("views", "expected"),
    [([1000.0, 4000.0], (0.0, 4320.0)), ([900.0, 1000.0], (892.0, 1008.0)), ([0.0, 0.0], None), ([50.0, 50.0], None)],
)
def test_the_axis_starts_at_zero_unless_all_is_far_above(views, expected):
    low, high = views_range(views)
    assert low < high
    if expected is None:
        assert low < views[0] < high or low == views[0] == 0
    else:
        assert (low, high) == pytest.approx(expected)


def test_a_bracket_holds_the_days_before():
    days = plot()
    bracket = WindowBracket(days, 7, -2.6)
    bracket.put(days.x_range[0] + 20)
    ends = [days.data((x, 0, 0))[0] - days.x_range[0] for x in (bracket.get_left()[0], bracket.get_right()[0])]
    assert ends == pytest.approx([12.6, 19.4])
    bracket.put(days.x_range[0] + 3)
    assert bracket.get_left()[0] == pytest.approx(days.box[0])
    assert all(point[1] == pytest.approx(-2.6) for point in bracket.points if point[0] < bracket.get_right()[0] - 1e-3)


def test_a_callout_keeps_away_from_lines():
    x = np.linspace(-6, 5, 200)
    ink = np.column_stack([x, np.where(np.abs(x) < 0.2, -1.5, 1.0), np.zeros(200)])
    size = Callout.size_of(words("Lunar New Year’s Eve", 32))
    place = free_place(ink, (0.0, -1.5), size, BOX)
    assert place is not None
    assert place[1] + size[1] / 2 < 1.0 - 0.1
    assert abs(place[0]) > size[0] / 2 + 0.2
