"""Tests which files count as read by a scene: the user's own, and no others."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import gradreel
import pytest
from gradreel.render.clips.file_digest import CHANGED_MEANWHILE, MISSING, FileState, content_digest, listing_digest
from gradreel.render.clips.ownership import lies_in
from gradreel.render.clips.workspace import Folders

OPENS = """
import json, os, sqlite3, tempfile, threading
from importlib import util
from pathlib import Path
from gradreel.scenes.catalog import resolve
from gradreel.render.clips.file_tracker import OpenedFiles

source = resolve("disc.py:Disc")
opened = OpenedFiles((Path("media/clips"),), source)
import inspect, statistics, helper, told  # noqa
inspect.getsource(told)  # to be shown
for name in ("by_path.py", "by_path.py", "edited.py", "edited.py"):  # as importlib's documentation does
    spec = util.spec_from_file_location("loaded", name)
    spec.loader.exec_module(util.module_from_spec(spec))
    if name == "edited.py":
        os.system("echo Z = 22 >> edited.py")
Path("data/numbers.txt").read_text()
os.close(os.open("data/low.txt", os.O_RDONLY))
open(os.path.abspath("page.py")).read()  # to be shown
aside = threading.Thread(target=Path("data/aside.txt").read_text)
aside.start(); aside.join()
for name in ("missing.txt", "comes.txt", "made.txt"):
    try:
        open(name)
    except FileNotFoundError:
        pass
os.system("echo > comes.txt")
for name in ("read.db", "file:read.db?mode=ro", "written.db", ":memory:"):
    table = sqlite3.connect(name, uri=name.startswith("file"))
    if name == "written.db":
        table.execute("create table t (x)")
    table.close()
os.chdir("data")
open("numbers.txt").close()
open("of-data.txt").close()
os.chdir("..")
for name in ("read.bin", "written.bin", "nowhere.bin"):
    try:
        with open(name, "r+b") as both:
            both.write(both.read() if name == "written.bin" else b"")
    except FileNotFoundError:
        pass
os.close(os.open("low.bin", os.O_RDWR))
Path("made.txt").write_text("by the scene")
Path("made.txt").read_text()
Path("media/clips/clip.json").read_text()
Path("media/mine.txt").read_text()
Path(".hidden").read_text()
Path("/proc/self/status").read_text()
Path(json.__file__).read_text()
Path(".hidden-files").mkdir()
Path("shelf/__pycache__").mkdir()
for folder in ("shelf", "shelf/__pycache__", "media/clips", ".hidden-files", "nowhere", os.path.dirname(json.__file__)):
    try:
        os.listdir(folder)
    except FileNotFoundError:
        pass
list(Path("shelf/inner").glob("*.txt"))
with tempfile.NamedTemporaryFile("w+", dir=".") as scratch:
    scratch.write("x"); scratch.flush()
    Path(scratch.name).read_text()
