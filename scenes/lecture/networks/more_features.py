"""From one feature to more: the window of days before, and the bracket of the sigmoid takes in all of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Self

import numpy as np
from gradreel.core.analysis.forecast import weekdays
from gradreel.core.daily.views import DailyViews
from gradreel.core.experiment import Experiment
from gradreel.core.network.worked_example import label_day
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene
from gradreel.scenes.lecture.daily_data import data_name, days_that_differ
from gradreel.scenes.lecture.networks.pictures.day_pairs import SAME, AlikeDays, alike_days
from gradreel.scenes.lecture.networks.pictures.view_window import ViewWindow
from gradreel.scenes.mobjects.formula_growth import copy_into, grow
from gradreel.scenes.mobjects.lecture_formulas import (
    bracket_source,
    bracket_sum_source,
    bracket_terms_source,
    many_features_source,
    single_term_source,
    sum_of_sigmoids_source,
)
from gradreel.scenes.mobjects.text import TextMobject, caption, formula, words
from gradreel.scenes.style import DIM, FAINT, FULL, emphasis, palette
from gradreel.scenes.words.claims import Claim, claim
from gradreel.scenes.words.counts import Count
from gradreel.scenes.words.day_words import day_words, unit_words, weekdays_words
from gradreel.scenes.words.numbers import number_text
from manim import (
    UP,
    Animation,
    Create,
    Dot,
    FadeIn,
    FadeOut,
    LaggedStart,
    ReplacementTransform,
    RoundedRectangle,
    TransformFromCopy,
    VGroup,
)
from pydantic import Field, ValidationError, field_validator, model_validator

FORMULA_BASELINE, FORMULA_SIZE = 1.93, 46  # where sum-of-sigmoids leaves it
GROWN_SIZE, GROWN_BASELINE = 56, 1.83  # with many features, as network-diagram begins with it
LINE_BASELINE, NOTE_LINE = 0.3, 0.6  # of what stands in the bracket, below the formula; from note to note beside it
STRIP = (style.LEFT_EDGE + 0.5, style.RIGHT_EDGE - 1.25, -2.75, -1.05)  # left, right, bottom, top of the calendar
COURSES = (1.25, 6.35, 0.5, 2.45)  # of the two days that are looked at closely
NAME_GAP = 0.13  # from a letter at the calendar to its day's name
TUESDAY = 1  # counted from Monday, 0
ASIDE = 0.5  # how bright yesterday's and today's letters are while other days are spoken of
INSIDE = ("bias", "plus-in", "sum-in", "w", "x")  # parts of a bracket
NOTE = 32  # size of words beside the line
TOTAL_BASELINE = 0.4  # of the sum of all unknowns, whose letters stand below its numbers


class MoreFeatures(LectureScene):
    """Not one day alone but many go into each sigmoid: the old bracket makes way for a new one, a sum over days."""

    class Parameters(LectureScene.Parameters):
        dataset: DailyViews = Field(
            DailyViews(), description="The daily views; as many days as its window are shown, or more"
        )
        days: int = Field(3, ge=2, le=3650, description="How many days back are looked at, after a single one")
        day: date | None = Field(
            None, description="The day to be predicted; by default 82 days after the first for validation"
        )
        sigmoids: int = Field(3, ge=1, le=99, description="How many sigmoids the sum has")

        @property
        def label(self) -> date:
            """The day to be predicted."""
            return label_day(self.dataset, self.day)

        def network(self) -> Experiment:
            """One with so many features, whose parameters are counted."""
            views = self.dataset.model_copy(update={"window": self.days})
            return Experiment(dataset=views, hidden=(self.sigmoids,), activation="sigmoid")

        @field_validator("dataset")
        @classmethod
        def _days_differ(cls, dataset: DailyViews) -> DailyViews:
            return days_that_differ(dataset)

        @model_validator(mode="after")
        def _days_lie_in_the_series(self) -> Self:
            there = (self.label - self.dataset.daily.start).days
            if self.days > there:
                raise ValueError(f"days: there are {there} days before {self.label}, got {self.days}")
            try:
                self.network()  # whether the series has room for that window
            except ValidationError as error:
                raise ValueError(f"days: {error.errors()[0]['msg'].removeprefix('Value error, ')}") from None
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
        self._count_beat()
        self.hand_on(self.grown)  # network-diagram begins with it

    def _build(self) -> None:
        dataset, sigmoids, language = self.parameters.dataset, self.parameters.sigmoids, self.context.language
        self.days = self.parameters.days
        longest = max(self.days, dataset.window)
        self.strip = ViewWindow(dataset, self.parameters.label, longest, language, STRIP)
        unit, data = unit_words(dataset, language), data_name(self, dataset)
        self.caption = caption(self.screen("caption", unit=unit, data=data))
        source = sum_of_sigmoids_source(sigmoids) if sigmoids > 1 else single_term_source()
        self.sum = self._formula(source, FORMULA_BASELINE)
        self.index = "i" if sigmoids > 1 else "1"
        self.line = self._inner(bracket_source(self.index))
        source = many_features_source(sigmoids, self.days)
        self.grown = self._formula(source, GROWN_BASELINE, GROWN_SIZE)

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

    # -- more days: a sum over them stands in the bracket ------------------------------------------------------------

    def _more_days_beat(self) -> None:
        with self.beat("more-days"):
            # What stands in the bracket is framed and comes down. Its window reaches back, term by term, to each of
            # which its day flies: a feature and its weight. Then as a sum in which j counts the days; and the line goes
            # back into the bracket
            back = [emphasis(part, FULL) for part in (self.strip.first_name, self.strip.label)]
            dimmed = [emphasis(self.sum.part(name), DIM) for name in self.sum.parts]
            self.play(FadeOut(self.told, *self.day_names), *back, *dimmed, run_time=0.5)
            self._lift_out()
            self.until("weights")
            written = self._write_out()
            self.until("sum")
            self.line = self._inner(bracket_sum_source(self.index, self.days))
            self.play(*grow(written, self.line, {"w": "w_1", "x": "x_1"}), run_time=1.0)
            self._put_back()

    def _lift_out(self) -> None:
        """The bracket gets a frame, and what it holds comes down and leaves only its shadow there."""
        inside = [self.sum.part(name) for name in INSIDE if name in self.sum.parts]
        held = VGroup(self.sum.part("brackets"), *inside)
        frame = RoundedRectangle(corner_radius=0.08, width=held.width + 0.16, height=held.height + 0.16)
        frame.set_stroke(palette.text, 1.6).move_to(held)
        self.play(FadeIn(frame), *(emphasis(part, FULL) for part in inside), run_time=0.4)
        shadows = [emphasis(part, FAINT) for part in inside]
        self.play(copy_into(self.sum, self.line), *shadows, FadeOut(frame), run_time=0.8)

    def _write_out(self) -> TextMobject:
        """From one day to more: each with its w, term by term. Left of that, to the end: what they are called."""
        source, terms = bracket_terms_source(self.index, self.days)
        written = self._inner(source)
        first = {"w_1": "w", "x_1": "x"}  # of the others, which come when there is room, none runs through another
        self.play(*grow(self.line, written, first), *self.strip.widen(self.days), run_time=1.3)
        flying = [Dot(self.strip.places[-j], 0.075, color=palette.red) for j in terms]
        ways = [
            dot.animate.move_to(written.part(f"x_{j}")).set_opacity(0) for dot, j in zip(flying, terms, strict=True)
        ]
        self.kinds = self._notes("feature", "weight")
        kinds = (FadeIn(kind, shift=0.1 * UP) for kind in self.kinds)
        self.play(LaggedStart(*ways, lag_ratio=0.25), LaggedStart(*kinds, lag_ratio=0.7), run_time=1.3)
        self.remove(*flying)
        return written

    def _put_back(self) -> None:
        """The line, with all its days, goes back into the bracket."""
        line, old = self.line, self.sum
        lit = [emphasis(old.part(name), FULL) for name in old.parts if name not in INSIDE]
        self.play(*lit, run_time=0.4)
        origins = {name: (line, name) for name in INSIDE}
        self.play(*grow([old, line], self.grown, origins), run_time=1.8)

    # -- the unknowns are counted ------------------------------------------------------------------------------------

    def _count_beat(self) -> None:
        counted = self.parameters.network().n_parameters
        sigmoids, days = Count(self.parameters.sigmoids), Count(self.days)
        with self.beat("count", pause="long", count=number_text(counted), sigmoids=sigmoids, days=days):
            # Kind by kind all unknowns are counted, and lit in the formula
            whole, total = self.grown, self._total()
            self.play(*(emphasis(whole.part(name), FAINT) for name in whole.parts), run_time=0.4)
            for name, part in (("w", "w"), ("b", "bias"), ("c", "c"), ("b_out", "b")):
                self.play(FadeIn(total.part(name)), emphasis(whole.part(part), FULL), run_time=0.7)
            lit = [emphasis(whole.part(name), FULL) for name in whole.parts]
            self.play(FadeIn(total.part("total")), *lit, run_time=0.6)
            self.add(whole, total)
            self.wait(1.2)

    # -- formulas ----------------------------------------------------------------------------------------------------

    def _formula(
        self, source: str, baseline: float, size: float = FORMULA_SIZE, left: float = style.LEFT_EDGE
    ) -> TextMobject:
        text = formula(source, size)
        room = (style.RIGHT_EDGE - left) / text.width
        return (text if room >= 1 else formula(source, size * room)).place(baseline, left=left)

    def _inner(self, source: str) -> TextMobject:
        """What stands in the bracket, straight below it."""
        return self._formula(source, LINE_BASELINE, left=float(self.sum.part("bias").get_left()[0]))

    def _total(self) -> TextMobject:
        """weights + biases + c + b = all: how many numbers are unknown, each kind in its colour.

        Parts: "w", "b", "c", "b_out", each with the sign before it, and "total".
        """
        sigmoids, i = self.parameters.sigmoids, self.index
        kinds = (
            ("w", f"yellow({sigmoids} dot {self.days})", f"yellow(w_({i} j))"),
            ("b", f"green({sigmoids})", f"green(b_{i})"),
            ("c", f"magenta({sigmoids})", f"magenta(c_{i})"),
            ("b_out", "grey(1)", "grey(b)"),
        )
        terms = [
            f'part("{name}", {"" if name == "w" else "+"} limits({count})_display({letter}))'
            for name, count, letter in kinds
        ]
        total = f"{self.parameters.network().n_parameters:,}".replace(",", " thin ")
        source = f'{" ".join(terms)} part("total", = {total})'
        return formula(source, NOTE + 8).place(TOTAL_BASELINE, left=float(self.sum.part("bias").get_left()[0]))
