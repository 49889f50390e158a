"""Tests of the files for YouTube: chapters, texts within its limits, and a thumbnail of its size."""

from __future__ import annotations

import re
from io import BytesIO
from types import SimpleNamespace

import numpy as np
import pytest
import srt
from gradreel.render.export.youtube import THUMBNAIL_BYTES, chapters_of, clock, thumbnail
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

SCENES = """
from gradreel.scenes.base import LectureScene
from manim import YELLOW, Square

class Hello(LectureScene):
    def construct(self):
        with self.beat("only", say="Hello there."):
            self.add(Square(color=YELLOW))
            self.wait(3)

class First(LectureScene):
    def construct(self):
        with self.beat("only", say="A square stands here."):
            self.add(Square(color=YELLOW, fill_opacity=1))
            self.wait(11)

class Second(First): ...

class Third(First): ...
"""
LESSON = """
title = { en = "A talk", zh = "一次演讲" }
description = { en = "Of squares.", zh = "关于正方形。" }
tags = ["squares", "plane geometry"]
poster = { scene = "first" }
narration = "words.toml"
""" + "".join(f'[[scene]]\nname = "talk.py:{name}"\n' for name in ("Hello", "First", "Second", "Third"))
WORDS = """
[en.third]
title = "Third"
"""
EXPORT = ("export", "youtube", "--lesson", "talk.toml", "-r", "64,36", "--fps", "2", "-o", "up")


@pytest.fixture
def talk(tmp_path, monkeypatch):
    (tmp_path / "talk.py").write_text(SCENES)
    (tmp_path / "words.toml").write_text(WORDS)
    (tmp_path / "talk.toml").write_text(LESSON, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_folder_of_files_for_upload_is_written(gradreel, talk):
    result = gradreel(*EXPORT)
    assert result.exit_code == 0, result.stderr
    up = talk / "up"
    video, *written = result.stdout.splitlines()
    assert video == str(talk / "media/videos/talk/36p2/talk.mp4")
    assert sorted(written) == sorted(map(str, up.iterdir())) and len(written) == 7
    assert (up / "title.zh.txt").read_text(encoding="utf-8") == "一次演讲\n"
    assert (up / "tags.txt").read_text() == "squares, plane geometry\n"
    about, empty, *chapters = (up / "description.en.txt").read_text().splitlines()
    assert (about, empty) == ("Of squares.", "")
    assert [line.split()[1] for line in chapters] == ["First", "Second", "Third"] and chapters[0] == "0:00 First"
    assert chapters == (up / "description.zh.txt").read_text(encoding="utf-8").splitlines()[2:]
    assert "Hello: shorter than 10 s" in result.stderr
    assert next(srt.parse((up / "subtitles.en.srt").read_text())).content == "Hello there."
    assert not (up / "subtitles.zh.srt").exists(), "nothing is said in Chinese"
    with Image.open(up / "thumbnail.jpg") as image:
        assert (image.format, image.size) == ("JPEG", (1280, 720))
        assert np.asarray(image)[360, 640].argmin() == 2, "the yellow square of the first scene"
    times = {file: file.stat().st_mtime_ns for file in up.iterdir()}
    assert gradreel(*EXPORT).exit_code == 0
    assert {file: file.stat().st_mtime_ns for file in up.iterdir()} == times, "nothing is made twice"

    (up / "description.en.txt").write_text("my own words")
    refused = gradreel(*EXPORT, "--theme", "light")
    assert (refused.exit_code, "description.en.txt would be replaced" in refused.stderr) == (2, True)
    assert (up / "description.en.txt").read_text() == "my own words"


def test_a_film_with_fewer_than_three_long_scenes_has_no_chapters_and_a_message_says_so(gradreel, talk):
    result = gradreel(*EXPORT, "--from", "first", "--to", "second")
    assert result.exit_code == 0, result.stderr
    assert "no chapters: YouTube shows them from 3 on" in result.stderr
    assert (talk / "up/description.en.txt").read_text() == "Of squares.\n"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("A talk", "<script>", "the title in en has a <"),
        ("A talk", "a" * 101, "the title in en has 101 characters; YouTube takes 100"),
        ("Of squares.", "x > y", "the description in en has a >"),
        ("关于正方形。", "方" * 1667, "the description in zh is 5001 bytes long; YouTube takes 5000"),
        ('"squares"', '"a, b"', "tags: 'a, b' has a comma"),
        ('"squares"', '"' + "a" * 484 + '"', "tags are 501 characters together"),
        ("tags = [", "tags = [3, ", "tags"),
    ],
)
def test_texts_that_youtube_would_refuse_are_reported_before_any_work(gradreel, talk, old, new, words):
    (talk / "talk.toml").write_text(LESSON.replace(old, new), encoding="utf-8")
    result = gradreel(*EXPORT)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "talk.toml" in result.stderr and words in result.stderr
    assert not (talk / "media").exists() and not (talk / "up").exists()


def test_a_title_that_the_site_would_not_take_is_named_with_its_scene_before_any_work(gradreel, talk):
    (talk / "words.toml").write_text(WORDS.replace("Third", "x < y"))
    result = gradreel(*EXPORT)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "third: its title in en has a <" in result.stderr
    assert not (talk / "media").exists()


def test_a_long_description_with_its_chapters_is_too_long(gradreel, talk):
    (talk / "talk.toml").write_text(LESSON.replace("Of squares.", "a" * 4990), encoding="utf-8")
    result = gradreel(*EXPORT)
    assert (result.exit_code, "the description in en is 50" in result.stderr) == (2, True)
    assert not (talk / "up").exists()


@given(st.lists(st.integers(1, 400), min_size=1, max_size=12), st.integers(1, 30))
def test_chapters_begin_at_the_start_and_last_long_enough(lengths, fps):
    ends = np.cumsum(lengths)
    shots = [SimpleNamespace(start=int(end - length), end=int(end)) for end, length in zip(ends, lengths, strict=True)]
    titles = [f"scene {number}" for number in range(len(shots))]
    chapters, short = chapters_of(titles, shots, fps)
    long = [title for title in titles if title not in short]
    if len(long) < 3:
        assert chapters == []
        return
    assert [chapter.title for chapter in chapters] == long
    starts = [chapter.start for chapter in chapters] + [int(ends[-1] / fps)]
    assert starts[0] == 0
    assert min(np.diff(starts)) >= 10
    for chapter in chapters[1:]:
        assert chapter.start == int(shots[titles.index(chapter.title)].start / fps)


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00"), (754, "12:34"), (3599, "59:59"), (3723, "1:02:03")])
def test_times_as_the_site_reads_them(seconds, text):
    assert clock(seconds) == text
    assert re.fullmatch(r"(\d+:)?\d{1,2}:\d\d", text)


@pytest.mark.parametrize("size", [(1920, 1080), (854, 480), (1080, 1920)])
def test_the_largest_thumbnail_is_small_enough_and_no_picture_is_stretched(size):
    width, height = size
    noise = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    noise[: height // 50] = 7
    content = BytesIO()
    Image.fromarray(noise).save(content, "JPEG", quality=92)
    made = thumbnail(content.getvalue())
    assert len(made) < THUMBNAIL_BYTES
    with Image.open(BytesIO(made)) as image:
        pixels = np.asarray(image.convert("L")).astype(float)
    assert pixels.shape == (720, 1280)
    bars = round(max(1280 - 720 * width / height, 0) / 2)
    assert pixels[300:400, : max(bars - 8, 0)].std() < 1 if bars > 8 else pixels[300:400, :100].std() > 1
