"""How much there was to learn from, side by side: squares whose areas are the numbers of examples."""

from __future__ import annotations

from gradreel.scenes import style
from gradreel.scenes.mobjects.text import words
from gradreel.scenes.style import palette
from manim import ManimColor, Square, VGroup

SKY_SIDE = 2.2  # of the larger square


class SkySquares(VGroup):
    """Two squares side by side from ``left`` on, on y = ``foot``, each with its name at its right.

    The first is the pictures, grey; the other one is our data, in its red. Parts: ``squares``, ``names``.
    """

    def __init__(self, counts: tuple[int, int], names: tuple[str, str], left: float, foot: float) -> None:
        super().__init__()
        sides = [_side(count, max(counts), SKY_SIDE) for count in counts]
        second = left + sides[0] + 0.2
        self.squares = VGroup(_square(sides[0], left, foot, palette.grey), _square(sides[1], second, foot, palette.red))
        self.names = VGroup(*(words(name, style.LABEL) for name in names))
        self.names[0].place(max(foot + sides[0] - 0.35, foot + sides[1] + 0.3), left=second)
        self.names[1].place(foot + 0.02, left=second + sides[1] + 0.15)
        self.add(self.squares, self.names)


def _side(count: float, largest: float, most: float) -> float:
    """The side of a square of ``count``, where one of the ``largest`` count has a side of ``most``."""
    return most * float((count / largest) ** 0.5)


def _square(side: float, left: float, foot: float, color: ManimColor) -> Square:
    return Square(side, stroke_width=0).set_fill(color, 1).move_to((left + side / 2, foot + side / 2, 0))
