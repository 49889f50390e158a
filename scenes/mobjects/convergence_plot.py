"""Measured gaps over numbers of points, both axes counting factors: a law like 1 / K² is a straight line there."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
from gradreel.core.convergence import Convergence
from gradreel.scenes import style
from gradreel.scenes.mobjects.plot import Plot, dashed, polyline, ring, segment
from gradreel.scenes.mobjects.text import TextMobject, words
from gradreel.scenes.mobjects.ticks import Ticks, number_text
from gradreel.scenes.style import mix, palette
from manim import VGroup, VMobject
from numpy.typing import NDArray

BOX = (2.75, 4.75, -2.59, 0.95)  # left, right, bottom, top
NO_GAP = 1e-6  # of the largest gap: what is smaller is not drawn, a logarithm has no 0
MARGIN = 0.12
APART = 0.37  # between the baselines of two labels, at least


class ConvergencePlot:
    """Two series of measured gaps. Texts: points, largest-gap, even, placed.

    Parts: ``axes``; ``dots``, ``line`` and ``even_label`` of the even points, ``stair`` of their last step;
    ``placed_marks`` of the well-placed ones, hollow and dashed.
    """

    def __init__(self, even: Convergence, placed: Convergence, texts: dict[str, str]) -> None:
        gaps = np.concatenate([even.errors, placed.errors])
        self.shown = gaps[gaps > NO_GAP * gaps.max()]
        self.plot = self._plot(even.counts)
        self.axes = VGroup(self.plot, *self._axis_words(texts))
        self.dots = [self.plot.dot(*self._at(k, e), palette.blue, 0.09) for k, e in self._pairs(even)]
        self.line = self._through(even)
        self.even_label = words(texts["even"], style.LABEL, palette.blue)
        line = self._end(even)[1] - 0.1
        self.even_label.place(line, left=self._end(even)[0] + 0.2)
        self.placed_dots = VGroup(self._dashes(placed), *(self._hollow(k, e) for k, e in self._pairs(placed)))
        self.placed_label = words(texts["placed"], style.LABEL, palette.blue)
        self.placed_label.place(min(self._end(placed)[1] - 0.1, line - APART), left=self._end(placed)[0] + 0.2)
        self.stair = self._stair(even, line + APART)

    def _end(self, series: Convergence) -> NDArray:
        """The last dot of a series, (3,)."""
        return self.plot.at(*self._at(*self._pairs(series)[-1]))

    @property
    def placed_marks(self) -> list[VMobject]:
        """What shows the well-placed points: nothing where they leave hardly a gap."""
        return [self.placed_dots, self.placed_label] if len(self.placed_dots) > 2 else []

    def _pairs(self, series: Convergence) -> list[tuple[int, float]]:
        pairs = zip(series.counts, series.errors.tolist(), strict=True)
        return [(count, error) for count, error in pairs if error >= self.shown.min()]

    def _at(self, count: float, error: float) -> tuple[float, float]:
        return math.log10(count), math.log10(error)

    def _plot(self, counts: tuple[int, ...]) -> Plot:
        left, right, bottom, top = BOX
        x0, x1 = math.log10(counts[0]), math.log10(counts[-1])
        y0, y1 = math.log10(self.shown.min()), math.log10(self.shown.max())
        powers = range(math.ceil(y0 - 0.2), math.floor(y1 + 0.2) + 1)
        labels = tuple(number_text(10.0**p) for p in powers)
        far = [counts[0]]
        for count in counts[1:]:  # labels that would touch are left out
            if math.log10(count / far[-1]) / (x1 - x0) * (right - left) > 0.45:
                far.append(count)
        return Plot(
            (x0 - MARGIN, x1 + MARGIN / 2),
            (y0 - 0.25 * max(1.0, y1 - y0), y1 + 0.2),
            left=left,
            right=right,
            bottom=bottom,
            top=top,
            x_ticks=Ticks(tuple(math.log10(k) for k in far), tuple(str(k) for k in far)),
            y_ticks=Ticks(tuple(float(p) for p in powers), labels),
            x_label=None,
        )

    def _axis_words(self, texts: dict[str, str]) -> list[TextMobject]:
        left, right, bottom, top = BOX
        below = words(texts["points"], style.TICK, palette.dim).place(bottom - 0.08, left=right + 0.15)
        above = words(texts["largest-gap"], style.TICK, palette.dim).place(top + 0.16, left=left - 0.4)
        return [below, above]

    def _through(self, series: Convergence) -> VMobject:
        points = self.plot.at(*np.array([self._at(k, e) for k, e in self._pairs(series)]).T)
        return polyline(points, mix(palette.blue, 0.7), style.GHOST_CURVE)

    def _dashes(self, series: Convergence) -> VGroup:
        points = self.plot.at(*np.array([self._at(k, e) for k, e in self._pairs(series)]).T)
        pairs = pairwise(points)
        return VGroup(*(dashed(a, b, mix(palette.blue, 0.7), style.GHOST_CURVE) for a, b in pairs))

    def _hollow(self, count: int, error: float) -> VMobject:
        return ring(self.plot.at(*self._at(count, error)), 0.085, palette.blue)

    def _stair(self, series: Convergence, least: float) -> VGroup:
        """The last step of the even points: across by the factor of the points, down by that of the gap.

        The gap's label does not stand below ``least``.
        """
        (k0, e0), (k1, e1) = self._pairs(series)[-2:]
        start, corner, end = (self.plot.at(*self._at(k, e)) for k, e in ((k0, e0), (k1, e0), (k1, e1)))
        color = mix(palette.text, 0.8)
        across = words(f"$times {_factor(k1 / k0)}$", style.LABEL).place(
            corner[1] + 0.14, center=(start[0] + corner[0]) / 2
        )
        down = words(f"$div {_factor(e0 / e1)}$", style.LABEL)
        down.place(max((corner[1] + end[1]) / 2 - 0.1, least), left=corner[0] + 0.14)
        return VGroup(segment(start, corner, color, style.AXIS), segment(corner, end, color, style.AXIS), across, down)


def _factor(value: float) -> str:
    return number_text(float(f"{value:.2g}")).replace("\u2212", "-")
