"""Clips in parts where others are at work: drawn by the workers of a scheduler, and by two runs on one media folder."""

from __future__ import annotations

import json
import shutil
import sys
import time
from pathlib import Path

import pytest

SCENES = '''
from pathlib import Path
import random
import time

from gradreel.scenes.base import LectureScene
from manim import RIGHT, Dot, FadeIn


class Steps(LectureScene):
    """Each beat begins with what the one before has left; while a file is there it is not drawn."""

    def construct(self):
        with open("drawn.log", "a") as log:
            print("steps", file=log)
        dot = Dot(radius=0.5)
        self.play(FadeIn(dot), run_time=0.5)
        for name in ("one", "two", "three", "four"):
            with self.beat(name, say="A step."):
                while Path("wait").exists() and not self.renderer.file_writer.sections[-1].skip_animations:
                    time.sleep(0.02)
                self.play(dot.animate.shift(random.uniform(-1, 1) * RIGHT), run_time=0.5)
'''
ASKED = ("render", "steps.py:Steps", "-r", "96,54", "--fps", "10", "--progress_bar", "none", "-v", "debug")
PARTS = "steps: in 2 parts (about "


@pytest.fixture
def whole(tmp_path, monkeypatch, gradreel) -> bytes:
    """The video of a clip in one piece. The clip is to be made again, and is said to take a minute: long enough."""
    (tmp_path / "steps.py").write_text(SCENES, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    made = gradreel(*ASKED, "-j", "1")
    assert made.exit_code == 0 and PARTS not in made.stderr
    video = Path(made.stdout.strip())
    content = video.read_bytes()
    (clip,) = Path("media/clips").glob("*.mp4")
    clip.unlink()
    description = clip.with_suffix(".json")
    description.write_text(json.dumps({**json.loads(description.read_text()), "wall_seconds": 60.0}), encoding="utf-8")
    shutil.rmtree("media/videos")
    Path("drawn.log").unlink()
    return content


def test_parts_drawn_by_a_schedulers_workers_are_the_clip_in_one_piece(one_worker, whole, gradreel):
    away = gradreel(*ASKED, "--scheduler", "tcp://w:1")
    assert away.exit_code == 0, away.stderr
    assert PARTS in away.stderr and "in one piece" not in away.stderr
    assert Path(away.stdout.strip()).read_bytes() == whole
    assert len(list(Path("media/clips").iterdir())) == 2, "the clip and its description, no parts"


@pytest.mark.skipif(sys.platform != "linux", reason="POSIX locks")
def test_of_two_runs_one_draws_the_parts_and_the_other_takes_the_clip(whole, command):
    Path("wait").touch()
    first = command(*ASKED, "-j", "2")
    while not Path("drawn.log").exists() or Path("drawn.log").read_text() != "steps\n" * 2:
        assert first.poll() is None, first.communicate()
        time.sleep(0.02)
    second = command(*ASKED, "-j", "2")
    told = []
    while not told or not told[-1].startswith("steps: another run is at it"):
        told.append(second.stderr.readline())
        assert told[-1], told
    Path("wait").unlink()
    for run in (first, second):
        output, errors = run.communicate()
        assert run.returncode == 0, errors
        assert Path(output.strip()).read_bytes() == whole
        told.append(errors)
    assert "".join(told).count(PARTS) == 2, "both would have drawn it in parts"
    assert "".join(told).count("another run is at it") == 1, "it is said once, not for each part"
    assert Path("drawn.log").read_text() == "steps\n" * 2
