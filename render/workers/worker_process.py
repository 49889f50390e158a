"""A worker process: runs one task and sends messages to its parent; and the parent's side, which receives them.

A task is either the name of a function in `render.frames.worker`, or a function. By name, only the new process imports
that module and Manim; a function's module must not need Manim. A task's standard output goes to standard error.
"""

from __future__ import annotations

import configparser
import ctypes
import importlib
import logging
import multiprocessing
import os
import pickle
import signal
import sys
import tempfile
import threading
import time
import traceback
import warnings
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Literal, Protocol

from gradreel.core.errors import UserError, printable
from gradreel.core.progress import Progress
from gradreel.render.clips.configuration import configuration
from gradreel.render.workers.forks import ignore_pyc_of_users_modules, leave_server

IMPORTS_WORKER = "gradreel.render.deferred"  # imports this module, so it is named by text
REPORT_SECONDS = 0.1
LOOK_SECONDS = 0.3  # between two checks of a worker and of another run's claim
PR_SET_PDEATHSIG = 1  # of Linux's prctl

Clock = Literal["goes on", "anew", "stopped"]  # of a task's timeout


class WorkerDiedError(UserError):
    """Raised if a worker process ended without a result, for example by a crash."""

    exit_code = 1


class TimedOutError(WorkerDiedError):
    """Raised if a task exceeded its timeout."""


class KilledError(WorkerDiedError):
    """Raised if a worker was killed, mostly for lack of memory. Its text is the task's place, see `report_place`."""


def report_progress(done: int, total: int = 0) -> None:
    """Send progress to the parent, at most ten times a second. Does nothing outside a worker."""
    now = time.monotonic()
    if _ThisWorker.sender is not None and (now - _ThisWorker.reported > REPORT_SECONDS or done == total):
        _ThisWorker.reported = now
        _ThisWorker.sender.send(("progress", done, total))


def report_place(place: str, clock: Clock = "goes on") -> None:
    """Send the task's place, such as "in beat sum", to the parent, which names it in error messages.

    ``clock``: "anew" restarts the timeout, "stopped" suspends it until the next "anew", "goes on" leaves it.
    """
    if _ThisWorker.sender is not None:
        _ThisWorker.place = place
        _ThisWorker.sender.send(("place", place, clock))


def tell_user(text: str) -> None:
    """Send the parent a message for the user. Does nothing outside a worker."""
    if _ThisWorker.sender is not None:
        _ThisWorker.sender.send(("message", text, None))


class _WarnOnce(logging.Filter):
    """A log filter: sends each Manim warning to the parent once, and makes other records printable.

    Manim itself would print a warning twice.
    """

    def __init__(self) -> None:
        super().__init__()
        self._sent_texts: set[str] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno != logging.WARNING or _ThisWorker.sender is None:
            record.msg, record.args = printable(record.getMessage()), ()
            return True
        text = " ".join(record.getMessage().split())
        if text not in self._sent_texts:
            self._sent_texts.add(text)
            _ThisWorker.sender.send(
                ("message", f"Manim warns{_ThisWorker.place and f', {_ThisWorker.place}'}: {text}", None)
            )
        return False


_warning_text = warnings.formatwarning


def _printable_warning(*arguments: Any, **options: Any) -> str:
    return printable(_warning_text(*arguments, **options))


def log_plainly() -> None:
    """Make Manim's log and Python's warnings printable in this process and its forks. Call it before Manim's import.

    In a worker, Manim's warnings then go to the parent.
    """
    manims_logger = logging.getLogger("manim")
    if not any(isinstance(log_filter, _WarnOnce) for log_filter in manims_logger.filters):
        manims_logger.addFilter(_WarnOnce())
    warnings.formatwarning = _printable_warning


class Sender(Protocol):
    """The worker's end of the connection to its parent."""

    def send(self, message: Any, /) -> None: ...

    def close(self) -> None: ...


class Receiver(Protocol):
    """The parent's end of the connection; ``recv`` raises EOFError once the worker has ended."""

    def recv(self) -> Any: ...


class _ThisWorker:
    """State of this worker process: connection to the parent, time of the last report, place of the task."""

    sender: Sender | None = None
    reported = 0.0
    place = ""


def run_in_process(
    sender: Sender,
    function: str | Callable[..., Any],
    arguments: tuple[Any, ...],
    environment: dict[str, str],
    temporary: Path | None,
) -> None:
    """Run a task in a new process, then end the process at once, even if threads of the task still run."""
    leave_server()
    _end_with_parent_by_system()
    if environment != os.environ:  # a fork has the environment from when its server started
        os.environ.clear()
        os.environ.update(environment)
    if temporary is not None:
        tempfile.tempdir = os.environ["TMPDIR"] = str(temporary)
    with suppress(OSError):
        os.dup2(2, 1)
    _guard_children()
    ignore_pyc_of_users_modules()
    work(sender, function, arguments)
    with suppress(Exception):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(0)


