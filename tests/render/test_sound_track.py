"""Tests a video's sound: each sound at its sample, level and side, and nothing beyond full scale."""

from __future__ import annotations

import os
import wave
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from gradreel.render.videos.sound_track import AAC, CEILING, CODECS, RATE, Mix, PlacedSound, Track, limited
from gradreel.render.videos.video import write_film
from gradreel.render.voice.sound import SoundError, write_flac
from hypothesis import given, settings
from hypothesis import strategies as st

CLICK = (0.7 * np.exp(-np.arange(600) / 60) * np.cos(np.arange(600) / 4)).astype(np.float32)


def write_wav(file: Path, samples: np.ndarray, rate: int = RATE, width: int = 2) -> Path:
    """``samples`` (N,) or (channels, N), in ``width`` bytes each."""
    levels = np.round(np.atleast_2d(samples).T * (2 ** (8 * width - 1) - 1)).astype("<i4")
    as_bytes = (levels + 128).astype("u1") if width == 1 else levels.reshape(-1, 1).view("u1")[:, :width]
    with wave.open(str(file), "wb") as out:
        out.setnchannels(levels.shape[1])
        out.setsampwidth(width)
        out.setframerate(rate)
        out.writeframes(as_bytes.tobytes())
    return file


def mixed(*sounds: PlacedSound, samples: int = 3 * RATE) -> np.ndarray:
    return np.concatenate(list(Mix(sounds, samples).blocks()), axis=1)


def heard(video: Path, track: int = 0) -> np.ndarray:
    """The samples of a sound stream, as a player has them, (2, N)."""
    with av.open(str(video)) as container:
        stream = container.streams.audio[track]
        frames = list(container.decode(stream))
    assert frames[0].pts == 0
    return np.concatenate([f.to_ndarray() for f in frames], axis=1)


@pytest.fixture
def film(write_clip, tiny, tmp_path):
    """``film(sounds…, file_format="mp4")``: a video of two clips of 1.7 s; ``tracks`` instead of one of sounds."""

    def make(*sounds: PlacedSound, file_format: str = "mp4", name: str = "film", tracks=None) -> Path:
        render = replace(tiny, format=file_format)
        clips = [write_clip(tmp_path / f"{n}.{file_format}", render, 17) for n in range(2)]
        path = tmp_path / f"{name}.{file_format}"
        make.cut = write_film(clips, path, title="A film", sounds={Track(): sounds} if tracks is None else tracks)
        return path

    return make


@pytest.mark.parametrize("file_format", list(CODECS))
def test_a_click_is_decoded_at_its_time_and_the_sound_is_as_long_as_the_video(film, tmp_path, file_format):
    click = write_wav(tmp_path / "click.wav", CLICK)
    places = [Fraction(0), Fraction(1), Fraction(25_001, 10_000)]  # the last in the second clip
    video = film(*(PlacedSound(click, place) for place in places), file_format=file_format)
    sound = heard(video)
    for place in places:
        begins = round(place * RATE)
        before = max(begins - 2000, 0)
        shifts = np.correlate(sound[0, before : begins + 3000], CLICK, "valid")
        assert abs(before + int(np.argmax(shifts)) - begins) <= 2  # samples
    with av.open(str(video)) as container:
        stream = container.streams.audio[0]
        assert (stream.codec_context.name, stream.rate, stream.channels) == (
            "opus" if file_format == "webm" else "aac",
            RATE,
            2,
        )
        if file_format != "webm":  # which counts whole packets, and says of the last how much is to be left out
            assert stream.duration * stream.time_base == Fraction(34, 10)
    assert 0 <= sound.shape[1] - 3.4 * RATE < 1024


@pytest.mark.parametrize(("rate", "width", "channels"), [(RATE, 1, 1), (44_100, 3, 2), (44_100, 2, 1), (8_000, 4, 2)])
def test_a_file_of_any_kind_is_heard_at_its_level_and_sample(tmp_path, rate, width, channels):
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(rate) / rate)
    file = write_wav(tmp_path / "tone.wav", np.stack([tone] * channels), rate, width)
    sound = mixed(PlacedSound(file, Fraction(1, 3)))
    begins, inside = RATE // 3, slice(RATE // 10, -RATE // 10)
    expected = 0.5 * np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)
    assert np.abs(sound[:, : begins - 100]).max() == 0
    for side in sound:
        np.testing.assert_allclose(
            side[begins : begins + RATE][inside], expected[inside], atol=2 / 127 ** min(width, 2)
        )


