"""Ctrl+C and SIGTERM that wait until a piece of work is whole."""

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, Self

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class DeferredSignals:
    """A context in which `call` finishes its work before a signal's handler may raise.

    Only handlers in Python can raise in the middle of something, and only in the main thread; nothing else is touched.
    """

    def __init__(self) -> None:
        self._busy = False
        self._met: list[tuple[int, FrameType | None]] = []
        self._before: dict[int, Callable[[int, FrameType | None], Any]] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in _SIGNALS:
                handler = signal.getsignal(number)
                if callable(handler):
                    self._before[number] = handler
                    signal.signal(number, self._handle)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            if signal.getsignal(number) == self._handle:  # else the loop has set another in the meantime
                signal.signal(number, handler)

    def call(self, work: Callable[..., None], *arguments: Any) -> None:
        """Do ``work``; then what signals have asked for meanwhile."""
        self._busy = True
        try:
            work(*arguments)
        finally:
            self._busy = False
            while self._met:
                number, frame = self._met.pop(0)
                self._before[number](number, frame)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self._busy:
            self._met.append((number, frame))
        else:
            self._before[number](number, frame)
