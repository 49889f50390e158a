"""Piecewise linear curves and their exact decomposition: a constant and one hard sigmoid per segment.

Every evaluation measures x from the start of its segment and adds in twice the working precision, so that neither a far
offset (x around a million, knots a thousandth apart), nor a steep segment, nor a thousand pieces cost digits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from gradreel.core.arrays import FloatArray
from gradreel.core.curves.approximation import largest_error, place_knots
from gradreel.core.curves.knots import checked_knots, knot_rows
from gradreel.core.errors import UserError
from gradreel.core.network.activations import hard_sigmoid, relu
from numpy.typing import ArrayLike


@dataclass(frozen=True, eq=False)
class PiecewiseLinearCurve:
    """Straight segments between knots, flat outside them.

    ``x`` and ``y`` are (K + 1,) arrays, at least 2 knots, finite, ``x`` strictly increasing; UserError names the knot
    that is not. They are copied and read-only.
    """

    x: FloatArray  # (K + 1,)
    y: FloatArray  # (K + 1,)

    def __init__(self, x: ArrayLike, y: ArrayLike) -> None:
        knots_x, knots_y = checked_knots(x, y)
        object.__setattr__(self, "x", knots_x)
        object.__setattr__(self, "y", knots_y)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, PiecewiseLinearCurve):
            return NotImplemented
        return np.array_equal(self.x, other.x) and np.array_equal(self.y, other.y)

    def __hash__(self) -> int:
        return hash(self.knots)

    @property
    def knots(self) -> tuple[tuple[float, float], ...]:
        """((x, y), ...) as plain numbers: what a dataset or a scene's parameters take."""
        return tuple(zip(self.x.tolist(), self.y.tolist(), strict=True))

    def range_around(self, low: float | None = None, high: float | None = None) -> tuple[float, float]:
        """The range of x the curve is looked at over: ``low`` to ``high``, by default a sixth more than its knots'.

        The sixth shows that the curve is flat outside its knots.
        """
        first, last = float(self.x[0]), float(self.x[-1])
        margin = (last - first) / 6
        return first - margin if low is None else low, last + margin if high is None else high

    @property
    def height(self) -> float:
        """Highest minus lowest y."""
        return float(self.y.max() - self.y.min())

    def __call__(self, x: ArrayLike) -> FloatArray:
        """y at ``x``, same shape; the knots' own y on knots, the nearest end's y outside, NaN where ``x`` is NaN."""
        at = np.asarray(x, dtype=np.float64)
        segment = np.clip(np.searchsorted(self.x, at, side="right") - 1, 0, len(self.x) - 2)
        start, end = self.x[segment], self.x[segment + 1]
        with np.errstate(over="ignore", invalid="ignore"):
            ramp = np.clip((at - start) / (end - start), 0.0, 1.0)
        inside = self.y[segment] + (self.y[segment + 1] - self.y[segment]) * ramp
        return np.where(at >= self.x[-1], self.y[-1], inside)[()]

    def decompose(self) -> Decomposition:
        """The constant and the K hard sigmoids whose sum is this curve."""
        return Decomposition(constant=float(self.y[0]), start=self.x[:-1], end=self.x[1:], height=np.diff(self.y))

    @classmethod
    def approximate(
        cls,
        f: Callable[[FloatArray], ArrayLike],
        low: float,
        high: float,
        n_knots: int,
    ) -> PiecewiseLinearCurve:
        """The curve through ``n_knots`` even points of ``f`` on [low, high], the ends among them.

        UserError names the x where ``f`` jumps or is not finite.
        """
        return cls(*place_knots(f, low, high, n_knots))

    def largest_error(self, f: Callable[[FloatArray], ArrayLike]) -> float:
        """Largest absolute distance to ``f`` between the outer knots, on a dense sample of it."""
        return largest_error(f, self.x, self.y)


