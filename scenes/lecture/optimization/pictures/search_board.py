"""Trying every line: the red curve with the line that is tried, the grid of all lines, its best cells enlarged."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

import numpy as np
from gradreel.core.analysis.planes import contour_levels
from gradreel.core.curves.line_fit import Line, LineGrid
from gradreel.core.curves.piecewise import PiecewiseLinearCurve
from gradreel.core.datasets import CurveDataset
from gradreel.scenes import style
from gradreel.scenes.mobjects.loss_map import shade_legend
from gradreel.scenes.mobjects.plot import Plot, polyline, ring, segment
from gradreel.scenes.mobjects.squares import squares
from gradreel.scenes.mobjects.text import Number, TextMobject, fitted, formula, patch_under, words
from gradreel.scenes.mobjects.ticks import round_labels, ticks_at_knots
from gradreel.scenes.style import DIM, mix, palette
from gradreel.scenes.words.numbers import number_text
from manim import (
    DL,
    UR,
    Animation,
    Dot,
    FadeIn,
    FadeOut,
    Mobject,
    Square,
    UpdateFromAlphaFunc,
    VGroup,
    VMobject,
    interpolate_color,
    smooth,
)
from numpy.typing import NDArray

PLOT = {"left": style.LEFT_EDGE + 0.55, "right": -0.75, "bottom": -2.4, "top": 1.35}
GRID_LEFT, GRID_BOTTOM, GRID_SIDE = 1.75, -2.4, 4.2
COUNT_LEFT = 0.15
POINT = 0.045  # side of the mark in a cell's middle, which is what was tried
LOWEST, HIGHEST = 0.03, 0.42  # shares of the text colour: single cells may be brighter than a whole map
MOST = 4  # enlarged cells in a row, where they hold both the best one and the dot
NUMBER_UP = 0.15  # of an enlarged cell's side, from its middle up to its loss's baseline
CLEAR = 0.06  # around the dot's loss
ASIDE = 0.5  # share of the text colour in the other losses while that one is read
DIRECTIONS, WAYS = 24, np.linspace(0.3, 1.2, 10)  # in which, and how far from the dot, its loss may stand


class SearchBoard(VGroup):
    """Line number ``count`` of the grid over the red curve, and the cells of all that have been tried.

    A cell's w and b are those of its middle, where a point is.

    ``curve`` is drawn red, ``dataset`` are the dots around it that the losses are of. ``texts``: "tried", "loss",
    "target", "low", "high". Parts: ``plot``, ``target``, ``dots``, ``target_label``, ``line``, ``grid`` (GridMap),
    ``points_tried``, ``grid_names``, ``scale``, ``readout``. ``show(count)``; ``put(line, loss)``;
    ``swing(row, column)``, ``swing_to(line, loss)``.
    """

    def __init__(
        self, curve: PiecewiseLinearCurve, dataset: CurveDataset, grid: LineGrid, texts: Mapping[str, str]
    ) -> None:
        super().__init__()
        self.numbers, self.ends = grid, np.array(dataset.range)
        y_range = (float(grid.b.min() - 0.6), float(max(curve.y.max(), grid.b.max()) + 0.6))
        ticks = ticks_at_knots(curve.x, *dataset.range, PLOT["right"] - PLOT["left"])
        self.plot = Plot(dataset.range, y_range, x_ticks=ticks, y_ticks=round_labels(*y_range, 5), **PLOT)
        corners = np.unique([*self.ends, *curve.x])
        self.target = self.plot.curve(corners, curve(corners), palette.red, style.SECOND_CURVE)
        pairs = zip(dataset.x(), dataset.labels(), strict=True)
        self.dots = VGroup(*(self.plot.dot(x, y, mix(palette.red, 0.75), 0.05) for x, y in pairs))
        self.line = polyline(self.plot.at(self.ends, self.ends), palette.blue, style.MAIN_CURVE)
        self.grid = GridMap(grid.loss, GRID_LEFT, GRID_BOTTOM, GRID_SIDE)
        self.middles = np.array([self.grid.center(row, column) for row, column in self.grid.order])
        self.points_tried = VMobject(stroke_width=0).set_fill(mix(palette.text, style.DIM), 1)
        self.grid_names = self._names()
        self.count = Number(grid.loss.size, 0, 32)
        self.loss = Number(float(grid.loss.max()), 3, 32)
        self.scale = self._scale(texts)
        self.readout = self._readout(texts)
        end = self.plot.at(self.ends[1], curve(self.ends[1]))  # right of the plot, where no line comes
        self.target_label = words(texts["target"], style.LABEL, palette.red).place(end[1] - 0.1, left=end[0] + 0.15)
        self.add(self.plot, self.target, self.dots, self.target_label, self.line)
        self.add(self.grid, self.points_tried, self.grid_names, self.scale, self.readout)
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

    def noted(self) -> VGroup:
        """The least loss right of its ring: a patch, which keeps it legible on cells of any shade, and the number."""
        ring = self.grid.ring
        least = words(self.written(float(self.numbers.loss.min())), style.LABEL)
        least.place(float(ring.get_y()) - 0.1, left=float(ring.get_right()[0]) + 0.12)
        return VGroup(patch_under(least), least)

    def close_cells(self, line: Line, loss: float) -> CloseCells:
        """The cells around the best one and another line, enlarged, with the losses of all."""
        written: dict[tuple[int, int] | None, str] = {
            cell: self.written(float(each)) for cell, each in np.ndenumerate(self.numbers.loss)
        }
        return CloseCells(self.numbers, self.grid, self.place_of(line), {**written, None: self.written(loss)})

    def written(self, loss: float) -> str:
        """A loss as the readout writes it."""
        return self.loss.written(loss)

    def _readout(self, texts: Mapping[str, str]) -> VGroup:
        line = style.HEADING_BASELINE
        self.loss.place(line, style.RIGHT_EDGE)
        name = words(texts["loss"], 32).place(line, right=self.loss.get_left()[0] - 0.2)
        tried = words(texts["tried"], 32).place(line, left=COUNT_LEFT)
        self.count.place_left(line, tried.get_right()[0] + 0.16)
        return VGroup(tried, self.count, name, self.loss)

    def show(self, count: int) -> None:
        """The first ``count`` lines have been tried (1 at least); the last of them is drawn."""
        self.grid.show(count)
        self.points_tried.points = squares(self.middles[:count], POINT)
        self.draw_line(*self.grid.order[count - 1])
        self.count.set_value(count)

    def draw_line(self, row: int, column: int) -> None:
        """Draw the line of a cell, and show its loss."""
        self._draw(float(self.numbers.w[column]), float(self.numbers.b[row]))
        self.loss.set_value(float(self.numbers.loss[row, column]))

    def swing(self, row: int, column: int, told: bool = True) -> Animation:
        """The line swings to that of another cell; the loss, if it is ``told``, is that one's when it is there."""
        line = Line(float(self.numbers.w[column]), float(self.numbers.b[row]))
        return self.swing_to(line, float(self.numbers.loss[row, column]), told)

    def swing_to(self, line: Line, loss: float, told: bool = True) -> Animation:
        """The line swings to any other one, and ``loss`` is shown when it is there."""
        w, b = self.drawn

        def move(_: Mobject, share: float) -> None:
            if share == 1:
                self.put(line, loss)
            else:
                self._draw(w + share * (line.w - w), b + share * (line.b - b))

        return UpdateFromAlphaFunc(VGroup(self.line, *([self.loss] if told else [])), move, rate_func=smooth)

    def put(self, line: Line, loss: float) -> None:
        """The line lies there, and its loss is shown."""
        self._draw(line.w, line.b)
        self.loss.set_value(loss)

    def _draw(self, w: float, b: float) -> None:
        self.drawn = (w, b)
        low, high = self.plot.y_range
        ends = self.ends
        if w:  # the part of the line that lies in the plot
            crossings = np.sort((np.array([low, high]) - b) / w)
            ends = np.clip(ends, *crossings)
        self.plot.set_curve(self.line, ends, b + w * ends)


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


