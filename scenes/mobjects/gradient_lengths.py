"""How long the gradient was before each update, on a logarithmic axis: it gets short, and hardly ever zero."""

from __future__ import annotations

import numpy as np
from gradreel.core.arrays import evenly_spaced
from gradreel.scenes import style
from gradreel.scenes.mobjects.loss_axis import MARGIN, LossAxis, update_ticks
from gradreel.scenes.mobjects.plot import Plot, ring
from gradreel.scenes.mobjects.text import formula, words
from gradreel.scenes.mobjects.update_formulas import length_source
from gradreel.scenes.style import palette
from manim import VGroup
from numpy.typing import NDArray

DRAWN = 800  # corners of the curve, about
EARLY = 100  # updates of which each is one
DOT, CLEAR = 0.11, 0.3  # the last dot's radius; between a label and the curve


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
