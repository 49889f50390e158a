"""One step of gradient descent on one day: its slopes, a learning rate at which it helps; and which day it is taken on.

All in the views' own unit, see `core.network.worked_example.theta_in_view_units`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property

import numpy as np
from gradreel.core.daily.units import view_unit
from gradreel.core.daily.views import DailyViews
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import Layers
from gradreel.core.network.worked_example import (
    Backward,
    Forward,
    backward,
    example_of,
    forward,
    forward_after_step,
    largest_falling_rate,
)
from gradreel.scenes.mobjects.printed_arithmetic import fitting_places, telling_text
from gradreel.scenes.words.numbers import THIN_SPACE, number_text
from numpy.typing import NDArray

LOOKED_AT = 300  # days: the last ones that are learned from
ORDINARY = (0.5, 1.0)  # of the mean error of these: not hit nearly, not missed by more than usual


@dataclass(frozen=True)
class DayStep:
    """The network with ``theta`` (P,) computes ``there``; its error has ``slopes``; ``after`` a step it computes less.

    ``rate`` is the largest of 1, 0.1, ... at which the step helps, see `largest_falling_rate`. Both are None if none
    does.
    """

    run: Experiment
    theta: NDArray
    there: Forward
    slopes: Backward
    rate: float | None
    after: Forward | None

    @classmethod
    def of(cls, run: Experiment, theta: NDArray, there: Forward) -> DayStep:
        slopes = backward(run, theta, there)
        rate = largest_falling_rate(run, theta, there, slopes)
        after = None if rate is None else forward_after_step(run, theta, there, slopes, rate)
        return cls(run, theta, there, slopes, rate, after)

    @cached_property
    def gradient(self) -> Layers:
        """The slopes by weights and biases."""
        return self.slopes.layers(self.run)

    def error_at(self, y: float) -> float:
        """The error, were this the prediction."""
        away = abs(y - self.there.label)
        return away if self.run.loss == "mae" else away**2


def slope_text(value: float, among: Iterable[float]) -> str:
    """A slope as it is written beside others: two decimals, fewer for large ones; -1, 0 and 1 as whole numbers."""
    if float(value) in (-1.0, 0.0, 1.0):
        return number_text(value, 0)
    return telling_text(float(value), fitting_places(np.ravel(np.asarray(list(among), dtype=float))))


@dataclass(frozen=True)
class RowProduct:
    """``slope * x = product``, each as printed; ``right``: as printed, they come to that."""

    slope: str
    x: str
    product: str

    @property
    def right(self) -> bool:
        slope, x, end = (
            Decimal(text.replace("\u2212", "-").replace(THIN_SPACE, "")) for text in (self.slope, self.x, self.product)
        )
        return (slope * x).quantize(end, rounding=ROUND_HALF_UP) == end


def printed_row(step: DayStep, i: int, places: int) -> list[RowProduct]:
    """The one slope of r_i times each x, to ``places`` decimals: the slopes of its w."""
    weights, slopes = step.gradient.weights[0], step.slopes.r[0]
    return [
        RowProduct(slope_text(slopes[i], slopes), number_text(float(x), places), slope_text(product, weights.ravel()))
        for x, product in zip(step.there.x, weights[i], strict=True)
    ]


def printed_apart(there: Forward, places: int) -> bool:
    """Whether prediction and label, each to ``places`` decimals, are as far apart as they are without rounding."""
    printed = abs(round(there.y, places) - round(there.label, places))
    return number_text(printed, places) == number_text(abs(there.y - there.label), places)


def seen_day(run: Experiment, theta: NDArray) -> date:
    """The day among the last ones learned from whose error a step brings down to the smallest share of what it was.

    Where there are such days, it is one with an ordinary error, some of which is left in print, and which is that of
    the printed numbers, before the step and after it; whose slopes can be multiplied as they are printed and look like
    no value of a node; and none whose slopes by all w are 0.
    """
    dataset = run.dataset
    assert isinstance(dataset, DailyViews)
    places = view_unit(dataset).decimals
    newest = dataset.first_validation_date - timedelta(days=1)
    seen = (newest - dataset.daily.start).days - dataset.window + 1  # so many days can be learned from
    examples = [example_of(dataset, newest - timedelta(days=k)) for k in range(min(LOOKED_AT, seen))]
    ways = [forward(run, theta, example.x, example.label) for example in examples]
    errors = np.array([there.error for there in ways])
    ordinary = (ORDINARY[0] * errors.mean() <= errors) & (errors <= ORDINARY[1] * errors.mean())

    def rank(k: int) -> tuple[bool, bool, int, float]:
        there, step = ways[k], DayStep.of(run, theta, ways[k])
        after, weights = step.after or there, step.gradient.weights[0]
        products = printed_row(step, int(np.abs(weights).max(axis=1).argmax()), places)
        wrong = sum(not product.right for product in products)
        values = (*there.x, *there.r[0], *there.a[0], there.y)
        wrong += products[0].slope in {number_text(float(value), places) for value in values}
        wrong += sum(not printed_apart(at, places) for at in (there, after))
        exact = round(after.y, places) == round(after.label, places)
        return not weights.any(), not ordinary[k], wrong + exact, after.error / (there.error or 1.0)

    return examples[min(range(len(examples)), key=rank)].day
