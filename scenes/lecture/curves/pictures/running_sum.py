"""The blue running sum over the red curve, how far it still is from it, and its name where there is room for it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from gradreel.core.curves.piecewise import Decomposition, PiecewiseLinearCurve
from gradreel.scenes import style
from gradreel.scenes.mobjects.bracket import Bracket
from gradreel.scenes.mobjects.plot import Plot, dashed
from gradreel.scenes.mobjects.text import Number, TextMobject, words
from gradreel.scenes.mobjects.ticks import Unit
from gradreel.scenes.style import palette
from manim import VGroup
from numpy.typing import NDArray

BESIDE = 0.22  # from the bracket to the words
AROUND = 0.16  # kept free around the words
SHARES = (0.5, 0.4, 0.6, 0.3, 0.7)  # of the bracket's height: where the words' middle may be
WORDS_HEIGHT = 0.86  # of the gap's name and its number under that
MANY = 12  # pieces: beyond them lines are thinner and corners have no guides
DROP, RISE = 0.42, 0.18  # from the line to the baseline of a label under it, and of one over it
AROUND_NAME = 0.1  # kept free around the label


class RunningSum(VGroup):
    """constant + the first ``added`` pieces over ``plot``; ``added`` may lie between two whole numbers.

    Parts: ``blue`` the curve, ``tip`` the dot where its exact part ends, on its way to the next knot while a piece is
    being added, ``gap`` the bracket with the largest distance to red: where that is measured, or at the plot's right
    with a ``leader`` to it, where its words have no room in the plot.
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
        self.bracket = Bracket(width=3.0)
        self.leader = dashed((0, 0, 0), (1, 0, 0), style.mix(palette.text, 0.8))
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
        return self._farthest(self.values)

    def _farthest(self, values: NDArray) -> tuple[int, float]:
        gaps = np.abs(self.red - values)
        residue = 1e-12 * max(float(np.abs(self.red).max()), float(gaps.max()))  # of rounding: no corner is farther
        where = int(np.flatnonzero(gaps >= gaps.max() - residue)[-1])
        return where, float(gaps[where])

    def set_added(self, added: float) -> RunningSum:
        """Show constant + ``added`` pieces; returns self."""
        self.added, self.values = float(added), self._values(added)
        self.plot.set_curve(self.blue, self.corners, self.values)
        x = float(np.interp(added, np.arange(len(self.curve.x)), self.curve.x))
        self.tip.move_to(self.plot.at(x, float(np.interp(x, self.corners, self.values))))
        where, gap = self._farthest(self.values)
        self.number.set_value(self.unit.of_difference(gap))
        self._set_gap(where)
        return self

    def _set_gap(self, where: int) -> None:
        """The bracket spans red's height at corner ``where`` and the sum's level end."""
        ends = self._ends(where, self.values)
        place = self._words_at(where, self.values)
        leader = np.zeros((0, 3))
        if place is None:
            at, to_words, bottom = self.plot.box[1] + 0.18, 0.24, self.plot.box[2]
            name = self.plot.x_label
            if name.submobjects and min(end[1] for end in ends) < name.get_top()[1] + AROUND_NAME:
                at, to_words = name.get_right()[0] + 0.21, 0.17  # beside the axis's name, not through it
            start = ends[0] + np.array([0.2, 0.0, 0.0])
            for end in ends:
                end[0] = at
            if at - start[0] >= 0.6:
                leader = dashed(start, ends[0] - np.array([0.1, 0.0, 0.0]), palette.text).points
            place = at + to_words, max(float(ends[0][1] + ends[1][1]) / 2, bottom + 0.42)
        self.leader.points = leader
        self.bracket.span(*ends)
        left, middle = place
        self.word.place(middle + 0.13, left=left)
        self.number.shift([left - self.number.get_left()[0], middle - 0.33 - self.number.baseline, 0.0])

    def _ends(self, where: int, values: NDArray) -> list[NDArray]:
        """Red at corner ``where``, and the level end of a sum that is ``values`` at the corners, under or over it."""
        x = self.corners[where]
        return [self.plot.at(x, self.red[where]), self.plot.at(x, float(values[-1]))]

    def _words_at(self, where: int, values: NDArray) -> tuple[float, float] | None:
        """The left side of the gap's words beside its bracket, and their middle; None where they have no room."""
        size = max(self.word.width, self.number.width), WORDS_HEIGHT
        lines = [(self.corners, values), (self.corners, np.full(len(self.corners), self.parts.constant))]
        return _room_beside(self.plot, self._ends(where, values), size, self.curve, lines)

    def gap_box(self, added: int) -> tuple[NDArray, NDArray] | None:
        """Two corners (2,) of the place of the gap's words when so many pieces are added, if that is in the plot."""
        values = self._values(added)
        place = self._words_at(self._farthest(values)[0], values)
        if place is None:
            return None
        size = np.array([max(self.word.width, self.number.width), WORDS_HEIGHT])
        low = np.array([place[0], place[1] - WORDS_HEIGHT / 2])
        return low, low + size


