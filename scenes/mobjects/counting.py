"""A formula with a number that counts."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from gradreel.scenes.mobjects.text import Glyph, TextMobject
from gradreel.scenes.style import palette
from manim import VGroup


class Counting(VGroup):
    """Displays ``write(number)``; `show` changes the number in place.

    ``longest`` is the number whose text has the most glyphs: as many are created, and only their outlines change.
    Manim allows no new glyphs while an animation plays.
    """

    def __init__(self, write: Callable[[float], TextMobject], longest: float) -> None:
        super().__init__(*(Glyph(palette.text) for _ in write(longest)))
        # A copy of this mobject must not copy the owner of a method; a lambda is never copied
        self.write: Callable[[float], TextMobject] = lambda number: write(number)

    def show(self, number: float, opacity: float = 1.0) -> Counting:
        """Take the outlines, place and colours of ``write(number)``; return self."""
        text = self.write(number)
        for glyph in self[len(text) :]:
            glyph.points = np.zeros((0, 3))
        for glyph, model in zip(self, text, strict=False):
            glyph.points = model.points.copy()
            glyph.set_fill(model.get_fill_color(), opacity, family=False)
        return self
