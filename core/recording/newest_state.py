"""Keeps the newest state of a recording in a file of its own, in case the process is killed before the next kept
state.
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import torch
import xxhash
from gradreel.core.recording.recorded_model import RecordedModel
from gradreel.core.recording.row_writer import Bytes, RowWriter, is_plain
from gradreel.core.trace.earlier_run import EarlierRun

_PIECE = 1 << 24  # bytes that are read at once
_MEMORY = "/proc/self/mem"


class NewestState:
    """Writes theta after ``updates`` updates into the file ``file`` of a folder; ``checksum`` is that of the file.

    The journal's thread reads theta's memory through the operating system. If a loop frees that memory meanwhile, the
    call fails and nothing crashes. It cannot read a theta that is on a GPU, or narrower than the column, or that a step
    changes. Then the loop's own thread copies theta after an update. If ``earlier`` is continued, its last state is the
    newest at first.
    """

    def __init__(
        self, recorded: RecordedModel, states: RowWriter, folder: Path, earlier: EarlierRun | None = None
    ) -> None:
        self.updates = 0
        self.file, self.checksum = "", ""
        self._recorded, self._states, self._folder = recorded, states, folder
        if earlier is not None:
            digest = xxhash.xxh3_128_digest(earlier.last_state.view(np.uint8).data)
            self._adopt(earlier.run.updates, digest)  # the file is there
        try:
            self._memory: int | None = os.open(_MEMORY, os.O_RDONLY)
        except OSError:
            self._memory = None
        if self._memory_places() is None:
            self.close()

    def read(self) -> Bytes:
        """Return the bytes of the newest state. Raises OSError if the file cannot be read."""
        return np.fromfile(self._folder / self.file, np.uint8)

    def close(self) -> None:
        """Stop reading memory."""
        if self._memory is not None:
            os.close(self._memory)
            self._memory = None

    def copy(self, updates: int) -> None:
        """(Loop's thread, after an update.) Write theta. Raises OSError if the disk is full."""
        with torch.no_grad():
            self._adopt(updates, self._write(updates, self._states.read(self._recorded.state())))

    def read_from_memory(self, updates: int, digest: bytes | None) -> None:
        """(Journal's thread, while no update is made.) Write theta if it can be read and does not change meanwhile.

        ``digest`` is that of the state after the update, or None if it is unknown.
        """
        places = self._memory_places() if self._memory is not None and updates > self.updates else None
        if places is None:
            return
        try:
            written_digest = self._write(updates, self._read(places))
            is_steady = written_digest == (digest or self._digest_of(places)) and places == self._memory_places()
        except OSError:  # the memory was freed, or the disk is full
            is_steady = False
        if is_steady:
            self._adopt(updates, written_digest)
        else:
            (self._folder / _file_name(updates)).unlink(missing_ok=True)

    def _adopt(self, updates: int, digest: bytes) -> None:
        """Make the file of the state after ``updates`` updates, with this digest, the newest."""
        self.updates, self.file, self.checksum = updates, _file_name(updates), digest.hex()

    def _memory_places(self) -> list[tuple[int, int]] | None:
        """Return address and length in bytes of each of theta's tensors; None if one is not plain memory of theta's
        dtype.
        """
        try:
            tensors = self._recorded.state()
        except ValueError:
            return None
        if not all(tensor.dtype == self._recorded.dtype and is_plain(tensor) for tensor in tensors):
            return None
        return [(tensor.data_ptr(), tensor.numel() * tensor.itemsize) for tensor in tensors]

    def _digest_of(self, places: list[tuple[int, int]]) -> bytes:
        """Return the digest of the bytes in these places of memory."""
        digest = xxhash.xxh3_128()
        for piece in self._read(places):
            digest.update(piece)
        return digest.digest()

    def _read(self, places: list[tuple[int, int]]) -> Iterator[bytes]:
        """Yield the bytes in these places of memory. Raises OSError if the memory was freed."""
        assert self._memory is not None
        for address, length in places:
            while length:
                piece = os.pread(self._memory, min(length, _PIECE), address)
                if not piece:
                    raise OSError("the memory is gone")
                yield piece
                address, length = address + len(piece), length - len(piece)

    def _write(self, updates: int, pieces: Iterable[bytes | Bytes]) -> bytes:
        """Write the state into a new file and return its digest."""
        digest = xxhash.xxh3_128()
        with open(self._folder / _file_name(updates), "wb", buffering=0) as stream:
            for piece in pieces:
                data = memoryview(piece)  # type: ignore[arg-type]  # numpy's stubs do not name the buffer protocol
                digest.update(data)
                while data:
                    data = data[stream.write(data) :]
        return digest.digest()


def _file_name(updates: int) -> str:
    """Return the name of the file of a last state."""
    return f"last-{updates}.rows"
