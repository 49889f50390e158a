"""A small network over two features: each sigmoid as a slanted step, and their sum as one surface."""

from __future__ import annotations

import numpy as np
from gradreel.core.network.theta import unpack
from gradreel.scenes import style
from gradreel.scenes.lecture.networks.ground_heights import ground_of, pieces_over
from gradreel.scenes.lecture.networks.pictures.surface import (
    Box,
    Ground,
    Sheet,
    View,
    clear_labels,
    heights_around,
)
from gradreel.scenes.lecture.three_days import ThreeDaysScene
from gradreel.scenes.mobjects.plot import polyline, ring
from gradreel.scenes.mobjects.text import words
from gradreel.scenes.mobjects.ticks import Ticks, round_labels
from gradreel.scenes.style import palette
from gradreel.scenes.words.numbers import number_text
from manim import Animation, UpdateFromAlphaFunc, VGroup, smooth
from numpy.typing import NDArray

COUNT, SMALL_COUNT, FINE = 19, 15, 61  # points along a rim of the surface, of a piece's sheet, and of its curve
FLAT, VIEW, LAST = View(-0.3, 0.3, 1000.0), View(-24.0), View(-44.0)  # along x_2, so that a sheet is a curve; then
ROW_WIDTH, ROW_Y, ROW_HEIGHT = 12.0, -0.2, 3.2  # of the pieces side by side
ASIDE_X, ASIDE_Y, ASIDE_SIDE, ASIDE_PITCH = -5.2, -0.6, 1.15, 1.65  # of the pieces that wait left of the sum
SUM_BOX, WHOLE_BOX = (5.1, 3.1, (1.6, 0.2)), (5.7, 3.1, (0.9, 0.4))  # side, height, middle: beside them; then alone
HELD_BASELINE, HELD_LINE = 2.42, 0.5  # from one that is held to the next
DAY_DOT, STEM = 0.11, 3.6  # radius of its dots; width of the line between them
NO_TICKS, ZERO = Ticks((), ()), Ticks((0.0,), ("0",))


class Piece(VGroup):
    """Draws what one unit adds, c_i a_i, over x_1 and x_2: first a curve, then a sheet.

    Parts: ``ground``, ``curve`` (over x_1; x_2 is the day's), ``sheet``.
    """

    def __init__(self, surface: NetworkSurface, index: int, box: Box) -> None:
        super().__init__()
        self.surface, self.index, self.box, self.view = surface, index, box, FLAT
        names = ("$x_1$", "$x_2$", f"magenta(c_{index + 1}) thin blue(a_{index + 1})")
        self.ground = Ground(box, VIEW, names, (NO_TICKS, ZERO))
        self.sheet = Sheet(box, FLAT, SMALL_COUNT)
        self.curve = polyline(np.zeros((FINE, 3)), palette.blue, style.MAIN_CURVE)
        self.add(self.ground, self.sheet, self.curve)
        self.rise(0.0)

    def heights(self, axis_1: NDArray, axis_2: NDArray) -> NDArray:
        """Heights (M, N) of this piece at [x_2, x_1]."""
        return self.surface.pieces(axis_1, axis_2)[self.index]

    def rise(self, share: float) -> None:
        """From the curve, seen along x_2, to the sheet, seen from above: it spreads along x_2, and its axis comes."""
        surface, x = self.surface, self.surface.x
        self.view = between(FLAT, VIEW, share)
        self.ground.look(self.view).show_x_2(share)
        self.sheet.view = self.view
        axis = self.sheet.axis
        self.sheet.show(self.heights(axis, x[1] + share * (axis - x[1])), (1.0, share), x[:2])
        on = np.column_stack([surface.fine, np.full(FINE, x[1])])
        self.curve.set_points_as_corners(self.box.at(on, self.heights(surface.fine, x[1:2])[0], self.view))

    def move(self, box: Box) -> None:
        """Ground, sheet and curve into another box."""
        self.box = self.ground.box = self.sheet.box = box
        self.ground.look(self.view)
        self.rise(1.0)


