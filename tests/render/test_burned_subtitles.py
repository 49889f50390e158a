"""Subtitles in the picture: on which frames, where, and that nothing else of the picture changes."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

import av
import numpy as np
import pytest
from gradreel.core.errors import UserError
from gradreel.scenes.render.frames.encode import ClipEncoder
from gradreel.scenes.render.settings import RenderSettings
from gradreel.scenes.render.stages import BeatSpan, ClipFile
from gradreel.scenes.render.videos.burned_subtitles import _texts, plate, with_cues
from gradreel.scenes.render.videos.subtitles import Cue
from hypothesis import given
from hypothesis import strategies as st

GREY = 120
LONG = "A line may have forty-two letters, no more"
SIZES = [(854, 480), (1920, 1080), (270, 480), (480, 480), (64, 36), (16, 16)]


@given(
    st.lists(st.tuples(st.integers(0, 3000), st.integers(1, 900)), max_size=8),
    st.integers(1, 60),
    st.integers(0, 50),
)
def test_a_cue_is_on_the_frames_that_begin_within_it(lengths, fps, first):
    found, end = [], 0
    for number, (gap, length) in enumerate(lengths):
        found.append(Cue(end + gap, end + gap + length, str(number)))
        end = found[-1].end
    texts = list(islice(_texts(found, first, fps), 100))
    for frame, text in enumerate(texts, first):
        expected = [cue.text for cue in found if cue.start <= 1000 * frame / fps < cue.end]
        assert [text] == (expected or [""])


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("text", ["one", "two lines of text\nof which one is longer", "一行中文字幕，\n还有一行", LONG])
def test_a_plate_lies_within_the_picture_and_can_be_read(width, height, text):
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


def test_below_the_wide_picture_where_there_is_room():
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
        assert np.abs(drawn[place, 110:] - expected[110:, :, :3]).mean() < 3


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
def test_where_subtitles_cannot_be_drawn_is_said(changes):
    with pytest.raises(UserError, match="drawn into mp4, webm, mov with a background alone"):
        RenderSettings(burned="en", **changes)
