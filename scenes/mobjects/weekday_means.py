"""The mean of each weekday, of all days and of predicted ones: which are low, and whether a network knows it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.mobjects.day_plot import SHADE
from gradreel.scenes.mobjects.day_words import WEEKDAYS, ZH_WEEKDAYS
from gradreel.scenes.mobjects.plot import polyline, ring, segment
from gradreel.scenes.mobjects.text import words
from gradreel.scenes.style import mix, palette
from manim import Dot, ManimColor, Rectangle, VGroup, VMobject
from numpy.typing import NDArray

LEFT, RIGHT, BOTTOM, TOP = 2.1, style.RIGHT_EDGE, -1.75, -0.3
ROOM = 0.12  # of the picture's height, free above the highest mean
TITLE_RISE, LETTER_DROP = 0.17, 0.38
DOT, RING, LINE = 0.06, 0.08, 3.2


class WeekdayMeans(VGroup):
    """Lines over the seven weekdays, Monday first: ``whole`` (7,) of all days in red; then, of some, two others.

    These are ``truth`` (7,), red too, and ``prediction`` (7,) in blue with rings; NaN where no such day was counted.
    The axis is at 0. ``lows``: weekdays that are shaded; ``titles``: what the first line and the other two are of.
    Parts: ``ground`` (axis, shades, letters), ``titles``, ``whole``, ``red``, ``blue``; `points_of` a weekday are its
    dot and its ring.
    """

    def __init__(
        self,
        whole: NDArray,
        truth: NDArray,
        prediction: NDArray,
        lows: Sequence[int],
        titles: tuple[str, str],
        language: str,
    ) -> None:
        super().__init__()
        self.pitch = (RIGHT - LEFT) / len(truth)
        means = np.concatenate([whole, truth, prediction])
        self.least, self.most = min(0.0, float(np.nanmin(means))), float(np.nanmax(means))
        letters = ZH_WEEKDAYS if language == "zh" else "".join(name[0] for name in WEEKDAYS)
        self.ground = VGroup(
            *(self._shade(k) for k in lows),
            segment((LEFT, self._y(0.0), 0), (RIGHT, self._y(0.0), 0), palette.axis, style.AXIS),
        )
        self.titles = VGroup(
            *(words(title, style.TICK, palette.dim).place(TOP + TITLE_RISE, left=LEFT) for title in titles)
        )
        for k, letter in enumerate(letters):
            color = palette.text if k in lows else palette.dim
            self.ground.add(words(letter, style.TICK, color).place(BOTTOM - LETTER_DROP, center=self._x(k)))
        self.counted = np.flatnonzero(np.isfinite(truth))
        self.whole, self.red = self._red(whole), self._red(truth)
        self.blue = VGroup(
            self._line(prediction, palette.blue), *(ring(point, RING, palette.blue) for point in self._at(prediction))
        )
        self.add(self.ground, self.titles, self.whole, self.red, self.blue)

    def points_of(self, weekday: int) -> list[VMobject]:
        """The marks of a weekday; none where no such day was counted."""
        return [marks[1 + int(k)] for k in np.flatnonzero(self.counted == weekday) for marks in (self.red, self.blue)]

    def _x(self, weekday: int) -> float:
        return LEFT + (weekday + 0.5) * self.pitch

    def _at(self, means: NDArray) -> NDArray:
        """(N, 3): where the means of the counted weekdays lie."""
        counted = np.flatnonzero(np.isfinite(means))
        return np.array([[self._x(int(k)), self._y(float(means[k])), 0.0] for k in counted]).reshape(-1, 3)

    def _y(self, views: float) -> float:
        return BOTTOM + (TOP - BOTTOM) * (1 - ROOM) * (views - self.least) / ((self.most - self.least) or 1.0)

    def _red(self, means: NDArray) -> VGroup:
        dots = [Dot(point, radius=DOT, color=palette.red) for point in self._at(means)]
        return VGroup(self._line(means, palette.red), *dots)

    def _line(self, means: NDArray, color: ManimColor) -> VMobject:
        return polyline(self._at(means), mix(color, 0.7), LINE)

    def _shade(self, weekday: int) -> Rectangle:
        shade = Rectangle(width=self.pitch, height=TOP - BOTTOM, stroke_width=0)
        return shade.set_fill(mix(palette.text, SHADE), 1).move_to((self._x(weekday), (TOP + BOTTOM) / 2, 0))
