"""Our bars move aside for the lecture's: the same networks in two charts over one scale, or the lecture's alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from gradreel.core.analysis.results import Result, lecture_losses
from gradreel.scenes import style
from gradreel.scenes.mobjects.arrows import arrow, set_arrow
from gradreel.scenes.mobjects.bars import OVER, ROOM, SEEN, UNDER, UNSEEN, Columns, LossBar, loss_bars
from gradreel.scenes.mobjects.plot import polyline, segment
from gradreel.scenes.mobjects.text import words
from gradreel.scenes.style import BOX, mix, palette
from manim import VGroup, VMobject

GAP, CLEAR = 0.1, 0.08  # at both sides of the middle, between the charts; from an arrow to bars and numbers
SIDES = (SEEN, UNSEEN)


class LectureBars:
    """``results``: the networks of whose losses the lecture gives numbers, written as ``texts``, by side.

    ``most``: views of our scale; None: its own. ``written`` writes a loss of ours.
    ``ours``: pairs of bars as they stand beside the lecture's, none without ``most``; ``marks``: by side, the lecture's
    bars, each a box and its number. ``axes``: one under each chart. No mobject itself.
    """

    def __init__(
        self,
        results: Sequence[Result],
        texts: Sequence[tuple[str, str]],
        written: Callable[[float], str],
        most: float | None,
    ) -> None:
        self.count, self.first = len(results), 0 if most is None else len(results)
        losses = [lecture_losses(result.network.hidden) for result in results]
        self.losses = [tuple(loss or 0.0 for loss in pair) for pair in losses]
        largest = max(loss for pair in self.losses for loss in pair)
        self.columns = Columns(self.first + self.count, most or largest / ROOM)
        pairs = [(result.training, result.unseen) for result in results]
        self.ours: list[tuple[LossBar, LossBar]] = loss_bars(self.columns, pairs, written) if most else []
        self.size = self.columns.value_size([text for pair in texts for text in pair])
        self.marks = [[self._bar(k, side, texts[k][side]) for k in range(self.count)] for side in SIDES]
        self.axes = VGroup(*(self._axis(chart) for chart in range(2 if self.first else 1)))

    def slots(self) -> range:
        """The columns of the lecture's chart."""
        return range(self.first, self.first + self.count)

    def middle(self, chart: int) -> float:
        """The middle of a chart, the lecture's last."""
        ends = self.columns.center(chart * self.count), self.columns.center((chart + 1) * self.count - 1)
        return sum(ends) / 2

    def way(self, chart: int, before: int, after: int) -> VGroup:
        """An arrow in a chart from one network's unseen loss to another's; empty where a number is in the way."""
        losses = self.losses
        if chart * self.count < self.first:
            losses = [tuple(bar.losses.mean for bar in pair) for pair in self.ours]
        start, end = (self.columns.y(losses[k][UNSEEN]) for k in (before, after))
        first = chart * self.count
        left = self.columns.bar(first + before, UNSEEN)[1] + CLEAR
        right = self.columns.bar(first + after, UNSEEN)[0] - CLEAR
        between = [self.columns.y(losses[k][SEEN]) + OVER for k in range(before + 1, after + 1)]
        height = self.marks[SEEN][after][1].height
        low, high = min(start, end) - CLEAR, max(start, end) + CLEAR
        if any(foot + height > low and foot < high for foot in between):
            return VGroup()
        ends = np.array([left, start, 0.0]), np.array([right, end, 0.0])
        return VGroup(set_arrow(arrow(palette.text), *ends))

    def _bar(self, k: int, side: int, text: str) -> VGroup:
        """What the lecture measured, in the text's own colour: filled on seen days, outlined on unseen ones."""
        columns, views = self.columns, self.losses[k][side]
        left, right = columns.bar(self.first + k, side)
        low, high = columns.bottom, columns.y(views)
        corners = [(left, low), (left, high), (right, high), (right, low), (left, low)]
        box = polyline(np.array([[x, y, 0.0] for x, y in corners]), palette.text, BOX)
        box.set_fill(palette.text if side == SEEN else mix(palette.text, 0.13), 1)
        number = words(text, self.size)
        inside = columns.y(min(pair[UNSEEN] for pair in self.losses)) - UNDER - number.height
        number.place(high + OVER if side == SEEN else inside, center=(left + right) / 2)
        return VGroup(box, number)

    def _axis(self, chart: int) -> VMobject:
        columns, last = self.columns, self.first + self.count
        left, right = (columns.left + k * columns.width for k in (chart * self.count, (chart + 1) * self.count))
        left += GAP if chart else -0.1
        right -= GAP if (chart + 1) * self.count < last else 0.0
        return segment((left, columns.bottom, 0), (right, columns.bottom, 0), palette.axis, style.AXIS)
