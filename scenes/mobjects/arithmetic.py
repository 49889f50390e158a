"""One parameter's update in printed numbers that are right as printed. Pure numbers: nothing here draws."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class PrintedUpdate:
    """``after = before - rate * slope`` for parameter ``index``, each number as it is printed.

    ``exact`` says whether the equation holds for the printed digits as they stand, without rounding the product.
    """

    index: int
    before: str
    rate: str
    slope: str
    after: str
    exact: bool


def printed_update(
    before: NDArray, slopes: NDArray, after: NDArray, rate: float, among: Iterable[int], decimals: int = 3
) -> PrintedUpdate:
    """The parameter, of ``among``, whose recorded update reads best: right in its printed digits, the steepest such.

    ``before, slopes, after`` (P,) are recorded numbers; ``after = before - rate * slopes`` in float64. Each is rounded
    by itself to ``decimals``, so the sum of the rounded ones may be off by one in the last digit: such a parameter is
    passed over. Where all are, more decimals are printed; numbers are only ever rounded, never adjusted.
    """
    order = sorted(among, key=lambda i: -abs(float(slopes[i])))
    rate_text = _plain(Decimal(repr(float(rate))))
    rate_digits = max(0, -int(Decimal(rate_text).as_tuple().exponent))
    for places in range(decimals, 12):
        slope_places = max(1, places - rate_digits)
        for exact_wanted in (True, False):
            for index in order:
                made = _printed(index, before, slopes, after, rate_text, places, slope_places)
                if made is not None and (made.exact or not exact_wanted):
                    return made
    index = order[0]
    return PrintedUpdate(
        index, repr(float(before[index])), rate_text, repr(float(slopes[index])), repr(float(after[index])), False
    )


def _printed(
    index: int, before: NDArray, slopes: NDArray, after: NDArray, rate: str, places: int, slope_places: int
) -> PrintedUpdate | None:
    start, end = _rounded(before[index], places), _rounded(after[index], places)
    slope = _rounded(slopes[index], slope_places)
    if (slope == 0 and slopes[index] != 0) or (start == end and before[index] != after[index]):
        return None  # a change has to be seen
    result = start - Decimal(rate) * slope
    if result.quantize(end, rounding=ROUND_HALF_EVEN) != end:
        return None
    return PrintedUpdate(index, _plain(start), rate, _plain(slope), _plain(end), result == end)


def _rounded(value: float, places: int) -> Decimal:
    return Decimal(repr(float(np.float64(value)))).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_EVEN)


def _plain(value: Decimal) -> str:
    text = f"{value:f}"
    return text.removeprefix("-") if not text.strip("-0.") else text
