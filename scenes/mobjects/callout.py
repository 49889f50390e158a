"""Words with a line to a ring: the one thing in a plot that is spoken of, named where nothing else is drawn."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from gradreel.scenes.mobjects.plot import polyline
from gradreel.scenes.mobjects.text import TextMobject
from gradreel.scenes.style import palette
from manim import Rectangle, VGroup, VMobject
from numpy.typing import ArrayLike, NDArray

LEADING = 0.46  # between two baselines
CLEAR = 0.2  # between words and foreign lines
GAP = 0.65  # from the ring's middle to the words
REACH = 0.35  # of the line's level part
CROSSING, RING_ROOM = 6.0, 0.35  # what a line across others costs, in distance; not counted so near the ring
ALONG = 0.05  # between points at which lines are looked at


def free_place(
    ink: NDArray,
    at: ArrayLike,
    size: tuple[float, float],
    box: tuple[float, float, float, float],
    gap: float = GAP,
) -> tuple[float, float] | None:
    """The middle of the place for words of ``size`` nearest to ``at`` and off the lines; None where none is free.

    ``ink`` (n, 3): corners of the lines, one after the other. ``box``: left, right, bottom, top. ``gap``: between
    ``at`` and the words, across.
    """
    left, right, bottom, top = box
    point = np.asarray(at, dtype=float)[:2]
    lines = _dense(ink[:, :2])
    half = np.array(size) / 2
    xs = np.arange(left + half[0] + 0.1, right - half[0], 0.15)
    ys = np.arange(bottom + half[1] + 0.1, top - half[1], 0.1)
    best = None
    for x in xs:
        if abs(x - point[0]) < half[0] + gap:  # beside the ring, not over or under it
            continue
        for y in ys:
            if (np.abs(lines - (x, y)) < half + CLEAR).all(axis=1).any():
                continue
            edge = x + np.sign(point[0] - x) * half[0]
            distance = float(np.hypot(edge - point[0], 1.5 * (y - point[1])))
            distance += CROSSING * _crossed(lines, np.array([edge, y]), point)
            if best is None or distance < best[0]:
                best = (distance, (float(x), float(y)))
    return best[1] if best else None


def _crossed(lines: NDArray, start: NDArray, end: NDArray) -> bool:
    """Whether a straight line from the words to the ring passes over one of the lines."""
    way = np.linspace(start, end, 40)
    way = way[np.hypot(*(way - end).T) > RING_ROOM]
    return bool(len(way)) and bool((np.hypot(*(lines[:, None] - way).transpose(2, 0, 1)) < 0.06).any())


def _dense(corners: NDArray) -> NDArray:
    """Points on the line through ``corners`` (n, 2), close together."""
    lengths = np.append(0.0, np.cumsum(np.hypot(*np.diff(corners, axis=0).T)))
    places = np.arange(0.0, lengths[-1], ALONG)
    return np.column_stack([np.interp(places, lengths, corners[:, k]) for k in (0, 1)])


class Callout(VGroup):
    """``lines`` of words at a place, aligned towards ``mark``, and a line to it.

    ``room``: width and height of the place, where fewer words than it has room for stand in it.
    """

    def __init__(
        self,
        lines: Sequence[TextMobject],
        place: tuple[float, float] | None,
        mark: VMobject,
        room: tuple[float, float] | None = None,
    ) -> None:
        super().__init__()
        self.words = VGroup(*lines)
        center = mark.get_center()
        width, height = room or self.size_of(lines)
        x, y = place if place is not None else (center[0], center[1] - 1.0)
        is_left = x < center[0]
        top = y + height / 2 - 0.32
        for k, line in enumerate(lines):
            edge = {"right": x + width / 2} if is_left else {"left": x - width / 2}
            line.place(top - k * LEADING, **edge)
        if place is None:  # no room: on a patch under the ring
            patch = Rectangle(width=width + 0.2, height=height + 0.1, stroke_width=0)
            self.add(patch.set_fill(palette.background, 1).move_to(self.words))
        self.add(self.words)
        if place is not None:
            self.add(
                self._leader(x + (width / 2 if is_left else -width / 2), top + 0.12, center, is_left, mark.width / 2)
            )

    def _leader(self, x: float, y: float, center: NDArray, is_left: bool, radius: float) -> VMobject:
        side = 1 if is_left else -1
        start, knee = np.array([x + side * 0.12, y, 0.0]), np.array([x + side * (0.12 + REACH * 0.6), y, 0.0])
        way = center - knee
        end = center - way / np.linalg.norm(way) * (radius + 0.02)
        return polyline(np.array([start, knee, end]), palette.text, 2.4)

    @staticmethod
    def size_of(lines: Sequence[TextMobject]) -> tuple[float, float]:
        """Width and height that the lines take."""
        return max(line.width for line in lines), LEADING * len(lines)
