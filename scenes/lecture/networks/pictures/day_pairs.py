"""Two days after the same views, seen closely."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from gradreel.core.analysis.forecast import weekdays
from gradreel.core.daily.series import DayArray
from gradreel.scenes import style
from gradreel.scenes.mobjects.plot import dashed, polyline, ring, segment
from gradreel.scenes.mobjects.text import formula, words
from gradreel.scenes.style import DIM, mix, palette
from manim import Dot, VGroup
from numpy.typing import NDArray

SAME = 0.012  # of what all days cover: views that are called the same

LETTERS = ("x_2", "x_1", "red(hat(y))")
MARGIN, GAP = 0.3, 0.75  # from the outermost columns to the box' sides; between both courses, in columns
HEAD, FOOT = 0.15, 0.5  # of the box' top to the names of the days, from its bottom to that of the letters
BENEATH = 0.37  # from the letters to the weekdays
COURSE_DOT, LINE = 0.09, 3.5


def alike_days(dates: DayArray, views: NDArray) -> tuple[int, int]:
    """Two days of one weekday, of which one has more and one fewer views than the day before, which had the same.

    Their places in ``views`` (T,) of ``dates`` (T,), the earlier first; of all such, those of which the days' own views
    and those of two days before differ most, the lesser difference counting. Made for the lesson's days.
    """
    older, before, own = views[:-2], views[1:-1], views[2:]
    apart = [np.abs(part[:, None] - part) for part in (older, own)]
    usable = np.abs(before[:, None] - before) <= SAME * np.ptp(views)
    usable &= (own > before)[:, None] & (own < before)
    usable &= weekdays(dates[2:])[:, None] == weekdays(dates[2:])
    i, j = np.unravel_index(int(np.where(usable, np.minimum(*apart), -1.0).argmax()), usable.shape)
    return min(int(i), int(j)) + 2, max(int(i), int(j)) + 2


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
