"""Tests of `gradreel export page` and `gradreel export run`: files written, files left alone, errors."""

from __future__ import annotations

import importlib.util
import re

import pytest
from gradreel.core.datasets import CurveDataset
from gradreel.core.experiment import Experiment
from gradreel.core.network.training import train
from gradreel.core.trace.trace import Trace

SCENE = '''
from gradreel.core.datasets import CurveDataset
from gradreel.core.experiment import Experiment
from gradreel.scenes.base import LectureScene
from manim import Dot, FadeIn
from pydantic import Field


class Fit(LectureScene):
    """A dot, and a run."""

    class Parameters(LectureScene.Parameters):
        run: Experiment = Field(
            Experiment(dataset=CurveDataset(knots=((0, 0), (1, 1)), examples=5), epochs=3), description="The run."
        )

    def construct(self):
        with self.beat("start", say="It begins."):
            self.play(FadeIn(Dot()), run_time=0.2)
'''
SCENE_OF_A_TRACE = """
from gradreel.scenes.base import LectureScene
from gradreel.scenes.trace_folder import TraceFolder
from manim import Dot
from pydantic import Field


class Fit(LectureScene):
    class Parameters(LectureScene.Parameters):
        trace: TraceFolder | None = Field(None, description="A trace.")

    def construct(self):
        with self.beat("start", say="It begins."):
            self.add(Dot())
"""
SCENE_OF_STEPS = """
from gradreel.scenes.base import LectureScene
from manim import Dot
from pydantic import Field


class Steps(LectureScene):
    class Parameters(LectureScene.Parameters):
        n: int = Field(2, description="How many steps.")

    def construct(self):
        for k in range(self.parameters.n):
            with self.beat(f"step-{k}", say="One more."):
                self.add(Dot([k, 0, 0]))
"""
LESSON_OF_STEPS = """
poster = { scene = "steps", beat = "step-1" }
[[scene]]
name = "steps.py:Steps"
"""
TINY = ("-r", "64,36", "--fps", "5", "--quiet")
PAGE = ("export", "page", "scenes.py:Fit", *TINY)


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """A folder with a scene; we are in it."""
    (tmp_path / "scenes.py").write_text(SCENE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two traces that differ by their seeds alone."""
    folder = tmp_path_factory.mktemp("runs")
    given = {"dataset": CurveDataset(knots=((0, 0), (1, 1)), examples=5), "hidden": (1,), "epochs": 3}
    return [train(Experiment(**given, seed=seed), folder).path for seed in (1, 2)]


@pytest.fixture
def without_bokeh(monkeypatch):
    """As where the extra is not installed."""
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "bokeh" else find(name))


def contents(folder):
    return {file.name: (file.stat().st_mtime_ns, file.read_bytes()) for file in folder.iterdir()}


def test_an_up_to_date_page_is_not_written_again_and_obsolete_files_are_removed(desk, gradreel):
    for _ in range(2):
        assert gradreel(*PAGE, "-o", "public").exit_code == 0
    before = contents(desk / "public")
    assert gradreel(*PAGE, "-o", "public").exit_code == 0
    assert contents(desk / "public") == before
    (run,) = [name for name in before if name.startswith("run-")]
    assert set(before) == {"index.html", "film.mp4", "poster.jpg", "page.css", "page.js", "bokeh.min.js", run}
    assert gradreel(*PAGE, "--set", "fit.run.seed=5", "-o", "public").exit_code == 0
    after = contents(desk / "public")
    assert run not in after and len(after) == len(before)


@pytest.mark.parametrize("name", ["index.html", "page.css"])
def test_a_users_file_is_not_replaced(desk, gradreel, name):
    (desk / "public").mkdir()
    (desk / "public" / name).write_text("mine")
    result = gradreel(*PAGE, "-o", "public")
    assert result.exit_code == 2 and f"{name} would be replaced" in result.stderr
    assert {file.name: file.read_text() for file in (desk / "public").iterdir()} == {name: "mine"}


def test_other_files_in_the_folder_stay(desk, gradreel):
    (desk / "public").mkdir()
    (desk / "public" / "notes.txt").write_text("mine")
    assert gradreel(*PAGE, "-o", "public").exit_code == 0
    assert (desk / "public" / "notes.txt").read_text() == "mine" and (desk / "public" / "index.html").is_file()


def test_the_default_place_is_the_media_folder(desk, gradreel):
    result = gradreel("export", "page", "scenes.py:Fit", "-r", "64,36", "--fps", "5", "--progress_bar", "none")
    place = desk / "media/videos/scenes/36p5/fit-page/index.html"
    assert result.stdout == f"{place}\n" and place.is_file()


def test_a_scene_without_words_has_its_title_in_the_transcript(desk, gradreel):
    (desk / "scenes.py").write_text("from manim import *\nclass Fit(Scene):\n    def construct(self): self.wait(0.2)\n")
    result = gradreel(*PAGE, "-o", "public")
    assert result.exit_code == 0, result.stderr
    said = re.findall(r"</time> (.*)</a></li>", (desk / "public" / "index.html").read_text("utf-8"))
    assert said and {re.sub("<[^>]*>", "", line) for line in said} == {"Fit"}


def test_without_bokeh_the_extra_is_named(desk, gradreel, runs, without_bokeh):
    for arguments in (PAGE, ("export", "run", runs[0])):
        result = gradreel(*arguments)
        assert result.exit_code == 2 and "pip install 'gradreel[page]'" in result.stderr
    assert not (desk / "media").exists(), "before any work"


def test_a_page_without_runs_needs_no_bokeh(desk, gradreel, without_bokeh):
    text = SCENE[: SCENE.index("    class Parameters")] + SCENE[SCENE.index("    def construct") :]
    (desk / "scenes.py").write_text(text, encoding="utf-8")
    result = gradreel(*PAGE, "-o", "public")
    assert result.exit_code == 0, result.stderr
    assert not (desk / "public" / "bokeh.min.js").exists()
    assert 'id="touch"' not in (desk / "public" / "index.html").read_text("utf-8")


def test_runs_of_one_network_are_called_by_their_seeds_and_the_second_is_beside_the_first(desk, gradreel, runs):
    assert gradreel("export", "run", *runs, "-o", "two.html").exit_code == 0
    text = (desk / "two.html").read_text("utf-8")
    assert "<title>1 sigmoid · seed 1, 1 sigmoid · seed 2</title>" in text
    assert text.count('"beside":""') == 0


def test_one_page_of_a_run_is_the_same_bytes_each_time(desk, gradreel, runs):
    for name in ("one.html", "other.html"):
        assert gradreel("export", "run", runs[0], "-o", name).exit_code == 0
    assert (desk / "one.html").read_bytes() == (desk / "other.html").read_bytes()


def test_the_page_of_a_run_has_the_requested_language_and_theme(desk, gradreel, runs):
    assert gradreel("export", "run", runs[0], "--lang", "zh", "--theme", "light", "-o", "one.html").exit_code == 0
    text = (desk / "one.html").read_text("utf-8")
    assert '<html lang="zh" data-theme="light">' in text
    assert ">播放</button>" in text and ">Play</button>" not in text


def test_the_page_of_a_run_has_its_default_path(desk, gradreel, runs):
    result = gradreel("export", "run", runs[0])
    assert result.exit_code == 0
    assert result.stdout == f"{desk / 'media/videos/runs/pages' / runs[0].name}-page.html\n"


def test_a_trace_that_a_scene_was_set_to_is_interactive(desk, gradreel, record_loop):
    import torch

    record_loop(desk / "mine", lambda parameters: torch.optim.SGD(parameters, 0.01), updates=5)
    (desk / "scenes.py").write_text(SCENE_OF_A_TRACE, encoding="utf-8")
    result = gradreel(*PAGE, "--set", "fit.trace=mine", "-o", "public")
    assert result.exit_code == 0, result.stderr
    text = (desk / "public" / "index.html").read_text("utf-8")
    assert text.count(">mine</option>") == 2 and 'href="#run:fit"' in text


def test_a_large_film_inside_a_page_gives_a_message(desk, gradreel, monkeypatch):
    monkeypatch.setattr("gradreel.render.export.page.LARGE_INSIDE", 10)
    arguments = [part for part in PAGE if part != "--quiet"]
    inside = gradreel(*arguments, "--one_file", "-o", "page.html")
    beside = gradreel(*arguments, "-o", "public")
    assert (inside.exit_code, beside.exit_code) == (0, 0)
    assert "not every browser" in inside.stderr and "not every browser" not in beside.stderr


def test_a_damaged_trace_is_refused_and_nothing_is_written(desk, gradreel, tmp_path_factory, runs):
    import shutil

    broken = shutil.copytree(runs[0], desk / "broken")
    column = bytearray((broken / "parameters.npy").read_bytes())
    column[-1] ^= 1
    (broken / "parameters.npy").write_bytes(column)
    result = gradreel("export", "run", broken, "-o", "page.html")
    assert result.exit_code == 2 and "parameters" in result.stderr
    assert not (desk / "page.html").exists()
    with pytest.raises(Exception, match="parameters"):
        Trace.open(broken, checksums=True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("export", "run", "nowhere"), "nowhere does not exist"),
        (("export", "run"), "Missing argument"),
        ((*PAGE, "--one_file", "-o", "page.pdf"), "end its name in .html"),
        ((*PAGE, "--one_file", "-o", "."), "is a folder"),
        ((*PAGE, "-o", "scenes.py"), "is a file"),
    ],
)
def test_an_output_that_cannot_be_written_is_refused_before_any_work(desk, gradreel, arguments, message):
    result = gradreel(*arguments)
    assert result.exit_code == 2 and message in result.stderr
    assert not (desk / "media" / "clips").exists()


def test_if_parameters_remove_the_posters_beat_another_frame_is_the_poster(desk, gradreel):
    (desk / "steps.py").write_text(SCENE_OF_STEPS, encoding="utf-8")
    (desk / "lesson.toml").write_text(LESSON_OF_STEPS, encoding="utf-8")
    result = gradreel("export", "page", "--lesson", "lesson.toml", "--set", "steps.n=1", *TINY, "-o", "site")
    assert result.exit_code == 0, result.stderr
    assert (desk / "site" / "poster.jpg").is_file()
