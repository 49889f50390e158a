"""The beat of matrix-form after its sums: a = sigma(r), then y = b + c^T a, large, one after the other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from gradreel.core.network.activations import ACTIVATIONS
from gradreel.core.network.theta import unpack
from gradreel.scenes.lecture.networks.pictures.matrix_board import MatrixBoard
from gradreel.scenes.lecture.networks.pictures.matrix_boxes import BoxEquation, places
from gradreel.scenes.lecture.three_days import ThreeDaysScene
from gradreel.scenes.mobjects.arithmetic import Places
from gradreel.scenes.mobjects.formula_growth import grow
from gradreel.scenes.mobjects.lecture_formulas import vector_sigmoid_source
from gradreel.scenes.mobjects.network_sum import LINE, WrittenSum
from gradreel.scenes.mobjects.text import TextMobject, formula
from gradreel.scenes.style import FAINT, FULL, emphasis
from manim import (
    UP,
    Animation,
    AnimationGroup,
    FadeIn,
    FadeOut,
    LaggedStart,
    ReplacementTransform,
    Transform,
    VGroup,
    VMobject,
    smooth,
    squish_rate_func,
)

PARTS_SIZE, PARTS_Y = 60, 2.2  # of a = sigma(r) and r = b + W x above, until they are put in
A_X, R_X = 0.3, 4.2  # each over its place there, so that it crosses nothing
SHORT_SIZE = 64  # of r = b + W x below its boxes
OUTPUT_Y = -2.7  # baseline of y in numbers


class OutputBeat(ThreeDaysScene):
    """Where the r's are known and r = b + W x is ``short``: what comes of them, on the ``board``.

    In the end ``a_line``, a = sigma(r), stands above with ``short``; ``written`` holds what is written out in numbers.
    """

    board: MatrixBoard
    short: TextMobject
    written: list[VGroup]

    def _output_beat(self) -> None:
        with self.beat("output", activation=self.activation):
            # r = b + W x is short now, and goes up. The r's go through the sigmoid, in short sigma, to the a's; that
            # goes up, too, and the a's stay. The c's stand upright, then lie down as a row: c transposed, times a, pair
            # by pair, plus the single b, is y, whose box is there from the start
            board, sigma, output = self.board, self.board.sigma, self.board.output
            self._leave_the_sums()
            self.play(FadeIn(sigma.text.part("r"), sigma.text.part("brackets")), run_time=0.3)
            self.play(FadeIn(sigma.text.part("sigmoid"), board.sigma_word, shift=0.15 * UP), run_time=0.4)
            self._say_that_a_is_rounded()
            self.play(FadeIn(sigma.boxes["a"], sigma.text.part("a"), sigma.text.part("a-equals")), run_time=0.4)
            self.add(sigma.text)
            self.wait(0.6)
            self._leave_sigma()
            self.play(FadeIn(board.c_column, board.c_letter), run_time=0.3)
            self.wait(0.4)
            self._lay_down()
            row = self.written_output(OUTPUT_Y + LINE, self._shown_places(output, "b", "c", "a"))
            y = output.boxes["y"]
            self.play(FadeIn(output.boxes["b"], y.box), *self._rest_of(output.text, "c"), run_time=0.5)
            self.add(output.text)
            self._multiply(row)
            self.play(FadeIn(*y.cells), *self._rounded_sign(output.text.part("equals"), [row]), run_time=0.4)
            self.add(y)

    def _leave_the_sums(self) -> None:
        """r = b + W x goes up as a whole; of the boxes only the r's stay, and go into sigma."""
        sums, sigma = self.board.sums, self.board.sigma
        r = sums.boxes["r"].copy()
        self.add(r)
        gone = FadeOut(sums, self.board.shapes, run_time=0.4)
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

    def _multiply(self, row: WrittenSum) -> None:
        """c transposed times a: each pair lights up with its product, which is written below; then b is added."""
        pairs = list(zip(*(self.board.output.boxes[name].cells for name in ("c", "a")), strict=True))
        self.play(*(emphasis(number, FAINT) for pair in pairs for number in pair), run_time=0.3)
        steps = [
            AnimationGroup(FadeIn(product, shift=0.1 * UP), *(emphasis(number, FULL) for number in pair))
            for product, pair in zip(row.numbers[1:], pairs, strict=True)
        ]
        self._write_the_sum(row, "y", steps, 0.6)

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

    @staticmethod
    def _rest_of(text: TextMobject, name: str) -> list[Animation]:
        """All of a formula comes but the part ``name``, which is there."""
        return [FadeIn(glyph) for k, glyph in enumerate(text) if k not in text.parts[name]]

    def _say_that_a_is_rounded(self) -> None:
        """So it is unless the activation of the r's, as they are printed, is what is printed of the a's."""
        r, a = (
            [float(cell.text.replace("\u2212", "-")) for cell in self.board.sigma.boxes[k].cells] for k in ("r", "a")
        )
        if not np.array_equal(ACTIVATIONS[self.run.activation].value(r), a):
            equals = self.board.sigma.text.part("a-equals")
            equals[0].become(_approximate(equals))

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

    def _build_board(self) -> MatrixBoard:
        """Its numbers have the decimals of the scene before; fewer where rows of W have no room to stand up."""
        layers = unpack(self.run, self.theta)
        start, first, second = self.row_sum(0).places
        for fewer in range(start - 1):
            decimals = {"bias": start - fewer, "w": first - fewer, "x": second, "y": self.decimals}
            decimals["b"] = max(self.decimals, places(np.atleast_1d(layers.b)))
            board = MatrixBoard(layers, self.there, self.activation, decimals)
            if board.has_room_beside_x:
                break
        return board

    @staticmethod
    def _shown_places(equation: BoxEquation, *names: str) -> Places:
        """The decimals of these boxes: a sum has its numbers as they are there."""
        start, first, second = (equation.boxes[name].decimals for name in names)
        return start, first, second

    @staticmethod
    def _rounded_sign(equals: VGroup, sums: Sequence[WrittenSum]) -> list[Animation]:
        """Between boxes of numbers that are equal only when rounded, the sign says so."""
        return [] if all(row.equal for row in sums) else [Transform(equals[0], _approximate(equals))]


def _approximate(equals: VGroup) -> VMobject:
    """The sign that numbers are rounded, in the place of an equals sign."""
    sign = formula("approx", 50).scale_to_fit_width(equals.width).set_color(equals[0].get_fill_color())
    return sign[0].move_to(equals)
