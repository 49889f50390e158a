"""Detects changes that a loop or its scheduler makes to an optimizer's settings and state."""

import math
import operator
from collections.abc import Iterator
from itertools import chain
from typing import Any

import numpy as np
import torch
import xxhash
from gradreel.core.recording.row_writer import plain_bytes
from gradreel.core.trace.recorded_run import COMPUTED_KINDS, Plain

Setting = Plain | tuple[float, ...]

WATCHED = (
    "momentum", "dampening", "nesterov", "maximize", "betas", "eps", "amsgrad",
    "weight_decay", "decoupled_weight_decay",
)  # fmt: skip
"""Settings that an update depends on, besides the learning rate."""
SAMPLED_ENTRIES = 16
"""Entries of each tensor of the optimizer state that are compared before an update. This finds writes through ``.data``
or numpy, which torch does not count."""


class OptimizerWatch:
    """Compares an optimizer's settings and state before each update with those after the last one.

    The optimizer state is compared for `COMPUTED_KINDS` only. torch counts writes to a tensor, but not those through
    ``.data`` or numpy. So some entries of each tensor are compared as well. A change of other entries alone is missed.

    Attributes
    ----------
    changed
        The parameter groups whose updates cannot be computed again. For them the loop changed the list of parameters,
        the optimizer state, or a setting in a way that is no change of a number.
    fresh
        Whether the optimizer had no state at the start.
    """

    def __init__(self, optimizer: torch.optim.Optimizer, kind: str) -> None:
        self.changed: set[int] = set()
        self._optimizer, self._compares_state = optimizer, kind in COMPUTED_KINDS
        self._seen: list[list[Any]] = []  # the values in each group, for a quick check that nothing changed
        self._has_tensors = False
        self._settings: list[dict[str, Setting]] = []  # settings of each group
        self._lengths: list[int] = []
        self._state = self._state_now()
        self._samples: list[list[torch.Tensor]] = []  # views, a list for each device and dtype
        self._sampled: list[torch.Tensor] = []  # copies of the samples after the last update
        state_values = self._state[0] if self._compares_state else optimizer.state
        self.fresh = all(value is None for value in state_values)

    def resume(self, settings: list[dict[str, Setting]]) -> None:
        """Compare with these settings of each group, the last ones of an earlier run, not with the present ones."""
        self._settings = settings

    def changes_before_update(self) -> list[tuple[int, str, float]]:
        """(Before each update.) Return the group, name and number of each setting that has changed."""
        if self._compares_state and not (_same(self._state, self._state_now()) and self._has_equal_samples()):
            self.changed |= set(range(len(self._optimizer.param_groups)))
        groups = self._optimizer.param_groups
        values_now = [[len(group["params"]), *group.values()] for group in groups]
        if not self._has_tensors and _equal(values_now, self._seen):
            return []
        self._seen = values_now
        self._has_tensors = any(_is_tensor(value) for group in values_now for value in group)  # may change in place
        is_shorter = len(groups) < len(self._lengths)
        for j, (group, length) in enumerate(zip(groups, self._lengths, strict=False)):
            if is_shorter or len(group["params"]) != length:
                self.changed.add(j)
        self._lengths = [len(group["params"]) for group in groups] + self._lengths[len(groups) :]
        return list(chain.from_iterable(self._changes(j, group) for j, group in enumerate(groups)))

    def after_update(self) -> None:
        """(After each update.) Note the optimizer state."""
        if self._compares_state:
            state = self._state_now()
            if not self._samples or not _same((self._state[0], 0), (state[0], 0)):
                self._samples = _samples_of([value for value in state[0] if isinstance(value, torch.Tensor)])
            self._state, self._sampled = state, list(map(torch.cat, self._samples))

    def _has_equal_samples(self) -> bool:
        """Return whether the sampled entries of the optimizer state are those after the last update."""
        return all(map(_are_equal, map(torch.cat, self._samples), self._sampled))

    def _changes(self, j: int, group: dict[str, Any]) -> Iterator[tuple[int, str, float]]:
        """Yield (group, name, number) for each setting of a group whose number differs from when it was last seen."""
        now = dict(settings_of(group))
        if j == len(self._settings):
            self._settings.append(now)
        last_settings = self._settings[j]
        for name in {**last_settings, **now} if last_settings != now else ():
            old, new = _numbers(name, last_settings.get(name)), _numbers(name, now.get(name))
            if old.keys() == new.keys():
                yield from ((j, key, new[key]) for key in new if new[key] != old[key])
            elif name in WATCHED or name == "lr":
                self.changed.add(j)
        last_settings.update({name: value for name, value in now.items() if name in last_settings})

    def _state_now(self) -> tuple[list[Any], int]:
        """Return the values of the optimizer state, and how often all its tensors were written to.

        The count never falls for the same tensors, so any write is detected. It is 0 if torch does not count.
        """
        if not self._compares_state:
            return [], 0
        values = list(chain.from_iterable(map(dict.values, self._optimizer.state.values())))
        try:
            return values, sum(map(_times_written, values))
        except (AttributeError, RuntimeError):  # no tensor, or one of torch.inference_mode()
            return values, 0


