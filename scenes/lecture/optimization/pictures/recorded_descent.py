"""What moves of a run that was recorded around anybody's loop: path, loss curve, cells, slopes, readout."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from gradreel.core.trace.recorded_run import RecordedRun
from gradreel.core.trace.trace import Trace
from gradreel.scenes import style
from gradreel.scenes.mobjects.descent import MAP_BOX, MIDDLE, SLOPES_Y, STRIP_LEFT, STRIP_Y
from gradreel.scenes.mobjects.descent_map import DescentMap
from gradreel.scenes.mobjects.loss_history import LossHistory
from gradreel.scenes.mobjects.loss_plot import LossPlot
from gradreel.scenes.mobjects.loss_readout import LossReadout
from gradreel.scenes.mobjects.pace import pace_of, recorded_row, sampled_rows
from gradreel.scenes.mobjects.recorded_theta import is_plain_descent, optimizer_names, shown_columns
from gradreel.scenes.mobjects.text import TextMobject, words
from gradreel.scenes.mobjects.theta_strip import SlopeRow, ThetaStrip
from gradreel.scenes.style import palette
from manim import Animation, UpdateFromAlphaFunc, VGroup, VMobject, linear
from numpy.typing import NDArray

PLOT = {"left": 0.85, "right": 4.7, "bottom": MAP_BOX[2], "top": MIDDLE}
READOUT_LEFT = 0.1
WORDS_LINES = (2.38, 2.0)  # baselines above the map, off the path
LOGGED_BOX = (*MAP_BOX[:3], WORDS_LINES[-1] - 0.15)
PACED_STATES = 200  # states at which the path's movement is measured


class RecordedDescent:
    """Rows 0 to ``last`` of a trace of somebody's own loop that kept every update.

    ``show(row)`` is like `Descent.show`. ``texts``: "update", "updates", "loss", "running-mean", "in-all", and
    ``window``, which names a running mean and how many updates it is of. Parts: ``map``, ``strip``, ``slopes``,
    ``readout``, ``in_all``; ``plot`` and ``curve_name``, None where no loss was logged: then the map is wide.
    """

    def __init__(self, run: Trace, last: int, texts: Mapping[str, str], window: Callable[[int], str]) -> None:
        assert isinstance(run.run, RecordedRun)
        self.run, self.last = run, last
        self.is_plain, self.optimizers = is_plain_descent(run), optimizer_names(run.run)
        logged = bool(np.isfinite(run.batch_loss[:last]).any())
        self.history = LossHistory.of(run, last) if logged else None
        box = LOGGED_BOX if logged else (style.LEFT_EDGE, style.RIGHT_EDGE, MAP_BOX[2], MIDDLE)
        self.map = DescentMap(run, last, box, losses=self._losses if logged else None)
        self.columns, heads = shown_columns(run.run, STRIP_LEFT, style.RIGHT_EDGE)
        rows = sampled_rows(0, last, 60)
        states = np.stack([self._entries(run.parameters, row) for row in rows])
        self.strip = ThetaStrip(heads, states, self.columns, STRIP_Y)
        slopes = np.stack([self._entries(run.gradient, row) for row in rows[:-1]])
        self.slopes = SlopeRow(slopes, self.columns, SLOPES_Y)
        self.in_all = self._in_all(texts["in-all"])
        self.plot, self.curve_name = self._plot(texts, window) if self.history else (None, None)
        finite = run.batch_loss[:last][np.isfinite(run.batch_loss[:last])] if logged else np.zeros(1)
        smoothed = self.history is not None and self.history.is_smoothed
        name = texts["running-mean"] if smoothed else texts["loss"]
        self.readout = LossReadout(texts["update"], name, "", last, finite, READOUT_LEFT)
        rows = sampled_rows(0, last, PACED_STATES)
        path = np.stack([self.map.plane.coordinates(np.asarray(run.parameters[row])) for row in rows])
        self.pace = pace_of(rows, path)
        self.show(0.0)

    @property
    def is_logged(self) -> bool:
        """Whether there are losses."""
        return self.history is not None

    def loss(self, row: int) -> float:
        """The loss that is shown at a row: that of the update that leaves it, or, after the last one, of the last."""
        return self.history.mean(min(row, self.last - 1)) if self.history else float("nan")

    def _losses(self, rows: NDArray) -> NDArray:
        return np.array([self.loss(int(row)) for row in rows])

    def _entries(self, column: NDArray, row: int) -> NDArray:
        """The entries of a row that have a column of cells."""
        return np.asarray(column[row][self.columns.shown], dtype=float)

    def _in_all(self, text: str) -> TextMobject | None:
        """How many entries there are, over the cells that stand for those left out."""
        if not self.strip.dots:
            return None
        name = words(text, style.SMALLEST, palette.dim)
        return name.place(self.strip.names[0].baseline, center=float(self.strip.dots[0].get_center()[0]))

    def _plot(self, texts: Mapping[str, str], window: Callable[[int], str]) -> tuple[LossPlot, TextMobject]:
        assert self.history is not None
        names = {"updates": texts["updates"], "loss": texts["loss"]}
        plot = LossPlot(self.history, names, **PLOT)
        smoothed = self.history.is_smoothed
        plot.leader = "mean" if smoothed else "batch"
        text = window(self.history.window) if smoothed else ""
        return plot, words(text, style.SMALLEST, palette.blue).place(MIDDLE + 0.14, right=style.RIGHT_EDGE)

    def show(self, row: float) -> None:
        """Everything as it is at ``row``: shapes may lie between two recorded states, numbers are recorded."""
        self.row = row
        reached = recorded_row(row)
        self.map.show(row)
        self.strip.show(self._entries(self.run.parameters, reached))
        self.slopes.show(self._entries(self.run.gradient, min(reached, self.last - 1)))
        self.readout.show(reached, self.loss(reached))
        if self.plot is not None:
            update = min(row, self.last - 1.0)
            self.plot.batch.show(update)
            self.plot.show(update)

    def curves(self) -> list[VMobject]:
        """The lines of the loss curve."""
        if self.plot is None:
            return []
        return [self.plot.batch, *([self.plot.mean] if self.plot.mean is not None else []), self.plot.marker]

    def go(self) -> Animation:
        """The recorded updates go by, spaced so that the point moves evenly."""
        path = self.map.path
        parts = [path.line, path.start_ring, path.start_label, path.marker, path.label, *self.curves()]
        readout = [self.readout.count, *([self.readout.loss] if self.is_logged else [])]
        moving = VGroup(*parts, self.strip.numbers, self.slopes.numbers, *readout)
        return UpdateFromAlphaFunc(moving, lambda _, share: self.show(self.pace.row(share)), rate_func=linear)
