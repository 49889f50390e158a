"""A small network as a curve over one feature, then as a surface over two; its sum, a ramp beside each term."""

from __future__ import annotations

import numpy as np
from gradreel.core.network.theta import hidden_terms
from gradreel.scenes import style
from gradreel.scenes.lecture.networks.pictures.surface import (
    Box,
    Ground,
    Sheet,
    View,
    clear_labels,
    heights_around,
)
from gradreel.scenes.lecture.networks.term_surfaces import ground_of, heights_over, surface_of
from gradreel.scenes.lecture.three_days import ThreeDaysScene
from gradreel.scenes.mobjects.plot import polyline, ring
from gradreel.scenes.mobjects.text import TextMobject, formula, words
from gradreel.scenes.mobjects.ticks import round_labels
from gradreel.scenes.style import palette
from gradreel.scenes.words.numbers import number_text
from manim import VGroup

COUNT, FEW, FINE = 19, 9, 61  # points of the sheet along a rim, of a ramp's, and of the curve
SIDE, HEIGHT, MIDDLE = 4.75, 2.9, (1.95, 0.35)  # of the box, scene units
FLAT, VIEW = View(-0.3, 0.3, 1000.0), View(-24.0)  # from where it is seen: along x_2, so that it is a curve; and then
COLUMN_TOP, COLUMN_BOTTOM, PITCH, RAMPS = 1.75, -2.15, 1.3, -3.5  # the sum's rows; middle of the ramps
COLUMN_SIZE, HELD_BASELINE, CLEAR = 44, 2.42, 0.2  # CLEAR: from what is held to the head of the axis of y; to x_2
DAY_DOT, STEM = 0.11, 3.6  # radius of its dots; width of the line between them


