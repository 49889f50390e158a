"""Daily views with the window of days that a prediction looks back on."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
from gradreel.core.daily.views import DailyViews
from gradreel.scenes.mobjects.counting import Counting
from gradreel.scenes.mobjects.day_plot import REAL_LINE, DayPlot, views_range
from gradreel.scenes.mobjects.formula_growth import SECONDS, moving
from gradreel.scenes.mobjects.plot import dashed, polyline, ring
from gradreel.scenes.mobjects.text import TextMobject, formula
from gradreel.scenes.style import FAINT, mix, palette
from manim import Animation, Dot, Rectangle, UpdateFromAlphaFunc, VGroup, VMobject, linear, smooth

AROUND = 0.14  # share of the longest window that is shown before it
MOST_DOTS = 130  # with more days than this there is a line alone
SHADE = 0.1  # of the text colour in the band
FRAME = 0.65  # around it: shades behind days have none
NAME_SIZE, NAME_ABOVE, NAME_GAP = 34, 0.17, 0.22


class ViewWindow(VGroup):
    """Draws the days up to ``label``, the day to be predicted, and a band over the last ``days`` before it: the window.

    Real values are red, the label's is y hat; a prediction would be blue.

    Parts: ``plot``; ``curve`` and ``dots`` of all days before the label's; ``label``, that day's mark; ``band``, and
    ``lit``, the stretch of the curve in it; ``first_name`` (x_1, yesterday), ``last_name`` (the window's first day).
    Band, curve, lit and dots are ``window``, whose parts move together; the names come with `open` and `widen`.
    ``dates``, ``views`` (T + 1,) are all days shown, the label's too.
    """

    def __init__(
        self,
        dataset: DailyViews,
        label: date,
        longest: int,
        language: str,
        box: tuple[float, float, float, float],
    ) -> None:
        super().__init__()
        end = (label - dataset.daily.start).days  # of the label, in the series
        start = max(0, end - longest - max(3, round(AROUND * longest)))
        self.dates, self.views = dataset.daily.dates()[start : end + 1], dataset.daily.array()[start : end + 1]
        before, truth = self.views[:-1], float(self.views[-1])
        first = dataset.daily.start + timedelta(days=start)
        self.plot = DayPlot(dataset, first, label, views_range(self.views), language, box)
        self.plot.remove(self.plot.unit_label)  # the caption says the unit
        self.places = self.plot.at(self.plot.days(self.dates[:-1]), before)  # (T, 3)
        self.curve = polyline(self.places, palette.red, REAL_LINE)
        self.day_width = float((box[1] - box[0]) / max(1, end - start))
        radius = float(np.clip(0.3 * self.day_width, 0.035, 0.075))
        dotted = self.places if len(self.places) <= MOST_DOTS else self.places[:0]
        self.dots = VGroup(*(Dot(point, radius=radius, color=palette.red) for point in dotted))
        self.label = self._mark(self.plot.at(float(self.plot.days(label)), truth))
        self.band = VMobject(stroke_color=mix(palette.text, FRAME), stroke_width=1.6).set_fill(
            mix(palette.text, SHADE), 1
        )
        self.lit = polyline(self.places[-1:].repeat(2, axis=0), palette.red, REAL_LINE)
        self.window = VGroup(self.band, self.curve, self.lit, self.dots)
        self.days, self.outside = 0.0, 1.0  # how many days it has; how bright the days outside are
        self.first_name = self._name(1)
        self.last_name = Counting(self._name, longest)
        self.add(self.plot, self.window, self.label)

    def _mark(self, at: np.ndarray) -> VGroup:
        """The day to be predicted: a dashed line with y hat at its head, its real views as a hollow dot."""
        bottom, top = self.plot.box[2:]
        line = dashed((at[0], bottom, 0), (at[0], top, 0), palette.dim)
        name = formula("red(hat(y))", NAME_SIZE).place(top + NAME_ABOVE, left=at[0] + 0.1)
        return VGroup(line, name, ring(at, 0.085, palette.red))

    def _name(self, days: float) -> TextMobject:
        """x_days above the window's first day; the name of yesterday ends at the window's end."""
        name, y = formula(f"x_{round(days)}", NAME_SIZE), self.plot.box[3] + NAME_ABOVE
        if days == 1:
            return name.place(y, right=self.x_ago(0.5))
        name.place(y, center=max(self.x_ago(days), self.plot.box[0]))
        over = name.get_right()[0] + NAME_GAP - self.first_name.get_left()[0]
        return name.shift([-max(over, 0.0), 0, 0])

    def x_ago(self, days: float) -> float:
        """Where the day so many days before the label lies on the screen."""
        return float(self.places[-1, 0] - (days - 1) * self.day_width)

    def show(self, days: float) -> None:
        """The window over the last ``days`` days, also between two whole numbers."""
        self.days = days
        left, right = self.x_ago(days + 0.5), self.x_ago(0.5)
        bottom, top = self.plot.box[2:]
        corners = [(right, top, 0), (left, top, 0), (left, bottom, 0), (right, bottom, 0), (right, top, 0)]
        self.band.set_points_as_corners(np.array(corners, dtype=float))
        self.curve.set_stroke(mix(palette.red, self.outside))
        inside = self.places[self.places[:, 0] > left]
        if len(inside) > 1:
            self.lit.set_points_as_corners(inside)
        for dot, point in zip(self.dots, self.places, strict=False):
            dot.set_fill(mix(palette.red, 1.0 if point[0] > left else self.outside), 1)

    def stretch(self, last: date, days: int) -> VGroup:
        """A frame round ``days`` days with bright ``dots``, hollow that of ``last``, whose views are the answer."""
        end = int((np.datetime64(last) - self.dates[0]).astype(int))
        first = max(0, end + 1 - days)
        points = self.plot.at(self.plot.days(self.dates[first : end + 1]), self.views[first : end + 1])
        bottom, top = self.plot.box[2:]
        frame = Rectangle(width=days * self.day_width, height=top - bottom, stroke_color=palette.text, stroke_width=1.6)
        frame.move_to((points[-1, 0] - (days - 1) * self.day_width / 2, (bottom + top) / 2, 0))
        shown = VGroup(frame)
        shown.dots = VGroup(*(Dot(point, 0.07, color=palette.red) for point in points[:-1]))
        shown.dots.add(ring(points[-1], 0.085, palette.red))
        return shown.add(shown.dots)

    def open(self) -> list[Animation]:
        """A window of one day: yesterday stays bright, the days before it dim."""

        def update(_: VMobject, alpha: float) -> None:
            self.outside = 1 - (1 - FAINT) * alpha
            self.show(alpha)

        return [UpdateFromAlphaFunc(self.window, update, rate_func=smooth)]

    def widen(self, days: int) -> list[Animation]:
        """The window grows to ``days`` days, 2 or more; the name of its first day goes along, and its index counts."""
        start = self.days

        def update(_: VMobject, alpha: float) -> None:
            self.show(start + (days - start) * moving(alpha))

        def count(name: Counting, alpha: float) -> None:
            now = start + (days - start) * moving(alpha)
            name.show(max(now, 2.0), min(now - 1, 1.0))

        return [
            UpdateFromAlphaFunc(self.window, update, run_time=SECONDS, rate_func=linear),
            UpdateFromAlphaFunc(self.last_name, count, run_time=SECONDS, rate_func=linear),
        ]
