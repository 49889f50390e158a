"""A line that does not hold of the numbers shown is neutral in the film, and every command says so."""

from __future__ import annotations

import json
import sys

import pytest
import srt

SCENE = '''
from gradreel.scenes.base import LectureScene
from gradreel.scenes.words.claims import claim
from manim import Circle, FadeIn


class Guess(LectureScene):
    """A circle, and a line that says that it is large."""

    class Parameters(LectureScene.Parameters):
        radius: float = 2.0

    def claims(self):
        yield claim("size", "the radius is above 1", self.parameters.radius > 1, radius=self.parameters.radius)

    def construct(self):
        with self.beat("size", radius=f"{self.parameters.radius:g}"):
            self.play(FadeIn(Circle(self.parameters.radius)), run_time=0.2)
'''
LESSON = """
title = { en = "Circles" }
languages = ["en"]
narration = "words.toml"

[[scene]]
name = "my_scene.py:Guess"
"""
WORDS = """
[en.guess]
title = "A circle"
[en.guess.beats]
size = "It is large."
[en.guess.neutral]
size = "Its radius is {radius}."
"""
SAY = """
import sys, wave
with wave.open(sys.argv[1], "wb") as file:
    file.setparams((1, 2, 8000, 0, "NONE", ""))
    file.writeframes(bytes(i % 251 for i in range(4000)))
with open("said.txt", "a") as file:
    file.write(sys.argv[2] + "\\n")
"""
SMALL = ("--lesson", "circles.toml", "-r", "160,90", "--fps", "5")
BROKEN = "guess.radius=0.5"


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "my_scene.py").write_text(SCENE)
    (tmp_path / "circles.toml").write_text(LESSON)
    (tmp_path / "words.toml").write_text(WORDS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def told(text: str) -> bool:
    """Return whether a message has the beat, the expectation and the number."""
    return all(part in text for part in ("guess", "size", "the radius is above 1", "0.5"))


def test_the_film_has_the_neutral_line_and_each_render_says_so_once(project, gradreel):
    for _ in range(2):  # drawn, and kept
        result = gradreel("render", *SMALL, "--set", BROKEN)
        assert result.exit_code == 0, result.stderr
        assert told(result.stderr) and result.stderr.count("the radius is above 1") == 1
    (subtitles,) = project.glob("media/videos/**/*.en.srt")
    assert [cue.content for cue in srt.parse(subtitles.read_text())] == ["Its radius is 0.5."]
    (manifest,) = project.glob("media/videos/**/manifest.json")
    (beat,) = json.loads(manifest.read_text())["scenes"][0]["beats"]
    assert beat["claims"] == [
        {"beat": "size", "says": "the radius is above 1", "holds": False, "numbers": "radius: 0.5"}
    ]
    listed = gradreel("list", "--lesson", "circles.toml")
    assert told(listed.stdout)


def test_a_line_whose_claim_holds_gives_no_message(project, gradreel):
    result = gradreel("render", *SMALL)
    assert "above 1" not in result.stderr
    (subtitles,) = project.glob("media/videos/**/*.en.srt")
    assert [cue.content for cue in srt.parse(subtitles.read_text())] == ["It is large."]
    assert "above 1" not in gradreel("list", "--lesson", "circles.toml").stdout


def test_dry_run_and_describe_report_a_failed_claim_before_rendering(project, gradreel):
    dry = gradreel("render", *SMALL, "--set", BROKEN, "--dry_run")
    assert told(dry.stdout)
    found = json.loads(gradreel("render", *SMALL, "--set", BROKEN, "--dry_run", "--json").stdout)["neutral"]
    assert [(each["scene"], each["beat"], each["holds"]) for each in found] == [("guess", "size", False)]
    described = gradreel("describe", "guess", "--lesson", "circles.toml", "--set", BROKEN)
    assert told(described.stdout) and "does not hold" in described.stdout
    assert "does not hold" not in gradreel("describe", "guess", "--lesson", "circles.toml").stdout


def test_the_voice_speaks_the_neutral_line(project, gradreel):
    (project / "say.py").write_text(SAY)
    voice = f"en=command:{sys.executable} -S say.py {{file}} {{text}}"
    result = gradreel("render", *SMALL, "--set", BROKEN, "--voice", voice)
    assert result.exit_code == 0 and result.stderr.count("the radius is above 1") == 1, result.stderr
    assert "radius" in (project / "said.txt").read_text() and "large" not in (project / "said.txt").read_text()


def test_frames_and_check_report_a_failed_claim(project, gradreel):
    assert told(gradreel("frames", "--lesson", "circles.toml", "--set", BROKEN).stderr)
    assert told(gradreel("check", "--lesson", "circles.toml", "--set", BROKEN).stderr)
