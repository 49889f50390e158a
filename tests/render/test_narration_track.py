"""Tests where a film's speech is heard, how loud, and which subtitles it has, with voices of clicks and noise."""

from __future__ import annotations

import json
import tracemalloc
import wave
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import srt
from gradreel.render.clips.clip_files import DamagedClipsError, store_clip
from gradreel.render.clips.file_digest import content_digest
from gradreel.render.clips.workspace import Workspace
from gradreel.render.lessons.lesson import Lesson
from gradreel.render.stages import BeatSpan, Clip, ClipFile, ClipSound, SceneRequest
from gradreel.render.videos.publishing import publish_lesson
from gradreel.render.videos.sound_track import Mix, PlacedSound
from gradreel.render.voice.loudness import HIGHEST_PEAK, LOUDNESS, loudness_of, true_peak_of
from gradreel.render.voice.sound import RATE, read_sound
from gradreel.render.voice.sound import audible_part as heard_part
from gradreel.render.voice.spoken_lines import NOT_HEARD, SpokenStretch
from gradreel.render.workers.progress import Reporter
from gradreel.scenes.catalog import SceneSource

CLICK = (0.7 * np.exp(-np.arange(600) / 60) * np.cos(np.arange(600) / 4)).astype(np.float32)
LINES = {"en": "One comes first, [mark]then two.", "zh": "先来一，[mark]再来二。"}


def write(file: Path, samples: np.ndarray, rate: int = RATE, width: int = 2, channels: int = 1) -> Path:
    levels = np.round(np.repeat(samples, channels) * (2 ** (8 * width - 1) - 1)).astype("<i4")
    as_bytes = (levels + 128).astype("u1") if width == 1 else levels.reshape(-1, 1).view("u1")[:, :width]
    with wave.open(str(file), "wb") as out:
        out.setnchannels(channels), out.setsampwidth(width), out.setframerate(rate)
        out.writeframes(as_bytes.tobytes())
    return file


def clicks(file: Path, seconds: float, *places: float) -> SpokenStretch:
    """Soft noise with a click at some of its seconds."""
    samples = np.random.default_rng(1).uniform(-0.003, 0.003, round(seconds * RATE))
    for place in places:
        samples[round(place * RATE) :][: len(CLICK)] += CLICK
    return SpokenStretch(write(file, samples), 0.0, seconds)


def speech_like(seconds: float, level: float, seed: int) -> np.ndarray:
    """Noise of low tones that swells and fades four times a second, and is silent half of the time."""
    noise = np.random.default_rng(seed).normal(size=round(seconds * RATE))
    smooth = np.convolve(noise, np.hanning(40) / 20, "same")
    swell = np.maximum(np.sin(2 * np.pi * 4 * np.arange(len(noise)) / RATE), 0)
    return np.clip(level * smooth * swell, -1, 1)


class Films(Reporter):
    """Makes films of two scenes, 3 s and 4 s, with one beat each; ``films(speech…)`` takes the speech by scene."""

    def __init__(self, folder: Path, settings, write_clip) -> None:
        self.folder, self.settings, self.write_clip = folder, replace(settings, media_dir=folder / "media"), write_clip
        self.said: list[str] = []

    def say(self, message: str) -> None:
        self.said.append(message)

    def __call__(self, *speech, marks=({"mark": 15}, {"mark": 22}), sounds=(), lines=LINES, **changes) -> Path:
        settings = replace(self.settings, **changes)
        clips = []
        (settings.media_dir / "clips").mkdir(parents=True, exist_ok=True)
        for n, frames in enumerate((30, 40)):
            path = settings.media_dir / "clips" / f"{n}.{settings.format}"
            if not path.exists():
                made = self.write_clip(self.folder / path.name, settings, frames)
                about = {"scene": f"scene-{n}", "class": "Scene", "settings": settings.of_frames(), "traces": {}}
                content = {"scene": "", "parts": about, "dependencies": {}}
                store_clip(made.path, replace(made, path=path), self.folder, content)
            beat = BeatSpan("beat", 2, frames, lines, {}, False, marks[n])
            file = ClipFile(path, frames, settings.fps, (beat,), 0.0, tuple(sounds) if n == 0 else ())
            request = SceneRequest(SceneSource(f"scene-{n}", "Scene", self.folder / "scenes.py", ""), settings)
            spoken = {"beat": speech[n]} if n < len(speech) else {}
            clips.append((Clip(request, {}, {"traces": {}}, path, expected_frames=frames, speech=spoken), file))
        lesson = Lesson("film", {"en": "A film"}, tuple(clip.request for clip, _ in clips))
        with Workspace(settings.media_dir) as workspace:
            return publish_lesson(lesson, settings, clips, workspace, None, self)


