"""A lock that lets one of several commands on one media folder make a clip or train runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout


class Claim:
    """Locks that a command holds while its worker runs, so that no other command starts a worker that only waits.

    The worker takes a lock of its own under the result's name; that one protects the files.
    """

    def __init__(self, locks: Iterable[Path], waiting_message: str, find_result: Callable[[bool], Any]) -> None:
        """Prepare the claim without locking. ``waiting_message`` is shown while another command holds a lock.

        ``find_result`` returns the result if it already exists, else None. Its argument: whether this claim waited.
        """
        self._locks = [FileLock(lock, thread_local=False) for lock in locks]
        self._find_result, self._has_waited = find_result, False
        self.waiting_message = waiting_message

    def take(self) -> bool:
        """Take all locks, or none if another command holds one of them. Return whether they were taken."""
        try:
            for lock in self._locks:
                lock.acquire(timeout=0)
        except Timeout:
            self._has_waited = True
            self.release()
            return False
        except BaseException:
            self.release()
            raise
        return True

    def release(self) -> None:
        """Release all locks. Must be called in the thread that took them."""
        for lock in self._locks:
            lock.release()

    def find_result(self) -> Any:
        """Return the result if another command has made it meanwhile; else None."""
        return self._find_result(self._has_waited)
