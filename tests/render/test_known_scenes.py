from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from gradreel.render.clips import memo_cache
from gradreel.render.clips import memo_cache as known
from gradreel.render.clips.workspace import Workspace
from gradreel.scenes import catalog
from gradreel.scenes.catalog import find_scenes


@pytest.fixture
def search(monkeypatch):
    """Searches of the sources, counted."""
    made: list[int] = []

    def counted():
        made.append(1)
        return find_scenes()

    monkeypatch.setattr(known, "find_scenes", counted)
    return made


def next_command(media: Path) -> None:
    """What has been found is kept, and this process knows nothing more."""
    with Workspace(media) as workspace:
        memo_cache.keep(workspace)
    memo_cache._Cache.folder = None


def test_scenes_are_searched_for_once_and_are_those_that_are_there(search, tmp_path, monkeypatch):
    private = tmp_path / "media" / ".gradreel"
    assert known.known_scenes(private) == find_scenes()
    monkeypatch.chdir(tmp_path)
    memo_cache.recall(Path("media") / ".gradreel")  # as the plan does, before anything is kept
    next_command(tmp_path / "media")
    assert known.known_scenes(private) == find_scenes()
    assert len(search) == 1
    assert known.known_scenes(tmp_path / "other" / ".gradreel") == find_scenes()
    assert len(search) == 2, "another media folder has nothing yet"


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("scenes/lecture/curves/relu.py", '    """', '    """Now: '),
        ("scenes/mobjects/ticks.py", "import annotations\n", "import annotations\n# a comment\n"),
        ("assets/lessons/deep-learning.toml", "[[scene]]", "# a comment\n[[scene]]"),
    ],
)
def test_scenes_are_searched_for_again_when_what_they_are_found_in_changes(
    search, tmp_path, monkeypatch, file, old, new
):
    package = tmp_path / "gradreel"
    for folder in ("scenes", "assets/lessons"):
        shutil.copytree(catalog.PACKAGE_FOLDER / folder, package / folder)
    monkeypatch.setattr(known, "PACKAGE_FOLDER", package)
    monkeypatch.setattr(known, "LESSON_FILE", package / "assets/lessons/deep-learning.toml")
    monkeypatch.setattr(known, "_as_plain", lambda scene: {"name": scene.name, "class_name": "", "file": "", "doc": ""})
    private = tmp_path / "media" / ".gradreel"
    known.known_scenes(private)
    next_command(tmp_path / "media")
    text = (package / file).read_text("utf-8")
    assert old in text
    (package / file).write_text(text.replace(old, new, 1), "utf-8")
    known.known_scenes(private)
    assert len(search) == 2
    (package / file).write_text(text, "utf-8")
    known.known_scenes(private)
    assert len(search) == 2, "as it was found first"
