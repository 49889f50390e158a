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


@pytest.fixture
def said(tmp_path, monkeypatch):
    """``said(SCENES, "Hasty", …)``: the messages of rendering these scenes of a file with this text."""
    monkeypatch.chdir(tmp_path)

    def rendering(text: str, *scenes: str, **changes: object) -> list[str]:
        (tmp_path / "scenes.py").write_text(text)
        lesson = load_lesson(None, {}, [f"scenes.py:{scene}" for scene in scenes])
        settings, heard = RenderSettings(width=96, height=54, fps=10, media_dir=tmp_path / "media"), Heard()
        pipeline.render_scenes(lesson, replace(settings, **changes), heard)
        return heard.said

    return rendering


def advised(messages: list[str]) -> list[str]:
    """The options that the messages advise."""
    return [message.partition("to use them, add ")[2] for message in messages]


def test_a_setting_that_the_clip_cannot_follow_is_reported_once_and_manims_own_cameras_are_not(said, capfd):
    expected = [
        "dashed: drawn by Manim itself, and no faster: its apply_stroke is not Manim's",
        "hasty: Manim warns, in beat one: The original total run_time of Hasty.play(), 0.01 s",
        "seen-by-its-own: drawn by Manim itself, and no faster: its camera is a Tilted",
    ]
    messages = sorted(said(SCENES, "Hasty", "SeenByItsOwn", "Dashed", "Followed", "Enlarged", "Turned"))
    assert len(messages) == len(expected)
    assert all(message.startswith(start) for message, start in zip(messages, expected, strict=True))
    assert capfd.readouterr().err == ""


def test_a_file_that_sets_the_pictures_size_is_answered_with_the_option(said):
    upright = "from manim import config\nconfig.pixel_width, config.pixel_height, config.frame_rate = 54, 96, 15\n"
    assert advised(said(upright + SCENES, "Followed")) == ["-r 54,96 --fps 15"]
    assert said(upright + SCENES, "Followed", width=54, height=96, fps=15) == []


@pytest.mark.parametrize(
    ("settings", "options"),
    [
        (
            ("transparent = True", "output_file = 'renamed'", "from_animation_number = 1"),
            {"-t", "-o renamed", "-n BEATS"},
        ),
        (("save_last_frame = True", "upto_animation_number = 1"), {"-s", "-n BEATS"}),
        (("format = 'gif'",), {"--format gif"}),
    ],
)
def test_a_file_that_asks_for_another_kind_of_result_is_answered_with_the_options(said, settings, options):
    lines = "".join(f"config.{setting}\n" for setting in settings)
    (found,) = advised(said(f"from manim import config\n{lines}{SCENES}", "Followed"))
    assert len(found) == len(" ".join(options)) and all(option in found for option in options)


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
