"""Real renders in real worker processes, tiny ones."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
import srt
from gradreel.core.errors import UserError
from gradreel.core.trace.trace import Trace
from gradreel.render import pipeline, still_files
from gradreel.render.lessons.selection import load_lesson
from gradreel.render.settings import RenderSettings
from gradreel.render.stages import SceneError
from gradreel.render.workers.progress import Reporter
from PIL import Image

pytestmark = pytest.mark.usefixtures("quick_workers")


class Heard(Reporter):
    """A reporter that stores tasks, frames and messages."""

    def __init__(self) -> None:
        self.tasks: list[str] = []
        self.frames: dict[str, int] = {}

    def begin(self, task: str, total: int, unit: str) -> None:
        self.tasks.append(task)

    def advance(self, task: str, done: int, total: int = 0) -> None:
        self.frames[task] = done


@pytest.fixture
def settings(tmp_path) -> RenderSettings:
    return RenderSettings(width=96, height=54, fps=10, jobs=2, media_dir=tmp_path / "media")


def frames_of(path: Path, pixel_format: str = "rgb24") -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format=pixel_format) for frame in container.decode(video=0)]


def test_a_lesson_becomes_one_video_and_is_rendered_once(user_folder, write_lesson, settings):
    file = write_lesson(user_folder, "Plain", "Dots", "Still", "Moving")
    heard = Heard()
    video = pipeline.render_lesson(load_lesson(file), settings, heard)
    assert video == settings.media_dir / "videos" / "film" / "54p10" / "film.mp4"
    assert sorted(heard.tasks) == ["dots", "join", "moving", "plain", "still"]
    manifest = json.loads((video.parent / "manifest.json").read_text())
    scenes = {scene["name"]: scene for scene in manifest["scenes"]}
    lengths = {name: scene["end"] - scene["start"] for name, scene in scenes.items()}
    assert lengths["plain"] == pytest.approx(0.9)  # 0.5 s played and 0.4 s waited
    assert lengths["still"] == pytest.approx(1.0)  # plays nothing: one second of its picture
    assert lengths["moving"] == pytest.approx(0.4)
    with av.open(str(video)) as container:
        stream = container.streams.video[0]
        assert stream.frames == manifest["frames"] == round(10 * sum(lengths.values()))
        assert float(stream.duration * stream.time_base) == pytest.approx(manifest["seconds"])
        chapters = [
            (chapter["metadata"]["title"], float(chapter["start"] * chapter["time_base"]))
            for chapter in container.chapters()
        ]
        assert [title for title, _ in chapters] == ["Plain", "Dots", "Still", "Moving"]
        assert [start for _, start in chapters] == pytest.approx([scene["start"] for scene in manifest["scenes"]])
        assert [stream.language for stream in container.streams.subtitles] == ["eng"]
    beats = scenes["dots"]["beats"]
    assert [beat["name"] for beat in beats] == ["first", "move-1", "move-2"]
    assert beats[0]["start"] == scenes["dots"]["start"]
    assert [beat["end"] for beat in beats[:-1]] == [beat["start"] for beat in beats[1:]]
    entries = list(srt.parse((video.parent / "film.en.srt").read_text()))
    assert [entry.content for entry in entries] == ["A dot appears.", "It moves, time 1.", "It moves, time 2."]
    assert entries[0].start.total_seconds() == pytest.approx(beats[0]["start"])
    assert (video.parent / "film.en.vtt").exists()
    assert not (video.parent / "film.zh.vtt").exists()
    with Image.open(video.with_suffix(".jpg")) as poster:
        assert poster.size == (96, 54)

    before = video.read_bytes()
    again = Heard()
    assert pipeline.render_lesson(load_lesson(file), settings, again) == video
    assert (again.tasks, video.read_bytes()) == ([], before)
    changed = load_lesson(file, {"dots": {"count": 1}})
    assert [(clip.scene, clip.why) for clip in pipeline.plan_lesson(changed, settings).out_of_date] == [
        ("dots", "parameter count changed")
    ]
    assert not list((settings.media_dir / ".gradreel" / "temporary").iterdir())


def test_a_scene_that_raises_shows_its_lines_and_the_others_are_kept(user_folder, write_lesson, settings):
    lesson = load_lesson(write_lesson(user_folder, "Plain", "Broken", "Killed"))
    with pytest.raises(SceneError) as caught:
        pipeline.render_lesson(lesson, settings)
    message = str(caught.value)
    assert "broken raised an error" in message
    assert 'raise ValueError("a mistake of mine")' in message
    assert "my_scenes.py" in message
    assert "site-packages" not in message
    assert "render" not in message
    assert "killed: its process was killed" in message
    assert caught.value.exit_code == 1
    assert not (settings.media_dir / "videos").exists()
    plan = pipeline.plan_lesson(lesson, settings)
    assert [clip.scene for clip in plan.out_of_date] == ["broken", "killed"]


def test_of_named_scenes_those_that_do_not_raise_are_published_and_reported(user_folder, settings):
    lesson = load_lesson(None, {}, ["my_scenes.py:Plain", "my_scenes.py:Broken", "my_scenes.py:Still"])
    for _ in range(2):  # the second time they are up to date
        told: list[str] = []
        reporter = Reporter()
        reporter.say = told.append  # type: ignore[method-assign]
        with pytest.raises(SceneError, match="broken raised an error"):
            pipeline.render_scenes(lesson, settings, reporter)
        files = sorted((settings.media_dir / "videos").rglob("*.mp4"))
        assert [file.stem for file in files] == ["plain", "still"]
        assert told == [f"made: {file}" for file in files]


SHARED = """
from manim import Scene, SVGMobject, Text

