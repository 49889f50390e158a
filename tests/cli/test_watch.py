"""``render --watch`` as a process of its own: it sees changes, survives mistakes and ends with Ctrl-C."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from queue import Queue

import av
import pytest
from gradreel.core.errors import UserError
from gradreel.render.clips.file_digest import current_digest
from gradreel.render.clips.file_tracker import _words_of_missing_files
from gradreel.render.watch import Watcher, watch

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")

SCENE = """
from gradreel.scenes.assets import asset
from manim import Circle, Scene


class Disc(Scene):
    def construct(self):
        self.add(Circle(float(asset("radius.txt").read_text()), fill_opacity=1, color="#FFFFFF"))
        self.wait(0.2)
"""


class Watching:
    """The command, its standard error line by line."""

    def __init__(self, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", "from gradreel.cli import main; main()", "render", *arguments, "--watch"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
            # where tests run in the background interrupts are ignored, and that is handed down
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )  # fmt: skip
        self._lines: Queue[str | None] = Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self._lines.put(line)
        self._lines.put(None)

    def until(self, pattern: str) -> list[str]:
        """Return the lines up to the first that matches ``pattern``."""
        said = []
        while (line := self._lines.get(timeout=120)) is not None:
            said.append(line)
            if re.search(pattern, line):
                return said
        raise AssertionError(f"it ended: {said}")

    def until_not_ready(self, mistake: str) -> None:
        """Wait for a "not ready" line with this mistake; edits of our own sources may cause other rounds before."""
        while not any(mistake in line for line in self.until("^not ready")):
            pass


@pytest.fixture
def watching(tmp_path, monkeypatch) -> Iterator[Watching]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "disc.py").write_text(SCENE)
    (tmp_path / "radius.txt").write_text("1.0")
    (tmp_path / "film.toml").write_text('title = { en = "A film" }\n[[scene]]\nname = "disc.py:Disc"\n')
    started = Watching("--lesson", "film.toml", "-r", "64,36", "--fps", "5")
    yield started
    started.process.kill()
    started.process.communicate()


def brightness(video: Path) -> float:
    with av.open(str(video)) as container:
        return float(next(container.decode(video=0)).to_ndarray(format="gray").mean())


def test_a_change_renders_again_an_error_is_printed_and_ctrl_c_ends_watching(watching, tmp_path):
    video = tmp_path / "media/videos/film/36p5/film.mp4"
    ready = r"^ready after .*; watching \d+ files, Ctrl-C ends it$"
    watching.until(ready)
    small = brightness(video)

    (tmp_path / "radius.txt").write_text("3.0")  # an asset
    watching.until(r"^changed: radius\.txt$")
    while (large := brightness(video)) < 1.5 * small:  # ready again and again, where our own sources are worked on
        watching.until(ready)

    (tmp_path / "disc.py").write_text(SCENE.replace("wait(0.2)", "wait(0.2))"))  # a mistake, and mended
    said = watching.until("^not ready")
    assert any("disc.py is not valid Python" in line for line in said)
    assert not any("Traceback" in line for line in said)
    assert brightness(video) == large, "the last video stays"
    (tmp_path / "new.py").write_text(SCENE.replace("#FFFFFF", "#404040"))
    (tmp_path / "new.py").replace(tmp_path / "disc.py")  # as an editor saves
    while brightness(video) > 0.8 * large:
        watching.until(ready)

    (tmp_path / "film.toml").write_text("title = 3\n")
    assert any("film.toml: title" in line for line in watching.until("^not ready"))
    watching.process.send_signal(signal.SIGINT)
    output, _ = watching.process.communicate()
    assert watching.process.returncode == 0
    assert set(output.split()) == {str(video)}
    assert list((tmp_path / "media/.gradreel/temporary").iterdir()) == []


def test_a_file_that_the_scene_opened_by_itself_is_watched(watching, tmp_path):
    video = tmp_path / "media/videos/film/36p5/film.mp4"
    watching.until("^ready")
    (tmp_path / "opened.txt").write_text("1.0")
    (tmp_path / "disc.py").write_text(SCENE.replace('asset("radius.txt")', '__import__("pathlib").Path("opened.txt")'))
    watching.until("^ready")
    small = brightness(video)
    (tmp_path / "opened.txt").write_text("3.0")
    while brightness(video) < 1.5 * small:
        watching.until("^ready")


READING = SCENE.replace('float(asset("radius.txt").read_text())', 'float(np.loadtxt("radius.csv"))').replace(
    "from manim", "import numpy as np\nfrom manim"
)


def test_a_missing_or_invalid_data_file_is_watched_until_the_scene_renders(watching, tmp_path):
    video = tmp_path / "media/videos/film/36p5/film.mp4"
    watching.until("^ready")
    (tmp_path / "disc.py").write_text(READING)
    watching.until_not_ready("radius.csv not found")
    for bad in ("one", "two", "three"):
        (tmp_path / "radius.csv").write_text(bad)
        watching.until_not_ready(f"'{bad}'")
    (tmp_path / "radius.csv").write_text("1.0")
    watching.until("^ready")
    small = brightness(video)
    (tmp_path / "radius.csv").write_text("3.0")
    while brightness(video) < 1.5 * small:
        watching.until("^ready")


def test_a_data_file_that_is_read_as_the_scene_is_imported_is_watched_too(watching, tmp_path):
    watching.until("^ready")
    (tmp_path / "disc.py").write_text(READING.replace("\n\n\nclass", '\n\nnp.loadtxt("radius.csv")\n\n\nclass'))
    watching.until_not_ready("radius.csv not found")
    (tmp_path / "radius.csv").write_text("1.0")
    watching.until("^ready")


@pytest.mark.parametrize("missing", ["radius.txt", "disc.py"])
def test_a_file_that_never_existed_is_awaited(tmp_path, monkeypatch, missing):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "disc.py").write_text(SCENE)
    (tmp_path / "radius.txt").write_text("1.0")
    content = (tmp_path / missing).read_text()
    (tmp_path / missing).unlink()
    started = Watching("disc.py:Disc", "-r", "64,36", "--fps", "5")
    try:
        started.until("^not ready")
        (tmp_path / missing).write_text(content)
        started.until("^ready")
    finally:
        started.process.kill()
        started.process.communicate()


def test_ctrl_c_while_rendering_ends_watching(watching, tmp_path):
    begun = tmp_path / "begun"
    watching.until("^ready")
    endless = f"self.wait(0.2); open({str(begun)!r}, 'w').close(); import time; time.sleep(600)"
    (tmp_path / "disc.py").write_text(SCENE.replace("self.wait(0.2)", endless))
    while not begun.exists():
        time.sleep(0.02)
    os.killpg(watching.process.pid, signal.SIGINT)  # as a terminal does: to all of them
    output, _ = watching.process.communicate()
    assert watching.process.returncode == 0
    assert output.splitlines() == [str(tmp_path / "media/videos/film/36p5/film.mp4")], "of the first time"
    assert list((tmp_path / "media/.gradreel/temporary").iterdir()) == []


@pytest.fixture
def watcher(tmp_path):
    return Watcher(tmp_path / "media")


@pytest.fixture
def waits(watcher):
    """``waits()``: an event that is set when the watcher has seen a change."""

    def wait() -> threading.Event:
        heard = threading.Event()
        threading.Thread(target=lambda: (watcher.wait(), heard.set()), daemon=True).start()
        return heard

    return wait


def test_only_files_that_were_read_are_watched_and_missing_ones_awaited(tmp_path, watcher, waits):
    read, missing, beside = tmp_path / "read.txt", tmp_path / "later" / "missing.txt", tmp_path / "beside.txt"
    read.write_text("1")
    time.sleep(0.05)  # else it might have been written after it was read
    with watcher.noting():
        read.read_text()
        with pytest.raises(FileNotFoundError):
            missing.read_text()
        (tmp_path / "media/clips").mkdir(parents=True)
        (tmp_path / "media/clips/own.json").write_text("{}")
        (tmp_path / "media/clips/own.json").read_text()
    assert watcher.files == {read, missing}
    heard = waits()
    beside.write_text("2")
    read.read_text()
    missing.parent.mkdir()
    assert not heard.wait(0.7), "neither a file beside it nor reading it is a change"
    missing.write_text("3")
    assert heard.wait(30)


@pytest.mark.parametrize("media", ["media", "./media", "/../{here}/work/media"])
def test_results_are_not_watched_whatever_the_spelling_of_the_media_folder(tmp_path, monkeypatch, media):
    """Else each time it is made it would be made again, without end; also once all has been moved elsewhere."""
    (tmp_path / "work/media/clips").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "work")
    folder = Path(media.format(here=tmp_path))
    watcher = Watcher(folder)
    for moved in (False, not folder.is_absolute()):
        if moved:
            (tmp_path / "work").rename(tmp_path / "moved")
        with watcher.noting():
            made = Path("media") / "clips" / "own.json"
            made.write_text("{}")
            made.read_text()
        assert watcher.files == frozenset()


def test_of_a_listed_folder_only_the_names_in_it_are_watched(tmp_path, watcher, waits):
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    (shelf / "a.txt").write_text("1")
    with watcher.noting():
        current_digest(shelf)
    heard = waits()
    (shelf / "a.txt").write_text("2")
    assert not heard.wait(0.7), "what is in them does not"
    (shelf / "b.txt").write_text("3")
    assert heard.wait(30)


def test_a_folder_that_was_deleted_and_came_back_is_watched_as_before(tmp_path, watcher, waits):
    """As by `git checkout` of a branch without it, and back."""
    file = tmp_path / "data/deep/file.txt"
    for _ in range(3):
        file.parent.mkdir(parents=True)
        file.write_text("1")
        with watcher.noting():
            file.read_text()
            current_digest(file.parent)
        heard = waits()
        shutil.rmtree(tmp_path / "data")
        assert heard.wait(30)
        with watcher.noting(), suppress(FileNotFoundError):
            file.read_text()
        heard = waits()
        file.parent.mkdir(parents=True)
        file.write_text("1")
        assert heard.wait(30)
        with watcher.noting():
            file.read_text()
        heard = waits()
        file.write_text("2")
        assert heard.wait(30)
        shutil.rmtree(tmp_path / "data")


@pytest.mark.parametrize("recorded", [False, True])
def test_a_file_deleted_and_restored_between_two_checks_counts_as_changed(tmp_path, watcher, waits, recorded):
    """The new file may have old times; a worker may report the missing file later."""
    file, aside = tmp_path / "file.txt", tmp_path / "aside.txt"
    aside.write_text("1")
    os.utime(aside, (1e9, 1e9))
    with watcher.noting():
        if not recorded:
            with pytest.raises(FileNotFoundError):
                file.read_text()
        aside.rename(file)
        if recorded:
            watcher.keep([file])
    assert waits().wait(30)


def test_a_file_of_tomorrow_is_no_change_for_ever(tmp_path, watcher, waits):
    file = tmp_path / "file.txt"
    file.write_text("1")
    os.utime(file, (time.time() + 1e5,) * 2)
    for _ in range(2):
        with watcher.noting():
            file.read_text()
    assert not waits().wait(1)


def test_after_an_error_the_files_of_the_last_success_are_still_watched(tmp_path, watcher, waits):
    before, told = tmp_path / "before.txt", tmp_path / "told.txt"
    before.write_text("1")
    with watcher.noting():
        before.read_text()
        current_digest(tmp_path)
    with watcher.noting():
        watcher.keep([told])
    assert watcher.files == {before, told}
    heard = waits()
    (tmp_path / "new.txt").write_text("3")
    assert heard.wait(30), "which files the folder has matters, too"
    with watcher.noting():
        pass
    assert watcher.files == set()


def test_a_change_while_at_work_is_not_missed(tmp_path):
    file = tmp_path / "file.txt"
    file.write_text("1")
    seen: list[str] = []

    def work() -> None:
        seen.append(file.read_text())
        if len(seen) == 1:
            file.write_text("2")  # before anything of it is watched
        elif len(seen) == 2:
            raise UserError("a mistake of mine")

    stop = threading.Event()

    class EndError(Exception):
        """In the place of Ctrl-C."""

    def until_seen() -> None:
        work()
        if len(seen) == 3:
            raise EndError

    threading.Thread(target=lambda: (stop.wait(1.5), file.write_text("3")), daemon=True).start()
    with pytest.raises(EndError):
        watch(until_seen, tmp_path / "media", quiet=True)
    assert seen == ["1", "2", "3"]


def test_dry_run_and_watch_are_not_both_possible(gradreel):
    result = gradreel("render", "--watch", "--dry_run")
    assert result.exit_code == 2
    assert "--watch renders and --dry_run does not" in result.stderr


def test_an_error_in_a_chain_names_its_missing_files():
    missed, other = FileNotFoundError("'data.csv' is not there"), ValueError("in a with block")
    missed.__context__, other.__context__ = other, missed
    assert "data.csv" in list(_words_of_missing_files(other))
