"""Names that become paths: of lessons, scenes, beats and files of scenes."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
import torch
from gradreel.core.errors import UserError
from gradreel.render.clips.workspace import Folders
from gradreel.render.settings import RenderSettings
from gradreel.scenes.file_names import LONGEST, file_name, name_of_path
from hypothesis import example, given
from hypothesis import strategies as st

PLAIN = st.text(st.characters(categories=["Lu", "Ll", "Lo", "Nd", "Mn"]) | st.sampled_from(" .-_"), min_size=1)
BAD = [
    "a" * 200, "课" * 80, "", ".", "..", "...", ".hidden", "a/b", "/etc", "../a", "a\\b",
    "a\nb", "a\0b", "\x1b[2J", "a\u202eb", "a ",
]  # fmt: skip


@given(st.text() | PLAIN)
def test_a_name_is_refused_or_stays_one_name_inside_its_folder(name):
    folder = Path("/media/videos")
    try:
        path = folder / file_name(name, "a lesson called")
    except UserError:
        return
    assert (path.parent, path.name) == (folder, name)
    assert path.resolve() == path
    assert not {unicodedata.category(letter) for letter in name} & {"Cc", "Cf", "Cs", "Zl", "Zp"}


@given(PLAIN.filter(lambda name: name == name.strip(" .") and len(name.encode()) <= LONGEST))
def test_letters_of_any_script_digits_spaces_dots_inside_and_hyphens_are_a_name(name):
    assert file_name(name, "a lesson called") == name


PATHS = st.lists(st.text("ab-. \n", min_size=1, max_size=4) | st.text(min_size=1), min_size=1, max_size=4)


@given(st.lists(PATHS.map("/".join), unique=True, min_size=2, max_size=8))
@example(["runs/a-b", "runs-a/b", "/runs/a-b", "runs-a-b"])
@example([f"runs/{'a' * 250}/{number}" for number in range(9)])
def test_paths_as_parts_of_names_are_names_and_no_two_have_one(paths):
    names = [file_name(f"loss-curve--{name_of_path(path)}", "a video called") for path in paths]
    assert len(set(names)) == len(paths)


@pytest.mark.parametrize("name", BAD)
def test_every_name_that_becomes_a_path_is_checked_alike(name, tmp_path):
    folders = Folders(tmp_path)
    for path in (
        lambda: folders.video(name, "480p15", "film", ".mp4"),
        lambda: folders.video("film", "480p15", name, ""),
        lambda: folders.images(name),
    ):
        with pytest.raises(UserError, match="cannot be the name of a file"):
            path()
    if name:
        with pytest.raises(UserError, match="-n: a beat called"):
            RenderSettings(first_beat=name)


SCENES = """
from gradreel.scenes.base import LectureScene
from manim import Circle, FadeIn, Scene


class Clips(LectureScene):
    def construct(self):
        with self.beat("a/../../b", say="A line."):
            self.play(FadeIn(Circle()))


class __(Scene):
    pass
"""


@pytest.mark.parametrize("lesson", ["...toml", ".hidden.toml", "a\nb.toml"])
@pytest.mark.parametrize("command", ["render", "frames", "check", "train"])
def test_a_lesson_whose_name_is_a_path_is_refused_before_any_work(gradreel, tmp_path, lesson, command):
    (tmp_path / "my.py").write_text(SCENES, encoding="utf-8")
    file = tmp_path / lesson
    file.write_text('[[scene]]\nname = "my.py:Clips"\n', encoding="utf-8")
    result = gradreel(command, "--lesson", file, "--media_dir", tmp_path / "media")
    assert result.exit_code == 2
    assert "cannot be the name of a file" in result.stderr
    assert not (tmp_path / "media").exists()


def test_a_file_of_scenes_and_a_class_without_a_name_are_refused(gradreel, tmp_path):
    for file, scene in (("...py", "Clips"), ("my.py", "__")):
        (tmp_path / file).write_text(SCENES, encoding="utf-8")
        result = gradreel("frames", f"{tmp_path / file}:{scene}", "--media_dir", tmp_path / "media")
        assert result.exit_code == 2
        assert "cannot be the name of a file" in result.stderr
    assert not (tmp_path / "media").exists()


def test_a_beat_whose_name_is_a_path_is_refused_at_its_beginning(gradreel, tmp_path):
    (tmp_path / "my.py").write_text(SCENES, encoding="utf-8")
    for arguments in (("frames",), ("render", "-s"), ("render", "-q", "l")):
        result = gradreel(*arguments, f"{tmp_path / 'my.py'}:Clips", "--media_dir", tmp_path / "media")
        assert result.exit_code in (1, 2)
        assert "clips: a beat called 'a/../../b' cannot be the name of a file" in result.stderr
    assert not list(tmp_path.rglob("b.png"))


def test_names_that_are_too_long_for_the_disk_are_an_error_in_words(gradreel, tmp_path):
    for arguments in (("render", "-o", f"{'a' * 300}.mp4"), ("render", "--lesson", f"{'a' * 300}.toml")):
        result = gradreel(*arguments, "--media_dir", tmp_path)
        assert result.exit_code == 2
        assert "too long" in result.stderr


def test_the_video_of_a_trace_in_an_oddly_named_folder_has_a_name(gradreel, record_loop, tmp_path):
    folder = record_loop(tmp_path / "a\x1bb", lambda parameters: torch.optim.SGD(parameters, 0.1), updates=3)
    setting = ("--set", f"loss-curve.trace={folder}")
    assert gradreel("render", "loss-curve", *setting, "-s", "--media_dir", tmp_path / "media").exit_code == 0
    assert len(list(tmp_path.glob("media/images/*/loss-curve--*a-b-*.png"))) == 1
