"""A sigmoid beside the blue piece that it matches: closely, as sigmoid-formula leaves it, and from further away."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from gradreel.core.network.activations import hard_sigmoid
from gradreel.scenes import style
from gradreel.scenes.lecture.curves.pictures.sigmoid_board import (
    LETTERS,
    BoardTicks,
    SigmoidBoard,
    View,
    close_ticks,
    close_view,
)
from gradreel.scenes.lecture.curves.sigmoid_matching import match_by_slope
from gradreel.scenes.mobjects.ticks import round_labels, round_step
from gradreel.scenes.style import mix, palette
from manim import VMobject

MEASURED = (0.7, style.GHOST_CURVE)  # share of blue and width of a piece to which distances are measured


class PieceBoard(SigmoidBoard):
    """A board whose sigmoid matches ``piece`` (start, end, height) at first, in ``close``; ``wide`` shows the sweeps.

    ``rest``: the letters from which sweeps start; ``shown``: all values that each will take. ``ticks`` are those of the
    wide view and not in the plot at first; ``close_ticks`` have the piece's corners.
    """

    def __init__(
        self, rest: Mapping[str, float], shown: Mapping[str, Sequence[float]], piece: tuple[float, float, float]
    ) -> None:
        self.piece, self.match = piece, match_by_slope(*piece)
        start, end, _ = piece
        fit = {letter: float(getattr(self.match, letter)) for letter in LETTERS}
        values = {letter: (*shown[letter], rest[letter], fit[letter], 0.0) for letter in LETTERS}
        sliders = {letter: (1.25 * min(each), 1.25 * max(each)) for letter, each in values.items()}
        sliders["b"] = (-max(map(abs, sliders["b"])), max(map(abs, sliders["b"])))
        half = max(6 / rest["w"], 1.3 * max(map(abs, shown["b"])) / rest["w"], 2 * abs(start), 2 * abs(end))
        step = round_step(half, 3)
        half = step * math.ceil(half / step - 1e-9)
        self.wide: View = ((-half, half), (min(values["c"]) * 1.15, max(values["c"])))
        self.close = close_view(self.match)
        super().__init__(fit, sliders, *self.wide)
        self.plot.remove(self.ticks)
        corners = close_ticks(self.match, (start, end))
        self.close_ticks = BoardTicks(self.plot, corners, round_labels(*self.close[1], 5))
        self.set_view(*self.close)

    def band(self, measured: bool = False) -> VMobject:
        """The piece itself as it is seen now: broad and dim, to be drawn under the sigmoid.

        Thin and a bit brighter where distances to it are ``measured``.
        """
        looks = MEASURED if measured else (0.45, style.BAND)
        start, end, height = self.piece
        low, high = self.plot.x_range
        x = np.array([low, start, end, high])
        return self.plot.curve(x, height * hard_sigmoid(x, start, end), mix(palette.blue, looks[0]), looks[1])

    def set_view(self, x_range: tuple[float, float], y_range: tuple[float, float]) -> PieceBoard:
        """As of any board, and the corners' ticks go along."""
        super().set_view(x_range, y_range)
        self.close_ticks.follow()
        return self

    def settled(self) -> PieceBoard:
        """As it is in the wide view when the sigmoid matches, with all its numbers; returns self."""
        self.set_view(*self.wide)
        self.plot.add(self.ticks)
        self.ghosts.add(self.band(measured=True))
        numbers = [part[letter] for letter in LETTERS for part in (self.stems, self.values, self.sliders)]
        self.add_to_back(self.plot)
        self.add(self.curve, self.formula, *numbers)
        return self
