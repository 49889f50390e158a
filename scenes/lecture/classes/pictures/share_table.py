"""Draws the scores of some classes, e to the power of each, and their shares as a bar that is always full."""

from __future__ import annotations

import numpy as np
from gradreel.core.network.losses import softmax
from gradreel.scenes import style
from gradreel.scenes.mobjects.class_regions import class_marks
from gradreel.scenes.mobjects.readout import LossNumber
from gradreel.scenes.mobjects.text import Number, TextMobject, formula, words
from gradreel.scenes.style import class_color, palette
from manim import Rectangle, VGroup, VMobject
from numpy.typing import NDArray

MARK = 0.16  # size of a class's mark
NUMBER, NAME = 36, 30  # sizes of text
HEADER, FIRST_ROW, ROW = 2.25, 1.5, 0.8  # baselines; from row to row
COLUMNS = (1.75, 3.65, 5.35)  # right edges of the numbers, from the table's left
BAR, BARS, THIN = (-1.75, 0.7), (-1.05, -1.65, -2.25), 0.36  # the full bar's middle and height; of those before it


def whole_percents(shares: NDArray) -> NDArray:
    """Return whole percents that add up to 100, (K,): those with the largest remainders are rounded up.

    Examples
    --------
    >>> whole_percents(np.array([0.333, 0.333, 0.334]))
    array([33, 33, 34])
    """
    percents = 100 * np.asarray(shares)
    whole = np.floor(percents).astype(int)
    missing = 100 - int(whole.sum())
    whole[np.argsort(whole - percents, kind="stable")[:missing]] += 1
    return whole


def _box(bar: VMobject, left: float, right: float, middle: float, height: float) -> None:
    """Give ``bar`` these edges."""
    low, high = middle - height / 2, middle + height / 2
    corners = [(left, low), (right, low), (right, high), (left, high), (left, low)]
    bar.set_points_as_corners(np.array([(x, y, 0.0) for x, y in corners]))


class ShareBar(VGroup):
    """Draws a row with mark and percentage for each class, and all shares below them as one bar that is always full.

    ``left``, ``right``: edges of the bar. Parts: ``marks``, ``percents``, ``signs``, ``bars``, each with an entry for
    each class; ``frame``, of the full bar.
    """

    def __init__(self, count: int, left: float, right: float) -> None:
        super().__init__()
        self.left, self.right = left, right
        self.rows = [FIRST_ROW - ROW * k for k in range(count)]
        self.marks = VGroup(
            *(class_marks(k, np.array([[left + 0.2, y + 0.13, 0.0]]), MARK) for k, y in enumerate(self.rows))
        )
        self.percents = self.column(Number(0.0, 0, NUMBER), COLUMNS[2])
        self.signs = VGroup(*(words("%", NUMBER).place(y, left=left + COLUMNS[2] + 0.06) for y in self.rows))
        self.bars = VGroup(*(VMobject(stroke_width=0).set_fill(class_color(k), 1) for k in range(count)))
        self.frame = Rectangle(width=right - left, height=BAR[1], color=palette.text, stroke_width=style.BOX)
        self.frame.move_to([(left + right) / 2, BAR[0], 0])
        self.add(self.marks, self.percents, self.signs, self.bars, self.frame)

    def column(self, number: Number, right: float) -> VGroup:
        """Return copies of ``number``, one in each row, with their right edges at ``right`` from the left."""
        return VGroup(*(number.copy().place(y, self.left + right) for y in self.rows))

    def show(self, scores: NDArray, joined: float = 1.0) -> ShareBar:
        """Show the shares of these scores (K,); return self.

        ``joined``: 0 for bars below each other, as long as e to the power of the scores; 1 for bars end to end, as long
        as the shares.
        """
        shares = softmax(scores)
        width = self.right - self.left
        starts = self.left + width * np.concatenate([[0.0], np.cumsum(shares)])
        for k, (bar, percent) in enumerate(zip(self.bars, whole_percents(shares), strict=True)):
            self.percents[k].set_value(percent)
            apart = np.array([self.left, self.left + 0.8 * width * shares[k] / shares.max(), BARS[k], THIN])
            full = np.array([starts[k], starts[k + 1], *BAR])
            _box(bar, *(apart + joined * (full - apart)))
        return self


class ShareTable(ShareBar):
    """Draws the shares, before them in each row the score and e to its power, and ``names`` over the columns.

    Further parts: ``scores``, ``powers``, ``names``.
    """

    def __init__(self, scores: NDArray, names: tuple[str, str, str], left: float, right: float) -> None:
        super().__init__(len(scores), left, right)
        self.scores = self.column(Number(0.0, 2, NUMBER), COLUMNS[0])
        self.powers = self.column(LossNumber(0.0, 2, NUMBER), COLUMNS[1])
        self.names = VGroup(*(self._name(name, left + x) for name, x in zip(names, COLUMNS, strict=True)))
        self.show(scores)

    @staticmethod
    def _name(name: str, right: float) -> TextMobject:
        name_text = formula(name, 46, palette.dim) if "^" in name else words(name, NAME, palette.dim)
        return name_text.place(HEADER, right=right + 0.1)

    def show(self, scores: NDArray, joined: float = 1.0) -> ShareTable:
        """Show these scores (K,) and what is made of them; return self."""
        super().show(scores, joined)
        for score, power, value in zip(self.scores, self.powers, scores, strict=True):
            score.set_value(value)
            power.set_value(np.exp(value))
        return self
