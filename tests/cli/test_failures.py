"""Scenes that come to a bad end: each is named, the others are finished and kept, nothing broken gets a final name."""

from __future__ import annotations

import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

GRADREEL = Path(sysconfig.get_path("scripts")) / "gradreel"
SMALL = ("-r", "64,36")

SCENES = '''
import os
import sys
import time

from gradreel.scenes.base import LectureScene
from manim import Circle, FadeIn, Scene


class Fills(Scene):
    """No file may be longer than 2 kB: the disk is full for it, in the middle of its clip."""

    def construct(self):
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
        self.play(FadeIn(Circle(fill_opacity=1)), run_time=10)
        self.wait(20)


class Leaves(Scene):
    def construct(self):
        self.play(FadeIn(Circle()), run_time=0.2)
        sys.exit(0)


class Ends(LectureScene):
    def construct(self):
        with self.beat("first", say="One."):
            self.play(FadeIn(Circle()), run_time=0.2)
        with self.beat("second", say="Two."):
            os._exit(0)


class Hangs(LectureScene):
    def construct(self):
        with self.beat("first", say="One."):
            self.play(FadeIn(Circle()), run_time=0.2)
        with self.beat("second", say="Two."):
            time.sleep(600)


class Dies(Scene):
    def construct(self):
        self.play(FadeIn(Circle()), run_time=0.2)
        os._exit(3)


class Interrupts(Scene):
    def construct(self):
        raise KeyboardInterrupt


class Good(Scene):
    def construct(self):
        print("this is no result")
        self.play(FadeIn(Circle()), run_time=0.4)
'''
NAMES = ("Fills", "Leaves", "Ends", "Hangs", "Dies", "Interrupts", "Good")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([GRADREEL, *arguments, *SMALL], capture_output=True, text=True, check=False)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with these scenes, and a lesson of them; we are in it."""
    (tmp_path / "bad.py").write_text(SCENES)
    scenes = "".join(f'[[scene]]\nname = "bad.py:{name}"\n' for name in NAMES)
    (tmp_path / "film.toml").write_text(f'title = {{ en = "Film" }}\n{scenes}')
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.skipif(sys.platform == "win32", reason="limits and signals of POSIX")
def test_every_failing_scene_is_named_and_the_good_clip_is_kept(folder):
    result = run("render", "--lesson", "film.toml", "--fps", "5", "--timeout", "8", "-j", "2")
    assert (result.returncode, result.stdout) == (1, "")
    noise, _, message = result.stderr.partition("Error: ")
    assert noise == "this is no result\n"
    told = dict(zip(NAMES, message.rstrip("\n").split("\n\n"), strict=False))
    assert told["Fills"] == (
        f"fills: a file in {folder / 'media'} became larger than this system allows (see ulimit -f);"
        " allow more, or choose another folder with --media_dir"
    )
    assert told["Leaves"].startswith("leaves raised an error:\nTraceback")
    assert re.search(r"    sys\.exit\(0\)\n(    [~^]+\n)?SystemExit: 0$", told["Leaves"])  # marked from Python 3.13 on
    assert told["Ends"] == "ends: its process ended without a result in beat second (exit code 0)"
    assert told["Hangs"].startswith("hangs: stopped after 8 s, in beat second; a larger --timeout")
    assert told["Dies"] == "dies: its process ended without a result (exit code 3)"  # it has no beats
    assert told["Interrupts"] == "interrupts: its process was ended by KeyboardInterrupt"
    assert "Good" not in told
    media = folder / "media"
    assert sorted(file.suffix for file in (media / "clips").iterdir()) == [".json", ".mp4"]
    assert not (media / "videos").exists()
    assert list((media / ".gradreel" / "temporary").iterdir()) == []
    again = run("render", "bad.py:Good", "--lesson", "film.toml", "--fps", "5", "-v", "debug")
    assert (again.returncode, "Good" in again.stderr) == (0, False)
    assert "this is no result" not in again.stderr, "the clip was there"


@pytest.mark.parametrize("command", ["frames", "check"])
def test_a_scene_that_hangs_is_ended_in_other_commands_too(gradreel, folder, command):
    options = ("--timeout", "2") if command == "frames" else ("--timeout", "2", "--json")
    result = gradreel(command, "bad.py:Hangs", *options)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("Error: hangs: stopped after 2 s, after beat first;")
    assert not (folder / "media" / "images").exists()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("os._exit(0)", "its process ended without a result while good was imported (exit code 0)"),
        ("time.sleep(600)", "stopped after 2 s, while good was imported;"),
    ],
)
def test_a_file_that_does_not_even_import_is_named(gradreel, folder, line, message):
    (folder / "bad.py").write_text(f"{SCENES}\n\n{line}\n")
    result = gradreel("render", "bad.py:Good", *SMALL, "--timeout", "2")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(f"Error: {message}")


@pytest.mark.parametrize("seconds", ["0", "-3", "nan", "inf", "soon"])
def test_an_invalid_timeout_is_refused(gradreel, folder, seconds):
    result = gradreel("render", "bad.py:Good", "--timeout", seconds)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--timeout" in result.stderr
    assert "Traceback" not in result.stderr
    assert not (folder / "media").exists()
