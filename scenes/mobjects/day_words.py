"""Days, weekdays and units of views as people write them, in every language that the narration has.

A narration file writes ``{day:en}`` or ``{day:zh}`` where the scene gives ``DayWord(date(2021, 2, 11))``:

    en          11 February         zh          2月11日
    en-short    11 Feb              zh-short    2月11日
    en-year     11 February 2021    zh-year     2021年2月11日
    en-weekday  Thursday            zh-weekday  星期四

and ``WeekdayWords((4, 5))``:

    en          Fridays and Saturdays    zh          星期五和星期六
    en-short    Fri, Sat                 zh-short    周五、周六
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
from gradreel.core.daily_views import DailyViews
from gradreel.core.written_out import view_unit

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
ZH_WEEKDAYS = "一二三四五六日"
UNITS = {
    "en": {"M": "million views", "k": "thousand views", "": "views"},
    "zh": {"M": "观看次数（百万）", "k": "观看次数（千）", "": "观看次数"},
}
MONTH_STARTS = {1: range(1, 13), 2: range(1, 13, 2), 3: (1, 4, 7, 10), 6: (1, 7), 12: (1,)}


class DayWord:
    """A day that formats as words: see the module."""

    def __init__(self, day: date | np.datetime64) -> None:
        self.day = day if isinstance(day, date) else day.astype("datetime64[D]").astype(date)

    def __format__(self, spec: str) -> str:
        day = self.day
        match spec:
            case "en":
                return f"{day.day} {MONTHS[day.month - 1]}"
            case "en-short":
                return f"{day.day} {MONTHS[day.month - 1][:3]}"
            case "en-year":
                return f"{day.day} {MONTHS[day.month - 1]} {day.year}"
            case "en-weekday":
                return WEEKDAYS[day.weekday()]
            case "zh" | "zh-short":
                return f"{day.month}月{day.day}日"
            case "zh-year":
                return f"{day.year}年{day.month}月{day.day}日"
            case "zh-weekday":
                return f"星期{ZH_WEEKDAYS[day.weekday()]}"
        raise ValueError(f"a day has no form {spec!r}; there are en and zh, each alone or with -short, -year, -weekday")


class WeekdayWords:
    """Some weekdays (0 is Monday) that format as words: see the module."""

    def __init__(self, weekdays: Sequence[int]) -> None:
        self.weekdays = tuple(int(weekday) for weekday in weekdays)

    def __format__(self, spec: str) -> str:
        match spec:
            case "en":
                *first, last = [f"{WEEKDAYS[k]}s" for k in self.weekdays]
                return f"{', '.join(first)} and {last}" if first else last
            case "en-short":
                return ", ".join(WEEKDAYS[k][:3] for k in self.weekdays)
            case "zh":
                *first, last = [f"星期{ZH_WEEKDAYS[k]}" for k in self.weekdays]
                return f"{'、'.join(first)}和{last}" if first else last
            case "zh-short":
                return "、".join(f"周{ZH_WEEKDAYS[k]}" for k in self.weekdays)
        raise ValueError(f"weekdays have no form {spec!r}; there are en and zh, each alone or with -short")


def unit_words(dataset: DailyViews, language: str) -> str:
    """What an axis of views counts: "thousand views" where a usual day has thousands."""
    return UNITS[language][view_unit(dataset).letter]


def tick_days(first: date, last: date, most: int) -> list[date]:
    """Days from ``first`` to ``last`` that an axis names, ``most`` of them or less: every day, week, half month, ..."""
    days = [first + timedelta(days=k) for k in range((last - first).days + 1)]
    choices = [days, days[:: 7 if len(days) > 14 else 2] if len(days) <= 35 else []]
    choices.append([day for day in days if day.day in (1, 15)])
    choices += [[day for day in days if day.day == 1 and day.month in months] for months in MONTH_STARTS.values()]
    years = choices[-1]
    choices += [years[::step] for step in (2, 5, 10, 20, 50, 100)]
    fitting = next((choice for choice in choices if 0 < len(choice) <= most), [])
    return fitting or [first]
