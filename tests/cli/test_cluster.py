"""Clips drawn, and runs trained, by workers of a dask scheduler: one test of a real one, the rest without dask."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import wave
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import av
import pytest
from gradreel.core.errors import UserError
from gradreel.core.package import PACKAGE_FOLDER
from gradreel.core.trace.trace import Trace
from gradreel.render.clips.file_digest import FileState
from gradreel.render.clips.fingerprint import refreshed_parts
from gradreel.render.cluster import connection, worker
from gradreel.render.settings import RenderSettings
from gradreel.render.stages import Clip, SceneRequest
from gradreel.scenes.catalog import resolve

pytestmark = pytest.mark.slow

distributed = pytest.importorskip("distributed")

SMALL = ("-r", "64,36", "--fps", "5", "--progress_bar", "none")
FILM = '''
"""Scenes that are made of more than this file."""
import os
import time

from gradreel.core.datasets import CurveDataset
from gradreel.core.experiment import Experiment
from gradreel.scenes.assets import asset
from gradreel.scenes.base import LectureScene
from manim import RIGHT, Circle, Dot, FadeIn, Scene
from pydantic import Field
from shapes.ring import ring


class Made(LectureScene):
    """Of a recorded run, a module and an asset."""

    class Parameters(LectureScene.Parameters):
        run: Experiment = Field(
            Experiment(dataset=CurveDataset(knots=((0, 0), (1, 1)), examples=5), epochs=3), description="The run."
        )

    def construct(self):
        x = float(self.trace("run").parameters[-1, 0])
        self.add(*(Dot(color=colour) for colour in {"#FF0000", "#00FF00", "#0000FF", "#FFFF00"}))  # in a set's order
        with self.beat("place", say="It is here."):
            self.play(FadeIn(ring(float(asset("size.txt").read_text())).shift(x * RIGHT)), run_time=0.2)


class Broken(Scene):
    def construct(self):
        1 / 0


class Opens(Scene):
    def construct(self):
        self.wait(float(open("pause.txt").read()))


class DoesWithout(Scene):
    def construct(self):
        try:
            self.wait(float(open("pause.txt").read()))
        except FileNotFoundError:
            self.wait(0.4)


class Loud(Scene):
    def construct(self):
        self.wait(0.4)
        self.add_sound(asset("sound/click.wav"), 0.1, gain=-3)
        self.wait(0.4)


class LoudByPath(Scene):
    def construct(self):
        self.add_sound("sound/by_path.wav")


class Slow(Scene):
    def construct(self):
        print("slow", os.getpid(), flush=True)
        time.sleep(float(open(asset("sleep.txt")).read()))
        self.play(FadeIn(Circle()), run_time=0.2)
'''


TONE = """
import sys, wave
with wave.open(sys.argv[1], "wb") as out:
    out.setparams((1, 2, 8000, 0, "NONE", ""))
    out.writeframes(b"\\0\\x20\\0\\xe0" * 36000)
"""


def write_film(folder: Path, ring: str = "Circle(size)") -> Path:
    files = {
        "film.py": FILM,
        "size.txt": "0.5",
        "sleep.txt": "600",
        "pause.txt": "0.8",
        "shapes/ring.py": f"from manim import Circle, Square\n\n\ndef ring(size):\n    return {ring}\n",
    }
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")
    (folder / "sound").mkdir(exist_ok=True)
    for name in ("click", "by_path"):
        with wave.open(str(folder / "sound" / f"{name}.wav"), "wb") as sound:
            sound.setparams((1, 2, 8000, 0, "NONE", ""))
            sound.writeframes(b"\0\x20" * 400)
    return folder


@pytest.fixture
def film(tmp_path, monkeypatch):
    """A project of several files, and we are in it."""
    monkeypatch.chdir(write_film(tmp_path / "film"))
    return tmp_path / "film"


def clips_of(media: Path) -> list[bytes]:
    return sorted(file.read_bytes() for file in (media / "clips").glob("*.mp4"))


def there(gradreel, *arguments):
    return gradreel("render", *arguments, *SMALL, "--scheduler", "tcp://w:1")


def described(media: Path) -> list[dict]:
    """Return the clips' descriptions, without times and without modules that only a cluster or a local worker loads."""
    found = [json.loads(file.read_text(encoding="utf-8")) for file in sorted((media / "clips").glob("*.json"))]
    for clip in found:
        states = clip["dependencies"]["files"].items()
        brought_by = ("gradreel/render/cluster/", "gradreel/render/workers/", "gradreel/core/trace/")
        clip["dependencies"]["files"] = {
            name: str(FileState.parse(state).content) for name, state in states if not name.startswith(brought_by)
        }
    return [{k: v for k, v in clip.items() if k not in ("made", "wall_seconds")} for clip in found]


