"""How far a prediction is from its label, as a length: two dots, and what lies between."""

from __future__ import annotations

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.mobjects.plot import segment
from gradreel.scenes.mobjects.text import formula
from gradreel.scenes.style import palette
from manim import Dot, VGroup

DOT, BAR = 0.1, 5.0
BESIDE = 0.2  # from a dot to the middle of its letter, on the side away from the other dot


class ErrorGap(VGroup):
    """``show`` moves the prediction. The scale holds both predictions, the first one and that ``after`` a step.

    Parts: ``bar``, ``label`` (red, y hat), ``prediction`` (blue, y).
    """

    def __init__(self, prediction: float, label: float, after: float, left: float, right: float, y: float) -> None:
        super().__init__()
        values = (prediction, label, after)
        self.truth, self.unit = label, (right - left) / max(max(values) - min(values), 1e-12)
        self.origin = np.array([left - min(values) * self.unit, y, 0.0])
        self.bar = segment((left, y, 0), (right, y, 0), palette.text, BAR)
        self.label, self.prediction = (
            VGroup(Dot(radius=DOT, color=color), formula(letter, style.LETTER, color))
            for letter, color in (("hat(y)", palette.red), ("y", palette.blue))
        )
        self.add(self.bar, self.label, self.prediction)
        self.show(prediction)

    def show(self, prediction: float) -> ErrorGap:
        """The blue dot at ``prediction``, and what is left to the red one; their letters on the outer sides."""
        out = np.array([-1.0 if prediction <= self.truth else 1.0, 0.0, 0.0]) * (DOT + BESIDE)
        ends = [self.origin + np.array([value * self.unit, 0.0, 0.0]) for value in (self.truth, prediction)]
        for (dot, letter), end, side in zip((self.label, self.prediction), ends, (-out, out), strict=True):
            dot.move_to(end)
            letter.move_to(end + side)
        self.bar.set_points_as_corners(ends)
        return self
