"""Tests that each option of ``manim render`` works here, or gets an answer that names it."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import av
import click
import pytest
from gradreel.render.manim_options import ANSWERED_OPTIONS

SMALL = ("-r", "64,36", "--fps", "5", "--progress_bar", "none")
SCENES = """
from manim import Scene, config


class First(Scene):
    def construct(self):
        self.next_section("a b")
        self.wait(0.4)
        self.next_section("c")
        self.wait(0.8)


class Second(Scene):
    def construct(self):
        self.wait(0.4)
"""
VALUES = {"--format": "gif", "--resolution": "64,36", "--quality": "l", "--verbosity": "info", "--renderer": "opengl"}
"""Values with which the test calls options that do not take any text."""


@pytest.fixture
def two_scenes(tmp_path, monkeypatch) -> Path:
    (tmp_path / "two.py").write_text(SCENES)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def manims_options() -> list[click.Option]:
    from manim.cli.render.commands import render

    return [param for param in render.params if isinstance(param, click.Option)]


def options_as_typed() -> list[tuple[str, ...]]:
    """Each name of each option of ``manim render``, with a value where it takes one."""
    typed = []
    for option in manims_options():
        for name in (*option.opts, *option.secondary_opts):
            takes_value = not (option.is_flag or option.count)
            value = next((VALUES[other] for other in option.opts if other in VALUES), "1")
            if isinstance(option.type, click.Choice) and value not in option.type.choices:
                value = option.type.choices[0]
            typed.append((name, value) if takes_value else (name,))
    return typed


@pytest.mark.parametrize("typed", options_as_typed(), ids=" ".join)
def test_every_option_of_manim_is_accepted_or_answered_by_name(gradreel, two_scenes, typed):
    scenes = ("two.py",) if typed[0] in ("-a", "--write_all") else ("two.py", "First")
    beats = ("a b",) if typed[0] in ("-n", "--from_animation_number") else typed[1:]
    result = gradreel("render", *scenes, "--dry_run", typed[0], *beats)
    answered = {name for option in ANSWERED_OPTIONS for name in option.names}
    if result.exit_code == 0:
        assert typed[0] not in answered
    else:
        assert result.exit_code == 2
        assert "is Manim's" in result.stderr
        assert typed[0].replace("_", "-") in result.stderr.replace("_", "-")


def test_no_option_is_answered_that_manim_does_not_have():
    theirs = {name for option in manims_options() for name in (*option.opts, *option.secondary_opts)}
    assert {name for option in ANSWERED_OPTIONS for name in option.names} <= theirs


def test_a_table_has_the_answer_to_every_option(gradreel):
    table = gradreel("render", "--manim_options").stdout
    for option in ANSWERED_OPTIONS:
        assert option.instead.split()[-1] in table


def test_manims_renderer_cairo_is_accepted(gradreel, two_scenes):
    assert gradreel("render", "two.py", "First", "--dry_run", "--renderer", "cairo").exit_code == 0


def test_format_png_is_the_last_frame_as_in_manim(gradreel, two_scenes):
    result = gradreel("render", "two.py", "First", "--format", "png", *SMALL)
    assert result.exit_code == 0
    assert Path(result.stdout.strip()).suffix == ".png"


def test_the_format_none_gets_an_answer(gradreel, two_scenes):
    result = gradreel("render", "two.py", "First", "--format", "none")
    assert result.exit_code == 2
    assert "gradreel check" in result.stderr


def test_write_all_renders_every_scene_of_the_file(gradreel, two_scenes):
    result = gradreel("render", "-a", "two.py", *SMALL)
    assert result.exit_code == 0
    assert [Path(line).stem for line in result.stdout.split()] == ["first", "second"]


@pytest.mark.parametrize("spec", ["build-curve", "none.py", "empty.py", "two.py:First"])
def test_write_all_without_a_file_of_scenes_is_the_users_mistake(gradreel, two_scenes, spec):
    (two_scenes / "empty.py").write_text("x = 1\n")
    result = gradreel("render", "-a", spec)
    assert result.exit_code == 2
    assert (spec.partition(":")[0] if ".py" in spec else "my_scene.py") in result.stderr


def test_write_all_names_the_classes_that_would_have_one_name(gradreel, two_scenes):
    (two_scenes / "same.py").write_text(SCENES.replace("Second", "first"))
    result = gradreel("render", "-a", "same.py", *SMALL)
    assert result.exit_code == 2
    assert "same.py:First" in result.stderr and "same.py:first" in result.stderr
    assert gradreel("render", "same.py:first", "-o", "other.mp4", *SMALL).exit_code == 0


def test_save_sections_writes_a_video_of_each_section_and_an_index(gradreel, two_scenes):
    result = gradreel("render", "two.py", "First", "--save_sections", *SMALL)
    assert result.exit_code == 0
    film = Path(result.stdout.strip())
    index = json.loads((film.parent / "sections" / "first.json").read_text())
    assert [section["name"] for section in index] == ["a b", "c"]
    frames = []
    for section in index:
        with av.open(str(film.parent / "sections" / section["video"])) as video:
            frames.append(sum(1 for _ in video.decode(video=0)))
    assert frames == [int(section["nb_frames"]) for section in index] == [2, 4]


@pytest.mark.parametrize("foreign", ["sections/film.json", "sections/film_0000_a_b.mp4", "sections"])
@pytest.mark.parametrize("more", [(), ("--dry_run",)])
def test_a_foreign_file_in_the_place_of_sections_is_named_before_any_work(gradreel, two_scenes, foreign, more):
    file = two_scenes / foreign
    file.parent.mkdir(exist_ok=True)
    file.write_text("precious")
    result = gradreel("render", "two.py", "First", "--save_sections", *SMALL, "-o", "film.mp4", *more)
    assert result.exit_code == 2
    assert str(file) in result.stderr
    assert file.read_text() == "precious"
    assert not (two_scenes / "film.mp4").exists() and not list(two_scenes.rglob("clips/*.mp4"))


def test_sections_may_be_written_again_by_the_same_scene(gradreel, two_scenes):
    (two_scenes / "sections").mkdir()
    (two_scenes / "sections" / "other_0000_a.mp4").write_text("precious")
    for _ in range(2):
        assert gradreel("render", "two.py", "First", "--save_sections", *SMALL, "-o", "film.mp4").exit_code == 0


def test_sections_of_a_film_with_burned_subtitles_say_that_they_have_none(gradreel, two_scenes):
    result = gradreel("render", "two.py", "First", "--save_sections", *SMALL, "--burn_subtitles", "en")
    assert "have no subtitles" in result.stderr
    assert "subtitles" not in gradreel("render", "two.py", "First", "--save_sections", *SMALL).stderr


@pytest.mark.parametrize("arguments", [("--format", "gif"), ("-t",)])
def test_sections_in_another_format_than_mp4_are_refused_before_any_work(gradreel, two_scenes, arguments):
    result = gradreel("render", "two.py", "First", "--save_sections", *arguments)
    assert result.exit_code == 2
    assert not (two_scenes / "media").exists()


def test_without_a_terminal_a_file_with_several_scenes_lists_their_names(gradreel, two_scenes):
    result = gradreel("render", "two.py", *SMALL)
    assert result.exit_code == 2
    assert "First, Second" in result.stderr


@pytest.mark.parametrize(
    ("typed", "rendered"), [("2\n", ["second"]), ("7\n1,2\n", ["first", "second"]), ("*\n", ["first", "second"])]
)
def test_on_a_terminal_the_user_picks_among_several_scenes(two_scenes, typed, rendered):
    ours, theirs = pty.openpty()
    line = [sys.executable, "-c", "from gradreel.cli import main; main()", "render", "two.py", *SMALL]
    with subprocess.Popen(line, stdin=theirs, stdout=subprocess.PIPE, stderr=theirs, text=True) as process:
        os.close(theirs)
        os.write(ours, typed.encode())
        assert process.stdout is not None
        printed = process.stdout.read()
    os.close(ours)
    assert process.returncode == 0
    assert [Path(line).stem for line in printed.split()] == rendered


def test_a_file_that_sets_opengl_is_drawn_by_cairo_with_a_message(gradreel, two_scenes):
    (two_scenes / "window.py").write_text('from manim import config\nconfig.renderer = "opengl"\n' + SCENES)
    result = gradreel("render", "window.py", "Second", *SMALL)
    assert result.exit_code == 0
    assert "OpenGL" in result.stderr


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        (("two.py", "First", "-ql"), "gradreel render two.py"),
        (("-ql", "two.py", "First"), "gradreel render …"),
        (("cfg", "show"), "manim.cfg"),
        (("plugins", "-l"), "manim.cfg"),
        (("render", "talk.toml"), "--lesson talk.toml"),
        (("render", "two.py:First", "-n", "d", "--dry_run"), "-n d: first has no such beats"),
    ],
)
def test_common_manim_commands_are_answered_with_ours(gradreel, two_scenes, typed, answer):
    result = gradreel(*typed)
    assert result.exit_code == 2
    assert answer in result.stderr
