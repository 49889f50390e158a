"""ReLU: flat, then a slope. Two of them are one hard sigmoid, so the network may be made of them."""

from __future__ import annotations

from typing import Self

import numpy as np
from gradreel.core.curves.piecewise import PiecewiseLinearCurve
from gradreel.core.curves.sigmoid_matching import match_by_slope
from gradreel.core.experiment import Experiment
from gradreel.core.network.activations import relu, sigmoid
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene, need_curve
from gradreel.scenes.lecture.curves.pictures.small_curve import SmallCurve
from gradreel.scenes.lecture.curves.two_relus import FORMULA_BASELINE, TwoReluBeats
from gradreel.scenes.mobjects.lecture_formulas import relu_source
from gradreel.scenes.mobjects.part_map import part_map, steps_heading
from gradreel.scenes.mobjects.plot import Plot, dashed
from gradreel.scenes.mobjects.text import formula, words
from gradreel.scenes.mobjects.ticks import Ticks, ticks_at_knots
from gradreel.scenes.style import FAINT, FULL, PRESENT, emphasis, palette
from gradreel.scenes.words.numbers import number_text
from manim import (
    UP,
    Animation,
    Create,
    FadeIn,
    FadeOut,
    LaggedStart,
    UpdateFromAlphaFunc,
    VGroup,
    VMobject,
    smooth,
    squish_rate_func,
)
from numpy.typing import NDArray
from pydantic import Field, model_validator

PLOT_BOX = {"left": -5.6, "right": 5.2, "bottom": -3.15, "top": 0.75}
PANELS = ((-5.4, -1.0), (1.0, 5.4))  # left and right of the two activation functions
PANEL_SPAN, PANEL_NAME = (-2.05, 0.1), -2.8
READABLE = 0.55  # how bright the name of the function is that steps back
SAMPLES = 301
RUNNER = 0.12  # radius of the dot that runs along the ReLU
R = 4.0  # activation functions are drawn from -R to R


