"""QuickTime Animation, made by us, decoded by FFmpeg: every frame as it was, in files no larger than FFmpeg's own."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from gradreel.render.frames.pixel_loops import run_lengths
from gradreel.render.frames.qtrle import QtrleStream
from gradreel.render.settings import RenderSettings
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

FPS = 10


def written(path: Path, pictures: list[np.ndarray], repeat: int = 1) -> Path:
    height, width = pictures[0].shape[:2]
    with av.open(str(path), "w") as container:
        stream = QtrleStream(container, RenderSettings(width=width, height=height, fps=FPS))
        for picture in pictures:
            stream.write(picture, repeat)
    return path


def decoded(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgba") for frame in container.decode(video=0)]


def packets(path: Path) -> list[tuple[int, bool]]:
    """Return size and key-frame flag of each packet."""
    with av.open(str(path)) as container:
        return [(packet.size, packet.is_keyframe) for packet in container.demux(video=0) if packet.size]


def of_runs(random: np.random.Generator, height: int, width: int) -> np.ndarray:
    """A picture of a few colours, in runs as long as every count of the format, and longer."""
    colours = random.integers(0, 256, (random.integers(2, 5), 4), dtype=np.uint8)
    longest = int(random.choice([2, 5, 130, 260, 600]))
    runs = random.integers(1, longest + 1, height * width)
    return np.repeat(colours[random.integers(0, len(colours), runs.size)], runs, axis=0)[: height * width].reshape(
        height, width, 4
    )


@settings(max_examples=80, deadline=None)
@given(width=st.integers(8, 400), height=st.integers(8, 24), seed=st.integers(0, 2**32 - 1))
def test_every_picture_decodes_to_the_original(tmp_path_factory, width, height, seed):
    width, height = width * 2, height * 2
    random = np.random.default_rng(seed)
    pictures = [of_runs(random, height, width)]
    for _ in range(2 * FPS + 3):  # past a second key frame
        following = pictures[-1].copy()
        top, left = random.integers(0, height), random.integers(0, width)
        part = following[top : top + random.integers(0, height), left : left + random.integers(0, width)]
        part[:] = random.choice([of_runs(random, *part.shape[:2]), np.flip(part, 1)]) if part.size else part
        changed = random.random((height, width)) < random.choice([0, 0.002, 0.4])
        following[changed] = random.integers(0, 256, (int(changed.sum()), 4))
        pictures.append(following)
    path = written(tmp_path_factory.mktemp("qtrle") / "a.mov", pictures)
    np.testing.assert_array_equal(decoded(path), pictures)


def test_a_still_picture_takes_a_few_bytes_between_key_frames(tmp_path):
    picture = of_runs(np.random.default_rng(1), 36, 64)
    found = packets(written(tmp_path / "a.mov", [picture], repeat=45))
    assert [number for number, (_, is_key) in enumerate(found) if is_key] == [0, 20, 40]
    assert {size for size, is_key in found if not is_key} == {7}


def test_a_player_may_begin_at_any_key_frame(tmp_path):
    random = np.random.default_rng(2)
    pictures = [of_runs(random, 36, 64) for _ in range(45)]
    with av.open(str(written(tmp_path / "a.mov", pictures))) as container:
        container.seek(3_000_000)  # microseconds; the last key frame before it is at 2
        frame = next(container.decode(video=0))
        assert frame.time == 2
        np.testing.assert_array_equal(frame.to_ndarray(format="rgba"), pictures[20])


def by_ffmpeg(path: Path, pictures: list[np.ndarray]) -> Path:
    height, width = pictures[0].shape[:2]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("qtrle", rate=Fraction(FPS))
        stream.width, stream.height, stream.pix_fmt = width, height, "argb"
        stream.codec_context.gop_size = 2 * FPS
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgba")))
        container.mux(stream.encode(None))
    return path


def test_a_file_is_no_larger_than_ffmpegs(tmp_path):
    pictures = []
    for number in range(30):
        large = Image.new("RGBA", (1280, 720))
        pencil = ImageDraw.Draw(large)
        pencil.rectangle((100 + 12 * number, 90, 500 + 12 * number, 400), fill=(88, 196, 221, 140))
        pencil.ellipse((700, 60 + 9 * number, 1000, 360 + 9 * number), outline=(255, 255, 0, 255), width=12)
        pencil.text((200, 500), "every number is real", fill="white", font_size=60)
        pictures.append(np.asarray(large.resize((640, 360), Image.Resampling.LANCZOS)))
    ours, ffmpegs = written(tmp_path / "ours.mov", pictures), by_ffmpeg(tmp_path / "ffmpegs.mov", pictures)
    np.testing.assert_array_equal(decoded(ours), decoded(ffmpegs))
    assert ours.stat().st_size <= ffmpegs.stat().st_size


@settings(max_examples=80, deadline=None)
@given(width=st.integers(1, 40), seed=st.integers(0, 2**32 - 1), is_key=st.booleans())
def test_the_worst_picture_fits_into_its_packet(width, seed, is_key):
    random = np.random.default_rng(seed)
    two = random.integers(0, 256, (2, 4), dtype=np.uint8)
    shown, known = (two[random.integers(0, 2, (9, width))] for _ in range(2))
    most = 9 * (5 * width + 2) + 15
    memory = np.full(most + 64, 77, np.uint8)
    expected = shown.copy()
    size = run_lengths(shown, known, is_key, memory[:most])
    assert int.from_bytes(memory[:4].tobytes(), "big") == size <= most
    assert (memory[size:] == 77).all()
    np.testing.assert_array_equal(known, expected)


def picture(*shape: int) -> np.ndarray:
    return np.zeros(shape, np.uint8)


@pytest.mark.parametrize(
    ("shown", "previous", "packet"),
    [
        (picture(8, 6, 4), picture(6, 8, 4), picture(999)),
        (picture(8, 6, 3), picture(8, 6, 3), picture(999)),
        (picture(8, 24), picture(8, 24), picture(999)),
        (picture(8, 6, 4), picture(8, 6, 4), picture(8 * (6 * 5 + 2) + 14)),
        (picture(0, 6, 4), picture(0, 6, 4), picture(999)),
        (picture(2**16, 1, 4), picture(2**16, 1, 4), picture(2**20)),
    ],
)
def test_arrays_of_different_sizes_are_refused(shown, previous, packet):
    packet += 9
    with pytest.raises(ValueError, match="do not fit together"):
        run_lengths(shown, previous, True, packet)
    assert (packet == 9).all()
