"""What a mirrored sigmoid's c and the constant make up for: a sum with its numbers."""

from __future__ import annotations

from collections.abc import Sequence

from gradreel.scenes import style
from gradreel.scenes.lecture.curves.pictures.formula_numbers import equal_sign, in_formula
from gradreel.scenes.mobjects.text import formula

SUM_BASELINE = 1.5  # over the rows
PLACES = (2, 3, 4)  # decimals of a sum


class ConstantSum:
    """``b + c_2 + c_3 = …`` with its numbers, of which each c is mirrored: what the constant comes to with them.

    Two decimals where the printed numbers add up so, else a few more; "approx" where they do not even then.
    Parts of its ``text``: ``start`` (the letter b and its number), ``terms`` (one for each c), ``end``. It ``fits``
    between ``left`` and ``right`` at a size that can be read, or else is not to be shown.
    """

    def __init__(self, b: float, added: Sequence[float], left: float, right: float) -> None:
        total = b + sum(added)
        signs = {places: equal_sign(_made([b, *added], places), total, places) for places in PLACES}
        places = next((each for each, sign in signs.items() if sign == "="), PLACES[0])
        terms = " ".join(f'part("c-{k}", magenta({in_formula(c, places, signed=True)}))' for k, c in enumerate(added))
        end = f'part("end", {signs[places]} grey({in_formula(total, places)}))'
        source = f'part("start", grey(b): thick grey({in_formula(b, places)})) {terms} {end}'
        self.text = text = formula(source, style.LETTER)
        self.fits = text.width <= right - left
        text.place(SUM_BASELINE, right=right)
        self.start, self.end = text.part("start"), text.part("end")
        self.terms = [text.part(f"c-{k}") for k in range(len(added))]


def _made(values: Sequence[float], places: int) -> float:
    """What ``values`` add up to as they are printed."""
    return sum(round(value, places) for value in values)
