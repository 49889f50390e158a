"""All unknowns of a network in one long vector: theta."""

from __future__ import annotations

from itertools import groupby
from typing import Annotated, Self

import numpy as np
from gradreel.core.daily.views import DailyViews
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import parameter_names, unpack
from gradreel.core.network.worked_example import in_thousands
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene
from gradreel.scenes.lecture.daily_data import days_that_differ
from gradreel.scenes.lecture.networks.matrix_form import LINE_SIZE, matrix_form_end
from gradreel.scenes.lecture.networks.pictures.matrix_board import NumberBox
from gradreel.scenes.lecture.networks.pictures.theta_column import GrowingColumn, ThetaColumn
from gradreel.scenes.lecture.runs import THREE_DAYS
from gradreel.scenes.mobjects.formula_growth import grow
from gradreel.scenes.mobjects.headings import next_heading
from gradreel.scenes.mobjects.text import Number, formula, words
from gradreel.scenes.mobjects.theta_strip import role_of
from gradreel.scenes.style import FAINT, FULL, emphasis, palette
from gradreel.scenes.words.counts import Count
from gradreel.scenes.words.numbers import number_text
from manim import (
    UP,
    FadeIn,
    FadeOut,
    LaggedStart,
    ReplacementTransform,
    TransformFromCopy,
    UpdateFromAlphaFunc,
    VGroup,
    VMobject,
    smooth,
)
from pydantic import Field, model_validator

MOST = 5  # features, and units, whose matrix has room
FORMULA_SIZE, FORMULA_Y = 64, 2.05
BOXES = (style.LEFT_EDGE, 1.75, 0.35)  # left, right, top
ROOM, LEAST_GAP = 2.3, 0.12
COLUMN = (4.0, -3.3, 3.35)  # middle, bottom, top
BACK = 0.5  # of the boxes' colours while the b's are spoken of
TAG = 0.4  # from the tallest box down to the baseline of what the b's are
FUNCTION_SIZE, FUNCTION_Y = 84, 1.5
ORDER = ("b", "c", "bias", "w")  # of the boxes: as in the formula, so that nothing stands between W and theta

Width = Annotated[int, Field(ge=1, le=1000)]


