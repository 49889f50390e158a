"""``self.add_sound("click.wav")``: from the scene that adds it to the video in which it is heard."""

from __future__ import annotations

import json
import re
import wave
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from gradreel.core.errors import UserError
from gradreel.render import pipeline
from gradreel.render.clips.clip_files import intact_description
from gradreel.render.lessons.selection import load_lesson
from gradreel.render.settings import RenderSettings
from gradreel.render.workers.progress import Reporter

pytestmark = pytest.mark.usefixtures("quick_workers")

RATE = 48_000
SCENES = """
import shutil
from pathlib import Path
from gradreel.scenes.base import LectureScene
from manim import Scene


class Clicks(Scene):
    def construct(self):
        self.wait(0.5)
        self.add_sound("click.wav")
        self.wait(0.5)
        self.add_sound("click", time_offset=-0.25, gain=-20)
        self.wait(0.2)


class Later(Scene):
    def construct(self):
        self.wait(0.4)
        self.add_sound("click.wav", 0.12)
        self.wait(0.4)


class Silent(Scene):
    def construct(self):
        self.wait(0.4)


class Beats(LectureScene):
    def construct(self):
        for name in ("one", "two"):
            with self.beat(name, say="Now."):
                self.add_sound("click.wav")
                self.wait(0.4)


class Before(Scene):
    def construct(self):
        self.add_sound("click.wav", -0.1)


class Missing(Scene):
    def construct(self):
        self.wait(0.2)
        self.add_sound("nowhere.wav")


class Gone(Scene):
    def construct(self):
        shutil.copy("click.wav", "copy.wav")
        self.add_sound("copy.wav")
        self.wait(0.2)
        Path("copy.wav").unlink()


class Twice(Scene):
    def construct(self):
        for k in range(2):
            Path("made.wav").write_bytes(Path("click.wav").read_bytes() + b"0" * 2 * k)
            self.add_sound("made.wav")
"""


