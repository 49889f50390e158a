"""The loss over all examples of a run whose batch is all of them, in the loss plot of one with many batches."""

from __future__ import annotations

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.mobjects.loss_plot import LINE_GAP, LossPlot
from gradreel.scenes.mobjects.plot import ring
from gradreel.scenes.mobjects.rising_curve import RisingCurve
from gradreel.scenes.mobjects.text import words
from gradreel.scenes.style import palette
from manim import VGroup
from numpy.typing import NDArray

RING, CLEAR = 0.1, 0.12  # radius; between its label and those of the other curves
THIN = 3.5  # its line: paler and thinner than that of the run with many batches


class InOneBatch(VGroup):
    """``losses`` (E + 1,) after 0 to E updates, in the plot's unit: a ring for each, where the plot has an epoch's end.

    Parts: ``line``, ``rings``, ``label`` (the lines of ``text``) right of its end, beside the plot's other labels.
    """

    def __init__(self, plot: LossPlot, losses: NDArray, per_epoch: int, text: str) -> None:
        super().__init__()
        x = per_epoch * np.arange(len(losses), dtype=float)
        self.line = RisingCurve(plot.axes, x, plot.axis.of_loss(losses), palette.dim, THIN)
        centers = plot.at(x, losses)
        self.rings = VGroup(*(ring(center, RING, palette.dim, fill=palette.background) for center in centers))
        left = float(plot.labels["whole"].get_left()[0])
        lines = enumerate(text.split("\n"))
        self.label = VGroup(
            *(words(line, style.LABEL - 2, palette.dim).place(-LINE_GAP * k, left=left) for k, line in lines)
        )
        self.label.set_y(centers[-1][1])
        for other in sorted(plot.labels.values(), key=lambda label: float(label.get_y())):
            room = (other.height + self.label.height) / 2 + CLEAR
            if abs(float(self.label.get_y() - other.get_y())) < room:  # it makes way upwards
                self.label.set_y(other.get_y() + room)
        self.add(self.line, self.rings, self.label)
