"""Trying every line: the red curve with the line that is tried, and the grid of all lines."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from gradreel.core.analysis.planes import contour_levels
from gradreel.core.curves.line_fit import Line, LineGrid
from gradreel.core.curves.piecewise import PiecewiseLinearCurve
from gradreel.core.datasets import CurveDataset
from gradreel.scenes import style
from gradreel.scenes.mobjects.loss_map import shade_legend
from gradreel.scenes.mobjects.plot import Plot, polyline
from gradreel.scenes.mobjects.squares import squares
from gradreel.scenes.mobjects.text import Number, formula, words
from gradreel.scenes.mobjects.ticks import round_labels, ticks_at_knots
from gradreel.scenes.style import mix, palette
from gradreel.scenes.words.numbers import number_text
from manim import (
    UP,
    Animation,
    Dot,
    Mobject,
    Square,
    UpdateFromAlphaFunc,
    VGroup,
    VMobject,
    smooth,
)
from numpy.typing import NDArray

PLOT = {"left": style.LEFT_EDGE + 0.55, "right": -0.75, "bottom": -2.4, "top": 1.35}
GRID_LEFT, GRID_BOTTOM, GRID_SIDE = 1.75, -2.4, 4.2
COUNT_LEFT = 0.15
LOWEST, HIGHEST = 0.03, 0.42  # shares of the text colour: single cells may be brighter than a whole map


class SearchBoard(VGroup):
    """Line number ``count`` of the grid over the red curve, and the cells of all that have been tried.

    A cell's w and b are those of its middle.

    ``curve`` is drawn red, ``dataset`` are the dots around it that the losses are of. ``texts``: "tried",
    "target", "low", "high". Parts: ``plot``, ``target``, ``dots``, ``target_label``, ``line``, ``grid`` (GridMap),
    ``grid_names``, ``scale``, ``readout``. ``show(count)``; ``put(line)``;
    ``swing(row, column)``, ``swing_to(line)``.
    """

    def __init__(
        self, curve: PiecewiseLinearCurve, dataset: CurveDataset, grid: LineGrid, texts: Mapping[str, str]
    ) -> None:
        super().__init__()
        self.numbers, self.ends = grid, np.array(dataset.range)
        y_range = (float(grid.b.min() - 0.6), float(max(curve.y.max(), grid.b.max()) + 0.6))
        ticks = ticks_at_knots(curve.x, *dataset.range, PLOT["right"] - PLOT["left"])
        self.plot = Plot(dataset.range, y_range, x_ticks=ticks, y_ticks=round_labels(*y_range, 5), **PLOT)
        VGroup(self.plot.x_axis, self.plot.x_label).shift((self.plot.at(0, 0)[1] - PLOT["bottom"]) * UP)  # it lies at 0
        corners = np.unique([*self.ends, *curve.x])
        self.target = self.plot.curve(corners, curve(corners), palette.red, style.SECOND_CURVE)
        pairs = zip(dataset.x(), dataset.labels(), strict=True)
        self.dots = VGroup(*(self.plot.dot(x, y, mix(palette.red, 0.75), 0.05) for x, y in pairs))
        self.line = polyline(self.plot.at(self.ends, self.ends), palette.blue, style.MAIN_CURVE)
        self.grid = GridMap(grid.loss, GRID_LEFT, GRID_BOTTOM, GRID_SIDE)
        self.grid_names = self._names()
        self.count = Number(grid.loss.size, 0, 32)
        self.scale = self._scale(texts)
        self.readout = self._readout(texts)
        end = self.plot.at(self.ends[1], curve(self.ends[1]))  # right of the plot, where no line comes
        self.target_label = words(texts["target"], style.LABEL, palette.red).place(end[1] - 0.1, left=end[0] + 0.15)
        self.add(self.plot, self.target, self.dots, self.target_label, self.line)
        self.add(self.grid, self.grid_names, self.scale, self.readout)
        self.show(1)

    def _names(self) -> VGroup:
        """w under the grid, b beside it, each with its first and last value."""
        w, b = self.numbers.w, self.numbers.b
        right, top = GRID_LEFT + GRID_SIDE, GRID_BOTTOM + GRID_SIDE
        below, beside = GRID_BOTTOM - 0.4, GRID_LEFT - 0.15
        ticks = [
            words(number_text(float(w[0])), style.TICK, palette.dim).place(below, left=GRID_LEFT - 0.1),
            words(number_text(float(w[-1])), style.TICK, palette.dim).place(below, right=right + 0.05),
            words(number_text(float(b[0])), style.TICK, palette.dim).place(GRID_BOTTOM + 0.02, right=beside),
            words(number_text(float(b[-1])), style.TICK, palette.dim).place(top - 0.2, right=beside),
        ]
        letters = [
            formula("w", style.LETTER + 3, palette.yellow).place(below, center=GRID_LEFT + GRID_SIDE / 2),
            formula("b", style.LETTER + 3, palette.grey).place((GRID_BOTTOM + top) / 2, right=beside - 0.05),
        ]
        return VGroup(*letters, *ticks)

    def _scale(self, texts: Mapping[str, str]) -> VGroup:
        """Which shade is a low loss, and which a high one: above the grid, at its right."""
        line, right = GRID_BOTTOM + GRID_SIDE + 0.22, GRID_LEFT + GRID_SIDE
        shades = [band.get_fill_color() for band in self.grid.bands]
        return shade_legend(shades, texts["low"], texts["high"], right, line)

    def place_of(self, line: Line) -> tuple[float, float]:
        """(row, column) of another line's b and w on the grid, between its cells."""
        w, b = self.numbers.w, self.numbers.b
        return float((line.b - b[0]) / (b[1] - b[0])), float((line.w - w[0]) / (w[1] - w[0]))

    def between(self, line: Line) -> Mobject:
        """A dot on the grid where another line's w and b are."""
        return Dot((*self.grid.center(*self.place_of(line)), 0.0), radius=0.1, color=palette.orange)

    def _readout(self, texts: Mapping[str, str]) -> VGroup:
        line = style.HEADING_BASELINE
        tried = words(texts["tried"], 32).place(line, left=COUNT_LEFT)
        self.count.place_left(line, tried.get_right()[0] + 0.16)
        return VGroup(tried, self.count)

    def show(self, count: int) -> None:
        """The first ``count`` lines have been tried (1 at least); the last of them is drawn."""
        self.grid.show(count)
        self.draw_line(*self.grid.order[count - 1])
        self.count.set_value(count)

    def draw_line(self, row: int, column: int) -> None:
        """Draw the line of a cell."""
        self.put(self._line_of(row, column))

    def swing(self, row: int, column: int) -> Animation:
        """The line swings to that of another cell."""
        return self.swing_to(self._line_of(row, column))

    def swing_to(self, line: Line) -> Animation:
        """The line swings to any other one."""
        start = self.drawn

        def move(_: Mobject, share: float) -> None:
            between = Line(start.w + share * (line.w - start.w), start.b + share * (line.b - start.b))
            self.put(line if share == 1 else between)  # there to the last bit

        return UpdateFromAlphaFunc(self.line, move, rate_func=smooth)

    def put(self, line: Line) -> None:
        """The line lies there."""
        self.drawn, w, b = line, line.w, line.b
        low, high = self.plot.y_range
        ends = self.ends
        if w:  # the part of the line that lies in the plot
            crossings = np.sort((np.array([low, high]) - b) / w)
            ends = np.clip(ends, *crossings)
        self.plot.set_curve(self.line, ends, b + w * ends)

    def _line_of(self, row: int, column: int) -> Line:
        return Line(float(self.numbers.w[column]), float(self.numbers.b[row]))


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


def serpentine(rows: int, columns: int) -> NDArray:
    """(rows * columns, 2): each (row, column) once, row by row, every other one backwards: no jumps."""
    order = np.array([(row, column) for row in range(rows) for column in range(columns)])
    backwards = order[:, 0] % 2 == 1
    order[backwards, 1] = columns - 1 - order[backwards, 1]
    return order
