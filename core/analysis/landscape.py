"""Computes the loss around the path of a recorded run, from the user's model and data (torch).

The two planes are those of Li et al., "Visualizing the Loss Landscape of Neural Nets" (2018): the main directions of
the path (section 7), and random directions whose filters are as long as those of the last state (section 4).
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from gradreel.core.analysis.planes import Plane, plane_of, view_around
from gradreel.core.arrays import FloatArray, evenly_spaced_indices
from gradreel.core.errors import TraceError, UserError
from gradreel.core.network.theta import split_theta
from gradreel.core.trace.landscape_file import Landscape, LossGrid
from gradreel.core.trace.recorded_run import RecordedRun

if TYPE_CHECKING:
    from gradreel.core.trace.trace import Trace

COARSE, FINE = 9, 65
"""Points along a side of the first grid, and of the finest one."""
SECONDS = 30.0
"""Seconds that computing a landscape may take, once the coarse grid is done."""
VIEWS = ((4.0, 3.0, 0.15), (2.1, 1.0, 0.24), (5.1, 1.0, 0.24))
"""Width, height and free margin of the pictures that show the path's plane: all of them are covered."""
BATCH = 1024
"""Examples whose loss is computed at once."""
_HELD = 20_000_000  # numbers of a path that are projected at once

Ends = FloatArray | tuple[float, float]
"""The least and the largest coordinate along a direction."""
LossOf = Callable[[Callable[..., Any]], Any]
"""Returns the loss, a tensor with one number, of a model that is called as the user's."""


def landscape_of(
    trace: Trace, model: torch.nn.Module, loss_of: LossOf, *, seconds: float = SECONDS, seed: int = 0
) -> Landscape:
    """Return the loss around the path of a recorded run, and around its last state in random directions.

    The model computes in evaluation mode, on its own device, with the buffers and frozen parameters of the run's last
    state. Its own numbers, its mode and all random states stay as they are. The grid is coarse first, `COARSE` points a
    side, and is then refined as long as the time allows, up to `FINE`.

    Parameters
    ----------
    trace
        The recorded run.
    model
        A model of the class that was recorded, in any state.
    loss_of
        Takes a model and returns its loss, such as ``lambda model: mse_loss(model(x), y)``.
    seconds
        How long refining may take.
    seed
        The seed of the random directions.

    Raises
    ------
    TraceError
        If Gradreel trained the run, or its tensors are not those of the model.
    UserError
        If the loss is not one number.
    """
    run = trace.run
    if not isinstance(run, RecordedRun):
        raise TraceError(f"{trace.path}: Gradreel trained this run; a landscape is for recorded ones")
    with _random_states_kept(), _Losses(trace, run, model, loss_of) as losses:
        plane = plane_of(trace)
        last = np.asarray(trace.parameters[-1], dtype=np.float64)
        around_last = Plane(last, _random_directions(run, last, seed), 1.0)
        ends = _view_of_path(trace, plane)
        deadline = time.monotonic() + seconds
        path = _grid_refined_until(losses, plane, *ends, time.monotonic() + seconds / 2)
        around = None
        if time.monotonic() < deadline:
            around = _grid_refined_until(losses, around_last, (-1.0, 1.0), (-1.0, 1.0), deadline, len(path.u))
            path = path if len(path.u) == len(around.u) else _grid_of_every_nth_point(path, len(around.u))
    return Landscape(path, around, seed)


def mean_loss(x: Any, y: Any, loss: Callable[[Any, Any], Any]) -> LossOf:
    """Return a ``loss_of`` that computes ``loss(model(x), y)`` in batches, and their mean weighted by their sizes.

    ``loss`` must be a mean over the examples, which are the first axis of ``x`` and ``y``.
    """

    def loss_of(model: Callable[..., Any]) -> float:
        total, count = 0.0, len(x)
        for start in range(0, count, BATCH):
            part = slice(start, start + BATCH)
            mean = torch.as_tensor(loss(model(x[part]), y[part])).detach()
            total += float(mean) * (min(start + BATCH, count) - start)
        return total / count

    return loss_of


