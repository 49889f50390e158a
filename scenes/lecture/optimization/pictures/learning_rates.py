"""Where one step leads at several learning rates, of a single parameter and of all; and one that is taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import loss
from gradreel.scenes import style
from gradreel.scenes.lecture.optimization.pictures.descent import Descent
from gradreel.scenes.lecture.optimization.pictures.descent_path import plate_under
from gradreel.scenes.lecture.optimization.pictures.loss_slice import (
    BEHIND,
    POINT,
    LossSlice,
    free_place,
    losses_along,
    way_to_zero,
)
from gradreel.scenes.mobjects.arrows import arrow, set_arrow
from gradreel.scenes.mobjects.formula_growth import grow
from gradreel.scenes.mobjects.plot import Plot, dashed, ring
from gradreel.scenes.mobjects.text import TextMobject, formula, words
from gradreel.scenes.mobjects.ticks import Ticks, round_labels
from gradreel.scenes.mobjects.update_formulas import rate_source, taken_step_source
from gradreel.scenes.style import DIM, emphasis, palette
from gradreel.scenes.words.numbers import number_text
from manim import (
    UP,
    Animation,
    FadeIn,
    FadeOut,
    Mobject,
    ReplacementTransform,
    Scene,
    UpdateFromAlphaFunc,
    VGroup,
    VMobject,
    smooth,
    squish_rate_func,
)
from numpy.typing import NDArray

TOO_FAR = 2.4  # times the rate that leads to the bottom of a parabola, the step ends higher than it began
BEFORE, WIDER = 0.14, 1.4  # times the larger rate: how far the axis of rates goes to both sides of 0
SCANNED = 801
BEYOND_TIP = 0.18  # from the tip of a step's arrow to its name
LATE = squish_rate_func(smooth, 0.4, 1.0)  # for what comes to where something goes


def rates_to_try(experiment: Experiment, theta: NDArray, gradient: NDArray, index: int) -> tuple[float, float, float]:
    """The run's learning rate, one that leads entry ``index`` of theta (P,) to its lowest loss, and one too large."""
    theta = np.asarray(theta, dtype=np.float64)
    own, slope, start = experiment.rate(0), float(gradient[index]), float(loss(experiment, theta))
    ways = np.linspace(0, 2.2 * way_to_zero(start, slope, theta[index]), SCANNED)
    lowest = int(losses_along(experiment, theta, index, theta[index] - np.sign(slope) * ways).argmin())
    bottom = float(f"{ways[lowest] / abs(slope):.1g}")
    return own, bottom, float(f"{TOO_FAR * bottom:.2g}")


