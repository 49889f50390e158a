"""A lock: who makes this clip, or trains these runs, where several commands are at work on one media folder."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout


class Claim:
    """Held from before a worker starts until it has ended, so that no second run starts one that would only wait.

    That alone keeps nobody from making a thing: the worker has a lock of its own, under the name that the thing gets.
    """

    def __init__(self, locks: Iterable[Path], waits: str, made: Callable[[bool], Any]) -> None:
        """``waits``: what the user is told while another run has it.

        ``made``: what comes of the thing where another run has made it, else None; told whether we have waited.
        """
        self._locks = [FileLock(lock, thread_local=False) for lock in locks]
        self._made, self._waited = made, False
        self.waits = waits

    def take(self) -> bool:
        """Take all of it, unless another run has some; whether it is ours now."""
        try:
            for lock in self._locks:
                lock.acquire(timeout=0)
        except Timeout:
            self._waited = True
            self.let_go()
            return False
        except BaseException:
            self.let_go()
            raise
        return True

    def let_go(self) -> None:
        """Give it back; in the thread that took it."""
        for lock in self._locks:
            lock.release()

    def made(self) -> Any:
        """The result, where another run has made it meanwhile; else None."""
        return self._made(self._waited)