def work(sender: Sender, function: str | Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    """In the worker process: run the task, then send its result or its error to the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent_by_thread, daemon=True).start()
    _ThisWorker.sender = sender
    log_plainly()
    try:
        call = _function_of_the_worker(function) if isinstance(function, str) else function
        report_place("", "anew")  # starting the process does not count towards the timeout
        result = call(*arguments)
        sender.send(("result", result, None))
    except BaseException as error:
        sender.send(("error", _pickled_error(error), traceback.format_exc()))
    sender.close()


def _function_of_the_worker(name: str) -> Callable[..., Any]:
    """Return the task function of that name. Raises UserError if Manim cannot start with the user's manim.cfg."""
    try:
        import_worker = importlib.import_module(IMPORTS_WORKER).import_worker
        function: Callable[..., Any] = getattr(import_worker(), name)
    except (configparser.Error, KeyError, ValueError) as error:
        at_fault = [Path(frame.filename).parent.name for frame in traceback.extract_tb(error.__traceback__)]
        if not configuration() or "_config" not in at_fault:
            raise
        raise UserError(
            f"Manim cannot start with your manim.cfg: {type(error).__name__}: {error}; correct or remove that file"
        ) from None
    return function


def _guard_children() -> None:
    """Make processes that the task starts end with this process, however it ends.

    They all belong to its process group unless they leave it. A guard process, a fork of this one, waits until the
    other end of a pipe closes, which only this process holds. Then it kills the group and itself. `multiprocessing`
    forbids children of a daemon process, so the daemon flag is cleared.
    """
    multiprocessing.current_process()._config["daemon"] = False  # type: ignore[attr-defined]
    if not hasattr(os, "fork"):
        return
    os.setpgrp()
    ended, held = os.pipe()
    if os.fork() == 0:
        for number in map(int, os.listdir("/dev/fd")):  # among them this process's end of the pipe
            if number != ended:
                with suppress(OSError):
                    os.close(number)
        os.read(ended, 1)
        os.killpg(0, signal.SIGKILL)
    os.close(ended)
    os.register_at_fork(after_in_child=os.fdopen(held, "wb").close)


def _end_with_parent_by_system() -> None:
    """On Linux, ask the system to kill this process when its parent ends, even while C code blocks all threads."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _end_with_parent_by_thread() -> None:
    """Wait until the parent ends, then end this process."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _pickled_error(error: BaseException) -> bytes:
    """Return ``error`` pickled; its text in another error if it cannot be pickled or is no Exception."""
    if isinstance(error, Exception):
        with suppress(Exception):
            content = pickle.dumps(error)
            pickle.loads(content)
            return content
        return pickle.dumps(RuntimeError(f"{type(error).__name__}: {error}"))
    text = f": {error}" if str(error) else ""
    return pickle.dumps(WorkerDiedError(f"its process was ended by {type(error).__name__}{text}"))


def _unpickled_error(content: bytes, traceback_text: str) -> BaseException:
    """Return the error with the worker's ``traceback_text`` as a note; RuntimeError if its class is unknown here."""
    try:
        error: BaseException = pickle.loads(content)
    except Exception:
        return RuntimeError(f"in a worker process:\n{traceback_text}")
    if not isinstance(error, UserError | OSError):
        error.add_note(f"In a worker process:\n{traceback_text}")
    return error


def listen(receiver: Receiver, progress: Progress, message: Callable[[str], None]) -> Any:
    """Receive messages until the task ends; return its result or raise its error.

    Raises EOFError if the worker ended without either. ``message`` is called with each message for the user.
    """
    while True:
        kind, value, extra = receiver.recv()
        if kind == "result":
            return value
        if kind == "error":
            raise _unpickled_error(value, extra)
        if kind == "progress":
            progress(value, extra)
        if kind == "message":
            message(value)


def reason_of_end(exit_code: int | None, place: str = "") -> str:
    """Return a message that explains why a worker ended without a result, and at which place."""
    where = f" {place}" if place else ""
    if exit_code == -signal.SIGKILL:
        return f"its process was killed{where}, most likely for want of memory; fewer at once (-j 1) need less"
    if exit_code is not None and exit_code < 0:
        with suppress(ValueError):
            return f"its process crashed{where} ({signal.Signals(-exit_code).name})"
    return f"its process ended without a result{where} (exit code {exit_code})"


class WatchedWorker:
    """The parent's view of a worker: receives its messages and enforces the timeout."""

    def __init__(self, connection: Connection[Any, Any], process: BaseProcess, timeout: float | None) -> None:
        self._connection, self._process, self._timeout = connection, process, timeout
        self._since: float | None = None  # start of the timeout; None: suspended
        self.place = ""

    def recv(self) -> Any:
        """Return the next message. Raises EOFError if the worker has ended, TimedOutError after the timeout."""
        while True:
            if self._connection.poll(min(LOOK_SECONDS, self._time_left())):
                try:
                    message = self._connection.recv()
                except OSError:  # it died in the middle of a message
                    raise EOFError from None
                if message[0] == "place":
                    self._set_place(*message[1:])
                elif message[0] != "progress" or self._time_left() > 0:
                    return message
            elif not self._process.is_alive() and not self._connection.poll():
                raise EOFError  # a child of the worker may still hold the connection open
            if self._time_left() <= 0:
                self._process.kill()
                where = f", {self.place}" if self.place else ""
                raise TimedOutError(f"stopped after {self._timeout:g} s{where}; a larger --timeout gives it more time")

    def _set_place(self, place: str, clock: Clock) -> None:
        self.place = place
        if clock != "goes on":
            self._since = time.monotonic() if clock == "anew" else None

    def _time_left(self) -> float:
        if self._timeout is None or self._since is None:
            return float("inf")
        return max(0.0, self._since + self._timeout - time.monotonic())
