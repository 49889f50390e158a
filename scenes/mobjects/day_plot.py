"""A plot of views over days, with a level grid, dates below, and methods for lines, dots, errors and labels."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import pairwise

import numpy as np
from gradreel.core.arrays import FloatArray
from gradreel.core.daily.series import DayArray
from gradreel.core.daily.units import view_unit
from gradreel.core.daily.views import DailyViews
from gradreel.scenes import style
from gradreel.scenes.mobjects.plot import Plot, polyline, segment
from gradreel.scenes.mobjects.text import TextMobject, words
from gradreel.scenes.mobjects.ticks import DIGIT_WIDTH, Ticks, nice_range, round_labels
from gradreel.scenes.style import Box, mix, palette
from gradreel.scenes.words.day_words import day_words, tick_days, unit_words
from gradreel.scenes.words.languages import LANGUAGES
from manim import RIGHT, Dot, LineJointType, ManimColor, VGroup, VMobject
from numpy.typing import ArrayLike

REAL_LINE, MODEL_LINE = 3.2, 5.0
SHADE = 0.08  # share of the text colour in the bands of weekdays
END_GAP = 0.24  # from a line's end to its label
APART = 0.44  # least distance between two labels at the ends of lines
FROM_ZERO = 0.6  # the axis starts at 0 if the lowest number is below this share of the highest
LEAST_SPAN = 0.05  # least span of an axis, as a share of the highest number


def views_range(*views: ArrayLike, margin: float = 0.08, zero: bool = True) -> tuple[float, float]:
    """Return the y range that holds all ``views``, with a ``margin``.

    With ``zero``, it starts at 0 if the lowest number is below `FROM_ZERO` times the highest.
    """
    numbers = np.concatenate([np.ravel(np.asarray(part, dtype=float)) for part in views])
    low, high = float(numbers.min()), float(numbers.max())
    if high - low < LEAST_SPAN * abs(high):  # nearly equal
        low, high = low - LEAST_SPAN * abs(high) / 2, high + LEAST_SPAN * abs(high) / 2
    if zero and 0 <= low < FROM_ZERO * high:
        return 0.0, high * (1 + margin)
    return nice_range((low, high), margin=margin)


class DayPlot(Plot):
    """A `Plot` of views (y), in the series' unit, over the days ``first`` to ``last`` (x).

    ``box``: left, right, bottom, top; the left edge moves right if wide numbers need room. Further parts: ``grid``,
    ``marks`` and ``unit_label``. There is no y axis.
    """

    def __init__(
        self,
        dataset: DailyViews,
        first: date,
        last: date,
        y_range: tuple[float, float],
        language: str,
        box: Box,
    ) -> None:
        left, right, bottom, top = box
        self.dataset, self.language = dataset, language
        span = max((last - first).days, 1)
        low = float(self.days(first))
        unit = view_unit(dataset).size
        labels = round_labels(y_range[0] / unit, y_range[1] / unit, 4)
        y_ticks = Ticks(tuple(value * unit for value in labels.values), labels.labels, labels.unit)
        widest = max((len(label) for label in y_ticks.labels), default=1) * DIGIT_WIDTH
        left = max(left, style.LEFT_EDGE + widest + 0.22)
        most = max(2, int((right - left) / LANGUAGES[language].day_room))
        named = tick_days(first, last, most)
        x_ticks = Ticks(
            tuple(float(self.days(day)) for day in named),
            tuple(day_words(day, language, "short") for day in named),
        )
        super().__init__(
            (low, low + span),
            y_range,
            left=left,
            right=right,
            bottom=bottom,
            top=top,
            x_ticks=x_ticks,
            y_ticks=y_ticks,
            x_label=None,
        )
        self.remove(self.y_axis)
        self.grid = VGroup()
        for value in y_ticks.values:
            if value > y_range[0]:
                y = self.at(0, value)[1]
                self.grid.add(segment((left, y, 0), (right, y, 0), mix(palette.axis, 0.28), style.AXIS))
        marks = [self.at(value, y_range[0]) for value in x_ticks.values]
        self.marks = VGroup(*(segment(at, at - [0, 0.1, 0], palette.axis, style.AXIS) for at in marks))
        self.unit_label = words(unit_words(dataset, language), style.TICK, palette.dim)
        self.unit_label.place(top + 0.28, left=style.LEFT_EDGE)
        for note in self.notes:  # a power of ten
            note.place(top + 0.28, left=self.unit_label.get_right()[0] + 0.25)
        for label in self.x_tick_labels[:1]:  # it may reach beyond the safe left edge
            label.shift(max(0.0, style.LEFT_EDGE - label.get_left()[0]) * RIGHT)
        self.submobjects.insert(0, self.grid)
        self.add(self.marks, self.unit_label)

    @staticmethod
    def days(dates: DayArray | date) -> FloatArray:
        """Return the x of days: the number of days since 1970."""
        return np.asarray(dates, dtype="datetime64[D]").astype(np.int64).astype(float)

    def line(self, dates: DayArray, views: ArrayLike, color: ManimColor, width: float = MODEL_LINE) -> VMobject:
        """Return the polyline through the ``views`` of ``dates``, each (n,)."""
        return polyline(self.at(self.days(dates), views), color, width)

    def dots(self, dates: DayArray, views: ArrayLike, color: ManimColor, radius: float = 0.055) -> VGroup:
        """Return a dot for each day."""
        return VGroup(*(Dot(point, radius=radius, color=color) for point in self.at(self.days(dates), views)))

    def errors(self, dates: DayArray, truth: ArrayLike, prediction: ArrayLike, width: float = 2.6) -> VGroup:
        """Return an upright line for each day, from its true views to the predicted ones."""
        x = self.days(dates)
        return VGroup(
            *(
                segment(a, b, mix(palette.text, 0.8), width)
                for a, b in zip(self.at(x, truth), self.at(x, prediction), strict=True)
            )
        )

    def end_labels(self, ends: Sequence[tuple[str, float, ManimColor]], size: float = 30) -> list[TextMobject]:
        """Return labels right of the plot; ``ends`` has text, views and colour for each line, see `put_end_labels`."""
        labels = [words(text, size, color) for text, _, color in ends]
        self.put_end_labels(labels, [views for _, views, _ in ends])
        return labels

    def put_end_labels(self, labels: Sequence[TextMobject], views: Sequence[float]) -> None:
        """Move labels to the heights of their lines' ends; near ones move apart, around their common middle."""
        heights = [float(self.at(0, value)[1]) for value in views]
        order = sorted(range(len(heights)), key=lambda k: heights[k])
        middle = sum(heights)
        for below, above in pairwise(order):
            heights[above] = max(heights[above], heights[below] + APART)
        rise = (sum(heights) - middle) / len(heights)  # on average, through moving apart
        heights = [height - rise for height in heights]
        for height, label in zip(heights, labels, strict=True):
            label.place(height - 0.1, left=self.box[1] + END_GAP)


