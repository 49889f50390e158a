"""The last stretch of a path on a map, enlarged: dots that are one spot on the map, side by side."""

from __future__ import annotations

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.lecture.optimization.pictures.descent_map import DescentMap
from gradreel.scenes.lecture.optimization.pictures.loss_slice import free_place
from gradreel.scenes.mobjects.pace import state_at
from gradreel.scenes.mobjects.plot import polyline, segment
from gradreel.scenes.mobjects.text import words
from gradreel.scenes.style import mix, palette
from gradreel.scenes.words.numbers import number_text
from manim import DL, UR, Circle, Dot, Mobject, Rectangle, VGroup, VMobject
from numpy.typing import NDArray

SPOT = 0.005  # dots nearer than this on the map are one spot
WIDTH, HEIGHT = 2.9, 1.5
FREE, EDGE = 0.18, 0.1  # around the path in it; from it to the map's edge
DOT, POINT = 0.03, 0.06  # radii
EVERY = 10  # updates from one corner of the path to the next


def crowd_from(shown: DescentMap) -> int | None:
    """The row of the map's trace from which on each dot lies on the spot of the one before; None if none does."""
    if len(shown.dotted) < 3:
        return None
    gaps = np.linalg.norm(np.diff(shown.dot_points, axis=0), axis=1)
    apart = np.flatnonzero(gaps >= SPOT)
    first = int(apart[-1]) + 1 if len(apart) else 0
    return int(shown.dotted[first]) if first < len(gaps) - 1 else None


class PathZoom(VGroup):
    """The path of ``shown`` from row ``first`` to its last in a frame, in the corner of the map with most room.

    ``show(row)`` draws it up to a row. Parts: ``rays`` (from the end of the path to the frame), ``frame``, ``note``
    (``name``, and how many times it is enlarged), ``line``, ``dots``, ``point``.
    """

    def __init__(self, shown: DescentMap, first: int, name: str) -> None:
        super().__init__()
        self.shown, self.first = shown, first
        self.rows = np.unique([*range(first, shown.last, EVERY), shown.last])
        points = shown.point(shown.trace.parameters[self.rows])
        low, high = points.min(axis=0)[:2], points.max(axis=0)[:2]
        self.middle = np.array([*(low + high) / 2, 0.0])
        room = np.array([WIDTH, HEIGHT]) - 2 * FREE
        most = float((room / np.maximum(high - low, 1e-9)).min())
        power = 10.0 ** np.floor(np.log10(most))
        self.factor = max(step for step in (power, 2 * power, 5 * power) if step <= most * (1 + 1e-9))
        center = self._corner()
        self.frame = Rectangle(width=WIDTH, height=HEIGHT, stroke_color=palette.text, stroke_width=style.AXIS)
        self.frame.set_fill(palette.background, 1).move_to(center)
        self.heart = self.frame.get_center()
        self.places = self.at(points)
        self.dotted = shown.dotted[shown.dotted >= first]
        dotted = self.at(shown.point(shown.trace.parameters[self.dotted]))
        self._circles = [Circle(radius=DOT).points + place for place in dotted]
        self.line = polyline(self.places[[0, 0]], mix(palette.orange, 0.8), style.GHOST_CURVE)
        self.dots = VMobject(stroke_width=0).set_fill(palette.text, 1)
        self.point = Dot(self.places[0], POINT, color=palette.orange)
        self.note = words(f"{name} × {number_text(self.factor)}", style.CAPTION)
        (left, low, _), (right, high, _) = (self.frame.get_corner(corner) for corner in (DL, UR))
        half = (self.note.width / 2, self.note.height / 2)
        box = (float(left) + EDGE, float(right), float(low), float(high))
        near = np.array([left, high if self._free_side() > 0 else low])
        self.note.move_to([*free_place(box, half, self.places, near), 0.0])
        self.rays = self._rays(points[-1])
        self.add(self.rays, self.frame, self.note, self.line, self.dots, self.point)
        self.show(float(first))

    def at(self, points: NDArray) -> NDArray:
        """Where points (…, 3) of the map are in the frame."""
        return np.asarray(self.heart + self.factor * (points - self.middle))

    def show(self, row: float) -> None:
        """Draw the path up to ``row``."""
        shown = self.shown
        here = self.at(shown.point(state_at(shown.trace, max(row, float(self.first)))))
        self.line.set_points_as_corners(np.vstack([self.places[self.rows < row - 1e-9], here, here]))
        self.point.move_to(here)
        passed = self._circles[: np.count_nonzero(self.dotted <= row + 1e-9)]
        self.dots.points = np.concatenate(passed) if passed else np.zeros((0, 3))

    def covers(self, other: Mobject) -> bool:
        """Whether something on the map lies under the frame, or partly."""
        away = np.abs(other.get_center() - self.heart)
        return bool(away[0] < (WIDTH + other.width) / 2 + EDGE and away[1] < (HEIGHT + other.height) / 2 + EDGE)

    def _corner(self) -> NDArray:
        """(3,): the middle of the frame, in the corner of the map where the least of the path is."""
        left, right, bottom, top = self.shown.surface.box
        half = np.array([WIDTH, HEIGHT]) / 2
        x, y = (left + half[0] + EDGE, right - half[0] - EDGE), (bottom + half[1] + EDGE, top - half[1] - EDGE)
        taken = np.vstack([self.shown.points, self.middle, self.shown.path.start_label.get_center()])[:, :2]
        corners = np.array([[u, v] for v in y[::-1] for u in x[::-1]])
        inside = (np.abs(taken[None] - corners[:, None]) < half + 0.2).all(axis=-1).sum(axis=1)
        return np.array([*corners[int(inside.argmin())], 0.0])

    def _free_side(self) -> float:
        """1 where there is more room above the path in the frame, -1 below it: at its left end."""
        left = self.places[int(self.places[:, 0].argmin())]
        return 1.0 if left[1] < self.heart[1] else -1.0

    def _rays(self, end: NDArray) -> VGroup:
        """From the spot to the two corners of the frame on its side."""
        side = 1.0 if end[1] > self.heart[1] else -1.0
        corners = [self.frame.get_corner(np.array([across, side, 0.0])) for across in (-1.0, 1.0)]
        return VGroup(*(segment(end, corner, mix(palette.text, 0.6), style.GUIDE) for corner in corners))
