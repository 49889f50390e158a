"""What one day tells: it and the day after it are one dot of a plot, where the same views have different answers."""

from __future__ import annotations

from datetime import date

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene
from gradreel.scenes.mobjects.alike_days import AlikeDays
from gradreel.scenes.mobjects.day_pairs import DayPairs, hollow_dot
from gradreel.scenes.mobjects.day_words import in_languages, weekday_words, weekdays_words
from gradreel.scenes.mobjects.headings import next_heading
from gradreel.scenes.mobjects.measure import upright_bracket
from gradreel.scenes.mobjects.plot import dashed, ring
from gradreel.scenes.mobjects.text import TextMobject, words
from gradreel.scenes.mobjects.view_window import ViewWindow
from gradreel.scenes.style import FAINT, emphasis, palette
from manim import (
    LEFT,
    UP,
    Animation,
    Create,
    Dot,
    FadeIn,
    FadeOut,
    LaggedStart,
    ReplacementTransform,
    TransformFromCopy,
    VGroup,
)

PAIRS, MOST_PAIRS = (1.5, 6.1, 0.55, 2.85), 80  # left, right, bottom, top; days
COURSES = (1.25, 6.35, 0.3, 2.45)  # of the two days that are looked at closely
CLEAR = 0.2  # from a word to a line
NAME_GAP = 0.13  # from a letter at the calendar to its day's name


