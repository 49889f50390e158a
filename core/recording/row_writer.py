"""Rows of a column that are copied from a model's tensors straight into the memory that the disk is written from."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
import xxhash
from gradreel.core.trace.write_behind import ColumnWriter
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]

STAGED = 1 << 16
"""Bytes of a tensor up to which it is copied together with its neighbours: one call takes as long as such a copy."""
_STAGE = 1 << 20  # bytes of neighbours that are copied together


class RowWriter:
    """Appends rows to ``column``: tensors of these shapes one after the other, as numbers of ``dtype``.

    The tensors may be of any device, layout and narrower type. None stands for zeros. ``digests``: ``appended`` is to
    be the digest of the row that was appended last.
    """

    def __init__(
        self, shapes: Sequence[torch.Size], dtype: torch.dtype, column: ColumnWriter, digests: bool = False
    ) -> None:
        self.n_bytes = sum(shape.numel() for shape in shapes) * dtype.itemsize  # of a row
        self.appended: bytes | None = None
        self._column, self._digests = column, digests
        self._parts = list(_parts_of(shapes, dtype))

    def append(self, tensors: Sequence[torch.Tensor | None]) -> None:
        """Append them as a new row."""
        digest = xxhash.xxh3_128()
        self._column.begin_row()
        with torch.no_grad():
            for part in self._parts:
                for piece in part.append_to(self._column, tensors):
                    if self._digests:
                        digest.update(piece.data)
        self.appended = digest.digest() if self._digests else None

    def digest_of(self, tensors: Sequence[torch.Tensor | None]) -> bytes:
        """Return the digest of the row that `append` would append."""
        digest = xxhash.xxh3_128()
        with torch.no_grad():
            for piece in self.read(tensors):
                digest.update(piece.data)
        return digest.digest()

    def read(self, tensors: Sequence[torch.Tensor | None]) -> Iterator[Bytes]:
        """Yield the bytes of the row that `append` would append, in pieces. The next one may overwrite a piece."""
        for part in self._parts:
            yield from part.read(tensors)

    def cut(self, rows: int) -> None:
        """Drop what was appended after so many rows: the last one, or the part of it that there is."""
        self._column.cut(rows)


def is_plain(tensor: torch.Tensor) -> bool:
    """Whether a tensor's memory on this computer holds its entries one after the other, as they are."""
    return tensor.is_cpu and tensor.is_contiguous() and not tensor.is_conj() and not tensor.is_neg()


def plain_bytes(tensor: torch.Tensor) -> Bytes:
    """Return a tensor's bytes in the order of its entries, (n,): its own memory where they stand there so.

    By DLPack: after ``numpy()`` torch lets nobody resize the tensor any more, and a loop may do so.
    """
    tensor = tensor.detach()
    if not is_plain(tensor) or tensor.numel() == 1:  # of one entry the stride may be any
        tensor = torch.empty(tensor.shape, dtype=tensor.dtype, device="cpu").copy_(tensor)
    return np.from_dlpack(tensor.reshape(-1).view(torch.uint8)).view(np.uint8)


class _Small:
    """Neighbouring small tensors, which are copied together."""

    def __init__(self, first: int, shapes: Sequence[torch.Size], dtype: torch.dtype) -> None:
        sizes = [shape.numel() for shape in shapes]
        memory = bytearray(sum(sizes) * dtype.itemsize)
        self._bytes: Bytes = np.frombuffer(memory, np.uint8)
        vector = torch.frombuffer(memory, dtype=dtype) if memory else torch.empty(0, dtype=dtype, device="cpu")
        self._places = slice(first, first + len(shapes))
        self._copies = [part.view(shape) for part, shape in zip(torch.split(vector, sizes), shapes, strict=True)]

    def append_to(self, column: ColumnWriter, tensors: Sequence[torch.Tensor | None]) -> Iterator[Bytes]:
        """Append the tensors' bytes to a column; yield them."""
        for copy in self.read(tensors):
            column.append_bytes(copy)
            yield copy

    def read(self, tensors: Sequence[torch.Tensor | None]) -> Iterator[Bytes]:
        """Yield the tensors' bytes, which the next call overwrites."""
        now = tensors[self._places]
        there = [(copy, tensor) for copy, tensor in zip(self._copies, now, strict=True) if tensor is not None]
        if len(there) == len(now):
            torch._foreach_copy_(self._copies, now)  # type: ignore[arg-type]  # none of them is None
        else:
            self._bytes[:] = 0
            for copy, tensor in there:
                copy.copy_(tensor)
        yield self._bytes


class _Large:
    """One tensor that is copied piece by piece."""

    def __init__(self, place: int, shape: torch.Size, dtype: torch.dtype) -> None:
        self._place, self._dtype, self._n_bytes = place, dtype, shape.numel() * dtype.itemsize

    def append_to(self, column: ColumnWriter, tensors: Sequence[torch.Tensor | None]) -> Iterator[Bytes]:
        """Append the tensor's bytes to a column; yield them piece by piece."""
        return self._copied(tensors, column.pieces(self._n_bytes))

    def _copied(self, tensors: Sequence[torch.Tensor | None], pieces: Iterator[Bytes]) -> Iterator[Bytes]:
        """Copy the tensor into ``pieces`` of memory, together as long as the tensor; yield each full piece."""
        tensor = tensors[self._place]
        plain = self._plain(tensor)
        numbers = None if tensor is None or plain is not None else tensor.detach().reshape(-1)
        start = 0
        for piece in pieces:
            end = start + len(piece)
            if plain is not None:
                piece[:] = plain[start:end]  # no threads of torch's: they would wait for one another piece by piece
            elif numbers is not None:
                copy = torch.from_numpy(piece).view(self._dtype)
                copy.copy_(numbers[start // self._dtype.itemsize : end // self._dtype.itemsize])
            else:
                piece[:] = 0
            start = end
            yield piece

    def read(self, tensors: Sequence[torch.Tensor | None]) -> Iterator[Bytes]:
        """Yield the tensor's bytes, as numbers of the row's type."""
        plain = self._plain(tensors[self._place])
        if plain is not None:
            yield plain
            return
        scratch = np.empty(min(_STAGE, self._n_bytes), np.uint8)
        starts = range(0, self._n_bytes, _STAGE)
        yield from self._copied(tensors, (scratch[: self._n_bytes - start] for start in starts))

    def _plain(self, tensor: torch.Tensor | None) -> Bytes | None:
        """The tensor's own memory, where it stands there as in the row."""
        if tensor is None or tensor.dtype != self._dtype or not is_plain(tensor):
            return None
        return plain_bytes(tensor)


def _parts_of(shapes: Sequence[torch.Size], dtype: torch.dtype) -> Iterator[_Small | _Large]:
    """Yield what the tensors of a row are copied as: large ones alone, small ones with their neighbours."""
    first, n_bytes = 0, 0  # of the small ones that wait
    for place, shape in enumerate(shapes):
        size = shape.numel() * dtype.itemsize
        if first < place and (size > STAGED or n_bytes + size > _STAGE):
            yield _Small(first, shapes[first:place], dtype)
            first, n_bytes = place, 0
        if size > STAGED:
            yield _Large(place, shape, dtype)
            first = place + 1
        else:
            n_bytes += size
    if first < len(shapes):
        yield _Small(first, shapes[first:], dtype)
