"""Optimization: gradient descent on a recorded run, from a random start to where it stopped."""

from __future__ import annotations

from collections.abc import Callable
from typing import Self

import numpy as np
from gradreel.core.experiment import Experiment
from gradreel.core.theta import loss, parameter_names, predict
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene
from gradreel.scenes.counts import Count
from gradreel.scenes.mobjects.arithmetic import printed_update
from gradreel.scenes.mobjects.descent_map import DescentMap
from gradreel.scenes.mobjects.fit_plot import SAMPLES, FitPlot
from gradreel.scenes.mobjects.loss_surface import ARROW
from gradreel.scenes.mobjects.pace import even_pace, recorded_row, sampled_rows, state_at
from gradreel.scenes.mobjects.readout import Readout
from gradreel.scenes.mobjects.text import TextMobject, formula, heading, words
from gradreel.scenes.mobjects.theta_strip import Columns, SlopeRow, ThetaStrip, row_label, short_names
from gradreel.scenes.mobjects.ticks import number_text
from gradreel.scenes.mobjects.update_formulas import (
    gradient_source,
    length_source,
    magnified,
    printed_text,
    short_text,
    spoken_name,
    sum_source,
    update_source,
)
from gradreel.scenes.style import emphasis, palette
from manim import (
    UP,
    Animation,
    Create,
    FadeIn,
    FadeOut,
    LaggedStart,
    Mobject,
    ReplacementTransform,
    RoundedRectangle,
    UpdateFromAlphaFunc,
    VGroup,
    linear,
    smooth,
)
from pydantic import Field, model_validator

CLOSE_UP = 10  # updates that are shown one by one, on a map of their own
MAP_BOX = (style.LEFT_EDGE, -0.3, -1.05, 2.65)  # left, right, bottom, top
PLOT_LEFT, PLOT_RIGHT = 0.42, 6.0
TALL, MIDDLE, SMALL = 2.65, 1.8, 1.05  # upper ends of the plot: without, under one, under two lines of the band
BAND_LINE, NUMBER_LINE = 2.3, 1.58  # baselines of the formula band over the small plot
STRIP_LEFT, STRIP_Y, SLOPES_Y, UNDER_MAP = -4.98, -2.45, -3.05, -1.45
LANDED = 0.05  # blue lies on red when their typical distance is less than this share of red's height
WALK_SECONDS = 14.0


