"""Ctrl+C works in every test, also where the tests are run in the background: a shell has them ignore it there.

``gradreel``: a command. ``quick_workers``: for tests of what worker processes make, ``quickly`` for fixtures of many
tests; ``begin_fork``: for those of processes of their own. ``record_loop``: for those of runs of somebody's own.
``kept_clips``: for tests of what is made from clips, so that a file of tests draws each clip once.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from multiprocessing import forkserver
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
from gradreel.core.fixed_mode import fixed_mode
from hypothesis import HealthCheck, is_hypothesis_test, settings

RANDOM_EXAMPLES = os.environ.get("RANDOM_EXAMPLES")  # how many each property test tries, if not the usual ones

# Examples may take as long as a busy machine takes, and are the same in each run, unless others are asked for
settings.register_profile(
    "gradreel",
    deadline=None,
    derandomize=RANDOM_EXAMPLES is None,
    max_examples=int(RANDOM_EXAMPLES or 100),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.load_profile("gradreel")

IMPORTED_ONCE = (
    "gradreel.core.network.training",
    "gradreel.core.recording.recording",
    "gradreel.render.workers.training",
)
"""Modules that the fork server of the tests' workers preloads, beside those of every server."""

assert "numpy" not in sys.modules  # it has its mode from the moment when it is imported
os.environ.update(fixed_mode())  # what tests train is equal on many processors, as what commands train

if "PYTEST_XDIST_WORKER" in os.environ:  # a worker for each core: more threads for products would only wait
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # read when numpy is imported
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # when torch is

os.environ["GRADREEL_VOICE"] = "none"  # what speaks is spoken in the tests of voices alone, and takes seconds

gc.set_threshold(50_000, 20, 20)  # by default it looks through all of Manim and torch every few plays of a scene

# A shell ignores SIGINT in background jobs, nohup ignores SIGHUP; the tests' processes inherit both
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put slow files first, so that no worker begins a long test when the others have ended.

    With `RANDOM_EXAMPLES`, property tests with a number of examples of their own try that many, too.
    """
    items.sort(key=lambda item: item.getparent(pytest.Module).get_closest_marker("slow") is None)
    for item in items if RANDOM_EXAMPLES else ():
        if is_hypothesis_test(test := getattr(item, "obj", None)):
            test._hypothesis_internal_use_settings = settings.default


def pytest_collection_finish() -> None:
    """Freeze all imported objects, so that the garbage collector skips them."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def quickly(tmp_path_factory):
    """``with quickly():`` all workers, those that train as well, are forks of one server for all tests of this process.

    In any folder. It has imported torch, Manim and our own code, which a test does not change. A run of its own has a
    server for itself, and so have the tests without this. Where manim.cfg says something else than when the server
    began, a worker is a new Python, as ever.
    """

    @contextmanager
    def forking():
        if sys.platform != "linux":
            yield
            return
        from gradreel.render.clips.configuration import configuration
        from gradreel.render.workers import forks

        if forks._Server.inputs is None:
            forkserver.set_forkserver_preload([forks.PRELOADED, *IMPORTED_ONCE])
            with chdir(tmp_path_factory.getbasetemp()), forks.fixed_environment():  # which has no manim.cfg
                forks._Server.inputs = forks._server_inputs()
                forkserver.ensure_running()
        configured = forks._Server.inputs[1]

        def context(with_manim):
            return multiprocessing.get_context("forkserver" if configured == configuration() else "spawn")

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(forks, "context", context)
            yield

    return forking


@pytest.fixture
def quick_workers(quickly):
    with quickly():
        yield


def copy_clips(source: Path, target: Path) -> None:
    """Copy what ``target`` lacks of the clips and of the descriptions of scenes in ``source``, both media folders."""
    for file in (*source.glob("clips/**/*"), *source.glob(".gradreel/inspections/*")):
        copy = target / file.relative_to(source)
        if file.is_file() and not copy.exists():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, copy)


@pytest.fixture(scope="module")
def clips_of_module(tmp_path_factory) -> Path:
    """Return a media folder with the clips of all tests of a module that use `kept_clips`."""
    return tmp_path_factory.mktemp("clips")


@pytest.fixture
def kept_clips(clips_of_module, tmp_path, monkeypatch) -> Iterator[None]:
    """Begin the test with the clips of the module's earlier tests in ``media``, so that no equal clip is drawn twice.

    For tests of what is made from clips. The test runs in ``tmp_path``.
    """
    monkeypatch.chdir(tmp_path)
    copy_clips(clips_of_module, tmp_path / "media")
    yield
    copy_clips(tmp_path / "media", clips_of_module)


@pytest.fixture(scope="session")
def begin_fork(quickly):
    """``begin_fork(code, name=value, …)``: the code in a process that has imported torch, to be joined."""
    context = multiprocessing.get_context("forkserver" if sys.platform == "linux" else "spawn")

    def begin(code: str, **names: object) -> BaseProcess:
        process = context.Process(target=exec, args=(code, names))
        with quickly():
            process.start()
        return process

    return begin


@pytest.fixture
def gradreel(quick_workers):
    """``gradreel("list", "--json")`` in this process: a result with exit_code, stdout and stderr."""
    from click.testing import CliRunner
    from gradreel.cli import commands

    def invoke(*arguments: object):
        result = CliRunner().invoke(commands, [str(argument) for argument in arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return invoke


@pytest.fixture(scope="session")
def session_lives():
    """``session_lives(leader)``: whether a process of the session that ``leader`` began is there still."""

    def session_of(pid: int) -> int | None:
        try:
            return os.getsid(pid)
        except ProcessLookupError:
            return None

    return lambda leader: any(session_of(int(place.name)) == leader for place in Path("/proc").glob("[0-9]*"))


@pytest.fixture(scope="session")
def small_model():
    """``small_model(width, activation)``: what the recorded loops fit, the same at each call."""
    import torch

    def make(width=16, activation=torch.nn.Tanh):
        torch.manual_seed(3)
        return torch.nn.Sequential(torch.nn.Linear(1, width), activation(), torch.nn.Linear(width, 1))

    return make


@pytest.fixture(scope="session")
def record_loop(small_model):
    """``record_loop(path, optimizer, updates)``: record a loop of one's own, which fits a sine; its path.

    ``optimizer(parameters)`` makes the optimizer, ``pick(update)`` the batch (of 64 examples, at random by default).
    ``after_step(model)`` is somebody's own meddling.
    """
    import torch
    from gradreel.core.recording.recording import record

    def run(path, optimizer, updates=120, batch=16, log=True, model=None, pick=None, after_step=lambda model: None):
        model = model or small_model()
        made, generator = optimizer(model.parameters()), torch.Generator().manual_seed(0)
        x = torch.linspace(-2, 2, 64)[:, None]
        y = torch.sin(2 * x)
        with record(model, made, path) as recording:
            for update in range(updates):
                chosen = pick(update) if pick else torch.randperm(64, generator=generator)[:batch]
                loss = torch.nn.functional.mse_loss(model(x[chosen]), y[chosen])
                made.zero_grad()
                loss.backward()
                made.step()
                after_step(model)
                if log:
                    recording.log(loss=loss.item(), epoch=update * batch // 64)
        return path

    return run
