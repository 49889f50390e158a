"""The beats of gradient-descent for a run of ours on a curve."""

from __future__ import annotations

import numpy as np
from gradreel.core.trace import Trace
from gradreel.scenes import style
from gradreel.scenes.counts import Count
from gradreel.scenes.lecture.curve_slopes import KNOWN
from gradreel.scenes.lecture.descent_end import EndBeats
from gradreel.scenes.mobjects.descent import MAP_BOX, NUMBER_LINE, TALL, Descent, in_band
from gradreel.scenes.mobjects.descent_map import DescentMap
from gradreel.scenes.mobjects.pace import Pace, even_pace
from gradreel.scenes.mobjects.rate_slice import RateSlice, rates_to_try
from gradreel.scenes.mobjects.relief import Relief
from gradreel.scenes.mobjects.shade_legend import shade_legend
from gradreel.scenes.mobjects.text import TextMobject, words
from gradreel.scenes.mobjects.ticks import number_text
from gradreel.scenes.mobjects.update_formulas import spoken_name, sum_source
from gradreel.scenes.style import FAINT, FULL, emphasis, emphasize, palette
from manim import (
    UP,
    Animation,
    Create,
    FadeIn,
    FadeOut,
    LaggedStart,
    Mobject,
    ReplacementTransform,
    Succession,
    UpdateFromAlphaFunc,
    VGroup,
    smooth,
)

CLOSE_UP = 10  # updates that are shown one by one, on a map of their own
UNDER_MAP = -1.45  # baseline of the line that says which plane the map is
WALK_SECONDS, BY_COUNT = 10.0, 0.3  # of which this share passes by the count of updates: late ones are many
EXCHANGE = 0.6  # seconds in which the slopes' row gets another label
OPENING, THIN = 0.4, 2.5  # seconds in which the point becomes a ring, and how thick that is
MOST = 0.9  # of the way that the loss falls in all
CROWD, CROWDED = 10, 0.2  # the last gaps between dots crowd when none is wider than this share of the widest gap


