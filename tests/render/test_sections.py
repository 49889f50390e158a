"""Sections of a plain Manim scene: ``-n`` renders some of them."""

from __future__ import annotations

from dataclasses import replace

import av
import pytest
from gradreel.core.errors import UserError
from gradreel.render import pipeline
from gradreel.render.lessons.options import Options
from gradreel.render.lessons.selection import load_lesson
from gradreel.render.resolve import settings_and_lesson
from gradreel.render.settings import RenderSettings
from gradreel.render.still_files import render_last_frames, render_stills
from gradreel.render.workers.progress import Reporter
from gradreel.scenes.catalog import beat_names, resolve

pytestmark = pytest.mark.usefixtures("quick_workers")

SCENES = """
from manim import Scene


class Talk(Scene):
    def construct(self):
        self.wait(0.1)
        self.next_section("rise")
        self.wait(0.2)
        self.next_section()
        self.wait(0.4)
        self.next_section("rise")
        self.wait(0.8)
        for name in ("one", "two"):
            self.next_section(f"part {name}")
            self.wait(1.6)


class Whole(Scene):
    def construct(self):
        self.wait(0.2)
"""


@pytest.fixture
def frames_of(render):
    """``frames_of("rise", "unnamed")`` renders these sections and returns how many frames the video has."""

    def run(first: str | None, last: str | None, scene: str = "Talk") -> int:
        with av.open(str(render(scene, first_beat=first, last_beat=last))) as container:
            return sum(packet.size > 0 for packet in container.demux(video=0))

    return run


@pytest.mark.parametrize(
    ("first", "last", "frames"),
    [
        ("rise", "unnamed", 6),
        ("rise-2", "rise-2", 8),
        (None, "rise", 3),
        ("autocreated", "autocreated", 1),
        ("part two", None, 16),
    ],
)
def test_a_range_of_sections_has_their_frames_alone(frames_of, first, last, frames):
    assert frames_of(first, last) == frames


COMMAS = """
from manim import Scene


class Commas(Scene):
    def construct(self):
        for name in ("one",):
            self.next_section("one, two")
            self.next_section("a,b,c")
            self.next_section(f"x, {name}")
            self.next_section("rise")
"""


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("one, two", "one, two", "one, two"),
        ("one, two,rise", "one, two", "rise"),
        ("one, two,a,b,c", "one, two", "a,b,c"),
        ("a,b,c,", "a,b,c", None),
        (",x, 12", None, "x, 12"),
        ("rise,x, one", "rise", "x, one"),
        ("rise,none", "rise", "none"),
    ],
)
def test_a_section_may_have_a_comma_in_its_name(tmp_path, monkeypatch, asked, first, last):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "commas.py").write_text(COMMAS)
    settings, _ = settings_and_lesson(Options(scenes=("commas.py:Commas",), beats=asked))
    assert (settings.first_beat, settings.last_beat) == (first, last)


@pytest.mark.parametrize(
    ("scene", "first", "last", "message"),
    [
        ("Talk", "ries", None, "rise"),
        ("Talk", "part three", None, "part two"),  # a computed name: found when the scene plays
        ("Talk", "rise-2", "rise", "order"),
        ("Whole", "rise", None, "no sections"),
        ("Talk", "3", "3", "next_section"),  # Manim's numbers of animations
    ],
)
def test_a_range_that_the_scene_does_not_play_is_answered_with_what_it_has(frames_of, scene, first, last, message):
    with pytest.raises(UserError, match=message):
        frames_of(first, last, scene)


def test_sections_are_listed_in_the_order_in_which_they_begin(frames_of):
    assert beat_names(resolve("scenes.py:Talk")) == ("rise", "unnamed", "part {name}")


def test_the_last_frame_of_a_section_can_be_rendered(frames_of, tmp_path):
    lesson = load_lesson(None, {}, ["scenes.py:Talk"])
    settings = RenderSettings(width=64, height=36, fps=10, media_dir=tmp_path / "media", last_beat="rise")
    (picture,) = render_last_frames(lesson, settings)
    assert picture.is_file()


@pytest.mark.parametrize(("first", "last"), [("part two", "part one"), ("part three", None)])
def test_a_last_frame_of_sections_that_do_not_play_is_refused(frames_of, tmp_path, first, last):
    settings = RenderSettings(width=64, height=36, fps=10, media_dir=tmp_path / "media", first_beat=first)
    lesson = load_lesson(None, {}, ["scenes.py:Talk"])
    with pytest.raises(UserError, match="part one, part two"):
        render_last_frames(lesson, replace(settings, last_beat=last))
    assert not list(tmp_path.rglob("*.png"))


def test_pictures_of_a_plain_scenes_plays_take_no_range(frames_of, tmp_path):
    lesson = load_lesson(None, {}, ["scenes.py:Talk"])
    with pytest.raises(UserError, match="render -n"):
        render_stills(lesson, RenderSettings(media_dir=tmp_path / "media", first_beat="rise"))


def test_a_scene_can_read_the_future_path_of_its_film(tmp_path, monkeypatch):
    ask = "        open('asked.txt', 'w').write(str(self.renderer.file_writer.movie_file_path))\n"
    (tmp_path / "scenes.py").write_text(SCENES + ask)
    monkeypatch.chdir(tmp_path)
    settings = RenderSettings(width=64, height=36, fps=10, media_dir=tmp_path / "media")
    (film,) = pipeline.render_scenes(load_lesson(None, {}, ["scenes.py:Whole"]), settings, Reporter())
    assert (tmp_path / "asked.txt").read_text() == str(film)
