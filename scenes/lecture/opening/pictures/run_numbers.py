"""A run in numbers: updates, loss, and theta in its cells."""

from __future__ import annotations

from gradreel.core.network.theta import loss, parameter_names
from gradreel.core.trace.trace import Trace
from gradreel.scenes import style
from gradreel.scenes.mobjects.pace import sampled_rows
from gradreel.scenes.mobjects.readout import Readout
from gradreel.scenes.mobjects.theta_strip import STRIP_LEFT, Columns, Head, ThetaStrip, role_of, short_names
from manim import VGroup

STRIP_Y = 1.75
SAMPLED = 60  # states whose numbers set the decimals


class RunNumbers(VGroup):
    """``show(row)``: the recorded state of that row of ``run``, above a picture. Parts: ``readout``, ``strip``."""

    def __init__(self, run: Trace, count_words: str) -> None:
        super().__init__()
        self.run = run
        names, rows = parameter_names(run.experiment), sampled_rows(0, len(run.kept) - 1, SAMPLED)
        columns = Columns.of(names, STRIP_LEFT, style.RIGHT_EDGE)
        labels = short_names(names)
        heads = [Head(role_of(names[entry]), labels[entry]) for entry in columns.shown]
        losses = loss(run.experiment, run.parameters[rows])
        self.strip = ThetaStrip(heads, run.parameters[rows][:, columns.shown], columns, STRIP_Y)
        self.readout = Readout(count_words, int(run.kept[-1]), losses, style.LEFT_EDGE)
        self.add(self.readout, self.strip)
        self.show(0)

    def show(self, row: int) -> None:
        self.strip.set_values(self.run.parameters[row])
        self.readout.show(int(self.run.kept[row]), float(loss(self.run.experiment, self.run.parameters[row])))
