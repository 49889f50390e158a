"""Training on the workers of a `dask.distributed` scheduler, which share no disk with us.

A worker trains in a temporary folder of its own; the traces come back as bytes, in chunks, are checked against their
checksums here and published as those of our own workers. What runs where and when, and what becomes of the tasks of a
worker that died, is dask's affair.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradreel.core.errors import TraceError, UserError
from gradreel.core.experiment import Experiment
from gradreel.core.results import time_file
from gradreel.core.trace import Trace
from gradreel.core.writing import one_writer
from gradreel.scenes.render.pool import Progress, WorkerDiedError
from gradreel.scenes.render.training import Bundle, Group, Outcome, train_group
from gradreel.scenes.render.workspace import Workspace, publish

CHUNK = 16 << 20  # bytes that are sent at once
CONNECT_SECONDS = 10.0
_AN_ADDRESS = "`dask scheduler` starts one and prints its address, such as tcp://host:8786"
MOST_AT_ONCE = 256  # groups that are handed to the scheduler


@contextmanager
def cluster(address: str, jobs: int | None, workspace: Workspace) -> Iterator[tuple[Cluster, int]]:
    """The workers of the scheduler at ``address``, and how many groups they train at once (``jobs`` at most).

    Raises UserError when dask is not installed, the address does not answer, or the scheduler has no worker.
    """
    try:
        from distributed import Client
    except ImportError:
        raise UserError(
            "--scheduler needs dask, which is not installed; run: pip install 'gradreel[cluster]'"
        ) from None
    _check_address(address)
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
        at_once = min(jobs or MOST_AT_ONCE, sum(client.nthreads().values()))
        trainers = Cluster(client, address, jobs or MOST_AT_ONCE, workspace)
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


class Cluster:
    """Trains groups of runs on a scheduler's workers."""

    at_hand = False  # they come and go: each group is for the next that is free

    def __init__(self, client: Any, address: str, jobs: int, workspace: Workspace) -> None:
        self._client, self._address, self._workspace = client, address, workspace
        self._threads = ThreadPoolExecutor(jobs, thread_name_prefix="cluster")
        self._sent: set[Any] = set()  # what the scheduler has of us

    def train(
        self, bundle: Bundle, traces: Path, begun: Callable[[], None], progress: Progress
    ) -> Future[list[Outcome]]:
        (group,) = bundle.groups
        return self._threads.submit(self._train, group, traces, begun, progress)

    def stop(self) -> None:
        """Take back what has been sent. What a worker is training it trains to its end, and throws away."""
        self._client.cancel(list(self._sent), force=True)
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _train(self, group: Group, traces: Path, begun: Callable[[], None], progress: Progress) -> list[Outcome]:
        begun()
        made = self._client.submit(train_away, group.runs, pure=False)
        self._sent.add(made)
        try:
            outcomes = []
            for run, contents in zip(group.runs, self._result(contents_of, made), strict=True):
                if isinstance(contents, UserError):
                    outcomes.append(Outcome(run.digest, contents))
                else:
                    self._fetch(made, run, contents, traces)
                    outcomes.append(Outcome(run.digest))
            progress(group.n_updates, group.n_updates)
            return outcomes
        finally:
            self._sent.discard(made)

    def _fetch(self, made: Any, run: Experiment, contents: Mapping[str, int], traces: Path) -> None:
        """Bring a run's files here, check them and give them their final names."""
        folder = self._workspace.temporary(run.digest)
        folder.mkdir()
        for name, chunks in contents.items():
            with (folder / name).open("wb") as file:
                for number in range(chunks):
                    file.write(self._result(chunk_of, made, run.digest, name, number))
        time = folder / time_file(folder, run).name
        time.replace(moved := self._workspace.temporary(time.name))
        trace = Trace.open(folder, checksums=True)
        if trace.run != run:
            raise TraceError(
                f"--scheduler {self._address}: another experiment's trace came back; is gradreel the same?"
            )
        with one_writer(traces, run.digest):
            publish(folder, traces / run.digest)
            publish(moved, time_file(traces, run))

    def _result(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """What ``function`` gives on a worker; the cluster's failures as errors that a user understands."""
        from distributed import KilledWorker
        from distributed.comm.core import CommClosedError

        task = self._client.submit(function, *arguments, pure=False)
        self._sent.add(task)
        try:
            return task.result()
        except KilledWorker:
            raise WorkerDiedError(
                f"--scheduler {self._address}: its workers died again and again over this; have they enough memory?"
            ) from None
        except ModuleNotFoundError as error:
            raise UserError(
                f"--scheduler {self._address}: its workers lack {error.name}; install the same gradreel there"
            ) from None
        except (CancelledError, CommClosedError):
            raise WorkerDiedError(f"--scheduler {self._address}: the connection to it was lost") from None
        finally:
            self._sent.discard(task)


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
