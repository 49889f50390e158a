"""A run in numbers: updates, loss, theta in its cells and the gradient below."""

from __future__ import annotations

import numpy as np
from gradreel.core.network.theta import loss, parameter_names
from gradreel.core.trace.trace import Trace
from gradreel.scenes import style
from gradreel.scenes.mobjects.pace import sampled_rows
from gradreel.scenes.mobjects.readout import Readout
from gradreel.scenes.mobjects.theta_strip import (
    STRIP_LEFT,
    Columns,
    Head,
    LengthNow,
    SlopeRow,
    ThetaStrip,
    role_of,
    short_names,
)
from manim import VGroup

STRIP_Y, SLOPES_Y = 1.75, 1.1
SAMPLED = 60  # states whose numbers set the decimals


class RunNumbers(VGroup):
    """``show(row)``: the recorded state of that row of ``run``, above a picture.

    The last state has no gradient of its own: the one that led to it stays. Parts: ``readout``, ``strip``, ``slopes``.
    From row ``late`` on slopes may be so small that they would read 0: ``length``, how long the gradient is
    (``length_words`` say so), is there to take their place.
    """

    def __init__(self, run: Trace, count_words: str, length_words: str, late: int) -> None:
        super().__init__()
        self.run = run
        names, rows = parameter_names(run.experiment), sampled_rows(0, len(run.kept) - 1, SAMPLED)
        columns = Columns.of(names, STRIP_LEFT, style.RIGHT_EDGE)
        labels = short_names(names)
        heads = [Head(role_of(names[entry]), labels[entry]) for entry in columns.shown]
        losses = loss(run.experiment, run.parameters[rows])
        self.strip = ThetaStrip(heads, run.parameters[rows][:, columns.shown], columns, STRIP_Y)
        self.slopes = SlopeRow(run.gradient[rows[:-1]][:, columns.shown], columns, SLOPES_Y)
        lengths = np.linalg.norm(run.gradient[min(late, len(run.kept) - 2) : len(run.kept) - 1], axis=1)
        self.length = LengthNow(lengths, length_words, SLOPES_Y - 0.14)
        self.readout = Readout(count_words, int(run.kept[-1]), losses, style.LEFT_EDGE)
        self.add(self.readout, self.strip, self.slopes)
        self.show(0)

    def show(self, row: int) -> None:
        self.strip.set_values(self.run.parameters[row])
        gradient = self.run.gradient[min(row, len(self.run.kept) - 2)]
        self.slopes.set_values(gradient)
        self.length.show(float(np.linalg.norm(gradient)))
        self.readout.show(int(self.run.kept[row]), float(loss(self.run.experiment, self.run.parameters[row])))
