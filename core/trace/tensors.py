"""The tensors of a network in theta, by the names of torch's state dict."""

from __future__ import annotations

import math

from gradreel.core.arrays import FloatArray
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import parameter_shapes, split_theta
from gradreel.core.trace.recorded_run import RecordedRun


def tensors_of(run: Experiment | RecordedRun, theta: FloatArray) -> dict[str, FloatArray]:
    """Return the tensors in theta (..., P) by name, in theta's order, each as a view (..., *its shape).

    A recorded run has the names of the model's parameters, and the further keys of its state dict for shared ones. A
    trained run has the names of a ``torch.nn.Sequential`` of Linear layers with the activation between them:
    "0.weight", "0.bias", "2.weight", ...

    Examples
    --------
    >>> import numpy as np
    >>> run = Experiment(hidden=(3,))
    >>> {name: tensor.shape for name, tensor in tensors_of(run, np.zeros(run.n_parameters)).items()}
    {'0.weight': (3, 1), '0.bias': (3,), '2.weight': (1, 3), '2.bias': (1,)}
    """
    if isinstance(run, RecordedRun):
        parts = split_theta(theta, [part.shape for part in run.parts])
        by_name = {part.name: tensor for part, tensor in zip(run.parts, parts, strict=True)}
        return by_name | {key: parts[number] for key, number in run.state_dict.items() if number < len(parts)}
    names, shapes = [], []
    for layer, (weights, bias) in enumerate(_layer_shapes(run)):
        outputs = math.prod(bias)  # torch has an axis for a single output, theta has not
        names += [f"{2 * layer}.weight", f"{2 * layer}.bias"]
        shapes += [(outputs, weights[-1]), (outputs,)]
    return dict(zip(names, split_theta(theta, shapes), strict=True))


def _layer_shapes(experiment: Experiment) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Return the shapes of weights and bias of each layer."""
    shapes = [shape for _, shape in parameter_shapes(experiment)]
    return list(zip(shapes[::2], shapes[1::2], strict=True))
