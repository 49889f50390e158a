"""Hooks around an optimizer's step that see the update itself, whatever other hooks the optimizer has.

A compiled step (`torch.compile`) calls them but does not compile them.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import cache, wraps
from typing import TYPE_CHECKING, Any, TypeVar

import torch
from torch.amp.grad_scaler import GradScaler
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

if TYPE_CHECKING:
    from torch.utils.hooks import RemovableHandle

F = TypeVar("F", bound=Callable[..., Any])


@contextmanager
def last_before_step(optimizer: torch.optim.Optimizer, hook: Callable[..., None]) -> Iterator[None]:
    """Call ``hook`` before each step, after all other pre-hooks of this optimizer, including those added later.

    Those hooks may change the gradients or the parameters.
    """
    handle = optimizer.register_step_pre_hook(not_compiled(hook))
    own, name = vars(optimizer), "register_step_pre_hook"
    register, own_register = optimizer.register_step_pre_hook, own.get(name)

    def register_earlier(other: Any) -> Any:
        """Register another hook, then move ours behind it; return the other's handle."""
        other_handle, hooks = register(other), optimizer._optimizer_step_pre_hooks
        if handle.id in hooks:
            hooks[handle.id] = hooks.pop(handle.id)
        return other_handle

    own[name] = register_earlier
    try:
        yield
    finally:
        handle.remove()
        if own_register is not None:
            own[name] = own_register
        elif own.get(name) is register_earlier:
            del own[name]


@contextmanager
def first_after_step(optimizer: torch.optim.Optimizer, hook: Callable[..., None]) -> Iterator[None]:
    """Call ``hook`` after each step, before all other post-hooks of this optimizer.

    Changes that those make to the parameters are not part of the update.
    """
    handle = optimizer.register_step_post_hook(not_compiled(hook))
    _put_first(optimizer._optimizer_step_post_hooks, handle)
    try:
        yield
    finally:
        handle.remove()


@contextmanager
def first_after_gradient(tensors: list[torch.Tensor], hook: Callable[[torch.Tensor], None]) -> Iterator[None]:
    """Call ``hook`` after each of ``tensors`` gets a gradient, before its other hooks, which may make a step."""
    hook = not_compiled(hook)
    with ExitStack() as handles:
        for tensor in tensors:
            handle: RemovableHandle = tensor.register_post_accumulate_grad_hook(hook)  # type: ignore[no-untyped-call]
            handles.callback(handle.remove)
            _put_first(tensor._post_accumulate_grad_hooks, handle)
        yield


def not_compiled(function: F) -> F:
    """Return a function that compiled code calls as it is: `torch.compile` traces neither it nor what it calls."""
    disabled: F = torch.compiler.disable(function)  # type: ignore[no-untyped-call]
    return disabled


def _put_first(hooks: dict[int, Any], handle: RemovableHandle) -> None:
    """Move a hook to the front by inserting all others again: torch's C++ code follows insertion order."""
    hooks.update({other: hooks.pop(other) for other in list(hooks) if other != handle.id})


@contextmanager
def before_any_step(hook: Callable[..., None]) -> Iterator[None]:
    """Call ``hook`` before each step of any optimizer, before that optimizer's own pre-hooks."""
    with _before_each.calling(hook):
        yield


@contextmanager
def after_any_step(hook: Callable[..., None]) -> Iterator[None]:
    """Call ``hook`` after each step of any optimizer, after that optimizer's own post-hooks."""
    with _after_each.calling(hook):
        yield


@contextmanager
def around_scaled_step(hook: Callable[[Any], AbstractContextManager[None]]) -> Iterator[None]:
    """Enter ``hook(optimizer)`` around each step() of a GradScaler, which may skip the optimizer's own step().

    torch has no hook for that. So GradScaler.step is replaced, permanently, by a function that calls it.
    """
    global _around_scaled
    _replace_scaler_step()
    with _lock:
        _around_scaled += (hook,)
    try:
        yield
    finally:
        with _lock:
            _around_scaled = tuple(other for other in _around_scaled if other is not hook)


class _EveryStep:
    """One hook for all optimizers, shared by all listeners.

    At each step, in any thread, torch iterates over its hooks for all optimizers. A step raises if they change
    meanwhile. So our hook must not come and go with every recording while other threads train. It stays while a
    recording lasts, and permanently if other threads exist when the last one ends.
    """

    def __init__(self, register: Callable[[Any], RemovableHandle]) -> None:
        self._register = register
        self._listeners: tuple[Callable[..., None], ...] = ()  # replaced, never changed: other threads may iterate
        self._handle: RemovableHandle | None = None

    @contextmanager
    def calling(self, hook: Callable[..., None]) -> Iterator[None]:
        """Call ``hook`` at each step of any optimizer inside the context."""
        with _lock:
            self._listeners += (hook,)
            if self._handle is None:
                self._handle = self._register(not_compiled(self._call_listeners))
        try:
            yield
        finally:
            with _lock:
                self._listeners = tuple(other for other in self._listeners if other is not hook)
                if self._handle is not None and not self._listeners and threading.active_count() == 1:
                    self._handle.remove()
                    self._handle = None

    def _call_listeners(self, optimizer: torch.optim.Optimizer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Call all listeners."""
        for hook in self._listeners:
            hook(optimizer, args, kwargs)


_lock = threading.Lock()
_before_each = _EveryStep(register_optimizer_step_pre_hook)
_after_each = _EveryStep(register_optimizer_step_post_hook)
_around_scaled: tuple[Callable[[Any], AbstractContextManager[None]], ...] = ()


def _replace_lock() -> None:
    """(After a fork, in the new process.) Replace the lock, which a thread of the old process may have held."""
    global _lock
    _lock = threading.Lock()


os.register_at_fork(after_in_child=_replace_lock)


@cache
def _replace_scaler_step() -> None:
    """Replace GradScaler.step, once, by a function that enters all hooks of `around_scaled_step`."""
    plain = GradScaler.step

    @wraps(plain)
    def step(scaler: GradScaler, optimizer: torch.optim.Optimizer, *args: Any, **kwargs: Any) -> Any:
        """Make the scaler's own step inside all hooks."""
        with ExitStack() as stack:
            for hook in _around_scaled:
                stack.enter_context(hook(optimizer))
            return plain(scaler, optimizer, *args, **kwargs)

    step = torch.compiler.disable(step, recursive=False)  # type: ignore[no-untyped-call]
    setattr(GradScaler, "step", step)  # noqa: B010  (mypy: it is a method)
