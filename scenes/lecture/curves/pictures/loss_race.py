"""Two bars, each as high as a loss: the one of the sum set by hand stands, the training's falls below it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.mobjects.plot import dashed, polyline, segment
from gradreel.scenes.mobjects.text import Number, fitted, words
from gradreel.scenes.style import mix, palette
from manim import VGroup

MIDDLES, HALF = (4.25, 5.7), 0.4  # of the bars: x, half a width
BOTTOM, TOP = -2.59, 1.75
NAME, NAME_WIDTH, NUMBER_GAP = -3.0, 1.25, 0.14  # baseline and width of the names; from a bar to its number


class LossRace(VGroup):
    """``show(loss)`` sets the training's bar, up to ``highest``; the other one has the loss ``by_hand``.

    ``names``: of the training and of the sum set by hand; losses are written with ``decimals``. Parts: ``bar``,
    ``number`` (the training's), ``ours`` (what stands: outline, level, number).
    """

    def __init__(self, highest: float, by_hand: float, decimals: int, names: tuple[str, str]) -> None:
        super().__init__()
        self.scale_y = (TOP - BOTTOM) / highest
        left, right = MIDDLES[0] - HALF - 0.15, MIDDLES[1] + HALF + 0.15
        ground = segment((left, BOTTOM, 0), (right, BOTTOM, 0), palette.axis, style.AXIS)
        self.bar = polyline(np.zeros((2, 3)), palette.blue, style.BOX)
        self.bar.set_fill(mix(palette.blue, 0.45), 1)
        self.number = Number(highest, decimals, style.LABEL, palette.blue)
        self.right_edge = MIDDLES[0] + self.number.width / 2
        height = BOTTOM + by_hand * self.scale_y
        box = self._corners(MIDDLES[1], by_hand)
        outline = VGroup(*(dashed(*pair, palette.blue, style.BOX, 0.12) for pair in pairwise(box[:4])))
        level = dashed((left, height, 0), (right, height, 0), mix(palette.text, 0.75), style.GUIDE, 0.1)
        number = Number(by_hand, decimals, style.LABEL, palette.blue)
        number.place(height + NUMBER_GAP, MIDDLES[1] + number.width / 2)
        labels = [fitted(words, name, style.TICK, NAME_WIDTH) for name in names]
        for label, middle in zip(labels, MIDDLES, strict=True):
            label.place(NAME, center=middle)
        self.ours = VGroup(outline, level, number)
        self.add(ground, self.bar, self.number, *labels, self.ours)
        self.show(highest)

    def show(self, loss: float) -> None:
        """The training's loss is ``loss``."""
        self.bar.set_points_as_corners(self._corners(MIDDLES[0], loss))
        self.number.set_value(loss)
        level = float(self.ours[1].get_center()[1])  # the number keeps above it
        self.number.place(max(float(self.bar.get_top()[1]), level) + NUMBER_GAP, self.right_edge)

    def _corners(self, middle: float, loss: float) -> np.ndarray:
        top = BOTTOM + loss * self.scale_y
        left, right = middle - HALF, middle + HALF
        return np.array([(left, BOTTOM, 0), (left, top, 0), (right, top, 0), (right, BOTTOM, 0), (left, BOTTOM, 0)])
