"""All unknowns of a network in one long vector: theta."""

from __future__ import annotations

from typing import Self

from gradreel.core.daily.views import DailyViews
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import parameter_names
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene
from gradreel.scenes.lecture.daily_data import days_that_differ
from gradreel.scenes.lecture.function_of_theta import function_of_theta
from gradreel.scenes.lecture.networks.matrix_form import LINE_SIZE, matrix_form_end
from gradreel.scenes.lecture.networks.pictures.matrix_board import across_then_up
from gradreel.scenes.lecture.networks.pictures.theta_column import LetterBox, ThetaColumn
from gradreel.scenes.lecture.runs import THREE_DAYS
from gradreel.scenes.mobjects.formula_growth import grow
from gradreel.scenes.mobjects.headings import next_heading
from gradreel.scenes.mobjects.text import TextMobject, words
from gradreel.scenes.style import FAINT, FULL, emphasis, palette
from gradreel.scenes.words.counts import Count
from manim import UP, FadeIn, FadeOut, LaggedStart, ReplacementTransform, TransformFromCopy, VGroup
from pydantic import Field, model_validator

MOST = 5  # features, and units, whose matrix has room
FORMULA_SIZE, FORMULA_Y = 64, 2.05
BOXES = (style.LEFT_EDGE, 0.35)  # left, top
APART, ROOM, PITCH = 0.5, 2.3, 0.55  # between boxes; height of the tallest; from row to row where there is room
LEAST_GAP = 0.12
COLUMN = (4.0, -3.3, 3.35)  # middle, bottom, top
BACK = 0.5  # of the boxes' colours while the b's are spoken of
TAG = 0.4  # from the tallest box down to the baseline of what the b's are
COUNT_DROP = 0.75  # from theta's baseline to that of how many there are
ORDER = ("b", "c", "bias", "w")  # of the boxes: as in the formula, so that nothing stands between W and theta


