"""The axes of a loss curve: logarithmic or linear by the spread, few round ticks. Pure numbers: nothing here draws."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from gradreel.core.errors import UserError
from gradreel.scenes.mobjects.loss_history import LossHistory
from gradreel.scenes.mobjects.ticks import Ticks, labelled, round_step, round_ticks, unit_of
from gradreel.scenes.words.numbers import number_text
from numpy.typing import ArrayLike, NDArray

LOGARITHMIC = 20.0  # the highest loss over the lowest, from which the axis counts factors
MOST_POWERS = 6  # labels of a logarithmic axis
MARGIN = 0.05  # of the axis, free at each end


@dataclass(frozen=True)
class LossAxis:
    """From ``low`` to ``high`` in the axis' own measure: the loss, or its logarithm to the base 10."""

    logarithmic: bool
    low: float
    high: float
    suffix: str = ""  # behind each label: "k"

    @classmethod
    def of(cls, history: LossHistory) -> LossAxis:
        """One that holds ``history.extent()``."""
        return cls.holding(*history.extent(), history.scale.suffix)

    @classmethod
    def holding(cls, low: float, high: float, suffix: str = "") -> LossAxis:
        """One from ``low`` to ``high`` with a margin. Losses of 0 or less have no logarithm: linear then.

        UserError where they lie further apart than a number can tell.
        """
        if not math.isfinite(2 * (high / 2 - low / 2)):
            raise UserError(f"the losses reach from {low:.3g} to {high:.3g}, which no axis can hold: no loss curve")
        logarithmic = low > 0 and high / low >= LOGARITHMIC
        if logarithmic:
            low, high = math.log10(low), math.log10(high)
        elif low >= 0:
            low = 0.0
        span = high - low or abs(high) or 1.0
        return cls(logarithmic, low - MARGIN * span * (low != 0.0), high + MARGIN * span, suffix)

    def of_loss(self, loss: ArrayLike) -> NDArray:
        """Losses in the axis' measure, those beyond an end at the end; NaN for what is not finite."""
        loss = np.asarray(loss, dtype=float)
        with np.errstate(divide="ignore", invalid="ignore"):
            measure = np.log10(np.maximum(loss, 0.0)) if self.logarithmic else loss
            return np.where(np.isfinite(loss), np.clip(measure, self.low, self.high), np.nan)

    def outside(self, loss: NDArray) -> int:
        """How many finite losses lie beyond an end, where they are drawn on the edge."""
        finite = loss[np.isfinite(loss)]
        with np.errstate(divide="ignore", invalid="ignore"):
            measure = np.log10(np.maximum(finite, 0.0)) if self.logarithmic else finite
        return int(np.sum((measure < self.low) | (measure > self.high)))

    def ticks(self, most: int = 5) -> Ticks:
        """At most about ``most`` ticks; ``values`` are in the axis' measure."""
        if not self.logarithmic:
            unit = unit_of(self.low, self.high)
            plain = labelled(round_ticks(self.low, self.high, most), unit)
            labels = tuple(label if label == "0" else f"{label}{self.suffix}" for label in plain.labels)
            return Ticks(plain.values, labels, unit)
        steps = self._powers((1.0,))
        if len(steps) < 3:
            fine, coarse = self._powers((1.0, 2.0, 5.0)), self._powers((1.0, 3.0))
            steps = fine if len(fine) <= most + 1 else coarse
        steps = steps[:: math.ceil(len(steps) / MOST_POWERS)] if len(steps) > MOST_POWERS else steps
        values = tuple(math.log10(digit) + power for digit, power in steps)
        return Ticks(values, tuple(self._power_text(digit, power) for digit, power in steps))

    def _powers(self, digits: tuple[float, ...]) -> list[tuple[float, int]]:
        """(digit, power of ten) of the round losses on the axis."""
        powers = range(math.floor(self.low) - 1, math.floor(self.high) + 1)
        return [(d, power) for power in powers for d in digits if self.low <= math.log10(d) + power <= self.high]

    def _power_text(self, digit: float, power: int) -> str:
        if -4 <= power <= 4:
            return number_text(digit * 10.0**power) + self.suffix
        factor = "" if digit == 1 else f"{digit:g} dot "
        return f"${factor}10^({power})${self.suffix}"


def update_ticks(n_updates: int, most: int = 5) -> Ticks:
    """Ticks at round counts of updates, written in full."""
    values = [value for value in round_ticks(0, max(n_updates, 1), most) if value == int(value)]
    return Ticks(tuple(values), tuple(number_text(value) for value in values))


def epoch_ticks(starts: NDArray, most: int = 6) -> Ticks:
    """Ticks where round counts of epochs were over; ``starts`` (E - 1,) as in `LossHistory`."""
    count = len(starts)
    if not count:
        return Ticks((), ())
    step = max(1, math.ceil(round_step(count, most)))
    over = range(step, count + 1, step)
    return Ticks(tuple(float(starts[n - 1]) for n in over), tuple(number_text(n) for n in over))
