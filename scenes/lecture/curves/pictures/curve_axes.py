"""The axes that a curve from 0 upwards is seen over, in every scene that shows the same curve."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from gradreel.core.curves.piecewise import PiecewiseLinearCurve
from gradreel.scenes import style
from gradreel.scenes.mobjects.plot import NO_TICKS, Plot
from gradreel.scenes.mobjects.ticks import DIGIT_WIDTH, Ticks, nice_range, round_labels, ticks_at_knots
from manim import Animation, FadeIn, FadeOut, ReplacementTransform

RIGHT, BOTTOM, TOP = 1.0, -2.59, 1.3  # of the main plot under a formula, its parts in a column at the right
WIDE_RIGHT = 4.9  # of the same plot before it has parts


def height_range(y: Sequence[float] | np.ndarray) -> tuple[float, float]:
    """The y axis for heights ``y``: from 0 where they stand well above it or near it, with some room at the top."""
    values = np.asarray(y, dtype=float)
    if values.min() >= 0 and values.min() < 0.5 * values.max():
        return 0.0, float(values.max() + 0.12 * np.ptp(values))
    return nice_range(values, margin=0.12)


def curve_axes(
    x_range: tuple[float, float],
    y_range: tuple[float, float],
    right: float = RIGHT,
    top: float = TOP,
    bottom: float = BOTTOM,
    x_ticks: Ticks = NO_TICKS,
    x_label: str | None = "x_1",
) -> Plot:
    """Axes whose y labels begin at the left edge of the picture; ``plot.y_unit`` is how heights are written."""
    y_ticks = round_labels(*y_range, 5)
    plot = Plot(
        x_range,
        y_range,
        left=axes_left(y_ticks),
        right=right,
        bottom=bottom,
        top=top,
        x_ticks=x_ticks,
        y_ticks=y_ticks,
        x_label=x_label,
    )
    plot.y_unit = y_ticks.unit
    return plot


def axes_left(y_ticks: Ticks) -> float:
    """Where the y axis stands: right of its widest label."""
    widest = max((len(label) for label in y_ticks.labels), default=1) * DIGIT_WIDTH
    return style.LEFT_EDGE + widest + 0.25


def corner_axes(
    curve: PiecewiseLinearCurve,
    x_range: tuple[float, float],
    y_range: tuple[float, float] | None = None,
    right: float = RIGHT,
) -> Plot:
    """Axes for a curve of straight pieces, with ticks at its corners."""
    heights = y_range or height_range(curve.y)
    left = axes_left(round_labels(*heights, 5))
    return curve_axes(x_range, heights, right, x_ticks=ticks_at_knots(curve.x, *x_range, right - left))


def exchanged(old: Plot, new: Plot, along: bool = False) -> list[Animation]:
    """The animations that turn one plot's axes into another's; labels that both have may go ``along``."""
    animations: list[Animation] = []
    for part in ("x_axis", "y_axis", "x_label"):
        animations.append(ReplacementTransform(getattr(old, part), getattr(new, part)))
    for part in ("x_tick_labels", "y_tick_labels", "notes"):
        before, after = getattr(old, part), getattr(new, part)
        if along and [text.source for text in before] == [text.source for text in after]:
            animations.append(ReplacementTransform(before, after))
        else:
            animations += [FadeOut(before), FadeIn(after)]
    return animations
