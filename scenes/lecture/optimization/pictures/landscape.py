"""The loss over two numbers: a flat map of tiles that tilts into space, where each tile rises to its loss.

land = Landscape(loss, (-1.0, 1.0), (0.0, 4.0), 20, ("yellow(w)", "grey(b)"))
land.stand(0.0)                   # the map, seen from above
land.stand(1.0)                   # the landscape, seen from aside
land.at(theta)                    # where a theta (..., 2) lies on it, (..., 3)
land.set_fog(theta, 1.0)          # dark but for a small disc around theta
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.mobjects.ground import ground_directions
from gradreel.scenes.mobjects.loss_map import loss_color
from gradreel.scenes.mobjects.plot import polyline, ring, segment, straight_curves
from gradreel.scenes.mobjects.text import TextMobject, formula, patch_under, words
from gradreel.scenes.mobjects.ticks import Ticks, round_labels
from gradreel.scenes.style import mix, palette
from manim import Animation, Polygon, Square, UpdateFromAlphaFunc, VGroup, VMobject, smooth
from numpy.typing import ArrayLike, NDArray

HEIGHT = 2.45  # of the highest place, in scene units
TILE = 0.9  # share of its cell that a flat tile fills
EDGE = 0.75  # share of the text colour in the edges of standing tiles: what is left is the tile's own colour
SAMPLES = 24  # points of a line across it
FLAG = 0.55  # height of the mark at the goal
CLEAR, DARK = 0.75, 1.25  # fog: clear so far from its middle, and dark from there on, in scene units of the floor
FOGGED = 0.07  # share of its colour that a tile keeps in the fog


@dataclass(frozen=True)
class View:
    """From where the floor is seen: ``elevation`` above it and ``turn`` about it, in degrees; its middle and side."""

    elevation: float
    turn: float
    middle: tuple[float, float]
    side: float

    def toward(self, other: View, share: float) -> View:
        """The view a ``share`` of the way to ``other``."""
        ends = zip(self.numbers(), other.numbers(), strict=True)
        elevation, turn, x, y, side = (start + share * (end - start) for start, end in ends)
        return View(elevation, turn, (x, y), side)

    def numbers(self) -> tuple[float, ...]:
        """All five numbers in one row."""
        return (self.elevation, self.turn, *self.middle, self.side)

    @property
    def right(self) -> NDArray:
        """The floor's direction (2,) that runs to the right of the picture."""
        return ground_directions(self.turn)[0]

    @property
    def away(self) -> NDArray:
        """The floor's direction (2,) that runs away from the eye."""
        return ground_directions(self.turn)[1]


MAP = View(90.0, 0.0, (-3.35, -0.3), 4.6)
ELEVATION, TURN, MIDDLE, SIDE = 38.0, 55.0, (-2.9, -1.15), 4.6  # of the landscape; its turn from the second number


