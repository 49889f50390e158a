"""Where an axis has ticks and what is written at them: few, round, never overlapping, for any unit.

Numbers of millions or thousandths share a power of ten, written once at the axis ("×10⁶"); numbers that differ only in
their last digits share what they have in common ("+ 5 000 000"). Pure numbers: nothing here draws.
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

DIGIT_WIDTH = 0.14  # scene units that a digit of tick size takes


@dataclass(frozen=True)
class Unit:
    """How an axis writes numbers: (value - offset) / 10**exponent, to ``decimals``; ``note`` says so at the axis."""

    exponent: int = 0
    offset: float = 0.0
    decimals: int = 2

    def of(self, value: float) -> float:
        """``value`` as it is written."""
        return (value - self.offset) / 10.0**self.exponent

    def of_difference(self, value: float) -> float:
        """A height or a gap: differences know no offset."""
        return value / 10.0**self.exponent

    @property
    def note(self) -> str:
        power = f"$times 10^({self.exponent})$" if self.exponent else ""
        sign = "+" if self.offset > 0 else "\u2212"
        shift = f"{sign} {number_text(abs(self.offset))}" if self.offset else ""
        return " ".join(part for part in (power, shift) if part)


@dataclass(frozen=True)
class Ticks:
    """Ticks of one axis: ``values`` in data units, ``labels`` as written in ``unit``."""

    values: tuple[float, ...]
    labels: tuple[str, ...]
    unit: Unit = Unit()


def round_step(span: float, most: int) -> float:
    """The smallest of 1, 2, 2.5, 5 times a power of ten that divides ``span`` into at most ``most`` steps."""
    raw = span / most
    power = 10.0 ** math.floor(math.log10(raw))
    return next(m * power for m in (1.0, 2.0, 2.5, 5.0, 10.0) if m * power >= raw * (1 - 1e-9))


def round_ticks(low: float, high: float, most: int = 5) -> tuple[float, ...]:
    """Round values between ``low`` and ``high``, at most ``most`` + 1 of them."""
    step = round_step(high - low, most)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return tuple(float(Decimal(repr(step)) * k) for k in range(first, last + 1))


def unit_of(low: float, high: float) -> Unit:
    """How numbers of an axis from ``low`` to ``high`` are written: plain from 0.1 to 100 000, shared powers else."""
    span, largest = high - low, max(abs(low), abs(high))
    offset = 0.0
    if largest > 2000 * span:  # they differ in their last digits only: say once what they share
        offset = _roundest(low, 3 * span)
        largest = max(abs(low - offset), abs(high - offset))
    plain = 0.1 <= largest < 1e5
    exponent = 0 if plain or not largest else 3 * math.floor(math.log10(largest) / 3)
    decimals = max(0, 2 - math.floor(math.log10(span / 10.0**exponent)))  # three digits of the span
    return Unit(exponent, offset, decimals)


def _roundest(value: float, within: float) -> float:
    """The number with the fewest digits that lies no farther than ``within`` from ``value``."""
    for power in range(math.ceil(math.log10(abs(value))), math.floor(math.log10(within)) - 1, -1):
        candidate = round(value / 10.0**power) * 10.0**power
        if candidate and abs(candidate - value) <= within:
            return candidate
    return value


def labelled(values: Sequence[float] | FloatArray, unit: Unit) -> Ticks:
    """Ticks at ``values``, their labels written in ``unit``, without trailing zeros."""
    labels = tuple(number_text(round(unit.of(value), unit.decimals + 1)) for value in values)
    return Ticks(tuple(float(v) for v in values), labels, unit)


def spread_out(ticks: Ticks, positions: Sequence[float], gap: float = 0.3) -> Ticks:
    """``ticks`` without those whose labels would come nearer than ``gap`` to one that stays.

    ``positions`` are the ticks' places along a horizontal axis, in scene units; the first and the last are kept before
    those between them.
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
    """Ticks at the knots of a curve while each of them has room for its label; round ticks otherwise.

    ``width`` is the axis' length in scene units.
    """
    unit = unit_of(low, high)
    at_knots = labelled(x, unit)

    def places(ticks: Ticks) -> list[float]:
        return [width * (value - low) / (high - low) for value in ticks.values]

    if len(spread_out(at_knots, places(at_knots)).values) == len(x) and all(len(t) <= 6 for t in at_knots.labels):
        return at_knots
    even = labelled(round_ticks(low, high, 6), unit)
    return spread_out(even, places(even))


def round_labels(low: float, high: float, most: int = 5) -> Ticks:
    """Round ticks of an axis from ``low`` to ``high`` with their labels."""
    return labelled(round_ticks(low, high, most), unit_of(low, high))


def nice_range(values: ArrayLike, include: float | None = None, margin: float = 0.08) -> tuple[float, float]:
    """A range around ``values`` with a margin at both ends, so that nothing lies on the border; never empty."""
    finite = np.asarray(values, dtype=float)
    low, high = float(finite.min()), float(finite.max())
    if include is not None:
        low, high = min(low, include), max(high, include)
    span = high - low or max(abs(high), 1.0)
    return low - margin * span, high + margin * span
