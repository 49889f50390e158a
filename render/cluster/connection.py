"""A scheduler that is found, or why not; tasks that are sent to it, and its failures in words."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

from gradreel.core.errors import UserError
from gradreel.render.clips.claim import Claim
from gradreel.render.workers.worker_process import LOOK_SECONDS, WorkerDiedError

SCHEMES = ("tcp", "tls", "ws", "wss", "ucx")
CONNECT_SECONDS = 10.0
STOPPED = "stopped before it was done"
_AN_ADDRESS = "`dask scheduler` starts one and prints its address, such as tcp://host:8786"


class BadAnswerError(UserError):
    """What came back is not what a worker of this version sends."""

    exit_code = 1


@contextmanager
def connected(address: str) -> Iterator[Any]:
    """A client of the scheduler at ``address``, which has workers.

    Raises UserError when dask is not installed, the address does not answer, or the scheduler has no worker.
    """
    try:
        import dask
        from distributed import Client
    except ImportError:
        raise UserError(
            "--scheduler needs dask, which is not installed; run: pip install 'gradreel[cluster]'"
        ) from None
    _check_address(address)
    dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 PiB"})  # files are sent in it
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)  # what is lost is told as an error of ours
    try:
        client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False, name="gradreel")
    except (OSError, ValueError, TypeError) as error:
        raise UserError(
            f"--scheduler {address}: no scheduler answered within {CONNECT_SECONDS:.0f} s ({_short(error)}); "
            f"{_AN_ADDRESS}"
        ) from None
    with client:
        try:
            client.wait_for_workers(1, timeout=CONNECT_SECONDS)
        except TimeoutError:
            raise UserError(
                f"--scheduler {address}: it has no workers; start some with: dask worker {address} --nthreads 1"
            ) from None
        yield client


def _check_address(address: str) -> None:
    """Raises UserError for what can be no address: a client that has begun to connect to it does not let go."""
    try:
        parts = urlsplit(address)
        if parts.scheme in SCHEMES and parts.hostname and parts.port:
            return
    except ValueError:  # the port is no number, or too large a one
        pass
    raise UserError(f"--scheduler {address}: this is not the address of a scheduler; {_AN_ADDRESS}")


class Connection:
    """What a run has to do with a scheduler: tasks that were sent, threads that wait for them."""

    def __init__(self, client: Any, address: str, jobs: int) -> None:
        self._client, self._address = client, address
        self._threads = ThreadPoolExecutor(jobs, thread_name_prefix="cluster")
        self._sent: set[Any] = set()  # what the scheduler has of us
        self._lock = threading.Lock()
        self.closing = False

    def stop(self) -> None:
        """Take back what has been sent; returns when nothing waits for it any more."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            self.closing = True
            with suppress(Exception):  # a client that has lost its scheduler closes itself: nothing is left to cancel
                self._client.cancel(list(self._sent), force=True)
        self._threads.shutdown(wait=True)

    @contextmanager
    def claimed(self, claim: Claim, told: Callable[[str], None]) -> Iterator[Any]:
        """Hold ``claim``, once no other run does; what that one has made, or None."""
        if not claim.take():
            told(claim.waiting_message)
            while not claim.take():
                if self.closing:
                    raise WorkerDiedError(STOPPED)
                time.sleep(LOOK_SECONDS)
        try:
            yield claim.find_result()
        finally:
            claim.release()

    @contextmanager
    def sent(self, function: Callable[..., Any], *arguments: Any) -> Iterator[Any]:
        """The future of ``function(*arguments)`` on a worker."""
        with self._lock:
            if self.closing:
                raise WorkerDiedError(STOPPED)
            task = self._client.submit(function, *arguments, pure=False)
            self._sent.add(task)
        try:
            yield task
        finally:
            with self._lock:
                self._sent.discard(task)

    def result(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """What ``function`` gives on a worker. Our tasks raise nothing: what is raised is the cluster's failure."""
        try:
            with self.sent(function, *arguments) as task:
                return task.result()
        except UserError:
            raise
        except Exception as error:
            raise self._in_words(error) from None

    def bad_answer(self, what: str, error: Exception) -> UserError:
        """For what came back and cannot be."""
        return BadAnswerError(
            f"--scheduler {self._address}: what came back for {what} cannot be: {error}; is gradreel the same there?"
        )

    def _in_words(self, error: Exception) -> UserError:
        """A failure of the cluster's as an error that a user understands."""
        from distributed import KilledWorker, client
        from distributed.comm.core import CommClosedError

        where = f"--scheduler {self._address}"
        if isinstance(error, KilledWorker):
            return WorkerDiedError(f"{where}: its workers died again and again over this; have they enough memory?")
        closed = getattr(client, "ClosedClientError", CommClosedError)  # since 2025
        if isinstance(error, CancelledError | CommClosedError | closed):
            return WorkerDiedError(f"{where}: the connection to it was lost")
        if isinstance(error, OSError):
            return WorkerDiedError(f"{where}: one of its workers failed: {error}")
        return UserError(
            f"{where}: it failed ({type(error).__name__}: {_short(error)}); install the same gradreel, with the same"
            " constraints.txt, on all of its machines"
        )


def _short(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
