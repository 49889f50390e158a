from __future__ import annotations

import sys
from pathlib import Path

import pytest
from gradreel.scenes.catalog import load_class, resolve
from gradreel.scenes.render.clips.sources import MISSING, changed_files, code_digests, content_digest, environment


@pytest.fixture
def scene(user_folder: Path):
    (user_folder / "package").mkdir()
    (user_folder / "package" / "__init__.py").write_text("from .inner import A\n")
    (user_folder / "package" / "inner.py").write_text("A = 1\n")
    (user_folder / "other.py").write_text("B = 1\n")
    code = (user_folder / "my_scenes.py").read_text()
    (user_folder / "my_scenes.py").write_text(f"{code}\n\ndef later():\n    import package\n")
    return resolve("my_scenes.py:Plain")


def test_all_that_the_scene_imports_counts_and_nothing_else(scene):
    digests = code_digests(scene)
    assert {"my_scenes.py", "helper.py", "package/__init__.py", "package/inner.py"} <= set(digests)
    assert "gradreel/scenes/base.py" in digests, "ours too, as far as it is imported"
    assert "gradreel/core/trace.py" in digests
    assert "other.py" not in digests
    kinds = tuple(f"gradreel/{place}" for place in ("cli", "scenes/render", "scenes/lecture"))
    assert not any("manim" in name or name.startswith(kinds) for name in digests)


@pytest.mark.parametrize(
    ("file", "old", "new", "changed"),
    [
        ("helper.py", "TIME = 0.5", "TIME = 0.6", {"helper.py"}),
        ("helper.py", "TIME = 0.5", "TIME = 0.5  # seconds\n", set()),
        ("package/inner.py", "A = 1", "A = 2", {"package/inner.py"}),
        ("my_scenes.py", '"""No beats."""', '"""None."""', set()),
        ("my_scenes.py", "run_time=0.5", "run_time=0.7", {"my_scenes.py"}),
        ("other.py", "B = 1", "B = 2", set()),
    ],
)
def test_a_change_is_seen_where_it_was_made(scene, user_folder, file, old, new, changed):
    before = code_digests(scene)
    path = user_folder / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    after = code_digests(scene)
    assert {name for name in before if before[name] != after[name]} == changed


def test_one_of_our_scenes_does_not_depend_on_another_topics_file():
    digests = code_digests(resolve("build-curve"))
    assert [name for name in digests if "/lecture/" in name] == ["gradreel/scenes/lecture/piecewise.py"]
    assert any("/mobjects/" in name for name in digests)


def test_a_scene_in_a_package_imports_from_beside_it(scene, user_folder, monkeypatch):
    monkeypatch.setattr(sys, "path", sys.path[:])
    inside = user_folder / "package" / "scenes"
    inside.mkdir()
    (inside / "__init__.py").touch()
    (inside / "one.py").write_text(
        "from manim import Scene\nfrom ..inner import A\nclass One(Scene):\n    a = A\n    def construct(self): pass\n"
    )
    one = resolve(str(inside / "one.py"))
    assert load_class(one).a == 1
    assert "../inner.py" in code_digests(one)


@pytest.mark.parametrize(("shown", "changed"), [("__doc__", {"my_scenes.py"}), ("__name__", set())])
def test_a_docstring_counts_where_code_in_another_file_may_show_it(scene, user_folder, shown, changed):
    (user_folder / "helper.py").write_text(f"TIME = 1\n\ndef title(scene):\n    return scene.{shown}\n")
    before = code_digests(scene)
    path = user_folder / "my_scenes.py"
    path.write_text(path.read_text().replace('"""No beats."""', '"""None."""'))
    after = code_digests(scene)
    assert {name for name in before if before[name] != after[name]} == changed


def test_a_file_that_names_its_own_place_shows_no_others_comments(scene, user_folder):
    (user_folder / "helper.py").write_text("TIME = 1\nHERE = __file__\n")
    before = code_digests(scene)
    (user_folder / "my_scenes.py").write_text((user_folder / "my_scenes.py").read_text() + "# the end\n")
    assert code_digests(scene) == before


READS = """
import os as system
from os import environ as variables, getenv as ask
held = system.environ
NAME = "BY_A_NAME"
class Kept:
    name: str = "OF_A_CLASS"
    found = [held["HELD"], variables.get("RENAMED"), ask("ASKED"), system.environ.get(NAME), held.get(key, "")]
    also = system.getenv(key="KEYWORD"), "IN" in system.environ
    def later(self):
        return variables[self.name], {}.get("OF_NO_ENVIRONMENT")
"""


def test_variables_of_the_environment_are_found_under_other_names_too(scene, user_folder, monkeypatch):
    (user_folder / "helper.py").write_text(f"TIME = 1\n{READS}")
    monkeypatch.setenv("HELD", "1")
    names = ("HELD", "RENAMED", "ASKED", "BY_A_NAME", "OF_A_CLASS", "KEYWORD", "IN")
    assert environment(scene) == dict.fromkeys(names) | {"HELD": "1"}


def test_a_file_that_comes_goes_or_changes_is_named(scene, user_folder):
    (user_folder / "there.txt").write_text("1")
    known = {"there.txt": content_digest(user_folder / "there.txt"), "<here>/none.txt": MISSING}
    assert changed_files(known, scene) == []
    (user_folder / "there.txt").unlink()
    Path("none.txt").write_text("now it is")
    assert changed_files(known, scene) == ["there.txt", "none.txt"]
