"""A sigmoid beside the blue piece that it matches: closely, as sigmoid-formula leaves it, and from further away."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from gradreel.core.curves.sigmoid_matching import SigmoidMatch, match_by_slope
from gradreel.core.network.activations import hard_sigmoid
from gradreel.scenes import style
from gradreel.scenes.mobjects.board_ticks import BoardTicks
from gradreel.scenes.mobjects.sigmoid_board import LETTERS, PLOT_BOX, REACH, SigmoidBoard
from gradreel.scenes.mobjects.ticks import Ticks, round_labels, round_step, ticks_at_knots
from gradreel.scenes.style import mix, palette
from manim import VMobject
from numpy.typing import NDArray

MEASURED = (0.7, style.GHOST_CURVE)  # share of blue and width of a piece to which distances are measured
View = tuple[tuple[float, float], tuple[float, float]]
"""Ranges of x and of y."""


def close_view(match: SigmoidMatch) -> View:
    """Where one sigmoid fills the picture: its middle in the middle, flat at both ends."""
    middle = -match.b / match.w
    heights = (min(match.c, 0.0) * 1.15, max(match.c, 0.0))
    return (middle - REACH / match.w, middle + REACH / match.w), heights


def close_ticks(match: SigmoidMatch, corners: tuple[float, float]) -> Ticks:
    """In that view: at the piece's corners, and at 0 if it is seen, for the y axis stands elsewhere."""
    low, high = close_view(match)[0]
    width, zero = PLOT_BOX["right"] - PLOT_BOX["left"], (0.0,) if low < 0.0 < high else ()
    with_zero = sorted({*corners, *zero})
    ticks = ticks_at_knots(with_zero, low, high, width)
    return ticks if len(ticks.values) == len(with_zero) else ticks_at_knots(corners, low, high, width)


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
        return self.plot.curve(*self._piece(), mix(palette.blue, looks[0]), looks[1])

    def _piece(self) -> tuple[NDArray, NDArray]:
        start, end, height = self.piece
        low, high = self.plot.x_range
        x = np.array([low, start, end, high])
        return x, height * hard_sigmoid(x, start, end)

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
        self.include_below(self.plot)
        self.include(self.curve, self.formula, *numbers)
        return self