class Theta(LectureScene):
    """W row by row, b, c and the other b line up as one long vector, theta: y = f_theta(x)."""

    class Parameters(LectureScene.Parameters):
        run: Experiment = Field(
            THREE_DAYS,
            description="The network whose parameters line up: one hidden layer of 1 to 5 units on 1 to 5 features",
        )

        @model_validator(mode="after")
        def _is_a_small_network(self) -> Self:
            hidden, features = self.run.hidden, self.run.dataset.n_features
            if isinstance(self.run.dataset, DailyViews):
                days_that_differ(self.run.dataset)
            if len(hidden) != 1 or hidden[0] > MOST:
                raise ValueError(f"run.hidden: one layer of 1 to {MOST} units is shown, got {hidden}")
            if features > MOST:
                raise ValueError(f"run.dataset: 1 to {MOST} features are shown, got {features}")
            return self

    def construct(self) -> None:
        self._build()
        self._unknowns_beat()
        self._stack_beat()
        self._function_beat()
        self.hand_on(self.function)  # loss begins with it

    # -- what is on the screen -----------------------------------------------------------------------------------

    def _build(self) -> None:
        run = self.parameters.run
        self.units, self.count = run.hidden[0], Count(run.n_parameters)
        self.line, self.step, self.old_title = matrix_form_end(self, self.units)
        names = parameter_names(run)
        self._build_boxes(names, run.dataset.n_features)
        self._line_up()
        self.column = ThetaColumn(names, COLUMN)
        self.unknowns, self.named = (self._counted(key) for key in ("unknowns", "parameters"))
        self.function = function_of_theta()

    def _build_boxes(self, names: list[str], features: int) -> None:
        """W, b, c and b in letters, in theta's order."""
        units, pitch = self.units, min(PITCH, ROOM / self.units)
        rest = names[units * features :]
        parts = {
            "w": [names[i * features : (i + 1) * features] for i in range(units)],
            "bias": [[name] for name in rest[:units]],
            "c": [[name] for name in rest[units:-1]],
            "b": [rest[-1:]],
        }
        self.boxes = {kind: LetterBox(letters, pitch) for kind, letters in parts.items()}

    def _line_up(self) -> None:
        """The boxes side by side below the formula, each with its letter above it."""
        left, top = BOXES
        x, self.heads = left, {}
        goal = self.line.copy().scale(FORMULA_SIZE / LINE_SIZE)
        for name in ORDER:
            box = self.boxes[name]
            box.shift([x, top, 0])
            head = VGroup(*goal.part(name)[:1]).copy()  # c without its T: here it stands upright
            self.heads[name] = head.move_to([box.get_x(), top + 0.42, 0])
            x += box.width + APART
        self.goal = goal.move_to([left + goal.width / 2, FORMULA_Y, 0])
        foot = top - max(box.height for box in self.boxes.values()) - TAG
        one = words(self.screen("one-number"), style.LABEL, palette.grey).place(foot, left=left)
        each = words(self.screen("one-each", count=Count(self.units)), style.LABEL, palette.green)
        middle = max(self.boxes["bias"].get_x(), one.get_right()[0] + LEAST_GAP + each.width / 2)
        self.tags = VGroup(one, each.place(foot, center=middle))

    def _counted(self, key: str) -> TextMobject:
        """How many there are, below theta."""
        text, label = self.screen(key, count=self.count), self.column.label
        counted = words(text, style.HEADING, palette.orange)
        return counted.place(label.baseline - COUNT_DROP, right=label.get_right()[0])

    # -- beats ---------------------------------------------------------------------------------------------------

    def _unknowns_beat(self) -> None:
        with self.beat("unknowns", pause="short"):
            # In the line from before x alone is bright: it is given. The line goes up, x dims, and out of W, b, c
            # and b come the boxes of their letters, one by one. Then c and W dim too, and below each b is what it is
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
                head = TransformFromCopy(letter[:1], self.heads[name], path_func=across_then_up)  # back: down first
                self.play(head, FadeIn(box), *lights, run_time=0.6)
            self.others = [
                part for name in ("c", "w") for part in (self.line.part(name), self.heads[name], self.boxes[name])
            ]
            self.until("two")
            self.play(*(emphasis(part, BACK) for part in self.others), FadeIn(self.tags), run_time=0.5)

    def _stack_beat(self) -> None:
        with self.beat("stack", count=self.count):
            # Row after row of W goes over to the right, then b, c and b, one below the other: each keeps its colour.
            # A box that is empty is gone, with what it is: what flies crosses nothing
            self.play(*(emphasis(part, FULL) for part in self.others), run_time=0.3)
            start = 0
            for name, box in self.boxes.items():
                if name == "bias":
                    self.until("rest")
                rows = box.rows if name == "w" else [[row[0] for row in box.rows]]
                self.remove(box)
                self.add(box.box, *(letter for row in rows for letter in row))
                for row in rows:
                    self._over(row, start)
                    start += len(row)
                tags = [tag for tag, of in zip(self.tags, ("b", "bias"), strict=True) if of == name]
                self.play(FadeOut(box.box), FadeOut(self.heads[name]), *map(FadeOut, tags), run_time=0.3)
            self.until("theta")
            column = self.column
            self.play(FadeIn(column.label, column.names, column.dots, self.unknowns), run_time=0.5)
            self.add(self.column)

    def _over(self, row: list[TextMobject], start: int) -> None:
        """Letters of a box go to their cells of the column, the first of them being theta's entry ``start``."""
        column = self.column
        shown = {k: column.shown.index(k) for k in range(start, start + len(row)) if k in column.shown}
        moves = [
            ReplacementTransform(letter, column.letters[shown[k]]) if k in shown else FadeOut(letter)
            for k, letter in enumerate(row, start)
        ]
        cells = [column.boxes[k] for k in shown.values()]
        if cells:
            self.play(FadeIn(*cells), run_time=0.2)
        self.add(*row)  # over the cells
        self.play(*moves, run_time=0.55 if cells else 0.3)

    def _function_beat(self) -> None:
        with self.beat("function", pause="long"):
            # The unknowns have their other name. The letters turn orange and go into one, each on its own way:
            # y = f_theta(x) is left, alone with theta
            self.play(FadeOut(self.unknowns), run_time=0.3)
            self.play(FadeIn(self.named), run_time=0.4)
            self.until("theta")
            self.play(*(self.line.part(name).animate.set_color(palette.orange) for name in ORDER), run_time=0.5)
            self._into_theta()
            self.play(*grow(self.line, self.function), run_time=1.0)
            self.remove(self.theta_alone)
            self.wait(1)

    def _into_theta(self) -> None:
        """The letters of the parameters, one after the other, shrink into the theta of f_theta, which waits for them.

        What is left of the line is the rest: grown together, all of them would cross in one place.
        """
        letters = [self.line.part(name)[:1].copy() for name in ORDER]  # c without its T, which fades
        for name in ORDER:
            self.line.part(name)[:1].set_opacity(0)
        self.add(*letters)
        self.theta_alone = theta = self.function.part("theta").copy()
        signs = [self.line.part(name) for name in self.line.parts if name not in (*ORDER, "y", "equals", "x")]
        signs.append(self.line.part("c")[1:])
        self.play(*(sign.animate.set_opacity(0) for sign in signs), run_time=0.3)
        flights = [FadeOut(letter, target_position=theta, scale=0.4) for letter in letters]
        self.play(LaggedStart(*flights, lag_ratio=0.4), FadeIn(theta), run_time=1.2)
