"""How long the gradient is: live, in one number; and before each update, on a logarithmic axis, hardly ever zero."""

from __future__ import annotations

import math

import numpy as np
from gradreel.core.arrays import evenly_spaced
from gradreel.scenes import style
from gradreel.scenes.mobjects.loss_axis import MARGIN, LossAxis, update_ticks
from gradreel.scenes.mobjects.plot import Plot, ring
from gradreel.scenes.mobjects.text import Number, formula, words
from gradreel.scenes.mobjects.update_formulas import length_source
from gradreel.scenes.style import palette
from manim import VGroup
from numpy.typing import NDArray

DRAWN = 800  # corners of the curve, about
EARLY = 100  # updates of which each is one
DOT, CLEAR = 0.11, 0.3  # the last dot's radius; between a label and the curve
MOST_DECIMALS = 8


class LengthNow(VGroup):
    """|g| = 0.0006, live, at the left edge; ``said``: what that is, in words beside it. ``show`` writes another one.

    ``lengths`` (K,): all that will be shown; the shortest one that is not zero has a digit, so it is not read as zero.
    Parts: ``sign``, ``number``, ``name``.
    """

    def __init__(self, lengths: NDArray, said: str, baseline: float) -> None:
        super().__init__()
        known = lengths[np.isfinite(lengths) & (lengths > 0)]
        order = math.floor(math.log10(float(known.min(initial=1.0))))
        decimals = min(max(2, -order), MOST_DECIMALS)
        self.sign = formula("abs(orange(bold(g))) =", 40).place(baseline, left=style.LEFT_EDGE)
        self.number = Number(float(known.max(initial=0.0)), decimals, style.LABEL + 4, palette.orange)
        self.number.place_left(baseline, self.sign.get_right()[0] + 0.2)
        beside = float(self.number.get_right()[0]) + 0.4
        self.name = words(said, style.CAPTION, palette.dim).place(baseline, left=beside)
        self.add(self.sign, self.number, self.name)

    def show(self, length: float) -> None:
        """Write ``length``: the digits keep their places."""
        self.number.set_value(length)


class GradientLengths(VGroup):
    """``lengths`` (K,) of the gradients before updates 1 to K in ``box`` (left, right, bottom, top).

    Parts: ``plot``, ``curve``, ``name`` (of the axis), ``end`` (a dot, and the last length). ``updates`` is the word
    under the axis. Lengths that are zero or not finite are left out.
    """

    def __init__(self, lengths: NDArray, box: tuple[float, float, float, float], updates: str) -> None:
        super().__init__()
        left, right, bottom, top = box
        count = len(lengths)
        rows = np.unique([*range(min(EARLY, count)), *evenly_spaced(count, DRAWN)])
        rows = rows[np.isfinite(lengths[rows]) & (lengths[rows] > 0)]
        heights = np.log10(lengths[rows])
        low, high = float(heights.min()), float(heights.max())
        margin = MARGIN * (high - low or 1.0)
        axis = LossAxis(True, low - margin, high + margin)
        self.plot = Plot(
            (0.0, float(count)), (axis.low, axis.high), left=left, right=right, bottom=bottom, top=top,
            x_ticks=update_ticks(count, 4), y_ticks=axis.ticks(), x_label=None,
        )  # fmt: skip
        self.plot.add(words(updates, style.TICK, palette.dim).place(bottom - 0.75, right=right))
        self.curve = self.plot.curve(rows, heights, palette.orange, style.SECOND_CURVE)
        self.name = formula("abs(orange(bold(g)))", style.LETTER).place(top + 0.05, left=left + 0.12)
        last = self.plot.at(rows[-1], heights[-1])
        written = formula(length_source(float(lengths[rows[-1]])), style.LETTER + 3)
        beside = self.plot.at(rows, heights)
        over = beside[beside[:, 0] > right - written.width - CLEAR, 1].max(initial=last[1])
        written.place(float(over) + CLEAR, right=right)
        self.end = VGroup(ring(last, DOT, palette.text, fill=palette.orange), written)
        self.add(self.plot, self.curve, self.name, self.end)
