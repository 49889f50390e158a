"""An activation function's little picture, enlarged: numbers go in below, and come out at the right."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from gradreel.core.arrays import FloatArray
from gradreel.core.network.activations import ACTIVATIONS
from gradreel.scenes import style
from gradreel.scenes.mobjects.plot import dashed, polyline, segment
from gradreel.scenes.mobjects.text import formula, words
from gradreel.scenes.style import palette
from gradreel.scenes.words.numbers import number_text
from manim import Dot, VGroup

COME = 34  # size of a number that goes in
LEAST_REACH = 4.0  # of r, to both sides of 0
BELOW = 0.36  # from the axis to the baseline of a number that goes in

At = Callable[[float, float], FloatArray]


class Way(VGroup):
    """The way of one number: ``dot`` on the axis, ``up`` to ``point`` on the curve, ``across`` to the right.

    ``come``, below the dot, and ``goes`` are the texts "r_1 = -0.32" and "a_1 = 0.42".
    """

    def __init__(self, at: At, r: float, a: float, reach: float, least: float, printed: tuple[str, str]) -> None:
        super().__init__()
        foot, self.point, end = at(r, 0), at(r, a), at(reach, a)
        self.dot = Dot(foot, radius=0.08, color=palette.text)
        self.up = dashed(foot, self.point, palette.text, dash=0.07) if a > least else VGroup()
        self.across = dashed(self.point, end, palette.text, dash=0.07)
        self.come = formula(printed[0], COME).place(foot[1] - BELOW, center=foot[0])
        self.goes = formula(printed[1], 40).place(end[1] - 0.12, left=end[0] + 0.25)
        self.add(self.up, self.across, self.dot, self.come, self.goes)


class ActivationZoom(VGroup):
    """a = sigma(r) as a curve in the box (left, right, bottom, top), with a way for each number of ``r``.

    ``curve`` over ``axis``; ``marks``: 0 and the height of 1 at its left, or what it comes to where it goes beyond;
    ``ways``: what is shown one after the other, and no part of it. ``printed`` gives the numbers as they are written.
    """

    def __init__(
        self, kind: str, r: Sequence[float], printed: Sequence[tuple[str, str]], box: tuple[float, ...]
    ) -> None:
        super().__init__()
        left, right, bottom, top = box
        reach, function = self.reach(r), ACTIVATIONS[kind].value
        highest = max(1.0, float(function(np.array([reach]))[0]))

        def at(value: float, height: float) -> FloatArray:
            share = np.array([(value + reach) / (2 * reach), height / highest])
            return np.array([left + share[0] * (right - left), bottom + share[1] * (top - bottom), 0.0])

        x = np.linspace(-reach, reach, 161)
        self.axis = segment(at(-reach, 0), at(reach, 0), palette.dim, style.AXIS)
        self.curve = polyline(np.array([at(u, v) for u, v in zip(x, function(x), strict=True)]), palette.blue, 4.5)
        self.marks = VGroup(dashed(at(-reach, highest), at(reach, highest), palette.axis, dash=0.07))
        for value in (0.0, highest):
            mark = words(number_text(value, 0 if value == round(value) else 1), style.TICK, palette.dim)
            self.marks.add(mark.place(at(0, value)[1] - 0.09, right=left - 0.12))
        outputs = [float(value) for value in function(np.asarray(r, dtype=float))]
        self.ways = [
            Way(at, float(value), a, reach, 0.02 * highest, texts)
            for value, a, texts in zip(r, outputs, printed, strict=True)
        ]
        self.add(self.axis, self.marks, self.curve)

    @staticmethod
    def reach(r: Sequence[float]) -> float:
        """How far the axis goes to both sides of 0, so that every ``r`` is on it."""
        return max(LEAST_REACH, 1.25 * max(abs(float(value)) for value in r))