class GradientDescent(LectureScene):
    """θ walks downhill on the recorded loss surface while the curve that it draws moves to the red one."""

    class Parameters(LectureScene.Parameters):
        run: Experiment = Field(default_factory=Experiment, description="the training run that is shown")
        updates: int | None = Field(None, ge=3, description="how many of its updates are shown; all, if not set")

        @model_validator(mode="after")
        def _every_update_is_there(self) -> Self:
            if self.run.n_updates < 3 or (self.updates or 0) > self.run.n_updates:
                raise ValueError(f"updates: at least 3, at most the {self.run.n_updates} that the run has")
            if self.run.batch_size not in (0, self.run.dataset.examples):
                raise ValueError("run: the scene shows the gradient of the whole loss, so batch_size has to be 0")
            if self.run.keep != "every update":
                raise ValueError('run: the scene shows single updates, so keep has to be "every update"')
            return self

    def construct(self) -> None:
        self.read_the_run()
        self.build()
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

    # -- what is shown ---------------------------------------------------------------------------------------------

    def read_the_run(self) -> None:
        self.run = self.trace("run")
        self.experiment = self.run.experiment
        self.last = self.parameters.updates or self.experiment.n_updates  # every update is kept: rows are updates
        self.close_up = min(CLOSE_UP, self.last)
        low, high = self.experiment.dataset.range
        self.x = np.linspace(low, high, SAMPLES)
        self.features = (self.x - self.experiment.dataset.offset)[:, None]
        self.rows = sampled_rows(0, self.last, 60)
        self.losses = loss(self.experiment, self.run.parameters[self.rows])

    def curve_of(self, theta: np.ndarray) -> np.ndarray:
        """What the network draws over ``x``, for theta (…, P)."""
        return predict(self.experiment, theta, self.features)

    def build(self) -> None:
        names = parameter_names(self.experiment)
        self.labels = short_names(names)
        self.names = names
        columns = Columns.of(names, STRIP_LEFT, style.RIGHT_EDGE)
        y = self.experiment.dataset.curve()
        corners = np.unique(np.concatenate([self.x[[0, -1]], y.x[(y.x > self.x[0]) & (y.x < self.x[-1])]]))
        texts = {key: self.screen(key) for key in ("target", "model", "start")}
        shown = self.curve_of(self.run.parameters[self.rows])
        place = {"left": PLOT_LEFT, "right": PLOT_RIGHT, "bottom": MAP_BOX[2], "tops": (TALL, SMALL)}
        self.fit = FitPlot(corners, y(corners), self.x, shown, texts, **place)
        self.strip = ThetaStrip(names, self.run.parameters[self.rows], columns, STRIP_Y, self.labels)
        self.slopes = SlopeRow(self.run.gradient[self.rows[:-1]], columns, SLOPES_Y)
        self.theta_label = row_label("orange(theta) =", STRIP_Y)
        self.slope_label = row_label("orange(bold(g)) =", SLOPES_Y)
        self.readout = Readout(self.screen("update"), self.last, self.losses, PLOT_LEFT)
        self.near = DescentMap(self.run, self.close_up, MAP_BOX)
        self.far = DescentMap(self.run, self.last, MAP_BOX)
        self.map = self.near
        self.caption = self.under_map("plane-near", self.near, count=self.close_up)
        self.show(0.0)

    def under_map(self, key: str, shown: DescentMap, **values: object) -> TextMobject:
        text = self.screen(key, share=f"{100 * shown.share:.1f}", **values)
        return words(text, style.CAPTION, palette.dim).place(UNDER_MAP, left=style.LEFT_EDGE)

    def show(self, row: float) -> None:
        """Everything as it is at ``row``: shapes on the way between two recorded states, numbers of the one reached."""
        self.row = row
        reached = recorded_row(row)
        self.fit.show(self.curve_of(state_at(self.run, row)))
        self.map.show(row)
        self.strip.set_values(self.run.parameters[reached])
        self.slopes.set_values(self.run.gradient[min(reached, self.last - 1)])
        self.readout.show(reached, float(loss(self.experiment, self.run.parameters[reached])))

    def go(self, row_at: Callable[[float], float], arrow: bool = True) -> Animation:
        """Show ``row_at(share)`` while ``share`` goes from 0 to 1."""
        path = self.map.path
        parts = [path.line, path.start_ring, path.start_label]
        parts += [path.arrow, path.arrow_label] if arrow else []
        parts += [path.marker, path.label] if path.label in self.on_screen() else [path.marker]
        parts += [self.fit.model, self.fit.model_label, self.strip.numbers, self.slopes]
        moving = VGroup(*parts, self.readout.loss, self.readout.count)
        return UpdateFromAlphaFunc(moving, lambda _, share: self.show(row_at(share)), rate_func=linear)

    def on_screen(self) -> list[Mobject]:
        return self.get_mobject_family_members()

    def resize(self, top: float) -> Animation:
        """The plot's upper end moves to ``top``; all that is drawn in the plot moves with it."""
        fit, before = self.fit, self.fit.plot.box[3]
        parts = [part for part in fit if part in self.on_screen()]
        return UpdateFromAlphaFunc(VGroup(*parts), lambda _, share: fit.set_top(before + (top - before) * share))

    def band(self, source: str, beside: TextMobject | None = None) -> TextMobject:
        """A formula in the band over the plot: at its left, or right of another one."""
        left = PLOT_LEFT if beside is None else beside.get_right()[0] + 0.75
        return formula(source, 42).place(BAND_LINE, left=left)

    def exchange(self, before: str, after: str) -> list[Animation]:
        """Both formulas for another update."""
        first, second = self.formulas
        gradient = self.band(gradient_source(before))
        update = self.band(update_source(before, after), gradient)
        self.formulas = (gradient, update)
        return [ReplacementTransform(first, gradient), ReplacementTransform(second, update)]

    def stretch_arrow(self, before: float, after: float) -> Animation:
        """The map's arrow at the present point goes from one length to another."""
        path, here = self.map.path, self.map.point(state_at(self.run, self.row))
        downhill = self.map.downhill(recorded_row(self.row))

        def stretch(_: Mobject, share: float) -> None:
            path.point_arrow(here, downhill, before + (after - before) * share)

        return UpdateFromAlphaFunc(VGroup(path.arrow), stretch)

    def frame_around(self, index: int) -> RoundedRectangle:
        """A thin frame in text colour around a parameter's column: name, cell, slope."""
        k = self.strip.columns.shown.index(index)
        column = VGroup(self.strip.column(index), self.slopes.numbers[k])
        width = max(self.strip.columns.width, self.slopes.numbers[k].width) + 0.1
        frame = RoundedRectangle(corner_radius=0.1, width=width, height=column.height + 0.2)
        return frame.set_stroke(palette.text, 2).move_to((self.strip.columns.x_of(index), column.get_center()[1], 0))

    def loss_text(self, row: int) -> str:
        """The recorded loss after ``row`` updates, as the readout writes it."""
        return self.readout.loss.written(float(loss(self.experiment, self.run.parameters[row])))

    def landed(self) -> bool:
        """Whether blue's typical distance from red is small, against red's height."""
        last = float(loss(self.experiment, self.run.parameters[self.last]))
        distance = last if self.experiment.loss == "mae" else last**0.5
        return distance <= LANDED * self.experiment.dataset.curve().height

    # -- the beats -------------------------------------------------------------------------------------------------

    def task(self) -> None:
        with self.beat("task", count=Count(len(self.names))):
            # The red curve to be met, and the unknowns that can be set: cells without numbers
            fit = self.fit
            self.play(FadeIn(heading(self.screen("heading")), shift=0.15 * UP), FadeIn(fit.plot), run_time=0.7)
            self.play(Create(fit.target), run_time=1.4, rate_func=smooth)
            self.play(FadeIn(fit.target_label, shift=0.15 * UP), FadeIn(self.theta_label), run_time=0.5)
            cells = [VGroup(box, name) for box, name in zip(self.strip.boxes, self.strip.names, strict=True)]
            self.play(LaggedStart(*map(FadeIn, [*cells, *self.strip.dots]), lag_ratio=0.12), run_time=1.2)

    def random_start(self) -> None:
        with self.beat("random-start"):
            # Random numbers fall into the cells, and they draw a curve far from red
            self.play(LaggedStart(*map(FadeIn, self.strip.numbers), lag_ratio=0.12), run_time=1.4)
            self.play(Create(self.fit.model), run_time=1.3, rate_func=smooth)
            self.play(FadeIn(self.fit.model_label, shift=0.15 * UP), FadeIn(self.readout), run_time=0.5)

    def surface(self) -> None:
        with self.beat("surface", loss=self.loss_text(0)):
            # The loss as a landscape seen from above; the start is a hollow ring
            surface, path = self.near.surface, self.near.path
            self.play(FadeIn(surface.ground), FadeIn(surface.bands), run_time=0.9)
            self.play(FadeIn(surface.lines, lag_ratio=0.1), run_time=0.9)
            self.bring_to_back(surface)
            self.play(FadeIn(path.start_ring, scale=1.6), FadeIn(path.start_label), FadeIn(self.caption), run_time=0.6)

    def gradient(self) -> None:
        with self.beat("gradient"):
            # The plot makes room; one slope for each parameter appears under its cell
            self.play(self.resize(SMALL), run_time=0.8)
            gradient = self.band(gradient_source("0"))
            self.formulas = (gradient, self.band(update_source("0", "1"), gradient))
            self.play(FadeIn(gradient, shift=0.15 * UP), FadeIn(self.slope_label), run_time=0.6)
            slopes = [*self.slopes.numbers, *self.slopes.dots]
            self.play(LaggedStart(*map(FadeIn, slopes), lag_ratio=0.12), run_time=1.4)

    def one_slope(self) -> None:
        states = self.run.parameters
        self.worked = printed_update(
            states[0], self.run.gradient[0], states[1], self.experiment.learning_rate, self.strip.columns.shown
        )
        self.frame = self.frame_around(self.worked.index)
        values = {"entry": spoken_name(self.names[self.worked.index]), "slope": printed_text(self.worked.slope)}
        if self.run.gradient[0][self.worked.index] > 0:
            with self.beat("slope-rise", **values):
                # One column is framed: its slope is positive
                self.play(Create(self.frame), run_time=0.7)
        else:
            with self.beat("slope-fall", **values):
                # One column is framed: its slope is negative
                self.play(Create(self.frame), run_time=0.7)

    def downhill(self) -> None:
        with self.beat("downhill"):
            # On the map all slopes together are one arrow: against the gradient, across the contour lines
            self.play(FadeOut(self.frame), self.stretch_arrow(0.2, ARROW), run_time=1.0)
            self.play(FadeIn(self.near.path.arrow_label), run_time=0.4)

    def learning_rate(self) -> None:
        with self.beat("learning-rate", rate=number_text(self.experiment.learning_rate)):
            # The update's formula; the arrow takes its true length, the learning rate times the gradient
            self.play(FadeIn(self.formulas[1], shift=0.15 * UP), run_time=0.6)
            length = float(np.linalg.norm(self.near.point(self.run.parameters[1]) - self.near.points[0]))
            self.play(FadeOut(self.near.path.arrow_label), self.stretch_arrow(ARROW, length), run_time=1.0)

    def first_update(self) -> None:
        with self.beat("first-update", before=self.loss_text(0), loss=self.loss_text(1)):
            # One parameter's numbers first, then all at once: the point moves, the curve moves, its ghost stays
            path = self.near.path
            self.sum_line = formula(sum_source(self.worked, self.names, self.labels), 34)
            self.sum_line.place(NUMBER_LINE, left=PLOT_LEFT)
            self.play(FadeIn(self.sum_line, shift=0.15 * UP), Create(self.frame), run_time=0.8)
            self.wait(1.2)
            self.add(self.fit.ghost, self.fit.model)
            self.play(FadeOut(path.arrow), FadeIn(path.marker), run_time=0.4)
            self.play(self.go(smooth, arrow=False), run_time=1.4)
            self.play(FadeIn(path.label), FadeIn(self.fit.ghost_label), run_time=0.5)

    def second_update(self) -> None:
        with self.beat("second-update"):
            # A new gradient where the point is now, and the same again
            self.play(FadeOut(self.sum_line), FadeOut(self.frame), *self.exchange("1", "2"), run_time=0.8)
            self.play(self.stretch_arrow(0.2, ARROW), run_time=0.6)
            self.play(self.go(lambda share: 1 + smooth(share)), run_time=1.4)

    def again_and_again(self) -> None:
        with self.beat("again"):
            # The same two lines for every update: the next ones, one by one
            self.play(*self.exchange("k", "k+1"), run_time=0.8)
            steps = self.close_up - 2
            self.play(self.go(lambda share: 2 + _in_steps(share, steps)), run_time=0.8 * steps)

    def step_back(self) -> None:
        with self.beat("step-back", updates=number_text(self.last)):
            # The map of the whole path takes the place of the close-up; the formulas have done their part
            leaving = [self.near.surface, *self.near.path, self.caption, *self.formulas]
            self.map, self.caption = self.far, self.under_map("plane", self.far)
            self.show(float(self.close_up))
            self.play(*map(FadeOut, leaving), run_time=0.5)
            self.play(FadeIn(self.far.surface), FadeIn(self.caption), run_time=0.8)
            self.bring_to_back(self.far.surface)
            self.play(*map(FadeIn, self.far.path), self.resize(TALL), run_time=0.8)

    def walk(self) -> None:
        with self.beat("walk", updates=number_text(self.last)):
            # The recorded updates go by, spaced so that the curve moves evenly; then the arrow has done its part
            if self.close_up < self.last:
                pace = even_pace(self.run, self.close_up, self.last)
                self.play(self.go(pace.row), run_time=WALK_SECONDS)
            self.play(FadeOut(self.far.path.arrow), FadeOut(self.far.path.arrow_label), run_time=0.4)

    def stop(self) -> None:
        gradient = self.run.gradient[self.last - 1]
        length = float(np.linalg.norm(gradient))
        with self.beat("stop", length=short_text(length)):
            # The last gradient: enlarged if need be, so that its entries can be seen not to be zero
            self.play(self.resize(MIDDLE), run_time=0.7)
            self.play(FadeIn(self.band(length_source(self.last - 1, length)), shift=0.15 * UP), run_time=0.5)
            power = magnified(gradient[self.strip.columns.shown])
            if power:
                label = row_label(f"10^({power}) orange(bold(g)) =", SLOPES_Y)
                row = SlopeRow(10.0**power * gradient, self.strip.columns, SLOPES_Y)
                self.play(FadeOut(self.slopes), FadeOut(self.slope_label), run_time=0.4)
                self.play(FadeIn(label), FadeIn(row), run_time=0.5)
                self.slopes, self.slope_label = row, label

    def end(self) -> None:
        values = {"updates": number_text(self.last), "loss": self.loss_text(self.last)}
        if self.landed():
            with self.beat("end-close", **values):
                # Blue lies on red; where it came from fades
                self.play(emphasis(self.slopes, style.FAINT), emphasis(self.slope_label, style.FAINT), run_time=0.6)
        else:
            with self.beat("end-far", **values):
                # Blue has come to rest away from red
                self.play(emphasis(self.slopes, style.FAINT), emphasis(self.slope_label, style.FAINT), run_time=0.6)


def _in_steps(share: float, steps: int) -> float:
    """0 to ``steps``, each whole step starting and ending slowly."""
    done = min(int(share * steps), steps - 1)
    return done + smooth(min(max(share * steps - done, 0.0), 1.0))
