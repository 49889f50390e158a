"""A curve by as many sigmoids as one likes: more of them, more bends."""

from __future__ import annotations

from functools import cache

import numpy as np
from gradreel.core.curves.expression import Expression
from gradreel.core.curves.sigmoid_fit import fit_sigmoids
from gradreel.scenes import style
from gradreel.scenes.mobjects.plot import Plot
from gradreel.scenes.mobjects.text import TextMobject, words
from gradreel.scenes.mobjects.ticks import nice_range
from gradreel.scenes.style import palette
from manim import VGroup
from numpy.typing import NDArray

SAMPLES = 400
LOW, HIGH = 0.0, 8.0
CURVE = Expression("2.2 - (1.2 - 0.05*x)*cos(3.1416*x)")  # from 0 to 8 it rises and falls eight times
BOX = (style.LEFT_EDGE + 0.1, 5.6, -2.7, 0.75)  # left, right, bottom, top


def curve_with_bends() -> MoreSigmoids:
    """Return the curve that loss ends with and why-gradient begins with."""
    return MoreSigmoids(CURVE, *BOX)


class MoreSigmoids(VGroup):
    """Red: a smooth curve; blue: a sum of sigmoids for it. ``draw`` takes ``values(count)``, or a mean of two.

    Parts: ``plot``, ``target``, ``sum``; ``label``, once ``name_target`` has written it.
    """

    def __init__(self, f: Expression, left: float, right: float, bottom: float, top: float) -> None:
        super().__init__()
        self.f, self.x = f, np.linspace(LOW, HIGH, SAMPLES)
        y = f(self.x)
        box = {"left": left, "right": right, "bottom": bottom, "top": top}
        self.plot = Plot((LOW, HIGH), nice_range(y, margin=0.15), **box)
        self.target = self.plot.curve(self.x, y, style.mix(palette.red, 0.48), style.BAND)
        self.sum = self.plot.curve(self.x, y, palette.blue, style.MAIN_CURVE)
        self.add(self.plot, self.target, self.sum)

    def name_target(self, text: str) -> TextMobject:
        """Say what red is, at the right above it: over its last heights it is lower than before."""
        y = self.f(self.x)
        self.label = words(text, style.LABEL, palette.red)
        top = float(self.plot.at(HIGH, y[SAMPLES // 2 :].max())[1])
        return self.label.place(top + 0.3, right=self.plot.box[1])

    def values(self, count: int) -> NDArray:
        """(SAMPLES,): the sum of ``count`` sigmoids that comes nearest to red."""
        return _fitted(self.f, count)

    def draw(self, values: NDArray) -> None:
        """Draw the blue curve through ``values`` (SAMPLES,)."""
        self.plot.set_curve(self.sum, self.x, values)


@cache
def _fitted(f: Expression, count: int) -> NDArray:
    """(SAMPLES,): see ``values``. Fitted once: the scene in another language or theme has the same curves."""
    x = np.linspace(LOW, HIGH, SAMPLES)
    fitted = fit_sigmoids(x, f(x), count)
    fitted.setflags(write=False)
    return fitted
