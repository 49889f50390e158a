"""Each day beside the day before it: two neighbouring days of a calendar are one dot of a plot."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from gradreel.core.analysis.forecast import weekdays
from gradreel.core.daily.series import DayArray
from gradreel.core.daily.views import DailyViews
from gradreel.core.network.worked_example import view_unit
from gradreel.scenes import style
from gradreel.scenes.mobjects.day_plot import views_range
from gradreel.scenes.mobjects.plot import Plot, dashed
from gradreel.scenes.mobjects.text import TextMobject, words
from gradreel.scenes.mobjects.ticks import Ticks, round_labels
from gradreel.scenes.style import mix, palette
from manim import DL, UR, Dot, VGroup
from numpy.typing import NDArray

RADIUS = 0.05
SAME = 0.012  # of the axis: one line goes through the dots of both
LARGE = 0.1  # radius of a day that is spoken of
ABOVE = (0.5, 0.7, 0.9, 0.3, 0.1)  # shares of a name that lie left of the dot below it
FAR = 3  # other days beside its dot that outweigh being far from it
CLEAR = 0.2  # from such a day, or an axis, to a name
AXIS_NAME = 0.8  # from the axis down to its name, below its numbers


class DayPairs(VGroup):
    """``views`` (T,) of consecutive ``dates`` (T,): a dot for each day but the first, right by the day before it, up by
    its own views.

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


class PairAsked(VGroup):
    """Two dots of ``pairs`` over one x_1, or nearly: large, with ``names``, and lines to both axes.

    Parts: ``dots``, ``names``, ``line`` (from the axis up to the higher one), ``answers`` (across, from each).
    """

    def __init__(self, pairs: DayPairs, pair: tuple[int, int], names: Sequence[str]) -> None:
        super().__init__()
        left, _, bottom, _ = pairs.plot.box
        points = np.array([pairs.dots[k].get_center() for k in pair])
        x = float(points[:, 0].mean())
        self.dots = VGroup(*(Dot(point, LARGE, color=palette.red) for point in points))
        self.line = dashed((x, bottom, 0), (x, float(points[:, 1].max()), 0), palette.text)
        self.answers = VGroup(*(dashed((left, point[1], 0), point, mix(palette.text, 0.8)) for point in points))
        around = np.array([dot.get_center() for k, dot in enumerate(pairs.dots) if k not in pair])
        self.names = VGroup()
        for name, point, other in zip(names, points, points[::-1], strict=True):
            along = np.linspace((left, other[1], 0), other, 40)
            self.names.add(self._placed(words(name, style.LABEL), point, np.concatenate([around, along]), left))
        self.add(self.line, self.answers, self.dots, self.names)

    @staticmethod
    def _placed(name: TextMobject, point: NDArray, around: NDArray, left: float) -> TextMobject:
        """Right of its dot, or above it, or over or under its line at the axis: where the fewest other days are.

        At the axis, far from its dot, only where beside that there are many more.
        """
        (x, y), room = point[:2], []
        beside = [(y - 0.1, x + CLEAR), *((y + CLEAR, x - share * name.width) for share in ABOVE)]
        for baseline, start in (*beside, (y + 0.12, left + CLEAR), (y - 0.36, left + CLEAR)):
            name.place(baseline, left=start)
            low, high = name.get_corner(DL)[:2] - 0.06, name.get_corner(UR)[:2] + 0.06
            crossed = int(np.all((around[:, :2] > low) & (around[:, :2] < high), axis=1).sum())
            far = len(room) >= len(beside)
            outside = high[0] > style.RIGHT_EDGE or (far and high[0] > x)
            room.append((outside, crossed + (FAR if far else 0), len(room), float(baseline), float(start)))
        *_, baseline, start = min(room)
        return name.place(baseline, left=start)
