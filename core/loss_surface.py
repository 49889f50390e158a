"""The loss over a plane through parameter space: the plane that a training run's path lies nearest to.

Li et al., "Visualizing the Loss Landscape of Neural Nets" (2018), section 7, with the path's own mean as origin and no
normalisation: distances on the plane are distances between thetas.
"""

from dataclasses import dataclass

import numpy as np
from gradreel.core.arrays import FloatArray
from gradreel.core.experiment import Experiment
from gradreel.core.theta import loss
from gradreel.core.trace import Trace

_LARGEST = 20_000_000  # numbers of a path that are decomposed at once (160 MB)


@dataclass(frozen=True, eq=False)
class Plane:
    """Points origin + u directions[0] + v directions[1] of parameter space."""

    origin: FloatArray  # (P,)
    directions: FloatArray  # (2, P)  orthonormal; the path spreads most along the first
    share: float  # of the path's squared distances from its mean: how much lies in the plane, 0 to 1

    def coordinates(self, theta: FloatArray) -> FloatArray:
        """(u, v) of the plane's point nearest to theta: (..., P) to (..., 2)."""
        return (theta - self.origin) @ self.directions.T

    def theta(self, uv: FloatArray) -> FloatArray:
        """The point of parameter space at (u, v): (..., 2) to (..., P)."""
        return self.origin + np.asarray(uv, dtype=np.float64) @ self.directions

    def distance(self, theta: FloatArray) -> FloatArray:
        """How far theta lies from the plane: (..., P) to (...,)."""
        return np.asarray(np.linalg.norm(theta - self.theta(self.coordinates(theta)), axis=-1))


def plane_of(trace: Trace, last: int | None = None) -> Plane:
    """The plane nearest to the path (least squares): its mean and its two principal directions.

    Every kept state counts once, up to that after ``last`` updates (by default the end); of a path too large for memory
    evenly spaced ones. Each direction's largest entry is positive, so that the picture never comes out mirrored. A path
    that stays in a point or on a line gets the parameter axes it is least along as what is missing.
    """
    rows = len(trace.kept) if last is None else trace.row(last) + 1
    count = min(rows, max(2, _LARGEST // trace.parameters.shape[1]))
    chosen = np.unique(np.linspace(0, rows - 1, count).round().astype(np.int64))
    path = trace.parameters[chosen]  # (R, P)
    origin = path.mean(axis=0)
    offsets = path - origin
    _, spread, principal = np.linalg.svd(offsets, full_matrices=False)
    extent = float(np.abs(path).max())
    found = int(np.sum(spread[:2] > 1e-12 * extent * np.sqrt(len(path))))
    directions = _completed(principal[:found], path.shape[1])
    squares = spread**2
    share = float(squares[:2].sum() / squares.sum()) if found else 1.0
    return Plane(origin, directions, share)


def loss_grid(experiment: Experiment, plane: Plane, u: FloatArray, v: FloatArray) -> FloatArray:
    """The loss over the whole dataset at each (u, v): u (m,) and v (n,) to (n, m), a row for each v."""
    uv = np.stack(np.meshgrid(u, v), axis=-1)  # (n, m, 2)
    return np.stack([loss(experiment, plane.theta(row)) for row in uv])


def _completed(directions: FloatArray, n_parameters: int) -> FloatArray:
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
