"""Places the knots of a piecewise linear curve on a function, and measures how far apart the two are."""

import operator

import numpy as np
from gradreel.core.arrays import FloatArray
from gradreel.core.curves.continuity import Function, finite_values, refuse_discontinuities
from gradreel.core.errors import UserError

SAMPLES = 16385
"""Number of even points over the range at which an error is measured. Each segment gets 64 points of its own as
well.
"""


def place_knots(f: Function, low: float, high: float, n_knots: int) -> tuple[FloatArray, FloatArray]:
    """Return x and y of ``n_knots`` evenly spaced points of ``f``, (n_knots,) each; ``low`` and ``high`` are the outer
    x.

    Raises
    ------
    UserError
        If the ends are not finite or not in order, there are fewer than 2 knots, or ``f`` jumps or is not finite. The
        message names the x.
    """
    n_knots = _checked_range(low, high, n_knots)
    values = finite_values(f)
    refuse_discontinuities(values, float(low), float(high))
    x = np.linspace(low, high, n_knots)
    if len(np.unique(x)) < n_knots:
        raise UserError(
            f"there is no room for {n_knots} knots between {low!r} and {high!r}; choose fewer knots or a wider range"
        )
    return x, values(x)


def largest_error(f: Function, x: FloatArray, y: FloatArray) -> float:
    """Return the largest distance between ``f`` and the polyline through knots ``x``, ``y`` on a dense sample of its
    range.
    """
    sample = _dense_sample(x)
    return float(np.abs(np.interp(sample, x, y) - finite_values(f)(sample)).max())


def _checked_range(low: float, high: float, n_knots: int) -> int:
    """Return ``n_knots`` as an int. Raises UserError for a range or a number of knots that cannot be used."""
    if not (np.isfinite(low) and np.isfinite(high) and low < high):
        raise UserError(f"the range of x must be finite with low < high, got {low!r} to {high!r}")
    try:
        count = operator.index(n_knots)
    except TypeError:
        raise UserError(f"n_knots must be a whole number, got {n_knots!r}") from None
    if count < 2:
        raise UserError(f"a curve needs at least 2 knots, got n_knots = {count}")
    return count


def _dense_sample(x: FloatArray) -> FloatArray:
    """Return a dense even sample of the range of the knots ``x``, and 64 even points in each segment, in order."""
    fractions = np.linspace(0.0, 1.0, 64, endpoint=False)
    inside = x[:-1, None] + np.diff(x)[:, None] * fractions
    return np.unique(np.concatenate([np.linspace(x[0], x[-1], SAMPLES), inside.ravel(), x]))
