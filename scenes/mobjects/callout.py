"""Words with a line to a ring: the one thing in a plot that is spoken of, named where nothing else is drawn."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from gradreel.core.arrays import FloatArray
from gradreel.scenes.mobjects.plot import polyline
from gradreel.scenes.mobjects.text import TextMobject
from gradreel.scenes.style import Box, palette
from manim import DL, UR, Rectangle, VGroup, VMobject
from numpy.typing import ArrayLike

LINE = 0.46  # height of the words' place
CLEAR = 0.2  # between words and foreign lines
GAP = 0.65  # from the ring's middle to the words
REACH = 0.35  # of the line's level part
CROSSING, RING_ROOM = 6.0, 0.35  # what a line across others costs, in distance; not counted so near the ring
BESIDE, NEAR = (0.16, 0.24, 0.34, 0.46, 0.6, 0.75), 0.11  # distances of a number from its point; between it and lines
ALONG = 0.05  # between points at which lines are looked at


def free_place(
    ink: FloatArray,
    at: ArrayLike,
    size: tuple[float, float],
    box: Box,
    gap: float = GAP,
    taken: Sequence[VMobject] = (),
) -> tuple[float, float] | None:
    """The middle of the place for words of ``size`` nearest to ``at`` and off the lines; None where none is free.

    ``ink`` (n, 3): corners of the lines, one after the other. ``box``: left, right, bottom, top. ``gap``: between
    ``at`` and the words, across. ``taken``: what else has its place already.
    """
    left, right, bottom, top = box
    point = np.asarray(at, dtype=float)[:2]
    others = np.concatenate([np.empty((0, 2)), *(_filled(mobject) for mobject in taken)])
    lines = np.concatenate([_dense(ink[:, :2]), others])
    half = np.array(size) / 2
    xs = np.arange(left + half[0] + 0.1, right - half[0], 0.15)
    ys = np.arange(bottom + half[1] + 0.1, top - half[1], 0.1)
    places = []  # each after its distance
    for x in xs:
        if abs(x - point[0]) < half[0] + gap:  # beside the ring, not over or under it
            continue
        edge = x + np.sign(point[0] - x) * half[0]
        places += [(float(np.hypot(edge - point[0], 1.5 * (y - point[1]))), x, y, edge) for y in ys]
    best = (np.inf, 0.0, 0.0)
    for distance, x, y, edge in sorted(places):
        if distance > best[0]:
            break  # a line across others only adds to it, here and farther off
        if (np.abs(lines - (x, y)) < half + CLEAR).all(axis=1).any():
            continue
        distance += CROSSING * _crossed(lines, np.array([edge, y]), point, RING_ROOM)
        distance += CROSSING * (len(others) > 0 and _crossed(others, np.array([edge, y]), point, 0.0, 0.14))
        best = min(best, (distance, float(x), float(y)))
    return best[1:] if np.isfinite(best[0]) else None


def beside(
    ink: FloatArray,
    at: ArrayLike,
    size: tuple[float, float],
    box: Box,
    taken: Sequence[VMobject] = (),
) -> FloatArray:
    """The middle (3,) of the place for a number of ``size`` close to the point ``at``, with no line to it.

    Of all directions and a few distances: the nearest that is off the lines and off what is ``taken``; where all are
    drawn over, the one with the least ink.
    """
    left, right, bottom, top = box
    point, half = np.asarray(at, dtype=float)[:2], np.array(size) / 2
    lines = np.concatenate([_dense(ink[:, :2]), *(_filled(mobject) for mobject in taken)])
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
    """Whether the rectangles that both stand in are less than ``clear`` apart, across and up."""
    apart = np.abs(first.get_center() - second.get_center())[:2]
    room = np.array([first.width + second.width, first.height + second.height]) / 2 + clear
    return bool((apart < room).all())


def _filled(mobject: VMobject) -> FloatArray:
    """Points all over the rectangle that ``mobject`` stands in, (n, 2); of a Callout's line, those on it."""
    if isinstance(mobject, Callout):
        return np.concatenate([_filled(mobject.text), *(_dense(line.points[:, :2]) for line in mobject.leader)])
    (left, bottom), (right, top) = mobject.get_corner(DL)[:2], mobject.get_corner(UR)[:2]
    x, y = (np.linspace(low, high, 2 + int((high - low) / 0.1)) for low, high in ((left, right), (bottom, top)))
    return np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)


def _crossed(lines: FloatArray, start: FloatArray, end: FloatArray, room: float, near: float = 0.06) -> bool:
    """Whether a straight line from the words to the ring passes ``near`` one of the lines, ``room`` off the ring."""
    way = np.linspace(start, end, 40)
    way = way[np.hypot(*(way - end).T) > room]
    if not len(way):
        return False
    around = (lines > way.min(axis=0) - near) & (lines < way.max(axis=0) + near)  # the others are farther off
    return bool((np.hypot(*(lines[around.all(axis=1)][:, None] - way).transpose(2, 0, 1)) < near).any())


def _dense(corners: FloatArray) -> FloatArray:
    """Points on the line through ``corners`` (n, 2), close together."""
    lengths = np.append(0.0, np.cumsum(np.hypot(*np.diff(corners, axis=0).T)))
    places = np.arange(0.0, lengths[-1], ALONG)
    return np.column_stack([np.interp(places, lengths, corners[:, k]) for k in (0, 1)])


class Callout(VGroup):
    """A ``text`` at a place, and a line to ``mark``; where there was no place, on a patch under it without a line."""

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
            self.leader.add(self._leader(edge, baseline + 0.12, center, is_left, mark.width / 2))
        self.add(text, self.leader)

    def _leader(self, x: float, y: float, center: FloatArray, is_left: bool, radius: float) -> VMobject:
        side = 1 if is_left else -1
        start, knee = np.array([x + side * 0.12, y, 0.0]), np.array([x + side * (0.12 + REACH * 0.6), y, 0.0])
        way = center - knee
        end = center - way / np.linalg.norm(way) * (radius + 0.02)
        return polyline(np.array([start, knee, end]), palette.text, 2.4)

    @staticmethod
    def size_of(text: TextMobject) -> tuple[float, float]:
        """Width and height that the words need."""
        return text.width, LINE
