"""The equations of a small network fold into vectors and a matrix: one line says what all of them say."""

from __future__ import annotations

import numpy as np
from gradreel.core.theta import unpack
from gradreel.scenes import style
from gradreel.scenes.counts import Count
from gradreel.scenes.lecture.three_days import ThreeDaysScene
from gradreel.scenes.mobjects.formula_growth import grow
from gradreel.scenes.mobjects.headings import next_heading
from gradreel.scenes.mobjects.lecture_formulas import (
    many_features_source,
    matrix_source,
    row_source,
    vector_output_source,
    vector_row_source,
    vector_sigmoid_source,
)
from gradreel.scenes.mobjects.matrix_boxes import BoxEquation, NumberBox
from gradreel.scenes.mobjects.plot import polyline
from gradreel.scenes.mobjects.text import TextMobject, formula
from gradreel.scenes.style import FAINT, FULL, PRESENT, emphasis, palette
from manim import UP, Animation, AnimationGroup, FadeIn, FadeOut, LaggedStart, TransformFromCopy, VGroup

WIDE = style.RIGHT_EDGE - style.LEFT_EDGE
TOP, BELOW = 2.15, -0.85  # where the boxes of both rows have their upper edge
ROOM = 1.95  # the height of a row's boxes, at most
CELL, LEAST_CELL = 29, 24
TIGHT = 0.8  # em beside signs, below
LINE_SIZE, LINE_Y = 76, -1.7
EQUATION, CELL_LETTER = 46, 34


