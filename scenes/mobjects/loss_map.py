"""The loss over a plane as a contour map. Pure functions of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import contourpy
import numpy as np
from gradreel.core.analysis.planes import contour_levels
from gradreel.scenes import style
from gradreel.scenes.mobjects.text import TextMobject, patch_under, words
from gradreel.scenes.style import mix, palette
from manim import ManimColor, Polygon, Rectangle, VGroup, VMobject
from numpy.typing import ArrayLike, NDArray

LOWEST_BAND, HIGHEST_BAND = 0.0, 0.24  # shares of the text colour in the background
LOWEST_LINE, HIGHEST_LINE = 0.2, 0.46
ROUND = (1, 1.5, 2, 3, 5, 7)
VALUES, NUMBERED = 3, 0.72  # contour lines that say their loss; share of the text colour in them
CLEAR, ENOUGH = 0.25, 0.9  # room around a contour line's value: at least, and more than is of any use
UNSEEN = 0.0015  # scene units, a fifth of a pixel of 1080: a corner that is less than so far off needs no drawing
LEGEND_WIDTH, LEGEND_HEIGHT, LEGEND_GAP = 1.7, 0.2, 0.15  # of all shades; between them and the words


def levels_with(levels: NDArray, start: float) -> NDArray:
    """``levels`` with one at the loss ``start`` (the nearest one makes room); the others round, where that is enough.

    Round ones are few, so that two maps of one run have most of them in common.
    """
    powers = 10.0 ** np.arange(np.floor(np.log10(levels[0])), np.ceil(np.log10(levels[-1])) + 1)
    series = np.array([float(f"{digit * power:.2g}") for power in powers for digit in ROUND])
    round_ones = np.unique([series[np.abs(np.log(series / level)).argmin()] for level in levels])
    others = round_ones if len(round_ones) > 2 * len(levels) / 3 else levels
    if not levels[0] <= start <= levels[-1]:  # no level can stand for it
        return others
    return np.sort(np.append(np.delete(others, np.abs(np.log(others / start)).argmin()), start))


class PlaneMap(VGroup):
    """A plane of parameter space in a rectangle of the screen: an even ground, the loss on it not known.

    Part: ``ground``.
    """

    ground_share = 0.055  # of the text colour in the ground

    def __init__(self, u: NDArray, v: NDArray, *, left: float, right: float, bottom: float, top: float) -> None:
        super().__init__()
        self.box = (left, right, bottom, top)
        self.u_range, self.v_range = (float(u[0]), float(u[-1])), (float(v[0]), float(v[-1]))
        self.ground = Polygon(*(np.array([x, y, 0.0]) for x, y in self._corners()), stroke_width=0)
        self.ground.set_fill(mix(palette.text, self.ground_share), 1)
        self.add(self.ground)

    def at(self, uv: ArrayLike) -> NDArray:
        """The scene's point(s) of coordinates (…, 2) in the plane, (…, 3)."""
        left, right, bottom, top = self.box
        uv = np.asarray(uv, dtype=float)
        x = left + (uv[..., 0] - self.u_range[0]) * ((right - left) / (self.u_range[1] - self.u_range[0]))
        y = bottom + (uv[..., 1] - self.v_range[0]) * ((top - bottom) / (self.v_range[1] - self.v_range[0]))
        return np.stack([x, y, np.zeros_like(x)], axis=-1)

    def coordinates(self, point: ArrayLike) -> NDArray:
        """Coordinates (…, 2) in the plane of the scene's point(s) (…, 3): the inverse of ``at``."""
        left, right, bottom, top = self.box
        x, y = np.moveaxis(np.asarray(point, dtype=float)[..., :2], -1, 0)
        u = self.u_range[0] + (x - left) * (self.u_range[1] - self.u_range[0]) / (right - left)
        v = self.v_range[0] + (y - bottom) * (self.v_range[1] - self.v_range[0]) / (top - bottom)
        return np.stack([u, v], axis=-1)

    def _corners(self) -> list[tuple[float, float]]:
        left, right, bottom, top = self.box
        return [(left, bottom), (right, bottom), (right, top), (left, top)]


