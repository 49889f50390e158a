"""Callouts: words with a line to a point of a plot, placed where no curve is drawn."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from gradreel.core.arrays import FloatArray
from gradreel.scenes.mobjects.plot import polyline
from gradreel.scenes.mobjects.text import TextMobject
from gradreel.scenes.style import Box, palette
from manim import DL, UR, Rectangle, VGroup, VMobject
from numpy.typing import ArrayLike

LINE = 0.46  # height reserved for the words
CLEAR = 0.2  # least distance between words and curves
GAP = 0.65  # from the ring's middle to the words, across
REACH = 0.35  # scale of the leader line's level part
CROSSING, RING_ROOM = 6.0, 0.35  # cost of a leader line that crosses a curve; crossings this near the ring are free
BESIDE, NEAR = (0.16, 0.24, 0.34, 0.46, 0.6, 0.75), 0.11  # tried distances of a number; its distance from curves
ALONG = 0.05  # distance between the points that represent a curve


def free_place(
    ink: FloatArray,
    at: ArrayLike,
    size: tuple[float, float],
    box: Box,
    gap: float = GAP,
    taken: Sequence[VMobject] = (),
) -> tuple[float, float] | None:
    """Return the centre (x, y) of the best free place for words of ``size`` near ``at``; None if no place is free.

    A near place wins; one whose leader line would cross a curve counts as farther away. ``ink`` (n, 3): the corners of
    all curves. ``box``: left, right, bottom, top. ``gap``: least distance between ``at`` and the words, across.
    ``taken``: mobjects that the words must not touch either.
    """
    left, right, bottom, top = box
    point = np.asarray(at, dtype=float)[:2]
    taken_points = np.concatenate([np.empty((0, 2)), *(_fill_points(mobject) for mobject in taken)])
    lines = np.concatenate([_points_along_polyline(ink[:, :2]), taken_points])
    half = np.array(size) / 2
    xs = np.arange(left + half[0] + 0.1, right - half[0], 0.15)
    ys = np.arange(bottom + half[1] + 0.1, top - half[1], 0.1)
    places = []  # (distance, x, y, x of the words' end that the leader line starts from)
    for x in xs:
        if abs(x - point[0]) < half[0] + gap:  # the words would be above or below the ring
            continue
        edge = x + np.sign(point[0] - x) * half[0]
        places += [(float(np.hypot(edge - point[0], 1.5 * (y - point[1]))), x, y, edge) for y in ys]
    best = (np.inf, 0.0, 0.0)
    for distance, x, y, edge in sorted(places):
        if distance > best[0]:
            break  # crossings only add to the distance, so no later place is better
        if (np.abs(lines - (x, y)) < half + CLEAR).all(axis=1).any():
            continue
        distance += CROSSING * _passes_near_points(lines, np.array([edge, y]), point, RING_ROOM)
        distance += CROSSING * (
            len(taken) > 0 and _passes_near_points(taken_points, np.array([edge, y]), point, 0.0, 0.14)
        )
        best = min(best, (distance, float(x), float(y)))
    return best[1:] if np.isfinite(best[0]) else None


def beside(
    ink: FloatArray,
    at: ArrayLike,
    size: tuple[float, float],
    box: Box,
    taken: Sequence[VMobject] = (),
) -> FloatArray:
    """Return the centre (3,) of the best place for a number of ``size`` close to ``at``, without a leader line.

    Tries 32 directions and the distances of `BESIDE` inside ``box``. The nearest place without ink wins, or else the
    one with the least. ``ink`` and ``taken``: as in `free_place`.
    """
    left, right, bottom, top = box
    point, half = np.asarray(at, dtype=float)[:2], np.array(size) / 2
    lines = np.concatenate([_points_along_polyline(ink[:, :2]), *(_fill_points(mobject) for mobject in taken)])
    best: tuple[float, FloatArray] | None = None
    for distance in BESIDE:
        for angle in np.linspace(0, 2 * np.pi, 32, endpoint=False) + np.pi / 2:
            way = np.array([np.cos(angle), np.sin(angle)])
            center = point + way * (half + distance)
            inside = left <= center[0] - half[0] and center[0] + half[0] <= right
            inside = inside and bottom + 0.05 <= center[1] - half[1] and center[1] + half[1] <= top + 0.1
            if not inside:
                continue
            cost = float((np.abs(lines - center) < half + NEAR).all(axis=1).sum()) + distance
            if best is None or cost < best[0]:
                best = (cost, center)
    center = best[1] if best is not None else point
    return np.array([*center, 0.0])


def touch(first: VMobject, second: VMobject, clear: tuple[float, float] = (0.0, 0.0)) -> bool:
    """Return whether two bounding rectangles are nearer than ``clear`` (across, up); by default, if they overlap."""
    apart = np.abs(first.get_center() - second.get_center())[:2]
    room = np.array([first.width + second.width, first.height + second.height]) / 2 + clear
    return bool((apart < room).all())


def _fill_points(mobject: VMobject) -> FloatArray:
    """Return points that fill the bounding rectangle of ``mobject``, (n, 2); for a Callout, of its words and line."""
    if isinstance(mobject, Callout):
        return np.concatenate(
            [_fill_points(mobject.text), *(_points_along_polyline(line.points[:, :2]) for line in mobject.leader)]
        )
    (left, bottom), (right, top) = mobject.get_corner(DL)[:2], mobject.get_corner(UR)[:2]
    x, y = (np.linspace(low, high, 2 + int((high - low) / 0.1)) for low, high in ((left, right), (bottom, top)))
    return np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)


def _passes_near_points(lines: FloatArray, start: FloatArray, end: FloatArray, room: float, near: float = 0.06) -> bool:
    """Return whether the line from ``start`` to ``end`` passes nearer than ``near`` to a point of ``lines``.

    The last stretch of the line, of length ``room``, does not count.
    """
    way = np.linspace(start, end, 40)
    way = way[np.hypot(*(way - end).T) > room]
    if not len(way):
        return False
    around = (lines > way.min(axis=0) - near) & (lines < way.max(axis=0) + near)  # only these can be near
    return bool((np.hypot(*(lines[around.all(axis=1)][:, None] - way).transpose(2, 0, 1)) < near).any())


def _points_along_polyline(corners: FloatArray) -> FloatArray:
    """Return points every `ALONG` on the polyline through ``corners`` (n, 2)."""
    lengths = np.append(0.0, np.cumsum(np.hypot(*np.diff(corners, axis=0).T)))
    places = np.arange(0.0, lengths[-1], ALONG)
    return np.column_stack([np.interp(places, lengths, corners[:, k]) for k in (0, 1)])


class Callout(VGroup):
    """A ``text`` centred at ``place`` with a leader line to ``mark``.

    If ``place`` is None, the text stands on a patch below ``mark``, without a line.
    """

    def __init__(self, text: TextMobject, place: tuple[float, float] | None, mark: VMobject) -> None:
        super().__init__()
        self.text, self.leader = text, VGroup()
        center = mark.get_center()
        width, height = self.size_of(text)
        x, y = place if place is not None else (center[0], center[1] - 1.0)
        is_left = x < center[0]
        baseline = y + height / 2 - 0.32
        text.place(baseline, **({"right": x + width / 2} if is_left else {"left": x - width / 2}))
        if place is None:
            patch = Rectangle(width=width + 0.2, height=height + 0.1, stroke_width=0)
            self.add(patch.set_fill(palette.background, 1).move_to(text))
        else:
            edge = x + (width / 2 if is_left else -width / 2)
            self.leader.add(self._leader_line(edge, baseline + 0.12, center, is_left, mark.width / 2))
        self.add(text, self.leader)

    def _leader_line(self, x: float, y: float, center: FloatArray, is_left: bool, radius: float) -> VMobject:
        """Return the line from the words' end (x, y), first level, then straight to the ring around ``center``."""
        side = 1 if is_left else -1
        start, knee = np.array([x + side * 0.12, y, 0.0]), np.array([x + side * (0.12 + REACH * 0.6), y, 0.0])
        way = center - knee
        end = center - way / np.linalg.norm(way) * (radius + 0.02)
        return polyline(np.array([start, knee, end]), palette.text, 2.4)

    @staticmethod
    def size_of(text: TextMobject) -> tuple[float, float]:
        """Return the width and height to reserve for ``text``."""
        return text.width, LINE
