"""What stands at the top right of a training run: the count of updates and the loss, live."""

from __future__ import annotations

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.mobjects.text import Number, formula, words
from gradreel.scenes.style import palette
from manim import VGroup
from numpy.typing import NDArray


def loss_decimals(losses: NDArray) -> int:
    """Decimals with which the smallest of ``losses`` still shows two digits, 1 to 5; fewer while losses are huge."""
    finite = losses[np.isfinite(losses)]
    smallest, largest = float(finite.min(initial=np.inf)), float(finite.max(initial=0.0))
    wanted = 3 if not 0 < smallest < 1 else max(3, 1 - int(np.floor(np.log10(smallest))))
    return int(np.clip(wanted, 0, max(0, min(5, 7 - len(str(int(largest)))))))


class Readout(VGroup):
    """``update 2100   L(θ) = 0.141`` on the heading's line, the loss at the right edge.

    ``losses`` are those that will be shown (for the decimals), ``most`` the largest count. Parts: ``count_words``,
    ``count``, ``loss_words``, ``loss``.
    """

    def __init__(self, count_words: str, most: int, losses: NDArray, left: float) -> None:
        super().__init__()
        line = style.HEADING_BASELINE
        self.loss = Number(float(np.max(losses[np.isfinite(losses)])), loss_decimals(losses), 38, face="math")
        self.loss.place(line, style.RIGHT_EDGE)
        self.loss_words = formula("L(orange(theta)) =", 40).place(line, right=self.loss.get_left()[0] - 0.17)
        self.count_words = words(count_words, 32).place(line, left=left)
        self.count = Number(most, 0, 32, palette.text)
        self.count_left = self.count_words.get_right()[0] + 0.16
        self.add(self.count_words, self.count, self.loss_words, self.loss)
        self.show(0, float(losses[0]))

    def show(self, update: int, loss: float) -> None:
        """Show a count and a loss."""
        self.loss.set_value(loss)
        self.count.set_value(update)
        self.count.place_left(style.HEADING_BASELINE, self.count_left)
