"""Tests of a trace that a parameter names by its path, from the option to the clip."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from gradreel.core.errors import TraceError, UserError
from gradreel.core.experiment import Experiment
from gradreel.core.network.training import train
from gradreel.render.clips.dependencies import key_of
from gradreel.render.clips.fingerprint import description_parts
from gradreel.render.clips.plan import plan
from gradreel.render.clips.workspace import Folders
from gradreel.render.frames.describe import describe
from gradreel.render.settings import RenderSettings
from gradreel.render.stages import SceneRequest
from gradreel.scenes.base import LectureScene, SceneContext
from gradreel.scenes.catalog import resolve
from gradreel.scenes.lecture.any_run.loss_curve import LossCurve
from gradreel.scenes.lecture.curves.sum_of_sigmoids import SumOfSigmoids
from gradreel.scenes.lecture.opening.title import Title
from gradreel.scenes.lecture.optimization.gradient_descent import GradientDescent
from gradreel.scenes.stills import visit_beats
from gradreel.scenes.trace_folder import TraceFolder

MINE = """
from gradreel.scenes.lecture.any_run.loss_curve import LossCurve
from gradreel.scenes.trace_folder import TraceFolder


class Mine(LossCurve):
    class Parameters(LossCurve.Parameters):
        trace: TraceFolder | None = TraceFolder("runs/mine")
"""


@pytest.fixture
def project(loops, tmp_path, monkeypatch) -> Path:
    """A folder that the command is run in, with a recording in runs/mine."""
    shutil.copytree(loops / "sgd", tmp_path / "runs" / "mine")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def request(project: Path, **parameters) -> SceneRequest:
    settings = RenderSettings.of_quality("l", media_dir=project / "media")
    return SceneRequest(resolve("loss-curve"), settings, parameters)


def planned(request: SceneRequest):
    description = describe(LossCurve, request)
    return plan([request], [description], Folders(request.settings.media_dir))


def test_videos_of_two_traces_are_two_files_and_so_are_their_pictures(project, loops):
    """A trace's name is in the file's: a second run's video does not take the place of the first's."""
    for other in ("runs/b", "runs-b/c", "runs/b-c"):
        shutil.copytree(project / "runs" / "mine", project / other)
    stems = {}
    for folder in ("runs/mine", "./runs/../runs/b", str(project / "runs/b"), "runs-b/c", "runs/b-c"):
        (clip,) = planned(request(project, trace=folder)).clips
        stems[folder] = clip.file_stem
    assert list(stems.values()) == [
        "loss-curve--runs--mine", "loss-curve--runs--b", "loss-curve--runs--b",
        "loss-curve--runs-b--c", "loss-curve--runs--b-c",
    ]  # fmt: skip
    (plain,) = planned(request(project)).clips
    assert plain.file_stem == "loss-curve"


@pytest.mark.parametrize(
    ("folder", "message"),
    [
        ("runs/none", r"loss-curve\.trace: .*/runs/none does not exist"),
        ("runs/file", r"/runs/file is a file"),
        ("runs", r"meta\.json is missing"),
        ("", "needed: the folder of a trace, such as runs/mine"),
        (7, "needed: the folder of a trace"),
    ],
)
def test_a_missing_trace_is_named(project, folder, message):
    (project / "runs" / "file").write_text("x")
    with pytest.raises(UserError, match=message):
        LossCurve.validated({"trace": folder})


def test_a_damaged_recording_is_not_shown(project):
    losses = project / "runs/mine/batch_loss.npy"
    content = bytearray(losses.read_bytes())
    content[-3] ^= 1
    losses.write_bytes(content)
    with pytest.raises(TraceError, match=r"batch_loss\.npy is damaged"):
        visit_beats(LossCurve, lambda scene, beat: None, {"trace": "runs/mine"}, SceneContext(media_dir=project))


def test_a_trace_set_by_its_folder_is_described_and_nothing_is_trained(project):
    description = describe(LossCurve, request(project, trace="runs/mine"))
    (row,) = (row for row in description.rows if row.name == "trace")
    assert row.type == "folder of a trace | none"
    assert "recorded around a loop of torch.nn.modules.container.Sequential, 120 updates of 49 param" in row.description
    assert (description.experiments, description.traces) == ({}, {"trace": "runs/mine"})
    assert description.parameters["trace"] == "runs/mine"
    made = planned(request(project, trace="runs/mine"))
    assert made.runs == () and made.clips[0].runs_recorded
    assert len(planned(request(project)).runs) == 1


def test_another_recording_at_the_same_path_is_another_clip(project, loops):
    asked = request(project, trace="runs/mine")
    before, described = planned(asked).clips[0], description_parts(asked)
    assert key_of(planned(asked).clips[0].parts) == key_of(before.parts)
    shutil.rmtree(project / "runs/mine")
    shutil.copytree(loops / "adam", project / "runs/mine")
    after = planned(asked).clips[0]
    assert key_of(after.parts) != key_of(before.parts)
    assert {name for name in after.parts if after.parts[name] != before.parts[name]} == {"traces"}
    assert key_of(description_parts(asked)) != key_of(described)


def test_our_own_run_can_be_named_by_its_path_too(project, play):
    trace = train(Experiment(epochs=12), project / "traces")
    for scene, first in ((LossCurve, "axes"), (GradientDescent, "floor")):
        assert play(scene, until=first, trace=trace.path).beats == [first]


def test_a_derived_scene_has_the_words_of_its_base_scene(project):
    class Mine(LossCurve):
        class Parameters(LossCurve.Parameters):
            trace: TraceFolder | None = TraceFolder("runs/mine")

    class Alone(LectureScene):
        pass

    beats = []
    visit_beats(Mine, lambda scene, beat: beats.append(beat), None, SceneContext(media_dir=project), (320, 180))
    assert beats[-1] == "end"
    assert [found.narrated_as(Mine().words_of) for found in (Mine, LossCurve, Alone)] == [
        "loss-curve",
        "loss-curve",
        "alone",
    ]


def test_plain_manim_renders_the_scene(project):
    (project / "mine.py").write_text(MINE)
    small = ["-s", "-r", "160,90", "--media_dir", "out", "--progress_bar", "none"]
    subprocess.run([sys.executable, "-m", "manim", "render", *small, "mine.py", "Mine"], check=True)
    (picture,) = (project / "out").rglob("*.png")
    from PIL import Image

    with Image.open(picture) as image:
        assert np.ptp(np.asarray(image.convert("L"))) > 100


@pytest.mark.parametrize(("scene", "name"), [(Title, "title"), (SumOfSigmoids, "sum-of-sigmoids")])
def test_scenes_that_draw_a_curve_refuse_other_data_in_words(scene, name):
    with pytest.raises(UserError, match=f'{name} draws the curve .* needs a dataset of kind "curve", not daily views'):
        scene.validated({"run": {"dataset": {"kind": "daily views"}}})


def test_a_clip_is_stale_when_what_was_computed_beside_its_trace_has_changed(project):
    keys = []
    for content in (None, "{}", "{ }", "x" * (1 << 25)):
        if content is not None:
            (project / "runs/mine/decision_regions.json").write_text(content)
        (clip,) = planned(request(project, trace="runs/mine")).clips
        keys.append(key_of(clip.parts))
    assert len(set(keys)) == len(keys)
