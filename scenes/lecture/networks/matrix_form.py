"""The equations of the network of three days as vectors and a matrix: r = b + W x, a = sigma(r), y = b + c^T a."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Self

import numpy as np
from gradreel.core.network.activations import ACTIVATIONS
from gradreel.core.network.theta import unpack
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene
from gradreel.scenes.lecture.networks.network_diagram import network_diagram_end, zh_views
from gradreel.scenes.lecture.networks.pictures.matrix_board import (
    BESIDE_X,
    EQUATION,
    GrowingGrid,
    MatrixBoard,
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
    vector_sigmoid_source,
)
from gradreel.scenes.mobjects.network_diagram import LayerDiagram
from gradreel.scenes.mobjects.network_parts import Pulse
from gradreel.scenes.mobjects.network_sum import LINE, WrittenSum
from gradreel.scenes.mobjects.plot import ring, segment
from gradreel.scenes.mobjects.printed_arithmetic import Places
from gradreel.scenes.mobjects.text import TextMobject, caption, formula, heading, words
from gradreel.scenes.style import FAINT, FULL, emphasis, emphasize, mix, palette
from gradreel.scenes.words.claims import Claim, claim
from gradreel.scenes.words.counts import Count
from gradreel.scenes.words.numbers import number_text
from manim import (
    RIGHT,
    UP,
    Animation,
    AnimationGroup,
    FadeIn,
    FadeOut,
    LaggedStart,
    ReplacementTransform,
    Transform,
    UpdateFromAlphaFunc,
    VGroup,
    VMobject,
    smooth,
    squish_rate_func,
    there_and_back,
)
from pydantic import Field, model_validator

SMALL, SMALL_Y = 0.5, 1.45  # of the diagram above the equations
CELL_LETTER = 34  # of an equation's letters in the boxes
WRITTEN_Y = -2.75  # baseline of a row in numbers
BUNDLES, BESIDE_NODE = (-2.0, 6.0, -1.72, -0.05), 0.3  # box of x, r and y, of which x and r are drawn; to a letter
SHORT_SIZE, SHORT_Y = 64, -1.5  # of r = b + W x below its boxes
PARTS_SIZE, PARTS_Y = 60, 2.2  # of a = sigma(r) and r = b + W x above, until they are put in
A_X, R_X = 0.3, 4.2  # each over its place there, so that it crosses nothing
LINE_SIZE, LINE_Y = 76, 0.3  # of y = b + c^T sigma(b + W x)

Units = Annotated[int, Field(ge=6, le=10_000)]
Days = Annotated[int, Field(ge=1, le=3650)]


class MatrixForm(ThreeDaysScene):
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

    def claims(self) -> Iterator[Claim]:
        self.read_the_run()
        layers = unpack(self.run, self.theta)
        r = layers.biases[0] + layers.weights[0] @ self.example.x
        y = float(layers.b + layers.c @ ACTIVATIONS[self.run.activation].value(r))
        printed = [number_text(value, self.decimals) for value in (y, self.there.y)]
        yield claim("output", "vectors and matrix give the network's own output", printed[0] == printed[1], y=printed)

    def construct(self) -> None:
        self.read_the_run()
        self.board = self._build_board()
        self.line, self.step, _ = matrix_form_end(self, self.n_units)
        self._fold_beat()
        self._rows_beat()
        self._sigma_beat()
        self._output_beat()
        self._line_beat()
        self._short_beat()
        self.hand_on(*self.mobjects)  # theta begins with it all: `matrix_form_end`

    def _build_board(self) -> MatrixBoard:
        """Its numbers have the decimals that sums take to be right; fewer where rows of W have no room to stand up."""
        layers = unpack(self.run, self.theta)
        output = dict(zip(("b", "c", "a"), self.output_sum().places, strict=True))
        start, first, second = self.row_sum(0).places
        for fewer in range(start - 1):
            decimals = {"bias": start - fewer, "w": first - fewer, "x": second, "y": self.decimals, **output}
            board = MatrixBoard(layers, self.there, self.activation, decimals)
            if board.has_room_beside_x:
                break
        return board

    # -- equations into boxes ----------------------------------------------------------------------------------------

    def _fold_beat(self) -> None:
        with self.beat("fold", pause="short", count=Count(self.n_units)):
            # The surface goes with all that is beside it, and the diagram comes, now small. Row by row its arrows light
            # up into r_i, and their equation comes below.
            # Kind by kind their letters go into boxes: the r's, the b's, all w's in their rows, and each x once. Then
            # the boxes' own letters say it in one line
            self._write_equations()
            self._put_into_boxes()
            self.short = formula(vector_row_source(), SHORT_SIZE).move_to([0, SHORT_Y, 0])
            self.play(FadeIn(self.short, shift=0.15 * UP), run_time=0.5)

    def _write_equations(self) -> None:
        self.build_diagram()
        leaving, source, title = network_diagram_end(self)
        diagram, nodes = self.diagram, self.diagram.columns[R].nodes
        self.add(*leaving, source, title)  # as the last scene left it
        _, arriving = next_heading(matrix_heading(self, self.n_units), title)
        rows = [VGroup(*diagram.edges[X].into(i), nodes[i]) for i in range(self.n_units)]
        later = [*diagram.edges[R:], *diagram.columns[A:], diagram.boxes]
        gone = [FadeOut(part, run_time=0.5) for part in (*leaving, source)]
        self.play(AnimationGroup(*arriving, run_time=0.6), *gone)  # soon: the equations are spoken of at once
        diagram.scale(SMALL).move_to([0, SMALL_Y, 0])
        for part in (*rows, *later):
            emphasize(part, FAINT)
        self.play(FadeIn(diagram), run_time=0.4)
        for row, equation in zip(rows, self.board.equations, strict=True):
            self.play(emphasis(row, FULL), FadeIn(equation), run_time=0.3)
        self.until("boxes")

    def _put_into_boxes(self) -> None:
        self.play(FadeOut(self.diagram), run_time=0.3)
        self.placed = self.board.letters()
        text, signs = self.board.sums.text, self.board.signs()
        for name, letters in self.placed.items():
            self.until(name)
            moves = [self._into_cell(name, letter, cell) for letter, cell in letters]
            coming = [FadeIn(self.board.sums.boxes[name].box), FadeIn(text.part(name))]
            if name == "x":
                coming += [FadeOut(signs), FadeIn(VGroup(text.part("r-equals"), text.part("plus-in")))]
                for again in moves[self.n_features :]:  # each x once
                    again.set_opacity(0)
            self.play(*coming, *moves, run_time=1.1)

    def _into_cell(self, name: str, letter: VGroup, cell: tuple[int, int]) -> Animation:
        """Up, then sideways, so that no other letter is crossed; the x's, which have W above them, sideways first.

        The w's have the b's above them: up only as far as the first equation, then straight to their cells.
        """
        box = self.board.sums.boxes[name]
        end = box.place_of(*cell)
        letter.set_z_index(1)  # over the boxes, which come to the screen after the equations
        way = across_then_up if name == "x" else up_then_across
        if name == "w":
            way = up_then_straight(letter.get_center(), end, float(self.board.equations[0].part("w_1").get_y()))
        return letter.animate(path_func=way).scale(CELL_LETTER / EQUATION * min(1.0, 2 * box.pitch)).move_to(end)

    # -- a row of W, times the column x ------------------------------------------------------------------------------

    def _rows_beat(self) -> None:
        with self.beat("rows", pause="short"):
            # The trained network's numbers take the letters' places, and a note says what they are. Below come the x's
            # and r's with their lines. A row of W lights up together with its bundle of lines, and stands up beside the
            # column x. Product after product is written down while its x runs along its line; then b: that is r_1. The
            # others only stand up, dots run, and their result is there. On their way they pass beneath the column x
            boxes = self.board.sums.boxes
            boxes["x"].set_z_index(1)
            first = self.written_row(0, WRITTEN_Y + LINE, self._shown_places("bias", "w", "x"))
            names = ("x", "w", "bias")
            leaving = [FadeOut(letter) for name in names for letter, _ in self.placed[name]]
            coming = [FadeIn(number) for name in names for number in boxes[name].cells]
            self.note = caption(self.screen("numbers"))
            about = self._about(self.board.sums.text.part("r-equals"))
            self.bundles = self._build_bundles()
            self.play(*leaving, *coming, about, FadeIn(self.note), FadeOut(self.short), run_time=0.6)
            self.play(FadeIn(self.bundles), run_time=0.4)
            self._light_row(0)
            self._pull_through(0, 0.8)
            self._write_the_sum(first)
            self._result(0)
            self.until("again")
            self.play(*map(FadeOut, self.written), run_time=0.3)
            for i in range(1, self.n_units):
                self._light_row(i)
                self._pull_through(i, 0.4)
                self.play(Pulse(self.bundle_edges.into(i), palette.text).run(0.6))
                self._result(i)
            lights = [emphasis(number, FULL) for name in ("w", "bias") for number in boxes[name].cells]
            self.play(*lights, FadeOut(self.bundles), run_time=0.4)
            self.play(FadeIn(self.short), run_time=0.3)
            boxes["x"].set_z_index(0)
            self.add(self.board.sums)

    def _build_bundles(self) -> VGroup:
        """The x's and the r's with all lines between them, below the boxes; sets ``bundle_edges``."""
        diagram = LayerDiagram((self.n_features, self.n_units, 1), BUNDLES)
        self.bundle_edges = diagram.edges[X]
        letters = VGroup()
        for k, (letter, side) in enumerate((("x", -1), ("r", 1))):
            for i, node in diagram.columns[k].nodes.items():
                text = formula(f"{letter}_{i + 1}", style.LETTER, palette.dim)
                letters.add(text.move_to(node.get_center() + side * (node.half_width + BESIDE_NODE) * RIGHT))
        return VGroup(self.bundle_edges, *diagram.columns[:2], letters)

    def _light_row(self, i: int) -> None:
        """Row i of W, its b, and its bundle of lines are bright."""
        boxes = self.board.sums.boxes
        lights = [
            emphasis(number, FULL if k == i else FAINT)
            for name in ("w", "bias")
            for k, numbers in enumerate(boxes[name].numbers)
            for number in numbers
        ]
        lights += [emphasis(line, FULL if k == i else FAINT) for (k, _), line in self.bundle_edges.lines.items()]
        self.play(*lights, run_time=0.3)

    def _pull_through(self, i: int, seconds: float) -> None:
        """Row i of W stands up beside x."""
        self.upright = self._stand_up(i)
        if self.upright:
            self.remove(*self.board.sums.boxes["w"].numbers[i])  # the row itself goes, and its place is free
            self.play(*self.upright, run_time=seconds)

    def _result(self, i: int) -> None:
        """r_i takes its letter's place, and row i of W is back in its own."""
        boxes = self.board.sums.boxes
        back = [FadeIn(number) for number in boxes["w"].numbers[i]] if self.upright else []
        first, then = squish_rate_func(smooth, 0.0, 0.5), squish_rate_func(smooth, 0.5, 1.0)
        gone = [FadeOut(self.placed["r"][i][0], rate_func=first), *(FadeOut(moved.mobject) for moved in self.upright)]
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

    # -- sigma, and the output ---------------------------------------------------------------------------------------

    def _sigma_beat(self) -> None:
        with self.beat("sigma", pause="short", activation=self.activation):
            # r = b + W x is short now, and goes up. The r's go through the sigmoid, in short sigma, to the a's
            board, sigma = self.board, self.board.sigma
            self._leave_the_sums()
            self.play(FadeIn(sigma.text.part("r"), sigma.text.part("brackets")), run_time=0.3)
            self.play(FadeIn(sigma.text.part("sigmoid"), board.sigma_word, shift=0.15 * UP), run_time=0.4)
            if not self._a_is_exact():
                equals = sigma.text.part("a-equals")
                equals[0].become(_approximate(equals))
            self.until("a")
            self.play(FadeIn(sigma.boxes["a"], sigma.text.part("a"), sigma.text.part("a-equals")), run_time=0.4)
            self.add(sigma.text)

    def _output_beat(self) -> None:
        with self.beat("output", **self.outcome, **zh_views(self.outcome)):
            # That goes up, too, and the a's stay. The c's stand upright, then lie down as a row: c transposed, times a,
            # pair by pair, plus the single b, which lights up last, is y, whose box is there from the start
            board, output = self.board, self.board.output
            self._leave_sigma()
            self.play(FadeIn(board.c_column, board.c_letter), run_time=0.3)
            self._lay_down()
            self.until("times")
            y = output.boxes["y"]
            rest = [FadeIn(glyph) for k, glyph in enumerate(output.text) if k not in output.text.parts["c"]]
            self.play(FadeIn(output.boxes["b"], y.box), *rest, run_time=0.5)
            self.add(output.text)
            self._multiply()
            self.play(FadeIn(*y.cells), self._about(output.text.part("equals")), run_time=0.4)
            self.add(y)
            self.until("same")
            self.play(VGroup(*y.cells).animate(rate_func=there_and_back).scale(1.5), run_time=0.9)
            self.add(y)

    def _a_is_exact(self) -> bool:
        """Whether the activation of the r's, as they are printed, is what is printed of the a's."""
        boxes = self.board.sigma.boxes
        r, a = ([float(cell.text.replace("\u2212", "-")) for cell in boxes[name].cells] for name in ("r", "a"))
        return np.array_equal(ACTIVATIONS[self.run.activation].value(r), a)

    def _leave_the_sums(self) -> None:
        """r = b + W x goes up as a whole; of the boxes only the r's stay, and go into sigma."""
        sums, sigma = self.board.sums, self.board.sigma
        r = sums.boxes["r"].copy()
        self.add(r)
        gone = FadeOut(sums, run_time=0.4)
        late = squish_rate_func(smooth, 0.4, 1.0)  # both ways lead over the other boxes
        up = self.short.animate(run_time=0.9, rate_func=late).scale(PARTS_SIZE / SHORT_SIZE).move_to([R_X, PARTS_Y, 0])
        self.play(gone, up, ReplacementTransform(r, sigma.boxes["r"], run_time=0.9, rate_func=late))

    def _leave_sigma(self) -> None:
        """a = sigma(r) closes up and goes up; of its boxes only the a's stay, and go to their place beside c."""
        board, sigma = self.board, self.board.sigma
        a = sigma.boxes["a"].copy()
        self.remove(sigma.boxes["a"])
        self.add(a)
        self.a_line = formula(vector_sigmoid_source(), PARTS_SIZE).move_to([A_X, PARTS_Y, 0])
        gone = FadeOut(sigma.boxes["r"], board.sigma_word, rate_func=squish_rate_func(smooth, 0.0, 0.35))
        late = squish_rate_func(smooth, 0.35, 1.0)  # its way leads over the r's
        moved = ReplacementTransform(a, board.output.boxes["a"], rate_func=late)
        self.play(gone, moved, *grow(sigma.text, self.a_line), run_time=0.9)

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
            run_time=0.7,
        )
        self.remove(column, letter)
        self.add(row, *text)

    def _multiply(self) -> None:
        """c transposed times a: each pair lights up, then b."""
        boxes = self.board.output.boxes
        terms = [*zip(boxes["c"].cells, boxes["a"].cells, strict=True), tuple(boxes["b"].cells)]
        self.play(*(emphasis(number, FAINT) for term in terms for number in term), run_time=0.3)
        steps = [AnimationGroup(*(emphasis(number, FULL) for number in term)) for term in terms]
        self.play(LaggedStart(*steps, lag_ratio=0.6), run_time=min(2.0, 0.45 * len(steps)))

    # -- one line ----------------------------------------------------------------------------------------------------

    def _line_beat(self) -> None:
        with self.beat("line", pause="long"):
            # The boxes go, the equation closes up. Into y = b + c^T a goes sigma(r) for a, and b + W x for r
            output, r, a = self.board.output, self.short, self.a_line
            gone = [FadeOut(part, run_time=0.5) for part in (*output.boxes.values(), self.note)]
            y = formula(vector_output_source(), LINE_SIZE).move_to([0, LINE_Y, 0])
            self.play(*gone, *grow(output.text, y))
            between = formula(vector_sigmoid_output_source(), LINE_SIZE).move_to([0, LINE_Y, 0])
            self.play(*grow([y, a], between, ends={"a": "sigmoid"}), run_time=1.6)
            self.until("r")
            self.play(*grow([between, r], self.line), run_time=2.2)  # the r that makes way fades first

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
            self.until("step")
            self.play(FadeOut(stem, grid, large), run_time=0.4)
            self.play(FadeIn(self.step, shift=0.15 * UP), run_time=0.5)

    def _size_of_w(self, rows: int, columns: int, share: float) -> TextMobject:
        """How large W is, right of its grid when that has grown so far."""
        size = formula(f'yellow("{number_text(rows)}" times "{number_text(columns)}")', style.SUBTITLE)
        right = self.grid.show(share).get_right()[0] + 0.3
        return size.place(self.line.get_bottom()[1] - 1.0, left=min(right, style.RIGHT_EDGE - size.width))

    # -- sums in numbers -----------------------------------------------------------------------------------------------

    def _write_the_sum(self, row: WrittenSum) -> None:
        """r_1, in its letter, and its numbers: the products, then b, which is added, and what it comes to.

        ``row`` has its letters in the line above; they are not shown.
        """
        letter = row.letters.part("r").shift([0, -LINE, 0])
        self.play(FadeIn(letter, row.equals), run_time=0.2)
        for line, product in zip(self.bundle_edges.into(0), row.numbers[1:], strict=True):
            seconds = min(0.7, 2.4 / self.n_features)
            self.play(Pulse(VGroup(line), palette.text).run(seconds), FadeIn(product, shift=0.1 * UP), run_time=seconds)
        self.play(FadeIn(row.numbers[0], shift=0.1 * UP), run_time=0.4)
        self.play(FadeIn(row.total), run_time=0.4)
        self.written = [letter, row.line]
        self.add(*self.written)

    def _shown_places(self, *names: str) -> Places:
        """The decimals of these boxes: a sum has its numbers as they are there."""
        start, first, second = (self.board.sums.boxes[name].decimals for name in names)
        return start, first, second

    @staticmethod
    def _about(equals: VGroup) -> Animation:
        """Between boxes of numbers, which are rounded, the sign says so."""
        return Transform(equals[0], _approximate(equals))


