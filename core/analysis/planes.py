"""Planes through parameter space, on which a recorded path and the loss around it can be drawn.

A path's main directions are those of Li et al., "Visualizing the Loss Landscape of Neural Nets" (2018), section 7, with
the path's own mean as origin and no normalisation: distances on the plane are distances between thetas.
"""

from dataclasses import dataclass

import numpy as np
from gradreel.core.arrays import FloatArray, evenly_spaced_indices
from gradreel.core.errors import PathError, UserError
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import loss
from gradreel.core.trace.trace import Trace
from numpy.typing import NDArray

Array = NDArray[np.floating]

_LARGEST = 20_000_000  # numbers of a path that are decomposed at once (160 MB)
_MOST_ROWS = 1000  # of a path of more parameters than that: the Gram matrix stays small
FARTHEST = 1e150  # of a coordinate: squares of larger ones are no finite numbers
BANDS = 13  # of equal shade on a map of losses; the contour lines lie between them, so these are one fewer
_READ = 1 << 19  # numbers of a path that are read at once
_HELD = 1 << 20  # numbers of thetas whose loss is computed at once (8 MB)


@dataclass(frozen=True, eq=False)
class Plane:
    """Points origin + u directions[0] + v directions[1] of parameter space."""

    origin: FloatArray  # (P,)
    directions: FloatArray  # (2, P)  linearly independent; those of a path are orthonormal
    share: float  # of the path's squared distances from its mean: how much lies along the plane, 0 to 1

    def coordinates(self, theta: Array) -> FloatArray:
        """(u, v) of the plane's point nearest to theta: (..., P) to (..., 2)."""
        along = (theta - self.origin) @ self.directions.T
        return np.asarray(along @ np.linalg.inv(self.directions @ self.directions.T))

    def theta(self, uv: FloatArray) -> FloatArray:
        """The point of parameter space at (u, v): (..., 2) to (..., P)."""
        return self.origin + np.asarray(uv, dtype=np.float64) @ self.directions

    def distance(self, theta: Array) -> FloatArray:
        """How far theta lies from the plane: (..., P) to (...,)."""
        return np.asarray(np.linalg.norm(theta - self.theta(self.coordinates(theta)), axis=-1))


