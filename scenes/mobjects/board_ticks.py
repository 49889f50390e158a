"""Ticks of a plot whose view of the plane changes: they go along, in place."""

from __future__ import annotations

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.mobjects.plot import Plot, segment
from gradreel.scenes.mobjects.text import words
from gradreel.scenes.mobjects.ticks import Ticks
from gradreel.scenes.style import palette
from manim import VGroup

TICK, UNDER, OVER, Y_LABEL = 0.08, -0.32, 0.11, 0.18  # half a tick's length; from an axis to its numbers


class BoardTicks(VGroup):
    """Ticks on the line of zero and on the y axis, and their numbers: ``follow`` puts them where the plot has them.

    Parts: ``x_marks``, ``x_labels`` (on the side where less is drawn), ``y_labels``. What the plot does not show is
    clear.
    """

    def __init__(self, plot: Plot, x_ticks: Ticks, y_ticks: Ticks) -> None:
        super().__init__()
        kept = [k for k, value in enumerate(x_ticks.values) if value > plot.x_range[0]]  # none on the y axis
        self.plot, self.y_values = plot, y_ticks.values
        self.x_values = [x_ticks.values[k] for k in kept]
        self.drop = UNDER if max(y_ticks.values) >= -min(y_ticks.values) else OVER
        half = np.array([0.0, TICK, 0.0])
        self.x_marks = VGroup(*(segment(-half, half, palette.axis, style.AXIS) for _ in self.x_values))
        self.x_labels = VGroup(*(words(x_ticks.labels[k], style.TICK, palette.dim) for k in kept))
        self.y_labels = VGroup(*(words(label, style.TICK, palette.dim) for label in y_ticks.labels))
        self.add(self.x_marks, self.x_labels, self.y_labels)
        self.follow()

    def follow(self) -> BoardTicks:
        """Go where the plot's present view has the numbers, in place; returns self."""
        plot = self.plot
        for value, mark, label in zip(self.x_values, self.x_marks, self.x_labels, strict=True):
            at = plot.at(value, 0.0)
            mark.move_to(at)
            label.place(at[1] + self.drop, center=at[0])
        low, high = plot.y_range
        for value, label in zip(self.y_values, self.y_labels, strict=True):
            label.place(plot.at(0.0, value)[1] - 0.09, right=plot.box[0] - Y_LABEL)
            outside = max(low - value, value - high) / (high - low)
            label.set_opacity(float(np.clip(1 - 30 * outside, 0.0, 1.0)))
        return self
