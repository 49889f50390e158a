"""title: the motif is the recorded run."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from gradreel.core.errors import TraceError
from gradreel.core.experiment import Experiment
from gradreel.core.theta import predict
from gradreel.core.training import train
from gradreel.scenes.base import SceneContext
from gradreel.scenes.layout import check_scene
from gradreel.scenes.lecture.opening import Title
from gradreel.scenes.stills import beat_frames, visit_beats

TINY = (320, 180)
SHORT = Experiment(epochs=300)
OTHER = Experiment(epochs=300, seed=5)


@pytest.fixture(scope="module")
def media(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("media")
    for run in (SHORT, OTHER):
        train(run, folder / "traces")
    return folder


def last_curve(scene, _beat, seen):
    motif = scene.motif
    points = np.array([motif.plot.data(p) for p in [*motif.blue.get_start_anchors(), motif.blue.get_end()]])
    run, dataset = motif.run, motif.run.experiment.dataset
    recorded = predict(run.experiment, run.parameters[-1], (points[:, 0] - dataset.offset)[:, None])
    seen.append(float(np.abs(points[:, 1] - recorded).max()))


def test_the_curve_ends_on_the_last_recorded_state(media):
    seen: list[float] = []
    context = SceneContext(media_dir=media)
    visit_beats(Title, lambda scene, beat: last_curve(scene, beat, seen), {"run": SHORT}, context, TINY)
    assert seen[-1] < 1e-9
    assert seen[0] > 0.1  # at the first beat's end it still is the random start


def test_another_run_is_another_picture(media):
    context = SceneContext(media_dir=media)
    one, other = (beat_frames(Title, {"run": run}, context, TINY)[-1] for run in (SHORT, OTHER))
    assert (one.pixels != other.pixels).any()


@pytest.mark.parametrize("text", ["Costs $5 and $10", "$", "$$x^2$$ #let *a* \\$ _b_ @c <d>"])
def test_a_users_words_are_shown_as_they_are(media, text):
    shown: list[int] = []
    parameters = {"run": SHORT, "title": text, "subtitle": text, "credit": text}
    context = SceneContext(media_dir=media)
    visit_beats(Title, lambda scene, _: shown.extend(map(len, scene.texts)), parameters, context, TINY)
    assert set(shown) == {len(text.replace(" ", ""))}  # a glyph a character


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("title", [None, "A very long title that a lecturer gave without thinking of the room"])
def test_layout_holds(media, language, title):
    found: list[str] = []
    context = SceneContext(media_dir=media, language=language)
    parameters = {"run": SHORT, "title": title}
    visit_beats(Title, lambda scene, beat: found.extend(map(str, check_scene(scene, beat))), parameters, context, TINY)
    assert found == []


def test_a_damaged_trace_is_not_shown(media, tmp_path):
    folder = shutil.copytree(media / "traces", tmp_path / "traces") / SHORT.digest
    column = folder / "parameters.npy"
    content = bytearray(column.read_bytes())
    content[-9] ^= 1  # one bit of one number
    column.write_bytes(content)
    with pytest.raises(TraceError, match=r"parameters\.npy|parameters"):
        visit_beats(Title, lambda *_: None, {"run": SHORT}, SceneContext(media_dir=tmp_path), TINY)
