"""A sum in letters, and below it in numbers that add up as printed: r_1 = b_1 + w_11 x_1 + ... = -2.77 + 7.93 + ..."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from gradreel.scenes.mobjects.arithmetic import PrintedSum
from gradreel.scenes.mobjects.lecture_formulas import CONSTANT
from gradreel.scenes.mobjects.text import formula
from manim import ManimColor, VGroup

LARGEST, NUMBER_SIZE = 44.0, 40.0
LINE = 0.56  # scene units from the letters' baseline down to that of the numbers
GAP = 0.16  # on both sides of a sign
WIDEST = 12.7


def output_row_source(count: int) -> str:
    """y = b + c_1 a_1 + c_2 a_2 + ...; parts "y", "b", "c_1", "a_1", ..."""
    products = [f'part("c_{i}", magenta(c_{i})) thin part("a_{i}", blue(a_{i}))' for i in range(1, count + 1)]
    return f"{CONSTANT} {' + '.join(products)}"


class WrittenSum:
    """``letters``, a formula whose first equals sign follows its part ``left_side``, and below it the same in numbers.

    ``numbers[t]`` is term t with the sign before it; ``equals`` is the sign that starts the line, below that of the
    letters; ``total`` ends it, "= -0.32"; ``line`` is all of them. ``colors``: of the terms, and of the total. The
    wider of both lines is centred at x = 0.
    """

    def __init__(
        self,
        source: str,
        left_side: str,
        printed: PrintedSum,
        baseline: float,
        colors: Sequence[ManimColor],
    ) -> None:
        self.letters = formula(source, LARGEST)
        self._lay_line(printed, colors, NUMBER_SIZE)
        side = self.letters[self.letters.parts[left_side][-1] + 1].get_left()[0] - self.letters.get_left()[0]
        widest = max(self.letters.width, side + self.line.width)
        if widest > WIDEST:
            self.letters = formula(source, LARGEST * WIDEST / widest)
            self._lay_line(printed, colors, NUMBER_SIZE * WIDEST / widest)
            side, widest = side * WIDEST / widest, WIDEST
        self.letters.place(baseline, left=-widest / 2)
        self.line.shift([side - widest / 2, baseline - LINE, 0])

    def _lay_line(self, printed: PrintedSum, colors: Sequence[ManimColor], size: float) -> None:
        """The numbers' line, from x = 0 on the baseline y = 0."""
        sign = "=" if printed.exact else "approx"
        self.equals = formula(sign, size).place(0.0, left=0.0)
        x = self.equals.get_right()[0] + GAP
        self.numbers: list[VGroup] = []
        for t, (text, color) in enumerate(zip(printed.terms, colors, strict=False)):
            term = VGroup()
            if t:
                term.add(formula("-" if text.startswith("-") else "+", size).place(0.0, left=x))
                x = term.get_right()[0] + GAP
            term.add(formula(text.lstrip("-") if t else text, size, color).place(0.0, left=x))
            x = term.get_right()[0] + GAP
            self.numbers.append(term)
        total = formula("=", size).place(0.0, left=x)
        self.total = VGroup(total, formula(printed.total, size, colors[-1]).place(0.0, left=total.get_right()[0] + GAP))
        self.line = VGroup(self.equals, *self.numbers, self.total)


def fitting_places(values: Iterable[float], most: int = 2) -> int:
    """Decimals for numbers that stand together: 0.32, 12.34, 123.4, 1234, by the largest; more where all are small."""
    largest = max((abs(float(value)) for value in values), default=0.0)
    if 0 < largest < 0.1:
        return min(6, most - 1 - math.floor(math.log10(largest)))
    return max(0, min(most, 4 - len(f"{largest:.0f}")))
