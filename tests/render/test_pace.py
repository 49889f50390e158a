"""How fast beats are spoken, by a voice made of tones; each figure also from what the film's manifest says."""

from __future__ import annotations

import json
import re
import wave
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from gradreel.render import pipeline
from gradreel.render.lessons.selection import load_lesson
from gradreel.render.pace import BeatPace, summary
from gradreel.render.settings import RenderSettings
from gradreel.render.voice.engines import SpokenFile, Utterance
from gradreel.render.voice.programs import Programs

SCENES = """
from gradreel.scenes.base import LectureScene
from manim import RIGHT, Dot, FadeIn


class Paced(LectureScene):
    def construct(self):
        dot = Dot(radius=1)
        with self.beat("slow", count=26001):
            self.play(FadeIn(dot), run_time=8)
        with self.beat("waits"):
            self.until("there")
            self.play(dot.animate.shift(RIGHT), run_time=0.4)
        with self.beat("still", say="Many words go on, and on, while all of the picture stands quite still."):
            self.play(dot.animate.shift(RIGHT), run_time=0.2)
"""
WORDS = """
[en.paced]
title = "Paced"
[en.paced.beats]
slow = "It's {count}, and so."
waits = "Short, [there]then long."
[zh.paced]
title = "快慢"
[zh.paced.beats]
slow = "有{count}个。"
waits = "这一句要比另一句长得多得多得多得多得多得多得多得多得多得多得多得多得多得多得多，[there]完。"
"""


@dataclass(frozen=True)
class Tones:
    """A tone, a twentieth of a second a letter."""

    batch: int = 9
    whole_lines: bool = False
    restriction: ClassVar = ""
    made_of = {"tones": 1}

    def speak(self, utterances: Sequence[Utterance], folder: Path, programs: Programs) -> list[SpokenFile]:
        files = [folder / f"{k}.wav" for k in range(len(utterances))]
        for (text,), file in zip(utterances, files, strict=True):
            tone = 9000 * np.sin(np.arange(2400 * len(text)) / 8)
            with wave.open(str(file), "wb") as out:
                out.setnchannels(1), out.setsampwidth(2), out.setframerate(48_000)
                out.writeframes(tone.astype("<i2").tobytes())
        return [SpokenFile(file) for file in files]


@pytest.fixture
def lesson(tmp_path, monkeypatch):
    (tmp_path / "scenes.py").write_text(SCENES)
    (tmp_path / "words.toml").write_text(WORDS, encoding="utf-8")
    (tmp_path / "film.toml").write_text('narration = "words.toml"\n[[scene]]\nname = "scenes.py:Paced"\n')
    monkeypatch.chdir(tmp_path)
    return load_lesson(tmp_path / "film.toml")


@pytest.fixture
def settings(tmp_path):
    voices: Mapping[str, Tones] = {"en": Tones(), "zh": Tones()}
    return RenderSettings(width=64, height=36, fps=10, media_dir=tmp_path / "media", voices=voices)


@pytest.mark.usefixtures("quick_workers")
def test_the_pace_of_each_beat_is_that_of_the_film(lesson, settings):
    _, paces = pipeline.check_lesson(lesson, settings)
    video = pipeline.render_lesson(lesson, settings)
    found = {(pace.beat, pace.language): pace for pace in paces}
    counts = {  # as they are said
        ("slow", "en"): "It's twenty six thousand and one and so",
        ("waits", "en"): "Short then long",
        ("still", "en"): "Many words go on and on while all of the picture stands quite still",
        ("slow", "zh"): "有 两 万 六 千 零 一 个",
        ("waits", "zh"): " ".join("这一句要比另一句长得多得多得多得多得多得多得多得多得多得多得多得多得多得多得多完"),
    }
    assert found.keys() == counts.keys()
    (scene,) = json.loads((video.parent / "manifest.json").read_text())["scenes"]
    beats = {beat["name"]: beat for beat in scene["beats"]}
    motion = {"slow": 8.0, "waits": beats["waits"]["marks"]["there"] - beats["waits"]["start"] + 0.4, "still": 0.2}
    for (name, language), words in counts.items():
        pace, beat = found[name, language], beats[name]
        heard = [(one["start"], one["end"]) for one in beat["speech"][language]]
        assert pace.count == len(words.split())
        assert pace.seconds == pytest.approx(beat["end"] - beat["start"], abs=0.2)
        assert pace.speech == pytest.approx(sum(end - start for start, end in heard), abs=1e-3)
        assert pace.rate == pytest.approx(60 * len(words.split()) / pace.speech)
        assert pace.silence == pytest.approx(beat["end"] - heard[-1][1], abs=0.2)
        assert pace.still == pytest.approx(max(heard[-1][1] - beat["start"] - motion[name], 0), abs=0.2)
        assert pace.pauses == {
            mark: pytest.approx(heard[k + 1][0] - heard[k][1], abs=0.2) for k, mark in enumerate(beat.get("marks", ()))
        }
        named = {finding.rule for finding in pace.findings}
        assert ("pace" in named) == (round(pace.rate) > {"en": 170, "zh": 250}[language])
        assert ("silence" in named) == (name == "slow")
        assert ("pause" in named) == ((name, language) == ("waits", "en"))


def pace(**changes) -> BeatPace:
    about = {"scene": "s", "beat": "b", "language": "en", "count": 50, "seconds": 30.0, "speech": 20.0}
    return BeatPace(**about | changes)


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"count": 57}, "pace"),
        ({"count": 86, "speech": None}, "pace"),
        ({"language": "zh", "count": 84}, "pace"),
        ({"silence": 5.1}, "silence"),
        ({"still": 4.1}, "still"),
        ({"pauses": {"gap": 1.6}}, "pause"),
    ],
)
def test_beats_beyond_a_limit_are_named_and_beats_at_the_limit_are_not(changes, rule):
    (finding,) = pace(**changes).findings
    assert (finding.rule, finding.where) == (rule, changes.get("language", "en"))
    bounds = {"count": 56, "silence": 5.0, "still": 4.0, "pauses": {"gap": 1.5}}
    assert list(pace(**bounds).findings) == []


def test_a_summary_has_the_median_and_the_fastest_beats_of_each_language():
    paces = [pace(beat=f"b{k}", count=40 + k) for k in range(21)] + [pace(language="zh", speech=None, count=100)]
    rows = list(summary(paces))
    assert rows[0] == "English: 21 beats, heard for 420 of 630 s, median 150 words a minute"
    assert [re.search(r"s, (b\d+)$", row)[1] for row in rows[2:12]] == [f"b{k}" for k in range(20, 10, -1)]
    assert rows[12] == "中文: 1 beats, no voice, 30 s, median 200 characters a minute"
    assert len(rows) == 15