class Landscape(VGroup):
    """``loss`` (..., 2) -> (...) over two numbers between ``ends``; ``values`` tiles along each side.

    The middles of the outermost tiles lie at the ends. ``names``: both numbers as formulas. It is turned so that its
    lowest corner comes to the front. Parts: ``tiles``, ``axes`` (of both numbers), ``upright`` (of the
    loss).
    """

    def __init__(
        self,
        loss: Callable[[NDArray], NDArray],
        first: tuple[float, float],
        second: tuple[float, float],
        values: int,
        names: tuple[str, str],
    ) -> None:
        super().__init__()
        self.loss = loss
        middles = np.linspace(*np.array([first, second]).T, values)  # (values, 2)
        half = (middles[1] - middles[0]) / 2
        self.low, self.high = middles[0] - half, middles[-1] + half
        corners = np.stack(np.meshgrid(*np.linspace(self.low, self.high, values + 1).T), axis=-1)
        self.corners, self.heights = corners, loss(corners)  # (values + 1, values + 1, 2), at [second, first]
        self.top = float(self.heights.max()) or 1.0
        self.middles = np.stack(np.meshgrid(*middles.T), axis=-1)  # (values, values, 2)
        self.losses = loss(self.middles)
        self.best = self.middles[np.unravel_index(int(self.losses.argmin()), self.losses.shape)]
        corner = self.heights[::values, ::values].argmin()  # the lowest of the four comes to the front
        self.near = np.array([corner % 2, corner // 2])  # (2,): of each number, 1 if its high end is in front
        across, back = 2 * self.near - 1
        turn = np.arctan2(across * np.sin(np.deg2rad(TURN)), -back * np.cos(np.deg2rad(TURN)))
        self.aside = View(ELEVATION, float(np.rad2deg(turn)), MIDDLE, SIDE)
        self._inks = self._tile_colors()
        self.tried = np.ones(self.losses.shape, dtype=bool)
        self._fog: tuple[NDArray, float] = (self.best, 0.0)
        self.tiles = VGroup(*(Polygon(*np.zeros((4, 3)), stroke_width=1.0) for _ in range(values**2)))
        for tile in self.tiles:
            tile.set_fill(palette.background, 1)
        self.axes = VGroup(*(_Axis(self, k, names[k]) for k in (0, 1)))
        self.share, self.view = 1.0, self.aside
        self.upright = self._upright()
        self.add(self.axes, self.tiles)
        self.stand(1.0)

    # -- where things are ----------------------------------------------------------------------------------------------

    def stand(self, share: float) -> Landscape:
        """Tilt it so far: 0 is the map from above, 1 the landscape; returns it."""
        self.share, self.view = share, MAP.toward(self.aside, share)
        for axis in self.axes:
            axis.lay()
        return self._lay_tiles()

    def rise(self) -> Animation:
        """The map tilts, and each tile rises to its loss."""
        return UpdateFromAlphaFunc(self, lambda _, share: self.stand(share), rate_func=smooth)

    def at(self, theta: ArrayLike, loss: ArrayLike | None = None) -> NDArray:
        """Where theta (..., 2) is, at its loss or at another height (...): (..., 3)."""
        theta = np.asarray(theta, dtype=float)
        height = self.loss(theta) if loss is None else np.asarray(loss, dtype=float)
        flat = self._flat(theta)
        tilt = np.deg2rad(self.view.elevation)
        across = flat @ self.view.right + self.view.middle[0]
        up = flat @ self.view.away * np.sin(tilt) + self.share * height / self.top * HEIGHT * np.cos(tilt)
        across, up = np.broadcast_arrays(across, up + self.view.middle[1])
        return np.stack([across, up, np.zeros_like(across)], axis=-1)

    def _flat(self, theta: NDArray) -> NDArray:
        """(..., 2): places on the floor, in scene units from its middle."""
        return ((theta - self.low) / (self.high - self.low) - 0.5) * self.view.side

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

    def across(self, theta: NDArray, k: int, reach: float) -> VMobject:
        """The line on the ground through ``theta`` along number ``k``, ``reach`` of the side to both sides."""
        places = np.repeat(theta[None], 2 * SAMPLES, axis=0)
        length = reach * (self.high[k] - self.low[k])
        ends = np.clip([theta[k] - length, theta[k] + length], self.low[k], self.high[k])
        places[:, k] = np.linspace(*ends, len(places))
        return polyline(self.at(places), mix(palette.text, 0.85), style.GHOST_CURVE)

    def tangent(self, theta: NDArray, slopes: NDArray, way: NDArray) -> NDArray:
        """(2, 3): from theta along ``way`` (2,), rising with ``slopes`` (2,): both ends."""
        start = float(self.loss(theta))
        return self.at(np.array([theta, theta + way]), np.array([start, start + float(slopes @ way)]))

    # -- the tiles -----------------------------------------------------------------------------------------------------

    def show_tried(self, tried: NDArray) -> Landscape:
        """Only the tiles that are ``tried`` (values, values) are there; returns it."""
        self.tried = tried
        return self._lay_tiles()

    def set_fog(self, theta: NDArray, share: float) -> Landscape:
        """All but a disc around ``theta`` is in the fog: 0 is none, 1 is thick; returns it."""
        self._fog = theta, share
        return self._lay_tiles()

    def _tile_colors(self) -> NDArray:
        """(values², 2, 4): each tile's own colour and that of its edges."""
        span = self.losses - self.losses.min()
        shares = np.sqrt(span / (span.max() or 1.0)).ravel()
        inks = [loss_color(share) for share in shares]
        edges = [ink.interpolate(palette.text, 1 - EDGE) for ink in inks]
        return np.array([[ink.to_rgba(), edge.to_rgba()] for ink, edge in zip(inks, edges, strict=True)])

    def _lay_tiles(self) -> Landscape:
        """Points and colours of all tiles, the farthest first: a nearer tile hides what lies behind it."""
        points, lift = self.at(self.corners, self.heights), TILE + self.share * (1 - TILE)
        outline = np.stack([points[:-1, :-1], points[:-1, 1:], points[1:, 1:], points[1:, :-1]], axis=2)
        outline = outline.reshape(-1, 4, 3)
        middle = outline.mean(axis=1, keepdims=True)
        outline = middle + lift * (outline - middle)
        paths = straight_curves(outline, np.roll(outline, -1, axis=1))
        flat = self._flat(self.middles).reshape(-1, 2)
        theta, thickness = self._fog
        away = np.linalg.norm(flat - self._flat(np.asarray(theta, dtype=float)), axis=-1)
        hidden = thickness * (1 - FOGGED) * np.clip((away - CLEAR) / (DARK - CLEAR), 0.0, 1.0)
        ground = np.array(palette.background.to_rgba())
        inks = self._inks + hidden[:, None, None] * (ground - self._inks)
        inks[:, 1, 3] = self.share
        inks[:, :, 3] *= self.tried.ravel()[:, None]
        order = np.argsort(-(flat @ self.view.away), kind="stable")
        for tile, k in zip(self.tiles, order, strict=True):
            tile.points = paths[k]
            tile.fill_rgbas, tile.stroke_rgbas = inks[k, :1], inks[k, 1:]
        return self

    def grid(self) -> VGroup:
        """The empty grid of all tiles, as it lies now."""
        ink = mix(palette.axis, 0.45)
        ends = self.at(self.corners, np.zeros(self.corners.shape[:2]))
        rows = [segment(row[0], row[-1], ink, 1.0) for row in ends]
        return VGroup(*rows, *(segment(ends[0, k], ends[-1, k], ink, 1.0) for k in range(len(ends))))

    def ring(self) -> Square:
        """A frame around the best tile of the map."""
        side = self.view.side / len(self.losses) + 0.05
        frame = Square(side, stroke_color=palette.text, stroke_width=style.RING)
        return frame.move_to(self.at(self.best, 0.0))

    # -- marks and axes ------------------------------------------------------------------------------------------------

    def flag(self, theta: NDArray, label: TextMobject) -> VGroup:
        """A mark that stands at ``theta``, so that a low place is seen: a pole with the label."""
        foot = self.at(theta)
        top = foot + np.array([0.0, FLAG, 0.0])
        ground = ring(foot, 0.12, palette.text).set_fill(opacity=0).stretch(0.6, 1)
        pole = segment(foot, top, palette.text, style.AXIS)
        label.place(float(top[1]) + 0.08, center=float(top[0]))
        return VGroup(ground, pole, patch_under(label, palette.background), label)

    def _upright(self) -> VGroup:
        """The axis of losses, at the corner on the left, as high as the landscape."""
        corners = self.corners[[0, 0, -1, -1], [0, -1, 0, -1]]
        corner = corners[int((self._flat(corners) @ self.view.right).argmin())]
        foot, top = self.at(np.array([corner, corner]), np.array([0.0, self.top]))
        made = VGroup(segment(foot, top, palette.axis, style.AXIS))
        ticks = round_labels(0.0, self.top, 3)
        for value, text in zip(ticks.values, ticks.labels, strict=True):
            x, y, _ = self.at(corner, value)
            label = words(text, style.TICK, palette.dim)
            made.add(label.place(float(y) - 0.09, left=max(float(x) - 0.15 - label.width, style.LEFT_EDGE)))
        name = formula("L", style.LETTER + 7).place(float(top[1]) + 0.2, center=float(top[0]))
        return made.add(name, _note(ticks, name))


class _Axis(VGroup):
    """The axis of number ``k`` along the edge that comes to the front: a line, a few ticks, the name at its middle."""

    def __init__(self, land: Landscape, k: int, name: str) -> None:
        super().__init__()
        self.land, self.k = land, k
        self.ticks = round_labels(float(land.low[k]), float(land.high[k]), 3)
        self.line = segment((0, 0, 0), (1, 0, 0), palette.axis, style.AXIS)
        self.strokes = VGroup(*(segment((0, 0, 0), (1, 0, 0), palette.axis, style.AXIS) for _ in self.ticks.values))
        self.numbers = VGroup(*(words(text, style.TICK, palette.dim) for text in self.ticks.labels))
        self.name = formula(name, style.LETTER + 7)
        self.note = _note(self.ticks, self.name)
        self.add(self.line, self.strokes, self.numbers, self.name, self.note)

    def lay(self) -> None:
        """Put all of it along its edge as it is seen now."""
        land, k = self.land, self.k
        flat = land.share < 0.5
        near = (0, 1)[k] if flat else land.near[1 - k]  # on the map below and at its right, later in front
        corner = (land.low, land.high)[near].copy()
        outward = np.zeros(2)
        outward[1 - k] = 2.0 * near - 1.0
        corner[k] = land.low[k]
        ends = np.repeat(corner[None], 2, axis=0)
        ends[1, k] = land.high[k]
        self.line.set_points_as_corners(land.at(ends, 0.0))
        view = land.view
        offset = np.array([view.right @ outward, np.sin(np.deg2rad(view.elevation)) * (view.away @ outward), 0.0])
        offset /= np.linalg.norm(offset)
        for value, stroke, number in zip(self.ticks.values, self.strokes, self.numbers, strict=True):
            ends[0, k] = value
            place = land.at(ends[0], 0.0)
            stroke.set_points_as_corners(np.array([place, place + 0.1 * offset]))
            number.move_to(place + 0.38 * offset)
        ends[0, k] = (land.low[k] + land.high[k]) / 2
        before = self.name.get_center()
        self.name.move_to(land.at(ends[0], 0.0) + 0.85 * offset)
        self.note.shift(self.name.get_center() - before)
        shown = abs(2.0 * land.share - 1.0)  # it changes its edge half way, while it is not seen
        for part in (*self.numbers, self.name, *self.note):
            part.set_fill(opacity=shown)
        for stroke in (self.line, *self.strokes):
            stroke.set_stroke(opacity=shown)


def _note(ticks: Ticks, name: TextMobject) -> VGroup:
    """Beside an axis' name the power of ten that its numbers are written in, if there is one."""
    if not ticks.unit.note:
        return VGroup()
    return words(ticks.unit.note, style.TICK, palette.dim).place(name.baseline, left=float(name.get_right()[0]) + 0.15)
