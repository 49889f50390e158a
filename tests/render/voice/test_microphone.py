"""Recording line by line, with a module in the place of sounddevice and answers in that of a keyboard."""

from __future__ import annotations

import os
import sys
from contextlib import nullcontext
from types import SimpleNamespace

import click
import numpy as np
import pytest
from gradreel.core.errors import UserError
from gradreel.render.voice.microphone import microphone, record
from gradreel.render.voice.script import ScriptLine
from gradreel.render.voice.sound import read_sound
from gradreel.render.voice.spoken_lines import Line

LINES = [ScriptLine(Line("curve", beat, (f"It is {beat}.",)), (), f"It is {beat}.", 2.0) for beat in ("rise", "rest")]


class FakeDevice:
    """Hears a tone a second long whenever it records."""

    class PortAudioError(Exception):
        pass

    def __init__(self, tone) -> None:
        self.samples, self.played, self.fails, self.status = tone(1, 44_100), [], False, None

    def query_devices(self, kind):
        if self.fails:
            raise self.PortAudioError("no default input device")
        return {"name": "a microphone"}

    def InputStream(self, channels, dtype, callback):  # noqa: N802
        if self.fails:
            raise self.PortAudioError("Invalid device")
        assert (channels, dtype) == (1, "float32")
        for block in np.array_split(self.samples.astype(np.float32)[:, None], 7):
            callback(block, len(block), None, self.status)
        return nullcontext(SimpleNamespace(samplerate=44_100.0))

    def play(self, samples, rate):
        self.played.append((len(samples), rate))

    def wait(self):
        pass


@pytest.fixture
def device(tone):
    return FakeDevice(tone)


@pytest.fixture
def answers(monkeypatch):
    """Return ``answers("", "q")``: sets the user's input, then its end. Returns the list of questions asked."""
    asked = []

    def typed(*keys):
        left = iter(keys)

        def prompt(question, **options):
            asked.append(question)
            answer = next(left, None)
            if answer is None:
                raise click.Abort
            return answer

        monkeypatch.setattr(click, "prompt", prompt)
        return asked

    return typed


def kept(folder):
    return sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())


def test_lines_are_recorded_one_by_one(device, answers, tmp_path, capsys):
    answers("", "", "", "", "", "")
    assert record(LINES, tmp_path, device) == 2
    assert kept(tmp_path) == ["curve/rest.wav", "curve/rise.wav"]
    assert len(read_sound(tmp_path / "curve/rise.wav")) == pytest.approx(48_000, abs=2)
    told = capsys.readouterr()
    assert told.out == "" and "1 of 2: curve/rise, which moves for 2.0 s" in told.err and "It is rest." in told.err


def test_a_recording_is_played_repeated_skipped_or_ended_by_keys(device, answers, tmp_path):
    asked = answers("", "", "p", "r", "", "s", "q")
    assert record(LINES, tmp_path, device) == 0
    assert device.played == [(44_100, 44_100)]
    assert kept(tmp_path) == [] and sum("Recording" in question for question in asked) == 2


def test_a_recording_that_cannot_be_played_can_still_be_kept(device, answers, tmp_path, monkeypatch, capsys):
    def no_loudspeaker(samples, rate):
        raise device.PortAudioError("no output device")

    monkeypatch.setattr(device, "play", no_loudspeaker)
    answers("", "", "p", "", "q")
    assert record(LINES, tmp_path, device) == 1
    assert kept(tmp_path) == ["curve/rise.wav"]
    assert "can't be played here: no output device" in capsys.readouterr().err


def test_other_keys_are_asked_again_and_after_a_skipped_line_recording_continues(device, answers, tmp_path):
    asked = answers("x", "yes", "s", "", "", "")
    assert record(LINES, tmp_path, device) == 1
    assert len(asked) == 6 and kept(tmp_path) == ["curve/rest.wav"]


def test_too_loud_or_lost_sound_is_reported_before_it_is_kept(device, answers, tmp_path, capsys):
    device.samples, device.status = np.clip(3 * device.samples, -1, 1), "input overflow"
    asked = answers("", "", "s", "q")
    record(LINES, tmp_path, device)
    assert "too loud 880 times" in asked[2] and "Some of it was lost" in capsys.readouterr().err


def test_ctrl_c_keeps_the_kept_recordings_and_no_others(device, answers, tmp_path):
    answers("", "", "", "", "")  # then the input ends, at the question whether to keep it
    with pytest.raises(click.Abort):
        record(LINES, tmp_path, device)
    assert kept(tmp_path) == ["curve/rise.wav"]


def test_a_full_disk_leaves_nothing_half(device, answers, tmp_path, monkeypatch):
    def full(*paths):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    answers("", "", "")
    with pytest.raises(OSError, match="No space"):
        record(LINES, tmp_path, device)
    assert kept(tmp_path) == []


def test_a_missing_package_for_the_microphone_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(
        UserError, match=r"needs sounddevice: pip install 'gradreel\[record\]'; or record with any other"
    ):
        microphone()


def test_a_missing_or_failing_microphone_is_one_message(device, answers, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "sounddevice", device)
    assert microphone() is device
    device.fails = True
    answers("")
    with pytest.raises(UserError, match="the microphone failed: Invalid device"):
        record(LINES, tmp_path, device)
    with pytest.raises(UserError, match="finds no microphone"):
        microphone()


def test_without_portaudio_its_package_is_named(tmp_path, monkeypatch):
    (tmp_path / "sounddevice.py").write_text("raise OSError('PortAudio library not found')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    with pytest.raises(UserError, match="PortAudio library not found; install it"):
        microphone()
