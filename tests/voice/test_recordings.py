"""One's own voice: which file is a beat's."""

from __future__ import annotations

import pytest
from gradreel.core.errors import UserError
from gradreel.scenes.voice.recordings import Recordings
from gradreel.scenes.voice.sound import EDGE, SoundError
from gradreel.scenes.voice.spoken_lines import Line, missing_lines, spoken_lines

LINES = [Line("build-curve", beat, "whatever is said") for beat in ("constant", "shape")]


@pytest.fixture
def recordings(tmp_path):
    return Recordings(tmp_path / "takes")


def test_the_recording_of_each_beat_is_heard(recordings, wav, tone, tmp_path):
    wav(tone(1), name="takes/build-curve/constant.wav")
    wav(tone(2, 96_000), 96_000, name="takes/build-curve/shape.wav")
    first, second = spoken_lines(recordings, LINES, tmp_path / "speech")
    assert (first.file.name, first.seconds, first.trimmed) == ("constant.wav", pytest.approx(1), 0)
    assert (second.seconds, len(second.samples)) == (pytest.approx(2), 96_000)
    assert not (tmp_path / "speech").exists()


def test_silence_before_the_voice_is_told_for_who_has_times_in_the_file(recordings, wav, tone, tmp_path):
    samples = [0.0] * 48_000 + tone(1).tolist()
    wav(samples, name="takes/build-curve/constant.wav")
    (line,) = spoken_lines(recordings, LINES[:1], tmp_path)
    assert (line.trimmed, line.seconds) == (pytest.approx(1 - EDGE), pytest.approx(1 + EDGE))


def test_missing_recordings_are_named(recordings, wav, tone, tmp_path):
    wav(tone(1), name="takes/build-curve/constant.wav")
    assert missing_lines(recordings, LINES, tmp_path) == LINES[1:]
    with pytest.raises(UserError, match=r"takes has no recording of 1 of 2 beats: build-curve/shape\.wav"):
        spoken_lines(recordings, LINES, tmp_path)


def test_two_recordings_of_a_beat_are_one_too_many(recordings, wav, tone, tmp_path):
    wav(tone(1), name="takes/build-curve/shape.wav").with_suffix(".flac").write_bytes(b"")
    with pytest.raises(UserError, match=r"shape\.wav and shape\.flac are recordings of one beat"):
        spoken_lines(recordings, LINES, tmp_path)


def test_a_broken_recording_is_named_and_stays(recordings, wav, tone, tmp_path):
    file = wav(tone(1), name="takes/build-curve/constant.wav")
    file.write_bytes(b"oh")
    with pytest.raises(SoundError, match=r"takes/build-curve/constant\.wav cannot be read as sound"):
        spoken_lines(recordings, LINES[:1], tmp_path)
    assert file.read_bytes() == b"oh"


@pytest.mark.parametrize("beat", ["../constant", "a/b", "", "\0"])
def test_names_lead_out_of_no_folder(recordings, beat):
    with pytest.raises(UserError, match="a beat called"):
        recordings.file("build-curve", beat)
