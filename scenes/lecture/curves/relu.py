"""The scene relu: a ReLU is flat, then a slope; two of them are one hard sigmoid, and a network is made of them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Self

import numpy as np
from gradreel.core.curves.piecewise import PiecewiseLinearCurve
from gradreel.core.experiment import Experiment
from gradreel.core.network.activations import relu, sigmoid
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene, need_curve
from gradreel.scenes.lecture.batch_boxes import QUIZ, Boxes
from gradreel.scenes.lecture.curves.pictures.formula_numbers import in_formula
from gradreel.scenes.lecture.curves.pictures.relu_row import ReluRow
from gradreel.scenes.lecture.curves.pictures.relu_sum import ReluSum
from gradreel.scenes.lecture.curves.pictures.sigmoid_board import color_of
from gradreel.scenes.lecture.curves.pictures.small_curves import SmallCurve
from gradreel.scenes.lecture.curves.sigmoid_matching import match_by_slope
from gradreel.scenes.mobjects.formula_growth import grow
from gradreel.scenes.mobjects.lecture_formulas import Y, many_features_source, relu_source
from gradreel.scenes.mobjects.plot import Plot, dashed, segment
from gradreel.scenes.mobjects.text import TextMobject, formula, words
from gradreel.scenes.mobjects.three_steps import PLACE, ThreeSteps
from gradreel.scenes.mobjects.ticks import Ticks, ticks_at_knots
from gradreel.scenes.style import BAND, DIM, FAINT, emphasis, mix, mix_text, palette
from gradreel.scenes.words.counts import Count
from gradreel.scenes.words.numbers import number_text
from manim import (
    UP,
    Animation,
    AnimationGroup,
    Create,
    FadeIn,
    FadeOut,
    LaggedStart,
    ReplacementTransform,
    Succession,
    UpdateFromAlphaFunc,
    VGroup,
    VMobject,
    smooth,
    squish_rate_func,
    there_and_back_with_pause,
)
from numpy.typing import NDArray
from pydantic import Field, model_validator

PLOT_BOX = {"left": -5.6, "right": 5.2, "bottom": -3.15, "top": 0.75}
SAMPLES = 301
RUNNER = 0.12  # radius of a dot that runs along a curve
FORMULA_BASELINE, LETTERS_BASELINE, LETTER_NUMBER = 2.35, 1.7, 34  # letters' numbers: under the formula, their size
ADDED = 0.5  # share of blue in the two ReLUs while they are added

SUM_BASELINE, SUM_SIZE = 1.85, 58
ICONS = ((-5.7, -3.0), (-1.35, 1.35), (3.0, 5.7))  # left and right of three small pictures
ICON_SPAN, ICON_NAME = (-2.1, 0.0), -2.75  # their bottom and top; the baseline of their names

R = 6.0  # activation functions are drawn from -R to R
PANELS = ((-5.4, -1.0), (1.0, 5.4))  # left and right of the two activation functions
PANEL_SPAN, PANEL_NAME = (-2.05, 0.1), -2.8
LINE_OF_CASES = "green(b) + yellow(w) thin x_1"
CASES = (
    f"blue(y) = cases(0 &quad {LINE_OF_CASES} < 0, magenta(c) thin ({LINE_OF_CASES}) &quad 0 <= {LINE_OF_CASES} <= 1, "
    f"magenta(c) &quad {LINE_OF_CASES} > 1)"
)
CASES_SIZE, CASES_Y = 36, 2.05
LARGE, TANGENT = 5.0, 0.7  # a large input; half the length of the line that shows the slope there
READABLE = 0.55  # how bright the name of the function is that steps back


class Relu(LectureScene):
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
        self._height_beat()
        self._two_beat()
        self._sum_beat()
        self._names_beat()
        self._slopes_beat()
        self.hand_on()

    def _prepare(self) -> None:
        w, b, c = self.parameters.w, self.parameters.b, self.parameters.c
        self.up = c > 0
        self.sigmoids = self.parameters.run.hidden[0] if self.parameters.run.hidden else 3
        start, end = -b / w, (1 - b) / w
        self.hard = PiecewiseLinearCurve([start, end], [0.0, c])  # c max(0, b + w x) up to where it reaches c
        self.relus = self.hard.decompose().relus()
        width = end - start
        self.x_range = (start - width / 2, end + width)
        self.x = np.unique([*np.linspace(*self.x_range, SAMPLES), start, end])
        self.bracket_y = b + w * self.x
        self.first, self.second = (self.relus.piece(k, self.x) for k in (1, 2))
        heights = [*self.first, *self.second]
        margin = 0.04 * (max(heights) - min(heights))
        self.y_range = (min(heights) - margin, max(heights) + margin)
        self.plot = self._axes()

    # -- beats ---------------------------------------------------------------------------------------------------

    def _map_beat(self) -> None:
        with self.beat("map", pause="long"):
            # The boxes of batches go into the third step, which is behind us; the brightness goes back to the first.
            # Its blue curve becomes the soft sigmoid in the place of the map. Over it comes the one that is asked for,
            # the hard one, which stays; its formula has three cases
            steps = ThreeSteps(self.trace("run"), self.screen_of("part-map"), 3)
            boxes = Boxes(*QUIZ)
            self.add(boxes.fill(boxes.count))
            leaving = FadeOut(boxes, target_position=steps.card(3), scale=0.25)
            arriving = self.next_heading(self.screen_of("part-map")("heading"))
            self.play(*arriving, FadeIn(steps), leaving, run_time=0.8)
            self.play(steps.focus(1), run_time=0.4)
            self.wait(0.8)
            self.until("soft")
            match = match_by_slope(*self.hard.x, self.parameters.c)
            self.soft = self.plot.curve(self.x, match.c * sigmoid(match.b + match.w * self.x), palette.blue)
            self.one = self.plot.curve(self.x, self.hard(self.x), palette.blue)
            soft_name, hard_name = self.sigmoid_names = self._name_sigmoids()
            late = squish_rate_func(smooth, 0.3, 1.0)
            blue = steps.blue
            steps.card(1)[PLACE].remove(blue)
            arriving = [ReplacementTransform(blue, self.soft, run_time=1.5)]
            arriving += [FadeIn(part, run_time=1.5, rate_func=late) for part in (self.plot, soft_name)]
            self.play(FadeOut(steps, run_time=0.4), *self.next_heading(self.screen("heading-why")), *arriving)
            self.until("hard")
            dimmed = emphasis(self.soft, FAINT), emphasis(soft_name, DIM)
            self.play(*dimmed, Create(self.one), FadeIn(hard_name), run_time=1.1)
            self.until("cases")
            self.cases = formula(CASES, CASES_SIZE).move_to([0.0, CASES_Y, 0.0])
            self.play(FadeIn(self.cases, shift=0.15 * UP), run_time=0.6)

    def _relu_beat(self) -> None:
        with self.beat("relu", pause="short"):
            # The hard sigmoid breaks at its second corner, and goes on to climb. It leaves, for how that is made: a
            # straight line, less steep, what is below zero of it lifted to zero
            leaving = [FadeOut(part, run_time=0.5) for part in (self.soft, self.sigmoid_names)]
            self.play(*leaving, self._break())
            self.line = self._straight_line()
            self.bracket = self.plot.curve(self.x, self.x, palette.blue, style.SECOND_CURVE)
            self.formula = formula(relu_source(), style.FORMULA).place(FORMULA_BASELINE, center=0.0)
            inner = VGroup(*map(self.formula.part, ("sigmoid", "brackets", "bias", "plus-in", "w", "x")))
            self.until("line")
            self.play(
                FadeOut(self.one, self.cases, run_time=0.4), Create(self.line[0]), FadeIn(self.line[1]),
                FadeIn(inner, shift=0.15 * UP), run_time=0.9,
            )  # fmt: skip
            self._draw_bracket(self.bracket_y)
            self.play(Create(self.bracket), run_time=0.7, rate_func=smooth)
            self.until("zero")
            self.play(self._lift(), run_time=1.2)
            self.bend = self._bend()
            self.play(FadeIn(self.bend, run_time=0.4))

    def _height_beat(self) -> None:
        with self.beat("height"):
            # It has its name; then it becomes c times as high, and that is what the hard sigmoid broke into. With the
            # other sign it goes the other way, and comes back
            self.play(*self.next_heading(self.screen("heading-relu")))
            self.until("times")
            self._stretch()

    def _two_beat(self) -> None:
        plot, c = self.plot, self.parameters.c
        with self.beat("two", pause="short"):
            # A second ReLU bends where the first has reached c and goes down. A line sweeps to the right: the second
            # one's height also hangs from the first one, and where it ends the sum is: along the hard sigmoid
            two = formula(f'{Y} {_term(1)} part("plus", +) {_term(2)}', 46).place(FORMULA_BASELINE, center=0.0)
            self.two = plot.curve(self.x, self.second, palette.blue, style.SECOND_CURVE)
            from_ = {"c": "c", "max": "sigmoid", "brackets": "brackets", "b": "bias", "w": "w", "x": "x"}
            origins = {f"{part}-1": old for part, old in from_.items()}
            leaving = [FadeOut(part) for part in (self.line, self.letters, self.bend)]
            self.play(*grow(self.formula, two, origins=origins), Create(self.two), *leaving, run_time=1.6)
            self.formula = two
            parts = {"c-1": "c", "b-1": "b", "w-1": "w", "c-2": "c'", "b-2": "b'", "w-2": "w"}
            self.letters = self._numbers_under(parts)
            self.play(FadeIn(self.letters, shift=0.1 * UP), run_time=0.5)
            corners = np.array([self.x_range[0], *self.hard.x, self.x_range[1]])
            self.band = plot.curve(corners, self.hard(corners), mix(palette.blue, 0.45), BAND)
            self.band_label = words(self.screen("hard-sigmoid"), style.LABEL, mix_text(palette.blue, 0.8))
            between = -0.5 if self.up else 0.28  # the level of c and zero
            self.band_label.place(plot.at(0, c)[1] + between, right=plot.box[1] - 0.35)
            self.sum = ReluSum(plot, self.x, self.relus, self.formula)
            ends = [label for label in plot.x_tick_labels if label.get_right()[0] > plot.box[1]]  # a bar will lie there
            self.play(
                *map(FadeOut, ends),
                emphasis(self.one, ADDED), emphasis(self.two, ADDED), FadeIn(self.sum.scan), FadeIn(self.sum.values),
                run_time=0.6,
            )  # fmt: skip
            self.until("sum")
            self.play(self.sum.sweep(self.x_range[1], 2.8))
            self.sum.show(self.x_range[1])
            self.add(self.band, self.sum.scan)
            self.play(FadeIn(self.band), FadeIn(self.band_label), run_time=0.6)
            self.add(self.sum.scan)

    def _sum_beat(self) -> None:
        count = self.sigmoids
        with self.beat("sum", count=Count(count), twice=Count(2 * count)):
            # The formula of the network, with hard sigmoids. Below, the picture shrinks to a small equation: one hard
            # sigmoid is two ReLUs. So hard sigmoid becomes max, and the sum goes on to twice as many
            seen = self.sum
            leaving = [self.plot, self.band, self.band_label, seen.line, seen.bars, seen.dots, seen.values]
            leaving += [self.formula, self.letters]
            icons, signs = self._icons()
            hard, self.formula = (
                formula(many_features_source(terms, activation=name), SUM_SIZE).place(SUM_BASELINE, center=0.0)
                for terms, name in ((count, "hard_sigmoid"), (2 * count, "relu"))
            )
            self.play(
                *(FadeOut(part, run_time=0.4) for part in leaving), *self.next_heading(self.screen("heading-sum")),
                FadeIn(hard, run_time=0.9, rate_func=squish_rate_func(smooth, 0.5, 1.0)),
            )  # fmt: skip
            self._shrink(icons)
            self.play(*(FadeIn(sign) for sign in signs), run_time=0.4)
            self.add(*icons)
            self.icons = VGroup(*icons, *signs)
            self.until("twice")
            self.play(*grow(hard, self.formula, morph=False), run_time=1.1)

    def _names_beat(self) -> None:
        with self.beat("names"):
            # Both functions side by side under one name. A dot runs along each to a large input, the same for both, and
            # takes the tangent along: in the end the sigmoid has no slope, and ReLU has. The sigmoid steps back
            r, large = np.linspace(-R, R, SAMPLES), np.linspace(-LARGE, LARGE, SAMPLES)
            sides = (("sigmoid", sigmoid, (-0.08, 1.08)), ("ReLU", relu, (-0.08 * R, 1.08 * R)))
            self.panels = [
                SmallCurve(
                    r, f(r), y_range, (*edges, *PANEL_SPAN), words(name, style.SUBTITLE, palette.blue), PANEL_NAME
                )
                for (name, f, y_range), edges in zip(sides, PANELS, strict=True)
            ]
            self.play(
                FadeOut(self.icons, run_time=0.3),
                *self.next_heading(self.screen("heading-names")),
                *(FadeIn(panel, run_time=0.7, rate_func=squish_rate_func(smooth, 0.4, 1.0)) for panel in self.panels),
            )
            self.until("large")
            curves = [(panel.plot, large, f(large)) for panel, (_, f, _) in zip(self.panels, sides, strict=True)]
            dots = self._run_along(curves, coming=0.3, seconds=4.0)
            back = [emphasis(self.panels[0].curve, FAINT), emphasis(self.panels[0].name, READABLE)]
            self.play(*back, emphasis(VGroup(dots[0], self.slopes[0]), DIM), run_time=0.6)
            self.dots = dots

    def _slopes_beat(self) -> None:
        with self.beat("slopes"):
            # The ReLUs whose sum is the red curve, side by side. One x goes through all of them from left to right:
            # those that have a slope there are lit, and counted
            self.play(FadeOut(*self.panels, *self.slopes, self.dots), run_time=0.5)
            data = self.parameters.run.curve_data
            self.row = row = ReluRow(data.curve(), data.range, self.screen("on-slope"))
            self.play(FadeIn(row), run_time=0.6)
            self.until("many")
            self.play(row.sweep(), run_time=5.0)

    # -- parts of the picture ------------------------------------------------------------------------------------

    def _axes(self) -> Plot:
        ticks = ticks_at_knots(self.hard.x, *self.x_range, PLOT_BOX["right"] - PLOT_BOX["left"])
        heights = tuple(float(f"{k * self.parameters.c:.3g}") for k in range(3))
        y_ticks = Ticks(heights, tuple(map(number_text, heights)))
        plot = Plot(self.x_range, self.y_range, **PLOT_BOX, x_ticks=ticks, y_ticks=y_ticks)
        zero = float(plot.at(0, 0)[1])
        for part in (plot.x_axis, plot.x_tick_labels, plot.x_label):
            part.shift((zero - PLOT_BOX["bottom"]) * UP)
        if not self.up:  # the first ReLU falls: labels above the axis, out of its way
            plot.x_tick_labels.shift(0.66 * UP)
        return plot

    def _name_sigmoids(self) -> VGroup:
        """The names of both sigmoids right of the ramp: the soft one's on its side of the hard one's level."""
        level = float(self.plot.at(0, self.parameters.c)[1])
        names = [words(self.screen(key), style.LABEL, palette.blue) for key in ("soft-sigmoid", "hard-sigmoid")]
        baselines = (-0.6, 0.22) if self.up else (0.42, -0.45)
        left = float(self.plot.at(self.hard.x[1], 0)[0]) + 0.35
        places = zip(names, baselines, strict=True)
        return VGroup(*(name.place(level + baseline, left=left) for name, baseline in places))

    def _straight_line(self) -> VGroup:
        """b + w x where it can be seen, and its formula at the upper end: below it, or left of it where it is steep."""
        seen = self.x[self._is_seen(self.bracket_y)][[0, -1]]
        ends = self.plot.at(seen, np.interp(seen, self.x, self.bracket_y))
        label = formula("green(b) + yellow(w) thin x_1", style.LETTER)
        x, y, _ = map(float, ends[1])
        left, drop = (0.5, 0.3) if abs(self.parameters.c) < 1 else (0.0, 0.55)
        return VGroup(dashed(*ends, palette.text, 2.0, dash=0.1), label.place(y - drop, right=x - left))

    def _bend(self) -> VGroup:
        """A dot where the curve bends, and beside it that the bracket is 0 there."""
        at = self.plot.at(self.hard.x[0], 0)
        name = formula("green(b) + yellow(w) thin x_1 = 0", style.LETTER)
        name.place(at[1] + (0.28 if self.up else -0.5), right=at[0] - 0.12)
        return VGroup(self.plot.dot(self.hard.x[0], 0, palette.text, 0.1), name)

    def _numbers_under(self, parts: dict[str, str]) -> VGroup:
        """The numbers under parts of the formula, given by their letters: b' and c' are the second ReLU's."""
        p = self.parameters
        values = {"c": p.c, "b": p.b, "w": p.w, "c'": -p.c, "b'": p.b - 1}
        texts = VGroup()
        for part, letter in parts.items():
            text = formula(in_formula(float(f"{values[letter]:.3g}")), LETTER_NUMBER, color_of(letter[0]))
            texts.add(text.place(LETTERS_BASELINE, center=self.formula.part(part).get_center()[0]))
        return texts

    def _icons(self) -> tuple[list[SmallCurve], list[TextMobject]]:
        """Small pictures of the hard sigmoid and of both ReLUs, and the signs between them."""
        curves = (self.hard(self.x), self.first, self.second)
        names = (self.screen("hard-sigmoid"), *(f"ReLU, $magenta(c) {sign} 0$" for sign in ("><" if self.up else "<>")))
        icons = [
            SmallCurve(self.x, y, self.y_range, (*sides, *ICON_SPAN), words(name, style.LABEL, palette.blue), ICON_NAME)
            for y, sides, name in zip(curves, ICONS, names, strict=True)
        ]
        middle = sum(ICON_SPAN) / 2
        gaps = [(a[1] + b[0]) / 2 for a, b in pairwise(ICONS)]
        signs = [formula(sign, 52).move_to((x, middle, 0)) for sign, x in zip("=+", gaps, strict=True)]
        return icons, signs

    # -- motion --------------------------------------------------------------------------------------------------

    def _break(self) -> Animation:
        """What is level turns until it goes on like the ramp: the second ReLU is taken away."""

        def update(curve: VMobject, share: float) -> None:
            self.plot.set_curve(curve, self.x, self.first + (1 - share) * self.second)

        return UpdateFromAlphaFunc(self.one, update, rate_func=smooth)

    def _run_along(self, curves: Sequence[tuple[Plot, NDArray, NDArray]], coming: float, seconds: float) -> VGroup:
        """A dot and its tangent run along each curve (plot, x, y), all at the same x; returns the dots."""
        dots = VGroup(*(plot.dot(x[0], y[0], palette.text, RUNNER) for plot, x, y in curves))
        self.slopes = [_tangent(*curve, 0.0) for curve in curves]

        def update(_: VMobject, share: float) -> None:
            for dot, slope, curve in zip(dots, self.slopes, curves, strict=True):
                moved = _tangent(*curve, share)
                slope.set_points(moved.points)
                dot.move_to(moved.get_center())

        self.play(FadeIn(dots, *self.slopes, run_time=coming))
        self.play(UpdateFromAlphaFunc(VGroup(*self.slopes, dots), update, run_time=seconds, rate_func=smooth))
        return dots

    def _lift(self) -> Animation:
        """What is below zero of the straight line goes up to zero: ReLU."""
        line = self.bracket_y

        def update(_: VMobject, share: float) -> None:
            self._draw_bracket(np.maximum(line, np.minimum(line, 0.0) * (1 - share)))

        return UpdateFromAlphaFunc(self.bracket, update, rate_func=smooth)

    def _stretch(self) -> None:
        """Times c: the curve becomes c times as high, which is the ReLU that the hard sigmoid broke into."""
        low = relu(self.bracket_y)

        def update(_: VMobject, share: float) -> None:
            self._draw_bracket(low + share * (self.first - low))

        stretch = UpdateFromAlphaFunc(self.bracket, update, rate_func=smooth)
        outer = [FadeIn(self.formula.part(name)) for name in ("y", "equals", "c")]
        self.play(*outer, stretch, run_time=1.2)
        self.add(self.formula)
        self.until("down")

        def turn(_: VMobject, share: float) -> None:
            self._draw_bracket((1 - 2 * share) * self.first)

        self.play(UpdateFromAlphaFunc(self.bracket, turn, run_time=3.2, rate_func=_there_held_and_back))
        self.letters = self._numbers_under({"c": "c", "bias": "b", "w": "w"})
        self.add(self.one)
        self.play(FadeIn(self.letters, shift=0.1 * UP), FadeOut(self.bracket), run_time=0.4)

    def _draw_bracket(self, y: NDArray) -> None:
        """The curve of what stands in the brackets, through y where the picture has room for it."""
        seen = self._is_seen(y)
        self.plot.set_curve(self.bracket, self.x[seen], y[seen])

    def _is_seen(self, y: NDArray) -> NDArray:
        return (y >= self.y_range[0]) & (y <= self.y_range[1])

    def _shrink(self, icons: Sequence[SmallCurve]) -> None:
        """Each curve becomes its small picture, the rightmost first: none runs through another one's place."""
        moves: list[Animation] = []
        for curve, icon in zip((self.two, self.one, self.sum.curve), reversed(icons), strict=True):
            shown = AnimationGroup(FadeIn(icon.zero), FadeIn(icon.name), run_time=0.3)
            moves.append(Succession(ReplacementTransform(curve, icon.curve, run_time=0.7), shown))
        self.play(LaggedStart(*moves, lag_ratio=0.4))


def _there_held_and_back(share: float) -> float:
    return float(there_and_back_with_pause(share, 0.5))


def _tangent(plot: Plot, x: NDArray, y: NDArray, share: float) -> VMobject:
    """A piece of the tangent of a curve (plot, x, y) after ``share`` of its x; at a corner, of what comes before."""
    at = x[0] + share * (x[-1] - x[0])
    k = int(np.clip(np.searchsorted(x, at), 1, len(x) - 1))
    before, after = plot.at(x[k - 1 : k + 1], y[k - 1 : k + 1])
    middle, way = plot.at(at, np.interp(at, x, y)), TANGENT * (after - before) / np.linalg.norm(after - before)
    return segment(middle - way, middle + way, palette.text, style.RING)


def _term(k: int) -> str:
    """c_k max(0, b_k + w_k x_1)."""
    inner = f'part("b-{k}", green(b_{k})) part("plus-{k}", +) part("w-{k}", yellow(w_{k})) thin part("x-{k}", x_1)'
    return f'part("c-{k}", magenta(c_{k})) thin part("max-{k}", max)part("brackets-{k}", (0, {inner}))'
