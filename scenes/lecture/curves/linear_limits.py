"""The scene linear-limits: a straight line, fitted to dots, misses the curve that they lie around."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Self

import numpy as np
from gradreel.core.curves.line_fit import Line, line_of, mean_squared_distance
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
    between,
    filled_name,
    gathered,
    loss_rows,
    straightened,
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
from gradreel.scenes.mobjects.pace import even_pace, nearest_row, recorded_row, state_at, stepwise
from gradreel.scenes.mobjects.plot import dashed, ring
from gradreel.scenes.mobjects.readout import Readout
from gradreel.scenes.mobjects.text import caption, formula, words
from gradreel.scenes.mobjects.three_steps import PLACE, steps_heading, three_steps
from gradreel.scenes.mobjects.ticks import round_labels
from gradreel.scenes.style import DIM, FAINT, FULL, emphasis, mix, palette
from gradreel.scenes.words.numbers import number_text
from manim import (
    RIGHT,
    UP,
    Animation,
    Create,
    FadeIn,
    FadeOut,
    LaggedStart,
    ReplacementTransform,
    Transform,
    UpdateFromAlphaFunc,
    VGroup,
    VMobject,
    linear,
    smooth,
)
from pydantic import AfterValidator, Field, model_validator

EXAMPLE = 9  # the dot that is explained: neither at an end nor at the top of the default's peak
FORMULA_BASELINE, FORMULA_CENTER = 2.36, -0.9
AIR = 0.42  # em around its plus: a number as long as −1.33 hangs under w and is not read as one with b's
REST = (0.16, 0.62)  # shares of the plot's height at which the first line begins and ends
GHOST = 0.5  # share of blue's colour
HALF = 0.5  # share of red's colour while gaps to the line are spoken of
MEAN = (2.2, 1.6)  # of the square of mean area: its middle's height, and its side at most
GATHERED = (style.RIGHT_EDGE, 3.5, 0.0)  # the corner in which the squares on the gaps stand in one another
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
        self._best_beat()
        self._bias_beat()
        self._next_beat()

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
        most = int(self.fit.kept[-1])
        self.readout = Readout(self.screen("update"), most, losses, 1.7, loss_name=self.screen("loss"))

    def show(self, row: float) -> None:
        """The line at a row of the trace or between two, its gaps and its loss; the count is the nearest state's."""
        self.gaps.show(self.line.show(self._line_at(row)).line)
        for square in self.mean:
            square.show(self._mean_square())
        self.readout.show(int(self.fit.kept[nearest_row(row)]), self._loss_at(row))

    def _mean_square(self) -> float:
        """The mean squared distance of the dots to the line as it is drawn."""
        return mean_squared_distance(self.line.line(self.dots_x), self.dots_y)

    # -- beats ---------------------------------------------------------------------------------------------------

    def _map_beat(self) -> None:
        with self.beat("map"):
            # The curves of the title fly into the cards of the three steps; in the first one, they become straight
            motif = Motif(self.trace("run"))
            motif.show(1.0)
            self.add(motif)
            self.map = three_steps(self, self.trace("run"), None, formulas=False)
            cards = [self.map.red.copy(), self.map.blue.copy()]
            flying = [ReplacementTransform(*pair) for pair in zip((motif.red, motif.blue), cards, strict=True)]
            self.play(FadeOut(motif.ghosts, run_time=0.4), FadeIn(self.map), *flying, run_time=1.4)
            self.remove(*cards)
            self.play(*self.next_heading(steps_heading(self)))
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
            self.play(FadeOut(self.map, run_time=0.4), *growing, *self.next_heading(self.screen("heading-data")))
            rest = (plot.x_tick_labels, plot.y_tick_labels, self.axis_words, self.made_up)
            self.play(*(FadeIn(part) for part in rest), run_time=0.5)
            self.add(plot)
            self.play(LaggedStart(*(FadeIn(dot, scale=1.8) for dot in self.dots), lag_ratio=0.06), run_time=2.0)
            x, y = float(self.dots_x[EXAMPLE]), float(self.dots_y[EXAMPLE])
            at, color = plot.at(x, y), mix(palette.text, 0.8)
            guides = [dashed(plot.at(x, 0), at, color), dashed(at, plot.at(0, y), color)]
            self.example = VGroup(*guides, ring(at, 0.13, palette.text, fill=palette.red))
            self.play(Create(self.example, lag_ratio=1.0), run_time=2.0)

    def _line_beat(self) -> None:
        line, rest = self.line, self.rest
        height, width = self.plot.y_range[1], self.plot.x_range[1]
        with self.beat("line"):
            # y = b + w x: w turns the line about the ring on the y axis; b lifts and lowers it, the ring goes along
            self.play(FadeOut(self.example, run_time=0.4), *self.next_heading(self.screen("heading")))
            self.play(FadeIn(self.formula, shift=0.15 * UP), Create(line.stroke), run_time=0.8)
            self._hang("w")
            self._sweep([Line(round(0.85 * height / (0.55 * width), 2), rest.b), rest], 0.7)
            self.play(FadeIn(line.crossing, scale=1.5), run_time=0.3)
            line.add(line.crossing)
            self._hang("b")
            self._sweep([Line(rest.w, round(0.5 * height, 2)), rest], 1.1)

    def _peak_beat(self) -> None:
        line, curve = self.line, self.curve
        with self.beat("peak"):
            # Red runs through the dots, up and down again; the line takes the slope of the stretch that rises or falls
            # most steeply, then of the other one. A ghost stays behind: along the other stretch it is another line
            line.remove(line.crossing)
            self.play(FadeOut(line.crossing), emphasis(line, DIM), run_time=0.4)
            self.play(Create(self.red), run_time=1.8, rate_func=smooth)
            self.play(FadeIn(self.red_label, shift=0.15 * UP), run_time=0.4)
            slopes = np.diff(curve.y) / np.diff(curve.x)
            steepest = sorted({int(np.argmax(slopes)), int(np.argmin(slopes))})
            for number, k in enumerate(steepest):
                if number:
                    ghost = line.stroke.copy().set_stroke(mix(palette.blue, GHOST), style.GHOST_CURVE)
                    self.ghosts.add(ghost)
                    self.add(ghost, line, self.red)
                    self.wait(0.8)
                self._sweep([Line(slopes[k], curve.y[k] - slopes[k] * curve.x[k])], 1.3)

    def _best_beat(self) -> None:
        updates, last_loss = number_text(int(self.fit.kept[-1])), self.readout.written(self._loss_at(self.last))
        with self.beat("best", updates=updates, loss=last_loss):
            # A line at random; how far each dot is from it; a square on each gap, and of all squares the mean, whose
            # area is the number. The recorded updates move the line as near to the dots as it gets; all that goes
            # along, and then it is the best
            dimmed = (emphasis(part, HALF) for part in (self.red, self.red_label))
            title = self.next_heading(self.screen("heading-loss"))
            self.play(emphasis(self.line, FULL), *dimmed, *map(FadeOut, self.ghosts), *title, run_time=0.6)
            self._sweep([self._line_at(0)], 0.5)
            self.gaps = Gaps(self.plot, self.dots_x, self.dots_y, self.line.line)
            self.play(Create(self.gaps, lag_ratio=0.05), run_time=0.5)
            self._loss_of_the_gaps()
            self.play(*map(FadeIn, self.readout[:2]), run_time=0.4)
            self._walk(2.6)
            self.play(*self.next_heading(self.screen("heading-best")))

    def _bias_beat(self) -> None:
        red = self.readout.written(self.red_loss)
        with self.beat("bias", red=red):
            # The line's loss steps down; the gaps are measured to red instead, for its loss: noise. What lies between
            # the line and red fills
            best = self.readout.written(self._loss_at(self.last))
            rows = [("best-line", best, palette.blue), ("red-loss", red, palette.red)]
            self.losses = loss_rows([(self.screen(key), value, color) for key, value, color in rows])
            leaving = [FadeOut(part) for part in (self.readout, self.meaning, *self.mean)]
            self.play(*leaving, run_time=0.3)
            self.play(FadeIn(self.losses[0], shift=0.15 * UP), run_time=0.5)
            bright = (emphasis(part, FULL) for part in (self.red, self.red_label))
            self.play(emphasis(self.line, FAINT), *bright, self._measured_to(self.curve), run_time=1.4)
            self.play(FadeIn(self.losses[1], shift=0.15 * UP), run_time=0.5)
            self.wait(0.8)
            if self.misses:
                self._name_the_rest()
            else:
                self.play(emphasis(self.line, FULL), self._measured_to(self.line.line), run_time=1.2)
            self.play(*self.next_heading(self.screen("heading-bias")))
            self._point_at_b()

    def _next_beat(self) -> None:
        with self.beat("next"):
            # Red alone, with ticks at its corners; its name goes up to where the question is asked: what is it?
            leaving = [self.line, self.formula, self.losses, self.dots, self.area if self.misses else self.gaps]
            leaving += [self.axis_words, self.made_up, self.plot.x_tick_labels]
            self.play(
                *(FadeOut(part, run_time=0.8) for part in leaving), *self.next_heading(self.screen("heading-next"))
            )
            plot, asked = self.next_plot, CardSum(self.screen("red-curve"), FORMULA_Y, "=")
            name, sign = asked.name
            self.play(FadeIn(plot.x_tick_labels), FadeIn(plot.x_label), run_time=0.4)
            self.play(ReplacementTransform(self.red_label, name), run_time=1.0)
            self.play(FadeIn(sign), FadeIn(asked.question), run_time=0.4)

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

    def _loss_of_the_gaps(self) -> None:
        """A gap becomes its square, then each does; where there is room, all become as large as they are on average.

        The first one is easily seen and covers little. Where their mean has no room, the number comes alone.
        """
        squares = self.gaps.squares()
        first = min(range(len(squares)), key=lambda k: abs(float(squares[k].width) - 1.0))
        square = MeanSquare(self.plot, self._mean_square(), style.RIGHT_EDGE, MEAN[0])
        self.mean = VGroup(square) if square.width <= MEAN[1] else VGroup()
        right = float(square.get_left()[0]) - 0.3 if len(self.mean) else style.RIGHT_EDGE
        self.meaning = words(self.screen("loss-is"), style.LABEL).place(2.32, right=right)
        self._name_square(squares[first], self.gaps.opened(squares[first], self.gaps[first]))
        going: VMobject = squares[first]
        if len(self.mean):
            going = squares
            self.add(squares)
            self.play(gathered(self.gaps, squares, first, np.array(GATHERED)), run_time=1.5)
            self.play(*(each.animate.set_points(square.points) for each in squares), run_time=0.7)
        self.readout.show(0, self._loss_at(0))
        said = (self.meaning, self.readout.loss_words, self.readout.loss)
        self.play(*map(FadeIn, (*self.mean, *said)), FadeOut(going), run_time=0.5)
        self.add(self.mean)

    def _name_square(self, square: VMobject, opening: Animation) -> None:
        """The first square opens, and for a moment it stands before the other gaps with its name."""
        faint = square.copy()
        square.set_stroke(palette.text, style.AXIS).set_fill(mix(palette.text, 0.15), 1)
        self.add(square, self.line, self.dots)
        self.play(opening, run_time=0.5)
        name = words(self.screen("gap-squared"), style.LABEL)
        fits = name.width + 0.1 < square.width
        name.move_to(square if fits else square.get_right() + (name.width / 2 + 0.15) * RIGHT)
        self.play(FadeIn(name), run_time=0.3)
        self.wait(0.4)
        self.play(FadeOut(name), Transform(square, faint), run_time=0.2)

    def _walk(self, seconds: float) -> None:
        """The line goes through the recorded states; its gaps and its loss go along."""
        live = VGroup(self.gaps, self.line, self.dots, self.readout, self.mean)
        self.add(live)

        def update(_: VMobject, share: float) -> None:
            self.show(stepwise(self.pace.row(share)))

        self.play(UpdateFromAlphaFunc(live, update, run_time=seconds, rate_func=linear))
        self.show(self.last)

    def _measured_to(self, curve: Curve) -> Animation:
        """The gaps' ends move from where they are to ``curve``."""
        start, end = self.gaps.ends, curve(self.dots_x)
        return UpdateFromAlphaFunc(self.gaps, lambda gaps, share: gaps.show(lambda _: start + share * (end - start)))

    def _name_the_rest(self) -> None:
        """The gaps go; what lies between the line and red fills, and a patch of it stands beside its name.

        No number: the dots' noise may lean with the line, and then loss less loss is not how far it lies from red.
        """
        self.area = between(self.plot, self.curve, self.line.line)
        self.add(self.area, self.red, self.line, self.dots)
        filling = FadeIn(self.area), FadeOut(self.gaps), emphasis(self.line, FULL), emphasis(self.dots, DIM)
        self.play(*filling, run_time=1.0)
        self.losses.add(filled_name(self.screen("model-bias"), len(self.losses)))
        self.play(FadeIn(self.losses[-1], shift=0.15 * UP), run_time=0.5)
        self.wait(1.0)  # until it has been called so

    def _point_at_b(self) -> None:
        """All of the formula but the letter that is meant steps back for a while."""
        meant = {id(glyph) for glyph in self.formula.part("b")}
        others = VGroup(*(glyph for glyph in self.formula if id(glyph) not in meant))
        others.add(self.line.values["w"], self.line.stems["w"])
        self.play(emphasis(others, FAINT), run_time=0.4)
        self.wait(1.3)
        self.play(emphasis(others, FULL), run_time=0.4)
