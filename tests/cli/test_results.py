"""Tests that a command replaces only files that the same lesson or scene made, unless asked to replace others."""

from __future__ import annotations

import itertools
import json
import os
import shutil
from pathlib import Path

import pytest
import torch

SCENES = """
from pathlib import Path

from gradreel.scenes.base import LectureScene
from manim import Circle, FadeIn, Scene, Square


class Ring(LectureScene):
    class Parameters(LectureScene.Parameters):
        shown: Path = Path("runs/one")
        named: str = ""

    def construct(self):
        with self.beat("draw", say="A ring."):
            self.play(FadeIn(Circle()), run_time=0.4)


class Plain(Scene):
    def construct(self):
        self.play(FadeIn(Circle()), run_time=0.4)


class HTTPTest(Plain):
    pass


class HttpTest(Plain):
    pass
"""
LESSON = 'title = { en = "Shapes", zh = "图形" }\n[[scene]]\nname = "my.py:Ring"\n[[scene]]\nname = "my.py:Plain"\n'
SMALL = ("-r", "64,36", "--fps", "5")

pytestmark = pytest.mark.usefixtures("kept_clips")


def write_project(folder: Path, shape: str = "Circle") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "my.py").write_text(SCENES.replace("FadeIn(Circle", f"FadeIn({shape}"), encoding="utf-8")
    (folder / "lesson.toml").write_text(LESSON, encoding="utf-8")
    return folder


@pytest.fixture
def here(tmp_path, monkeypatch):
    """Two projects that are called alike, in the current folder."""
    monkeypatch.chdir(tmp_path)
    write_project(tmp_path / "one")
    write_project(tmp_path / "two", "Square")
    return tmp_path


def contents(folder: Path) -> dict[str, bytes]:
    """Return the content of all results in a folder, by path; our private files are left out."""
    files = (file for file in folder.rglob("*") if file.is_file() and ".gradreel" not in file.parts)
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}


def refused(result) -> str:
    assert (result.exit_code, result.stdout) == (2, ""), result.output
    return result.stderr


COMMANDS = {
    "a lesson": ("render", *SMALL, "--lesson", "{}/lesson.toml"),
    "a scene": ("render", *SMALL, "{}/my.py:Plain"),
    "a scene of a lesson": ("render", *SMALL, "plain", "--lesson", "{}/lesson.toml"),
    "a GIF": ("render", *SMALL, "--format", "gif", "{}/my.py:Plain"),
    "frames": ("render", *SMALL, "--format", "png-sequence", "{}/my.py:Plain"),
    "a last frame": ("render", *SMALL, "-s", "{}/my.py:Plain"),
    "sections": ("render", *SMALL, "--save_sections", "{}/my.py:Ring"),
    "stills": ("frames", "--lesson", "{}/lesson.toml"),
    "slides": ("export", "slides", *SMALL, "{}/my.py:Plain"),
    "slides in a folder": ("export", "slides", *SMALL, "--folder", "{}/my.py:Plain"),
    "slides as a PDF": ("export", "slides", *SMALL, "--pdf", "{}/my.py:Plain"),
    "slides of several": ("export", "slides", *SMALL, "{}/my.py:Plain", "{}/my.py:Ring"),
    "a page": ("export", "page", *SMALL, "{}/my.py:Plain"),
    "a script": ("narrate", "--recordings", "takes", "--lesson", "{}/lesson.toml"),
    "a script of a scene": ("narrate", "--recordings", "takes", "{}/my.py:Ring"),
}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_a_scene_of_the_same_name_in_another_folder_replaces_no_file_without_overwrite(here, gradreel, command):
    first, second = ([part.format(folder) for part in command] for folder in ("one", "two"))
    assert gradreel(*first).exit_code == 0
    before = contents(here)
    told = refused(gradreel(*second))
    assert f"{here / 'one'}{os.sep}" in told and "--overwrite" in told
    assert contents(here) == before
    over = gradreel(*second, "--overwrite")
    assert over.exit_code == 0 and (contents(here) == before or "replaced: " in over.stderr)