@pytest.mark.parametrize("name", ["take.flac", "take.mp3", "take.m4a", "take.ogg"])
def test_a_compressed_sound_also_begins_at_its_time(tmp_path, name):
    codec = {"flac": "flac", "mp3": "libmp3lame", "m4a": "aac", "ogg": "libopus"}[name.partition(".")[2]]
    samples = np.zeros(RATE, np.float32)
    samples[24_000:24_600] = CLICK
    with av.open(tmp_path / name, "w") as container:
        stream = container.add_stream(codec, rate=RATE, layout="mono")
        size = {"libmp3lame": 1152, "libopus": 960}.get(codec, 1024)
        frame = av.AudioFrame.from_ndarray(samples[None], format="flt", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE, 0, Fraction(1, RATE)
        sized = av.AudioResampler(format=stream.format, frame_size=size)
        for part in (*sized.resample(frame), *sized.resample(None)):
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))
    sound = mixed(PlacedSound(tmp_path / name, Fraction(1)))
    found = int(np.argmax(np.correlate(sound[0], CLICK, "valid")))
    assert abs(found - (RATE + 24_000)) <= 48  # a millisecond


def test_stereo_stays_stereo_and_mono_is_on_both_sides(tmp_path):
    left = write_wav(tmp_path / "left.wav", np.stack([np.full(1000, 0.5), np.zeros(1000)]))
    mono = write_wav(tmp_path / "mono.wav", np.full(1000, 0.25))
    sound = mixed(PlacedSound(left, Fraction(0)), PlacedSound(mono, Fraction(1)))
    assert np.allclose(sound[:, 500], [0.5, 0], atol=1e-4)
    assert np.allclose(sound[:, RATE + 500], [0.25, 0.25], atol=1e-4)


@settings(max_examples=30)
@given(
    placed=st.lists(
        st.tuples(st.integers(0, 2 * RATE), st.integers(1, 70_000), st.floats(-20, 6), st.integers(1, 2)), max_size=5
    ),
    length=st.integers(1, 2 * RATE),
)
def test_sounds_that_overlap_are_summed_each_at_its_sample_and_gain(placed, length):
    noise = np.random.default_rng(0)
    expected = np.zeros((2, 5 * RATE))
    sounds = []
    for begins, samples, gain, channels in placed:
        content = noise.uniform(-1, 1, (channels, samples)).astype(np.float32)
        expected[:, begins : begins + samples] += content * 10 ** (gain / 20)
        sounds.append(PlacedSound(content, Fraction(begins, RATE), gain))
    start = length // 3
    mix = Mix(sounds, length, start)
    np.testing.assert_allclose(np.concatenate(list(mix.blocks()), axis=1), expected[:, start:length], atol=1e-5)


def test_soft_passages_are_unchanged_and_loud_ones_are_turned_down_only_there():
    noise = np.random.default_rng(1).uniform(-0.2, 0.2, (2, 3 * RATE + 77)).astype(np.float32)
    loud = noise.copy()
    loud[:, RATE : RATE + 9600] *= 20
    for samples in (noise, loud):
        parts = [samples[:, k : k + RATE] for k in range(0, samples.shape[1], RATE)]
        result = np.concatenate([frame.to_ndarray() for frame in limited(parts, AAC)], axis=1)
        assert result.shape == samples.shape
        assert np.abs(result).max() <= CEILING + 1e-6
        np.testing.assert_array_equal(result[:, : RATE - 480], samples[:, : RATE - 480])
        np.testing.assert_allclose(result[:, 2 * RATE :], samples[:, 2 * RATE :], rtol=1e-3)
    np.testing.assert_allclose(result[1, RATE : RATE + 9600].std(), CEILING / 3**0.5, rtol=0.4)


@pytest.mark.parametrize("file_format", ["mp4", "webm"])
def test_many_sounds_at_once_are_never_beyond_full_scale(film, tmp_path, file_format):
    tone = write_wav(tmp_path / "tone.wav", 0.9 * np.sin(np.arange(RATE) / 20))
    video = film(*(PlacedSound(tone, Fraction(k, 100), gain=6) for k in range(30)), file_format=file_format)
    assert 0.7 < np.abs(heard(video)).max() <= 1