class LossMap(PlaneMap):
    """Contour map of ``loss`` (n, m) at u (m,), v (n,) in a rectangle of the screen: bands, lines on top.

    Brightness alone tells the loss: the more of the text colour, the higher. Parts: ``ground``, ``bands``, ``lines``,
    ``values`` (what is written on some lines, empty at first); ``levels`` are the losses on the lines, ``grid`` what
    was given, with numbers everywhere. ``highest``: share of the text colour in the highest band. ``start``: a loss
    that has a line of its own, and how it is written there.
    """

    ground_share = LOWEST_BAND

    def __init__(
        self,
        u: NDArray,
        v: NDArray,
        loss: NDArray,
        *,
        left: float,
        right: float,
        bottom: float,
        top: float,
        highest: float = HIGHEST_BAND,
        start: tuple[float, str] | None = None,
    ) -> None:
        super().__init__(u, v, left=left, right=right, bottom=bottom, top=top)
        self.highest = highest
        self.levels, self.start = contour_levels(loss), start
        if start is not None and len(self.levels) and self.levels[0] > 0:
            self.levels = levels_with(self.levels, start[0])
        self.bands, self.lines, self.values = VGroup(), VGroup(), VGroup()
        ceiling = float(loss[np.isfinite(loss)].max()) * 2 + 1
        self.grid = (u, v, np.nan_to_num(loss, nan=ceiling, posinf=ceiling))
        self._along: list[list[NDArray]] = []  # of each line and each of its parts, (n, 2): where its loss could stand
        contours = contourpy.contour_generator(*self.grid)
        for k, level in enumerate(self.levels):
            share = (k + 1) / max(len(self.levels), 1)
            self.bands.add(self.band(contours.filled(level, np.inf), share))
            paths = contours.lines(level)
            self.lines.add(self.line(paths, k / max(len(self.levels) - 1, 1)))
            self._along.append([self.at(path[:-1])[:, :2] for path in paths if len(path) > 1])
        self.add(self.bands, self.lines, self.values)

    def write_values(self, taken: NDArray, start: NDArray | None = None) -> None:
        """Write its loss on up to VALUES lines, where they are far from ``taken`` (n, 2 or 3): path, labels, arrows.

        These lines are brighter than the others, so that each number is seen to be its line's. The lowest ones
        have none: what is inside of them is lower still. ``start`` (3,): near it its loss is written, on its line.
        """
        for k in self._wanted():
            is_start = self.start is not None and self.levels[k] == self.start[0]
            parts = self._along[k]
            if is_start and start is not None:  # not one on the other side of a valley
                parts = sorted(parts, key=lambda part: np.linalg.norm(part - start[:2], axis=1).min())[:1]
            for written in (self.start[1], f"{self.levels[k]:.3g}") if is_start else (f"{self.levels[k]:g}",):
                text = words(written, style.SMALLEST)
                best = self._place(text, parts, taken, start if is_start else None)
                if best is not None:
                    self._write(text, k, best)
                    reach = max(0.4, text.width / 2)
                    taken = np.vstack([taken[:, :2], best + np.array([[-reach, 0], [0, 0], [reach, 0]])])
                    break

    def _place(self, text: TextMobject, parts: list[NDArray], taken: NDArray, near: NDArray | None) -> NDArray | None:
        """(2,): where on ``parts`` (n, 2) of a line its loss has most room, or room as ``near`` as can be."""
        left, right, bottom, top = self.box
        half = np.array([text.width / 2, text.height / 2])
        edge = np.array([[left, bottom], [right, top]]) + np.array([[1], [-1]]) * (half + 0.15)
        places = np.concatenate(parts) if parts else np.zeros((0, 2))
        places = places[((places > edge[0]) & (places < edge[1])).all(axis=1)]
        if not len(places):
            return None
        beyond = np.maximum(np.abs(places[:, None] - taken[None, :, :2]) - half, 0.0)
        room = np.minimum(np.linalg.norm(beyond, axis=-1).min(axis=1), ENOUGH)
        if room.max() < CLEAR:
            return None
        if near is None:
            return np.asarray(places[int(room.argmax())])
        away = np.linalg.norm(places - near[:2], axis=1)
        return np.asarray(places[int(np.where(room >= CLEAR, away, np.inf).argmin())])

    def _write(self, text: TextMobject, k: int, place: NDArray) -> None:
        """Line ``k`` becomes bright, and ``text`` stands on it."""
        self.lines[k].set_stroke(mix(palette.text, NUMBERED), style.AXIS)
        patch = patch_under(text, mix(palette.text, self._band_share((k + 0.5) / len(self.levels))))
        self.values.add(VGroup(patch, text).move_to((*place, 0.0)))

    def _wanted(self) -> list[int]:
        """The levels that say their loss, if there is room: the start's first."""
        start = [k for k, level in enumerate(self.levels) if self.start is not None and level == self.start[0]]
        short = [k for k, level in enumerate(self.levels) if len(f"{level:g}") <= 5 and k not in start]
        short = short[len(short) // 4 :]
        count = VALUES - len(start)
        some = np.unique(np.linspace(0, len(short) - 1, count).round().astype(int)) if short else []
        return start + [short[i] for i in some]

    def band(self, filled: tuple[list[NDArray], list[NDArray]], share: float) -> VMobject:
        """Everything above a level that ``share`` of the levels lie below: painted over the rest, without seams."""
        shape = VMobject(stroke_width=0)
        shape.set_fill(mix(palette.text, self._band_share(share)), 1)
        polygons, offsets = filled
        for points, starts in zip(polygons, offsets, strict=True):
            for start, end in pairwise(starts):
                _add_path(shape, self.at(points[start:end]))
        return shape

    def line(self, paths: list[NDArray], share: float) -> VMobject:
        """The contour line of a level that ``share`` of the levels lie below."""
        line = VMobject(
            stroke_color=mix(palette.text, LOWEST_LINE + share * (HIGHEST_LINE - LOWEST_LINE)),
            stroke_width=style.CONTOUR,
            fill_opacity=0,
        )
        for path in paths:
            _add_path(line, self.at(path))
        return line

    def shades(self) -> list[ManimColor]:
        """The colours of the bands, from the lowest loss to the highest."""
        return [part.get_fill_color() for part in (self.ground, *self.bands)]

    def _band_share(self, share: float) -> float:
        """Of the text colour, in the band that ``share`` of the levels lie below."""
        return LOWEST_BAND + share * (self.highest - LOWEST_BAND)


def _add_path(shape: VMobject, points: NDArray) -> None:
    points = thinned(points)
    if len(points) > 1:
        shape.start_new_path(points[0])
        shape.add_points_as_corners(points[1:])


def thinned(points: NDArray, tolerance: float = UNSEEN) -> NDArray:
    """The corners (n, 3) of a path without those that nobody would miss: it stays within ``tolerance`` of them all.

    Contours come with a corner at every line of the grid, those of a band also along the map's edge; each costs time
    in every frame in which the map moves. (The method is Douglas and Peucker's.)
    """
    kept = np.zeros(len(points), dtype=bool)
    kept[[0, -1]] = True
    waiting = [(0, len(points) - 1)]
    while waiting:
        first, last = waiting.pop()
        if last - first < 2:
            continue
        away, way = points[first + 1 : last, :2] - points[first, :2], points[last, :2] - points[first, :2]
        length = float(np.hypot(*way))
        if length:
            along = np.clip(away @ way / length**2, 0.0, 1.0)
            away = away - along[:, None] * way
        off = np.hypot(away[:, 0], away[:, 1])
        if off.max() > tolerance:
            middle = first + 1 + int(off.argmax())
            kept[middle] = True
            waiting += [(first, middle), (middle, last)]
    return points[kept]


def shade_legend(shades: Sequence[ManimColor], low: str, high: str, right: float, baseline: float) -> VGroup:
    """The shades side by side from the lowest loss to the highest, between the words for these; ends at ``right``."""
    last = words(high, style.TICK, palette.dim).place(baseline, right=right)
    width = LEGEND_WIDTH / len(shades)
    left = last.get_left()[0] - LEGEND_GAP - LEGEND_WIDTH
    cells = VGroup(
        *(
            Rectangle(width=width, height=LEGEND_HEIGHT, stroke_width=0, fill_color=shade, fill_opacity=1).move_to(
                (left + (k + 0.5) * width, baseline + 0.09, 0)
            )
            for k, shade in enumerate(shades)
        )
    )
    first = words(low, style.TICK, palette.dim).place(baseline, right=left - LEGEND_GAP)
    return VGroup(first, cells, last)
