"""Tests of ``gradreel narrate`` with a user's scene: script, remarks about recordings, and the microphone."""

from __future__ import annotations

import json
import sys
import wave

import numpy as np
import pytest

TALK = """
from gradreel.scenes.base import LectureScene
from manim import Create, Square


class Talk(LectureScene):
    def construct(self):
        square = Square()
        with self.beat("draw", say="A square of 4 sides, [half]half of it drawn."):
            self.play(Create(square), run_time=1)
            self.until("half")
            self.play(square.animate.shift([1, 0, 0]), run_time=2)
        with self.beat("rest", say="It rests."):
            pass
        with self.beat("quiet", say=""):
            self.wait(1)
"""


@pytest.fixture
def talk(tmp_path, monkeypatch):
    """A folder with a scene that talks; we are in it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "talk.py").write_text(TALK)
    return tmp_path


def record(file, seconds=1.0, level=0.5):
    samples = level * np.sin(np.arange(round(48_000 * seconds)) / 20)
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1), out.setsampwidth(2), out.setframerate(48_000)
        out.writeframes((samples * 32767).astype("<i2").tobytes())


def test_the_script_is_written_and_remarks_on_recordings_are_printed(talk, gradreel):
    first = gradreel("narrate", "talk.py:Talk")
    assert first.exit_code == 0, first.stderr
    assert first.stdout.splitlines() == [
        str(talk / "recordings" / "script.md"), "missing     talk/draw.wav, talk/rest.wav"
    ]  # fmt: skip
    script = (talk / "recordings" / "script.md").read_text()
    assert "> A square of four sides, [half] half of it drawn.\n" in script and "quiet" not in script
    record(talk / "recordings" / "talk" / "rest.wav", 8)
    second = gradreel("narrate", "talk.py:Talk", "--json")
    content = json.loads(second.stdout)
    assert (content["lines"], content["recorded"]) == (2, 1)
    assert [(remark["kind"], remark["file"]) for remark in content["remarks"]] == [
        ("missing", f"{talk}/recordings/talk/draw.wav"), ("long", f"{talk}/recordings/talk/rest.wav")
    ]  # fmt: skip
    (talk / "talk.py").write_text(TALK.replace("It rests.", "It sleeps."))
    assert 'other text  talk/rest.wav: it was read from "It rests."' in gradreel("narrate", "talk.py:Talk").stdout
    assert "other text" not in gradreel("narrate", "talk.py:Talk", "--accept").stdout


def test_without_a_microphone_nothing_is_done(talk, gradreel, monkeypatch):
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    result = gradreel("narrate", "talk.py:Talk", "--record")
    assert result.exit_code == 2 and "--record needs sounddevice" in result.stderr
    assert sorted(path.name for path in talk.iterdir()) == ["talk.py"]


def test_new_recordings_get_their_remarks_at_once(talk, gradreel, monkeypatch):
    asked = []

    def recorded(lines, folder, device):
        asked.extend(line.name for line in lines)
        record(folder / f"{lines[0].name}.wav")

    monkeypatch.setattr("gradreel.render.voice.microphone.microphone", lambda: "device")
    monkeypatch.setattr("gradreel.render.voice.microphone.record", recorded)
    result = gradreel("narrate", "talk.py:Talk", "--record")
    assert result.exit_code == 0, result.stderr
    assert asked == ["talk/draw", "talk/rest"]
    assert "broken      talk/draw.wav: " in result.stdout and "has 0 pauses" in result.stdout
    assert "1 of 2 lines are recorded" in result.stderr


def test_an_unwritable_folder_gives_one_message(talk, gradreel):
    (talk / "recordings").write_text("a file")
    result = gradreel("narrate", "talk.py:Talk")
    assert result.exit_code == 2 and "recordings" in result.stderr and "Traceback" not in result.stderr
