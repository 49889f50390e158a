"""How much there was to learn from, side by side: squares whose areas are the numbers of examples."""

from __future__ import annotations

import numpy as np
from gradreel.scenes.mobjects.text import words
from gradreel.scenes.style import palette
from manim import Square, VGroup

SIDE = 1.9  # of the larger square


class DataSquares(VGroup):
    """Two squares on one line, at ``middles``: ``counts`` are their areas; their ``names`` stand on ``name_line``.

    The first is our data, in its red; the other one is grey.

    Parts: ``squares``, ``names``.
    """

    def __init__(
        self,
        counts: tuple[float, float],
        names: tuple[str, str],
        middles: tuple[float, float],
        foot: float,
        name_line: float,
    ) -> None:
        super().__init__()
        largest = max(counts)
        self.squares, self.names = VGroup(), VGroup()
        colors = (palette.red, palette.grey)
        for count, name, middle, color in zip(counts, names, middles, colors, strict=True):
            side = SIDE * float(np.sqrt(count / largest))
            square = Square(side, stroke_width=0).set_fill(color, 1)
            self.squares.add(square.move_to((middle, foot + side / 2, 0)))
            self.names.add(words(name, 28).place(name_line, center=middle))
        self.add(self.squares, self.names)
