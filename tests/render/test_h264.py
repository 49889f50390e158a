"""Tests that the fast stream decodes like a plain one: packets that repeat a picture, and parts encoded alone."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from gradreel.render.frames import h264
from gradreel.render.frames.encode import ClipEncoder
from gradreel.render.frames.h264 import KEYFRAME_SECONDS, LONG
from gradreel.render.frames.pictures import Box
from gradreel.render.frames.yuv import Converter
from gradreel.render.settings import RenderSettings


def moving(number: int) -> np.ndarray:
    """A picture with a bar at ``number`` over a pattern of many colours."""
    pixels = np.zeros((36, 64, 4), np.uint8)
    pixels[..., 0], pixels[..., 1] = np.arange(64) * 3, np.arange(36)[:, None] * 5
    pixels[..., 3] = 255
    pixels[10:20, number % 60 : number % 60 + 4, :3] = 240
    return pixels


def packets(path: Path) -> list[tuple[bytes, bool]]:
    with av.open(str(path)) as container:
        return [(bytes(packet), packet.is_keyframe) for packet in container.demux(video=0) if packet.size]


def decoded(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


@pytest.fixture
def tiny(tmp_path) -> RenderSettings:
    return RenderSettings(width=64, height=36, fps=10, media_dir=tmp_path)


WHOLE = [Box(0, 64, 0, 36)]


def encoded(path: Path, settings: RenderSettings, parts: list[list[tuple[int, int]]], boxed=(True, True, True)) -> Path:
    """A clip of ``parts``, each of pictures (number, times shown); ``boxed``: which parts tell where they change."""
    encoder = ClipEncoder(path, settings)
    for part, tells in zip(parts, boxed, strict=False):
        encoder.cut()
        for number, times in part:
            encoder.write(moving(number), times, WHOLE if tells else None)
    encoder.close()
    return path


STILL = 5 * LONG + 3


@pytest.mark.parametrize("boxed", [True, False])
def test_a_still_picture_repeats_the_same_frame(tiny, tmp_path, boxed):
    frames = decoded(encoded(tmp_path / "a.mp4", tiny, [[(0, 1), (1, 1), (2, STILL), (3, 1), (4, 2)]], [boxed]))
    assert len(frames) == 2 + STILL + 3
    held = frames[2 : 2 + STILL]
    period = KEYFRAME_SECONDS * tiny.fps
    assert all(np.array_equal(one, held[4]) for one in held[3 : period - 2])  # packets that repeat
    for number, frame in zip([0, 1, *[2] * STILL, 3, 4, 4], frames, strict=True):  # after them the stream goes on right
        assert np.abs(frame.astype(int) - moving(number)[..., :3]).mean() < 6


@pytest.mark.parametrize("fps", [2, 10, 60])
def test_packets_that_repeat_are_those_that_x264_makes(tiny, fps):
    """The last bits differ, after the end of the slice, where x264 counts frames."""
    settings = replace(tiny, fps=fps)
    encoder, repeats = h264._open_libx264(settings, h264.QUICK, plain=False), h264._Repeats(settings)
    frame = Converter("yuv420p")(np.zeros((36, 64, 4), np.uint8))
    for frame.pts in range(KEYFRAME_SECONDS * fps):
        (packet,) = encoder.encode(frame)
        if not packet.is_keyframe:
            assert repeats.packet(frame.pts, encoder.extradata)[:-1] == bytes(packet)[:-1]


def test_plain_h264_makes_no_packet_itself(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(h264._Repeats, "packet", lambda *_: pytest.fail("made without x264"))
    frames = decoded(encoded(tmp_path / "a.mp4", replace(tiny, plain_h264=True), [[(0, 1), (1, STILL)]]))
    assert len(frames) == 1 + STILL
    assert all(np.abs(frame.astype(int) - moving(1)[..., :3]).mean() < 6 for frame in frames[1:])


def broken_renumbering(packet: bytes, number: int) -> bytes:
    return packet[:8] + bytes([packet[8] ^ 0xFF]) + packet[9:]


def no_first_pass(*_) -> None:
    raise av.error.ExternalError(0, "x264 cannot read its log", None)


@pytest.mark.parametrize(
    ("name", "broken"), [("_packet_with_frame_num", broken_renumbering), ("_open_without_lookahead", no_first_pass)]
)
def test_if_the_tricks_fail_everything_is_encoded_plainly_with_a_message(tiny, tmp_path, monkeypatch, name, broken):
    plain = encoded(tmp_path / "plain.mp4", replace(tiny, plain_h264=True), [[(0, 1), (1, STILL)]]).read_bytes()
    told: list[str] = []
    monkeypatch.setattr(h264, "tell_user", told.append)
    monkeypatch.setattr(h264, name, broken)
    h264.tricks_work.cache_clear()
    try:
        assert encoded(tmp_path / "a.mp4", tiny, [[(0, 1), (1, STILL)]]).read_bytes() == plain
    finally:
        h264.tricks_work.cache_clear()
    assert len(told) == 1


def test_the_tricks_work_with_the_pyav_that_is_installed():
    assert h264.tricks_work()


def test_a_plainly_encoded_clip_is_another_clip(tiny):
    assert replace(tiny, plain_h264=True).of_frames() != tiny.of_frames()


def test_repeating_a_picture_costs_next_to_nothing(tiny, tmp_path):
    sizes = [len(packet) for packet, _ in packets(encoded(tmp_path / "a.mp4", tiny, [[(0, 1), (1, STILL)]]))]
    assert sorted(sizes)[len(sizes) // 2] < 40


def test_key_frames_come_at_least_every_period(tiny, tmp_path):
    clip = packets(encoded(tmp_path / "a.mp4", tiny, [[(number, 1) for number in range(15)] + [(20, 70)] + [(21, 30)]]))
    keys = [number for number, (_, is_key) in enumerate(clip) if is_key]
    gaps = np.diff([*keys, len(clip)])
    assert gaps.max() <= KEYFRAME_SECONDS * tiny.fps


@pytest.mark.parametrize("boxed", [(True, True, True), (False, False, False), (True, False, True)])
def test_the_packets_of_a_part_depend_only_on_its_frames(tiny, tmp_path, boxed):
    parts = [[(0, 1), (1, 30), (2, 3)], [(2, 1), (5, 1), (6, 40)], [(6, 1), (7, 1)]]
    whole = encoded(tmp_path / "whole.mp4", tiny, parts, boxed)
    apart = [
        packets(encoded(tmp_path / f"{n}.mp4", tiny, [part], [tells]))
        for n, (part, tells) in enumerate(zip(parts, boxed, strict=True))
    ]
    assert packets(whole) == [packet for part in apart for packet in part]
    numbers = [number for part in parts for number, times in part for _ in range(times)]
    for number, frame in zip(numbers, decoded(whole), strict=True):
        assert np.abs(frame.astype(int) - moving(number)[..., :3]).mean() < 6


def test_nothing_remains_of_a_faded_shape(tiny, tmp_path):
    encoder = ClipEncoder(tmp_path / "a.mp4", replace(tiny, width=256, height=144, fps=30))
    lines = np.zeros((144, 256, 4), np.uint8)
    lines[40:100, 40:200:7] = 90  # thin and bright, as axes are
    for number in range(40):  # in one group of pictures: no key frame cleans up
        pixels = 30 + (lines * max(1 - number / 20, 0)).astype(np.uint8)
        pixels[120:124, 4 * number : 4 * number + 4] = 200  # something else goes on
        encoder.write(pixels, 1, [Box(0, 256, 0, 144)])
    encoder.close()
    assert [is_key for _, is_key in packets(tmp_path / "a.mp4")] == [True] + [False] * 39
    assert np.abs(decoded(tmp_path / "a.mp4")[-1][:110].astype(int) - 30).max() <= 4


def test_a_picture_is_encoded_as_finely_whatever_came_before(tiny, tmp_path, monkeypatch):
    """x264 would choose a quantizer by what frames before have taken, and look at each in advance for that."""
    monkeypatch.setattr(h264, "MUCH", 1)  # with one effort
    busy = [(number, 1) for number in range(3, 18)]
    clip = encoded(tmp_path / "a.mp4", tiny, [[(3, 1), *busy, (0, STILL), (3, 1)]])
    frames, keys = decoded(clip), [is_key for _, is_key in packets(clip)]
    assert keys[0] and keys[-1]
    assert np.array_equal(frames[0], frames[-1])


def test_if_everything_moves_motion_is_searched_for(tiny, tmp_path):
    def drifting(path: Path, is_expected: bool) -> tuple[list[int], float]:
        """The sizes of its packets, and how far the first half is from what was drawn."""
        random, encoder, drawn = np.random.default_rng(1), ClipEncoder(path, tiny), []
        if is_expected:
            encoder.expect_motion()
        blobs = random.uniform(0, 255, (16, 30))
        y, x = np.mgrid[:36, :64]
        for number in range(40):
            places = (y / 4 + number * 0.11, x / 4 + number * 0.17)
            rows, columns = (np.clip(place, 0, size - 1.001) for place, size in zip(places, blobs.shape, strict=True))
            i, j = rows.astype(int), columns.astype(int)
            u, v = rows - i, columns - j
            grey = (
                blobs[i, j] * (1 - u) * (1 - v) + blobs[i + 1, j] * u * (1 - v)
                + blobs[i, j + 1] * (1 - u) * v + blobs[i + 1, j + 1] * u * v
            )  # fmt: skip
            pixels = np.repeat(grey[..., None], 4, axis=2).astype(np.uint8)
            encoder.write(pixels)
            drawn.append(pixels[..., :3].astype(int))
        encoder.close()
        distances = np.abs(drawn - np.array(decoded(path)))
        return [len(packet) for packet, _ in packets(path)], float(distances[:20].mean())

    (sizes, distance), (quick_sizes, quick_distance) = (
        drifting(tmp_path / f"{is_expected}.mp4", is_expected) for is_expected in (True, False)
    )
    assert sum(sizes[:20]) < sum(quick_sizes[:20])
    assert distance < quick_distance
    assert quick_sizes[21:] == sizes[21:]  # it was seen to move
    assert sum(quick_sizes[21:]) < 0.95 * sum(quick_sizes[1:20])


def test_if_motion_takes_few_bytes_it_is_searched_for_less(tiny, tmp_path):
    settings = replace(tiny, width=640, height=360)

    def a_dot_moves(path: Path, is_expected: bool) -> list[int]:
        """The sizes of its packets."""
        encoder = ClipEncoder(path, settings)
        if is_expected:
            encoder.expect_motion()
        for number in range(30):
            pixels = np.zeros((360, 640, 4), np.uint8)
            pixels[100:108, 3 * number : 3 * number + 8] = 255
            encoder.write(pixels)
        encoder.close()
        return [len(packet) for packet, _ in packets(path)]

    expected, quick = (a_dot_moves(tmp_path / f"{is_expected}.mp4", is_expected) for is_expected in (True, False))
    assert expected[1:20] != quick[1:20]
    assert expected[21:] == quick[21:]  # in the group of pictures that follows, but for what a new encoder says


@pytest.mark.parametrize(("moves", "most"), [(True, h264.AHEAD), (False, h264.MOST_AHEAD)])
def test_only_few_pictures_wait_however_slow_the_encoder_is(tiny, tmp_path, monkeypatch, moves, most):
    """The queue holds four pictures that changed everywhere, or sixty that take less memory."""
    goes_on = threading.Event()
    monkeypatch.setattr(h264.H264Stream, "_write", lambda *_: goes_on.wait())
    with av.open(str(tmp_path / "a.mp4"), "w") as container:
        stream = h264.H264Stream(container, tiny)
        pictures = (np.full((36, 64, 4), number if moves else 0, np.uint8) for number in range(1, most + 9))
        writing = threading.Thread(target=lambda: [stream.write(picture, 1) for picture in pictures])
        writing.start()
        began = time.monotonic()
        while len(stream._waiting) < most - 1 and time.monotonic() < began + 30:  # and the one that is waited for
            time.sleep(0.01)
        writing.join(0.3)
        is_waiting, waiting = writing.is_alive(), len(stream._waiting)
        goes_on.set()
        writing.join()
        stream.discard()
    assert is_waiting
    assert waiting == most - 1
