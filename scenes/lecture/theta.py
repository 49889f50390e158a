"""All unknowns of a network in one long vector: theta."""

from __future__ import annotations

from typing import Annotated, Self

import numpy as np
from gradreel.core.daily_views import DailyViews
from gradreel.core.experiment import Experiment
from gradreel.core.lecture_runs import THREE_DAYS
from gradreel.core.theta import parameter_names, parameter_shapes, unpack
from gradreel.core.written_out import in_thousands
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene
from gradreel.scenes.counts import Count
from gradreel.scenes.lecture.matrices import LINE_SIZE, LINE_Y
from gradreel.scenes.mobjects.headings import next_heading
from gradreel.scenes.mobjects.lecture_formulas import matrix_source
from gradreel.scenes.mobjects.matrix_boxes import NumberBox
from gradreel.scenes.mobjects.text import Number, formula, words
from gradreel.scenes.mobjects.theta_column import ThetaBand, ThetaColumn
from gradreel.scenes.mobjects.ticks import number_text
from gradreel.scenes.style import FAINT, PRESENT, emphasis, palette
from manim import UP, FadeIn, FadeOut, TransformFromCopy, VGroup
from pydantic import Field, model_validator

MOST = 5  # features, and units, whose matrix has room
FORMULA_SIZE, FORMULA_Y = 64, 2.05
BOXES = (style.LEFT_EDGE, 1.75, 0.35)  # left, right, top
ROOM, LEAST_GAP = 2.3, 0.12
DIMMED = 0.5  # of the boxes that have been emptied: their numbers can still be read
COLUMN = (4.75, -3.3, 3.35)  # middle, bottom, top
BAND = (style.LEFT_EDGE, 0.1, -2.45, 2.15)  # left, right, bottom, top

Width = Annotated[int, Field(ge=1, le=1000)]


