"""A matrix as a grid whose rows and columns become ever more: each cell is one number."""

from __future__ import annotations

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.mobjects.plot import straight_curves
from gradreel.scenes.style import mix, palette
from manim import Dot, Rectangle, VGroup, VMobject

CELL, WIDEST = 0.21, 2.4  # side of a cell at first; width that the matrix may come to
EDGE = -2.65  # where it is cut off when it is taller: open, with three dots below that say that it goes on
DOTS, DOT = (0.16, 0.32, 0.48), 0.035  # from there down to the dots; their radius
FILL, DENSE = 0.13, 0.6  # of the colour: as a box is filled, and where cells cannot be told apart
LEAST_PITCH = 0.03  # of lines that are drawn, scene units


class GrowingGrid(VGroup):
    """From ``first`` to ``last``, (rows, columns). Its upper edge stays at ``top``, its middle at ``x``.

    `show` sets how far it has grown. Its cells are square; they become smaller where it would be too wide, and lines
    stand between them while there is room. A tall one is cut off, open, with dots below it.
    """

    def __init__(self, first: tuple[int, int], last: tuple[int, int], x: float, top: float) -> None:
        super().__init__()
        self.first, self.last, self.x, self.top = first, last, x, top
        self.body = Rectangle(width=1.0, height=1.0, stroke_width=0)
        self.lines, self.rim = VMobject(fill_opacity=0), VMobject(fill_opacity=0)
        self.more = VGroup(*(Dot((x, EDGE - below, 0), DOT, color=palette.yellow) for below in DOTS))
        self.add(self.body, self.lines, self.rim, self.more)
        self.show(0.0)

    def show(self, share: float) -> GrowingGrid:
        """``share`` of the way, by equal factors in equal shares; returns it."""
        self.rows, self.columns = (a * (b / a) ** share for a, b in zip(self.first, self.last, strict=True))
        cell = min(CELL, WIDEST / self.columns)
        width = self.columns * cell
        left, lower = self.x - width / 2, self.top - self.rows * cell
        bottom = max(lower, EDGE)
        corners = [(left, self.top), (left + width, self.top), (left + width, bottom), (left, bottom), (left, self.top)]
        self.body.set_points_as_corners(np.array([(*corner, 0.0) for corner in corners]))
        self.rim.set_points_as_corners(np.array([(*corner, 0.0) for corner in (corners[3], *corners[:3])]))
        if lower >= EDGE:
            self.rim.add_line_to(np.array([left, bottom, 0.0]))
        self.more.set_opacity(float(np.clip((EDGE - lower) / DOTS[-1], 0.0, 1.0)))
        crowded = float(np.clip(1.0 - (cell - LEAST_PITCH) / (CELL - LEAST_PITCH), 0.0, 1.0))
        self.body.set_fill(mix(palette.yellow, FILL + (DENSE - FILL) * crowded**4), 1)
        self.rim.set_stroke(palette.yellow, style.BOX)
        self._rule(left, bottom, width, cell)
        self.lines.set_stroke(mix(palette.yellow, 0.7), 1.6 - 0.8 * crowded)
        return self

    def _rule(self, left: float, bottom: float, width: float, cell: float) -> None:
        """The lines between columns and between rows; none that could not be told from its neighbour."""
        starts, ends = [], []
        if cell >= LEAST_PITCH:
            for x in left + cell * np.arange(1, int(np.ceil(self.columns - 1e-9))):
                starts.append((x, bottom, 0.0))
                ends.append((x, self.top, 0.0))
            rows = min(self.rows, (self.top - bottom) / cell)
            for y in self.top - cell * np.arange(1, int(np.ceil(rows - 1e-9))):
                starts.append((left, y, 0.0))
                ends.append((left + width, y, 0.0))
        there = np.array(starts).reshape(-1, 3), np.array(ends).reshape(-1, 3)
        self.lines.points = straight_curves(*there).reshape(-1, 3)
