"""The beats of gradient-descent for a run of ours on a curve."""

from __future__ import annotations

import numpy as np
from gradreel.core.experiment import Experiment
from gradreel.core.trace import Trace
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene
from gradreel.scenes.counts import Count
from gradreel.scenes.mobjects.arithmetic import printed_update
from gradreel.scenes.mobjects.descent import (
    LANDED,
    MAP_BOX,
    MIDDLE,
    NEARLY,
    NUMBER_LINE,
    SMALL,
    TALL,
    Descent,
    in_band,
)
from gradreel.scenes.mobjects.descent_map import DescentMap
from gradreel.scenes.mobjects.headings import next_heading
from gradreel.scenes.mobjects.loss_slice import AHEAD, BEHIND, LossSlice, SliceGrid, way_to_zero
from gradreel.scenes.mobjects.pace import even_pace
from gradreel.scenes.mobjects.text import TextMobject, formula, words
from gradreel.scenes.mobjects.theta_strip import role_of
from gradreel.scenes.mobjects.ticks import number_text
from gradreel.scenes.mobjects.update_formulas import (
    GOAL,
    gradient_source,
    length_source,
    length_text,
    loss_source,
    model_source,
    printed_text,
    short_text,
    spoken_name,
    step_source,
    sum_source,
    update_source,
)
from gradreel.scenes.style import PRESENT, emphasis, palette
from manim import (
    UP,
    Animation,
    Create,
    FadeIn,
    FadeOut,
    LaggedStart,
    ReplacementTransform,
    VGroup,
    smooth,
)

CLOSE_UP = 10  # updates that are shown one by one, on a map of their own
UNDER_MAP = -1.45  # baseline of the line that says which plane the map is
QUESTION = (1.85, 0.35, -0.85)  # baselines of the model, its loss, and what is wanted
SLICE_BOX = (-5.6, -1.15, -0.85, 2.2)
GRID_BOX = (style.LEFT_EDGE, MAP_BOX[1], -1.2, 2.75)
GRID_HALF = 0.5  # half of a small slice's width, of the way on which the tangent would come to zero
KNOWN = Experiment()  # the run that the sum of sigmoids was shown with
WALK_SECONDS = 14.0


