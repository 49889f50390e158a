"""Tests that a cluster's answers and clips' descriptions cannot choose where files are written."""

from __future__ import annotations

import json
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from gradreel.core.datasets import CurveDataset
from gradreel.core.errors import UserError, printable
from gradreel.core.experiment import Experiment
from gradreel.core.network.training import train
from gradreel.render.clips.workspace import Workspace
from gradreel.render.cluster import answers as answers_of
from gradreel.render.cluster import client, connection, worker
from gradreel.render.cluster.answers import DrawnClip, Failure
from gradreel.render.frames.encode import ClipEncoder
from gradreel.render.settings import RenderSettings
from gradreel.render.stages import Clip, ClipFile, SceneRequest
from gradreel.render.workers.pool import Listeners
from gradreel.scenes.catalog import SceneSource
from hypothesis import example, given, settings
from hypothesis import strategies as st

QUIET = Listeners(lambda: None, lambda done, total: None, lambda text: None)
PATHS = st.sampled_from(
    ["/etc/passwd", "../../notes.txt", "..", "", "\0", "~/.bashrc", "x" * 5000, "films/own.mp4", "/dev/zero"]
)
NUMBERS = st.integers() | st.floats() | st.sampled_from([2**31, 2**70, -1, 0])
ODD = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(max_size=20) | PATHS,
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=5) | PATHS, inside, max_size=3),
    max_leaves=5,
)
BEAT = {"name": "b", "start": 0, "end": 2, "lines": {"en": "It is."}, "values": {}, "from_narration": False}
CLIP = {"frames": 3, "fps": 5, "beats": [BEAT], "wall_seconds": 1.0, "sounds": [], "opened": []}
SOUND = {"file": "/dev/zero", "digest": "d", "frame": 0, "offset": 0.0, "gain": 0.0}
OPENED = st.fixed_dictionaries({"path": PATHS, "by_name": st.booleans(), "digest": st.just("not there") | PATHS})
FIELDS = st.one_of(
    st.tuples(st.sampled_from([*CLIP, "path", "kind"]), ODD),
    st.tuples(st.just("opened"), st.lists(OPENED, min_size=1, max_size=2)),
    st.tuples(st.just("sounds"), st.builds(lambda odd: [SOUND | odd], st.dictionaries(st.sampled_from([*SOUND]), ODD))),
    st.tuples(st.just("beats"), st.lists(st.dictionaries(st.sampled_from([*BEAT, "path"]), ODD), min_size=1)),
    st.tuples(st.just("beats"), st.tuples(st.sampled_from(list(BEAT)), ODD).map(lambda odd: [BEAT | dict([odd])])),
)
SAID = st.builds(lambda changed: json.dumps(CLIP | dict([changed])), FIELDS)
FAILED = st.builds(
    lambda kind, message, files: json.dumps({"kind": kind, "message": message, "missing_files": files}),
    st.sampled_from(["UserError", "SceneError", "WorkerDiedError", "SystemExit"]), st.text(), st.lists(PATHS),
)  # fmt: skip
TEXTS = SAID | FAILED | st.just(json.dumps(CLIP)) | ODD.map(json.dumps) | st.text() | st.just("[" * 100_000)
FEW = settings(max_examples=60)


class Answers:
    """In the place of a client: every task comes to ``answer``."""

    answer: object = None

    def subscribe_topic(self, topic, hear) -> None:
        self.hear = hear

    def nthreads(self):
        return {"w": 1}

    def cancel(self, futures, force) -> None:
        pass

    def submit(self, *arguments, pure=False, key=None) -> Future:
        task: Future = Future()
        task.set_result(self.answer)
        return task


@pytest.fixture
def answers():
    return Answers()


@pytest.fixture
def drawn(tripwires, answers, monkeypatch):
    """``drawn(answer)``: what becomes of a clip that this answer came for; all it may write is that clip."""
    monkeypatch.setattr(client, "refreshed_parts", lambda parts, request: parts)
    (tripwires.folder / "film.py").write_text("")
    render = RenderSettings(width=64, height=36, fps=5, media_dir=tripwires.media)
    source = SceneSource("film", "Film", tripwires.folder / "film.py", "")
    parts = {"scene": "film", "class": "Film", "traces": {}, "settings": render.of_frames()}
    with Workspace(tripwires.media) as workspace:
        clip = Clip(SceneRequest(source, render), {}, parts, why="new")
        drawers = client.ClusterDrawers(answers, "tcp://x:1", 1, workspace)

        def draw(answer):
            answers.answer = answer
            before = tripwires.state([tripwires.media])
            try:
                result = drawers._draw_on_worker(clip, QUIET)
            except UserError as error:
                result = error
            assert tripwires.state([tripwires.media]) == before
            names = {file.suffix for file in workspace.clips.iterdir()}
            assert names == ({".mp4", ".json"} if isinstance(result, ClipFile) else set())
            for file in workspace.clips.iterdir():
                file.unlink()
            return result

        yield draw


@pytest.fixture(scope="session")
def video(tmp_path_factory):
    """The bytes of a clip of three frames of 64 x 36."""
    path = tmp_path_factory.mktemp("video") / "three.mp4"
    encoder = ClipEncoder(path, RenderSettings(width=64, height=36, fps=5))
    for _ in range(3):
        encoder.write(np.zeros((36, 64, 4), np.uint8))
    encoder.close()
    return path.read_bytes()


@FEW
@given(answer=st.tuples(TEXTS, st.lists(st.binary(max_size=50), max_size=2)) | ODD | st.tuples(ODD, ODD))
@example(answer=(json.dumps(CLIP), [b"no video"]))
@example(answer=(json.dumps(CLIP), [bytearray(b"no bytes")]))
def test_any_wrong_answer_for_a_clip_is_refused_with_a_message_and_nothing_is_kept(drawn, answer):
    assert isinstance(drawn(answer), UserError)


