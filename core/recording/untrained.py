"""Copies the parts of a model that are not in theta: its buffers, and the parameters that are frozen at the start."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
import xxhash
from gradreel.core.recording.row_writer import STAGED, Bytes, plain_bytes
from gradreel.core.trace.earlier_run import EarlierRun
from gradreel.core.trace.recorded_run import RecordedTensor
from gradreel.core.trace.write_behind import ColumnWriter

_SAMPLED = 16  # entries of a frozen parameter that are compared for each kept state

_Owner = tuple[dict[str, Any], str]  # a mapping and a key that give a tensor, which may be replaced by another one


class Untrained:
    """Copies buffers and frozen parameters for the kept states, each if its bytes differ from those of its last copy.

    A buffer is read for each kept state. A frozen parameter is read at the start and at the end. For other states it is
    read if torch wrote to it, if its memory or some sampled entries changed, or if it changed before. So a change of
    single entries through ``.data`` or numpy may be noticed only at the end.

    Parameters
    ----------
    model
        The model.
    places
        For the id of each tensor in theta, its number among theta's parts. A tensor that two modules share has two keys
        and one number.

    Attributes
    ----------
    described
        The tensors, as the trace describes them.
    left_out
        Names of tensors that have no bytes to copy.
    copies, copied_bytes
        How many copies were made, and their bytes in all.
    """

    def __init__(self, model: torch.nn.Module, places: dict[int, int]) -> None:
        self._model = model
        self.described: list[RecordedTensor] = []
        self.left_out: list[str] = []
        self.copies = self.copied_bytes = 0
        self._keys: dict[str, int] = {}
        self._first = len(places)
        self._lost: set[int] = set()
        self._owners: list[_Owner] = []
        numbers: dict[object, int] = {}
        for prefix, module in model.named_modules(remove_duplicate=False):
            dot = f"{prefix}." if prefix else ""
            for name, parameter in module._parameters.items():
                if id(parameter) in places:
                    self._keys[dot + name] = places[id(parameter)]
                elif parameter is not None:
                    self._add(dot + name, (module._parameters, name), parameter, numbers, id(parameter), frozen=True)
            for name, buffer in _persistent_buffers(module):
                if buffer is not None:
                    self._add(dot + name, (module._buffers, name), buffer, numbers, (id(module), name), frozen=False)
        self._kinds = [_signature(_current_tensor(*owner)) for owner in self._owners]
        self._staged: dict[int, torch.Tensor] = {}  # copies of small tensors, which are made all at once
        self._staged_bytes: dict[int, Bytes] = {}  # their memory
        for i, tensor in enumerate(self.described):
            if tensor.size <= STAGED:
                dtype = getattr(torch, tensor.dtype)
                self._staged[i] = torch.empty(tensor.shape, dtype=dtype, device="cpu")
                self._staged_bytes[i] = self._staged[i].reshape(-1).view(torch.uint8).numpy()
        self._digests: list[bytes] = [b""] * len(self.described)  # digests of the last copies
        self._row = -1  # row of the kept state that tensors were copied for last
        self._waiting: list[tuple[int, bytes]] = []  # the tensors copied for that row, and their digests before
        self._moving: set[int] = set()  # frozen parameters that changed
        self._asked: set[int] = set()  # frozen parameters that asked for a gradient at some time
        self._columns: Mapping[str, ColumnWriter] = {}
        self._watch = _Watch()

    def __bool__(self) -> bool:
        """Return whether there is any tensor to copy."""
        return bool(self.described)

    @property
    def n_bytes(self) -> int:
        """Return the bytes of one copy of each tensor."""
        return sum(tensor.size for tensor in self.described)

    @property
    def keys(self) -> dict[str, int]:
        """Return each recorded key of the state dict with its number: theta's parts count first, then ``described``."""
        lost = {self._first + i for i in self._lost}
        return {key: place for key, place in self._keys.items() if place not in lost}

    @property
    def lost(self) -> list[str]:
        """Return names of tensors that are not recorded: their shape or dtype changed, or they are buffers that came
        later.
        """
        later = [
            f"{prefix}.{name}" if prefix else name
            for prefix, module in self._model.named_modules(remove_duplicate=False)
            for name, buffer in _persistent_buffers(module)
            if buffer is not None
        ]
        known_names = {*self._keys, *self.left_out}
        return [self.described[i].name for i in sorted(self._lost)] + [
            name for name in later if name not in known_names
        ]

    def frozen_ids(self) -> set[int]:
        """Return the ids of the frozen parameters."""
        return {id(tensor) for _, tensor in self._frozen()}

    def mark_thawed(self, ids: set[int]) -> list[str]:
        """Mark as thawed the frozen parameters whose tensors have these ids; return their names."""
        thawed = [i for i, tensor in self._frozen() if id(tensor) in ids]
        for i in thawed:
            self.described[i] = self.described[i].model_copy(update={"thawed": True})
        return [self.described[i].name for i in thawed]

    def _frozen(self) -> list[tuple[int, torch.Tensor]]:
        """Return the index and the present tensor of each frozen parameter."""
        return [(i, _current_tensor(*self._owners[i])) for i, tensor in enumerate(self.described) if tensor.frozen]

    def note_trained(self, ids: set[int]) -> None:
        """Mark as thawed the frozen parameters among ``ids`` that asked for a gradient.

        ``ids`` are tensors that optimizers had.
        """
        self.mark_thawed({id(_current_tensor(*self._owners[i])) for i in self._asked} & ids)

    @property
    def thawed(self) -> list[str]:
        """Return names of the frozen parameters that an optimizer trained later."""
        return [tensor.name for tensor in self.described if tensor.thawed]

    def open(self, columns: Mapping[str, ColumnWriter]) -> None:
        """Write into these columns of a new trace from now on."""
        self._columns = columns

    def resume(self, columns: Mapping[str, ColumnWriter], earlier: EarlierRun) -> None:
        """Go on after the copies of an earlier run, whose tensors outside theta are the same."""
        self.open(columns)
        run = earlier.run
        if not self.described:
            return
        which = earlier.columns["tensor"]
        self.copies = earlier.n_earlier_copies
        self.copied_bytes = sum(self.described[i].size for i in which[: self.copies])
        self._digests = [xxhash.xxh3_128_digest(data.data) for data in earlier.tensors_at(earlier.last_row - 1)]
        counts = np.bincount(which[: self.copies], minlength=len(self.described))
        self._moving = {i for i, tensor in enumerate(run.tensors) if tensor.frozen and counts[i] > 1}
        self._lost = {i for i in range(len(run.tensors)) if self._first + i not in run.state_dict.values()}
        self.described = list(run.tensors)
        self._row = earlier.last_row
        columns["tensor_bytes"].begin_row()
        last_tensors = earlier.tensors_at(self._row)
        for i in earlier.last_copies:
            self._copy(i, np.array(last_tensors[i]))

    def has_changed_since(self, earlier: EarlierRun) -> bool:
        """Return whether a tensor has other bytes than at the earlier run's last state."""
        last_tensors = earlier.tensors_at(earlier.last_row)
        return any(
            not np.array_equal(plain_bytes(self.tensor(i)), data)
            for i, data in enumerate(last_tensors)
            if i not in self._lost
        )

    def tensor(self, i: int) -> torch.Tensor:
        """Return the tensor with number ``i`` among ``described``, as it is now."""
        tensor: torch.Tensor = _current_tensor(*self._owners[i])
        return tensor

    def copy_changed(self, row: int, thoroughly: bool = False) -> int:
        """Copy the tensors that changed, for a row of the kept states, and return the number of bytes.

        If the row is the same as last time, the copies of then are dropped. ``thoroughly``: read all tensors.
        """
        if not self.described:
            return 0
        if row == self._row:
            self._drop_last_copies()
        self.flush()
        self._row = row
        self._columns["tensor_bytes"].begin_row()
        bytes_before = self.copied_bytes
        tensors: list[Any] = [_current_tensor(*owner) for owner in self._owners]
        self._lost |= {i for i, kind in enumerate(self._kinds) if _signature(tensors[i]) != kind}
        present = [i for i, tensor in enumerate(tensors) if i not in self._lost and not is_gone(tensor)]
        self._asked |= {i for i in present if self.described[i].frozen and asks_for_gradient(tensors[i])}
        frozen = {i: tensors[i] for i in present if self.described[i].frozen and i not in self._moving}
        unchanged = frozen.keys() - self._watch.changed(frozen)
        read = [i for i in present if thoroughly or i not in unchanged]
        small = [i for i in read if i in self._staged]
        with torch.no_grad():
            if small:
                torch._foreach_copy_([self._staged[i] for i in small], [tensors[i] for i in small])
            for i in read:
                self._copy(i, self._staged_bytes[i] if i in self._staged else plain_bytes(tensors[i]))
        return self.copied_bytes - bytes_before

    def droppable(self, row: int) -> tuple[int, ...]:
        """Return the tensors that were copied for a row, if these copies are the last ones and may still be dropped;
        else ().
        """
        return tuple(i for i, _ in self._waiting) if row == self._row else ()

    def flush(self) -> None:
        """Append to the columns which tensors were copied last, and for which row."""
        if self._waiting:
            self._columns["tensor"].append([i for i, _ in self._waiting])
            self._columns["tensor_row"].append([self._row] * len(self._waiting))
            self._waiting = []

    def cut(self, rows: int) -> None:
        """Drop the copies for a row that is not one of the first ``rows``."""
        if self._row >= rows:
            self._drop_last_copies()
        self.flush()

    def _copy(self, i: int, data: Bytes) -> None:
        """Append a tensor's bytes if they differ from those appended last."""
        digest = xxhash.xxh3_128_digest(data.data)
        if digest == self._digests[i]:
            return
        self._columns["tensor_bytes"].append_bytes(data)
        if self._digests[i] and self.described[i].frozen:
            self._moving.add(i)
        self._waiting.append((i, self._digests[i]))
        self._digests[i] = digest
        self.copies, self.copied_bytes = self.copies + 1, self.copied_bytes + len(data)

    def _drop_last_copies(self) -> None:
        """Drop the copies made last."""
        for i, digest in reversed(self._waiting):
            self._digests[i] = digest
            self.copies, self.copied_bytes = self.copies - 1, self.copied_bytes - self.described[i].size
        self._waiting = []
        self._columns["tensor_bytes"].drop_row()

    def _add(
        self, key: str, owner: _Owner, tensor: torch.Tensor, numbers: dict[object, int], identity: object, frozen: bool
    ) -> None:
        """Add a tensor under ``key``.

        A tensor with a known ``identity`` gets a second key; one without bytes is left out.
        """
        if identity not in numbers:
            if not _is_recordable(tensor):
                self.left_out.append(key)
                return
            numbers[identity] = self._first + len(self.described)
            shape, dtype = tuple(tensor.shape), plain_name(tensor.dtype)
            self.described.append(
                RecordedTensor(name=key, shape=shape, dtype=dtype, size=tensor.numel() * tensor.itemsize, frozen=frozen)
            )
            self._owners.append(owner)
        self._keys[key] = numbers[identity]


