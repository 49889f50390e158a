"""Units and decimals for views and losses in text."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradreel.core.daily.views import DailyViews

UNITS = ((1e6, "M"), (1e3, "k"))
"""Units of views and their letters. A unit is used if a typical day has at least that many views."""
LOSS_UNITS = ((1e12, "T"), (1e9, "B"), *UNITS)
"""Units of losses and their letters. A loss with five digits in one unit is written in the next larger unit."""
MOST_MORE = 2
"""How many decimals more than a typical day's number may be added to distinguish numbers."""


@dataclass(frozen=True)
class ViewUnit:
    """The unit that views of a series are written in, as `DailyViews.format_views` chooses it."""

    size: float  # views in a unit: 1e6, 1e3 or 1
    letter: str  # "M", "k" or ""
    decimals: int  # decimals that a typical day is written with


def view_unit(dataset: DailyViews) -> ViewUnit:
    """Return the unit for views of the dataset: millions or thousands if a typical day has as many, else single
    views.
    """
    typical = dataset.offset
    for size, letter in UNITS:
        if typical >= size:
            return ViewUnit(size, letter, 2)
    if 0 < typical < 1:
        return ViewUnit(1.0, "", 2 - math.floor(math.log10(typical)))
    return ViewUnit(1.0, "", 0 if typical >= 100 else 1 if typical >= 10 else 2)


def distance_as_printed(first: float, second: float, decimals: int) -> float:
    """Return the distance of two numbers after both are rounded to ``decimals``, rounded again.

    Examples
    --------
    >>> distance_as_printed(0.14, 0.26, 1)
    0.2
    """
    return round(abs(round(first, decimals) - round(second, decimals)), decimals)


def distinguishing_decimals(unit: ViewUnit, printed: Callable[[int], Sequence[float]]) -> int | None:
    """Return the fewest decimals, from the unit's up to `MOST_MORE` more, with which printed numbers can be told apart.

    Parameters
    ----------
    unit
        The unit that the numbers are printed in.
    printed
        Takes a number of decimals and returns the printed numbers. They must all differ, and the last must not be 0.

    Returns
    -------
    int or None
        None if no number of decimals is enough.
    """
    for decimals in range(unit.decimals, unit.decimals + MOST_MORE + 1):
        numbers = list(printed(decimals))
        if numbers[-1] != 0 and len(set(numbers)) == len(numbers):
            return decimals
    return None


def loss_unit(losses: Iterable[float]) -> tuple[float, str]:
    """Return the number of views in the unit for losses of these sizes, and its letter; single views below 10 000.

    A day's views are written in thousands if a typical day has as many. A loss is not: 0.023k is hard to read.

    Examples
    --------
    >>> loss_unit([520.0, 23.0]), loss_unit([52_000.0])
    ((1.0, ''), (1000.0, 'k'))
    """
    largest = max((abs(loss) for loss in losses if math.isfinite(loss)), default=0.0)
    return next(((unit, letter) for unit, letter in LOSS_UNITS if round(largest) >= 10 * unit), (1.0, ""))


def loss_column(losses: Iterable[float]) -> Callable[[float], str]:
    """Return a function that writes a loss in views as text: all losses in one unit, such as "520" and "23"."""
    finite = [loss for loss in losses if math.isfinite(loss)]
    unit, letter = loss_unit(finite)
    plain = views_column([loss / unit for loss in finite], 0.0)
    return lambda loss: plain(loss / unit) + letter


def views_column(views: Iterable[float], usual: float) -> Callable[[float], str]:
    """Return a function that writes numbers which stand below each other, all in the unit that suits the largest.

    "0.212k" stands above "0.052k", not above "52", so that a smaller number looks smaller. The largest has at least
    three significant digits: "0.0152" above "0.0008".

    Parameters
    ----------
    views
        The numbers of the column.
    usual
        Views of a typical day of the series.
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
    """Return the decimals with which ``largest`` has three significant digits: 0 from 100 on. For 0 or less return 2.

    Examples
    --------
    >>> three_digit_decimals(250.0), three_digit_decimals(2.5), three_digit_decimals(0.025)
    (0, 2, 4)
    """
    return max(0, 2 - math.floor(math.log10(largest))) if largest > 0 else 2


def decimals_in_view_unit(losses: Sequence[float]) -> int:
    """Return the decimals for losses in a `view_unit`: at least two significant digits for each, three for large
    ones.
    """
    return max(three_digit_decimals(max(1.0, *losses)), three_digit_decimals(min(losses)) - 1)


def views_text(views: float, usual: float) -> str:
    """Return a number of views, or an error in views, as text that suits a series with ``usual`` views on a typical
    day.

    From 1 000 usual views on, numbers are in thousands ("0.32k"); from a million on, in millions ("0.32M"). Less than a
    tenth of the unit is written in single views ("32"). Small series keep decimals: "3.2" below 100 usual views, "0.32"
    below 10, "0.0032" below 0.1. An infinite number is "∞", NaN is "–".

    Examples
    --------
    >>> views_text(320, 4000), views_text(32, 4000), views_text(3.2, 50)
    ('0.32k', '32', '3.2')
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
    """Return a number with so many decimals; in scientific notation ("3.2e-10") for more than 6."""
    if decimals > 6:
        return f"{number:.2e}"
    return f"{round(number, decimals) + 0.0:.{decimals}f}"  # never "-0"
