from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import av
import numpy as np
import pytest
from gradreel.render.clips.clip_files import DamagedClipsError
from gradreel.render.videos.subtitles import TimedLine, cues
from gradreel.render.videos.video import Chapter, boxes, frame_as_jpeg, write_film
from PIL import Image

LENGTHS = (7, 31, 12)
SUBTITLES = {
    "en": cues([TimedLine(0.2, 2.0, "Hello there."), TimedLine(2.5, 4.5, "Second.")], "en"),
    "zh": cues([TimedLine(0.2, 2.0, "你好。"), TimedLine(2.5, 4.5, "第二。")], "zh"),
}
CHAPTERS = [Chapter("One", 0, 7), Chapter("二", 7, 38), Chapter("Three", 38, 50)]


@pytest.fixture
def joined(write_clip, tiny, tmp_path):
    """Writes the clips ``0.mp4``, ``1.mp4``, ... and the video of them."""

    def join_clips(file_format: str = "mp4") -> Path:
        settings = replace(tiny, format=file_format)
        clips = [write_clip(tmp_path / f"{n}.{file_format}", settings, length) for n, length in enumerate(LENGTHS)]
        path = tmp_path / f"video.{file_format}"
        write_film(clips, path, title="A film", chapters=CHAPTERS, subtitles=SUBTITLES)
        return path

    return join_clips


@pytest.mark.parametrize("file_format", ["mp4", "mov", "webm"])
def test_the_video_is_its_clips_frame_by_frame(joined, tmp_path, file_format):
    video = joined(file_format)
    with av.open(str(video)) as container:
        together = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    apart = []
    for number in range(len(LENGTHS)):
        with av.open(str(tmp_path / f"{number}.{file_format}")) as container:
            apart += [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert len(together) == sum(LENGTHS)
    assert np.array_equal(np.array(together), np.array(apart))


@pytest.mark.parametrize("file_format", ["mp4", "mov", "webm"])
def test_the_video_has_the_same_bytes_each_time(joined, file_format):
    assert joined(file_format).read_bytes() == joined(file_format).read_bytes()


def test_the_video_is_exactly_as_long_as_its_clips_and_all_frames_last_equally(joined):
    with av.open(str(joined())) as container:
        stream = container.streams.video[0]
        assert stream.duration * stream.time_base == 5
        assert container.duration == 5_000_000
        packets = [packet for packet in container.demux(stream) if packet.dts is not None]
        assert [packet.pts * stream.time_base * 10 for packet in packets] == list(range(50))


def test_chapters_carry_titles_and_places(joined):
    with av.open(str(joined())) as container:
        found = container.chapters()
    assert [chapter["metadata"]["title"] for chapter in found] == ["One", "二", "Three"]
    assert [float(chapter["start"] * chapter["time_base"]) for chapter in found] == [0, 0.7, 3.8]
    assert float(found[-1]["end"] * found[-1]["time_base"]) == 5


@pytest.mark.parametrize(
    ("file_format", "tags"), [("mp4", ["eng", "zho"]), ("mov", ["eng", "chi"]), ("webm", ["eng", "zho"])]
)
def test_subtitles_are_streams_by_language_that_are_off(joined, file_format, tags):
    with av.open(str(joined(file_format))) as container:
        streams = container.streams.subtitles
        assert [stream.language for stream in streams] == tags
        assert [int(stream.disposition) for stream in streams] == [0, 0]
        assert int(container.streams.video[0].disposition) == 1
        shown = [
            (packet.stream.language, float(packet.pts * packet.time_base), bytes(packet))
            for packet in container.demux(*streams)
            if packet.dts is not None and len(bytes(packet)) > 2
        ]
    texts = [(tag, start, content[0 if file_format == "webm" else 2 :].decode()) for tag, start, content in shown]
    assert sorted(texts) == sorted(
        [
            (tags[0], 0.2, "Hello there."),
            (tags[1], 0.2, "你好。"),
            (tags[0], 2.5, "Second."),
            (tags[1], 2.5, "第二。"),
        ]
    )


def test_a_subtitle_ends_when_its_line_does(joined):
    with av.open(str(joined())) as container:
        stream = container.streams.subtitles[0]
        spans = [
            (packet.pts, packet.pts + packet.duration)
            for packet in container.demux(stream)
            if packet.dts is not None and len(bytes(packet)) > 2
        ]
    assert spans == [(200, 2000), (2500, 4500)]


def test_the_index_precedes_the_pictures(joined):
    video = joined()
    with video.open("rb") as file:
        names = [name for name, _, _ in boxes(file, 0, video.stat().st_size)]
    assert names.index(b"moov") < names.index(b"mdat")


def test_seeking_to_a_chapter_shows_its_first_frame(joined):
    with av.open(str(joined())) as container:
        stream = container.streams.video[0]
        container.seek(int(Fraction(7, 10) / stream.time_base), stream=stream)
        assert next(container.decode(stream)).time == pytest.approx(0.7)


def test_clips_of_another_format_are_refused(write_clip, tiny, tmp_path):
    first = write_clip(tmp_path / "a.mp4", tiny, 3)
    second = write_clip(tmp_path / "b.mp4", replace(tiny, width=128), 3)
    with pytest.raises(DamagedClipsError, match=r"a.mp4, b.mp4 in"):
        write_film([first, second], tmp_path / "video.mp4", title="")


def test_there_may_be_more_clips_than_open_files(write_clip, tiny, tmp_path):
    resource = pytest.importorskip("resource")
    clip = write_clip(tmp_path / "a.mp4", tiny, 2)
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(200, limits[0]), limits[1]))
    try:
        write_film([clip] * 300, tmp_path / "video.mp4", title="")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    with av.open(str(tmp_path / "video.mp4")) as video:
        assert sum(1 for _ in video.decode(video=0)) == 600


@pytest.mark.parametrize("file_format", ["webm", "mov"])
def test_a_transparent_video_is_as_transparent_as_its_clips(write_clip, tiny, tmp_path, file_format):
    settings = replace(tiny, format=file_format, transparent=True)
    clips = [write_clip(tmp_path / f"{n}.{file_format}", settings, 3) for n in range(2)]
    write_film(clips, tmp_path / f"video.{file_format}", title="")
    with av.open(str(tmp_path / f"video.{file_format}")) as container:
        stream = container.streams.video[0]
        assert stream.metadata.get("alpha_mode") == ("1" if file_format == "webm" else None)
        # FFmpeg's own decoder of VP9 leaves the alpha out
        decoder = av.CodecContext.create("libvpx-vp9", "r") if file_format == "webm" else stream
        frames = [
            frame for packet in container.demux(stream) if packet.dts is not None for frame in decoder.decode(packet)
        ]
    alpha = [frame.to_ndarray(format="rgba")[..., 3] for frame in frames]
    assert [(picture[0, 0] > 127, picture[16, 10] > 127) for picture in alpha] == [(False, True)] * 6


@pytest.mark.parametrize("frame", [0, 7, 29])
def test_a_poster_is_the_requested_frame(write_clip, tiny, tmp_path, frame):
    clip = write_clip(tmp_path / "clip.mp4", tiny, 30)
    with Image.open(BytesIO(frame_as_jpeg(clip, frame))) as image:
        assert (image.format, image.size) == ("JPEG", (64, 36))
        reds = np.asarray(image)[16, :, 0] > 128
    assert abs(int(np.argmax(reds)) - frame) <= 1  # the bar begins at the frame's number