Path("gone.txt").read_text(); Path("gone.txt").unlink()
Path("data/numbers.txt").write_text("what it became later")
before = opened.states(source)
os.system("echo X = 2 > late.py")  # by somebody else, while the scene is played
import late
print(json.dumps([before, opened.states(source)]))
"""


def test_only_user_files_that_were_read_count(tmp_path):
    for name, text in {
        "disc.py": "from manim import Scene\nclass Disc(Scene):\n    def construct(self): pass\n",
        "helper.py": "import shown\n", "shown.py": "Y = 1\n", "page.py": "# a page\n", "told.py": "# of this\n",
        "data/numbers.txt": "1 2",
        "data/low.txt": "3", "data/aside.txt": "5", "data/of-data.txt": "6", "read.db": "",
        "shelf/a.txt": "7", "shelf/.b.txt": "8", "shelf/inner/c.txt": "9", "media/clips/clip.json": "{}",
        "media/mine.txt": "4", ".hidden": "", "gone.txt": "", "by_path.py": "Z = 1\n", "edited.py": "Z = 2\n",
        "read.bin": "1", "written.bin": "2", "low.bin": "3",
    }.items():  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "opens.py").write_text(OPENS)
    result = subprocess.run([sys.executable, "opens.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    before, after = (
        {name: FileState.parse(state) for name, state in states.items() if not name.startswith("gradreel/")}
        for states in json.loads(result.stdout)
    )
    looked_for = {name for name in before if name.endswith("/__init__.py") or name in ("inspect.py", "statistics.py")}
    assert {"helper/__init__.py", "told/__init__.py"} <= looked_for, "a package of that name would be imported instead"
    assert {before.pop(name).digest for name in looked_for} == {MISSING}
    read = {"<here>/data/low.txt", "<here>/data/aside.txt", "<here>/media/mine.txt", "page.py", "<here>/read.db"}
    read |= {"<here>/missing.txt", "<here>/comes.txt", "data/of-data.txt"}
    read |= {"<here>/shelf", "<here>/shelf/inner", "<here>/nowhere"}  # which files they have
    read |= {"<here>/read.bin", "<here>/nowhere.bin", "<here>/low.bin"}  # opened to be read and written
    modules = {"helper.py", "shown.py", "by_path.py", "edited.py", "told.py"}
    assert set(before) == read | modules
    assert before["by_path.py"].digest == content_digest(tmp_path / "by_path.py")
    assert before["by_path.py"].code and not before["page.py"].code, "comments of a page that is shown count"
    assert before["edited.py"].digest == CHANGED_MEANWHILE, "loaded twice, and another the second time"
    assert before["<here>/missing.txt"].digest == before["<here>/nowhere"].digest == MISSING
    assert before["<here>/shelf"].digest == listing_digest(tmp_path / "shelf")
    assert before["<here>/comes.txt"].digest == CHANGED_MEANWHILE
    assert set(after) - looked_for - {"late/__init__.py"} == set(before) | {"late.py"}
    assert not after["told.py"].code, "what is shown of it are its comments"
    assert after["late.py"].digest == content_digest(tmp_path / "late.py")


def test_a_listing_changes_if_a_file_is_added_removed_or_renamed(tmp_path):
    seen = [listing_digest(tmp_path)]
    for change in (
        lambda: (tmp_path / "a.csv").write_text("1"),
        lambda: (tmp_path / "b.csv").write_text("1"),
        lambda: (tmp_path / "b.csv").rename(tmp_path / "c.csv"),
    ):
        change()
        seen.append(listing_digest(tmp_path))
    assert len(set(seen)) == 4
    (tmp_path / "c.csv").unlink()
    assert listing_digest(tmp_path) == seen[1]
    (tmp_path / "a.csv").write_text("2")
    (tmp_path / ".hidden").write_text("3")
    (tmp_path / ".folder").mkdir()
    assert listing_digest(tmp_path) == seen[1], "neither content nor what is hidden"


def test_a_listing_changes_if_a_folder_is_added_or_a_file_replaces_it(tmp_path):
    before = listing_digest(tmp_path)
    (tmp_path / "runs").mkdir()
    folder = listing_digest(tmp_path)
    (tmp_path / "runs").rmdir()
    (tmp_path / "runs").write_text("")
    assert len({before, folder, listing_digest(tmp_path)}) == 3


def test_a_listing_ignores_files_that_python_or_gradreel_make(tmp_path):
    before = listing_digest(tmp_path)
    (tmp_path / "__pycache__").mkdir()
    Folders(tmp_path / "media").private.mkdir(parents=True)
    assert listing_digest(tmp_path) == before
    for made in Folders(tmp_path).our_folders:  # --media_dir .
        made.mkdir()
    assert listing_digest(tmp_path) == before


MEANWHILE = """
import os, sys
from pathlib import Path
from gradreel.scenes.catalog import resolve
from gradreel.render.clips.file_digest import FileState, is_unchanged
from gradreel.render.clips.file_tracker import OpenedFiles

source = resolve("disc.py:Disc")
opened = OpenedFiles((), source)
steps = {
    "import": lambda: __import__("helper"),
    "save": lambda: os.system("echo X = 22 > helper.py"),
    "undo": lambda: os.system("echo X = 1 > helper.py"),
    "comment": lambda: os.system("echo 'X = 1  # said' > helper.py"),
}
for step in sys.argv[1:]:
    steps[step]()
print(is_unchanged(Path("helper.py"), FileState.parse(opened.states(source)["helper.py"])))
"""


@pytest.mark.parametrize(
    ("steps", "is_current"),
    [
        ("import", True),
        ("import save", False),  # old code in memory
        ("save import", True),
        ("save import undo", False),
        ("import save undo", True),
        ("import comment", True),
    ],
)
def test_code_saved_while_the_scene_plays_counts_as_it_was_imported(tmp_path, steps, is_current):
    code = "import helper\nfrom manim import Scene\nclass Disc(Scene):\n    def construct(self): pass\n"
    (tmp_path / "disc.py").write_text(code)
    (tmp_path / "helper.py").write_text("X = 1\n")
    (tmp_path / "meanwhile.py").write_text(MEANWHILE)
    command = [sys.executable, "meanwhile.py", *steps.split()]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == str(is_current)


def test_a_project_within_the_systems_folders_is_the_users():
    system, project = (Path("/usr"), Path("/lib")), Path("/usr/src/app")
    assert lies_in(Path("/usr/lib/python3/json.py"), system, [project])
    assert not lies_in(project / "data.csv", system, [project])
    assert lies_in(project / "data.csv", system, [Path("/usr/src/other")])
    assert lies_in(Path("/usr/lib/libm.so"), system, [Path("/")]), "a command called in / makes nothing the user's"
    assert lies_in(project / ".venv/lib/mine.py", (project / ".venv",), [project])


def test_our_files_are_recognised_even_if_the_package_is_imported_through_a_link(tmp_path):
    (tmp_path / "gradreel").symlink_to(Path(gradreel.__file__).resolve().parent)
    code = "from pathlib import Path; from gradreel.render.clips import ownership as m"
    code += "; file = Path(m.__file__); print(m.__file__, m.is_ours(file), m.name_of(file, None))"
    found = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    name = "gradreel/render/clips/ownership.py"
    assert found.stdout.split() == [str(tmp_path / name), "True", name]
