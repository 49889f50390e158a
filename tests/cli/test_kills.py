"""Tests of kill -9 at any moment: the next run completes, repeats little work, and gives the same video."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import av
import numpy as np
import pytest
from filelock import FileLock
from gradreel.core.trace.trace import Trace

GRADREEL = Path(sysconfig.get_path("scripts")) / "gradreel"
EPOCHS = 30_000  # a training that is long enough to be met
SCENES = f'''
import os
import time
from pathlib import Path

from gradreel.core.datasets import CurveDataset
from gradreel.core.experiment import Experiment
from gradreel.scenes.base import LectureScene
from manim import RIGHT, Circle, Dot, FadeIn, Scene
from pydantic import Field


def drawn(scene):
    with open("drawn.log", "a") as log:
        print(scene, file=log)


class Shows(LectureScene):
    """A dot at a recorded number."""

    class Parameters(LectureScene.Parameters):
        run: Experiment = Field(
            Experiment(dataset=CurveDataset(knots=((0, 0), (1, 1)), examples=5), epochs={EPOCHS}, keep={{"every": 10}}),
            description="The run.",
        )

    def construct(self):
        drawn("shows")
        with self.beat("place", say="Here it is."):
            self.play(FadeIn(Dot(radius=1).shift(float(self.trace("run").parameters[-1, 0]) * RIGHT)), run_time=1)


class Dots(LectureScene):
    def construct(self):
        drawn("dots")
        dot = Dot(radius=1)
        with self.beat("first", say="A dot appears."):
            self.play(FadeIn(dot), run_time=1)
        with self.beat("second", say="It moves."):
            self.play(dot.animate.shift(RIGHT), run_time=1)


class Plain(Scene):
    def construct(self):
        drawn("plain")
        self.play(FadeIn(Circle(fill_opacity=1)), run_time=2)


class Waits(Scene):
    def construct(self):
        drawn("waits")
        while not Path("go").exists():
            time.sleep(0.02)
        self.play(FadeIn(Circle(fill_opacity=1)), run_time=0.4)


class Once(LectureScene):
    """Killed the first time."""

    def construct(self):
        with self.beat("first", say="A circle."):
            self.play(FadeIn(Circle()), run_time=0.2)
        with self.beat("second", say="Still there."):
            if not Path("once").exists():
                Path("once").touch()
                os.kill(os.getpid(), 9)
'''
# What can be seen of a run from outside, in the order in which it comes: kind, pattern in the media folder
KINDS = {
    "begun": ".gradreel/temporary/*.lock",
    "looked at scenes": ".gradreel/inspections/*.json",
    "training begun": "traces/.*.partial",
    "training": "traces/.*.partial/journal.json",
    "trained": "traces/[!.]*/meta.json",
    "drawing": ".gradreel/temporary/*/*.mp4",
    "clip named": "clips/*.mp4",
    "clip described": "clips/*.json",
    "joining": ".gradreel/temporary/*/*-film.mp4",
    "writing beside it": ".gradreel/temporary/*/*-film.en.srt",
    "renaming": "videos/film/*/film.mp4",
    "renamed": "videos/film/*/manifest.json",
}
SHORT = ("clip named", "joining", "writing beside it", "renaming")  # what lasts for some milliseconds only
FEW = ("training", "drawing", "clip named", "joining", "renaming")  # ./run bench kills has all kinds, and more
MOMENTS = int(os.environ.get("GRADREEL_KILLS", len(FEW)))
LONGEST_DELAY = {"begun": 0.5, "training": 0.1, "clip described": 0.5}  # seconds until the kill

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")]

Found = set[tuple[str, int]]  # of files: path, time of change


@dataclass
class Killing:
    """Runs one lesson in one media folder and kills it at chosen events; ``moments`` counts these events."""

    folder: Path
    random: random.Random
    moments: Counter[str] = field(default_factory=Counter)
    errors: str = ""

    @property
    def media(self) -> Path:
        return self.folder / "media"

    def start(self, *more: str) -> subprocess.Popen[str]:
        small = ("-r", "64,36", "--fps", "5", "--progress_bar", "none")
        command = [GRADREEL, "render", "--lesson", "film.toml", *small, "-j", "2", *more]
        return subprocess.Popen(
            command, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
        )

    def found(self, kind: str) -> Found:
        """The files of a kind that there are; one may go, or its folder, while it is looked at."""
        while True:
            with suppress(FileNotFoundError):
                return {(str(path), path.stat().st_mtime_ns) for path in self.media.glob(KINDS[kind])}

    def wait_for_new(self, kind: str, process: subprocess.Popen[str], before: Found) -> bool:
        """Wait until a file of ``kind`` is new; False when ``process`` has ended first."""
        while not self.found(kind) - before:
            if process.poll() is not None:
                return False
            time.sleep(0.0005 if kind in SHORT else 0.005)
        return True

    def kill_at(self, kind: str, longest_delay: float) -> bool:
        """Start a run and kill it, some time after something new of ``kind`` is seen; False when it ended before."""
        before, kept = self.found(kind), self.kept()
        process = self.start()
        seen = self.wait_for_new(kind, process, before)
        time.sleep(self.random.uniform(0, longest_delay) if seen else 0)
        process.kill()
        _, self.errors = process.communicate()
        wait_for_end_of_session(process.pid)
        if process.returncode == -signal.SIGKILL:
            self.moments[kind] += 1
        self.check_whole(kept)
        return process.returncode == -signal.SIGKILL

    def drawn(self) -> list[str]:
        """The scenes that have been begun to be drawn, each as often as it has."""
        log = self.folder / "drawn.log"
        return log.read_text().split() if log.exists() else []

    def kept(self) -> Found:
        """Clips that are finished, descriptions that are kept, traces that are whole: never to be made again."""
        described = {path for path, _ in self.found("clip described")}
        clips = {(path, changed) for path, changed in self.found("clip named") if path[:-4] + ".json" in described}
        return clips | self.found("looked at scenes") | self.found("trained")

    def check_whole(self, kept: Found) -> None:
        """Check that finished results are unchanged, and that every file with a final name is complete."""
        assert kept <= self.kept(), "made again, or lost"
        for path, _ in self.found("clip described"):
            described = json.loads(Path(path).read_text())
            assert len(frames_of(Path(path).with_suffix(".mp4"))) == described["frames"]
        for path, _ in self.found("trained"):
            Trace.open(Path(path).parent, checksums=True)

    def finish(self) -> dict[str, bytes]:
        """An undisturbed run; the files that it published, and none that it should not have left."""
        kept = self.kept()
        process = self.start()
        _, self.errors = process.communicate()
        assert process.returncode == 0, self.errors
        self.check_whole(kept)
        assert list((self.media / ".gradreel" / "temporary").iterdir()) == []
        assert not list(self.media.glob("traces/.*.partial")) + list(self.media.glob("**/*.new"))
        return published(self.media)


def published(media: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted((media / "videos").rglob("*")) if file.is_file()}


def frames_of(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def session_of(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return None


def wait_for_end_of_session(leader: int) -> None:
    """Until no process of it is left: workers end with their parent."""
    began = time.monotonic()
    while any(session_of(int(place.name)) == leader for place in Path("/proc").glob("[0-9]*")):
        assert time.monotonic() - began < 60, "a worker outlived its parent"
        time.sleep(0.005)


def workers_of(parent: int) -> Iterator[int]:
    """Process ids of the workers of a run, the oldest first: its own children, and the forks of its fork server."""
    yield from children_of(parent, b"spawn_main")
    for server in children_of(parent, b"forkserver"):
        yield from children_of(server)


def children_of(parent: int, having: bytes = b"") -> list[int]:
    """Process ids, the oldest first, of those with something in their command line."""
    found = []
    for folder in (path for path in Path("/proc").iterdir() if path.name.isdigit()):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            if int(fields[1]) == parent and having in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
        except OSError:
            continue
    return sorted(found)


def project(folder: Path, *names: str) -> Path:
    folder.mkdir()
    (folder / "my_scenes.py").write_text(SCENES)
    scenes = "".join(f'[[scene]]\nname = "my_scenes.py:{name}"\n' for name in names or ("Shows", "Dots", "Plain"))
    (folder / "film.toml").write_text(f'title = {{ en = "Film" }}\n{scenes}')
    return folder


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, worker_id) -> dict[str, bytes]:
    """Return the published files of a run that is not killed; one test process makes it for all."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "undisturbed"
    with FileLock(folder.with_suffix(".lock")):
        if not folder.exists():
            Killing(project(folder), random.Random(0)).finish()
    return published(folder / "media")


