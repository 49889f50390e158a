"""Planes through parameter space, for drawing a recorded path and the loss around it.

The plane of a path has its main directions, as in Li et al., "Visualizing the Loss Landscape of Neural Nets" (2018),
section 7. The origin is the mean of the path, and nothing is normalized, so distances on the plane are distances
between thetas.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from gradreel.core.arrays import FloatArray, evenly_spaced_indices
from gradreel.core.errors import PathError, UserError
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import loss
from numpy.typing import NDArray

if TYPE_CHECKING:
    from gradreel.core.trace.trace import Trace

Array = NDArray[np.floating]

_LARGEST = 20_000_000  # most numbers of a path that are decomposed at once (160 MB)
_MOST_ROWS = 1000  # most states of a path with more parameters than that, so that the Gram matrix stays small
FARTHEST = 1e150  # largest coordinate; squares of larger ones are not finite
BANDS = 13  # bands of equal shade on a loss map; there is one contour line fewer
_READ = 1 << 19  # numbers of a path that are read at once
_HELD = 1 << 20  # numbers of thetas whose losses are computed at once (8 MB)


@dataclass(frozen=True, eq=False)
class Plane:
    """The points origin + u directions[0] + v directions[1] of parameter space."""

    origin: FloatArray  # (P,)
    directions: FloatArray  # (2, P)  linearly independent; those of a path are orthonormal
    share: float  # which part of the path's squared distances from its mean lies along the plane, 0 to 1

    def coordinates(self, theta: Array) -> FloatArray:
        """Return (u, v) of the point of the plane that is nearest to theta: (..., P) to (..., 2)."""
        along = (theta - self.origin) @ self.directions.T
        return np.asarray(along @ np.linalg.inv(self.directions @ self.directions.T))

    def theta(self, uv: FloatArray) -> FloatArray:
        """Return the point of parameter space at (u, v): (..., 2) to (..., P)."""
        return self.origin + np.asarray(uv, dtype=np.float64) @ self.directions

    def distance(self, theta: Array) -> FloatArray:
        """Return the distance of theta from the plane: (..., P) to (...,)."""
        return np.asarray(np.linalg.norm(theta - self.theta(self.coordinates(theta)), axis=-1))


def plane_of(trace: Trace, last: int | None = None) -> Plane:
    """Return the plane nearest to the path by least squares: through its mean, along its two principal directions.

    Each direction's largest entry is positive, so the picture is never mirrored. If the path stays on a line or in a
    point, the missing directions are the parameter axes that the path moves along least.

    Parameters
    ----------
    trace
        The run. Each kept state counts once. Of a path too large for memory, evenly spaced states are used; ``share``
        always refers to all states.
    last
        Use the path up to the state after so many updates; by default all of it.

    Raises
    ------
    PathError
        If the path runs off to infinity.
    UserError
        If the run has a single parameter.
    """
    rows, width = _count_kept_states(trace, last), trace.parameters.shape[1]
    if width < 2:
        raise UserError(
            f"{trace.path}: a plane needs at least two parameters, but this run has {width}; choose a run with more"
        )
    most = min(max(2, _LARGEST // width), rows if width <= _MOST_ROWS else _MOST_ROWS)
    path = trace.parameters[evenly_spaced_indices(rows, most)].astype(np.float64)  # (R, P)
    if not np.isfinite(path).all():
        raise _infinite_path_error(trace, rows)
    origin = path.mean(axis=0)
    path -= origin
    directions = _complete_directions(_main_directions(path, float(np.abs(origin).max())), width)
    return Plane(origin, directions, _share_along(trace, rows, origin, directions))


def loss_grid(experiment: Experiment, plane: Plane, u: FloatArray, v: FloatArray) -> FloatArray:
    """Return the loss over all training examples at each (u, v), (n, m): one row for each of ``v`` (n,), with ``u``
    (m,).

    It is `theta.loss` at `Plane.theta` in float64; inf or NaN where a number exceeds 1e308.
    """
    cells = np.stack(np.meshgrid(u, v), axis=-1).reshape(-1, 2)
    grid, count = np.empty(len(cells)), max(1, _HELD // experiment.n_parameters)
    for start in range(0, len(cells), count):
        grid[start : start + count] = loss(experiment, plane.theta(cells[start : start + count]))
    return grid.reshape(len(v), len(u))


def view_around(points: FloatArray, width: float, height: float, margin: float = 0.24) -> tuple[FloatArray, FloatArray]:
    """Return ranges (low, high) of u and v around ``points`` (n, 2), both to one scale.

    One scale keeps the directions on the map true.

    Parameters
    ----------
    points
        The points that must be inside.
    width, height
        The size of the picture, in any one unit.
    margin
        Which share of the picture stays free on each side.

    Examples
    --------
    >>> u, v = view_around(np.array([[0.0, 0.0], [1.0, 0.0]]), 4, 2, margin=0.25)
    >>> u, v
    (array([-0.5,  1.5]), array([-0.5,  0.5]))
    """
    low, high = points.min(axis=0), points.max(axis=0)
    free = 1 - 2 * margin
    scale = max((high[0] - low[0]) / (free * width), (high[1] - low[1]) / (free * height))
    if scale <= 0:  # a single point
        scale = max(float(np.abs(points).max()), 1.0) * 1e-3
    middle, half = (low + high) / 2, scale * np.array([width, height]) / 2
    return (
        np.array([middle[0] - half[0], middle[0] + half[0]]),
        np.array([middle[1] - half[1], middle[1] + half[1]]),
    )


def contour_levels(loss: FloatArray, bands: int = BANDS) -> FloatArray:
    """Return increasing levels that separate ``bands`` bands of the grid ``loss``: (bands - 1,), or fewer for a flat
    grid.

    Each level is the geometric mean of two levels. Even steps of the logarithm show how deep the valley is. Bands of
    equal area show the shape of its slopes. Levels are rounded to two digits if they stay distinct.
    """
    finite = loss[np.isfinite(loss)]
    shares = np.linspace(0, 1, bands + 1)[1:-1]
    low, high = np.quantile(finite, [0.001, 0.995])
    floor = max(low, high * 1e-6, 1e-300)
    logarithmic = np.log(floor) + shares * (np.log(max(high, floor)) - np.log(floor))
    by_area = np.log(np.maximum(np.quantile(finite, shares), floor))
    levels = np.unique(np.exp((logarithmic + by_area) / 2))
    rounded = np.unique([float(f"{level:.1e}") for level in levels])
    return rounded if len(rounded) > 2 * len(levels) / 3 and rounded[0] > low else levels


def _count_kept_states(trace: Trace, last: int | None) -> int:
    """Return how many kept states there are up to the one after ``last`` updates."""
    return len(trace.kept) if last is None else trace.row(last) + 1


def _main_directions(offsets: FloatArray, extent: float) -> list[FloatArray]:
    """Return up to two orthonormal directions along which ``offsets`` (R, P) from their mean spread most.

    Overwrites them.

    Each direction is the top eigenvector of the smaller Gram matrix. It is then removed from the offsets, so the second
    direction is as exact as the first. Spread that rounding of ``extent``, the origin's largest entry, would explain
    does not count.
    """
    extent = max(extent, float(np.abs(offsets).max()))
    directions: list[FloatArray] = []
    if extent == 0.0:
        return directions
    offsets /= extent
    for _ in range(2):
        wide = offsets.shape[0] < offsets.shape[1]
        _, vectors = np.linalg.eigh(offsets @ offsets.T if wide else offsets.T @ offsets)
        direction = vectors[:, -1] @ offsets if wide else vectors[:, -1]
        for other in directions:
            direction = direction - (direction @ other) * other
        length = float(np.linalg.norm(direction))
        along = offsets @ (direction / (length or 1.0))
        if np.linalg.norm(along) <= 1e-12 * np.sqrt(len(offsets)):
            break
        directions.append(direction / length)
        offsets -= along[:, None] * directions[-1]
    return directions


def _complete_directions(directions: list[FloatArray], n_parameters: int) -> FloatArray:
    """Return two orthonormal directions with fixed signs: the given ones, then parameter axes made orthogonal to
    them.
    """
    completed = [*directions]
    while len(completed) < 2:
        along = np.sum(np.square(completed), axis=0) if completed else np.zeros(n_parameters)
        axis = np.zeros(n_parameters)
        axis[int(np.argmin(along))] = 1.0
        for direction in completed:
            axis = axis - (axis @ direction) * direction
        completed.append(axis / np.linalg.norm(axis))
    return np.stack([direction * np.sign(direction[np.abs(direction).argmax()]) for direction in completed])


def _share_along(trace: Trace, rows: int, origin: FloatArray, directions: FloatArray) -> float:
    """Return which share of the squared distances of the first ``rows`` kept states from their mean lies along the
    directions.

    Reads each state once, a few at a time. Returns 1 for a path that stays in place.
    """
    basis = np.linalg.qr(directions.T)[0]  # (P, 2)
    width = len(origin)
    sum_of_offsets, sum_of_coordinates = np.zeros(width), np.zeros(2)
    squares = squares_along = extent = 0.0
    step = max(1, _READ // width)
    for start in range(0, rows, step):
        offsets = trace.parameters[start : min(start + step, rows)] - origin  # (step, P), float64
        coordinates = offsets @ basis
        squares += float(np.vdot(offsets, offsets))
        squares_along += float(np.vdot(coordinates, coordinates))
        sum_of_offsets += offsets.sum(axis=0)
        sum_of_coordinates += coordinates.sum(axis=0)
        extent = max(extent, float(np.abs(offsets).max()))
    if not np.isfinite(squares):
        raise _infinite_path_error(trace, rows)
    total = squares - float(sum_of_offsets @ sum_of_offsets) / rows  # about their mean
    if total <= rows * width * (1e-12 * max(extent, float(np.abs(origin).max()))) ** 2:
        return 1.0
    return min(1.0, max(0.0, (squares_along - float(sum_of_coordinates @ sum_of_coordinates) / rows) / total))


def _infinite_path_error(trace: Trace, rows: int) -> PathError:
    """Return the error for a path with a state that is not finite, or so far out that its squared distances are not."""
    row = next((r for r in range(rows) if not float(np.abs(trace.parameters[r]).max()) <= FARTHEST), rows - 1)
    fault = f"{trace.path}: theta after {trace.kept[row]} updates is not a point: the run went off to infinity"
    return PathError(fault, int(trace.kept[row - 1]) if row else None)
