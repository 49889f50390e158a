"""The folder that `gradreel init` begins. That its scene, lesson and test pass is in test_installed.py."""

from __future__ import annotations

import errno
import shlex
from pathlib import Path

import pytest
from gradreel.cli import commands
from gradreel.render import new_project
from gradreel.render.new_project import TEMPLATES, write_project

NAMES = ["gradreel.toml", "lesson.toml", "my-words.toml", "my_scene.py", "test_my_scene.py"]


def test_a_new_folder_gets_the_files_and_the_next_commands_are_printed(gradreel, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = gradreel("init", "my lecture")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines()[:5] == [f"my lecture/{name}" for name in NAMES]
    assert "\n  cd 'my lecture'\n" in result.stdout
    assert all((tmp_path / "my lecture" / name).read_bytes() == (TEMPLATES / name).read_bytes() for name in NAMES)
    assert "  cd " not in gradreel("init").stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*NAMES, "my lecture"])


@pytest.mark.parametrize("there", ["a file", "a folder", "a link to nothing"])
def test_nothing_is_written_over_and_then_nothing_at_all(gradreel, tmp_path, monkeypatch, there):
    monkeypatch.chdir(tmp_path)
    mine = tmp_path / "lesson.toml"
    {
        "a file": lambda: mine.write_text("mine"),
        "a folder": mine.mkdir,
        "a link to nothing": lambda: mine.symlink_to(tmp_path / "outside"),
    }[there]()
    result = gradreel("init")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "has lesson.toml already" in result.stderr
    assert list(tmp_path.iterdir()) == [mine]


def test_a_file_in_the_place_of_the_folder_is_named(gradreel, tmp_path):
    (tmp_path / "mine").write_text("mine")
    result = gradreel("init", tmp_path / "mine")
    assert (result.exit_code, "Traceback" in result.stderr) == (2, False)
    assert str(tmp_path / "mine") in result.stderr
    assert (tmp_path / "mine").read_text() == "mine"


def test_on_a_full_disk_nothing_stays(tmp_path, monkeypatch):
    (tmp_path / "other.txt").write_text("other")
    read = Path.read_bytes

    def full(file):
        if file.name == NAMES[3]:
            raise OSError(errno.ENOSPC, "No space left on device", str(file))
        return read(file)

    monkeypatch.setattr(Path, "read_bytes", full)
    with pytest.raises(OSError, match="No space"):
        write_project(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["other.txt"]


def test_the_printed_commands_parse():
    ours = [shlex.split(command) for command, _ in new_project.NEXT if command.startswith("gradreel ")]
    assert len(ours) == 3
    for _, name, *arguments in ours:
        commands.commands[name].make_context(name, arguments)
