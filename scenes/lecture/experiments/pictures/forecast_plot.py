"""Real views and predictions of days to come, with the days before them: lines, low days, marks at single days."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from gradreel.core.analysis.forecast import NextDays, weekdays
from gradreel.core.daily.views import DailyViews
from gradreel.scenes import style
from gradreel.scenes.lecture.experiments.pictures.zoom_days import NAMES_ABOVE, ZoomDays
from gradreel.scenes.mobjects.callout import Callout, beside, free_place
from gradreel.scenes.mobjects.day_plot import REAL_LINE, views_range
from gradreel.scenes.mobjects.plot import ring, segment
from gradreel.scenes.mobjects.text import TextMobject, words
from gradreel.scenes.style import FAINT, mix, palette
from manim import (
    UP,
    Animation,
    AnimationGroup,
    Circle,
    FadeIn,
    FadeOut,
    ManimColor,
    Rectangle,
    Scene,
    VGroup,
    VMobject,
    there_and_back,
)
from numpy.typing import NDArray

NUMBER, NAME = 30, 32
NUMBER_DROP = 0.42  # from a line's name to the number under it
LOW_RING = 0.12
MARGIN = 0.12  # at a number's sides, besides what all keep off it: two side by side would read as one
DATES_APART = 0.25  # between the names of two days below the axis
NAMES_FROM = 0.4  # right of the unit's name, before the names of bands


@dataclass
class Marks:
    """What stands at one day: a ring at its truth, the gap, numbers; ``date``: the day's name below the axis, which
    `ForecastPlot.date` put.
    """

    ring: Circle
    gap: VMobject
    truth: TextMobject
    prediction: TextMobject
    name: Callout | None = None
    date: TextMobject | None = None

    @property
    def words(self) -> list[VMobject]:
        """All but the rings and the gap."""
        parts = (self.truth, self.prediction, self.name, self.date)
        return [part for part in parts if part is not None]


class ForecastPlot(ZoomDays):
    """T days with their predictions, and ``before`` days before the first of them, dimmed.

    Parts to bring: ``before``, ``red``, ``dots``, ``blue``, ``real_label``, ``model_label``, ``bands`` of the weekdays
    ``lows``, ``low_dots`` on blue there and ``low_rings`` on red. ``marks``: what `mark` put, by day.
    """

    def __init__(
        self,
        dataset: DailyViews,
        days: NextDays,
        before: int,
        texts: Mapping[str, str],
        lows: Sequence[int],
        language: str,
        box: tuple[float, float, float, float],
    ) -> None:
        series, self.days = dataset.daily, days
        first, last = days.dates[0].astype(date), days.dates[-1].astype(date)
        self.wide = (first - timedelta(days=before), last)
        dates = series.dates()
        old = (dates >= np.datetime64(self.wide[0], "D")) & (dates <= days.dates[0])
        y_range = views_range(days.truth, days.prediction, series.array()[old])
        super().__init__(dataset, *self.wide, y_range, language, box)
        self.first_day = float(self.plot.days(first))
        self.before = self.add_line(dates[old], series.array()[old], mix(palette.red, FAINT), REAL_LINE)
        self.red = self.add_line(days.dates, days.truth, palette.red, REAL_LINE)
        self.dots = self.add_dots(days.dates, days.truth, palette.red, 0.05 if len(days.dates) < 80 else 0.035)
        self.blue = self.add_line(days.dates, days.prediction, palette.blue)
        self.real_label, self.model_label = self.plot.end_labels(
            [
                (texts["real"], days.truth[-1], palette.red),
                (texts["model"], days.prediction[-1], palette.blue),
            ]
        )
        self.bands = self.add_bands(days.dates, lows)
        self.is_low = np.isin(weekdays(days.dates), lows)
        self.low_dots = self.add_dots(days.dates[self.is_low], days.prediction[self.is_low], palette.blue, 0.075)
        low_days = zip(self.plot.days(days.dates[self.is_low]), days.truth[self.is_low], strict=True)
        self.low_rings = VGroup(*(self._ring(float(x), float(y), LOW_RING, palette.red) for x, y in low_days))
        self.marks: dict[int, Marks] = {}
        self.taken: list[VMobject] = []

    def show_blue(self, day: float) -> None:
        """Blue up to day ``day`` of those shown: on the line between two predictions."""
        self.draw_until(self.blue, self.first_day + day)

    def lows_in(self, k: int) -> tuple[list[VMobject], list[VMobject]]:
        """The red and the blue dots in band ``k``."""
        low = np.flatnonzero(self.is_low)
        chosen = self._in_band(k)
        return [self.dots[low[n]] for n in chosen], [self.low_dots[n] for n in chosen]

    def _in_band(self, k: int) -> NDArray:
        """Which of the low days are in band ``k``."""
        low = np.flatnonzero(self.is_low)
        return np.flatnonzero(np.cumsum(np.diff(low, prepend=low[0]) > 1) == k)

    def _ring(self, day: float, views: float, radius: float, color: ManimColor) -> VMobject:
        """A hollow ring that stays with its day."""
        return self.pin(ring(self.plot.at(day, views), radius, color).set_fill(opacity=0), day, views)

    def band_names(self, text: str) -> VGroup:
        """The low weekdays' names over each band that has room."""
        return self.names_over(self.bands, text, self.plot.unit_label.get_right()[0] + NAMES_FROM)

    def beating(self, k: int) -> Animation:
        """The dots in band ``k`` beat; the blue ones stay, and so do rings around the red ones."""
        red, blue = self.lows_in(k)
        beat = [dot.animate(rate_func=there_and_back).scale(2.2) for dot in red]
        rings = [FadeIn(self.low_rings[n], scale=2) for n in self._in_band(k)]
        return AnimationGroup(*beat, *rings, *(FadeIn(dot, scale=3) for dot in blue))

    def sides(self, names: Sequence[str]) -> VGroup:
        """What the days before are called, and those shown: above them; the first where there is room."""
        plot = self.plot
        x, (left, right) = float(plot.at(self.first_day, 0)[0]), plot.box[:2]
        texts = [words(name, style.TICK, palette.dim) for name in names]
        for text, middle in zip(texts, ((left + x) / 2, (x + right) / 2), strict=True):
            text.place(plot.box[3] + NAMES_ABOVE, center=middle)
        fits = texts[0].get_left()[0] > plot.unit_label.get_right()[0] + 0.2
        return VGroup(*texts[0 if fits else 1 :])

    def zoom(self, scene: Scene, first: int, last: int) -> None:
        """Plays the way to days ``first`` to ``last`` of those shown; the lines' names go along."""
        start, end = (self.days.dates[k].astype(date) for k in (first, last))
        self.zoom_to(scene, start, end, also=self._labels_to(last), others=self.labels)

    def zoom_out(self, scene: Scene) -> None:
        """Plays the way back to all days."""
        self.zoom_to(scene, *self.wide, also=self._labels_to(len(self.days.dates) - 1), others=self.labels)

    @property
    def labels(self) -> list[TextMobject]:
        """The lines' names."""
        return [self.real_label, self.model_label]

    def _labels_to(self, last: int) -> Callable[[float], None]:
        """Moves the lines' names to the heights of their ends at day ``last``, by the share of the way.

        Names that pass each other are not seen meanwhile.
        """
        labels = self.labels
        start = [label.baseline for label in labels]
        self.plot.put_end_labels(labels, [self.days.truth[last], self.days.prediction[last]])
        goal = [label.baseline for label in labels]
        pass_by = (start[0] < start[1]) != (goal[0] < goal[1])

        def move(share: float) -> None:
            for label, a, b in zip(labels, start, goal, strict=True):
                label.shift([0, a + share * (b - a) - label.baseline, 0])
                label.set_fill(opacity=min(1.0, max(0.0, 4 * abs(share - 0.5) - 0.6)) if pass_by else 1.0)

        move(0.0)
        return move

    def mark(self, k: int, values: Mapping[str, str], name: str | None = None) -> Marks:
        """Marks at day ``k``: ``values`` are the words for its "truth" and "prediction".

        ``name``: what the day will be called; its place is chosen first, since it needs a line to the ring and the
        numbers need none.
        """
        days, plot = self.days, self.plot
        x = float(plot.days(days.dates[k]))
        truth, prediction = float(days.truth[k]), float(days.prediction[k])
        around = self._ring(x, truth, 0.16, palette.text)
        gap = segment(plot.at(x, truth), plot.at(x, prediction), palette.text, 3.4)
        self.pin(gap, x, truth)
        callout = self._name(name, around) if name is not None else None
        self.taken += [around, gap]
        marks = Marks(
            around,
            gap,
            self._number(values["truth"], (x, truth), palette.red, self.real_label),
            self._number(values["prediction"], (x, prediction), palette.blue, self.model_label),
            callout,
        )
        self.marks[k] = marks
        return marks

    def date(self, k: int, text: str) -> list[Animation]:
        """Day ``k``'s name comes below the axis, bright; named days that it would touch make room for it."""
        plot, tick = self.plot, self.ticks[0][0]
        x = float(plot.at(plot.days(self.days.dates[k]), 0)[0])
        name = words(text, style.TICK).place(tick.baseline, center=x)
        name.shift([min(0.0, style.RIGHT_EDGE - float(name.get_right()[0])), 0, 0])
        self.marks[k].date = name
        room = name.width / 2 + DATES_APART
        near = [each for each in self.ticks if abs(float(each[0].get_center()[0]) - x) < room + each[0].width / 2]
        self.ticks.remove(*near)
        return [FadeIn(name, shift=0.1 * UP), *map(FadeOut, near)]

    def _name(self, text: str, mark: VMobject) -> Callout:
        """Words beside ``mark``, where no line passes, with a line to it."""
        line = words(text, NAME)
        size = Callout.size_of(line)
        place = free_place(self.ink(), mark.get_center(), size, self.plot.box, taken=self.taken)
        name = Callout(line, place, mark)
        self.taken.append(name)
        return name

    def _number(self, text: str, at: tuple[float, float], color: ManimColor, label: TextMobject) -> TextMobject:
        """A number close to the point that it belongs to; at the line's end under its ``label``, if there is room."""
        number = words(text, NUMBER, color)
        left, apart = float(label.get_left()[0]), abs(self.labels[0].baseline - self.labels[1].baseline)
        if at[0] == self.plot.x_range[1] and apart > 2 * NUMBER_DROP and left + number.width < style.RIGHT_EDGE:
            return number.place(label.baseline - NUMBER_DROP, left=left)
        room = (number.width, number.height)
        number.move_to(beside(self.ink(), self.plot.at(*at), room, self.plot.box, self.taken))
        self.taken.append(Rectangle(width=number.width + 2 * MARGIN, height=number.height).move_to(number))
        return number

    def ink(self) -> NDArray:
        """Corners (n, 3) of all that is drawn through the plot: red one way, blue back."""
        x = self.plot.days(self.days.dates)
        return np.concatenate([self.plot.at(x, self.days.truth), self.plot.at(x, self.days.prediction)[::-1]])
