"""Where two pieces of one slope meet, seen closely: what the first sigmoid misses there, the next one makes up for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from gradreel.core.curves.piecewise import Decomposition, PiecewiseLinearCurve
from gradreel.core.network.activations import sigmoid
from gradreel.scenes import style
from gradreel.scenes.lecture.curves.pictures.badge import Badge
from gradreel.scenes.lecture.curves.sigmoid_matching import match_by_slope, matched_sum
from gradreel.scenes.mobjects.bracket import Bracket
from gradreel.scenes.mobjects.plot import Plot
from gradreel.scenes.mobjects.text import formula
from gradreel.scenes.style import mix, palette
from manim import RIGHT, Animation, Rectangle, UpdateFromAlphaFunc, VGroup, VMobject, smooth
from numpy.typing import NDArray

SIZE = (3.6, 1.25)  # of what it shows, and the shape of its place in the plot
INSET = 0.14  # between its frame and what it shows; between it and the plot's edges
REACH = 0.18  # up and down from the joint: share of the height of one of its two pieces
BEFORE = 0.68  # share of what it shows that lies left of the joint
BADGE = 0.24
SAMPLES = 400
DOT = 0.09


class JointLens(VGroup):
    """The joint in the middle of a curve's tallest piece, cut in two, as large as a frame over ``plot`` has room for.

    Parts: ``place`` (a small frame round the joint in the plot), ``frame``, ``red``, ``blue`` (at first the sum up to
    the first of both; ``join`` adds the next), ``gap`` (what it misses at the joint), ``first`` (the numbers that are
    in the sum so far). Not shown at first: ``second``, a plus and the number of the next. ``piece``: which of the
    curve's it is; ``partial`` (2, n): over ``x``, the sum up to the first and up to the second.
    """

    def __init__(self, plot: Plot, red: PiecewiseLinearCurve, parts: Decomposition, x: NDArray) -> None:
        super().__init__()
        self.piece = k = int(np.argmax(np.abs(parts.height)))
        start, end, height = float(parts.start[k]), float(parts.end[k]), float(parts.height[k]) / 2
        self.x, self.y = (start + end) / 2, float(red((start + end) / 2))
        both = [match_by_slope(*part, height) for part in ((start, self.x), (self.x, end))]
        earlier = replace(parts, start=parts.start[:k], end=parts.end[:k], height=parts.height[:k])

        def sums(x: NDArray) -> NDArray:
            steps = [match.c * sigmoid(match.b + match.w * x) for match in both]
            return np.asarray(matched_sum(earlier, x, 2) + np.cumsum(steps, axis=0))

        missed = float(np.abs(sums(np.array([self.x]))[0, 0] - self.y))
        self.up = up = max(REACH * abs(height), 1.4 * missed)
        across, upwards = plot.at(1.0, 1.0)[:2] - plot.at(0.0, 0.0)[:2]
        wide = 2 * up * SIZE[0] / SIZE[1] * upwards / across  # as much larger across as up: slopes stay
        over = np.linspace(self.x - BEFORE * wide, self.x + (1 - BEFORE) * wide, SAMPLES)
        self.over, self.sums, self.partial = over, sums(over), sums(x)
        left, bottom = self._quietest(plot, red)
        box = {"left": left, "right": left + SIZE[0], "bottom": bottom, "top": bottom + SIZE[1]}
        self.near = near = Plot((over[0], over[-1]), (self.y - up, self.y + up), **box, x_label=None)
        self.place = self._place(plot)
        self.place.set_fill(palette.background, 0)  # so that it can grow into the frame
        outer = np.array([INSET, INSET, 0.0])
        self.frame = self._frame(near.at(over[0], near.y_range[0]) - outer, near.at(over[-1], near.y_range[1]) + outer)
        self.frame.set_fill(palette.background, 1)
        self.red = near.curve(*self._inside(red(over)), mix(palette.red, 0.85), style.SECOND_CURVE)
        self.blue = near.curve(*self._inside(self.sums[0]), palette.blue, style.MAIN_CURVE)
        self.dot = near.dot(self.x, self.y, palette.red, DOT)
        self.gap = Bracket()
        self._measure(self.sums[0])
        self.first, self.second = self._numbers(height)
        self.add(self.place, self.frame, self.red, self.blue, self.dot, self.gap, self.first)

    def _inside(self, y: NDArray) -> tuple[NDArray, NDArray]:
        """The part of a curve, ``y`` at ``over``, that goes through the joint's place within what is shown."""
        out, middle = np.flatnonzero(np.abs(y - self.y) > self.up), int(np.searchsorted(self.over, self.x))
        part = slice(out[out < middle].max(initial=-1) + 1, out[out >= middle].min(initial=len(y)))
        return self.over[part], y[part]

    def _numbers(self, height: float) -> tuple[VGroup, VGroup]:
        """Side by side in the corner that blue bends away from: what is in the sum, from the constant on."""
        left, _, bottom, top = self.near.box
        y = top - BADGE if height > 0 else bottom + BADGE
        earlier = formula("dots.c", style.LETTER) if self.piece else Badge("0", palette.grey, BADGE)
        first, second = (Badge(str(2 * self.piece + k), palette.blue, BADGE) for k in (1, 2))
        signs = [formula("+", style.LETTER) for _ in range(2)]
        row = VGroup(earlier, signs[0], first, signs[1], second).arrange(RIGHT, buff=0.1)
        row.shift(np.array([left, y, 0.0]) - row.get_left())
        return VGroup(*row[:3]), VGroup(*row[3:])

    def _place(self, plot: Plot) -> Rectangle:
        """The frame in the plot round what is shown."""
        return self._frame(plot.at(self.over[0], self.y - self.up), plot.at(self.over[-1], self.y + self.up))

    @staticmethod
    def _frame(low: NDArray, high: NDArray) -> Rectangle:
        width, height = np.abs(high - low)[:2]
        frame = Rectangle(width=width, height=height, stroke_color=mix(palette.text, 0.7), stroke_width=style.AXIS)
        return frame.move_to((low + high) / 2)

    def _quietest(self, plot: Plot, red: PiecewiseLinearCurve) -> tuple[float, float]:
        """Left and bottom of what the lens shows: where red and its place come least into it, and near the joint."""
        left, right, bottom, top = plot.box
        margin = 1.4 * INSET
        x = np.linspace(*plot.x_range, 2000)
        place = [plot.at(self.over, y) for y in np.linspace(self.y - self.up, self.y + self.up, 9)]
        points = np.concatenate([plot.at(x, red(x)), *place])[:, :2]
        joint = plot.at(self.x, self.y)[:2]
        size = np.array(SIZE)
        places = [
            np.array([x, y])
            for x in np.linspace(left + margin, right - margin - size[0], 24)
            for y in np.linspace(bottom + margin, max(top - margin - size[1], bottom + margin), 8)
        ]

        def cost(place: NDArray) -> float:
            inside = np.all((points > place - margin) & (points < place + size + margin), axis=1)
            return 10 * float(inside.sum()) + float(np.linalg.norm(place + size / 2 - joint))

        x, y = min(places, key=cost)
        return float(x), float(y)

    def _measure(self, sum_: NDArray) -> None:
        ends = [float(np.interp(self.x, self.over, sum_)), self.y]
        self.gap.span(*self.near.at(self.x, ends))

    def join(self, seconds: float) -> Animation:
        """The next sigmoid is added: the sum goes up to red, and the gap closes."""
        first, whole = self.sums

        def update(_: VMobject, share: float) -> None:
            now = first + share * (whole - first)
            self.near.set_curve(self.blue, *self._inside(now))
            self._measure(now)

        return UpdateFromAlphaFunc(VGroup(self.blue, self.gap), update, run_time=seconds, rate_func=smooth)
