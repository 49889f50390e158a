"""A worker process and its parent: the task done, what the one says and the other hears of it, and of its end.

A task is the name of a function of `worker`, which is imported, and with it Manim, in the new process only; or a
function whose module needs no Manim, such as what trains. What it prints goes to standard error: standard output is
for results.
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
from gradreel.render.workers.forks import compile_the_users_modules, leave_server

IMPORTS_WORKER = "gradreel.render.deferred"  # which imports this module
REPORT_SECONDS = 0.1
LOOK_SECONDS = 0.3  # between two looks at whether a worker lives, and whether another run is done with a thing
PR_SET_PDEATHSIG = 1  # of Linux's prctl

Clock = Literal["goes on", "anew", "stopped"]  # what a task's time does


class WorkerDiedError(UserError):
    """A worker process that ended without a result, such as one killed for want of memory."""

    exit_code = 1


class TimedOutError(WorkerDiedError):
    """A task that was not done in its time."""


class KilledError(WorkerDiedError):
    """Killed by another: by the system for want of memory, or by hand; its text is where that was."""


def report(done: int, total: int = 0) -> None:
    """Tell the parent how far this task is; at most ten times a second, and nothing in a process that is no worker."""
    now = time.monotonic()
    if _ThisWorker.sender is not None and (now - _ThisWorker.reported > REPORT_SECONDS or done == total):
        _ThisWorker.reported = now
        _ThisWorker.sender.send(("progress", done, total))


def at(place: str, clock: Clock = "goes on") -> None:
    """Tell the parent where this task is, such as "in beat sum", for what it says should the task come to a bad end.

    ``clock``: the time that the task may take begins anew, or stands still until it does.
    """
    if _ThisWorker.sender is not None:
        _ThisWorker.place = place
        _ThisWorker.sender.send(("place", place, clock))


def tell(text: str) -> None:
    """Have the user told; nothing in a process that is no worker."""
    if _ThisWorker.sender is not None:
        _ThisWorker.sender.send(("told", text, None))


class _SaidOnce(logging.Filter):
    """Sends each of Manim's warnings to the parent, once: Manim itself prints it twice. Makes the others printable."""

    def __init__(self) -> None:
        super().__init__()
        self._said: set[str] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno != logging.WARNING or _ThisWorker.sender is None:
            record.msg, record.args = printable(record.getMessage()), ()
            return True
        text = " ".join(record.getMessage().split())
        if text not in self._said:
            self._said.add(text)
            _ThisWorker.sender.send(
                ("told", f"Manim warns{_ThisWorker.place and f', {_ThisWorker.place}'}: {text}", None)
            )
        return False


_warning_text = warnings.formatwarning


def _printable_warning(*arguments: Any, **options: Any) -> str:
    return printable(_warning_text(*arguments, **options))


def log_plainly() -> None:
    """Make what Manim logs and Python warns of printable in this process and its forks. Call it before Manim's import.

    In a worker, Manim's warnings go to the parent from then on.
    """
    manims_logger = logging.getLogger("manim")
    if not any(isinstance(each, _SaidOnce) for each in manims_logger.filters):
        manims_logger.addFilter(_SaidOnce())
    warnings.formatwarning = _printable_warning


class Sender(Protocol):
    """The worker's end of the way to its parent."""

    def send(self, message: Any, /) -> None: ...

    def close(self) -> None: ...


class Receiver(Protocol):
    """The parent's end; ``recv`` raises EOFError when the worker is gone."""

    def recv(self) -> Any: ...


class _ThisWorker:
    """State of this worker process: its way to the parent, when it last reported, where its task is."""

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
    """What a new process does. It ends at once, whatever threads the task has left behind."""
    leave_server()
    _end_by_the_system()
    if environment != os.environ:  # a fork has that of the moment when its server began
        os.environ.clear()
        os.environ.update(environment)
    if temporary is not None:
        tempfile.tempdir = os.environ["TMPDIR"] = str(temporary)
    with suppress(OSError):
        os.dup2(2, 1)
    _guard_children()
    compile_the_users_modules()
    work(sender, function, arguments)
    with suppress(Exception):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(0)


