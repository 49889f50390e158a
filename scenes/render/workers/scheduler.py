"""Training on the workers of a `dask.distributed` scheduler, which share no disk with us.

A worker trains in a temporary folder of its own; the traces come back as bytes, in chunks, are checked against their
checksums here and published as those of our own workers. What runs where and when, and what becomes of the tasks of a
worker that died, is dask's affair.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradreel.core.errors import TraceError, UserError
from gradreel.core.experiment import Experiment
from gradreel.core.results import time_file
from gradreel.core.trace import Trace
from gradreel.core.writing import one_writer
from gradreel.scenes.render.clips.workspace import Workspace, publish
from gradreel.scenes.render.workers.away import CHUNK
from gradreel.scenes.render.workers.drawers import Listeners
from gradreel.scenes.render.workers.groups import Bundle, Group
from gradreel.scenes.render.workers.pool import Claim
from gradreel.scenes.render.workers.training import Outcome, train_group
from gradreel.scenes.render.workers.worker_process import LOOK_SECONDS, WorkerDiedError

CONNECT_SECONDS = 10.0
STOPPED = "stopped before it was done"
_AN_ADDRESS = "`dask scheduler` starts one and prints its address, such as tcp://host:8786"
MOST_AT_ONCE = 256  # trainings, or clips, that are handed to the scheduler


@contextmanager
def connected(address: str) -> Iterator[Any]:
    """A client of the scheduler at ``address``, which has workers.

    Raises UserError when dask is not installed, the address does not answer, or the scheduler has no worker.
    """
    try:
        from distributed import Client
    except ImportError:
        raise UserError(
            "--scheduler needs dask, which is not installed; run: pip install 'gradreel[cluster]'"
        ) from None
    _check_address(address)
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)  # what is lost is told as an error of ours
    try:
        client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False, name="gradreel")
    except (OSError, ValueError, TypeError) as error:
        raise UserError(
            f"--scheduler {address}: no scheduler answers there within {CONNECT_SECONDS:.0f} s ({_short(error)}); "
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


@contextmanager
def cluster(address: str, jobs: int | None, workspace: Workspace) -> Iterator[tuple[ClusterTrainers, int]]:
    """Those who train on the scheduler at ``address``, and how many groups at once (``jobs`` at most).

    Raises UserError as `connected` does.
    """
    with connected(address) as client:
        at_once = min(jobs or MOST_AT_ONCE, sum(client.nthreads().values()))
        trainers = ClusterTrainers(client, address, jobs or MOST_AT_ONCE, workspace)
        try:
            yield trainers, at_once
        finally:
            trainers.stop()


def _check_address(address: str) -> None:
    """Raises UserError for what can be no address: a client that has begun to connect to it does not let go."""
    from distributed.comm.addressing import parse_address, parse_host_port
    from distributed.comm.registry import get_backend

    try:
        scheme, location = parse_address(address)
        get_backend(scheme)
        port = parse_host_port(location)[1]
    except ValueError as error:
        raise UserError(f"--scheduler {address}: {_short(error)}; {_AN_ADDRESS}") from None
    if not 0 < port < 1 << 16:
        raise UserError(f"--scheduler {address}: there is no port {port}; {_AN_ADDRESS}")


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
            told(claim.waits)
            while not claim.take():
                if self.closing:
                    raise WorkerDiedError(STOPPED)
                time.sleep(LOOK_SECONDS)
        try:
            yield claim.made()
        finally:
            claim.let_go()

    @contextmanager
    def sent(self, function: Callable[..., Any], *arguments: Any, near: str | None = None) -> Iterator[Any]:
        """The future of ``function(*arguments)`` on a worker, on the one called ``near`` if that can be."""
        where = {} if near is None else {"workers": [near], "allow_other_workers": True}
        with self._lock:
            if self.closing:
                raise WorkerDiedError(STOPPED)
            task = self._client.submit(function, *arguments, pure=False, **where)
            self._sent.add(task)
        try:
            yield task
        finally:
            with self._lock:
                self._sent.discard(task)

    def result(self, function: Callable[..., Any], *arguments: Any, near: str | None = None) -> Any:
        """What ``function`` gives on a worker; the cluster's failures as errors that a user understands."""
        try:
            with self.sent(function, *arguments, near=near) as task:
                return task.result()
        except Exception as error:
            clear = self._in_words(error)
            if clear is None:
                raise
            raise clear from None

    def _in_words(self, error: Exception) -> UserError | None:
        """A failure of the cluster's as an error that a user understands; None for what the task raised."""
        from distributed import KilledWorker, client
        from distributed.comm.core import CommClosedError

        where = f"--scheduler {self._address}"
        if isinstance(error, KilledWorker):
            return WorkerDiedError(f"{where}: its workers died again and again over this; have they enough memory?")
        closed = getattr(client, "ClosedClientError", CommClosedError)  # since 2025
        if isinstance(error, CancelledError | CommClosedError | closed):
            return WorkerDiedError(f"{where}: the connection to it was lost")
        if isinstance(error, ModuleNotFoundError):
            return UserError(f"{where}: its workers lack {error.name}; install the same gradreel there")
        if isinstance(error, AttributeError) and "gradreel" in str(error):  # in a module that is older
            return UserError(f"{where}: its workers have another gradreel ({error}); install the same there")
        if isinstance(error, RuntimeError) and "deserialization of the task graph" in str(error):
            return UserError(f"{where}: it cannot read what it is sent; install the same gradreel where it runs")
        return None


