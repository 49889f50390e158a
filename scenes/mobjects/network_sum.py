"""Writes a sum in letters, and below it in numbers: r_1 = b_1 + w_11 x_1 + ... = -2.77 + 1.92 * 4.13 + ... = -0.32."""

from __future__ import annotations

from collections.abc import Sequence

from gradreel.scenes.mobjects.printed_arithmetic import PrintedProducts
from gradreel.scenes.mobjects.text import formula
from manim import VGroup

LARGEST, NUMBER_SIZE = 44.0, 40.0
LINE = 0.56  # scene units from the letters' baseline down to that of the numbers
GAP = 0.16  # on both sides of a sign
WIDEST = 12.7
MOST_PLACES = 4  # decimals, at most, with which printed numbers may add up


class WrittenSum:
    """A sum as a formula in letters, and below it the same sum in numbers; the wider line is centred at x = 0.

    ``source``: the formula, in which an equals sign follows the part ``left_side``. ``baseline``: of the letters.
    ``roles``: colours of the constant, the first factors and the second factors.

    Attributes: ``letters`` (the formula), ``line`` (all numbers), and in it ``equals`` (below the formula's equals
    sign), ``numbers[t]`` (term t with its sign) and ``total`` ("= -0.32"). ``equal``: whether the printed numbers give
    exactly the printed total; if not, ``total`` begins with "≈".
    """

    def __init__(
        self,
        source: str,
        left_side: str,
        printed: PrintedProducts,
        baseline: float,
        roles: tuple[str, str, str],
    ) -> None:
        self.equal = printed.equal
        self.letters = formula(source, LARGEST)
        if self.letters.width > WIDEST:
            self.letters = formula(source, LARGEST * WIDEST / self.letters.width)
        side = self.letters[self.letters.parts[left_side][-1] + 1].get_left()[0] - self.letters.get_left()[0]
        terms, room = _sources_of_terms(printed, roles), WIDEST - side
        self._lay_line(terms, printed, NUMBER_SIZE)
        if self.line.width > room:
            self._lay_line(terms, printed, NUMBER_SIZE * room / self.line.width)
        widest = max(self.letters.width, side + self.line.width)
        self.letters.place(baseline, left=-widest / 2)
        self.line.shift([side - widest / 2, baseline - LINE, 0])

    @property
    def left(self) -> float:
        """Return the x at which the letters begin."""
        return float(self.letters.get_left()[0])

    def start_at(self, left: float) -> WrittenSum:
        """Move both lines so that the letters begin at x = ``left``; return self."""
        VGroup(self.letters, self.line).shift([left - self.left, 0, 0])
        return self

    def _lay_line(self, terms: Sequence[str], printed: PrintedProducts, size: float) -> None:
        """Create the line of numbers, from x = 0 on the baseline y = 0."""
        gap = GAP * size / NUMBER_SIZE
        self.equals = formula("=", size).place(0.0, left=0.0)
        x = self.equals.get_right()[0] + gap
        self.numbers: list[VGroup] = []
        for t, text in enumerate(terms):
            term = VGroup()
            if t:
                term.add(formula("-" if text.startswith("-") else "+", size).place(0.0, left=x))
                x = term.get_right()[0] + gap
            term.add(formula(text.lstrip("-") if t else text, size).place(0.0, left=x))
            x = term.get_right()[0] + gap
            self.numbers.append(term)
        total = formula("=" if printed.equal else "approx", size).place(0.0, left=x)
        end = formula(f"blue({printed.total})", size).place(0.0, left=total.get_right()[0] + gap)
        self.total = VGroup(total, end)
        self.line = VGroup(self.equals, *self.numbers, self.total)


def _sources_of_terms(printed: PrintedProducts, roles: tuple[str, str, str]) -> list[str]:
    """Return the sources of the constant and the products; a negative product begins with its sign."""
    constant, first, second = roles
    terms = [f"{constant}({printed.constant})"]
    for weight, value in printed.factors:
        sign = "-" if weight.startswith("-") else ""
        inner = f"({value})" if value.startswith("-") else value
        terms.append(f"{sign}{first}({weight.lstrip('-')}) dot {second}({inner})")
    return terms
