from __future__ import annotations

import os
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

MY_SCENE = '''
from gradreel.core.datasets import CurveDataset
from gradreel.core.experiment import Experiment
from gradreel.scenes.base import LectureScene
from manim import Circle, Create, Scene, Text
from pydantic import Field


class Ring(LectureScene):
    """A ring, drawn."""

    class Parameters(LectureScene.Parameters):
        radius: float = Field(1.0, gt=0, le=3, description="Radius in scene units.")
        run: Experiment = Field(
            Experiment(dataset=CurveDataset(knots=((0, 0), (1, 1))), epochs=3), description="The run that is shown."
        )

    def construct(self):
        ring = Circle(self.parameters.radius)
        assert self.trace("run").n_updates == self.parameters.run.n_updates
        with self.beat("draw", say="A ring is drawn."):
            self.play(Create(ring))
        with self.beat("rest", say="It rests."):
            pass


class Plain(Scene):
    """Nobody's lecture."""

    def construct(self):
        self.play(Create(Circle()), run_time=0.2)


class Outside(Scene):
    def construct(self):
        self.add(Circle(1).shift([20, 0, 0]))


class Broken(Scene):
    def construct(self):
        self.play(Create(Circle()), run_time=0.2)
        1 / 0


class Slow(Scene):
    def construct(self):
        print("slow begins", flush=True)
        self.play(Create(Circle()), run_time=600)
'''
LESSON = """
title = { en = "Shapes", zh = "图形" }

[[scene]]
name = "my_scene.py:Ring"
[[scene]]
name = "my_scene.py:Plain"
"""


def write_project(folder: Path) -> Path:
    """A user's project: one file of scenes, one lesson."""
    (folder / "my_scene.py").write_text(MY_SCENE, encoding="utf-8")
    (folder / "shapes.toml").write_text(LESSON, encoding="utf-8")
    return folder


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project of one's own, and we are in it."""
    monkeypatch.chdir(write_project(tmp_path))
    return tmp_path


class Machines:
    """A scheduler and its workers, without a disk that they share.

    Dask watches each, and starts it again, by a process of its own; without it a worker that is killed is gone.
    """

    def __init__(self, folder: Path, watched: bool) -> None:
        self.folder, self._watched = folder, watched
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
        self.processes: list[subprocess.Popen] = []
        port = self.address.rpartition(":")[2]
        self._start("dask_scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard")
        self.workers = [self.worker(number) for number in range(2)]

    def worker(self, number: int, **environment: str) -> subprocess.Popen:
        local = self.folder / f"worker-{number}"
        local.mkdir()
        return self._start(
            "dask_worker", self.address, "--nanny" if self._watched else "--no-nanny", "--nthreads", "1",
            "--no-dashboard", "--local-directory", str(local), "--name", f"worker-{number}", **environment,
        )  # fmt: skip

    def log(self, process: subprocess.Popen) -> str:
        return (self.folder / f"log-{self.processes.index(process)}").read_text()

    def _start(self, program: str, *arguments: str, **environment: str) -> subprocess.Popen:
        with (self.folder / f"log-{len(self.processes)}").open("w") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.{program}", *arguments],
                stdout=log, stderr=log, cwd=self.folder, start_new_session=True, env=os.environ | environment,
            )  # fmt: skip
        self.processes.append(process)
        return process

    def wait(self) -> None:
        distributed = pytest.importorskip("distributed")
        with distributed.Client(self.address, timeout=60, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=60)

    def stop(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()


@contextmanager
def running(tmp_path_factory, watched):
    made = Machines(tmp_path_factory.mktemp("machines"), watched)
    try:
        made.wait()
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="session")
def shared_machines(tmp_path_factory):
    with running(tmp_path_factory, watched=True) as made:
        yield made


@pytest.fixture
def machines(tmp_path_factory):
    """Some of one's own, to be maltreated."""
    with running(tmp_path_factory, watched=False) as made:
        yield made


@pytest.fixture
def command():
    """``command("render", …)``: in a process of its own, as a user runs it; killed at the end of the test."""
    begun = []

    def begin(*arguments: object, **options) -> subprocess.Popen:
        line = [sys.executable, "-c", "from gradreel.cli import main; main()", *map(str, arguments)]
        begun.append(subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options))
        return begun[-1]

    yield begin
    for process in begun:
        process.kill()
        process.communicate()
