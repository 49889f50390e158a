"""Computes what a recorded model answers about points of the plane, at some of its recorded states."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from gradreel.core.analysis.class_plane import GRID, MOST_CLASSES, PlaneView
from gradreel.core.analysis.recorded_plane import MOST_NUMBERS, MOST_POINTS, PlaneFile
from gradreel.core.arrays import FloatArray, IntArray
from gradreel.core.errors import UserError
from gradreel.core.trace.recorded_run import RecordedRun
from numpy.typing import ArrayLike

if TYPE_CHECKING:
    from gradreel.core.trace.trace import Trace

MOST_STATES = 120
AT_ONCE = 1 << 14  # places that the model is asked about at once


def keep_plane_answers(trace: Trace, model: torch.nn.Module, points: ArrayLike, labels: ArrayLike) -> None:
    """Compute the answers of ``model`` and write them beside ``trace``; see `Trace.decision_regions`."""
    if not isinstance(trace.run, RecordedRun):
        raise UserError(f"{trace.path} was trained by Gradreel, which knows its points and its network; nothing to add")
    places, classes = _points_of(points), _labels_of(labels)
    if len(places) != len(classes):
        raise UserError(f"{len(places)} points and {len(classes)} labels; needed: one label for each point")
    view = PlaneView.around(places)
    asked = np.concatenate([places, view.grid(GRID)])
    network = _copy_for_answers(model)
    logits: list[FloatArray] = []
    n_classes, rows = 0, np.empty(0, dtype=int)
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        first = _answers(trace, network, 0, asked)
        n_classes = first.shape[1]
        if classes.max() >= n_classes:
            raise UserError(
                f"label {classes.max()}, but the model answers for {n_classes} classes, 0 to {n_classes - 1}"
            )
        if n_classes > MOST_CLASSES:
            raise UserError(f"the model answers for {n_classes} classes; needed: at most {MOST_CLASSES}")
        rows = _computed_rows(len(trace), first.size)
        logits = [first, *(_answers(trace, network, int(row), asked) for row in rows[1:])]
        layers = _layers(trace, network, np.concatenate([places, view.sheet()]))
    PlaneFile.write(trace, rows, places, classes, _as_logits(trace, np.stack(logits)), *layers)


def _points_of(points: ArrayLike) -> FloatArray:
    """Return points as an array (N, 2). Raises UserError for anything else."""
    array = _plain_array(points, "points")
    if array.ndim != 2 or array.shape[1] != 2 or not len(array):
        raise UserError(
            f"points of shape {array.shape}; needed: (N, 2), x1 and x2 of each point. decision-regions and layer-view "
            "draw models with two inputs; loss-curve and network draw any"
        )
    if len(array) > MOST_POINTS:
        raise UserError(f"{len(array)} points; needed: at most {MOST_POINTS}, such as points[:{MOST_POINTS}]")
    if not np.isfinite(array).all():
        raise UserError("points: some are not finite numbers; leave them out")
    return array


def _labels_of(labels: ArrayLike) -> IntArray:
    """Return labels as whole numbers (N,) from 0. Raises UserError for anything else."""
    array = _plain_array(labels, "labels")
    array = array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array
    if array.ndim != 1 or not (array == np.floor(array)).all() or not (array >= 0).all() or array.max(initial=0) > 1e6:
        raise UserError(
            f"labels of shape {array.shape}; needed: (N,), the class of each point as a whole number from 0"
        )
    return array.astype(np.int64)


def _plain_array(values: Any, name: str) -> FloatArray:
    """Return an array or a tensor as float64. Raises UserError if it holds no numbers."""
    try:
        if isinstance(values, torch.Tensor):
            values = values.detach().to("cpu", torch.float64)  # numpy has no bfloat16
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise UserError(f"{name}: {error}; needed: an array or a tensor of numbers") from None


def _copy_for_answers(model: torch.nn.Module) -> torch.nn.Module:
    """Return a copy of ``model`` on the CPU in evaluation mode. Raises UserError if it cannot be copied."""
    if not isinstance(model, torch.nn.Module):
        raise UserError(f"model: found {type(model).__name__}; needed: the torch.nn.Module that was recorded")
    inner = getattr(model, "_orig_mod", model)  # a compiled model shares the weights of this one
    try:
        return copy.deepcopy(inner).to("cpu").eval().requires_grad_(False)
    except (RuntimeError, TypeError, AttributeError) as error:
        raise UserError(
            f"the model cannot be copied: {str(error).splitlines()[0]}; pass a new one of the same class and sizes"
        ) from None


def _answers(trace: Trace, network: torch.nn.Module, row: int, places: FloatArray) -> FloatArray:
    """Return the outputs at places (n, 2) of the state in ``row``, (n, K); for one output, its logits are 0 and z."""
    _load(trace, network, row)
    return np.concatenate(
        [_outputs(network, places[start : start + AT_ONCE]) for start in range(0, len(places), AT_ONCE)]
    )


def _load(trace: Trace, network: torch.nn.Module, row: int) -> None:
    """Give the network the state in ``row``. Raises UserError if names or shapes differ."""
    try:
        network.load_state_dict(trace.state_dict(int(trace.kept[row])))
    except RuntimeError as error:
        lines = [line.strip() for line in str(error).splitlines()]
        raise UserError(
            f"{trace.path}: this model is not the recorded one: {' '.join(lines[1:2] or lines)[:200]}; pass the model"
            " that was recorded, or one of the same class and sizes"
        ) from None


def _outputs(network: torch.nn.Module, places: FloatArray) -> FloatArray:
    """Return the model's outputs at places (n, 2), (n, K) in float64."""
    dtype = next((part.dtype for part in network.parameters() if part.is_floating_point()), torch.float32)
    try:
        said = network(torch.tensor(places, dtype=dtype))
    except (RuntimeError, ValueError, TypeError, IndexError) as error:
        raise UserError(
            f"the model takes no points (n, 2): {str(error).splitlines()[0][:200]}; needed: a model with two inputs; "
            "loss-curve and network draw any model"
        ) from None
    said = getattr(said, "logits", said)
    if not isinstance(said, torch.Tensor) or said.shape[0] != len(places) or said.dim() > 2:
        found = f"a tensor {tuple(said.shape)}" if isinstance(said, torch.Tensor) else type(said).__name__
        raise UserError(f"the model answers with {found}; needed: a tensor (n, K), or (n,) for the logit of class 1")
    numbers = said.to(torch.float64).reshape(len(places), -1).numpy()
    return np.column_stack([np.zeros(len(places)), numbers]) if numbers.shape[1] == 1 else numbers


