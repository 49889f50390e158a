"""The scale of a picture of losses in views."""

from __future__ import annotations

from collections.abc import Callable

from gradreel.scenes import style
from gradreel.scenes.mobjects.plot import segment
from gradreel.scenes.mobjects.text import words
from gradreel.scenes.mobjects.ticks import Ticks, round_ticks
from gradreel.scenes.style import mix, palette
from manim import VGroup

GRID_SHARE = 0.28
LEFT_OF_LINES, OVER_TOP = 0.14, 0.28  # of the numbers and of the word
TOP_ROOM = 0.05  # of the height, below the top, where no line lies: the word is there


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