class CurveDescentBeats(LectureScene):
    """Beats for a run of which all is known: the loss around its path, and the curve that the network draws."""

    def of_a_curve(self, run: Trace, last: int) -> None:
        """Rows 0 to ``last`` of a run on a curve: one slope, all of them, the point on its map, the curve."""
        self.experiment, self.last = run.experiment, last
        texts = {key: self.screen(key) for key in ("target", "model", "start", "update", "step")}
        self.descent = Descent(run, self.last, min(CLOSE_UP, self.last), texts)
        self.gradients = run.gradient
        self.choose_one()
        self.task()
        self.random_start()
        self.slice()
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

    def choose_one(self) -> None:
        """The parameter whose slope is looked at and whose update is worked out; and the loss along it."""
        states, columns = self.descent.run.parameters, self.descent.strip.columns
        if self.descent.is_plain:
            rate, change = self.experiment.rate(0), self.gradients[0]
        else:  # what is subtracted is the step that was recorded
            rate, change = 1.0, states[0].astype(float) - states[1].astype(float)
        self.worked = printed_update(states[0], change, states[1], rate, columns.shown)
        index = self.worked.index
        slope = float(self.gradients[0][index])
        way = way_to_zero(self.descent.loss_at(0), slope, float(states[0][index]))
        label = f"{role_of(self.descent.names[index])}({self.descent.labels[index]})"
        reach = (BEHIND * way, AHEAD * way)
        self.along = LossSlice(self.experiment, states[0], index, slope, label, SLICE_BOX, reach)
        self.half = GRID_HALF * way

    def under_map(self, shown: DescentMap) -> TextMobject:
        """Which plane the map shows."""
        count = len(self.descent.names)
        cut = self.descent.close_up if shown.is_through else None
        key = "plane-all" if count == 2 else "plane" if cut is None else "plane-through"
        return self.map_caption(self.screen(f"map-{key}", count=number_text(count), update=cut or 0))

    def map_caption(self, text: str) -> TextMobject:
        return words(text, style.CAPTION, palette.dim).place(UNDER_MAP, left=style.LEFT_EDGE)

    def resize(self, top: float) -> Animation:
        return self.descent.resize(top, self.get_mobject_family_members())

    def both_formulas(self, before: str, after: str) -> tuple[TextMobject, TextMobject]:
        """What the gradient is, and what an update makes of it: −η g only where that is all of it."""
        gradient = in_band(gradient_source(before))
        plain = self.descent.is_plain
        update = update_source(before, after) if plain else step_source(before, after, self.screen("step"))
        return gradient, in_band(update, gradient)

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

    def task(self) -> None:
        fit, strip = self.descent.fit, self.descent.strip
        with self.beat("task", count=Count(len(self.descent.names))):
            # The goal comes from its card; the red curve to be met; the model and its unknowns, in empty cells
            self.title, arriving = next_heading(self.screen("heading"), self.title)
            middle = (MAP_BOX[0] + MAP_BOX[1]) / 2
            goal = formula(GOAL, 38).place(QUESTION[2], center=middle)
            *others, written = self.steps.card(3)
            gone = (self.steps.card(1), self.steps.card(2), self.steps.arrows, *others)
            self.play(*(FadeOut(part, run_time=0.5) for part in gone), *arriving)
            self.play(ReplacementTransform(written, goal), FadeIn(fit.plot), run_time=0.8)
            self.play(Create(fit.target), run_time=1.4, rate_func=smooth)
            self.play(FadeIn(fit.target_label, shift=0.15 * UP), run_time=0.5)
            model = formula(model_source(self.experiment), 38).place(QUESTION[0], center=middle)
            self.question = VGroup(model, goal)
            cells = [VGroup(box, name) for box, name in zip(strip.boxes, strip.names, strict=True)]
            self.play(FadeIn(model, shift=0.15 * UP), FadeIn(strip.label), run_time=0.5)
            self.play(LaggedStart(*map(FadeIn, [*cells, *strip.dots]), lag_ratio=0.12), run_time=1.2)

    def random_start(self) -> None:
        if self.experiment.loss == "mae":
            with self.beat("random-start-distance"):
                # The same, where the loss is the mean of the distances themselves
                self.show_start()
        else:
            with self.beat("random-start"):
                # Random numbers come into the cells and draw a curve far from red; the loss is the mean of squares
                self.show_start()

    def show_start(self) -> None:
        fit, middle = self.descent.fit, (MAP_BOX[0] + MAP_BOX[1]) / 2
        self.play(LaggedStart(*map(FadeIn, self.descent.strip.numbers), lag_ratio=0.12), run_time=1.4)
        self.play(Create(fit.model), run_time=1.3, rate_func=smooth)
        self.play(FadeIn(fit.model_label, shift=0.15 * UP), run_time=0.4)
        measure = formula(loss_source(self.experiment), 38).place(QUESTION[1], center=middle)
        self.question.add(measure)
        self.distances = self.descent.distances()
        self.bring_to_back(self.distances)
        self.play(LaggedStart(*map(FadeIn, self.distances), lag_ratio=0.05), run_time=0.9)
        self.play(FadeIn(measure, shift=0.15 * UP), FadeIn(self.descent.readout), run_time=0.6)

    def slice(self) -> None:
        along, index = self.along, self.worked.index
        named = {"entry": spoken_name(self.descent.names[index]), "loss": self.descent.loss_text(0)}
        others = Count(len(self.descent.names) - 1)
        with self.beat("slice", others=others, **named):
            # One column is framed, the others stay; over its values the loss, computed: we stand at the ring
            self.frame = self.descent.frame_around(index)
            self.play(FadeOut(self.question), FadeOut(self.distances), run_time=0.4)
            self.play(Create(self.frame), FadeIn(along.plot), FadeIn(along.letter), run_time=0.7)
            self.play(FadeIn(along.guide), FadeIn(along.point, scale=1.6), run_time=0.5)
            self.add(along.curve, along.point)
            self.play(Create(along.curve), run_time=1.6, rate_func=smooth)

    def one_slope(self) -> None:
        slope = self.along.slope
        printed = printed_text(self.worked.slope) if self.descent.is_plain else short_text(slope)
        named = {"entry": spoken_name(self.descent.names[self.worked.index]), "slope": printed}
        self.slope_label = self.along.place_label(
            words(self.screen("slope", slope=printed), style.LABEL, palette.orange)
        )
        if slope > 0:
            with self.beat("slope-rise", **named):
                # The tangent climbs; a little less of this parameter, and L sinks, while blue moves
                self.show_slope()
        else:
            with self.beat("slope-fall", **named):
                # The tangent falls; a little more of this parameter, and L sinks, while blue moves
                self.show_slope()

    def show_slope(self) -> None:
        along = self.along
        self.add(along.tangent, along.point)
        self.play(Create(along.tangent), FadeIn(self.slope_label), run_time=0.8)
        self.wait(0.6)
        self.play(self.descent.nudge(along), run_time=3.2)

    def gradient(self) -> None:
        descent, along, slopes = self.descent, self.along, self.descent.slopes
        with self.beat("gradient", count=Count(len(descent.names))):
            # The same for every parameter, all to one scale: steep ones and level ones; each slope under its cell
            shown, theta = descent.strip.columns.shown, descent.run.parameters[0]
            labels = [f"{role_of(n)}({label})" for n, label in zip(descent.names, descent.labels, strict=True)]
            self.grid = SliceGrid(self.experiment, theta, shown, self.gradients[0], labels, self.half, GRID_BOX)
            mine = self.grid.slices[shown.index(self.worked.index)]
            self.formulas = self.both_formulas("0", "1")
            gone = (along.plot, along.guide, along.letter, self.slope_label, self.frame)
            moved = [
                ReplacementTransform(getattr(along, name), getattr(mine, name))
                for name in ("curve", "tangent", "point")
            ]
            self.play(*(FadeOut(part, run_time=0.5) for part in gone), *moved, self.resize(SMALL), run_time=0.9)
            self.play(FadeIn(mine.plot), FadeIn(mine.letter), FadeIn(slopes.label), run_time=0.4)
            pairs = zip(self.grid.slices, slopes.numbers, strict=True)
            pairs = [FadeIn(number) if part is mine else FadeIn(VGroup(part, number)) for part, number in pairs]
            self.play(LaggedStart(*pairs, *map(FadeIn, slopes.dots), lag_ratio=0.15), run_time=2.2)
            self.play(FadeIn(self.formulas[0], shift=0.15 * UP), run_time=0.5)

    def surface(self) -> None:
        surface, path = self.descent.near.surface, self.descent.near.path
        with self.beat("surface", loss=self.descent.loss_text(0)):
            # All at once: the loss as a landscape seen from above, dark where it is low; the start is a hollow ring
            self.caption = self.under_map(self.descent.near)
            self.play(*map(FadeOut, self.grid.slices), run_time=0.5)
            self.bring_to_back(surface)
            self.play(FadeIn(surface, lag_ratio=0.03), run_time=1.6)
            self.play(FadeIn(path.start_ring, scale=1.6), FadeIn(path.start_label), FadeIn(self.caption), run_time=0.6)

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
        self.play(descent.turn_arrow(-0.1 * away, -away), FadeOut(self.caption), FadeIn(only), run_time=0.9)
        self.play(FadeIn(path.uphill_label), run_time=0.4)
        self.wait(1.0)
        self.play(FadeOut(path.uphill_label), run_time=0.3)
        self.play(descent.turn_arrow(-away, away), run_time=1.0)
        self.play(FadeIn(path.arrow_label), run_time=0.4)
        self.only = only

    def learning_rate(self) -> None:
        rate = number_text(self.experiment.rate(0))
        if not self.descent.is_plain:
            with self.beat("step-adam" if self.experiment.optimizer == "adam" else "step-momentum", rate=rate):
                # The update's formula; the arrow turns into the step that was recorded
                self.show_step()
        elif self.experiment.schedule == "constant":
            with self.beat("learning-rate", rate=rate):
                # The update's formula; the arrow takes its true length, the learning rate times the gradient
                self.show_step()
        else:
            with self.beat("learning-rate-falls", rate=rate):
                # The same, for a rate that gets smaller
                self.show_step()

    def show_step(self) -> None:
        descent, path = self.descent, self.descent.near.path
        self.play(FadeIn(self.formulas[1], shift=0.15 * UP), run_time=0.6)
        self.play(FadeOut(path.arrow_label), run_time=0.3)
        exchange = (FadeOut(self.only), FadeIn(self.caption))
        self.play(descent.turn_arrow(descent.direction, descent.step()), *exchange, run_time=1.0)
        self.play(FadeIn(path.step_label), run_time=0.4)

    def first_update(self) -> None:
        descent, path = self.descent, self.descent.near.path
        with self.beat("first-update", before=descent.loss_text(0), loss=descent.loss_text(1)):
            # One parameter's numbers first, then all at once: the point moves, the curve moves, its ghost stays
            self.sum_line = self.arithmetic()
            self.play(FadeIn(self.sum_line, shift=0.15 * UP), Create(self.frame), run_time=0.8)
            self.wait(1.2)
            descent.hold_slopes(0)  # what the formula speaks of stays while the point moves
            self.add(descent.fit.ghost, descent.fit.model)
            self.play(FadeOut(path.arrow), FadeOut(path.step_label), FadeIn(path.marker), run_time=0.4)
            self.play(descent.go(smooth, arrow=False, label=False), run_time=1.4)
            self.play(FadeIn(path.label), run_time=0.4)

    def again_and_again(self) -> None:
        descent, path = self.descent, self.descent.near.path
        with self.beat("again"):
            # A new gradient where the point is now, and the same again; then the next updates, one by one
            self.play(FadeOut(self.sum_line), FadeOut(self.frame), *self.exchange("1", "2"), run_time=0.8)
            descent.hold_slopes(1)
            self.play(descent.turn_arrow(0.1 * descent.step(), descent.step()), run_time=0.7)
            self.wait(0.4)
            self.play(descent.go(lambda share: 1 + smooth(share), arrow=True), run_time=1.2)
            descent.hold_slopes(None)
            self.play(*self.exchange("k", "k+1"), FadeIn(descent.fit.ghost_label), run_time=0.8)
            steps = descent.close_up - 2
            self.add(path.arrow)
            self.play(descent.step_by_step(2, steps), run_time=0.7 * steps)
            self.play(FadeOut(path.arrow), run_time=0.3)

    def step_back(self) -> None:
        descent = self.descent
        with self.beat("step-back", count=Count(descent.close_up), updates=number_text(self.last)):
            # The way so far shrinks to a short piece at the beginning; around it the map of the whole path
            near, far = descent.near, descent.far
            gone = [near.surface, near.path.start_label, near.path.label, self.caption, *self.formulas]
            self.play(*map(FadeOut, gone), run_time=0.5)
            descent.map, self.caption = far, self.under_map(far)
            descent.show(float(descent.close_up))
            parts = ("line", "start_ring", "marker")
            moved = [ReplacementTransform(getattr(near.path, name), getattr(far.path, name)) for name in parts]
            self.play(*moved, self.resize(TALL), run_time=1.2)
            self.bring_to_back(far.surface)
            self.play(FadeIn(far.surface), FadeIn(self.caption), run_time=0.8)
            self.play(FadeIn(far.path.start_label), FadeIn(far.path.label), run_time=0.5)

    def walk(self) -> None:
        every = self.descent.dots_every
        if every is None:
            with self.beat("walk-short", updates=number_text(self.last)):
                # The recorded updates go by, spaced so that the curve moves evenly
                self.go_on()
        elif self.experiment == KNOWN:
            with self.beat("walk-known", updates=number_text(self.last), every=number_text(every)):
                # The run that an earlier scene showed, with a dot on its path after every so many updates
                self.go_on()
        else:
            with self.beat("walk", updates=number_text(self.last), every=number_text(every)):
                # The same for any other run
                self.go_on()

    def go_on(self) -> None:
        descent = self.descent
        self.add(descent.far.dots, descent.far.path.marker)
        if descent.close_up < self.last:
            pace = even_pace(descent.run, descent.close_up, self.last)
            self.play(descent.go(pace.row, arrow=False), run_time=WALK_SECONDS)

    def stop(self) -> None:
        length = float(np.linalg.norm(self.gradients[self.last - 1]))
        if length > 0:
            with self.beat("stop", length=length_text(length)):
                # The length of the last gradient: small, not zero
                self.last_gradient(length)
        else:
            with self.beat("stop-zero"):
                # The rare case: the gradient is zero, nothing can change any more
                self.last_gradient(length)

    def last_gradient(self, length: float) -> None:
        self.play(self.resize(MIDDLE), run_time=0.7)
        self.play(FadeIn(in_band(length_source(length)), shift=0.15 * UP), run_time=0.5)

    def end(self) -> None:
        values = {"updates": number_text(self.last), "loss": self.descent.loss_text(self.last)}
        step_aside, distance = emphasis(self.descent.slopes, PRESENT), self.descent.distance()
        if distance <= LANDED:
            with self.beat("end-close", **values):
                # Blue lies on red
                self.play(step_aside, run_time=0.6)
        elif distance <= NEARLY:
            with self.beat("end-almost", **values):
                # Blue has come near red, and only nearly lies on it
                self.play(step_aside, run_time=0.6)
        else:
            with self.beat("end-far", **values):
                # Blue has come to rest away from red
                self.play(step_aside, run_time=0.6)
