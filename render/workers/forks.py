"""Starts worker processes: as a new Python, or as a fork of a server that has already imported Manim.

Importing Manim takes longer than drawing a short clip. On Linux, `multiprocessing`'s fork server imports it once, and
workers are forks of that server. On other systems forks are unsafe or missing, so each worker is a new Python.

All workers use the same hash seed and compile the user's modules anew, so sets of strings have the same order in each.
Numpy multiplies matrices on one thread: there is already a worker for each core, and the number of threads changes
the last bits of a sum. All use the vector instructions of `core.fixed_mode`, whatever the caller's environment says.
So traces and frames are equal on many processors.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.machinery import SourceFileLoader
from multiprocessing import forkserver, resource_tracker
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradreel.core.fixed_mode import fixed_mode
from gradreel.core.package import PACKAGE_FOLDER
from gradreel.render.clips.configuration import HASH_SEED, configuration

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerContext, SpawnContext

PRELOADED = "gradreel.render.preloaded"
LOST = 255  # exit code of a fork if its server was killed


class _Server:
    """State of this process's fork server. ``inputs``: its inputs, see `_server_inputs`; None before it starts."""

    inputs: tuple[Any, ...] | None = None


def begin_server() -> None:
    """Start the fork server, which imports Manim in the background. Later calls, and other systems, do nothing."""
    if sys.platform == "linux" and _Server.inputs is None:
        inputs = _server_inputs()
        forkserver.set_forkserver_preload([PRELOADED])
        with fixed_environment(), _without_tracker():
            forkserver.ensure_running()
        _Server.inputs = inputs


def begin_tracker() -> None:
    """Start the resource tracker, a helper process of `multiprocessing` that all workers use.

    Otherwise the first worker's thread would start it, and that unblocks Ctrl-C in this thread.
    """
    if os.name == "posix":
        with fixed_environment():
            resource_tracker.ensure_running()


@contextmanager
def _without_tracker() -> Iterator[None]:
    """Within this context the server does not start the resource tracker, since all cores are busy then."""
    begin, resource_tracker.ensure_running = resource_tracker.ensure_running, lambda: None
    try:
        yield
    finally:
        resource_tracker.ensure_running = begin


def context(with_manim: bool) -> ForkServerContext | SpawnContext:
    """Return the context that starts the next worker: a fork server if it needs Manim, else a new Python.

    It is a new Python too if files that the server imported have changed, and on systems other than Linux.
    """
    if sys.platform == "linux" and with_manim:
        begin_server()
        if _Server.inputs == _server_inputs():
            return multiprocessing.get_context("forkserver")
    return multiprocessing.get_context("spawn")


def _server_inputs() -> tuple[Any, ...]:
    """Return the inputs of the server's imports: current folder, Manim's configuration, times and sizes of our files.

    The lecture's files are left out, since each fork imports its own scene.
    """
    stats = []
    for name in ("core", "scenes", "render"):
        for folder, folders, files in os.walk(PACKAGE_FOLDER / name):
            folders[:] = sorted(set(folders) - {"lecture", "__pycache__"})
            stats += [os.stat(os.path.join(folder, file)) for file in sorted(files) if file.endswith(".py")]
    return Path.cwd(), configuration(), tuple((file.st_mtime_ns, file.st_size) for file in stats)


def is_lost(process: BaseProcess, started_by: ForkServerContext | SpawnContext) -> bool:
    """Return whether a worker ended because its fork server was killed."""
    return process.exitcode == LOST and started_by.get_start_method() == "forkserver"


def leave_server() -> None:
    """In a worker: close its handle to the fork server, which ends once all handles are closed."""
    with suppress(AttributeError, TypeError, OSError):  # a private name; None in a process that is not a fork
        server: Any = forkserver._forkserver
        alive_handle, server._forkserver_alive_fd = server._forkserver_alive_fd, None
        os.close(alive_handle)


FIXED = {"PYTHONHASHSEED": HASH_SEED, "OPENBLAS_NUM_THREADS": "1"}
"""Environment variables of every worker. Python reads the first at its start, numpy the second at its import."""
STARTING = FIXED | {"PYTHONSAFEPATH": "1"}
"""Environment variables while a worker starts, so that it does not import a user's ``math.py`` as Python's."""
_environment_lock = threading.Lock()  # held while this process has these variables


@contextmanager
def fixed_environment(mode: Mapping[str, str] | None = None) -> Iterator[dict[str, str]]:
    """Within this context, started processes have the variables of `STARTING`. Then the caller's are restored.

    ``mode``: variables for vector instructions, default `fixed_mode`; a variable with "" is unset.
    Yields the environment that a started worker must set for itself and for its own child processes.
    """
    wanted = fixed_mode() if mode is None else mode
    unset = [name for name, value in wanted.items() if not value]
    wanted = {name: value for name, value in wanted.items() if value}
    with _environment_lock:
        before = {name: os.environ.get(name) for name in (*STARTING, *wanted, *unset)}
        for name in unset:
            os.environ.pop(name, None)
        environment_of_worker = {**os.environ, **FIXED, **wanted}
        os.environ.update(STARTING | wanted)
        try:
            yield environment_of_worker
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value


def ignore_pyc_of_users_modules() -> None:
    """From now on, compile the user's modules from source in this process, without Python's ``.pyc`` cache.

    A set literal such as ``{"a", "b"}`` may have one order when compiled and another when read from the cache.
    """
    from gradreel.render.clips.ownership import is_installed

    cached = SourceFileLoader.get_code

    def get_code(loader: SourceFileLoader, name: str) -> Any:
        path = loader.get_filename(name)
        if is_installed(Path(os.path.abspath(path))):
            return cached(loader, name)
        return loader.source_to_code(loader.get_data(path), path)

    SourceFileLoader.get_code = get_code  # type: ignore[method-assign,assignment]
