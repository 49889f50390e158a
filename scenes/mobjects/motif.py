"""The film's first and last picture: the curve of a network while it learns the red one.

motif = Motif(self.trace("run"), self.screen_of("title"))   # in a scene; the names of the axes in its language
motif.show(0.5)                                             # the state after half of the walk
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from gradreel.core.arrays import FloatArray
from gradreel.core.network.theta import predict
from gradreel.core.trace.trace import Trace
from gradreel.scenes import style
from gradreel.scenes.mobjects.pace import even_pace, state_at
from gradreel.scenes.mobjects.plot import Plot
from gradreel.scenes.mobjects.text import words
from gradreel.scenes.mobjects.ticks import nice_range
from gradreel.scenes.style import palette
from manim import ManimColor, VGroup, VMobject

LEFT, RIGHT, BOTTOM, TOP = style.LEFT_EDGE, 6.2, -2.75, 2.6
SAMPLES = 400
NAMES = ("asked", "known", "example")  # keys of the words: names of the y axis, the x axis, and a note


class Motif(VGroup):
    """The curve of a training run on its way to the red curve; `show` chooses the moment.

    ``text_of``: returns the words for a key of `NAMES`. ``top``: upper edge. Parts: ``axes``, ``names`` (of the axes,
    and a note that this is an example), ``red`` (the target), ``blue`` (the network's curve).
    """

    def __init__(self, run: Trace, text_of: Callable[[str], str], top: float = TOP) -> None:
        super().__init__()
        self.run = run
        dataset = run.experiment.curve_data
        self.x = np.linspace(dataset.range[0], dataset.range[1], SAMPLES)
        self.features = dataset.features_at(self.x)
        self.pace = even_pace(run)
        start, end = self._drawn_by(run.parameters[[0, -1]])
        target = dataset.curve()(self.x)
        y_range = nice_range(np.concatenate([[0.0], target, end]), margin=0.02)
        self.axes = Plot(dataset.range, y_range, left=LEFT, right=RIGHT, bottom=BOTTOM, top=top, x_label=None)
        y_name, x_name, note = (words(text_of(key), style.LABEL, palette.dim) for key in NAMES)
        under = BOTTOM - 0.45
        self.names = VGroup(
            y_name.place(top + 0.2, left=LEFT), x_name.place(under, right=RIGHT), note.place(under, left=LEFT)
        )
        self.red = self._line(target, palette.red, style.MAIN_CURVE + 1)
        self.blue = self._line(start, palette.blue, style.MAIN_CURVE)
        self.add(self.axes, self.names, self.red, self.blue)
        self.show(0.0)

    def show(self, share: float) -> None:
        """Draw the network's curve after this share (0 to 1) of the walk."""
        row = self.pace.row(share)
        y = self._drawn_by(state_at(self.run, row))
        self.axes.set_curve(self.blue, self.x, np.clip(y, *self.axes.y_range))

    def _drawn_by(self, theta: FloatArray) -> FloatArray:
        """Return the network's curve for theta: (..., P) to (..., SAMPLES)."""
        return predict(self.run.experiment, theta, self.features)

    def _line(self, y: FloatArray, color: ManimColor, width: float) -> VMobject:
        return self.axes.curve(self.x, np.clip(y, *self.axes.y_range), color, width)
