"""Two ReLUs added along the picture: a line moves over them, and behind it the curve of their sum."""

from __future__ import annotations

import numpy as np
from gradreel.core.curves.piecewise import Relus
from gradreel.scenes import style
from gradreel.scenes.mobjects.plot import Plot, segment
from gradreel.scenes.mobjects.printed_arithmetic import printed_sum
from gradreel.scenes.mobjects.text import Number, TextMobject, formula
from gradreel.scenes.style import mix, palette
from manim import UpdateFromAlphaFunc, VGroup, VMobject, smooth
from numpy.typing import NDArray

BASELINE, SIZE = 1.02, 38  # of the numbers under the formula
BAR = 7.0  # width of the second ReLU's height


class ReluSum:
    """``show(x)`` moves the line to x: a dot on each ReLU and on their sum, and the three heights as numbers.

    The second ReLU's height is a bar twice: on the axis, and hanging from the first one, where it ends at the sum.
    On the screen are two groups: ``scan`` (the ``line``, the ``bars``, the sum's ``curve``, the ``dots`` of both and of
    the sum) and ``values`` (the ``numbers`` of the sum and of both, and signs) under the parts of ``formula``.
    """

    def __init__(self, plot: Plot, x: NDArray, relus: Relus, formula_of_both: TextMobject) -> None:
        self.plot, self.x, self.relus = plot, x, relus
        self.line = segment(*plot.at(0, np.array(plot.y_range)), mix(palette.text, 0.5), style.GUIDE)
        self.curve = plot.curve(x[:2], relus(x[:2]), palette.blue, style.MAIN_CURVE + 1)
        self.dots = VGroup(*(plot.dot(0, 0, palette.text, radius) for radius in (0.09, 0.09, 0.13)))
        one_high = plot.at(0, np.array([0.0, 1.0]))
        self.bars = VGroup(*(segment(*one_high, width=BAR, color=mix(palette.text, 0.75)) for _ in range(2)))
        self.scan = VGroup(self.line, self.bars, self.curve, self.dots)
        sum_, *both = self._heights(plot.x_range[1])
        printed = printed_sum(both, sum_)
        self.numbers = [_under(formula_of_both, name, printed.decimals) for name in ("y", "max-1", "max-2")]
        signs = [formula(sign, SIZE) for sign in ("=" if printed.exact else "approx", "+")]
        for sign, name in zip(signs, ("equals", "plus"), strict=True):
            sign.place(BASELINE, center=formula_of_both.part(name).get_center()[0])
        self.values = VGroup(*self.numbers, *signs)
        self.show(plot.x_range[0])

    def _heights(self, x: float) -> list[float]:
        """The sum at x, and both ReLUs."""
        return [float(value) for value in (self.relus(x), self.relus.piece(1, x), self.relus.piece(2, x))]

    def show(self, x: float) -> None:
        self.at_x = x
        sum_, first, second = heights = self._heights(x)
        for number, height in zip(self.numbers, heights, strict=True):
            number.set_value(height)
        for dot, height in zip(self.dots, (first, second, sum_), strict=True):
            dot.move_to(self.plot.at(x, height))
        for bar, ends in zip(self.bars, ((0.0, second), (first, sum_)), strict=True):  # of one length: it is moved up
            bar.set_points_as_corners(self.plot.at(x, np.array(ends)))
        self.line.shift([self.plot.at(x, 0)[0] - self.line.get_center()[0], 0.0, 0.0])
        low, high = self.x[[0, -1]]
        behind = np.unique([low, *self.x[self.x < x], x, low + 1e-9 * (high - low)])  # two points at least
        self.plot.set_curve(self.curve, behind, self.relus(behind))

    def sweep(self, x: float, seconds: float) -> UpdateFromAlphaFunc:
        """The animation that moves the line to x."""
        start = self.at_x

        def update(_: VMobject, share: float) -> None:
            self.show(start + share * (x - start))

        return UpdateFromAlphaFunc(VGroup(self.scan, self.values), update, run_time=seconds, rate_func=smooth)


def _under(text: TextMobject, part: str, decimals: int) -> Number:
    """A number under a part of the formula: y's ends left of the equals sign."""
    left_of_equals = text.part("equals").get_left()[0] - 0.2
    right = left_of_equals if part == "y" else text.part(part).get_left()[0] + 1.3
    return Number(0.0, decimals, SIZE, palette.blue, face="math").place(BASELINE, right=right)
