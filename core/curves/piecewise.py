"""Piecewise linear curves and their exact decomposition: a constant and one hard sigmoid per segment.

Every evaluation measures x from the start of its segment and adds in twice the working precision. So no digits are lost
to a far offset (x around a million, knots a thousandth apart), a steep segment, or a thousand pieces.
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

    Parameters
    ----------
    x, y
        The knots, (K + 1,) each: at least 2, finite, ``x`` strictly increasing. They are copied and read-only.

    Raises
    ------
    UserError
        If a knot breaks these rules; the message names it.

    Examples
    --------
    >>> curve = PiecewiseLinearCurve([0, 1, 3], [0, 2, 1])
    >>> curve(np.array([-1.0, 0.5, 2.0, 9.0]))
    array([0. , 1. , 1.5, 1. ])
    >>> curve.decompose().height
    array([ 2., -1.])
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
        """Return ((x, y), ...) as plain numbers, as a dataset or a scene's parameters take them."""
        return tuple(zip(self.x.tolist(), self.y.tolist(), strict=True))

    def range_around(self, low: float | None = None, high: float | None = None) -> tuple[float, float]:
        """Return the range of x to show, ``low`` to ``high``; by default a sixth of the knots' range more on each side.

        The sixth shows that the curve is flat outside its knots.
        """
        first, last = float(self.x[0]), float(self.x[-1])
        margin = (last - first) / 6
        return first - margin if low is None else low, last + margin if high is None else high

    @property
    def height(self) -> float:
        """Return the highest minus the lowest y."""
        return float(self.y.max() - self.y.min())

    def __call__(self, x: ArrayLike) -> FloatArray:
        """Return y at ``x``, same shape: exactly the knot's y on a knot, the end's y outside the knots, NaN where
        ``x`` is NaN.
        """
        at = np.asarray(x, dtype=np.float64)
        segment = np.clip(np.searchsorted(self.x, at, side="right") - 1, 0, len(self.x) - 2)
        start, end = self.x[segment], self.x[segment + 1]
        with np.errstate(over="ignore", invalid="ignore"):
            ramp = np.clip((at - start) / (end - start), 0.0, 1.0)
        inside = self.y[segment] + (self.y[segment + 1] - self.y[segment]) * ramp
        return np.where(at >= self.x[-1], self.y[-1], inside)[()]

    def decompose(self) -> Decomposition:
        """Return the constant and the K hard sigmoids whose sum is this curve."""
        return Decomposition(constant=float(self.y[0]), start=self.x[:-1], end=self.x[1:], height=np.diff(self.y))

    @classmethod
    def approximate(
        cls,
        f: Callable[[FloatArray], ArrayLike],
        low: float,
        high: float,
        n_knots: int,
    ) -> PiecewiseLinearCurve:
        """Return the curve through ``n_knots`` evenly spaced points of ``f`` on [low, high], the ends among them.

        Raises UserError, which names the x, if ``f`` jumps or is not finite.

        Examples
        --------
        >>> PiecewiseLinearCurve.approximate(lambda x: x**2, 0, 2, 3).knots
        ((0.0, 0.0), (1.0, 1.0), (2.0, 4.0))
        """
        return cls(*place_knots(f, low, high, n_knots))

    def largest_error(self, f: Callable[[FloatArray], ArrayLike]) -> float:
        """Return the largest absolute distance to ``f`` between the outer knots, on a dense sample of x."""
        return largest_error(f, self.x, self.y)


