"""Checks whether a user's function is continuous and finite on a range, and where it is not.

No sample can prove that. These searches find the jumps, poles and gaps that show on a grid of 4096 cells.
"""

import warnings
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from gradreel.core.arrays import FloatArray
from gradreel.core.errors import UserError
from numpy.typing import ArrayLike

Function: TypeAlias = Callable[[FloatArray], ArrayLike]
FiniteFunction: TypeAlias = Callable[[FloatArray], FloatArray]

CELLS = 4096


def finite_values(f: Function) -> FiniteFunction:
    """Return ``f`` as a function from arrays to finite float64 arrays of the same shape.

    The returned function raises UserError, which names an x, where a value is not a finite real number. An ``f`` that
    cannot take an array, such as one made of ``math.sin``, is called number by number.
    """

    def values(x: FloatArray) -> FloatArray:
        """Return the values at ``x``, same shape, as the outer function says."""
        # math.sin takes an array of one number; older versions of numpy then warn
        quiet = warnings.catch_warnings(action="ignore", category=DeprecationWarning)
        with np.errstate(all="ignore"), quiet:
            try:
                raw_values = np.asarray(f(x))
            except (TypeError, ValueError, ArithmeticError):
                raw_values = np.array([_value_at(f, at) for at in x.tolist()])
        if raw_values.dtype.kind not in "fiub":
            raise UserError(
                f"the function's values must be real numbers, got {raw_values.dtype} at x = {_number_text(x.flat[0])}"
            )
        if raw_values.shape not in {(), x.shape}:
            raise UserError(
                f"the function returns shape {raw_values.shape} for x of shape {x.shape}; return one number for each x"
            )
        result = np.broadcast_to(raw_values, x.shape).astype(np.float64)
        infinite = np.flatnonzero(~np.isfinite(result))
        if len(infinite):
            raise UserError(
                f"the function is {result[infinite[0]]} at x = {_number_text(x[infinite[0]])}; it must be finite there"
            )
        return result

    return values


def refuse_discontinuities(values: FiniteFunction, low: float, high: float) -> None:
    """Raise UserError naming the x in [low, high] where the function jumps, grows without bound or is not finite."""
    grid = np.unique(np.linspace(low, high, CELLS + 1))
    at_grid = values(grid)
    noise = float(1e-9 * np.ptp(at_grid) + 64 * np.finfo(float).eps * np.abs(at_grid).max())
    _refuse_poles(values, grid, at_grid, noise)
    _refuse_poles(lambda x: -values(x), grid, -at_grid, noise)
    _refuse_jumps(values, grid, at_grid, noise)


def _refuse_poles(values: FiniteFunction, grid: FloatArray, at_grid: FloatArray, noise: float) -> None:
    """Raise UserError naming the x around which the function grows without bound.

    The search zooms in on the sharpest peaks of the grid, four times closer each round. At a peak of a continuous
    function the gain in height dies away. At a pole, even a logarithmic one, the last rounds still gain.
    """
    padded = np.concatenate([[-np.inf], at_grid, [-np.inf]])
    peaks = np.flatnonzero((at_grid >= padded[:-2]) & (at_grid >= padded[2:]))
    last = len(grid) - 1
    sharpness = 2 * at_grid[peaks] - at_grid[np.maximum(peaks - 1, 0)] - at_grid[np.minimum(peaks + 1, last)]
    peaks = peaks[np.argsort(-sharpness, kind="stable")[:256]]
    centre, half = grid[peaks], (grid[-1] - grid[0]) / CELLS
    heights = [at_grid[peaks]]
    for _ in range(24):
        around = np.clip(centre[:, None] + half * np.linspace(-1.0, 1.0, 9), grid[0], grid[-1])  # (peaks, 9)
        at_around = values(around.ravel()).reshape(around.shape)
        highest = at_around.argmax(axis=1)[:, None]
        centre = np.take_along_axis(around, highest, axis=1)[:, 0]
        heights.append(np.maximum(heights[-1], at_around.max(axis=1)))
        half = half / 4
    gained, lately = heights[-1] - heights[0], heights[-1] - heights[-5]
    poles = np.flatnonzero((gained > noise) & (lately > 0.08 * gained))
    if len(poles):
        at = centre[poles].min()
        raise UserError(
            f"the function grows without bound near x = {_number_text(at, np.ptp(grid))}; it must be finite there"
        )


def _refuse_jumps(values: FiniteFunction, grid: FloatArray, at_grid: FloatArray, noise: float) -> None:
    """Raise UserError naming the x where the function jumps.

    Each cell of the grid is halved again and again, keeping the half with the larger change, until no float lies
    between its ends. The change over a cell of a continuous function dies away; over a jump it stays.
    """
    left, right, at_left, at_right = grid[:-1], grid[1:], at_grid[:-1], at_grid[1:]
    first_change = np.abs(at_right - at_left)
    halvings = np.zeros(len(left), dtype=int)
    alive = first_change > noise
    jumps: list[tuple[float, float, float]] = []  # x, value before, value after
    while alive.any():
        left, right, at_left, at_right, first_change, halvings = (
            column[alive] for column in (left, right, at_left, at_right, first_change, halvings)
        )
        middle = left + (right - left) / 2
        exhausted = (middle <= left) | (middle >= right)
        for i in np.flatnonzero(exhausted & (halvings >= 4)):
            jumps.append((right[i], at_left[i], at_right[i]))
        at_middle = values(middle)
        go_left = np.abs(at_middle - at_left) >= np.abs(at_right - at_middle)
        left, right = np.where(go_left, left, middle), np.where(go_left, middle, right)
        at_left, at_right = np.where(go_left, at_left, at_middle), np.where(go_left, at_middle, at_right)
        halvings = halvings + 1
        alive = ~exhausted & (np.abs(at_right - at_left) > 0.25 * first_change)
    if jumps:
        x, before, after = min(jumps)
        raise UserError(
            f"the function jumps at x = {_number_text(x, np.ptp(grid))}, from {before:.6g} to {after:.6g}; "
            "a piecewise linear curve needs a continuous one"
        )


def _value_at(f: Function, at: float) -> float:
    """Return ``f`` at one number. Raises UserError, which names it, if there is no real value."""
    try:
        return float(f(at))  # type: ignore[arg-type]
    except ArithmeticError as error:
        raise UserError(f"the function has no value at x = {_number_text(at)}: {error}") from None
    except (TypeError, ValueError) as error:
        raise UserError(f"the function has no real value at x = {_number_text(at)}: {error}") from error


def _number_text(x: float, span: float = 0.0) -> str:
    """Return ``x`` for a message, with 12 digits.

    Numbers that are 0 up to rounding on a range of ``span`` become "0".
    """
    return f"{x:.12g}" if abs(x) > max(1e-300, 1e-12 * span) else "0"
