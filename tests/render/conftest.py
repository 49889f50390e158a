from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from gradreel.render import pipeline
from gradreel.render.frames.encode import ClipEncoder
from gradreel.render.lessons.selection import load_lesson
from gradreel.render.settings import RenderSettings
from gradreel.render.stages import ClipFile
from gradreel.render.workers.progress import Reporter

SCENES = '''
"""Small scenes of a user's."""
import os
import time

import helper
from gradreel.core.datasets import CurveDataset
from gradreel.core.experiment import Experiment
from gradreel.scenes.base import LectureScene
from manim import RIGHT, Circle, Dot, FadeIn, MovingCameraScene, Scene, Square
from pydantic import Field


class Dots(LectureScene):
    """Dots that move."""

    class Parameters(LectureScene.Parameters):
        count: int = Field(2, ge=1, le=9, description="How many moves.")

    def construct(self):
        dot = Dot(radius=1)
        with self.beat("first", say="A dot appears."):
            self.play(FadeIn(dot), run_time=helper.TIME)
        for k in range(self.parameters.count):
            with self.beat(f"move-{k + 1}", say=f"It moves, time {k + 1}."):
                self.play(dot.animate.shift(0.5 * RIGHT), run_time=0.3)


class Plain(Scene):
    """No beats."""

    def construct(self):
        circle = Circle(fill_opacity=1)
        self.play(FadeIn(circle), run_time=0.5)
        self.wait(0.4)


class Still(Scene):
    def construct(self):
        self.add(Square())


class Moving(MovingCameraScene):
    def construct(self):
        self.add(Square())
        self.play(self.camera.frame.animate.scale(0.5), run_time=0.4)


class Shows(LectureScene):
    """A dot at a recorded number."""

    class Parameters(LectureScene.Parameters):
        run: Experiment = Field(
            Experiment(dataset=CurveDataset(knots=((0, 0), (1, 1)), examples=5), epochs=3), description="The run."
        )

    def construct(self):
        with self.beat("place", say="Here it is."):
            self.play(FadeIn(Dot(radius=1).shift(float(self.trace("run").parameters[-1, 0]) * RIGHT)), run_time=0.2)


class Broken(Scene):
    def construct(self):
        self.play(FadeIn(Circle()), run_time=0.2)
        self.fail()

    def fail(self):
        raise ValueError("a mistake of mine")


class Killed(Scene):
    def construct(self):
        os.kill(os.getpid(), 9)


class Slow(Scene):
    def construct(self):
        self.play(FadeIn(Circle()), run_time=0.2)
        open("started", "w").close()
        time.sleep(60)
'''


@pytest.fixture
def tiny() -> RenderSettings:
    return RenderSettings(width=64, height=36, fps=10)


def _write_clip(path: Path, settings: RenderSettings, frames: int) -> ClipFile:
    """A clip in which frame i has a red bar that begins at column i (of 32)."""
    encoder = ClipEncoder(path, settings)
    for number in range(frames):
        pixels = np.zeros((settings.height, settings.width, 4), np.uint8)
        pixels[..., :] = (15, 20, 25, 0 if settings.transparent else 255)
        pixels[8:24, number % 32 : number % 32 + 16] = (255, 92, 106, 255)
        encoder.write(pixels)
    encoder.close()
    return ClipFile(path, encoder.frames, settings.fps, (), 0.0)


@pytest.fixture
def render(request, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """``render("Talk", last_beat="rise")`` renders a scene of the test module's ``SCENES`` and returns its video."""
    (tmp_path / "scenes.py").write_text(request.module.SCENES)
    monkeypatch.chdir(tmp_path)
    settings = RenderSettings(width=64, height=36, fps=10, media_dir=tmp_path / "media")

    def run(scene: str, **options: object) -> Path:
        lesson = load_lesson(None, {}, [f"scenes.py:{scene}"])
        (video,) = pipeline.render_scenes(lesson, replace(settings, **options), Reporter())
        return video

    return run


@pytest.fixture
def user_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's folder with scenes of their own, as the current one."""
    (tmp_path / "my_scenes.py").write_text(SCENES, encoding="utf-8")
    (tmp_path / "helper.py").write_text("TIME = 0.5\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _write_lesson(folder: Path, *scenes: str, extra: str = "") -> Path:
    """A lesson ``film.toml`` of scenes of ``my_scenes.py``; ``extra`` is added before the scenes."""
    tables = "\n".join(f'[[scene]]\nname = "my_scenes.py:{scene}"' for scene in scenes)
    file = folder / "film.toml"
    file.write_text(f'title = {{ en = "A film", zh = "一部影片" }}\n{extra}\n{tables}\n', encoding="utf-8")
    return file


@pytest.fixture
def write_clip() -> Callable[..., ClipFile]:
    return _write_clip


@pytest.fixture
def write_lesson() -> Callable[..., Path]:
    return _write_lesson
