"""Draws how two ReLUs fold a line, and why a second layer of two folds it twice."""

from __future__ import annotations

import numpy as np
from gradreel.core.arrays import FloatArray
from gradreel.core.network.activations import relu
from gradreel.scenes import style
from gradreel.scenes.mobjects.plot import Plot, polyline, segment
from gradreel.scenes.mobjects.text import formula, words
from gradreel.scenes.mobjects.ticks import Ticks
from gradreel.scenes.style import palette
from manim import LEFT, UP, Animation, Dot, Mobject, UpdateFromAlphaFunc, VGroup, VMobject, linear, smooth

FOLDS, SAMPLES = 3, 641  # layers that fold a line; x at which it is drawn, all corners among them
PANEL_SIDE, PANEL_BOTTOM = 3.7, -1.9  # of each curve's square: a height in one is as long as an input of the next
TWO_BOX = {"left": -5.2, "right": 0.8, "bottom": -3.2, "top": 2.3}  # of the plot of two ReLUs
UP_SLOPE, DOWN_SLOPE, CORNER = 2.0, -4.0, 0.5  # of the fold: c of its two ReLUs; where the second one bends
FOOT = 7.0  # width of the line from an axis to a dot


def fold(y: FloatArray) -> FloatArray:
    """Return what a layer of two ReLUs makes of heights from 0 to 1: twice the height, what is above 1 folded down."""
    return np.asarray(climbing(y) + falling(y))


def climbing(y: FloatArray) -> FloatArray:
    """Return the first of the two ReLUs of a fold, times its c."""
    return np.asarray(UP_SLOPE * relu(y))


def falling(y: FloatArray) -> FloatArray:
    """Return the second one, times its c: it turns the first one down."""
    return np.asarray(DOWN_SLOPE * relu(y - CORNER))


class TwoRelus(VGroup):
    """Draws the two ReLUs of a fold over x from 0 to 1, and their sum.

    Parts: ``plot``; ``up`` and ``down``, curves with their formulas; ``sum``, which `turn_down` bends.
    """

    def __init__(self) -> None:
        super().__init__()
        self.x = np.linspace(0.0, 1.0, SAMPLES)
        self.plot = Plot((0.0, 1.0), (-2.0, 2.0), **TWO_BOX, x_ticks=Ticks((CORNER,), ("0.5",)), x_label="x")
        zero = float(self.plot.at(0, 0)[1])
        for part in (self.plot.x_axis, self.plot.x_tick_labels, self.plot.x_label):
            part.shift((zero - TWO_BOX["bottom"]) * UP)
        self.plot.x_tick_labels.shift(0.4 * LEFT)
        self.up, self.down = (
            VGroup(self.plot.curve(self.x, y, palette.blue, style.SECOND_CURVE), formula(source, style.FORMULA - 8))
            for y, source in (
                (climbing(self.x), "magenta(2) thin max(0, x)"),
                (falling(self.x), "magenta(-4) thin max(0, x - 0.5)"),
            )
        )
        for curve, name in (self.up, self.down):
            name.place(float(curve.get_end()[1]) - 0.1, left=TWO_BOX["right"] + 0.3)
        self.sum = self.plot.curve(self.x, climbing(self.x), palette.blue)
        self.add(self.plot, self.up, self.down, self.sum)

    def turn_down(self) -> Animation:
        """Return the motion in which the second ReLU is added to the first: from its corner on, the sum turns down."""

        def update(curve: VMobject, share: float) -> None:
            self.plot.set_curve(curve, self.x, climbing(self.x) + share * falling(self.x))

        return UpdateFromAlphaFunc(self.sum, update, rate_func=smooth)