def state_digest(optimizer: torch.optim.Optimizer) -> str:
    """Return a digest (XXH3-128, hexadecimal) of all tensors and numbers of an optimizer's state."""
    digest = xxhash.xxh3_128()
    for i, group in enumerate(optimizer.param_groups):
        for j, parameter in enumerate(group["params"]):
            for name, value in sorted(optimizer.state.get(parameter, {}).items(), key=lambda item: str(item[0])):
                if value is not None:
                    digest.update(f"{i},{j},{name}:".encode())
                    digest.update(plain_bytes(value).data if isinstance(value, torch.Tensor) else repr(value).encode())
    return digest.hexdigest()


def settings_of(group: dict[str, Any]) -> Iterator[tuple[str, Setting]]:
    """Yield the name and value of each setting in a parameter group that is a plain number, text or tuple of
    numbers.
    """
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
    """Return a setting as numbers by name, such as {"betas.0": 0.9, "betas.1": 0.999}; {} for text and None."""
    if isinstance(value, tuple):
        return {f"{name}.{i}": number for i, number in enumerate(value)}
    if isinstance(value, str) and value in ("inf", "-inf", "nan"):
        return {name: float(value)}
    return {name: float(value)} if isinstance(value, (bool, int, float)) else {}


def _plain(value: Any) -> Plain:
    """Return a value as a plain number or text; None if it is neither. inf and nan become text."""
    if isinstance(value, (torch.Tensor, np.generic)) and getattr(value, "size", None) is not None:
        value = value.item() if np.prod(value.shape) == 1 else None
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if isinstance(value, (bool, int, float, str)) else None


def _is_tensor(value: Any) -> bool:
    """Return whether a value is a tensor or a tuple that contains one."""
    if isinstance(value, tuple):
        return any(isinstance(entry, torch.Tensor) for entry in value)
    return isinstance(value, torch.Tensor)


def _equal(now: list[list[Any]], before: list[list[Any]]) -> bool:
    """Return whether both lists have the same values; False if they cannot be compared, as some arrays."""
    try:
        return now == before
    except (RuntimeError, ValueError):
        return False


def _samples_of(tensors: list[torch.Tensor]) -> list[list[torch.Tensor]]:
    """Return a view (n,) of up to `SAMPLED_ENTRIES` entries in the middle of each tensor, by device and dtype."""
    samples: dict[tuple[torch.device, torch.dtype], list[torch.Tensor]] = {}
    for tensor in tensors:
        entries = tensor.detach()
        if entries.is_contiguous():
            entries = entries.view(-1)
            first = max(0, (len(entries) - SAMPLED_ENTRIES) // 2)
            entries = entries[first : first + SAMPLED_ENTRIES]
        else:  # only one entry, whose view needs no strides
            entries = entries[tuple(slice(size // 2, size // 2 + 1) for size in entries.shape)].view(-1)
        samples.setdefault((tensor.device, tensor.dtype), []).append(entries)
    return list(samples.values())


def _are_equal(a: torch.Tensor, b: torch.Tensor) -> bool:
    """Return whether two tensors (n,) are equal; a NaN equals a NaN."""
    return torch.equal(a, b) or bool(((a == b) | (a.isnan() & b.isnan())).all())


_times_written = operator.attrgetter("_version")


def _same(a: tuple[list[Any], int], b: tuple[list[Any], int]) -> bool:
    """Return whether two results of `_state_now` have identical objects and equal counts."""
    return a[1] == b[1] and len(a[0]) == len(b[0]) and all(map(operator.is_, a[0], b[0]))
