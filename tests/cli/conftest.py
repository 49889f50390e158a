from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from gradreel.cli import commands

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
def gradreel():
    """``gradreel("list", "--json")`` in this process: a result with exit_code, stdout and stderr."""

    def invoke(*arguments: object):
        result = CliRunner().invoke(commands, [str(argument) for argument in arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return invoke


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project of one's own, and we are in it."""
    monkeypatch.chdir(write_project(tmp_path))
    return tmp_path
