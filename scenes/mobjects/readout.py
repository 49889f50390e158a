"""Live readouts at the top right of a training run or loss curve: the count of updates and the loss."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from gradreel.core.arrays import FloatArray
from gradreel.scenes import style
from gradreel.scenes.mobjects.text import Number, TextMobject, formula, words
from gradreel.scenes.mobjects.theta_strip import shared_power
from gradreel.scenes.mobjects.update_formulas import short_text
from gradreel.scenes.style import palette
from manim import VGroup

_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
WRITTEN_IN_FULL = 1e5  # losses from here on are written with a power of ten


class Readout(VGroup):
    """``update 2100   L(θ) = 0.141`` on the heading's line, with the loss at the right edge.

    ``losses``: all that will be shown, the first one at first. They set the decimals and, if a loss has more than six
    digits, a power of ten before L(θ). ``most``: the largest count. ``loss_name`` replaces "L(θ) =". Parts:
    ``count_words``, ``count``, ``loss_words``, ``loss``.
    """

    def __init__(
        self, count_words: str, most: int, losses: FloatArray, left: float, loss_name: str | None = None
    ) -> None:
        super().__init__()
        line = style.HEADING_BASELINE
        self.power = min(0, shared_power(losses, digits=6))
        written = losses[np.isfinite(losses)] * 10.0**self.power
        self.loss = Number(float(written.max()), loss_decimals(written), 32)
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
        """Show this count of updates and this loss."""
        self.loss.set_value(loss * 10.0**self.power)
        self.count.set_value(update)
        self.count.place_left(style.HEADING_BASELINE, self.count_left)

    def written(self, loss: float) -> str:
        """Return a loss as text with the digits of this readout, such as "1.25·10⁶"."""
        text = self.loss.written(loss * 10.0**self.power)
        return f"{text}·10{str(-self.power).translate(_RAISED)}" if self.power else text


def loss_decimals(losses: FloatArray) -> int:
    """Return the decimals, 3 to 5, with which the smallest loss shows two digits; fewer, down to 0, for huge losses."""
    finite = losses[np.isfinite(losses)]
    smallest, largest = float(finite.min(initial=np.inf)), float(finite.max(initial=0.0))
    decimals = 3 if not 0 < smallest < 1 else max(3, 1 - int(np.floor(np.log10(smallest))))
    return int(np.clip(decimals, 0, max(0, min(5, 7 - len(str(int(largest)))))))


class LossReadout(VGroup):
    """``update 1 200   loss 0.043k`` on the heading's line.

    ``suffix``: after the loss, such as "k". ``losses``: finite ones, which set the decimals, ``fewest`` or more.
    ``most``: the largest count. Parts: ``count_words``, ``count``, ``loss_words``, ``loss``, ``suffix``.
    """

    def __init__(
        self,
        count_words: str,
        loss_words: str,
        suffix: str,
        most: int,
        losses: FloatArray,
        left: float,
        fewest: int = 3,
    ) -> None:
        super().__init__()
        line = style.HEADING_BASELINE
        self.count_words: TextMobject = words(count_words, 32).place(line, left=left)
        self.count = Number(most, 0, 32, palette.text, group=True)
        self.count_left = float(self.count_words.get_right()[0]) + 0.16
        self.unit, self.suffix, right = suffix, VGroup(), style.RIGHT_EDGE
        if suffix:
            self.suffix.add(words(suffix, 32).place(line, right=right))
            right = float(self.suffix.get_left()[0]) - 0.04
        decimals, ends = decimals_of(losses, fewest), (float(losses.max()), float(losses.min()))
        self.loss = LossNumber(ends[0], decimals, 32, palette.text).place(line, right)
        self.loss.set_value(max(ends, key=lambda loss: len(self.loss.written(loss))))  # the words need its left edge
        self.loss_words = self.named(loss_words)
        self.add(self.count_words, self.count, self.loss_words, self.loss, self.suffix)

    def named(self, text: str, losses: Sequence[float] = ()) -> TextMobject:
        """Return words to stand left of the loss, such as "loss"; they leave room for each of ``losses``."""
        number, left = self.loss.copy(), float(self.loss.get_left()[0])
        for loss in losses:
            left = min(left, float(number.set_value(loss).get_left()[0]))
        return words(text, 32).place(style.HEADING_BASELINE, right=left - 0.2)

    def written(self, loss: float) -> str:
        """Return a loss as text with this readout's digits and suffix."""
        return self.loss.written(loss) + self.unit

    def show(self, update: int, loss: float) -> None:
        """Show this count of updates and this loss."""
        self.loss.set_value(loss)
        self.count.set_value(update)
        self.count.place_left(style.HEADING_BASELINE, self.count_left)


class LossNumber(Number):
    """A number that shows a loss, see `written`."""

    def written(self, value: float) -> str:
        """Return a loss as text: "–" for NaN, "∞", "0" for exactly 0.

        Losses from `WRITTEN_IN_FULL` on, and those that would round to 0, have a power of ten: "6.7·10⁻⁵".
        """
        if np.isnan(value):
            return "–"
        if np.isinf(value):
            return "∞"
        if value == 0:
            return "0"
        if abs(value) >= WRITTEN_IN_FULL or abs(value) < 0.5 * 10.0**-self.decimals:
            return short_text(value)
        return super().written(value)


def decimals_of(losses: FloatArray, fewest: int) -> int:
    """Return the decimals with which all but the lowest 5 % of ``losses`` show two digits.

    There are ``fewest`` to 6, but fewer for huge losses.
    """
    sizes = np.abs(losses[np.abs(losses) < WRITTEN_IN_FULL])
    if not len(sizes):
        return fewest
    small, largest = float(np.quantile(sizes, 0.05)), float(sizes.max())
    decimals = fewest if not 0 < small < 1 else max(fewest, 1 - int(np.floor(np.log10(small))))
    return int(np.clip(decimals, 0, max(0, min(6, 7 - len(str(int(largest)))))))