class One(Scene):
    def construct(self):
        self.add(Text("the same words"), *(SVGMobject("disc.svg") for _ in range(20)))
        self.wait(0.2)

class Two(One):
    pass
"""


def test_scenes_drawn_side_by_side_may_show_the_same_texts_and_drawings(user_folder, settings):
    (user_folder / "shared.py").write_text(SHARED)
    disc = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"><circle cx="5" cy="5" r="4"/></svg>'
    (user_folder / "disc.svg").write_text(disc)
    lesson = load_lesson(None, {}, ["shared.py:One", "shared.py:Two"])
    for again in range(3):
        fresh = replace(settings, media_dir=user_folder / f"media-{again}", jobs=2)
        one, two = pipeline.render_scenes(lesson, fresh)
        assert one.stat().st_size == two.stat().st_size
    assert sorted(file.name for file in user_folder.glob("*.svg")) == ["disc.svg"]


@pytest.mark.parametrize("written", ["[CLI\n", "[CLI]\nquality = none\n", "[CLI]\nframe_rate = abc\n"])
def test_a_manim_cfg_that_manim_cannot_read_is_the_users_mistake(written, user_folder, settings):
    (user_folder / "manim.cfg").write_text(written)
    with pytest.raises(UserError, match=r"cannot start with your manim\.cfg"):
        pipeline.render_scenes(load_lesson(None, {}, ["my_scenes.py:Plain"]), settings)


def test_a_clip_is_stored_under_the_code_that_it_was_made_from(user_folder, settings):
    """A file is saved after the plan was made: the clip is of the new code, and must not pass for one of the old."""
    lesson = load_lesson(None, {}, ["my_scenes.py:Plain"])
    old = (user_folder / "my_scenes.py").read_text()
    new = old.replace("self.wait(0.4)", "self.wait(0.8)")

    class SavesNow(Reporter):
        def detail(self, message: str) -> None:
            (user_folder / "my_scenes.py").write_text(new)

    (video,) = pipeline.render_scenes(lesson, settings, SavesNow())
    assert len(frames_of(video)) == 13
    assert pipeline.plan_lesson(lesson, settings).out_of_date == ()
    (user_folder / "my_scenes.py").write_text(old)
    assert [clip.why for clip in pipeline.plan_lesson(lesson, settings).out_of_date] == ["code of my_scenes.py changed"]


def test_a_clip_that_another_run_removes_meanwhile_is_planned_again(user_folder, write_lesson, settings):
    frames = len(frames_of(pipeline.render_lesson(load_lesson(write_lesson(user_folder, "Plain")), settings)))
    (description,) = (settings.media_dir / "clips").glob("*.json")

    class TakesAway(Reporter):
        def detail(self, message: str) -> None:
            if message.startswith("still: "):
                description.unlink()  # to make the clip anew: a file that it was made of has changed

    video = pipeline.render_lesson(load_lesson(write_lesson(user_folder, "Plain", "Still")), settings, TakesAway())
    assert description.exists()
    assert len(frames_of(video)) == frames + 10


def test_some_beats_only(user_folder, settings):
    lesson = load_lesson(None, {"dots": {"count": 3}}, ["my_scenes.py:Dots"])
    asked = replace(settings, first_beat="move-1", last_beat="move-2")
    (video,) = pipeline.render_scenes(lesson, asked)
    assert video == settings.media_dir / "videos" / "my_scenes" / "54p10" / "dots--move-1--move-2.mp4"
    entries = list(srt.parse(video.with_name("dots--move-1--move-2.en.srt").read_text()))
    assert [entry.content for entry in entries] == ["It moves, time 1.", "It moves, time 2."]
    assert entries[0].start.total_seconds() == 0
    frames = frames_of(video)
    assert len(frames) == round(10 * entries[-1].end.total_seconds())
    assert frames[0].max() > 128, "the dot of the beat before is there"
    with pytest.raises(UserError, match=r"-n move-9: .*no such beats.*first, move-1, move-2, move-3"):
        pipeline.render_scenes(lesson, replace(settings, first_beat="move-9"))
    with pytest.raises(UserError, match="no such beats in that order"):
        pipeline.render_scenes(lesson, replace(settings, first_beat="move-2", last_beat="first"))
    with pytest.raises(UserError, match="name the scene"):
        pipeline.render_lesson(lesson, asked)


@pytest.mark.parametrize(
    ("file_format", "transparent"), [("webm", True), ("mov", True), ("gif", False), ("png-sequence", True)]
)
def test_formats_of_single_scenes(user_folder, settings, file_format, transparent):
    lesson = load_lesson(None, {}, ["my_scenes.py:Plain"])
    (made,) = pipeline.render_scenes(lesson, replace(settings, format=file_format, transparent=transparent))
    if file_format == "png-sequence":
        files = sorted(made.iterdir())
        assert len(files) == 9
        with Image.open(files[-1]) as image:
            assert (image.getpixel((48, 27))[3], image.getpixel((2, 2))[3]) == (255, 0)
    else:
        assert made.suffix == f".{file_format}"
        assert len(frames_of(made)) == 9
    if file_format == "mov":
        assert frames_of(made, "rgba")[-1][2, 2, 3] == 0
    if file_format == "gif":
        with pytest.raises(UserError, match="name scenes"):
            pipeline.render_lesson(lesson, replace(settings, format="gif"))


def test_stills_last_frames_and_findings(user_folder, write_lesson, settings):
    lesson = load_lesson(write_lesson(user_folder, "Dots", "Plain"))
    stills = still_files.render_stills(lesson, settings)
    names = {scene: [file.name for file in files] for scene, files in stills.pictures.items()}
    assert names == {"dots": ["first.png", "move-1.png", "move-2.png"], "plain": ["01-fade-in.png"]}
    assert stills.pictures["dots"][0] == settings.media_dir / "images" / "film" / "dots" / "first.png"
    with Image.open(stills.sheet) as sheet:
        assert sheet.width > 2 * 96
    last, plain = still_files.render_last_frames(lesson, replace(settings, transparent=True, format="mov"))
    assert last == settings.media_dir / "images" / "film" / "dots.png"
    with Image.open(plain) as image:
        assert (image.getpixel((48, 27))[3], image.getpixel((2, 2))[3]) == (255, 0)
    output = user_folder / "picture.png"
    with pytest.raises(UserError, match="2 scenes"):
        still_files.render_last_frames(lesson, settings, None, output)
    findings, paces = pipeline.check_lesson(lesson, settings)
    assert isinstance(findings, list)
    assert [pace.beat for pace in paces if pace.language == "en"] == ["first", "move-1", "move-2"]


def test_a_run_is_trained_shown_and_followed_by_the_picture(user_folder, settings):
    lesson = load_lesson(None, {}, ["my_scenes.py:Shows"])
    plan = pipeline.plan_lesson(lesson, settings)
    assert [run.shown_by for run in plan.runs] == [{"shows": "run"}]
    (first,) = pipeline.render_scenes(lesson, settings)
    (trace,) = [folder for folder in (settings.media_dir / "traces").iterdir() if folder.is_dir()]
    assert Trace.open(trace).n_updates == 3
    assert pipeline.plan_lesson(lesson, settings).out_of_date == ()
    shown = frames_of(first)[-1]
    other = load_lesson(None, {"shows": {"run": {"seed": 1}}}, ["my_scenes.py:Shows"])
    (second,) = pipeline.render_scenes(other, settings)
    assert not np.array_equal(frames_of(second)[-1], shown), "another run, another picture"


@pytest.mark.parametrize(
    ("parameters", "named"),
    [({"count": 0}, "dots.count"), ({"cuont": 2}, "no parameter 'cuont'"), ({"count": "many"}, "dots.count")],
)
def test_wrong_parameters_are_named_before_anything_is_rendered(user_folder, settings, parameters, named):
    lesson = load_lesson(None, {"dots": parameters}, ["my_scenes.py:Dots"])
    with pytest.raises(UserError, match=named):
        pipeline.render_scenes(lesson, settings)
    assert not list((settings.media_dir / "clips").iterdir())


def test_a_description_lists_the_parameters(user_folder, settings):
    lesson = load_lesson(
        None, {"dots": {"count": 7}}, ["my_scenes.py:Dots", "my_scenes.py:Plain", "my_scenes.py:Shows"]
    )
    _, (dots, plain, shows) = pipeline.inspect_lesson(lesson, settings)
    assert dots.parameters == {"count": 7}
    (row,) = dots.rows
    assert (row.name, row.type, row.default, row.bounds) == ("count", "int", "2", "≥ 1, ≤ 9")
    assert dots.beats == ("first", "move-{k + 1}")
    assert (plain.is_lecture_scene, plain.rows) == (False, ())
    assert "run.learning_rate" in [row.name for row in shows.rows]
    assert shows.experiments["run"].epochs == 3
    assert not settings.media_dir.exists(), "looking makes nothing"


RENDER = """
import sys
from pathlib import Path
from gradreel.render import pipeline
from gradreel.render import still_files
from gradreel.render.lessons.selection import load_lesson
from gradreel.render.settings import RenderSettings

