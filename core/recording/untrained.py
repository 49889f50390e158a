"""What a recording keeps of a model beside theta: its buffers, and the parameters that are frozen at the start."""

from collections.abc import Mapping
from typing import Any

import torch
import xxhash
from gradreel.core.recording.row_writer import STAGED, Bytes, plain_bytes
from gradreel.core.trace.recorded_run import RecordedTensor
from gradreel.core.trace.write_behind import ColumnWriter

_SAMPLED = 16  # entries of a frozen parameter that are looked at for each kept state

_Owner = tuple[dict[str, Any], str]  # where a tensor is asked for by name: it may become another one


class Untrained:
    """Copies buffers and frozen parameters for the kept states: each where its bytes are not those of its last copy.

    ``places``: which part of theta a tensor is, by its id. What two modules share has two keys and one place.

    A buffer is read for each kept state. A frozen parameter is read at the start and at the end. For the other states
    it is read if it was written to by torch, if it has other memory, if a few of its entries are other numbers, or if
    that was so before. So a change of single entries by way of ``.data`` or numpy may be seen at the end alone.
    """

    def __init__(self, model: torch.nn.Module, places: dict[int, int]) -> None:
        self._model = model
        self.described: list[RecordedTensor] = []
        self.left_out: list[str] = []  # names of those that have no bytes to copy
        self.copies = self.copied_bytes = 0
        self._keys: dict[str, int] = {}
        self._first = len(places)
        self._lost: set[int] = set()
        self._owners: list[_Owner] = []
        known: dict[object, int] = {}
        for prefix, module in model.named_modules(remove_duplicate=False):
            dot = f"{prefix}." if prefix else ""
            for name, parameter in module._parameters.items():
                if id(parameter) in places:
                    self._keys[dot + name] = places[id(parameter)]
                elif parameter is not None:
                    self._add(dot + name, (module._parameters, name), parameter, known, id(parameter), frozen=True)
            for name, buffer in _persistent_buffers(module):
                if buffer is not None:
                    self._add(dot + name, (module._buffers, name), buffer, known, (id(module), name), frozen=False)
        self._kinds = [_kind(_get(*owner)) for owner in self._owners]
        self._staged: dict[int, torch.Tensor] = {}  # copies of the small ones, which are made all at once
        self._staged_bytes: dict[int, Bytes] = {}  # their memory
        for i, tensor in enumerate(self.described):
            if tensor.size <= STAGED:
                dtype = getattr(torch, tensor.dtype)
                self._staged[i] = torch.empty(tensor.shape, dtype=dtype, device="cpu")
                self._staged_bytes[i] = self._staged[i].reshape(-1).view(torch.uint8).numpy()
        self._digests: list[bytes] = [b""] * len(self.described)  # of what was copied last
        self._row = -1  # of the kept states, for which tensors were copied last
        self._waiting: list[tuple[int, bytes]] = []  # the tensors copied for it, and their digests before
        self._moving: set[int] = set()  # frozen parameters that changed
        self._asked: set[int] = set()  # frozen parameters that have been seen to ask for a gradient
        self._columns: Mapping[str, ColumnWriter] = {}
        self._watch = _Watch()

    def __bool__(self) -> bool:
        return bool(self.described)

    @property
    def n_bytes(self) -> int:
        """Size of one copy of each."""
        return sum(tensor.size for tensor in self.described)

    @property
    def keys(self) -> dict[str, int]:
        """Each key of the state dict that is recorded, and its place among theta's parts, then among ``described``."""
        lost = {self._first + i for i in self._lost}
        return {key: place for key, place in self._keys.items() if place not in lost}

    @property
    def lost(self) -> list[str]:
        """Names of those that are not recorded: their shape or dtype changed, or they are buffers that came later."""
        later = [
            f"{prefix}.{name}" if prefix else name
            for prefix, module in self._model.named_modules(remove_duplicate=False)
            for name, buffer in _persistent_buffers(module)
            if buffer is not None
        ]
        known = {*self._keys, *self.left_out}
        return [self.described[i].name for i in sorted(self._lost)] + [name for name in later if name not in known]

    def frozen_ids(self) -> set[int]:
        """The ids of the frozen parameters."""
        return {id(_get(*owner)) for owner, tensor in zip(self._owners, self.described, strict=True) if tensor.frozen}

    def note_trained(self, ids: set[int]) -> None:
        """Note that optimizers have had tensors of these ids: those of them that asked for a gradient are thawed."""
        for i in self._asked:
            if id(_get(*self._owners[i])) in ids:
                self.described[i] = self.described[i].model_copy(update={"thawed": True})

    @property
    def thawed(self) -> list[str]:
        """Names of the frozen parameters that an optimizer trained later."""
        return [tensor.name for tensor in self.described if tensor.thawed]

    def open(self, columns: Mapping[str, ColumnWriter]) -> None:
        """Write into these columns of a new trace."""
        self._columns = columns

    def take(self, row: int, thoroughly: bool = False) -> int:
        """Copy those that changed, for a row of the kept states. Returns how many bytes these are.

        For the same row as the last time, what was copied then is dropped. ``thoroughly``: read all of them.
        """
        if not self.described:
            return 0
        if row == self._row:
            self._undo()
        self.flush()
        self._row = row
        self._columns["tensor_bytes"].begin_row()
        before = self.copied_bytes
        now: list[Any] = [_get(*owner) for owner in self._owners]
        self._lost |= {i for i, kind in enumerate(self._kinds) if _kind(now[i]) != kind}
        there = [i for i, tensor in enumerate(now) if i not in self._lost and not is_gone(tensor)]
        self._asked |= {i for i in there if self.described[i].frozen and asks_for_gradient(now[i])}
        frozen = {i: now[i] for i in there if self.described[i].frozen and i not in self._moving}
        still = frozen.keys() - self._watch.changed(frozen)
        read = [i for i in there if thoroughly or i not in still]
        small = [i for i in read if i in self._staged]
        with torch.no_grad():
            if small:
                torch._foreach_copy_([self._staged[i] for i in small], [now[i] for i in small])
            for i in read:
                self._copy(i, self._staged_bytes[i] if i in self._staged else plain_bytes(now[i]))
        return self.copied_bytes - before

    def waiting(self, row: int) -> tuple[int, ...]:
        """Which tensors were copied for a row of the kept states, if these copies are the last and may be dropped."""
        return tuple(i for i, _ in self._waiting) if row == self._row else ()

    def flush(self) -> None:
        """Append which tensors were copied last, and for which row."""
        if self._waiting:
            self._columns["tensor"].append([i for i, _ in self._waiting])
            self._columns["tensor_row"].append([self._row] * len(self._waiting))
            self._waiting = []

    def cut(self, rows: int) -> None:
        """Drop what was copied for a row that is not one of the first ``rows``."""
        if self._row >= rows:
            self._undo()
        self.flush()

    def _copy(self, i: int, data: Bytes) -> None:
        """Append a tensor's bytes, if they are others than those appended last."""
        digest = xxhash.xxh3_128_digest(data.data)
        if digest == self._digests[i]:
            return
        self._columns["tensor_bytes"].append_bytes(data)
        if self._digests[i] and self.described[i].frozen:
            self._moving.add(i)
        self._waiting.append((i, self._digests[i]))
        self._digests[i] = digest
        self.copies, self.copied_bytes = self.copies + 1, self.copied_bytes + len(data)

    def _undo(self) -> None:
        """Drop what was copied last."""
        for i, digest in reversed(self._waiting):
            self._digests[i] = digest
            self.copies, self.copied_bytes = self.copies - 1, self.copied_bytes - self.described[i].size
        self._waiting = []
        self._columns["tensor_bytes"].drop_row()

    def _add(
        self, key: str, owner: _Owner, tensor: torch.Tensor, known: dict[object, int], identity: object, frozen: bool
    ) -> None:
        if identity not in known:
            if not _is_recordable(tensor):
                self.left_out.append(key)
                return
            known[identity] = self._first + len(self.described)
            shape, dtype = tuple(tensor.shape), plain_name(tensor.dtype)
            self.described.append(
                RecordedTensor(name=key, shape=shape, dtype=dtype, size=tensor.numel() * tensor.itemsize, frozen=frozen)
            )
            self._owners.append(owner)
        self._keys[key] = known[identity]


