"""The beat of gradient-descent in which the learning rate is chosen: how far one step goes, and where that leads."""

from __future__ import annotations

from gradreel.scenes.counts import Count
from gradreel.scenes.lecture.curve_walk import WalkBeats
from gradreel.scenes.mobjects.descent import NUMBER_LINE, in_band
from gradreel.scenes.mobjects.rate_slice import RateLine, RateSlice, rates_to_try
from gradreel.scenes.mobjects.text import TextMobject
from gradreel.scenes.mobjects.ticks import number_text
from gradreel.scenes.mobjects.update_formulas import spoken_name
from manim import UP, Animation, FadeIn, FadeOut, Mobject, ReplacementTransform, VGroup


class RateBeats(WalkBeats):
    """How large a step is. ``only``: what is written under the map while an arrow shows no more than a direction."""

    only: TextMobject
    label_plate: Mobject  # under the arrow's name
    rate: TextMobject
    sum_line: TextMobject
    trial: RateLine | None = None  # where rates were tried
    trial_alone: RateSlice

    def learning_rate(self) -> None:
        rate, index, rates = number_text(self.experiment.rate(0)), self.worked.index, None
        if self.descent.is_plain and self.experiment.schedule == "constant":
            rates = rates_to_try(self.experiment, self.descent.run.parameters[0], self.gradients[0], index)
        if not self.descent.is_plain:
            with self.beat("step-adam" if self.experiment.optimizer == "adam" else "step-momentum", rate=rate):
                # The update's formula; the arrow turns into the step that was recorded
                self.write_update()
                self.show_step()
        elif rates is not None:
            named = {"entry": spoken_name(self.descent.names[index]), "count": Count(len(self.descent.names))}
            tried = {"bottom": number_text(rates[1]), "far": number_text(rates[2])}
            with self.beat("learning-rate", rate=rate, **named, **tried):
                # The update's formula. On the loss along one parameter two steps, to the bottom, and so far that the
                # loss is higher than before: each when its rate is said. Then the loss when all move, over the rate
                # itself: the first of the two now runs past the bottom; a smaller one is taken, and written
                self.try_rates(rates)
        elif self.experiment.schedule == "constant":
            with self.beat("learning-rate-only", rate=rate):
                # The update's formula; the arrow takes its true length, the learning rate times the gradient. Then the
                # rate is said, and written
                self.write_update()
                self.show_step()
                self.wait(2.2)
                self.show_rate(rate)
        else:
            with self.beat("learning-rate-falls", rate=rate):
                # The same, for a rate that gets smaller
                self.write_update()
                self.show_step()
                self.wait(2.2)
                self.show_rate(rate)

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
        path = near.path
        self.under = [near.surface, path.start_ring, path.start_label, path.arrow, self.label_plate, path.arrow_label]
        self.under += [self.legend, self.only, *descent.axes]
        self.write_update()
        self.wait(2.2)  # while eta is spoken of
        self.play(*map(FadeOut, self.under), run_time=0.4)
        self.play(FadeIn(alone.slice), FadeIn(alone.name), run_time=0.5)
        self.wait(0.7)  # until the first rate is said
        self.play(alone.hops.hop(0), FadeIn(alone.labels[0]), run_time=0.8)
        self.wait(0.8)
        self.play(FadeIn(alone.level), alone.hops.hop(1), FadeIn(alone.labels[1]), run_time=0.7)
        self.wait(0.5)
        self.step_with_all()
        self.rate = self.rate_formula(number_text(own))
        chosen = (FadeIn(self.trial.labels[0]), FadeIn(self.rate, shift=0.15 * UP))
        self.play(self.trial.hops.hop(0), *chosen, run_time=0.6)

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
        """The map with the step in the place of the rates that were tried; one parameter's numbers replace the rate."""
        there = self.get_mobject_family_members()
        drawn = [part for part in self.trial.get_family() if part.has_points() and part in there]
        self.play(FadeOut(VGroup(*drawn)), FadeOut(self.rate), run_time=0.3)
        near = self.descent.near
        self.bring_to_back(near.surface)
        gone = (self.only, self.label_plate, near.path.arrow_label)
        back = [part for part in self.under if part not in gone]
        self.play(*map(FadeIn, (*back, self.caption, self.sum_line)), run_time=0.4)

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
        return in_band(f'eta = "{rate}"', line=NUMBER_LINE, size=34)