class CloseCells(VGroup):
    """The cells of ``grid`` around the best one and around ``place`` (row, column), which lies between cells.

    They fill the grid's own room. A point in each cell's middle is what was tried. Parts: ``cells``, ``tried``,
    ``losses``, ``ring`` (around the best cell), ``names`` (the values of w and b), ``dot`` at ``place`` and ``other``,
    its loss, as ``written`` writes it, with a line to it. ``frame``, no part, is around all cells before they grow.
    """

    def __init__(
        self, numbers: LineGrid, grid: GridMap, place: tuple[float, float], written: dict[tuple[int, int] | None, str]
    ) -> None:
        super().__init__()
        self.grid, self.place, count = grid, place, len(numbers.w)
        spans = [_span(low, best, count) for low, best in zip(place, numbers.best, strict=True)]
        self.n = n = max(high - low for low, high in spans)
        self.first = [min(max(0, (low + high - n) // 2), count - n) for low, high in spans]
        room = grid.side * count
        self.side = room / n
        inside = list(product(*(range(first, first + n) for first in self.first)))
        self.cells = VGroup(*(self._cell(row, column) for row, column in inside))
        self.tried = VGroup(*(Dot(self.center(*cell), radius=0.05, color=palette.dim) for cell in inside))
        self.losses = VGroup(*(self._loss(written[cell], cell, cell == numbers.best) for cell in inside))
        self.best = self.losses[inside.index(numbers.best)]
        self.ring = Square(self.side - 0.06, stroke_color=palette.text, stroke_width=style.RING)
        self.ring.move_to(self.center(*numbers.best))
        self.frame = Square(room, stroke_color=palette.text, stroke_width=style.BOX).move_to(self.cells)
        self.names = self._names(numbers)
        self.dot = ring(self.center(*place), 0.11, palette.background, fill=palette.orange)
        self.other = self._other(written[None])
        self.add(self.cells, self.tried, self.losses, self.ring, self.names, self.dot, self.other)

    def center(self, row: float, column: float) -> NDArray:
        """(3,): the middle of the grid's cell (row, column), or a place between some."""
        offset = np.array([column - self.first[1], row - self.first[0]]) + 0.5
        return np.array([*(self.grid.corner + self.side * offset), 0.0])

    def growing(self) -> list[Animation]:
        """The cells, which lie on the grid as small as they are there, grow until they fill it.

        So does the frame around them, and the grid's ring grows into theirs.
        """
        middle, share = self.cells.get_center(), self.grid.side / self.side
        around = [np.array([*self.grid.center(*cell), 0.0]) for cell in (self.first, np.array(self.first) + self.n - 1)]
        ring = self.ring.copy()
        self.ring.become(self.grid.ring)
        for part in (self.cells, self.frame):
            part.scale(share).move_to(sum(around) / 2)
        parts = [part.animate(run_time=0.8).scale(1 / share).move_to(middle) for part in (self.cells, self.frame)]
        return [*parts, self.ring.animate(run_time=0.8).become(ring)]

    def _band(self, cell: tuple[int, int]) -> int:
        """Which of the grid's shades a cell has."""
        return int(self.grid.band_of[int(np.flatnonzero((self.grid.order == cell).all(axis=1))[0])])

    def _cell(self, row: int, column: int) -> Square:
        cell = Square(0.97 * self.side, stroke_color=mix(palette.axis, 0.6), stroke_width=style.GUIDE)
        shade = self.grid.bands[self._band((row, column))].get_fill_color()
        return cell.set_fill(shade, 1).move_to(self.center(row, column))

    def _loss(self, text: str, cell: tuple[int, int], best: bool) -> TextMobject:
        x, y, _ = self.center(*cell)
        on_bright = 2 * self._band(cell) > len(self.grid.bands)  # where a dimmed number could not be read
        color = palette.text if best or on_bright else mix(palette.text, DIM)
        number = fitted(words, text, style.LETTER, 0.8 * self.side, color)
        return number.place(y + NUMBER_UP * self.side, center=x)

    def _names(self, numbers: LineGrid) -> VGroup:
        """The values of w below the columns, those of b beside the rows, and both letters."""
        left, bottom = self.grid.corner
        right, top = left + self.n * self.side, bottom + self.n * self.side
        made = VGroup()
        for k in range(self.n):
            x, y, _ = self.center(self.first[0] + k, self.first[1] + k)
            w, b = (
                float(values[first + k]) for values, first in ((numbers.w, self.first[1]), (numbers.b, self.first[0]))
            )
            made.add(words(number_text(w, 2), style.TICK, palette.dim).place(bottom - 0.4, center=x))
            made.add(words(number_text(b, 2), style.TICK, palette.dim).place(y - 0.1, right=left - 0.15))
        made.add(formula("w", style.LETTER + 3, palette.yellow).place(bottom - 0.4, left=right + 0.1))
        made.add(formula("b", style.LETTER + 3, palette.grey).place(top + 0.12, center=float(made[1].get_x())))
        return made

    def _other(self, text: str) -> VGroup:
        """The dot's loss on a patch, where it hides nothing, right of the dot in one cell if it can; a line to it."""
        number = words(text, style.LETTER, palette.orange)
        patch = patch_under(number, up=0.12)
        half = np.array([patch.width, patch.height]) / 2
        place = self._free_place(half)
        VGroup(patch, number).move_to([*place, 0.0])
        return VGroup(patch, number, self._leader(place, half))

    def _free_place(self, half: NDArray) -> NDArray:
        """(2,): the middle of a box of so much to each side that hides nothing, not far from the dot."""
        taken = [*self.losses, *self.tried, self.dot]
        boxes = np.array([[part.get_corner(DL)[:2], part.get_corner(UR)[:2]] for part in taken])
        low, high = self.cells.get_corner(DL)[:2], self.cells.get_corner(UR)[:2]
        dot, found = self.dot.get_center()[:2], []
        for way, turn in product(WAYS, range(DIRECTIONS)):
            angle = 2 * np.pi * turn / DIRECTIONS
            place = dot + way * np.array([np.cos(angle), np.sin(angle)])
            free = ((boxes[:, 0] > place + half + CLEAR) | (boxes[:, 1] < place - half - CLEAR)).any(axis=1).all()
            if free and (place - half > low).all() and (place + half < high).all():
                left, right = (np.floor((place + half * side - self.grid.corner) / self.side) for side in (-1, 1))
                rank = place[0] - half[0] < dot[0], bool((left != right).any()), way
                found.append((*rank, turn, place))
        return min(found, key=lambda each: each[:-1])[-1] if found else place

    def _leader(self, place: NDArray, half: NDArray) -> VMobject:
        """From the dot to the nearest point of its loss's patch, whose middle is ``place``."""
        dot = self.dot.get_center()[:2]
        end = np.clip(dot, place - half, place + half)
        way = end - dot
        start = dot + way * min(1.0, self.dot.width / 2 / max(float(np.linalg.norm(way)), 1e-9))
        return segment([*start, 0.0], [*end, 0.0], palette.orange, style.GUIDE)

    def opening(self) -> list[Animation]:
        """What comes when the cells have grown, but for the dot; the frame goes."""
        return [*(FadeIn(part) for part in (self.tried, self.losses, self.names)), FadeOut(self.frame)]

    def dimming_others(self) -> list[Animation]:
        """The losses of all cells but the best are dimmed, each into its cell's shade: the dot's is none of theirs."""
        pairs = [pair for pair in zip(self.losses, self.cells, strict=True) if pair[0] is not self.best]
        inks = [interpolate_color(cell.get_fill_color(), palette.text, ASIDE) for _, cell in pairs]
        return [text.animate.set_color(ink) for (text, _), ink in zip(pairs, inks, strict=True)]

    def leaving(self) -> list[Animation]:
        """All of it goes."""
        return [FadeOut(part, run_time=0.5) for part in self]


def _span(place: float, best: int, count: int) -> tuple[int, int]:
    """The first cell and the one after the last that hold ``place``'s neighbours and the best; MOST where they can."""
    low, high = min(int(np.floor(place)), best), max(int(np.floor(place)) + 1, best) + 1
    wide = max(high - low, min(MOST, count))
    low -= (wide - (high - low)) // 2
    low = min(max(low, 0), count - wide)
    return low, low + wide
