"""What one day tells: it and the day after it are one dot of a plot, where the same views have different answers."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial

from gradreel.core.daily.synthetic import LOW_WEEKDAYS
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene
from gradreel.scenes.lecture.networks.pictures.alike_days import AlikeDays
from gradreel.scenes.lecture.networks.pictures.day_pairs import DayPairs, PairAsked
from gradreel.scenes.lecture.networks.pictures.view_window import ViewWindow
from gradreel.scenes.mobjects.headings import next_heading
from gradreel.scenes.mobjects.text import TextMobject, words
from gradreel.scenes.style import FAINT, PRESENT, emphasis, palette
from gradreel.scenes.words.day_words import in_languages, weekday_words, weekdays_words
from manim import (
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
COURSES = (1.25, 6.35, 0.5, 2.45)  # of the two days that are looked at closely
ASIDE = 0.5  # how bright yesterday's and today's letters are while other days are spoken of
NAME_GAP = 0.13  # from a letter at the calendar to its day's name


class OneDayBeats(LectureScene):
    """Two beats of days as dots, beneath the formula of a ``sum`` that looks at one day; ``told`` is what stays."""

    strip: ViewWindow
    pairs: DayPairs
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
        if self.other_data:
            with self.beat("why"):
                # All pairs of days
                self.play(FadeOut(self.guides), run_time=0.3)
                self.told = [self.pairs]
            return
        first, second = sorted(self.pairs.told_apart_from(LOW_WEEKDAYS[0]))  # as in the calendar, side by side later
        names = in_languages("lows", lambda language: weekdays_words(LOW_WEEKDAYS, language))
        for key, k in (("first", first), ("second", second)):
            for name, ago in ((key, 0), (f"{key}_older", 2)):
                names |= in_languages(name, partial(weekday_words, self._day_of(k) - timedelta(days=ago)))
        with self.beat("why", **names):
            # The low days of each week are shaded. Among the pairs of days one of them is named, and a day that is
            # none: both over one x_1, and a line from each to the axis, two answers. Then both are looked at closely:
            # their x_1 on one level, their own views, and last x_2, which tells
            self._two_answers((first, second))
            self._look_back((first, second))
        self.told = [*self.told, self.shades]

    def _day_of(self, k: int) -> date:
        return date.fromisoformat(str(self.pairs.dates[k]))

    def _two_answers(self, pair: tuple[int, int]) -> None:
        strip = self.strip
        self.shades = shades = strip.shades(LOW_WEEKDAYS)
        # What names yesterday and today steps back: other days are spoken of
        others = [*map(FadeOut, self.day_names), *(emphasis(part, ASIDE) for part in (strip.first_name, strip.label))]
        self.day_names = []
        coming = LaggedStart(FadeOut(self.guides), *map(FadeIn, shades), lag_ratio=0.4, run_time=1.4)
        self.play(coming, *others)
        for shade in shades[len(shades) // 4 : len(shades) // 4 + 1]:
            name = words(weekdays_words(LOW_WEEKDAYS, self.context.language), style.TICK)
            shades.add(name.place(strip.plot.box[3] + 0.15, center=shade.get_x()))
            self.play(FadeIn(name), run_time=0.4)
        self.wait(1.1)  # until the two days are named
        self._ask_for_the_day(pair)

    def _ask_for_the_day(self, pair: tuple[int, int]) -> None:
        """The dots ``pair`` grow and get their days' names; a line goes up from their x_1, and one across from each."""
        pairs = self.pairs
        self.asked = asked = PairAsked(pairs, pair, [self._name_of(k) for k in pair])
        others = [emphasis(dot, FAINT) for k, dot in enumerate(pairs.dots) if k not in pair]
        for name, dot in zip(asked.names, asked.dots, strict=True):
            self.play(FadeIn(dot, scale=0.6), FadeIn(name), *others, run_time=0.6)
            others = []
        self.play(Create(asked.line), run_time=0.5)
        self.play(*map(Create, asked.answers), run_time=0.6)
        self.wait(0.9)
        self.told = [asked]

    def _name_of(self, k: int) -> str:
        return weekday_words(self._day_of(k), self.context.language)

    def _short(self, k: int, ago: int) -> str:
        """The weekday so many days before the day of dot ``k``, as short as it is written."""
        return weekdays_words([(self._day_of(k) - timedelta(days=ago)).weekday()], self.context.language, "short")

    def _look_back(self, pair: tuple[int, int]) -> None:
        """The plot makes way for both days, the earlier one first, and the two before each.

        They come out of the calendar, column by column; there both times three days are framed.
        """
        pairs, strip, asked = self.pairs, self.strip, self.asked
        names, short = [self._name_of(k) for k in pair], [[self._short(k, ago) for ago in (2, 1, 0)] for k in pair]
        self.close = close = AlikeDays(pairs.courses[list(pair)], names, short, COURSES)
        self.framed = framed = VGroup(*(strip.stretch(self._day_of(k), 3) for k in pair))

        def coming(column: int) -> list[Animation]:
            """Both dots of a column, from the calendar, and their letters."""
            starts = [Dot(days.dots[column].get_center(), 0.05, color=palette.red, fill_opacity=0) for days in framed]
            dots, letters = [day[column] for day in close.dots], [day[column] for day in close.letters]
            moves = [ReplacementTransform(start, dot) for start, dot in zip(starts, dots, strict=True)]
            return [*moves, *map(FadeIn, letters)]

        moves = [ReplacementTransform(*names) for names in zip(asked.names, close.names, strict=True)]
        leaving = FadeOut(pairs, asked.line, asked.answers, asked.dots)
        self.play(leaving, *moves, FadeIn(framed), run_time=0.6)
        self.play(*coming(1), *coming(2), Create(close.level), run_time=0.7)
        self.play(*map(Create, close.answers), run_time=0.4)
        self.wait(0.2)
        self.play(*coming(0), *map(Create, close.before), run_time=0.8)
        older = [day[0].animate.scale(1.5) for day in close.dots]
        past = [close.answers, *(part[k] for day in (*close.dots, *close.letters) for part, k in ((day, 1), (day, 2)))]
        self.play(*older, *(emphasis(part, PRESENT) for part in past), run_time=0.4)
        self.told = [framed, close]
