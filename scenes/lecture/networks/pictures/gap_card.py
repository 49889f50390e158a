"""The gap between a surface and a day that lies off it, enlarged in a card. Pure functions of numbers."""

from __future__ import annotations

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.mobjects.measure import Bracket
from gradreel.scenes.mobjects.plot import ring, segment
from gradreel.scenes.mobjects.text import words
from gradreel.scenes.style import mix, palette
from gradreel.scenes.words.numbers import number_text
from manim import RoundedRectangle, VGroup

WIDTH, HEIGHT, MIDDLE = 1.7, 1.4, (5.55, -0.1)
GAP = 0.86  # height of the gap there
LONG = 4  # characters: longer numbers are smaller, so that the frame holds them


class GapCard(VGroup):
    """``prediction`` and ``label`` as dots over each other, their numbers beside them, and between them their distance.

    Parts: the frame, a stretch of the surface, both dots, then numbers.
    """

    def __init__(self, prediction: float, label: float, decimals: int) -> None:
        super().__init__()
        frame = RoundedRectangle(corner_radius=0.12, width=WIDTH, height=HEIGHT, color=palette.axis, stroke_width=2)
        frame.set_fill(mix(palette.text, 0.03), 1)
        prediction, label = (round(value, decimals) for value in (prediction, label))
        sign = float(np.sign(label - prediction))
        low, x = -0.5 * GAP * sign, -0.45
        surface = segment((x - 0.34, low, 0), (x + 0.34, low, 0), palette.blue, style.SECOND_CURVE)
        dots = VGroup(
            ring((x, low, 0), 0.11, palette.text, palette.blue), ring((x, -low, 0), 0.11, palette.red, palette.red)
        )
        self.add(frame, surface, dots)
        values = ((prediction, low, palette.blue), (label, -low, palette.red))
        written = [(number_text(value, decimals), y, ink) for value, y, ink in (values if sign else values[1:])]
        if sign:
            self.add(Bracket().span((x, low + 0.13 * sign, 0), (x, -low - 0.13 * sign, 0)))
            written.append((number_text(abs(label - prediction), decimals), 0.0, palette.text))
        long = max(len(text) for text, _, _ in written) > LONG
        for text, y, ink in written:
            self.add(words(text, style.TICK if long else style.LABEL, ink).place(y - 0.1, left=0.0 if long else 0.1))
        self.shift([*MIDDLE, 0.0])
