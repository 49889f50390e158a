"""A row of a matrix times a column, written out: -2.77 + 1.92 dot 4.13 + 0.75 dot 2.73 = -0.32, as it is printed."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from gradreel.scenes.mobjects.text import Number, TextMobject, formula
from gradreel.scenes.mobjects.ticks import number_text
from manim import VGroup

SIZE = 40.0


class RowTimesColumn:
    """b + w_1 x_1 + w_2 x_2 + ... = r in numbers, with so many decimals as the boxes have that they stand in.

    ``decimals``: of b, w, x and r. ``text`` is the formula; its parts "b", "w_1", "x_1", ..., "r" are the numbers,
    "sign_1", "dot_1", ... and "equals" the signs. ``exact``: the printed numbers give the printed r; if not, the sign
    says so. No wider than ``width``.
    """

    def __init__(
        self, b: float, w: Sequence[float], x: Sequence[float], r: float, decimals: Sequence[int], width: float
    ) -> None:
        b_text, r_text = number_text(b, decimals[0]), number_text(r, decimals[3])
        pairs = [
            (number_text(one, decimals[1]), number_text(other, decimals[2])) for one, other in zip(w, x, strict=True)
        ]
        total = _read(b_text) + sum((_read(one) * _read(other) for one, other in pairs), Decimal(0))
        self.exact = round(total, decimals[3]) == _read(r_text)
        terms = "".join(_term(j, *pair) for j, pair in enumerate(pairs, start=1))
        sign = "=" if self.exact else "approx"
        source = (
            f'part("b", green({_quoted(b_text)})) {terms} part("equals", {sign}) part("r", blue({_quoted(r_text)}))'
        )
        text = formula(source, SIZE)
        self.text: TextMobject = text if text.width <= width else formula(source, SIZE * width / text.width)
        self.count = len(pairs)

    def product(self, j: int) -> tuple[str, ...]:
        """The names of the parts of product ``j``, counted from 1."""
        return f"sign_{j}", f"w_{j}", f"dot_{j}", f"x_{j}"


def _term(j: int, w: str, x: str) -> str:
    sign, size = "-" if w.startswith("\u2212") else "+", _quoted(w.lstrip("\u2212"))
    weight = f'part("sign_{j}", yellow({sign})) part("w_{j}", yellow({size}))'
    return f'{weight} part("dot_{j}", dot) part("x_{j}", {_factor(x)})'


def _factor(x: str) -> str:
    return f"(thin {_quoted(x)})" if x.startswith("\u2212") else _quoted(x)


def _quoted(number: str) -> str:
    return f'"{number}"' if not number.startswith("\u2212") else f'-"{number[1:]}"'


def _read(number: str) -> Decimal:
    return Decimal(number.replace("\u2212", "-").replace("\u2009", ""))


def digits(number: Number, sign: bool = False) -> VGroup:
    """What is seen of a number, from left to right; its minus sign only with ``sign``."""
    seen = [glyph for glyph in reversed(number.submobjects[1:]) if len(glyph.points)]
    return VGroup(*seen[0 if sign or not number.text.startswith("\u2212") else 1 :])
