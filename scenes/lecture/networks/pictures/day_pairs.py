"""A plot of days, each a dot over the views of the day before it, and two of its dots seen closely."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from gradreel.core.analysis.forecast import weekdays
from gradreel.core.daily.series import DayArray
from gradreel.core.daily.units import view_unit
from gradreel.core.daily.views import DailyViews
from gradreel.scenes import style
from gradreel.scenes.mobjects.day_plot import views_range
from gradreel.scenes.mobjects.plot import Plot, dashed, polyline, ring, segment
from gradreel.scenes.mobjects.text import formula, words
from gradreel.scenes.mobjects.ticks import Ticks, round_labels
from gradreel.scenes.style import DIM, mix, palette
from manim import Dot, VGroup
from numpy.typing import NDArray

RADIUS, LARGE = 0.05, 0.1  # of a day's dot, and of one that is spoken of
SAME = 0.012  # of the axis: one line goes through the dots of both
CLEAR = 0.2  # from such a dot to its name
AXIS_NAME = 0.8  # from the axis down to its name, below its numbers

LETTERS = ("x_2", "x_1", "red(hat(y))")
MARGIN, GAP = 0.3, 0.75  # from the outermost columns to the box' sides; between both courses, in columns
HEAD, FOOT = 0.15, 0.5  # of the box' top to the names of the days, from its bottom to that of the letters
BENEATH = 0.37  # from the letters to the weekdays
COURSE_DOT, LINE = 0.09, 3.5


class DayPairs(VGroup):
    """Draws a dot for each day but the first, right by the views of the day before it, up by its own.

    ``views`` (T,) of consecutive ``dates`` (T,); ``box``: left, right, bottom, top; ``names`` of both axes. Parts:
    ``plot``, ``dots`` (T - 1). ``courses`` (T - 1, 3): the views of each dot's day last, before them those of the two
    days before it.
    """

    def __init__(
        self,
        dataset: DailyViews,
        dates: DayArray,
        views: NDArray,
        box: tuple[float, float, float, float],
        names: tuple[str, str],
    ) -> None:
        super().__init__()
        unit, (low, high) = view_unit(dataset).size, views_range(views, margin=0.1, zero=False)
        labels = round_labels(low / unit, high / unit, 3)
        ticks = Ticks(tuple(value * unit for value in labels.values), labels.labels, labels.unit)
        left, right, bottom, top = box
        sides = {"left": left, "right": right, "bottom": bottom, "top": top}
        self.plot = Plot((low, high), (low, high), **sides, x_ticks=ticks, y_ticks=ticks, x_label=None)
        across, up = (words(name, style.LABEL) for name in names)
        highest = max((float(label.get_top()[1]) for label in self.plot.y_tick_labels), default=bottom)
        beside = 0.0 if highest > top else 0.2  # a number at the axis's end stands left of the name
        self.plot.add(across.place(bottom - AXIS_NAME, right=right), up.place(top + 0.12, left=left - beside))
        self.before, self.views, self.dates = views[:-1], views[1:], dates[1:]
        self.courses = np.stack([np.concatenate([[np.nan], views[:-2]]), self.before, self.views], axis=1)
        points = self.plot.at(self.before, self.views)
        self.dots = VGroup(*(Dot(point, radius=RADIUS, color=palette.red) for point in points))
        self.add(self.plot, self.dots)

    def guides(self, k: int) -> VGroup:
        """Dashed lines from dot ``k`` to both axes."""
        at, (left, _, bottom, _) = self.dots[k].get_center(), self.plot.box
        color = mix(palette.dim, 0.8)
        return VGroup(dashed((at[0], bottom, 0), at, color), dashed((left, at[1], 0), at, color))

    def told_apart_from(self, weekday: int) -> tuple[int, int]:
        """A dot of ``weekday`` (0 for Monday) and one of another day, right of the same views, and far apart.

        Of all such, those of which the days' own views and those of two days before differ most, the lesser difference
        counting. Made for the lesson's days, of which some lie over each other.
        """
        low, high = self.plot.x_range
        own = weekdays(self.dates) == weekday
        older, beside, apart = (
            np.abs(views[own][:, None] - views[~own][None, :]) for views in np.moveaxis(self.courses, 1, 0)
        )
        both = np.minimum(np.nan_to_num(older), apart) + 1e-6 * apart
        i, j = np.unravel_index(int(np.where(beside <= SAME * (high - low), both, -1.0).argmax()), apart.shape)
        return int(np.flatnonzero(own)[i]), int(np.flatnonzero(~own)[j])


class PairAsked(VGroup):
    """Two dots of ``pairs`` over one x_1: large, with ``names``, and lines to both axes.

    The first day's name stands above its dot, the second one's right of it: there the lesson's other days leave room.
    Parts: ``dots``, ``names``, ``line`` (from the axis up to the higher one), ``answers`` (across, from each).
    """

    def __init__(self, pairs: DayPairs, pair: Sequence[int], names: Sequence[str]) -> None:
        super().__init__()
        left, _, bottom, _ = pairs.plot.box
        points = np.array([pairs.dots[k].get_center() for k in pair])
        x = float(points[:, 0].mean())
        self.dots = VGroup(*(Dot(point, LARGE, color=palette.red) for point in points))
        self.line = dashed((x, bottom, 0), (x, float(points[:, 1].max()), 0), palette.text)
        self.answers = VGroup(*(dashed((left, point[1], 0), point, mix(palette.text, 0.8)) for point in points))
        above, beside = (words(name, style.LABEL) for name in names)
        above.place(points[0, 1] + CLEAR, left=points[0, 0] - 0.9 * above.width)
        beside.place(points[1, 1] - 0.1, left=points[1, 0] + CLEAR)
        self.names = VGroup(above, beside)
        self.add(self.line, self.answers, self.dots, self.names)


class AlikeDays(VGroup):
    """Draws two days after the same views, and what came before those, as two short courses side by side.

    ``views`` (2, 3): of each day its own views last, before them those of the two days before it. ``names``: of both
    days; ``weekdays`` (2 x 3): of all, as short. ``box``: left, right, bottom, top. Parts, of both days each: ``dots``
    (2 x 3), ``answers`` (lines from x_1 to the day's own), ``before`` (lines from x_2 to x_1),
    ``letters`` (2 x 3), each with its weekday, ``names``; ``level``: a dashed line through both x_1.
    """

    def __init__(
        self,
        views: NDArray,
        names: Sequence[str],
        weekdays: Sequence[Sequence[str]],
        box: tuple[float, float, float, float],
    ) -> None:
        super().__init__()
        left, right, bottom, top = box
        step = (right - left - 2 * MARGIN) / (5 + GAP)
        columns = left + MARGIN + step * (np.arange(6) + GAP * (np.arange(6) > 2)).reshape(2, 3)
        low, high = float(views.min()), float(views.max())
        y = bottom + (views - low) / (high - low) * (top - bottom)
        self.places = np.stack([columns, y, np.zeros((2, 3))], axis=-1)
        self.dots = VGroup(*(VGroup(*map(self._dot, day, range(3))) for day in self.places))
        self.answers = VGroup(*(polyline(day[1:], palette.red, LINE) for day in self.places))
        self.before = VGroup(*(segment(*day[:2], mix(palette.red, DIM), LINE - 1) for day in self.places))
        foot = [bottom - FOOT] * 3
        both = zip(self.places, weekdays, strict=True)
        self.letters = VGroup(*(VGroup(*map(self._letter, day, LETTERS, short, foot)) for day, short in both))
        self.names = VGroup(
            *(
                words(name, style.LABEL).place(top + HEAD + 2 * COURSE_DOT, center=day[1, 0])
                for name, day in zip(names, self.places, strict=True)
            )
        )
        at = float(self.places[:, 1, 1].mean())
        self.level = dashed((left, at, 0), (right, at, 0), palette.text)
        self.add(self.level, self.before, self.answers, self.dots, self.letters, self.names)

    @staticmethod
    def _dot(point: NDArray, column: int) -> Dot:
        """Of a day's own views a ring, as in the calendar."""
        return ring(point, COURSE_DOT, palette.red) if column == 2 else Dot(point, COURSE_DOT, color=palette.red)

    @staticmethod
    def _letter(point: NDArray, source: str, weekday: str, baseline: float) -> VGroup:
        x = float(point[0])
        day = words(weekday, style.TICK).place(baseline - BENEATH, center=x)
        return VGroup(formula(source, style.LETTER).place(baseline, center=x), day)
