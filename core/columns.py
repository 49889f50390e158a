"""Columns of a trace as .npy files: written row by row with a checksum, read back memory-mapped and without pickle."""

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from gradreel.core.errors import TraceError
from numpy.typing import NDArray


@dataclass(frozen=True)
class ColumnKind:
    """Shape and type of a column, and so every byte of its file before the first number."""

    shape: tuple[int, ...]
    dtype: str  # such as "<f8"

    @property
    def header(self) -> bytes:
        """The .npy header, format 1.0."""
        stream = io.BytesIO()
        np.lib.format.write_array_header_1_0(
            stream, {"shape": self.shape, "fortran_order": False, "descr": np.dtype(self.dtype).str}
        )
        return stream.getvalue()

    @property
    def n_bytes(self) -> int:
        """Size of the whole file."""
        rows = int(np.prod(self.shape, dtype=object))
        return len(self.header) + rows * np.dtype(self.dtype).itemsize


class ColumnWriter:
    """Writes one column, some rows at a time; ``checksum`` is that of the bytes so far."""

    def __init__(self, file: Path, kind: ColumnKind) -> None:
        self.kind = kind
        self._stream = file.open("xb", buffering=1 << 20)
        self._hash = hashlib.sha256()
        self._written = 0
        self._write(kind.header)

    def append(self, rows: Any) -> None:
        """Add a number, a row, or several rows."""
        self._write(np.ascontiguousarray(rows, dtype=self.kind.dtype).tobytes())

    @property
    def checksum(self) -> str:
        """SHA-256, hexadecimal."""
        return self._hash.hexdigest()

    @property
    def missing(self) -> int:
        """Bytes still to come before the column has its shape."""
        return self.kind.n_bytes - self._written

    def _write(self, data: bytes) -> None:
        self._stream.write(data)
        self._hash.update(data)
        self._written += len(data)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stream.close()


def read_column(file: Path, kind: ColumnKind) -> NDArray[Any]:
    """The column, memory-mapped and read-only. TraceError: the file is missing, or has another header or size."""
    try:
        size = file.stat().st_size
        with file.open("rb") as stream:
            header = stream.read(len(kind.header))
    except FileNotFoundError:
        raise TraceError(f"{file.name} is missing") from None
    except OSError as error:
        raise TraceError(f"{file.name} cannot be read: {error.strerror}") from None
    if size != kind.n_bytes:
        fault = "is truncated" if size < kind.n_bytes else "is too long"
        raise TraceError(f"{file.name} {fault}: {size} bytes, {kind.n_bytes} needed for shape {kind.shape}")
    if header != kind.header:
        raise TraceError(f"{file.name} has a damaged header: not that of a {kind.dtype} array of shape {kind.shape}")
    if 0 in kind.shape:
        return np.empty(kind.shape, kind.dtype)  # an empty file cannot be mapped
    return np.memmap(file, dtype=kind.dtype, mode="r", offset=len(header), shape=kind.shape)


def file_checksum(file: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
