"""The blue running sum over the red curve, and how far it still is from it. Exact: evaluated at the corners of both."""

from __future__ import annotations

import numpy as np
from gradreel.core.piecewise import Decomposition, PiecewiseLinearCurve
from gradreel.scenes import style
from gradreel.scenes.mobjects.plot import Plot, dashed, segment
from gradreel.scenes.mobjects.text import Number, words
from gradreel.scenes.mobjects.ticks import Unit
from gradreel.scenes.style import palette
from manim import VGroup
from numpy.typing import NDArray

MANY = 12  # pieces: beyond them lines are thinner and corners have no guides


class RunningSum(VGroup):
    """constant + the first ``added`` pieces over ``plot``; ``added`` may lie between two whole numbers.

    Parts: ``blue`` the curve, ``tip`` the dot where its exact part ends, on its way to the next knot while a piece is
    being added, ``gap`` the bracket at the plot's right with the largest distance to red.
    """

    def __init__(
        self, plot: Plot, curve: PiecewiseLinearCurve, parts: Decomposition, unit: Unit, gap_word: str
    ) -> None:
        super().__init__()
        self.plot, self.curve, self.parts, self.unit = plot, curve, parts, unit
        self.corners = np.unique(np.concatenate([plot.x_range[:1], curve.x, plot.x_range[1:]]))
        self.red = curve(self.corners)
        self.added, self.values = 0.0, parts.partial_sum(0, self.corners)  # (n,): the sum at the corners
        self.blue = plot.curve(self.corners, self.values, palette.blue, 6.0 if len(parts) <= MANY else 4.0)
        self.tip = plot.dot(curve.x[0], parts.constant, palette.blue, 0.13)
        self.bracket = VGroup(*(segment((0, 0, 0), (1, 0, 0), palette.text, 2.0) for _ in range(3)))
        self.leader = dashed((0, 0, 0), (1, 0, 0), style.mix(palette.text, 0.55))
        self.word = words(gap_word, style.LABEL)
        self.number = Number(0.0, unit.decimals, style.LABEL)
        self.gap = VGroup(self.leader, self.bracket, self.word, self.number)
        self.add(self.blue, self.tip, self.gap)
        self.set_added(0.0)

    def _values(self, added: float) -> NDArray:
        """The sum at the corners, (n,): whole pieces, and the share of the one that is being added."""
        whole = int(np.floor(added + 1e-9))
        values = self.parts.partial_sum(whole, self.corners)
        share = added - whole
        if share > 1e-9 and whole < len(self.parts):
            values = values + share * self.parts.piece(whole + 1, self.corners)
        return values

    def largest_gap(self) -> tuple[int, float]:
        """Where red and the sum differ most (a corner's index, of equals the rightmost) and by how much."""
        gaps = np.abs(self.red - self.values)
        residue = 1e-12 * max(float(np.abs(self.red).max()), float(gaps.max()))  # of rounding: no corner is farther
        where = int(np.flatnonzero(gaps >= gaps.max() - residue)[-1])
        return where, float(gaps[where])

    def set_added(self, added: float) -> RunningSum:
        """Show constant + ``added`` pieces; returns self."""
        self.added, self.values = float(added), self._values(added)
        self.plot.set_curve(self.blue, self.corners, self.values)
        x = float(np.interp(added, np.arange(len(self.curve.x)), self.curve.x))
        self.tip.move_to(self.plot.at(x, float(np.interp(x, self.corners, self.values))))
        where, gap = self.largest_gap()
        self.number.set_value(self.unit.of_difference(gap))
        self._set_bracket(where, float(self.values[-1]))
        return self

    def _set_bracket(self, where: int, end: float) -> None:
        """The bracket spans red's height at corner ``where`` and the sum's flat ``end``; a leader joins red to it."""
        right, bottom = self.plot.box[1], self.plot.box[2]
        red_at = self.plot.at(self.corners[where], self.red[where])
        blue_y = float(self.plot.at(0.0, end)[1])
        x = right + 0.18
        ends = [np.array([x, y, 0.0]) for y in (red_at[1], blue_y)]
        tick = np.array([0.1 if abs(ends[1][1] - ends[0][1]) > 0.02 else 0.0, 0.0, 0.0])  # no bracket over nothing
        strokes = ([ends[0], ends[1]], [ends[0] - tick, ends[0] + tick], [ends[1] - tick, ends[1] + tick])
        for line, points in zip(self.bracket, strokes, strict=True):
            line.set_points_as_corners(points)
        start = red_at + np.array([0.2, 0.0, 0.0])
        short = ends[0][0] - start[0] < 0.6
        self.leader.points = np.zeros((0, 3)) if short else dashed(start, ends[0] - tick, palette.text).points
        middle = max((red_at[1] + blue_y) / 2, bottom + 0.42)
        self.word.place(middle + 0.13, left=x + 0.24)
        self.number.shift([x + 0.24 - self.number.get_left()[0], middle - 0.33 - self.number.baseline, 0.0])