@pytest.mark.parametrize("file_format", ["mp4", "webm"])
def test_a_loud_tone_is_heard_at_one_level(film, tmp_path, file_format):
    tone = 0.7 * np.sin(2 * np.pi * 500 * np.arange(2 * RATE) / RATE)
    sound = PlacedSound(write_wav(tmp_path / "tone.wav", tone), Fraction(0))
    steady = heard(film(sound, file_format=file_format))[0, RATE // 2 : RATE // 2 + RATE]
    levels = np.sqrt((steady.reshape(-1, RATE // 50) ** 2).mean(axis=1))  # of whole periods
    assert levels == pytest.approx(np.full(50, 0.7 / np.sqrt(2)), rel=0.03)


def test_the_same_sounds_are_the_same_bytes(film, tmp_path):
    click = write_wav(tmp_path / "click.wav", CLICK, 44_100)
    placed = [PlacedSound(click, Fraction(k, 7)) for k in range(20)]
    assert film(*placed).read_bytes() == film(*placed, name="again").read_bytes()


@pytest.mark.parametrize("file_format", list(CODECS))
def test_tracks_have_language_title_and_one_is_on(film, file_format):
    lines = {"en": np.full(RATE, 0.5, np.float32), "zh": np.full(RATE, -0.5, np.float32)}
    tracks = {
        Track("en", "English", default=False): [PlacedSound(lines["en"], Fraction(1))],
        Track("zh", "中文"): [PlacedSound(lines["zh"], Fraction(2), rate=RATE // 2)],
    }
    video = film(file_format=file_format, tracks=tracks)
    with av.open(str(video)) as container:
        streams = container.streams.audio
        tags = {"mov": ["eng", "chi"]}.get(file_format, ["eng", "zho"])
        assert [stream.language for stream in streams] == tags
        assert [stream.metadata.get("title", stream.metadata.get("name")) for stream in streams] == ["English", "中文"]
        assert [int(stream.disposition) for stream in streams] == [0, 1]
    english, chinese = heard(video, 0), heard(video, 1)
    assert (english[0, RATE + 100] > 0.1, chinese[0, 2 * RATE + 100] < -0.1) == (True, True)
    assert np.abs(chinese[0, : 2 * RATE - 3000]).max() < 0.05


def test_a_sound_longer_than_the_film_is_cut_with_a_message(film, tmp_path):
    file = write_wav(tmp_path / "long.wav", 0.3 * np.sin(np.arange(5 * RATE) / 20))
    late = PlacedSound(file, Fraction(10), origin="loud")
    video = film(PlacedSound(file, Fraction(1)), late, PlacedSound(CLICK, Fraction(2)))
    assert [sound.name for sound in film.cut] == [str(file), f"loud: {file}"]
    with av.open(str(video)) as container:
        assert container.duration == 3_400_000


def no_file(file: Path) -> None:
    pass


def empty(file: Path) -> None:
    file.touch()


def no_sound(file: Path) -> None:
    file.write_text("no sound " * 500)


def picture(file: Path) -> None:
    with av.open(file, "w", format="matroska") as container:
        stream = container.add_stream("libx264", rate=5, width=64, height=36, pix_fmt="yuv420p")
        container.mux(stream.encode(av.VideoFrame(64, 36, "yuv420p")))
        container.mux(stream.encode(None))


def truncated_wav(file: Path) -> None:
    os.truncate(write_wav(file, np.zeros(RATE)), RATE)


def truncated_flac(file: Path) -> None:
    write_flac(file, np.random.default_rng(0).uniform(-1, 1, RATE).astype(np.float32))
    os.truncate(file, RATE // 2)


def pipe(file: Path) -> None:
    os.mkfifo(file)


def not_numbers(file: Path) -> None:
    with av.open(file, "w", format="wav") as container:
        stream = container.add_stream("pcm_f32le", rate=RATE, layout="mono", format="flt")
        frame = av.AudioFrame.from_ndarray(np.full((1, 4800), np.nan, np.float32), format="flt", layout="mono")
        frame.sample_rate = RATE
        container.mux(stream.encode(frame))


FAULTS = {
    no_file: "there is no such file",
    empty: "is empty",
    no_sound: "",
    picture: "has no sound in it",
    truncated_wav: "truncated",
    truncated_flac: "",
    pipe: "no regular file",
    not_numbers: "infinite or not a number",
}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_an_unreadable_sound_is_named_with_its_scene(film, tmp_path, fault):
    fault(tmp_path / "sound.wav")
    with pytest.raises(SoundError, match=rf"^loud: .*sound\.wav.*{FAULTS[fault]}"):
        film(PlacedSound(tmp_path / "sound.wav", Fraction(1), origin="loud"))
