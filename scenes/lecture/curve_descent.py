"""The beats of gradient-descent for a run of ours on a curve."""

from __future__ import annotations

import numpy as np
from gradreel.core.trace import Trace
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene
from gradreel.scenes.counts import Count
from gradreel.scenes.mobjects.arithmetic import printed_update
from gradreel.scenes.mobjects.descent import (
    MAP_BOX,
    MIDDLE,
    NUMBER_LINE,
    SLOPES_Y,
    SMALL,
    TALL,
    Descent,
    in_band,
)
from gradreel.scenes.mobjects.descent_map import DescentMap
from gradreel.scenes.mobjects.headings import next_heading
from gradreel.scenes.mobjects.loss_surface import ARROW
from gradreel.scenes.mobjects.pace import even_pace
from gradreel.scenes.mobjects.text import TextMobject, formula, words
from gradreel.scenes.mobjects.theta_strip import SlopeRow
from gradreel.scenes.mobjects.ticks import number_text
from gradreel.scenes.mobjects.update_formulas import (
    GOAL,
    gradient_source,
    length_source,
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
WALK_SECONDS = 14.0


class CurveDescentBeats(LectureScene):
    """Beats for a run of which all is known: the loss around its path, and the curve that the network draws."""

    def of_a_curve(self, run: Trace, last: int) -> None:
        """Rows 0 to ``last`` of a run on a curve: the point on its map, the curve, the numbers."""
        self.experiment, self.last = run.experiment, last
        texts = {key: self.screen(key) for key in ("target", "model", "start", "update", "step")}
        self.descent = Descent(run, self.last, min(CLOSE_UP, self.last), texts)
        self.gradients = run.gradient
        self.task()
        self.random_start()
        self.surface()
        self.gradient()
        self.one_slope()
        self.downhill()
        self.learning_rate()
        self.first_update()
        self.second_update()
        self.again_and_again()
        self.step_back()
        self.walk()
        self.stop()
        self.end()

    def under_map(self, key: str, shown: DescentMap) -> TextMobject:
        """Which plane the map shows, and how much of the path lies in it."""
        share = ">99.9" if 0.9995 <= shown.share < 1 else f"{100 * shown.share:.1f}"
        text = self.screen(key, share=share, count=self.descent.close_up)
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
            goal = formula(GOAL, 38).place(-0.2, center=middle)
            *others, written = self.steps.card(3)
            gone = (self.steps.card(1), self.steps.card(2), self.steps.arrows, *others)
            self.play(*(FadeOut(part, run_time=0.5) for part in gone), *arriving)
            self.play(ReplacementTransform(written, goal), FadeIn(fit.plot), run_time=0.8)
            self.play(Create(fit.target), run_time=1.4, rate_func=smooth)
            self.play(FadeIn(fit.target_label, shift=0.15 * UP), run_time=0.5)
            model = formula(model_source(self.experiment), 38).place(1.2, center=middle)
            self.question = VGroup(model, goal)
            cells = [VGroup(box, name) for box, name in zip(strip.boxes, strip.names, strict=True)]
            self.play(FadeIn(model, shift=0.15 * UP), FadeIn(strip.label), run_time=0.5)
            self.play(LaggedStart(*map(FadeIn, [*cells, *strip.dots]), lag_ratio=0.12), run_time=1.2)

    def random_start(self) -> None:
        fit = self.descent.fit
        with self.beat("random-start"):
            # Random numbers come into the cells, and they draw a curve far from red
            self.play(LaggedStart(*map(FadeIn, self.descent.strip.numbers), lag_ratio=0.12), run_time=1.4)
            self.play(Create(fit.model), run_time=1.3, rate_func=smooth)
            self.play(FadeIn(fit.model_label, shift=0.15 * UP), FadeIn(self.descent.readout), run_time=0.5)

    def surface(self) -> None:
        surface, path = self.descent.near.surface, self.descent.near.path
        with self.beat("surface", loss=self.descent.loss_text(0)):
            # The loss as a landscape seen from above; the start is a hollow ring
            self.caption = self.under_map("plane-near", self.descent.near)
            self.play(FadeOut(self.question), run_time=0.4)
            self.bring_to_back(surface)
            self.play(FadeIn(surface, lag_ratio=0.03), run_time=1.6)
            self.play(FadeIn(path.start_ring, scale=1.6), FadeIn(path.start_label), FadeIn(self.caption), run_time=0.6)

    def gradient(self) -> None:
        slopes = self.descent.slopes
        with self.beat("gradient"):
            # The plot makes room; one slope for each parameter appears under its cell
            self.play(self.resize(SMALL), run_time=0.8)
            self.formulas = self.both_formulas("0", "1")
            self.play(FadeIn(self.formulas[0], shift=0.15 * UP), FadeIn(slopes.label), run_time=0.6)
            self.play(LaggedStart(*map(FadeIn, [*slopes.numbers, *slopes.dots]), lag_ratio=0.12), run_time=1.4)

    def one_slope(self) -> None:
        states, columns = self.descent.run.parameters, self.descent.strip.columns
        if self.descent.is_plain:
            rate, change = self.experiment.rate(0), self.gradients[0]
        else:  # what is subtracted is the step that was recorded
            rate, change = 1.0, states[0].astype(float) - states[1].astype(float)
        self.worked = printed_update(states[0], change, states[1], rate, columns.shown)
        self.frame = self.descent.frame_around(self.worked.index)
        slope = float(self.gradients[0][self.worked.index])
        printed = printed_text(self.worked.slope) if self.descent.is_plain else short_text(slope)
        named = {"entry": spoken_name(self.descent.names[self.worked.index]), "slope": printed}
        if slope > 0:
            with self.beat("slope-rise", **named):
                # One column is framed: its slope is positive
                self.play(Create(self.frame), run_time=0.7)
        else:
            with self.beat("slope-fall", **named):
                # One column is framed: its slope is negative
                self.play(Create(self.frame), run_time=0.7)

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
        self.play(FadeOut(self.frame), self.descent.stretch_arrow(0.2, ARROW), run_time=1.0)
        self.play(FadeIn(self.descent.near.path.arrow_label), run_time=0.4)

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
        path = self.descent.near.path
        self.play(FadeIn(self.formulas[1], shift=0.15 * UP), run_time=0.6)
        self.play(FadeOut(path.arrow_label), self.descent.stretch_step(ARROW), run_time=1.0)
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

    def second_update(self) -> None:
        descent, path = self.descent, self.descent.near.path
        with self.beat("second-update"):
            # A new gradient where the point is now, and the same again
            self.play(FadeOut(self.sum_line), FadeOut(self.frame), *self.exchange("1", "2"), run_time=0.8)
            descent.hold_slopes(1)
            self.play(descent.stretch_step(0.2), run_time=0.8)
            self.play(FadeOut(path.arrow), run_time=0.3)
            self.play(descent.go(lambda share: 1 + smooth(share), arrow=False), run_time=1.4)

    def again_and_again(self) -> None:
        descent, path = self.descent, self.descent.near.path
        with self.beat("again"):
            # The same two lines for every update: the next ones, one by one
            descent.hold_slopes(None)
            self.play(*self.exchange("k", "k+1"), FadeIn(descent.fit.ghost_label), run_time=0.8)
            self.play(FadeIn(path.arrow), FadeIn(path.arrow_label), run_time=0.4)
            steps = descent.close_up - 2
            self.play(descent.go(lambda share: 2 + _in_steps(share, steps), arrow=True), run_time=0.8 * steps)

    def step_back(self) -> None:
        descent = self.descent
        with self.beat("step-back", updates=number_text(self.last)):
            # The map of the whole path takes the place of the close-up; the formulas have done their part
            near = [descent.near.surface, *descent.near.path, self.caption]
            self.play(*map(FadeOut, [*near, *self.formulas]), run_time=0.5)
            descent.map, self.caption = descent.far, self.under_map("plane", descent.far)
            descent.show(float(descent.close_up))
            self.bring_to_back(descent.far.surface)
            self.play(FadeIn(descent.far.surface), FadeIn(self.caption), self.resize(TALL), run_time=0.9)
            path = descent.far.path
            self.play(*(FadeIn(part) for part in path if part is not path.step_label), run_time=0.6)

    def walk(self) -> None:
        descent, path = self.descent, self.descent.far.path
        with self.beat("walk", updates=number_text(self.last)):
            # The recorded updates go by, spaced so that the curve moves evenly; then the arrow has done its part
            if descent.close_up < self.last:
                pace = even_pace(descent.run, descent.close_up, self.last)
                self.play(descent.go(pace.row, arrow=True), run_time=WALK_SECONDS)
            self.play(FadeOut(path.arrow), FadeOut(path.arrow_label), run_time=0.4)

    def stop(self) -> None:
        length = float(np.linalg.norm(self.gradients[self.last - 1]))
        if length > 0:
            with self.beat("stop", length=short_text(length)):
                # The length of the last gradient; enlarged, its entries can be seen not to be zero
                self.last_gradient(length)
        else:
            with self.beat("stop-zero"):
                # The rare case: the gradient is zero, nothing can change any more
                self.last_gradient(length)

    def last_gradient(self, length: float) -> None:
        gradient, columns = self.gradients[self.last - 1], self.descent.strip.columns
        self.play(self.resize(MIDDLE), run_time=0.7)
        self.play(FadeIn(in_band(length_source(self.last - 1, length)), shift=0.15 * UP), run_time=0.5)
        self.shown_slopes, enlarged = self.descent.slopes, SlopeRow(gradient[columns.shown], columns, SLOPES_Y)
        if enlarged.power != self.descent.slopes.power:
            self.play(FadeOut(self.descent.slopes), run_time=0.4)
            self.play(FadeIn(enlarged), run_time=0.5)
            self.shown_slopes = enlarged

    def end(self) -> None:
        values = {"updates": number_text(self.last), "loss": self.descent.loss_text(self.last)}
        step_aside = emphasis(self.shown_slopes, PRESENT)
        if self.descent.landed():
            with self.beat("end-close", **values):
                # Blue lies on red
                self.play(step_aside, run_time=0.6)
        else:
            with self.beat("end-far", **values):
                # Blue has come to rest away from red
                self.play(step_aside, run_time=0.6)


def _in_steps(share: float, steps: int) -> float:
    """0 to ``steps``, each whole step starting and ending slowly."""
    done = min(int(share * steps), steps - 1)
    return done + smooth(min(max(share * steps - done, 0.0), 1.0))