class _Watch:
    """Finds frozen parameters that may have changed, without reading all of them."""

    def __init__(self) -> None:
        self._seen: dict[int, tuple[int, int, bytes]] = {}

    def changed(self, tensors: dict[int, torch.Tensor]) -> set[int]:
        """Return which of the tensors, by number, are not what they were at the last call; at the first, all."""
        samples = torch.zeros(len(tensors), _SAMPLED * 16, dtype=torch.uint8, device="cpu")  # 16: of complex128
        views, copies, odd = [], [], set()
        with torch.no_grad(), torch._C.DisableTorchFunctionSubclass():
            for row, (i, tensor) in zip(samples, tensors.items(), strict=True):
                count = min(_SAMPLED, tensor.numel())
                step = max(1, (tensor.numel() - 1) // max(1, count - 1))
                try:
                    views.append(tensor.as_strided((count,), (step,)))
                    copies.append(row.view(tensor.dtype)[:count])
                except RuntimeError:  # its entries do not stand side by side
                    odd.add(i)
            if views:
                torch._foreach_copy_(copies, views)
        seen = {
            i: (tensor.data_ptr(), _times_written(tensor), sample.tobytes())
            for (i, tensor), sample in zip(tensors.items(), samples.numpy(), strict=True)
        }
        different = {i for i, look in seen.items() if look != self._seen.get(i)}
        self._seen |= seen
        return different | odd


def asks_for_gradient(tensor: torch.Tensor | None) -> bool:
    """Whether training may change it: a loop may set gradients itself, of what does not ask for them."""
    return tensor is not None and (tensor.requires_grad or tensor.grad is not None)


def _persistent_buffers(module: torch.nn.Module) -> list[tuple[str, torch.Tensor | None]]:
    """Names and buffers of a module itself that its state dict has; a buffer may be None."""
    return [
        (name, buffer) for name, buffer in module._buffers.items() if name not in module._non_persistent_buffers_set
    ]


def _get(tensors: dict[str, Any], name: str) -> Any:
    """A buffer or parameter as it is now; None if it is gone. (TorchScript's are in what only looks like a dict.)"""
    try:
        return tensors[name]
    except KeyError:
        return None


def _times_written(tensor: torch.Tensor) -> int:
    try:
        return tensor._version
    except RuntimeError:  # of torch.inference_mode(), which does not count
        return 0


def _kind(tensor: torch.Tensor | None) -> object:
    return None if tensor is None else (tensor.dtype, tensor.shape, tensor.layout, tensor.is_meta)


def _is_recordable(tensor: torch.Tensor) -> bool:
    """Whether it has bytes that can be copied."""
    if torch.nn.parameter.is_lazy(tensor) or tensor.is_meta or tensor.is_quantized or not lies_in_memory(tensor):
        return False
    try:
        plain_bytes(tensor.detach().reshape(-1)[:1])
    except (RuntimeError, TypeError, NotImplementedError, BufferError):
        return False
    return True


def lies_in_memory(tensor: torch.Tensor) -> bool:
    """Whether its numbers stand one by one where its address says. To copy others' bytes would be a crash."""
    if tensor.layout != torch.strided or tensor.is_nested or tensor.is_neg():
        return False
    return not (tensor.is_cpu and is_gone(tensor))  # as where other tensors hold the numbers


def is_gone(tensor: torch.Tensor) -> bool:
    """Whether a tensor's memory was let go of, such as by untyped_storage().resize_(0) while it is elsewhere."""
    return tensor.numel() > 0 and not tensor.data_ptr()


def plain_name(dtype: torch.dtype) -> str:
    """Returns a dtype's name, such as "float32"."""
    return str(dtype).removeprefix("torch.")
