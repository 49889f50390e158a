"""The equations of a small network fold into vectors and a matrix: one line says what all of them say."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
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
    ramps_among,
)
from gradreel.scenes.lecture.three_days import A, R, ThreeDaysScene, X
from gradreel.scenes.mobjects.formula_growth import grow
from gradreel.scenes.mobjects.headings import next_heading
from gradreel.scenes.mobjects.lecture_formulas import (
    matrix_source,
    row_source,
    vector_output_source,
    vector_row_source,
    vector_sigmoid_output_source,
    vector_sigmoid_source,
)
from gradreel.scenes.mobjects.matrix_boxes import (
    BoxEquation,
    NumberBox,
    across_then_up,
    along_then_across,
    up_then_across,
)
from gradreel.scenes.mobjects.plot import segment
from gradreel.scenes.mobjects.text import TextMobject, formula, words
from gradreel.scenes.mobjects.ticks import number_text
from gradreel.scenes.style import FAINT, FULL, PRESENT, emphasis, emphasize, palette
from manim import (
    UP,
    Animation,
    AnimationGroup,
    FadeIn,
    FadeOut,
    Transform,
    TransformFromCopy,
    VGroup,
)
from pydantic import Field

WIDE = style.RIGHT_EDGE - style.LEFT_EDGE
TOP, BELOW = 2.15, -0.85  # where the boxes of both rows have their upper edge
ROOM = 1.95  # the height of a row's boxes, at most
CELL, LEAST_CELL = 29, 24
TIGHT, WIDER = 0.8, 1.05  # em beside signs, below
PARTS_SIZE, PARTS_Y = 60, 2.0  # of a = sigma(r) and r = b + W x above the line, before they are put in
SHORT_SIZE, SHORT_Y = 64, -1.5
EQUATION, CELL_LETTER = 46, 34
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
        self._build()
        self._fold_beat()
        self._rows_beat()
        self._output_beat()
        self._line_beat()
        self._short_beat()
        self.hand_on(*self.mobjects)  # theta begins with it all

    # -- what is on the screen -----------------------------------------------------------------------------------

    def _build(self) -> None:
        layers, there = unpack(self.run, self.theta), self.there
        column = {
            name: np.asarray(values)[:, None]
            for name, values in (("r", there.r[0]), ("bias", layers.biases[0]), ("x", there.x), ("a", there.a[0]))
        }
        blue = {name: (column[name], "blue") for name in ("r", "a")}
        sums = {
            "r": blue["r"],
            "bias": (column["bias"], "green"),
            "w": (layers.weights[0], "yellow"),
            "x": (column["x"], "text"),
        }
        out = {"y": (there.y, "blue"), "b": (layers.b, "grey"), "c": (layers.c[None, :], "magenta"), "a": blue["a"]}
        rows = max(self.n_units, self.n_features)
        size = max(LEAST_CELL, min(CELL, ROOM / (2.1 * rows + 0.35) / style.EM))
        self.sums = BoxEquation(vector_row_source(), ("r", "r-equals", "bias", "plus-in", "w", "x"), sums, size, ROOM)
        activated = {name: blue[name] for name in ("a", "r")}
        self.sigma = BoxEquation(
            vector_sigmoid_source(), ("a", "a-equals", "sigmoid", "r"), activated, LEAST_CELL, ROOM, "r", WIDER
        )
        self.output = BoxEquation(
            vector_output_source(), ("y", "equals", "b", "plus", "c", "a"), out, LEAST_CELL, ROOM, sign_gap=TIGHT
        )
        self.sums.shift([-self.sums.get_x(), TOP, 0])
        gap = (WIDE - self.sigma.width - self.output.width) / 3
        for equation, left in ((self.sigma, gap), (self.output, 2 * gap + self.sigma.width)):
            equation.shift([style.LEFT_EDGE + left - equation.get_left()[0], BELOW, 0])
        self.shapes = VGroup(*(box.shape_text() for box in self.sums.boxes.values()))
        self.sigma_word = self._sigma_word()
        self.c_column, self.c_letter = self._upright(layers.c)
        sources = [row_source(i, self.n_features) for i in range(1, self.n_units + 1)]
        size = min(EQUATION, EQUATION * WIDE / max(formula(source, EQUATION).width for source in sources))
        self.equations = [formula(source, size) for source in sources]
        pitch = min(0.95, 2.8 / max(1, self.n_units - 1))
        for i, equation in enumerate(self.equations):
            equation.place(-0.45 - pitch * i, left=-self.equations[0].width / 2)
        self.line = formula(matrix_source(), LINE_SIZE).move_to([0, LINE_Y, 0])

    def _sigma_word(self) -> TextMobject:
        """What sigma stands for, in letters: below it, or below the boxes where they leave no room."""
        sigma, a = self.sigma.text.part("sigmoid"), self.sigma.boxes["a"]
        word = words(self.activation, style.SMALLEST, palette.text)
        left, right = a.get_right()[0] + 0.08, self.sigma.text.part("brackets")[0].get_left()[0] - 0.08
        if word.width <= right - left:
            return word.place(sigma.get_bottom()[1] - 0.4, center=(left + right) / 2)
        return word.place(a.get_bottom()[1] - 0.35, center=sigma.get_x())

    def _upright(self, c: np.ndarray) -> tuple[NumberBox, VGroup]:
        """c as a column, where it will lie as a row, and its letter."""
        row = self.output.boxes["c"]
        column = NumberBox(c[:, None], "magenta", LEAST_CELL, self.output.boxes["a"].pitch)
        column.move_to(row)
        letter = self.output.text.part("c")[0].copy()
        above = letter.get_y() - row.get_top()[1]
        return column, letter.move_to([column.get_x(), column.get_top()[1] + above, 0])

    def _heading(self) -> str:
        return matrix_heading(self, self.n_units)

    def _cells_of(self, i: int) -> list[tuple[VGroup, str, tuple[int, int]]]:
        """Each letter of equation i, the box it goes to and its cell there."""
        equation = self.equations[i]
        cells = [(equation.part("r"), "r", (i, 0)), (equation.part("bias"), "bias", (i, 0))]
        for j in range(self.n_features):
            cells += [(equation.part(f"w_{j + 1}"), "w", (i, j)), (equation.part(f"x_{j + 1}"), "x", (j, 0))]
        return cells

    # -- beats ---------------------------------------------------------------------------------------------------

    def _fold_beat(self) -> None:
        with self.beat("fold" if self.n_units > 1 else "fold-one", count=Count(self.n_units)):
            # The surface goes, and its ramps fly back into the circles of the diagram, now small. Row by row its arrows
            # light up into r_i, and their equation comes below.
            # Kind by kind their letters go into boxes: the r's, the b's, all w's in their rows, and each x once. Then
            # the boxes' own letters say it in one line
            self._take_over()
            self._write_equations()
            self._put_into_boxes()
            self.play(FadeIn(self.shapes), run_time=0.4)
            self.short = formula(vector_row_source(), SHORT_SIZE).move_to([0, SHORT_Y, 0])
            self.play(FadeIn(self.short, shift=0.15 * UP), run_time=0.5)

    def _write_equations(self) -> None:
        diagram, nodes = self.diagram, self.diagram.columns[R].nodes
        self.title, arriving = next_heading(self._heading(), self.title)
        rows = [VGroup(*diagram.edges[X].into(i), nodes[i]) for i in range(self.n_units)]
        later = [*diagram.edges[R:], *diagram.columns[A:], diagram.boxes]
        tiles = ramps_among(self.written_on_it)
        gone = [FadeOut(part, run_time=0.5) for part in self.written_on_it if part not in tiles]
        self.play(AnimationGroup(*arriving), *gone)
        if self.n_features == 1:
            self.play(diagram.animate.scale(SMALL).move_to([0, SMALL_Y, 0]), run_time=0.9)
            self.play(*(emphasis(part, FAINT) for part in (*rows, *later)), run_time=0.4)
        else:
            diagram.scale(SMALL).move_to([0, SMALL_Y, 0])
            for part in (*rows, *later):
                emphasize(part, FAINT)
            circles = diagram.columns[A].nodes
            back = [FadeOut(tile, target_position=circles[i], scale=0.2) for i, tile in enumerate(tiles)]
            self.play(FadeIn(diagram), *back, run_time=0.8)
        for row, equation in zip(rows, self.equations, strict=True):
            self.play(emphasis(row, FULL), FadeIn(equation), run_time=max(0.3, 1.4 / self.n_units))
        self.wait(0.4)

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
        cells = [cell for i in range(self.n_units) for cell in self._cells_of(i)]
        self.play(FadeOut(self.diagram), run_time=0.3)
        self.placed = {name: [cell for cell in cells if cell[1] == name] for name in ("r", "bias", "w", "x")}
        text, signs = self.sums.text, VGroup(*(self._signs(equation) for equation in self.equations))
        for name, letters in self.placed.items():
            box = self.sums.boxes[name]
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
            # beside its own; with b, that is an r: one after the other. On their way they pass beneath the column x
            boxes = self.sums.boxes
            boxes["x"].set_z_index(1)
            for name in ("x", "w", "bias"):
                leaving = [FadeOut(letter) for letter, _, _ in self.placed[name]]
                self.play(*leaving, *(FadeIn(number) for number in boxes[name].cells), run_time=0.4)
            for i in range(self.n_units):
                self.play(*self._lit_row(i), run_time=0.3)
                row: list[Animation] = []
                if upright := self._stand_up(i):
                    self.remove(*boxes["w"].numbers[i])  # the row itself goes, and its place is free
                    self.play(*upright, run_time=1.1 if i == 0 else 0.7)
                    row = [FadeIn(number) for number in boxes["w"].numbers[i]]
                gone = [FadeOut(self.placed["r"][i][0]), *(FadeOut(moved.mobject) for moved in upright)]
                self.play(*gone, *row, FadeIn(boxes["r"].numbers[i][0]), run_time=0.5)
            self.play(*(emphasis(number, FULL) for name in ("w", "bias") for number in boxes[name].cells), run_time=0.4)
            boxes["x"].set_z_index(0)
            self.add(self.sums)

    def _stand_up(self, i: int) -> list[Animation]:
        """Each number of row i of W moves to the right of the x that it is multiplied with, where there is room.

        First along its row, whose numbers go ahead of it, and up or down only beneath the column x: it crosses none.
        """
        w, x = self.sums.boxes["w"], self.sums.boxes["x"]
        row = [VGroup(*(glyph for glyph in number[1:] if len(glyph.points))).copy() for number in w.numbers[i]]
        right = x.get_right()[0] + 0.2 + max(number.width for number in row)
        if right > style.RIGHT_EDGE:
            return []
        ends = [np.array([right - number.width / 2, x.place_of(j, 0)[1], 0.0]) for j, number in enumerate(row)]
        borders = float(x.get_left()[0]), float(x.get_right()[0])
        return [along_then_across(number, end, *borders) for number, end in zip(row, ends, strict=True)]

    def _lit_row(self, i: int) -> list[Animation]:
        """Row i of W and b is bright, the others step back."""
        rows = [self.sums.boxes[name].numbers for name in ("w", "bias")]
        return [
            emphasis(number, FULL if k == i else FAINT)
            for numbers in rows
            for k, row in enumerate(numbers)
            for number in row
        ]

    def _output_beat(self) -> None:
        with self.beat("output", activation=self.activation):
            # The r's go down and through the sigmoid, in short sigma, to the a's. The c's stand upright, then lie down
            # as a row: c transposed, times a, plus the other b, is y
            sigma, output = self.sigma, self.output
            dimmed = [emphasis(part, PRESENT) for part in (self.sums, self.shapes)]
            self.play(*dimmed, FadeOut(self.short), run_time=0.5)
            self.play(TransformFromCopy(self.sums.boxes["r"], sigma.boxes["r"]), run_time=0.8)
            self.play(FadeIn(self.sigma_word), FadeIn(sigma.text.part("r"), sigma.text.part("brackets")), run_time=0.5)
            self.play(TransformFromCopy(self.sigma_word, sigma.text.part("sigmoid")), run_time=0.7)
            self.play(FadeIn(sigma.boxes["a"], sigma.text.part("a"), sigma.text.part("a-equals")), run_time=0.5)
            self.add(sigma.text)
            self.play(FadeIn(self.c_column, self.c_letter), run_time=0.5)
            self.wait(0.2)
            self._lay_down()
            self.play(TransformFromCopy(sigma.boxes["a"], output.boxes["a"]), run_time=1.1)
            self.play(FadeIn(output.boxes["b"]), *self._rest_of(output.text, "c"), run_time=0.5)
            self.play(FadeIn(output.boxes["y"]), run_time=0.5)
            self.add(output.text)

    def _lay_down(self) -> None:
        """The column of the c's tips over and is a row; its letter gets a T."""
        row, text = self.output.boxes["c"], self.output.text.part("c")
        cells = zip(self.c_column.cells, row.cells, strict=True)
        column = self.c_column
        self.play(
            Transform(column.box, row.box),
            *(number.animate.shift(goal.anchor.points[0] - number.anchor.points[0]) for number, goal in cells),
            Transform(self.c_letter, text[0]),
            FadeIn(text[1:]),
            run_time=1.0,
        )
        self.remove(column, self.c_letter)
        self.add(row, *text)

    @staticmethod
    def _rest_of(text: TextMobject, name: str) -> list[Animation]:
        """All of a formula comes but the part ``name``, which is there."""
        return [FadeIn(glyph) for k, glyph in enumerate(text) if k not in text.parts[name]]

    def _line_beat(self) -> None:
        with self.beat("line"):
            # The boxes go, their three equations stay. Into y = b + c^T a goes sigma(r) for a, and b + W x for r
            boxes = [box for equation in (self.sums, self.sigma, self.output) for box in equation.boxes.values()]
            gone = [*boxes, self.shapes, self.sigma_word, self.source]
            self.play(*(FadeOut(box) for box in gone), emphasis(self.sums.text, FULL), run_time=0.5)
            r = formula(vector_row_source(), PARTS_SIZE).move_to([-3.3, PARTS_Y, 0])
            a = formula(vector_sigmoid_source(), PARTS_SIZE).move_to([3.3, PARTS_Y, 0])
            y = formula(vector_output_source(), LINE_SIZE).move_to([0, LINE_Y, 0])
            olds = (self.sums.text, self.sigma.text, self.output.text)
            self.play(
                *(step for old, new in zip(olds, (r, a, y), strict=True) for step in grow(old, new)), run_time=1.3
            )
            self.wait(0.4)
            between = formula(vector_sigmoid_output_source(), LINE_SIZE).move_to([0, LINE_Y, 0])
            self.play(*grow([y, a], between, ends={"a": "sigmoid"}), run_time=1.6)
            self.wait(0.6)
            self.play(*grow([between, r], self.line, ends={"r": "plus-in"}), run_time=1.8)

    def _short_beat(self) -> None:
        units, days = self.parameters.larger
        with self.beat("short", units=number_text(units), days=number_text(days), activation=self.activation):
            # However large W is, the line stays the same. It is what step one looked for
            small, large = self._size_of_w(self.n_units, self.n_features), self._size_of_w(units, days)
            self.play(FadeIn(small, shift=0.1 * UP), run_time=0.6)
            self.wait(0.5)
            self.play(Transform(small[1], large[1]), run_time=0.9)
            self.wait(1.4)
            self.step = function_words(self)
            self.play(FadeOut(small), FadeIn(self.step, shift=0.15 * UP), run_time=0.7)

    def _size_of_w(self, rows: int, columns: int) -> VGroup:
        """How large W is, on a stem below its letter."""
        letter, foot = self.line.part("w"), self.line.get_bottom()[1]
        stem = segment([letter.get_x(), foot - 0.1, 0], [letter.get_x(), foot - 0.4, 0], palette.axis, style.AXIS)
        size = formula(f'yellow("{number_text(rows)}" times "{number_text(columns)}")', style.SUBTITLE)
        return VGroup(stem, size.place(foot - 0.85, center=letter.get_x()))

    @staticmethod
    def _signs(equation: TextMobject) -> VGroup:
        """The equals sign and the pluses, which are no named parts."""
        named = {k for indices in equation.parts.values() for k in indices}
        return VGroup(*(glyph for k, glyph in enumerate(equation) if k not in named))
