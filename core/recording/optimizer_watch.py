"""Notices when a loop, or its scheduler, changes an optimizer: what each update is made by."""

import math
import operator
from collections.abc import Iterator
from itertools import chain
from typing import Any

import numpy as np
import torch
from gradreel.core.trace.recorded_run import COMPUTED_KINDS, Plain

Setting = Plain | tuple[float, ...]

WATCHED = (
    "momentum", "dampening", "nesterov", "maximize", "betas", "eps", "amsgrad",
    "weight_decay", "decoupled_weight_decay",
)  # fmt: skip
"""Settings that an update is computed from, beside the learning rate."""


class OptimizerWatch:
    """Compares an optimizer's settings and state before each update with what they were after the last one.

    ``changed``: the parameter groups whose updates cannot be computed again: the loop changed their list of parameters,
    the optimizer's state, or a setting in a way that is no change of a number. The state is compared for
    `COMPUTED_KINDS` alone.
    """

    def __init__(self, optimizer: torch.optim.Optimizer, kind: str) -> None:
        self.changed: set[int] = set()
        self._optimizer, self._remembers = optimizer, kind in COMPUTED_KINDS
        self._seen: list[list[Any]] = []  # the values in each group, to see quickly that nothing changed
        self._has_tensors = False
        self._settings: list[dict[str, Setting]] = []  # of each group
        self._lengths: list[int] = []
        self._memory = self._memory_now()
        remembered = self._memory[0] if self._remembers else optimizer.state
        self.fresh = all(value is None for value in remembered)

    def before(self) -> list[tuple[int, str, float]]:
        """To be called before each update. Returns the group, name and number of each setting that has changed."""
        if self._remembers and not _same(self._memory, self._memory_now()):
            self.changed |= set(range(len(self._optimizer.param_groups)))
        groups = self._optimizer.param_groups
        seen = [[len(group["params"]), *group.values()] for group in groups]
        if not self._has_tensors and _equal(seen, self._seen):
            return []
        self._seen = seen
        self._has_tensors = any(_is_tensor(value) for group in seen for value in group)  # may change in place
        fewer = len(groups) < len(self._lengths)
        for j, (group, length) in enumerate(zip(groups, self._lengths, strict=False)):
            if fewer or len(group["params"]) != length:
                self.changed.add(j)
        self._lengths = [len(group["params"]) for group in groups] + self._lengths[len(groups) :]
        return list(chain.from_iterable(self._changes(j, group) for j, group in enumerate(groups)))

    def after(self) -> None:
        """To be called after each update."""
        if self._remembers:
            self._memory = self._memory_now()

    def _changes(self, j: int, group: dict[str, Any]) -> Iterator[tuple[int, str, float]]:
        """Yields the settings of a group that are other numbers than when they were last seen."""
        now = dict(settings_of(group))
        if j == len(self._settings):
            self._settings.append(now)
        known = self._settings[j]
        for name in {**known, **now} if known != now else ():
            old, new = _numbers(name, known.get(name)), _numbers(name, now.get(name))
            if old.keys() == new.keys():
                yield from ((j, key, new[key]) for key in new if new[key] != old[key])
            elif name in WATCHED or name == "lr":
                self.changed.add(j)
        known.update({name: value for name, value in now.items() if name in known})

    def _memory_now(self) -> tuple[list[Any], int]:
        """What the optimizer remembers, and how often all tensors of that have been written to: no count ever falls."""
        if not self._remembers:
            return [], 0
        values = list(chain.from_iterable(map(dict.values, self._optimizer.state.values())))
        try:
            return values, sum(map(_times_written, values))
        except (AttributeError, RuntimeError):  # no tensor, or one of torch.inference_mode()
            return values, 0


def settings_of(group: dict[str, Any]) -> Iterator[tuple[str, Setting]]:
    """A parameter group's settings, as far as they are plain numbers, words or tuples of numbers."""
    for name, value in group.items():
        if name in ("params", "param_names") or not isinstance(name, str):
            continue
        plain = _plain(value)
        if isinstance(value, (tuple, list)):
            numbers = [number for entry in value if isinstance(number := _plain(entry), (int, float))]
            if len(numbers) == len(value):
                yield name, tuple(map(float, numbers))
        elif plain is not None or value is None:
            yield name, plain


def _numbers(name: str, value: Setting) -> dict[str, float]:
    """A setting as numbers, by name: {"betas.0": 0.9, "betas.1": 0.999}; none of a text or None."""
    if isinstance(value, tuple):
        return {f"{name}.{i}": number for i, number in enumerate(value)}
    if isinstance(value, str) and value in ("inf", "-inf", "nan"):
        return {name: float(value)}
    return {name: float(value)} if isinstance(value, (bool, int, float)) else {}


def _plain(value: Any) -> Plain:
    if isinstance(value, (torch.Tensor, np.generic)) and getattr(value, "size", None) is not None:
        value = value.item() if np.prod(value.shape) == 1 else None
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if isinstance(value, (bool, int, float, str)) else None


def _is_tensor(value: Any) -> bool:
    if isinstance(value, tuple):
        return any(isinstance(entry, torch.Tensor) for entry in value)
    return isinstance(value, torch.Tensor)


def _equal(now: list[list[Any]], before: list[list[Any]]) -> bool:
    """Whether the same values are there; False also where they cannot be compared, as some arrays cannot."""
    try:
        return now == before
    except (RuntimeError, ValueError):
        return False


_times_written = operator.attrgetter("_version")


def _same(a: tuple[list[Any], int], b: tuple[list[Any], int]) -> bool:
    return a[1] == b[1] and len(a[0]) == len(b[0]) and all(map(operator.is_, a[0], b[0]))
