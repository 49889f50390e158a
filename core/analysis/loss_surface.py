"""The loss at each point of a grid on a plane through parameter space."""

import numpy as np
from gradreel.core.analysis.planes import Plane
from gradreel.core.arrays import FloatArray
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import loss

_HELD = 1 << 20  # numbers of thetas that are held at once (8 MB)


def loss_grid(experiment: Experiment, plane: Plane, u: FloatArray, v: FloatArray) -> FloatArray:
    """The loss over all examples trained on at each (u, v): u (m,) and v (n,) to (n, m), a row for each v.

    That of `theta.loss` at `plane.theta`, in float64; inf or NaN where a value passes 1e308.
    """
    cells = np.stack(np.meshgrid(u, v), axis=-1).reshape(-1, 2)
    grid, count = np.empty(len(cells)), max(1, _HELD // experiment.n_parameters)
    for start in range(0, len(cells), count):
        grid[start : start + count] = loss(experiment, plane.theta(cells[start : start + count]))
    return grid.reshape(len(v), len(u))
