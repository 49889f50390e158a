"""The plane in which one sigmoid is seen: the x axis lies where y is 0, and ticks go along when the view changes."""

from __future__ import annotations

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.lecture.curves.sigmoid_matching import SigmoidMatch
from gradreel.scenes.mobjects.plot import Plot, dashed, segment
from gradreel.scenes.mobjects.text import TextMobject, formula, words
from gradreel.scenes.mobjects.ticks import Ticks, round_labels, ticks_at_knots
from gradreel.scenes.style import mix, palette
from manim import VGroup, VMobject

FORMULA_CENTER, FORMULA_BASELINE = -2.3, 2.1  # of c sigmoid(b + w x_1) above the plot
PLOT_BOX = {"left": -5.3, "right": 5.6, "bottom": -2.7, "top": 0.6}
REACH = 8.0  # b + w x_1 at the right end of an axis that shows one sigmoid closely; its opposite at the left end
LEVEL_LETTER = 0.16  # from the end of the line at c to its letter
TICK, UNDER, OVER, Y_LABEL = 0.08, -0.32, 0.11, 0.18  # half a tick's length; from the plot's edges to the numbers

View = tuple[tuple[float, float], tuple[float, float]]
"""Ranges of x and of y."""


class SigmoidPlot(Plot):
    """A plot of ``view`` with the x axis and its letter where y is 0; its ``ticks`` have round heights."""

    def __init__(self, view: View, x_ticks: Ticks) -> None:
        super().__init__(*view, **PLOT_BOX)
        self._axis_through_zero()
        self.ticks = MovingTicks(self, x_ticks, round_labels(*view[1], 5))
        self.add(self.ticks)

    def _axis_through_zero(self) -> None:
        rise = np.array([0.0, self.at(0.0, 0.0)[1] - self.x_axis.get_center()[1], 0.0])
        self.x_axis.shift(rise)
        self.x_label.shift(rise)

    def look_at(self, view: View) -> None:
        """Look at another part of the plane: axis and ticks go where they are seen then; curves are the caller's."""
        self.x_range, self.y_range = view
        self._axis_through_zero()
        self.ticks.follow()


class MovingTicks(VGroup):
    """Ticks on the line of zero and on the y axis, and their numbers: ``follow`` puts them where the plot has them.

    Parts: ``x_marks``, ``x_labels`` (outside the plot, on the side where less is drawn; no curve crosses them there),
    ``y_labels``. What the plot does not show is transparent.
    """

    def __init__(self, plot: Plot, x_ticks: Ticks, y_ticks: Ticks) -> None:
        super().__init__()
        kept = [k for k, value in enumerate(x_ticks.values) if value > plot.x_range[0]]  # none on the y axis
        self.plot, self.y_values = plot, y_ticks.values
        self.x_values = [x_ticks.values[k] for k in kept]
        rises = max(y_ticks.values) >= -min(y_ticks.values)
        self.baseline = plot.box[2] + UNDER if rises else plot.box[3] + OVER
        half = np.array([0.0, TICK, 0.0])
        self.x_marks = VGroup(*(segment(-half, half, palette.axis, style.AXIS) for _ in self.x_values))
        self.x_labels = VGroup(*(words(x_ticks.labels[k], style.TICK, palette.dim) for k in kept))
        self.y_labels = VGroup(*(words(label, style.TICK, palette.dim) for label in y_ticks.labels))
        self.add(self.x_marks, self.x_labels, self.y_labels)
        self.follow()

    def follow(self) -> MovingTicks:
        """Go where the plot's present view has the numbers, in place; returns self."""
        plot = self.plot
        for value, mark, label in zip(self.x_values, self.x_marks, self.x_labels, strict=True):
            at = plot.at(value, 0.0)
            mark.move_to(at)
            label.place(self.baseline, center=at[0])
        low, high = plot.y_range
        for value, label in zip(self.y_values, self.y_labels, strict=True):
            label.place(plot.at(0.0, value)[1] - 0.09, right=plot.box[0] - Y_LABEL)
            outside = max(low - value, value - high) / (high - low)
            label.set_opacity(float(np.clip(1 - 30 * outside, 0.0, 1.0)))
        return self


def close_view(match: SigmoidMatch) -> View:
    """Where one sigmoid fills the picture: its middle in the middle, flat at both ends."""
    middle = -match.b / match.w
    heights = (min(match.c, 0.0) * 1.15, max(match.c, 0.0))
    return (middle - REACH / match.w, middle + REACH / match.w), heights


def close_ticks(match: SigmoidMatch, corners: tuple[float, float]) -> Ticks:
    """In that view: at the piece's corners, and at 0 if it is seen, for the y axis stands elsewhere."""
    low, high = close_view(match)[0]
    width, zero = PLOT_BOX["right"] - PLOT_BOX["left"], (0.0,) if low < 0.0 < high else ()
    with_zero = sorted({*corners, *zero})
    ticks = ticks_at_knots(with_zero, low, high, width)
    return ticks if len(ticks.values) == len(with_zero) else ticks_at_knots(corners, low, high, width)


def level_at(plot: SigmoidPlot, c: float) -> tuple[VMobject, TextMobject]:
    """A dashed line at the height c through the plot, and its letter at the line's end."""
    start, end = plot.at(np.array(plot.x_range), c)
    letter = formula("magenta(c)", style.LETTER)
    letter.place(start[1] - 0.09, left=end[0] + LEVEL_LETTER)
    return dashed(start, end, mix(palette.magenta, 0.7), dash=0.13), letter
