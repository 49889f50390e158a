"""The scale of a picture of losses in views, a run's dot in it, and what is said of runs above it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.mobjects.loss_lines import DOT, above_the_picture
from gradreel.scenes.mobjects.plot import dashed, segment
from gradreel.scenes.mobjects.text import words
from gradreel.scenes.mobjects.ticks import Ticks, round_ticks
from gradreel.scenes.style import mix, palette
from manim import LEFT, Dot, ManimColor, VGroup, interpolate_color
from numpy.typing import NDArray

GRID_SHARE = 0.28
LEFT_OF_LINES, OVER_TOP = 0.14, 0.28  # of the numbers and of the word
TOP_ROOM = 0.05  # of the height, below the top, where no line lies: the word is there
PALE = 0.45  # of a run's dot that is the text's colour, the rest blue


def loss_ticks(most: float, written: Callable[[float], str]) -> Ticks:
    """Round losses up to ``most`` views, as ``written`` writes them; not 0, which is the axis."""
    values = tuple(value for value in round_ticks(0, most, 4)[1:] if value <= (1 - TOP_ROOM) * most)
    return Ticks(values, tuple(written(value) for value in values))


def loss_grid(ticks: Ticks, height: Callable[[float], float], left: float, right: float) -> VGroup:
    """A faint level line at each tick; ``height`` is where a loss lies on the screen."""
    faint = mix(palette.axis, GRID_SHARE)
    return VGroup(*(segment((left, height(v), 0), (right, height(v), 0), faint, style.GUIDE) for v in ticks.values))


def loss_labels(ticks: Ticks, height: Callable[[float], float], left: float, top: float, name: str) -> VGroup:
    """The ticks' numbers left of the lines that begin at ``left``, and over them, above ``top``, what they measure."""
    labels = VGroup(
        *(
            words(label, style.TICK, palette.dim).place(height(value) - 0.09, right=left - LEFT_OF_LINES)
            for value, label in zip(ticks.values, ticks.labels, strict=True)
        )
    )
    return labels.add(words(name, style.TICK, palette.dim).place(top + OVER_TOP, left=style.LEFT_EDGE))


def floor_legend(text: str, baseline: float) -> VGroup:
    """What a dashed line at the loss of one who knows the rule is: the words at the right edge, a dash before them."""
    name = words(text, style.TICK).place(baseline, right=style.RIGHT_EDGE)
    y, right = float(name.get_center()[1]), float(name.get_left()[0]) - 0.15
    return VGroup(dashed((right - 0.5, y, 0.0), (right, y, 0.0), palette.text), name)


def seed_dot(point: NDArray, hollow: bool = False, radius: float = DOT) -> Dot:
    """The loss of one run of ours, pale blue: a small dot with a ring that lifts it off bars and lines.

    Where losses are drawn, the text's own colour is the lecture's.
    """
    color = ManimColor(interpolate_color(palette.blue, palette.text, PALE))
    dot = Dot(point, radius=radius, color=color)
    dot.set_stroke(palette.background, 1.8)
    if hollow:
        dot.set_fill(palette.background, 1).set_stroke(color, 2.0)
    return dot


class AboveTheScale(VGroup):
    """An arrow's head and the words for it over a picture; ``show(share)`` fades them after the share ``last``.

    ``hollow``: where such runs cover filled ones.
    """

    FADING = 0.04  # of the whole: so long

    def __init__(self, text: str, baseline: float, center: float, last: float, hollow: bool = False) -> None:
        super().__init__()
        self.last = last
        name = words(text, style.TICK, palette.dim).place(baseline, center=center)
        head = seed_dot(np.zeros(3), hollow)
        head.set_points(above_the_picture()).next_to(name, LEFT, buff=0.15)
        self.add(head, name)

    def show(self, share: float) -> None:
        opacity = 1 - min(max(0.0, (share - self.last) / self.FADING), 1.0)
        self.set_fill(opacity=opacity)
        self[0].set_stroke(opacity=opacity)
