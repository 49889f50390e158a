"""What a run tells while it works: bars with the time left on a terminal, plain lines elsewhere, nothing when quiet."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import TextIO

from gradreel.core.errors import printable
from gradreel.render.choices import DEFAULT_VERBOSITY
from gradreel.render.terminal import print_plainly, raw_stream

LINE_SECONDS = 10.0  # between two plain lines of one task


class Reporter(AbstractContextManager["Reporter"]):
    """Says nothing; the base of those that do. Methods may be called from any thread."""

    def say(self, message: str) -> None:
        """Something done."""

    def detail(self, message: str) -> None:
        """Something for those who asked to be told more."""

    def begin(self, task: str, total: int, unit: str) -> None:
        """``total`` is an estimate; 0 when there is none."""

    def advance(self, task: str, done: int, total: int = 0) -> None:
        """``done`` of ``total`` so far; total 0 keeps the one there is."""

    def end(self, task: str) -> None:
        """The task is over, well or not."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None


class Lines(Reporter):
    """Plain lines on a stream: where nobody watches a terminal."""

    def __init__(self, stream: TextIO | None = None, details: bool = False, bars: bool = True) -> None:
        self._stream = stream or sys.stderr
        self._details, self._bars = details, bars
        self._tasks: dict[str, _Task] = {}
        self._lock = threading.Lock()

    def say(self, message: str) -> None:
        with self._lock:
            print(message, file=self._stream, flush=True)

    def detail(self, message: str) -> None:
        if self._details:
            self.say(message)

    def begin(self, task: str, total: int, unit: str) -> None:
        self._tasks[task] = _Task(total, unit)

    def advance(self, task: str, done: int, total: int = 0) -> None:
        state = self._tasks[task]
        state.total = total or state.total
        now = time.monotonic()
        if state.start is None:  # a task that is gone on with does not begin at 0
            state.start = (now, done)
        if self._bars and now - state.told > LINE_SECONDS:
            state.told = now
            of = f" of {'about ' if not total else ''}{state.total}" if state.total >= done else ""
            self.say(f"{task}: {done}{of} {state.unit}{state.left(now, done)}")

    def end(self, task: str) -> None:
        self._tasks.pop(task, None)


class _Task:
    def __init__(self, total: int, unit: str) -> None:
        self.total, self.unit, self.told = total, unit, time.monotonic()
        self.start: tuple[float, int] | None = None  # when it was heard of first, and how far it was then

    def left(self, now: float, done: int) -> str:
        """How long it takes from here on, by its speed so far; "" where that is not known."""
        began, before = self.start or (now, done)
        if done <= before or done >= self.total:
            return ""
        return f", about {duration((now - began) / (done - before) * (self.total - done))} left"


class Bars(Reporter):
    """Bars with the time left, by rich; lines of text appear above them."""

    def __init__(self, details: bool = False, leave: bool = False) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

        self._details, self._leave = details, leave
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[unit]}"),
            TimeRemainingColumn(),
            console=Console(file=raw_stream(sys.stderr)),
            transient=not leave,
        )
        self._tasks: dict[str, tuple[TaskID, int]] = {}  # its bar and its total

    def __enter__(self) -> Bars:
        self._progress.start()
        print_plainly()  # what else prints goes through the bars' console now, which takes escape sequences
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def say(self, message: str) -> None:
        self._progress.console.print(printable(message), markup=False, highlight=False, soft_wrap=True)

    def detail(self, message: str) -> None:
        if self._details:
            self.say(message)

    def begin(self, task: str, total: int, unit: str) -> None:
        self._tasks[task] = (self._progress.add_task(printable(task), total=total or None, unit=unit), total)

    def advance(self, task: str, done: int, total: int = 0) -> None:
        bar, known = self._tasks[task]
        if not total and known < done:
            known = 0  # the estimate was too low: how much is left is not known any more
            next(shown for shown in self._progress.tasks if shown.id == bar).total = None
        self._tasks[task] = (bar, total or known)
        self._progress.update(bar, completed=done, total=total or None)

    def end(self, task: str) -> None:
        if task not in self._tasks:  # it never began
            return
        bar, _ = self._tasks.pop(task)
        if not self._leave:
            self._progress.remove_task(bar)
        else:
            self._progress.stop_task(bar)


def reporter(progress: str, quiet: bool = False, verbosity: str = DEFAULT_VERBOSITY) -> Reporter:
    """The reporter for ``--progress_bar`` (display, leave, none), ``--quiet`` and ``-v``."""
    level = verbosity.lower()
    if quiet or level in ("error", "critical"):
        return Reporter()
    if progress != "none" and sys.stderr.isatty():
        return Bars(details=level == "debug", leave=progress == "leave")
    return Lines(details=level == "debug", bars=progress != "none")


def duration(seconds: float) -> str:
    """``75`` -> ``1 min 15 s``."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def counted(number: int, noun: str, digits: Callable[[int], str] = str) -> str:
    """ "1 epoch", "2 epochs"; ``digits`` writes the number."""
    return f"{digits(number)} {noun}{'' if number == 1 else 's'}"
