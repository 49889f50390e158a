"""Draws a confusion matrix, with a row for each true class and a column for each answer, and the bars of shares."""

from __future__ import annotations

import numpy as np
from gradreel.core.arrays import FloatArray, IntArray
from gradreel.scenes.mobjects.pixel_pictures import PAPER, readable_ink
from gradreel.scenes.mobjects.text import Number, patch_under, words
from gradreel.scenes.style import mix, palette
from manim import ManimColor, Rectangle, VGroup

CELL_FILL = 0.92  # of a cell's width: what its square covers
STRONGEST = 1.0  # share of a colour in a cell with all examples of its row


class ConfusionMatrix(VGroup):
    """Draws K x K cells; `show` colours them by counts (K, K): right answers blue, wrong ones orange.

    A cell is stronger the larger its share of its row; the square root makes single mistakes visible. Parts: ``cells``,
    ``rows``, ``columns`` (the names of the classes).
    """

    def __init__(self, n_classes: int, left: float, top: float, side: float, size: float = 28) -> None:
        super().__init__()
        self.n_classes, self.step = n_classes, side / n_classes
        self.corner = np.array([left, top])
        cell = CELL_FILL * self.step
        self.cells = VGroup(
            *(
                Rectangle(width=cell, height=cell, stroke_width=0).move_to(self.at(row, column))
                for row in range(n_classes)
                for column in range(n_classes)
            )
        )
        self.rows, self.columns = VGroup(), VGroup()
        for k in range(n_classes):
            (x, y, _), text = self.at(k, k), words(str(k), size)
            self.rows.add(text.copy().place(y - 0.1, right=left - 0.18))
            self.columns.add(text.place(top + 0.16, center=x))
        self.add(self.cells, self.rows, self.columns)
        self.show(np.zeros((n_classes, n_classes), dtype=int))

    def at(self, row: int, column: int) -> FloatArray:
        """Return the middle of a cell, (3,)."""
        x, y = self.corner + self.step * np.array([column + 0.5, -(row + 0.5)])
        return np.array([x, y, 0.0])

    def cell(self, row: int, column: int) -> Rectangle:
        """Return the square of a cell."""
        return self.cells[row * self.n_classes + column]

    def show(self, counts: IntArray) -> ConfusionMatrix:
        """Colour each cell by its count; return self."""
        self.counts = counts
        shares = np.sqrt(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1))
        for row in range(self.n_classes):
            for column in range(self.n_classes):
                color = palette.blue if row == column else palette.orange
                self.cell(row, column).set_fill(_over_paper(color, STRONGEST * float(shares[row, column])), 1)
        return self

    def numbers(self, size: float = 28) -> VGroup:
        """Return the present counts that are not 0, as numbers in their cells."""
        numbers = VGroup()
        for row, column in np.argwhere(self.counts):
            color = ManimColor(self.cell(row, column).get_fill_color())
            number = words(str(int(self.counts[row, column])), size, readable_ink(color))
            number.move_to(self.at(row, column))
            numbers.add(VGroup(patch_under(number, color, 0.02, 0.02), number))
        return numbers


def _over_paper(color: ManimColor, share: float) -> ManimColor:
    """Return ``color`` mixed into the colour of paper."""
    return ManimColor(mix(palette.text, PAPER)).interpolate(color, share)


class ShareBars(VGroup):
    """Draws a bar for each class, one under the other: the shares (K,) of a softmax, with percentages beside them.

    Parts: ``names``, ``bars``, ``numbers``.
    """

    def __init__(
        self, shares: FloatArray, left: float, top: float, width: float, step: float, size: float = 28
    ) -> None:
        super().__init__()
        self.left, self.full_width = left, width
        self.names, self.bars, self.numbers = VGroup(), VGroup(), VGroup()
        for k in range(len(shares)):
            y = top - step * (k + 0.5)
            self.names.add(words(str(k), size).place(y - 0.1, right=left - 0.2))
            self.bars.add(Rectangle(width=1, height=0.66 * step, stroke_width=0).move_to([left, y, 0]))
            self.numbers.add(Number(100, 0, size, palette.text).place(y - 0.1, left + width + 0.85))
        percent = [words("%", size).place(number.baseline, left=left + width + 0.9) for number in self.numbers]
        self.add(self.names, self.bars, self.numbers, VGroup(*percent))
        self.show(shares)

    def show(self, shares: FloatArray) -> ShareBars:
        """Draw these shares; the largest, the answer, is blue. Return self."""
        answer = int(np.argmax(shares))
        for k, (bar, number) in enumerate(zip(self.bars, self.numbers, strict=True)):
            bar.stretch_to_fit_width(max(self.full_width * float(shares[k]), 0.02))
            bar.move_to([self.left + bar.width / 2, bar.get_center()[1], 0])
            bar.set_fill(palette.blue if k == answer else mix(palette.blue, 0.4), 1)
            number.set_value(100 * float(shares[k]))
        return self
