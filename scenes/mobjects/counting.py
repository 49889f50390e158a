"""A formula in which a number counts, while all its other glyphs keep their places or move along."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from gradreel.scenes.mobjects.text import Glyph, TextMobject
from gradreel.scenes.style import palette
from manim import VGroup


class Counting(VGroup):
    """What ``write`` gives for a number; `show` another one. ``longest``: the number with the most glyphs there is.

    The glyphs are a fixed set whose outlines are exchanged: nothing may come or go while an animation plays.
    """

    def __init__(self, write: Callable[[float], TextMobject], longest: float) -> None:
        super().__init__(*(Glyph(palette.text) for _ in write(longest)))
        # A function is never copied; the owner of a method would be
        self.write: Callable[[float], TextMobject] = lambda number: write(number)

    def show(self, number: float, opacity: float = 1.0) -> Counting:
        """Look as ``write(number)`` does, where that is and in its colours; returns self."""
        text = self.write(number)
        for glyph in self[len(text) :]:
            glyph.points = np.zeros((0, 3))
        for glyph, there in zip(self, text, strict=False):
            glyph.points = there.points.copy()
            glyph.set_fill(there.get_fill_color(), opacity, family=False)
        return self
