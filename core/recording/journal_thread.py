"""The thread that keeps a recording's journal up to date, so that a killed process loses about a second at most."""

import threading
import time
from collections.abc import Callable

JOURNAL_SECONDS = 0.25
"""Seconds from one journal to the next; more only if writing one takes long."""
_SOON = 0.01  # seconds until the next attempt if a journal could not be written
_SHARE = 20  # writing journals may take 1/20 of the time


class JournalThread:
    """Calls ``mark`` several times a second in a thread, even while the loop computes for a long time.

    If ``mark`` returns False, it is called again soon. ``failure`` is an exception that ``mark`` raised; then it is not
    called again.
    """

    def __init__(self, mark: Callable[[], bool]) -> None:
        self.failure: Exception | None = None
        self._mark = mark
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recording-journal", daemon=True)

    def start(self) -> None:
        """Start calling."""
        self._thread.start()

    def end(self) -> None:
        """Stop calling, without waiting for a call in progress."""
        self._ended.set()

    def join(self) -> None:
        """Stop calling, and wait for a call in progress."""
        self.end()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        """Call ``mark`` until the end or its first exception."""
        seconds = JOURNAL_SECONDS
        while not self._ended.wait(seconds):
            began = time.monotonic()
            try:
                done = self._mark()
            except Exception as error:  # reported at the loop's next update
                self.failure = error
                return
            seconds = max(JOURNAL_SECONDS if done else _SOON, _SHARE * (time.monotonic() - began))
