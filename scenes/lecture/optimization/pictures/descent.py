"""Everything that gradient descent of a network moves: the loss along its way, curve, cells, slopes, readout."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from gradreel.core.network.theta import hidden_terms, loss, parameter_names, predict, unpack
from gradreel.core.trace.trace import Trace
from gradreel.scenes import style
from gradreel.scenes.lecture.optimization.pictures.dials import Dials
from gradreel.scenes.lecture.optimization.pictures.loss_way import LossWay
from gradreel.scenes.mobjects.fit_plot import OVER_X, SAMPLES, FitPlot, View
from gradreel.scenes.mobjects.pace import recorded_row, sampled_rows, state_at
from gradreel.scenes.mobjects.readout import Readout
from gradreel.scenes.mobjects.text import TextMobject, fitted, formula
from gradreel.scenes.mobjects.theta_strip import (
    STRIP_LEFT,
    Columns,
    Head,
    SlopeRow,
    ThetaStrip,
    role_of,
    short_names,
)
from gradreel.scenes.style import mix, palette
from gradreel.scenes.words.numbers import number_text
from manim import Animation, Mobject, UpdateFromAlphaFunc, VGroup, linear, smooth
from numpy.typing import NDArray

MAP_BOX = (style.LEFT_EDGE, -0.45, -1.05, 2.65)  # left, right, bottom, top
WAY_BOX = (MAP_BOX[0] + 0.6, MAP_BOX[1] - 0.2, MAP_BOX[2], 2.3)
PLOT_BOX = (1.3, 5.4, -1.05)  # left, right, bottom of the plot
FULL_TOP = 2.3  # upper end of the plot where no formula stands over it
MIDDLE = 1.5  # upper end of a plot under a formula
THIN = 3.6  # width of a piece's curve
BAND_LEFT, BAND_LINE = 0.5, 2.3  # where that formula begins; its baseline
STRIP_Y, SLOPES_Y, DIALS_Y = -2.45, -3.05, -3.12
MOST_PIECES = 5  # units of the one hidden layer whose pieces are drawn


class Descent:
    """Rows 0 to ``last`` of a trace that kept every update.

    ``show(row)`` shows that row, or the way between two rows: curve, theta and loss as they are there, the slopes that
    were measured last. ``from_zero``: share of the way from b_i of x less its middle to those of x itself, in the
    cells. ``texts``: "target", "model", "update", "walked", "loss". Parts: ``fit``, ``full`` (the same,
    higher), of which ``shown`` is in use, ``pieces`` (there), ``strip``, ``dials``, ``slopes``, ``readout``, ``way``.
    """

    def __init__(self, run: Trace, last: int, texts: Mapping[str, str]) -> None:
        self.run, self.experiment, self.last = run, run.experiment, last
        low, high = self.experiment.dataset.range
        self.x = np.linspace(low, high, SAMPLES)
        self.features = self.experiment.dataset.features_at(self.x)
        self.names = parameter_names(self.experiment)
        rows = sampled_rows(0, last, 40)
        columns = Columns.of(self.names, STRIP_LEFT, style.RIGHT_EDGE)
        heads = [Head(role_of(self.names[k]), short_names(self.names)[k]) for k in columns.shown]
        self.from_zero = 0.0
        counted = [run.parameters[rows], self.counted_from_zero(run.parameters[rows], 1.0)]
        self.strip = ThetaStrip(heads, np.concatenate(counted)[:, columns.shown], columns, STRIP_Y)
        self.slopes = SlopeRow(run.gradient[rows[:-1]][:, columns.shown], columns, SLOPES_Y)
        self.readout = Readout(texts["update"], last, loss(self.experiment, run.parameters[rows]), BAND_LEFT)
        target = self.experiment.dataset.curve()
        inner = target.x[(target.x > low) & (target.x < high)]
        corners = np.concatenate([[low], inner, [high]])
        curves = self.curve_of(run.parameters[rows])
        terms = np.moveaxis(self.terms_of(run.parameters[rows]), -1, 0).reshape(-1, SAMPLES)
        self.fit, self.full = (
            FitPlot(corners, target(corners), self.x, [View(top, drawn)], texts, PLOT_BOX, True)
            for top, drawn in ((MIDDLE, curves), (FULL_TOP, np.concatenate([curves, terms])))
        )
        n_pieces = terms.size // (len(rows) * SAMPLES)
        self.pieces = VGroup(
            *(self.full.plot.curve(self.x, 0 * self.x, mix(palette.blue, 0.8), THIN) for _ in range(n_pieces))
        )
        largest = np.abs(counted[1][:, columns.shown]).max(axis=0)
        centers = [columns.x_of(index) for index in columns.shown]
        self.dials = Dials(centers, DIALS_Y, largest, [getattr(palette, head.role) for head in heads])
        self._name_on_peak(target(self.x), max(float(drawn.max()) for drawn in (curves, terms) if drawn.size))
        self.way = LossWay(run, last, WAY_BOX, texts["walked"], texts.get("loss", ""))
        self.shown = self.fit  # which of both plots is drawn
        self.show(0.0)

    def _name_on_peak(self, target: NDArray, highest: float) -> None:
        """The red curve's name goes over its peak, where no line comes, if there is room and no curve is higher."""
        peak = int(np.argmax(target))
        for fit in (self.fit, self.full):
            left, right, *_ = fit.plot.box
            aside = float(fit.plot.at(self.x[peak], 0.0)[0])
            if highest < target[peak] and min(aside - left, right - aside) > fit.target_label.width / 2:
                fit.target_place = (peak, 1.0)
                fit.redraw()

    @property
    def counts_from_middle(self) -> bool:
        """Return whether the network's b_i belong to x less its middle, and a formula can say so."""
        return len(self.experiment.hidden) == 1 and self.experiment.dataset.offset != 0

    def counted_from_zero(self, theta: NDArray, share: float) -> NDArray:
        """Return theta (..., P) with its b_i for x itself instead of for x less its middle; ``share``: of that way."""
        if not self.counts_from_middle:
            return np.asarray(theta)
        written = np.array(theta, dtype=float)
        layers = unpack(self.experiment, written)
        layers.biases[0][...] -= share * self.experiment.dataset.offset * layers.weights[0][..., 0]
        return written

    def inside(self, from_zero: bool) -> TextMobject:
        """Return what stands inside each unit's function, for b_i of x itself or of x less its middle."""
        offset = self.experiment.dataset.offset
        sign = "-" if offset > 0 else "+"
        x = "thin x_1" if from_zero else f"(x_1 {sign} {number_text(abs(offset))})"
        text = formula(f"sigma(green(b_i) + yellow(w_i) {x})", style.LETTER + 3)
        return text.place(BAND_LINE, right=style.RIGHT_EDGE)

    def count_from_zero(self) -> Animation:
        """Return the motion in which the b_i in cells and dials become those of x itself."""

        def update(_: Mobject, share: float) -> None:
            self.from_zero = share
            self.show(self.row)

        return UpdateFromAlphaFunc(VGroup(self.strip.numbers, self.dials), update, rate_func=smooth)

    def terms_of(self, theta: NDArray) -> NDArray:
        """What each unit adds over ``x``, (..., SAMPLES, H), for theta (..., P); H is 0 where that is not drawn."""
        hidden = self.experiment.hidden
        if len(hidden) != 1 or hidden[0] > MOST_PIECES:
            return np.zeros((*np.shape(theta)[:-1], SAMPLES, 0))
        return hidden_terms(self.experiment, theta, self.features)

    def curve_of(self, theta: NDArray) -> NDArray:
        """What the network draws over ``x``, for theta (..., P)."""
        return predict(self.experiment, theta, self.features)

    def draw(self, y: NDArray) -> None:
        """Any curve (SAMPLES,) in the plot, as much of it as that holds, its label beside its end."""
        low, high = self.fit.plot.y_range
        inside = np.flatnonzero((y >= low) & (y <= high))
        if len(inside) < 2:
            inside, y = np.array([0, SAMPLES - 1]), np.clip(y, low, high)
        self.fit.plot.set_curve(self.fit.model, self.x[inside], y[inside])
        x, y_end, _ = self.fit.model.get_end()
        _, right, bottom, _ = self.fit.plot.box
        self.fit.model_label.place(max(float(y_end) - 0.1, bottom + OVER_X), left=max(float(x), right) + 0.14)

    def loss_at(self, row: int) -> float:
        """The loss of a recorded state over the whole dataset."""
        return float(loss(self.experiment, self.run.parameters[row]))

    def loss_text(self, row: int) -> str:
        """The same, as the readout writes it."""
        return self.readout.written(self.loss_at(row))

    def show(self, row: float) -> None:
        """Everything as it is at ``row``: 0 the start, 1.5 half way between the states after one and two updates."""
        self.row = row
        theta, reached = state_at(self.run, row), min(recorded_row(row), self.last)
        self.shown.show(self.curve_of(theta))
        self.way.show(row)
        written = self.counted_from_zero(theta, self.from_zero)
        self.strip.set_values(written)
        self.dials.set_values(written[self.strip.columns.shown])
        for piece, y in zip(self.pieces, self.terms_of(theta).T, strict=True):
            self.full.plot.set_curve(piece, self.x, y)
        self.slopes.set_values(self.run.gradient[min(reached, self.last - 1)])
        self.readout.show(reached, float(loss(self.experiment, theta)))

    def go(self, row_at: Callable[[float], float], *parts: Mobject) -> Animation:
        """Show ``row_at(share)`` while ``share`` goes from 0 to 1; ``parts``: what is there of all that moves."""
        moving = VGroup(self.shown.model, self.shown.model_label, self.readout.count, self.readout.loss, *parts)
        return UpdateFromAlphaFunc(moving, lambda _, share: self.show(row_at(share)), rate_func=linear)


def in_band(source: str) -> TextMobject:
    """A formula over the plot, at its left; smaller where it would not fit."""
    return fitted(formula, source, 40, style.RIGHT_EDGE - BAND_LEFT).place(BAND_LINE, left=BAND_LEFT)
