"""Runs each task in a new worker process, so that a crash and Manim's global state affect only that task.

A task is a function with plain arguments, see `worker_process`. Its result is a `concurrent.futures.Future`. A worker
ends when its parent ends, and ignores Ctrl-C.
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
    WatchedWorker,
    WorkerDiedError,
    listen,
    reason_of_end,
    run_in_process,
)

END_SECONDS = 2.0  # a worker must end this soon after it sent its result


@dataclass(frozen=True)
class Listeners:
    """Functions that are called for events of a task, in another thread than the one that submitted it."""

    begun: Callable[[], None] = lambda: None  # the worker started
    progress: Progress = lambda done, total: None
    message: Callable[[str], None] = lambda text: None  # a message for the user


def listeners_of(reporter: Reporter, task: str, expected: int, unit: str) -> Listeners:
    """Return listeners that report a task to ``reporter``. ``expected``: its number of units, 0 if unknown."""
    return Listeners(
        begun=partial(reporter.begin, task, expected, unit),
        progress=partial(reporter.advance, task),
        message=lambda text: reporter.say(f"{task}: {text}"),
    )


@dataclass(eq=False)
class _Task:
    """A submitted task and its state."""

    function: str | Callable[..., Any]
    arguments: tuple[Any, ...]
    listeners: Listeners
    timeout: float | None
    claim: Claim | None
    mode: Mapping[str, str] | None
    future: Future[Any] = field(default_factory=Future)
    waits: bool = False  # for another run, and the user was told
    was_killed: bool = False


class Workers:
    """A pool of at most ``jobs`` worker processes; a context manager. An exception inside it kills running workers.

    If a worker is killed, its task runs once more when no other runs, since then most memory is free.
    ``temporary``: folder for the workers' temporary files.
    """

    def __init__(self, jobs: int, temporary: Path | None = None) -> None:
        forks.begin_tracker()
        self._threads = ThreadPoolExecutor(jobs, thread_name_prefix="worker", initializer=_block_interrupts)
        self._temporary = temporary
        self._changed = threading.Condition()  # guards the following attributes
        self._waiting: list[_Task] = []
        self._begun: list[_Task] = []
        self._running: set[BaseProcess] = set()
        self._closing = False

    def __enter__(self) -> Workers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self.stop()
        self._finish_running_tasks()

    def stop(self) -> None:
        """Kill running workers and start no more; return when they have ended."""
        with self._changed:
            self._closing = True
            for process in self._running:
                process.kill()
        self._finish_running_tasks()

    def _finish_running_tasks(self) -> None:
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

        ``timeout``: seconds that it may take, see `report_place`. While another run holds its ``claim``, other
        tasks go first.
        ``mode``: variables for vector instructions, see `fixed_environment`.
        """
        task = _Task(function, arguments, listeners, timeout, claim, mode)
        with self._changed:
            self._waiting.append(task)
        self._threads.submit(self._run_next_task)
        return task.future

    def _run_next_task(self) -> None:
        """In a thread: run one task until its future has a result or an error."""
        while (task := self._wait_for_task()) is not None:
            try:
                if not (task.was_killed or task.future.set_running_or_notify_cancel()):
                    return
                self._run_in_new_process(task)
                return
            except KilledError as error:
                if task.was_killed or self._closing:
                    task.future.set_exception(_killed_again(str(error)))
                    return
                self._retry_later(task)
            except BaseException as error:
                task.future.set_exception(error)
                return
            finally:
                self._release_claim(task)

    def _wait_for_task(self) -> _Task | None:
        """Wait for the next task to run and return it; None if the pool closes."""
        with self._changed:
            while not self._closing:
                task = self._first_claimable_task()
                if task is not None:
                    self._waiting.remove(task)
                    self._begun.append(task)
                    return task
                self._changed.wait(LOOK_SECONDS)
            return None

    def _first_claimable_task(self) -> _Task | None:
        """Return the first task whose claim can be taken; None if none can.

        A task that was killed before runs only when no other task runs, and then alone.
        """
        if any(task.was_killed for task in self._begun):
            return None
        for task in list(self._waiting):
            if task.was_killed:
                continue
            if self._take_claim(task):
                return task
        if self._begun:
            return None
        killed = [task for task in self._waiting if task.was_killed]
        return next((task for task in killed if self._take_claim(task)), None)

    def _take_claim(self, task: _Task) -> bool:
        """Take the task's claim and return whether it was taken. If that raises, the error goes to the future."""
        try:
            if task.claim is None or task.claim.take():
                return True
            if not task.waits:
                task.waits = True
                task.listeners.message(task.claim.waiting_message)
        except Exception as error:
            self._waiting.remove(task)
            if task.was_killed or task.future.set_running_or_notify_cancel():
                task.future.set_exception(error)
        return False

    def _retry_later(self, task: _Task) -> None:
        """Put a killed task back into the queue, and tell the user."""
        task.was_killed = True
        task.listeners.message(
            "its process was killed, perhaps for want of memory; it is tried once more when the others are done"
        )
        with self._changed:
            self._waiting.append(task)

    def _release_claim(self, task: _Task) -> None:
        """Release a task's claim, and wake the threads that wait for a free worker."""
        if task.claim is not None:
            task.claim.release()
        with self._changed:
            self._begun.remove(task)
            self._changed.notify_all()

    def _run_in_new_process(self, task: _Task) -> None:
        """Set the future's result: from another run if it has one already, else from a new process.

        Returns when the process has ended. Raises KilledError if it was killed.
        """
        if task.claim is not None and (result := task.claim.find_result()) is not None:
            task.future.set_result(result)
            return
        # A second attempt runs in a new Python: if a fork server were killed, its task would seem killed again
        if task.mode is None or task.mode == fixed_mode():
            context = forks.context(with_manim=isinstance(task.function, str) and not task.was_killed)
        else:  # the server's imports already use its own vector instructions
            context = multiprocessing.get_context("spawn")
        receiver, sender = context.Pipe(duplex=False)
        with self._changed:
            if self._closing:
                raise WorkerDiedError("stopped before it began")
            with fixed_environment(task.mode) as environment:
                process_arguments = (sender, task.function, task.arguments, environment, self._temporary)
                process = context.Process(target=run_in_process, args=process_arguments, daemon=True)
                process.start()
            self._running.add(process)
        sender.close()  # the worker now holds the only other end, so its end raises EOFError here
        if not task.was_killed:
            task.listeners.begun()
        watched = WatchedWorker(receiver, process, task.timeout)
        try:
            task.future.set_result(listen(watched, task.listeners.progress, task.listeners.message))
        except EOFError:
            _end_or_kill(process)
            if process.exitcode == -signal.SIGKILL or forks.is_lost(process, context):
                raise KilledError(watched.place) from None
            raise WorkerDiedError(reason_of_end(process.exitcode, watched.place)) from None
        finally:
            receiver.close()
            _end_or_kill(process)
            with self._changed:
                self._running.discard(process)


def _killed_again(place: str) -> WorkerDiedError:
    """Return the error for a task whose process was killed twice, the second time while it ran alone."""
    where = f" {place}" if place else ""
    return WorkerDiedError(
        f"its process was killed{where}, and once more when no other was at work; most likely it needs more memory than"
        " is free: end other programs, or make it smaller"
    )


def _end_or_kill(process: BaseProcess) -> None:
    """Wait up to `END_SECONDS` for a worker to end, then kill it: a scene's thread may keep it alive."""
    process.join(END_SECONDS)
    if process.is_alive():
        process.kill()
        process.join()


def _block_interrupts() -> None:
    """Block Ctrl-C in this thread and in processes that it starts; the main thread handles it."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
