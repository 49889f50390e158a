"""Writes rows of a column by copying a model's tensors straight into the memory that is written to disk."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
import xxhash
from gradreel.core.trace.write_behind import ColumnWriter
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]

STAGED = 1 << 16
"""Largest tensor, in bytes, that is copied together with its neighbours: a call costs as much as such a copy."""
_STAGE = 1 << 20  # most bytes of neighbours that are copied together


class RowWriter:
    """Appends rows to ``column``: tensors of these shapes one after another, as numbers of ``dtype``.

    The tensors may be on any device and have any layout and a narrower dtype. None stands for zeros. If ``digests``,
    then ``appended`` is the digest of the row that was appended last. ``n_bytes`` is the size of a row.
    """

    def __init__(
        self, shapes: Sequence[torch.Size], dtype: torch.dtype, column: ColumnWriter, digests: bool = False
    ) -> None:
        self.n_bytes = sum(shape.numel() for shape in shapes) * dtype.itemsize
        self.appended: bytes | None = None
        self._column, self._digests = column, digests
        self._parts = list(_parts_of(shapes, dtype))

    def append(self, tensors: Sequence[torch.Tensor | None]) -> None:
        """Append the tensors as a new row."""
        digest = xxhash.xxh3_128()
        self._column.begin_row()
        with torch.no_grad():
            for part in self._parts:
                for piece in part.append_to(self._column, tensors):
                    if self._digests:
                        digest.update(piece.data)
        self.appended = digest.digest() if self._digests else None

    def append_bytes(self, row: Bytes) -> None:
        """Append a row given as its bytes."""
        self._column.begin_row()
        self._column.append_bytes(row)

    def digest_of(self, tensors: Sequence[torch.Tensor | None]) -> bytes:
        """Return the digest of the row that `append` would append."""
        digest = xxhash.xxh3_128()
        with torch.no_grad():
            for piece in self.read(tensors):
                digest.update(piece.data)
        return digest.digest()

    def read(self, tensors: Sequence[torch.Tensor | None]) -> Iterator[Bytes]:
        """Yield the bytes of the row that `append` would append, in pieces. The next piece may overwrite a piece."""
        for part in self._parts:
            yield from part.read(tensors)

    def cut(self, rows: int) -> None:
        """Drop the row that was appended last, or the part of it that exists, if there are more than ``rows`` rows."""
        self._column.cut(rows)


def is_plain(tensor: torch.Tensor) -> bool:
    """Return whether a tensor is on the CPU with its entries one after another in memory, unmodified."""
    return tensor.is_cpu and tensor.is_contiguous() and not tensor.is_conj() and not tensor.is_neg()


def plain_bytes(tensor: torch.Tensor) -> Bytes:
    """Return a tensor's bytes in the order of its entries, (n,): its own memory if that is plain, else a copy.

    This uses DLPack, not ``numpy()``: torch refuses to resize a tensor after ``numpy()``, and a loop may want to.
    """
    tensor = tensor.detach()
    if not is_plain(tensor) or tensor.numel() == 1:  # a single entry may have any stride
        tensor = torch.empty(tensor.shape, dtype=tensor.dtype, device="cpu").copy_(tensor)
    return np.from_dlpack(tensor.reshape(-1).view(torch.uint8)).view(np.uint8)


class _SmallTensors:
    """Neighbouring small tensors, which are copied together."""

    def __init__(self, first: int, shapes: Sequence[torch.Size], dtype: torch.dtype) -> None:
        sizes = [shape.numel() for shape in shapes]
        memory = bytearray(sum(sizes) * dtype.itemsize)
        self._bytes: Bytes = np.frombuffer(memory, np.uint8)
        vector = torch.frombuffer(memory, dtype=dtype) if memory else torch.empty(0, dtype=dtype, device="cpu")
        self._places = slice(first, first + len(shapes))
        self._copies = [part.view(shape) for part, shape in zip(torch.split(vector, sizes), shapes, strict=True)]

    def append_to(self, column: ColumnWriter, tensors: Sequence[torch.Tensor | None]) -> Iterator[Bytes]:
        """Append the tensors' bytes to a column, and yield them."""
        for copy in self.read(tensors):
            column.append_bytes(copy)
            yield copy

    def read(self, tensors: Sequence[torch.Tensor | None]) -> Iterator[Bytes]:
        """Yield the tensors' bytes. The next call overwrites them."""
        own_tensors = tensors[self._places]
        present = [(copy, tensor) for copy, tensor in zip(self._copies, own_tensors, strict=True) if tensor is not None]
        if len(present) == len(own_tensors):
            torch._foreach_copy_(self._copies, own_tensors)  # type: ignore[arg-type]  # none of them is None
        else:
            self._bytes[:] = 0
            for copy, tensor in present:
                copy.copy_(tensor)
        yield self._bytes