class NetworkSurface(VGroup):
    """Draws the network of ``scene`` over x_1 and x_2, the other features as before the day that it predicts.

    The scene has read its run. ``pieces_row``: the units' `Piece`s, side by side. The sum of the first k of them, on
    the plane at b, is ``sheet``; `add_piece` lets the next one fly in. Other parts: ``ground``; ``held`` (what x_3, ...
    are held at); ``day`` (a line from the prediction to the label, and a dot of each).
    """

    def __init__(self, scene: ThreeDaysScene) -> None:
        super().__init__()
        self.run, self.theta, self.decimals = scene.run, scene.theta, scene.decimals
        self.x, self.prediction, self.label = scene.example.x, scene.there.y, scene.there.label
        ground = ground_of(scene.dataset, self.x)
        self.fine, across = np.linspace(*ground, FINE), np.linspace(*ground, COUNT)
        self.heights = self.pieces(across, across)  # (H, COUNT, COUNT)
        constant = np.full_like(self.heights[:1], float(unpack(self.run, self.theta).b))
        self.sums = np.cumsum(np.concatenate([constant, self.heights]), axis=0)  # of the first k pieces, on b
        heights = heights_around(self.sums, np.array([self.prediction, self.label]))
        self.box, self.view, self.added = Box(ground, heights, *SUM_BOX), VIEW, 0
        names = [f"$x_{j}$ ({scene.diagram_words(key, days=j)})" for j, key in ((1, "day-ago"), (2, "days-ago"))]
        ticks = clear_labels(*ground, 4), round_labels(*heights, 4)
        self.ground, self.sheet = Ground(self.box, VIEW, (*names, "blue(y)"), ticks), Sheet(self.box, VIEW, COUNT)
        self.held = self._held()
        stem = polyline(np.zeros((2, 3)), palette.text, STEM)
        dots = ring((0, 0, 0), DAY_DOT, palette.text, palette.blue), ring((0, 0, 0), DAY_DOT, palette.red, palette.red)
        self.day = VGroup(stem, *dots)
        count = len(self.heights)
        self.span = heights_around(np.append(self.heights, 0.0))
        side = min(3.2, 0.7 * ROW_WIDTH / count)
        self.pieces_row = [
            Piece(self, i, Box(ground, self.span, side, ROW_HEIGHT, (ROW_WIDTH * ((i + 0.5) / count - 0.5), ROW_Y)))
            for i in range(count)
        ]
        self.show_sum(0)

    def pieces(self, axis_1: NDArray, axis_2: NDArray) -> NDArray:
        """What each unit adds, (H, M, N) at [unit, x_2, x_1]."""
        return pieces_over(self.run, self.theta, self.x, axis_1, axis_2)

    def _held(self) -> VGroup:
        held = VGroup()
        for j, value in enumerate(self.x[2:], 3):
            text = words(f"$x_{j}$ = {number_text(value, self.decimals)}", style.LABEL)
            held.add(text.place(HELD_BASELINE - HELD_LINE * (j - 3), left=style.LEFT_EDGE))
        return held

    # -- how it moves ------------------------------------------------------------------------------------------------

    def rise(self) -> Animation:
        """All pieces, from curves to sheets."""
        return UpdateFromAlphaFunc(VGroup(*self.pieces_row), lambda _, share: self._rise(share), rate_func=smooth)

    def _rise(self, share: float) -> None:
        for piece in self.pieces_row:
            piece.rise(share)

    def step_aside(self) -> Animation:
        """All pieces, small, into a column left of the sum's place."""
        starts, count = [piece.box for piece in self.pieces_row], len(self.pieces_row)
        pitch = min(ASIDE_PITCH, 4.95 / count)
        ends = [
            Box(box.ground, box.heights, ASIDE_SIDE, 0.55 * pitch, (ASIDE_X, ASIDE_Y + pitch * ((count - 1) / 2 - i)))
            for i, box in enumerate(starts)
        ]

        def move(_: VGroup, share: float) -> None:
            for piece, start, end in zip(self.pieces_row, starts, ends, strict=True):
                piece.move(mixed(start, end, share))
                for label in set(piece.ground.labels) - set(piece.ground.head):  # no room for them there
                    label.set_fill(opacity=1 - share)

        return UpdateFromAlphaFunc(VGroup(*self.pieces_row), move, rate_func=smooth)

    def show_sum(self, count: float) -> None:
        """The sum of the first ``count`` pieces on b; between two whole numbers, a share of the next one."""
        self.added = count
        whole = min(int(count), len(self.heights) - 1)
        self.sheet.show(self.sums[whole] + (count - whole) * self.heights[whole])

    def look(self, view: View, box: Box) -> None:
        """Ground, sheet and day in ``box``, as seen from ``view``."""
        self.view, self.box = view, box
        self.ground.box = self.sheet.box = box
        self.ground.look(view)
        self.sheet.look(view)
        stem, *dots = self.day
        ends = box.at(self.x[:2], [self.prediction, self.label], view)
        stem.set_points_as_corners(ends)
        for dot, end in zip(dots, ends, strict=True):
            dot.move_to(end)

    def add_piece(self, index: int) -> list[Animation]:
        """Piece ``index`` flies to its place in the sum, and the surface takes its shape.

        Returned are two animations: the flight, and the change of the sum.
        """
        piece = self.pieces_row[index]
        start, end = piece.box, self.box

        def fly(_: VGroup, share: float) -> None:
            piece.box = piece.sheet.box = mixed(start, end, share)
            axis = piece.sheet.axis
            beneath = np.full((len(axis), len(axis)), self.sums[0, 0, 0]) + self.pieces(axis, axis)[:index].sum(axis=0)
            piece.sheet.show(piece.heights(axis, axis) + share * beneath)
            for part in piece.sheet.strips:
                part.set_fill(opacity=1 - max(0.0, 2 * share - 1))
            for line in piece.sheet.lines:
                line.set_stroke(opacity=1 - max(0.0, 2 * share - 1))

        flight = UpdateFromAlphaFunc(piece.sheet, fly, rate_func=smooth, remover=True)
        change = UpdateFromAlphaFunc(self.sheet, lambda _, share: self.show_sum(index + share), rate_func=smooth)
        return [flight, change]

    def turn(self) -> Animation:
        """The surface alone: it fills the frame and turns."""
        start, end = self.box, Box(self.box.ground, self.box.heights, *WHOLE_BOX)
        moving = VGroup(self.ground, self.sheet)
        return UpdateFromAlphaFunc(
            moving, lambda _, share: self.look(between(VIEW, LAST, share), mixed(start, end, share)), rate_func=smooth
        )

    def settled(self) -> VGroup:
        """What is on the screen in the end."""
        self.show_sum(len(self.heights))
        self.look(LAST, Box(self.box.ground, self.box.heights, *WHOLE_BOX))
        return VGroup(self.held, self.ground, self.sheet, self.day)


def between(first: View, last: View, share: float) -> View:
    """The view ``share`` of the way from one to another; the eye's nearness grows evenly."""
    ends = ((view.azimuth, view.elevation, 1 / view.distance) for view in (first, last))
    azimuth, elevation, nearness = (float(a + share * (b - a)) for a, b in zip(*ends, strict=True))
    return View(azimuth, elevation, 1 / nearness)


def mixed(first: Box, last: Box, share: float) -> Box:
    """The box ``share`` of the way from one to another, of the same ground."""

    def pair(a: tuple[float, float], b: tuple[float, float]) -> tuple[float, float]:
        return a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])

    return Box(
        first.ground,
        pair(first.heights, last.heights),
        first.side + share * (last.side - first.side),
        first.height + share * (last.height - first.height),
        pair(first.middle, last.middle),
    )
