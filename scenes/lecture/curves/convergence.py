"""How fast a curve of straight pieces comes near a function as it is given more points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from gradreel.core.arrays import FloatArray
from gradreel.core.curves.continuity import Function
from gradreel.core.curves.piecewise import PiecewiseLinearCurve

STEPS = 256  # in each segment, when the place of the widest gap is looked for


@dataclass(frozen=True)
class Convergence:
    """Curves through more and more points of one function, and the largest gap of each. Source: measured, all of it."""

    counts: tuple[int, ...]  # (S,) points, increasing
    curves: tuple[PiecewiseLinearCurve, ...]  # (S,)
    errors: FloatArray  # (S,) largest |curve - function|

    def factor(self, index: int = -1) -> float:
        """By how much the gap shrank from the curve before to this one, made up to twice as many points.

        A step from 10 to 40 points doubles twice: the factor is the root of the whole. Many points on a smooth function
        divide the gap by 4. Infinite when no gap is left.
        """
        before, after = float(self.errors[index - 1]), float(self.errors[index])
        doublings = np.log2(self.counts[index] / self.counts[index - 1])
        return float((before / after) ** (1 / doublings)) if after > 0 else float("inf")


def widest_gap(f: Function, curve: PiecewiseLinearCurve) -> float:
    """The x between the outer knots at which ``curve`` is farthest from ``f``, of a dense sample; the leftmost one."""
    shares = np.linspace(0.0, 1.0, STEPS, endpoint=False)
    x = np.append((curve.x[:-1, None] + np.diff(curve.x)[:, None] * shares).ravel(), curve.x[-1])
    return float(x[np.argmax(np.abs(curve(x) - np.asarray(f(x))))])


def stretched(f: Function, x_range: tuple[float, float], y_range: tuple[float, float]) -> Function:
    """``f``, which has both axes from 0 to 1, over other axes."""
    (left, right), (low, high) = x_range, y_range
    return lambda x: low + (high - low) * np.asarray(f((np.asarray(x) - left) / (right - left)))


def converge(f: Function, low: float, high: float, counts: Sequence[int]) -> Convergence:
    """Curves through each of ``counts`` even points of ``f`` on [low, high]. UserError for an ``f`` that jumps."""
    curves = tuple(PiecewiseLinearCurve.approximate(f, low, high, count) for count in counts)
    return Convergence(tuple(counts), curves, np.array([curve.largest_error(f) for curve in curves]))
