"""Hooks around an optimizer's step that see the update itself, whatever other hooks the optimizer has."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from torch.optim.optimizer import register_optimizer_step_post_hook

if TYPE_CHECKING:
    import torch
    from torch.utils.hooks import RemovableHandle


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


@contextmanager
def after_any_step(hook: Callable[..., None]) -> Iterator[None]:
    """Call ``hook`` after each step of whichever optimizer, after that optimizer's own post-hooks."""
    _every_step.add(hook)
    try:
        yield
    finally:
        _every_step.remove(hook)


class _EveryStep:
    """One hook of torch's for all who listen.

    torch goes through its hooks of all optimizers after each step in whichever thread, and a step raises when they
    change meanwhile. So other threads' steps must not see ours come and go with every recording: it stays while one
    lasts, and for good where other threads may be training.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: tuple[Callable[..., None], ...] = ()  # never changed in place: another thread may be in it
        self._handle: RemovableHandle | None = None

    def add(self, hook: Callable[..., None]) -> None:
        with self._lock:
            self._listeners += (hook,)
            if self._handle is None:
                self._handle = register_optimizer_step_post_hook(self._tell)

    def remove(self, hook: Callable[..., None]) -> None:
        with self._lock:
            self._listeners = tuple(other for other in self._listeners if other is not hook)
            if self._handle is not None and not self._listeners and threading.active_count() == 1:
                self._handle.remove()
                self._handle = None

    def _tell(self, optimizer: torch.optim.Optimizer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        for hook in self._listeners:
            hook(optimizer, args, kwargs)


_every_step = _EveryStep()