@pytest.fixture
def films(tmp_path, tiny, write_clip):
    return Films(tmp_path, tiny, write_clip)


def heard(video: Path, track: int = 0) -> np.ndarray:
    """(2, N)"""
    with av.open(str(video)) as container:
        frames = list(container.decode(container.streams.audio[track]))
    assert frames[0].pts == 0
    return np.concatenate([frame.to_ndarray() for frame in frames], axis=1)


def place_of_click(sound: np.ndarray, near: float) -> float:
    """Samples of the film before it, within a tenth of a second of ``near``."""
    first = max(round((near - 0.1) * RATE), 0)
    return first + int(np.argmax(np.correlate(sound[0, first : round((near + 0.1) * RATE)], CLICK, "valid")))


def manifest(video: Path) -> dict:
    return json.loads((video.parent / "manifest.json").read_text())


@pytest.mark.parametrize("file_format", ["mp4", "webm"])
def test_every_stretch_of_two_languages_is_heard_at_its_frame_in_its_track(films, tmp_path, file_format):
    first, second, long, short = (
        clicks(tmp_path / f"{name}.wav", *how)
        for name, how in {"a": (1.2, 0.1), "b": (1.1, 0.3, 0.9), "c": (2.1, 0.2), "d": (0.4, 0.1)}.items()
    )
    video = films(
        {"en": (first, second), "zh": (short, short)}, {"en": (long, second), "zh": (short, first)}, format=file_format
    )
    expected = [  # seconds of the film at which a click is: the beat's or mark's frame, and in the stretch
        (0.2 + 0.1, 1.5 + 0.3, 1.5 + 0.9, 3.2 + 0.2, 5.2 + 0.3),
        (0.2 + 0.1, 1.5 + 0.1, 3.2 + 0.1, 5.2 + 0.1),
    ]
    for track, places in enumerate(expected):
        sound = heard(video, track)
        assert [place_of_click(sound, place) for place in places] == [
            pytest.approx(round(place * RATE), abs=2) for place in places
        ]
    with av.open(str(video)) as container:
        assert container.duration == pytest.approx(7_000_000, abs=30_000)


def test_the_films_own_language_is_the_first_track_and_the_default(films, tmp_path):
    one = clicks(tmp_path / "one.wav", 0.5, 0.1)
    video = films({"en": (one, one), "zh": (one, one)}, language="zh")
    with av.open(str(video)) as container:
        assert [(s.language, int(s.disposition)) for s in container.streams.audio] == [("zho", 1), ("eng", 0)]


@pytest.mark.parametrize("file_format", ["mp4", "webm"])
def test_each_language_is_as_loud_as_films_are_and_no_peak_is_within_a_decibel_of_full_scale(
    films, tmp_path, file_format
):
    speech = []
    for n in range(2):
        speech.append({})
        for language, level in (("en", 0.02), ("zh", 0.9)):
            files = [
                write(tmp_path / f"{n}{language}{k}.wav", speech_like(1, level * (1 + 0.5 * k), 9 * n + k))
                for k in (0, 1)
            ]
            speech[n][language] = tuple(SpokenStretch(file, 0.0, 1.0) for file in files)
    video = films(*speech, format=file_format)
    for track in range(2):
        sound = heard(video, track)
        left = np.ascontiguousarray(sound[0])
        assert loudness_of([left]) == pytest.approx(LOUDNESS, abs=1)
        assert true_peak_of([left]) < HIGHEST_PEAK


def test_soft_recordings_and_spoken_lines_are_equally_loud(films, tmp_path):
    soft, loud = (write(tmp_path / f"{k}.wav", speech_like(1, level, k)) for k, level in enumerate((0.01, 0.5)))
    recorded, spoken = SpokenStretch(soft, 0.0, 1.0, recorded=True), SpokenStretch(loud, 0.0, 1.0)
    sound = heard(films({"en": (recorded, recorded)}, {"en": (spoken, spoken)}))
    first, second = (np.ascontiguousarray(part) for part in np.array_split(sound[0], 2))
    assert loudness_of([first]) == pytest.approx(loudness_of([second]), abs=1)