class FoldPanels(VGroup):
    """Draws squares for a line after one, two and three layers. While the second folds, its square has its own curve.

    Parts: ``plots``; ``axes``, names of the axes of each, for while a dot goes through; ``names``, under each square.
    """

    def __init__(self, names: list[str], height: str) -> None:
        super().__init__()
        self.x = np.linspace(0.0, 1.0, SAMPLES)
        left, right = style.LEFT_EDGE + 0.1, style.RIGHT_EDGE - 0.1
        top = PANEL_BOTTOM + PANEL_SIDE
        self.plots = [
            Plot(
                (0.0, 1.0), (0.0, 1.0), left=at, right=at + PANEL_SIDE, bottom=PANEL_BOTTOM, top=top, x_label=None
            )
            for at in np.linspace(left, right - PANEL_SIDE, FOLDS).tolist()
        ]  # fmt: skip
        self.names = [
            words(name, style.LABEL).place(PANEL_BOTTOM - 1.25, center=float(plot.x_axis.get_x()))
            for name, plot in zip(names, self.plots, strict=True)
        ]
        sides = (("$x$", f"{height} $h$"), (f"{height} $h$", "$h'$"), ("$x$", "$h'$"))
        self.axes = [
            VGroup(
                words(under, style.LABEL, palette.dim).place(PANEL_BOTTOM - 0.5, right=plot.box[1]),
                words(over, style.LABEL, palette.dim).place(top + 0.2, left=plot.box[0]),
            )
            for plot, (under, over) in zip(self.plots, sides, strict=True)
        ]

    def curve(self, k: int, y: FloatArray) -> VMobject:
        """Return the curve through ``y`` (SAMPLES,) in square ``k``."""
        return self.plots[k].curve(self.x, y, palette.blue)

    def shift_between(self, start: int, end: int) -> np.ndarray:
        """Return the vector (3,) from the middle of square ``start`` to that of square ``end``."""
        return np.asarray(self.plots[end].x_axis.get_center() - self.plots[start].x_axis.get_center())

    def folding(self, k: int, curve: VMobject, y: FloatArray) -> Animation:
        """Return the motion that folds ``curve`` through ``y`` in square ``k``."""

        def update(_: VMobject, share: float) -> None:
            self.plots[k].set_curve(curve, self.x, y + share * (fold(y) - y))

        return UpdateFromAlphaFunc(curve, update, rate_func=smooth)


class DotThroughTwice(VGroup):
    """Sends x from 0 to 1 through two folds: its height in the first square is the input of the second.

    In the third square what comes out is drawn over x. ``trace``: that curve, as far as x has come.
    """

    def __init__(self, panels: FoldPanels) -> None:
        super().__init__()
        self.panels = panels
        self.dots = VGroup(*(Dot(radius=0.12, color=palette.text) for _ in panels.plots))
        self.heights, self.inputs = (
            VGroup(*(segment((0, 0, 0), (1, 0, 0), color, FOOT) for color in colors))
            for colors in ((palette.orange, palette.text, palette.text), (palette.dim, palette.orange, palette.dim))
        )
        self.trace = polyline(np.zeros((2, 3)), palette.blue, style.MAIN_CURVE)
        self.add(self.trace, self.heights, self.inputs, self.dots)
        self.show(0.0)

    def show(self, x: float) -> None:
        """Draw all of it at ``x``."""
        once = float(fold(np.array(x)))
        twice = float(fold(np.array(once)))
        for k, (given, made) in enumerate(((x, once), (once, twice), (x, twice))):
            plot = self.panels.plots[k]
            self.dots[k].move_to(plot.at(given, made))
            self.heights[k].set_points_as_corners([plot.at(given, 0.0), plot.at(given, made)])
            self.inputs[k].set_points_as_corners([plot.at(0.0, 0.0), plot.at(given, 0.0)])
        seen = np.append(self.panels.x[self.panels.x < x], x)
        points = self.panels.plots[2].at(seen, fold(fold(seen)))
        self.trace.set_points_as_corners(points if len(points) > 1 else np.repeat(points, 2, axis=0))

    def run(self) -> Animation:
        """Return the motion of x from 0 to 1."""

        def update(_: Mobject, share: float) -> None:
            self.show(share)

        return UpdateFromAlphaFunc(self, update, rate_func=linear)
