"""Where runs from several random starts ended: a dot each on a line of losses, one of them ringed.

Dots that would cover each other are stacked, so that they can be counted.
"""

from __future__ import annotations

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.mobjects.plot import Plot, ring
from gradreel.scenes.mobjects.text import words
from gradreel.scenes.mobjects.ticks import Ticks, nice_range, number_text, round_ticks
from gradreel.scenes.style import mix, palette
from manim import Dot, VGroup
from numpy.typing import NDArray

DOT, RING = 0.09, 0.17  # radii
OVER = 0.32  # from the axis up to the dots
APART, OFF_RING = 0.25, 0.32  # between the middles of two dots, and of a dot and the one in the ring
HIGHEST = 1.5  # of a stack
MARGIN = 0.15  # of the losses' range, free at each end


class StartsLine(VGroup):
    """``ours`` and ``others`` (n,) on a line from ``left`` to ``right`` at y = ``y``.

    Parts: ``axis``, ``mine`` (a dot in a ring, and its name), ``dots``, ``names`` (of the axis and of the dots).
    """

    def __init__(
        self, ours: float, others: NDArray, left: float, right: float, y: float, names: tuple[str, str, str]
    ) -> None:
        super().__init__()
        span = nice_range([ours, *others], margin=MARGIN)
        values = round_ticks(*span, 4)
        ticks = Ticks(values, tuple(map(number_text, values)))
        self.axis = Plot(span, (0.0, 1.0), left=left, right=right, bottom=y, top=y + 1.0, x_ticks=ticks, x_label=None)
        self.axis.remove(self.axis.y_axis)
        name, mine, other = names
        places = self.axis.at(np.array([ours, *others]), 0.0) + np.array([0.0, OVER, 0.0])
        places[:, 1] += stacked(places[:, 0])
        self.dots = VGroup(*(Dot(place, DOT, color=mix(palette.text, 0.8)) for place in places[1:]))
        label = words(mine, style.LABEL, palette.orange)
        near = np.abs(places[:, 0] - places[0, 0]) < label.width / 2 + APART
        label.place(float(places[near, 1].max()) + 0.4, center=float(places[0, 0]))
        self.mine = VGroup(Dot(places[0], DOT, color=palette.orange), ring(places[0], RING, palette.orange), label)
        self.mine[1].set_fill(opacity=0)
        top = max(float(label.get_top()[1]), float(places[:, 1].max()))
        self.names = VGroup(
            words(name, style.TICK, palette.dim).place(y - 0.8, right=right),
            words(other, style.CAPTION, palette.dim).place(max(y + OVER + 1.1, top + 0.3), left=left),
        )
        self.add(self.axis, self.dots, self.mine, self.names)


def stacked(x: NDArray) -> NDArray:
    """(n,): how far the dots at ``x`` (n,) are raised, each as little as may be; the first, in its ring, is not."""
    heights = np.zeros(len(x))
    placed = [0]
    for k in sorted(range(1, len(x)), key=lambda k: float(x[k])):
        while any(np.hypot(x[k] - x[i], heights[k] - heights[i]) < (APART if i else OFF_RING) - 1e-9 for i in placed):
            heights[k] += APART
        placed.append(k)
    return heights * min(1.0, HIGHEST / max(float(heights.max()), 1e-9))
