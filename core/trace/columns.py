"""Columns of a trace as .npy files: what each looks like on disk, and how one is read back without pickle."""

import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xxhash
from gradreel.core.errors import TraceError
from gradreel.core.files import open_regular
from numpy.typing import NDArray

_READ_AT_ONCE = 1 << 23  # bytes; what is read in passing stays out of this process's memory
_MOST_SPARSE = 64
"""How many times as large as its place on the disk a column may be. File systems that compress make zeros 32 times as
small, or leave them out, as of the epochs of a run that has one: so it counts only above `_SMALL`."""
_SMALL = 1 << 26  # bytes


@dataclass(frozen=True)
class ColumnKind:
    """Shape and type of a column, and so every byte of its file before the first number."""

    shape: tuple[int, ...]
    dtype: str  # such as "<f8"

    @property
    def header(self) -> bytes:
        """The .npy header, format 1.0; as long for any number of rows."""
        stream = io.BytesIO()
        np.lib.format.write_array_header_1_0(
            stream, {"shape": self.shape, "fortran_order": False, "descr": np.dtype(self.dtype).str}
        )
        return stream.getvalue()

    @property
    def row_bytes(self) -> int:
        """Size of one row."""
        return int(np.prod(self.shape[1:], dtype=object)) * np.dtype(self.dtype).itemsize

    @property
    def n_bytes(self) -> int:
        """Size of the whole file."""
        return len(self.header) + self.shape[0] * self.row_bytes

    def of_length(self, rows: int) -> "ColumnKind":
        """The same with so many rows."""
        return ColumnKind((rows, *self.shape[1:]), self.dtype)


def read_column(file: Path, kind: ColumnKind, grows: bool = False, private: bool = False) -> NDArray[Any]:
    """The column, memory-mapped and read-only.

    ``grows``: the file is still being written; it may be longer, and has no header yet. ``private``: the numbers can be
    changed in memory; the file stays as it is.

    TraceError: the file is missing, is no regular file, has another header or size, or is as good as empty on the disk.
    """
    try:
        with open_regular(file) as stream:
            status, header = os.fstat(stream.fileno()), stream.read(len(kind.header))
    except FileNotFoundError:
        raise TraceError(f"{file.name} is missing") from None
    except OSError as error:
        raise TraceError(f"{file.name} cannot be read: {error.strerror}") from None
    size, on_disk = status.st_size, 512 * status.st_blocks
    if size < kind.n_bytes or (size > kind.n_bytes and not grows):
        fault = "is truncated" if size < kind.n_bytes else "is too long"
        raise TraceError(f"{file.name} {fault}: {size} bytes, {kind.n_bytes} needed for shape {kind.shape}")
    if header != kind.header and not grows:
        raise TraceError(f"{file.name} has a damaged header: not that of a {kind.dtype} array of shape {kind.shape}")
    if size > max(_SMALL, _MOST_SPARSE * on_disk) and _is_sparse(file.parent):
        raise TraceError(f"{file.name} is sparse: {size} bytes, of which {on_disk} are on the disk")
    if 0 in kind.shape:
        return np.empty(kind.shape, kind.dtype)  # an empty file cannot be mapped
    return np.memmap(file, dtype=kind.dtype, mode="c" if private else "r", offset=len(header), shape=kind.shape)


def _is_sparse(folder: Path) -> bool:
    """Whether all columns together are as good as empty, too.

    Most gradients of an embedding are zeros, which a copy may leave out; its states are not. To read all of a trace
    takes time by its place on the disk, however that is shared out.
    """
    with os.scandir(folder) as entries:
        found = [entry.stat(follow_symlinks=False) for entry in entries if entry.name.endswith(".npy")]
    return sum(of.st_size for of in found) > _MOST_SPARSE * sum(512 * of.st_blocks for of in found)


def rows_of(file: Path, kind: ColumnKind) -> Iterator[NDArray[Any]]:
    """Each row of a column in turn, read and not mapped: a column larger than memory takes no more than a few rows.

    A row is a view that the next ones may overwrite: copy what is to stay.
    """
    at_once = max(1, _READ_AT_ONCE // max(1, kind.row_bytes))
    with file.open("rb", buffering=0) as stream:
        stream.seek(len(kind.header))
        for start in range(0, kind.shape[0], at_once):
            rows = min(at_once, kind.shape[0] - start)
            data = np.fromfile(stream, kind.dtype, rows * (kind.row_bytes // np.dtype(kind.dtype).itemsize))
            yield from data.reshape(rows, *kind.shape[1:])


def checksum(file: Path, kind: ColumnKind) -> str:
    """XXH3 (128 bits, hexadecimal) of a column's numbers; the header before them follows from its kind."""
    return data_checksum(file, len(kind.header)).hexdigest()


def data_checksum(file: Path, start: int, end: int | None = None) -> xxhash.xxh3_128:
    """XXH3 of a file's bytes from ``start`` to ``end``, to go on from. It guards against accidents, not forgery."""
    digest = xxhash.xxh3_128()
    buffer = memoryview(bytearray(_READ_AT_ONCE))
    with file.open("rb", buffering=0) as stream:
        stream.seek(start)
        left = (file.stat().st_size if end is None else end) - start
        while left > 0 and (count := stream.readinto(buffer[: min(left, len(buffer))])):
            digest.update(buffer[:count])
            left -= count
    return digest
