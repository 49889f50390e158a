"""The scene linear-limits: a straight line, fitted to dots, misses the curve that they lie around."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Self

import numpy as np
from gradreel.core.curves.line_fit import Line, least_squares, line_of, mean_squared_distance
from gradreel.core.curves.piecewise import PiecewiseLinearCurve
from gradreel.core.datasets import RED_CURVE
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import loss
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene, need_curve
from gradreel.scenes.lecture.curves.pictures.card_sum import CardSum
from gradreel.scenes.lecture.curves.pictures.curve_axes import TOP, WIDE_RIGHT, corner_axes, curve_axes, height_range
from gradreel.scenes.lecture.curves.pictures.curve_board import FORMULA_Y
from gradreel.scenes.lecture.curves.pictures.straight_line import (
    Curve,
    Gaps,
    LineInPlot,
    MeanSquare,
    loss_rows,
    opened,
)
from gradreel.scenes.lecture.runs import (
    LINE_NOISE,
    LINE_NOISE_SEED,
    LINE_START_SEED,
    Knots,
    knots_like_views,
    line_through_dots,
)
from gradreel.scenes.mobjects.lecture_formulas import linear_source
from gradreel.scenes.mobjects.motif import Motif
from gradreel.scenes.mobjects.pace import even_pace, state_at, stepwise
from gradreel.scenes.mobjects.plot import dashed, ring
from gradreel.scenes.mobjects.readout import loss_decimals
from gradreel.scenes.mobjects.text import Number, caption, formula, words
from gradreel.scenes.mobjects.three_steps import PLACE, ThreeSteps
from gradreel.scenes.mobjects.ticks import round_labels
from gradreel.scenes.style import DIM, FAINT, FULL, emphasis, mix, palette
from gradreel.scenes.words.claims import Claim, claim
from gradreel.scenes.words.numbers import number_text
from manim import (
    UP,
    Animation,
    Create,
    FadeIn,
    FadeOut,
    LaggedStart,
    ReplacementTransform,
    UpdateFromAlphaFunc,
    VGroup,
    VMobject,
    linear,
    smooth,
    squish_rate_func,
)
from pydantic import AfterValidator, Field, model_validator

EXAMPLE = 9  # the dot that is explained: neither at an end nor at the top of the default's peak
FORMULA_BASELINE, FORMULA_CENTER = 2.36, -0.9
AIR = 0.42  # em around its plus: a number as long as −1.33 hangs under w and is not read as one with b's
REST = (0.16, 0.62)  # shares of the plot's height at which the first line begins and ends
GHOST = 0.5  # share of blue's colour
HALF = 0.5  # share of red's colour while gaps to the line are spoken of
MEAN = (2.2, 1.6)  # of the square of mean area: its middle's height, and its side at most
LOOK = 0.6  # seconds that model bias stays when it has its name
MISSED = 0.05  # a line misses red when their typical distance is more than this share of red's height


class LinearLimits(LectureScene):
    """w turns the line, b lifts it, training finds the best one, and it still misses the red curve: model bias."""

    class Parameters(LectureScene.Parameters):
        knots: Annotated[Knots, AfterValidator(knots_like_views)] = Field(
            RED_CURVE,
            min_length=2,
            max_length=60,
            description="Turning points (x, y) of the red curve, x increasing; x and y from 0 to 20, like views",
        )
        noise: float = Field(LINE_NOISE, ge=0, le=1, description="Standard deviation of the dots around red")
        noise_seed: int = Field(LINE_NOISE_SEED, ge=0, lt=2**32, description="Of the dots' random distances from red")
        start_seed: int = Field(LINE_START_SEED, ge=0, lt=2**32, description="Of the line's random start")
        run: Experiment = Field(Experiment(), description="The run on a curve that the map of the three steps shows")

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
        self._read_the_run()
        self._build()
        self._map_beat()
        self._data_beat()
        self._line_beat()
        self._peak_beat()
        self._loss_beat()
        self._best_beat()
        self._bias_beat()

    def claims(self) -> Iterator[Claim]:
        self._read_the_run()
        steps = np.sign(np.diff(self.curve.y))
        falls_later = 1 in steps and -1 in steps[int(np.argmax(steps == 1)) :]
        yield claim("peak", "red rises and then falls", falls_later, heights=self.curve.y)
        best = float(loss(self.experiment, least_squares(self.experiment.dataset)))
        start, end = self._loss_at(0), self._loss_at(self.last)
        yield claim(
            "best",
            "the line's loss gets as low as any line's",
            end < 1.001 * best < start,
            start=start,
            end=end,
            best=best,
        )
        yield claim("bias", "the line's loss is higher than red's", self.misses, line=end, red=self.red_loss)

    # -- the run -------------------------------------------------------------------------------------------------

    def _read_the_run(self) -> None:
        self.fit = self.trace("line")
        self.experiment = self.fit.experiment
        self.dots_x, self.dots_y = self.experiment.dataset.x(), self.experiment.dataset.labels()
        self.curve = self.parameters.curve()
        self.last = len(self.fit.kept) - 1
        self.pace = even_pace(self.fit)
        self.red_loss = mean_squared_distance(self.curve(self.dots_x), self.dots_y)
        # The best line stays away from red, beyond what the dots' own scatter costs red too
        self.misses = self._loss_at(self.last) - self.red_loss > max((MISSED * self.curve.height) ** 2, 1e-9)

    def _line_at(self, row: float) -> Line:
        """The line at a row of the trace, or between two neighbouring ones."""
        return line_of(self.experiment, state_at(self.fit, row))

    def _loss_at(self, row: float) -> float:
        return float(loss(self.experiment, state_at(self.fit, row)))

    # -- what is on the screen -----------------------------------------------------------------------------------

    def _build(self) -> None:
        curve = self.curve
        x_range = (0.0, float(self.dots_x[-1]))
        low_start = curve.y.min() < 0.5 * curve.y.max()  # then these are the very axes of the scene that comes next
        top = height_range(curve.y if low_start else [0.0, *curve.y])[1]
        y_range = (0.0, max(top, 1.02 * float(self.dots_y.max())))
        self.next_plot = corner_axes(curve, x_range, y_range, WIDE_RIGHT)
        self.plot = curve_axes(x_range, y_range, right=WIDE_RIGHT, x_ticks=round_labels(*x_range, 8), x_label=None)
        x_words, y_words = (words(self.screen(key), style.TICK, palette.dim) for key in ("yesterday", "today"))
        self.axis_words = VGroup(
            x_words.place(style.CAPTION_BASELINE, right=WIDE_RIGHT), y_words.place(TOP + 0.16, left=style.LEFT_EDGE)
        )
        self.made_up = caption(self.screen("made-up"))
        corners = np.unique([*x_range, *curve.x])
        self.red = self.plot.curve(corners, curve(corners), palette.red)
        end = self.plot.at(corners[-1], curve(corners[-1]))
        self.red_label = words(self.screen("red-curve"), style.LABEL, palette.red)
        self.red_label.place(end[1] - 0.1, left=end[0] + 0.15)
        pairs = zip(self.dots_x, self.dots_y, strict=True)
        self.dots = VGroup(*(self.plot.dot(x, y, mix(palette.red, 0.75), 0.055) for x, y in pairs))
        self.formula = formula(linear_source(AIR), 58).place(FORMULA_BASELINE, center=FORMULA_CENTER)
        slope, start = (REST[1] - REST[0]) * y_range[1] / x_range[1], REST[0] * y_range[1]
        self.rest = Line(round(slope, 2), round(start, 2))  # the first line that is shown, rising through the picture
        self.line = LineInPlot(self.plot, self.rest, self.formula)
        self.ghosts = VGroup()  # of the line, while it is tried along red
        losses = np.array([self._loss_at(0), self._loss_at(self.last), self.red_loss])
        self.loss = Number(float(losses.max()), loss_decimals(losses) - 1, 32)
        self.loss.place(style.HEADING_BASELINE, style.RIGHT_EDGE)
        self.loss_words = words(self.screen("loss"), 32)
        self.loss_words.place(style.HEADING_BASELINE, right=self.loss.get_left()[0] - 0.2)

    def show(self, row: float) -> None:
        """The line at a row of the trace or between two, its gaps and its loss."""
        self.gaps.show(self.line.show(self._line_at(row)).line)
        for square in self.mean:
            square.show(self._mean_square())
        self.loss.set_value(self._loss_at(row))

    def _mean_square(self) -> float:
        """The mean squared distance of the dots to the line as it is drawn."""
        return mean_squared_distance(self.line.line(self.dots_x), self.dots_y)

    # -- beats ---------------------------------------------------------------------------------------------------

    def _map_beat(self) -> None:
        with self.beat("map"):
            # The curves of the title fly into the cards of the three steps, and each card lights up when it is named
            motif = Motif(self.trace("run"), self.screen_of("title"))
            motif.show(1.0)
            self.add(motif)
            self.map = ThreeSteps(self.trace("run"), self.screen_of("part-map"), None, formulas=False)
            cards = [self.map.red.copy(), self.map.blue.copy()]
            flying = [ReplacementTransform(*pair) for pair in zip((motif.red, motif.blue), cards, strict=True)]
            leaving = [FadeOut(part, run_time=0.4) for part in (motif.axes, motif.names)]
            title = self.next_heading(self.screen_of("part-map")("heading"))
            self.play(*leaving, FadeIn(self.map), *flying, *title, run_time=1.4)
            self.remove(*cards)
            self.play(self.map.focus(1), run_time=0.6)
            for step, mark in ((2, "loss"), (3, "best")):
                self.until(mark)
                self.play(self.map.focus(step), run_time=0.6)

    def _data_beat(self) -> None:
        with self.beat("data"):
            # Dots: a day's views over those of the day before; one of them lights up, with its way from both axes
            axes, plot = self.map.card(1)[PLACE][0], self.plot
            pairs = [(axes.x_axis.copy(), plot.x_axis), (axes.y_axis.copy(), plot.y_axis)]
            growing = [ReplacementTransform(*pair, run_time=1.0) for pair in pairs]
            self.play(FadeOut(self.map, run_time=0.4), *growing, *self.next_heading(self.screen("heading-data")))
            rest = map(FadeIn, (plot.x_tick_labels, plot.y_tick_labels, self.axis_words, self.made_up))
            self.play(*rest, LaggedStart(*(FadeIn(dot, scale=1.8) for dot in self.dots), lag_ratio=0.06), run_time=1.2)
            self.add(plot)
            x, y = float(self.dots_x[EXAMPLE]), float(self.dots_y[EXAMPLE])
            at, color = plot.at(x, y), mix(palette.text, 0.8)
            across, up = dashed(plot.at(x, 0), at, color), dashed(plot.at(0, y), at, color)
            dot = ring(at, 0.13, palette.text, fill=palette.red)
            self.example = VGroup(across, up, dot)
            self.play(FadeIn(dot), Create(across), run_time=0.8)
            self.play(Create(up), run_time=0.8)

    def _line_beat(self) -> None:
        line, rest = self.line, self.rest
        height, width = self.plot.y_range[1], self.plot.x_range[1]
        with self.beat("line", pause="short"):
            # y = b + w x: w turns the line about the ring on the y axis; b lifts and lowers it, the ring goes along
            self.play(FadeOut(self.example, run_time=0.4), *self.next_heading(self.screen("heading")))
            self.play(FadeIn(self.formula, shift=0.15 * UP), Create(line.stroke), run_time=0.8)
            self.until("w")
            self._hang("w")
            self._sweep([Line(round(0.85 * height / (0.55 * width), 2), rest.b), rest], 0.6)
            self.until("b")
            self.play(FadeIn(line.crossing, scale=1.5), run_time=0.3)
            line.add(line.crossing)
            self._hang("b")
            self._sweep([Line(rest.w, round(0.5 * height, 2)), rest], 0.7)

    def _peak_beat(self) -> None:
        line, curve = self.line, self.curve
        with self.beat("peak", pause="long"):
            # Red runs through the dots, up and down again; the line takes the slope of the stretch that rises or falls
            # most steeply, then of the other one. A ghost stays behind: along the other stretch it is another line
            line.remove(line.crossing)
            self.play(FadeOut(line.crossing), emphasis(line, DIM), run_time=0.4)
            self.play(Create(self.red), run_time=1.3, rate_func=smooth)
            self.play(FadeIn(self.red_label, shift=0.15 * UP), run_time=0.4)
            slopes = np.diff(curve.y) / np.diff(curve.x)
            steepest = sorted({int(np.argmax(slopes)), int(np.argmin(slopes))})
            for number, k in enumerate(steepest):
                self.until("down" if number else "up")
                if number:
                    ghost = line.stroke.copy().set_stroke(mix(palette.blue, GHOST), style.GHOST_CURVE)
                    self.ghosts.add(ghost)
                    self.add(ghost, line, self.red)
                self._sweep([Line(slopes[k], curve.y[k] - slopes[k] * curve.x[k])], 1.3)

    def _loss_beat(self) -> None:
        with self.beat("loss", pause="short"):
            # A line at random; how far each dot is from it; a square on one gap, and the square that all of them make
            # on average: its area is the number
            dimmed = (emphasis(part, HALF) for part in (self.red, self.red_label))
            title = self.next_heading(self.screen("heading-loss"))
            self.play(emphasis(self.line, FULL), *dimmed, *map(FadeOut, self.ghosts), *title, run_time=0.6)
            self._sweep([self._line_at(0)], 0.8)
            self.until("square")
            self.gaps = Gaps(self.plot, self.dots_x, self.dots_y, self.line.line)
            self.play(Create(self.gaps, lag_ratio=0.05), run_time=0.8)
            self.add(self.gaps, self.line, self.dots)
            square = self._one_square()
            self.until("mean")
            self._take_the_mean(square)
            self.wait(1.0)  # all later losses rest on this one

    def _best_beat(self) -> None:
        first, last = (self.loss.written(self._loss_at(row)) for row in (0, self.last))
        with self.beat("best", first=first, last=last):
            # The recorded updates move the line as near to the dots as it gets; all that goes along
            self.play(*self.next_heading(self.screen("heading-best")))
            self.until("train")
            self._walk(3.4)

    def _bias_beat(self) -> None:
        line_loss, red_loss = (self.loss.written(number) for number in (self._loss_at(self.last), self.red_loss))
        gap = round(float(line_loss) - float(red_loss), 9)  # of what is printed
        difference, spoken = self.loss.written(gap), number_text(float(f"{gap:.2g}"))
        with self.beat("bias", pause="long", line=line_loss, red=red_loss, difference=spoken):
            # The line's loss steps down; the gaps are measured to red, for its loss, and then to the line again. The
            # difference of the two losses has its name, and red alone is left
            rows = [("best-line", line_loss, palette.blue), ("red-loss", red_loss, palette.red)]
            self.losses = loss_rows(
                [
                    *((self.screen(key), value, color) for key, value, color in rows),
                    (self.screen("model-bias"), difference, palette.text),
                ]
            )
            leaving = map(FadeOut, (self.loss, self.loss_words, self.meaning, *self.mean))
            bright = (emphasis(part, FULL) for part in (self.red, self.red_label))
            self.play(*leaving, emphasis(self.line, FAINT), *bright, self._measured_to(self.curve), run_time=1.4)
            self.play(FadeIn(self.losses[:2], shift=0.15 * UP), run_time=0.5)
            self.until("difference")
            self.play(emphasis(self.line, FULL), self._measured_to(self.line.line), run_time=1.2)
            self.until("name")
            named = [FadeIn(self.losses[2], shift=0.15 * UP)] if self.misses else []
            self.play(*named, *self.next_heading(self.screen("heading-bias")))
            self.wait(LOOK)
            self._ask_for_red()

    def _ask_for_red(self) -> None:
        """Red alone, with ticks at its corners; its name goes up to where the question is asked: what is it?"""
        shown = self.losses if self.misses else self.losses[:2]
        leaving = [self.line, self.formula, shown, self.dots, self.gaps]
        leaving += [self.axis_words, self.made_up, self.plot.x_tick_labels]
        self.play(*(FadeOut(part, run_time=0.6) for part in leaving), *self.next_heading(self.screen("heading-next")))
        plot, asked = self.next_plot, CardSum(self.screen("red-curve"), FORMULA_Y, "=")
        name, sign = asked.name
        late = squish_rate_func(smooth, 0.6, 1.0)
        arriving = [FadeIn(part, rate_func=late) for part in (sign, asked.question)]
        labels = map(FadeIn, (plot.x_tick_labels, plot.x_label))
        self.play(*labels, ReplacementTransform(self.red_label, name), *arriving, run_time=1.0)

    # -- parts of beats ------------------------------------------------------------------------------------------

    def _hang(self, letter: str) -> None:
        """The number comes to hang under its letter; the other one, if it is there, steps back."""
        line, other = self.line, "b" if letter == "w" else "w"
        stepping = [emphasis(line.values[other], DIM), emphasis(line.stems[other], DIM)]
        arriving = [Create(line.stems[letter]), FadeIn(line.values[letter])]
        self.play(*arriving, *(stepping if line.values[other] in line.submobjects else []), run_time=0.5)
        line.add(line.stems[letter], line.values[letter])
        self.add(line)

    def _sweep(self, stops: Sequence[Line], seconds: float) -> None:
        """The line moves from stop to stop; its numbers go along."""
        for stop in stops:
            start = self.line.line

            def move(line: LineInPlot, share: float, start: Line = start, stop: Line = stop) -> None:
                line.show(Line(start.w + share * (stop.w - start.w), start.b + share * (stop.b - start.b)))

            self.play(UpdateFromAlphaFunc(self.line, move, run_time=seconds, rate_func=smooth))
            self.line.show(stop)

    def _one_square(self) -> VMobject:
        """A square opens on a gap that is easily seen and covers little."""
        first = min(self.gaps, key=lambda stroke: abs(float(stroke.height) - 1.0))
        square = self.gaps.square(first).set_stroke(palette.text, style.AXIS).set_fill(mix(palette.text, 0.15), 1)
        self.add(square, self.line, self.dots)
        self.play(opened(square, first), run_time=0.7)
        return square

    def _take_the_mean(self, square: VMobject) -> None:
        """The square goes to the number and takes the size of the mean; where that has no room, the number is alone."""
        mean = MeanSquare(self.plot, self._mean_square(), style.RIGHT_EDGE, MEAN[0])
        self.mean = VGroup(mean) if mean.width <= MEAN[1] else VGroup()
        right = float(mean.get_left()[0]) - 0.3 if len(self.mean) else style.RIGHT_EDGE
        self.meaning = words(self.screen("loss-is"), style.LABEL).place(2.32, right=right)
        self.loss.set_value(self._loss_at(0))
        going = ReplacementTransform(square, mean) if len(self.mean) else FadeOut(square)
        said = map(FadeIn, (self.meaning, self.loss_words, self.loss))
        self.play(going, *said, run_time=1.0)
        self.add(self.mean)

    def _walk(self, seconds: float) -> None:
        """The line goes through the recorded states; its gaps and its loss go along."""
        live = VGroup(self.gaps, self.line, self.dots, self.loss, self.mean)
        self.add(live)

        def update(_: VMobject, share: float) -> None:
            self.show(stepwise(self.pace.row(share)))

        self.play(UpdateFromAlphaFunc(live, update, run_time=seconds, rate_func=linear))
        self.show(self.last)

    def _measured_to(self, curve: Curve) -> Animation:
        """The gaps' ends move from where they are to ``curve``."""
        start, end = self.gaps.ends, curve(self.dots_x)
        return UpdateFromAlphaFunc(self.gaps, lambda gaps, share: gaps.show(lambda _: start + share * (end - start)))
