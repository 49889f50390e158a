"""The music of a lesson: where it plays, how loud, how it gives way to the voice, and who hears of its faults."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from gradreel.core.errors import UserError
from gradreel.render.lessons.lesson import Music
from gradreel.render.lessons.lesson_file import read_lesson
from gradreel.render.videos.music import DUCK, FADE, music_findings, music_of, with_music
from gradreel.render.videos.sound_track import Mix, PlacedSound, Track
from gradreel.render.voice.loudness import LOUDNESS, loudness_of
from gradreel.render.voice.sound import RATE, SoundError, write_flac
from gradreel.render.voice.spoken_lines import SpokenStretch

FPS = 10


@dataclass
class Beat:
    name: str
    start: int
    end: int


def shot(scene: str, start: int, begins: str = "") -> SimpleNamespace:
    """Return a shot of 10 s with two beats of 4 s; it begins at second ``start``."""
    beats = (Beat("one", 10, 50), Beat("two", 50, 90))
    file = SimpleNamespace(beats=beats, frames=100)
    clip = SimpleNamespace(scene=scene)
    return SimpleNamespace(clip=clip, file=file, begins=begins, start=start * FPS, end=(start + 10) * FPS)


SHOTS = [shot("loss", 0, "Part one"), shot("walk", 10), shot("relu", 20, "Part two")]


@pytest.fixture
def music(tmp_path):
    """Return ``music(**fields)``: three seconds of a soft tone as the music of a lesson."""
    file = tmp_path / "piano.flac"
    write_flac(file, (0.02 * np.sin(2 * np.pi * 440 * np.arange(3 * RATE) / RATE)).astype(np.float32))
    return lambda **fields: Music(file, **fields)


def heard(sounds: list[PlacedSound], seconds: float = 30) -> np.ndarray:
    return np.concatenate(list(Mix(sounds, round(seconds * RATE)).blocks()), axis=1)[0]


def level(sound: np.ndarray, start: float, end: float) -> float:
    return loudness_of([sound[round(start * RATE) : round(end * RATE)]])


@pytest.mark.parametrize(
    ("plays", "places"),
    [
        ("throughout", [(0, 30)]),
        ("parts", [(1, 5), (21, 25)]),
        (("walk",), [(10, 20)]),
        (("walk/two", "loss/one", "walk/one"), [(1, 5), (11, 19)]),
        (("elsewhere",), []),
    ],
)
def test_music_plays_where_the_lesson_says(music, plays, places):
    sounds = music_of(music(plays=plays), SHOTS, FPS, [])
    assert [(sound.begins / RATE, sound.ends / RATE) for sound in sounds] == places
    sound = heard(sounds)
    for start, end in places:
        assert np.abs(sound[round(start * RATE) : round(end * RATE)]).max() > 0
        sound[round(start * RATE) : round(end * RATE)] = 0
    assert not sound.any()


def test_a_beat_that_the_scene_lacks_is_named(music):
    with pytest.raises(UserError, match="walk has no beat 'three'; use one of one, two"):
        music_of(music(plays=("walk/three",)), SHOTS, FPS, [])


def test_under_the_voice_it_is_as_soft_as_asked_and_louder_in_long_gaps(music):
    speech = [(Fraction(5), Fraction(10)), (Fraction(11), Fraction(15))]
    sound = heard(music_of(music(under=18, plays="throughout"), SHOTS, FPS, speech))
    assert level(sound, 6, 14) == pytest.approx(LOUDNESS - 18, abs=0.5)
    assert level(sound, 17, 25) == pytest.approx(LOUDNESS - 18 + DUCK, abs=0.5)


def test_it_fades_in_and_out(music):
    sound = heard(music_of(music(plays=("walk",)), SHOTS, FPS, []))[10 * RATE : 20 * RATE]
    middle = np.abs(sound[3 * RATE : 4 * RATE]).max()
    for end in (sound, sound[::-1]):
        assert np.abs(end[: round(0.05 * FADE * RATE)]).max() < 0.1 * middle
        assert np.abs(end[round(0.45 * FADE * RATE) : round(0.5 * FADE * RATE)]).max() == pytest.approx(
            middle / 2, rel=0.2
        )


def test_each_track_has_the_music_and_gives_way_to_its_own_lines(music, tmp_path):
    write_flac(tmp_path / "line.flac", np.full(10 * RATE, 1e-4, np.float32))
    line = PlacedSound(SpokenStretch(tmp_path / "line.flac", 0.0, 10.0), Fraction(10), -100.0)
    english, chinese = Track("en"), Track("zh")
    tracks = with_music(music(plays="throughout"), {english: [line], chinese: []}, SHOTS, FPS)
    levels = [level(heard(tracks[track]), 11, 19) for track in (english, chinese)]
    assert levels[1] - levels[0] == pytest.approx(DUCK, abs=0.5)
    assert list(with_music(music(plays="throughout"), {}, SHOTS, FPS)) == [Track()]


def test_music_that_hides_speech_is_found(music, tmp_path):
    assert music_findings(music(), "loss") == []
    (finding,) = music_findings(music(under=4), "loss")
    assert (finding.rule, finding.scene) == ("music", "loss")
    assert "under = 10" in finding.message
    swell = np.concatenate([np.full(20 * RATE, 0.01), np.full(4 * RATE, 0.3)]) * np.sin(np.arange(24 * RATE) / 20)
    write_flac(tmp_path / "swell.flac", swell.astype(np.float32))
    assert music_findings(Music(tmp_path / "swell.flac", under=10), "loss") != []


def test_silent_music_is_left_out_and_a_file_that_is_no_sound_is_named(tmp_path):
    write_flac(tmp_path / "silent.flac", np.zeros(RATE, np.float32))
    assert music_of(Music(tmp_path / "silent.flac", plays="throughout"), SHOTS, FPS, []) == []
    (tmp_path / "words.flac").write_text("no sound")
    with pytest.raises(SoundError, match=r"^music: .*words\.flac"):
        music_of(Music(tmp_path / "words.flac", plays="throughout"), SHOTS, FPS, [])


LESSON = 'title = { en = "A film" }\n[music]\nfile = "piano.flac"\n%s\n[[scene]]\nname = "relu"\n'


def read(tmp_path: Path, more: str):
    (tmp_path / "film.toml").write_text(LESSON % more)
    return read_lesson(tmp_path / "film.toml")


def test_a_lesson_names_music_beside_it(tmp_path):
    music = read(tmp_path, 'plays = ["relu/hinge"]').music
    assert music == Music(tmp_path / "piano.flac", 20.0, ("relu/hinge",))


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ('plays = ["walk"]', "'walk' is not in this lesson"),
        ('plays = "always"', "plays"),
        ("under = -3", "under"),
        ("loop = true", "loop"),
    ],
)
def test_what_music_cannot_be_is_said(tmp_path, more, message):
    with pytest.raises(UserError, match=message):
        read(tmp_path, more)