class NetworkSurface(VGroup):
    """Draws the network of ``scene`` over x_1 and x_2, the other features as before the day that it predicts.

    The scene has read its run. Nothing is on the screen at first, and it is seen along x_2: a scene brings part by
    part, and moves them by `rise`, `sink`, `unfold` and `add_term`.

    Parts: ``column`` (the sum), ``ground``, ``curve`` (over x_1, where x_2 is the day's), ``sheet`` (the surface),
    ``ramps`` (a term each) and their ``floors``; ``held`` (what x_3, ... are held at); ``x_2``, that of the curve, at
    its end; ``day`` (a line from the prediction to the label, and a dot of each).
    """

    def __init__(self, scene: ThreeDaysScene) -> None:
        super().__init__()
        self.run, self.theta, self.decimals, self.view = scene.run, scene.theta, scene.decimals, FLAT
        self.x, self.prediction, self.label = scene.example.x, scene.there.y, scene.there.label
        ground = ground_of(scene.dataset, self.x)
        self.surface, self.small = (surface_of(self.run, self.theta, self.x, ground, count) for count in (COUNT, FEW))
        heights = heights_around(np.array([*self.surface.extent(), self.label]))
        self.box = Box(ground, heights, SIDE, HEIGHT, MIDDLE)
        names = [f"$x_{j}$ · {scene.diagram_words(key, days=j)}" for j, key in ((1, "day-ago"), (2, "days-ago"))]
        ticks = clear_labels(*ground, 4), round_labels(*heights, 4)
        self.ground = Ground(self.box, VIEW, (*names, "blue(y)"), ticks)
        self.sheet = Sheet(self.box, FLAT, COUNT)
        self.held, self.column = self._held(), self._column()
        self.ramps, self.floors = VGroup(), VGroup()
        for i, term in enumerate(self.small.terms):
            box = self.box.small(0.95 * self.pitch / SIDE, (RAMPS, self.row(i + 1)))
            self.floors.add(Ground(box, VIEW, level=0.0))
            self.ramps.add(Sheet(box, VIEW, FEW, mesh=0.8).show(np.zeros_like(term), 0.0))
        b, terms = self.surface.constant, hidden_terms(self.run, self.theta, self.x[None])[0]
        self.sums = [b, *(b + np.cumsum(terms))]  # the day's, term by term
        self.axis = np.linspace(*ground, FINE)
        self.curve_heights = heights_over(self.run, self.theta, self.x, self.axis, self.x[1:2])[0]
        self.curve = polyline(np.zeros((FINE, 3)), palette.blue, style.MAIN_CURVE)
        stem = polyline(np.zeros((2, 3)), palette.text, STEM)
        dots = ring((0, 0, 0), DAY_DOT, palette.text, palette.blue), ring((0, 0, 0), DAY_DOT, palette.red, palette.red)
        self.day = VGroup(stem, *dots)
        self.rise(0.0)
        end = self.curve.get_end()  # seen along x_2
        self.x_2 = words(f"$x_2$ = {number_text(self.x[1], self.decimals)}", style.LABEL)
        self.x_2.place(end[1] - 0.1, left=end[0] + CLEAR)

    # -- what is drawn -----------------------------------------------------------------------------------------------

    @property
    def pitch(self) -> float:
        """From row to row of the sum, scene units."""
        return min(PITCH, (COLUMN_TOP - COLUMN_BOTTOM) / self.surface.n_terms)

    def row(self, k: int) -> float:
        """Where row k of the sum stands: 0 is y = b, the others are its terms."""
        return COLUMN_TOP - k * self.pitch

    def _column(self) -> TextMobject:
        """y = b, and below it + c_i a_i, a row each."""
        rows = ['part("y", blue(y)) part("equals", =) part("b", grey(b))']
        rows += [
            f'part("plus_{i}", +) thick part("c_{i}", magenta(c_{i})) thin part("a_{i}", blue(a_{i}))'
            for i in range(1, self.surface.n_terms + 1)
        ]
        column = formula(" \\ ".join(rows), COLUMN_SIZE)
        first = column.part("b")
        left = first.get_left()[0] - column.part("y").get_left()[0]
        for k in range(self.surface.n_terms + 1):
            parts = [column.part(name) for name in (("y", "equals", "b") if not k else _names_of(k))]
            line, letter = VGroup(*parts), parts[-1]
            foot = letter[0].get_bottom()[1]
            start = style.LEFT_EDGE if not k else style.LEFT_EDGE + left - column.part("plus_1").width - 0.12
            line.shift([start - line.get_left()[0], self.row(k) - 0.12 - foot, 0.0])
        return column

    def term(self, i: int) -> VGroup:
        """Term i (counted from 0) in the column, with its sign."""
        return VGroup(*(self.column.part(name) for name in _names_of(i + 1)))

    def _held(self) -> VGroup:
        """A row that ends before what stands over the axis of y: written closer where it is long."""
        row = self._row_of_held(" = ", style.LABEL, 0.4)
        end = float(self.ground.head.get_left()[0]) - CLEAR
        return row if not len(row) or row.get_right()[0] <= end else self._row_of_held("=", style.SMALLEST, 0.2)

    def _row_of_held(self, sign: str, size: float, gap: float) -> VGroup:
        held, x = VGroup(), style.LEFT_EDGE
        for j, value in enumerate(self.x[2:], 3):
            text = words(f"$x_{j}${sign}{number_text(value, self.decimals)}", size)
            held.add(text.place(HELD_BASELINE, left=x))
            x = text.get_right()[0] + gap
        return held

    @property
    def in_space(self) -> VGroup:
        """What `rise` moves."""
        return VGroup(self.ground, self.sheet, self.curve, self.day)

    def settled(self) -> VGroup:
        """What is on the screen in the end: all but the curve and its x_2."""
        self.rise(1.0)
        for i in range(self.surface.n_terms):
            self.unfold(i, 1.0)
        return VGroup(self.held, self.column, *self.floors, *self.ramps, self.ground, self.sheet, self.day)

    # -- how it moves: each sets points in place, ``share`` from 0 to 1 ------------------------------------------------

    def rise(self, share: float) -> None:
        """From the curve, seen along x_2, to the surface, seen from above: it spreads along x_2, and its axis comes."""
        ends = ((view.azimuth, view.elevation, 1 / view.distance) for view in (FLAT, VIEW))
        azimuth, elevation, nearness = (
            float(first + share * (last - first)) for first, last in zip(*ends, strict=True)
        )
        self.view = View(azimuth, elevation, 1 / nearness)
        self.ground.look(self.view).show_x_2(share)
        x_2 = self.x[1] + share * (self.sheet.axis - self.x[1])
        self.sheet.view = self.view
        heights = heights_over(self.run, self.theta, self.x, self.sheet.axis, x_2)
        self.sheet.show(heights, (1.0, share), self.x[:2])
        on = np.column_stack([self.axis, np.full(FINE, self.x[1])])
        self.curve.set_points_as_corners(self.box.at(on, self.curve_heights, self.view))
        self._lay_day(self.prediction)

    def sink(self, share: float) -> None:
        """From the surface down to its constant."""
        b = self.surface.constant
        self.sheet.show(b + (1 - share) * (self.surface.height() - b))
        self._lay_day(b + (1 - share) * (self.prediction - b))

    def unfold(self, i: int, share: float) -> None:
        """Term i's ramp, growing from the middle of its ground."""
        self.ramps[i].show(share * self.small.terms[i], share)

    def add_term(self, i: int, share: float) -> None:
        """The sum of b and the first terms, term i (counted from 0) on its way into it; the day's dot lies on it."""
        self.sheet.show(self.surface.height(i) + share * self.surface.terms[i])
        self._lay_day(self.sums[i] + share * (self.sums[i + 1] - self.sums[i]))

    def _lay_day(self, prediction: float) -> None:
        """The day's dots, of ``prediction`` and label, and the line between them."""
        stem, *dots = self.day
        ends = self.box.at(self.x[:2], [prediction, self.label], self.view)
        stem.set_points_as_corners(ends)
        for dot, end in zip(dots, ends, strict=True):
            dot.move_to(end)


def _names_of(k: int) -> tuple[str, ...]:
    return f"plus_{k}", f"c_{k}", f"a_{k}"
