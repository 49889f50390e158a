"""The losses of a run's first batches, a dot each: they jump about the loss over all examples."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from gradreel.core.arrays import FloatArray
from gradreel.core.network.theta import loss
from gradreel.core.trace.trace import Trace
from gradreel.scenes import style
from gradreel.scenes.mobjects.loss_history import LossHistory
from gradreel.scenes.mobjects.loss_plot import DASH, LossAxis, LossPlot
from gradreel.scenes.mobjects.plot import axis_break, ring
from gradreel.scenes.mobjects.rising_curve import RisingCurve
from gradreel.scenes.mobjects.text import words
from gradreel.scenes.style import mix, palette
from manim import Animation, Dot, UpdateFromAlphaFunc, VGroup, linear
from numpy.typing import NDArray

PLOT = {"left": style.LEFT_EDGE + 0.9, "right": 3.55, "bottom": -2.2, "top": 2.2}
BATCH, BATCH_WIDTH, BATCH_DOT = 0.5, 1.3, 0.045  # of the batches' losses: share of the text colour, width, a dot each
ROOM = 0.02  # of all updates, left of the first dot
SINGLE, SINGLE_TIME = 3, 0.3  # losses that come one by one, in this share of the time; then faster and faster
RING, CLEAR = 0.1, 0.12  # radius; between its label and those of the other curves
BREAK = 0.2  # from the foot of an axis that does not begin at 0 to its break


class BatchLosses:
    """The losses of ``history``: a dot and a corner for each batch's, and the smooth one over all examples.

    ``texts`` as `LossPlot` has them. Parts: ``plot``, ``dots``, ``curves`` (of the batches, over all) and their
    ``labels``. No mobject itself: ``growing`` draws the curves, after the axes have come.
    """

    def __init__(self, history: LossHistory, texts: Mapping[str, str]) -> None:
        self.history, self.texts = history, texts
        self.plot = plot = self._plot(texts, np.concatenate([history.batch, history.whole]))
        color = mix(palette.text, BATCH)
        plot.batch.set_stroke(color, BATCH_WIDTH)
        self.curves = VGroup(plot.batch, plot.whole)
        self.labels = VGroup(plot.labels["batch"], plot.labels["whole"])
        self.final = [label.get_center() for label in self.labels]
        self.dots = VGroup(*(Dot(point, BATCH_DOT, color=color) for point in plot.batch.corners))
        self.last = float(history.n_updates - 1)
        self._show(0.0)

    def _plot(self, texts: Mapping[str, str], losses: NDArray) -> LossPlot:
        """All of the history, along an axis of losses that holds these."""
        history, known = self.history, losses[np.isfinite(losses)]
        axis = LossAxis.holding(float(known.min()), float(known.max()), history.scale.suffix, from_zero=False)
        plot = LossPlot(history, texts, **PLOT, counts=False, room=ROOM * history.n_updates, axis=axis)
        if axis.low > 0 and not axis.logarithmic:
            plot.axes.add(axis_break(np.array([PLOT["left"], PLOT["bottom"] + BREAK, 0.0]), upright=True))
        plot.whole.set_stroke(width=style.MAIN_CURVE)
        return plot

    def near(self, others: NDArray) -> LossPlot:
        """The same along an axis that holds the loss over all examples and ``others``; no batch has a label there."""
        texts = {name: text for name, text in self.texts.items() if name != "batch"}
        return self._plot(texts, np.concatenate([self.history.whole, others]))

    def _show(self, update: float) -> None:
        """Both curves up to an update, their labels at their ends."""
        plot = self.plot
        for curve in self.curves:
            curve.show(update)
        for dot, at in zip(self.dots, plot.batch.data_x, strict=True):
            dot.set_opacity(1.0 if at <= update else 0.0)
        here = plot.whole.begin() if plot.whole.tip is None else plot.whole.tip
        for label, place in zip(self.labels, self.final, strict=True):
            label.move_to(place + here - plot.whole.end())

    def growing(self) -> Animation:
        """The first few losses come one by one, then ever faster."""
        moving = VGroup(self.plot.batch, self.dots, self.plot.whole, self.labels)
        first = min(float(SINGLE), self.last)

        def draw(_: VGroup, share: float) -> None:
            if share < SINGLE_TIME:
                self._show(first * share / SINGLE_TIME)
            else:
                self._show(first + (self.last - first) * ((share - SINGLE_TIME) / (1 - SINGLE_TIME)) ** 1.4)

        return UpdateFromAlphaFunc(moving, draw, run_time=3.0, rate_func=linear)


class InOneBatch(VGroup):
    """``losses`` (E + 1,) after 0 to E updates, in the plot's unit: a ring for each, where the plot has an epoch's end.

    Parts: ``line`` (dashed), ``rings``, ``label`` (``text``) right of its end, beside the plot's others.
    """

    def __init__(self, plot: LossPlot, losses: NDArray, per_epoch: int, text: str) -> None:
        super().__init__()
        x = per_epoch * np.arange(len(losses), dtype=float)
        self.line = RisingCurve(plot.axes, x, plot.axis.of_loss(losses), palette.text, style.SECOND_CURVE, DASH)
        centers = plot.at(x, losses)
        self.rings = VGroup(*(ring(center, RING, palette.text, fill=palette.background) for center in centers))
        left = float(plot.labels["whole"].get_left()[0])
        self.label = words(text, style.LABEL - 2).place(0.0, left=left).set_y(centers[-1][1])
        for other in sorted(plot.labels.values(), key=lambda label: float(label.get_y())):
            room = (other.height + self.label.height) / 2 + CLEAR
            if abs(float(self.label.get_y() - other.get_y())) < room:  # it makes way upwards
                self.label.set_y(other.get_y() + room)
        self.add(self.line, self.rings, self.label)


def whole_losses(trace: Trace, updates: int) -> FloatArray:
    """(updates,): the loss over all examples before each of the first updates, in the run's own unit.

    Beside ``trace.batch_loss[:updates]``, the losses of their batches at the same thetas. TraceError unless the states
    were kept.
    """
    rows = [trace.row(update) for update in range(updates)]
    return np.asarray(loss(trace.experiment, np.asarray(trace.parameters[rows])))
