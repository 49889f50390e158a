"""The first term of a network in letters, with the numbers of the letters that are tried below them."""

from __future__ import annotations

from collections.abc import Sequence

from gradreel.scenes import style
from gradreel.scenes.mobjects.network_sum import fitting_places
from gradreel.scenes.mobjects.text import Number, formula
from gradreel.scenes.style import FULL, PRESENT, emphasis, emphasize, palette
from manim import Animation, VGroup

SIZE, ROOM, BASELINE = 40, 6.7, 2.68
BELOW = 0.47  # from the letters' baseline down to that of the numbers
LARGER = 1.15  # letters that are tried
TRIED = (("w_1", "w_2"), ("bias",), ("c",))  # which letters, one group after the other


def first_term_source(features: int, activation: str) -> str:
    """c_1 sigmoid(b_1 + w_11 x_1 + ...); parts "c", "bias", "w_1", ...; ``activation`` as an experiment has it."""
    products = " + ".join(f'part("w_{j}", yellow(w_(1 {j}))) thin x_{j}' for j in range(1, features + 1))
    name, first = ("max", "0, ") if activation == "relu" else (f'"{activation.replace("_", " ")}"', "")
    return f'part("c", magenta(c_1)) thin {name}({first}part("bias", green(b_1)) + {products})'


class TriedTerm(VGroup):
    """``source``: the term, at the right edge; ``values``: of w_11, w_12, b_1 and c_1, as they are.

    Parts: ``letters``, dimmed; ``numbers``, a group for each of `TRIED`, not part of it: a scene brings them.
    """

    def __init__(self, source: str, values: Sequence[float]) -> None:
        super().__init__()
        self.letters = formula(source, SIZE)
        if self.letters.width > ROOM:
            self.letters = formula(source, SIZE * ROOM / self.letters.width)
        self.letters.place(BASELINE, right=style.RIGHT_EDGE)
        inks, left = (palette.yellow, palette.green, palette.magenta), list(values)
        self.numbers: list[VGroup] = []
        for names, ink in zip(TRIED, inks, strict=True):
            own, left = left[: len(names)], left[len(names) :]
            group = VGroup()
            for name, value in zip(names, own, strict=True):
                number = Number(value, fitting_places(own), style.LABEL, ink)
                group.add(number.place(BASELINE - BELOW, self.letters.part(name).get_right()[0] + 0.2))
            self.numbers.append(group)
        self.add(emphasize(self.letters, PRESENT))

    def group(self, k: int) -> VGroup:
        """The letters of group k."""
        return VGroup(*(self.letters.part(name) for name in TRIED[k]))

    def light(self, k: int) -> list[Animation]:
        """The letters of group k become bright and large; those of the group before step back."""
        return [*self._sized(k, FULL, LARGER), *(self._sized(k - 1, PRESENT, 1 / LARGER) if k else [])]

    def _sized(self, k: int, share: float, factor: float) -> list[Animation]:
        moves: list[Animation] = []
        for letter in self.group(k):
            moves.append(emphasis(letter, share))
            letter.target.scale(factor)
        return moves

    def show(self, values: Sequence[float]) -> None:
        """Other numbers, in the order of ``values``."""
        for number, value in zip((each for group in self.numbers for each in group), values, strict=True):
            number.set_value(value)
