"""Each day beside the day before it: two neighbouring days of a calendar are one dot of a plot."""

from __future__ import annotations

import numpy as np
from gradreel.core.daily_series import DayArray
from gradreel.core.daily_views import DailyViews
from gradreel.core.forecast import weekdays
from gradreel.core.written_out import view_unit
from gradreel.scenes import style
from gradreel.scenes.mobjects.day_plot import views_range
from gradreel.scenes.mobjects.plot import Plot, dashed, ring
from gradreel.scenes.mobjects.text import words
from gradreel.scenes.mobjects.ticks import Ticks, round_labels
from gradreel.scenes.style import mix, palette
from manim import Animation, Dot, VGroup, VMobject
from numpy.typing import NDArray

RADIUS = 0.05
ALIKE = 0.03  # of the axis: two days before that differ by less are alike
SAME = 0.012  # of the axis: one line goes through the dots of both
TOLD = 0.15  # of the axis: what came one day before differs by at least so much where it tells two days apart
AXIS_NAME = 0.8  # from the axis down to its name, below its numbers


def hollow_dot(point: NDArray) -> VMobject:
    """A day that is told from the others."""
    return ring(point, 1.4 * RADIUS, palette.text)


class DayPairs(VGroup):
    """``views`` (T,) of consecutive ``dates`` (T,): a dot for each day but the first, right by the day before it, up by
    its own views. `hollow` makes rings of some.

    ``box``: left, right, bottom, top; ``names`` of both axes. Parts: ``plot``, ``dots`` (T - 1).
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
        self.plot.add(across.place(bottom - AXIS_NAME, right=right), up.place(top + 0.12, left=left - 0.2))
        self.before, self.views, self.dates = views[:-1], views[1:], dates[1:]
        self.courses = np.stack([np.concatenate([[np.nan], views[:-2]]), self.before, self.views], axis=1)
        points = self.plot.at(self.before, self.views)
        self.dots = VGroup(*(Dot(point, radius=RADIUS, color=palette.red) for point in points))
        self.add(self.plot, self.dots)

    def hollow(self, weekday: int) -> list[Animation]:
        """The dots of a weekday, 0 for Monday, become rings."""
        dots = [self.dots[k] for k in self.on(weekday)]
        return [dot.animate.become(hollow_dot(dot.get_center())) for dot in dots]

    def guides(self, k: int) -> VGroup:
        """Dashed lines from dot ``k`` to both axes."""
        at, (left, _, bottom, _) = self.dots[k].get_center(), self.plot.box
        color = mix(palette.dim, 0.8)
        return VGroup(dashed((at[0], bottom, 0), at, color), dashed((left, at[1], 0), at, color))

    def on(self, weekday: int) -> list[int]:
        """Which dots are of a weekday, 0 for Monday."""
        return [int(k) for k in np.flatnonzero(weekdays(self.dates) == weekday)]

    def told_apart_from(self, weekday: int) -> tuple[int, int]:
        """A dot of ``weekday`` (0 for Monday) and one of another day, right of the same views, and far apart.

        Of all such, those of which the days' own views and those of two days before differ most, the lesser difference
        counting; where no two lie over each other, those that lie most nearly so.
        """
        low, high = self.plot.x_range
        own = weekdays(self.dates) == weekday
        older, beside, apart = (
            np.abs(views[own][:, None] - views[~own][None, :]) for views in np.moveaxis(self.courses, 1, 0)
        )
        same = beside <= max(SAME * (high - low), float(beside.min()))
        both = np.minimum(np.nan_to_num(older), apart) + 1e-6 * apart
        i, j = np.unravel_index(int(np.where(same, both, -1.0).argmax()), apart.shape)
        return int(np.flatnonzero(own)[i]), int(np.flatnonzero(~own)[j])

    def older_tells(self, pair: tuple[int, int]) -> bool:
        """Whether the views of two days before clearly differ between both, and more than those of the day before."""
        low, high = self.plot.x_range
        older, beside, _ = np.abs(np.diff(self.courses[list(pair)], axis=0)[0])
        return bool(older >= TOLD * (high - low) and older >= 4 * beside)  # not where one of them is unknown

    def furthest_pair(self) -> tuple[int, int]:
        """The two dots that are furthest apart in height, of those with the same views on the day before, or nearly."""
        low, high = self.plot.x_range
        apart = np.abs(self.views[:, None] - self.views[None, :])
        alike = np.abs(self.before[:, None] - self.before[None, :]) <= ALIKE * (high - low)
        i, j = np.unravel_index(int(np.where(alike, apart, -1.0).argmax()), apart.shape)
        return int(i), int(j)