def work(sender: Sender, function: str | Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    """In the worker process: do the task, and send what came of it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _ThisWorker.sender = sender
    log_plainly()
    try:
        call = _function_of_the_worker(function) if isinstance(function, str) else function
        at("", "anew")  # what it takes to get so far is not the task's
        result = call(*arguments)
        sender.send(("result", result, None))
    except BaseException as error:
        sender.send(("error", _pickled(error), traceback.format_exc()))
    sender.close()


def _function_of_the_worker(name: str) -> Callable[..., Any]:
    """Raises UserError where Manim can't be imported as it is configured."""
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
    """Programs, pools and forks that the task begins end when this process does, however it ends.

    All of them are of its process group, unless they leave it. A guard, a fork of this process, waits for the end of a
    pipe that this process alone holds, and then kills the group, and so itself. `multiprocessing` would refuse children
    to a process that is ended with its parent.
    """
    multiprocessing.current_process()._config["daemon"] = False  # type: ignore[attr-defined]
    if not hasattr(os, "fork"):
        return
    os.setpgrp()
    ended, held = os.pipe()
    if os.fork() == 0:
        for number in map(int, os.listdir("/dev/fd")):  # its parent's end of the pipe, and what others wait for
            if number != ended:
                with suppress(OSError):
                    os.close(number)
        os.read(ended, 1)
        os.killpg(0, signal.SIGKILL)
    os.close(ended)
    os.register_at_fork(after_in_child=os.fdopen(held, "wb").close)


def _end_by_the_system() -> None:
    """On Linux the system ends this process with its parent, even one that is in C code and lets no thread run."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _pickled(error: BaseException) -> bytes:
    """``error`` for the parent: by words alone if it cannot be sent, or if it is not one that a thread may raise."""
    if isinstance(error, Exception):
        with suppress(Exception):
            content = pickle.dumps(error)
            pickle.loads(content)
            return content
        return pickle.dumps(RuntimeError(f"{type(error).__name__}: {error}"))
    says = f": {error}" if str(error) else ""
    return pickle.dumps(WorkerDiedError(f"its process was ended by {type(error).__name__}{says}"))


def _unpickled(content: bytes, told: str) -> BaseException:
    """The error, with what is ``told`` of it in the worker; by words alone for a class that is not known here."""
    try:
        error: BaseException = pickle.loads(content)
    except Exception:
        return RuntimeError(f"in a worker process:\n{told}")
    if not isinstance(error, UserError | OSError):
        error.add_note(f"In a worker process:\n{told}")
    return error


def listen(receiver: Receiver, progress: Progress, told: Callable[[str], None]) -> Any:
    """The result of the worker's task; what it raised is raised here, EOFError when it ended without either.

    ``told`` is called with what the user should know.
    """
    while True:
        kind, value, extra = receiver.recv()
        if kind == "result":
            return value
        if kind == "error":
            raise _unpickled(value, extra)
        if kind == "progress":
            progress(value, extra)
        if kind == "told":
            told(value)


def last_words(exit_code: int | None, place: str = "") -> str:
    """Why a worker that sent no result has ended, and where it was."""
    where = f" {place}" if place else ""
    if exit_code == -signal.SIGKILL:
        return f"its process was killed{where}, most likely for want of memory; fewer at once (-j 1) need less"
    if exit_code is not None and exit_code < 0:
        with suppress(ValueError):
            return f"its process crashed{where} ({signal.Signals(-exit_code).name})"
    return f"its process ended without a result{where} (exit code {exit_code})"


class Watched:
    """A worker as its parent hears and sees it: its messages, whether it lives, where it is, its time."""

    def __init__(self, connection: Connection[Any, Any], process: BaseProcess, timeout: float | None) -> None:
        self._connection, self._process, self._timeout = connection, process, timeout
        self._since: float | None = None  # None: its time stands still
        self.place = ""

    def recv(self) -> Any:
        """The next message. Raises EOFError when the worker is gone, TimedOutError when its time is over."""
        while True:
            if self._connection.poll(min(LOOK_SECONDS, self._time_left())):
                try:
                    message = self._connection.recv()
                except OSError:  # it died in the middle of a word
                    raise EOFError from None
                if message[0] == "place":
                    self._moved(*message[1:])
                elif message[0] != "progress" or self._time_left() > 0:
                    return message
            elif not self._process.is_alive() and not self._connection.poll():
                raise EOFError  # a process that it has started still holds its end
            if self._time_left() <= 0:
                self._process.kill()
                where = f", {self.place}" if self.place else ""
                raise TimedOutError(f"stopped after {self._timeout:g} s{where}; a larger --timeout gives it more time")

    def _moved(self, place: str, clock: Clock) -> None:
        self.place = place
        if clock != "goes on":
            self._since = time.monotonic() if clock == "anew" else None

    def _time_left(self) -> float:
        if self._timeout is None or self._since is None:
            return float("inf")
        return max(0.0, self._since + self._timeout - time.monotonic())
