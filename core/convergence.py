"""How fast a curve of straight pieces comes near a function as it is given more points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from gradreel.core.approximation import Placement
from gradreel.core.arrays import FloatArray
from gradreel.core.continuity import Function
from gradreel.core.piecewise import PiecewiseLinearCurve


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


def converge(f: Function, low: float, high: float, counts: Sequence[int], placement: Placement) -> Convergence:
    """Curves through each of ``counts`` points of ``f`` on [low, high]. UserError for an ``f`` that jumps."""
    curves = tuple(PiecewiseLinearCurve.approximate(f, low, high, count, placement) for count in counts)
    return Convergence(tuple(counts), curves, np.array([curve.largest_error(f) for curve in curves]))
