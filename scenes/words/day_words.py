"""Days, weekdays and units of views in words, in every language of the narration.

A line is filled with the same values in all languages, and with plain texts. So each language has a field of its own:
``in_languages("day", lambda language: day_words(day, language))`` returns ``day_en`` and ``day_zh``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from typing import Literal

import numpy as np
from gradreel.core.daily.units import loss_unit, three_digit_decimals, view_unit
from gradreel.core.daily.views import DailyViews
from gradreel.scenes.words.languages import LANGUAGES, DayForm
from gradreel.scenes.words.numbers import number_text

MONTH_STARTS = {1: range(1, 13), 2: range(1, 13, 2), 3: (1, 4, 7, 10), 6: (1, 7), 12: (1,)}
"""Months whose first day an axis names, by the number of months between them."""


def in_languages(name: str, write: Callable[[str], str]) -> dict[str, str]:
    """Return a field for a line of narration in each language: ``{name}_en``, ``{name}_zh``."""
    return {f"{name}_{language}": write(language) for language in LANGUAGES}


def as_date(day: date | np.datetime64) -> date:
    """Return a day, which may come from an array, as a date."""
    return day if isinstance(day, date) else day.astype("datetime64[D]").astype(date)


def day_words(day: date | np.datetime64, language: str, form: DayForm = "long") -> str:
    """Return a day in words: "11 February", short "11 Feb", with the year "11 February 2021".

    In Chinese: 2月11日, 2021年2月11日.
    """
    return LANGUAGES[language].day(as_date(day), form)


def period_words(
    first: date | np.datetime64, last: date | np.datetime64, language: str, form: Literal["long", "short"] = "long"
) -> str:
    """Return a period in words: "1 January to 26 February 2021", short "1 Jan to 26 Feb 2021".

    In Chinese: 2021年1月1日至2月26日.
    """
    return LANGUAGES[language].period(as_date(first), as_date(last), form)


def weekday_words(day: date | np.datetime64, language: str) -> str:
    """Return the name of the day's weekday: "Thursday", 周四."""
    return LANGUAGES[language].weekday(as_date(day).weekday())


def weekdays_words(weekdays: Sequence[int], language: str, form: Literal["long", "short"] = "long") -> str:
    """Return several weekdays, with 0 for Monday: "Fridays and Saturdays", short "Fri, Sat"; 周五和周六, 周五、周六."""
    return LANGUAGES[language].weekdays(weekdays, form)


def unit_words(dataset: DailyViews, language: str) -> str:
    """Return the unit of an axis of views, such as "thousand views" if a typical day has thousands."""
    return LANGUAGES[language].views[view_unit(dataset).letter]


def views_words(dataset: DailyViews, views: float) -> str:
    """Return a day's views as text for the screen. Whole views of a small series have no decimals."""
    is_whole = view_unit(dataset).size == 1.0 and float(views).is_integer()
    return number_text(views, 0) if is_whole else dataset.format_views(views).replace("-", "\u2212")


def counted_views(views: Iterable[float]) -> Callable[[float], str]:
    """Return a function that writes views of days, all in one unit: "3 742".

    The unit is single views below 10 000, else thousands or millions. The largest number has three significant digits.
    """
    largest = max(abs(float(number)) for number in views)
    unit, letter = loss_unit([largest])
    return lambda number: number_text(float(number) / unit, three_digit_decimals(largest / unit)) + letter


def tick_days(first: date, last: date, most: int) -> list[date]:
    """Return at most ``most`` days from ``first`` to ``last`` for the ticks of an axis: every day, week, half month,
    ...

    If no regular choice fits, return only ``first``.
    """
    days = [first + timedelta(days=k) for k in range((last - first).days + 1)]
    choices = [days]
    if len(days) <= 35:
        choices += [days[::7]] if len(days) > 14 else [days[::step] for step in (2, 3, 4, 7)]
    choices.append([day for day in days if day.day in (1, 15)])
    choices += [[day for day in days if day.day == 1 and day.month in months] for months in MONTH_STARTS.values()]
    years = choices[-1]
    choices += [years[::step] for step in (2, 5, 10, 20, 50, 100)]
    fitting = next((choice for choice in choices if 0 < len(choice) <= most), [])
    return fitting or [first]
