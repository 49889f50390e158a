"""Curves in small boxes of their own: several in a row, or copies of what a plot showed in a column."""

from __future__ import annotations

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.mobjects.plot import Plot, segment
from gradreel.scenes.mobjects.text import TextMobject
from gradreel.scenes.style import mix, palette
from manim import Animation, FadeIn, ManimColor, VGroup, VMobject
from numpy.typing import NDArray

COLUMN = (2.6, 5.6, -2.59, 1.12)  # left, right, bottom, top
APART = 0.3


class SmallCurve(VGroup):
    """A curve by itself in a small box, over the line of zero, with its name beneath: one of several in a row.

    ``y`` (n,) over ``x`` (n,) in ``box`` (left, right, bottom, top), drawn where it lies within ``y_range``.

    Parts: ``zero``, ``curve``, ``name`` (the text, centred beneath at ``name_baseline``).
    """

    def __init__(
        self,
        x: NDArray,
        y: NDArray,
        y_range: tuple[float, float],
        box: tuple[float, float, float, float],
        name: TextMobject,
        name_baseline: float,
        color: ManimColor | None = None,
    ) -> None:
        super().__init__()
        left, right, bottom, top = box
        x_range = (float(x[0]), float(x[-1]))
        self.plot = Plot(x_range, y_range, left=left, right=right, bottom=bottom, top=top, x_label=None)
        level = float(np.clip(0.0, *y_range))
        self.zero = segment(*self.plot.at(np.array(x_range), level), mix(palette.axis, 0.8), style.GUIDE)
        ink = color if color is not None else palette.blue
        self.curve = self.plot.curve(x, np.clip(y, *y_range), ink, style.SMALL_CURVE)
        self.name = name.place(name_baseline, center=(left + right) / 2)
        self.add(self.zero, self.curve, self.name)


class SmallCopies(VGroup):
    """A column for ``count`` copies of what ``plot`` showed."""

    def __init__(self, plot: Plot, count: int) -> None:
        super().__init__()
        self.plot = plot
        left, right, bottom, top = COLUMN
        height = (top - bottom - APART * (count - 1)) / count
        self.boxes = [(left, right, y - height, y) for y in top - (height + APART) * np.arange(count)]

    def take(self, index: int, curve: VMobject) -> list[Animation]:
        """The animations that bring a copy of ``curve``, at its full colour, to the place of ``index``."""
        left, right, bottom, top = self.boxes[index]
        x0, x1, y0, y1 = self.plot.box
        copy = curve.copy().set_stroke(palette.red, style.SMALL_CURVE)
        share = (curve.points - np.array([x0, y0, 0.0])) / np.array([x1 - x0, y1 - y0, 1.0])
        copy.points = np.array([left, bottom, 0.0]) + share * np.array([right - left, top - bottom, 1.0])
        foot = segment((left, bottom, 0), (right, bottom, 0), palette.axis, style.GUIDE)
        self.add(foot, copy)
        return [FadeIn(copy), FadeIn(foot)]
