"""Where one step leads at several learning rates: on the loss along a single parameter. Pure functions of numbers."""

from __future__ import annotations

import numpy as np
from gradreel.core.experiment import Experiment
from gradreel.core.theta import loss
from gradreel.scenes import style
from gradreel.scenes.mobjects.loss_slice import BEHIND, POINT, LossSlice, losses_along, way_to_zero
from gradreel.scenes.mobjects.plot import ring
from gradreel.scenes.mobjects.text import TextMobject, formula
from gradreel.scenes.mobjects.ticks import number_text
from gradreel.scenes.style import palette
from manim import Animation, Mobject, UpdateFromAlphaFunc, VGroup, smooth
from numpy.typing import NDArray

SMALL = 0.8  # a rate is small up to this share of the one that leads to the bottom
TOO_FAR = 2.4  # times the rate that leads to the bottom of a parabola, the step ends higher than it began
SCANNED = 801
LEVEL = 0.1  # of the slope at the start: where the curve is less steep, a label stands over it


def rates_to_try(experiment: Experiment, theta: NDArray, gradient: NDArray, index: int) -> tuple[float, ...] | None:
    """The run's learning rate, one that leads entry ``index`` of theta (P,) to its lowest loss, and one too large.

    None where they would not show what they are to show: that the first is a small step, that the second would be a
    better one for this entry, but not for all of them at once, and that the third leads higher up.
    """
    theta = np.asarray(theta, dtype=np.float64)
    own, slope, start = experiment.rate(0), float(gradient[index]), float(loss(experiment, theta))
    if not slope:
        return None
    ways = np.linspace(0, 2.2 * way_to_zero(start, slope, theta[index]), SCANNED)
    along = losses_along(experiment, theta, index, theta[index] - np.sign(slope) * ways)
    lowest = int(along.argmin())
    if not 0 < lowest < SCANNED - 1:
        return None
    bottom = float(f"{ways[lowest] / abs(slope):.1g}")
    rates = (own, bottom, float(f"{TOO_FAR * bottom:.2g}"))
    losses = losses_along(experiment, theta, index, theta[index] - np.array(rates) * slope)
    alone = losses[1] < losses[0] < start < losses[2]
    together = loss(experiment, theta - own * gradient) < loss(experiment, theta - bottom * gradient)
    return rates if own <= SMALL * bottom and alone and together else None


class RateSlice(VGroup):
    """L over the parameter of ``along``, and where one step of each of ``rates`` leads: a dot with its rate.

    Parts: ``slice`` (LossSlice, less its tangent), ``dots``, ``labels``; ``hop(k)`` lets a dot go there.
    """

    def __init__(self, along: LossSlice, rates: tuple[float, ...]) -> None:
        super().__init__()
        self.slope = along.slope
        uphill = 0.5 * BEHIND * way_to_zero(along.height_at(along.value), along.slope, 0.0)
        self.slice = along.reaching(uphill, 1.12 * max(rates) * abs(along.slope))
        self.slice.remove(self.slice.tangent)
        self.values = [self.slice.value - rate * self.slope for rate in rates]
        self.dots = VGroup(*(ring((0, 0, 0), POINT, palette.text, fill=palette.orange) for _ in rates))
        for dot in self.dots:
            dot.move_to(self.slice.point)
        self.labels = VGroup(*map(self._label, rates, self.values))
        self.add(self.slice, self.dots, self.labels)

    def at(self, value: float) -> NDArray:
        """(3,): the place on the curve over a value of the parameter."""
        return self.slice.plot.at(value, self.slice.height_at(value))

    def _label(self, rate: float, value: float) -> TextMobject:
        """Over the dot where the curve is level, otherwise up on the side to which the curve falls."""
        text = formula(f'eta = "{number_text(rate)}"', style.LETTER)
        step = 1e-3 * abs(self.slope)
        rise = (self.slice.height_at(value + step) - self.slice.height_at(value - step)) / (2 * step)
        if abs(rise) < LEVEL * abs(self.slope):
            return text.move_to(self.at(value) + np.array([0.0, 0.4, 0.0]))
        side = -np.sign(rise)
        return text.move_to(self.at(value) + np.array([side * (text.width / 2 + 0.3), 0.24, 0.0]))

    def hop(self, k: int) -> Animation:
        """Dot ``k`` goes along the curve to where its step ends."""
        start, end = self.slice.value, self.values[k]

        def move(dot: Mobject, share: float) -> None:
            dot.move_to(self.at(start + share * (end - start)))

        return UpdateFromAlphaFunc(self.dots[k], move, rate_func=smooth)
