"""The losses of two runs in one small plot, drawn as far as the updates have come: who leads can be seen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.mobjects.bars import above_the_picture
from gradreel.scenes.mobjects.loss_lines import below
from gradreel.scenes.mobjects.plot import Plot
from gradreel.scenes.mobjects.rising_curve import RisingCurve
from gradreel.scenes.mobjects.text import TextMobject, words
from gradreel.scenes.style import palette
from manim import Dot, VGroup
from numpy.typing import NDArray

BOX = (-6.2, 6.2, 0.35, 1.9)  # left, right, bottom, top
EARLY = 0.05  # share of the updates whose losses may lie above the picture
MARGIN = 0.08  # of the picture's height, above and below the lines
DASHES = (0.0, 0.12)
MIDDLE = (0.25, 0.75)  # shares of the updates between which the lines are named
NAME_RISE, NAME_DROP = 0.16, 0.36  # from the lines to the baselines of their names
COMES = 0.05  # share of the updates in which a name comes
WAITS = (0.15, 0.14)  # from the plot's corner to where the upper run waits whose loss is still above the picture
BESIDE, ABOVE_EACH_OTHER = 0.17, 0.34  # from a tip to its name; from one of these names to the other


class RaceLines(VGroup):
    """``losses`` of two runs over ``updates``, all (R,); the second line is dashed. ``show`` draws them up to one.

    Parts: ``curves``; ``tips``, arrowheads while a loss is above the picture; ``riders``, the names beside these, until
    the ``names`` come: where the two are furthest apart.
    """

    def __init__(self, updates: NDArray, losses: Sequence[NDArray], names: Sequence[str], word: str) -> None:
        super().__init__()
        left, right, bottom, top = BOX
        x, late = np.asarray(updates, dtype=float), updates >= EARLY * updates[-1]
        low, high = min(y[late].min() for y in losses), max(y[late].max() for y in losses)
        margin = MARGIN * max(high - low, 1e-9)
        y_range = (low - margin, high + margin)
        self.plot = Plot((0.0, x[-1]), y_range, left=left, right=right, bottom=bottom, top=top, x_label=None)
        self.curves = [
            RisingCurve(self.plot, *below(x, y, y_range[1]), palette.text, style.RING, dash)
            for y, dash in zip(losses, DASHES, strict=True)
        ]
        self.tips = [Dot(radius=0.07, color=palette.text) for _ in losses]
        self.disc, self.head = self.tips[0].points.copy(), above_the_picture()
        self.names = self._named(x, losses, names)
        self.riders = [words(name, style.TICK) for name in names]
        loss = words(word, style.TICK, palette.dim).place(top - 0.15, right=right)
        self.add(self.plot, *self.curves, *self.tips, *self.riders, *self.names, loss)
        self.show(0.0)

    def _named(self, x: NDArray, losses: Sequence[NDArray], names: Sequence[str]) -> list[TextMobject]:
        """Each line's name, over the upper one and under the lower one, where they are furthest apart."""
        middle = (x >= MIDDLE[0] * x[-1]) & (x <= MIDDLE[1] * x[-1])
        apart = np.where(middle, np.abs(losses[0] - losses[1]), -1.0)
        k = int(np.argmax(apart))
        self.named_at = float(x[k])
        placed, first_is_upper = [], bool(losses[0][k] >= losses[1][k])
        self.upper = (first_is_upper, not first_is_upper)
        for y, name, upper in zip(losses, names, self.upper, strict=True):
            point = self.plot.at(x[k], np.clip(y[k], *self.plot.y_range))
            baseline = point[1] + (NAME_RISE if upper else -NAME_DROP)
            placed.append(words(name, style.TICK).place(baseline, center=point[0]))
        return placed

    def show(self, update: float) -> RaceLines:
        """Both lines up to ``update``."""
        for curve, tip, upper in zip(self.curves, self.tips, self.upper, strict=True):
            curve.show(update)
            tip.set_points(self.head if curve.tip is None else self.disc)
            tip.move_to(self._waiting(upper) if curve.tip is None else curve.tip)
        self._ride()
        come = float(np.clip((update - self.named_at) / (COMES * self.plot.x_range[1]), 0.0, 1.0))
        for name, rider in zip(self.names, self.riders, strict=True):
            name.set_opacity(come)
            rider.set_opacity(1.0 - come)
        return self

    def _waiting(self, upper: bool) -> NDArray:
        """(3,): where the tip is of a run whose loss is still above the picture, one below the other."""
        left, _, _, top = self.plot.box
        return np.array([left + WAITS[0], top - WAITS[1] - (0 if upper else ABOVE_EACH_OTHER), 0.0])

    def _ride(self) -> None:
        """Each rider goes beside its tip, as far above or below it as both need to be read."""
        heights = [float(tip.get_center()[1]) for tip in self.tips]
        first_is_upper = self.upper[0] if heights[0] == heights[1] else heights[0] > heights[1]
        apart = max(abs(heights[0] - heights[1]), ABOVE_EACH_OTHER) / 2
        *_, bottom, top = self.plot.box
        middle = float(np.clip(sum(heights) / 2, bottom + WAITS[1] + apart, top - WAITS[1] - apart))
        for rider, tip, sign in zip(self.riders, self.tips, (1, -1) if first_is_upper else (-1, 1), strict=True):
            rider.place(middle + sign * apart - 0.08, left=float(tip.get_center()[0]) + BESIDE)
