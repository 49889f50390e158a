"""Networks side by side: a column each with its loss as two bars, on learned days and on others.

Filled is learned, outlined is not: told by fill and word, not by hue. All pure functions of numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from gradreel.core.analysis.results import Losses
from gradreel.scenes import style
from gradreel.scenes.mobjects.plot import segment
from gradreel.scenes.mobjects.text import TextMobject, words
from gradreel.scenes.style import BOX, mix, palette
from manim import Dot, RoundedRectangle, VGroup, VMobject

SEEN, UNSEEN = SIDES = (0, 1)  # the two bars of a column
ROOM = 0.87  # of the picture's height that the largest loss takes: a number may stand above it
UNDER, OVER = 0.27, 0.2  # of a number: its top below what it keeps off, its baseline above
RUN_DOT = 0.055  # radius of a run's dot
TEETH, TOOTH = 4, 0.16  # of the upper edge of a bar that is higher than the picture: how many, and how deep
VALUE_SIZES = (38.0, 24.0)  # of the numbers over the bars: with few columns, with many


@dataclass(frozen=True)
class Columns:
    """N equal columns of the screen over one line; ``most`` views are as high as the picture."""

    count: int
    most: float
    left: float = style.LEFT_EDGE
    right: float = style.RIGHT_EDGE
    bottom: float = -2.15
    top: float = 2.3

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
        return segment((self.left, self.bottom, 0.0), (self.right, self.bottom, 0.0), palette.axis, style.AXIS)

    def value_size(self, texts: Sequence[str]) -> float:
        """The size at which the widest number still stands in its bar."""
        widest = max(words(text, VALUE_SIZES[0]).width for text in texts)
        room = 0.9 * self.width * 0.4
        return max(VALUE_SIZES[1], min(VALUE_SIZES[0], VALUE_SIZES[0] * room / widest))


class LossBar(VGroup):
    """One bar: as high as the mean of S losses, with a dot for each of them, and the mean's number above all.

    Parts: ``box``, ``value``, ``runs``: the dots, side by side.
    ``floor``: views of a mark across the bar that the number keeps off.
    """

    def __init__(
        self, columns: Columns, k: int, side: int, losses: Losses, text: str, size: float, floor: float | None = None
    ) -> None:
        super().__init__()
        self.columns, self.losses, self.side, self.floor = columns, losses, side, floor
        self.left, self.right = columns.bar(k, side)
        fill = palette.blue if side == SEEN else mix(palette.blue, 0.13)
        self.box = VMobject(fill_color=fill, fill_opacity=1, stroke_color=palette.blue, stroke_width=BOX)
        x = self.left + (np.arange(len(losses.by_seed)) + 0.5) * (self.right - self.left) / len(losses.by_seed)
        heights = [columns.y(min(float(views), columns.most)) for views in losses.by_seed]
        radius = min(RUN_DOT, 0.3 * (self.right - self.left) / len(x))
        self.runs = VGroup(
            *(
                Dot((at, y, 0.0), radius, color=palette.text, stroke_color=palette.background, stroke_width=1.5)
                for at, y in zip(x, heights, strict=True)
            )
        )
        self.value: TextMobject = words(text, size)
        self.put_value(self._above())
        self.rise(losses.mean)
        self.add(self.box, self.value, self.runs)

    def rise(self, views: float) -> LossBar:
        """The box up to so many views; where that is above the picture, its upper edge is torn."""
        low, high = self.columns.bottom, self.columns.y(min(views, self.columns.most))
        edge = [(self.left, high), (self.right, high)]
        if views > self.columns.most:
            x = np.linspace(self.left, self.right, 2 * TEETH + 1)
            edge = [(at, high - TOOTH * (k % 2)) for k, at in enumerate(x)]
        corners = [(self.left, low), *edge, (self.right, low), (self.left, low)]
        self.box.set_points_as_corners([np.array([x, y, 0.0]) for x, y in corners])
        return self

    def put_value(self, baseline: float) -> None:
        """The number goes to this height."""
        self.value.place(baseline, center=(self.left + self.right) / 2)

    def _above(self) -> float:
        """The baseline close above the highest run, or above a mark there: the number lies on none."""
        baseline = self.columns.y(min(self.losses.largest, self.columns.most)) + OVER
        mark = -np.inf if self.floor is None else self.columns.y(self.floor)
        return mark + OVER if baseline - OVER < mark < baseline + self.value.height + OVER / 2 else baseline


def loss_bars(
    columns: Columns,
    losses: Sequence[tuple[Losses, Losses]],
    written: Callable[[float], str],
    floor: float | None = None,
) -> list[tuple[LossBar, LossBar]]:
    """Each column's two bars, SEEN and UNSEEN; ``written`` writes a mean; ``floor``: of a mark across the filled bars.

    The outlined bars have their numbers inside, in one row below all their edges, if they are high enough for it.
    """
    texts = [[written(each.mean) for each in pair] for pair in losses]
    size = columns.value_size([text for pair in texts for text in pair])

    def bar(k: int, side: int) -> LossBar:
        return LossBar(columns, k, side, losses[k][side], texts[k][side], size, floor if side == SEEN else None)

    pairs = [(bar(k, SEEN), bar(k, UNSEEN)) for k in range(len(losses))]
    outlined = [pair[UNSEEN] for pair in pairs]
    row = columns.y(min(bar.losses.least for bar in outlined)) - UNDER - outlined[0].value.height
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
