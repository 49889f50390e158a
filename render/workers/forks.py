"""How a worker process comes to be: as a new Python, or as a fork of one that has imported Manim and waits.

Importing Manim takes longer than drawing a short clip. On Linux it is imported once in a run, with what of ours draws,
by `multiprocessing`'s fork server, whose forks draw. Elsewhere forks are not safe, or are not there. All hash texts
alike, and compile the user's modules anew, so that sets of texts have one order in each of them. Numpy's products are
made by one thread, as there is a worker for each core: two that wait for each other took twice the time, and how many
there are can be seen in the last bits. All use the vector instructions of `core.fixed_mode`, whatever the caller's
environment says: traces and frames are the same on many processors.
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
LOST = 255  # exit code of a fork whose end the fork server, killed, has not seen


class _Server:
    """The fork server of this process: what it began with, see `_ground`; None while there is none."""

    ground: tuple[Any, ...] | None = None


def begin_server() -> None:
    """Have the fork server import Manim from now on, beside what this process has to do; the first call counts."""
    if sys.platform == "linux" and _Server.ground is None:
        ground = _ground()
        forkserver.set_forkserver_preload([PRELOADED])
        with fixed_environment(), _tracker_later():
            forkserver.ensure_running()
        _Server.ground = ground


def begin_tracker() -> None:
    """Have `multiprocessing` begin its resource tracker, a Python of its own, which all workers are told of.

    It would with the first worker, in the thread that begins that: Ctrl-C would reach this thread from then on.
    """
    if os.name == "posix":
        with fixed_environment():
            resource_tracker.ensure_running()


@contextmanager
def _tracker_later() -> Iterator[None]:
    """The resource tracker is not begun here: all cores are busy now, and hardly one is while Manim is imported."""
    begin, resource_tracker.ensure_running = resource_tracker.ensure_running, lambda: None
    try:
        yield
    finally:
        resource_tracker.ensure_running = begin


def context(with_manim: bool) -> ForkServerContext | SpawnContext:
    """The way to start the next worker, ``with_manim`` or not: a fork, unless what the server imported has changed."""
    if sys.platform == "linux" and with_manim:
        begin_server()
        if _Server.ground == _ground():
            return multiprocessing.get_context("forkserver")
    return multiprocessing.get_context("spawn")


def _ground() -> tuple[Any, ...]:
    """What a server's imports depend on: the folder and Manim's configuration there, and our own files as they are.

    The lecture's are none of them: a fork imports the scene that it draws.
    """
    stats = []
    for name in ("core", "scenes", "render"):
        for folder, folders, files in os.walk(PACKAGE_FOLDER / name):
            folders[:] = sorted(set(folders) - {"lecture", "__pycache__"})
            stats += [os.stat(os.path.join(folder, file)) for file in sorted(files) if file.endswith(".py")]
    return Path.cwd(), configuration(), tuple((file.st_mtime_ns, file.st_size) for file in stats)


def is_lost(process: BaseProcess, started_by: ForkServerContext | SpawnContext) -> bool:
    """Whether it is one whose fork server was killed, and it with that."""
    return process.exitcode == LOST and started_by.get_start_method() == "forkserver"


def leave_server() -> None:
    """In a worker: its fork server ends when nobody holds this any more, and is not to wait for the worker."""
    with suppress(AttributeError, TypeError, OSError):  # a private name; None in a process that is no fork
        server: Any = forkserver._forkserver
        held, server._forkserver_alive_fd = server._forkserver_alive_fd, None
        os.close(held)


FIXED = {"PYTHONHASHSEED": HASH_SEED, "OPENBLAS_NUM_THREADS": "1"}
"""Of the environment of every worker; Python reads the first when it starts, numpy the second when it is imported."""
STARTING = FIXED | {"PYTHONSAFEPATH": "1"}
"""While it starts: where the command was called there may be a ``math.py`` of the user's, which Python is to let be."""
_fixing = threading.Lock()  # held while this process has them


@contextmanager
def fixed_environment(mode: Mapping[str, str] | None = None) -> Iterator[dict[str, str]]:
    """Processes that are started within it have `STARTING`. What this process had of its caller is put back.

    ``mode``: their variables for vector instructions, in place of `fixed_mode`; what is "" is not set.
    Yields the environment that they are to have from then on, they and the processes of a scene.
    """
    wanted = fixed_mode() if mode is None else mode
    unset = [name for name, value in wanted.items() if not value]
    wanted = {name: value for name, value in wanted.items() if value}
    with _fixing:
        before = {name: os.environ.get(name) for name in (*STARTING, *wanted, *unset)}
        for name in unset:
            os.environ.pop(name, None)
        later = {**os.environ, **FIXED, **wanted}
        os.environ.update(STARTING | wanted)
        try:
            yield later
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value


def compile_the_users_modules() -> None:
    """In this process the user's modules are compiled from their sources, and Python's cache of them is not used.

    A set that is written in code, ``for name in {"a", "b"}``, has one order when it was compiled and may have another
    when it was read from the cache: that keeps its texts in an order of its own.
    """
    from gradreel.render.clips.ownership import is_installed

    cached = SourceFileLoader.get_code

    def get_code(loader: SourceFileLoader, name: str) -> Any:
        path = loader.get_filename(name)
        if is_installed(Path(os.path.abspath(path))):
            return cached(loader, name)
        return loader.source_to_code(loader.get_data(path), path)

    SourceFileLoader.get_code = get_code  # type: ignore[method-assign,assignment]
