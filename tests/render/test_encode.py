from __future__ import annotations

import errno
import multiprocessing
import os
import resource
import sys
import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from gradreel.render.frames.encode import ClipEncoder
from gradreel.render.frames.pictures import Box
from gradreel.render.settings import RenderSettings
from PIL import Image


def decoded(path: Path, pixel_format: str = "rgba") -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format=pixel_format) for frame in container.decode(video=0)]


@pytest.mark.parametrize(
    ("file_format", "transparent"), [("mp4", False), ("mov", False), ("mov", True), ("webm", False), ("gif", False)]
)
def test_every_frame_arrives_in_order_and_in_its_colours(write_clip, tiny, tmp_path, file_format, transparent):
    settings = replace(tiny, format=file_format, transparent=transparent)
    clip = write_clip(tmp_path / f"clip.{file_format}", settings, 23)
    frames = decoded(clip.path)
    assert len(frames) == clip.frames == 23
    for number, frame in enumerate(frames):
        inside = frame[16, number + 8, :3].astype(int)  # the middle of the bar of that frame
        assert np.abs(inside - (255, 92, 106)).max() <= 12
        assert np.abs(frame[2, 2, :3].astype(int) - (15, 20, 25)).max() <= 8
    assert frames[0][2, 2, 3] == (0 if transparent else 255)


def test_h264_has_the_settings_that_players_and_joining_need(write_clip, tiny, tmp_path):
    clip = write_clip(tmp_path / "clip.mp4", tiny, 45)
    with av.open(str(clip.path)) as container:
        stream = container.streams.video[0]
        context = stream.codec_context
        assert (context.name, context.pix_fmt, context.has_b_frames) == ("h264", "yuv420p", False)
        assert (context.colorspace, context.color_primaries, context.color_trc, context.color_range) == (1, 1, 1, 1)
        packets = [packet for packet in container.demux(stream) if packet.dts is not None]
        assert [packet.pts for packet in packets] == [packet.dts for packet in packets]
        assert {packet.duration for packet in packets} == {512}
        keys = [index for index, packet in enumerate(packets) if packet.is_keyframe]
        assert keys[0] == 0
        assert max(after - before for before, after in pairwise(keys)) <= 20  # two seconds: seeking is quick
        assert stream.duration * stream.time_base == 4.5


@pytest.mark.parametrize("last", [1, 4])
def test_a_gifs_palette_has_the_last_colours_that_stay(tmp_path, last):
    frames = np.zeros((3, 90, 160, 4), np.uint8)
    frames[..., 3] = 255
    frames[1, 10:80, 40:50, :3] = 255  # white comes and goes
    frames[2, 10:40, 20:70, :3], frames[2, 40:80, 90:140, :3] = (252, 98, 85), (88, 196, 221)
    encoder = ClipEncoder(tmp_path / "clip.gif", RenderSettings(width=160, height=90, fps=10, format="gif"))
    for frame, repeat in zip(frames, (4, 4, last), strict=True):
        encoder.write(frame.copy(), repeat=repeat)
    encoder.close()
    for drawn, kept in zip(frames, decoded(tmp_path / "clip.gif")[::4], strict=True):
        assert np.abs(drawn[..., :3].astype(int) - kept[..., :3]).max() <= 8


@pytest.mark.skipif(sys.platform != "linux", reason="measures memory as Linux counts it")
def test_a_long_gif_is_encoded_in_the_memory_of_a_few_frames(tmp_path):
    settings = RenderSettings(width=640, height=360, fps=25, format="gif")

    def encode() -> None:
        encoder = ClipEncoder(tmp_path / "clip.gif", settings)
        pixels = np.full((360, 640, 4), 255, np.uint8)
        for number in range(150):
            pixels[number : number + 20, :, 1] = number
            encoder.write(pixels)
            if number == 20:
                few = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        encoder.close()
        more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - few) * 1024
        os._exit(int(more > 40 * pixels.nbytes))

    process = multiprocessing.get_context("fork").Process(target=encode)
    process.start()
    process.join()
    assert process.exitcode == 0


def test_a_frozen_frame_is_many_frames(tiny, tmp_path):
    encoder = ClipEncoder(tmp_path / "clip.mp4", tiny)
    encoder.write(np.full((36, 64, 4), 200, np.uint8), repeat=25)
    encoder.close()
    assert encoder.frames == len(decoded(tmp_path / "clip.mp4")) == 25


@pytest.mark.parametrize(
    ("file_format", "transparent"), [("mp4", False), ("mov", True), ("webm", False), ("webm", True), ("gif", False)]
)
def test_the_same_frames_give_the_same_bytes(write_clip, tiny, tmp_path, file_format, transparent):
    settings = replace(tiny, format=file_format, transparent=transparent)
    first, second = (write_clip(tmp_path / f"{name}.{file_format}", settings, 30) for name in "ab")
    assert first.path.read_bytes() == second.path.read_bytes()


def test_png_is_a_folder_of_exact_frames(write_clip, tiny, tmp_path):
    write_clip(tmp_path / "clip", replace(tiny, format="png-sequence", transparent=True), 3)
    files = sorted((tmp_path / "clip").iterdir())
    assert [file.name for file in files] == ["00000.png", "00001.png", "00002.png"]
    with Image.open(files[2]) as image:
        assert image.getpixel((2, 10)) == (255, 92, 106, 255)
        assert image.getpixel((1, 10)) == (15, 20, 25, 0)


@pytest.mark.parametrize(("file_format", "transparent"), [("png-sequence", False), ("mov", True), ("gif", False)])
def test_parts_that_change_make_whole_frames(tiny, tmp_path, file_format, transparent):
    settings = replace(tiny, format=file_format, transparent=transparent)
    parts, wholes = (ClipEncoder(tmp_path / f"{name}.{file_format}", settings) for name in ("parts", "wholes"))
    shown = np.full((36, 64, 4), 255, np.uint8)
    parts.write(shown.copy())
    wholes.write(shown.copy())
    for left in range(0, 40, 8):
        box = Box(left, left + 10, 3, 20)
        shown[box.slices] = 6 * left
        given = np.full_like(shown, 77)  # of no meaning but in the box
        given[box.slices] = shown[box.slices]
        parts.write(given, boxes=[box])
        wholes.write(shown.copy())
    parts.close()
    wholes.close()
    one, other = (sorted(path.iterdir()) if path.is_dir() else [path] for path in sorted(tmp_path.iterdir()))
    assert [file.read_bytes() for file in one] == [file.read_bytes() for file in other]


@pytest.mark.skipif(sys.platform != "linux", reason="needs /dev/full, a disk that is always full")
def test_a_full_disk_is_an_error_with_its_number(write_clip, tiny, tmp_path):
    (tmp_path / "clip.mp4").symlink_to("/dev/full")
    with pytest.raises(OSError, match="space") as caught:
        write_clip(tmp_path / "clip.mp4", tiny, 400)
    assert caught.value.errno == errno.ENOSPC


def test_an_error_of_the_writing_thread_is_raised_where_frames_are_written(tiny, tmp_path):
    encoder = ClipEncoder(tmp_path / "clip.mp4", tiny)
    encoder.write(np.zeros((36, 64), np.uint8))  # no colours
    while encoder.error is None:
        time.sleep(0.01)
    with pytest.raises(ValueError, match="array"):
        encoder.write(np.zeros((36, 64, 4), np.uint8))
    encoder.discard()
