"""How far blue is from red: the largest gap as a number beside the count of points, all gaps enlarged in a strip."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.mobjects.plot import Plot, segment
from gradreel.scenes.mobjects.text import Number, TextMobject, words
from gradreel.scenes.style import mix, palette
from gradreel.scenes.words.numbers import number_text
from manim import Animation, FadeIn, FadeOut, UpdateFromAlphaFunc, VGroup, VMobject, smooth, squish_rate_func
from numpy.typing import NDArray

SIZE = 34
MOST_DECIMALS = 7
BOTTOM, TOP, NAME_LINE = -2.59, -1.68, -1.5
PLOT_BOTTOM = -1.02  # of a plot that has room for the strip under it
INK = 0.4  # of the text colour, under the strip's edge
LEAST = 2.0  # times enlarged: less would show no more than the plot


def rounded(value: float) -> float:
    """A gap as it is written everywhere: its first two digits."""
    return float(f"{value:.2g}")


def two_digits(value: float) -> str:
    """A gap as text: its first two digits, 0.050 for 0.0495; at most MOST_DECIMALS decimals."""
    value = rounded(value)
    decimals = 1 - math.floor(math.log10(abs(value))) if value else 1
    return number_text(value, min(max(decimals, 0), MOST_DECIMALS))


class GapCounter(VGroup):
    """``points 8   largest gap 0.21`` at the top right: ``set_count``, ``set_gap`` change ``count`` and ``gap``."""

    def __init__(self, count_words: str, gap_words: str, most: int, gaps: Iterable[float]) -> None:
        super().__init__()
        line = style.HEADING_BASELINE
        self.gap = Number(0.0, 1, SIZE)
        widest = max(Number(gap, _decimals(gap), SIZE).width for gap in gaps)
        self.gap_left = style.RIGHT_EDGE - widest
        named = words(gap_words, 32).place(line, right=self.gap_left - 0.2)
        self.count = Number(most, 0, SIZE).place(line, named.get_left()[0] - 0.7)
        self.count_left = self.count.get_left()[0]
        counted = words(count_words, 32).place(line, right=self.count_left - 0.2)
        self.add(counted, self.count, named, self.gap)

    def set_count(self, count: int) -> None:
        self.count.set_value(count).place_left(style.HEADING_BASELINE, self.count_left)

    def set_gap(self, gap: float) -> None:
        self.gap.decimals = _decimals(gap)
        self.gap.set_value(rounded(gap)).place_left(style.HEADING_BASELINE, self.gap_left)


def _decimals(gap: float) -> int:
    return len(two_digits(gap).partition(".")[2])


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

    Parts: ``zero``, ``body`` and its upper ``edge``. ``name`` is none of them: another comes when ``times`` changes.
    A gap of more than ``most`` ends at the strip's top.
    """

    def __init__(self, plot: Plot, times: float, name: str) -> None:
        super().__init__()
        left, right, bottom, top = plot.box
        self.right = right
        self.unit = (top - bottom) / (plot.y_range[1] - plot.y_range[0])
        self.plot = Plot(plot.x_range, (0.0, 1.0), left=left, right=right, bottom=BOTTOM, top=TOP, x_label=None)
        self.zero = segment((left, BOTTOM, 0), (right, BOTTOM, 0), palette.axis, style.AXIS)
        self.body = VMobject(stroke_width=0).set_fill(mix(palette.text, INK), 1)
        self.edge = self.plot.curve(np.array(plot.x_range), np.zeros(2), palette.text, style.AXIS)
        self.times, self.name = times, self._named(name)
        self.x, self.gaps = np.array(plot.x_range), np.zeros(2)
        self.add(self.body, self.zero, self.edge)

    def _named(self, name: str) -> TextMobject:
        return words(name, style.TICK, palette.dim).place(NAME_LINE, right=self.right)

    @property
    def most(self) -> float:
        return (TOP - BOTTOM) / self.unit / self.times

    def show(self, x: NDArray, gaps: NDArray) -> None:
        """Gaps (n,), from 0 on, at ``x`` (n,)."""
        self.x, self.gaps = x, gaps
        shown = np.minimum(gaps / self.most, 1.0)
        self.plot.set_curve(self.edge, x, shown)
        around = np.concatenate([x[:1], x, x[-1:], x[:1]])
        self.plot.set_curve(self.body, around, np.concatenate([[0.0], shown, [0.0, 0.0]]))

    def zoom(self, times: float, name: str) -> list[Animation]:
        """The animations that make the gaps ``times`` as high as in the plot, which ``name`` says."""
        start, old = self.times, self.name
        self.name = self._named(name)

        def grow(strip: GapStrip, share: float) -> None:
            strip.times = start * (times / start) ** share
            strip.show(strip.x, strip.gaps)

        early, late = squish_rate_func(smooth, 0.0, 0.4), squish_rate_func(smooth, 0.5, 0.9)
        naming = [FadeOut(old, rate_func=early), FadeIn(self.name, rate_func=late)]
        return [UpdateFromAlphaFunc(self, grow, rate_func=smooth), *naming]
