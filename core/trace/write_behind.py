"""Writing the columns of a trace while the training goes on: a thread writes full blocks, in bounded memory.

A row appended is one copy into a block of memory that is used again and again: pages touched for the first time cost
more than the training they record, and so do those that the system gathers for the disk (the page cache). Therefore
blocks go to the disk directly, where the file system can. Only while the disk is slower than the training, and as long
as the cache has room and is the quicker way, do they go there.
"""

import errno
import mmap
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, LifoQueue, SimpleQueue
from types import TracebackType
from typing import Any, Self

import numpy as np
import xxhash
from gradreel.core.trace.columns import ColumnKind, data_checksum
from numpy.typing import NDArray

BLOCK = 1 << 22
"""Bytes that are written at once, where each update is recorded."""
SMALL_BLOCK = 1 << 20
"""The same where few are: blocks that are filled slowly stay in the processor's cache if they are small."""
BLOCKS = 8
"""Blocks that a column may have filled before whoever appends has to wait for the disk."""
_PIECE = 1 << 18  # bytes given to the page cache at once: larger ones wait for memory that lies together
_ALIGNED = 4096  # what a disk asks of writes that go by no cache

Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class Written:
    """How many rows of a column are certainly in its file, and their checksum."""

    rows: int
    checksum: str


class WriteBehind:
    """The thread that writes; a context manager. Leaving it waits for what is still to be written.

    An error of the thread, such as the OSError of a full disk, is raised where the next block is full, and on leaving.
    A fork of the process has no such thread: it leaves at once, and nothing is written.
    ``block``: bytes that are written at once; a column may hold `BLOCKS` times as much.
    """

    def __init__(self, block: int | None = None) -> None:
        self.block = block or BLOCK
        self.columns: dict[str, ColumnWriter] = {}
        self.error: BaseException | None = None
        self.cached_left = _cache_room()
        self.direct_seconds = self.cached_seconds = 0.0  # that the last whole block took, by either way
        self._process = os.getpid()
        self._work: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="write-behind", daemon=True)

    def __enter__(self) -> Self:
        return self  # the thread is started by the first work for it: nothing is left if nothing comes of this

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if os.getpid() != self._process:
            return
        try:
            if kind is None:
                with suppress(type(self.error) if self.error else OSError):  # raised below
                    for column in self.columns.values():
                        column.hand_over()
        finally:
            self._end()
        if kind is None and self.error is not None:
            raise self.error

    def mark(self, then: Callable[[dict[str, Written]], None]) -> None:
        """Once all that has been appended so far is in the files, call ``then`` in the thread that writes."""
        appended = [(name, column, column.rows, column.marked()) for name, column in self.columns.items()]

        def reach() -> None:
            written = {}
            for name, column, rows, block in appended:
                column.write(block)
                written[name] = Written(rows, column.checksum)
            then(written)

        self.submit(reach)

    def drain(self) -> None:
        """Wait until the thread has done what it has been given so far. Raises what has gone wrong there."""
        done = threading.Event()
        self.submit(done.set)
        while not done.wait(0.1):
            if self.error is not None:
                raise self.error

    def submit(self, work: Callable[[], None]) -> None:
        """Have ``work`` done by the thread, after what it has been given before. Raises what has gone wrong there."""
        if self.error is not None:
            raise self.error
        if self._thread.ident is None:
            self._thread.start()
        self._work.put(work)

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            if self.error is None:
                try:
                    work()
                except BaseException as error:
                    self.error = error
        self._ended.set()

    def _end(self) -> None:
        """Wait until the thread has done what it was given, and let go of the files; even if interrupted meanwhile."""
        self._work.put(None)
        interruption: BaseException | None = None
        while self._thread.ident is not None and not self._ended.is_set():
            try:
                self._ended.wait()  # an interrupted join would take the thread for ended
            except BaseException as error:
                self.error = interruption = error  # the thread leaves the rest undone
        for column in self.columns.values():
            column.close()
        if self._thread.ident is not None:
            self._thread.join()
        if interruption is not None:
            raise interruption


@dataclass
class _Block:
    """Memory for a part of a file, and how much of it there is already."""

    memory: Bytes
    room: int  # bytes of it to use
    start: int  # in the file
    filled: int = 0
    written: int = 0
    row: int | None = None  # where in it the last row begins that was begun by `begin_row`


