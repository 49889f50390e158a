"""The losses of several runs on one pair of axes, each told by colour, dashes and name."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from gradreel.core.errors import UserError
from gradreel.scenes import style
from gradreel.scenes.mobjects.loss_history import LossHistory
from gradreel.scenes.mobjects.loss_plot import LossAxis, spread_boxes, update_ticks
from gradreel.scenes.mobjects.plot import Plot, dashed, segment
from gradreel.scenes.mobjects.readout import LossNumber, decimals_of
from gradreel.scenes.mobjects.recorded_theta import shortened
from gradreel.scenes.mobjects.rising_curve import RisingCurve
from gradreel.scenes.mobjects.text import literal, words
from gradreel.scenes.style import class_color, palette
from manim import VGroup, VMobject

DASHES = (0.0, 0.22, 0.1, 0.34)  # of each run: the length of its dashes; 0: solid
SAMPLE = 0.62  # length of the piece of a run's line before its name
LINE = 0.38  # from a name to the number under it


class LossComparison(VGroup):
    """The losses of several runs; ``show(update)`` draws all of them up to there.

    A loss that goes up and down is drawn as its running mean. Parts: ``axes``; ``curves``; ``labels``, for each run its
    name and the last number on its curve. ``last``: the updates of the longest run.

    Raises UserError if the losses of the runs have different units.
    """

    def __init__(
        self,
        histories: Sequence[LossHistory],
        names: Sequence[str],
        updates: str,
        loss: str,
        *,
        left: float,
        right: float,
        bottom: float,
        top: float,
    ) -> None:
        super().__init__()
        if len({history.scale.in_views for history in histories}) > 1:
            raise UserError(
                "loss-curve: one run's loss is in views and another's is not, so they have no common axis; name traces"
                " with losses of one kind"
            )
        unit = histories[0].scale
        lines = []
        for history in histories:
            x, y = history.mean_line() if history.is_smoothed else history.line()
            lines.append((np.asarray(x, dtype=float), y * (unit.factor / history.scale.factor)))
        finite = np.concatenate([y[np.isfinite(y)] for _, y in lines])
        self.axis = axis = LossAxis.holding(float(finite.min()), float(finite.max()), unit.suffix)
        self.last = float(max(history.n_updates for history in histories))
        self.axes = Plot(
            (0.0, self.last),
            (axis.low, axis.high),
            left=left,
            right=right,
            bottom=bottom,
            top=top,
            x_ticks=update_ticks(int(self.last)),
            y_ticks=axis.ticks(),
            x_label=None,
        )
        self.axes.notes.shift(np.array([0.9, 0.0, 0.0]))  # beside the axis' name
        after_ticks = max((float(label.get_right()[0]) for label in self.axes.x_tick_labels), default=right)
        self.axes.add(words(updates, style.TICK, palette.dim).place(bottom - 0.4, left=max(right, after_ticks) + 0.25))
        self.axes.add(words(loss, style.TICK, palette.dim).place(top + 0.14, left=left - 0.1))
        self.curves = [
            RisingCurve(self.axes, x, axis.of_loss(y), class_color(k), style.SECOND_CURVE, DASHES[k])
            for k, (x, y) in enumerate(lines)
        ]
        ends = [float(curve.end()[1]) for curve in self.curves]
        order = sorted(range(len(ends)), key=lambda k: -ends[k])
        heights = [2 * LINE + 0.12] * len(ends)
        uppers = spread_boxes([ends[k] + LINE for k in order], heights, bottom + 0.1, top + 0.2)
        beside, decimals = right + 0.25, decimals_of(finite, 3)
        labels = {}
        for k, upper in zip(order, uppers, strict=True):
            after_sample = beside + SAMPLE + 0.15
            name = literal(shortened(names[k], style.RIGHT_EDGE - after_sample, style.LABEL - 2))
            y = lines[k][1]
            number = LossNumber(0.0, decimals, style.LABEL - 2, palette.text)
            text = number.written(float(y[np.isfinite(y)][-1])) + unit.suffix
            labels[k] = VGroup(
                words(name, style.LABEL - 2).place(upper - LINE + 0.1, left=after_sample),
                words(text, style.LABEL - 2, palette.dim).place(upper - 2 * LINE + 0.1, left=after_sample),
                _sample((beside, upper - LINE + 0.2), k),
            )
        self.labels = [labels[k] for k in range(len(ends))]
        self.add(self.axes, *self.curves, *self.labels)

    def show(self, update: float) -> None:
        """Draw all curves up to ``update``."""
        for curve in self.curves:
            curve.show(update)


def _sample(start: tuple[float, float], k: int) -> VMobject:
    """Return a short piece of the line of run ``k``, from ``start`` to the right."""
    ends = (*start, 0.0), (start[0] + SAMPLE, start[1], 0.0)
    if not DASHES[k]:
        return segment(*ends, class_color(k), style.SECOND_CURVE)
    return dashed(*ends, class_color(k), style.SECOND_CURVE, DASHES[k])
