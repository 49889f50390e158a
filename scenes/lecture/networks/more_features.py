"""From one feature to more: yesterday alone cannot tell, so the window reaches back over more days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Self

import numpy as np
from gradreel.core.analysis.forecast import weekdays
from gradreel.core.daily.views import DailyViews
from gradreel.core.network.worked_example import label_day
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene
from gradreel.scenes.lecture.daily_data import data_name, days_that_differ
from gradreel.scenes.lecture.networks.pictures.day_pairs import SAME, AlikeDays, alike_days
from gradreel.scenes.lecture.networks.pictures.view_window import ViewWindow
from gradreel.scenes.mobjects.lecture_formulas import (
    sum_of_sigmoids_source,
)
from gradreel.scenes.mobjects.text import TextMobject, caption, formula, words
from gradreel.scenes.style import DIM, FAINT, FULL, emphasis, palette
from gradreel.scenes.words.claims import Claim, claim
from gradreel.scenes.words.day_words import day_words, unit_words, weekdays_words
from manim import (
    UP,
    Animation,
    Create,
    Dot,
    FadeIn,
    FadeOut,
    ReplacementTransform,
    TransformFromCopy,
    VGroup,
)
from pydantic import Field, field_validator, model_validator

FORMULA_BASELINE, FORMULA_SIZE = 1.93, 46  # where sum-of-sigmoids leaves it
LINE_BASELINE, NOTE_LINE = 0.3, 0.6  # of what stands in the bracket, below the formula; from note to note beside it
STRIP = (style.LEFT_EDGE + 0.5, style.RIGHT_EDGE - 1.25, -2.75, -1.05)  # left, right, bottom, top of the calendar
COURSES = (1.25, 6.35, 0.5, 2.45)  # of the two days that are looked at closely
NAME_GAP = 0.13  # from a letter at the calendar to its day's name
TUESDAY = 1  # counted from Monday, 0
ASIDE = 0.5  # how bright yesterday's and today's letters are while other days are spoken of
NOTE = 32  # size of words beside the line


class MoreFeatures(LectureScene):
    """Shows why one feature is not enough: two days had the same views the day before, but different views."""

    class Parameters(LectureScene.Parameters):
        dataset: DailyViews = Field(
            DailyViews(), description="The daily views; as many days as its window are shown, or more"
        )
        days: int = Field(3, ge=2, le=3650, description="How many days back are looked at, after a single one")
        day: date | None = Field(
            None, description="The day to be predicted; by default 74 days after the first for validation"
        )
        sigmoids: int = Field(3, ge=1, le=99, description="How many sigmoids the sum has")

        @property
        def label(self) -> date:
            """The day to be predicted."""
            return label_day(self.dataset, self.day)

        @field_validator("dataset")
        @classmethod
        def _days_differ(cls, dataset: DailyViews) -> DailyViews:
            return days_that_differ(dataset)

        @model_validator(mode="after")
        def _days_lie_in_the_series(self) -> Self:
            there = (self.label - self.dataset.daily.start).days
            if self.days > there:
                raise ValueError(f"days: there are {there} days before {self.label}, got {self.days}")
            return self

    def claims(self) -> Iterator[Claim]:
        data, longest = self.parameters.dataset.daily, max(self.parameters.days, self.parameters.dataset.window)
        end = (self.parameters.label - data.start).days
        dates, views = (part[max(0, end - longest) : end + 1] for part in (data.dates(), data.array()))
        pair = alike_days(dates, views)
        (first, second), width = ([views[k - 2 : k + 1] for k in pair], float(np.ptp(views)))
        told = {"first": first, "second": second}
        alike = abs(first[1] - second[1]) <= SAME * width
        yield claim(
            "two-days", "two Tuesdays follow the same views", alike and {*weekdays(dates[[*pair]])} == {TUESDAY}, **told
        )
        apart = first[2] < first[1] and second[2] > second[1]
        yield claim("two-days", "the first went down, the second went up", apart, **told)
        yield claim("two-days", "the Sundays before differ", abs(first[0] - second[0]) > 0.15 * width, **told)

    def construct(self) -> None:
        self._build()
        self._channel_beat()
        if not self.other_data:
            self._two_days_beat()
        self._more_days_beat()
        self.hand_on(self.sum)  # network-diagram begins with it

    def _build(self) -> None:
        dataset, sigmoids, language = self.parameters.dataset, self.parameters.sigmoids, self.context.language
        self.days = self.parameters.days
        longest = max(self.days, dataset.window)
        self.strip = ViewWindow(dataset, self.parameters.label, longest, language, STRIP)
        unit, data = unit_words(dataset, language), data_name(self, dataset)
        self.caption = caption(self.screen("caption", unit=unit, data=data))
        self.sum = sum_of_sigmoids(sigmoids)
        self.told, self.day_names = VGroup(), list[TextMobject]()

    # -- the channel, day by day --------------------------------------------------------------------------------------

    def _channel_beat(self) -> None:
        with self.beat("channel"):
            # The sum of sigmoids, and below it views, day by day. Of all these days the bracket holds a single one,
            # x_1, yesterday. Today's is y hat: on the screen stands that it is the truth
            strip = self.strip
            arriving = self.next_heading(self.screen("heading"))
            self.add(self.sum)  # where the last scene left it
            self.play(*arriving, FadeIn(strip.plot), FadeIn(self.caption), run_time=0.6)
            self.play(Create(strip.curve), run_time=1.2)
            self.play(FadeIn(strip.dots), run_time=0.4)
            self.remove(strip.curve, strip.dots, strip.plot)
            self.until("yesterday")
            self.add(strip.plot, strip.window)
            others = [self.sum.part(name) for name in self.sum.parts if name != "x"]
            self.play(*(emphasis(part, FAINT) for part in others), *strip.open(), run_time=0.8)
            yesterday = words(self.screen("yesterday"), style.TICK)
            yesterday.place(strip.first_name.baseline, right=strip.first_name.get_left()[0] - NAME_GAP)
            self.play(TransformFromCopy(self.sum.part("x"), strip.first_name), FadeIn(yesterday), run_time=0.9)
            self.until("hat")
            today = words(self.screen("today"), style.TICK)
            today.place(strip.first_name.baseline, left=strip.label[1].get_right()[0] + NAME_GAP)
            self.told = self._notes("truth", "guess")
            self.play(FadeIn(strip.label, today), run_time=0.6)
            self.add(strip)
            self.day_names = [yesterday, today]
            self.play(*(FadeIn(note, shift=0.1 * UP) for note in self.told), run_time=0.6)
            self.wait(0.8)

    def _notes(self, *keys: str) -> VGroup:
        """Words line by line, left below the formula."""
        lines = [words(self.screen(key), NOTE) for key in keys]
        middle = (len(lines) - 1) / 2
        places = (LINE_BASELINE + NOTE_LINE * (middle - k) for k in range(len(lines)))
        return VGroup(*(line.place(y, style.LEFT_EDGE) for line, y in zip(lines, places, strict=True)))

    # -- two days after the same views -------------------------------------------------------------------------------

    def _two_days_beat(self) -> None:
        with self.beat("two-days", pause="long"):
            # Both times three days are framed in the calendar. Seen closely, their x_1 are on one level, their own
            # views are not; and last x_2, which tells
            strip, language = self.strip, self.context.language
            pair = alike_days(strip.dates, strip.views)
            days = [[date.fromisoformat(str(strip.dates[k - ago])) for ago in (2, 1, 0)] for k in pair]
            short = [[weekdays_words([day.weekday()], language, "short") for day in three] for three in days]
            names = [day_words(three[-1], language) for three in days]
            views = np.array([strip.views[k - 2 : k + 1] for k in pair])
            self.close = close = AlikeDays(views, names, short, COURSES)
            self.framed = framed = VGroup(*(strip.stretch(three[-1], 3) for three in days))

            def coming(column: int) -> list[Animation]:
                """Both dots of a column, from the calendar, and their letters."""
                starts = [
                    Dot(each.dots[column].get_center(), 0.05, color=palette.red, fill_opacity=0) for each in framed
                ]
                dots, letters = [day[column] for day in close.dots], [day[column] for day in close.letters]
                moves = [ReplacementTransform(start, dot) for start, dot in zip(starts, dots, strict=True)]
                return [*moves, *map(FadeIn, letters)]

            dimmed = [emphasis(part, ASIDE) for part in (strip.first_name, strip.label)]
            self.play(FadeOut(*self.day_names), *dimmed, FadeIn(framed, close.names), run_time=0.7)
            self.play(*coming(1), Create(close.level), run_time=1.0)
            self.until("answers")
            self.play(*coming(2), run_time=0.8)
            self.play(*map(Create, close.answers), run_time=0.7)
            self.until("older")
            self.wait(1.0)  # until the day before is spoken of
            self.play(*coming(0), *map(Create, close.before), run_time=0.9)
            older = [day[0].animate.scale(1.5) for day in close.dots]
            both = (*close.dots, *close.letters)
            past = [close.answers, *(part[k] for part in both for k in (1, 2))]
            self.play(*older, *(emphasis(part, DIM) for part in past), run_time=0.4)
            self.told, self.day_names = VGroup(self.told, framed, close), []

    # -- more days ----------------------------------------------------------------------------------------------------

    def _more_days_beat(self) -> None:
        with self.beat("more-days"):
            # The window reaches back, day by day. Each day in it is a feature, with its letter. The sum of sigmoids is
            # bright again: its bracket still holds yesterday alone
            strip = self.strip
            back = [emphasis(part, FULL) for part in (strip.first_name, strip.label)]
            lit = [emphasis(self.sum.part(name), FULL) for name in self.sum.parts]
            self.play(FadeOut(self.told, *self.day_names), *back, run_time=0.5)
            self.play(*strip.widen(self.days), run_time=1.3)
            self.until("feature")
            self.told = self._notes("feature")
            self.play(FadeIn(self.told, shift=0.1 * UP), *lit, run_time=0.6)
            self.add(self.sum)


def sum_of_sigmoids(count: int, activation: str = "sigmoid") -> TextMobject:
    """The sum of ``count`` terms over one feature, where sum-of-sigmoids leaves it: network-diagram begins with it."""
    text = formula(sum_of_sigmoids_source(count, activation), FORMULA_SIZE)
    return text.place(FORMULA_BASELINE, left=style.LEFT_EDGE)
