"""A recorded state as a state dict of torch."""

from typing import Any

import numpy as np
import torch
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import parameter_shapes
from gradreel.core.trace.recorded_run import RecordedRun
from numpy.typing import NDArray


def state_dict_of_trained(run: Experiment, theta: NDArray[Any]) -> dict[str, torch.Tensor]:
    """theta (P,) as that of a ``torch.nn.Sequential`` of Linear layers, the activation between them: "0.weight", ..."""
    parts = _parts(theta, parameter_shapes(run))  # weights and biases in turn
    tensors: dict[str, torch.Tensor] = {}
    for i, (weights, bias) in enumerate(zip(parts[::2], parts[1::2], strict=True)):
        tensors[f"{2 * i}.weight"] = weights.reshape(bias.numel(), -1)
        tensors[f"{2 * i}.bias"] = bias.reshape(-1)
    return tensors


def state_dict_of_recorded(
    run: RecordedRun, theta: NDArray[Any], buffers: NDArray[np.uint8] | None
) -> dict[str, torch.Tensor]:
    """theta (P,) and the bytes of the buffers as the state dict of the recorded model, by its keys.

    ValueError if what is known of the model contradicts itself.
    """
    try:
        parts = _parts(theta, run.part_shapes())
        tensors = [part.to(getattr(torch, known.dtype)) for part, known in zip(parts, run.parts, strict=True)]
        if buffers is not None:
            held = torch.split(torch.from_numpy(np.array(buffers)), [buffer.size for buffer in run.buffers])
            tensors += [
                part.clone().view(getattr(torch, known.dtype)).reshape(known.shape)
                for part, known in zip(held, run.buffers, strict=True)
            ]
        keys = {part.name: i for i, part in enumerate(run.parts)} if run.state_dict is None else run.state_dict
        return {key: tensors[i] for key, i in keys.items()}
    except (AttributeError, TypeError, IndexError, RuntimeError) as error:
        raise ValueError(str(error)) from None


def _parts(theta: NDArray[Any], shapes: tuple[tuple[str, tuple[int, ...]], ...]) -> list[torch.Tensor]:
    """A copy of theta (P,), cut into the parts of these names and shapes."""
    flat = torch.split(torch.from_numpy(np.array(theta)), [int(np.prod(shape)) for _, shape in shapes])
    return [part.reshape(shape) for part, (_, shape) in zip(flat, shapes, strict=True)]