class _Watch:
    """Detects frozen parameters that may have changed, without reading all their entries."""

    def __init__(self) -> None:
        self._seen: dict[int, tuple[int, int, bytes]] = {}

    def changed(self, tensors: dict[int, torch.Tensor]) -> set[int]:
        """Return which of the tensors, by number, may differ from the last call; at the first call, all."""
        samples = torch.zeros(len(tensors), _SAMPLED * 16, dtype=torch.uint8, device="cpu")  # 16: bytes of complex128
        views, copies, not_sampled = [], [], set()
        with torch.no_grad(), torch._C.DisableTorchFunctionSubclass():
            for row, (i, tensor) in zip(samples, tensors.items(), strict=True):
                count = min(_SAMPLED, tensor.numel())
                step = max(1, (tensor.numel() - 1) // max(1, count - 1))
                try:
                    views.append(tensor.as_strided((count,), (step,)))
                    copies.append(row.view(tensor.dtype)[:count])
                except RuntimeError:  # its entries are not contiguous in memory
                    not_sampled.add(i)
            if views:
                torch._foreach_copy_(copies, views)
        seen = {
            i: (tensor.data_ptr(), _times_written(tensor), sample.tobytes())
            for (i, tensor), sample in zip(tensors.items(), samples.numpy(), strict=True)
        }
        changed = {i for i, fingerprint in seen.items() if fingerprint != self._seen.get(i)}
        self._seen |= seen
        return changed | not_sampled


def asks_for_gradient(tensor: torch.Tensor | None) -> bool:
    """Return whether training may change a tensor: it requires a gradient, or a loop has set one. None gives False."""
    return tensor is not None and (tensor.requires_grad or tensor.grad is not None)


def _persistent_buffers(module: torch.nn.Module) -> list[tuple[str, torch.Tensor | None]]:
    """Return names and buffers of a module itself that belong to its state dict; a buffer may be None."""
    return [
        (name, buffer) for name, buffer in module._buffers.items() if name not in module._non_persistent_buffers_set
    ]


def _current_tensor(tensors: dict[str, Any], name: str) -> Any:
    """Return a buffer or parameter as it is now; None if it is gone. (TorchScript's mapping only resembles a dict.)"""
    try:
        return tensors[name]
    except KeyError:
        return None


def _times_written(tensor: torch.Tensor) -> int:
    """Return how often torch has written to a tensor; 0 if torch does not count."""
    try:
        return tensor._version
    except RuntimeError:  # of torch.inference_mode(), which does not count
        return 0


def _signature(tensor: torch.Tensor | None) -> object:
    """Return dtype, shape, layout and device kind of a tensor, for comparison; None for None."""
    return None if tensor is None else (tensor.dtype, tensor.shape, tensor.layout, tensor.is_meta)


def _is_recordable(tensor: torch.Tensor) -> bool:
    """Return whether a tensor has bytes that can be copied."""
    if torch.nn.parameter.is_lazy(tensor) or tensor.is_meta or tensor.is_quantized or not lies_in_memory(tensor):
        return False
    try:
        plain_bytes(tensor.detach().reshape(-1)[:1])
    except (RuntimeError, TypeError, NotImplementedError, BufferError):
        return False
    return True


def lies_in_memory(tensor: torch.Tensor) -> bool:
    """Return whether a tensor's numbers are one by one at its address, so that copying them cannot crash."""
    if tensor.layout != torch.strided or tensor.is_nested or tensor.is_neg():
        return False
    return not (tensor.is_cpu and is_gone(tensor))  # gone: for instance, other tensors hold the numbers


def is_gone(tensor: torch.Tensor) -> bool:
    """Return whether a tensor's memory was freed, for instance by untyped_storage().resize_(0)."""
    return tensor.numel() > 0 and not tensor.data_ptr()


def plain_name(dtype: torch.dtype) -> str:
    """Return a dtype's name, such as "float32"."""
    return str(dtype).removeprefix("torch.")
