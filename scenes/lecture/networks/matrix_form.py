"""The equations of a small network fold into vectors and a matrix: one line says what all of them say."""

from __future__ import annotations

from typing import Annotated, Self

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.lecture.networks.matrix_ends import (
    LINE_SIZE,
    LINE_Y,
    function_words,
    matrix_heading,
)
from gradreel.scenes.lecture.networks.matrix_output import SHORT_SIZE, OutputBeat
from gradreel.scenes.lecture.networks.network_diagram import network_diagram_end
from gradreel.scenes.lecture.networks.pictures.growing_grid import GrowingGrid
from gradreel.scenes.lecture.networks.pictures.matrix_board import BESIDE_X, EQUATION
from gradreel.scenes.lecture.networks.pictures.matrix_boxes import (
    NumberBox,
    across_then_up,
    along_then_across,
    up_then_across,
    up_then_straight,
)
from gradreel.scenes.lecture.three_days import A, R, ThreeDaysScene, X
from gradreel.scenes.mobjects.formula_growth import grow
from gradreel.scenes.mobjects.headings import next_heading
from gradreel.scenes.mobjects.lecture_formulas import (
    matrix_source,
    vector_output_source,
    vector_row_source,
    vector_sigmoid_output_source,
)
from gradreel.scenes.mobjects.network_sum import LINE, WrittenSum
from gradreel.scenes.mobjects.plot import segment
from gradreel.scenes.mobjects.text import TextMobject, caption, formula
from gradreel.scenes.style import FAINT, FULL, emphasis, emphasize, palette
from gradreel.scenes.words.counts import Count
from gradreel.scenes.words.numbers import number_text
from manim import (
    UP,
    Animation,
    AnimationGroup,
    FadeIn,
    FadeOut,
    UpdateFromAlphaFunc,
    VGroup,
    smooth,
    squish_rate_func,
)
from pydantic import Field, model_validator

WRITTEN_Y, SHORT_Y = -2.75, -1.5  # of a row in numbers, its baseline, and of r = b + W x
CELL_LETTER = 34  # of an equation's letters in the boxes
SMALL, SMALL_Y = 0.5, 1.45  # of the diagram above the equations

Units = Annotated[int, Field(ge=6, le=10_000)]
Days = Annotated[int, Field(ge=1, le=3650)]


