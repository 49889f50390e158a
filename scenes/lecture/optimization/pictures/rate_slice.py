"""Where one step leads at several learning rates, of a single parameter and of all. Pure functions of numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import loss
from gradreel.scenes import style
from gradreel.scenes.mobjects.arrows import arrow, set_arrow
from gradreel.scenes.mobjects.loss_slice import BEHIND, POINT, LossSlice, free_place, losses_along, way_to_zero
from gradreel.scenes.mobjects.plot import Plot, dashed, ring
from gradreel.scenes.mobjects.text import TextMobject, formula, words
from gradreel.scenes.mobjects.ticks import Ticks, round_labels
from gradreel.scenes.mobjects.update_formulas import rate_source
from gradreel.scenes.style import palette
from gradreel.scenes.words.numbers import number_text
from manim import UP, Animation, Mobject, UpdateFromAlphaFunc, VGroup, VMobject, smooth
from numpy.typing import NDArray

TOO_FAR = 2.4  # times the rate that leads to the bottom of a parabola, the step ends higher than it began
BEFORE, WIDER = 0.14, 1.4  # times the larger rate: how far the axis of rates goes to both sides of 0
SCANNED = 801


def rates_to_try(experiment: Experiment, theta: NDArray, gradient: NDArray, index: int) -> tuple[float, float, float]:
    """The run's learning rate, one that leads entry ``index`` of theta (P,) to its lowest loss, and one too large."""
    theta = np.asarray(theta, dtype=np.float64)
    own, slope, start = experiment.rate(0), float(gradient[index]), float(loss(experiment, theta))
    ways = np.linspace(0, 2.2 * way_to_zero(start, slope, theta[index]), SCANNED)
    lowest = int(losses_along(experiment, theta, index, theta[index] - np.sign(slope) * ways).argmin())
    bottom = float(f"{ways[lowest] / abs(slope):.1g}")
    return own, bottom, float(f"{TOO_FAR * bottom:.2g}")


class Hops(VGroup):
    """Steps from ``start`` to each of ``ends`` (3,). Parts: ``arrows``, ``dots``; ``hop(k)`` lets step k go there."""

    def __init__(self, start: NDArray, ends: Sequence[NDArray]) -> None:
        super().__init__()
        self.start, self.ends = start, ends
        self.arrows = VGroup(*(arrow(palette.orange, style.GHOST_CURVE + 1) for _ in ends))
        self.dots = VGroup(*(ring(end, POINT, palette.text, fill=palette.orange) for end in ends))
        self.add(self.arrows, self.dots)

    def hop(self, k: int) -> Animation:
        """The arrow of step ``k`` grows from the start to where it leads, its dot at its tip."""
        start, end = self.start, self.ends[k]
        length = float(np.linalg.norm(end - start)) or 1.0
        along = (end - start) / length

        def move(_: Mobject, share: float) -> None:
            here = start + share * (end - start)
            self.dots[k].move_to(here)
            tip = here - POINT * along if share * length > 3 * POINT else here
            set_arrow(self.arrows[k], start + POINT * along, tip)

        return UpdateFromAlphaFunc(VGroup(self.arrows[k], self.dots[k]), move, rate_func=smooth)


class RateSlice(VGroup):
    """L over the parameter of ``along``, and where it comes to at each of ``rates``: to the bottom, and too far.

    Parts: ``slice`` (LossSlice, less its tangent), ``name`` (of the curve), ``level`` (as high as the start), ``hops``,
    ``labels`` of the rates.
    """

    def __init__(self, along: LossSlice, rates: tuple[float, float], name: str) -> None:
        super().__init__()
        uphill = 0.5 * BEHIND * way_to_zero(along.height_at(along.value), along.slope, 0.0)
        self.slice = along.reaching(uphill, 1.12 * rates[1] * abs(along.slope))
        self.slice.remove(self.slice.tangent)
        values = [along.value - rate * along.slope for rate in rates]
        start = self.slice.point.get_center()
        self.hops = Hops(start, [self.slice.plot.at(value, along.height_at(value)) for value in values])
        self.level = _level(self.slice.plot, start)
        side = np.sign(along.slope) or -1.0  # to which the way back is
        self.name = words(name, style.LABEL)
        end = max((self.slice.curve.get_start(), self.slice.curve.get_end()), key=lambda point: -side * point[0])
        self.name.move_to(end + np.array([side * (self.name.width / 2 + 0.22), -0.1, 0.0]))
        self.labels = VGroup(*map(_rate_label, rates))
        bottom, far = self.hops.ends
        self.labels[0].place(self.slice.plot.box[2] - 0.4, center=float(bottom[0]))
        self.labels[1].move_to(far + np.array([side * (self.labels[1].width / 2 + 0.3), 0.24, 0.0]))
        self.add(self.slice, self.name, self.level, self.hops, self.labels)


