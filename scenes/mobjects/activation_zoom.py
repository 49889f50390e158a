"""An activation function's little picture, enlarged: a number goes in below, and comes out at the right."""

from __future__ import annotations

import numpy as np
from gradreel.core.activations import ACTIVATIONS
from gradreel.scenes import style
from gradreel.scenes.mobjects.plot import dashed, polyline, segment
from gradreel.scenes.mobjects.text import formula
from gradreel.scenes.style import palette
from manim import Dot, VGroup

LEAST_REACH = 4.0  # of r, to both sides of 0


class ActivationZoom(VGroup):
    """a = sigma(r) as a curve in the box (left, right, bottom, top), with the way of one number.

    ``curve`` over ``axis``; ``dot`` at r on the axis, ``up`` to the curve, ``across`` to the right; ``come`` and
    ``goes`` are the texts "r_1 = -0.32" and "a_1 = 0.42", as ``printed`` gives the numbers.
    """

    def __init__(
        self, kind: str, r: float, names: tuple[str, str], printed: tuple[str, str], box: tuple[float, ...]
    ) -> None:
        super().__init__()
        left, right, bottom, top = box
        reach = self.reach(r)
        x = np.linspace(-reach, reach, 161)
        function = ACTIVATIONS[kind]
        highest = float(function(np.array([reach]))[0])

        def at(value: float, height: float) -> np.ndarray:
            share = np.array([(value + reach) / (2 * reach), height / highest])
            return np.array([left + share[0] * (right - left), bottom + share[1] * (top - bottom), 0.0])

        a = float(function(np.array([r]))[0])
        self.axis = segment(at(-reach, 0), at(reach, 0), palette.dim, style.AXIS)
        self.curve = polyline(np.array([at(u, v) for u, v in zip(x, function(x), strict=True)]), palette.blue, 4.5)
        foot, point, end = at(r, 0), at(r, a), at(reach, a)
        self.dot = Dot(foot, radius=0.08, color=palette.text)
        self.point = point
        self.up = dashed(foot, point, palette.text, dash=0.07) if a > 0.02 * highest else VGroup()
        self.across = dashed(point, end, palette.text, dash=0.07)
        self.come = formula(f"{names[0]} = {printed[0]}", 40).place(bottom - 0.12, right=left - 0.3)
        self.goes = formula(f"{names[1]} = blue({printed[1]})", 40).place(end[1] - 0.12, left=right + 0.25)
        self.add(self.axis, self.curve, self.up, self.across, self.dot, self.come, self.goes)

    @staticmethod
    def reach(r: float) -> float:
        """How far the axis goes to both sides of 0, so that ``r`` is on it."""
        return max(LEAST_REACH, 1.25 * abs(r))
