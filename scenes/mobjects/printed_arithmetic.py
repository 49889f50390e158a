"""Chooses decimals for the numbers of a sum, a product or an update, so that the printed numbers add up.

Numbers are only rounded, never adjusted. Nothing here draws.
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

MOST_OWN = 4  # decimals, at most, of a number that would read 0 with fewer


@dataclass(frozen=True)
class PrintedUpdate:
    """The printed numbers of ``after = before - rate * slope = before - product`` for parameter ``index``.

    ``right``: the printed numbers add up if the product is rounded like them.
    """

    index: int
    before: str
    rate: str
    slope: str
    product: str
    after: str
    right: bool


def printed_vector(before: FloatArray, slopes: FloatArray, after: FloatArray, rate: float) -> list[PrintedUpdate]:
    """Return the update of each parameter of theta (P,), with the fewest decimals for which every sum is right.

    There are 2 to 6 decimals, or 0 to 6 if a number is 1000 or more. If no choice is right, returns the fewest.
    """
    rate_text = _plain_text(Decimal(repr(float(rate))))
    least = 2 if max(float(np.abs(values).max()) for values in (before, slopes, after)) < 1000 else 0
    candidates = [
        [_printed_update(k, before, slopes, after, rate_text, places, places) for k in range(len(before))]
        for places in range(least, 7)
    ]
    return next((updates for updates in candidates if all(update.right for update in updates)), candidates[0])


def printed_with_slope(
    before: FloatArray, slopes: FloatArray, after: FloatArray, rate: float, index: int, slope_places: int
) -> PrintedUpdate:
    """Return the update of parameter ``index``, with its slope to ``slope_places`` decimals, as the scene prints it.

    The other numbers have the fewest decimals, 2 to 6, for which the sum is right and the change visible. If no choice
    is right, they have 2.
    """
    rate_text = _plain_text(Decimal(repr(float(rate))))
    candidates = [
        _printed_update(index, before, slopes, after, rate_text, places, slope_places) for places in range(2, 7)
    ]
    return next((update for update in candidates if update.right and update.before != update.after), candidates[0])


def _printed_update(
    index: int, before: FloatArray, slopes: FloatArray, after: FloatArray, rate: str, places: int, slope_places: int
) -> PrintedUpdate:
    """Return one update with these decimals."""
    start, end = _rounded_half_to_even(before[index], places), _rounded_half_to_even(after[index], places)
    slope = _rounded_half_to_even(slopes[index], slope_places)
    product = (Decimal(rate) * slope).quantize(end, rounding=ROUND_HALF_EVEN)
    texts = (_plain_text(start), rate, _plain_text(slope), _plain_text(product), _plain_text(end))
    return PrintedUpdate(index, *texts, right=start - product == end)


@dataclass(frozen=True)
class PrintedSum:
    """The printed numbers of ``terms[0] + terms[1] + ... = total``; ``exact``: they add up."""

    terms: tuple[str, ...]
    total: str
    decimals: int
    exact: bool


def printed_sum(terms: Iterable[float], total: float, least: int = 2, most: int = 5) -> PrintedSum:
    """Return a sum with the fewest decimals, ``least`` to ``most``, whose rounded terms give its rounded total.

    If no choice is exact, it has ``least`` decimals and ``exact`` is False: write it with "≈".
    """
    values = [float(term) for term in terms]
    for decimals in range(least, most + 1):
        rounded = [_as_shown(value, decimals) for value in values]
        end = _as_shown(total, decimals)
        if sum(rounded) == end:
            return PrintedSum(tuple(map(_plain_text, rounded)), _plain_text(end), decimals, exact=True)
    rounded = [_as_shown(value, least) for value in values]
    return PrintedSum(tuple(map(_plain_text, rounded)), _plain_text(_as_shown(total, least)), least, exact=False)


@dataclass(frozen=True)
class PrintedProduct:
    """The printed numbers of ``first * second = product``; ``exact``: right, if the product is rounded."""

    first: str
    second: str
    product: str
    exact: bool


def printed_product(first: float, second: float, least: int = 2, most: int = 5) -> PrintedProduct:
    """Return a product to ``least`` decimals, whose factors have the fewest decimals, up to ``most``, that give it.

    If no choice is exact, the factors have ``least`` decimals and ``exact`` is False. Whole factors have no decimals.
    """
    product = _as_shown(first * second, least)
    for decimals in range(least, most + 1):
        factors = [_shortest_decimal(value, least, decimals) for value in (first, second)]
        if (factors[0] * factors[1]).quantize(product, rounding=ROUND_HALF_EVEN) == product:
            return PrintedProduct(_plain_text(factors[0]), _plain_text(factors[1]), _plain_text(product), exact=True)
    factors = [_shortest_decimal(value, least, least) for value in (first, second)]
    return PrintedProduct(_plain_text(factors[0]), _plain_text(factors[1]), _plain_text(product), exact=False)


def printed_step(first: float, second: float, places: int, most: int = 5) -> PrintedProduct:
    """Return one product of a chain, with its first factor and the product to ``places`` decimals.

    The second factor has the fewest decimals, up to ``most``, that give the product. If none do, returns
    `printed_product`.
    """
    start, product = _shortest_decimal(first, places, places), _as_shown(first * second, places)
    for decimals in range(max(places, 2), most + 1):
        factor = _shortest_decimal(second, 2, decimals)
        if (start * factor).quantize(product, rounding=ROUND_HALF_UP) == product:
            return PrintedProduct(_plain_text(start), _plain_text(factor), _plain_text(product), exact=True)
    return printed_product(first, second, places, most)


Places: TypeAlias = tuple[int, int, int]
"""Decimals of the constant, the first factors and the second factors."""


@dataclass(frozen=True)
class PrintedProducts:
    """The printed numbers of ``constant + factors[0][0] * factors[0][1] + ... = total``; ``places``: their decimals.

    ``exact``: they give the printed total after rounding; ``equal``: even without rounding.
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
    """Return a sum of products with the fewest decimals that give ``total``, printed to ``places`` decimals.

    The constant has 2 to ``most`` decimals, and more if the total has more than 2. A factor has more decimals if the
    other factor is large: 0.0152 * 413. Second factors have ``least`` or more. If no choice is exact, numbers have the
    fewest decimals, but small first factors show two significant digits; write the sum with "≈".
    """
    pairs = [(float(first), float(second)) for first, second in factors]
    finer = max(0, places - 2)
    for decimals in range(2 + finer, most + finer + 1):
        printed = products_to(constant, pairs, total, places, _factor_places(pairs, places, decimals, least))
        if printed.exact:
            return printed
    start, first, second = _factor_places(pairs, places, 2 + finer, least)
    first = max(first, *(_decimals_for_two_digits(value) for value, _ in pairs))
    return products_to(constant, pairs, total, places, (start, first, second))


