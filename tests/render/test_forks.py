"""Tests when a worker is a fork of the process with Manim, and when it is a new Python."""

from __future__ import annotations

import os
import py_compile
import subprocess
import sys
import time

import pytest
from gradreel.render.clips.configuration import HASH_SEED
from gradreel.render.workers import forks
from gradreel.render.workers.forks import fixed_environment
from gradreel.render.workers.pool import Workers

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="elsewhere each worker is a new Python"),
]


@pytest.fixture
def server_of(tmp_path, monkeypatch):
    """We are in a folder, and a server began there; nothing of it runs."""
    (tmp_path / "manim.cfg").write_text("[CLI]\nbackground_color = WHITE\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(forks._Server, "inputs", forks._server_inputs())
    return tmp_path


def test_a_server_whose_parent_is_killed_leaves_no_folder(tmp_path):
    begun = "from gradreel.render.workers import forks; import sys"
    begun += "; forks.context(True); print('begun', flush=True); sys.stdin.read()"
    process = subprocess.Popen(
        [sys.executable, "-c", begun], cwd=tmp_path, env=os.environ | {"TMPDIR": str(tmp_path)},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None and process.stdout.readline() == "begun\n"
    assert list(tmp_path.glob("pymp-*"))
    process.kill()
    process.communicate()
    deadline = time.monotonic() + 60
    while list(tmp_path.glob("pymp-*")) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not list(tmp_path.glob("pymp-*"))


def way(with_manim: bool = True) -> str:
    return forks.context(with_manim).get_start_method()


def test_a_fork_draws_in_the_folder_where_the_server_began(server_of):
    assert way() == "forkserver"
    assert way(with_manim=False) == "spawn", "what it does needs no Manim"


def test_in_another_folder_a_new_python_draws(server_of, tmp_path, monkeypatch):
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path / "other")
    assert way() == "spawn"


def test_after_a_change_of_our_files_a_new_python_draws(server_of, monkeypatch):
    ours = server_of / "package"
    (ours / "scenes").mkdir(parents=True)
    (ours / "scenes" / "base.py").write_text("one = 1\n")
    monkeypatch.setattr(forks, "PACKAGE_FOLDER", ours)
    monkeypatch.setattr(forks._Server, "inputs", forks._server_inputs())
    (ours / "scenes" / "lecture").mkdir()
    (ours / "scenes" / "lecture" / "relu.py").write_text("each fork imports its scene for itself\n")
    assert way() == "forkserver"
    (ours / "scenes" / "base.py").write_text("one = 11\n")
    assert way() == "spawn"


def test_after_a_change_of_manims_configuration_a_new_python_draws(server_of):
    (server_of / "manim.cfg").write_text("[CLI]\nbackground_color = BLACK\n")
    assert way() == "spawn"


SCRIPT = """
import sys
print("run")
from gradreel.cli import main
sys.argv = ["gradreel", "render", "told.py:Told", "-r", "96,54", "-s"]
main()
"""
TOLD = """
import sys
from manim import Scene
class Told(Scene):
    def construct(self):
        with open("told.txt", "a") as told:
            print(sys.modules["__main__"].__file__, file=told)
"""


def test_a_fork_knows_the_path_of_the_command_script_and_does_not_run_it(tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)
    (tmp_path / "told.py").write_text(TOLD)
    script = str(tmp_path / "script.py")
    done = subprocess.run([sys.executable, script], cwd=tmp_path, check=True, capture_output=True, text=True)
    assert (done.stdout + done.stderr).count("run\n") == 1
    assert set((tmp_path / "told.txt").read_text().splitlines()) == {script}


def test_user_files_named_like_standard_modules_are_not_imported(tmp_path):
    """A new Python imports these modules first; the caller's folder must not be on its path."""
    here, elsewhere = tmp_path / "here", tmp_path / "elsewhere"
    here.mkdir()
    elsewhere.mkdir()
    for name in ("math", "random", "bisect", "struct", "select", "signal", "threading", "tempfile"):
        (here / f"{name}.py").write_text("raise ImportError('it is a file of the user')\n")
    (here / "told.py").write_text(TOLD.replace('sys.modules["__main__"].__file__', "'PYTHONSAFEPATH' in os.environ"))
    (here / "told.py").write_text("import os\n" + (here / "told.py").read_text())
    (elsewhere / "script.py").write_text(SCRIPT)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"}
    script = [sys.executable, str(elsewhere / "script.py")]
    done = subprocess.run(script, cwd=here, env=environment, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert set((here / "told.txt").read_text().splitlines()) == {"False"}  # nor is it there for what the scene starts


ROW = """
from manim import RIGHT, Scene, Square

class Row(Scene):
    def construct(self):
        for place, colour in enumerate({"#FF0000", "#00FF00", "#0000FF", "#FFFF00"}):
            self.add(Square(color=colour, fill_opacity=1).shift((2 * place - 3) * RIGHT))
        self.wait(0.2)
"""


def test_a_scene_that_iterates_over_a_set_is_drawn_alike_for_any_hash_seed(tmp_path):
    """And whether Python has a cache of its module, which keeps a set in another order than the source."""
    (tmp_path / "row.py").write_text(ROW)
    for seed in ("1", "2"):
        command = [sys.executable, "-m", "gradreel.cli", "render", "row.py:Row", "-r", "96,54", "--media_dir", seed]
        environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONDONTWRITEBYTECODE": "1"}
        subprocess.run(command, cwd=tmp_path, env=environment, check=True)
        py_compile.compile(str(tmp_path / "row.py"))
    one, other = (next((tmp_path / seed / "clips").glob("*.mp4")) for seed in ("1", "2"))
    assert one.name == other.name
    assert one.read_bytes() == other.read_bytes()


@pytest.mark.parametrize(("name", "fixed"), [("PYTHONHASHSEED", HASH_SEED), ("OPENBLAS_NUM_THREADS", "1")])
def test_a_worker_has_the_fixed_environment_and_the_callers_is_unchanged(name, fixed, monkeypatch):
    for own in ("2", "3"):
        monkeypatch.setenv(name, own)
        with Workers(1) as workers:
            assert workers.submit(os.getenv, name).result() == fixed
        assert os.environ[name] == own
    monkeypatch.delenv(name)
    with fixed_environment():
        assert os.environ[name] == fixed
    assert name not in os.environ


def test_texts_are_hashed_alike_in_workers_whatever_the_callers_hash_seed(monkeypatch):
    hashes = set()
    for seed in ("1", "2"):
        monkeypatch.setenv("PYTHONHASHSEED", seed)
        with Workers(1) as workers:
            hashes.add(workers.submit(hash, "a text").result())
    assert len(hashes) == 1


EITHER_WAY = """
import multiprocessing, sys
from gradreel.cli import main
from gradreel.render.workers import forks

if __name__ == "__main__":
    if sys.argv.pop() == "spawn":
        forks.context = lambda with_manim: multiprocessing.get_context("spawn")
    main()
"""
USES = """
from gradreel.scenes.base import LectureScene
from manim import Code, FadeIn, Graph, ImplicitFunction, Scene


class Uses(Scene):
    def construct(self):
        graph = Graph([1, 2], [(1, 2)], layout="kamada_kawai")
        circle = ImplicitFunction(lambda x, y: x * x + y * y - 1, min_depth=3)
        self.add(graph, circle, Code(code_string="a = 1", language="python", paragraph_config={"font": "Noto Sans"}))
        self.wait(0.2)


class Says(LectureScene):
    def construct(self):
        from statistics import mean
        with self.beat("one", say="One."):
            self.play(FadeIn(Graph([1], [])), run_time=mean([0.2, 0.2]))
"""


def test_a_clip_has_the_same_name_whichever_way_its_worker_was_started(tmp_path):
    """A clip's name depends on the files and libraries that the worker recorded."""
    (tmp_path / "either_way.py").write_text(EITHER_WAY)
    (tmp_path / "uses.py").write_text(USES)
    for way in ("fork", "spawn"):
        script = [sys.executable, "either_way.py", "render", "uses.py:Uses", "uses.py:Says", "-r", "96,54"]
        done = subprocess.run(
            [*script, "--media_dir", way, "--progress_bar", "none", way],
            cwd=tmp_path, check=False, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    fork, spawn = (sorted(clip.name for clip in tmp_path.glob(f"{way}/clips/*.json")) for way in ("fork", "spawn"))
    assert (len(fork), fork) == (2, spawn)