@dataclass(frozen=True, eq=False)
class Decomposition:
    """A constant plus a sum of K hard sigmoids. Piece i (1 to K) ramps from 0 at its start to its height at its end."""

    constant: float
    start: FloatArray  # (K,)
    end: FloatArray  # (K,)
    height: FloatArray  # (K,)  0 for a flat segment

    def __len__(self) -> int:
        """Return K, the number of pieces."""
        return len(self.height)

    def piece(self, i: int, x: ArrayLike) -> FloatArray:
        """Return piece ``i`` alone at ``x``, same shape; 1 is the leftmost. This is the lecture's blue function.

        Raises UserError unless 1 <= i <= K.
        """
        if not 1 <= i <= len(self):
            raise UserError(f"piece {i} was asked for; this decomposition has pieces 1 to {len(self)}")
        ramp = hard_sigmoid(x, float(self.start[i - 1]), float(self.end[i - 1]))
        return np.asarray(self.height[i - 1] * ramp)[()]

    def partial_sum(self, k: int, x: ArrayLike) -> FloatArray:
        """Return the constant plus the first ``k`` pieces at ``x``, same shape.

        It equals the curve left of knot k (0 the leftmost).

        Raises UserError unless 0 <= k <= K.
        """
        if not 0 <= k <= len(self):
            raise UserError(f"the sum of {k} pieces was asked for; this decomposition has 0 to {len(self)}")
        at = np.asarray(x, dtype=np.float64)
        terms = (np.asarray(self.piece(i, at)) for i in range(1, k + 1))
        return _exact_sum(np.full(at.shape, self.constant), terms)

    def __call__(self, x: ArrayLike) -> FloatArray:
        """Return the constant plus all pieces at ``x``, same shape: the curve."""
        return self.partial_sum(len(self), x)

    def relus(self) -> Relus:
        """Return the same function as a constant and two ReLUs for each piece: the first starts its slope, the second
        ends it.

        Raises UserError for a piece whose slope is too steep to be a finite number.
        """
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
    """A constant plus a sum of slope * max(0, x - knot), in pairs: entries 2i and 2i + 1 are one hard sigmoid.

    In the lecture's letters: c * max(0, b + w x) with w = 1, b = -knot, c = slope.
    """

    constant: float
    knot: FloatArray  # (2K,)
    slope: FloatArray  # (2K,)  the second of a pair is minus the first

    def __len__(self) -> int:
        """Return 2K, the number of ReLUs."""
        return len(self.knot)

    def piece(self, j: int, x: ArrayLike) -> FloatArray:
        """Return ReLU ``j`` alone at ``x``, same shape; 1 is the leftmost. Raises UserError unless 1 <= j <= 2K."""
        if not 1 <= j <= len(self):
            raise UserError(f"ReLU {j} was asked for; there are 1 to {len(self)}")
        return np.asarray(self.slope[j - 1] * relu(np.asarray(x, dtype=np.float64) - self.knot[j - 1]))[()]

    def __call__(self, x: ArrayLike) -> FloatArray:
        """Return the sum at ``x``, same shape.

        Each pair is subtracted before it is added, so the equal slopes of a pair cancel without loss far outside.
        """
        at = np.asarray(x, dtype=np.float64)
        span = self.knot[-1] - self.knot[0]
        at = np.clip(at, self.knot[0] - span, self.knot[-1] + span)  # the sum is flat outside, and inf would give NaN

        def pairs() -> Iterable[FloatArray]:
            for start, end, slope in zip(self.knot[::2], self.knot[1::2], self.slope[::2], strict=True):
                on, on_rest = _exact_relu(at, start)
                off, off_rest = _exact_relu(at, end)
                yield slope * ((on - off) + (on_rest - off_rest))

        return _exact_sum(np.full(at.shape, self.constant), pairs())


def read_knots(path: str | Path) -> PiecewiseLinearCurve:
    """Return the curve whose knots are in a CSV file, one row each: x and y.

    Cells are separated by comma, semicolon (then the comma is the decimal mark) or tab. A header and empty lines are
    skipped. Raises UserError, which names the file and the row of whatever is no knot.
    """
    file = Path(path)
    rows, x, y = knot_rows(file)
    try:
        checked_knots(x, y, names=[f"row {row}" for row in rows])
    except UserError as error:
        raise UserError(f"{file}: {error}") from None
    return PiecewiseLinearCurve(x, y)


def _exact_sum(first: FloatArray, terms: Iterable[FloatArray]) -> FloatArray:
    """Return first + all terms, same shape, rounded once.

    The part that each addition loses is kept and added last (Neumaier 1974).
    """
    total, lost = first, np.zeros_like(first)
    for term in terms:
        total, remainder = _two_sum(total, term)
        lost = lost + remainder
    return (total + lost)[()]


def _exact_relu(x: FloatArray, knot: float) -> tuple[FloatArray, FloatArray]:
    """Return max(0, x - knot) as its rounded value and the remainder that rounding lost; same shape each."""
    difference, remainder = _two_sum(x, np.full_like(x, -knot))
    below = x <= knot  # false for NaN, which stays NaN
    return np.where(below, 0.0, difference), np.where(below, 0.0, remainder)


def _two_sum(a: FloatArray, b: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return a + b as its rounded value and the exact remainder (Knuth, The Art of Computer Programming 2, 4.2.2)."""
    total = a + b
    b_seen = total - a
    return total, (a - (total - b_seen)) + (b - b_seen)
