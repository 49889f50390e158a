"""Networks side by side: a column each with the losses of its runs as two bars, on seen days and on unseen ones.

Filled is seen, outlined is unseen: told by fill and word, not by hue. All pure functions of numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from gradreel.core.analysis.results import Losses, Result, lecture_losses
from gradreel.scenes import style
from gradreel.scenes.lecture.experiments.pictures.loss_scale import loss_ticks, seed_dot
from gradreel.scenes.mobjects.arrows import arrow, set_arrow
from gradreel.scenes.mobjects.plot import polyline, segment
from gradreel.scenes.mobjects.text import TextMobject, words
from gradreel.scenes.mobjects.ticks import Ticks
from gradreel.scenes.style import BOX, mix, palette
from manim import RoundedRectangle, VGroup, VMobject
from numpy.typing import NDArray

SEEN, UNSEEN = SIDES = (0, 1)  # the two bars of a column
ROOM = 0.87  # of the picture's height that the largest loss takes: a number may stand above it
RUN_DOT = 0.08  # radius of a run's dot on a bar
UNDER, OVER = 0.27, 0.2  # of a number: its top below what it keeps off, its baseline above
VALUE_SIZES = (38.0, 24.0)  # of the numbers over the bars: with few columns, with many
GAP, CLEAR = 0.1, 0.08  # at both sides of the middle, between two charts; from an arrow to bars and numbers


@dataclass(frozen=True)
class Columns:
    """N equal columns of the screen over one line; ``most`` views are as high as the picture."""

    count: int
    most: float
    left: float = -5.45
    right: float = style.RIGHT_EDGE
    bottom: float = -1.45
    top: float = 2.5

    @classmethod
    def holding(cls, losses: Sequence[Losses], count: int) -> Columns:
        """Columns in which the largest of all ``losses`` and a number above it have room."""
        largest = max(each.largest for each in losses)
        return cls(count, largest / ROOM if largest > 0 else 1.0)

    @property
    def width(self) -> float:
        return (self.right - self.left) / self.count

    def center(self, k: int) -> float:
        """The middle of column ``k``, counted from 0."""
        return self.left + (k + 0.5) * self.width

    def y(self, views: float) -> float:
        """The height on the screen of a loss in views."""
        return self.bottom + (self.top - self.bottom) * views / self.most

    def panel(self, k: int) -> tuple[float, float]:
        """Left and right of what stands in column ``k``: as wide as its two bars."""
        half = 0.42 * self.width
        return self.center(k) - half, self.center(k) + half

    def bar(self, k: int, side: int) -> tuple[float, float]:
        """Left and right of the bar of column ``k`` for SEEN or UNSEEN."""
        left, right = self.panel(k)
        gap = 0.04 * self.width
        middle = (left + right) / 2
        return (left, middle - gap / 2) if side == SEEN else (middle + gap / 2, right)

    def slot(self, k: int, side: int) -> float:
        """The middle of a bar."""
        return sum(self.bar(k, side)) / 2

    def axis(self) -> VMobject:
        """The line that all bars stand on."""
        start, end = (self.left - 0.1, self.bottom, 0.0), (self.right, self.bottom, 0.0)
        return segment(start, end, palette.axis, style.AXIS)

    def ticks(self, written: Callable[[float], str]) -> Ticks:
        """Round losses, as ``written`` writes them."""
        return loss_ticks(self.most, written)

    def value_size(self, texts: Sequence[str]) -> float:
        """The size at which the widest number still stands in its bar."""
        widest = max(words(text, VALUE_SIZES[0]).width for text in texts)
        room = 0.9 * self.width * 0.4
        return max(VALUE_SIZES[1], min(VALUE_SIZES[0], VALUE_SIZES[0] * room / widest))


class LossBar(VGroup):
    """One bar: as high as the mean of S losses, a dot for each of them, the mean's number close above its edge.

    Parts: ``box``, ``dots``, ``value``. ``grow(share)`` makes the box so much of its height, in place.
    """

    def __init__(self, columns: Columns, k: int, side: int, losses: Losses, text: str, size: float) -> None:
        super().__init__()
        self.columns, self.losses, self.side = columns, losses, side
        self.left, self.right = columns.bar(k, side)
        filled = side == SEEN
        fill = palette.blue if filled else mix(palette.blue, 0.13)
        self.box = VMobject(fill_color=fill, fill_opacity=1, stroke_color=palette.blue, stroke_width=BOX)
        self.dots = VGroup(*(seed_dot(point, radius=RUN_DOT) for point in self.dot_places()))
        self.value: TextMobject = words(text, size)
        self.put_value(self._above(self.value.height))
        self.grow(1.0)
        self.add(self.box, self.dots, self.value)

    def grow(self, share: float) -> LossBar:
        """The box from the axis up to ``share`` of the mean."""
        low = self.columns.bottom
        high = self.columns.y(share * self.losses.mean)
        corners = [(self.left, low), (self.left, high), (self.right, high), (self.right, low), (self.left, low)]
        self.box.set_points_as_corners([np.array([x, y, 0.0]) for x, y in corners])
        return self

    def put_value(self, baseline: float) -> None:
        """The number goes to this height."""
        self.value.place(baseline, center=(self.left + self.right) / 2)

    def _above(self, height: float) -> float:
        """The lowest baseline above the mean at which a number of this height lies on no run's dot.

        So it stays at its bar: above the dots near the bar's edge, below one far above it.
        """
        baseline = self.columns.y(self.losses.mean) + OVER
        for dot in sorted(self.columns.y(loss) for loss in self.losses.by_seed):
            if baseline - OVER < dot < baseline + height + OVER / 2:
                baseline = dot + OVER
        return baseline

    def dot_places(self) -> NDArray:
        """(S, 3): where each seed's loss is, spread over the bar's width in the order of the seeds."""
        views = self.losses.by_seed
        step = 0.19 * (self.right - self.left) * min(1.0, 5 / len(views))
        x = (self.left + self.right) / 2 + step * (np.arange(len(views)) - (len(views) - 1) / 2)
        return np.stack([x, [self.columns.y(loss) for loss in views], np.zeros(len(views))], axis=-1)


def loss_bars(
    columns: Columns, losses: Sequence[tuple[Losses, Losses]], written: Callable[[float], str]
) -> list[tuple[LossBar, LossBar]]:
    """Each column's two bars, SEEN and UNSEEN; ``written`` writes a mean.

    The outlined bars have their numbers inside, in one row below all their runs, if they are high enough for it.
    """
    texts = [[written(each.mean) for each in pair] for pair in losses]
    size = columns.value_size([text for pair in texts for text in pair])

    def bar(k: int, side: int) -> LossBar:
        return LossBar(columns, k, side, losses[k][side], texts[k][side], size)

    pairs = [(bar(k, SEEN), bar(k, UNSEEN)) for k in range(len(losses))]
    outlined = [pair[UNSEEN] for pair in pairs]
    row = columns.y(min(min(bar.losses.least, bar.losses.mean) for bar in outlined)) - UNDER - outlined[0].value.height
    if row > columns.bottom + UNDER:
        for each in outlined:
            each.put_value(row)
    return pairs


def mark_of(value: TextMobject, apart: float) -> VMobject:
    """A ring around a number; a line under it where the next number, ``apart`` from middle to middle, is too near."""
    free = 2 * (apart - value.width) - 0.08
    if free < 0.1:
        y = value.baseline - 0.09
        return segment((value.get_left()[0], y, 0.0), (value.get_right()[0], y, 0.0), palette.text, BOX)
    ring = RoundedRectangle(width=value.width + min(0.24, free), height=value.height + 0.26, corner_radius=0.1)
    ring.set_stroke(palette.text, BOX)
    return ring.move_to(value)


class LectureBars:
    """Our bars of ``results`` moved aside for the lecture's: the same networks in two charts over one scale.

    ``results``: the networks of whose losses the lecture gives numbers, written as ``texts``, by side. ``most``: views
    of the scale; ``written`` writes a loss of ours. No mobject itself.
    ``ours``: pairs of bars as they stand beside the lecture's; ``marks``: by side, the lecture's bars, each a box and
    its number. ``axes``: one under each chart.
    """

    def __init__(
        self,
        results: Sequence[Result],
        texts: Sequence[tuple[str, str]],
        written: Callable[[float], str],
        most: float,
    ) -> None:
        self.count = len(results)
        losses = [lecture_losses(result.network.hidden) for result in results]
        self.losses = [tuple(loss or 0.0 for loss in pair) for pair in losses]
        self.columns = Columns(2 * self.count, most)
        pairs = [(result.training, result.validation) for result in results]
        self.ours = loss_bars(self.columns, pairs, written)
        self.size = self.columns.value_size([text for pair in texts for text in pair])
        self.marks = [[self._bar(k, side, texts[k][side]) for k in range(self.count)] for side in SIDES]
        self.axes = VGroup(self._axis(0), self._axis(1))

    def slots(self) -> range:
        """The columns of the lecture's chart."""
        return range(self.count, 2 * self.count)

    def middle(self, chart: int) -> float:
        """The middle of a chart, the lecture's last."""
        ends = self.columns.center(chart * self.count), self.columns.center((chart + 1) * self.count - 1)
        return sum(ends) / 2

    def way(self, chart: int, before: int, after: int) -> VGroup:
        """An arrow in a chart from one network's unseen loss to another's; empty where a number is in the way."""
        losses = self.losses if chart else [tuple(bar.losses.mean for bar in pair) for pair in self.ours]
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
        left, right = columns.bar(self.count + k, side)
        low, high = columns.bottom, columns.y(views)
        corners = [(left, low), (left, high), (right, high), (right, low), (left, low)]
        box = polyline(np.array([[x, y, 0.0] for x, y in corners]), palette.text, BOX)
        box.set_fill(palette.text if side == SEEN else mix(palette.text, 0.13), 1)
        number = words(text, self.size)
        inside = columns.y(min(pair[UNSEEN] for pair in self.losses)) - UNDER - number.height
        number.place(high + OVER if side == SEEN else inside, center=(left + right) / 2)
        return VGroup(box, number)

    def _axis(self, chart: int) -> VMobject:
        columns, first = self.columns, chart * self.count
        left, right = (columns.left + k * columns.width for k in (first, first + self.count))
        left, right = (left + GAP, right) if chart else (left - 0.1, right - GAP)
        return segment((left, columns.bottom, 0), (right, columns.bottom, 0), palette.axis, style.AXIS)
