"""A recorded state as a state dict of torch."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from gradreel.core.experiment import Experiment
from gradreel.core.trace.recorded_run import RecordedRun
from gradreel.core.trace.tensor_copies import tensor_bytes
from gradreel.core.trace.tensor_places import tensor_at, tensor_places
from numpy.typing import NDArray


def state_dict_of_trained(run: Experiment, theta: NDArray[Any]) -> dict[str, torch.Tensor]:
    """Return theta (P,) as the state dict of a ``torch.nn.Sequential`` of Linear layers with the activation between
    them.

    The keys are "0.weight", "0.bias", "2.weight", ...
    """
    return {name: torch.tensor(tensor_at(theta, place)) for name, place in tensor_places(run).items()}


def state_dict_of_recorded(
    run: RecordedRun, theta: NDArray[Any], row: int, columns: Mapping[str, NDArray[Any]]
) -> dict[str, torch.Tensor]:
    """Return the model's state dict, by its own keys, at a row of the kept states.

    Parameters
    ----------
    run
        The recorded run.
    theta
        The state, (P,).
    row
        The state's row, which selects the copies of tensors outside theta.
    columns
        The columns tensor, tensor_row and tensor_bytes.

    Raises
    ------
    ValueError
        If the description of the model contradicts itself.
    """
    try:
        parts = _split_theta(theta, run.part_shapes())
        tensors = [part.to(getattr(torch, described.dtype)) for part, described in zip(parts, run.parts, strict=True)]
        for described, data in zip(run.tensors, tensor_bytes(run, columns, row) if run.tensors else (), strict=True):
            tensor = torch.empty(described.shape, dtype=getattr(torch, described.dtype), device="cpu")
            tensor.reshape(-1).view(torch.uint8).copy_(torch.from_numpy(np.array(data)))
            tensors.append(tensor)
        return {key: tensors[i] for key, i in run.state_dict.items()}
    except (AttributeError, TypeError, IndexError, RuntimeError) as error:
        raise ValueError(str(error)) from None


def _split_theta(theta: NDArray[Any], shapes: tuple[tuple[str, tuple[int, ...]], ...]) -> list[torch.Tensor]:
    """Return a copy of theta (P,), cut into parts of these names and shapes."""
    flat = torch.split(torch.from_numpy(np.array(theta)), [int(np.prod(shape)) for _, shape in shapes])
    return [part.reshape(shape) for part, (_, shape) in zip(flat, shapes, strict=True)]
