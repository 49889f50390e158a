"""Shows two kinds of dots and a new one; the sign of b + w x says on which side of a line it lies."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from gradreel.scenes.lecture.classes.line_scene import FAR_DOT, LineScene
from gradreel.scenes.lecture.classes.pictures.line_board import (
    BOTTOM,
    COLUMN,
    FALL,
    LEFT,
    NEW_RADIUS,
    SIDE,
    NewDot,
    sums,
)
from gradreel.scenes.mobjects.class_regions import class_marks
from gradreel.scenes.mobjects.plot import dashed
from gradreel.scenes.mobjects.printed_arithmetic import printed_sum
from gradreel.scenes.mobjects.text import TextMobject, formula, words
from gradreel.scenes.style import mix, palette
from gradreel.scenes.words.claims import Claim, claim
from gradreel.scenes.words.counts import Count
from gradreel.scenes.words.numbers import number_text, signed_text
from manim import UP, Create, FadeIn, LaggedStart, VGroup, VMobject
from numpy.typing import NDArray
from pydantic import Field

FORMULA_Y, PLACES_Y, NUMBERS_Y, ROWS_Y = 1.2, 0.2, -0.75, (-1.8, -2.8)  # baselines
MINUS = "-\u2212"
LEVELS = (2, 4, 6)  # sums whose lines are drawn, and their negatives


class TwoKinds(LineScene):
    """Shows dots of two kinds, a new one between them, and a straight line that decides its kind."""

    class Parameters(LineScene.Parameters):
        far: int = Field(FAR_DOT, ge=0, description="Row of the validation point that is the second new dot, far away")

    def construct(self) -> None:
        self.picture = self.board()
        self.new = NewDot(self.picture.at(self.new_dot))
        self._dots_beats()
        self._line_beat()
        self._sum_beats()
        self._answer_beats()
        self.hand_on(self.picture, self.new, self.far)

    def _dots_beats(self) -> None:
        board = self.picture
        count = Count(len(self.points))
        self.legend = VGroup(*(self._legend(k) for k in (0, 1)))
        with self.beat("kinds", dots=count):
            # An empty square fills with dots: circles on the one side, triangles on the other
            self.play(*self.next_heading(self.screen("heading")), FadeIn(board.regions.ground, board.axes))
            for k, mark in enumerate(("circles", "triangles")):
                self.until(mark)
                self.play(FadeIn(board.regions.marks[k], self.legend[k]), run_time=1.0)
        with self.beat("new", pause="long"):
            # A grey dot falls between them. Nobody says which kind it is; the room has time to guess
            place = self.new.get_center()
            self.new.shift(FALL * UP)
            self.play(self.new.animate.move_to(place), run_time=1.2)
            self.until("which")
            self.wait(1.0)

    def _line_beat(self) -> None:
        board = self.picture
        with self.beat("line"):
            # A straight line is drawn; then each side gets the colour of its kind
            self.add(board.line, board.regions.marks, self.new)
            self.play(*self.next_heading(self.screen("heading-line")), Create(board.line), run_time=1.2)
            self.until("sides")
            self.bring_to_back(board.regions.ground, board.regions.bands)
            self.play(FadeIn(board.regions.bands), run_time=1.2)
            self.remove(*board.get_family())
            self.add(board, self.new)

    def _sum_beats(self) -> None:
        self.sum = formula('z = part("b", b) + part("one", yellow(w_1) x_1) + part("two", yellow(w_2) x_2)', 52).place(
            FORMULA_Y, left=COLUMN
        )
        parts = {name: self.sum.part(name) for name in self.sum.parts}
        inside = {id(glyph) for part in parts.values() for glyph in part}
        *rest, first_plus, second_plus = (glyph for glyph in self.sum if id(glyph) not in inside)
        coming = VGroup(first_plus, parts["one"]), VGroup(second_plus, parts["two"])
        across, up, self.place_words = self._places()
        with self.beat("sum"):
            # The sum is written part by part; the two places of the new dot are read off the axes
            self.play(FadeIn(*rest, parts["b"]), run_time=0.7)
            for name, part, guide, word in zip(("one", "two"), coming, (across, up), self.place_words, strict=True):
                self.until(name)
                self.play(Create(guide), FadeIn(word, part), run_time=0.9)
            self.remove(*rest, parts["b"], *coming)
            self.add(self.sum)
        self.guides = VGroup(across, up)
        self.levels = [self._level(z) for z in (0, *LEVELS, *(-z for z in LEVELS))]
        with self.beat("zero"):
            # 0 on the line; then lines beside it, on which the sum is 2, 4, 6, and on the other side -2, -4, -6
            self.play(FadeIn(self.levels[0]), run_time=0.6)
            half = 1 + len(LEVELS)
            for mark, levels in (("above", self.levels[1:half]), ("below", self.levels[half:])):
                self.until(mark)
                self.play(LaggedStart(*map(FadeIn, levels), lag_ratio=0.4), run_time=1.4)

    def _answer_beats(self) -> None:
        board, theta = self.picture, self.trained
        z = self._sum_at(self.parameters.new)
        (w1, w2, b), (x1, x2) = theta, self.new_dot
        printed = printed_sum((b, w1 * x1, w2 * x2), z)
        first, *others = printed.terms
        terms = [f"{'-' if each[0] in MINUS else '+'} yellow({each.lstrip(MINUS)})" for each in others]
        numbers = formula(f"z {'=' if printed.exact else 'approx'} {first} {' '.join(terms)} = {printed.total}", 44)
        numbers.place(NUMBERS_Y, left=COLUMN)
        with self.beat("answer-triangle", z=number_text(z, 2)):
            # The new dot's places and the three numbers of the line are put in; the sum has the sign of its side
            self.play(FadeIn(numbers), run_time=0.8)
            self.until("side")
            self.play(FadeIn(self._row(z, ROWS_Y[0])), run_time=0.8)
        self.far = far = NewDot(board.at(self.held_out(self.parameters.far)))
        with self.beat("far-triangle", pause="long", z=number_text(self._sum_at(self.parameters.far), 1)):
            # A second grey dot, far from the line: another sum, the same answer
            self.play(FadeIn(far, scale=2.5), run_time=0.6)
            self.until("same")
            self.play(FadeIn(self._row(self._sum_at(self.parameters.far), ROWS_Y[1])), run_time=0.8)
            self.until("sure")
            self.wait(0.5)

    def claims(self) -> Iterator[Claim]:
        z, far = self._sum_at(self.parameters.new), self._sum_at(self.parameters.far)
        yield claim("answer-triangle", "the new dot's sum is above zero", z > 0, z=z)
        yield claim("far-triangle", "the far dot's sum is much larger, and above zero", far > max(5.0, 5 * z), z=far)

    def _sum_at(self, row: int) -> float:
        """Return the sum of the trained line at a validation dot."""
        return float(sums(self.trained, self.held_out(row)))

    # -- what is drawn -------------------------------------------------------------------------------------------------

    def _places(self) -> tuple[VMobject, VMobject, tuple[TextMobject, TextMobject]]:
        """Return the guides from the new dot to both axes, and its two places in words, for below the formula."""
        x1, x2 = self.new_dot
        at = self.picture.at
        color = palette.text
        up, across = (
            dashed(at(foot), at(self.new_dot) + NEW_RADIUS * _unit(at(foot) - at(self.new_dot)), color)
            for foot in (np.array([x1, 0.0]), np.array([0.0, x2]))
        )
        texts = (
            formula(f"x_1 = {number_text(x1, 2)}", 36, palette.dim).place(PLACES_Y, left=COLUMN),
            formula(f"x_2 = {number_text(x2, 2)}", 36, palette.dim).place(PLACES_Y, left=COLUMN + 2.6),
        )
        return across, up, texts

    def _level(self, z: float) -> VGroup:
        """Return the line on which the sum is ``z``, and its number, outside the square at its lower end."""
        upper, lower = sorted(self.picture.at(self.picture.ends(self.trained, z)), key=lambda end: -end[1])
        number = words(signed_text(z), 26)
        if lower[1] > BOTTOM + 0.05:
            number.place(lower[1] - 0.38, left=LEFT + SIDE + 0.1)  # lower than the name of the axis
        else:
            number.place(BOTTOM - 0.28, center=lower[0])
        return VGroup(VGroup() if z == 0 else dashed(upper, lower, mix(palette.text, 0.7), 2.4), number)

    def _row(self, z: float, baseline: float) -> VGroup:
        """Return a grey dot, its sum, on which side of 0 that is, and the mark of the class that follows."""
        label = int(z > 0)
        dot = NewDot(np.array([COLUMN + NEW_RADIUS, baseline + 0.14, 0.0]))
        text = formula(f"z = {number_text(z, 2)} {'>' if label else '<'} 0 quad arrow.r", 44)
        text.place(baseline, left=COLUMN + 0.7)
        place = np.array([[text.get_right()[0] + 0.5, baseline + 0.14, 0.0]])
        return VGroup(dot, text, class_marks(label, place, 0.2))

    def _legend(self, label: int) -> VGroup:
        """Return the mark and the name of a class, in a row above the formula."""
        x = COLUMN + 0.15 + 3.0 * label
        mark = class_marks(label, np.array([[x, 2.42, 0.0]]), 0.15)
        return VGroup(mark, words(self.screen(f"kind-{label}"), 34).place(2.3, left=x + 0.35))


def _unit(way: NDArray) -> NDArray:
    """Return ``way`` (3,) with length 1, or 0 if it has none."""
    return way / max(float(np.linalg.norm(way)), 1e-9)
