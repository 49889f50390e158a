"""A picture that is not shown, and five guesses at what is in it; all of them can be wrong."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.mobjects.plot import segment
from gradreel.scenes.mobjects.text import literal, words
from gradreel.scenes.style import palette
from manim import RoundedRectangle, VGroup

LINE, ARM, GAP = 0.44, 0.09, 0.3  # from guess to guess; half of a cross; from the frame to the guesses and a cross


class FiveGuesses(VGroup):
    """A frame with a question mark, left of ``x``, and the guesses ``texts`` right of it, around ``y``.

    Parts: ``picture``, ``guesses``, and ``crosses``, one behind each guess, which are not there from the start.
    """

    def __init__(self, x: float, y: float, texts: Sequence[str]) -> None:
        super().__init__()
        side = LINE * len(texts)
        frame = RoundedRectangle(corner_radius=0.1, width=side, height=side, color=palette.axis, stroke_width=style.BOX)
        frame.move_to([x - side / 2, y, 0])
        asked = words(literal("?"), style.TITLE, palette.dim).move_to(frame)
        self.picture = VGroup(frame, asked)
        baselines = y + LINE * ((len(texts) - 1) / 2 - np.arange(len(texts))) - 0.1
        lines = [
            words(text, style.LABEL).place(line, left=x + GAP) for text, line in zip(texts, baselines, strict=True)
        ]
        self.guesses = VGroup(*lines)
        right = self.guesses.get_right()[0] + GAP
        self.crosses = VGroup(*(_cross(right, line + 0.1) for line in baselines))
        self.add(self.picture, self.guesses)


def _cross(x: float, y: float) -> VGroup:
    slopes = ((-ARM, -ARM), (-ARM, ARM))
    return VGroup(*(segment((x + a, y + b, 0), (x - a, y - b, 0), palette.text, style.RING) for a, b in slopes))
