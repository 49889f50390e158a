"""A recorded state as a state dict of torch."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import split_theta
from gradreel.core.trace.recorded_run import RecordedRun
from gradreel.core.trace.tensor_copies import tensor_bytes
from gradreel.core.trace.tensors import tensors_of
from numpy.typing import NDArray


def state_dict_of_trained(run: Experiment, theta: NDArray[Any]) -> dict[str, torch.Tensor]:
    """Return theta (P,) as the state dict of a ``torch.nn.Sequential`` of Linear layers with the activation between
    them.

    The keys are "0.weight", "0.bias", "2.weight", ...
    """
    return {name: torch.tensor(tensor) for name, tensor in tensors_of(run, theta).items()}


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
        parts = split_theta(theta, [described.shape for described in run.parts])
        tensors = [
            torch.tensor(part).to(getattr(torch, described.dtype))
            for part, described in zip(parts, run.parts, strict=True)
        ]
        for described, data in zip(run.tensors, tensor_bytes(run, columns, row) if run.tensors else (), strict=True):
            tensor = torch.empty(described.shape, dtype=getattr(torch, described.dtype), device="cpu")
            tensor.reshape(-1).view(torch.uint8).copy_(torch.from_numpy(np.array(data)))
            tensors.append(tensor)
        return {key: tensors[i] for key, i in run.state_dict.items()}
    except (AttributeError, TypeError, IndexError, RuntimeError) as error:
        raise ValueError(str(error)) from None