if __name__ == "__main__":
    lesson = load_lesson(None, {}, ["my_scenes.py:Plain", "my_scenes.py:Slow"])
    pipeline.render_scenes(lesson, RenderSettings(width=96, height=54, fps=10, jobs=2, media_dir=Path("media")))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_run_that_is_stopped_leaves_no_half_file_and_no_process(user_folder, settings, number, session_lives):
    (user_folder / "render.py").write_text(RENDER)
    run = subprocess.Popen([sys.executable, "render.py"], stderr=subprocess.DEVNULL, start_new_session=True)
    for _ in range(3600):  # a busy machine starts two processes slowly
        if (user_folder / "started").exists() and list((settings.media_dir / "clips").glob("*.json")):
            break
        if run.poll() is not None:
            pytest.fail(f"it ended by itself, with {run.returncode}")
        time.sleep(0.05)
    else:
        run.kill()
        run.wait()
        pytest.fail("the slow scene did not start")
    run.send_signal(number)
    assert run.wait(60) != 0
    for _ in range(100):
        if not session_lives(run.pid):
            break
        time.sleep(0.05)
    else:
        pytest.fail("a worker outlived its parent")
    assert not (settings.media_dir / "videos").exists()
    lesson = load_lesson(None, {}, ["my_scenes.py:Plain"])
    assert [clip.why for clip in pipeline.plan_lesson(lesson, settings).out_of_date] == [], "the finished clip is kept"
    pipeline.render_scenes(lesson, settings)
    assert list((settings.media_dir / ".gradreel" / "temporary").iterdir()) == []
    assert len(list((settings.media_dir / "clips").iterdir())) == 2


FOREIGN = """
from gradreel.scenes.base import LectureScene


class Foreign(LectureScene):
    def construct(self):
        with self.beat("greeting", say="Say שלום."):
            pass
"""


def test_letters_that_burned_subtitles_lack_are_named_once_before_the_scene_is_drawn(user_folder, settings):
    (user_folder / "foreign.py").write_text(FOREIGN, encoding="utf-8")
    lesson = load_lesson(None, {}, ["foreign.py:Foreign"])
    events: list[str] = []
    reporter = Reporter()
    reporter.say = events.append  # type: ignore[method-assign]
    reporter.begin = lambda task, total, unit: events.append(unit)  # type: ignore[method-assign]
    pipeline.render_scenes(lesson, replace(settings, burned="en"), reporter)
    named = [place for place, event in enumerate(events) if "שלום" in event]
    assert len(named) == 1
    assert "foreign/greeting" in events[named[0]]
    assert named[0] < events.index("frames")
