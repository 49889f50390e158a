"""The same weeks of several years, one strip under another: a holiday that has another date each year."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
from gradreel.core.daily.series import DailySeries
from gradreel.core.daily.synthetic import NEW_YEAR
from gradreel.scenes import style
from gradreel.scenes.mobjects.plot import dashed, polyline, ring, segment
from gradreel.scenes.mobjects.text import words
from gradreel.scenes.style import mix, palette
from gradreel.scenes.words.day_words import day_words
from manim import VGroup, VMobject
from numpy.typing import NDArray

LEFT, RIGHT, TOP = -4.1, 4.15, 2.45
PITCH, HEIGHT = 0.94, 0.84  # from strip to strip; from no views to those of a usual day, the median of the weeks shown
LINE_OFF = 0.1  # of the line at a date from what it must not cross
DATE_DROP, DATE_OFF = 0.16, 0.12  # of a date: its baseline under the ring's middle, its end left of the ring
OTHER_DAYS, MISSING = 0.42, 0.45  # shares of red: days that are not meant; what is missing to a usual day
FIRST, LAST = (1, 10), (2, 26)  # month and day
NAMED = ((1, 15), (2, 1), (2, 15))
RING = 0.13
BRACKET, HOOK, TEXT = 0.2, 0.1, 0.36  # right of the strips: a bracket, its ends, the words for it


class NewYearStrips(VGroup):
    """Red, a strip for each of ``days``, in the order of years: the views of these weeks, from 0, that day ringed.

    The holiday's days are bright, and what they lack to a usual day is filled. ``known``: how many of them were trained
    on; ``sides``: what those are called, and the others. Parts: ``ground`` (named days and what is at the sides),
    ``strips`` (year, line, what is missing, the holiday's part of the line), ``marks`` (ring and date).
    """

    def __init__(
        self, series: DailySeries, days: Sequence[date], known: int, sides: tuple[str, str], language: str
    ) -> None:
        super().__init__()
        self.series, self.language = series, language
        self.strips = VGroup(*(self._strip(k, day) for k, day in enumerate(days)))
        self.marks = VGroup(*(self._mark(k, day) for k, day in enumerate(days)))
        self.ground = VGroup(*self._calendar(len(days)), *self._sides(len(days), known, sides))
        self.add(self.ground, self.strips, self.marks)

    def at(self, k: int, day: date, views: float) -> NDArray:
        """(3,): where strip ``k`` has so many views on this day."""
        usual = float(np.median(self._views(day.year)[1]))
        return np.array([self._x(day), self._base(k) + HEIGHT * views / usual, 0.0])

    def piece(self, k: int, first: date, last: date) -> tuple[list[date], VMobject]:
        """The days of strip ``k`` from ``first`` to ``last``, as far as it has them, and its line through them."""
        days = [day for day in self._views(first.year)[0] if first <= day <= last]
        points = [self.at(k, day, float(self.series.array()[(day - self.series.start).days])) for day in days]
        return days, polyline(np.array(points).reshape(-1, 3), mix(palette.red, OTHER_DAYS), style.GHOST_CURVE)

    @staticmethod
    def _x(day: date) -> float:
        """Equal dates of all years lie under each other."""
        first, last = (date(day.year, *end) for end in (FIRST, LAST))
        return LEFT + (RIGHT - LEFT) * (day - first).days / (last - first).days

    @staticmethod
    def _base(k: int) -> float:
        return TOP - (k + 1) * PITCH

    def _views(self, year: int) -> tuple[list[date], NDArray]:
        first, last = date(year, *FIRST), date(year, *LAST)
        start = (first - self.series.start).days
        count = (last - first).days + 1
        return [first + timedelta(days=k) for k in range(count)], self.series.array()[start : start + count]

    def _strip(self, k: int, day: date) -> VGroup:
        days, views = self._views(day.year)
        points = np.array([self.at(k, one, v) for one, v in zip(days, views, strict=True)])
        line = polyline(points, mix(palette.red, OTHER_DAYS), style.GHOST_CURVE)
        holiday = np.array([min(NEW_YEAR) <= (one - day).days <= max(NEW_YEAR) for one in days])
        bright = polyline(points[holiday], palette.red, style.SMALL_CURVE)
        level = self._base(k) + HEIGHT
        top, bottom = points[holiday].copy(), points[holiday].copy()
        top[:, 1], bottom[:, 1] = level, np.minimum(level, bottom[:, 1])
        missing = VMobject(stroke_width=0).set_fill(mix(palette.red, MISSING), 1)
        missing.set_points_as_corners(np.concatenate([top, bottom[::-1], top[:1]]))
        year = words(str(day.year), style.LABEL, palette.dim)
        return VGroup(year.place(self._year_line(k), left=style.LEFT_EDGE), line, missing, bright)

    def _year_line(self, k: int) -> float:
        """The baseline of a strip's words: the middle of its height."""
        return self._base(k) + HEIGHT / 2

    def _mark(self, k: int, day: date) -> VGroup:
        views = float(self.series.array()[(day - self.series.start).days])
        around = ring(self.at(k, day, views), RING, palette.text).set_fill(opacity=0)
        x, y = around.get_center()[:2]
        name = words(day_words(day, self.language, "short"), style.TICK)  # left of it, below the line
        return VGroup(around, name.place(y - DATE_DROP, right=x - RING - DATE_OFF))

    def date_of(self, k: int) -> VGroup:
        """The date that strip ``k``'s day has, a dashed line through all strips, off that ring and the dates' words.

        The other years' rings are beside it.
        """
        x = float(self.marks[k][0].get_x())
        met = [part for part in (*self.marks[k][:1], *(name for _, name in self.marks)) if _spans(part, x)]
        borders = [self._base(len(self.strips) - 1)]
        for part in sorted(met, key=lambda part: float(part.get_y())):
            borders += [part.get_bottom()[1] - LINE_OFF, part.get_top()[1] + LINE_OFF]
        pairs = zip(borders[::2], [*borders[1::2], TOP], strict=True)
        parts = [((x, low, 0), (x, high, 0)) for low, high in pairs if low < high]
        return VGroup(*(dashed(*ends, palette.text, style.AXIS, dash=0.1) for ends in parts))

    def _calendar(self, count: int) -> list[VGroup]:
        """Thin lines through all strips at a few dates, and their names below."""
        bottom, named = self._base(count - 1), []
        for month_and_day in NAMED:
            day = date(2000, *month_and_day)
            x = self._x(day)
            line = segment((x, bottom, 0), (x, TOP, 0), mix(palette.axis, 0.28), style.AXIS)
            name = words(day_words(day, self.language, "short"), style.TICK, palette.dim)
            named.append(VGroup(line, name.place(bottom - 0.4, center=x)))
        return named

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


def _spans(part: VMobject, x: float) -> bool:
    """Whether ``part`` reaches from the left of ``x`` to its right, or nearly so."""
    return bool(part.get_left()[0] - LINE_OFF < x < part.get_right()[0] + LINE_OFF)
