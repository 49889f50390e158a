"""Trying every line: the line on the red curve beside the grid of all that are tried; and how many tries there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from gradreel.core.curves.line_fit import Line
from gradreel.core.curves.piecewise import PiecewiseLinearCurve
from gradreel.core.datasets import CurveDataset
from gradreel.scenes import style
from gradreel.scenes.lecture.optimization.grid_search import LineGrid, Tries
from gradreel.scenes.lecture.optimization.pictures.close_cells import CloseCells
from gradreel.scenes.lecture.optimization.pictures.shade_legend import shade_legend
from gradreel.scenes.mobjects.grid_map import GridMap, squares
from gradreel.scenes.mobjects.patches import patch_under
from gradreel.scenes.mobjects.plot import Plot, polyline
from gradreel.scenes.mobjects.text import Number, TextMobject, formula, words
from gradreel.scenes.mobjects.theta_strip import role_of
from gradreel.scenes.mobjects.ticks import round_labels, ticks_at_knots
from gradreel.scenes.style import mix, palette
from gradreel.scenes.words.numbers import number_text
from manim import Animation, Dot, Mobject, RoundedRectangle, UpdateFromAlphaFunc, VGroup, VMobject, smooth

PLOT = {"left": style.LEFT_EDGE + 0.55, "right": -0.75, "bottom": -2.4, "top": 1.35}
GRID_LEFT, GRID_BOTTOM, GRID_SIDE = 1.75, -2.4, 4.2
POINT = 0.045  # side of the mark in a cell's middle, which is what was tried
COUNT_LEFT = 0.15
REMARK_LEFT, POWER_LEFT = 3.1, -1.15
MOST_CELLS, CELL = 16, 0.25  # of a row's picture of theta


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
        self.points_tried = VMobject(stroke_width=0).set_fill(mix(palette.text, style.PRESENT), 1)
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


class TriesRow(VGroup):
    """One network: theta's entries as cells in their colours, its length, and m to the power of that.

    ``names`` of the parameters; ``length_words(count)`` says how many. Parts: ``cells``, ``length``, ``power``.
    ``remark(...)`` writes what it comes to at the right.
    """

    def __init__(self, tries: Tries, names: Sequence[str], length_words: Callable[[int], str], middle: float) -> None:
        super().__init__()
        self.tries, self.middle = tries, middle
        self.length_words = lambda count: length_words(count)  # a function is never copied; a method's owner would be
        self.cells = _theta_cells(names, middle + 0.2)
        self.length = self.written_length(tries.parameters)
        self.power = self.written_power(tries.parameters)
        self.add(self.cells, self.length, self.power)

    def written_length(self, parameters: int) -> TextMobject:
        """How many parameters that are, in its place in the row."""
        text = words(self.length_words(parameters), style.LABEL, palette.dim)
        return text.place(self.middle - 0.42, left=style.LEFT_EDGE)

    def written_power(self, parameters: int) -> TextMobject:
        """The power of so many parameters, in its place in the row."""
        source = power_source(Tries(self.tries.values, parameters))
        return formula(source, 50).place(self.middle - 0.05, left=POWER_LEFT)

    def remark(self, result: str, note: str) -> VGroup:
        """``result`` large at the right, ``note`` small beneath it."""
        large, room = words(result, style.SUBTITLE), style.RIGHT_EDGE - REMARK_LEFT
        if large.width > room:
            large = words(result, max(style.SMALLEST, style.SUBTITLE * room / large.width))
        large.place(self.middle, left=REMARK_LEFT)
        small = words(note, style.LABEL, palette.dim).place(self.middle - 0.52, left=REMARK_LEFT)
        return VGroup(large, small)


def power_source(tries: Tries) -> str:
    """20^16 = 6.6 · 10^20; exact while it is short; only m^P where even the power of ten says nothing."""
    power = f"{tries.values}^{tries.parameters}"
    if tries.digits <= 5:
        return f'{power} = "{number_text(tries.count)}"'
    digits, exponent = tries.leading
    return f"{power} approx {digits} dot 10^{exponent}" if exponent < 1000 else power


def _theta_cells(names: Sequence[str], y: float) -> VGroup:
    """A small square for each entry of theta; of a long one the first, dots, and the last."""
    shown = list(names) if len(names) <= MOST_CELLS else [*names[: MOST_CELLS - 3], None, *names[-2:]]
    cells = VGroup()
    for k, name in enumerate(shown):
        x = style.LEFT_EDGE + CELL / 2 + k * (CELL + 0.06)
        if name is None:
            cells.add(formula("dots.c", style.LETTER, palette.dim).move_to((x, y, 0)))
            continue
        color = getattr(palette, role_of(name))
        cell = RoundedRectangle(corner_radius=0.04, width=CELL, height=CELL, stroke_color=color, stroke_width=1.6)
        cells.add(cell.set_fill(mix(color, 0.3), 1).move_to((x, y, 0)))
    return cells
