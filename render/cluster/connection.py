"""Connects to a scheduler, sends it tasks and turns its failures into messages for the user."""

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
    """An answer is not one that a worker of this version sends."""

    exit_code = 1


@contextmanager
def connected(address: str) -> Iterator[Any]:
    """Connect to the scheduler at ``address`` and yield its dask client, once it has a worker.

    Raises UserError if dask is not installed, the address does not answer, or the scheduler has no worker.
    """
    try:
        import dask
        from distributed import Client
    except ImportError:
        raise UserError(
            "--scheduler needs dask, which is not installed; run: pip install 'gradreel[cluster]'"
        ) from None
    _check_address(address)
    dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 PiB"})  # graphs contain our files
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)  # we raise errors of our own
    try:
        client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False, name="gradreel")
    except (OSError, ValueError, TypeError) as error:
        raise UserError(
            f"--scheduler {address}: no scheduler answered within {CONNECT_SECONDS:.0f} s ({_first_line(error)}); "
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
    """Raise UserError for an invalid address. A dask client would try to connect to it for ever."""
    try:
        parts = urlsplit(address)
        if parts.scheme in SCHEMES and parts.hostname and parts.port:
            return
    except ValueError:  # the port is no number, or too large
        pass
    raise UserError(f"--scheduler {address}: this is not the address of a scheduler; {_AN_ADDRESS}")


class Connection:
    """Sends tasks to a scheduler and waits for them in threads. `stop` cancels the unfinished ones."""

    def __init__(self, client: Any, address: str, jobs: int) -> None:
        self._client, self._address = client, address
        self._threads = ThreadPoolExecutor(jobs, thread_name_prefix="cluster")
        self._unfinished: set[Any] = set()  # futures of our tasks
        self._lock = threading.Lock()
        self.closing = False

    def stop(self) -> None:
        """Cancel all tasks; return when no thread waits for one any more."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            self.closing = True
            with suppress(Exception):  # a client without its scheduler closes itself: nothing is left to cancel
                self._client.cancel(list(self._unfinished), force=True)
        self._threads.shutdown(wait=True)

    @contextmanager
    def claimed(self, claim: Claim, message: Callable[[str], None]) -> Iterator[Any]:
        """Wait until no other command holds ``claim``, hold it, and yield the other command's result, or None.

        ``message`` gets a message for the user if there is a wait.
        """
        if not claim.take():
            message(claim.waiting_message)
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
        """Send ``function(*arguments)`` to a worker and yield its future. Raises WorkerDiedError after `stop`."""
        with self._lock:
            if self.closing:
                raise WorkerDiedError(STOPPED)
            task = self._client.submit(function, *arguments, pure=False)
            self._unfinished.add(task)
        try:
            yield task
        finally:
            with self._lock:
                self._unfinished.discard(task)

    def result(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Run ``function(*arguments)`` on a worker and return its result.

        Our tasks return their errors. So an exception is a failure of the cluster, and is raised as a UserError.
        """
        try:
            with self.sent(function, *arguments) as task:
                return task.result()
        except UserError:
            raise
        except Exception as error:
            raise self._user_error(error) from None

    def bad_answer(self, subject: str, error: Exception) -> UserError:
        """Return the error to raise for a wrong answer about ``subject``, such as a scene's name."""
        return BadAnswerError(
            f"--scheduler {self._address}: a worker's answer for {subject} is wrong: {error}; install the same gradreel"
            " there, with the same constraints.txt"
        )

    def _user_error(self, error: Exception) -> UserError:
        """Return the user's error for a failure of the cluster."""
        from distributed import KilledWorker, client
        from distributed.comm.core import CommClosedError

        where = f"--scheduler {self._address}"
        if isinstance(error, KilledWorker):
            return WorkerDiedError(f"{where}: several workers died over this task; give them more memory")
        closed = getattr(client, "ClosedClientError", CommClosedError)  # since 2025
        if isinstance(error, CancelledError | CommClosedError | closed):
            return WorkerDiedError(f"{where}: the connection was lost; check the scheduler and run the command again")
        if isinstance(error, OSError):
            return WorkerDiedError(f"{where}: one of its workers failed: {error}; run the command again")
        return UserError(
            f"{where}: it failed ({type(error).__name__}: {_first_line(error)}); install the same gradreel, with the"
            " same constraints.txt, on all of its machines"
        )


def _first_line(error: BaseException) -> str:
    """Return the first line of an error's message, or its class without one."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