class SumLabel:
    """The name of a running sum, at the level part of its line that comes after its last ramp.

    ``text``, the label; ``place(k)`` is where it belongs (its centre) when k pieces are added, if there is room."""

    def __init__(self, sum_: RunningSum, text: str) -> None:
        self.sum = sum_
        self.text: TextMobject = words(text, style.LABEL, palette.blue)

    def place(self, added: int) -> NDArray | None:
        """Between two corners after the last ramp, under the line or over it: nothing else may be drawn there."""
        plot, sum_ = self.sum.plot, self.sum
        level = float(sum_.parts.partial_sum(added, np.array(plot.x_range[1:]))[0])
        line = float(plot.at(0.0, level)[1])
        corners = [*sum_.curve.x[added:], plot.x_range[1]]
        edges = plot.at(np.array(corners), 0.0)[:, 0]
        for left, right in pairwise(edges):
            if right - left < self.text.width + 2 * AROUND_NAME:
                continue
            for step in (-DROP, RISE):
                here = self.text.copy().place(line + step, center=(left + right) / 2)
                if self._is_free(here, added):
                    return here.get_center()
        return None

    def _is_free(self, here: TextMobject, added: int) -> bool:
        plot, sum_ = self.sum.plot, self.sum
        low, high = here.get_corner((-1, -1, 0))[:2] - AROUND_NAME, here.get_corner((1, 1, 0))[:2] + AROUND_NAME
        if low[1] < plot.box[2] or high[1] > plot.box[3] + 0.3:
            return False
        gap = sum_.gap_box(added)
        if gap is not None and (low < gap[1]).all() and (high > gap[0]).all():
            return False
        x = np.linspace(*(plot.data((side, 0, 0))[0] for side in (low[0], high[0])), 30)
        missed = np.abs(sum_.red - sum_.parts.partial_sum(added, sum_.corners))
        farthest = sum_.red[int(np.argmax(missed))]  # from there a dashed line may lead to the gap's bracket
        levels = (sum_.parts.constant, *((farthest,) if gap is None else ()))
        lines = [sum_.curve(x), *(np.full(len(x), level) for level in levels)]
        heights = np.concatenate([plot.at(x, values)[:, 1] for values in lines])
        return not ((heights > low[1]) & (heights < high[1])).any()


def _room_beside(
    plot: Plot,
    ends: Sequence[NDArray],
    size: tuple[float, float],
    red: PiecewiseLinearCurve,
    lines: Sequence[tuple[NDArray, NDArray]],
) -> tuple[float, float] | None:
    """Where words of ``size`` have room beside a bracket: their left side, and the height of their middle; else None.

    ``ends`` (3,) are the bracket's; ``lines`` are drawn through corners x, y (n,) each, as is ``red``, with a guide
    from each of its knots down to the axis.
    """
    (x, start), (_, end) = (point[:2] for point in ends)
    width, height = size
    for left in (x + BESIDE, x - BESIDE - width):
        for share in SHARES:
            middle = float(start + share * (end - start))
            low = np.array([left - AROUND, middle - height / 2 - AROUND])
            high = np.array([left + width + AROUND, middle + height / 2 + AROUND])
            low[0], high[0] = (x + 0.05, high[0]) if left > x else (low[0], x - 0.05)
            if _is_free(plot, low, high, red, lines):
                return float(left), middle
    return None


def _is_free(
    plot: Plot, low: NDArray, high: NDArray, red: PiecewiseLinearCurve, lines: Sequence[tuple[NDArray, NDArray]]
) -> bool:
    left, right, bottom, top = plot.box
    if low[0] < left or high[0] > right or low[1] < bottom or high[1] > top:
        return False
    x = np.linspace(*(plot.data((side, 0, 0))[0] for side in (low[0], high[0])), 60)
    drawn = [red(x), *(np.interp(x, *corners) for corners in lines)]
    heights = np.concatenate([plot.at(x, y)[:, 1] for y in drawn])
    if ((heights > low[1]) & (heights < high[1])).any():
        return False
    knots = plot.at(red.x, red.y)
    return not ((knots[:, 0] > low[0]) & (knots[:, 0] < high[0]) & (knots[:, 1] > low[1])).any()
