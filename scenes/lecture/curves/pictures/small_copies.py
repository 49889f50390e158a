"""Small copies of what a plot showed, one under the other in a column, each with a number beside it."""

from __future__ import annotations

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.mobjects.plot import Plot, segment
from gradreel.scenes.mobjects.text import words
from gradreel.scenes.style import palette
from manim import Animation, FadeIn, ReplacementTransform, VGroup, VMobject

COLUMN = (2.6, 5.1, -2.59, 1.12)  # left, right, bottom, top
APART = 0.3


class SmallCopies(VGroup):
    """A column for ``count`` copies from ``plot`` under a line of words for their numbers."""

    def __init__(self, plot: Plot, count: int, heading: str) -> None:
        super().__init__()
        self.plot = plot
        left, right, bottom, top = COLUMN
        height = (top - bottom - APART * (count - 1)) / count
        self.boxes = [(left, right, y - height, y) for y in top - (height + APART) * np.arange(count)]
        self.heading = words(heading, style.TICK, palette.dim).place(top + 0.2, right=style.RIGHT_EDGE)
        self.add(self.heading)

    def take(self, index: int, curve: VMobject, number: str) -> list[Animation]:
        """The animations that bring a copy of ``curve``, at its full colour, to the place of ``index``."""
        left, right, bottom, top = self.boxes[index]
        x0, x1, y0, y1 = self.plot.box
        copy = curve.copy().set_stroke(palette.red, style.SMALL_CURVE)
        share = (curve.points - np.array([x0, y0, 0.0])) / np.array([x1 - x0, y1 - y0, 1.0])
        copy.points = np.array([left, bottom, 0.0]) + share * np.array([right - left, top - bottom, 1.0])
        foot = segment((left, bottom, 0), (right, bottom, 0), palette.axis, style.GUIDE)
        text = words(number, style.LABEL).place((bottom + top) / 2 - 0.1, right=style.RIGHT_EDGE)
        self.add(foot, copy, text)
        line = curve.copy().set_stroke(palette.red, style.SMALL_CURVE)  # thin: what lies on the curve stays visible
        return [ReplacementTransform(line, copy), FadeIn(foot), FadeIn(text)]