def plane_of(trace: Trace, last: int | None = None) -> Plane:
    """The plane nearest to the path (least squares): its mean and its two principal directions.

    Every kept state counts once, up to that after ``last`` updates (by default the end); of a path too large for memory
    evenly spaced ones, but ``share`` is always of all of them. Each direction's largest entry is positive, so that the
    picture never comes out mirrored. A path that stays in a point or on a line gets the parameter axes it is least
    along as what is missing. PathError for a path that runs off to infinity, UserError for a single parameter.
    """
    rows, width = _rows(trace, last), trace.parameters.shape[1]
    if width < 2:
        raise UserError(f"{trace.path}: a plane needs two parameters at least, and this run has {width}")
    most = min(max(2, _LARGEST // width), rows if width <= _MOST_ROWS else _MOST_ROWS)
    path = trace.parameters[evenly_spaced_indices(rows, most)].astype(np.float64)  # (R, P)
    if not np.isfinite(path).all():
        raise _broken(trace, rows)
    origin = path.mean(axis=0)
    path -= origin
    directions = _completed(_main_directions(path, float(np.abs(origin).max())), width)
    return Plane(origin, directions, _share(trace, rows, origin, directions))


def loss_grid(experiment: Experiment, plane: Plane, u: FloatArray, v: FloatArray) -> FloatArray:
    """The loss over all examples trained on at each (u, v): u (m,) and v (n,) to (n, m), a row for each v.

    That of `theta.loss` at `plane.theta`, in float64; inf or NaN where a value passes 1e308.
    """
    cells = np.stack(np.meshgrid(u, v), axis=-1).reshape(-1, 2)
    grid, count = np.empty(len(cells)), max(1, _HELD // experiment.n_parameters)
    for start in range(0, len(cells), count):
        grid[start : start + count] = loss(experiment, plane.theta(cells[start : start + count]))
    return grid.reshape(len(v), len(u))


def view_around(points: FloatArray, width: float, height: float, margin: float = 0.24) -> tuple[FloatArray, FloatArray]:
    """Ranges (low, high) of u and v around ``points`` (n, 2), both to one scale for a picture ``width`` x ``height``.

    ``margin`` is the share of the picture left free on each side. One scale, so that directions on the map are true.
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
    """Increasing levels between ``bands`` bands of the grid ``loss``, (bands - 1,), or fewer where it hardly varies.

    Half way between even steps of the logarithm, which show how deep the valley is, and bands of equal area, which show
    how the slopes run; each is rounded to two digits, if that leaves them apart.
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


def _rows(trace: Trace, last: int | None) -> int:
    """How many kept states there are up to that after ``last`` updates."""
    return len(trace.kept) if last is None else trace.row(last) + 1


def _main_directions(offsets: FloatArray, extent: float) -> list[FloatArray]:
    """Up to two orthonormal directions along which offsets (R, P) from their mean spread most. Overwrites ``offsets``.

    Each is the top eigenvector of the smaller of the Gram matrices and is then taken out of the offsets, so that the
    second is as exact as the first. Spread that rounding of ``extent``, the origin's largest entry, would explain does
    not count.
    """
    extent = max(extent, float(np.abs(offsets).max()))
    found: list[FloatArray] = []
    if extent == 0.0:
        return found
    offsets /= extent
    for _ in range(2):
        wide = offsets.shape[0] < offsets.shape[1]
        _, vectors = np.linalg.eigh(offsets @ offsets.T if wide else offsets.T @ offsets)
        direction = vectors[:, -1] @ offsets if wide else vectors[:, -1]
        for other in found:
            direction = direction - (direction @ other) * other
        length = float(np.linalg.norm(direction))
        along = offsets @ (direction / (length or 1.0))
        if np.linalg.norm(along) <= 1e-12 * np.sqrt(len(offsets)):
            break
        found.append(direction / length)
        offsets -= along[:, None] * found[-1]
    return found


def _completed(directions: list[FloatArray], n_parameters: int) -> FloatArray:
    """Two orthonormal directions, signs fixed: those given, then parameter axes made orthogonal to them."""
    found = [*directions]
    while len(found) < 2:
        along = np.sum(np.square(found), axis=0) if found else np.zeros(n_parameters)
        axis = np.zeros(n_parameters)
        axis[int(np.argmin(along))] = 1.0
        for direction in found:
            axis = axis - (axis @ direction) * direction
        found.append(axis / np.linalg.norm(axis))
    return np.stack([direction * np.sign(direction[np.abs(direction).argmax()]) for direction in found])


def _share(trace: Trace, rows: int, origin: FloatArray, directions: FloatArray) -> float:
    """Of the squared distances of the first ``rows`` kept states from their mean: the share along the directions.

    All of these states, read once, a few at a time; 1 for a path that stays where it is.
    """
    basis = np.linalg.qr(directions.T)[0]  # (P, 2)
    width = len(origin)
    moved, along = np.zeros(width), np.zeros(2)
    squares = squares_along = extent = 0.0
    step = max(1, _READ // width)
    for start in range(0, rows, step):
        offsets = trace.parameters[start : min(start + step, rows)] - origin  # (step, P), float64
        coordinates = offsets @ basis
        squares += float(np.vdot(offsets, offsets))
        squares_along += float(np.vdot(coordinates, coordinates))
        moved += offsets.sum(axis=0)
        along += coordinates.sum(axis=0)
        extent = max(extent, float(np.abs(offsets).max()))
    if not np.isfinite(squares):
        raise _broken(trace, rows)
    total = squares - float(moved @ moved) / rows  # about their mean
    if total <= rows * width * (1e-12 * max(extent, float(np.abs(origin).max()))) ** 2:
        return 1.0
    return min(1.0, max(0.0, (squares_along - float(along @ along) / rows) / total))


def _broken(trace: Trace, rows: int) -> PathError:
    """The error for a path that is not finite everywhere, or so far out that its distances are not."""
    row = next((r for r in range(rows) if not float(np.abs(trace.parameters[r]).max()) <= FARTHEST), rows - 1)
    found = f"{trace.path}: theta after {trace.kept[row]} updates is not a point: the run went off to infinity"
    return PathError(found, int(trace.kept[row - 1]) if row else None)
