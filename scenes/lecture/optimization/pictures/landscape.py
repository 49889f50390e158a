"""The loss over two numbers: a floor of cells, which rises into a landscape as high, at each place, as the loss there.

land = Landscape(loss, middle, reach, toward=start, names=("yellow(w)", "grey(b)"), screen=(-3.2, -0.7))
land.lift(0.0)                    # a floor
land.lift(1.0)                    # the landscape
land.at(theta)                    # where a theta (..., 2) lies on it, (..., 3)
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.mobjects.plot import polyline, ring, segment
from gradreel.scenes.mobjects.text import TextMobject, formula, patch_under, words
from gradreel.scenes.mobjects.ticks import Ticks, round_labels
from gradreel.scenes.style import mix, palette
from manim import Polygon, VGroup, VMobject
from numpy.typing import ArrayLike, NDArray

CELLS = 14  # along each side
SIDE, HEIGHT = 4.7, 2.4  # of the floor, and of its highest place, in scene units
ELEVATION, TURN = np.deg2rad(36.0), np.deg2rad(52.0)  # from where it is seen: how far up, how far round
FAR, NEAR = 1.15, 0.7  # of the reach: how far the floor goes from the middle, behind and before it
LOW, HIGH, EDGE = (
    0.05,
    {"dark": 0.36, "light": 0.19},
    0.13,
)  # text colour in the lowest, the highest cell; more in edges
SAMPLES = 24  # points of a line across it
FLAG = 0.55  # height of the mark at the goal


class Landscape(VGroup):
    """``loss`` (..., 2) -> (...) around ``middle`` (2,), as far as ``reach`` (2,); the side of ``toward`` lies behind.

    Each number has a scale of its own. ``names``: both numbers as formulas; ``screen``: where the middle of the floor
    is. Parts: ``cells``, ``axes`` (with ticks and names; an upright one for the loss).
    """

    def __init__(
        self,
        loss: Callable[[NDArray], NDArray],
        middle: NDArray,
        reach: NDArray,
        toward: NDArray,
        names: tuple[str, str],
        screen: tuple[float, float],
    ) -> None:
        super().__init__()
        self.loss, self.names = loss, names
        behind = np.where(toward >= middle, 1.0, -1.0)
        ends = np.sort([middle + FAR * behind * reach, middle - NEAR * behind * reach], axis=0)  # (2, 2)
        self.low, self.high = ends
        away = np.array([np.cos(TURN), np.sin(TURN)]) * behind
        self.away, self.right = away, np.array([away[1], -away[0]]) * -behind[0]  # the second number grows to the right
        self.screen = np.array([*screen, 0.0])
        u, v = (np.linspace(low, high, CELLS + 1) for low, high in ends.T)
        self.grid = np.stack(np.meshgrid(u, v), axis=-1)  # (CELLS + 1, CELLS + 1, 2)
        self.heights = self.loss(self.grid)
        self.top = float(self.heights.max()) or 1.0
        self.cells = VGroup()
        self._corners: list[tuple[NDArray, NDArray]] = []
        self._lay_cells()
        self.share = 1.0
        self.axes = VGroup(*(self._axis(k) for k in (0, 1)))
        self.upright = self._upright()
        self.add(self.axes, self.cells)

    def _lay_cells(self) -> None:
        """From the back to the front: a nearer cell hides what lies behind it."""
        places = [(row, column) for row in range(CELLS) for column in range(CELLS)]
        places.sort(key=lambda place: -float(self._floor(self.grid[place])[1]))
        for row, column in places:
            around = ([row, row, row + 1, row + 1], [column, column + 1, column + 1, column])
            corners, heights = self.grid[around], self.heights[around]
            share = float(heights.mean()) / self.top
            cell = Polygon(*np.zeros((4, 3)), stroke_width=1.0, stroke_color=mix(palette.text, self._ink(share) + EDGE))
            self.cells.add(cell.set_fill(mix(palette.text, self._ink(share)), 1))
            self._corners.append((corners, heights))
        self.lift(1.0)

    @staticmethod
    def _ink(share: float) -> float:
        return LOW + share * (HIGH[palette.theme] - LOW)

    def lift(self, share: float) -> None:
        """Each place is so far up to its loss: 0 is the floor, 1 the landscape."""
        self.share = share
        for cell, (corners, heights) in zip(self.cells, self._corners, strict=True):
            points = self.at(corners, heights)
            cell.set_points_as_corners([*points, points[0]])

    def at(self, theta: ArrayLike, loss: ArrayLike | None = None) -> NDArray:
        """Where theta (..., 2) is, at its loss or at another height (...): (..., 3)."""
        theta = np.asarray(theta, dtype=float)
        height = self.loss(theta) if loss is None else np.asarray(loss, dtype=float)
        across, back = np.moveaxis(self._floor(theta), -1, 0)
        up = back * np.sin(ELEVATION) + self.share * height / self.top * HEIGHT * np.cos(ELEVATION)
        across, up = np.broadcast_arrays(across, up)
        return np.stack([across, up, np.zeros_like(across)], axis=-1) + self.screen

    def _floor(self, theta: NDArray) -> NDArray:
        """(..., 2): how far to the right, and how far back, a place of the floor is."""
        flat = ((theta - self.low) / (self.high - self.low) - 0.5) * SIDE
        return np.stack([flat @ self.right, flat @ self.away], axis=-1)

    def holds(self, theta: NDArray) -> NDArray:
        """(...): whether theta (..., 2) is on the floor."""
        return ((theta >= self.low) & (theta <= self.high)).all(axis=-1)

    def way(self, thetas: NDArray) -> NDArray:
        """(n, 3): straight from one of ``thetas`` (k, 2) to the next, on the ground."""
        if len(thetas) < 2:
            return self.at(np.repeat(thetas[:1], 2, axis=0))
        shares = np.linspace(0, 1, SAMPLES)[:, None]
        pieces = [start + shares * (end - start) for start, end in pairwise(thetas)]
        return self.at(np.concatenate(pieces))

    def across(self, theta: NDArray, k: int) -> VMobject:
        """The line on the ground through ``theta`` along number ``k``, the other one held."""
        places = np.repeat(theta[None], 2 * SAMPLES, axis=0)
        places[:, k] = np.linspace(self.low[k], self.high[k], len(places))
        return polyline(self.at(places), mix(palette.text, 0.85), style.GHOST_CURVE)

    def tangent(self, theta: NDArray, slopes: NDArray, way: NDArray) -> NDArray:
        """(2, 3): from theta along ``way`` (2,), rising with ``slopes`` (2,): both ends."""
        start = float(self.loss(theta))
        return self.at(np.array([theta, theta + way]), np.array([start, start + float(slopes @ way)]))

    def flag(self, theta: NDArray, label: TextMobject) -> VGroup:
        """A mark that stands at ``theta``, so that a low place is seen: a pole with the label."""
        foot = self.at(theta)
        top = foot + np.array([0.0, FLAG, 0.0])
        ground = ring(foot, 0.12, palette.text).set_fill(opacity=0).stretch(0.6, 1)
        pole = segment(foot, top, palette.text, style.AXIS)
        label.place(float(top[1]) + 0.08, center=float(top[0]))
        return VGroup(ground, pole, patch_under(label, mix(palette.text, 2 * LOW)), label)

    def _axis(self, k: int) -> VGroup:
        """Of number ``k``, along the edge in front: a line, a few ticks, the name at its middle."""
        other = 1 - k
        corner = self.low.copy()
        corner[other] = self.low[other] if self.away[other] > 0 else self.high[other]  # the near edge
        ends = np.repeat(corner[None], 2, axis=0)
        ends[:, k] = self.low[k], self.high[k]
        made = VGroup(segment(*self.at(ends, 0.0), palette.axis, style.AXIS))
        ticks = round_labels(float(self.low[k]), float(self.high[k]), 3)
        outward = np.zeros(2)
        outward[other] = -np.sign(self.away[other])
        offset = np.array([self.right @ outward, np.sin(ELEVATION) * (self.away @ outward), 0.0])
        offset /= np.linalg.norm(offset)
        for value, text in zip(ticks.values, ticks.labels, strict=True):
            ends[0, k] = value
            place = self.at(ends[0], 0.0)
            made.add(segment(place, place + 0.1 * offset, palette.axis, style.AXIS))
            made.add(words(text, style.TICK, palette.dim).move_to(place + 0.38 * offset))
        ends[0, k] = (self.low[k] + self.high[k]) / 2
        name = formula(self.names[k], style.LETTER + 7).move_to(self.at(ends[0], 0.0) + 0.95 * offset)
        return made.add(name, _note(ticks, name))

    def _upright(self) -> VGroup:
        """The axis of losses, at the corner on the left, as high as the landscape."""
        corners = self.grid[[0, 0, -1, -1], [0, -1, 0, -1]]
        corner = corners[int(self._floor(corners)[:, 0].argmin())]
        foot, top = self.at(np.array([corner, corner]), np.array([0.0, self.top]))
        made = VGroup(segment(foot, top, palette.axis, style.AXIS))
        ticks = round_labels(0.0, self.top, 3)
        for value, text in zip(ticks.values, ticks.labels, strict=True):
            x, y, _ = self.at(corner, value)
            label = words(text, style.TICK, palette.dim)
            made.add(label.place(float(y) - 0.09, left=max(float(x) - 0.15 - label.width, style.LEFT_EDGE)))
        name = formula("L", style.LETTER + 7).place(float(top[1]) + 0.2, center=float(top[0]))
        return made.add(name, _note(ticks, name))


def _note(ticks: Ticks, name: TextMobject) -> VGroup:
    """Beside an axis' name the power of ten that its numbers are written in, if there is one."""
    if not ticks.unit.note:
        return VGroup()
    return words(ticks.unit.note, style.TICK, palette.dim).place(name.baseline, left=float(name.get_right()[0]) + 0.15)
