"""Signals while loops are recorded: handlers wait until a piece of work is whole, and no signal loses a recording."""

import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import FrameType, TracebackType
from typing import Any, Self

_ENDING = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
"""Signals that end a process where it has no handler for them."""
_SIGNALS = (signal.SIGINT, *_ENDING)

_recordings: list["DeferredSignals"] = []  # those of this process, the innermost last
_user_handlers: dict[int, Any] = {}  # what our handler stands in for, by the signal's number
_busy: list["DeferredSignals"] = []  # those whose work must not be interrupted now
_deferred: list[tuple[int, FrameType | None, float]] = []  # signals, and when they came
_PATIENCE = 5.0  # seconds that an update may take before a signal closes its trace all the same


class DeferredSignals:
    """A context in which `call` finishes its work before a signal's handler may raise.

    Only handlers in Python can raise in the middle of something, and only in the main thread.

    ``close``: called with the name of a SIGTERM or SIGHUP that is about to end the process, because nobody handles it.
    The process then ends by that signal. It waits until ``may_close``, for a few seconds. In a fork of the process,
    signals do what they did before the recording.
    """

    def __init__(self) -> None:
        self.close: Callable[[str], None] | None = None
        self.may_close: Callable[[], bool] = lambda: True

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            _recordings.append(self)
            for number in _SIGNALS:
                handler = signal.getsignal(number)
                if handler is not _handle and (callable(handler) or (handler is signal.SIG_DFL and number in _ENDING)):
                    _user_handlers[number] = handler
                    signal.signal(number, _handle)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self in _recordings:
            _recordings.remove(self)
            if not _recordings:
                _restore()
                while _deferred:  # the handler of another signal raised before
                    signal.raise_signal(_deferred.pop(0)[0])

    def call(self, work: Callable[..., None], *arguments: Any) -> None:
        """Do ``work``; then what signals have asked for meanwhile."""
        if threading.get_ident() != threading.main_thread().ident:
            work(*arguments)
            return
        _busy.append(self)
        try:
            work(*arguments)
        finally:
            del _busy[-1:]
            for number, frame, _ in _deferred.copy() if not _busy else ():
                _deferred.pop(0)
                _handle(number, frame)


def remind() -> None:
    """(In any thread.) Send a signal again that has been waiting for long: then it waits no more."""
    for number, _, since in _deferred.copy():
        if time.monotonic() - since > _PATIENCE:
            os.kill(os.getpid(), number)


def _handle(number: int, frame: FrameType | None) -> None:
    waits = number in [other for other, *_ in _deferred]
    if _busy:
        if not waits:  # as the system itself keeps one of each
            _deferred.append((number, frame, time.monotonic()))
        return
    handler = _user_handlers.get(number, signal.SIG_DFL)
    if callable(handler):
        handler(number, frame)
        return
    if not waits and not all(recording.may_close() for recording in _recordings):
        _deferred.append((number, frame, time.monotonic()))
        return
    for recording in reversed(_recordings):
        if recording.close is not None:
            with suppress(Exception):  # the others are to be closed, and the process is to end
                recording.close(signal.Signals(number).name)
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def _restore() -> None:
    """Signals do again what they did before, unless somebody has set another handler meanwhile."""
    for number, handler in _user_handlers.items():
        if signal.getsignal(number) is _handle:
            signal.signal(number, handler)
    _user_handlers.clear()


_masks = threading.local()  # what the thread that forks had blocked


def _hold_signals() -> None:
    """(Before a fork.) Python drops signals that reach a new process before it is set up: they wait until then."""
    _masks.before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS) if _recordings else None


def _let_signals_go() -> None:
    """(After a fork.) In both processes."""
    if getattr(_masks, "before", None) is not None:
        signal.pthread_sigmask(signal.SIG_SETMASK, _masks.before)


def _forget_parent() -> None:
    """(In the new process.) Signals do what they did before the parent's recordings."""
    for of_parent in (_recordings, _busy, _deferred):
        of_parent.clear()
    with suppress(ValueError):  # not the main thread
        _restore()
    _let_signals_go()


os.register_at_fork(before=_hold_signals, after_in_parent=_let_signals_go, after_in_child=_forget_parent)
