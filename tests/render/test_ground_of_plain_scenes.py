"""The background of plain Manim scenes: a lesson's own, Manim's black, or what the scene's file sets."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from gradreel.render import pipeline
from gradreel.render.lessons.selection import load_lesson
from gradreel.render.settings import RenderSettings
from gradreel.render.still_files import render_last_frames
from gradreel.render.workers.progress import Reporter
from gradreel.scenes.themes import THEMES
from PIL import Image, ImageColor

pytestmark = pytest.mark.usefixtures("quick_workers")

SCENE = """
from manim import Scene


class Plain(Scene):
    def construct(self):
        self.wait(0.2)
"""
OWN_GROUND = 'from manim import config\nconfig.background_color = "#336699"\n'
LESSON = 'title = { en = "A film" }\n[[scene]]\nname = "plain.py:Plain"\n'
BLACK = (0, 0, 0)
DARK = ImageColor.getrgb(THEMES["dark"]["background"])


@pytest.fixture
def settings(tmp_path, monkeypatch) -> RenderSettings:
    (tmp_path / "plain.py").write_text(SCENE)
    (tmp_path / "film.toml").write_text(LESSON)
    monkeypatch.chdir(tmp_path)
    return RenderSettings(width=64, height=36, fps=10, media_dir=tmp_path / "media")


def ground(settings: RenderSettings, *, in_lesson: bool = True) -> tuple[int, ...]:
    """The colour of a corner of the scene's last frame."""
    lesson = load_lesson(Path("film.toml")) if in_lesson else load_lesson(None, {}, ["plain.py:Plain"])
    (picture,) = render_last_frames(lesson, settings)
    return tuple(np.asarray(Image.open(picture).convert("RGB"))[0, 0].tolist())


def test_a_plain_scene_has_the_lessons_ground_and_by_itself_manims_black(settings):
    assert ground(settings) == DARK
    assert ground(settings, in_lesson=False) == BLACK
    assert ground(replace(settings, theme="light")) == BLACK, "Manim's colours keep their dark ground"


def test_a_plain_scene_keeps_the_background_that_its_file_or_manim_cfg_sets(settings):
    Path("plain.py").write_text(OWN_GROUND + SCENE)
    assert ground(settings) == (0x33, 0x66, 0x99)
    Path("plain.py").write_text(SCENE)
    Path("manim.cfg").write_text("[CLI]\nbackground_color = #336699\n")
    assert ground(settings) == (0x33, 0x66, 0x99)


def test_a_plain_scene_alone_and_in_a_film_are_two_clips_with_the_grounds_of_their_pictures(settings):
    alone = pipeline.render_scenes(load_lesson(None, {}, ["plain.py:Plain"]), settings, Reporter())
    film = pipeline.render_lesson(load_lesson(Path("film.toml")), settings, Reporter())
    for video, expected in ((alone[0], BLACK), (film, DARK)):
        with av.open(str(video)) as container:
            pixels = next(container.decode(video=0)).to_ndarray(format="rgb24")
        assert np.abs(pixels[0, 0].astype(int) - expected).max() <= 3
    assert len(list(settings.media_dir.glob("clips/*.mp4"))) == 2
