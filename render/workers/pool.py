"""Worker processes: one for each task, so that Manim's global state and a crash stay with the task.

A task is a function and plain arguments, see `worker_process`. Results are `concurrent.futures.Future`. A worker ends
when its parent does, and leaves Ctrl-C to it.
"""

from __future__ import annotations

import multiprocessing
import signal
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import TracebackType
from typing import Any

from gradreel.core.fixed_mode import fixed_mode
from gradreel.core.progress import Progress
from gradreel.render.clips.claim import Claim
from gradreel.render.workers import forks
from gradreel.render.workers.forks import fixed_environment
from gradreel.render.workers.progress import Reporter
from gradreel.render.workers.worker_process import (
    LOOK_SECONDS,
    KilledError,
    Watched,
    WorkerDiedError,
    last_words,
    listen,
    run_in_process,
)

END_SECONDS = 2.0  # that a worker may take to end once it has sent its result


@dataclass(frozen=True)
class Listeners:
    """Who hears of a task, in another thread than the one that gave it."""

    begun: Callable[[], None] = lambda: None  # its turn has come
    progress: Progress = lambda done, total: None
    told: Callable[[str], None] = lambda text: None  # what the user should know


def listeners_of(reporter: Reporter, task: str, expected: int, unit: str) -> Listeners:
    """Return listeners that pass on what they hear of a task to ``reporter``; ``expected``: of ``unit``, 0: unknown."""
    return Listeners(
        begun=partial(reporter.begin, task, expected, unit),
        progress=partial(reporter.advance, task),
        told=lambda text: reporter.say(f"{task}: {text}"),
    )


@dataclass(eq=False)
class _Task:
    """What was submitted, and what has become of it."""

    function: str | Callable[..., Any]
    arguments: tuple[Any, ...]
    listeners: Listeners
    timeout: float | None
    claim: Claim | None
    mode: Mapping[str, str] | None
    future: Future[Any] = field(default_factory=Future)
    waits: bool = False  # for another run, and has told so
    was_killed: bool = False