def _approximate(equals: VGroup) -> VMobject:
    """The sign that numbers are rounded, in the place of an equals sign."""
    sign = formula("approx", 50).scale_to_fit_width(equals.width).set_color(equals[0].get_fill_color())
    return sign[0].move_to(equals)


def matrix_heading(scene: LectureScene, units: int) -> str:
    """The heading of matrix-form for so many equations."""
    key = "heading-one" if units == 1 else "heading"
    return scene.words_of.screen("matrix-form", key, scene.context.language, {"count": Count(units)})


def matrix_form_end(scene: LectureScene, units: int) -> tuple[TextMobject, VGroup, TextMobject]:
    """What matrix-form leaves on the screen, for theta, which begins with it: the line, what it is, the heading.

    What it is: step 1 of the three, the function with unknowns. ``units``: of how many equations it is made.
    """
    line = formula(matrix_source(), LINE_SIZE).move_to([0, LINE_Y, 0])
    name = scene.words_of.screen("part-map", "function", scene.context.language, {})
    badge = ring((0, 0, 0), 0.3, palette.text, fill=mix(palette.text, 0.13))
    number = words("1", style.HEADING).place(-0.13, center=0.0)
    step = VGroup(badge, number, words(name, style.HEADING).place(-0.13, left=0.5)).move_to([0, LINE_Y - 1.5, 0])
    return line, step, heading(matrix_heading(scene, units))
