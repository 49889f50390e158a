"""Tests of ``gradreel export slides``: files written, updated and left alone. In a browser: tests/browser."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

SCENE = """
from gradreel.scenes.base import LectureScene
from manim import RIGHT, Square


class Walk(LectureScene):
    def construct(self):
        square = Square(fill_opacity=1)
        for name in NAMES:
            with self.beat(name, say="#import: *not* $ markup"):
                self.play(square.animate.shift(RIGHT), run_time=0.2)
"""
SMALL = ("-r", "128,72", "--fps", "10")


def write_scene(folder, *names):
    (folder / "own.py").write_text(SCENE.replace("NAMES", repr(names)), encoding="utf-8")


@pytest.fixture(scope="module")
def rendered(tmp_path_factory, quickly):
    """A folder with the scene of three beats, and its clip."""
    from click.testing import CliRunner
    from gradreel.cli import commands

    place = tmp_path_factory.mktemp("walk")
    write_scene(place, "one", "two", "three")
    with pytest.MonkeyPatch.context() as patch, quickly():
        patch.chdir(place)
        assert CliRunner().invoke(commands, ["render", "own.py:Walk", *SMALL]).exit_code == 0
    return place


@pytest.fixture
def walk(rendered, tmp_path, monkeypatch):
    """A copy of it; we are in it."""
    place = tmp_path / "walk"
    shutil.copytree(rendered, place)
    monkeypatch.chdir(place)
    return place


def frames_of(film):
    with av.open(str(film)) as container:
        return [frame.to_ndarray(format="gray").astype(float) for frame in container.decode(video=0)]


def test_slides_are_written_beside_the_films_and_only_after_a_change(gradreel, walk):
    made = gradreel("export", "slides", "own.py:Walk", *SMALL)
    file = Path(made.stdout.strip())
    assert file == walk / "media/videos/own/72p10/walk-slides.html"
    before = file.stat()
    gradreel("export", "slides", "own.py:Walk", *SMALL)
    assert file.stat().st_mtime_ns == before.st_mtime_ns
    folder = Path(gradreel("export", "slides", "own.py:Walk", *SMALL, "--folder").stdout.strip())
    assert folder == walk / "media/videos/own/72p10/walk-slides/index.html"
    assert file.stat().st_mtime_ns == before.st_mtime_ns, "kinds of slides stand beside each other"
    file.write_text("changed by hand")
    gradreel("export", "slides", "own.py:Walk", *SMALL, "--overwrite")
    assert file.stat().st_size == before.st_size


def test_a_film_of_the_folder_is_a_beat_of_the_scenes_film_frame_by_frame(gradreel, walk):
    folder = Path(gradreel("export", "slides", "own.py:Walk", *SMALL, "--folder").stdout.strip()).parent
    film = frames_of(walk / "media/videos/own/72p10/walk.mp4")
    steps = [frame for number in (1, 2, 3) for frame in frames_of(folder / f"00{number}.mp4")]
    assert len(steps) == len(film)
    assert all(np.array_equal(step, frame) for step, frame in zip(steps, film, strict=True))


def test_only_files_that_came_with_earlier_slides_are_replaced_or_removed(gradreel, walk):
    command = ("export", "slides", "own.py:Walk", *SMALL, "--folder", "-o", "talk")
    talk = walk / "talk"
    talk.mkdir()
    (talk / "index.html").write_text("mine")
    (talk / "notes.txt").write_text("mine")
    refused = gradreel(*command)
    assert refused.exit_code == 2 and "talk/index.html would be replaced" in refused.stderr
    assert {file.name for file in talk.iterdir()} == {"index.html", "notes.txt"}
    assert (talk / "index.html").read_text() == "mine"
    (talk / "index.html").unlink()
    (talk / "003.jpg").write_text("mine")
    assert "talk/003.jpg would be replaced" in gradreel(*command).stderr
    (talk / "003.jpg").unlink()
    assert gradreel(*command).exit_code == 0
    assert (talk / "003.mp4").is_file()
    write_scene(walk, "one", "two")
    assert gradreel(*command).exit_code == 0
    names = {"index.html", "notes.txt", "001.mp4", "001.jpg", "002.mp4", "002.jpg"}
    assert {file.name for file in talk.iterdir()} == names


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--folder", "--pdf"), "--folder and --pdf are two kinds of slides"),
        (("-o", "talk.txt"), "end its name in .html"),
        (("--pdf", "-o", "talk.html"), "end its name in .pdf"),
        (("-o", "media"), "is a folder"),
        (("--folder", "-o", "own.py"), "is a file"),
    ],
)
def test_an_invalid_path_for_slides_is_refused_before_any_work(gradreel, walk, arguments, message):
    result = gradreel("export", "slides", "own.py:Walk", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr


def test_a_pdf_has_a_page_a_step_and_takes_no_words_for_markup(gradreel, walk):
    file = Path(gradreel("export", "slides", "own.py:Walk", *SMALL, "--pdf", "-o", "talk").stdout.strip())
    assert file == walk / "talk.pdf"
    assert b"/Count 3" in file.read_bytes()


@pytest.mark.slow
def test_manim_slides_converts_the_export_and_each_step_has_a_reversed_film(gradreel, walk):
    made = gradreel("export", "slides", "own.py:Walk", *SMALL, "--manim_slides", "-o", "talk").stdout.strip()
    assert Path(made) == walk / "talk/slides/walk.json"
    slides = json.loads(Path(made).read_text())["slides"]
    assert [slide["notes"] for slide in slides] == ["#import: *not* $ markup"] * 3
    for slide in slides:
        there, back = frames_of(walk / "talk" / slide["file"]), frames_of(walk / "talk" / slide["rev_file"])
        assert len(there) == len(back)
        assert max(np.abs(one - other).mean() for one, other in zip(there, reversed(back), strict=True)) < 3
        assert np.abs(there[0] - back[0]).mean() > 3
    pytest.importorskip("manim_slides", reason="manim-slides is not installed: nobody reads what is exported for it")
    for kind in ("html", "pdf", "pptx"):
        command = [sys.executable, "-W", "ignore", "-m", "manim_slides", "convert", f"--to={kind}", "walk", f"a.{kind}"]
        subprocess.run(command, cwd=walk / "talk", check=True, capture_output=True)
    assert len(list(walk.glob("talk/a_assets/*.mp4"))) == 3
    assert b"/Count 3" in (walk / "talk/a.pdf").read_bytes()
    with zipfile.ZipFile(walk / "talk/a.pptx") as file:
        assert len([name for name in file.namelist() if re.fullmatch(r"ppt/slides/slide\d+\.xml", name)]) == 3


LEAVING = """
from gradreel.scenes.base import LectureScene
from manim import UP, Circle, Create, Dot, FadeIn, FadeOut, LaggedStart, Scene, Square, Uncreate, ValueTracker


