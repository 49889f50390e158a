"""Where each tensor of a network lies in theta, by the names of torch's state dict."""

from __future__ import annotations

import itertools
import math

import numpy as np
from gradreel.core.arrays import FloatArray
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import parameter_shapes
from gradreel.core.trace.recorded_run import RecordedRun

Place = tuple[slice, tuple[int, ...]]
"""The entries of theta that a tensor has, and the tensor's shape."""


def tensor_places(run: Experiment | RecordedRun) -> dict[str, Place]:
    """Return the place of each tensor in theta, by name, in theta's order.

    A recorded run has the names of the model's parameters, and the further keys of its state dict for shared ones. A
    trained run has the names of a ``torch.nn.Sequential`` of Linear layers with the activation between them:
    "0.weight", "0.bias", "2.weight", ...

    Examples
    --------
    >>> tensor_places(Experiment(hidden=(3,)))
    {'0.weight': (slice(0, 3, None), (3, 1)), '0.bias': (slice(3, 6, None), (3,)),
     '2.weight': (slice(6, 9, None), (1, 3)), '2.bias': (slice(9, 10, None), (1,))}
    """
    if isinstance(run, RecordedRun):
        named_shapes = list(run.part_shapes())
    else:
        shapes = [shape for _, shape in parameter_shapes(run)]  # weights and bias of each layer in turn
        named_shapes = []
        for layer, (weights, bias) in enumerate(zip(shapes[::2], shapes[1::2], strict=True)):
            named_shapes += [
                (f"{2 * layer}.weight", (math.prod(bias), weights[-1])),
                (f"{2 * layer}.bias", (math.prod(bias),)),
            ]
    ends = list(itertools.accumulate(math.prod(shape) for _, shape in named_shapes))
    places = [(slice(end - math.prod(shape), end), shape) for end, (_, shape) in zip(ends, named_shapes, strict=True)]
    by_name = {name: place for (name, _), place in zip(named_shapes, places, strict=True)}
    if isinstance(run, RecordedRun):
        by_name |= {key: places[number] for key, number in run.state_dict.items() if number < len(places)}
    return by_name


def tensor_at(theta: FloatArray, place: Place) -> FloatArray:
    """Return the tensor at ``place`` of theta, (..., P), as a view of shape (..., *shape)."""
    entries, shape = place
    return np.asarray(theta)[..., entries].reshape((*theta.shape[:-1], *shape))