@pytest.mark.parametrize("kind", ["a scene of a lesson", "slides in a folder", "a script"])
def test_the_maker_of_a_file_may_replace_it_until_another_one_did(here, gradreel, kind):
    first, second = ([part.format(folder) for part in COMMANDS[kind]] for folder in ("one", "two"))
    assert gradreel(*first).exit_code == 0
    again = gradreel(*first)
    assert (again.exit_code, "replaced" in again.stderr) == (0, False)
    (here / "one" / "my.py").write_text((here / "one" / "my.py").read_text().replace("0.4", "0.6"))
    assert gradreel(*first).exit_code == 0, "its own are replaced"
    assert gradreel(*second, "--overwrite").exit_code == 0
    assert refused(gradreel(*first)) and gradreel(*second).exit_code == 0


NAMED = {
    "film.mp4": ("render", *SMALL, "--lesson", "one/lesson.toml"),
    "ring.mp4": ("render", *SMALL, "one/my.py:Ring"),
    "mine.gif": ("render", *SMALL, "one/my.py:Plain"),
    "mine.png": ("render", *SMALL, "-s", "one/my.py:Plain"),
    "notes.html": ("export", "slides", *SMALL, "one/my.py:Plain"),
    "page.html": ("export", "page", "--one_file", *SMALL, "one/my.py:Plain"),
    "notes.pdf": ("export", "slides", "--pdf", *SMALL, "one/my.py:Plain"),
    "run.html": ("export", "run", "runs/one"),
    "up/thumbnail.jpg": ("export", "youtube", *SMALL, "--lesson", "one/lesson.toml"),
    "site/page.css": ("export", "page", *SMALL, "one/my.py:Plain"),
    "film.jpg": ("render", *SMALL, "--lesson", "one/lesson.toml"),
    "ring.en.srt": ("render", *SMALL, "one/my.py:Ring"),
}


@pytest.fixture
def recorded(here, record_loop):
    for name in ("runs/one", "runs/two"):
        record_loop(here / name, lambda parameters: torch.optim.SGD(parameters, 0.1), updates=3)
    return here


def _output_for(folder, name):
    """Return the -o of a command of NAMED that writes the file ``name`` into ``folder``."""
    named = {".jpg": "film.mp4", ".srt": "ring.mp4"}.get(Path(name).suffix, name)
    return folder / (name.partition("/")[0] if "/" in name else named)


@pytest.mark.parametrize("name", NAMED)
def test_a_users_file_is_kept_and_the_command_stops_before_any_work(recorded, gradreel, name):
    mine = recorded / name
    mine.parent.mkdir(exist_ok=True)
    mine.write_text("mine")
    output = _output_for(recorded, name)
    told = refused(gradreel(*NAMED[name], "-o", output, "--media_dir", "new"))
    assert f"{mine} would be replaced" in told and "--overwrite" in told
    assert mine.read_text() == "mine" and not list(recorded.glob("new/clips/*"))
    done = gradreel(*NAMED[name], "-o", output, "--overwrite")
    assert done.exit_code == 0 and "replaced: " in done.stderr and mine.read_bytes() != b"mine"
    assert gradreel(*NAMED[name], "-o", output).exit_code == 0, "it is ours from now on"
    mine.write_bytes(mine.read_bytes() + b"mine")
    assert "changed since" in refused(gradreel(*NAMED[name], "-o", output))
    assert mine.read_bytes().endswith(b"mine")


@pytest.mark.parametrize("name", ["film.mp4", "mine.png", "notes.html", "run.html"])
def test_a_pipe_that_is_named_is_not_even_replaced_with_overwrite(recorded, gradreel, name):
    pipe = recorded / name
    os.mkfifo(pipe)
    assert f"{pipe} is a device or a pipe" in refused(gradreel(*NAMED[name], "-o", pipe, "--overwrite"))
    assert pipe.is_fifo()


def test_a_device_is_refused_before_a_suffix_is_added(here, gradreel):
    told = refused(gradreel("render", *SMALL, "one/my.py:Ring", "-o", os.devnull))
    assert f"{os.devnull} is a device" in told and not Path(f"{os.devnull}.mp4").exists()


def test_without_a_writable_record_the_same_run_writes_its_page_and_replaces_no_other_file(recorded, gradreel):
    nowhere = ("--media_dir", recorded / "one" / "my.py" / "media")
    for _ in range(2):
        assert gradreel("export", "run", "runs/one", "-o", "run.html", *nowhere).exit_code == 0
    assert "does not say" in refused(gradreel("export", "run", "runs/two", "-o", "run.html", *nowhere))


