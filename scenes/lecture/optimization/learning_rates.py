"""The beat of gradient-descent in which the learning rate is chosen: how far one step goes, and where that leads."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from gradreel.scenes.lecture.optimization.curve_walk import WalkBeats
from gradreel.scenes.lecture.optimization.pictures.rate_slice import RateLine, RateSlice, rates_to_try
from gradreel.scenes.mobjects.arrows import set_arrow
from gradreel.scenes.mobjects.descent import NUMBER_LINE, in_band
from gradreel.scenes.mobjects.formula_growth import grow
from gradreel.scenes.mobjects.loss_slice import POINT
from gradreel.scenes.mobjects.text import TextMobject, formula
from gradreel.scenes.mobjects.update_formulas import rate_source, spoken_name, taken_step_source
from gradreel.scenes.style import PRESENT, emphasis
from gradreel.scenes.words.counts import Count
from gradreel.scenes.words.numbers import number_text
from manim import (
    UP,
    Animation,
    FadeIn,
    FadeOut,
    Mobject,
    ReplacementTransform,
    UpdateFromAlphaFunc,
    VGroup,
    smooth,
    squish_rate_func,
)

BEYOND_TIP = 0.18  # from the tip of a step's arrow to its name
LATE = squish_rate_func(smooth, 0.4, 1.0)  # for what comes to where something goes


class RateBeats(WalkBeats):
    """How large a step is. ``only``: what is written under the map while an arrow shows no more than a direction."""

    only: TextMobject
    label_plate: Mobject  # under the arrow's name
    step_name: Sequence[Mobject] = ()  # of a step at a rate that was chosen among others, on its plate
    rate: TextMobject
    sum_line: TextMobject
    trial: RateLine | None = None  # where rates were tried
    trial_alone: RateSlice

    def learning_rate(self) -> None:
        rate, index = number_text(self.experiment.rate(0)), self.worked.index
        named = {"rate": rate, "entry": spoken_name(self.descent.names[index]), "count": Count(len(self.descent.names))}
        if self.other_data:
            with self.beat("learning-rate", **named):
                # The update's formula; the arrow becomes the step that was taken. Where that is the learning rate times
                # the gradient, the rate is written
                self.write_update()
                self.show_step()
                if self.descent.is_plain:
                    self.wait(2.2)
                    self.show_rate(rate)
            return
        rates = rates_to_try(self.experiment, self.descent.run.parameters[0], self.gradients[0], index)
        with self.beat("learning-rate", **named, bottom=number_text(rates[1]), far=number_text(rates[2])):
            # The update's formula. On the loss along one parameter two steps, to the bottom, and so far that the loss
            # is higher than before: each when its rate is said. Then the loss when all move, over the rate itself: the
            # first of the two now runs past the bottom; a smaller one is taken, and written
            self.try_rates(rates)

    def write_update(self) -> None:
        self.play(FadeIn(self.formulas[1], shift=0.15 * UP), run_time=0.6)

    def try_rates(self, rates: tuple[float, ...]) -> None:
        """In the place of the map: where one step leads at each of the rates; the first one is ours."""
        descent, near = self.descent, self.descent.near
        own, bottom, far = rates
        names = (spoken_name(descent.names[self.worked.index]), number_text(len(descent.names)))
        alone = RateSlice(self.along, (bottom, far), self.screen("alone", entry=names[0]))
        texts = (self.screen("together", count=names[1]), self.screen("lowest"))
        self.trial, self.trial_alone = RateLine(alone.slice, (own, bottom), self.gradients[0], texts), alone
        self.under = [near.surface, near.path.start_label, self.legend, *descent.axes]
        self.write_update()
        self.wait(2.2)  # while eta is spoken of
        self.leave_map()
        self.wait(0.7)  # until the first rate is said
        self.play(alone.hops.hop(0), FadeIn(alone.labels[0]), run_time=0.8)
        self.wait(0.8)
        self.play(FadeIn(alone.level), alone.hops.hop(1), FadeIn(alone.labels[1]), run_time=0.7)
        self.wait(0.5)
        self.step_with_all()
        self.rate = self.rate_formula(number_text(own))
        chosen = (FadeIn(self.trial.labels[0]), FadeIn(self.rate, shift=0.15 * UP))
        hops, labels = self.trial.hops, self.trial.labels
        past = [emphasis(part, PRESENT) for part in (hops.arrows[1], hops.dots[1], labels[1])]
        self.play(hops.hop(0), *chosen, *past, run_time=0.6)

    def leave_map(self) -> None:
        """The start on the map becomes the point on the first curve: it is the same theta."""
        path, along = self.descent.near.path, self.trial_alone.slice
        gone = (*self.under, path.arrow, self.label_plate, path.arrow_label, self.only)
        start = path.start_ring.copy()
        self.remove(path.start_ring)
        self.add(start)
        along.remove(along.point)  # it comes from the map
        moved = ReplacementTransform(start, along.point, run_time=0.8)
        coming = [FadeIn(part, rate_func=LATE, run_time=0.9) for part in (along, self.trial_alone.name)]
        self.play(*(FadeOut(part, run_time=0.4) for part in gone), *coming, moved)
        self.add(along.point)

    def step_with_all(self) -> None:
        """Another axis, the rate itself, and the loss when all move: the rate of before runs past its bottom."""
        alone, trial = self.trial_alone, self.trial
        gone = [alone.name, alone.level, alone.hops, alone.labels, alone.slice.plot, alone.slice.guide]
        exchange = [
            ReplacementTransform(alone.slice.curve, trial.curve),
            ReplacementTransform(alone.slice.point, trial.point),
            FadeOut(alone.slice.letter),
        ]
        self.play(*map(FadeOut, gone), *exchange, run_time=0.7)
        self.bring_to_back(trial.plot)
        self.play(FadeIn(trial.plot), FadeIn(trial.letter, trial.guide, trial.name, trial.bottom), run_time=0.4)
        self.add(trial.point)
        self.play(FadeIn(trial.level), trial.hops.hop(1), FadeIn(trial.labels[1]), run_time=0.8)
        self.wait(0.6)

    def back_to_map(self) -> None:
        """The chosen step leaves the rates that were tried and lies on the map, the same arrow, in its true length.

        Its rate goes along, into its name there, and from the line of formulas into one parameter's numbers.
        """
        path, trial = self.descent.near.path, self.trial
        chosen = (trial.hops.arrows[0], trial.hops.dots[0], trial.labels[0], trial.point)
        kept = {id(part) for each in chosen for part in each.get_family()}
        there = self.get_mobject_family_members()
        gone = [part for part in trial.get_family() if part.has_points() and part in there and id(part) not in kept]
        flight, name = self.step_to_map(), self.name_of_step()
        self.step_name = [self.plate(name), name]
        self.bring_to_back(self.descent.near.surface)
        self.remove(*chosen[:2])  # the flight has them
        back = [FadeIn(part, rate_func=LATE) for part in (*self.under, self.caption, self.step_name[0])]
        numbers = [*grow(trial.labels[0], name), *grow(self.rate, self.sum_line)]
        start = ReplacementTransform(trial.point, path.start_ring)
        self.play(FadeOut(VGroup(*gone), run_time=0.4), *back, start, flight, *numbers)
        self.remove(*chosen, *flight.mobject)
        self.add(path.arrow)

    def name_of_step(self) -> TextMobject:
        """−η g with the rate that was taken: beyond the tip of its arrow, as −g stood, or where −η g would."""
        path = self.descent.near.path
        name = formula(taken_step_source(number_text(self.experiment.rate(0))), 32)
        half, step = np.array([name.width, name.height]) / 2, self.descent.step()
        along = step / np.linalg.norm(step)
        center = path.start_ring.get_center()[:2] + step + along * (np.abs(along) @ half + BEYOND_TIP)
        low, high = np.array(path.box[::2]) + half, np.array(path.box[1::2]) - half
        if ((low < center) & (center < high)).all():
            return name.move_to([*center, 0.0])
        return name.move_to(path.step_label)

    def step_to_map(self) -> Animation:
        """The chosen step's arrow goes to the map, and its head becomes that of the arrows there; its dot is gone."""
        path, hops = self.descent.near.path, self.trial.hops
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

    def show_step(self, *also: Animation) -> None:
        descent, path = self.descent, self.descent.near.path
        exchange: tuple[Animation, ...] = ()
        if self.only in self.mobjects:  # the map has stayed
            self.play(FadeOut(path.arrow_label), FadeOut(self.label_plate), FadeOut(self.only), run_time=0.3)
            exchange = (FadeIn(self.caption),)
        self.play(
            descent.turn_arrow(descent.direction, descent.step()), FadeIn(path.step_label), *exchange, *also,
            run_time=0.7,
        )  # fmt: skip

    def show_rate(self, rate: str) -> None:
        """What the learning rate is, where the first update's numbers come next."""
        self.rate = self.rate_formula(rate)
        self.play(FadeIn(self.rate, shift=0.15 * UP), run_time=0.5)

    def rate_formula(self, rate: str) -> TextMobject:
        return in_band(rate_source(rate), line=NUMBER_LINE, size=34)
