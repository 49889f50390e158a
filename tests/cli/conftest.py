from __future__ import annotations

import subprocess
import sys
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

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


class OneWorker:
    """In the place of dask: a client, and a worker with two threads in this process."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder, self.taken_back, self.functions = folder, False, []
        self.worker = SimpleNamespace(
            name="w", address="tcp://w:1", local_directory=str(folder), get_current_task=lambda: "task",
            log_event=lambda topic, message: self.hear((0.0, message)), state=self,
        )  # fmt: skip

    @property
    def tasks(self):
        return {} if self.taken_back else {"task": SimpleNamespace(state="executing")}

    def subscribe_topic(self, topic, hear) -> None:
        self.hear = hear

    def nthreads(self) -> dict[str, int]:
        return {"w": 2}

    def cancel(self, futures, force) -> None:
        pass

    def submit(self, function, *arguments, pure=False, key=None) -> Future:
        self.functions.append(function.__name__)
        here = [argument.result() if isinstance(argument, Future) else argument for argument in arguments]
        for given in here:
            if isinstance(given, dict):
                given.update({name: future.result() for name, future in given.items()})
        task = Future()
        task.set_result(function(*here))
        return task


@pytest.fixture
def one_worker(tmp_path, monkeypatch):
    """Any ``--scheduler`` is this one."""
    made = OneWorker(tmp_path / "worker")

    @contextmanager
    def connected(address):
        yield made

    monkeypatch.setattr("gradreel.render.cluster.connection.connected", connected)
    monkeypatch.setattr("distributed.get_worker", lambda: made.worker)
    return made


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
