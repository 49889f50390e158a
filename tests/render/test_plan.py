from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from gradreel.core.errors import TraceError
from gradreel.core.experiment import Experiment
from gradreel.render.clips import toolchain
from gradreel.render.clips.clip_files import keep_clip
from gradreel.render.clips.plan import Clip, plan
from gradreel.render.clips.workspace import Folders
from gradreel.render.settings import RenderSettings
from gradreel.render.stages import ClipFile, SceneDescription, SceneRequest
from gradreel.scenes.catalog import resolve
from gradreel.scenes.words import narration

LINES = """
[dots]
title = "Dots"
[dots.beats]
first = "A dot appears."
[dots.screen]
heading = "Dots"
[plain.beats]
first = "Another scene."
"""


@pytest.fixture
def narration_folder(tmp_path, monkeypatch):
    folder = tmp_path / "narration"
    folder.mkdir()
    for language in ("en", "zh"):
        (folder / f"{language}.toml").write_text(LINES, encoding="utf-8")
    load = narration.Narration.load
    monkeypatch.setattr(narration.Narration, "load", lambda languages: load(languages, folder))
    return folder


@pytest.fixture
def clip_of(user_folder, narration_folder, tmp_path):
    """The plan's clip of ``Dots`` for some parameters, settings and experiments."""
    description = SceneDescription("dots", "", {}, (), {}, (), is_lecture_scene=True)

    def planned(parameters=None, experiments=None, **settings) -> Clip:
        settings = RenderSettings(media_dir=tmp_path / "media", **settings)
        described = replace(description, parameters=parameters or {}, experiments=experiments or {})
        request = SceneRequest(resolve("my_scenes.py:Dots"), settings)
        (clip,) = plan([request], [described], Folders(settings.media_dir)).clips
        return clip

    return planned


def make(clip: Clip) -> None:
    """As if the clip had been rendered."""
    assert clip.path is not None
    folder = clip.path.parent
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "made").write_text("frames")
    content = {"scene": "dots", "parts": clip.parts, "files": {}, "made": 1.0}
    keep_clip(folder / "made", ClipFile(clip.path, 90, 30, (), 1.0), folder, content)


def test_a_clip_is_rendered_once(clip_of):
    first = clip_of()
    assert (first.up_to_date, first.why) == (False, "not rendered yet")
    make(first)
    assert (clip_of().up_to_date, clip_of().why) == (True, "")
    assert clip_of(jobs=5).up_to_date


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"parameters": {"count": 3}}, "parameter count changed"),
        ({"fps": 30}, "fps changed"),
        ({"theme": "light"}, "theme changed"),
        ({"width": 640, "height": 360}, "height, width changed"),
        ({"first_beat": "first"}, "first_beat changed"),
    ],
)
def test_each_setting_and_parameter_is_another_clip_and_is_named(clip_of, changes, why):
    make(clip_of())
    changed = clip_of(**changes)
    assert (changed.up_to_date, changed.why) == (False, why)
    make(changed)
    assert clip_of().up_to_date, "the old clip is still there"


def test_another_language_changes_words_and_says_so(clip_of, narration_folder):
    make(clip_of())
    assert clip_of(language="zh").why == "language changed"


def test_code_of_the_users_is_another_clip(clip_of, user_folder):
    make(clip_of())
    (user_folder / "helper.py").write_text("TIME = 0.5  # seconds\n")
    assert clip_of().up_to_date
    (user_folder / "helper.py").write_text("TIME = 0.7\n")
    assert clip_of().why == "code of helper.py changed"


def test_a_word_of_the_same_length_is_the_same_clip(clip_of, narration_folder):
    make(clip_of())
    file = narration_folder / "en.toml"
    file.write_text(LINES.replace("A dot appears.", "A pot appears."))
    assert clip_of().up_to_date
    file.write_text(LINES.replace("Another scene.", "Another scene, whose line takes much longer to be read now."))
    assert clip_of().up_to_date
    file.write_text(LINES.replace("A dot appears.", "A dot appears on the screen, and it takes its time to do so."))
    assert clip_of().why == "narration changed"
    file.write_text(LINES.replace('heading = "Dots"', 'heading = "Pots"'))
    assert clip_of().why == "narration changed", "words on the picture count by letter"


def test_versions_and_manims_configuration_count(clip_of, monkeypatch, user_folder):
    make(clip_of())
    (user_folder / "manim.cfg").write_text("[CLI]\nbackground_color = WHITE\n")
    assert clip_of().why == "manim.cfg changed"
    (user_folder / "manim.cfg").unlink()
    known = toolchain.drawing_versions()
    monkeypatch.setattr(toolchain, "drawing_versions", lambda: known | {"manim": "0.22.9"})
    assert clip_of().why == "version of manim changed"


def test_a_clip_without_its_description_or_file_is_not_there(clip_of):
    clip = clip_of()
    make(clip)
    clip.path.unlink()
    assert clip_of().why == "its file is gone or damaged"
    make(clip)
    clip.path.with_suffix(".json").unlink()
    assert not clip_of().up_to_date
    clip.path.with_suffix(".json").write_text("{ half")
    assert not clip_of().up_to_date


def test_an_earlier_clip_tells_how_many_frames_to_expect(clip_of):
    reading = clip_of(fps=60).expected_frames / 60
    assert 1 <= reading < 2, "14 characters"
    make(clip_of())  # 90 frames at 30 a second
    assert clip_of(fps=10).expected_frames == 30


def test_a_run_that_is_not_recorded_is_to_be_trained_once(clip_of, tmp_path):
    experiment = Experiment(epochs=3)
    clip = clip_of(experiments={"run": experiment, "same": experiment})
    assert (clip.up_to_date, clip.path) == (False, None)
    assert "training run" in clip.why


def test_a_damaged_trace_is_an_error_that_names_it(clip_of, tmp_path):
    experiment = Experiment(epochs=3)
    trace: Path = tmp_path / "media" / "traces" / experiment.digest
    trace.mkdir(parents=True)
    (trace / "meta.json").write_text("{}")
    with pytest.raises(TraceError, match=experiment.digest):
        clip_of(experiments={"run": experiment})


def test_words_that_several_scenes_show_count_for_those_that_draw_them(clip_of, narration_folder, user_folder):
    file = narration_folder / "en.toml"
    shared = '[part-map.screen]\nloss = "Loss"\n'
    file.write_text(LINES + shared)
    make(clip_of())
    file.write_text(LINES + shared.replace('"Loss"', '"The loss"'))
    assert clip_of().up_to_date, "it draws no map"
    drawing = user_folder / "helper.py"
    drawing.write_text(drawing.read_text() + "def heading(scene):\n    return scene.screen_of('part-map')('loss')\n")
    make(clip_of())
    assert clip_of().up_to_date
    file.write_text(LINES + shared)
    assert clip_of().why == "narration changed"
