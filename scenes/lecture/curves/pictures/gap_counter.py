"""The count of points, and beside it the largest gap between blue and red."""

from __future__ import annotations

import math
from collections.abc import Iterable

from gradreel.scenes import style
from gradreel.scenes.mobjects.text import Number, words
from gradreel.scenes.words.numbers import number_text
from manim import VGroup

SIZE = 34
MOST_DECIMALS = 7


def rounded(value: float) -> float:
    """A gap as it is written everywhere: its first two digits."""
    return float(f"{value:.2g}")


def two_digits(value: float) -> str:
    """A gap as text: its first two digits, 0.050 for 0.0495; at most MOST_DECIMALS decimals."""
    value = rounded(value)
    decimals = 1 - math.floor(math.log10(abs(value))) if value else 1
    return number_text(value, min(max(decimals, 0), MOST_DECIMALS))


class GapCounter(VGroup):
    """``points 8   largest gap 0.21`` at the top right: ``set_count``, ``set_gap`` change ``count`` and ``gap``."""

    def __init__(self, count_words: str, gap_words: str, most: int, gaps: Iterable[float]) -> None:
        super().__init__()
        line = style.HEADING_BASELINE
        self.gap = Number(0.0, 1, SIZE)
        widest = max(Number(gap, _decimals(gap), SIZE).width for gap in gaps)
        self.gap_left = style.RIGHT_EDGE - widest
        named = words(gap_words, 32).place(line, right=self.gap_left - 0.2)
        self.count = Number(most, 0, SIZE).place(line, named.get_left()[0] - 0.7)
        self.count_left = self.count.get_left()[0]
        counted = words(count_words, 32).place(line, right=self.count_left - 0.2)
        self.add(counted, self.count, named, self.gap)

    def set_count(self, count: int) -> None:
        self.count.set_value(count).place_left(style.HEADING_BASELINE, self.count_left)

    def set_gap(self, gap: float) -> None:
        self.gap.decimals = _decimals(gap)
        self.gap.set_value(rounded(gap)).place_left(style.HEADING_BASELINE, self.gap_left)


def _decimals(gap: float) -> int:
    return len(two_digits(gap).partition(".")[2])
