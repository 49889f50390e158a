"""A curve by as many sigmoids as one likes: more of them, more bends. Fitted by least squares, without training."""

from __future__ import annotations

from functools import partial
from itertools import pairwise

import numpy as np
from gradreel.core.arrays import FloatArray
from gradreel.core.curves.expression import Expression
from gradreel.core.errors import UserError
from gradreel.core.network.activations import ACTIVATIONS, sigmoid
from gradreel.scenes import style
from gradreel.scenes.mobjects.plot import Plot
from gradreel.scenes.mobjects.text import TextMobject, words
from gradreel.scenes.mobjects.ticks import nice_range
from gradreel.scenes.style import palette
from manim import VGroup
from numpy.typing import NDArray
from scipy.optimize import least_squares

SAMPLES = 400
LOW, HIGH = 0.0, 8.0


class MoreSigmoids(VGroup):
    """Red: a smooth curve; blue: a sum of sigmoids for it. ``draw`` takes ``values(count)``, or a mean of two.

    Parts: ``plot``, ``target``, ``sum``; ``label``, once ``name_target`` has written it.
    """

    def __init__(self, f: Expression, left: float, right: float, bottom: float, top: float) -> None:
        super().__init__()
        self.f, self.x = f, np.linspace(LOW, HIGH, SAMPLES)
        self.known: dict[int, NDArray] = {}  # values by count
        y = f(self.x)
        box = {"left": left, "right": right, "bottom": bottom, "top": top}
        self.plot = Plot((LOW, HIGH), nice_range(y, margin=0.15), **box)
        self.target = self.plot.curve(self.x, y, style.mix(palette.red, 0.48), style.BAND)
        self.sum = self.plot.curve(self.x, y, palette.blue, style.MAIN_CURVE)
        self.add(self.plot, self.target, self.sum)

    def name_target(self, text: str) -> TextMobject:
        """Say what red is, at the right above it: over its last heights it is lower than before."""
        y = self.f(self.x)
        self.label = words(text, style.LABEL, palette.red)
        top = float(self.plot.at(HIGH, y[SAMPLES // 2 :].max())[1])
        return self.label.place(top + 0.3, right=self.plot.box[1])

    def values(self, count: int) -> NDArray:
        """(SAMPLES,): the sum of ``count`` sigmoids that comes nearest to red."""
        if count not in self.known:
            self.known[count] = fit_sigmoids(self.x, self.f(self.x), count)
        return self.known[count]

    def draw(self, values: NDArray) -> None:
        """Draw the blue curve through ``values`` (SAMPLES,)."""
        self.plot.set_curve(self.sum, self.x, values)


def fit_sigmoids(x: FloatArray, y: FloatArray, count: int) -> FloatArray:
    """(n,): a constant and ``count`` sigmoids c sigmoid(b + w x), summed at x (n,), where they miss y (n,) least.

    Each sigmoid starts on one rise or fall of y, from the left; where there are more sigmoids than those, some share
    one. With fewer sigmoids than rises and falls, the last ones of these are left out. From there scipy's
    Levenberg-Marquardt: it ends in a minimum near the start, which need not be the deepest. UserError unless there is
    a sigmoid, and a point for each of the 3 ``count`` + 1 parameters.
    """
    most = (len(x) - 1) // 3
    if not 1 <= count <= most:
        raise UserError(f"from 1 to {most} sigmoids can be fitted to {len(x)} points, got {count}")
    start = _start(x, y, count)
    fitted = least_squares(lambda theta: _sum(theta, x) - y, start, partial(_slopes, x=x), method="lm", x_scale="jac")
    return _sum(fitted.x, x)


def _start(x: FloatArray, y: FloatArray, count: int) -> FloatArray:
    """theta of sigmoids as wide as the rises and falls of y that they stand on, as high as suits y best."""
    turns = np.flatnonzero(np.diff(np.sign(np.diff(y)))) + 1
    ends = x[np.concatenate([[0], turns, [len(x) - 1]])]
    each, rest = divmod(count, len(ends) - 1)
    cuts = [each + 1] * rest + [each] * (len(ends) - 1 - rest)
    pieces = [np.linspace(low, high, n + 1) for (low, high), n in zip(pairwise(ends), cuts, strict=True) if n]
    low = np.concatenate([corners[:-1] for corners in pieces])
    high = np.concatenate([corners[1:] for corners in pieces])
    w = 4.0 / (high - low)
    b = -w * (low + high) / 2
    columns = np.column_stack([np.ones_like(x), sigmoid(b + w * x[:, None])])
    return np.concatenate([np.linalg.lstsq(columns, y, rcond=None)[0], b, w])


def _parts(theta: FloatArray) -> tuple[float, FloatArray, FloatArray, FloatArray]:
    """The constant, and c, b, w (H,) of the sigmoids."""
    count = len(theta) // 3
    return float(theta[0]), theta[1 : count + 1], theta[count + 1 : 2 * count + 1], theta[2 * count + 1 :]


def _sum(theta: FloatArray, x: FloatArray) -> FloatArray:
    constant, c, b, w = _parts(theta)
    return np.asarray(constant + sigmoid(b + w * x[:, None]) @ c)


def _slopes(theta: FloatArray, x: FloatArray) -> FloatArray:
    """(n, 3 H + 1): of the sum at each x, by each entry of theta."""
    _, c, b, w = _parts(theta)
    s = sigmoid(b + w * x[:, None])  # (n, H)
    inner = c * ACTIVATIONS["sigmoid"].slope(s)
    return np.column_stack([np.ones_like(x), s, inner, inner * x[:, None]])
