"""Chooses ticks of an axis and their labels: few, round, not overlapping, for numbers of any size.

Very large or small numbers share a power of ten, written once at the axis ("×10⁶"). Numbers that differ only in their
last digits share an offset ("+ 5 000 000"). Pure numbers: nothing here draws.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from gradreel.core.arrays import FloatArray
from gradreel.scenes.words.numbers import number_text
from numpy.typing import ArrayLike

DIGIT_WIDTH = 0.14  # scene units, of a digit in a tick's label


@dataclass(frozen=True)
class Unit:
    """How an axis writes numbers: (value - offset) / 10**exponent, to ``decimals``."""

    exponent: int = 0
    offset: float = 0.0
    decimals: int = 2

    def of(self, value: float) -> float:
        """Return ``value`` in this unit."""
        return (value - self.offset) / 10.0**self.exponent

    def of_difference(self, value: float) -> float:
        """Return a difference of two values in this unit; the offset does not count."""
        return value / 10.0**self.exponent

    @property
    def note(self) -> str:
        """Return the text at the axis that explains the unit, such as "$times 10^(6)$"; "" if none is needed."""
        power = f"$times 10^({self.exponent})$" if self.exponent else ""
        sign = "+" if self.offset > 0 else "\u2212"
        shift = f"{sign} {number_text(abs(self.offset))}" if self.offset else ""
        return " ".join(part for part in (power, shift) if part)


@dataclass(frozen=True)
class Ticks:
    """Ticks of one axis: ``values`` in data units, ``labels`` in ``unit``."""

    values: tuple[float, ...]
    labels: tuple[str, ...]
    unit: Unit = Unit()


def round_step(span: float, most: int) -> float:
    """Return the smallest step, 1, 2, 2.5 or 5 times a power of ten, with at most ``most`` steps in ``span``."""
    raw = span / most
    power = 10.0 ** math.floor(math.log10(raw))
    return next(m * power for m in (1.0, 2.0, 2.5, 5.0, 10.0) if m * power >= raw * (1 - 1e-9))


def round_ticks(low: float, high: float, most: int = 5) -> tuple[float, ...]:
    """Return the multiples of a round step from ``low`` to ``high``, at most ``most`` + 1."""
    step = round_step(high - low, most)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return tuple(float(Decimal(repr(step)) * k) for k in range(first, last + 1))


def unit_of(low: float, high: float) -> Unit:
    """Return the unit for numbers from ``low`` to ``high``: plain from 0.1 to 100 000, otherwise a power of 1000.

    Numbers that differ only in their last digits get an offset.
    """
    span, largest = high - low, max(abs(low), abs(high))
    offset = 0.0
    if largest > 2000 * span:
        offset = _roundest_number(low, 3 * span)
        largest = max(abs(low - offset), abs(high - offset))
    plain = 0.1 <= largest < 1e5
    exponent = 0 if plain or not largest else 3 * math.floor(math.log10(largest) / 3)
    decimals = max(0, 2 - math.floor(math.log10(span / 10.0**exponent)))  # three digits of the span
    return Unit(exponent, offset, decimals)


def _roundest_number(value: float, within: float) -> float:
    """Return the number with the fewest digits that differs from ``value`` by at most ``within``."""
    for power in range(math.ceil(math.log10(abs(value))), math.floor(math.log10(within)) - 1, -1):
        candidate = round(value / 10.0**power) * 10.0**power
        if candidate and abs(candidate - value) <= within:
            return candidate
    return value


def labelled(values: Sequence[float] | FloatArray, unit: Unit) -> Ticks:
    """Return ticks at ``values`` with labels in ``unit``, without trailing zeros."""
    labels = tuple(number_text(round(unit.of(value), unit.decimals + 1)) for value in values)
    return Ticks(tuple(float(v) for v in values), labels, unit)


def spread_out(ticks: Ticks, positions: Sequence[float], gap: float = 0.3) -> Ticks:
    """Return ``ticks`` without those whose label would be nearer than ``gap`` to another one.

    ``positions``: the ticks' x in scene units. The first and the last tick have priority, then the left ones.
    """
    widths = [DIGIT_WIDTH * len(label) for label in ticks.labels]
    order = sorted(range(len(positions)), key=lambda i: (i not in (0, len(positions) - 1), i))
    kept: list[int] = []
    for i in order:
        if all(abs(positions[i] - positions[j]) >= (widths[i] + widths[j]) / 2 + gap for j in kept):
            kept.append(i)
    kept.sort()
    return Ticks(tuple(ticks.values[i] for i in kept), tuple(ticks.labels[i] for i in kept), ticks.unit)


def ticks_at_knots(x: Sequence[float] | FloatArray, low: float, high: float, width: float) -> Ticks:
    """Return ticks at the knots ``x`` of a curve if all labels are short and have room, otherwise round ticks.

    ``width``: the axis' length in scene units.
    """
    unit = unit_of(low, high)
    at_knots = labelled(x, unit)

    def positions(ticks: Ticks) -> list[float]:
        return [width * (value - low) / (high - low) for value in ticks.values]

    if len(spread_out(at_knots, positions(at_knots)).values) == len(x) and all(len(t) <= 6 for t in at_knots.labels):
        return at_knots
    even = labelled(round_ticks(low, high, 6), unit)
    return spread_out(even, positions(even))


def round_labels(low: float, high: float, most: int = 5) -> Ticks:
    """Return round ticks for an axis from ``low`` to ``high``, at most ``most`` + 1, with labels."""
    return labelled(round_ticks(low, high, most), unit_of(low, high))


def nice_range(values: ArrayLike, include: float | None = None, margin: float = 0.08) -> tuple[float, float]:
    """Return a range that holds ``values`` and ``include``, with a ``margin`` at both ends; it is never empty.

    ``margin``: share of the span.
    """
    numbers = np.asarray(values, dtype=float)
    low, high = float(numbers.min()), float(numbers.max())
    if include is not None:
        low, high = min(low, include), max(high, include)
    span = high - low or max(abs(high), 1.0)
    return low - margin * span, high + margin * span
