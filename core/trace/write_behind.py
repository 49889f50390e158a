"""Writes the columns of a trace in a thread while training goes on, block by block and in bounded memory.

Appending a row is one copy into a block of memory that is reused. Memory pages that are touched for the first time cost
more than the training that they record. So do pages that the system collects for the disk (the page cache). Therefore
blocks go to the disk directly if the file system can. They go through the page cache only while the disk is slower than
the training, and only if the cache has room and is faster.
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
"""Bytes that are written at once if each update is recorded."""
SMALL_BLOCK = 1 << 20
"""Bytes that are written at once if few updates are recorded: a small block that fills slowly stays in the
processor's cache.
"""
BLOCKS = 8
"""Most blocks of a column. If all are full, appending waits for the disk."""
_PIECE = 1 << 18  # bytes given to the page cache at once; larger pieces wait for contiguous memory
_ALIGNED = 4096  # alignment in bytes that disks need for writes past the page cache

Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class Written:
    """How many rows of a column are safely in its file, and their checksum."""

    rows: int
    checksum: str


class WriteBehind:
    """The thread that writes the columns; a context manager. Leaving it waits until everything is written.

    An error in the thread, such as the OSError of a full disk, is raised when the next block is full, and on leaving.
    ``block`` is the number of bytes that are written at once; a column may hold `BLOCKS` times as much.
    """

    def __init__(self, block: int | None = None) -> None:
        self.block = block or BLOCK
        self.columns: dict[str, ColumnWriter] = {}
        self.error: BaseException | None = None
        self.cached_left = _cache_room()
        self.direct_seconds = self.cached_seconds = 0.0  # how long the last full block took, past or through the cache
        self._process = os.getpid()
        self._work: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="write-behind", daemon=True)

    def __enter__(self) -> Self:
        """Return the writer. Its thread starts with the first work, so an unused writer leaves nothing behind."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Write the rest unless an error occurred, close the files, and raise an error of the thread."""
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

    def mark(self, when_written: Callable[[dict[str, Written]], None]) -> None:
        """Call ``when_written`` in the thread once all rows appended so far are in the files.

        ``when_written`` gets the number of rows and the checksum of each column, by name.
        """
        columns = [(name, column, column.rows, column.marked()) for name, column in self.columns.items()]

        def write_marked() -> None:
            """Write each column up to the mark, then call ``when_written``."""
            written = {}
            for name, column, rows, block in columns:
                column.write(block)
                written[name] = Written(rows, column.checksum)
            when_written(written)

        self.submit(write_marked)

    def drain(self) -> None:
        """Wait until the thread has done all work submitted so far. Raises an error that occurred there."""
        done = threading.Event()
        self.submit(done.set)
        while not done.wait(0.1):
            if self.error is not None:
                raise self.error

    def submit(self, work: Callable[[], None]) -> None:
        """Let the thread do ``work`` after earlier work. Raises an error that occurred there before."""
        if self.error is not None:
            raise self.error
        if self._thread.ident is None:
            self._thread.start()
        self._work.put(work)

    def _run(self) -> None:
        """Do submitted work in order; after an error, do none of the rest."""
        while (work := self._work.get()) is not None:
            if self.error is None:
                try:
                    work()
                except BaseException as error:
                    self.error = error
        self._ended.set()

    def _end(self) -> None:
        """Wait until the thread has done its work, and close the files, even if interrupted meanwhile."""
        self._work.put(None)
        interruption: BaseException | None = None
        while self._thread.ident is not None and not self._ended.is_set():
            try:
                self._ended.wait()  # not join: an interrupted join would count the thread as ended
            except BaseException as error:
                self.error = interruption = error  # makes the thread skip the rest of its work
        for column in self.columns.values():
            column.close()
        if self._thread.ident is not None:
            self._thread.join()
        if interruption is not None:
            raise interruption


@dataclass
class _Block:
    """Memory for a part of a file, and how much of it is filled and written."""

    memory: Bytes
    room: int  # how many bytes of the memory to use
    start: int  # its position in the file
    filled: int = 0  # bytes
    written: int = 0  # bytes
    row: int | None = None  # where in the memory the last row of `begin_row` begins


