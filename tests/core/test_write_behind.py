"""Columns written by a thread have the same bytes in any portions, report errors, and use bounded memory."""

import errno
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import xxhash
from gradreel.core.trace import write_behind
from gradreel.core.trace.columns import ColumnKind, checksum, read_column, rows_of
from gradreel.core.trace.write_behind import ColumnWriter, WriteBehind, Written
from hypothesis import given, settings
from hypothesis import strategies as st


@settings(max_examples=60)
@given(st.integers(0, 700), st.integers(1, 900), st.lists(st.integers(1, 60), min_size=1, max_size=9), st.booleans())
def test_a_column_has_the_appended_rows(
    tmp_path_factory: pytest.TempPathFactory, rows: int, width: int, portions: list[int], cached: bool
) -> None:
    """Rows come in portions of any size, cross blocks, and go through the page cache or past it."""
    file = tmp_path_factory.mktemp("column") / "numbers.npy"
    numbers = np.random.default_rng(rows).normal(size=(rows, width)).astype(np.float32)
    kind = ColumnKind((rows, width), "<f4")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(write_behind, "BLOCK", 1 << 13)
        with WriteBehind() as behind:
            behind.cached_left = 1 << 40 if cached else 0
            column = ColumnWriter(behind, file, kind)
            start = 0
            while start < rows:
                for portion in portions:
                    column.append(numbers[start : start + portion])
                    start += portion
        assert column.rows == rows
        assert column.finish() == kind
    np.testing.assert_array_equal(np.load(file), numbers)
    np.testing.assert_array_equal(read_column(file, kind), numbers)
    assert column.checksum == checksum(file, kind)
    assert all(np.array_equal(written_row, row) for written_row, row in zip(rows_of(file, kind), numbers, strict=True))


def test_a_column_may_have_more_rows_than_expected(tmp_path: Path) -> None:
    numbers = np.arange(5000.0).reshape(1000, 5)
    with WriteBehind() as behind:
        column = ColumnWriter(behind, tmp_path / "numbers.npy", ColumnKind((3, 5), "<f8"))
        column.append(numbers)
    assert column.finish().shape == (1000, 5)
    np.testing.assert_array_equal(np.load(tmp_path / "numbers.npy"), numbers)


def test_an_unfinished_column_is_no_npy_file(tmp_path: Path) -> None:
    with WriteBehind() as behind:
        ColumnWriter(behind, tmp_path / "numbers.npy", ColumnKind((2,), "<f8")).append([1.0, 2.0])
    with pytest.raises(ValueError, match="pickled"):
        np.load(tmp_path / "numbers.npy")


def test_a_mark_reports_the_rows_in_the_files(tmp_path: Path) -> None:
    reports: list[tuple[dict[str, Written], bytes]] = []
    file, kind = tmp_path / "numbers.npy", ColumnKind((4000,), "<f8")
    with WriteBehind() as behind:
        column = ColumnWriter(behind, file, kind)
        for part in range(4):
            column.append(np.arange(1000.0 * part, 1000 * (part + 1)))
            behind.mark(lambda written: reports.append((written, file.read_bytes())))
    assert [written["numbers"].rows for written, _ in reports] == [1000, 2000, 3000, 4000]
    for written, content in reports:
        rows = written["numbers"].rows
        np.testing.assert_array_equal(np.frombuffer(content[128 : 128 + 8 * rows]), np.arange(rows))
        column.finish()
    assert reports[-1][0]["numbers"].checksum == checksum(file, kind)


def test_a_column_is_resumed(tmp_path: Path) -> None:
    file, kind = tmp_path / "numbers.npy", ColumnKind((3000, 3), "<f4")
    numbers = np.random.default_rng(0).normal(size=kind.shape).astype(np.float32)
    marks: list[Written] = []
    with WriteBehind() as behind:
        column = ColumnWriter(behind, file, kind)
        column.append(numbers[:1234])
        behind.mark(lambda written: marks.append(written["numbers"]))
        column.append(numbers[:100])  # lost if the process is killed now
    with WriteBehind() as behind:
        column = ColumnWriter(behind, file, kind, resume=marks[0])
        np.testing.assert_array_equal(column.read_row(1233), numbers[1233])
        column.append(numbers[1234:])
    column.finish()
    np.testing.assert_array_equal(np.load(file), numbers)
    assert column.checksum == checksum(file, kind)


def test_a_changed_column_is_not_resumed(tmp_path: Path) -> None:
    file, kind = tmp_path / "numbers.npy", ColumnKind((10,), "<f8")
    with WriteBehind() as behind:
        ColumnWriter(behind, file, kind).append(np.arange(5.0))
    with WriteBehind() as behind:
        with pytest.raises(ValueError, match="not what had been written"):
            ColumnWriter(behind, file, kind, resume=Written(5, "0"))
        with pytest.raises(ValueError, match="shorter"):
            ColumnWriter(behind, file, kind, resume=Written(9, "0"))


