"""Measured gaps over numbers of points, both axes counting factors: a law like 1 / K² is a straight line there.

Nobody need know such axes: the upright one has tenths of tenths at equal distances, and each dot has its gap beside it.
"""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.lecture.curves.convergence import Convergence
from gradreel.scenes.lecture.curves.pictures.gap_counter import two_digits
from gradreel.scenes.mobjects.plot import Plot, dashed, polyline, ring
from gradreel.scenes.mobjects.text import TextMobject, words
from gradreel.scenes.mobjects.ticks import Ticks
from gradreel.scenes.style import mix, palette
from gradreel.scenes.words.numbers import number_text
from manim import VGroup, VMobject
from numpy.typing import NDArray

BOX = (2.35, 4.65, -2.59, 1.0)  # left, right, bottom, top
NO_GAP = 1e-6  # of the largest gap: what is smaller is not drawn, a logarithm has no 0
MARGIN = 0.12
TICKS_APART = 0.4  # between two powers of ten on the upright axis, at least
APART = 0.37  # between the baselines of two labels, at least
CLEAR = 0.02  # around a label


class ConvergencePlot:
    """Two series of measured gaps, of even points and of well-placed ones.

    ``texts``: what stands at the axes ("points", "gap-axis") and at the ends of both series ("even", "placed").

    Parts: ``axes``; of the even points ``dots``, ``line`` and ``even_label``; ``notes(k)``, the gap at the k-th dot;
    ``placed_marks`` of the well-placed ones, hollow and dashed, none where they leave hardly a gap, without those of
    the last count, ``placed_last``.
    """

    def __init__(self, even: Convergence, placed: Convergence, texts: dict[str, str]) -> None:
        gaps = np.concatenate([even.errors, placed.errors])
        self.shown = gaps[gaps > NO_GAP * gaps.max()]
        self.plot = self._plot(even.counts)
        self.axes = VGroup(self.plot, *self._axis_words(texts))
        at, placed_at, ink = self._places(even), self._places(placed), mix(palette.blue, 0.7)
        self.dots = [self.plot.dot(*self._at(k, e), palette.blue, 0.09) for k, e in self._pairs(even)]
        self.line = polyline(at, ink, style.GHOST_CURVE)
        dashes = VGroup(*(dashed(a, b, ink, style.GHOST_CURVE) for a, b in pairwise(placed_at)))
        hollow = [ring(place, 0.085, palette.blue) for place in placed_at]
        self.placed_dots = VGroup(dashes, *hollow)
        self.even_label, self.placed_label = (
            words(texts[key], style.LABEL, palette.blue) for key in ("even", "placed")
        )
        line = at[-1][1] - 0.34
        self.even_label.place(line, left=at[-1][0] + 0.2)
        self.placed_label.place(min(placed_at[-1][1] - 0.1, line - APART), left=placed_at[-1][0] + 0.2)
        self.placed_marks: list[VMobject] = []
        self.placed_last = VGroup()
        if len(hollow) > 1:
            if self.shows(placed, -1):  # of the points that come last
                self.placed_last = VGroup(dashes[-1], hollow[-1])
                dashes, hollow = dashes[:-1], hollow[:-1]
            self.placed_marks = [VGroup(dashes, *hollow), self.placed_label]
        self._notes = self._written(even, placed)

    def notes(self, index: int) -> list[TextMobject]:
        """What is written at the dot of this index: only what has room."""
        return self._notes[index] if index < len(self._notes) else []

    def shows(self, series: Convergence, index: int) -> bool:
        """Whether the gap of this index is large enough for a dot."""
        return bool(series.errors[index] >= self.shown.min())

    def placed_note(self, series: Convergence, index: int) -> TextMobject:
        """The gap of the well-placed points at the count of this index, left of its hollow dot."""
        x, y = self.plot.at(*self._at(series.counts[index], float(series.errors[index])))[:2]
        note = words(two_digits(float(series.errors[index])), style.LABEL, palette.blue)
        return note.place(y - 0.42, right=max(x - 0.1, BOX[0] + 0.1 + note.width))

    def _pairs(self, series: Convergence) -> list[tuple[int, float]]:
        pairs = zip(series.counts, series.errors.tolist(), strict=True)
        return [(count, error) for count, error in pairs if error >= self.shown.min()]

    def _at(self, count: float, error: float) -> tuple[float, float]:
        return math.log10(count), math.log10(error)

    def _plot(self, counts: tuple[int, ...]) -> Plot:
        left, right, bottom, top = BOX
        x0, x1 = math.log10(counts[0]), math.log10(counts[-1])
        y0, y1 = math.log10(self.shown.min()), math.log10(self.shown.max())
        far = [counts[0]]
        for count in counts[1:]:  # labels that would touch are left out
            if math.log10(count / far[-1]) / (x1 - x0) * (right - left) > 0.45:
                far.append(count)
        highest = y1 + max(0.3, 0.17 * (y1 - y0))  # the topmost number clears the name
        heights = (min(y0 - 0.2 * max(1.0, y1 - y0), math.floor(highest) - 1.0), highest)  # two powers of ten, or more
        return Plot(
            (x0 - MARGIN, x1 + MARGIN / 2),
            heights,
            left=left,
            right=right,
            bottom=bottom,
            top=top,
            x_ticks=Ticks(tuple(math.log10(k) for k in far), tuple(str(k) for k in far)),
            y_ticks=_powers_of_ten(*heights, top - bottom),
            x_label=None,
        )

    def _axis_words(self, texts: dict[str, str]) -> list[TextMobject]:
        left, right, bottom, top = BOX
        below = words(texts["points"], style.TICK, palette.dim).place(bottom - 0.4, left=right + 0.25)
        above = words(texts["gap-axis"], style.TICK, palette.dim).place(top + 0.16, left=left - 0.1)
        return [below, above]

    def _places(self, series: Convergence) -> NDArray:
        """The dots of a series, (n, 3)."""
        return self.plot.at(*np.array([self._at(k, e) for k, e in self._pairs(series)]).T)

    def _written(self, even: Convergence, placed: Convergence) -> list[list[TextMobject]]:
        """For each even dot its gap, right above it, if it has room there."""
        pairs, places = self._pairs(even), self._places(even)
        ink = np.concatenate([_dense(places), _dense(self._places(placed))])
        taken: list[TextMobject] = [self.even_label, self.placed_label]
        written = []
        for (_, gap), at in zip(pairs, places, strict=True):
            note = words(two_digits(gap), style.LABEL, palette.blue).place(at[1] + 0.1, left=at[0] + 0.16)
            written.append([note] if _is_free(note, taken, ink) else [])
            taken += written[-1]
        return written