class Theta(LectureScene):
    """W row by row, b, c and the other b line up as one long vector, theta; its length is counted."""

    class Parameters(LectureScene.Parameters):
        run: Experiment = Field(
            THREE_DAYS,
            description="The network whose parameters line up: one hidden layer of 1 to 5 units on 1 to 5 features",
        )
        days: int = Field(56, ge=1, le=1000, description="Features of the larger network whose parameters are counted")
        layers: tuple[Width, ...] = Field(
            (100, 100, 100), min_length=1, max_length=3, description="Widths of the larger network's hidden layers"
        )

        @property
        def larger(self) -> Experiment:
            """The larger network; it is never trained, and which views it is given does not matter."""
            return Experiment(dataset=DailyViews(window=self.days), hidden=self.layers, activation="relu")

        @model_validator(mode="after")
        def _is_a_small_network(self) -> Self:
            hidden, features = self.run.hidden, self.run.dataset.n_features
            if len(hidden) != 1 or hidden[0] > MOST:
                raise ValueError(f"run.hidden: one layer of 1 to {MOST} units is shown, got {hidden}")
            if features > MOST:
                raise ValueError(f"run.dataset: 1 to {MOST} features are shown, got {features}")
            if self.larger.n_parameters <= self.run.n_parameters:
                raise ValueError(
                    f"days, layers: the larger network must have more than the {self.run.n_parameters} parameters of "
                    f"run, got {self.larger.n_parameters}"
                )
            return self

    def construct(self) -> None:
        self._read_the_run()
        self._build()
        self._unknowns_beat()
        self._stack_beat()
        self._length_beat()

    # -- what is on the screen -----------------------------------------------------------------------------------

    def _read_the_run(self) -> None:
        trace = self.trace("run")
        self.run = trace.experiment
        theta = np.asarray(trace.parameters[-1], dtype=np.float64)
        self.theta = in_thousands(self.run, theta) if isinstance(self.run.dataset, DailyViews) else theta

    def _build(self) -> None:
        layers = unpack(self.run, self.theta)
        parts = {
            "w": (layers.weights[0], "yellow"),
            "bias": (layers.biases[0][:, None], "green"),
            "c": (layers.c[:, None], "magenta"),
            "b": (layers.b[None, None], "grey"),
        }
        self.line = formula(matrix_source(), LINE_SIZE).move_to([0, LINE_Y, 0])
        rows = len(layers.weights[0])
        pitch = min(0.55, (ROOM - 0.1) / rows)
        for size, cut in (
            (style.CELL if rows <= 3 else style.SMALLEST, 0),
            *((style.SMALLEST, cut) for cut in range(4)),
        ):
            self.boxes = {name: NumberBox(values, role, size, pitch, cut) for name, (values, role) in parts.items()}
            if self._gap() >= LEAST_GAP:
                break
        self._line_up()
        decimals = [box.decimals for box in self.boxes.values() for _ in box.cells]
        self.column = ThetaColumn(parameter_names(self.run), self.theta, decimals, COLUMN)
        self.larger = self.parameters.larger
        total = self.screen("numbers", count=number_text(self.larger.n_parameters))
        self.band = ThetaBand(parameter_shapes(self.larger), total, BAND)
        widths = " $arrow.r$ ".join(map(number_text, (self.parameters.days, *self.parameters.layers, 1)))
        self.widths = words(widths, style.LABEL, palette.dim).place(BAND[3] + 0.3, left=BAND[0])
        count = words(self.screen("numbers", count=self.run.n_parameters), style.LABEL, palette.orange)
        self.count = count.place(self.column.label.baseline - 0.65, right=self.column.label.get_right()[0])

    def _gap(self) -> float:
        """What is left between two boxes."""
        left, right, _ = BOXES
        return (right - left - sum(box.width for box in self.boxes.values())) / (len(self.boxes) - 1)

    def _line_up(self) -> None:
        """The boxes side by side below the formula, each with its letter above it."""
        left, _, top = BOXES
        x, gap, self.heads = left, min(0.7, self._gap()), {}
        goal = self.line.copy().scale(FORMULA_SIZE / LINE_SIZE)
        for name, box in self.boxes.items():
            box.shift([x, top, 0])
            head = VGroup(*goal.part(name)[:1]).copy()  # c without its T: here it stands upright
            self.heads[name] = head.move_to([box.get_x(), top + 0.42, 0])
            x += box.width + gap
        self.goal = goal.move_to([left + goal.width / 2, FORMULA_Y, 0])

    # -- beats ---------------------------------------------------------------------------------------------------

    def _unknowns_beat(self) -> None:
        with self.beat("unknowns"):
            # The line from before goes up. x is given and steps back; out of W, b, c and b come their numbers
            self.title, arriving = next_heading(self.screen("heading"))
            self.add(self.line)  # where the last scene left it
            self.play(*arriving, run_time=0.6)
            self.play(self.line.animate.scale(FORMULA_SIZE / LINE_SIZE).move_to(self.goal), run_time=1.2)
            given = [self.line.part(name) for name in self.line.parts if name not in self.boxes]
            self.play(*(emphasis(part, FAINT) for part in given), run_time=0.6)
            for name, box in self.boxes.items():
                self.play(TransformFromCopy(self.line.part(name)[:1], self.heads[name]), FadeIn(box), run_time=0.7)

    def _stack_beat(self) -> None:
        with self.beat("stack", count=Count(self.run.n_parameters)):
            # Row after row of W goes over to the right, then b, c and b, one below the other: each keeps its colour
            start = 0
            for box, group in zip(self.boxes.values(), self.column.groups, strict=True):
                for row in box.numbers if len(box.numbers[0]) > 1 else [box.cells]:
                    self._over(row, start)
                    start += len(row)
                self.play(emphasis(box, DIMMED), FadeIn(group), run_time=0.4)
            self.play(FadeIn(self.column.label), FadeIn(self.column.dots), run_time=0.6)
            self.play(FadeIn(self.count, shift=0.15 * UP), run_time=0.5)
            self.add(self.column)

    def _over(self, row: list[Number], start: int) -> None:
        """Numbers of a box go to their cells of the column, the first of them being theta's entry ``start``."""
        column = self.column
        shown = [(number, column.shown.index(k)) for k, number in enumerate(row, start) if k in column.shown]
        if not shown:
            return
        cells = [FadeIn(column.boxes[k], column.names[k]) for _, k in shown]
        self.play(*cells, run_time=0.3)
        self.play(*(TransformFromCopy(number, column.numbers[k]) for number, k in shown), run_time=0.8)

    def _length_beat(self) -> None:
        with self.beat("length", count=number_text(self.larger.n_parameters)):
            # A network as it will be used: the same vector, drawn to scale as a band, and what each part of it holds
            leaving = [self.line, *self.boxes.values(), *self.heads.values()]
            self.play(*(FadeOut(part) for part in leaving), emphasis(self.column, PRESENT), run_time=0.5)
            self.play(emphasis(self.count, PRESENT), FadeIn(self.widths, shift=0.15 * UP), run_time=0.6)
            band = self.band
            self.play(FadeIn(band.outline), run_time=0.3)
            for part, leader, line in zip(band.bands, band.leaders, band.lines, strict=True):
                self.play(FadeIn(part, leader, line), run_time=0.4)
            self.play(FadeIn(band.total, shift=0.15 * UP), run_time=0.6)
