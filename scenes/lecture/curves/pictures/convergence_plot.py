"""Measured gaps over numbers of points, both axes counting factors: a law like 1 / K² is a straight line there.

Nobody need know such axes: the upright one has tenths of tenths at equal distances, and each dot has its gap beside it.
"""

from __future__ import annotations

import math

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.lecture.curves.convergence import Convergence
from gradreel.scenes.lecture.curves.pictures.gap_counter import two_digits
from gradreel.scenes.mobjects.plot import Plot, polyline
from gradreel.scenes.mobjects.text import TextMobject, words
from gradreel.scenes.mobjects.ticks import Ticks
from gradreel.scenes.style import mix, palette
from gradreel.scenes.words.numbers import number_text
from manim import VGroup
from numpy.typing import NDArray

BOX = (2.35, 4.65, -2.59, 1.0)  # left, right, bottom, top
MARGIN = 0.12
TICKS_APART = 0.4  # between two powers of ten on the upright axis, at least
CLEAR = 0.02  # around a label


class ConvergencePlot:
    """The measured gaps of more and more points, none of them 0: a logarithm has no 0.

    ``points`` and ``gap`` name the axes. Parts: ``axes``, ``dots``, ``line``; ``notes(k)``, the gap at the k-th dot.
    """

    def __init__(self, found: Convergence, points: str, gap: str) -> None:
        self.found = found
        self.plot = self._plot(found.counts)
        self.axes = VGroup(self.plot, *self._axis_words(points, gap))
        places = self._places()
        self.dots = [self.plot.dot(*self.plot.data(place), palette.blue, 0.09) for place in places]
        self.line = polyline(places, mix(palette.blue, 0.7), style.GHOST_CURVE)
        self._notes = self._written(places)

    def notes(self, index: int) -> list[TextMobject]:
        """What is written at the dot of this index: only what has room."""
        return self._notes[index]

    def _plot(self, counts: tuple[int, ...]) -> Plot:
        left, right, bottom, top = BOX
        x0, x1 = math.log10(counts[0]), math.log10(counts[-1])
        y0, y1 = math.log10(self.found.errors.min()), math.log10(self.found.errors.max())
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

    def _axis_words(self, points: str, gap: str) -> list[TextMobject]:
        left, right, bottom, top = BOX
        below = words(points, style.TICK, palette.dim).place(bottom - 0.4, left=right + 0.25)
        above = words(gap, style.TICK, palette.dim).place(top + 0.16, left=left - 0.1)
        return [below, above]

    def _places(self) -> NDArray:
        """The dots, (n, 3)."""
        return self.plot.at(np.log10(self.found.counts), np.log10(self.found.errors))

    def _written(self, places: NDArray) -> list[list[TextMobject]]:
        """For each dot its gap, right above it, if it has room there."""
        ink = _dense(places)
        taken: list[TextMobject] = []
        written = []
        for gap, at in zip(self.found.errors.tolist(), places, strict=True):
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
