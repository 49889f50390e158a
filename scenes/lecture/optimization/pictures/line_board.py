"""A line through dots, and the map of all lines: why-gradient tries them all there, gradient-descent walks on it."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from gradreel.core.curves.line_fit import least_squares, line_run, noisy_dataset
from gradreel.core.curves.piecewise import PiecewiseLinearCurve
from gradreel.core.datasets import CurveDataset
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import loss, predict
from gradreel.scenes import style
from gradreel.scenes.lecture.optimization.pictures.descent import BAND_LEFT, in_band
from gradreel.scenes.lecture.optimization.pictures.landscape import Landscape
from gradreel.scenes.lecture.runs import DOTS, LINE_NOISE, LINE_NOISE_SEED
from gradreel.scenes.mobjects.loss_map import loss_color, shade_legend
from gradreel.scenes.mobjects.plot import Plot, polyline, ring
from gradreel.scenes.mobjects.text import words
from gradreel.scenes.mobjects.ticks import round_labels, ticks_at_knots
from gradreel.scenes.style import mix, palette
from gradreel.scenes.words.numbers import signed_text
from manim import UP, Animation, Mobject, UpdateFromAlphaFunc, VGroup, smooth
from numpy.typing import NDArray

UPDATES, TRIED = 100, 40  # of the run that goes down; of each of the three whose learning rates are compared
TILES = 20  # values of w, and of b, on the map
SEED = 353  # of its start, from which both numbers have some way to go
AROUND = 1.2  # how far lines are tried beyond the best one and the start
PLOT = {"left": BAND_LEFT + 0.9, "right": 5.0, "bottom": -1.45, "top": 1.75}
PIVOT = 0.09  # radius of the dot that the line turns about
LEGEND_LINE, SHADES = 2.25, 9  # baseline of the words at the colours; how many colours


def line_runs(dataset: CurveDataset) -> dict[str, Experiment]:
    """The runs of a line on dots around the curve of ``dataset``: "line", at a good rate, "slow" and "far".

    The dots are those of linear-limits. x is counted from the middle.

    The loss is steepest in w or b, by twice the variance of x or 1: a rate beyond one
    over the larger overshoots ever farther.
    """
    curve, (low, high) = dataset.curve(), dataset.range
    dots = noisy_dataset(curve, high, LINE_NOISE, LINE_NOISE_SEED, DOTS, 0.0 if curve.x[0] >= 0 else low)
    spread = float(np.var(dots.x()))
    good = float(f"{0.25 / (1 + spread):.1g}")  # small enough for single steps to be seen
    rates = {"line": good, "slow": float(f"{good / 20:.1g}"), "far": float(f"{1.035 / max(1.0, spread):.3g}")}
    line = line_run(dots, SEED)
    return {
        name: line.model_copy(update={"learning_rate": rate, "epochs": UPDATES if name == "line" else TRIED})
        for name, rate in rates.items()
    }


def tried_lines(
    curve: PiecewiseLinearCurve, best: NDArray, start: NDArray
) -> tuple[tuple[float, float], tuple[float, float]]:
    """The w and the b of the lines that are tried, from lowest to highest: as steep and as high as the curve.

    The ``best`` line (2,) and the ``start`` (2,) are among them. Of the lecture's: -1 to 1, and 0 to 4.
    """
    height, low, top = max(curve.height, 1e-9), float(curve.y.min()), float(curve.y.max())
    steepest = max(2 * height / float(curve.x[-1] - curve.x[0]), AROUND * abs(best[0]), AROUND * abs(start[0]))
    spare = (AROUND - 1) * max(top - min(0.0, low), height)
    return (
        (-_outwards(steepest), _outwards(steepest)),
        (
            _outwards(min(0.0, low, best[1] - spare, start[1] - spare / 4 if start[1] < 0 else 0.0)),
            _outwards(max(top, best[1] + spare, start[1])),
        ),
    )


def _outwards(value: float) -> float:
    """To two digits, away from 0: such numbers stand at the ends of an axis."""
    if value == 0:
        return 0.0
    scale = 10.0 ** (1 - math.floor(math.log10(abs(value))))
    return math.copysign(math.ceil(abs(value) * scale - 1e-9) / scale, value)


def line_source(dataset: CurveDataset) -> str:
    """The line that w and b draw, in Typst: x is counted from the middle of the curve."""
    less = float(f"{-dataset.offset:.3g}")
    return "blue(y) = grey(b) + yellow(w) " + (f"(x_1 {signed_text(less)})" if less else "x_1")


class LineBoard:
    """Dots, red curve and one line on the right; on the left the map of all lines' losses, ``values`` by ``values``.

    ``run`` is the "line" run of `line_runs`, ``start`` (2,) its first theta, (w, b), with b the height in the middle.
    ``texts``: "target", "low", "high". Parts: ``land``, ``scale`` (of the colours), ``plot``, ``target``, ``dots``,
    ``target_label``, ``line``, ``pivot`` (its middle), ``formula``.
    """

    def __init__(self, run: Experiment, curve: CurveDataset, start: NDArray, values: int, texts: Mapping[str, str]):
        self.run, self.dataset, red = run, run.dataset, curve.curve()
        self.best = least_squares(self.dataset)
        w_ends, b_ends = tried_lines(red, self.best, start)
        self.land = Landscape(self.loss_of, w_ends, b_ends, values, ("yellow(w)", "grey(b)"))
        self.scale = shade_legend(
            [loss_color(k / (SHADES - 1)) for k in range(SHADES)],
            texts["low"],
            texts["high"],
            float(self.land.stand(0.0).tiles.get_right()[0]),
            LEGEND_LINE,
        )
        labels = self.dataset.labels()
        low, high = min(0.0, float(labels.min())), float(max(labels.max(), red.y.max()))
        room = 0.14 * (high - low or 1.0)
        y_range, x_range = (low - room, high + room), self.dataset.range
        ticks = ticks_at_knots(red.x, *x_range, PLOT["right"] - PLOT["left"])
        self.plot = Plot(x_range, y_range, x_ticks=ticks, y_ticks=round_labels(*y_range, 5), **PLOT)
        zero = float(self.plot.at(0, 0)[1] - PLOT["bottom"])
        VGroup(self.plot.x_axis, self.plot.x_label).shift(zero * UP)  # the axis lies at 0
        corners = np.unique([*x_range, *red.x[(red.x > x_range[0]) & (red.x < x_range[1])]])
        self.target = self.plot.curve(corners, red(corners), palette.red, style.SECOND_CURVE)
        pairs = zip(self.dataset.x(), labels, strict=True)
        self.dots = VGroup(*(self.plot.dot(x, y, mix(palette.red, 0.75), 0.05) for x, y in pairs))
        end = self.plot.at(x_range[1], red(x_range[1]))  # right of the plot, where no line comes
        self.target_label = words(texts["target"], style.LABEL, palette.red).place(end[1] - 0.1, left=end[0] + 0.12)
        self.line = polyline(np.zeros((2, 3)), palette.blue, style.MAIN_CURVE)
        self.pivot = ring((0, 0, 0), PIVOT, palette.text, fill=palette.blue)
        self.formula = in_band(line_source(self.dataset))
        self.put(self.best)

    def loss_of(self, theta: NDArray) -> NDArray:
        """(...): the mean of the squared gaps between the dots and the line of theta (..., 2)."""
        return np.asarray(loss(self.run, theta))

    def put(self, theta: NDArray) -> None:
        """Draw the line of theta (2,), as much of it as lies in the plot."""
        self.theta = theta = np.asarray(theta, dtype=float)
        low, high = self.plot.y_range
        ends = np.array(self.dataset.range)
        w, height = theta[0], float(predict(self.run, theta, self.dataset.features_at(np.zeros(1)))[0])  # at x = 0
        if w:
            ends = np.clip(ends, *np.sort((np.array([low, high]) - height) / w))
        self.plot.set_curve(self.line, ends, np.clip(height + w * ends, low, high))
        self.pivot.move_to(self.plot.at(self.dataset.offset, np.clip(theta[1], low, high)))

    def swing_to(self, theta: NDArray) -> Animation:
        """The line swings to that of theta (2,)."""
        start, end = self.theta, np.asarray(theta, dtype=float)

        def move(_: Mobject, share: float) -> None:
            self.put(start + share * (end - start) if share < 1 else end)

        return UpdateFromAlphaFunc(VGroup(self.line, self.pivot), move, rate_func=smooth)

    def everything(self) -> list[Mobject]:
        """All parts but the formula and the colours' scale, as they are handed from scene to scene."""
        fit = [self.plot, self.target, self.target_label, self.dots, self.line, self.pivot]
        return [self.land.axes, self.land.tiles, *fit]


def serpentine(rows: int, columns: int) -> NDArray:
    """(rows * columns, 2): each (row, column) once, row by row, every other one backwards: no jumps."""
    order = np.array([(row, column) for row in range(rows) for column in range(columns)])
    backwards = order[:, 0] % 2 == 1
    order[backwards, 1] = columns - 1 - order[backwards, 1]
    return order