class ColumnWriter:
    """Appends rows to one column. ``checksum`` is that of the numbers in the file so far.

    The writing thread computes the checksum while training goes on; xxhash releases Python's lock meanwhile. `finish`
    writes the header, so an unfinished file is no valid column. Methods marked "(Writing thread.)" are called there
    only.

    Parameters
    ----------
    behind
        The thread that writes.
    file
        The column's file. Its stem is the column's name.
    kind
        Shape and dtype. ``kind.shape[0]`` is the expected number of rows; there may be more or fewer.
    resume
        What an earlier writer had written; rows are added after it.

    Raises
    ------
    ValueError
        If the file does not contain what ``resume`` says.
    """

    def __init__(self, behind: WriteBehind, file: Path, kind: ColumnKind, resume: Written | None = None) -> None:
        self.file, self.kind = file, kind
        self._appended = 0  # bytes of numbers
        self._behind = behind
        self._header = len(kind.header)
        self._hash = xxhash.xxh3_128()
        self._row_start = 0  # where the row of `begin_row` begins, among the bytes of numbers
        self._hash_at_row = self._hash.copy()  # hash of the bytes before that row, once they are written
        self._fd = os.open(file, os.O_CREAT | os.O_RDWR | (0 if resume else os.O_EXCL), 0o666)
        self._direct: int | None = None
        self._free: LifoQueue[Bytes] = LifoQueue()  # the block written last is still in the processor's cache
        self._allocated = self._handed_over = self._written = 0  # blocks
        size = self._header
        if resume is not None:
            size += resume.rows * kind.row_bytes
        try:
            if resume is not None:
                self._resume(size, resume)
            else:
                os.ftruncate(self._fd, size)
        except BaseException:
            os.close(self._fd)
            raise
        self._size = min(behind.block, max(_ALIGNED, -(-kind.n_bytes // _ALIGNED) * _ALIGNED))
        self._block = self._next_block(size)
        behind.columns[file.stem] = self

    def append(self, rows: Any) -> None:
        """Append a number, a row, or several rows; they are converted to the column's dtype."""
        data = np.ascontiguousarray(rows, dtype=self.kind.dtype)
        self.append_bytes(data.reshape(-1).view(np.uint8))

    @property
    def rows(self) -> int:
        """Return how many whole rows have been appended."""
        return self._appended // self.kind.row_bytes if self.kind.row_bytes else self.kind.shape[0]

    def append_bytes(self, data: Bytes) -> None:
        """Append rows, or parts of a row, given as their bytes, (n,). This is the fast way."""
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
        """Yield the memory of the next ``n_bytes`` bytes in pieces.

        The caller fills each piece before taking the next.
        """
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
        """Note that `drop_row` may drop everything that is appended from now on."""
        self._row_start = self._appended
        self._block.row = self._block.filled

    def cut(self, rows: int) -> None:
        """Drop all bytes appended since `begin_row` if the column has more than ``rows`` rows, even if only a part
        of one more.
        """
        if self._appended > rows * self.kind.row_bytes:
            self.drop_row()

    def drop_row(self) -> None:
        """Drop all bytes that were appended since `begin_row`."""
        self._behind.drain()  # the row may be in the file by now
        block, start = self._block, self._header + self._row_start
        self._appended = self._row_start
        if start >= block.start + block.written:
            block.filled = start - block.start
            return
        self._hash = self._hash_at_row.copy()  # the dropped bytes stay in the file until they are overwritten
        self._block = _Block(block.memory, self._size - start % self._size, start, row=0)

    def hand_over(self) -> _Block:
        """Give the current block to the writing thread and return the next one."""
        filled_block = self._block
        self._handed_over += 1
        self._behind.submit(lambda: self._write_last(filled_block))
        self._block = self._next_block(filled_block.start + filled_block.filled)
        return self._block

    def keep(self, rows: int) -> None:
        """Keep only the first ``rows`` rows. Call it only when all that was appended is in the file."""
        if rows >= self.rows:
            return
        size = self._header + rows * self.kind.row_bytes
        self._hash = data_checksum(self.file, self._header, size)
        self._appended = size - self._header
        self._free.put(self._block.memory)
        self._block = self._next_block(size)

    def before_row(self) -> Written:
        """Return how many rows precede the row of `begin_row`, and their checksum.

        Call it only when they are in the file.
        """
        return Written(self._row_start // self.kind.row_bytes, self._hash_at_row.hexdigest())

    def reserve(self, rows: int) -> None:
        """(Writing thread.) Make the file at least as long as ``rows`` rows."""
        size = self._header + rows * self.kind.row_bytes
        if os.fstat(self._fd).st_size < size:
            os.ftruncate(self._fd, size)

    def marked(self) -> tuple[_Block, int]:
        """Return the current block and how many bytes of it are filled."""
        return self._block, self._block.filled

    def write(self, part: tuple[_Block, int]) -> None:
        """(Writing thread.) Write a block up to some length, without the bytes that are in the file already."""
        block, end = part
        if end > block.written:
            row = block.row
            if row is not None and block.written <= row <= end:
                self._hash.update(block.memory.data[block.written : row])
                self._hash_at_row = self._hash.copy()
                self._hash.update(block.memory.data[row:end])
            else:
                self._hash.update(block.memory.data[block.written : end])
            self._write_to_file(block, end)
            block.written = end

    def _write_last(self, block: _Block) -> None:
        """(Writing thread.) Write the rest of a block, then free its memory."""
        self.write((block, block.filled))
        self._written += 1
        self._free.put(block.memory)

    def read_row(self, row: int) -> NDArray[Any]:
        """Return a row that an earlier writer had written."""
        data = os.pread(self._fd, self.kind.row_bytes, self._header + row * self.kind.row_bytes)
        return np.frombuffer(data, self.kind.dtype).reshape(self.kind.shape[1:])

    def rows_written(self) -> NDArray[Any]:
        """Return the rows in the file, memory-mapped. Call it only when all that was appended is in the file."""
        if not self.rows:
            return np.empty(self.kind.of_length(0).shape, self.kind.dtype)
        shape = self.kind.of_length(self.rows).shape
        return np.memmap(self.file, dtype=self.kind.dtype, mode="r", offset=self._header, shape=shape)

    @property
    def checksum(self) -> str:
        """Return the XXH3 checksum, hexadecimal; it covers the whole column once the thread has ended."""
        return self._hash.hexdigest()

    def finish(self) -> ColumnKind:
        """Write the header for the rows that were appended, and return the column's kind. Call it when all is written.

        Raises OSError if the file is shorter than it should be.
        """
        kind = self.kind.of_length(self.rows)
        if self.file.stat().st_size < kind.n_bytes:
            raise OSError(errno.EIO, f"{self.file} is not as long as what was written into it")
        with self.file.open("r+b") as stream:
            stream.write(kind.header)
            stream.truncate(kind.n_bytes)  # removes bytes that were reserved or dropped
        return kind

    def close(self) -> None:
        """Close the file."""
        for descriptor in (self._fd, self._direct):
            if descriptor is not None:
                os.close(descriptor)

    def _resume(self, size: int, resume: Written) -> None:
        """Continue after the ``size`` bytes that an earlier writer wrote. Raises ValueError if they are not there."""
        if os.fstat(self._fd).st_size < size:
            raise ValueError(f"{self.file} is shorter than it was")
        self._hash = data_checksum(self.file, self._header, size)
        if self.checksum != resume.checksum:
            raise ValueError(f"{self.file} is not what had been written")
        self._appended = self._row_start = size - self._header
        self._hash_at_row = self._hash.copy()

    def _next_block(self, start: int) -> _Block:
        """Return memory for the bytes from ``start`` on. Blocks end at multiples of their size in the file.

        If all blocks are full, wait for the thread.
        """
        room = self._size - start % self._size
        if self._allocated < BLOCKS and self._free.empty():
            self._allocated += 1
            return _Block(np.frombuffer(mmap.mmap(-1, self._size), dtype=np.uint8), room, start)
        while True:
            with suppress(Empty):
                return _Block(self._free.get(timeout=1.0), room, start)
            if self._behind.error is not None:
                raise self._behind.error

    def _write_to_file(self, block: _Block, end: int) -> None:
        """Write a block's new bytes up to ``end`` into the file, directly or through the page cache, whichever is
        better.
        """
        is_full = block.written == 0 and end == self._size and block.start % _ALIGNED == 0
        behind, start_time = self._behind, time.monotonic()
        is_waited_for = self._handed_over - self._written > BLOCKS // 2 and behind.cached_left > 0
        to_cache = is_waited_for and behind.cached_seconds <= behind.direct_seconds
        if is_full and not to_cache and self._put_directly(block):
            behind.direct_seconds = time.monotonic() - start_time
            return
        behind.cached_left -= end - block.written
        data, position = block.memory.data[block.written : end], block.start + block.written
        while data:
            count = os.pwrite(self._fd, data[:_PIECE], position)
            data, position = data[count:], position + count
        if is_full:
            behind.cached_seconds = time.monotonic() - start_time

    def _put_directly(self, block: _Block) -> bool:
        """Write a block past the page cache; return False if the system or the file system cannot."""
        if self._direct is None:
            flag = getattr(os, "O_DIRECT", None)
            if flag is None:
                return False
            try:
                self._direct = os.open(self.file, os.O_WRONLY | flag)
            except OSError:
                self._behind.cached_left = 1 << 62
                return False
        with suppress(OSError):  # a full disk raises again when the block is written through the cache
            return os.pwrite(self._direct, block.memory.data, block.start) == self._size
        return False


def _cache_room() -> int:
    """Return how many bytes a trace may leave in the page cache: half of what the system collects before it writes
    by itself.
    """
    try:
        meminfo = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
        available = int(meminfo["MemAvailable"].split()[0]) * 1024
        ratio = int(Path("/proc/sys/vm/dirty_background_ratio").read_text())
    except (OSError, KeyError, ValueError, IndexError):
        return 1 << 28
    return available * (ratio or 10) // 200