class MatrixForm(ThreeDaysScene):
    """Three equations become one: r = b + W x, a = sigma(r), y = b + c^T a, with one day's numbers in boxes."""

    def construct(self) -> None:
        self.read_the_run()
        self._build()
        self._equations_beat()
        self._fold_beat()
        self._numbers_beat()
        self._output_beat()
        self._line_beat()

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
            vector_sigmoid_source(), ("a", "a-equals", "sigmoid", "r"), activated, LEAST_CELL, ROOM, "r", TIGHT
        )
        self.output = BoxEquation(
            vector_output_source(), ("y", "equals", "b", "plus", "c", "a"), out, LEAST_CELL, ROOM, sign_gap=TIGHT
        )
        self.sums.shift([-self.sums.get_x(), TOP, 0])
        gap = (WIDE - self.sigma.width - self.output.width) / 3
        for equation, left in ((self.sigma, gap), (self.output, 2 * gap + self.sigma.width)):
            equation.shift([style.LEFT_EDGE + left - equation.get_left()[0], BELOW, 0])
        self.shapes = VGroup(*(box.shape_text() for box in self.sums.boxes.values()))
        self.whole = self._fitted(many_features_source(self.n_units, self.n_features, self.run.activation), EQUATION)
        self.whole.place(1.93, center=0)
        self.equations = [self._fitted(row_source(i, self.n_features), EQUATION) for i in range(1, self.n_units + 1)]
        pitch = min(0.95, 2.8 / max(1, self.n_units - 1))
        for i, equation in enumerate(self.equations):
            equation.place(-0.45 - pitch * i, left=-self.equations[0].width / 2)
        self.line = formula(matrix_source(), LINE_SIZE).move_to([0, LINE_Y, 0])

    def _heading(self) -> str:
        return self.screen("heading-one" if self.n_units == 1 else "heading", count=Count(self.n_units))

    @staticmethod
    def _fitted(source: str, size: float) -> TextMobject:
        text = formula(source, size)
        return text if text.width <= WIDE else formula(source, size * WIDE / text.width)

    def _cells_of(self, i: int) -> list[tuple[VGroup, str, tuple[int, int]]]:
        """Each letter of equation i, the box it goes to and its cell there."""
        equation = self.equations[i]
        cells = [(equation.part("r"), "r", (i, 0)), (equation.part("bias"), "bias", (i, 0))]
        for j in range(self.n_features):
            cells += [(equation.part(f"w_{j + 1}"), "w", (i, j)), (equation.part(f"x_{j + 1}"), "x", (j, 0))]
        return cells

    # -- beats ---------------------------------------------------------------------------------------------------

    def _equations_beat(self) -> None:
        with self.beat("equations" if self.n_units > 1 else "equation", count=Count(self.n_units)):
            # The formula's bracket comes out as what it stands for: an equation for each sigmoid, index upon index
            self.title, arriving = next_heading(self._heading())
            whole = self.whole
            self.play(*arriving, FadeIn(whole), FadeIn(self.data_words()), run_time=0.7)
            inside = ("bias", "plus-in", "sum-in", "w", "x", "brackets")
            self.play(*(emphasis(whole.part(name), FAINT) for name in whole.parts if name not in inside), run_time=0.5)
            origins = {f"{name}_{j}": name for name in ("w", "x") for j in range(1, self.n_features + 1)}
            growing = [AnimationGroup(*grow(whole.copy(), equation, origins)) for equation in self.equations]
            self.play(LaggedStart(*growing, lag_ratio=0.35), run_time=3.0)

    def _fold_beat(self) -> None:
        with self.beat("fold"):
            # Kind by kind the letters go into boxes: the r's, the b's, all w's in their rows, and each x once. Then the
            # boxes' own letters say it in one line
            cells = [cell for i in range(self.n_units) for cell in self._cells_of(i)]
            self.play(FadeOut(self.whole), run_time=0.4)
            self.placed = {name: [cell for cell in cells if cell[1] == name] for name in ("r", "bias", "w", "x")}
            text, signs = self.sums.text, VGroup(*(self._signs(equation) for equation in self.equations))
            for name, letters in self.placed.items():
                box = self.sums.boxes[name]
                moves = [
                    self._into_cell(letter, box, cell, k < self.n_features or name != "x")  # each x is written once
                    for k, (letter, _, cell) in enumerate(letters)
                ]
                coming = [FadeIn(box.box), FadeIn(text.part(name))]
                if name == "x":
                    coming += [FadeOut(signs), FadeIn(VGroup(text.part("r-equals"), text.part("plus-in")))]
                self.play(*coming, *moves, run_time=1.3)
            self.play(FadeIn(self.shapes), run_time=0.4)
            self.short = formula(vector_row_source(), LINE_SIZE).move_to([0, LINE_Y, 0])
            self.play(*grow(text.copy(), self.short), run_time=1.4)

    @staticmethod
    def _into_cell(letter: VGroup, box: NumberBox, cell: tuple[int, int], seen: bool = True) -> Animation:
        letter.set_z_index(1)  # over the boxes, which come to the screen after the equations
        moving = letter.animate.scale(CELL_LETTER / EQUATION * min(1.0, 2 * box.pitch)).move_to(box.place_of(*cell))
        return moving if seen else moving.set_opacity(0)

    def _numbers_beat(self) -> None:
        with self.beat("numbers" if self.n_units > 1 else "numbers-one"):
            # Numbers take the letters' places. Row by row of W, times the column x, plus b: one r after the other
            boxes = self.sums.boxes
            for name in ("x", "w", "bias"):
                leaving = [FadeOut(letter) for letter, _, _ in self.placed[name]]
                self.play(*leaving, *(FadeIn(number) for number in boxes[name].cells), run_time=0.5)
            for i in range(self.n_units):
                others = [
                    number
                    for name in ("w", "bias")
                    for k, row in enumerate(boxes[name].numbers)
                    for number in row
                    if k != i
                ]
                lit = [*boxes["w"].numbers[i], *boxes["bias"].numbers[i]]
                self.play(
                    *(emphasis(number, FAINT) for number in others),
                    *(emphasis(number, FULL) for number in lit),
                    run_time=0.4,
                )
                self.play(FadeOut(self.placed["r"][i][0]), FadeIn(boxes["r"].numbers[i][0]), run_time=0.6)
            self.play(*(emphasis(number, FULL) for name in ("w", "bias") for number in boxes[name].cells), run_time=0.4)
            self.add(self.sums)

    def _output_beat(self) -> None:
        with self.beat("output", activation=self.run.activation.replace("_", " ").replace("relu", "ReLU")):
            # The r's go down and through sigma to the a's; c transposed, times a, plus the other b, is y
            sigma, output = self.sigma, self.output
            dimmed = [emphasis(part, PRESENT) for part in (self.sums, self.shapes)]
            self.play(*dimmed, FadeOut(self.short), run_time=0.5)
            self.play(TransformFromCopy(self.sums.boxes["r"], sigma.boxes["r"]), run_time=0.9)
            self.play(FadeIn(sigma.text), run_time=0.5)
            self.play(FadeIn(sigma.boxes["a"]), run_time=0.5)
            self.play(TransformFromCopy(sigma.boxes["a"], output.boxes["a"]), run_time=0.9)
            self.play(FadeIn(output.boxes["c"], output.boxes["b"], output.text), run_time=0.6)
            self.play(FadeIn(output.boxes["y"]), run_time=0.5)

    def _line_beat(self) -> None:
        with self.beat("line"):
            # The lower boxes go. r is put where it stands for, and a: what is left is a single line
            lower = [box for equation in (self.sigma, self.output) for box in equation.boxes.values()]
            self.play(*(FadeOut(box) for box in lower), emphasis(self.sums, FULL), run_time=0.6)
            above = self.sums.text.copy()
            ends = {"r": "plus-in", "a": "sigmoid"}
            self.play(*grow([self.output.text, self.sigma.text, above], self.line, ends=ends), run_time=2.4)
            self.play(FadeIn(self._bracket(), shift=0.1 * UP), run_time=0.6)

    def _bracket(self) -> VGroup:
        """A bracket beneath b + W x that says it is r."""
        inner = VGroup(*(self.line.part(name) for name in ("bias", "plus-in", "w", "x")))
        left, right, y = inner.get_left()[0], inner.get_right()[0], self.line.get_bottom()[1] - 0.12
        middle = (left + right) / 2
        hook = polyline(
            np.array([[left, y + 0.13, 0], [left, y, 0], [right, y, 0], [right, y + 0.13, 0]]), palette.axis, 2
        )
        stem = polyline(np.array([[middle, y, 0], [middle, y - 0.13, 0]]), palette.axis, 2)
        return VGroup(hook, stem, formula("blue(bold(r))", 52).place(y - 0.58, center=middle))

    @staticmethod
    def _signs(equation: TextMobject) -> VGroup:
        """The equals sign and the pluses, which are no named parts."""
        named = {k for indices in equation.parts.values() for k in indices}
        return VGroup(*(glyph for k, glyph in enumerate(equation) if k not in named))
