"""How far blue is from red at every x, enlarged in a strip under their plot."""

from __future__ import annotations

import math

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.mobjects.plot import Plot, segment
from gradreel.scenes.mobjects.text import words
from gradreel.scenes.style import mix, palette
from manim import VGroup, VMobject
from numpy.typing import NDArray

BOTTOM, TOP, NAME_LINE = -2.59, -1.68, -1.5
PLOT_BOTTOM = -1.02  # of a plot that has room for the strip under it
INK = 0.4  # of the text colour, under the strip's edge
LEAST = 2.0  # times enlarged: less would show no more than the plot


def enlarged(plot: Plot, largest: float) -> float:
    """One digit times a power of ten: as many times as large as in ``plot`` the strip has room for gaps up to this."""
    _, _, bottom, top = plot.box
    unit = (top - bottom) / (plot.y_range[1] - plot.y_range[0])
    most = (TOP - BOTTOM) / (unit * largest)
    power = 10.0 ** math.floor(math.log10(most))
    return power * math.floor(most / power)


class GapStrip(VGroup):
    """How far a curve is from another one at every x, enlarged, under the plot that shows both.

    ``show`` sets the gaps over the x axis of ``plot``, ``times`` as high as they are there; ``name`` says so.

    Parts: ``zero``, ``body`` and its upper ``edge``; ``name`` is none of them.
    A gap of more than ``most`` ends at the strip's top.
    """

    def __init__(self, plot: Plot, times: float, name: str) -> None:
        super().__init__()
        left, right, bottom, top = plot.box
        self.unit = (top - bottom) / (plot.y_range[1] - plot.y_range[0])
        self.plot = Plot(plot.x_range, (0.0, 1.0), left=left, right=right, bottom=BOTTOM, top=TOP, x_label=None)
        self.zero = segment((left, BOTTOM, 0), (right, BOTTOM, 0), palette.axis, style.AXIS)
        self.body = VMobject(stroke_width=0).set_fill(mix(palette.text, INK), 1)
        self.edge = self.plot.curve(np.array(plot.x_range), np.zeros(2), palette.text, style.AXIS)
        self.times = times
        self.name = words(name, style.TICK, palette.dim).place(NAME_LINE, right=right)
        self.add(self.body, self.zero, self.edge)

    @property
    def most(self) -> float:
        return (TOP - BOTTOM) / self.unit / self.times

    def show(self, x: NDArray, gaps: NDArray) -> None:
        """Gaps (n,), from 0 on, at ``x`` (n,)."""
        shown = np.minimum(gaps / self.most, 1.0)
        self.plot.set_curve(self.edge, x, shown)
        around = np.concatenate([x[:1], x, x[-1:], x[:1]])
        self.plot.set_curve(self.body, around, np.concatenate([[0.0], shown, [0.0, 0.0]]))
