from __future__ import annotations

import errno
import multiprocessing
import os
import signal

import pytest
from gradreel.core.errors import UserError
from gradreel.scenes.render.workspace import Workspace, clear_disk_errors, publish


def hold_and_die(media_dir) -> None:
    with Workspace(media_dir) as workspace:
        workspace.temporary("half.mp4").write_text("half")
        os.kill(os.getpid(), signal.SIGKILL)


def test_what_a_dead_run_left_is_cleared_and_a_living_ones_is_not(tmp_path):
    process = multiprocessing.get_context("fork").Process(target=hold_and_die, args=(tmp_path,))
    process.start()
    process.join()
    (dead,) = [folder for folder in (tmp_path / ".gradreel" / "temporary").iterdir() if folder.is_dir()]
    assert list(dead.iterdir())
    with Workspace(tmp_path) as first:
        assert not dead.exists()
        first.temporary("mine.mp4").write_text("mine")
        with Workspace(tmp_path) as second:
            assert second.run != first.run
        assert len(list(first.run.iterdir())) == 1, "the second run left the first one's files alone"
    assert list((tmp_path / ".gradreel" / "temporary").iterdir()) == []


def test_a_folder_that_cannot_be_one_is_an_error_that_names_it(tmp_path):
    (tmp_path / "media").write_text("a file")
    with pytest.raises(UserError, match="media"), Workspace(tmp_path / "media"):
        pass
    with pytest.raises(UserError, match="media"), Workspace(tmp_path / "media" / "inside"):
        pass


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_is_not_writable_is_an_error_that_names_it(tmp_path):
    (tmp_path / "media").mkdir(mode=0o500)
    with pytest.raises(UserError, match="cannot be written to"), Workspace(tmp_path / "media"):
        pass


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_told_in_words(tmp_path, code):
    with pytest.raises(UserError, match="is full"), clear_disk_errors(tmp_path):
        raise OSError(code, "no space")


def test_other_errors_stay_what_they_are(tmp_path):
    with pytest.raises(FileNotFoundError), clear_disk_errors(tmp_path):
        (tmp_path / "none").read_text()


def test_a_published_folder_takes_the_place_of_the_old_one(tmp_path):
    for name, content in (("old", "1"), ("new", "2")):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{content}.png").write_text(content)
    publish(tmp_path / "new", tmp_path / "old")
    assert [file.name for file in (tmp_path / "old").iterdir()] == ["2.png"]
    assert sorted(file.name for file in tmp_path.iterdir()) == ["old"]


@pytest.mark.skipif(not os.path.isdir("/dev/shm"), reason="needs a second file system")
def test_publishing_to_another_file_system(tmp_path):
    target = f"/dev/shm/gradreel-test-{os.getpid()}.txt"
    (tmp_path / "file").write_text("text")
    try:
        from pathlib import Path

        publish(tmp_path / "file", Path(target))
        assert Path(target).read_text() == "text"
    finally:
        os.unlink(target)
