"""How good a line is: its gaps, their squares, the loss that training lowers, and what of it no line can remove."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from gradreel.core.curves.line_fit import Line, line_of, mean_squared_distance
from gradreel.core.curves.piecewise import PiecewiseLinearCurve
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import loss
from gradreel.core.trace.trace import Trace
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene
from gradreel.scenes.mobjects.headings import next_heading
from gradreel.scenes.mobjects.pace import Pace, even_pace, nearest_row, state_at, stepwise
from gradreel.scenes.mobjects.plot import Plot
from gradreel.scenes.mobjects.straight_line import (
    Curve,
    Gaps,
    LineInPlot,
    MeanSquare,
    WordedReadout,
    between,
    filled_name,
    gathered,
    loss_rows,
)
from gradreel.scenes.mobjects.text import TextMobject, words
from gradreel.scenes.style import FAINT, FULL, PRESENT, emphasis, mix, palette
from gradreel.scenes.words.numbers import number_text
from manim import (
    RIGHT,
    UP,
    Animation,
    Create,
    FadeIn,
    FadeOut,
    Transform,
    UpdateFromAlphaFunc,
    VGroup,
    VMobject,
    linear,
    smooth,
)
from numpy.typing import NDArray

MEAN = (2.2, 1.6)  # of the square of mean area: its middle's height, and its side at most
GATHERED = (style.RIGHT_EDGE, 3.5, 0.0)  # the corner in which the squares on the gaps stand in one another
HALF = 0.5  # share of red's colour while gaps to the line are spoken of
MISSED = 0.05  # a line misses red when their typical distance is more than this share of red's height


class LineLossBeats(LectureScene):
    """Two beats of a line that a recorded run (``fit``) moves through dots; the scene has drawn the rest by then."""

    fit: Trace
    experiment: Experiment
    curve: PiecewiseLinearCurve
    dots_x: NDArray  # (n,), as dots_y
    dots_y: NDArray
    last: int  # row of the trace
    red_loss: float
    decimals: int  # of the losses
    plot: Plot
    red: VMobject
    red_label: TextMobject
    dots: VGroup
    line: LineInPlot
    ghosts: VGroup
    formula: TextMobject  # of the line
    readout: WordedReadout

    # -- the numbers ---------------------------------------------------------------------------------------------

    @cached_property
    def pace(self) -> Pace:
        return even_pace(self.fit)

    def _line_at(self, row: float) -> Line:
        """The line at a row of the trace, or between two neighbouring ones."""
        return line_of(self.experiment, state_at(self.fit, row))

    def _loss_at(self, row: float) -> float:
        return float(loss(self.experiment, state_at(self.fit, row)))

    def _misses(self) -> bool:
        """Whether the best line stays away from red, beyond what the dots' own scatter costs red too."""
        return self._loss_at(self.last) - self.red_loss > max((MISSED * self.curve.height) ** 2, 1e-9)

    # -- beats ---------------------------------------------------------------------------------------------------

    def _title(self, text: str) -> list[Animation]:
        self.title, animations = next_heading(text, getattr(self, "title", None))
        return animations

    def _sweep(self, stops: Sequence[Line], seconds: float) -> None:
        """The line moves from stop to stop; its numbers go along."""
        for stop in stops:
            start = self.line.line

            def move(line: LineInPlot, share: float, start: Line = start, stop: Line = stop) -> None:
                line.show(Line(start.w + share * (stop.w - start.w), start.b + share * (stop.b - start.b)))

            self.play(UpdateFromAlphaFunc(self.line, move, run_time=seconds, rate_func=smooth))
            self.line.show(stop)

    def _best_beat(self) -> None:
        with self.beat("best", updates=number_text(int(self.fit.kept[-1])), loss=self._loss_text(self.last)):
            # A line at random; how far each dot is from it; a square on each gap, and of all squares the mean, whose
            # area is the number. The recorded updates move the line as near to the dots as it gets; all that goes
            # along, and then it is the best
            dimmed = (emphasis(part, HALF) for part in (self.red, self.red_label))
            leaving = map(FadeOut, self.ghosts)
            title = self._title(self.screen("heading-loss"))
            self.play(emphasis(self.line, FULL), *dimmed, *leaving, *title, run_time=0.6)
            self._sweep([self._line_at(0)], 0.5)
            self.gaps = Gaps(self.plot, self.dots_x, self.dots_y, self.line.line)
            self.play(Create(self.gaps, lag_ratio=0.05), run_time=0.5)
            self._loss_of_the_gaps()
            self.play(*map(FadeIn, self.readout[:2]), run_time=0.4)
            self._walk(2.6)
            self.play(*self._title(self.screen("heading-best")))

    def _loss_of_the_gaps(self) -> None:
        """A gap becomes its square, then each does; where there is room, all become as large as they are on average."""
        squares = self.gaps.squares()
        self.mean = self._mean_square()
        right = float(self.mean.get_left()[0]) - 0.3 if len(self.mean) else style.RIGHT_EDGE
        self.meaning = words(self.screen("loss-is"), style.LABEL).place(2.32, right=right)
        one = self._example(squares)
        self._name_square(squares[one], self.gaps.opened(squares[one], self.gaps[one]))
        self._level(squares, one)

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

    def _level(self, squares: VGroup, first: int) -> None:
        """One after the other, ``first`` first, the squares fly to free room; there all become their mean.

        Where that has no room, the number comes alone.
        """
        if len(self.mean):
            self.add(squares)
            self.play(gathered(self.gaps, squares, first, np.array(GATHERED)), run_time=1.5)
            mean = self.mean[0].points
            self.play(*(square.animate.set_points(mean) for square in squares), run_time=0.7)
        else:
            squares = squares[first]
        self.readout.show(0, self._loss_at(0))
        said = (self.meaning, self.readout.loss_words, self.readout.loss)
        self.play(*map(FadeIn, (*self.mean, *said)), FadeOut(squares), run_time=0.5)
        self.add(self.mean)

    def _example(self, squares: VGroup) -> int:
        """The gap that is squared first: one that is easily seen and covers little."""
        return min(range(len(squares)), key=lambda k: abs(float(squares[k].width) - 1.0))

    def _mean_square(self) -> VGroup:
        """A square of the gaps' mean, right of the words that say so; none if it is too large for its place."""
        square = MeanSquare(self.plot, self._mean_now(), style.RIGHT_EDGE, MEAN[0])
        return VGroup(square) if square.width <= MEAN[1] else VGroup()

    def _mean_now(self) -> float:
        """The mean squared distance of the dots to the line as it is drawn."""
        return mean_squared_distance(self.line.line(self.dots_x), self.dots_y)

    def _walk(self, seconds: float) -> None:
        live = VGroup(self.gaps, self.line, self.dots, self.readout, self.mean)
        self.add(live)

        def update(_: VMobject, share: float) -> None:
            self.show(stepwise(self.pace.row(share)))

        self.play(UpdateFromAlphaFunc(live, update, run_time=seconds, rate_func=linear))
        self.show(self.last)

    def show(self, row: float) -> None:
        """The line at a row of the trace or between two, its gaps and its loss; the count is the nearest state's."""
        self.gaps.show(self.line.show(self._line_at(row)).line)
        for square in self.mean:
            square.show(self._mean_now())
        self.readout.show(int(self.fit.kept[nearest_row(row)]), self._loss_at(row))

    def _loss_text(self, row: int) -> str:
        return self.readout.written(self._loss_at(row))

    def _bias_beat(self) -> None:
        red = self.readout.written(self.red_loss)
        with self.beat("bias", red=red):
            # The line's loss steps down; the gaps are measured to red instead, for its loss: noise. What lies between
            # the line and red fills
            rows = [("best-line", self._loss_text(self.last), palette.blue), ("red-loss", red, palette.red)]
            self.losses = loss_rows([(self.screen(key), value, color) for key, value, color in rows])
            leaving = [FadeOut(part) for part in (self.readout, self.meaning, *self.mean)]
            self.play(*leaving, run_time=0.3)
            self.play(FadeIn(self.losses[0], shift=0.15 * UP), run_time=0.5)
            bright = (emphasis(part, FULL) for part in (self.red, self.red_label))
            self.play(emphasis(self.line, FAINT), *bright, self._measured_to(self.curve), run_time=1.4)
            self.play(FadeIn(self.losses[1], shift=0.15 * UP), run_time=0.5)
            self.wait(0.8)
            if self._misses():
                self._name_the_rest()
            else:
                self.play(emphasis(self.line, FULL), self._measured_to(self.line.line), run_time=1.2)
            self.play(*self._title(self.screen("heading-bias")))
            self._point_at_b()

    def _point_at_b(self) -> None:
        """All of the formula but the letter that is not meant steps back for a while."""
        meant = {id(glyph) for glyph in self.formula.part("b")}
        others = VGroup(*(glyph for glyph in self.formula if id(glyph) not in meant))
        others.add(self.line.values["w"], self.line.stems["w"])
        self.play(emphasis(others, FAINT), run_time=0.4)
        self.wait(1.3)
        self.play(emphasis(others, FULL), run_time=0.4)

    def _name_the_rest(self) -> None:
        """The gaps go; what lies between the line and red fills, and a patch of it stands beside its name.

        No number: the dots' noise may lean with the line, and then loss less loss is not how far it lies from red.
        """
        self.area = between(self.plot, self.curve, self.line.line)
        self.add(self.area, self.red, self.line, self.dots)
        filling = FadeIn(self.area), FadeOut(self.gaps), emphasis(self.line, FULL), emphasis(self.dots, PRESENT)
        self.play(*filling, run_time=1.0)
        self.losses.add(filled_name(self.screen("model-bias"), len(self.losses)))
        self.play(FadeIn(self.losses[-1], shift=0.15 * UP), run_time=0.5)
        self.wait(1.0)  # until it has been called so

    def _measured_to(self, curve: Curve) -> Animation:
        """The gaps' ends move from where they are to ``curve``."""
        start, end = self.gaps.ends, curve(self.dots_x)
        return UpdateFromAlphaFunc(self.gaps, lambda gaps, share: gaps.show(lambda _: start + share * (end - start)))