class ColumnWriter:
    """Appends rows to one column of ``behind``'s; ``checksum`` is that of the numbers in the file so far.

    The thread that writes computes it, while the training goes on: xxhash needs no lock of Python's for a block.

    ``kind.shape[0]`` is how many rows there will be, as far as that is known. The header is written by `finish`, so an
    unfinished file is no column. ``resume``: continue after what an earlier writer had written; ValueError if that is
    not there.
    """

    def __init__(self, behind: WriteBehind, file: Path, kind: ColumnKind, resume: Written | None = None) -> None:
        self.file, self.kind = file, kind
        self._appended = 0  # bytes of numbers
        self._behind = behind
        self._header = len(kind.header)
        self._hash = xxhash.xxh3_128()
        self._row_start = 0  # where the row begins that `drop_row` drops, among the bytes of numbers
        self._hash_at_row = self._hash.copy()  # of what is before it, once that has been written
        self._fd = os.open(file, os.O_CREAT | os.O_RDWR | (0 if resume else os.O_EXCL), 0o666)
        self._direct: int | None = None
        self._free: LifoQueue[Bytes] = LifoQueue()  # the last one written is still in the processor's cache
        self._made = self._handed_over = self._written = 0  # blocks
        size = self._header
        if resume is not None:
            size += resume.rows * kind.row_bytes
        try:
            if resume is not None:
                self._go_on(size, resume)
            else:
                os.ftruncate(self._fd, size)
        except BaseException:
            os.close(self._fd)
            raise
        self._size = min(behind.block, max(_ALIGNED, -(-kind.n_bytes // _ALIGNED) * _ALIGNED))
        self._block = self._next_block(size)
        behind.columns[file.stem] = self

    def append(self, rows: Any) -> None:
        """Add a number, a row, or several rows."""
        data = np.ascontiguousarray(rows, dtype=self.kind.dtype)
        self.append_bytes(data.reshape(-1).view(np.uint8))

    @property
    def rows(self) -> int:
        """Whole rows that have been appended."""
        return self._appended // self.kind.row_bytes if self.kind.row_bytes else self.kind.shape[0]

    def append_bytes(self, data: Bytes) -> None:
        """Add rows, or parts of one, given as their bytes, (n,): the quick way."""
        start, block = 0, self._block
        self._appended += len(data)
        while len(data) - start > block.room - block.filled:
            part = block.room - block.filled
            block.memory[block.filled : block.room] = data[start : start + part]
            block.filled += part
            start += part
            block = self.hand_over()
        count = len(data) - start
        block.memory[block.filled : block.filled + count] = data[start:]
        block.filled += count

    def pieces(self, n_bytes: int) -> Iterator[Bytes]:
        """Yield the memory of the next so many bytes, piece by piece, each to be filled before the next is taken."""
        while n_bytes:
            block = self._block
            if block.filled == block.room:
                block = self.hand_over()
            count = min(n_bytes, block.room - block.filled)
            yield block.memory[block.filled : block.filled + count]
            block.filled += count
            self._appended += count
            n_bytes -= count

    def begin_row(self) -> None:
        """Note that what is appended next may be dropped again, by `drop_row`."""
        self._row_start = self._appended
        self._block.row = self._block.filled

    def cut(self, rows: int) -> None:
        """Drop what has been appended since `begin_row`, if that is more than so many rows in all."""
        if self._appended > rows * self.kind.row_bytes:
            self.drop_row()

    def drop_row(self) -> None:
        """Drop what has been appended since `begin_row`."""
        self._behind.drain()  # it may be in the file by now
        block, start = self._block, self._header + self._row_start
        self._appended = self._row_start
        if start >= block.start + block.written:
            block.filled = start - block.start
            return
        self._hash = self._hash_at_row.copy()  # what is in the file beyond stays until it is overwritten
        self._block = _Block(block.memory, self._size - start % self._size, start, row=0)

    def hand_over(self) -> _Block:
        """Give the block at hand to the thread that writes, and take up the next."""
        full = self._block
        self._handed_over += 1
        self._behind.submit(lambda: self._write_last(full))
        self._block = self._next_block(full.start + full.filled)
        return self._block

    def keep(self, rows: int) -> None:
        """Keep the first ``rows`` rows alone. Only once all that has been appended is in the file."""
        if rows >= self.rows:
            return
        size = self._header + rows * self.kind.row_bytes
        self._hash = data_checksum(self.file, self._header, size)
        self._appended = size - self._header
        self._free.put(self._block.memory)
        self._block = self._next_block(size)

    def before_row(self) -> Written:
        """What has been written before the row that was begun last. Only once all of that is in the file."""
        return Written(self._row_start // self.kind.row_bytes, self._hash_at_row.hexdigest())

    def reserve(self, rows: int) -> None:
        """(In the thread that writes.) Make the file at least as long as ``rows`` rows are."""
        size = self._header + rows * self.kind.row_bytes
        if os.fstat(self._fd).st_size < size:
            os.ftruncate(self._fd, size)

    def marked(self) -> tuple[_Block, int]:
        """The block at hand and how much of it is filled now."""
        return self._block, self._block.filled

    def write(self, part: tuple[_Block, int]) -> None:
        """(In the thread that writes.) Write a block up to some length, as far as it is not in the file yet."""
        block, end = part
        if end > block.written:
            row = block.row
            if row is not None and block.written <= row <= end:
                self._hash.update(block.memory.data[block.written : row])
                self._hash_at_row = self._hash.copy()
                self._hash.update(block.memory.data[row:end])
            else:
                self._hash.update(block.memory.data[block.written : end])
            self._put(block, end)
            block.written = end

    def _write_last(self, block: _Block) -> None:
        """(In the thread that writes.) Write the rest of a block, whose memory is free then."""
        self.write((block, block.filled))
        self._written += 1
        self._free.put(block.memory)

    def read_row(self, row: int) -> NDArray[Any]:
        """A row that an earlier writer had written."""
        data = os.pread(self._fd, self.kind.row_bytes, self._header + row * self.kind.row_bytes)
        return np.frombuffer(data, self.kind.dtype).reshape(self.kind.shape[1:])

    def rows_written(self) -> NDArray[Any]:
        """The rows in the file, memory-mapped. Only once all that has been appended is in it."""
        if not self.rows:
            return np.empty(self.kind.of_length(0).shape, self.kind.dtype)
        shape = self.kind.of_length(self.rows).shape
        return np.memmap(self.file, dtype=self.kind.dtype, mode="r", offset=self._header, shape=shape)

    @property
    def checksum(self) -> str:
        """XXH3, hexadecimal; of all of it once the thread has ended."""
        return self._hash.hexdigest()

    def finish(self) -> ColumnKind:
        """Write the header, for the rows that there are. Only once everything has been written."""
        kind = self.kind.of_length(self.rows)
        if self.file.stat().st_size < kind.n_bytes:
            raise OSError(errno.EIO, f"{self.file} is not as long as what was written into it")
        with self.file.open("r+b") as stream:
            stream.write(kind.header)
            stream.truncate(kind.n_bytes)  # there may be more, which was reserved or dropped
        return kind

    def close(self) -> None:
        """Let go of the file."""
        for descriptor in (self._fd, self._direct):
            if descriptor is not None:
                os.close(descriptor)

    def _go_on(self, size: int, resume: Written) -> None:
        if os.fstat(self._fd).st_size < size:
            raise ValueError(f"{self.file} is shorter than it was")
        self._hash = data_checksum(self.file, self._header, size)
        if self.checksum != resume.checksum:
            raise ValueError(f"{self.file} is not what had been written")
        os.ftruncate(self._fd, size)
        self._appended = size - self._header

    def _next_block(self, start: int) -> _Block:
        """Memory for what comes at ``start``; blocks end where a multiple of their size does in the file."""
        room = self._size - start % self._size
        if self._made < BLOCKS and self._free.empty():
            self._made += 1
            return _Block(np.frombuffer(mmap.mmap(-1, self._size), dtype=np.uint8), room, start)
        while True:
            with suppress(Empty):
                return _Block(self._free.get(timeout=1.0), room, start)
            if self._behind.error is not None:
                raise self._behind.error

    def _put(self, block: _Block, end: int) -> None:
        whole = block.written == 0 and end == self._size and block.start % _ALIGNED == 0
        behind, begun = self._behind, time.monotonic()
        waited_for = self._handed_over - self._written > BLOCKS // 2 and behind.cached_left > 0
        to_cache = waited_for and behind.cached_seconds <= behind.direct_seconds
        if whole and not to_cache and self._put_directly(block):
            behind.direct_seconds = time.monotonic() - begun
            return
        behind.cached_left -= end - block.written
        data, place = block.memory.data[block.written : end], block.start + block.written
        while data:
            count = os.pwrite(self._fd, data[:_PIECE], place)
            data, place = data[count:], place + count
        if whole:
            behind.cached_seconds = time.monotonic() - begun

    def _put_directly(self, block: _Block) -> bool:
        """Past the page cache; False where the system or the file system can't."""
        if self._direct is None:
            flag = getattr(os, "O_DIRECT", None)
            if flag is None:
                return False
            try:
                self._direct = os.open(self.file, os.O_WRONLY | flag)
            except OSError:
                self._behind.cached_left = 1 << 62
                return False
        with suppress(OSError):  # a full disk is met again, and told of, by the other way
            return os.pwrite(self._direct, block.memory.data, block.start) == self._size
        return False


def _cache_room() -> int:
    """Bytes that a trace may leave to the page cache: half of what the system gathers before it writes by itself."""
    try:
        meminfo = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
        available = int(meminfo["MemAvailable"].split()[0]) * 1024
        ratio = int(Path("/proc/sys/vm/dirty_background_ratio").read_text())
    except (OSError, KeyError, ValueError, IndexError):
        return 1 << 28
    return available * (ratio or 10) // 200
