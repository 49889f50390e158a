"""Clips and stills drawn by a dask scheduler's workers: processes of their own, each with a folder of its own."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import time
from concurrent.futures import CancelledError, Future
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from gradreel.core.errors import UserError
from gradreel.scenes.catalog import resolve
from gradreel.scenes.render.clips.at_fault import files_told, tell_files
from gradreel.scenes.render.clips.fingerprint import common_parts, parts_now
from gradreel.scenes.render.clips.sources import MISSING, content_digest, listing_digest, names_in, own_files
from gradreel.scenes.render.clips.workspace import Workspace
from gradreel.scenes.render.lessons.requests import ClipJob, SceneRequest
from gradreel.scenes.render.lessons.settings import RenderSettings
from gradreel.scenes.render.workers import away, away_process, parcels
from gradreel.scenes.render.workers.drawers import Listeners
from gradreel.scenes.render.workers.opened_there import OwnFileError, name_as_here
from gradreel.scenes.render.workers.scheduler import Connection

pytest.importorskip("distributed")

SCENES = '''
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


class Shown(LectureScene):
    """A dot at a recorded number."""

    class Parameters(LectureScene.Parameters):
        run: Experiment = Field(
            Experiment(dataset=CurveDataset(knots=((0, 0), (1, 1)), examples=5), epochs=3), description="The run."
        )

    def construct(self):
        x = float(self.trace("run").parameters[-1, 0])
        with self.beat("place"):
            self.play(FadeIn(Dot(radius=1).shift(x * RIGHT)), run_time=0.2)


class Made(Scene):
    """Of a module, an asset, a file that is opened by its name, and a variable of the environment."""

    def construct(self):
        size = float(asset("size.txt").read_text())
        with open("data/places.csv") as file:
            places = [float(line) for line in file]
        for x in places:
            self.play(FadeIn(ring(size).shift(x * RIGHT)), run_time=0.2)
        self.wait(float(os.environ["PAUSE"]))


class Broken(Scene):
    def construct(self):
        self.play(FadeIn(Circle()), run_time=0.2)
        1 / 0


class Quick(Scene):
    def construct(self):
        self.play(FadeIn(Circle()), run_time=0.2)


class Killed(Scene):
    def construct(self):
        os.kill(os.getpid(), 9)


class Slow(Scene):
    def construct(self):
        print("slow", os.getpid(), flush=True)
        time.sleep(float(os.environ["SLEEP"]))
        self.play(FadeIn(Circle()), run_time=0.2)
'''
LESSON = """
title = { en = "Places", zh = "位置" }
narration = "words.toml"

