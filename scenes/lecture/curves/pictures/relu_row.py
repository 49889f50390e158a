"""Draws the ReLUs of a curve in a row, and lights those that are on their slope at an x."""

from __future__ import annotations

import numpy as np
from gradreel.core.curves.piecewise import PiecewiseLinearCurve
from gradreel.scenes import style
from gradreel.scenes.lecture.curves.pictures.small_curves import SmallCurve
from gradreel.scenes.mobjects.text import Number, words
from gradreel.scenes.style import FAINT, mix, palette
from manim import Animation, Dot, Mobject, UpdateFromAlphaFunc, VGroup, linear

MOST_RELUS, SAMPLES = 8, 121
LEFT, RIGHT, APART = -5.9, 5.9, 0.35  # of the row; between two boxes
BOX_SPAN, COUNT_BASELINE = (-2.1, 0.2), -2.95  # bottom and top of the boxes; where their count stands
DOT = 0.11


class ReluRow(VGroup):
    """Draws the ReLUs that ``curve`` is the sum of, at most `MOST_RELUS`, in boxes side by side over ``x_range``.

    `show` puts a dot at one x into each box. ``lit``: how many of them are on their slope there; it is also written,
    after ``name``. Parts: ``boxes``, ``dots``, ``count``.
    """

    def __init__(self, curve: PiecewiseLinearCurve, x_range: tuple[float, float], name: str) -> None:
        super().__init__()
        relus = curve.decompose().relus()
        n = min(len(relus.knot), MOST_RELUS)
        self.knots, self.end = relus.knot[:n], x_range[1]
        x = np.unique([*np.linspace(*x_range, SAMPLES), *self.knots])
        self.x, self.heights = x, [relus.piece(k + 1, x) for k in range(n)]
        width = (RIGHT - LEFT - APART * (n - 1)) / n
        lefts = LEFT + (width + APART) * np.arange(n)
        self.boxes = VGroup()
        for y, left in zip(self.heights, lefts.tolist(), strict=True):
            most = 1.05 * float(np.abs(y).max()) or 1.0
            box = (left, left + width, *BOX_SPAN)
            self.boxes.add(SmallCurve(x, y, (-most, most), box, words("", style.LABEL), BOX_SPAN[0]))
        self.dots = VGroup(*(Dot(radius=DOT, color=palette.text) for _ in self.knots))
        text = words(name, style.LABEL, palette.dim)
        number = Number(n, 0, style.SUBTITLE, palette.blue)
        text.place(COUNT_BASELINE, center=-0.3)
        number.place(COUNT_BASELINE, float(text.get_right()[0]) + 0.25 + number.width)
        self.count = VGroup(text, number)
        self.add(self.boxes, self.dots, self.count)
        self.show(float(self.knots[0]))

    def show(self, x: float) -> None:
        """Put the dots at ``x``; curves that have no slope there are faint."""
        on_slope = x > self.knots
        self.lit = int(on_slope.sum())
        self.count[1].set_value(self.lit)
        for box, dot, y, lit in zip(self.boxes, self.dots, self.heights, on_slope, strict=True):
            box.curve.set_stroke(palette.blue if lit else mix(palette.blue, FAINT))
            dot.move_to(box.plot.at(x, np.interp(x, self.x, y)))
            dot.set_fill(palette.text if lit else mix(palette.text, FAINT))

    def sweep(self) -> Animation:
        """Return the motion of x from the first corner to the right end."""
        start = float(self.knots[0])

        def update(_: Mobject, share: float) -> None:
            self.show(start + share * (self.end - start))

        return UpdateFromAlphaFunc(self, update, rate_func=linear)