class Workers:
    """At most ``jobs`` worker processes at a time; a context manager. Leaving it by an exception ends those at work.

    A task whose process is killed is tried once more, when nothing else is at work: there is all the memory there is.
    ``temporary``: the folder of what workers write for the moment; that of a run, which is cleared when it is killed.
    """

    def __init__(self, jobs: int, temporary: Path | None = None) -> None:
        forks.begin_tracker()
        self._threads = ThreadPoolExecutor(jobs, thread_name_prefix="worker", initializer=_leave_interrupts)
        self._temporary = temporary
        self._changed = threading.Condition()  # guards what follows
        self._waiting: list[_Task] = []
        self._begun: list[_Task] = []
        self._at_work: set[BaseProcess] = set()
        self._closing = False

    def __enter__(self) -> Workers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self.stop()
        self._close()

    def stop(self) -> None:
        """End those at work and start no more; returns when they are gone."""
        with self._changed:
            self._closing = True
            for process in self._at_work:
                process.kill()
        self._close()

    def _close(self) -> None:
        """Start no more, and wait for those at work."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._threads.shutdown(wait=True, cancel_futures=True)
        for task in self._waiting:
            task.future.cancel()

    def submit(
        self,
        function: str | Callable[..., Any],
        *arguments: Any,
        listeners: Listeners = Listeners(),
        timeout: float | None = None,
        claim: Claim | None = None,
        mode: Mapping[str, str] | None = None,
    ) -> Future[Any]:
        """Run ``function(*arguments)``, or ``worker.<function>(*arguments)`` for a name, in a new process.

        ``timeout``: seconds it may take, see `at`. While another run has its ``claim``, the other tasks go first.
        ``mode``: its vector instructions, see `fixed_environment`.
        """
        task = _Task(function, arguments, listeners, timeout, claim, mode)
        with self._changed:
            self._waiting.append(task)
        self._threads.submit(self._turn)
        return task.future

    def _turn(self) -> None:
        """In a thread: bring one task to its end."""
        while (task := self._next()) is not None:
            try:
                if not (task.was_killed or task.future.set_running_or_notify_cancel()):
                    return
                self._attempt(task)
                return
            except KilledError as error:
                if task.was_killed or self._closing:
                    task.future.set_exception(_killed_again(str(error)))
                    return
                self._put_off(task)
            except BaseException as error:
                task.future.set_exception(error)
                return
            finally:
                self._leave(task)

    def _next(self) -> _Task | None:
        """Wait for a task whose turn it is; None when no more are begun."""
        with self._changed:
            while not self._closing:
                task = self._choose()
                if task is not None:
                    self._waiting.remove(task)
                    self._begun.append(task)
                    return task
                self._changed.wait(LOOK_SECONDS)
            return None

    def _choose(self) -> _Task | None:
        """The first task that nobody else is at; one that was killed only when nothing is at work, and then alone."""
        if any(task.was_killed for task in self._begun):
            return None
        for task in list(self._waiting):
            if task.was_killed:
                continue
            if self._is_ours(task):
                return task
        if self._begun:
            return None
        killed = [task for task in self._waiting if task.was_killed]
        return next((task for task in killed if self._is_ours(task)), None)

    def _is_ours(self, task: _Task) -> bool:
        """Whether no other run is at it. Where that cannot be told, its future says why, and it is not begun."""
        try:
            if task.claim is None or task.claim.take():
                return True
            if not task.waits:
                task.waits = True
                task.listeners.told(task.claim.waiting_message)
        except Exception as error:
            self._waiting.remove(task)
            if task.was_killed or task.future.set_running_or_notify_cancel():
                task.future.set_exception(error)
        return False

    def _put_off(self, task: _Task) -> None:
        task.was_killed = True
        task.listeners.told(
            "its process was killed, perhaps for want of memory; it is tried once more when the others are done"
        )
        with self._changed:
            self._waiting.append(task)

    def _leave(self, task: _Task) -> None:
        if task.claim is not None:
            task.claim.release()
        with self._changed:
            self._begun.remove(task)
            self._changed.notify_all()

    def _attempt(self, task: _Task) -> None:
        """Have the result from a new process; or of another run, if that has been quicker. Raises KilledError.

        Whoever waits for it goes on at once, this thread when the process has ended.
        """
        if task.claim is not None and (made := task.claim.find_result()) is not None:
            task.future.set_result(made)
            return
        # The second time in a Python of its own: then nobody else's death is taken for that of the task
        if task.mode is None or task.mode == fixed_mode():
            context = forks.context(with_manim=isinstance(task.function, str) and not task.was_killed)
        else:  # what a fork has imported is bound to its instructions
            context = multiprocessing.get_context("spawn")
        receiver, sender = context.Pipe(duplex=False)
        with self._changed:
            if self._closing:
                raise WorkerDiedError("stopped before it began")
            with fixed_environment(task.mode) as environment:
                given = (sender, task.function, task.arguments, environment, self._temporary)
                process = context.Process(target=run_in_process, args=given, daemon=True)
                process.start()
            self._at_work.add(process)
        sender.close()  # the worker's end is now the only one: when it closes, we see it
        if not task.was_killed:
            task.listeners.begun()
        watched = Watched(receiver, process, task.timeout)
        try:
            task.future.set_result(listen(watched, task.listeners.progress, task.listeners.told))
        except EOFError:
            _end(process)
            if process.exitcode == -signal.SIGKILL or forks.is_lost(process, context):
                raise KilledError(watched.place) from None
            raise WorkerDiedError(last_words(process.exitcode, watched.place)) from None
        finally:
            receiver.close()
            _end(process)
            with self._changed:
                self._at_work.discard(process)


def _killed_again(place: str) -> WorkerDiedError:
    where = f" {place}" if place else ""
    return WorkerDiedError(
        f"its process was killed{where}, and once more when no other was at work; most likely it needs more memory than"
        " is free: end other programs, or make it smaller"
    )


def _end(process: BaseProcess) -> None:
    """Wait for a worker that has sent its last message; a thread of a user's scene must not keep it."""
    process.join(END_SECONDS)
    if process.is_alive():
        process.kill()
        process.join()


def _leave_interrupts() -> None:
    """Ctrl-C is the main thread's; a process started from this thread is deaf to it from its first moment on."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
