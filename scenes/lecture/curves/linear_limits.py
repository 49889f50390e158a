"""A straight line is not enough: whatever its two numbers are, it misses a curve that rises and then falls."""

from __future__ import annotations

from typing import Self

import numpy as np
from gradreel.core.curves.line_fit import Line, mean_squared_distance
from gradreel.core.curves.piecewise import PiecewiseLinearCurve
from gradreel.core.datasets import RED_CURVE
from gradreel.core.errors import UserError
from gradreel.core.experiment import Experiment
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene, need_curve
from gradreel.scenes.lecture.curves.line_loss import LineLossBeats
from gradreel.scenes.lecture.curves.pictures.badge_sum import BadgeSum
from gradreel.scenes.lecture.curves.pictures.curve_axes import TOP, WIDE_RIGHT, corner_axes, curve_axes, height_range
from gradreel.scenes.lecture.curves.pictures.curve_board import FORMULA_Y
from gradreel.scenes.lecture.runs import LINE_NOISE, LINE_NOISE_SEED, LINE_START_SEED, line_through_dots
from gradreel.scenes.mobjects.lecture_formulas import linear_source
from gradreel.scenes.mobjects.motif import Motif
from gradreel.scenes.mobjects.pace import recorded_row
from gradreel.scenes.mobjects.part_map import PLACE, part_map, steps_heading
from gradreel.scenes.mobjects.plot import dashed, ring
from gradreel.scenes.mobjects.readout import loss_decimals
from gradreel.scenes.mobjects.straight_line import (
    LineInPlot,
    WordedReadout,
    straightened,
)
from gradreel.scenes.mobjects.text import TextMobject, caption, formula, words
from gradreel.scenes.mobjects.ticks import round_labels
from gradreel.scenes.style import PRESENT, emphasis, mix, palette
from manim import (
    UP,
    Create,
    FadeIn,
    FadeOut,
    LaggedStart,
    ReplacementTransform,
    VGroup,
    smooth,
)
from pydantic import Field, field_validator, model_validator

EXAMPLE = 9  # the one that is explained: neither at an end nor at the top of the default's peak
FORMULA_BASELINE, FORMULA_CENTER = 2.36, -0.9
AIR = 0.42  # em around its plus: a number as long as −1.33 hangs under w and is not read as one with b's
REST = (0.16, 0.62)  # shares of the plot's height at which the first line begins and ends
GHOST = 0.5  # share of blue's colour
LARGEST = 20.0  # thousand views, or whatever x and y stand for


