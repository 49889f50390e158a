"""What stands at the top right of a training run: the count of updates and the loss, live."""

from __future__ import annotations

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.mobjects.text import Number, formula, words
from gradreel.scenes.mobjects.theta_strip import shared_power
from gradreel.scenes.style import palette
from manim import VGroup
from numpy.typing import NDArray

_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def loss_decimals(losses: NDArray) -> int:
    """Decimals with which the smallest of ``losses`` still shows two digits, 1 to 5; fewer while losses are huge."""
    finite = losses[np.isfinite(losses)]
    smallest, largest = float(finite.min(initial=np.inf)), float(finite.max(initial=0.0))
    wanted = 3 if not 0 < smallest < 1 else max(3, 1 - int(np.floor(np.log10(smallest))))
    return int(np.clip(wanted, 0, max(0, min(5, 7 - len(str(int(largest)))))))


class Readout(VGroup):
    """``update 2100   L(θ) = 0.141`` on the heading's line, the loss at the right edge; or its name instead of L(θ).

    ``losses`` are those that will be shown, the first one at first: they set the decimals and, where there are
    millions, the power of ten that L(θ) is multiplied by. ``most`` is the largest count. Parts: ``count_words``,
    ``count``, ``loss_words``, ``loss``.
    """

    def __init__(self, count_words: str, most: int, losses: NDArray, left: float, loss_name: str | None = None) -> None:
        super().__init__()
        line = style.HEADING_BASELINE
        self.power = min(0, shared_power(losses, digits=6))
        written = losses[np.isfinite(losses)] * 10.0**self.power
        self.loss = Number(float(written.max()), loss_decimals(written), 38, face="math")
        self.loss.place(line, style.RIGHT_EDGE)
        if loss_name is None:
            factor = f"10^({self.power}) " if self.power else ""
            name, gap = formula(f"{factor}L(orange(theta)) =", 40), 0.17
        else:
            name, gap = words(loss_name, 32), 0.2
        self.loss_words = name.place(line, right=self.loss.get_left()[0] - gap)
        self.count_words = words(count_words, 32).place(line, left=left)
        self.count = Number(most, 0, 32, palette.text)
        self.count_left = self.count_words.get_right()[0] + 0.16
        self.add(self.count_words, self.count, self.loss_words, self.loss)
        self.show(0, float(losses[0]))

    def show(self, update: int, loss: float) -> None:
        """Show a count and a loss."""
        self.loss.set_value(loss * 10.0**self.power)
        self.count.set_value(update)
        self.count.place_left(style.HEADING_BASELINE, self.count_left)

    def written(self, loss: float) -> str:
        """A loss as text, with the digits it has here."""
        text = self.loss.written(loss * 10.0**self.power)
        return f"{text}·10{str(-self.power).translate(_RAISED)}" if self.power else text
