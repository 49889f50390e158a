"""A straight line in a plot with its two numbers, and how far it misses: gaps, their squares, the mean of these."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from gradreel.core.curves.line_fit import Line
from gradreel.scenes import style
from gradreel.scenes.mobjects.plot import Plot, polyline, ring, segment, visible_part
from gradreel.scenes.mobjects.text import Number, TextMobject, words
from gradreel.scenes.style import mix, palette
from manim import (
    LEFT,
    RIGHT,
    Animation,
    ManimColor,
    Square,
    UpdateFromAlphaFunc,
    VGroup,
    VMobject,
)
from numpy.typing import NDArray

ROLE = {"w": "yellow", "b": "grey"}
ROWS_TOP, ROW_HEIGHT = 2.42, 0.52
APART = 0.15  # between the two numbers, at least
VALUE_DROP = 0.8  # from the formula's baseline to that of the numbers

Curve = Callable[[NDArray], NDArray]  # heights at x


class LineInPlot(VGroup):
    """A line as far as the plot shows it, a dot where it crosses the y axis, and its numbers w and b under ``formula``.

    ``show`` moves all of them.

    Parts: ``stroke``, ``crossing``, ``values`` and ``stems`` by letter. The numbers join with ``add``.
    """

    def __init__(self, plot: Plot, line: Line, formula: TextMobject) -> None:
        super().__init__()
        self.plot = plot
        self.stroke = polyline(np.zeros((2, 3)), palette.blue, style.MAIN_CURVE)
        self.crossing = ring((0, 0, 0), 0.12, palette.grey)
        self.values: dict[str, Number] = {}
        self.stems: dict[str, VGroup] = {}
        self.rights: dict[str, float] = {}
        for letter, role in ROLE.items():
            self._hang(letter, formula, getattr(palette, role))
        self.add(self.stroke)
        self.show(line)

    def _hang(self, letter: str, formula: TextMobject, color: ManimColor) -> None:
        x, foot = formula.part(letter).get_center()[0], formula.baseline
        value = Number(0.0, 2, 34, color, face="math")
        self.rights[letter] = x + value.width / 2
        self.values[letter] = value.place(foot - VALUE_DROP, right=self.rights[letter])
        self.stems[letter] = segment((x, foot - 0.14, 0), (x, foot - VALUE_DROP + 0.36, 0), color, style.GUIDE)

    def show(self, line: Line) -> LineInPlot:
        """Move the line, its crossing and the numbers to w and b, in place; returns self."""
        self.line = line
        ends = visible_part(self.plot, line)
        self.plot.set_curve(self.stroke, ends[:, 0], ends[:, 1])
        low, high = self.plot.y_range
        self.crossing.move_to(self.plot.at(self.plot.x_range[0], np.clip(line.b, low, high)))
        self.values["w"].set_value(line.w)
        self.values["b"].set_value(line.b)
        clear = self.rights["b"] + APART + self.values["w"].width  # a long w makes way for b
        self.values["w"].place(self.values["w"].baseline, right=max(self.rights["w"], clear))
        return self


class Gaps(VGroup):
    """A stroke from each dot (x, y), (N,) each, to a curve, as far as the plot shows it: ``show`` moves them."""

    def __init__(self, plot: Plot, x: NDArray, y: NDArray, curve: Curve) -> None:
        super().__init__()
        self.plot, self.x, self.y = plot, x, y
        color = mix(palette.text, 0.6)
        self.add(*(segment((0, 0, 0), (1, 0, 0), color, style.AXIS) for _ in x))
        self.show(curve)

    def show(self, curve: Curve) -> Gaps:
        """Measure to another curve, in place; returns self."""
        self.ends = np.clip(curve(self.x), *self.plot.y_range)
        pairs = zip(self.plot.at(self.x, self.y), self.plot.at(self.x, self.ends), strict=True)
        for stroke, pair in zip(self, pairs, strict=True):
            stroke.set_points_as_corners(pair)
        return self

    def square(self, stroke: VMobject) -> Square:
        """A square on a gap, as wide as the gap is long: right of it where the plot has room, else left of it."""
        start, end = stroke.get_start(), stroke.get_end()
        side = abs(start[1] - end[1])
        middle = start[0] + (side / 2 if start[0] + side <= self.plot.box[1] else -side / 2)
        return Square(side).move_to((middle, (start[1] + end[1]) / 2, 0))


class MeanSquare(Square):
    """A square whose area is the mean of squared gaps, at the plot's upright scale: ``show`` sets that mean.

    At first it ends at ``right``, around ``middle``; the middle of its edge towards ``kept`` stays where it is.
    """

    def __init__(self, plot: Plot, mean: float, right: float, middle: float, kept: NDArray = LEFT) -> None:
        super().__init__(1.0, stroke_color=palette.text, stroke_width=style.AXIS)
        self.set_fill(palette.text, 0.15)
        self.outline = self.points.copy()
        self.unit = float(plot.at(0.0, 1.0)[1] - plot.at(0.0, 0.0)[1])
        self.kept = kept
        self.foot = np.array([right, middle, 0.0]) + (kept - RIGHT) / 2 * self.unit * np.sqrt(mean)
        self.show(mean)

    def show(self, mean: float) -> MeanSquare:
        """Take the size of another mean, in place; returns self."""
        side = self.unit * np.sqrt(mean)
        self.points = self.foot + side * (self.outline - self.kept / 2)
        return self


def opened(square: VMobject, stroke: VMobject) -> Animation:
    """``square`` grows sideways out of its gap."""
    whole = square.points.copy()
    narrow = stroke.get_start() * np.array([1.0, 0.0, 0.0]) + whole * np.array([0.0, 1.0, 1.0])
    return UpdateFromAlphaFunc(square, lambda square, share: square.set_points(narrow + share * (whole - narrow)))


def loss_rows(rows: Sequence[tuple[str, str, ManimColor]]) -> VGroup:
    """Names with numbers, one under the other, right of a formula over the plot."""
    lines = VGroup()
    losses = [words(value, 32, color) for _, value, color in rows]
    column = max(1.05, *(loss.width + 0.2 for loss in losses))
    for number, ((name, _, color), loss) in enumerate(zip(rows, losses, strict=True)):
        baseline = ROWS_TOP - number * ROW_HEIGHT
        loss.place(baseline, right=style.RIGHT_EDGE)
        lines.add(VGroup(loss, words(name, style.LABEL, color).place(baseline, right=style.RIGHT_EDGE - column)))
    return lines