class Relu(TwoReluBeats):
    """c max(0, b + w x₁), two of which are a hard sigmoid exactly; sigmoid and ReLU are activation functions."""

    class Parameters(LectureScene.Parameters):
        w: float = Field(0.5, ge=0.1, le=10, description="Slope, before c: the ramp of the hard sigmoid is 1 / w wide")
        b: float = Field(-0.5, ge=-20, le=20, description="Where it bends: at x = -b / w")
        c: float = Field(3.0, ge=-10, le=10, description="Height of the hard sigmoid, at least 0.1 up or down")
        run: Experiment = Field(Experiment(), description="The run on a curve that the map of the three steps shows")

        @model_validator(mode="after")
        def _can_be_shown(self) -> Self:
            if abs(self.c) < 0.1:
                raise ValueError(f"c must be at least 0.1, up or down, got {self.c:g}")
            need_curve("relu", self.run)
            return self

    def construct(self) -> None:
        self._prepare()
        self._map_beat()
        self._relu_beat()
        self._two_beat()
        self._sum_beat()
        self._names_beat()
        self.hand_on()

    # -- the numbers ---------------------------------------------------------------------------------------------

    def _prepare(self) -> None:
        w, b, c = self.parameters.w, self.parameters.b, self.parameters.c
        start, end = -b / w, (1 - b) / w
        self.hard = PiecewiseLinearCurve([start, end], [0.0, c])  # c max(0, b + w x) up to where it reaches c
        self.relus = self.hard.decompose().relus()
        width = end - start
        self.x_range = (start - width / 2, end + width)
        self.x = np.unique([*np.linspace(*self.x_range, SAMPLES), start, end])
        self.first, self.second = (self.relus.piece(k, self.x) for k in (1, 2))
        heights = [*self.first, *self.second]
        margin = 0.04 * (max(heights) - min(heights))
        self.y_range = (min(heights) - margin, max(heights) + margin)
        self.plot = self._axes()

    def _axes(self) -> Plot:
        ticks = ticks_at_knots(self.hard.x, *self.x_range, PLOT_BOX["right"] - PLOT_BOX["left"])
        heights = tuple(float(f"{k * self.parameters.c:.3g}") for k in range(3))
        y_ticks = Ticks(heights, tuple(map(number_text, heights)))
        plot = Plot(self.x_range, self.y_range, **PLOT_BOX, x_ticks=ticks, y_ticks=y_ticks)
        zero = float(plot.at(0, 0)[1])
        for part in (plot.x_axis, plot.x_tick_labels, plot.x_label):
            part.shift((zero - PLOT_BOX["bottom"]) * UP)
        if self.parameters.c < 0:  # the first ReLU falls: labels above the axis, out of its way
            plot.x_tick_labels.shift(0.66 * UP)
        return plot

    # -- beats ---------------------------------------------------------------------------------------------------

    def _map_beat(self) -> None:
        with self.beat("map"):
            # The third step is behind us; the brightness goes back to the first. Then what is asked: the soft sigmoid,
            # and over it the hard one, which stays
            steps = part_map(self, self.trace("run"), 3)
            self.play(*self._title(steps_heading(self)), FadeIn(steps, run_time=0.8))
            self.play(steps.focus(1), run_time=0.6)
            self.wait(0.7)
            self._ask(steps)

    def _ask(self, steps: VMobject) -> None:
        """The soft sigmoid in the place of the map; then the hard one, bright, in front of it."""
        curve = match_by_slope(*self.hard.x, self.parameters.c)
        soft, hard = sigmoid(curve.b + curve.w * self.x) * curve.c, self.hard(self.x)
        self.soft = self.plot.curve(self.x, soft, palette.blue)
        self.one = self.plot.curve(self.x, hard, palette.blue)
        self.asked = self._asked()
        late = squish_rate_func(smooth, 0.3, 1.0)
        arriving = [Create(self.soft, run_time=1.5, rate_func=late)]
        arriving += [FadeIn(part, run_time=1.5, rate_func=late) for part in (self.plot, self.asked[0])]
        self.play(FadeOut(steps, run_time=0.4), *self._title(self.screen("heading-why")), *arriving)
        self.wait(1.0)
        dimmed = emphasis(self.soft, FAINT), emphasis(self.asked[0], PRESENT)
        self.play(*dimmed, Create(self.one), FadeIn(self.asked[1]), run_time=1.1)

    def _asked(self) -> VGroup:
        """The names of both sigmoids right of the ramp: the soft one's on its side of the hard one's level."""
        level = float(self.plot.at(0, self.parameters.c)[1])
        names = [words(self.screen(key), style.LABEL, palette.blue) for key in ("soft-sigmoid", "hard-sigmoid")]
        baselines = (-0.6, 0.22) if self.parameters.c > 0 else (0.42, -0.45)
        left = float(self.plot.at(self.hard.x[1], 0)[0]) + 0.35
        places = zip(names, baselines, strict=True)
        return VGroup(*(name.place(level + baseline, left=left) for name, baseline in places))

    def _relu_beat(self) -> None:
        with self.beat("relu"):
            # The hard sigmoid breaks at its second corner: flat, then a slope. How that is made: a straight line, what
            # is below zero of it lifted to zero, which has its name now, and all of it c times as high
            leaving = [FadeOut(part, run_time=0.5) for part in (self.soft, self.asked)]
            self.play(*leaving, self._break())
            self._run_along(1.5)
            self.line = self._straight_line()
            self.bracket = self.plot.curve(self.x, self.x, palette.blue, style.SECOND_CURVE)
            self.formula = formula(relu_source(), style.FORMULA).place(FORMULA_BASELINE, center=0.0)
            inner = VGroup(*map(self.formula.part, ("sigmoid", "brackets", "bias", "plus-in", "w", "x")))
            self.play(
                FadeOut(self.runner, run_time=0.3), emphasis(self.one, FAINT),
                Create(self.line[0]), FadeIn(self.line[1]),
                FadeIn(inner, shift=0.15 * UP), run_time=0.9,
            )  # fmt: skip
            self._draw_bracket(self._bracket())
            self.play(Create(self.bracket), run_time=0.7, rate_func=smooth)
            self.play(self._lift(), run_time=1.2)
            self.bend = self._bend()
            self.play(*self._title(self.screen("heading-relu")), FadeIn(self.bend, run_time=0.4))
            self._stretch()

    def _run_along(self, seconds: float) -> None:
        """A dot runs along the ReLU: flat, then the slope."""
        x, y = self.x, self.first
        dot = self.plot.dot(x[0], y[0], palette.text, RUNNER)

        def update(mark: VMobject, share: float) -> None:
            at = x[0] + share * (x[-1] - x[0])
            mark.move_to(self.plot.at(at, np.interp(at, x, y)))

        self.play(FadeIn(dot, run_time=0.15))
        self.play(UpdateFromAlphaFunc(dot, update, run_time=seconds - 0.15, rate_func=smooth))
        self.runner = dot

    def _bracket(self) -> NDArray:
        """b + w x_1 over the picture."""
        return self.parameters.b + self.parameters.w * self.x

    def _lift(self) -> Animation:
        """A copy of the straight line, whose part below zero goes up to zero: ReLU."""
        line = self._bracket()

        def update(_: VMobject, share: float) -> None:
            self._draw_bracket(np.maximum(line, np.minimum(line, 0.0) * (1 - share)))

        return UpdateFromAlphaFunc(self.bracket, update, rate_func=smooth)

    def _draw_bracket(self, y: NDArray) -> None:
        """The curve of what stands in the brackets, through y where the picture has room for it."""
        seen = self._is_seen(y)
        self.plot.set_curve(self.bracket, self.x[seen], y[seen])

    def _is_seen(self, y: NDArray) -> NDArray:
        return (y >= self.y_range[0]) & (y <= self.y_range[1])

    def _stretch(self) -> None:
        """Times c: the curve becomes c times as high, which is the ReLU that the hard sigmoid broke into."""
        low = relu(self._bracket())

        def update(_: VMobject, share: float) -> None:
            self._draw_bracket(low + share * (self.first - low))

        stretch = UpdateFromAlphaFunc(self.bracket, update, rate_func=smooth)
        outer = [FadeIn(self.formula.part(name)) for name in ("y", "equals", "c")]
        self.play(*outer, stretch, run_time=1.2)
        self.add(self.formula)
        self.letters = self._numbers_under({"c": "c", "bias": "b", "w": "w"})
        self.play(FadeIn(self.letters, shift=0.1 * UP), emphasis(self.one, FULL), FadeOut(self.bracket), run_time=0.4)

    def _break(self) -> Animation:
        """What is level turns until it goes on like the ramp: the second ReLU is taken away."""

        def update(curve: VMobject, share: float) -> None:
            self.plot.set_curve(curve, self.x, self.first + (1 - share) * self.second)

        return UpdateFromAlphaFunc(self.one, update, rate_func=smooth)

    def _bend(self) -> VGroup:
        """A dot where the curve bends, and beside it that the bracket is 0 there."""
        at = self.plot.at(self.hard.x[0], 0)
        name = formula("green(b) + yellow(w) thin x_1 = 0", style.LETTER)
        name.place(at[1] + (0.28 if self.parameters.c > 0 else -0.5), right=at[0] - 0.12)
        return VGroup(self.plot.dot(self.hard.x[0], 0, palette.text, 0.1), name)

    def _straight_line(self) -> VGroup:
        """b + w x where it can be seen, and its formula at the upper end: below it, or left of it where it is steep."""
        line = self._bracket()
        seen = self.x[self._is_seen(line)][[0, -1]]
        ends = self.plot.at(seen, np.interp(seen, self.x, line))
        label = formula("green(b) + yellow(w) thin x_1", style.LETTER)
        x, y, _ = ends[1]
        if abs(self.parameters.c) < 1:
            label.place(float(y) - 0.3, right=float(x) - 0.5)
        else:
            label.place(float(y) - 0.55, right=float(x))
        return VGroup(dashed(*ends, palette.text, 2.0, dash=0.1), label)

    def _names_beat(self) -> None:
        with self.beat("names"):
            # Both functions side by side under one name. At the question a dot runs along each, over the same r: one
            # gets flat on both sides, the other goes on. Then ours steps forward
            self.play(FadeOut(self.icons), emphasis(self.note, PRESENT), run_time=0.4)
            r = np.linspace(-R, R, SAMPLES)
            sides = (("sigmoid", sigmoid(r), (-0.08, 1.08)), ("ReLU", relu(r), (-0.08 * R, 1.08 * R)))
            self.panels = [
                SmallCurve(r, y, y_range, (*edges, *PANEL_SPAN), words(name, style.SUBTITLE, palette.blue), PANEL_NAME)
                for (name, y, y_range), edges in zip(sides, PANELS, strict=True)
            ]
            self.play(
                *self._title(self.screen("heading-names")),
                LaggedStart(*(FadeIn(panel) for panel in self.panels), lag_ratio=0.5, run_time=1.4),
            )
            self.wait(0.4)
            self._run_along_both(r, 2.2)
            curve, name = self.panels[0].curve, self.panels[0].name
            self.play(emphasis(curve, FAINT), emphasis(name, READABLE), emphasis(self.panels[1], FULL), run_time=0.6)

    def _run_along_both(self, r: NDArray, seconds: float) -> None:
        """A dot on each of the two functions, both over the same r, from left to right."""
        heights = (sigmoid(r), relu(r))
        dots = VGroup(
            *(panel.plot.dot(r[0], y[0], palette.text, RUNNER) for panel, y in zip(self.panels, heights, strict=True))
        )

        def update(_: VGroup, share: float) -> None:
            at = r[0] + share * (r[-1] - r[0])
            for dot, panel, y in zip(dots, self.panels, heights, strict=True):
                dot.move_to(panel.plot.at(at, np.interp(at, r, y)))

        self.play(FadeIn(dots, run_time=0.2))
        self.play(UpdateFromAlphaFunc(dots, update, run_time=seconds, rate_func=smooth))
        self.play(FadeOut(dots, run_time=0.3))