class Handed(LectureScene):
    def construct(self):
        with self.beat("ring", say="A ring."):
            self.play(FadeIn(Circle(fill_opacity=1)), run_time=0.2)
        with self.beat("gone", say="It comes and goes."):
            self.play(FadeIn(Dot(UP, radius=1)), run_time=0.2)
            self.play(*map(FadeOut, self.mobjects), run_time=0.4)
            self.wait(0.2)
        with self.beat("square", say="A square."):
            self.play(FadeIn(Square(fill_opacity=1)), run_time=0.2)
        self.hand_on()


class Plain(Scene):
    def construct(self):
        circle = Circle(fill_opacity=1)
        self.add(ValueTracker(0), Dot(fill_opacity=0))
        self.play(Create(circle), run_time=0.4)
        self.play(LaggedStart(FadeOut(circle), FadeOut(self.mobjects[1])), run_time=0.4)
        self.wait(0.2)


class Parts(Scene):
    def construct(self):
        for name in ("a", "b"):
            self.next_section(name)
            square = Square(fill_opacity=1)
            self.play(FadeIn(square), run_time=0.2)
            self.play(Uncreate(square), run_time=0.2)
        self.next_section("stays")
        self.play(FadeIn(Square(fill_opacity=1)), run_time=0.2)
"""


def bright(picture):
    """Pixels that differ from the ground."""
    return int((np.abs(picture - picture[0, 0]) > 40).sum())


def stills_of(folder):
    files = sorted(folder.glob("*.jpg"))
    return {file.stem: np.asarray(Image.open(file).convert("L"), float) for file in files}


def test_slides_stop_before_the_picture_empties_and_continue_with_that(gradreel, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.py").write_text(LEAVING, encoding="utf-8")
    made = gradreel(
        "export", "slides", "own.py:Handed", "own.py:Plain", "own.py:Parts", *SMALL, "--folder", "-o", "talk"
    )
    folder = Path(made.stdout.strip()).parent
    films = {file.stem: frames_of(file) for file in sorted(folder.glob("*.mp4"))}
    stills = stills_of(folder)
    assert len(stills) == len(films) == 7
    assert min(map(bright, stills.values())) > 100, str({number: bright(still) for number, still in stills.items()})
    for number, film in films.items():
        assert np.abs(film[-1] - np.asarray(Image.fromarray(stills[number]).resize((128, 72)))).mean() < 5
    for number in range(2, 7):  # what leaves at the end of one is played at the beginning of the next
        before, film = films[f"{number - 1:03d}"], films[f"{number:03d}"]
        assert np.abs(film[0] - before[-1]).mean() < 5
    assert min(map(bright, films["003"])) == 0


ENDS = """
import numpy as np
from manim import (
    BLACK, RIGHT, WHITE, ApplyMethod, FadeIn, ImageMobject, MovingCameraScene, ShrinkToCenter, Square, ValueTracker,
)


