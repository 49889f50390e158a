"""Draws dots of two classes in a square of the plane, and a line that cuts it into two sides."""

from __future__ import annotations

import numpy as np
from gradreel.core.analysis.class_plane import GRID, PlaneView
from gradreel.scenes import style
from gradreel.scenes.mobjects.class_regions import HALO, ClassRegions, class_marks, mark_outline
from gradreel.scenes.mobjects.plot import polyline, segment
from gradreel.scenes.mobjects.text import formula, words
from gradreel.scenes.style import mix, palette
from manim import Animation, Circle, UpdateFromAlphaFunc, VGroup, VMobject, linear, smooth
from numpy.typing import NDArray

LEFT, BOTTOM, SIDE = style.LEFT_EDGE, -3.3, 6.1  # of the square
MARK = 0.11  # size of a dot
LINE = 5.0  # stroke of the line
NEW_RADIUS = 0.2
COLUMN, RIGHT = LEFT + SIDE + 0.75, 6.2  # edges of what stands beside the square
PANELS = {"left": COLUMN + 0.75, "right": 5.95, "bottom": -2.0, "top": 2.4}  # of loss and accuracy beside it
FALL = 5.0  # scene units that a new dot falls


def sums(theta: NDArray, points: NDArray) -> NDArray:
    """Return z = b + w1 x1 + w2 x2 of points (..., 2), (...), for theta (3,): w1, w2 and b."""
    return np.asarray(points @ theta[:2] + theta[2])


def surprise_of(share: NDArray) -> NDArray:
    """Return -ln(share), same shape."""
    return np.asarray(-np.log(share))


class LineBoard(VGroup):
    """Draws the square of the plane with its dots, two axes and a line; `show` moves the line and its sides.

    Parts: ``axes``; ``regions`` (ground, bands, marks); ``line``, where z is 0.
    """

    def __init__(self, points: NDArray, labels: NDArray, theta: NDArray) -> None:
        super().__init__()
        self.points_shown, self.labels = points, labels
        self.view = PlaneView.around(points)
        self.regions = ClassRegions(self.view, points, labels, 2, LEFT, BOTTOM, SIDE, MARK)
        self.box = self.regions.box
        self.axes = self._axes()
        self.line = polyline(np.zeros((2, 3)), palette.text, LINE)
        self.add(self.regions.ground, self.regions.bands, self.axes, self.line, self.regions.marks)
        self.show(theta)

    def at(self, points: NDArray) -> NDArray:
        """Return the scene's places, (n, 3), of points (n, 2); of one point (2,) its place (3,)."""
        places = self.regions.at(np.atleast_2d(points))
        return places if np.ndim(points) == 2 else places[0]

    def show(self, theta: NDArray, sure: bool = False) -> LineBoard:
        """Draw the line of ``theta`` and its two sides; with ``sure``, in stronger colours where the share is larger.

        Return self.
        """
        z = sums(theta, self.view.grid()).reshape(GRID, GRID)
        self.regions.show(np.stack([np.zeros_like(z), z], axis=-1))
        if not sure:
            for bands in self.regions.bands:
                for band in bands[1:]:
                    band.points = np.zeros((0, 3))
        self.line.set_points_as_corners(self.at(self.ends(theta)))
        return self

    def ends(self, theta: NDArray, z: float = 0.0) -> NDArray:
        """Return where the line of equal sums ``z`` enters and leaves the square, (2, 2); outside, twice one corner."""
        normal, (low, high) = theta[:2], (self.view.low, self.view.high)
        along = np.array([-normal[1], normal[0]])
        length = float(normal @ normal)
        if length == 0:
            return np.array([low, low])
        foot = normal * (z - theta[2]) / length
        spans = [sorted(((low[k] - foot[k]) / along[k], (high[k] - foot[k]) / along[k])) for k in (0, 1) if along[k]]
        start, end = max(span[0] for span in spans), min(span[1] for span in spans)
        return np.array([low, low]) if start >= end else np.array([foot + start * along, foot + end * along])

    def _axes(self) -> VGroup:
        """Return the lines x1 = 0 and x2 = 0 with their names at their ends."""
        left, right, bottom, top = self.box
        middle = self.at(np.zeros(2))
        color = mix(palette.axis, 0.8)
        across = segment((left, middle[1], 0), (right, middle[1], 0), color, style.GUIDE)
        up = segment((middle[0], bottom, 0), (middle[0], top, 0), color, style.GUIDE)
        names = (
            formula("x_1", style.LETTER).place(middle[1] - 0.32, right=right - 0.1),
            formula("x_2", style.LETTER).place(top - 0.32, left=middle[0] + 0.12),
        )
        return VGroup(across, up, *names)


class NewDot(VGroup):
    """Draws a grey dot with a question mark at a place of the scene (3,): its class is not told."""

    def __init__(self, place: NDArray) -> None:
        disc = Circle(radius=NEW_RADIUS, stroke_width=3).set_stroke(palette.text).set_fill(palette.grey, 1)
        mark: VMobject = words("?", 30, palette.background)
        super().__init__(disc, mark.move_to(disc))
        self.move_to(place)


class MovingMarks(VGroup):
    """Draws the marks of N dots of two classes at places (N, 3), which `place` changes."""

    def __init__(self, labels: NDArray, places: NDArray, size: float) -> None:
        super().__init__(*(class_marks(k, places[labels == k], size) for k in (0, 1)))
        self.labels, self.size, self.places = labels, size, places

    def place(self, places: NDArray, size: float | None = None) -> MovingMarks:
        """Move all marks to places (N, 3), in ``size``; return self."""
        self.places, self.size = places, size or self.size
        for k, marks in enumerate(self):
            for shape, radius in zip(marks, (HALO * self.size, self.size), strict=True):
                shape.points = (places[self.labels == k][:, None] + mark_outline(k, radius)).reshape(-1, 3)
        return self

    def fly(self, places: NDArray, size: float, seconds: float, lag: float = 0.5) -> Animation:
        """Return the flight of all marks to places (N, 3), one after the other, from the left to the right."""
        start, first = self.places, self.size
        rank = np.argsort(np.argsort(places[:, 0])) / max(1, len(places) - 1)

        def move(_: VMobject, share: float) -> None:
            own = np.clip((share * (1 + lag) - lag * rank), 0, 1)
            eased = (own**2 * (3 - 2 * own))[:, None]
            self.place(start + eased * (places - start), first + share * (size - first))

        return UpdateFromAlphaFunc(self, move, run_time=seconds, rate_func=linear)


def flow(starts: NDArray, ends: NDArray, label: int, becomes: int) -> UpdateFromAlphaFunc:
    """Return the way of the marks of class ``label`` from places (n, 3) to others, where they are of class ``becomes``.

    Halfway they change their shape and colour.
    """

    def update(marks: VGroup, share: float) -> None:
        there = class_marks(label if share < 0.5 else becomes, starts + share * (ends - starts), MARK)
        for part, moved in zip(marks.get_family(), there.get_family(), strict=True):
            part.match_style(moved)
        marks.match_points(there)

    return UpdateFromAlphaFunc(class_marks(label, starts, MARK), update, rate_func=smooth)
