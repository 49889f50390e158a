"""Models and optimizers that cannot be recorded, refused in words."""

from collections.abc import Sequence

import torch
from gradreel.core.errors import UserError


def refuse_others(model: object, optimizers: Sequence[object], none_needed: bool = False) -> None:
    """UserError if they are no model and no optimizers, each once; ``none_needed``: the model alone will do."""
    if not isinstance(model, torch.nn.Module):
        raise UserError(f"record was given a {type(model).__name__} as model; it needs a torch.nn.Module")
    if not optimizers and not none_needed:
        raise UserError(
            "record was given no optimizer; it needs the one whose step() the loop calls, or None, to find those that "
            "train the model"
        )
    for optimizer in optimizers:
        hooks = getattr(optimizer, "_optimizer_step_pre_hooks", None)
        if not isinstance(optimizer, torch.optim.Optimizer) or hooks is None:
            raise UserError(
                f"record was given a {type(optimizer).__name__} as optimizer; it needs a torch.optim.Optimizer, or a "
                "list of them; if this one wraps another, give record that one"
            )
    if len({id(optimizer) for optimizer in optimizers}) < len(optimizers):
        raise UserError("record was given the same optimizer twice; give it each once")


def refuse_unrecordable(named: dict[str, torch.Tensor]) -> None:
    """UserError if one of them has no real numbers in memory of its own, or if there is nothing to record."""
    for name, tensor in named.items():
        if torch.nn.parameter.is_lazy(tensor):
            raise UserError(f"{name} has no shape yet: run one batch through the model before record")
        if tensor.is_meta:
            raise UserError(f"{name} is on the meta device and has no numbers: give the model its parameters first")
        if not tensor.is_floating_point():
            raise UserError(f"{name} is of type {tensor.dtype}; record needs parameters that are real numbers")
        if not lies_in_memory(tensor):
            kind = type(tensor).__name__ if tensor.layout == torch.strided else str(tensor.layout)
            raise UserError(
                f"{name} ({kind}) has no memory of its own with a number for each entry, as sparse, sharded and "
                "quantised parameters have none; record needs plain ones"
            )
    if not any(tensor.numel() for tensor in named.values()):
        raise UserError("the model has no parameters, so there is nothing to record: give record the model that learns")


def lies_in_memory(tensor: torch.Tensor) -> bool:
    """Whether its numbers stand one by one where its address says. To copy others' bytes would be a crash."""
    if tensor.layout != torch.strided or tensor.is_nested or tensor.is_neg():
        return False
    return not (tensor.is_cpu and tensor.numel() and tensor.data_ptr() == 0)  # 0 where other tensors hold the numbers


def refuse_anothers(model: torch.nn.Module, optimizers: Sequence[torch.optim.Optimizer]) -> None:
    """UserError if no optimizer trains anything of the model."""
    held = {id(tensor) for optimizer in optimizers for group in optimizer.param_groups for tensor in group["params"]}
    if not any(id(tensor) in held for tensor in model.parameters()):
        kinds = ", ".join(type(optimizer).__name__ for optimizer in optimizers)
        raise UserError(
            f"record was given a {type(model).__name__}, and none of its {len(list(model.parameters()))} parameter "
            f"tensors is in the optimizer ({kinds}); it needs a model and the optimizer that trains it. A model "
            "that was copied, or made anew, after its optimizer has other tensors: make the optimizer from those"
        )