def test_a_block_that_is_full_before_its_mark_is_reached_is_written_whole(tmp_path: Path) -> None:
    """The disk is slower than the appending, so a block is handed over while a mark in it still waits."""
    kind = ColumnKind((6 * write_behind.BLOCK // 8,), "<i8")
    numbers, whole = np.arange(kind.shape[0]), write_behind.BLOCK // 8
    gate = threading.Event()
    with WriteBehind() as behind:
        column = ColumnWriter(behind, tmp_path / "numbers.npy", kind)
        behind.submit(lambda: (gate.wait(), None)[1])
        column.append(numbers[:1000])
        behind.mark(lambda written: None)
        column.append(numbers[1000 : whole + 1000])
        gate.set()
        column.append(numbers[whole + 1000 :])
    column.finish()
    np.testing.assert_array_equal(np.load(tmp_path / "numbers.npy"), numbers)


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(1, 3000), st.booleans(), st.floats(0, 0.002)), min_size=1, max_size=40))
def test_marks_at_any_moment_do_not_change_the_file(
    tmp_path_factory: pytest.TempPathFactory, portions: list[tuple[int, bool, float]]
) -> None:
    """At any speed of the disk, the rows that a mark reports are in the file, and all rows are at the end."""
    file = tmp_path_factory.mktemp("column") / "numbers.npy"
    numbers = np.random.default_rng(0).normal(size=sum(count for count, _, _ in portions))
    marks: list[tuple[int, str, bytes]] = []

    def note(written: dict[str, Written]) -> None:
        marks.append((written["numbers"].rows, written["numbers"].checksum, file.read_bytes()))

    with WriteBehind(block=1 << 12) as behind:
        column = ColumnWriter(behind, file, ColumnKind(numbers.shape, "<f8"))
        start = 0
        for count, marked, seconds in portions:
            column.append(numbers[start : start + count])
            start += count
            behind.submit(lambda seconds=seconds: time.sleep(seconds))
            if marked:
                behind.mark(note)
    column.finish()
    np.testing.assert_array_equal(np.load(file), numbers)
    for rows, checksum_then, content in marks:
        np.testing.assert_array_equal(np.frombuffer(content[128 : 128 + 8 * rows]), numbers[:rows])
        assert checksum_then == xxhash.xxh3_128(numbers[:rows].tobytes()).hexdigest()


def test_an_exception_in_the_thread_is_raised_and_nothing_hangs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> int:
        raise MemoryError("no memory")

    monkeypatch.setattr(os, "pwrite", broken)

    def write_much() -> None:
        with WriteBehind(block=1 << 12) as behind:
            column = ColumnWriter(behind, tmp_path / "numbers.npy", ColumnKind((1 << 20,), "<f8"))
            for _ in range(1 << 10):
                column.append(np.zeros(1 << 10))

    with pytest.raises(MemoryError, match="no memory"):
        write_much()


def test_ctrl_c_while_the_rest_is_written_leaves_neither_thread_nor_file_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, open_files: Callable[[], set[str]]
) -> None:
    threads, before = threading.active_count(), open_files()
    pwrite, interruptions = os.pwrite, 0

    def interrupt_and_write(fd: int, data: memoryview, place: int) -> int:
        nonlocal interruptions
        time.sleep(0.2)  # until the main thread waits for the rest
        if interruptions < 2:
            interruptions += 1
            os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.2)
        return pwrite(fd, data, place)

    monkeypatch.setattr(os, "pwrite", interrupt_and_write)

    def write() -> None:
        with WriteBehind() as behind:
            for name in "abc":
                ColumnWriter(behind, tmp_path / f"{name}.npy", ColumnKind((9,), "<f8")).append(np.zeros(9))

    with pytest.raises(KeyboardInterrupt):
        write()
    assert threading.active_count() == threads
    assert open_files() <= before  # what an earlier test has left may close meanwhile


def test_a_full_disk_is_reported_and_nothing_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write_behind, "BLOCK", 1 << 12)

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "pwrite", full)
    column = None

    def write_much() -> None:
        nonlocal column
        with WriteBehind() as behind:
            column = ColumnWriter(behind, tmp_path / "numbers.npy", ColumnKind((1 << 20,), "<f8"))
            for _ in range(1 << 10):
                column.append(np.zeros(1 << 10))

    with pytest.raises(OSError, match="No space left"):
        write_much()


def test_appending_waits_for_a_slow_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory stays bounded: at most `BLOCKS` blocks are filled."""
    monkeypatch.setattr(write_behind, "BLOCK", 1 << 12)
    pwrite, ahead = os.pwrite, []

    def slow(fd: int, data: memoryview, place: int) -> int:
        time.sleep(0.001)
        ahead.append(appended - place)
        return pwrite(fd, data, place)

    monkeypatch.setattr(os, "pwrite", slow)
    appended = 0
    with WriteBehind() as behind:
        behind.cached_left = 1 << 40
        column = ColumnWriter(behind, tmp_path / "numbers.npy", ColumnKind((1 << 16,), "<f8"))
        for _ in range(1 << 7):
            column.append(np.zeros(1 << 9))
            appended += 1 << 12
    assert len(ahead) >= 128
    assert max(ahead) <= (write_behind.BLOCKS + 1) << 12