def products_to(
    constant: float, factors: Iterable[tuple[float, float]], total: float, places: int, decimals: Places
) -> PrintedProducts:
    """Return the sum printed to exactly these ``decimals``, and its total to ``places``, whether they agree or not."""
    start, end = _as_shown(constant, decimals[0]), _as_shown(total, places)
    rounded = [(_as_shown(first, decimals[1]), _as_shown(second, decimals[2])) for first, second in factors]
    summed = start + sum(first * second for first, second in rounded)
    exact = summed.quantize(end, rounding=ROUND_HALF_UP) == end
    texts = tuple((_plain_text(first), _plain_text(second)) for first, second in rounded)
    return PrintedProducts(_plain_text(start), texts, _plain_text(end), decimals, exact, equal=summed == end)


def _factor_places(pairs: Sequence[tuple[float, float]], places: int, decimals: int, least: int) -> Places:
    """Return decimals of the factors with which their products are about as precise as a constant of ``decimals``.

    The larger one factor, the more decimals the other has. ``places``: decimals of the total. Second factors have at
    least ``least``, but no more than they need to be written in full.
    """
    firsts, seconds = ([abs(pair[k]) for pair in pairs] for k in (0, 1))
    size = _largest_power(firsts)
    first = max(decimals + max(0, _largest_power(seconds)), _decimals_for_two_digits(max(firsts, default=0.0)))
    second = max(least, decimals + (size + 1 if size < 0 else max(0, size + places - 2)))
    full = (fewer for fewer in range(least, second) if all(round(value, fewer) == value for value in seconds))
    return decimals, first, next(full, second)


def _largest_power(sizes: Iterable[float]) -> int:
    """Return the power of ten of the largest size: 2 for 100 to 999, 0 for 1 to 9, -1 for 0.1; 0 if there is none."""
    largest = max(sizes, default=0.0)
    return math.floor(math.log10(largest)) if 0 < largest < math.inf else 0


def _decimals_for_two_digits(value: float) -> int:
    """Return the decimals that show two significant digits of a number below 0.1, at most 6; 2 for other numbers."""
    size = abs(value)
    return min(6, 1 - math.floor(math.log10(size))) if 0 < size < 0.1 else 2


def fitting_places(values: Iterable[float], most: int = 2) -> int:
    """Return common decimals for numbers that stand together, by the largest: 0.32, 12.34, 123.4, 1234.

    ``most``: decimals of ordinary numbers. If all numbers are below 0.1, there are more, up to 6.
    """
    largest = max((abs(float(value)) for value in values), default=0.0)
    if 0 < largest < 0.1:
        return min(6, most - 1 - math.floor(math.log10(largest)))
    return max(0, min(most, 4 - len(f"{largest:.0f}")))


def telling_text(value: float, places: int) -> str:
    """Return ``value`` as text with ``places`` decimals, or with more, up to `MOST_OWN`, if it would read 0: 0.003."""
    if value and not round(value, places):
        places = max(places, min(MOST_OWN, -math.floor(math.log10(abs(value)))))
    return number_text(round(value, places), places)


def no_zero(value: float, text: str) -> str:
    """Return ``text``, or "≈ 0" if it reads 0 but ``value`` is not 0."""
    return text if not value or text.strip("\u2212-0.") else "≈ 0"


def _shortest_decimal(value: float, least: int, decimals: int) -> Decimal:
    """Return ``value`` to ``decimals``, without trailing zeros beyond ``least`` decimals.

    A whole number has no decimals, whatever ``least`` is.
    """
    if value == round(value):
        return _as_shown(value, 0)
    rounded = _as_shown(value, decimals)
    shorter = (_as_shown(value, places) for places in range(least, decimals))
    return next((candidate for candidate in shorter if candidate == rounded), rounded)


def _as_shown(value: float, places: int) -> Decimal:
    """Return ``value`` rounded exactly as `Number` rounds it, from its binary value."""
    return Decimal(f"{float(value):.{places}f}")


def _rounded_half_to_even(value: float, places: int) -> Decimal:
    """Return ``value`` rounded from its shortest decimal text, a half to the even digit."""
    return Decimal(repr(float(np.float64(value)))).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_EVEN)


def _plain_text(value: Decimal) -> str:
    """Return ``value`` as text without an exponent, with all its decimals; zero has no minus sign: -0.0 gives "0.0"."""
    text = f"{value:f}"
    return text.removeprefix("-") if not text.strip("-0.") else text