def test_an_empty_file_may_be_replaced(here, gradreel):
    (here / "new.mp4").touch()
    assert gradreel(*NAMED["film.mp4"], "-o", "new.mp4").exit_code == 0


def test_a_dry_run_reports_files_that_would_be_refused(here, gradreel):
    for folder in ("one", "two"):
        for kind in ("a lesson", "a scene", "a last frame"):
            command = [part.format(folder) for part in COMMANDS[kind]]
            result = gradreel(*command, "--dry_run")
            assert result.exit_code == (0 if folder == "one" else 2)
            assert folder == "two" or gradreel(*command).exit_code == 0


def test_languages_and_themes_have_separate_paths(here, gradreel):
    film, before = COMMANDS["a lesson"], {}
    for options in itertools.product(("en", "zh"), ("dark", "light")):
        chosen = ("--lang", options[0], "--theme", options[1], "--lesson", "one/lesson.toml")
        for command in (film[:-2], ("render", *SMALL, "-s", "plain"), ("frames", *SMALL[:2], "ring")):
            result = gradreel(*command, *chosen)
            assert result.exit_code == 0 and "replaced" not in result.stderr, result.output
        assert before.items() <= (before := contents(here / "media")).items()
    assert (here / "media/videos/lesson/36p5/lesson.mp4").exists(), "the default ones are where Manim has them"
    assert (here / "media/videos/lesson/36p5-zh-light/lesson.mp4").exists()


def test_classes_whose_names_differ_only_in_case_do_not_replace_each_other(here, gradreel):
    both = refused(gradreel("render", *SMALL, "one/my.py:HTTPTest", "one/my.py:HttpTest"))
    assert "two scenes are called http-test" in both and "after the other" not in both
    assert gradreel("render", *SMALL, "one/my.py:HTTPTest").exit_code == 0
    assert "my.py:HTTPTest made it" in refused(gradreel("render", *SMALL, "one/my.py:HttpTest"))
    assert gradreel("render", *SMALL, "one/my.py:HttpTest", "-o", "http.mp4").exit_code == 0


def test_a_scene_that_shows_another_trace_has_a_separate_file(recorded, gradreel):
    names = []
    for value in ("", "shown=runs/two", "named=runs/two", "named=plain words"):
        chosen = ("--set", f"ring.{value}") if value else ()
        result = gradreel("render", *SMALL, "one/my.py:Ring", *chosen)
        names.append(Path(result.stdout.strip()).name)
    assert names == ["ring.mp4", "ring--runs--two.mp4", "ring--runs--two.mp4", "ring.mp4"]


def test_a_moved_or_copied_project_continues_as_before(here, gradreel):
    command = ("render", *SMALL, "--lesson", "{}/lesson.toml", "--media_dir", "{}/media")
    assert gradreel(*(part.format("one") for part in command)).exit_code == 0
    shutil.copytree("one", "copy")
    shutil.move("one", "moved")
    for folder in ("copy", "moved"):
        scenes = here / folder / "my.py"
        scenes.write_text(scenes.read_text().replace("0.4", "0.6"))
        result = gradreel(*(part.format(folder) for part in command))
        assert result.exit_code == 0 and "replaced: " in result.stderr
    shutil.move("copy/lesson.toml", "lesson.toml")
    shutil.move("copy/my.py", "my.py")
    apart = gradreel(
        "render", *SMALL, "--lesson", "lesson.toml", "--media_dir", "copy/media", "--lang", "en", "--force"
    )
    assert apart.exit_code == 0


def test_the_media_folders_record_cannot_allow_replacing_other_files(here, gradreel):
    """A media folder from elsewhere may list a file of the user's as a result of this lesson."""
    mine = here / "mine.mp4"
    mine.write_text("mine")
    assert gradreel(*NAMED["film.mp4"], "-o", "other.mp4").exit_code == 0
    for file in (here / "media" / ".gradreel" / "results").iterdir():
        content = json.loads(file.read_text())
        for result in list(content["files"].values()):
            content["files"]["mine.mp4"] = result
        file.write_text(json.dumps(content))
    assert "changed since" in refused(gradreel(*NAMED["film.mp4"], "-o", "mine.mp4"))
    assert mine.read_text() == "mine"
