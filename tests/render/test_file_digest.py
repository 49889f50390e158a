"""States of files: what counts as unchanged, and when a file is read to tell."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from gradreel.render.clips import file_digest
from gradreel.render.clips.file_digest import (
    MISSING,
    FileState,
    changed_files,
    content_digest,
    file_state,
    is_unchanged,
)
from gradreel.scenes.catalog import resolve


def test_added_removed_and_changed_files_are_named(user_folder):
    scene = resolve("my_scenes.py:Plain")
    (user_folder / "there.txt").write_text("1")
    known = {"there.txt": content_digest(user_folder / "there.txt"), "<here>/none.txt": MISSING}
    assert changed_files(known, scene) == []
    (user_folder / "there.txt").unlink()
    Path("none.txt").write_text("now it is")
    assert changed_files(known, scene) == ["there.txt", "none.txt"]


@pytest.mark.parametrize(
    ("text", "is_same"), [("A = 1  # one\n", True), ("A = 2\n", False), ("A = (1)\n", True), ("A = = 1\n", False)]
)
def test_comments_and_layout_of_a_module_do_not_count(tmp_path, text, is_same):
    module = tmp_path / "module.py"
    module.write_text("A = 1\n")
    code, content = file_state(module, is_code=True), file_state(module)
    module.write_text(text)
    assert is_unchanged(module, code) == is_same
    assert not is_unchanged(module, content), "of a file that was opened every byte counts"


def test_a_large_file_is_digested_once_and_again_after_a_change(tmp_path, monkeypatch):
    monkeypatch.setattr(file_digest, "SETTLED_NS", 0)
    file, digests = tmp_path / "large.bin", []
    file.write_bytes(b"before")
    before, read = file.stat(), hashlib.file_digest
    monkeypatch.setattr(hashlib, "file_digest", lambda *given: digests.append(1) or read(*given))
    state = FileState.parse(str(file_state(file)))
    assert is_unchanged(file, state) and len(digests) == 1
    file.write_bytes(b"behind")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert not is_unchanged(file, state), "of the same size and time"


def test_a_copy_of_a_file_is_unchanged(tmp_path, monkeypatch):
    monkeypatch.setattr(file_digest, "SETTLED_NS", 0)
    (tmp_path / "a").write_bytes(b"content")
    (tmp_path / "b").write_bytes(b"content")
    assert is_unchanged(tmp_path / "b", file_state(tmp_path / "a"))


def test_a_file_that_was_written_to_a_moment_ago_is_read_again(tmp_path):
    """Two writes within one tick of the disk's clock leave the same size and times."""
    file = tmp_path / "new.txt"
    file.write_text("000")
    for number in range(1, 200):
        state = file_state(file)
        file.write_text(f"{number:03}")
        assert not is_unchanged(file, state)


@pytest.mark.parametrize("text", ["", "|", "||||", "a|b|c|d", "\0", "not there"])
def test_any_text_is_a_state_that_no_file_has(tmp_path, text):
    (tmp_path / "file.py").write_text("A = 1\n")
    assert not is_unchanged(tmp_path / "file.py", FileState.parse(text))
