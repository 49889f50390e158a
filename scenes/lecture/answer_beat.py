"""What was special about the days that forecast asks for: a holiday of every year's, or nothing that one can know."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
from gradreel.core.daily_views import DailyViews
from gradreel.core.forecast import NextDays
from gradreel.core.surprises import Surprise
from gradreel.core.synthetic_views import NEW_YEAR_EVES
from gradreel.scenes.base import LectureScene
from gradreel.scenes.lecture.days import data_caption
from gradreel.scenes.lecture.unseen_days import UnseenDays
from gradreel.scenes.mobjects.day_plot import REAL_LINE
from gradreel.scenes.mobjects.day_words import day_words, in_languages
from gradreel.scenes.mobjects.eve_strips import EveStrips
from gradreel.scenes.mobjects.forecast_plot import ForecastPlot
from gradreel.scenes.mobjects.plot import polyline
from gradreel.scenes.mobjects.text import heading
from gradreel.scenes.style import palette
from manim import (
    Create,
    FadeIn,
    FadeOut,
    LaggedStart,
    Transform,
    VGroup,
    smooth,
    squish_rate_func,
    there_and_back,
)

OTHER_DAY = 4.9
"""Seconds from an Eve's name to the last sentence, which is about the other day, where nothing comes between them."""
EVERY_YEAR = 0.8
"""Seconds from an Eve's name until the other years come: they stand there when it is said that each has that dip."""
LOOK = 1.9
"""Seconds in which all years, with their dates, are looked at."""


class AnswerBeat(LectureScene):
    """The beat that tells what can be known of the surprises, and what it says of a day.

    It needs the ``unseen`` days, those that are shown (``days``) and the ``picture`` with its marks.
    """

    dataset: DailyViews
    unseen: UnseenDays
    days: NextDays
    surprises: Sequence[Surprise]
    picture: ForecastPlot

    def _answer_beat(self) -> None:
        first, last = self.surprises[0], self.surprises[-1]
        values = {**self._day(first.day, "first"), **self._day(last.day, "last"), **self._day(self.unseen.worst)}
        values |= self._day(first.day if first.day != self.unseen.worst else last.day, "other")
        with self.beat(self.unseen.answer, **values):
            # Each of these days gets its name when it is spoken of, as far as one can know it: first what a calendar
            # tells of, the others with the last sentence. Of views that were made up, in between: every year has that
            # dip, each on another date
            eves, others = self.unseen.answered
            self._name_days(eves)
            if eves and self.dataset.synthetic:
                self.wait(EVERY_YEAR)
                self._every_year(eves[0])
            elif eves and others:
                self.wait(OTHER_DAY)
            self._name_days(others, beating=bool(eves))

    def _every_year(self, eve: Surprise) -> None:
        """The days around the Eve become a strip of its year, between the same weeks of the others; and back again.

        Heading and caption are those of that picture. There the dates light up one by one; a line at this year's runs
        through the other years' strips, off their dips.
        """
        known = sum(day < self.dataset.first_unseen for day in NEW_YEAR_EVES)
        sides = self.screen("seen"), self.screen("unseen")
        self.strips = strips = EveStrips(self.dataset.daily, NEW_YEAR_EVES, known, sides, self.context.language)
        away = list(self.mobjects)
        said = [heading(self.screen("heading-eves")), data_caption(self, self.dataset, "caption-eves")]
        early, late = squish_rate_func(smooth, 0.0, 0.4), squish_rate_func(smooth, 0.5, 1.0)
        between = squish_rate_func(smooth, 0.3, 0.7)  # the piece that moves is never without dates
        near, far = self._strip_of(eve)
        moving = near.copy()
        leaving = [FadeOut(part, rate_func=early) for part in away]
        coming = [
            FadeIn(strips.ground, rate_func=between),
            *(FadeIn(part, rate_func=late) for part in (strips.strips, *said)),
        ]
        self.play(*leaving, Transform(moving, far), *coming, run_time=1.1)
        self.play(LaggedStart(*map(FadeIn, strips.marks), lag_ratio=0.8), run_time=1.9)
        line = strips.date_of(NEW_YEAR_EVES.index(self.unseen.date_of(eve)))
        self.play(Create(line), run_time=0.7)
        self.wait(LOOK)
        leaving = [FadeOut(part, rate_func=early) for part in (strips.strips, strips.marks, line, *said)]
        leaving.append(FadeOut(strips.ground, rate_func=between))
        coming = [FadeIn(part, rate_func=late) for part in away]
        self.play(*leaving, Transform(moving, near), *coming, run_time=1.0)
        self.remove(moving)

    def _strip_of(self, eve: Surprise) -> tuple[VGroup, VGroup]:
        """Red's piece that is seen close by, with the Eve's ring: in the picture, and in the strip of its year."""
        plot, (start, *_), k = self.picture.plot, self.days.dates, NEW_YEAR_EVES.index(self.unseen.date_of(eve))
        first, last = (self.days.dates[n].astype(date) for n in self.unseen.close)
        days, strip = self.strips.piece(k, first, last)
        views = self.days.truth[[(day - start.astype(date)).days for day in days]]
        red = polyline(plot.at(plot.days(np.array(days, dtype="datetime64[D]")), views), palette.red, REAL_LINE)
        rings = self.picture.marks[eve.day].ring, self.strips.marks[k][0]
        return VGroup(red, rings[0].copy()), VGroup(strip, rings[1].copy())

    def _name_days(self, surprises: Sequence[Surprise], beating: bool = False) -> None:
        """Each day's name comes; ``beating``: its ring beats with it, since another day was spoken of meanwhile."""
        for surprise in surprises:
            marks = self.picture.marks[surprise.day]
            beat = [marks.ring.animate(rate_func=there_and_back).scale(1.7)] if beating else []
            self.play(FadeIn(marks.name), *beat, run_time=0.8 if beating else 0.6)

    def _day_name(self, surprise: Surprise) -> str:
        day = self.unseen.date_of(surprise)
        if day in NEW_YEAR_EVES:
            return self.screen("eve")
        if self.unseen.is_chance(day):
            return self.screen("chance-rise" if surprise.is_rise else "chance")
        return day_words(day, self.context.language, "short")

    def _day(self, k: int, name: str = "day") -> dict[str, str]:
        """Fields of a line about day ``k`` of those shown."""
        return in_languages(name, lambda language: day_words(self.days.dates[k], language))