FUNCTION = 'part("y", blue(y)) part("equals", =) f_part("theta", orange(theta)) (part("x", bold(x)))'


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
            if isinstance(self.run.dataset, DailyViews):
                days_that_differ(self.run.dataset)
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
        trace = self.trace("run")
        self.run, self.larger = trace.experiment, self.parameters.larger
        theta = np.asarray(trace.parameters[-1], dtype=np.float64)
        self.theta = in_thousands(self.run, theta) if isinstance(self.run.dataset, DailyViews) else theta
        self._build()
        self._unknowns_beat()
        self._stack_beat()
        self._length_beat()
        self.hand_on()

    # -- what is on the screen -----------------------------------------------------------------------------------

    def _build(self) -> None:
        self.line, self.step, self.old_title = matrix_form_end(self, self.run.hidden[0])
        self._build_boxes()
        self._line_up()
        decimals = [box.decimals for box in self.boxes.values() for _ in box.cells]
        self.column = ThetaColumn(parameter_names(self.run), self.theta, decimals, COLUMN)
        said = self.screen("before", count=number_text(self.run.n_parameters))
        self.grown = GrowingColumn(self._kinds(), COLUMN, said)
        foot, right = self.column.label.baseline - 0.75, self.column.label.get_right()[0]
        word = words(self.screen("numbers"), style.HEADING, palette.orange).place(foot, right=right)
        self.count = Number(self.run.n_parameters, 0, style.SUBTITLE, palette.orange, group=True)
        self.count.place(foot, word.get_left()[0] - 0.2)
        self.counted = VGroup(self.count, word)
        self.function = formula(FUNCTION, FUNCTION_SIZE).place(FUNCTION_Y, left=style.LEFT_EDGE)

    def _build_boxes(self) -> None:
        """W, b, c and b in numbers: as large, and with as many decimals, as there is room for side by side."""
        layers = unpack(self.run, self.theta)
        parts = {
            "w": (layers.weights[0], "yellow"),
            "bias": (layers.biases[0][:, None], "green"),
            "c": (layers.c[:, None], "magenta"),
            "b": (layers.b[None, None], "grey"),
        }
        rows = len(layers.weights[0])
        pitch = min(0.55, (ROOM - 0.1) / rows)
        large = style.CELL if rows <= 3 else style.SMALLEST
        for size, cut in ((large, 0), *((style.SMALLEST, cut) for cut in range(4))):
            self.boxes = {name: NumberBox(values, role, size, pitch, cut) for name, (values, role) in parts.items()}
            if self._gap() >= LEAST_GAP:
                break

    def _kinds(self) -> list[tuple[str, int, int]]:
        """From the top of theta down: the role of entries, how many of it the run has, and how many the larger network.

        The run has one hidden layer: it has nothing of what the other's further layers have in between.
        """
        ours, theirs = (
            [(role, len(list(entries))) for role, entries in groupby(map(role_of, parameter_names(run)))]
            for run in (self.run, self.larger)
        )
        between = [0] * (len(theirs) - len(ours))
        counts = [count for _, count in ours]
        first = [*counts[:2], *between, *counts[2:]]
        return [(role, count, last) for (role, last), count in zip(theirs, first, strict=True)]

    def _gap(self) -> float:
        """What is left between two boxes."""
        left, right, _ = BOXES
        return (right - left - sum(box.width for box in self.boxes.values())) / (len(self.boxes) - 1)

    def _line_up(self) -> None:
        """The boxes side by side below the formula, each with its letter above it."""
        left, _, top = BOXES
        x, gap, self.heads = left, min(0.7, self._gap()), {}
        goal = self.line.copy().scale(FORMULA_SIZE / LINE_SIZE)
        for name in ORDER:
            box = self.boxes[name]
            box.shift([x, top, 0])
            head = VGroup(*goal.part(name)[:1]).copy()  # c without its T: here it stands upright
            self.heads[name] = head.move_to([box.get_x(), top + 0.42, 0])
            x += box.width + gap
        self.goal = goal.move_to([left + goal.width / 2, FORMULA_Y, 0])
        foot = top - max(box.height for box in self.boxes.values()) - TAG
        one = words(self.screen("one-number"), style.LABEL, palette.grey).place(foot, left=left)
        each = words(self.screen("one-each", count=Count(self.run.hidden[0])), style.LABEL, palette.green)
        middle = max(self.boxes["bias"].get_x(), one.get_right()[0] + LEAST_GAP + each.width / 2)
        self.tags = VGroup(one, each.place(foot, center=middle))

    # -- beats ---------------------------------------------------------------------------------------------------

    def _unknowns_beat(self) -> None:
        with self.beat("unknowns"):
            # In the line from before x alone is bright: it is given. The line goes up, x dims, and out of W, b, c
            # and b come their numbers, one by one. Then c and W dim too, and below each b is what it is
            self.add(self.line, self.step, self.old_title)  # as the last scene left them
            _, arriving = next_heading(self.screen("heading"), self.old_title)
            self.play(*arriving, FadeOut(self.step), run_time=0.9)
            x, given = self.line.part("x"), words(self.screen("given"), style.HEADING)
            given.place(self.line.get_bottom()[1] - 0.55, center=x.get_x())
            others = [self.line.part(name) for name in self.line.parts if name != "x"]
            self.play(*(emphasis(part, FAINT) for part in others), FadeIn(given, shift=0.15 * UP), run_time=0.5)
            self.until("unknowns")
            going = self.line.animate.scale(FORMULA_SIZE / LINE_SIZE).move_to(self.goal)
            self.play(FadeOut(given, run_time=0.3), going, run_time=1.0)
            for name in reversed(ORDER):
                box, letter = self.boxes[name], self.line.part(name)
                lights = [emphasis(letter, FULL), *([emphasis(x, FAINT)] if name == ORDER[-1] else [])]
                self.play(TransformFromCopy(letter[:1], self.heads[name]), FadeIn(box), *lights, run_time=0.6)
            self.others = [
                part for name in ("c", "w") for part in (self.line.part(name), self.heads[name], self.boxes[name])
            ]
            self.until("two")
            self.play(*(emphasis(part, BACK) for part in self.others), FadeIn(self.tags), run_time=0.5)

    def _stack_beat(self) -> None:
        with self.beat("stack", count=Count(self.run.n_parameters)):
            # Row after row of W goes over to the right, then b, c and b, one below the other: each keeps its colour.
            # A box that is empty is gone, and a cell's number comes when it is filled: what flies crosses nothing.
            # A few names become large: by then their small numbers are spoken of
            self.play(*(emphasis(part, FULL) for part in self.others), FadeOut(self.tags), run_time=0.3)
            start = 0
            for k, ((name, box), group) in enumerate(zip(self.boxes.items(), self.column.groups, strict=True)):
                if k == 1:
                    self.until("rest")
                self.remove(box)
                self.add(box.box, *box.cells)
                for row in box.numbers if len(box.numbers[0]) > 1 else [box.cells]:
                    self._over(row, start)
                    start += len(row)
                self.play(FadeOut(box.box), FadeOut(self.heads[name]), FadeIn(group), run_time=0.4)
            self.until("theta")
            self.play(
                FadeIn(self.column.label), FadeIn(self.column.dots), FadeIn(self.counted, shift=0.15 * UP), run_time=0.5
            )
            self.add(self.column)
            self.play(*self.column.large_names(), run_time=0.6)

    def _over(self, row: list[Number], start: int) -> None:
        """Numbers of a box go to their cells of the column, the first of them being theta's entry ``start``."""
        column, moves = self.column, []
        shown = [(number, column.shown.index(k)) for k, number in enumerate(row, start) if k in column.shown]
        for number in row:
            if all(number is not other for other, _ in shown):
                moves.append(FadeOut(number))
        moves += [ReplacementTransform(number, column.numbers[k]) for number, k in shown]
        if shown:
            self.play(FadeIn(*(column.boxes[k] for _, k in shown)), run_time=0.2)
        self.add(*row)  # over the cells
        self.play(*moves, run_time=0.55 if shown else 0.3)
        if shown:
            self.play(FadeIn(*(column.names[k] for _, k in shown)), run_time=0.2)
        self.add(*(column.numbers[k] for _, k in shown))

    def _length_beat(self) -> None:
        with self.beat("length", count=number_text(self.larger.n_parameters)):
            # Its formula is another: the one above dims. Cells become ever more, ever thinner, in their letters'
            # colours, while their number is said. Then all turn orange, and with them the letters, which go into one,
            # each on its own way: y = f_theta(x) is left
            column, grown = self.column, self.grown
            told = [column.numbers, column.names, column.groups, column.dots]
            back = [emphasis(self.line.part(name), FAINT) for name in ORDER]
            self.play(*map(FadeOut, told), *(back if len(self.larger.hidden) > 1 else []), run_time=0.4)
            self.play(FadeOut(column.boxes), FadeIn(grown), run_time=0.4)
            self._grow_to(self.larger.n_parameters)
            self.until("theta")
            orange = [self.line.part(name).animate.set_color(palette.orange) for name in ORDER]
            self.play(grown.turning(), *orange, run_time=0.7)
            self._into_theta()
            self.play(*grow(self.line, self.function), run_time=1.2)
            self.remove(self.theta_alone)

    def _grow_to(self, last: int) -> None:
        """The column and its counter run to ``last`` entries, by equal factors in equal times."""
        first, both = self.run.n_parameters, VGroup(self.grown, self.count)

        def update(_: VMobject, share: float) -> None:
            count = first * (last / first) ** share
            self.grown.show(count)
            self.count.set_value(round(count))

        self.add(self.grown, self.counted)
        self.play(UpdateFromAlphaFunc(both, update, run_time=2.0, rate_func=smooth))

    def _into_theta(self) -> None:
        """The letters of the parameters, one after the other, shrink into the theta of f_theta, which waits for them.

        What is left of the line is the rest: grown together, all of them would cross in one place.
        """
        letters = [self.line.part(name).copy() for name in ORDER]
        for name in ORDER:
            self.line.part(name).set_opacity(0)
        self.add(*letters)
        self.theta_alone = theta = self.function.part("theta").copy()
        signs = [self.line.part(name) for name in self.line.parts if name not in (*ORDER, "y", "equals", "x")]
        self.play(*(sign.animate.set_opacity(0) for sign in signs), run_time=0.3)
        flights = [FadeOut(letter, target_position=theta, scale=0.4) for letter in letters]
        self.play(LaggedStart(*flights, lag_ratio=0.4), FadeIn(theta), run_time=1.4)
