"""What a clip depends on in code and files."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from pathlib import Path

import pytest
from gradreel.render.clips import file_digest, memo_cache
from gradreel.render.clips.file_digest import MISSING, changed_files, content_digest
from gradreel.render.clips.fingerprint import code_digests
from gradreel.render.clips.workspace import Workspace
from gradreel.scenes.catalog import load_class, resolve


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
    assert "gradreel/core/trace/trace.py" in digests
    assert "other.py" not in digests
    kinds = tuple(f"gradreel/{place}" for place in ("cli", "render", "scenes/lecture"))
    assert not any("manim" in name or name.startswith(kinds) for name in digests)


@pytest.mark.parametrize(
    ("file", "old", "new", "changed"),
    [
        ("helper.py", "TIME = 0.5", "TIME = 0.6", {"helper.py"}),
        ("helper.py", "TIME = 0.5", "TIME = 0.5  # seconds\n", set()),
        ("package/inner.py", "A = 1", "A = 2", {"package/inner.py"}),
        ("my_scenes.py", '"""No beats."""', '"""None."""', {"my_scenes.py"}),
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
    parts = {name.split("/")[3] for name in digests if "/lecture/" in name and name.count("/") > 3}
    assert parts == {"curves"} and "gradreel/scenes/lecture/curves/build_curve.py" in digests
    assert "gradreel/scenes/lecture/curves/relu.py" not in digests
    assert any("/mobjects/" in name for name in digests)


def test_what_is_imported_for_types_alone_does_not_count(scene, user_folder):
    guard = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import other\n"
    (user_folder / "helper.py").write_text(f"{guard}else:\n    import package\nTIME = 0.5\n")
    digests = code_digests(scene)
    assert "package/inner.py" in digests and "other.py" not in digests


def test_what_gradreel_itself_offers_counts_where_it_is_taken_from(user_folder):
    of_core = {name for name in code_digests(resolve("my_scenes.py:Plain")) if name.startswith("gradreel/core/")}
    assert not of_core & {"gradreel/core/network/training.py", "gradreel/core/recording/step_recorder.py"}
    code = (
        "from manim import Scene\nfrom gradreel import verify\nclass Verified(Scene):\n    def construct(self): pass\n"
    )
    (user_folder / "verified.py").write_text(code)
    assert "gradreel/core/trace/verify_recorded.py" in code_digests(resolve("verified.py:Verified"))


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
    assert {"../inner.py", "__init__.py", "../__init__.py"} <= code_digests(one).keys(), "they are run as well"


def test_a_file_that_comes_goes_or_changes_is_named(scene, user_folder):
    (user_folder / "there.txt").write_text("1")
    known = {"there.txt": content_digest(user_folder / "there.txt"), "<here>/none.txt": MISSING}
    assert changed_files(known, scene) == []
    (user_folder / "there.txt").unlink()
    Path("none.txt").write_text("now it is")
    assert changed_files(known, scene) == ["there.txt", "none.txt"]


def test_a_file_that_several_scenes_open_is_read_once_and_again_when_it_is_another(user_folder, tmp_path, monkeypatch):
    monkeypatch.setattr(file_digest, "SETTLED_NS", 0)
    file, digests = user_folder / "large.bin", []
    file.write_bytes(b"before")
    before, read = file.stat(), hashlib.file_digest
    monkeypatch.setattr(hashlib, "file_digest", lambda *given: digests.append(1) or read(*given))
    memo_cache.recall(tmp_path / "media" / ".gradreel")
    known = {"large.bin": content_digest(file)}
    for scene in ("Plain", "Dots", "Still"):
        assert changed_files(known, resolve(f"my_scenes.py:{scene}")) == []
    assert len(digests) == 1
    next_command(tmp_path / "media")
    assert changed_files(known, resolve("my_scenes.py:Plain")) == []
    assert len(digests) == 1, "nor by the next command"
    file.write_bytes(b"behind")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert changed_files(known, resolve("my_scenes.py:Plain")) == ["large.bin"], "of the same size and time"


def test_a_file_that_was_written_to_a_moment_ago_is_read_again(tmp_path):
    """Two writes within one tick of the disk's clock leave the same size and times."""
    file = tmp_path / "new.txt"
    seen = set()
    for number in range(200):
        file.write_text(f"{number:03}")
        seen.add(content_digest(file))
    assert len(seen) == 200


def test_what_is_remembered_in_a_media_folder_from_elsewhere_is_not_believed(tmp_path):
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    memo_cache.recall(ours / ".gradreel")
    memo_cache.remember("answer", "question", lambda: "forged")
    next_command(ours)
    assert memo_cache.remember("answer", "question", lambda: "true") == "forged", "our own is believed"
    shutil.copytree(ours, theirs)
    memo_cache.recall(theirs / ".gradreel")
    assert memo_cache.remember("answer", "question", lambda: "true") == "true"


def next_command(media: Path) -> None:
    """What has been found is kept, and this process begins anew with that."""
    with Workspace(media) as workspace:
        memo_cache.keep(workspace)
    memo_cache._Cache.folder = None
    memo_cache.recall(workspace.private)
