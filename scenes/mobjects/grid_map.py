"""The loss at each cell of a grid over two parameters, cell by cell as they are tried. Pure functions of numbers."""

from __future__ import annotations

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.mobjects.loss_surface import contour_levels
from gradreel.scenes.mobjects.plot import polyline
from gradreel.scenes.style import mix, palette
from manim import Square, VGroup, VMobject
from numpy.typing import NDArray

LOWEST, HIGHEST = 0.03, 0.42  # shares of the text colour: single cells may be brighter than a whole map


def serpentine(rows: int, columns: int) -> NDArray:
    """(rows * columns, 2): each (row, column) once, row by row, every other one backwards: no jumps."""
    order = np.array([(row, column) for row in range(rows) for column in range(columns)])
    backwards = order[:, 0] % 2 == 1
    order[backwards, 1] = columns - 1 - order[backwards, 1]
    return order


def squares(centers: NDArray, side: float) -> NDArray:
    """The points of one VMobject that holds a square of ``side`` at each of ``centers`` (n, 2): (16 n, 3)."""
    corners = side / 2 * np.array([(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)], dtype=float)
    edges = centers[:, None, None] + np.stack([corners[:-1], corners[1:]], axis=1)  # (n, 4, 2, 2)
    shares = np.array([0.0, 1 / 3, 2 / 3, 1.0])[:, None]
    points = edges[:, :, :1] + shares * (edges[:, :, 1:] - edges[:, :, :1])  # (n, 4, 4, 2)
    return np.pad(points.reshape(-1, 2), ((0, 0), (0, 1)))


class GridMap(VGroup):
    """A square for each of ``loss`` (m, m), row 0 at the bottom: the brighter, the higher; dark is low.

    ``show(count)`` fills the first so many in serpentine order; ``order`` (m², 2) says which those are. Parts:
    ``lines`` (the empty grid), ``bands`` (cells of about equal loss), ``ring`` (around the best cell).
    """

    def __init__(self, loss: NDArray, left: float, bottom: float, side: float) -> None:
        super().__init__()
        rows, columns = loss.shape
        self.side, self.corner = side / columns, np.array([left, bottom])
        self.order = serpentine(rows, columns)
        levels = contour_levels(loss)
        self.band_of = np.searchsorted(levels, loss[tuple(self.order.T)])  # (m²,) in serpentine order
        self.lines = VGroup(*self._lines(rows, columns))
        self.bands = VGroup(*(self._band(k / max(len(levels), 1)) for k in range(len(levels) + 1)))
        self.ring = Square(self.side + 0.05, stroke_color=palette.text, stroke_width=style.RING)
        row, column = np.unravel_index(int(loss.argmin()), loss.shape)
        self.ring.move_to([*self.center(int(row), int(column)), 0.0])
        self.add(self.lines, self.bands, self.ring)
        self.show(0)

    def center(self, row: float, column: float) -> NDArray:
        """(2,): the middle of a cell, or a place between some."""
        return self.corner + self.side * (np.array([column, row]) + 0.5)

    def show(self, count: int) -> GridMap:
        """Fill the first ``count`` cells."""
        centers = self.corner + self.side * (self.order[:count, ::-1] + 0.5)
        for k, band in enumerate(self.bands):
            band.points = squares(centers[self.band_of[:count] == k], 0.9 * self.side)
        return self

    def _band(self, share: float) -> VMobject:
        band = VMobject(stroke_width=0)
        return band.set_fill(mix(palette.text, LOWEST + share * (HIGHEST - LOWEST)), 1)

    def _lines(self, rows: int, columns: int) -> list[VMobject]:
        left, bottom = self.corner
        right, top = left + columns * self.side, bottom + rows * self.side
        ink = mix(palette.axis, 0.45)
        upright = [[(x, bottom, 0), (x, top, 0)] for x in left + self.side * np.arange(columns + 1)]
        level = [[(left, y, 0), (right, y, 0)] for y in bottom + self.side * np.arange(rows + 1)]
        return [polyline(np.array(ends, dtype=float), ink, 1.0) for ends in (*upright, *level)]
