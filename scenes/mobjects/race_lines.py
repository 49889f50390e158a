"""The losses of two runs in one small plot, drawn as far as the updates have come: who leads can be seen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from gradreel.scenes import style
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


class RaceLines(VGroup):
    """``losses`` of two runs over ``updates``, all (R,); the second line is dashed. ``show`` draws them up to one.

    Parts: ``curves``, ``tips``, ``names``: where the two are furthest apart, once they have come there.
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
        self.names = self._named(x, losses, names)
        loss = words(word, style.TICK, palette.dim).place(top - 0.15, right=right)
        self.add(self.plot, *self.curves, *self.tips, *self.names, loss)
        self.show(0.0)

    def _named(self, x: NDArray, losses: Sequence[NDArray], names: Sequence[str]) -> list[TextMobject]:
        """Each line's name, over the upper one and under the lower one, where they are furthest apart."""
        middle = (x >= MIDDLE[0] * x[-1]) & (x <= MIDDLE[1] * x[-1])
        apart = np.where(middle, np.abs(losses[0] - losses[1]), -1.0)
        k = int(np.argmax(apart))
        self.named_at = float(x[k])
        placed, first_is_upper = [], losses[0][k] >= losses[1][k]
        for y, name, upper in zip(losses, names, (first_is_upper, not first_is_upper), strict=True):
            point = self.plot.at(x[k], np.clip(y[k], *self.plot.y_range))
            baseline = point[1] + (NAME_RISE if upper else -NAME_DROP)
            placed.append(words(name, style.TICK).place(baseline, center=point[0]))
        return placed

    def show(self, update: float) -> RaceLines:
        """Both lines up to ``update``."""
        for curve, tip in zip(self.curves, self.tips, strict=True):
            curve.show(update)
            tip.move_to(curve.corners[0] if curve.tip is None else curve.tip)
        come = (update - self.named_at) / (COMES * self.plot.x_range[1])
        for name in self.names:
            name.set_opacity(float(np.clip(come, 0.0, 1.0)))
        return self