class OneDayBeats(LectureScene):
    """Two beats of days as dots, beneath the formula of a ``sum`` that looks at one day; ``told`` is what stays.

    ``lows``: the weekdays on which views are low each week, 0 for Monday; ``low``: the first of them, if there is one.
    """

    strip: ViewWindow
    pairs: DayPairs
    lows: tuple[int, ...]
    low: int | None
    sum: TextMobject
    caption: TextMobject

    def _one_day_beat(self) -> None:
        with self.beat("one-day"):
            # The sum of sigmoids, and below it views, day by day. Of all these days the bracket holds a single one,
            # x_1; it and the day after it are one dot of the plot that the lecture began with; then all the others come
            strip, pairs = self.strip, self.pairs
            self.title, arriving = next_heading(self.screen("heading"))
            self.add(self.sum)  # where the last scene left it
            self.play(*arriving, FadeIn(strip.plot), FadeIn(self.caption), run_time=0.6)
            self.play(Create(strip.curve), run_time=1.2)
            self.play(FadeIn(strip.dots), run_time=0.4)
            self.remove(strip.curve, strip.dots, strip.plot)
            self.add(strip.plot, strip.window)
            others = [self.sum.part(name) for name in self.sum.parts if name != "x"]
            self.play(*(emphasis(part, FAINT) for part in others), *strip.open(), run_time=0.8)
            self.play(TransformFromCopy(self.sum.part("x"), strip.first_name), run_time=0.9)
            yesterday = words(self.screen("yesterday"), style.TICK)
            yesterday.place(strip.first_name.baseline, right=strip.first_name.get_left()[0] - NAME_GAP)
            today = words(self.screen("today"), style.TICK)
            today.place(strip.first_name.baseline, left=strip.label[1].get_right()[0] + NAME_GAP)
            self.day_names = [yesterday, today]
            self.play(FadeIn(strip.label, *self.day_names), FadeIn(pairs.plot), run_time=0.5)
            self.add(strip)
            yesterday, today = Dot(strip.places[-1], 0.07, color=palette.red), strip.label[2].copy()
            last = pairs.dots[-1]
            self.guides = pairs.guides(len(pairs.dots) - 1)
            self.play(*(day.animate.become(last) for day in (yesterday, today)), run_time=1.1)
            self.remove(yesterday, today)
            self.add(last)
            self.play(FadeIn(self.guides), run_time=0.4)
            self.wait(0.2)
            self._as_dots(list(range(len(pairs.dots) - 1)), 1.7)

    def _as_dots(self, which: list[int], seconds: float) -> None:
        """Pairs of neighbouring days leave the calendar and arrive as dots; each begins to be seen at the later day."""
        pairs, plot = self.pairs, self.strip.plot
        x = plot.days(pairs.dates)
        starts = [Dot(plot.at(x[k], pairs.views[k]), radius=0.05, color=palette.red, fill_opacity=0) for k in which]
        moves = [ReplacementTransform(start, pairs.dots[k]) for start, k in zip(starts, which, strict=True)]
        self.play(LaggedStart(*moves, lag_ratio=0.02), run_time=seconds)
        self.add(pairs)

    def _why_beat(self) -> None:
        if self.low is None:
            with self.beat("why-any"):
                # All pairs of days: after the same views the day before, very different ones
                self.play(FadeOut(self.guides), run_time=0.3)
                self._ring_a_pair()
                self.told = [*self.told, self.pairs]
            return
        low, pair = self.low, self.pairs.told_apart_from(self.low)
        other = self._day_of(pair[1])
        names = in_languages("lows", lambda language: weekdays_words(self.lows, language))
        names |= in_languages("low", lambda language: _weekday(low, language))
        names |= in_languages("other", lambda language: weekday_words(other, language))
        if self.pairs.older_tells(pair):
            with self.beat("why", **names):
                # The low days of each week are shaded. Among the pairs of days, the first of them become rings. A line
                # up from one x_1 meets one of them, and a day that is none: the same views before, two answers. Both
                # are looked at closely: their x_1 on one level, then their own views, and last x_2, which tells
                self._two_answers(low, pair, (0.3, 0.3))
                self._look_back(pair)
        else:
            with self.beat("why-open", **names):
                # The same, but without a closer look: in these data the day before does not tell the two apart
                self._two_answers(low, pair, (1.2, 1.4))
                self.told = [*self.told, self.pairs]
        self.told = [*self.told, self.shades]

    def _day_of(self, k: int) -> date:
        return date.fromisoformat(str(self.pairs.dates[k]))

    def _two_answers(self, low: int, pair: tuple[int, int], waits: tuple[float, float]) -> None:
        strip = self.strip
        self.shades = shades = strip.shades(self.lows)
        self.play(LaggedStart(FadeOut(self.guides), *map(FadeIn, shades), lag_ratio=0.4), run_time=1.6)
        for shade in shades[len(shades) // 4 : len(shades) // 4 + 1]:
            name = words(weekdays_words(self.lows, self.context.language), style.TICK)
            shades.add(name.place(strip.plot.box[3] + 0.15, center=shade.get_x()))
            self.play(FadeIn(name), run_time=0.4)
        self.wait(waits[0])
        self._name_the_low(low, float(np.mean([self.pairs.dots[k].get_x() for k in pair])))
        self.wait(waits[1])
        self._ask_for_the_day(pair)

    def _look_back(self, pair: tuple[int, int]) -> None:
        """The plot makes way for both days and the two before each, which come out of the calendar, one by one."""
        pairs, plot = self.pairs, self.strip.plot
        first, second = sorted(pair)  # as in the calendar
        names = [weekday_words(self._day_of(k), self.context.language) for k in (first, second)]
        self.close = close = AlikeDays(pairs.courses[[first, second]], names, COURSES)
        days = plot.days(pairs.dates[[first, second]])
        there = plot.at(days[:, None] + np.array([-2, -1, 0]), pairs.courses[[first, second]])

        def coming(column: int) -> list[Animation]:
            """Both dots of a column, from the calendar, and their letters."""
            starts = [Dot(day[column], radius=0.05, color=palette.red, fill_opacity=0) for day in there]
            dots, letters = [day[column] for day in close.dots], [day[column] for day in close.letters]
            moves = [ReplacementTransform(start, dot) for start, dot in zip(starts, dots, strict=True)]
            return [*moves, *map(FadeIn, letters)]

        rings = self.told[3:]
        self.play(FadeOut(pairs, *self.told[:3]), FadeIn(close.names), run_time=0.4)
        self.play(*coming(1), run_time=0.7)
        self.play(Create(close.level), run_time=0.4)
        self.play(*coming(2), *map(Create, close.answers), run_time=0.7)
        self.wait(0.5)  # until the day before is spoken of
        self.play(*coming(0), *map(Create, close.before), run_time=0.8)
        circles = [ring(day[0].get_center(), 0.17, palette.text).set_fill(opacity=0) for day in close.dots]
        self.play(*map(FadeIn, circles), run_time=0.4)
        self.told = [*rings, *circles, close]

    def _name_the_low(self, low: int, x: float) -> None:
        """The weekday's dots become rings; beside them its name after another, clear of the upright line at ``x``."""
        pairs = self.pairs
        points = np.array([pairs.dots[k].get_center() for k in pairs.on(low)])
        name = words(_weekday(low, self.context.language), style.LABEL)
        name.place(float(points[:, 1].min()) - 0.35, right=min(float(points[:, 0].max()) + 0.2, PAIRS[1]))
        key = VGroup(hollow_dot(name.get_left() + CLEAR * LEFT), name)
        if key.get_left()[0] - CLEAR < x < key.get_right()[0] + CLEAR:
            there = x + CLEAR + key.width / 2
            key.set_x(there if there + key.width / 2 < style.RIGHT_EDGE else x - CLEAR - key.width / 2)
        self.told = [key]
        self.play(*pairs.hollow(low), FadeIn(key, shift=0.1 * UP), run_time=0.9)

    def _ask_for_the_day(self, pair: tuple[int, int]) -> None:
        """A line at one x_1, through the dots ``pair``, of the low weekday and of another; both days get rings."""
        pairs, plot = self.pairs, self.strip.plot
        ends = [pairs.dots[k].get_center() for k in pair]
        x, bottom = float(ends[0][0] + ends[1][0]) / 2, pairs.plot.box[2]
        top = max(ends, key=lambda end: end[1])
        line = dashed((x, bottom, 0), (x, top[1], 0), palette.text)
        others = [dot for k, dot in enumerate(pairs.dots) if k not in pair]
        self.play(Create(line), *(emphasis(dot, FAINT) for dot in others), run_time=0.9)
        other = words(weekday_words(pairs.dates[pair[1]].astype(date), self.context.language), style.LABEL)
        other.place(float(ends[1][1]) - 0.1, right=x - CLEAR)
        days = plot.at(plot.days(pairs.dates[list(pair)]), pairs.views[list(pair)])
        rings = [ring(day, 0.13, palette.text).set_fill(opacity=0) for day in days]
        self.told += [line, other, *rings]
        flights = [TransformFromCopy(pairs.dots[k], day) for k, day in zip(pair, rings, strict=True)]
        self.play(*flights, FadeIn(other), run_time=0.9)

    def _ring_a_pair(self) -> None:
        """Two days with the same views before them, or nearly, and an upright bracket between them."""
        pairs = self.pairs
        ends = [pairs.dots[k].get_center() for k in pairs.furthest_pair()]
        rings = [ring(end, 0.12, palette.text).set_fill(opacity=0) for end in ends]
        x = max(end[0] for end in ends) + 0.25
        bracket = upright_bracket((x, ends[0][1], 0), (x, ends[1][1], 0))
        self.told = [*rings, bracket]
        self.play(*(FadeIn(part) for part in self.told), run_time=0.6)


def _weekday(weekday: int, language: str) -> str:
    """The name of a weekday, 0 for Monday."""
    return weekday_words(date(2024, 1, 1 + weekday), language)  # which began on a Monday
