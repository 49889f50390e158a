"""To how many decimals the numbers of a sum, a product or an update are printed, so that they add up as printed.

Pure numbers: nothing here draws.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import TypeAlias

import numpy as np
from gradreel.core.arrays import FloatArray
from gradreel.scenes.words.numbers import number_text

MOST_OWN = 4  # decimals that a number gets alone, where it would read 0 with those of others


@dataclass(frozen=True)
class PrintedUpdate:
    """``after = before - rate * slope = before - product`` for parameter ``index``, each number as it is printed.

    ``right``: the printed numbers add up, the product being rounded like them.
    """

    index: int
    before: str
    rate: str
    slope: str
    product: str
    after: str
    right: bool


def printed_vector(before: FloatArray, slopes: FloatArray, after: FloatArray, rate: float) -> list[PrintedUpdate]:
    """The recorded update of all of theta (P,), to the fewest decimals with which every sum is right.

    Two at least, or none where numbers are large. They are only ever rounded, never adjusted.
    """
    rate_text = _plain(Decimal(repr(float(rate))))
    least = 2 if max(float(np.abs(values).max()) for values in (before, slopes, after)) < 1000 else 0
    made = [
        [_printed(k, before, slopes, after, rate_text, places, places) for k in range(len(before))]
        for places in range(least, 7)
    ]
    return next((updates for updates in made if all(one.right for one in updates)), made[0])


def printed_with_slope(
    before: FloatArray, slopes: FloatArray, after: FloatArray, rate: float, index: int, slope_places: int
) -> PrintedUpdate:
    """The update of parameter ``index``, its slope to ``slope_places`` decimals, as it stands elsewhere.

    Two decimals, or as many more as it takes to see the change and for the sum to be right; where none will do,
    ``right`` is False.
    """
    rate_text = _plain(Decimal(repr(float(rate))))
    made = [_printed(index, before, slopes, after, rate_text, places, slope_places) for places in range(2, 7)]
    return next((update for update in made if update.right and update.before != update.after), made[0])


def _printed(
    index: int, before: FloatArray, slopes: FloatArray, after: FloatArray, rate: str, places: int, slope_places: int
) -> PrintedUpdate:
    start, end = _rounded(before[index], places), _rounded(after[index], places)
    slope = _rounded(slopes[index], slope_places)
    product = (Decimal(rate) * slope).quantize(end, rounding=ROUND_HALF_EVEN)
    texts = (_plain(start), rate, _plain(slope), _plain(product), _plain(end))
    return PrintedUpdate(index, *texts, right=start - product == end)


@dataclass(frozen=True)
class PrintedSum:
    """``terms[0] + terms[1] + ... = total``, each as it is printed; ``exact``: the printed numbers add up."""

    terms: tuple[str, ...]
    total: str
    decimals: int
    exact: bool


def printed_sum(terms: Iterable[float], total: float, least: int = 2, most: int = 5) -> PrintedSum:
    """A sum with the fewest decimals, ``least`` to ``most``, whose rounded terms add up to its rounded total.

    Numbers are only ever rounded, never adjusted. Where none will do, ``least`` decimals, and ``exact`` is False: write
    it with an approximate sign.
    """
    values = [float(term) for term in terms]
    for decimals in range(least, most + 1):
        rounded = [_as_shown(value, decimals) for value in values]
        end = _as_shown(total, decimals)
        if sum(rounded) == end:
            return PrintedSum(tuple(map(_plain, rounded)), _plain(end), decimals, exact=True)
    rounded = [_as_shown(value, least) for value in values]
    return PrintedSum(tuple(map(_plain, rounded)), _plain(_as_shown(total, least)), least, exact=False)


@dataclass(frozen=True)
class PrintedProduct:
    """``first * second = product``, each as it is printed; ``exact``: right but for rounding the product."""

    first: str
    second: str
    product: str
    exact: bool


def printed_product(first: float, second: float, least: int = 2, most: int = 5) -> PrintedProduct:
    """A product to ``least`` decimals; its factors have the fewest, up to ``most``, with which it comes out right.

    Numbers are only ever rounded, never adjusted; where none will do, ``least`` decimals, and ``exact`` is False. A
    factor that is a whole number is printed as one.
    """
    product = _as_shown(first * second, least)
    for decimals in range(least, most + 1):
        factors = [_shortest(value, least, decimals) for value in (first, second)]
        if (factors[0] * factors[1]).quantize(product, rounding=ROUND_HALF_EVEN) == product:
            return PrintedProduct(_plain(factors[0]), _plain(factors[1]), _plain(product), exact=True)
    factors = [_shortest(value, least, least) for value in (first, second)]
    return PrintedProduct(_plain(factors[0]), _plain(factors[1]), _plain(product), exact=False)


def printed_step(first: float, second: float, places: int, most: int = 5) -> PrintedProduct:
    """Returns one product of a chain: its first factor is printed to ``places`` decimals, as the product is.

    Only the second factor gets more decimals, up to ``most``, until the product comes out right; then all as in
    `printed_product`. Numbers are only ever rounded, never adjusted.
    """
    start, product = _shortest(first, places, places), _as_shown(first * second, places)
    for decimals in range(max(places, 2), most + 1):
        factor = _shortest(second, 2, decimals)
        if (start * factor).quantize(product, rounding=ROUND_HALF_UP) == product:
            return PrintedProduct(_plain(start), _plain(factor), _plain(product), exact=True)
    return printed_product(first, second, places, most)


Places: TypeAlias = tuple[int, int, int]
"""Decimals of a constant, of first factors and of second ones."""


@dataclass(frozen=True)
class PrintedProducts:
    """``constant + factors[0][0] * factors[0][1] + ... = total``, each as printed; all but ``total`` to ``places``.

    ``exact``: the printed numbers come to the printed total, rounded as that is; ``equal``: even without rounding it.
    """

    constant: str
    factors: tuple[tuple[str, str], ...]
    total: str
    places: Places
    exact: bool
    equal: bool


def printed_products(
    constant: float, factors: Iterable[tuple[float, float]], total: float, places: int, most: int = 4, least: int = 2
) -> PrintedProducts:
    """A constant and products with the fewest decimals that come to ``total`` as it is printed, to ``places`` decimals.

    The constant has 2 to ``most``, or more where the total has. The larger the numbers that others are multiplied with,
    the more these have: 0.0152 * 413. Second factors have ``least`` or more. Numbers are only ever rounded, never
    adjusted. Where none will do, the fewest, but each first factor with two digits that count, and ``exact`` is False:
    write it with an approximate sign.
    """
    pairs = [(float(first), float(second)) for first, second in factors]
    finer = max(0, places - 2)
    for decimals in range(2 + finer, most + finer + 1):
        made = products_to(constant, pairs, total, places, _factor_places(pairs, places, decimals, least))
        if made.exact:
            return made
    start, first, second = _factor_places(pairs, places, 2 + finer, least)
    first = max(first, *(_two_digits(value) for value, _ in pairs))
    return products_to(constant, pairs, total, places, (start, first, second))


def products_to(
    constant: float, factors: Iterable[tuple[float, float]], total: float, places: int, decimals: Places
) -> PrintedProducts:
    """Returns the sum printed to just these ``decimals``, whether they come to ``total``, to ``places``, or not."""
    start, end = _as_shown(constant, decimals[0]), _as_shown(total, places)
    made = [(_as_shown(first, decimals[1]), _as_shown(second, decimals[2])) for first, second in factors]
    summed = start + sum(first * second for first, second in made)
    exact = summed.quantize(end, rounding=ROUND_HALF_UP) == end
    texts = tuple((_plain(first), _plain(second)) for first, second in made)
    return PrintedProducts(_plain(start), texts, _plain(end), decimals, exact, equal=summed == end)


def _factor_places(pairs: Sequence[tuple[float, float]], places: int, decimals: int, least: int) -> Places:
    """Returns the decimals with which a sum of products is about as exact in print as its constant to ``decimals``.

    The larger one factor, the more decimals the other needs. ``places``: of what the sum comes to. Second factors have
    no more than it takes to write them in full.
    """
    firsts, seconds = ([abs(pair[k]) for pair in pairs] for k in (0, 1))
    size = _power(firsts)
    first = max(decimals + max(0, _power(seconds)), _two_digits(max(firsts, default=0.0)))
    second = max(least, decimals + (size + 1 if size < 0 else max(0, size + places - 2)))
    full = (fewer for fewer in range(least, second) if all(round(value, fewer) == value for value in seconds))
    return decimals, first, next(full, second)


def _power(sizes: Iterable[float]) -> int:
    """The power of ten of the largest: 2 from 100 on, 0 from 1 on, -1 from 0.1 on."""
    largest = max(sizes, default=0.0)
    return math.floor(math.log10(largest)) if 0 < largest < math.inf else 0


def _two_digits(value: float) -> int:
    """Decimals that show two digits that count of a number below 0.1, 6 at most; 2 for others."""
    size = abs(value)
    return min(6, 1 - math.floor(math.log10(size))) if 0 < size < 0.1 else 2


def fitting_places(values: Iterable[float], most: int = 2) -> int:
    """Decimals for numbers that stand together: 0.32, 12.34, 123.4, 1234, by the largest; more where all are small."""
    largest = max((abs(float(value)) for value in values), default=0.0)
    if 0 < largest < 0.1:
        return min(6, most - 1 - math.floor(math.log10(largest)))
    return max(0, min(most, 4 - len(f"{largest:.0f}")))


def telling_text(value: float, places: int) -> str:
    """Writes ``value`` to ``places`` decimals, or to as many more as its first digit takes, up to `MOST_OWN`: 0.003."""
    if value and not round(value, places):
        places = max(places, min(MOST_OWN, -math.floor(math.log10(abs(value)))))
    return number_text(round(value, places), places)


def no_zero(value: float, text: str) -> str:
    """Returns ``text``, or "≈ 0" where it reads 0 and ``value`` is not."""
    return text if not value or text.strip("\u2212-0.") else "≈ 0"


def _shortest(value: float, least: int, decimals: int) -> Decimal:
    """``value`` to ``decimals``, without zeros at its end beyond ``least``; a whole number as one."""
    if value == round(value):
        return _as_shown(value, 0)
    return next(
        (text for places in range(least, decimals) if (text := _as_shown(value, places)) == _as_shown(value, decimals)),
        _as_shown(value, decimals),
    )


def _as_shown(value: float, places: int) -> Decimal:
    """``value`` rounded as `Number` shows it: both must agree on 4.125, whose float lies to one side of it."""
    return Decimal(f"{float(value):.{places}f}")


def _rounded(value: float, places: int) -> Decimal:
    return Decimal(repr(float(np.float64(value)))).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_EVEN)


def _plain(value: Decimal) -> str:
    text = f"{value:f}"
    return text.removeprefix("-") if not text.strip("-0.") else text
