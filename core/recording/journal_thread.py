"""The thread that brings a recording's journal up to date, so that a killed process loses a second at most."""

import threading
import time
from collections.abc import Callable

JOURNAL_SECONDS = 0.25
"""From one journal to the next; longer only where one takes long."""
_SOON = 0.01
_SHARE = 20  # a journal may take this part of the time


class JournalThread:
    """Calls ``mark`` several times a second in a thread, also while the loop computes for long; sooner if it is False.

    ``failure``: what went wrong there; nothing is called any more then.
    """

    def __init__(self, mark: Callable[[], bool]) -> None:
        self.failure: Exception | None = None
        self._mark = mark
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recording-journal", daemon=True)

    def start(self) -> None:
        """Begin to call."""
        self._thread.start()

    def end(self) -> None:
        """Call no more, once the call that has begun has returned."""
        self._ended.set()

    def join(self) -> None:
        """Wait until the last call has returned."""
        self.end()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        seconds = JOURNAL_SECONDS
        while not self._ended.wait(seconds):
            began = time.monotonic()
            try:
                done = self._mark()
            except Exception as error:  # the loop's next update tells
                self.failure = error
                return
            seconds = max(JOURNAL_SECONDS if done else _SOON, _SHARE * (time.monotonic() - began))
