"""The losses of two runs, smoothed, in one plot from 0 up, drawn as far as the updates have come: who leads is seen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.mobjects.bars import above_the_picture
from gradreel.scenes.mobjects.loss_lines import below, calmed
from gradreel.scenes.mobjects.plot import Plot
from gradreel.scenes.mobjects.rising_curve import RisingCurve
from gradreel.scenes.mobjects.text import words
from gradreel.scenes.mobjects.ticks import Ticks, round_labels
from gradreel.scenes.style import palette
from gradreel.scenes.words.numbers import number_text
from manim import Circle, Dot, VGroup
from numpy.typing import NDArray

BOX = (0.85, 5.45, -2.45, 2.1)  # left, right, bottom, top
EARLY = 0.05  # share of the updates whose losses may lie above the picture
MARGIN = 0.08  # of the picture's height, above the lines
WIDTHS = (style.SECOND_CURVE, 2.4)  # the fat network's line, the deep one's
LONGEST = 6  # of a tick's label, or its power of ten is written once
WAITS = (0.15, 0.14)  # from the plot's corner to where the upper run waits whose loss is still above the picture
BESIDE, ABOVE_EACH_OTHER = 0.17, 0.4  # from a tip to its name; from one of these names to the other
RING, CLEAR = 0.25, 0.1  # radius of the ring where one passes the other, and how far the names stay from it


class RaceLines(VGroup):
    """``losses`` of two runs over ``updates``, all (R,), calmed; the first line is thicker. ``show`` draws up to one.

    Parts: ``plot``; ``curves``; ``tips``, arrowheads while a loss is above the picture; ``riders``, the names beside
    these. ``axes``: the words for loss and for update.
    """

    def __init__(
        self, updates: NDArray, losses: Sequence[NDArray], names: Sequence[str], axes: tuple[str, str]
    ) -> None:
        super().__init__()
        left, right, bottom, top = BOX
        losses = [calmed(run) for run in losses]
        x, late = np.asarray(updates, dtype=float), updates >= EARLY * updates[-1]
        high = (1 + MARGIN) * max(1e-9, *(float(y[late].max()) for y in losses))
        ends = number_text(int(x[-1]))
        self.plot = Plot(
            (0.0, x[-1]), (0.0, high), left=left, right=right, bottom=bottom, top=top, x_label=None,
            x_ticks=Ticks((0.0, float(x[-1])), ("0", ends)), y_ticks=_ticks(high),
        )  # fmt: skip
        self.curves = [
            RisingCurve(self.plot, *below(x, y, high), palette.text, width)
            for y, width in zip(losses, WIDTHS, strict=True)
        ]
        self.tips = [Dot(radius=0.08, color=palette.text) for _ in losses]
        self.disc, self.head = self.tips[0].points.copy(), above_the_picture()
        self.riders = [words(name, style.LABEL) for name in names]
        loss_word, update_word = (words(word, style.TICK, palette.dim) for word in axes)
        notes = self.plot.notes
        loss_word.place(top + 0.2, left=float(notes.get_right()[0]) + 0.2 if len(notes) else left - 0.1)
        update_word.place(bottom - 0.4, center=(left + right) / 2)
        self.add(self.plot, *self.curves, *self.tips, *self.riders, loss_word, update_word)
        self.show(0.0)

    def show(self, update: float) -> RaceLines:
        """Both lines up to ``update``."""
        for curve, tip in zip(self.curves, self.tips, strict=True):
            curve.show(update)
            tip.set_points(self.head if curve.tip is None else self.disc)
        upper = self._upper()
        for k, (curve, tip) in enumerate(zip(self.curves, self.tips, strict=True)):
            tip.move_to(self._waiting(k == upper) if curve.tip is None else curve.tip)
        self._ride()
        return self

    def ring(self, update: float, loss: float) -> Circle | None:
        """Round a point of the picture; None where the names at the end have no room beside it."""
        ring = Circle(radius=RING, color=palette.text, stroke_width=style.BOX).move_to(self.plot.at(update, loss))
        return ring if ring.get_right()[0] < self.plot.box[1] + BESIDE - CLEAR else None

    def clear_of(self, ring: Circle) -> float:
        """The update from which on the names have passed ``ring``."""
        return self.plot.data([float(ring.get_right()[0]) - BESIDE + CLEAR, 0.0, 0.0])[0]

    def _upper(self) -> int:
        """Which of two losses above the picture waits over the other: the one that comes into it later."""
        return int(np.argmax([float(curve.data_x[0]) for curve in self.curves]))

    def _waiting(self, upper: bool) -> NDArray:
        """(3,): where the tip is of a run whose loss is still above the picture, one below the other."""
        left, _, _, top = self.plot.box
        return np.array([left + WAITS[0], top - WAITS[1] - (0 if upper else ABOVE_EACH_OTHER), 0.0])

    def _ride(self) -> None:
        """Each rider goes beside its tip, as far above or below it as both need to be read."""
        heights = [float(tip.get_center()[1]) for tip in self.tips]
        first_is_upper = heights[0] >= heights[1]
        apart = max(abs(heights[0] - heights[1]), ABOVE_EACH_OTHER) / 2
        *_, bottom, top = self.plot.box
        middle = float(np.clip(sum(heights) / 2, bottom + WAITS[1] + apart, top - WAITS[1] - apart))
        for rider, tip, sign in zip(self.riders, self.tips, (1, -1) if first_is_upper else (-1, 1), strict=True):
            rider.place(middle + sign * apart - 0.08, left=float(tip.get_center()[0]) + BESIDE)


def _ticks(high: float) -> Ticks:
    """0 and one or two round losses up to ``high``."""
    ticks = round_labels(0.0, high, 2)
    plain = tuple(number_text(value) for value in ticks.values)
    return Ticks(ticks.values, plain) if max(map(len, plain)) <= LONGEST else ticks
