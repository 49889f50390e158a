"""Points on a red curve, joined by straight blue lines, and how far these are from red: all set in place."""

from __future__ import annotations

import numpy as np
from gradreel.core.curves.continuity import Function
from gradreel.core.curves.piecewise import PiecewiseLinearCurve
from gradreel.scenes import style
from gradreel.scenes.lecture.curves.convergence import widest_gap
from gradreel.scenes.lecture.curves.pictures.gap_counter import GapCounter
from gradreel.scenes.mobjects.bracket import Bracket
from gradreel.scenes.mobjects.plot import Plot
from gradreel.scenes.style import BAND, mix, palette
from manim import VGroup, VMobject
from numpy.typing import NDArray


class JoinedPoints:
    """``show`` moves what is drawn to another red and blue; ``function`` and ``curve`` are what they are at rest.

    Parts: ``red``, ``blue``, the ``knots`` at blue's corners, the ``mark`` (a bracket on the largest gap), and
    the ``counter`` of points with that gap. ``x``: where red is sampled.
    """

    def __init__(self, function: Function, x: NDArray, plot: Plot, counter: GapCounter) -> None:
        self.function, self.x, self.plot = function, x, plot
        self.curve: PiecewiseLinearCurve
        self.red = plot.curve(x, function(x), palette.red)
        self.blue: VMobject
        self.knots = VGroup()
        self.mark = Bracket(width=3.0)
        self.counter = counter

    def band(self) -> VMobject:
        """Red at rest, broad and faint, under what is drawn along it."""
        return self.plot.curve(self.x, self.function(self.x), mix(palette.red, 0.48), BAND)

    def dots(self, curve: PiecewiseLinearCurve) -> VGroup:
        """Dots at the corners of ``curve``."""
        radius = 0.1 if len(curve.x) <= 16 else 0.065
        return VGroup(*(self.plot.dot(x, y, palette.blue, radius) for x, y in curve.knots))

    def lines(self, curve: PiecewiseLinearCurve) -> VMobject:
        """``curve`` in blue, with a point at each sample, so that it can turn into any other one."""
        x = np.unique([*self.x, *curve.x])
        return self.plot.curve(x, curve(x), palette.blue, style.MAIN_CURVE)

    def measure(self, mark: Bracket) -> Bracket:
        """Put ``mark`` where blue at rest is farthest from red; returns it."""
        x = widest_gap(self.function, self.curve)
        return mark.span(*(self.plot.at(x, float(f(x))) for f in (self.function, self.curve)))

    def show(self, red: Function, blue: PiecewiseLinearCurve, at: NDArray) -> None:
        """Draw ``blue``, and put the knots on red where x is ``at``."""
        x = np.unique([*self.x, *blue.x])
        self.plot.set_curve(self.blue, x, blue(x))
        for dot, place in zip(self.knots, self.plot.at(at, red(at)), strict=True):
            dot.move_to(place)
