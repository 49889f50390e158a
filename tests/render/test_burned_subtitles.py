"""Subtitles in the picture: on which frames, where, and that nothing else of the picture changes."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

import av
import numpy as np
import pytest
from gradreel.core.errors import UserError
from gradreel.render.frames.encode import ClipEncoder
from gradreel.render.settings import RenderSettings
from gradreel.render.stages import BeatSpan, ClipFile
from gradreel.render.videos.burned_subtitles import (
    _texts_by_frame,
    missing_letters,
    missing_letters_warning,
    plate,
    runs,
    with_cues,
)
from gradreel.render.videos.subtitles import Cue
from gradreel.scenes.words.narration import Narration
from gradreel.scenes.words.numbers import number_text
from hypothesis import example, given
from hypothesis import settings as examples
from hypothesis import strategies as st

GREY = 120
LONG = "A line may have forty-two letters, no more"
SIZES = [(854, 480), (1920, 1080), (270, 480), (480, 480), (64, 36), (16, 16)]


@given(
    st.lists(st.tuples(st.integers(0, 3000), st.integers(1, 900)), max_size=8),
    st.integers(1, 60),
    st.integers(0, 50),
)
def test_a_cue_is_on_the_frames_between_its_times(lengths, fps, first):
    found, end = [], 0
    for number, (gap, length) in enumerate(lengths):
        found.append(Cue(end + gap, end + gap + length, str(number)))
        end = found[-1].end
    texts = list(islice(_texts_by_frame(found, first, fps), 100))
    for frame, text in enumerate(texts, first):
        expected = [cue.text for cue in found if cue.start <= 1000 * frame / fps < cue.end]
        assert [text] == (expected or [""])


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("text", ["one", "two lines of text\nof which one is longer", "一行中文字幕，\n还有一行", LONG])
def test_a_plate_is_inside_the_picture_and_readable(width, height, text):
    found = plate(text, width, height)
    tall, wide = found.rest.shape[:2]
    assert found.left >= 0 and found.top >= 0
    assert found.left + wide <= width and found.top + tall <= height
    assert abs((found.left + wide / 2) - width / 2) <= 1, "in the middle"
    for background in (0, 255):
        pixels = np.full((height, width, 4), background, np.uint8)
        found.put_on(pixels)
        changed = (pixels != background).any(axis=(1, 2)).nonzero()[0]
        assert changed.size and changed.min() >= found.top
        if height >= 480:
            part = pixels[found.top : found.top + tall, ..., 0]
            assert part.max() > 240 and part.min() < 80, "white letters on what is dark"


def test_with_room_below_the_wide_picture_subtitles_stand_there():
    for width, height in ((1080, 1920), (1080, 1080)):
        bar = (height - width * 9 // 16) // 2
        assert plate("one line\nand another", width, height).top >= height - bar
    assert plate("one line\nand another", 1920, 1080).top > 1080 * 0.8


@pytest.fixture
def clip(tmp_path):
    """Two beats of a grey picture with a white bar that moves in the second one; 2 s, 10 frames a second."""
    settings = RenderSettings(width=320, height=180, fps=10, media_dir=tmp_path)
    encoder = ClipEncoder(tmp_path / "clip.mp4", settings)
    for frame in range(20):
        if frame in (0, 12):
            encoder.cut()
        pixels = np.full((180, 320, 4), GREY, np.uint8)
        pixels[20:40, 10 * max(frame - 12, 0) :][:, :30] = 255
        encoder.write(pixels)
    encoder.close()
    beats = tuple(BeatSpan(name, *span, {}, {}, False) for name, span in (("a", (0, 12)), ("b", (12, 20))))
    return ClipFile(tmp_path / "clip.mp4", 20, 10, beats, 1.0), settings


def frames_of(path):
    with av.open(str(path)) as container:
        return np.array([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]).astype(int)


def test_cues_are_drawn_on_their_frames_and_nothing_else_changes(clip, tmp_path):
    file, settings = clip
    before = file.path.read_bytes()
    cues = [Cue(10_300, 10_900, "Early"), Cue(11_000, 11_800, "Late\nin two lines")]
    burned = with_cues(file, cues, 100, settings, tmp_path / "burned.mp4")
    assert file.path.read_bytes() == before
    assert burned == replace(file, path=tmp_path / "burned.mp4")
    plain, drawn = frames_of(file.path), frames_of(burned.path)
    assert drawn.shape == plain.shape
    off = [0, 1, 2, 9, 18, 19]
    assert np.abs(drawn[off] - plain[off]).max() < 12, "encoded once more, and no more than that"
    assert np.abs(drawn[:, :100] - plain[:, :100]).max() < 24
    for place, text in ((slice(3, 9), "Early"), (slice(10, 18), "Late\nin two lines")):
        expected = np.full((180, 320, 4), GREY, np.uint8)
        plate(text, 320, 180).put_on(expected)
        assert np.abs(drawn[place, 110:] - expected[110:, :, :3]).mean() < 4


EVEN = st.integers(8, 110).map(lambda half: 2 * half)


@examples(max_examples=12)
@given(EVEN, EVEN, st.sampled_from(["mp4", "mov", "webm"]))
@example(854, 480, "mp4")
@example(18, 16, "mov")
def test_cues_are_drawn_at_every_size_and_leave_the_rest_of_the_picture(tmp_path, width, height, kind):
    settings = RenderSettings(width=width, height=height, fps=10, format=kind, media_dir=tmp_path)
    plain, burned = tmp_path / f"plain.{kind}", tmp_path / f"burned.{kind}"
    encoder = ClipEncoder(plain, settings)
    picture = np.full((height, width, 4), 255, np.uint8)
    picture[..., :3] = np.linspace(40, 200, width)[:, None]
    for _ in range(2):
        encoder.write(picture.copy())
    encoder.close()
    with_cues(ClipFile(plain, 2, 10, (), 1.0), [Cue(0, 150, "θ")], 0, settings, burned)
    on = plate("θ", width, height)
    expected = picture.copy()
    on.put_on(expected)
    found = frames_of(burned)
    assert found.shape == (2, height, width, 3)
    assert np.abs(found - expected[..., :3]).mean() < 8, "encoded twice, and no more than that"


def test_spaces_of_any_width_are_drawn_and_invisible_characters_are_left_out():
    assert runs("1\u2009405\u202fkm\u200d, e\u0301\ufe0f\x1b") == (("1 405 km, \xe9", ""),)
    assert not missing_letters(f"{number_text(1_234_567)} ≤ θ\u200b, 你好\nд")


def test_subscripts_and_superscripts_are_smaller_and_off_the_line():
    assert runs("ŷ") == (("y", ""), ("^", "<hat>"))
    assert runs("x₁ 2⁰") == (("x", ""), ("1", "<sub>"), (" 2", ""), ("0", "<super>"))
    drawn = {text: plate(text, 854, 480).color[..., 0] > 0 for text in ("xx", "x₁", "x⁰")}
    ends = {text: ink.any(axis=1).nonzero()[0].max() for text, ink in drawn.items()}
    tops = {text: ink.any(axis=1).nonzero()[0].min() for text, ink in drawn.items()}
    assert ends["x₁"] > ends["xx"] == ends["x⁰"]
    assert tops["x⁰"] < tops["xx"]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_font_has_every_letter_of_the_lectures_lines(language):
    scenes = Narration.load([language]).scenes[language]
    tables = [words.get(table, {}) for words in scenes.values() for table in ("beats", "neutral")]
    lines = [line for table in tables for line in table.values()]
    assert len(lines) > 100
    assert missing_letters("\n".join(lines)) == []


def test_one_warning_names_all_letters_that_the_font_lacks_and_their_lines():
    lines = [("talk/a", "Say שלום"), ("talk/b", "plain"), ("talk/c", "\U0001f600 שלום")]
    warning = missing_letters_warning(lines, "en")
    assert all(letter in warning for letter in "שלום\U0001f600")
    assert "talk/a" in warning and "talk/c" in warning and "talk/b" not in warning
    assert "Right-to-left" in warning
    assert "Right-to-left" not in missing_letters_warning([("talk/d", "\U0001f600")], "en")
    assert missing_letters_warning(lines[1:2], "en") == ""
    assert missing_letters("Čapek, Erdős") == ["Č", "ő"]


def test_each_beat_begins_with_a_key_frame_still(clip, tmp_path):
    file, settings = clip
    burned = with_cues(file, [Cue(0, 1500, "Across both")], 0, settings, tmp_path / "burned.mp4")
    with av.open(str(burned.path)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.pts is not None]
        assert [number for number, packet in enumerate(packets) if packet.is_keyframe] == [0, 12]


def test_the_same_cues_give_the_same_bytes(clip, tmp_path):
    file, settings = clip
    made = [with_cues(file, [Cue(0, 900, "θ 一")], 0, settings, tmp_path / f"{n}.mp4").path for n in range(2)]
    assert made[0].read_bytes() == made[1].read_bytes()


@pytest.mark.parametrize(
    "changes", [{"format": "gif"}, {"format": "png-sequence"}, {"format": "webm", "transparent": True}]
)
def test_a_format_without_burned_subtitles_is_refused(changes):
    with pytest.raises(UserError, match="only into mp4, webm, mov with a background"):
        RenderSettings(burned="en", **changes)
