"""Which of its own days a small network takes a step on: an ordinary one, whose error the step makes much smaller."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
from gradreel.core.daily.views import DailyViews
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import unpack
from gradreel.core.network.worked_example import (
    Backward,
    Example,
    Forward,
    backward,
    example_of,
    falling_rate,
    forward,
    stepped,
    view_unit,
)
from gradreel.scenes.lecture.deep.pictures.network_slopes import slope_text
from gradreel.scenes.words.numbers import THIN_SPACE, number_text
from numpy.typing import NDArray

LOOKED_AT = 300  # days: the last ones that are learned from
ORDINARY = (0.5, 1.0)  # of the mean error of these: not hit nearly, not missed by more than usual


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


def printed_row(there: Forward, slopes: Backward, weights: NDArray, i: int, places: int) -> list[RowProduct]:
    """The one slope of r_i times each x, to ``places`` decimals: the slopes of its w, row i of ``weights`` (H, D)."""
    slope = slope_text(slopes.r[0][i], slopes.r[0])
    return [
        RowProduct(slope, number_text(float(x), places), slope_text(product, weights.ravel()))
        for x, product in zip(there.x, weights[i], strict=True)
    ]


def printed_apart(there: Forward, places: int) -> bool:
    """Whether prediction and label, each to ``places`` decimals, are as far apart as they are without rounding."""
    printed = abs(round(there.y, places) - round(there.label, places))
    return number_text(printed, places) == number_text(abs(there.y - there.label), places)


def seen_day(run: Experiment, theta: NDArray) -> date:
    """The day among the last ones learned from whose error a step brings down to the smallest share of what it was.

    Where there are such days, it is one with an ordinary error, some of which is left in print, and which is that of
    the printed numbers, before the step and after it; whose slopes can be multiplied as they are printed and look like
    no value of a node; and none whose slopes by all w are 0. ``theta`` (P,) is in the views' own unit, see
    `core.written_out.in_thousands`.
    """
    dataset = run.dataset
    assert isinstance(dataset, DailyViews)
    places = view_unit(dataset).decimals
    examples = list(_last_seen(dataset))
    ways = [forward(run, theta, example.x, example.label) for example in examples]
    errors = np.array([there.error for there in ways])
    ordinary = (ORDINARY[0] * errors.mean() <= errors) & (errors <= ORDINARY[1] * errors.mean())

    def rank(k: int) -> tuple[bool, bool, int, float]:
        there = ways[k]
        slopes = backward(run, theta, there)
        rate = falling_rate(run, theta, there, slopes)
        after = there if rate is None else stepped(run, theta, there, slopes, rate)
        weights = unpack(run, slopes.theta).weights[0]
        row = int(np.abs(weights).max(axis=1).argmax())
        products = printed_row(there, slopes, weights, row, places)
        wrong = sum(not product.right for product in products)
        values = (*there.x, *there.r[0], *there.a[0], there.y)
        wrong += products[0].slope in {number_text(float(value), places) for value in values}
        wrong += sum(not printed_apart(at, places) for at in (there, after))
        exact = round(after.y, places) == round(after.label, places)
        return not weights.any(), not ordinary[k], wrong + exact, after.error / (there.error or 1.0)

    return examples[min(range(len(examples)), key=rank)].day


def _last_seen(dataset: DailyViews) -> Iterator[Example]:
    """The examples of the last days that are learned from, newest first."""
    first = dataset.daily.start + timedelta(days=dataset.window)
    for k in range(1, LOOKED_AT + 1):
        day = dataset.first_unseen - timedelta(days=k)
        if day >= first:
            yield example_of(dataset, day)
