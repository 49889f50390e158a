"""Manim's ``add_subcaption`` and ``subcaption=``: from the scene that passes them to the film's subtitles."""

from __future__ import annotations

import json
from pathlib import Path

import av
import pytest
import srt
from gradreel.core.errors import UserError
from gradreel.render.clips.clip_files import intact_description
from gradreel.render.workers.progress import Reporter

pytestmark = pytest.mark.usefixtures("quick_workers")

SCENES = """
from gradreel.scenes.base import LectureScene
from manim import Dot, FadeIn, Scene


class Captioned(Scene):
    def construct(self):
        self.add_subcaption("Here it waits.", duration=0.4)
        self.wait(0.5)
        self.play(FadeIn(Dot()), run_time=1, subcaption="A dot <appears> & stays.")
        self.play(FadeIn(Dot()), run_time=0.5, subcaption="Late.", subcaption_offset=0.2, subcaption_duration=9)


class Sections(Scene):
    def construct(self):
        self.wait(0.2)
        self.next_section("hidden", skip_animations=True)
        self.play(FadeIn(Dot()), run_time=1, subcaption="Nobody sees this.")
        self.next_section("shown")
        self.play(FadeIn(Dot()), run_time=0.6, subcaption="Everybody sees this.")


class Beats(LectureScene):
    def construct(self):
        with self.beat("one", say="A first line."):
            self.wait(1)
        with self.beat("two", say=""):
            self.play(FadeIn(Dot()), run_time=1, subcaption="Not from a beat.")


class Early(Scene):
    def construct(self):
        self.wait(0.5)
        self.add_subcaption("Begins before the clip.", duration=0.8, offset=-0.7)
        self.add_subcaption("Over before the clip.", duration=0.1, offset=-0.7)
        self.wait(0.5)


class Foreign(Scene):
    def construct(self):
        self.play(FadeIn(Dot()), run_time=0.2, subcaption="שלום")


class Endless(Scene):
    def construct(self):
        self.add_subcaption("Too long.", duration=float("inf"))
        self.wait(0.2)
"""


CAPTIONED = [(0.0, 0.4, "Here it waits."), (0.5, 1.5, "A dot <appears> & stays."), (1.7, 2.0, "Late.")]


def subtitles_beside(video: Path, language: str = "en") -> list[tuple[float, float, str]]:
    entries = srt.parse(video.with_name(f"{video.stem}.{language}.srt").read_text(encoding="utf-8"))
    return [(entry.start.total_seconds(), entry.end.total_seconds(), entry.content) for entry in entries]


def test_subcaptions_are_subtitles_with_manims_times_and_a_track_of_the_video(render):
    video = render("Captioned")
    assert subtitles_beside(video) == CAPTIONED
    with av.open(str(video)) as container:
        (track,) = container.streams.subtitles
        assert track.language == "eng"
        texts = [bytes(packet)[2:].decode() for packet in container.demux(track) if packet.size > 2]
    assert "Here it waits." in texts
    video.with_name("captioned.en.srt").unlink()
    assert subtitles_beside(render("Captioned")) == CAPTIONED, "a second render keeps them"

    (file,) = video.parents[3].glob("clips/**/*.json")
    content = json.loads(file.read_text())
    first, *others = content["subcaptions"]
    for odd in ({"start": -1.0}, {"end": 1e300}, {"text": "x" * 10_001}, {"text": 5}, {"start": None}):
        file.write_text(json.dumps(content | {"subcaptions": [first | odd, *others]}))
        assert intact_description(file.with_suffix(".mp4")) is None, odd


def test_a_subcaption_is_only_in_the_pictures_language(render):
    video = render("Captioned", language="zh")
    assert subtitles_beside(video, "zh")
    assert not video.with_name(f"{video.stem}.en.srt").exists()


def test_a_skipped_section_has_no_subcaptions(render):
    assert subtitles_beside(render("Sections")) == [(0.2, 0.8, "Everybody sees this.")]


def test_subcaptions_are_added_to_the_lines_of_beats(render):
    first, second = subtitles_beside(render("Beats"))
    assert first[2] == "A first line."
    assert second[2] == "Not from a beat."
    assert first[1] <= second[0]


def test_a_subcaption_is_cut_at_the_start_of_the_clip(render):
    assert subtitles_beside(render("Early")) == [(0.0, 0.6, "Begins before the clip.")]


@pytest.mark.parametrize(("language", "warned"), [("en", True), ("zh", False)])
def test_letters_missing_in_burned_subcaptions_are_reported_once(render, monkeypatch, language, warned):
    said: list[str] = []
    monkeypatch.setattr(Reporter, "say", lambda reporter, message: said.append(message))
    render("Foreign", language=language, burned="en")
    warnings = [text for text in said if "boxes" in text]
    assert [("שלום" in text and "foreign" in text) for text in warnings] == [True] * warned


def test_a_subcaption_without_an_end_is_the_users_mistake(render):
    with pytest.raises(UserError, match="endless: add_subcaption"):
        render("Endless")