class RateLine(VGroup):
    """L over the learning rate of one step of all parameters, in the place of ``before``; steps of ``rates`` there.

    The axis is the rate: it belongs to no parameter. Parts: ``plot``, ``letter`` (what stands over the axis),
    ``curve`` (from 0 on), ``point`` and ``guide`` (no step), ``level`` (as high as that), ``name`` of the curve,
    ``bottom`` (a ring at its lowest place before the larger rate, and a word), ``hops``, ``labels`` of the rates.
    ``texts``: the name, the word.
    """

    def __init__(
        self, before: LossSlice, rates: tuple[float, float], gradient: NDArray, texts: tuple[str, str]
    ) -> None:
        super().__init__()
        self.experiment, self.theta = before.experiment, before.theta
        self.gradient = np.asarray(gradient, dtype=np.float64)
        own, past = rates
        after = [self.loss_after(rate) for rate in (0.0, own, past)]
        left, right, bottom, top = before.plot.box
        y_range = (0.0, 1.3 * max(after) or 1.0)
        self.plot = Plot(
            (-BEFORE * past, WIDER * past), y_range, left=left, right=right, bottom=bottom, top=top, x_label="eta",
            x_ticks=Ticks((0.0,), ("0",)), y_ticks=round_labels(*y_range, 4),
        )  # fmt: skip
        self.letter = formula("L(orange(theta^0) - eta thin orange(bold(g)))", style.LETTER)
        self.letter.place(top + 0.15, left=left - 0.2)
        self.guide = self.plot.guide(0.0, after[0])
        tried = np.linspace(0, WIDER * past, SCANNED)
        losses = np.asarray(loss(self.experiment, self.theta - tried[:, None] * self.gradient))
        inside = int(np.argmax(losses > y_range[1])) or SCANNED
        self.curve = self.plot.curve(tried[:inside], losses[:inside], palette.text, style.SECOND_CURVE)
        start = self.plot.at(0.0, after[0])
        self.point = ring(start, POINT, palette.text, fill=palette.orange)
        self.level = _level(self.plot, start)
        self.hops = Hops(start, [self.plot.at(rate, height) for rate, height in zip(rates, after[1:], strict=True)])
        self.name = words(texts[0], style.LABEL)
        self.name.move_to(self.curve.get_end() + np.array([-self.name.width / 2 - 0.22, -0.1, 0.0]))
        lowest = int(losses[tried <= past].argmin())
        mark = ring(self.plot.at(tried[lowest], losses[lowest]), 0.8 * POINT, palette.text)
        word = words(texts[1], style.CAPTION)
        self.bottom = VGroup(mark, word.move_to(mark.get_center() + 0.42 * UP))
        self.labels = VGroup(*map(_rate_label, rates))
        self.labels[1].move_to(self.hops.ends[1] + np.array([self.labels[1].width / 2 + 0.3, -0.12, 0.0]))
        self._label_first_step()
        self.add(self.plot, self.letter, self.guide, self.level, self.curve, self.name, self.bottom, self.point)
        self.add(self.hops, self.labels)

    def _label_first_step(self) -> None:
        """The label of the rate that is taken, near its dot, where no line comes and no other label."""
        start, ends = self.hops.start, self.hops.ends
        ways = [np.linspace(start, end, 40) for end in ends]
        level = np.linspace(self.level.get_start(), self.level.get_end(), 200)
        others = [part.get_all_points() for part in (self.bottom, self.labels[1], self.name)]
        taken = np.vstack([np.asarray(self.curve.get_start_anchors()), *ways, level, *others])
        half = (self.labels[0].width / 2, self.labels[0].height / 2)
        self.labels[0].move_to([*free_place(self.plot.box, half, taken, ends[0]), 0.0])

    def loss_after(self, rate: float) -> float:
        """The loss after a step of all parameters at this rate."""
        return float(loss(self.experiment, self.theta - rate * self.gradient))


def _level(plot: Plot, start: NDArray) -> VMobject:
    """A dashed line over the whole of ``plot``, as high as ``start``."""
    left, right, *_ = plot.box
    return dashed(np.array([left, start[1], 0.0]), np.array([right, start[1], 0.0]), palette.dim)


def _rate_label(rate: float) -> TextMobject:
    return formula(rate_source(number_text(rate)), style.LETTER)