class Heard(Reporter):
    """A reporter that stores its messages."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, message: str) -> None:
        self.said.append(message)


def write_click(file: Path, rate: int = RATE) -> Path:
    click = 20_000 * np.exp(-np.arange(600) / 60) * np.cos(np.arange(600) / 4)
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(click.astype("<i2").tobytes())
    return file


@pytest.fixture
def render(tmp_path, monkeypatch):
    """Return ``render("Clicks", …)``, which returns videos; ``render.said``: messages, ``render.clip()``: the clip."""
    (tmp_path / "scenes.py").write_text(SCENES)
    write_click(tmp_path / "click.wav")
    monkeypatch.chdir(tmp_path)
    settings = RenderSettings(width=64, height=36, fps=10, media_dir=tmp_path / "media")

    def run(*scenes: str, **options: object) -> list[Path]:
        heard = Heard()
        lesson = load_lesson(None, {}, [f"scenes.py:{scene}" for scene in scenes])
        run.said = heard.said
        return pipeline.render_scenes(lesson, replace(settings, **options), heard)

    def clip() -> Path:
        (found,) = settings.media_dir.glob("clips/*.json")
        return found

    run.settings, run.clip, run.said = settings, clip, []
    return run


def clicks_in(video: Path) -> list[tuple[float, float]]:
    """Seconds at which a click begins, and how loud it is."""
    with av.open(str(video)) as container:
        if not container.streams.audio:
            return []
        sound = np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)[0]
    found = []
    loud = np.flatnonzero(np.abs(sound) > 0.02)
    while len(loud):
        found.append((round(float(loud[0]) / RATE, 2), float(np.abs(sound[loud[0] : loud[0] + 600]).max())))
        loud = loud[loud > loud[0] + 2400]
    return found


def test_sounds_are_heard_when_they_were_added_and_as_loud(render):
    (video,) = render("Clicks")
    (first, loud), (second, soft) = clicks_in(video)
    assert (first, second) == (0.5, 0.75)
    assert 20 * np.log10(soft / loud) == pytest.approx(-20, abs=3)  # of what the codec leaves of a click
    described = json.loads(render.clip().read_text())
    assert [(sound["file"], sound["frame"], sound["offset"], sound["gain"]) for sound in described["sounds"]] == [
        ("<here>/click.wav", 5, 0, 0),
        ("<here>/click.wav", 10, -0.25, -20),
    ]
    assert described["dependencies"]["files"]["<here>/click.wav"] == described["sounds"][0]["digest"]
    with av.open(str(render.clip().with_suffix(".mp4"))) as clip:
        assert len(clip.streams) == 1


def test_a_lesson_has_all_of_them_in_its_place_and_the_same_bytes_whatever_j(render, tmp_path):
    tables = "\n".join(f'[[scene]]\nname = "scenes.py:{scene}"' for scene in ("Clicks", "Silent", "Later"))
    (tmp_path / "film.toml").write_text(f'title = {{ en = "A film" }}\n{tables}\n')
    videos = []
    for jobs in (1, 3):
        settings = replace(render.settings, jobs=jobs, media_dir=tmp_path / f"media{jobs}")
        videos.append(pipeline.render_lesson(load_lesson(tmp_path / "film.toml"), settings))
    assert [begins for begins, _ in clicks_in(videos[0])] == [0.5, 0.75, 2.12]
    assert videos[0].read_bytes() == videos[1].read_bytes()
    (scene, silent, _) = json.loads((videos[0].parent / "manifest.json").read_text())["scenes"]
    assert [(sound["start"], sound["gain"]) for sound in scene["sounds"]] == [(0.5, 0), (0.75, -20)]
    assert "sounds" not in silent


def test_a_changed_sound_renders_clip_and_video_again_and_an_equal_one_neither(render):
    video, silent = render("Later", "Silent")
    with av.open(str(silent)) as container:
        assert container.streams.audio == ()
    written = video.stat().st_mtime_ns
    render("Later")
    assert video.stat().st_mtime_ns == written
    write_click(Path("click.wav"), RATE // 2)
    render("Later")
    assert video.stat().st_mtime_ns > written


def test_sounds_of_beats_before_the_range_are_left_out_with_one_message(render):
    (video,) = render("Beats", first_beat="two", last_beat="two")
    assert [begins for begins, _ in clicks_in(video)] == [0.0]
    assert render.said == ["beats: sounds (add_sound) that begin before the first beat asked for are left out"]


def test_a_format_without_sound_says_so_once(render):
    render("Later", format="gif")
    assert render.said == ["later: its sound is left out: gif has none; mp4, webm, mov have"]
    render("Later", format="gif")
    assert render.said == []


def test_a_sound_beyond_the_end_is_cut_with_one_message(render):
    with wave.open("click.wav", "wb") as out:
        out.setparams((1, 2, RATE, 0, "NONE", ""))
        out.writeframes(b"\0\x10" * 2 * RATE)
    (video,) = render("Clicks")
    assert render.said == [f"clicks: {Path('click.wav').absolute()}: cut at the end of the video"]
    with av.open(str(video)) as container:
        assert container.duration == 1_200_000


def test_unreadable_sounds_are_named_and_existing_files_stay(render):
    (video,) = render("Later")
    content = video.read_bytes()
    with pytest.raises(UserError) as caught:
        render("Later", "Missing", "Before", "Twice")
    for message in (
        r"missing: add_sound\('nowhere.wav'\): .*nowhere\.wav: there is no such file",
        r"before: add_sound\('click.wav'\) begins 0\.100 s before its scene",
        r"twice: add_sound\('made.wav'\): .*made\.wav has changed since it was added before",
    ):
        assert re.search(message, str(caught.value))
    assert video.read_bytes() == content


def test_a_sound_file_removed_by_its_scene_is_left_out_with_a_message(render):
    (video,) = render("Gone")
    assert clicks_in(video) == []
    (said,) = render.said
    assert "copy.wav is gone, so add_sound's sound is left out" in said


def test_a_description_with_an_odd_sound_does_not_count(render):
    render("Later")
    description = render.clip()
    content = json.loads(description.read_text())
    (sound,) = content["sounds"]
    clip = description.with_suffix(".mp4")
    for odd in ({"frame": -1}, {"frame": 10**10}, {"offset": 1e300}, {"gain": 1e300}, {"gain": None}, {"file": 5}):
        description.write_text(json.dumps(content | {"sounds": [sound | odd]}))
        assert intact_description(clip) is None
