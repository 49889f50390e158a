"""The parameters of one hidden layer as squares over a calendar: a row for each sigmoid, a column for each day."""

from __future__ import annotations

import numpy as np
from gradreel.scenes.lecture.networks.pictures.surface import straight_curves
from gradreel.scenes.lecture.networks.pictures.view_window import ViewWindow
from gradreel.scenes.style import palette
from manim import ManimColor, VGroup, VMobject
from numpy.typing import NDArray

SIZE, LARGEST, LEAST = 0.76, 0.26, 0.07  # a square's share of its row; the highest row, and the lowest
TALLEST = 0.56  # of all rows
APART = 2.2  # rows, from one kind of parameter to the next


class ParameterSquares(VGroup):
    """A square for each number: those of w over their days in ``strip``, and left of them b_i, c_i and b.

    ``top``: of the first row. Parts: ``kinds``, by letter as in theta, "w", "b", "c", "b_out". `fits` says whether
    there is room for them.
    """

    def __init__(self, strip: ViewWindow, days: int, sigmoids: int, top: float) -> None:
        super().__init__()
        self.strip, self.pitch = strip, self.pitch_of(strip, sigmoids)
        rows = top - self.pitch * (0.5 + np.arange(sigmoids))
        w = VGroup(*(self._column(strip.x_ago(j + 1), rows, palette.yellow) for j in range(days)))
        self.kinds = {
            "w": w,
            "b": self._column(0.0, rows, palette.green),
            "c": self._column(0.0, rows, palette.magenta),
            "b_out": self._column(0.0, rows[:1], palette.grey),
        }
        self.add(*self.kinds.values())
        self.show(days)

    @staticmethod
    def fits(strip: ViewWindow, sigmoids: int) -> bool:
        return ParameterSquares.pitch_of(strip, sigmoids) >= LEAST

    @staticmethod
    def pitch_of(strip: ViewWindow, sigmoids: int) -> float:
        """From row to row; no more than from day to day."""
        return min(strip.day_width, LARGEST, TALLEST / sigmoids)

    def _column(self, x: float, rows: NDArray, ink: ManimColor) -> VMobject:
        """One mobject: squares around (x, row)."""
        half = SIZE * self.pitch / 2
        corners = half * np.array([(1, 1, 0), (-1, 1, 0), (-1, -1, 0), (1, -1, 0), (1, 1, 0)])
        column = VMobject(stroke_width=0).set_fill(ink, 1)
        for y in rows:
            column.append_points(straight_curves(corners[:-1], corners[1:]) + np.array([x, y, 0.0]))
        return column

    def show(self, days: float) -> None:
        """Those of the last ``days`` days; the others stay left of them."""
        for j, column in enumerate(self.kinds["w"]):
            column.set_fill(opacity=float(np.clip(days - j, 0.0, 1.0)))
        x = self.strip.x_ago(days)
        for k, name in enumerate(("b", "c", "b_out"), 1):
            self.kinds[name].set_x(x - k * APART * self.pitch)
