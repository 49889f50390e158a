"""A slice through a landscape that nobody can draw: how high the loss is along a recorded way."""

from __future__ import annotations

import numpy as np
from gradreel.core.arrays import evenly_spaced_indices
from gradreel.core.network.theta import loss
from gradreel.core.trace.trace import Trace
from gradreel.scenes import style
from gradreel.scenes.lecture.optimization.pictures.descent_path import MARKER, ThetaLabel
from gradreel.scenes.mobjects.pace import recorded_row, state_at
from gradreel.scenes.mobjects.plot import Plot, polyline, ring
from gradreel.scenes.mobjects.text import formula, words
from gradreel.scenes.mobjects.ticks import round_labels
from gradreel.scenes.style import mix, palette
from manim import VGroup, VMobject

STATES = 1200  # of the way, that are drawn
GROUND = 0.13  # share of the text colour under the way
AXIS_GAP = 0.04  # of the way, between the axis and the start
CEILING = 1.12  # of the highest loss: how high the picture goes
NEAR = 0.2  # the loss up to which two runs are seen from near


class LossWay(VGroup):
    """The loss of rows 0 to ``last`` of a trace over the distance walked so far, all of theta's numbers together.

    ``show(row)`` draws what has been walked, never what is to come. ``walked``: the word under the axis; ``loss_is``:
    over the other one, instead of L. Parts:
    ``plot``, ``names``, ``ground``, ``line``, ``point``, ``label``.
    """

    def __init__(
        self, run: Trace, last: int, box: tuple[float, float, float, float], walked: str, loss_is: str = ""
    ) -> None:
        super().__init__()
        self.run, self.experiment = run, run.experiment
        states = np.asarray(run.parameters[: last + 1], dtype=float)
        self.distance = np.append(0.0, np.linalg.norm(np.diff(states, axis=0), axis=1).cumsum())  # (last + 1,)
        self.rows = np.unique([*range(min(100, last + 1)), *evenly_spaced_indices(last + 1, STATES)])
        self.losses = np.asarray(loss(self.experiment, states[self.rows]))
        left, right, bottom, top = box
        walk = float(self.distance[-1]) or 1.0
        y_range = (0.0, CEILING * float(self.losses.max()) or 1.0)
        self.plot = Plot(
            (-AXIS_GAP * walk, walk), y_range,
            left=left, right=right, bottom=bottom, top=top, y_ticks=round_labels(*y_range, 4), x_label=None,
        )  # fmt: skip
        if loss_is and not self.plot.notes:
            letter = words(loss_is, style.LABEL).place(top + 0.12, left=left - 0.3)
        else:
            letter = formula("L", style.LETTER).place(top + 0.12, right=left + (0.0 if self.plot.notes else 0.1))
        self.names = VGroup(letter, words(walked, style.TICK, palette.dim).place(bottom - 0.4, right=right))
        self.ground = VMobject(stroke_width=0).set_fill(mix(palette.text, GROUND), 1)
        self.line = polyline(np.zeros((2, 3)), palette.orange, style.SECOND_CURVE)
        self.point = ring((0, 0, 0), MARKER, palette.text, fill=palette.orange)
        self.label = ThetaLabel(0)
        self.add(self.plot, self.names, self.ground, self.line, self.point, self.label)
        self.show(0.0)

    def show(self, row: float) -> None:
        """The way up to ``row``, which may lie between two recorded states."""
        before = self.rows[self.rows < row - 1e-9]
        here = float(np.interp(row, np.arange(len(self.distance)), self.distance))
        x = np.append(self.distance[before], here)
        y = np.append(self.losses[: len(before)], float(loss(self.experiment, state_at(self.run, row))))
        points = self.plot.at(x, y)
        if len(points) < 2:
            points = np.repeat(points, 2, axis=0)
        self.line.set_points_as_corners(points)
        feet = self.plot.at(x[[-1, 0]], 0.0)
        self.ground.set_points_as_corners([*points, *feet, points[0]])
        self.point.move_to(points[-1])
        self.label.set_update(recorded_row(row))
        self.label.put([points[-1][0] + 0.2 + self.label.width / 2, points[-1][1] + 0.3, 0.0])


class TwoLosses(VGroup):
    """Draws the losses of two runs over their updates, from near: only what is below `NEAR` of the axis.

    The first run's ``last`` updates are there from the beginning; `show` goes to a row of the second one, which keeps
    every update. ``texts``: over and under the axes. Parts: ``plot``, ``names``, ``first``, ``line``, ``point``.
    """

    def __init__(
        self, ours: Trace, last: int, run: Trace, box: tuple[float, float, float, float], texts: tuple[str, str]
    ) -> None:
        super().__init__()
        self.run, self.last = run, len(run.kept) - 1
        self.rows = np.unique([*evenly_spaced_indices(self.last + 1, STATES), self.last])
        self.losses = np.asarray(loss(run.experiment, np.asarray(run.parameters[self.rows], dtype=float)))
        left, right, bottom, top = box
        x_range = (0.0, float(self.last))
        self.plot = Plot(
            x_range, (0.0, NEAR), left=left, right=right, bottom=bottom, top=top, x_ticks=round_labels(*x_range, 4),
            y_ticks=round_labels(0.0, NEAR, 4), x_label=None,
        )  # fmt: skip
        over, under = texts
        self.names = VGroup(
            words(over, style.LABEL).place(top + 0.12, left=left + 0.1),
            words(under, style.LABEL, palette.dim).place(bottom - 0.85, right=right),
        )
        rows = evenly_spaced_indices(last + 1, STATES)
        losses = np.asarray(loss(ours.experiment, np.asarray(ours.parameters[rows], dtype=float)))
        near = losses <= NEAR
        self.first = polyline(self.plot.at(rows[near], losses[near]), palette.orange, style.SECOND_CURVE)
        self.line = polyline(np.zeros((2, 3)), palette.text, style.SECOND_CURVE)
        self.point = ring((0, 0, 0), MARKER, palette.text, fill=palette.text)
        self.add(self.plot, self.names, self.first, self.line, self.point)
        self.show(0.0)

    def theta(self, row: float) -> np.ndarray:
        """Return the parameters at a row, or between two."""
        return np.asarray(state_at(self.run, row), dtype=float)

    def loss_of(self, row: float) -> float:
        """Return the loss at a row, or between two."""
        return float(loss(self.run.experiment, self.theta(row)))

    def show(self, row: float) -> None:
        """Draw the way up to ``row``; above the picture, nothing."""
        seen = (self.rows < row - 1e-9) & (self.losses <= NEAR)
        height = self.loss_of(row)
        x, y = np.append(self.rows[seen], row), np.append(self.losses[seen], height)
        points = self.plot.at(x, np.minimum(y, NEAR))
        self.line.set_points_as_corners(points if len(points) > 1 else np.repeat(points, 2, axis=0))
        self.point.move_to(points[-1])
