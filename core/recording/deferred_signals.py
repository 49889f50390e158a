"""Defers signal handlers while a recording writes, so that no handler raises in the middle of an update."""

import os
import signal
import threading
import time
from _signal import getsignal  # type: ignore[import-not-found]  # signal.getsignal makes enums of the answers and takes 20 times as long
from collections.abc import Callable
from contextlib import suppress
from types import FrameType, TracebackType
from typing import Any, Self


def _numbers(*names: str) -> tuple[int, ...]:
    """Return the numbers of the signals that this system has."""
    return tuple(int(getattr(signal, name)) for name in names if hasattr(signal, name))


_ENDING = _numbers("SIGTERM", "SIGHUP")
"""Signals that end a process that does not handle them."""
_SIGNALS = _numbers("SIGINT", "SIGTERM", "SIGHUP", "SIGALRM", "SIGUSR1", "SIGUSR2", "SIGQUIT")
"""Signals whose handlers are deferred."""
_PATIENCE = 5.0
"""Seconds that a signal waits for an update before it closes the trace anyway."""

_recordings: list["DeferredSignals"] = []  # the active contexts of this process, the innermost last
_busy: list["DeferredSignals"] = []  # contexts whose work must not be interrupted now
_deferred: list[tuple["_Deferring", FrameType | None, float]] = []  # waiting handlers, with frame and arrival time


class DeferredSignals:
    """A context in which `call` finishes its work before a signal's handler may raise.

    Only handlers in Python can raise in the middle of work, and only in the main thread. `call` wraps the handlers that
    are set when it begins. So a handler that the loop sets during the recording is deferred too. In a fork of the
    process, signals do what they did before the recording.

    Attributes
    ----------
    close
        Called with the name of a SIGTERM or SIGHUP that is about to end the process because nobody handles it. The
        process then ends by that signal.
    may_close
        Returns whether ``close`` may be called now. If not, the signal waits, but for a few seconds at most.
    """

    def __init__(self) -> None:
        self.close: Callable[[str], None] | None = None
        self.may_close: Callable[[], bool] = lambda: True

    def __enter__(self) -> Self:
        """Begin to defer the signals' handlers, in the main thread only."""
        if threading.current_thread() is threading.main_thread():
            _recordings.append(self)
            _defer_handlers()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Restore the handlers when the last context ends, and raise signals that still wait."""
        if self in _recordings:
            _recordings.remove(self)
            if not _recordings:
                _restore()
                while _deferred:  # signals remain if the handler of an earlier one raised
                    signal.raise_signal(_deferred.pop(0)[0].number)

    def call(self, work: Callable[..., None], *arguments: Any) -> None:
        """Do ``work``, then run the handlers of signals that arrived meanwhile."""
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
    """Stands in for the handler of a signal during a recording, and runs ``handler`` now or after the work.

    Each handler has its own object. So a loop that puts an earlier handler back gets that handler's behaviour.
    """

    def __init__(self, number: int, handler: Any) -> None:
        self.number, self.handler = number, handler

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Handle a signal. While work is in progress, wait.

        Otherwise call the user's handler, or close all traces and end the process.
        """
        is_waiting = self in [handler for handler, *_ in _deferred]
        if _busy:
            if not is_waiting:  # at most one of each, like the operating system
                _deferred.append((self, frame, time.monotonic()))
            return
        if callable(self.handler):
            self.handler(number, frame)
            return
        if not is_waiting and not all(recording.may_close() for recording in _recordings):
            _deferred.append((self, frame, time.monotonic()))
            return
        for recording in reversed(_recordings):
            if recording.close is not None:
                with suppress(Exception):  # the other recordings must be closed and the process must end
                    recording.close(signal.Signals(number).name)
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)


def resend_waiting_signals() -> None:
    """(Any thread.) Send a signal again that has waited longer than `_PATIENCE`, so that it waits no longer."""
    for handler, _, arrival in _deferred.copy():
        if time.monotonic() - arrival > _PATIENCE:
            os.kill(os.getpid(), handler.number)


def _defer_handlers() -> None:
    """Wrap the current Python handlers of the signals, and the default action of signals that end the process."""
    for number in _SIGNALS:
        handler = getsignal(number)
        if type(handler) is not _Deferring and (callable(handler) or (handler == signal.SIG_DFL and number in _ENDING)):
            signal.signal(number, _Deferring(number, handler))


def _restore() -> None:
    """Replace our wrappers by the handlers that they wrap."""
    for number in _SIGNALS:
        handler = getsignal(number)
        if isinstance(handler, _Deferring):
            signal.signal(number, handler.handler)


_masks = threading.local()  # the signals that the forking thread had blocked


def _hold_signals() -> None:
    """(Before a fork.) Block signals: Python drops those that reach a new process before it is set up."""
    _masks.before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS) if _recordings else None


def _let_signals_go() -> None:
    """(After a fork, in both processes.) Unblock the signals that `_hold_signals` blocked."""
    if getattr(_masks, "before", None) is not None:
        signal.pthread_sigmask(signal.SIG_SETMASK, _masks.before)


def _forget_parent() -> None:
    """(After a fork, in the new process.) Make signals do what they did before the parent's recordings."""
    of_parent = bool(_recordings)
    for lists in (_recordings, _busy, _deferred):
        lists.clear()
    if of_parent:
        with suppress(ValueError):  # not the main thread
            _restore()
    _let_signals_go()


os.register_at_fork(before=_hold_signals, after_in_parent=_let_signals_go, after_in_child=_forget_parent)