class CurveDescentBeats(EndBeats):
    """Beats for a run of which all is known: the loss around its path, and the curve that the network draws."""

    def of_a_curve(self, run: Trace, last: int, others: list[str]) -> None:
        """Rows 0 to ``last`` of a run on a curve: one slope, all of them, the point on its map, the curve.

        ``others``: names of runs from other starts, which it is compared with.
        """
        self.experiment, self.last = run.experiment, last
        self.ends = self.losses_of_others(others)
        texts = {key: self.screen(key) for key in ("target", "model", "start", "update", "step", "loss")}
        self.descent = Descent(run, self.last, min(CLOSE_UP, self.last), texts)
        self.gradients = run.gradient
        self.choose_one()
        self.task()
        self.random_start()
        self.one_slope()
        self.gradient()
        self.surface()
        self.downhill()
        self.learning_rate()
        self.first_update()
        self.again_and_again()
        self.step_back()
        self.walk()
        self.stop()
        self.end()

    def under_map(self, shown: DescentMap) -> TextMobject:
        """Which plane the map shows."""
        count = len(self.descent.names)
        cut = self.descent.close_up if shown.is_through else None
        key = "plane-all" if count == 2 else "plane" if cut is None else "plane-through"
        return self.map_caption(self.screen(f"map-{key}", count=number_text(count), update=cut or 0))

    def map_caption(self, text: str) -> TextMobject:
        return words(text, style.CAPTION, palette.dim).place(UNDER_MAP, left=style.LEFT_EDGE)

    def exchange(self, before: str, after: str) -> list[Animation]:
        """Both formulas for another update."""
        first, second = self.formulas
        gradient, update = self.formulas = self.both_formulas(before, after)
        return [ReplacementTransform(first, gradient), ReplacementTransform(second, update)]

    def arithmetic(self) -> TextMobject:
        """One parameter's first update in its recorded numbers, as long as there is room for."""
        named = (self.worked, self.descent.names, self.descent.labels)
        whole = in_band(sum_source(*named, short=not self.descent.is_plain), line=NUMBER_LINE, size=34)
        if whole.get_right()[0] <= style.RIGHT_EDGE and whole.font_size >= style.LABEL:
            return whole
        return in_band(sum_source(*named, short=True), line=NUMBER_LINE, size=34)

    # -- the beats -------------------------------------------------------------------------------------------------

    def surface(self) -> None:
        loss, count = self.descent.loss_text(0), len(self.descent.names)
        if count > 2:
            with self.beat("surface", loss=loss, count=Count(count)):
                # More directions than can be drawn, so a plane of them: the loss as a landscape, the start a ring.
                # Then it is seen from above: a map, with the loss on some lines
                self.show_surface()
        else:
            with self.beat("surface-all", loss=loss):
                # The same, where the plane has all directions there are
                self.show_surface()

    def show_surface(self) -> None:
        surface, path = self.descent.near.surface, self.descent.near.path
        self.caption = self.under_map(self.descent.near)
        self.legend = shade_legend(
            surface.shades(), self.screen("low"), self.screen("high"), MAP_BOX[1], MAP_BOX[3] + 0.15
        )
        relief = Relief(surface)
        here, loss = path.start_ring.get_center(), self.descent.loss_at(0)
        path.start_ring.move_to(relief.at(here, loss))
        self.play(*map(FadeOut, self.grid.slices), run_time=0.4)
        self.bring_to_back(relief)
        self.play(FadeIn(relief), run_time=0.8)
        self.play(FadeIn(path.start_ring, scale=1.6), run_time=0.4)
        self.wait(0.6)

        def tilt(_: Mobject, share: float) -> None:
            relief.tilt(1 - share)
            path.start_ring.move_to(relief.at(here, loss))

        self.play(UpdateFromAlphaFunc(VGroup(relief, path.start_ring), tilt, rate_func=smooth), run_time=2.2)
        self.bring_to_back(surface)
        self.bring_to_back(relief)
        # The legend comes only now: the landscape's far corner has passed where it stands
        arriving = (surface, path.start_label, self.caption, self.legend, *self.descent.axes)
        self.play(*map(FadeIn, arriving), run_time=0.5)
        self.remove(relief)

    def downhill(self) -> None:
        if self.descent.is_plain:
            with self.beat("downhill"):
                # On the map all slopes together are one arrow: against the gradient, across the contour lines
                self.show_downhill()
        else:
            with self.beat("downhill-only"):
                # The same arrow; the step will not quite follow it
                self.show_downhill()

    def show_downhill(self) -> None:
        descent, path = self.descent, self.descent.near.path
        away = descent.direction
        only = self.map_caption(self.screen("map-direction"))
        self.play(descent.turn_arrow(-0.1 * away, -away), FadeOut(self.caption, run_time=0.4), run_time=0.9)
        self.play(FadeIn(path.uphill_label), FadeIn(only), run_time=0.4)
        self.wait(1.0)
        self.play(FadeOut(path.uphill_label), run_time=0.3)
        self.play(descent.turn_arrow(-away, away), run_time=1.0)
        self.play(FadeIn(path.arrow_label), run_time=0.4)
        self.only = only

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
                # The update's formula. On the loss along one parameter, the steps of three rates: a small one, to the
                # bottom, and too far. Then ours is written; on the map the arrow takes its true length
                self.try_rates(rates)
                self.back_to_map()
                self.show_step()
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
        """In the place of the map: where one step leads at each of the rates; the first one stays bright."""
        descent, near = self.descent, self.descent.near
        self.trial, path = RateSlice(self.along, rates), near.path
        trial = self.trial
        self.under = [near.surface, path.start_ring, path.start_label, path.arrow, path.arrow_label, self.legend]
        self.under += [self.only, *descent.axes]
        self.play(FadeIn(self.formulas[1], shift=0.15 * UP), *map(FadeOut, self.under), run_time=0.5)
        self.play(FadeIn(trial.slice), run_time=0.5)
        for k, name in enumerate(trial.labels):
            self.play(trial.hop(k), run_time=0.7)
            self.play(FadeIn(name), run_time=0.2)
            if not k:
                self.wait(1.8)  # the first is ours; what others would do is said later
        self.wait(1.0)  # while it is said
        others = VGroup(*trial.dots[1:], *trial.labels[1:])
        self.rate = self.rate_formula(number_text(rates[0]))
        self.play(emphasis(others, FAINT), FadeIn(self.rate, shift=0.15 * UP), run_time=0.6)

    def back_to_map(self) -> None:
        self.play(FadeOut(self.trial), run_time=0.3)
        near = self.descent.near
        self.bring_to_back(near.surface)
        gone = (self.only, near.path.arrow_label)
        back = [part for part in self.under if part not in gone]
        self.play(*map(FadeIn, (*back, self.caption)), run_time=0.4)

    def show_step(self) -> None:
        descent, path = self.descent, self.descent.near.path
        exchange: tuple[Animation, ...] = ()
        if self.only in self.mobjects:  # the map has stayed
            self.play(FadeOut(path.arrow_label), FadeOut(self.only), run_time=0.3)
            exchange = (FadeIn(self.caption),)
        self.play(descent.turn_arrow(descent.direction, descent.step()), *exchange, run_time=0.8)
        self.play(FadeIn(path.step_label), run_time=0.3)

    def show_rate(self, rate: str) -> None:
        """What the learning rate is, where the first update's numbers come next."""
        self.rate = self.rate_formula(rate)
        self.play(FadeIn(self.rate, shift=0.15 * UP), run_time=0.5)

    def rate_formula(self, rate: str) -> TextMobject:
        return in_band(f'eta = "{rate}"', line=NUMBER_LINE, size=34)

    def first_update(self) -> None:
        descent, path = self.descent, self.descent.near.path
        with self.beat("first-update", before=descent.loss_text(0), loss=descent.loss_text(1)):
            # One parameter's numbers first, then all at once: the point moves, the curve moves, its ghost stays. The
            # slopes have been used: they are those of where it was
            self.sum_line, self.frame = self.arithmetic(), descent.frame_around(self.worked.index)
            if descent.is_plain:
                self.play(FadeOut(self.rate), run_time=0.3)
            self.play(FadeIn(self.sum_line, shift=0.15 * UP), Create(self.frame), run_time=0.6)
            descent.hold_slopes(0)  # what the formula speaks of stays while the point moves
            self.add(descent.fit.ghost, descent.fit.model)
            gone = map(FadeOut, (path.arrow, path.step_label, self.frame))
            self.play(*gone, FadeIn(path.marker), emphasis(descent.slopes.numbers, FAINT), run_time=0.3)
            descent.numbers_from = 0.5  # point, curve and numbers change at once
            self.play(descent.go(smooth, arrow=False, label=False), run_time=0.9)
            descent.numbers_from = 1.0
            self.play(FadeIn(path.label), run_time=0.4)

    def again_and_again(self) -> None:
        descent, path = self.descent, self.descent.near.path
        with self.beat("again"):
            # New slopes where the point is now, in the place of the old ones, and the same again; then the next
            # updates, one by one
            numbers = descent.slopes.numbers
            self.play(FadeOut(self.sum_line), FadeOut(numbers), *self.exchange("1", "2"), run_time=0.6)
            descent.hold_slopes(1)
            self.play(LaggedStart(*map(FadeIn, emphasize(numbers, FULL)), lag_ratio=0.1), run_time=0.7)
            self.play(descent.turn_arrow(0.1 * descent.step(), descent.step()), run_time=0.7)
            self.wait(0.4)
            self.play(descent.go(lambda share: 1 + smooth(share), arrow=True), run_time=1.2)
            descent.hold_slopes(None)
            self.play(*self.exchange("k", "k+1"), FadeIn(descent.fit.ghost_label), run_time=0.8)
            steps = descent.close_up - 2
            self.add(path.arrow)
            self.play(descent.step_by_step(2, steps), run_time=0.5 * steps)
            self.play(FadeOut(path.arrow), run_time=0.3)

    def step_back(self) -> None:
        values = {"count": Count(self.descent.close_up), "updates": number_text(self.last)}
        if len(self.descent.names) > 2:
            with self.beat("step-back", **values):
                # First the plot gets its full height. Then the map turns and shrinks to where the way so far lies on
                # another one, through the whole path, as a short piece at its beginning
                self.show_all_of_the_path()
        else:
            with self.beat("step-back-all", **values):
                # The camera goes back over the one plane there is
                self.show_all_of_the_path()

    def show_all_of_the_path(self) -> None:
        descent = self.descent
        near, far = descent.near, descent.far
        gone = [near.path.start_label, near.path.label, near.surface.values, self.caption, *self.formulas]
        self.play(*map(FadeOut, gone), self.resize(TALL), run_time=0.7)
        descent.map, self.caption = far, self.under_map(far)
        descent.show(float(descent.close_up))
        far.surface.set_z_index(-2)
        near.ground.set_z_index(-1)
        if far.is_through:
            self.turn_map()
        else:
            self.shrink_map()
        self.on_map = [far.surface, far.path.line, far.path.start_ring, far.path.start_label, far.path.marker]
        self.on_map += [far.path.label, far.dots, self.caption, self.legend, *descent.axes]
        self.play(FadeIn(far.path.start_label), FadeIn(far.path.label), run_time=0.5)

    def turn_map(self) -> None:
        """The map with its path turns and shrinks to where the path lies on the other plane, which takes its place."""
        near, far = self.descent.near, self.descent.far
        turned = VGroup(near.ground, near.path.line, near.path.start_ring, near.path.marker)
        self.play(near.turns_into(far, turned), run_time=1.5)
        kept = (far.path.line, far.path.start_ring, far.path.marker)
        swapped = [ReplacementTransform(old, new) for old, new in zip(turned[1:], kept, strict=True)]
        self.play(FadeIn(far.surface), FadeOut(near.ground), *swapped, FadeIn(self.caption), run_time=0.8)

    def shrink_map(self) -> None:
        """Of two parameters there is one plane: its map shrinks to where it lies on the larger one."""
        near, far = self.descent.near, self.descent.far
        parts = ("line", "start_ring", "marker")
        moved = [ReplacementTransform(getattr(near.path, name), getattr(far.path, name)) for name in parts]
        self.play(FadeIn(far.surface, run_time=0.7), near.goes_into(far), *moved, run_time=1.4)
        gone = [FadeOut(near.ground)] if near.ground in self.mobjects else []  # it may have faded at its place
        self.play(*gone, FadeIn(self.caption), run_time=0.4)

    def walk(self) -> None:
        every = self.descent.dots_every
        if every is None:
            with self.beat("walk-short", updates=number_text(self.last)):
                # The recorded updates go by, spaced so that the curve moves evenly
                self.go_on()
        elif self.fell_at_once(every):
            named = {"count": Count(self.descent.close_up), "every": number_text(every)}
            with self.beat("walk-valley", **named):
                # Nearly all of the fall is over: thousands of small updates follow, and the dots come closer
                self.go_on()
        elif self.experiment == KNOWN:
            with self.beat("walk-known", updates=number_text(self.last), every=number_text(every)):
                # The run that an earlier scene showed, with a dot on its path after every so many updates
                self.go_on()
        else:
            with self.beat("walk", updates=number_text(self.last), every=number_text(every)):
                # The same for any other run
                self.go_on()

    def fell_at_once(self, every: int) -> bool:
        """Whether the close-up took most of the fall, thousands of updates follow, and the last dots crowd."""
        descent = self.descent
        start, near, end = (descent.loss_at(row) for row in (0, descent.close_up, self.last))
        gaps = np.linalg.norm(np.diff(descent.far.dot_points, axis=0), axis=1)
        crowded = gaps[-CROWD:].max() < CROWDED * gaps.max()
        long = self.last - descent.close_up >= 2000
        return bool(long and crowded and start > near > end and start - near >= MOST * (start - end))

    def go_on(self) -> None:
        descent = self.descent
        dots, marker = descent.far.dots, descent.far.path.marker
        seconds = WALK_SECONDS
        if descent.dots_every is not None:  # the point would hide the crowd at its end: it becomes a ring
            self.play(marker.animate.set_fill(opacity=0).set_stroke(width=THIN), run_time=OPENING)
            seconds -= OPENING
        self.add(dots, marker)
        if descent.close_up < self.last:
            even = even_pace(descent.run, descent.close_up, self.last)
            count = (even.rows - even.rows[0]) / (even.rows[-1] - even.rows[0])
            pace = Pace(even.rows, (1 - BY_COUNT) * even.shares + BY_COUNT * count)
            self.follow(pace, seconds)

    def follow(self, pace: Pace, seconds: float) -> None:
        """The updates at this pace; where the slopes would read 0.000, their row changes to a power of ten."""
        descent, finer = self.descent, self.descent.finer_slopes()
        first = 1.0 if finer is None else pace.share(descent.finer_from(finer))
        if finer is None or (1 - first) * seconds < EXCHANGE:
            self.play(descent.go(pace.row, arrow=False), run_time=seconds)
            return
        if first > 0:
            self.play(descent.go(lambda share: pace.row(first * share), arrow=False), run_time=first * seconds)
        rough = descent.slopes
        self.remove(*rough)
        descent.refine_slopes(finer)
        self.add(finer.dots, finer.numbers)
        labels = Succession(FadeOut(rough.label, run_time=EXCHANGE / 2), FadeIn(finer.label, run_time=EXCHANGE / 2))
        going = descent.go(lambda share: pace.row(first + (1 - first) * share), arrow=False)
        going.run_time = (1 - first) * seconds
        self.play(going, labels)