def check_same_video(files: dict[str, bytes], undisturbed: dict[str, bytes], folder: Path) -> None:
    """Check that the video's frames and all published bytes equal those of the undisturbed run."""
    expected = folder / "expected.mp4"
    expected.write_bytes(undisturbed["film.mp4"])
    (made,) = folder.glob("media/videos/film/*/film.mp4")
    for ours, theirs in zip(frames_of(made), frames_of(expected), strict=True):
        assert np.array_equal(ours, theirs)
    assert files == undisturbed


def test_a_run_killed_at_any_moment_is_continued(tmp_path, undisturbed):
    """A random time after each kind of moment, then by the clock alone; with many, two while frames are drawn."""
    killing = Killing(project(tmp_path / "project"), random.Random(MOMENTS))
    begun = tmp_path / "begun.npy"
    few = len(KINDS) > MOMENTS
    for kind in FEW if few else KINDS:
        for _ in range(2 if kind == "drawing" and not few else 1):
            killing.kill_at(kind, LONGEST_DELAY.get(kind, 0.02))
        if kind == "training":  # a second name: what is begun anew would be another file
            (states,) = killing.media.glob("traces/*/parameters.npy")
            os.link(states, begun)
    while sum(killing.moments.values()) < MOMENTS:  # all is drawn, most likely: looking for it, joining, renaming
        shutil.rmtree(killing.media / "videos", ignore_errors=True)
        killing.kill_at("begun", 0.8)
    check_same_video(killing.finish(), undisturbed, killing.folder)
    in_flight = killing.moments["drawing"] + killing.moments["clip named"] + killing.moments["clip described"]
    assert len(killing.drawn()) <= 3 + 2 * in_flight, "of two workers"
    (trace,) = killing.media.glob("traces/[!.]*/meta.json")
    assert begun.samefile(trace.parent / "parameters.npy"), "the training was gone on with, not begun anew"


