"""The units that views and losses are written in, and with how many decimals."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradreel.core.daily.views import DailyViews

UNITS = ((1e6, "M"), (1e3, "k"))
"""In which views are written where a usual day has as many, and the letter behind."""
LOSS_UNITS = ((1e12, "T"), (1e9, "B"), *UNITS)
"""In which losses are written: five digits of a unit are one of the next one's."""
MOST_MORE = 2
"""Decimals, more than a usual day of the series has, that numbers get where fewer do not tell them apart."""


@dataclass(frozen=True)
class ViewUnit:
    """The unit that views of a series are written in, as `DailyViews.format_views` chooses it."""

    size: float  # views: 1e6, 1e3 or 1
    letter: str  # "M", "k" or ""
    decimals: int  # that a usual day is written with


def view_unit(dataset: DailyViews) -> ViewUnit:
    """Millions or thousands where a usual day has as many, else views."""
    usual = dataset.offset
    for size, letter in UNITS:
        if usual >= size:
            return ViewUnit(size, letter, 2)
    if 0 < usual < 1:
        return ViewUnit(1.0, "", 2 - math.floor(math.log10(usual)))
    return ViewUnit(1.0, "", 0 if usual >= 100 else 1 if usual >= 10 else 2)


def distance_as_printed(one: float, other: float, decimals: int) -> float:
    """How far apart two numbers are as they are printed, printed like them."""
    return round(abs(round(one, decimals) - round(other, decimals)), decimals)


def distinguishing_decimals(unit: ViewUnit, printed: Callable[[int], Sequence[float]]) -> int | None:
    """As many decimals as a usual day has, or the fewest more, `MOST_MORE` at most, that tell numbers apart.

    ``printed(decimals)``: what they are as printed; the last of them must not be 0 then. None where none will do.
    """
    for decimals in range(unit.decimals, unit.decimals + MOST_MORE + 1):
        numbers = list(printed(decimals))
        if numbers[-1] != 0 and len(set(numbers)) == len(numbers):
            return decimals
    return None


def loss_unit(losses: Iterable[float]) -> tuple[float, str]:
    """Views per unit that losses of such sizes are written in, and the letter behind: plain views below 10 000.

    Unlike a day's views, which are thousands where a usual day has as many: a loss of 0.023k is a puzzle.
    """
    largest = max((abs(loss) for loss in losses if math.isfinite(loss)), default=0.0)
    return next(((unit, letter) for unit, letter in LOSS_UNITS if round(largest) >= 10 * unit), (1.0, ""))


def loss_column(losses: Iterable[float]) -> Callable[[float], str]:
    """What writes each of these losses in views, all in one unit and small ones as they are: "520", "23"."""
    known = [loss for loss in losses if math.isfinite(loss)]
    unit, letter = loss_unit(known)
    plain = views_column([loss / unit for loss in known], 0.0)
    return lambda loss: plain(loss / unit) + letter


def views_column(views: Iterable[float], usual: float) -> Callable[[float], str]:
    """`views_text` for numbers that stand below each other: all in the unit of the largest of ``views``, finely.

    "0.212k" above "0.052k" rather than "52", so that what is less looks less. The largest has three digits that count,
    at least: "0.0152" above "0.0008".
    """
    largest = max((abs(number) for number in views if math.isfinite(number)), default=0.0)
    for unit, letter in UNITS:
        if usual >= unit and round(largest) >= unit / 10:
            return lambda number: f"{number / unit:.3f}{letter}"
    if largest == 0:
        return lambda number: views_text(number, min(usual, 999.0))
    decimals = three_digit_decimals(largest)
    return lambda number: _plain_text(number, decimals)


def three_digit_decimals(largest: float) -> int:
    """Decimals with which ``largest`` has three digits that count; none from 100 on. ``largest`` > 0, else 2."""
    return max(0, 2 - math.floor(math.log10(largest))) if largest > 0 else 2


def decimals_in_view_unit(losses: Sequence[float]) -> int:
    """Decimals of losses in a `view_unit`: at least two digits of each count, of large ones three."""
    return max(three_digit_decimals(max(1.0, *losses)), three_digit_decimals(min(losses)) - 1)


def views_text(views: float, usual: float) -> str:
    """A number of views, or an error in views, as text that suits a series whose usual day has ``usual`` views.

    Thousands ("0.32k") where a usual day has 1 000 or more, millions ("0.32M") from a million; less than a tenth
    of such a unit is told plainly ("32"). Plain numbers of small series keep decimals: "3.2" where a usual day has less
    than 100, "0.32" where less than 10, "0.0032" where less than 0.1. "∞" and "–" for what has no digits.
    """
    if not math.isfinite(views):
        return "–" if math.isnan(views) else "∞" if views > 0 else "\u2212∞"
    for unit, letter in UNITS:
        if usual >= unit and round(abs(views)) >= unit / 10:
            return f"{views / unit:.2f}{letter}"
    if 0 < usual < 1:
        return _plain_text(views, 2 - math.floor(math.log10(usual)))
    return _plain_text(views, 0 if usual >= 100 else 1 if usual >= 10 else 2)


def _plain_text(number: float, decimals: int) -> str:
    """A number with so many decimals; in powers of ten ("3.2e-10") where zeros would fill the line."""
    if decimals > 6:
        return f"{number:.2e}"
    return f"{round(number, decimals) + 0.0:.{decimals}f}"  # never "-0"
