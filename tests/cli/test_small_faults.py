"""Tests of four commands: `export run`, `render --seed`, errors that name a variable, `narrate` with one scene."""

from __future__ import annotations

import shutil

import pytest
import torch

TALK = """
from gradreel.scenes.base import LectureScene
from manim import Circle, Scene, config


class Talk(LectureScene):
    def construct(self):
        with self.beat("only", say="My own words."):
            self.add(Circle())


class Seeded(Scene):
    def construct(self):
        raise ValueError(f"the seed is {config.seed}.")
"""


@pytest.fixture
def here(tmp_path, monkeypatch, record_loop):
    """A scene and a recorded run of one's own, in the current folder."""
    (tmp_path / "talk.py").write_text(TALK, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    record_loop(tmp_path / "runs" / ".tmp", lambda parameters: torch.optim.SGD(parameters, 0.1), updates=3)
    return tmp_path


def test_a_run_in_a_folder_of_any_name_is_exported(here, gradreel):
    named = gradreel("export", "run", "runs/.tmp", "-o", "x.html")
    assert (named.exit_code, (here / "x.html").is_file()) == (0, True), named.output
    shutil.move("runs/.tmp", "runs/my run \\ 1.")
    unnamed = gradreel("export", "run", "runs/my run \\ 1.")
    assert unnamed.exit_code == 0, unnamed.output


def test_a_run_is_exported_even_if_no_media_folder_can_be_made(here, gradreel):
    (here / "media").write_text("a file")
    result = gradreel("export", "run", "runs/.tmp", "-o", "x.html")
    assert (result.exit_code, (here / "x.html").is_file()) == (0, True), result.output
    assert gradreel("export", "run", "runs/.tmp", "-o", "x.html").exit_code == 0, "equal bytes replace nothing"
    (here / "x.html").write_text("notes")
    assert gradreel("export", "run", "runs/.tmp", "-o", "x.html").exit_code == 2, "nobody remembers whose it is"


@pytest.mark.parametrize(("options", "seed"), [((), 7), (("--seed", "0"), 0), (("--seed", "3"), 3)])
def test_a_seed_on_the_command_line_counts_before_that_of_manim_cfg(here, gradreel, options, seed):
    (here / "manim.cfg").write_text("[CLI]\nseed = 7\n")
    assert f"the seed is {seed}." in gradreel("render", "talk.py:Seeded", "-r", "64,36", *options).stderr


@pytest.mark.parametrize(
    ("command", "is_named"),
    [
        (("render", "--fsp", "3"), False),
        (("render", "nothing-like-it"), False),
        (("render", "talk.py:Talk", "-r", "3"), False),
        (("render", "talk.py:Talk", "--format", "gif", "--burn_subtitles", "en"), False),
        (("render", "talk.py:Talk", "--lesson", "none.toml"), False),
        (("render", "talk.py:Talk"), True),
    ],
)
def test_an_error_names_the_environment_variable_that_caused_it(here, gradreel, monkeypatch, command, is_named):
    monkeypatch.setenv("GRADREEL_VOICE", "en=no-voice.onnx" if is_named else "none")
    monkeypatch.setenv("GRADREEL_THEME", "light")
    told = gradreel(*command)
    assert told.exit_code == 2
    assert ("GRADREEL_VOICE" in told.stderr, "GRADREEL_THEME" in told.stderr) == (is_named, False)


def test_the_script_of_scenes_that_were_named_has_their_titles(here, gradreel):
    assert gradreel("narrate", "talk.py:Talk").exit_code == 0
    assert (here / "recordings" / "script.md").read_text().startswith("# Talk\n")