def at_work(worker: int, kind: str) -> bool:
    """Return whether a worker has an unfinished clip open; always true for other kinds than "drawing"."""
    if kind != "drawing":
        return True
    with suppress(OSError):  # it, or a file of it, is gone meanwhile
        opened = [os.readlink(file) for file in Path(f"/proc/{worker}/fd").iterdir()]
        return any(".gradreel/temporary" in name and name.endswith(".mp4") for name in opened)
    return False


def send(worker: int, number: signal.Signals) -> None:
    """Send a signal to a worker, unless it has ended."""
    with suppress(ProcessLookupError):
        os.kill(worker, number)


def kill_one(process: subprocess.Popen[str], kind: str, killed: list[int]) -> int:
    """Kill the newest worker at work, other than those ``killed``: all are held while it is looked for.

    So a clip that is drawn in milliseconds does not become whole meanwhile.
    """
    while True:
        assert process.poll() is None, process.communicate()
        workers = [worker for worker in workers_of(process.pid) if worker not in killed]
        for worker in workers:
            send(worker, signal.SIGSTOP)
        busy = [worker for worker in workers if at_work(worker, kind)]
        for worker in workers:
            send(worker, signal.SIGKILL if worker in busy[-1:] else signal.SIGCONT)
        if busy:
            return busy[-1]