class Ends(MovingCameraScene):
    def construct(self):
        for name in "clear remove shift opacity shrink tracker time camera method colour image late".split():
            self.next_section(name)
            square = Square(3, fill_opacity=1, color=WHITE)
            self.play(FadeIn(square), run_time=0.2)
            self.wait(0.2)
            if name == "clear":
                self.clear()
            elif name == "remove":
                self.remove(square)
            elif name == "shift":
                self.play(square.animate.shift(20 * RIGHT), run_time=0.4)
                self.remove(square)
            elif name == "opacity":
                self.play(square.animate.set_opacity(0), run_time=0.4)
            elif name == "tracker":
                shown = ValueTracker(1)
                square.add_updater(lambda shape: shape.set_opacity(shown.get_value()))
                self.play(shown.animate.set_value(0), run_time=0.4)
            elif name == "time":
                square.add_updater(lambda shape, seconds: shape.set_opacity(shape.get_fill_opacity() - 3 * seconds))
                self.wait(0.6)
            elif name == "camera":
                self.play(self.camera.frame.animate.shift(20 * RIGHT), run_time=0.4)
                self.wait(0.2)
                self.clear()
                self.camera.frame.shift(-20 * RIGHT)
                continue
            elif name == "method":
                self.play(ApplyMethod(square.shift, 20 * RIGHT), run_time=0.4)
            elif name == "image":
                image = ImageMobject(np.full((9, 9, 3), 255, np.uint8)).scale(20)
                self.add(image)
                self.remove(square)
                self.wait(0.2)
                self.play(image.animate.set_opacity(0), run_time=0.4)
            elif name == "colour":
                self.play(square.animate.set_color(BLACK), run_time=0.4)
            elif name == "shrink":
                self.play(ShrinkToCenter(square), run_time=0.4)
            else:
                self.clear()
                continue
            self.wait(0.2)
            self.clear()
"""


def test_slides_wait_before_the_picture_is_emptied_in_any_other_way(gradreel, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.py").write_text(ENDS, encoding="utf-8")
    made = gradreel("export", "slides", "own.py:Ends", *SMALL, "--folder", "-o", "talk")
    stills = stills_of(Path(made.stdout.strip()).parent)
    assert len(stills) == 12
    assert min(map(bright, stills.values())) > 100, str({number: bright(still) for number, still in stills.items()})


BRIEF = """
from gradreel.scenes.base import LectureScene
from manim import Circle, FadeIn, FadeOut, Scene, Square


class Added(Scene):
    def construct(self):
        self.next_section("leaves")
        square = Square(3, fill_opacity=1)
        self.play(FadeIn(square), run_time=0.4)
        self.play(FadeOut(square), run_time=0.4)
        self.next_section("added")
        circle = Circle(fill_opacity=1)
        self.add(circle)
        self.play(FadeOut(circle), run_time=0.4)


class Clears(LectureScene):
    def construct(self):
        square = Square(3, fill_opacity=1)
        with self.beat("shows", say="A square."):
            self.play(FadeIn(square), run_time=0.4)
        with self.beat("clears", say="It goes."):
            self.play(FadeOut(square), run_time=0.4)
            self.wait(0.2)
        with self.beat("back", say="It is back."):
            self.play(FadeIn(square), run_time=0.4)
        self.hand_on()
"""


@pytest.mark.parametrize(("scene", "beats"), [("Added", 2), ("Clears", 3)])
def test_slides_of_beats_that_begin_with_a_fade_out_show_something(gradreel, tmp_path, monkeypatch, scene, beats):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.py").write_text(BRIEF, encoding="utf-8")
    deck = Path(gradreel("export", "slides", f"own.py:{scene}", *SMALL, "--folder", "-o", "talk").stdout.strip())
    stills = stills_of(deck.parent)
    assert len(stills) == beats
    assert min(map(bright, stills.values())) > 100, str({number: bright(still) for number, still in stills.items()})


def test_pictures_beside_the_film_show_something_even_if_the_scene_ends_empty(gradreel, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.py").write_text(LEAVING, encoding="utf-8")
    (tmp_path / "film.toml").write_text('title = {en = "Film"}\n[[scene]]\nname = "own.py:Plain"\n')
    video = Path(gradreel("render", "--lesson", "film.toml", *SMALL).stdout.strip())
    assert bright(np.asarray(Image.open(video.with_suffix(".jpg")).convert("L"), float)) > 100
