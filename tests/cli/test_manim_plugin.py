"""Tests that ``manim render`` uses Gradreel's engine if manim.cfg names the plugin, and only then."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCENES = """
from manim import Circle, Create, Scene


class Ring(Scene):
    def construct(self):
        self.play(Create(Circle()), run_time=0.4)


class Still(Scene):
    def construct(self):
        self.add(Circle())
"""
OTHER_PATHS = """
import sys
from gradreel.render.manim_command import arguments_for
from manim import Scene, config, tempconfig
from manim.cli.render.commands import ClickArgs, render

Ring = type("Ring", (Scene,), {})
for typed in ("", "-o other", "-s", "-t", "--format gif", "--format webm", "--media_dir elsewhere", "-qk"):
    with render.make_context("render", ["mine.py", "Ring", *typed.split()]) as context, tempconfig({}):
        config.digest_args(ClickArgs(context.params))
        arguments = arguments_for("Ring")
        if arguments[arguments.index("-o") + 1] != str(Ring().output_plan.primary_artifact):
            print("DIFFERS", typed, arguments)
"""


@pytest.fixture
def manim(tmp_path):
    """Runs ``manim`` with arguments in a folder with two scenes and this manim.cfg."""
    (tmp_path / "mine.py").write_text(SCENES)

    def run(*arguments, cfg="plugins = gradreel", program=("-m", "manim")):
        (tmp_path / "manim.cfg").write_text(f"[CLI]\nprogress_bar = none\npixel_width = 64\npixel_height = 36\n{cfg}\n")
        command = [sys.executable, "-W", "ignore", *program, *arguments]
        return subprocess.run(
            command, cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )

    run.folder = tmp_path
    return run


def drawn_by_manim(manim) -> bool:
    return any(manim.folder.rglob("partial_movie_files"))


def test_manim_render_uses_the_engine_and_writes_where_manim_does(manim):
    done = manim("render", "mine.py", "Ring", "--fps", "5")
    assert done.returncode == 0, done.stderr
    film = manim.folder / "media" / "videos" / "mine" / "36p5" / "Ring.mp4"
    assert film.is_file()
    assert str(film) in done.stdout
    assert not drawn_by_manim(manim)


@pytest.mark.parametrize("cfg", ["", "plugins = another"])
def test_manim_draws_if_its_configuration_does_not_name_the_plugin(manim, cfg):
    code = "import manim, sys; print([name for name in sys.modules if name.startswith('gradreel.')])"
    loaded = manim(program=("-c", code), cfg=cfg).stdout
    assert "gradreel.scenes.manim_plugin" in loaded
    assert "gradreel.scenes.catalog" not in loaded


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("-n", "0"), "-n"),
        (("--dry_run",), "no file"),
        (("--format", "mp4", "--transparent"), "MP4"),
    ],
)
def test_manim_draws_what_gradreel_cannot_and_a_message_says_why(manim, arguments, reason):
    done = manim("render", "mine.py", "Still", "--fps", "5", *arguments)
    assert "gradreel: Manim draws" in done.stderr
    assert reason in done.stderr


def test_each_result_has_the_path_that_manim_gives_it(manim):
    done = manim(program=("-c", OTHER_PATHS), cfg="")
    assert done.returncode == 0, done.stderr
    assert "DIFFERS" not in done.stdout


def test_manim_answers_for_a_scene_that_does_not_exist(manim):
    done = manim("render", "mine.py", "Nobody", "-s")
    assert done.returncode == 1
    assert "Ring, Still" in done.stderr
    assert not (manim.folder / "media").exists()


def test_all_scenes_of_a_file_are_rendered(manim):
    assert manim("render", "-a", "mine.py", "-s").returncode == 0
    pictures = manim.folder / "media" / "images" / "mine"
    assert {picture.name.partition("_")[0] for picture in pictures.glob("*.png")} == {"Ring", "Still"}
