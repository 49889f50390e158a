"""Shows progress and messages: bars on a terminal, plain lines elsewhere, nothing with ``--quiet``."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import TextIO

from gradreel.core.errors import printable
from gradreel.render.choices import DEFAULT_VERBOSITY, ProgressBar
from gradreel.render.terminal import print_plainly, raw_stream

LINE_SECONDS = 10.0  # between two plain lines of one task


class Reporter(AbstractContextManager["Reporter"]):
    """Base class of reporters; shows nothing. Its methods may be called from any thread."""

    @property
    def is_silent(self) -> bool:
        """Whether this reporter shows no message, so that none need be prepared."""
        return type(self).say is Reporter.say

    def say(self, message: str) -> None:
        """Show a message."""

    def detail(self, message: str) -> None:
        """Show a message only with ``-v debug``."""

    def begin(self, task: str, total: int, unit: str) -> None:
        """Start a task of about ``total`` units; 0 if unknown."""

    def advance(self, task: str, done: int, total: int = 0) -> None:
        """Report ``done`` units of ``total``; 0 keeps the earlier total."""

    def end(self, task: str) -> None:
        """End a task, whether it succeeded or failed."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None


class Lines(Reporter):
    """Writes plain lines to a stream, for output that is not a terminal."""

    def __init__(self, stream: TextIO | None = None, details: bool = False, bars: bool = True) -> None:
        self._stream = stream or sys.stderr
        self._details, self._bars = details, bars
        self._tasks: dict[str, _Progress] = {}
        self._lock = threading.Lock()

    def say(self, message: str) -> None:
        with self._lock:
            print(message, file=self._stream, flush=True)

    def detail(self, message: str) -> None:
        if self._details:
            self.say(message)

    def begin(self, task: str, total: int, unit: str) -> None:
        self._tasks[task] = _Progress(total, unit)

    def advance(self, task: str, done: int, total: int = 0) -> None:
        state = self._tasks[task]
        state.total = total or state.total
        now = time.monotonic()
        if state.start is None:  # a resumed task does not begin at 0
            state.start = (now, done)
        if self._bars and now - state.told > LINE_SECONDS:
            state.told = now
            of = f" of {'about ' if not total else ''}{state.total}" if state.total >= done else ""
            self.say(f"{task}: {done}{of} {state.unit}{state.time_left(now, done)}")

    def end(self, task: str) -> None:
        self._tasks.pop(task, None)


class _Progress:
    def __init__(self, total: int, unit: str) -> None:
        self.total, self.unit, self.told = total, unit, time.monotonic()
        self.start: tuple[float, int] | None = None  # time and progress at the first report

    def time_left(self, now: float, done: int) -> str:
        """Return the expected time left, such as ", about 1 min 5 s left"; "" if the speed is unknown."""
        began, done_then = self.start or (now, done)
        if done <= done_then or done >= self.total:
            return ""
        return f", about {duration((now - began) / (done - done_then) * (self.total - done))} left"


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
        self._tasks: dict[str, tuple[TaskID, int]] = {}  # bar and total by task

    def __enter__(self) -> Bars:
        self._progress.start()
        print_plainly()  # other output now goes through the bars' console, which interprets escape sequences
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
        bar, total_before = self._tasks[task]
        if not total and total_before < done:
            total_before = 0  # the estimate was too low, so the time left is unknown
            next(shown for shown in self._progress.tasks if shown.id == bar).total = None
        self._tasks[task] = (bar, total or total_before)
        self._progress.update(bar, completed=done, total=total or None)

    def end(self, task: str) -> None:
        if task not in self._tasks:  # it never started
            return
        bar, _ = self._tasks.pop(task)
        if not self._leave:
            self._progress.remove_task(bar)
        else:
            self._progress.stop_task(bar)


def reporter(progress: ProgressBar, quiet: bool = False, verbosity: str = DEFAULT_VERBOSITY) -> Reporter:
    """Return the reporter for ``--progress_bar`` (display, leave, none), ``--quiet`` and ``-v``."""
    level = verbosity.lower()
    if quiet or level in ("error", "critical"):
        return Reporter()
    if progress != "none" and sys.stderr.isatty():
        return Bars(details=level == "debug", leave=progress == "leave")
    return Lines(details=level == "debug", bars=progress != "none")


def duration(seconds: float) -> str:
    """Return whole seconds in words: 75 gives "1 min 15 s"."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def counted(number: int, noun: str, digits: Callable[[int], str] = str) -> str:
    """Return number and noun, such as "1 epoch" or "2 epochs"; ``digits`` formats the number."""
    return f"{digits(number)} {noun}{'' if number == 1 else 's'}"