def _as_logits(trace: Trace, outputs: FloatArray) -> FloatArray:
    """Return outputs (S, n, K) as logits. Probabilities, as of a softmax at the model's end, become their logarithms.

    Raises UserError if a single output may be a probability or a logit.
    """
    with np.errstate(divide="ignore"):
        if (outputs >= 0).all() and np.allclose(outputs.sum(axis=-1), 1.0, atol=1e-3):
            return np.log(np.maximum(outputs, 1e-30))
    if outputs.shape[-1] == 2 and not outputs[..., 0].any() and outputs.min() >= 0 and outputs.max() <= 1:
        raise UserError(
            f"{trace.path}: all outputs lie between 0 and 1, so they may be probabilities; needed: logits. Pass the "
            "model without the sigmoid at its end, such as model[:-1]"
        )
    return outputs


def _computed_rows(n_kept: int, numbers_per_state: int) -> IntArray:
    """Return the kept states that are computed: at most `MOST_STATES`, dense at first, and few enough for memory."""
    most = int(np.clip(MOST_NUMBERS // numbers_per_state, 2, MOST_STATES))
    if n_kept <= most:
        return np.arange(n_kept)
    early = np.geomspace(1, n_kept, most // 2 + 1) - 1
    return np.unique(np.concatenate([early, np.linspace(0, n_kept - 1, most - most // 2)]).round().astype(int))


def _layers(
    trace: Trace, network: torch.nn.Module, places: FloatArray
) -> tuple[list[FloatArray], FloatArray, FloatArray]:
    """Return the values of each hidden layer at the last state, and weights and bias of the linear layer at the end.

    A hidden layer's values (n, H) are what the next ``torch.nn.Linear`` takes. Without a linear layer at the end, the
    list is empty.
    """
    _load(trace, network, len(trace) - 1)
    with _watched(network) as calls:
        said = network(torch.tensor(places, dtype=next(network.parameters()).dtype))
    said = getattr(said, "logits", said)
    if not calls:
        return [], np.empty((0, 0)), np.empty(0)
    last, _, output = calls[-1]
    if not _differ_by_constants(output.reshape(len(places), -1), said.reshape(len(places), -1)):
        return [], np.empty((0, 0)), np.empty(0)
    hidden = [taken.to(torch.float64).numpy() for _, taken, _ in calls[1:] if taken.dim() == 2]
    bias = last.bias if last.bias is not None else torch.zeros(last.out_features)
    return hidden, last.weight.to(torch.float64).numpy(), bias.to(torch.float64).numpy()


def _differ_by_constants(linear: torch.Tensor, said: torch.Tensor) -> bool:
    """Return whether ``said`` and ``linear`` (n, K) have the same differences between classes, as after a log-softmax.

    With K = 1, return whether they are equal.
    """
    if linear.shape != said.shape:
        return False
    if linear.shape[1] > 1:
        linear, said = (each - each.mean(dim=1, keepdim=True) for each in (linear, said))
    return torch.allclose(linear, said, rtol=1e-3, atol=1e-4, equal_nan=True)


@contextmanager
def _watched(network: torch.nn.Module) -> Iterator[list[tuple[torch.nn.Linear, torch.Tensor, torch.Tensor]]]:
    """Collect each call of a linear layer: the layer, what it takes and what it returns."""
    calls: list[tuple[torch.nn.Linear, torch.Tensor, torch.Tensor]] = []

    def collect(layer: torch.nn.Linear, taken: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        calls.append((layer, taken[0].clone(), output.clone()))

    hooks = [part.register_forward_hook(collect) for part in network.modules() if type(part) is torch.nn.Linear]
    try:
        yield calls
    finally:
        for hook in hooks:
            hook.remove()
