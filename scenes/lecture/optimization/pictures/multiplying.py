"""How fast tries become many: each further parameter multiplies them by as many values as are tried of it."""

from __future__ import annotations

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.lecture.optimization.pictures.search_board import REMARK_LEFT, TriesRow
from gradreel.scenes.mobjects.counting import Counting
from gradreel.scenes.mobjects.grid_map import squares
from gradreel.scenes.mobjects.plot import polyline
from gradreel.scenes.mobjects.text import formula
from gradreel.scenes.style import mix, palette
from manim import VGroup, VMobject

SIDE, DEPTH = 0.8, 0.35  # of the cube; how far its last sheet lies behind the first
DIMENSIONS = 3  # that can be drawn


class Cube(VGroup):
    """m values of one parameter in a row, m such rows in a sheet, m sheets in a cube. `show` says how many of these."""

    def __init__(self, m: int, left: float, bottom: float) -> None:
        super().__init__()
        self.m, self.corner = m, np.array([left, bottom])
        self.front = VMobject(stroke_width=0).set_fill(mix(palette.text, style.PRESENT), 1)
        self.sheets = VGroup(*(polyline(np.zeros((3, 3)), mix(palette.text, 0.5), 1.0) for _ in range(m - 1)))
        self.add(self.sheets, self.front)

    def show(self, dimensions: float) -> None:
        """1: a row; 2: a sheet; 3: the cube; or between two of them."""
        m, pitch = self.m, SIDE / self.m
        rows = 1 + round(min(dimensions - 1, 1.0) * (m - 1))
        cells = np.array([(column + 0.5, row + 0.5) for row in range(rows) for column in range(m)])
        self.front.points = squares(self.corner + pitch * cells, 0.75 * pitch)
        behind = max(dimensions - 2, 0.0) * DEPTH / (m - 1)
        for k, sheet in enumerate(self.sheets):
            x, y = self.corner + (k + 1) * behind
            sheet.set_points_as_corners(np.array([(x, y + SIDE, 0), (x + SIDE, y + SIDE, 0), (x + SIDE, y, 0)]))
            sheet.set_stroke(opacity=float(behind > 0))


class Multiplying(VGroup):
    """The row of a network whose parameters come one by one: its cells, their number and power, the tries as a picture.

    After a row, a sheet and a cube there is none any more, and only "times m times m" goes on. `show` says how many
    parameters there are. Parts: ``cells`` (the row's own), ``length``, ``power``, ``cube``, ``further``; the last two
    leave.
    """

    def __init__(self, row: TriesRow) -> None:
        super().__init__()
        self.cells, values, count = row.cells, row.tries.values, row.tries.parameters
        self.power, self.length = (
            Counting(lambda n, write=write: write(int(n)), max(range(1, count + 1), key=lambda n: len(write(n))))
            for write in (row.written_power, row.written_length)
        )
        self.cube = Cube(values, REMARK_LEFT, row.middle - SIDE / 2)
        self.further = formula(f"times {values} times {values} dots.c", 34)
        self.further.place(row.middle - 0.1, left=REMARK_LEFT + SIDE + DEPTH + 0.25)
        self.add(self.cells, self.length, self.power, self.cube, self.further)
        self.show(1)

    def show(self, parameters: float) -> None:
        """So many of the parameters have come."""
        for k, cell in enumerate(self.cells):
            cell.set_opacity(float(k < int(parameters)))
        self.power.show(parameters)
        self.length.show(parameters)
        self.cube.show(min(parameters, DIMENSIONS))
        self.further.set_opacity(float(np.clip(parameters - DIMENSIONS, 0.0, 1.0)))