def test_a_sound_added_on_a_cluster_worker_is_heard(one_worker, gradreel, film):
    drawn = there(gradreel, "film.py:Loud")
    assert (drawn.exit_code, drawn.stderr) == (0, "")
    (as_there,) = described(film / "media")
    assert [(s["file"], s["frame"], s["offset"], s["gain"]) for s in as_there["sounds"]] == [
        ("sound/click.wav", 2, 0.1, -3)
    ]
    (video,) = (film / "media").glob("videos/**/*.mp4")
    with av.open(str(video)) as container:
        assert len(container.streams.audio) == 1
    shutil.rmtree(film / "media/clips")
    assert gradreel("render", "film.py:Loud", *SMALL).exit_code == 0
    assert described(film / "media") == [as_there]


def test_a_sound_that_is_not_sent_is_named(one_worker, gradreel, film):
    drawn = there(gradreel, "film.py:LoudByPath")
    assert drawn.exit_code == 2
    assert "loud-by-path: add_sound('sound/by_path.wav')" in drawn.stderr
    assert "exists on this machine, but was not sent" in drawn.stderr


def test_a_workers_clip_equals_a_local_one_and_equal_module_names_of_two_users_do_not_mix(
    one_worker, gradreel, tmp_path, monkeypatch
):
    clips = []
    for user, ring in {"one": "Circle(size)", "other": "Square(size)"}.items():
        media = write_film(tmp_path / user, ring) / "media"
        if user == "one":
            (tmp_path / user / "manim.cfg").write_text("[CLI]\nbackground_color = #203040\n")
        monkeypatch.chdir(tmp_path / user)
        Path("tone.py").write_text(TONE)
        voice = [f"--voice=en=command:{sys.executable} -IS tone.py {{file}} {{text}}"] if user == "other" else []
        drawn = there(gradreel, "film.py:Made", *voice)
        assert (drawn.exit_code, drawn.stderr) == (0, "")
        clips.append(clips_of(media))
        as_there = described(media)
        assert not list((media / ".gradreel/temporary").glob("*/*"))
        shutil.rmtree(media / "clips")
        assert gradreel("render", "film.py:Made", *SMALL, *voice).exit_code == 0
        assert (clips_of(media), described(media)) == (clips[-1], as_there)
        (length,) = (clip["beats"][0]["end"] for clip in as_there)
        assert length == (5 * 10.6 if voice else length), "spoken here, and drawn there as long as that"
    assert clips[0] != clips[1]
    assert "train" in one_worker.functions
    assert not list(one_worker.folder.iterdir()), "nothing stays there"


def test_failing_scenes_on_workers_are_named_with_the_users_paths_and_other_clips_are_kept(one_worker, film, gradreel):
    failed = there(
        gradreel, *(f"film.py:{name}" for name in ("Broken", "Opens", "DoesWithout", "Slow")), "--timeout", "6"
    )
    assert (failed.exit_code, failed.stdout) == (1, "")
    assert "broken raised an error:" in failed.stderr
    assert f'File "{film}/film.py", line' in failed.stderr
    assert "ZeroDivisionError" in failed.stderr
    assert f"{film}/pause.txt exists on this machine, but was not sent" in failed.stderr
    assert (
        f"does-without opens {film}/pause.txt, which differs between its worker and this machine. Name the"
        in failed.stderr
    )
    assert "slow: on the worker w (tcp://w:1): stopped after 6 s" in failed.stderr
    assert str(one_worker.folder) not in failed.stderr
    (film / "pause.txt").unlink()
    assert there(gradreel, "film.py:DoesWithout").exit_code == 0, "it is not there here, either"
    assert len(clips_of(film / "media")) == 1


@pytest.mark.parametrize(
    "asked", [("render", "film.py:Slow"), ("experiment", "width", "--seeds", "1", "--widths", "9")]
)
def test_a_cancelled_task_stops_before_its_end(one_worker, film, gradreel, asked):
    more = SMALL if asked[0] == "render" else ("--epochs", "1000000")
    threading.Timer(4.0, lambda: setattr(one_worker, "taken_back", True)).start()
    began = time.monotonic()
    assert gradreel(*asked, *more, "--scheduler", "tcp://w:1").exit_code == 1
    assert time.monotonic() - began < 120
    assert not list(one_worker.folder.iterdir())


def test_a_different_version_on_the_worker_is_named(film):
    request = SceneRequest(resolve("film.py:Slow"), RenderSettings(media_dir=film / "media"))
    clip, code = Clip(request, {}, {"traces": {}}), worker.our_code()
    same = refreshed_parts(clip.parts, request)
    worker.check_same(replace(clip, parts=same), code, "the worker w")
    versions = {**same["versions"], "manim": "0.0.1", "gone": "1.0"}
    planned = {**same, "configuration": "another", "versions": versions}
    with pytest.raises(UserError, match="the worker w would draw other frames than this machine") as refused:
        worker.check_same(replace(clip, parts=planned), "another", "the worker w")
    manim = same["versions"]["manim"]
    for words in (f"manim is 0.0.1 here and {manim} there", "gone is 1.0 here and not installed there",
                  "gradreel's code", "manim.cfg"):  # fmt: skip
        assert words in str(refused.value)


