"""Where one step leads at several learning rates, of a single parameter and of all. Pure functions of numbers."""

from __future__ import annotations

import numpy as np
from gradreel.core.experiment import Experiment
from gradreel.core.theta import loss
from gradreel.scenes import style
from gradreel.scenes.mobjects.loss_slice import BEHIND, POINT, LossSlice, free_place, losses_along, way_to_zero
from gradreel.scenes.mobjects.plot import dashed, ring
from gradreel.scenes.mobjects.sigmoid_board import arrow, set_arrow
from gradreel.scenes.mobjects.text import TextMobject, formula, words
from gradreel.scenes.mobjects.ticks import number_text
from gradreel.scenes.style import palette
from manim import Animation, Mobject, UpdateFromAlphaFunc, VGroup, VMobject, smooth
from numpy.typing import NDArray

SMALL = 0.8  # a rate is small up to this share of the one that leads to the bottom
TOO_FAR = 2.4  # times the rate that leads to the bottom of a parabola, the step ends higher than it began
SCANNED = 801
ALONE, TOGETHER = False, True  # a step of one parameter, or of all


def rates_to_try(experiment: Experiment, theta: NDArray, gradient: NDArray, index: int) -> tuple[float, ...] | None:
    """The run's learning rate, one that leads entry ``index`` of theta (P,) to its lowest loss, and one too large.

    None where they would not show what they are to show: that the first is a small step, that the second would be a
    better one for this entry, but goes past the lowest place when all of them move at once, and that the third leads
    higher up; or where the second one leads all of them even higher than that.
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
    worse = float(loss(experiment, theta - bottom * gradient))
    together = loss(experiment, theta - own * gradient) < worse < losses[2]  # which the picture's height is enough for
    return rates if own <= SMALL * bottom and alone and together else None


class RateSlice(VGroup):
    """L over the parameter of ``along``, alone and with all others, and where steps of the three ``rates`` lead.

    A step of one rate moves this parameter as far in both cases, so both losses stand over its value. ``gradient``
    (P,) is the one of the start; ``names``: what the two curves are called. Parts: ``slice`` (LossSlice, less its
    tangent), ``together`` (the other curve, where it is not too high), ``names``, ``level`` (as high as the start),
    ``guide`` (from the bottom up to where the same rate leads with all others), ``arrows`` and ``dots``: ALONE and
    TOGETHER steps in this order, ``labels`` of the three rates that are tried first. ``hop(k)`` lets a step go there.
    """

    def __init__(self, along: LossSlice, rates: tuple[float, ...], gradient: NDArray, names: tuple[str, str]) -> None:
        super().__init__()
        own, bottom, far = rates
        self.slope, self.gradient = along.slope, np.asarray(gradient, dtype=np.float64)
        uphill = 0.5 * BEHIND * way_to_zero(along.height_at(along.value), along.slope, 0.0)
        self.slice = along.reaching(uphill, 1.12 * max(rates) * abs(along.slope))
        self.slice.remove(self.slice.tangent)
        self.steps = ((bottom, ALONE), (far, ALONE), (bottom, TOGETHER), (own, TOGETHER))
        self.ends = [self.at(*step) for step in self.steps]
        self.arrows = VGroup(*(arrow(palette.orange, style.GHOST_CURVE + 1) for _ in self.steps))
        self.dots = VGroup(*(ring(end, POINT, palette.text, fill=palette.orange) for end in self.ends))
        self.together = self._together(max(rates))
        left, right, *_ = self.slice.plot.box
        start = self.slice.point.get_center()
        self.level = dashed(np.array([left, start[1], 0.0]), np.array([right, start[1], 0.0]), palette.dim)
        foot = np.array([self.ends[2][0], self.slice.plot.box[2], 0.0])
        self.guide = dashed(foot, self.ends[2], palette.dim)
        self.names = self._names(names)
        self.labels = VGroup(*map(self._label, (bottom, far, own)))
        side = np.sign(self.slope) or -1.0  # to which the way back is
        self.labels[0].place(foot[1] - 0.4, center=float(foot[0]))  # where all of this rate stands
        self.labels[1].move_to(self.ends[1] + np.array([side * (self.labels[1].width / 2 + 0.3), 0.24, 0.0]))
        self._label_first_step(start)
        self.add(self.slice, self.together, self.names, self.level, self.guide, self.arrows, self.dots, self.labels)

    def _label_first_step(self, start: NDArray) -> None:
        """The label of the rate that is taken, near the start, where no curve comes and no other label."""
        ends = [(start, self.ends[3]), (start, self.ends[2])]
        taken = [np.asarray(curve.get_start_anchors()) for curve in (self.slice.curve, self.together)]
        taken += [np.linspace(*way, 40) for way in ends] + [
            np.linspace(self.level.get_start(), self.level.get_end(), 200)
        ]
        taken += [label.get_all_points() for label in self.labels[:2]]
        half = (self.labels[2].width / 2, self.labels[2].height / 2)
        self.labels[2].move_to([*free_place(self.slice.plot.box, half, np.vstack(taken), start), 0.0])

    def loss_after(self, rate: float, together: bool) -> float:
        """The loss after a step of this rate: of this parameter alone, or of all of them."""
        if together:
            return float(loss(self.slice.experiment, self.slice.theta - rate * self.gradient))
        return self.slice.height_at(self.slice.value - rate * self.slope)

    def at(self, rate: float, together: bool) -> NDArray:
        """(3,): where such a step leads, in the picture."""
        return self.slice.plot.at(self.slice.value - rate * self.slope, self.loss_after(rate, together))

    def _together(self, most: float) -> VMobject:
        """The loss after a step of all parameters, as far as the picture is high."""
        plot = self.slice.plot
        rates = np.linspace(0, most, SCANNED)
        losses = loss(self.slice.experiment, self.slice.theta - rates[:, None] * self.gradient)
        inside = int(np.argmax(losses > plot.y_range[1])) or SCANNED
        x = self.slice.value - rates[:inside] * self.slope
        return plot.curve(x, losses[:inside], palette.text, style.SECOND_CURVE)

    def _names(self, texts: tuple[str, str]) -> VGroup:
        """At the upper ends of the curves, on the outer side of each."""
        side = -np.sign(self.slope) or 1.0
        names = VGroup()
        for text, curve, away in zip(texts, (self.slice.curve, self.together), (-1.0, -1.0), strict=True):
            ends = (curve.get_start(), curve.get_end())
            end = max(ends, key=lambda point: side * point[0])
            name = words(text, style.LABEL)
            name.move_to(end + np.array([side * away * (name.width / 2 + 0.22), -0.1, 0.0]))
            names.add(name)
        return names

    def _label(self, rate: float) -> TextMobject:
        return formula(f'eta = "{number_text(rate)}"', style.LETTER)

    def hop(self, k: int) -> Animation:
        """The arrow of step ``k`` grows from the start to where it leads, its dot at its tip."""
        start, end = self.slice.point.get_center(), self.ends[k]
        length = float(np.linalg.norm(end - start)) or 1.0
        along = (end - start) / length

        def move(_: Mobject, share: float) -> None:
            here = start + share * (end - start)
            self.dots[k].move_to(here)
            set_arrow(
                self.arrows[k], start + POINT * along, here - POINT * along if share * length > 3 * POINT else here
            )

        return UpdateFromAlphaFunc(VGroup(self.arrows[k], self.dots[k]), move, rate_func=smooth)
