from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from gradreel.render.clips.workspace import Workspace
from gradreel.render.lessons import known_scenes as module
from gradreel.render.lessons.known_scenes import keep_known_scenes, known_scenes
from gradreel.scenes import catalog
from gradreel.scenes.catalog import find_scenes


@pytest.fixture
def search(monkeypatch):
    """Searches of the sources, counted."""
    made: list[int] = []

    def counted():
        made.append(1)
        return find_scenes()

    monkeypatch.setattr(module, "find_scenes", counted)
    return made


def next_command(media: Path) -> None:
    """Store the known scenes in ``media``, and forget them in this process."""
    with Workspace(media) as workspace:
        keep_known_scenes(workspace)


def test_scenes_are_searched_for_once_and_all_existing_ones_are_found(search, tmp_path, monkeypatch):
    private = tmp_path / "media" / ".gradreel"
    assert known_scenes(private) == find_scenes()
    monkeypatch.chdir(tmp_path)
    next_command(Path("media"))
    assert known_scenes(private) == find_scenes()
    assert len(search) == 1
    assert known_scenes(tmp_path / "other" / ".gradreel") == find_scenes()
    assert len(search) == 2, "another media folder has nothing yet"


def test_a_foreign_media_folders_list_of_scenes_is_not_trusted(search, tmp_path):
    known_scenes(tmp_path / "media/.gradreel")
    next_command(tmp_path / "media")
    shutil.copytree(tmp_path / "media", tmp_path / "copy")
    known_scenes(tmp_path / "copy/.gradreel")
    assert len(search) == 2


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("scenes/lecture/curves/relu.py", '    """', '    """Now: '),
        ("scenes/mobjects/ticks.py", "import annotations\n", "import annotations\n# a comment\n"),
        ("assets/lessons/deep-learning.toml", "[[scene]]", "# a comment\n[[scene]]"),
        ("assets/lessons/classification.toml", "[[scene]]", "# a comment\n[[scene]]"),
    ],
)
def test_scenes_are_searched_for_again_after_a_change_of_their_files(search, tmp_path, monkeypatch, file, old, new):
    package = tmp_path / "gradreel"
    for folder in ("scenes", "assets/lessons"):
        shutil.copytree(catalog.PACKAGE_FOLDER / folder, package / folder)
    monkeypatch.setattr(module, "PACKAGE_FOLDER", package)
    monkeypatch.setattr(module, "LESSON_FILES", sorted((package / "assets/lessons").glob("*.toml")))
    plain = {"class_name": "", "file": "", "doc": ""}
    monkeypatch.setattr(module, "_as_plain", lambda scene: {"name": scene.name, **plain})
    private = tmp_path / "media" / ".gradreel"
    known_scenes(private)
    next_command(tmp_path / "media")
    text = (package / file).read_text("utf-8")
    assert old in text
    (package / file).write_text(text.replace(old, new, 1), "utf-8")
    known_scenes(private)
    assert len(search) == 2
    module._Unsaved.contents.clear()
    (package / file).write_text(text, "utf-8")
    known_scenes(private)
    assert len(search) == 2, "as it was found first"
