"""An enlarged picture of an activation function: numbers enter below and leave at the right."""

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

INPUT_SIZE = 34  # font size of a number that enters
LEAST_REACH = 4.0  # the axis shows at least r = -4 to 4
BELOW = 0.36  # from the axis down to the baseline of a number that enters

At = Callable[[float, float], FloatArray]


class Way(VGroup):
    """The path of one number: ``dot`` on the axis, ``up`` to ``point`` on the curve, then ``across`` to the right.

    ``come`` is the text of the input below the dot, "r_1 = -0.32"; ``goes`` that of the output, "a_1 = 0.42".
    """

    def __init__(self, at: At, r: float, a: float, reach: float, least: float, printed: tuple[str, str]) -> None:
        super().__init__()
        foot, self.point, end = at(r, 0), at(r, a), at(reach, a)
        self.dot = Dot(foot, radius=0.08, color=palette.text)
        self.up = dashed(foot, self.point, palette.text, dash=0.07) if a > least else VGroup()
        self.across = dashed(self.point, end, palette.text, dash=0.07)
        self.come = formula(printed[0], INPUT_SIZE).place(foot[1] - BELOW, center=foot[0])
        self.goes = formula(printed[1], 40).place(end[1] - 0.12, left=end[0] + 0.25)
        self.add(self.up, self.across, self.dot, self.come, self.goes)


class ActivationZoom(VGroup):
    """The curve a = sigma(r) in the box (left, right, bottom, top), and a `Way` for each number of ``r``.

    Parts: ``axis``, ``curve``, and ``marks``, labels 0 and 1 at the left. If the curve rises above 1, its highest value
    replaces the 1. ``ways`` are not parts: the scene adds them one by one. ``printed``: input and output as text.
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
        """Return how far the axis goes to both sides of 0, so that every ``r`` lies on it."""
        return max(LEAST_REACH, 1.25 * max(abs(float(value)) for value in r))
