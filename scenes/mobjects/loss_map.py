"""Draws the loss over a plane of parameter space as a contour map, with colours from warm (low) to cold (high)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import contourpy
import numpy as np
from gradreel.core.analysis.planes import contour_levels
from gradreel.core.arrays import FloatArray, IntArray
from gradreel.scenes import style
from gradreel.scenes.mobjects.text import words
from gradreel.scenes.style import mix, palette
from manim import ManimColor, Polygon, Rectangle, VGroup, VMobject
from numpy.typing import ArrayLike

RAMP = {  # colours from the lowest loss, which is warm, to the highest
    "dark": ("#B5652B", "#6B4A48", "#474A5C", "#33475C"),
    "light": ("#F2AC6C", "#E6C3A6", "#C6CBD3", "#AFBECD"),
}
LOWEST_LINE, HIGHEST_LINE = 0.34, 0.46  # shares of the text colour in the contour lines
UNSEEN = 0.0015  # scene units: a fifth of a pixel of 1080; a contour may be off by so much
LEGEND_WIDTH, LEGEND_HEIGHT, LEGEND_GAP = 1.7, 0.2, 0.15  # size of all shades together; gap to the words


def loss_color(share: float) -> ManimColor:
    """Return the current theme's colour of a loss; ``share``: 0 for the lowest loss, 1 for the highest."""
    ramp = RAMP[palette.theme]
    place = min(max(share, 0.0), 1.0) * (len(ramp) - 1)
    k = min(int(place), len(ramp) - 2)
    return ManimColor(ramp[k]).interpolate(ManimColor(ramp[k + 1]), place - k)


class PlaneMap(VGroup):
    """A plane of parameter space in a rectangle of the scene, plain, without losses. Part: ``ground``."""

    ground_share = 0.055  # share of the text colour in the ground

    def __init__(self, u: FloatArray, v: FloatArray, *, left: float, right: float, bottom: float, top: float) -> None:
        super().__init__()
        self.box = (left, right, bottom, top)
        self.u_range, self.v_range = (float(u[0]), float(u[-1])), (float(v[0]), float(v[-1]))
        corners = [(left, bottom, 0.0), (right, bottom, 0.0), (right, top, 0.0), (left, top, 0.0)]
        self.ground = Polygon(*map(np.array, corners), stroke_width=0)
        self.ground.set_fill(mix(palette.text, self.ground_share), 1)
        self.add(self.ground)

    def at(self, uv: ArrayLike) -> FloatArray:
        """Return the scene's points, (…, 3), of coordinates (…, 2) in the plane."""
        left, right, bottom, top = self.box
        uv = np.asarray(uv, dtype=float)
        x = left + (uv[..., 0] - self.u_range[0]) * ((right - left) / (self.u_range[1] - self.u_range[0]))
        y = bottom + (uv[..., 1] - self.v_range[0]) * ((top - bottom) / (self.v_range[1] - self.v_range[0]))
        return np.stack([x, y, np.zeros_like(x)], axis=-1)

    def coordinates(self, point: ArrayLike) -> FloatArray:
        """Return the coordinates in the plane, (…, 2), of the scene's points (…, 3): the inverse of `at`."""
        left, right, bottom, top = self.box
        x, y = np.moveaxis(np.asarray(point, dtype=float)[..., :2], -1, 0)
        u = self.u_range[0] + (x - left) * (self.u_range[1] - self.u_range[0]) / (right - left)
        v = self.v_range[0] + (y - bottom) * (self.v_range[1] - self.v_range[0]) / (top - bottom)
        return np.stack([u, v], axis=-1)


class LossMap(PlaneMap):
    """A contour map of ``loss`` (n, m) at u (m,), v (n,) in a rectangle of the scene.

    `loss_color` gives the colours. Infinite losses and NaN count as the highest. Parts: ``ground``, ``bands``,
    ``lines``; ``levels``: the losses on the lines.
    """

    def __init__(
        self,
        u: FloatArray,
        v: FloatArray,
        loss: FloatArray,
        *,
        left: float,
        right: float,
        bottom: float,
        top: float,
    ) -> None:
        super().__init__(u, v, left=left, right=right, bottom=bottom, top=top)
        self.levels = contour_levels(loss)
        self.ground.set_fill(loss_color(0.0), 1)
        self.bands, self.lines = VGroup(), VGroup()
        ceiling = float(loss[np.isfinite(loss)].max()) * 2 + 1
        contours = contourpy.contour_generator(u, v, np.nan_to_num(loss, nan=ceiling, posinf=ceiling))
        for k, level in enumerate(self.levels):
            share = (k + 1) / max(len(self.levels), 1)
            filled: Any = contours.filled(level, np.inf)  # contourpy's type depends on the generator's options
            lines: Any = contours.lines(level)
            self.bands.add(self.band(filled, share))
            self.lines.add(self.line(lines, k / max(len(self.levels) - 1, 1)))
        self.add(self.bands, self.lines)

    def band(self, filled: tuple[list[FloatArray], list[IntArray]], share: float) -> VMobject:
        """Return the area above a level, from contourpy's ``filled``; ``share`` of the levels lie below it.

        It covers the areas of lower levels, so there are no seams.
        """
        shape = VMobject(stroke_width=0)
        shape.set_fill(loss_color(share), 1)
        polygons, offsets = filled
        for points, starts in zip(polygons, offsets, strict=True):
            for start, end in pairwise(starts):
                _add_path(shape, self.at(points[start:end]))
        return shape

    def line(self, paths: list[FloatArray], share: float) -> VMobject:
        """Return the contour line of a level; ``share`` of the levels lie below it."""
        line = VMobject(
            stroke_color=mix(palette.text, LOWEST_LINE + share * (HIGHEST_LINE - LOWEST_LINE)),
            stroke_width=style.CONTOUR,
            fill_opacity=0,
        )
        for path in paths:
            _add_path(line, self.at(path))
        return line


def _add_path(shape: VMobject, points: FloatArray) -> None:
    """Add the thinned polyline through ``points`` to ``shape``."""
    points = thinned(points)
    if len(points) > 1:
        shape.start_new_path(points[0])
        shape.add_points_as_corners(points[1:])


def thinned(points: FloatArray, tolerance: float = UNSEEN) -> FloatArray:
    """Return fewer corners of a path (n, 3), so that no corner is farther than ``tolerance`` from the new path.

    The algorithm is Douglas and Peucker's. Contours have a corner at each line of the grid, and each corner costs time
    in every frame in which the map moves.
    """
    kept = np.zeros(len(points), dtype=bool)
    kept[[0, -1]] = True
    stretches = [(0, len(points) - 1)]
    while stretches:
        first, last = stretches.pop()
        if last - first < 2:
            continue
        offsets, chord = points[first + 1 : last, :2] - points[first, :2], points[last, :2] - points[first, :2]
        length = float(np.hypot(*chord))
        if length:
            along = np.clip(offsets @ chord / length**2, 0.0, 1.0)
            offsets = offsets - along[:, None] * chord
        distances = np.hypot(offsets[:, 0], offsets[:, 1])
        if distances.max() > tolerance:
            farthest = first + 1 + int(distances.argmax())
            kept[farthest] = True
            stretches += [(first, farthest), (farthest, last)]
    return points[kept]


def shade_legend(shades: Sequence[ManimColor], low: str, high: str, right: float, baseline: float) -> VGroup:
    """Return a legend that ends at x = ``right``: the word ``low``, all ``shades`` side by side, the word ``high``."""
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
