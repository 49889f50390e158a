"""Defers signal handlers while a recording writes, so that none of them raises in the middle of an update's work."""

import os
import signal
import threading
import time
from _signal import getsignal  # signal.getsignal makes enums of the answers and takes 20 times as long
from collections.abc import Callable
from contextlib import suppress
from types import FrameType, TracebackType
from typing import Any, Self


def _numbers(*names: str) -> tuple[int, ...]:
    """Return the numbers of the signals that this system has."""
    return tuple(int(getattr(signal, name)) for name in names if hasattr(signal, name))


_ENDING = _numbers("SIGTERM", "SIGHUP")
"""Signals that end a process where it has no handler for them."""
_SIGNALS = _numbers("SIGINT", "SIGTERM", "SIGHUP", "SIGALRM", "SIGUSR1", "SIGUSR2", "SIGQUIT")
"""Signals whose handlers are deferred."""
_PATIENCE = 5.0
"""Seconds that an update may take before a signal closes its trace all the same."""

_recordings: list["DeferredSignals"] = []  # those of this process, the innermost last
_busy: list["DeferredSignals"] = []  # those whose work must not be interrupted now
_deferred: list[tuple["_Deferring", FrameType | None, float]] = []  # handlers to run later, and when their signals came


class DeferredSignals:
    """A context in which `call` finishes its work before a signal's handler may raise.

    Only handlers in Python can raise in the middle of something, and only in the main thread. `call` wraps the handlers
    that are set when it begins, so a handler that the loop sets during the recording is deferred, too.

    ``close`` is called with the name of a SIGTERM or SIGHUP that is about to end the process, because nobody handles
    it. The process then ends by that signal. It waits until ``may_close``, for a few seconds. In a fork of the process,
    signals do what they did before the recording.
    """

    def __init__(self) -> None:
        self.close: Callable[[str], None] | None = None
        self.may_close: Callable[[], bool] = lambda: True

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            _recordings.append(self)
            _defer_handlers()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self in _recordings:
            _recordings.remove(self)
            if not _recordings:
                _restore()
                while _deferred:  # the handler of another signal raised before
                    signal.raise_signal(_deferred.pop(0)[0].number)

    def call(self, work: Callable[..., None], *arguments: Any) -> None:
        """Do ``work``; then run the handlers of the signals that came meanwhile."""
        if threading.get_ident() != threading.main_thread().ident:
            work(*arguments)
            return
        if _recordings:
            _defer_handlers()
        _busy.append(self)
        try:
            work(*arguments)
        finally:
            del _busy[-1:]
            for handler, frame, _ in _deferred.copy() if not _busy else ():
                _deferred.pop(0)
                handler(handler.number, frame)


class _Deferring:
    """The handler of a signal while something is recorded. It runs ``handler``, at once or when the work is whole.

    It is an object for each handler, so a loop that puts an earlier handler back gets what that handler did.
    """

    def __init__(self, number: int, handler: Any) -> None:
        self.number, self.handler = number, handler

    def __call__(self, number: int, frame: FrameType | None) -> None:
        waits = self in [handler for handler, *_ in _deferred]
        if _busy:
            if not waits:  # as the system itself keeps one of each
                _deferred.append((self, frame, time.monotonic()))
            return
        if callable(self.handler):
            self.handler(number, frame)
            return
        if not waits and not all(recording.may_close() for recording in _recordings):
            _deferred.append((self, frame, time.monotonic()))
            return
        for recording in reversed(_recordings):
            if recording.close is not None:
                with suppress(Exception):  # the others are to be closed, and the process is to end
                    recording.close(signal.Signals(number).name)
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)


def remind() -> None:
    """Send a signal again whose handler has waited for long, from any thread: then it waits no more."""
    for handler, _, since in _deferred.copy():
        if time.monotonic() - since > _PATIENCE:
            os.kill(os.getpid(), handler.number)


def _defer_handlers() -> None:
    """Wrap the handlers in Python that are set now, and what ends the process by default."""
    for number in _SIGNALS:
        handler = getsignal(number)
        if type(handler) is not _Deferring and (callable(handler) or (handler == signal.SIG_DFL and number in _ENDING)):
            signal.signal(number, _Deferring(number, handler))


def _restore() -> None:
    """Put the handlers back that are wrapped now."""
    for number in _SIGNALS:
        handler = getsignal(number)
        if isinstance(handler, _Deferring):
            signal.signal(number, handler.handler)


_masks = threading.local()  # what the thread that forks had blocked


def _hold_signals() -> None:
    """Block the signals before a fork: Python drops those that reach a new process before it is set up."""
    _masks.before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS) if _recordings else None


def _let_signals_go() -> None:
    """Unblock the signals after a fork, in both processes."""
    if getattr(_masks, "before", None) is not None:
        signal.pthread_sigmask(signal.SIG_SETMASK, _masks.before)


def _forget_parent() -> None:
    """Make signals do in the new process what they did before the parent's recordings."""
    of_parent = bool(_recordings)
    for lists in (_recordings, _busy, _deferred):
        lists.clear()
    if of_parent:
        with suppress(ValueError):  # not the main thread
            _restore()
    _let_signals_go()


os.register_at_fork(before=_hold_signals, after_in_parent=_let_signals_go, after_in_child=_forget_parent)
