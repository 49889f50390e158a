"""How long a plan will take, by clips and trainings that were timed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from gradreel.core.experiment import Experiment
from gradreel.core.network.training import train
from gradreel.core.trace.training_times import note_training
from gradreel.render.clips.clip_files import store_clip
from gradreel.render.clips.plan import Clip, Plan, Run, earlier_clips
from gradreel.render.clips.workspace import Folders
from gradreel.render.pipeline import _longest_first
from gradreel.render.settings import RenderSettings
from gradreel.render.stages import ClipFile, SceneRequest
from gradreel.render.videos.estimates import estimates
from gradreel.render.workers.groups import Group
from gradreel.scenes.catalog import SceneSource


@pytest.fixture
def folders(tmp_path) -> Folders:
    return Folders(tmp_path)


def clip(scene: str, frames: int, up_to_date: bool = False) -> Clip:
    source = SceneSource(scene, scene.title(), Path(__file__), "")
    request = SceneRequest(source, RenderSettings(width=200, height=100))
    return Clip(request, {}, {}, None, "" if up_to_date else "it is new", frames)


def timed(
    folders: Folders, scene: str, size: tuple[int, int], seconds: float, made: float = 1.0, frames: int = 100
) -> None:
    """A clip that took so long."""
    folders.clips.mkdir(exist_ok=True)
    settings = RenderSettings(width=size[0], height=size[1], fps=10).of_frames()
    parts = {"scene": scene, "class": scene, "traces": {}, "settings": settings}
    (folders.clips / "made").write_text("frames")
    result = ClipFile(folders.clips / f"{scene}{size[0]}{made}.mp4", frames, 10, (), seconds)
    content = {"scene": scene, "parts": parts, "dependencies": {}, "made": made}
    store_clip(folders.clips / "made", result, folders.clips, content)


def test_without_anything_timed_the_estimate_is_by_a_table_and_says_so(folders):
    found = estimates(Plan((), (clip("dots", 50), clip("long", 5000))), folders, jobs=1)
    assert 0 < found.rendering["dots"] < found.rendering["long"] < 5000
    assert found.seconds == pytest.approx(sum(found.rendering.values()))
    assert "nothing has been rendered here yet" in found.guessed
    nothing = estimates(Plan((), (clip("dots", 50, up_to_date=True),)), folders, jobs=2)
    assert (nothing.rendering, nothing.seconds, nothing.guessed) == ({}, 0.0, ())


def test_the_tables_estimate_of_the_lecture_matches_two_cores(folders):
    lecture = [replace(clip(f"s{k}", 23 * 60 * 60 // 27)) for k in range(27)]  # 23 minutes at 60 frames a second
    size = RenderSettings.of_quality("h")
    clips = tuple(replace(one, request=replace(one.request, settings=size)) for one in lecture)
    assert 6 * 60 < estimates(Plan((), clips), folders, jobs=2).seconds < 3 * 15 * 60


def test_lines_to_be_spoken_count_in_the_estimate(folders):
    plan = Plan((), (clip("dots", 50),), unspoken={"en": 100, "zh": 100})
    silent, spoken = (estimates(one, folders, 2) for one in (replace(plan, unspoken={}), plan))
    assert spoken.seconds > silent.seconds + 20


def test_measured_times_are_no_guess_but_a_scene_of_unknown_length_is(folders):
    timed(folders, "dots", (200, 100), 10.0)
    assert estimates(Plan((), (clip("new", 100),)), folders, 1).guessed == ()
    unknown = estimates(Plan((), (clip("new", 0),)), folders, 1)
    assert unknown.guessed and unknown.seconds > 0


def test_a_scene_at_4k_is_not_expected_to_take_twenty_times_as_long_a_frame_as_at_480p(folders):
    timed(folders, "dots", (854, 480), 7.9)  # as measured, with 98 s for four times the frames at 4K
    request = SceneRequest(clip("dots", 0).request.source, RenderSettings.of_quality("k"))
    found = estimates(Plan((), (replace(clip("dots", 400), request=request),)), folders, 1).seconds
    assert 98 / 2 < found < 98 * 2


def test_a_scenes_estimate_follows_its_frames_and_pixels(folders):
    timed(folders, "dots", (100, 50), 5.0)  # a quarter of the pixels: 0.05 s a frame there, 0.1 s here
    assert estimates(Plan((), (clip("dots", 50),)), folders, 1).rendering == {"dots": pytest.approx(5.0)}
    timed(folders, "dots", (200, 100), 40.0)
    timed(folders, "dots", (100, 50), 99.0, made=2.0)
    assert estimates(Plan((), (clip("dots", 50),)), folders, 1).rendering == {"dots": pytest.approx(20.0)}, "this size"


def test_an_unknown_scene_counts_like_others_and_workers_share_the_clips(folders):
    timed(folders, "dots", (200, 100), 10.0)
    timed(folders, "rings", (200, 100), 30.0)
    plan = Plan((), (clip("new", 100), clip("dots", 100), clip("rings", 100)))
    found = estimates(plan, folders, 2)
    assert found.rendering == {"new": pytest.approx(20.0), "dots": pytest.approx(10.0), "rings": pytest.approx(30.0)}
    assert found.seconds == pytest.approx(30.0), "20 and 10 beside 30"
    assert estimates(plan, folders, 1).seconds == pytest.approx(60.0)


def test_clips_of_a_frame_or_two_say_little_of_a_long_scene(folders):
    timed(folders, "long", (200, 100), 20.0, frames=999)
    timed(folders, "still", (200, 100), 1.0, frames=1)
    assert estimates(Plan((), (clip("new", 1000),)), folders, 1).seconds == pytest.approx(21.0)


def test_the_clips_that_take_longest_begin_first(folders):
    timed(folders, "short", (200, 100), 10.0)
    timed(folders, "long", (200, 100), 30.0)
    clips = (clip("short", 100), clip("new", 100), clip("long", 100))
    assert _longest_first(clips, earlier_clips(folders.clips)) == ["long", "new", "short"]
    assert _longest_first((clip("few", 10), clip("many", 20)), []) == ["many", "few"], "by their frames"


def test_a_trainings_estimate_follows_the_work_of_other_runs(folders):
    known, asked = Experiment(hidden=(2,), epochs=20), Experiment(hidden=(2,), epochs=400)
    plan = Plan((Run(asked, {"dots": "run"}, folders.traces / asked.digest),), ())
    assert estimates(plan, folders, 1).seconds > 0 and estimates(plan, folders, 1).guessed
    train(known, folders.traces)
    note_training(folders.traces, known, 3.0, known.n_updates)
    ratio = Group((asked,)).cost / Group((known,)).cost
    assert ratio > 10
    assert estimates(plan, folders, 1).seconds == pytest.approx(3.0 * ratio)
    short = Experiment(hidden=(2,), epochs=1)
    train(short, folders.traces)
    note_training(folders.traces, short, 1.0, short.n_updates)
    assert 3.0 * ratio < estimates(plan, folders, 1).seconds < 4.0 * ratio, "begins as slowly as any, and says little"
    note_training(folders.traces, asked, 7.0, asked.n_updates)  # its trace was removed, the time is still known
    assert estimates(plan, folders, 1).training == {asked.digest: pytest.approx(7.0)}