class ClusterTrainers(Connection):
    """Trains groups of runs on a scheduler's workers. What one is training when it is stopped it trains to its end."""

    at_hand = False  # they come and go: each group is for the next that is free

    def __init__(self, client: Any, address: str, jobs: int, workspace: Workspace) -> None:
        super().__init__(client, address, jobs)
        self._workspace = workspace

    def train(self, bundle: Bundle, traces: Path, claim: Claim, listeners: Listeners) -> Future[list[Outcome]]:
        (group,) = bundle.groups
        return self._threads.submit(self._train, group, traces, claim, listeners)

    def _train(self, group: Group, traces: Path, claim: Claim, listeners: Listeners) -> list[Outcome]:
        with self.claimed(claim, listeners.told) as made:
            return self._trained(group, traces, listeners) if made is None else made

    def _trained(self, group: Group, traces: Path, listeners: Listeners) -> list[Outcome]:
        listeners.begun()
        with self.sent(train_away, group.runs) as made:
            outcomes = []
            for run, contents in zip(group.runs, self.result(contents_of, made), strict=True):
                if isinstance(contents, UserError):
                    outcomes.append(Outcome(run.digest, contents))
                else:
                    self._fetch(made, run, contents, traces)
                    outcomes.append(Outcome(run.digest))
            listeners.progress(group.n_updates, group.n_updates)
            return outcomes

    def _fetch(self, made: Any, run: Experiment, contents: Mapping[str, int], traces: Path) -> None:
        """Bring a run's files here, check them and give them their final names."""
        folder = self._workspace.temporary(run.digest)
        folder.mkdir()
        for name, chunks in contents.items():
            with (folder / name).open("wb") as file:
                for number in range(chunks):
                    file.write(self.result(chunk_of, made, run.digest, name, number))
        took = folder / time_file(folder, run).name
        took.replace(moved := self._workspace.temporary(took.name))
        trace = Trace.open(folder, checksums=True)
        if trace.run != run:
            raise TraceError(
                f"--scheduler {self._address}: another experiment's trace came back; is gradreel the same?"
            )
        with one_writer(traces, run.digest):
            publish(folder, traces / run.digest)
            publish(moved, time_file(traces, run))


@dataclass(frozen=True)
class Away:
    """What a worker made of one run: its files in chunks, or why there are none."""

    digest: str
    files: Mapping[str, list[bytes]]
    error: UserError | None = None


def train_away(runs: Sequence[Experiment]) -> list[Away]:
    """On a worker: train ``runs``, side by side, in a folder of the worker's that is gone afterwards."""
    import torch
    from distributed import get_worker

    torch.set_num_threads(1)  # for good: of two tasks in one process neither must give the other its threads back
    with tempfile.TemporaryDirectory(prefix="gradreel-", dir=get_worker().local_directory) as name:
        folder = Path(name)
        return [
            Away(outcome.digest, {}, outcome.error)
            if outcome.error
            else Away(outcome.digest, _files(folder, outcome.digest))
            for outcome in train_group(runs, folder)
        ]


def contents_of(made: Sequence[Away]) -> list[dict[str, int] | UserError]:
    """On a worker: of each run how many chunks each file has, or why there are none."""
    return [away.error or {name: len(chunks) for name, chunks in away.files.items()} for away in made]


def chunk_of(made: Sequence[Away], digest: str, name: str, number: int) -> bytes:
    """On a worker: one chunk of a file."""
    return next(away for away in made if away.digest == digest).files[name][number]


def _files(folder: Path, digest: str) -> dict[str, list[bytes]]:
    """The files of a trace, and what it took to make it, in chunks; taken from the disk as they are read."""
    files = {}
    for path in [*sorted((folder / digest).iterdir()), *folder.glob(f"{digest}.*.json")]:
        with path.open("rb") as file:
            files[path.name] = list(iter(lambda: file.read(CHUNK), b""))
        path.unlink()
    shutil.rmtree(folder / digest)
    return files


def _short(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
