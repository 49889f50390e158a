"""The newest state of a recording in a file of its own, for the case that the process is killed before the next one."""

import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import torch
import xxhash
from gradreel.core.recording.recorded_model import RecordedModel
from gradreel.core.recording.row_writer import Bytes, RowWriter

SECONDS = 0.3
"""From one copy by the loop's own thread to the next."""
_SHARE = 20  # such copies may take this part of the time
_PIECE = 1 << 24  # bytes that are read at once
_MEMORY = "/proc/self/mem"


class NewestState:
    """Writes theta after so many ``updates`` into ``file`` of a folder; ``checksum`` is that of the file.

    The journal's thread reads theta's memory through the operating system: if a loop lets go of that memory meanwhile,
    this is an error of a call and no crash. Where theta is no plain memory of this process (a GPU has it, or it is
    narrower than the column), the loop's own thread copies it after an update, a few times a second.
    """

    def __init__(self, recorded: RecordedModel, states: RowWriter, folder: Path) -> None:
        self.updates = 0
        self.file, self.checksum = "", ""
        self._recorded, self._states, self._folder = recorded, states, folder
        self._due = time.monotonic() + SECONDS
        try:
            self._memory: int | None = os.open(_MEMORY, os.O_RDONLY)
        except OSError:
            self._memory = None
        if self._places() is None:
            self.close()

    def close(self) -> None:
        """Read no memory any more."""
        if self._memory is not None:
            os.close(self._memory)
            self._memory = None

    def look(self, updates: int) -> None:
        """(After each update.) Copy theta, if nobody else can, and the last copy is old enough."""
        if self._memory is None and (now := time.monotonic()) >= self._due:
            with torch.no_grad():
                self._write(updates, self._states.read(self._recorded.state()))
            then = time.monotonic()
            self._due = then + max(SECONDS, _SHARE * (then - now))

    def take(self, updates: int, digest: bytes | None) -> None:
        """(In the journal's thread, while no update is made.) Write theta, if it can be read and does not change.

        ``digest``: that of the state after the update, if it is known.
        """
        places = self._places() if self._memory is not None and updates > self.updates else None
        if places is None:
            return
        before = self.updates, self.file, self.checksum
        try:
            found = self._write(updates, self._read(places))
            again = digest
            if again is None:
                hashed = xxhash.xxh3_128()
                for piece in self._read(places):
                    hashed.update(piece)
                again = hashed.digest()
            steady = found == again and places == self._places()
        except OSError:  # the memory is no longer there, or the disk is full
            steady = False
        if not steady:
            (self._folder / f"last-{updates}.rows").unlink(missing_ok=True)
            self.updates, self.file, self.checksum = before

    def _places(self) -> list[tuple[int, int]] | None:
        """Address and length of each of theta's tensors; None if one is no plain memory with numbers of its type."""
        try:
            tensors = self._recorded.state()
        except ValueError:
            return None
        kind = self._recorded.dtype
        if not all(t.is_cpu and t.dtype == kind and t.is_contiguous() and not t.is_neg() for t in tensors):
            return None
        return [(tensor.data_ptr(), tensor.numel() * tensor.itemsize) for tensor in tensors]

    def _read(self, places: list[tuple[int, int]]) -> Iterator[bytes]:
        assert self._memory is not None
        for address, length in places:
            while length:
                piece = os.pread(self._memory, min(length, _PIECE), address)
                if not piece:
                    raise OSError("the memory is gone")
                yield piece
                address, length = address + len(piece), length - len(piece)

    def _write(self, updates: int, pieces: Iterable[bytes | Bytes]) -> bytes:
        """Write the state into a new file. Returns its digest."""
        file, digest = f"last-{updates}.rows", xxhash.xxh3_128()
        with open(self._folder / file, "wb", buffering=0) as stream:
            for piece in pieces:
                data = piece.data if isinstance(piece, np.ndarray) else memoryview(piece)
                digest.update(data)
                while data:
                    data = data[stream.write(data) :]
        self.updates, self.file, self.checksum = updates, file, digest.hexdigest()
        return digest.digest()