class RateTrial:
    """Learning rates are tried in the place of the map: one parameter's step at two of them, then the step of all.

    ``rates``: ours, the one that leads to the bottom, one too large. ``under``: what stands on the map and comes back.
    ``texts``: "alone", "together" and "lowest". Parts: ``alone`` (RateSlice), ``together`` (RateLine). Its
    methods play in the ``scene``.
    """

    def __init__(
        self,
        scene: Scene,
        descent: Descent,
        along: LossSlice,
        rates: tuple[float, float, float],
        under: Sequence[Mobject],
        texts: Mapping[str, str],
    ) -> None:
        self.scene, self.descent, self.path, self.under = scene, descent, descent.near.path, under
        self.rates = rates
        own, bottom, far = rates
        self.alone = RateSlice(along, (bottom, far), texts["alone"])
        gradient, names = descent.run.gradient[0], (texts["together"], texts["lowest"])
        self.together = RateLine(self.alone.slice, (own, bottom), gradient, names)

    def leave_map(self, gone: Sequence[Mobject]) -> None:
        """The start on the map becomes the point on the first curve: it is the same theta."""
        along = self.alone.slice
        start = self.path.start_ring.copy()
        self.scene.remove(self.path.start_ring)
        self.scene.add(start)
        along.remove(along.point)  # it comes from the map
        moved = ReplacementTransform(start, along.point, run_time=0.8)
        coming = [FadeIn(part, rate_func=LATE, run_time=0.9) for part in (along, self.alone.name)]
        self.scene.play(*(FadeOut(part, run_time=0.4) for part in (*self.under, *gone)), *coming, moved)
        self.scene.add(along.point)

    def step_alone(self) -> None:
        """One parameter's step to the bottom, and one so far that the loss rises: each when its rate is said."""
        alone = self.alone
        self.scene.play(alone.hops.hop(0), FadeIn(alone.labels[0]), run_time=0.8)
        self.scene.wait(0.8)
        self.scene.play(FadeIn(alone.level), alone.hops.hop(1), FadeIn(alone.labels[1]), run_time=0.7)
        self.scene.wait(0.5)

    def step_with_all(self) -> None:
        """Another axis, the rate itself, and the loss when all move: the rate of before runs past its bottom."""
        alone, together = self.alone, self.together
        gone = [alone.name, alone.level, alone.hops, alone.labels, alone.slice.plot, alone.slice.guide]
        exchange = [
            ReplacementTransform(alone.slice.curve, together.curve),
            ReplacementTransform(alone.slice.point, together.point),
            FadeOut(alone.slice.letter),
        ]
        self.scene.play(*map(FadeOut, gone), *exchange, run_time=0.7)
        self.scene.bring_to_back(together.plot)
        coming = FadeIn(together.letter, together.guide, together.name, together.bottom)
        self.scene.play(FadeIn(together.plot), coming, run_time=0.4)
        self.scene.add(together.point)
        self.scene.play(FadeIn(together.level), together.hops.hop(1), FadeIn(together.labels[1]), run_time=0.8)
        self.scene.wait(0.6)

    def taking_ours(self) -> list[Animation]:
        """The step at our rate, and the other one dims."""
        hops, labels = self.together.hops, self.together.labels
        past = (hops.arrows[1], hops.dots[1], labels[1])
        return [hops.hop(0), FadeIn(labels[0]), *(emphasis(part, DIM) for part in past)]

    def back_to_map(self, coming: Sequence[Mobject], *also: Animation) -> tuple[Mobject, Mobject]:
        """The step that was taken leaves the rates and lies on the map, the same arrow, in its true length.

        Its rate goes along, into its name there, which is returned with its plate. Beside what stood on the map
        something else is ``coming``, and happens ``also``.
        """
        scene, trial = self.scene, self.together
        chosen = (trial.hops.arrows[0], trial.hops.dots[0], trial.labels[0], trial.point)
        kept = {id(part) for each in chosen for part in each.get_family()}
        there = scene.get_mobject_family_members()
        gone = [part for part in trial.get_family() if part.has_points() and part in there and id(part) not in kept]
        flight, name = self.step_to_map(), self._name_of_step()
        plate = plate_under(name)
        scene.bring_to_back(self.descent.near.surface)
        scene.remove(*chosen[:2])  # the flight has them
        back = [FadeIn(part, rate_func=LATE) for part in (*self.under, *coming, plate)]
        start = ReplacementTransform(trial.point, self.path.start_ring)
        scene.play(FadeOut(VGroup(*gone), run_time=0.4), *back, start, flight, *grow(trial.labels[0], name), *also)
        scene.remove(*chosen, *flight.mobject)
        scene.add(self.path.arrow)
        return plate, name

    def _name_of_step(self) -> TextMobject:
        """−η g with the rate that was taken: beyond the tip of its arrow, as −g stood, or where −η g would."""
        path, step = self.path, self.descent.step()
        name = formula(taken_step_source(number_text(self.descent.experiment.rate(0))), 32)
        half = np.array([name.width, name.height]) / 2
        along = step / np.linalg.norm(step)
        center = path.start_ring.get_center()[:2] + step + along * (np.abs(along) @ half + BEYOND_TIP)
        low, high = np.array(path.box[::2]) + half, np.array(path.box[1::2]) - half
        if ((low < center) & (center < high)).all():
            return name.move_to([*center, 0.0])
        return name.move_to(path.step_label)

    def step_to_map(self) -> Animation:
        """The chosen step's arrow goes to the map, and its head becomes that of the arrows there; its dot is gone."""
        path, hops = self.path, self.together.hops
        line, dot = hops.arrows[0].copy(), hops.dots[0].copy()
        here, step = path.start_ring.get_center(), np.array([*self.descent.step(), 0.0])
        path.point_arrow(here, step[:2], float(np.linalg.norm(step)))
        along = (hops.ends[0] - hops.start) / np.linalg.norm(hops.ends[0] - hops.start)
        before = np.array([hops.start + POINT * along, hops.ends[0] - POINT * along])
        after = np.array([path.arrow[0].get_start(), here + step])

        def move(_: Mobject, share: float) -> None:
            start, end = (1 - share) * before + share * after
            path.put_arrow(start, end)
            path.arrow[0].set_stroke(opacity=share)
            path.arrow[1].set_fill(opacity=share)
            set_arrow(line, start, end).set_stroke(opacity=1 - share)
            dot.move_to((1 - share) * hops.ends[0] + share * after[1]).set_opacity(1 - share)

        return UpdateFromAlphaFunc(VGroup(line, path.arrow, dot), move, rate_func=smooth)


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


def _level(plot: Plot, start: NDArray) -> VMobject:
    """A dashed line over the whole of ``plot``, as high as ``start``."""
    left, right, *_ = plot.box
    return dashed(np.array([left, start[1], 0.0]), np.array([right, start[1], 0.0]), palette.dim)


def _rate_label(rate: float) -> TextMobject:
    return formula(rate_source(number_text(rate)), style.LETTER)
