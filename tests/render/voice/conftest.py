"""A voice made of tones: a program that writes a tone whose length goes by the length of the text."""

from __future__ import annotations

import struct
import sys
import wave
from pathlib import Path

import numpy as np
import pytest

TONES = """
import array, json, math, os, pathlib, sys, time, wave
log, (file, text) = os.environ["TONES_LOG"], sys.argv[1:]
with open(log, "a") as out:
    out.write(json.dumps([text, file]) + "\\n")
if "fail" in text:
    print("at first", "no such voice", sep="\\n", file=sys.stderr)
    sys.exit(3)
if "hang" in text:
    if not os.fork():
        pathlib.Path(log + ".child").write_text(f"{os.getpid()} {os.getsid(0)}")
    time.sleep(600)
if "nothing" in text:
    sys.exit()
if "empty" in text or "broken" in text:
    pathlib.Path(file).write_bytes(b"no sound " * 99 if "broken" in text else b"")
    sys.exit()
count = 480 * len(text)
level = 0 if "silent" in text else 9000
tone = array.array("h", (round(level * math.sin(k / 8)) for k in range(count)))
with wave.open(file, "wb") as out:
    out.setnchannels(1), out.setsampwidth(2), out.setframerate(48000)
    out.writeframes(tone.tobytes())
"""
SECONDS_A_LETTER = 0.01


@pytest.fixture(scope="session")
def tones_program(tmp_path_factory) -> Path:
    program = tmp_path_factory.mktemp("tones") / "tones.py"
    program.write_text(TONES)
    return program


@pytest.fixture
def calls(tmp_path) -> Path:
    """A line of JSON, text and file, for each time that the voice of `tones` was asked."""
    return tmp_path / "calls.json"


@pytest.fixture
def tones(tones_program, calls, monkeypatch):
    """Return ``tones()``, a voice that speaks tones. Some texts, such as "fail" and "hang", control what it does."""
    from gradreel.render.voice.engines import Command

    monkeypatch.setenv("TONES_LOG", str(calls))

    def voice(**settings: object) -> Command:
        python = (sys.executable, "-I", "-S")
        return Command((*python, str(tones_program), "{file}", "{text}"), **settings)

    return voice


@pytest.fixture
def lines():
    """Lines of these texts, one a beat; a text, or those of its stretches."""
    from gradreel.render.voice.spoken_lines import Line

    def of(*texts: str | tuple[str, ...]) -> list[Line]:
        parts = [(text,) if isinstance(text, str) else text for text in texts]
        return [Line("scene", f"beat-{k}", stretches) for k, stretches in enumerate(parts)]

    return of


@pytest.fixture
def wav(tmp_path):
    """``wav(samples, rate, width, channels)``: a file of PCM; samples between -1 and 1, channels are the same."""

    def write(samples, rate=48_000, width=2, channels=1, name="take.wav") -> Path:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        largest = 2 ** (8 * width - 1) - 1
        levels = np.repeat(np.round(np.asarray(samples) * largest).astype(np.int64), channels)
        if width == 1:
            levels = levels + 128
        with wave.open(str(file), "wb") as out:
            out.setnchannels(channels), out.setsampwidth(width), out.setframerate(rate)
            out.writeframes(b"".join(struct.pack("<q", level)[:width] for level in levels.tolist()))
        return file

    return write


def tone(seconds: float, rate: int = 48_000, hertz: float = 440.0, level: float = 0.5) -> np.ndarray:
    return level * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)


@pytest.fixture(name="tone", scope="session")
def tone_fixture():
    return tone