@pytest.mark.parametrize(("rate", "width", "channels"), [(96_000, 3, 1), (44_100, 2, 2)])
def test_a_recording_of_any_kind_is_heard_at_its_place_with_its_tone(films, tmp_path, rate, width, channels):
    tone = np.zeros(2 * rate)
    tone[rate // 2 : rate + rate // 2] = 0.5 * np.sin(2 * np.pi * 440 * np.arange(rate) / rate)
    file = write(tmp_path / "take.wav", tone, rate, width, channels)
    take = SpokenStretch.of(file, heard_part(read_sound(file), file))
    assert take.seconds == pytest.approx(1.1, abs=0.02)
    video = films({"en": (take, take)})
    sound = heard(video)[0]
    inside = sound[round(0.4 * RATE) : round(1.1 * RATE)]
    strength = np.abs(np.fft.rfft(inside * np.hanning(len(inside))))
    assert np.argmax(strength) * RATE / len(inside) == pytest.approx(440, abs=2)
    begins = np.flatnonzero(np.abs(sound) > 0.1)[0] / RATE  # the half second of silence before it is gone
    assert begins == pytest.approx(0.2 + 0.5 - take.start, abs=0.01)


def test_a_scenes_sounds_are_heard_under_each_language_at_their_level(films, tmp_path):
    voice = SpokenStretch(write(tmp_path / "v.wav", 0.1 * np.sin(np.arange(RATE // 2) / 30)), 0.0, 0.5)
    bell = write(tmp_path / "bell.wav", 0.1 * np.sin(2 * np.pi * 3000 * np.arange(2 * RATE) / RATE))
    added = ClipSound("bell.wav", content_digest(bell), 0, 0.0, -6.0)
    alone = films(sounds=[added])
    with av.open(str(alone)) as container:
        (stream,) = container.streams.audio
        assert (stream.language, int(stream.disposition)) in {(None, 1), ("und", 1)}
    expected = bell_in(heard(alone))
    assert expected == pytest.approx(0.1 * 10 ** (-6 / 20), rel=0.1)
    spoken = films({"en": (voice, voice), "zh": (voice, voice)}, sounds=[added])
    for track in range(2):
        assert bell_in(heard(spoken, track)) == pytest.approx(expected, rel=0.05)


def bell_in(sound: np.ndarray) -> float:
    """Amplitude of 3000 Hz in the film's first half second."""
    part = sound[0, 2400 : RATE // 2]
    return 2 * abs(np.mean(part * np.exp(-2j * np.pi * 3000 * np.arange(len(part)) / RATE)))


def test_subtitles_last_as_long_as_their_words_and_in_a_silent_language_as_long_as_the_beat(films, tmp_path):
    long, short = clicks(tmp_path / "a.wav", 1.25, 0.1), clicks(tmp_path / "b.wav", 1.3, 0.3)
    video = films({"en": (long, short)}, {})
    english = list(srt.parse((video.parent / "film.en.srt").read_text()))
    times = [(cue.start.total_seconds(), cue.end.total_seconds(), cue.content) for cue in english]
    assert times[:2] == [(0.2, 1.45, "One comes first,"), (1.5, 2.8, "then two.")]
    chinese = list(srt.parse((video.parent / "film.zh.srt").read_text()))
    assert [(cue.start.total_seconds(), cue.end.total_seconds()) for cue in chinese] == [(0.2, 3.0), (3.2, 7.0)]


def test_a_stretch_without_words_is_silent_and_the_next_is_heard_after_its_mark(films, tmp_path):
    spoken = clicks(tmp_path / "a.wav", 1.2, 0.1)
    video = films({"en": (NOT_HEARD, spoken)}, lines={"en": "[mark]Two comes first, alone."})
    (speech,) = manifest(video)["scenes"][0]["beats"][0]["speech"]["en"]
    assert (speech["mark"], speech["start"]) == ("mark", 1.5)
    assert place_of_click(heard(video), 1.6) == pytest.approx(1.6 * RATE, abs=2)
    first = next(srt.parse((video.parent / "film.en.srt").read_text()))
    assert (first.start.total_seconds(), first.content) == (1.5, "Two comes first, alone.")


def test_a_cue_too_fast_to_read_stays_until_the_next_or_the_end_of_its_beat(films, tmp_path):
    quick = clicks(tmp_path / "a.wav", 0.3, 0.1)
    video = films({"en": (quick, quick)}, marks=({"mark": 10}, {"mark": 22}))
    cues = list(srt.parse((video.parent / "film.en.srt").read_text()))[:2]
    assert [(cue.start.total_seconds(), cue.end.total_seconds()) for cue in cues] == [(0.2, 0.96), (1.0, 2.0)]


def test_clauses_are_split_where_the_voice_pauses(films, tmp_path):
    """Two sentences, said in 0.4 and 2 seconds, a third of a second of silence between them."""
    samples = np.zeros(round(2.73 * RATE))
    for start, end in ((0, 0.4), (0.73, 2.73)):
        part = slice(round(start * RATE), round(end * RATE))
        samples[part] = 0.3 * np.sin(np.arange(part.stop - part.start) / 20)
    spoken = SpokenStretch(write(tmp_path / "a.wav", samples), 0.0, 2.73)
    text = "A short one. Here comes a rather longer sentence, which is said in a great hurry indeed."
    video = films({"en": (spoken,)}, marks=({}, {}), lines={"en": text})
    (speech,) = manifest(video)["scenes"][0]["beats"][0]["speech"]["en"]
    assert (speech["start"], speech["end"]) == (0.2, pytest.approx(2.93))
    first, *others = speech["clauses"]
    assert (first["text"], first["start"], first["end"]) == ("A short one.", 0.2, pytest.approx(0.6, abs=0.011))
    assert others[0]["start"] == pytest.approx(0.93, abs=0.011)
    assert others[-1]["end"] == pytest.approx(2.93)


def test_the_manifest_lists_voices_and_times_as_heard(films, tmp_path):
    class Voice:
        made_of = {"version": "7", "settings": ["calm"]}
        restriction = "Not on Sundays."

    spoken = clicks(tmp_path / "a.wav", 1.2, 0.1, 0.6)
    video = films({"en": (spoken, spoken)}, voices={"en": Voice()})
    found = manifest(video)
    voice = {"engine": "voice", "version": "7", "settings": ["calm"], "restriction": "Not on Sundays."}
    assert found["voices"] == {"en": voice}
    (beat,) = found["scenes"][0]["beats"]
    assert beat["marks"] == {"mark": 1.5}
    assert [stretch.get("mark") for stretch in beat["speech"]["en"]] == [None, "mark"]
    sound = heard(video)
    for stretch in beat["speech"]["en"]:
        assert stretch["end"] - stretch["start"] == pytest.approx(spoken.seconds)
        assert stretch["digest"] == content_digest(spoken.file)
        assert place_of_click(sound, stretch["start"] + 0.6) == pytest.approx((stretch["start"] + 0.6) * RATE, abs=2)
    assert "speech" not in found["scenes"][1]["beats"][0]


def test_another_sound_of_equal_length_makes_the_video_again_and_the_same_one_does_not(films, tmp_path):
    spoken = clicks(tmp_path / "a.wav", 1.2, 0.1)
    video = films({"en": (spoken, spoken)})
    written = video.stat().st_mtime_ns
    films({"en": (spoken, spoken)})
    assert video.stat().st_mtime_ns == written
    clicks(tmp_path / "a.wav", 1.2, 0.7)
    films({"en": (spoken, spoken)})
    assert video.stat().st_mtime_ns > written
    assert place_of_click(heard(video), 0.9) == pytest.approx(0.9 * RATE, abs=2)


@pytest.mark.parametrize("marks", [{}, {"other": 15}, {"mark": 1}, {"mark": 31}])
def test_a_clip_whose_description_has_invalid_marks_is_damaged(films, tmp_path, marks):
    one = clicks(tmp_path / "a.wav", 0.5, 0.1)
    with pytest.raises(DamagedClipsError, match=r"0\.mp4"):
        films({"en": (one, one)}, marks=(marks, {"mark": 22}))


def test_of_many_lines_one_is_in_memory_at_a_time(tmp_path):
    file = write(tmp_path / "long.wav", 0.1 * np.sin(np.arange(12 * RATE) / 30))
    sounds = [PlacedSound(SpokenStretch(file, 0.0, 12.0), Fraction(13 * k)) for k in range(6)]
    line = 12 * RATE * 4
    tracemalloc.start()
    for _ in Mix(sounds, 6 * 13 * RATE).blocks():
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5 * line


@pytest.mark.parametrize("recorded", [False, True])
def test_between_lines_a_room_tone_is_heard_unless_somebody_recorded_them(films, tmp_path, recorded):
    line = replace(SpokenStretch(write(tmp_path / "v.wav", speech_like(0.5, 0.1, 0)), 0.0, 0.5), recorded=recorded)
    between = heard(films({"en": (line, line)}))[0, round(2.3 * RATE) : round(2.9 * RATE)]
    level = 10 * np.log10(np.mean(between**2) + 1e-12)
    assert level == pytest.approx(-120 if recorded else -70, abs=2)