class WindowBracket(VMobject):
    """A bracket at height ``y`` below the axis that spans the ``window`` days before a day, see `put`."""

    HOOK = 0.14
    DASHES, DASH = 5, 0.1  # at most 5 dashes if the window begins left of the plot; gaps grow to 0.1

    def __init__(self, plot: DayPlot, window: int, y: float) -> None:
        super().__init__(stroke_color=palette.text, stroke_width=2.4, fill_opacity=0)
        self.joint_type = LineJointType.ROUND
        self.plot, self.window, self.y = plot, window, y

    def put(self, day: float) -> WindowBracket:
        """Move the bracket to the window before ``day`` (an x); return self.

        If the window begins left of the plot, the left end has dashes instead of a hook: fewer on a short
        bracket. A dash and its gap are 0.2 long together, and the gaps grow from 0 to 0.1 as days leave the plot.
        """
        left = self.plot.box[0]
        start = float(self.plot.at(day - self.window - 0.4, 0)[0])
        end = max(float(self.plot.at(day - 0.6, 0)[0]), left)
        dashes = 0 if start >= left else min(self.DASHES, int((end - left) / (2 * self.DASH)))
        solid = max(start, left + 2 * self.DASH * dashes)
        corners = [(end, self.y + self.HOOK, 0), (end, self.y, 0), (solid, self.y, 0)]
        if start >= left:
            corners.append((start, self.y + self.HOOK, 0))
        self.set_points_as_corners(np.array(corners))
        gap = min(self.DASH, (left - start) / (2 * self.DASHES))  # gaps open slowly as days leave the plot
        for k in range(dashes):
            x = left + 2 * self.DASH * k
            self.start_new_path(np.array([x, self.y, 0.0]))
            self.add_line_to(np.array([x + 2 * self.DASH - gap, self.y, 0.0]))
        return self