class MatrixForm(OutputBeat):
    """Three equations become one: r = b + W x, a = sigma(r), y = b + c^T a, with one day's numbers in boxes."""

    class Parameters(ThreeDaysScene.Parameters):
        larger: tuple[Units, Days] = Field(
            (1000, 56), description="Sigmoids and days of a larger network, for which the line is as short"
        )

        @model_validator(mode="after")
        def _w_grows(self) -> Self:
            (units, days), rows, columns = self.larger, self.run.hidden[0], self.run.dataset.n_features
            if units * days <= rows * columns:
                raise ValueError(
                    f"larger: W must become larger than run's, of {rows} x {columns} = {rows * columns} numbers; "
                    f"{units} units and {Count(days):# day} make it {units} x {days} = {units * days}"
                )
            return self

    def construct(self) -> None:
        self.read_the_run()
        self.board = self._build_board()
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
        with self.beat("fold", count=Count(self.n_units)):
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
        self.written_on_it, self.source, self.title = network_diagram_end(self)
        if self.n_features == 1:
            self.add(self.diagram)
        self.add(*self.written_on_it, self.source, self.title)

    def _put_into_boxes(self) -> None:
        cells = [cell for i in range(self.n_units) for cell in self.board.cells_of(i)]
        self.play(FadeOut(self.diagram), run_time=0.3)
        self.placed = {name: [cell for cell in cells if cell[1] == name] for name in ("r", "bias", "w", "x")}
        text, signs = self.board.sums.text, self.board.signs()
        first = float(self.board.equations[0].part("w_1").get_y())
        for name, letters in self.placed.items():
            box = self.board.sums.boxes[name]
            moves = [
                self._into_cell(letter, box, cell, name, k < self.n_features or name != "x", first)  # each x once
                for k, (letter, _, cell) in enumerate(letters)
            ]
            coming = [FadeIn(box.box), FadeIn(text.part(name))]
            if name == "x":
                coming += [FadeOut(signs), FadeIn(VGroup(text.part("r-equals"), text.part("plus-in")))]
            self.play(*coming, *moves, run_time=1.1)

    @staticmethod
    def _into_cell(
        letter: VGroup, box: NumberBox, cell: tuple[int, int], name: str, seen: bool, first: float
    ) -> Animation:
        """Up, then sideways, so that no other letter is crossed; the x's, which have W above them, sideways first.

        The w's have the b's above them: up only as far as the first equation, then straight to their cells.
        """
        letter.set_z_index(1)  # over the boxes, which come to the screen after the equations
        size = CELL_LETTER / EQUATION * min(1.0, 2 * box.pitch)
        way = across_then_up if name == "x" else up_then_across
        if name == "w":
            way = up_then_straight(letter.get_center(), box.place_of(*cell), first)
        moving = letter.animate(path_func=way).scale(size).move_to(box.place_of(*cell))
        return moving if seen else moving.set_opacity(0)

    def _rows_beat(self) -> None:
        with self.beat("rows"):
            # The last scene's numbers take the letters' places. A row of W stands up beside the column x, each number
            # beside its own. Product after product is written down, then b: that is r_1. The others go faster. On
            # their way they pass beneath the column x. Where it can be seen, a note says that what is shown is rounded
            boxes = self.board.sums.boxes
            boxes["x"].set_z_index(1)
            places = self._shown_places(self.board.sums, "bias", "w", "x")
            sums = [self.written_row(i, WRITTEN_Y + LINE, places) for i in range(self.n_units)]
            rounded = self._rounded_sign(self.board.sums.text.part("r-equals"), sums)
            names = ("x", "w", "bias")
            leaving = [FadeOut(letter) for name in names for letter, _, _ in self.placed[name]]
            coming = [FadeIn(number) for name in names for number in boxes[name].cells]
            note = VGroup(*([caption(self.screen("rounded"))] if rounded else []))
            self.play(*leaving, *coming, *rounded, *map(FadeIn, note), run_time=0.4)
            self.written = []
            for i, row in enumerate(sums):
                self._pull_through(i, row)
            lights = [emphasis(number, FULL) for name in ("w", "bias") for number in boxes[name].cells]
            self.play(*lights, FadeOut(self.written[-1]), *map(FadeOut, note), run_time=0.3)
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
        first, then = squish_rate_func(smooth, 0.0, 0.5), squish_rate_func(smooth, 0.5, 1.0)
        gone = [FadeOut(self.placed["r"][i][0], rate_func=first), *(FadeOut(moved.mobject) for moved in upright)]
        self.play(*gone, *back, FadeIn(boxes["r"].numbers[i][0], rate_func=then), run_time=0.3)

    def _stand_up(self, i: int) -> list[Animation]:
        """Each number of row i of W moves to the right of the x that it is multiplied with, where there is room.

        First along its row, whose numbers go ahead of it, and up or down only beneath the column x: it crosses none.
        """
        w, x = self.board.sums.boxes["w"], self.board.sums.boxes["x"]
        row = [VGroup(*(glyph for glyph in number[1:] if len(glyph.points))).copy() for number in w.numbers[i]]
        right = x.get_right()[0] + BESIDE_X + max(number.width for number in row)
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

    def _line_beat(self) -> None:
        with self.beat("line"):
            # The boxes go, the equation closes up. Into y = b + c^T a goes sigma(r) for a, and b + W x for r
            output, r, a = self.board.output, self.short, self.a_line
            gone = [FadeOut(part, run_time=0.5) for part in (*output.boxes.values(), self.source, self.written[-1])]
            y = formula(vector_output_source(), LINE_SIZE).move_to([0, LINE_Y, 0])
            self.play(*gone, *grow(output.text, y))
            self.wait(0.1)
            between = formula(vector_sigmoid_output_source(), LINE_SIZE).move_to([0, LINE_Y, 0])
            self.play(*grow([y, a], between, ends={"a": "sigmoid"}), run_time=1.6)
            self.wait(0.2)
            self.play(*grow([between, r], self.line), run_time=1.8)  # the r that makes way fades first

    def _short_beat(self) -> None:
        units, days = self.parameters.larger
        with self.beat("short", units=Count(units), days=Count(days), activation=self.activation):
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
