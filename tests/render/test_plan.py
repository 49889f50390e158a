from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from gradreel.core.errors import TraceError
from gradreel.core.experiment import Experiment
from gradreel.render.clips import toolchain
from gradreel.render.clips.clip_files import new_description, store_clip
from gradreel.render.clips.dependencies import Dependencies
from gradreel.render.clips.file_digest import file_state
from gradreel.render.clips.fingerprint import languages_of
from gradreel.render.clips.ownership import name_beside
from gradreel.render.clips.plan import Clip, plan
from gradreel.render.clips.workspace import Folders
from gradreel.render.settings import RenderSettings
from gradreel.render.stages import BeatSpan, ClipFile, SceneDescription, SceneRequest
from gradreel.scenes.catalog import resolve
from gradreel.scenes.words import narration
from gradreel.scenes.words.narration import Narration, NarrationError, ScreenWord

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


def make(clip: Clip, *screen: ScreenWord) -> Path:
    """As if the clip had been rendered, by a scene that says one line and shows the words ``screen``."""
    folder, source = Folders(clip.request.settings.media_dir).clips, clip.request.source
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "made").write_text("frames")
    modules = (source.file, source.file.with_name("helper.py"))
    files = {name_beside(file, source): str(file_state(file, is_code=True)) for file in modules}
    lines = Narration.load(languages_of(clip.request)).lines("dots", "first").with_marks
    beat = BeatSpan("first", 0, 90, lines, {}, from_narration=True)
    dependencies = Dependencies(files=files, screen=screen)
    path = folder / f"{dependencies.name_with(clip.parts, lines)}.mp4"
    store_clip(folder / "made", ClipFile(path, 90, 30, (beat,), 1.0), folder, new_description(clip, dependencies))
    return path


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
def test_each_changed_setting_or_parameter_is_another_clip_and_is_named(clip_of, changes, why):
    make(clip_of())
    changed = clip_of(**changes)
    assert (changed.up_to_date, changed.why) == (False, why)
    make(changed)
    assert clip_of().up_to_date, "the old clip is still there"


def test_another_language_is_another_clip_named_by_its_words(clip_of, narration_folder):
    make(clip_of())
    assert clip_of(language="zh").why == "language changed"


def test_changed_user_code_is_another_clip(clip_of, user_folder):
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


def test_a_removed_line_is_a_reason_and_no_error(clip_of, narration_folder):
    make(clip_of())
    (narration_folder / "en.toml").write_text(LINES.replace("first =", "renamed ="))
    assert clip_of().why == "narration changed"


def test_versions_and_manims_configuration_count(clip_of, monkeypatch, user_folder):
    make(clip_of())
    (user_folder / "manim.cfg").write_text("[CLI]\nbackground_color = WHITE\n")
    assert clip_of().why == "manim.cfg changed"
    (user_folder / "manim.cfg").unlink()
    versions = toolchain.drawing_versions()
    monkeypatch.setattr(toolchain, "drawing_versions", lambda: versions | {"manim": "0.22.9"})
    assert clip_of().why == "version of manim changed"


def test_a_clip_without_its_description_or_file_does_not_exist(clip_of):
    path = make(clip_of())
    path.unlink()
    assert clip_of().why == "its file is gone or damaged"
    assert make(clip_of()) == path
    path.with_suffix(".json").unlink()
    assert not clip_of().up_to_date
    path.with_suffix(".json").write_text("{ half")
    assert not clip_of().up_to_date


def test_an_earlier_clip_tells_how_many_frames_to_expect(clip_of):
    reading = clip_of(fps=60).expected_frames / 60
    assert 1 <= reading < 2, "14 characters"
    make(clip_of())  # 90 frames at 30 a second
    assert clip_of(fps=10).expected_frames == 30


def test_a_run_without_a_trace_is_trained_once(clip_of, tmp_path):
    experiment = Experiment(epochs=3)
    clip = clip_of(experiments={"run": experiment, "same": experiment})
    assert (clip.up_to_date, clip.path, clip.runs_recorded) == (False, None, False)
    assert "training run" in clip.why


def test_a_damaged_trace_is_an_error_that_names_it(clip_of, tmp_path):
    experiment = Experiment(epochs=3)
    trace: Path = tmp_path / "media" / "traces" / experiment.digest
    trace.mkdir(parents=True)
    (trace / "meta.json").write_text("{}")
    with pytest.raises(TraceError, match=experiment.digest):
        clip_of(experiments={"run": experiment})


def test_words_on_the_picture_count_by_letter_for_the_clips_that_show_them(clip_of, narration_folder):
    file = narration_folder / "en.toml"
    shared = '[part-map.screen]\nloss = "Loss"\n'
    file.write_text(LINES + shared)
    make(clip_of())
    file.write_text(LINES + shared.replace('"Loss"', '"The loss"'))
    assert clip_of().up_to_date, "it draws no map"
    make(clip_of(theme="light"), ("en", "part-map", "loss", "The loss"))
    assert clip_of(theme="light").up_to_date
    file.write_text(LINES + shared)
    assert clip_of(theme="light").why == "narration changed"
    file.write_text(LINES)
    assert clip_of(theme="light").why == "narration changed", "the words are gone"


def test_a_new_word_on_the_picture_counts_if_it_was_looked_up(clip_of, narration_folder):
    file = narration_folder / "en.toml"
    general = '[part-map.screen]\nloss = "Loss"\n'
    file.write_text(LINES + general)
    make(clip_of(), ("en", "part-map", "loss-2", "Loss"), ("en", "part-map", "gain", None))
    assert clip_of().up_to_date
    for added in ('loss-2 = "The second"\n', 'gain = "Gain"\n'):
        file.write_text(LINES + general + added)
        assert clip_of().why == "narration changed"


def test_a_scene_records_each_word_that_it_looked_up_in_any_language(narration_folder):
    words = Narration.load(("en", "zh"))
    with pytest.raises(NarrationError):
        words.screen("dots", "gone", "en")
    key, text = next(iter(words.scenes["zh"]["dots"]["screen"].items()))
    words.screen("dots", key, "zh")
    assert words.looked_up == (("en", "dots", "gone", None), ("zh", "dots", key, text))


def test_an_older_clip_counts_again_when_its_code_is_back(clip_of, user_folder):
    helper, first = user_folder / "helper.py", make(clip_of())
    code = helper.read_text()
    helper.write_text(code + "B = 1\n")
    second = make(clip_of())
    assert clip_of().path == second != first
    helper.write_text(code)
    assert clip_of().path == first
    helper.write_text(code + "B = 1\n")
    assert clip_of().path == second
