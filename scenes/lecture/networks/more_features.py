"""From one feature to many: the window of days before, and the bracket of the sigmoid takes in all of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from itertools import pairwise
from typing import Annotated, Self

from gradreel.core.daily.views import DailyViews
from gradreel.core.experiment import Experiment
from gradreel.core.network.worked_example import label_day
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene
from gradreel.scenes.lecture.daily_data import days_that_differ, shown_name
from gradreel.scenes.lecture.networks.feature_count import NOTE, FeatureCount
from gradreel.scenes.lecture.networks.one_day import MOST_PAIRS, PAIRS, OneDayBeats
from gradreel.scenes.lecture.networks.pictures.day_pairs import DayPairs
from gradreel.scenes.lecture.networks.pictures.view_window import ViewWindow
from gradreel.scenes.mobjects.counting import Counting
from gradreel.scenes.mobjects.formula_growth import grow, moving
from gradreel.scenes.mobjects.lecture_formulas import (
    bracket_source,
    bracket_sum_source,
    bracket_terms_source,
    many_features_source,
    single_term_source,
    sum_of_sigmoids_source,
)
from gradreel.scenes.mobjects.text import TextMobject, caption, formula, words
from gradreel.scenes.style import FAINT, FULL, PRESENT, emphasis, palette
from gradreel.scenes.words.day_words import unit_words
from gradreel.scenes.words.numbers import number_text
from manim import (
    UP,
    Animation,
    Dot,
    FadeIn,
    FadeOut,
    LaggedStart,
    RoundedRectangle,
    UpdateFromAlphaFunc,
    VGroup,
    linear,
    smooth,
    squish_rate_func,
)
from pydantic import Field, ValidationError, field_validator, model_validator

WINDOWS = (1, 3, 28)  # and then the dataset's own
FORMULA_BASELINE, FORMULA_SIZE = 1.93, 46  # where sum-of-sigmoids leaves it
GROWN_SIZE = 56
LINE_BASELINE, NOTE_LINE = 0.3, 0.6
STRIP = (style.LEFT_EDGE + 0.5, style.RIGHT_EDGE - 1.25, -2.75, -1.05)  # left, right, bottom, top
INSIDE = ("bias", "plus-in", "sum-in", "w", "x")  # parts of a bracket

Days = Annotated[int, Field(ge=1, le=3650)]


class MoreFeatures(OneDayBeats, FeatureCount):
    """Not one day alone but many go into each sigmoid: the old bracket makes way for a new one, a sum over days."""

    class Parameters(LectureScene.Parameters):
        dataset: DailyViews = Field(DailyViews(), description="The daily views; its window is the largest one shown")
        days: tuple[Days, ...] | None = Field(
            None,
            min_length=1,
            max_length=5,
            description="How many days back are looked at, one after the other; by default 1, 3, 28 and the window",
        )
        day: date | None = Field(
            None, description="The day to be predicted; by default 24 days after the first unseen one"
        )
        sigmoids: int = Field(3, ge=1, le=99, description="How many sigmoids the sum has")

        @property
        def windows(self) -> tuple[int, ...]:
            """How many days back, each time."""
            largest = self.dataset.window
            return self.days or (*(days for days in WINDOWS if days < largest), largest)

        @property
        def label(self) -> date:
            """The day to be predicted."""
            return label_day(self.dataset, self.day)

        def network(self, days: int) -> Experiment:
            """One with so many features, whose parameters are counted."""
            views = DailyViews(series=self.dataset.series, window=days, unseen_from=self.dataset.unseen_from)
            return Experiment(dataset=views, hidden=(self.sigmoids,), activation="sigmoid")

        @field_validator("dataset")
        @classmethod
        def _days_differ(cls, dataset: DailyViews) -> DailyViews:
            return days_that_differ(dataset)

        @model_validator(mode="after")
        def _windows_lie_in_the_series(self) -> Self:
            if any(b <= a for a, b in pairwise(self.windows)):
                raise ValueError(f"days must rise, got {list(self.windows)}")
            largest, there = self.windows[-1], (self.label - self.dataset.daily.start).days
            if largest < 2:
                raise ValueError("days: more than one day is shown, the largest must be 2 or more, got 1")
            if largest > there:
                raise ValueError(f"days: there are {there} days before {self.label}, got {largest}")
            try:
                self.network(self.windows[-1])  # whether the series has room for that window
            except ValidationError as error:
                raise ValueError(f"days: {error.errors()[0]['msg'].removeprefix('Value error, ')}") from None
            return self

    def construct(self) -> None:
        self.windows = self.parameters.windows
        self.days = self.windows[-1]
        self._build()
        self._one_day_beat()
        self._why_beat()
        self._more_days_beat()
        self._bracket_beat()
        self._count_beat()

    # -- what is on the screen -----------------------------------------------------------------------------------

    def _build(self) -> None:
        dataset, sigmoids, language = self.parameters.dataset, self.parameters.sigmoids, self.context.language
        label = self.parameters.label
        self.strip = strip = ViewWindow(dataset, label, self.days, language, STRIP)
        shown = slice(-min(len(strip.views), MOST_PAIRS), None)
        axes = self.screen("axis-yesterday"), self.screen("axis-today")
        self.pairs = DayPairs(dataset, strip.dates[shown], strip.views[shown], PAIRS, axes)
        data = self.screen("synthetic") if dataset.synthetic else shown_name(dataset.title)
        self.caption = caption(self.screen("caption", unit=unit_words(dataset, language), data=data))
        source = sum_of_sigmoids_source(sigmoids) if sigmoids > 1 else single_term_source()
        self.sum = self._formula(source, FORMULA_BASELINE)
        self.index = "i" if sigmoids > 1 else "1"
        self.line = self._inner(bracket_source(self.index))
        self.grown = self._whole(self.days)

    def _formula(
        self, source: str, baseline: float, size: float = FORMULA_SIZE, left: float = style.LEFT_EDGE
    ) -> TextMobject:
        text = formula(source, size)
        room = (style.RIGHT_EDGE - left) / text.width
        return (text if room >= 1 else formula(source, size * room)).place(baseline, left=left)

    def _inner(self, source: str) -> TextMobject:
        """What stands in the bracket, straight below it."""
        return self._formula(source, LINE_BASELINE, left=float(self.sum.part("bias").get_left()[0]))

    def _inner_sum(self, days: int) -> TextMobject:
        return self._inner(bracket_sum_source(self.index, days))

    def _whole(self, days: int) -> TextMobject:
        """The formula with the new bracket, for so many days."""
        source = many_features_source(self.parameters.sigmoids, days)
        return self._formula(source, FORMULA_BASELINE - 0.1, GROWN_SIZE)

    # -- beats ---------------------------------------------------------------------------------------------------

    def _more_days_beat(self) -> None:
        with self.beat("more-days", days=number_text(self.days)):
            # What stands in the bracket is framed and comes down. Its window reaches back: first term by term, to each
            # of which its day flies, then as a sum in which j counts the days. Each is a feature and has its weight.
            # When that is said, the window reaches further and further
            leaving = [*self.told, *self.day_names]
            back = [emphasis(part, FULL) for part in (self.strip.first_name, self.strip.label)]
            self.play(*map(FadeOut, leaving), *back, *self._all_of(self.sum, PRESENT), run_time=0.5)
            self._lift_out()
            first, *further = [days for days in self.windows if days > 1]
            self._write_out(first)
            for days in further:
                self._widen(days)

    def _lift_out(self) -> None:
        """The bracket gets a frame, and what it holds comes down and leaves only its shadow there."""
        inside = [self.sum.part(name) for name in INSIDE if name in self.sum.parts]
        held = VGroup(self.sum.part("brackets"), *inside)
        frame = RoundedRectangle(corner_radius=0.08, width=held.width + 0.16, height=held.height + 0.16)
        frame.set_stroke(palette.text, 1.6).move_to(held)
        self.play(FadeIn(frame), *(emphasis(part, FULL) for part in inside), run_time=0.4)
        shadows = [emphasis(part, FAINT) for part in inside]
        self.play(*grow(self.sum, self.line, copied=True), *shadows, FadeOut(frame), run_time=0.8)

    def _all_of(self, text: TextMobject, share: float) -> list[Animation]:
        """Every named part dims, or comes back: part by part, as they were dimmed."""
        return [emphasis(text.part(name), share) for name in text.parts]

    def _write_out(self, days: int) -> None:
        """From one day to some: each with its w, term by term; then the same as a sum over j."""
        source, terms = bracket_terms_source(self.index, days)
        written, summed = self._inner(source), self._inner_sum(days)
        first = {"w_1": "w", "x_1": "x"}  # of the others, which come when there is room, none runs through another
        self.play(*grow(self.line, written, first), *self.strip.widen(days), run_time=1.3)
        flying = [Dot(self.strip.places[-j], 0.075, color=palette.red) for j in terms]
        ways = [
            dot.animate.move_to(written.part(f"x_{j}")).set_opacity(0) for dot, j in zip(flying, terms, strict=True)
        ]
        self.play(LaggedStart(*ways, lag_ratio=0.25), run_time=1.0)
        self.remove(*flying)
        self.kinds = self._kinds()
        late = squish_rate_func(smooth, 0.6, 1.0)  # when the terms have left their place
        kinds = (FadeIn(kind, shift=0.1 * UP, rate_func=late) for kind in self.kinds)
        self.play(*grow(written, summed, {"w": "w_1", "x": "x_1"}), *kinds, run_time=1.1)
        self.line = summed

    def _widen(self, days: int) -> None:
        self.line = self._count_to(days, self.line, self._inner_sum, 0.8)

    def _count_to(
        self, days: int, shown: TextMobject, write: Callable[[int], TextMobject], seconds: float, *along: Animation
    ) -> TextMobject:
        """The window changes to ``days``, and the limit of the sum in ``shown`` counts along; returns what is there."""
        start = round(self.strip.days)
        counting = Counting(lambda number: write(round(number)), max(start, days))

        def count(text: Counting, alpha: float) -> None:
            text.show(start + (days - start) * moving(alpha))

        self.remove(shown)
        moves = UpdateFromAlphaFunc(counting, count, rate_func=linear)
        self.play(moves, *self.strip.widen(days), *along, run_time=seconds)
        self.remove(counting)
        self.add(counted := write(days))
        return counted

    def _bracket_beat(self) -> None:
        with self.beat("bracket"):
            # The line, now with all its days, goes back into the bracket
            line, old = self.line, self.sum
            self.play(*(emphasis(old.part(name), FULL) for name in old.parts if name not in INSIDE), run_time=0.4)
            origins = {name: (line, name) for name in INSIDE}
            self.play(*grow([old, line], self.grown, origins), run_time=2.2)

    def _kinds(self) -> list[TextMobject]:
        """What x_j and its w are called, left of the line, where nothing passes when that goes back."""
        feature, weight = words(self.screen("feature"), NOTE), words(self.screen("weight"), NOTE)
        lines = LINE_BASELINE + NOTE_LINE / 2, LINE_BASELINE - NOTE_LINE / 2
        return [kind.place(line, style.LEFT_EDGE) for kind, line in zip((feature, weight), lines, strict=True)]
