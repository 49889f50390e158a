"""The equations of a small network fold into vectors and a matrix: one line says what all of them say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
from gradreel.core.activations import ACTIVATIONS
from gradreel.core.theta import unpack
from gradreel.scenes import style
from gradreel.scenes.counts import Count
from gradreel.scenes.lecture.matrix_ends import (
    DIAGRAM_WORDS,
    LINE_SIZE,
    LINE_Y,
    diagram_as_left,
    diagram_words,
    function_words,
    matrix_heading,
)
from gradreel.scenes.lecture.three_days import A, R, ThreeDaysScene, X
from gradreel.scenes.mobjects.formula_growth import grow
from gradreel.scenes.mobjects.growing_grid import GrowingGrid
from gradreel.scenes.mobjects.headings import next_heading
from gradreel.scenes.mobjects.lecture_formulas import (
    matrix_source,
    vector_output_source,
    vector_row_source,
    vector_sigmoid_output_source,
    vector_sigmoid_source,
)
from gradreel.scenes.mobjects.matrix_board import EQUATION, MatrixBoard
from gradreel.scenes.mobjects.matrix_boxes import (
    NumberBox,
    across_then_up,
    along_then_across,
    up_then_across,
)
from gradreel.scenes.mobjects.network_sum import LINE, WrittenSum
from gradreel.scenes.mobjects.plot import segment
from gradreel.scenes.mobjects.text import TextMobject, formula
from gradreel.scenes.mobjects.ticks import number_text
from gradreel.scenes.style import FAINT, FULL, PRESENT, emphasis, emphasize, palette
from manim import (
    UP,
    Animation,
    AnimationGroup,
    FadeIn,
    FadeOut,
    LaggedStart,
    Transform,
    TransformFromCopy,
    UpdateFromAlphaFunc,
    VGroup,
    VMobject,
    smooth,
    squish_rate_func,
)
from pydantic import Field

PARTS_SIZE, PARTS_Y = 60, 2.0  # of a = sigma(r) and r = b + W x above the line, before they are put in
A_X, R_X = 0.3, 4.2  # each over its place there, so that it crosses nothing
WRITTEN_Y, OUTPUT_Y = -2.75, -3.2  # baselines of a row in numbers, and of y
SHORT_SIZE, SHORT_Y = 64, -1.5
CELL_LETTER = 34  # of an equation's letters in the boxes
SMALL, SMALL_Y = 0.5, 1.45  # of the diagram above the equations

Units = Annotated[int, Field(ge=6, le=10_000)]
Days = Annotated[int, Field(ge=1, le=3650)]


class MatrixForm(ThreeDaysScene):
    """Three equations become one: r = b + W x, a = sigma(r), y = b + c^T a, with one day's numbers in boxes."""

    class Parameters(ThreeDaysScene.Parameters):
        larger: tuple[Units, Days] = Field(
            (1000, 56), description="Sigmoids and days of a larger network, for which the line is as short"
        )

    def construct(self) -> None:
        self.read_the_run()
        self.board = MatrixBoard(unpack(self.run, self.theta), self.there, self.activation)
        self.line = formula(matrix_source(), LINE_SIZE).move_to([0, LINE_Y, 0])
        self._fold_beat()
        self._rows_beat()
        self._output_beat()
        self._line_beat()
        self._short_beat()
        self.hand_on(*self.mobjects)  # theta begins with it all

    def _heading(self) -> str:
        return matrix_heading(self, self.n_units)

    # -- beats ---------------------------------------------------------------------------------------------------

    def _fold_beat(self) -> None:
        with self.beat("fold" if self.n_units > 1 else "fold-one", count=Count(self.n_units)):
            # The surface goes with all that is beside it, and the diagram comes, now small. Row by row its arrows light
            # up into r_i, and their equation comes below.
            # Kind by kind their letters go into boxes: the r's, the b's, all w's in their rows, and each x once. Then
            # the boxes' own letters say it in one line
            self._take_over()
            self._write_equations()
            self._put_into_boxes()
            self.play(FadeIn(self.board.shapes), run_time=0.4)
            self.short = formula(vector_row_source(), SHORT_SIZE).move_to([0, SHORT_Y, 0])
            self.play(FadeIn(self.short, shift=0.15 * UP), run_time=0.5)

    def _write_equations(self) -> None:
        diagram, nodes = self.diagram, self.diagram.columns[R].nodes
        self.title, arriving = next_heading(self._heading(), self.title)
        rows = [VGroup(*diagram.edges[X].into(i), nodes[i]) for i in range(self.n_units)]
        later = [*diagram.edges[R:], *diagram.columns[A:], diagram.boxes]
        gone = [FadeOut(part, run_time=0.5) for part in self.written_on_it]
        self.play(AnimationGroup(*arriving, run_time=0.6), *gone)  # soon: the equations are spoken of at once
        if self.n_features == 1:
            self.play(diagram.animate.scale(SMALL).move_to([0, SMALL_Y, 0]), run_time=0.9)
            self.play(*(emphasis(part, FAINT) for part in (*rows, *later)), run_time=0.4)
        else:
            diagram.scale(SMALL).move_to([0, SMALL_Y, 0])
            for part in (*rows, *later):
                emphasize(part, FAINT)
            self.play(FadeIn(diagram), run_time=0.4)
        for row, equation in zip(rows, self.board.equations, strict=True):
            self.play(emphasis(row, FULL), FadeIn(equation), run_time=0.3)
        self.wait(1.5)

    def _take_over(self) -> None:
        """What the last scene ended with is on the screen as it was left there; of one feature, that is the diagram."""
        self.build_diagram()
        self.written_on_it, self.source, self.title = diagram_as_left(self)
        if self.n_features == 1:
            self.add(self.diagram)
        self.add(*self.written_on_it, self.source, self.title)

    def screen(self, key: str, **values: Any) -> str:
        """Words at the diagram are those of the scene that it comes from."""
        return diagram_words(self, key, **values) if key in DIAGRAM_WORDS else super().screen(key, **values)

    def _put_into_boxes(self) -> None:
        cells = [cell for i in range(self.n_units) for cell in self.board.cells_of(i)]
        self.play(FadeOut(self.diagram), run_time=0.3)
        self.placed = {name: [cell for cell in cells if cell[1] == name] for name in ("r", "bias", "w", "x")}
        text, signs = self.board.sums.text, self.board.signs()
        for name, letters in self.placed.items():
            box = self.board.sums.boxes[name]
            moves = [
                self._into_cell(letter, box, cell, name, k < self.n_features or name != "x")  # each x is written once
                for k, (letter, _, cell) in enumerate(letters)
            ]
            coming = [FadeIn(box.box), FadeIn(text.part(name))]
            if name == "x":
                coming += [FadeOut(signs), FadeIn(VGroup(text.part("r-equals"), text.part("plus-in")))]
            self.play(*coming, *moves, run_time=1.1)

    @staticmethod
    def _into_cell(letter: VGroup, box: NumberBox, cell: tuple[int, int], name: str, seen: bool) -> Animation:
        """Up, then sideways, so that no other letter is crossed; the x's, which have W above them, sideways first."""
        letter.set_z_index(1)  # over the boxes, which come to the screen after the equations
        size = CELL_LETTER / EQUATION * min(1.0, 2 * box.pitch)
        way = across_then_up if name == "x" else up_then_across
        moving = letter.animate(path_func=way).scale(size).move_to(box.place_of(*cell))
        return moving if seen else moving.set_opacity(0)

    def _rows_beat(self) -> None:
        with self.beat("rows" if self.n_units > 1 else "rows-one"):
            # The last scene's numbers take the letters' places. A row of W stands up beside the column x, each number
            # beside its own. Product after product is written down, then b: that is r_1. The others go faster. On
            # their way they pass beneath the column x
            boxes = self.board.sums.boxes
            boxes["x"].set_z_index(1)
            sums = [self.written_row(i, WRITTEN_Y + LINE, self._shown_places()) for i in range(self.n_units)]
            rounded = self._rounded_sign(self.board.sums.text.part("r-equals"), sums)
            names = ("x", "w", "bias")
            leaving = [FadeOut(letter) for name in names for letter, _, _ in self.placed[name]]
            coming = [FadeIn(number) for name in names for number in boxes[name].cells]
            self.play(*leaving, *coming, *rounded, run_time=0.4)
            self.written: list[VGroup] = []
            for i, row in enumerate(sums):
                self._pull_through(i, row)
            lights = [emphasis(number, FULL) for name in ("w", "bias") for number in boxes[name].cells]
            self.play(*lights, FadeOut(self.written[-1]), run_time=0.3)
            boxes["x"].set_z_index(0)
            self.add(self.board.sums)

    def _pull_through(self, i: int, row: WrittenSum) -> None:
        """Row i of W stands up beside x, its sum is written in the place of the one before, and r_i is there."""
        boxes, back = self.board.sums.boxes, []
        self.play(*self._lit_row(i), *map(FadeOut, self.written[-1:]), run_time=0.2)
        if upright := self._stand_up(i):
            self.remove(*boxes["w"].numbers[i])  # the row itself goes, and its place is free
            self.play(*upright, run_time=0.8 if i == 0 else 0.4)
            back = [FadeIn(number) for number in boxes["w"].numbers[i]]
        steps = [FadeIn(product, shift=0.1 * UP) for product in row.numbers[1:]]
        self._write_the_sum(row, "r", steps, 0.8 if i == 0 else 0.4)
        gone = [FadeOut(self.placed["r"][i][0]), *(FadeOut(moved.mobject) for moved in upright)]
        self.play(*gone, *back, FadeIn(boxes["r"].numbers[i][0]), run_time=0.3)

    def _write_the_sum(self, row: WrittenSum, side: str, steps: Sequence[Animation], pace: float = 1.0) -> None:
        """``side``, in letters, and its numbers: the products, by ``steps``, then what is added, and what it comes to.

        ``row`` has its letters in the line above; they are not shown.
        """
        letter = row.letters.part(side).shift([0, -LINE, 0])
        self.play(FadeIn(letter, row.equals), run_time=0.2 * pace)
        self.play(LaggedStart(*steps, lag_ratio=0.6), run_time=min(2.0, 0.5 * len(steps)) * pace)
        self.play(FadeIn(row.numbers[0], shift=0.1 * UP), run_time=0.4 * pace)
        self.play(FadeIn(row.total), run_time=0.4 * pace)
        self.written.append(VGroup(letter, row.line))
        self.add(self.written[-1])

    def _shown_places(self) -> int:
        """The most decimals that the boxes' numbers have: sums have no more than can be read there."""
        equations = (self.board.sums, self.board.output)
        return max(2, *(box.decimals for equation in equations for box in equation.boxes.values()))

    @staticmethod
    def _rounded_sign(equals: VGroup, sums: Sequence[WrittenSum]) -> list[Animation]:
        """Between boxes of numbers that are equal only when rounded, the sign says so."""
        return [] if all(row.equal for row in sums) else [Transform(equals[0], _approximate(equals))]

    def _say_that_a_is_rounded(self) -> None:
        """So it is unless the activation of the r's, as they are printed, is what is printed of the a's."""
        r, a = (
            [float(cell.text.replace("\u2212", "-")) for cell in self.board.sigma.boxes[k].cells] for k in ("r", "a")
        )
        if not np.array_equal(ACTIVATIONS[self.run.activation](r), a):
            equals = self.board.sigma.text.part("a-equals")
            equals[0].become(_approximate(equals))

    def _stand_up(self, i: int) -> list[Animation]:
        """Each number of row i of W moves to the right of the x that it is multiplied with, where there is room.

        First along its row, whose numbers go ahead of it, and up or down only beneath the column x: it crosses none.
        """
        w, x = self.board.sums.boxes["w"], self.board.sums.boxes["x"]
        row = [VGroup(*(glyph for glyph in number[1:] if len(glyph.points))).copy() for number in w.numbers[i]]
        right = x.get_right()[0] + 0.2 + max(number.width for number in row)
        if right > style.RIGHT_EDGE:
            return []
        ends = [np.array([right - number.width / 2, x.place_of(j, 0)[1], 0.0]) for j, number in enumerate(row)]
        borders = float(x.get_left()[0]), float(x.get_right()[0])
        return [along_then_across(number, end, *borders) for number, end in zip(row, ends, strict=True)]

    def _lit_row(self, i: int) -> list[Animation]:
        """Row i of W and b is bright, the others step back."""
        rows = [self.board.sums.boxes[name].numbers for name in ("w", "bias")]
        return [
            emphasis(number, FULL if k == i else FAINT)
            for numbers in rows
            for k, row in enumerate(numbers)
            for number in row
        ]

    def _output_beat(self) -> None:
        with self.beat("output", activation=self.activation):
            # The r's go down and through the sigmoid, in short sigma, to the a's. The c's stand upright, then lie down
            # as a row: c transposed, times a, pair by pair, plus the single b, is y
            board, sigma, output = self.board, self.board.sigma, self.board.output
            dimmed = [emphasis(part, PRESENT) for part in (board.sums, board.shapes)]
            self.play(*dimmed, FadeOut(self.short), run_time=0.5)
            self.play(TransformFromCopy(board.sums.boxes["r"], sigma.boxes["r"]), run_time=0.7)
            self.play(FadeIn(board.sigma_word), FadeIn(sigma.text.part("r"), sigma.text.part("brackets")), run_time=0.5)
            self.play(FadeIn(sigma.text.part("sigmoid"), shift=0.15 * UP), run_time=0.6)
            self._say_that_a_is_rounded()
            self.play(FadeIn(sigma.boxes["a"], sigma.text.part("a"), sigma.text.part("a-equals")), run_time=0.5)
            self.add(sigma.text)
            self.play(FadeIn(board.c_column, board.c_letter), run_time=0.5)
            self._lay_down()
            row = self.written_output(OUTPUT_Y + LINE, self._shown_places(), output.boxes["y"].decimals)
            coming = [
                FadeIn(output.boxes[name]) for name in ("a", "b")
            ]  # a from its own place would cross "= sigma(r)"
            self.play(*coming, *self._rest_of(output.text, "c"), run_time=0.5)
            self.add(output.text)
            self._multiply(row)
            self.play(FadeIn(output.boxes["y"]), *self._rounded_sign(output.text.part("equals"), [row]), run_time=0.5)

    def _multiply(self, row: WrittenSum) -> None:
        """c transposed times a: each pair lights up with its product, which is written below; then b is added."""
        pairs = list(zip(*(self.board.output.boxes[name].cells for name in ("c", "a")), strict=True))
        self.play(*(emphasis(number, FAINT) for pair in pairs for number in pair), run_time=0.3)
        steps = [
            AnimationGroup(FadeIn(product, shift=0.1 * UP), *(emphasis(number, FULL) for number in pair))
            for product, pair in zip(row.numbers[1:], pairs, strict=True)
        ]
        self._write_the_sum(row, "y", steps, 0.7)

    def _lay_down(self) -> None:
        """The column of the c's tips over and is a row; its letter gets a T."""
        column, letter = self.board.c_column, self.board.c_letter
        row, text = self.board.output.boxes["c"], self.board.output.text.part("c")
        cells = zip(column.cells, row.cells, strict=True)
        self.play(
            Transform(column.box, row.box),
            *(number.animate.shift(goal.anchor.points[0] - number.anchor.points[0]) for number, goal in cells),
            Transform(letter, text[0]),
            FadeIn(text[1:]),
            run_time=0.8,
        )
        self.remove(column, letter)
        self.add(row, *text)

    @staticmethod
    def _rest_of(text: TextMobject, name: str) -> list[Animation]:
        """All of a formula comes but the part ``name``, which is there."""
        return [FadeIn(glyph) for k, glyph in enumerate(text) if k not in text.parts[name]]

    def _line_beat(self) -> None:
        with self.beat("line"):
            # The boxes go, their three equations stay. Into y = b + c^T a goes sigma(r) for a, and b + W x for r
            board, equations = self.board, (self.board.sums, self.board.sigma, self.board.output)
            boxes = [box for equation in equations for box in equation.boxes.values()]
            others = (board.shapes, board.sigma_word, self.source, self.written[-1])
            gone = [FadeOut(part, run_time=0.5) for part in (*boxes, *others)]  # before the letters move
            r = formula(vector_row_source(), PARTS_SIZE).move_to([R_X, PARTS_Y, 0])
            a = formula(vector_sigmoid_source(), PARTS_SIZE).move_to([A_X, PARTS_Y, 0])
            y = formula(vector_output_source(), LINE_SIZE).move_to([0, LINE_Y, 0])
            olds = [equation.text for equation in equations]
            closing = [step for old, new in zip(olds, (r, a, y), strict=True) for step in grow(old, new)]
            self.play(*gone, *closing)
            self.wait(0.4)
            between = formula(vector_sigmoid_output_source(), LINE_SIZE).move_to([0, LINE_Y, 0])
            self.play(*grow([y, a], between, ends={"a": "sigmoid"}), run_time=1.6)
            self.wait(0.6)
            self.play(*grow([between, r], self.line), run_time=1.8)  # the r that makes way fades first

    def _short_beat(self) -> None:
        units, days = self.parameters.larger
        with self.beat("short", units=number_text(units), days=number_text(days), activation=self.activation):
            # W hangs below its letter as a grid, which grows; the line stays as it is. It is what step one looked for
            letter, foot = self.line.part("w").get_x(), self.line.get_bottom()[1]
            first, last = (self.n_units, self.n_features), (units, days)
            self.grid = grid = GrowingGrid(first, last, letter, foot - 0.4)
            stem = segment([letter, foot - 0.1, 0], [letter, foot - 0.4, 0], palette.axis, style.AXIS)
            small, large = self._size_of_w(*first, 0.0), self._size_of_w(*last, 1.0)
            grid.show(0.0)
            self.play(FadeIn(stem, grid, small), run_time=0.5)
            self.play(
                UpdateFromAlphaFunc(grid, lambda _, share: grid.show(share), run_time=2.0, rate_func=smooth),
                FadeOut(small, run_time=0.4),
                FadeIn(large, run_time=2.0, rate_func=squish_rate_func(smooth, 0.7, 0.95)),
            )
            self.wait(1.0)
            self.step = function_words(self)
            self.play(FadeOut(stem, grid, large), run_time=0.4)
            self.play(FadeIn(self.step, shift=0.15 * UP), run_time=0.5)

    def _size_of_w(self, rows: int, columns: int, share: float) -> TextMobject:
        """How large W is, right of its grid when that has grown so far."""
        size = formula(f'yellow("{number_text(rows)}" times "{number_text(columns)}")', style.SUBTITLE)
        right = self.grid.show(share).get_right()[0] + 0.3
        return size.place(self.line.get_bottom()[1] - 1.0, left=min(right, style.RIGHT_EDGE - size.width))


def _approximate(equals: VGroup) -> VMobject:
    """The sign that numbers are rounded, in the place of an equals sign."""
    sign = formula("approx", 50).scale_to_fit_width(equals.width).set_color(equals[0].get_fill_color())
    return sign[0].move_to(equals)
