"""Placing the knots of a piecewise linear curve on a function, and measuring how far the two are apart."""

import itertools
import operator
from typing import Literal, TypeAlias

import numpy as np
from gradreel.core.arrays import FloatArray, IntArray
from gradreel.core.curves.continuity import FiniteFunction, Function, finite_values, refuse_discontinuities
from gradreel.core.errors import UserError

Placement: TypeAlias = Literal["even", "adaptive"]

SAMPLES = 16385
"""Points, evenly over the range, at which an error is measured; each segment gets at least 64 of its own as well."""
CLEAR_GAIN = 0.98
"""Adaptive knots must lower the largest error to this share of the even ones', or the even ones are kept."""


def place_knots(
    f: Function, low: float, high: float, n_knots: int, placement: Placement
) -> tuple[FloatArray, FloatArray]:
    """x and y of ``n_knots`` points of ``f``, ``low`` and ``high`` the outer ones.

    "adaptive" looks for segments of equal error: for a tolerance, each segment reaches as far as its chord stays within
    it of every point of a dense grid; the smallest tolerance that needs no more than ``n_knots`` is found by bisection;
    then again on grids refined around the knots found, which moves a knot into a corner. Even knots are measured on
    the same sample and win unless the adaptive ones are clearly better, so these are never worse.

    UserError: ends that are not finite or in order, fewer than 2 knots, an ``f`` that jumps or is not finite (names x).
    """
    n_knots = _checked_range(low, high, n_knots)
    values = finite_values(f)
    refuse_discontinuities(values, float(low), float(high))
    even = np.linspace(low, high, n_knots)
    if len(np.unique(even)) < n_knots:
        raise UserError(f"there is no room for {n_knots} knots between {low!r} and {high!r}")
    if placement == "even":
        return even, values(even)
    if placement != "adaptive":
        raise UserError(f'placement is "even" or "adaptive", got {placement!r}')
    candidates = [even, *_adaptive(values, even)]
    sample = np.unique(np.concatenate([_sample(x) for x in candidates]))
    target = values(sample)
    errors = [float(np.abs(np.interp(sample, x, values(x)) - target).max()) for x in candidates]
    best = int(np.argmin(errors))
    chosen = candidates[best] if errors[best] < CLEAR_GAIN * errors[0] else even
    return chosen, values(chosen)


def largest_error(f: Function, x: FloatArray, y: FloatArray) -> float:
    """Largest distance between ``f`` and the polyline through knots ``x``, ``y`` on a dense sample of its range."""
    sample = _sample(x)
    return float(np.abs(np.interp(sample, x, y) - finite_values(f)(sample)).max())


def _checked_range(low: float, high: float, n_knots: int) -> int:
    if not (np.isfinite(low) and np.isfinite(high) and low < high):
        raise UserError(f"the range of x must be finite with low < high, got {low!r} to {high!r}")
    try:
        count = operator.index(n_knots)
    except TypeError:
        raise UserError(f"n_knots must be a whole number, got {n_knots!r}") from None
    if count < 2:
        raise UserError(f"a curve needs at least 2 knots, got n_knots = {count}")
    return count


def _sample(x: FloatArray) -> FloatArray:
    """A dense even sample of the range of the knots ``x``, together with 64 steps in each segment."""
    fractions = np.linspace(0.0, 1.0, 64, endpoint=False)
    inside = x[:-1, None] + np.diff(x)[:, None] * fractions
    return np.unique(np.concatenate([np.linspace(x[0], x[-1], SAMPLES), inside.ravel(), x]))


def _adaptive(values: FiniteFunction, even: FloatArray) -> list[FloatArray]:
    """Knots (as many as ``even``) for segments of about equal error, from six grids, each finer around the last's."""
    base = np.unique(np.concatenate([np.linspace(even[0], even[-1], max(2049, 8 * len(even) + 1)), even]))
    grid = base
    found: list[FloatArray] = []
    for _ in range(6):
        chosen = _equal_error(grid, values(grid), len(even))
        found.append(grid[chosen])
        inner = chosen[1:-1]
        fractions = np.linspace(0.0, 1.0, 16, endpoint=False)
        left, at, right = (grid[inner + side][:, None] for side in (-1, 0, 1))
        near = np.concatenate([left + (at - left) * fractions, at + (right - at) * fractions])
        grid = np.unique(np.concatenate([base, near.ravel()]))
    return found


def _equal_error(x: FloatArray, y: FloatArray, n_knots: int) -> IntArray:
    """Indices (n_knots,) into the grid: the first and last, and knots whose chords share the error out evenly."""
    floor = 1e-13 * np.ptp(y) + 4 * np.finfo(float).eps * np.abs(y).max() + np.finfo(float).tiny
    best = _reach(x, y, floor, n_knots)
    if best is None:
        below, above = np.log(floor), np.log(np.ptp(y) + floor)
        best = _reach(x, y, float(np.exp(above)), n_knots)
        while above - below > 0.01:
            middle = (below + above) / 2
            chosen = _reach(x, y, float(np.exp(middle)), n_knots)
            if chosen is None:
                below = middle
            else:
                best, above = chosen, middle
    return _fill(x, y, best if best is not None else [0, len(x) - 1], n_knots)


def _reach(x: FloatArray, y: FloatArray, tolerance: float, n_knots: int) -> list[int] | None:
    """Indices of knots whose chords stay within ``tolerance``, each as far on as can be; None if more than n_knots."""
    chosen = [0]
    while chosen[-1] < len(x) - 1:
        if len(chosen) == n_knots:
            return None
        chosen.append(_farthest(x, y, chosen[-1], tolerance))
    return chosen


def _farthest(x: FloatArray, y: FloatArray, i: int, tolerance: float) -> int:
    """The last j whose chord from i stays within ``tolerance`` of all points between."""
    window = 64
    while True:
        stop = min(i + window, len(x) - 1)
        run, rise = x[i + 1 : stop + 1] - x[i], y[i + 1 : stop + 1] - y[i]
        steepest = np.minimum.accumulate((rise + tolerance) / run)  # a chord may not be steeper, or it leaves the band
        flattest = np.maximum.accumulate((rise - tolerance) / run)
        slope = rise / run
        if stop == len(x) - 1 or steepest[-1] < flattest[-1]:
            within = np.flatnonzero((slope <= steepest) & (slope >= flattest))
            return i + 1 + int(within[-1])  # the first point always is
        window *= 2


def _fill(x: FloatArray, y: FloatArray, chosen: list[int], n_knots: int) -> IntArray:
    """``chosen`` with knots added up to ``n_knots``, each where the error is largest (no error: in the widest gap)."""

    def worst(i: int, j: int) -> tuple[float, float, int]:
        if j - i < 2:
            return (-1.0, 0.0, i)
        inside = slice(i + 1, j)
        chord = y[i] + (y[j] - y[i]) * ((x[inside] - x[i]) / (x[j] - x[i]))
        errors = np.abs(y[inside] - chord)
        error = float(errors.max())
        negligible = error <= 1e-12 * float(np.ptp(y))
        at = (i + j) // 2 if negligible else i + 1 + int(errors.argmax())
        return (0.0 if negligible else error, float(x[j] - x[i]), at)

    segments = [(worst(i, j), i, j) for i, j in itertools.pairwise(chosen)]
    while len(segments) < n_knots - 1:
        (found, i, j) = max(segments)
        segments.remove((found, i, j))
        segments += [(worst(i, found[2]), i, found[2]), (worst(found[2], j), found[2], j)]
    return np.array(sorted({i for _, i, _ in segments} | {len(x) - 1}))