[[scene]]
name = "scenes/film.py:Shown"
[[scene]]
name = "scenes/film.py:Made"
"""
WORDS = '[en.shown]\ntitle = "Shown"\nbeats = { place = "It is here." }\n[en.made]\ntitle = "Made"\n'
QUIET = Listeners(lambda: None, lambda done, total: None, lambda text: None)
SMALL = ("-r", "160,90", "--fps", "5", "--progress_bar", "none")


@pytest.fixture
def film(tmp_path, monkeypatch):
    """A project of several files, and we are in it."""
    files = {
        "scenes/film.py": SCENES,
        "scenes/size.txt": "0.5",
        "scenes/shapes/ring.py": "from manim import Circle\n\n\ndef ring(size):\n    return Circle(size)\n",
        "data/places.csv": "-2\n2\n",
        "film.toml": LESSON,
        "words.toml": WORDS,
        "manim.cfg": "[CLI]\nbackground_color = #203040\n",
    }
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PAUSE", "0.4")
    monkeypatch.setenv("SLEEP", "600")
    return tmp_path


def clips_of(media: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in (media / "clips").glob("*.mp4")}


def descriptions_of(media: Path) -> dict[str, dict]:
    found = {file.name: json.loads(file.read_text(encoding="utf-8")) for file in (media / "clips").glob("*.json")}
    return {
        name: {key: value for key, value in content.items() if key not in ("made", "wall_seconds")}
        for name, content in found.items()
    }


def wait_for(what, seconds=120.0):
    """What ``what()`` gives once it gives something."""
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end
        time.sleep(0.02)
    return found


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def slow_process(machines):
    """The worker that plays the scene `Slow`, and the process that does it for the worker."""
    for worker in machines.workers:
        for pid in re.findall(r"^slow (\d+)$", machines.log(worker), re.MULTILINE):
            if is_alive(int(pid)):
                return worker, int(pid)
    return None


def test_a_lesson_drawn_there_is_that_drawn_here_byte_by_byte(shared_machines, film, command, gradreel):
    away_run = command(
        "render", "--lesson", "film.toml", *SMALL, "--media_dir", "there", "--scheduler", shared_machines.address
    )
    here = gradreel("render", "--lesson", "film.toml", *SMALL, "--media_dir", "here")
    output, errors = away_run.communicate()
    assert (away_run.returncode, errors) == (0, "")
    assert output.strip().endswith("there/videos/film/90p5/film.mp4")
    assert here.exit_code == 0
    assert len(clips_of(film / "here")) == 2
    assert clips_of(film / "there") == clips_of(film / "here")
    assert descriptions_of(film / "there") == descriptions_of(film / "here")
    videos = [(film / media / "videos/film/90p5/film.mp4").read_bytes() for media in ("there", "here")]
    assert videos[0] == videos[1]
    assert not [file for file in (film / "there/.gradreel/temporary").rglob("*") if file.is_file()]

    there = shared_machines.folder
    assert not [file for file in there.rglob("*") if file.suffix in (".mp4", ".npy", ".part") or "film" in file.name]
    stores = list(there.rglob(away.STORE))
    kept = [file for store in stores for file in store.iterdir()]
    sent = sum(shared_machines.log(worker).count("function 'put'") for worker in shared_machines.workers)
    assert len(kept) == sent > 0, "each file once to a worker"
    assert all(content_digest(file) == file.name for file in kept)

    again = gradreel(
        "render", "--lesson", "film.toml", *SMALL, "--media_dir", "there", "--scheduler", "tcp://nowhere:1"
    )
    assert again.exit_code == 0, "all is there: no scheduler is needed"

    (film / "scenes/size.txt").write_text("0.7")
    asked = ("scenes/film.py:Made", "-r", "160,90", "--progress_bar", "none")
    for media, where in (("here", ()), ("there", ("--scheduler", shared_machines.address))):
        assert gradreel("frames", *asked, "--media_dir", media, *where).exit_code == 0
    pictures = {
        media: {
            file.relative_to(film / media).as_posix(): file.read_bytes()
            for file in (film / media).rglob("images/**/*.png")
        }
        for media in ("there", "here")
    }
    assert pictures["there"] == pictures["here"]
    assert len(pictures["here"]) == 2, "the end of its only beat, and the contact sheet"


def test_scenes_that_fail_there_are_named_and_the_others_kept(shared_machines, film, command, gradreel):
    scenes = [f"scenes/film.py:{name}" for name in ("Broken", "Killed", "Quick", "Slow")]
    away_run = command("render", *scenes, *SMALL, "--scheduler", shared_machines.address, "--timeout", "8")
    output, errors = away_run.communicate()
    assert (away_run.returncode, output) == (1, "")
    assert "killed: its process was killed, perhaps for want of memory; it is tried once more" in errors
    failure = errors[errors.index("Error: ") :]
    assert "broken raised an error:" in failure
    assert f'File "{film}/scenes/film.py", line' in failure
    assert "1 / 0" in failure
    assert "ZeroDivisionError" in failure
    assert re.search(r"killed: on the worker worker-[01] \(tcp://127.0.0.1:\d+\): its process was killed", failure)
    assert re.search(r"slow: on the worker worker-[01] \(tcp://127.0.0.1:\d+\): not done after 8 s", failure)
    assert 'Traceback (most recent call last):\n  File "<' not in failure
    assert len(clips_of(film / "media")) == 1
    kept = gradreel("render", "scenes/film.py:Quick", *SMALL, "--dry_run")
    assert kept.stdout == "keep    quick: up to date\n"


def test_a_killed_workers_scene_is_drawn_by_the_other_and_other_versions_are_refused(
    machines, film, command, gradreel, monkeypatch, tmp_path_factory
):
    monkeypatch.setenv("SLEEP", "3")
    arguments = ("render", "scenes/film.py:Slow", *SMALL, "--scheduler", machines.address)
    away_run = command(*arguments)
    victim, pid = wait_for(lambda: slow_process(machines))
    os.kill(victim.pid, signal.SIGKILL)
    _, errors = away_run.communicate()
    assert away_run.returncode == 0, errors
    assert len(clips_of(film / "media")) == 1
    assert victim.wait() == -signal.SIGKILL
    wait_for(lambda: not is_alive(pid))

    (other,) = (worker for worker in machines.workers if worker is not victim)
    other.kill()
    other.wait()
    poison = tmp_path_factory.mktemp("site")
    (poison / "sitecustomize.py").write_text(
        "from importlib import metadata\nfound = metadata.version\n"
        'metadata.version = lambda name: "0.0.1" if name == "typst" else found(name)\n'
    )
    machines.worker(2, PYTHONPATH=str(poison))
    refused = gradreel(*arguments, "--media_dir", "again")
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert re.search(
        r"frames of the worker worker-2 \(tcp://[\d.:]+\) would be others than those drawn", refused.stderr
    )
    assert re.search(r"typst is 0\.1\d\.\d+ here and 0\.0\.1 there", refused.stderr)
    assert not clips_of(film / "again")


def test_a_scheduler_that_is_lost_is_told_and_what_came_back_is_kept(machines, film, command):
    scenes = [f"scenes/film.py:{name}" for name in ("Quick", "Slow")]
    away_run = command("render", *scenes, *SMALL, "--scheduler", machines.address)
    wait_for(lambda: slow_process(machines) and clips_of(film / "media"))
    scheduler = machines.processes[0]
    scheduler.kill()
    scheduler.wait()
    output, errors = away_run.communicate(timeout=120)
    assert (away_run.returncode, output) == (1, "")
    assert f"--scheduler {machines.address}: the connection to it was lost" in errors
    assert "Traceback" not in errors
    assert len(clips_of(film / "media")) == 1


def test_interrupted_it_ends_what_is_drawn_there(shared_machines, film, command):
    away_run = command(
        "render", "scenes/film.py:Slow", *SMALL, "--scheduler", shared_machines.address,
        start_new_session=True, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    _, pid = wait_for(lambda: slow_process(shared_machines))
    os.killpg(away_run.pid, signal.SIGINT)
    _, errors = away_run.communicate()
    assert (away_run.returncode, errors.splitlines()[-1]) == (130, "Interrupted.")
    assert "Traceback" not in errors
    wait_for(lambda: not is_alive(pid))
    wait_for(lambda: not list(shared_machines.folder.rglob("gradreel-*/written")))


def test_render_without_dask_or_a_scheduler_says_what_mends_it(project, gradreel, monkeypatch):
    plain = ("render", "my_scene.py:Plain", *SMALL, "--scheduler")
    monkeypatch.setattr("gradreel.scenes.render.workers.scheduler.CONNECT_SECONDS", 0.5)
    nobody = gradreel(*plain, "tcp://127.0.0.1:1")
    assert (nobody.exit_code, nobody.stdout) == (2, "")
    assert nobody.stderr.startswith("Error: --scheduler tcp://127.0.0.1:1: no scheduler answers there")
    monkeypatch.setitem(sys.modules, "distributed", None)
    lacking = gradreel(*plain, "tcp://127.0.0.1:1")
    assert (lacking.exit_code, "pip install 'gradreel[cluster]'" in lacking.stderr) == (2, True)


# -- what is sent ------------------------------------------------------------------------------------------------------


def parcel_of(film: Path, job: ClipJob) -> away.Parcel:
    return parcels._parcel("render_clip", job, None, "topic", content_digest)


def job_of(film: Path, class_name: str, parameters=None, traces=()) -> ClipJob:
    source = resolve(f"scenes/film.py:{class_name}")
    request = SceneRequest(source, RenderSettings(media_dir=film / "media"), parameters or {})
    shown = dict.fromkeys(request.parameters, "its digest")
    return ClipJob(request, film / "media/clips", {"traces": shown}, film, film, traces)


def test_a_scene_travels_with_its_modules_assets_settings_and_traces(film, tmp_path_factory):
    for folder in ("media/traces/abc", "runs/mine", "elsewhere/other"):
        (film / folder).mkdir(parents=True)
        (film / folder / "meta.json").write_text(folder)
        (film / folder / "kept.npy").write_bytes(folder.encode())
    (film / "media/traces/abc.time.json").write_text("{}")
    (film / "media/traces/unshown").mkdir()
    job = job_of(
        film, "Made", {"run": {"seed": 1}, "near": "runs/mine", "far": f"{film}/elsewhere/other"},
        traces=(film / "media/traces/abc",),
    )  # fmt: skip
    parcel = parcel_of(film, job)
    names = {Path(path).relative_to(film).as_posix() for path in parcel.files}
    own = {"scenes/film.py", "scenes/shapes/ring.py", "scenes/size.txt", "manim.cfg"}
    folders = ("media/traces/abc", "runs/mine", "elsewhere/other")
    of_traces = {f"{folder}/{name}" for folder in folders for name in ("meta.json", "kept.npy")}
    assert names == own | of_traces | {"media/traces/abc.time.json"}

    there = tmp_path_factory.mktemp("there")
    (store := there / "store").mkdir()
    for path, digest in parcel.files.items():
        (store / digest).write_bytes(Path(path).read_bytes())
    place = away._Place(there)
    place.lay_out(parcel, store)
    moved = place.job(parcel).request
    assert moved.source.file == place.at(film / "scenes/film.py")
    for name, path in own_files(moved.source).items():
        assert path.read_bytes() == (film / "scenes" / name).read_bytes()
    assert (moved.settings.media_dir / "traces/abc/kept.npy").read_bytes() == b"media/traces/abc"
    assert moved.parameters["run"] == {"seed": 1}
    assert moved.parameters["near"] == "runs/mine", "the scene may show it; it is played where it is relative to"
    assert (place.at(parcel.folder) / "runs/mine/meta.json").read_text() == "runs/mine"
    assert (Path(moved.parameters["far"]) / "meta.json").read_text() == "elsewhere/other"
    (place.at(film / "scenes/size.txt")).write_text("changed")
    assert (store / content_digest(film / "scenes/size.txt")).read_text() == "0.5", "a scene writes to its own copy"


def test_our_scenes_are_played_from_the_workers_own_gradreel(film, tmp_path_factory):
    request = SceneRequest(resolve("build-curve"), RenderSettings(media_dir=film / "media"))
    parcel = parcel_of(film, ClipJob(request, film, {}, film, film))
    assert [Path(path).name for path in parcel.files] == ["manim.cfg"]
    assert not parcel.job.request.source.file.is_absolute()
    assert away._Place(tmp_path_factory.mktemp("there")).job(parcel).request.source == request.source


def test_variables_that_a_scene_reads_are_those_of_its_owner(film, tmp_path_factory, monkeypatch):
    job = replace(job_of(film, "Made"), parts={"environment": {"PAUSE": "0.4", "SLEEP": None}})
    parcel = replace(parcel_of(film, job), search=("/lib/mine",))
    monkeypatch.setenv("PAUSE", "9")
    monkeypatch.setenv("SLEEP", "9")
    monkeypatch.setenv("PYTHONPATH", "/lib/theirs")
    place = away._Place(tmp_path_factory.mktemp("there"))
    found = place.environment(parcel)
    assert (found["PAUSE"], found.get("SLEEP")) == ("0.4", None)
    assert found["PYTHONPATH"] == f"{place.at('/lib/mine')}{os.pathsep}/lib/theirs"


def test_what_is_another_there_is_named(film, monkeypatch):
    job = job_of(film, "Slow")
    same = parts_now({**job.parts, "narration": {}}, job.request) | common_parts()
    away_process.check_same(replace(job, parts=same))
    code = {**same["code"], "gradreel/scenes/style.py": "another"}
    planned = {**same, "code": code, "drawing": "another", "configuration": "another",
               "versions": {**same["versions"], "manim": "0.0.1", "gone": "1.0"}}  # fmt: skip
    with pytest.raises(UserError) as refused:
        away_process.check_same(replace(job, parts=planned))
    manim = same["versions"]["manim"]
    for words in ("gradreel/scenes/style.py", f"manim is 0.0.1 here and {manim} there",
                  "gone is 1.0 here and not installed there", "gradreel's renderer", "manim.cfg"):  # fmt: skip
        assert words in str(refused.value)


def failing(error: Exception) -> Connection:
    """A connection to a scheduler where every task comes to this."""
    task = Future()
    task.set_exception(error)
    return Connection(SimpleNamespace(submit=lambda function, pure: task), "tcp://x:1", 1)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (CancelledError(), "the connection to it was lost"),
        (
            ModuleNotFoundError("…", name="gradreel.scenes.render.workers.away"),
            "its workers lack gradreel.scenes.render.workers.away",
        ),
        (AttributeError("no 'draw' on <module 'gradreel.scenes.render.workers.away'>"), "have another gradreel"),
        (RuntimeError("Error during deserialization of the task graph. This"), "the same gradreel where it runs"),
    ],
)
def test_failures_of_the_cluster_are_told_in_words(error, words):
    with pytest.raises(UserError, match="--scheduler tcp://x:1: ") as told:
        failing(error).result(print)
    assert words in str(told.value)


@pytest.mark.parametrize("error", [RuntimeError("mine"), AttributeError("mine"), UserError("mine")])
def test_what_a_task_raises_is_raised_as_it_is(error):
    with pytest.raises(type(error), match="mine") as raised:
        failing(error).result(print)
    assert raised.value is error


class Cluster:
    """In the place of a client: tasks come to ``results`` one after the other, calls on workers to ``answers``."""

    def __init__(self, results, answers=()) -> None:
        self.results, self.answers = list(results), list(answers)
        self.tasks: list[tuple] = []

    def subscribe_topic(self, topic, hear) -> None:
        self.hear = hear

    def submit(self, function, parcel, **where) -> Future:
        self.tasks.append((parcel, where.get("workers")))
        task = Future()
        result = self.results.pop(0)
        task.set_result(result(self, parcel) if callable(result) else result)
        return task

    def run(self, function, *arguments, workers):
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return {workers[0]: answer}


def drawn_by(cluster: Cluster, film: Path, listeners: Listeners = QUIET):
    drawers = parcels.ClusterDrawers(cluster, "tcp://x:1", 1, Workspace(film / "media"))
    drawers._workspace.run.mkdir(parents=True)
    return drawers._drawn("render_clip", job_of(film, "Slow"), None, listeners)


def test_what_a_worker_has_drawn_and_is_lost_with_is_drawn_again(film):
    (film / "picture").write_bytes(b"0123456789")
    drawn = away.Drawn("a", "result", ("folder",), {"folder/picture": (content_digest(film / "picture"), 10)})
    again = Cluster([drawn, drawn, drawn], [OSError("gone"), None, b"0123456789", None])
    folder, result = drawn_by(again, film)
    assert (result, len(again.tasks)) == ("result", 3)
    assert (folder / "folder/picture").read_bytes() == b"0123456789"
    damaged = Cluster([drawn], [b"0123456780"])
    with pytest.raises(UserError, match="folder/picture came back damaged from a"):
        drawn_by(damaged, film)
    lost = Cluster([drawn] * 4, [OSError("gone")] * 4)
    with pytest.raises(UserError, match="4 workers were lost with this, one after the other"):
        drawn_by(lost, film)


def test_a_worker_that_was_sent_what_it_lacked_is_asked_again_and_a_refusal_is_told(film):
    nothing = away.Drawn("a", "result", (), {})
    digest = content_digest(film / "manim.cfg")
    lacking = away.Lacking("a", (digest,))
    sent = Cluster([lacking, nothing], [(digest,), None, None])
    drawn_by(sent, film)
    assert [near for _, near in sent.tasks] == [None, ["a"]]
    by_another = Cluster([lacking, nothing], [(), None])
    drawn_by(by_another, film)
    assert [near for _, near in by_another.tasks] == [None, None], "whoever sent it comes first there"
    refused = Cluster([lacking], [(digest,), "it cannot be kept there: No space left on device"])
    with pytest.raises(UserError, match=r"manim.cfg could not be sent to a: .* No space left on device"):
        drawn_by(refused, film)


def test_a_file_that_a_scene_opens_is_sent_and_one_that_is_nowhere_is_its_error(film):
    nothing = away.Drawn("a", "result", (), {})
    here, nowhere = str(film / "data/places.csv"), str(film / "nowhere")
    error = UserError("it raised")
    found = Cluster([away.Wanted((nowhere, here), error), nothing], [None])
    drawn_by(found, film)
    assert here not in found.tasks[0][0].files
    assert found.tasks[1][0].files[here] == content_digest(film / "data/places.csv")
    with pytest.raises(UserError, match="it raised"):
        drawn_by(Cluster([away.Wanted((nowhere,), error)]), film)
    with pytest.raises(UserError, match="it raised"):  # it was there, and that was not it
        drawn_by(Cluster([away.Wanted((here,), error)] * 2), film)


def test_a_file_that_a_scene_does_without_there_and_not_here_is_sent(film):
    (film / "description").write_text(json.dumps({"files": {"../data/places.csv": MISSING, "nowhere": MISSING}}))
    digest, size = content_digest(film / "description"), (film / "description").stat().st_size
    without = away.Drawn("a", "without", (), {"clip.json": (digest, size)})
    whole = away.Drawn("a", "whole", (), {})
    cluster = Cluster([without, whole], [(film / "description").read_bytes(), None, None])
    assert drawn_by(cluster, film)[1] == "whole"
    assert str(film / "data/places.csv") in cluster.tasks[1][0].files
    as_here = Cluster([without], [(film / "description").read_bytes(), None])
    (film / "data/places.csv").unlink()
    assert drawn_by(as_here, film)[1] == "without"


def test_files_of_a_folder_that_a_scene_looks_through_are_sent_once(film):
    description = film / "description"
    description.write_text(json.dumps({"files": {"../data": listing_digest(film)}}))
    digest, size = content_digest(description), description.stat().st_size
    less = away.Drawn("a", "less", (), {"clip.json": (digest, size)})
    cluster = Cluster([less, less], [description.read_bytes(), None, description.read_bytes(), None])
    assert drawn_by(cluster, film)[1] == "less", "nothing more could be sent the second time"
    (first, _), (second, _) = cluster.tasks
    assert set(second.files) - set(first.files) == {str(film / "data/places.csv")}
    error = UserError("it raised")
    found = Cluster([away.Wanted((str(film / "data"),), error), away.Drawn("a", "result", (), {})], [None])
    drawn_by(found, film)
    assert str(film / "data/places.csv") in found.tasks[1][0].files


def test_the_folders_in_a_folder_that_a_scene_looks_through_are_there_too(film, tmp_path_factory):
    (film / "data/more").mkdir()
    (film / "data/more/inner.csv").write_text("1")
    description = film / "description"
    description.write_text(json.dumps({"files": {"../data": MISSING}}))
    drawn = away.Drawn("a", "all", (), {"clip.json": (content_digest(description), description.stat().st_size)})
    cluster = Cluster([drawn, drawn], [description.read_bytes(), None, description.read_bytes(), None])
    assert drawn_by(cluster, film)[1] == "all"
    parcel = replace(cluster.tasks[1][0], files={})
    assert parcel.folders == (str(film / "data"), str(film / "data/more"))
    place = away._Place(tmp_path_factory.mktemp("there"))
    place.lay_out(parcel, film)
    assert place.at(film / "data/more").is_dir()
    assert "media/" not in names_in(place.at(film)), "it does not count here"


@pytest.mark.parametrize(
    ("here", "there", "fault"),
    [
        ("mine", "mine", ""),
        (None, MISSING, ""),
        ("mine", "theirs", "another file than here"),
        ("mine", MISSING, "not there"),
        (None, "theirs", "there, and not here"),
    ],
)
def test_a_file_of_the_workers_own_must_be_what_is_here(film, tmp_path_factory, here, there, fault):
    """Which a scene opens by an absolute path. One that was sent has been what was here then."""
    own = tmp_path_factory.mktemp("elsewhere") / "own.csv"
    if there != MISSING:
        own.write_text(there)
    digest = MISSING if there == MISSING else content_digest(own)
    own.unlink(missing_ok=True)
    if here is not None:
        own.write_text(here)
    place = away._Place(tmp_path_factory.mktemp("there"))
    description = place.written / "clip.json"
    names = [os.path.relpath(own, place.at(film / "scenes")), "sizes.txt", "<here>/data/places.csv"]
    description.write_text(json.dumps({"files": dict(zip(names, (digest, "sent", "sent"), strict=True))}))
    content, opened = description.read_bytes(), place.opened(parcel_of(film, job_of(film, "Slow")))
    drawn = away.Drawn("tcp://w:1", "result", (), {"clip.json": (content_digest(description), len(content))}, opened)
    cluster = Cluster([drawn], [content, None])
    if fault:
        with pytest.raises(OwnFileError, match=rf'slow opens {own}, .* worker tcp://w:1 is {fault}: .* asset\("…"\)'):
            drawn_by(cluster, film)
        return
    folder, _ = drawn_by(cluster, film)
    files = json.loads((folder / "clip.json").read_text())["files"]
    assert files == {
        os.path.relpath(own, film / "scenes"): digest,
        "sizes.txt": "sent",
        "<here>/data/places.csv": "sent",
    }


def test_what_one_of_our_scenes_opened_there_has_the_name_that_it_has_here(film, tmp_path_factory):
    source = resolve("build-curve")
    parcel = parcel_of(
        film, ClipJob(SceneRequest(source, RenderSettings(media_dir=film / "media")), film, {}, film, film)
    )
    place = away._Place(tmp_path_factory.mktemp("there"))
    name = os.path.relpath(place.at(film / "runs/mine/kept.npy"), source.file.parent)
    (place.written / "clip.json").write_text(json.dumps({"files": {name: "sent"}}))
    assert name_as_here(place.written, place.opened(parcel), source) == {}
    files = json.loads((place.written / "clip.json").read_text())["files"]
    assert files == {os.path.relpath(film / "runs/mine/kept.npy", source.file.parent): "sent"}


def test_files_that_may_be_at_fault_are_told_by_the_paths_that_they_have_here(film, tmp_path_factory):
    place = away._Place(tmp_path_factory.mktemp("there"))
    error = UserError(f"{place.at(film / 'data/places.csv')} is no table")
    tell_files(error, [str(place.at(film / "data/places.csv")), "/elsewhere/own.csv"])
    moved = place.as_at_owners(error, SimpleNamespace(name="a", address="tcp://a:1"))
    assert str(moved) == f"{film}/data/places.csv is no table"
    assert files_told(moved) == (f"{film}/data/places.csv", "/elsewhere/own.csv")


def test_what_is_told_of_a_scene_begins_once_and_ends_with_it(film):
    heard = []
    listeners = Listeners(lambda: heard.append("begun"), lambda *done: heard.append(done), heard.append)

    def draws(cluster, parcel):
        for kind, value in (("progress", (0, 0)), ("progress", (0, 0)), ("progress", (5, 0)), ("told", "words")):
            cluster.hear((0.0, {"task": parcel.task, "kind": kind, "value": value}))
        cluster.hear((0.0, {"task": "another", "kind": "told", "value": "nothing of ours"}))
        return away.Drawn("a", parcel.task, (), {})

    cluster = Cluster([draws], [None])
    _, task = drawn_by(cluster, film, listeners)
    cluster.hear((0.0, {"task": task, "kind": "progress", "value": (6, 0)}))
    assert heard == ["begun", (5, 0), "words"]


# -- what a worker keeps -----------------------------------------------------------------------------------------------


@pytest.fixture
def worker(tmp_path):
    return SimpleNamespace(local_directory=str(tmp_path))


def send(worker, file: Path, size: int, digest: str | None = None) -> list[str | None]:
    content, digest = file.read_bytes(), digest or content_digest(file)
    chunks = [content[place : place + size] for place in range(0, len(content), size)] or [b""]
    return [
        away.put("token", digest, number, chunk, number == len(chunks) - 1, dask_worker=worker)
        for number, chunk in enumerate(chunks)
    ]


@pytest.mark.parametrize("content", [b"", b"0123456789", b"0123456789abcde"])
def test_files_travel_in_chunks_there_and_back(worker, tmp_path, monkeypatch, content):
    monkeypatch.setattr(away, "CHUNK", 10)
    (file := tmp_path / "file").write_bytes(content)
    digest = content_digest(file)
    assert away.lacking([digest, digest], dask_worker=worker) == (digest,)
    assert set(send(worker, file, 10)) == {None}
    assert away.lacking([digest], dask_worker=worker) == ()
    chunks = [away.take(digest, number, dask_worker=worker) for number in range(-(-len(content) // 10))]
    assert b"".join(chunks) == content
    away.drop([digest], dask_worker=worker)
    assert away.take(digest, 0, dask_worker=worker) is None


def test_a_file_that_changed_on_the_way_is_not_kept(worker, tmp_path):
    (file := tmp_path / "file").write_bytes(b"new")
    *_, refused = send(worker, file, 2, digest="0" * 24)
    assert "changed while it was sent" in refused
    assert not list((tmp_path / away.STORE).iterdir())


def test_files_that_nothing_is_drawn_from_are_forgotten(worker, tmp_path):
    for name in ("old", "used", "new"):
        (tmp_path / name).write_text(name)
        send(worker, tmp_path / name, 10)
    digests = {name: content_digest(tmp_path / name) for name in ("old", "used", "new")}
    for name in ("old", "used"):
        long_ago = time.time() - away.FORGOTTEN_SECONDS - 1
        os.utime(tmp_path / away.STORE / digests[name], (long_ago, long_ago))
    assert away.lacking([digests["used"]], dask_worker=worker) == ()
    send(worker, tmp_path / "new", 10)
    assert set(away.lacking(digests.values(), dask_worker=worker)) == {digests["old"]}
