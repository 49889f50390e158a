"""Worker processes: one new process for each task, so that Manim's global state and a crash stay with the task.

A task is a function and plain arguments: the name of a function of `worker`, which is imported, and with it Manim, in
the new process only; or a function whose module needs no Manim, such as what trains. Results are
`concurrent.futures.Future`. A worker ends when its parent does, and leaves Ctrl-C to it.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import pickle
import signal
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Any, Protocol

from gradreel.core.errors import UserError

WORKER_MODULE = "gradreel.scenes.render.worker"
REPORT_SECONDS = 0.1

Progress = Callable[[int, int], None]  # done, total (0: not known)


class WorkerDiedError(UserError):
    """A worker process that ended without a result, such as one killed for want of memory."""

    exit_code = 1


class Workers:
    """At most ``jobs`` worker processes at a time; a context manager. Leaving it by an exception ends those at work."""

    def __init__(self, jobs: int) -> None:
        self._threads = ThreadPoolExecutor(jobs, thread_name_prefix="worker", initializer=_leave_interrupts)
        self._context = multiprocessing.get_context("spawn")
        self._at_work: set[BaseProcess] = set()
        self._closing = False
        self._lock = threading.Lock()

    def __enter__(self) -> Workers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self.stop()
        self._threads.shutdown(wait=True, cancel_futures=True)

    def stop(self) -> None:
        """End those at work and start no more; returns when they are gone."""
        with self._lock:
            self._closing = True
            for process in self._at_work:
                process.terminate()
        self._threads.shutdown(wait=True, cancel_futures=True)

    def submit(
        self,
        function: str | Callable[..., Any],
        *arguments: Any,
        begun: Callable[[], None] | None = None,
        progress: Progress | None = None,
    ) -> Future[Any]:
        """Run ``function(*arguments)``, or ``worker.<function>(*arguments)`` for a name, in a new process.

        ``begun``, when its turn comes, and ``progress`` are called from another thread.
        """
        return self._threads.submit(self._run, function, arguments, begun, progress)

    def _run(
        self,
        function: str | Callable[..., Any],
        arguments: tuple[Any, ...],
        begun: Callable[[], None] | None,
        progress: Progress | None,
    ) -> Any:
        receiver, sender = self._context.Pipe(duplex=False)
        process = self._context.Process(target=work, args=(sender, function, arguments), daemon=True)
        with self._lock:
            if self._closing:
                raise WorkerDiedError("stopped before it began")
            process.start()
            self._at_work.add(process)
        if begun is not None:
            begun()
        sender.close()  # the worker's end is now the only one: when it closes, we see it
        try:
            return listen(receiver, progress)
        except EOFError:
            process.join()
            raise WorkerDiedError(last_words(process.exitcode)) from None
        finally:
            receiver.close()
            process.join()
            with self._lock:
                self._at_work.discard(process)


def report(done: int, total: int = 0) -> None:
    """Tell the parent how far this task is; at most ten times a second, and nothing in a process that is no worker."""
    now = time.monotonic()
    if _Here.sender is not None and (now - _Here.reported > REPORT_SECONDS or done == total):
        _Here.reported = now
        _Here.sender.send(("progress", done, total))


def _leave_interrupts() -> None:
    """Ctrl-C is the main thread's; a process started from this thread is deaf to it from its first moment on."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})


class Sender(Protocol):
    """The worker's end of the way to its parent."""

    def send(self, message: Any, /) -> None: ...

    def close(self) -> None: ...


class Receiver(Protocol):
    """The parent's end; ``recv`` raises EOFError when the worker is gone."""

    def recv(self) -> Any: ...


class _Here:
    """Of this worker process: its way to the parent, when it last reported."""

    sender: Sender | None = None
    reported = 0.0


def work(sender: Sender, function: str | Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    """In the worker process: do the task, and send what came of it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _Here.sender = sender
    try:
        call = getattr(importlib.import_module(WORKER_MODULE), function) if isinstance(function, str) else function
        result = call(*arguments)
        sender.send(("result", result, None))
    except BaseException as error:
        sender.send(("error", _picklable(error), traceback.format_exc()))
    sender.close()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _picklable(error: BaseException) -> BaseException:
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def listen(receiver: Receiver, progress: Progress | None) -> Any:
    """The result of the worker's task; what it raised is raised here, EOFError when it ended without either."""
    while True:
        kind, value, extra = receiver.recv()
        if kind == "result":
            return value
        if kind == "error":
            if not isinstance(value, UserError | OSError):
                value.add_note(f"In a worker process:\n{extra}")
            raise value
        if progress is not None:
            progress(value, extra)


def last_words(exit_code: int | None) -> str:
    """Why a worker that sent no result has ended."""
    if exit_code == -signal.SIGKILL:
        return "its process was killed, most likely for want of memory; fewer at once (-j 1) need less"
    return f"its process ended without a result (exit code {exit_code})"