@FEW
@given(text=TEXTS)
def test_a_returned_clip_with_a_valid_video_is_kept_under_its_own_name_or_not_at_all(drawn, video, text):
    result = drawn((text, [video]))
    if isinstance(result, ClipFile):
        assert (result.frames, result.fps) == (3, 5)


def test_a_valid_clip_is_kept_and_one_of_another_length_or_request_is_not(drawn, video, tripwires):
    def said(**changed):
        return drawn((json.dumps(CLIP | changed), [video]))

    assert isinstance(said(), ClipFile)
    assert "a video of 3 frames of 64 x 36" in str(said(frames=4))
    opened = {"path": str(tripwires.home / "notes.txt"), "by_name": False, "digest": "not there"}
    assert "differs between its worker and this machine" in str(said(opened=[opened]))
    outside = {"path": "gradreel/../notes.txt", "by_name": False, "digest": "not there", "of_ours": True}
    assert "no file of ours" in str(said(opened=[outside]))
    assert isinstance(said(opened=[opened | {"path": "/nowhere"}]), ClipFile), "it is not there here, either"
    assert "a sound that its scene did not open" in str(said(sounds=[SOUND]))
    assert "path: Extra inputs are not permitted" in str(said(path="../../notes.txt"))
    assert "fps" in str(said(fps="5"))
    assert isinstance(drawn(("{}", [video])), UserError)


def test_a_run_whose_workers_answer_nonsense_ends_with_one_message(tripwires, answers, monkeypatch):
    @contextmanager
    def connected(address):
        yield answers

    monkeypatch.setattr(connection, "connected", connected)
    film = "from manim import Scene\n\n\nclass Film(Scene):\n    def construct(self):\n        self.wait()\n"
    (tripwires.folder / "film.py").write_text(film)
    answers.answer = ("../../notes.txt", [b"notes"])
    result = tripwires.run(
        "render", "film.py:Film", "-r", "64,36", "--scheduler", "tcp://x:1", "--progress_bar", "none"
    )
    assert result.exit_code == 1
    assert "--scheduler tcp://x:1: a worker's answer for film is wrong: it: Invalid JSON" in result.stderr


@FEW
@given(message=ODD | st.fixed_dictionaries({"task": ODD}, optional={"done": ODD, "total": ODD, "text": ODD}))
def test_whatever_a_worker_tells_meanwhile_is_taken_or_passed_over(answers, tmp_path, message):
    drawers = client.ClusterDrawers(answers, "tcp://x:1", 1, SimpleNamespace())
    said: list[str] = []
    drawers._listeners[""] = replace(QUIET, message=said.append)
    answers.hear((0.0, message))
    answers.hear((0.0, {"task": "", "text": "\x1b[2J"}))
    assert said[-1] == "\x1b[2J"


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """A run, and the files of its trace."""
    run = Experiment(dataset=CurveDataset(knots=((0, 0), (1, 1)), examples=5), epochs=2)
    trace = train(run, tmp_path_factory.mktemp("trained"))
    return run, [(trace.path / name).read_bytes() for name in worker.trace_files(run)]


@pytest.mark.parametrize("text", ['{"seconds": 1.0, "updates": 2}', '{"seconds": -1.0, "updates": 2}', "{}", "\0"])
@pytest.mark.parametrize("change", ["none", "short", "long", "another", "names"])
def test_a_trace_is_returned_whole_or_not_at_all(tripwires, answers, trained, text, change):
    run, files = trained
    files = {
        "none": files,
        "short": files[:-1],
        "long": [*files, b""],
        "another": [file.replace(b"e", b"f") for file in files],
        "names": dict.fromkeys(["../notes.txt", "/etc/passwd"], b""),
    }[change]
    with Workspace(tripwires.media) as workspace:
        trainers = client.ClusterTrainers(answers, "tcp://x:1", 1, workspace)
        before = tripwires.state([tripwires.media])
        if change == "none" and "1.0" in text and "-" not in text:
            assert trainers._store(run, (text, files), workspace.traces).error is None
            assert (workspace.traces / run.digest / "meta.json").is_file()
        else:
            with pytest.raises(UserError, match="a worker's answer for a trace is wrong"):
                trainers._store(run, (text, files), workspace.traces)
            assert not list(workspace.traces.glob("*/*"))
        assert tripwires.state([tripwires.media]) == before


def test_a_trace_of_another_run_is_refused(tripwires, answers, trained):
    run, files = trained
    other = run.model_copy(update={"seed": 1})
    with Workspace(tripwires.media) as workspace:
        trainers = client.ClusterTrainers(answers, "tcp://x:1", 1, workspace)
        with pytest.raises(UserError, match="it belongs to another run"):
            trainers._store(other, ('{"seconds": 1.0, "updates": 2}', files), workspace.traces)


def test_a_clips_description_cannot_choose_the_clips_path():
    counts = {"frames": 3, "fps": 5, "wall_seconds": 1.0}
    content = {"path": "../../somewhere.mp4", **counts, "beats": [], "sounds": [], "subcaptions": [], "emptied": []}
    clip = ClipFile.from_json(content, Path("media/clips/abc.mp4"))
    assert clip.path == Path("media/clips/abc.mp4")
    assert "path" not in clip.as_json()


@given(st.text(st.characters(), max_size=20))
def test_any_error_of_a_worker_is_reported_even_for_an_undecodable_file_name(name):
    told, _ = answers_of.parse(DrawnClip, (Failure.of(OSError(name), name, (name,)).model_dump_json(), []))
    assert isinstance(told, Failure)
    assert str(told.error()) == printable(name.encode(errors="replace").decode())
