"""Everything that gradient descent moves: map, curve, cells, slopes, readout, driven by a row of a trace."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from gradreel.core.daily.units import counting_decimals
from gradreel.core.network.theta import loss, parameter_names, predict
from gradreel.core.trace.trace import Trace
from gradreel.scenes import style
from gradreel.scenes.lecture.optimization.pictures.descent_map import DescentMap
from gradreel.scenes.lecture.optimization.pictures.descent_path import ARROW
from gradreel.scenes.lecture.optimization.pictures.loss_slice import LossSlice
from gradreel.scenes.mobjects.bracket import upright_bracket
from gradreel.scenes.mobjects.callout import beside
from gradreel.scenes.mobjects.fit_plot import SAMPLES, FitPlot, View
from gradreel.scenes.mobjects.pace import recorded_row, sampled_rows, state_at
from gradreel.scenes.mobjects.plot import segment
from gradreel.scenes.mobjects.readout import Readout
from gradreel.scenes.mobjects.text import TextMobject, fitted, formula, words
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
from gradreel.scenes.mobjects.ticks import round_step
from gradreel.scenes.mobjects.update_formulas import STEP, is_plain
from gradreel.scenes.style import DIM, mix, palette
from gradreel.scenes.words.numbers import number_text
from manim import (
    Animation,
    Mobject,
    RoundedRectangle,
    Square,
    UpdateFromAlphaFunc,
    VGroup,
    linear,
    smooth,
    there_and_back_with_pause,
)
from numpy.typing import NDArray

MAP_BOX = (style.LEFT_EDGE, -0.45, -1.05, 2.65)  # left, right, bottom, top
MAP_MIDDLE = (MAP_BOX[0] + MAP_BOX[1]) / 2
PLOT_BOX = (0.5, 5.4, -1.05)  # left, right, bottom
TALL, MIDDLE, SMALL = 2.65, 1.8, 1.05  # upper ends of the plot: without, under one, under two lines of formulas
BAND_LINE, NUMBER_LINE = 2.3, 1.58  # baselines of those lines
AXIS_ROOM = 0.5  # left of a map whose axes have names
STRIP_Y, SLOPES_Y = -2.45, -3.05
LANDED, NEARLY = 0.01, 0.05  # blue lies on red, or nearly: their typical distance as a share of red's height
OVERSIZE = 1.35  # length of the arrow of g, which is only a direction, against that of the first step
DOTS = 60  # on the path, about
ERRORS = 17  # distances that are drawn
SQUARE = 0.16  # opacity of a squared distance
GROWING = 0.35  # share of a step's time in which its arrow grows


class Descent:
    """Rows 0 to ``last`` of a trace that kept every update; the first ``close_up`` have a map of their own.

    ``show(row)`` puts shapes where that row, or the way between two rows, has them, and numbers at the recorded state
    that was reached. ``texts``: "target", "model", "start", "update", "step", "length". Parts: ``fit``, ``strip``,
    ``slopes``, in whose place ``length`` comes after the close-up, ``readout``, ``near`` and ``far`` (DescentMap), of
    which ``map`` is the one in use, and ``axes``, the names of the maps' axes where these are two parameters. The plane
    of ``far`` goes through the start, the last state of ``near`` and the end, so what it shows of these three is true.
    """

    def __init__(self, run: Trace, last: int, close_up: int, texts: Mapping[str, str]) -> None:
        self.run, self.experiment, self.last, self.close_up = run, run.experiment, last, close_up
        low, high = self.experiment.dataset.range
        self.x = np.linspace(low, high, SAMPLES)
        self.features = self.experiment.dataset.features_at(self.x)
        self.names = parameter_names(self.experiment)
        self.labels = short_names(self.names)
        self.colored_names = [f"{role_of(name)}({label})" for name, label in zip(self.names, self.labels, strict=True)]
        rows = sampled_rows(0, last, 60)
        columns = Columns.of(self.names, STRIP_LEFT, style.RIGHT_EDGE)
        heads = [Head(role_of(self.names[entry]), self.labels[entry]) for entry in columns.shown]
        self.strip = ThetaStrip(heads, run.parameters[rows][:, columns.shown], columns, STRIP_Y)
        self.slopes = SlopeRow(run.gradient[rows[:-1]][:, columns.shown], columns, SLOPES_Y)
        late = run.gradient[min(close_up, last - 1) : last]
        self.length = LengthNow(np.linalg.norm(late, axis=1), texts["length"], SLOPES_Y - 0.14)
        self.readout = Readout(texts["update"], last, loss(self.experiment, run.parameters[rows]), PLOT_BOX[0])
        self.fit = self._fit_plot(rows, texts)
        self.is_plain = is_plain(self.experiment)
        step = STEP if self.is_plain else f'"{texts["step"]}"'
        box = (MAP_BOX[0] + AXIS_ROOM, *MAP_BOX[1:]) if len(self.names) == 2 else MAP_BOX
        self.axes = self._axes(box)
        start = self.loss_text(0)
        self.near = DescentMap(run, close_up, box, step, reach=self._uphill(), start_text=start)
        self.dots_every = int(round_step(last, DOTS)) if last > 2 * DOTS else None
        through = (0, close_up, last)
        self.far = DescentMap(run, last, box, step, through=through, dots_every=self.dots_every, start_text=start)
        self.map = self.near
        self.show(0.0)

    def _axes(self, box: tuple[float, float, float, float]) -> VGroup:
        """Of two parameters: the first under the right end of the map, the second beside its left edge."""
        if len(self.names) != 2:
            return VGroup()
        left, right, bottom, top = box
        across, up = (
            formula(label, style.LETTER, mix(getattr(palette, role_of(name)), DIM))
            for name, label in zip(self.names, self.labels, strict=True)
        )
        return VGroup(across.place(bottom - 0.4, right=right), up.place((bottom + top) / 2, right=left - 0.14))

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

    def distance(self) -> float:
        """Blue's typical distance from red in the end, as a share of red's height."""
        last = self.loss_at(self.last)
        distance = last if self.experiment.loss == "mae" else last**0.5
        return distance / self.experiment.dataset.curve().height

    def _uphill(self) -> NDArray | None:
        """(1, P): where the arrow of the start's gradient ends, a little longer than the first step."""
        start, after, gradient = self.run.parameters[0], self.run.parameters[1], self.run.gradient[0]
        length = float(np.linalg.norm(gradient))
        if not length:
            return None
        return np.asarray(start + gradient / length * OVERSIZE * np.linalg.norm(after - start))[None]

    def distances(self) -> VGroup:
        """Upright lines from the blue curve, as it is now, to the red one."""
        target, fit = self.experiment.dataset.curve(), self.fit
        chosen = np.linspace(0, SAMPLES - 1, ERRORS + 2).round().astype(int)[1:-1]
        ends = [fit.plot.at(self.x[i], [fit.model_y[i], float(target(self.x[i]))]) for i in chosen]
        return VGroup(*(segment(low, high, mix(palette.text, 0.6), style.AXIS) for low, high in ends))

    def squares(self) -> VGroup:
        """The squares of some of these distances, side by side from left to right, as many as there is room for."""
        squares, free = VGroup(), -np.inf
        for line in list(self.distances())[1:]:
            (x, low, _), high = line.get_start(), float(line.get_end()[1])
            side = abs(high - low)
            if x < free or x + side > self.fit.plot.box[1]:
                continue
            square = Square(side, stroke_color=palette.text, stroke_width=style.BOX)
            squares.add(square.set_fill(palette.text, SQUARE).move_to((x + side / 2, (low + high) / 2, 0)))
            free = x + side + 0.1
        return squares

    def gap_text(self) -> str:
        """How far the blue curve, as it is now, is from red where it is farthest."""
        gap = float(np.abs(self.fit.model_y - self.experiment.dataset.curve()(self.x)).max())
        decimals = counting_decimals(gap)  # with three digits
        return number_text(gap, max(min(decimals, 2), decimals - 1))

    def largest_gap(self) -> VGroup:
        """Where the blue curve, as it is now, is farthest from red: a bracket, and its length beside it."""
        fit, target = self.fit, self.experiment.dataset.curve()(self.x)
        k = int(np.abs(fit.model_y - target).argmax())
        ends = fit.plot.at(self.x[k], [fit.model_y[k], target[k]])
        number = words(self.gap_text(), style.LABEL)
        bracket = upright_bracket(*ends, cap=0.14)
        ink = np.concatenate([fit.plot.at(self.x, y) for y in (fit.model_y, target)])
        taken = [bracket, fit.target_label, fit.model_label, fit.ghost_label]
        number.move_to(beside(ink, ends.mean(axis=0), (number.width, number.height), fit.plot.box, taken))
        return VGroup(bracket, number)

    # -- what moves ------------------------------------------------------------------------------------------------

    def show(self, row: float, slopes_of: int | None = None, numbers_from: float = 1.0) -> None:
        """Everything as it is at ``row``: 0 the start, 1.5 half way between the states after one and two updates.

        ``slopes_of``: the row whose gradient stands in the row of slopes, where it is not that of the state reached.
        ``numbers_from``: the share of a step after which the numbers are those of where it leads.
        """
        self.row = row
        reached = min(recorded_row(row + 1 - numbers_from), self.last)
        self.fit.show(self.curve_of(state_at(self.run, row)))
        self.map.show(row)
        self.strip.set_values(self.run.parameters[reached])
        gradient = self.run.gradient[min(reached if slopes_of is None else slopes_of, self.last - 1)]
        self.slopes.set_values(gradient)
        self.length.show(float(np.linalg.norm(gradient)))
        self.readout.show(reached, self.loss_at(reached))

    def go(
        self,
        row_at: Callable[[float], float],
        arrow: bool,
        label: bool = True,
        slopes_of: int | None = None,
        numbers_from: float = 1.0,
    ) -> Animation:
        """Show ``row_at(share)`` while ``share`` goes from 0 to 1, with or without the point's arrow and label.

        ``slopes_of``, ``numbers_from``: see `show`.
        """

        def move(_: Mobject, share: float) -> None:
            self.show(row_at(share), slopes_of, numbers_from)

        return UpdateFromAlphaFunc(self._moving(arrow, label), move, rate_func=linear)

    def _moving(self, arrow: bool, label: bool) -> VGroup:
        path = self.map.path
        parts = [path.line, path.start_ring, path.start_label, self.map.dots]
        parts += [path.arrow] if arrow else []
        parts += [path.marker, path.label] if label else [path.marker]
        parts += [self.fit.model, self.fit.model_label, self.strip.numbers, self.readout.loss, self.readout.count]
        return VGroup(*parts, self.slopes.numbers if self.map is self.near else self.length.number)

    def resize(self, top: float, drawn: list[Mobject]) -> Animation:
        """The plot's upper end moves to ``top``, and with it those of its parts that are ``drawn``."""
        before = self.fit.plot.box[3]
        parts = VGroup(*(part for part in self.fit if part in drawn))
        return UpdateFromAlphaFunc(parts, lambda _, share: self.fit.set_top(before + (top - before) * share))

    def nudge(self, along: LossSlice) -> Animation:
        """The slice's parameter goes a little downhill and comes back; the curve, its cell and the loss go with it."""
        theta = np.array(self.run.parameters[0], dtype=np.float64)

        def move(_: Mobject, share: float) -> None:
            value = along.value + (along.nudged - along.value) * share
            theta[along.index] = value
            along.show(value)
            self.fit.show(self.curve_of(theta))
            self.strip.set_values(theta)
            self.readout.show(0, along.height_at(value))

        moving = VGroup(along.point, self.fit.model, self.fit.model_label, self.strip.numbers, self.readout.loss)
        return UpdateFromAlphaFunc(moving, move, rate_func=lambda share: there_and_back_with_pause(share, 0.3))

    @property
    def direction(self) -> NDArray:
        """(2,): the arrow of -g at the present point, of a length of its own: it shows a direction, not a size."""
        downhill = self.map.downhill(recorded_row(self.row))
        norm = float(np.linalg.norm(downhill))
        length = max(ARROW, OVERSIZE * float(np.linalg.norm(self.step())))
        return downhill * (length / norm) if norm else np.zeros(2)

    def turn_arrow(self, before: NDArray, after: NDArray) -> Animation:
        """The map's arrow at the present point turns and grows from ``before`` (2,) to ``after``."""
        path, here = self.map.path, self.map.point(state_at(self.run, self.row))
        first, last = complex(*before), complex(*after)
        turn = np.angle(last / first) if first and last else 0.0
        start = np.angle(first if first else last)

        def move(_: Mobject, share: float) -> None:
            length, angle = abs(first) + share * (abs(last) - abs(first)), start + share * turn
            path.point_arrow(here, np.array([np.cos(angle), np.sin(angle)]), float(length))

        return UpdateFromAlphaFunc(VGroup(path.arrow), move)

    def step(self) -> NDArray:
        """(2,): from the present point to the next recorded state, on the map."""
        return self.map.step_from(self.row)

    def step_by_step(self, first: int, steps: int) -> Animation:
        """Updates ``first`` + 1, ...: for each an arrow grows to where it leads, then the point goes there."""
        path = self.map.path

        def move(_: Mobject, share: float) -> None:
            done = min(int(share * steps), steps - 1)
            part = share * steps - done
            self.show(first + done + smooth(np.clip((part - GROWING) / (1 - GROWING), 0, 1)))
            if part < GROWING:
                ahead = self.step()
                length = smooth(part / GROWING) * float(np.linalg.norm(ahead))
                path.point_arrow(self.map.point(state_at(self.run, self.row)), ahead, length)

        return UpdateFromAlphaFunc(self._moving(arrow=True, label=True), move, rate_func=linear)

    def frame_around(self, index: int, with_slope: bool = True) -> RoundedRectangle:
        """A thin frame in text colour around a parameter's column: name, cell, and slope if that is there."""
        k = self.strip.columns.shown.index(index)
        column = VGroup(self.strip.column(index))
        if with_slope:
            column.add(self.slopes.numbers[k])
        width = max(self.strip.columns.width, self.slopes.numbers[k].width) + 0.1
        room = 0.2 if with_slope else 0.12
        frame = RoundedRectangle(corner_radius=0.1, width=width, height=column.height + room)
        return frame.set_stroke(palette.text, 2).move_to((self.strip.columns.x_of(index), column.get_center()[1], 0))


def in_band(source: str, beside: TextMobject | None = None, line: float = BAND_LINE, size: float = 40) -> TextMobject:
    """A formula over the plot: at its left, or right of another one; smaller where it would not fit."""
    left = PLOT_BOX[0] if beside is None else beside.get_right()[0] + 0.6
    return fitted(formula, source, size, style.RIGHT_EDGE - left).place(line, left=left)
