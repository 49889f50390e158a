"""Tests of warnings: features that a clip does not support, and Manim's own warnings, each once."""

from __future__ import annotations

from dataclasses import replace

import pytest
from gradreel.render import pipeline
from gradreel.render.lessons.selection import load_lesson
from gradreel.render.settings import RenderSettings
from gradreel.render.workers.progress import Reporter

pytestmark = pytest.mark.usefixtures("quick_workers")

SCENES = '''
from gradreel.scenes.base import LectureScene
from manim import Camera, Dot, FadeIn, MovingCameraScene, Scene, ThreeDScene, ZoomedScene


class Hasty(LectureScene):
    """Animations shorter than a frame."""

    def construct(self):
        for name in ("one", "two", "three"):
            with self.beat(name, say="At once."):
                self.play(FadeIn(Dot()), run_time=0.01)


class Tilted(Camera):
    pass


class SeenByItsOwn(Scene):
    def __init__(self):
        super().__init__(camera_class=Tilted)

    def construct(self):
        self.play(FadeIn(Dot()), run_time=0.3)


class Dashed(Scene):
    def construct(self):
        self.play(FadeIn(Dot()), run_time=0.1)
        self.camera.apply_stroke = lambda context, vmobject, background=False: self.camera
        self.play(FadeIn(Dot()), run_time=0.1)


class Followed(MovingCameraScene):
    def construct(self):
        self.play(FadeIn(Dot()), self.camera.frame.animate.scale(0.5), run_time=0.3)


class Enlarged(ZoomedScene):
    def construct(self):
        self.activate_zooming()
        self.play(FadeIn(Dot()), run_time=0.3)


class Turned(ThreeDScene):
    def construct(self):
        self.play(FadeIn(Dot()), run_time=0.3)
'''


class Heard(Reporter):
    """A reporter that stores its messages."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, message: str) -> None:
        self.said.append(message)


@pytest.mark.parametrize(
    ("scene", "message"),
    [
        ("Hasty", "hasty: Manim warns, in beat one: The original total run_time of Hasty.play(), 0.01 s"),
        ("SeenByItsOwn", "seen-by-its-own: drawn by Manim itself, and no faster: its camera is a Tilted"),
        ("Dashed", "dashed: drawn by Manim itself, and no faster: its apply_stroke is not Manim's"),
    ],
)
def test_a_setting_that_the_clip_cannot_follow_is_reported_once(tmp_path, monkeypatch, capfd, scene, message):
    (tmp_path / "scenes.py").write_text(SCENES)
    monkeypatch.chdir(tmp_path)
    heard, settings = Heard(), RenderSettings(width=96, height=54, fps=10, media_dir=tmp_path / "media")
    pipeline.render_scenes(load_lesson(None, {}, [f"scenes.py:{scene}"]), settings, heard)
    assert len(heard.said) == 1
    assert heard.said[0].startswith(message)
    assert capfd.readouterr().err == ""


def test_a_file_that_sets_the_pictures_size_is_answered_with_the_option(tmp_path, monkeypatch):
    sizes = "from manim import config\nconfig.pixel_width, config.pixel_height, config.frame_rate = 54, 96, 15\n"
    (tmp_path / "upright.py").write_text(sizes + SCENES)
    monkeypatch.chdir(tmp_path)
    heard, settings = Heard(), RenderSettings(width=96, height=54, fps=10, media_dir=tmp_path / "media")
    pipeline.render_scenes(load_lesson(None, {}, ["upright.py:Followed"]), settings, heard)
    assert [said.partition("to use them, add ")[2] for said in heard.said] == ["-r 54,96 --fps 15"]
    pipeline.render_scenes(
        load_lesson(None, {}, ["upright.py:Followed"]), replace(settings, width=54, height=96, fps=15), heard
    )
    assert len(heard.said) == 1


@pytest.mark.parametrize(
    ("setting", "option"),
    [
        ("transparent = True", "-t"),
        ("save_last_frame = True", "-s"),
        ("format = 'gif'", "--format gif"),
        ("output_file = 'renamed'", "-o renamed"),
        ("from_animation_number = 1", "-n BEATS"),
        ("upto_animation_number = 1", "-n BEATS"),
    ],
)
def test_a_file_that_asks_for_another_kind_of_result_is_answered_with_the_option(
    tmp_path, monkeypatch, setting, option
):
    (tmp_path / "asks.py").write_text(f"from manim import config\nconfig.{setting}\n{SCENES}")
    monkeypatch.chdir(tmp_path)
    heard, settings = Heard(), RenderSettings(width=96, height=54, fps=10, media_dir=tmp_path / "media")
    pipeline.render_scenes(load_lesson(None, {}, ["asks.py:Followed"]), settings, heard)
    assert [said.partition("to use them, add ")[2] for said in heard.said] == [option]


def test_manim_cfg_values_that_the_command_overrides_are_reported(tmp_path, monkeypatch):
    (tmp_path / "manim.cfg").write_text("[CLI]\nquality = low_quality\nmedia_dir = films\n")
    (tmp_path / "scenes.py").write_text(SCENES)
    monkeypatch.chdir(tmp_path)
    lesson = load_lesson(None, {}, ["scenes.py:Followed"])
    by_default = RenderSettings.of_quality(media_dir=tmp_path / "media")
    otherwise = RenderSettings(width=96, height=54, fps=10, media_dir=tmp_path / "other")
    asks_for = f"-r 854,480 --fps 15 --media_dir {tmp_path / 'films'}"
    for settings, options in ((by_default, asks_for), (otherwise, "")):
        heard = Heard()
        pipeline.render_scenes(lesson, settings, heard)
        assert [said.partition("to use them, add ")[2] for said in heard.said] == ([options] if options else [])


@pytest.mark.parametrize("scene", ["Followed", "Enlarged", "Turned"])
def test_manims_own_cameras_cause_no_message(tmp_path, monkeypatch, scene):
    (tmp_path / "scenes.py").write_text(SCENES)
    monkeypatch.chdir(tmp_path)
    heard, settings = Heard(), RenderSettings(width=96, height=54, fps=10, media_dir=tmp_path / "media")
    pipeline.render_scenes(load_lesson(None, {}, [f"scenes.py:{scene}"]), settings, heard)
    assert heard.said == []