def test_workers_that_are_killed_are_replaced_by_the_run_itself(tmp_path, undisturbed):
    for attempt in range(5):  # on a busy machine the last clip may be whole before it is seen being drawn
        killing = Killing(project(tmp_path / f"project-{attempt}"), random.Random(3))
        process = killing.start()
        killed: list[int] = []
        try:
            for kind in ("begun", "training", "drawing"):
                assert kind == "drawing" or killing.wait_for_new(kind, process, set())
                time.sleep(0.05 if kind == "begun" else 0)
                killed.append(kill_one(process, kind, killed))
            break
        except AssertionError:
            if process.poll() != 0 or attempt == 4:
                raise
    _, errors = process.communicate()
    assert process.returncode == 0, errors
    again = "its process was killed, perhaps for want of memory; it is tried once more when the others are done"
    assert errors.splitlines()[0] == f"train shows (run): {again}"
    assert errors.count(again) == 2, "of the training and of a clip"
    killing.check_whole(set())
    check_same_video(published(killing.media), undisturbed, killing.folder)
    assert list((killing.media / ".gradreel" / "temporary").iterdir()) == []


def test_pictures_of_a_killed_scene_are_drawn_again(tmp_path):
    folder = project(tmp_path / "project", "Once")
    command = [GRADREEL, "frames", "my_scenes.py:Once", "-r", "64,36", "--progress_bar", "none"]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    again = "its process was killed, perhaps for want of memory; it is tried once more when the others are done"
    assert (result.returncode, result.stderr) == (0, f"once: {again}\n")
    pictures = [path.name for path in sorted(folder.glob("media/images/*/once/*"))]
    assert pictures == ["first.png", "second.png"]


def test_two_runs_on_one_media_folder_share_the_work(tmp_path, undisturbed):
    """Both runs succeed, each clip is drawn once, and the published video is complete."""
    killing = Killing(project(tmp_path / "project"), random.Random(4))
    first, second = killing.start(), killing.start()
    errors = "".join(process.communicate()[1] for process in (first, second))
    assert (first.returncode, second.returncode) == (0, 0), errors
    check_same_video(published(killing.media), undisturbed, killing.folder)
    assert sorted(killing.drawn()) == ["dots", "plain", "shows"]
    assert list((killing.media / ".gradreel" / "temporary").iterdir()) == []


def test_a_clip_of_another_run_is_awaited_last_and_drawn_if_that_run_dies(tmp_path):
    killing = Killing(project(tmp_path / "project", "Waits", "Plain"), random.Random(5))
    first = killing.start("-j", "1")
    while killing.drawn() != ["waits"]:
        assert first.poll() is None, first.communicate()
        time.sleep(0.02)
    second = killing.start("-j", "1")
    assert second.stderr.readline() == "waits: another run is rendering it; waiting for the result\n"
    while killing.drawn() != ["waits", "plain"] or not killing.found("clip described"):
        assert second.poll() is None, second.communicate()
        time.sleep(0.02)
    first.kill()
    first.communicate()
    (killing.folder / "go").touch()
    _, errors = second.communicate()
    assert (second.returncode, errors) == (0, "")
    assert killing.drawn() == ["waits", "plain", "waits"]
    assert list((killing.media / ".gradreel" / "temporary").iterdir()) != [], "the next run clears it"
    killing.finish()


def test_killing_the_fork_server_loses_nothing(tmp_path):
    killing = Killing(project(tmp_path / "project", "Waits"), random.Random(6))
    process = killing.start("-j", "1")
    while killing.drawn() != ["waits"]:
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    (server,) = children_of(process.pid, b"forkserver")
    os.kill(server, signal.SIGKILL)
    (killing.folder / "go").touch()
    _, errors = process.communicate()
    assert process.returncode == 0, errors
    assert "waits: its process was killed, perhaps for want of memory; it is tried once more" in errors
    assert killing.drawn() == ["waits", "waits"]
