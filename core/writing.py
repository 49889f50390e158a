"""Writing a trace: under a temporary name beside the final one, renamed when whole."""

import os
import platform
import shutil
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout
from gradreel.core.columns import ColumnWriter
from gradreel.core.errors import UserError
from gradreel.core.experiment import Experiment
from gradreel.core.trace import META, column_kinds, sealed_meta

PARTIAL = ".partial"


@contextmanager
def one_writer(directory: Path, experiment: Experiment) -> Iterator[None]:
    """Hold the right to write the trace of ``experiment`` into ``directory``; wait for whoever holds it.

    The operating system takes the lock back from a process that died, so a partial trace whose lock is free is a dead
    run's, and is cleaned away here.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        lock = FileLock(_lock_file(directory, experiment.digest))
        lock.acquire()
    except OSError as error:
        raise UserError(f"{directory} cannot be written to: {error.strerror or error}") from None
    try:
        _clean(directory, experiment.digest)
        yield
    finally:
        lock.release()


@contextmanager
def new_trace(directory: Path, experiment: Experiment, versions: dict[str, str]) -> Iterator[dict[str, ColumnWriter]]:
    """Writers of the columns of a new trace, by name. On leaving without an error the trace gets its final name.

    A trace that had this name before is replaced then, and only then. On an error nothing is left.
    """
    kinds = column_kinds(experiment)
    needed, free = sum(kind.n_bytes for kind in kinds.values()), shutil.disk_usage(directory).free
    if needed > free:
        raise UserError(
            f"the trace needs {needed / 1e9:.3g} GB, {directory} has {free / 1e9:.3g} GB free; "
            'keep fewer states, such as keep = {"at most": 100000000}'
        )
    partial = directory / f".{experiment.digest}.{uuid.uuid4().hex}{PARTIAL}"
    try:
        partial.mkdir()
        with ExitStack() as stack:
            writers = {
                name: stack.enter_context(ColumnWriter(partial / f"{name}.npy", kind)) for name, kind in kinds.items()
            }
            yield writers
        unfinished = [name for name, writer in writers.items() if writer.missing]
        if unfinished:
            raise RuntimeError(f"columns of the wrong length: {unfinished}")
        checksums = {name: writer.checksum for name, writer in writers.items()}
        (partial / META).write_bytes(sealed_meta(experiment, versions, checksums).encode())
        _publish(partial, directory / experiment.digest)
    except OSError as error:
        raise UserError(f"{directory}: the trace could not be written: {error.strerror or error}") from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _publish(partial: Path, final: Path) -> None:
    """Give the whole trace its name, durably; a trace that had it goes only once the new one is ready."""
    for file in partial.iterdir():
        with file.open("rb") as stream:
            os.fsync(stream.fileno())
    old = partial.with_name(f"{partial.name.removesuffix(PARTIAL)}.old{PARTIAL}")
    if final.exists():
        final.rename(old)
    try:
        partial.rename(final)
    except OSError:
        if old.exists():
            old.rename(final)
        raise
    if old.is_dir():
        shutil.rmtree(old, ignore_errors=True)
    else:
        old.unlink(missing_ok=True)


def _clean(directory: Path, ours: str) -> None:
    """Remove what dead runs left: partial traces that nobody holds the lock of. ``ours`` is held by this run."""
    for partial in directory.glob(f".*{PARTIAL}"):
        digest = partial.name.split(".")[1]
        if digest == ours:
            shutil.rmtree(partial, ignore_errors=True)
            continue
        try:
            with FileLock(_lock_file(directory, digest), timeout=0):
                shutil.rmtree(partial, ignore_errors=True)
        except (Timeout, OSError):
            continue


def _lock_file(directory: Path, digest: str) -> Path:
    return directory / f".{digest}.lock"


def program_versions() -> dict[str, str]:
    """What the last bits of a run may depend on, apart from torch."""
    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "machine": platform.machine(),
        "system": platform.system(),
    }
