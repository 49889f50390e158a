"""Tests which files are read as sound, which are refused and how, and how their ends are trimmed."""

from __future__ import annotations

import os

import av
import numpy as np
import pytest
from gradreel.render.voice.sound import (
    EDGE,
    PAUSE,
    RATE,
    SoundError,
    audible_part,
    cut,
    filtered,
    pauses,
    read_sound,
    write_flac,
)
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(("rate", "width", "channels"), [(96_000, 3, 2), (8_000, 1, 1), (22_050, 2, 1), (44_100, 4, 2)])
def test_a_recording_of_any_kind_keeps_its_length_level_and_pitch(wav, tone, rate, width, channels):
    samples = read_sound(wav(tone(1, rate), rate, width, channels))
    assert (samples.dtype, samples.shape) == (np.float32, (RATE,))
    inside = slice(RATE // 10, -RATE // 10)
    np.testing.assert_allclose(samples[inside], tone(1)[inside], atol=1 / 127 if width == 1 else 2e-4)


def test_channels_are_averaged(tmp_path):
    file = tmp_path / "take.wav"
    with av.open(file, "w") as container:
        stream = container.add_stream("pcm_s16le", rate=RATE, layout="stereo")
        left_alone = np.stack([np.full(RATE, 8192, np.int16), np.zeros(RATE, np.int16)], axis=1).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(left_alone, format="s16", layout="stereo")
        frame.sample_rate = RATE
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    np.testing.assert_array_equal(read_sound(file), np.full(RATE, 0.125, np.float32))


def test_a_length_that_a_program_could_not_know_is_no_fault(tmp_path, wav, tone):
    """A WAV file that was written into a pipe has no valid length in its header."""
    content = wav(tone(1)).read_bytes()
    unknown = b"\xff" * 4
    assert len(read_sound(written(tmp_path, content[:4] + unknown + content[8:40] + unknown + content[44:]))) == RATE


@pytest.mark.parametrize("name", ["take.mp3", "take.m4a", "take.flac", "take.ogg", "take.mka"])
def test_files_of_phones_and_recorders_are_read(tmp_path, tone, name):
    codec = {"mp3": "libmp3lame", "m4a": "aac", "flac": "flac", "ogg": "libopus", "mka": "aac"}[name.partition(".")[2]]
    with av.open(tmp_path / name, "w") as container:
        stream = container.add_stream(codec, rate=RATE, layout="mono")
        frames = av.AudioFrame.from_ndarray(tone(1)[None].astype(np.float32), format="flt", layout="mono")
        frames.sample_rate = RATE
        fifo, to_codec = av.AudioFifo(), av.AudioResampler(format=stream.format, frame_size=1024)
        for frame in (*to_codec.resample(frames), *to_codec.resample(None)):
            fifo.write(frame)
        for frame in fifo.read_many(960 if codec == "libopus" else 1024, partial=True):
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    samples = read_sound(tmp_path / name)
    assert len(samples) == pytest.approx(RATE, abs=0.06 * RATE)
    assert np.sqrt(np.mean(samples**2)) == pytest.approx(0.5 / 2**0.5, rel=0.05)


def test_a_length_that_is_guessed_from_a_quiet_beginning_is_no_fault(tmp_path):
    """Raw AAC has no length; PyAV guesses it from the bit rate of the beginning."""
    samples = np.concatenate([np.zeros(4 * RATE), np.random.default_rng(0).uniform(-0.5, 0.5, 2 * RATE)])
    file = tmp_path / "take.aac"
    with av.open(file, "w") as container:
        stream = container.add_stream("aac", rate=RATE, layout="mono")
        for place in range(0, len(samples) - 1024, 1024):
            part = samples[None, place : place + 1024].astype(np.float32)
            frame = av.AudioFrame.from_ndarray(part, format="fltp", layout="mono")
            frame.sample_rate = RATE
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with av.open(file) as container:
        assert container.duration > 7_000_000  # as it is guessed
    assert len(read_sound(file)) == pytest.approx(6 * RATE, abs=0.1 * RATE)


def test_flac_keeps_16_bits(tmp_path):
    samples = np.random.default_rng(0).uniform(-1, 1, 10_001).astype(np.float32)
    write_flac(tmp_path / "line.flac", samples)
    np.testing.assert_allclose(read_sound(tmp_path / "line.flac"), samples, atol=1 / 32767)


def test_resampling_adds_no_tones(tone):
    (spoken,) = (
        np.concatenate(list(filtered([tone(2, 22_050, 10_000)], 22_050, ("aresample", "48000:filter_size=128")))),
    )
    spectrum = np.abs(np.fft.rfft(spoken[RATE // 2 : -RATE // 2] * np.hanning(RATE))) ** 2
    there = np.zeros(len(spectrum), bool)
    there[9_990:10_011] = True
    assert 10 * np.log10(spectrum[there].sum() / spectrum[~there].sum()) > 90


def written(folder, content):
    (folder / "take.wav").write_bytes(content)
    return folder / "take.wav"


def test_a_missing_recording_is_named(tmp_path):
    with pytest.raises(SoundError, match=r"take\.wav: there is no such file"):
        read_sound(tmp_path / "take.wav")


@pytest.mark.parametrize(
    "content", [b"RIFF", b"\0" * 5000, "這不是聲音".encode() * 300, b"ID3\x04\0\0\0\0\0\x0a" + b"\xff" * 900]
)
def test_a_file_that_is_no_sound_is_refused(tmp_path, content):
    with pytest.raises(SoundError, match=r"take\.wav "):
        read_sound(written(tmp_path, content))


def test_an_empty_file_is_refused(tmp_path):
    with pytest.raises(SoundError, match="is empty"):
        read_sound(written(tmp_path, b""))


def test_a_recording_cut_off_is_refused(tmp_path, wav, tone):
    content = wav(tone(3)).read_bytes()
    with pytest.raises(SoundError, match=r"has 144022 of its 288044 bytes: it is truncated"):
        read_sound(written(tmp_path, content[: len(content) // 2]))


def test_a_header_without_sound_is_refused(tmp_path, wav, tone):
    with pytest.raises(SoundError):
        read_sound(written(tmp_path, wav(tone(3)).read_bytes()[:44]))


def test_a_truncated_line_is_refused(tmp_path, tone):
    write_flac(tmp_path / "line.flac", tone(3))
    content = (tmp_path / "line.flac").read_bytes()
    (tmp_path / "line.flac").write_bytes(content[: len(content) // 2])
    with pytest.raises(SoundError):
        read_sound(tmp_path / "line.flac")


def test_a_play_list_opens_no_other_file(tmp_path, wav, tone):
    other = wav(tone(1), name="other.wav")
    play_lists = (
        f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{other}\n#EXT-X-ENDLIST\n",
        f"ffconcat version 1.0\nfile {other.name}\n",
    )
    for content in play_lists:
        with pytest.raises(SoundError, match="cannot be read as sound"):
            read_sound(written(tmp_path, content.encode()))


def test_a_pipe_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "take.wav")
    with pytest.raises(SoundError, match="no regular file"):
        read_sound(tmp_path / "take.wav")


def test_a_video_without_sound_is_refused(tmp_path):
    with av.open(tmp_path / "take.mp4", "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width = stream.height = 16
        stream.pix_fmt = "yuv420p"
        container.mux(stream.encode(av.VideoFrame(16, 16, "yuv420p")))
        container.mux(stream.encode(None))
    with pytest.raises(SoundError, match="has no sound in it"):
        read_sound(tmp_path / "take.mp4")


@pytest.mark.parametrize("rate", [1, 3_999, 2_000_000])
def test_an_unusual_sample_rate_is_refused(wav, tone, rate):
    with pytest.raises(SoundError, match=f"has {rate} samples a second"):
        read_sound(wav(tone(0.1), rate))


def test_an_hour_of_sound_is_refused_before_it_is_read_completely(tmp_path, wav):
    with pytest.raises(SoundError, match="longer than 600 seconds"):
        read_sound(wav(np.zeros(4_000 * 601), 4_000, width=1))


def test_samples_that_are_no_numbers_are_refused(tmp_path):
    file = tmp_path / "take.wav"
    with av.open(file, "w") as container:
        stream = container.add_stream("pcm_f32le", rate=RATE, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.full((1, RATE), np.nan, np.float32), format="flt", layout="mono")
        frame.sample_rate = RATE
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with pytest.raises(SoundError, match="infinite or not a number"):
        read_sound(file)


@given(before=st.integers(0, 60), sound=st.integers(1, 60), after=st.integers(0, 60))
def test_a_fixed_part_of_the_silence_is_kept(tmp_path, tone, before, sound, after):
    hundredths = np.concatenate([np.zeros(480 * before), tone(sound / 100), np.zeros(480 * after)]).astype(np.float32)
    left, right = min(before, edge := round(100 * EDGE)), min(after, edge)
    assert audible_part(hundredths, tmp_path) == slice(480 * (before - left), 480 * (before + sound + right))


def test_noise_of_a_room_is_silence(tone):
    room = np.random.default_rng(0).normal(size=2 * RATE) * 0.5 * 10 ** (-55 / 20)
    room[RATE : RATE + RATE // 2] += tone(0.5)
    part = audible_part(room.astype(np.float32), None)
    assert (part.start, part.stop) == (pytest.approx(0.95 * RATE, abs=500), pytest.approx(1.55 * RATE, abs=500))


@pytest.mark.parametrize("silence", [PAUSE - 0.01, PAUSE, 0.3])
def test_silences_between_words_are_pauses_but_not_those_at_the_ends(tone, silence):
    parts = [np.zeros(RATE), tone(0.4), np.zeros(round(silence * RATE)), tone(0.3), np.zeros(RATE)]
    found = pauses(np.concatenate(parts).astype(np.float32), None)
    assert found == ([slice(67_200, 67_200 + round(silence * RATE))] if silence >= PAUSE else [])


def test_sound_that_is_cut_begins_and_ends_at_zero():
    samples = cut(np.full(2 * RATE, 0.5, np.float32), slice(100, RATE))
    assert (samples[0], samples[-1], samples[RATE // 2], len(samples)) == (0, 0, 0.5, RATE - 100)
    assert np.abs(np.diff(samples)).max() < 0.01


def test_a_sound_shorter_than_its_fade_is_trimmed_too():
    np.testing.assert_array_equal(cut(np.ones(9, np.float32), slice(3, 4)), [0])
    assert len(cut(np.ones(9, np.float32), slice(3, 3))) == 0


def test_a_silent_recording_is_refused(tmp_path, wav):
    file = wav(np.zeros(RATE))
    with pytest.raises(SoundError, match=r"take\.wav is silent"):
        audible_part(read_sound(file), file)
