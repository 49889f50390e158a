"""Columns of a trace as .npy files: their form on disk, and how to read them without pickle."""

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

_READ_AT_ONCE = 1 << 23  # bytes that are read at once
_MOST_SPARSE = 64
"""How many times larger than its blocks on disk a column may be.

File systems that compress store zeros in about a 32nd of their size, or not at all, such as the epochs of a run with
one epoch. So the rule holds only above `_SMALL` bytes.
"""
_SMALL = 1 << 26  # bytes


@dataclass(frozen=True)
class ColumnKind:
    """Shape and dtype of a column, from which every byte of its file before the first number follows."""

    shape: tuple[int, ...]
    dtype: str  # such as "<f8"

    @property
    def header(self) -> bytes:
        """Return the .npy header, format 1.0. It has the same length for any number of rows."""
        stream = io.BytesIO()
        np.lib.format.write_array_header_1_0(
            stream, {"shape": self.shape, "fortran_order": False, "descr": np.dtype(self.dtype).str}
        )
        return stream.getvalue()

    @property
    def row_bytes(self) -> int:
        """Return the size of a row in bytes."""
        return int(np.prod(self.shape[1:], dtype=object)) * np.dtype(self.dtype).itemsize

    @property
    def n_bytes(self) -> int:
        """Return the size of the whole file in bytes."""
        return len(self.header) + self.shape[0] * self.row_bytes

    def of_length(self, rows: int) -> "ColumnKind":
        """Return the same kind with ``rows`` rows."""
        return ColumnKind((rows, *self.shape[1:]), self.dtype)


def read_column(file: Path, kind: ColumnKind, grows: bool = False, private: bool = False) -> NDArray[Any]:
    """Return a column, memory-mapped and read-only.

    Parameters
    ----------
    file
        The column's file.
    kind
        The shape and dtype that it must have.
    grows
        Whether the file is still being written: it may be longer, and its header may be missing.
    private
        Whether the numbers may be changed in memory. The file stays as it is.

    Raises
    ------
    TraceError
        If the file is missing, is no regular file, has another header or size, or takes almost no space on disk.
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
    """Return whether all columns of a trace together take almost no space on disk.

    One column may: most gradients of an embedding are zeros, which a copy may leave out. Its states are not. The time
    for reading a trace is bounded by the blocks of all its columns together.
    """
    with os.scandir(folder) as entries:
        columns = [entry.stat(follow_symlinks=False) for entry in entries if entry.name.endswith(".npy")]
    return sum(file.st_size for file in columns) > _MOST_SPARSE * sum(512 * file.st_blocks for file in columns)


def rows_of(file: Path, kind: ColumnKind) -> Iterator[NDArray[Any]]:
    """Yield each row of a column, read and not mapped, so a column larger than memory needs memory for a few rows only.

    A row is a view that later rows may overwrite: copy it to keep it.
    """
    chunk_rows = max(1, _READ_AT_ONCE // max(1, kind.row_bytes))
    with file.open("rb", buffering=0) as stream:
        stream.seek(len(kind.header))
        for start in range(0, kind.shape[0], chunk_rows):
            rows = min(chunk_rows, kind.shape[0] - start)
            data = np.fromfile(stream, kind.dtype, rows * (kind.row_bytes // np.dtype(kind.dtype).itemsize))
            yield from data.reshape(rows, *kind.shape[1:])


def checksum(file: Path, kind: ColumnKind) -> str:
    """Return XXH3 (128 bits, hexadecimal) of a column's numbers, without the header."""
    return data_checksum(file, len(kind.header)).hexdigest()


def data_checksum(file: Path, start: int, end: int | None = None) -> xxhash.xxh3_128:
    """Return the XXH3 state of a file's bytes from ``start`` up to ``end``, by default to its end; more can be added.

    It guards against accidents, not against forgery.
    """
    digest = xxhash.xxh3_128()
    buffer = memoryview(bytearray(_READ_AT_ONCE))
    with file.open("rb", buffering=0) as stream:
        stream.seek(start)
        remaining = (file.stat().st_size if end is None else end) - start
        while remaining > 0 and (count := stream.readinto(buffer[: min(remaining, len(buffer))])):
            digest.update(buffer[:count])
            remaining -= count
    return digest