def test_our_scenes_use_the_workers_own_gradreel_and_trace_folders_keep_their_paths(film, tmp_path):
    request = SceneRequest(resolve("build-curve"), RenderSettings(media_dir=film / "media"), {"near": "a", "far": "/b"})
    source = replace(request.source, file=request.source.file.relative_to(PACKAGE_FOLDER))
    clip = Clip(replace(request, source=source), {}, {"traces": {"near": "", "far": ""}})
    place = worker.Place(tmp_path / "there", worker.Order("", "", clip, "", str(film), (), {}, ""), "w")
    moved = place.clip().request
    assert moved.source == request.source
    assert moved.parameters == {"near": "a", "far": str(tmp_path / "there/files/b")}


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (CancelledError(), "the connection was lost"),
        (ModuleNotFoundError("No module named 'gradreel'"), "No module named 'gradreel'); install the same gradreel"),
        (RuntimeError("Error during deserialization of the task graph. This\nmore"), "task graph. This); install"),
    ],
)
def test_failures_of_the_cluster_have_readable_messages(error, words):
    task = Future()
    task.set_exception(error)
    lost = connection.Connection(SimpleNamespace(submit=lambda function, pure: task), "tcp://x:1", 1)
    with pytest.raises(UserError, match="--scheduler tcp://x:1: ") as told:
        lost.result(print)
    assert words in str(told.value)


@pytest.mark.parametrize("address", ["foo", "tcp://foo", "", "nonsense://x:1", "tcp://foo:many", "tcp://foo:99999"])
def test_an_invalid_address_is_refused_before_connecting(gradreel, film, address, monkeypatch):
    monkeypatch.setattr(distributed, "Client", lambda *_, **__: pytest.fail("it waits 20 s when it is let go"))
    result = gradreel("experiment", "width", "--seeds", "1", "--scheduler", address)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(
        f"Error: --scheduler {address}: this is not the address of a scheduler; `dask scheduler`"
    )


def test_without_dask_or_a_scheduler_the_message_names_the_remedy(gradreel, film, monkeypatch):
    asked = ("experiment", "width", "--seeds", "1", "--scheduler", "tcp://127.0.0.1:1")
    monkeypatch.setattr(connection, "CONNECT_SECONDS", 0.2)
    nobody = gradreel(*asked)
    assert (nobody.exit_code, nobody.stdout) == (2, "")
    assert nobody.stderr.startswith("Error: --scheduler tcp://127.0.0.1:1: no scheduler answered")
    monkeypatch.setitem(sys.modules, "distributed", None)
    lacking = gradreel(*asked)
    assert (lacking.exit_code, "pip install 'gradreel[cluster]'" in lacking.stderr) == (2, True)


class Machines:
    """A scheduler and two workers, which share no disk. Dask watches each by a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{port}"
        self.processes: list[subprocess.Popen] = []
        self._start("dask_scheduler", "--host", "127.0.0.1", "--port", str(port))
        for number in range(2):
            local = folder / f"worker-{number}"
            self._start("dask_worker", self.address, "--nthreads", "1", "--local-directory", str(local))

    def _start(self, program: str, *arguments: str) -> None:
        line = [sys.executable, "-m", f"distributed.cli.{program}", *arguments, "--no-dashboard"]
        with (self.folder / f"log-{len(self.processes)}").open("w") as log:
            process = subprocess.Popen(line, stdout=log, stderr=log, cwd=self.folder, start_new_session=True)
        self.processes.append(process)

    def slow(self) -> list[int]:
        """The processes that play the scene `Slow`."""
        said = "".join(log.read_text() for log in self.folder.glob("log-*"))
        return [int(pid) for pid in re.findall(r"^slow (\d+)$", said, re.MULTILINE) if is_alive(int(pid))]


@pytest.fixture
def machines(tmp_path_factory):
    made = Machines(tmp_path_factory.mktemp("machines"))
    try:
        yield made
    finally:
        for process in made.processes:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_for(condition, seconds=180.0):
    """Call ``what`` until its result is true, for ``seconds`` at most, and return that result."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end
        time.sleep(0.05)
    return found


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
def test_a_cluster_trains_and_draws_replaces_a_killed_worker_and_ctrl_c_stops_drawing(machines, film, command):
    """The one test of a real scheduler and real workers."""
    asked = ("film.py:Made", "film.py:Slow", *SMALL, "--scheduler", machines.address)
    run = command("render", *asked)
    wait_for(lambda: len(clips_of(film / "media")) == 1 or run.poll())
    (trace,) = (film / "media/traces").glob("*/meta.json")
    assert Trace.open(trace.parent, checksums=True).n_updates == 3
    (pid,) = wait_for(machines.slow)
    os.kill(parent_of(pid), signal.SIGKILL)
    wait_for(lambda: not is_alive(pid))
    (again,) = wait_for(machines.slow)
    assert again != pid
    run.send_signal(signal.SIGINT)
    output, errors = run.communicate()
    assert (run.returncode, output, errors.splitlines()[-1]) == (130, "", "Interrupted.")
    assert "Traceback" not in errors
    wait_for(lambda: not machines.slow())