def _dense(corners: NDArray) -> NDArray:
    """Points along a line through ``corners``, (n, 2)."""
    at = np.linspace(0, len(corners) - 1, 60 * len(corners))
    return np.column_stack([np.interp(at, np.arange(len(corners)), corners[:, axis]) for axis in (0, 1)])


def _is_free(note: TextMobject, taken: list[TextMobject], ink: NDArray) -> bool:
    low, high = note.get_corner((-1, -1, 0))[:2] - CLEAR, note.get_corner((1, 1, 0))[:2] + CLEAR
    if ((ink > low) & (ink < high)).all(axis=1).any() or high[0] > style.RIGHT_EDGE:
        return False
    others = ((other.get_corner((-1, -1, 0))[:2], other.get_corner((1, 1, 0))[:2]) for other in taken)
    return not any((low < top).all() and (high > bottom).all() for bottom, top in others)


def _powers_of_ten(low: float, high: float, room: float) -> Ticks:
    """Ticks at powers of ten on an axis of their logarithms, ``room`` high: all, or every n-th."""
    step = math.ceil(TICKS_APART * (high - low) / room)
    powers = [power for power in range(math.ceil(low), math.floor(high) + 1) if power % step == 0]
    return Ticks(tuple(map(float, powers)), tuple(number_text(10.0**power) for power in powers))