class _Losses:
    """Computes the loss at any theta with the user's model; a context in which the model is in evaluation mode."""

    def __init__(self, trace: Trace, run: RecordedRun, model: torch.nn.Module, loss_of: LossOf) -> None:
        self._model, self._loss_of = model, loss_of
        self._buffers = [name for name, _ in model.named_buffers()]
        own = {**dict(model.named_parameters(remove_duplicate=False)), **dict(model.named_buffers())}
        self._fixed = {name: tensor.detach().clone() for name, tensor in own.items()}
        recorded = trace.state_dict(trace.n_updates)
        missing = sorted(recorded.keys() - own.keys())
        if missing:
            raise TraceError(f"{trace.path}: the model has no tensor {missing[0]!r}, which the run has; give its model")
        for name, tensor in recorded.items():
            if tensor.shape != own[name].shape:
                shapes = f"{tuple(tensor.shape)}, in the model {tuple(own[name].shape)}"
                raise TraceError(f"{trace.path}: {name} has shape {shapes}; give the model that was recorded")
            self._fixed[name] = tensor.to(own[name].device, own[name].dtype)
        names: Mapping[int, list[str]] = {
            i: [key for key, number in run.state_dict.items() if number == i] for i in range(len(run.parts))
        }
        self._parts = [(i, name, self._fixed[name]) for i, keys in names.items() for name in keys]
        self._shapes = [part.shape for part in run.parts]

    def __enter__(self) -> _Losses:
        """Put the model into evaluation mode."""
        self._modes = [(module, module.training) for module in self._model.modules()]
        self._model.eval()
        return self

    def __exit__(self, *_: object) -> None:
        """Put each module back into its own mode."""
        for module, training in self._modes:
            module.training = training

    def at(self, theta: FloatArray) -> float:
        """Return the loss at theta (P,)."""
        tensors, values = dict(self._fixed), split_theta(theta, self._shapes)
        for i, name, like in self._parts:
            tensors[name] = torch.as_tensor(values[i]).to(like.device, like.dtype)
        tensors |= {name: tensors[name].clone() for name in self._buffers}

        def model(*arguments: Any, **named: Any) -> Any:
            return torch.func.functional_call(self._model, tensors, arguments, named, tie_weights=False)

        with torch.no_grad():
            loss = self._loss_of(model)
        try:
            return float(loss)
        except (TypeError, ValueError, RuntimeError):
            raise UserError(f"the loss must be one number, such as a mean; it is a {type(loss).__name__}") from None


@contextmanager
def _random_states_kept() -> Iterator[None]:
    """Restore the random states of torch, numpy and Python afterwards."""
    states = random.getstate(), np.random.get_state()
    devices = list(range(torch.cuda.device_count()))
    with torch.random.fork_rng(devices):
        try:
            yield
        finally:
            random.setstate(states[0])
            np.random.set_state(states[1])


def _grid_refined_until(
    losses: _Losses, plane: Plane, u_ends: Ends, v_ends: Ends, deadline: float, most: int | None = None
) -> LossGrid:
    """Return the loss on a grid that is refined until the next one would not be done before ``deadline``.

    Each grid has all points of the one before, whose losses are not computed again.
    """
    known: dict[tuple[float, float], float] = {}
    points = COARSE
    while True:
        began = time.monotonic()
        u, v = np.linspace(u_ends[0], u_ends[1], points), np.linspace(v_ends[0], v_ends[1], points)
        stride = (FINE - 1) // (points - 1)
        for i, j in np.ndindex(points, points):
            key = (i * stride, j * stride)
            if key not in known:
                known[key] = losses.at(plane.theta(np.array([u[j], v[i]])))
        took = time.monotonic() - began
        finer = 2 * points - 1
        if finer > (most or FINE) or time.monotonic() + 4 * took > deadline:
            grid = np.array([[known[i * stride, j * stride] for j in range(points)] for i in range(points)])
            return LossGrid(u, v, grid)
        points = finer


def _grid_of_every_nth_point(grid: LossGrid, points: int) -> LossGrid:
    """Return a grid with only so many points a side, evenly spaced."""
    step = (len(grid.u) - 1) // (points - 1)
    return LossGrid(grid.u[::step], grid.v[::step], grid.loss[::step, ::step])


def _view_of_path(trace: Trace, plane: Plane) -> tuple[FloatArray, FloatArray]:
    """Return the ranges of u and v that all `VIEWS` of the path need."""
    rows = evenly_spaced_indices(len(trace.kept), max(2, min(len(trace.kept), _HELD // trace.n_parameters)))
    path = plane.coordinates(np.asarray(trace.parameters[rows], dtype=np.float64))
    views = [view_around(path, *view) for view in VIEWS]
    u, v = (np.array(axis) for axis in zip(*views, strict=True))  # (views, 2) each
    return np.array([u[:, 0].min(), u[:, 1].max()]), np.array([v[:, 0].min(), v[:, 1].max()])


def _random_directions(run: RecordedRun, theta: FloatArray, seed: int) -> FloatArray:
    """Return two random directions (2, P), each filter of them as long as that filter of ``theta``; 0 for biases.

    A filter is what leads to one output: a row of a matrix, or what follows the first axis of a larger tensor. If no
    tensor has filters, each tensor counts as one.
    """
    generator = np.random.default_rng(seed)
    directions = generator.standard_normal((2, len(theta)))
    shapes = [part.shape for part in run.parts]
    has_filters = any(len(shape) > 1 for shape in shapes)
    for direction in directions:
        for part, shape, own in zip(split_theta(direction, shapes), shapes, split_theta(theta, shapes), strict=True):
            if has_filters and len(shape) < 2:
                part[...] = 0.0
                continue
            filters = part.reshape(shape[0] if has_filters else 1, -1)
            lengths = np.linalg.norm(own.reshape(filters.shape), axis=1)
            filters *= (lengths / np.maximum(np.linalg.norm(filters, axis=1), 1e-300))[:, None]
    return directions
