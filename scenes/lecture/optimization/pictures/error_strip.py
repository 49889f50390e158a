"""The errors of all days as one dense strip, which can settle: when it is level, its height is their mean."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
from gradreel.core.daily.series import DayArray
from gradreel.core.daily.views import loss_unit
from gradreel.scenes import style
from gradreel.scenes.mobjects.day_plot import DayPlot
from gradreel.scenes.mobjects.plot import Plot, dashed, segment
from gradreel.scenes.mobjects.text import TextMobject, words
from gradreel.scenes.mobjects.ticks import Ticks, round_ticks
from gradreel.scenes.style import mix, palette
from gradreel.scenes.words.day_words import as_date, day_words, tick_days
from gradreel.scenes.words.numbers import number_text
from manim import VGroup, VMobject
from numpy.typing import NDArray

INK = 0.62  # of the text colour
LINE = 0.38  # from line to line of the mean's label
CLEAR = 0.12  # between the labels of two means
MOST_YEARS, MOST_DAYS = 8, 6  # that the axis names


class ErrorStrip(VGroup):
    """A step for each of ``dates`` (N,), as high as its error in views; ``highest`` is the top of the axis.

    ``box``: left, right, bottom, top. `show` sets the errors, and how far they have settled: all the way, each step is
    as high as their mean. Parts: ``plot`` (axes), ``body``, ``level`` (its upper edge, once it is level), ``name``.
    """

    def __init__(
        self,
        dates: DayArray,
        highest: float,
        language: str,
        box: tuple[float, float, float, float],
        name: str,
    ) -> None:
        super().__init__()
        self.dates, self.x = dates, DayPlot.days(dates)
        unit, letter = loss_unit([highest])
        round_values = round_ticks(0.0, highest / unit, 2)
        labels = tuple(number_text(value) + (letter if value else "") for value in round_values)
        y_ticks = Ticks(tuple(value * unit for value in round_values), labels)
        left, right, bottom, top = box
        self.plot = Plot(
            (float(self.x[0]) - 0.5, float(self.x[-1]) + 0.5),
            (0.0, highest),
            left=left,
            right=right,
            bottom=bottom,
            top=top,
            x_ticks=_calendar(dates, language),
            y_ticks=y_ticks,
            x_label=None,
        )
        for label in self.plot.x_tick_labels:
            label.shift([max(0.0, style.LEFT_EDGE - label.get_left()[0]), 0, 0])
        self.body = VMobject(stroke_width=0).set_fill(mix(palette.text, INK), 1)
        self.level = segment((left, bottom, 0), (right, bottom, 0), palette.text, style.RING)
        self.name: TextMobject = words(name, style.TICK, palette.dim).place(top + 0.14, left=left)
        self.add(self.plot, self.body, self.name)
        self.show(np.zeros(len(dates)))

    def show(self, errors: NDArray, settled: float = 0.0) -> None:
        """The sizes of ``errors`` (N,), in views, ``settled`` (0 to 1) of the way to their mean."""
        sizes = np.abs(errors)
        self.mean = float(sizes.mean())
        self.heights = (1 - settled) * sizes + settled * self.mean
        first, last = self.plot.x_range
        edges = np.concatenate([self.x - 0.5, [last]])
        x = np.concatenate([[first], np.repeat(edges, 2)[1:-1], [last, first]])
        y = np.concatenate([[0.0], np.repeat(self.heights, 2), [0.0, 0.0]])
        self.body.set_points_as_corners(self.plot.at(x, y))
        self.level.set_points_as_corners(self.plot.at([first, last], [self.mean, self.mean]))

    def bars(self, dates: DayArray, errors: NDArray, width: float) -> VGroup:
        """An upright line for the error of each of some days, where it stands in the strip."""
        x = DayPlot.days(dates)
        ends = zip(self.plot.at(x, np.zeros(len(x))), self.plot.at(x, np.abs(errors)), strict=True)
        return VGroup(*(segment(a, b, palette.text, width) for a, b in ends))

    def ghost(self) -> VMobject:
        """A dashed line at the mean, which stays when the errors change."""
        start, end = self.level.points[0], self.level.points[-1]
        return dashed(start, end, mix(palette.text, 0.75), 2.0, 0.1)

    def past_label(self, label: VGroup, new: VGroup) -> NDArray:
        """(3,): how far ``label``, of the mean that was, goes up or down so that ``new`` does not touch it."""
        apart = float(label.get_y() - new.get_y())
        room = (label.height + new.height) / 2 + CLEAR
        goal = room if apart >= 0 else -room
        return np.array([0.0, goal - apart if abs(apart) < room else 0.0, 0.0])

    def mean_label(self, text: str, right: float) -> VGroup:
        """What the mean is, right of its level; where it would go beyond ``right``, its number stands under its name.

        ``text``: name, space, number.
        """
        baseline, left = self.level.points[0][1] - 0.11, self.plot.box[1] + 0.2
        label = words(text, style.LABEL).place(baseline, left=left)
        if label.get_right()[0] <= right:
            return label
        name, number = (words(part, style.LABEL) for part in text.rsplit(" ", 1))
        return VGroup(name.place(baseline + LINE, left=left), number.place(baseline, left=left))


def _calendar(dates: DayArray, language: str) -> Ticks:
    """The years where there are some, else a few days."""
    first, last = as_date(dates[0]), as_date(dates[-1])
    years = [date(year, 1, 1) for year in range(first.year, last.year + 1)]
    inside: Sequence[date] = [max(day, first) for day in years if (last - max(day, first)).days > 60]
    if 1 < len(inside) <= MOST_YEARS:
        return Ticks(tuple(float(DayPlot.days(day)) for day in inside), tuple(str(day.year) for day in inside))
    named = tick_days(first, last, MOST_DAYS)
    form = "short" if first.year == last.year or len(inside) < 2 else "year"
    labels = tuple(str(day.year) if form == "year" else day_words(day, language, "short") for day in named)
    return Ticks(tuple(float(DayPlot.days(day)) for day in named), labels)