@dataclass(frozen=True, eq=False)
class Decomposition:
    """constant + sum of K hard sigmoids; piece i (1 to K) ramps from 0 at its start to its height at its end."""

    constant: float
    start: FloatArray  # (K,)
    end: FloatArray  # (K,)
    height: FloatArray  # (K,)  0 for a flat segment

    def __len__(self) -> int:
        return len(self.height)

    def piece(self, i: int, x: ArrayLike) -> FloatArray:
        """Piece ``i`` alone, 1 the leftmost: the lecture's blue function, same shape as ``x``."""
        if not 1 <= i <= len(self):
            raise UserError(f"piece {i} was asked for; this decomposition has pieces 1 to {len(self)}")
        ramp = hard_sigmoid(x, float(self.start[i - 1]), float(self.end[i - 1]))
        return np.asarray(self.height[i - 1] * ramp)[()]

    def partial_sum(self, k: int, x: ArrayLike) -> FloatArray:
        """0 + 1 + ... + k: the constant and the first ``k`` pieces. Equals the curve up to knot k (0 the leftmost)."""
        if not 0 <= k <= len(self):
            raise UserError(f"the sum of {k} pieces was asked for; this decomposition has 0 to {len(self)}")
        at = np.asarray(x, dtype=np.float64)
        terms = (np.asarray(self.piece(i, at)) for i in range(1, k + 1))
        return _exact_sum(np.full(at.shape, self.constant), terms)

    def __call__(self, x: ArrayLike) -> FloatArray:
        """The constant and all pieces: the curve."""
        return self.partial_sum(len(self), x)

    def relus(self) -> Relus:
        """The same function as a constant and two ReLUs a piece: one turns the slope on, one off again."""
        with np.errstate(over="ignore"):
            slope = self.height / (self.end - self.start)
        if not np.all(np.isfinite(slope)):
            i = int(np.flatnonzero(~np.isfinite(slope))[0])
            raise UserError(
                f"piece {i + 1} rises by {self.height[i]:g} from x = {self.start[i]!r} to {self.end[i]!r}: "
                "too steep for a ReLU's slope to be a number"
            )
        knot = np.stack([self.start, self.end], axis=1).ravel()
        return Relus(self.constant, knot, np.stack([slope, -slope], axis=1).ravel())


@dataclass(frozen=True, eq=False)
class Relus:
    """constant + sum of slope * max(0, x - knot), in pairs: entries 2i and 2i + 1 are one hard sigmoid.

    In the lecture's letters: c * max(0, b + w x) with w = 1, b = -knot, c = slope.
    """

    constant: float
    knot: FloatArray  # (2K,)
    slope: FloatArray  # (2K,)  the second of a pair is minus the first

    def __len__(self) -> int:
        return len(self.knot)

    def piece(self, j: int, x: ArrayLike) -> FloatArray:
        """ReLU ``j`` alone, 1 the leftmost; same shape as ``x``."""
        if not 1 <= j <= len(self):
            raise UserError(f"ReLU {j} was asked for; there are 1 to {len(self)}")
        return np.asarray(self.slope[j - 1] * relu(np.asarray(x, dtype=np.float64) - self.knot[j - 1]))[()]

    def __call__(self, x: ArrayLike) -> FloatArray:
        """The sum, same shape as ``x``. Two equal slopes far out cancel without loss: a pair is subtracted first."""
        at = np.asarray(x, dtype=np.float64)
        span = self.knot[-1] - self.knot[0]
        at = np.clip(at, self.knot[0] - span, self.knot[-1] + span)  # flat out there: inf is as good as this

        def pairs() -> Iterable[FloatArray]:
            for start, end, slope in zip(self.knot[::2], self.knot[1::2], self.slope[::2], strict=True):
                on, on_rest = _exact_relu(at, start)
                off, off_rest = _exact_relu(at, end)
                yield slope * ((on - off) + (on_rest - off_rest))

        return _exact_sum(np.full(at.shape, self.constant), pairs())


def read_knots(path: str | Path) -> PiecewiseLinearCurve:
    """The curve whose knots stand in a CSV file, a row each: x and y.

    Separated by comma, semicolon (then a decimal comma is understood) or tab; a header and empty lines are passed over.
    UserError names the file and the row of whatever is not a knot.
    """
    file = Path(path)
    rows, x, y = knot_rows(file)
    try:
        checked_knots(x, y, names=[f"row {row}" for row in rows])
    except UserError as error:
        raise UserError(f"{file}: {error}") from None
    return PiecewiseLinearCurve(x, y)


def _exact_sum(first: FloatArray, terms: Iterable[FloatArray]) -> FloatArray:
    """first + all terms, rounded once: what each addition loses is kept and added last (Neumaier 1974)."""
    total, lost = first, np.zeros_like(first)
    for term in terms:
        total, rest = _two_sum(total, term)
        lost = lost + rest
    return (total + lost)[()]


def _exact_relu(x: FloatArray, knot: float) -> tuple[FloatArray, FloatArray]:
    """max(0, x - knot) as a number and what its rounding lost."""
    difference, rest = _two_sum(x, np.full_like(x, -knot))
    below = x <= knot  # false for NaN, which stays NaN
    return np.where(below, 0.0, difference), np.where(below, 0.0, rest)


def _two_sum(a: FloatArray, b: FloatArray) -> tuple[FloatArray, FloatArray]:
    """a + b as its rounded value and the exact remainder (Knuth, The Art of Computer Programming 2, 4.2.2)."""
    total = a + b
    b_seen = total - a
    return total, (a - (total - b_seen)) + (b - b_seen)