class LinearLimits(LineLossBeats):
    """w turns the line, b lifts it, training finds the best one, and it still misses the red curve: model bias."""

    class Parameters(LectureScene.Parameters):
        knots: tuple[tuple[float, float], ...] = Field(
            RED_CURVE,
            min_length=2,
            max_length=60,
            description="Turning points (x, y) of the red curve, x increasing; x and y from 0 to 20, like views",
        )
        noise: float = Field(LINE_NOISE, ge=0, le=1, description="Standard deviation of the dots around red")
        noise_seed: int = Field(LINE_NOISE_SEED, ge=0, lt=2**32, description="Of the dots' random distances from red")
        start_seed: int = Field(LINE_START_SEED, ge=0, lt=2**32, description="Of the line's random start")
        run: Experiment = Field(Experiment(), description="The run on a curve that the map of the three steps shows")

        @field_validator("knots")
        @classmethod
        def _knots_are_like_views(cls, knots: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
            try:
                curve = PiecewiseLinearCurve(*zip(*knots, strict=True))
            except UserError as error:
                raise ValueError(str(error)) from None
            outside = [f"({x:g}, {y:g})" for x, y in knots if not (0 <= x <= LARGEST and 0 <= y <= LARGEST)]
            if outside:
                raise ValueError(f"x and y stand for views, from 0 to {LARGEST:g}; {outside[0]} is outside")
            if curve.x[-1] < 1 or curve.y.max() < 0.5:
                raise ValueError("red must reach to x = 1 and y = 0.5 at least, or there is nothing to see")
            return knots

        @model_validator(mode="after")
        def _the_map_shows_a_curve(self) -> Self:
            need_curve("linear-limits", self.run)
            return self

        def curve(self) -> PiecewiseLinearCurve:
            return PiecewiseLinearCurve(*zip(*self.knots, strict=True))

        def line_run(self) -> Experiment:
            """The run that fits the line to the dots."""
            return line_through_dots(self.curve(), self.noise, self.noise_seed, self.start_seed)

    @classmethod
    def experiments(cls, parameters: Parameters) -> dict[str, Experiment]:
        return {"run": parameters.run, "line": parameters.line_run()}

    def construct(self) -> None:
        self._prepare()
        self._map_beat()
        self._data_beat()
        self._line_beat()
        self._curve_beat()
        self._best_beat()
        self._bias_beat()
        self._next_beat()

    # -- the numbers ---------------------------------------------------------------------------------------------

    def _prepare(self) -> None:
        self.fit = self.trace("line")
        self.experiment = self.fit.experiment
        self.dots_x, self.dots_y = self.experiment.dataset.x(), self.experiment.dataset.labels()
        self.curve = self.parameters.curve()
        self.last = len(self.fit.kept) - 1
        self.red_loss = mean_squared_distance(self.curve(self.dots_x), self.dots_y)
        self._build()

    # -- what is on the screen -----------------------------------------------------------------------------------

    def _build(self) -> None:
        curve = self.curve
        x_range = (0.0, float(self.dots_x[-1]))
        low_start = curve.y.min() < 0.5 * curve.y.max()  # then these are the very axes of the scene that comes next
        top = height_range(curve.y if low_start else [0.0, *curve.y])[1]
        y_range = (0.0, max(top, 1.02 * float(self.dots_y.max())))
        self.next_plot = corner_axes(curve, x_range, y_range, WIDE_RIGHT)
        self.axis_words = self._axis_words()
        self.plot = curve_axes(x_range, y_range, right=WIDE_RIGHT, x_ticks=round_labels(*x_range, 8), x_label=None)
        self.corners = np.unique([*x_range, *curve.x])
        self.red = self.plot.curve(self.corners, curve(self.corners), palette.red)
        pairs = zip(self.dots_x, self.dots_y, strict=True)
        self.dots = VGroup(*(self.plot.dot(x, y, mix(palette.red, 0.75), 0.055) for x, y in pairs))
        self.made_up = caption(self.screen("made-up"))
        self.formula = formula(linear_source(AIR), 58).place(FORMULA_BASELINE, center=FORMULA_CENTER)
        self.ghosts = VGroup()  # of the line, while it is tried along red
        self.line = LineInPlot(self.plot, self._rest(), self.formula)
        losses = np.array([self._loss_at(0), self._loss_at(self.last), self.red_loss])
        self.decimals = loss_decimals(losses)
        self.readout = WordedReadout(self.screen("update"), int(self.fit.kept[-1]), losses, 1.7)
        self.readout.name_loss(self.screen("loss"))

    def _axis_words(self) -> VGroup:
        y_words = words(self.screen("today"), style.TICK, palette.dim).place(TOP + 0.16, left=style.LEFT_EDGE)
        x_words = words(self.screen("yesterday"), style.TICK, palette.dim).place(
            style.CAPTION_BASELINE, right=WIDE_RIGHT
        )
        return VGroup(x_words, y_words)

    def _rest(self) -> Line:
        """The first line that is shown, rising through the picture."""
        width, height = self.plot.x_range[1], self.plot.y_range[1]
        return Line(round((REST[1] - REST[0]) * height / width, 2), round(REST[0] * height, 2))

    # -- beats ---------------------------------------------------------------------------------------------------

    def _map_beat(self) -> None:
        with self.beat("map"):
            # The curves of the title fly into the cards of the three steps; in the first one, they become straight
            motif = Motif(self.trace("run"))
            motif.show(1.0)
            self.add(motif)
            self.map = part_map(self, self.trace("run"), None, formulas=False)
            cards = [self.map.red.copy(), self.map.blue.copy()]
            flying = [ReplacementTransform(*pair) for pair in zip((motif.red, motif.blue), cards, strict=True)]
            self.play(FadeOut(motif.ghosts, run_time=0.4), FadeIn(self.map), *flying, run_time=1.4)
            self.remove(*cards)
            self.play(*self._title(steps_heading(self)))
            self.play(self.map.focus(1), run_time=0.8)
            axes, *curves = self.map.card(1)[PLACE]
            rows = [recorded_row(self.pace.row(share)) for share in np.linspace(0, 1, len(curves))]
            self.play(*straightened(curves, axes, self.plot, [self._line_at(row) for row in rows]), run_time=1.4)

    def _data_beat(self) -> None:
        with self.beat("data"):
            # Dots: a day's views over those of the day before; one of them lights up, with its way from both axes
            axes, plot = self.map.card(1)[PLACE][0], self.plot
            pairs = [(axes.x_axis.copy(), plot.x_axis), (axes.y_axis.copy(), plot.y_axis)]
            growing = [ReplacementTransform(*pair, run_time=1.0) for pair in pairs]
            self.play(FadeOut(self.map, run_time=0.4), *growing, *self._title(self.screen("heading-data")))
            rest = (plot.x_tick_labels, plot.y_tick_labels, self.axis_words, self.made_up)
            self.play(*(FadeIn(part) for part in rest), run_time=0.5)
            self.add(plot)
            self.play(LaggedStart(*(FadeIn(dot, scale=1.8) for dot in self.dots), lag_ratio=0.06), run_time=2.0)
            x, y = float(self.dots_x[EXAMPLE]), float(self.dots_y[EXAMPLE])
            at, color = self.plot.at(x, y), mix(palette.text, 0.8)
            guides = [dashed(self.plot.at(x, 0), at, color), dashed(at, self.plot.at(0, y), color)]
            self.example = VGroup(*guides, ring(at, 0.13, palette.text, fill=palette.red))
            self.play(Create(self.example, lag_ratio=1.0), run_time=2.0)

    def _line_beat(self) -> None:
        line, rest = self.line, self._rest()
        height, width = self.plot.y_range[1], self.plot.x_range[1]
        steep = round(0.85 * height / (0.55 * width), 2)
        with self.beat("line"):
            # y = b + w x: w turns the line about the ring on the y axis; b lifts and lowers it, the ring goes along
            self.play(FadeOut(self.example, run_time=0.4), *self._title(self.screen("heading")))
            self.play(FadeIn(self.formula, shift=0.15 * UP), Create(line.stroke), run_time=0.8)
            self._hang("w")
            self._sweep([Line(steep, rest.b), rest], 0.7)
            self.play(FadeIn(line.crossing, scale=1.5), run_time=0.3)
            line.add(line.crossing)
            self._hang("b")
            self._sweep([Line(rest.w, round(0.5 * height, 2)), rest], 1.1)

    def _hang(self, letter: str) -> None:
        """The number comes to hang under its letter; the other one, if it is there, steps back."""
        line, other = self.line, "b" if letter == "w" else "w"
        stepping = [emphasis(line.values[other], PRESENT), emphasis(line.stems[other], PRESENT)]
        arriving = [Create(line.stems[letter]), FadeIn(line.values[letter])]
        self.play(*arriving, *(stepping if line.values[other] in line.submobjects else []), run_time=0.5)
        line.add(line.stems[letter], line.values[letter])
        self.add(line)

    def _curve_beat(self) -> None:
        with self.beat("peak"):
            # Red runs through the dots, up and down again; the line takes the slope of one stretch, then of another
            self.line.remove(self.line.crossing)
            self.play(FadeOut(self.line.crossing), emphasis(self.line, PRESENT), run_time=0.4)
            self.play(Create(self.red), run_time=1.8, rate_func=smooth)
            self.red_label = self._label_red()
            self.play(FadeIn(self.red_label, shift=0.15 * UP), run_time=0.4)
            stretches = self._steepest()
            self._sweep([self._along(stretches[0])], 1.3)
            if len(stretches) > 1:
                self._leave_a_ghost()
                self._sweep([self._along(stretches[1])], 1.3)

    def _leave_a_ghost(self) -> None:
        """The line stays behind, thin, along the stretch that it suits: along the other one, it is another line."""
        ghost = self.line.stroke.copy().set_stroke(mix(palette.blue, GHOST), style.GHOST_CURVE)
        self.ghosts.add(ghost)
        self.add(ghost, self.line, self.red)
        self.wait(0.8)

    def _steepest(self) -> list[int]:
        """The stretches of red that rise and fall most steeply, from left to right; one if it only rises or falls."""
        slopes = np.diff(self.curve.y) / np.diff(self.curve.x)
        return sorted({int(np.argmax(slopes)), int(np.argmin(slopes))})

    def _along(self, stretch: int) -> Line:
        """The line through two neighbouring knots."""
        (x0, y0), (x1, y1) = self.curve.knots[stretch : stretch + 2]
        w = (y1 - y0) / (x1 - x0)
        return Line(w, y0 - w * x0)

    def _label_red(self) -> TextMobject:
        """The name of red, at the end of the curve right of the plot."""
        end = self.plot.at(self.corners[-1], self.curve(self.corners[-1]))
        return words(self.screen("red-curve"), style.LABEL, palette.red).place(end[1] - 0.1, left=end[0] + 0.15)

    def _next_beat(self) -> None:
        with self.beat("next"):
            # Red alone, with ticks at its corners; its name goes up to where the question is asked: what is it?
            leaving = [self.line, self.formula, self.losses, self.dots]
            leaving += [self.area if self._misses() else self.gaps]
            leaving += [self.axis_words, self.made_up, self.plot.x_tick_labels]
            self.play(*(FadeOut(part, run_time=0.8) for part in leaving), *self._title(self.screen("heading-next")))
            plot, asked = self.next_plot, BadgeSum(self.screen("red-curve"), FORMULA_Y, "=")
            name, sign = asked.name
            self.play(FadeIn(plot.x_tick_labels), FadeIn(plot.x_label), run_time=0.4)
            self.play(ReplacementTransform(self.red_label, name), run_time=1.0)
            self.play(FadeIn(sign), FadeIn(asked.question), run_time=0.4)
