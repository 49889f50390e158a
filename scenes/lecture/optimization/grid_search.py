"""Trying every value instead of going downhill: the loss of each line on a grid, and how many tries a network takes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

import numpy as np
from gradreel.core.arrays import FloatArray

A_SECOND = 10**9
"""Tries in a second that a very fast computer is granted here: no network's loss is computed as fast as that."""
DIGITS_A_PAGE = 3000
"""Digits that a closely printed page holds."""


@dataclass(frozen=True, eq=False)
class LineGrid:
    """The loss of the line y = b + w x at each of m values of w and m of b."""

    w: FloatArray  # (m,)
    b: FloatArray  # (m,)
    loss: FloatArray  # (m, m)  mean of (b + w x - y)², a row for each b

    @property
    def best(self) -> tuple[int, int]:
        """(row, column) of the least loss, the first of several."""
        row, column = np.unravel_index(int(self.loss.argmin()), self.loss.shape)
        return int(row), int(column)


def line_grid(
    x: FloatArray, y: FloatArray, w_range: tuple[float, float], b_range: tuple[float, float], m: int
) -> LineGrid:
    """The loss over points x, y (N,) of every line with one of ``m`` even values of w and one of ``m`` of b."""
    w, b = np.linspace(*w_range, m), np.linspace(*b_range, m)
    error = b[:, None, None] + w[:, None] * x - y  # (m, m, N)
    return LineGrid(w, b, np.asarray((error**2).mean(axis=-1)))


@dataclass(frozen=True)
class Tries:
    """How many choices of theta there are with ``values`` values for each of ``parameters`` parameters. Exact."""

    values: int
    parameters: int

    @cached_property
    def count(self) -> int:
        """values ** parameters."""
        count: int = self.values**self.parameters
        return count

    @property
    def digits(self) -> int:
        """Decimal digits of ``count``."""
        return Decimal(self.count).adjusted() + 1

    @property
    def leading(self) -> tuple[str, int]:
        """``count`` as ("6.6", 20) for 6.6 · 10²⁰: rounded to two digits, and the power of ten."""
        digits, power = f"{Decimal(self.count):.1e}".split("e")
        return digits, int(power)

    @property
    def seconds(self) -> float:
        """What they take at A_SECOND of them a second; inf where that is no float any more."""
        try:
            return self.count / A_SECOND
        except OverflowError:
            return math.inf

    @property
    def pages(self) -> int:
        """Pages that the number itself fills when it is printed."""
        return -(-self.digits // DIGITS_A_PAGE)
