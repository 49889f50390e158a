from __future__ import annotations

import errno
import itertools
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from gradreel.core.errors import UserError
from gradreel.render.clips.workspace import (
    COPY_SECONDS,
    FORGOTTEN_SECONDS,
    DiskFullError,
    Workspace,
    clear_disk_errors,
    publish,
)

WRITING = {"open", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "shutil.copyfile", "shutil.copytree"}


def exit_code_of(function: Callable[..., None], *arguments: object) -> int | None:
    """Return the exit code of a process that calls ``function``."""
    process = multiprocessing.get_context("fork").Process(target=function, args=arguments)
    process.start()
    process.join()
    return process.exitcode


def die_before(step: int) -> None:
    """Have this process killed right before the ``step``-th time that it changes something on the disk."""
    steps = itertools.count()

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if event in WRITING and (event != "open" or "w" in str(arguments[1])) and next(steps) == step:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


def hold_and_die(media_dir: Path) -> None:
    with Workspace(media_dir) as workspace:
        workspace.temporary("half.mp4").write_text("half")
        workspace.temporary("half.held.mov").write_text("half")
        workspace.temporary("pictures").mkdir()
        os.kill(os.getpid(), signal.SIGKILL)


def test_files_of_a_dead_run_are_removed_and_those_of_a_living_one_stay(tmp_path):
    exit_code_of(hold_and_die, tmp_path)
    (dead,) = [folder for folder in (tmp_path / ".gradreel" / "temporary").iterdir() if folder.is_dir()]
    assert list(dead.iterdir())
    with Workspace(tmp_path) as first:
        assert not dead.exists()
        first.temporary("mine.mp4").write_text("mine")
        with Workspace(tmp_path) as second:
            assert second.run != first.run
        assert len(list(first.run.iterdir())) == 1, "the second run left the first one's files alone"
    assert list((tmp_path / ".gradreel" / "temporary").iterdir()) == []


def test_a_media_folder_that_is_a_file_is_an_error_that_names_it(tmp_path):
    (tmp_path / "media").write_text("a file")
    with pytest.raises(UserError, match="media"), Workspace(tmp_path / "media"):
        pass
    with pytest.raises(UserError, match="media"), Workspace(tmp_path / "media" / "inside"):
        pass


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_an_unwritable_media_folder_is_an_error_that_names_it(tmp_path):
    (tmp_path / "media").mkdir(mode=0o500)
    with pytest.raises(UserError, match="cannot be written to"), Workspace(tmp_path / "media"):
        pass


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_has_a_readable_message(tmp_path, code):
    with pytest.raises(UserError, match="is full"), clear_disk_errors(tmp_path):
        raise OSError(code, "no space")


def test_other_errors_are_unchanged(tmp_path):
    with pytest.raises(FileNotFoundError), clear_disk_errors(tmp_path):
        (tmp_path / "none").read_text()


@pytest.mark.parametrize("foreign", ["notes.txt", "more"])
def test_a_folder_with_other_files_than_pictures_is_not_replaced_nor_one_by_a_file(tmp_path, foreign):
    pictures, video = tmp_path / "out" / "pictures", tmp_path / "out" / "film.mp4"
    for folder in (pictures / "more" if foreign == "more" else pictures, video):
        folder.mkdir(parents=True)
    (pictures / foreign / "a.png" if foreign == "more" else pictures / foreign).write_text("mine")
    before = sorted((tmp_path / "out").rglob("*"))
    with Workspace(tmp_path) as workspace:
        for written, final in write_set(workspace, "1").items():
            if final in (pictures, video):
                with pytest.raises(UserError, match="move it away"):
                    workspace.publish({written: final})
    assert sorted((tmp_path / "out").rglob("*")) == before


def test_a_published_folder_takes_the_place_of_the_old_one(tmp_path):
    for name, content in (("old", "1"), ("new", "2")):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{content}.png").write_text(content)
    publish(tmp_path / "new", tmp_path / "old")
    assert [file.name for file in (tmp_path / "old").iterdir()] == ["2.png"]
    assert sorted(file.name for file in tmp_path.iterdir()) == ["old"]


@pytest.mark.skipif(not os.path.isdir("/dev/shm"), reason="needs a second file system")
def test_files_are_published_to_another_file_system(tmp_path):
    target = f"/dev/shm/gradreel-test-{os.getpid()}.txt"
    (tmp_path / "file").write_text("text")
    try:
        from pathlib import Path

        publish(tmp_path / "file", Path(target))
        assert Path(target).read_text() == "text"
    finally:
        os.unlink(target)


def test_a_folder_that_lost_its_lock_is_cleared(tmp_path):
    left = tmp_path / ".gradreel" / "temporary" / "0123456789ab-here"
    left.mkdir(parents=True)
    (left / "half.mp4").write_text("half")
    with Workspace(tmp_path) as workspace:
        assert left.exists(), "another machine's, and new"
        mine = workspace.run.with_name(workspace.run.name.replace(workspace.run.name[:12], "0123456789ab"))
    left.rename(mine)
    with Workspace(tmp_path):
        assert not mine.exists()


