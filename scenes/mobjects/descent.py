"""Everything that gradient descent moves: map, curve, cells, slopes, readout, driven by a row of a trace."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from gradreel.core.theta import loss, parameter_names, predict
from gradreel.core.trace import Trace
from gradreel.scenes import style
from gradreel.scenes.mobjects.descent_map import DescentMap
from gradreel.scenes.mobjects.fit_plot import SAMPLES, FitPlot, View
from gradreel.scenes.mobjects.pace import recorded_row, sampled_rows, state_at
from gradreel.scenes.mobjects.readout import Readout
from gradreel.scenes.mobjects.text import TextMobject, formula
from gradreel.scenes.mobjects.theta_strip import Columns, Head, SlopeRow, ThetaStrip, role_of, short_names
from gradreel.scenes.mobjects.update_formulas import STEP, is_plain
from gradreel.scenes.style import palette
from manim import Animation, Mobject, RoundedRectangle, UpdateFromAlphaFunc, VGroup, linear
from numpy.typing import NDArray

MAP_BOX = (style.LEFT_EDGE, -0.45, -1.05, 2.65)  # left, right, bottom, top
PLOT_BOX = (0.5, 5.4, -1.05)  # left, right, bottom
TALL, MIDDLE, SMALL = 2.65, 1.8, 1.05  # upper ends of the plot: without, under one, under two lines of formulas
BAND_LINE, NUMBER_LINE = 2.3, 1.58  # baselines of those lines
STRIP_LEFT, STRIP_Y, SLOPES_Y = -4.98, -2.45, -3.05
LANDED = 0.05  # blue lies on red when their typical distance is less than this share of red's height


class Descent:
    """Rows 0 to ``last`` of a trace that kept every update; the first ``close_up`` have a map of their own.

    ``show(row)`` puts shapes where that row, or the way between two rows, has them, and numbers at the recorded state
    that was reached. ``texts``: "target", "model", "start", "update", "step". Parts: ``fit``, ``strip``, ``slopes``,
    ``readout``, ``near`` and ``far`` (DescentMap), of which ``map`` is the one in use.
    """

    def __init__(self, run: Trace, last: int, close_up: int, texts: Mapping[str, str]) -> None:
        self.run, self.experiment, self.last, self.close_up = run, run.experiment, last, close_up
        low, high = self.experiment.dataset.range
        self.x = np.linspace(low, high, SAMPLES)
        self.features = self.experiment.dataset.features_at(self.x)
        self.names = parameter_names(self.experiment)
        self.labels = short_names(self.names)
        self.gradient_row: int | None = None  # shown in the row of slopes; None: of the state reached
        rows = sampled_rows(0, last, 60)
        columns = Columns.of(self.names, STRIP_LEFT, style.RIGHT_EDGE)
        heads = [Head(role_of(self.names[entry]), self.labels[entry]) for entry in columns.shown]
        self.strip = ThetaStrip(heads, run.parameters[rows][:, columns.shown], columns, STRIP_Y)
        self.slopes = SlopeRow(run.gradient[rows[:-1]][:, columns.shown], columns, SLOPES_Y)
        self.readout = Readout(texts["update"], last, loss(self.experiment, run.parameters[rows]), PLOT_BOX[0])
        self.fit = self._fit_plot(rows, texts)
        self.is_plain = is_plain(self.experiment)
        step = STEP if self.is_plain else f'"{texts["step"]}"'
        self.near, self.far = (DescentMap(run, end, MAP_BOX, step) for end in (close_up, last))
        self.map = self.near
        self.show(0.0)

    def _fit_plot(self, rows: NDArray, texts: Mapping[str, str]) -> FitPlot:
        target = self.experiment.dataset.curve()
        inner = target.x[(target.x > self.x[0]) & (target.x < self.x[-1])]
        corners = np.concatenate([self.x[:1], inner, self.x[-1:]])
        early = self.curve_of(self.run.parameters[: self.close_up + 1])
        late = self.curve_of(self.run.parameters[rows[rows >= self.close_up]])
        views = (View(TALL, early[:1]), View(SMALL, early), View(TALL, late), View(MIDDLE, late[-1:]))
        return FitPlot(corners, target(corners), self.x, views, texts, PLOT_BOX)

    # -- numbers ---------------------------------------------------------------------------------------------------

    def curve_of(self, theta: NDArray) -> NDArray:
        """What the network draws over ``x``, for theta (…, P)."""
        return predict(self.experiment, theta, self.features)

    def loss_at(self, row: int) -> float:
        """The loss of a recorded state over the whole dataset."""
        return float(loss(self.experiment, self.run.parameters[row]))

    def loss_text(self, row: int) -> str:
        """The same, as the readout writes it."""
        return self.readout.written(self.loss_at(row))

    def landed(self) -> bool:
        """Whether blue's typical distance from red is small in the end, against red's height."""
        last = self.loss_at(self.last)
        distance = last if self.experiment.loss == "mae" else last**0.5
        return distance <= LANDED * self.experiment.dataset.curve().height

    # -- what moves ------------------------------------------------------------------------------------------------

    def show(self, row: float) -> None:
        """Everything as it is at ``row``: 0 the start, 1.5 half way between the states after one and two updates."""
        self.row = row
        reached = recorded_row(row)
        self.fit.show(self.curve_of(state_at(self.run, row)))
        self.map.show(row)
        self.strip.set_values(self.run.parameters[reached])
        slopes = reached if self.gradient_row is None else self.gradient_row
        self.slopes.set_values(self.run.gradient[min(slopes, self.last - 1)])
        self.readout.show(reached, self.loss_at(reached))

    def hold_slopes(self, row: int | None) -> None:
        """Keep the gradient that left ``row`` in the row of slopes while the point moves on; None: let it follow."""
        self.gradient_row = row
        self.show(self.row)

    def go(self, row_at: Callable[[float], float], arrow: bool, label: bool = True) -> Animation:
        """Show ``row_at(share)`` while ``share`` goes from 0 to 1, with or without the point's arrow and label."""
        path = self.map.path
        parts = [path.line, path.start_ring, path.start_label]
        parts += [path.arrow, path.arrow_label] if arrow else []
        parts += [path.marker, path.label] if label else [path.marker]
        parts += [self.fit.model, self.fit.model_label, self.strip.numbers, self.slopes.numbers]
        moving = VGroup(*parts, self.readout.loss, self.readout.count)
        return UpdateFromAlphaFunc(moving, lambda _, share: self.show(row_at(share)), rate_func=linear)

    def resize(self, top: float, drawn: list[Mobject]) -> Animation:
        """The plot's upper end moves to ``top``, and with it those of its parts that are ``drawn``."""
        before = self.fit.plot.box[3]
        parts = VGroup(*(part for part in self.fit if part in drawn))
        return UpdateFromAlphaFunc(parts, lambda _, share: self.fit.set_top(before + (top - before) * share))

    def stretch_arrow(self, before: float, after: float, along: NDArray | None = None) -> Animation:
        """The map's arrow at the present point goes from one length to another, along ``along`` (2,); default: -g."""
        path, here = self.map.path, self.map.point(state_at(self.run, self.row))
        direction = self.map.downhill(recorded_row(self.row)) if along is None else along

        def stretch(_: Mobject, share: float) -> None:
            path.point_arrow(here, direction, before + (after - before) * share)

        return UpdateFromAlphaFunc(VGroup(path.arrow), stretch)

    def step(self) -> NDArray:
        """(2,): from the present point to the next recorded state, on the map."""
        ends = self.run.parameters[recorded_row(self.row) + np.array([0, 1])]
        return np.asarray(np.diff(self.map.point(ends), axis=0)[0, :2])

    def stretch_step(self, before: float) -> Animation:
        """The map's arrow at the present point goes from length ``before`` to the recorded step, as it is."""
        return self.stretch_arrow(before, float(np.linalg.norm(self.step())), None if self.is_plain else self.step())

    def frame_around(self, index: int) -> RoundedRectangle:
        """A thin frame in text colour around a parameter's column: name, cell, slope."""
        k = self.strip.columns.shown.index(index)
        column = VGroup(self.strip.column(index), self.slopes.numbers[k])
        width = max(self.strip.columns.width, self.slopes.numbers[k].width) + 0.1
        frame = RoundedRectangle(corner_radius=0.1, width=width, height=column.height + 0.2)
        return frame.set_stroke(palette.text, 2).move_to((self.strip.columns.x_of(index), column.get_center()[1], 0))


def in_band(source: str, beside: TextMobject | None = None, line: float = BAND_LINE, size: float = 40) -> TextMobject:
    """A formula over the plot: at its left, or right of another one; smaller where it would not fit."""
    left = PLOT_BOX[0] if beside is None else beside.get_right()[0] + 0.6
    text = formula(source, size)
    if text.width > style.RIGHT_EDGE - left:
        text = formula(source, max(style.SMALLEST, size * (style.RIGHT_EDGE - left) / text.width))
    return text.place(line, left=left)
