"""What a recording keeps of a model beside theta: its buffers, and where in its state dict all of it belongs."""

from typing import Any

import numpy as np
import torch
from gradreel.core.trace.recorded_run import RecordedBuffer
from numpy.typing import NDArray


class Buffers:
    """The model's buffers, as far as its state dict has them and they have memory of their own.

    ``places``: which part of theta a tensor is, by its id. What two modules share has two keys and one place.
    """

    def __init__(self, model: torch.nn.Module, places: dict[int, int]) -> None:
        self._keys: dict[str, int] = {}
        self._first = len(places)
        self._changed: set[int] = set()
        self.described: list[RecordedBuffer] = []
        self._owners: list[tuple[dict[str, Any], str]] = []  # asked for by name: it may become another tensor
        self._absent: dict[str, tuple[dict[str, Any], str]] = {}  # those that are None at first
        known: dict[tuple[int, str], int] = {}
        for prefix, module in model.named_modules(remove_duplicate=False):
            dot = f"{prefix}." if prefix else ""
            for name, parameter in module._parameters.items():
                if id(parameter) in places:
                    self._keys[dot + name] = places[id(parameter)]
            for name, buffer in module._buffers.items():
                if name in module._non_persistent_buffers_set:
                    continue
                if buffer is None:
                    self._absent[dot + name] = module._buffers, name
                if not _is_recordable(buffer):
                    continue
                if (id(module), name) not in known:
                    known[id(module), name] = self._first + len(self.described)
                    self.described.append(_described(dot + name, buffer))
                    self._owners.append((module._buffers, name))
                self._keys[dot + name] = known[id(module), name]
        self._kinds = [_kind(_get(*owner)) for owner in self._owners]
        self._copies = [torch.empty(b.shape, dtype=getattr(torch, b.dtype), device="cpu") for b in self.described]
        self._bytes = [copy.reshape(-1).view(torch.uint8).numpy() for copy in self._copies]

    def __bool__(self) -> bool:
        return bool(self.described)

    @property
    def keys(self) -> dict[str, int]:
        """Each key of the state dict that is recorded, and its place among theta's parts, then among the buffers."""
        lost = {self._first + i for i in self._changed}
        return {key: place for key, place in self._keys.items() if place not in lost}

    @property
    def changed(self) -> list[str]:
        """Names of those that are not recorded: their shape or dtype changed, or they were None at first."""
        came = [name for name, owner in self._absent.items() if _get(*owner) is not None]
        return [self.described[i].name for i in sorted(self._changed)] + came

    def take(self) -> NDArray[np.uint8]:
        """Their bytes now, one after the other."""
        now: list[Any] = [_get(*owner) for owner in self._owners]
        self._changed |= {i for i, kind in enumerate(self._kinds) if _kind(now[i]) != kind}
        kept = [i for i in range(len(now)) if i not in self._changed]
        with torch.no_grad():
            torch._foreach_copy_([self._copies[i] for i in kept], [now[i] for i in kept])
        return np.concatenate(self._bytes)


def _get(buffers: dict[str, Any], name: str) -> Any:
    """A buffer as it is now; None if it is gone. (TorchScript's are in what only looks like a dict.)"""
    try:
        return buffers[name]
    except KeyError:
        return None


def _kind(buffer: torch.Tensor | None) -> object:
    return None if buffer is None else (buffer.dtype, buffer.shape, buffer.layout, buffer.is_meta)


def _is_recordable(buffer: torch.Tensor | None) -> bool:
    if buffer is None or torch.nn.parameter.is_lazy(buffer) or buffer.is_meta:
        return False
    return lies_in_memory(buffer)


def _described(name: str, buffer: torch.Tensor) -> RecordedBuffer:
    dtype = str(buffer.dtype).removeprefix("torch.")
    return RecordedBuffer(name=name, shape=tuple(buffer.shape), dtype=dtype, size=buffer.nbytes)


def lies_in_memory(tensor: torch.Tensor) -> bool:
    """Whether its numbers stand one by one where its address says. To copy others' bytes would be a crash."""
    if tensor.layout != torch.strided or tensor.is_nested or tensor.is_neg():
        return False
    return not (tensor.is_cpu and tensor.numel() and tensor.data_ptr() == 0)  # 0 where other tensors hold the numbers