def test_an_old_run_of_another_machine_is_cleared(tmp_path):
    """A lock of another machine may be invisible here: some network disks keep locks local."""
    runs = tmp_path / ".gradreel" / "temporary"
    old, new = runs / "000000000000-there", runs / "111111111111-there"
    before = time.time() - FORGOTTEN_SECONDS - 60
    for run in (old, new):
        run.mkdir(parents=True)
        for path in (run / "half.mp4", run.with_name(f"{run.name}.lock")):
            path.write_text("")
            os.utime(path, (before, before))
        os.utime(run, (before, before))
    os.utime(new / "half.mp4")
    with Workspace(tmp_path):
        assert (old.exists(), new.exists()) == (False, True)
    assert [path.name for path in sorted(runs.iterdir())] == [new.name, f"{new.name}.lock"]


def test_a_media_folder_that_cannot_be_used_is_unlocked_again(tmp_path, monkeypatch):
    def full(**_):
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr("tempfile.TemporaryFile", full)
    with pytest.raises(DiskFullError, match="is full") as caught, Workspace(tmp_path):
        pass
    assert caught.value.exit_code == 1
    assert not list((tmp_path / ".gradreel" / "temporary").iterdir())


def write_set(workspace: Workspace, content: str) -> dict[Path, Path]:
    """A video, its subtitles and a folder of pictures, all of one ``content``, with their final names."""
    finals = [workspace.media_dir / "out" / name for name in ("film.mp4", "film.srt", "pictures")]
    written = {workspace.temporary(final.name): final for final in finals}
    for temporary, final in written.items():
        if final.name == "pictures":
            temporary.mkdir()
            (temporary / f"{content}.png").write_text(content)
        else:
            temporary.write_text(content)
    return written


def publish_set(workspace: Workspace, content: str) -> None:
    """As a video with what stands beside it is published."""
    workspace.publish(write_set(workspace, content), lambda: [workspace.media_dir / "out" / "film.srt"])


def contents(media_dir: Path) -> list[str]:
    """Return the distinct texts of the three published files; otherwise the number of files, as text."""
    files = [file for file in (media_dir / "out").rglob("*") if file.is_file()]
    return sorted({file.read_text() for file in files}) if len(files) == 3 else [f"{len(files)} files"]


def publish_and_die(media_dir: Path, content: str, step: int) -> None:
    with Workspace(media_dir) as workspace:
        die_before(step)
        publish_set(workspace, content)
        os._exit(0)


def test_a_run_killed_at_any_step_leaves_complete_files_of_one_video(tmp_path):
    out = tmp_path / "out"
    for step in itertools.count():
        with Workspace(tmp_path) as workspace:
            publish_set(workspace, "old")
        code = exit_code_of(publish_and_die, tmp_path, "new", step)
        with Workspace(tmp_path) as workspace:  # the next run, of whatever
            assert [folder for folder in workspace.runs.iterdir() if folder.is_dir()] == [workspace.run]
            video = (out / "film.mp4").read_text()
            assert video in ("old", "new"), f"killed before step {step}"
            assert not (out / "film.srt").exists() or (out / "film.srt").read_text() == video
            pictures = list(out.glob("pictures/*"))
            assert [picture.stem for picture in pictures] in ([], ["old"], ["new"])
            assert {path.name for path in out.iterdir()} <= {"film.mp4", "film.srt", "pictures"}
            publish_set(workspace, "newer")
        assert contents(tmp_path) == ["newer"]
        if code == 0:
            break
        assert code == -signal.SIGKILL
    assert step > 10


def test_a_set_of_files_that_cannot_be_published_completely_is_not_begun(tmp_path, monkeypatch):
    """The target is on another disk, which is full: copies are removed again, and nothing is replaced."""
    real = os.rename

    def other_disk(self: Path, target: Path) -> Path:
        if self.name.endswith("none"):
            raise OSError(errno.EXDEV, "another disk")
        real(self, target)
        return target

    def full(source: object, target: str) -> None:
        Path(target).write_text("ha")
        raise OSError(errno.ENOSPC, "no space")

    with Workspace(tmp_path) as workspace:
        workspace.publish(write_set(workspace, "0"))
        monkeypatch.setattr(Path, "rename", other_disk)
        written = write_set(workspace, "1")
        with monkeypatch.context() as patch:
            patch.setattr("shutil.copytree", full)
            with pytest.raises(DiskFullError, match="is full"):
                workspace.publish(written)
        assert contents(tmp_path) == ["0"]
        left = tmp_path / "out" / ".0123456789ab-film.mp4"
        left.write_text("a dead run's")
        before = time.time() - COPY_SECONDS - 60
        os.utime(left, (before, before))
        workspace.publish(write_set(workspace, "2"))
        assert contents(tmp_path) == ["2"]


def test_the_unwritable_output_folder_is_the_one_named(tmp_path):
    (tmp_path / "file").write_text("mine")
    with Workspace(tmp_path / "media") as workspace:
        (temporary,) = [path for path in write_set(workspace, "1") if path.name.endswith("film.mp4")]
        with pytest.raises(UserError, match=r"file is in the way .*; choose another with -o"):
            workspace.publish({temporary: tmp_path / "file" / "film.mp4"})
    assert (tmp_path / "file").read_text() == "mine"
