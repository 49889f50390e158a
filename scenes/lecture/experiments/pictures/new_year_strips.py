"""The same weeks of several years, one strip under another: a holiday that has another date each year."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
from gradreel.core.daily.series import DailySeries
from gradreel.core.daily.synthetic import NEW_YEAR
from gradreel.scenes import style
from gradreel.scenes.mobjects.plot import polyline, segment
from gradreel.scenes.mobjects.text import TextMobject, words
from gradreel.scenes.style import mix, palette
from gradreel.scenes.words.day_words import day_words
from manim import VGroup, VMobject
from numpy.typing import NDArray

LEFT, RIGHT, TOP = -4.1, 4.15, 2.45
PITCH, HEIGHT = 0.94, 0.84  # from strip to strip; from no views to those of a usual day, the median of the weeks shown
DATE_DROP, DATE_OFF = 0.42, 0.2  # of a date: its baseline under the usual day, its start right of the dip
MISSING = 0.45  # share of red in what is missing
FIRST, LAST = (1, 10), (3, 1)  # month and day
NAMED = ((1, 15), (2, 1), (2, 15))
TICK = 0.1  # length of a mark at a named day
BRACKET, HOOK, TEXT = 0.2, 0.1, 0.36  # right of the strips: a bracket, its ends, the words for it


class NewYearStrips(VGroup):
    """A strip for each of ``eves``, in the order of years: what the views of the holiday's days lack to a usual day.

    ``known``: how many of them were trained on; ``sides``: what those are called, and the others. Parts: ``ground``
    (named days and what is at the sides), ``strips`` (year, line of a usual day, what is missing, the holiday's views),
    ``dates`` (Lunar New Year, the day after the Eve).
    """

    def __init__(
        self, series: DailySeries, eves: Sequence[date], known: int, sides: tuple[str, str], language: str
    ) -> None:
        super().__init__()
        self.series, self.language = series, language
        self.strips = VGroup(*(self._strip(k, eve) for k, eve in enumerate(eves)))
        self.dates = VGroup(*(self._date(k, eve) for k, eve in enumerate(eves)))
        self.ground = VGroup(*self._calendar(len(eves)), *self._sides(len(eves), known, sides))
        self.add(self.ground, self.strips, self.dates)

    def at(self, k: int, day: date) -> NDArray:
        """(3,): where strip ``k`` has the views of this day, those of a usual day at most."""
        first, last = (date(day.year, *end) for end in (FIRST, LAST))
        usual = np.median(self._views([first + timedelta(days=n) for n in range((last - first).days + 1)]))
        (views,) = self._views([day])
        return np.array([self._x(day), self._base(k) + HEIGHT * min(1.0, views / float(usual)), 0.0])

    def _views(self, days: Sequence[date]) -> NDArray:
        return self.series.array()[[(day - self.series.start).days for day in days]]

    @staticmethod
    def _x(day: date) -> float:
        """Equal dates of all years lie under each other."""
        first, last = (date(day.year, *end) for end in (FIRST, LAST))
        return LEFT + (RIGHT - LEFT) * (day - first).days / (last - first).days

    @staticmethod
    def _base(k: int) -> float:
        return TOP - (k + 1) * PITCH

    def _strip(self, k: int, eve: date) -> VGroup:
        level = self._base(k) + HEIGHT
        usual = segment((LEFT, level, 0), (RIGHT, level, 0), palette.dim, style.AXIS)
        points = np.array([self.at(k, day) for day in holiday(eve)])
        missing = VMobject(stroke_width=0).set_fill(mix(palette.red, MISSING), 1)
        top = points * [1, 0, 1] + [0, level, 0]
        missing.set_points_as_corners(np.concatenate([top, points[::-1], top[:1]]))
        year = words(str(eve.year), style.LABEL, palette.dim).place(level - DATE_DROP, left=style.LEFT_EDGE)
        return VGroup(year, usual, missing, polyline(points, palette.red, style.SMALL_CURVE))

    def _date(self, k: int, eve: date) -> TextMobject:
        """Right of the dip, under the line of a usual day."""
        name = words(day_words(eve + timedelta(days=1), self.language, "short"), style.TICK)
        right = self._x(holiday(eve)[-1]) + DATE_OFF
        return name.place(self._base(k) + HEIGHT - DATE_DROP, left=right)

    def _calendar(self, count: int) -> list[VGroup]:
        """A line below all strips, marks at a few dates, and their names."""
        bottom, named = self._base(count - 1), []
        for month_and_day in NAMED:
            day = date(2000, *month_and_day)
            x = self._x(day)
            mark = segment((x, bottom - TICK, 0), (x, bottom, 0), palette.axis, style.AXIS)
            name = words(day_words(day, self.language, "short"), style.TICK, palette.dim)
            named.append(VGroup(mark, name.place(bottom - 0.45, center=x)))
        return [VGroup(segment((LEFT, bottom, 0), (RIGHT, bottom, 0), palette.axis, style.AXIS)), *named]

    def _sides(self, count: int, known: int, sides: tuple[str, str]) -> list[VGroup]:
        """Right of the strips that were trained on, and of the others: a bracket and what they are called."""
        parts = []
        for first, end, text in ((0, known, sides[0]), (known, count, sides[1])):
            if first < end:
                low, high, x = self._base(end - 1), self._base(first) + HEIGHT, RIGHT + BRACKET
                corners = [(x - HOOK, high, 0), (x, high, 0), (x, low, 0), (x - HOOK, low, 0)]
                name = words(text, style.TICK, palette.dim)
                name.place((low + high) / 2 - name.height / 2, left=RIGHT + TEXT)
                parts.append(VGroup(polyline(np.array(corners), palette.axis, style.AXIS), name))
        return parts


def holiday(eve: date) -> list[date]:
    """The days on which Lunar New Year takes views away."""
    return [eve + timedelta(days=after) for after in sorted(NEW_YEAR)]
