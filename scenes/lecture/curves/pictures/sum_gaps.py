"""How far a sum of sigmoids misses red: its gaps in the plot, and the largest gap."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.lecture.curves.pictures.straight_line import Gaps
from gradreel.scenes.lecture.curves.pictures.sum_numbers import SumNumbers
from gradreel.scenes.mobjects.plot import Plot
from gradreel.scenes.mobjects.text import Number, words
from manim import Animation, UpdateFromAlphaFunc, VGroup, VMobject, linear, smooth
from numpy.typing import NDArray

GAPS = 25


class SumGaps(Gaps):
    """Strokes from a red curve to the blue one at even x: ``measure`` moves them to blue's heights ``y`` over ``x``."""

    def __init__(self, plot: Plot, red: Callable[[NDArray], NDArray], x: NDArray) -> None:
        at = np.linspace(*plot.x_range, GAPS)
        super().__init__(plot, at, red(at), red)
        self.over = x

    def measure(self, y: NDArray) -> SumGaps:
        self.show(lambda at: np.interp(at, self.over, y))
        return self


class CutCounter(VGroup):
    """``sigmoids 3   largest gap 0.58`` on the heading's line, of a sum set by hand; ``most``: cuts of a piece."""

    def __init__(self, count_words: str, gap_words: str, numbers: SumNumbers, most: int) -> None:
        super().__init__()
        line = style.HEADING_BASELINE
        self.gap = Number(numbers.gap(1), 2, 32).place(line, style.RIGHT_EDGE)
        gap_name = words(gap_words, 32).place(line, right=self.gap.get_left()[0] - 0.2)
        self.count = Number(most * numbers.n_sigmoids, 0, 32).place(line, gap_name.get_left()[0] - 0.6)
        count_name = words(count_words, 32).place(line, right=self.count.get_left()[0] - 0.2)
        self.count.set_value(numbers.n_sigmoids)
        self.add(count_name, self.count, gap_name, self.gap)

    def cutting(self, numbers: SumNumbers, cuts: int) -> Animation:
        """The animation in which the gap is that of the sum on its way to smaller pieces; the count changes halfway."""
        counts = numbers.n_sigmoids, cuts * numbers.n_sigmoids
        start, end = numbers.missed(1), numbers.missed(cuts)

        def update(_: VMobject, share: float) -> None:
            self.count.set_value(counts[int(share >= 0.5)])
            moved = smooth(share)
            self.gap.set_value(float(np.abs((1 - moved) * start + moved * end).max()))

        return UpdateFromAlphaFunc(self, update, rate_func=linear)
