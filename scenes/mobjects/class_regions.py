"""Points of classes in a square of the plane, over regions of what a classifier answers.

Each class has a colour and a shape. A place has the colour of its most probable class, stronger where the network is
surer. The colours differ for colour-blind viewers as well; see `themes.CLASS_COLORS`.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import contourpy
import numpy as np
from gradreel.core.analysis.class_plane import PlaneView, finite_logits, lead, log_odds
from gradreel.core.arrays import FloatArray, IntArray
from gradreel.scenes.mobjects.plot import straight_curves
from gradreel.scenes.style import class_color, mix, palette
from manim import Circle, ManimColor, Rectangle, VGroup, VMobject

SURENESS = (0.6, 0.75, 0.88, 0.96)
"""Probabilities of the winning class from which on its colour is stronger."""
PALEST, STRONGEST = 0.13, 0.52  # share of a class's colour where the network is unsure and where it is sure
HALO = 1.45  # of a mark's size: the disc of background behind it


def fill_above(shape: VMobject, x: FloatArray, y: FloatArray, values: FloatArray, level: float) -> VMobject:
    """Give ``shape`` the outline of where ``values`` (m, n) exceed ``level``, on a grid x (n,), y (m,); return it."""
    polygons: Any = contourpy.contour_generator(x, y, values).filled(level, np.inf)  # points, offsets of their rings
    shape.points = np.zeros((0, 3))
    for corners, starts in zip(*polygons, strict=True):
        for start, end in pairwise(starts):
            path = np.column_stack([corners[start:end], np.zeros(end - start)])
            shape.start_new_path(path[0])
            shape.add_points_as_corners(path[1:])
    return shape


def discs(places: FloatArray, radius: float, color: ManimColor) -> VMobject:
    """Return discs at places (n, 3) as one shape, which is drawn much faster than n shapes."""
    return repeated(Circle(radius=radius).points, places, color)


def repeated(outline: FloatArray, places: FloatArray, color: ManimColor) -> VMobject:
    """Return a filled ``outline`` (p, 3) around each of the places (n, 3), as one shape."""
    shape = VMobject(stroke_width=0).set_fill(color, 1)
    shape.points = (places[:, None] + outline).reshape(-1, 3)
    return shape


def _bezier_points_of_polygon(corners: list[tuple[float, float]]) -> FloatArray:
    """Return the Bezier points of a closed polygon, (4 k, 3)."""
    ends = np.array([(x, y, 0.0) for x, y in corners])
    return straight_curves(ends, np.roll(ends, -1, axis=0))


def _polygon_corners(count: int, turn: float, size: float) -> list[tuple[float, float]]:
    angles = np.deg2rad(turn) + 2 * np.pi * np.arange(count) / count
    return [(size * float(np.cos(a)), size * float(np.sin(a))) for a in angles]


def _star_corners(inner: float, size: float) -> list[tuple[float, float]]:
    outer_corners, inner_corners = _polygon_corners(5, 90, size), _polygon_corners(5, 126, inner * size)
    return [corner for pair in zip(outer_corners, inner_corners, strict=True) for corner in pair]


def _cross_corners(arm: float, size: float, turn: float) -> list[tuple[float, float]]:
    """Return the corners of a cross whose arms are 2 ``arm`` wide and reach to ``size``, turned by degrees."""
    a, b = arm, size
    plus = [(b, -a), (b, a), (a, a), (a, b), (-a, b), (-a, a), (-b, a), (-b, -a), (-a, -a), (-a, -b), (a, -b), (a, -a)]
    c, s = float(np.cos(np.deg2rad(turn))), float(np.sin(np.deg2rad(turn)))
    return [(c * x - s * y, s * x + c * y) for x, y in plus]


def mark_outline(label: int, size: float) -> FloatArray:
    """Return the outline of the mark of class ``label``, (p, 3), about as large as a disc of radius ``size``.

    In order: disc, triangle, square, cross, diamond, triangle upside down, star, turned cross, flat bar, upright bar.
    """
    shapes = (
        None,
        _polygon_corners(3, 90, 1.3),
        _polygon_corners(4, 45, 1.25),
        _cross_corners(0.38, 1.2, 0),
        _polygon_corners(4, 0, 1.4),
        _polygon_corners(3, 270, 1.3),
        _star_corners(0.45, 1.5),
        _cross_corners(0.36, 1.25, 45),
        [(-1.35, -0.6), (1.35, -0.6), (1.35, 0.6), (-1.35, 0.6)],
        [(-0.6, -1.35), (0.6, -1.35), (0.6, 1.35), (-0.6, 1.35)],
    )
    corners = shapes[label % len(shapes)]
    return np.asarray(Circle(radius=size).points) if corners is None else size * _bezier_points_of_polygon(corners)


def class_marks(label: int, places: FloatArray, size: float) -> VGroup:
    """Return the marks of class ``label`` at places (n, 3): a halo in the background's colour, then the marks."""
    return VGroup(
        repeated(mark_outline(label, HALO * size), places, palette.background),
        repeated(mark_outline(label, size), places, class_color(label)),
    )


class ClassRegions(VGroup):
    """A square of the plane with points (N, 2) of K classes; `show` draws what a network answers.

    ``box``: left, right, bottom, top. Parts: ``ground``; ``bands``, for each class a region for each degree of
    sureness; ``marks``, for each class its points.
    """

    def __init__(
        self,
        view: PlaneView,
        points: FloatArray,
        labels: IntArray,
        n_classes: int,
        left: float,
        bottom: float,
        side: float,
        mark_size: float,
    ) -> None:
        super().__init__()
        self.view, self.box = view, (left, left + side, bottom, bottom + side)
        self.ground = Rectangle(width=side, height=side, stroke_width=0).set_fill(mix(palette.text, 0.05), 1)
        self.ground.move_to([left + side / 2, bottom + side / 2, 0])
        degrees = len(SURENESS) + 1
        shares = np.linspace(PALEST, STRONGEST, degrees)
        self.bands = VGroup(
            *(
                VGroup(*(VMobject(stroke_width=0).set_fill(mix(class_color(k), float(share)), 1) for share in shares))
                for k in range(n_classes)
            )
        )
        self.marks = VGroup(*(class_marks(k, self.at(points[labels == k]), mark_size) for k in range(n_classes)))
        self.add(self.ground, self.bands, self.marks)

    def at(self, points: FloatArray) -> FloatArray:
        """Return the scene's places, (n, 3), of points (n, 2)."""
        left, right, bottom, _ = self.box
        scale = (right - left) / (self.view.high - self.view.low)
        flat = np.array([left, bottom]) + (points - self.view.low) * scale
        return np.column_stack([flat, np.zeros(len(points))])

    def show(self, logits: FloatArray) -> ClassRegions:
        """Draw the regions of the logits on the grid, (m, m, K); return self."""
        left, right, bottom, top = self.box
        logits = finite_logits(logits)
        x, y = (np.linspace(*ends, logits.shape[0]) for ends in ((left, right), (bottom, top)))
        ahead, odds = lead(logits), log_odds(logits)
        for k, bands in enumerate(self.bands):
            fill_above(bands[0], x, y, ahead[..., k], 0.0)
            for band, sure in zip(bands[1:], SURENESS, strict=True):
                fill_above(band, x, y, odds[..., k], float(np.log(sure / (1 - sure))))
        return self