class _LargeTensor:
    """A tensor that is copied piece by piece."""

    def __init__(self, place: int, shape: torch.Size, dtype: torch.dtype) -> None:
        self._place, self._dtype, self._n_bytes = place, dtype, shape.numel() * dtype.itemsize

    def append_to(self, column: ColumnWriter, tensors: Sequence[torch.Tensor | None]) -> Iterator[Bytes]:
        """Append the tensor's bytes to a column, and yield them piece by piece."""
        return self._copied(tensors, column.pieces(self._n_bytes))

    def _copied(self, tensors: Sequence[torch.Tensor | None], pieces: Iterator[Bytes]) -> Iterator[Bytes]:
        """Copy the tensor into ``pieces`` of memory, which together have its size; yield each piece once it is full."""
        tensor = tensors[self._place]
        plain = self._plain(tensor)
        numbers = None if tensor is None or plain is not None else tensor.detach().reshape(-1)
        start = 0
        for piece in pieces:
            end = start + len(piece)
            if plain is not None:
                piece[:] = plain[start:end]  # numpy, since torch's threads would wait for each other at each piece
            elif numbers is not None:
                copy = torch.from_numpy(piece).view(self._dtype)
                copy.copy_(numbers[start // self._dtype.itemsize : end // self._dtype.itemsize])
            else:
                piece[:] = 0
            start = end
            yield piece

    def read(self, tensors: Sequence[torch.Tensor | None]) -> Iterator[Bytes]:
        """Yield the tensor's bytes as numbers of the row's dtype."""
        plain = self._plain(tensors[self._place])
        if plain is not None:
            yield plain
            return
        scratch = np.empty(min(_STAGE, self._n_bytes), np.uint8)
        starts = range(0, self._n_bytes, _STAGE)
        yield from self._copied(tensors, (scratch[: self._n_bytes - start] for start in starts))

    def _plain(self, tensor: torch.Tensor | None) -> Bytes | None:
        """Return the tensor's own memory if it has the same bytes as the row; else None."""
        if tensor is None or tensor.dtype != self._dtype or not is_plain(tensor):
            return None
        return plain_bytes(tensor)


def _parts_of(shapes: Sequence[torch.Size], dtype: torch.dtype) -> Iterator[_SmallTensors | _LargeTensor]:
    """Yield the units in which a row's tensors are copied: large ones alone, small ones with their neighbours."""
    first, n_bytes = 0, 0  # the first small tensor that waits, and the bytes of all that wait
    for place, shape in enumerate(shapes):
        size = shape.numel() * dtype.itemsize
        if first < place and (size > STAGED or n_bytes + size > _STAGE):
            yield _SmallTensors(first, shapes[first:place], dtype)
            first, n_bytes = place, 0
        if size > STAGED:
            yield _LargeTensor(place, shape, dtype)
            first = place + 1
        else:
            n_bytes += size
    if first < len(shapes):
        yield _SmallTensors(first, shapes[first:], dtype)
