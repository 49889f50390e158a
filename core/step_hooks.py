"""Hooks around an optimizer's step that see the update itself, whatever other hooks the optimizer has."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


@contextmanager
def last_before_step(optimizer: torch.optim.Optimizer, hook: Callable[..., None]) -> Iterator[None]:
    """Call ``hook`` before each step, after all other pre-hooks of this optimizer, also those that are added meanwhile.

    They may change the gradients, or the parameters.
    """
    handle = optimizer.register_step_pre_hook(hook)
    own, name = vars(optimizer), "register_step_pre_hook"
    register, before = optimizer.register_step_pre_hook, own.get(name)

    def register_earlier(other: Any) -> Any:
        others, hooks = register(other), optimizer._optimizer_step_pre_hooks
        if handle.id in hooks:
            hooks[handle.id] = hooks.pop(handle.id)
        return others

    own[name] = register_earlier
    try:
        yield
    finally:
        handle.remove()
        if before is not None:
            own[name] = before
        elif own.get(name) is register_earlier:
            del own[name]


@contextmanager
def first_after_step(optimizer: torch.optim.Optimizer, hook: Callable[..., None]) -> Iterator[None]:
    """Call ``hook`` after each step, before all other post-hooks of this optimizer.

    What they do to the parameters is no part of the update.
    """
    handle = optimizer.register_step_post_hook(hook)
    hooks = optimizer._optimizer_step_post_hooks
    hooks.update({other: hooks.pop(other) for other in list(hooks) if other != handle.id})
    try:
        yield
    finally:
        handle.remove()
