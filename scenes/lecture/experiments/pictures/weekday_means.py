"""Each weekday's share of a mean day, of all days and of what was predicted: bars from 0; one sees which are low."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.mobjects.day_plot import SHADE
from gradreel.scenes.mobjects.plot import segment
from gradreel.scenes.mobjects.text import words
from gradreel.scenes.style import mix, palette
from gradreel.scenes.words.day_words import weekdays_words
from gradreel.scenes.words.numbers import number_text
from manim import DOWN, Animation, FadeIn, GrowFromEdge, LaggedStart, ManimColor, Rectangle, VGroup
from numpy.typing import NDArray

SIDES = ((style.LEFT_EDGE, -0.5), (0.5, style.RIGHT_EDGE))  # left and right ends of the two halves
FOOT, TOP = -2.2, 1.75  # of the shades
HIGHEST = 1.15  # the top of the highest bar
BAR = 0.62  # of a weekday's room
TITLE_RISE, UNIT_RISE, NAME_DROP, VALUE_RISE = 0.24, 0.74, 0.42, 0.16
OTHERS = 0.5  # share of the colour of bars that nobody speaks of
HOLLOW = 0.16  # how strongly a predicted bar is filled: its outline tells it from the data


class WeekdayMeans(VGroup):
    """Two halves: the data's means (7,), Monday first, in red at the left; those of predictions, outlined in blue.

    Each mean as a percentage of its own week's: the two are of different days, and tell the same only so. NaN where no
    such day was counted. ``lows``: weekdays that are shaded, their bars bright; ``titles``: what each half is of;
    ``unit``: what the percentages are. Parts: ``unit``, ``data``, ``predicted``.
    """

    def __init__(
        self,
        data: NDArray,
        prediction: NDArray,
        lows: Sequence[int],
        titles: tuple[str, str],
        unit: str,
        language: str,
    ) -> None:
        super().__init__()
        shares = [percentages(means) for means in (data, prediction)]
        most = max(float(np.nanmax(np.abs(each))) for each in shares) or 1.0
        look = (lows, language)
        self.unit = words(unit, style.TICK, palette.dim).place(TOP + UNIT_RISE, left=style.LEFT_EDGE)
        self.data = _Half(shares[0], most, SIDES[0], titles[0], palette.red, 1.0, *look)
        self.predicted = _Half(shares[1], most, SIDES[1], titles[1], palette.blue, HOLLOW, *look)
        self.add(self.unit, self.data, self.predicted)


def percentages(means: NDArray) -> NDArray:
    """(7,): each weekday's mean in per cent of the mean of them all, without their signs."""
    return 100 * means / (float(np.nanmean(np.abs(means))) or 1.0)


class _Half(VGroup):
    """Seven bars on a line at 0. Parts: ``shades``, ``line``, ``title``, ``names``, ``bars``, ``values``.

    Bars and values are there for counted weekdays only; ``bar(weekday)`` is one of them.
    """

    def __init__(
        self,
        means: NDArray,
        most: float,
        ends: tuple[float, float],
        title: str,
        color: ManimColor,
        filled: float,
        lows: Sequence[int],
        language: str,
    ) -> None:
        super().__init__()
        (left, right), pitch = ends, (ends[1] - ends[0]) / len(means)
        x = left + (np.arange(len(means)) + 0.5) * pitch
        self.shades, self.names, self.bars, self.values = (VGroup() for _ in range(4))
        for k in lows:
            shade = Rectangle(width=pitch, height=TOP - FOOT, stroke_width=0).set_fill(mix(palette.text, SHADE), 1)
            self.shades.add(shade.move_to((x[k], (TOP + FOOT) / 2, 0)))
        self.line = segment((left, FOOT, 0), (right, FOOT, 0), palette.axis, style.AXIS)
        self.title = words(title, style.LABEL, color).place(TOP + TITLE_RISE, left=left)
        for k in range(len(means)):
            ink = palette.text if k in lows else palette.dim
            self.names.add(
                words(weekdays_words((k,), language, "short"), style.TICK, ink).place(FOOT - NAME_DROP, center=x[k])
            )
        self.counted = np.flatnonzero(np.isfinite(means))
        for k in self.counted:
            height = (HIGHEST - FOOT) * float(means[k]) / most
            tint = color if k in lows else mix(color, OTHERS)
            bar = Rectangle(width=BAR * pitch, height=max(abs(height), 1e-3), color=tint, stroke_width=style.RING)
            bar.set_fill(mix(tint, filled), 1).move_to((x[k], FOOT + height / 2, 0))
            self.bars.add(bar)
            ink = palette.text if k in lows else palette.dim
            value = words(f"{number_text(round(float(means[k])))}\u202f%", style.TICK, ink)
            self.values.add(value.place(FOOT + max(height, 0.0) + VALUE_RISE, center=x[k]))
        self.add(self.shades, self.line, self.title, self.names, self.bars, self.values)

    def bar(self, weekday: int) -> list[Rectangle]:
        """A weekday's bar; none where no such day was counted."""
        return [self.bars[int(k)] for k in np.flatnonzero(self.counted == weekday)]

    def coming(self, *also: Animation) -> list[Animation]:
        """The ground, and what it is the mean of."""
        return [*(FadeIn(part) for part in (self.shades, self.line, self.title, self.names)), *also]

    def growing(self) -> Animation:
        """The bars, from Monday on."""
        grown = [GrowFromEdge(bar, DOWN) for bar in self.bars]
        return LaggedStart(*grown, lag_ratio=0.15)
