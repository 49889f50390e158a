"""The film's first and last curve: a network that learns the red one, over axes of views.

motif = Motif(self.trace("run"), self.screen_of("title"))   # in a scene: the axes' names in its language
motif.show(0.5)                                             # the state when half of the walk is over
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
NAMES = ("asked", "known", "example")  # keys of the words


class Motif(VGroup):
    """``run``'s curve on its way: ``show(share)`` is the picture when that share of the walk is over.

    Parts: ``axes``, and their ``names``, what is asked for, what is known, that it is an example; ``red``, what it
    learns; ``blue``, the state reached. ``text_of``: the words of each key of `NAMES`. ``top``: of the picture.
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
        asked, known, example = (words(text_of(key), style.LABEL, palette.dim) for key in NAMES)
        under = BOTTOM - 0.45
        self.names = VGroup(
            asked.place(top + 0.2, left=LEFT), known.place(under, right=RIGHT), example.place(under, left=LEFT)
        )
        self.red = self._line(target, palette.red, style.MAIN_CURVE + 1)
        self.blue = self._line(start, palette.blue, style.MAIN_CURVE)
        self.add(self.axes, self.names, self.red, self.blue)
        self.show(0.0)

    def show(self, share: float) -> None:
        """The state reached at this share of the walk."""
        row = self.pace.row(share)
        y = self._drawn_by(state_at(self.run, row))
        self.axes.set_curve(self.blue, self.x, np.clip(y, *self.axes.y_range))

    def _drawn_by(self, theta: FloatArray) -> FloatArray:
        """What the network draws with theta, (..., P) to (..., SAMPLES)."""
        return predict(self.run.experiment, theta, self.features)

    def _line(self, y: FloatArray, color: ManimColor, width: float) -> VMobject:
        return self.axes.curve(self.x, np.clip(y, *self.axes.y_range), color, width)
